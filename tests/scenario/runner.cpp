// The scenario through the interface for C++. README.md says what each step gives.
#include <cascade.hpp>

#include <iostream>
#include <jansson.h>
#include <map>

using cascade::value;

// A reference to a JSON value, with what the steps need of jansson.
class json {
public:
  json(json_t *owned) : value_(owned) {}
  json(json &&other) noexcept : value_(std::exchange(other.value_, nullptr)) {}
  json(const json &other) : value_(json_incref(other.value_)) {}
  json &operator=(const json &) = delete;
  ~json() { json_decref(value_); }
  json(std::string_view text) : value_(json_stringn(text.data(), text.size())) {}
  json(const char *text) : value_(json_string(text)) {}
  json(bool truth) : value_(json_boolean(truth)) {}
  template <class Integer, std::enable_if_t<std::is_integral_v<Integer>, int> = 0>
  json(Integer number) : value_(json_integer(static_cast<json_int_t>(number))) {}
  json(std::optional<std::string_view> text) : value_(text ? json_stringn(text->data(), text->size()) : json_null()) {}
  static json array(std::initializer_list<json> of = {}) {
    json made(json_array());
    for (const auto &one : of) made.push(one);
    return made;
  }
  static json object() { return json_object(); }

  json &set(const char *key, const json &to) { return json_object_set(value_, key, to.value_), *this; }
  json &push(const json &one) { return json_array_append(value_, one.value_), *this; }
  json operator[](const char *key) const { return json_incref(json_object_get(value_, key)); }
  json operator[](std::size_t at) const { return json_incref(json_array_get(value_, at)); }
  explicit operator bool() const { return value_ != nullptr && !json_is_false(value_); }
  std::size_t size() const { return json_array_size(value_); }
  bool is_array() const { return json_is_array(value_); }
  std::string text() const { return std::string(json_string_value(value_), json_string_length(value_)); }
  std::int64_t number(std::int64_t otherwise = 0) const { return value_ ? json_integer_value(value_) : otherwise; }
  std::string dump() const {
    char *written = json_dumps(value_, JSON_COMPACT);
    std::string text(written);
    return std::free(written), text;
  }
  value to_value() const {
    return json_is_integer(value_) ? value(number()) : json_is_string(value_) ? value(text()) : value();
  }
  std::vector<value> to_values() const {
    std::vector<value> values;
    for (std::size_t i = 0; i < size(); i++) values.push_back((*this)[i].to_value());
    return values;
  }
  std::vector<std::string> to_texts() const {
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < size(); i++) texts.push_back((*this)[i].text());
    return texts;
  }

private:
  json_t *value_;
};

static json keys_of(const cascade::keys &keys) {
  auto rows = json::array();
  for (const auto &row : keys) {
    auto cells = json::array();
    for (const auto &cell : row) cells.push(cell.integer() ? json(*cell.integer()) : json(cell.text()));
    rows.push(cells);
  }
  return rows;
}

class runner {
public:
  explicit runner(const char *uri) : connection_(cascade::connection::open(context_, uri)) {}

  json run(const json &step) {
    try {
      return (this->*steps().at(step["do"].text()))(step);
    } catch (const cascade::error &why) {
      return json::object().set("error", why.name()).set("table", why.table()).set("relation", why.relation());
    }
  }

private:
  using method = json (runner::*)(const json &);
  static const std::map<std::string, method> &steps() {
    static const std::map<std::string, method> all{
        {"graph", &runner::graph},     {"policy", &runner::policy},   {"select", &runner::select},   {"plan", &runner::plan},
        {"probe", &runner::probe},     {"blockers", &runner::blockers}, {"purge", &runner::purge},   {"install", &runner::install},
        {"detach", &runner::detach},   {"enqueue", &runner::enqueue}, {"work", &runner::work},       {"jobs", &runner::jobs},
        {"fill", &runner::fill}};
    return all;
  }
  std::string_view table_label(std::uint32_t number) const { return graph_.table(number).label(); }

  json graph(const json &) {
    graph_ = cascade::graph::read(connection_);
    auto tables = json::array(), relations = json::array();
    for (const auto &table : graph_.tables()) {
      auto key = json::array();
      for (const auto column : table.key()) key.push(column);
      tables.push(json::array({table.label(), key, table.column_count()}));
    }
    for (const auto &relation : graph_.relations()) relations.push(json::array({relation.label(), relation.on_delete()}));
    return json::object().set("tables", tables).set("relations", relations);
  }

  json policy(const json &step) {
    policy_ = cascade::policy::load(graph_, step["rules"].dump());
    auto rules = json::object();
    for (const auto &relation : policy_.relations())
      rules.set(std::string(relation.label()).c_str(), relation.rule_name());
    return json::object().set("rules", rules);
  }

  json select(const json &step) {
    const auto table = step["table"].text();
    const auto keys = step["keys"];
    if (!keys) {
      selection_ = cascade::selection::where(graph_, table, step["where"].text(), step["parameters"].to_values());
    } else if (keys[std::size_t{0}].is_array()) {
      std::vector<std::vector<value>> rows;
      for (std::size_t i = 0; i < keys.size(); i++) rows.push_back(keys[i].to_values());
      selection_ = cascade::selection::keys(graph_, table, rows);
    } else {
      std::vector<std::int64_t> integers;
      for (std::size_t i = 0; i < keys.size(); i++) integers.push_back(keys[i].number());
      selection_ = cascade::selection::integers(graph_, table, integers);
    }
    return json::object().set("table", table_label(selection_.table()));
  }

  json plan(const json &) {
    const cascade::plan plan(connection_, policy_, selection_);
    auto steps = json::array();
    for (const auto &step : plan.steps()) steps.push(json::array({step.kind(), table_label(step.table()), step.rows()}));
    const auto info = plan.describe();
    return json::object().set("roots", info.roots).set("deleted", info.deleted).set("updated", info.updated)
        .set("blocking", info.blocking).set("blocked", info.blocked != 0).set("steps", steps);
  }

  json probe(const json &) {
    const auto found = cascade::blockers::probe(connection_, policy_, selection_);
    const json relation = found.relation ? json(policy_.relation(*found.relation).label()) : json(json_null());
    return json::object().set("answer", found.answer).set("relation", relation);
  }

  json blockers(const json &step) {
    cascade::blockers_options options;
    options.limit = static_cast<std::int32_t>(step["limit"].number());
    options.rounds = static_cast<std::uint32_t>(step["rounds"].number());
    options.depth = static_cast<std::uint32_t>(step["depth"].number());
    options.count = static_cast<std::int32_t>(step["count"].number());
    options.token_key = "a key for the scenario";
    if (step["resume"]) options.token = rest_;
    const auto stop = static_cast<std::size_t>(step["stop_after"].number(-1));
    cascade::blockers cursor(connection_, policy_, selection_, options);
    auto pages = json::array();
    while (pages.size() < stop) {
      const auto page = cursor.next();
      if (!page) break;
      pages.push(json::object().set("relation", policy_.relation(page->relation()).label()).set("kind", page->kind())
                     .set("keys", keys_of(page->keys())).set("complete", page->complete()).set("count", page->count())
                     .set("depth", page->depth()).set("next", cursor.token(CASCADE_TOKEN_NEXT).has_value()));
    }
    rest_ = cursor.token(CASCADE_TOKEN_REST);
    auto result = json::object().set("pages", pages).set("rest", rest_.has_value());
    if (pages.size() < stop) result.set("cut", cursor.cut()).set("references", cursor.count(0).references);
    return result;
  }

  json purge(const json &step) {
    cascade::purge_options options;
    options.max_tx_rows = static_cast<std::uint64_t>(step["max_tx_rows"].number());
    std::map<std::string, std::uint64_t> heard;
    const auto hook = step["hook"] ? step["hook"].text() : "";
    if (!hook.empty())
      options.after_batch = [&](cascade::deleted_tables tables) {
        for (const auto &table : tables) heard[std::string(table.label())] += table.keys().size();
        return hook != "fails";
      };
    cascade::purge purge(connection_, policy_, selection_, options);
    std::uint64_t batches = 0;
    for (const auto &batch : purge) batches = batch.number;
    const auto report = purge.describe();
    auto tables = json::object(), told = json::object();
    for (std::uint32_t i = 0; i < report.table_count; i++) {
      const auto one = purge.table(i);
      tables.set(one.label, json::array({one.deleted, one.updated}));
    }
    for (const auto &[label, count] : heard) told.set(label.c_str(), count);
    auto result = json::object().set("deleted", report.deleted).set("updated", report.updated)
                      .set("finished", report.finished != 0).set("several", batches > 1).set("tables", tables);
    return hook.empty() ? result : result.set("hook", told);
  }

  json install(const json &) {
    cascade::queue::install(connection_);
    return json::object();
  }

  json detach(const json &) {
    const auto report = cascade::detach(connection_, policy_, selection_);
    return json::object().set("deleted", report.deleted).set("updated", report.updated).set("detached", report.detached)
        .set("jobs", report.jobs);
  }

  json enqueue(const json &) {
    cascade::queue::purge(connection_, policy_, selection_);
    return json::object();
  }

  json work(const json &) {
    cascade::worker worker(connection_);
    while (worker.step()) {}
    const auto report = worker.describe();
    return json::object().set("done", report.done).set("failed", report.failed).set("deleted", report.deleted)
        .set("kept", report.kept);
  }

  json jobs(const json &) {
    const json listed = json(json_loads(cascade::queue::list(connection_).c_str(), 0, nullptr))["jobs"];
    auto jobs = json::array();
    for (std::size_t i = 0; i < listed.size(); i++) jobs.push(json::array({listed[i]["kind"], listed[i]["state"]}));
    return json::object().set("jobs", jobs);
  }

  json fill(const json &step) {
    cascade::fill_options options;
    options.mode = static_cast<std::int32_t>(step["mode"].number());
    cascade::fill fill(connection_, graph_,
                       {step["table"].text(), step["columns"].to_texts(), step["key"].to_texts(), std::nullopt}, options);
    const auto sources = step["sources"], rows = step["rows"];
    std::size_t given = 0;
    for (std::size_t i = 0; i < sources.size(); i++)
      fill.select(sources[i]["select"].text(), sources[i]["parameters"].to_values());
    if (rows)
      fill.stream([&](std::uint64_t wanted) {
        std::vector<value> cells;
        for (; wanted > 0 && given < rows.size(); wanted--, given++)
          for (const auto &one : rows[given].to_values()) cells.push_back(one);
        return cells;
      });
    while (fill.next()) {}
    const auto report = fill.describe();
    return json::object().set("inserted", report.inserted).set("updated", report.updated).set("skipped", report.skipped)
        .set("finished", report.finished != 0);
  }

  cascade::context context_;
  cascade::connection connection_;
  cascade::graph graph_;
  cascade::policy policy_;
  cascade::selection selection_;
  std::optional<std::string> rest_;
};

int main(int count, char **arguments) {
  if (count != 3) return 2;
  try {
    const json steps = json(json_load_file(arguments[2], 0, nullptr))["steps"];
    runner runner(arguments[1]);
    auto results = json::array();
    for (std::size_t i = 0; i < steps.size(); i++) results.push(runner.run(steps[i]));
    std::cout << results.dump() << "\n";
  } catch (const std::exception &why) {
    std::cerr << why.what() << "\n";
    return 1;
  }
}

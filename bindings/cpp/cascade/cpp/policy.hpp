/**
 * @file policy.hpp
 * @brief Rules for relations, and the rows that a request starts from.
 */
#ifndef CASCADE_CPP_POLICY_HPP
#define CASCADE_CPP_POLICY_HPP

#include <cascade/cpp/graph.hpp>

namespace cascade {

/** @brief An override, or a relation that the database does not know. See ::cascade_policy_entry. */
struct policy_entry {
  std::string table;
  std::vector<std::string> columns;
  std::optional<std::string> ref_table;
  std::vector<std::string> ref_columns;
  std::int32_t rule = CASCADE_RULE_DEFAULT; /**< One of ::cascade_rule. */
  std::vector<value> values;                /**< Of CASCADE_RULE_SET_VALUE. */
  std::optional<std::string> where;         /**< Trusted: it goes into statements as it is. */
};

/** @brief Options of a policy. */
struct policy_options {
  std::vector<policy_entry> entries;
  std::vector<std::string> exclude; /**< Tables whose rows are never touched. */
};

namespace detail {

/** A policy_entry as C has it; borrows from it. */
class raw_entry {
public:
  explicit raw_entry(const policy_entry &from)
      : columns_(pointers(from.columns)), ref_columns_(pointers(from.ref_columns)), values_(raw_values(from.values)) {
    raw_.table = uncut(from.table);
    raw_.columns = columns_.data();
    raw_.column_count = static_cast<std::uint32_t>(columns_.size());
    raw_.ref_table = or_null(from.ref_table);
    raw_.ref_columns = ref_columns_.empty() ? nullptr : ref_columns_.data();
    raw_.ref_column_count = static_cast<std::uint32_t>(ref_columns_.size());
    raw_.rule = from.rule;
    raw_.values = values_.empty() ? nullptr : values_.data();
    raw_.value_count = static_cast<std::uint32_t>(values_.size());
    raw_.where = or_null(from.where);
  }
  const cascade_policy_entry *get() const noexcept { return &raw_; }

private:
  std::vector<const char *> columns_, ref_columns_;
  std::vector<cascade_value> values_;
  cascade_policy_entry raw_ = sized<cascade_policy_entry>();
};

/** A text that goes into statements as it is must not be cut short. */
inline bool whole(std::string_view text) noexcept { return text.find('\0') == std::string_view::npos; }

} // namespace detail

/** @brief A rule for every relation, immutable. */
class policy : public handle<cascade_policy, cascade_policy_free> {
public:
  using handle::handle;
  using relations_view = detail::described<cascade_policy, relation_info, cascade_relation_info, cascade_policy_relation>;
  policy() = default;

  /** @brief Makes a policy; without options one of the database's own actions. */
  explicit policy(const cascade::graph &graph, const policy_options &options CASCADE_DEFAULTS, on_failure to CASCADE_OR_THROW) {
    for (const auto &entry : options.entries)
      if (entry.where && !detail::whole(*entry.where)) {
        to.tell(error(CASCADE_INVALID, "the condition of a relation of " + entry.table + " holds a NUL byte"));
        return;
      }
    const std::vector<detail::raw_entry> entries(options.entries.begin(), options.entries.end());
    std::vector<const cascade_policy_entry *> pointed;
    for (const auto &entry : entries) pointed.push_back(entry.get());
    const auto exclude = detail::pointers(options.exclude);
    auto given = detail::sized<cascade_policy_options>();
    given.entries = pointed.data();
    given.entry_count = static_cast<std::uint32_t>(pointed.size());
    given.exclude = exclude.data();
    given.exclude_count = static_cast<std::uint32_t>(exclude.size());
    make(to, graph.kept(), [&](cascade_policy **out, cascade_error **error) {
      return cascade_policy_new(graph.get(), &given, out, error);
    });
  }

  /** @brief Makes a policy from a JSON document: see cascade_policy_load(). */
  static policy load(const cascade::graph &graph, std::string_view json, on_failure to CASCADE_OR_THROW) {
    policy made;
    made.make(to, graph.kept(), [&](cascade_policy **out, cascade_error **error) {
      return cascade_policy_load(graph.get(), json.data(), json.size(), out, error);
    });
    return made;
  }

  /** @brief Another owner of the same policy. */
  policy share() const {
    policy made(take, cascade_policy_ref(get()));
    made.keep_ = kept();
    return made;
  }

  /** @brief The graph that it is about. */
  cascade::graph graph() const { return cascade::graph::share(cascade_policy_graph(get()), kept()); }

  /** @brief The graph's relations, in the same order, then the declared ones, each with the rule that holds. */
  relations_view relations() const { return {get(), cascade_policy_relation_count(get())}; }

  relation_info relation(std::uint32_t number, on_failure to CASCADE_OR_THROW) const {
    return {number, detail::filled<cascade_relation_info>(
                        to, [&](cascade_relation_info *info) { return cascade_policy_relation(get(), number, info); })};
  }
};

/** @brief The rows that a request starts from, immutable. */
class selection : public handle<cascade_selection, cascade_selection_free> {
public:
  using handle::handle;

  /** @brief Rows by an integer key of one column: of a vector, an array, a view or a std::span. */
  template <class Integers>
  static selection integers(const graph &graph, zstring table, const Integers &keys, on_failure to CASCADE_OR_THROW) {
    const std::int64_t *data = std::data(keys);
    return of(graph, to, [&](cascade_selection **out, cascade_error **error) {
      return cascade_selection_integers(graph.get(), table.get(), data, std::size(keys), out, error);
    });
  }

  /** @brief Rows by an integer key of one column. */
  static selection integers(const graph &graph, zstring table, std::initializer_list<std::int64_t> keys,
                            on_failure to CASCADE_OR_THROW) {
    return integers<std::initializer_list<std::int64_t>>(graph, table, keys, to);
  }

  /** @brief Rows by keys of any type, each with a value for every column of the key. */
  static selection keys(const graph &graph, zstring table, const std::vector<std::vector<value>> &keys,
                        on_failure to CASCADE_OR_THROW) {
    std::vector<cascade_value> cells;
    const std::size_t columns = keys.empty() ? 1 : keys[0].size();
    for (const auto &key : keys) {
      if (key.size() != columns) {
        to.tell(error(CASCADE_INVALID, "the keys are not all of the same number of columns"));
        return selection();
      }
      for (const auto &one : key) cells.push_back(one.raw());
    }
    return of(graph, to, [&](cascade_selection **out, cascade_error **error) {
      return cascade_selection_keys(graph.get(), table.get(), cells.data(), keys.size(),
                                    static_cast<std::uint32_t>(columns), out, error);
    });
  }

  /** @brief Rows by keys written as text: see cascade_selection_parse(). */
  static selection parse(const graph &graph, zstring table, const std::vector<std::string> &keys,
                         on_failure to CASCADE_OR_THROW) {
    const auto pointed = detail::pointers(keys);
    return of(graph, to, [&](cascade_selection **out, cascade_error **error) {
      return cascade_selection_parse(graph.get(), table.get(), pointed.data(), static_cast<std::uint32_t>(pointed.size()),
                                     out, error);
    });
  }

  /** @brief Rows that meet an SQL condition, which is trusted: foreign values go into `parameters`, for its `?`. */
  static selection where(const graph &graph, zstring table, std::string_view condition,
                         const std::vector<value> &parameters CASCADE_DEFAULTS, on_failure to CASCADE_OR_THROW) {
    if (!detail::whole(condition)) {
      to.tell(error(CASCADE_INVALID, "the condition holds a NUL byte"));
      return selection();
    }
    const std::string text(condition);
    const auto values = detail::raw_values(parameters);
    return of(graph, to, [&](cascade_selection **out, cascade_error **error) {
      return cascade_selection_where(graph.get(), table.get(), text.c_str(), values.empty() ? nullptr : values.data(),
                                     static_cast<std::uint32_t>(values.size()), out, error);
    });
  }

  /** @brief Every row of a table, which a purge refuses unless CASCADE_ALLOW_NO_FILTER allows it. */
  static selection all(const graph &graph, zstring table, on_failure to CASCADE_OR_THROW) {
    return of(graph, to, [&](cascade_selection **out, cascade_error **error) {
      return cascade_selection_where(graph.get(), table.get(), nullptr, nullptr, 0, out, error);
    });
  }

  /** @brief Number of the table in the graph. */
  std::uint32_t table() const noexcept { return cascade_selection_table(get()); }

private:
  template <class Call> static selection of(const graph &graph, on_failure to, Call &&call) {
    selection made;
    made.make(to, graph.kept(), std::forward<Call>(call));
    return made;
  }
};

} // namespace cascade

#endif

// The interface for C++, function by function, as a program uses it.
#include "rig.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <type_traits>

#if __cplusplus >= 202002L
#include <span>
#endif

using cascade::value;

template <class Type>
constexpr bool only_moves = std::is_nothrow_move_constructible_v<Type> &&std::is_nothrow_move_assignable_v<Type> &&
                            !std::is_copy_constructible_v<Type> && !std::is_copy_assignable_v<Type>;
static_assert(only_moves<cascade::context> && only_moves<cascade::connection> && only_moves<cascade::graph>);
static_assert(only_moves<cascade::policy> && only_moves<cascade::selection> && only_moves<cascade::plan>);
static_assert(only_moves<cascade::blockers> && only_moves<cascade::purge> && only_moves<cascade::worker>);
static_assert(only_moves<cascade::fill>);
static_assert(std::is_copy_constructible_v<cascade::error> && std::is_nothrow_move_constructible_v<cascade::error>);

#if __cplusplus >= 202002L
static_assert(std::ranges::input_range<cascade::purge &> && std::ranges::input_range<cascade::blockers &>);
static_assert(std::ranges::input_range<cascade::keys> && std::ranges::input_range<cascade::graph::tables_view>);
static_assert(std::ranges::contiguous_range<cascade::view<std::int64_t>>);
static_assert(std::ranges::borrowed_range<cascade::view<std::int64_t>>);
#endif

struct world {
  museum rows;
  cascade::context context;
  cascade::connection connection = rows.connect(context);
  cascade::graph graph = cascade::graph::read(connection);
  cascade::policy policy{graph};
};

static std::uint32_t relation(const cascade::policy &policy, std::string_view label) {
  for (const auto &one : policy.relations())
    if (one.label() == label) return one.number();
  fail_msg("no relation %s", std::string(label).c_str());
  return 0;
}

static void versions_and_constants(void **) {
  assert_int_equal(cascade::version(), CASCADE_VERSION);
  assert_string_equal(cascade::version_string(), CASCADE_VERSION_STRING);
  assert_true(cascade::constant("CASCADE_BLOCKED") == CASCADE_BLOCKED);
  assert_false(cascade::constant("CASCADE_NO_SUCH"));
  assert_false(cascade::constant(std::string("CASCADE_BLOCKED\0", 16)));
  for (const auto name : cascade::constants()) assert_true(cascade::constant(std::string(name)));
  assert_true(cascade::constants().size() > 100);
}

static void values_and_cells(void **) {
  assert_true(value().look().is_null() && value(nullptr).look().is_null());
  assert_true(value(static_cast<const char *>(nullptr)).look().is_null());
  assert_true(value(-7).look().integer() == -7);
  assert_true(value(true).look().integer() == 1);
  assert_false(value(-7).look().unsigned_integer());
  assert_int_equal(value(std::uint64_t{7}).look().type(), CASCADE_INT64);
  const value large(UINT64_MAX);
  assert_int_equal(large.look().type(), CASCADE_UINT64);
  assert_true(large.look().unsigned_integer() == UINT64_MAX);
  assert_false(large.look().integer());
  assert_true(value(0.5).look().real() == 0.5);
  assert_false(value(0.5).look().integer());
  assert_true(value("x").look().text() == "x" && value(std::string("y")).look().text() == "y");
  assert_true(value("").look().text() == "" && !value("").look().is_null());
  assert_true(value(std::string_view("a\0b", 3)).look().text()->size() == 3);
  assert_true(value::blob(std::string("\0\1", 2)).look().bytes()->size() == 2);
  assert_false(value::blob("x").look().text());
  assert_true(value::decimal("1.50").look().text() == "1.50");
  value copy(value("kept").look()), other = copy;
  copy = value("another");
  assert_true(other.look().text() == "kept");
}

static void graphs(void **) {
  world at;
  std::vector<std::string> labels;
  for (const auto &table : at.graph.tables()) labels.emplace_back(table.label());
  assert_true((labels == std::vector<std::string>{"agent", "item", "loan", "note", "seen"}));
  assert_true(std::count_if(at.graph.tables().begin(), at.graph.tables().end(),
                            [](const auto &table) { return table.is(CASCADE_TABLE_WITHOUT_ROWID); }) == 1);
  const auto item = at.graph.table(at.graph.find("item"));
  assert_true(item.name() == "item" && item.schema().empty() && !item.part_of() && item.kind() == CASCADE_TABLE_ORDINARY);
  assert_int_equal(item.key().size(), 2);
  assert_true(item.key()[0] == "loan_id" && item.key()[1] == "lang");
  const auto agent = at.graph.find("agent");
  assert_true(at.graph.column(agent, 1).default_sql() == "'nobody'");
  assert_true(at.graph.column(agent, 1).is(CASCADE_COLUMN_NOT_NULL));
  assert_false(at.graph.column(agent, 0).default_sql());
  assert_true(at.graph.column(agent, 0).name() == "id" && at.graph.column(agent, 0).type() == "INTEGER");
  assert_int_equal(at.graph.relations().size(), 4);
  assert_int_equal(at.graph.relations_to(agent).size(), 3);
  const auto from_item = at.graph.relations_from(item.number());
  assert_int_equal(from_item.size(), 1);
  const auto to_loan = at.graph.relation(from_item[0]);
  assert_true(to_loan.label() == "item(loan_id) -> loan(id)" && to_loan.columns()[0] == "loan_id");
  assert_true(to_loan.ref_columns()[0] == "id" && to_loan.set_columns().empty());
  assert_int_equal(to_loan.on_delete(), CASCADE_ACTION_CASCADE);
  assert_int_equal(to_loan.on_update(), CASCADE_ACTION_NO_ACTION);
  assert_true(to_loan.index().has_value() && !to_loan.name());
  assert_int_equal(at.graph.reach(agent, true).size(), 3);
  assert_int_equal(at.graph.reach(agent, false).size(), 4);
  assert_int_equal(at.graph.path(item.number(), agent).size(), 2);
  assert_int_equal(status_of([&] { at.graph.path(agent, item.number()); }), CASCADE_NOT_FOUND);
  assert_int_equal(at.graph.hidden(), 0);
  assert_true(at.graph.dot().find("loan") != std::string::npos);
  assert_true(at.graph.dot("note").find("item") == std::string::npos);
  const auto copy = cascade::graph::load(at.context, at.graph.json());
  assert_true(copy.json() == at.graph.json());
  const cascade::graph shared = at.graph.share(), taken(cascade::take, cascade_graph_ref(at.graph.get()));
  assert_true(taken.json() == shared.json());
  assert_ptr_equal(shared.get(), at.graph.get());
  assert_int_equal(status_of([&] { at.graph.table(99); }), CASCADE_INVALID);
}

static void policies(void **) {
  world at;
  cascade::policy_options options;
  options.entries.push_back({"loan", {"agent_id"}, {}, {}, CASCADE_RULE_SET_VALUE, {value(2)}, {}});
  options.entries.push_back({"seen", {"n"}, "agent", {"id"}, CASCADE_RULE_CASCADE, {}, "id > 0"});
  options.exclude = {"note"};
  const cascade::policy policy(at.graph, options);
  assert_int_equal(policy.relations().size(), 5);
  assert_int_equal(policy.relation(relation(policy, "loan(agent_id) -> agent(id)")).rule(), CASCADE_RULE_SET_VALUE);
  assert_string_equal(policy.relation(relation(policy, "note(agent_id) -> agent(id)")).rule_name(), "IGNORE");
  assert_true(policy.relation(4).is(CASCADE_RELATION_DECLARED));
  assert_ptr_equal(policy.graph().get(), at.graph.get());
  assert_ptr_equal(policy.share().get(), policy.get());
  const auto loaded = cascade::policy::load(at.graph, R"([{"table": "loan", "column": "agent_id", "rule": "PROTECT"}])");
  assert_int_equal(loaded.relation(relation(loaded, "loan(agent_id) -> agent(id)")).rule(), CASCADE_RULE_PROTECT);
  const std::string agent("agent\0x", 7);
  options.entries[1].ref_table = agent;
  assert_int_equal(status_of([&] { cascade::policy(at.graph, options); }), CASCADE_NOT_FOUND);
  options.entries[1].ref_table = "agent";
  options.exclude = {"note", agent};
  assert_int_equal(status_of([&] { cascade::policy(at.graph, options); }), CASCADE_NOT_FOUND);
  options.exclude.clear();
  options.entries[1].where = std::string("id > 0\0 AND id < 5", 18);
  assert_int_equal(status_of([&] { cascade::policy(at.graph, options); }), CASCADE_INVALID);
  options.entries[1].where.reset();
  options.entries[0].table = "laon";
  assert_true(thrown<std::exception>([&] { cascade::policy(at.graph, options); }).find("loan") != std::string::npos);
}

static void selections(void **) {
  world at;
  const auto deleted = [&](const cascade::selection &rows) {
    const cascade::plan plan(at.connection, at.policy, rows);
    return plan.describe().roots;
  };
  assert_int_equal(deleted(cascade::selection::integers(at.graph, "loan", {10, 12, 99})), 2);
  assert_int_equal(deleted(cascade::selection::integers(at.graph, "loan", std::array<std::int64_t, 1>{10})), 1);
  assert_int_equal(deleted(cascade::selection::integers(at.graph, "loan", std::vector<std::int64_t>())), 0);
  assert_int_equal(deleted(cascade::selection::keys(at.graph, "item", {{10, "de"}, {11, "en"}})), 1);
  assert_int_equal(deleted(cascade::selection::parse(at.graph, "item", {"10,de", R"([10,"en"])"})), 2);
  assert_int_equal(deleted(cascade::selection::where(at.graph, "loan", "agent_id = ?", {1})), 2);
  assert_int_equal(deleted(cascade::selection::where(at.graph, "loan", "agent_id = 1")), 2);
  const auto all = cascade::selection::all(at.graph, "loan");
  assert_int_equal(deleted(all), 3);
  assert_int_equal(all.table(), at.graph.find("loan"));
  assert_int_equal(status_of([&] { cascade::purge(at.connection, at.policy, all); }), CASCADE_NO_FILTER);
  const std::string cut("agent_id = 1\0 AND id = 10", 25), name("loan\0s", 6);
  assert_int_equal(status_of([&] { cascade::selection::where(at.graph, "loan", cut); }), CASCADE_INVALID);
  assert_int_equal(status_of([&] { cascade::selection::where(at.graph, name, "id = 1"); }), CASCADE_NOT_FOUND);
  assert_int_equal(status_of([&] { cascade::selection::keys(at.graph, "item", {{10, "de"}, {11}}); }), CASCADE_INVALID);
}

static void pages(void **) {
  world at;
  const auto agents = cascade::selection::integers(at.graph, "agent", {1, 2});
  cascade::blockers_options options;
  options.limit = 2;
  options.count = CASCADE_COUNT_EXACT;
  options.depth = 2;
  options.rounds = UINT32_MAX;
  options.token_key = "0123456789abcdef";
  std::set<std::string> met;
  std::vector<value> last;
  cascade::blockers cursor(at.connection, at.policy, agents, options);
  for (const auto &page : cursor) {
    const auto label = std::string(at.policy.relation(page.relation()).label());
    met.insert(label);
    for (const auto &row : page.keys())
      for (const auto &cell : row)
        met.insert(label + " " + (cell.integer() ? std::to_string(*cell.integer()) : std::string(*cell.text())));
    if (label == "item(loan_id) -> loan(id)") {
      assert_int_equal(page.depth(), 2);
      assert_int_equal(page.path().size(), 1);
      assert_false(page.keys().are_integers());
      assert_int_equal(page.path_keys(0).size(), page.keys().size());
    }
    if (label == "loan(agent_id) -> agent(id)" && last.empty()) {
      assert_int_equal(page.kind(), CASCADE_CASCADING);
      assert_int_equal(page.count(), 3);
      assert_int_equal(page.count_accuracy(), CASCADE_EXACT);
      assert_false(page.complete() || page.partial() || page.behind());
      assert_true(cursor.token(CASCADE_TOKEN_NEXT)->size() > 20);
      last = page.last().values();
      const auto ids = page.keys().integers();
      assert_int_equal(ids.size(), 2);
      assert_ptr_equal(ids.data(), page.raw().keys->integers); // nothing is copied
#if __cplusplus >= 202002L
      const std::span<const std::int64_t> span = ids;
      assert_int_equal(span[1], 11);
#endif
    }
  }
  for (const auto *expected : {"agent(boss_id) -> agent(id) 3", "loan(agent_id) -> agent(id) 12", "item(loan_id) -> loan(id) 11",
                               "item(loan_id) -> loan(id) en", "note(agent_id) -> agent(id) 21"})
    if (met.count(expected) == 0) fail_msg("%s was not given", expected);
  assert_false(cursor.next());
  assert_false(cursor.token(CASCADE_TOKEN_REST));
  assert_int_equal(cursor.cut(), CASCADE_CUT_DEPTH);
  assert_int_equal(cursor.count(0).references, 9);

  cascade::blockers_options from;
  cascade::blockers_request request;
  request.relation = relation(at.policy, "loan(agent_id) -> agent(id)");
  request.anchor = last;
  from.requests = {request, request};
  from.requests[1].backward = 1;
  cascade::blockers rest(at.connection, at.policy, agents, from);
  const auto page = rest.next();
  assert_int_equal(page->keys().size(), 1);
  assert_int_equal(page->keys().integers()[0], 12);
  assert_int_equal(rest.next()->keys()[0][0].integer().value(), 10);

  const auto probed = cascade::blockers::probe(at.connection, at.policy, agents);
  assert_int_equal(probed.answer, CASCADE_PROBE_BLOCKED);
  assert_int_equal(probed.relation.value(), relation(at.policy, "agent(boss_id) -> agent(id)"));
  const auto free = cascade::selection::integers(at.graph, "agent", {1});
  assert_int_equal(cascade::blockers::probe(at.connection, at.policy, free, 100).answer, CASCADE_PROBE_DELETABLE);
  assert_true(cascade::blockers::json(at.connection, at.policy, agents, {}, CASCADE_PROFILE_SPECIFY).find("results") !=
              std::string::npos);
}

static void tokens(void **) {
  world at;
  const auto agents = cascade::selection::integers(at.graph, "agent", {1, 2});
  cascade::blockers_options options;
  options.limit = 1;
  options.token_key = std::string("\0\1\2 sixteen bytes", 17);
  std::vector<std::int64_t> ids;
  do {
    cascade::blockers cursor(at.connection, at.policy, agents, options);
    while (auto page = cursor.next())
      if (page->relation() == relation(at.policy, "note(agent_id) -> agent(id)")) {
        ids.insert(ids.end(), page->keys().integers().begin(), page->keys().integers().end());
        options.token = cursor.token(CASCADE_TOKEN_NEXT);
      }
  } while (options.token);
  assert_true((ids == std::vector<std::int64_t>{20, 21}));
  options.token = "forged";
  assert_int_equal(status_of([&] { cascade::blockers(at.connection, at.policy, agents, options); }), CASCADE_TOKEN_FORGED);
}

static void purges(void **) {
  world at;
  const auto ada = cascade::selection::integers(at.graph, "agent", {1});
  const cascade::plan plan(at.connection, at.policy, ada);
  assert_int_equal(plan.describe().deleted, 6);
  assert_int_equal(plan.steps().size(), plan.describe().step_count);
  std::set<std::int32_t> kinds;
  for (const auto &step : plan.steps()) kinds.insert(step.kind());
  assert_int_equal(kinds.size(), 3);
  assert_true(plan.text().find("agent") != std::string::npos && plan.json()[0] == '{' && !plan.sql().empty());
  const auto first = plan.steps()[0];
  assert_true(first.warns(CASCADE_WARN_NO_INDEX) || first.index() || !first.relation());
  assert_false(first.sql().empty());

  cascade::purge_options options;
  options.plan = plan.fingerprint();
  std::set<std::string> gone;
  options.after_batch = [&](cascade::deleted_tables tables) {
    for (const auto &table : tables)
      for (const auto &row : table.keys()) gone.insert(std::string(table.label()) + std::to_string(*row[0].integer()));
    return true;
  };
  cascade::purge purge(at.connection, at.policy, ada, options);
  std::uint64_t batches = 0;
  for (const auto &batch : purge) {
    assert_int_equal(batch.number, ++batches);
    assert_int_equal(batch.total_deleted, 6);
  }
  assert_true(gone.count("agent1") == 1 && gone.count("loan11") == 1 && gone.count("item10") == 1);
  const auto report = purge.describe();
  assert_true(report.finished == 1 && report.deleted == 6 && report.updated == 1);
  std::uint64_t deleted = 0;
  for (std::uint32_t i = 0; i < report.table_count; i++) deleted += purge.table(i).deleted;
  assert_int_equal(deleted, 6);
  assert_int_equal(at.rows.count("loan"), 1);
  const auto other = cascade::selection::integers(at.graph, "agent", {3});
  assert_int_equal(status_of([&] { cascade::purge(at.connection, at.policy, other, options); }), CASCADE_PLAN_CHANGED);
  assert_true(at.connection.statements() > 0);
  assert_string_equal(at.connection.engine(), "sqlite");
}

static void outboxes(void **) {
  world at;
  assert_true(cascade::outbox::ddl("sqlite").find("cascade_outbox") != std::string::npos);
  cascade::outbox::install(at.connection);
  assert_false(cascade::outbox::read(at.connection));
  cascade::purge_options options;
  options.outbox = 1;
  options.actor = "ada";
  options.reason = "asked for it";
  options.columns = {{"agent", "name"}};
  cascade::purge purge(at.connection, at.policy, cascade::selection::integers(at.graph, "agent", {1}), options);
  while (purge.next()) {}
  const auto read = cascade::outbox::read(at.connection);
  assert_true(read && read->json.find("\"Ada\"") != std::string::npos);
  assert_int_equal(cascade::outbox::ack(at.connection, read->number), 6);
  assert_false(cascade::outbox::read(at.connection));
  assert_true(cascade::audit(at.connection).find("asked for it") != std::string::npos);
}

static void queues(void **) {
  world at;
  assert_true(cascade::queue::ddl("sqlite").find("cascade_queue_job") != std::string::npos);
  cascade::queue::install(at.connection);
  cascade::policy_options rules;
  rules.entries.push_back({"loan", {"agent_id"}, {}, {}, CASCADE_RULE_DETACH, {}, {}});
  const cascade::policy policy(at.graph, rules);
  cascade::detach_options options;
  options.job.batch_ms = 50;
  const auto report = cascade::detach(at.connection, policy, cascade::selection::integers(at.graph, "agent", {1}), options);
  assert_true(report.deleted == 1 && report.detached == 2 && report.jobs == 1 && report.job > 0);
  const auto job = cascade::queue::purge(at.connection, at.policy, cascade::selection::integers(at.graph, "loan", {12}));
  cascade::queue::cancel(at.connection, job);
  cascade::queue::list_options listed;
  listed.state = "cancelled";
  assert_true(cascade::queue::list(at.connection, listed).find(std::to_string(job)) != std::string::npos);
  cascade::queue::retry(at.connection, job);
  cascade::worker_options name;
  name.owner = "tester";
  cascade::worker worker(at.connection, name);
  while (worker.step()) {}
  assert_int_equal(worker.describe().done, 2);
  assert_int_equal(at.rows.count("loan"), 0);
  assert_int_equal(at.rows.count("item"), 0);
  assert_true(cascade::queue::metrics(at.connection).find("\"done\"") != std::string::npos);
  worker.cancel();
  assert_int_equal(status_of([&] { worker.step(); }), CASCADE_CANCELLED);
}

static void fills(void **) {
  world at;
  const cascade::fill_target target{"seen", {"id", "n"}, {"id"}, "id"};
  cascade::fill fill(at.connection, at.graph, target);
  fill.select("SELECT id, 1 FROM loan WHERE agent_id = ?", {1});
  fill.select("SELECT id, 2 FROM note");
  std::uint64_t inserted = 0;
  for (const auto &range : fill) inserted = range.total_inserted;
  assert_int_equal(inserted, 4);
  assert_true(fill.describe().finished == 1 && !fill.token().empty());

  cascade::fill_options options;
  options.mode = CASCADE_FILL_MERGE;
  options.max_tx_rows = 2;
  cascade::fill stream(at.connection, at.graph, target, options);
  std::int64_t next = 10;
  stream.stream([&](std::uint64_t wanted) {
    std::vector<value> rows;
    for (; wanted > 0 && next < 15; wanted--, next++) rows.insert(rows.end(), {next, 7});
    return rows;
  });
  std::uint64_t ranges = 0;
  while (stream.next()) ranges++;
  assert_true(ranges == 3 && stream.describe().inserted == 3 && stream.describe().updated == 2);
  assert_int_equal(at.rows.count("seen WHERE n = 7"), 5);
  assert_int_equal(status_of([&] { stream.select("SELECT 1, 2"); }), CASCADE_INVALID);
  options.token = "damaged";
  assert_int_equal(status_of([&] { cascade::fill(at.connection, at.graph, target, options); }), CASCADE_INVALID);
}

static void without_exceptions(void **) {
  museum rows;
  cascade::failure why;
  const cascade::context context({}, why);
  assert_false(why);
  assert_string_equal(why.message(), "");
  auto none = cascade::connection::open(context, "sqlite:/no/such/file.db", {}, why);
  assert_true(why && !none && why.status() == CASCADE_NOT_FOUND);
  assert_string_equal(why.name(), "CASCADE_NOT_FOUND");
  assert_true(std::string(why.message()).find("/no/such/file.db") != std::string::npos);
  const auto connection = cascade::connection::adopt(context, "sqlite3", rows.handle(), {}, why);
  assert_false(why); // a call that succeeds empties it
  const auto graph = cascade::graph::read(connection, why);
  const cascade::policy policy(graph, {}, why);
  assert_int_equal(graph.find("agnet", why), 0);
  assert_true(why.status() == CASCADE_NOT_FOUND && !why.retryable() && !why.sqlstate());
  const auto bosses = cascade::selection::integers(graph, "agent", std::array<std::int64_t, 1>{2}, why);
  assert_false(why);
  const cascade::purge purge(connection, policy, bosses, {}, why);
  assert_true(!purge && why.status() == CASCADE_BLOCKED && why.table() == "agent");
  assert_true(why.relation() == "agent(boss_id) -> agent(id)");
  graph.column(0, 99, why); // a call without a C error has the status's name as its message
  assert_string_equal(why.message(), "CASCADE_INVALID");
  connection.cancel();
  cascade::plan plan(connection, policy, bosses, {}, why);
  assert_int_equal(why.status(), CASCADE_CANCELLED);
  assert_true(plan.json(why).empty() && why.status() == CASCADE_INVALID); // an empty object is refused, and no crash
  assert_true(plan.steps().empty() && std::string(none.engine()).empty());
}

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(versions_and_constants), cmocka_unit_test(values_and_cells), cmocka_unit_test(graphs),
      cmocka_unit_test(policies),               cmocka_unit_test(selections),       cmocka_unit_test(pages),
      cmocka_unit_test(tokens),                 cmocka_unit_test(purges),           cmocka_unit_test(queues),
      cmocka_unit_test(fills),                  cmocka_unit_test(without_exceptions), cmocka_unit_test(outboxes)};
  return cmocka_run_group_tests_name("C++ interface", tests, nullptr, nullptr);
}

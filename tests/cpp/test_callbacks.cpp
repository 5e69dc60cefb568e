// What C calls back: hooks, streams, logs and drivers written in C++, with exceptions that leave them, and how long they live.
#include "rig.hpp"

#include <stdexcept>
#include <string>
#include <thread>

using cascade::value;

// The exception of somebody else: cascade knows nothing of it.
struct trouble : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// A driver over SQLite that counts what is alive, and throws when told to.
struct driver_state {
  int sessions = 0, rows = 0, statements = 0, throw_at = -1;
  bool own_class = false;
  void passed() {
    if (++statements != throw_at) return;
    if (own_class) throw cascade::error(CASCADE_BUSY, "the driver is busy", CASCADE_TX_ROLLED_BACK, "55P03", 7);
    throw trouble("statement " + std::to_string(statements));
  }
};

class sqlite_rows : public cascade::driver_rows {
public:
  sqlite_rows(driver_state &state, sqlite3_stmt *statement) : state_(state), statement_(statement) { state_.rows++; }
  ~sqlite_rows() override {
    sqlite3_finalize(statement_);
    state_.rows--;
  }
  const cascade_value *next() override {
    if (sqlite3_step(statement_) != SQLITE_ROW) return nullptr;
    row_.clear();
    for (int i = 0; i < sqlite3_column_count(statement_); i++) {
      cascade_value cell{};
      const int type = sqlite3_column_type(statement_, i);
      cell.type = type == SQLITE_NULL ? CASCADE_NULL : type == SQLITE_INTEGER ? CASCADE_INT64 : CASCADE_TEXT;
      cell.integer = type == SQLITE_INTEGER ? sqlite3_column_int64(statement_, i) : 0;
      if (cell.type == CASCADE_TEXT) {
        cell.data = reinterpret_cast<const char *>(sqlite3_column_text(statement_, i));
        cell.length = static_cast<std::uint64_t>(sqlite3_column_bytes(statement_, i));
      }
      row_.push_back(cell);
    }
    return row_.data();
  }

private:
  driver_state &state_;
  sqlite3_stmt *statement_;
  std::vector<cascade_value> row_;
};

class sqlite_session : public cascade::driver_session {
public:
  sqlite_session(driver_state &state, sqlite3 *handle) : state_(state), handle_(handle) { state_.sessions++; }
  ~sqlite_session() override { state_.sessions--; }
  const char *name() const noexcept override { return "test"; }
  void capabilities(cascade_capabilities &can) override {
    can.engine = "sqlite";
    can.version = sqlite3_libversion();
    can.flags = CASCADE_CAN_SAVEPOINT | CASCADE_CAN_DEFER | CASCADE_CAN_CANCEL;
    can.max_parameters = 1000;
  }
  std::uint64_t execute(const cascade_statement &statement) override {
    sqlite3_stmt *prepared = prepare(statement);
    const int status = sqlite3_step(prepared);
    sqlite3_finalize(prepared);
    if (status != SQLITE_DONE) throw cascade::error(CASCADE_DATABASE, sqlite3_errmsg(handle_));
    return static_cast<std::uint64_t>(sqlite3_changes(handle_));
  }
  std::unique_ptr<cascade::driver_rows> query(const cascade_statement &statement) override {
    return std::make_unique<sqlite_rows>(state_, prepare(statement));
  }
  void cancel() noexcept override { sqlite3_interrupt(handle_); }
  bool in_transaction() override { return sqlite3_get_autocommit(handle_) == 0; }

private:
  sqlite3_stmt *prepare(const cascade_statement &statement) {
    state_.passed();
    sqlite3_stmt *prepared = nullptr;
    if (sqlite3_prepare_v2(handle_, statement.sql, -1, &prepared, nullptr) != SQLITE_OK)
      throw cascade::error(CASCADE_SCHEMA, sqlite3_errmsg(handle_));
    for (std::uint32_t i = 0; i < statement.parameter_count; i++) {
      const auto &given = statement.parameters[i];
      if (given.type == CASCADE_INT64) sqlite3_bind_int64(prepared, static_cast<int>(i + 1), given.integer);
      else sqlite3_bind_text(prepared, static_cast<int>(i + 1), given.data, static_cast<int>(given.length), SQLITE_TRANSIENT);
    }
    return prepared;
  }

  driver_state &state_;
  sqlite3 *handle_;
};

struct world {
  museum rows;
  cascade::context context;
  cascade::connection connection = rows.connect(context);
  cascade::graph graph = cascade::graph::read(connection);
  cascade::policy policy{graph};
  cascade::selection ada = cascade::selection::integers(graph, "agent", {1});
};

static void hooks_throw(void **) {
  world at;
  cascade::purge_options options;
  options.after_batch = [](cascade::deleted_tables) -> bool { throw trouble("from the hook"); };
  cascade::purge purge(at.connection, at.policy, at.ada, options);
  assert_string_equal(thrown<trouble>([&] { purge.next(); }).c_str(), "from the hook");
  assert_int_equal(at.rows.count("agent"), 3); // the batch was rolled back
  assert_int_equal(status_of([&] { purge.next(); }), CASCADE_HOOK);
  cascade::failure why;
  cascade::purge second(at.connection, at.policy, at.ada, options, why);
  assert_string_equal(thrown<trouble>([&] { second.next(why); }).c_str(), "from the hook"); // the host's own, whatever the mode

  options.after_batch = [](cascade::deleted_tables) { return false; };
  cascade::purge refused(at.connection, at.policy, at.ada, options);
  assert_int_equal(status_of([&] { refused.next(); }), CASCADE_HOOK);
  assert_int_equal(at.rows.count("agent"), 3);
}

static void vetoes(void **) {
  world at;
  cascade::purge_options options;
  cascade::purge *running = nullptr;
  std::string names;
  int committed = 0;
  options.columns = {{"agent", "name"}, {"agent", "boss_id"}};
  options.before_batch = [&](cascade::deleted_tables tables) {
    for (std::uint32_t i = 0; i < tables.size(); i++) {
      const auto columns = running->row_columns(i);
      assert_int_equal(columns.size(), tables[i].label() == "agent" ? tables[i].keys().size() : 0);
      for (const auto &row : columns) names += std::string(*row[0].text()) + (row[1].is_null() ? "" : "!");
      if (tables[i].label() == "agent") assert_true(columns.columns()[1] == "boss_id");
      if (tables[i].label() == "loan") running->veto(i, {1});
    }
    return true;
  };
  options.after_commit = [&](cascade::deleted_tables tables) { return committed += static_cast<int>(tables.size()), true; };
  cascade::purge purge(at.connection, at.policy, at.ada, options);
  running = &purge;
  while (purge.next()) {}
  assert_string_equal(names.c_str(), "Ada");
  const auto [vetoed, kept] = purge.kept_rows(at.graph.find("loan"));
  assert_true(vetoed.size() == 1 && vetoed.integers()[0] == 11 && kept.empty());
  assert_int_equal(purge.kept_rows(at.graph.find("agent")).second.integers()[0], 1); // to which it refers
  assert_true(at.rows.count("loan WHERE agent_id = 1") == 1 && at.rows.count("agent") == 3 && committed > 0);

  options = {};
  options.columns = {{"agent", "nmae"}};
  assert_int_equal(status_of([&] { cascade::purge(at.connection, at.policy, at.ada, options); }), CASCADE_NOT_FOUND);
  options = {};
  options.after_batch = [&](cascade::deleted_tables) { return running->blame("agent", "Ada is needed"), false; };
  cascade::purge blamed(at.connection, at.policy, at.ada, options);
  running = &blamed;
  assert_true(thrown<cascade::error>([&] { blamed.next(); }).find("Ada is needed") != std::string::npos);
}

static void streams_throw(void **) {
  world at;
  cascade::fill fill(at.connection, at.graph, {"seen", {"id", "n"}, {"id"}, {}});
  fill.stream([](std::uint64_t) -> std::vector<value> { throw trouble("no more rows"); });
  assert_string_equal(thrown<trouble>([&] { fill.next(); }).c_str(), "no more rows");
  cascade::fill uneven(at.connection, at.graph, {"seen", {"id", "n"}, {"id"}, {}});
  uneven.stream([](std::uint64_t) { return std::vector<value>{1, 2, 3}; });
  assert_string_equal(thrown<cascade::error>([&] { uneven.next(); }).c_str(), "the stream gave 3 values for rows of 2 columns");
  assert_int_equal(status_of([&] { uneven.next(); }), CASCADE_HOOK);
  cascade_fill *raw = nullptr;
  const char *columns[] = {"id", "n"};
  cascade_fill_target target{};
  target.size = sizeof target;
  target.table = "seen";
  target.columns = target.key = columns;
  target.column_count = 2;
  target.key_count = 1;
  assert_int_equal(cascade_fill_new(at.connection.get(), at.graph.get(), &target, nullptr, &raw, nullptr), CASCADE_OK);
  cascade::fill taken(cascade::take, raw);
  assert_int_equal(status_of([&] { taken.stream([](std::uint64_t) { return std::vector<value>{1, 2}; }); }), CASCADE_INVALID);
  assert_int_equal(at.rows.count("seen"), 0);
}

static void logs_throw(void **) {
  museum rows;
  bool angry = false;
  int lines = 0;
  cascade::context_options options;
  options.log_level = CASCADE_LOG_DEBUG;
  options.log = [&](std::int32_t, std::string_view line) {
    lines++;
    if (angry) throw trouble(std::string(line));
  };
  const cascade::context context(options);
  const auto connection = rows.connect(context);
  angry = true;
  assert_true(!thrown<trouble>([&] { cascade::graph::read(connection); }).empty()); // and nothing leaks
  angry = false;
  lines = 0;
  assert_int_equal(cascade::graph::read(connection).tables().size(), 5);
  assert_true(lines > 2);
  const auto &graph = cascade::graph::read(connection);
  const cascade::policy policy(graph);
  cascade::purge purge(connection, policy, cascade::selection::integers(graph, "agent", {1}));
  angry = true; // ending the purge and the session may speak too, where nobody can be told
}

// Of a worker: what its hooks throw is the failure of a job.
static void hooks_of_workers(void **) {
  world at;
  cascade::queue::install(at.connection);
  cascade::outbox::install(at.connection);
  cascade::job_options job;
  job.outbox = 1;
  job.columns = {{"agent", "name"}};
  job.actor = "jo";
  job.max_attempts = 2;
  cascade::queue::purge(at.connection, at.policy, at.ada, job);
  cascade::worker *running = nullptr;
  std::string names;
  cascade::worker_options options;
  options.columns = {{"agent", "boss_id"}};
  options.before_batch = [&](cascade::deleted_tables tables) {
    for (std::uint32_t i = 0; i < tables.size(); i++) {
      for (const auto &row : running->row_columns(i)) names += std::string(*row[0].text());
      if (tables[i].label() == "loan") running->veto(i, {1});
    }
    return true;
  };
  options.after_commit = [](cascade::deleted_tables) -> bool { throw std::runtime_error("away"); };
  cascade::worker worker(at.connection, options);
  running = &worker;
  while (worker.step()) {}
  assert_string_equal(names.c_str(), "Ada");
  assert_true(at.rows.count("loan WHERE agent_id = 1") == 1 && at.rows.count("agent") == 3);
  assert_int_equal(worker.describe().failed, 1);
  assert_true(worker.at_work() == nullptr);
  assert_true(cascade::queue::list(at.connection).find("away") != std::string::npos);
  assert_true(cascade::audit(at.connection).find("\"jo\"") != std::string::npos);
}

// A hook that itself calls the library, and is called while an exception is on its way.
static void nested_calls(void **) {
  world at;
  museum other;
  const auto beside = other.connect(at.context);
  cascade::purge_options inner;
  inner.after_batch = [](cascade::deleted_tables) -> bool { throw trouble("inner"); };
  cascade::purge_options options;
  std::string heard;
  options.after_batch = [&](cascade::deleted_tables) -> bool {
    cascade::purge within(beside, at.policy, at.ada, inner);
    heard = thrown<trouble>([&] { within.next(); });
    throw trouble("outer");
  };
  cascade::purge purge(at.connection, at.policy, at.ada, options);
  assert_string_equal(thrown<trouble>([&] { purge.next(); }).c_str(), "outer");
  assert_string_equal(heard.c_str(), "inner");
  assert_int_equal(status_of([&] { at.graph.find("agent"); }), CASCADE_OK); // nothing was left behind
}

static void drivers(void **) {
  museum rows;
  driver_state state;
  {
    cascade::plan plan;
    {
      auto context = cascade::context();
      const auto connection = cascade::connection::over(context, std::make_unique<sqlite_session>(state, rows.handle()));
      context.reset();
      const auto graph = cascade::graph::read(connection);
      const cascade::policy policy(graph);
      const auto ada = cascade::selection::integers(graph, "agent", {1});
      plan = cascade::plan(connection, policy, ada);
      cascade::purge purge(connection, policy, ada);
      for (const auto &batch : purge) assert_int_equal(batch.deleted, 6);
      connection.cancel();
      assert_int_equal(status_of([&] { cascade::graph::read(connection); }), CASCADE_CANCELLED);
    }
    assert_true(plan.describe().deleted == 6 && state.rows == 0);
    assert_int_equal(state.sessions, 1); // the plan might need it
  }
  assert_int_equal(state.sessions, 0);
  assert_int_equal(rows.count("agent"), 2);
}

static void drivers_throw(void **) {
  museum rows;
  int failed = 0;
  for (int at = 1; at < 200; at++) {
    driver_state state;
    state.throw_at = at;
    state.own_class = at % 2 == 0;
    rows.run("DELETE FROM seen; INSERT INTO seen VALUES (1, 1);");
    try {
      const cascade::context context;
      const auto connection = cascade::connection::over(context, std::make_unique<sqlite_session>(state, rows.handle()));
      const auto graph = cascade::graph::read(connection);
      const cascade::policy policy(graph);
      cascade::purge purge(connection, policy, cascade::selection::integers(graph, "seen", {1}));
      while (purge.next()) {}
      assert_int_equal(rows.count("seen"), 0);
      if (state.statements < at) break;
    } catch (const trouble &caught) {
      assert_string_equal(caught.what(), ("statement " + std::to_string(at)).c_str());
      failed++;
    } catch (const cascade::error &caught) {
      assert_true(caught.status() == CASCADE_BUSY && caught.native_code() == 7 && caught.sqlstate() == "55P03");
      assert_true(caught.retryable() && std::string(caught.what()).find("the driver is busy") != std::string::npos);
      failed++;
    }
    assert_true(state.sessions == 0 && state.rows == 0);
    if (sqlite3_get_autocommit(rows.handle()) == 0) rows.run("ROLLBACK");
  }
  assert_true(failed > 5);
}

static void any_order(void **) {
  museum rows;
  int lines = 0;
  auto log = std::make_shared<int>(0);
  cascade::purge last;
  {
    cascade::context_options options;
    options.log_level = CASCADE_LOG_DEBUG;
    options.log = [log, &lines](std::int32_t, std::string_view) { lines += 1 + *log; };
    cascade::context context(options);
    auto connection = rows.connect(context);
    auto graph = cascade::graph::read(connection);
    auto policy = cascade::policy(graph);
    auto ada = cascade::selection::integers(graph, "agent", {1});
    cascade::purge_options hooked;
    hooked.after_batch = [log](cascade::deleted_tables) { return *log == 0; };
    last = cascade::purge(connection, policy, ada, hooked);
    context.reset();
    connection.reset();
    graph.reset();
  }
  lines = 0;
  assert_true(log.use_count() > 2); // the purge keeps what it may call
  while (last.next()) {}
  assert_true(lines > 0);
  auto moved = std::move(last);
  assert_false(last);
  assert_true(moved && moved.describe().finished == 1);
  auto &same = moved;
  moved = std::move(same);
  assert_true(moved.describe().finished == 1);
  moved = cascade::purge();
  assert_int_equal(log.use_count(), 1);
}

static void cancelled_from_a_thread(void **) {
  world at;
  cascade::purge purge(at.connection, at.policy, at.ada);
  std::thread([&purge] { purge.cancel(); }).join();
  assert_int_equal(status_of([&] { purge.next(); }), CASCADE_CANCELLED);
  assert_int_equal(at.rows.count("agent"), 3);
  cascade::fill fill(at.connection, at.graph, {"seen", {"id"}, {"id"}, {}});
  fill.select("SELECT id FROM loan");
  std::thread([&fill] { fill.cancel(); }).join();
  assert_int_equal(status_of([&] { fill.next(); }), CASCADE_CANCELLED);
}

static void archives(void **) {
  world at;
  std::string lines;
  std::vector<std::int32_t> events;
  cascade::archive_options places;
  places.suffix = "_old";
  places.write = [&](std::int32_t event, std::string_view some) {
    if (event == CASCADE_ARCHIVE_FLUSH && events.size() > 9) throw trouble("from the archive");
    events.push_back(event);
    lines += some;
    return true;
  };
  cascade::archive archive(at.context, places);
  cascade::purge_options options;
  options.archive = archive;
  assert_int_equal(status_of([&] { cascade::purge(at.connection, at.policy, at.ada, options); }), CASCADE_ARCHIVE);
  assert_true(archive.ddl(at.connection, at.policy, "agent").find("agent_old") != std::string::npos);
  archive.install(at.connection, at.policy, "agent");
  assert_true(archive.ddl(at.connection, at.policy, "agent").empty());
  cascade::purge purge(at.connection, at.policy, at.ada, options);
  options.archive = cascade::archived();
  archive.reset(); // the purge keeps it, and what it calls
  while (purge.next()) {}
  const std::vector<std::int32_t> expected{CASCADE_ARCHIVE_LINES, CASCADE_ARCHIVE_FLUSH, CASCADE_ARCHIVE_KEEP};
  assert_true(events == expected);
  assert_int_equal(at.rows.count("agent_old"), 1);
  assert_int_equal(std::count(lines.begin(), lines.end(), '\n'), purge.describe().deleted);
  events.resize(10);
  cascade::archive fails(at.context, places);
  options.archive = fails;
  auto cy = cascade::selection::integers(at.graph, "agent", {3});
  cascade::purge again(at.connection, at.policy, cy, options);
  assert_string_equal(thrown<trouble>([&] { again.next(); }).c_str(), "from the archive");
  assert_int_equal(at.rows.count("agent"), 2);
}

static void throttles(void **) {
  world at;
  int asked = 0, told = 0;
  cascade::throttle_options limits;
  limits.ask = [&](std::uint64_t) -> std::int64_t {
    if (asked == 2) throw trouble("from the throttle");
    return asked++ ? 0 : 20;
  };
  limits.told = [&](const cascade_pause &pause) { told += pause.reason == CASCADE_PAUSE_HOST; };
  cascade::throttle throttle(at.connection, limits);
  cascade::purge_options options;
  options.throttle = throttle;
  cascade::purge purge(at.connection, at.policy, at.ada, options);
  assert_true(purge.next());
  assert_int_equal(asked, 2);
  assert_int_equal(told, 1);
  assert_int_equal(throttle.describe().pauses, 1);
  cascade::purge next(at.connection, at.policy, at.ada, options);
  throttle.reset(); // the purge keeps it, and what it calls
  options = {};
  bool caught = false;
  try {
    next.next();
  } catch (const trouble &) {
    caught = true;
  }
  assert_true(caught);
}

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(hooks_throw),   cmocka_unit_test(vetoes),
      cmocka_unit_test(hooks_of_workers),
      cmocka_unit_test(streams_throw), cmocka_unit_test(logs_throw),
      cmocka_unit_test(nested_calls),  cmocka_unit_test(drivers),       cmocka_unit_test(drivers_throw),
      cmocka_unit_test(any_order),     cmocka_unit_test(cancelled_from_a_thread), cmocka_unit_test(archives),
      cmocka_unit_test(throttles)};
  return cmocka_run_group_tests_name("C++ callbacks", tests, nullptr, nullptr);
}

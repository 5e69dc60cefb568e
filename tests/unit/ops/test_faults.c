/* A purge over a driver that fails: at every call, in every way. Whatever happens, the rows are those of before or those of after a
   number of whole batches, and the same purge made anew finishes. And memory that runs out, at every allocation. */
#include "failing_alloc.h"
#include "fault_driver.h"

#include <cascade.h>
#include <sqlite3.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char schema[] =
    "PRAGMA foreign_keys = ON;"
    "CREATE TABLE owner (id INTEGER PRIMARY KEY, name TEXT);"
    "CREATE TABLE pet (id INTEGER PRIMARY KEY, owner_id INTEGER NOT NULL REFERENCES owner ON DELETE CASCADE,"
    "                  friend_id INTEGER REFERENCES pet ON DELETE SET NULL);"
    "CREATE TABLE visit (day TEXT, pet_id INTEGER REFERENCES pet ON DELETE CASCADE, PRIMARY KEY (day, pet_id)) WITHOUT ROWID;"
    "CREATE TABLE bill (id INTEGER PRIMARY KEY, visit_day TEXT, visit_pet INTEGER,"
    "                   FOREIGN KEY (visit_day, visit_pet) REFERENCES visit ON DELETE CASCADE);"
    "CREATE INDEX pet_owner ON pet (owner_id); CREATE INDEX pet_friend ON pet (friend_id);"
    "CREATE INDEX visit_pet ON visit (pet_id); CREATE INDEX bill_visit ON bill (visit_day, visit_pet);"
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 12) INSERT INTO owner SELECT i, 'o' || i FROM n;"
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 24)"
    "  INSERT INTO pet SELECT i, (i + 1) / 2, CASE WHEN i > 3 THEN i - 3 END FROM n;"
    "INSERT INTO visit SELECT 'd' || (id % 3), id FROM pet; INSERT INTO visit SELECT 'e', id FROM pet WHERE id % 2;"
    "INSERT INTO bill (visit_day, visit_pet) SELECT day, pet_id FROM visit;";

typedef struct rig {
  sqlite3 *db;
  failing_alloc memory;
  cascade_context *context;
  fault_driver *driver;
  cascade_connection *connection;
} rig;

static void make(rig *at) {
  *at = (rig){.memory = {.allowed = -1}};
  assert_int_equal(sqlite3_open(":memory:", &at->db), SQLITE_OK);
  assert_int_equal(sqlite3_exec(at->db, schema, NULL, NULL, NULL), SQLITE_OK);
  assert_non_null(at->context = failing_context(&at->memory));
  assert_non_null(at->driver = fault_driver_over_sqlite(at->context, at->db));
  assert_int_equal(fault_driver_connect(at->driver, &at->connection, NULL), CASCADE_OK);
}

static void drop(rig *at) {
  at->memory.allowed = -1;
  at->memory.failed = false;
  cascade_connection_free(at->connection);
  cascade_context_free(at->context);
  assert_int_equal(at->memory.live, 0);
  assert_int_equal(sqlite3_close(at->db), SQLITE_OK);
}

static int ask(sqlite3 *db, const char *sql) {
  sqlite3_stmt *statement = NULL;
  assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
  int value = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int(statement, 0) : -1;
  sqlite3_finalize(statement);
  return value;
}

static int rows(sqlite3 *db) {
  return ask(db, "SELECT (SELECT count(*) FROM owner) + (SELECT count(*) FROM pet) + (SELECT count(*) FROM visit)"
                 " + (SELECT count(*) FROM bill)");
}

/* No reference dangles, no transaction is open, owners outside the selection have all that they had. */
static void sound(sqlite3 *db) {
  assert_true(sqlite3_get_autocommit(db));
  assert_int_equal(ask(db, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
  assert_int_equal(ask(db, "SELECT count(*) FROM pet WHERE owner_id > 8"), 8);
  assert_int_equal(ask(db, "SELECT count(*) FROM bill WHERE visit_pet > 16"), 12);
}

typedef struct way {
  uint64_t max_tx_rows;
  int32_t integrity;
  int32_t hook_answer;
  bool plan, blockers;
  cascade_purge *purge;
  bool veto; /* visits of every seventh pet stay, and with them the pets and their owners */
} way;

static int32_t hook(void *data, const cascade_deleted *tables, uint32_t count) {
  (void)tables;
  (void)count;
  return ((const way *)data)->hook_answer;
}

static int32_t keep_some(void *data, const cascade_deleted *tables, uint32_t count) {
  const way *how = data;
  for (uint32_t i = 0; i < count; i++) {
    cascade_row_columns columns = {.size = sizeof columns};
    assert_int_equal(cascade_purge_row_columns(how->purge, i, &columns), CASCADE_OK);
    if (!strcmp(tables[i].label, "owner")) assert_int_equal(columns.cells[0].data[0], 'o');
    for (uint64_t row = 0; !strcmp(tables[i].label, "visit") && row < tables[i].keys->count; row++)
      if (tables[i].keys->cells[2 * row + 1].integer % 7 == 0)
        assert_int_equal(cascade_purge_veto(how->purge, i, &row, 1), CASCADE_OK);
  }
  return 0;
}

static int32_t pass(void *data, const cascade_deleted *tables, uint32_t count) {
  const way *how = data;
  const uint64_t first = 0;
  assert_true(tables && count);
  assert_int_equal(cascade_purge_veto(how->purge, 0, &first, 1), CASCADE_INVALID); /* too late */
  return 0;
}

/* Reads the graph, plans, looks at blockers and purges owners 1 to 8; every failure has an error of its own. */
static cascade_status use(rig *at, way how, uint64_t *deleted) {
  cascade_graph *graph = NULL;
  cascade_policy *policy = NULL;
  cascade_selection *selection = NULL;
  cascade_plan *plan = NULL;
  cascade_blockers *blockers = NULL;
  cascade_purge *purge = NULL;
  cascade_error *error = NULL;
  char *text = NULL;
  const cascade_blockers_page *page;
  const cascade_batch_info *batch;
  cascade_purge_options options = {.size = sizeof options, .max_tx_rows = how.max_tx_rows, .integrity = how.integrity,
                                   .after_batch = hook, .hook_data = &how};
  const char *const tables[] = {"owner", "visit"}, *const columns[] = {"name", "day"};
  if (how.veto) {
    options.before_batch = keep_some;
    options.after_commit = pass;
    options.column_count = 2;
    options.column_tables = tables;
    options.columns = columns;
  }
  cascade_blockers_options deep = {.size = sizeof deep, .limit = 2, .rounds = 9, .depth = 4};
  cascade_status status = cascade_graph_read(at->connection, NULL, &graph, &error);
  if (status >= 0) status = cascade_policy_new(graph, NULL, &policy, &error);
  if (status >= 0) status = cascade_selection_where(graph, "owner", "id <= 8", NULL, 0, &selection, &error);
  if (status >= 0 && how.plan) status = cascade_plan_new(at->connection, policy, selection, NULL, &plan, &error);
  if (status >= 0 && how.plan) status = cascade_plan_text(plan, &text, &error);
  if (status >= 0 && how.blockers) status = cascade_blockers_open(at->connection, policy, selection, &deep, &blockers, &error);
  while (status == CASCADE_OK && how.blockers) status = cascade_blockers_next(blockers, &page, &error);
  if (status >= 0) status = cascade_purge_new(at->connection, policy, selection, &options, &purge, &error);
  how.purge = purge;
  while (status == CASCADE_OK) status = cascade_purge_next(purge, &batch, &error);
  cascade_purge_report report = {.size = sizeof report};
  if (purge) cascade_purge_describe(purge, &report);
  if (deleted) *deleted = report.deleted;
  if (status < 0) {
    assert_non_null(error);
    assert_int_equal(cascade_error_status(error), status);
    assert_true(strlen(cascade_error_message(error)) > 0);
  } else {
    assert_null(error);
  }
  cascade_error_free(error);
  cascade_text_free(text);
  cascade_purge_free(purge);
  cascade_blockers_free(blockers);
  cascade_plan_free(plan);
  cascade_selection_free(selection);
  cascade_policy_free(policy);
  cascade_graph_free(graph);
  return status;
}

static void finishes(rig *at, way how) {
  how.veto = false;
  fault_driver_script(at->driver, &(fault){0});
  assert_int_equal(use(at, how, NULL), CASCADE_DONE);
  assert_int_equal(ask(at->db, "SELECT count(*) FROM owner"), 4);
  assert_int_equal(ask(at->db, "SELECT count(*) FROM pet"), 8);
  sound(at->db);
}

/* How many calls apart the faults are: a short run of the suite takes samples. */
static uint64_t stride(void) {
  return getenv("CASCADE_QUICK") ? 17 : 1;
}

/* One fault at each call in turn, until a run meets none. */
static void sweep(way how, fault script) {
  bool fired = true;
  for (uint64_t n = 1; fired; n += stride()) {
    rig at;
    make(&at);
    int before = rows(at.db);
    uint64_t deleted = 0;
    script.at = n;
    fault_driver_script(at.driver, &script);
    cascade_status status = use(&at, how, &deleted);
    fired = at.driver->fired;
    if (!fired) assert_int_equal(status, CASCADE_DONE);
    if (!sqlite3_get_autocommit(at.db)) { /* even ROLLBACK was lost: closing would undo it */
      assert_true(status < 0);
      sqlite3_exec(at.db, "ROLLBACK", NULL, NULL, NULL);
    }
    sound(at.db);
    if (!script.after) assert_int_equal(rows(at.db), before - (int)deleted); /* reported is what went */
    assert_int_equal(ask(at.db, "PRAGMA foreign_keys") || how.integrity == CASCADE_INTEGRITY_PROVEN, 1);
    sqlite3_exec(at.db, "PRAGMA foreign_keys = ON", NULL, NULL, NULL);
    if (how.veto && !fired) assert_int_equal(ask(at.db, "SELECT count(*) FROM visit WHERE pet_id IN (7, 14)"), 3);
    finishes(&at, how);
    drop(&at);
    assert_true(n < 5000);
  }
}

static const way whole = {.plan = true, .blockers = true}, parts = {.max_tx_rows = 7},
                 proven = {.max_tx_rows = 9, .integrity = CASCADE_INTEGRITY_PROVEN}, sparing = {.max_tx_rows = 11, .veto = true};

static void any_call_fails(void **state) {
  (void)state;
  sweep(whole, (fault){.status = CASCADE_DATABASE, .transaction = CASCADE_TX_OPEN});
  sweep(parts, (fault){.status = CASCADE_DATABASE, .transaction = CASCADE_TX_ROLLED_BACK});
  sweep(proven, (fault){.status = CASCADE_DATABASE, .transaction = CASCADE_TX_OPEN, .silent = true});
  sweep(sparing, (fault){.status = CASCADE_DATABASE, .transaction = CASCADE_TX_OPEN});
}

static void connection_is_lost(void **state) {
  (void)state;
  sweep(parts, (fault){.status = CASCADE_CONNECTION, .transaction = CASCADE_TX_ROLLED_BACK, .lasting = true});
}

static void commit_is_lost(void **state) {
  (void)state;
  sweep(parts, (fault){.match = "COMMIT", .status = CASCADE_CONNECTION, .transaction = CASCADE_TX_UNKNOWN, .after = true});
}

/* Transient failures of a batch are tried again: the purge ends as if nothing had been. */
static void transient_failures_are_tried_again(void **state) {
  (void)state;
  static const cascade_status statuses[] = {CASCADE_BUSY, CASCADE_DEADLOCK, CASCADE_SERIALIZATION, CASCADE_TIMEOUT};
  static const char *const matches[] = {"BEGIN IMMEDIATE", "Delete", "COMMIT"};
  for (size_t i = 0; i < 4; i++)
    for (size_t j = 0; j < 3; j++) {
      rig at;
      make(&at);
      fault_driver_script(at.driver, &(fault){.calls = FAULT_EXECUTE, .match = matches[j], .at = 2, .status = statuses[i],
                                              .transaction = j ? CASCADE_TX_ROLLED_BACK : CASCADE_TX_NONE});
      assert_int_equal(use(&at, parts, NULL), CASCADE_DONE);
      assert_true(at.driver->fired);
      finishes(&at, parts);
      drop(&at);
    }
}

/* ... but not for ever. */
static void lasting_failures_end(void **state) {
  (void)state;
  rig at;
  make(&at);
  fault_driver_script(at.driver, &(fault){.calls = FAULT_EXECUTE, .match = "COMMIT", .at = 1, .lasting = true,
                                          .status = CASCADE_DEADLOCK, .transaction = CASCADE_TX_ROLLED_BACK});
  int before = rows(at.db);
  assert_int_equal(use(&at, parts, NULL), CASCADE_CONTENDED);
  assert_int_equal(rows(at.db), before);
  sound(at.db);
  finishes(&at, parts);
  drop(&at);
}

static void hook_that_refuses_rolls_back(void **state) {
  (void)state;
  rig at;
  make(&at);
  int before = rows(at.db);
  way how = parts;
  how.hook_answer = 3;
  assert_int_equal(use(&at, how, NULL), CASCADE_HOOK);
  assert_int_equal(rows(at.db), before);
  sound(at.db);
  finishes(&at, parts);
  drop(&at);
}

static void cancel_stops_before_the_next_batch(void **state) {
  (void)state;
  rig at;
  make(&at);
  int before = rows(at.db);
  cascade_connection_cancel(at.connection);
  assert_int_equal(use(&at, parts, NULL), CASCADE_CANCELLED);
  assert_int_equal(rows(at.db), before);
  finishes(&at, parts);
  drop(&at);
}

static void memory_runs_out(void **state) {
  (void)state;
  static const way ways[] = {{.plan = true, .blockers = true}, {.max_tx_rows = 11, .veto = true}};
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
    long step = (long)stride();
    for (long n = 0;; n += step) {
      rig at;
      make(&at);
      at.memory.allowed = n;
      cascade_status status = use(&at, ways[i], NULL);
      bool failed = at.memory.failed;
      at.memory.allowed = -1;
      at.memory.failed = false;
      if (!sqlite3_get_autocommit(at.db)) sqlite3_exec(at.db, "ROLLBACK", NULL, NULL, NULL);
      sound(at.db);
      if (failed) assert_true(status < 0);
      finishes(&at, ways[i]);
      drop(&at);
      if (!failed) {
        assert_int_equal(status, CASCADE_DONE);
        break;
      }
      if (n > 200) step = 11 * (long)stride(); /* by then the same places come again and again */
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(any_call_fails),
      cmocka_unit_test(connection_is_lost),
      cmocka_unit_test(commit_is_lost),
      cmocka_unit_test(transient_failures_are_tried_again),
      cmocka_unit_test(lasting_failures_end),
      cmocka_unit_test(hook_that_refuses_rolls_back),
      cmocka_unit_test(cancel_stops_before_the_next_batch),
      cmocka_unit_test(memory_runs_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

/* A back-fill over a driver that fails: at every call, in every way; and memory that runs out, at every allocation. Whatever
   happens, the target has whole ranges, the checkpoint counts each row once, and the same fill made anew finishes. */
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

/* 60 pairs, of which 10 are there; a range takes those of a few owners. */
static const char schema[] =
    "PRAGMA foreign_keys = ON;"
    "CREATE TABLE owner (id INTEGER PRIMARY KEY); CREATE TABLE pet (id INTEGER PRIMARY KEY);"
    "CREATE TABLE keeps (owner_id INTEGER, pet_id INTEGER); CREATE INDEX keeps_owner ON keeps (owner_id);"
    "CREATE TABLE pair (owner_id INTEGER NOT NULL REFERENCES owner, pet_id INTEGER NOT NULL REFERENCES pet, word TEXT,"
    "                   PRIMARY KEY (owner_id, pet_id));"
    "CREATE TABLE mark (job VARCHAR(190) PRIMARY KEY, token VARCHAR(400) NOT NULL);"
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 20) INSERT INTO owner SELECT i FROM n;"
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 30) INSERT INTO pet SELECT i FROM n;"
    "INSERT INTO keeps SELECT o.id, p.id FROM owner o JOIN pet p ON p.id BETWEEN o.id AND o.id + 2;"
    "INSERT INTO pair SELECT owner_id, pet_id, 'old' FROM keeps WHERE owner_id > 8 LIMIT 10;";

enum { PAIRS = 60, THERE = 10 };

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

typedef struct way {
  bool merge, stream;
} way;

/* Pairs of the stream, in the order of their key. */
static int32_t give(void *data, uint64_t wanted, const cascade_value **cells, uint64_t *rows) {
  static cascade_value values[PAIRS * 2];
  uint64_t *taken = data, count = PAIRS - *taken < wanted ? PAIRS - *taken : wanted;
  for (uint64_t i = 0; i < count * 2; i++) {
    uint64_t pair = *taken + i / 2;
    int64_t owner = (int64_t)pair / 3 + 1;
    values[i] = (cascade_value){.type = CASCADE_INT64, .integer = i % 2 ? owner + (int64_t)pair % 3 : owner};
  }
  *taken += count;
  *cells = values;
  *rows = count;
  return 0;
}

static cascade_status add_sources(cascade_fill *fill, way how, uint64_t *taken, cascade_error **error) {
  static const char first[] = "SELECT owner_id, pet_id FROM keeps WHERE owner_id < ?";
  static const char words[] = "SELECT owner_id, pet_id, 'new' FROM keeps WHERE owner_id < ?";
  const cascade_value top = {.type = CASCADE_INT64, .integer = 1000};
  if (how.stream) return cascade_fill_stream(fill, give, taken, error);
  cascade_status status = cascade_fill_select(fill, how.merge ? words : first, &top, 1, error);
  if (status < 0) return status;
  return cascade_fill_select(fill,
                             how.merge ? "SELECT owner_id, pet_id, 'any' FROM keeps WHERE pet_id > 20"
                                       : "SELECT owner_id, pet_id FROM keeps WHERE pet_id > 20",
                             NULL, 0, error);
}

/* Reads the graph and fills; every failure has an error of its own. */
static cascade_status use(rig *at, way how, cascade_fill_report *report) {
  static const char *const columns[] = {"owner_id", "pet_id", "word"};
  cascade_fill_target target = {.size = sizeof target,
                                .table = "pair",
                                .columns = columns,
                                .key = columns,
                                .column_count = how.merge ? 3 : 2,
                                .key_count = 2};
  cascade_fill_options options = {.size = sizeof options,
                                  .mode = how.merge ? CASCADE_FILL_MERGE : CASCADE_FILL_INSERT,
                                  .max_tx_rows = 8,
                                  .checkpoint_table = "mark",
                                  .job = "pairs"};
  cascade_graph *graph = NULL;
  cascade_fill *fill = NULL;
  cascade_error *error = NULL;
  const cascade_fill_range *range;
  char *token = NULL;
  uint64_t taken = 0;
  cascade_status status = cascade_graph_read(at->connection, NULL, &graph, &error);
  if (status >= 0) status = cascade_fill_new(at->connection, graph, &target, &options, &fill, &error);
  if (status >= 0) status = add_sources(fill, how, &taken, &error);
  while (status == CASCADE_OK) status = cascade_fill_next(fill, &range, &error);
  if (status >= 0) status = cascade_fill_token(fill, &token, &error) < 0 ? cascade_error_status(error) : status;
  if (fill && report) assert_int_equal(cascade_fill_describe(fill, report), CASCADE_OK);
  if (status < 0) {
    assert_non_null(error);
    assert_int_equal(cascade_error_status(error), status);
    assert_true(strlen(cascade_error_message(error)) > 0);
  } else {
    assert_null(error);
  }
  cascade_error_free(error);
  cascade_text_free(token);
  cascade_fill_free(fill);
  cascade_graph_free(graph);
  return status;
}

static void sound(const rig *at, way how) {
  assert_true(sqlite3_get_autocommit(at->db));
  assert_int_equal(ask(at->db, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
  if (how.stream) return;
  /* whole ranges: an owner has all its pairs, or those that it had */
  assert_int_equal(ask(at->db, "SELECT count(*) FROM (SELECT owner_id FROM pair GROUP BY owner_id HAVING count(*) < 3"
                               "                      AND max(word IS NULL OR word <> 'old'))"),
                   0);
}

/* The end is that of an undisturbed run, and its counts are, too. */
static void finishes(rig *at, way how) {
  fault_driver_script(at->driver, &(fault){0});
  cascade_fill_report report = {.size = sizeof report};
  assert_int_equal(use(at, how, &report), CASCADE_DONE);
  assert_int_equal(report.finished, 1);
  assert_int_equal(ask(at->db, "SELECT count(*) FROM pair"), PAIRS);
  assert_int_equal(ask(at->db, "SELECT count(*) FROM pair WHERE word = 'old'"), how.merge ? 0 : THERE);
  assert_int_equal(report.inserted, PAIRS - THERE);
  assert_int_equal(report.updated, how.merge ? THERE : 0);
  assert_int_equal(report.skipped, how.merge ? 0 : THERE);
  sound(at, how);
}

static uint64_t stride(void) {
  return getenv("CASCADE_QUICK") ? 7 : 1;
}

/* One fault at each call in turn, until a run meets none. */
static void sweep(way how, fault script) {
  bool fired = true;
  for (uint64_t n = 1; fired; n += stride()) {
    rig at;
    make(&at);
    script.at = n;
    fault_driver_script(at.driver, &script);
    cascade_fill_report report = {.size = sizeof report};
    cascade_status status = use(&at, how, &report);
    fired = at.driver->fired;
    if (!fired) assert_int_equal(status, CASCADE_DONE);
    if (!sqlite3_get_autocommit(at.db)) { /* even ROLLBACK was lost: closing would undo it */
      assert_true(status < 0);
      sqlite3_exec(at.db, "ROLLBACK", NULL, NULL, NULL);
    }
    sound(&at, how);
    if (!script.after) assert_int_equal(ask(at.db, "SELECT count(*) FROM pair"), THERE + (int)report.inserted);
    finishes(&at, how);
    drop(&at);
    assert_true(n < 5000);
  }
}

static const way inserting = {0}, merging = {.merge = true}, streaming = {.stream = true};

static void any_call_fails(void **state) {
  (void)state;
  sweep(inserting, (fault){.status = CASCADE_DATABASE, .transaction = CASCADE_TX_OPEN});
  sweep(merging, (fault){.status = CASCADE_DATABASE, .transaction = CASCADE_TX_ROLLED_BACK});
  sweep(streaming, (fault){.status = CASCADE_CONSTRAINT, .transaction = CASCADE_TX_OPEN, .silent = true});
}

static void connection_is_lost(void **state) {
  (void)state;
  sweep(inserting, (fault){.status = CASCADE_CONNECTION, .transaction = CASCADE_TX_ROLLED_BACK, .lasting = true});
  sweep(streaming, (fault){.status = CASCADE_CONNECTION, .transaction = CASCADE_TX_ROLLED_BACK, .lasting = true});
}

/* The row of the checkpoint tells whether the range was committed: it is applied, and counted, once. */
static void reply_to_commit_is_lost(void **state) {
  (void)state;
  const fault lost = {.match = "COMMIT", .status = CASCADE_CONNECTION, .transaction = CASCADE_TX_UNKNOWN, .after = true};
  sweep(inserting, lost);
  sweep(merging, lost);
  sweep(streaming, lost);
}

static void transient_failures_are_tried_again(void **state) {
  (void)state;
  static const cascade_status statuses[] = {CASCADE_BUSY, CASCADE_DEADLOCK, CASCADE_SERIALIZATION, CASCADE_TIMEOUT};
  static const char *const matches[] = {"BEGIN IMMEDIATE", "Insert", "Update", "COMMIT"};
  for (size_t i = 0; i < 4; i++)
    for (size_t j = 0; j < 4; j++) {
      if (statuses[i] == CASCADE_TIMEOUT && j != 1) continue; /* statements that write take long, and what they write gets less */
      rig at;
      make(&at);
      fault_driver_script(at.driver, &(fault){.calls = FAULT_EXECUTE,
                                              .match = matches[j],
                                              .at = 1,
                                              .status = statuses[i],
                                              .transaction = j ? CASCADE_TX_ROLLED_BACK : CASCADE_TX_NONE});
      cascade_fill_report report = {.size = sizeof report};
      assert_int_equal(use(&at, merging, &report), CASCADE_DONE);
      assert_true(at.driver->fired);
      assert_int_equal(report.retries, 1);
      finishes(&at, merging);
      drop(&at);
    }
}

static void lasting_failures_end(void **state) {
  (void)state;
  rig at;
  make(&at);
  fault_driver_script(at.driver, &(fault){.calls = FAULT_EXECUTE,
                                          .match = "COMMIT",
                                          .at = 1,
                                          .lasting = true,
                                          .status = CASCADE_DEADLOCK,
                                          .transaction = CASCADE_TX_ROLLED_BACK});
  cascade_fill_report report = {.size = sizeof report};
  assert_int_equal(use(&at, inserting, &report), CASCADE_DEADLOCK);
  assert_int_equal(report.retries, 8);
  assert_int_equal(ask(at.db, "SELECT count(*) FROM pair"), THERE);
  finishes(&at, inserting);
  drop(&at);
}

/* Looking for the row at fault leaves nothing, whatever fails on the way. */
static void search_for_a_fault_fails(void **state) {
  (void)state;
  bool fired = true;
  for (uint64_t n = 1; fired; n += stride()) {
    rig at;
    make(&at);
    sqlite3_exec(at.db,
                 "CREATE TRIGGER no BEFORE INSERT ON pair WHEN NEW.owner_id = 5 AND NEW.pet_id = 6"
                 " BEGIN SELECT RAISE(ABORT, 'not this one'); END",
                 NULL, NULL, NULL);
    fault_driver_script(at.driver, &(fault){.at = n, .status = CASCADE_CONNECTION, .transaction = CASCADE_TX_ROLLED_BACK});
    cascade_fill_report report = {.size = sizeof report};
    cascade_status status = use(&at, inserting, &report);
    fired = at.driver->fired;
    assert_true(status == CASCADE_CONNECTION || status == CASCADE_CONSTRAINT);
    assert_int_equal(ask(at.db, "SELECT count(*) FROM pair"), THERE + (int)report.inserted);
    sound(&at, inserting);
    sqlite3_exec(at.db, "DROP TRIGGER no", NULL, NULL, NULL);
    finishes(&at, inserting);
    drop(&at);
  }
}

/* Ranges are between savepoints, and it is the host who commits. */
static void host_has_a_transaction(void **state) {
  (void)state;
  rig at;
  make(&at);
  cascade_connection *over_faults = at.connection; /* which does not tell of transactions */
  assert_int_equal(cascade_connection_adopt(at.context, "sqlite3", at.db, NULL, &at.connection, NULL), CASCADE_OK);
  sqlite3_exec(at.db, "BEGIN; INSERT INTO owner VALUES (99)", NULL, NULL, NULL);
  assert_int_equal(use(&at, inserting, NULL), CASCADE_DONE);
  assert_false(sqlite3_get_autocommit(at.db));
  assert_int_equal(ask(at.db, "SELECT count(*) FROM pair"), PAIRS);
  sqlite3_exec(at.db, "ROLLBACK", NULL, NULL, NULL);
  assert_int_equal(ask(at.db, "SELECT count(*) FROM pair"), THERE);
  sqlite3_exec(at.db,
               "BEGIN; INSERT INTO owner VALUES (99);"
               "INSERT INTO keeps VALUES (20, 77)",
               NULL, NULL, NULL);
  assert_int_equal(use(&at, inserting, NULL), CASCADE_CONSTRAINT_FK);
  assert_false(sqlite3_get_autocommit(at.db));
  assert_int_equal(ask(at.db, "SELECT count(*) FROM owner WHERE id = 99"), 1);
  assert_int_equal(ask(at.db, "SELECT count(*) FROM pair WHERE owner_id = 20"), 0);
  sqlite3_exec(at.db, "ROLLBACK", NULL, NULL, NULL);
  cascade_connection_free(at.connection);
  at.connection = over_faults;
  finishes(&at, inserting);
  drop(&at);
}

static void memory_runs_out(void **state) {
  (void)state;
  static const way ways[] = {{0}, {.merge = true}, {.stream = true}};
  for (size_t i = 0; i < 3; i++)
    for (long n = 0;; n += n > 400 ? 7 * (long)stride() : (long)stride()) {
      rig at;
      make(&at);
      at.memory.allowed = n;
      cascade_status status = use(&at, ways[i], NULL);
      bool failed = at.memory.failed;
      at.memory.allowed = -1;
      at.memory.failed = false;
      if (!sqlite3_get_autocommit(at.db)) sqlite3_exec(at.db, "ROLLBACK", NULL, NULL, NULL);
      sound(&at, ways[i]);
      if (failed) assert_true(status < 0);
      finishes(&at, ways[i]);
      drop(&at);
      if (!failed) {
        assert_int_equal(status, CASCADE_DONE);
        break;
      }
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(any_call_fails),          cmocka_unit_test(connection_is_lost),
      cmocka_unit_test(reply_to_commit_is_lost), cmocka_unit_test(transient_failures_are_tried_again),
      cmocka_unit_test(lasting_failures_end),    cmocka_unit_test(search_for_a_fault_fails),
      cmocka_unit_test(host_has_a_transaction),
      cmocka_unit_test(memory_runs_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

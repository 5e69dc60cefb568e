/* Errors by class, what they do to the transaction, waiting for locks, and being cancelled. */
#include "suites.h"

#include <pthread.h>
#include <time.h>
#include <unistd.h>

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* On SQLite: the statement fails with this class and code, and leaves the transaction so. */
static void expect(test_rig *rig, const char *sql, cascade_status status, int code, int32_t transaction) {
  rig_try_case(rig, &(test_case){sql, status, code, NULL}, transaction);
}

static void test_classes(void **state) {
  test_rig *rig = *state;
  rig_prepare(rig, rig->engine->failing_schema);
  for (const test_case *at = rig->engine->failing; at->sql; at++) rig_try_case(rig, at, CASCADE_TX_NONE);
  assert_non_null(strstr(cascade_error_message(rig->error), "this row stays")); /* in one line */
  assert_int_equal(cascade_error_retryable(rig->error), 0);
  assert_int_equal(rig_integer(rig, "Count(*)", "From p"), 2);
  assert_int_equal(rig_integer(rig, "Count(*)", "From guarded"), 1);
  casc_statement statement; /* nobody need want the error */
  casc_session_statement(rig->connection, &statement);
  casc_str_put(&statement.sql, "DELETE FROM nowhere");
  assert_int_equal(casc_execute(rig->connection, &statement, NULL, NULL), CASCADE_SCHEMA);
  casc_statement_free(&statement);
}

static void test_errors_in_rows(void **state) {
  test_rig *rig = *state;
  test_cell cell;
  rig_run(rig, "INSERT INTO v VALUES (1, 1)");
  assert_int_equal(rig_try_cell(rig, rig->engine->broken, CASCADE_INT64, "From v", NULL, 0, &cell), CASCADE_DATABASE);
  assert_int_equal(rig_try_cell(rig, "nothing", CASCADE_TEXT, "From v", NULL, 0, &cell), CASCADE_SCHEMA);
  assert_int_equal(rig_integer(rig, "x", "From v"), 1);
}

/* Rows that come before a failure are given first, or none; and the failure is told once they are. */
static void test_errors_after_rows(void **state) {
  test_rig *rig = *state;
  casc_statement statement;
  casc_cursor cursor;
  const cascade_value *row;
  char column[200];
  int64_t rows = 0;
  rig_fill(rig, 30, "i");
  snprintf(column, sizeof column, "Case When x = 20 Then %s Else x End", rig->engine->broken);
  rig_select(rig, &statement);
  rig_column(rig, &statement, column, CASCADE_INT64);
  casc_str_put(&statement.sql, " From v Order By v.id");
  cascade_status status = rig_start(rig, &statement, &cursor);
  while (status == CASCADE_OK && (status = rig_next(rig, &cursor, &row)) == CASCADE_OK) assert_int_equal(row[0].integer, ++rows);
  assert_int_equal(status, CASCADE_DATABASE);
  assert_true(rows == 0 || rows == 19);
  if (strcmp(rig->quirks->name, "fetching") == 0) assert_int_equal(rows, 19);
  casc_cursor_close(&cursor);
  casc_statement_free(&statement);
  assert_int_equal(rig_integer(rig, "Count(*)", "From v"), 30);
}

static void test_transaction_states(void **state) {
  test_rig *rig = *state;
  rig_prepare(rig, "CREATE TABLE p (id INTEGER PRIMARY KEY);"
                   "CREATE TABLE c (id INTEGER PRIMARY KEY, p REFERENCES p DEFERRABLE INITIALLY DEFERRED);"
                   "CREATE TABLE g (id); CREATE TRIGGER g BEFORE DELETE ON g BEGIN SELECT RAISE(ROLLBACK, 'all of it'); END;"
                   "INSERT INTO p VALUES (1); INSERT INTO c VALUES (1, 1); INSERT INTO g VALUES (1)");
  rig_run(rig, "BEGIN IMMEDIATE");
  rig_run(rig, "INSERT INTO v VALUES (1, 1)");
  expect(rig, "BEGIN", CASCADE_DATABASE, 1, CASCADE_TX_OPEN);
  expect(rig, "INSERT INTO v VALUES (2, 2), (1, 3)", CASCADE_CONSTRAINT, 1555, CASCADE_TX_OPEN);
  assert_int_equal(rig_integer(rig, "Count(*)", "From v"), 1); /* the statement was undone, the transaction not */
  assert_int_equal(rig_run(rig, "DELETE FROM p"), 1);
  expect(rig, "COMMIT", CASCADE_CONSTRAINT_FK, 787, CASCADE_TX_OPEN);
  rig_run(rig, "ROLLBACK");
  assert_int_equal(rig_integer(rig, "Count(*)", "From p"), 1);
  rig_run(rig, "BEGIN");
  rig_run(rig, "DELETE FROM p");
  expect(rig, "DELETE FROM g", CASCADE_CONSTRAINT, 1811, CASCADE_TX_ROLLED_BACK);
  expect(rig, "COMMIT", CASCADE_DATABASE, 1, CASCADE_TX_NONE);
  assert_int_equal(rig_integer(rig, "Count(*)", "From p"), 1);
}

/* What waits fails after the lock timeout; MariaDB's is in whole seconds. */
static void test_locked(void **state) {
  test_rig *rig = *state;
  rig_prepare(rig, "INSERT INTO v VALUES (-9, 1)");
  rig_prepare(rig, rig->engine->hold);
  double start = seconds();
  assert_int_equal(rig_execute(rig, rig->engine->want, NULL, 0, NULL), CASCADE_BUSY);
  double waited = seconds() - start;
  assert_true(waited > 0.8 * LOCK_TIMEOUT_MS / 1000 && waited < 60.0 * LOCK_TIMEOUT_MS / 1000);
  assert_int_equal(cascade_error_retryable(rig->error), 1);
  assert_int_equal(cascade_error_transaction(rig->error), CASCADE_TX_NONE);
  rig_integer(rig, "Count(*)", "From v"); /* readers are let in */
  rig_prepare(rig, "COMMIT");
  assert_int_equal(rig_run(rig, rig->engine->want), 1);
}

static void *hold_and_let_go(void *data) {
  usleep(100000);
  rig_prepare(data, "COMMIT");
  return NULL;
}

static void test_lock_granted_in_time(void **state) {
  test_rig *rig = *state;
  pthread_t holder;
  rig_prepare(rig, "INSERT INTO v VALUES (-9, 1)");
  rig_prepare(rig, rig->engine->hold);
  assert_int_equal(pthread_create(&holder, NULL, hold_and_let_go, rig), 0);
  assert_int_equal(rig_run(rig, rig->engine->want), 1);
  pthread_join(holder, NULL);
}

static void test_snapshot_overtaken(void **state) {
  test_rig *rig = *state;
  rig_prepare(rig, "PRAGMA journal_mode=WAL");
  rig_run(rig, "BEGIN");
  assert_int_equal(rig_integer(rig, "Count(*)", "From v"), 0);
  rig_prepare(rig, "INSERT INTO v VALUES (1, 1)");
  expect(rig, "INSERT INTO v VALUES (2, 2)", CASCADE_SERIALIZATION, 517, CASCADE_TX_OPEN);
  assert_int_equal(cascade_error_retryable(rig->error), 1);
  rig_run(rig, "ROLLBACK");
}

static void delete_from_file_of_another(test_rig *rig) {
  rig_disconnect(rig);
  if (getuid() == 0) assert_int_equal(setresuid(65534, 65534, 65534), 0); /* root may write anywhere */
  rig_connect(rig);
  assert_int_equal(rig_integer(rig, "Count(*)", "From v"), 1);
  expect(rig, "DELETE FROM v", CASCADE_READONLY, 8, CASCADE_TX_NONE);
}

static void test_read_only_file(void **state) {
  test_rig *rig = *state;
  rig_run(rig, "INSERT INTO v VALUES (1, 1)");
  rig_shell(rig, "touch output; chmod 0444 x.db; chmod 0555 .");
  rig_isolated(delete_from_file_of_another, rig, 30);
  rig_shell(rig, "chmod 0755 .");
  assert_int_equal(rig_integer(rig, "Count(*)", "From v"), 1);
}

static void test_query_only(void **state) {
  rig_run(*state, "PRAGMA query_only=1");
  expect(*state, "INSERT INTO v VALUES (1, 1)", CASCADE_READONLY, 8, CASCADE_TX_NONE);
}

/* cancelling */

/* A statement that never ends of itself. */
static const char *endless(const test_rig *rig, const char *format) {
  static char sql[400];
  snprintf(sql, sizeof sql, format, rig->engine->endless);
  return sql;
}

typedef struct canceller {
  pthread_t thread;
  cascade_connection *connection;
  useconds_t delay;
  double at; /* when it was asked */
} canceller;

static void *ask(void *data) {
  canceller *later = data;
  usleep(later->delay);
  later->at = seconds();
  cascade_connection_cancel(later->connection);
  return NULL;
}

static void cancel_later(canceller *later, test_rig *rig, useconds_t delay) {
  *later = (canceller){.connection = rig->connection, .delay = delay};
  assert_int_equal(pthread_create(&later->thread, NULL, ask, later), 0);
}

static void was_cancelled(canceller *later, test_rig *rig, cascade_status status) {
  pthread_join(later->thread, NULL);
  assert_int_equal(status, CASCADE_CANCELLED);
  assert_int_equal(cascade_error_retryable(rig->error), 0);
  assert_true(seconds() - later->at < 20); /* at once, on a machine with nothing else to do */
}

static void test_cancel_running(void **state) {
  test_rig *rig = *state;
  canceller later;
  for (int i = 0; i < 5; i++) {
    cancel_later(&later, rig, 50000);
    was_cancelled(&later, rig, rig_execute(rig, endless(rig, "INSERT INTO v SELECT i, i FROM %s"), NULL, 0, NULL));
    assert_int_equal(cascade_error_transaction(rig->error), CASCADE_TX_NONE);
    test_cell cell;
    cancel_later(&later, rig, 50000);
    was_cancelled(&later, rig, rig_try_cell(rig, endless(rig, "(SELECT count(*) FROM %s)"), CASCADE_INT64, "", NULL, 0, &cell));
    assert_int_equal(rig_integer(rig, "Count(*)", "From v"), 0); /* and all goes on */
  }
}

static void test_cancel_in_transaction(void **state) {
  test_rig *rig = *state;
  canceller later;
  assert_int_equal(casc_control(rig->connection, rig->engine->begin, NULL), CASCADE_OK);
  rig_run(rig, "INSERT INTO v VALUES (-1, 1)");
  cancel_later(&later, rig, 50000);
  was_cancelled(&later, rig, rig_execute(rig, endless(rig, "INSERT INTO v SELECT i, i FROM %s"), NULL, 0, NULL));
  assert_int_equal(cascade_error_transaction(rig->error), rig->engine->cancelled);
  if (rig->engine->cancelled == CASCADE_TX_OPEN) assert_int_equal(casc_control(rig->connection, "ROLLBACK", NULL), CASCADE_OK);
  assert_int_equal(rig_integer(rig, "Count(*)", "From v"), 0);
}

/* A request made while nothing runs stops the next call, before it reaches the database, and only that. */
static void test_cancel_in_advance(void **state) {
  test_rig *rig = *state;
  uint64_t before = cascade_connection_statements(rig->connection);
  cascade_connection_cancel(rig->connection);
  cascade_connection_cancel(rig->connection);
  assert_int_equal(rig_execute(rig, "INSERT INTO v VALUES (1, 1)", NULL, 0, NULL), CASCADE_CANCELLED);
  assert_int_equal(cascade_connection_statements(rig->connection), before);
  assert_int_equal(rig_run(rig, "INSERT INTO v VALUES (1, 1)"), 1);
  cascade_connection_cancel(NULL);
}

/* A transaction can be ended although a cancel waits. */
static void test_control_is_not_cancelled(void **state) {
  test_rig *rig = *state;
  rig_run(rig, "BEGIN");
  rig_run(rig, "INSERT INTO v VALUES (1, 1)");
  cascade_connection_cancel(rig->connection);
  assert_int_equal(casc_control(rig->connection, "ROLLBACK", NULL), CASCADE_OK);
  assert_int_equal(rig_execute(rig, "DELETE FROM v", NULL, 0, NULL), CASCADE_CANCELLED);
  assert_int_equal(rig_integer(rig, "Count(*)", "From v"), 0);
}

/* One cursor is stopped while another stands open: what follows works, whatever has become of the other. */
static void test_cancel_beside_open_cursor(void **state) {
  test_rig *rig = *state;
  rig_run(rig, "INSERT INTO v VALUES (1, 1), (2, 2), (3, 3)");
  for (int i = 0; i < 3; i++) {
    casc_statement statement;
    casc_cursor cursor;
    const cascade_value *row;
    canceller later;
    rig_select(rig, &statement);
    rig_column(rig, &statement, "id", CASCADE_INT64);
    casc_str_put(&statement.sql, " From v Order By v.id");
    assert_int_equal(rig_start(rig, &statement, &cursor), CASCADE_OK);
    assert_int_equal(rig_next(rig, &cursor, &row), CASCADE_OK);
    cancel_later(&later, rig, 30000);
    test_cell cell;
    was_cancelled(&later, rig, rig_try_cell(rig, endless(rig, "(SELECT count(*) FROM %s)"), CASCADE_INT64, "", NULL, 0, &cell));
    assert_int_equal(casc_control(rig->connection, rig->engine->begin, NULL), CASCADE_OK);
    assert_int_equal(rig_run(rig, "UPDATE v SET x = 0"), 3);
    assert_int_equal(casc_control(rig->connection, "ROLLBACK", NULL), CASCADE_OK);
    cascade_status status = rig_next(rig, &cursor, &row);
    assert_true(status == CASCADE_OK || status == CASCADE_CANCELLED || status == CASCADE_DATABASE);
    casc_cursor_close(&cursor);
    casc_statement_free(&statement);
    assert_int_equal(rig_integer(rig, "Max(x)", "From v"), 3);
  }
}

/* Wherever a cancel falls, one call is stopped by it, or the next; nothing else is. */
static void test_cancel_at_any_time(void **state) {
  test_rig *rig = *state;
  int stopped = 0;
  for (unsigned i = 0; i < 100; i++) {
    canceller later;
    cancel_later(&later, rig, 37 * i % 1500);
    cascade_status status = CASCADE_OK;
    while (status == CASCADE_OK) {
      status = casc_control(rig->connection, "BEGIN", NULL);
      assert_int_equal(status, CASCADE_OK);
      status = rig_execute(rig, "INSERT INTO v VALUES (1, 1)", NULL, 0, NULL);
      assert_int_equal(casc_control(rig->connection, "ROLLBACK", NULL) < 0 &&
                           cascade_error_transaction(rig->error) != CASCADE_TX_ROLLED_BACK,
                       0);
    }
    pthread_join(later.thread, NULL);
    assert_int_equal(status, CASCADE_CANCELLED);
    stopped++;
    assert_int_equal(rig_integer(rig, "Count(*)", "From v"), 0);
  }
  assert_int_equal(stopped, 100);
}

/* A session that the library opened hears a cancel while it waits for a lock, too. */
static void test_cancel_waiting(void **state) {
  test_rig *rig = *state;
  if (rig->quirks->adopted) return; /* the host's handle waits as the host has set it */
  cascade_connection *patient = NULL;
  cascade_connection_options options = {.size = sizeof options, .lock_timeout_ms = 60000};
  assert_int_equal(cascade_connection_open(rig->context, rig->uri, &options, &patient, NULL), CASCADE_OK);
  cascade_connection_free(rig->connection);
  rig->connection = patient;
  rig_prepare(rig, "INSERT INTO v VALUES (-9, 1)");
  rig_prepare(rig, rig->engine->hold);
  canceller later;
  cancel_later(&later, rig, 50000);
  was_cancelled(&later, rig, rig_execute(rig, rig->engine->want, NULL, 0, NULL));
  rig_prepare(rig, "COMMIT");
  assert_int_equal(rig_run(rig, rig->engine->want), 1);
}

const test_entry failures_tests[] = {
    LISTED(test_classes),
    LISTED(test_errors_in_rows),
    LISTED(test_errors_after_rows),
    LISTED(test_locked),
    LISTED(test_lock_granted_in_time),
    LISTED(test_cancel_running),
    LISTED(test_cancel_in_transaction),
    LISTED(test_cancel_in_advance),
    LISTED(test_control_is_not_cancelled),
    LISTED(test_cancel_beside_open_cursor),
    LISTED(test_cancel_at_any_time),
    LISTED(test_cancel_waiting),
    LISTED_FOR("sqlite", test_transaction_states),
    LISTED_FOR("sqlite", test_snapshot_overtaken),
    LISTED_FOR("sqlite", test_read_only_file),
    LISTED_FOR("sqlite", test_query_only),
};
const size_t failures_tests_count = sizeof failures_tests / sizeof *failures_tests;

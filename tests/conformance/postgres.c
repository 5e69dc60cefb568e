/* What is PostgreSQL's own: types, transactions, sessions. Most of it is a trap that libdbi's driver for PostgreSQL sets, and
   is asked of the native driver too. */
#include "suites.h"

#include <pthread.h>
#include <unistd.h>

/* Settings of the session, as the driver sees them. */
static void expect_setting(test_rig *rig, const char *name, const char *wanted) {
  char expression[100];
  snprintf(expression, sizeof expression, "current_setting('%s')", name);
  rig_expect(rig, expression, "", wanted);
}

/* values */

/* A parameter that is no number and no bytes takes its type from where it stands. */
static void test_untyped_parameters(void **state) {
  test_rig *rig = *state;
  rig_prepare(rig, "CREATE TYPE mood AS ENUM ('glad', 'sad'); CREATE DOMAIN code AS varchar(20);"
                   "CREATE TABLE t (u uuid, d date, n numeric(20, 3), m mood, b boolean, c code, f char(5), i inet, j jsonb,"
                   " a int[])");
  const cascade_value row[] = {text("6f1f0a1e-5d1c-4a1c-9c53-0d9b3f0f7e11"),
                               text("2024-02-29"),
                               text("12345678901234567.125"),
                               text("sad"),
                               text("t"),
                               text("it's"),
                               text("ab"),
                               text("10.0.0.1"),
                               text("{\"a\": \"\\\\\"}"),
                               text("{1,2}")};
  assert_int_equal(rig_execute(rig, "INSERT INTO t VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row, 10, NULL), CASCADE_OK);
  static const char *const columns[] = {"u", "d", "n", "m", "b", "c", "f", "i", "j", "a"};
  for (int i = 0; i < 10; i++) {
    char tail[100];
    test_cell cell;
    snprintf(tail, sizeof tail, "From t Where %s = ?", columns[i]);
    assert_int_equal(rig_try_cell(rig, "1", CASCADE_INT64, tail, &row[i], 1, &cell), CASCADE_OK);
    if (cell.type != CASCADE_INT64) fail_msg("%s", tail);
  }
  cascade_value number = real(12.5); /* a number beside a numeric column does not make that inexact */
  test_cell cell;
  rig_run(rig, "UPDATE t SET n = 12.5");
  assert_int_equal(rig_try_cell(rig, "1", CASCADE_INT64, "From t Where n = ?", &number, 1, &cell), CASCADE_OK);
  assert_int_equal(cell.integer, 1);
  rig_run(rig, "UPDATE t SET d = '0044-03-15 BC', n = 'NaN'");
  rig_expect(rig, "d", "From t", "0044-03-15 BC");
  rig_expect(rig, "n", "From t", "NaN");
  rig_run(rig, "UPDATE t SET d = 'infinity'");
  rig_expect(rig, "d", "From t", "infinity");
  rig_expect(rig, "contype", "From pg_constraint Where conname = 'v_pkey'", "p"); /* the type "char" */
  rig_expect(rig, "'-9223372036854775808'::bigint", "", "-9223372036854775808");
}

static void test_arrays(void **state) {
  static const int64_t numbers[] = {INT64_MIN, -1, 0, 1, INT64_MAX};
  test_rig *rig = *state;
  cascade_value all = bytes(CASCADE_INT64_ARRAY, numbers, sizeof numbers), none = bytes(CASCADE_INT64_ARRAY, NULL, 0);
  test_cell cell;
  rig_run(rig, "INSERT INTO v SELECT i, i FROM generate_series(-3, 3) AS s(i)");
  assert_int_equal(rig_try_cell(rig, "Count(*)", CASCADE_INT64, "From v Where id = Any(?)", &all, 1, &cell), CASCADE_OK);
  assert_int_equal(cell.integer, 3);
  assert_int_equal(rig_try_cell(rig, "$1", CASCADE_TEXT, "Where $1 Is Not Null", &all, 1, &cell), CASCADE_OK);
  assert_string_equal(cell.data, "{-9223372036854775808,-1,0,1,9223372036854775807}");
  rig_free_cell(&cell);
  assert_int_equal(rig_try_cell(rig, "Count(*)", CASCADE_INT64, "From v Where id = Any(?)", &none, 1, &cell), CASCADE_OK);
  assert_int_equal(cell.integer, 0);
  assert_int_equal(rig_try_cell(rig, "Cardinality($1)", CASCADE_INT64, "Where $1 = '{}'", &none, 1, &cell), CASCADE_OK);
  assert_int_equal(cell.integer, 0);
  for (int32_t type = CASCADE_INT64; type <= CASCADE_BLOB; type += CASCADE_BLOB - CASCADE_INT64) {
    cascade_value value = type == CASCADE_INT64 ? integer(-5) : bytes(type, "\0\xff", 2); /* these are typed */
    assert_int_equal(rig_try_cell(rig, "pg_typeof($1)", CASCADE_TEXT, "Where $1 Is Not Null", &value, 1, &cell), CASCADE_OK);
    assert_string_equal(cell.data, type == CASCADE_INT64 ? "bigint" : "bytea");
    rig_free_cell(&cell);
  }
}

/* The characters that end or bend a literal, under every setting that changes how literals are read. */
static void test_texts_under_settings(void **state) {
  static const char *const settings[] = {"SET standard_conforming_strings = off", "SET backslash_quote = on",
                                         "SET escape_string_warning = on", "SET standard_conforming_strings = on"};
  test_rig *rig = *state;
  rig_typed(rig, CASCADE_TEXT);
  for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
    rig_run(rig, settings[i]);
    rig_run(rig, i % 2 ? "SET bytea_output = escape" : "SET bytea_output = hex");
    rig_try_literals(rig, settings[i], "$1", "Where $1 Is Not Null");
  }
}

/* A database in another encoding than UTF-8 gives and takes text all the same; what it cannot hold is refused. */
static void test_other_server_encodings(void **state) {
  test_rig *rig = *state;
  char name[80], uri[400];
  if (rig->quirks->adopted) return;
  snprintf(name, sizeof name, "%s_latin", rig->database->name);
  rig_preparef(rig, "CREATE DATABASE %s ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0", name);
  const char *found = strstr(rig->uri, rig->database->name);
  snprintf(uri, sizeof uri, "%.*s%s%s", (int)(found - rig->uri), rig->uri, name, found + strlen(rig->database->name));
  cascade_connection_free(rig->connection);
  rig->connection = rig_open(rig, uri);
  if (!rig->connection) fail_msg("%s: %s", uri, cascade_error_message(rig->error));
  rig_run(rig, "CREATE TABLE v (id bigint PRIMARY KEY, x text)");
  cascade_value sharp = text("Straße \\'"), butterfly = text("🦋");
  assert_int_equal(rig_store(rig, 1, &sharp), CASCADE_OK);
  rig_expect(rig, "x", "From v", "Straße \\'");
  assert_int_equal(rig_integer(rig, "Octet_length(x)", "From v"), 9);
  assert_int_equal(rig_store(rig, 2, &butterfly), CASCADE_DATABASE);
  rig_disconnect(rig);
  rig_preparef(rig, "DROP DATABASE %s WITH (FORCE)", name);
}

/* transactions */

static int32_t inside(const test_rig *rig) {
  return rig->connection->driver->in_transaction(rig->connection->self);
}

static void fails(test_rig *rig, const char *sql, cascade_status status, const char *sqlstate, int32_t transaction) {
  rig_try_case(rig, &(test_case){sql, status, 0, sqlstate}, transaction);
}

static void test_transactions(void **state) {
  test_rig *rig = *state;
  rig_prepare(rig, "CREATE TABLE p (id bigint PRIMARY KEY);"
                   "CREATE TABLE c (id bigint PRIMARY KEY, p bigint REFERENCES p DEFERRABLE INITIALLY DEFERRED);"
                   "INSERT INTO p VALUES (1); INSERT INTO c VALUES (1, 1)");
  assert_int_equal(inside(rig), 0);
  rig_run(rig, "BEGIN");
  assert_int_equal(inside(rig), 1);
  rig_run(rig, "INSERT INTO v VALUES (1, 1)");
  rig_run(rig, "SAVEPOINT s");
  fails(rig, "INSERT INTO v VALUES (2, 2), (1, 3)", CASCADE_CONSTRAINT, "23505", CASCADE_TX_OPEN);
  assert_int_equal(inside(rig), 1);
  fails(rig, "INSERT INTO v VALUES (3, 3)", CASCADE_DATABASE, "25P02", CASCADE_TX_OPEN);
  rig_run(rig, "ROLLBACK TO s");
  assert_int_equal(rig_integer(rig, "Count(*)", "From v"), 1);
  rig_run(rig, "DELETE FROM p");
  fails(rig, "COMMIT", CASCADE_CONSTRAINT_FK, "23503", CASCADE_TX_ROLLED_BACK);
  assert_int_equal(inside(rig), 0);
  rig_run(rig, "BEGIN");
  fails(rig, "INSERT INTO nowhere VALUES (1)", CASCADE_SCHEMA, "42P01", CASCADE_TX_OPEN);
  fails(rig, " commit work", CASCADE_DATABASE, "25P02", CASCADE_TX_ROLLED_BACK); /* to which the server says no error */
  assert_int_equal(inside(rig), 0);
  assert_int_equal(rig_integer(rig, "Count(*)", "From v"), 0);
  assert_int_equal(rig_integer(rig, "Count(*)", "From p"), 1);
}

static void test_serialization(void **state) {
  test_rig *rig = *state;
  rig_run(rig, "INSERT INTO v VALUES (1, 1)");
  rig_run(rig, "BEGIN ISOLATION LEVEL REPEATABLE READ");
  rig_integer(rig, "x", "From v");
  rig_prepare(rig, "UPDATE v SET x = 2");
  fails(rig, "UPDATE v SET x = 3", CASCADE_SERIALIZATION, "40001", CASCADE_TX_OPEN);
  assert_int_equal(cascade_error_retryable(rig->error), 1);
  rig_run(rig, "ROLLBACK");
}

static void *wait_for_row_1(void *data) {
  rig_prepare(data, "UPDATE v SET x = 5 WHERE id = 1");
  return NULL;
}

static void test_deadlock(void **state) {
  test_rig *rig = *state;
  pthread_t other;
  rig_run(rig, "INSERT INTO v VALUES (1, 1), (2, 2)");
  rig_run(rig, "SET deadlock_timeout = 20");
  rig_run(rig, "SET lock_timeout = 0");
  rig_run(rig, "BEGIN");
  rig_run(rig, "UPDATE v SET x = 3 WHERE id = 1");
  rig_prepare(rig, "SET deadlock_timeout = '10min'; BEGIN; UPDATE v SET x = 4 WHERE id = 2");
  assert_int_equal(pthread_create(&other, NULL, wait_for_row_1, rig), 0);
  while (!rig_integer(rig, "Count(*)", "From pg_locks Where Not granted And pg_backend_pid() = Any (pg_blocking_pids(pid))"))
    usleep(1000);
  fails(rig, "UPDATE v SET x = 3 WHERE id = 2", CASCADE_DEADLOCK, "40P01", CASCADE_TX_OPEN);
  assert_int_equal(cascade_error_retryable(rig->error), 1);
  pthread_join(other, NULL);
  rig_run(rig, "ROLLBACK");
  rig_prepare(rig, "COMMIT");
  assert_int_equal(rig_integer(rig, "x", "From v Where id = 1"), 5);
}

static void test_refusals(void **state) {
  test_rig *rig = *state;
  rig_run(rig, "BEGIN READ ONLY");
  fails(rig, "INSERT INTO v VALUES (1, 1)", CASCADE_READONLY, "25006", CASCADE_TX_OPEN);
  rig_run(rig, "ROLLBACK");
  rig_run(rig, "SET ROLE pg_monitor");
  fails(rig, "DELETE FROM v", CASCADE_PRIVILEGE, "42501", CASCADE_TX_NONE);
  rig_run(rig, "RESET ROLE");
  rig_run(rig, "SET statement_timeout = 50");
  fails(rig, "SELECT pg_sleep(60)", CASCADE_TIMEOUT, "57014", CASCADE_TX_NONE);
  assert_int_equal(cascade_error_retryable(rig->error), 1);
  rig_run(rig, "SET statement_timeout = 0");
  rig_prepare(rig, "BEGIN; LOCK TABLE v");
  fails(rig, "LOCK TABLE v NOWAIT", CASCADE_DATABASE, "25P01", CASCADE_TX_NONE);
  rig_run(rig, "BEGIN");
  fails(rig, "LOCK TABLE v NOWAIT", CASCADE_BUSY, "55P03", CASCADE_TX_OPEN);
  rig_run(rig, "ROLLBACK");
  rig_prepare(rig, "COMMIT");
}

/* a connection that is lost */

static void terminate(test_rig *rig, int64_t pid) {
  rig_preparef(rig, "SELECT pg_terminate_backend(%d, 10000)", (int)pid);
}

static void test_lost(void **state) {
  static const struct {
    const char *before, *sql;
    int32_t transaction;
  } cases[] = {
      {"SELECT 1", "UPDATE v SET x = 2", CASCADE_TX_UNKNOWN}, /* a transaction of its own */
      {"BEGIN", "UPDATE v SET x = 2", CASCADE_TX_ROLLED_BACK},
      {"BEGIN", "COMMIT", CASCADE_TX_UNKNOWN},
      {"BEGIN", NULL, CASCADE_TX_ROLLED_BACK},
      {"SELECT 1", NULL, CASCADE_TX_NONE},
  };
  test_rig *rig = *state;
  test_cell cell;
  rig_run(rig, "INSERT INTO v VALUES (1, 1)");
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    rig_run(rig, cases[i].before);
    int64_t pid = rig_integer(rig, "pg_backend_pid()", "");
    terminate(rig, pid);
    cascade_status status = cases[i].sql ? rig_execute(rig, cases[i].sql, NULL, 0, NULL)
                                         : rig_try_cell(rig, "x", CASCADE_INT64, "From v", NULL, 0, &cell);
    if (status != CASCADE_CONNECTION) fail_msg("case %d: %s", (int)i, cascade_status_name(status));
    if (cascade_error_transaction(rig->error) != cases[i].transaction)
      fail_msg("case %d: transaction %d", (int)i, cascade_error_transaction(rig->error));
    assert_int_equal(rig_execute(rig, "INSERT INTO v VALUES (7, 7)", NULL, 0, NULL), CASCADE_CONNECTION); /* never opened again */
    assert_int_equal(rig_try_cell(rig, "1", CASCADE_INT64, "", NULL, 0, &cell), CASCADE_CONNECTION);
    assert_int_equal(inside(rig), 0);
    cascade_connection_cancel(rig->connection);
    rig_disconnect(rig);
    rig_connect(rig);
    assert_int_equal(rig_integer(rig, "Sum(x)::bigint", "From v"), 1);
  }
}

static void *kill_sleeper(void *data) {
  test_rig *rig = data;
#define SLEEPER " FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'UPDATE%pg_sleep%'"
  while (test_database_integer(rig->database, "SELECT count(*)" SLEEPER) == 0) usleep(1000);
  rig_prepare(rig, "SELECT pg_terminate_backend(pid, 10000)" SLEEPER);
#undef SLEEPER
  return NULL;
}

static void test_lost_while_running(void **state) {
  test_rig *rig = *state;
  pthread_t other;
  rig_run(rig, "INSERT INTO v VALUES (1, 1)");
  rig_run(rig, "BEGIN");
  assert_int_equal(pthread_create(&other, NULL, kill_sleeper, rig), 0);
  fails(rig, "UPDATE v SET x = 2 FROM pg_sleep(60)", CASCADE_CONNECTION, NULL, CASCADE_TX_ROLLED_BACK);
  pthread_join(other, NULL);
  assert_int_equal(rig_execute(rig, "ROLLBACK", NULL, 0, NULL), CASCADE_CONNECTION);
}

/* sessions */

static void noisy(test_rig *rig) {
  rig_run(rig, "DROP TABLE IF EXISTS nowhere");
  rig_run(rig, "DO 'BEGIN RAISE NOTICE ''here''; RAISE WARNING ''there''; END'");
  rig_run(rig, "ROLLBACK"); /* outside of a transaction a warning */
}

static void test_notices_are_not_printed(void **state) {
  test_rig *rig = *state;
  if (!rig->quirks->adopted) rig_isolated(noisy, rig, 60); /* what the host's handle prints, the host has chosen */
}

static void test_session_settings(void **state) {
  test_rig *rig = *state;
  if (rig->quirks->adopted) {
    rig_run(rig, "SET lock_timeout = 123");
    rig_run(rig, "SET application_name = 'host'");
    cascade_connection_free(rig->connection);
    rig->connection = NULL;
    assert_int_equal(cascade_connection_adopt(rig->context, rig->quirks->dbi ? "dbi" : "pq",
                                              rig->quirks->dbi ? rig->host_dbi : (void *)rig->host_pg, NULL, &rig->connection,
                                              NULL),
                     CASCADE_OK);
    expect_setting(rig, "lock_timeout", "123ms");
    expect_setting(rig, "application_name", "host");
    return;
  }
  expect_setting(rig, "lock_timeout", "300ms");
  expect_setting(rig, "client_encoding", "UTF8");
  expect_setting(rig, "application_name", "libcascade");
  rig_run(rig, "INSERT INTO v VALUES (1, 1)");
  assert_int_equal(rig_integer(rig, "Count(*)", "From pg_prepared_statements"), 0); /* a pooler may be in between */
}

static void test_cursor_beside_transaction(void **state) {
  test_rig *rig = *state;
  casc_statement statement;
  casc_cursor cursor;
  const cascade_value *row;
  rig_fill(rig, 1000, "i");
  rig_select(rig, &statement);
  rig_column(rig, &statement, "id", CASCADE_INT64);
  rig_column(rig, &statement, "1000 / (501 - id)", CASCADE_TEXT); /* row 501 fails */
  casc_str_put(&statement.sql, " From v Order By v.id");
  cascade_status status = rig_start(rig, &statement, &cursor);
  if (!rig->quirks->dbi && !rig->quirks->adopted) { /* what could be read before the failure is given, and then the failure */
    assert_int_equal(rig_next(rig, &cursor, &row), CASCADE_OK);
    assert_int_equal(inside(rig), 0);
    assert_int_equal(rig_integer(rig, "Count(*)", "From v"), 1000);
    int rows = 1;
    while ((status = rig_next(rig, &cursor, &row)) == CASCADE_OK) assert_int_equal(row[0].integer, ++rows);
    assert_int_equal(rows, 500);
  }
  assert_int_equal(status, CASCADE_DATABASE);
  assert_string_equal(cascade_error_sqlstate(rig->error), "22012");
  casc_cursor_close(&cursor);
  casc_statement_free(&statement);
  assert_int_equal(rig_integer(rig, "Count(*)", "From v"), 1000);
}

/* What is wrong with the COMMIT of a statement outside of any transaction is known when all its answers have come. */
static void test_statements_alone(void **state) {
  test_rig *rig = *state;
  casc_statement statement;
  casc_cursor cursor;
  const cascade_value *row;
  assert_true(rig->connection->capabilities.flags & CASCADE_COMMITS_ALONE);
  rig_prepare(rig, "CREATE TABLE p (id bigint PRIMARY KEY);"
                   "CREATE TABLE c (id bigint PRIMARY KEY, p bigint REFERENCES p DEFERRABLE INITIALLY DEFERRED);"
                   "INSERT INTO p VALUES (1)");
  fails(rig, "INSERT INTO c VALUES (1, 2)", CASCADE_CONSTRAINT_FK, "23503", CASCADE_TX_NONE);
  for (int64_t parent = 2; parent; parent--) {
    casc_session_statement(rig->connection, &statement);
    casc_str_printf(&statement.sql, "With i As (Insert Into c Values (%d, %d) Returning id) Select ", (int)parent, (int)parent);
    rig_column(rig, &statement, "id", CASCADE_INT64);
    casc_str_put(&statement.sql, " From i");
    cascade_status status = rig_start(rig, &statement, &cursor);
    if (status >= 0) status = rig_next(rig, &cursor, &row);
    if (status == CASCADE_OK) status = rig_next(rig, &cursor, &row);
    assert_int_equal(status, parent == 1 ? CASCADE_DONE : CASCADE_CONSTRAINT_FK);
    casc_cursor_close(&cursor);
    casc_statement_free(&statement);
    assert_int_equal(inside(rig), 0);
  }
  assert_int_equal(rig_integer(rig, "Count(*)", "From c"), 1);
}

#define POSTGRES(name) LISTED_FOR("postgresql", name)
const test_entry postgres_tests[] = {
    POSTGRES(test_untyped_parameters),
    POSTGRES(test_arrays),
    POSTGRES(test_texts_under_settings),
    POSTGRES(test_other_server_encodings),
    POSTGRES(test_transactions),
    POSTGRES(test_serialization),
    POSTGRES(test_deadlock),
    POSTGRES(test_refusals),
    POSTGRES(test_lost),
    POSTGRES(test_lost_while_running),
    POSTGRES(test_notices_are_not_printed),
    POSTGRES(test_session_settings),
    POSTGRES(test_cursor_beside_transaction),
    POSTGRES(test_statements_alone),
};
const size_t postgres_tests_count = sizeof postgres_tests / sizeof *postgres_tests;

/* What libdbi 0.9 and its driver for SQLite do to the careless, each as a test that this driver does not fall into
   it. They run in processes of their own: where the guard is missing, these statements hang, crash, print, or run
   data as SQL. */
#include "suites.h"

#include <dbi/dbi-dev.h>
#include <inttypes.h>
#include <pthread.h>

/* A value of the first row, by an expression and a tail, as text. */
static void expect(test_rig *rig, const char *expression, const char *tail, const char *wanted) {
  test_cell cell = rig_cell(rig, expression, CASCADE_TEXT, tail);
  assert_int_equal(cell.type, CASCADE_TEXT);
  assert_string_equal(cell.data, wanted);
  rig_free_cell(&cell);
}

static void from_within_words(test_rig *rig) {
  rig_prepare(rig, "CREATE TABLE prices (valid_from, wherefrom, \"from\"); INSERT INTO prices VALUES ('a', 'b', 'c')");
  expect(rig, "valid_from", "From prices", "a");
  expect(rig, "valid_from", "from prices", "a");
  expect(rig, "'wherefrom'", "From prices", "wherefrom");
  expect(rig, "wherefrom||'from'", "\nfrom\tprices where\n'from' <> valid_from", "bfrom");
  expect(rig, "\"from\"", "From prices Where \"from\" = 'c'", "c");
  expect(rig, "'no from at all'", "", "no from at all");
}

static void brackets_in_text(test_rig *rig) {
  expect(rig, "'('", "", "(");
  expect(rig, "')'", "", ")");
  expect(rig, "'select ( '", "", "select ( ");
  expect(rig, "'a, select (b ('", "", "a, select (b (");
  expect(rig, "'x.select ('", "", "x.select (");
  expect(rig, "'a (select ( '", "", "a (select ( ");
  expect(rig, "'a SELECT (b'", "Where 'from (' <> ''", "a SELECT (b");
  rig_run(rig, "INSERT INTO v (x) VALUES ('select ( ')");
  expect(rig, "x", "From v Where x = 'select ( '", "select ( ");
}

static void functions_and_casts(test_rig *rig) {
  rig_prepare(rig, "CREATE TABLE f (fk); INSERT INTO f VALUES (7)");
  expect(rig, "cast(fk as text)", "From f As k3", "7");
  expect(rig, "exists(select 1 from f)", "From f", "1");
  expect(rig, "printf('%d (', fk)", "From f", "7 (");
  expect(rig, "json_group_array(fk)", "From f", "[7]");
  expect(rig, "(select fk as k3 from f)", "", "7");
  expect(rig, "(select cast(fk as text) as k3 from f)", "", "7");
  expect(rig, "count ( fk )", "from f", "1");
}

static void long_expressions(test_rig *rig) {
  char expression[2000] = "'a'";
  for (int i = 0; i < 200; i++) strcat(expression, "||'a'");
  test_cell cell = rig_cell(rig, expression, CASCADE_TEXT, "");
  assert_int_equal(cell.length, 201);
  rig_free_cell(&cell);
  char tail[400] = "From v As ";
  memset(tail + strlen(tail), 'n', 300);
  rig_integer(rig, "Count(*)", tail);
}

static cascade_status raw_query(test_rig *rig, const char *sql) {
  casc_statement statement;
  casc_cursor cursor = {0};
  casc_session_statement(rig->connection, &statement);
  casc_str_put(&statement.sql, sql);
  casc_statement_column(&statement, CASCADE_INT64);
  cascade_status status = rig_start(rig, &statement, &cursor);
  casc_cursor_close(&cursor);
  casc_statement_free(&statement);
  return status;
}

static void names_that_are_sql(test_rig *rig) {
  rig_prepare(rig, "CREATE TABLE victim (a); INSERT INTO victim VALUES (1)");
  char long_name[400];
  snprintf(long_name, sizeof long_name, "select 1 as \"%0300d\"", 7);
  assert_int_equal(raw_query(rig, "select 1 as \"t); delete from victim; --.y\""), CASCADE_UNSUPPORTED);
  assert_int_equal(raw_query(rig, long_name), CASCADE_UNSUPPORTED);
  assert_int_equal(raw_query(rig, "select max(a) from victim"), CASCADE_UNSUPPORTED);
  assert_int_equal(raw_query(rig, "select (select 1 as \"sql\")"), CASCADE_UNSUPPORTED);
  assert_int_equal(raw_query(rig, "select 1 as \"sql\"; delete from victim"), CASCADE_SCHEMA);
  assert_int_equal(raw_query(rig, "select 1 as \"sql\" from victim"), CASCADE_OK);
  rig_prepare(rig, "CREATE TABLE \"t); delete from victim; --\" (\"y); delete from victim; --\");"
                   "INSERT INTO \"t); delete from victim; --\" VALUES (5)");
  assert_int_equal(rig_integer(rig, "\"y); delete from victim; --\"", "From \"t); delete from victim; --\""), 5);
  assert_int_equal(rig_integer(rig, "Count(*)", "From victim"), 1);
}

static void large_integers(test_rig *rig) {
  rig_prepare(rig, "CREATE TABLE big (id BIGINT, small TINYINT);"
                   "INSERT INTO big VALUES (1099511627776, 300), (4611686018427387904, 70000)");
  assert_int_equal(rig_integer(rig, "max(id)", "From big"), INT64_C(4611686018427387904));
  assert_int_equal(rig_integer(rig, "min(id)", "From big"), INT64_C(1099511627776));
  assert_int_equal(rig_integer(rig, "sum(id)", "From big"), INT64_C(4611687117939015680));
  assert_int_equal(rig_integer(rig, "max(small)", "From big"), 70000);
}

static void statements_without_tables(test_rig *rig) {
  assert_int_equal(rig_integer(rig, "1", ""), 1);
  assert_int_equal(rig_integer(rig, "foreign_keys", "From pragma_foreign_keys"), 1);
  rig_run(rig, "PRAGMA cache_size=-4000");
  rig_run(rig, "PRAGMA journal_mode");
  rig_run(rig, "BEGIN");
  rig_run(rig, "COMMIT");
}

static void select_within_names(test_rig *rig) {
  rig_prepare(rig, "CREATE TABLE \"my select (table\" (\"a select b\", \"c, select, (d\", \"x. select .(\");"
                   "INSERT INTO \"my select (table\" VALUES ('1', '2', '3')");
  expect(rig, "\"a select b\"", "From \"my select (table\"", "1");
  expect(rig, "\"c, select, (d\"", "From \"my select (table\"", "2");
  expect(rig, "\"x. select .(\"", "From \"my select (table\" Where \"a select b\" = '1'", "3");
  expect(rig, "[a select b]", "From `my select (table`", "1");
  test_cell cell;
  assert_int_equal(
      rig_try_cell(rig, "\"a select b\"", CASCADE_TEXT, "From \"my select (table\" Where 1 = (select 1 as sql )", NULL, 0, &cell),
      CASCADE_UNSUPPORTED);
}

static void comments(test_rig *rig) {
  rig_prepare(rig, "CREATE TABLE c (a); INSERT INTO c VALUES ('1')");
  expect(rig, "a", "From c /* select ( from */ Where a = '1' -- select (", "1");
  expect(rig, "a -- from ?\n", "From c", "1");
  expect(rig, "a /* ' */", "From c /*/ ( '*/ Where 1", "1");
  expect(rig, "'--'||a||'/*'", "From c", "--1/*");
}

/* The getters for dates, floats and binaries all spoil values; only strings are read, whatever the column's type. */
static void declared_types(test_rig *rig) {
  rig_prepare(rig, "CREATE TABLE d (day DATE, at TIMESTAMP, price FLOAT, flag CHAR, data BLOB, exact DECIMAL);"
                   "INSERT INTO d VALUES ('0044-03-15 BC', '9999-12-31 23:59:59.999', 1e300, 'long', x'00ff00', '1.10')");
  expect(rig, "day", "From d", "0044-03-15 BC");
  expect(rig, "at", "From d", "9999-12-31 23:59:59.999");
  expect(rig, "flag", "From d", "long");
  test_cell cell = rig_cell(rig, "data", CASCADE_BLOB, "From d");
  assert_int_equal(cell.length, 3);
  assert_memory_equal(cell.data, "\0\xff\0", 3);
  rig_free_cell(&cell);
  cell = rig_cell(rig, "price", CASCADE_ANY, "From d");
  assert_true(cell.type == CASCADE_DOUBLE && cell.real == 1e300);
}

/* libdbi's quoting spoils 0x1A and overflows on binaries; its formatting knows '%'. */
static void quoting(test_rig *rig) {
  char all[256 * 4];
  for (size_t i = 0; i < sizeof all; i++) all[i] = (char)(i * 7);
  cascade_value values[] = {bytes(CASCADE_TEXT, "\x1a%s%n'\"\\;--\0x", 13), bytes(CASCADE_BLOB, all, sizeof all)};
  for (size_t i = 0; i < 2; i++) {
    assert_int_equal(rig_execute(rig, "INSERT OR REPLACE INTO v VALUES (1, ?)", &values[i], 1, NULL), CASCADE_OK);
    test_cell cell = rig_cell(rig, "x", CASCADE_ANY, "From v Where id = 1");
    assert_int_equal(cell.type, values[i].type);
    assert_int_equal(cell.length, values[i].length);
    assert_memory_equal(cell.data, values[i].data, cell.length);
    rig_free_cell(&cell);
  }
}

/* Every result is freed, those of BEGIN and COMMIT too. */
static void results_are_freed(test_rig *rig) {
  if (!rig->host_dbi) rig_adopt(rig);
  dbi_conn_t *connection = rig->host_dbi;
  for (int i = 0; i < 100; i++) {
    rig_run(rig, "BEGIN");
    rig_integer(rig, "Count(*)", "From v");
    rig_run(rig, "INSERT INTO v VALUES (1, 1)");
    assert_true(rig_execute(rig, "INSERT INTO v VALUES (1, 2)", NULL, 0, NULL) < 0);
    rig_run(rig, "ROLLBACK");
  }
  assert_int_equal(connection->results_used, 0);
}

static void closing_in_any_order(test_rig *rig) {
  cascade_connection *connections[4];
  for (int round = 0; round < 4; round++) {
    for (int i = 0; i < 4; i++) assert_non_null(connections[i] = rig_open(rig, rig->uri));
    for (int i = 0; i < 4; i++) cascade_connection_free(connections[(i + round) % 4]);
  }
  assert_null(rig_open(rig, "dbi:sqlite3?dbname=/nowhere/at/all"));
  assert_null(rig_open(rig, "dbi:pgsql?host=/nowhere/at/all"));
  assert_int_equal(rig_integer(rig, "1", ""), 1);
}

static void errors_are_read_at_once(test_rig *rig) {
  assert_int_equal(rig_execute(rig, "INSERT INTO v VALUES (1, 1), (1, 2)", NULL, 0, NULL), CASCADE_CONSTRAINT);
  assert_int_equal(cascade_error_native_code(rig->error), 1555);
  assert_non_null(strstr(cascade_error_message(rig->error), "UNIQUE constraint failed: v.id"));
  rig_integer(rig, "1", "");
  assert_int_equal(rig_execute(rig, "DELETE FROM nowhere", NULL, 0, NULL), CASCADE_SCHEMA);
  assert_non_null(strstr(cascade_error_message(rig->error), "no such table: nowhere"));
}

static void stale_counts(test_rig *rig) {
  assert_int_equal(rig_run(rig, "INSERT INTO v (x) VALUES (1), (2), (3)"), 3);
  assert_int_equal(rig_run(rig, "BEGIN"), 0);
  assert_int_equal(rig_run(rig, "CREATE TABLE other (a)"), 0);
  assert_int_equal(rig_run(rig, "PRAGMA user_version=3"), 0);
  assert_int_equal(rig_run(rig, "DELETE FROM v WHERE x > 7"), 0);
  assert_int_equal(rig_run(rig, "COMMIT"), 0);
}

static void *work_alone(void *data) {
  test_rig *mine = data;
  for (int round = 0; round < 5; round++) {
    cascade_connection *connection = NULL;
    if (cascade_connection_open(mine->context, mine->uri, NULL, &connection, NULL) < 0) return data;
    test_rig own = {.quirks = mine->quirks, .engine = mine->engine, .context = mine->context, .connection = connection};
    for (int i = 0; i < 20; i++)
      if (rig_integer(&own, "Count(*)", "From v") != 0) return data;
    cascade_connection_free(connection);
  }
  return NULL;
}

static void threads(test_rig *rig) {
  pthread_t workers[4];
  void *failed = NULL;
  for (int i = 0; i < 4; i++) assert_int_equal(pthread_create(&workers[i], NULL, work_alone, rig), 0);
  for (int i = 0; i < 4; i++) {
    pthread_join(workers[i], &failed);
    assert_null(failed);
  }
}

#define ISOLATED(name)                                                                                                             \
  static void test_##name(void **state) {                                                                                          \
    rig_isolated(name, *state, 60);                                                                                                \
  }
#define SQLITE(name) LISTED_FOR("sqlite", test_##name)

ISOLATED(from_within_words)
ISOLATED(brackets_in_text)
ISOLATED(functions_and_casts)
ISOLATED(long_expressions)
ISOLATED(names_that_are_sql)
ISOLATED(large_integers)
ISOLATED(statements_without_tables)
ISOLATED(select_within_names)
ISOLATED(comments)
ISOLATED(declared_types)
ISOLATED(quoting)
ISOLATED(results_are_freed)
ISOLATED(closing_in_any_order)
ISOLATED(errors_are_read_at_once)
ISOLATED(stale_counts)
ISOLATED(threads)
ISOLATED(random_statements)

const test_entry libdbi_tests[] = {
    SQLITE(from_within_words),
    SQLITE(brackets_in_text),
    SQLITE(functions_and_casts),
    SQLITE(long_expressions),
    SQLITE(names_that_are_sql),
    SQLITE(large_integers),
    SQLITE(statements_without_tables),
    SQLITE(select_within_names),
    SQLITE(comments),
    SQLITE(declared_types),
    SQLITE(quoting),
    LISTED(test_results_are_freed),
    LISTED(test_closing_in_any_order),
    SQLITE(errors_are_read_at_once),
    SQLITE(stale_counts),
    LISTED(test_threads),
    SQLITE(random_statements),
};
const size_t libdbi_tests_count = sizeof libdbi_tests / sizeof *libdbi_tests;

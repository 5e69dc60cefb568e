/* Statements, cursors, counts and sizes. */
#include "suites.h"

#include <inttypes.h>

static void test_affected_rows(void **state) {
  test_rig *rig = *state;
  const test_engine *engine = rig->engine;
  const char *whole = engine->types[CASCADE_INT64];
  rig_preparef(rig,
               "CREATE TABLE p (id %s PRIMARY KEY, n %s);"
               "CREATE TABLE c (id %s PRIMARY KEY, p %s, FOREIGN KEY (p) REFERENCES p (id) ON DELETE CASCADE);"
               "CREATE TABLE log (n %s)",
               whole, whole, whole, whole, whole);
  rig_prepare(rig, engine->trigger);
  const struct {
    const char *sql;
    uint64_t affected;
  } steps[] = {
      {"INSERT INTO p VALUES (1, 0), (2, 0), (3, 0)", 3},
      {"INSERT INTO c VALUES (1, 1), (2, 1), (3, 2)", 3},
      {"UPDATE p SET n = 0", rig_unchanged(rig, 3)}, /* rows matched, changed or not */
      {engine->ignoring, 1},
      {"DELETE FROM p WHERE id = 1", 1}, /* not what cascades and triggers did */
      {"DELETE FROM p WHERE id = 99", 0},
      {"UPDATE p SET n = 1 WHERE id > 1", 3},
      {engine->begin, 0},
      {"SAVEPOINT s", 0},
      {"RELEASE SAVEPOINT s", 0},
      {"COMMIT", 0},
      {"CREATE TABLE copies AS SELECT * FROM p", engine->created},
      {"ALTER TABLE copies ADD COLUMN more INTEGER", 0},
      {"CREATE INDEX i ON copies (more)", 0},
      {engine->setting, 0},
      {"DELETE FROM copies", 3},
      {"DROP TABLE copies", 0},
  };
  for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
    uint64_t affected = rig_run(rig, steps[i].sql);
    if (affected != steps[i].affected) fail_msg("%s: %d rows", steps[i].sql, (int)affected);
  }
  assert_int_equal(rig_integer(rig, "Count(*)", "From c"), 1);
  assert_int_equal(rig_integer(rig, "Count(*)", "From log"), 2);
}

static void test_placeholders(void **state) {
  test_rig *rig = *state;
  cascade_value five[] = {integer(5), integer(5)}, minus[] = {integer(-5), integer(-5)};
  test_cell cell;
  rig_prepare(rig, rig->engine->placeholder_schema);
  for (const char *const *tail = rig->engine->placeholders; *tail; tail++) {
    if (rig_try_cell(rig, "Count(*)", CASCADE_INT64, *tail, five, 2, &cell) < 0)
      fail_msg("%s: %s", *tail, cascade_error_message(rig->error));
    if (cell.integer != 1) fail_msg("%s: %d rows", *tail, (int)cell.integer);
  }
  rig_run(rig, "INSERT INTO v VALUES (5, 5), (6, 6)");
  assert_int_equal(rig_try_cell(rig, "id", CASCADE_INT64, "From v Where id = -? And 0-?=5", minus, 2, &cell), CASCADE_OK);
  assert_int_equal(cell.integer, 5);
}

static void test_wrong_number_of_parameters(void **state) {
  test_rig *rig = *state;
  cascade_value values[] = {integer(1), integer(2), integer(3)};
  assert_int_equal(rig_execute(*state, "INSERT INTO v VALUES (?, ?)", values, 1, NULL), CASCADE_INVALID);
  if (!rig->engine->numbered) assert_int_equal(rig_execute(rig, "INSERT INTO v VALUES (?, ?)", values, 3, NULL), CASCADE_INVALID);
  else assert_true(rig_execute(rig, "INSERT INTO v VALUES ($1, $4)", values, 3, NULL) < 0);
  if (rig->engine == &sqlite_engine)
    assert_int_equal(rig_execute(rig, "INSERT INTO v VALUES (1, :a)", NULL, 0, NULL), CASCADE_INVALID);
  assert_int_equal(rig_integer(*state, "Count(*)", "From v"), 0);
}

static void test_one_statement_only(void **state) {
  test_rig *rig = *state;
  rig_typed(rig, CASCADE_TEXT);
  rig_run(rig, "INSERT INTO v VALUES (1, 'kept')");
  assert_int_equal(rig_execute(rig, "UPDATE v SET x = 1; DELETE FROM v", NULL, 0, NULL), CASCADE_SCHEMA);
  assert_int_equal(rig_execute(rig, "", NULL, 0, NULL), CASCADE_SCHEMA);
  assert_int_equal(rig_execute(rig, " -- nothing", NULL, 0, NULL), CASCADE_SCHEMA);
  assert_int_equal(rig_integer(rig, "Count(*)", "From v Where x = 'kept'"), 1);
  assert_int_equal(rig_run(rig, "DELETE FROM v ; "), 1);
}

static void test_many_parameters(void **state) {
  enum { MANY = 30000 };
  test_rig *rig = *state;
  rig_typed(rig, CASCADE_TEXT);
  rig_fill(rig, 40000, rig->engine == &mariadb_engine ? "Concat('row ', i)" : "'row ' || i");
  casc_str sql;
  casc_str_init(&sql, &casc_system_alloc);
  casc_str_put(&sql, "DELETE FROM v WHERE x IN (?");
  cascade_value *values = calloc(MANY, sizeof *values);
  char(*names)[16] = calloc(MANY, sizeof *names);
  for (int i = 0; i < MANY; i++) {
    snprintf(names[i], sizeof names[i], "row %d", i + 1);
    values[i] = text(names[i]);
    if (i) casc_str_put(&sql, ",?");
  }
  casc_str_put(&sql, ")");
  uint64_t affected = 0;
  assert_true(rig->connection->capabilities.max_parameters >= MANY);
  assert_int_equal(rig_execute(rig, sql.data, values, MANY, &affected), CASCADE_OK);
  assert_int_equal(affected, MANY);
  casc_str_free(&sql);
  free(names);
  free(values);
}

static void test_large_values(void **state) {
  enum { LARGE = 10 << 20 };
  test_rig *rig = *state;
  char *data = malloc(LARGE + 1);
  for (size_t i = 0; i < LARGE; i++) data[i] = (char)(i * 31 + i / 256);
  data[LARGE] = '\0';
  cascade_value value = bytes(CASCADE_BLOB, data, LARGE);
  rig_typed(rig, CASCADE_BLOB);
  assert_int_equal(rig_store(rig, 1, &value), CASCADE_OK);
  test_cell cell;
  cascade_status status = rig_try_cell(rig, "x", CASCADE_BLOB, "From v Where id = 1", NULL, 0, &cell);
  if (rig->engine == &mariadb_engine && rig->quirks->dbi) { /* as digits it is more than the server gives: refused, not NULL */
    assert_int_equal(status, CASCADE_DATABASE);
    assert_non_null(strstr(cascade_error_message(rig->error), "max_allowed_packet"));
    assert_int_equal(rig_try_cell(rig, "Count(*)", CASCADE_INT64, "From v Where x = ?", &value, 1, &cell), CASCADE_OK);
    assert_int_equal(cell.integer, 1);
  } else {
    assert_int_equal(status, CASCADE_OK);
    assert_int_equal(cell.length, LARGE);
    assert_int_equal(memcmp(cell.data, data, LARGE), 0);
    rig_free_cell(&cell);
  }
  memset(data, '\'', LARGE);
  value = text(data);
  rig_typed(rig, CASCADE_TEXT);
  assert_int_equal(rig_store(rig, 2, &value), CASCADE_OK);
  assert_int_equal(rig_integer(rig, "Length(x)", "From v Where id = 2"), LARGE);
  free(data);
}

/* An array of keys, ten megabytes of it, as the one parameter of a query and of a delete. */
static void test_large_arrays(void **state) {
  test_rig *rig = *state;
  casc_str keys, numbers;
  casc_str_init(&keys, &casc_system_alloc);
  casc_str_init(&numbers, &casc_system_alloc);
  int64_t count = 0, number = 1;
  casc_str_putn(&numbers, (const char *)&number, sizeof number);
  for (casc_str_put(&keys, "[1"); keys.length < 10 << 20; count++) {
    number = 1000000 + count;
    casc_str_printf(&keys, ",%" PRId64, number);
    casc_str_putn(&numbers, (const char *)&number, sizeof number);
  }
  casc_str_put(&keys, "]");
  cascade_value value = bytes(CASCADE_TEXT, keys.data, keys.length);
  if (rig->engine == &postgresql_engine) value = bytes(CASCADE_INT64_ARRAY, numbers.data, numbers.length);
  char tail[200], delete[200];
  snprintf(tail, sizeof tail, "From %s", rig->engine->unnest);
  snprintf(delete, sizeof delete, "DELETE FROM v WHERE id IN (SELECT value FROM %s)", rig->engine->unnest);
  test_cell cell;
  rig_run(rig, "INSERT INTO v VALUES (1, 0), (2, 0), (1000001, 0)");
  assert_int_equal(rig_try_cell(rig, "Count(*)", CASCADE_INT64, tail, &value, 1, &cell), CASCADE_OK);
  assert_int_equal(cell.integer, count + 1);
  uint64_t affected = 0;
  assert_int_equal(rig_execute(rig, delete, &value, 1, &affected), CASCADE_OK);
  assert_int_equal(affected, 2);
  casc_str_free(&keys);
  casc_str_free(&numbers);
}

/* Ten megabytes of SQL itself: done, or refused in one line. */
static void test_large_statement(void **state) {
  rig_typed(*state, CASCADE_TEXT);
  casc_str sql;
  casc_str_init(&sql, &casc_system_alloc);
  casc_str_put(&sql, "INSERT INTO v (id, x) VALUES (1, '");
  while (sql.length < 10 << 20) casc_str_put(&sql, "all work and no play makes Jack a dull boy ");
  casc_str_put(&sql, "')");
  cascade_status status = rig_execute(*state, sql.data, NULL, 0, NULL);
  assert_true(status == CASCADE_OK || status == CASCADE_DATABASE);
  assert_int_equal(rig_integer(*state, "Count(*)", "From v"), status == CASCADE_OK);
  casc_str_free(&sql);
}

static void test_engines_own_length(void **state) {
  test_rig *rig = *state;
  if (!rig_handle(rig)) rig_adopt(rig);
  sqlite3_limit(rig_handle(rig), SQLITE_LIMIT_SQL_LENGTH, 1000);
  casc_str sql;
  casc_str_init(&sql, &casc_system_alloc);
  casc_str_printf(&sql, "INSERT INTO v (x) VALUES ('%01200d')", 7);
  assert_int_equal(rig_execute(rig, sql.data, NULL, 0, NULL), CASCADE_DATABASE);
  casc_str_free(&sql);
}

static void test_several_cursors(void **state) {
  enum { CURSORS = 5, ROWS = 50 };
  test_rig *rig = *state;
  rig_fill(rig, ROWS, "i * i");
  casc_statement statements[CURSORS];
  casc_cursor cursors[CURSORS];
  for (int i = 0; i < CURSORS; i++) {
    rig_select(rig, &statements[i]);
    rig_column(rig, &statements[i], "id", CASCADE_INT64);
    rig_column(rig, &statements[i], "x", CASCADE_INT64);
    casc_str_put(&statements[i].sql, i % 2 ? " From v Order By v.id" : " From v Order By v.id Desc"); /* some are the same */
    assert_int_equal(rig_start(rig, &statements[i], &cursors[i]), CASCADE_OK);
  }
  const cascade_value *row;
  for (int64_t at = 1; at <= ROWS; at++) {
    for (int i = 0; i < CURSORS; i++) {
      assert_int_equal(rig_next(rig, &cursors[i], &row), CASCADE_OK);
      int64_t id = i % 2 ? at : ROWS + 1 - at;
      assert_int_equal(row[0].integer, id);
      assert_int_equal(row[1].integer, id * id);
    }
    if (at == 25) assert_int_equal(rig_integer(rig, "Count(*)", "From v"), ROWS);
    if (at == 30) assert_int_equal(rig_run(rig, "UPDATE v SET x = x WHERE id > 40"), rig_unchanged(rig, 10));
  }
  for (int i = 0; i < CURSORS; i++) {
    assert_int_equal(rig_next(rig, &cursors[i], &row), CASCADE_DONE);
    assert_int_equal(rig_next(rig, &cursors[i], &row), CASCADE_DONE);
    casc_cursor_close(&cursors[i]);
    casc_statement_free(&statements[i]);
  }
}

static void test_cursor_given_up(void **state) {
  test_rig *rig = *state;
  rig_run(rig, "INSERT INTO v VALUES (1, 1), (2, 2), (3, 3)");
  for (int i = 0; i < 3; i++) {
    casc_statement statement;
    casc_cursor cursor;
    const cascade_value *row;
    rig_select(rig, &statement);
    rig_column(rig, &statement, "id", CASCADE_INT64);
    casc_str_put(&statement.sql, " From v Order By v.id");
    assert_int_equal(rig_start(rig, &statement, &cursor), CASCADE_OK);
    for (int j = 0; j < i; j++) assert_int_equal(rig_next(rig, &cursor, &row), CASCADE_OK);
    casc_cursor_close(&cursor);
    casc_statement_free(&statement);
  }
  rig_prepare(rig, "DROP TABLE v"); /* nothing holds a lock any more */
}

static void test_cursor_of_nothing(void **state) {
  rig_typed(*state, CASCADE_INT64);
  assert_int_equal(rig_cell(*state, "x", CASCADE_TEXT, "From v").type, -1);
  assert_int_equal(rig_cell(*state, "x", CASCADE_INT64, "From v Limit 0").type, -1);
}

/* Rows of many columns, and what they point to, live until the next row, whatever else is done meanwhile. */
static void test_wide_rows(void **state) {
  test_rig *rig = *state;
  casc_statement statement;
  casc_cursor cursor;
  const cascade_value *row;
  rig_typed(rig, CASCADE_TEXT);
  rig_run(rig, "INSERT INTO v VALUES (1, 'one'), (2, ''), (3, NULL), (4, 'four')");
  rig_select(rig, &statement);
  for (int i = 0; i < 20; i++) {
    rig_column(rig, &statement, "id", i % 2 ? CASCADE_INT64 : CASCADE_TEXT);
    rig_column(rig, &statement, "x", CASCADE_TEXT);
  }
  casc_str_put(&statement.sql, " From v Order By v.id");
  assert_int_equal(rig_start(rig, &statement, &cursor), CASCADE_OK);
  for (int64_t id = 1; id <= 4; id++) {
    static const char *const words[] = {"one", "", NULL, "four"};
    assert_int_equal(rig_next(rig, &cursor, &row), CASCADE_OK);
    if (id % 2) assert_int_equal(rig_integer(rig, "Count(*)", "From v"), 4);
    for (int i = 0; i < 20; i++) {
      const cascade_value *cell = &row[2 * i + 1];
      if (i % 2) assert_int_equal(row[2 * i].integer, id);
      else assert_true(row[2 * i].length == 1 && row[2 * i].data[0] == '0' + id);
      assert_int_equal(cell->type, words[id - 1] ? CASCADE_TEXT : CASCADE_NULL);
      if (words[id - 1]) assert_true(cell->length == strlen(words[id - 1]) && memcmp(cell->data, words[id - 1], cell->length) == 0);
    }
  }
  assert_int_equal(rig_next(rig, &cursor, &row), CASCADE_DONE);
  casc_cursor_close(&cursor);
  casc_statement_free(&statement);
}

static void test_rows_of_any_type(void **state) {
  test_rig *rig = *state;
  rig_run(rig, "INSERT INTO v VALUES (1, 'one'), (2, x'0002'), (3, 3.5), (4, NULL)");
  casc_statement statement;
  casc_cursor cursor;
  const cascade_value *row;
  rig_select(rig, &statement);
  for (int i = 0; i < 20; i++) {
    rig_column(rig, &statement, "id", i % 2 ? CASCADE_INT64 : CASCADE_TEXT);
    rig_column(rig, &statement, "x", CASCADE_ANY);
  }
  casc_str_put(&statement.sql, " From v Order By v.id");
  assert_int_equal(rig_start(rig, &statement, &cursor), CASCADE_OK);
  for (int64_t id = 1; id <= 4; id++) {
    static const int32_t types[] = {CASCADE_TEXT, CASCADE_BLOB, CASCADE_DOUBLE, CASCADE_NULL};
    assert_int_equal(rig_next(rig, &cursor, &row), CASCADE_OK);
    for (int i = 0; i < 20; i++) {
      if (i % 2) assert_int_equal(row[2 * i].integer, id);
      else assert_true(row[2 * i].length == 1 && row[2 * i].data[0] == '0' + id);
      assert_int_equal(row[2 * i + 1].type, types[id - 1]);
      if (id == 1) assert_memory_equal(row[2 * i + 1].data, "one", 3);
      if (id == 2) assert_memory_equal(row[2 * i + 1].data, "\0\2", 2);
    }
  }
  assert_int_equal(rig_next(rig, &cursor, &row), CASCADE_DONE);
  casc_cursor_close(&cursor);
  casc_statement_free(&statement);
}

/* More statements than any cache holds, again and again. */
static void test_statements_in_turn(void **state) {
  test_rig *rig = *state;
  for (int round = 0; round < 3; round++)
    for (int i = 0; i < 100; i++) {
      char sql[100];
      cascade_value value = integer(round * 1000 + i);
      if (round == 0) snprintf(sql, sizeof sql, "INSERT INTO v VALUES (%d, ?)", i);
      else snprintf(sql, sizeof sql, "UPDATE v SET x = ? WHERE id = %d", i);
      assert_int_equal(rig_execute(rig, sql, &value, 1, NULL), CASCADE_OK);
      snprintf(sql, sizeof sql, "From v Where id = %d", i);
      assert_int_equal(rig_integer(rig, "x", sql), round * 1000 + i);
    }
}

/* A statement that was used before is understood anew when the schema has changed. */
static void test_changed_schema(void **state) {
  test_rig *rig = *state;
  rig_run(rig, "INSERT INTO v VALUES (1, 5)");
  assert_int_equal(rig_integer(rig, "x", "From v"), 5);
  rig_prepare(rig, "ALTER TABLE v ADD COLUMN y INTEGER; UPDATE v SET y = 6; CREATE INDEX i ON v (x)");
  assert_int_equal(rig_integer(rig, "x", "From v"), 5);
  assert_int_equal(rig_integer(rig, "y", "From v"), 6);
  rig_prepare(rig, "DROP TABLE v");
  test_cell cell;
  assert_int_equal(rig_try_cell(rig, "x", CASCADE_INT64, "From v", NULL, 0, &cell), CASCADE_SCHEMA);
  assert_int_equal(rig_execute(rig, "INSERT INTO v VALUES (1, 5)", NULL, 0, NULL), CASCADE_SCHEMA);
  rig_prepare(rig, "CREATE TABLE v (x INTEGER, id INTEGER); INSERT INTO v VALUES (7, 8)");
  assert_int_equal(rig_integer(rig, "x", "From v"), 7);
}

static void test_statements_are_counted(void **state) {
  test_rig *rig = *state;
  uint64_t before = cascade_connection_statements(rig->connection);
  rig_run(rig, "INSERT INTO v VALUES (1, 5)");
  rig_integer(rig, "x", "From v");
  assert_true(rig_execute(rig, "nonsense", NULL, 0, NULL) < 0);
  assert_int_equal(casc_control(rig->connection, "BEGIN", NULL), CASCADE_OK);
  assert_int_equal(casc_control(rig->connection, "ROLLBACK", NULL), CASCADE_OK);
  assert_int_equal(cascade_connection_statements(rig->connection) - before, 5);
  assert_string_equal(cascade_connection_engine(rig->connection), rig->engine->name);
  if (rig->engine == &sqlite_engine) assert_string_equal(rig->connection->capabilities.version, sqlite3_libversion());
  else assert_non_null(strstr(rig->connection->capabilities.version, rig->engine == &postgresql_engine ? "15" : "MariaDB"));
}

const test_entry statements_tests[] = {
    LISTED(test_affected_rows),
    LISTED(test_placeholders),
    LISTED(test_wrong_number_of_parameters),
    LISTED(test_one_statement_only),
    LISTED(test_many_parameters),
    LISTED(test_large_values),
    LISTED(test_large_arrays),
    LISTED(test_large_statement),
    LISTED(test_several_cursors),
    LISTED(test_cursor_given_up),
    LISTED(test_cursor_of_nothing),
    LISTED(test_wide_rows),
    LISTED(test_statements_in_turn),
    LISTED(test_changed_schema),
    LISTED(test_statements_are_counted),
    LISTED_FOR("sqlite", test_engines_own_length),
    LISTED_FOR("sqlite", test_rows_of_any_type),
};
const size_t statements_tests_count = sizeof statements_tests / sizeof *statements_tests;

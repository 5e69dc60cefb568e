/* Selections: keys by value and by text, in the form in which their columns hold them; refusals. */
#include "memory.h"

#include "selection_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char schema[] = "CREATE TABLE Artist (\"ArtistId\" INTEGER PRIMARY KEY, name TEXT, label_id INTEGER REFERENCES gone);"
                             "CREATE TABLE track (album TEXT, number INTEGER, PRIMARY KEY (album, number));"
                             "CREATE TABLE code (code TEXT PRIMARY KEY);"
                             "CREATE TABLE whole (id INT PRIMARY KEY);"
                             "CREATE TABLE amount (amount NUMERIC PRIMARY KEY);"
                             "CREATE TABLE anything (k PRIMARY KEY);"
                             "CREATE TABLE hash (k BLOB PRIMARY KEY);"
                             "CREATE TABLE place (k, n INTEGER, PRIMARY KEY (n, k)) WITHOUT ROWID;"
                             "CREATE TABLE bare (x INTEGER, y TEXT);"
                             "CREATE TABLE hidden (rowid TEXT, oid TEXT, _rowid_ TEXT);"
                             "CREATE VIEW artists AS SELECT * FROM Artist;";

static memory *music;

static int open_music(void **state) {
  (void)state;
  music = memory_open(schema);
  return 0;
}

static int close_music(void **state) {
  (void)state;
  memory_close(music);
  return 0;
}

static void done(cascade_status status, cascade_error *error) {
  if (status < 0) fail_msg("%s: %s", cascade_status_name(status), cascade_error_message(error));
}

static cascade_selection *parse(const char *table, const char *const *keys, uint32_t count) {
  cascade_selection *selection = NULL;
  cascade_error *error = NULL;
  done(cascade_selection_parse(music->graph, table, keys, count, &selection, &error), error);
  assert_non_null(selection);
  assert_true(selection->by_keys);
  return selection;
}

static void parse_refused(const char *table, const char *key, cascade_status status, const char *const *words) {
  cascade_selection *selection = (cascade_selection *)(uintptr_t)1;
  cascade_error *error = NULL;
  assert_int_equal(cascade_selection_parse(music->graph, table, &key, 1, &selection, &error), status);
  assert_null(selection);
  assert_failure(error, status, words);
  assert_int_equal(cascade_selection_parse(music->graph, table, &key, 1, &selection, NULL), status);
}

static cascade_value text(const char *words) {
  return (cascade_value){.type = CASCADE_TEXT, .data = words, .length = strlen(words)};
}

static cascade_value integer(int64_t number) {
  return (cascade_value){.type = CASCADE_INT64, .integer = number};
}

static void is_text(const cascade_value *value, const char *words) {
  assert_int_equal(value->type, CASCADE_TEXT);
  assert_int_equal(value->length, strlen(words));
  assert_memory_equal(value->data, words, value->length);
}

static void is_integer(const cascade_value *value, int64_t number) {
  assert_int_equal(value->type, CASCADE_INT64);
  assert_true(value->integer == number);
}

/* ---- keys ---- */

static void test_integers(void **state) {
  (void)state;
  const int64_t keys[] = {12, INT64_MIN, 7, 12, INT64_MAX, 7};
  cascade_selection *selection = NULL;
  cascade_error *error = NULL;
  done(cascade_selection_integers(music->graph, "artist", keys, 6, &selection, &error), error);
  assert_int_equal(selection->keys.count, 4);
  assert_int_equal(selection->keys.column_count, 1);
  assert_string_equal(selection->keys.columns[0], "ArtistId");
  const int64_t once[] = {INT64_MIN, 7, 12, INT64_MAX};
  assert_memory_equal(selection->keys.integers, once, sizeof once);
  assert_null(selection->keys.cells);
  uint32_t table = 0;
  assert_int_equal(cascade_graph_find_table(music->graph, "Artist", &table, NULL), CASCADE_OK);
  assert_int_equal(cascade_selection_table(selection), table);
  cascade_selection_free(selection);
}

static void test_no_keys(void **state) {
  (void)state;
  static const char *const tables[] = {"artist", "track", "code", "place"};
  for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
    cascade_selection *selection = parse(tables[i], NULL, 0);
    assert_int_equal(selection->keys.count, 0);
    assert_null(selection->where);
    cascade_selection_free(selection);
  }
  cascade_selection *selection = NULL;
  assert_int_equal(cascade_selection_integers(music->graph, "artist", NULL, 0, &selection, NULL), CASCADE_OK);
  cascade_selection_free(selection);
}

static void test_integers_of_a_text_key(void **state) {
  (void)state;
  const int64_t keys[] = {10, 9, 10};
  cascade_selection *selection = NULL;
  assert_int_equal(cascade_selection_integers(music->graph, "code", keys, 3, &selection, NULL), CASCADE_OK);
  assert_int_equal(selection->keys.count, 2);
  assert_null(selection->keys.integers);
  is_text(&selection->keys.cells[0], "10");
  is_text(&selection->keys.cells[1], "9");
  cascade_selection_free(selection);
}

static void test_cells(void **state) {
  (void)state;
  const cascade_value cells[] = {text("b"), integer(2), text("a"),  text("7"),
                                 text("b"), integer(2), integer(5), {.type = CASCADE_UINT64, .integer = 3}};
  cascade_selection *selection = NULL;
  cascade_error *error = NULL;
  done(cascade_selection_keys(music->graph, "track", cells, 4, 2, &selection, &error), error);
  assert_int_equal(selection->keys.count, 3);
  assert_string_equal(selection->keys.columns[1], "number");
  const cascade_value *kept = selection->keys.cells;
  is_text(&kept[0], "5");
  is_integer(&kept[1], 3);
  is_text(&kept[2], "a");
  is_integer(&kept[3], 7);
  is_text(&kept[4], "b");
  is_integer(&kept[5], 2);
  assert_ptr_not_equal(kept[2].data, cells[2].data);
  cascade_selection_free(selection);
}

static void test_values_take_the_form_of_the_column(void **state) {
  (void)state;
  static const struct {
    const char *table;
    cascade_value given, kept;
  } cases[] = {
      {"artist", {.type = CASCADE_DOUBLE, .real = 3.0}, {.type = CASCADE_INT64, .integer = 3}},
      {"artist", {.type = CASCADE_TEXT, .data = "-7", .length = 2}, {.type = CASCADE_INT64, .integer = -7}},
      {"artist", {.type = CASCADE_DECIMAL, .data = "12", .length = 2}, {.type = CASCADE_INT64, .integer = 12}},
      {"amount", {.type = CASCADE_DOUBLE, .real = 2.5}, {.type = CASCADE_DOUBLE, .real = 2.5}},
      {"amount", {.type = CASCADE_DOUBLE, .real = -2.0}, {.type = CASCADE_INT64, .integer = -2}},
      {"amount", {.type = CASCADE_DOUBLE, .real = 9223372036854775808.0}, {.type = CASCADE_DOUBLE, .real = 9223372036854775808.0}},
      {"code", {.type = CASCADE_UINT64, .integer = -1}, {.type = CASCADE_TEXT, .data = "18446744073709551615", .length = 20}},
      {"code", {.type = CASCADE_TEXT, .data = "a\0b", .length = 3}, {.type = CASCADE_TEXT, .data = "a\0b", .length = 3}},
      {"code", {.type = CASCADE_TEXT}, {.type = CASCADE_TEXT, .data = "", .length = 0}},
      {"hash", {.type = CASCADE_BLOB, .data = "\0\xff", .length = 2}, {.type = CASCADE_BLOB, .data = "\0\xff", .length = 2}},
      {"hash", {.type = CASCADE_TEXT, .data = "7", .length = 1}, {.type = CASCADE_TEXT, .data = "7", .length = 1}},
      {"anything", {.type = CASCADE_UINT64, .integer = 7}, {.type = CASCADE_INT64, .integer = 7}},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const cascade_value *kept = &cases[i].kept;
    cascade_selection *selection = NULL;
    cascade_error *error = NULL;
    done(cascade_selection_keys(music->graph, cases[i].table, &cases[i].given, 1, 1, &selection, &error), error);
    assert_int_equal(selection->keys.count, 1);
    if (kept->type == CASCADE_INT64) {
      assert_non_null(selection->keys.integers);
      assert_true(selection->keys.integers[0] == kept->integer);
    } else {
      assert_int_equal(selection->keys.cells[0].type, kept->type);
      assert_true(selection->keys.cells[0].real == kept->real);
      assert_int_equal(selection->keys.cells[0].length, kept->length);
      if (kept->length) assert_memory_equal(selection->keys.cells[0].data, kept->data, kept->length);
    }
    cascade_selection_free(selection);
  }
}

static void test_values_that_are_no_keys(void **state) {
  (void)state;
  static const struct {
    const char *table;
    cascade_value value;
    const char *words[3];
  } cases[] = {
      {"artist", {.type = CASCADE_NULL}, {"Artist", "\"ArtistId\"", "NULL"}},
      {"artist", {.type = CASCADE_DOUBLE, .real = 2.5}, {"Artist '2.5'", "\"ArtistId\"", "whole numbers"}},
      {"artist", {.type = CASCADE_DOUBLE, .real = 1e30}, {"Artist '1e+30'", "\"ArtistId\"", "whole numbers"}},
      {"artist", {.type = CASCADE_UINT64, .integer = -1}, {"18446744073709551615", "\"ArtistId\"", "64 bits"}},
      {"artist", {.type = CASCADE_BLOB, .data = "7", .length = 1}, {"Artist", "\"ArtistId\"", "whole numbers"}},
      {"artist", {.type = CASCADE_TEXT, .data = "7x", .length = 2}, {"Artist '7x'", "\"ArtistId\"", "whole numbers"}},
      {"artist", {.type = CASCADE_TEXT, .length = 2}, {"Artist", "\"ArtistId\"", "NULL"}},
      {"artist", {.type = CASCADE_ANY}, {"Artist", "\"ArtistId\"", "type"}},
      {"artist", {.type = -1}, {"Artist", "\"ArtistId\"", "type"}},
      {"code", {.type = CASCADE_DOUBLE, .real = 2.5}, {"code '2.5'", "\"code\"", "text"}},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    cascade_selection *selection = NULL;
    cascade_error *error = NULL;
    assert_int_equal(cascade_selection_keys(music->graph, cases[i].table, &cases[i].value, 1, 1, &selection, &error),
                     CASCADE_INVALID);
    assert_null(selection);
    assert_failure(error, CASCADE_INVALID, (const char *const[]){cases[i].words[0], cases[i].words[1], cases[i].words[2], NULL});
  }
  const double nothing = 0.0;
  cascade_value nan = {.type = CASCADE_DOUBLE, .real = nothing / nothing};
  cascade_selection *selection = NULL;
  assert_int_equal(cascade_selection_keys(music->graph, "amount", &nan, 1, 1, &selection, NULL), CASCADE_INVALID);
}

static void test_widths_that_do_not_fit(void **state) {
  (void)state;
  const int64_t number = 7;
  const cascade_value cells[] = {text("a"), integer(1), integer(2)};
  cascade_selection *selection = NULL;
  cascade_error *error = NULL;
  assert_int_equal(cascade_selection_integers(music->graph, "track", &number, 1, &selection, &error), CASCADE_INVALID);
  assert_failure(error, CASCADE_INVALID, WORDS("track", "2 columns, not 1"));
  assert_int_equal(cascade_selection_keys(music->graph, "track", cells, 1, 3, &selection, &error), CASCADE_INVALID);
  assert_failure(error, CASCADE_INVALID, WORDS("track", "2 columns, not 3"));
  assert_int_equal(cascade_selection_keys(music->graph, "artist", cells, 1, 2, &selection, &error), CASCADE_INVALID);
  assert_failure(error, CASCADE_INVALID, WORDS("Artist", "1 column, not 2"));
  assert_null(selection);
  for (uint32_t width = 0; width < 4; width++) { /* no key has no width */
    done(cascade_selection_keys(music->graph, "track", NULL, 0, width, &selection, &error), error);
    assert_int_equal(selection->keys.count, 0);
    assert_int_equal(selection->keys.column_count, 2);
    cascade_selection_free(selection);
  }
  done(cascade_selection_integers(music->graph, "track", NULL, 0, &selection, &error), error);
  assert_int_equal(selection->keys.count, 0);
  cascade_selection_free(selection);
}

/* ---- keys as text ---- */

static void test_written_keys(void **state) {
  (void)state;
  cascade_selection *selection = parse("artist", WORDS("12", "007", " 7 ", "-3"), 4);
  const int64_t numbers[] = {-3, 7, 12};
  assert_int_equal(selection->keys.count, 3);
  assert_memory_equal(selection->keys.integers, numbers, sizeof numbers);
  cascade_selection_free(selection);
  selection = parse("track", WORDS("b,2", "[\"a,b\", 1]", "a,1", "[\"a\",\"1\"]"), 4);
  assert_int_equal(selection->keys.count, 3);
  is_text(&selection->keys.cells[0], "a");
  is_integer(&selection->keys.cells[1], 1);
  is_text(&selection->keys.cells[2], "a,b");
  is_text(&selection->keys.cells[4], "b");
  cascade_selection_free(selection);
  selection = parse("code", WORDS("[7]", "a,b", "", "x'00'"), 4);
  assert_int_equal(selection->keys.count, 4);
  is_text(&selection->keys.cells[0], "");
  is_text(&selection->keys.cells[1], "[7]");
  cascade_selection_free(selection);
  selection = parse("hash", WORDS("x'00fF'", "X''", "x"), 3);
  assert_int_equal(selection->keys.count, 3);
  is_text(&selection->keys.cells[0], "x");
  assert_int_equal(selection->keys.cells[1].type, CASCADE_BLOB);
  assert_int_equal(selection->keys.cells[1].length, 0);
  assert_int_equal(selection->keys.cells[2].type, CASCADE_BLOB);
  assert_int_equal(selection->keys.cells[2].length, 2);
  assert_memory_equal(selection->keys.cells[2].data, "\0\xff", 2);
  cascade_selection_free(selection);
  selection = parse("anything", WORDS("7", "-7", "0"), 3);
  assert_int_equal(selection->keys.count, 3);
  assert_non_null(selection->keys.integers);
  cascade_selection_free(selection);
  selection = parse("anything", WORDS("7", "07", "-07", " 7", "-", "", "00", "7.5"), 8);
  assert_int_equal(selection->keys.count, 8);
  is_integer(&selection->keys.cells[0], 7);
  for (int i = 1; i < 8; i++) assert_int_equal(selection->keys.cells[i].type, CASCADE_TEXT);
  cascade_selection_free(selection);
  selection = parse("place", WORDS("[1, \"x'0f'\"]", "1,7", "[1, \"7\"]", "[1, 7.5]"), 4);
  assert_int_equal(selection->keys.count, 4);
  is_integer(&selection->keys.cells[1], 7);
  assert_int_equal(selection->keys.cells[3].type, CASCADE_DOUBLE);
  is_text(&selection->keys.cells[5], "7");
  assert_int_equal(selection->keys.cells[7].type, CASCADE_BLOB);
  cascade_selection_free(selection);
}

static void test_written_keys_that_are_none(void **state) {
  (void)state;
  static const struct {
    const char *table, *key, *words[4];
  } cases[] = {
      {"artist", "abc", {"Artist 'abc'", "key column \"ArtistId\"", "takes whole numbers"}},
      {"artist", "", {"Artist ''", "\"ArtistId\"", "whole numbers"}},
      {"artist", "-", {"Artist '-'", "\"ArtistId\"", "whole numbers"}},
      {"artist", "+7", {"Artist '+7'", "\"ArtistId\"", "whole numbers"}},
      {"artist", "7.0", {"Artist '7.0'", "\"ArtistId\"", "whole numbers"}},
      {"artist", "7; DROP TABLE artist", {"\"ArtistId\"", "whole numbers"}},
      {"artist", "9223372036854775808", {"9223372036854775808", "\"ArtistId\"", "64 bits"}},
      {"artist", "-9223372036854775809", {"\"ArtistId\"", "64 bits"}},
      {"artist", "99999999999999999999999999", {"\"ArtistId\"", "64 bits"}},
      {"artist", "99999999999999999999999999x", {"\"ArtistId\"", "takes whole numbers"}},
      {"track", "a", {"track 'a'", "2 columns (\"album\", \"number\"), not 1", "JSON array"}},
      {"track", "a,b,3", {"track 'a,b,3'", "not 3"}},
      {"track", "[\"a\"]", {"track '[\"a\"]'", "not 1"}},
      {"track", "[\"a\",1,2]", {"not 3"}},
      {"track", "[\"a\",", {"track '[\"a\",'", "not a JSON array"}},
      {"track", "[\"a\", null]", {"\"number\"", "NULL"}},
      {"track", "[\"a\", true]", {"\"number\"", "numbers and texts"}},
      {"track", "[\"a\", [1]]", {"\"number\"", "numbers and texts"}},
      {"track", "[1.5, 1]", {"\"album\"", "takes text"}},
      {"hash", "x'0'", {"hash 'x'0''", "\"k\"", "x'0f12'"}},
      {"hash", "x'0g'", {"\"k\"", "x'0f12'"}},
      {"hash", "x'00", {"\"k\"", "x'0f12'"}},
      {"hash", "x'", {"\"k\"", "x'0f12'"}},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    parse_refused(cases[i].table, cases[i].key, CASCADE_INVALID, cases[i].words);
  parse_refused("artist", NULL, CASCADE_INVALID, WORDS("Artist", "key 1 is NULL"));
}

static void test_long_keys_are_quoted_in_part(void **state) {
  (void)state;
  char key[400];
  for (size_t i = 0; i + 3 < sizeof key; i += 2) memcpy(key + i, "\xc3\xa9", 3); /* two bytes a letter */
  key[0] = 'x';
  key[1] = 'y';
  cascade_selection *selection = NULL;
  cascade_error *error = NULL;
  const char *keys[] = {key};
  assert_int_equal(cascade_selection_parse(music->graph, "artist", keys, 1, &selection, &error), CASCADE_INVALID);
  assert_true(strlen(cascade_error_message(error)) < 160);
  assert_non_null(strstr(cascade_error_message(error), "\xc3\xa9...'"));
  cascade_error_free(error);
  memmove(key, key + 1, sizeof key - 1);
  assert_int_equal(cascade_selection_parse(music->graph, "artist", keys, 1, &selection, &error), CASCADE_INVALID);
  assert_non_null(strstr(cascade_error_message(error), "\xc3\xa9...'"));
  cascade_error_free(error);
}

/* A key that is written as text finds the row that SQLite stores for the same text. */
static void test_written_keys_find_their_rows(void **state) {
  (void)state;
  static const char *const keys[] = {
      "7",   "007", " 8 ",  "-0",    "3.0", "3.5", "1e3",        "9223372036854775807", "9223372036854775808",
      "abc", "",    "0x10", "x'00'", "-5",  "+6",  "caf\xc3\xa9"};
  static const char *const tables[][2] = {{"whole", "id"}, {"amount", "amount"}, {"code", "code"}};
  for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
      char sql[200];
      sqlite3_stmt *statement = NULL;
      snprintf(sql, sizeof sql, "DELETE FROM %s", tables[t][0]);
      assert_int_equal(sqlite3_exec(music->db, sql, NULL, NULL, NULL), SQLITE_OK);
      snprintf(sql, sizeof sql, "INSERT INTO %s VALUES (?)", tables[t][0]);
      assert_int_equal(sqlite3_prepare_v2(music->db, sql, -1, &statement, NULL), SQLITE_OK);
      sqlite3_bind_text(statement, 1, keys[i], -1, SQLITE_STATIC);
      assert_int_equal(sqlite3_step(statement), SQLITE_DONE);
      sqlite3_finalize(statement);
      cascade_selection *selection = parse(tables[t][0], &keys[i], 1);
      snprintf(sql, sizeof sql, "SELECT count(*) FROM %s WHERE %s = ?", tables[t][0], tables[t][1]);
      assert_int_equal(sqlite3_prepare_v2(music->db, sql, -1, &statement, NULL), SQLITE_OK);
      if (selection->keys.integers) sqlite3_bind_int64(statement, 1, selection->keys.integers[0]);
      else {
        assert_int_equal(selection->keys.cells[0].type, CASCADE_TEXT);
        sqlite3_bind_text(statement, 1, selection->keys.cells[0].data, (int)selection->keys.cells[0].length, SQLITE_STATIC);
      }
      assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
      if (sqlite3_column_int(statement, 0) != 1) fail_msg("%s: '%s' was not found", tables[t][0], keys[i]);
      sqlite3_finalize(statement);
      cascade_selection_free(selection);
    }
}

/* ---- tables ---- */

static void test_tables_that_cannot_be_selected(void **state) {
  (void)state;
  static const struct {
    const char *table;
    cascade_status by_key, by_condition;
    const char *words[2];
  } cases[] = {
      {"atrist", CASCADE_NOT_FOUND, CASCADE_NOT_FOUND, {"atrist"}},
      {"artists", CASCADE_INVALID, CASCADE_INVALID, {"artists", "view"}},
      {"gone", CASCADE_NOT_FOUND, CASCADE_NOT_FOUND, {"gone"}},
      {"bare", CASCADE_NO_KEY, CASCADE_OK, {"table bare has no primary key", "condition"}},
      {"hidden", CASCADE_NO_KEY, CASCADE_NO_KEY, {"table hidden", "primary key"}},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const char *const words[] = {cases[i].words[0], cases[i].words[1], NULL};
    parse_refused(cases[i].table, "7", cases[i].by_key, words);
    const int64_t number = 7;
    cascade_selection *selection = NULL;
    cascade_error *error = NULL;
    assert_int_equal(cascade_selection_integers(music->graph, cases[i].table, &number, 1, &selection, &error), cases[i].by_key);
    assert_failure(error, cases[i].by_key, words);
    error = NULL;
    assert_int_equal(cascade_selection_where(music->graph, cases[i].table, "1", NULL, 0, &selection, &error),
                     cases[i].by_condition);
    if (cases[i].by_condition < 0) assert_failure(error, cases[i].by_condition, words);
    else assert_null(error);
    cascade_selection_free(selection);
  }
}

static void test_wrong_arguments(void **state) {
  (void)state;
  cascade_selection *selection = NULL;
  cascade_error *error = NULL;
  const int64_t number = 7;
  assert_int_equal(cascade_selection_integers(NULL, "artist", &number, 1, &selection, NULL), CASCADE_INVALID);
  assert_int_equal(cascade_selection_integers(music->graph, NULL, &number, 1, &selection, &error), CASCADE_INVALID);
  assert_failure(error, CASCADE_INVALID, WORDS("selection", "table"));
  assert_int_equal(cascade_selection_integers(music->graph, "artist", &number, 1, NULL, NULL), CASCADE_INVALID);
  assert_int_equal(cascade_selection_integers(music->graph, "artist", NULL, 1, &selection, &error), CASCADE_INVALID);
  assert_failure(error, CASCADE_INVALID, WORDS("Artist", "NULL"));
  assert_int_equal(cascade_selection_keys(music->graph, "artist", NULL, 1, 1, &selection, NULL), CASCADE_INVALID);
  assert_int_equal(cascade_selection_parse(music->graph, "artist", NULL, 1, &selection, NULL), CASCADE_INVALID);
  cascade_selection_free(NULL);
}

/* ---- memory ---- */

static cascade_status by_cells(cascade_selection **selection, cascade_error **error) {
  const cascade_value cells[] = {text("b"), integer(2), integer(7), text("7"), text("b"), integer(2)};
  return cascade_selection_keys(music->graph, "track", cells, 3, 2, selection, error);
}

static cascade_status by_text(cascade_selection **selection, cascade_error **error) {
  return cascade_selection_parse(music->graph, "place", WORDS("[1, \"x'0f'\"]", "1,7"), 2, selection, error);
}

static cascade_status by_integers(cascade_selection **selection, cascade_error **error) {
  int64_t keys[1000];
  for (int i = 0; i < 1000; i++) keys[i] = 1000 - i;
  return cascade_selection_integers(music->graph, "artist", keys, 1000, selection, error);
}

static cascade_status by_condition(cascade_selection **selection, cascade_error **error) {
  const cascade_value parameter = text("north");
  return cascade_selection_where(music->graph, "artist", "name = ?", &parameter, 1, selection, error);
}

static cascade_status by_wrong_width(cascade_selection **selection, cascade_error **error) {
  return cascade_selection_parse(music->graph, "track", WORDS("a"), 1, selection, error);
}

static void test_memory_runs_out(void **state) {
  (void)state;
  static const struct {
    cascade_status (*make)(cascade_selection **selection, cascade_error **error);
    cascade_status at_last;
  } makers[] = {{by_cells, CASCADE_OK},
                {by_text, CASCADE_OK},
                {by_integers, CASCADE_OK},
                {by_condition, CASCADE_OK},
                {by_wrong_width, CASCADE_INVALID}};
  for (size_t i = 0; i < sizeof makers / sizeof *makers; i++) {
    long allocations = 0;
    for (;; allocations++) {
      cascade_selection *selection = NULL;
      cascade_error *error = NULL;
      long before = music->live;
      music->allowed = allocations;
      cascade_status status = makers[i].make(&selection, &error);
      music->allowed = -1;
      bool through = cascade_error_status(error) != CASCADE_NOMEM;
      assert_int_equal(status < 0 ? selection != NULL : selection == NULL, 0);
      cascade_error_free(error);
      cascade_selection_free(selection);
      assert_int_equal(music->live, before);
      if (through) {
        assert_int_equal(status, makers[i].at_last);
        break;
      }
    }
    assert_true(allocations >= 2);
  }
}

static void test_a_selection_keeps_its_graph(void **state) {
  (void)state;
  memory *f = memory_open(schema);
  cascade_selection *selection = NULL;
  const int64_t key = 7;
  assert_int_equal(cascade_selection_integers(f->graph, "artist", &key, 1, &selection, NULL), CASCADE_OK);
  cascade_graph_free(f->graph);
  f->graph = NULL;
  assert_ptr_equal(casc_selection_ref(selection), selection);
  cascade_selection_free(selection);
  assert_string_equal(selection->keys.columns[0], "ArtistId");
  cascade_selection_free(selection);
  memory_close(f);
}

/* What a server compares by the types of both sides must come in the type of the column: there 12 equals '012' and '12b'. */
static void test_keys_take_the_type_that_a_server_compares(void **state) {
  (void)state;
  static const char json[] =
      "{\"format\": \"cascade-graph\", \"version\": 1, \"engine\": \"mariadb\", \"tables\": ["
      "{\"name\": \"b\", \"kind\": \"table\", \"primary_key\": [\"k\"], \"columns\": "
      "[{\"name\": \"k\", \"type\": \"varbinary(16)\", \"value\": \"binary\", \"not_null\": true}], \"indexes\": []},"
      "{\"name\": \"p\", \"kind\": \"table\", \"primary_key\": [\"k\"], \"columns\": "
      "[{\"name\": \"k\", \"type\": \"varchar(20)\", \"value\": \"text\", \"not_null\": true}], \"indexes\": []},"
      "{\"name\": \"u\", \"kind\": \"table\", \"primary_key\": [\"k\"], \"columns\": "
      "[{\"name\": \"k\", \"type\": \"int(11)\", \"value\": \"integer\", \"not_null\": true}], \"indexes\": []}], "
      "\"relations\": []}";
  static const struct {
    const char *table, *key;
    int32_t type; /* CASCADE_NULL: refused */
  } cases[] = {{"p", "12", CASCADE_TEXT},
               {"b", "12", CASCADE_BLOB},
               {"b", "x'0c'", CASCADE_BLOB},
               {"u", "12", CASCADE_INT64},
               {"u", "12b", CASCADE_NULL}};
  cascade_graph *graph = NULL;
  cascade_error *error = NULL;
  done(cascade_graph_load(music->context, json, strlen(json), &graph, &error), error);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    cascade_selection *selection = NULL;
    cascade_status status = cascade_selection_parse(graph, cases[i].table, &cases[i].key, 1, &selection, NULL);
    assert_int_equal(status, cases[i].type == CASCADE_NULL ? CASCADE_INVALID : CASCADE_OK);
    if (cases[i].type == CASCADE_INT64) assert_true(selection->keys.integers && selection->keys.integers[0] == 12);
    else if (status >= 0) assert_true(selection->keys.cells && selection->keys.cells[0].type == cases[i].type);
    cascade_selection_free(selection);
  }
  int64_t twelve = 12;
  cascade_selection *selection = NULL;
  done(cascade_selection_integers(graph, "p", &twelve, 1, &selection, &error), error);
  is_text(&selection->keys.cells[0], "12");
  cascade_selection_free(selection);
  cascade_graph_free(graph);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_integers),
      cmocka_unit_test(test_no_keys),
      cmocka_unit_test(test_integers_of_a_text_key),
      cmocka_unit_test(test_cells),
      cmocka_unit_test(test_values_take_the_form_of_the_column),
      cmocka_unit_test(test_values_that_are_no_keys),
      cmocka_unit_test(test_keys_take_the_type_that_a_server_compares),
      cmocka_unit_test(test_widths_that_do_not_fit),
      cmocka_unit_test(test_written_keys),
      cmocka_unit_test(test_written_keys_that_are_none),
      cmocka_unit_test(test_long_keys_are_quoted_in_part),
      cmocka_unit_test(test_written_keys_find_their_rows),
      cmocka_unit_test(test_tables_that_cannot_be_selected),
      cmocka_unit_test(test_wrong_arguments),
      cmocka_unit_test(test_memory_runs_out),
      cmocka_unit_test(test_a_selection_keeps_its_graph),
  };
  return cmocka_run_group_tests(tests, open_music, close_music);
}

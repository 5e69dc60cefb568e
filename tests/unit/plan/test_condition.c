/* Conditions that the host writes: what passes stays one expression inside its brackets, as SQLite reads it. */
#include "memory.h"

#include "condition.h"
#include "selection_internal.h"

#include <stdio.h>
#include <string.h>

static bool sound(const char *condition) {
  uint32_t placeholders = 0;
  const char *what = NULL;
  bool result = casc_condition_sound("sqlite", condition, &placeholders, &what);
  assert_int_equal(result, what == NULL);
  return result;
}

static void test_conditions_that_are_sound(void **state) {
  (void)state;
  static const struct {
    const char *condition;
    uint32_t placeholders;
  } cases[] = {
      {"", 0},
      {"a = 1", 0},
      {"a = ? AND (b > ? OR c IN (?, ?))", 4},
      {"a = 'it''s; -- /* ? :x'", 0},
      {"\"odd\"\"name;\" = 1 AND `an``other--` = 2 AND [third(;] = 3", 0},
      {"a - -1 > 0 AND a / 2 > b * 3", 0},
      {"a$b = 1 AND caf\xc3\xa9 = ?", 1},
      {"x'00ff' = a", 0},
      {"a -> '$.b' = 1", 0},
      {"strftime('%H:%M', a) = ?", 1},
      {"a\n=\n1", 0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    uint32_t placeholders = 77;
    const char *what = NULL;
    if (!casc_condition_sound("sqlite", cases[i].condition, &placeholders, &what)) fail_msg("%s: %s", cases[i].condition, what);
    assert_int_equal(placeholders, cases[i].placeholders);
  }
}

static void test_conditions_that_are_not(void **state) {
  (void)state;
  static const struct {
    const char *condition, *what;
  } cases[] = {
      {"a = 'b", "a quote that is not closed"},
      {"a = 'b''", "a quote that is not closed"},
      {"\"a", "a quote that is not closed"},
      {"`a", "a quote that is not closed"},
      {"[a", "a quote that is not closed"},
      {"(a", "a bracket that is not closed"},
      {"a)", "a bracket that it has not opened"},
      {"1) OR (1", "a bracket that it has not opened"},
      {"(a))(", "a bracket that it has not opened"},
      {"1;", "a semicolon"},
      {"1 -- rest", "a comment"},
      {"1 /* rest", "a comment"},
      {"1 /* all */", "a comment"},
      {"a = ?1", "a numbered placeholder"},
      {"a = :name", "a named placeholder"},
      {"a = @name", "a named placeholder"},
      {"a = $name", "a named placeholder"},
      {"a = #1", "a named placeholder"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    uint32_t placeholders = 0;
    const char *what = NULL;
    assert_false(casc_condition_sound("sqlite", cases[i].condition, &placeholders, &what));
    if (!strstr(what, cases[i].what)) fail_msg("%s: %s", cases[i].condition, what);
  }
}

static void test_blank(void **state) {
  (void)state;
  assert_true(casc_condition_blank(""));
  assert_true(casc_condition_blank(" \t\r\n\f"));
  assert_false(casc_condition_blank(" 1"));
  assert_false(casc_condition_blank(" \v"));
}

static uint32_t next_random(uint32_t *seed) {
  *seed ^= *seed << 13;
  *seed ^= *seed >> 17;
  return *seed ^= *seed << 5;
}

/* Rows that come out of `... Where 0 And (condition)`: any of them has escaped. -1 when SQLite does not accept it. */
static int escaped(sqlite3 *db, const char *condition, uint32_t *placeholders) {
  char sql[400];
  const char *rest = NULL;
  sqlite3_stmt *statement = NULL;
  snprintf(sql, sizeof sql, "Select 1 From t Where 0 And (%s)", condition);
  int rows = 0;
  if (sqlite3_prepare_v2(db, sql, -1, &statement, &rest) != SQLITE_OK) rows = -1;
  else {
    *placeholders = (uint32_t)sqlite3_bind_parameter_count(statement);
    while (sqlite3_step(statement) == SQLITE_ROW) rows++;
    if (*rest) rows++;
  }
  sqlite3_finalize(statement);
  return rows;
}

static void test_nothing_sound_escapes(void **state) {
  (void)state;
  static const char *const parts[] = {
      "1", "a",  " Or 1", " Or (1", "(", ")",  ")", "'",   "'",    "\"", "`", "[",     "]",
      ";", "--", "/*",    "*/",     "?", "\n", " ", " = ", ")Or(", ":a", "$", "x'00'", " Union Select 1"};
  sqlite3 *db = NULL;
  uint32_t seed = 20101, accepted = 0, caught = 0;
  assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
  assert_int_equal(sqlite3_exec(db, "Create Table t (a, b); Insert Into t Values (1, 2), (3, 4)", NULL, NULL, NULL), SQLITE_OK);
  for (int round = 0; round < 60000; round++) {
    char condition[200] = "";
    for (uint32_t i = 1 + next_random(&seed) % 7; i; i--)
      strcat(condition, parts[next_random(&seed) % (sizeof parts / sizeof *parts)]);
    uint32_t theirs = 0, ours = 0;
    const char *what = NULL;
    int rows = escaped(db, condition, &theirs);
    if (!casc_condition_sound("sqlite", condition, &ours, &what)) {
      caught += rows > 0;
      continue;
    }
    if (rows > 0) fail_msg("escaped: %s", condition);
    if (rows < 0) continue;
    if (ours != theirs) fail_msg("%u placeholders, not %u: %s", theirs, ours, condition);
    accepted++;
  }
  sqlite3_close(db);
  assert_true(accepted > 500);
  assert_true(caught > 50); /* else the attack is too weak to show anything */
}

static void test_every_quote_ends_where_sqlite_ends_it(void **state) {
  (void)state;
  static const char quotes[] = "'\"`[";
  for (const char *quote = quotes; *quote; quote++) {
    char condition[40];
    char close = *quote == '[' ? ']' : *quote;
    snprintf(condition, sizeof condition, "%c;(%c", *quote, close);
    assert_true(sound(condition));
    snprintf(condition, sizeof condition, "%c;(%c;", *quote, close);
    assert_false(sound(condition));
    snprintf(condition, sizeof condition, "%cx%c%cy", *quote, close, close); /* a bracket is never doubled */
    assert_int_equal(sound(condition), *quote == '[');
  }
}

/* ---- selections by a condition ---- */

static const char schema[] = "CREATE TABLE Artist (\"ArtistId\" INTEGER PRIMARY KEY, name TEXT)";

static void test_a_selection_keeps_the_condition(void **state) {
  (void)state;
  memory *music = memory_open(schema);
  const cascade_value parameters[] = {
      {.type = CASCADE_TEXT, .data = "O'Hara; --", .length = 10}, {.type = CASCADE_INT64, .integer = 7}, {.type = CASCADE_NULL}};
  static const char condition[] = "name = ? AND \"ArtistId\" > ? OR name IS ?";
  cascade_selection *selection = NULL;
  assert_int_equal(cascade_selection_where(music->graph, "artist", condition, parameters, 3, &selection, NULL), CASCADE_OK);
  assert_false(selection->by_keys);
  assert_string_equal(selection->where, condition);
  assert_ptr_not_equal(selection->where, condition);
  assert_int_equal(selection->parameter_count, 3);
  const cascade_value *kept = selection->parameters;
  assert_int_equal(kept[0].type, CASCADE_TEXT);
  assert_int_equal(kept[0].length, 10);
  assert_memory_equal(kept[0].data, "O'Hara; --", 10);
  assert_ptr_not_equal(kept[0].data, parameters[0].data);
  assert_int_equal(kept[1].type, CASCADE_INT64);
  assert_int_equal(kept[1].integer, 7);
  assert_int_equal(kept[2].type, CASCADE_NULL);
  cascade_selection_free(selection);
  static const char *const blank[] = {NULL, "", " \t\n"};
  for (size_t i = 0; i < sizeof blank / sizeof *blank; i++) {
    assert_int_equal(cascade_selection_where(music->graph, "artist", blank[i], NULL, 0, &selection, NULL), CASCADE_OK);
    assert_null(selection->where);
    assert_false(selection->by_keys);
    cascade_selection_free(selection);
  }
  memory_close(music);
}

static void test_conditions_that_are_refused(void **state) {
  (void)state;
  memory *music = memory_open(schema);
  const cascade_value good = {.type = CASCADE_INT64, .integer = 1}, bad = {.type = CASCADE_ANY},
                      hollow = {.type = CASCADE_TEXT, .length = 3};
  const struct {
    const char *condition;
    const cascade_value *parameters;
    uint32_t count;
    const char *const *words;
  } cases[] = {{"1; DROP TABLE artist", NULL, 0, WORDS("Artist", "not one expression", "semicolon")},
               {"name = ?", NULL, 0, WORDS("Artist", "1 placeholder, but 0 parameters are given")},
               {"name = '?'", &good, 1, WORDS("Artist", "0 placeholders, but 1 parameter is given")},
               {"", &good, 1, WORDS("Artist", "0 placeholders")},
               {"name = ?", NULL, 1, WORDS("Artist", "parameters are NULL")},
               {"name = ?", &bad, 1, WORDS("parameter 1", "type")},
               {"name = ?", &hollow, 1, WORDS("parameter 1", "NULL")}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    cascade_selection *selection = NULL;
    cascade_error *error = NULL;
    assert_int_equal(cascade_selection_where(music->graph, "artist", cases[i].condition, cases[i].parameters, cases[i].count,
                                             &selection, &error),
                     CASCADE_INVALID);
    assert_null(selection);
    assert_failure(error, CASCADE_INVALID, cases[i].words);
  }
  memory_close(music);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_conditions_that_are_sound),
      cmocka_unit_test(test_conditions_that_are_not),
      cmocka_unit_test(test_blank),
      cmocka_unit_test(test_nothing_sound_escapes),
      cmocka_unit_test(test_every_quote_ends_where_sqlite_ends_it),
      cmocka_unit_test(test_a_selection_keeps_the_condition),
      cmocka_unit_test(test_conditions_that_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What goes in comes out, of the same type, to the last bit and byte. */
#include "suites.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>

/* Stores a value as row 1 and reads it back. */
static test_cell stored(test_rig *rig, const cascade_value *value, int32_t wanted) {
  if (rig_store(rig, 1, value) < 0) fail_msg("%s", cascade_error_message(rig->error));
  return rig_cell(rig, "x", wanted, "From v Where id = 1");
}

/* What can be wanted of a column that holds values of a type: its own, and where columns have none, any. */
static int wishes_for(const test_rig *rig, int32_t type, int32_t wishes[2]) {
  wishes[0] = type;
  wishes[1] = CASCADE_ANY;
  return rig->engine->any ? 2 : 1;
}

static void test_integers(void **state) {
  static const int64_t numbers[] = {0,
                                    1,
                                    -1,
                                    127,
                                    -128,
                                    255,
                                    65536,
                                    INT32_MAX,
                                    INT32_MIN,
                                    INT64_C(9007199254740991),
                                    INT64_C(9007199254740993),
                                    INT64_C(-9007199254740993),
                                    INT64_C(1099511627776),
                                    INT64_MAX - 1,
                                    INT64_MAX,
                                    INT64_MIN + 1,
                                    INT64_MIN};
  int32_t wishes[2];
  int count = wishes_for(*state, CASCADE_INT64, wishes);
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    cascade_value value = integer(numbers[i]);
    for (int wish = 0; wish < count; wish++) {
      test_cell cell = stored(*state, &value, wishes[wish]);
      assert_int_equal(cell.type, CASCADE_INT64);
      assert_true(cell.integer == numbers[i]);
    }
    test_cell cell;
    assert_int_equal(rig_try_cell(*state, "id", CASCADE_INT64, "From v Where x = ?", &value, 1, &cell), CASCADE_OK);
    assert_int_equal(cell.type, CASCADE_INT64);
  }
}

static void test_unsigned_integers(void **state) {
  test_rig *rig = *state;
  cascade_value value = {.type = CASCADE_UINT64, .integer = INT64_MAX};
  test_cell cell = stored(rig, &value, CASCADE_UINT64);
  assert_true(cell.type == CASCADE_UINT64 && cell.integer == INT64_MAX);
  rig_run(rig, "UPDATE v SET x = -1");
  assert_int_equal(rig_try_cell(rig, "x", CASCADE_UINT64, "From v", NULL, 0, &cell), CASCADE_DATABASE);
  value.integer = -1; /* 2^64 - 1, which SQLite cannot hold: refused, not rounded */
  rig_typed(rig, CASCADE_UINT64);
  if (rig->engine == &sqlite_engine) {
    assert_int_equal(rig_store(rig, 1, &value), CASCADE_UNSUPPORTED);
  } else {
    assert_int_equal(rig_store(rig, 1, &value), CASCADE_OK);
    rig_expect(rig, "x", "From v", "18446744073709551615");
  }
}

static void test_reals(void **state) {
  static const double numbers[] = {0.5,
                                   0.1,
                                   -0.1,
                                   1.0 / 3,
                                   1e22,
                                   1e23,
                                   123456789.123,
                                   5e-324,
                                   DBL_MIN,
                                   DBL_MAX,
                                   -DBL_MAX,
                                   3.0,
                                   9007199254740993.0,
                                   1e-300,
                                   4.35,
                                   2.675,
                                   1.7976931348623155e308,
                                   1e100};
  test_rig *rig = *state;
  rig_typed(rig, CASCADE_DOUBLE);
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    cascade_value value = real(numbers[i]);
    if (!rig->engine->any) {
      test_cell found = stored(rig, &value, CASCADE_TEXT);
      assert_true(strtod(found.data, NULL) == numbers[i]);
      rig_free_cell(&found);
      continue;
    }
    test_cell cell = stored(rig, &value, CASCADE_ANY);
    assert_int_equal(cell.type, CASCADE_DOUBLE);
    assert_true(cell.real == numbers[i]);
    sqlite3_stmt *check; /* and what is stored is the same, not only what comes back */
    assert_int_equal(sqlite3_prepare_v2(rig->other, "SELECT x FROM v WHERE id = 1", -1, &check, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(check), SQLITE_ROW);
    assert_true(sqlite3_column_double(check, 0) == numbers[i]);
    sqlite3_finalize(check);
  }
}

static void test_odd_reals(void **state) {
  test_rig *rig = *state;
  cascade_value odd[] = {real(INFINITY), real(-INFINITY), real(NAN)};
  rig_typed(rig, CASCADE_DOUBLE);
  if (!rig->engine->infinite) {
    for (int i = 0; i < 3; i++) assert_true(rig_store(rig, 1, &odd[i]) < 0);
    return;
  }
  if (!rig->engine->any) {
    static const char *const names[] = {"Infinity", "-Infinity", "NaN"};
    for (int i = 0; i < 3; i++) {
      assert_int_equal(rig_store(rig, 1, &odd[i]), CASCADE_OK);
      rig_expect(rig, "x", "From v", names[i]);
    }
    return;
  }
  test_cell cell = stored(*state, &odd[0], CASCADE_ANY);
  assert_true(cell.type == CASCADE_DOUBLE && cell.real == INFINITY);
  cell = stored(*state, &odd[1], CASCADE_ANY);
  assert_true(cell.type == CASCADE_DOUBLE && cell.real == -INFINITY);
  assert_int_equal(stored(*state, &odd[2], CASCADE_ANY).type, CASCADE_NULL);
}

static void expect_bytes(void **state, int32_t type, const void *data, size_t length) {
  cascade_value value = bytes(type, data, length);
  int32_t wishes[2];
  int count = wishes_for(*state, type, wishes);
  for (int wish = 0; wish < count; wish++) {
    test_cell cell = stored(*state, &value, wishes[wish]);
    assert_int_equal(cell.type, type);
    assert_int_equal(cell.length, length);
    assert_non_null(cell.data);
    assert_memory_equal(cell.data, data, length);
    rig_free_cell(&cell);
  }
  test_cell found;
  assert_int_equal(rig_try_cell(*state, "id", CASCADE_INT64, "From v Where x = ?", &value, 1, &found), CASCADE_OK);
  assert_int_equal(found.type, CASCADE_INT64);
}

static void test_texts(void **state) {
  static const char *const texts[] = {"a",
                                      "'",
                                      "''",
                                      "'; DROP TABLE v; --",
                                      "\"",
                                      "\\",
                                      "\\'",
                                      "\x1a",
                                      "%",
                                      "%s%n%d",
                                      "\n",
                                      "\r\n",
                                      "\t",
                                      "?",
                                      "??",
                                      ":a",
                                      "@a",
                                      "$a",
                                      "NULL",
                                      "null",
                                      "x'00'",
                                      "0",
                                      "12",
                                      "-5",
                                      "[1,2,3]",
                                      "[]",
                                      " ",
                                      "1e5",
                                      "0x10",
                                      "--",
                                      "/* */",
                                      "select ( from",
                                      "\xc3\xa4\xe2\x82\xac\xf0\x9f\xa6\x8b",
                                      "\xef\xbb\xbf",
                                      "\x7f\x01\x02",
                                      "a'b\"c`d[e]f"};
  rig_typed(*state, CASCADE_TEXT);
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) expect_bytes(state, CASCADE_TEXT, texts[i], strlen(texts[i]));
}

/* Text that holds a NUL, or is not UTF-8, is stored as it is, or refused as a whole. */
static void test_odd_texts(void **state) {
  test_rig *rig = *state;
  const cascade_value odd[] = {bytes(CASCADE_TEXT, "a\0b", 3), bytes(CASCADE_TEXT, "\0", 1),
                               bytes(CASCADE_TEXT, "\0'); DELETE FROM v; --", 22), bytes(CASCADE_TEXT, "\xff\xfe broken", 9)};
  for (size_t i = 0; i < 4; i++) {
    rig_typed(rig, CASCADE_TEXT);
    if (i < 3 ? rig->engine->nul_in_text : rig->engine->broken_text) {
      expect_bytes(state, CASCADE_TEXT, odd[i].data, odd[i].length);
      continue;
    }
    cascade_value row[] = {integer(1), odd[i]};
    cascade_status status = rig_execute(rig, "INSERT INTO v (id, x) VALUES (?, ?)", row, 2, NULL);
    assert_int_equal(status, i < 3 ? CASCADE_UNSUPPORTED : CASCADE_DATABASE);
    assert_int_equal(rig_integer(rig, "Count(*)", "From v"), 0);
  }
}

static void test_blobs(void **state) {
  rig_typed(*state, CASCADE_BLOB);
  unsigned char all[512];
  for (size_t i = 0; i < sizeof all; i++) all[i] = (unsigned char)i;
  expect_bytes(state, CASCADE_BLOB, all, sizeof all);
  expect_bytes(state, CASCADE_BLOB, "\0", 1);
  expect_bytes(state, CASCADE_BLOB, "text", 4);
  expect_bytes(state, CASCADE_BLOB, "\xc3\x28\xff", 3);
}

static void test_decimals(void **state) {
  test_rig *rig = *state;
  cascade_value value = bytes(CASCADE_DECIMAL, "12345678901234567890.5", 22);
  rig_typed(rig, CASCADE_DECIMAL);
  test_cell cell = stored(*state, &value, CASCADE_TEXT);
  assert_string_equal(cell.data, "12345678901234567890.5");
  rig_free_cell(&cell);
  if (!rig->engine->any) return;
  cell = stored(*state, &value, CASCADE_DECIMAL);
  assert_int_equal(cell.type, CASCADE_DECIMAL);
  assert_string_equal(cell.data, "12345678901234567890.5");
  rig_free_cell(&cell);
}

static void test_null_and_empty(void **state) {
  static const int32_t wishes[] = {CASCADE_INT64, CASCADE_TEXT, CASCADE_BLOB, CASCADE_DOUBLE, CASCADE_ANY};
  test_rig *rig = *state;
  cascade_value nothing = {.type = CASCADE_NULL};
  for (size_t i = 0; i < (rig->engine->any ? 5 : 3); i++) {
    if (!rig->engine->any) rig_typed(rig, wishes[i]);
    assert_int_equal(stored(rig, &nothing, wishes[i]).type, CASCADE_NULL);
  }
  for (int i = 1; i <= 2; i++) {
    rig_typed(rig, wishes[i]);
    expect_bytes(state, wishes[i], "", 0);
    cascade_value pointless = {.type = wishes[i]}; /* data is NULL: empty all the same */
    test_cell cell = stored(rig, &pointless, rig->engine->any ? CASCADE_ANY : wishes[i]);
    assert_int_equal(cell.type, wishes[i]);
    assert_int_equal(cell.length, 0);
    rig_free_cell(&cell);
  }
}

static void test_types_without_value(void **state) {
  cascade_value any = {.type = CASCADE_ANY};
  assert_true(rig_execute(*state, "INSERT INTO v (x) VALUES (?)", &any, 1, NULL) < 0);
  assert_int_equal(rig_integer(*state, "Count(*)", "From v"), 0);
}

/* A parameter brings no affinity: the text '1' is not the number 1, unless the column says so. */
static void test_no_affinity(void **state) {
  rig_prepare(*state, "CREATE TABLE n (free, whole INTEGER, words TEXT); INSERT INTO n VALUES (1, 1, '1')");
  static const struct {
    const char *tail;
    int text, integer, real, blob;
  } cases[] = {{"From n Where free = ?", 0, 1, 1, 0},
               {"From n Where whole = ?", 1, 1, 1, 0},
               {"From n Where words = ?", 1, 1, 0, 0},
               {"From n Where +whole = ?", 0, 1, 1, 0}};
  cascade_value values[] = {text("1"), integer(1), real(1.0), bytes(CASCADE_BLOB, "1", 1)};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const int counts[] = {cases[i].text, cases[i].integer, cases[i].real, cases[i].blob};
    for (int j = 0; j < 4; j++) {
      test_cell cell;
      assert_int_equal(rig_try_cell(*state, "Count(*)", CASCADE_INT64, cases[i].tail, &values[j], 1, &cell), CASCADE_OK);
      if (cell.integer != counts[j]) fail_msg("%s, value %d: %d rows", cases[i].tail, j, (int)cell.integer);
    }
  }
  cascade_value half = text("1.5"); /* which is not the number 1.5 either */
  rig_run(*state, "INSERT INTO n (free) VALUES (1.5)");
  test_cell cell;
  assert_int_equal(rig_try_cell(*state, "Count(*)", CASCADE_INT64, "From n Where abs(free) = ?", &half, 1, &cell), CASCADE_OK);
  assert_int_equal(cell.integer, 0);
}

static void test_blob_keys(void **state) {
  test_rig *rig = *state;
  rig_preparef(rig, "CREATE TABLE k (id %s PRIMARY KEY, n %s)", rig->engine->key_type, rig->engine->types[CASCADE_INT64]);
  static const char *const keys[] = {"\0\0\0\1", "\0\0\0\2", "\xff\xff\xff\xff", "ab'c", "\0'--"};
  for (int64_t i = 0; i < 5; i++) {
    cascade_value row[] = {bytes(CASCADE_BLOB, keys[i], 4), integer(i)};
    assert_int_equal(rig_execute(rig, "INSERT INTO k VALUES (?, ?)", row, 2, NULL), CASCADE_OK);
  }
  for (int64_t i = 0; i < 5; i++) {
    cascade_value row[] = {bytes(CASCADE_BLOB, keys[i], 4)};
    uint64_t affected;
    assert_int_equal(rig_execute(rig, "DELETE FROM k WHERE id = ?", row, 1, &affected), CASCADE_OK);
    assert_int_equal(affected, 1);
    assert_int_equal(rig_integer(rig, "Count(*)", "From k"), 4 - i);
  }
}

/* A value that does not fit the wish is an error, not a guess. */
static void test_text_that_is_no_number(void **state) {
  test_rig *rig = *state;
  static const char *const words[] = {"abc", "1.5", "99999999999999999999", "", "-", " 1", "1 ", "0x1", "1e3", "+"};
  rig_typed(rig, CASCADE_TEXT);
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    cascade_value value = text(words[i]);
    test_cell cell;
    assert_int_equal(rig_store(rig, 1, &value), CASCADE_OK);
    if (rig_try_cell(rig, "x", CASCADE_INT64, "From v", NULL, 0, &cell) != CASCADE_DATABASE) fail_msg("\"%s\"", words[i]);
  }
  cascade_value value = text("-42");
  assert_int_equal(rig_store(rig, 1, &value), CASCADE_OK);
  assert_int_equal(rig_integer(rig, "x", "From v"), -42);
}

static void test_misfits(void **state) {
  test_cell cell;
  rig_run(*state, "INSERT INTO v VALUES (1, 'abc'), (2, 1.5), (3, '99999999999999999999'), (4, x'31'), (5, ''), (6, '-')");
  for (int i = 1; i <= 6; i++) {
    char tail[64];
    snprintf(tail, sizeof tail, "From v Where id = %d", i);
    if (i == 4 && ((test_rig *)*state)->quirks->dbi) continue; /* its text is that of a number */
    assert_int_equal(rig_try_cell(*state, "x", CASCADE_INT64, tail, NULL, 0, &cell), CASCADE_DATABASE);
  }
  rig_run(*state, "INSERT INTO v VALUES (7, '-42')");
  assert_int_equal(rig_integer(*state, "x", "From v Where id = 7"), -42);
  assert_int_equal(rig_try_cell(*state, "x", CASCADE_DOUBLE, "From v Where id = 1", NULL, 0, &cell), CASCADE_DATABASE);
}

/* Text of a database in UTF-16 comes as UTF-8, or not at all. */
static void test_other_encodings(void **state) {
  test_rig *rig = *state;
  rig_disconnect(rig);
  sqlite3_close(rig->other);
  remove(rig->path);
  assert_int_equal(sqlite3_open(rig->path, &rig->other), SQLITE_OK);
  rig_prepare(rig, "PRAGMA encoding='UTF-16le'; CREATE TABLE v (id INTEGER PRIMARY KEY, x); INSERT INTO v VALUES (1, 'a€')");
  if (rig->quirks->dbi) {
    char uri[200];
    snprintf(uri, sizeof uri, "dbi:sqlite3?dbname=%s", rig->path);
    assert_null(rig_open(rig, uri));
    assert_int_equal(cascade_error_status(rig->error), CASCADE_UNSUPPORTED);
    return;
  }
  rig_connect(rig);
  test_cell cell = rig_cell(rig, "x", CASCADE_TEXT, "From v");
  assert_string_equal(cell.data, "a€");
  rig_free_cell(&cell);
  expect_bytes(state, CASCADE_TEXT, "ß", 2);
}

const test_entry values_tests[] = {
    LISTED(test_integers),
    LISTED(test_unsigned_integers),
    LISTED(test_reals),
    LISTED(test_odd_reals),
    LISTED(test_texts),
    LISTED(test_odd_texts),
    LISTED(test_blobs),
    LISTED(test_decimals),
    LISTED(test_null_and_empty),
    LISTED(test_types_without_value),
    LISTED(test_blob_keys),
    LISTED(test_text_that_is_no_number),
    LISTED_FOR("sqlite", test_no_affinity),
    LISTED_FOR("sqlite", test_misfits),
    LISTED_FOR("sqlite", test_other_encodings),
};
const size_t values_tests_count = sizeof values_tests / sizeof *values_tests;

/* Addresses, SQLite's codes, and statements with their values written into them. */
#include "unit.h"

#include "render.h"
#include "sqlite_common.h"
#include "uri.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <unistd.h>

static void test_decoding(void **state) {
  (void)state;
  static const struct {
    const char *text, *decoded; /* NULL: refused */
  } cases[] = {
      {"", ""},      {"plain", "plain"}, {"a%20b", "a b"}, {"%41%5a%5A", "AZZ"}, {"%25%3F%26%3d", "%?&="}, {"%c3%a4", "\xc3\xa4"},
      {"%", NULL},   {"%4", NULL},       {"%4g", NULL},    {"%g4", NULL},        {"x%00y", NULL},          {"%%41", NULL},
      {"a+b", "a+b"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char text[32];
    strcpy(text, cases[i].text);
    assert_int_equal(casc_uri_decode(text), cases[i].decoded != NULL);
    if (cases[i].decoded) assert_string_equal(text, cases[i].decoded);
  }
}

static void test_splitting(void **state) {
  (void)state;
  char address[] = "/a%3Fb?one=1&&two=%26%3D&three&four=a=b?&", *query, *key, *value;
  assert_true(casc_uri_split(address, &query));
  assert_string_equal(address, "/a?b");
  static const char *const pairs[][2] = {{"one", "1"}, {"two", "&="}, {"three", ""}, {"four", "a=b?"}};
  for (size_t i = 0; i < 4; i++) {
    assert_true(casc_uri_pair(&query, &key, &value));
    assert_string_equal(key, pairs[i][0]);
    assert_string_equal(value, pairs[i][1]);
  }
  for (int i = 0; i < 2; i++) {
    assert_true(casc_uri_pair(&query, &key, &value));
    assert_null(key);
  }
  static const char *const wrong[] = {"p?=x", "p?%zz=x", "p?x=%zz"};
  for (size_t i = 0; i < 3; i++) {
    strcpy(address, wrong[i]);
    assert_true(casc_uri_split(address, &query));
    assert_false(casc_uri_pair(&query, &key, &value));
  }
  strcpy(address, "%zz?a=b");
  assert_false(casc_uri_split(address, &query));
  strcpy(address, "path");
  assert_true(casc_uri_split(address, &query));
  assert_string_equal(query, "");
}

static void test_codes(void **state) {
  (void)state;
  static const struct {
    int code;
    const char *message;
    bool compiled;
    cascade_status status;
  } cases[] = {
      {1, "no such table: x", false, CASCADE_SCHEMA},
      {1, "malformed JSON", true, CASCADE_DATABASE},
      {3, "", true, CASCADE_PRIVILEGE},
      {4, "", true, CASCADE_DATABASE},
      {516, "", true, CASCADE_DATABASE},
      {5, "", true, CASCADE_BUSY},
      {261, "", true, CASCADE_BUSY},
      {517, "", true, CASCADE_SERIALIZATION},
      {6, "", true, CASCADE_BUSY},
      {262, "", true, CASCADE_BUSY},
      {7, "", true, CASCADE_NOMEM},
      {8, "", true, CASCADE_READONLY},
      {1032, "", true, CASCADE_READONLY},
      {9, "", true, CASCADE_CANCELLED},
      {10, "", true, CASCADE_DATABASE},
      {11, "", true, CASCADE_DATABASE},
      {13, "", true, CASCADE_DATABASE},
      {14, "", true, CASCADE_CONNECTION},
      {17, "", true, CASCADE_SCHEMA},
      {19, "", true, CASCADE_CONSTRAINT},
      {787, "FOREIGN KEY constraint failed", true, CASCADE_CONSTRAINT_FK},
      {1811, "FOREIGN KEY constraint failed", true, CASCADE_CONSTRAINT_FK},
      {1811, "a trigger's words", true, CASCADE_CONSTRAINT},
      {2067, "", true, CASCADE_CONSTRAINT},
      {23, "", true, CASCADE_PRIVILEGE},
      {26, "", true, CASCADE_CONNECTION},
      {99, "", true, CASCADE_DATABASE},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    if (casc_sqlite_status(cases[i].code, cases[i].message, cases[i].compiled) != cases[i].status)
      fail_msg("code %d", cases[i].code);
  assert_non_null(strstr(casc_sqlite_advice(CASCADE_BUSY), "try again"));
  assert_string_equal(casc_sqlite_advice(CASCADE_DATABASE), "");
}

static void test_patience(void **state) {
  (void)state;
  casc_sqlite_patience patience = {.lock_timeout_ms = 30};
  int calls = 0;
  while (casc_sqlite_wait(&patience, calls)) assert_true(++calls < 1000);
  assert_in_range(calls, 2, 20);
  assert_false(casc_sqlite_stopped(&patience));
  patience.lock_timeout_ms = 1000000;
  atomic_store(&patience.stop, true);
  assert_false(casc_sqlite_wait(&patience, 0));
  assert_true(casc_sqlite_stopped(&patience));
}

static void expect_literal(const cascade_value *value, const char *wanted) {
  casc_str sql;
  casc_str_init(&sql, &casc_system_alloc);
  assert_true(casc_dbi_literal_sqlite(&sql, value));
  assert_string_equal(sql.data, wanted);
  casc_str_free(&sql);
}

static void test_literals(void **state) {
  (void)state;
  expect_literal(&(cascade_value){.type = CASCADE_NULL}, " Null ");
  expect_literal(&(cascade_value){.type = CASCADE_INT64, .integer = -5}, " -5 ");
  expect_literal(&(cascade_value){.type = CASCADE_INT64, .integer = INT64_MIN}, " -9223372036854775808 ");
  expect_literal(&(cascade_value){.type = CASCADE_UINT64, .integer = 5}, " 5 ");
  expect_literal(&(cascade_value){.type = CASCADE_TEXT}, " '' ");
  expect_literal(&(cascade_value){.type = CASCADE_TEXT, .data = "[1, -2]", .length = 7}, " '[1, -2]' ");
  expect_literal(&(cascade_value){.type = CASCADE_TEXT, .data = "it's", .length = 4}, " (+Cast(x'69742773' As text)) ");
  expect_literal(&(cascade_value){.type = CASCADE_TEXT, .data = "1\0'", .length = 3}, " (+Cast(x'310027' As text)) ");
  expect_literal(&(cascade_value){.type = CASCADE_DECIMAL, .data = "1.5", .length = 3}, " (+Cast(x'312e35' As text)) ");
  expect_literal(&(cascade_value){.type = CASCADE_BLOB}, " x'' ");
  expect_literal(&(cascade_value){.type = CASCADE_BLOB, .data = "\0\xff", .length = 2}, " x'00ff' ");
  expect_literal(&(cascade_value){.type = CASCADE_DOUBLE, .real = 0.0}, " (0*1.0) ");
  expect_literal(&(cascade_value){.type = CASCADE_DOUBLE, .real = -3.0}, " (-3*1.0) ");
  expect_literal(&(cascade_value){.type = CASCADE_DOUBLE, .real = 0.75}, " (3*1.0/4) ");
  expect_literal(&(cascade_value){.type = CASCADE_DOUBLE, .real = NAN}, " Null ");
  expect_literal(&(cascade_value){.type = CASCADE_DOUBLE, .real = INFINITY}, " 9e999 ");
  expect_literal(&(cascade_value){.type = CASCADE_DOUBLE, .real = -INFINITY}, " -9e999 ");
  casc_str sql;
  casc_str_init(&sql, &casc_system_alloc);
  assert_false(casc_dbi_literal_sqlite(&sql, &(cascade_value){.type = CASCADE_UINT64, .integer = -1}));
  assert_false(casc_dbi_literal_sqlite(&sql, &(cascade_value){.type = CASCADE_ANY}));
  assert_false(casc_dbi_literal_sqlite(&sql, &(cascade_value){.type = -1}));
  casc_str_free(&sql);
}

static cascade_status render(const char *text, uint32_t columns, casc_str *sql, cascade_error **error) {
  static const cascade_value values[] = {{.type = CASCADE_INT64, .integer = 7}};
  cascade_statement statement = {.size = sizeof statement,
                                 .sql = text,
                                 .sql_length = strlen(text),
                                 .parameters = values,
                                 .parameter_count = strchr(text, '?') ? 1 : 0,
                                 .column_count = columns};
  return casc_dbi_render_sqlite(NULL, &statement, sql, error);
}

#define GUARD "/* from sqlite_master where */ "

static void test_rendering(void **state) {
  (void)state;
  static const struct {
    const char *text;
    uint32_t columns;
    const char *rendered;
  } cases[] = {
      {"Delete From t Where id = ?", 0, GUARD "Delete From t Where id =  7 "},
      {"delete from t where x in (select SELECT)", 0, GUARD "delete from t where x in (Select Select)"},
      {"Select a as \"sql\"", 1, GUARD "Select a as \"sql\""},
      {"Select a As\n\"sql\" /* b */, 'it''s' as \"sql\"", 2, GUARD "Select a As\n\"sql\"  , 'it''s' as \"sql\""},
      {"a -- b '\nc", 0, GUARD "a  \nc"},
      {"a /* b", 0, GUARD "a  "},
      {"a -- b", 0, GUARD "a  "},
      {"a /*/ b */ c", 0, GUARD "a   c"},
      {"a;", 0, GUARD "a"},
      {"a ; -- b\n ", 0, GUARD "a   \n "},
      {"'a select (b'", 0, NULL},
      {"a 'b select (c(' d", 0, GUARD "a 'b select (c(' d /* ))) */"},
      {"a \"b.select\" d", 0, GUARD "a \"b.select\" d"},
      {"a \"b.select c\" d", 0, GUARD "a \"b.select c\" d /* ) */"},
      {"a 'selected (' d", 0, GUARD "a 'selected (' d"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    casc_str sql;
    casc_str_init(&sql, &casc_system_alloc);
    cascade_status status = render(cases[i].text, cases[i].columns, &sql, NULL);
    if (!cases[i].rendered) { /* a statement that begins with no word */
      assert_int_equal(status, CASCADE_SCHEMA);
    } else {
      assert_int_equal(status, CASCADE_OK);
      assert_string_equal(sql.data, cases[i].rendered);
    }
    casc_str_free(&sql);
  }
}

static void test_refusals(void **state) {
  (void)state;
  static const struct {
    const char *text;
    uint32_t columns;
    cascade_status status;
    const char *words;
  } cases[] = {
      {"", 0, CASCADE_SCHEMA, "nothing"},
      {" -- only this", 0, CASCADE_SCHEMA, "nothing"},
      {"a; b", 0, CASCADE_SCHEMA, "after its end"},
      {"a 'open", 0, CASCADE_SCHEMA, "never closed"},
      {"a [open", 0, CASCADE_SCHEMA, "never closed"},
      {"a = ? and b = ?", 0, CASCADE_INVALID, "more placeholders"},
      {"a = '?'", 0, CASCADE_INVALID, "more parameters"},
      {"a = ?1", 0, CASCADE_INVALID, "numbered"},
      {"a = :b", 0, CASCADE_INVALID, "named"},
      {"a = @b", 0, CASCADE_INVALID, "named"},
      {"a = $b", 0, CASCADE_INVALID, "named"},
      {"a as \"b\"", 1, CASCADE_UNSUPPORTED, "\"sql\""},
      {"(a as \"sql\")", 1, CASCADE_UNSUPPORTED, "\"sql\""},
      {"a \"sql\"", 1, CASCADE_UNSUPPORTED, "\"sql\""},
      {"a 'b select c' as sql ,d", 0, CASCADE_UNSUPPORTED, "select and sql"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    casc_str sql;
    cascade_error *error = NULL;
    casc_str_init(&sql, &casc_system_alloc);
    cascade_status status = render(cases[i].text, cases[i].columns, &sql, &error);
    if (status != cases[i].status || !strstr(cascade_error_message(error), cases[i].words))
      fail_msg("%s: %d %s", cases[i].text, status, cascade_error_message(error));
    cascade_error_free(error);
    casc_str_free(&sql);
  }
}

static void test_rendering_without_memory(void **state) {
  (void)state;
  bool complete = false;
  for (long allowed = 0; !complete; allowed++) {
    failing_alloc memory = {.allowed = allowed};
    casc_alloc alloc = failing_hooks(&memory);
    casc_str sql;
    casc_str_init(&sql, &alloc);
    cascade_status status = render("a 'b select (c' = ? and some more words that make the text grow and grow", 0, &sql, NULL);
    complete = status == CASCADE_OK;
    assert_true(complete || (status == CASCADE_NOMEM && memory.failed));
    casc_str_free(&sql);
    assert_int_equal(memory.live, 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_decoding), cmocka_unit_test(test_splitting),
      cmocka_unit_test(test_codes),    cmocka_unit_test(test_patience),
      cmocka_unit_test(test_literals), cmocka_unit_test(test_rendering),
      cmocka_unit_test(test_refusals), cmocka_unit_test(test_rendering_without_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

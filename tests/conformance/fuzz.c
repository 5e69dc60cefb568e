#include "suites.h"

#include <inttypes.h>

/* The words and signs that libdbi's parser for SQLite takes for something. */
static const char *const pieces[] = {
    "select",   "SELECT",   "(select", "(SELECT", "from",     "FROM",  "as",    "AS", "sql",     "\"sql\"", "where",
    "union",    "join",     "(",       ")",       "(",        "((",    "))",    ",",  ";",       ".",       "t.",
    "x.select", "select.x", " ",       "  ",      "count(",   "max(",  "cast(", "a",  "--",      "/*",      "*/",
    "\n",       "\t",       "%",       "?",       "'",        "[",     "]",     "`",  "natural", "limit",   "sqlite_master",
    "as sql",   "as sql,",  "(from",   "\x1a",    "\xc3\xa9", "sum (",
};
enum { PIECES = sizeof pieces / sizeof *pieces, ROUNDS = 1500 };

static uint64_t seed = 20240229;

static uint32_t roll(uint32_t sides) {
  seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (uint32_t)(seed >> 33) % sides;
}

static void hostile(char *to, size_t size) {
  to[0] = '\0';
  for (uint32_t left = 1 + roll(7); left; left--) {
    const char *piece = pieces[roll(PIECES)];
    if (strlen(to) + strlen(piece) + 2 >= size) return;
    strcat(to, piece);
    if (roll(2)) strcat(to, " ");
  }
}

static void quote(casc_str *to, const char *words, char mark) {
  casc_str_putc(to, mark);
  for (; *words; words++) {
    if (*words == mark) casc_str_putc(to, mark);
    casc_str_putc(to, *words);
  }
  casc_str_putc(to, mark);
}

/* One of the forms in which a host's condition or expression may hold such words, about the column. */
static void condition(casc_str *to, const char *words, const char *column) {
  static const char *const forms[] = {" Where ", " where 1 and ", "\nwhere exists (select 1 from v) or ", " /* select ( */ Where ",
                                      " Where (select count(*) as n from v) >= 0 and "};
  casc_str_put(to, forms[roll(sizeof forms / sizeof *forms)]);
  casc_str_put(to, column);
  casc_str_put(to, roll(2) ? " <> " : " is not ");
  quote(to, words, '\'');
  if (!roll(3)) casc_str_put(to, " -- select (");
}

/* What SQLite gives for the expression. */
static void reference(test_rig *rig, const char *expression, const char *tail, casc_str *to) {
  sqlite3_stmt *statement = NULL;
  casc_str sql;
  casc_str_init(&sql, &casc_system_alloc);
  casc_str_printf(&sql, "SELECT hex(%s) %s", expression, tail);
  if (sqlite3_prepare_v2(rig->other, sql.data, -1, &statement, NULL) != SQLITE_OK)
    fail_msg("%s: %s", sql.data, sqlite3_errmsg(rig->other));
  if (sqlite3_step(statement) == SQLITE_ROW) casc_str_put(to, (const char *)sqlite3_column_text(statement, 0));
  else casc_str_put(to, "no row");
  sqlite3_finalize(statement);
  casc_str_free(&sql);
}

static void one_round(test_rig *rig, uint64_t *refused) {
  char words[100], name[100], table[100];
  casc_str sql, expression, tail, wanted, got;
  casc_str *const all[] = {&sql, &expression, &tail, &wanted, &got};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) casc_str_init(all[i], &casc_system_alloc);
  hostile(words, sizeof words);
  hostile(name, sizeof name);
  hostile(table, sizeof table);
  table[0] = 't'; /* some names are SQLite's own */
  casc_str_put(&sql, "DROP TABLE IF EXISTS ");
  quote(&tail, table, '"');
  casc_str_printf(&sql, "main.%s; CREATE TABLE main.%s (", tail.data, tail.data);
  quote(&expression, name, '"');
  casc_str_printf(&sql, "%s); INSERT INTO %s VALUES (", expression.data, tail.data);
  quote(&sql, words, '\'');
  casc_str_put(&sql, ")");
  rig_prepare(rig, sql.data);
  casc_str_clear(&sql);
  casc_str_printf(&sql, "From %s", tail.data);
  hostile(words, sizeof words);
  condition(&sql, words, expression.data);
  if (roll(2)) {
    casc_str_put(&expression, "||");
    quote(&expression, words, '\'');
  }
  reference(rig, expression.data, sql.data, &wanted);
  test_cell cell;
  cascade_status status = rig_try_cell(rig, expression.data, CASCADE_TEXT, sql.data, NULL, 0, &cell);
  if (status == CASCADE_UNSUPPORTED) {
    ++*refused;
  } else {
    if (status < 0) fail_msg("%s %s: %s", expression.data, sql.data, cascade_error_message(rig->error));
    for (size_t i = 0; i < cell.length; i++) casc_str_printf(&got, "%02X", (unsigned char)cell.data[i]);
    if (cell.type == -1) casc_str_put(&got, "no row");
    assert_string_equal(got.data ? got.data : "", wanted.data);
    rig_free_cell(&cell);
  }
  casc_str_clear(&sql);
  casc_str_printf(&sql, "DROP TABLE %s", tail.data);
  rig_prepare(rig, sql.data);
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) casc_str_free(all[i]);
}

void random_statements(test_rig *rig) {
  uint64_t refused = 0;
  rig_run(rig, "INSERT INTO v (x) VALUES ('kept')");
  for (int i = 0; i < ROUNDS; i++) one_round(rig, &refused);
  assert_true(refused < ROUNDS / 2);
  assert_int_equal(rig_integer(rig, "Count(*)", "From v Where x = 'kept'"), 1);
}

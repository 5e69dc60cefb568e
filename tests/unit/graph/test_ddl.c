/* What is read from CREATE statements, against what SQLite itself makes of them. */
#include "memory.h"

#include "names.h"
#include "sqlite_ddl.h"
#include "token.h"

#include <string.h>

static void test_tokens(void **state) {
  (void)state;
  static const char text[] = " a1$\xc3\xa4 /* \"x\" -- */ \"q\"\"r\" -- 'to the end\n[s\"t] `u``v` 'w''x' 1.5e3(;\f,/*open";
  static const struct {
    casc_token_kind kind;
    const char *name;
  } expected[] = {{CASC_TOKEN_WORD, "a1$\xc3\xa4"}, {CASC_TOKEN_NAME, "q\"r"},  {CASC_TOKEN_NAME, "s\"t"},
                  {CASC_TOKEN_NAME, "u`v"},         {CASC_TOKEN_STRING, "w'x"}, {CASC_TOKEN_NUMBER, NULL},
                  {CASC_TOKEN_SIGN, NULL},          {CASC_TOKEN_SIGN, NULL},    {CASC_TOKEN_SIGN, NULL}};
  casc_arena arena;
  casc_arena_init(&arena, &casc_system_alloc);
  casc_token token = casc_token_first(text);
  for (size_t i = 0; i < sizeof expected / sizeof *expected; i++, token = casc_token_after(&token)) {
    assert_int_equal(token.kind, expected[i].kind);
    assert_int_equal(casc_token_names(&token), expected[i].name != NULL);
    if (expected[i].name) assert_string_equal(casc_token_name(&arena, &token), expected[i].name);
  }
  assert_int_equal(token.kind, CASC_TOKEN_END);
  assert_int_equal(casc_token_after(&token).kind, CASC_TOKEN_END);
  token = casc_token_first("\"open");
  assert_int_equal(casc_token_after(&token).kind, CASC_TOKEN_END);
  token = casc_token_first("SeLeCt");
  assert_true(casc_token_is(&token, "select"));
  assert_false(casc_token_is(&token, "selec"));
  assert_false(casc_token_is(&token, "selects"));
  casc_arena_clear(&arena);
}

typedef struct clause {
  const char *label, *name;
  uint32_t deferral;
} clause;

enum { D = CASCADE_RELATION_DEFERRABLE, DI = CASCADE_RELATION_DEFERRABLE | CASCADE_RELATION_INITIALLY_DEFERRED };

/* The database must let a dangling reference in such columns wait for COMMIT exactly when the key is initially
 * deferred. */
static void assert_waits(const memory *m, const casc_relation *relation) {
  char *sql = sqlite3_mprintf("INSERT INTO c (\"%w\") VALUES (99)", relation->column_names[0]);
  if (relation->count == 2) {
    sqlite3_free(sql);
    sql = sqlite3_mprintf("INSERT INTO c (\"%w\", \"%w\") VALUES (98, 99)", relation->column_names[0], relation->column_names[1]);
  }
  assert_int_equal(sqlite3_exec(m->db, "BEGIN", NULL, NULL, NULL), SQLITE_OK);
  bool waits = sqlite3_exec(m->db, sql, NULL, NULL, NULL) == SQLITE_OK;
  if (waits && sqlite3_exec(m->db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK) fail_msg("%s: not enforced", sql);
  assert_int_equal(sqlite3_exec(m->db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
  if (waits != !!(relation->flags & CASCADE_RELATION_INITIALLY_DEFERRED))
    fail_msg("%s: SQLite %s", relation->label, waits ? "waits for COMMIT" : "does not wait");
  sqlite3_free(sql);
}

static void assert_clauses(const char *definition, const clause *clauses, uint32_t count) {
  char *script = sqlite3_mprintf("CREATE TABLE p (id INTEGER PRIMARY KEY, x, y, UNIQUE (x, y)); CREATE TABLE c (%s);"
                                 "PRAGMA foreign_keys = ON",
                                 definition);
  memory *m = memory_open(script);
  assert_int_equal(m->graph->relation_count, count);
  for (uint32_t i = 0; i < count; i++) {
    const casc_relation *relation = relation_of(m, clauses[i].label);
    assert_string_equal(relation->name, clauses[i].name);
    if ((relation->flags & DI) != clauses[i].deferral) fail_msg("%s: %s", definition, clauses[i].label);
    assert_waits(m, relation);
  }
  memory_close(m);
  sqlite3_free(script);
}

#define CLAUSES(...) ((const clause[]){__VA_ARGS__}), sizeof((const clause[]){__VA_ARGS__}) / sizeof(clause)

static void test_clauses(void **state) {
  (void)state;
  assert_clauses("a REFERENCES p, b REFERENCES p DEFERRABLE INITIALLY DEFERRED, d REFERENCES p DEFERRABLE",
                 CLAUSES({"c(a)", "", 0}, {"c(b)", "", DI}, {"c(d)", "", D}));
  assert_clauses("a REFERENCES p NOT DEFERRABLE INITIALLY DEFERRED, b REFERENCES p DEFERRABLE INITIALLY IMMEDIATE",
                 CLAUSES({"c(a)", "", 0}, {"c(b)", "", D}));
  assert_clauses("a INT CONSTRAINT nn NOT NULL DEFAULT 1 CONSTRAINT \"the key\" REFERENCES p (id) ON DELETE SET NULL"
                 " DEFERRABLE INITIALLY DEFERRED CHECK (a > 0)",
                 CLAUSES({"c(a)", "the key", DI}));
  assert_clauses("a, b, d, CONSTRAINT [k 1] FOREIGN KEY (a, b) REFERENCES p (x, y) MATCH FULL ON UPDATE CASCADE"
                 " DEFERRABLE INITIALLY DEFERRED, CONSTRAINT u UNIQUE (a) CONSTRAINT `k``2` FOREIGN KEY (d) REFERENCES p",
                 CLAUSES({"c(a, b)", "k 1", DI}, {"c(d)", "k`2", 0}));
  /* The clause belongs to the key declared last, wherever it stands. */
  assert_clauses("a REFERENCES p, b INT DEFERRABLE INITIALLY DEFERRED, d REFERENCES p", CLAUSES({"c(a)", "", DI}, {"c(d)", "", 0}));
  assert_clauses("a REFERENCES p DEFERRABLE INITIALLY DEFERRED NOT DEFERRABLE", CLAUSES({"c(a)", "", 0}));
  assert_clauses("a REFERENCES p NOT NULL DEFERRABLE INITIALLY DEFERRED, b INT NOT NULL DEFAULT 1", CLAUSES({"c(a)", "", DI}));
}

static void test_nasty_clauses(void **state) {
  (void)state;
  assert_clauses("z DEFAULT 'REFERENCES p DEFERRABLE', a /* REFERENCES q */ -- DEFERRABLE\n REFERENCES p --)\n ,"
                 " \"REFERENCES\" CHECK (\"REFERENCES\" <> ') REFERENCES x') DEFAULT ((NULL + (2))) REFERENCES p /*,*/ DEFERRABLE,"
                 " [foreign] , 'string' REFERENCES \"p\", `b``,(` REFERENCES [p] DEFERRABLE /* x */ INITIALLY -- y\n DEFERRED",
                 CLAUSES({"c(a)", "", 0}, {"c(REFERENCES)", "", D}, {"c(string)", "", 0}, {"c(b`,()", "", DI}));
  assert_clauses("a CONSTRAINT one CONSTRAINT two REFERENCES p, b CONSTRAINT 'str' REFERENCES p,"
                 " d CONSTRAINT lost CHECK (d) REFERENCES p, e CONSTRAINT lost DEFAULT 1, f REFERENCES p",
                 CLAUSES({"c(a)", "two", 0}, {"c(b)", "str", 0}, {"c(d)", "", 0}, {"c(f)", "", 0}));
  assert_clauses("initially, deferred DEFERRED REFERENCES p, immediate, action REFERENCES p ON DELETE NO ACTION,"
                 " match REFERENCES p MATCH initially DEFERRABLE, key, FOREIGN KEY (key) REFERENCES p",
                 CLAUSES({"c(deferred)", "", 0}, {"c(action)", "", 0}, {"c(match)", "", D}, {"c(key)", "", 0}));
  assert_clauses("a AS (b || 'REFERENCES') STORED, b COLLATE nocase REFERENCES p CONSTRAINT x COLLATE rtrim",
                 CLAUSES({"c(b)", "", 0}));
  memory *m = memory_open("CREATE TABLE p (id INTEGER PRIMARY KEY);"
                          "CREATE TABLE c (a CONSTRAINT x REFERENCES p CONSTRAINT y REFERENCES p (id) DEFERRABLE)");
  assert_string_equal(m->graph->relations[0].name, "x");
  assert_string_equal(m->graph->relations[1].name, "y");
  assert_int_equal(m->graph->relations[0].flags & DI, 0);
  assert_int_equal(m->graph->relations[1].flags & DI, D);
  memory_close(m);
}

static void test_added_columns(void **state) {
  (void)state;
  memory *m = memory_open("CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (a, b, FOREIGN KEY (a) REFERENCES p);"
                          "ALTER TABLE c ADD COLUMN d CONSTRAINT named REFERENCES p DEFERRABLE INITIALLY DEFERRED;"
                          "ALTER TABLE c RENAME COLUMN b TO \"b c\"; ALTER TABLE p RENAME TO \"p q\";"
                          "CREATE TABLE copy AS SELECT * FROM c");
  assert_string_equal(relation_of(m, "c(d) -> p q(id)")->name, "named");
  assert_true(relation_of(m, "c(d)")->flags & CASCADE_RELATION_INITIALLY_DEFERRED);
  assert_string_equal(relation_of(m, "c(a) -> p q(id)")->name, "");
  assert_false(relation_of(m, "c(a)")->flags & CASCADE_RELATION_DEFERRABLE);
  assert_int_equal(m->graph->relation_count, 2);
  memory_close(m);
}

/* A database that was written to by other means may keep anything: the relations stay, without what the text would
 * tell. */
static void test_statement_that_cannot_be_followed(void **state) {
  (void)state;
  casc_column columns[] = {{.name = "a"}};
  casc_table table = {.name = "t", .columns = columns, .column_count = 1};
  static const char *const texts[] = {"",
                                      "CREATE TABLE",
                                      "CREATE TABLE t (",
                                      "CREATE TABLE t (a CONSTRAINT",
                                      ")(",
                                      "CREATE TABLE t (a REFERENCES",
                                      "CREATE TABLE t (a COLLATE",
                                      "(a REFERENCES p DEFERRABLE",
                                      "CREATE TABLE t ((((",
                                      "CREATE INDEX",
                                      "CREATE INDEX i ON t",
                                      "CREATE INDEX i ON t (",
                                      "CREATE INDEX i ON t (a COLLATE",
                                      "CREATE INDEX i ON t (a,",
                                      "CREATE TRIGGER",
                                      "'",
                                      "[",
                                      "CREATE INDEX i ON t (,,,,,,,,)"};
  casc_arena arena;
  casc_arena_init(&arena, &casc_system_alloc);
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    casc_ddl_key *keys = NULL;
    uint32_t count = 0;
    casc_index index = {0};
    casc_trigger trigger = {0};
    assert_true(casc_ddl_table(&arena, texts[i], &table, &keys, &count));
    assert_in_range(count, 0, 1);
    assert_true(casc_ddl_index(&arena, texts[i], &table, &index));
    assert_in_range(index.count, 0, 9);
    casc_ddl_trigger(texts[i], &trigger);
    assert_false(trigger.on_delete || trigger.on_update);
  }
  casc_arena_clear(&arena);
}

/* One index against pragma_index_xinfo: columns, collations against the columns' own, uniqueness, partiality. */
static void assert_index_as_sqlite(const memory *m, const casc_index *index) {
  const casc_table *table = table_of(m, "t");
  sqlite3_stmt *statement = NULL;
  char *sql = sqlite3_mprintf("SELECT x.cid, x.coll, l.\"unique\", l.partial, d.coll FROM pragma_index_list('t') l,"
                              " pragma_index_xinfo(l.name) x LEFT JOIN pragma_index_xinfo('own') d ON d.cid = x.cid AND d.key = 1"
                              " WHERE l.name = %Q AND x.key = 1 ORDER BY x.seqno",
                              index->name);
  assert_int_equal(sqlite3_prepare_v2(m->db, sql, -1, &statement, NULL), SQLITE_OK);
  uint32_t count = 0;
  bool recollated = false;
  for (; sqlite3_step(statement) == SQLITE_ROW; count++) {
    int column = sqlite3_column_int(statement, 0);
    const char *collation = (const char *)sqlite3_column_text(statement, 1);
    const char *own = (const char *)sqlite3_column_text(statement, 4);
    assert_true(count < index->count);
    if (index->columns[count] != (column >= 0 ? (uint32_t)column : CASC_NONE))
      fail_msg("%s: column %u is %d", index->name, count, column);
    if (column >= 0 && !casc_same_name(collation, own)) recollated = true;
    assert_int_equal(index->unique, sqlite3_column_int(statement, 2));
    assert_int_equal(index->partial, sqlite3_column_int(statement, 3));
  }
  assert_true(count > 0);
  assert_int_equal(index->count, count);
  if (index->recollated != recollated) fail_msg("%s: %s", index->name, recollated ? "recollated" : "not recollated");
  assert_in_range(table->column_count, 1, 20);
  sqlite3_finalize(statement);
  sqlite3_free(sql);
}

static void test_indexes_as_sqlite(void **state) {
  (void)state;
  memory *m = memory_open("CREATE TABLE t (a, b TEXT COLLATE NOCASE, \"c d\" CHECK (1) COLLATE 'rtrim', \"collate\", e COLLATE "
                          "binary, desc UNIQUE,"
                          " f UNIQUE COLLATE nocase, CONSTRAINT x UNIQUE (a COLLATE nocase, b), UNIQUE (b COLLATE binary, e));"
                          "CREATE INDEX own ON t (a, b, \"c d\", \"collate\", e, desc, f);"
                          "CREATE INDEX i1 ON t (a);"
                          "CREATE UNIQUE INDEX i2 ON t (a DESC, b ASC, \"c d\" COLLATE \"RTRIM\" DESC);"
                          "CREATE INDEX i3 ON t ((a), (b) COLLATE nocase, (e COLLATE nocase));"
                          "CREATE INDEX i4 ON t (lower(a), a || 'x,)', b COLLATE binary);"
                          "CREATE INDEX i5 ON t (a /* , b */ -- where\n ) WHERE b = ') where' AND (a IN (1, 2));"
                          "CREATE INDEX i6 ON t ([c d], `collate`, \"DESC\", desc DESC, 'a');"
                          "CREATE INDEX \"i 7 ON t (b)\" ON t (e COLLATE BINARY);"
                          "CREATE UNIQUE INDEX IF NOT EXISTS main.'i8' ON \"t\" (F, f COLLATE binary) WHERE f IS NOT NULL;"
                          "CREATE INDEX i9 ON t (-a, a + 1, CASE WHEN a THEN b ELSE e END, json_array(a, b), 'f');"
                          "CREATE INDEX i10 ON t (a COLLATE binary COLLATE nocase);");
  const casc_table *t = table_of(m, "t");
  assert_int_equal(t->index_count, 15);
  for (uint32_t i = 0; i < t->index_count; i++) assert_index_as_sqlite(m, &t->indexes[i]);
  assert_string_equal(column_of(m, "t", "b")->collation, "NOCASE");
  assert_string_equal(column_of(m, "t", "c d")->collation, "rtrim");
  assert_null(column_of(m, "t", "e")->collation);
  assert_null(column_of(m, "t", "a")->collation);
  memory_close(m);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_tokens),
      cmocka_unit_test(test_clauses),
      cmocka_unit_test(test_nasty_clauses),
      cmocka_unit_test(test_added_columns),
      cmocka_unit_test(test_statement_that_cannot_be_followed),
      cmocka_unit_test(test_indexes_as_sqlite),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "memory.h"

#include <string.h>

enum {
  NOT_NULL = CASCADE_COLUMN_NOT_NULL,
  NULLABLE = CASCADE_RELATION_NULLABLE,
  INDEXED = CASCADE_RELATION_INDEXED,
  PRIMARY = CASCADE_RELATION_TO_PRIMARY,
  UNIQUE = CASCADE_RELATION_TO_UNIQUE,
  SELF = CASCADE_RELATION_SELF,
  CYCLE = CASCADE_RELATION_IN_CYCLE,
  UNRESOLVED = CASCADE_RELATION_UNRESOLVED
};

static void assert_identity(const memory *m, const char *table, int32_t type, const char *first, const char *second) {
  const casc_table *of = table_of(m, table);
  const char *const names[] = {first, second};
  assert_int_equal(of->identity_count, !!first + !!second);
  for (uint32_t i = 0; i < of->identity_count; i++) {
    assert_string_equal(of->identity[i], names[i]);
    assert_int_equal(of->identity_types[i], type);
  }
}

static void assert_relation(const memory *m, const char *label, uint32_t flags, const char *index, bool direct) {
  const casc_relation *relation = relation_of(m, label);
  assert_string_equal(relation->label, label);
  assert_int_equal(relation->flags, flags);
  assert_string_equal(relation->index, index);
  assert_int_equal(relation->direct, direct);
}

static void test_tables(void **state) {
  (void)state;
  memory *m = memory_open("CREATE TABLE plain (a, b TEXT NOT NULL DEFAULT 'x');"
                          "CREATE TABLE stored (k TEXT, l INT, PRIMARY KEY (l, k)) WITHOUT ROWID;"
                          "CREATE TABLE keyed (id INTEGER PRIMARY KEY AUTOINCREMENT, v);"
                          "CREATE VIEW seen AS SELECT a FROM plain;"
                          "CREATE VIEW broken AS SELECT gone FROM nowhere;"
                          "CREATE VIRTUAL TABLE words USING fts5(body);"
                          "CREATE TEMP TABLE passing (x);");
  const char *const names[] = {"broken", "keyed", "plain", "seen", "stored", "words"};
  assert_int_equal(cascade_graph_table_count(m->graph), 6);
  for (uint32_t i = 0; i < 6; i++) assert_string_equal(m->graph->tables[i].label, names[i]);
  assert_int_equal(table_of(m, "seen")->kind, CASCADE_TABLE_VIEW);
  assert_int_equal(table_of(m, "broken")->kind, CASCADE_TABLE_VIEW);
  assert_int_equal(table_of(m, "words")->kind, CASCADE_TABLE_VIRTUAL);
  assert_int_equal(table_of(m, "plain")->kind, CASCADE_TABLE_ORDINARY);
  assert_int_equal(table_of(m, "plain")->flags, 0);
  assert_int_equal(table_of(m, "stored")->flags, CASCADE_TABLE_WITHOUT_ROWID);
  assert_int_equal(column_of(m, "plain", "b")->flags, NOT_NULL);
  assert_string_equal(column_of(m, "plain", "b")->default_sql, "'x'");
  assert_null(column_of(m, "plain", "a")->default_sql);
  const casc_table *stored = table_of(m, "stored");
  assert_int_equal(stored->key_count, 2);
  assert_string_equal(stored->key_names[0], "l");
  assert_string_equal(stored->key_names[1], "k");
  memory_close(m);
}

static void test_identities(void **state) {
  (void)state;
  memory *m = memory_open("CREATE TABLE plain (a);"
                          "CREATE TABLE text_key (k TEXT PRIMARY KEY);"
                          "CREATE TABLE alias (\"my id\" integer PRIMARY KEY);"
                          "CREATE TABLE late_alias (x, id INTEGER, PRIMARY KEY (id DESC));"
                          "CREATE TABLE quirk (id INTEGER PRIMARY KEY DESC);"
                          "CREATE TABLE no_alias (id INT PRIMARY KEY);"
                          "CREATE TABLE alias_unique (id INTEGER PRIMARY KEY UNIQUE);"
                          "CREATE TABLE hides (RowID TEXT, a);"
                          "CREATE TABLE hides_two (rowid, _ROWID_, a);"
                          "CREATE TABLE hides_all (rowid, _rowid_, oid NOT NULL, k NOT NULL, PRIMARY KEY (k, oid));"
                          "CREATE TABLE hides_all_null (rowid, _rowid_, oid, PRIMARY KEY (rowid));"
                          "CREATE TABLE hidden_alias (rowid, _rowid_, oid INTEGER PRIMARY KEY);"
                          "CREATE TABLE stored (k TEXT, l INT, PRIMARY KEY (l, k)) WITHOUT ROWID;"
                          "CREATE VIEW seen AS SELECT a FROM plain;");
  assert_identity(m, "plain", CASCADE_INT64, "rowid", NULL);
  assert_identity(m, "text_key", CASCADE_INT64, "rowid", NULL);
  assert_identity(m, "alias", CASCADE_INT64, "my id", NULL);
  assert_identity(m, "late_alias", CASCADE_INT64, "id", NULL);
  assert_identity(m, "quirk", CASCADE_INT64, "rowid", NULL);
  assert_identity(m, "no_alias", CASCADE_INT64, "rowid", NULL);
  assert_identity(m, "alias_unique", CASCADE_INT64, "id", NULL);
  assert_identity(m, "hides", CASCADE_INT64, "_rowid_", NULL);
  assert_identity(m, "hides_two", CASCADE_INT64, "oid", NULL);
  assert_identity(m, "hides_all", CASCADE_ANY, "k", "oid");
  assert_identity(m, "hides_all_null", CASCADE_ANY, NULL, NULL);
  assert_identity(m, "hidden_alias", CASCADE_INT64, "oid", NULL);
  assert_identity(m, "stored", CASCADE_ANY, "l", "k");
  assert_identity(m, "seen", CASCADE_ANY, NULL, NULL);
  assert_true(table_of(m, "alias")->integer_key);
  assert_false(table_of(m, "quirk")->integer_key);
  assert_int_equal(table_of(m, "alias")->key_types[0], CASCADE_INT64);
  assert_int_equal(table_of(m, "no_alias")->key_types[0], CASCADE_ANY);
  /* The rowid's own column and stored keys take no NULL, other primary keys of SQLite do. */
  assert_int_equal(column_of(m, "alias", "my id")->flags, NOT_NULL);
  assert_int_equal(column_of(m, "stored", "k")->flags, NOT_NULL);
  assert_int_equal(column_of(m, "text_key", "k")->flags, 0);
  memory_close(m);
}

static void test_types(void **state) {
  (void)state;
  static const struct {
    const char *type;
    casc_affinity affinity;
    int32_t value_type;
  } cases[] = {
      {"INT", CASC_AFFINITY_INTEGER, CASCADE_INT64},     {"unsigned big int", CASC_AFFINITY_INTEGER, CASCADE_INT64},
      {"CHARINT", CASC_AFFINITY_INTEGER, CASCADE_INT64}, {"FLOATING POINT", CASC_AFFINITY_INTEGER, CASCADE_INT64},
      {"varchar(10)", CASC_AFFINITY_TEXT, CASCADE_TEXT}, {"CLOB", CASC_AFFINITY_TEXT, CASCADE_TEXT},
      {"BLOB", CASC_AFFINITY_NONE, CASCADE_BLOB},        {"", CASC_AFFINITY_NONE, CASCADE_ANY},
      {"DOUBLE", CASC_AFFINITY_NUMERIC, CASCADE_ANY},    {"DECIMAL(10,5)", CASC_AFFINITY_NUMERIC, CASCADE_ANY},
      {"ANY", CASC_AFFINITY_OTHER, CASCADE_ANY},         {"STRING", CASC_AFFINITY_NUMERIC, CASCADE_ANY},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    casc_column column = {0};
    casc_column_set_type(&column, cases[i].type);
    assert_int_equal(column.affinity, cases[i].affinity);
    assert_int_equal(column.value_type, cases[i].value_type);
  }
}

static void test_foreign_keys(void **state) {
  (void)state;
  memory *m = memory_open("CREATE TABLE Agent (Id INTEGER PRIMARY KEY, code TEXT, region TEXT, email TEXT UNIQUE, soft TEXT, "
                          "UNIQUE (code, region));"
                          "CREATE TABLE loan (id INTEGER PRIMARY KEY REFERENCES agent,"
                          " borrower INTEGER NOT NULL REFERENCES AGENT (ID) ON DELETE CASCADE ON UPDATE SET NULL,"
                          " r TEXT, c TEXT NOT NULL, mail TEXT REFERENCES agent (email) ON DELETE SET DEFAULT,"
                          " word TEXT REFERENCES agent, FOREIGN KEY (r, c) REFERENCES agent (region, code) ON DELETE SET NULL);"
                          "CREATE INDEX loan_mail ON loan (mail, r);"
                          "CREATE INDEX loan_c ON loan (c, r, mail);"
                          "CREATE INDEX loan_c_short ON loan (c, r);"
                          "CREATE TABLE node (id INTEGER PRIMARY KEY, up INTEGER REFERENCES node ON DELETE RESTRICT);");
  assert_relation(m, "loan(id) -> Agent(Id)", PRIMARY | INDEXED, "rowid", true);
  assert_relation(m, "loan(borrower) -> Agent(Id)", PRIMARY, "", true);
  assert_relation(m, "loan(mail) -> Agent(email)", UNIQUE | INDEXED | NULLABLE, "loan_mail", false);
  assert_relation(m, "loan(word) -> Agent(Id)", PRIMARY | NULLABLE, "", false);
  assert_relation(m, "loan(r, c) -> Agent(region, code)", UNIQUE | INDEXED, "loan_c_short", false);
  assert_relation(m, "node(up) -> node(id)", PRIMARY | NULLABLE | SELF | CYCLE, "", true);
  const casc_relation *borrower = relation_of(m, "loan(borrower)"), *mail = relation_of(m, "loan(mail)");
  assert_int_equal(borrower->on_delete, CASCADE_ACTION_CASCADE);
  assert_int_equal(borrower->on_update, CASCADE_ACTION_SET_NULL);
  assert_int_equal(borrower->rule, CASCADE_RULE_CASCADE);
  assert_int_equal(mail->on_delete, CASCADE_ACTION_SET_DEFAULT);
  assert_int_equal(mail->rule, CASCADE_RULE_SET_DEFAULT);
  assert_int_equal(relation_of(m, "loan(r, c)")->rule, CASCADE_RULE_SET_NULL);
  assert_int_equal(relation_of(m, "loan(word)")->on_delete, CASCADE_ACTION_NO_ACTION);
  assert_int_equal(relation_of(m, "loan(word)")->rule, CASCADE_RULE_RESTRICT);
  assert_int_equal(relation_of(m, "node(up)")->on_delete, CASCADE_ACTION_RESTRICT);
  assert_int_equal(relation_of(m, "node(up)")->rule, CASCADE_RULE_RESTRICT);
  /* By referencing table, then by columns. */
  const char *const order[] = {"loan(borrower)", "loan(id)", "loan(mail)", "loan(r, c)", "loan(word)", "node(up)"};
  for (uint32_t i = 0; i < 6; i++) assert_ptr_equal(relation_of(m, order[i]), &m->graph->relations[i]);
  memory_close(m);
}

static void test_unresolved(void **state) {
  (void)state;
  memory *m = memory_open("CREATE TABLE two (a, b, c, d, PRIMARY KEY (a, b));"
                          "CREATE UNIQUE INDEX two_part ON two (c) WHERE c > 0;"
                          "CREATE UNIQUE INDEX two_other ON two (d COLLATE NOCASE);"
                          "CREATE TABLE bare (x);"
                          "CREATE VIEW seen AS SELECT x FROM bare;"
                          "CREATE TABLE kid (p REFERENCES Gone, q REFERENCES gone (id), r REFERENCES two, s REFERENCES bare,"
                          " t REFERENCES bare (x), u REFERENCES two (c), v REFERENCES two (d), w REFERENCES seen,"
                          " x REFERENCES two (nil), y REFERENCES two (a));");
  const casc_table *gone = table_of(m, "Gone");
  assert_int_equal(gone->kind, CASCADE_TABLE_MISSING);
  assert_int_equal(gone->to_count, 2);
  assert_int_equal(gone->row_estimate, -1);
  assert_relation(m, "kid(p) -> Gone(primary key)", UNRESOLVED | NULLABLE, "", false);
  assert_relation(m, "kid(q) -> Gone(id)", UNRESOLVED | NULLABLE, "", false);
  assert_relation(m, "kid(r) -> two(primary key)", UNRESOLVED | NULLABLE, "", false);
  assert_relation(m, "kid(s) -> bare(primary key)", UNRESOLVED | NULLABLE, "", false);
  assert_relation(m, "kid(t) -> bare(x)", UNRESOLVED | NULLABLE, "", false);
  assert_relation(m, "kid(u) -> two(c)", UNRESOLVED | NULLABLE, "", false);
  assert_relation(m, "kid(v) -> two(d)", UNRESOLVED | NULLABLE, "", false);
  assert_relation(m, "kid(w) -> seen(primary key)", UNRESOLVED | NULLABLE, "", false);
  assert_relation(m, "kid(x) -> two(nil)", UNRESOLVED | NULLABLE, "", false);
  assert_relation(m, "kid(y) -> two(a)", UNRESOLVED | NULLABLE, "", false);
  for (uint32_t i = 0; i < m->graph->relation_count; i++) assert_null(m->graph->relations[i].ref_columns);
  memory_close(m);
}

/* Every relation that is called resolved must be usable for SQLite, and every other one must not. */
static void test_resolution_as_sqlite_does(void **state) {
  (void)state;
  static const char *const parents[] = {
      "(a PRIMARY KEY, b)",
      "(a, b, UNIQUE (a))",
      "(a, b, UNIQUE (b, a))",
      "(a, b, PRIMARY KEY (b, a))",
      "(a INTEGER PRIMARY KEY, b UNIQUE)",
      "(a COLLATE NOCASE UNIQUE, b)",
      "(a, b, UNIQUE (a COLLATE NOCASE))",
      "(a, b, PRIMARY KEY (b, a)) WITHOUT ROWID",
      "(a, b)",
  };
  static const char *const children[] = {
      "(x REFERENCES p)",
      "(x REFERENCES p (a))",
      "(x REFERENCES p (A))",
      "(x REFERENCES p (b))",
      "(x REFERENCES p (rowid))",
      "(x, y, FOREIGN KEY (x, y) REFERENCES p)",
      "(x, y, FOREIGN KEY (x, y) REFERENCES p (a, b))",
      "(x, y, FOREIGN KEY (x, y) REFERENCES p (b, a))",
      "(x, y, FOREIGN KEY (x, y) REFERENCES p (a, a))",
  };
  uint32_t resolved = 0;
  for (size_t i = 0; i < sizeof parents / sizeof *parents; i++)
    for (size_t j = 0; j < sizeof children / sizeof *children; j++) {
      char *script = sqlite3_mprintf("CREATE TABLE p %s; CREATE TABLE c %s; PRAGMA foreign_keys = ON", parents[i], children[j]);
      memory *m = memory_open(script);
      bool mismatch = sqlite3_exec(m->db, "DELETE FROM p", NULL, NULL, NULL) != SQLITE_OK;
      if (!!(m->graph->relations[0].flags & UNRESOLVED) != mismatch)
        fail_msg("%s: %s", script, mismatch ? "SQLite does not find the key" : "SQLite finds the key");
      resolved += !mismatch;
      sqlite3_free(script);
      memory_close(m);
    }
  assert_in_range(resolved, 15, 40);
}

static void test_names(void **state) {
  (void)state;
  memory *m = memory_open("CREATE TABLE \"group\" (\"order\" INTEGER PRIMARY KEY, \"with \"\"quote\" TEXT UNIQUE);"
                          "CREATE TABLE \"  two spaces \" (\"sp ace\" INT REFERENCES \"group\" (\"order\"), [bra\"ck],"
                          " 'stri''ng' REFERENCES \"group\" (\"with \"\"quote\"));"
                          "CREATE TABLE \"Größe\" (\"данные\" INTEGER REFERENCES \"GROUP\", \"%s%n\" REFERENCES \"größe\");"
                          "CREATE TABLE \"Öl\" (a REFERENCES \"öl\");"
                          "CREATE TABLE \"select \" (\"from\" REFERENCES \"  two spaces \" (\"sp ace\"));"
                          "CREATE INDEX \"on\" ON \"  two spaces \" (\"sp ace\");");
  relation_of(m, "  two spaces (sp ace) -> group(order)");
  assert_string_equal(relation_of(m, "  two spaces (sp ace)")->index, "on");
  relation_of(m, "  two spaces (stri'ng) -> group(with \"quote)");
  relation_of(m, "Größe(данные) -> group(order)");
  /* Only ASCII letters are folded. */
  relation_of(m, "Größe(%s%n) -> Größe(primary key)");
  relation_of(m, "Öl(a) -> öl(primary key)");
  assert_int_equal(table_of(m, "öl")->kind, CASCADE_TABLE_MISSING);
  relation_of(m, "select (from) ->   two spaces (sp ace)");
  uint32_t table = 0;
  assert_int_equal(cascade_graph_find_table(m->graph, "GROUP", &table, NULL), CASCADE_OK);
  assert_string_equal(m->graph->tables[table].name, "group");
  memory_close(m);
}

static void test_stored_by_key(void **state) {
  (void)state;
  memory *m =
      memory_open("CREATE TABLE p (a TEXT, b INTEGER, PRIMARY KEY (a, b)) WITHOUT ROWID;"
                  "CREATE TABLE folded (a TEXT COLLATE NOCASE PRIMARY KEY) WITHOUT ROWID;"
                  "CREATE TABLE number (a REAL PRIMARY KEY) WITHOUT ROWID;"
                  "CREATE TABLE exact (x TEXT, y INT, z VARCHAR(3) COLLATE BINARY, FOREIGN KEY (x, y) REFERENCES p,"
                  " FOREIGN KEY (y, x) REFERENCES p (b, a), FOREIGN KEY (z, y) REFERENCES p (a, b));"
                  "CREATE TABLE not_exact (x INT, y INT, z TEXT COLLATE NOCASE, f TEXT REFERENCES folded, n REAL REFERENCES number,"
                  " FOREIGN KEY (x, y) REFERENCES p, FOREIGN KEY (z, y) REFERENCES p);"
                  "CREATE TABLE part (b INT, a TEXT COLLATE NOCASE REFERENCES folded, PRIMARY KEY (a, b)) WITHOUT ROWID;");
  assert_relation(m, "exact(x, y) -> p(a, b)", PRIMARY | NULLABLE, "", true);
  assert_relation(m, "exact(y, x) -> p(b, a)", PRIMARY | NULLABLE, "", false); /* not in the key's order */
  assert_relation(m, "exact(z, y) -> p(a, b)", PRIMARY | NULLABLE, "", true);
  assert_relation(m, "not_exact(x, y) -> p(a, b)", PRIMARY | NULLABLE, "", false);
  assert_relation(m, "not_exact(z, y) -> p(a, b)", PRIMARY | NULLABLE, "", false);
  assert_relation(m, "not_exact(f) -> folded(a)", PRIMARY | NULLABLE, "", false);
  assert_relation(m, "not_exact(n) -> number(a)", PRIMARY | NULLABLE, "", false);
  assert_relation(m, "part(a) -> folded(a)", PRIMARY | INDEXED, "primary key", false);
  memory_close(m);
}

static void test_direct(void **state) {
  (void)state;
  memory *m = memory_open("CREATE TABLE p (id INTEGER PRIMARY KEY, u UNIQUE);"
                          "CREATE TABLE t (k INT PRIMARY KEY);"
                          "CREATE TABLE c (i INT REFERENCES p, d DECIMAL REFERENCES p, r REAL REFERENCES p, s TEXT REFERENCES p,"
                          " n REFERENCES p, b BLOB REFERENCES p, a ANY REFERENCES p, u INT REFERENCES p (u), k INT REFERENCES t);");
  static const char *const exact[] = {"c(i)", "c(d)", "c(r)"};
  static const char *const other[] = {"c(s)", "c(n)", "c(b)", "c(a)", "c(u)", "c(k)"};
  for (size_t i = 0; i < 3; i++) assert_true(relation_of(m, exact[i])->direct);
  for (size_t i = 0; i < 6; i++) assert_false(relation_of(m, other[i])->direct);
  memory_close(m);
}

/* Whether the one row of c has a column that is in the list of the one key of p. */
static bool key_finds_child(const memory *m) {
  sqlite3_stmt *key = NULL, *child = NULL;
  assert_int_equal(sqlite3_prepare_v2(m->db, "SELECT k FROM p", -1, &key, NULL), SQLITE_OK);
  assert_int_equal(sqlite3_prepare_v2(m->db, "SELECT count(*) FROM c WHERE x IN (?)", -1, &child, NULL), SQLITE_OK);
  assert_int_equal(sqlite3_step(key), SQLITE_ROW);
  sqlite3_bind_value(child, 1, sqlite3_column_value(key, 0));
  assert_int_equal(sqlite3_step(child), SQLITE_ROW);
  bool found = sqlite3_column_int(child, 0) == 1;
  sqlite3_finalize(key);
  sqlite3_finalize(child);
  return found;
}

/* A relation is direct only when comparing keys with the column finds the very rows that SQLite's own check finds. */
/* Whether SQLite's check of a deleted row opens the index of the referencing column. */
static bool check_uses_index(const memory *m) {
  sqlite3_stmt *root, *program;
  bool used = false;
  assert_int_equal(sqlite3_prepare_v2(m->db, "SELECT rootpage FROM sqlite_master WHERE name = 'i'", -1, &root, NULL), SQLITE_OK);
  assert_int_equal(sqlite3_step(root), SQLITE_ROW);
  assert_int_equal(sqlite3_prepare_v2(m->db, "EXPLAIN DELETE FROM p", -1, &program, NULL), SQLITE_OK);
  while (sqlite3_step(program) == SQLITE_ROW)
    used = used || (!strcmp((const char *)sqlite3_column_text(program, 1), "OpenRead") &&
                    sqlite3_column_int(program, 3) == sqlite3_column_int(root, 0));
  sqlite3_finalize(program);
  sqlite3_finalize(root);
  return used;
}

static void test_index_that_serves(void **state) {
  (void)state;
  static const char *const parents[] = {"INTEGER PRIMARY KEY",        "INT UNIQUE",  "REAL UNIQUE", "NUMERIC UNIQUE", "TEXT UNIQUE",
                                        "TEXT COLLATE NOCASE UNIQUE", "BLOB UNIQUE", "UNIQUE"};
  static const char *const children[] = {"INT", "REAL", "NUMERIC", "TEXT", "BLOB", "", "TEXT COLLATE NOCASE", "INT COLLATE NOCASE"};
  uint32_t served = 0;
  for (size_t p = 0; p < sizeof parents / sizeof *parents; p++)
    for (size_t c = 0; c < sizeof children / sizeof *children; c++) {
      char *script = sqlite3_mprintf("CREATE TABLE p (k %s); CREATE TABLE c (x %s REFERENCES p (k)); CREATE INDEX i ON c (x)",
                                     parents[p], children[c]);
      memory *m = memory_open(script);
      memory_run(m, "PRAGMA foreign_keys = ON");
      bool told = m->graph->relations[0].flags & CASCADE_RELATION_INDEXED;
      if (told != check_uses_index(m)) fail_msg("%s: SQLite %s the index", script, told ? "does not use" : "uses");
      served += told;
      sqlite3_free(script);
      memory_close(m);
    }
  assert_in_range(served, 20, 44);
}

static void test_direct_is_exact(void **state) {
  (void)state;
  static const char *const parents[] = {"INTEGER PRIMARY KEY)",
                                        "TEXT PRIMARY KEY) WITHOUT ROWID",
                                        "INT PRIMARY KEY) WITHOUT ROWID",
                                        "PRIMARY KEY) WITHOUT ROWID",
                                        "REAL PRIMARY KEY) WITHOUT ROWID",
                                        "NUMERIC PRIMARY KEY) WITHOUT ROWID",
                                        "TEXT COLLATE NOCASE PRIMARY KEY) WITHOUT ROWID",
                                        "TEXT COLLATE RTRIM PRIMARY KEY) WITHOUT ROWID"};
  static const char *const children[] = {"INT", "REAL", "NUMERIC", "TEXT", "BLOB", "", "TEXT COLLATE NOCASE", "ANY"};
  static const char *const values[] = {"1",
                                       "'1'",
                                       "' 1'",
                                       "1.0",
                                       "'1.0'",
                                       "1.5",
                                       "x'31'",
                                       "'a'",
                                       "'A'",
                                       "'a '",
                                       "'1e0'",
                                       "9007199254740993",
                                       "9007199254740992.0",
                                       "'9007199254740993'",
                                       "-1"};
  enum { VALUES = sizeof values / sizeof *values };
  uint32_t direct = 0, found = 0;
  for (size_t p = 0; p < sizeof parents / sizeof *parents; p++)
    for (size_t c = 0; c < sizeof children / sizeof *children; c++) {
      char *script = sqlite3_mprintf("CREATE TABLE p (k %s; CREATE TABLE c (x %s REFERENCES p)", parents[p], children[c]);
      memory *m = memory_open(script);
      bool exact = m->graph->relations[0].direct;
      direct += exact;
      for (size_t i = 0; exact && i < VALUES * VALUES; i++) {
        char *key = sqlite3_mprintf("DELETE FROM c; DELETE FROM p; INSERT INTO p VALUES (%s)", values[i / VALUES]);
        char *row = sqlite3_mprintf("INSERT INTO c VALUES (%s)", values[i % VALUES]);
        memory_run(m, "PRAGMA foreign_keys = OFF");
        if (sqlite3_exec(m->db, key, NULL, NULL, NULL) == SQLITE_OK) {
          memory_run(m, row);
          memory_run(m, "PRAGMA foreign_keys = ON");
          bool expected = key_finds_child(m);
          bool refers = sqlite3_exec(m->db, "DELETE FROM p", NULL, NULL, NULL) != SQLITE_OK;
          if (expected != refers) fail_msg("%s; %s; %s: SQLite %s", script, key, row, refers ? "finds it" : "does not");
          found += refers;
        }
        sqlite3_free(key);
        sqlite3_free(row);
      }
      sqlite3_free(script);
      memory_close(m);
    }
  assert_int_equal(direct, 7); /* INTEGER with three numeric types, TEXT, INT, BLOB and none with their own */
  assert_in_range(found, 40, 400);
}

static void test_indexes(void **state) {
  (void)state;
  memory *m = memory_open("CREATE TABLE p (id INTEGER PRIMARY KEY);"
                          "CREATE TABLE c (a INT REFERENCES p, b INT REFERENCES p, c INT REFERENCES p, d INT "
                          "REFERENCES p, e TEXT, f INT UNIQUE"
                          " REFERENCES p, g INT REFERENCES p, UNIQUE (g, e));"
                          "CREATE INDEX part ON c (a) WHERE b > 0;"
                          "CREATE INDEX expr ON c (b + 1, b);"
                          "CREATE INDEX second ON c (e, c);"
                          "CREATE INDEX other ON c (d COLLATE NOCASE);"
                          "CREATE UNIQUE INDEX mixed ON c (e COLLATE NOCASE DESC, lower(e), (a));");
  assert_true(index_of(m, "c", "part")->partial);
  assert_false(index_of(m, "c", "part")->unique);
  assert_int_equal(index_of(m, "c", "expr")->columns[0], CASC_NONE);
  assert_int_equal(index_of(m, "c", "expr")->columns[1], 1);
  const casc_index *mixed = index_of(m, "c", "mixed");
  assert_true(mixed->unique && mixed->recollated && !mixed->partial);
  assert_int_equal(mixed->count, 3);
  assert_int_equal(mixed->columns[0], 4);
  assert_int_equal(mixed->columns[1], CASC_NONE);
  assert_int_equal(mixed->columns[2], 0);
  static const char *const without[] = {"c(a)", "c(b)", "c(c)", "c(d)"};
  for (size_t i = 0; i < 4; i++) assert_string_equal(relation_of(m, without[i])->index, "");
  assert_string_equal(relation_of(m, "c(f)")->index, "sqlite_autoindex_c_1");
  assert_string_equal(relation_of(m, "c(g)")->index, "sqlite_autoindex_c_2");
  memory_close(m);
}

static void test_generated(void **state) {
  (void)state;
  memory *m = memory_open("CREATE TABLE p (id INTEGER PRIMARY KEY);"
                          "CREATE TABLE c (a INT, v INT GENERATED ALWAYS AS (a + 1) VIRTUAL, s INT AS (a * 2) STORED REFERENCES p,"
                          " z INT REFERENCES p);"
                          "CREATE INDEX c_z ON c (z);");
  assert_int_equal(table_of(m, "c")->column_count, 4);
  assert_int_equal(column_of(m, "c", "v")->flags, CASCADE_COLUMN_GENERATED);
  assert_int_equal(column_of(m, "c", "s")->flags, CASCADE_COLUMN_GENERATED);
  assert_int_equal(column_of(m, "c", "z")->flags, 0);
  assert_string_equal(relation_of(m, "c(z)")->index, "c_z");
  assert_int_equal(relation_of(m, "c(s)")->columns[0], 2);
  memory_close(m);
}

static void test_triggers(void **state) {
  (void)state;
  memory *m =
      memory_open("CREATE TABLE t (a, b); CREATE TABLE u (a); CREATE TABLE v (a); CREATE TABLE w (a); CREATE VIEW s AS SELECT a "
                  "FROM t;"
                  "CREATE TRIGGER \"before update\" AFTER DELETE ON t BEGIN UPDATE u SET a = 1; END;"
                  "CREATE TRIGGER delete_ BEFORE INSERT ON t BEGIN DELETE FROM u; END;"
                  "CREATE TRIGGER IF NOT EXISTS after /* delete */ -- delete\n UPDATE OF a, b ON u BEGIN DELETE FROM t; END;"
                  "CREATE TRIGGER instead INSTEAD OF DELETE ON s BEGIN SELECT 1; END;"
                  "CREATE TRIGGER plain delete ON v BEGIN SELECT 1; END;"
                  "CREATE TEMP TRIGGER passing AFTER DELETE ON main.w BEGIN SELECT 1; END;");
  assert_int_equal(table_of(m, "t")->trigger_count, 2);
  assert_int_equal(table_of(m, "t")->flags, CASCADE_TABLE_DELETE_TRIGGER);
  assert_int_equal(table_of(m, "u")->flags, CASCADE_TABLE_UPDATE_TRIGGER);
  assert_int_equal(table_of(m, "v")->flags, CASCADE_TABLE_DELETE_TRIGGER);
  assert_int_equal(table_of(m, "w")->flags, CASCADE_TABLE_DELETE_TRIGGER);
  assert_int_equal(table_of(m, "s")->flags, CASCADE_TABLE_DELETE_TRIGGER);
  memory_close(m);
}

static void test_estimates(void **state) {
  (void)state;
  memory *m = memory_open("CREATE TABLE empty (a); CREATE TABLE few (a); CREATE TABLE hides (_rowid_);"
                          "CREATE TABLE stored (k PRIMARY KEY) WITHOUT ROWID; CREATE VIEW v AS SELECT a FROM few;"
                          "INSERT INTO few (rowid, a) VALUES (1, 1), (70, 2), (7, 3); INSERT INTO stored VALUES (1), (2);"
                          "CREATE INDEX few_a ON few (a) WHERE a > 2; INSERT INTO hides VALUES (1);");
  assert_int_equal(table_of(m, "empty")->row_estimate, 0);
  assert_int_equal(table_of(m, "few")->row_estimate, 70);
  assert_int_equal(table_of(m, "stored")->row_estimate, -1);
  assert_int_equal(table_of(m, "hides")->row_estimate, -1);
  assert_int_equal(table_of(m, "v")->row_estimate, -1);
  memory_run(m, "CREATE INDEX few_all ON few (a); ANALYZE");
  memory_read(m);
  assert_int_equal(table_of(m, "few")->row_estimate, 3);
  assert_int_equal(table_of(m, "stored")->row_estimate, 2);
  memory_close(m);
}

static void test_session_is_left_alone(void **state) {
  (void)state;
  memory *m = memory_open("CREATE TABLE t (a)");
  assert_true(sqlite3_get_autocommit(m->db));
  uint64_t before = cascade_connection_statements(m->connection);
  memory_read(m);
  assert_true(cascade_connection_statements(m->connection) - before <= 10);
  /* In the host's transaction, and with names of the same kind in it. */
  memory_run(m, "BEGIN; SAVEPOINT casc_catalog; CREATE TABLE fresh (a)");
  memory_read(m);
  table_of(m, "fresh");
  assert_false(sqlite3_get_autocommit(m->db));
  memory_run(m, "ROLLBACK TO casc_catalog; COMMIT; PRAGMA case_sensitive_like = ON");
  memory_read(m);
  assert_int_equal(cascade_graph_table_count(m->graph), 1);
  cascade_graph *graph = NULL;
  cascade_error *error = NULL;
  cascade_connection_cancel(m->connection);
  assert_int_equal(cascade_graph_read(m->connection, NULL, &graph, &error), CASCADE_CANCELLED);
  assert_failure(error, CASCADE_CANCELLED, WORDS("reading the graph"));
  assert_null(graph);
  assert_true(sqlite3_get_autocommit(m->db));
  memory_close(m);
}

static void test_many_tables(void **state) {
  (void)state;
  memory *m = memory_open("PRAGMA user_version = 1");
  assert_int_equal(cascade_graph_table_count(m->graph), 0);
  assert_int_equal(cascade_graph_relation_count(m->graph), 0);
  memory_run(m, "BEGIN");
  for (int i = 0; i < 1001; i++) {
    char *sql =
        sqlite3_mprintf("CREATE TABLE t%04d (id INTEGER PRIMARY KEY, up REFERENCES t%04d); INSERT INTO t%04d VALUES (%d, NULL)", i,
                        (i + 1) % 1001, i, i + 1);
    memory_run(m, sql);
    sqlite3_free(sql);
  }
  memory_run(m, "COMMIT");
  memory_read(m);
  assert_int_equal(cascade_graph_table_count(m->graph), 1001);
  for (uint32_t i = 0; i < 1001; i++) {
    assert_int_equal(m->graph->tables[i].row_estimate, i + 1);
    assert_int_equal(m->graph->tables[i].component_size, 1001);
  }
  memory_close(m);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_tables),          cmocka_unit_test(test_identities),
      cmocka_unit_test(test_types),           cmocka_unit_test(test_foreign_keys),
      cmocka_unit_test(test_unresolved),      cmocka_unit_test(test_resolution_as_sqlite_does),
      cmocka_unit_test(test_names),           cmocka_unit_test(test_stored_by_key),
      cmocka_unit_test(test_direct),          cmocka_unit_test(test_index_that_serves),
      cmocka_unit_test(test_direct_is_exact), cmocka_unit_test(test_indexes),
      cmocka_unit_test(test_generated),       cmocka_unit_test(test_triggers),
      cmocka_unit_test(test_estimates),       cmocka_unit_test(test_session_is_left_alone),
      cmocka_unit_test(test_many_tables),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

/* MariaDB's catalog, fact by fact, through both drivers. */
#include "memory.h"

#include "test_server.h"

#include <stdlib.h>
#include <string.h>

typedef void check(const memory *m);

/* Makes a database by the script; what the drivers read of it must meet the check, and come through JSON unchanged. */
static void read_both(const char *script, check *holds) {
  test_database *database = test_database_new("mariadb");
  test_database_run(database, script);
  const char *const uris[] = {database->uri, database->dbi};
  for (int i = 0; i < 2; i++) {
    memory *m = memory_connect(uris[i]);
    char *text = NULL, *again = NULL;
    assert_string_equal(m->graph->engine, "mariadb");
    assert_int_equal(cascade_graph_hidden(m->graph), 0);
    holds(m);
    assert_int_equal(cascade_graph_json(m->graph, &text, NULL), CASCADE_OK);
    cascade_graph_free(m->graph);
    m->graph = NULL;
    assert_int_equal(cascade_graph_load(m->context, text, strlen(text), &m->graph, NULL), CASCADE_OK);
    holds(m);
    assert_int_equal(cascade_graph_json(m->graph, &again, NULL), CASCADE_OK);
    assert_string_equal(text, again);
    cascade_text_free(text);
    cascade_text_free(again);
    memory_close(m);
  }
  test_database_free(database);
}

static void check_tables(const memory *m) {
  assert_int_equal(m->graph->table_count, 6);
  assert_int_equal(table_of(m, "plain")->kind, CASCADE_TABLE_ORDINARY);
  assert_int_equal(table_of(m, "plain")->flags, 0);
  assert_string_equal(table_of(m, "plain")->schema, "");
  assert_int_equal(table_of(m, "plain")->row_estimate, 3);
  assert_int_equal(table_of(m, "seen")->kind, CASCADE_TABLE_VIEW);
  assert_int_equal(table_of(m, "seen")->row_estimate, -1);
  assert_int_equal(table_of(m, "seen")->identity_count, 0);
  assert_int_equal(table_of(m, "loose")->flags, CASCADE_TABLE_NOT_TRANSACTIONAL);
  assert_int_equal(table_of(m, "passing")->flags, CASCADE_TABLE_NOT_TRANSACTIONAL);
  assert_int_equal(table_of(m, "parted")->kind, CASCADE_TABLE_ORDINARY);
  assert_int_equal(table_of(m, "historic")->kind, CASCADE_TABLE_ORDINARY);
  assert_int_equal(table_of(m, "historic")->flags, 0);
}

static void test_tables(void **state) {
  (void)state;
  read_both("CREATE TABLE plain (id INT PRIMARY KEY); INSERT INTO plain VALUES (1), (2), (3); ANALYZE TABLE plain;"
            "CREATE VIEW seen AS SELECT id FROM plain;"
            "CREATE SEQUENCE numbers;"
            "CREATE TABLE loose (id INT PRIMARY KEY) ENGINE=MyISAM;"
            "CREATE TABLE passing (id INT PRIMARY KEY) ENGINE=MEMORY;"
            "CREATE TABLE parted (id INT PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 2;"
            "CREATE TABLE historic (id INT PRIMARY KEY) WITH SYSTEM VERSIONING",
            check_tables);
}

static void assert_column(const memory *m, const char *name, const char *type, int32_t value_type) {
  const casc_column *column = column_of(m, "t", name);
  assert_string_equal(column->type, type);
  assert_int_equal(column->value_type, value_type);
}

static void check_types(const memory *m) {
  assert_column(m, "tiny", "tinyint(4)", CASCADE_INT64);
  assert_column(m, "small", "smallint(5) unsigned", CASCADE_INT64);
  assert_column(m, "medium", "mediumint(9)", CASCADE_INT64);
  assert_column(m, "whole", "int(10) unsigned zerofill", CASCADE_INT64);
  assert_column(m, "big", "bigint(20)", CASCADE_INT64);
  assert_column(m, "huge", "bigint(20) unsigned", CASCADE_UINT64);
  assert_column(m, "yes", "tinyint(1)", CASCADE_INT64);
  assert_column(m, "bits", "bit(8)", CASCADE_NULL);
  assert_column(m, "single", "float", CASCADE_NULL);
  assert_column(m, "twice", "double", CASCADE_TEXT);
  assert_column(m, "exact", "decimal(10,2)", CASCADE_TEXT);
  assert_column(m, "bytes", "binary(5)", CASCADE_BLOB);
  assert_column(m, "more", "varbinary(5)", CASCADE_BLOB);
  assert_column(m, "lump", "longblob", CASCADE_BLOB);
  assert_column(m, "place", "point", CASCADE_BLOB);
  assert_column(m, "letters", "char(5)", CASCADE_TEXT);
  assert_column(m, "words", "text", CASCADE_TEXT);
  assert_column(m, "choice", "enum('a','b,c (d)')", CASCADE_TEXT);
  assert_column(m, "day", "date", CASCADE_TEXT);
  assert_column(m, "moment", "datetime(6)", CASCADE_TEXT);
  assert_column(m, "year", "year(4)", CASCADE_TEXT);
  assert_column(m, "tag", "uuid", CASCADE_TEXT);
  assert_column(m, "pointer", "varchar(7)", CASCADE_TEXT); /* a type's name begins as another's does */
}

static void test_types(void **state) {
  (void)state;
  read_both("CREATE TABLE t (tiny TINYINT, small SMALLINT UNSIGNED, medium MEDIUMINT, whole INT UNSIGNED ZEROFILL, big "
            "BIGINT,"
            " huge BIGINT UNSIGNED, yes BOOL, bits BIT(8), single FLOAT, twice DOUBLE, exact DECIMAL(10,2), bytes BINARY(5),"
            " more VARBINARY(5), lump LONGBLOB, place POINT, letters CHAR(5), words TEXT, choice ENUM('a', 'b,c (d)'), day "
            "DATE,"
            " moment DATETIME(6), year YEAR, tag UUID, pointer VARCHAR(7))",
            check_types);
}

static void assert_default(const memory *m, const char *name, const char *sql) {
  const char *found = column_of(m, "t", name)->default_sql;
  if (sql) assert_non_null(found);
  if (sql) assert_string_equal(found, sql);
  else assert_null(found);
}

static void check_columns(const memory *m) {
  assert_int_equal(column_of(m, "t", "id")->flags, CASCADE_COLUMN_NOT_NULL);
  assert_int_equal(column_of(m, "t", "may")->flags, 0);
  assert_int_equal(column_of(m, "t", "now")->flags, CASCADE_COLUMN_GENERATED);
  assert_int_equal(column_of(m, "t", "kept")->flags, CASCADE_COLUMN_GENERATED);
  assert_default(m, "id", NULL);
  assert_default(m, "may", NULL);
  assert_default(m, "must", NULL);
  assert_default(m, "word", "'NULL'");
  assert_default(m, "quoted", "'it''s; \\\\ ü'");
  assert_default(m, "empty", "''");
  assert_default(m, "large", "18446744073709551615");
  assert_default(m, "made", "concat('a','b')");
  assert_default(m, "moment", "current_timestamp()");
  assert_true(column_of(m, "t", "moment")->stamped);
  assert_int_equal(table_of(m, "t")->stamp_count, 1);
  assert_string_equal(table_of(m, "t")->stamps[0], "moment");
  assert_default(m, "hidden", "7");
  assert_null(column_of(m, "t", "id")->collation);
  assert_false(column_of(m, "t", "id")->loose);
  assert_string_equal(column_of(m, "t", "word")->collation, "utf8mb4_unicode_ci");
  assert_true(column_of(m, "t", "word")->loose);
  assert_string_equal(column_of(m, "t", "quoted")->collation, "utf8mb4_bin");
  assert_true(column_of(m, "t", "quoted")->loose); /* 'a' = 'a ' */
  assert_string_equal(column_of(m, "t", "empty")->collation, "latin1_nopad_bin");
  assert_false(column_of(m, "t", "empty")->loose);
  assert_int_equal(table_of(m, "t")->column_count, 12);
  assert_string_equal(table_of(m, "t")->columns[3].name, "word");
}

static void test_columns(void **state) {
  (void)state;
  read_both("CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, may INT, must VARCHAR(9) NOT NULL,"
            " word VARCHAR(9) COLLATE utf8mb4_unicode_ci DEFAULT 'NULL',"
            " quoted VARCHAR(30) COLLATE utf8mb4_bin DEFAULT 'it''s; \\\\ ü',"
            " empty VARCHAR(9) CHARACTER SET latin1 COLLATE latin1_nopad_bin NOT NULL DEFAULT '',"
            " large BIGINT UNSIGNED DEFAULT 18446744073709551615, made VARCHAR(9) DEFAULT (CONCAT('a', 'b')),"
            " moment TIMESTAMP DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, hidden INT INVISIBLE DEFAULT 7,"
            " now INT AS (may + 1) VIRTUAL, kept INT AS (may + 2) STORED)",
            check_columns);
}

static void assert_identity(const memory *m, const char *name, uint32_t count, const char *first, int32_t type) {
  const casc_table *table = table_of(m, name);
  assert_int_equal(table->identity_count, count);
  if (!count) return;
  assert_string_equal(table->identity[0], first);
  assert_int_equal(table->identity_types[0], type);
}

static void check_primary_keys(const memory *m) {
  assert_int_equal(table_of(m, "two")->key_count, 2);
  assert_string_equal(table_of(m, "two")->key_names[0], "b");
  assert_string_equal(table_of(m, "two")->key_names[1], "a");
  assert_identity(m, "two", 2, "b", CASCADE_INT64);
  assert_identity(m, "huge", 1, "id", CASCADE_UINT64);
  assert_int_equal(table_of(m, "none")->key_count, 0);
  assert_identity(m, "none", 0, NULL, 0);
  assert_int_equal(table_of(m, "other")->key_count, 0);
  assert_identity(m, "other", 1, "code", CASCADE_TEXT);
  assert_identity(m, "maybe", 0, NULL, 0);
  /* Beginnings that are unique make the whole unique. */
  assert_int_equal(table_of(m, "beginning")->key_count, 1);
  assert_identity(m, "beginning", 1, "name", CASCADE_TEXT);
  /* No value of these finds its row again. */
  assert_int_equal(table_of(m, "single")->key_count, 1);
  assert_identity(m, "single", 0, NULL, 0);
  assert_identity(m, "bits", 0, NULL, 0);
}

static void test_primary_keys(void **state) {
  (void)state;
  read_both("CREATE TABLE two (a INT, x INT, b INT, PRIMARY KEY (b, a)); CREATE TABLE huge (id BIGINT UNSIGNED PRIMARY KEY);"
            "CREATE TABLE none (a INT, KEY (a)); CREATE TABLE other (a INT, code CHAR(3) NOT NULL UNIQUE);"
            "CREATE TABLE maybe (a INT UNIQUE); CREATE TABLE beginning (name VARCHAR(300), PRIMARY KEY (name(10)));"
            "CREATE TABLE single (id FLOAT PRIMARY KEY); CREATE TABLE bits (id BIT(4) PRIMARY KEY)",
            check_primary_keys);
}

static void assert_index(const memory *m, const char *name, bool unique, const char *columns) {
  const casc_table *table = table_of(m, "t");
  const casc_index *index = index_of(m, "t", name);
  char found[100] = "";
  for (uint32_t i = 0; i < index->count; i++) {
    if (i) strcat(found, ",");
    strcat(found, index->columns[i] == CASC_NONE ? "-" : table->columns[index->columns[i]].name);
  }
  assert_string_equal(found, columns);
  assert_int_equal(index->unique, unique);
}

static void check_indexes(const memory *m) {
  assert_int_equal(table_of(m, "t")->index_count, 9);
  assert_index(m, "PRIMARY", true, "id");
  assert_index(m, "u", true, "b,a");
  assert_index(m, "k", false, "a,s");
  assert_index(m, "k2", false, "a");
  assert_index(m, "part", false, "a,-");
  assert_index(m, "part_unique", true, "-");
  assert_index(m, "down", false, "s");
  assert_index(m, "words", false, "-");
  assert_index(m, "places", false, "-");
}

static void test_indexes(void **state) {
  (void)state;
  read_both("CREATE TABLE t (id INT PRIMARY KEY, a INT, b INT, s VARCHAR(40), g POINT NOT NULL, UNIQUE u (b, a), KEY k "
            "(a, s),"
            " KEY k2 (a), KEY part (a, s(3)), UNIQUE part_unique (s(5)), KEY down (s DESC), FULLTEXT words (s),"
            " SPATIAL places (g), KEY unseen (b) IGNORED)",
            check_indexes);
}

static void assert_supported(const memory *m, const char *label, const char *index) {
  const casc_relation *relation = relation_of(m, label);
  assert_string_equal(relation->index, index);
  assert_int_equal(!!(relation->flags & CASCADE_RELATION_INDEXED), *index != '\0');
}

static void check_support(const memory *m) {
  assert_supported(m, "own(", "p"); /* made by the server */
  assert_supported(m, "renamed(", "other name");
  assert_supported(m, "replaced(", "wide");
  assert_supported(m, "keyed(", "PRIMARY");
  assert_supported(m, "pair(", "pair");
  assert_supported(m, "beginning(", "p");
  assert_supported(m, "bare(", "");
  assert_supported(m, "text(", "whole");
}

static void test_support(void **state) {
  (void)state;
  read_both("CREATE TABLE par (id INT PRIMARY KEY, a INT, b INT, UNIQUE (a, b), s VARCHAR(40) UNIQUE);"
            "CREATE TABLE own (p INT, FOREIGN KEY (p) REFERENCES par (id));"
            "CREATE TABLE renamed (p INT, FOREIGN KEY (p) REFERENCES par (id));"
            "ALTER TABLE renamed RENAME INDEX p TO `other name`;"
            "CREATE TABLE replaced (p INT, x INT, FOREIGN KEY (p) REFERENCES par (id)); CREATE INDEX wide ON replaced (p, x);"
            "CREATE TABLE keyed (p INT, x INT, PRIMARY KEY (p, x), FOREIGN KEY (p) REFERENCES par (id));"
            "CREATE TABLE pair (x INT, y INT, z INT, KEY pair (x, y, z), FOREIGN KEY (x, y) REFERENCES par (a, b));"
            "CREATE TABLE beginning (p INT, s VARCHAR(40), KEY p (p, s(3)), FOREIGN KEY (p) REFERENCES par (id));"
            "CREATE TABLE bare (p INT, FOREIGN KEY (p) REFERENCES par (id));"
            "SET foreign_key_checks = 0; ALTER TABLE bare DROP INDEX p; SET foreign_key_checks = 1;"
            "CREATE TABLE text (s VARCHAR(40), t INT, KEY whole (s, t), FULLTEXT words (s), FOREIGN KEY (s) REFERENCES par "
            "(s))",
            check_support);
}

static void assert_actions(const memory *m, const char *label, int32_t on_delete, int32_t on_update) {
  const casc_relation *relation = relation_of(m, label);
  assert_int_equal(relation->on_delete, on_delete);
  assert_int_equal(relation->on_update, on_update);
  assert_false(relation->flags & (CASCADE_RELATION_DEFERRABLE | CASCADE_RELATION_INITIALLY_DEFERRED));
}

static void check_actions(const memory *m) {
  assert_actions(m, "c(a) ", CASCADE_ACTION_RESTRICT, CASCADE_ACTION_RESTRICT);
  assert_actions(m, "c(b) ", CASCADE_ACTION_CASCADE, CASCADE_ACTION_SET_NULL);
  assert_actions(m, "c(d) ", CASCADE_ACTION_SET_NULL, CASCADE_ACTION_CASCADE);
  assert_actions(m, "c(e) ", CASCADE_ACTION_NO_ACTION, CASCADE_ACTION_NO_ACTION);
  assert_actions(m, "c(f) ", CASCADE_ACTION_RESTRICT, CASCADE_ACTION_NO_ACTION);
  assert_actions(m, "c(g) ", CASCADE_ACTION_RESTRICT, CASCADE_ACTION_RESTRICT); /* SET DEFAULT is not kept */
  assert_string_equal(relation_of(m, "c(b) ")->name, "named");
  assert_string_equal(relation_of(m, "c(a) ")->name, "c_ibfk_1");
  assert_true(relation_of(m, "c(b) ")->flags & CASCADE_RELATION_NULLABLE);
  assert_false(relation_of(m, "c(a) ")->flags & CASCADE_RELATION_NULLABLE);
  assert_int_equal(m->graph->relation_count, 6);
}

static void test_actions(void **state) {
  (void)state;
  read_both("CREATE TABLE p (id INT PRIMARY KEY);"
            "CREATE TABLE c (a INT NOT NULL, b INT, d INT, e INT, f INT, g INT DEFAULT 1, FOREIGN KEY (a) REFERENCES p (id),"
            " CONSTRAINT named FOREIGN KEY (b) REFERENCES p (id) ON DELETE CASCADE ON UPDATE SET NULL,"
            " FOREIGN KEY (d) REFERENCES p (id) ON DELETE SET NULL ON UPDATE CASCADE,"
            " FOREIGN KEY (e) REFERENCES p (id) ON DELETE NO ACTION ON UPDATE NO ACTION,"
            " FOREIGN KEY (f) REFERENCES p (id) ON DELETE RESTRICT ON UPDATE NO ACTION,"
            " FOREIGN KEY (g) REFERENCES p (id) ON DELETE SET DEFAULT ON UPDATE SET DEFAULT)",
            check_actions);
}

static uint32_t target(const memory *m, const char *label) {
  return relation_of(m, label)->flags & (CASCADE_RELATION_TO_PRIMARY | CASCADE_RELATION_TO_UNIQUE | CASCADE_RELATION_TO_MANY |
                                         CASCADE_RELATION_SELF | CASCADE_RELATION_UNRESOLVED);
}

static void check_targets(const memory *m) {
  assert_int_equal(target(m, "c(x, y) -> p(a, b)"), CASCADE_RELATION_TO_PRIMARY);
  assert_int_equal(target(m, "c(y, x) -> p(v, u)"), CASCADE_RELATION_TO_UNIQUE);
  assert_int_equal(target(m, "c(y) -> p(n)"), CASCADE_RELATION_TO_MANY);
  assert_int_equal(target(m, "c(x) -> p(a)"), CASCADE_RELATION_TO_MANY); /* the beginning of a key */
  assert_int_equal(target(m, "c(s) -> p(s)"), CASCADE_RELATION_TO_UNIQUE);
  assert_int_equal(target(m, "c(up) -> c(id)"), CASCADE_RELATION_TO_PRIMARY | CASCADE_RELATION_SELF);
  assert_int_equal(target(m, "c(z) -> nowhere(id)"), CASCADE_RELATION_UNRESOLVED);
  assert_int_equal(table_of(m, "nowhere")->kind, CASCADE_TABLE_MISSING);
  assert_true(relation_of(m, "c(y, x) -> p(v, u)")->flags & CASCADE_RELATION_NULLABLE);
}

static void test_targets(void **state) {
  (void)state;
  read_both("CREATE TABLE p (a INT, b INT, u INT, v INT, n INT, s VARCHAR(20) COLLATE utf8mb4_general_ci, PRIMARY KEY (a, b),"
            " UNIQUE (u, v), UNIQUE (v, u), KEY (n), UNIQUE (s)) CHARACTER SET utf8mb4;"
            "CREATE TABLE c (id INT PRIMARY KEY, x INT, y INT, z INT, up INT, s VARCHAR(10) COLLATE utf8mb4_general_ci,"
            " FOREIGN KEY (x, y) REFERENCES p (a, b), FOREIGN KEY (y, x) REFERENCES p (v, u), FOREIGN KEY (y) REFERENCES p "
            "(n),"
            " FOREIGN KEY (x) REFERENCES p (a), FOREIGN KEY (s) REFERENCES p (s), FOREIGN KEY (up) REFERENCES c (id))"
            " CHARACTER SET utf8mb4;"
            "SET foreign_key_checks = 0; ALTER TABLE c ADD FOREIGN KEY (z) REFERENCES nowhere (id); SET foreign_key_checks = "
            "1",
            check_targets);
}

static void check_triggers(const memory *m) {
  assert_int_equal(table_of(m, "d")->flags, CASCADE_TABLE_DELETE_TRIGGER);
  assert_int_equal(table_of(m, "d")->trigger_count, 2);
  assert_int_equal(table_of(m, "u")->flags, CASCADE_TABLE_UPDATE_TRIGGER);
  assert_int_equal(table_of(m, "i")->flags, 0);
  assert_int_equal(table_of(m, "i")->trigger_count, 1);
  assert_string_equal(table_of(m, "u")->triggers[0].name, "on update");
}

static void test_triggers(void **state) {
  (void)state;
  read_both("CREATE TABLE d (id INT PRIMARY KEY); CREATE TABLE u (id INT PRIMARY KEY); CREATE TABLE i (id INT PRIMARY KEY);"
            "CREATE TRIGGER one BEFORE DELETE ON d FOR EACH ROW SET @x = 1;"
            "CREATE TRIGGER two AFTER DELETE ON d FOR EACH ROW SET @x = 1;"
            "CREATE TRIGGER `on update` AFTER UPDATE ON u FOR EACH ROW SET @x = 1;"
            "CREATE TRIGGER three AFTER INSERT ON i FOR EACH ROW SET @x = 1",
            check_triggers);
}

#define LONGEST_NAME "n234567890123456789012345678901234567890123456789012345678901234"

static void check_names(const memory *m) {
  static const char odd[] = "a b.c`d\"e'f é日本/;?@0041", dollar[] = "$1%s\\";
  static const char label[] = "\"a b.c`d\"\"e'f é日本/;?@0041\""; /* for the dot */
  const casc_relation *relation = relation_of(m, "select(from) -> ");
  uint32_t found = 0;
  assert_int_equal(cascade_graph_find_table(m->graph, odd, &found, NULL), CASCADE_OK);
  assert_int_equal(found, relation->ref_table);
  assert_int_equal(cascade_graph_find_table(m->graph, label, &found, NULL), CASCADE_OK);
  assert_int_equal(found, relation->ref_table);
  assert_string_equal(m->graph->tables[relation->ref_table].name, odd);
  assert_string_equal(relation->name, "k/`'\" ü");
  assert_string_equal(relation->index, "k/`'\" ü");
  assert_string_equal(relation->ref_column_names[0], " i`d");
  assert_string_equal(table_of(m, label)->key_names[0], " i`d");
  assert_string_equal(table_of(m, dollar)->triggers[0].name, "tr'`");
  assert_string_equal(relation_of(m, LONGEST_NAME "(" LONGEST_NAME ")")->name, LONGEST_NAME);
  assert_true(relation_of(m, LONGEST_NAME)->flags & CASCADE_RELATION_TO_PRIMARY);
  /* Tables by their case, columns without. */
  assert_int_equal(table_of(m, "Case")->column_count, 2);
  assert_int_equal(table_of(m, "case")->column_count, 1);
  assert_string_equal(relation_of(m, "Case(P) -> case(Id)")->column_names[0], "P");
  assert_string_equal(relation_of(m, "\xe2\x82\xac(x) -> case(Id)")->index, "x");
}

static void test_names(void **state) {
  (void)state;
  read_both("CREATE TABLE `a b.c``d\"e'f é日本/;?@0041` (` i``d` INT PRIMARY KEY);"
            "CREATE TABLE `select` (`from` INT, CONSTRAINT `k/``'\" ü` FOREIGN KEY (`from`)"
            " REFERENCES `a b.c``d\"e'f é日本/;?@0041` (` i``d`));"
            "CREATE TABLE `$1%s\\` (x INT); CREATE TRIGGER `tr'``` BEFORE DELETE ON `$1%s\\` FOR EACH ROW SET @x = 1;"
            "CREATE TABLE " LONGEST_NAME " (" LONGEST_NAME " INT, id INT PRIMARY KEY, CONSTRAINT " LONGEST_NAME
            " FOREIGN KEY (" LONGEST_NAME ") REFERENCES " LONGEST_NAME " (id));"
            "CREATE TABLE `case` (Id INT PRIMARY KEY); CREATE TABLE `Case` (P INT, q INT, FOREIGN KEY (p) REFERENCES "
            "`case` (ID));"
            "CREATE TABLE `\xe2\x82\xac` (x INT, FOREIGN KEY (x) REFERENCES `case` (id))",
            check_names);
}

static void check_empty(const memory *m) {
  assert_int_equal(m->graph->table_count, 0);
  assert_int_equal(m->graph->relation_count, 0);
}

static void test_empty(void **state) {
  (void)state;
  read_both("SET @x = 1", check_empty);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_tables),       cmocka_unit_test(test_types),   cmocka_unit_test(test_columns),
      cmocka_unit_test(test_primary_keys), cmocka_unit_test(test_indexes), cmocka_unit_test(test_support),
      cmocka_unit_test(test_actions),      cmocka_unit_test(test_targets), cmocka_unit_test(test_triggers),
      cmocka_unit_test(test_names),        cmocka_unit_test(test_empty),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

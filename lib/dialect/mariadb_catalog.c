#include "mariadb_catalog.h"

#include "columns.h"

#include <string.h>

/* Every query is over one view of information_schema: a join would have the server open all tables for each row of the
   other side. Columns that need a table to be opened wholly (INDEX_TYPE, CARDINALITY) double the time of a query, and
   are left out. */

typedef struct item {
  const char *expression;
  int32_t type;
} item;

/* The catalog's texts are UTF-8 already: converting each of them, as other texts must be, takes as long as reading
 * them. */
static void put_items(casc_statement *statement, const item *items, size_t count) {
  casc_str *sql = &statement->sql;
  for (size_t i = 0; i < count; i++) {
    casc_str_put(sql, i ? ", " : "SELECT ");
    casc_statement_column(statement, items[i].type);
    if (!statement->text_rows) casc_str_put(sql, items[i].expression);
    else casc_str_printf(sql, items[i].type == CASCADE_TEXT ? "HEX(%s)" : "CAST(%s AS CHAR)", items[i].expression);
  }
}

#define ITEMS(items) items, sizeof(items) / sizeof *(items)

/* The name as the catalog's columns have it: compared with one of another character set, they would be converted row by
   row, and the server would look into all databases. */
#define NAME "CONVERT(? USING utf8mb3)"

static void put_source(casc_statement *statement, const char *source, const char *database) {
  casc_str_put(&statement->sql, source);
  casc_statement_text(statement, database, strlen(database));
}

void casc_mariadb_session(casc_statement *statement) {
  static const item items[] = {{"DATABASE()", CASCADE_TEXT},
                               {"CURRENT_USER()", CASCADE_TEXT},
                               {"@@lower_case_table_names", CASCADE_INT64},
                               {"@@sql_select_limit < 18446744073709551615", CASCADE_INT64}};
  put_items(statement, ITEMS(items));
}

void casc_mariadb_tables(casc_statement *statement, const char *database) {
  static const item items[] = {
      {"TABLE_NAME", CASCADE_TEXT},
      {"TABLE_TYPE IN ('VIEW', 'SYSTEM VIEW')", CASCADE_INT64},
      {"ENGINE = 'InnoDB'", CASCADE_INT64},
      {"TABLE_ROWS", CASCADE_INT64},
  };
  put_items(statement, ITEMS(items));
  put_source(statement, " FROM information_schema.TABLES WHERE TABLE_SCHEMA = " NAME " AND TABLE_TYPE <> 'SEQUENCE'", database);
}

void casc_mariadb_columns(casc_statement *statement, const char *database) {
  static const item items[] = {
      {"TABLE_NAME", CASCADE_TEXT},     {"COLUMN_NAME", CASCADE_TEXT},
      {"COLUMN_TYPE", CASCADE_TEXT},    {"IS_NULLABLE = 'NO'", CASCADE_INT64},
      {"COLUMN_DEFAULT", CASCADE_TEXT}, {"IS_GENERATED = 'ALWAYS'", CASCADE_INT64},
      {"COLLATION_NAME", CASCADE_TEXT}, {"EXTRA LIKE '%on update%'", CASCADE_INT64},
  };
  put_items(statement, ITEMS(items));
  put_source(statement, " FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = " NAME, database);
}

void casc_mariadb_indexes(casc_statement *statement, const char *database) {
  static const item items[] = {
      {"TABLE_NAME", CASCADE_TEXT},  {"INDEX_NAME", CASCADE_TEXT}, {"COLUMN_NAME", CASCADE_TEXT},
      {"NON_UNIQUE", CASCADE_INT64}, {"SUB_PART", CASCADE_INT64},
  };
  put_items(statement, ITEMS(items));
  put_source(statement, " FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = " NAME " AND IGNORED = 'NO'", database);
}

void casc_mariadb_word_indexes(casc_statement *statement, const char *database) {
  static const item items[] = {{"TABLE_NAME", CASCADE_TEXT}, {"INDEX_NAME", CASCADE_TEXT}};
  put_items(statement, ITEMS(items));
  put_source(statement, " FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = " NAME " AND INDEX_TYPE = 'FULLTEXT'", database);
}

void casc_mariadb_triggers(casc_statement *statement, const char *database) {
  static const item items[] = {
      {"EVENT_OBJECT_TABLE", CASCADE_TEXT}, {"TRIGGER_NAME", CASCADE_TEXT}, {"EVENT_MANIPULATION", CASCADE_TEXT}};
  put_items(statement, ITEMS(items));
  put_source(statement, " FROM information_schema.TRIGGERS WHERE EVENT_OBJECT_SCHEMA = " NAME, database);
}

/* InnoDB names a table by its file, in which all but letters, digits and underscores are written as @ and a code; the
   server itself decodes that. A slash stands between database and table, and would be lost: it is decoded to NUL, which
   no name can hold. */
#define DECODED(name) "CONVERT(CONVERT(CONVERT(REPLACE(" name ", '/', '@0000') USING binary) USING filename) USING utf8mb4)"
/* The columns for names have this many characters, and longer names are cut. */
#define FILE_NAME "LEFT(CONVERT(CONVERT(" NAME " USING filename) USING binary), 193)"

static void put_innodb_source(casc_statement *statement, const char *database) {
  put_source(statement,
             " FROM information_schema.INNODB_SYS_FOREIGN WHERE " FILE_NAME
             " IN (SUBSTRING_INDEX(FOR_NAME, '/', 1), SUBSTRING_INDEX(REF_NAME, '/', 1))"
             " AND FOR_NAME NOT LIKE '%/#sql%'", /* a table that is being altered */
             database);
}

void casc_mariadb_innodb_keys(casc_statement *statement, const char *database) {
  static const item items[] = {
      {"ID", CASCADE_TEXT}, {"FOR_NAME", CASCADE_TEXT}, {"REF_NAME", CASCADE_TEXT}, {"TYPE", CASCADE_INT64}};
  put_items(statement, ITEMS(items));
  put_innodb_source(statement, database);
}

void casc_mariadb_innodb_decoded_keys(casc_statement *statement, const char *database) {
  static const item items[] = {
      {"ID", CASCADE_TEXT}, {DECODED("FOR_NAME"), CASCADE_TEXT}, {DECODED("REF_NAME"), CASCADE_TEXT}, {"TYPE", CASCADE_INT64}};
  put_items(statement, ITEMS(items));
  put_innodb_source(statement, database);
}

void casc_mariadb_innodb_key_columns(casc_statement *statement, const char *database) {
  static const item items[] = {{"ID", CASCADE_TEXT}, {"FOR_COL_NAME", CASCADE_TEXT}, {"REF_COL_NAME", CASCADE_TEXT}};
  put_items(statement, ITEMS(items));
  put_source(statement, " FROM information_schema.INNODB_SYS_FOREIGN_COLS WHERE SUBSTRING_INDEX(ID, '/', 1) = " FILE_NAME,
             database);
}

void casc_mariadb_keys(casc_statement *statement, const char *database) {
  static const item items[] = {
      {"CONSTRAINT_NAME", CASCADE_TEXT},       {"TABLE_NAME", CASCADE_TEXT},
      {"COLUMN_NAME", CASCADE_TEXT},           {"REFERENCED_TABLE_SCHEMA", CASCADE_TEXT},
      {"REFERENCED_TABLE_NAME", CASCADE_TEXT}, {"REFERENCED_COLUMN_NAME", CASCADE_TEXT},
  };
  put_items(statement, ITEMS(items));
  put_source(statement,
             " FROM information_schema.KEY_COLUMN_USAGE WHERE TABLE_SCHEMA = " NAME " AND REFERENCED_TABLE_NAME IS NOT NULL",
             database);
}

void casc_mariadb_rules(casc_statement *statement, const char *database) {
  static const item items[] = {{"CONSTRAINT_NAME", CASCADE_TEXT}, {"DELETE_RULE", CASCADE_TEXT}, {"UPDATE_RULE", CASCADE_TEXT}};
  put_items(statement, ITEMS(items));
  put_source(statement, " FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = " NAME, database);
}

void casc_mariadb_other_databases(casc_statement *statement, const char *database) {
  static const item items[] = {{"SCHEMA_NAME", CASCADE_TEXT}};
  put_items(statement, ITEMS(items));
  put_source(statement,
             " FROM information_schema.SCHEMATA WHERE SCHEMA_NAME NOT IN"
             " ('information_schema', 'performance_schema', 'mysql', 'sys', " NAME ")",
             database);
}

void casc_mariadb_crossing_keys(casc_statement *statement, const char *database) {
  static const item items[] = {{"TABLE_SCHEMA", CASCADE_TEXT}, {"REFERENCED_TABLE_SCHEMA", CASCADE_TEXT}};
  put_items(statement, ITEMS(items));
  put_source(statement,
             " FROM information_schema.KEY_COLUMN_USAGE WHERE TABLE_SCHEMA = " NAME " AND REFERENCED_TABLE_SCHEMA <> TABLE_SCHEMA",
             database);
}

static void put_nowhere(casc_statement *statement, const char *database) {
  casc_mariadb_identifier(&statement->sql, database);
  casc_str_put(&statement->sql, ".`casc no such table`");
}

void casc_mariadb_probe_select(casc_statement *statement, const char *database) {
  static const item items[] = {{"1", CASCADE_INT64}};
  put_items(statement, ITEMS(items));
  casc_str_put(&statement->sql, " FROM ");
  put_nowhere(statement, database);
}

void casc_mariadb_probe_delete(casc_statement *statement, const char *database) {
  casc_str_put(&statement->sql, "EXPLAIN DELETE FROM ");
  put_nowhere(statement, database);
}

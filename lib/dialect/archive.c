#include "archive.h"

#include "columns.h"
#include "parts.h"
#include "plain.h"
#include "postgres_parts.h"

#include <string.h>

static void sqlite_columns(casc_statement *statement, const casc_sql_table *table) {
  const char *schema = table->schema ? table->schema : "main";
  casc_put(statement, "Select ");
  casc_sqlite_column(statement, "c.name", CASCADE_TEXT);
  casc_sqlite_column(statement, "c.type", CASCADE_TEXT);
  casc_sqlite_column(statement, "c.hidden > 1", CASCADE_INT64);
  casc_sqlite_column(statement, "m.type = 'table' And m.rootpage > 0", CASCADE_INT64);
  casc_put(statement, " From ");
  casc_sqlite_identifier(&statement->sql, schema);
  casc_put(statement,
           ".sqlite_master m Join pragma_table_xinfo(m.name, ?) c Where m.type In ('table', 'view') And m.name = ? Collate Nocase"
           " And c.hidden <> 1 Order By c.cid");
  casc_statement_text(statement, schema, strlen(schema));
  casc_statement_text(statement, table->name, strlen(table->name));
}

/* Without joins, which take longer to plan than to run. 100: the default collation. */
static void postgres_columns(casc_statement *statement, const casc_sql_table *table) {
  casc_put(statement, "Select ");
  casc_postgres_column(statement, "a.attname", CASCADE_TEXT);
  casc_postgres_column(statement,
                       "format_type(a.atttypid, a.atttypmod) || Case When a.attcollation In (0, 100) Then '' Else ' Collate ' || "
                       "a.attcollation::regcollation::text End",
                       CASCADE_TEXT);
  casc_postgres_column(statement, "(a.attgenerated <> '')::integer", CASCADE_INT64);
  casc_postgres_column(statement, "(Select c.relkind In ('r', 'p') From pg_class c Where c.oid = a.attrelid)::integer",
                       CASCADE_INT64);
  casc_postgres_name_parameter(statement, table);
  casc_put(statement, " From pg_attribute a Where a.attrelid = to_regclass($1) And a.attnum > 0 And Not a.attisdropped"
                      " Order By a.attnum");
}

/* schema.name as parameters, for each view of the server's: it finds a table by constants alone, and else opens them all. */
static void mariadb_named(casc_statement *statement, const casc_sql_table *table, const char *view) {
  casc_str_printf(&statement->sql, "%s.TABLE_SCHEMA = %s AND %s.TABLE_NAME = ?", view, table->schema ? "?" : "DATABASE()", view);
  if (table->schema) casc_statement_text(statement, table->schema, strlen(table->schema));
  casc_statement_text(statement, table->name, strlen(table->name));
}

static void mariadb_columns(casc_statement *statement, const casc_sql_table *table) {
  casc_put(statement, "SELECT ");
  casc_mariadb_column(statement, "c.COLUMN_NAME", CASCADE_TEXT);
  casc_mariadb_column(statement,
                      "CONCAT(c.COLUMN_TYPE, IF(c.CHARACTER_SET_NAME IS NULL, '', "
                      "CONCAT(' CHARACTER SET ', c.CHARACTER_SET_NAME, ' COLLATE ', c.COLLATION_NAME)))",
                      CASCADE_TEXT);
  casc_mariadb_column(statement, "c.IS_GENERATED = 'ALWAYS'", CASCADE_INT64);
  casc_mariadb_column(statement, "COALESCE(t.ENGINE = 'InnoDB', 0)", CASCADE_INT64);
  casc_put(statement, " FROM information_schema.TABLES t JOIN information_schema.COLUMNS c WHERE ");
  mariadb_named(statement, table, "t");
  casc_put(statement, " AND ");
  mariadb_named(statement, table, "c");
  casc_put(statement, " ORDER BY c.ORDINAL_POSITION");
}

void casc_archive_columns(const casc_dialect *dialect, casc_statement *statement, const casc_sql_table *table) {
  if (dialect == &casc_dialect_sqlite) sqlite_columns(statement, table);
  else if (dialect == &casc_dialect_postgres) postgres_columns(statement, table);
  else mariadb_columns(statement, table);
}

/* Whatever changes a column writes its row of the catalog anew. */
static void postgres_stamp(casc_statement *statement, const casc_sql_table *const *tables, uint32_t count) {
  casc_put(statement, "Select ");
  casc_postgres_column(statement,
                       "Coalesce(hashtextextended(String_Agg(a.attrelid || ' ' || a.attnum || ' ' || a.xmin, ',' "
                       "Order By a.attrelid, a.attnum), 0), 0)",
                       CASCADE_INT64);
  casc_put(statement, " From pg_attribute a Where a.attnum > 0 And a.attrelid = Any (Array[");
  for (uint32_t i = 0; i < count; i++) {
    casc_postgres_name_parameter(statement, tables[i]);
    casc_str_printf(&statement->sql, i ? ", to_regclass($%zu)" : "to_regclass($%zu)", statement->parameter_count);
  }
  casc_put(statement, "])");
}

bool casc_archive_stamp(const casc_dialect *dialect, casc_statement *statement, const casc_sql_table *const *tables,
                        uint32_t count) {
  if (dialect == &casc_dialect_postgres) postgres_stamp(statement, tables, count);
  if (dialect == &casc_dialect_sqlite) {
    casc_put(statement, "Select ");
    casc_sqlite_column(statement, "schema_version", CASCADE_INT64);
    casc_put(statement, " From pragma_schema_version");
  }
  return dialect != &casc_dialect_mariadb;
}

/* Files with a rollback journal are committed together, by a journal over both. */
void casc_archive_together(casc_statement *statement, const char *schema) {
  casc_put(statement, "Select ");
  casc_sqlite_column(
      statement,
      "d.file = '' Or (m.journal_mode Not In ('wal', 'off', 'memory') And a.journal_mode Not In ('wal', 'off', 'memory'))",
      CASCADE_INT64);
  casc_put(statement,
           " From pragma_journal_mode('main') m, pragma_journal_mode(?) a, pragma_database_list d Where d.name = 'main'");
  casc_statement_text(statement, schema, strlen(schema));
}

/* SQLite's ANY keeps all values as they are in STRICT tables only; no type does everywhere. */
const char *casc_archive_definition(const casc_dialect *dialect, const char *definition) {
  return dialect == &casc_dialect_sqlite && casc_same_name(definition, "any") ? "" : definition;
}

static void put_column(const casc_dialect *dialect, casc_str *sql, const casc_archive_column *column) {
  dialect->identifier(sql, column->name);
  if (*column->definition) casc_str_printf(sql, " %s", column->definition);
  casc_str_put(sql, dialect == &casc_dialect_mariadb ? " Null" : ""); /* else a timestamp would change by itself */
}

static void put_table(const casc_dialect *dialect, casc_str *sql, const casc_sql_table *table) {
  if (table->schema) {
    dialect->identifier(sql, table->schema);
    casc_str_putc(sql, '.');
  }
  dialect->identifier(sql, table->name);
}

void casc_archive_create(const casc_dialect *dialect, casc_str *sql, const casc_sql_table *table,
                         const casc_archive_column *columns, uint32_t count, bool when) {
  static const char *const times[] = {"text Not Null Default (Strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))",
                                      "timestamp with time zone Not Null Default Now()",
                                      "datetime(6) Not Null Default (Utc_Timestamp(6))"};
  const char *time = times[dialect == &casc_dialect_sqlite ? 0 : dialect == &casc_dialect_postgres ? 1 : 2];
  casc_str_put(sql, "Create Table If Not Exists ");
  put_table(dialect, sql, table);
  for (uint32_t i = 0; i < count; i++) {
    casc_str_put(sql, i ? ", " : " (");
    put_column(dialect, sql, &columns[i]);
  }
  if (when) casc_str_printf(sql, ", " CASC_ARCHIVE_WHEN " %s", time);
  casc_str_put(sql, dialect == &casc_dialect_mariadb ? ") Engine = InnoDB" : ")");
}

void casc_archive_add_column(const casc_dialect *dialect, casc_str *sql, const casc_sql_table *table,
                             const casc_archive_column *column) {
  casc_str_put(sql, "Alter Table ");
  put_table(dialect, sql, table);
  casc_str_put(sql, " Add Column ");
  put_column(dialect, sql, column);
}

size_t casc_archive_longest_name(const casc_dialect *dialect) {
  return dialect == &casc_dialect_postgres ? 63 : 0;
}

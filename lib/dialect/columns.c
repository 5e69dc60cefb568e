#include "columns.h"

#include <string.h>

static void quoted(casc_str *sql, const char *name, char mark) {
  casc_str_putc(sql, mark);
  for (const char *quote; (quote = strchr(name, mark)); name = quote + 1) {
    casc_str_putn(sql, name, (size_t)(quote - name) + 1);
    casc_str_putc(sql, mark);
  }
  casc_str_put(sql, name);
  casc_str_putc(sql, mark);
}

void casc_sqlite_identifier(casc_str *sql, const char *name) {
  quoted(sql, name, '"');
}

void casc_postgres_identifier(casc_str *sql, const char *name) {
  quoted(sql, name, '"');
}

void casc_mariadb_identifier(casc_str *sql, const char *name) {
  quoted(sql, name, '`');
}

/* Keywords are in mixed case and every column has one alias: what reads these results for libdbi parses the text of the
   statement, and trips over lower-case keywords and unnamed expressions. */
void casc_sqlite_column(casc_statement *statement, const char *expression, int32_t type) {
  casc_str *sql = &statement->sql;
  if (statement->type_count) casc_str_put(sql, ", ");
  casc_statement_column(statement, type);
  if (!statement->text_rows) {
    casc_str_put(sql, expression);
    return;
  }
  switch (type) {
  case CASCADE_TEXT:
  case CASCADE_BLOB:
    casc_str_printf(sql, "Case When (%s) Is Null Then Null Else Hex(%s) End as \"sql\"", expression, expression);
    break;
  case CASCADE_ANY:
    casc_str_printf(sql,
                    "Typeof(%s)||':'||Case Typeof(%s) When 'null' Then '' When 'integer' Then Cast(%s As text) "
                    "When 'real' Then Hex(Printf('%%!.20g', %s)) Else Hex(%s) End as \"sql\"",
                    expression, expression, expression, expression, expression);
    break;
  default: casc_str_printf(sql, "Cast(%s As text) as \"sql\"", expression);
  }
}

void casc_sqlite_name_column(casc_statement *statement, const char *qualifier, const char *name, int32_t type) {
  casc_str item;
  casc_str_init(&item, statement->arena.alloc);
  if (qualifier) casc_str_printf(&item, "%s.", qualifier);
  casc_sqlite_identifier(&item, name);
  if (item.failed) statement->failed = true;
  else casc_sqlite_column(statement, item.data, type);
  casc_str_free(&item);
}

void casc_postgres_column(casc_statement *statement, const char *expression, int32_t type) {
  casc_str *sql = &statement->sql;
  if (statement->type_count) casc_str_put(sql, ", ");
  casc_statement_column(statement, type);
  if (type == CASCADE_TEXT)
    casc_str_printf(sql, statement->text_rows ? "encode(convert_to((%s)::text, 'UTF8'), 'hex')" : "(%s)::text", expression);
  else if (statement->text_rows) casc_str_printf(sql, type == CASCADE_BLOB ? "encode(%s, 'hex')" : "(%s)::text", expression);
  else casc_str_put(sql, expression);
}

void casc_mariadb_column(casc_statement *statement, const char *expression, int32_t type) {
  casc_str *sql = &statement->sql;
  if (statement->type_count) casc_str_put(sql, ", ");
  casc_statement_column(statement, type);
  if (type == CASCADE_TEXT)
    casc_str_printf(sql, statement->text_rows ? "HEX(CONVERT(%s USING utf8mb4))" : "CONVERT(%s USING utf8mb4)", expression);
  else if (statement->text_rows) /* bits would be a number's digits, and a FLOAT fewer than it has */
    casc_str_printf(sql,
                    type == CASCADE_BLOB     ? "HEX(CAST(%s AS BINARY))"
                    : type == CASCADE_DOUBLE ? "CAST(CAST(%s AS DOUBLE) AS CHAR)"
                                             : "CAST(%s AS CHAR)",
                    expression);
  else casc_str_put(sql, expression);
}

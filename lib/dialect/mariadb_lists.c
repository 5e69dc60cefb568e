/* Lists of keys and of rows on MariaDB: one JSON array, which JSON_TABLE reads as a table. */
#include "columns.h"
#include "mariadb_parts.h"
#include "parts.h"

#include <stdlib.h>
#include <string.h>

static void put(casc_statement *statement, const char *sql) {
  casc_put(statement, sql);
}

bool casc_mariadb_is_bytes(int32_t type) {
  return type == CASCADE_BLOB;
}

static void put_text(casc_str *json, const cascade_value *cell) {
  casc_str_putc(json, '"');
  for (uint64_t i = 0; i < cell->length; i++) {
    unsigned char c = (unsigned char)cell->data[i];
    if (c < 0x20) casc_str_printf(json, "\\u%04x", c);
    else {
      if (c == '"' || c == '\\') casc_str_putc(json, '\\');
      casc_str_putc(json, (char)c);
    }
  }
  casc_str_putc(json, '"');
}

static void put_cell(casc_str *json, const cascade_value *cell) {
  switch (cell->type) {
  case CASCADE_INT64: casc_str_int(json, cell->integer); break;
  case CASCADE_UINT64: casc_str_printf(json, "%llu", (unsigned long long)cell->integer); break;
  case CASCADE_DOUBLE: casc_str_real(json, cell->real); break;
  case CASCADE_NULL: casc_str_put(json, "null"); break;
  case CASCADE_BLOB:
    casc_str_putc(json, '"');
    casc_str_hex(json, cell->data, cell->length);
    casc_str_putc(json, '"');
    break;
  default: put_text(json, cell);
  }
}

static void put_keys(casc_str *json, const cascade_keys *keys) {
  if (keys->integers) {
    casc_put_integer_list(json, keys);
    return;
  }
  casc_str_putc(json, '[');
  for (uint64_t i = 0; i < keys->count; i++) {
    casc_str_put(json, i ? ",[" : "[");
    for (uint32_t j = 0; j < keys->column_count; j++) {
      if (j) casc_str_putc(json, ',');
      put_cell(json, &keys->cells[i * keys->column_count + j]);
    }
    casc_str_putc(json, ']');
  }
  casc_str_putc(json, ']');
}

void casc_mariadb_key_table(casc_statement *statement, const cascade_keys *keys, const int32_t *types, const char *const *casts) {
  casc_str json;
  size_t length;
  casc_str_init(&json, statement->arena.alloc);
  put_keys(&json, keys);
  const char *text = casc_keep_text(statement, &json, &length);
  if (text) casc_statement_text(statement, text, length);
  put(statement, "JSON_TABLE(?, '$[*]' COLUMNS (");
  for (uint32_t i = 0; i < keys->column_count; i++) {
    casc_str_printf(&statement->sql, "%scasc_%u %s PATH ", i ? ", " : "", i,
                    casc_mariadb_is_bytes(types[i]) ? "LONGTEXT" : casts[i]);
    if (keys->integers) put(statement, "'$'");
    else casc_str_printf(&statement->sql, "'$[%u]'", i);
  }
  put(statement, ")) AS casc_k");
}

void casc_mariadb_match_keys(casc_statement *statement, const casc_sql_table *table, const char *const *columns,
                             const int32_t *types, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    if (i) put(statement, " AND ");
    casc_mariadb_own_column(statement, table, columns[i]);
    casc_str_printf(&statement->sql, casc_mariadb_is_bytes(types[i]) ? " = UNHEX(casc_k.casc_%u)" : " = casc_k.casc_%u", i);
  }
}

/* Hexadecimal digits that hold one byte more than the column takes; 0 for a column of any length. */
static unsigned long digits_of(const char *type) {
  const char *length = strncmp(type, "binary(", 7) && strncmp(type, "varbinary(", 10) ? NULL : strchr(type, '(');
  return length ? 2 * strtoul(length + 1, NULL, 10) + 2 : 0;
}

/* Values of other types are left as they are, so that it is the INSERT that converts them: here they would become NULL. Bytes
   without a bound would be empty behind GROUP BY and DISTINCT. */
void casc_mariadb_rows_source(casc_statement *statement, const cascade_keys *rows, const int32_t *types, const char *const *casts) {
  put(statement, "SELECT ");
  for (uint32_t i = 0; i < rows->column_count; i++) {
    unsigned long digits = casc_mariadb_is_bytes(types[i]) ? digits_of(casts[i]) : 0;
    put(statement, i ? ", " : "");
    if (digits) casc_str_printf(&statement->sql, "UNHEX(LEFT(casc_k.casc_%u, %lu))", i, digits);
    else casc_str_printf(&statement->sql, casc_mariadb_is_bytes(types[i]) ? "UNHEX(casc_k.casc_%u)" : "casc_k.casc_%u", i);
  }
  put(statement, " FROM ");
  casc_mariadb_key_table(statement, rows, types, casts);
}

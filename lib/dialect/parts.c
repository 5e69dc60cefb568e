#include "parts.h"

#include "columns.h"

void casc_put(casc_statement *statement, const char *sql) {
  casc_str_put(&statement->sql, sql);
}

void casc_put_name(casc_statement *statement, casc_quote quote, const char *qualifier, const char *name) {
  if (qualifier) casc_str_printf(&statement->sql, "%s.", qualifier);
  quote(&statement->sql, name);
}

void casc_put_names(casc_statement *statement, casc_quote quote, const char *qualifier, const char *const *names, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    if (i) casc_put(statement, ", ");
    casc_put_name(statement, quote, qualifier, names[i]);
  }
}

void casc_put_tuple(casc_statement *statement, casc_quote quote, const char *qualifier, const char *const *names, uint32_t count) {
  if (count > 1) casc_put(statement, "(");
  casc_put_names(statement, quote, qualifier, names, count);
  if (count > 1) casc_put(statement, ")");
}

void casc_put_table(casc_statement *statement, casc_quote quote, const casc_sql_table *table) {
  /* on SQLite, a temporary table of the same name would come before one that is named without */
  const char *schema = table->schema || quote != casc_sqlite_identifier ? table->schema : "main";
  if (schema) {
    quote(&statement->sql, schema);
    casc_put(statement, ".");
  }
  quote(&statement->sql, table->name);
}

const char *casc_put_word(casc_statement *statement, const char *word) {
  casc_put(statement, word);
  return " And ";
}

const char *casc_quoted_name(casc_statement *statement, casc_quote quote, const char *qualifier, const char *name) {
  casc_str text;
  size_t length;
  casc_str_init(&text, statement->arena.alloc);
  if (qualifier) casc_str_printf(&text, "%s.", qualifier);
  quote(&text, name);
  const char *kept = casc_keep_text(statement, &text, &length);
  return kept ? kept : "";
}

bool casc_keys_are_range(const cascade_keys *keys) {
  return keys->integers && keys->count > 1 &&
         (uint64_t)keys->integers[keys->count - 1] - (uint64_t)keys->integers[0] == keys->count - 1;
}

void casc_put_integer_list(casc_str *list, const cascade_keys *keys) {
  casc_str_putc(list, '[');
  for (uint64_t i = 0; i < keys->count; i++) {
    if (i) casc_str_putc(list, ',');
    casc_str_int(list, keys->integers[i]);
  }
  casc_str_putc(list, ']');
}

const char *casc_keep_text(casc_statement *statement, casc_str *text, size_t *length) {
  const char *kept = text->failed ? NULL : casc_arena_copy(&statement->arena, text->data ? text->data : "", text->length);
  *length = text->length;
  if (!kept) statement->failed = true;
  casc_str_free(text);
  return kept;
}

#include "graph_internal.h"

const casc_column *casc_inexact_key(const casc_table *table) {
  for (uint32_t i = 0; i < table->key_count; i++) {
    uint32_t at = table->key[i];
    if (at != CASC_NONE && table->columns[at].value_type == CASCADE_NULL) return &table->columns[at];
  }
  return NULL;
}

static cascade_status refuse(cascade_context *context, const casc_table *table, const char *relation, const char *rows,
                             const char *aside, cascade_error **error) {
  const casc_column *inexact = casc_inexact_key(table);
  if (inexact)
    return casc_fail_at(
        context, error, CASCADE_NO_KEY, table->label, relation,
        "table %s has no usable key: %s cannot be told apart%s, as a value that was read from key column \"%s\" of type "
        "%s need not find its row again; " CASC_EXACT_TYPES ", or add a unique index over other columns that are "
        "NOT NULL",
        table->label, rows, aside, inexact->name, inexact->type);
  return casc_fail_at(context, error, CASCADE_NO_KEY, table->label, relation,
                      "table %s has no usable key: %s cannot be told apart%s; add a primary key, or a unique index over columns "
                      "that are NOT NULL",
                      table->label, rows, aside);
}

cascade_status casc_refuse_keyless(cascade_context *context, const casc_table *table, const char *relation, const char *aside,
                                   cascade_error **error) {
  if (!relation) return refuse(context, table, NULL, "its rows", "", error);
  casc_str rows;
  casc_str_init(&rows, &context->alloc);
  casc_str_printf(&rows, "rows that refer through %s", relation);
  cascade_status status = rows.failed ? casc_nomem(error) : refuse(context, table, relation, rows.data, aside, error);
  casc_str_free(&rows);
  return status;
}

#include "selection_internal.h"

#include "condition.h"
#include "parameters.h"
#include "selection_keys.h"

#include <string.h>

static void release(cascade_selection *selection) {
  const casc_alloc *alloc = &selection->context->alloc;
  cascade_graph *graph = selection->graph;
  casc_arena_clear(&selection->arena);
  casc_free(alloc, selection);
  cascade_graph_free(graph); /* last: it keeps the allocator alive */
}

/* An empty selection of a table that has rows which can be deleted. */
static cascade_status begin(cascade_graph *graph, const char *name, cascade_selection **out, cascade_selection **made,
                            cascade_error **error) {
  cascade_context *context = graph ? graph->context : NULL;
  if (out) *out = NULL;
  if (!graph || !name || !out)
    return casc_fail(context, error, CASCADE_INVALID, "selection: graph, table or the place for the result is NULL");
  uint32_t position = 0;
  cascade_status status = cascade_graph_find_table(graph, name, &position, error);
  if (status < 0) return status;
  const casc_table *table = &graph->tables[position];
  if (table->kind == CASCADE_TABLE_VIEW)
    return casc_fail_at(context, error, CASCADE_INVALID, table->label, NULL, "%s is a view; select rows of the table that it shows",
                        table->label);
  if (table->kind == CASCADE_TABLE_PARTITION)
    return casc_fail_at(context, error, CASCADE_INVALID, table->label, NULL,
                        "%s is a partition; select rows of the partitioned table %s", table->label, table->part_of);
  if (table->kind == CASCADE_TABLE_MISSING)
    return casc_fail_at(context, error, CASCADE_NOT_FOUND, table->label, NULL, "there is no table %s; only a foreign key names it",
                        table->label);
  cascade_selection *selection = casc_calloc(&context->alloc, 1, sizeof *selection);
  if (!selection) return casc_nomem(error);
  casc_refs_init(&selection->refs);
  selection->context = context;
  selection->graph = cascade_graph_ref(graph);
  selection->table = position;
  casc_arena_init(&selection->arena, &context->alloc);
  *made = selection;
  return CASCADE_OK;
}

static cascade_status begin_keys(cascade_graph *graph, const char *name, const void *keys, uint64_t count, cascade_selection **out,
                                 cascade_selection **made, cascade_error **error) {
  cascade_status status = begin(graph, name, out, made, error);
  if (status < 0) return status;
  const casc_table *table = &graph->tables[(*made)->table];
  const casc_column *inexact = casc_inexact_key(table);
  if (!table->key_count)
    status = casc_fail_at(graph->context, error, CASCADE_NO_KEY, table->label, NULL,
                          "table %s has no primary key; select rows by a condition instead", table->label);
  else if (inexact && !table->identity_count) status = casc_refuse_keyless(graph->context, table, NULL, NULL, error);
  else if (inexact)
    status = casc_fail_at(graph->context, error, CASCADE_NO_KEY, table->label, NULL,
                          "table %s: a value that was read from key column \"%s\" of type %s need not find its row again; select "
                          "rows by a condition instead",
                          table->label, inexact->name, inexact->type);
  else if (!keys && count)
    status = casc_fail_at(graph->context, error, CASCADE_INVALID, table->label, NULL, "%s: the keys are NULL", table->label);
  if (status < 0) release(*made);
  else (*made)->by_keys = true;
  return status;
}

static cascade_status end(cascade_selection *selection, cascade_status status, cascade_selection **out) {
  if (status < 0) release(selection);
  else *out = selection;
  return status;
}

static cascade_status wrong_width(const cascade_selection *selection, uint32_t given, cascade_error **error) {
  const casc_table *table = &selection->graph->tables[selection->table];
  return casc_fail_at(selection->context, error, CASCADE_INVALID, table->label, NULL, "%s: the primary key has %u column%s, not %u",
                      table->label, (unsigned)table->key_count, table->key_count == 1 ? "" : "s", (unsigned)given);
}

cascade_status cascade_selection_integers(cascade_graph *graph, const char *name, const int64_t *keys, uint64_t count,
                                          cascade_selection **out, cascade_error **error) {
  cascade_selection *selection = NULL;
  cascade_status status = begin_keys(graph, name, keys, count, out, &selection, error);
  if (status < 0) return status;
  if (count && graph->tables[selection->table].key_count != 1) status = wrong_width(selection, 1, error);
  else status = casc_keys_from_integers(selection, keys, (size_t)count, error);
  return end(selection, status, out);
}

cascade_status cascade_selection_keys(cascade_graph *graph, const char *name, const cascade_value *cells, uint64_t count,
                                      uint32_t column_count, cascade_selection **out, cascade_error **error) {
  cascade_selection *selection = NULL;
  cascade_status status = begin_keys(graph, name, cells, count, out, &selection, error);
  if (status < 0) return status;
  if (count && graph->tables[selection->table].key_count != column_count) status = wrong_width(selection, column_count, error);
  else status = casc_keys_from_cells(selection, cells, (size_t)count, error);
  return end(selection, status, out);
}

cascade_status cascade_selection_parse(cascade_graph *graph, const char *name, const char *const *keys, uint32_t count,
                                       cascade_selection **out, cascade_error **error) {
  cascade_selection *selection = NULL;
  cascade_status status = begin_keys(graph, name, keys, count, out, &selection, error);
  if (status < 0) return status;
  return end(selection, casc_keys_from_texts(selection, keys, count, error), out);
}

static cascade_status set_condition(cascade_selection *selection, const char *condition, const cascade_value *parameters,
                                    uint32_t count, cascade_error **error) {
  const casc_table *table = &selection->graph->tables[selection->table];
  uint32_t placeholders = 0;
  const char *what = NULL;
  if (!table->identity_count) return casc_refuse_keyless(selection->context, table, NULL, NULL, error);
  if (!casc_condition_sound(selection->graph->engine, condition, &placeholders, &what))
    return casc_fail_at(selection->context, error, CASCADE_INVALID, table->label, NULL,
                        "%s: the condition is not one expression: %s", table->label, what);
  if (placeholders != count)
    return casc_fail_at(selection->context, error, CASCADE_INVALID, table->label, NULL,
                        "%s: the condition has %u placeholder%s, but %u parameter%s given", table->label, placeholders,
                        placeholders == 1 ? "" : "s", count, count == 1 ? " is" : "s are");
  if (count && !parameters)
    return casc_fail_at(selection->context, error, CASCADE_INVALID, table->label, NULL, "%s: the parameters are NULL",
                        table->label);
  if (!casc_condition_blank(condition) && !(selection->where = casc_arena_strdup(&selection->arena, condition)))
    return casc_nomem(error);
  selection->parameter_count = count;
  return count ? casc_parameters_copy(selection->context, &selection->arena, "condition", parameters, count, &selection->parameters,
                                      error)
               : CASCADE_OK;
}

cascade_status cascade_selection_where(cascade_graph *graph, const char *name, const char *condition,
                                       const cascade_value *parameters, uint32_t parameter_count, cascade_selection **out,
                                       cascade_error **error) {
  cascade_selection *selection = NULL;
  cascade_status status = begin(graph, name, out, &selection, error);
  if (status < 0) return status;
  return end(selection, set_condition(selection, condition ? condition : "", parameters, parameter_count, error), out);
}

uint32_t cascade_selection_table(const cascade_selection *selection) {
  return selection ? selection->table : CASC_NONE;
}

cascade_selection *casc_selection_ref(cascade_selection *selection) {
  if (selection) casc_refs_take(&selection->refs);
  return selection;
}

void cascade_selection_free(cascade_selection *selection) {
  if (selection && casc_refs_drop(&selection->refs)) release(selection);
}

/* What a job says to the worker that will do it: rules, selection and options, as JSON. Cells of keys and parameters
   are texts of a letter for their type and the value, so that nothing is lost on the way. */
#include "queue_internal.h"

#include "json_text.h"
#include "plain.h"
#include "policy_json.h"
#include "selection_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool casc_queue_integers(const casc_table *table, const char *engine) {
  if (table->key_count != 1 || table->key_types[0] != CASCADE_INT64) return false;
  return table->integer_key || strcmp(engine, "sqlite") != 0; /* elsewhere on SQLite, any value may be in the column */
}

enum { PLAIN = 1, RECORDING = 2 /* versions */ };

/* ---- writing ---- */

static json_t *cell_json(const cascade_value *cell) {
  char number[CASC_REAL_ROOM];
  switch (cell->type) {
  case CASCADE_INT64: return json_sprintf("i%" PRId64, cell->integer);
  case CASCADE_UINT64: return json_sprintf("u%" PRIu64, (uint64_t)cell->integer);
  case CASCADE_DOUBLE: casc_real_text(number, cell->real); return json_sprintf("r%s", number);
  case CASCADE_NULL: return json_null();
  default: break;
  }
  casc_str text;
  casc_str_init(&text, &casc_system_alloc);
  casc_str_putc(&text, cell->type == CASCADE_BLOB ? 'x' : 't');
  if (cell->type == CASCADE_BLOB) casc_str_hex(&text, cell->data, cell->length);
  else casc_str_putn(&text, cell->data ? cell->data : "", cell->length);
  json_t *json = text.failed ? NULL : json_stringn_nocheck(text.data, text.length);
  casc_str_free(&text);
  return json;
}

json_t *casc_payload_cells(const cascade_value *cells, uint64_t count) {
  json_t *list = json_array();
  for (uint64_t i = 0; list && i < count; i++)
    if (json_array_append_new(list, cell_json(&cells[i]))) {
      json_decref(list);
      return NULL;
    }
  return list;
}

static json_t *integers_json(const cascade_keys *keys) {
  json_t *list = json_array();
  for (uint64_t i = 0; list && i < keys->count; i++)
    if (json_array_append_new(list, json_integer(keys->integers[i]))) {
      json_decref(list);
      return NULL;
    }
  return list;
}

static bool write_selection(json_t *document, const cascade_selection *selection) {
  if (selection->by_keys && selection->keys.integers)
    return !json_object_set_new(document, "integers", integers_json(&selection->keys));
  if (selection->by_keys)
    return !json_object_set_new(document, "cells",
                                casc_payload_cells(selection->keys.cells, selection->keys.count * selection->keys.column_count));
  return !json_object_set_new(document, "where", json_string_nocheck(selection->where ? selection->where : "")) &&
         !json_object_set_new(document, "parameters", casc_payload_cells(selection->parameters, selection->parameter_count));
}

static bool write_unset(json_t *document, const casc_sql_relation *unset) {
  json_t *list = json_array();
  for (uint32_t i = 0; i < unset->count; i++)
    if (json_array_append_new(list, json_string_nocheck(unset->columns[i]))) break;
  return !json_object_set_new(document, "unset", list) && json_array_size(list) == unset->count;
}

/* What writes rows of its own as it deletes: whoever does not know of it must not do the job. */
static bool records(const cascade_job_options *options) {
  return options->outbox || options->column_count || options->actor || options->reason;
}

static json_t *column_json(const cascade_job_options *options, uint32_t column) {
  return json_pack("[oo]", json_string_nocheck(options->column_tables[column]), json_string_nocheck(options->columns[column]));
}

static bool write_columns(json_t *json, const cascade_job_options *options) {
  json_t *list = json_array();
  for (uint32_t i = 0; i < options->column_count; i++)
    if (json_array_append_new(list, column_json(options, i))) break;
  return !json_object_set_new(json, "columns", list) && json_array_size(list) == options->column_count;
}

static bool write_options(json_t *document, const cascade_job_options *options, int64_t audit) {
  json_t *json = json_object();
  bool done = json && !json_object_set_new(json, "allow", json_integer(options->allow)) &&
              !json_object_set_new(json, "integrity", json_integer(options->integrity)) &&
              !json_object_set_new(json, "max_rows", json_integer((json_int_t)options->max_rows)) &&
              !json_object_set_new(json, "max_tx_rows", json_integer((json_int_t)options->max_tx_rows)) &&
              !json_object_set_new(json, "batch_ms", json_integer(options->batch_ms));
  if (done && records(options))
    done = write_columns(json, options) && !json_object_set_new(json, "outbox", json_integer(options->outbox)) &&
           !json_object_set_new(json, "audit", json_integer(audit));
  return !json_object_set_new(document, "options", json) && done;
}

cascade_status casc_payload_write(cascade_policy *policy, const cascade_selection *selection, uint32_t table,
                                  const casc_sql_relation *unset, const cascade_job_options *options, int64_t audit, char **text,
                                  cascade_error **error) {
  json_t *relations = NULL, *document = json_object();
  *text = NULL;
  cascade_status status = casc_policy_relations(policy, &relations, error);
  if (status >= 0) {
    bool done = document && !json_object_set_new(document, "version", json_integer(records(options) ? RECORDING : PLAIN)) &&
                !json_object_set_new(document, "policy", relations) &&
                !json_object_set_new(document, "table", json_string_nocheck(policy->graph->tables[table].label)) &&
                (unset ? write_unset(document, unset) : write_selection(document, selection)) &&
                write_options(document, options, audit);
    if (done) return casc_json_give(policy->context, document, JSON_COMPACT, "job", text, error);
    status = casc_nomem(error);
  }
  json_decref(document);
  return status;
}

/* ---- reading ---- */

static cascade_status unreadable(cascade_graph *graph, const char *what, cascade_error **error) {
  return casc_fail(graph->context, error, CASCADE_FORMAT, "the job's payload is not one that this library has written: %s", what);
}

static bool read_bytes(casc_arena *arena, const char *digits, size_t length, cascade_value *cell) {
  char *bytes = casc_arena_get(arena, length / 2 + 1, 1);
  if (!bytes || !casc_bytes_of_hex(bytes, digits, length)) return false;
  *cell = (cascade_value){.type = CASCADE_BLOB, .data = bytes, .length = length / 2};
  return true;
}

/* Texts are borrowed from the document. */
static bool read_cell(casc_arena *arena, const json_t *from, cascade_value *cell) {
  *cell = (cascade_value){.type = CASCADE_NULL};
  if (json_is_null(from)) return true;
  const char *text = json_string_value(from);
  size_t length = json_string_length(from);
  if (!text || !length) return false;
  switch (*text) {
  case 'i': *cell = (cascade_value){.type = CASCADE_INT64, .integer = strtoll(text + 1, NULL, 10)}; return true;
  case 'u': *cell = (cascade_value){.type = CASCADE_UINT64, .integer = (int64_t)strtoull(text + 1, NULL, 10)}; return true;
  case 'r': *cell = (cascade_value){.type = CASCADE_DOUBLE}; return casc_real_of(text + 1, &cell->real);
  case 't': *cell = (cascade_value){.type = CASCADE_TEXT, .data = text + 1, .length = length - 1}; return true;
  case 'x': return read_bytes(arena, text + 1, length - 1, cell);
  default: return false;
  }
}

cascade_value *casc_payload_read_cells(casc_arena *arena, const json_t *list) {
  size_t count = json_array_size(list);
  cascade_value *cells = casc_arena_get(arena, count + 1, sizeof *cells);
  for (size_t i = 0; cells && i < count; i++)
    if (!read_cell(arena, json_array_get(list, i), &cells[i])) return NULL;
  return cells;
}

static cascade_status select_integers(cascade_graph *graph, const char *table, const json_t *list, casc_arena *arena,
                                      cascade_selection **selection, cascade_error **error) {
  size_t count = json_array_size(list);
  int64_t *keys = casc_arena_get(arena, count + 1, sizeof *keys);
  if (!keys) return casc_nomem(error);
  for (size_t i = 0; i < count; i++) keys[i] = json_integer_value(json_array_get(list, i));
  return cascade_selection_integers(graph, table, keys, count, selection, error);
}

static cascade_status read_selection(cascade_graph *graph, const json_t *document, casc_payload *payload, cascade_error **error) {
  const char *table = graph->tables[payload->table].label, *where = json_string_value(json_object_get(document, "where"));
  const json_t *integers = json_object_get(document, "integers"), *cells = json_object_get(document, "cells");
  const json_t *parameters = json_object_get(document, "parameters");
  casc_arena arena;
  casc_arena_init(&arena, &graph->context->alloc);
  cascade_status status;
  cascade_value *values = casc_payload_read_cells(&arena, cells ? cells : parameters);
  uint32_t width = graph->tables[payload->table].key_count;
  if (!values) status = unreadable(graph, "a cell of a key or a parameter", error);
  else if (integers) status = select_integers(graph, table, integers, &arena, &payload->selection, error);
  else if (cells && width && json_array_size(cells) % width == 0)
    status = cascade_selection_keys(graph, table, values, json_array_size(cells) / width, width, &payload->selection, error);
  else if (cells) status = unreadable(graph, "its keys are not those of the table", error);
  else if (where)
    status =
        cascade_selection_where(graph, table, where, values, (uint32_t)json_array_size(parameters), &payload->selection, error);
  else status = unreadable(graph, "no selection", error);
  casc_arena_clear(&arena);
  return status;
}

static cascade_status read_unset(cascade_graph *graph, const casc_queue_words *words, const json_t *list, casc_payload *payload,
                                 cascade_error **error) {
  casc_str condition;
  casc_str_init(&condition, &graph->context->alloc);
  for (size_t i = 0; i < json_array_size(list); i++) {
    const char *column = json_string_value(json_array_get(list, i));
    if (!column || casc_graph_column_position(graph, payload->table, column) == CASC_NONE) {
      casc_str_free(&condition);
      return casc_fail_at(graph->context, error, CASCADE_SCHEMA, graph->tables[payload->table].label, NULL,
                          "table %s has no column %s any more, by which its detached rows are told",
                          graph->tables[payload->table].label, column ? column : "?");
    }
    casc_queue_unset(words, &condition, column, i == 0);
  }
  payload->unset = condition.failed ? NULL : casc_strdup(&graph->context->alloc, condition.data ? condition.data : "");
  casc_str_clear(&condition);
  if (payload->unset) casc_queue_not_unset(&condition, payload->unset);
  if (!condition.failed) payload->parented = casc_arena_copy(&payload->arena, condition.data, condition.length);
  casc_str_free(&condition);
  return payload->unset && payload->parented ? CASCADE_OK : casc_nomem(error);
}

static int64_t option(const json_t *document, const char *name) {
  return json_integer_value(json_object_get(json_object_get(document, "options"), name));
}

/* Names are borrowed from the document. */
static cascade_status read_columns(cascade_graph *graph, const json_t *list, casc_payload *payload, cascade_error **error) {
  size_t count = json_array_size(list);
  const char **tables = casc_arena_get(&payload->arena, count + 1, sizeof *tables);
  const char **columns = casc_arena_get(&payload->arena, count + 1, sizeof *columns);
  if (!tables || !columns) return casc_nomem(error);
  for (size_t i = 0; i < count; i++) {
    const json_t *pair = json_array_get(list, i);
    tables[i] = json_string_value(json_array_get(pair, 0));
    columns[i] = json_string_value(json_array_get(pair, 1));
    if (!tables[i] || !columns[i]) return unreadable(graph, "a column for the outbox", error);
  }
  payload->options.column_tables = tables;
  payload->options.columns = columns;
  payload->options.column_count = (uint32_t)count;
  return CASCADE_OK;
}

static cascade_status read_all(cascade_graph *graph, const casc_queue_words *words, casc_payload *payload, cascade_error **error) {
  const json_t *document = payload->document, *unset = json_object_get(document, "unset");
  const char *table = json_string_value(json_object_get(document, "table"));
  const json_t *relations = json_object_get(document, "policy");
  json_int_t version = json_integer_value(json_object_get(document, "version"));
  if (version != PLAIN && version != RECORDING)
    return casc_fail(graph->context, error, CASCADE_UNSUPPORTED, "the job is of a newer version; use a newer library");
  if (!table || !json_is_array(relations)) return unreadable(graph, "no table or no policy", error);
  char *text = json_dumps(relations, JSON_COMPACT);
  if (!text) return casc_nomem(error);
  cascade_status status = cascade_policy_load(graph, text, strlen(text), &payload->policy, error);
  free(text);
  if (status >= 0) status = cascade_graph_find_table(graph, table, &payload->table, error);
  if (status < 0) return status;
  payload->options = (cascade_purge_options){.size = sizeof payload->options,
                                             .allow = (uint32_t)option(document, "allow"),
                                             .integrity = (int32_t)option(document, "integrity"),
                                             .max_rows = (uint64_t)option(document, "max_rows"),
                                             .max_tx_rows = (uint64_t)option(document, "max_tx_rows"),
                                             .batch_ms = (uint32_t)option(document, "batch_ms"),
                                             .outbox = (int32_t)option(document, "outbox")};
  payload->audit = option(document, "audit");
  status = read_columns(graph, json_object_get(json_object_get(document, "options"), "columns"), payload, error);
  if (status < 0) return status;
  return unset ? read_unset(graph, words, unset, payload, error) : read_selection(graph, document, payload, error);
}

cascade_status casc_payload_read(cascade_graph *graph, const casc_queue_words *words, const char *text, size_t length,
                                 casc_payload *payload, cascade_error **error) {
  json_error_t fault;
  *payload = (casc_payload){.document = json_loadb(text, length, 0, &fault)};
  if (!payload->document) return unreadable(graph, fault.text, error);
  casc_arena_init(&payload->arena, &graph->context->alloc);
  cascade_status status = read_all(graph, words, payload, error);
  if (status < 0) casc_payload_free(&graph->context->alloc, payload);
  return status;
}

void casc_payload_free(const casc_alloc *alloc, casc_payload *payload) {
  json_decref(payload->document);
  cascade_selection_free(payload->selection);
  cascade_policy_free(payload->policy);
  casc_free(alloc, payload->unset);
  casc_arena_clear(&payload->arena);
  *payload = (casc_payload){0};
}

cascade_status casc_payload_select(const casc_payload *payload, const char *label, const char *const *texts, size_t count,
                                   cascade_selection **selection, cascade_error **error) {
  cascade_graph *graph = cascade_policy_graph(payload->policy);
  uint32_t width = graph->tables[payload->table].key_count;
  casc_arena arena;
  casc_arena_init(&arena, &graph->context->alloc);
  json_t **documents = casc_arena_get(&arena, count + 1, sizeof *documents);
  cascade_value *cells = casc_arena_get(&arena, count * width + 1, sizeof *cells);
  cascade_status status = documents && cells ? CASCADE_OK : casc_nomem(error);
  for (size_t i = 0; status >= 0 && i < count; i++) {
    documents[i] = json_loads(texts[i], 0, NULL);
    bool fits = json_array_size(documents[i]) == width;
    for (uint32_t j = 0; fits && j < width; j++) fits = read_cell(&arena, json_array_get(documents[i], j), &cells[i * width + j]);
    if (!fits) status = unreadable(graph, "a recorded key", error);
  }
  if (status >= 0) status = cascade_selection_keys(graph, label, cells, count, width, selection, error);
  for (size_t i = 0; documents && i < count; i++) json_decref(documents[i]);
  casc_arena_clear(&arena);
  return status;
}

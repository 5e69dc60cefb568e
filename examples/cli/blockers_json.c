/* cascade blockers --format json and --format specify. */
#include "blockers.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

typedef struct json_state {
  json_t *document;
  json_t *pages;          /* json: borrowed from the document */
  json_t *results, *next; /* specify: the same */
  uint32_t limit;         /* specify: as asked, 0 for all */
} json_state;

/* Texts that are no UTF-8, and BLOBs, are written as SQL writes bytes: x'0f12'. */
static json_t *bytes_json(const cascade_value *value) {
  static const char digits[] = "0123456789abcdef";
  char *text = malloc(2 * value->length + 4), *at = text;
  if (!text) return NULL;
  *at++ = 'x';
  *at++ = '\'';
  for (uint64_t i = 0; i < value->length; i++) {
    unsigned char byte = (unsigned char)value->data[i];
    *at++ = digits[byte >> 4];
    *at++ = digits[byte & 15];
  }
  *at++ = '\'';
  json_t *json = json_stringn(text, (size_t)(at - text));
  free(text);
  return json;
}

static json_t *value_json(const cascade_value *value) {
  switch (value->type) {
  case CASCADE_INT64: return json_integer(value->integer);
  case CASCADE_UINT64:
    return value->integer < 0 ? json_sprintf("%llu", (unsigned long long)value->integer) : json_integer(value->integer);
  case CASCADE_DOUBLE: {
    json_t *json = json_real(value->real);
    return json ? json : json_sprintf("%g", value->real); /* JSON has no infinity */
  }
  case CASCADE_TEXT:
  case CASCADE_DECIMAL: {
    json_t *json = json_stringn(value->data ? value->data : "", value->length);
    return json ? json : bytes_json(value);
  }
  case CASCADE_BLOB: return bytes_json(value);
  default: return json_null();
  }
}

static json_t *cells_json(const cascade_value *cells, uint32_t count) {
  json_t *list = json_array();
  for (uint32_t i = 0; list && i < count; i++)
    if (json_array_append_new(list, value_json(&cells[i]))) {
      json_decref(list);
      return NULL;
    }
  return list;
}

static json_t *names_json(const char *const *names, uint32_t count) {
  json_t *list = json_array();
  for (uint32_t i = 0; list && i < count; i++)
    if (json_array_append_new(list, json_string(names[i]))) {
      json_decref(list);
      return NULL;
    }
  return list;
}

/* A key of one column is its value; of several, an array. */
static bool keys_json(json_t *list, const cascade_keys *keys) {
  for (uint64_t i = 0; i < keys->count; i++) {
    const cascade_value *cells = keys->cells ? keys->cells + i * keys->column_count : NULL;
    json_t *key = keys->integers            ? json_integer(keys->integers[i])
                  : keys->column_count == 1 ? value_json(cells)
                                            : cells_json(cells, keys->column_count);
    if (json_array_append_new(list, key)) return false;
  }
  return true;
}

static json_t *path_json(const cli_session *session, const cascade_blockers_page *page) {
  json_t *list = json_array();
  for (uint32_t i = 0; list && i < page->path_length; i++) {
    cascade_relation_info relation = {.size = sizeof relation};
    cascade_policy_relation(session->policy, page->path[i], &relation);
    if (json_array_append_new(list, json_string(relation.label))) {
      json_decref(list);
      return NULL;
    }
  }
  return list;
}

static const char *kind_name(int32_t kind) {
  switch (kind) {
  case CASCADE_BLOCKING: return "blocking";
  case CASCADE_CASCADING: return "cascading";
  case CASCADE_UPDATING: return "updating";
  default: return "left_alone";
  }
}

static bool json_begin(void **out, const cli_session *session, const cli_options *options) {
  (void)options;
  json_state *state = calloc(1, sizeof *state);
  *out = state;
  if (!state) return false;
  cascade_table_info table = {.size = sizeof table};
  cascade_graph_table(session->graph, cascade_selection_table(session->selection), &table);
  state->pages = json_array();
  state->document = json_pack("{s:i, s:s, s:o}", "version", 1, "table", table.label, "pages", state->pages);
  return state->document;
}

static bool json_page(void *out, const cli_session *session, const cli_page *page) {
  json_state *state = out;
  const cascade_blockers_page *now = page->page;
  json_t *keys = json_array(), *entry = json_object();
  bool done = keys && entry && keys_json(keys, now->keys) && !json_array_append(state->pages, entry) &&
              !json_object_set_new(entry, "relation", json_string(page->relation.label)) &&
              !json_object_set_new(entry, "kind", json_string(kind_name(now->kind))) &&
              !json_object_set_new(entry, "rule", json_string(cascade_rule_name(page->relation.rule))) &&
              !json_object_set_new(entry, "table", json_string(page->table.label)) &&
              !json_object_set_new(entry, "columns", names_json(page->relation.columns, page->relation.column_count)) &&
              !json_object_set_new(entry, "key", names_json(now->keys->columns, now->keys->column_count)) &&
              !json_object_set(entry, "keys", keys) &&
              !json_object_set_new(entry, "anchor", cells_json(now->last, now->anchor_count)) &&
              !json_object_set_new(entry, "complete", json_boolean(now->complete)) &&
              !json_object_set_new(entry, "depth", json_integer(now->depth)) &&
              !json_object_set_new(entry, "path", path_json(session, now));
  json_decref(keys);
  json_decref(entry);
  return done;
}

static bool put_document(const json_t *document) {
  char *text = json_dumps(document, 0);
  if (!text) return false;
  puts(text);
  free(text);
  return true;
}

static bool json_end(void *out, const cli_session *session, bool more, bool truncated) {
  (void)session;
  (void)more;
  json_state *state = out;
  return !json_object_set_new(state->document, "truncated", json_boolean(truncated)) && put_document(state->document);
}

static void json_free(void *out) {
  json_state *state = out;
  if (state) json_decref(state->document);
  free(state);
}

static bool specify_begin(void **out, const cli_session *session, const cli_options *options) {
  (void)session;
  json_state *state = calloc(1, sizeof *state);
  *out = state;
  if (!state) return false;
  state->limit = options->all ? 0 : options->limit ? options->limit : 20;
  state->results = json_array();
  state->next = json_array();
  state->document = json_pack("{s:o, s:o}", "results", state->results, "next", state->next);
  return state->document;
}

static char *field_name(const cascade_relation_info *relation) {
  size_t length = 0;
  for (uint32_t i = 0; i < relation->column_count; i++) length += strlen(relation->columns[i]) + 1;
  char *text = malloc(length), *at = text;
  for (uint32_t i = 0; text && i < relation->column_count; i++)
    at += sprintf(at, "%s%s", i ? "," : "", relation->columns[i]);
  return text;
}

/* Relations that are rewritten or left alone are neither in the way nor to be followed: the profile leaves them out. */
static bool specify_page(void *out, const cli_session *session, const cli_page *page) {
  (void)session;
  json_state *state = out;
  const cascade_blockers_page *now = page->page;
  json_t *list = now->kind == CASCADE_BLOCKING ? state->results : now->kind == CASCADE_CASCADING ? state->next : NULL;
  if (!list) return true;
  char *field = field_name(&page->relation);
  json_t *ids = json_array(), *entry = json_object();
  bool done = field && ids && entry && keys_json(ids, now->keys) && !json_array_append(list, entry) &&
              !json_object_set_new(entry, "table", json_string(page->table.label)) &&
              !json_object_set_new(entry, "field", json_string(field)) && !json_object_set(entry, "ids", ids) &&
              !json_object_set_new(entry, "offset", json_integer((json_int_t)page->before)) &&
              !json_object_set_new(entry, "limit", json_integer(state->limit)) &&
              !json_object_set_new(entry, "complete", json_boolean(now->complete));
  json_decref(ids);
  json_decref(entry);
  free(field);
  return done;
}

static bool specify_end(void *out, const cli_session *session, bool more, bool truncated) {
  (void)session;
  (void)more;
  (void)truncated;
  return put_document(((const json_state *)out)->document);
}

const cli_writer cli_blockers_json = {json_begin, json_page, json_end, json_free};
const cli_writer cli_blockers_specify = {specify_begin, specify_page, specify_end, json_free};

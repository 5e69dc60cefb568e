#include "policy_build.h"

#include "str.h"

#include <jansson.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A document on its way to the options of casc_policy_build(). Texts are borrowed from the parsed document. */
typedef struct reader {
  cascade_context *context;
  cascade_error **error;
  casc_arena arena;
  const char *json;
  uint64_t length;
  bool bare; /* the document is the array of relations alone */
  cascade_policy_options options;
  uint32_t number; /* of the relation at hand, from 1; 0 outside */
  const json_t *relation;
} reader;

/* ---- failing ---- */

/* Line on which the relation of a number begins: the text is well formed, and only relations are objects at their
   depth. */
static unsigned line_of(const reader *r, uint32_t number) {
  unsigned line = 1, depth = 0, wanted = r->bare ? 1 : 2;
  bool quoted = false;
  for (const char *at = r->json, *end = at + r->length; at < end; at++) {
    if (*at == '\n') line++;
    if (quoted && *at == '\\') at++;
    else if (*at == '"') quoted = !quoted;
    if (quoted) continue;
    if (*at == '{' && depth == wanted && --number == 0) return line;
    if (*at == '{' || *at == '[') depth++;
    if (*at == '}' || *at == ']') depth--;
  }
  return line;
}

static cascade_status refuse(const reader *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

static cascade_status refuse(const reader *r, const char *format, ...) {
  char words[1024];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(words, sizeof words, format, arguments);
  va_end(arguments);
  if (length < 0) return casc_nomem(r->error);
  if (!r->number) return casc_fail(r->context, r->error, CASCADE_FORMAT, "policy: %s", words);
  if (!json_is_object(r->relation))
    return casc_fail(r->context, r->error, CASCADE_FORMAT, "entry %u: %s", (unsigned)r->number, words);
  const char *table = json_string_value(json_object_get(r->relation, "table"));
  return casc_fail_at(r->context, r->error, CASCADE_FORMAT, table, NULL, "line %u: entry %u%s%s: %s", line_of(r, r->number),
                      (unsigned)r->number, table ? ", " : "", table ? table : "", words);
}

static cascade_status refuse_unknown(const reader *r, const char *what, const char *given, const char *const *names,
                                     uint32_t count) {
  const char *near = casc_nearest(given, names, count);
  return refuse(r, "%s \"%s\" is not known%s%s%s", what, given, near ? "; did you mean \"" : "", near ? near : "",
                near ? "\"?" : "");
}

/* ---- parts of a relation ---- */

/* What is null counts as not given. */
static const json_t *member(const reader *r, const char *key) {
  const json_t *value = json_object_get(r->relation, key);
  return json_is_null(value) ? NULL : value;
}

static cascade_status check_keys(const reader *r) {
  static const char *const keys[] = {"table", "columns",   "column",      "rule",       "action", "on_delete",
                                     "name",  "ref_table", "ref_columns", "ref_column", "where",  "values"};
  enum { KEYS = sizeof keys / sizeof *keys };
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)r->relation, key, value) {
    uint32_t i = 0;
    while (i < KEYS && strcmp(keys[i], key)) i++;
    if (i == KEYS) return refuse_unknown(r, "key", key, keys, KEYS);
  }
  return CASCADE_OK;
}

static cascade_status read_text(const reader *r, const char *key, const char **text) {
  const json_t *value = member(r, key);
  if (value && !json_is_string(value)) return refuse(r, "\"%s\" is not a text", key);
  *text = json_string_value(value);
  return CASCADE_OK;
}

static cascade_status read_names(reader *r, const json_t *array, const char *key, const char *const **names, uint32_t *count) {
  if (!json_is_array(array)) return refuse(r, "\"%s\" is not an array of names", key);
  const char **read = casc_arena_get(&r->arena, json_array_size(array), sizeof *read);
  if (!read) return casc_nomem(r->error);
  *count = (uint32_t)json_array_size(array);
  for (uint32_t i = 0; i < *count; i++)
    if (!(read[i] = json_string_value(json_array_get(array, i)))) return refuse(r, "\"%s\" is not an array of names", key);
  *names = read;
  return CASCADE_OK;
}

/* A list under one key, or a single name under another. */
static cascade_status read_columns(reader *r, const char *many, const char *one, const char *const **names, uint32_t *count) {
  const json_t *list = member(r, many), *single = member(r, one);
  if (list && single) return refuse(r, "both \"%s\" and \"%s\" are given; keep one of them", many, one);
  if (list) return read_names(r, list, many, names, count);
  if (!single) return CASCADE_OK;
  if (!json_is_string(single)) return refuse(r, "\"%s\" is not a name; several go into \"%s\"", one, many);
  const char **read = casc_arena_get(&r->arena, 1, sizeof *read);
  if (!read) return casc_nomem(r->error);
  *read = json_string_value(single);
  *names = read;
  *count = 1;
  return CASCADE_OK;
}

typedef struct spelling {
  const char *name;
  int32_t rule;
} spelling;

static const spelling spellings[] = {
    {"CASCADE", CASCADE_RULE_CASCADE},     {"PROTECT", CASCADE_RULE_PROTECT},   {"RESTRICT", CASCADE_RULE_RESTRICT},
    {"NO_ACTION", CASCADE_RULE_RESTRICT},  {"SET_NULL", CASCADE_RULE_SET_NULL}, {"SET_DEFAULT", CASCADE_RULE_SET_DEFAULT},
    {"SET_VALUE", CASCADE_RULE_SET_VALUE}, {"SET", CASCADE_RULE_SET_VALUE},     {"IGNORE", CASCADE_RULE_IGNORE},
    {"DO_NOTHING", CASCADE_RULE_IGNORE},   {"DETACH", CASCADE_RULE_DETACH},
};

enum { SPELLINGS = sizeof spellings / sizeof *spellings };

static cascade_status refuse_rule(const reader *r, const char *folded, const char *given) {
  const char *names[SPELLINGS];
  for (uint32_t i = 0; i < SPELLINGS; i++) names[i] = spellings[i].name;
  const char *near = casc_nearest(folded, names, SPELLINGS);
  if (near) return refuse(r, "rule \"%s\" is not known; did you mean \"%s\"?", given, near);
  return refuse(r,
                "rule \"%s\" is not known; there are CASCADE, PROTECT, RESTRICT, SET_NULL, SET_DEFAULT, SET_VALUE, "
                "IGNORE and DETACH",
                given);
}

static cascade_status read_spelling(const reader *r, const char *given, int32_t *rule) {
  char folded[32]; /* longer than any spelling */
  size_t length = 0;
  for (; given[length] && length < sizeof folded - 1; length++) {
    char c = given[length];
    folded[length] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c == ' ' ? '_' : c;
  }
  folded[length] = '\0';
  for (uint32_t i = 0; !given[length] && i < SPELLINGS; i++)
    if (!strcmp(folded, spellings[i].name)) {
      *rule = spellings[i].rule;
      return CASCADE_OK;
    }
  return refuse_rule(r, folded, given);
}

static cascade_status read_rule(const reader *r, int32_t *rule) {
  static const char *const keys[] = {"rule", "action", "on_delete"};
  const char *used = NULL, *given = NULL;
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    if (!member(r, keys[i])) continue;
    if (used) return refuse(r, "both \"%s\" and \"%s\" are given; keep one of them", used, keys[i]);
    used = keys[i];
  }
  if (!used) return refuse(r, "\"rule\" is missing");
  cascade_status status = read_text(r, used, &given);
  return status < 0 ? status : read_spelling(r, given, rule);
}

static cascade_status read_value(const reader *r, const json_t *from, cascade_value *value) {
  switch (json_typeof(from)) {
  case JSON_NULL: return CASCADE_OK;
  case JSON_TRUE:
  case JSON_FALSE: *value = (cascade_value){.type = CASCADE_INT64, .integer = json_is_true(from)}; return CASCADE_OK;
  case JSON_INTEGER: *value = (cascade_value){.type = CASCADE_INT64, .integer = json_integer_value(from)}; return CASCADE_OK;
  case JSON_REAL: *value = (cascade_value){.type = CASCADE_DOUBLE, .real = json_real_value(from)}; return CASCADE_OK;
  case JSON_STRING:
    *value = (cascade_value){.type = CASCADE_TEXT, .data = json_string_value(from), .length = json_string_length(from)};
    return CASCADE_OK;
  default: return refuse(r, "\"values\" are numbers, texts, true, false or null");
  }
}

static cascade_status read_values(reader *r, cascade_policy_entry *entry) {
  const json_t *array = member(r, "values");
  if (!array) return CASCADE_OK;
  if (!json_is_array(array)) return refuse(r, "\"values\" is not an array");
  cascade_value *values = casc_arena_get(&r->arena, json_array_size(array), sizeof *values);
  if (!values) return casc_nomem(r->error);
  entry->values = values;
  entry->value_count = (uint32_t)json_array_size(array);
  for (uint32_t i = 0; i < entry->value_count; i++) {
    cascade_status status = read_value(r, json_array_get(array, i), &values[i]);
    if (status < 0) return status;
  }
  return CASCADE_OK;
}

static cascade_status read_relation(reader *r, cascade_policy_entry *entry) {
  entry->size = sizeof *entry;
  if (!json_is_object(r->relation)) return refuse(r, "it is not an object");
  cascade_status status = check_keys(r);
  if (status >= 0) status = read_text(r, "table", &entry->table);
  if (status >= 0 && !entry->table) status = refuse(r, "\"table\" is missing");
  if (status >= 0) status = read_columns(r, "columns", "column", &entry->columns, &entry->column_count);
  if (status >= 0 && !entry->column_count) status = refuse(r, "\"columns\" are missing");
  if (status >= 0) status = read_rule(r, &entry->rule);
  if (status >= 0) status = read_text(r, "ref_table", &entry->ref_table);
  if (status >= 0) status = read_columns(r, "ref_columns", "ref_column", &entry->ref_columns, &entry->ref_column_count);
  if (status >= 0) status = read_text(r, "where", &entry->where);
  return status < 0 ? status : read_values(r, entry);
}

/* ---- the document ---- */

static cascade_status read_relations(reader *r, const json_t *array) {
  if (!json_is_array(array)) return refuse(r, "\"relations\" is not an array");
  size_t count = json_array_size(array);
  cascade_policy_entry *entries = casc_arena_get(&r->arena, count, sizeof *entries);
  const cascade_policy_entry **list = casc_arena_get(&r->arena, count, sizeof *list);
  if (!entries || !list) return casc_nomem(r->error);
  for (size_t i = 0; i < count; i++) {
    r->number = (uint32_t)i + 1;
    r->relation = json_array_get(array, i);
    cascade_status status = read_relation(r, &entries[i]);
    if (status < 0) return status;
    list[i] = &entries[i];
  }
  r->options.entries = list;
  r->options.entry_count = (uint32_t)count;
  return CASCADE_OK;
}

static cascade_status read_document(reader *r, const json_t *root) {
  static const char *const keys[] = {"relations", "exclude"};
  if (r->bare) return read_relations(r, root);
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)root, key, value) {
    if (strcmp(key, keys[0]) && strcmp(key, keys[1])) return refuse_unknown(r, "key", key, keys, 2);
  }
  const json_t *exclude = json_object_get(root, "exclude"), *relations = json_object_get(root, "relations");
  cascade_status status = CASCADE_OK;
  if (exclude) status = read_names(r, exclude, "exclude", &r->options.exclude, &r->options.exclude_count);
  return status >= 0 && relations ? read_relations(r, relations) : status;
}

static cascade_status load(reader *r, cascade_graph *graph, const json_t *root, cascade_policy **policy) {
  uint32_t at_fault = 0;
  cascade_status status = read_document(r, root);
  if (status < 0) return status;
  status = casc_policy_build(graph, &r->options, &at_fault, policy, r->error);
  if (!at_fault) return status;
  char line[32];
  snprintf(line, sizeof line, "line %u", line_of(r, at_fault));
  casc_error_explain(r->error, NULL, NULL, line);
  return status;
}

cascade_status cascade_policy_load(cascade_graph *graph, const char *json, uint64_t length, cascade_policy **policy,
                                   cascade_error **error) {
  cascade_context *context = graph ? graph->context : NULL;
  if (policy) *policy = NULL;
  if (!graph || !json || !policy)
    return casc_fail(context, error, CASCADE_INVALID, "policy: graph, text or the place for the result is NULL");
  json_error_t fault;
  json_t *root = json_loadb(json, (size_t)length, JSON_REJECT_DUPLICATES, &fault);
  if (!root && json_error_code(&fault) == json_error_out_of_memory) return casc_nomem(error);
  if (!root) return casc_fail(context, error, CASCADE_FORMAT, "policy: line %d: %s", fault.line > 0 ? fault.line : 1, fault.text);
  reader r = {.context = context,
              .error = error,
              .json = json,
              .length = length,
              .bare = json_is_array(root),
              .options = {.size = sizeof r.options}};
  casc_arena_init(&r.arena, &context->alloc);
  cascade_status status = load(&r, graph, root, policy);
  casc_arena_clear(&r.arena);
  json_decref(root);
  return status;
}

#include "graph_internal.h"
#include "json_text.h"
#include "json_words.h"
#include "names.h"

#include <jansson.h>
#include <string.h>

/* Functions that return bool have put the failure into `status` and `error` when they return false. */

enum { DEEPEST = 6 };

typedef struct loader {
  cascade_context *context;
  casc_arena *arena;
  const char *json;
  casc_json_step way[DEEPEST]; /* to the object that is being read */
  uint32_t depth;
  casc_schema schema;
  casc_map tables; /* key of a table -> position */
  casc_str scratch;
  cascade_status status;
  cascade_error **error;
} loader;

/* "line 7: tables[0].columns[2].type: words", about a member of the current object, or about the object without one. */
static bool fail(loader *l, const char *member, const char *words, const char *quoted) {
  casc_str place;
  casc_json_step way[DEEPEST + 1];
  memcpy(way, l->way, sizeof l->way);
  way[l->depth] = (casc_json_step){.member = member};
  uint32_t steps = l->depth + (member != NULL);
  casc_str_init(&place, &l->context->alloc);
  for (uint32_t i = 0; i < steps; i++) {
    if (way[i].member) casc_str_printf(&place, i ? ".%s" : "%s", way[i].member);
    else casc_str_printf(&place, "[%u]", (unsigned)way[i].element);
  }
  l->status = casc_fail(l->context, l->error, CASCADE_FORMAT, quoted ? "graph: line %u: %s%s%s \"%s\"" : "graph: line %u: %s%s%s",
                        (unsigned)casc_json_line(l->json, way, steps), place.length ? place.data : "", place.length ? ": " : "",
                        words, quoted);
  casc_str_free(&place);
  return false;
}

static bool nomem(loader *l) {
  l->status = casc_nomem(l->error);
  return false;
}

static void enter(loader *l, const char *member, size_t element) {
  l->way[l->depth++] = (casc_json_step){.member = member};
  l->way[l->depth++] = (casc_json_step){.element = (uint32_t)element};
}

static void leave(loader *l) {
  l->depth -= 2;
}

/* The current object has no other members than these, which end with NULL. */
static bool check_members(loader *l, const json_t *object, const char *const *allowed) {
  if (!json_is_object(object)) return fail(l, NULL, "expected an object", NULL);
  const char *name;
  json_t *value;
  json_object_foreach((json_t *)object, name, value) {
    uint32_t i = 0;
    while (allowed[i] && strcmp(allowed[i], name) != 0) i++;
    if (allowed[i]) continue;
    const char *nearest = casc_nearest(name, allowed, i);
    return nearest ? fail(l, name, "there is no such member; perhaps meant was", nearest)
                   : fail(l, name, "there is no such member", NULL);
  }
  return true;
}

static bool read_text(loader *l, const json_t *object, const char *member, bool required, const char **text) {
  const json_t *value = json_object_get(object, member);
  if (!value && !required) return true;
  if (!json_is_string(value)) return value ? fail(l, member, "expected a text", NULL) : fail(l, NULL, "lacks the text", member);
  *text = casc_arena_strdup(l->arena, json_string_value(value));
  return *text || nomem(l);
}

static bool read_flag(loader *l, const json_t *object, const char *member, bool *flag) {
  const json_t *value = json_object_get(object, member);
  *flag = json_is_true(value);
  return !value || json_is_boolean(value) || fail(l, member, "expected true or false", NULL);
}

static bool read_bit(loader *l, const json_t *object, const char *member, uint32_t bit, uint32_t *flags) {
  bool flag;
  if (!read_flag(l, object, member, &flag)) return false;
  if (flag) *flags |= bit;
  return true;
}

/* A text that is one of the words; its value. */
static bool read_value(loader *l, const json_t *object, const char *member, const casc_json_word *words, int32_t *value) {
  const char *text = NULL;
  if (!read_text(l, object, member, true, &text)) return false;
  casc_str_clear(&l->scratch);
  casc_str_put(&l->scratch, "expected one of");
  for (const casc_json_word *at = words; at->word; at++) {
    *value = at->value;
    if (strcmp(at->word, text) == 0) return true;
    casc_str_printf(&l->scratch, "%s \"%s\"", at > words ? "," : "", at->word);
  }
  casc_str_put(&l->scratch, ", not");
  return l->scratch.failed ? nomem(l) : fail(l, member, l->scratch.data, text);
}

/* Without the member, or empty, *array is NULL and *count 0. */
static bool read_list(loader *l, const json_t *object, const char *member, bool required, const json_t **array, uint32_t *count) {
  const json_t *value = json_object_get(object, member);
  if (!value && !required) return true;
  if (!json_is_array(value)) return value ? fail(l, member, "expected an array", NULL) : fail(l, NULL, "lacks the array", member);
  *array = value;
  *count = (uint32_t)json_array_size(value);
  return true;
}

static bool read_names(loader *l, const json_t *object, const char *member, const char *const **names, uint32_t *count) {
  const json_t *array = NULL;
  if (!read_list(l, object, member, true, &array, count)) return false;
  const char **read = casc_arena_get(l->arena, *count, sizeof *read);
  if (!read) return nomem(l);
  for (uint32_t i = 0; i < *count; i++) {
    const json_t *name = json_array_get(array, i);
    if (!json_is_string(name)) return fail(l, member, "expected names", NULL);
    if (!(read[i] = casc_arena_strdup(l->arena, json_string_value(name)))) return nomem(l);
  }
  *names = read;
  return true;
}

static bool read_column(loader *l, const json_t *object, casc_table *table) {
  static const char *const members[] = {"name",    "type",      "sql_type", "value",   "not_null", "generated",
                                        "default", "collation", "loose",    "stamped", NULL};
  casc_column *column = &table->columns[table->column_count];
  const char *type = "";
  if (!check_members(l, object, members) || !read_text(l, object, "name", true, &column->name) ||
      !read_text(l, object, "type", false, &type) || !read_text(l, object, "default", false, &column->default_sql) ||
      !read_text(l, object, "collation", false, &column->collation) ||
      !read_text(l, object, "sql_type", false, &column->sql_type) || !read_flag(l, object, "loose", &column->loose) ||
      !read_flag(l, object, "stamped", &column->stamped) ||
      !read_bit(l, object, "not_null", CASCADE_COLUMN_NOT_NULL, &column->flags) ||
      !read_bit(l, object, "generated", CASCADE_COLUMN_GENERATED, &column->flags))
    return false;
  bool folded = casc_names_fold(l->schema.engine);
  if (folded) casc_column_set_type(column, type);
  else if (!read_value(l, object, "value", casc_value_words, &column->value_type)) return false;
  column->type = type;
  uint32_t other = casc_find_column(table, column->name);
  if (other != CASC_NONE && (folded || strcmp(table->columns[other].name, column->name) == 0))
    return fail(l, "name", "the table has two columns", column->name);
  table->column_count++;
  return true;
}

static bool read_index(loader *l, const json_t *object, const casc_table *table, casc_index *index) {
  static const char *const members[] = {"name", "columns", "unique", "partial", "recollated", NULL};
  const json_t *array = NULL;
  if (!check_members(l, object, members) || !read_text(l, object, "name", true, &index->name) ||
      !read_list(l, object, "columns", true, &array, &index->count) || !read_flag(l, object, "unique", &index->unique) ||
      !read_flag(l, object, "partial", &index->partial) || !read_flag(l, object, "recollated", &index->recollated))
    return false;
  uint32_t *columns = casc_arena_get(l->arena, index->count, sizeof *columns);
  if (!columns) return nomem(l);
  for (uint32_t i = 0; i < index->count; i++) {
    const json_t *name = json_array_get(array, i);
    columns[i] = json_is_string(name) ? casc_find_column(table, json_string_value(name)) : CASC_NONE;
    if (json_is_string(name) && columns[i] == CASC_NONE)
      return fail(l, "columns", "the table has no column", json_string_value(name));
    if (!json_is_string(name) && !json_is_null(name)) return fail(l, "columns", "expected names, and null for expressions", NULL);
  }
  index->columns = columns;
  return true;
}

static bool read_trigger(loader *l, const json_t *object, casc_trigger *trigger) {
  static const char *const members[] = {"name", "on_delete", "on_update", NULL};
  return check_members(l, object, members) && read_text(l, object, "name", true, &trigger->name) &&
         read_flag(l, object, "on_delete", &trigger->on_delete) && read_flag(l, object, "on_update", &trigger->on_update);
}

static bool read_columns(loader *l, const json_t *object, casc_table *table) {
  const json_t *array = NULL;
  uint32_t count = 0;
  if (!read_list(l, object, "columns", true, &array, &count)) return false;
  if (!(table->columns = casc_arena_get(l->arena, count, sizeof *table->columns))) return nomem(l);
  for (uint32_t i = 0; i < count; i++) {
    enter(l, "columns", i);
    if (!read_column(l, json_array_get(array, i), table)) return false;
    leave(l);
  }
  return true;
}

static bool read_indexes(loader *l, const json_t *object, casc_table *table) {
  const json_t *array = NULL;
  if (!read_list(l, object, "indexes", false, &array, &table->index_count)) return false;
  if (!(table->indexes = casc_arena_get(l->arena, table->index_count, sizeof *table->indexes))) return nomem(l);
  for (uint32_t i = 0; i < table->index_count; i++) {
    enter(l, "indexes", i);
    if (!read_index(l, json_array_get(array, i), table, &table->indexes[i])) return false;
    leave(l);
  }
  return true;
}

static bool read_triggers(loader *l, const json_t *object, casc_table *table) {
  const json_t *array = NULL;
  if (!read_list(l, object, "triggers", false, &array, &table->trigger_count)) return false;
  if (!(table->triggers = casc_arena_get(l->arena, table->trigger_count, sizeof *table->triggers))) return nomem(l);
  for (uint32_t i = 0; i < table->trigger_count; i++) {
    enter(l, "triggers", i);
    if (!read_trigger(l, json_array_get(array, i), &table->triggers[i])) return false;
    leave(l);
  }
  return true;
}

static bool read_primary_key(loader *l, const json_t *object, casc_table *table) {
  const char *const *names = NULL;
  if (!read_names(l, object, "primary_key", &names, &table->key_count)) return false;
  if (!(table->key = casc_arena_get(l->arena, table->key_count, sizeof *table->key))) return nomem(l);
  for (uint32_t i = 0; i < table->key_count; i++) {
    table->key[i] = casc_find_column(table, names[i]);
    if (table->key[i] == CASC_NONE) return fail(l, "primary_key", "the table has no column", names[i]);
  }
  if (!read_flag(l, object, "key_is_rowid", &table->integer_key)) return false;
  if (table->integer_key && table->key_count != 1)
    return fail(l, "key_is_rowid", "expected a primary key of one column with it", NULL);
  return true;
}

static bool read_rows(loader *l, const json_t *object, casc_table *table) {
  const json_t *rows = json_object_get(object, "rows");
  table->row_estimate = rows ? json_integer_value(rows) : -1;
  return !rows || (json_is_integer(rows) && table->row_estimate >= 0) ||
         fail(l, "rows", "expected a number of rows, 0 or more", NULL);
}

static bool read_table_flags(loader *l, const json_t *object, casc_table *table) {
  for (const casc_json_word *flag = casc_table_flag_words; flag->word; flag++)
    if (!read_bit(l, object, flag->word, (uint32_t)flag->value, &table->flags)) return false;
  return true;
}

static bool read_table(loader *l, const json_t *object, casc_table *table) {
  static const char *const members[] = {
      "name",         "schema",         "kind",      "rows",      "key_is_rowid",  "primary_key",       "columns",
      "indexes",      "triggers",       "facts",     "part_of",   "without_rowid", "partitioned",       "inherited",
      "row_security", "partition_keys", "no_select", "no_delete", "no_update",     "not_transactional", NULL};
  table->schema = "";
  if (!check_members(l, object, members) || !read_text(l, object, "name", true, &table->name) ||
      !read_text(l, object, "schema", false, &table->schema) || !read_text(l, object, "part_of", false, &table->part_of) ||
      !read_value(l, object, "kind", casc_kind_words, &table->kind) || !read_rows(l, object, table) ||
      !read_table_flags(l, object, table) || !read_columns(l, object, table) || !read_primary_key(l, object, table) ||
      !read_indexes(l, object, table) || !read_triggers(l, object, table))
    return false;
  uint32_t position = (uint32_t)(table - l->schema.tables);
  casc_table_key(&l->scratch, l->schema.engine, table->schema, table->name);
  if (l->scratch.failed) return nomem(l);
  if (casc_map_get(&l->tables, l->scratch.data, NULL)) return fail(l, "name", "there are two tables", table->name);
  return casc_map_put(&l->tables, l->scratch.data, position) || nomem(l);
}

static bool find_table(loader *l, const json_t *object, uint32_t *table) {
  const char *name = NULL, *schema = "";
  if (!read_text(l, object, "table", true, &name) || !read_text(l, object, "schema", false, &schema)) return false;
  casc_table_key(&l->scratch, l->schema.engine, schema, name);
  if (l->scratch.failed) return nomem(l);
  return casc_map_get(&l->tables, l->scratch.data, table) || fail(l, "table", "there is no table", name);
}

/* Some of the referencing columns. */
static bool read_set_columns(loader *l, const json_t *object, casc_raw_relation *raw) {
  if (!json_object_get(object, "set_columns")) return true;
  if (!read_names(l, object, "set_columns", &raw->set_columns, &raw->set_count)) return false;
  for (uint32_t i = 0; i < raw->set_count; i++) {
    uint32_t j = 0;
    while (j < raw->count && strcmp(raw->set_columns[i], raw->columns[j]) != 0) j++;
    if (j == raw->count) return fail(l, "set_columns", "no referencing column is", raw->set_columns[i]);
  }
  return true;
}

static bool read_relation(loader *l, const json_t *object, casc_raw_relation *raw) {
  static const char *const members[] = {
      "name",        "table",      "schema",        "columns",    "ref_table",          "ref_schema",
      "ref_columns", "on_delete",  "on_update",     "deferrable", "initially_deferred", "facts",
      "set_columns", "match_full", "not_validated", NULL};
  uint32_t ref_count = 0;
  raw->name = raw->ref_schema = "";
  if (!check_members(l, object, members) || !find_table(l, object, &raw->table) ||
      !read_text(l, object, "name", false, &raw->name) || !read_names(l, object, "columns", &raw->columns, &raw->count) ||
      !read_text(l, object, "ref_table", true, &raw->ref_table) || !read_text(l, object, "ref_schema", false, &raw->ref_schema) ||
      !read_value(l, object, "on_delete", casc_action_words, &raw->on_delete) ||
      !read_value(l, object, "on_update", casc_action_words, &raw->on_update) ||
      !read_flag(l, object, "deferrable", &raw->deferrable) ||
      !read_flag(l, object, "initially_deferred", &raw->initially_deferred) ||
      !read_flag(l, object, "match_full", &raw->match_full) || !read_flag(l, object, "not_validated", &raw->not_validated) ||
      !read_set_columns(l, object, raw))
    return false;
  if (!raw->count) return fail(l, "columns", "expected at least one name", NULL);
  for (uint32_t i = 0; i < raw->count; i++)
    if (casc_find_column(&l->schema.tables[raw->table], raw->columns[i]) == CASC_NONE)
      return fail(l, "columns", "the table has no column", raw->columns[i]);
  if (!json_object_get(object, "ref_columns")) return true;
  if (!read_names(l, object, "ref_columns", &raw->ref_columns, &ref_count)) return false;
  return ref_count == raw->count || fail(l, "ref_columns", "expected as many names as in \"columns\"", NULL);
}

static bool read_search_path(loader *l, const json_t *object) {
  return !json_object_get(object, "search_path") ||
         read_names(l, object, "search_path", &l->schema.search_path, &l->schema.search_path_count);
}

static bool check_version(loader *l, const json_t *object) {
  static const char *const members[] = {"format",          "version", "engine",    "search_path", "hidden_relations",
                                        "hidden_triggers", "tables",  "relations", NULL};
  const char *format = "";
  if (!json_is_object(object)) return fail(l, NULL, "expected an object", NULL);
  const json_t *version = json_object_get(object, "version");
  if (!read_text(l, object, "format", true, &format)) return false;
  if (strcmp(format, CASC_GRAPH_FORMAT) != 0) return fail(l, "format", "expected \"" CASC_GRAPH_FORMAT "\", not", format);
  if (!json_is_integer(version) || json_integer_value(version) != CASC_GRAPH_VERSION)
    return fail(l, version ? "version" : NULL, "expected \"version\": 1, the only one that this library reads", NULL);
  if (!check_members(l, object, members) || !read_text(l, object, "engine", true, &l->schema.engine) ||
      !read_bit(l, object, "hidden_relations", CASCADE_HIDDEN_RELATIONS, &l->schema.hidden) ||
      !read_bit(l, object, "hidden_triggers", CASCADE_HIDDEN_TRIGGERS, &l->schema.hidden))
    return false;
  static const char *const engines[] = {"sqlite", "postgresql", "mariadb"};
  for (size_t i = 0; i < sizeof engines / sizeof *engines; i++)
    if (strcmp(l->schema.engine, engines[i]) == 0) return read_search_path(l, object);
  return fail(l, "engine", "expected \"sqlite\", \"postgresql\" or \"mariadb\", not", l->schema.engine);
}

static bool read_graph(loader *l, const json_t *object) {
  const json_t *tables = NULL, *relations = NULL;
  casc_schema *schema = &l->schema;
  if (!check_version(l, object) || !read_list(l, object, "tables", true, &tables, &schema->table_count) ||
      !read_list(l, object, "relations", true, &relations, &schema->relation_count))
    return false;
  schema->tables = casc_arena_get(l->arena, schema->table_count, sizeof *schema->tables);
  schema->relations = casc_arena_get(l->arena, schema->relation_count, sizeof *schema->relations);
  if (!schema->tables || !schema->relations) return nomem(l);
  for (uint32_t i = 0; i < schema->table_count; i++) {
    enter(l, "tables", i);
    if (!read_table(l, json_array_get(tables, i), &schema->tables[i])) return false;
    leave(l);
  }
  for (uint32_t i = 0; i < schema->relation_count; i++) {
    enter(l, "relations", i);
    if (!read_relation(l, json_array_get(relations, i), &schema->relations[i])) return false;
    leave(l);
  }
  return true;
}

static cascade_status parse(cascade_context *context, const char *json, uint64_t length, json_t **root, cascade_error **error) {
  json_error_t fault;
  *root = json_loadb(json, (size_t)length, JSON_REJECT_DUPLICATES, &fault);
  if (*root) return CASCADE_OK;
  if (json_error_code(&fault) == json_error_out_of_memory) return casc_nomem(error);
  return casc_fail(context, error, CASCADE_FORMAT, "graph: line %d: %s", fault.line > 0 ? fault.line : 1, fault.text);
}

cascade_status cascade_graph_load(cascade_context *context, const char *json, uint64_t length, cascade_graph **out,
                                  cascade_error **error) {
  if (out) *out = NULL;
  if (!context || !json || !out)
    return casc_fail(context, error, CASCADE_INVALID, "graph: the context, the text or the place for the result is NULL");
  json_t *root = NULL;
  cascade_status status = parse(context, json, length, &root, error);
  if (status < 0) return status;
  casc_arena arena;
  casc_arena_init(&arena, &context->alloc);
  loader l = {.context = context, .arena = &arena, .json = json, .error = error};
  casc_map_init(&l.tables, &context->alloc);
  casc_str_init(&l.scratch, &context->alloc);
  bool read = read_graph(&l, root);
  json_decref(root);
  casc_map_free(&l.tables);
  casc_str_free(&l.scratch);
  if (read) return casc_graph_build(context, &arena, &l.schema, out, error);
  casc_arena_clear(&arena);
  return l.status;
}

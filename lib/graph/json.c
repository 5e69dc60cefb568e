#include "graph_internal.h"
#include "json_text.h"
#include "json_words.h"
#include "names.h"

#include <cascade/policy.h>

/* One line for each table, column, index, trigger and relation. What has its usual value is left out. The members under
   "facts" are for readers: loading works them out anew. */

const casc_json_word casc_kind_words[] = {{"table", CASCADE_TABLE_ORDINARY},
                                          {"view", CASCADE_TABLE_VIEW},
                                          {"virtual", CASCADE_TABLE_VIRTUAL},
                                          {"partition", CASCADE_TABLE_PARTITION},
                                          {NULL, 0}};
const casc_json_word casc_value_words[] = {{"integer", CASCADE_INT64}, {"unsigned", CASCADE_UINT64}, {"text", CASCADE_TEXT},
                                           {"binary", CASCADE_BLOB},   {"none", CASCADE_NULL},       {NULL, 0}};
const casc_json_word casc_table_flag_words[] = {{"without_rowid", CASCADE_TABLE_WITHOUT_ROWID},
                                                {"partitioned", CASCADE_TABLE_PARTITIONED},
                                                {"inherited", CASCADE_TABLE_INHERITED},
                                                {"partition_keys", CASCADE_TABLE_PARTITION_KEYS},
                                                {"row_security", CASCADE_TABLE_ROW_SECURITY},
                                                {"no_select", CASCADE_TABLE_NO_SELECT},
                                                {"no_delete", CASCADE_TABLE_NO_DELETE},
                                                {"no_update", CASCADE_TABLE_NO_UPDATE},
                                                {"not_transactional", CASCADE_TABLE_NOT_TRANSACTIONAL},
                                                {NULL, 0}};
const casc_json_word casc_action_words[] = {{"NO ACTION", CASCADE_ACTION_NO_ACTION},     {"RESTRICT", CASCADE_ACTION_RESTRICT},
                                            {"CASCADE", CASCADE_ACTION_CASCADE},         {"SET NULL", CASCADE_ACTION_SET_NULL},
                                            {"SET DEFAULT", CASCADE_ACTION_SET_DEFAULT}, {NULL, 0}};

static const char *const rule_words[] = {"", "CASCADE", "PROTECT", "RESTRICT", "SET_NULL", "SET_DEFAULT"};

typedef struct writer {
  const cascade_graph *graph;
  casc_str json;
  const char *bad; /* a name that is not UTF-8 */
} writer;

static void put(writer *w, const char *text) {
  casc_str_put(&w->json, text);
}

static void put_string(writer *w, const char *text) {
  if (!casc_json_string(&w->json, text) && !w->bad) w->bad = text;
}

static void put_text(writer *w, const char *before, const char *text) {
  put(w, before);
  put_string(w, text);
}

static void put_flag(writer *w, const char *member, bool value) {
  if (!value) return;
  casc_str_printf(&w->json, ", \"%s\": true", member);
}

static void put_names(writer *w, const char *before, const char *const *names, uint32_t count) {
  put(w, before);
  for (uint32_t i = 0; i < count; i++) put_text(w, i ? ", " : "", names[i]);
  casc_str_putc(&w->json, ']');
}

static const char *word_of(const casc_json_word *words, int32_t value) {
  while (words->word && words->value != value) words++;
  return words->word ? words->word : "";
}

static void put_columns(writer *w, const casc_table *table) {
  put(w, ",\n     \"columns\": [");
  for (uint32_t i = 0; i < table->column_count; i++) {
    const casc_column *column = &table->columns[i];
    put_text(w, i ? ",\n      {\"name\": " : "\n      {\"name\": ", column->name);
    put_text(w, ", \"type\": ", column->type);
    if (column->sql_type) put_text(w, ", \"sql_type\": ", column->sql_type);
    if (!casc_names_fold(w->graph->engine)) put_text(w, ", \"value\": ", word_of(casc_value_words, column->value_type));
    put_flag(w, "not_null", column->flags & CASCADE_COLUMN_NOT_NULL);
    put_flag(w, "generated", column->flags & CASCADE_COLUMN_GENERATED);
    if (column->default_sql) put_text(w, ", \"default\": ", column->default_sql);
    if (column->collation) put_text(w, ", \"collation\": ", column->collation);
    put_flag(w, "loose", column->loose);
    put_flag(w, "stamped", column->stamped);
    casc_str_putc(&w->json, '}');
  }
  casc_str_putc(&w->json, ']');
}

static void put_indexes(writer *w, const casc_table *table) {
  if (table->index_count) put(w, ",\n     \"indexes\": [");
  for (uint32_t i = 0; i < table->index_count; i++) {
    const casc_index *index = &table->indexes[i];
    put_text(w, i ? ",\n      {\"name\": " : "\n      {\"name\": ", index->name);
    put(w, ", \"columns\": [");
    for (uint32_t c = 0; c < index->count; c++) {
      if (c) put(w, ", ");
      if (index->columns[c] == CASC_NONE) put(w, "null");
      else put_string(w, table->columns[index->columns[c]].name);
    }
    casc_str_putc(&w->json, ']');
    put_flag(w, "unique", index->unique);
    put_flag(w, "partial", index->partial);
    put_flag(w, "recollated", index->recollated);
    casc_str_putc(&w->json, '}');
  }
  if (table->index_count) casc_str_putc(&w->json, ']');
}

static void put_triggers(writer *w, const casc_table *table) {
  if (table->trigger_count) put(w, ",\n     \"triggers\": [");
  for (uint32_t i = 0; i < table->trigger_count; i++) {
    put_text(w, i ? ",\n      {\"name\": " : "\n      {\"name\": ", table->triggers[i].name);
    put_flag(w, "on_delete", table->triggers[i].on_delete);
    put_flag(w, "on_update", table->triggers[i].on_update);
    casc_str_putc(&w->json, '}');
  }
  if (table->trigger_count) casc_str_putc(&w->json, ']');
}

static void put_table(writer *w, const casc_table *table) {
  put_text(w, "    {\"name\": ", table->name);
  if (*table->schema) put_text(w, ", \"schema\": ", table->schema);
  put_text(w, ", \"kind\": ", word_of(casc_kind_words, table->kind));
  if (table->part_of) put_text(w, ", \"part_of\": ", table->part_of);
  if (table->row_estimate >= 0) casc_str_printf(&w->json, ", \"rows\": %lld", (long long)table->row_estimate);
  for (const casc_json_word *flag = casc_table_flag_words; flag->word; flag++)
    put_flag(w, flag->word, table->flags & (uint32_t)flag->value);
  put_flag(w, "key_is_rowid", table->integer_key);
  put_names(w, ",\n     \"primary_key\": [", table->key_names, table->key_count);
  put_columns(w, table);
  put_indexes(w, table);
  put_triggers(w, table);
  casc_str_printf(&w->json, ",\n     \"facts\": {\"component\": %u", (unsigned)table->component);
  put_flag(w, "in_cycle", table->flags & CASCADE_TABLE_IN_CYCLE);
  put(w, "}}");
}

static const char *target_of(const casc_relation *relation) {
  if (relation->flags & CASCADE_RELATION_TO_PRIMARY) return "primary key";
  if (relation->flags & CASCADE_RELATION_TO_UNIQUE) return "unique key";
  return relation->flags & CASCADE_RELATION_TO_MANY ? "columns that are no key" : "nothing";
}

static void put_relation(writer *w, const casc_relation *relation) {
  const casc_table *table = &w->graph->tables[relation->table], *ref = &w->graph->tables[relation->ref_table];
  put_text(w, "    {\"table\": ", table->name);
  if (*table->schema) put_text(w, ", \"schema\": ", table->schema);
  put_names(w, ", \"columns\": [", relation->column_names, relation->count);
  put_text(w, ", \"ref_table\": ", ref->name);
  if (*ref->schema) put_text(w, ", \"ref_schema\": ", ref->schema);
  /* Without names it goes to a primary key that is not there. */
  if (*relation->ref_column_names[0]) put_names(w, ", \"ref_columns\": [", relation->ref_column_names, relation->count);
  put_text(w, ", \"on_delete\": ", word_of(casc_action_words, relation->on_delete));
  put_text(w, ", \"on_update\": ", word_of(casc_action_words, relation->on_update));
  if (*relation->name) put_text(w, ", \"name\": ", relation->name);
  put_flag(w, "deferrable", relation->flags & CASCADE_RELATION_DEFERRABLE);
  put_flag(w, "initially_deferred", relation->flags & CASCADE_RELATION_INITIALLY_DEFERRED);
  put_flag(w, "match_full", relation->flags & CASCADE_RELATION_MATCH_FULL);
  put_flag(w, "not_validated", relation->flags & CASCADE_RELATION_NOT_VALIDATED);
  if (relation->set_count) put_names(w, ", \"set_columns\": [", relation->set_names, relation->set_count);
  put_text(w, ",\n     \"facts\": {\"label\": ", relation->label);
  put_text(w, ", \"rule\": ", rule_words[relation->rule]);
  put_text(w, ", \"refers_to\": ", target_of(relation));
  put_text(w, ", \"index\": ", relation->index);
  put_flag(w, "nullable", relation->flags & CASCADE_RELATION_NULLABLE);
  put_flag(w, "in_cycle", relation->flags & CASCADE_RELATION_IN_CYCLE);
  put(w, "}}");
}

cascade_status cascade_graph_json(const cascade_graph *graph, char **text, cascade_error **error) {
  if (text) *text = NULL;
  if (!graph || !text)
    return casc_fail(graph ? graph->context : NULL, error, CASCADE_INVALID,
                     "graph: the graph to write, or the place for its text, is NULL");
  writer w = {.graph = graph};
  casc_str_init(&w.json, &graph->context->alloc);
  casc_str_printf(&w.json, "{\n  \"format\": \"" CASC_GRAPH_FORMAT "\",\n  \"version\": %d", CASC_GRAPH_VERSION);
  put_text(&w, ",\n  \"engine\": ", graph->engine);
  if (graph->search_path_count) put_names(&w, ",\n  \"search_path\": [", graph->search_path, graph->search_path_count);
  if (graph->hidden & CASCADE_HIDDEN_RELATIONS) put(&w, ",\n  \"hidden_relations\": true");
  if (graph->hidden & CASCADE_HIDDEN_TRIGGERS) put(&w, ",\n  \"hidden_triggers\": true");
  put(&w, ",\n  \"tables\": [");
  const char *before = "\n";
  for (uint32_t i = 0; i < graph->table_count; i++) {
    if (graph->tables[i].kind == CASCADE_TABLE_MISSING) continue; /* the relations name it */
    put(&w, before);
    put_table(&w, &graph->tables[i]);
    before = ",\n";
  }
  put(&w, "],\n  \"relations\": [");
  for (uint32_t i = 0; i < graph->relation_count; i++) {
    put(&w, i ? ",\n" : "\n");
    put_relation(&w, &graph->relations[i]);
  }
  put(&w, "]\n}\n");
  const char *bad = w.bad;
  *text = casc_str_give(&w.json);
  if (*text) return CASCADE_OK;
  if (!bad) return casc_nomem(error);
  return casc_fail(graph->context, error, CASCADE_INVALID, "graph: the name \"%s\" is not UTF-8, which JSON cannot carry", bad);
}

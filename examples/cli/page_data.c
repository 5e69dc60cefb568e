/* What a page shows, as JSON: tables and relations by their numbers, with the rules of the policy. */
#include "picture.h"

#include <stdlib.h>
#include <string.h>

static const char *const kinds[] = {"table", "view", "virtual", "missing", "partition"};

static json_t *names(const char *const *items, uint32_t count) {
  json_t *list = json_array();
  for (uint32_t i = 0; i < count; i++)
    if (json_array_append_new(list, json_string(items[i]))) {
      json_decref(list);
      return NULL;
    }
  return list;
}

static json_t *table_notes(const cascade_table_info *table) {
  json_t *list = json_array();
  const char *text;
  for (size_t i = 0; list && (text = table_special(table->flags, i)); i++)
    if (*text) json_array_append_new(list, json_string(text));
  if (table->flags & (CASCADE_TABLE_DELETE_TRIGGER | CASCADE_TABLE_UPDATE_TRIGGER))
    json_array_append_new(list, json_string("triggers fire when its rows are deleted or rewritten"));
  return list;
}

static json_t *table_object(uint32_t number, const cascade_table_info *table) {
  return json_pack("{s:i, s:s, s:s, s:s, s:I, s:i, s:o, s:o, s:s*}", "id", (int)number, "label", table->label, "schema",
                   table->schema, "kind", kinds[table->kind], "rows", (json_int_t)table->row_estimate, "cycle",
                   table->component_size > 1 ? (int)table->component : -1, "key", names(table->key, table->key_count), "notes",
                   table_notes(table), "part_of", table->part_of);
}

static json_t *relation_notes(const cascade_relation_info *relation) {
  static const struct {
    uint32_t flag;
    const char *word;
  } flags[] = {{CASCADE_RELATION_DECLARED, "declared"},
               {CASCADE_RELATION_UNRESOLVED, "unresolved"},
               {CASCADE_RELATION_TO_MANY, "to many"},
               {CASCADE_RELATION_NOT_VALIDATED, "not validated"}};
  json_t *list = json_array();
  for (size_t i = 0; list && i < sizeof flags / sizeof *flags; i++)
    if (relation->flags & flags[i].flag) json_array_append_new(list, json_string(flags[i].word));
  if (!(relation->flags & CASCADE_RELATION_INDEXED) && relation->rule != CASCADE_RULE_IGNORE)
    json_array_append_new(list, json_string("no index"));
  return list;
}

static json_t *relation_object(uint32_t number, const cascade_relation_info *relation) {
  return json_pack("{s:i, s:i, s:i, s:s, s:s, s:s, s:o, s:o, s:o}", "id", (int)number, "table", (int)relation->table, "ref",
                   (int)relation->ref_table, "rule", cascade_rule_name(relation->rule), "meaning", rule_meaning(relation->rule),
                   "label", relation->label, "columns", names(relation->columns, relation->column_count), "ref_columns",
                   names(relation->ref_columns, relation->column_count), "notes", relation_notes(relation));
}

/* Appends, or tells what is wrong: a name that JSON cannot carry, or memory. */
static cascade_status append(cli_session *session, json_t *list, json_t *object, const char *label, cascade_error **error) {
  json_t *name = json_string(label);
  bool readable = name;
  json_decref(name);
  if (!json_array_append_new(list, object)) return CASCADE_OK;
  if (readable) return session_fail(session, CASCADE_NOMEM, error, "out of memory, or a column's name is not UTF-8: '%s'", label);
  return session_fail(session, CASCADE_INVALID, error, "the name '%s' is not UTF-8, which a page cannot carry", label);
}

static cascade_status put_tables(cli_session *session, const bool *shown, json_t *list, cascade_error **error) {
  cascade_status status = CASCADE_OK;
  for (uint32_t i = 0; status >= 0 && i < cascade_graph_table_count(session->graph); i++) {
    cascade_table_info table = {.size = sizeof table};
    if (!shown[i]) continue;
    cascade_graph_table(session->graph, i, &table);
    status = append(session, list, table_object(i, &table), table.label, error);
  }
  return status;
}

static cascade_status put_relations(cli_session *session, const bool *shown, json_t *list, cascade_error **error) {
  cascade_status status = CASCADE_OK;
  for (uint32_t i = 0; status >= 0 && i < cascade_policy_relation_count(session->policy); i++) {
    cascade_relation_info relation = {.size = sizeof relation};
    cascade_policy_relation(session->policy, i, &relation);
    if (shown[relation.table] && shown[relation.ref_table])
      status = append(session, list, relation_object(i, &relation), relation.label, error);
  }
  return status;
}

/* The plan's own JSON, with the numbers of what its steps name. */
static cascade_status put_plan(cli_session *session, const cascade_plan *plan, json_t *data, bool *shown, cascade_error **error) {
  char *text = NULL;
  cascade_status status = cascade_plan_json(plan, &text, error);
  json_t *object = status >= 0 ? json_loads(text, 0, NULL) : NULL, *steps = json_object_get(object, "steps"), *step;
  size_t i;
  json_array_foreach(steps, i, step) {
    cascade_step_info info = {.size = sizeof info};
    cascade_plan_step(plan, (uint32_t)i, &info);
    shown[info.table] = true;
    json_object_set_new(step, "table_id", json_integer(info.table));
    json_object_set_new(step, "relation_id", json_integer(info.relation));
  }
  cascade_plan_info whole = {.size = sizeof whole};
  cascade_plan_describe(plan, &whole);
  shown[whole.table] = true;
  json_object_set_new(data, "start", json_integer(whole.table));
  cascade_text_free(text);
  if (status >= 0 && json_object_set_new(data, "plan", object))
    return session_fail(session, CASCADE_INVALID, error, "the plan has text that is not UTF-8, which a page cannot carry");
  return status;
}

static cascade_status put_start(cli_session *session, const cli_options *options, json_t *data, cascade_error **error) {
  uint32_t table;
  if (!options->table) return CASCADE_OK;
  cascade_status status = cascade_graph_find_table(session->graph, options->table, &table, error);
  if (status >= 0) json_object_set_new(data, "start", json_integer(table));
  return status;
}

cascade_status page_data(cli_session *session, const cli_options *options, const cascade_plan *plan, json_t **data,
                         cascade_error **error) {
  uint32_t count = cascade_graph_table_count(session->graph);
  char *uri = uri_text(options->uri);
  bool *shown = malloc(count + 1);
  json_t *tables = json_array(), *relations = json_array();
  *data =
      json_pack("{s:o, s:o, s:i}", "tables", tables, "relations", relations, "hidden", (int)cascade_graph_hidden(session->graph));
  cascade_status status = CASCADE_OK;
  if (!shown || !uri || !*data) status = session_fail(session, CASCADE_NOMEM, error, "out of memory");
  if (status >= 0) {
    json_object_set_new(*data, "uri", json_string(uri)); /* a path may be no UTF-8: then the page has none */
    memset(shown, !plan, count);
    status = plan ? put_plan(session, plan, *data, shown, error) : put_start(session, options, *data, error);
  }
  if (status >= 0) status = put_tables(session, shown, tables, error);
  if (status >= 0) status = put_relations(session, shown, relations, error);
  free(shown);
  free(uri);
  return status;
}

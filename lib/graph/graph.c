#include "catalog.h"
#include "graph_internal.h"
#include "options.h"

#include <string.h>

cascade_status cascade_graph_read(cascade_connection *connection, const cascade_graph_options *given, cascade_graph **out,
                                  cascade_error **error) {
  if (out) *out = NULL;
  if (!connection || !out)
    return casc_fail(NULL, error, CASCADE_INVALID, "graph: the connection or the place for the result is NULL");
  cascade_context *context = connection->context;
  cascade_graph_options options;
  cascade_status status = CASC_OPTIONS(context, given, options, size, error);
  if (status < 0) return status;
  casc_arena arena;
  casc_schema schema;
  casc_arena_init(&arena, &context->alloc);
  status = casc_catalog_read(connection, &arena, &schema, error);
  if (status == CASCADE_OK) return casc_graph_build(context, &arena, &schema, out, error);
  casc_arena_clear(&arena);
  casc_error_explain(error, NULL, NULL, "reading the graph");
  return status;
}

cascade_graph *cascade_graph_ref(cascade_graph *graph) {
  if (graph) casc_refs_take(&graph->refs);
  return graph;
}

void cascade_graph_free(cascade_graph *graph) {
  if (!graph || !casc_refs_drop(&graph->refs)) return;
  cascade_context *context = graph->context;
  casc_map_free(&graph->by_label);
  casc_map_free(&graph->by_name);
  casc_arena_clear(&graph->arena);
  casc_free(&context->alloc, graph);
  cascade_context_free(context);
}

uint32_t cascade_graph_table_count(const cascade_graph *graph) {
  return graph ? graph->table_count : 0;
}

uint32_t cascade_graph_relation_count(const cascade_graph *graph) {
  return graph ? graph->relation_count : 0;
}

uint32_t cascade_graph_hidden(const cascade_graph *graph) {
  return graph ? graph->hidden : 0;
}

static cascade_status unknown_table(const cascade_graph *graph, const char *name, cascade_error **error) {
  const char **names = casc_calloc(&graph->context->alloc, graph->table_count, sizeof *names);
  if (!names) return casc_nomem(error);
  bool bare = !strchr(name, '.');
  for (uint32_t i = 0; i < graph->table_count; i++) names[i] = bare ? graph->tables[i].name : graph->tables[i].label;
  const char *nearest = casc_nearest(name, names, graph->table_count);
  casc_free(&graph->context->alloc, names);
  return casc_fail_at(graph->context, error, CASCADE_NOT_FOUND, name, NULL,
                      nearest ? "table \"%s\" does not exist; did you mean \"%s\"?" : "table \"%s\" does not exist", name, nearest);
}

cascade_status cascade_graph_find_table(const cascade_graph *graph, const char *name, uint32_t *table, cascade_error **error) {
  if (!graph || !name || !table)
    return casc_fail(graph ? graph->context : NULL, error, CASCADE_INVALID,
                     "graph: a table was looked up without graph, name or place for the result");
  bool ambiguous;
  uint32_t found = casc_graph_find(graph, name, &ambiguous);
  if (found == CASC_NONE) return unknown_table(graph, name, error);
  if (ambiguous)
    return casc_fail_at(graph->context, error, CASCADE_NOT_FOUND, name, NULL,
                        "\"%s\" may be more than one table; name one in full, as in \"%s\"", name, graph->tables[found].label);
  *table = found;
  return CASCADE_OK;
}

cascade_status cascade_graph_table(const cascade_graph *graph, uint32_t number, cascade_table_info *info) {
  if (!graph || number >= graph->table_count) return CASCADE_INVALID;
  const casc_table *table = &graph->tables[number];
  cascade_table_info own = {
      .size = sizeof own,
      .schema = table->schema,
      .name = table->name,
      .label = table->label,
      .kind = table->kind,
      .flags = table->flags,
      .column_count = table->column_count,
      .key_count = table->key_count,
      .key = table->key_names,
      .row_estimate = table->row_estimate,
      .component = table->component,
      .component_size = table->component_size,
      .part_of = table->part_of,
  };
  return CASC_INFO(info, own, component_size);
}

cascade_status cascade_graph_column(const cascade_graph *graph, uint32_t table, uint32_t number, cascade_column_info *info) {
  if (!graph || table >= graph->table_count || number >= graph->tables[table].column_count) return CASCADE_INVALID;
  const casc_column *column = &graph->tables[table].columns[number];
  cascade_column_info own = {
      .size = sizeof own, .name = column->name, .type = column->type, .default_sql = column->default_sql, .flags = column->flags};
  return CASC_INFO(info, own, reserved);
}

cascade_status cascade_graph_relation(const cascade_graph *graph, uint32_t relation, cascade_relation_info *info) {
  if (!graph || relation >= graph->relation_count) return CASCADE_INVALID;
  cascade_relation_info own;
  casc_relation_describe(&graph->relations[relation], &own);
  return CASC_INFO(info, own, index);
}

cascade_status cascade_graph_relations_to(const cascade_graph *graph, uint32_t table, const uint32_t **relations, uint32_t *count) {
  if (!graph || table >= graph->table_count || !relations || !count) return CASCADE_INVALID;
  *relations = graph->tables[table].relations_to;
  *count = graph->tables[table].to_count;
  return CASCADE_OK;
}

cascade_status cascade_graph_relations_from(const cascade_graph *graph, uint32_t table, const uint32_t **relations,
                                            uint32_t *count) {
  if (!graph || table >= graph->table_count || !relations || !count) return CASCADE_INVALID;
  *relations = graph->tables[table].relations_from;
  *count = graph->tables[table].from_count;
  return CASCADE_OK;
}

#include "graph_internal.h"

/* Breadth first, against the references. Every table but the first is entered by a relation, which `by` keeps; entering
   stops at `until`. */
typedef struct walk {
  const cascade_graph *graph;
  bool cascading_only;
  uint32_t until;
  uint32_t *tables, count;
  uint32_t *by; /* CASC_NONE: not entered */
} walk;

static void go(walk *w, uint32_t start) {
  w->tables[w->count++] = start;
  for (uint32_t i = 0; i < w->count && w->tables[w->count - 1] != w->until; i++) {
    const casc_table *table = &w->graph->tables[w->tables[i]];
    for (uint32_t r = 0; r < table->to_count; r++) {
      const casc_relation *relation = &w->graph->relations[table->relations_to[r]];
      if (relation->table == start || w->by[relation->table] != CASC_NONE) continue;
      if (w->cascading_only && relation->on_delete != CASCADE_ACTION_CASCADE) continue;
      w->by[relation->table] = table->relations_to[r];
      w->tables[w->count++] = relation->table;
      if (relation->table == w->until) break;
    }
  }
}

static uint32_t *nowhere(const cascade_graph *graph) {
  uint32_t *by = casc_calloc(&graph->context->alloc, graph->table_count, sizeof *by);
  for (uint32_t i = 0; by && i < graph->table_count; i++) by[i] = CASC_NONE;
  return by;
}

cascade_status cascade_graph_reach(const cascade_graph *graph, uint32_t table, int32_t cascading_only, uint32_t *tables,
                                   uint32_t *count, cascade_error **error) {
  if (!graph || table >= graph->table_count || !tables || !count)
    return casc_fail(graph ? graph->context : NULL, error, CASCADE_INVALID,
                     "graph: a walk needs a graph, the number of one of its tables, and places for the result");
  walk w = {.graph = graph, .cascading_only = cascading_only != 0, .until = CASC_NONE, .tables = tables};
  if (!(w.by = nowhere(graph))) return casc_nomem(error);
  go(&w, table);
  *count = w.count;
  casc_free(&graph->context->alloc, w.by);
  return CASCADE_OK;
}

cascade_status cascade_graph_path(const cascade_graph *graph, uint32_t from, uint32_t to, uint32_t *relations, uint32_t *count,
                                  cascade_error **error) {
  if (!graph || from >= graph->table_count || to >= graph->table_count || !relations || !count)
    return casc_fail(graph ? graph->context : NULL, error, CASCADE_INVALID,
                     "graph: a path needs a graph, the numbers of two of its tables, and places for the result");
  const casc_alloc *alloc = &graph->context->alloc;
  walk w = {
      .graph = graph, .until = from, .by = nowhere(graph), .tables = casc_calloc(alloc, graph->table_count, sizeof *w.tables)};
  cascade_status status = w.by && w.tables ? CASCADE_OK : casc_nomem(error);
  if (status == CASCADE_OK) {
    go(&w, to);
    if (from != to && w.by[from] == CASC_NONE)
      status = casc_fail_at(graph->context, error, CASCADE_NOT_FOUND, graph->tables[from].label, NULL,
                            "no chain of relations leads from table \"%s\" to table \"%s\"", graph->tables[from].label,
                            graph->tables[to].label);
  }
  if (status == CASCADE_OK) {
    uint32_t length = 0;
    for (uint32_t at = from; at != to; at = graph->relations[w.by[at]].ref_table) length++;
    *count = length;
    for (uint32_t at = from; at != to; at = graph->relations[w.by[at]].ref_table) relations[--length] = w.by[at];
  }
  casc_free(alloc, w.by);
  casc_free(alloc, w.tables);
  return status;
}

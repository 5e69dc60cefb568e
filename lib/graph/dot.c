#include "graph_internal.h"
#include "str.h"

#include <cascade/policy.h>

#include <string.h>

static void put_quoted(casc_str *dot, const char *text) {
  casc_str_putc(dot, '"');
  for (; *text; text++) {
    if (*text == '"' || *text == '\\') casc_str_putc(dot, '\\');
    casc_str_putc(dot, *text == '\n' ? ' ' : *text);
  }
  casc_str_putc(dot, '"');
}

static void put_table(casc_str *dot, const casc_table *table, bool chosen) {
  static const char *const shapes[] = {"box", "note", "component", "box", "tab"};
  casc_str_put(dot, "  ");
  put_quoted(dot, table->label);
  casc_str_printf(dot, " [shape=%s", shapes[table->kind]);
  if (table->kind == CASCADE_TABLE_MISSING) casc_str_put(dot, ", style=dotted");
  else if (chosen) casc_str_put(dot, ", style=bold");
  else if (table->flags & CASCADE_TABLE_IN_CYCLE) casc_str_put(dot, ", style=dashed");
  casc_str_put(dot, "];\n");
}

/* What blocks ends in a bar, for those who do not see the colours. */
static const char *ink_of(const casc_relation *relation) {
  switch (relation->rule) {
  case CASCADE_RULE_CASCADE: return "firebrick";
  case CASCADE_RULE_RESTRICT:
  case CASCADE_RULE_PROTECT: return "darkorchid, arrowhead=tee";
  case CASCADE_RULE_SET_NULL:
  case CASCADE_RULE_SET_DEFAULT: return "steelblue";
  default: return "black";
  }
}

static void put_relation(casc_str *dot, const cascade_graph *graph, const casc_relation *relation) {
  casc_str label;
  casc_str_init(&label, dot->alloc);
  for (uint32_t i = 0; i < relation->count; i++) {
    if (i) casc_str_put(&label, ", ");
    casc_str_put(&label, relation->column_names[i]);
  }
  casc_str_put(dot, "  ");
  put_quoted(dot, graph->tables[relation->table].label);
  casc_str_put(dot, " -> ");
  put_quoted(dot, graph->tables[relation->ref_table].label);
  casc_str_put(dot, " [label=");
  if (label.failed) dot->failed = true;
  else put_quoted(dot, label.data);
  casc_str_printf(dot, ", color=%s", ink_of(relation));
  if (!(relation->flags & CASCADE_RELATION_INDEXED)) casc_str_put(dot, ", style=dashed");
  casc_str_put(dot, "];\n");
  casc_str_free(&label);
}

/* Which tables to show: all, or one with what can reach it. */
static cascade_status choose(const cascade_graph *graph, const char *name, uint32_t *chosen, bool *shown, cascade_error **error) {
  *chosen = CASC_NONE;
  if (!name) {
    memset(shown, true, graph->table_count);
    return CASCADE_OK;
  }
  cascade_status status = cascade_graph_find_table(graph, name, chosen, error);
  if (status < 0) return status;
  uint32_t *reached = casc_calloc(&graph->context->alloc, graph->table_count, sizeof *reached), count = 0;
  if (!reached) return casc_nomem(error);
  status = cascade_graph_reach(graph, *chosen, 0, reached, &count, error);
  for (uint32_t i = 0; i < count; i++) shown[reached[i]] = true;
  casc_free(&graph->context->alloc, reached);
  return status;
}

cascade_status cascade_graph_dot(const cascade_graph *graph, const char *table, char **text, cascade_error **error) {
  if (text) *text = NULL;
  if (!graph || !text)
    return casc_fail(graph ? graph->context : NULL, error, CASCADE_INVALID,
                     "graph: the graph to draw, or the place for its text, is NULL");
  const casc_alloc *alloc = &graph->context->alloc;
  uint32_t chosen = CASC_NONE;
  bool *shown = casc_calloc(alloc, graph->table_count, sizeof *shown);
  cascade_status status = shown ? choose(graph, table, &chosen, shown, error) : casc_nomem(error);
  if (status == CASCADE_OK) {
    casc_str dot;
    casc_str_init(&dot, alloc);
    casc_str_put(&dot, "digraph cascade {\n  rankdir=LR;\n  node [fontname=\"sans-serif\"];\n"
                       "  edge [fontname=\"sans-serif\", fontsize=10];\n");
    for (uint32_t i = 0; i < graph->table_count; i++)
      if (shown[i]) put_table(&dot, &graph->tables[i], i == chosen);
    for (uint32_t i = 0; i < graph->relation_count; i++)
      if (shown[graph->relations[i].table] && shown[graph->relations[i].ref_table]) put_relation(&dot, graph, &graph->relations[i]);
    casc_str_put(&dot, "}\n");
    *text = casc_str_give(&dot);
    if (!*text) status = casc_nomem(error);
  }
  casc_free(alloc, shown);
  return status;
}

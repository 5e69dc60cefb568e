/* Where the tables of a page go: boxes and lines by Graphviz, in points, from the bottom left. */
#include "picture.h"

#include <stdlib.h>

enum { POINTS = 72, LINE_HEIGHT = 44, NARROW = 110, WIDE = 240, CHARACTER = 8 };

static long long member(const json_t *item, const char *name) {
  return json_integer_value(json_object_get(item, name));
}

/* Tables that some relation is about, by number; the others need no picture. */
static bool *related(cli_session *session, const json_t *relations) {
  bool *found = calloc(cascade_graph_table_count(session->graph) + 1, sizeof *found);
  size_t i;
  const json_t *relation;
  if (!found) return NULL;
  json_array_foreach(relations, i, relation) {
    found[member(relation, "table")] = true;
    found[member(relation, "ref")] = true;
  }
  return found;
}

/* In a plan more is said under a name. */
static double inches(const char *label, bool plan) {
  int width = text_width(label) * CHARACTER + 3 * CHARACTER;
  int narrow = plan ? NARROW + 5 * CHARACTER : NARROW;
  return (double)(width < narrow ? narrow : width > WIDE ? WIDE : width) / POINTS;
}

/* Boxes are named by their table's number, lines by their relation's. */
static char *as_dot(const json_t *tables, const json_t *relations, const bool *shown, bool plan) {
  char *dot = NULL;
  size_t length, i;
  const json_t *item;
  FILE *out = open_memstream(&dot, &length);
  if (!out) return NULL;
  fprintf(out, "digraph { rankdir=LR; nodesep=0.18; ranksep=0.9; node [shape=box, fixedsize=true, label=\"\", height=%.3f];\n",
          (double)LINE_HEIGHT / POINTS);
  json_array_foreach(tables, i, item) {
    const char *label = json_string_value(json_object_get(item, "label"));
    if (shown[member(item, "id")]) fprintf(out, "%lld [width=%.3f];\n", member(item, "id"), inches(label, plan));
  }
  json_array_foreach(relations, i, item) {
    fprintf(out, "%lld -> %lld [id=%lld];\n", member(item, "table"), member(item, "ref"), member(item, "id"));
  }
  fputs("}\n", out);
  if (fclose(out)) {
    free(dot);
    return NULL;
  }
  return dot;
}

/* Of what Graphviz says, what the page needs. */
static json_t *positions(const json_t *drawn, const char *list, const char *name) {
  static const char *const kept[] = {"pos", "width", "height"};
  json_t *found = json_array();
  size_t i;
  const json_t *item;
  json_array_foreach(json_object_get(drawn, list), i, item) {
    json_t *place = json_object();
    json_object_set(place, "id", json_object_get(item, name));
    for (size_t k = 0; k < sizeof kept / sizeof *kept; k++)
      if (json_object_get(item, kept[k])) json_object_set(place, kept[k], json_object_get(item, kept[k]));
    json_array_append_new(found, place);
  }
  return found;
}

cascade_status page_arrange(cli_session *session, json_t *data, cascade_error **error) {
  json_t *tables = json_object_get(data, "tables"), *relations = json_object_get(data, "relations");
  bool *shown = related(session, relations);
  size_t count = 0;
  for (uint32_t i = 0; shown && i < cascade_graph_table_count(session->graph); i++) count += shown[i];
  char *dot = shown ? as_dot(tables, relations, shown, json_object_get(data, "plan")) : NULL, *drawn = NULL;
  free(shown);
  if (!dot) return session_fail(session, CASCADE_NOMEM, error, "out of memory");
  cascade_error *cause = NULL;
  if (count && count <= ARRANGE_TABLES) graphviz_run(session, "json0", dot, ARRANGE_SECONDS, &drawn, &cause);
  free(dot);
  if (cause)
    json_object_set_new(data, "no_layout", json_string(cascade_error_message(cause))); /* the page shows it, and does without */
  cascade_error_free(cause);
  json_t *layout = drawn ? json_loads(drawn, 0, NULL) : NULL;
  free(drawn);
  if (layout)
    json_object_set_new(data, "layout",
                        json_pack("{s:O, s:o, s:o}", "bb", json_object_get(layout, "bb"), "tables",
                                  positions(layout, "objects", "name"), "relations", positions(layout, "edges", "id")));
  json_decref(layout);
  return CASCADE_OK;
}

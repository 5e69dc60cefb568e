#include "graph_internal.h"
#include "names.h"

#include <string.h>

/* By every name that it can be asked for: its label, its plain name with the schema, its bare name. */
bool casc_graph_name_tables(cascade_graph *graph, casc_str *scratch) {
  for (uint32_t i = 0; i < graph->table_count; i++)
    if (!casc_map_put(&graph->by_label, graph->tables[i].label, i)) return false;
  for (uint32_t i = 0; i < graph->table_count; i++) {
    casc_table *table = &graph->tables[i];
    if (!*table->schema) continue;
    casc_str_clear(scratch);
    casc_str_printf(scratch, "%s.%s", table->schema, table->name);
    if (scratch->failed || !casc_map_put(&graph->by_label, scratch->data, i)) return false;
    while (table->place < graph->search_path_count && strcmp(graph->search_path[table->place], table->schema) != 0) table->place++;
  }
  for (uint32_t place = 0; place <= graph->search_path_count; place++)
    for (uint32_t i = 0; i < graph->table_count; i++) {
      const casc_table *table = &graph->tables[i];
      uint32_t other;
      if (table->place != place) continue;
      if (!casc_map_get(&graph->by_name, table->name, &other)) {
        if (!casc_map_put(&graph->by_name, table->name, i)) return false;
      } else if (graph->tables[other].place == graph->search_path_count) {
        graph->tables[other].ambiguous = true;
      }
    }
  return true;
}

static bool has_label(const casc_table *table, const char *name) {
  if (casc_same_name(table->label, name)) return true;
  size_t schema = strlen(table->schema);
  if (!schema || strlen(name) <= schema || name[schema] != '.' || !casc_same_name(table->name, name + schema + 1)) return false;
  for (size_t i = 0; i < schema; i++)
    if (casc_lower(table->schema[i]) != casc_lower(name[i])) return false;
  return true;
}

/* Names in another case than stored: those with the schema first, then bare ones in the order of the search path. */
static uint32_t find_folded(const cascade_graph *graph, const char *name, bool *ambiguous) {
  uint32_t found = CASC_NONE, best = UINT32_MAX;
  for (uint32_t i = 0; i < graph->table_count; i++) {
    const casc_table *table = &graph->tables[i];
    uint32_t rank = has_label(table, name) ? 0 : casc_same_name(table->name, name) ? table->place + 1 : UINT32_MAX;
    if (rank == UINT32_MAX || rank > best) continue;
    *ambiguous = rank == best;
    if (rank < best) found = i;
    best = rank;
  }
  return found;
}

/* The name of a table without a schema, behind that of the database where it is. */
static uint32_t find_at_home(const cascade_graph *graph, const char *name) {
  size_t length = graph->home ? strlen(graph->home) : 0;
  if (!length || strncmp(name, graph->home, length) != 0 || name[length] != '.') return CASC_NONE;
  for (uint32_t i = 0; i < graph->table_count; i++)
    if (!*graph->tables[i].schema && strcmp(graph->tables[i].name, name + length + 1) == 0) return i;
  return CASC_NONE;
}

uint32_t casc_graph_find(const cascade_graph *graph, const char *name, bool *ambiguous) {
  uint32_t table;
  *ambiguous = false;
  if (casc_map_get(&graph->by_label, name, &table)) return table;
  if (casc_map_get(&graph->by_name, name, &table)) {
    *ambiguous = graph->tables[table].ambiguous;
    return table;
  }
  table = find_at_home(graph, name);
  return table == CASC_NONE ? find_folded(graph, name, ambiguous) : table;
}

uint32_t casc_graph_column_position(const cascade_graph *graph, uint32_t table, const char *name) {
  return casc_find_column(&graph->tables[table], name);
}

enum { LONGEST = 64 }; /* a longer name is no typing error */

/* Least number of characters to insert, delete or replace; swapping two neighbours counts once. */
static uint32_t distance(const char *a, size_t a_length, const char *b, size_t b_length) {
  uint32_t rows[3][LONGEST + 1], *before = rows[0], *last = rows[1], *row = rows[2];
  for (uint32_t j = 0; j <= b_length; j++) last[j] = j;
  for (uint32_t i = 1; i <= a_length; i++) {
    row[0] = i;
    for (uint32_t j = 1; j <= b_length; j++) {
      bool same = casc_lower(a[i - 1]) == casc_lower(b[j - 1]);
      uint32_t best = last[j - 1] + !same;
      if (last[j] + 1 < best) best = last[j] + 1;
      if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
      bool swapped = i > 1 && j > 1 && casc_lower(a[i - 1]) == casc_lower(b[j - 2]) && casc_lower(a[i - 2]) == casc_lower(b[j - 1]);
      if (swapped && before[j - 2] + 1 < best) best = before[j - 2] + 1;
      row[j] = best;
    }
    uint32_t *spare = before;
    before = last;
    last = row;
    row = spare;
  }
  return last[b_length];
}

const char *casc_nearest(const char *wanted, const char *const *names, uint32_t count) {
  size_t length = strlen(wanted);
  if (!length || length > LONGEST) return NULL;
  uint32_t best = (uint32_t)length / 3 + 2;
  const char *nearest = NULL;
  for (uint32_t i = 0; i < count; i++) {
    size_t other = strlen(names[i]);
    if (other > LONGEST) continue;
    uint32_t apart = distance(wanted, length, names[i], other);
    if (apart < best && apart < length) {
      best = apart;
      nearest = names[i];
    }
  }
  return nearest;
}

#include "graph_internal.h"
#include "names.h"

#include <string.h>

bool casc_graph_same_name(const cascade_graph *graph, const char *a, const char *b) {
  (void)graph; /* SQLite's way; engines that tell names apart by case need the graph to say so */
  return casc_same_name(a, b);
}

uint32_t casc_graph_column_position(const cascade_graph *graph, uint32_t table, const char *name) {
  const casc_table *of = &graph->tables[table];
  for (uint32_t i = 0; i < of->column_count; i++)
    if (casc_graph_same_name(graph, of->columns[i].name, name)) return i;
  return CASC_NONE;
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
      bool swapped = i > 1 && j > 1 && casc_lower(a[i - 1]) == casc_lower(b[j - 2]) &&
                     casc_lower(a[i - 2]) == casc_lower(b[j - 1]);
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

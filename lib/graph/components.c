#include "graph_internal.h"

/* Tarjan's algorithm with its own stack: a chain of ten thousand tables must not overflow the host's. */

enum { UNSEEN = 0 };

typedef struct search {
  const uint32_t *first, *next; /* edges of a node: first[node] to first[node + 1] in `next` */
  uint32_t *order;              /* when a node was reached, from 1 */
  uint32_t *low;                /* the earliest node that it reaches within what is open */
  uint32_t *at;                 /* edge to follow next */
  uint32_t *path, path_length;  /* from the root to the current node */
  uint32_t *open, open_count;   /* reached, and not yet in a component */
  uint32_t *component, components, reached;
} search;

static void enter(search *s, uint32_t node) {
  s->order[node] = s->low[node] = ++s->reached;
  s->at[node] = s->first[node];
  s->component[node] = CASC_NONE;
  s->path[s->path_length++] = s->open[s->open_count++] = node;
}

static void leave(search *s) {
  uint32_t node = s->path[--s->path_length];
  if (s->path_length) {
    uint32_t above = s->path[s->path_length - 1];
    if (s->low[node] < s->low[above]) s->low[above] = s->low[node];
  }
  if (s->low[node] != s->order[node]) return;
  uint32_t member;
  do s->component[member = s->open[--s->open_count]] = s->components;
  while (member != node);
  s->components++;
}

static void search_from(search *s, uint32_t root) {
  enter(s, root);
  while (s->path_length) {
    uint32_t node = s->path[s->path_length - 1];
    if (s->at[node] == s->first[node + 1]) {
      leave(s);
      continue;
    }
    uint32_t other = s->next[s->at[node]++];
    if (s->order[other] == UNSEEN) enter(s, other);
    else if (s->component[other] == CASC_NONE && s->order[other] < s->low[node]) s->low[node] = s->order[other];
  }
}

bool casc_components(const casc_alloc *alloc, uint32_t count, uint32_t edges, const uint32_t *from, const uint32_t *to,
                     uint32_t *component, uint32_t *component_count) {
  size_t nodes = (size_t)count + 1;
  uint32_t *memory = casc_calloc(alloc, 6 * nodes + edges, sizeof *memory);
  if (!memory) return false;
  uint32_t *first = memory, *next = memory + 6 * nodes;
  search s = {.first = first,
              .next = next,
              .order = memory + nodes,
              .low = memory + 2 * nodes,
              .at = memory + 3 * nodes,
              .path = memory + 4 * nodes,
              .open = memory + 5 * nodes,
              .component = component};
  for (uint32_t i = 0; i < edges; i++) first[from[i]]++;
  for (uint32_t i = 1; i < nodes; i++) first[i] += first[i - 1];
  for (uint32_t i = edges; i-- > 0;) next[--first[from[i]]] = to[i];
  for (uint32_t i = 0; i < count; i++)
    if (s.order[i] == UNSEEN) search_from(&s, i);
  *component_count = s.components;
  casc_free(alloc, memory);
  return true;
}

/* The selection from within. */
#ifndef CASC_SELECTION_INTERNAL_H
#define CASC_SELECTION_INTERNAL_H

#include <cascade/selection.h>

#include "graph_internal.h"

struct cascade_selection {
  casc_refs refs;
  cascade_context *context;
  casc_arena arena;
  cascade_graph *graph;
  uint32_t table;
  bool by_keys;      /* else by condition */
  cascade_keys keys; /* primary keys, without repetition */
  const char *where; /* NULL selects every row; beside keys, narrows them */
  const cascade_value *parameters;
  uint32_t parameter_count;
};

cascade_selection *casc_selection_ref(cascade_selection *selection);

#endif

/* The policy from within. */
#ifndef CASC_POLICY_INTERNAL_H
#define CASC_POLICY_INTERNAL_H

#include <cascade/policy.h>

#include "graph_internal.h"

struct cascade_policy {
  casc_refs refs;
  cascade_context *context;
  casc_arena arena;
  cascade_graph *graph;
  casc_relation *relations; /* the graph's, in its order, then the declared ones */
  uint32_t relation_count;
  uint32_t **relations_to, **relations_from; /* by table: relation numbers */
  uint32_t *to_count, *from_count;
  bool *excluded; /* by table */
};

/* CASCADE_POLICY for a table of which no row may be touched. */
cascade_status casc_policy_refuse(const cascade_policy *policy, uint32_t table, cascade_error **error);

/* The database checks this relation, or acts on it: it comes from the catalog. */
static inline bool casc_relation_enforced(const casc_relation *relation) {
  return !(relation->flags & CASCADE_RELATION_DECLARED);
}

#endif

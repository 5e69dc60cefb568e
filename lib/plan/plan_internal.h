/* The plan from within. */
#ifndef CASC_PLAN_INTERNAL_H
#define CASC_PLAN_INTERNAL_H

#include <cascade/plan.h>

#include "scope.h"

typedef struct casc_step {
  cascade_step_info info;
  const char *label; /* of the table */
  const char *found; /* how the rows are found or why they block, for people */
  bool delegated;    /* left to the database's own action */
  int64_t scanned;   /* rows that each batch scans for want of an index; -1 when unknown, 0 for none */
} casc_step;

struct cascade_plan {
  casc_refs refs;
  cascade_context *context;
  casc_arena arena;
  cascade_policy *policy;
  cascade_plan_info info;
  casc_step *steps;
  const char *root_label;
  const char *engine;
  bool defers;               /* cycles: foreign keys are checked at COMMIT */
  const char *const *cycles; /* words for each cycle */
  uint32_t cycle_count;
  uint32_t tables; /* of which rows are deleted */
};

#endif

/* What the queue knows of a back-fill: what it is made of, and a say in its transactions. */
#ifndef CASC_FILL_JOB_H
#define CASC_FILL_JOB_H

#include <cascade/fill.h>

#include "fill.h"

typedef struct casc_fill_recipe {
  cascade_connection *connection;
  const char *table;
  const casc_sql_fill *sql; /* columns, key, range and sources */
  const cascade_fill_options *options;
  bool streams, begun;
} casc_fill_recipe;

casc_fill_recipe casc_fill_recipe_of(const cascade_fill *fill);

/* Where a fill is with the range that is about to be committed. */
typedef struct casc_fill_sums {
  const char *token;
  uint64_t inserted, updated, skipped; /* in all, those before a resume included */
} casc_fill_sums;

typedef struct casc_fill_guard {
  void *data;
  cascade_status (*begun)(void *data, cascade_error **error); /* before the first statement of a range */
  cascade_status (*ending)(void *data, const casc_fill_sums *sums, cascade_error **error); /* before its COMMIT */
} casc_fill_guard;

/* A failure of the guard's rolls the range back as one of the fill does. */
void casc_fill_guard_set(cascade_fill *fill, const casc_fill_guard *guard);

#endif

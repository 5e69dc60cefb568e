/* One batch: the statements that delete a closure, inside a transaction that somebody else begins and ends. */
#ifndef CASC_BATCH_H
#define CASC_BATCH_H

#include "closure.h"
#include "tally.h"

/* Rows of a detaching relation that meet the filter: their keys are recorded, and their columns set to NULL. */
typedef cascade_status (*casc_detacher)(void *data, casc_scope *scope, uint32_t relation, const casc_sql_filter *filter,
                                        uint64_t *rows, cascade_error **error);

/* Deletes rows that meet the filter, and keeps copies of them elsewhere. */
typedef cascade_status (*casc_mover)(void *data, uint32_t table, const casc_sql_filter *filter, uint64_t *rows,
                                     cascade_error **error);

typedef struct casc_batch {
  casc_closure *closure;
  uint64_t *deleted, *updated; /* by table: what this batch did */
  casc_tally tally;            /* of the database's own actions */
  uint64_t unread;             /* rows written of which no key was read */
  bool exact;                  /* no statement may delete more rows than it was given keys */
  casc_detacher detach;        /* for relations that detach, with its data */
  void *detach_data;
  casc_mover move; /* of rows of which no key is read, with its data; NULL: they are deleted */
  void *move_data;
  casc_keyset *rewritten; /* by relation: rows whose references have to hold at the end */
} casc_batch;

cascade_status casc_batch_init(casc_batch *batch, casc_closure *closure, cascade_error **error);
void casc_batch_free(casc_batch *batch);
/* Deletes the closure, referencing rows first, and rewrites the rows that stay. May end early with the closure's `overflow`. */
cascade_status casc_batch_delete(casc_batch *batch, cascade_error **error);
/* Rewrites rows of an updating relation's table, given by key. */
cascade_status casc_batch_rewrite(casc_batch *batch, uint32_t relation, const casc_keyset *rows, cascade_error **error);
/* Deletes or rewrites rows without a key that refer to one row, `limit` at most. */
cascade_status casc_batch_shave(casc_batch *batch, uint32_t relation, const casc_keyset *row, uint64_t limit, uint64_t *rows,
                                cascade_error **error);

#endif

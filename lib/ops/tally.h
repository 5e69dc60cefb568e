/* What the database's own actions did in a transaction, as the database counts it. */
#ifndef CASC_TALLY_H
#define CASC_TALLY_H

#include "scope.h"

typedef struct casc_tally {
  casc_scope *scope;
  uint32_t count;
  uint32_t *tables; /* those in which it may act */
  int64_t *before;  /* deleted and updated of each */
  bool known;       /* the database counts */
} casc_tally;

/* Inside a transaction, before its first change. Frees nothing on failure: casc_tally_free() does. */
cascade_status casc_tally_begin(casc_tally *tally, casc_scope *scope, cascade_error **error);
/* After the last: replaces the numbers of the tables concerned. */
cascade_status casc_tally_end(casc_tally *tally, uint64_t *deleted, uint64_t *updated, cascade_error **error);
void casc_tally_free(casc_tally *tally);

#endif

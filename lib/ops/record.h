/* What a purge writes of itself into the host's database, in the transactions of its batches: the outbox, and the audit. */
#ifndef CASC_RECORD_H
#define CASC_RECORD_H

#include <cascade/purge.h>

#include "batch.h"
#include "hooks.h"
#include "outbox.h"

typedef struct casc_record {
  const casc_queue_words *words; /* NULL when nothing is to be written */
  bool outbox, audit;
  casc_audited facts;          /* texts in memory of the scope */
  int64_t id, pending_id;      /* row of the audit: committed, and of this batch; 0 for none */
  uint64_t kept, pending_kept; /* rows that it says have stayed */
  bool closed;                 /* the audit says that the purge is finished */
} casc_record;

/* Nothing in it is to be freed. */
cascade_status casc_record_init(casc_record *record, casc_scope *scope, const cascade_purge_options *options,
                                cascade_error **error);
/* Inside a batch's transaction: the rows that the hooks were told of. */
cascade_status casc_record_rows(const casc_record *record, const casc_hooks *hooks, cascade_error **error);
/* Inside a transaction: what a batch did, or with NULL that the purge is finished. */
cascade_status casc_record_batch(casc_record *record, const casc_hooks *hooks, const casc_batch *batch, bool finished,
                                 cascade_error **error);
/* The batch was committed. */
void casc_record_settle(casc_record *record);
/* Inside a transaction: a row of the audit. */
cascade_status casc_record_put(cascade_connection *connection, const casc_queue_words *words, const casc_audited *facts,
                               int64_t *id, cascade_error **error);
/* In a transaction of its own: the purge is finished. */
cascade_status casc_record_finish(casc_record *record, const casc_hooks *hooks, cascade_error **error);

#endif

/* What a purge does with an archive: copies the rows of its batches before they go. */
#ifndef CASC_ARCHIVING_H
#define CASC_ARCHIVING_H

#include <cascade/archive.h>

#include "batch.h"

struct casc_archived_table;

typedef struct casc_archiving {
  cascade_archive *archive; /* reference; NULL for none */
  casc_scope *scope;
  struct casc_archived_table *tables; /* by number */
  bool moves;                         /* ... as casc_archiving_moves() says */
  bool open;                          /* a batch has begun to copy */
  const casc_sql_table **sources;     /* the tables of the scope's order */
  int64_t stamp;                      /* what the database said of their columns before they were last looked at */
} casc_archiving;

cascade_archive *casc_archive_ref(cascade_archive *archive);

/* Before the first change: whether the archive can take the rows of all tables that the scope reaches. Frees nothing on failure. */
cascade_status casc_archiving_init(casc_archiving *archiving, casc_scope *scope, cascade_archive *archive, bool nested,
                                   cascade_error **error);
/* Whether rows of which no key was read go to this archive as they are deleted. */
bool casc_archiving_moves(const cascade_archive *archive, const casc_dialect *dialect);
void casc_archiving_free(casc_archiving *archiving);
/* Inside a batch's transaction: copies the rows of the closure, as they are now. */
cascade_status casc_archiving_copy(casc_archiving *archiving, const casc_closure *closure, cascade_error **error);
/* ... a casc_mover, with the archiving as its data ... */
cascade_status casc_archiving_move(void *data, uint32_t table, const casc_sql_filter *filter, uint64_t *rows,
                                   cascade_error **error);
/* ... whether these are the rows that the batch has deleted ... */
cascade_status casc_archiving_verify(casc_archiving *archiving, const casc_batch *batch, cascade_error **error);
/* ... and before its COMMIT: makes the copies outlive a crash. */
cascade_status casc_archiving_flush(casc_archiving *archiving, cascade_error **error);
/* The transaction is over: its copies count, or are taken back. Does nothing when that has been said. */
void casc_archiving_end(casc_archiving *archiving, bool keep);

#endif

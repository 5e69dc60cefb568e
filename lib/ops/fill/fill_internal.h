/* The back-fill from within. */
#ifndef CASC_FILL_INTERNAL_H
#define CASC_FILL_INTERNAL_H

#include <cascade/fill.h>

#include "clock.h"
#include "fill.h"
#include "fill_job.h"
#include "graph_internal.h"
#include "overhead.h"
#include "session.h"
#include "throttle_internal.h"
#include "transaction.h"

/* Where a fill stands: what a token says. */
typedef struct casc_fill_place {
  bool finished;
  cascade_value first, last; /* values of the range column, as of the start */
  cascade_value position;    /* all up to this is done, nothing where it is NULL; of a stream, the rows taken */
  uint64_t ranges, inserted, updated, skipped;
  uint64_t ahead; /* rows behind the position that were inserted, and are not counted yet */
} casc_fill_place;

struct cascade_fill {
  cascade_context *context;
  cascade_connection *connection; /* reference */
  cascade_graph *graph;           /* reference */
  const casc_table *table;
  casc_arena arena;
  casc_fill_guard guard;
  cascade_fill_options options; /* its texts are copies */
  casc_sql_table sql_table;
  const uint32_t *columns; /* positions in the table */
  casc_sql_fill sql;
  casc_sql_source *sources;
  size_t source_capacity;
  /* stream */
  cascade_fill_rows rows;
  void *rows_data;
  const cascade_value *page;
  uint64_t page_rows, page_taken;
  bool drained;
  cascade_keys streamed; /* what the running range takes of the page */
  casc_sql_source stream;
  /* where it is */
  bool prepared, ended;
  cascade_status failed;
  char fingerprint[17];
  casc_fill_place place;
  casc_str bounds[2]; /* bytes of the position, and of where the range ends */
  uint32_t spare;     /* the one that the position is not in */
  casc_sql_table checkpoint;
  char *stored;       /* the token in the checkpoint's row, or NULL */
  int64_t fresh_upto; /* behind the position, the target has no row up to this */
  bool filled;        /* the last range met rows that were there: the next one may, too */
  /* the transaction */
  casc_transaction transaction;
  bool nested, committing;
  bool transacts; /* what a statement could do alone goes in a transaction all the same */
  /* pace */
  uint64_t width;                       /* of the next range */
  double rows_per_ms, last_rows_per_ms; /* as expected of the next range, as of the last one */
  double rows_per_width;
  casc_overhead overhead;
  uint64_t started_ns, worked_ns;
  uint64_t unpaced_ns; /* length of the last range, for the throttle; 0 when it has been told */
  uint64_t written;    /* inserted and updated by this object */
  /* results */
  cascade_fill_range range;
  cascade_value after, upto; /* of the range, where these are no integers */
  cascade_fill_report report;
};

/* fill_check.c */
cascade_status casc_fill_target_set(cascade_fill *fill, const cascade_fill_target *target, cascade_error **error);
cascade_status casc_fill_session_check(cascade_fill *fill, cascade_error **error);
cascade_status casc_fill_source_check(cascade_fill *fill, casc_sql_source *source, cascade_error **error);

/* fill_token.c */
bool casc_fill_identify(cascade_fill *fill);
/* Malloc'ed; NULL when memory is out. */
char *casc_fill_token_text(const cascade_fill *fill, const casc_fill_place *place);
/* Takes the place from a token, its bytes into the fill's memory; `fingerprint` gets whose it is. CASCADE_DONE when the token is
   damaged. */
cascade_status casc_fill_token_read(cascade_fill *fill, const char *text, char fingerprint[17], cascade_error **error);
/* Goes on where the token, or the checkpoint's row, says. *found: there is one. */
cascade_status casc_fill_resume(cascade_fill *fill, bool *found, cascade_error **error);
/* Writes the place into the checkpoint's row, in the open transaction. *token, malloc'ed, is to be kept when that is committed. */
cascade_status casc_fill_leave_token(cascade_fill *fill, const casc_fill_place *place, char **token, cascade_error **error);

/* fill_range.c */
/* The ends of the ranges: sets first, last and position; `finished` when there are no rows. */
cascade_status casc_fill_find_ends(cascade_fill *fill, cascade_error **error);
/* The values of the range column that come next, as far as the last. `limit` is set by the caller. */
cascade_status casc_fill_next_part(cascade_fill *fill, casc_sql_part *part, cascade_error **error);
/* Where no rows are, the next ones are looked for. */
cascade_status casc_fill_cross_gap(cascade_fill *fill, const casc_sql_part *part, cascade_error **error);
/* The position is where the part ended. */
void casc_fill_settle(cascade_fill *fill);
bool casc_fill_is_last(const casc_fill_place *place);
int32_t casc_fill_permille(const cascade_fill *fill);

/* fill_stream.c */
/* Takes the next rows of the stream for a range: none when it is at its end. */
cascade_status casc_fill_pull(cascade_fill *fill, uint64_t wanted, cascade_error **error);
cascade_status casc_fill_drop_done(cascade_fill *fill, cascade_error **error);

/* fill_step.c */
cascade_status casc_fill_step(cascade_fill *fill, cascade_error **error);
cascade_status casc_fill_begin(cascade_fill *fill, cascade_error **error);

/* fill_fault.c: after a failure, with the transaction rolled back */
/* Finds the first row at fault in the part, and names it in the error. */
void casc_fill_accuse(cascade_fill *fill, const casc_sql_part *part, cascade_error **error);
/* The same, of rows that were counted as such that cannot be written. */
cascade_status casc_fill_refuse_rows(cascade_fill *fill, const casc_sql_part *part, uint64_t bad, cascade_error **error);

#endif

/* The purge from within. */
#ifndef CASC_PURGE_INTERNAL_H
#define CASC_PURGE_INTERNAL_H

#include <cascade/purge.h>

#include "archiving.h"
#include "batch.h"
#include "clock.h"
#include "hooks.h"
#include "overhead.h"
#include "record.h"
#include "source.h"
#include "tables.h"
#include "throttle_internal.h"
#include "transaction.h"

/* A level of the stack of selections. While rows that hang on one row of a level are worked on above it, that row is `open`. */
typedef struct casc_level {
  casc_source source;
  casc_keyset open;  /* empty, or one key */
  bool drain;        /* the open row goes with all that hangs on it in one transaction, however large */
  uint32_t shave;    /* 1 + the relation whose rows without keys go, a part at a time, before the level's next row; 0 for none */
  uint64_t descents; /* times that work went above for the open row ... */
  uint64_t deleted;  /* ... and the rows that had been changed when it last did */
} casc_level;

typedef struct casc_stack {
  casc_scope *scope;
  casc_level *levels;
  size_t count, capacity;
  casc_open_row *open;
  size_t open_capacity;
} casc_stack;

/* What a batch is about to commit. */
typedef struct casc_guarded {
  const uint64_t *deleted, *updated; /* by table */
  uint32_t table_count;
  uint64_t roots; /* selected rows that go with it */
  bool whole;     /* the purge goes in this one transaction */
} casc_guarded;

/* What somebody else wants to do inside the transactions of the batches, whatever becomes of them: a failure of theirs rolls the
   batch back as one of the purge does. Members may be NULL. */
typedef struct casc_guard {
  void *data;
  cascade_status (*between)(void *data, cascade_error **error); /* before a batch, outside of any transaction */
  cascade_status (*begun)(void *data, cascade_error **error);   /* before the first statement of a batch */
  cascade_status (*ending)(void *data, const casc_guarded *batch, cascade_error **error); /* before its COMMIT */
  /* For relations that detach: records the rows and sets their columns to NULL. */
  casc_detacher detach;
  bool detaching; /* what is detached is not counted, so that everything goes in one transaction */
  bool presumed;  /* nothing is read before the batch, as the closure will fit into one transaction: else CASCADE_NOT_ATOMIC */
} casc_guard;

struct cascade_purge {
  cascade_context *context;
  cascade_connection *connection; /* reference */
  cascade_purge_options options;
  casc_guard guard;
  casc_scope scope;
  casc_closure closure;
  casc_hooks hooks;
  casc_record record;
  casc_archiving archiving;
  bool telling; /* somebody wants to know of the rows */
  casc_stack stack;
  bool atomic;     /* the whole closure goes in one transaction */
  bool checks_off; /* the session's foreign-key checks were turned off by us */
  bool nested;     /* inside a transaction of the host: one batch, which the host commits */
  casc_transaction transaction;
  uint32_t circles;        /* batches since the last commit that could only go with open rows */
  bool committing;         /* COMMIT was sent, and its answer has not come */
  bool circular;           /* circles of rows larger than a batch have been met */
  uint32_t passes;         /* over a selection by condition: until one finds nothing */
  uint64_t batches_before; /* committed before this pass */
  bool finished, ended;
  cascade_status failed;
  uint64_t max_rows; /* bound of deleted rows; UINT64_MAX for none */
  /* pace */
  uint64_t most_rows; /* of a transaction: as the options say, or fewer after statements took too long */
  size_t roots;       /* rows of a level that the next batch takes */
  double rows_per_ms, rows_per_root, commit_ms;
  casc_overhead overhead;
  uint64_t commit_ns; /* of the last batch */
  uint64_t started_ns, worked_ns;
  uint64_t unpaced_ns;            /* length of the last batch, for the throttle; 0 when it has been told */
  const casc_sql_table **written; /* tables of which rows go, for the throttle */
  int64_t change_counter;
  /* results */
  cascade_batch_info batch;
  cascade_purge_report report;
  uint64_t *deleted, *updated; /* by table */
};

/* purge.c: cascade_purge_new() with a guard, which is copied; NULL for none. */
cascade_status casc_purge_open(cascade_connection *connection, cascade_policy *policy, cascade_selection *selection,
                               const cascade_purge_options *options, const casc_guard *guard, cascade_purge **purge,
                               cascade_error **error);

/* stack.c */
cascade_status casc_stack_push(casc_stack *stack, casc_source_kind kind, uint32_t table, casc_level **level, cascade_error **error);
void casc_stack_pop(casc_stack *stack);
void casc_stack_free(casc_stack *stack);
/* The open rows of all levels, for a closure to keep away from. */
cascade_status casc_stack_open_rows(casc_stack *stack, casc_closure *closure, cascade_error **error);
/* Opens the one row that overflowed the closure and puts levels for what hangs on it on top. With `all`, for everything that is
   left to read; else for the place where the bound was reached. */
cascade_status casc_stack_descend(casc_stack *stack, casc_closure *closure, const casc_keyset *row, bool all,
                                  cascade_error **error);

/* refuse.c */
cascade_status casc_purge_refuse(cascade_purge *purge, cascade_error **error);

/* examine.c: before the first change. Sets atomic, report and roots_expected; refuses. */
cascade_status casc_purge_examine(cascade_purge *purge, cascade_error **error);

/* step.c */
cascade_status casc_purge_step(cascade_purge *purge, cascade_error **error);

/* pace.c */
void casc_pace_start(cascade_purge *purge);
/* Lets other writers in, before a batch. */
cascade_status casc_pace_yield(cascade_purge *purge, cascade_error **error);
/* Waits as long as the throttle wants. CASCADE_DONE when the time budget ends first. */
cascade_status casc_pace_wait(cascade_purge *purge, cascade_error **error);
/* Learns from a batch that took `roots` rows of its level and touched `rows` rows, `commit_ns` of the time being its COMMIT. */
void casc_pace_learn(cascade_purge *purge, size_t roots, uint64_t rows, uint64_t nanoseconds, uint64_t commit_ns);
/* Rows that the next batch may touch. */
uint64_t casc_pace_bound(const cascade_purge *purge);
/* Nothing is known any more of how many rows refer to one. */
void casc_pace_forget(cascade_purge *purge);
/* After a statement that took too long. */
void casc_pace_shrink(cascade_purge *purge);

#endif

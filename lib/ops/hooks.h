/* What hooks of the host are told of a batch, and what they say to it. */
#ifndef CASC_HOOKS_H
#define CASC_HOOKS_H

#include <cascade/purge.h>

#include "closure.h"

/* Columns that are wanted of a table besides its key. */
typedef struct casc_wanted {
  uint32_t count;
  const char **names;
  casc_sql_table sql; /* the table, these columns behind the shown ones */
} casc_wanted;

/* Rows of one table that are about to be deleted. */
typedef struct casc_told {
  casc_keyset identities;   /* in the order of the rows */
  casc_keyset shown, cells; /* their keys and the wanted columns */
  cascade_keys keys;        /* a view of `shown` */
  uint8_t *veto;            /* one for each */
} casc_told;

/* Rows that stay, by their keys as people know them: by the hook's word, and for the sake of others. */
typedef struct casc_stayed {
  casc_keyset vetoed, kept;
  cascade_keys vetoed_view, kept_view;
} casc_stayed;

typedef struct casc_hooks {
  casc_scope *scope;
  casc_wanted *wanted;           /* by table */
  casc_keyset *kept, *keeping;   /* by table: identities of what stayed in batches before, and in this one */
  casc_stayed *stayed, *staying; /* the same */
  bool any_staying;
  /* this batch */
  casc_told *told;
  cascade_deleted *tables;
  uint32_t count;
  /* why a hook fails */
  bool running;
  uint32_t blamed; /* table, or CASC_NONE */
  char *reason;
} casc_hooks;

/* The table and the position of a column that is wanted. */
cascade_status casc_hooks_find_column(const cascade_graph *graph, const char *table_name, const char *name, uint32_t *table,
                                      uint32_t *position, cascade_error **error);
/* As what a column is read, so that nothing of a value is lost. */
int32_t casc_read_type(const casc_scope *scope, const casc_table *table, const char *name);

/* Frees nothing on failure: casc_hooks_free() does. */
cascade_status casc_hooks_init(casc_hooks *hooks, casc_scope *scope, const cascade_purge_options *options, cascade_error **error);
void casc_hooks_free(casc_hooks *hooks);
/* Forgets the batch. */
void casc_hooks_clear(casc_hooks *hooks);
/* Reads what the closure deletes, before it goes; with `vetoes`, for a hook that may keep some of it. */
cascade_status casc_hooks_read(casc_hooks *hooks, const casc_closure *closure, bool vetoes, cascade_error **error);
/* Calls a hook with what was read; does nothing when there is none, or nothing to tell. `name` and `fate`: of the hook, and of the
   batch when it fails. */
cascade_status casc_hooks_call(casc_hooks *hooks, cascade_hook hook, void *data, const char *name, const char *fate,
                               cascade_error **error);
/* The wanted columns of the table at a position. */
cascade_status casc_hooks_describe(const casc_hooks *hooks, uint32_t position, cascade_row_columns *columns);
/* While a hook runs: what the interface offers it. */
cascade_status casc_hooks_columns(const casc_hooks *hooks, uint32_t position, cascade_row_columns *columns);
cascade_status casc_hooks_veto(casc_hooks *hooks, uint32_t position, const uint64_t *rows, uint64_t count);
cascade_status casc_hooks_blame(casc_hooks *hooks, const char *table, const char *reason);
/* Takes what was vetoed out of the closure and out of what was read, with what that refers to. */
cascade_status casc_hooks_obey(casc_hooks *hooks, casc_closure *closure, cascade_error **error);
/* Remembers what stays by the closure's word. Inside the transaction. */
cascade_status casc_hooks_note(casc_hooks *hooks, const casc_closure *closure, cascade_error **error);
/* The batch is over, and what stays in it stays. */
cascade_status casc_hooks_settle(casc_hooks *hooks, cascade_error **error);
/* Rows that stay so far, those of the batch at work included. */
uint64_t casc_hooks_staying(const casc_hooks *hooks);

#endif

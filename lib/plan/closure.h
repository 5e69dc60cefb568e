/* The closure of some rows: everything that goes when they go. Read level by level into memory, up to a bound; tables that nothing
   refers to are counted, not read. */
#ifndef CASC_CLOSURE_H
#define CASC_CLOSURE_H

#include "keyset.h"
#include "scope.h"

/* A row that a purge further down its stack is working on: not to be taken into the closure again. */
typedef struct casc_open_row {
  uint32_t table;
  const casc_keyset *key; /* of one key */
} casc_open_row;

typedef struct casc_closure {
  casc_scope *scope;
  casc_keyset *sets;     /* by table: rows in the closure */
  bool *seeded;          /* by table: rows were added for themselves, not for what they refer to */
  casc_keyset *pending;  /* by table: those whose referencing rows were not read yet */
  uint64_t *leaf_rows;   /* by table that is not held: rows counted */
  uint64_t *update_rows; /* by relation: rows to rewrite, counted */
  uint64_t rows;         /* all rows that it touches */
  uint64_t limit;        /* bound of `rows`; 0 for none */
  bool examining;        /* only what blockers can hang on is read, nothing is counted, and nothing is taken in */
  bool deletes_only;     /* rows to rewrite are not counted */
  bool keys_only;        /* only keys are read: rows that no key is needed for are bounded when they are written */
  bool lock;             /* rows are held until the transaction ends */
  bool whole;            /* every selected row of the request is in it: what is not in it stays */
  const casc_open_row *open;
  uint32_t open_count;
  const casc_keyset *kept; /* by table: rows that stay whatever refers where, and are never taken in; NULL for none */
  casc_keyset *met;        /* by table: those of them that were met on the way */
  casc_keyset *needed;     /* by table: rows that stay with them, as they refer to them */
  /* after expanding */
  bool overflow;          /* the bound was reached; `pending` holds what is left to read */
  uint32_t over_table;    /* ... while reading what refers to the pending rows of this table ... */
  uint32_t over_relation; /* ... through this relation */
  bool met_open;          /* an open row refers to a row of the closure: together they form a circle */
  bool held_back;         /* some rows were taken out again */
} casc_closure;

cascade_status casc_closure_init(casc_closure *closure, casc_scope *scope, cascade_error **error);
void casc_closure_free(casc_closure *closure);
void casc_closure_clear(casc_closure *closure);
/* Adds rows to start from. */
cascade_status casc_closure_seed(casc_closure *closure, uint32_t table, const casc_keyset *keys, cascade_error **error);
/* Reads until everything is in it, or the bound is reached: see `overflow`. */
cascade_status casc_closure_expand(casc_closure *closure, cascade_error **error);
/* Looks for rows that block. Rows of blocking relations that belong to the whole request's closure are taken in and expanded.
   CASCADE_BLOCKED names a row that stays. May end with `overflow`. */
cascade_status casc_closure_examine(casc_closure *closure, cascade_error **error);

/* Takes out of the closure the rows to which open rows refer, directly or through others: they can go only together with the open
   rows. What is left can go before. */
cascade_status casc_closure_hold_back(casc_closure *closure, cascade_error **error);
/* Rows of the closure that are to stay after all. */
cascade_status casc_closure_keep(casc_closure *closure, uint32_t table, const casc_keyset *rows, cascade_error **error);
/* Takes out of the closure what the kept rows that were met refer to, directly or through others: see `needed`. What is left can
   go. */
cascade_status casc_closure_spare(casc_closure *closure, cascade_error **error);
bool casc_closure_is_empty(const casc_closure *closure);
/* Writing met the bound: marks the place, as if expanding had. False when memory is out. */
bool casc_closure_overflow_at(casc_closure *closure, uint32_t relation);
/* Starts from every selected row, as far as the bound allows; counts them. */
cascade_status casc_closure_read_whole(casc_closure *closure, uint64_t *roots, cascade_error **error);
/* Rows that would be deleted, of those that it touches. */
uint64_t casc_closure_deleted(const casc_closure *closure);

/* Rows of relation->table that refer to `parents`, appended to `into` and not merged; at most `limit` (0: all). `lock` holds them,
   where rows can be held. */
cascade_status casc_read_referencing(casc_scope *scope, const casc_scope_relation *relation, const casc_keyset *parents,
                                     const casc_keyset *among, uint64_t limit, bool lock, casc_keyset *into, cascade_error **error);
/* Rows that refer to `parents`, counted up to `limit` (0: all). */
cascade_status casc_count_referencing(casc_scope *scope, const casc_scope_relation *relation, const casc_keyset *parents,
                                      uint64_t limit, uint64_t *count, cascade_error **error);
/* Rows to which `rows` of relation->table refer, appended to `into` and not merged. */
cascade_status casc_read_parents(casc_scope *scope, const casc_scope_relation *relation, const casc_keyset *rows, casc_keyset *into,
                                 cascade_error **error);
/* How many keys of the set one statement may carry. */
size_t casc_slice(const casc_scope *scope, const casc_keyset *set);
/* Runs a query of identities of the table and appends them, not merged. */
cascade_status casc_read_keys(casc_scope *scope, uint32_t table, const casc_statement *statement, casc_keyset *into,
                              cascade_error **error);
void casc_keyset_of(const casc_scope *scope, uint32_t table, casc_keyset *set);

/* Members: those of `candidates`, rows of a reached table, that belong to the closure of the whole request. Walks up the cascading
   relations to the selected rows. `closure` may be NULL. `members` is initialised here. */
cascade_status casc_members(casc_scope *scope, uint32_t table, const casc_keyset *candidates, const casc_closure *closure,
                            casc_keyset *members, cascade_error **error);
/* Turns updates whose new values refer to a row of the closure into blocking relations. */
cascade_status casc_settle_defaults(casc_scope *scope, cascade_error **error);

#endif

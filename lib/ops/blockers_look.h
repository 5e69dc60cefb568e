/* One look at the database for pages of blockers: what its statements share. */
#ifndef CASC_BLOCKERS_LOOK_H
#define CASC_BLOCKERS_LOOK_H

#include "blockers_internal.h"

enum {
  CASC_LOOK_PROBED = 1000,    /* rows that are looked at in any order */
  CASC_LOOK_MILLION = 1000000 /* shares are so many times themselves */
};

/* Entries that one call reads, and what it needs for that. */
typedef struct casc_look {
  cascade_blockers *blockers;
  casc_entry **due, **now; /* those that have no page yet; those of the statement that is running */
  casc_sql_page *pages;    /* theirs */
  cascade_keys *parents;
  cascade_value *anchor_cells;
  size_t due_count, read_count;
  casc_entry **read;
  bool open, nested;
} casc_look;

const casc_scope_relation *casc_look_relation(const casc_look *at, const casc_entry *entry);
/* A transaction, or a savepoint, in which the ways are certain. */
cascade_status casc_look_begin(casc_look *at, cascade_error **error);
cascade_status casc_look_end(casc_look *at, cascade_error **error);
/* Milliseconds that a statement about so many pages may take; 0 when the budget is over, UINT32_MAX without one. */
uint32_t casc_look_time_left(const cascade_blockers *blockers, size_t pages);
/* A statement is to end in time, where the engine can see to that. */
cascade_status casc_look_bound_time(casc_look *at, casc_statement *statement, uint32_t ms, cascade_error **error);
/* Of a group of one row: which relations it is frequent in. */
cascade_status casc_look_shares(casc_look *at, cascade_error **error);
/* Counts the rows of the entries that were read, as far as the options ask for that. */
cascade_status casc_look_count(casc_look *at, cascade_error **error);

#endif

/* Knots: rows that refer to each other in a circle through relations at which the database looks row by row, at once. No order of
   deleting them suits it. */
#ifndef CASC_KNOT_H
#define CASC_KNOT_H

#include "closure.h"

/* Whether its columns may be set to NULL before their row goes: nothing that the database looks at refers to them. */
bool casc_can_cut(const casc_scope *scope, const casc_scope_relation *relation);
/* Row by row of relation->table among `rows`: its identity, and that of the row to which it refers. Ends when `take` is false, as
   memory is out. */
typedef bool (*casc_link_taker)(void *data, const cascade_value *row, const cascade_value *parent);
cascade_status casc_read_links(casc_scope *scope, const casc_scope_relation *relation, const casc_keyset *rows,
                               casc_link_taker take, void *data, cascade_error **error);
/* CASCADE_CYCLE: rows of the table are in a knot. */
cascade_status casc_refuse_knot(const casc_scope *scope, uint32_t table, cascade_error **error);
/* Whether rows that the relation connects in a circle are a knot; and whether any relation's are. */
bool casc_ties(const casc_scope *scope, const casc_scope_relation *relation);
bool casc_may_knot(const casc_scope *scope);
/* Refuses a closure with a knot in it, before its first row goes: the sets of its cycles must be whole. A row that refers to itself
   alone is none. */
cascade_status casc_closure_refuse_knots(casc_closure *closure, cascade_error **error);

#endif

/* Relations and keys, while the graph is built. */
#ifndef CASC_RELATION_H
#define CASC_RELATION_H

#include "graph_internal.h"

/* The columns are, in any order, the primary key or another unique key that a foreign key may refer to. */
bool casc_is_key(const casc_table *table, const uint32_t *columns, uint32_t count);
/* The index holds all rows, by whole columns as the columns themselves compare. */
bool casc_is_plain(const casc_index *index);
/* NULL columns give empty names. NULL when memory is out. */
const char *const *casc_column_names(casc_arena *arena, const casc_table *table, const uint32_t *columns, uint32_t count);
int32_t casc_rule_of_action(int32_t action);

#endif

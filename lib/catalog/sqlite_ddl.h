/* What SQLite's pragmas do not tell, from the CREATE statements that it keeps. Each function returns false only when
   memory is out: a statement that it cannot follow leaves the facts at what holds without it. */
#ifndef CASC_SQLITE_DDL_H
#define CASC_SQLITE_DDL_H

#include "schema.h"
#include "str.h"

typedef struct casc_ddl_key {
  const char *name; /* "" without one */
  bool deferrable, initially_deferred;
} casc_ddl_key;

/* Foreign keys in the order of the text, `count` of them, and collations, which are set in the table's columns. */
bool casc_ddl_table(casc_arena *arena, const char *sql, casc_table *table, casc_ddl_key **keys, uint32_t *count);
/* The columns of an index on `table`, and whether it is unique, partial or recollated. */
bool casc_ddl_index(casc_arena *arena, const char *sql, const casc_table *table, casc_index *index);
void casc_ddl_trigger(const char *sql, casc_trigger *trigger);
/* The text of a table, on one line, in which the column may be NULL. False when there is nothing to be left out for that. */
bool casc_ddl_allow_null(casc_arena *arena, casc_str *out, const char *sql, const char *column);

#endif

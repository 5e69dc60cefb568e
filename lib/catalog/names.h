/* Names of tables and columns. SQLite ignores the case of ASCII letters; the other engines keep it, and a name in another case
   finds what it means only where nothing has it as written. */
#ifndef CASC_NAMES_H
#define CASC_NAMES_H

#include "plain.h"
#include "schema.h"
#include "str.h"

/* The engine has no two tables, and a table no two columns, whose names differ in case only. */
bool casc_names_fold(const char *engine);
/* Replaces the text by one that only this table has. */
void casc_table_key(casc_str *key, const char *engine, const char *schema, const char *name);
/* The table's name for people; NULL when memory is out. */
const char *casc_table_label(casc_arena *arena, const char *engine, const char *schema, const char *name);
/* Position of the column of this name; else of the one whose name differs in case only; CASC_NONE without. */
uint32_t casc_find_column(const casc_table *table, const char *name);

#endif

/* Pieces of statements that are the same in every dialect, but for the way in which names are quoted. */
#ifndef CASC_PARTS_H
#define CASC_PARTS_H

#include "dialect.h"

typedef void (*casc_quote)(casc_str *sql, const char *name);

void casc_put(casc_statement *statement, const char *sql);
/* name, or qualifier.name; the qualifier is an alias of ours, and not quoted */
void casc_put_name(casc_statement *statement, casc_quote quote, const char *qualifier, const char *name);
/* a, b */
void casc_put_names(casc_statement *statement, casc_quote quote, const char *qualifier, const char *const *names, uint32_t count);
/* a, or (a, b) */
void casc_put_tuple(casc_statement *statement, casc_quote quote, const char *qualifier, const char *const *names, uint32_t count);
/* schema.table; where there is no schema, main.table on SQLite, and table elsewhere */
void casc_put_table(casc_statement *statement, casc_quote quote, const casc_sql_table *table);
/* Puts the word, and gives the one that goes in front of the next condition. */
const char *casc_put_word(casc_statement *statement, const char *word);
/* The quoted form of a name, in the statement's memory; "" when that is out. */
const char *casc_quoted_name(casc_statement *statement, casc_quote quote, const char *qualifier, const char *name);

/* Integers without a gap, of which there are many: a range says the same, and needs no list that is read again and again. */
bool casc_keys_are_range(const cascade_keys *keys);
/* [1,2] of the integers, as a parameter's text. */
void casc_put_integer_list(casc_str *list, const cascade_keys *keys);
/* A text that was built for a parameter, moved into the statement's memory; frees the builder. NULL when memory is out. */
const char *casc_keep_text(casc_statement *statement, casc_str *text, size_t *length);

#endif

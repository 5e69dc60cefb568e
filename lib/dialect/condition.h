/* Conditions that the host writes, for one of which a WHERE has room. */
#ifndef CASC_CONDITION_H
#define CASC_CONDITION_H

#include "str.h"

#include <stdint.h>

/* Whether the text, put in parentheses, stays within them: balanced, without a comment, a semicolon or a placeholder other than "?"
   outside of quotes. Counts the placeholders; *what says what is wrong otherwise. On PostgreSQL "??" stands for its operator
   "?". */
bool casc_condition_sound(const char *engine, const char *condition, uint32_t *placeholders, const char **what);
/* Nothing but blanks. */
bool casc_condition_blank(const char *condition);
/* The condition for PostgreSQL, its placeholders numbered from `first`. */
void casc_condition_number(casc_str *sql, const char *condition, size_t first);

#endif

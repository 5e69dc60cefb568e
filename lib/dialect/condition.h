/* Conditions that the host writes go into statements as they are. What can be checked is that they stay one expression
   within the brackets that they are put into. */
#ifndef CASC_CONDITION_H
#define CASC_CONDITION_H

#include <stdbool.h>
#include <stdint.h>

/* Whether the text is such, and has no other placeholders than `?`, which are counted. Else *what says: "it has ..." */
bool casc_condition_sound(const char *condition, uint32_t *placeholders, const char **what);
/* Nothing but white space. */
bool casc_condition_blank(const char *condition);

#endif

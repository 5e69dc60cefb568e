/* Where a cursor over blockers goes on, as text that another process takes up again, under a key of the host. */
#ifndef CASC_BLOCKERS_TOKEN_H
#define CASC_BLOCKERS_TOKEN_H

#include "keyset.h"
#include "scope.h"
#include "str.h"

/* Sets of a first and a last key are not merged: the order is the database's, and the two may be the same. */
typedef struct casc_token_place {
  uint32_t relation;
  uint32_t limit; /* keys of a page */
  bool backward;
  casc_keyset anchor; /* 0 or 1 key: identity of the row behind which (before which) to go on */
  casc_keyset parts;  /* 0 or 2 keys: first and last identity of the referred-to rows that the anchor is about, when they are read
                         part by part */
} casc_token_place;

typedef struct casc_blockers_token {
  const casc_scope *scope;
  uint32_t level_count;    /* cascading relations that lead to the rows referred to */
  uint32_t *levels;        /* their numbers, from the selection down */
  casc_keyset *level_rows; /* for each: the rows of that level, or none for all of them */
  bool rest_of_levels;     /* deeper levels, and other paths behind this one, are to be gone through too */
  uint32_t depth;          /* of the cursor */
  uint32_t place_count, place_capacity;
  casc_token_place *places;
} casc_blockers_token;

void casc_token_init(casc_blockers_token *token, const casc_scope *scope);
/* Empty again, for the same scope. */
void casc_token_free(casc_blockers_token *token);
/* NULL when memory is out. Borrowed until the next one; its anchor and parts are made for the relation's tables. */
casc_token_place *casc_token_add(casc_blockers_token *token, uint32_t relation);
/* Copies the numbers, in place of those from before; all rows of each level. False when memory is out. */
bool casc_token_levels(casc_blockers_token *token, const uint32_t *levels, uint32_t count);
/* The key has 16 to 64 bytes. Reading takes only what was written under the same key, for the same rows, schema and rules; an age
   of 0 takes any. What cannot be read leaves the token empty. */
cascade_status casc_token_write(const casc_blockers_token *token, const void *key, size_t key_length, casc_str *text,
                                cascade_error **error);
cascade_status casc_token_read(casc_blockers_token *token, const char *text, const void *key, size_t key_length, uint32_t max_age_s,
                               cascade_error **error);

#endif

/* A set of row identities of one table: what a batch holds in memory. Integers take 8 bytes each. */
#ifndef CASC_KEYSET_H
#define CASC_KEYSET_H

#include <cascade/common.h>

#include "arena.h"

typedef struct casc_keyset {
  casc_arena arena; /* bytes of text and blob cells */
  uint32_t width;
  bool integer; /* one integer column: the set is in `integers`, else in `cells` */
  int64_t *integers;
  cascade_value *cells;
  size_t count;    /* sorted, without repetition */
  size_t appended; /* behind them: not yet merged */
  size_t capacity;
} casc_keyset;

void casc_keyset_init(casc_keyset *set, const casc_alloc *alloc, uint32_t width, bool integer);
void casc_keyset_free(casc_keyset *set);
void casc_keyset_clear(casc_keyset *set);
/* Appends a key of `width` cells; it counts only after a merge. False when memory is out. */
bool casc_keyset_append(casc_keyset *set, const cascade_value *key);
/* Counts the appended keys as they are, unsorted and repeated: of such a set only views, keys at positions and drops are of use. */
void casc_keyset_list(casc_keyset *set);
/* Takes the appended keys into the set; `fresh`, unless NULL, gets those that were not in it before. False when memory is out. */
bool casc_keyset_merge(casc_keyset *set, casc_keyset *fresh);
/* Position of the first key that is not less: where the key is, or would be. */
size_t casc_keyset_position(const casc_keyset *set, const cascade_value *key);
/* Whether these are the same key of such a set. */
bool casc_keyset_same(const casc_keyset *set, const cascade_value *a, const cascade_value *b);
bool casc_keyset_contains(const casc_keyset *set, const cascade_value *key);
/* Adds all keys of another set. False when memory is out. */
bool casc_keyset_add(casc_keyset *set, const casc_keyset *other);
/* Takes out of the set the keys that the other one has. */
void casc_keyset_subtract(casc_keyset *set, const casc_keyset *other);
/* Takes out the keys at the positions that are marked. */
void casc_keyset_drop(casc_keyset *set, const uint8_t *marked);
/* A view of `count` keys from a position; borrowed until the set changes. */
cascade_keys casc_keyset_view(const casc_keyset *set, size_t from, size_t count);
/* The cells of one key; `integer` is where an integer key's cell is made. */
const cascade_value *casc_keyset_key(const casc_keyset *set, size_t position, cascade_value *integer);
/* Exchanges the contents of two sets of the same kind. */
void casc_keyset_swap(casc_keyset *a, casc_keyset *b);

#endif

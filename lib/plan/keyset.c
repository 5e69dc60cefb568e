#include "keyset.h"

#include <stdlib.h>
#include <string.h>

void casc_keyset_init(casc_keyset *set, const casc_alloc *alloc, uint32_t width, bool integer) {
  *set = (casc_keyset){.width = width, .integer = integer};
  casc_arena_init(&set->arena, alloc);
}

void casc_keyset_free(casc_keyset *set) {
  const casc_alloc *alloc = set->arena.alloc;
  if (!alloc) return; /* never initialised */
  casc_arena_clear(&set->arena);
  casc_free(alloc, set->integers);
  casc_free(alloc, set->cells);
  casc_keyset_init(set, alloc, set->width, set->integer);
}

void casc_keyset_clear(casc_keyset *set) {
  casc_arena_clear(&set->arena);
  set->count = set->appended = 0;
}

void casc_keyset_swap(casc_keyset *a, casc_keyset *b) {
  casc_keyset kept = *a;
  *a = *b;
  *b = kept;
}

static bool copy_cell(casc_keyset *set, cascade_value *to, const cascade_value *from) {
  *to = *from;
  if (!from->length || (from->type != CASCADE_TEXT && from->type != CASCADE_BLOB && from->type != CASCADE_DECIMAL)) return true;
  return (to->data = casc_arena_copy(&set->arena, from->data, from->length)) != NULL;
}

bool casc_keyset_append(casc_keyset *set, const cascade_value *key) {
  const casc_alloc *alloc = set->arena.alloc;
  size_t at = set->count + set->appended;
  if (set->integer) {
    if (!casc_grow(alloc, (void **)&set->integers, &set->capacity, at + 1, sizeof *set->integers)) return false;
    set->integers[at] = key->integer;
  } else {
    if (!casc_grow(alloc, (void **)&set->cells, &set->capacity, at + 1, set->width * sizeof *set->cells)) return false;
    for (uint32_t i = 0; i < set->width; i++)
      if (!copy_cell(set, &set->cells[at * set->width + i], &key[i])) return false;
  }
  set->appended++;
  return true;
}

static int compare_integers(const void *left, const void *right) {
  int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
  return (a > b) - (a < b);
}

/* Any total order serves: identities are equal only when they are the same stored value. */
static int compare_cells(const void *left, const void *right, void *width) {
  const cascade_value *a = left, *b = right;
  for (uint32_t i = 0; i < *(const uint32_t *)width; i++, a++, b++) {
    if (a->type != b->type) return a->type < b->type ? -1 : 1;
    if (a->type == CASCADE_DOUBLE && a->real != b->real) return a->real < b->real ? -1 : 1;
    if (a->type == CASCADE_INT64 || a->type == CASCADE_UINT64) {
      int order = compare_integers(&a->integer, &b->integer);
      if (order) return order;
    }
    if (a->type < CASCADE_TEXT) continue;
    size_t common = a->length < b->length ? a->length : b->length;
    int order = common ? memcmp(a->data, b->data, common) : 0;
    if (order) return order;
    if (a->length != b->length) return a->length < b->length ? -1 : 1;
  }
  return 0;
}

bool casc_keyset_same(const casc_keyset *set, const cascade_value *a, const cascade_value *b) {
  return !compare_cells(a, b, (void *)&set->width);
}

static size_t element(const casc_keyset *set) {
  return set->integer ? sizeof(int64_t) : set->width * sizeof(cascade_value);
}

static char *base(const casc_keyset *set) {
  return set->integer ? (char *)set->integers : (char *)set->cells;
}

static int compare(const casc_keyset *set, const void *a, const void *b) {
  return set->integer ? compare_integers(a, b) : compare_cells(a, b, (void *)&set->width);
}

static bool ascending(const casc_keyset *set, const char *keys, size_t count) {
  size_t size = element(set);
  for (size_t i = 1; i < count; i++)
    if (compare(set, keys + (i - 1) * size, keys + i * size) >= 0) return false;
  return true;
}

/* Sorts the appended keys and drops those that repeat or that the set has already. */
static size_t reduce_appended(casc_keyset *set) {
  size_t size = element(set), kept = 0, known = 0;
  char *all = base(set), *tail = all + set->count * size;
  if (!ascending(set, tail, set->appended)) { /* rows mostly come in order */
    if (set->integer) qsort(tail, set->appended, size, compare_integers);
    else qsort_r(tail, set->appended, size, compare_cells, &set->width);
  }
  for (size_t i = 0; i < set->appended; i++) {
    char *key = tail + i * size;
    if (kept && !compare(set, tail + (kept - 1) * size, key)) continue;
    while (known < set->count && compare(set, all + known * size, key) < 0) known++;
    if (known < set->count && !compare(set, all + known * size, key)) continue;
    if (kept != i) memmove(tail + kept * size, key, size);
    kept++;
  }
  return kept;
}

bool casc_keyset_merge(casc_keyset *set, casc_keyset *fresh) {
  if (fresh) casc_keyset_clear(fresh);
  if (!set->appended) return true;
  size_t size = element(set), added = reduce_appended(set);
  char *all = base(set), *tail = all + set->count * size;
  set->appended = 0;
  for (size_t i = 0; fresh && i < added; i++) {
    cascade_value cell = {.type = CASCADE_INT64};
    if (set->integer) cell.integer = *(int64_t *)(tail + i * size);
    if (!casc_keyset_append(fresh, set->integer ? &cell : (const cascade_value *)(tail + i * size))) return false;
  }
  if (fresh) {
    fresh->count = fresh->appended;
    fresh->appended = 0;
  }
  if (set->count && added && compare(set, tail - size, tail) > 0) {
    char *copy = casc_calloc(set->arena.alloc, added, size);
    if (!copy) return false;
    memcpy(copy, tail, added * size);
    size_t left = set->count, right = added;
    while (right) { /* from the back, so that nothing is overwritten before it has moved */
      bool take_left = left && compare(set, all + (left - 1) * size, copy + (right - 1) * size) > 0;
      memcpy(all + (left + right - 1) * size, take_left ? all + (left - 1) * size : copy + (right - 1) * size, size);
      if (take_left) left--;
      else right--;
    }
    casc_free(set->arena.alloc, copy);
  }
  set->count += added;
  return true;
}

const cascade_value *casc_keyset_key(const casc_keyset *set, size_t position, cascade_value *integer) {
  if (!set->integer) return &set->cells[position * set->width];
  *integer = (cascade_value){.type = CASCADE_INT64, .integer = set->integers[position]};
  return integer;
}

size_t casc_keyset_position(const casc_keyset *set, const cascade_value *key) {
  size_t size = element(set), low = 0, high = set->count;
  const void *wanted = set->integer ? (const void *)&key->integer : key;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (compare(set, base(set) + middle * size, wanted) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

bool casc_keyset_contains(const casc_keyset *set, const cascade_value *key) {
  size_t at = casc_keyset_position(set, key);
  return at < set->count && !compare(set, base(set) + at * element(set), set->integer ? (const void *)&key->integer : key);
}

bool casc_keyset_add(casc_keyset *set, const casc_keyset *other) {
  for (size_t i = 0; i < other->count; i++) {
    cascade_value cell;
    if (!casc_keyset_append(set, casc_keyset_key(other, i, &cell))) return false;
  }
  return casc_keyset_merge(set, NULL);
}

void casc_keyset_subtract(casc_keyset *set, const casc_keyset *other) {
  size_t size = element(set), kept = 0, at = 0;
  char *keys = base(set);
  for (size_t i = 0; i < set->count; i++) {
    char *key = keys + i * size;
    while (at < other->count && compare(set, base(other) + at * size, key) < 0) at++;
    if (at < other->count && !compare(set, base(other) + at * size, key)) continue;
    if (kept != i) memmove(keys + kept * size, key, size);
    kept++;
  }
  set->count = kept;
}

void casc_keyset_drop(casc_keyset *set, const uint8_t *marked) {
  size_t size = element(set), kept = 0;
  char *keys = base(set);
  for (size_t i = 0; i < set->count; i++) {
    if (marked[i]) continue;
    if (kept != i) memmove(keys + kept * size, keys + i * size, size);
    kept++;
  }
  set->count = kept;
}

void casc_keyset_list(casc_keyset *set) {
  set->count += set->appended;
  set->appended = 0;
}

cascade_keys casc_keyset_view(const casc_keyset *set, size_t from, size_t count) {
  return (cascade_keys){.size = sizeof(cascade_keys),
                        .count = count,
                        .column_count = set->width,
                        .integers = set->integer && count ? set->integers + from : NULL,
                        .cells = set->integer || !count ? NULL : set->cells + from * set->width};
}

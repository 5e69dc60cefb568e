/* From names to numbers. */
#ifndef CASC_MAP_H
#define CASC_MAP_H

#include "alloc.h"

#include <stdint.h>

struct casc_map_entry;

typedef struct casc_map {
  const casc_alloc *alloc;
  struct casc_map_entry *entries;
} casc_map;

void casc_map_init(casc_map *map, const casc_alloc *alloc);
/* The key is copied. A key that is there keeps its first value. False when memory is out. */
bool casc_map_put(casc_map *map, const char *key, uint32_t value);
bool casc_map_get(const casc_map *map, const char *key, uint32_t *value);
void casc_map_free(casc_map *map);

#endif

#include "map.h"

#include <string.h>

#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(entry) (out_of_memory = true)
#define uthash_malloc(bytes) casc_calloc(map->alloc, 1, bytes)
#define uthash_free(memory, bytes) casc_free(map->alloc, memory)
#include <uthash.h>

typedef struct casc_map_entry {
  UT_hash_handle hh;
  uint32_t value;
  char key[];
} entry;

void casc_map_init(casc_map *map, const casc_alloc *alloc) {
  *map = (casc_map){.alloc = alloc};
}

bool casc_map_get(const casc_map *map, const char *key, uint32_t *value) {
  entry *found = NULL;
  HASH_FIND_STR(map->entries, key, found);
  if (found && value) *value = found->value;
  return found != NULL;
}

bool casc_map_put(casc_map *map, const char *key, uint32_t value) {
  if (casc_map_get(map, key, NULL)) return true;
  size_t bytes = strlen(key) + 1;
  entry *made = casc_calloc(map->alloc, 1, sizeof *made + bytes);
  if (!made) return false;
  memcpy(made->key, key, bytes);
  made->value = value;
  bool out_of_memory = false;
  HASH_ADD_STR(map->entries, key, made);
  if (out_of_memory) casc_free(map->alloc, made);
  return !out_of_memory;
}

void casc_map_free(casc_map *map) {
  entry *at, *next;
  HASH_ITER(hh, map->entries, at, next) {
    HASH_DEL(map->entries, at);
    casc_free(map->alloc, at);
  }
}

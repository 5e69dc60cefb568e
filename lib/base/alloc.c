#include "alloc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void *system_allocate(void *data, size_t bytes) {
  (void)data;
  return malloc(bytes);
}

static void *system_reallocate(void *data, void *memory, size_t bytes) {
  (void)data;
  return realloc(memory, bytes);
}

static void system_release(void *data, void *memory) {
  (void)data;
  free(memory);
}

const casc_alloc casc_system_alloc = {system_allocate, system_reallocate, system_release, NULL};

void *casc_calloc(const casc_alloc *alloc, size_t count, size_t size) {
  if (size && count > SIZE_MAX / size) return NULL;
  size_t bytes = count && size ? count * size : 1;
  void *memory = alloc->allocate(alloc->data, bytes);
  if (memory) memset(memory, 0, bytes);
  return memory;
}

void casc_free(const casc_alloc *alloc, void *memory) {
  if (memory) alloc->release(alloc->data, memory);
}

char *casc_strdup(const casc_alloc *alloc, const char *text) {
  size_t bytes = strlen(text) + 1;
  char *copy = alloc->allocate(alloc->data, bytes);
  if (copy) memcpy(copy, text, bytes);
  return copy;
}

bool casc_grow(const casc_alloc *alloc, void **array, size_t *capacity, size_t need, size_t element) {
  if (need <= *capacity) return true;
  size_t wanted = *capacity ? *capacity : 8;
  while (wanted < need) {
    if (wanted > SIZE_MAX / 2) return false;
    wanted *= 2;
  }
  if (wanted > SIZE_MAX / element) return false;
  void *memory = *array ? alloc->reallocate(alloc->data, *array, wanted * element) : alloc->allocate(alloc->data, wanted * element);
  if (!memory) return false;
  *array = memory;
  *capacity = wanted;
  return true;
}

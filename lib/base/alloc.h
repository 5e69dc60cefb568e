/* Memory through the context's hooks. */
#ifndef CASC_ALLOC_H
#define CASC_ALLOC_H

#include <stdbool.h>
#include <stddef.h>

typedef struct casc_alloc {
  void *(*allocate)(void *data, size_t bytes);
  void *(*reallocate)(void *data, void *memory, size_t bytes);
  void (*release)(void *data, void *memory);
  void *data;
} casc_alloc;

/* malloc and free, for what has no context. */
extern const casc_alloc casc_system_alloc;

/* NULL when memory is out, or when count * size overflows. Zeroed. */
void *casc_calloc(const casc_alloc *alloc, size_t count, size_t size);
void casc_free(const casc_alloc *alloc, void *memory);
char *casc_strdup(const casc_alloc *alloc, const char *text);

/* Makes room for `need` elements in a growing array; *capacity counts elements. False when memory is out: the array stays. */
bool casc_grow(const casc_alloc *alloc, void **array, size_t *capacity, size_t need, size_t element);

#endif

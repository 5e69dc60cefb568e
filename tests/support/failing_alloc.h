/* An allocator that counts what is not freed, and fails from a given call on. */
#ifndef FAILING_ALLOC_H
#define FAILING_ALLOC_H

#include "context.h"

#include <stdlib.h>

typedef struct failing_alloc {
  long live;    /* pieces that are not freed */
  long allowed; /* calls that will still succeed; negative for all */
  bool failed;  /* one did not */
} failing_alloc;

static inline bool failing_may(failing_alloc *self) {
  if (self->allowed == 0) self->failed = true;
  else if (self->allowed > 0) self->allowed--;
  else return true;
  return !self->failed;
}

static inline void *failing_allocate(void *data, size_t bytes) {
  failing_alloc *self = data;
  void *memory = bytes && failing_may(self) ? malloc(bytes) : NULL;
  self->live += memory != NULL;
  return memory;
}

static inline void *failing_reallocate(void *data, void *memory, size_t bytes) {
  return memory && bytes && failing_may(data) ? realloc(memory, bytes) : NULL;
}

static inline void failing_release(void *data, void *memory) {
  ((failing_alloc *)data)->live--;
  free(memory);
}

static inline casc_alloc failing_hooks(failing_alloc *self) {
  return (casc_alloc){failing_allocate, failing_reallocate, failing_release, self};
}

/* A context with these hooks; NULL when it cannot be made. */
static inline cascade_context *failing_context(failing_alloc *self) {
  cascade_context_options options = {.size = sizeof options,
                                     .allocate = failing_allocate,
                                     .reallocate = failing_reallocate,
                                     .release = failing_release,
                                     .allocator_data = self};
  cascade_context *context = NULL;
  cascade_context_new(&options, &context, NULL);
  return context;
}

#endif

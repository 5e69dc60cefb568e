/* The context from within: allocator, log, references. */
#ifndef CASC_CONTEXT_H
#define CASC_CONTEXT_H

#include <cascade/context.h>

#include "alloc.h"

#include <stdatomic.h>

typedef atomic_uint_least32_t casc_refs;

struct cascade_context {
  casc_refs refs;
  casc_alloc alloc;
  void (*log)(void *data, int32_t level, const char *message);
  void *log_data;
  int32_t log_level;
};

static inline void casc_refs_init(casc_refs *refs) {
  atomic_init(refs, 1);
}
static inline void casc_refs_take(casc_refs *refs) {
  atomic_fetch_add_explicit(refs, 1, memory_order_relaxed);
}
/* True for the one who gave the last reference up. */
static inline bool casc_refs_drop(casc_refs *refs) {
  return atomic_fetch_sub_explicit(refs, 1, memory_order_acq_rel) == 1;
}

cascade_context *casc_context_ref(cascade_context *context);
/* Drops silently a line that is not wanted, or that cannot be formatted. */
void casc_log(const cascade_context *context, int32_t level, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif

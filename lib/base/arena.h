/* Memory of objects that are built once and freed as a whole. */
#ifndef CASC_ARENA_H
#define CASC_ARENA_H

#include "alloc.h"

struct casc_arena_block;

typedef struct casc_arena {
  const casc_alloc *alloc;
  struct casc_arena_block *blocks;
} casc_arena;

void casc_arena_init(casc_arena *arena, const casc_alloc *alloc);
/* Zeroed and aligned for any type; NULL when memory is out. */
void *casc_arena_get(casc_arena *arena, size_t count, size_t size);
void *casc_arena_copy(casc_arena *arena, const void *bytes, size_t length); /* adds a NUL behind it */
char *casc_arena_strdup(casc_arena *arena, const char *text);
char *casc_arena_printf(casc_arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Frees everything; the arena may be used again. */
void casc_arena_clear(casc_arena *arena);

#endif

#include "arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { BLOCK = 8192 };

typedef struct casc_arena_block {
  struct casc_arena_block *next;
  size_t used, size;
  max_align_t memory[];
} block;

void casc_arena_init(casc_arena *arena, const casc_alloc *alloc) {
  *arena = (casc_arena){.alloc = alloc};
}

void *casc_arena_get(casc_arena *arena, size_t count, size_t size) {
  if (size && count > (SIZE_MAX / 2) / size) return NULL;
  size_t bytes = (count * size + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
  block *head = arena->blocks;
  if (!head || head->size - head->used < bytes) {
    size_t room = bytes > BLOCK / 4 ? bytes : BLOCK;
    block *fresh = arena->alloc->allocate(arena->alloc->data, sizeof(block) + room);
    if (!fresh) return NULL;
    *fresh = (block){.size = room};
    if (room == bytes && head) { /* a large piece goes behind the head, whose rest stays in use */
      fresh->next = head->next;
      head->next = fresh;
    } else {
      fresh->next = head;
      arena->blocks = fresh;
    }
    head = fresh;
  }
  void *memory = (char *)head->memory + head->used;
  head->used += bytes;
  memset(memory, 0, bytes);
  return memory;
}

void *casc_arena_copy(casc_arena *arena, const void *bytes, size_t length) {
  char *copy = length < SIZE_MAX ? casc_arena_get(arena, length + 1, 1) : NULL;
  if (copy && length) memcpy(copy, bytes, length);
  return copy;
}

char *casc_arena_strdup(casc_arena *arena, const char *text) {
  return casc_arena_copy(arena, text, strlen(text));
}

char *casc_arena_printf(casc_arena *arena, const char *format, ...) {
  va_list arguments, again;
  va_start(arguments, format);
  va_copy(again, arguments);
  int length = vsnprintf(NULL, 0, format, arguments);
  va_end(arguments);
  char *text = length >= 0 ? casc_arena_get(arena, (size_t)length + 1, 1) : NULL;
  if (text) vsnprintf(text, (size_t)length + 1, format, again);
  va_end(again);
  return text;
}

void casc_arena_clear(casc_arena *arena) {
  for (block *at = arena->blocks, *next; at; at = next) {
    next = at->next;
    casc_free(arena->alloc, at);
  }
  arena->blocks = NULL;
}

/* What readers of catalogs share: rows of queries, and lists of which the length is not known. */
#ifndef CASC_ROWS_H
#define CASC_ROWS_H

#include "arena.h"
#include "session.h"

#include <string.h>

/* Takes one row in; false when memory is out. */
typedef bool (*casc_row_reader)(void *reader, const cascade_value *row);

cascade_status casc_rows_read(cascade_connection *connection, const casc_statement *statement, casc_row_reader read, void *reader,
                              cascade_error **error);
/* A copy with a NUL behind it, "" for NULL; NULL when memory is out. */
const char *casc_row_text(casc_arena *arena, const cascade_value *value);
bool casc_row_text_is(const cascade_value *value, const char *text);
/* 0 for NULL. */
int64_t casc_row_integer(const cascade_value *value);

#define CASC_LIST(type)                                                                                                            \
  struct {                                                                                                                         \
    type *items;                                                                                                                   \
    size_t count, capacity;                                                                                                        \
  }
/* The place of a new item, zeroed; NULL when memory is out. */
#define CASC_ADD(alloc, list)                                                                                                      \
  (casc_grow(alloc, (void **)&(list)->items, &(list)->capacity, (list)->count + 1, sizeof *(list)->items)                          \
       ? memset(&(list)->items[(list)->count++], 0, sizeof *(list)->items)                                                         \
       : NULL)

#endif

#include "fetching_driver.h"

#include <cascade/error.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

typedef struct session {
  const cascade_driver *inner;
  void *inner_self;
} session;

/* Rows that were read, copied: the inner driver keeps each until the next only. */
typedef struct rows_read {
  void *inner;
  uint32_t columns;
  uint32_t wanted; /* rows of the next fetch: 1, 2, 3 and so on */
  bool integers_only;
  uint32_t count;
  int64_t *integers;
  cascade_value *cells;
  cascade_status status; /* what followed them */
  cascade_error *error;
} rows_read;

static void *allocated(void *memory) {
  if (!memory) abort();
  return memory;
}

static cascade_status tell_capabilities(void *self, cascade_capabilities *capabilities, cascade_error **error) {
  session *at = self;
  return at->inner->capabilities(at->inner_self, capabilities, error);
}

static cascade_status execute(void *self, const cascade_statement *statement, uint64_t *affected, cascade_error **error) {
  session *at = self;
  return at->inner->execute(at->inner_self, statement, affected, error);
}

static cascade_status query(void *self, const cascade_statement *statement, void **cursor, cascade_error **error) {
  session *at = self;
  rows_read *made = allocated(calloc(1, sizeof *made));
  made->columns = statement->column_count;
  made->integers_only = true;
  for (uint32_t i = 0; i < made->columns; i++) made->integers_only &= statement->column_types[i] == CASCADE_INT64;
  cascade_status status = at->inner->query(at->inner_self, statement, &made->inner, error);
  if (status < 0) free(made);
  else *cursor = made;
  return status;
}

static void forget(rows_read *at) {
  for (uint32_t i = 0; i < at->count * at->columns; i++) free((char *)at->cells[i].data);
  free(at->cells);
  free(at->integers);
  at->cells = NULL;
  at->integers = NULL;
  at->count = 0;
}

/* Copies of their own size each, so that whoever reads too far is seen. */
static void keep(rows_read *at, const cascade_value *row) {
  size_t first = (size_t)at->count++ * at->columns, end = first + at->columns;
  at->cells = allocated(realloc(at->cells, end * sizeof *at->cells));
  at->integers = allocated(realloc(at->integers, end * sizeof *at->integers));
  for (size_t i = first; i < end; i++) {
    at->cells[i] = row[i - first];
    at->integers[i] = row[i - first].integer;
    if (!row[i - first].data) continue;
    at->cells[i].data = allocated(malloc(row[i - first].length + 1));
    memcpy((char *)at->cells[i].data, row[i - first].data, row[i - first].length);
  }
}

static bool plain(const rows_read *at) {
  bool plain = at->integers_only;
  for (uint32_t i = 0; i < at->count * at->columns; i++) plain &= at->cells[i].type == CASCADE_INT64;
  return plain;
}

static cascade_status fetch(void *self, void *cursor, uint32_t limit, cascade_rows *rows, cascade_error **error) {
  session *session_at = self;
  rows_read *at = cursor;
  forget(at);
  at->wanted = at->wanted % 7 + 1;
  if (at->wanted > limit) at->wanted = limit;
  while (at->status == CASCADE_OK && at->count < at->wanted) {
    const cascade_value *row;
    at->status = session_at->inner->next(session_at->inner_self, at->inner, &row, &at->error);
    if (at->status == CASCADE_OK) keep(at, row);
  }
  if (!at->count) {
    cascade_status status = at->status;
    if (status < 0) {
      *error = at->error;
      at->error = NULL;
      at->status = CASCADE_OK; /* whether there is more after a failure, the driver below has to say */
    }
    return status;
  }
  rows->count = at->count;
  rows->integers = plain(at) ? at->integers : NULL;
  rows->cells = rows->integers ? NULL : at->cells;
  return CASCADE_OK;
}

static void cursor_close(void *self, void *cursor) {
  session *session_at = self;
  rows_read *at = cursor;
  session_at->inner->cursor_close(session_at->inner_self, at->inner);
  forget(at);
  cascade_error_free(at->error);
  free(at);
}

static void cancel(void *self) {
  session *at = self;
  at->inner->cancel(at->inner_self);
}

static int32_t in_transaction(void *self) {
  session *at = self;
  return at->inner->in_transaction(at->inner_self);
}

static void close_session(void *self) {
  session *at = self;
  at->inner->close(at->inner_self);
  free(at);
}

cascade_status fetching_driver_connect(cascade_context *context, const cascade_driver *inner, void *inner_self,
                                       cascade_connection **connection, cascade_error **error) {
  static const cascade_driver table = {.size = sizeof(cascade_driver),
                                       .abi_version = CASCADE_DRIVER_ABI,
                                       .name = "fetching",
                                       .close = close_session,
                                       .capabilities = tell_capabilities,
                                       .execute = execute,
                                       .query = query,
                                       .cursor_close = cursor_close,
                                       .cancel = cancel,
                                       .in_transaction = in_transaction,
                                       .fetch = fetch};
  session *made = allocated(calloc(1, sizeof *made));
  *made = (session){.inner = inner, .inner_self = inner_self};
  return cascade_connection_new(context, &table, made, NULL, connection, error);
}

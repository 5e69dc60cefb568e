/* The native driver's own: one session and its statements. Only the public headers of the library are used here. */
#ifndef CASC_SQLITE3_NATIVE_H
#define CASC_SQLITE3_NATIVE_H

#include <cascade/driver.h>

#include "fail.h"
#include "sqlite_common.h"

#include <sqlite3.h>

#include <stdbool.h>

enum { CACHE_SIZE = 32, CACHE_LONGEST = 65536 };

/* A prepared statement that is kept for the next time. */
typedef struct prepared {
  sqlite3_stmt *handle;
  uint64_t hash, used; /* `used`: when, counted in statements */
  size_t length;
  bool lent;
} prepared;

typedef struct cursor {
  struct cursor *next;
  sqlite3_stmt *handle;
  const int32_t *types;
  uint32_t column_count;
  bool ended, cut; /* cut: it was stopped when another statement was cancelled */
  cascade_value row[];
} cursor;

typedef struct native {
  cascade_context *context;
  sqlite3 *handle;
  bool adopted;
  casc_sqlite_patience patience;
  bool in_transaction; /* when the current statement began */
  cursor *cursors;
  uint64_t clock;
  prepared cache[CACHE_SIZE];
} native;

/* errors */
/* `sql`: the statement that was compiled once and failed in running, or NULL. */
cascade_status native_fail(native *self, int code, const char *sql, cascade_error **error);

/* prepared statements */
cascade_status native_prepare(native *self, const cascade_statement *statement, sqlite3_stmt **handle, cascade_error **error);
/* Gives it back to the cache, or finalizes it. */
void native_release(native *self, sqlite3_stmt *handle);
void native_forget_all(native *self);

/* running: members of the driver's table */
cascade_status native_execute(void *session, const cascade_statement *statement, uint64_t *affected, cascade_error **error);
cascade_status native_query(void *session, const cascade_statement *statement, void **result, cascade_error **error);
cascade_status native_next(void *session, void *result, const cascade_value **row, cascade_error **error);
void native_cursor_close(void *session, void *result);

#endif

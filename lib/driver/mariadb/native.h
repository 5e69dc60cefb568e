/* The native driver's own: one session and its statements. Only the public headers of the library are used here. */
#ifndef CASC_MARIADB_NATIVE_H
#define CASC_MARIADB_NATIVE_H

#include <cascade/driver.h>

#include "address.h"
#include "fail.h"
#include "killer.h"
#include "mariadb_common.h"

#include <mysql.h>

#include <locale.h>

/* A purge through many tables comes back to a statement after a hundred others. A quick statement is kept, and for a moment only:
   MariaDB plans it anew each time, but with the numbers of rows for a key that it knew when it was prepared. While a table
   shrinks, a plan by index then turns into reading all of the table; measured, that took a hundred times as long. */
enum { CACHE_SIZE = 128, CACHE_LONGEST = 65536, CACHE_MS = 200, QUICK_MS = 10 };

/* A prepared statement. One that is kept for the next time is in the session's cache. */
typedef struct prepared {
  MYSQL_STMT *handle;
  char *sql;           /* NULL for one that is not kept */
  uint64_t hash, used; /* `used`: when, counted in statements */
  int64_t made_ms, lent_ms;
  size_t length;
  bool lent;
} prepared;

typedef struct native {
  cascade_context *context;
  MYSQL *handle;
  bool adopted, reconnect; /* the host's setting */
  bool inside;             /* a transaction was open when the current statement began */
  unsigned long packet;    /* how much the server takes at once */
  mariadb_address address;
  casc_killer killer;
  locale_t numbers; /* where a decimal point is a point */
  MYSQL_BIND *binds;
  size_t bind_capacity;
  struct cursor *flowing; /* the one whose rows the connection is giving, or NULL */
  uint64_t clock;
  prepared cache[CACHE_SIZE];
} native;

/* errors */
cascade_status native_fail(native *self, const char *sql, cascade_error **error);
/* Closes the statement, too. */
cascade_status native_fail_prepared(native *self, prepared *statement, const char *sql, cascade_error **error);
cascade_status native_nomem(native *self, cascade_error **error);

/* prepared statements */
cascade_status native_prepare(native *self, const cascade_statement *statement, prepared *made, cascade_error **error);
/* Gives it back to the cache, or closes it. */
void native_release(native *self, prepared *statement);
/* Closes one that has failed. It must not run again: where the failure came among its rows, the client library would wait for
   the rest of them for ever. */
void native_discard(native *self, prepared *statement);
void native_forget_all(native *self);

/* running */
/* The connection must be free for the next statement: the rest of the rows that it is giving is kept. */
void native_settle(native *self);
void native_begin(native *self);
void native_end(native *self);
/* Prepares, binds and executes. What the statement gives is still to be read. */
cascade_status native_start(native *self, const cascade_statement *statement, prepared *made, cascade_error **error);

/* members of the driver's table */
cascade_status native_execute(void *session, const cascade_statement *statement, uint64_t *affected, cascade_error **error);
cascade_status native_query(void *session, const cascade_statement *statement, void **result, cascade_error **error);
cascade_status native_next(void *session, void *result, const cascade_value **row, cascade_error **error);
void native_cursor_close(void *session, void *result);

#endif

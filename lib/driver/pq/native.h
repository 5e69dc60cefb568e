/* The native driver for PostgreSQL, its own: one session and its statements. Only the public headers of the library are used
   here. */
#ifndef CASC_PQ_NATIVE_H
#define CASC_PQ_NATIVE_H

#include <cascade/driver.h>

#include "fail.h"
#include "postgres_common.h"

#include <libpq-fe.h>

#include <stdatomic.h>
#include <stdbool.h>

/* Built-in types, by the numbers that never change. */
enum type_oid {
  OID_BYTEA = 17,
  OID_CHAR = 18,
  OID_NAME = 19,
  OID_INT8 = 20,
  OID_INT2 = 21,
  OID_INT4 = 23,
  OID_TEXT = 25,
  OID_OID = 26,
  OID_UNKNOWN = 705,
  OID_INT8_ARRAY = 1016,
  OID_BPCHAR = 1042,
  OID_VARCHAR = 1043
};

/* A query. A connection of our own gives its rows one by one; when another statement comes in between, the rest of them are kept
   here. The host's gives them all at once: it must be free for the host between two calls of the library. */
typedef struct cursor {
  PGresult *result; /* the row at hand, or all of them; its values are good until the next one is asked for */
  int given;        /* rows of `result` that were given out */
  bool flowing;     /* more of it is in the connection */
  char *kept;       /* rows: for each column its length, -1 for NULL, and its bytes with a NUL */
  size_t kept_size, kept_capacity, kept_at;
  cascade_error *failure; /* what follows after the last row, if not the end */
  Oid *oids;              /* of the columns */
  const int32_t *types;
  uint32_t column_count;
  cascade_value row[];
} cursor;

typedef struct native {
  cascade_context *context;
  PGconn *handle;
  PGcancel *canceller; /* made in advance: a signal handler can use it */
  bool adopted;
  char version[64];
  atomic_bool stop;
  bool inside;     /* a transaction was open when the current statement was sent */
  cursor *flowing; /* the one whose rows the connection is giving, or NULL */
} native;

/* errors */
/* The failure that the server, or libpq in its place, has answered with. `sql`: the statement; NULL for a query's. */
cascade_status native_fail(native *self, const PGresult *result, const char *sql, cascade_error **error);

/* opening: members of the driver's table */
cascade_status native_open(cascade_context *context, const char *address, uint32_t lock_timeout_ms, void **session,
                           cascade_error **error);
cascade_status native_adopt(cascade_context *context, void *handle, void **session, cascade_error **error);
void native_close(void *session);

/* Parameters in the form that libpq wants them in. */
typedef struct parameters {
  Oid *oids;
  const char **values;
  int *lengths, *formats;
  char *bytes;
} parameters;

cascade_status native_parameters(native *self, const cascade_statement *statement, parameters *made, cascade_error **error);
void native_parameters_free(parameters *made);

/* running: members of the driver's table */
cascade_status native_execute(void *session, const cascade_statement *statement, uint64_t *affected, cascade_error **error);
cascade_status native_query(void *session, const cascade_statement *statement, void **result, cascade_error **error);
cascade_status native_next(void *session, void *result, const cascade_value **row, cascade_error **error);
void native_cursor_close(void *session, void *result);
bool native_inside(const native *self);
int32_t native_in_transaction(void *session);
/* Asks the server, or once more, to end the statement that runs. */
void native_cancel(void *session);

/* A value from its binary form, length -1 for NULL. */
cascade_status native_cell(native *self, uint32_t column, Oid oid, const char *data, int length, cascade_value *value,
                           cascade_error **error);

#endif

/* The connection from within: running statements over whatever driver it has. */
#ifndef CASC_SESSION_H
#define CASC_SESSION_H

#include <cascade/connection.h>
#include <cascade/driver.h>

#include "context.h"
#include "failure.h"
#include "statement.h"

struct cascade_connection {
  casc_refs refs;
  cascade_context *context;
  const cascade_driver *driver;
  void *self;
  cascade_capabilities capabilities;
  atomic_bool cancelled;
  atomic_bool running;    /* a statement that a cancel may stop is with the driver */
  atomic_uint cancelling; /* threads that are inside the driver's cancel, or about to be */
  uint64_t statements;
  char prefix[64]; /* of all statements that are built, but not of control's */
  void *library;   /* dlopen handle of the driver, or NULL */
};

typedef struct casc_cursor {
  cascade_connection *connection;
  const casc_statement *statement;
  void *driver_cursor;
  cascade_rows rows;      /* of a driver that gives several at once: those that it gave last ... */
  uint64_t given;         /* ... how many of them were handed out ... */
  cascade_value *numbers; /* ... and the row that is made of plain numbers */
} casc_cursor;

cascade_connection *casc_connection_ref(cascade_connection *connection);

/* Prepares a statement builder for this session's driver. */
void casc_session_statement(cascade_connection *connection, casc_statement *statement);

/* Each fails with CASCADE_CANCELLED, before it reaches the database, when a cancel was asked for; that uses the
   request up. CASCADE_NOMEM when the builder ran out of memory. The statement must stay until the cursor is closed. */
cascade_status casc_execute(cascade_connection *connection, const casc_statement *statement, uint64_t *affected,
                            cascade_error **error);
cascade_status casc_query(cascade_connection *connection, const casc_statement *statement, casc_cursor *cursor,
                          cascade_error **error);
cascade_status casc_next(casc_cursor *cursor, const cascade_value **row, cascade_error **error);
void casc_cursor_close(casc_cursor *cursor); /* a cursor that was never opened, zeroed, may be closed */

/* A statement without parameters. `casc_control` is for COMMIT, ROLLBACK and settings: it is not stopped by a cancel. */
cascade_status casc_control(cascade_connection *connection, const char *sql, cascade_error **error);
/* Several of them, to the first failure; NULL ends the list. */
cascade_status casc_control_all(cascade_connection *connection, const char *const *sql, cascade_error **error);

/* What begins a transaction. The first of the statements, which may have to wait for SQLite's write lock, is stopped by a
   cancel. */
cascade_status casc_begin(cascade_connection *connection, const char *const *sql, cascade_error **error);

/* CASCADE_CANCELLED when a cancel was asked for, which uses the request up: for pauses, in which no statement runs. */
cascade_status casc_session_proceed(cascade_connection *connection, cascade_error **error);

/* The outcome of a driver's operation, made coherent. For this floor. */
cascade_status casc_driver_outcome(cascade_connection *connection, cascade_status status, cascade_error *from_driver,
                                   bool may_be_done, cascade_error **error);

#endif

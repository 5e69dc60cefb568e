/* A driver that does what its script says to another one: fails a call, loses a reply or the connection, counts
   wrong. It knows the public interface only, and counts and records what passes through it. */
#ifndef FAULT_DRIVER_H
#define FAULT_DRIVER_H

#include <cascade/connection.h>
#include <cascade/driver.h>
#include <cascade/error.h>

#include <stdbool.h>

enum fault_calls { FAULT_EXECUTE = 1, FAULT_QUERY = 2, FAULT_NEXT = 4, FAULT_ANY = 7 };

typedef struct fault {
  int calls;             /* which calls count: ::fault_calls bits; 0 means all */
  const char *match;     /* of those with a statement, which contain this text; NULL means all */
  uint64_t at;           /* the number of the call that is hit, 1 and up; 0 for none */
  bool lasting;          /* the calls after it too */
  cascade_status status; /* what the call returns; CASCADE_OK lets it pass, with a wrong count */
  int32_t transaction;   /* what became of the transaction; it is made true: CASCADE_TX_ROLLED_BACK rolls back */
  bool after;            /* the call is made first: only its reply is lost */
  bool silent;           /* no error comes with the status */
  int64_t miscount;      /* added to the number of affected rows */
} fault;

typedef struct fault_driver {
  cascade_driver table; /* to be passed to cascade_connection_new(), with this struct as self */
  cascade_context *context;
  const cascade_driver *inner;
  void *inner_self;
  fault fault;
  uint64_t seen; /* calls that counted, by the script */
  uint64_t executes, queries, nexts, open_cursors;
  bool fired;
  bool record;
  char **statements; /* when recording: the text of each execute and query */
  uint64_t statement_count;
} fault_driver;

/* Over a session of `inner`, which it closes with itself. */
fault_driver *fault_driver_new(cascade_context *context, const cascade_driver *inner, void *inner_self);
/* Over the native driver, which adopts an `sqlite3 *`. NULL when the driver cannot be found. */
fault_driver *fault_driver_over_sqlite(cascade_context *context, void *handle);
/* The connection owns the driver from here on, and frees it. */
cascade_status fault_driver_connect(fault_driver *driver, cascade_connection **connection, cascade_error **error);

/* Begins a script: counts from 1 again. */
void fault_driver_script(fault_driver *driver, const fault *script);

/* The table of the native driver, from the first directory in LIBCASCADE_DRIVERS. */
const cascade_driver *fault_native_driver(void);

#endif

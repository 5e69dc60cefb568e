/* The libdbi driver's own. libdbi has no parameters, no prepared statements and no safe value readers: values are
   written into the SQL, and come back as strings that the dialect writes. What is the same for every engine is in
   dbi.c and rows.c; what an engine behind libdbi needs of its own is a casc_dbi_engine. */
#ifndef CASC_DBI_SESSION_H
#define CASC_DBI_SESSION_H

#include <cascade/driver.h>

#include "context.h"
#include "failure.h"
#include "str.h"

#include <dbi/dbi.h>
#include <locale.h>

typedef struct casc_dbi casc_dbi;

/* One engine behind libdbi. */
typedef struct casc_dbi_engine {
  const char *name;    /* the library's name of the engine */
  const char *driver;  /* libdbi's */
  const char *package; /* where the driver comes from */
  /* Translates an address's keys and values into options of the connection, and refuses what cannot be opened. */
  cascade_status (*configure)(casc_dbi *self, char *query, cascade_error **error);
  /* After connecting or adopting. */
  cascade_status (*attach)(casc_dbi *self, cascade_error **error);
  void (*detach)(casc_dbi *self);
  void (*capabilities)(casc_dbi *self, cascade_capabilities *capabilities);
  /* Writes the statement with its values into self->sql, in a form that libdbi survives. */
  cascade_status (*render)(casc_dbi *self, const cascade_statement *statement, cascade_error **error);
  /* Around every call that reaches the database; `end` is optional. */
  void (*begin)(casc_dbi *self);
  void (*end)(casc_dbi *self);
  /* Whether what a query gave is what the database holds. Optional. */
  cascade_status (*check)(casc_dbi *self, cascade_error **error);
  /* What the statement that just ran changed. */
  uint64_t (*affected)(casc_dbi *self, dbi_result result);
  /* The error of the statement that just failed. */
  cascade_status (*fail)(casc_dbi *self, cascade_error **error);
  void (*cancel)(casc_dbi *self);
  bool (*in_transaction)(casc_dbi *self); /* optional */
  /* A value of the result, counted from 0, as text; NULL for SQL NULL. Optional: libdbi copies every value, and keeps the copies
     as long as the result. */
  const char *(*cell)(casc_dbi *self, dbi_result result, unsigned long long row, unsigned column);
} casc_dbi_engine;

struct casc_dbi {
  cascade_context *context;
  const casc_dbi_engine *engine;
  dbi_conn connection;
  bool adopted;
  uint32_t lock_timeout_ms;
  casc_str sql;     /* the statement that runs; its memory is kept */
  locale_t numbers; /* where a decimal point is a point */
  void *state;      /* the engine's */
};

extern const casc_dbi_engine casc_dbi_sqlite, casc_dbi_mariadb, casc_dbi_postgres;

/* A connection of the one libdbi instance. */
cascade_status casc_dbi_connection_new(cascade_context *context, const casc_dbi_engine *engine, dbi_conn *connection,
                                       cascade_error **error);
void casc_dbi_connection_close(dbi_conn connection);

/* Functions of the client library behind a connection, which libdbi has loaded. */
typedef struct casc_dbi_symbol {
  const char *name;
  void *place; /* of a function pointer */
} casc_dbi_symbol;
/* Fills their places. The client library's own handle; NULL when one of them is missing. */
void *casc_dbi_load(casc_dbi *self, const casc_dbi_symbol *wanted, size_t count);

/* Decoding of rows: members of the driver's table. */
cascade_status casc_dbi_query(void *session, const cascade_statement *statement, void **cursor, cascade_error **error);
cascade_status casc_dbi_next(void *session, void *cursor, const cascade_value **row, cascade_error **error);
void casc_dbi_cursor_close(void *session, void *cursor);

/* Sends what self->sql holds. */
cascade_status casc_dbi_send(casc_dbi *self, dbi_result *result, cascade_error **error);

#endif

/* Tables of the library itself, in the host's database: made by an explicit call, and of a version. */
#ifndef CASC_TABLES_H
#define CASC_TABLES_H

#include "queue.h"
#include "scope.h"

typedef struct casc_tables {
  const char *name;                                         /* the table that has the version */
  int64_t version;                                          /* that this library knows */
  const char *what;                                         /* "queue" */
  const char *how;                                          /* to install them, in words */
  const char *const *(*ddl)(const casc_queue_words *words); /* statements; ends with NULL */
} casc_tables;

cascade_status casc_tables_ddl(const casc_tables *tables, const char *engine, char **text, cascade_error **error);
cascade_status casc_tables_install(const casc_tables *tables, cascade_connection *connection, cascade_error **error);
/* Runs statements that make tables: a list that ends with NULL. In one transaction, where the engine's are no end of one. */
cascade_status casc_tables_run(cascade_connection *connection, const char *const *ddl, const char *what, cascade_error **error);
/* The words of the connection's engine, after a look at the version: CASCADE_NOT_FOUND without the tables. */
cascade_status casc_tables_open(const casc_tables *tables, cascade_connection *connection, const casc_queue_words **words,
                                cascade_error **error);

/* Runs a statement; *affected may be NULL. Frees it. */
cascade_status casc_run(cascade_connection *connection, casc_statement *statement, uint64_t *affected, cascade_error **error);
/* The first integer of a query, or `otherwise`. Frees the statement. */
cascade_status casc_ask(cascade_connection *connection, casc_statement *statement, int64_t otherwise, int64_t *answer,
                        cascade_error **error);

#endif

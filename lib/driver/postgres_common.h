/* What every driver that reaches PostgreSQL has to know of it. Needs nothing but the C library, so that drivers which are
   libraries of their own are built with it too. */
#ifndef CASC_POSTGRES_COMMON_H
#define CASC_POSTGRES_COMMON_H

#include <cascade/driver.h>
#include <cascade/error.h>

#include <stdbool.h>

enum {
  CASC_POSTGRES_SETTINGS = 200, /* bytes */
  CASC_POSTGRES_PARAMETERS = 65535,
  CASC_POSTGRES_FLAGS = CASCADE_CAN_LOCK_ROWS | CASCADE_CAN_SKIP_LOCKED | CASCADE_CAN_SAVEPOINT | CASCADE_CAN_DEFER |
                        CASCADE_CAN_CANCEL | CASCADE_COMMITS_ALONE
};

/* The class of a failure by its SQLSTATE, NULL or "" when there was none. `stopped`: we have asked for the statement's end. */
cascade_status casc_postgres_status(const char *sqlstate, bool stopped);
/* What the user can do, as the rest of a sentence beginning with "; ", or "". */
const char *casc_postgres_advice(cascade_status status);

/* The settings of a session that we open ourselves, as one statement. Keys that travel as text, and may be read back by another
   session, are written in one style and with all their digits. */
void casc_postgres_settings(char sql[CASC_POSTGRES_SETTINGS], uint32_t lock_timeout_ms);

/* Whether the statement ends a transaction and keeps it. In a transaction that has failed, the server answers to that with a
   rollback, and no error. */
bool casc_postgres_is_commit(const char *sql);
/* What is said of that. */
extern const cascade_error_details casc_postgres_no_commit;
/* What became of the transaction in which a statement failed. `before`, `now`: one was open then, and is. `sql`: the statement;
   NULL when it was a query. When the connection was lost with a COMMIT, or a statement that was its own transaction, nobody
   knows. */
int32_t casc_postgres_fate(cascade_status status, bool before, bool now, const char *sql);
/* Whether a command tag is one whose count is of rows that were inserted, updated or deleted. */
bool casc_postgres_counts(const char *tag);

#endif

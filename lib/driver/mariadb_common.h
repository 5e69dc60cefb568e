/* What every driver that reaches MariaDB, or MySQL, has to know of it. Needs nothing but the C library, so that drivers which
   are libraries of their own are built with it too. */
#ifndef CASC_MARIADB_COMMON_H
#define CASC_MARIADB_COMMON_H

#include <cascade/driver.h>
#include <cascade/error.h>

#include <stdbool.h>

enum { CASC_MARIADB_PARAMETERS = 65535, CASC_MARIADB_SETTINGS = 400 /* bytes */ };

/* The class of a failure by its number, the client library's own included. */
cascade_status casc_mariadb_status(unsigned code);
/* The message of a failure: what the server says, and what the user can do about it. `killed`: we ourselves have stopped it. */
void casc_mariadb_message(char *message, size_t size, cascade_status status, bool killed, const char *words);

/* What became of the transaction in which the statement failed. A failure brings no news of that, so the server was asked after it:
   a deadlock ends it, and so does a lock timeout where the server is configured so. `alive`: it has answered, with this status;
   `inside`: a transaction was open when the statement began; `code`: how it failed. */
int32_t casc_mariadb_transaction(bool alive, unsigned server_status, bool inside, unsigned code, const char *sql);
/* The question. A ping is no use: its answer holds the status, but the client library does not look. */
#define CASC_MARIADB_ASK "DO 0"

/* The settings of a session that we open ourselves, as one statement: all rows are read, and a COMMIT begins nothing. Waiting for
   a table's definition counts as waiting for a lock: the server's own limit for it is a day. */
void casc_mariadb_settings(char sql[CASC_MARIADB_SETTINGS], uint32_t lock_timeout_ms);

/* What a server of this version text can do. */
uint64_t casc_mariadb_flags(const char *version);

/* Bits of the server's status. */
enum casc_mariadb_server_status { CASC_MARIADB_IN_TRANSACTION = 1, CASC_MARIADB_AUTOCOMMIT = 2 };
/* Whether what runs now will be kept or undone by somebody else's COMMIT: a host that has turned autocommit off expects that of
   everything it does. */
static inline bool casc_mariadb_inside(unsigned server_status) {
  return server_status & CASC_MARIADB_IN_TRANSACTION || !(server_status & CASC_MARIADB_AUTOCOMMIT);
}

#endif

/* A database of a test's own, on a server that `tests/servers run` has started, and a session beside the driver under test. */
#ifndef TEST_SERVER_H
#define TEST_SERVER_H

#include <inttypes.h>
#include <libpq-fe.h>
#include <mysql.h>
#include <stddef.h>

typedef struct test_database {
  const char *engine; /* "postgresql" or "mariadb" */
  char name[64];
  char uri[400]; /* for cascade_connection_open() with the native driver */
  char dbi[400]; /* the same with libdbi */
  PGconn *pg;    /* the session, of one engine or the other */
  MYSQL *mariadb;
} test_database;

/* Makes an empty database with a name that no other has. Without a server, the test fails and says how to run it. */
test_database *test_database_new(const char *engine);
/* Drops it; nobody else may have a transaction open in it. NULL is allowed. */
void test_database_free(test_database *database);

/* A further session: for another thread, for a child process, or to be adopted. The caller ends it. */
PGconn *test_database_pg(const test_database *database);
MYSQL *test_database_mariadb(const test_database *database);
/* Replaces the session beside the driver: the old one is left to the parent process, or was lost with its server. */
void test_database_reconnect(test_database *database);
/* Ends the session beside the driver; the database stays. */
void test_database_disconnect(test_database *database);

/* Runs statements, separated by semicolons, which must succeed. */
void test_database_run(test_database *database, const char *sql);
/* The first value of the result: as an integer, or as text that the caller frees; NULL is SQL NULL. There must be one row. */
int64_t test_database_integer(test_database *database, const char *sql);
char *test_database_text(test_database *database, const char *sql);

/* Returns when somebody waits for a lock that the session beside the driver holds; fails the test when nobody does. */
void test_database_in_the_way(test_database *database);

#endif

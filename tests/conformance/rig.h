/* One driver under test: a database of its own, a session over it, and what the driver may do differently. */
#ifndef RIG_H
#define RIG_H

#include "columns.h"
#include "fault_driver.h"
#include "fetching_driver.h"
#include "scratch.h"
#include "session.h"
#include "test_server.h"

#include <dbi/dbi.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* A statement and what comes of it. */
typedef struct test_case {
  const char *sql;
  cascade_status status;
  int code;             /* the database's own; 0: not looked at */
  const char *sqlstate; /* NULL: not looked at */
} test_case;

/* How the tests talk to one engine. What they say themselves is SQL that every engine understands, with `?` for a parameter. */
typedef struct test_engine {
  const char *name;
  bool numbered;                          /* placeholders are $1, $2 and so on */
  bool any;                               /* columns have no type, and CASCADE_ANY can be wanted */
  bool nul_in_text, broken_text;          /* text may hold a NUL; and what is not UTF-8 */
  bool infinite;                          /* a real may be infinite */
  int32_t cancelled;                      /* what a cancel leaves of an open transaction */
  const char *types[CASCADE_DECIMAL + 1]; /* of a column that holds values of a type */
  const char *key_type;                   /* of a primary key of a few bytes */
  const char *series;                     /* printf format: rows with a column i from 1 to that number */
  const char *endless;                    /* the same, without an end */
  const char *unnest;                     /* rows with a column `value`, from a parameter that is an array of integers */
  const char *begin;                      /* of a transaction that writes */
  const char *hold, *want;         /* beside the driver row -9 of v is locked, in a transaction; and what must wait in the driver */
  const char *setting;             /* a statement that sets something in the session */
  const char *broken;              /* an expression over v that only fails when it is computed */
  const char *trigger;             /* on p: after a delete, two rows into log */
  const char *ignoring;            /* inserts rows 1 and 4 into p, without a word of 1 that is there */
  const char *failing_schema;      /* what `failing` is about */
  const test_case *failing;        /* up to one without SQL */
  const char *placeholder_schema;  /* table q, with a row for which ... */
  const char *const *placeholders; /* ... these are true with 5 for both parameters; up to NULL */
  uint64_t created;                /* what `CREATE TABLE ... AS SELECT` of three rows counts */
  void (*column)(casc_statement *statement, const char *expression, int32_t type); /* as the dialect writes it */
} test_engine;

extern const test_engine sqlite_engine, postgresql_engine, mariadb_engine;

typedef struct test_quirks {
  const char *name; /* as given on the command line */
  const test_engine *engine;
  bool adopted; /* the host's handle: its lock timeout, its settings */
  bool dbi;
  const char *uri; /* on SQLite: printf format of a URI, with the path */
} test_quirks;

typedef struct test_rig {
  const test_quirks *quirks;
  const test_engine *engine;
  cascade_context *context;
  cascade_connection *connection;
  cascade_error *error; /* of the last call that failed */
  char directory[SCRATCH_ROOM], path[SCRATCH_ROOM + 10], uri[400];
  sqlite3 *other;          /* the test's own way to the same database, on SQLite ... */
  test_database *database; /* ... and on a server */
  sqlite3 *host;           /* what was adopted: one of these */
  PGconn *host_pg;
  MYSQL *host_mariadb;
  dbi_conn host_dbi;
} test_rig;

/* A test, and the engine that it is about; NULL: all of them. */
typedef struct test_entry {
  const char *engine;
  struct CMUnitTest test;
} test_entry;
#define LISTED(name)                                                                                                               \
  { NULL, cmocka_unit_test_setup_teardown(name, rig_set_up, rig_tear_down) }
#define LISTED_FOR(engine, name)                                                                                                   \
  { engine, cmocka_unit_test_setup_teardown(name, rig_set_up, rig_tear_down) }

extern const test_quirks all_quirks[];
extern const size_t quirks_count;
extern const test_quirks *chosen; /* the driver that this run tests */

enum { LOCK_TIMEOUT_MS = 300 };

/* Fixture of a test: makes the rig, with a table v (id, x), where x holds integers; takes it down. */
int rig_set_up(void **state);
int rig_tear_down(void **state);
/* The table v anew, empty, with x for values of this type. */
void rig_typed(test_rig *rig, int32_t type);
/* Makes the session, and ends it. */
void rig_connect(test_rig *rig);
void rig_disconnect(test_rig *rig);
cascade_connection *rig_open(test_rig *rig, const char *uri);
/* Runs SQL beside the driver. */
void rig_prepare(test_rig *rig, const char *sql);
void rig_preparef(test_rig *rig, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Rows 1 to count into v; `expression` is of the number i. */
void rig_fill(test_rig *rig, int count, const char *expression);
/* Instead of the rig's session, one over a handle of the host's. */
void rig_adopt(test_rig *rig);
sqlite3 *rig_handle(const test_rig *rig); /* that handle of SQLite's, or the one within it */
/* Runs a command of the shell in the rig's directory. */
void rig_shell(const test_rig *rig, const char *command);
dbi_conn rig_dbi_conn(const test_rig *rig);

/* Values. Text and blobs by pointer and length. */
cascade_value integer(int64_t value);
cascade_value real(double value);
cascade_value text(const char *value);
cascade_value bytes(int32_t type, const void *data, size_t length);

/* Runs a statement with parameters. The error, if any, is in rig->error until the next call. */
cascade_status rig_execute(test_rig *rig, const char *sql, const cascade_value *parameters, size_t count, uint64_t *affected);
/* The same, which must succeed; returns the affected rows. */
uint64_t rig_run(test_rig *rig, const char *sql);
/* What an UPDATE of so many rows counts that sets them to what they were: on MariaDB none, unless the session was opened so that it
   counts the rows that it found. */
uint64_t rig_unchanged(const test_rig *rig, uint64_t rows);
/* Stores a value in v, as the row of this id. */
cascade_status rig_store(test_rig *rig, int64_t id, const cascade_value *value);
/* Runs a case, and compares. */
void rig_try_case(test_rig *rig, const test_case *expected, int32_t transaction);
/* Begins a query: columns by rig_column(), then the tail. */
void rig_select(test_rig *rig, casc_statement *statement);
void rig_column(test_rig *rig, casc_statement *statement, const char *expression, int32_t type);
cascade_status rig_start(test_rig *rig, casc_statement *statement, casc_cursor *cursor);
cascade_status rig_next(test_rig *rig, casc_cursor *cursor, const cascade_value **row);

/* One value of the first row, copied; type -1 when there is no row. */
typedef struct test_cell {
  int32_t type;
  int64_t integer;
  double real;
  char *data; /* freed by rig_free_cell() */
  size_t length;
} test_cell;
cascade_status rig_try_cell(test_rig *rig, const char *expression, int32_t type, const char *tail, const cascade_value *parameters,
                            size_t count, test_cell *cell);
test_cell rig_cell(test_rig *rig, const char *expression, int32_t type, const char *tail);
int64_t rig_integer(test_rig *rig, const char *expression, const char *tail);
void rig_free_cell(test_cell *cell);
/* The first row's value is this text. */
void rig_expect(test_rig *rig, const char *expression, const char *tail, const char *wanted);

/* Texts and bytes that would end or bend a literal go through parameters: texts through v and back, bytes as the value of an
   expression of a query with that tail. `setting` is what the session is set to, for messages. */
void rig_try_literals(test_rig *rig, const char *setting, const char *expression, const char *tail);

/* Runs a function in a process of its own. Fails the test when that takes longer than `seconds`, crashes, fails, or
   prints. */
void rig_isolated(void (*function)(test_rig *rig), test_rig *rig, unsigned seconds);

#endif

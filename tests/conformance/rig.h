/* One driver under test: a database of its own, a session over it, and what the driver may do differently. */
#ifndef RIG_H
#define RIG_H

#include "columns.h"
#include "fault_driver.h"
#include "session.h"

#include <dbi/dbi.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

typedef struct test_quirks {
  const char *name;      /* as given on the command line */
  bool adopted;          /* the host's handle: its lock timeout, its settings */
  bool dbi;
  const char *uri;       /* printf format of a URI, with the path; NULL for one that is adopted */
} test_quirks;

typedef struct test_rig {
  const test_quirks *quirks;
  cascade_context *context;
  cascade_connection *connection;
  cascade_error *error; /* of the last call that failed */
  char directory[64], path[128], uri[256];
  sqlite3 *other;       /* the test's own way to the same database */
  sqlite3 *host;        /* what was adopted */
  dbi_conn host_dbi;
} test_rig;

extern const test_quirks all_quirks[];
extern const size_t quirks_count;
extern const test_quirks *chosen; /* the driver that this run tests */

enum { LOCK_TIMEOUT_MS = 300 };

/* Fixture of a test: makes the rig, with an empty database; takes it down. */
int rig_set_up(void **state);
int rig_tear_down(void **state);
/* Makes the session, and ends it. */
void rig_connect(test_rig *rig);
void rig_disconnect(test_rig *rig);
cascade_connection *rig_open(test_rig *rig, const char *uri);
/* Runs SQL beside the driver. */
void rig_prepare(test_rig *rig, const char *sql);
/* Instead of the rig's session, one over a handle of the host's. */
void rig_adopt(test_rig *rig);
sqlite3 *rig_handle(const test_rig *rig); /* that handle, or the one within it */
/* Runs a command of the shell in the rig's directory. */
void rig_shell(const test_rig *rig, const char *command);
dbi_conn rig_dbi_conn(const char *directory, const char *name);

/* Values. Text and blobs by pointer and length. */
cascade_value integer(int64_t value);
cascade_value real(double value);
cascade_value text(const char *value);
cascade_value bytes(int32_t type, const void *data, size_t length);

/* Runs a statement with parameters. The error, if any, is in rig->error until the next call. */
cascade_status rig_execute(test_rig *rig, const char *sql, const cascade_value *parameters, size_t count,
                           uint64_t *affected);
/* The same, which must succeed; returns the affected rows. */
uint64_t rig_run(test_rig *rig, const char *sql);
/* Begins a query: columns by casc_sqlite_column(), then the tail by rig_tail(). */
void rig_select(test_rig *rig, casc_statement *statement);
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
cascade_status rig_try_cell(test_rig *rig, const char *expression, int32_t type, const char *tail,
                            const cascade_value *parameters, size_t count, test_cell *cell);
test_cell rig_cell(test_rig *rig, const char *expression, int32_t type, const char *tail);
int64_t rig_integer(test_rig *rig, const char *expression, const char *tail);
void rig_free_cell(test_cell *cell);

/* Runs a function in a process of its own. Fails the test when that takes longer than `seconds`, crashes, fails, or
   prints. */
void rig_isolated(void (*function)(test_rig *rig), test_rig *rig, unsigned seconds);

#endif

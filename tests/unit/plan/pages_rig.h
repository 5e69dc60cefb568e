/* A database of an engine and a driver that a test's arguments name, with tables that a test makes, and what reads its rows. */
#ifndef PAGES_RIG_H
#define PAGES_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cascade.h>
#include <sqlite3.h>

#include "scope.h"
#include "scratch.h"
#include "test_server.h"

extern const char *rig_engine, *rig_driver; /* the driver: "native" or "dbi" */

typedef struct fixture {
  char directory[SCRATCH_ROOM], path[SCRATCH_ROOM + 10];
  sqlite3 *sqlite;
  test_database *database;
  cascade_context *context;
  cascade_connection *connection;
  cascade_graph *graph;
  cascade_policy *policy;
  cascade_selection *selection;
  casc_scope scope;
} fixture;

bool on(const char *engine);
void need(cascade_status status, cascade_error **error, const char *what);
fixture *begin(void);
void end(fixture *f);
/* Statements beside the library. */
void run(fixture *f, const char *sql);
/* After the tables were made: their graph, a policy and the scope of the row 1 of a table. */
void make(fixture *f, const char *root);
/* Statements on the library's session; NULL ends the list, which may be NULL itself. */
void control(fixture *f, const char *const *sql);

/* Rows, each as one text, and their identities as bytes of their own. */
typedef struct rows {
  size_t count;
  char *text[1000];
  int64_t place[1000], looked[1000];
  cascade_value key[1000][2];
} rows;

/* `marked`: an integer stands in front of the identity, with the page's place and what else there is to tell. */
void read_rows(fixture *f, casc_statement *statement, bool marked, uint32_t key_count, rows *to);
void drop_rows(rows *of);

/* The relation of the table; fails the test when there is none. */
const casc_sql_relation *relation_of(fixture *f, const char *table);
/* Keys of one integer column. */
cascade_keys parents_of(const int64_t *integers, uint64_t count);

#endif

/* A database of an engine with a queue, a session of the library and one beside it. */
#ifndef QUEUE_RIG_H
#define QUEUE_RIG_H

#include "scratch.h"
#include "test_server.h"

#include <cascade.h>
#include <sqlite3.h>

typedef struct rig {
  const char *engine;
  test_database *server; /* or: */
  char directory[SCRATCH_ROOM];
  sqlite3 *sqlite;
  char uri[400];
  cascade_context *context;
  cascade_connection *connection;
  cascade_graph *graph;
  cascade_policy *policy;
} rig;

/* `engine` may begin with "dbi:", for that driver. `schema`: statements that every engine takes. The queue is
 * installed. */
rig *rig_new(const char *engine, const char *schema);
void rig_free(rig *at);
void rig_run(rig *at, const char *sql);
int64_t rig_integer(rig *at, const char *sql);
char *rig_text(rig *at, const char *sql); /* the caller's */
cascade_connection *rig_connect(rig *at);
/* Reads the graph anew, with rules from JSON. */
void rig_policy(rig *at, const char *json);
/* A selection of one row by an integer, or of rows by a condition. */
cascade_selection *rig_row(rig *at, const char *table, int64_t id);
cascade_selection *rig_where(rig *at, const char *table, const char *condition);
/* Steps until nothing is due; the report is the worker's. */
cascade_worker_report rig_work(rig *at);
/* Of the failure: the status; its message must say `words`. Frees it. */
cascade_status rig_said(cascade_error *error, const char *words);
/* Fails the test with the error's words unless the status is no failure. */
void rig_ok(cascade_status status, cascade_error *error);

#endif

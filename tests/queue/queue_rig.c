#include "queue_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

void rig_ok(cascade_status status, cascade_error *error) {
  if (status < 0) fail_msg("%s: %s", cascade_status_name(status), cascade_error_message(error));
}

cascade_status rig_said(cascade_error *error, const char *words) {
  cascade_status status = cascade_error_status(error);
  if (!strstr(cascade_error_message(error), words)) fail_msg("'%s' is not said in: %s", words, cascade_error_message(error));
  cascade_error_free(error);
  return status;
}

cascade_connection *rig_connect(rig *at) {
  cascade_connection *connection = NULL;
  cascade_error *error = NULL;
  rig_ok(cascade_connection_open(at->context, at->uri, NULL, &connection, &error), error);
  return connection;
}

static void open_sqlite(rig *at, bool dbi) {
  assert_true(scratch_in_memory(at->directory, "queue"));
  char path[SCRATCH_ROOM + 16];
  snprintf(path, sizeof path, "%s/test.db", at->directory);
  assert_int_equal(sqlite3_open(path, &at->sqlite), SQLITE_OK);
  sqlite3_busy_timeout(at->sqlite, 10000);
  rig_run(at, "PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON; CREATE TABLE warm_up (a INTEGER); DROP TABLE warm_up");
  snprintf(at->uri, sizeof at->uri, dbi ? "dbi:sqlite3?dbname=%s" : "sqlite:%s", path);
}

rig *rig_new(const char *engine, const char *schema) {
  rig *at = calloc(1, sizeof *at);
  cascade_error *error = NULL;
  bool dbi = !strncmp(engine, "dbi:", 4);
  if (dbi) engine += 4;
  at->engine = engine;
  if (!strcmp(engine, "sqlite")) open_sqlite(at, dbi);
  else {
    at->server = test_database_new(engine);
    strcpy(at->uri, dbi ? at->server->dbi : at->server->uri);
  }
  rig_run(at, schema);
  rig_ok(cascade_context_new(NULL, &at->context, &error), error);
  at->connection = rig_connect(at);
  rig_ok(cascade_queue_install(at->connection, &error), error);
  return at;
}

void rig_free(rig *at) {
  cascade_policy_free(at->policy);
  cascade_graph_free(at->graph);
  cascade_connection_free(at->connection);
  cascade_context_free(at->context);
  if (at->server) test_database_free(at->server);
  else {
    char command[SCRATCH_ROOM + 8];
    sqlite3_close(at->sqlite);
    snprintf(command, sizeof command, "rm -r %s", at->directory);
    assert_int_equal(system(command), 0);
  }
  free(at);
}

void rig_run(rig *at, const char *sql) {
  char *words = NULL;
  if (at->server) test_database_run(at->server, sql);
  else if (sqlite3_exec(at->sqlite, sql, NULL, NULL, &words)) fail_msg("%s: %s", sql, words);
}

static int first_cell(void *place, int columns, char **cells, char **names) {
  (void)columns, (void)names;
  *(char **)place = cells[0] ? strdup(cells[0]) : NULL;
  return 0;
}

char *rig_text(rig *at, const char *sql) {
  char *text = NULL, *words = NULL;
  if (at->server) return test_database_text(at->server, sql);
  if (sqlite3_exec(at->sqlite, sql, first_cell, &text, &words)) fail_msg("%s: %s", sql, words);
  return text;
}

int64_t rig_integer(rig *at, const char *sql) {
  char *text = rig_text(at, sql);
  if (!text) fail_msg("%s: NULL, or no row", sql);
  int64_t number = strtoll(text, NULL, 10);
  free(text);
  return number;
}

void rig_policy(rig *at, const char *json) {
  cascade_error *error = NULL;
  cascade_policy_free(at->policy);
  cascade_graph_free(at->graph);
  at->policy = NULL;
  at->graph = NULL;
  rig_ok(cascade_graph_read(at->connection, NULL, &at->graph, &error), error);
  rig_ok(cascade_policy_load(at->graph, json, strlen(json), &at->policy, &error), error);
}

cascade_selection *rig_row(rig *at, const char *table, int64_t id) {
  cascade_selection *selection = NULL;
  cascade_error *error = NULL;
  rig_ok(cascade_selection_integers(at->graph, table, &id, 1, &selection, &error), error);
  return selection;
}

cascade_selection *rig_where(rig *at, const char *table, const char *condition) {
  cascade_selection *selection = NULL;
  cascade_error *error = NULL;
  rig_ok(cascade_selection_where(at->graph, table, condition, NULL, 0, &selection, &error), error);
  return selection;
}

cascade_worker_report rig_work(rig *at) {
  cascade_worker_report report = {.size = sizeof report};
  cascade_worker *worker = NULL;
  cascade_error *error = NULL;
  cascade_status status = cascade_worker_new(at->connection, NULL, &worker, &error);
  while (status == CASCADE_OK) status = cascade_worker_step(worker, &error);
  rig_ok(status, error);
  assert_int_equal(cascade_worker_describe(worker, &report), CASCADE_OK);
  cascade_worker_free(worker);
  return report;
}

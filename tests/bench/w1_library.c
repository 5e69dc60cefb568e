/* W1 through the library, over a handle of the host's with the same settings as every other method's. */
#include <dbi/dbi.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

static const char rules[] = "[{\"table\": \"job\", \"column\": \"run_id\", \"rule\": \"CASCADE\"},"
                            " {\"table\": \"job_event\", \"column\": \"job_id\", \"rule\": \"CASCADE\"},"
                            " {\"table\": \"job_host\", \"column\": \"job_id\", \"rule\": \"CASCADE\"},"
                            " {\"table\": \"job_launch\", \"column\": \"job_id\", \"rule\": \"CASCADE\"},"
                            " {\"table\": \"run_credential\", \"column\": \"run_id\", \"rule\": \"CASCADE\"},"
                            " {\"table\": \"schedule\", \"column\": \"run_id\", \"rule\": \"SET NULL\"},"
                            " {\"table\": \"workflow\", \"column\": \"run_id\", \"rule\": \"SET NULL\"},"
                            " {\"table\": \"project\", \"column\": \"run_id\", \"rule\": \"SET NULL\"},"
                            " {\"table\": \"inventory\", \"column\": \"run_id\", \"rule\": \"SET NULL\"},"
                            " {\"table\": \"notice\", \"column\": \"run_id\", \"rule\": \"SET NULL\"}]";

typedef struct library_session {
  cascade_context *context;
  cascade_connection *connection;
  sqlite3 *sqlite;
  dbi_inst instance;
  dbi_conn dbi;
} library_session;

static bool failed(bench_run *run, const char *what, cascade_status status, cascade_error *error) {
  if (status >= 0) return false;
  bench_fail(run, what, cascade_error_message(error));
  cascade_error_free(error);
  return true;
}

static library_session *adopt(bench_run *run, library_session *session, const char *driver, void *handle) {
  cascade_error *error = NULL;
  if (!failed(run, "context", cascade_context_new(NULL, &session->context, &error), error))
    failed(run, driver, cascade_connection_adopt(session->context, driver, handle, NULL, &session->connection, &error),
           error);
  return session;
}

void *w1_open_native(bench_run *run) {
  library_session *session = calloc(1, sizeof *session);
  if (!session) return NULL;
  session->sqlite = bench_sqlite_open(run);
  return run->failed ? session : adopt(run, session, "sqlite3", session->sqlite);
}

void *w1_open_dbi(bench_run *run) {
  library_session *session = calloc(1, sizeof *session);
  if (!session) return NULL;
  char directory[600], name[600];
  snprintf(directory, sizeof directory, "%s", run->path);
  snprintf(name, sizeof name, "%s", run->path);
  if (dbi_initialize_r(NULL, &session->instance) <= 0 ||
      !(session->dbi = dbi_conn_new_r("sqlite3", session->instance))) {
    bench_fail(run, "libdbi", "its sqlite3 driver is missing");
    return session;
  }
  dbi_conn_set_option(session->dbi, "sqlite3_dbdir", dirname(directory));
  dbi_conn_set_option(session->dbi, "dbname", basename(name));
  if (dbi_conn_connect(session->dbi) < 0) bench_fail(run, "libdbi", "cannot connect");
  for (uint32_t i = 0; !run->failed && bench_setting(i); i++) {
    dbi_result result = dbi_conn_query(session->dbi, bench_setting(i));
    if (!result) bench_fail(run, "libdbi", bench_setting(i));
    else dbi_result_free(result);
  }
  return run->failed ? session : adopt(run, session, "dbi", session->dbi);
}

void w1_close_library(void *handle) {
  library_session *session = handle;
  cascade_connection_free(session->connection);
  cascade_context_free(session->context);
  if (session->dbi) dbi_conn_close(session->dbi);
  if (session->instance) dbi_shutdown_r(session->instance);
  sqlite3_close(session->sqlite);
  free(session);
}

static void batches(bench_run *run, cascade_purge *purge) {
  const cascade_batch_info *batch = NULL;
  cascade_error *error = NULL;
  cascade_status status;
  while ((status = cascade_purge_next(purge, &batch, &error)) == CASCADE_OK) {
  }
  failed(run, "purge", status, error);
  cascade_purge_report report = {.size = sizeof report};
  cascade_purge_describe(purge, &report);
  run->longest_tx_s = (double)report.longest_ns / 1e9;
}

/* All that a host does: reading the graph is part of the time. */
static void purge(bench_run *run, library_session *session, int32_t integrity) {
  cascade_graph *graph = NULL;
  cascade_policy *policy = NULL;
  cascade_selection *selection = NULL;
  cascade_purge *work = NULL;
  cascade_error *error = NULL;
  /* transactions as long as those of the staged method, whose 10,000 rows with their dependants are 120,000 */
  cascade_purge_options options = {
      .size = sizeof options, .integrity = integrity, .batch_ms = 180, .max_tx_rows = 120000};
  cascade_value older = {.type = CASCADE_INT64, .integer = run->size / 2};
  uint64_t before = cascade_connection_statements(session->connection);
  if (!failed(run, "graph", cascade_graph_read(session->connection, NULL, &graph, &error), error) &&
      !failed(run, "policy", cascade_policy_load(graph, rules, strlen(rules), &policy, &error), error) &&
      !failed(run, "selection", cascade_selection_where(graph, "run", "created <= ?", &older, 1, &selection, &error),
              error) &&
      !failed(run, "purge", cascade_purge_new(session->connection, policy, selection, &options, &work, &error), error))
    batches(run, work);
  cascade_purge_free(work);
  cascade_selection_free(selection);
  cascade_policy_free(policy);
  cascade_graph_free(graph);
  run->statements = cascade_connection_statements(session->connection) - before;
}

void w1_checked(bench_run *run, void *session) {
  purge(run, session, CASCADE_INTEGRITY_CHECKED);
}

void w1_proven(bench_run *run, void *session) {
  purge(run, session, CASCADE_INTEGRITY_PROVEN);
}

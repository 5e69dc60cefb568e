/* Deletes through the library, over a handle of the host's with the same settings as every other method's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

typedef struct library_session {
  cascade_context *context;
  cascade_connection *connection;
  bench_client client;
  dbi_inst instance;
  dbi_conn dbi;
} library_session;

/* `error` is looked at only after the call that gave `status`. */
static bool failed(bench_run *run, const char *what, cascade_status status, cascade_error **error) {
  if (status >= 0) return false;
  bench_fail(run, what, cascade_error_message(*error));
  cascade_error_free(*error);
  return true;
}

static library_session *new_session(const bench_run *run) {
  library_session *session = calloc(1, sizeof *session);
  if (!session) abort();
  session->client.engine = run->workload->engine;
  return session;
}

static library_session *adopt(bench_run *run, library_session *session, const char *driver, void *handle) {
  cascade_error *error = NULL;
  if (!failed(run, "context", cascade_context_new(NULL, &session->context, &error), &error))
    failed(run, driver, cascade_connection_adopt(session->context, driver, handle, NULL, &session->connection, &error), &error);
  return session;
}

void *bench_open_native(bench_run *run) {
  library_session *session = new_session(run);
  const bench_engine *engine = session->client.engine;
  if (engine->open(&session->client, run->database)) return adopt(run, session, engine->driver, session->client.handle);
  bench_fail(run, "open", session->client.message);
  return session;
}

void *bench_open_dbi(bench_run *run) {
  library_session *session = new_session(run);
  const bench_engine *engine = session->client.engine;
  const char *words = "";
  if (dbi_initialize_r(NULL, &session->instance) <= 0 || !(session->dbi = dbi_conn_new_r(engine->dbi_driver, session->instance))) {
    bench_fail(run, "libdbi has no driver", engine->dbi_driver);
    return session;
  }
  if (engine->open_dbi(session->dbi, run->database)) return adopt(run, session, "dbi", session->dbi);
  dbi_conn_error(session->dbi, &words);
  bench_fail(run, "libdbi", words);
  return session;
}

cascade_connection *bench_connection(void *handle) {
  return ((library_session *)handle)->connection;
}

void bench_close_library(void *handle) {
  library_session *session = handle;
  cascade_connection_free(session->connection);
  cascade_context_free(session->context);
  if (session->dbi) dbi_conn_close(session->dbi);
  if (session->instance) dbi_shutdown_r(session->instance);
  session->client.engine->close(&session->client);
  free(session);
}

static void batches(bench_run *run, cascade_purge *purge) {
  const cascade_batch_info *batch = NULL;
  cascade_error *error = NULL;
  cascade_status status;
  while ((status = cascade_purge_next(purge, &batch, &error)) == CASCADE_OK) {
  }
  failed(run, "purge", status, &error);
  cascade_purge_report report = {.size = sizeof report};
  cascade_purge_describe(purge, &report);
  run->longest_tx_s = (double)report.longest_ns / 1e9;
}

/* All that a host does: reading the graph is part of the time. On servers with the defaults; on SQLite, where a
   transaction keeps no one else from reading, in transactions as long as those of the staged method. */
static void purge(bench_run *run, library_session *session, const char *rules, int32_t integrity) {
  const bench_data *data = run->workload->data;
  cascade_graph *graph = NULL;
  cascade_policy *policy = NULL;
  cascade_selection *selection = NULL;
  cascade_purge *work = NULL;
  cascade_error *error = NULL;
  cascade_purge_options options = {.size = sizeof options, .integrity = integrity};
  if (run->workload->engine == &bench_sqlite) {
    options.batch_ms = 200;
    options.max_tx_rows = 12 * STAGED_BATCH;
  }
  cascade_value older = {.type = CASCADE_INT64, .integer = run->size / 2};
  uint64_t before = cascade_connection_statements(session->connection);
  if (!failed(run, "graph", cascade_graph_read(session->connection, NULL, &graph, &error), &error) &&
      !failed(run, "policy", cascade_policy_load(graph, rules, strlen(rules), &policy, &error), &error) &&
      !failed(run, "selection",
              cascade_selection_where(graph, data->root, data->where, &older, data->has_parameter, &selection, &error), &error) &&
      !failed(run, "purge", cascade_purge_new(session->connection, policy, selection, &options, &work, &error), &error))
    batches(run, work);
  cascade_purge_free(work);
  cascade_selection_free(selection);
  cascade_policy_free(policy);
  cascade_graph_free(graph);
  run->statements = cascade_connection_statements(session->connection) - before;
}

void bench_checked(bench_run *run, void *session) {
  purge(run, session, run->workload->data->rules, CASCADE_INTEGRITY_CHECKED);
}

void bench_proven(bench_run *run, void *session) {
  purge(run, session, run->workload->data->rules, CASCADE_INTEGRITY_PROVEN);
}

void bench_delegated(bench_run *run, void *session) {
  purge(run, session, "[]", CASCADE_INTEGRITY_CHECKED);
}

void bench_delegated_proven(bench_run *run, void *session) {
  purge(run, session, "[]", CASCADE_INTEGRITY_PROVEN);
}

/* The request before the census: an area goes, and `size` households are cut from it; as many are in 999 other areas. And
   the same with what a worker does then. */
#include <stdio.h>
#include <string.h>

#include "bench.h"

static const bench_table tables[] = {{"area", "id {i} PRIMARY KEY, name {t} NOT NULL", "i, 'area ' || i", 1000, 0, 0},
                                     {"household", "id {i} PRIMARY KEY, area_id {i}, name {t} NOT NULL",
                                      "i, CASE WHEN i > {n} THEN 2 + i % 999 ELSE 1 END, 'household ' || i", 0, 2, 1},
                                     {"recorded", "job {i} NOT NULL, place {i} NOT NULL, PRIMARY KEY (job, place)", NULL, 0, 0, 1}};

static const bench_index indexes[] = {{"household", "area_id", false, false}};

static const bench_relation relations[] = {{"household", "area_id", "area", "id", ""}};

#define STAYING "sum(CASE WHEN area_id > 1 THEN area_id END)"

static const bench_left left[] = {{"area", "id > 1", "sum(id)", "sum(id)", NULL},
                                  {"household", "1 = 1", STAYING, "sum(area_id)", NULL},
                                  {"household", "1 = 1", "sum(id)", "sum(id)", NULL}};

const bench_data bench_detached = {.tables = tables,
                                   .table_count = sizeof tables / sizeof *tables,
                                   .indexes = indexes,
                                   .index_count = sizeof indexes / sizeof *indexes,
                                   .relations = relations,
                                   .relation_count = sizeof relations / sizeof *relations,
                                   .left = left,
                                   .left_count = sizeof left / sizeof *left,
                                   .rules = "[{\"table\": \"household\", \"column\": \"area_id\", \"rule\": \"DETACH\"}]"};

/* The queue is there when the request comes. */
static void *with_queue(bench_run *run, void *session) {
  cascade_error *error = NULL;
  if (!run->failed && cascade_queue_install(bench_connection(session), &error) < 0)
    bench_fail(run, "queue", cascade_error_message(error));
  cascade_error_free(error);
  return session;
}

void *bench_open_queue(bench_run *run) {
  return with_queue(run, bench_open_native(run));
}

void *bench_open_queue_dbi(bench_run *run) {
  return with_queue(run, bench_open_dbi(run));
}

static cascade_status detach(cascade_connection *connection, const char *rules, int32_t integrity, cascade_detach_report *report,
                             cascade_error **error) {
  const cascade_job_options job = {.size = sizeof job, .integrity = integrity};
  const cascade_detach_options options = {.size = sizeof options, .job = &job};
  cascade_graph *graph = NULL;
  cascade_policy *policy = NULL;
  cascade_selection *selection = NULL;
  const int64_t area = 1;
  cascade_status status = cascade_graph_read(connection, NULL, &graph, error);
  if (status >= 0) status = cascade_policy_load(graph, rules, strlen(rules), &policy, error);
  if (status >= 0) status = cascade_selection_integers(graph, "area", &area, 1, &selection, error);
  if (status >= 0) status = cascade_detach(connection, policy, selection, &options, report, error);
  cascade_selection_free(selection);
  cascade_policy_free(policy);
  cascade_graph_free(graph);
  return status;
}

static void request(bench_run *run, cascade_connection *connection, int32_t integrity) {
  cascade_detach_report report = {.size = sizeof report};
  cascade_error *error = NULL;
  double start = bench_now();
  if (detach(connection, run->workload->data->rules, integrity, &report, &error) < 0)
    bench_fail(run, "detach", cascade_error_message(error));
  else if (report.detached != (uint64_t)run->size) bench_fail(run, "detach", "not as many as there are");
  cascade_error_free(error);
  run->longest_tx_s = bench_now() - start;
}

/* All that a host does: reading the graph is part of the time. */
void bench_detach(bench_run *run, void *session) {
  cascade_connection *connection = bench_connection(session);
  uint64_t before = cascade_connection_statements(connection);
  request(run, connection, CASCADE_INTEGRITY_CHECKED);
  run->statements = cascade_connection_statements(connection) - before;
}

/* A worker, until nothing is due. A step is a batch at most. */
static void work(bench_run *run, cascade_connection *connection) {
  cascade_worker *worker = NULL;
  cascade_error *error = NULL;
  cascade_worker_report report = {.size = sizeof report};
  cascade_status status = cascade_worker_new(connection, NULL, &worker, &error);
  while (status == CASCADE_OK) {
    double start = bench_now();
    status = cascade_worker_step(worker, &error);
    if (bench_now() - start > run->longest_tx_s) run->longest_tx_s = bench_now() - start;
  }
  if (status < 0) bench_fail(run, "worker", cascade_error_message(error));
  else if (cascade_worker_describe(worker, &report) < 0 || report.failed) bench_fail(run, "worker", "a job has failed");
  cascade_error_free(error);
  cascade_worker_free(worker);
}

static void detach_and_purge(bench_run *run, void *session, int32_t integrity) {
  cascade_connection *connection = bench_connection(session);
  uint64_t before = cascade_connection_statements(connection);
  request(run, connection, integrity);
  if (!run->failed) work(run, connection);
  run->statements = cascade_connection_statements(connection) - before;
}

void bench_detach_and_purge(bench_run *run, void *session) {
  detach_and_purge(run, session, CASCADE_INTEGRITY_CHECKED);
}

void bench_detach_and_purge_proven(bench_run *run, void *session) {
  detach_and_purge(run, session, CASCADE_INTEGRITY_PROVEN);
}

/* The least that has to be done: the keys, the columns, the area. */
void bench_insert_update(bench_run *run, void *session) {
  bench_client *client = session;
  double start = bench_now();
  if (!bench_run_sql(client, client->engine->begin) ||
      !bench_run_sql(client, "INSERT INTO recorded (job, place) SELECT 1, id FROM household WHERE area_id = 1") ||
      !bench_run_sql(client, "UPDATE household SET area_id = NULL WHERE area_id = 1") ||
      !bench_run_sql(client, "DELETE FROM area WHERE id = 1") || !bench_run_sql(client, "COMMIT"))
    bench_fail(run, "by hand", client->message);
  run->longest_tx_s = bench_now() - start;
  run->statements = client->statements;
}

/* Pauses of purges, fills and workers: each has an end and a reason, none is inside a transaction. Real replicas are in
 * tests/throttle. */
#include "failing_alloc.h"
#include "scratch.h"

#include "clock.h"
#include "throttle_internal.h"

#include <cascade.h>
#include <sqlite3.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { ROWS = 40 };

typedef struct rig {
  sqlite3 *db;
  failing_alloc memory;
  cascade_context *context;
  cascade_connection *connection;
  cascade_graph *graph;
  cascade_policy *policy;
  cascade_selection *selection;
  cascade_throttle *throttle;
  cascade_throttle_options limits;
  /* what the callbacks saw */
  int asked, told, ended, inside, lengths;
  int32_t reason;
  int64_t answers[4];
  cascade_purge *cancels;
  char directory[SCRATCH_ROOM], pause_file[SCRATCH_ROOM + 10];
  char words[200];
} rig;

static void set_up(rig *at) {
  *at = (rig){.memory = {.allowed = -1}};
  assert_int_equal(sqlite3_open(":memory:", &at->db), SQLITE_OK);
  assert_int_equal(
      sqlite3_exec(at->db,
                   "PRAGMA foreign_keys = ON; CREATE TABLE item (id INTEGER PRIMARY KEY); CREATE TABLE twin (id INTEGER "
                   "PRIMARY KEY); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 40) INSERT INTO item "
                   "SELECT i FROM n;",
                   NULL, NULL, NULL),
      SQLITE_OK);
  assert_non_null(at->context = failing_context(&at->memory));
  assert_int_equal(cascade_connection_adopt(at->context, "sqlite3", at->db, NULL, &at->connection, NULL), CASCADE_OK);
  assert_int_equal(cascade_graph_read(at->connection, NULL, &at->graph, NULL), CASCADE_OK);
  assert_int_equal(cascade_policy_new(at->graph, NULL, &at->policy, NULL), CASCADE_OK);
  assert_int_equal(cascade_selection_where(at->graph, "item", "id > 0", NULL, 0, &at->selection, NULL), CASCADE_OK);
  assert_true(scratch_directory(at->directory, "pause"));
  snprintf(at->pause_file, sizeof at->pause_file, "%s/hold", at->directory);
  at->limits = (cascade_throttle_options){.size = sizeof at->limits, .user_data = at};
}

static void tear_down(rig *at) {
  at->memory.allowed = -1;
  at->memory.failed = false;
  unlink(at->pause_file);
  rmdir(at->directory);
  cascade_throttle_free(at->throttle);
  cascade_selection_free(at->selection);
  cascade_policy_free(at->policy);
  cascade_graph_free(at->graph);
  cascade_connection_free(at->connection);
  cascade_context_free(at->context);
  assert_int_equal(at->memory.live, 0);
  assert_int_equal(sqlite3_close(at->db), SQLITE_OK);
}

static int64_t number_of(rig *at, const char *sql) {
  sqlite3_stmt *statement = NULL;
  assert_int_equal(sqlite3_prepare_v2(at->db, sql, -1, &statement, NULL), SQLITE_OK);
  assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
  int64_t value = sqlite3_column_int64(statement, 0);
  sqlite3_finalize(statement);
  return value;
}

static int left(rig *at) {
  return (int)number_of(at, "SELECT count(*) FROM item");
}

static void touch(const char *path) {
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fclose(file);
}

static int64_t ask(void *user_data, uint64_t last_ns) {
  rig *at = user_data;
  at->inside += !sqlite3_get_autocommit(at->db);
  assert_true(at->asked || !last_ns);
  at->lengths += last_ns > 0;
  int number = at->asked++;
  return number < 4 ? at->answers[number] : 0;
}

static void told(void *user_data, const cascade_pause *pause) {
  rig *at = user_data;
  at->inside += !sqlite3_get_autocommit(at->db);
  if (pause->reason == CASCADE_PAUSE_OVER) {
    assert_string_equal(pause->text, "");
    at->ended++;
    return;
  }
  at->told++;
  at->reason = pause->reason;
  snprintf(at->words, sizeof at->words, "%s", pause->text);
  if (at->cancels) cascade_purge_cancel(at->cancels);
  else if (at->reason == CASCADE_PAUSE_FILE && at->told == 2) unlink(at->pause_file); /* it has lasted for a second */
}

static void throttle(rig *at) {
  at->limits.told = told;
  cascade_error *error = NULL;
  if (cascade_throttle_new(at->connection, &at->limits, &at->throttle, &error) < 0) fail_msg("%s", cascade_error_message(error));
}

/* The file is there from the start. */
static void throttle_by_file(rig *at) {
  at->limits.pause_file = at->pause_file;
  throttle(at);
  touch(at->pause_file);
}

static cascade_throttle_report seen(rig *at) {
  cascade_throttle_report report = {.size = sizeof report};
  assert_int_equal(cascade_throttle_describe(at->throttle, &report), CASCADE_OK);
  return report;
}

/* Deletes everything, ten rows at a time. */
static cascade_status purge(rig *at, uint32_t time_budget_ms, char words[200]) {
  cascade_purge_options options = {
      .size = sizeof options, .max_tx_rows = 10, .time_budget_ms = time_budget_ms, .throttle = at->throttle};
  cascade_purge *purge = NULL;
  cascade_error *error = NULL;
  const cascade_batch_info *batch = NULL;
  cascade_status status = cascade_purge_new(at->connection, at->policy, at->selection, &options, &purge, &error);
  if (at->cancels) at->cancels = purge;
  while (status == CASCADE_OK) status = cascade_purge_next(purge, &batch, &error);
  if (words) snprintf(words, 200, "%s", cascade_error_message(error));
  cascade_error_free(error);
  cascade_purge_free(purge);
  assert_int_equal(at->inside, 0);
  return status;
}

/* ---- tests ---- */

static void sleeps_by_the_length_of_batches(void **state) {
  (void)state;
  rig at;
  set_up(&at);
  at.limits.sleep_percent = 1000000; /* batches of a tenth of a millisecond, and it takes whole ones: */
  throttle(&at);
  casc_throttled work = {.connection = at.connection, .last_ns = 3000000};
  at.throttle->options.sleep_percent = 2000;
  uint64_t start = casc_now_ns();
  assert_int_equal(casc_throttle_wait(at.throttle, &work, NULL), CASCADE_OK);
  assert_true(casc_now_ns() - start >= 60000000);
  assert_in_range(seen(&at).sleep_ms, 60, 5000);
  assert_int_equal(seen(&at).pauses, 0);
  assert_int_equal(at.told, 0); /* of short ones nobody is told */
  at.throttle->options.sleep_percent = 40000;
  assert_int_equal(casc_throttle_wait(at.throttle, &work, NULL), CASCADE_OK);
  assert_int_equal(at.reason, CASCADE_PAUSE_SLEEP);
  assert_int_equal(at.ended, 1);
  tear_down(&at);
}

static void asks_the_host(void **state) {
  (void)state;
  rig at;
  set_up(&at);
  at.limits.ask = ask;
  memcpy(at.answers, (int64_t[]){30, 20, 0, 10}, sizeof at.answers);
  throttle(&at);
  assert_int_equal(purge(&at, 0, NULL), CASCADE_DONE);
  assert_int_equal(left(&at), 0);
  assert_true(at.asked > 5 && at.lengths > 2);
  assert_int_equal(seen(&at).pauses, 2);
  assert_in_range(seen(&at).host_ms, 60, 5000);
  assert_int_equal(at.reason, CASCADE_PAUSE_HOST);
  assert_int_equal(at.ended, 2);
  tear_down(&at);
}

static void stops_when_the_host_says_so(void **state) {
  (void)state;
  rig at;
  char words[200];
  set_up(&at);
  at.limits.ask = ask;
  memcpy(at.answers, (int64_t[]){0, 0, 0, -1}, sizeof at.answers);
  throttle(&at);
  assert_int_equal(purge(&at, 0, words), CASCADE_CANCELLED);
  assert_non_null(strstr(words, "callback returned -1"));
  assert_in_range(left(&at), 1, ROWS - 1); /* whole batches went before */
  tear_down(&at);
}

static void waits_for_a_file_to_go(void **state) {
  (void)state;
  rig at;
  set_up(&at);
  throttle_by_file(&at);
  assert_int_equal(purge(&at, 0, NULL), CASCADE_DONE);
  assert_int_equal(left(&at), 0);
  assert_int_equal(at.told, 2);
  assert_int_equal(at.ended, 1);
  assert_non_null(strstr(at.words, at.pause_file));
  assert_in_range(seen(&at).file_ms, 900, 20000);
  tear_down(&at);
}

static void a_pause_can_be_cancelled(void **state) {
  (void)state;
  rig at;
  set_up(&at);
  at.cancels = (cascade_purge *)&at; /* the purge, as soon as it is there */
  throttle_by_file(&at);
  assert_int_equal(purge(&at, 0, NULL), CASCADE_CANCELLED);
  assert_int_equal(left(&at), ROWS);
  assert_int_equal(at.ended, 1);
  tear_down(&at);
}

static void a_pause_ends_at_a_time_budget(void **state) {
  (void)state;
  rig at;
  set_up(&at);
  throttle_by_file(&at);
  uint64_t start = casc_now_ns();
  assert_int_equal(purge(&at, 200, NULL), CASCADE_DONE);
  assert_in_range((casc_now_ns() - start) / 1000000, 190, 5000);
  assert_int_equal(left(&at), ROWS);
  tear_down(&at);
}

static void a_pause_has_a_bound(void **state) {
  (void)state;
  rig at;
  char words[200];
  set_up(&at);
  at.limits.max_pause_ms = 150;
  throttle_by_file(&at);
  assert_int_equal(purge(&at, 0, words), CASCADE_THROTTLED);
  assert_non_null(strstr(words, "no longer pause is allowed: the file "));
  assert_int_equal(left(&at), ROWS);
  unlink(at.pause_file);
  assert_int_equal(purge(&at, 0, words), CASCADE_DONE);
  tear_down(&at);
}

static void nothing_waits_inside_a_transaction(void **state) {
  (void)state;
  rig at;
  set_up(&at);
  at.limits.ask = ask;
  throttle_by_file(&at);
  assert_int_equal(sqlite3_exec(at.db, "BEGIN", NULL, NULL, NULL), SQLITE_OK);
  cascade_purge_options options = {.size = sizeof options, .throttle = at.throttle};
  cascade_purge *purge = NULL;
  const cascade_batch_info *batch = NULL;
  assert_int_equal(cascade_purge_new(at.connection, at.policy, at.selection, &options, &purge, NULL), CASCADE_OK);
  assert_int_equal(cascade_purge_next(purge, &batch, NULL), CASCADE_OK);
  cascade_purge_free(purge);
  assert_int_equal(at.asked + at.told, 0);
  assert_int_equal(sqlite3_exec(at.db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
  assert_int_equal(left(&at), 0);
  tear_down(&at);
}

static void fills_pause_too(void **state) {
  (void)state;
  rig at;
  static const char *const id[] = {"id"};
  set_up(&at);
  at.limits.ask = ask;
  memcpy(at.answers, (int64_t[]){0, 20, 0, -1}, sizeof at.answers);
  throttle(&at);
  cascade_fill_target target = {
      .size = sizeof target, .table = "twin", .columns = id, .key = id, .column_count = 1, .key_count = 1};
  cascade_fill_options options = {.size = sizeof options, .max_tx_rows = 10, .throttle = at.throttle};
  cascade_fill *fill = NULL;
  const cascade_fill_range *range = NULL;
  assert_int_equal(cascade_fill_new(at.connection, at.graph, &target, &options, &fill, NULL), CASCADE_OK);
  assert_int_equal(cascade_fill_select(fill, "SELECT id FROM item", NULL, 0, NULL), CASCADE_OK);
  cascade_status status = CASCADE_OK;
  while (status == CASCADE_OK) status = cascade_fill_next(fill, &range, NULL);
  assert_int_equal(status, CASCADE_CANCELLED);
  assert_int_equal(seen(&at).pauses, 1);
  assert_int_equal(at.inside, 0);
  cascade_fill_free(fill);
  tear_down(&at);
}

/* A pause of several leases: the job stays the worker's all the time. */
static void a_worker_keeps_its_job_through_a_pause(void **state) {
  (void)state;
  rig at;
  int64_t job = 0;
  set_up(&at);
  at.limits.ask = ask;
  memcpy(at.answers, (int64_t[]){0, 700, 0, 0}, sizeof at.answers);
  throttle(&at);
  assert_int_equal(cascade_queue_install(at.connection, NULL), CASCADE_OK);
  cascade_job_options how = {.size = sizeof how, .max_tx_rows = 10};
  assert_int_equal(cascade_queue_purge(at.connection, at.policy, at.selection, &how, &job, NULL), CASCADE_OK);
  cascade_worker_options options = {.size = sizeof options, .lease_ms = 150, .throttle = at.throttle};
  cascade_worker *worker = NULL;
  assert_int_equal(cascade_worker_new(at.connection, &options, &worker, NULL), CASCADE_OK);
  assert_int_equal(cascade_worker_step(worker, NULL), CASCADE_OK);
  int64_t lease = number_of(&at, "SELECT due FROM cascade_queue_job");
  assert_int_equal(cascade_worker_step(worker, NULL), CASCADE_OK); /* the pause, and a batch */
  assert_true(number_of(&at, "SELECT due FROM cascade_queue_job") > lease + 500);
  while (cascade_worker_step(worker, NULL) == CASCADE_OK) continue;
  cascade_worker_report report = {.size = sizeof report};
  assert_int_equal(cascade_worker_describe(worker, &report), CASCADE_OK);
  assert_int_equal(report.done, 1);
  assert_int_equal(report.lost, 0);
  assert_int_equal(report.deleted, ROWS);
  assert_int_equal(number_of(&at, "SELECT epoch FROM cascade_queue_job"), 1);
  cascade_worker_free(worker);
  tear_down(&at);
}

static void what_cannot_be_seen_is_refused(void **state) {
  (void)state;
  rig at;
  set_up(&at);
  static const char *const replica[] = {"sqlite:nowhere"}, *const none[] = {NULL};
  const struct {
    cascade_throttle_options limits;
    cascade_status status;
    const char *words;
  } cases[] = {
      {{.max_load = 1}, CASCADE_UNSUPPORTED, "sqlite has no load to look at"},
      {{.max_lag_ms = 1}, CASCADE_UNSUPPORTED, "has no replicas to look at"},
      {{.max_flow_percent = 1}, CASCADE_UNSUPPORTED, "has no Galera cluster"},
      {{.max_dead_rows = 1}, CASCADE_UNSUPPORTED, "has no dead rows"},
      {{.replica_count = 1, .max_lag_ms = 1}, CASCADE_INVALID, "the replicas are NULL"},
      {{.replica_count = 1, .replicas = replica}, CASCADE_INVALID, "max_lag_ms, which is not set"},
      {{.replica_count = 1, .replicas = none, .max_lag_ms = 1}, CASCADE_INVALID, "the URI of replica 1 is NULL"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    cascade_throttle_options limits = cases[i].limits;
    cascade_error *error = NULL;
    limits.size = sizeof limits;
    assert_int_equal(cascade_throttle_new(at.connection, &limits, &at.throttle, &error), cases[i].status);
    assert_null(at.throttle);
    if (!strstr(cascade_error_message(error), cases[i].words)) fail_msg("%s", cascade_error_message(error));
    cascade_error_free(error);
  }
  assert_int_equal(cascade_throttle_new(at.connection, NULL, &at.throttle, NULL), CASCADE_INVALID);
  assert_int_equal(cascade_throttle_describe(NULL, NULL), CASCADE_INVALID);
  cascade_throttle_free(NULL);
  tear_down(&at);
}

static void memory_that_runs_out(void **state) {
  (void)state;
  cascade_status status = CASCADE_NOMEM;
  for (long allowed = 0; status == CASCADE_NOMEM; allowed++) {
    rig at;
    set_up(&at);
    at.limits.pause_file = at.pause_file;
    at.memory.allowed = allowed;
    status = cascade_throttle_new(at.connection, &at.limits, &at.throttle, NULL);
    if (status == CASCADE_OK) status = purge(&at, 0, NULL);
    tear_down(&at);
    assert_true(allowed < 2000);
  }
  assert_int_equal(status, CASCADE_DONE);
}

/* ---- a server that says what it is told to ---- */

typedef struct oracle {
  int64_t flow_ns, load;
  int queries;
  bool fails;
  cascade_value cell;
} oracle;

static cascade_status oracle_capabilities(void *self, cascade_capabilities *capabilities, cascade_error **error) {
  (void)self, (void)error;
  capabilities->engine = "mariadb";
  capabilities->max_parameters = 100;
  return CASCADE_OK;
}

static cascade_status oracle_execute(void *self, const cascade_statement *statement, uint64_t *affected, cascade_error **error) {
  (void)self, (void)statement, (void)error;
  *affected = 0;
  return CASCADE_OK;
}

static cascade_status oracle_query(void *self, const cascade_statement *statement, void **cursor, cascade_error **error) {
  oracle *at = self;
  (void)error;
  at->queries++;
  bool flow = strstr(statement->sql, "WSREP_FLOW_CONTROL_PAUSED_NS") != NULL;
  int64_t answer = flow ? at->flow_ns : at->load;
  at->cell = (cascade_value){.type = answer < 0 ? CASCADE_NULL : CASCADE_INT64, .integer = answer};
  if (!flow && at->load > 0) at->load--;
  *cursor = statement->column_count == 1 ? at : NULL;
  return at->fails ? CASCADE_CONNECTION : CASCADE_OK;
}

static cascade_status oracle_next(void *self, void *cursor, const cascade_value **row, cascade_error **error) {
  (void)self, (void)error;
  *row = &((oracle *)cursor)->cell;
  return CASCADE_OK;
}

static void oracle_close(void *self, void *cursor) {
  (void)self, (void)cursor;
}

static const cascade_driver oracle_driver = {.size = sizeof oracle_driver,
                                             .abi_version = CASCADE_DRIVER_ABI,
                                             .name = "oracle",
                                             .capabilities = oracle_capabilities,
                                             .execute = oracle_execute,
                                             .query = oracle_query,
                                             .next = oracle_next,
                                             .cursor_close = oracle_close};

static cascade_connection *consult(rig *at, oracle *self) {
  cascade_connection *connection = NULL;
  assert_int_equal(cascade_connection_new(at->context, &oracle_driver, self, NULL, &connection, NULL), CASCADE_OK);
  return connection;
}

static void flow_control_is_measured_between_looks(void **state) {
  (void)state;
  rig at;
  oracle server = {.flow_ns = -1};
  set_up(&at);
  cascade_connection *connection = consult(&at, &server);
  cascade_throttle_options limits = {.size = sizeof limits, .max_flow_percent = 20, .check_ms = 1};
  assert_int_equal(cascade_throttle_new(connection, &limits, &at.throttle, NULL), CASCADE_UNSUPPORTED); /* no cluster */
  server.flow_ns = 5000000000; /* of the past, which is nobody's business */
  assert_int_equal(cascade_throttle_new(connection, &limits, &at.throttle, NULL), CASCADE_OK);
  casc_throttled work = {.connection = connection, .deadline_ns = casc_now_ns() + 50000000};
  assert_int_equal(casc_throttle_wait(at.throttle, &work, NULL), CASCADE_OK);
  casc_sleep_ms(40);
  server.flow_ns += 4000000; /* a tenth */
  assert_int_equal(casc_throttle_wait(at.throttle, &work, NULL), CASCADE_OK);
  assert_in_range(seen(&at).flow_percent, 0, 10);
  casc_sleep_ms(40);
  server.flow_ns += 60000000; /* all of it, at the next look none any more */
  work.deadline_ns = 0;
  assert_int_equal(casc_throttle_wait(at.throttle, &work, NULL), CASCADE_OK);
  assert_int_equal(seen(&at).pauses, 1);
  assert_in_range(seen(&at).flow_ms, 90, 5000);
  cascade_connection_free(connection);
  tear_down(&at);
}

static void load_is_looked_at_now_and_then(void **state) {
  (void)state;
  rig at;
  oracle server = {.load = 4};
  set_up(&at);
  cascade_connection *connection = consult(&at, &server);
  cascade_throttle_options limits = {.size = sizeof limits, .max_load = 2, .check_ms = 60000};
  assert_int_equal(cascade_throttle_new(connection, &limits, &at.throttle, NULL), CASCADE_OK);
  casc_throttled work = {.connection = connection};
  assert_int_equal(casc_throttle_wait(at.throttle, &work, NULL), CASCADE_OK); /* 4, 3 and 2 */
  assert_int_equal(server.queries, 3);
  assert_int_equal(seen(&at).load, 2);
  server.load = 100;
  assert_int_equal(casc_throttle_wait(at.throttle, &work, NULL), CASCADE_OK); /* not yet again */
  assert_int_equal(server.queries, 3);
  cascade_throttle_free(at.throttle);
  limits.check_ms = 1;
  server.load = 0;
  assert_int_equal(cascade_throttle_new(connection, &limits, &at.throttle, NULL), CASCADE_OK);
  server.fails = true; /* what cannot be looked at is a failure, and no reason to go on */
  assert_int_equal(casc_throttle_wait(at.throttle, &work, NULL), CASCADE_CONNECTION);
  cascade_connection_free(connection);
  tear_down(&at);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sleeps_by_the_length_of_batches),
      cmocka_unit_test(asks_the_host),
      cmocka_unit_test(stops_when_the_host_says_so),
      cmocka_unit_test(waits_for_a_file_to_go),
      cmocka_unit_test(a_pause_can_be_cancelled),
      cmocka_unit_test(a_pause_ends_at_a_time_budget),
      cmocka_unit_test(a_pause_has_a_bound),
      cmocka_unit_test(nothing_waits_inside_a_transaction),
      cmocka_unit_test(fills_pause_too),
      cmocka_unit_test(a_worker_keeps_its_job_through_a_pause),
      cmocka_unit_test(what_cannot_be_seen_is_refused),
      cmocka_unit_test(memory_that_runs_out),
      cmocka_unit_test(flow_control_is_measured_between_looks),
      cmocka_unit_test(load_is_looked_at_now_and_then),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

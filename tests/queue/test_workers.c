/* Workers as processes: killed, paused past their lease, cancelled, several at once. Whatever befalls them, the end is
   that of one worker whom nobody disturbs, and every row was counted once.

   test_workers ENGINE... */
#include "queue_rig.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

enum { NOTES = 45000, WITHOUT = 7, LINES = 9000, PATIENCE_S = 40 };

static const char schema[] =
    "CREATE TABLE agent (id INTEGER NOT NULL PRIMARY KEY);"
    "CREATE TABLE note (id INTEGER NOT NULL PRIMARY KEY, agent_id INTEGER, FOREIGN KEY (agent_id) REFERENCES agent "
    "(id));"
    "CREATE INDEX note_agent ON note (agent_id);"
    "CREATE TABLE line (id INTEGER NOT NULL PRIMARY KEY, note_id INTEGER NOT NULL, FOREIGN KEY (note_id) REFERENCES "
    "note (id));"
    "CREATE INDEX line_note ON line (note_id);"
    "INSERT INTO agent VALUES (1), (2);"
    "INSERT INTO note WITH RECURSIVE d(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM d WHERE n < 299)"
    " SELECT 1 + a.n + 300 * b.n, 1 FROM d a, d b WHERE b.n < 150;"
    "INSERT INTO note WITH RECURSIVE d(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM d WHERE n < 299) SELECT 45001 + n, "
    "NULL FROM d WHERE n < 7;"
    "INSERT INTO line WITH RECURSIVE d(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM d WHERE n < 299)"
    " SELECT 1 + a.n + 300 * b.n, 5 * (1 + a.n + 300 * b.n) FROM d a, d b WHERE b.n < 30";

/* Batches are small, so that there are many; each writes to the outbox and counts in the audit. */
static const cascade_job_options how = {
    .size = sizeof how, .max_tx_rows = 3000, .batch_ms = 20, .max_attempts = 1000, .outbox = 1, .actor = "jo"};

static rig *begin(void **state) {
  rig *at = rig_new(*state, schema);
  cascade_error *error = NULL;
  cascade_detach_options options = {.size = sizeof options, .job = &how};
  rig_ok(cascade_outbox_install(at->connection, &error), error);
  rig_policy(at, "[{\"table\": \"note\", \"columns\": [\"agent_id\"], \"rule\": \"DETACH\"},"
                 " {\"table\": \"line\", \"columns\": [\"note_id\"], \"rule\": \"CASCADE\"}]");
  cascade_selection *agent = rig_row(at, "agent", 1);
  rig_ok(cascade_detach(at->connection, at->policy, agent, &options, NULL, &error), error);
  cascade_selection_free(agent);
  return at;
}

/* Each row that went is in the outbox once, the agent too, and none that is still there. The audit has a row for the detach and one
   for the job, in however many parts and attempts. */
static void recorded(rig *at) {
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM cascade_outbox_row"), 1 + NOTES + LINES);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM (SELECT DISTINCT table_name, row_key FROM cascade_outbox_row) r"),
                   1 + NOTES + LINES);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM cascade_outbox_row WHERE table_name LIKE '%note'"), NOTES);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM cascade_audit WHERE actor = 'jo' AND finished = 1"), 2);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM cascade_audit"), 2);
  assert_int_equal(rig_integer(at, "SELECT deleted FROM cascade_audit WHERE table_name LIKE '%agent'"), 1);
  assert_int_equal(rig_integer(at, "SELECT deleted FROM cascade_audit WHERE table_name LIKE '%note'"), NOTES + LINES);
  assert_int_equal(rig_integer(at, "SELECT kept FROM cascade_audit WHERE table_name LIKE '%note'"), 0);
}

/* The end of one undisturbed run. */
static void end(rig *at) {
  recorded(at);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM note"), WITHOUT);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM note WHERE agent_id IS NULL"), WITHOUT);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM line"), 0);
  assert_int_equal(rig_integer(at, "SELECT SUM(deleted) FROM cascade_queue_job"), NOTES + LINES);
  assert_int_equal(rig_integer(at, "SELECT SUM(kept) FROM cascade_queue_job"), 0);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM cascade_queue_job WHERE state <> 'done'"), 0);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM cascade_queue_number"), 0);
  assert_int_equal(rig_integer(at, "SELECT SUM(keys_left) FROM cascade_queue_job"), 0);
  rig_free(at);
}

/* In a child: a session and a context of its own. Stops itself, once, when it has committed so many batches and has a job, whose
   turn then does not end; never with 0. Returns how many claims it lost. */
static void child(const char *uri, uint32_t lease_ms, uint64_t stop_after) {
  cascade_context *context = NULL;
  cascade_connection *connection = NULL;
  cascade_worker *worker = NULL;
  cascade_worker_options options = {.size = sizeof options, .lease_ms = lease_ms, .turn_ms = stop_after ? UINT32_MAX : 400};
  cascade_worker_report report = {.size = sizeof report};
  cascade_error *error = NULL;
  cascade_status status = cascade_context_new(NULL, &context, &error);
  if (status >= 0) status = cascade_connection_open(context, uri, NULL, &connection, &error);
  if (status >= 0) status = cascade_worker_new(connection, &options, &worker, &error);
  while (status == CASCADE_OK) {
    status = cascade_worker_step(worker, &error);
    cascade_worker_describe(worker, &report);
    if (!stop_after || !report.job || report.batches < stop_after) continue;
    stop_after = 0;
    raise(SIGSTOP);
  }
  if (status < 0) fprintf(stderr, "worker: %s\n", cascade_error_message(error));
  cascade_worker_describe(worker, &report);
  _exit(status < 0 ? 99 : (int)report.lost);
}

static pid_t fork_worker(rig *at, uint32_t lease_ms, uint64_t stop_after) {
  pid_t process = fork();
  assert_true(process >= 0);
  if (process == 0) child(at->uri, lease_ms, stop_after);
  return process;
}

static int exit_of(pid_t process) {
  int status = 0;
  assert_int_equal(waitpid(process, &status, 0), process);
  assert_true(WIFEXITED(status));
  return WEXITSTATUS(status);
}

static bool is_open(rig *at) {
  return rig_integer(at, "SELECT COUNT(*) FROM cascade_queue_job WHERE state IN ('ready', 'claimed')") > 0;
}

/* Steps until all jobs are at their end: leases of those who are gone have to run out first. */
static void work_off(rig *at) {
  time_t start = time(NULL);
  while (is_open(at)) {
    rig_work(at);
    usleep(20000);
    assert_true(time(NULL) - start < PATIENCE_S);
  }
}

static void undisturbed(void **state) {
  rig *at = begin(state);
  rig_work(at);
  end(at);
}

static void several(void **state) {
  rig *at = begin(state);
  pid_t processes[3];
  for (int i = 0; i < 3; i++) processes[i] = fork_worker(at, 20000, 0);
  for (int i = 0; i < 3; i++) assert_int_equal(exit_of(processes[i]), 0);
  work_off(at);
  end(at);
}

/* Again and again, at moments that nobody has chosen. */
static void killed(void **state) {
  rig *at = begin(state);
  unsigned seed = 20261121;
  int kills = 0;
  for (; kills < 12 && is_open(at); kills++) {
    pid_t process = fork_worker(at, 150, 0);
    seed = seed * 1103515245 + 12345;
    usleep(15000 + seed / 65536 % 90000);
    kill(process, SIGKILL);
    int status;
    assert_int_equal(waitpid(process, &status, 0), process);
  }
  assert_true(kills > 2);
  work_off(at);
  end(at);
}

static void wait_until_stopped(pid_t process) {
  int status = 0;
  assert_int_equal(waitpid(process, &status, WUNTRACED), process);
  assert_true(WIFSTOPPED(status));
}

static void paused_past_its_lease(void **state) {
  rig *at = begin(state);
  pid_t process = fork_worker(at, 100, 2);
  wait_until_stopped(process);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM cascade_queue_job WHERE state = 'claimed'"), 1);
  assert_true(rig_integer(at, "SELECT SUM(deleted) FROM cascade_queue_job") > 0);
  work_off(at); /* takes the job over when the lease has ended */
  kill(process, SIGCONT);
  assert_int_equal(exit_of(process), 1); /* its next batch found the job gone, and was rolled back */
  end(at);
}

/* The queue is paused while workers are at it: they stop after their batches, lose nothing, and go on afterwards. */
static void paused(void **state) {
  rig *at = begin(state);
  cascade_worker *worker = NULL;
  cascade_error *error = NULL;
  cascade_worker_report report = {.size = sizeof report};
  rig_ok(cascade_worker_new(at->connection, NULL, &worker, &error), error);
  for (int i = 0; i < 4; i++) rig_ok(cascade_worker_step(worker, &error), error);
  rig_ok(cascade_queue_pause(at->connection, 0, &error), error);
  int64_t left = rig_integer(at, "SELECT COUNT(*) FROM note");
  while (cascade_worker_step(worker, &error) == CASCADE_OK) continue;
  rig_ok(cascade_worker_describe(worker, &report), NULL);
  assert_int_equal(report.paused, 1);
  assert_int_equal(report.lost, 0);
  assert_int_equal(report.job, 0);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM note"), left);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM cascade_queue_job WHERE state = 'claimed'"), 0);
  rig_ok(cascade_queue_resume(at->connection, 0, &error), error);
  rig_ok(cascade_worker_step(worker, &error), error);
  int64_t job = rig_integer(at, "SELECT MIN(id) FROM cascade_queue_job WHERE state = 'claimed'");
  rig_ok(cascade_queue_pause(at->connection, job, &error), error);
  assert_int_equal(rig_said(cascade_queue_pause(at->connection, job, &error) < 0 ? error : NULL, "ready or claimed"),
                   CASCADE_NOT_FOUND);
  error = NULL;
  while (cascade_worker_step(worker, &error) == CASCADE_OK) continue;
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM cascade_queue_job WHERE state NOT IN ('done', 'paused')"), 0);
  /* other parts are done, and this one is not: nor is the whole */
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM cascade_audit WHERE finished = 1 AND table_name LIKE '%note'"), 0);
  rig_ok(cascade_queue_resume(at->connection, job, &error), error);
  while (cascade_worker_step(worker, &error) == CASCADE_OK) continue;
  cascade_worker_free(worker);
  end(at);
}

/* A first look that takes longer than the lease, and several workers that take the job from each other: each gets more time. */
static void first_look_longer_than_the_lease(void **state) {
  rig *at = rig_new(*state, schema);
  cascade_error *error = NULL;
  cascade_worker *worker = NULL, *other = NULL;
  cascade_worker_options options = {.size = sizeof options, .lease_ms = 1000};
  rig_policy(at, "[{\"table\": \"line\", \"columns\": [\"note_id\"], \"rule\": \"CASCADE\"}]");
  cascade_selection *rows = rig_where(at, "note", "id <= 10");
  rig_ok(cascade_queue_purge(at->connection, at->policy, rows, NULL, NULL, &error), error);
  cascade_selection_free(rows);
  cascade_connection *second = rig_connect(at);
  rig_ok(cascade_worker_new(at->connection, &options, &worker, &error), error);
  rig_ok(cascade_worker_new(second, &options, &other, &error), error);
  const char *lease = "SELECT due - changed FROM cascade_queue_job";
  rig_ok(cascade_worker_step(worker, &error), error);
  assert_int_equal(rig_integer(at, lease), 1000);
  rig_run(at, "UPDATE cascade_queue_job SET due = 0"); /* as its look goes on and on */
  rig_ok(cascade_worker_step(other, &error), error);
  assert_int_equal(rig_integer(at, lease), 2000);
  rig_run(at, "UPDATE cascade_queue_job SET due = 0");
  rig_ok(cascade_worker_step(worker, &error), error); /* finds that it has lost it */
  rig_ok(cascade_worker_step(worker, &error), error);
  assert_int_equal(rig_integer(at, lease), 4000);
  rig_ok(cascade_worker_step(other, &error), error);
  assert_int_equal(rig_integer(at, "SELECT SUM(deleted) FROM cascade_queue_job"), 0); /* neither's batch was committed */
  rig_ok(cascade_worker_step(worker, &error), error);
  assert_int_equal(rig_integer(at, "SELECT SUM(deleted) FROM cascade_queue_job"), 12);
  assert_int_equal(rig_integer(at, lease), 1000); /* a batch is done, and all is as usual */
  while (cascade_worker_step(worker, &error) == CASCADE_OK) continue;
  assert_int_equal(rig_integer(at, "SELECT SUM(deleted) FROM cascade_queue_job"), 12);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM cascade_queue_job WHERE state <> 'done'"), 0);
  cascade_worker_free(worker);
  cascade_worker_free(other);
  cascade_connection_free(second);
  rig_free(at);
}

enum { MEMBERS = LINES - 100 };

/* A back-fill with a parameter, in ranges of few rows; some rows are there already. */
static rig *begin_fill(void **state, cascade_fill **fill) {
  rig *at = rig_new(*state, schema);
  cascade_error *error = NULL;
  static const char *const columns[] = {"note_id", "line_id"};
  cascade_fill_target target = {
      .size = sizeof target, .table = "pair", .columns = columns, .key = columns, .column_count = 2, .key_count = 2};
  cascade_fill_options options = {.size = sizeof options, .max_tx_rows = 300};
  cascade_value from = {.type = CASCADE_INT64, .integer = 100};
  rig_run(at, "CREATE TABLE pair (note_id INTEGER NOT NULL, line_id INTEGER NOT NULL, PRIMARY KEY (note_id, line_id))");
  rig_run(at, "INSERT INTO pair SELECT note_id, id FROM line WHERE id > 8900");
  rig_policy(at, "[]");
  rig_ok(cascade_fill_new(at->connection, at->graph, &target, &options, fill, &error), error);
  rig_ok(cascade_fill_select(*fill, "SELECT note_id, id FROM line WHERE id > ?", &from, 1, &error), error);
  return at;
}

static void filled_by_workers_that_are_killed(void **state) {
  cascade_fill *fill = NULL;
  rig *at = begin_fill(state, &fill);
  cascade_error *error = NULL;
  int64_t job = 0;
  cascade_job_options often = {.size = sizeof often, .max_attempts = 1000};
  rig_ok(cascade_queue_fill(fill, &often, &job, &error), error);
  assert_true(job > 0);
  cascade_fill_free(fill);
  unsigned seed = 20261122;
  for (int kills = 0; kills < 8 && is_open(at); kills++) {
    pid_t process = fork_worker(at, 150, 0);
    seed = seed * 1103515245 + 12345;
    usleep(15000 + seed / 65536 % 60000);
    kill(process, SIGKILL);
    int status;
    assert_int_equal(waitpid(process, &status, 0), process);
  }
  work_off(at);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM pair"), MEMBERS);
  assert_int_equal(rig_integer(at, "SELECT inserted FROM cascade_queue_job"), MEMBERS - 100);
  assert_int_equal(rig_integer(at, "SELECT skipped FROM cascade_queue_job"), 100);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM cascade_queue_job WHERE state <> 'done'"), 0);
  assert_true(rig_integer(at, "SELECT batches FROM cascade_queue_job") > 20);
  rig_free(at);
}

/* What cannot be a job is refused at once; what becomes wrong afterwards makes the job dead, with the reason. */
static void fills_that_cannot_be(void **state) {
  cascade_fill *fill = NULL;
  rig *at = begin_fill(state, &fill);
  cascade_error *error = NULL;
  const cascade_fill_range *range = NULL;
  rig_ok(cascade_queue_fill(fill, NULL, NULL, &error), error);
  rig_ok(cascade_fill_next(fill, &range, &error), error);
  assert_int_equal(rig_said(cascade_queue_fill(fill, NULL, NULL, &error) < 0 ? error : NULL, "it has begun"), CASCADE_INVALID);
  cascade_fill_free(fill);
  rig_run(at, "DROP TABLE pair");
  cascade_worker_report report = rig_work(at);
  assert_int_equal(report.failed, 1);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM cascade_queue_job WHERE state = 'dead' AND error LIKE '%pair%'"), 1);
  assert_int_equal(cascade_queue_fill(NULL, NULL, NULL, NULL), CASCADE_INVALID);
  rig_free(at);
}

static void cancelled_and_retried(void **state) {
  rig *at = begin(state);
  cascade_error *error = NULL;
  pid_t process = fork_worker(at, 20000, 2);
  wait_until_stopped(process);
  int64_t job = rig_integer(at, "SELECT id FROM cascade_queue_job WHERE state = 'claimed'");
  rig_ok(cascade_queue_cancel(at->connection, job, &error), error);
  int64_t rows = rig_integer(at, "SELECT COUNT(*) FROM note");
  kill(process, SIGCONT);
  assert_int_equal(exit_of(process), 1);
  work_off(at); /* the other parts, where there are any */
  int64_t left = rig_integer(at, "SELECT COUNT(*) FROM note");
  assert_true(left > WITHOUT && left <= rows);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM cascade_queue_number"), left - WITHOUT);
  rig_ok(cascade_queue_retry(at->connection, job, &error), error);
  work_off(at);
  end(at);
}

int main(int count, char **arguments) {
  int failed = 0;
  for (int i = 1; i < count; i++) {
    struct CMUnitTest tests[] = {cmocka_unit_test(undisturbed),
                                 cmocka_unit_test(several),
                                 cmocka_unit_test(killed),
                                 cmocka_unit_test(paused_past_its_lease),
                                 cmocka_unit_test(cancelled_and_retried),
                                 cmocka_unit_test(paused),
                                 cmocka_unit_test(filled_by_workers_that_are_killed),
                                 cmocka_unit_test(fills_that_cannot_be),
                                 cmocka_unit_test(first_look_longer_than_the_lease)};
    for (size_t j = 0; j < sizeof tests / sizeof *tests; j++) tests[j].initial_state = arguments[i];
    failed += cmocka_run_group_tests_name(arguments[i], tests, NULL, NULL);
  }
  return failed;
}

/* What the workers' hooks are told and what they say to it; outbox and audit of jobs.

   test_worker_hooks ENGINE... */
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

enum { FILMS = 6000, COPIES = 1200, PATIENCE_S = 40 };

static const char schema[] =
    "CREATE TABLE studio (id INTEGER NOT NULL PRIMARY KEY);"
    "CREATE TABLE film (id INTEGER NOT NULL PRIMARY KEY, studio_id INTEGER, path VARCHAR(40),"
    " FOREIGN KEY (studio_id) REFERENCES studio (id));"
    "CREATE INDEX film_studio ON film (studio_id);"
    "CREATE TABLE copy (id INTEGER NOT NULL PRIMARY KEY, film_id INTEGER NOT NULL, FOREIGN KEY (film_id) REFERENCES film (id));"
    "CREATE INDEX copy_film ON copy (film_id);"
    "INSERT INTO studio VALUES (1), (2);"
    "INSERT INTO film WITH RECURSIVE d(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM d WHERE n < 99)"
    " SELECT 1 + a.n + 100 * b.n, 1, 'reel' FROM d a, d b WHERE b.n < 60;"
    "INSERT INTO copy WITH RECURSIVE d(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM d WHERE n < 99)"
    " SELECT 1 + a.n + 100 * b.n, 5 * (1 + a.n + 100 * b.n) FROM d a, d b WHERE b.n < 12";

static rig *begin(void **state, const char *rule) {
  rig *at = rig_new(*state, schema);
  cascade_error *error = NULL;
  char rules[300];
  snprintf(rules, sizeof rules,
           "[{\"table\": \"film\", \"columns\": [\"studio_id\"], \"rule\": \"%s\"},"
           " {\"table\": \"copy\", \"columns\": [\"film_id\"], \"rule\": \"CASCADE\"}]",
           rule);
  rig_ok(cascade_outbox_install(at->connection, &error), error);
  rig_policy(at, rules);
  return at;
}

/* What the hooks do, and what they have seen. Copies of every `veto`th number stay. */
typedef struct hooks {
  cascade_worker *worker;
  int64_t veto;
  int32_t before, after, committed; /* what they return */
  const char *reason;
  uint64_t told, after_rows, committed_rows, calls, paths;
  bool wants_path;
  uint64_t heard, good; /* after_commit fails when it has heard of so many batches without a failure */
} hooks;

static int32_t before(void *data, const cascade_deleted *tables, uint32_t count) {
  hooks *at = data;
  cascade_purge *purge = cascade_worker_purge(at->worker);
  assert_non_null(purge);
  at->calls++;
  for (uint32_t i = 0; i < count; i++) {
    at->told += tables[i].keys->count;
    for (uint64_t j = 0; at->veto && strstr(tables[i].label, "copy") && j < tables[i].keys->count; j++)
      if (tables[i].keys->integers[j] % at->veto == 0) assert_int_equal(cascade_purge_veto(purge, i, &j, 1), CASCADE_OK);
  }
  if (at->before) cascade_purge_blame(purge, "film", at->reason);
  return at->before;
}

static int32_t after(void *data, const cascade_deleted *tables, uint32_t count) {
  hooks *at = data;
  for (uint32_t i = 0; i < count; i++) {
    cascade_row_columns columns = {.size = sizeof columns};
    at->after_rows += tables[i].keys->count;
    if (!at->wants_path || !strstr(tables[i].label, "film")) continue;
    assert_int_equal(cascade_purge_row_columns(cascade_worker_purge(at->worker), i, &columns), CASCADE_OK);
    for (uint64_t j = 0; j < columns.row_count; j++)
      at->paths += columns.cells[j].length == 4 && !memcmp(columns.cells[j].data, "reel", 4);
  }
  return at->after;
}

static int32_t committed(void *data, const cascade_deleted *tables, uint32_t count) {
  hooks *at = data;
  for (uint32_t i = 0; i < count; i++) at->committed_rows += tables[i].keys->count;
  return at->heard++ % (at->good + 1) == at->good ? at->committed : 0;
}

static cascade_worker_options options_of(hooks *at) {
  return (cascade_worker_options){.size = sizeof(cascade_worker_options),
                                  .turn_ms = 1,
                                  .before_batch = before,
                                  .after_batch = after,
                                  .after_commit = committed,
                                  .hook_data = at};
}

static cascade_worker_report work_with(rig *at, hooks *given, const cascade_worker_options *options) {
  cascade_worker_report report = {.size = sizeof report};
  cascade_error *error = NULL;
  rig_ok(cascade_worker_new(at->connection, options, &given->worker, &error), error);
  assert_null(cascade_worker_purge(given->worker));
  cascade_status status = CASCADE_OK;
  while (status == CASCADE_OK) status = cascade_worker_step(given->worker, &error);
  rig_ok(status, error);
  assert_int_equal(cascade_worker_describe(given->worker, &report), CASCADE_OK);
  cascade_worker_free(given->worker);
  return report;
}

/* Until no job is open: pauses after failures are cut short. */
static cascade_worker_report work_off(rig *at, hooks *given) {
  cascade_worker_options options = options_of(given);
  cascade_worker_report report = {0};
  time_t start = time(NULL);
  while (rig_integer(at, "SELECT COUNT(*) FROM cascade_queue_job WHERE state IN ('ready', 'claimed')")) {
    rig_run(at, "UPDATE cascade_queue_job SET due = 0 WHERE state = 'ready'");
    report = work_with(at, given, &options);
    assert_true(time(NULL) - start < PATIENCE_S);
  }
  return report;
}

static int64_t detach(rig *at, const cascade_job_options *job) {
  cascade_error *error = NULL;
  cascade_detach_options options = {.size = sizeof options, .job = job};
  cascade_detach_report report = {.size = sizeof report};
  cascade_selection *studio = rig_row(at, "studio", 1);
  rig_ok(cascade_detach(at->connection, at->policy, studio, &options, &report, &error), error);
  cascade_selection_free(studio);
  return report.job;
}

static int64_t put_purge(rig *at, const char *condition, const cascade_job_options *job) {
  cascade_error *error = NULL;
  int64_t number = 0;
  cascade_selection *films = rig_where(at, "film", condition);
  rig_ok(cascade_queue_purge(at->connection, at->policy, films, job, &number, &error), error);
  cascade_selection_free(films);
  return number;
}

enum { VETO = 100, VETOED = COPIES / VETO };

/* The vetoed copies are there with their films, everything else is gone, and the numbers say so. */
static void spared(rig *at, bool detached) {
  int64_t deleted = FILMS + COPIES - 2 * VETOED;
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM copy"), VETOED);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM copy WHERE id % 100 = 0"), VETOED);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM film"), VETOED);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM cascade_queue_job WHERE state <> 'done'"), 0);
  assert_int_equal(rig_integer(at, "SELECT SUM(deleted) FROM cascade_queue_job"), deleted);
  assert_int_equal(rig_integer(at, "SELECT SUM(kept) FROM cascade_queue_job"), 2 * VETOED);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM cascade_queue_number"), 0);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM cascade_outbox_row"), deleted + detached);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM (SELECT DISTINCT table_name, row_key FROM cascade_outbox_row) r"),
                   deleted + detached);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM cascade_outbox_row WHERE table_name LIKE '%film' AND "
                                   "row_columns LIKE '%reel%'"),
                   FILMS - VETOED);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM cascade_audit WHERE finished = 1 AND table_name LIKE '%film'"), 1);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM cascade_audit"), 1 + detached);
  assert_int_equal(rig_integer(at, "SELECT deleted FROM cascade_audit WHERE table_name LIKE '%film'"), deleted);
  assert_int_equal(rig_integer(at, "SELECT kept FROM cascade_audit WHERE table_name LIKE '%film'"), 2 * VETOED);
}

static const char *const film[] = {"film"}, *const path[] = {"path"};
static const cascade_job_options recorded = {.size = sizeof recorded,
                                             .max_tx_rows = 700,
                                             .batch_ms = 10,
                                             .outbox = 1,
                                             .column_count = 1,
                                             .column_tables = film,
                                             .columns = path,
                                             .actor = "jo",
                                             .reason = "the lease is over",
                                             .max_attempts = 1000};

static void vetoes_in_detached_rows(void **state) {
  rig *at = begin(state, "DETACH");
  hooks given = {.veto = VETO, .wants_path = true};
  assert_true(detach(at, &recorded) > 0);
  cascade_worker_report report = work_off(at, &given);
  spared(at, true);
  assert_int_equal(report.kept, 2 * VETOED);
  assert_int_equal(given.after_rows, report.deleted);
  assert_int_equal(given.committed_rows, report.deleted);
  assert_int_equal(given.paths, FILMS - VETOED);
  rig_free(at);
}

static void vetoes_in_a_purge(void **state) {
  rig *at = begin(state, "CASCADE");
  hooks given = {.veto = VETO, .wants_path = true};
  put_purge(at, "studio_id = 1", &recorded);
  cascade_worker_report report = work_off(at, &given);
  spared(at, false);
  assert_true(report.batches > 3);
  assert_int_equal(given.committed_rows, report.deleted);
  rig_free(at);
}

/* Nothing may go: the job is done, its rows are there. */
static void everything_is_vetoed(void **state) {
  rig *at = begin(state, "DETACH");
  hooks given = {.veto = 1};
  put_purge(at, "id IN (Select film_id From copy)", &recorded);
  detach(at, NULL);
  rig_run(at, "UPDATE film SET studio_id = 2 WHERE id NOT IN (SELECT film_id FROM copy)");
  cascade_worker_report report = work_off(at, &given);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM copy"), COPIES);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM film"), FILMS);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM cascade_queue_job WHERE state <> 'done'"), 0);
  assert_int_equal(rig_integer(at, "SELECT kept FROM cascade_queue_job WHERE kind = 'purge'"), 2 * COPIES);
  assert_int_equal(rig_integer(at, "SELECT kept FROM cascade_queue_job WHERE kind = 'detached'"), FILMS + COPIES);
  assert_int_equal(report.kept, FILMS + 3 * COPIES);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM cascade_outbox_row"), 0);
  assert_int_equal(rig_integer(at, "SELECT kept FROM cascade_audit WHERE finished = 1"), 2 * COPIES);
  rig_free(at);
}

/* A hook that fails is tried again, then the job is dead, and says why. */
static void failing_hooks(void **state) {
  rig *at = begin(state, "CASCADE");
  cascade_job_options twice = recorded;
  twice.max_attempts = 2;
  hooks given = {.before = 5, .reason = "the tapes are away"};
  put_purge(at, "id = 5", &twice);
  work_off(at, &given);
  assert_int_equal(given.calls, 2);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM cascade_queue_job WHERE state = 'dead' AND attempts = 2 AND error LIKE "
                                   "'CASCADE_HOOK: %the tapes are away%rolled back%'"),
                   1);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM film"), FILMS);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM cascade_outbox_row"), 0);
  assert_int_equal(rig_integer(at, "SELECT deleted + finished FROM cascade_audit"), 0);

  hooks late = {.after = 7};
  put_purge(at, "id = 10", &twice);
  work_off(at, &late);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM cascade_queue_job WHERE state = 'dead' AND error LIKE "
                                   "'%after-batch hook returned 7%'"),
                   1);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM cascade_outbox_row"), 0);

  hooks good = {0};
  cascade_error *error = NULL;
  rig_ok(cascade_queue_retry(at->connection, rig_integer(at, "SELECT MIN(id) FROM cascade_queue_job"), &error), error);
  work_off(at, &good);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM film"), FILMS - 1);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM cascade_outbox_row"), 2);
  rig_free(at);
}

/* What a job says of its failure is cut somewhere: never so that a database, or a reader of the list, cannot take it. */
static void failing_at_length(void **state) {
  rig *at = begin(state, "CASCADE");
  cascade_error *error = NULL;
  cascade_job_options once = recorded;
  once.max_attempts = 1;
  char reason[1600] = "x", *list = NULL;
  for (size_t i = 1; i + 2 < sizeof reason; i += 2) memcpy(reason + i, "\xc3\xa9", 2);
  for (int i = 0; i < 2; i++) { /* one of the two is cut within a letter */
    hooks given = {.before = 5, .reason = reason + i};
    put_purge(at, "id = 5", &once);
    work_off(at, &given);
  }
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM cascade_queue_job WHERE state = 'dead' AND error LIKE "
                                   "'CASCADE_HOOK: %\xc3\xa9\xc3\xa9%'"),
                   2);
  rig_ok(cascade_queue_list(at->connection, NULL, &list, &error), error);
  cascade_text_free(list);
  rig_free(at);
}

/* What fails after COMMIT takes nothing back: the job goes on from there. */
static void failing_after_commit(void **state) {
  rig *at = begin(state, "DETACH");
  hooks given = {.committed = 3};
  detach(at, &recorded);
  cascade_worker_options options = options_of(&given);
  cascade_worker_report report = work_with(at, &given, &options);
  assert_true(report.failed > 0 && report.batches == report.failed);
  assert_int_equal(report.deleted, rig_integer(at, "SELECT SUM(deleted) FROM cascade_queue_job"));
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM cascade_queue_job WHERE state = 'ready' AND error LIKE "
                                   "'%after-commit%'"),
                   1);
  given.committed = 0;
  work_off(at, &given);
  assert_int_equal(rig_integer(at, "SELECT SUM(deleted) FROM cascade_queue_job"), FILMS + COPIES);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM cascade_outbox_row"), FILMS + COPIES + 1);
  assert_int_equal(given.committed_rows, FILMS + COPIES);
  rig_free(at);
}

/* A hook that fails after every COMMIT stops the job before it has deleted all rows without the host's knowledge; one that fails
   now and then does not. */
static void failing_after_commit_for_good(void **state) {
  enum { MANY = 900, PART = 20, TIMES = 3 };
  rig *at = begin(state, "CASCADE");
  cascade_job_options job = {.size = sizeof job, .max_tx_rows = PART, .max_attempts = TIMES};
  hooks given = {.committed = 3}, now_and_then = {.committed = 3, .good = 2};
  cascade_error *error = NULL;
  int64_t number = put_purge(at, "id > 2000 And id <= 2900", &job);
  work_off(at, &given);
  assert_int_equal(given.heard, TIMES);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM cascade_queue_job WHERE state = 'dead' AND attempts = 3 AND error LIKE "
                                   "'%after-commit hook returned 3%'"),
                   1);
  int64_t left = rig_integer(at, "SELECT (SELECT COUNT(*) FROM film) + (SELECT COUNT(*) FROM copy)");
  uint64_t gone = (uint64_t)(FILMS + COPIES - left);
  assert_in_range(gone, TIMES, TIMES * PART);
  assert_int_equal(given.committed_rows, gone);
  rig_ok(cascade_queue_retry(at->connection, number, &error), error);
  work_off(at, &now_and_then);
  assert_true(now_and_then.heard / 3 > TIMES);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM cascade_queue_job WHERE state = 'done'"), 1);
  assert_int_equal(given.committed_rows + now_and_then.committed_rows, MANY + MANY / 5);
  rig_free(at);
}

/* Again and again, at moments that nobody has chosen, by workers whose hooks veto. */
static void killed(void **state) {
  rig *at = begin(state, "DETACH");
  detach(at, &recorded);
  hooks given = {.veto = VETO};
  cascade_worker_options options = options_of(&given);
  options.lease_ms = 150;
  unsigned seed = 20261123;
  for (int kills = 0; kills < 8; kills++) {
    pid_t process = fork();
    if (!process) {
      cascade_context *context = NULL;
      cascade_connection *connection = NULL;
      cascade_status status = cascade_context_new(NULL, &context, NULL);
      if (status >= 0) status = cascade_connection_open(context, at->uri, NULL, &connection, NULL);
      if (status >= 0) status = cascade_worker_new(connection, &options, &given.worker, NULL);
      while (status == CASCADE_OK) status = cascade_worker_step(given.worker, NULL);
      _exit(0);
    }
    seed = seed * 1103515245 + 12345;
    usleep(15000 + seed / 65536 % 60000);
    kill(process, SIGKILL);
    int status;
    assert_int_equal(waitpid(process, &status, 0), process);
  }
  work_off(at, &given);
  spared(at, true);
  rig_free(at);
}

static void refused(void **state) {
  rig *at = rig_new(*state, schema);
  cascade_error *error = NULL;
  static const char *const none[] = {"no_such_column"};
  cascade_worker *worker = NULL;
  cascade_job_options job = recorded;
  rig_policy(at, "[]");
  cascade_selection *films = rig_where(at, "film", "id = 1");
  cascade_status status = cascade_queue_purge(at->connection, at->policy, films, &job, NULL, &error);
  assert_int_equal(rig_said(status < 0 ? error : NULL, "install it with cascade_outbox_install"), CASCADE_NOT_FOUND);
  rig_ok(cascade_outbox_install(at->connection, &error), error);
  job.columns = none;
  status = cascade_queue_purge(at->connection, at->policy, films, &job, NULL, &error);
  assert_int_equal(rig_said(status < 0 ? error : NULL, "no column 'no_such_column'"), CASCADE_NOT_FOUND);
  job.columns = NULL;
  status = cascade_queue_purge(at->connection, at->policy, films, &job, NULL, &error);
  assert_int_equal(rig_said(status < 0 ? error : NULL, "a list of columns that is NULL"), CASCADE_INVALID);
  cascade_selection_free(films);
  assert_int_equal(rig_integer(at, "SELECT (SELECT COUNT(*) FROM cascade_queue_job) + (SELECT COUNT(*) FROM cascade_audit)"), 0);
  cascade_worker_options options = {.size = sizeof options, .column_count = 1, .column_tables = film, .columns = none};
  status = cascade_worker_new(at->connection, &options, &worker, &error);
  assert_int_equal(rig_said(status < 0 ? error : NULL, "no column 'no_such_column'"), CASCADE_NOT_FOUND);
  options.columns = NULL;
  status = cascade_worker_new(at->connection, &options, &worker, &error);
  assert_int_equal(rig_said(status < 0 ? error : NULL, "is NULL"), CASCADE_INVALID);
  assert_null(cascade_worker_purge(NULL));
  rig_free(at);
}

/* A job that a library before the outbox has put in; and columns of the job and the worker, some of them the same. */
static void other_payloads(void **state) {
  rig *at = begin(state, "CASCADE");
  hooks given = {.wants_path = true};
  put_purge(at, "id <= 10", NULL);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM cascade_queue_job WHERE payload LIKE '{\"version\":1,%' AND "
                                   "payload NOT LIKE '%outbox%'"),
                   1);
  put_purge(at, "id > 10 And id <= 20", &recorded);
  static const char *const tables[] = {"film", "copy"}, *const columns[] = {"path", "film_id"};
  cascade_worker_options options = options_of(&given);
  options.column_count = 2;
  options.column_tables = tables;
  options.columns = columns;
  cascade_worker_report report = work_with(at, &given, &options);
  assert_int_equal(report.done, 2);
  assert_int_equal(report.deleted, 24);
  assert_int_equal(given.paths, 20);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM cascade_outbox_row WHERE row_columns LIKE '%reel%' OR "
                                   "row_columns LIKE '%film_id%'"),
                   12);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM cascade_outbox_row"), 12);
  rig_free(at);
}

int main(int count, char **arguments) {
  int failed = 0;
  for (int i = 1; i < count; i++) {
    struct CMUnitTest tests[] = {cmocka_unit_test(vetoes_in_detached_rows),
                                 cmocka_unit_test(vetoes_in_a_purge),
                                 cmocka_unit_test(everything_is_vetoed),
                                 cmocka_unit_test(failing_hooks),
                                 cmocka_unit_test(failing_at_length),
                                 cmocka_unit_test(failing_after_commit),
                                 cmocka_unit_test(failing_after_commit_for_good),
                                 cmocka_unit_test(killed),
                                 cmocka_unit_test(refused),
                                 cmocka_unit_test(other_payloads)};
    for (size_t j = 0; j < sizeof tests / sizeof *tests; j++) tests[j].initial_state = arguments[i];
    failed += cmocka_run_group_tests_name(arguments[i], tests, NULL, NULL);
  }
  return failed;
}

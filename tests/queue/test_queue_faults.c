/* Detach and the queue over a driver that fails at every call in turn, in every way, and with memory that runs out at
   every allocation. Whatever happens, nothing is half done; and who goes on afterwards ends where an undisturbed run
   ends, every row counted once. */
#include "fault_rig.h"

#include <stdlib.h>
#include <string.h>

/* Owners 1 to 4 are detached from their pets and papers, 5 and 6 are purged by a job. */
static const char schema[] =
    "PRAGMA foreign_keys = ON;"
    "CREATE TABLE owner (id INTEGER PRIMARY KEY);"
    "CREATE TABLE pet (id INTEGER PRIMARY KEY, owner_id INTEGER REFERENCES owner);"
    "CREATE TABLE visit (id INTEGER PRIMARY KEY, pet_id INTEGER NOT NULL REFERENCES pet ON DELETE CASCADE);"
    "CREATE TABLE paper (code TEXT, part REAL, owner_id INTEGER REFERENCES owner, PRIMARY KEY (code, part)) WITHOUT "
    "ROWID;"
    "CREATE INDEX pet_owner ON pet (owner_id); CREATE INDEX visit_pet ON visit (pet_id); CREATE INDEX paper_owner ON "
    "paper (owner_id);"
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 8) INSERT INTO owner SELECT i FROM n;"
    "INSERT INTO pet SELECT id + 10 * n, id FROM owner, (SELECT 1 AS n UNION SELECT 2 UNION SELECT 3);"
    "INSERT INTO pet VALUES (91, NULL), (92, NULL);"
    "INSERT INTO visit SELECT id, id FROM pet; INSERT INTO visit SELECT id + 100, id FROM pet;"
    "INSERT INTO paper SELECT 'c' || id, id + 0.1, id FROM owner; INSERT INTO paper VALUES ('none', 1.5, NULL);";

static const char rules[] = "[{\"table\": \"pet\", \"column\": \"owner_id\", \"rule\": \"DETACH\"},"
                            " {\"table\": \"paper\", \"column\": \"owner_id\", \"rule\": \"DETACH\"}]";

enum { BY_WORKERS = 4 * (3 + 6 + 1) + 2 * (1 + 3 + 6 + 1) };

static void make(fault_rig *at) {
  fault_rig_make(at, schema);
}

static bool installed(fault_rig *at) {
  return fault_rig_ask(at, "SELECT COUNT(*) FROM sqlite_schema WHERE name = 'cascade_queue_text_job'") &&
         fault_rig_ask(at, "SELECT COUNT(*) FROM cascade_queue");
}

static int32_t nothing_stays(void *data, const cascade_deleted *tables, uint32_t count) {
  (void)data;
  return !tables || !count;
}

static cascade_status work(fault_rig *at, cascade_error **error) {
  static const char *const table[] = {"pet"}, *const column[] = {"owner_id"};
  cascade_worker_options options = {
      .size = sizeof options, .before_batch = nothing_stays, .column_tables = table, .columns = column, .column_count = 1};
  cascade_worker *worker = NULL;
  cascade_status status = cascade_worker_new(at->connection, &options, &worker, error);
  while (status == CASCADE_OK) status = cascade_worker_step(worker, error);
  cascade_worker_free(worker);
  return status;
}

static cascade_status put_in(fault_rig *at, cascade_error **error) {
  cascade_graph *graph = NULL;
  cascade_policy *policy = NULL;
  cascade_selection *detached = NULL, *purged = NULL;
  const int64_t keys[] = {5, 6};
  static const char *const table[] = {"visit"}, *const column[] = {"pet_id"};
  cascade_job_options options = {.size = sizeof options,
                                 .max_tx_rows = 12, /* so that pages shrink */
                                 .outbox = 1,
                                 .column_count = 1,
                                 .column_tables = table,
                                 .columns = column,
                                 .actor = "jo"};
  cascade_detach_options how = {.size = sizeof how, .job = &options};
  cascade_detach_report report = {.size = sizeof report};
  bool again = installed(at) && !fault_rig_ask(at, "SELECT COUNT(*) FROM owner WHERE id <= 4");
  bool job = installed(at) && fault_rig_ask(at, "SELECT COUNT(*) FROM cascade_queue_job WHERE kind = 'purge'");
  cascade_status status = cascade_queue_install(at->connection, error);
  if (status >= 0) status = cascade_outbox_install(at->connection, error);
  if (status >= 0) status = cascade_graph_read(at->connection, NULL, &graph, error);
  if (status >= 0) status = cascade_policy_load(graph, rules, strlen(rules), &policy, error);
  if (status >= 0) status = cascade_selection_where(graph, "owner", "id <= 4", NULL, 0, &detached, error);
  if (status >= 0) status = cascade_selection_integers(graph, "owner", keys, 2, &purged, error);
  if (status >= 0 && !again) {
    status = cascade_detach(at->connection, policy, detached, &how, &report, error);
    assert_int_equal(report.detached, status < 0 ? 0 : 16);
  }
  if (status >= 0 && !job) status = cascade_queue_purge(at->connection, policy, purged, &options, NULL, error);
  cascade_selection_free(detached);
  cascade_selection_free(purged);
  cascade_policy_free(policy);
  cascade_graph_free(graph);
  return status;
}

static cascade_status use(fault_rig *at) {
  cascade_error *error = NULL;
  char *list = NULL, *metrics = NULL;
  cascade_status status = put_in(at, &error);
  if (status >= 0) status = work(at, &error);
  if (status >= 0) status = cascade_queue_list(at->connection, NULL, &list, &error);
  if (status >= 0) status = cascade_queue_metrics(at->connection, &metrics, &error);
  cascade_text_free(list);
  cascade_text_free(metrics);
  return fault_told(status, error);
}

/* No reference dangles; owners are gone with all of theirs recorded, or all are there. */
static void sound(fault_rig *at) {
  assert_true(sqlite3_get_autocommit(at->db));
  assert_int_equal(fault_rig_ask(at, "SELECT COUNT(*) FROM pragma_foreign_key_check"), 0);
  assert_int_equal(fault_rig_ask(at, "SELECT COUNT(*) FROM pet WHERE id > 90"), 2);
  assert_int_equal(fault_rig_ask(at, "SELECT COUNT(*) FROM paper WHERE code = 'none'"), 1);
  int owners = fault_rig_ask(at, "SELECT COUNT(*) FROM owner WHERE id <= 4");
  assert_true(owners == 0 || owners == 4);
  int orphans = fault_rig_ask(at, "SELECT COUNT(*) FROM pet WHERE owner_id IS NULL AND id < 90");
  if (owners) assert_int_equal(orphans, 0);
  else assert_int_equal(orphans, fault_rig_ask(at, "SELECT COUNT(*) FROM cascade_queue_number"));
}

/* The faults are over: leases end, what is dead is taken up again. */
static void goes_on(fault_rig *at, const fault_outcome *outcome) {
  (void)outcome;
  cascade_error *error = NULL;
  sound(at);
  if (put_in(at, &error) < 0) fail_msg("%s", cascade_error_message(error));
  fault_rig_run(at, "UPDATE cascade_queue_job SET due = 0, state = 'ready' WHERE state <> 'done'");
  if (work(at, &error) != CASCADE_DONE) fail_msg("%s", cascade_error_message(error));
  sound(at);
  assert_int_equal(fault_rig_ask(at, "SELECT COUNT(*) FROM cascade_queue_job WHERE state <> 'done'"), 0);
  assert_int_equal(fault_rig_ask(at, "SELECT SUM(deleted) FROM cascade_queue_job"), BY_WORKERS);
  assert_int_equal(fault_rig_ask(at, "SELECT SUM(kept) + SUM(keys_left) FROM cascade_queue_job"), 0);
  assert_int_equal(fault_rig_ask(at, "SELECT COUNT(*) FROM owner"), 2);
  assert_int_equal(fault_rig_ask(at, "SELECT COUNT(*) FROM pet"), 8);
  assert_int_equal(fault_rig_ask(at, "SELECT COUNT(*) FROM visit"), 16);
  assert_int_equal(fault_rig_ask(at, "SELECT COUNT(*) FROM paper"), 3);
  assert_int_equal(
      fault_rig_ask(at, "SELECT (SELECT COUNT(*) FROM cascade_queue_number) + (SELECT COUNT(*) FROM cascade_queue_text)"), 0);
  assert_int_equal(fault_rig_ask(at, "SELECT COUNT(*) FROM cascade_outbox_row"), BY_WORKERS + 4);
  assert_int_equal(fault_rig_ask(at, "SELECT COUNT(*) FROM (SELECT DISTINCT table_name, row_key FROM cascade_outbox_row)"),
                   BY_WORKERS + 4);
  assert_int_equal(fault_rig_ask(at, "SELECT COUNT(*) FROM cascade_audit WHERE finished"), 4); /* the detach, and three jobs */
  assert_int_equal(fault_rig_ask(at, "SELECT COUNT(*) FROM cascade_audit"), 4);
  assert_int_equal(fault_rig_ask(at, "SELECT SUM(deleted) FROM cascade_audit"), BY_WORKERS + 4);
}

/* ---- what people and consumers do ---- */

/* All is done but one job, which waits. */
static void make_worked_off(fault_rig *at) {
  cascade_error *error = NULL;
  cascade_graph *graph = NULL;
  cascade_policy *policy = NULL;
  cascade_selection *owner = NULL;
  const int64_t key = 7;
  cascade_job_options options = {.size = sizeof options, .delay_ms = 3600000};
  make(at);
  assert_true(put_in(at, &error) >= 0);
  assert_int_equal(work(at, &error), CASCADE_DONE);
  assert_true(cascade_graph_read(at->connection, NULL, &graph, &error) >= 0);
  assert_true(cascade_policy_load(graph, rules, strlen(rules), &policy, &error) >= 0);
  assert_true(cascade_selection_integers(graph, "owner", &key, 1, &owner, &error) >= 0);
  assert_true(cascade_queue_purge(at->connection, policy, owner, &options, NULL, &error) >= 0);
  cascade_selection_free(owner);
  cascade_policy_free(policy);
  cascade_graph_free(graph);
}

static cascade_status follow(fault_rig *at, cascade_error **error) {
  cascade_outbox_options few = {.size = sizeof few, .limit = 40};
  cascade_status status = CASCADE_OK;
  while (status == CASCADE_OK) {
    int64_t batch;
    uint64_t rows = 0;
    char *text = NULL;
    status = cascade_outbox_read(at->connection, &few, &batch, &text, error);
    assert_int_equal(text != NULL, status == CASCADE_OK);
    cascade_text_free(text);
    if (status == CASCADE_OK) status = cascade_outbox_ack(at->connection, batch, &rows, error);
    if (status == CASCADE_OK) assert_true(rows > 0);
  }
  return status < 0 ? status : CASCADE_OK;
}

static cascade_status look_after(fault_rig *at) {
  cascade_error *error = NULL;
  char *list = NULL, *metrics = NULL, *audit = NULL;
  int64_t job = fault_rig_ask(at, "SELECT id FROM cascade_queue_job WHERE state <> 'done'");
  cascade_status status = follow(at, &error);
  if (status >= 0) status = cascade_audit_list(at->connection, NULL, &audit, &error);
  if (status >= 0) status = cascade_queue_pause(at->connection, 0, &error);
  if (status >= 0) status = cascade_queue_resume(at->connection, 0, &error);
  if (status >= 0) status = cascade_queue_pause(at->connection, job, &error);
  if (status >= 0) status = cascade_queue_resume(at->connection, job, &error);
  if (status >= 0) status = cascade_queue_cancel(at->connection, job, &error);
  if (status >= 0) status = cascade_queue_list(at->connection, NULL, &list, &error);
  if (status >= 0) status = cascade_queue_metrics(at->connection, &metrics, &error);
  if (status >= 0) status = cascade_queue_retry(at->connection, job, &error);
  if (status >= 0) assert_true(audit && strstr(audit, "\"jo\""));
  if (status >= 0) assert_true(strstr(list, "cancelled") && strstr(metrics, "\"cancelled\": 1"));
  cascade_text_free(list);
  cascade_text_free(metrics);
  cascade_text_free(audit);
  return fault_told(status, error);
}

/* The faults are over. What was read and not acknowledged is read again. */
static void look_after_again(fault_rig *at, const fault_outcome *outcome) {
  (void)outcome;
  sound(at);
  assert_int_equal(fault_rig_ask(at, "SELECT SUM(deleted) FROM cascade_audit"), BY_WORKERS + 4);
  fault_rig_run(at, "UPDATE cascade_queue_job SET state = 'ready' WHERE state <> 'done';"
                    "UPDATE cascade_queue SET paused = 0;"
                    "UPDATE cascade_outbox_row SET due = 0");
  assert_int_equal(look_after(at), CASCADE_OK);
  assert_int_equal(fault_rig_ask(at, "SELECT COUNT(*) FROM cascade_outbox_row"), 0);
  assert_int_equal(fault_rig_ask(at, "SELECT COUNT(*) FROM cascade_queue_job WHERE state = 'ready'"), 1);
}

static const fault_scene jobs = {
    .make = make, .use = use, .after = goes_on, .drop = fault_rig_drop, .done = CASCADE_OK, .stride = 4};
static const fault_scene people = {
    .make = make_worked_off, .use = look_after, .after = look_after_again, .drop = fault_rig_drop, .done = CASCADE_OK, .stride = 4};

static void sweep(const fault_scene *scene, fault script) {
  fault_sweep_calls(scene, NULL, script);
}

static void any_call_fails(void **state) {
  const fault_scene *of = *state;
  sweep(of, (fault){.status = CASCADE_DATABASE, .transaction = CASCADE_TX_OPEN});
  sweep(of, (fault){.status = CASCADE_DATABASE, .transaction = CASCADE_TX_ROLLED_BACK, .silent = true});
  sweep(of, (fault){.calls = FAULT_EXECUTE, .status = CASCADE_BUSY, .transaction = CASCADE_TX_ROLLED_BACK});
}

static void connection_is_lost(void **state) {
  sweep(*state, (fault){.status = CASCADE_CONNECTION, .transaction = CASCADE_TX_ROLLED_BACK, .lasting = true});
}

static void commit_is_lost(void **state) {
  sweep(*state, (fault){.match = "COMMIT", .status = CASCADE_CONNECTION, .transaction = CASCADE_TX_UNKNOWN, .after = true});
}

/* A worker that has claimed the first of the jobs. */
static cascade_worker *claim_first(fault_rig *at) {
  cascade_worker *worker = NULL;
  cascade_error *error = NULL;
  make(at);
  assert_true(put_in(at, &error) >= 0);
  assert_int_equal(cascade_worker_new(at->connection, NULL, &worker, NULL), CASCADE_OK);
  assert_int_equal(cascade_worker_step(worker, NULL), CASCADE_OK);
  return worker;
}

static void cancel_gives_back(void **state) {
  (void)state;
  fault_rig at = {0};
  cascade_worker *worker = claim_first(&at);
  assert_int_equal(fault_rig_ask(&at, "SELECT COUNT(*) FROM cascade_queue_job WHERE state = 'claimed'"), 1);
  cascade_worker_cancel(worker);
  assert_int_equal(cascade_worker_step(worker, NULL), CASCADE_CANCELLED);
  assert_int_equal(fault_rig_ask(&at, "SELECT COUNT(*) FROM cascade_queue_job WHERE state = 'ready'"), 3);
  cascade_worker_free(worker);
  goes_on(&at, NULL);
  fault_rig_drop(&at);
}

/* Whoever is asked to stop and is freed before the next step does not keep the job until its lease ends. */
static void cancelled_and_freed(void **state) {
  (void)state;
  fault_rig at = {0};
  cascade_worker *worker = claim_first(&at);
  cascade_worker_cancel(worker);
  cascade_worker_free(worker);
  assert_int_equal(fault_rig_ask(&at, "SELECT COUNT(*) FROM cascade_queue_job WHERE state = 'ready'"), 3);
  goes_on(&at, NULL);
  fault_rig_drop(&at);
}

static fault_rig *meddled;
static cascade_status (*execute_before)(void *, const cascade_statement *, uint64_t *, cascade_error **);

/* A COMMIT that could not be, and before the next try all rows have a parent again. */
static cascade_status commit_in_vain(void *self, const cascade_statement *statement, uint64_t *affected, cascade_error **error) {
  const cascade_error_details busy = {
      .size = sizeof busy, .status = CASCADE_BUSY, .transaction = CASCADE_TX_ROLLED_BACK, .message = "busy"};
  if (strcmp(statement->sql, "COMMIT")) return execute_before(self, statement, affected, error);
  meddled->driver->table.execute = execute_before;
  fault_rig_run(meddled, "ROLLBACK; UPDATE pet SET owner_id = 7 WHERE owner_id IS NULL AND id < 90;"
                         "UPDATE paper SET owner_id = 7 WHERE owner_id IS NULL AND code <> 'none'");
  return cascade_error_create(NULL, &busy, error);
}

static void rows_leave_between_two_tries(void **state) {
  (void)state;
  fault_rig at = {0};
  cascade_worker *worker = claim_first(&at);
  meddled = &at;
  execute_before = at.driver->table.execute;
  at.driver->table.execute = commit_in_vain;
  cascade_status status = CASCADE_OK;
  while (status == CASCADE_OK) status = cascade_worker_step(worker, NULL);
  assert_int_equal(status, CASCADE_DONE);
  cascade_worker_free(worker);
  assert_ptr_equal(at.driver->table.execute, execute_before);
  assert_int_equal(fault_rig_ask(&at, "SELECT COUNT(*) FROM pet WHERE owner_id = 7"), 12 + 3);
  assert_int_equal(fault_rig_ask(&at, "SELECT SUM(kept) FROM cascade_queue_job"), 12 + 4);
  assert_int_equal(fault_rig_ask(&at, "SELECT SUM(keys_left) FROM cascade_queue_job"), 0);
  assert_int_equal(
      fault_rig_ask(&at, "SELECT (SELECT COUNT(*) FROM cascade_queue_number) + (SELECT COUNT(*) FROM cascade_queue_text)"), 0);
  fault_rig_drop(&at);
}

/* A fill that has failed before and has got on since may fail as often as any. */
static void fill_gets_on(void **state) {
  (void)state;
  fault_rig at = {0};
  make(&at);
  fault_rig_run(&at, "CREATE TABLE pair (pet_id INTEGER, owner_id INTEGER, PRIMARY KEY (pet_id, owner_id)) WITHOUT ROWID");
  static const char *const columns[] = {"pet_id", "owner_id"};
  cascade_fill_target target = {
      .size = sizeof target, .table = "pair", .columns = columns, .key = columns, .column_count = 2, .key_count = 2};
  cascade_fill_options few = {.size = sizeof few, .max_tx_rows = 4};
  cascade_job_options twice = {.size = sizeof twice, .max_attempts = 2};
  const fault refused = {
      .match = "Insert Or", .at = 1, .lasting = true, .status = CASCADE_DATABASE, .transaction = CASCADE_TX_ROLLED_BACK};
  cascade_graph *graph = NULL;
  cascade_fill *fill = NULL;
  cascade_worker *worker = NULL;
  assert_int_equal(cascade_queue_install(at.connection, NULL), CASCADE_OK);
  assert_int_equal(cascade_graph_read(at.connection, NULL, &graph, NULL), CASCADE_OK);
  assert_int_equal(cascade_fill_new(at.connection, graph, &target, &few, &fill, NULL), CASCADE_OK);
  assert_int_equal(cascade_fill_select(fill, "SELECT id, owner_id FROM pet WHERE id < 90", NULL, 0, NULL), CASCADE_OK);
  assert_int_equal(cascade_queue_fill(fill, &twice, NULL, NULL), CASCADE_OK);
  cascade_fill_free(fill);
  cascade_graph_free(graph);
  fault_rig_run(&at, "UPDATE cascade_queue_job SET attempts = 1");
  assert_int_equal(cascade_worker_new(at.connection, NULL, &worker, NULL), CASCADE_OK);
  assert_int_equal(cascade_worker_step(worker, NULL), CASCADE_OK);
  assert_int_equal(cascade_worker_step(worker, NULL), CASCADE_OK);
  assert_int_equal(fault_rig_ask(&at, "SELECT COUNT(*) FROM cascade_queue_job WHERE inserted > 0 AND state = 'claimed'"), 1);
  fault_driver_script(at.driver, &refused);
  assert_int_equal(cascade_worker_step(worker, NULL), CASCADE_OK);
  fault_rig_heal(&at);
  assert_int_equal(fault_rig_ask(&at, "SELECT COUNT(*) FROM cascade_queue_job WHERE state = 'ready' AND error IS NOT NULL"), 1);
  fault_rig_run(&at, "UPDATE cascade_queue_job SET due = 0");
  while (cascade_worker_step(worker, NULL) == CASCADE_OK) continue;
  cascade_worker_free(worker);
  assert_int_equal(fault_rig_ask(&at, "SELECT COUNT(*) FROM pair"), 8 * 3);
  fault_rig_drop(&at);
}

static void memory_runs_out(void **state) {
  fault_sweep_memory(*state, NULL);
}

int main(void) {
  const fault_scene *const scenes[] = {&jobs, &people};
  int failed = 0;
  for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++) {
    struct CMUnitTest tests[] = {cmocka_unit_test(any_call_fails), cmocka_unit_test(connection_is_lost),
                                 cmocka_unit_test(commit_is_lost), cmocka_unit_test(memory_runs_out)};
    for (size_t j = 0; j < sizeof tests / sizeof *tests; j++) tests[j].initial_state = (void *)(uintptr_t)scenes[i];
    failed += cmocka_run_group_tests_name(i ? "people" : "jobs", tests, NULL, NULL);
  }
  const struct CMUnitTest once[] = {cmocka_unit_test(cancel_gives_back), cmocka_unit_test(cancelled_and_freed),
                                    cmocka_unit_test(rows_leave_between_two_tries), cmocka_unit_test(fill_gets_on)};
  return failed + cmocka_run_group_tests(once, NULL, NULL);
}

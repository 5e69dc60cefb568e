/* Detach and the queue over a driver that fails at every call in turn, in every way, and with memory that runs out at
   every allocation. Whatever happens, nothing is half done; and who goes on afterwards ends where an undisturbed run
   ends, every row counted once. */
#include "failing_alloc.h"
#include "fault_driver.h"

#include <cascade.h>
#include <sqlite3.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

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

typedef struct rig {
  sqlite3 *db;
  failing_alloc memory;
  cascade_context *context;
  fault_driver *driver;
  cascade_connection *connection;
} rig;

static int ask(sqlite3 *db, const char *sql) {
  sqlite3_stmt *statement = NULL;
  if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL)) fail_msg("%s: %s", sql, sqlite3_errmsg(db));
  int value = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int(statement, 0) : -1;
  sqlite3_finalize(statement);
  return value;
}

static void make(rig *at) {
  *at = (rig){.memory = {.allowed = -1}};
  assert_int_equal(sqlite3_open(":memory:", &at->db), SQLITE_OK);
  assert_int_equal(sqlite3_exec(at->db, schema, NULL, NULL, NULL), SQLITE_OK);
  assert_non_null(at->context = failing_context(&at->memory));
  assert_non_null(at->driver = fault_driver_over_sqlite(at->context, at->db));
  assert_int_equal(fault_driver_connect(at->driver, &at->connection, NULL), CASCADE_OK);
}

static void drop(rig *at) {
  cascade_connection_free(at->connection);
  cascade_context_free(at->context);
  assert_int_equal(at->memory.live, 0);
  assert_int_equal(sqlite3_close(at->db), SQLITE_OK);
}

static bool installed(rig *at) {
  return ask(at->db, "SELECT COUNT(*) FROM sqlite_schema WHERE name = 'cascade_queue_text_job'") &&
         ask(at->db, "SELECT COUNT(*) FROM cascade_queue");
}

static int32_t nothing_stays(void *data, const cascade_deleted *tables, uint32_t count) {
  (void)data;
  return !tables || !count;
}

static cascade_status work(rig *at, cascade_error **error) {
  static const char *const table[] = {"pet"}, *const column[] = {"owner_id"};
  cascade_worker_options options = {.size = sizeof options, .before_batch = nothing_stays, .column_tables = table,
                                    .columns = column, .column_count = 1};
  cascade_worker *worker = NULL;
  cascade_status status = cascade_worker_new(at->connection, &options, &worker, error);
  while (status == CASCADE_OK) status = cascade_worker_step(worker, error);
  cascade_worker_free(worker);
  return status;
}

static cascade_status put_in(rig *at, cascade_error **error) {
  cascade_graph *graph = NULL;
  cascade_policy *policy = NULL;
  cascade_selection *detached = NULL, *purged = NULL;
  const int64_t keys[] = {5, 6};
  static const char *const table[] = {"visit"}, *const column[] = {"pet_id"};
  cascade_job_options options = {.size = sizeof options, .max_tx_rows = 12, /* so that pages shrink */
                                 .outbox = 1, .column_count = 1, .column_tables = table, .columns = column, .actor = "jo"};
  cascade_detach_options how = {.size = sizeof how, .job = &options};
  cascade_detach_report report = {.size = sizeof report};
  bool again = installed(at) && !ask(at->db, "SELECT COUNT(*) FROM owner WHERE id <= 4");
  bool job = installed(at) && ask(at->db, "SELECT COUNT(*) FROM cascade_queue_job WHERE kind = 'purge'");
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

static cascade_status use(rig *at) {
  cascade_error *error = NULL;
  char *list = NULL, *metrics = NULL;
  cascade_status status = put_in(at, &error);
  if (status >= 0) status = work(at, &error);
  if (status >= 0) status = cascade_queue_list(at->connection, NULL, &list, &error);
  if (status >= 0) status = cascade_queue_metrics(at->connection, &metrics, &error);
  if (status < 0) {
    assert_int_equal(cascade_error_status(error), status);
    assert_true(strlen(cascade_error_message(error)) > 0);
  } else assert_null(error);
  cascade_error_free(error);
  cascade_text_free(list);
  cascade_text_free(metrics);
  return status;
}

/* No reference dangles; owners are gone with all of theirs recorded, or all are there. */
static void sound(rig *at) {
  if (!sqlite3_get_autocommit(at->db)) sqlite3_exec(at->db, "ROLLBACK", NULL, NULL, NULL); /* even ROLLBACK was lost */
  assert_int_equal(ask(at->db, "SELECT COUNT(*) FROM pragma_foreign_key_check"), 0);
  assert_int_equal(ask(at->db, "SELECT COUNT(*) FROM pet WHERE id > 90"), 2);
  assert_int_equal(ask(at->db, "SELECT COUNT(*) FROM paper WHERE code = 'none'"), 1);
  int owners = ask(at->db, "SELECT COUNT(*) FROM owner WHERE id <= 4");
  assert_true(owners == 0 || owners == 4);
  int orphans = ask(at->db, "SELECT COUNT(*) FROM pet WHERE owner_id IS NULL AND id < 90");
  if (owners) assert_int_equal(orphans, 0);
  else assert_int_equal(orphans, ask(at->db, "SELECT COUNT(*) FROM cascade_queue_number"));
}

/* The faults are over: leases end, what is dead is taken up again. */
static void goes_on(rig *at) {
  fault_driver_script(at->driver, &(fault){0});
  at->memory.allowed = -1;
  at->memory.failed = false;
  cascade_error *error = NULL;
  if (put_in(at, &error) < 0) fail_msg("%s", cascade_error_message(error));
  assert_int_equal(sqlite3_exec(at->db, "UPDATE cascade_queue_job SET due = 0, state = 'ready' WHERE state <> 'done'",
                                NULL, NULL, NULL),
                   0);
  if (work(at, &error) != CASCADE_DONE) fail_msg("%s", cascade_error_message(error));
  sound(at);
  assert_int_equal(ask(at->db, "SELECT COUNT(*) FROM cascade_queue_job WHERE state <> 'done'"), 0);
  assert_int_equal(ask(at->db, "SELECT SUM(deleted) FROM cascade_queue_job"), BY_WORKERS);
  assert_int_equal(ask(at->db, "SELECT SUM(kept) + SUM(keys_left) FROM cascade_queue_job"), 0);
  assert_int_equal(ask(at->db, "SELECT COUNT(*) FROM owner"), 2);
  assert_int_equal(ask(at->db, "SELECT COUNT(*) FROM pet"), 8);
  assert_int_equal(ask(at->db, "SELECT COUNT(*) FROM visit"), 16);
  assert_int_equal(ask(at->db, "SELECT COUNT(*) FROM paper"), 3);
  assert_int_equal(
      ask(at->db, "SELECT (SELECT COUNT(*) FROM cascade_queue_number) + (SELECT COUNT(*) FROM cascade_queue_text)"), 0);
  assert_int_equal(ask(at->db, "SELECT COUNT(*) FROM cascade_outbox_row"), BY_WORKERS + 4);
  assert_int_equal(ask(at->db, "SELECT COUNT(*) FROM (SELECT DISTINCT table_name, row_key FROM cascade_outbox_row)"),
                   BY_WORKERS + 4);
  assert_int_equal(ask(at->db, "SELECT COUNT(*) FROM cascade_audit WHERE finished"), 4); /* the detach, and three jobs */
  assert_int_equal(ask(at->db, "SELECT COUNT(*) FROM cascade_audit"), 4);
  assert_int_equal(ask(at->db, "SELECT SUM(deleted) FROM cascade_audit"), BY_WORKERS + 4);
}

/* ---- what people and consumers do ---- */

/* All is done but one job, which waits. */
static void make_worked_off(rig *at) {
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

static cascade_status follow(rig *at, cascade_error **error) {
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

static cascade_status look_after(rig *at) {
  cascade_error *error = NULL;
  char *list = NULL, *metrics = NULL, *audit = NULL;
  int64_t job = ask(at->db, "SELECT id FROM cascade_queue_job WHERE state <> 'done'");
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
  assert_int_equal(cascade_error_status(error), status < 0 ? status : CASCADE_OK);
  if (status < 0) assert_true(strlen(cascade_error_message(error)) > 0);
  cascade_error_free(error);
  cascade_text_free(list);
  cascade_text_free(metrics);
  cascade_text_free(audit);
  return status;
}

/* The faults are over. What was read and not acknowledged is read again. */
static void look_after_again(rig *at) {
  fault_driver_script(at->driver, &(fault){0});
  at->memory.allowed = -1;
  at->memory.failed = false;
  assert_int_equal(ask(at->db, "SELECT SUM(deleted) FROM cascade_audit"), BY_WORKERS + 4);
  assert_int_equal(sqlite3_exec(at->db,
                                "UPDATE cascade_queue_job SET state = 'ready' WHERE state <> 'done';"
                                "UPDATE cascade_queue SET paused = 0;"
                                "UPDATE cascade_outbox_row SET due = 0",
                                NULL, NULL, NULL),
                   SQLITE_OK);
  assert_int_equal(look_after(at), CASCADE_OK);
  assert_int_equal(ask(at->db, "SELECT COUNT(*) FROM cascade_outbox_row"), 0);
  assert_int_equal(ask(at->db, "SELECT COUNT(*) FROM cascade_queue_job WHERE state = 'ready'"), 1);
}

/* How many calls apart the faults are: only a long run of the suite takes each. */
static uint64_t stride(void) {
  return getenv("CASCADE_QUICK") ? 41 : getenv("CASCADE_LONG") ? 1 : 4;
}

/* Sweeps begin at different calls, so that together they come to all. */
static uint64_t beginning(void) {
  static uint64_t sweeps;
  return sweeps++ % stride();
}

/* What is done with faults, what goes before it and after it without. */
typedef struct scene {
  void (*before)(rig *at);
  cascade_status (*use)(rig *at);
  void (*after)(rig *at);
} scene;

static const scene jobs = {make, use, goes_on}, people = {make_worked_off, look_after, look_after_again};

static void sweep(const scene *of, fault script) {
  bool fired = true;
  uint64_t step = script.match ? 1 : stride(); /* of some statements there are few */
  for (uint64_t n = step > 1 ? 1 + beginning() : 1; fired; n += step) {
    rig at;
    of->before(&at);
    script.at = n;
    fault_driver_script(at.driver, &script);
    cascade_status status = of->use(&at);
    fired = at.driver->fired;
    if (!fired) assert_int_equal(status, CASCADE_OK);
    sound(&at);
    of->after(&at);
    drop(&at);
    assert_true(n < 5000);
  }
}

static void any_call_fails(void **state) {
  const scene *of = *state;
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

static void cancel_gives_back(void **state) {
  (void)state;
  rig at;
  make(&at);
  cascade_error *error = NULL;
  cascade_worker *worker = NULL;
  assert_true(put_in(&at, &error) >= 0);
  assert_int_equal(cascade_worker_new(at.connection, NULL, &worker, NULL), CASCADE_OK);
  assert_int_equal(cascade_worker_step(worker, NULL), CASCADE_OK);
  assert_int_equal(ask(at.db, "SELECT COUNT(*) FROM cascade_queue_job WHERE state = 'claimed'"), 1);
  cascade_worker_cancel(worker);
  assert_int_equal(cascade_worker_step(worker, NULL), CASCADE_CANCELLED);
  assert_int_equal(ask(at.db, "SELECT COUNT(*) FROM cascade_queue_job WHERE state = 'ready'"), 3);
  cascade_worker_free(worker);
  goes_on(&at);
  drop(&at);
}

static void memory_runs_out(void **state) {
  const scene *of = *state;
  long step = (long)stride();
  for (long n = 0;; n += step) {
    rig at;
    of->before(&at);
    at.memory.allowed = n;
    cascade_status status = of->use(&at);
    bool failed = at.memory.failed;
    at.memory.allowed = -1;
    at.memory.failed = false;
    if (failed) assert_true(status < 0);
    sound(&at);
    of->after(&at);
    drop(&at);
    if (!failed) break;
    if (n > 200) step = 7 * (long)stride(); /* by then the same places come again and again */
  }
}

int main(void) {
  const scene *const scenes[] = {&jobs, &people};
  int failed = 0;
  for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++) {
    struct CMUnitTest tests[] = {cmocka_unit_test(any_call_fails), cmocka_unit_test(connection_is_lost),
                                 cmocka_unit_test(commit_is_lost), cmocka_unit_test(memory_runs_out)};
    for (size_t j = 0; j < sizeof tests / sizeof *tests; j++) tests[j].initial_state = (void *)(uintptr_t)scenes[i];
    failed += cmocka_run_group_tests_name(i ? "people" : "jobs", tests, NULL, NULL);
  }
  const struct CMUnitTest once[] = {cmocka_unit_test(cancel_gives_back)};
  return failed + cmocka_run_group_tests(once, NULL, NULL);
}

/* What was said when a job was put in holds for the worker that does it; and which jobs are given up.

   test_jobs ENGINE... */
#include "queue_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { NOTES = 3000 };

/* Agent 1 has all notes. */
static const char schema[] =
    "CREATE TABLE agent (id INTEGER NOT NULL PRIMARY KEY);"
    "CREATE TABLE note (id INTEGER NOT NULL PRIMARY KEY, agent_id INTEGER, FOREIGN KEY (agent_id) REFERENCES agent (id) "
    "ON DELETE CASCADE);"
    "CREATE INDEX note_agent ON note (agent_id);"
    "CREATE TABLE pair (note_id INTEGER NOT NULL PRIMARY KEY, word VARCHAR(20), FOREIGN KEY (note_id) REFERENCES note (id) "
    "ON DELETE CASCADE);"
    "INSERT INTO agent VALUES (1), (2);"
    "INSERT INTO note WITH RECURSIVE d(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM d WHERE n < 99)"
    " SELECT 1 + a.n + 100 * b.n, 1 FROM d a, d b WHERE b.n < 30";

static rig *begin(void **state) {
  rig *at = rig_new(*state, schema);
  rig_policy(at, "[]");
  return at;
}

static const char *of(const rig *at, const char *sqlite, const char *postgresql, const char *mariadb) {
  return at->sqlite ? sqlite : !strcmp(at->engine, "postgresql") ? postgresql : mariadb;
}

static void put(rig *at, cascade_selection *selection, const cascade_job_options *options) {
  cascade_error *error = NULL;
  rig_ok(cascade_queue_purge(at->connection, at->policy, selection, options, NULL, &error), error);
  cascade_selection_free(selection);
}

/* The last job's worker has refused it, and nothing has gone. */
static void refused(rig *at, const char *error) {
  char sql[300];
  assert_int_equal(rig_work(at).failed, 1);
  snprintf(sql, sizeof sql,
           "SELECT COUNT(*) FROM cascade_queue_job WHERE state = 'dead' AND deleted = 0 AND error LIKE '%s%%' AND "
           "id = (SELECT MAX(id) FROM cascade_queue_job)",
           error);
  assert_int_equal(rig_integer(at, sql), 1);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM note"), NOTES);
}

static void options_of_a_purge(void **state) {
  rig *at = begin(state);
  cascade_job_options few = {.size = sizeof few, .max_rows = NOTES};
  put(at, rig_row(at, "agent", 1), &few);
  refused(at, "CASCADE_MAX_ROWS");

  rig_run(at, of(at, "CREATE TRIGGER gone AFTER DELETE ON note BEGIN SELECT 1; END",
                 "CREATE FUNCTION gone() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END';"
                 "CREATE TRIGGER gone AFTER DELETE ON note FOR EACH ROW EXECUTE FUNCTION gone()",
                 "SELECT 1"));
  cascade_job_options proven = {.size = sizeof proven, .integrity = CASCADE_INTEGRITY_PROVEN};
  put(at, rig_row(at, "agent", 1), &proven);
  refused(at, of(at, "CASCADE_TRIGGERS", "CASCADE_TRIGGERS", "CASCADE_UNSUPPORTED"));

  cascade_job_options all = {.size = sizeof all, .allow = CASCADE_ALLOW_NO_FILTER, .max_rows = 2 + NOTES};
  put(at, rig_where(at, "agent", ""), &all);
  assert_int_equal(rig_work(at).deleted, 2 + NOTES);
  assert_int_equal(rig_integer(at, "SELECT (SELECT COUNT(*) FROM agent) + (SELECT COUNT(*) FROM note)"), 0);
  rig_free(at);
}

/* The first row is selected by a value of each type; each of the others differs in one. */
static void values_of_a_condition(void **state) {
  rig *at = begin(state);
  cascade_error *error = NULL;
  cascade_selection *selection = NULL;
  const char *blob = of(at, "x'%s'", "decode('%s', 'hex')", "x'%s'");
  static const struct {
    const char *integer, *real, *text, *bytes;
  } rows[] = {{"-9223372036854775807", "0.1", "a ''\" \xc3\xa9", "00ff27"},
              {"-9223372036854775806", "0.1", "a ''\" \xc3\xa9", "00ff27"},
              {"-9223372036854775807", "0.10000000000000002", "a ''\" \xc3\xa9", "00ff27"},
              {"-9223372036854775807", "0.1", "b ''\" \xc3\xa9", "00ff27"},
              {"-9223372036854775807", "0.1", "a ''\" \xc3\xa9", "00ff28"}};
  char sql[400], bytes[40];
  snprintf(sql, sizeof sql,
           "CREATE TABLE mixed (id INTEGER NOT NULL PRIMARY KEY, i BIGINT, r DOUBLE PRECISION, t VARCHAR(20), b %s)",
           of(at, "BLOB", "BYTEA", "VARBINARY(20)"));
  rig_run(at, sql);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    snprintf(bytes, sizeof bytes, blob, rows[i].bytes);
    snprintf(sql, sizeof sql, "INSERT INTO mixed VALUES (%zu, %s, %s, '%s', %s)", i + 1, rows[i].integer, rows[i].real,
             rows[i].text, bytes);
    rig_run(at, sql);
  }
  rig_policy(at, "[]");
  const char *text = "a '\" \xc3\xa9";
  cascade_value values[] = {{.type = CASCADE_INT64, .integer = -INT64_MAX},
                            {.type = CASCADE_DOUBLE, .real = 0.1},
                            {.type = CASCADE_TEXT, .data = text, .length = strlen(text)},
                            {.type = CASCADE_BLOB, .data = "\0\xff'", .length = 3},
                            {.type = CASCADE_NULL}};
  rig_ok(cascade_selection_where(at->graph, "mixed", "i = ? And r = ? And t = ? And b = ? And Cast(? As char(9)) Is Null", values,
                                 5, &selection, &error),
         error);
  put(at, selection, NULL);
  assert_int_equal(rig_work(at).deleted, 1);
  assert_int_equal(rig_integer(at, "SELECT SUM(id) FROM mixed"), 2 + 3 + 4 + 5);
  rig_free(at);
}

static cascade_fill *new_fill(rig *at, cascade_connection *connection, const cascade_fill_options *options) {
  static const char *const columns[] = {"note_id", "word"};
  cascade_fill_target target = {
      .size = sizeof target, .table = "pair", .columns = columns, .key = columns, .column_count = 2, .key_count = 1};
  cascade_error *error = NULL;
  cascade_fill *fill = NULL;
  rig_ok(cascade_fill_new(connection, at->graph, &target, options, &fill, &error), error);
  rig_ok(cascade_fill_select(fill, "SELECT id, 'new' FROM note", NULL, 0, &error), error);
  return fill;
}

/* Rows that are there are overwritten; and the session's foreign keys are off, which only the job's options allow. */
static void options_of_a_fill(void **state) {
  rig *at = begin(state);
  cascade_error *error = NULL;
  cascade_connection *session = NULL;
  cascade_worker *worker = NULL;
  cascade_fill_options options = {.size = sizeof options, .mode = CASCADE_FILL_MERGE, .allow = CASCADE_ALLOW_UNENFORCED};
  const char *driver = of(at, "sqlite3", "pq", "mariadb");
  void *handle = at->sqlite ? (void *)at->sqlite : at->server->pg ? (void *)at->server->pg : (void *)at->server->mariadb;
  rig_run(at, "INSERT INTO pair SELECT id, 'old' FROM note WHERE id <= 100");
  rig_run(at, of(at, "PRAGMA foreign_keys = OFF", "SET session_replication_role = replica", "SET foreign_key_checks = 0"));
  rig_ok(cascade_connection_adopt(at->context, driver, handle, NULL, &session, &error), error);
  cascade_fill *fill = new_fill(at, session, &options);
  rig_ok(cascade_queue_fill(fill, NULL, NULL, &error), error);
  cascade_fill_free(fill);
  rig_ok(cascade_worker_new(session, NULL, &worker, &error), error);
  cascade_status status = CASCADE_OK;
  while (status == CASCADE_OK) status = cascade_worker_step(worker, &error);
  rig_ok(status, error);
  cascade_worker_free(worker);
  cascade_connection_free(session);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM cascade_queue_job WHERE state = 'done'"), 1);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM pair WHERE word = 'new'"), NOTES);
  assert_int_equal(rig_integer(at, "SELECT inserted FROM cascade_queue_job"), NOTES - 100);
  assert_int_equal(rig_integer(at, "SELECT updated FROM cascade_queue_job"), 100);
  rig_free(at);
}

/* Two workers that take the job from each other, as the lease ends all the time: so many claims, after each of which so many steps
   bring a batch to its end, or none does. */
static void take_turns(rig *at, int claims, int batches) {
  cascade_error *error = NULL;
  cascade_connection *sessions[] = {rig_connect(at), rig_connect(at)};
  for (int i = 0; i < claims; i++) {
    cascade_worker *worker = NULL;
    rig_ok(cascade_worker_new(sessions[i % 2], NULL, &worker, &error), error);
    for (int j = 0; j <= batches; j++) rig_ok(cascade_worker_step(worker, &error), error);
    rig_run(at, "UPDATE cascade_queue_job SET due = 0, epoch = epoch + 1 WHERE due IS NOT NULL"); /* and nobody gives it back */
    cascade_worker_free(worker);
  }
  cascade_connection_free(sessions[0]);
  cascade_connection_free(sessions[1]);
}

static void given_up(void **state) {
  rig *at = begin(state);
  cascade_job_options job = {.size = sizeof job, .max_attempts = 2};
  put(at, rig_row(at, "agent", 1), &job);
  take_turns(at, 2, 0);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM cascade_queue_job WHERE state = 'claimed' AND attempts = 2"), 1);
  assert_int_equal(rig_work(at).claimed, 0); /* nobody tries a third time */
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM cascade_queue_job WHERE state = 'dead' AND due IS NULL AND owner IS NULL "
                                   "AND error LIKE '2 workers in a row%'"),
                   1);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM note"), NOTES);
  rig_free(at);
}

/* Each of them has brought a batch to its end. */
static void not_given_up(void **state) {
  enum { TURNS = 4, PART = 100 };
  rig *at = begin(state);
  cascade_error *error = NULL;
  cascade_job_options job = {.size = sizeof job, .max_attempts = 2, .max_tx_rows = PART};
  cascade_fill_options options = {.size = sizeof options, .max_tx_rows = PART};
  cascade_fill *fill = new_fill(at, at->connection, &options);
  rig_ok(cascade_queue_fill(fill, &job, NULL, &error), error);
  cascade_fill_free(fill);
  take_turns(at, TURNS, 1);
  int64_t rows = rig_integer(at, "SELECT COUNT(*) FROM pair");
  assert_in_range(rows, TURNS, TURNS * PART);
  assert_int_equal(rig_integer(at, "SELECT inserted FROM cascade_queue_job"), rows);
  assert_int_equal(rig_work(at).done, 1);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM pair"), NOTES);

  put(at, rig_where(at, "note", "agent_id = 1"), &job);
  take_turns(at, TURNS, 1);
  rows = rig_integer(at, "SELECT SUM(deleted) FROM cascade_queue_job");
  assert_in_range(rows, TURNS, TURNS * PART);
  assert_int_equal(rig_work(at).done, 1);
  assert_int_equal(rig_integer(at, "SELECT SUM(deleted) FROM cascade_queue_job"), 2 * NOTES);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM cascade_queue_job WHERE state <> 'done'"), 0);
  rig_free(at);
}

int main(int count, char **arguments) {
  int failed = 0;
  for (int i = 1; i < count; i++) {
    struct CMUnitTest tests[] = {cmocka_unit_test(options_of_a_purge), cmocka_unit_test(values_of_a_condition),
                                 cmocka_unit_test(options_of_a_fill), cmocka_unit_test(given_up), cmocka_unit_test(not_given_up)};
    for (size_t j = 0; j < sizeof tests / sizeof *tests; j++) tests[j].initial_state = arguments[i];
    failed += cmocka_run_group_tests_name(arguments[i], tests, NULL, NULL);
  }
  return failed;
}

/* Detach and the queue: which rows are recorded, set to NULL, purged and left alone; what is refused, with nothing
   changed.

   test_queue ENGINE... */
#include "queue_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

/* Agent 1 has 3,000 notes, agent 2 ten; 50 notes have none. Every third note has two lines. */
static const char schema[] =
    "CREATE TABLE agent (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(40));"
    "CREATE TABLE note (id INTEGER NOT NULL PRIMARY KEY, agent_id INTEGER, FOREIGN KEY (agent_id) REFERENCES agent "
    "(id));"
    "CREATE INDEX note_agent ON note (agent_id);"
    "CREATE TABLE line (id INTEGER NOT NULL PRIMARY KEY, note_id INTEGER NOT NULL, FOREIGN KEY (note_id) REFERENCES "
    "note (id) ON DELETE CASCADE);"
    "CREATE INDEX line_note ON line (note_id);"
    "CREATE TABLE paper (code VARCHAR(20) NOT NULL, part INTEGER NOT NULL, agent_id INTEGER, PRIMARY KEY (code, part),"
    " FOREIGN KEY (agent_id) REFERENCES agent (id));"
    "CREATE INDEX paper_agent ON paper (agent_id);"
    "CREATE TABLE badge (id INTEGER NOT NULL PRIMARY KEY, agent_id INTEGER NOT NULL, FOREIGN KEY (agent_id) REFERENCES "
    "agent (id));"
    "INSERT INTO agent VALUES (1, 'Hale'), (2, 'Brandt'), (3, 'Okafor')";

enum { NOTES = 3000, OF_OTHERS = 10, WITHOUT = 50 };

static const char rules[] = "[{\"table\": \"note\", \"columns\": [\"agent_id\"], \"rule\": \"DETACH\"},"
                            " {\"table\": \"paper\", \"columns\": [\"agent_id\"], \"rule\": \"DETACH\"}]";

static void fill_notes(rig *at) {
  char sql[300000];
  int length = sprintf(sql, "INSERT INTO note VALUES ");
  for (int i = 1; i <= NOTES + OF_OTHERS + WITHOUT; i++)
    length += sprintf(sql + length, "%s(%d, %s)", i > 1 ? "," : "", i, i <= NOTES ? "1" : i <= NOTES + OF_OTHERS ? "2" : "NULL");
  rig_run(at, sql);
  length = sprintf(sql, "INSERT INTO line VALUES ");
  for (int i = 3; i <= NOTES; i += 3) length += sprintf(sql + length, "%s(%d, %d),(%d, %d)", i > 3 ? "," : "", i, i, i + 1, i);
  rig_run(at, sql);
  rig_run(at, "INSERT INTO paper VALUES ('a ''\" \xc3\xa9', 1, 1), ('a', 2, 1), ('[1,\"x\"]', 3, 1), ('x''00', 4, 1), "
              "('12', 5, 1), ('12', 6, NULL), ('b', 1, 2)");
}

static rig *begin(void **state) {
  rig *at = rig_new(*state, schema);
  fill_notes(at);
  rig_policy(at, rules);
  return at;
}

static cascade_detach_report detach(rig *at, int64_t agent) {
  cascade_detach_report report = {.size = sizeof report};
  cascade_error *error = NULL;
  cascade_selection *selection = rig_row(at, "agent", agent);
  rig_ok(cascade_detach(at->connection, at->policy, selection, NULL, &report, &error), error);
  cascade_selection_free(selection);
  return report;
}

static void detaches_exactly(void **state) {
  rig *at = begin(state);
  uint64_t before = cascade_connection_statements(at->connection);
  cascade_detach_report report = detach(at, 1);
  assert_in_range(cascade_connection_statements(at->connection) - before, 1, 60);
  assert_int_equal(report.deleted, 1);
  assert_int_equal(report.updated, 0);
  assert_int_equal(report.detached, NOTES + 5);
  assert_int_equal(report.jobs, 2);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM agent"), 2);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM note"), NOTES + OF_OTHERS + WITHOUT);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM note WHERE agent_id IS NULL"), NOTES + WITHOUT);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM cascade_queue_number"), NOTES);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM cascade_queue_text"), 5);

  rig_run(at, "UPDATE note SET agent_id = 2 WHERE id IN (7, 9, 100)"); /* a new parent: left alone */
  rig_run(at, "UPDATE paper SET agent_id = 2 WHERE part = 2");
  rig_run(at, "DELETE FROM note WHERE id = 8"); /* gone by another hand: not counted */
  cascade_worker_report done = rig_work(at);
  assert_int_equal(done.claimed, 2);
  assert_int_equal(done.done, 2);
  assert_int_equal(done.failed, 0);
  assert_int_equal(done.kept, 4);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM note WHERE id <= 3000"), 3);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM note WHERE agent_id IS NULL"), WITHOUT);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM note"), 3 + OF_OTHERS + WITHOUT);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM line"), 2); /* of note 9 */
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM paper"), 3);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM paper WHERE agent_id IS NULL"), 1);
  assert_int_equal(done.deleted, NOTES - 4 + 2 * (NOTES / 3 - 1) + 4);
  assert_int_equal(rig_integer(at, "SELECT SUM(deleted) FROM cascade_queue_job"), (int64_t)done.deleted);
  assert_int_equal(rig_integer(at, "SELECT SUM(kept) FROM cascade_queue_job"), 4);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM cascade_queue_job WHERE state = 'done' AND due IS NULL AND owner IS NULL"),
                   2);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM cascade_queue_number"), 0);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM cascade_queue_text"), 0);
  rig_free(at);
}

/* No transaction is larger than allowed, though pages that fitted are followed by some that do not, and by rows on which more hangs
   than a page may have. */
static void pages_that_do_not_fit(void **state) {
  enum { MOST = 400, HUB = 1000 };
  rig *at = begin(state);
  char sql[60000];
  for (int hub = 1501; hub <= 2999; hub += 1498) {
    int length = sprintf(sql, "INSERT INTO line VALUES ");
    for (int i = 0; i < HUB; i++) length += sprintf(sql + length, "%s(%d, %d)", i ? "," : "", hub * 10000 + i, hub);
    rig_run(at, sql);
  }
  cascade_detach_options options = {.size = sizeof options, .max_tx_rows = MOST};
  cascade_job_options job = {.size = sizeof job, .max_tx_rows = MOST};
  options.job = &job;
  cascade_error *error = NULL;
  cascade_selection *agent = rig_row(at, "agent", 1);
  cascade_worker *worker;
  cascade_worker_report report = {.size = sizeof report};
  rig_ok(cascade_detach(at->connection, at->policy, agent, &options, NULL, &error), error);
  cascade_selection_free(agent);
  rig_ok(cascade_worker_new(at->connection, NULL, &worker, &error), error);
  for (uint64_t before = 0; cascade_worker_step(worker, &error) == CASCADE_OK; before = report.deleted) {
    cascade_worker_describe(worker, &report);
    assert_in_range(report.deleted - before, 0, MOST);
  }
  rig_ok(error ? cascade_error_status(error) : CASCADE_OK, error);
  cascade_worker_free(worker);
  assert_int_equal(report.deleted, NOTES + 2 * (NOTES / 3) + 2 * HUB + 5);
  assert_int_equal(report.failed, 0);
  assert_int_equal(report.kept, 0);
  assert_in_range(report.batches, report.deleted / MOST, 90);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM note WHERE agent_id IS NULL"), WITHOUT);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM line"), 0);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM cascade_queue_number"), 0);
  rig_free(at);
}

static void nothing_to_detach(void **state) {
  rig *at = begin(state);
  cascade_detach_report report = detach(at, 3);
  assert_int_equal(report.deleted, 1);
  assert_int_equal(report.detached, 0);
  assert_int_equal(report.jobs, 0);
  assert_int_equal(report.job, 0);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM cascade_queue_job"), 0);
  assert_int_equal(rig_work(at).claimed, 0);
  rig_free(at);
}

/* Rows of the same table: the children are recorded, and go with what hangs on them. */
static void detaches_a_tree(void **state) {
  rig *at =
      rig_new(*state, "CREATE TABLE node (id INTEGER NOT NULL PRIMARY KEY, up INTEGER, FOREIGN KEY (up) REFERENCES node (id));"
                      "CREATE INDEX node_up ON node (up);"
                      "INSERT INTO node VALUES (1, NULL), (2, 1), (3, 1), (4, 2), (5, 4), (6, NULL), (7, 6)");
  rig_policy(at, "[{\"table\": \"node\", \"columns\": [\"up\"], \"rule\": \"DETACH\"}]");
  cascade_error *error = NULL;
  cascade_detach_report report = {.size = sizeof report};
  cascade_selection *selection = rig_row(at, "node", 1);
  rig_ok(cascade_detach(at->connection, at->policy, selection, NULL, &report, &error), error);
  cascade_selection_free(selection);
  assert_int_equal(report.detached, 2);
  assert_int_equal(report.deleted, 1);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM node WHERE up IS NULL"), 3);
  assert_int_equal(rig_work(at).deleted, 4);
  assert_int_equal(rig_integer(at, "SELECT SUM(id) FROM node"), 13);
  rig_free(at);
}

static void refuse_detach(rig *at, cascade_status expected, const char *words) {
  cascade_error *error = NULL;
  cascade_detach_report report = {.size = sizeof report};
  cascade_selection *selection = rig_row(at, "agent", 1);
  assert_int_equal(cascade_detach(at->connection, at->policy, selection, NULL, &report, &error), expected);
  assert_int_equal(rig_said(error, words), expected);
  cascade_selection_free(selection);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM agent"), 3);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM note WHERE agent_id = 1"), NOTES);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM cascade_queue_job"), 0);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM cascade_queue_number"), 0);
}

static void refuses_what_blocks(void **state) {
  rig *at = begin(state);
  rig_run(at, "INSERT INTO badge VALUES (1, 1)");
  refuse_detach(at, CASCADE_BLOCKED, "badge");
  rig_free(at);
}

/* What was recorded and what was set to NULL must be the same rows. */
static void refuses_what_a_trigger_holds_back(void **state) {
  rig *at = begin(state);
  bool sqlite = at->sqlite != NULL, pg = !strcmp(at->engine, "postgresql");
  rig_run(at, sqlite ? "CREATE TRIGGER held BEFORE UPDATE ON note WHEN OLD.id = 7 BEGIN SELECT RAISE(IGNORE); END"
              : pg   ? "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
                       "CREATE TRIGGER held BEFORE UPDATE ON note FOR EACH ROW WHEN (OLD.id = 7) EXECUTE FUNCTION keep()"
                     : "CREATE TRIGGER held BEFORE UPDATE ON note FOR EACH ROW SET NEW.agent_id = IF(OLD.id = 7, "
                       "OLD.agent_id, NEW.agent_id)");
  rig_policy(at, rules);
  if (sqlite) refuse_detach(at, CASCADE_NO_PROGRESS, "a trigger holds them back");
  else refuse_detach(at, CASCADE_BLOCKED, "note"); /* the database finds the row that still refers */
  rig_free(at);
}

/* Another session has set a row to NULL and commits while the detach waits for the row: it is not ours to purge. */
static void leaves_what_others_set_to_null(void **state) {
  rig *at = begin(state);
  rig_run(at, "BEGIN; UPDATE note SET agent_id = NULL WHERE id = 7");
  pid_t process = fork();
  if (process == 0) {
    cascade_context *context = NULL;
    cascade_connection *connection = NULL;
    cascade_detach_report report = {.size = sizeof report};
    cascade_selection *selection = rig_row(at, "agent", 1);
    cascade_status status = cascade_context_new(NULL, &context, NULL);
    if (status >= 0) status = cascade_connection_open(context, at->uri, NULL, &connection, NULL);
    if (status >= 0) status = cascade_detach(connection, at->policy, selection, NULL, &report, NULL);
    _exit(status >= 0 && report.detached == NOTES - 1 + 5 ? 0 : 1);
  }
  test_database_in_the_way(at->server);
  rig_run(at, "COMMIT");
  int ended = 1;
  assert_int_equal(waitpid(process, &ended, 0), process);
  assert_int_equal(ended, 0);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM cascade_queue_number"), NOTES - 1);
  rig_work(at);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM note WHERE id <= 3000"), 1);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM note WHERE id = 7 AND agent_id IS NULL"), 1);
  rig_free(at);
}

/* The migration that is told is run, and then it works. */
static void migrates(rig *at) {
  cascade_error *error = NULL;
  cascade_selection *selection = rig_row(at, "agent", 3);
  rig_run(at, "INSERT INTO badge VALUES (7, 3)");
  assert_int_equal(cascade_detach(at->connection, at->policy, selection, NULL, NULL, &error), CASCADE_POLICY);
  const char *migration = strstr(cascade_error_message(error), "make it so: ");
  assert_non_null(migration);
  if (at->sqlite) sqlite3_db_config(at->sqlite, SQLITE_DBCONFIG_DEFENSIVE, 0, NULL);
  rig_run(at, migration + strlen("make it so: "));
  cascade_error_free(error);
  cascade_selection_free(selection);
  rig_policy(at, "[{\"table\": \"badge\", \"columns\": [\"agent_id\"], \"rule\": \"DETACH\"}]");
  assert_int_equal(detach(at, 3).detached, 1);
  assert_int_equal(rig_work(at).deleted, 1);
  if (!at->sqlite) return;
  char *intact = rig_text(at, "PRAGMA integrity_check");
  assert_string_equal(intact, "ok");
  free(intact);
}

static void refuses_a_column_that_is_not_null(void **state) {
  rig *at = begin(state);
  rig_policy(at, "[{\"table\": \"badge\", \"columns\": [\"agent_id\"], \"rule\": \"DETACH\"}]");
  bool sqlite = !strcmp(at->engine, "sqlite"), pg = !strcmp(at->engine, "postgresql");
  refuse_detach(at, CASCADE_POLICY,
                sqlite ? "badge(id INTEGER NOT NULL PRIMARY KEY, agent_id INTEGER, FOREIGN KEY"
                : pg   ? "ALTER TABLE \"public\".\"badge\" ALTER COLUMN \"agent_id\" DROP NOT NULL"
                       : "ALTER TABLE `badge` MODIFY COLUMN `agent_id` int(11) NULL");
  migrates(at);
  rig_free(at);
}

/* By a handle of the host, whose transaction is rolled back: nothing has happened. */
static void joins_the_host(void **state) {
  rig *at = begin(state);
  cascade_connection *session = NULL;
  cascade_error *error = NULL;
  const char *driver = at->sqlite ? "sqlite3" : !strcmp(at->engine, "postgresql") ? "pq" : "mariadb";
  void *handle = at->sqlite ? (void *)at->sqlite : at->server->pg ? (void *)at->server->pg : (void *)at->server->mariadb;
  rig_run(at, "BEGIN");
  rig_ok(cascade_connection_adopt(at->context, driver, handle, NULL, &session, &error), error);
  cascade_selection *selection = rig_row(at, "agent", 1);
  rig_ok(cascade_detach(session, at->policy, selection, NULL, NULL, &error), error);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM cascade_queue_number"), NOTES);
  rig_run(at, "ROLLBACK");
  cascade_selection_free(selection);
  cascade_connection_free(session);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM note WHERE agent_id = 1"), NOTES);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM cascade_queue_job"), 0);
  rig_free(at);
}

static void works_on_purges(void **state) {
  rig *at = begin(state);
  cascade_error *error = NULL;
  int64_t first = 0, second = 0;
  cascade_selection *row = rig_row(at, "note", 3), *rows = rig_where(at, "note", "id > 1500 AND agent_id = 1");
  rig_ok(cascade_queue_purge(at->connection, at->policy, row, NULL, &first, &error), error);
  rig_ok(cascade_queue_purge(at->connection, at->policy, rows, NULL, &second, &error), error);
  assert_true(first > 0 && second > first);
  cascade_worker_report report = rig_work(at);
  assert_int_equal(report.done, 2);
  assert_int_equal(report.deleted, 3 + 1500 + 1000);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM note WHERE id <= 3000"), 1499);
  cascade_selection_free(row);
  cascade_selection_free(rows);

  const char *code = "a '\" \xc3\xa9";
  cascade_value key[2] = {{.type = CASCADE_TEXT, .data = code, .length = strlen(code)}, {.type = CASCADE_INT64, .integer = 1}};
  rig_ok(cascade_selection_keys(at->graph, "paper", key, 1, 2, &row, &error), error);
  rig_ok(cascade_queue_purge(at->connection, at->policy, row, NULL, &first, &error), error);
  cascade_selection_free(row);
  assert_int_equal(rig_work(at).deleted, 1);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM paper WHERE part = 1"), 1);
  rig_free(at);
}

static char *state_of(rig *at, int64_t job) {
  char sql[80];
  snprintf(sql, sizeof sql, "SELECT state FROM cascade_queue_job WHERE id = %d", (int)job);
  return rig_text(at, sql);
}

static void assert_state(rig *at, int64_t job, const char *state) {
  char *text = state_of(at, job);
  assert_string_equal(text, state);
  free(text);
}

static void dead_cancelled_retried(void **state) {
  rig *at = begin(state);
  cascade_error *error = NULL;
  int64_t job = 0;
  rig_run(at, "INSERT INTO badge VALUES (1, 1)");
  cascade_selection *agent = rig_row(at, "agent", 1);
  rig_ok(cascade_queue_purge(at->connection, at->policy, agent, NULL, &job, &error), error);
  cascade_selection_free(agent);
  cascade_worker_report report = rig_work(at);
  assert_int_equal(report.failed, 1);
  assert_int_equal(report.done, 0);
  assert_state(at, job, "dead");
  char *reason = rig_text(at, "SELECT error FROM cascade_queue_job");
  assert_non_null(strstr(reason, "CASCADE_BLOCKED"));
  assert_non_null(strstr(reason, "badge"));
  free(reason);
  rig_ok(cascade_queue_cancel(at->connection, job, &error), error);
  assert_state(at, job, "cancelled");
  assert_int_equal(cascade_queue_cancel(at->connection, job, &error), CASCADE_NOT_FOUND);
  rig_said(error, "there is no job");
  error = NULL;
  assert_int_equal(rig_work(at).claimed, 0);
  rig_run(at, "DELETE FROM badge");
  rig_ok(cascade_queue_retry(at->connection, job, &error), error);
  assert_state(at, job, "ready");
  assert_int_equal(cascade_queue_retry(at->connection, 12345, &error), CASCADE_NOT_FOUND);
  rig_said(error, "12345");
  assert_int_equal(rig_work(at).done, 1);
  assert_state(at, job, "done");
  assert_int_equal(cascade_queue_retry(at->connection, job, &error), CASCADE_NOT_FOUND); /* what is done is not done again */
  rig_said(error, "there is no job");
  assert_state(at, job, "done");
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM agent"), 2);
  rig_free(at);
}

/* Rows that were recorded by a key of another type would be found by nobody: the job does not pass for done. */
static void key_of_another_type(void **state) {
  rig *at = rig_new(*state, "CREATE TABLE agent (id INTEGER NOT NULL PRIMARY KEY);"
                            "CREATE TABLE memo (id INTEGER NOT NULL PRIMARY KEY, agent_id INTEGER,"
                            " FOREIGN KEY (agent_id) REFERENCES agent (id));"
                            "INSERT INTO agent VALUES (1); INSERT INTO memo VALUES (1, 1), (2, 1), (3, 1)");
  static const char *const changes[][3] = {
      {"sqlite",
       "CREATE TABLE new (id TEXT NOT NULL PRIMARY KEY, agent_id INTEGER REFERENCES agent (id));"
       "INSERT INTO new SELECT * FROM memo; DROP TABLE memo; ALTER TABLE new RENAME TO memo",
       "CREATE TABLE new (id INTEGER NOT NULL PRIMARY KEY, agent_id INTEGER REFERENCES agent (id));"
       "INSERT INTO new SELECT * FROM memo; DROP TABLE memo; ALTER TABLE new RENAME TO memo"},
      {"postgresql", "ALTER TABLE memo ALTER id TYPE text", "ALTER TABLE memo ALTER id TYPE integer USING id::integer"},
      {"mariadb", "ALTER TABLE memo MODIFY id VARCHAR(20) NOT NULL", "ALTER TABLE memo MODIFY id INTEGER NOT NULL"}};
  cascade_error *error = NULL;
  size_t engine = 0;
  while (strcmp(at->engine, changes[engine][0])) engine++;
  rig_policy(at, "[{\"table\": \"memo\", \"columns\": [\"agent_id\"], \"rule\": \"DETACH\"}]");
  cascade_detach_report detached = detach(at, 1);
  assert_int_equal(detached.detached, 3);
  rig_run(at, changes[engine][1]);
  assert_int_equal(rig_work(at).failed, 1);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM cascade_queue_job WHERE state = 'dead' AND keys_left = 3 AND error LIKE "
                                   "'CASCADE_SCHEMA: %memo%'"),
                   1);
  rig_run(at, changes[engine][2]);
  rig_ok(cascade_queue_retry(at->connection, detached.job, &error), error);
  assert_int_equal(rig_work(at).done, 1);
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM memo"), 0);
  rig_free(at);
}

static void lists_and_measures(void **state) {
  rig *at = begin(state);
  cascade_error *error = NULL;
  char *text = NULL;
  detach(at, 1);
  rig_ok(cascade_queue_list(at->connection, NULL, &text, &error), error);
  assert_non_null(strstr(text, "\"kind\": \"detached\""));
  assert_non_null(strstr(text, "\"state\": \"ready\""));
  assert_non_null(strstr(text, "\"keys\": 3000"));
  cascade_text_free(text);
  rig_ok(cascade_queue_metrics(at->connection, &text, &error), error);
  assert_non_null(strstr(text, "\"lag\": 3005"));
  assert_non_null(strstr(text, "\"ready\": 2"));
  cascade_text_free(text);
  rig_work(at);
  rig_ok(cascade_queue_list(at->connection,
                            &(cascade_queue_list_options){.size = sizeof(cascade_queue_list_options), .state = "ready"}, &text,
                            &error),
         error);
  assert_non_null(strstr(text, "\"jobs\": []"));
  cascade_text_free(text);
  rig_ok(cascade_queue_metrics(at->connection, &text, &error), error);
  assert_non_null(strstr(text, "\"lag\": 0"));
  assert_non_null(strstr(text, "\"done\": 2"));
  cascade_text_free(text);
  assert_int_equal(cascade_queue_list(at->connection,
                                      &(cascade_queue_list_options){.size = sizeof(cascade_queue_list_options), .state = "lost"},
                                      &text, &error),
                   CASCADE_INVALID);
  rig_said(error, "'lost' is no state");
  rig_free(at);
}

/* SQLite takes any bytes for a name, and for a condition. */
static void names_that_are_not_utf8(void **state) {
  rig *at = begin(state);
  cascade_error *error = NULL;
  cascade_plan *plan = NULL;
  char *text = NULL;
  detach(at, 1);
  rig_run(at, "UPDATE cascade_queue_job SET root = CAST(x'6ee4c3a4' AS TEXT), owner = 'w\344'");
  rig_ok(cascade_queue_list(at->connection, NULL, &text, &error), error);
  assert_non_null(strstr(text, "\"table\": \"n?\303\244\""));
  assert_non_null(strstr(text, "\"owner\": \"w?\""));
  cascade_text_free(text);
  rig_run(at, "CREATE TABLE \"t\344\" (id INTEGER PRIMARY KEY); INSERT INTO \"t\344\" VALUES (1)");
  rig_policy(at, "[]");
  cascade_selection *rows[] = {rig_row(at, "t\344", 1), rig_where(at, "agent", "name = '\344'")};
  for (size_t i = 0; i < 2; i++) {
    assert_int_equal(cascade_queue_purge(at->connection, at->policy, rows[i], NULL, NULL, &error), CASCADE_UNSUPPORTED);
    rig_said(error, i ? "JSON cannot carry \"name = '?'\", which is not UTF-8" : "JSON cannot carry \"t?\"");
  }
  rig_ok(cascade_plan_new(at->connection, at->policy, rows[0], NULL, &plan, &error), error);
  assert_int_equal(cascade_plan_json(plan, &text, &error), CASCADE_UNSUPPORTED);
  rig_said(error, "plan: JSON cannot carry");
  cascade_plan_free(plan);
  for (size_t i = 0; i < 2; i++) cascade_selection_free(rows[i]);
  rig_free(at);
}

static void versions(void **state) {
  rig *at = begin(state);
  cascade_error *error = NULL;
  cascade_worker *worker = NULL;
  char *text = NULL;
  rig_ok(cascade_queue_install(at->connection, &error), error); /* again: nothing happens */
  assert_int_equal(rig_integer(at, "SELECT COUNT(*) FROM cascade_queue"), 1);
  rig_run(at, "UPDATE cascade_queue SET version = 2");
  refuse_detach(at, CASCADE_UNSUPPORTED, "the queue is of version 2");
  assert_int_equal(cascade_queue_install(at->connection, &error), CASCADE_UNSUPPORTED);
  rig_said(error, "newer library");
  assert_int_equal(cascade_worker_new(at->connection, NULL, &worker, &error), CASCADE_UNSUPPORTED);
  rig_said(error, "newer library");
  assert_null(worker);
  assert_int_equal(cascade_queue_list(at->connection, NULL, &text, &error), CASCADE_UNSUPPORTED);
  rig_said(error, "newer library");
  rig_run(at, "DROP TABLE cascade_queue");
  assert_int_equal(cascade_queue_metrics(at->connection, &text, &error), CASCADE_NOT_FOUND);
  rig_said(error, "cascade queue install");
  rig_ok(cascade_queue_ddl(at->engine, &text, &error), error);
  rig_run(at, text); /* the host's own migration, over what is there */
  cascade_text_free(text);
  rig_ok(cascade_queue_metrics(at->connection, &text, &error), error);
  cascade_text_free(text);
  rig_free(at);
}

static void bad_input(void **state) {
  rig *at = begin(state);
  cascade_error *error = NULL;
  cascade_worker *worker = NULL;
  char *text = NULL;
  assert_int_equal(cascade_queue_install(NULL, NULL), CASCADE_INVALID);
  assert_int_equal(cascade_detach(at->connection, NULL, NULL, NULL, NULL, NULL), CASCADE_INVALID);
  assert_int_equal(cascade_queue_purge(at->connection, at->policy, NULL, NULL, NULL, NULL), CASCADE_INVALID);
  assert_int_equal(cascade_queue_list(at->connection, NULL, NULL, NULL), CASCADE_INVALID);
  assert_int_equal(cascade_queue_metrics(NULL, &text, NULL), CASCADE_INVALID);
  assert_int_equal(cascade_queue_cancel(NULL, 1, NULL), CASCADE_INVALID);
  assert_int_equal(cascade_queue_ddl("oracle", &text, NULL), CASCADE_UNSUPPORTED);
  assert_int_equal(cascade_worker_new(NULL, NULL, &worker, NULL), CASCADE_INVALID);
  assert_int_equal(cascade_worker_step(NULL, NULL), CASCADE_INVALID);
  cascade_worker_cancel(NULL);
  cascade_worker_free(NULL);
  assert_int_equal(cascade_worker_new(at->connection,
                                      &(cascade_worker_options){.size = sizeof(cascade_worker_options), .owner = ""}, &worker,
                                      &error),
                   CASCADE_INVALID);
  rig_said(error, "its name");
  cascade_selection *all = rig_where(at, "note", "");
  assert_int_equal(cascade_queue_purge(at->connection, at->policy, all, NULL, NULL, &error), CASCADE_NO_FILTER);
  rig_said(error, "every row of table");
  cascade_selection_free(all);
  cascade_selection *row = rig_row(at, "note", 1);
  assert_int_equal(cascade_queue_purge(at->connection, at->policy, row,
                                       &(cascade_job_options){.size = sizeof(cascade_job_options), .integrity = 7}, NULL, &error),
                   CASCADE_INVALID);
  rig_said(error, "integrity");
  cascade_selection_free(row);
  rig_run(at, "INSERT INTO cascade_queue_job (source, kind, state, root, payload, low, high, keys_left, attempts, "
              "max_attempts, due, epoch, batches,"
              " deleted, updated, kept, created, changed) VALUES (0, 'purge', 'ready', 'note', '{\"version\": 1, "
              "\"table\": 7}', 0, 0, 0, 0, 3, 0,"
              " 0, 0, 0, 0, 0, 0, 0)");
  assert_int_equal(rig_work(at).failed, 1); /* a payload that nobody wrote is told, and the worker goes on */
  char *reason = rig_text(at, "SELECT error FROM cascade_queue_job");
  assert_non_null(strstr(reason, "CASCADE_FORMAT"));
  free(reason);
  rig_free(at);
}

int main(int count, char **arguments) {
  int failed = 0;
  for (int i = 1; i < count; i++) {
    struct CMUnitTest tests[] = {cmocka_unit_test(detaches_exactly),
                                 cmocka_unit_test(pages_that_do_not_fit),
                                 cmocka_unit_test(nothing_to_detach),
                                 cmocka_unit_test(detaches_a_tree),
                                 cmocka_unit_test(refuses_what_blocks),
                                 cmocka_unit_test(refuses_what_a_trigger_holds_back),
                                 cmocka_unit_test(refuses_a_column_that_is_not_null),
                                 cmocka_unit_test(joins_the_host),
                                 cmocka_unit_test(works_on_purges),
                                 cmocka_unit_test(dead_cancelled_retried),
                                 cmocka_unit_test(key_of_another_type),
                                 cmocka_unit_test(lists_and_measures),
                                 cmocka_unit_test(versions),
                                 cmocka_unit_test(bad_input)};
    struct CMUnitTest beside[] = {cmocka_unit_test(leaves_what_others_set_to_null)}; /* on SQLite nobody comes between */
    for (size_t j = 0; j < sizeof tests / sizeof *tests; j++) tests[j].initial_state = arguments[i];
    struct CMUnitTest named[] = {cmocka_unit_test(names_that_are_not_utf8)};
    beside[0].initial_state = named[0].initial_state = arguments[i];
    failed += cmocka_run_group_tests_name(arguments[i], tests, NULL, NULL);
    failed += strstr(arguments[i], "sqlite") ? cmocka_run_group_tests_name(arguments[i], named, NULL, NULL)
                                             : cmocka_run_group_tests_name(arguments[i], beside, NULL, NULL);
  }
  return failed;
}

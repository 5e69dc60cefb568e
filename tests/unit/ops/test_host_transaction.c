/* Handles that the host has opened, in a transaction that the host has begun: a purge is one batch between savepoints, which the
   host commits or rolls back, and whatever befalls it, what the host did before is there. Outside of a transaction, the handle's
   settings are afterwards what they were. Every engine, every driver. */
#include "scratch.h"
#include "test_server.h"

#include <cascade.h>
#include <dbi/dbi.h>
#include <pthread.h>
#include <sqlite3.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

typedef struct kind {
  const char *engine, *driver; /* of cascade_connection_adopt() */
} kind;

static const kind kinds[] = {{"sqlite", "sqlite3"}, {"sqlite", "dbi"},      {"postgresql", "pq"},
                             {"postgresql", "dbi"}, {"mariadb", "mariadb"}, {"mariadb", "dbi"}};

enum { OWNERS = 6, GUARDED = 5, STUBBORN = 6, ROWS = OWNERS * 7, EACH = 7 };

typedef struct host {
  const kind *kind;
  test_database *database; /* of a server; its session watches from outside */
  char directory[SCRATCH_ROOM], path[SCRATCH_ROOM + 10];
  sqlite3 *sqlite, *watch;
  PGconn *pg;
  MYSQL *mariadb;
  dbi_conn dbi;
  cascade_context *context;
  cascade_connection *connection;
  cascade_graph *graph;
  cascade_policy *policy;
  char sent[400][100]; /* the beginnings of the library's statements */
  size_t sent_count;
  cascade_error *error;
  uint64_t deleted, batches;
} host;

static bool is(const host *at, const char *engine) {
  return strcmp(at->kind->engine, engine) == 0;
}

/* The host's handle. */

static char *first_cell(void *place, int columns, char **cells) {
  if (columns && cells[0]) snprintf(place, 200, "%s", cells[0]);
  return place;
}

static int sqlite_cell(void *place, int columns, char **cells, char **names) {
  (void)names;
  first_cell(place, columns, cells);
  return 0;
}

/* Runs a statement on the handle; `cell` gets the first value of its result, if it has one. */
static void run(host *at, const char *sql, char cell[200]) {
  char none[200], *place = cell ? cell : none;
  *place = '\0';
  if (at->sqlite) {
    char *words = NULL;
    if (sqlite3_exec(at->sqlite, sql, sqlite_cell, place, &words)) fail_msg("%s: %s", sql, words);
  } else if (at->pg) {
    PGresult *result = PQexec(at->pg, sql);
    if (PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK)
      fail_msg("%s: %s", sql, PQerrorMessage(at->pg));
    if (PQntuples(result)) snprintf(place, 200, "%s", PQgetvalue(result, 0, 0));
    PQclear(result);
  } else if (at->mariadb) {
    if (mysql_query(at->mariadb, sql)) fail_msg("%s: %s", sql, mysql_error(at->mariadb));
    MYSQL_RES *result = mysql_store_result(at->mariadb);
    MYSQL_ROW row = result ? mysql_fetch_row(result) : NULL;
    if (row) first_cell(place, 1, row);
    mysql_free_result(result);
  } else {
    const char *words = NULL;
    dbi_result result = dbi_conn_query(at->dbi, sql);
    if (!result) dbi_conn_error(at->dbi, &words);
    if (!result) fail_msg("%s: %s", sql, words);
    if (dbi_result_get_numfields(result) && dbi_result_next_row(result)) {
      char *text = dbi_result_get_as_string_copy_idx(result, 1);
      snprintf(place, 200, "%s", text);
      free(text);
    }
    dbi_result_free(result);
  }
}

static int64_t seen(host *at, const char *sql) {
  char cell[200];
  run(at, sql, cell);
  return strtoll(cell, NULL, 10);
}

/* What another session sees. */
static int64_t seen_outside(host *at, const char *sql) {
  if (at->database) return test_database_integer(at->database, sql);
  char cell[200] = "";
  assert_int_equal(sqlite3_exec(at->watch, sql, sqlite_cell, cell, NULL), SQLITE_OK);
  return strtoll(cell, NULL, 10);
}

static void outside(host *at, const char *sql) {
  if (at->database) test_database_run(at->database, sql);
  else assert_int_equal(sqlite3_exec(at->watch, sql, NULL, NULL, NULL), SQLITE_OK);
}

static const char all_rows[] = "SELECT count(*) + (SELECT count(*) FROM pet) + (SELECT count(*) FROM visit) FROM owner";
static const char diary[] = "SELECT count(*) FROM diary";

static void make_tables(host *at) {
  char sql[200];
  outside(at, "CREATE TABLE owner (id INTEGER PRIMARY KEY, name VARCHAR(20))");
  outside(at, "CREATE TABLE pet (id INTEGER PRIMARY KEY, owner_id INTEGER NOT NULL,"
              " FOREIGN KEY (owner_id) REFERENCES owner (id) ON DELETE CASCADE)");
  outside(at, "CREATE TABLE visit (id INTEGER PRIMARY KEY, pet_id INTEGER NOT NULL,"
              " FOREIGN KEY (pet_id) REFERENCES pet (id) ON DELETE CASCADE)");
  outside(at, "CREATE TABLE licence (id INTEGER PRIMARY KEY, owner_id INTEGER NOT NULL,"
              " FOREIGN KEY (owner_id) REFERENCES owner (id) ON DELETE RESTRICT)");
  outside(at, "CREATE TABLE diary (id INTEGER PRIMARY KEY)");
  for (int owner = 1; owner <= OWNERS; owner++) {
    snprintf(sql, sizeof sql, "INSERT INTO owner VALUES (%d, 'o%d')", owner, owner);
    outside(at, sql);
    for (int pet = owner * 10; pet < owner * 10 + 2; pet++) {
      snprintf(sql, sizeof sql, "INSERT INTO pet VALUES (%d, %d)", pet, owner);
      outside(at, sql);
      snprintf(sql, sizeof sql, "INSERT INTO visit VALUES (%d, %d), (%d, %d)", pet * 10, pet, pet * 10 + 1, pet);
      outside(at, sql);
    }
  }
  snprintf(sql, sizeof sql, "INSERT INTO licence VALUES (1, %d)", GUARDED);
  outside(at, sql);
}

/* The database itself refuses the last visit of one owner. */
static void make_stubborn(host *at) {
  char sql[300];
  const char *when = is(at, "mariadb")  ? "CREATE TRIGGER stubborn BEFORE DELETE ON visit FOR EACH ROW IF old.id = %d1 THEN"
                                          " SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not this one'; END IF"
                     : is(at, "sqlite") ? "CREATE TRIGGER stubborn BEFORE DELETE ON visit WHEN old.id = %d1"
                                          " BEGIN SELECT RAISE(ABORT, 'not this one'); END"
                                        : "CREATE TRIGGER stubborn BEFORE DELETE ON visit FOR EACH ROW WHEN (old.id = %d1)"
                                          " EXECUTE FUNCTION refuse()";
  if (is(at, "postgresql"))
    outside(at, "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''not this one''; END'");
  snprintf(sql, sizeof sql, when, STUBBORN * 10 + 1);
  outside(at, sql);
}

static void open_dbi(host *at) {
  static dbi_inst instance; /* libdbi's instances are best never shut down */
  if (!instance) assert_true(dbi_initialize_r(NULL, &instance) > 0);
  at->dbi = dbi_conn_new_r(is(at, "sqlite") ? "sqlite3" : is(at, "postgresql") ? "pgsql" : "mysql", instance);
  assert_non_null(at->dbi);
  if (is(at, "sqlite")) {
    dbi_conn_set_option(at->dbi, "sqlite3_dbdir", at->directory);
    dbi_conn_set_option(at->dbi, "dbname", "host.db");
  } else {
    dbi_conn_set_option(at->dbi, "dbname", at->database->name);
    dbi_conn_set_option(at->dbi, "username", is(at, "mariadb") ? "root" : "postgres");
    if (is(at, "mariadb")) dbi_conn_set_option(at->dbi, "mysql_unix_socket", getenv("CASCADE_TEST_MARIADB"));
    else dbi_conn_set_option(at->dbi, "host", getenv("CASCADE_TEST_PG_HOST"));
    if (is(at, "mariadb")) dbi_conn_set_option(at->dbi, "encoding", "utf8mb4");
  }
  assert_int_equal(dbi_conn_connect(at->dbi), 0);
}

static void *open_handle(host *at) {
  if (strcmp(at->kind->driver, "dbi") == 0) {
    open_dbi(at);
    return at->dbi;
  }
  if (is(at, "postgresql")) return at->pg = test_database_pg(at->database);
  if (is(at, "mariadb")) return at->mariadb = test_database_mariadb(at->database);
  assert_int_equal(sqlite3_open(at->path, &at->sqlite), SQLITE_OK);
  return at->sqlite;
}

static void note(void *data, int32_t level, const char *message) {
  host *at = data;
  if (level != CASCADE_LOG_DEBUG) return;
  assert_true(at->sent_count < sizeof at->sent / sizeof *at->sent);
  snprintf(at->sent[at->sent_count++], sizeof *at->sent, "%s", message);
}

static size_t sent(const host *at, const char *words) {
  size_t count = 0;
  for (size_t i = 0; i < at->sent_count; i++) count += strncasecmp(at->sent[i], words, strlen(words)) == 0;
  return count;
}

static void must(host *at, cascade_status status) {
  if (status < 0) fail_msg("%s %s: %s", at->kind->engine, at->kind->driver, cascade_error_message(at->error));
}

static int make(void **state) {
  host *at = calloc(1, sizeof *at);
  at->kind = *state;
  if (is(at, "sqlite")) {
    assert_true(scratch_directory(at->directory, "host"));
    snprintf(at->path, sizeof at->path, "%s/host.db", at->directory);
    assert_int_equal(sqlite3_open(at->path, &at->watch), SQLITE_OK);
    outside(at, "PRAGMA journal_mode = WAL");
  } else {
    at->database = test_database_new(at->kind->engine);
  }
  make_tables(at);
  cascade_context_options options = {.size = sizeof options, .log = note, .log_data = at, .log_level = CASCADE_LOG_DEBUG};
  must(at, cascade_context_new(&options, &at->context, &at->error));
  must(at, cascade_connection_adopt(at->context, at->kind->driver, open_handle(at), NULL, &at->connection, &at->error));
  if (is(at, "sqlite")) run(at, "PRAGMA foreign_keys = ON", NULL);
  *state = at;
  return 0;
}

static int drop(void **state) {
  host *at = *state;
  cascade_error_free(at->error);
  cascade_policy_free(at->policy);
  cascade_graph_free(at->graph);
  cascade_connection_free(at->connection);
  cascade_context_free(at->context);
  if (at->sqlite) assert_int_equal(sqlite3_close(at->sqlite), SQLITE_OK);
  if (at->pg) PQfinish(at->pg);
  if (at->mariadb) mysql_close(at->mariadb);
  if (at->dbi) dbi_conn_close(at->dbi);
  if (at->watch) {
    sqlite3_close(at->watch);
    unlink(at->path);
    rmdir(at->directory);
  }
  test_database_free(at->database);
  free(at);
  return 0;
}

/* Reads the schema and runs a purge of one owner to its end; gives its last status. */
static cascade_status purge(host *at, int64_t owner, cascade_purge_options options) {
  cascade_selection *selection = NULL;
  cascade_purge *work = NULL;
  const cascade_batch_info *batch = NULL;
  options.size = sizeof options;
  at->deleted = at->batches = 0;
  cascade_error_free(at->error);
  at->error = NULL;
  if (!at->graph) must(at, cascade_graph_read(at->connection, NULL, &at->graph, &at->error));
  if (!at->policy) must(at, cascade_policy_new(at->graph, NULL, &at->policy, &at->error));
  must(at, cascade_selection_integers(at->graph, "owner", &owner, 1, &selection, &at->error));
  cascade_status status = cascade_purge_new(at->connection, at->policy, selection, &options, &work, &at->error);
  while (status >= 0 && (status = cascade_purge_next(work, &batch, &at->error)) == CASCADE_OK) {
    at->batches = batch->number;
    at->deleted = batch->total_deleted;
  }
  cascade_purge_free(work);
  cascade_selection_free(selection);
  return status;
}

/* The host's transaction, with something in it. */
static void begin(host *at) {
  run(at, "BEGIN", NULL);
  run(at, "INSERT INTO diary VALUES (1)", NULL);
}

/* The transaction is the one that the host began; the library ended none, and left no savepoint. */
static void still_inside(host *at) {
  assert_int_equal(seen(at, diary), 1);
  assert_int_equal(seen_outside(at, diary), 0);
  assert_int_equal(seen_outside(at, all_rows), ROWS);
  assert_int_equal(sent(at, "COMMIT") + sent(at, "END") + sent(at, "BEGIN") + sent(at, "START"), 0);
  assert_int_equal(sent(at, "ROLLBACK"), sent(at, "ROLLBACK TO "));
  assert_true(sent(at, "SAVEPOINT") > 0);
  assert_int_equal(sent(at, "SAVEPOINT"), sent(at, "RELEASE"));
}

static void assert_outside(host *at, int64_t rows, int64_t words) {
  assert_int_equal(seen_outside(at, all_rows), rows);
  assert_int_equal(seen_outside(at, diary), words);
}

static void test_host_commits(void **state) {
  host *at = *state;
  begin(at);
  assert_int_equal(purge(at, 1, (cascade_purge_options){0}), CASCADE_DONE);
  assert_int_equal(at->deleted, EACH);
  assert_int_equal(at->batches, 1);
  assert_int_equal(seen(at, all_rows), ROWS - EACH);
  still_inside(at);
  assert_int_equal(purge(at, 2, (cascade_purge_options){0}), CASCADE_DONE); /* another one in the same transaction */
  still_inside(at);
  run(at, "COMMIT", NULL);
  assert_outside(at, ROWS - 2 * EACH, 1);
}

static void test_host_rolls_back(void **state) {
  host *at = *state;
  begin(at);
  assert_int_equal(purge(at, 1, (cascade_purge_options){0}), CASCADE_DONE);
  assert_int_equal(seen(at, all_rows), ROWS - EACH);
  run(at, "ROLLBACK", NULL);
  assert_outside(at, ROWS, 0);
  assert_int_equal(purge(at, 1, (cascade_purge_options){0}), CASCADE_DONE); /* and now a transaction of its own */
  assert_outside(at, ROWS - EACH, 0);
}

/* A transaction that has changed nothing yet is the host's all the same. */
static void test_empty_transaction(void **state) {
  host *at = *state;
  run(at, "BEGIN", NULL);
  assert_int_equal(purge(at, 3, (cascade_purge_options){0}), CASCADE_DONE);
  assert_int_equal(seen_outside(at, all_rows), ROWS);
  run(at, "ROLLBACK", NULL);
  assert_outside(at, ROWS, 0);
}

/* After a failure: everything is as it was before the purge, the host goes on and commits. */
static void host_goes_on(host *at) {
  assert_int_equal(seen(at, all_rows), ROWS);
  still_inside(at);
  run(at, "INSERT INTO diary VALUES (2)", NULL);
  run(at, "COMMIT", NULL);
  assert_outside(at, ROWS, 2);
}

static int32_t refuse(void *data, const cascade_deleted *tables, uint32_t count) {
  (void)tables;
  *(uint32_t *)data = count;
  return 1;
}

static void test_hook_refuses(void **state) {
  host *at = *state;
  uint32_t tables = 0;
  begin(at);
  assert_int_equal(purge(at, 1, (cascade_purge_options){.after_batch = refuse, .hook_data = &tables}), CASCADE_HOOK);
  assert_int_equal(tables, 3);
  assert_int_equal(cascade_error_transaction(at->error), CASCADE_TX_OPEN);
  host_goes_on(at);
}

static void test_blocked(void **state) {
  host *at = *state;
  begin(at);
  assert_int_equal(purge(at, GUARDED, (cascade_purge_options){0}), CASCADE_BLOCKED);
  host_goes_on(at);
}

static void test_database_refuses(void **state) {
  host *at = *state;
  make_stubborn(at);
  begin(at);
  assert_int_equal(purge(at, STUBBORN, (cascade_purge_options){0}), CASCADE_BLOCKED);
  assert_non_null(strstr(cascade_error_message(at->error), "not this one"));
  assert_int_equal(cascade_error_transaction(at->error), CASCADE_TX_OPEN);
  host_goes_on(at);
}

static void test_not_atomic(void **state) {
  host *at = *state;
  begin(at);
  assert_int_equal(purge(at, 1, (cascade_purge_options){.max_tx_rows = EACH - 1}), CASCADE_NOT_ATOMIC);
  host_goes_on(at);
}

static void test_most_that_is_atomic(void **state) {
  host *at = *state;
  begin(at);
  assert_int_equal(purge(at, 1, (cascade_purge_options){.max_tx_rows = EACH}), CASCADE_DONE);
  still_inside(at);
  run(at, "COMMIT", NULL);
  assert_outside(at, ROWS - EACH, 1);
}

static void test_cancelled(void **state) {
  host *at = *state;
  begin(at);
  must(at, cascade_graph_read(at->connection, NULL, &at->graph, &at->error));
  cascade_connection_cancel(at->connection);
  assert_int_equal(purge(at, 1, (cascade_purge_options){0}), CASCADE_CANCELLED);
  assert_int_equal(seen(at, diary), 1);
  run(at, "COMMIT", NULL);
  assert_outside(at, ROWS, 1);
}

/* What a session of a server holds stops the purge: it is told at once, and the transaction of the host survives. */
static void test_locked_row(void **state) {
  host *at = *state;
  run(at, is(at, "mariadb") ? "SET innodb_lock_wait_timeout = 1" : "SET lock_timeout = 100", NULL);
  begin(at);
  outside(at, "BEGIN");
  outside(at, "SELECT id FROM visit WHERE id = 111 FOR UPDATE");
  assert_int_equal(purge(at, 1, (cascade_purge_options){0}), CASCADE_BUSY);
  assert_int_equal(cascade_error_transaction(at->error), CASCADE_TX_OPEN);
  outside(at, "ROLLBACK");
  host_goes_on(at);
}

static void *close_circle(void *data) {
  test_database_in_the_way(((host *)data)->database);
  outside(data, "UPDATE owner SET name = 'new' WHERE id = 1");
  outside(data, "COMMIT");
  return NULL;
}

/* Another session locks in the opposite order. Whether the host's transaction has survived that is a matter of the engine. */
static void test_deadlock(void **state) {
  host *at = *state;
  pthread_t other;
  char sql[2000] = "INSERT INTO diary VALUES (100)";
  for (int i = 101; i < 150; i++) snprintf(sql + strlen(sql), sizeof sql - strlen(sql), ", (%d)", i);
  begin(at);
  outside(at, "BEGIN");
  outside(at, sql); /* who has done more is not the victim */
  outside(at, "SELECT id FROM visit WHERE id = 111 FOR UPDATE");
  assert_int_equal(pthread_create(&other, NULL, close_circle, at), 0);
  cascade_status status = purge(at, 1, (cascade_purge_options){0});
  assert_int_equal(pthread_join(other, NULL), 0);
  assert_int_equal(status, CASCADE_DEADLOCK);
  assert_true(cascade_error_retryable(at->error));
  bool survived = is(at, "postgresql");
  assert_int_equal(cascade_error_transaction(at->error), survived ? CASCADE_TX_OPEN : CASCADE_TX_ROLLED_BACK);
  run(at, "COMMIT", NULL);
  assert_outside(at, ROWS, 50 + survived);
}

/* PostgreSQL: checks that proven integrity switches off are, in the host's transaction, on again behind it. */

static const char role[] = "SELECT current_setting('session_replication_role')";

static void assert_role(host *at, const char *expected) {
  char cell[200];
  run(at, role, cell);
  assert_string_equal(cell, expected);
}

static int32_t see_role(void *data, const cascade_deleted *tables, uint32_t count) {
  (void)tables, (void)count;
  assert_role(data, "replica");
  return 0;
}

static int32_t see_role_and_refuse(void *data, const cascade_deleted *tables, uint32_t count) {
  see_role(data, tables, count);
  return 1;
}

static void test_proven(void **state) {
  host *at = *state;
  cascade_purge_options proven = {.integrity = CASCADE_INTEGRITY_PROVEN, .after_batch = see_role, .hook_data = at};
  begin(at);
  assert_int_equal(purge(at, 1, proven), CASCADE_DONE);
  assert_role(at, "origin");
  proven.after_batch = see_role_and_refuse;
  assert_int_equal(purge(at, 2, proven), CASCADE_HOOK);
  assert_role(at, "origin");
  still_inside(at);
  run(at, "COMMIT", NULL);
  assert_role(at, "origin");
  assert_outside(at, ROWS - EACH, 1);
}

/* It is put back to what the host had, not to the default. */
static void test_proven_role_of_host(void **state) {
  host *at = *state;
  cascade_purge_options proven = {.integrity = CASCADE_INTEGRITY_PROVEN, .after_batch = see_role, .hook_data = at};
  run(at, "SET session_replication_role = local", NULL);
  begin(at);
  assert_int_equal(purge(at, 1, proven), CASCADE_DONE);
  assert_role(at, "local");
  run(at, "COMMIT", NULL);
  assert_int_equal(purge(at, 2, proven), CASCADE_DONE);
  assert_role(at, "local");
  assert_outside(at, ROWS - 2 * EACH, 1);
}

/* Settings of the session. */

static const char pg_settings[] =
    "SELECT concat_ws('|', current_setting('default_transaction_isolation'), current_setting('default_transaction_read_only'),"
    " current_setting('statement_timeout'), current_setting('lock_timeout'), current_setting('session_replication_role'),"
    " current_setting('search_path'), current_setting('transaction_isolation'), current_setting('row_security'))";
static const char mariadb_settings[] =
    "SELECT concat_ws('|', @@tx_isolation, @@tx_read_only, @@innodb_lock_wait_timeout, @@lock_wait_timeout, @@max_statement_time,"
    " @@foreign_key_checks, @@unique_checks, @@autocommit, @@sql_mode, @@character_set_client, @@collation_connection)";

static int32_t see_isolation(void *data, const cascade_deleted *tables, uint32_t count) {
  host *at = data;
  char cell[200] = "";
  (void)tables, (void)count;
  /* that table is a picture of a moment ago, made anew when nobody has looked at it for a tenth of a second */
  for (int tries = 0; is(at, "mariadb") && !*cell && tries < 10; tries++) {
    nanosleep(&(struct timespec){.tv_nsec = 150000000}, NULL);
    run(at, "SELECT trx_isolation_level FROM information_schema.innodb_trx WHERE trx_mysql_thread_id = connection_id()", cell);
  }
  if (!is(at, "mariadb")) run(at, "SELECT current_setting('transaction_isolation')", cell);
  assert_int_equal(strcasecmp(cell, "read committed"), 0);
  return 0;
}

static void settings_stay(host *at, const char *const *changes, const char *settings) {
  char before[200], after[200];
  uint32_t tables = 0;
  must(at, cascade_graph_read(at->connection, NULL, &at->graph, &at->error)); /* by a session that may write */
  while (*changes) run(at, *changes++, NULL);
  run(at, settings, before);
  assert_int_equal(purge(at, 1, (cascade_purge_options){.after_batch = see_isolation, .hook_data = at}), CASCADE_DONE);
  run(at, settings, after);
  assert_string_equal(after, before);
  assert_int_equal(purge(at, 2, (cascade_purge_options){.after_batch = refuse, .hook_data = &tables}), CASCADE_HOOK);
  run(at, settings, after);
  assert_string_equal(after, before);
  assert_outside(at, ROWS - EACH, 0);
}

static void test_settings(void **state) {
  static const char *const pg[] = {"SET default_transaction_isolation = 'serializable'",
                                   "SET default_transaction_read_only = on",
                                   "SET statement_timeout = '77s'",
                                   "SET lock_timeout = '7s'",
                                   "SET search_path = public, pg_catalog",
                                   "SET row_security = off",
                                   NULL};
  static const char *const mariadb[] = {"SET SESSION tx_isolation = 'SERIALIZABLE'",
                                        "SET SESSION tx_read_only = 1",
                                        "SET SESSION innodb_lock_wait_timeout = 7",
                                        "SET SESSION lock_wait_timeout = 8",
                                        "SET SESSION max_statement_time = 77",
                                        "SET SESSION sql_mode = 'ANSI,NO_BACKSLASH_ESCAPES'",
                                        NULL};
  host *at = *state;
  if (is(at, "mariadb")) settings_stay(at, mariadb, mariadb_settings);
  else settings_stay(at, pg, pg_settings);
}

/* SQLite's settings are pragmas, of which a purge may touch two. */
static void test_sqlite_settings(void **state) {
  host *at = *state;
  for (int integrity = CASCADE_INTEGRITY_CHECKED; integrity <= CASCADE_INTEGRITY_PROVEN; integrity++) {
    run(at, "PRAGMA foreign_keys = ON", NULL);
    assert_int_equal(purge(at, 1 + integrity, (cascade_purge_options){.integrity = integrity}), CASCADE_DONE);
    assert_int_equal(seen(at, "SELECT foreign_keys FROM pragma_foreign_keys"), 1);
    assert_int_equal(seen(at, "SELECT defer_foreign_keys FROM pragma_defer_foreign_keys"), 0);
    assert_int_equal(seen(at, "SELECT read_uncommitted FROM pragma_read_uncommitted"), 0);
  }
  begin(at);
  assert_int_equal(purge(at, 3, (cascade_purge_options){.integrity = CASCADE_INTEGRITY_PROVEN}), CASCADE_UNSUPPORTED);
  assert_int_equal(purge(at, 3, (cascade_purge_options){0}), CASCADE_DONE);
  assert_int_equal(seen(at, "SELECT foreign_keys FROM pragma_foreign_keys"), 1);
  run(at, "COMMIT", NULL);
  assert_outside(at, ROWS - 3 * EACH, 1);
}

typedef struct listed {
  const char *name, *engine; /* NULL for every engine; "server" for both servers */
  CMUnitTestFunction test;
} listed;

static const listed tests[] = {
    {"the host commits", NULL, test_host_commits},
    {"the host rolls back", NULL, test_host_rolls_back},
    {"a transaction without changes", NULL, test_empty_transaction},
    {"a hook refuses", NULL, test_hook_refuses},
    {"a row blocks", NULL, test_blocked},
    {"the database refuses", NULL, test_database_refuses},
    {"too many rows", NULL, test_not_atomic},
    {"as many rows as can go", NULL, test_most_that_is_atomic},
    {"cancelled", NULL, test_cancelled},
    {"a locked row", "server", test_locked_row},
    {"a deadlock", "server", test_deadlock},
    {"proven", "postgresql", test_proven},
    {"proven, the host's role", "postgresql", test_proven_role_of_host},
    {"settings", "server", test_settings},
    {"settings", "sqlite", test_sqlite_settings},
};

int main(void) {
  enum { KINDS = sizeof kinds / sizeof *kinds, TESTS = sizeof tests / sizeof *tests };
  static struct CMUnitTest all[KINDS * TESTS];
  static char names[KINDS * TESTS][80];
  size_t count = 0;
  for (size_t k = 0; k < KINDS; k++)
    for (size_t t = 0; t < TESTS; t++) {
      bool server = strcmp(kinds[k].engine, "sqlite") != 0;
      if (tests[t].engine && strcmp(tests[t].engine, server ? "server" : "sqlite") && strcmp(tests[t].engine, kinds[k].engine))
        continue;
      snprintf(names[count], sizeof names[count], "%s %s: %s", kinds[k].engine, kinds[k].driver, tests[t].name);
      all[count] = (struct CMUnitTest){names[count], tests[t].test, make, drop, (void *)&kinds[k]};
      count++;
    }
  return _cmocka_run_group_tests("host transaction", all, count, NULL, NULL);
}

#include "test_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static bool is_pg(const test_database *database) {
  return strcmp(database->engine, "postgresql") == 0;
}

static const char *variable(const char *name) {
  const char *value = getenv(name);
  if (!value) fail_msg("%s is not set: there is no server. Run the test as: tests/servers run meson test -C BUILD NAME", name);
  return value;
}

static void silent(void *data, const char *message) {
  (void)data;
  (void)message;
}

static PGconn *connect_pg(const char *name) {
  const char *const keys[] = {"host", "port", "user", "dbname", "client_encoding", NULL};
  const char *const values[] = {variable("CASCADE_TEST_PG_HOST"), "5432", "postgres", name, "UTF8", NULL};
  PGconn *session = PQconnectdbParams(keys, values, 0);
  if (PQstatus(session) != CONNECTION_OK) fail_msg("%s", PQerrorMessage(session));
  PQsetNoticeProcessor(session, silent, NULL);
  return session;
}

static MYSQL *connect_mariadb(const char *name) {
  const char *socket = variable("CASCADE_TEST_MARIADB");
  MYSQL *session = mysql_init(NULL);
  assert_non_null(session);
  mysql_options(session, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  if (!mysql_real_connect(session, NULL, "root", NULL, name, 0, socket, CLIENT_MULTI_STATEMENTS))
    fail_msg("%s", mysql_error(session));
  return session;
}

PGconn *test_database_pg(const test_database *database) {
  return connect_pg(database->name);
}

MYSQL *test_database_mariadb(const test_database *database) {
  return connect_mariadb(database->name);
}

void test_database_reconnect(test_database *database) {
  if (is_pg(database)) database->pg = connect_pg(database->name);
  else database->mariadb = connect_mariadb(database->name);
}

void test_database_disconnect(test_database *database) {
  PQfinish(database->pg);
  database->pg = NULL;
  if (database->mariadb) mysql_close(database->mariadb);
  database->mariadb = NULL;
}

/* Runs one statement on the server, outside of any test's database. */
static void administer(const test_database *database, const char *format) {
  test_database server = {.engine = database->engine};
  char sql[160];
  if (is_pg(&server)) server.pg = connect_pg("postgres");
  else server.mariadb = connect_mariadb(NULL);
  snprintf(sql, sizeof sql, format, database->name);
  test_database_run(&server, sql);
  test_database_disconnect(&server);
}

test_database *test_database_new(const char *engine) {
  static unsigned made;
  test_database *database = calloc(1, sizeof *database);
  assert_non_null(database);
  database->engine = engine;
  snprintf(database->name, sizeof database->name, "test_%ld_%u", (long)getpid(), made++);
  if (is_pg(database)) {
    const char *host = variable("CASCADE_TEST_PG_HOST");
    administer(database, "CREATE DATABASE %s");
    snprintf(database->uri, sizeof database->uri, "postgresql://postgres@/%s?host=%s&port=5432", database->name, host);
    snprintf(database->dbi, sizeof database->dbi, "dbi:pgsql?host=%s&port=5432&username=postgres&dbname=%s", host, database->name);
  } else {
    const char *socket = variable("CASCADE_TEST_MARIADB");
    administer(database, "CREATE DATABASE %s");
    snprintf(database->uri, sizeof database->uri, "mariadb://root@localhost/%s?unix_socket=%s", database->name, socket);
    snprintf(database->dbi, sizeof database->dbi, "dbi:mysql?mysql_unix_socket=%s&username=root&dbname=%s", socket, database->name);
  }
  test_database_reconnect(database);
  return database;
}

void test_database_free(test_database *database) {
  if (!database) return;
  test_database_disconnect(database);
  administer(database,
             is_pg(database) ? "DROP DATABASE %s WITH (FORCE)" : "SET STATEMENT lock_wait_timeout=20 FOR DROP DATABASE %s");
  free(database);
}

static void run_mariadb(MYSQL *session, const char *sql) {
  int more = mysql_query(session, sql);
  while (more == 0) {
    mysql_free_result(mysql_store_result(session));
    more = mysql_next_result(session);
  }
  if (more > 0) fail_msg("%s: %s", sql, mysql_error(session));
}

void test_database_run(test_database *database, const char *sql) {
  if (!is_pg(database)) {
    run_mariadb(database->mariadb, sql);
    return;
  }
  PGresult *result = PQexec(database->pg, sql);
  ExecStatusType status = PQresultStatus(result);
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) fail_msg("%s: %s", sql, PQerrorMessage(database->pg));
  PQclear(result);
}

static char *text_pg(PGconn *session, const char *sql) {
  PGresult *result = PQexec(session, sql);
  if (PQresultStatus(result) != PGRES_TUPLES_OK) fail_msg("%s: %s", sql, PQerrorMessage(session));
  if (PQntuples(result) != 1) fail_msg("%s: %d rows", sql, PQntuples(result));
  char *text = PQgetisnull(result, 0, 0) ? NULL : strdup(PQgetvalue(result, 0, 0));
  PQclear(result);
  return text;
}

static char *text_mariadb(MYSQL *session, const char *sql) {
  MYSQL_RES *result = mysql_query(session, sql) == 0 ? mysql_store_result(session) : NULL;
  if (!result) fail_msg("%s: %s", sql, mysql_error(session));
  if (mysql_num_rows(result) != 1) fail_msg("%s: %d rows", sql, (int)mysql_num_rows(result));
  MYSQL_ROW row = mysql_fetch_row(result);
  char *text = row[0] ? strdup(row[0]) : NULL;
  mysql_free_result(result);
  return text;
}

char *test_database_text(test_database *database, const char *sql) {
  return is_pg(database) ? text_pg(database->pg, sql) : text_mariadb(database->mariadb, sql);
}

int64_t test_database_integer(test_database *database, const char *sql) {
  char *text = test_database_text(database, sql);
  if (!text) fail_msg("%s: NULL", sql);
  int64_t number = strtoll(text, NULL, 10);
  free(text);
  return number;
}

void test_database_in_the_way(test_database *database) {
  static const char pg[] = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))";
  static const char mariadb[] = "SELECT count(*) FROM information_schema.innodb_lock_waits AS w"
                                " JOIN information_schema.innodb_trx AS t ON t.trx_id = w.blocking_trx_id"
                                " WHERE t.trx_mysql_thread_id = connection_id()";
  for (int i = 0; !test_database_integer(database, is_pg(database) ? pg : mariadb); i++) {
    assert_true(i < 400);
    usleep(150000); /* MariaDB makes those tables anew only when nobody has read them for 0.1 s */
  }
}

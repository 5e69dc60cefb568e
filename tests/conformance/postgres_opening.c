/* Addresses and handles of PostgreSQL: what is opened, what is refused, and that no password is repeated. */
#include "suites.h"

#include <dbi/dbi-dev.h>

enum { ADDRESS = 600 };

/* The address of another database, or with more behind it. */
static char *address(const test_rig *rig, char uri[ADDRESS], const char *database, const char *more) {
  const char *name = strstr(rig->uri, rig->database->name), *rest = name + strlen(rig->database->name);
  snprintf(uri, ADDRESS, "%.*s%s%s%s", (int)(name - rig->uri), rig->uri, database ? database : rig->database->name, rest, more);
  return uri;
}

static void reopen(test_rig *rig, const char *uri) {
  cascade_connection_free(rig->connection);
  rig->connection = rig_open(rig, uri);
  if (!rig->connection) fail_msg("%s: %s", uri, cascade_error_message(rig->error));
}

/* The password is s3cret, and not even a half of it is said. */
static void test_passwords_are_not_repeated(void **state) {
  static const char *const native[] = {"postgresql://u:s3cret@/db?host=/nowhere/at/all",
                                       "postgresql://u:s3@cret@localhost/db",
                                       "postgresql://u:s3/cret@localhost/db",
                                       "postgresql://u:s3%zzcret@localhost/db",
                                       "postgresql://u:s3cret@[::1/db",
                                       "postgresql://u:s3cret@[::1]x/db",
                                       "postgresql://u:s3cret@localhost:port/db",
                                       "postgresql://u:s3cret@localhost:99999999/db",
                                       "postgresql://u:s3?cret@[/db",
                                       "postgresql://u:s3cret@localhost/db?s3cret",
                                       "postgresql://u:s3cret@localhost/db?password=s3&cret",
                                       "postgresql:s3cret",
                                       "postgresql://?password=s3cret&port=x",
                                       "postgresql:///db?host=/nowhere&password=s3%00cret",
                                       "postgresql:/u:s3cret@h/db",
                                       "postgresql://u:s3cret@unknown.invalid/db",
                                       "postgres://u:s3#cret@[/db",
                                       "postgre://u:s3cret@h/db",
                                       "s3cret",
                                       ":s3cret",
                                       "Postgresql://u:s3cret@h/db",
                                       "postgresql://u:s3cret@h/db?sslmode=x",
                                       "postgresql://h/db?service=x&password=s3cret"};
  static const char *const dbi[] = {"dbi:pgsql?host=/nowhere/at/all&password=s3cret",
                                    "dbi:pgsql?host=/nowhere&password=s3&cret=1",
                                    "dbi:pgsql?host=/nowhere&password=s3%zzcret",
                                    "dbi:pgsql?host=/nowhere&password=s3'cret",
                                    "dbi:pgsql?host=/nowhere&s3cret",
                                    "dbi:pgsql?host=/nowhere&password=s3\\cret%27 host=/elsewhere",
                                    "dbi:pgsql?password=s3cret&hots=/nowhere",
                                    "dbi:pgsql?password=s3cret&encoding=LATIN1",
                                    "dbi:pgsql?password=s3cret&host=/nowhere&pgsql_nothing=1"};
  test_rig *rig = *state;
  const char *const *uris = rig->quirks->dbi ? dbi : native;
  size_t count = rig->quirks->dbi ? sizeof dbi / sizeof *dbi : sizeof native / sizeof *native;
  for (size_t i = 0; i < count; i++) {
    if (rig_open(rig, uris[i])) fail_msg("%s was opened", uris[i]);
    const char *message = cascade_error_message(rig->error);
    bool bare = strcmp(uris[i], "s3cret") == 0; /* which is all of the address, as it were a scheme */
    if (!*message || (!bare && (strstr(message, "s3") || strstr(message, "cret")))) fail_msg("%s: %s", uris[i], message);
  }
}

static void test_wrong_addresses(void **state) {
  static const struct {
    const char *native, *dbi;
    cascade_status status;
    const char *words;
  } cases[] = {
      {"postgresql://localhost/a/b@c", "dbi:pgsql?hots=x", CASCADE_INVALID, ""},
      {"postgresql://localhost/db?hots=x", "dbi:pgsql?dbname=%zz", CASCADE_INVALID, "URI"},
      {"postgresql:///db?host=/nowhere/at/all", "dbi:pgsql?host=/nowhere/at/all", CASCADE_CONNECTION, "No such file"},
      {"postgresql://nobody@/postgres?host=%s", "dbi:pgsql?username=nobody&host=%s", CASCADE_CONNECTION,
       "\"nobody\" does not exist"},
      {"postgresql://postgres@/absent?host=%s", "dbi:pgsql?username=postgres&dbname=absent&host=%s", CASCADE_CONNECTION,
       "\"absent\" does not exist"},
  };
  test_rig *rig = *state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char uri[ADDRESS];
    const char *form = rig->quirks->dbi ? cases[i].dbi : cases[i].native, *place = strstr(form, "%s");
    snprintf(uri, sizeof uri, "%.*s%s", (int)(place ? place - form : (ptrdiff_t)strlen(form)), form,
             place ? getenv("CASCADE_TEST_PG_HOST") : "");
    assert_null(rig_open(rig, uri));
    if (cascade_error_status(rig->error) != cases[i].status || !strstr(cascade_error_message(rig->error), cases[i].words))
      fail_msg("%s: %s", uri, cascade_error_message(rig->error));
  }
}

static void test_odd_names(void **state) {
  test_rig *rig = *state;
  char uri[ADDRESS];
  rig_prepare(rig, "CREATE DATABASE \"it's a \\ \"\"name\"\" ä%&=\"");
  reopen(rig, address(rig, uri, "it%27s%20a%20%5C%20%22name%22%20%C3%A4%25%26%3D", ""));
  rig_expect(rig, "current_database()", "", "it's a \\ \"name\" ä%&=");
  rig_disconnect(rig);
  rig_prepare(rig, "DROP DATABASE \"it's a \\ \"\"name\"\" ä%&=\"");
}

/* Everything that libpq understands is handed to it. */
static void test_service(void **state) {
  test_rig *rig = *state;
  char path[200];
  snprintf(path, sizeof path, "%s/services", rig->directory);
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fprintf(file, "[museum]\nhost=%s\nport=5432\nuser=postgres\ndbname=%s\n", getenv("CASCADE_TEST_PG_HOST"), rig->database->name);
  fclose(file);
  setenv("PGSERVICEFILE", path, 1);
  reopen(rig, rig->quirks->dbi ? "dbi:pgsql?pgsql_service=museum" : "postgresql:///?service=museum");
  rig_expect(rig, "current_database()", "", rig->database->name);
  setenv("PGSERVICE", "museum", 1);
  reopen(rig, rig->quirks->dbi ? "dbi:pgsql?username=pg_monitor&pgsql_user=postgres" : "postgres://");
  rig_expect(rig, "current_database()", "", rig->database->name);
  unsetenv("PGSERVICE");
  unsetenv("PGSERVICEFILE");
}

static void test_settings_in_the_address(void **state) {
  test_rig *rig = *state;
  char uri[ADDRESS];
  bool dbi = rig->quirks->dbi;
  reopen(rig, address(rig, uri, NULL,
                      dbi ? "&pgsql_application_name=mine&pgsql_options=-csearch_path%3Done,two"
                          : "&application_name=mine&options=-csearch_path%3Done,two"));
  rig_expect(rig, "current_setting('application_name')", "", "mine");
  rig_expect(rig, "current_setting('search_path')", "", "one,two");
  reopen(rig, address(rig, uri, NULL, dbi ? "&encoding=UTF-8&pgsql_client_encoding=LATIN1" : "&client_encoding=LATIN1"));
  rig_expect(rig, "current_setting('client_encoding')", "", "UTF8");
  rig_expect(rig, "'ä'::text", "", "ä");
  int64_t pid = rig_integer(rig, "pg_backend_pid()", "");
  rig_disconnect(rig);
  for (int64_t left = 1; left;) {
    char sql[100];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM pg_stat_activity WHERE pid = %d", (int)pid);
    left = test_database_integer(rig->database, sql); /* a test's time limit is there for a session that stays */
  }
}

/* handles of the host */

/* On the host's handle, beside the library. */
static void host_run(const test_rig *rig, const char *sql) {
  PGconn *handle = rig->host_dbi ? ((dbi_conn_t *)rig->host_dbi)->connection : rig->host_pg;
  PGresult *result = PQexec(handle, sql);
  if (PQresultStatus(result) != PGRES_COMMAND_OK) fail_msg("%s: %s", sql, PQerrorMessage(handle));
  PQclear(result);
}

static cascade_status adopt_again(test_rig *rig) {
  bool dbi = rig->quirks->dbi;
  cascade_connection_free(rig->connection);
  rig->connection = NULL;
  cascade_error_free(rig->error);
  rig->error = NULL;
  return cascade_connection_adopt(rig->context, dbi ? "dbi" : "pq", dbi ? rig->host_dbi : (void *)rig->host_pg, NULL,
                                  &rig->connection, &rig->error);
}

static void test_the_hosts_transaction(void **state) {
  test_rig *rig = *state;
  rig_adopt(rig);
  host_run(rig, "BEGIN; INSERT INTO v VALUES (1, 1)");
  assert_int_equal(adopt_again(rig), CASCADE_OK);
  assert_int_equal(rig->connection->driver->in_transaction(rig->connection->self), 1);
  rig_run(rig, "SAVEPOINT s");
  rig_run(rig, "INSERT INTO v VALUES (2, 2)");
  assert_int_equal(rig_execute(rig, "INSERT INTO v VALUES (2, 2)", NULL, 0, NULL), CASCADE_CONSTRAINT);
  assert_int_equal(cascade_error_transaction(rig->error), CASCADE_TX_OPEN);
  rig_run(rig, "ROLLBACK TO s");
  cascade_connection_free(rig->connection);
  rig->connection = NULL;
  host_run(rig, "COMMIT");
  assert_int_equal(test_database_integer(rig->database, "SELECT count(*) FROM v"), 1);
}

/* Between two calls of the library the handle is the host's, whatever is being read. */
static void test_the_hosts_statements_beside_a_cursor(void **state) {
  test_rig *rig = *state;
  casc_statement statement;
  casc_cursor cursor;
  const cascade_value *row;
  rig_adopt(rig);
  rig_fill(rig, 5000, "i");
  rig_select(rig, &statement);
  rig_column(rig, &statement, "id", CASCADE_INT64);
  casc_str_put(&statement.sql, " From v Order By v.id");
  assert_int_equal(rig_start(rig, &statement, &cursor), CASCADE_OK);
  for (int64_t id = 1; id <= 5000; id++) {
    assert_int_equal(rig_next(rig, &cursor, &row), CASCADE_OK);
    assert_int_equal(row[0].integer, id);
    if (id % 1000 == 1) host_run(rig, "UPDATE v SET x = x + 1 WHERE id = 1");
  }
  assert_int_equal(rig_next(rig, &cursor, &row), CASCADE_DONE);
  casc_cursor_close(&cursor);
  casc_statement_free(&statement);
  assert_int_equal(rig_integer(rig, "x", "From v Where id = 1"), 6);
}

static void test_handles_that_are_refused(void **state) {
  test_rig *rig = *state;
  rig_adopt(rig);
  host_run(rig, "SET client_encoding = 'LATIN1'");
  assert_int_equal(adopt_again(rig), CASCADE_UNSUPPORTED);
  assert_non_null(strstr(cascade_error_message(rig->error), "LATIN1"));
  host_run(rig, "SET client_encoding = 'SQL_ASCII'"); /* which means that nothing is converted */
  assert_int_equal(adopt_again(rig), CASCADE_OK);
  rig_expect(rig, "'ä'::text", "", "ä");
  host_run(rig, "SET client_encoding = 'UTF8'");
  if (rig->quirks->dbi) return;
  assert_int_equal(PQenterPipelineMode(rig->host_pg), 1);
  assert_int_equal(adopt_again(rig), CASCADE_INVALID);
  assert_int_equal(PQexitPipelineMode(rig->host_pg), 1);
  assert_int_equal(PQsendQuery(rig->host_pg, "SELECT 1"), 1);
  assert_int_equal(adopt_again(rig), CASCADE_INVALID);
  for (PGresult *result; (result = PQgetResult(rig->host_pg));) PQclear(result);
  assert_int_equal(adopt_again(rig), CASCADE_OK);
  assert_int_equal(PQsendQuery(rig->host_pg, "SELECT 1"), 1); /* busy later on */
  assert_true(rig_execute(rig, "DELETE FROM v", NULL, 0, NULL) < 0);
}

/* A host may have set its handle not to block: large statements then go in pieces. */
static void test_handle_that_does_not_block(void **state) {
  enum { LARGE = 20 << 20 };
  test_rig *rig = *state;
  if (rig->quirks->dbi) return;
  rig_adopt(rig);
  assert_int_equal(PQsetnonblocking(rig->host_pg, 1), 0);
  rig_typed(rig, CASCADE_BLOB);
  char *data = calloc(LARGE, 1);
  cascade_value value = bytes(CASCADE_BLOB, data, LARGE);
  assert_int_equal(rig_store(rig, 1, &value), CASCADE_OK);
  free(data);
  assert_int_equal(rig_integer(rig, "Length(x)", "From v"), LARGE);
}

#define POSTGRES(name) LISTED_FOR("postgresql", name)
const test_entry postgres_opening_tests[] = {
    POSTGRES(test_passwords_are_not_repeated),
    POSTGRES(test_wrong_addresses),
    POSTGRES(test_odd_names),
    POSTGRES(test_service),
    POSTGRES(test_settings_in_the_address),
    POSTGRES(test_the_hosts_transaction),
    POSTGRES(test_handles_that_are_refused),
    POSTGRES(test_handle_that_does_not_block),
    POSTGRES(test_the_hosts_statements_beside_a_cursor),
};
const size_t postgres_opening_tests_count = sizeof postgres_opening_tests / sizeof *postgres_opening_tests;

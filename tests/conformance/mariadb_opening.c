/* Addresses of MariaDB: what is opened, what is refused, and that no password is repeated. */
#include "suites.h"

#include "failing_alloc.h"

#include <pthread.h>
#include <unistd.h>

static void refused(test_rig *rig, const char *uri, cascade_status status, const char *words) {
  if (rig_open(rig, uri)) fail_msg("%s was opened", uri);
  const char *message = cascade_error_message(rig->error);
  if (cascade_error_status(rig->error) != status || !strstr(message, words) || strstr(message, "secret") || strchr(message, '\n'))
    fail_msg("%s: %s: %s", uri, cascade_status_name(cascade_error_status(rig->error)), message);
}

static void opened(test_rig *rig, const char *format, ...) {
  char uri[600];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(uri, sizeof uri, format, arguments);
  va_end(arguments);
  cascade_connection_free(rig->connection);
  rig->connection = rig_open(rig, uri);
  if (!rig->connection) fail_msg("%s: %s", uri, cascade_error_message(rig->error));
  rig_expect(rig, "DATABASE()", "", rig->database->name);
}

static void test_addresses(void **state) {
  test_rig *rig = *state;
  const char *socket = getenv("CASCADE_TEST_MARIADB"), *name = rig->database->name;
  char uri[600];
  if (rig->quirks->dbi) {
    refused(rig, "dbi:mysql?host=h&port=99999", CASCADE_INVALID, "port=99999");
    refused(rig, "dbi:mysql?encoding=UTF-8", CASCADE_INVALID, "utf8mb4");
    refused(rig, "dbi:mysql?mysql_client_multi_statements=1", CASCADE_INVALID, "never used");
    snprintf(uri, sizeof uri, "dbi:mysql?mysql_unix_socket=%s&username=nobody&password=secret", socket);
    refused(rig, uri, CASCADE_CONNECTION, "nobody");
    refused(rig, "dbi:mysql?mysql_unix_socket=/no/such&password=secret", CASCADE_CONNECTION, "/no/such");
    opened(rig, "dbi:mysql?mysql_unix_socket=%s&username=root&dbname=%s&encoding=utf8mb4", socket, name);
    return;
  }
  refused(rig, "mariadb:root:secret@localhost", CASCADE_INVALID, "mariadb://");
  refused(rig, "mariadb://root:secret@localhost:99999/x", CASCADE_INVALID, "port");
  refused(rig, "mariadb://root:secret%zz@localhost/x", CASCADE_INVALID, "decoded");
  refused(rig, "mariadb://root:secret@[::1/x", CASCADE_INVALID, "brackets");
  refused(rig, "mariadb://root:secret@localhost/x?mode=fast", CASCADE_INVALID, "mode");
  refused(rig, "mariadb://root:secret@localhost/x?ssl_verify=perhaps", CASCADE_INVALID, "ssl_verify");
  refused(rig, "mariadb://localhost/x?default_file=/no/such.cnf", CASCADE_INVALID, "/no/such.cnf");
  refused(rig, "mariadb://root:secret@/x?unix_socket=/no/such", CASCADE_CONNECTION, "/no/such");
  snprintf(uri, sizeof uri, "mariadb://nobody:secret@localhost/?unix_socket=%s", socket);
  refused(rig, uri, CASCADE_CONNECTION, "nobody");
  snprintf(uri, sizeof uri, "mysql://root@localhost/nowhere?unix_socket=%s", socket);
  refused(rig, uri, CASCADE_CONNECTION, "nowhere");
  opened(rig, "mysql://root@localhost/%s?unix_socket=%s", name, socket);
  opened(rig, "mariadb://r%%6fot@/%s?unix_socket=%s", name, socket);
}

static void *cancel_soon(void *connection) {
  usleep(50000);
  cascade_connection_cancel(connection);
  return NULL;
}

/* A password with every odd character, by the URI and by an option file, for the session and for the one that kills. */
static void test_passwords(void **state) {
  test_rig *rig = *state;
  const char *socket = getenv("CASCADE_TEST_MARIADB"), *name = rig->database->name;
  rig_preparef(rig, "CREATE USER %1$s IDENTIFIED BY 's:e/c@r%%e?t&='; GRANT ALL ON %1$s.* TO %1$s", name);
  for (int i = 0; i < 2; i++) {
    const char *password = "s%3ae%2fc%40r%25e%3ft%26%3d";
    if (rig->quirks->dbi) {
      opened(rig, "dbi:mysql?mysql_unix_socket=%s&username=%s&password=%s&dbname=%s", socket, name, password, name);
    } else if (i == 0) {
      opened(rig, "mariadb://%s:%s@localhost/%s?unix_socket=%s", name, password, name, socket);
    } else {
      char command[300];
      snprintf(command, sizeof command, "printf '[other]\\nuser=%s\\npassword=\"s:e/c@r%%%%e?t&=\"\\nsocket=%s\\n' > my.cnf", name,
               socket);
      rig_shell(rig, command);
      opened(rig, "mariadb:///%s?default_file=%s/my.cnf&default_group=other", name, rig->directory);
    }
    pthread_t thread;
    char sql[200];
    snprintf(sql, sizeof sql, "INSERT INTO v SELECT i, i FROM %s", "(SELECT a.seq AS i FROM seq_1_to_1000000000 AS a) AS s");
    assert_int_equal(pthread_create(&thread, NULL, cancel_soon, rig->connection), 0);
    assert_int_equal(rig_execute(rig, sql, NULL, 0, NULL), CASCADE_CANCELLED);
    pthread_join(thread, NULL);
  }
  rig_preparef(rig, "DROP USER %s", name);
}

/* Opens, writes, reads and fails, with so many allocations at most. */
static cascade_status work(test_rig *rig) {
  cascade_status status = cascade_connection_open(rig->context, rig->uri, NULL, &rig->connection, NULL);
  if (status < 0) return status;
  cascade_value value = text("it's \\ here");
  test_cell cell = {0};
  status = rig_store(rig, 1, &value);
  if (status >= 0) status = rig_try_cell(rig, "x", CASCADE_TEXT, "From v Where x = ?", &value, 1, &cell);
  rig_free_cell(&cell);
  if (status >= 0) status = rig_execute(rig, "nonsense", NULL, 0, NULL);
  return status;
}

static void test_memory_runs_out(void **state) {
  test_rig *rig = *state;
  cascade_context *context = rig->context;
  cascade_connection *connection = rig->connection;
  cascade_status status = CASCADE_NOMEM;
  rig_typed(rig, CASCADE_TEXT);
  long allowed = 1, live = 0;
  for (; status == CASCADE_NOMEM && allowed < 1000 && !live; allowed++) {
    failing_alloc failing = {.allowed = allowed};
    cascade_context_options options = {.size = sizeof options,
                                       .allocate = failing_allocate,
                                       .reallocate = failing_reallocate,
                                       .release = failing_release,
                                       .allocator_data = &failing};
    rig->connection = NULL;
    if (cascade_context_new(&options, &rig->context, NULL) < 0) continue;
    status = work(rig);
    cascade_connection_free(rig->connection);
    cascade_error_free(rig->error);
    rig->error = NULL;
    cascade_context_free(rig->context);
    live = failing.live;
  }
  rig->context = context;
  rig->connection = connection;
  assert_int_equal(live, 0);
  assert_int_equal(status, CASCADE_SCHEMA); /* the nonsense, when there was memory enough */
}

#define MARIADB(name) LISTED_FOR("mariadb", name)
const test_entry mariadb_opening_tests[] = {MARIADB(test_addresses), MARIADB(test_passwords), MARIADB(test_memory_runs_out)};
const size_t mariadb_opening_tests_count = sizeof mariadb_opening_tests / sizeof *mariadb_opening_tests;

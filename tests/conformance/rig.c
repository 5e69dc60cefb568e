#include "rig.h"

#include <dbi/dbi-dev.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

const test_quirks all_quirks[] = {
    {.name = "native", .uri = "sqlite:%s"},
    {.name = "native-adopted", .adopted = true},
    {.name = "dbi", .dbi = true, .uri = "dbi:sqlite3?dbname=%s"},
    {.name = "dbi-adopted", .dbi = true, .adopted = true},
    {.name = "fault", .adopted = true},
};
const size_t quirks_count = sizeof all_quirks / sizeof *all_quirks;
const test_quirks *chosen;

dbi_conn rig_dbi_conn(const char *directory, const char *name) {
  static dbi_inst instance; /* the host's; libdbi's instances are best never shut down */
  if (!instance) assert_true(dbi_initialize_r(NULL, &instance) > 0);
  dbi_conn connection = dbi_conn_new_r("sqlite3", instance);
  assert_non_null(connection);
  dbi_conn_set_option(connection, "sqlite3_dbdir", directory);
  dbi_conn_set_option(connection, "dbname", name);
  dbi_conn_set_option_numeric(connection, "sqlite3_timeout", LOCK_TIMEOUT_MS);
  assert_int_equal(dbi_conn_connect(connection), 0);
  return connection;
}

cascade_connection *rig_open(test_rig *rig, const char *uri) {
  cascade_connection_options options = {.size = sizeof options, .lock_timeout_ms = LOCK_TIMEOUT_MS};
  cascade_connection *connection = NULL;
  cascade_error_free(rig->error);
  rig->error = NULL;
  cascade_status status = cascade_connection_open(rig->context, uri, &options, &connection, &rig->error);
  assert_true((status < 0) == !connection);
  assert_int_equal(status, cascade_error_status(rig->error));
  return connection;
}

static void must(test_rig *rig, cascade_status status) {
  if (status < 0) fail_msg("%s: %s", cascade_status_name(status), cascade_error_message(rig->error));
}

static void adopt_dbi(test_rig *rig) {
  rig->host_dbi = rig_dbi_conn(rig->directory, "x.db");
  dbi_result_free(dbi_conn_query(rig->host_dbi, "PRAGMA foreign_keys=ON"));
  must(rig, cascade_connection_adopt(rig->context, "dbi", rig->host_dbi, NULL, &rig->connection, &rig->error));
}

static void adopt_native(test_rig *rig) {
  assert_int_equal(sqlite3_open_v2(rig->path, &rig->host, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
  sqlite3_busy_timeout(rig->host, LOCK_TIMEOUT_MS);
  assert_int_equal(sqlite3_exec(rig->host, "PRAGMA foreign_keys=ON", NULL, NULL, NULL), SQLITE_OK);
  if (strcmp(rig->quirks->name, "fault") != 0) {
    must(rig, cascade_connection_adopt(rig->context, "sqlite3", rig->host, NULL, &rig->connection, &rig->error));
    return;
  }
  fault_driver *driver = fault_driver_over_sqlite(rig->context, rig->host);
  assert_non_null(driver);
  must(rig, fault_driver_connect(driver, &rig->connection, &rig->error));
}

void rig_adopt(test_rig *rig) {
  rig_disconnect(rig);
  if (rig->quirks->dbi) adopt_dbi(rig);
  else adopt_native(rig);
}

sqlite3 *rig_handle(const test_rig *rig) {
  return rig->host_dbi ? ((dbi_conn_t *)rig->host_dbi)->connection : rig->host;
}

void rig_connect(test_rig *rig) {
  if (!rig->quirks->uri) {
    rig_adopt(rig);
    return;
  }
  rig->connection = rig_open(rig, rig->uri);
  if (!rig->connection) fail_msg("%s: %s", rig->uri, cascade_error_message(rig->error));
}

void rig_disconnect(test_rig *rig) {
  cascade_connection_free(rig->connection);
  rig->connection = NULL;
  if (rig->host) assert_int_equal(sqlite3_close(rig->host), SQLITE_OK); /* BUSY if a statement were left */
  rig->host = NULL;
  if (rig->host_dbi) dbi_conn_close(rig->host_dbi);
  rig->host_dbi = NULL;
}

static bool open_other(test_rig *rig) {
  return sqlite3_open(rig->path, &rig->other) == SQLITE_OK &&
         sqlite3_exec(rig->other, "PRAGMA synchronous=OFF", NULL, NULL, NULL) == SQLITE_OK;
}

int rig_set_up(void **state) {
  test_rig *rig = calloc(1, sizeof *rig);
  *state = rig;
  rig->quirks = chosen;
  snprintf(rig->directory, sizeof rig->directory, "/tmp/cascade-conformance-XXXXXX");
  if (!mkdtemp(rig->directory) || chmod(rig->directory, 0755) != 0) return -1;
  snprintf(rig->path, sizeof rig->path, "%s/x.db", rig->directory);
  if (chosen->uri) snprintf(rig->uri, sizeof rig->uri, chosen->uri, rig->path);
  if (!open_other(rig)) return -1;
  rig_prepare(rig, "CREATE TABLE v (id INTEGER PRIMARY KEY, x)");
  if (cascade_context_new(NULL, &rig->context, &rig->error) < 0) return -1;
  rig_connect(rig);
  return 0;
}

int rig_tear_down(void **state) {
  test_rig *rig = *state;
  char command[128];
  rig_disconnect(rig);
  cascade_error_free(rig->error);
  cascade_context_free(rig->context);
  sqlite3_close(rig->other);
  snprintf(command, sizeof command, "rm -rf %s", rig->directory);
  int failed = system(command);
  free(rig);
  return failed;
}

void rig_prepare(test_rig *rig, const char *sql) {
  char *message = NULL;
  if (sqlite3_exec(rig->other, sql, NULL, NULL, &message) != SQLITE_OK) fail_msg("%s: %s", sql, message);
}

void rig_shell(const test_rig *rig, const char *command) {
  char line[600];
  snprintf(line, sizeof line, "cd %s && { %s; }", rig->directory, command);
  assert_int_equal(system(line), 0);
}

cascade_value integer(int64_t value) {
  return (cascade_value){.type = CASCADE_INT64, .integer = value};
}

cascade_value real(double value) {
  return (cascade_value){.type = CASCADE_DOUBLE, .real = value};
}

cascade_value bytes(int32_t type, const void *data, size_t length) {
  return (cascade_value){.type = type, .data = data, .length = length};
}

cascade_value text(const char *value) {
  return bytes(CASCADE_TEXT, value, strlen(value));
}

/* What every failure must be, whatever the driver. */
static cascade_status checked(test_rig *rig, cascade_status status) {
  if (status >= 0) {
    assert_null(rig->error);
    return status;
  }
  assert_non_null(rig->error);
  assert_int_equal(cascade_error_status(rig->error), status);
  const char *message = cascade_error_message(rig->error);
  assert_true(*message && !strchr(message, '\n'));
  return status;
}

static void forget(test_rig *rig) {
  cascade_error_free(rig->error);
  rig->error = NULL;
}

cascade_status rig_execute(test_rig *rig, const char *sql, const cascade_value *parameters, size_t count,
                           uint64_t *affected) {
  casc_statement statement;
  uint64_t ignored;
  forget(rig);
  casc_session_statement(rig->connection, &statement);
  casc_str_put(&statement.sql, sql);
  for (size_t i = 0; i < count; i++) casc_statement_parameter(&statement, &parameters[i]);
  cascade_status status = casc_execute(rig->connection, &statement, affected ? affected : &ignored, &rig->error);
  casc_statement_free(&statement);
  return checked(rig, status);
}

uint64_t rig_run(test_rig *rig, const char *sql) {
  uint64_t affected = 0;
  cascade_status status = rig_execute(rig, sql, NULL, 0, &affected);
  if (status < 0) fail_msg("%s: %s", sql, cascade_error_message(rig->error));
  return affected;
}

void rig_select(test_rig *rig, casc_statement *statement) {
  casc_session_statement(rig->connection, statement);
  casc_str_put(&statement->sql, "Select ");
}

cascade_status rig_start(test_rig *rig, casc_statement *statement, casc_cursor *cursor) {
  forget(rig);
  return checked(rig, casc_query(rig->connection, statement, cursor, &rig->error));
}

cascade_status rig_next(test_rig *rig, casc_cursor *cursor, const cascade_value **row) {
  forget(rig);
  return checked(rig, casc_next(cursor, row, &rig->error));
}

cascade_status rig_try_cell(test_rig *rig, const char *expression, int32_t type, const char *tail,
                            const cascade_value *parameters, size_t count, test_cell *cell) {
  casc_statement statement;
  casc_cursor cursor = {0};
  const cascade_value *row;
  rig_select(rig, &statement);
  casc_sqlite_column(&statement, expression, type);
  casc_str_printf(&statement.sql, " %s", tail);
  for (size_t i = 0; i < count; i++) casc_statement_parameter(&statement, &parameters[i]);
  *cell = (test_cell){.type = -1};
  cascade_status status = rig_start(rig, &statement, &cursor);
  if (status >= 0) status = rig_next(rig, &cursor, &row);
  if (status == CASCADE_OK) {
    *cell = (test_cell){.type = row->type, .integer = row->integer, .real = row->real, .length = row->length};
    if (row->data) {
      cell->data = malloc(row->length + 1);
      memcpy(cell->data, row->data, row->length);
      cell->data[row->length] = '\0';
    }
  }
  casc_cursor_close(&cursor);
  casc_statement_free(&statement);
  return status;
}

test_cell rig_cell(test_rig *rig, const char *expression, int32_t type, const char *tail) {
  test_cell cell;
  cascade_status status = rig_try_cell(rig, expression, type, tail, NULL, 0, &cell);
  if (status < 0) fail_msg("%s %s: %s", expression, tail, cascade_error_message(rig->error));
  return cell;
}

int64_t rig_integer(test_rig *rig, const char *expression, const char *tail) {
  test_cell cell = rig_cell(rig, expression, CASCADE_INT64, tail);
  assert_int_equal(cell.type, CASCADE_INT64);
  return cell.integer;
}

void rig_free_cell(test_cell *cell) {
  free(cell->data);
}

/* A crash, or an exit of the child by the alarm, is told apart from a failed check, which leaves its words in the
   output. */
void rig_isolated(void (*function)(test_rig *rig), test_rig *rig, unsigned seconds) {
  char output[128], printed[2048] = "";
  snprintf(output, sizeof output, "%s/output", rig->directory);
  fflush(NULL);
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    int file = open(output, O_CREAT | O_TRUNC | O_WRONLY, 0666);
    dup2(file, STDOUT_FILENO);
    dup2(file, STDERR_FILENO);
    setenv("CMOCKA_TEST_ABORT", "1", 1);
    alarm(seconds);
    /* Sessions do not survive a fork: the child has its own, and leaves the parent's alone. */
    test_rig own = *rig;
    own.connection = NULL;
    own.error = NULL;
    own.host = NULL;
    own.host_dbi = NULL;
    assert_true(open_other(&own));
    rig_connect(&own);
    function(&own);
    rig_disconnect(&own);
    cascade_error_free(own.error);
    sqlite3_close(own.other);
    fflush(NULL);
    _exit(0);
  }
  int state = 0;
  assert_int_equal(waitpid(child, &state, 0), child);
  FILE *file = fopen(output, "r");
  if (file) {
    printed[fread(printed, 1, sizeof printed - 1, file)] = '\0';
    fclose(file);
  }
  if (WIFSIGNALED(state))
    fail_msg("%s: %s", WTERMSIG(state) == SIGALRM ? "it hangs" : strsignal(WTERMSIG(state)), printed);
  if (WEXITSTATUS(state) != 0 || *printed) fail_msg("exit %d, printed: %s", WEXITSTATUS(state), printed);
}

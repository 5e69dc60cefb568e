#include "rig.h"

#include <dbi/dbi-dev.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

const test_quirks all_quirks[] = {
    {.name = "native", .engine = &sqlite_engine, .uri = "sqlite:%s"},
    {.name = "native-adopted", .engine = &sqlite_engine, .adopted = true, .uri = "sqlite:%s"},
    {.name = "dbi", .engine = &sqlite_engine, .dbi = true, .uri = "dbi:sqlite3?dbname=%s"},
    {.name = "dbi-adopted", .engine = &sqlite_engine, .dbi = true, .adopted = true, .uri = "dbi:sqlite3?dbname=%s"},
    {.name = "fault", .engine = &sqlite_engine, .adopted = true, .uri = "sqlite:%s"},
    {.name = "fetching", .engine = &sqlite_engine, .adopted = true, .uri = "sqlite:%s"},
    {.name = "pq", .engine = &postgresql_engine},
    {.name = "pq-adopted", .engine = &postgresql_engine, .adopted = true},
    {.name = "dbi-pgsql", .engine = &postgresql_engine, .dbi = true},
    {.name = "dbi-pgsql-adopted", .engine = &postgresql_engine, .dbi = true, .adopted = true},
    {.name = "mariadb", .engine = &mariadb_engine},
    {.name = "mariadb-adopted", .engine = &mariadb_engine, .adopted = true},
    {.name = "dbi-mysql", .engine = &mariadb_engine, .dbi = true},
    {.name = "dbi-mysql-adopted", .engine = &mariadb_engine, .dbi = true, .adopted = true},
};
const size_t quirks_count = sizeof all_quirks / sizeof *all_quirks;
const test_quirks *chosen;

/* The host's connection through libdbi, in the same database. */
dbi_conn rig_dbi_conn(const test_rig *rig) {
  static dbi_inst instance; /* the host's; libdbi's instances are best never shut down */
  if (!instance) assert_true(dbi_initialize_r(NULL, &instance) > 0);
  bool pg = rig->engine == &postgresql_engine, sqlite = rig->engine == &sqlite_engine;
  dbi_conn connection = dbi_conn_new_r(sqlite ? "sqlite3" : pg ? "pgsql" : "mysql", instance);
  assert_non_null(connection);
  dbi_conn_set_option(connection, "dbname", sqlite ? "x.db" : rig->database->name);
  if (sqlite) {
    dbi_conn_set_option(connection, "sqlite3_dbdir", rig->directory);
    dbi_conn_set_option_numeric(connection, "sqlite3_timeout", LOCK_TIMEOUT_MS);
  } else if (pg) {
    dbi_conn_set_option(connection, "host", getenv("CASCADE_TEST_PG_HOST"));
    dbi_conn_set_option_numeric(connection, "port", 5432);
    dbi_conn_set_option(connection, "username", "postgres");
  } else {
    dbi_conn_set_option(connection, "mysql_unix_socket", getenv("CASCADE_TEST_MARIADB"));
    dbi_conn_set_option(connection, "username", "root");
    dbi_conn_set_option(connection, "encoding", "utf8mb4");
  }
  if (dbi_conn_connect(connection) < 0) {
    const char *words = NULL;
    dbi_conn_error(connection, &words);
    fail_msg("%s", words);
  }
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

static void adopt(test_rig *rig, const char *driver, void *handle) {
  must(rig, cascade_connection_adopt(rig->context, driver, handle, NULL, &rig->connection, &rig->error));
}

/* What the host sets on its own handle, so that it behaves as one that the library opens. */
static char *settings(const test_rig *rig, char *sql, size_t size) {
  if (rig->engine == &sqlite_engine) snprintf(sql, size, "PRAGMA foreign_keys=ON");
  else if (rig->engine == &postgresql_engine) snprintf(sql, size, "SET lock_timeout = %d", LOCK_TIMEOUT_MS);
  else snprintf(sql, size, "SET innodb_lock_wait_timeout = 1");
  return sql;
}

static void adopt_native(test_rig *rig) {
  char sql[100];
  settings(rig, sql, sizeof sql);
  if (rig->engine == &postgresql_engine) {
    rig->host_pg = test_database_pg(rig->database);
    PQclear(PQexec(rig->host_pg, sql));
    adopt(rig, "pq", rig->host_pg);
    return;
  }
  if (rig->engine == &mariadb_engine) {
    rig->host_mariadb = test_database_mariadb(rig->database);
    assert_int_equal(mysql_query(rig->host_mariadb, sql), 0);
    adopt(rig, "mariadb", rig->host_mariadb);
    return;
  }
  assert_int_equal(sqlite3_open_v2(rig->path, &rig->host, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
  sqlite3_busy_timeout(rig->host, LOCK_TIMEOUT_MS);
  assert_int_equal(sqlite3_exec(rig->host, sql, NULL, NULL, NULL), SQLITE_OK);
  if (strcmp(rig->quirks->name, "fetching") == 0) {
    const cascade_driver *inner = fault_native_driver();
    void *self = NULL;
    must(rig, inner->adopt(rig->context, rig->host, &self, &rig->error));
    must(rig, fetching_driver_connect(rig->context, inner, self, &rig->connection, &rig->error));
    return;
  }
  if (strcmp(rig->quirks->name, "fault") != 0) {
    adopt(rig, "sqlite3", rig->host);
    return;
  }
  fault_driver *driver = fault_driver_over_sqlite(rig->context, rig->host);
  assert_non_null(driver);
  must(rig, fault_driver_connect(driver, &rig->connection, &rig->error));
}

void rig_adopt(test_rig *rig) {
  char sql[100];
  rig_disconnect(rig);
  if (!rig->quirks->dbi) {
    adopt_native(rig);
    return;
  }
  rig->host_dbi = rig_dbi_conn(rig);
  dbi_result_free(dbi_conn_query(rig->host_dbi, settings(rig, sql, sizeof sql)));
  adopt(rig, "dbi", rig->host_dbi);
}

sqlite3 *rig_handle(const test_rig *rig) {
  return rig->host_dbi ? ((dbi_conn_t *)rig->host_dbi)->connection : rig->host;
}

void rig_connect(test_rig *rig) {
  if (rig->quirks->adopted) {
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
  PQfinish(rig->host_pg);
  rig->host_pg = NULL;
  if (rig->host_mariadb) mysql_close(rig->host_mariadb);
  rig->host_mariadb = NULL;
  if (rig->host_dbi) dbi_conn_close(rig->host_dbi);
  rig->host_dbi = NULL;
}

static bool open_other(test_rig *rig) {
  if (rig->database) test_database_reconnect(rig->database);
  if (rig->database) return true;
  return sqlite3_open(rig->path, &rig->other) == SQLITE_OK &&
         sqlite3_exec(rig->other, "PRAGMA synchronous=OFF", NULL, NULL, NULL) == SQLITE_OK;
}

/* A file in a directory, or a database of a server. */
static bool make_database(test_rig *rig) {
  if (!scratch_directory(rig->directory, "conformance") || chmod(rig->directory, 0755) != 0) return false;
  if (rig->engine != &sqlite_engine) {
    rig->database = test_database_new(rig->engine->name);
    snprintf(rig->uri, sizeof rig->uri, "%s", chosen->dbi ? rig->database->dbi : rig->database->uri);
    return true;
  }
  snprintf(rig->path, sizeof rig->path, "%s/x.db", rig->directory);
  snprintf(rig->uri, sizeof rig->uri, chosen->uri, rig->path);
  return open_other(rig);
}

void rig_typed(test_rig *rig, int32_t type) {
  rig_preparef(rig, "DROP TABLE IF EXISTS v; CREATE TABLE v (id %s PRIMARY KEY, x %s)", rig->engine->types[CASCADE_INT64],
               rig->engine->any ? "" : rig->engine->types[type]);
}

int rig_set_up(void **state) {
  test_rig *rig = calloc(1, sizeof *rig);
  *state = rig;
  rig->quirks = chosen;
  rig->engine = chosen->engine;
  if (!make_database(rig)) return -1;
  rig_typed(rig, CASCADE_INT64);
  if (cascade_context_new(NULL, &rig->context, &rig->error) < 0) return -1;
  rig_connect(rig);
  return 0;
}

int rig_tear_down(void **state) {
  test_rig *rig = *state;
  char command[SCRATCH_ROOM + 20];
  rig_disconnect(rig);
  cascade_error_free(rig->error);
  cascade_context_free(rig->context);
  sqlite3_close(rig->other);
  test_database_free(rig->database);
  snprintf(command, sizeof command, "rm -rf '%s'", rig->directory);
  int failed = system(command);
  free(rig);
  return failed;
}

void rig_prepare(test_rig *rig, const char *sql) {
  char *message = NULL;
  if (rig->database) test_database_run(rig->database, sql);
  else if (sqlite3_exec(rig->other, sql, NULL, NULL, &message) != SQLITE_OK) fail_msg("%s: %s", sql, message);
}

void rig_preparef(test_rig *rig, const char *format, ...) {
  char sql[2000];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(sql, sizeof sql, format, arguments);
  va_end(arguments);
  assert_true(length > 0 && (size_t)length < sizeof sql);
  rig_prepare(rig, sql);
}

void rig_fill(test_rig *rig, int count, const char *expression) {
  char series[200];
  snprintf(series, sizeof series, rig->engine->series, count);
  rig_preparef(rig, "INSERT INTO v SELECT i, %s FROM %s", expression, series);
}

void rig_shell(const test_rig *rig, const char *command) {
  char line[600];
  snprintf(line, sizeof line, "cd '%s' && { %s; }", rig->directory, command);
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

/* Appends SQL, with the engine's placeholders unless it has them. */
static void put(const test_rig *rig, casc_statement *statement, const char *sql, size_t parameters) {
  for (size_t number = 0; parameters && rig->engine->numbered && !strchr(sql, '$');) {
    size_t length = strcspn(sql, "?");
    casc_str_putn(&statement->sql, sql, length);
    sql += length;
    if (!*sql) return;
    casc_str_printf(&statement->sql, "$%zu", ++number);
    sql++;
  }
  casc_str_put(&statement->sql, sql);
}

cascade_status rig_execute(test_rig *rig, const char *sql, const cascade_value *parameters, size_t count, uint64_t *affected) {
  casc_statement statement;
  uint64_t ignored;
  forget(rig);
  casc_session_statement(rig->connection, &statement);
  put(rig, &statement, sql, count);
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

uint64_t rig_unchanged(const test_rig *rig, uint64_t rows) {
  return rig->engine == &mariadb_engine && rig->quirks->adopted ? 0 : rows;
}

cascade_status rig_store(test_rig *rig, int64_t id, const cascade_value *value) {
  cascade_value row[] = {integer(id), *value};
  cascade_status status = rig_execute(rig, "DELETE FROM v WHERE id = ?", row, 1, NULL);
  return status < 0 ? status : rig_execute(rig, "INSERT INTO v (id, x) VALUES (?, ?)", row, 2, NULL);
}

void rig_try_case(test_rig *rig, const test_case *expected, int32_t transaction) {
  uint64_t affected = 77;
  cascade_status status = rig_execute(rig, expected->sql, NULL, 0, &affected);
  const char *sqlstate = cascade_error_sqlstate(rig->error);
  int code = (int)cascade_error_native_code(rig->error);
  if (status != expected->status)
    fail_msg("%s: %s, not %s: %s", expected->sql, cascade_status_name(status), cascade_status_name(expected->status),
             cascade_error_message(rig->error));
  if (affected != 0) fail_msg("%s: %d rows", expected->sql, (int)affected);
  if (expected->code && code != expected->code) fail_msg("%s: code %d", expected->sql, code);
  if (expected->sqlstate && strcmp(sqlstate, expected->sqlstate) != 0) fail_msg("%s: %s", expected->sql, sqlstate);
  if (cascade_error_transaction(rig->error) != transaction)
    fail_msg("%s: transaction %d, not %d", expected->sql, cascade_error_transaction(rig->error), transaction);
}

void rig_select(test_rig *rig, casc_statement *statement) {
  casc_session_statement(rig->connection, statement);
  casc_str_put(&statement->sql, "Select ");
}

void rig_column(test_rig *rig, casc_statement *statement, const char *expression, int32_t type) {
  rig->engine->column(statement, expression, type);
}

cascade_status rig_start(test_rig *rig, casc_statement *statement, casc_cursor *cursor) {
  forget(rig);
  return checked(rig, casc_query(rig->connection, statement, cursor, &rig->error));
}

cascade_status rig_next(test_rig *rig, casc_cursor *cursor, const cascade_value **row) {
  forget(rig);
  return checked(rig, casc_next(cursor, row, &rig->error));
}

cascade_status rig_try_cell(test_rig *rig, const char *expression, int32_t type, const char *tail, const cascade_value *parameters,
                            size_t count, test_cell *cell) {
  casc_statement statement;
  casc_cursor cursor = {0};
  const cascade_value *row;
  rig_select(rig, &statement);
  rig_column(rig, &statement, expression, type);
  casc_str_putc(&statement.sql, ' ');
  put(rig, &statement, tail, count);
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

void rig_expect(test_rig *rig, const char *expression, const char *tail, const char *wanted) {
  test_cell cell = rig_cell(rig, expression, CASCADE_TEXT, tail);
  assert_int_equal(cell.type, CASCADE_TEXT);
  assert_string_equal(cell.data, wanted);
  rig_free_cell(&cell);
}

void rig_try_literals(test_rig *rig, const char *setting, const char *expression, const char *tail) {
  static const char *const texts[] = {"\\",
                                      "'",
                                      "\\'",
                                      "\\\\'",
                                      "'; DROP TABLE v; --",
                                      "\\'; DROP TABLE v; --",
                                      "\x1a",
                                      "\\Z",
                                      "\x7f\x01",
                                      "\"",
                                      "\\\"",
                                      "`",
                                      "$$",
                                      "$1",
                                      "?",
                                      "%_\\%\\_",
                                      "\\0",
                                      "\\000",
                                      "\\x41",
                                      "\\u0041",
                                      "E'",
                                      "a\\",
                                      "\xc2\x80",
                                      "ä€🦋",
                                      "ä\\'; --",
                                      "a\nb\tc\r",
                                      "/*!1*/"};
  cascade_value blob = bytes(CASCADE_BLOB, "\\'\0\x1a\xff", 5);
  test_cell cell;
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    cascade_value value = text(texts[i]);
    if (rig_store(rig, 1, &value) < 0) fail_msg("%s: %s: %s", setting, texts[i], cascade_error_message(rig->error));
    rig_expect(rig, "x", "From v", texts[i]);
  }
  assert_int_equal(rig_try_cell(rig, expression, CASCADE_BLOB, tail, &blob, 1, &cell), CASCADE_OK);
  assert_int_equal(cell.type, CASCADE_BLOB);
  assert_int_equal(cell.length, blob.length);
  assert_memory_equal(cell.data, blob.data, blob.length);
  rig_free_cell(&cell);
}

/* A crash, or an exit of the child by the alarm, is told apart from a failed check, which leaves its words in the
   output. */
void rig_isolated(void (*function)(test_rig *rig), test_rig *rig, unsigned seconds) {
  char output[SCRATCH_ROOM + 10], printed[2048] = "";
  snprintf(output, sizeof output, "%s/output", rig->directory);
  fflush(NULL);
  rig_disconnect(rig); /* a thread of its driver's may hold the allocator's lock, which would never be free in the child */
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    int file = open(output, O_CREAT | O_TRUNC | O_WRONLY, 0666);
    dup2(file, STDOUT_FILENO);
    dup2(file, STDERR_FILENO);
    setenv("CMOCKA_TEST_ABORT", "1", 1);
    alarm(seconds);
    test_rig own = *rig;
    own.error = NULL;
    test_database database;
    if (rig->database) {
      database = *rig->database;
      own.database = &database;
    }
    assert_true(open_other(&own));
    rig_connect(&own);
    function(&own);
    rig_disconnect(&own);
    cascade_error_free(own.error);
    sqlite3_close(own.other);
    if (own.database) test_database_disconnect(own.database);
    fflush(NULL);
    _exit(0);
  }
  int state = 0;
  assert_int_equal(waitpid(child, &state, 0), child);
  rig_connect(rig);
  FILE *file = fopen(output, "r");
  if (file) {
    printed[fread(printed, 1, sizeof printed - 1, file)] = '\0';
    fclose(file);
  }
  if (WIFSIGNALED(state)) fail_msg("%s: %s", WTERMSIG(state) == SIGALRM ? "it hangs" : strsignal(WTERMSIG(state)), printed);
  if (WEXITSTATUS(state) != 0 || *printed) fail_msg("exit %d, printed: %s", WEXITSTATUS(state), printed);
}

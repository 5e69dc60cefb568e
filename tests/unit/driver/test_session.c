/* Sessions over drivers of all kinds, good ones and bad ones, and with no memory left. */
#include "unit.h"

#include "columns.h"
#include "fault_driver.h"

#include <sqlite3.h>
#include <stdio.h>

/* A driver that says what the test tells it to. */
typedef struct puppet {
  cascade_status status; /* of whatever is called */
  cascade_status error;  /* of the error that comes with it; CASCADE_OK: none comes */
  const char *message;
  cascade_value *row;
  const char *engine;
  uint32_t max_parameters;
  int closed, cancelled;
} puppet;

static cascade_status answer(puppet *self, cascade_error **error) {
  cascade_error_details details = {
      .size = sizeof details, .status = self->error, .message = self->message, .native_code = 42, .transaction = CASCADE_TX_OPEN};
  if (self->error) cascade_error_create(NULL, &details, error);
  return self->status;
}

static cascade_status puppet_capabilities(void *self, cascade_capabilities *capabilities, cascade_error **error) {
  puppet *puppet_self = self;
  capabilities->engine = puppet_self->engine;
  capabilities->max_parameters = puppet_self->max_parameters;
  capabilities->flags = CASCADE_CAN_CANCEL;
  return answer(puppet_self, error);
}

static cascade_status puppet_execute(void *self, const cascade_statement *statement, uint64_t *affected, cascade_error **error) {
  (void)statement;
  *affected = 3;
  return answer(self, error);
}

static cascade_status puppet_query(void *self, const cascade_statement *statement, void **cursor, cascade_error **error) {
  (void)statement;
  *cursor = self;
  return answer(self, error);
}

static cascade_status puppet_next(void *self, void *cursor, const cascade_value **row, cascade_error **error) {
  assert_ptr_equal(self, cursor);
  *row = ((puppet *)self)->row;
  return answer(self, error);
}

static void puppet_cursor_close(void *self, void *cursor) {
  assert_ptr_equal(self, cursor);
}

static void puppet_cancel(void *self) {
  ((puppet *)self)->cancelled++;
}

static void puppet_close(void *self) {
  ((puppet *)self)->closed++;
}

static const cascade_driver whole = {.size = sizeof(cascade_driver),
                                     .abi_version = CASCADE_DRIVER_ABI,
                                     .name = "puppet",
                                     .close = puppet_close,
                                     .capabilities = puppet_capabilities,
                                     .execute = puppet_execute,
                                     .query = puppet_query,
                                     .next = puppet_next,
                                     .cursor_close = puppet_cursor_close,
                                     .cancel = puppet_cancel};

typedef struct fixture {
  failing_alloc memory;
  cascade_context *context;
  cascade_connection *connection;
  puppet puppet;
  char log[512];
} fixture;

static void listen(void *data, int32_t level, const char *message) {
  assert_int_equal(level, CASCADE_LOG_DEBUG);
  snprintf(data, sizeof((fixture *)0)->log, "%s", message);
}

static int set_up(void **state) {
  fixture *f = *state = calloc(1, sizeof *f);
  f->memory.allowed = -1;
  f->puppet = (puppet){.engine = "sqlite", .max_parameters = 2};
  f->context = failing_context(&f->memory);
  f->context->log = listen;
  f->context->log_data = f->log;
  f->context->log_level = CASCADE_LOG_DEBUG;
  return cascade_connection_new(f->context, &whole, &f->puppet, NULL, &f->connection, NULL);
}

static int tear_down(void **state) {
  fixture *f = *state;
  cascade_connection_free(f->connection);
  cascade_context_free(f->context);
  int failed = f->memory.live != 0 || f->puppet.closed != 1;
  free(f);
  return failed;
}

/* A connection over this driver is refused with these words; the session stays the caller's. */
static void refused(fixture *f, const cascade_driver *driver, puppet self, cascade_status status, const char *words) {
  cascade_connection *connection = NULL;
  cascade_error *error = NULL;
  cascade_status got = cascade_connection_new(f->context, driver, &self, NULL, &connection, &error);
  if (got != status || !strstr(cascade_error_message(error), words)) fail_msg("%d %s", got, cascade_error_message(error));
  assert_null(connection);
  assert_int_equal(self.closed, 0);
  cascade_error_free(error);
}

static void test_drivers_refused(void **state) {
  fixture *f = *state;
  puppet good = f->puppet, other = good;
  cascade_driver driver = whole;
  driver.abi_version = 2;
  refused(f, &driver, good, CASCADE_UNSUPPORTED, "version 2");
  driver = whole;
  driver.size = 8;
  refused(f, &driver, good, CASCADE_UNSUPPORTED, "size is 8");
  driver.size = offsetof(cascade_driver, cursor_close); /* older than the operations that are needed */
  refused(f, &driver, good, CASCADE_UNSUPPORTED, "cursor_close");
  driver = whole;
  driver.execute = NULL;
  refused(f, &driver, good, CASCADE_UNSUPPORTED, "execute");
  driver = whole;
  driver.capabilities = NULL;
  refused(f, &driver, good, CASCADE_UNSUPPORTED, "capabilities");
  driver = whole;
  driver.query = NULL;
  refused(f, &driver, good, CASCADE_UNSUPPORTED, "query");
  driver = whole;
  driver.next = NULL;
  refused(f, &driver, good, CASCADE_UNSUPPORTED, "next");
  driver = whole;
  driver.name = NULL;
  refused(f, &driver, good, CASCADE_UNSUPPORTED, "name");
  other.engine = "oracle";
  refused(f, &whole, other, CASCADE_UNSUPPORTED, "oracle");
  other.engine = NULL;
  refused(f, &whole, other, CASCADE_UNSUPPORTED, "\"\"");
  other = good;
  other.max_parameters = 0;
  refused(f, &whole, other, CASCADE_UNSUPPORTED, "no parameters");
  other = good;
  other.status = CASCADE_CONNECTION;
  refused(f, &whole, other, CASCADE_CONNECTION, "without saying why");
  refused(f, NULL, good, CASCADE_INVALID, "NULL");
}

/* An older driver ends before `cancel`; memory behind it is not read. */
static void test_older_driver(void **state) {
  fixture *f = *state;
  cascade_driver shorter = whole;
  shorter.size = offsetof(cascade_driver, cancel);
  cascade_driver *older = malloc(shorter.size);
  memcpy(older, &shorter, shorter.size);
  puppet mine = f->puppet;
  cascade_connection *connection = NULL;
  assert_int_equal(cascade_connection_new(f->context, older, &mine, NULL, &connection, NULL), CASCADE_OK);
  assert_false(connection->capabilities.flags & CASCADE_CAN_CANCEL);
  cascade_connection_cancel(connection);
  assert_int_equal(mine.cancelled, 0);
  cascade_connection_free(connection);
  assert_int_equal(mine.closed, 1);
  free(older);
}

static void test_arguments(void **state) {
  fixture *f = *state;
  cascade_connection *connection = NULL;
  cascade_connection_options options = {.size = 3};
  assert_int_equal(cascade_connection_new(f->context, &whole, &f->puppet, &options, &connection, NULL), CASCADE_OPTIONS);
  assert_int_equal(cascade_connection_new(NULL, &whole, &f->puppet, NULL, &connection, NULL), CASCADE_INVALID);
  assert_int_equal(cascade_connection_new(f->context, &whole, &f->puppet, NULL, NULL, NULL), CASCADE_INVALID);
  assert_int_equal(cascade_connection_open(f->context, NULL, NULL, &connection, NULL), CASCADE_INVALID);
  assert_int_equal(cascade_connection_open(f->context, "museum.db", NULL, &connection, NULL), CASCADE_INVALID);
  assert_int_equal(cascade_connection_open(f->context, "", NULL, &connection, NULL), CASCADE_INVALID);
  assert_int_equal(cascade_connection_open(f->context, "dbi:", NULL, &connection, NULL), CASCADE_INVALID);
  assert_int_equal(cascade_connection_open(f->context, "dbi:oracle?a=b", NULL, &connection, NULL), CASCADE_UNSUPPORTED);
  assert_null(connection);
  assert_string_equal(cascade_connection_engine(NULL), "");
  assert_int_equal(cascade_connection_statements(NULL), 0);
  cascade_connection_free(NULL);
  cascade_connection_cancel(NULL);
}

static cascade_status run(fixture *f, uint64_t *affected, cascade_error **error) {
  casc_statement statement;
  casc_session_statement(f->connection, &statement);
  casc_str_put(&statement.sql, "DELETE FROM t");
  cascade_status status = casc_execute(f->connection, &statement, affected, error);
  casc_statement_free(&statement);
  return status;
}

/* Whatever a driver says, what comes out is coherent. */
static void test_answers(void **state) {
  fixture *f = *state;
  static const struct {
    cascade_status status, error;
    const char *message;
    cascade_status outcome;
    const char *words;
  } cases[] = {
      {CASCADE_BUSY, CASCADE_BUSY, "a lock", CASCADE_BUSY, "a lock"},
      {CASCADE_BUSY, CASCADE_OK, NULL, CASCADE_BUSY, "puppet failed without saying why"},
      {CASCADE_BUSY, CASCADE_BUSY, NULL, CASCADE_BUSY, "puppet failed without saying why"},
      {CASCADE_BUSY, CASCADE_DEADLOCK, "a victim", CASCADE_DEADLOCK, "a victim"},
      {-999, CASCADE_OK, NULL, CASCADE_DATABASE, "-999"},
      {7, CASCADE_OK, NULL, CASCADE_DATABASE, "returned 7"},
      {CASCADE_DONE, CASCADE_OK, NULL, CASCADE_DATABASE, "returned 1"},
      {CASCADE_NOMEM, CASCADE_NOMEM, "none left", CASCADE_NOMEM, "out of memory"},
      {CASCADE_NOMEM, CASCADE_OK, NULL, CASCADE_NOMEM, "out of memory"},
      {CASCADE_OK, CASCADE_BUSY, "an error beside success", CASCADE_OK, ""},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    cascade_error *error = NULL;
    uint64_t affected = 77;
    f->puppet.status = cases[i].status;
    f->puppet.error = cases[i].error;
    f->puppet.message = cases[i].message;
    assert_int_equal(run(f, &affected, &error), cases[i].outcome);
    assert_int_equal(cascade_error_status(error), cases[i].outcome);
    assert_non_null(strstr(cascade_error_message(error), cases[i].words));
    assert_int_equal(affected, cases[i].outcome == CASCADE_OK ? 3 : 0);
    if (cases[i].error < 0 && cases[i].outcome < 0 && cases[i].outcome != CASCADE_NOMEM)
      assert_int_equal(cascade_error_native_code(error), 42);
    cascade_error_free(error);
    assert_int_equal(run(f, NULL, NULL), cases[i].outcome);
  }
  assert_string_equal(f->log, "DELETE FROM t");
  assert_int_equal(cascade_connection_statements(f->connection), 2 * sizeof cases / sizeof *cases);
}

/* Rows that are not what was asked for do not get through. */
static void test_rows(void **state) {
  fixture *f = *state;
  cascade_value row[] = {{.type = CASCADE_INT64, .integer = 1}, {.type = CASCADE_TEXT, .data = "x", .length = 1}};
  const cascade_value *got;
  casc_statement statement;
  casc_cursor cursor;
  casc_session_statement(f->connection, &statement);
  casc_str_put(&statement.sql, "SELECT a, b");
  casc_statement_column(&statement, CASCADE_INT64);
  casc_statement_column(&statement, CASCADE_ANY);
  assert_int_equal(casc_query(f->connection, &statement, &cursor, NULL), CASCADE_OK);
  f->puppet.row = row;
  assert_int_equal(casc_next(&cursor, &got, NULL), CASCADE_OK);
  assert_ptr_equal(got, row);
  row[0].type = CASCADE_NULL;
  assert_int_equal(casc_next(&cursor, &got, NULL), CASCADE_OK);
  row[0].type = CASCADE_DOUBLE;
  assert_int_equal(casc_next(&cursor, &got, NULL), CASCADE_DATABASE);
  row[0].type = CASCADE_INT64;
  row[1].type = CASCADE_ANY;
  assert_int_equal(casc_next(&cursor, &got, NULL), CASCADE_DATABASE);
  row[1] = (cascade_value){.type = CASCADE_BLOB, .length = 5};
  assert_int_equal(casc_next(&cursor, &got, NULL), CASCADE_DATABASE);
  f->puppet.row = NULL;
  assert_int_equal(casc_next(&cursor, &got, NULL), CASCADE_DATABASE);
  f->puppet.status = CASCADE_DONE;
  assert_int_equal(casc_next(&cursor, &got, NULL), CASCADE_DONE);
  casc_cursor_close(&cursor);
  casc_cursor_close(&cursor);
  casc_statement_free(&statement);
}

static void test_bounds(void **state) {
  fixture *f = *state;
  casc_statement statement;
  cascade_error *error = NULL;
  casc_session_statement(f->connection, &statement);
  casc_str_put(&statement.sql, "SELECT ?, ?, ?");
  for (int i = 0; i < 3; i++) casc_statement_integer(&statement, i);
  assert_int_equal(casc_execute(f->connection, &statement, NULL, &error), CASCADE_UNSUPPORTED);
  assert_non_null(strstr(cascade_error_message(error), "3 parameters"));
  cascade_error_free(error);
  casc_statement_clear(&statement);
  f->memory.allowed = 0;
  for (int i = 0; i < 1000; i++) casc_statement_column(&statement, CASCADE_TEXT);
  f->memory.allowed = -1;
  assert_true(statement.failed);
  casc_str_put(&statement.sql, "SELECT 1");
  assert_int_equal(casc_execute(f->connection, &statement, NULL, NULL), CASCADE_NOMEM);
  casc_statement_clear(&statement);
  assert_false(statement.failed);
  casc_str_put(&statement.sql, "SELECT 1");
  assert_int_equal(casc_execute(f->connection, &statement, NULL, NULL), CASCADE_OK);
  casc_statement_free(&statement);
}

static void test_cancel(void **state) {
  fixture *f = *state;
  cascade_connection_cancel(f->connection);
  assert_int_equal(f->puppet.cancelled, 0); /* nothing runs */
  assert_int_equal(casc_control(f->connection, "COMMIT", NULL), CASCADE_OK);
  assert_int_equal(run(f, NULL, NULL), CASCADE_CANCELLED);
  assert_int_equal(run(f, NULL, NULL), CASCADE_OK);
  cascade_connection_cancel(f->connection); /* a call that fails with it uses the request up */
  atomic_store(&f->connection->cancelled, false);
  f->puppet.status = f->puppet.error = CASCADE_CANCELLED;
  f->puppet.message = "stopped";
  assert_int_equal(run(f, NULL, NULL), CASCADE_CANCELLED);
  f->puppet.status = f->puppet.error = CASCADE_OK;
  assert_int_equal(run(f, NULL, NULL), CASCADE_OK);
}

static void test_references(void **state) {
  fixture *f = *state;
  cascade_connection *again = casc_connection_ref(f->connection);
  cascade_connection_free(again);
  assert_int_equal(f->puppet.closed, 0);
  assert_null(casc_connection_ref(NULL));
}

/* Without a driver to be found, the message says where it was looked for, and what can be done instead. */
static void test_missing_driver(void **state) {
  (void)state;
  cascade_context *context = NULL;
  cascade_connection *connection = NULL;
  cascade_error *error = NULL;
  assert_int_equal(cascade_context_new(NULL, &context, NULL), CASCADE_OK);
  assert_int_equal(cascade_connection_adopt(context, "nothing", context, NULL, &connection, &error), CASCADE_NOT_FOUND);
  assert_non_null(strstr(cascade_error_message(error), "nothing"));
  cascade_error_free(error);
  cascade_context_free(context);
}

/* One session from end to end, with every allocation failing in turn. */
static cascade_status whole_session(cascade_context *context, const char *uri) {
  cascade_connection *connection = NULL;
  cascade_status status = cascade_connection_open(context, uri, NULL, &connection, NULL);
  if (status < 0) return status;
  casc_statement statement;
  casc_cursor cursor = {0};
  const cascade_value *row = NULL;
  casc_session_statement(connection, &statement);
  casc_str_put(&statement.sql, "Select ");
  casc_sqlite_column(&statement, "x'6162'", CASCADE_BLOB);
  casc_str_put(&statement.sql, " Where ? = ?");
  casc_statement_text(&statement, "it's", 4);
  casc_statement_text(&statement, "it's", 4);
  status = casc_query(connection, &statement, &cursor, NULL);
  if (status >= 0) status = casc_next(&cursor, &row, NULL);
  if (status >= 0) assert_int_equal(row[0].length, 2);
  casc_cursor_close(&cursor);
  casc_statement_clear(&statement);
  casc_str_put(&statement.sql, "DELETE FROM nowhere");
  cascade_error *error = NULL;
  if (status >= 0) {
    status = casc_execute(connection, &statement, NULL, &error);
    assert_int_equal(status, cascade_error_status(error));
    cascade_error_free(error);
  }
  casc_statement_free(&statement);
  cascade_connection_free(connection);
  return status;
}

static void test_without_memory(void **state) {
  (void)state;
  static const char *const uris[] = {"sqlite::memory:", "dbi:sqlite3?dbname=:memory:"};
  for (size_t i = 0; i < 2; i++) {
    cascade_status status = CASCADE_NOMEM;
    for (long allowed = 1; status != CASCADE_SCHEMA; allowed++) {
      failing_alloc memory = {.allowed = -1};
      cascade_context *context = failing_context(&memory);
      memory.allowed = allowed;
      status = whole_session(context, uris[i]);
      if (status != CASCADE_SCHEMA && status != CASCADE_NOMEM) fail_msg("%ld: %d", allowed, status);
      assert_true(status == CASCADE_SCHEMA || memory.failed);
      cascade_context_free(context);
      assert_int_equal(memory.live, 0);
      assert_true(allowed < 1000);
    }
  }
}

/* The fault driver keeps to its script. */
static void test_faults(void **state) {
  (void)state;
  sqlite3 *handle;
  cascade_context *context = NULL;
  fixture f = {0};
  assert_int_equal(sqlite3_open(":memory:", &handle), SQLITE_OK);
  assert_int_equal(sqlite3_exec(handle, "CREATE TABLE t (a); INSERT INTO t VALUES (1)", NULL, NULL, NULL), SQLITE_OK);
  assert_int_equal(cascade_context_new(NULL, &context, NULL), CASCADE_OK);
  fault_driver *driver = fault_driver_over_sqlite(context, handle);
  assert_int_equal(fault_driver_connect(driver, &f.connection, NULL), CASCADE_OK);
  driver->record = true;
  uint64_t affected;
  cascade_error *error = NULL;
  fault_driver_script(
      driver, &(fault){.at = 2, .calls = FAULT_EXECUTE, .status = CASCADE_CONNECTION, .transaction = CASCADE_TX_ROLLED_BACK});
  assert_int_equal(casc_control(f.connection, "BEGIN", NULL), CASCADE_OK);
  assert_int_equal(run(&f, &affected, &error), CASCADE_CONNECTION);
  assert_int_equal(cascade_error_transaction(error), CASCADE_TX_ROLLED_BACK);
  assert_int_equal(cascade_error_native_code(error), 4711);
  cascade_error_free(error);
  assert_true(driver->fired && sqlite3_get_autocommit(handle));
  fault_driver_script(driver, &(fault){.at = 1, .match = "DELETE", .status = CASCADE_BUSY, .silent = true});
  assert_int_equal(run(&f, &affected, NULL), CASCADE_BUSY);
  fault_driver_script(
      driver, &(fault){.at = 1, .match = "COMMIT", .status = CASCADE_CONNECTION, .after = true, .transaction = CASCADE_TX_UNKNOWN});
  assert_int_equal(casc_control(f.connection, "BEGIN", NULL), CASCADE_OK);
  assert_int_equal(casc_control(f.connection, "COMMIT", NULL), CASCADE_CONNECTION);
  assert_true(sqlite3_get_autocommit(handle)); /* it was kept; only the reply was lost */
  fault_driver_script(driver, &(fault){.at = 1, .miscount = -1});
  assert_int_equal(run(&f, &affected, NULL), CASCADE_OK);
  assert_int_equal(affected, 0);
  fault_driver_script(driver, &(fault){.at = 2, .lasting = true, .status = CASCADE_CONNECTION});
  assert_int_equal(run(&f, &affected, NULL), CASCADE_OK);
  for (int i = 0; i < 3; i++) assert_int_equal(run(&f, &affected, NULL), CASCADE_CONNECTION);
  assert_int_equal(driver->statement_count, 10);
  assert_string_equal(driver->statements[1], "DELETE FROM t");
  assert_int_equal(driver->executes, 10);
  cascade_connection_free(f.connection);
  cascade_context_free(context);
  assert_int_equal(sqlite3_close(handle), SQLITE_OK);
}

#define WITH_PUPPET(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void) {
  const struct CMUnitTest tests[] = {
      WITH_PUPPET(test_drivers_refused),
      WITH_PUPPET(test_older_driver),
      WITH_PUPPET(test_arguments),
      WITH_PUPPET(test_answers),
      WITH_PUPPET(test_rows),
      WITH_PUPPET(test_bounds),
      WITH_PUPPET(test_cancel),
      WITH_PUPPET(test_references),
      cmocka_unit_test(test_missing_driver),
      cmocka_unit_test(test_without_memory),
      cmocka_unit_test(test_faults),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

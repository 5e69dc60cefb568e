/* Drivers that give several rows at once: what they give, how much of it, and what is not let through. */
#include "unit.h"

/* What the driver answers to one call. */
typedef struct answer {
  cascade_status status;
  cascade_rows rows;
} answer;

typedef struct fixture {
  failing_alloc memory;
  cascade_context *context;
  cascade_connection *connection;
  casc_statement statement;
  casc_cursor cursor;
  const answer *answers; /* one after the other */
  uint32_t limit;        /* that was asked for */
  int calls, closed;
} fixture;

static cascade_status capabilities(void *self, cascade_capabilities *can, cascade_error **error) {
  (void)self, (void)error;
  can->engine = "sqlite";
  can->max_parameters = 9;
  return CASCADE_OK;
}

static cascade_status execute(void *self, const cascade_statement *statement, uint64_t *affected, cascade_error **error) {
  (void)self, (void)statement, (void)affected, (void)error;
  return CASCADE_OK;
}

static cascade_status query(void *self, const cascade_statement *statement, void **cursor, cascade_error **error) {
  (void)statement, (void)error;
  *cursor = self;
  return CASCADE_OK;
}

static cascade_status fetch(void *self, void *cursor, uint32_t limit, cascade_rows *rows, cascade_error **error) {
  fixture *f = self;
  assert_ptr_equal(cursor, f);
  assert_int_equal(rows->size, sizeof *rows);
  assert_true(!rows->count && !rows->integers && !rows->cells);
  const answer *given = &f->answers[f->calls++];
  f->limit = limit;
  *rows = given->rows;
  if (given->status >= 0) return given->status;
  cascade_error_details details = {.size = sizeof details, .status = given->status, .message = "in the middle"};
  return cascade_error_create(NULL, &details, error);
}

static cascade_status never_next(void *self, void *cursor, const cascade_value **row, cascade_error **error) {
  (void)self, (void)cursor, (void)row, (void)error;
  fail_msg("a driver with fetch is asked row by row");
  return CASCADE_DONE;
}

static void cursor_close(void *self, void *cursor) {
  assert_ptr_equal(self, cursor);
  ((fixture *)self)->closed++;
}

static const cascade_driver table = {.size = sizeof(cascade_driver),
                                     .abi_version = CASCADE_DRIVER_ABI,
                                     .name = "bulk",
                                     .capabilities = capabilities,
                                     .execute = execute,
                                     .query = query,
                                     .next = never_next,
                                     .cursor_close = cursor_close,
                                     .fetch = fetch};

static int set_up(void **state) {
  fixture *f = *state = calloc(1, sizeof *f);
  f->memory.allowed = -1;
  f->context = failing_context(&f->memory);
  return cascade_connection_new(f->context, &table, f, NULL, &f->connection, NULL);
}

static int tear_down(void **state) {
  fixture *f = *state;
  casc_cursor_close(&f->cursor);
  casc_statement_free(&f->statement);
  cascade_connection_free(f->connection);
  cascade_context_free(f->context);
  int failed = f->memory.live != 0 || f->closed != 1;
  free(f);
  return failed;
}

/* A query of two columns; the second is of this type. */
static void start(fixture *f, int32_t second, const answer *answers) {
  casc_session_statement(f->connection, &f->statement);
  casc_str_put(&f->statement.sql, "SELECT a, b");
  casc_statement_column(&f->statement, CASCADE_INT64);
  casc_statement_column(&f->statement, second);
  f->answers = answers;
  assert_int_equal(casc_query(f->connection, &f->statement, &f->cursor, NULL), CASCADE_OK);
}

static void expect_numbers(fixture *f, int64_t first, int64_t second) {
  const cascade_value *row;
  assert_int_equal(casc_next(&f->cursor, &row, NULL), CASCADE_OK);
  assert_true(row[0].type == CASCADE_INT64 && row[1].type == CASCADE_INT64);
  assert_int_equal(row[0].integer, first);
  assert_int_equal(row[1].integer, second);
}

static void expect_end(fixture *f, cascade_status status) {
  const cascade_value *row;
  assert_int_equal(casc_next(&f->cursor, &row, NULL), status);
  assert_null(row);
}

static const int64_t numbers[] = {1, 2, INT64_MIN, INT64_MAX, 5, 6};
static const cascade_value values[] = {{.type = CASCADE_INT64, .integer = 7},
                                       {.type = CASCADE_NULL},
                                       {.type = CASCADE_INT64, .integer = 8},
                                       {.type = CASCADE_INT64, .integer = 9}};

/* Numbers and values in turn, as many as the driver likes; and it may be asked again after the end. */
static void test_short_reads(void **state) {
  fixture *f = *state;
  static const answer answers[] = {{CASCADE_OK, {.count = 1, .integers = numbers}},
                                   {CASCADE_OK, {.count = 2, .cells = values}},
                                   {CASCADE_OK, {.count = 2, .integers = numbers + 2, .cells = values}},
                                   {CASCADE_DONE, {0}},
                                   {CASCADE_DONE, {.count = 1, .integers = numbers}}};
  const cascade_value *row;
  start(f, CASCADE_INT64, answers);
  expect_numbers(f, 1, 2);
  assert_true(f->limit >= 100);
  assert_int_equal(casc_next(&f->cursor, &row, NULL), CASCADE_OK);
  assert_true(row == values && row[1].type == CASCADE_NULL);
  assert_int_equal(f->calls, 2);
  expect_numbers(f, 8, 9);
  assert_int_equal(f->calls, 2);
  expect_numbers(f, INT64_MIN, INT64_MAX);
  expect_numbers(f, 5, 6);
  assert_int_equal(f->calls, 3);
  expect_end(f, CASCADE_DONE);
  expect_end(f, CASCADE_DONE);
  assert_int_equal(f->calls, 5);
}

/* A cursor that is closed while rows are left; nothing is asked for any more. */
static void test_given_up(void **state) {
  fixture *f = *state;
  static const answer answers[] = {{CASCADE_OK, {.count = 3, .integers = numbers}}};
  start(f, CASCADE_INT64, answers);
  expect_numbers(f, 1, 2);
  casc_cursor_close(&f->cursor);
  assert_int_equal(f->calls, 1);
}

static void test_failure_in_the_middle(void **state) {
  fixture *f = *state;
  static const answer answers[] = {{CASCADE_OK, {.count = 1, .integers = numbers}},
                                   {CASCADE_CONNECTION, {.count = 3, .integers = numbers}},
                                   {CASCADE_DONE, {0}}};
  start(f, CASCADE_INT64, answers);
  expect_numbers(f, 1, 2);
  expect_end(f, CASCADE_CONNECTION);
  expect_end(f, CASCADE_DONE);
}

/* A request to stop is heard between two rows that are there already. */
static void test_cancel(void **state) {
  fixture *f = *state;
  static const answer answers[] = {{CASCADE_OK, {.count = 3, .integers = numbers}}, {CASCADE_DONE, {0}}};
  start(f, CASCADE_INT64, answers);
  expect_numbers(f, 1, 2);
  cascade_connection_cancel(f->connection);
  expect_end(f, CASCADE_CANCELLED);
  expect_numbers(f, INT64_MIN, INT64_MAX);
  assert_int_equal(f->calls, 1);
}

static void test_rows_refused(void **state) {
  fixture *f = *state;
  static const cascade_value wrong[] = {{.type = CASCADE_INT64}, {.type = CASCADE_DOUBLE}};
  static const struct {
    answer answer;
    const char *words;
  } cases[] = {{{CASCADE_OK, {.cells = values}}, "0 rows at once"},
               {{CASCADE_OK, {.count = UINT64_MAX, .cells = values}}, "rows at once"},
               {{CASCADE_OK, {.count = 2}}, "2 rows without values"},
               {{CASCADE_OK, {.count = 1, .integers = numbers}}, "plain number for column 2"},
               {{CASCADE_OK, {.count = 1, .cells = wrong}}, "type 3 for column 2"},
               {{CASCADE_BUSY, {0}}, "in the middle"},
               {{7, {0}}, "returned 7"}};
  start(f, CASCADE_TEXT, NULL);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const cascade_value *row;
    cascade_error *error = NULL;
    f->answers = &cases[i].answer;
    f->calls = 0;
    cascade_status wanted = cases[i].answer.status < 0 ? cases[i].answer.status : CASCADE_DATABASE;
    assert_int_equal(casc_next(&f->cursor, &row, &error), wanted);
    if (!strstr(cascade_error_message(error), cases[i].words)) fail_msg("%s", cascade_error_message(error));
    cascade_error_free(error);
  }
}

static void test_without_memory(void **state) {
  fixture *f = *state;
  static const answer answers[] = {{CASCADE_OK, {.count = 1, .integers = numbers}},
                                   {CASCADE_OK, {.count = 1, .integers = numbers + 2}}};
  start(f, CASCADE_INT64, answers);
  f->memory.allowed = 0;
  expect_end(f, CASCADE_NOMEM);
  f->memory.allowed = -1;
  expect_numbers(f, INT64_MIN, INT64_MAX);
}

/* A driver that ends before `fetch` needs `next`, and one that has it does not. */
static void test_either_of_both(void **state) {
  fixture *f = *state;
  static const answer answers[] = {{CASCADE_DONE, {0}}};
  cascade_driver driver = table;
  cascade_connection *connection = NULL;
  driver.next = NULL;
  assert_int_equal(cascade_connection_new(f->context, &driver, f, NULL, &connection, NULL), CASCADE_OK);
  cascade_connection_free(connection);
  driver.size = offsetof(cascade_driver, fetch);
  assert_int_equal(cascade_connection_new(f->context, &driver, f, NULL, &connection, NULL), CASCADE_UNSUPPORTED);
  start(f, CASCADE_INT64, answers);
  expect_end(f, CASCADE_DONE);
}

int main(void) {
#define WITH(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {WITH(test_short_reads),   WITH(test_given_up),     WITH(test_failure_in_the_middle),
                                     WITH(test_cancel),        WITH(test_rows_refused), WITH(test_without_memory),
                                     WITH(test_either_of_both)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}

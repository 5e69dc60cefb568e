/* Errors, structs that grow, and the context. */
#include "unit.h"

#include "failure.h"
#include "options.h"
#include "str.h"

#include <cascade/version.h>
#include <stdio.h>

static void test_error(void **state) {
  (void)state;
  cascade_error *error = NULL;
  assert_int_equal(casc_fail(NULL, &error, CASCADE_INVALID, "%s, 100%% of %d", "all", 3), CASCADE_INVALID);
  assert_int_equal(cascade_error_status(error), CASCADE_INVALID);
  assert_string_equal(cascade_error_message(error), "all, 100% of 3");
  assert_string_equal(cascade_error_table(error), "");
  assert_string_equal(cascade_error_relation(error), "");
  assert_string_equal(cascade_error_sqlstate(error), "");
  assert_int_equal(cascade_error_native_code(error), 0);
  assert_int_equal(cascade_error_transaction(error), CASCADE_TX_NONE);
  casc_error_set_transaction(error, CASCADE_TX_OPEN);
  assert_int_equal(cascade_error_transaction(error), CASCADE_TX_OPEN);
  cascade_error_free(error);
  assert_int_equal(casc_fail_at(NULL, &error, CASCADE_BLOCKED, "agent", "loan(agent) -> agent(id)", "two\nlines\r\n"),
                   CASCADE_BLOCKED);
  assert_string_equal(cascade_error_table(error), "agent");
  assert_string_equal(cascade_error_relation(error), "loan(agent) -> agent(id)");
  assert_string_equal(cascade_error_message(error), "two lines  ");
  cascade_error_free(error);
  assert_int_equal(casc_fail(NULL, NULL, CASCADE_BUSY, "nobody listens"), CASCADE_BUSY);
  char longest[5000];
  memset(longest, 'x', sizeof longest - 1);
  longest[sizeof longest - 1] = '\0';
  casc_fail(NULL, &error, CASCADE_INVALID, "%s", longest);
  assert_in_range(strlen(cascade_error_message(error)), 1000, 4000);
  cascade_error_free(error);
}

static void test_no_error(void **state) {
  (void)state;
  assert_int_equal(cascade_error_status(NULL), CASCADE_OK);
  assert_string_equal(cascade_error_message(NULL), "");
  assert_string_equal(cascade_error_sqlstate(NULL), "");
  assert_string_equal(cascade_error_table(NULL), "");
  assert_string_equal(cascade_error_relation(NULL), "");
  assert_int_equal(cascade_error_native_code(NULL), 0);
  assert_int_equal(cascade_error_retryable(NULL), 0);
  assert_int_equal(cascade_error_transaction(NULL), CASCADE_TX_NONE);
  cascade_error_free(NULL);
  casc_error_set_transaction(NULL, CASCADE_TX_OPEN);
  casc_error_explain(NULL, "t", NULL, "words");
  cascade_error *none = NULL;
  casc_error_explain(&none, "t", NULL, "words");
  assert_null(none);
  assert_int_equal(casc_error_pass(NULL, &none), CASCADE_OK);
}

static void test_explained_error(void **state) {
  (void)state;
  cascade_error_details details = {.size = sizeof details,
                                   .status = CASCADE_BUSY,
                                   .transaction = CASCADE_TX_ROLLED_BACK,
                                   .native_code = 517,
                                   .sqlstate = "40001",
                                   .message = "locked"};
  cascade_error *error = NULL, *passed = NULL;
  assert_int_equal(cascade_error_create(NULL, &details, &error), CASCADE_BUSY);
  casc_error_explain(&error, "agent", NULL, "deleting from agent");
  assert_string_equal(cascade_error_message(error), "deleting from agent: locked");
  assert_string_equal(cascade_error_table(error), "agent");
  casc_error_explain(&error, "other", "r", NULL); /* a table that was named first stays */
  assert_string_equal(cascade_error_message(error), "deleting from agent: locked");
  assert_string_equal(cascade_error_table(error), "agent");
  assert_string_equal(cascade_error_relation(error), "r");
  assert_string_equal(cascade_error_sqlstate(error), "40001");
  assert_int_equal(cascade_error_native_code(error), 517);
  assert_int_equal(cascade_error_transaction(error), CASCADE_TX_ROLLED_BACK);
  assert_int_equal(cascade_error_retryable(error), 1);
  assert_int_equal(casc_error_pass(error, &passed), CASCADE_BUSY);
  assert_ptr_equal(passed, error);
  assert_int_equal(casc_error_pass(passed, NULL), CASCADE_BUSY); /* freed, as nobody wants it */
}

static void test_errors_of_drivers(void **state) {
  (void)state;
  cascade_error *error = NULL;
  cascade_error_details details = {.size = sizeof details, .status = CASCADE_DATABASE};
  assert_int_equal(cascade_error_create(NULL, &details, &error), CASCADE_DATABASE);
  assert_string_equal(cascade_error_message(error), "");
  cascade_error_free(error);
  assert_int_equal(cascade_error_create(NULL, &details, NULL), CASCADE_DATABASE);
  assert_int_equal(cascade_error_create(NULL, NULL, &error), CASCADE_INVALID);
  cascade_error_free(error);
  details.status = CASCADE_OK;
  assert_int_equal(cascade_error_create(NULL, &details, &error), CASCADE_INVALID);
  cascade_error_free(error);
  details = (cascade_error_details){.size = 8, .status = CASCADE_BUSY};
  assert_int_equal(cascade_error_create(NULL, &details, &error), CASCADE_INVALID);
  cascade_error_free(error);
  details = (cascade_error_details){.size = sizeof details, .status = CASCADE_BUSY, .sqlstate = "much too long"};
  assert_int_equal(cascade_error_create(NULL, &details, &error), CASCADE_BUSY);
  assert_string_equal(cascade_error_sqlstate(error), "much ");
  cascade_error_free(error);
  details = (cascade_error_details){.size = sizeof details,
                                    .status = CASCADE_BUSY,
                                    .message = "verr\xfc"
                                               "ckt:\nnein"};
  assert_int_equal(cascade_error_create(NULL, &details, &error), CASCADE_BUSY);
  assert_string_equal(cascade_error_message(error), "verr?ckt: nein");
  cascade_error_free(error);
}

/* A driver that was compiled with a later version of the struct. */
static void test_details_of_tomorrow(void **state) {
  (void)state;
  struct {
    cascade_error_details today;
    const char *more;
  } details = {.today = {.size = sizeof details, .status = CASCADE_BUSY, .message = "locked"}};
  cascade_error *error = NULL;
  assert_int_equal(cascade_error_create(NULL, &details.today, &error), CASCADE_BUSY);
  assert_string_equal(cascade_error_message(error), "locked");
  cascade_error_free(error);
  details.more = "what this version does not know";
  assert_int_equal(cascade_error_create(NULL, &details.today, &error), CASCADE_INVALID);
  cascade_error_free(error);
}

static void test_statuses(void **state) {
  (void)state;
  assert_string_equal(cascade_status_name(CASCADE_OK), "CASCADE_OK");
  assert_string_equal(cascade_status_name(CASCADE_DONE), "CASCADE_DONE");
  assert_string_equal(cascade_status_name(CASCADE_TRIGGERS), "CASCADE_TRIGGERS");
  assert_string_equal(cascade_status_name(-1000), "CASCADE_?");
  assert_string_equal(cascade_status_name(INT32_MIN), "CASCADE_?");
  static const cascade_status transient[] = {CASCADE_BUSY, CASCADE_DEADLOCK, CASCADE_SERIALIZATION, CASCADE_TIMEOUT,
                                             CASCADE_CONTENDED};
  int retryable = 0;
  for (cascade_status status = -60; status < 0; status++) {
    cascade_error *error = NULL;
    casc_fail(NULL, &error, status, "x");
    retryable += cascade_error_retryable(error);
    for (size_t i = 0; i < sizeof transient / sizeof *transient; i++)
      if (transient[i] == status) assert_int_equal(cascade_error_retryable(error), 1);
    cascade_error_free(error);
  }
  assert_int_equal(retryable, 5);
}

/* Without memory for an error there is the static one; it can be treated like any other. */
static void test_errors_without_memory(void **state) {
  (void)state;
  for (long allowed = 0; allowed < 8; allowed++) {
    failing_alloc memory = {.allowed = -1};
    cascade_context *context = failing_context(&memory);
    cascade_error *error = NULL;
    memory.allowed = allowed;
    cascade_status status = casc_fail_at(context, &error, CASCADE_BLOCKED, "table", "relation", "words");
    assert_int_equal(status, cascade_error_status(error));
    assert_int_equal(status, memory.failed ? CASCADE_NOMEM : CASCADE_BLOCKED);
    casc_error_explain(&error, "table", "relation", "more");
    assert_non_null(error);
    if (memory.failed) {
      assert_int_equal(cascade_error_status(error), CASCADE_NOMEM);
      assert_string_equal(cascade_error_message(error), "out of memory");
      casc_error_set_transaction(error, CASCADE_TX_OPEN);
      assert_int_equal(cascade_error_transaction(error), CASCADE_TX_NONE);
    } else {
      assert_string_equal(cascade_error_message(error), "more: words");
    }
    cascade_context_free(context); /* an error outlives it */
    cascade_error_free(error);
    assert_int_equal(memory.live, 0);
  }
  assert_int_equal(casc_nomem(NULL), CASCADE_NOMEM);
}

/* A struct as three versions know it. */
typedef struct first_version {
  size_t size;
  uint32_t a, reserved;
} first_version;
typedef struct options {
  size_t size;
  uint32_t a, reserved;
  const char *b;
} options;
typedef struct next_version {
  size_t size;
  uint32_t a, reserved;
  const char *b;
  uint64_t c;
} next_version;

static void test_options(void **state) {
  (void)state;
  options own;
  cascade_error *error = NULL;
  assert_int_equal(CASC_OPTIONS(NULL, NULL, own, reserved, NULL), CASCADE_OK);
  assert_true(own.size == sizeof own && own.a == 0 && !own.b);
  first_version old = {.size = sizeof old, .a = 7};
  memset(&own, 0xff, sizeof own);
  assert_int_equal(CASC_OPTIONS(NULL, &old, own, reserved, NULL), CASCADE_OK);
  assert_true(own.size == sizeof own && own.a == 7 && !own.b);
  options same = {.size = sizeof same, .a = 8, .b = "b"};
  assert_int_equal(CASC_OPTIONS(NULL, &same, own, reserved, NULL), CASCADE_OK);
  assert_true(own.a == 8 && own.b == same.b);
  next_version newer = {.size = sizeof newer, .a = 9};
  assert_int_equal(CASC_OPTIONS(NULL, &newer, own, reserved, NULL), CASCADE_OK);
  assert_true(own.size == sizeof own && own.a == 9);
  newer.c = 1;
  assert_int_equal(CASC_OPTIONS(NULL, &newer, own, reserved, &error), CASCADE_OPTIONS);
  cascade_error_free(error);
  size_t wrong[] = {0, 1, sizeof old - 1, sizeof own + 1000000, SIZE_MAX};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    next_version odd = {.size = wrong[i]};
    assert_int_equal(CASC_OPTIONS(NULL, &odd, own, reserved, &error), CASCADE_OPTIONS);
    assert_int_equal(cascade_error_status(error), CASCADE_OPTIONS);
    cascade_error_free(error);
  }
}

static void test_info(void **state) {
  (void)state;
  options own = {.size = sizeof own, .a = 5, .b = "b"};
  first_version old = {.size = sizeof old};
  assert_int_equal(CASC_INFO(&old, own, reserved), CASCADE_OK);
  assert_true(old.size == sizeof old && old.a == 5);
  next_version newer = {.size = sizeof newer, .c = 77};
  assert_int_equal(CASC_INFO(&newer, own, reserved), CASCADE_OK);
  assert_true(newer.size == sizeof newer && newer.a == 5 && newer.b == own.b && newer.c == 0);
  newer.size = sizeof old - 1;
  assert_int_equal(CASC_INFO(&newer, own, reserved), CASCADE_INVALID);
  newer.size = SIZE_MAX;
  assert_int_equal(CASC_INFO(&newer, own, reserved), CASCADE_INVALID);
  assert_int_equal(CASC_INFO(NULL, own, reserved), CASCADE_INVALID);
}

typedef struct heard {
  int lines;
  int32_t level;
  char last[2000];
} heard;

static void listen(void *data, int32_t level, const char *message) {
  heard *heard_so_far = data;
  heard_so_far->lines++;
  heard_so_far->level = level;
  snprintf(heard_so_far->last, sizeof heard_so_far->last, "%s", message);
}

static void test_log(void **state) {
  (void)state;
  heard all = {0};
  cascade_context_options given = {.size = sizeof given, .log = listen, .log_data = &all, .log_level = CASCADE_LOG_INFO};
  cascade_context *context = NULL;
  assert_int_equal(cascade_context_new(&given, &context, NULL), CASCADE_OK);
  casc_log(context, CASCADE_LOG_DEBUG, "not wanted");
  assert_int_equal(all.lines, 0);
  casc_log(context, CASCADE_LOG_WARNING, "%d words", 2);
  assert_string_equal(all.last, "2 words");
  assert_int_equal(all.level, CASCADE_LOG_WARNING);
  char longest[3000];
  memset(longest, 'y', sizeof longest - 1);
  longest[sizeof longest - 1] = '\0';
  casc_log(context, CASCADE_LOG_INFO, "%s", longest);
  assert_in_range(strlen(all.last), 1000, 1100);
  cascade_context_free(context);
  assert_int_equal(cascade_context_new(NULL, &context, NULL), CASCADE_OK);
  casc_log(context, CASCADE_LOG_WARNING, "nobody listens");
  cascade_context_free(context);
}

static void test_context(void **state) {
  (void)state;
  failing_alloc memory = {.allowed = -1};
  cascade_context *context = failing_context(&memory);
  cascade_error *error = NULL;
  assert_non_null(context);
  assert_ptr_equal(casc_context_ref(context), context);
  cascade_context_free(context);
  casc_fail(context, &error, CASCADE_INVALID, "still alive");
  cascade_context_free(context);
  assert_true(memory.live > 0);
  cascade_error_free(error); /* the last that held it */
  assert_int_equal(memory.live, 0);
  cascade_context_free(NULL);
  assert_null(casc_context_ref(NULL));
  memory.allowed = 0;
  assert_null(failing_context(&memory));
  cascade_context_options half = {.size = sizeof half, .allocate = failing_allocate};
  assert_int_equal(cascade_context_new(&half, &context, &error), CASCADE_INVALID);
  assert_null(context);
  cascade_error_free(error);
  half.size = 3;
  assert_int_equal(cascade_context_new(&half, &context, &error), CASCADE_OPTIONS);
  cascade_error_free(error);
  assert_int_equal(cascade_context_new(NULL, NULL, &error), CASCADE_INVALID);
  cascade_error_free(error);
}

static void test_version(void **state) {
  (void)state;
  assert_int_equal(cascade_version(), CASCADE_VERSION);
  assert_string_equal(cascade_version_string(), CASCADE_VERSION_STRING);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_error),
      cmocka_unit_test(test_no_error),
      cmocka_unit_test(test_explained_error),
      cmocka_unit_test(test_errors_of_drivers),
      cmocka_unit_test(test_details_of_tomorrow),
      cmocka_unit_test(test_statuses),
      cmocka_unit_test(test_errors_without_memory),
      cmocka_unit_test(test_options),
      cmocka_unit_test(test_info),
      cmocka_unit_test(test_log),
      cmocka_unit_test(test_context),
      cmocka_unit_test(test_version),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What is known of MariaDB and MySQL without a server: numbers of failures that no test can bring about, versions, settings,
   literals; and the thread that kills, over a server that is only pretended. */
#include "unit.h"

#include "killer.h"
#include "mariadb_common.h"
#include "render.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void test_classes(void **state) {
  (void)state;
  static const struct {
    unsigned code;
    cascade_status status;
  } cases[] = {{1020, CASCADE_SERIALIZATION}, {1180, CASCADE_SERIALIZATION}, {1206, CASCADE_BUSY},       {3572, CASCADE_BUSY},
               {1216, CASCADE_CONSTRAINT_FK}, {1217, CASCADE_CONSTRAINT_FK}, {3819, CASCADE_CONSTRAINT}, {3024, CASCADE_TIMEOUT},
               {1044, CASCADE_PRIVILEGE},     {1290, CASCADE_READONLY},      {1836, CASCADE_READONLY},   {1053, CASCADE_CONNECTION},
               {1047, CASCADE_CONNECTION},    {1927, CASCADE_CONNECTION},    {2013, CASCADE_CONNECTION}, {2055, CASCADE_CONNECTION},
               {1038, CASCADE_NOMEM},         {1105, CASCADE_DATABASE},      {0, CASCADE_DATABASE},      {99999, CASCADE_DATABASE}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    if (casc_mariadb_status(cases[i].code) != cases[i].status) fail_msg("%u", cases[i].code);
}

static void test_transactions(void **state) {
  (void)state;
  enum { OPEN = 3, IDLE = 2, MANUAL = 0, GONE = 2006, LOST = 2013 };
  assert_int_equal(casc_mariadb_transaction(true, OPEN, true, 1062, "UPDATE"), CASCADE_TX_OPEN);
  assert_int_equal(casc_mariadb_transaction(true, IDLE, true, 1213, "UPDATE"), CASCADE_TX_ROLLED_BACK);
  assert_int_equal(casc_mariadb_transaction(true, MANUAL, true, 1213, "UPDATE"), CASCADE_TX_OPEN);
  assert_int_equal(casc_mariadb_transaction(true, IDLE, false, 1062, "UPDATE"), CASCADE_TX_NONE);
  assert_int_equal(casc_mariadb_transaction(false, OPEN, true, LOST, " Commit"), CASCADE_TX_UNKNOWN);
  assert_int_equal(casc_mariadb_transaction(false, OPEN, true, GONE, "COMMIT"), CASCADE_TX_ROLLED_BACK);
  assert_int_equal(casc_mariadb_transaction(false, OPEN, true, LOST, "delete"), CASCADE_TX_ROLLED_BACK);
  assert_int_equal(casc_mariadb_transaction(false, IDLE, false, LOST, "delete"), CASCADE_TX_UNKNOWN);
  assert_int_equal(casc_mariadb_transaction(false, IDLE, false, LOST, "SELECT"), CASCADE_TX_NONE);
  assert_int_equal(casc_mariadb_transaction(false, IDLE, false, GONE, "DELETE"), CASCADE_TX_NONE);
}

static void test_versions(void **state) {
  (void)state;
  static const struct {
    const char *version;
    bool skips;
  } cases[] = {{"10.11.19-MariaDB-0+deb12u1", true},
               {"10.6.0-MariaDB", true},
               {"10.5.23-MariaDB", false},
               {"11.4.2-MariaDB-log", true},
               {"8.0.36", true},
               {"5.7.44-log", false},
               {"", false}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    uint64_t flags = casc_mariadb_flags(cases[i].version);
    if (!!(flags & CASCADE_CAN_SKIP_LOCKED) != cases[i].skips) fail_msg("%s", cases[i].version);
    assert_true(flags & CASCADE_CAN_LOCK_ROWS && flags & CASCADE_CAN_CANCEL && !(flags & CASCADE_CAN_DEFER));
  }
}

static void test_settings(void **state) {
  (void)state;
  static const struct {
    uint32_t ms;
    const char *words;
  } cases[] = {{1, "innodb_lock_wait_timeout = 1,"},
               {1000, " lock_wait_timeout = 1,"},
               {1001, " lock_wait_timeout = 2,"},
               {UINT32_MAX, "innodb_lock_wait_timeout = 4294968,"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char sql[CASC_MARIADB_SETTINGS];
    casc_mariadb_settings(sql, cases[i].ms);
    assert_non_null(strstr(sql, "completion_type = 0")); /* all of it fits */
    if (!strstr(sql, cases[i].words)) fail_msg("%s", sql);
  }
}

/* the killer */

typedef struct server {
  casc_killer killer;
  atomic_int connected, killed, closed, refusals;
  atomic_bool slow;
} server;

static void *connect_slowly(void *data) {
  server *self = data;
  atomic_fetch_add(&self->connected, 1);
  while (atomic_load(&self->slow)) usleep(100);
  if (atomic_load(&self->refusals) && atomic_fetch_sub(&self->refusals, 1)) return NULL;
  return self;
}

static void kill_it(void *data, void *connection) {
  server *self = data;
  assert_ptr_equal(self, connection);
  atomic_fetch_add(&self->killed, 1);
}

static void close_it(void *connection) {
  server *self = connection;
  atomic_fetch_add(&self->closed, 1);
}

static void start(server *self) {
  *self = (server){0};
  assert_true(casc_killer_start(&self->killer, &(casc_killer_way){connect_slowly, kill_it, close_it, self}));
}

static void wait_for(const atomic_int *count, int wanted) {
  for (int i = 0; atomic_load(count) != wanted; i++) {
    usleep(1000);
    assert_true(i < 20000);
  }
}

static void test_kill(void **state) {
  (void)state;
  server one;
  start(&one);
  atomic_store(&one.refusals, 2); /* too many connections: it tries again */
  casc_killer_begin(&one.killer);
  casc_killer_wake(&one.killer);
  wait_for(&one.killed, 1);
  assert_true(casc_killer_end(&one.killer));
  casc_killer_begin(&one.killer); /* the next one is left alone */
  usleep(20000);
  assert_false(casc_killer_end(&one.killer));
  wait_for(&one.closed, 1);
  assert_int_equal(atomic_load(&one.connected), 3);
  casc_killer_stop(&one.killer);
  casc_killer_stop(&one.killer);
  assert_int_equal(atomic_load(&one.killed), 1);
}

/* The statement ends while the killer is still connecting, and another one begins. */
static void test_late_kill(void **state) {
  (void)state;
  server one;
  start(&one);
  atomic_store(&one.slow, true);
  casc_killer_begin(&one.killer);
  casc_killer_wake(&one.killer);
  wait_for(&one.connected, 1);
  assert_false(casc_killer_end(&one.killer));
  casc_killer_begin(&one.killer);
  atomic_store(&one.slow, false);
  wait_for(&one.closed, 1);
  assert_false(casc_killer_end(&one.killer));
  casc_killer_wake(&one.killer); /* when nothing runs */
  usleep(20000);
  assert_int_equal(atomic_load(&one.killed), 0);
  casc_killer_stop(&one.killer);
}

static server *in_handler;

static void handle(int signal) {
  (void)signal;
  casc_killer_wake(&in_handler->killer);
}

static void test_kill_from_signal_handler(void **state) {
  (void)state;
  server one;
  start(&one);
  in_handler = &one;
  struct sigaction action = {.sa_handler = handle}, before;
  sigaction(SIGUSR1, &action, &before);
  casc_killer_begin(&one.killer);
  raise(SIGUSR1);
  wait_for(&one.killed, 1);
  assert_true(casc_killer_end(&one.killer));
  casc_killer_stop(&one.killer);
  sigaction(SIGUSR1, &before, NULL);
}

static void test_killer_that_never_started(void **state) {
  (void)state;
  casc_killer none = {0};
  casc_killer_begin(&none);
  assert_false(casc_killer_end(&none));
  casc_killer_stop(&none);
}

/* literals of libdbi's driver */

static void expect_rendered(const char *sql, const cascade_value *parameter, const char *wanted) {
  locale_t numbers = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  casc_str text;
  casc_str_init(&text, &casc_system_alloc);
  cascade_statement statement = {.size = sizeof statement,
                                 .sql = sql,
                                 .sql_length = strlen(sql),
                                 .parameters = parameter,
                                 .parameter_count = parameter ? 1 : 0};
  cascade_status status = casc_dbi_render_mariadb(NULL, &statement, numbers, &text, NULL);
  if (status < 0 ? wanted != NULL : !wanted || strcmp(text.data, wanted) != 0)
    fail_msg("%s: %d: %s", sql, (int)status, status < 0 ? "" : text.data);
  casc_str_free(&text);
  freelocale(numbers);
}

static void test_literals(void **state) {
  (void)state;
  cascade_value minus = {.type = CASCADE_INT64, .integer = INT64_MIN}, most = {.type = CASCADE_UINT64, .integer = -1};
  cascade_value half = {.type = CASCADE_DOUBLE, .real = 0.5}, odd = {.type = CASCADE_TEXT, .data = "it's", .length = 4};
  cascade_value plain = {.type = CASCADE_TEXT, .data = "[1,2]", .length = 5};
  cascade_value blob = {.type = CASCADE_BLOB, .data = "\0\xff", .length = 2};
  cascade_value exact = {.type = CASCADE_DECIMAL, .data = "-1.50", .length = 5};
  cascade_value bad = {.type = CASCADE_DECIMAL, .data = "1e5", .length = 3};
  expect_rendered("a=?", &minus, "a= -9223372036854775808 ");
  expect_rendered("a-?", &minus, "a-(-9223372036854775808)");
  expect_rendered("a--?", &minus, "a--(-9223372036854775808)");
  expect_rendered("?", &most, " 18446744073709551615 ");
  expect_rendered("?", &half, " 5.0000000000000000e-01 ");
  expect_rendered("?", &odd, " _utf8mb4 x'69742773' ");
  expect_rendered("?", &plain, " _utf8mb4'[1,2]' ");
  expect_rendered("?", &blob, " x'00ff' ");
  expect_rendered("?", &exact, " -1.50 ");
  expect_rendered("?", &bad, NULL);
  expect_rendered("'?' \"?\" `?` ? -- ?\n# ?\n/* ? */;", &exact, "'?' \"?\" `?`  -1.50   \n \n ");
  expect_rendered("'\\\\' ?", &exact, "'\\\\'  -1.50 ");
  expect_rendered("'a\\' ?", &exact, NULL);
  expect_rendered("`a\\` ?", &exact, "`a\\`  -1.50 ");
  expect_rendered("1 --1", NULL, "1 --1");
  expect_rendered("1; 2", NULL, NULL);
  expect_rendered("1 ?", NULL, NULL);
  expect_rendered("1", &exact, NULL);
  expect_rendered("-- nothing", NULL, NULL);
  expect_rendered("1 /*!2*/", NULL, NULL);
  expect_rendered("1 /*M!2*/", NULL, NULL);
  expect_rendered("1 /*", NULL, NULL);
  expect_rendered("`a", NULL, NULL);
}

static void test_long_literals(void **state) {
  (void)state;
  enum { LONG = (1 << 20) + 1 };
  char *data = malloc(LONG);
  memset(data, '\\', LONG);
  locale_t numbers = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  casc_str text;
  casc_str_init(&text, &casc_system_alloc);
  for (int32_t type = CASCADE_TEXT; type <= CASCADE_BLOB; type++)
    for (size_t length = LONG - 1; length <= LONG; length++) {
      cascade_value value = {.type = type, .data = data, .length = length};
      cascade_statement statement = {
          .size = sizeof statement, .sql = "?", .sql_length = 1, .parameters = &value, .parameter_count = 1};
      assert_int_equal(casc_dbi_render_mariadb(NULL, &statement, numbers, &text, NULL), CASCADE_OK);
      const char *end = type == CASCADE_BLOB ? "') " : "') USING utf8mb4) ", *tail = length % 3 == 1 ? "XA==" : "XFw=";
      assert_true(text.length < length * 4 / 3 + 60);
      assert_memory_equal(text.data + text.length - strlen(end), end, strlen(end));
      assert_memory_equal(text.data + text.length - strlen(end) - 4, tail, 4);
    }
  casc_str_free(&text);
  freelocale(numbers);
  free(data);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_classes),
      cmocka_unit_test(test_transactions),
      cmocka_unit_test(test_versions),
      cmocka_unit_test(test_settings),
      cmocka_unit_test(test_kill),
      cmocka_unit_test(test_late_kill),
      cmocka_unit_test(test_kill_from_signal_handler),
      cmocka_unit_test(test_killer_that_never_started),
      cmocka_unit_test(test_literals),
      cmocka_unit_test(test_long_literals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

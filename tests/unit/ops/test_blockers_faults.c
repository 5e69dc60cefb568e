/* A cursor over blockers, with tokens, counts and levels, whose memory runs out at every allocation, and whose driver fails at every
   call: each failure is told, nothing is leaked, no transaction stays open, and the same cursor made anew gives all pages. */
#include "failing_alloc.h"
#include "fault_driver.h"

#include <cascade.h>
#include <sqlite3.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char schema[] =
    "CREATE TABLE owner (id INTEGER PRIMARY KEY);"
    "CREATE TABLE pet (id INTEGER PRIMARY KEY, owner_id INTEGER REFERENCES owner ON DELETE CASCADE,"
    "                  friend_id INTEGER REFERENCES pet ON DELETE SET NULL);"
    "CREATE TABLE visit (day TEXT, pet_id INTEGER REFERENCES pet ON DELETE CASCADE, PRIMARY KEY (day, pet_id)) WITHOUT ROWID;"
    "CREATE TABLE bill (id INTEGER PRIMARY KEY, visit_day TEXT, visit_pet INTEGER,"
    "                   FOREIGN KEY (visit_day, visit_pet) REFERENCES visit);"
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 4) INSERT INTO owner SELECT i FROM n;"
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 8)"
    "  INSERT INTO pet SELECT i, (i + 1) / 2, CASE WHEN i > 3 THEN i - 3 END FROM n;"
    "INSERT INTO visit SELECT 'day ' || (id % 3), id FROM pet; INSERT INTO visit SELECT 'e', id FROM pet WHERE id % 2;"
    "INSERT INTO bill (visit_day, visit_pet) SELECT day, pet_id FROM visit;";

enum { PET_ROWS = 6, FRIEND_ROWS = 2, VISIT_ROWS = 9, BILL_ROWS = 9 }; /* below owners 1 to 3; friends that go anyway are none */

static const char token_key[] = "a secret of thirty-two bytes ...";

typedef struct rig {
  sqlite3 *db;
  failing_alloc memory;
  cascade_context *context;
  fault_driver *driver;
  cascade_connection *connection;
  cascade_graph *graph;
  cascade_policy *policy;
  cascade_selection *selection;
} rig;

static void make(rig *at) {
  *at = (rig){.memory = {.allowed = -1}};
  assert_int_equal(sqlite3_open(":memory:", &at->db), SQLITE_OK);
  assert_int_equal(sqlite3_exec(at->db, schema, NULL, NULL, NULL), SQLITE_OK);
  assert_non_null(at->context = failing_context(&at->memory));
  assert_non_null(at->driver = fault_driver_over_sqlite(at->context, at->db));
  assert_int_equal(fault_driver_connect(at->driver, &at->connection, NULL), CASCADE_OK);
  assert_int_equal(cascade_graph_read(at->connection, NULL, &at->graph, NULL), CASCADE_OK);
  assert_int_equal(cascade_policy_new(at->graph, NULL, &at->policy, NULL), CASCADE_OK);
  assert_int_equal(cascade_selection_where(at->graph, "owner", "id < 4", NULL, 0, &at->selection, NULL), CASCADE_OK);
}

static void drop(rig *at) {
  cascade_selection_free(at->selection);
  cascade_policy_free(at->policy);
  cascade_graph_free(at->graph);
  cascade_connection_free(at->connection);
  cascade_context_free(at->context);
  assert_int_equal(at->memory.live, 0);
  assert_int_equal(sqlite3_close(at->db), SQLITE_OK);
}

static cascade_status check(cascade_status status, cascade_error *error) {
  if (status < 0) {
    assert_non_null(error);
    assert_int_equal(cascade_error_status(error), status);
    assert_true(strlen(cascade_error_message(error)) > 0);
  } else {
    assert_null(error);
  }
  cascade_error_free(error);
  return status;
}

/* One cursor: its pages, and a copy of the token after `pages` of them, to be freed. */
static cascade_status read_pages(rig *at, const char *token, uint32_t pages, uint64_t *keys, char **rest) {
  cascade_blockers_options options = {.size = sizeof options, .limit = 2, .rounds = 9, .depth = 3, .count = CASCADE_COUNT_EXACT,
                                      .behind = 1, .token_key = token_key, .token_key_length = sizeof token_key - 1, .token = token};
  cascade_blockers *cursor = NULL;
  const cascade_blockers_page *page;
  const char *text = NULL;
  cascade_error *error = NULL;
  cascade_status status = cascade_blockers_open(at->connection, at->policy, at->selection, &options, &cursor, &error);
  for (uint32_t i = 0; status == CASCADE_OK && i < pages; i++) {
    status = cascade_blockers_next(cursor, &page, &error);
    if (status == CASCADE_OK) *keys += page->keys->count;
  }
  if (status >= 0 && rest) status = cascade_blockers_token(cursor, CASCADE_TOKEN_REST, &text, &error);
  if (status == CASCADE_OK && text) *rest = strdup(text);
  cascade_blockers_free(cursor);
  return check(status, error);
}

/* All pages, a few of each cursor. */
static cascade_status use(rig *at, uint64_t *keys) {
  char *token = NULL;
  int32_t answer = 0;
  cascade_error *error = NULL;
  cascade_status status;
  *keys = 0;
  do {
    char *rest = NULL;
    status = read_pages(at, token, 3, keys, &rest);
    free(token);
    token = rest;
  } while (status >= 0 && token);
  free(token);
  if (status < 0) return status;
  status = cascade_blockers_probe(at->connection, at->policy, at->selection, 0, &answer, NULL, &error);
  if (status >= 0) assert_int_equal(answer, CASCADE_PROBE_BLOCKED);
  return check(status, error);
}

static void gives_all(rig *at) {
  uint64_t keys;
  at->memory.allowed = -1;
  at->memory.failed = false;
  fault_driver_script(at->driver, &(fault){0});
  assert_true(sqlite3_get_autocommit(at->db));
  assert_true(use(at, &keys) >= 0);
  assert_int_equal(keys, PET_ROWS + FRIEND_ROWS + VISIT_ROWS + BILL_ROWS);
}

/* How far apart the faults are: a short run of the suite takes samples. */
static long stride(void) {
  return getenv("CASCADE_QUICK") ? 17 : 1;
}

static void all_pages(void **state) {
  (void)state;
  rig at;
  make(&at);
  gives_all(&at);
  drop(&at);
}

static void memory_runs_out(void **state) {
  (void)state;
  bool failed = true;
  for (long n = 0; failed; n += stride()) {
    rig at;
    uint64_t keys;
    make(&at);
    at.memory.allowed = n;
    cascade_status status = use(&at, &keys);
    failed = at.memory.failed;
    at.memory.allowed = -1;
    at.memory.failed = false;
    assert_int_equal(status < 0, failed);
    if (failed) assert_int_equal(status, CASCADE_NOMEM);
    gives_all(&at);
    drop(&at);
  }
}

static void any_call_fails(void **state) {
  (void)state;
  bool fired = true;
  for (uint64_t n = 1; fired; n += (uint64_t)stride()) {
    rig at;
    uint64_t keys;
    make(&at);
    fault_driver_script(at.driver, &(fault){.at = n, .status = CASCADE_DATABASE, .transaction = CASCADE_TX_OPEN});
    cascade_status status = use(&at, &keys);
    fired = at.driver->fired;
    if (!fired) assert_true(status >= 0);
    if (!sqlite3_get_autocommit(at.db)) sqlite3_exec(at.db, "ROLLBACK", NULL, NULL, NULL); /* ROLLBACK itself was lost */
    gives_all(&at);
    drop(&at);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(all_pages),
      cmocka_unit_test(memory_runs_out),
      cmocka_unit_test(any_call_fails),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

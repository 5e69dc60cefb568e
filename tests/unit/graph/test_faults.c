/* A database that fails while its catalog is read. */
#include "memory.h"

#include "fault_driver.h"

static const char schema[] = "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (x REFERENCES p, y UNIQUE);"
                             "CREATE INDEX c_x ON c (x); CREATE TRIGGER t AFTER DELETE ON p BEGIN SELECT 1; END; ANALYZE";

/* Each call fails in turn: the failure comes out, nothing is kept, no cursor or transaction stays open, and the next
 * try works. */
static void sweep(memory *m, int calls, cascade_status status, bool silent) {
  fault_driver *driver = fault_driver_over_sqlite(m->context, m->db);
  cascade_connection *connection = NULL;
  assert_non_null(driver);
  assert_int_equal(fault_driver_connect(driver, &connection, NULL), CASCADE_OK);
  uint64_t at = 1;
  for (;; at++) {
    cascade_graph *graph = NULL;
    cascade_error *error = NULL;
    long before = m->live;
    fault_driver_script(driver, &(fault){.calls = calls, .at = at, .status = status, .silent = silent});
    cascade_status got = cascade_graph_read(connection, NULL, &graph, &error);
    assert_int_equal(driver->open_cursors, 0);
    if (got == CASCADE_OK) {
      cascade_graph_free(graph);
      break;
    }
    assert_null(graph);
    assert_true(driver->fired);
    assert_failure(error, status, WORDS("reading the graph: "));
    assert_int_equal(m->live, before);
    /* What fails in ending the look at the catalog cannot be ended; everything else is. */
    if (calls != FAULT_EXECUTE || at == 1) assert_true(sqlite3_get_autocommit(m->db));
    else memory_run(m, "ROLLBACK");
    fault_driver_script(driver, &(fault){0});
    assert_int_equal(cascade_graph_read(connection, NULL, &graph, NULL), CASCADE_OK);
    cascade_graph_free(graph);
  }
  assert_true(at > 2);
  cascade_connection_free(connection);
}

static void test_failing_calls(void **state) {
  (void)state;
  memory *m = memory_open(schema);
  sweep(m, FAULT_QUERY, CASCADE_BUSY, false);
  sweep(m, FAULT_QUERY, CASCADE_SCHEMA, true);
  sweep(m, FAULT_NEXT, CASCADE_DATABASE, false);
  sweep(m, FAULT_EXECUTE, CASCADE_CONNECTION, false);
  memory_close(m);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_failing_calls)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}

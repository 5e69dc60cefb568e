/* What bounds the statements of a transaction, by the server that is at the other end. */
#include "memory.h"

#include "transaction.h"

#include <string.h>

static const char *bounded(const char *engine, const char *version, cascade_connection *connection) {
  casc_transaction transaction = {.connection = connection, .dialect = casc_dialect_of(engine)};
  casc_statement statement;
  connection->capabilities.engine = engine;
  connection->capabilities.version = version;
  *connection->prefix = '\0';
  assert_int_equal(casc_transaction_bound(&transaction, 1500, NULL), CASCADE_OK);
  casc_session_statement(connection, &statement);
  assert_string_equal(statement.sql.data ? statement.sql.data : "", connection->prefix);
  casc_str_put(&statement.sql, "DELETE");
  casc_statement_clear(&statement);
  assert_string_equal(statement.sql.data, connection->prefix);
  casc_statement_free(&statement);
  return connection->prefix;
}

static void test_bounds(void **state) {
  (void)state;
  cascade_connection connection = {0};
  assert_int_equal(cascade_context_new(NULL, &connection.context, NULL), CASCADE_OK);
  assert_string_equal(bounded("mariadb", "10.11.6-MariaDB-0+deb12u1", &connection),
                      "SET STATEMENT max_statement_time = 1.500 FOR ");
  assert_string_equal(bounded("mariadb", "8.0.36", &connection), "");
  assert_string_equal(bounded("mariadb", NULL, &connection), "");
  assert_string_equal(bounded("sqlite", "3.40.1", &connection), "");
  cascade_context_free(connection.context);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_bounds)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}

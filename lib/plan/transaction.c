#include "transaction.h"

#include "registry.h"

#include <stdio.h>

bool casc_in_host_transaction(const cascade_connection *connection) {
  const cascade_driver *driver = connection->driver;
  return CASC_DRIVER_HAS(driver, in_transaction) && driver->in_transaction(connection->self) == 1;
}

cascade_status casc_transaction_begin(casc_transaction *transaction, cascade_connection *connection, bool write,
                                      cascade_error **error) {
  const casc_dialect *dialect = casc_dialect_of(connection->capabilities.engine);
  *transaction = (casc_transaction){connection, dialect, false, casc_in_host_transaction(connection)};
  const char *const nested[] = {dialect->savepoint, NULL};
  bool committed = connection->capabilities.flags & CASCADE_READS_COMMITTED && dialect->begin_committed;
  const char *const *writing = committed ? dialect->begin_committed : dialect->begin_write;
  const char *const *sql = transaction->nested ? nested : write ? writing : dialect->begin_read;
  cascade_status status = casc_begin(connection, sql, error);
  transaction->open = status >= 0;
  return status;
}

cascade_status casc_transaction_prepare(cascade_connection *connection, cascade_error **error) {
  const casc_dialect *dialect = casc_dialect_of(connection->capabilities.engine);
  bool committed = connection->capabilities.flags & CASCADE_READS_COMMITTED;
  return committed || !dialect->before_alone ? CASCADE_OK : casc_begin(connection, dialect->before_alone, error);
}

cascade_status casc_transaction_bound(casc_transaction *transaction, uint32_t milliseconds, cascade_error **error) {
  const casc_dialect *dialect = transaction->dialect;
  cascade_connection *connection = transaction->connection;
  casc_statement statement;
  cascade_status status = CASCADE_OK;
  casc_session_statement(connection, &statement);
  if (dialect->statement_timeout) {
    dialect->statement_timeout(&statement, milliseconds);
    status = casc_execute(connection, &statement, NULL, error);
  } else if (dialect->limit_time) {
    dialect->limit_time(&statement, connection->capabilities.version, milliseconds);
    if (statement.sql.failed) status = casc_nomem(error);
    else snprintf(connection->prefix, sizeof connection->prefix, "%s", statement.sql.data ? statement.sql.data : "");
  }
  casc_statement_free(&statement);
  return status;
}

static void end(casc_transaction *transaction) {
  transaction->open = false;
  if (!transaction->nested) *transaction->connection->prefix = '\0';
}

cascade_status casc_transaction_commit(casc_transaction *transaction, cascade_error **error) {
  const casc_dialect *dialect = transaction->dialect;
  cascade_status status = casc_control(transaction->connection, transaction->nested ? dialect->release : dialect->commit, error);
  if (status >= 0) end(transaction);
  return status;
}

void casc_transaction_roll_back(casc_transaction *transaction) {
  if (!transaction->open) return;
  const casc_dialect *dialect = transaction->dialect;
  const char *sql = transaction->nested ? dialect->rollback_to : dialect->rollback;
  /* the failure before it is the one to tell */
  if (casc_control(transaction->connection, sql, NULL) < 0) casc_control(transaction->connection, sql, NULL);
  if (transaction->nested) casc_control(transaction->connection, dialect->release, NULL);
  end(transaction);
}

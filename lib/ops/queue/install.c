#include "queue_internal.h"

#include <string.h>

cascade_status casc_queue_run(cascade_connection *connection, casc_statement *statement, uint64_t *affected,
                              cascade_error **error) {
  cascade_status status = casc_execute(connection, statement, affected, error);
  casc_statement_free(statement);
  return status;
}

cascade_status casc_queue_ask(cascade_connection *connection, casc_statement *statement, int64_t otherwise,
                              int64_t *answer, cascade_error **error) {
  cascade_status status = casc_ask_integer(connection, statement, otherwise, answer, error);
  casc_statement_free(statement);
  return status;
}

/* 0 when there is no queue. Asked without a statement that could fail, as that would end a transaction of the host. */
static cascade_status read_version(cascade_connection *connection, const casc_queue_words *words, int64_t *version,
                                   cascade_error **error) {
  casc_statement statement;
  *version = 0;
  casc_session_statement(connection, &statement);
  casc_queue_exists(words, &statement);
  int64_t there = 0;
  cascade_status status = casc_queue_ask(connection, &statement, 0, &there, error);
  if (status < 0 || !there) return status;
  casc_session_statement(connection, &statement);
  casc_queue_version(words, &statement);
  status = casc_queue_ask(connection, &statement, 0, version, error);
  if (status >= 0 && *version > CASC_QUEUE_VERSION)
    return casc_fail_at(connection->context, error, CASCADE_UNSUPPORTED, "cascade_queue", NULL,
                        "the queue is of version %lld, and this library knows version %d: use a newer library",
                        (long long)*version, CASC_QUEUE_VERSION);
  return status;
}

cascade_status casc_queue_open(cascade_connection *connection, const casc_queue_words **words, cascade_error **error) {
  int64_t version = 0;
  *words = casc_dialect_of(connection->capabilities.engine)->queue;
  cascade_status status = read_version(connection, *words, &version, error);
  if (status < 0 || version) return status;
  return casc_fail_at(
      connection->context, error, CASCADE_NOT_FOUND, "cascade_queue", NULL,
      "there is no queue in this database; install it with cascade_queue_install(), or cascade queue install");
}

cascade_status cascade_queue_ddl(const char *engine, char **text, cascade_error **error) {
  if (text) *text = NULL;
  if (!engine || !text)
    return casc_fail(NULL, error, CASCADE_INVALID, "queue: the engine or the place for the text is NULL");
  const casc_dialect *dialect = casc_dialect_of(engine);
  if (!dialect) return casc_fail(NULL, error, CASCADE_UNSUPPORTED, "queue: engine '%s' is not known", engine);
  casc_str ddl;
  casc_str_init(&ddl, &casc_system_alloc);
  for (const char *const *at = dialect->queue->ddl; *at; at++) casc_str_printf(&ddl, "%s;\n", *at);
  *text = casc_str_give(&ddl);
  return *text ? CASCADE_OK : casc_nomem(error);
}

static cascade_status install(cascade_connection *connection, const casc_queue_words *words, cascade_error **error) {
  casc_transaction transaction = {0};
  cascade_status status = CASCADE_OK;
  if (!words->ddl_commits) status = casc_transaction_begin(&transaction, connection, true, error);
  for (const char *const *at = words->ddl; status >= 0 && *at; at++) {
    casc_statement statement;
    casc_session_statement(connection, &statement);
    casc_str_put(&statement.sql, *at);
    status = casc_queue_run(connection, &statement, NULL, error);
  }
  if (status >= 0 && transaction.open) status = casc_transaction_commit(&transaction, error);
  if (status < 0) casc_transaction_roll_back(&transaction);
  return status;
}

cascade_status cascade_queue_install(cascade_connection *connection, cascade_error **error) {
  if (!connection) return casc_fail(NULL, error, CASCADE_INVALID, "queue: the connection is NULL");
  const casc_queue_words *words = casc_dialect_of(connection->capabilities.engine)->queue;
  int64_t version = 0;
  if (words->ddl_commits && casc_in_host_transaction(connection))
    return casc_fail(connection->context, error, CASCADE_UNSUPPORTED,
                     "making tables would commit the transaction that is open; install the queue outside of it");
  cascade_status status = read_version(connection, words, &version, error);
  return status < 0 || version ? status : install(connection, words, error);
}

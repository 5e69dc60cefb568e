#include "tables.h"

#include "transaction.h"

cascade_status casc_run(cascade_connection *connection, casc_statement *statement, uint64_t *affected, cascade_error **error) {
  cascade_status status = casc_execute(connection, statement, affected, error);
  casc_statement_free(statement);
  return status;
}

cascade_status casc_ask(cascade_connection *connection, casc_statement *statement, int64_t otherwise, int64_t *answer,
                        cascade_error **error) {
  cascade_status status = casc_ask_integer(connection, statement, otherwise, answer, error);
  casc_statement_free(statement);
  return status;
}

static const casc_queue_words *words_of(const cascade_connection *connection) {
  return casc_dialect_of(connection->capabilities.engine)->queue;
}

/* 0 when they are not there. Asked without a statement that could fail, as that would end a transaction of the host. */
static cascade_status read_version(const casc_tables *tables, cascade_connection *connection, int64_t *version,
                                   cascade_error **error) {
  casc_statement statement;
  int64_t there = 0;
  *version = 0;
  casc_session_statement(connection, &statement);
  casc_tables_exist(words_of(connection), &statement, tables->name);
  cascade_status status = casc_ask(connection, &statement, 0, &there, error);
  if (status < 0 || !there) return status;
  casc_session_statement(connection, &statement);
  casc_tables_version(words_of(connection), &statement, tables->name);
  status = casc_ask(connection, &statement, 0, version, error);
  if (status >= 0 && *version > tables->version)
    return casc_fail_at(connection->context, error, CASCADE_UNSUPPORTED, tables->name, NULL,
                        "the %s is of version %lld, and this library knows version %lld: use a newer library", tables->what,
                        (long long)*version, (long long)tables->version);
  return status;
}

cascade_status casc_tables_open(const casc_tables *tables, cascade_connection *connection, const casc_queue_words **words,
                                cascade_error **error) {
  int64_t version = 0;
  *words = words_of(connection);
  cascade_status status = read_version(tables, connection, &version, error);
  if (status < 0 || version) return status;
  return casc_fail_at(connection->context, error, CASCADE_NOT_FOUND, tables->name, NULL,
                      "there is no %s in this database; install it with %s", tables->what, tables->how);
}

cascade_status casc_tables_ddl(const casc_tables *tables, const char *engine, char **text, cascade_error **error) {
  if (text) *text = NULL;
  if (!engine || !text)
    return casc_fail(NULL, error, CASCADE_INVALID, "%s: the engine or the place for the text is NULL", tables->what);
  const casc_dialect *dialect = casc_dialect_of(engine);
  if (!dialect) return casc_fail(NULL, error, CASCADE_UNSUPPORTED, "%s: engine '%s' is not known", tables->what, engine);
  casc_str ddl;
  casc_str_init(&ddl, &casc_system_alloc);
  for (const char *const *at = tables->ddl(dialect->queue); *at; at++) casc_str_printf(&ddl, "%s;\n", *at);
  *text = casc_str_give(&ddl);
  return *text ? CASCADE_OK : casc_nomem(error);
}

static cascade_status refuse_inside(cascade_connection *connection, const char *what, cascade_error **error) {
  if (!words_of(connection)->ddl_commits || !casc_in_host_transaction(connection)) return CASCADE_OK;
  return casc_fail(connection->context, error, CASCADE_UNSUPPORTED,
                   "making tables would commit the transaction that is open; install the %s outside of it", what);
}

cascade_status casc_tables_run(cascade_connection *connection, const char *const *ddl, const char *what, cascade_error **error) {
  casc_transaction transaction = {0};
  cascade_status status = refuse_inside(connection, what, error);
  if (status >= 0 && !words_of(connection)->ddl_commits) status = casc_transaction_begin(&transaction, connection, true, error);
  for (const char *const *at = ddl; status >= 0 && *at; at++) {
    casc_statement statement;
    casc_session_statement(connection, &statement);
    casc_str_put(&statement.sql, *at);
    status = casc_run(connection, &statement, NULL, error);
  }
  if (status >= 0 && transaction.open) status = casc_transaction_commit(&transaction, error);
  if (status < 0) casc_transaction_roll_back(&transaction);
  return status;
}

cascade_status casc_tables_install(const casc_tables *tables, cascade_connection *connection, cascade_error **error) {
  if (!connection) return casc_fail(NULL, error, CASCADE_INVALID, "%s: the connection is NULL", tables->what);
  int64_t version = 0;
  cascade_status status = refuse_inside(connection, tables->what, error);
  if (status >= 0) status = read_version(tables, connection, &version, error);
  return status < 0 || version ? status : casc_tables_run(connection, tables->ddl(words_of(connection)), tables->what, error);
}

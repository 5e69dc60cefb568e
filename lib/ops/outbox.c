/* The consumers' side of the outbox, and what the audit tells. */
#include <cascade/outbox.h>

#include "json_text.h"
#include "keyset.h"
#include "options.h"
#include "outbox.h"
#include "outbox_tables.h"
#include "transaction.h"

#include <sodium.h>

static const casc_tables tables = {.name = "cascade_outbox",
                                   .version = CASC_OUTBOX_VERSION,
                                   .what = "outbox",
                                   .how = "cascade_outbox_install(), or cascade outbox install",
                                   .ddl = casc_outbox_ddl};

cascade_status casc_outbox_open(cascade_connection *connection, const casc_queue_words **words, cascade_error **error) {
  return casc_tables_open(&tables, connection, words, error);
}

cascade_status cascade_outbox_ddl(const char *engine, char **text, cascade_error **error) {
  return casc_tables_ddl(&tables, engine, text, error);
}

cascade_status cascade_outbox_install(cascade_connection *connection, cascade_error **error) {
  return casc_tables_install(&tables, connection, error);
}

static void put_json(casc_str *json, const cascade_value *cell) {
  if (cell->type == CASCADE_NULL) casc_str_put(json, "null");
  else casc_str_putn(json, cell->data ? cell->data : "", (size_t)cell->length); /* it is JSON */
}

static void put_row(casc_str *json, const cascade_value *row, bool first) {
  casc_str_printf(json, "%s{\"id\": %lld, \"table\": ", first ? "" : ", ", (long long)row[CASC_OUTBOX_ID].integer);
  casc_json_value(json, &row[CASC_OUTBOX_TABLE]);
  casc_str_put(json, ", \"key\": ");
  put_json(json, &row[CASC_OUTBOX_KEY]);
  casc_str_put(json, ", \"columns\": ");
  put_json(json, &row[CASC_OUTBOX_COLUMNS]);
  casc_str_printf(json, ", \"created\": %lld}", (long long)row[CASC_OUTBOX_CREATED].integer);
}

static cascade_status read_due(cascade_connection *connection, const casc_queue_words *words, uint32_t limit, casc_keyset *ids,
                               int64_t *now, casc_str *json, cascade_error **error) {
  casc_statement statement;
  casc_cursor cursor = {0};
  const cascade_value *row = NULL;
  casc_session_statement(connection, &statement);
  casc_outbox_due(words, &statement, limit);
  cascade_status status = casc_query(connection, &statement, &cursor, error);
  while (status >= 0 && (status = casc_next(&cursor, &row, error)) == CASCADE_OK) {
    put_row(json, row, !ids->appended);
    *now = row[CASC_OUTBOX_NOW].integer;
    if (!casc_keyset_append(ids, row)) status = casc_nomem(error);
  }
  casc_cursor_close(&cursor);
  casc_statement_free(&statement);
  if (status >= 0 && (json->failed || !casc_keyset_merge(ids, NULL))) status = casc_nomem(error);
  return status < 0 ? status : CASCADE_OK;
}

/* Inside the transaction. */
static cascade_status take(cascade_connection *connection, const casc_queue_words *words, const cascade_outbox_options *options,
                           int64_t batch, casc_keyset *ids, casc_str *json, cascade_error **error) {
  int64_t now = 0;
  uint64_t given = 0;
  cascade_status status = read_due(connection, words, options->limit ? options->limit : 1000, ids, &now, json, error);
  if (status < 0 || !ids->count) return status;
  casc_statement statement;
  cascade_keys all = casc_keyset_view(ids, 0, ids->count);
  casc_session_statement(connection, &statement);
  casc_outbox_give(casc_dialect_of(words->engine), &statement, &all, batch, now + (options->lease_ms ? options->lease_ms : 60000));
  status = casc_run(connection, &statement, &given, error);
  if (status >= 0 && given != ids->count)
    return casc_fail_at(connection->context, error, CASCADE_BUSY, "cascade_outbox_row", NULL,
                        "outbox: others took rows that were read; read again");
  return status;
}

cascade_status cascade_outbox_read(cascade_connection *connection, const cascade_outbox_options *given, int64_t *batch, char **text,
                                   cascade_error **error) {
  if (text) *text = NULL;
  if (!connection || !batch || !text)
    return casc_fail(NULL, error, CASCADE_INVALID, "outbox: the connection or the place for a result is NULL");
  cascade_outbox_options options;
  const casc_queue_words *words;
  cascade_status status = CASC_OPTIONS(connection->context, given, options, lease_ms, error);
  if (status >= 0) status = casc_outbox_open(connection, &words, error);
  casc_transaction transaction;
  if (status >= 0) status = casc_transaction_begin(&transaction, connection, true, error);
  if (status < 0) return status;
  casc_keyset ids;
  casc_str json;
  uint64_t random;
  randombytes_buf(&random, sizeof random);
  *batch = (int64_t)(random >> 11); /* a double holds it, for readers of JSON that know nothing else */
  casc_keyset_init(&ids, &connection->context->alloc, 1, true);
  casc_str_init(&json, &casc_system_alloc);
  casc_str_printf(&json, "{\"version\": 1, \"batch\": %lld, \"rows\": [", (long long)*batch);
  status = take(connection, words, &options, *batch, &ids, &json, error);
  if (status >= 0 && ids.count) status = casc_transaction_commit(&transaction, error);
  casc_transaction_roll_back(&transaction);
  casc_str_put(&json, "]}");
  bool any = status >= 0 && ids.count;
  casc_keyset_free(&ids);
  if (any && (*text = casc_str_give(&json))) return CASCADE_OK;
  casc_str_free(&json);
  return status < 0 ? status : any ? casc_nomem(error) : CASCADE_DONE;
}

cascade_status cascade_outbox_ack(cascade_connection *connection, int64_t batch, uint64_t *rows, cascade_error **error) {
  if (rows) *rows = 0;
  if (!connection) return casc_fail(NULL, error, CASCADE_INVALID, "outbox: the connection is NULL");
  const casc_queue_words *words;
  uint64_t removed = 0;
  cascade_status status = casc_outbox_open(connection, &words, error);
  if (status < 0) return status;
  casc_statement statement;
  casc_session_statement(connection, &statement);
  casc_outbox_remove(words, &statement, batch);
  status = casc_run(connection, &statement, &removed, error);
  if (status < 0) return status;
  if (rows) *rows = removed;
  return removed ? CASCADE_OK : CASCADE_DONE;
}

static void put_purge(casc_str *json, const cascade_value *row, bool first) {
  static const char *const names[CASC_AUDIT_MEMBERS] = {"purge",   "actor",   "reason", "table",    "fingerprint", "batches",
                                                        "deleted", "updated", "kept",   "finished", "started",     "changed"};
  casc_str_put(json, first ? "" : ", ");
  for (uint32_t i = 0; i < CASC_AUDIT_MEMBERS; i++) {
    casc_str_printf(json, "%s\"%s\": ", i ? ", " : "{", names[i]);
    if (i == CASC_AUDIT_FINISHED) casc_str_put(json, row[i].integer ? "true" : "false");
    else casc_json_value(json, &row[i]);
  }
  casc_str_putc(json, '}');
}

cascade_status cascade_audit_list(cascade_connection *connection, const cascade_audit_options *given, char **text,
                                  cascade_error **error) {
  if (text) *text = NULL;
  if (!connection || !text)
    return casc_fail(NULL, error, CASCADE_INVALID, "audit: the connection or the place for the text is NULL");
  cascade_audit_options options;
  const casc_queue_words *words;
  cascade_status status = CASC_OPTIONS(connection->context, given, options, reserved, error);
  if (status >= 0) status = casc_outbox_open(connection, &words, error);
  if (status < 0) return status;
  casc_statement statement;
  casc_cursor cursor = {0};
  const cascade_value *row = NULL;
  casc_str json;
  casc_str_init(&json, &casc_system_alloc);
  casc_str_put(&json, "{\"version\": 1, \"purges\": [");
  casc_session_statement(connection, &statement);
  casc_audit_select(words, &statement, options.after, options.limit ? options.limit : 100);
  status = casc_query(connection, &statement, &cursor, error);
  for (bool first = true; status >= 0 && (status = casc_next(&cursor, &row, error)) == CASCADE_OK; first = false)
    put_purge(&json, row, first);
  casc_cursor_close(&cursor);
  casc_statement_free(&statement);
  casc_str_put(&json, "]}");
  if (status >= 0 && (*text = casc_str_give(&json))) return CASCADE_OK;
  casc_str_free(&json);
  return status < 0 ? status : casc_nomem(error);
}

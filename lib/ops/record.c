#include "record.h"

#include "clock.h"
#include "json_text.h"
#include "outbox_tables.h"
#include "transaction.h"

#include <string.h>

cascade_status casc_record_init(casc_record *record, casc_scope *scope, const cascade_purge_options *options,
                                cascade_error **error) {
  *record = (casc_record){.outbox = options->outbox, .audit = options->actor || options->reason};
  if (!record->outbox && !record->audit) return CASCADE_OK;
  char digits[17];
  if (!casc_scope_fingerprint(scope, digits)) return casc_nomem(error);
  record->facts = (casc_audited){.actor = options->actor ? casc_arena_strdup(&scope->arena, options->actor) : NULL,
                                 .reason = options->reason ? casc_arena_strdup(&scope->arena, options->reason) : NULL,
                                 .table = scope->tables[scope->root].table->label,
                                 .fingerprint = casc_arena_strdup(&scope->arena, digits)};
  if (!record->facts.fingerprint || !record->facts.actor != !options->actor || !record->facts.reason != !options->reason)
    return casc_nomem(error);
  return casc_outbox_open(scope->connection, &record->words, error);
}

/* ---- the outbox ---- */

static cascade_value kept_text(casc_arena *arena, casc_str *text) {
  cascade_value value = {
      .type = CASCADE_TEXT, .data = text->failed ? NULL : casc_arena_copy(arena, text->data, text->length), .length = text->length};
  text->length = 0;
  return value;
}

static void write_columns(casc_str *json, const cascade_row_columns *columns, uint64_t row) {
  for (uint32_t i = 0; i < columns->column_count; i++) {
    casc_str_put(json, i ? ", " : "{");
    casc_json_string(json, columns->columns[i]);
    casc_str_put(json, ": ");
    casc_json_value(json, &columns->cells[row * columns->column_count + i]);
  }
  casc_str_putc(json, '}');
}

/* Rows of one table, from one position to another. */
static cascade_status write_rows(const casc_hooks *hooks, uint32_t position, uint64_t from, uint64_t count, cascade_error **error) {
  casc_scope *scope = hooks->scope;
  const cascade_deleted *told = &hooks->tables[position];
  cascade_row_columns columns = {.size = sizeof columns};
  casc_statement statement;
  casc_str json;
  casc_hooks_describe(hooks, position, &columns);
  casc_session_statement(scope->connection, &statement);
  casc_str_init(&json, scope->alloc);
  cascade_value *cells = casc_arena_get(&statement.arena, count * 3, sizeof *cells);
  bool ok = cells != NULL;
  for (uint64_t i = 0; ok && i < count; i++) {
    cascade_keys key = *told->keys;
    key.count = 1;
    if (key.integers) key.integers += from + i;
    else key.cells += (from + i) * key.column_count;
    casc_str_put(&json, key.column_count == 1 ? "[" : "");
    casc_json_keys(&json, &key);
    casc_str_put(&json, key.column_count == 1 ? "]" : "");
    cells[i * 3] = (cascade_value){.type = CASCADE_TEXT, .data = told->label, .length = strlen(told->label)};
    cells[i * 3 + 1] = kept_text(&statement.arena, &json);
    if (columns.column_count) {
      write_columns(&json, &columns, from + i);
      cells[i * 3 + 2] = kept_text(&statement.arena, &json);
    }
    ok = cells[i * 3 + 1].data && (!columns.column_count || cells[i * 3 + 2].data);
  }
  cascade_keys rows = {.size = sizeof rows, .count = count, .column_count = 3, .cells = cells};
  uint64_t written = 0;
  cascade_status status = ok ? CASCADE_OK : casc_nomem(error);
  if (ok) casc_outbox_insert(scope->dialect, &statement, &rows);
  if (ok) status = casc_execute(scope->connection, &statement, &written, error);
  if (status < 0 && error) casc_error_explain(error, NULL, NULL, "outbox");
  if (status >= 0 && written != count)
    status = casc_fail_at(scope->connection->context, error, CASCADE_NO_PROGRESS, told->label, NULL,
                          "outbox: %llu rows of table %s were to be written, and %llu were", (unsigned long long)count, told->label,
                          (unsigned long long)written);
  casc_statement_free(&statement);
  casc_str_free(&json);
  return status;
}

cascade_status casc_record_rows(const casc_record *record, const casc_hooks *hooks, cascade_error **error) {
  enum { SLICE = 2000 };
  cascade_status status = CASCADE_OK;
  for (uint32_t i = 0; record->outbox && status >= 0 && i < hooks->count; i++) {
    uint64_t rows = hooks->tables[i].keys->count;
    for (uint64_t from = 0; status >= 0 && from < rows; from += SLICE)
      status = write_rows(hooks, i, from, rows - from < SLICE ? rows - from : SLICE, error);
  }
  return status;
}

/* ---- the audit ---- */

cascade_status casc_record_put(cascade_connection *connection, const casc_queue_words *words, const casc_audited *facts,
                               int64_t *id, cascade_error **error) {
  casc_statement statement;
  casc_session_statement(connection, &statement);
  casc_audit_insert(words, &statement, facts);
  if (words->returning) return casc_ask(connection, &statement, 0, id, error);
  cascade_status status = casc_run(connection, &statement, NULL, error);
  if (status < 0) return status;
  casc_session_statement(connection, &statement);
  casc_queue_last_id(words, &statement);
  return casc_ask(connection, &statement, 0, id, error);
}

cascade_status casc_record_batch(casc_record *record, const casc_hooks *hooks, const casc_batch *batch, bool finished,
                                 cascade_error **error) {
  casc_audited facts = record->facts;
  cascade_connection *connection = hooks->scope->connection;
  if (!record->audit) return CASCADE_OK;
  facts.batches = batch != NULL;
  facts.finished = finished;
  for (uint32_t i = 0; i < hooks->scope->table_count; i++) {
    if (batch) facts.deleted += batch->deleted[i];
    if (batch) facts.updated += batch->updated[i];
  }
  record->pending_kept = casc_hooks_staying(hooks);
  facts.kept = (int64_t)(record->pending_kept - record->kept);
  record->pending_id = record->id;
  cascade_status status;
  if (!record->id) status = casc_record_put(connection, record->words, &facts, &record->pending_id, error);
  else {
    casc_statement statement;
    casc_session_statement(connection, &statement);
    casc_audit_update(record->words, &statement, record->id, &facts);
    status = casc_run(connection, &statement, NULL, error);
  }
  if (status < 0 && error) casc_error_explain(error, NULL, NULL, "audit");
  record->facts.finished = finished;
  return status;
}

void casc_record_settle(casc_record *record) {
  record->id = record->pending_id;
  record->kept = record->pending_kept;
  record->closed = record->facts.finished;
}

static cascade_status write_end(casc_record *record, const casc_hooks *hooks, cascade_error **error) {
  casc_transaction transaction;
  cascade_status status = casc_transaction_begin(&transaction, hooks->scope->connection, true, error);
  if (status < 0) return status;
  status = casc_record_batch(record, hooks, NULL, true, error);
  if (status >= 0) status = casc_transaction_commit(&transaction, error);
  casc_transaction_roll_back(&transaction);
  if (status >= 0) casc_record_settle(record);
  return status;
}

/* All rows are gone: a lock that is in the way for a moment does not make a failure of that. */
cascade_status casc_record_finish(casc_record *record, const casc_hooks *hooks, cascade_error **error) {
  enum { RETRIES = 3 };
  if (!record->audit || record->closed) return CASCADE_OK;
  bool nested = casc_in_host_transaction(hooks->scope->connection); /* there nothing is tried again */
  for (uint32_t tries = 0;; tries++) {
    cascade_error *failure = NULL;
    cascade_status status = write_end(record, hooks, &failure);
    if (status >= 0) return status;
    if (nested || tries == RETRIES || !cascade_error_retryable(failure)) return casc_error_pass(failure, error);
    cascade_error_free(failure);
    casc_back_off(tries);
  }
}

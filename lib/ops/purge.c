#include "purge_internal.h"

#include "options.h"

static cascade_status set_options(cascade_purge *purge, const cascade_purge_options *options, cascade_error **error) {
  cascade_status status = CASC_OPTIONS(purge->context, options, purge->options, hook_data, error);
  if (status < 0) return status;
  casc_throttle_ref(purge->options.throttle);
  casc_archive_ref(purge->options.archive);
  if ((purge->options.allow & ~(uint32_t)(CASCADE_ALLOW_NO_FILTER | CASCADE_ALLOW_UNENFORCED | CASCADE_ALLOW_HIDDEN)) ||
      purge->options.integrity < CASCADE_INTEGRITY_CHECKED || purge->options.integrity > CASCADE_INTEGRITY_PROVEN)
    return casc_fail(purge->context, error, CASCADE_INVALID, "purge: unknown bits in allow, or an unknown integrity");
  if (!purge->options.max_tx_rows) purge->options.max_tx_rows = 50000;
  if (!purge->options.batch_ms) purge->options.batch_ms = 100;
  if (!purge->options.statement_timeout_ms) purge->options.statement_timeout_ms = 30000;
  purge->most_rows = purge->options.max_tx_rows;
  purge->max_rows = purge->options.max_rows ? purge->options.max_rows : UINT64_MAX;
  return CASCADE_OK;
}

static cascade_status prepare_hooks(cascade_purge *purge, cascade_error **error) {
  cascade_status status = casc_hooks_init(&purge->hooks, &purge->scope, &purge->options, error);
  if (status >= 0) status = casc_record_init(&purge->record, &purge->scope, &purge->options, error);
  if (status >= 0)
    status = casc_archiving_init(&purge->archiving, &purge->scope, purge->options.archive,
                                 casc_in_host_transaction(purge->connection), error);
  if (status >= 0 && purge->options.before_batch) purge->closure.kept = purge->hooks.kept;
  if (status < 0 || !purge->options.after_commit || !casc_in_host_transaction(purge->connection)) return status;
  return casc_fail(
      purge->context, error, CASCADE_UNSUPPORTED,
      "inside a transaction of the host only the host knows whether it commits: after_commit would be called too early");
}

static cascade_status prepare(cascade_purge *purge, cascade_policy *policy, cascade_selection *selection, cascade_error **error) {
  casc_level *level;
  purge->telling =
      purge->options.before_batch || purge->options.after_batch || purge->options.after_commit || purge->options.outbox;
  uint32_t wants = CASC_SCOPE_KEYLESS | (purge->guard.detaching ? CASC_SCOPE_DETACH : 0);
  const cascade_archive *archive = purge->options.archive;
  bool moves = archive && casc_archiving_moves(archive, casc_dialect_of(purge->connection->capabilities.engine));
  if (archive) wants |= CASC_SCOPE_OWN_ALL;
  if (purge->telling || (archive && !moves)) wants |= CASC_SCOPE_HOLD_ALL;
  cascade_status status = casc_scope_init(&purge->scope, purge->connection, policy, selection, wants, error);
  if (status >= 0) status = casc_purge_refuse(purge, error);
  if (status >= 0) status = casc_closure_init(&purge->closure, &purge->scope, error);
  if (status >= 0) status = prepare_hooks(purge, error);
  if (status < 0) return status;
  purge->deleted = casc_calloc(purge->scope.alloc, purge->scope.table_count, sizeof *purge->deleted);
  purge->updated = casc_calloc(purge->scope.alloc, purge->scope.table_count, sizeof *purge->updated);
  if (!purge->deleted || !purge->updated) return casc_nomem(error);
  if (purge->scope.dialect->writes_all) {
    purge->scope.per_parent = casc_arena_get(&purge->scope.arena, purge->scope.relation_count, sizeof *purge->scope.per_parent);
    if (!purge->scope.per_parent) return casc_nomem(error);
    casc_pace_forget(purge);
  }
  status = casc_purge_examine(purge, error);
  purge->stack.scope = &purge->scope;
  if (status >= 0) status = casc_stack_push(&purge->stack, CASC_SOURCE_SELECTED, purge->scope.root, &level, error);
  if (status < 0 || purge->options.integrity != CASCADE_INTEGRITY_PROVEN || !purge->scope.enforced) return status;
  casc_scope_keep_all(&purge->scope);
  if (!purge->scope.dialect->checks_off) return status;
  status = casc_control(purge->connection, purge->scope.dialect->checks_off, error);
  purge->checks_off = status >= 0;
  for (uint32_t i = 0; purge->checks_off && i < purge->scope.relation_count; i++) purge->scope.relations[i].hard = false;
  return status;
}

cascade_status casc_purge_open(cascade_connection *connection, cascade_policy *policy, cascade_selection *selection,
                               const cascade_purge_options *options, const casc_guard *guard, cascade_purge **out,
                               cascade_error **error) {
  if (out) *out = NULL;
  if (!connection || !policy || !selection || !out)
    return casc_fail(NULL, error, CASCADE_INVALID, "purge: connection, policy, selection or the place for the result is NULL");
  cascade_context *context = connection->context;
  cascade_purge *purge = casc_calloc(&context->alloc, 1, sizeof *purge);
  if (!purge) return casc_nomem(error);
  purge->context = casc_context_ref(context);
  purge->connection = casc_connection_ref(connection);
  purge->batch.size = sizeof purge->batch;
  if (guard) purge->guard = *guard;
  cascade_status status = set_options(purge, options, error);
  if (status >= 0) status = prepare(purge, policy, selection, error);
  if (status < 0) {
    cascade_purge_free(purge);
    return status;
  }
  casc_pace_start(purge);
  *out = purge;
  return CASCADE_OK;
}

cascade_status cascade_purge_new(cascade_connection *connection, cascade_policy *policy, cascade_selection *selection,
                                 const cascade_purge_options *options, cascade_purge **purge, cascade_error **error) {
  return casc_purge_open(connection, policy, selection, options, NULL, purge, error);
}

static void restore(cascade_purge *purge) {
  if (purge->checks_off) casc_control(purge->connection, purge->scope.dialect->checks_on, NULL);
  purge->checks_off = false;
}

cascade_status cascade_purge_next(cascade_purge *purge, const cascade_batch_info **batch, cascade_error **error) {
  if (!purge || !batch) return casc_fail(NULL, error, CASCADE_INVALID, "purge: it, or the place for the batch, is NULL");
  *batch = NULL;
  if (purge->failed < 0)
    return casc_fail(purge->context, error, purge->failed, "the purge has failed before; make a new one to go on");
  if (purge->ended) return CASCADE_DONE;
  cascade_status status = casc_purge_step(purge, error);
  if (status == CASCADE_OK) *batch = &purge->batch;
  else restore(purge);
  if (status == CASCADE_DONE) purge->ended = true;
  if (status < 0) purge->failed = status;
  return status;
}

void cascade_purge_cancel(cascade_purge *purge) {
  if (purge) cascade_connection_cancel(purge->connection);
}

static cascade_table_report report_of(const cascade_purge *purge, uint32_t table) {
  const casc_stayed *stayed = &purge->hooks.stayed[table];
  return (cascade_table_report){.label = purge->scope.tables[table].table->label,
                                .deleted = purge->deleted[table],
                                .updated = purge->updated[table],
                                .table = table,
                                .vetoed = stayed->vetoed.count,
                                .kept = stayed->kept.count};
}

static bool has_news(const cascade_table_report *table) {
  return table->deleted || table->updated || table->vetoed || table->kept;
}

cascade_status cascade_purge_describe(const cascade_purge *purge, cascade_purge_report *report) {
  if (!purge) return CASCADE_INVALID;
  cascade_purge_report own = purge->report;
  own.finished = purge->finished;
  for (uint32_t i = 0; i < purge->scope.table_count; i++) {
    cascade_table_report table = report_of(purge, i);
    own.vetoed += table.vetoed;
    own.kept += table.kept;
    own.table_count += has_news(&table);
  }
  return CASC_INFO(report, own, longest_ns);
}

cascade_status cascade_purge_table(const cascade_purge *purge, uint32_t position, cascade_table_report *report) {
  if (!purge) return CASCADE_INVALID;
  for (uint32_t i = 0; i < purge->scope.table_count; i++) {
    cascade_table_report own = report_of(purge, i);
    if (!has_news(&own) || position--) continue;
    return CASC_INFO(report, own, reserved);
  }
  return CASCADE_INVALID;
}

static const cascade_keys *view(const casc_scope *scope, uint32_t table, const casc_keyset *rows, cascade_keys *keys) {
  *keys = casc_keyset_view(rows, 0, rows->count);
  keys->column_count = scope->tables[table].sql.shown_count;
  keys->columns = scope->tables[table].sql.shown;
  return keys;
}

cascade_status cascade_purge_kept(const cascade_purge *purge, uint32_t table, const cascade_keys **vetoed,
                                  const cascade_keys **kept) {
  if (!purge || table >= purge->scope.table_count) return CASCADE_INVALID;
  casc_stayed *stayed = &purge->hooks.stayed[table];
  if (vetoed) *vetoed = view(&purge->scope, table, &stayed->vetoed, &stayed->vetoed_view);
  if (kept) *kept = view(&purge->scope, table, &stayed->kept, &stayed->kept_view);
  return CASCADE_OK;
}

cascade_status cascade_purge_row_columns(const cascade_purge *purge, uint32_t position, cascade_row_columns *columns) {
  return purge ? casc_hooks_columns(&purge->hooks, position, columns) : CASCADE_INVALID;
}

cascade_status cascade_purge_veto(cascade_purge *purge, uint32_t position, const uint64_t *rows, uint64_t row_count) {
  return purge ? casc_hooks_veto(&purge->hooks, position, rows, row_count) : CASCADE_INVALID;
}

cascade_status cascade_purge_blame(cascade_purge *purge, const char *table, const char *reason) {
  return purge ? casc_hooks_blame(&purge->hooks, table, reason) : CASCADE_INVALID;
}

void cascade_purge_free(cascade_purge *purge) {
  if (!purge) return;
  cascade_context *context = purge->context;
  restore(purge);
  casc_stack_free(&purge->stack);
  casc_hooks_free(&purge->hooks);
  casc_archiving_free(&purge->archiving);
  casc_closure_free(&purge->closure);
  casc_free(&context->alloc, purge->deleted);
  casc_free(&context->alloc, purge->updated);
  if (purge->scope.alloc) casc_scope_free(&purge->scope);
  cascade_throttle_free(purge->options.throttle);
  cascade_archive_free(purge->options.archive);
  cascade_connection_free(purge->connection);
  casc_free(&context->alloc, purge);
  cascade_context_free(context);
}

#include "tally.h"

/* Two numbers for each table; *known stays false when the database does not count. */
static cascade_status read_numbers(const casc_tally *tally, int64_t *numbers, bool *known, cascade_error **error) {
  casc_scope *scope = tally->scope;
  casc_statement statement;
  casc_cursor cursor = {0};
  const cascade_value *row = NULL;
  casc_session_statement(scope->connection, &statement);
  const casc_sql_table **tables = casc_arena_get(&statement.arena, tally->count, sizeof *tables);
  for (uint32_t i = 0; tables && i < tally->count; i++) tables[i] = &scope->tables[tally->tables[i]].sql;
  cascade_status status = tables ? CASCADE_OK : casc_nomem(error);
  if (status >= 0) {
    scope->dialect->changes(&statement, tables, tally->count);
    status = casc_query(scope->connection, &statement, &cursor, error);
  }
  if (status >= 0) status = casc_next(&cursor, &row, error);
  *known = status == CASCADE_OK;
  for (uint32_t i = 0; status == CASCADE_OK && i < tally->count * 2; i++) {
    if (row[i].type == CASCADE_NULL) *known = false;
    else numbers[i] = row[i].integer;
  }
  casc_cursor_close(&cursor);
  casc_statement_free(&statement);
  return status < 0 ? status : CASCADE_OK;
}

cascade_status casc_tally_begin(casc_tally *tally, casc_scope *scope, cascade_error **error) {
  *tally = (casc_tally){.scope = scope};
  if (!scope->dialect->changes) return CASCADE_OK;
  tally->tables = casc_calloc(scope->alloc, scope->table_count, sizeof *tally->tables);
  tally->before = casc_calloc(scope->alloc, (size_t)scope->table_count * 2, sizeof *tally->before);
  if (!tally->tables || !tally->before) return casc_nomem(error);
  for (uint32_t i = 0; i < scope->table_count; i++) {
    bool concerned = scope->tables[i].delegated;
    for (uint32_t j = 0; !concerned && j < scope->policy->from_count[i]; j++)
      concerned = scope->relations[scope->policy->relations_from[i][j]].delegated;
    if (concerned) tally->tables[tally->count++] = i;
  }
  return tally->count ? read_numbers(tally, tally->before, &tally->known, error) : CASCADE_OK;
}

cascade_status casc_tally_end(casc_tally *tally, uint64_t *deleted, uint64_t *updated, cascade_error **error) {
  if (!tally->known) return CASCADE_OK;
  int64_t *after = casc_calloc(tally->scope->alloc, (size_t)tally->count * 2, sizeof *after);
  bool known = false;
  cascade_status status = after ? read_numbers(tally, after, &known, error) : casc_nomem(error);
  for (uint32_t i = 0; status >= 0 && known && i < tally->count; i++) {
    deleted[tally->tables[i]] = (uint64_t)(after[2 * i] - tally->before[2 * i]);
    updated[tally->tables[i]] = (uint64_t)(after[2 * i + 1] - tally->before[2 * i + 1]);
  }
  casc_free(tally->scope->alloc, after);
  return status;
}

void casc_tally_free(casc_tally *tally) {
  if (!tally->scope) return;
  casc_free(tally->scope->alloc, tally->tables);
  casc_free(tally->scope->alloc, tally->before);
  *tally = (casc_tally){0};
}

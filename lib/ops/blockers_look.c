/* What the statements of one look share: its transaction, its time, and what the statistics know. */
#include "blockers_look.h"
#include "transaction.h"

enum { LEAST_MS = 5 /* of a budget: less is none */ };

const casc_scope_relation *casc_look_relation(const casc_look *at, const casc_entry *entry) {
  return &at->blockers->scope.relations[entry->relation];
}

cascade_status casc_look_begin(casc_look *at, cascade_error **error) {
  const casc_dialect *dialect = at->blockers->scope.dialect;
  if (at->open || !dialect->look_begin) return CASCADE_OK;
  at->nested = casc_in_host_transaction(at->blockers->connection);
  at->open = true;
  return casc_control_all(at->blockers->connection, at->nested ? dialect->look_begin_nested : dialect->look_begin, error);
}

cascade_status casc_look_end(casc_look *at, cascade_error **error) {
  const casc_dialect *dialect = at->blockers->scope.dialect;
  if (!at->open) return CASCADE_OK;
  at->open = false;
  return casc_control_all(at->blockers->connection, at->nested ? dialect->look_end_nested : dialect->look_end, error);
}

uint32_t casc_look_time_left(const cascade_blockers *blockers, size_t pages) {
  uint32_t budget = blockers->options.budget_ms;
  uint64_t spent = blockers->spent_ns / 1000000u;
  if (!budget) return UINT32_MAX;
  if (spent + LEAST_MS > budget) return 0;
  uint32_t left = (uint32_t)(budget - spent);
  return pages > 1 && left > 4 * LEAST_MS ? left / 2 : left; /* some is left to ask for fewer */
}

cascade_status casc_look_bound_time(casc_look *at, casc_statement *statement, uint32_t ms, cascade_error **error) {
  const casc_dialect *dialect = at->blockers->scope.dialect;
  if (ms == UINT32_MAX) return CASCADE_OK;
  if (dialect->limit_time) dialect->limit_time(statement, at->blockers->connection->capabilities.version, ms);
  if (!at->open || !dialect->statement_timeout) return CASCADE_OK;
  casc_statement setting;
  casc_session_statement(at->blockers->connection, &setting);
  dialect->statement_timeout(&setting, ms);
  cascade_status status =
      setting.failed || !setting.sql.data ? casc_nomem(error) : casc_control(at->blockers->connection, setting.sql.data, error);
  casc_statement_free(&setting);
  return status;
}

/* All rows of the table are looked at in any case, unless it has grown since it was analysed. */
static bool is_small(const casc_look *at, const casc_scope_relation *relation) {
  int64_t rows = at->blockers->scope.tables[relation->relation->table].table->row_estimate;
  return rows > 0 && rows <= CASC_LOOK_PROBED && at->blockers->options.count != CASCADE_COUNT_ESTIMATED;
}

/* Those that may be frequent in a relation, and were not asked for yet. */
static uint32_t list_unasked(casc_look *at) {
  const cascade_blockers *blockers = at->blockers;
  uint32_t count = 0;
  for (size_t i = blockers->at_entry; i < blockers->entry_count; i++) {
    casc_entry *entry = &blockers->entries[i];
    const casc_scope_relation *relation = casc_look_relation(at, entry);
    if (entry->share != -1 || entry->complete || entry->read || is_small(at, relation)) continue;
    if (!relation->sql.direct || relation->sql.count != 1 || !relation->sql.index || !*relation->sql.index) continue;
    entry->share = 0;
    at->now[count++] = entry;
  }
  return count;
}

cascade_status casc_look_shares(casc_look *at, cascade_error **error) {
  cascade_blockers *blockers = at->blockers;
  const casc_dialect *dialect = blockers->scope.dialect;
  const casc_keyset *keys = &casc_blockers_here(blockers)->keys;
  uint32_t count = dialect->shares && keys->count == 1 && casc_look_time_left(blockers, 1) ? list_unasked(at) : 0;
  if (!count) return CASCADE_OK;
  const casc_sql_relation **relations = casc_calloc(blockers->scope.alloc, count, sizeof *relations);
  if (!relations) return casc_nomem(error);
  for (uint32_t i = 0; i < count; i++) relations[i] = &casc_look_relation(at, at->now[i])->sql;
  cascade_value cell;
  casc_statement statement;
  casc_cursor cursor = {0};
  const cascade_value *row = NULL;
  casc_session_statement(blockers->connection, &statement);
  cascade_status status = casc_look_begin(at, error);
  if (status >= 0) {
    dialect->shares(&statement, relations, count, casc_keyset_key(keys, 0, &cell));
    status = casc_query(blockers->connection, &statement, &cursor, error);
  }
  while (status >= 0 && (status = casc_next(&cursor, &row, error)) == CASCADE_OK)
    if ((uint64_t)row[0].integer < count) at->now[row[0].integer]->share = row[1].integer;
  casc_cursor_close(&cursor);
  casc_statement_free(&statement);
  casc_free(blockers->scope.alloc, relations);
  return status < 0 ? status : CASCADE_OK;
}

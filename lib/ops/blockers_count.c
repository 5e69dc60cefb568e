/* How many rows stand in the way: in all, or up to a cap. */
#include "blockers_look.h"
#include "clock.h"

/* Rows of the entry's table that may be among those that refer, and are not counted. */
static const casc_keyset *not_counted(const casc_look *at, const casc_entry *entry) {
  const casc_relation *relation = casc_look_relation(at, entry)->relation;
  const casc_keyset *visited = &at->blockers->visited[relation->table];
  return relation->rule == CASCADE_RULE_PROTECT || !visited->count ? NULL : visited;
}

/* How far to count, those included that are taken off again. */
static uint64_t count_to(const casc_look *at, const casc_entry *entry, uint64_t cap) {
  const casc_keyset *others = not_counted(at, entry);
  return cap ? cap + (others ? others->count : 0) : UINT64_MAX;
}

/* Counts the rows that refer to one part of the group. */
static cascade_status count_part(casc_look *at, size_t part, size_t to, size_t count, uint64_t cap, cascade_error **error) {
  cascade_blockers *blockers = at->blockers;
  const casc_keyset *all = &casc_blockers_here(blockers)->keys;
  casc_statement statement;
  casc_cursor cursor = {0};
  const cascade_value *row = NULL;
  uint64_t start = casc_now_ns();
  cascade_keys parents = casc_keyset_view(all, part, to - part);
  for (size_t i = 0; i < count; i++)
    at->pages[i] = (casc_sql_page){.relation = &casc_look_relation(at, at->now[i])->sql,
                                   .parents = &parents,
                                   .limit = cap ? count_to(at, at->now[i], cap) - at->now[i]->count : 0};
  casc_session_statement(blockers->connection, &statement);
  cascade_status status = casc_look_begin(at, error);
  if (status >= 0) status = casc_look_bound_time(at, &statement, casc_look_time_left(blockers, 1), error);
  if (status >= 0) {
    blockers->scope.dialect->count_pages(&statement, at->pages, (uint32_t)count);
    status = casc_query(blockers->connection, &statement, &cursor, error);
  }
  while (status >= 0 && (status = casc_next(&cursor, &row, error)) == CASCADE_OK)
    if ((uint64_t)row[0].integer < count) at->now[row[0].integer]->count += (uint64_t)row[1].integer;
  casc_cursor_close(&cursor);
  casc_statement_free(&statement);
  blockers->spent_ns += casc_now_ns() - start;
  return status < 0 ? status : CASCADE_OK;
}

/* Takes off what pages leave out. */
static cascade_status take_off(casc_look *at, casc_entry *entry, uint64_t *left_out, cascade_error **error) {
  casc_scope *scope = &at->blockers->scope;
  const casc_keyset *others = not_counted(at, entry);
  casc_keyset found;
  *left_out = 0;
  if (!others) return CASCADE_OK;
  casc_keyset_of(scope, casc_look_relation(at, entry)->relation->table, &found);
  cascade_status status = casc_read_referencing(scope, casc_look_relation(at, entry), &casc_blockers_here(at->blockers)->keys,
                                                others, 0, false, &found, error);
  if (status >= 0 && !casc_keyset_merge(&found, NULL)) status = casc_nomem(error);
  *left_out = found.count;
  casc_keyset_free(&found);
  return status;
}

/* What the counts are worth; where they stopped, the statistics may know more. */
static void judge_count(const casc_look *at, casc_entry *entry, bool whole) {
  const casc_scope *scope = &at->blockers->scope;
  int64_t rows = scope->tables[casc_look_relation(at, entry)->relation->table].table->row_estimate;
  entry->counted = true;
  entry->count_accuracy = whole ? CASCADE_EXACT : CASCADE_AT_LEAST;
  if (entry->count < entry->rows.count) entry->count = entry->rows.count;
  if (entry->count_accuracy == CASCADE_EXACT || at->blockers->options.count != CASCADE_COUNT_ESTIMATED) return;
  if (entry->share <= 0 || rows <= 0) return;
  double estimate = (double)rows * (double)entry->share / CASC_LOOK_MILLION;
  if (estimate <= (double)entry->count) return;
  entry->count = (uint64_t)estimate;
  entry->count_accuracy = CASCADE_ESTIMATED;
}

static cascade_status count_some(casc_look *at, size_t count, uint64_t cap, cascade_error **error) {
  const casc_keyset *all = &casc_blockers_here(at->blockers)->keys;
  size_t slice = casc_slice(&at->blockers->scope, all), part = slice < CASC_BLOCKERS_PART ? slice : CASC_BLOCKERS_PART;
  bool in_time = true;
  size_t active = count;
  cascade_status status = CASCADE_OK;
  for (size_t from = 0; status >= 0 && in_time && active && from < all->count; from += part) {
    cascade_error *own = NULL;
    size_t to = all->count - from < part ? all->count : from + part;
    in_time = casc_look_time_left(at->blockers, 1);
    if (in_time) status = count_part(at, from, to, active, cap, &own);
    if (status == CASCADE_TIMEOUT && at->blockers->options.budget_ms) {
      cascade_error_free(own);
      in_time = false;
      status = casc_look_end(at, error);
    } else if (status < 0) return casc_error_pass(own, error);
    for (size_t i = 0; in_time && cap && i < active;) { /* those that have enough go to the end */
      casc_entry *entry = at->now[i];
      if (entry->count < count_to(at, entry, cap)) {
        i++;
        continue;
      }
      at->now[i] = at->now[--active];
      at->now[active] = entry;
    }
  }
  if (!in_time) at->blockers->cut |= CASCADE_CUT_TIME;
  for (size_t i = 0; status >= 0 && i < count; i++) {
    casc_entry *entry = at->now[i];
    bool whole = in_time && entry->count < count_to(at, entry, cap);
    uint64_t others;
    status = take_off(at, entry, &others, error);
    entry->count -= others < entry->count ? others : entry->count;
    judge_count(at, entry, whole);
  }
  return status;
}

cascade_status casc_look_count(casc_look *at, cascade_error **error) {
  const cascade_blockers *blockers = at->blockers;
  uint64_t cap = blockers->options.count == CASCADE_COUNT_EXACT ? 0 : blockers->options.count_cap;
  size_t most = blockers->scope.dialect->pages_at_once, count = 0;
  cascade_status status = CASCADE_OK;
  if (!blockers->options.count) return CASCADE_OK;
  for (size_t i = 0; status >= 0 && i <= at->read_count; i++) {
    casc_entry *entry = i < at->read_count ? at->read[i] : NULL;
    if (entry && !entry->counted && entry->complete && entry->from_start && !entry->pages) judge_count(at, entry, true);
    if (entry && !entry->counted && (entry->rows.count || entry->partial)) {
      entry->count = 0;
      at->now[count++] = entry;
    }
    if (!count || (entry && count < most)) continue;
    status = count_some(at, count, cap, error);
    count = 0;
  }
  return status;
}

#include "source.h"

#include "closure.h"

enum { PAGE_INTEGERS = 65536, PAGE_CELLS = 4096 };

void casc_source_init(casc_source *source, casc_scope *scope, casc_source_kind kind, uint32_t table) {
  *source = (casc_source){.scope = scope, .kind = kind, .table = table};
  casc_keyset_of(scope, table, &source->page);
  casc_keyset_of(scope, table, &source->anchor);
  source->exhausted = kind == CASC_SOURCE_LISTED;
}

void casc_source_free(casc_source *source) {
  casc_keyset_free(&source->page);
  casc_keyset_free(&source->anchor);
  casc_keyset_free(&source->parent);
}

static size_t slice_of(const cascade_keys *keys, const casc_scope *scope) {
  return keys->integers ? PAGE_INTEGERS : scope->dialect->max_cells / keys->column_count;
}

static cascade_keys part(const cascade_keys *keys, uint64_t from, uint64_t count) {
  cascade_keys some = *keys;
  some.count = keys->count - from < count ? keys->count - from : count;
  if (keys->integers) some.integers += from;
  else some.cells += from * keys->column_count;
  return some;
}

/* Looks up the rows of the next part of the selection's keys. */
static cascade_status fill_by_keys(casc_source *source, casc_statement *statement, cascade_error **error) {
  casc_scope *scope = source->scope;
  const cascade_keys *keys = &scope->selection->keys;
  if (source->selected >= keys->count) {
    source->exhausted = true;
    return CASCADE_OK;
  }
  cascade_keys some = part(keys, source->selected, slice_of(keys, scope));
  source->last = source->selected;
  source->selected += some.count;
  casc_sql_filter filter = {.shown_among = &some, .where = scope->selection->where, .lock = source->locking};
  scope->dialect->select_keys(statement, &scope->tables[source->table].sql, &filter, false, false, 0);
  return casc_read_keys(scope, source->table, statement, &source->page, error);
}

/* The greatest key of the table as the work begins. Keys that are no integers have no such end: new ones come before and behind. */
static cascade_status find_end(casc_source *source, cascade_error **error) {
  casc_scope *scope = source->scope;
  casc_statement statement;
  if (source->bounded || !source->page.integer || !scope->dialect->row_locks) return CASCADE_OK;
  casc_session_statement(scope->connection, &statement);
  scope->dialect->last_key(&statement, &scope->tables[source->table].sql);
  cascade_status status = casc_ask_integer(scope->connection, &statement, INT64_MIN, &source->end, error);
  casc_statement_free(&statement);
  source->bounded = status >= 0;
  return status;
}

static cascade_status fill_by_anchor(casc_source *source, casc_statement *statement, cascade_error **error) {
  casc_scope *scope = source->scope;
  const cascade_selection *selection = scope->selection;
  casc_sql_filter filter = {0};
  cascade_keys parent;
  cascade_value cell;
  uint64_t limit = source->page.integer ? PAGE_INTEGERS : PAGE_CELLS;
  if (source->kind == CASC_SOURCE_REFERENCING) {
    parent = casc_keyset_view(&source->parent, 0, 1);
    filter.relation = &scope->relations[source->relation].sql;
    filter.parents = &parent;
  } else {
    filter.where = selection->where;
    filter.where_parameters = selection->parameters;
    filter.where_parameter_count = selection->parameter_count;
  }
  if (source->anchor.count) filter.after = casc_keyset_key(&source->anchor, 0, &cell);
  cascade_status status = find_end(source, error);
  if (status < 0) return status;
  scope->dialect->select_keys(statement, &scope->tables[source->table].sql, &filter, false, true, limit);
  status = casc_read_keys(scope, source->table, statement, &source->page, error);
  if (status < 0) return status;
  size_t count = source->page.appended;
  source->exhausted = count < limit || (source->bounded && source->page.integers[count - 1] >= source->end);
  if (!count) return CASCADE_OK;
  casc_keyset_clear(&source->anchor); /* the last in the database's order, before the set sorts in its own */
  if (!casc_keyset_append(&source->anchor, casc_keyset_key(&source->page, count - 1, &cell)) ||
      !casc_keyset_merge(&source->anchor, NULL))
    return casc_nomem(error);
  return CASCADE_OK;
}

cascade_status casc_source_peek(casc_source *source, size_t count, casc_keyset *keys, cascade_error **error) {
  cascade_status status = CASCADE_OK;
  casc_keyset_clear(keys);
  while (status >= 0 && source->taken >= source->page.count && !source->exhausted) {
    casc_statement statement;
    casc_session_statement(source->scope->connection, &statement);
    casc_keyset_clear(&source->page);
    source->taken = 0;
    bool by_keys = source->kind == CASC_SOURCE_SELECTED && source->scope->selection->by_keys;
    status = by_keys ? fill_by_keys(source, &statement, error) : fill_by_anchor(source, &statement, error);
    casc_statement_free(&statement);
    if (status >= 0 && !casc_keyset_merge(&source->page, NULL)) status = casc_nomem(error);
  }
  for (size_t i = 0; status >= 0 && i < count && source->taken + i < source->page.count; i++) {
    cascade_value cell;
    if (!casc_keyset_append(keys, casc_keyset_key(&source->page, source->taken + i, &cell))) status = casc_nomem(error);
  }
  if (status >= 0 && !casc_keyset_merge(keys, NULL)) status = casc_nomem(error);
  return status;
}

void casc_source_take(casc_source *source, size_t count) {
  source->taken += count;
}

/* Rows of the source's table among `keys` that meet a further condition. */
static cascade_status filter_keys(casc_scope *scope, uint32_t table, const casc_keyset *keys, casc_sql_filter filter,
                                  casc_keyset *into, cascade_error **error) {
  size_t slice = casc_slice(scope, keys);
  cascade_status status = CASCADE_OK;
  for (size_t from = 0; status >= 0 && from < keys->count;) {
    size_t count = keys->count - from < slice ? keys->count - from : slice;
    cascade_keys among = casc_keyset_view(keys, from, count);
    casc_statement statement;
    casc_session_statement(scope->connection, &statement);
    filter.among = &among;
    scope->dialect->select_keys(&statement, &scope->tables[table].sql, &filter, false, false, 0);
    status = casc_read_keys(scope, table, &statement, into, error);
    casc_statement_free(&statement);
    from += count;
  }
  return status;
}

cascade_status casc_source_selected(casc_scope *scope, const casc_keyset *rows, bool lock, casc_keyset *selected,
                                    cascade_error **error) {
  const cascade_selection *selection = scope->selection;
  if (!selection->by_keys)
    return filter_keys(scope, scope->root, rows,
                       (casc_sql_filter){.where = selection->where,
                                         .where_parameters = selection->parameters,
                                         .where_parameter_count = selection->parameter_count,
                                         .lock = lock && scope->dialect->row_locks},
                       selected, error);
  cascade_status status = CASCADE_OK;
  uint64_t slice = selection->keys.count ? slice_of(&selection->keys, scope) : 1;
  for (uint64_t from = 0; status >= 0 && rows->count && from < selection->keys.count; from += slice) {
    cascade_keys some = part(&selection->keys, from, slice);
    casc_sql_filter filter = {.shown_among = &some, .where = selection->where, .lock = lock && scope->dialect->row_locks};
    status = filter_keys(scope, scope->root, rows, filter, selected, error);
  }
  return status;
}

cascade_status casc_source_hold(casc_source *source, const casc_keyset *keys, casc_keyset *still, cascade_error **error) {
  casc_scope *scope = source->scope;
  if (source->kind != CASC_SOURCE_LISTED) return casc_source_still(source, keys, still, error);
  casc_keyset_clear(still);
  cascade_status status =
      filter_keys(scope, source->table, keys, (casc_sql_filter){.lock = scope->dialect->row_locks}, still, error);
  return status >= 0 && !casc_keyset_merge(still, NULL) ? casc_nomem(error) : status;
}

cascade_status casc_source_still(casc_source *source, const casc_keyset *keys, casc_keyset *still, cascade_error **error) {
  casc_scope *scope = source->scope;
  cascade_status status;
  casc_keyset_clear(still);
  if (source->kind == CASC_SOURCE_LISTED) { /* found through other rows, so that only the way up to the selection tells */
    casc_keyset held, members = {0};
    casc_keyset_of(scope, source->table, &held);
    status = casc_source_hold(source, keys, &held, error);
    if (status >= 0) status = casc_members(scope, source->table, &held, NULL, &members, error);
    if (status >= 0) casc_keyset_swap(still, &members);
    casc_keyset_free(&held);
    casc_keyset_free(&members);
    return status;
  }
  if (source->kind == CASC_SOURCE_REFERENCING) {
    status = casc_read_referencing(scope, &scope->relations[source->relation], &source->parent, keys, 0, true, still, error);
  } else if (scope->selection->by_keys) { /* a rowid may have gone to another row meanwhile: only the key itself tells */
    cascade_keys page = part(&scope->selection->keys, source->last, source->selected - source->last);
    casc_sql_filter filter = {.shown_among = scope->tables[source->table].sql.shown_is_key ? NULL : &page,
                              .where = scope->selection->where,
                              .lock = scope->dialect->row_locks};
    status = filter_keys(scope, source->table, keys, filter, still, error);
  } else status = casc_source_selected(scope, keys, true, still, error);
  if (status >= 0 && !casc_keyset_merge(still, NULL)) status = casc_nomem(error);
  return status;
}

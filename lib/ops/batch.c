#include "batch.h"

#include "knot.h"

cascade_status casc_batch_init(casc_batch *batch, casc_closure *closure, cascade_error **error) {
  const casc_scope *scope = closure->scope;
  *batch = (casc_batch){.closure = closure};
  batch->deleted = casc_calloc(scope->alloc, scope->table_count, sizeof *batch->deleted);
  batch->updated = casc_calloc(scope->alloc, scope->table_count, sizeof *batch->updated);
  batch->rewritten = casc_calloc(scope->alloc, scope->relation_count, sizeof *batch->rewritten);
  if (!batch->deleted || !batch->updated || !batch->rewritten) return casc_nomem(error);
  for (uint32_t i = 0; i < scope->relation_count; i++)
    casc_keyset_of(scope, scope->relations[i].relation->table, &batch->rewritten[i]);
  return CASCADE_OK;
}

void casc_batch_free(casc_batch *batch) {
  if (!batch->closure) return;
  const casc_scope *scope = batch->closure->scope;
  for (uint32_t i = 0; batch->rewritten && i < scope->relation_count; i++) casc_keyset_free(&batch->rewritten[i]);
  casc_tally_free(&batch->tally);
  casc_free(scope->alloc, batch->deleted);
  casc_free(scope->alloc, batch->updated);
  casc_free(scope->alloc, batch->rewritten);
  *batch = (casc_batch){0};
}

typedef enum verb { DELETE, UPDATE, COUNT } verb;

/* Runs a statement on rows of a table: for each part of the keys that one statement can carry. `relation` is the one whose
   columns an update writes. */
static cascade_status run(casc_scope *scope, verb what, uint32_t table, const casc_scope_relation *relation,
                          const casc_keyset *keys, casc_sql_filter filter, cascade_keys *part, uint64_t *rows,
                          cascade_error **error) {
  size_t slice = casc_slice(scope, keys);
  casc_statement statement;
  cascade_status status = CASCADE_OK;
  *rows = 0;
  casc_session_statement(scope->connection, &statement);
  for (size_t from = 0; status >= 0 && from < keys->count;) {
    size_t count = keys->count - from < slice ? keys->count - from : slice;
    uint64_t affected = 0;
    int64_t counted = 0;
    *part = casc_keyset_view(keys, from, count);
    from += count;
    casc_statement_clear(&statement);
    const casc_sql_table *sql = &scope->tables[table].sql;
    if (what == DELETE) scope->dialect->delete_rows(&statement, sql, &filter);
    else if (what == UPDATE) scope->dialect->update_rows(&statement, &relation->sql, relation->values, &filter);
    else scope->dialect->count(&statement, sql, &filter, filter.limit);
    if (what == COUNT) status = casc_ask_integer(scope->connection, &statement, 0, &counted, error);
    else status = casc_execute(scope->connection, &statement, &affected, error);
    *rows += what == COUNT ? (uint64_t)counted : affected;
  }
  casc_statement_free(&statement);
  if (status < 0 && error)
    casc_error_explain(error, scope->tables[table].table->label, relation ? relation->relation->label : NULL, NULL);
  return status;
}

static cascade_status run_among(casc_scope *scope, verb what, uint32_t table, const casc_scope_relation *relation,
                                const casc_keyset *keys, uint64_t *rows, cascade_error **error) {
  cascade_keys part;
  return run(scope, what, table, relation, keys, (casc_sql_filter){.among = &part}, &part, rows, error);
}

/* The rows of a detaching relation that a filter over each part of the keys finds. */
static cascade_status run_detach(casc_batch *batch, uint32_t number, const casc_keyset *keys, bool parents, cascade_error **error) {
  casc_scope *scope = batch->closure->scope;
  const casc_scope_relation *relation = &scope->relations[number];
  size_t slice = casc_slice(scope, keys);
  cascade_status status = CASCADE_OK;
  for (size_t from = 0; status >= 0 && from < keys->count;) {
    size_t count = keys->count - from < slice ? keys->count - from : slice;
    cascade_keys part = casc_keyset_view(keys, from, count);
    casc_sql_filter filter = {
        .relation = parents ? &relation->sql : NULL, .parents = parents ? &part : NULL, .among = parents ? NULL : &part};
    uint64_t rows = 0;
    from += count;
    status = batch->detach(batch->detach_data, scope, number, &filter, &rows, error);
    batch->updated[relation->relation->table] += rows;
  }
  return status;
}

/* The filter's parents are each part of the keys. */
static cascade_status run_move(casc_batch *batch, uint32_t table, const casc_keyset *keys, casc_sql_filter filter,
                               cascade_keys *part, uint64_t *rows, cascade_error **error) {
  size_t slice = casc_slice(batch->closure->scope, keys);
  cascade_status status = CASCADE_OK;
  *rows = 0;
  for (size_t from = 0; status >= 0 && from < keys->count;) {
    size_t count = keys->count - from < slice ? keys->count - from : slice;
    uint64_t moved = 0;
    *part = casc_keyset_view(keys, from, count);
    from += count;
    status = batch->move(batch->move_data, table, &filter, &moved, error);
    *rows += moved;
  }
  return status;
}

/* Writes the rows that refer to the closure through a relation. They were not counted: the statement is held to the batch's bound,
   and when it reaches it, the batch has been too large. */
static cascade_status run_referencing(casc_batch *batch, verb what, uint32_t number, uint64_t *rows, cascade_error **error) {
  casc_closure *closure = batch->closure;
  casc_scope *scope = closure->scope;
  const casc_scope_relation *relation = &scope->relations[number];
  const casc_keyset *parents = &closure->sets[relation->relation->ref_table];
  uint64_t written = closure->rows + batch->unread;
  uint64_t room = closure->limit > written ? closure->limit - written : 0;
  cascade_keys part;
  casc_sql_filter filter = {.relation = &relation->sql, .parents = &part};
  bool bounded = closure->limit && !(relation->single && parents->count <= room);
  if (bounded) filter.limit = room + 1;
  filter.lock = what == COUNT && !batch->tally.known; /* left to the database's own action, which shall find as many */
  bool countable = scope->dialect->writes_all || !relation->sql.table->key_count; /* a limit picks rows out by key */
  bool counted = bounded && what != COUNT && countable;
  if (counted && casc_scope_trusts(scope, relation, parents->count, room)) counted = false, filter.limit = 0;
  cascade_status status = CASCADE_OK;
  if (counted) status = run(scope, COUNT, relation->relation->table, relation, parents, filter, &part, rows, error);
  if (status >= 0 && !(counted && *rows > room)) {
    if (counted) filter.limit = 0;
    uint32_t table = relation->relation->table;
    status = what == DELETE && batch->move ? run_move(batch, table, parents, filter, &part, rows, error)
                                           : run(scope, what, table, relation, parents, filter, &part, rows, error);
  }
  batch->unread += *rows;
  if (status >= 0) casc_scope_learn(scope, relation, parents->count, *rows);
  if (status >= 0 && bounded && *rows > room && !casc_closure_overflow_at(closure, number)) status = casc_nomem(error);
  return status;
}

cascade_status casc_batch_shave(casc_batch *batch, uint32_t number, const casc_keyset *row, uint64_t limit, uint64_t *rows,
                                cascade_error **error) {
  casc_scope *scope = batch->closure->scope;
  const casc_scope_relation *relation = &scope->relations[number];
  bool goes = relation->role == CASC_ROLE_CASCADE;
  cascade_keys part;
  casc_sql_filter filter = {.relation = &relation->sql, .parents = &part, .limit = limit};
  cascade_status status = run(scope, goes ? DELETE : UPDATE, relation->relation->table, relation, row, filter, &part, rows, error);
  (goes ? batch->deleted : batch->updated)[relation->relation->table] += *rows;
  batch->unread += *rows;
  return status;
}

/* None of the rows may be left. */
static cascade_status see_gone(casc_batch *batch, uint32_t table, const casc_keyset *keys, cascade_error **error) {
  casc_scope *scope = batch->closure->scope;
  uint64_t left = 0;
  cascade_status status = run_among(scope, COUNT, table, NULL, keys, &left, error);
  const char *label = scope->tables[table].table->label;
  if (status >= 0 && left)
    return casc_fail_at(scope->connection->context, error, CASCADE_NO_PROGRESS, label, NULL,
                        "table %s keeps %llu of %zu rows that were deleted: a trigger or rule holds them back", label,
                        (unsigned long long)left, keys->count);
  if (status >= 0) batch->deleted[table] += keys->count;
  return status;
}

/* Deletes rows by key. Fewer may be affected when the database's own cascade was faster. */
static cascade_status delete_keys(casc_batch *batch, uint32_t table, const casc_keyset *keys, cascade_error **error) {
  uint64_t affected = 0;
  cascade_status status = run_among(batch->closure->scope, DELETE, table, NULL, keys, &affected, error);
  if (status >= 0 && affected < keys->count) return see_gone(batch, table, keys, error);
  const char *label = batch->closure->scope->tables[table].table->label;
  if (status >= 0 && batch->exact && affected > keys->count)
    return casc_fail_at(batch->closure->scope->connection->context, error, CASCADE_ARCHIVE, label, NULL,
                        "%llu rows of table %s were deleted, of which %zu are archived: the batch was rolled back",
                        (unsigned long long)affected, label, keys->count);
  if (status >= 0) batch->deleted[table] += keys->count;
  return status;
}

static cascade_status delete_table(casc_batch *batch, uint32_t table, cascade_error **error) {
  casc_closure *closure = batch->closure;
  casc_scope *scope = closure->scope;
  cascade_status status = CASCADE_OK;
  /* the database acts only on rows whose referenced row goes in this batch */
  bool delegated = scope->tables[table].delegated && !closure->seeded[table] && !closure->held_back;
  if (delegated) batch->deleted[table] += closure->sets[table].count;
  else if (closure->sets[table].count) status = delete_keys(batch, table, &closure->sets[table], error);
  uint32_t number = scope->tables[table].leaf_relation;
  if (status < 0 || scope->tables[table].held || !closure->sets[scope->relations[number].relation->ref_table].count) return status;
  uint64_t affected = 0;
  status = run_referencing(batch, delegated ? COUNT : DELETE, number, &affected, error);
  batch->deleted[table] += affected;
  return status;
}

/* Rows that refer to the closure through an updating relation and are not in it themselves. */
static cascade_status staying_rows(casc_batch *batch, uint32_t number, casc_keyset *rows, cascade_error **error) {
  casc_closure *closure = batch->closure;
  casc_scope *scope = closure->scope;
  const casc_scope_relation *relation = &scope->relations[number];
  const casc_keyset *gone = &closure->sets[relation->relation->table];
  casc_keyset found;
  casc_keyset_of(scope, relation->relation->table, &found);
  cascade_status status =
      casc_read_referencing(scope, relation, &closure->sets[relation->relation->ref_table], NULL, 0, true, &found, error);
  if (status >= 0 && !casc_keyset_merge(&found, NULL)) status = casc_nomem(error);
  for (size_t i = 0; status >= 0 && i < found.count; i++) {
    cascade_value cell;
    const cascade_value *key = casc_keyset_key(&found, i, &cell);
    if (!casc_keyset_contains(gone, key) && !casc_keyset_append(rows, key)) status = casc_nomem(error);
  }
  if (status >= 0 && !casc_keyset_merge(rows, NULL)) status = casc_nomem(error);
  casc_keyset_free(&found);
  return status;
}

/* Remembers which references a rewritten key may leave dangling. */
static cascade_status remember(casc_batch *batch, uint32_t number, const casc_keyset *rows, cascade_error **error) {
  casc_scope *scope = batch->closure->scope;
  const cascade_policy *policy = scope->policy;
  uint32_t table = scope->relations[number].relation->table;
  cascade_status status = casc_keyset_add(&batch->rewritten[number], rows) ? CASCADE_OK : casc_nomem(error);
  for (uint32_t i = 0; status >= 0 && i < policy->to_count[table]; i++) {
    uint32_t onto = policy->relations_to[table][i];
    const casc_relation *relation = scope->relations[onto].relation;
    if ((relation->flags & CASCADE_RELATION_UNRESOLVED) ||
        (relation->rule == CASCADE_RULE_IGNORE && !casc_relation_enforced(relation)))
      continue;
    status = casc_read_referencing(scope, &scope->relations[onto], rows, NULL, 0, false, &batch->rewritten[onto], error);
    if (status >= 0 && !casc_keyset_merge(&batch->rewritten[onto], NULL)) status = casc_nomem(error);
  }
  return status;
}

cascade_status casc_batch_rewrite(casc_batch *batch, uint32_t number, const casc_keyset *rows, cascade_error **error) {
  casc_scope *scope = batch->closure->scope;
  const casc_scope_relation *relation = &scope->relations[number];
  uint64_t affected = 0;
  if (!rows->count) return CASCADE_OK;
  batch->unread += rows->count;
  if (batch->closure->limit && batch->closure->rows + batch->unread > batch->closure->limit)
    return casc_closure_overflow_at(batch->closure, number) ? CASCADE_OK : casc_nomem(error);
  cascade_status status = relation->rewrites_key ? remember(batch, number, rows, error) : CASCADE_OK;
  if (status >= 0 && relation->detaches) return run_detach(batch, number, rows, false, error);
  if (status >= 0) status = run_among(scope, UPDATE, relation->relation->table, relation, rows, &affected, error);
  batch->updated[relation->relation->table] += affected;
  return status;
}

/* Rows of the table that stay are picked out by key when some of the table's rows are still to be deleted, or when their keys have
   to be remembered; else the statement finds them by itself. */
static cascade_status update_relation(casc_batch *batch, uint32_t number, cascade_error **error) {
  casc_closure *closure = batch->closure;
  casc_scope *scope = closure->scope;
  const casc_scope_relation *relation = &scope->relations[number];
  uint32_t table = relation->relation->table, parent = relation->relation->ref_table;
  if (relation->role != CASC_ROLE_UPDATE || !closure->sets[parent].count) return CASCADE_OK;
  bool mixed = scope->tables[table].reached && scope->tables[table].component == scope->tables[parent].component;
  if (!mixed && !relation->rewrites_key && relation->detaches)
    return run_detach(batch, number, &closure->sets[parent], true, error);
  if (!mixed && !relation->rewrites_key) {
    uint64_t affected = 0;
    cascade_status status = run_referencing(batch, relation->delegated ? COUNT : UPDATE, number, &affected, error);
    batch->updated[table] += affected;
    return status;
  }
  casc_keyset rows;
  casc_keyset_of(scope, table, &rows);
  cascade_status status = staying_rows(batch, number, &rows, error);
  if (status >= 0) status = casc_batch_rewrite(batch, number, &rows, error);
  casc_keyset_free(&rows);
  return status;
}

/* A row that refers to itself is no parent of it. */
static bool take_other(void *data, const cascade_value *row, const cascade_value *parent) {
  casc_keyset *into = data;
  return casc_keyset_same(into, row, parent) || casc_keyset_append(into, parent);
}

/* Of `left`, rows to which no row of `left` refers through a hard relation; the others are `held_back`. `alone`: nor do those that
   refer to themselves. */
static cascade_status find_free(casc_scope *scope, const uint32_t *tables, uint32_t count, bool alone, casc_keyset *left,
                                casc_keyset *held_back, cascade_error **error) {
  cascade_status status = CASCADE_OK;
  for (uint32_t i = 0; status >= 0 && i < scope->relation_count; i++) {
    const casc_scope_relation *relation = &scope->relations[i];
    uint32_t child = CASC_NONE, parent = CASC_NONE;
    for (uint32_t j = 0; j < count; j++) {
      if (tables[j] == relation->relation->table) child = j;
      if (tables[j] == relation->relation->ref_table) parent = j;
    }
    if (!relation->hard || relation->role == CASC_ROLE_NONE || child == CASC_NONE || parent == CASC_NONE) continue;
    if (alone && child == parent) status = casc_read_links(scope, relation, &left[child], take_other, &held_back[parent], error);
    else status = casc_read_parents(scope, relation, &left[child], &held_back[parent], error);
  }
  for (uint32_t j = 0; status >= 0 && j < count; j++)
    if (!casc_keyset_merge(&held_back[j], NULL)) status = casc_nomem(error);
  return status;
}

/* Nothing is free: cut a hard relation that can be NULL. */
static cascade_status cut_hard(casc_batch *batch, const uint32_t *tables, uint32_t count, const casc_keyset *left, bool *cut,
                               cascade_error **error) {
  casc_scope *scope = batch->closure->scope;
  *cut = false;
  for (uint32_t i = 0; i < scope->relation_count; i++) {
    casc_scope_relation relation = scope->relations[i];
    if (!relation.hard || relation.role == CASC_ROLE_NONE || !casc_can_cut(scope, &relation)) continue;
    for (uint32_t j = 0; j < count; j++) {
      if (tables[j] != relation.relation->table || !left[j].count) continue;
      uint64_t affected = 0;
      casc_arena nulls;
      casc_arena_init(&nulls, scope->alloc);
      relation.values = casc_arena_get(&nulls, relation.relation->count, sizeof *relation.values);
      relation.sql.set_count = relation.sql.count;
      relation.sql.set_columns = relation.sql.columns;
      cascade_status status =
          relation.values ? run_among(scope, UPDATE, tables[j], &relation, &left[j], &affected, error) : casc_nomem(error);
      casc_arena_clear(&nulls);
      if (status < 0) return status;
      *cut = true;
    }
  }
  return CASCADE_OK;
}

/* A circle of rows that the database would check one by one. All that refers to them is held and goes with them, so that nothing is
   left for it to find. */
static cascade_status delete_unchecked(casc_batch *batch, const uint32_t *tables, uint32_t count, const casc_keyset *left,
                                       cascade_error **error) {
  casc_scope *scope = batch->closure->scope;
  cascade_status status = casc_control(scope->connection, scope->dialect->checks_off_local, error);
  for (uint32_t j = 0; status >= 0 && j < count; j++)
    if (left[j].count) status = delete_keys(batch, tables[j], &left[j], error);
  const char *on = scope->dialect->checks_on_local[scope->checks - 1];
  cascade_status restored = casc_control(scope->connection, on, status >= 0 ? error : NULL);
  return status < 0 ? status : restored;
}

/* One round: of a table's rows that are left, those that nobody left refers to. */
static cascade_status delete_ready(casc_batch *batch, uint32_t table, casc_keyset *left, const casc_keyset *held_back,
                                   cascade_error **error) {
  casc_scope *scope = batch->closure->scope;
  casc_keyset ready, stay;
  casc_keyset_of(scope, table, &ready);
  casc_keyset_of(scope, table, &stay);
  bool ok = true;
  for (size_t i = 0; ok && i < left->count; i++) {
    cascade_value cell;
    const cascade_value *key = casc_keyset_key(left, i, &cell);
    ok = casc_keyset_append(casc_keyset_contains(held_back, key) ? &stay : &ready, key);
  }
  ok = ok && casc_keyset_merge(&ready, NULL) && casc_keyset_merge(&stay, NULL);
  cascade_status status = !ok ? casc_nomem(error) : ready.count ? delete_keys(batch, table, &ready, error) : CASCADE_OK;
  if (status >= 0) casc_keyset_swap(left, &stay);
  casc_keyset_free(&ready);
  casc_keyset_free(&stay);
  return status;
}

static size_t count_left(const casc_keyset *left, uint32_t count) {
  size_t rows = 0;
  for (uint32_t j = 0; j < count; j++) rows += left[j].count;
  return rows;
}

/* Nothing is free, and nothing more can be cut. */
static cascade_status delete_knot(casc_batch *batch, const uint32_t *tables, uint32_t count, const casc_keyset *left,
                                  cascade_error **error) {
  casc_scope *scope = batch->closure->scope;
  if (scope->dialect->checks_off_local) return delete_unchecked(batch, tables, count, left, error);
  return casc_refuse_knot(scope, tables[0], error);
}

/* A cycle in which the database checks some relations at once: rows go in rounds, each time those that nobody left refers to. */
static cascade_status delete_in_rounds(casc_batch *batch, const uint32_t *tables, uint32_t count, cascade_error **error) {
  casc_scope *scope = batch->closure->scope;
  casc_keyset *left = casc_calloc(scope->alloc, (size_t)count * 2, sizeof *left), *held_back = left + count;
  if (!left) return casc_nomem(error);
  cascade_status status = CASCADE_OK;
  bool cut = false, alone = false;
  for (uint32_t j = 0; j < count; j++) {
    casc_keyset_of(scope, tables[j], &left[j]);
    casc_keyset_of(scope, tables[j], &held_back[j]);
    if (status >= 0 && !casc_keyset_add(&left[j], &batch->closure->sets[tables[j]])) status = casc_nomem(error);
  }
  for (size_t before; status >= 0 && (before = count_left(left, count));) {
    for (uint32_t j = 0; j < count; j++) casc_keyset_clear(&held_back[j]);
    status = find_free(scope, tables, count, alone, left, held_back, error);
    for (uint32_t j = 0; status >= 0 && j < count; j++) status = delete_ready(batch, tables[j], &left[j], &held_back[j], error);
    if (status < 0 || count_left(left, count) < before) continue;
    if (!alone && !scope->dialect->checks_off_local) { /* SQLite lets such rows go; InnoDB does not */
      alone = true;
      continue;
    }
    bool again = cut; /* cutting has not helped */
    cut = false;
    if (!again) status = cut_hard(batch, tables, count, left, &cut, error);
    if (status < 0 || cut) continue;
    status = delete_knot(batch, tables, count, left, error);
    break;
  }
  for (uint32_t j = 0; j < count * 2; j++) casc_keyset_free(&left[j]);
  casc_free(scope->alloc, left);
  return status;
}

/* A cycle of tables that the database looks at only when all their rows are gone. */
static cascade_status delete_at_once(casc_batch *batch, const uint32_t *tables, uint32_t count, cascade_error **error) {
  casc_scope *scope = batch->closure->scope;
  casc_arena arena;
  casc_arena_init(&arena, scope->alloc);
  const casc_sql_table **named = casc_arena_get(&arena, count, sizeof *named);
  cascade_keys *keys = casc_arena_get(&arena, count, sizeof *keys);
  uint32_t *numbers = casc_arena_get(&arena, count, sizeof *numbers), used = 0;
  cascade_status status = named && keys && numbers ? CASCADE_OK : casc_nomem(error);
  for (uint32_t i = 0; status >= 0 && i < count; i++) {
    const casc_keyset *set = &batch->closure->sets[tables[i]];
    if (!set->count) continue;
    named[used] = &scope->tables[tables[i]].sql;
    keys[used] = casc_keyset_view(set, 0, set->count);
    numbers[used++] = tables[i];
  }
  if (status >= 0 && used) {
    casc_statement statement;
    casc_cursor cursor = {0};
    const cascade_value *row = NULL;
    casc_session_statement(scope->connection, &statement);
    scope->dialect->delete_together(&statement, named, keys, used);
    status = casc_query(scope->connection, &statement, &cursor, error);
    while (status >= 0 && (status = casc_next(&cursor, &row, error)) == CASCADE_OK) {
    }
    casc_cursor_close(&cursor);
    casc_statement_free(&statement);
    if (status == CASCADE_DONE) status = CASCADE_OK;
  }
  for (uint32_t i = 0; status >= 0 && i < used; i++) status = see_gone(batch, numbers[i], &batch->closure->sets[numbers[i]], error);
  casc_arena_clear(&arena);
  return status;
}

static bool has_hard_relation(const casc_scope *scope, uint32_t component) {
  for (uint32_t i = 0; i < scope->relation_count; i++) {
    const casc_scope_relation *relation = &scope->relations[i];
    if (relation->hard && relation->role != CASC_ROLE_NONE && scope->tables[relation->relation->table].reached &&
        scope->tables[relation->relation->table].component == component &&
        scope->tables[relation->relation->ref_table].component == component)
      return true;
  }
  return false;
}

static cascade_status check_rewritten(casc_batch *batch, cascade_error **error) {
  casc_scope *scope = batch->closure->scope;
  cascade_status status = CASCADE_OK;
  for (uint32_t i = 0; status >= 0 && i < scope->relation_count; i++) {
    const casc_relation *relation = scope->relations[i].relation;
    const casc_keyset *rows = &batch->rewritten[i];
    size_t slice = casc_slice(scope, rows);
    for (size_t from = 0; status >= 0 && from < rows->count;) {
      size_t count = rows->count - from < slice ? rows->count - from : slice;
      cascade_keys keys = casc_keyset_view(rows, from, count);
      casc_keyset found;
      casc_keyset_of(scope, relation->table, &found);
      casc_statement statement;
      casc_session_statement(scope->connection, &statement);
      scope->dialect->select_dangling(&statement, &scope->relations[i].sql, &keys, 1);
      status = casc_read_keys(scope, relation->table, &statement, &found, error);
      if (status >= 0 && found.appended)
        status = casc_fail_at(scope->connection->context, error, CASCADE_BLOCKED, scope->tables[relation->table].table->label,
                              relation->label,
                              "blocked by %s: a row of %s would refer to nothing after other columns are "
                              "rewritten",
                              relation->label, scope->tables[relation->table].table->label);
      casc_statement_free(&statement);
      casc_keyset_free(&found);
      from += count;
    }
  }
  return status;
}

cascade_status casc_batch_delete(casc_batch *batch, cascade_error **error) {
  casc_closure *closure = batch->closure;
  casc_scope *scope = closure->scope;
  const cascade_policy *policy = scope->policy;
  cascade_status status = casc_tally_begin(&batch->tally, scope, error);
  for (uint32_t i = 0; status >= 0 && !closure->overflow && i < scope->order_count;) { /* a component at a time */
    uint32_t end = i, component = scope->tables[scope->order[i]].component;
    while (end < scope->order_count && scope->tables[scope->order[end]].component == component) end++;
    for (uint32_t j = i; status >= 0 && j < end; j++)
      for (uint32_t k = 0; status >= 0 && !closure->overflow && k < policy->to_count[scope->order[j]]; k++)
        status = update_relation(batch, policy->relations_to[scope->order[j]][k], error);
    if (closure->overflow) break;
    if (status >= 0 && scope->tables[scope->order[i]].cyclic && has_hard_relation(scope, component))
      status = delete_in_rounds(batch, scope->order + i, end - i, error);
    else if (status >= 0 && end - i > 1 && scope->dialect->delete_together)
      status = delete_at_once(batch, scope->order + i, end - i, error);
    else
      for (uint32_t j = i; status >= 0 && j < end; j++) status = delete_table(batch, scope->order[j], error);
    i = end;
  }
  if (status >= 0 && !closure->overflow) status = casc_tally_end(&batch->tally, batch->deleted, batch->updated, error);
  return status < 0 || closure->overflow || !scope->hazardous ? status : check_rewritten(batch, error);
}

#include "closure.h"

#include <stdio.h>

void casc_keyset_of(const casc_scope *scope, uint32_t table, casc_keyset *set) {
  const casc_sql_table *sql = &scope->tables[table].sql;
  casc_keyset_init(set, scope->alloc, sql->key_count, sql->key_count == 1 && sql->key_types[0] == CASCADE_INT64);
}

cascade_status casc_closure_init(casc_closure *closure, casc_scope *scope, cascade_error **error) {
  *closure = (casc_closure){.scope = scope};
  const casc_alloc *alloc = scope->alloc;
  closure->sets = casc_calloc(alloc, scope->table_count, sizeof *closure->sets);
  closure->pending = casc_calloc(alloc, scope->table_count, sizeof *closure->pending);
  closure->seeded = casc_calloc(alloc, scope->table_count, sizeof *closure->seeded);
  closure->leaf_rows = casc_calloc(alloc, scope->table_count, sizeof *closure->leaf_rows);
  closure->update_rows = casc_calloc(alloc, scope->relation_count, sizeof *closure->update_rows);
  closure->met = casc_calloc(alloc, scope->table_count, sizeof *closure->met);
  closure->needed = casc_calloc(alloc, scope->table_count, sizeof *closure->needed);
  if (!closure->sets || !closure->pending || !closure->seeded || !closure->leaf_rows || !closure->update_rows || !closure->met ||
      !closure->needed)
    return casc_nomem(error);
  for (uint32_t i = 0; i < scope->table_count; i++) {
    casc_keyset_of(scope, i, &closure->sets[i]);
    casc_keyset_of(scope, i, &closure->pending[i]);
    casc_keyset_of(scope, i, &closure->met[i]);
    casc_keyset_of(scope, i, &closure->needed[i]);
  }
  return CASCADE_OK;
}

void casc_closure_free(casc_closure *closure) {
  if (!closure->scope) return;
  const casc_alloc *alloc = closure->scope->alloc;
  for (uint32_t i = 0; i < closure->scope->table_count; i++) {
    if (closure->sets) casc_keyset_free(&closure->sets[i]);
    if (closure->pending) casc_keyset_free(&closure->pending[i]);
    if (closure->met) casc_keyset_free(&closure->met[i]);
    if (closure->needed) casc_keyset_free(&closure->needed[i]);
  }
  casc_free(alloc, closure->sets);
  casc_free(alloc, closure->pending);
  casc_free(alloc, closure->seeded);
  casc_free(alloc, closure->leaf_rows);
  casc_free(alloc, closure->update_rows);
  casc_free(alloc, closure->met);
  casc_free(alloc, closure->needed);
  *closure = (casc_closure){0};
}

void casc_closure_clear(casc_closure *closure) {
  for (uint32_t i = 0; i < closure->scope->table_count; i++) {
    casc_keyset_clear(&closure->sets[i]);
    casc_keyset_clear(&closure->pending[i]);
    casc_keyset_clear(&closure->met[i]);
    casc_keyset_clear(&closure->needed[i]);
    closure->leaf_rows[i] = 0;
    closure->seeded[i] = false;
  }
  for (uint32_t i = 0; i < closure->scope->relation_count; i++) closure->update_rows[i] = 0;
  closure->rows = 0;
  closure->overflow = closure->met_open = closure->held_back = closure->whole = false;
}

size_t casc_slice(const casc_scope *scope, const casc_keyset *set) {
  return set->integer ? SIZE_MAX : scope->dialect->max_cells / set->width;
}

cascade_status casc_read_keys(casc_scope *scope, uint32_t table, const casc_statement *statement, casc_keyset *into,
                              cascade_error **error) {
  casc_cursor cursor = {0};
  const cascade_value *row = NULL;
  cascade_status status = casc_query(scope->connection, statement, &cursor, error);
  while (status >= 0 && (status = casc_next(&cursor, &row, error)) == CASCADE_OK)
    if (!casc_keyset_append(into, row)) status = casc_nomem(error);
  casc_cursor_close(&cursor);
  if (status < 0) casc_error_explain(error, scope->tables[table].table->label, NULL, NULL);
  return status < 0 ? status : CASCADE_OK;
}

/* Rows are held in the order of their keys, which takes all of them: so with a limit they are counted first, and not held when the
   limit is reached, as the batch is too large then. */
static cascade_status settle_lock(casc_scope *scope, const casc_scope_relation *relation, const casc_keyset *parents,
                                  uint64_t *limit, bool *lock, cascade_error **error) {
  uint64_t count = 0;
  *lock = *lock && scope->dialect->row_locks;
  if (!*lock || !*limit) return CASCADE_OK;
  if ((relation->single && parents->count < *limit) || casc_scope_trusts(scope, relation, parents->count, *limit)) {
    *limit = 0;
    return CASCADE_OK;
  }
  cascade_status status = casc_count_referencing(scope, relation, parents, *limit, &count, error);
  *lock = count < *limit;
  if (*lock) *limit = 0;
  return status;
}

cascade_status casc_read_referencing(casc_scope *scope, const casc_scope_relation *relation, const casc_keyset *parents,
                                     const casc_keyset *among, uint64_t limit, bool lock, casc_keyset *into,
                                     cascade_error **error) {
  size_t slice = casc_slice(scope, parents), among_slice = among ? casc_slice(scope, among) : 1;
  size_t before = into->appended, among_count = among ? among->count : 1;
  casc_statement statement;
  cascade_status status = settle_lock(scope, relation, parents, &limit, &lock, error);
  casc_session_statement(scope->connection, &statement);
  for (size_t i = 0; status >= 0 && i < parents->count; i += slice) {
    cascade_keys keys = casc_keyset_view(parents, i, parents->count - i < slice ? parents->count - i : slice);
    for (size_t j = 0; status >= 0 && j < among_count; j += among_slice) {
      cascade_keys these = {0};
      if (among) these = casc_keyset_view(among, j, among_count - j < among_slice ? among_count - j : among_slice);
      if (limit && into->appended - before >= limit) break;
      casc_sql_filter filter = {.relation = &relation->sql, .parents = &keys, .among = among ? &these : NULL};
      filter.lock = lock;
      casc_statement_clear(&statement);
      scope->dialect->select_keys(&statement, relation->sql.table, &filter, false, false,
                                  limit ? limit - (into->appended - before) : 0);
      status = casc_read_keys(scope, relation->relation->table, &statement, into, error);
      if (among_slice == SIZE_MAX) break;
    }
    if (slice == SIZE_MAX) break;
  }
  casc_statement_free(&statement);
  if (status >= 0 && lock && !among) casc_scope_learn(scope, relation, parents->count, into->appended - before);
  return status;
}

cascade_status casc_count_referencing(casc_scope *scope, const casc_scope_relation *relation, const casc_keyset *parents,
                                      uint64_t limit, uint64_t *count, cascade_error **error) {
  size_t slice = casc_slice(scope, parents);
  casc_statement statement;
  cascade_status status = CASCADE_OK;
  *count = 0;
  casc_session_statement(scope->connection, &statement);
  for (size_t i = 0; status >= 0 && i < parents->count && (!limit || *count < limit); i += slice) {
    cascade_keys keys = casc_keyset_view(parents, i, parents->count - i < slice ? parents->count - i : slice);
    casc_sql_filter filter = {.relation = &relation->sql, .parents = &keys};
    int64_t answer = 0;
    casc_statement_clear(&statement);
    scope->dialect->count(&statement, relation->sql.table, &filter, limit ? limit - *count : 0);
    status = casc_ask_integer(scope->connection, &statement, 0, &answer, error);
    *count += (uint64_t)answer;
    if (slice == SIZE_MAX) break;
  }
  casc_statement_free(&statement);
  if (status < 0) casc_error_explain(error, scope->tables[relation->relation->table].table->label, NULL, NULL);
  return status;
}

static bool is_open(casc_closure *closure, uint32_t table, const cascade_value *key) {
  for (uint32_t i = 0; i < closure->open_count; i++)
    if (closure->open[i].table == table && casc_keyset_contains(closure->open[i].key, key)) return closure->met_open = true;
  return false;
}

static bool is_kept(const casc_closure *closure, uint32_t table, const cascade_value *key) {
  return closure->kept && casc_keyset_contains(&closure->kept[table], key);
}

/* Of what was appended to the table's set, only what is neither open nor kept. False when memory is out. */
static bool keep_out(casc_closure *closure, uint32_t table) {
  casc_keyset left, *set = &closure->sets[table];
  casc_keyset_of(closure->scope, table, &left);
  bool ok = true;
  for (size_t i = set->count; ok && i < set->count + set->appended; i++) {
    cascade_value cell;
    const cascade_value *key = casc_keyset_key(set, i, &cell);
    if (is_kept(closure, table, key)) ok = casc_keyset_append(&closure->met[table], key);
    else if (!is_open(closure, table, key)) ok = casc_keyset_append(&left, key);
  }
  set->appended = 0;
  for (size_t i = 0; ok && i < left.appended; i++) {
    cascade_value cell;
    ok = casc_keyset_append(set, casc_keyset_key(&left, i, &cell));
  }
  casc_keyset_free(&left);
  return ok && casc_keyset_merge(&closure->met[table], NULL);
}

/* Merges what was appended to the table's set; new rows become pending, and open and kept rows are left out. */
static cascade_status take_in(casc_closure *closure, uint32_t table, cascade_error **error) {
  casc_keyset fresh, *set = &closure->sets[table];
  casc_keyset_of(closure->scope, table, &fresh);
  bool ok = true;
  /* few are open: one for each level of the stack */
  if (closure->open_count || (closure->kept && closure->kept[table].count)) ok = keep_out(closure, table);
  ok = ok && casc_keyset_merge(set, &fresh) && casc_keyset_add(&closure->pending[table], &fresh);
  closure->rows += fresh.count;
  casc_keyset_free(&fresh);
  return ok ? CASCADE_OK : casc_nomem(error);
}

cascade_status casc_closure_seed(casc_closure *closure, uint32_t table, const casc_keyset *keys, cascade_error **error) {
  casc_keyset *set = &closure->sets[table];
  closure->seeded[table] = closure->seeded[table] || keys->count;
  for (size_t i = 0; i < keys->count; i++) {
    cascade_value cell;
    if (!casc_keyset_append(set, casc_keyset_key(keys, i, &cell))) return casc_nomem(error);
  }
  return take_in(closure, table, error);
}

/* Referenced tables come first, so that a table outside of cycles is expanded once, with all its rows. */
static bool next_pending(const casc_closure *closure, uint32_t *table) {
  for (uint32_t i = closure->scope->order_count; i--;) {
    *table = closure->scope->order[i];
    if (closure->pending[*table].count) return true;
  }
  return false;
}

static uint64_t room(const casc_closure *closure) {
  return !closure->limit ? 0 : closure->limit > closure->rows ? closure->limit - closure->rows + 1 : 1;
}

/* The same for reading rows of a table, of which those that are known, open or kept may come again. */
static uint64_t room_among(const casc_closure *closure, uint32_t table) {
  uint64_t limit = room(closure);
  if (!limit) return 0;
  for (uint32_t i = 0; i < closure->open_count; i++) limit += closure->open[i].table == table;
  if (closure->kept) limit += closure->kept[table].count;
  return limit + closure->sets[table].count;
}

/* Reads or counts the rows that refer to `current` through one relation. */
static cascade_status follow(casc_closure *closure, uint32_t number, const casc_keyset *current, cascade_error **error) {
  casc_scope *scope = closure->scope;
  const casc_scope_relation *relation = &scope->relations[number];
  uint32_t child = relation->relation->table;
  uint64_t limit = room(closure), count = 0;
  if (relation->role == CASC_ROLE_CASCADE && scope->tables[child].held) {
    if (closure->examining && !scope->tables[child].examined) return CASCADE_OK;
    cascade_status status = casc_read_referencing(scope, relation, current, NULL, room_among(closure, child), closure->lock,
                                                  &closure->sets[child], error);
    return status < 0 ? status : take_in(closure, child, error);
  }
  bool counted = relation->role == CASC_ROLE_CASCADE || (relation->role == CASC_ROLE_UPDATE && !closure->deletes_only);
  if (closure->examining || closure->keys_only || !counted || relation->detaches) return CASCADE_OK;
  cascade_status status = casc_count_referencing(scope, relation, current, limit, &count, error);
  *(relation->role == CASC_ROLE_UPDATE ? &closure->update_rows[number] : &closure->leaf_rows[child]) += count;
  closure->rows += count;
  return status;
}

cascade_status casc_closure_expand(casc_closure *closure, cascade_error **error) {
  const cascade_policy *policy = closure->scope->policy;
  cascade_status status = CASCADE_OK;
  uint32_t table;
  closure->overflow = closure->limit && closure->rows > closure->limit;
  closure->over_table = closure->scope->root;
  closure->over_relation = CASC_NONE;
  while (status >= 0 && !closure->overflow && next_pending(closure, &table)) {
    casc_keyset current;
    casc_keyset_of(closure->scope, table, &current);
    casc_keyset_swap(&current, &closure->pending[table]);
    for (uint32_t i = 0; status >= 0 && !closure->overflow && i < policy->to_count[table]; i++) {
      uint32_t number = policy->relations_to[table][i];
      status = follow(closure, number, &current, error);
      if (!closure->limit || closure->rows <= closure->limit) continue;
      closure->overflow = true;
      closure->over_table = table;
      closure->over_relation = number;
      if (!casc_keyset_add(&closure->pending[table], &current)) status = casc_nomem(error);
    }
    casc_keyset_free(&current);
  }
  return status;
}

bool casc_closure_overflow_at(casc_closure *closure, uint32_t relation) {
  closure->overflow = true;
  closure->over_relation = relation;
  closure->over_table = closure->scope->relations[relation].relation->ref_table;
  return casc_keyset_add(&closure->pending[closure->over_table], &closure->sets[closure->over_table]);
}

/* One row that blocks, told to a person. */
static cascade_status blocked(casc_closure *closure, uint32_t number, const casc_keyset *rows, cascade_error **error) {
  casc_scope *scope = closure->scope;
  const casc_scope_relation *relation = &scope->relations[number];
  const casc_table *table = scope->tables[relation->relation->table].table;
  cascade_keys one = casc_keyset_view(rows, 0, 1);
  casc_str words;
  casc_statement statement;
  casc_cursor cursor = {0};
  const cascade_value *row = NULL;
  casc_str_init(&words, scope->alloc);
  casc_session_statement(scope->connection, &statement);
  scope->dialect->select_keys(&statement, relation->sql.table, &(casc_sql_filter){.among = &one}, true, false, 1);
  cascade_status status = casc_query(scope->connection, &statement, &cursor, NULL);
  if (status >= 0) status = casc_next(&cursor, &row, NULL);
  uint32_t skip = relation->sql.table->shown_is_key ? 0 : relation->sql.table->key_count;
  for (uint32_t i = 0; status == CASCADE_OK && i < relation->sql.table->shown_count; i++) {
    const cascade_value *cell = &row[skip + i];
    if (i) casc_str_put(&words, ", ");
    if (cell->type == CASCADE_INT64) casc_str_int(&words, cell->integer);
    else if (cell->type == CASCADE_DOUBLE) casc_str_real(&words, cell->real);
    else if (cell->type == CASCADE_NULL) casc_str_put(&words, "NULL");
    else if (cell->type == CASCADE_BLOB) casc_str_hex(&words, cell->data, (size_t)cell->length);
    else casc_str_putn(&words, cell->data, (size_t)cell->length);
  }
  casc_cursor_close(&cursor);
  casc_statement_free(&statement);
  status = casc_fail_at(scope->connection->context, error, CASCADE_BLOCKED, table->label, relation->relation->label,
                        "blocked by %s: row %s of %s refers to a row that would be deleted, and %s", relation->relation->label,
                        words.data && !words.failed ? words.data : "?", table->label, casc_reason_words(relation));
  casc_str_free(&words);
  return status;
}

/* Rows of a reached table that refer to the closure through a blocking relation, without being in it: members of the whole
   request's closure are taken in, any other row blocks. */
static cascade_status examine_reached(casc_closure *closure, uint32_t number, cascade_error **error) {
  casc_scope *scope = closure->scope;
  const casc_scope_relation *relation = &scope->relations[number];
  uint32_t child = relation->relation->table, parent = relation->relation->ref_table;
  casc_keyset found, outside, members = {0};
  casc_keyset_of(scope, child, &found);
  casc_keyset_of(scope, child, &outside);
  uint64_t limit = closure->examining ? 0 : room_among(closure, child);
  cascade_status status = casc_read_referencing(scope, relation, &closure->sets[parent], NULL, limit, false, &found, error);
  if (status >= 0 && !casc_keyset_merge(&found, NULL)) status = casc_nomem(error);
  for (size_t i = 0; status >= 0 && i < found.count; i++) {
    cascade_value cell;
    const cascade_value *key = casc_keyset_key(&found, i, &cell);
    if (is_open(closure, child, key) || casc_keyset_contains(&closure->sets[child], key)) continue;
    if (!casc_keyset_append(is_kept(closure, child, key) ? &closure->met[child] : &outside, key)) status = casc_nomem(error);
  }
  if (status >= 0 && !casc_keyset_merge(&closure->met[child], NULL)) status = casc_nomem(error);
  if (status >= 0 && !casc_keyset_merge(&outside, NULL)) status = casc_nomem(error);
  if (status >= 0 && outside.count && closure->whole) status = blocked(closure, number, &outside, error);
  if (status >= 0 && outside.count) status = casc_members(scope, child, &outside, closure, &members, error);
  for (size_t i = 0; status >= 0 && i < outside.count; i++) {
    cascade_value cell;
    const cascade_value *key = casc_keyset_key(&outside, i, &cell);
    if (casc_keyset_contains(&members, key)) continue;
    casc_keyset_clear(&found);
    if (!casc_keyset_append(&found, key) || !casc_keyset_merge(&found, NULL)) status = casc_nomem(error);
    else status = blocked(closure, number, &found, error);
  }
  if (status >= 0 && members.count && !closure->examining) status = casc_closure_seed(closure, child, &members, error);
  casc_keyset_free(&members);
  casc_keyset_free(&outside);
  casc_keyset_free(&found);
  return status;
}

static cascade_status examine_relation(casc_closure *closure, uint32_t number, cascade_error **error) {
  casc_scope *scope = closure->scope;
  const casc_scope_relation *relation = &scope->relations[number];
  const casc_keyset *parents = &closure->sets[relation->relation->ref_table];
  if (relation->role != CASC_ROLE_BLOCK || !parents->count) return CASCADE_OK;
  if (scope->tables[relation->relation->table].reached && relation->relation->rule != CASCADE_RULE_PROTECT)
    return examine_reached(closure, number, error);
  casc_keyset found;
  casc_keyset_of(scope, relation->relation->table, &found);
  cascade_status status = casc_read_referencing(scope, relation, parents, NULL, 1, false, &found, error);
  if (status >= 0 && !casc_keyset_merge(&found, NULL)) status = casc_nomem(error);
  if (status >= 0 && found.count) status = blocked(closure, number, &found, error);
  casc_keyset_free(&found);
  return status;
}

cascade_status casc_closure_examine(casc_closure *closure, cascade_error **error) {
  if (!closure->scope->blocking) return CASCADE_OK;
  cascade_status status = CASCADE_OK;
  for (uint64_t before = closure->rows;; before = closure->rows) {
    for (uint32_t i = 0; status >= 0 && i < closure->scope->relation_count; i++) status = examine_relation(closure, i, error);
    if (status < 0 || closure->rows == before) return status;
    status = casc_closure_expand(closure, error); /* what was taken in brings its own */
    if (status < 0 || closure->overflow) return status;
  }
}

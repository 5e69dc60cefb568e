/* Whether rows belong to the closure of the whole request, asked from below: up the cascading relations to the selected rows, and
   down again along the rows that were met. */
#include "closure.h"
#include "source.h"

typedef struct walk {
  casc_scope *scope;
  const casc_closure *closure;
  casc_keyset *met, *pending, *members; /* by table */
} walk;

cascade_status casc_read_parents(casc_scope *scope, const casc_scope_relation *relation, const casc_keyset *rows, casc_keyset *into,
                                 cascade_error **error) {
  size_t slice = casc_slice(scope, rows);
  cascade_status status = CASCADE_OK;
  for (size_t from = 0; status >= 0 && from < rows->count;) {
    size_t count = rows->count - from < slice ? rows->count - from : slice;
    cascade_keys keys = casc_keyset_view(rows, from, count);
    casc_statement statement;
    casc_session_statement(scope->connection, &statement);
    scope->dialect->select_parents(&statement, &relation->sql, &keys);
    status = casc_read_keys(scope, relation->relation->ref_table, &statement, into, error);
    casc_statement_free(&statement);
    from += count;
  }
  return status;
}

static cascade_status climb(walk *at, cascade_error **error) {
  casc_scope *scope = at->scope;
  const cascade_policy *policy = scope->policy;
  cascade_status status = CASCADE_OK;
  for (uint32_t i = 0; status >= 0 && i < scope->order_count;) { /* referencing tables first */
    uint32_t table = scope->order[i++];
    if (!at->pending[table].count) continue;
    casc_keyset current;
    casc_keyset_of(scope, table, &current);
    casc_keyset_swap(&current, &at->pending[table]);
    for (uint32_t j = 0; status >= 0 && j < policy->from_count[table]; j++) {
      const casc_scope_relation *relation = &scope->relations[policy->relations_from[table][j]];
      if (relation->role != CASC_ROLE_CASCADE) continue;
      uint32_t parent = relation->relation->ref_table;
      casc_keyset fresh;
      casc_keyset_of(scope, parent, &fresh);
      status = casc_read_parents(scope, relation, &current, &at->met[parent], error);
      if (status >= 0 && (!casc_keyset_merge(&at->met[parent], &fresh) || !casc_keyset_add(&at->pending[parent], &fresh)))
        status = casc_nomem(error);
      casc_keyset_free(&fresh);
    }
    casc_keyset_free(&current);
    i = 0; /* in a cycle, a table may have new rows again */
  }
  return status;
}

/* Rows to which `rows` refer through relations that keep them from going first, as far as they are in the closure. */
static cascade_status held_parents(casc_closure *closure, uint32_t table, const casc_keyset *rows, casc_keyset *held,
                                   casc_keyset *pending, cascade_error **error) {
  casc_scope *scope = closure->scope;
  const cascade_policy *policy = scope->policy;
  cascade_status status = CASCADE_OK;
  for (uint32_t i = 0; status >= 0 && i < policy->from_count[table]; i++) {
    const casc_scope_relation *relation = &scope->relations[policy->relations_from[table][i]];
    uint32_t parent = relation->relation->ref_table;
    if (relation->role != CASC_ROLE_CASCADE && relation->role != CASC_ROLE_BLOCK) continue;
    casc_keyset found, fresh;
    casc_keyset_of(scope, parent, &found);
    casc_keyset_of(scope, parent, &fresh);
    status = casc_read_parents(scope, relation, rows, &found, error);
    if (status >= 0 && !casc_keyset_merge(&found, NULL)) status = casc_nomem(error);
    for (size_t j = 0; status >= 0 && j < found.count; j++) {
      cascade_value cell;
      const cascade_value *key = casc_keyset_key(&found, j, &cell);
      if (casc_keyset_contains(&closure->sets[parent], key) && !casc_keyset_append(&held[parent], key)) status = casc_nomem(error);
    }
    if (status >= 0 && (!casc_keyset_merge(&held[parent], &fresh) || !casc_keyset_add(&pending[parent], &fresh)))
      status = casc_nomem(error);
    casc_keyset_free(&found);
    casc_keyset_free(&fresh);
  }
  return status;
}

/* Takes out of the closure the rows to which others refer, directly or through rows of the closure. Their number, and in `taken`,
   unless NULL, they by table. */
static cascade_status take_out(casc_closure *closure, const casc_open_row *from, uint32_t count, casc_keyset *taken, uint64_t *rows,
                               cascade_error **error) {
  casc_scope *scope = closure->scope;
  casc_keyset *held = casc_calloc(scope->alloc, (size_t)scope->table_count * 2, sizeof *held);
  if (!held) return casc_nomem(error);
  casc_keyset *pending = held + scope->table_count;
  for (uint32_t i = 0; i < scope->table_count * 2; i++) casc_keyset_of(scope, i % scope->table_count, &held[i]);
  cascade_status status = CASCADE_OK;
  *rows = 0;
  for (uint32_t i = 0; status >= 0 && i < count; i++)
    status = held_parents(closure, from[i].table, from[i].key, held, pending, error);
  for (uint32_t i = 0; status >= 0 && i < scope->order_count;) {
    uint32_t table = scope->order[i++];
    if (!pending[table].count) continue;
    casc_keyset current;
    casc_keyset_of(scope, table, &current);
    casc_keyset_swap(&current, &pending[table]);
    status = held_parents(closure, table, &current, held, pending, error);
    casc_keyset_free(&current);
    i = 0; /* in a cycle, a table may have new rows again */
  }
  for (uint32_t i = 0; status >= 0 && i < scope->table_count; i++) {
    *rows += held[i].count;
    casc_keyset_subtract(&closure->sets[i], &held[i]);
    if (taken && !casc_keyset_add(&taken[i], &held[i])) status = casc_nomem(error);
  }
  for (uint32_t i = 0; i < scope->table_count * 2; i++) casc_keyset_free(&held[i]);
  casc_free(scope->alloc, held);
  return status;
}

cascade_status casc_closure_hold_back(casc_closure *closure, cascade_error **error) {
  uint64_t rows = 0;
  if (!closure->met_open) return CASCADE_OK;
  cascade_status status = take_out(closure, closure->open, closure->open_count, NULL, &rows, error);
  closure->held_back = closure->held_back || rows;
  return status;
}

cascade_status casc_closure_keep(casc_closure *closure, uint32_t table, const casc_keyset *rows, cascade_error **error) {
  size_t before = closure->sets[table].count;
  casc_keyset_subtract(&closure->sets[table], rows);
  closure->rows -= before - closure->sets[table].count;
  return casc_keyset_add(&closure->met[table], rows) ? CASCADE_OK : casc_nomem(error);
}

cascade_status casc_closure_spare(casc_closure *closure, cascade_error **error) {
  casc_scope *scope = closure->scope;
  uint32_t count = 0;
  uint64_t rows = 0;
  casc_open_row *from = casc_calloc(scope->alloc, scope->table_count, sizeof *from);
  if (!from) return casc_nomem(error);
  for (uint32_t i = 0; i < scope->table_count; i++)
    if (closure->met[i].count) from[count++] = (casc_open_row){i, &closure->met[i]};
  cascade_status status = count ? take_out(closure, from, count, closure->needed, &rows, error) : CASCADE_OK;
  closure->rows -= rows;
  casc_free(scope->alloc, from);
  return status;
}

bool casc_closure_is_empty(const casc_closure *closure) {
  for (uint32_t i = 0; i < closure->scope->order_count; i++)
    if (closure->sets[closure->scope->order[i]].count) return false;
  return true;
}

/* Rows that were met and are known to belong: selected ones, and those of the closure at hand. */
static cascade_status start(walk *at, cascade_error **error) {
  casc_scope *scope = at->scope;
  uint32_t root = scope->root;
  cascade_status status = casc_source_selected(scope, &at->met[root], false, &at->members[root], error);
  for (uint32_t i = 0; status >= 0 && at->closure && i < scope->order_count; i++) {
    uint32_t table = scope->order[i];
    for (size_t j = 0; j < at->met[table].count; j++) {
      cascade_value cell;
      const cascade_value *key = casc_keyset_key(&at->met[table], j, &cell);
      if (casc_keyset_contains(&at->closure->sets[table], key) && !casc_keyset_append(&at->members[table], key))
        return casc_nomem(error);
    }
  }
  for (uint32_t i = 0; status >= 0 && i < scope->order_count; i++) {
    uint32_t table = scope->order[i];
    if (!casc_keyset_merge(&at->members[table], NULL) || !casc_keyset_add(&at->pending[table], &at->members[table]))
      status = casc_nomem(error);
  }
  return status;
}

static cascade_status descend(walk *at, cascade_error **error) {
  casc_scope *scope = at->scope;
  const cascade_policy *policy = scope->policy;
  cascade_status status = CASCADE_OK;
  for (uint32_t i = scope->order_count; status >= 0 && i--;) { /* referenced tables first */
    uint32_t table = scope->order[i];
    if (!at->pending[table].count) continue;
    casc_keyset current;
    casc_keyset_of(scope, table, &current);
    casc_keyset_swap(&current, &at->pending[table]);
    for (uint32_t j = 0; status >= 0 && j < policy->to_count[table]; j++) {
      const casc_scope_relation *relation = &scope->relations[policy->relations_to[table][j]];
      uint32_t child = relation->relation->table;
      if (relation->role != CASC_ROLE_CASCADE || !at->met[child].count) continue;
      casc_keyset fresh;
      casc_keyset_of(scope, child, &fresh);
      status = casc_read_referencing(scope, relation, &current, &at->met[child], 0, false, &at->members[child], error);
      if (status >= 0 && (!casc_keyset_merge(&at->members[child], &fresh) || !casc_keyset_add(&at->pending[child], &fresh)))
        status = casc_nomem(error);
      casc_keyset_free(&fresh);
    }
    casc_keyset_free(&current);
    i = scope->order_count;
  }
  return status;
}

cascade_status casc_members(casc_scope *scope, uint32_t table, const casc_keyset *candidates, const casc_closure *closure,
                            casc_keyset *members, cascade_error **error) {
  casc_keyset_of(scope, table, members);
  casc_keyset *sets = casc_calloc(scope->alloc, (size_t)scope->table_count * 3, sizeof *sets);
  if (!sets) return casc_nomem(error);
  walk at = {scope, closure, sets, sets + scope->table_count, sets + 2 * (size_t)scope->table_count};
  for (uint32_t i = 0; i < scope->table_count * 3; i++) casc_keyset_of(scope, i % scope->table_count, &sets[i]);
  cascade_status status = CASCADE_OK;
  if (!casc_keyset_add(&at.met[table], candidates) || !casc_keyset_add(&at.pending[table], candidates)) status = casc_nomem(error);
  if (status >= 0) status = climb(&at, error);
  if (status >= 0) status = start(&at, error);
  if (status >= 0) status = descend(&at, error);
  for (size_t i = 0; status >= 0 && i < candidates->count; i++) {
    cascade_value cell;
    const cascade_value *key = casc_keyset_key(candidates, i, &cell);
    if (casc_keyset_contains(&at.members[table], key) && !casc_keyset_append(members, key)) status = casc_nomem(error);
  }
  if (status >= 0 && !casc_keyset_merge(members, NULL)) status = casc_nomem(error);
  for (uint32_t i = 0; i < scope->table_count * 3; i++) casc_keyset_free(&sets[i]);
  casc_free(scope->alloc, sets);
  return status;
}

cascade_status casc_settle_defaults(casc_scope *scope, cascade_error **error) {
  cascade_status status = CASCADE_OK;
  for (uint32_t i = 0; status >= 0 && i < scope->relation_count; i++) {
    casc_scope_relation *relation = &scope->relations[i];
    if (relation->role != CASC_ROLE_UPDATE || !relation->default_parent) continue;
    uint32_t parent = relation->relation->ref_table;
    casc_keyset one, members = {0};
    casc_keyset_of(scope, parent, &one);
    if (!casc_keyset_append(&one, relation->default_parent) || !casc_keyset_merge(&one, NULL)) status = casc_nomem(error);
    else status = casc_members(scope, parent, &one, NULL, &members, error);
    if (status >= 0 && members.count) {
      relation->role = CASC_ROLE_BLOCK;
      relation->reason = CASC_REASON_DEFAULT_DELETED;
      scope->blocking = true;
    }
    casc_keyset_free(&members);
    casc_keyset_free(&one);
  }
  return status;
}

cascade_status casc_closure_read_whole(casc_closure *closure, uint64_t *roots, cascade_error **error) {
  casc_scope *scope = closure->scope;
  casc_source source;
  casc_keyset keys;
  casc_source_init(&source, scope, CASC_SOURCE_SELECTED, scope->root);
  casc_keyset_of(scope, scope->root, &keys);
  cascade_status status = CASCADE_OK;
  *roots = 0;
  closure->whole = true;
  do {
    status = casc_source_peek(&source, SIZE_MAX, &keys, error);
    if (status >= 0 && keys.count) status = casc_closure_seed(closure, scope->root, &keys, error);
    casc_source_take(&source, keys.count);
    *roots += keys.count;
  } while (status >= 0 && keys.count && !(closure->limit && closure->rows > closure->limit));
  if (status >= 0) status = casc_closure_expand(closure, error);
  casc_keyset_free(&keys);
  casc_source_free(&source);
  return status;
}

uint64_t casc_closure_deleted(const casc_closure *closure) {
  uint64_t rows = closure->rows;
  for (uint32_t i = 0; i < closure->scope->relation_count; i++) rows -= closure->update_rows[i];
  return rows;
}

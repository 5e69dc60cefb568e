#include "knot.h"

#include "rows.h"

typedef struct links {
  const casc_closure *closure;
  const uint32_t *first; /* by table: number of its first row; all rows of cycles are numbered through */
  const casc_relation *relation;
  CASC_LIST(uint32_t) from;
  CASC_LIST(uint32_t) to;
} links;

bool casc_can_cut(const casc_scope *scope, const casc_scope_relation *relation) {
  const cascade_policy *policy = scope->policy;
  const casc_relation *own = relation->relation;
  if (!(own->flags & CASCADE_RELATION_NULLABLE)) return false;
  for (uint32_t i = 0; i < policy->to_count[own->table]; i++) {
    const casc_scope_relation *onto = &scope->relations[policy->relations_to[own->table][i]];
    for (uint32_t j = 0; onto->hard && onto->relation->ref_columns && j < onto->relation->count; j++)
      for (uint32_t k = 0; k < own->count; k++)
        if (onto->relation->ref_columns[j] == own->columns[k]) return false;
  }
  return true;
}

bool casc_ties(const casc_scope *scope, const casc_scope_relation *relation) {
  const casc_scope_table *child = &scope->tables[relation->relation->table],
                         *parent = &scope->tables[relation->relation->ref_table];
  return !scope->dialect->checks_off_local && relation->hard && relation->role != CASC_ROLE_NONE && child->reached &&
         child->cyclic && child->component == parent->component && !casc_can_cut(scope, relation);
}

bool casc_may_knot(const casc_scope *scope) {
  for (uint32_t i = 0; i < scope->relation_count; i++)
    if (casc_ties(scope, &scope->relations[i])) return true;
  return false;
}

cascade_status casc_refuse_knot(const casc_scope *scope, uint32_t table, cascade_error **error) {
  const char *label = scope->tables[table].table->label;
  return casc_fail_at(scope->connection->context, error, CASCADE_CYCLE, label, NULL,
                      "rows of table %s refer to each other in a circle that the database checks at once; make one of "
                      "its columns nullable or its foreign key NO ACTION, or use proven integrity",
                      label);
}

cascade_status casc_read_links(casc_scope *scope, const casc_scope_relation *relation, const casc_keyset *rows,
                               casc_link_taker take, void *data, cascade_error **error) {
  size_t slice = casc_slice(scope, rows);
  cascade_status status = CASCADE_OK;
  for (size_t from = 0, count; status >= 0 && from < rows->count; from += count) {
    count = rows->count - from < slice ? rows->count - from : slice;
    cascade_keys keys = casc_keyset_view(rows, from, count);
    casc_statement statement;
    casc_cursor cursor = {0};
    const cascade_value *row = NULL;
    casc_session_statement(scope->connection, &statement);
    scope->dialect->select_links(&statement, &relation->sql, &keys);
    status = casc_query(scope->connection, &statement, &cursor, error);
    while (status >= 0 && (status = casc_next(&cursor, &row, error)) == CASCADE_OK)
      if (!take(data, row, row + relation->sql.table->key_count)) status = casc_nomem(error);
    casc_cursor_close(&cursor);
    casc_statement_free(&statement);
  }
  return status < 0 ? status : CASCADE_OK;
}

static bool take_link(void *data, const cascade_value *row, const cascade_value *parent) {
  links *all = data;
  const casc_keyset *rows = &all->closure->sets[all->relation->table], *parents = &all->closure->sets[all->relation->ref_table];
  size_t from = casc_keyset_position(rows, row), to = casc_keyset_position(parents, parent);
  if (!casc_keyset_contains(rows, row) || !casc_keyset_contains(parents, parent)) return true;
  uint32_t child = all->first[all->relation->table] + (uint32_t)from, other = all->first[all->relation->ref_table] + (uint32_t)to;
  if (child == other) return true;
  const casc_alloc *alloc = all->closure->scope->alloc;
  uint32_t *start = CASC_ADD(alloc, &all->from), *end = CASC_ADD(alloc, &all->to);
  if (start) *start = child;
  if (end) *end = other;
  return start && end;
}

/* Of the rows that are numbered, one of a circle; CASC_NONE when there is none. False when memory is out. */
static bool find_circle(const links *all, uint32_t rows, uint32_t *found) {
  const casc_alloc *alloc = all->closure->scope->alloc;
  uint32_t components = 0, *component = casc_calloc(alloc, (size_t)rows * 2 + 1, sizeof *component), *size = component + rows;
  bool ok =
      component && casc_components(alloc, rows, (uint32_t)all->from.count, all->from.items, all->to.items, component, &components);
  *found = CASC_NONE;
  for (uint32_t i = 0; ok && i < rows; i++)
    if (++size[component[i]] > 1) *found = i;
  casc_free(alloc, component);
  return ok;
}

static cascade_status look(links *all, uint32_t rows, cascade_error **error) {
  casc_scope *scope = all->closure->scope;
  cascade_status status = CASCADE_OK;
  uint32_t found = CASC_NONE, table = 0;
  for (uint32_t i = 0; status >= 0 && i < scope->relation_count; i++) {
    if (!casc_ties(scope, &scope->relations[i])) continue;
    all->relation = scope->relations[i].relation;
    status = casc_read_links(scope, &scope->relations[i], &all->closure->sets[all->relation->table], take_link, all, error);
  }
  if (status >= 0 && all->from.count < UINT32_MAX && !find_circle(all, rows, &found)) status = casc_nomem(error);
  if (status < 0 || found == CASC_NONE) return status;
  while (found >= all->first[table] + all->closure->sets[table].count) table++;
  return casc_refuse_knot(scope, table, error);
}

cascade_status casc_closure_refuse_knots(casc_closure *closure, cascade_error **error) {
  casc_scope *scope = closure->scope;
  if (!casc_may_knot(scope)) return CASCADE_OK;
  uint32_t *first = casc_calloc(scope->alloc, (size_t)scope->table_count + 1, sizeof *first);
  if (!first) return casc_nomem(error);
  uint64_t rows = 0;
  for (uint32_t i = 0; i < scope->table_count; i++) {
    first[i] = (uint32_t)rows;
    rows += closure->sets[i].count;
  }
  links all = {.closure = closure, .first = first};
  cascade_status status = rows && rows < UINT32_MAX ? look(&all, (uint32_t)rows, error) : CASCADE_OK;
  casc_free(scope->alloc, all.from.items);
  casc_free(scope->alloc, all.to.items);
  casc_free(scope->alloc, first);
  return status;
}

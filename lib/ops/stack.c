#include "purge_internal.h"

cascade_status casc_stack_push(casc_stack *stack, casc_source_kind kind, uint32_t table, casc_level **level,
                               cascade_error **error) {
  if (!casc_grow(stack->scope->alloc, (void **)&stack->levels, &stack->capacity, stack->count + 1, sizeof *stack->levels))
    return casc_nomem(error);
  *level = &stack->levels[stack->count++];
  **level = (casc_level){0};
  casc_source_init(&(*level)->source, stack->scope, kind, table);
  casc_keyset_of(stack->scope, table, &(*level)->open);
  return CASCADE_OK;
}

void casc_stack_pop(casc_stack *stack) {
  casc_level *level = &stack->levels[--stack->count];
  casc_source_free(&level->source);
  casc_keyset_free(&level->open);
}

void casc_stack_free(casc_stack *stack) {
  if (!stack->scope) return;
  while (stack->count) casc_stack_pop(stack);
  casc_free(stack->scope->alloc, stack->levels);
  casc_free(stack->scope->alloc, stack->open);
  *stack = (casc_stack){0};
}

cascade_status casc_stack_open_rows(casc_stack *stack, casc_closure *closure, cascade_error **error) {
  uint32_t count = 0;
  if (!casc_grow(stack->scope->alloc, (void **)&stack->open, &stack->open_capacity, stack->count, sizeof *stack->open))
    return casc_nomem(error);
  for (size_t i = 0; i + 1 < stack->count; i++) /* the top has none: it is being worked on */
    if (stack->levels[i].open.count) stack->open[count++] = (casc_open_row){stack->levels[i].source.table, &stack->levels[i].open};
  closure->open = stack->open;
  closure->open_count = count;
  return CASCADE_OK;
}

static cascade_status push_referencing(casc_stack *stack, uint32_t relation, const casc_keyset *row, cascade_error **error) {
  casc_scope *scope = stack->scope;
  const casc_relation *facts = scope->relations[relation].relation;
  casc_level *level = NULL;
  cascade_status status = casc_stack_push(stack, CASC_SOURCE_REFERENCING, facts->table, &level, error);
  if (status < 0) return status;
  level->source.relation = relation;
  casc_keyset_of(scope, facts->ref_table, &level->source.parent);
  return casc_keyset_add(&level->source.parent, row) ? CASCADE_OK : casc_nomem(error);
}

static cascade_status push_listed(casc_stack *stack, uint32_t table, const casc_keyset *rows, cascade_error **error) {
  casc_level *level = NULL;
  cascade_status status = casc_stack_push(stack, CASC_SOURCE_LISTED, table, &level, error);
  if (status < 0) return status;
  return casc_keyset_add(&level->source.page, rows) ? CASCADE_OK : casc_nomem(error);
}

static bool is_the_row(const casc_keyset *rows, uint32_t table, const casc_keyset *row, uint32_t row_table) {
  cascade_value cell;
  return table == row_table && rows->count == 1 && casc_keyset_contains(rows, casc_keyset_key(row, 0, &cell));
}

cascade_status casc_stack_descend(casc_stack *stack, casc_closure *closure, const casc_keyset *row, bool all,
                                  cascade_error **error) {
  casc_scope *scope = stack->scope;
  const cascade_policy *policy = scope->policy;
  uint32_t row_table = stack->levels[stack->count - 1].source.table;
  casc_keyset *open = &stack->levels[stack->count - 1].open;
  casc_keyset_clear(open);
  if (!casc_keyset_add(open, row)) return casc_nomem(error);
  cascade_status status = CASCADE_OK;
  bool reached_bound = false;
  for (uint32_t i = 0; status >= 0 && i < scope->order_count; i++) {
    uint32_t table = scope->order[i];
    casc_keyset *pending = &closure->pending[table];
    if (!pending->count || is_the_row(pending, table, row, row_table)) continue;
    if (!all && closure->over_relation != CASC_NONE && table != closure->over_table) continue;
    status = push_listed(stack, table, pending, error);
    if (!all) return status;
  }
  for (uint32_t i = 0; status >= 0 && i < policy->to_count[row_table]; i++) {
    uint32_t relation = policy->relations_to[row_table][i];
    reached_bound = reached_bound || relation == closure->over_relation;
    if (!reached_bound || !is_the_row(&closure->pending[row_table], row_table, row, row_table)) continue;
    if (all && (scope->relations[relation].role != CASC_ROLE_CASCADE ||
                !scope->tables[scope->relations[relation].relation->table].examined))
      continue;
    if (!scope->relations[relation].sql.table->key_count) { /* no level can name these rows */
      casc_keyset_clear(open);
      stack->levels[stack->count - 1].shave = relation + 1;
      return CASCADE_OK;
    }
    status = push_referencing(stack, relation, row, error);
    if (!all) return status;
  }
  return status;
}

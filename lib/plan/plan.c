#include "plan_internal.h"

#include "closure.h"
#include "options.h"
#include "transaction.h"

typedef struct builder {
  cascade_plan *plan;
  casc_scope scope;
  casc_closure closure;
  double *estimates; /* by table, when counting stopped at its bound */
  size_t capacity;
} builder;

static cascade_status add_step(builder *build, casc_step step, const casc_statement *sql, cascade_error **error) {
  cascade_plan *plan = build->plan;
  uint32_t at = plan->info.step_count;
  if (sql->failed || sql->sql.failed ||
      !casc_grow(&plan->context->alloc, (void **)&plan->steps, &build->capacity, at + 1, sizeof *plan->steps))
    return casc_nomem(error);
  step.info.size = sizeof step.info;
  step.info.sql = casc_arena_copy(&plan->arena, sql->sql.data, sql->sql.length);
  if (!step.info.sql || !step.found) return casc_nomem(error);
  plan->steps[at] = step;
  plan->info.step_count++;
  return CASCADE_OK;
}

/* Stand-ins for a batch's keys, so that the statement reads as it would with many. */
static cascade_keys some_keys(const casc_sql_table *table) {
  static const int64_t integers[2];
  static const cascade_value cells[2 * 64];
  bool integer = table->key_count == 1 && table->key_types[0] == CASCADE_INT64;
  return (cascade_keys){.size = sizeof(cascade_keys),
                        .count = 2,
                        .column_count = table->key_count < 64 ? table->key_count : 64,
                        .integers = integer ? integers : NULL,
                        .cells = integer ? NULL : cells};
}

static int64_t scan_cost(const casc_relation *relation, const casc_table *table) {
  return relation->flags & CASCADE_RELATION_INDEXED ? 0 : table->row_estimate;
}

static uint32_t index_warning(const casc_relation *relation) {
  return relation->flags & CASCADE_RELATION_INDEXED ? 0 : CASCADE_WARN_NO_INDEX;
}

static void set_rows(builder *build, casc_step *step, uint64_t counted) {
  step->info.rows = counted;
  step->info.accuracy = CASCADE_EXACT;
  if (!build->closure.overflow) return;
  double estimate = build->estimates[step->info.table];
  step->info.accuracy = CASCADE_AT_LEAST;
  if (step->info.kind != CASCADE_STEP_DELETE || estimate <= (double)counted) return;
  step->info.rows = (uint64_t)estimate;
  step->info.accuracy = CASCADE_ESTIMATED;
}

static cascade_status delete_step(builder *build, uint32_t number, cascade_error **error) {
  casc_scope *scope = &build->scope;
  const casc_scope_table *table = &scope->tables[number];
  const cascade_policy *policy = scope->policy;
  casc_step step = {.info = {.kind = CASCADE_STEP_DELETE, .table = number, .relation = -1, .index = ""},
                    .label = table->table->label};
  step.info.way = table->way;
  step.delegated = table->delegated;
  uint32_t ways = 0, way = 0;
  for (uint32_t i = 0; i < policy->from_count[number]; i++) {
    const casc_scope_relation *relation = &scope->relations[policy->relations_from[number][i]];
    if (relation->role != CASC_ROLE_CASCADE) continue;
    ways++;
    way = policy->relations_from[number][i];
    if (!index_warning(relation->relation)) continue;
    step.info.warnings |= CASCADE_WARN_NO_INDEX;
    step.scanned = scan_cost(relation->relation, table->table);
  }
  const casc_relation *only = &policy->relations[way];
  if (number == scope->root) step.found = ways ? "selected, or reached through its relations" : "selected";
  else if (ways == 1) {
    step.info.relation = (int32_t)way;
    step.info.rule = only->rule;
    step.info.index = only->index;
    step.found = only->label;
  } else step.found = casc_arena_printf(&build->plan->arena, "reached through %u relations", ways);
  if (table->table->flags & CASCADE_TABLE_DELETE_TRIGGER) step.info.warnings |= CASCADE_WARN_TRIGGERS;
  if (table->cyclic) step.info.warnings |= CASCADE_WARN_CYCLE;
  set_rows(build, &step, table->held ? build->closure.sets[number].count : build->closure.leaf_rows[number]);
  build->plan->info.deleted += step.info.rows;
  build->plan->tables += step.info.rows > 0;

  casc_statement statement;
  cascade_keys keys = some_keys(table->held ? &table->sql : scope->relations[table->leaf_relation].sql.ref_table);
  casc_sql_filter filter = {.among = &keys};
  if (!table->held) filter = (casc_sql_filter){.relation = &scope->relations[table->leaf_relation].sql, .parents = &keys};
  casc_statement_init(&statement, scope->alloc, "", false);
  scope->dialect->delete_rows(&statement, &table->sql, &filter);
  cascade_status status = add_step(build, step, &statement, error);
  casc_statement_free(&statement);
  return status;
}

/* Rows that refer to the closure through a relation and are not in it. */
static cascade_status count_staying(builder *build, const casc_scope_relation *relation, uint64_t *rows, cascade_error **error) {
  casc_scope *scope = &build->scope;
  const casc_keyset *parents = &build->closure.sets[relation->relation->ref_table];
  uint32_t child = relation->relation->table;
  *rows = 0;
  if (!parents->count) return CASCADE_OK;
  if (!scope->tables[child].reached || relation->relation->rule == CASCADE_RULE_PROTECT)
    return casc_count_referencing(scope, relation, parents, build->closure.limit, rows, error);
  casc_keyset found;
  casc_keyset_of(scope, child, &found);
  cascade_status status = casc_read_referencing(scope, relation, parents, NULL,
                                                build->closure.limit + build->closure.sets[child].count, false, &found, error);
  if (status >= 0 && !casc_keyset_merge(&found, NULL)) status = casc_nomem(error);
  for (size_t i = 0; status >= 0 && i < found.count; i++) {
    cascade_value cell;
    *rows += !casc_keyset_contains(&build->closure.sets[child], casc_keyset_key(&found, i, &cell));
  }
  casc_keyset_free(&found);
  return status;
}

static cascade_status relation_step(builder *build, uint32_t number, cascade_error **error) {
  casc_scope *scope = &build->scope;
  const casc_scope_relation *relation = &scope->relations[number];
  const casc_relation *facts = relation->relation;
  if (relation->role != CASC_ROLE_UPDATE && relation->role != CASC_ROLE_BLOCK) return CASCADE_OK;
  bool update = relation->role == CASC_ROLE_UPDATE;
  const casc_table *table = scope->tables[facts->table].table;
  casc_step step = {.info = {.kind = update ? CASCADE_STEP_UPDATE : CASCADE_STEP_CHECK,
                             .table = facts->table,
                             .relation = (int32_t)number,
                             .rule = facts->rule,
                             .index = facts->index,
                             .warnings = index_warning(facts)},
                    .label = table->label,
                    .found = update ? facts->label : casc_reason_words(relation),
                    .scanned = scan_cost(facts, table)};
  step.info.way = update ? relation->way : "";
  step.delegated = relation->delegated;
  if (update && (table->flags & CASCADE_TABLE_UPDATE_TRIGGER)) step.info.warnings |= CASCADE_WARN_TRIGGERS;
  if (relation->reason == CASC_REASON_NOT_NULL) step.info.warnings |= CASCADE_WARN_NOT_NULL;
  if (relation->rewrites_key) step.info.warnings |= CASCADE_WARN_REWRITES_KEY;
  uint64_t rows = 0;
  cascade_status status = count_staying(build, relation, &rows, error);
  set_rows(build, &step, rows);
  if (update) build->plan->info.updated += rows;
  else build->plan->info.blocking += rows;
  if (status < 0) return status;

  casc_statement statement;
  cascade_keys keys = some_keys(relation->sql.ref_table);
  casc_sql_filter filter = {.relation = &relation->sql, .parents = &keys};
  casc_statement_init(&statement, scope->alloc, "", false);
  if (update) scope->dialect->update_rows(&statement, &relation->sql, relation->values, &filter);
  else scope->dialect->select_keys(&statement, relation->sql.table, &filter, false, false, 1);
  status = add_step(build, step, &statement, error);
  casc_statement_free(&statement);
  return status;
}

/* When counting stopped: rows of a referencing table for each row of the referenced one, as the catalog's sizes suggest. */
static cascade_status estimate(builder *build, cascade_error **error) {
  casc_scope *scope = &build->scope;
  const cascade_policy *policy = scope->policy;
  build->estimates = casc_calloc(scope->alloc, scope->table_count, sizeof *build->estimates);
  if (!build->estimates) return casc_nomem(error);
  build->estimates[scope->root] = (double)build->plan->info.roots;
  for (uint32_t i = scope->order_count; i--;) { /* referenced tables first */
    uint32_t number = scope->order[i];
    double rows = (double)scope->tables[number].table->row_estimate;
    for (uint32_t j = 0; rows >= 1 && j < policy->to_count[number]; j++) {
      const casc_scope_relation *relation = &scope->relations[policy->relations_to[number][j]];
      uint32_t child = relation->relation->table;
      double most = (double)scope->tables[child].table->row_estimate;
      if (relation->role != CASC_ROLE_CASCADE || child == number || most < 1) continue;
      double share = build->estimates[child] + build->estimates[number] / rows * most;
      build->estimates[child] = share < most ? share : most;
    }
  }
  return CASCADE_OK;
}

static cascade_status describe_cycles(builder *build, cascade_error **error) {
  casc_scope *scope = &build->scope;
  cascade_plan *plan = build->plan;
  const char **words = casc_arena_get(&plan->arena, scope->order_count + 1, sizeof *words);
  if (!words) return casc_nomem(error);
  for (uint32_t i = 0; i < scope->order_count;) {
    uint32_t end = i, component = scope->tables[scope->order[i]].component;
    casc_str text;
    casc_str_init(&text, scope->alloc);
    for (; end < scope->order_count && scope->tables[scope->order[end]].component == component; end++) {
      if (end > i) casc_str_put(&text, ", ");
      casc_str_put(&text, scope->tables[scope->order[end]].table->label);
    }
    if (scope->tables[scope->order[i]].cyclic) {
      words[plan->cycle_count] = text.failed ? NULL : casc_arena_copy(&plan->arena, text.data, text.length);
      if (!words[plan->cycle_count++]) {
        casc_str_free(&text);
        return casc_nomem(error);
      }
    }
    casc_str_free(&text);
    i = end;
  }
  plan->cycles = words;
  plan->defers = scope->defer;
  return CASCADE_OK;
}

static cascade_status add_steps(builder *build, cascade_error **error) {
  casc_scope *scope = &build->scope;
  const cascade_policy *policy = scope->policy;
  cascade_status status = CASCADE_OK;
  for (uint32_t i = 0; status >= 0 && i < scope->order_count;) { /* as a batch works: a component at a time */
    uint32_t end = i, component = scope->tables[scope->order[i]].component;
    while (end < scope->order_count && scope->tables[scope->order[end]].component == component) end++;
    for (uint32_t j = i; status >= 0 && j < end; j++)
      for (uint32_t k = 0; status >= 0 && k < policy->to_count[scope->order[j]]; k++)
        status = relation_step(build, policy->relations_to[scope->order[j]][k], error);
    for (uint32_t j = i; status >= 0 && j < end; j++) status = delete_step(build, scope->order[j], error);
    i = end;
  }
  return status;
}

static cascade_status read_plan(builder *build, cascade_error **error) {
  cascade_plan *plan = build->plan;
  cascade_plan_info *info = &plan->info;
  cascade_status status = casc_settle_defaults(&build->scope, error);
  if (status >= 0) status = casc_closure_read_whole(&build->closure, &info->roots, error);
  if (status >= 0 && build->closure.overflow) status = estimate(build, error);
  if (status >= 0) status = add_steps(build, error);
  if (status >= 0) status = describe_cycles(build, error);
  if (status < 0) return status;
  info->accuracy = build->closure.overflow ? CASCADE_AT_LEAST : CASCADE_EXACT;
  info->blocked = info->blocking > 0;
  char digits[17];
  if (!casc_scope_fingerprint(&build->scope, digits)) return casc_nomem(error);
  info->fingerprint = build->closure.overflow
                          ? casc_arena_printf(&plan->arena, "%s-any", digits)
                          : casc_arena_printf(&plan->arena, "%s-%llu", digits, (unsigned long long)info->deleted);
  return info->fingerprint ? CASCADE_OK : casc_nomem(error);
}

static cascade_status build_plan(builder *build, cascade_connection *connection, cascade_policy *policy,
                                 cascade_selection *selection, uint64_t max_rows, cascade_error **error) {
  cascade_plan *plan = build->plan;
  const casc_scope *scope = &build->scope;
  casc_transaction transaction;
  cascade_status status = casc_transaction_begin(&transaction, connection, false, error);
  if (status < 0) return status;
  status = casc_scope_init(&build->scope, connection, policy, selection, CASC_SCOPE_KEYLESS, error);
  if (status >= 0) status = casc_closure_init(&build->closure, &build->scope, error);
  if (status >= 0) {
    build->closure.limit = max_rows;
    plan->info.table = scope->root;
    plan->root_label = scope->tables[scope->root].table->label;
    plan->engine = scope->dialect->engine;
    plan->policy = cascade_policy_ref(policy);
    status = read_plan(build, error);
  }
  casc_transaction_roll_back(&transaction); /* nothing was written */
  if (build->scope.alloc) {
    casc_free(build->scope.alloc, build->estimates);
    casc_closure_free(&build->closure);
    casc_scope_free(&build->scope);
  }
  return status;
}

cascade_status cascade_plan_new(cascade_connection *connection, cascade_policy *policy, cascade_selection *selection,
                                const cascade_plan_options *given, cascade_plan **out, cascade_error **error) {
  if (out) *out = NULL;
  if (!connection || !policy || !selection || !out)
    return casc_fail(NULL, error, CASCADE_INVALID, "plan: connection, policy, selection or the place for the result is NULL");
  cascade_context *context = connection->context;
  cascade_plan_options options;
  cascade_status status = CASC_OPTIONS(context, given, options, max_rows, error);
  if (status < 0) return status;
  cascade_plan *plan = casc_calloc(&context->alloc, 1, sizeof *plan);
  if (!plan) return casc_nomem(error);
  casc_refs_init(&plan->refs);
  plan->context = casc_context_ref(context);
  plan->info.size = sizeof plan->info;
  casc_arena_init(&plan->arena, &context->alloc);
  builder build = {.plan = plan};
  status = build_plan(&build, connection, policy, selection, options.max_rows ? options.max_rows : 200000, error);
  if (status < 0) cascade_plan_free(plan);
  else *out = plan;
  return status;
}

cascade_status cascade_plan_describe(const cascade_plan *plan, cascade_plan_info *info) {
  return plan ? CASC_INFO(info, plan->info, fingerprint) : CASCADE_INVALID;
}

cascade_status cascade_plan_step(const cascade_plan *plan, uint32_t step, cascade_step_info *info) {
  if (!plan || step >= plan->info.step_count) return CASCADE_INVALID;
  return CASC_INFO(info, plan->steps[step].info, sql);
}

void cascade_plan_free(cascade_plan *plan) {
  if (!plan || !casc_refs_drop(&plan->refs)) return;
  cascade_context *context = plan->context;
  casc_free(&context->alloc, plan->steps);
  casc_arena_clear(&plan->arena);
  cascade_policy_free(plan->policy);
  casc_free(&context->alloc, plan);
  cascade_context_free(context);
}

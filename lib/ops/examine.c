/* Before the first change: how large the closure is, and whether anything in it is blocked. Reads only. */
#include "purge_internal.h"

#include "knot.h"

#include <stdlib.h>
#include <string.h>

static cascade_status too_many(cascade_purge *purge, cascade_error **error) {
  const char *table = purge->scope.tables[purge->scope.root].table->label;
  if (purge->options.plan && (!purge->options.max_rows || purge->max_rows < purge->options.max_rows))
    return casc_fail_at(purge->context, error, CASCADE_PLAN_CHANGED, table, NULL,
                        "the plan that was approved deletes %llu rows, now there are more; make a new plan",
                        (unsigned long long)purge->max_rows);
  return casc_fail_at(purge->context, error, CASCADE_MAX_ROWS, table, NULL,
                      "more than %llu row%s would be deleted with what depends on %s; allow more, or select less",
                      (unsigned long long)purge->max_rows, purge->max_rows == 1 ? "" : "s", table);
}

static cascade_status count_up_to_max(cascade_purge *purge, cascade_error **error) {
  casc_closure closure;
  uint64_t roots;
  cascade_status status = casc_closure_init(&closure, &purge->scope, error);
  closure.limit = purge->max_rows;
  closure.deletes_only = true;
  if (status >= 0) status = casc_closure_read_whole(&closure, &roots, error);
  if (status >= 0 && closure.overflow) status = too_many(purge, error);
  casc_closure_free(&closure);
  return status;
}

/* A closure too large to hold is examined in parts, each row on which a blocking relation can hang at least once. */
static cascade_status examine_part(cascade_purge *purge, casc_stack *stack, casc_closure *closure, size_t *take,
                                   cascade_error **error) {
  casc_level *level = &stack->levels[stack->count - 1];
  if (level->open.count) { /* what hangs on it has been examined above */
    casc_source_take(&level->source, 1);
    casc_keyset_clear(&level->open);
  }
  casc_keyset keys;
  casc_keyset_of(&purge->scope, level->source.table, &keys);
  cascade_status status = casc_source_peek(&level->source, *take, &keys, error);
  if (status >= 0 && !keys.count) {
    casc_stack_pop(stack);
    casc_keyset_free(&keys);
    return status;
  }
  casc_closure_clear(closure);
  if (status >= 0) status = casc_stack_open_rows(stack, closure, error);
  if (status >= 0) status = casc_closure_seed(closure, level->source.table, &keys, error);
  if (status >= 0) status = casc_closure_expand(closure, error);
  bool overflow = closure->overflow;
  if (status >= 0 && overflow && keys.count > 1) {
    *take = keys.count / 2;
  } else {
    if (status >= 0) status = casc_closure_examine(closure, error);
    if (status >= 0 && overflow) status = casc_stack_descend(stack, closure, &keys, true, error);
    if (status >= 0 && !overflow) {
      casc_source_take(&level->source, keys.count);
      *take = *take < 65536 / 2 ? *take * 2 : 65536;
    }
  }
  casc_keyset_free(&keys);
  return status;
}

static cascade_status examine_all(cascade_purge *purge, cascade_error **error) {
  casc_stack stack = {.scope = &purge->scope};
  casc_closure closure;
  casc_level *level;
  size_t take = 1024;
  bool circular = false;
  enum { STEPS = 10000 };
  cascade_status status = casc_closure_init(&closure, &purge->scope, error);
  closure.examining = true;
  closure.limit = purge->options.max_tx_rows;
  if (status >= 0) status = casc_stack_push(&stack, CASC_SOURCE_SELECTED, purge->scope.root, &level, error);
  for (uint32_t steps = 0; status >= 0 && stack.count && !circular; steps++) {
    status = examine_part(purge, &stack, &closure, &take, error);
    circular = closure.met_open || steps > STEPS;
  }
  if (status >= 0 && circular) { /* parts would be read again and again: take what blockers can hang on as a whole */
    uint64_t roots;
    casc_closure_clear(&closure);
    closure.open_count = 0;
    closure.limit = 0;
    status = casc_closure_read_whole(&closure, &roots, error);
    closure.whole = false; /* tables on which no blocker can hang are not in it */
    if (status >= 0) status = casc_closure_examine(&closure, error);
  }
  casc_closure_free(&closure);
  casc_stack_free(&stack);
  return status;
}

/* Whether rows refer to each other in a knot is told before the first of them goes. Without checks there is none, and the host may
   keep what makes one. `closure`: all of it, or NULL. */
static cascade_status look_for_knots(cascade_purge *purge, casc_closure *closure, cascade_error **error) {
  if (purge->options.integrity == CASCADE_INTEGRITY_PROVEN || purge->options.before_batch || !casc_may_knot(&purge->scope))
    return CASCADE_OK;
  if (closure) return casc_closure_refuse_knots(closure, error);
  casc_closure own;
  uint64_t roots;
  cascade_status status = casc_closure_init(&own, &purge->scope, error);
  own.examining = true;
  if (status >= 0) status = casc_closure_read_whole(&own, &roots, error);
  if (status >= 0) status = casc_closure_refuse_knots(&own, error);
  casc_closure_free(&own);
  return status;
}

/* For progress; a predicate's rows are counted no further than is worth the wait. */
static cascade_status expect_roots(cascade_purge *purge, cascade_error **error) {
  enum { WORTH_COUNTING = 2000000 };
  const cascade_selection *selection = purge->scope.selection;
  if (selection->by_keys) {
    purge->batch.roots_expected = (int64_t)selection->keys.count;
    return CASCADE_OK;
  }
  casc_statement statement;
  int64_t count = 0;
  casc_session_statement(purge->connection, &statement);
  purge->scope.dialect->count(&statement, &purge->scope.tables[purge->scope.root].sql,
                              &(casc_sql_filter){.where = selection->where,
                                                 .where_parameters = selection->parameters,
                                                 .where_parameter_count = selection->parameter_count},
                              WORTH_COUNTING);
  cascade_status status = casc_ask_integer(purge->connection, &statement, 0, &count, error);
  casc_statement_free(&statement);
  purge->batch.roots_expected = count < WORTH_COUNTING ? count : -1;
  return status;
}

static cascade_status compare_plan(cascade_purge *purge, cascade_error **error) {
  char digits[17];
  const char *approved = purge->options.plan;
  if (!approved) return CASCADE_OK;
  if (!casc_scope_fingerprint(&purge->scope, digits)) return casc_nomem(error);
  const char *dash = strchr(approved, '-');
  char *end = NULL;
  unsigned long long rows = dash ? strtoull(dash + 1, &end, 10) : 0;
  if (!dash || dash - approved != 16 || (*end && strcmp(dash + 1, "any")))
    return casc_fail(purge->context, error, CASCADE_INVALID,
                     "'%s' is not the fingerprint of a plan, which is the last line of 'cascade plan'", approved);
  if (strncmp(approved, digits, 16))
    return casc_fail(purge->context, error, CASCADE_PLAN_CHANGED,
                     "schema, rules or selection are not those of the plan that was approved; make a new plan");
  if (strcmp(dash + 1, "any") && rows < purge->max_rows) purge->max_rows = rows;
  return CASCADE_OK;
}

/* Rows to which nothing can refer are no more than the keys that select them: there is nothing to look for. */
static bool goes_alone(const cascade_purge *purge) {
  const casc_scope *scope = &purge->scope;
  const cascade_selection *selection = scope->selection;
  uint64_t most = purge->options.max_tx_rows < purge->max_rows ? purge->options.max_tx_rows : purge->max_rows;
  return selection->by_keys && !scope->policy->to_count[scope->root] && selection->keys.count <= most;
}

static cascade_status measure(cascade_purge *purge, cascade_error **error) {
  casc_closure *closure = &purge->closure;
  uint64_t roots = 0;
  cascade_status status = CASCADE_OK;
  purge->atomic = purge->guard.presumed || goes_alone(purge);
  if (!goes_alone(purge)) status = casc_settle_defaults(&purge->scope, error);
  if (purge->atomic) return status < 0 ? status : expect_roots(purge, error);
  closure->limit = purge->options.max_tx_rows;
  if (status >= 0) status = casc_closure_read_whole(closure, &roots, error);
  if (status < 0) return status;
  purge->atomic = !closure->overflow;
  if (purge->atomic) {
    purge->batch.roots_expected = (int64_t)roots;
    if (casc_closure_deleted(closure) > purge->max_rows) return too_many(purge, error);
    status = casc_closure_examine(closure, error);
    return status < 0 ? status : look_for_knots(purge, closure, error);
  }
  if (purge->guard.detaching)
    return casc_fail_at(
        purge->context, error, CASCADE_NOT_ATOMIC, purge->scope.tables[purge->scope.root].table->label, NULL,
        "a detach goes in one transaction, and more than %llu rows would be deleted or rewritten at once; detach more "
        "relations, or allow a larger transaction",
        (unsigned long long)purge->options.max_tx_rows);
  if (purge->nested)
    return casc_fail_at(purge->context, error, CASCADE_NOT_ATOMIC, purge->scope.tables[purge->scope.root].table->label, NULL,
                        "inside a transaction of the host everything goes in one batch, and the closure has more than %llu rows; "
                        "allow a larger batch, or purge outside of the transaction",
                        (unsigned long long)purge->options.max_tx_rows);
  if (purge->scope.hazardous)
    return casc_fail_at(purge->context, error, CASCADE_NOT_ATOMIC, purge->scope.tables[purge->scope.root].table->label, NULL,
                        "a rule rewrites columns that other rows refer to, which only one transaction can prove sound, and the "
                        "closure has more than %llu rows; allow a larger transaction",
                        (unsigned long long)purge->options.max_tx_rows);
  status = purge->max_rows < UINT64_MAX ? count_up_to_max(purge, error) : CASCADE_OK;
  if (status >= 0 && purge->scope.blocking) status = examine_all(purge, error);
  if (status >= 0) status = look_for_knots(purge, NULL, error);
  return status < 0 ? status : expect_roots(purge, error);
}

cascade_status casc_purge_examine(cascade_purge *purge, cascade_error **error) {
  cascade_status status = compare_plan(purge, error);
  if (status < 0) return status;
  if (purge->guard.presumed) return measure(purge, error);
  casc_transaction transaction;
  status = casc_transaction_begin(&transaction, purge->connection, false, error);
  if (status < 0) return status;
  purge->nested = transaction.nested;
  status = measure(purge, error);
  casc_transaction_roll_back(&transaction); /* nothing was written */
  casc_closure_clear(&purge->closure);
  return status;
}

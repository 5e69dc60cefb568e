/* One call of cascade_purge_next(): batches until one has been committed. */
#include "purge_internal.h"

#include <stdlib.h>

enum {
  RETRIES = 8,
  BUSY_RETRIES = 2,
  FK_RETRIES = 3,
  ROUNDS = 3,
  FRUITLESS_CIRCLES = 4,
  CIRCULAR_DEPTH = 8,
  PASSES = 4,
  ALL_ROOTS = 65536
};

#define ROLLED_BACK "the batch was rolled back"

typedef enum step_outcome { COMMITTED, AGAIN, AT_END } step_outcome;

static void close_row(casc_level *level) {
  casc_keyset_clear(&level->open);
  level->drain = false;
  level->descents = 0;
}

static void roll_back(cascade_purge *purge) {
  casc_transaction_roll_back(&purge->transaction);
  casc_archiving_end(&purge->archiving, purge->committing); /* of what nobody knows whether it was committed, the copies stay */
}

static bool proves(const cascade_purge *purge) {
  return purge->options.integrity == CASCADE_INTEGRITY_PROVEN && purge->scope.enforced;
}

static cascade_status begin(cascade_purge *purge, cascade_error **error) {
  const casc_dialect *dialect = purge->scope.dialect;
  cascade_status status = casc_transaction_begin(&purge->transaction, purge->connection, true, error);
  if (status < 0) return status;
  if (!purge->nested) status = casc_transaction_bound(&purge->transaction, purge->options.statement_timeout_ms, error);
  if (status >= 0 && proves(purge) && dialect->checks_off_local)
    status = casc_control(purge->connection, dialect->checks_off_local, error);
  if (status >= 0 && purge->scope.defer && !proves(purge)) status = casc_control(purge->connection, dialect->defer, error);
  if (status >= 0 && purge->guard.begun) status = purge->guard.begun(purge->guard.data, error);
  return status;
}

/* The rows that are open below the top, held in their turn, top-down, so that what hangs on them does not grow meanwhile. One that
   does not belong any more ends the work on what hangs on it. */
static cascade_status hold_open(cascade_purge *purge, bool *left, cascade_error **error) {
  casc_stack *stack = &purge->stack;
  cascade_status status = CASCADE_OK;
  *left = false;
  for (size_t i = 0; status >= 0 && !*left && i + 1 < stack->count; i++) {
    casc_level *level = &stack->levels[i];
    casc_keyset still;
    if (!level->open.count) continue;
    casc_keyset_of(&purge->scope, level->source.table, &still);
    status = casc_source_hold(&level->source, &level->open, &still, error);
    *left = status >= 0 && !still.count;
    casc_keyset_free(&still);
    if (!*left) continue;
    while (stack->count > i + 1) casc_stack_pop(stack);
    close_row(level);
  }
  return status;
}

/* The keys that a batch starts from, looked at again under its lock. `taken`: how many of the level's next keys they stand for. */
static cascade_status choose(cascade_purge *purge, casc_level *level, casc_keyset *still, size_t *taken, cascade_error **error) {
  casc_keyset keys;
  casc_keyset_of(&purge->scope, level->source.table, &keys);
  cascade_status status = casc_source_peek(&level->source, level->open.count || level->shave ? 1 : purge->roots, &keys, error);
  *taken = keys.count;
  if (status >= 0 && keys.count) status = casc_source_still(&level->source, &keys, still, error);
  casc_keyset_free(&keys);
  return status;
}

/* Of the rows that a batch started from, those that go. */
static size_t going(const cascade_purge *purge, const casc_keyset *still) {
  const casc_level *level = &purge->stack.levels[purge->stack.count - 1];
  size_t count = 0;
  if (purge->stack.count > 1 || level->shave) return 0; /* only selected rows are counted */
  if (!purge->options.before_batch) return still->count;
  for (size_t i = 0; i < still->count; i++) {
    cascade_value cell;
    count += casc_keyset_contains(&purge->closure.sets[level->source.table], casc_keyset_key(still, i, &cell));
  }
  return count;
}

static void account(cascade_purge *purge, const casc_batch *done, const casc_keyset *still, uint64_t nanoseconds) {
  const casc_level *level = &purge->stack.levels[purge->stack.count - 1];
  purge->batch.deleted = purge->batch.updated = 0;
  for (uint32_t i = 0; i < purge->scope.table_count; i++) {
    purge->deleted[i] += done->deleted[i];
    purge->updated[i] += done->updated[i];
    purge->batch.deleted += done->deleted[i];
    purge->batch.updated += done->updated[i];
  }
  purge->report.deleted += purge->batch.deleted;
  purge->report.updated += purge->batch.updated;
  casc_pace_learn(purge, still->count, purge->closure.rows + done->unread, nanoseconds, purge->commit_ns);
  purge->batch.nanoseconds = purge->unpaced_ns = nanoseconds;
  purge->batch.table = level->source.table;
  purge->batch.roots_done += going(purge, still);
  if (nanoseconds > purge->report.longest_ns) purge->report.longest_ns = nanoseconds;
}

static cascade_status commit(cascade_purge *purge, const casc_batch *done, size_t roots, cascade_error **error) {
  uint64_t deleted = 0;
  for (uint32_t i = 0; i < purge->scope.table_count; i++) deleted += done->deleted[i];
  if (purge->report.deleted > purge->max_rows || deleted > purge->max_rows - purge->report.deleted)
    return casc_fail(purge->context, error, CASCADE_MAX_ROWS,
                     "rows were added meanwhile: with this batch, more than the %llu rows that are allowed would be deleted",
                     (unsigned long long)purge->max_rows);
  casc_guarded facts = {.deleted = done->deleted,
                        .updated = done->updated,
                        .table_count = purge->scope.table_count,
                        .roots = roots,
                        .whole = purge->atomic};
  cascade_status status = casc_record_batch(&purge->record, &purge->hooks, done, purge->atomic, error);
  if (status < 0) return status;
  status = purge->guard.ending ? purge->guard.ending(purge->guard.data, &facts, error) : CASCADE_OK;
  if (status < 0) return status;
  status = casc_archiving_flush(&purge->archiving, error);
  if (status < 0) return status;
  uint64_t start = casc_now_ns();
  if (purge->nested && proves(purge))
    status = casc_control(purge->connection, purge->scope.dialect->checks_on_local[purge->scope.checks - 1], error);
  purge->committing = status >= 0;
  if (status >= 0) status = casc_transaction_commit(&purge->transaction, error);
  if (status != CASCADE_CONNECTION) purge->committing = false;
  if (status >= 0) casc_archiving_end(&purge->archiving, true);
  purge->commit_ns = casc_now_ns() - start;
  return status;
}

/* Rows that refer to the open row through an updating relation: a level of their own when there are too many. */
static cascade_status rewrite(cascade_purge *purge, casc_level *level, const casc_keyset *still, casc_batch *batch,
                              cascade_error **error) {
  casc_closure_clear(&purge->closure);
  purge->closure.limit = 0; /* the level gives no more rows than a batch may have */
  cascade_status status = casc_batch_rewrite(batch, level->source.relation, still, error);
  return status < 0 ? status : commit(purge, batch, 0, error);
}

/* Rows without a key that hang on one row: as many as a transaction may touch. `more`: there may be others. */
static cascade_status shave(cascade_purge *purge, const casc_level *level, const casc_keyset *row, casc_batch *batch, bool *more,
                            cascade_error **error) {
  uint64_t rows = 0, most = purge->options.max_tx_rows;
  casc_closure_clear(&purge->closure);
  cascade_status status = casc_batch_shave(batch, level->shave - 1, row, most, &rows, error);
  *more = rows >= most;
  return status < 0 || !rows ? status : commit(purge, batch, 0, error);
}

/* More hangs on one row of the level than a transaction may touch: that goes first, in levels of its own. Where this does not get
   further, what is left hangs together in a circle, or others add to it all the time: then it goes in one transaction. */
static cascade_status descend(cascade_purge *purge, const casc_keyset *row, cascade_error **error) {
  casc_level *level = &purge->stack.levels[purge->stack.count - 1];
  uint64_t done = purge->report.deleted + purge->report.updated;
  bool fruitless = level->open.count && level->deleted == done;
  level->deleted = done;
  /* each relation is worth a few descents: more than that means that rows are added as fast as they go */
  bool lost = purge->circular && purge->stack.count > CIRCULAR_DEPTH; /* in a thicket of circles, no way is short */
  if (!fruitless && !lost && level->descents++ < ROUNDS * (purge->scope.relation_count + 1))
    return casc_stack_descend(&purge->stack, &purge->closure, row, false, error);
  casc_log(purge->context, CASCADE_LOG_WARNING, "a row of table %s and what hangs on it go in one large transaction",
           purge->scope.tables[level->source.table].table->label);
  level->drain = true;
  return CASCADE_OK;
}

static cascade_status fill_closure(cascade_purge *purge, uint32_t table, const casc_keyset *still, cascade_error **error) {
  casc_closure *closure = &purge->closure;
  casc_closure_clear(closure);
  bool unbounded = purge->atomic || purge->stack.levels[purge->stack.count - 1].drain;
  bool most = purge->guard.presumed || (!unbounded && still->count == 1);
  closure->limit = most ? purge->options.max_tx_rows : unbounded ? 0 : casc_pace_bound(purge);
  closure->whole = purge->atomic;
  closure->lock = true;
  closure->keys_only = true;
  cascade_status status = casc_stack_open_rows(&purge->stack, closure, error);
  if (status >= 0) status = casc_closure_seed(closure, table, still, error);
  if (status >= 0) status = casc_closure_expand(closure, error);
  if (status >= 0 && !closure->overflow) status = casc_closure_examine(closure, error);
  if (status >= 0 && !closure->overflow) status = casc_closure_hold_back(closure, error);
  if (status >= 0 && !closure->overflow && closure->kept) status = casc_closure_spare(closure, error);
  return status;
}

/* In a purge of one transaction, all selected rows are taken at once, and held. */
static cascade_status choose_all(cascade_purge *purge, casc_level *level, casc_keyset *still, size_t *taken,
                                 cascade_error **error) {
  casc_keyset keys, held;
  casc_keyset_of(&purge->scope, level->source.table, &keys);
  casc_keyset_of(&purge->scope, level->source.table, &held);
  casc_source_free(&level->source); /* a retry starts from the beginning */
  casc_source_init(&level->source, &purge->scope, CASC_SOURCE_SELECTED, purge->scope.root);
  bool locks = purge->scope.dialect->row_locks;
  level->source.locking = locks && purge->scope.selection->by_keys && purge->scope.tables[purge->scope.root].sql.shown_is_key;
  cascade_status status;
  do {
    status = casc_source_peek(&level->source, ALL_ROOTS, &keys, error);
    bool hold = status >= 0 && keys.count && locks && !level->source.locking;
    if (hold) status = casc_source_still(&level->source, &keys, &held, error);
    casc_source_take(&level->source, keys.count);
    if (status >= 0 && !casc_keyset_add(still, hold ? &held : &keys)) status = casc_nomem(error);
  } while (status >= 0 && keys.count);
  *taken = 0; /* they are taken already */
  casc_keyset_free(&keys);
  casc_keyset_free(&held);
  return status;
}

/* Circle upon circle, and nothing that could go alone: the nearest open row goes with all that hangs on it, and where that is not
   enough, the next one after it. */
static void drain_nearest(cascade_purge *purge) {
  size_t at = purge->stack.count;
  while (at && (!purge->stack.levels[at - 1].open.count || purge->stack.levels[at - 1].drain)) at--;
  if (!at) return;
  while (purge->stack.count > at) casc_stack_pop(&purge->stack);
  purge->stack.levels[at - 1].drain = true;
}

/* What the host says of the batch before it is begun. */
static cascade_status consult(cascade_purge *purge, cascade_error **error) {
  const cascade_purge_options *options = &purge->options;
  cascade_status status =
      purge->telling ? casc_hooks_read(&purge->hooks, &purge->closure, options->before_batch, error) : CASCADE_OK;
  if (status < 0 || !options->before_batch) return status;
  status = casc_hooks_call(&purge->hooks, options->before_batch, options->hook_data, "before-batch", ROLLED_BACK, error);
  if (status >= 0) status = casc_hooks_obey(&purge->hooks, &purge->closure, error);
  return status < 0 ? status : casc_hooks_note(&purge->hooks, &purge->closure, error);
}

/* The rows with all that hangs on them. Not committed, and no failure, when that is too much, or can go only with open rows, or
   stays by the host's word. */
static cascade_status delete_rows(cascade_purge *purge, const casc_level *level, const casc_keyset *still, casc_batch *batch,
                                  cascade_error **error) {
  const cascade_purge_options *options = &purge->options;
  casc_closure *closure = &purge->closure;
  cascade_status status = fill_closure(purge, level->source.table, still, error);
  if (status >= 0 && !closure->overflow) status = consult(purge, error);
  if (status < 0 || closure->overflow || casc_closure_is_empty(closure)) return status;
  status = casc_archiving_copy(&purge->archiving, closure, error);
  if (status >= 0) status = casc_batch_delete(batch, error);
  if (status < 0 || closure->overflow) return status;
  status = casc_archiving_verify(&purge->archiving, batch, error);
  if (status < 0) return status;
  status = casc_record_rows(&purge->record, &purge->hooks, error);
  if (status >= 0 && purge->telling)
    status = casc_hooks_call(&purge->hooks, options->after_batch, options->hook_data, "after-batch", ROLLED_BACK, error);
  if (status >= 0) status = casc_session_proceed(purge->connection, error); /* a hook may have cancelled, and COMMIT is past that */
  return status < 0 ? status : commit(purge, batch, going(purge, still), error);
}

static cascade_status change(cascade_purge *purge, casc_level *level, const casc_keyset *still, casc_batch *batch, bool *more,
                             cascade_error **error) {
  bool rewriting =
      level->source.kind == CASC_SOURCE_REFERENCING && purge->scope.relations[level->source.relation].role == CASC_ROLE_UPDATE;
  if (level->shave) return shave(purge, level, still, batch, more, error);
  return rewriting ? rewrite(purge, level, still, batch, error) : delete_rows(purge, level, still, batch, error);
}

/* The batch would have been too large. */
static cascade_status split(cascade_purge *purge, const casc_keyset *still, cascade_error **error) {
  if (purge->guard.presumed)
    return casc_fail(purge->context, error, CASCADE_NOT_ATOMIC, "more than %llu rows would go at once",
                     (unsigned long long)purge->options.max_tx_rows);
  roll_back(purge);
  purge->roots = still->count > 1 ? still->count / 2 : 1;
  return still->count == 1 ? descend(purge, still, error) : CASCADE_OK;
}

/* The batch is committed, or there was nothing to commit. `more`: of what the level shaves off, there may be others. */
static cascade_status settle(cascade_purge *purge, casc_level *level, const casc_batch *batch, const casc_keyset *still,
                             size_t taken, bool more, uint64_t start, step_outcome *outcome, cascade_error **error) {
  bool committed = !purge->transaction.open, shaving = level->shave;
  cascade_status status = CASCADE_OK;
  roll_back(purge);
  casc_source_take(&level->source, shaving ? 0 : taken);
  if (!shaving) close_row(level);
  if (committed) account(purge, batch, still, casc_now_ns() - start);
  if (!more) level->shave = 0;
  if (committed) casc_record_settle(&purge->record);
  if (!committed && purge->telling) status = casc_hooks_settle(&purge->hooks, error);
  purge->circular = purge->circular || purge->closure.held_back;
  if (!committed && purge->closure.held_back && ++purge->circles >= FRUITLESS_CIRCLES) drain_nearest(purge);
  *outcome = committed ? COMMITTED : purge->atomic ? AT_END : AGAIN; /* what goes as a whole has been asked about */
  return status;
}

static cascade_status run_batch(cascade_purge *purge, casc_level *level, const casc_keyset *still, size_t taken, uint64_t start,
                                step_outcome *outcome, cascade_error **error) {
  casc_batch batch;
  bool more = false;
  cascade_status status = casc_batch_init(&batch, &purge->closure, error);
  batch.detach = purge->guard.detach;
  batch.detach_data = purge->guard.data;
  batch.exact = purge->options.archive;
  batch.move = purge->options.archive ? casc_archiving_move : NULL;
  batch.move_data = &purge->archiving;
  if (status >= 0) status = change(purge, level, still, &batch, &more, error);
  if (status >= 0 && purge->closure.overflow) status = split(purge, still, error);
  else if (status >= 0) status = settle(purge, level, &batch, still, taken, more, start, outcome, error);
  casc_batch_free(&batch);
  return status;
}

static cascade_status work(cascade_purge *purge, casc_keyset *still, step_outcome *outcome, cascade_error **error) {
  casc_level *level = &purge->stack.levels[purge->stack.count - 1];
  size_t taken = 0;
  uint64_t start = casc_now_ns();
  bool left = false;
  *outcome = AGAIN;
  cascade_status status = hold_open(purge, &left, error);
  if (left) roll_back(purge);
  if (status < 0 || left) return status;
  status = purge->atomic ? choose_all(purge, level, still, &taken, error) : choose(purge, level, still, &taken, error);
  if (status < 0) return status;
  if (still->count) return run_batch(purge, level, still, taken, start, outcome, error);
  roll_back(purge);
  if (!taken) *outcome = AT_END;
  casc_source_take(&level->source, taken);
  if (taken) close_row(level);
  level->shave = 0;
  return CASCADE_OK;
}

static void name_table(cascade_error **error) {
  const char *table = cascade_error_table(*error);
  bool slow = cascade_error_status(*error) == CASCADE_TIMEOUT;
  char words[320];
  snprintf(words, sizeof words,
           slow ? "a statement on table %.200s took too long; the plan says where an index is missing" : "table %.200s",
           table ? table : "");
  if (table) casc_error_explain(error, NULL, NULL, words);
}

/* A constraint that fails is a row that stands in the way, seen by the database instead of by us. */
static void explain(cascade_purge *purge, cascade_error **error) {
  cascade_status status = cascade_error_status(*error);
  if (status == CASCADE_TIMEOUT || status == CASCADE_BUSY) name_table(error);
  if (status == CASCADE_CONSTRAINT || status == CASCADE_CONSTRAINT_FK) {
    cascade_error *told = NULL;
    casc_fail_at(purge->context, &told, CASCADE_BLOCKED, cascade_error_table(*error), cascade_error_relation(*error),
                 "the database refuses the delete: %s", cascade_error_message(*error));
    cascade_error_free(*error);
    *error = told;
  }
  if (!purge->nested && (status == CASCADE_DEADLOCK || status == CASCADE_SERIALIZATION)) { /* nested, nothing is tried again */
    cascade_error *told = NULL;
    casc_fail_at(purge->context, &told, CASCADE_CONTENDED, cascade_error_table(*error), cascade_error_relation(*error),
                 "other sessions write to the same rows in every one of %d tries; go on when they are done: %s", RETRIES + 1,
                 cascade_error_message(*error));
    cascade_error_free(*error);
    *error = told;
  }
  if (status == CASCADE_NOMEM) return;
  bool host_goes_on = purge->nested && casc_in_host_transaction(purge->connection);
  int32_t state = purge->committing ? CASCADE_TX_UNKNOWN : host_goes_on ? CASCADE_TX_OPEN : CASCADE_TX_ROLLED_BACK;
  casc_error_set_transaction(*error, state);
}

/* A row that was on its way in when its parent was locked is seen by the next try; a statement that took too long gets fewer
   rows. */
static bool worth_retrying(cascade_purge *purge, const cascade_error *error, uint32_t tries) {
  if (purge->nested) return false; /* the host's transaction may be gone, or hold what others wait for */
  if (cascade_error_status(error) == CASCADE_CONSTRAINT_FK && purge->scope.dialect->row_locks) return tries < FK_RETRIES;
  if (cascade_error_status(error) == CASCADE_TIMEOUT) {
    casc_pace_shrink(purge);
    return tries < (purge->atomic ? 1 : RETRIES); /* what goes as a whole gets no smaller */
  }
  if (!cascade_error_retryable(error) || cascade_error_status(error) == CASCADE_CONTENDED) return false;
  /* the driver has already waited its lock timeout before it says that it could not begin */
  bool at_begin = cascade_error_status(error) == CASCADE_BUSY && !purge->transaction.open;
  return tries < (at_begin ? BUSY_RETRIES : RETRIES);
}

static cascade_status attempt(cascade_purge *purge, step_outcome *outcome, cascade_error **error) {
  for (uint32_t tries = 0;; tries++) {
    cascade_error *failure = NULL;
    casc_keyset still;
    casc_keyset_of(&purge->scope, purge->stack.levels[purge->stack.count - 1].source.table, &still);
    casc_hooks_clear(&purge->hooks);
    cascade_status status = begin(purge, &failure);
    if (status >= 0) status = work(purge, &still, outcome, &failure);
    casc_keyset_free(&still);
    if (status >= 0) {
      purge->batch.retries = tries;
      return status;
    }
    bool again = worth_retrying(purge, failure, tries);
    roll_back(purge);
    if (!again) {
      explain(purge, &failure);
      return casc_error_pass(failure, error);
    }
    casc_log(purge->context, CASCADE_LOG_WARNING, "batch rolled back and tried again: %s", cascade_error_message(failure));
    cascade_error_free(failure);
    purge->report.retries++;
    casc_back_off(tries);
  }
}

static bool budget_is_used_up(const cascade_purge *purge) {
  const cascade_purge_options *options = &purge->options;
  if (!purge->report.batches) return false;
  return (options->row_budget && purge->report.deleted >= options->row_budget) ||
         (options->time_budget_ms && casc_now_ns() - purge->started_ns >= options->time_budget_ms * UINT64_C(1000000));
}

/* Rows that came to meet the condition behind the place where the purge was at work: they are found by another pass. */
static cascade_status look_again(cascade_purge *purge, cascade_error **error) {
  casc_level *level;
  bool settled = purge->scope.selection->by_keys || purge->atomic || purge->report.batches == purge->batches_before;
  if (settled || ++purge->passes >= PASSES) return CASCADE_OK;
  purge->batches_before = purge->report.batches;
  return casc_stack_push(&purge->stack, CASC_SOURCE_SELECTED, purge->scope.root, &level, error);
}

/* Nothing of the batch can be taken back any more. */
static cascade_status tell_of_commit(cascade_purge *purge, cascade_error **error) {
  const cascade_purge_options *options = &purge->options;
  if (!purge->telling) return CASCADE_OK;
  cascade_status status = casc_hooks_settle(&purge->hooks, error);
  if (status >= 0)
    status = casc_hooks_call(&purge->hooks, options->after_commit, options->hook_data, "after-commit",
                             "the batch stays committed, and the purge ends here", error);
  if (status < 0) purge->finished = false;
  return status;
}

cascade_status casc_purge_step(cascade_purge *purge, cascade_error **error) {
  while (!purge->finished) {
    step_outcome outcome = AGAIN;
    if (budget_is_used_up(purge)) return CASCADE_DONE;
    cascade_status status = casc_pace_wait(purge, error);
    if (status == CASCADE_DONE) return status;
    if (status >= 0 && purge->guard.between) status = purge->guard.between(purge->guard.data, error);
    if (status >= 0) status = casc_pace_yield(purge, error);
    if (status >= 0) status = attempt(purge, &outcome, error);
    if (status < 0) return status;
    if (outcome == COMMITTED) {
      purge->batch.number = ++purge->report.batches;
      purge->batch.total_deleted = purge->report.deleted;
      purge->batch.total_updated = purge->report.updated;
      casc_log(purge->context, CASCADE_LOG_INFO, "batch %llu: %llu rows deleted, %llu rewritten, %.1f ms",
               (unsigned long long)purge->batch.number, (unsigned long long)purge->batch.deleted,
               (unsigned long long)purge->batch.updated, (double)purge->batch.nanoseconds / 1e6);
      if (purge->atomic) purge->finished = true;
      purge->circles = 0;
      return tell_of_commit(purge, error);
    }
    if (outcome != AT_END) continue;
    casc_stack_pop(&purge->stack);
    if (!purge->stack.count && (status = look_again(purge, error)) < 0) return status;
    purge->finished = !purge->stack.count;
  }
  cascade_status status = casc_record_finish(&purge->record, &purge->hooks, error);
  return status < 0 ? status : CASCADE_DONE;
}

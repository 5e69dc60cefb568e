/* One call of cascade_fill_next(): ranges until one has been committed. */
#include "fill_internal.h"

#include "scope.h"

#include <stdlib.h>

enum { RETRIES = 8, BUSY_RETRIES = 2, CONSTRAINT_RETRIES = 2, FIRST_WIDTH = 64, FIRST_ROWS = 4000, LEAST_ROWS = 1000 };

typedef enum outcome { COMMITTED, AGAIN, AT_END } outcome;

/* What a range came to. */
typedef struct work {
  casc_sql_part part;
  bool careful; /* rows are looked at before they are written: something is wrong with some */
  int64_t rows, bad, inserted, updated;
  casc_fill_place place; /* where the fill is with it */
  char *token;           /* that says so in the checkpoint's row */
} work;

cascade_status casc_fill_begin(cascade_fill *fill, cascade_error **error) {
  cascade_status status = casc_transaction_begin(&fill->transaction, fill->connection, true, error);
  return status >= 0 && fill->guard.begun ? fill->guard.begun(fill->guard.data, error) : status;
}

/* Where one statement does all that is to be done, and nothing goes with it, it needs no transaction around it. */
static bool alone(const cascade_fill *fill, const work *now) {
  return fill->connection->capabilities.flags & CASCADE_COMMITS_ALONE &&
         (fill->sql.dialect->writes_in_queries || now->part.fresh) && !fill->nested && !fill->transacts && !fill->guard.begun &&
         !fill->options.checkpoint_table && !fill->options.dry_run;
}

/* How many rows a range of a column has is not known before: it aims below the most that it may have. */
static uint64_t wanted_rows(const cascade_fill *fill) {
  uint64_t most = fill->options.max_tx_rows;
  double width = casc_overhead_size(&fill->overhead), least = width > 0 ? 1 : fill->rows_per_ms > 0 ? LEAST_ROWS : FIRST_ROWS;
  double wanted = width > 0 ? width * fill->rows_per_width : fill->rows_per_ms * fill->options.batch_ms;
  if (!fill->rows) most -= most / 4;
  if (wanted < least) wanted = least;
  return wanted < (double)most ? (uint64_t)wanted : most;
}

/* A single value's rows stay together. */
static uint64_t bound(const cascade_fill *fill) {
  uint64_t wanted = wanted_rows(fill), most = fill->options.max_tx_rows, more = wanted + (wanted + 2) / 3;
  return more < most ? more : most;
}

static uint64_t clamped(double value) {
  return value < 1 ? 1 : value > 9e18 ? (uint64_t)9e18 : (uint64_t)value;
}

static void learn_overhead(cascade_fill *fill, double ms) {
  bool known = fill->overhead.ms > 0;
  casc_overhead_learn(&fill->overhead, (double)fill->width, ms, fill->options.batch_ms);
  if (fill->overhead.ms > 0 && !known)
    casc_log(fill->context, CASCADE_LOG_WARNING,
             "a range takes %.0f ms whatever its size, so that ranges are made longer; an index of the sources by %s would help",
             fill->overhead.ms, fill->sql.columns[fill->sql.range]);
}

static void learn(cascade_fill *fill, const work *done, uint64_t nanoseconds) {
  double ms = (double)nanoseconds / 1e6, rows = done->rows > 0 ? (double)done->rows : 1;
  double rate = rows / (ms > 0.01 ? ms : 0.01), expected = fill->rows_per_ms, before = fill->last_rows_per_ms;
  bool small = done->rows < LEAST_ROWS && rate < expected; /* it looks slower than it is, by what every transaction costs */
  if (expected <= 0) fill->rows_per_ms = rate;
  else if (small) fill->rows_per_ms = 0.9 * expected + 0.1 * rate;
  else if (rate < before) fill->rows_per_ms = rate * (rate < before / 2 ? 0.5 : rate / before); /* indexes grow: so once more */
  else fill->rows_per_ms = 0.25 * expected + 0.75 * rate;
  if (!small) fill->last_rows_per_ms = rate;
  if (!fill->rows) learn_overhead(fill, ms);
  fill->rows_per_width = rows / (double)fill->width;
  fill->worked_ns += nanoseconds;
  double growth = (double)wanted_rows(fill) / rows, most = done->rows < LEAST_ROWS ? 64 : 8;
  fill->width = clamped((double)fill->width * (growth > most ? most : growth));
}

static cascade_status count(cascade_fill *fill, work *now, cascade_error **error) {
  casc_statement statement;
  casc_cursor cursor = {0};
  const cascade_value *row = NULL;
  casc_session_statement(fill->connection, &statement);
  if (fill->options.dry_run || !fill->sql.dialect->writes_in_queries) casc_fill_foresee(&statement, &fill->sql, &now->part);
  else casc_fill_apply(&statement, &fill->sql, &now->part);
  fill->committing = alone(fill, now);
  cascade_status status = casc_query(fill->connection, &statement, &cursor, error);
  if (status >= 0) status = casc_next(&cursor, &row, error);
  if (status == CASCADE_DONE) status = casc_fail(fill->context, error, CASCADE_DATABASE, "the database gave no row for a count");
  if (status == CASCADE_OK) {
    now->rows = row[0].integer;
    now->bad = row[1].integer;
    now->inserted = row[2].integer;
    now->updated = row[3].integer;
    status = casc_next(&cursor, &row, error); /* to its end: what it writes is written by then */
  }
  if (status != CASCADE_CONNECTION) fill->committing = false;
  casc_cursor_close(&cursor);
  casc_statement_free(&statement);
  return status < 0 ? status : CASCADE_OK;
}

static cascade_status run(cascade_fill *fill, const casc_sql_part *part,
                          void (*write)(casc_statement *, const casc_sql_fill *, const casc_sql_part *), int64_t *rows,
                          cascade_error **error) {
  casc_statement statement;
  uint64_t affected = 0;
  casc_session_statement(fill->connection, &statement);
  write(&statement, &fill->sql, part);
  cascade_status status = casc_execute(fill->connection, &statement, &affected, error);
  casc_statement_free(&statement);
  *rows = (int64_t)affected;
  return status;
}

/* What was counted as missing, or as differing. Rows that are there are updated before others come that say the same already. */
static cascade_status write_rows(cascade_fill *fill, work *now, cascade_error **error) {
  cascade_status status = CASCADE_OK;
  if (fill->options.dry_run || fill->sql.dialect->writes_in_queries) return status;
  if (now->updated) status = run(fill, &now->part, casc_fill_update, &now->updated, error);
  if (status >= 0 && now->inserted) status = run(fill, &now->part, casc_fill_insert, &now->inserted, error);
  if (now->rows < now->inserted + now->updated)
    now->rows = now->inserted + now->updated; /* others have added some since they were counted */
  return status;
}

static cascade_status commit(cascade_fill *fill, work *now, cascade_error **error) {
  if (!fill->transaction.open) return CASCADE_OK;
  cascade_status status = casc_fill_leave_token(fill, &now->place, &now->token, error);
  fill->committing = status >= 0;
  if (status >= 0) status = casc_transaction_commit(&fill->transaction, error);
  if (status != CASCADE_CONNECTION) fill->committing = false;
  return status;
}

/* Rows that a larger range has left ahead are of those that are there; they were inserted all the same. */
static void advance(const cascade_fill *fill, work *now) {
  casc_fill_place *place = &now->place;
  *place = fill->place;
  if (fill->rows) place->position.integer += (int64_t)fill->streamed.count;
  else place->position = now->part.upto;
  place->finished = !fill->rows && casc_fill_is_last(place);
  place->ranges++;
  uint64_t there = (uint64_t)(now->rows - now->inserted - now->updated), ahead = there < place->ahead ? there : place->ahead;
  now->inserted += (int64_t)ahead;
  place->ahead -= ahead;
  place->inserted += (uint64_t)now->inserted;
  place->updated += (uint64_t)now->updated;
  place->skipped += (uint64_t)(now->rows - now->inserted - now->updated);
}

/* Where the target has no row in the range, and equal keys are the same bytes, what is inserted is all that there is. */
static bool may_be_fresh(const cascade_fill *fill, const work *now) {
  const casc_sql_fill *sql = &fill->sql;
  bool may = now->part.ranged && !now->careful && sql->inserts && !fill->options.dry_run && !sql->dialect->writes_in_queries;
  for (uint32_t i = 0; may && i < sql->count; i++)
    may = !sql->key[i] || (!sql->nullable[i] && (sql->value_types[i] == CASCADE_INT64 || sql->value_types[i] == CASCADE_UINT64));
  return may;
}

/* Rows that came since make the insert fail. */
static cascade_status look_for_rows(cascade_fill *fill, work *now, cascade_error **error) {
  casc_statement statement;
  cascade_status status = CASCADE_OK;
  now->part.fresh = false;
  if (fill->filled || !may_be_fresh(fill, now)) return CASCADE_OK;
  if (fill->fresh_upto < now->part.upto.integer) {
    int64_t next = 0;
    casc_session_statement(fill->connection, &statement);
    casc_fill_next_there(&statement, &fill->sql, now->part.after.integer);
    status = casc_ask_integer(fill->connection, &statement, INT64_MAX, &next, error);
    casc_statement_free(&statement);
    fill->fresh_upto = next == INT64_MAX ? next : next - 1;
  }
  now->part.fresh = status >= 0 && fill->fresh_upto >= now->part.upto.integer;
  return status;
}

static cascade_status insert_fresh(cascade_fill *fill, work *now, cascade_error **error) {
  fill->committing = alone(fill, now);
  cascade_status status = run(fill, &now->part, casc_fill_insert, &now->inserted, error);
  if (status != CASCADE_CONNECTION) fill->committing = false;
  now->rows = now->inserted;
  now->bad = now->updated = 0;
  return status;
}

/* It is denser than those before. What one statement wrote alone stays, and is counted when a smaller range meets it. */
static void narrow(cascade_fill *fill, const work *now) {
  if (now->part.fresh && !fill->transaction.open) {
    fill->place.ahead += (uint64_t)now->inserted;
    fill->fresh_upto = fill->place.position.integer;
  }
  casc_transaction_roll_back(&fill->transaction);
  if (casc_fill_counts(&fill->sql)) fill->width = (uint64_t)now->part.upto.integer - (uint64_t)now->part.after.integer;
  fill->width = fill->width > 4 ? fill->width / 4 : 1;
}

static cascade_status work_range(cascade_fill *fill, work *now, outcome *came, cascade_error **error) {
  *came = AGAIN;
  cascade_status status = now->part.fresh ? insert_fresh(fill, now, error) : count(fill, now, error);
  if (status < 0) return status;
  if (now->bad) {
    casc_transaction_roll_back(&fill->transaction);
    return casc_fill_refuse_rows(fill, &now->part, (uint64_t)now->bad, error);
  }
  if (now->part.limit && (uint64_t)now->rows > now->part.limit) {
    narrow(fill, now);
    return CASCADE_OK;
  }
  if (!now->rows && now->part.ranged) {
    casc_transaction_roll_back(&fill->transaction);
    *came = AT_END; /* or at a gap */
    return CASCADE_OK;
  }
  if (!now->part.fresh) status = write_rows(fill, now, error);
  if (status >= 0) advance(fill, now);
  if (status >= 0) status = commit(fill, now, error);
  if (status >= 0) *came = COMMITTED;
  return status;
}

static bool is_of_rows(const cascade_error *error) {
  cascade_status status = cascade_error_status(error);
  return status == CASCADE_CONSTRAINT || status == CASCADE_CONSTRAINT_FK || status == CASCADE_DATABASE;
}

static bool worth_retrying(const cascade_fill *fill, const work *now, const cascade_error *error, uint32_t tries) {
  cascade_status status = cascade_error_status(error);
  if (fill->nested) return false; /* the host's transaction may be gone, or hold what others wait for */
  /* somebody inserts the same rows, or deletes what they refer to: the next try sees that */
  if (status == CASCADE_CONSTRAINT || status == CASCADE_CONSTRAINT_FK)
    return fill->sql.dialect->row_locks && (fill->transaction.open || alone(fill, now)) && tries < CONSTRAINT_RETRIES;
  if (!cascade_error_retryable(error) || status == CASCADE_CONTENDED || fill->committing) return false;
  bool at_begin = status == CASCADE_BUSY && !fill->transaction.open;
  return tries < (at_begin ? BUSY_RETRIES : RETRIES);
}

static cascade_status give_up(cascade_fill *fill, const work *now, cascade_error *failure, cascade_error **error) {
  cascade_status status = cascade_error_status(failure);
  bool committing = fill->committing;
  if (is_of_rows(failure) && !now->bad) casc_fill_accuse(fill, &now->part, &failure);
  bool host_goes_on = fill->nested && casc_in_host_transaction(fill->connection);
  if (status != CASCADE_NOMEM)
    casc_error_set_transaction(failure, committing ? CASCADE_TX_UNKNOWN : host_goes_on ? CASCADE_TX_OPEN : CASCADE_TX_ROLLED_BACK);
  return casc_error_pass(failure, error);
}

/* A statement that took too long gets less to do, as far as that goes. */
static bool shrink(cascade_fill *fill, const cascade_error *error, uint32_t tries) {
  if (cascade_error_status(error) != CASCADE_TIMEOUT || fill->nested || fill->rows || fill->width <= 1) return false;
  fill->width = fill->width > 4 ? fill->width / 4 : 1;
  return tries < RETRIES;
}

static cascade_status next_part(cascade_fill *fill, work *now, cascade_error **error) {
  cascade_status status = casc_fill_next_part(fill, &now->part, error);
  now->part.limit = fill->width == 1 ? 0 : bound(fill);
  return status;
}

/* The row behind the last one stays as well, where nothing is rolled back. */
static cascade_status begin_alone(cascade_fill *fill, work *now, cascade_error **error) {
  if (!now->part.fresh) return CASCADE_OK;
  if (now->part.limit > 1) now->part.limit--;
  return casc_transaction_prepare(fill->connection, error);
}

/* What fails in a transaction of the host's is behind a savepoint; another one is no longer than it has to be. */
static cascade_status begin_range(cascade_fill *fill, work *now, cascade_error **error) {
  bool begins = !fill->options.dry_run;
  cascade_status status = begins && fill->nested ? casc_fill_begin(fill, error) : CASCADE_OK;
  if (status >= 0 && !fill->rows) status = next_part(fill, now, error);
  if (status >= 0) status = look_for_rows(fill, now, error);
  if (status >= 0 && alone(fill, now)) status = begin_alone(fill, now, error);
  else if (status >= 0 && begins && !fill->nested) status = casc_fill_begin(fill, error);
  return status;
}

static cascade_status attempt(cascade_fill *fill, work *now, outcome *came, uint32_t *tries, cascade_error **error) {
  for (*tries = 0;; ++*tries) {
    cascade_error *failure = NULL;
    cascade_status status = begin_range(fill, now, &failure);
    if (status >= 0) status = work_range(fill, now, came, &failure);
    if (status >= 0) return status;
    /* As the session's transactions are by default. */
    bool read_only = alone(fill, now) && cascade_error_status(failure) == CASCADE_READONLY;
    fill->transacts = fill->transacts || read_only;
    bool again = read_only || shrink(fill, failure, *tries) || worth_retrying(fill, now, failure, *tries);
    casc_transaction_roll_back(&fill->transaction);
    bool with_care = now->part.fresh && is_of_rows(failure) && (!fill->nested || casc_in_host_transaction(fill->connection));
    free(now->token);
    now->token = NULL;
    now->careful = now->careful || with_care;
    if (!again && !with_care) return give_up(fill, now, failure, error);
    casc_log(fill->context, CASCADE_LOG_WARNING, "range rolled back and tried again: %s", cascade_error_message(failure));
    cascade_error_free(failure);
    if (with_care) continue;
    fill->report.retries++;
    casc_back_off(*tries);
  }
}

static void name_ends(cascade_fill *fill, const work *now) {
  cascade_fill_range *range = &fill->range;
  bool keyed = !fill->rows && !casc_fill_counts(&fill->sql);
  fill->after = fill->place.position;
  fill->upto = now->place.position;
  range->after = keyed ? 0 : fill->after.integer;
  range->upto = keyed ? 0 : fill->upto.integer;
  range->after_key = keyed && fill->after.type != CASCADE_NULL ? &fill->after : NULL;
  range->upto_key = keyed ? &fill->upto : NULL;
}

static void account(cascade_fill *fill, work *now, uint32_t tries, uint64_t nanoseconds) {
  cascade_fill_range *range = &fill->range;
  name_ends(fill, now);
  fill->place = now->place;
  casc_fill_settle(fill);
  if (now->token) {
    free(fill->stored);
    fill->stored = now->token;
    now->token = NULL;
  }
  fill->page_taken += fill->streamed.count;
  fill->filled = now->inserted < now->rows;
  fill->written += (uint64_t)(now->inserted + now->updated);
  range->number = fill->place.ranges;
  range->rows = (uint64_t)now->rows;
  range->inserted = (uint64_t)now->inserted;
  range->updated = (uint64_t)now->updated;
  range->skipped = (uint64_t)(now->rows - now->inserted - now->updated);
  range->total_inserted = fill->place.inserted;
  range->total_updated = fill->place.updated;
  range->total_skipped = fill->place.skipped;
  range->nanoseconds = nanoseconds;
  range->retries = tries;
  range->permille = casc_fill_permille(fill);
  learn(fill, now, nanoseconds);
  fill->unpaced_ns = nanoseconds;
  casc_log(fill->context, CASCADE_LOG_INFO, "range %llu: %llu rows, %llu inserted, %llu updated, %.1f ms",
           (unsigned long long)range->number, (unsigned long long)range->rows, (unsigned long long)range->inserted,
           (unsigned long long)range->updated, (double)nanoseconds / 1e6);
}

static cascade_status try_to_leave_end(cascade_fill *fill, cascade_error **error) {
  char *token = NULL;
  cascade_status status = casc_fill_begin(fill, error);
  if (status >= 0) status = casc_fill_leave_token(fill, &fill->place, &token, error);
  if (status >= 0) status = casc_transaction_commit(&fill->transaction, error);
  casc_transaction_roll_back(&fill->transaction);
  if (status < 0) {
    free(token);
    return status;
  }
  free(fill->stored);
  fill->stored = token;
  return status;
}

/* The end was seen where no range was left to say so. */
static cascade_status leave_end(cascade_fill *fill, cascade_error **error) {
  if (!fill->options.checkpoint_table || fill->options.dry_run) return CASCADE_OK;
  for (uint32_t tries = 0;; tries++) {
    cascade_error *failure = NULL;
    cascade_status status = try_to_leave_end(fill, &failure);
    if (status >= 0) return status;
    if (fill->nested || !cascade_error_retryable(failure) || tries == BUSY_RETRIES) return casc_error_pass(failure, error);
    cascade_error_free(failure);
    fill->report.retries++;
    casc_back_off(tries);
  }
}

static bool budget_is_used_up(const cascade_fill *fill) {
  const cascade_fill_options *options = &fill->options;
  if (!fill->worked_ns) return false;
  return (options->row_budget && fill->written >= options->row_budget) ||
         (options->time_budget_ms && casc_now_ns() - fill->started_ns >= options->time_budget_ms * UINT64_C(1000000));
}

/* Where there is one writer at a time, others get their turn. */
static void let_others_in(cascade_fill *fill) {
  static uint64_t const most = CASC_WORK_BETWEEN_GAPS_MS * UINT64_C(1000000);
  if (fill->sql.dialect->row_locks || fill->nested || fill->options.dry_run || fill->worked_ns < most) return;
  casc_sleep_ms(CASC_GAP_MS);
  fill->worked_ns = 1;
}

static cascade_status step_once(cascade_fill *fill, outcome *came, cascade_error **error) {
  work now = {0};
  uint32_t tries = 0;
  *came = AT_END;
  if (fill->rows) {
    cascade_status status = casc_fill_pull(fill, wanted_rows(fill), error);
    if (status < 0) return status;
    if (!fill->streamed.count) {
      fill->place.finished = true;
      return leave_end(fill, error);
    }
  }
  uint64_t start = casc_now_ns();
  cascade_status status = attempt(fill, &now, came, &tries, error);
  uint64_t took = casc_now_ns() - start;
  if (status >= 0 && *came != AT_END && took > fill->report.longest_ns) fill->report.longest_ns = took;
  if (status >= 0 && *came == COMMITTED) account(fill, &now, tries, took);
  if (status >= 0 && *came == AT_END) {
    status = casc_fill_cross_gap(fill, &now.part, error);
    if (status >= 0 && fill->place.finished) status = leave_end(fill, error);
  }
  return status;
}

static cascade_status wait_for_throttle(cascade_fill *fill, cascade_error **error) {
  if (fill->nested) return CASCADE_OK; /* the host's transaction must not wait */
  uint64_t budget = fill->options.time_budget_ms * UINT64_C(1000000), last = fill->unpaced_ns;
  fill->unpaced_ns = 0;
  const casc_sql_table *const tables[] = {&fill->sql_table};
  return casc_throttle_wait(fill->options.throttle,
                            &(casc_throttled){.connection = fill->connection,
                                              .last_ns = last,
                                              .deadline_ns = budget ? fill->started_ns + budget : 0,
                                              .tables = tables,
                                              .table_count = 1},
                            error);
}

cascade_status casc_fill_step(cascade_fill *fill, cascade_error **error) {
  outcome came = AGAIN;
  if (!fill->width) fill->width = FIRST_WIDTH;
  while (!fill->place.finished) {
    if (budget_is_used_up(fill)) return CASCADE_DONE;
    cascade_status status = wait_for_throttle(fill, error);
    if (status != CASCADE_OK) return status;
    let_others_in(fill);
    status = step_once(fill, &came, error);
    if (status < 0) return status;
    if (came == COMMITTED) return CASCADE_OK;
  }
  return CASCADE_DONE;
}

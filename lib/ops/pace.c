/* How large batches are and when others get their turn. */
#include "purge_internal.h"

#define LEAST_WORK 0.7 /* share of the target that is never given to COMMIT */

enum {
  FIRST_ROOTS = 1024,
  LEAST_ROWS = 2000,
  RAMP = 8, /* batches */
  WORK_WHEN_CONTENDED_MS = 500
};

void casc_pace_start(cascade_purge *purge) {
  purge->roots = FIRST_ROOTS;
  purge->started_ns = casc_now_ns();
}

cascade_status casc_pace_yield(cascade_purge *purge, cascade_error **error) {
  const casc_dialect *dialect = purge->scope.dialect;
  bool early = !purge->report.batches || purge->worked_ns < WORK_WHEN_CONTENDED_MS * UINT64_C(1000000);
  if (!dialect->change_counter || early) return CASCADE_OK;
  casc_statement statement;
  int64_t counter = 0;
  casc_session_statement(purge->connection, &statement);
  dialect->change_counter(&statement);
  cascade_status status = casc_ask_integer(purge->connection, &statement, 0, &counter, error);
  casc_statement_free(&statement);
  bool contended = purge->change_counter && counter != purge->change_counter;
  purge->change_counter = counter;
  if (status < 0 || (!contended && purge->worked_ns < CASC_WORK_BETWEEN_GAPS_MS * UINT64_C(1000000))) return status;
  casc_sleep_ms(CASC_GAP_MS);
  purge->worked_ns = 0;
  return CASCADE_OK;
}

cascade_status casc_pace_wait(cascade_purge *purge, cascade_error **error) {
  casc_scope *scope = &purge->scope;
  if (!purge->options.throttle || purge->nested) return CASCADE_OK; /* the host's transaction must not wait */
  if (!purge->written) {
    purge->written = casc_arena_get(&scope->arena, scope->order_count, sizeof *purge->written);
    if (!purge->written) return casc_nomem(error);
    for (uint32_t i = 0; i < scope->order_count; i++) purge->written[i] = &scope->tables[scope->order[i]].sql;
  }
  uint64_t budget = purge->options.time_budget_ms * UINT64_C(1000000), last = purge->unpaced_ns;
  purge->unpaced_ns = 0;
  return casc_throttle_wait(purge->options.throttle,
                            &(casc_throttled){.connection = purge->connection,
                                              .last_ns = last,
                                              .deadline_ns = budget ? purge->started_ns + budget : 0,
                                              .tables = purge->written,
                                              .table_count = scope->order_count},
                            error);
}

/* What COMMIT takes does not shrink with the batch: where it takes most of the time, small batches would only make it all
   longer. */
static double rows_wanted(const cascade_purge *purge) {
  double target = purge->options.batch_ms, work = target - purge->commit_ms, roots = casc_overhead_size(&purge->overhead);
  if (roots > 0) return roots * purge->rows_per_root;
  return purge->rows_per_ms * (work > LEAST_WORK * target ? work : LEAST_WORK * target);
}

uint64_t casc_pace_bound(const cascade_purge *purge) {
  double most = 2 * rows_wanted(purge);
  if (!purge->report.batches || most > (double)purge->most_rows) return purge->most_rows;
  uint64_t rows = most < LEAST_ROWS ? LEAST_ROWS : (uint64_t)most;
  return rows < purge->most_rows ? rows : purge->most_rows;
}

void casc_pace_forget(cascade_purge *purge) {
  for (uint32_t i = 0; purge->scope.per_parent && i < purge->scope.relation_count; i++) purge->scope.per_parent[i] = -1;
}

void casc_pace_shrink(cascade_purge *purge) {
  casc_pace_forget(purge);
  if (purge->most_rows > LEAST_ROWS / 8) purge->most_rows /= 4;
  purge->roots = purge->roots > 4 ? purge->roots / 4 : 1;
}

static double smoothed(double old, double fresh, double weight) {
  return old > 0 ? (1 - weight) * old + weight * fresh : fresh;
}

/* The first batches are small, and look slower than they are by what every batch costs: there, a rise is soon believed. Later on
   what falls is, lest a server that has become slow makes transactions long. */
static double rate_weight(const cascade_purge *purge, double fresh) {
  return fresh < purge->rows_per_ms ? 0.6 : purge->report.batches < RAMP ? 0.75 : 0.25;
}

void casc_pace_learn(cascade_purge *purge, size_t roots, uint64_t rows, uint64_t nanoseconds, uint64_t commit_ns) {
  double ms = (double)(nanoseconds - (commit_ns < nanoseconds ? commit_ns : nanoseconds)) / 1e6;
  double rate = (double)rows / (ms > 0.01 ? ms : 0.01);
  purge->worked_ns += nanoseconds;
  purge->commit_ms = smoothed(purge->commit_ms, (double)commit_ns / 1e6, 0.4);
  purge->rows_per_ms = smoothed(purge->rows_per_ms, rate, rate_weight(purge, rate));
  casc_overhead_learn(&purge->overhead, (double)roots, ms, purge->options.batch_ms);
  purge->rows_per_root = smoothed(purge->rows_per_root, (double)rows / (double)roots, 0.4);
  double most = (double)purge->most_rows, wanted = rows_wanted(purge);
  if (wanted > most) wanted = most;
  wanted /= purge->rows_per_root > 1 ? purge->rows_per_root : 1;
  double step = 8.0 * (double)(purge->roots ? purge->roots : 1); /* grows by no more than this at a time */
  if (wanted > step) wanted = step;
  purge->roots = wanted > 1 ? (size_t)wanted : 1;
}

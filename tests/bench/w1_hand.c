/* W1 by hand: what someone who knows the schema would write, and the least that any way has to do. */
#include <inttypes.h>
#include <stdio.h>

#include "bench.h"

/* References first; each names the table and its column that holds a run's number. */
static const char *const rewritten[] = {"schedule", "workflow", "project", "inventory", "notice"};
static const struct {
  const char *table, *column;
} deleted[] = {{"job_event", "job_id"},      {"job_host", "job_id"}, {"job_launch", "job_id"},
               {"run_credential", "run_id"}, {"job", "run_id"},      {"run", "id"}};

void *w1_open_plain(bench_run *run) {
  return bench_sqlite_open(run);
}

void w1_close_plain(void *session) {
  sqlite3_close(session);
}

/* Everything that hangs on the runs in the key table. */
static void sweep(bench_run *run, sqlite3 *db) {
  char sql[200];
  for (size_t i = 0; i < sizeof rewritten / sizeof *rewritten; i++) {
    snprintf(sql, sizeof sql, "UPDATE %s SET run_id = NULL WHERE run_id IN (SELECT id FROM doomed)", rewritten[i]);
    bench_execute(run, db, sql);
  }
  for (size_t i = 0; i < sizeof deleted / sizeof *deleted; i++) {
    snprintf(sql, sizeof sql, "DELETE FROM %s WHERE %s IN (SELECT id FROM doomed)", deleted[i].table,
             deleted[i].column);
    bench_execute(run, db, sql);
  }
}

static void finish(bench_run *run, sqlite3 *db, double start) {
  bench_execute(run, db, "COMMIT");
  double taken = bench_now() - start;
  if (taken > run->longest_tx_s) run->longest_tx_s = taken;
}

static int64_t last_key(bench_run *run, sqlite3 *db) {
  sqlite3_stmt *statement = NULL;
  int64_t last = 0;
  run->statements++;
  if (sqlite3_prepare_v2(db, "SELECT max(id) FROM doomed", -1, &statement, NULL) == SQLITE_OK &&
      sqlite3_step(statement) == SQLITE_ROW)
    last = sqlite3_column_int64(statement, 0);
  else bench_fail(run, "max(id)", sqlite3_errmsg(db));
  sqlite3_finalize(statement);
  return last;
}

void w1_staged(bench_run *run, void *session) {
  sqlite3 *db = session;
  char sql[200];
  int64_t last = 0;
  bench_execute(run, db, "CREATE TEMP TABLE doomed(id INTEGER PRIMARY KEY)");
  while (!run->failed) {
    double start = bench_now();
    bench_execute(run, db, "BEGIN IMMEDIATE");
    bench_execute(run, db, "DELETE FROM doomed");
    snprintf(sql, sizeof sql,
             "INSERT INTO doomed SELECT id FROM run WHERE created <= %" PRId64 " AND id > %" PRId64
             " ORDER BY id LIMIT %d",
             run->size / 2, last, STAGED_BATCH);
    bool more = bench_execute(run, db, sql) && sqlite3_changes(db);
    if (more) {
      sweep(run, db);
      last = last_key(run, db);
    }
    finish(run, db, start);
    if (!more) break;
  }
}

void w1_cascade(bench_run *run, void *session) {
  char sql[100];
  double start = bench_now();
  snprintf(sql, sizeof sql, "DELETE FROM run WHERE created <= %" PRId64, run->size / 2);
  bench_execute(run, session, "BEGIN IMMEDIATE");
  bench_execute(run, session, sql);
  finish(run, session, start);
}

/* Sets, one transaction, nothing checked: no way that leaves the rows gone is faster. */
void w1_limit(bench_run *run, void *session) {
  char sql[200];
  bench_execute(run, session, "PRAGMA foreign_keys = OFF");
  bench_execute(run, session, "CREATE TEMP TABLE doomed(id INTEGER PRIMARY KEY)");
  double start = bench_now();
  bench_execute(run, session, "BEGIN IMMEDIATE");
  snprintf(sql, sizeof sql, "INSERT INTO doomed SELECT id FROM run WHERE created <= %" PRId64, run->size / 2);
  bench_execute(run, session, sql);
  sweep(run, session);
  finish(run, session, start);
}

/* The worker: one claim or one batch for each step. */
#include "queue_internal.h"

#include "options.h"
#include "plain.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LONGEST_OWNER = 200, LONGEST_PAUSE_MS = 600000, LEAST_PAGE = 100 };

static cascade_status begun(void *data, cascade_error **error) {
  cascade_worker *worker = data;
  worker->settling = false;
  return casc_claim_hold(worker->connection, worker->words, &worker->claim.held, worker->lease_ms, error);
}

/* The job's row of the audit counts as its own does. */
static cascade_status audit_batch(const cascade_worker *worker, uint64_t batches, cascade_error **error) {
  const casc_done *done = &worker->pending;
  casc_statement statement;
  if (!worker->payload.audit || (!batches && !done->kept)) return CASCADE_OK;
  casc_session_statement(worker->connection, &statement);
  casc_audit_update(worker->words, &statement, worker->payload.audit,
                    &(casc_audited){.batches = batches, .deleted = done->deleted, .updated = done->updated, .kept = done->kept});
  return casc_run(worker->connection, &statement, NULL, error);
}

static cascade_status count(cascade_worker *worker, uint64_t batches, cascade_error **error) {
  worker->ending_ns = casc_now_ns();
  cascade_status status =
      casc_claim_count(worker->connection, worker->words, &worker->claim.held, &worker->pending, worker->lease_ms, error);
  return status < 0 ? status : audit_batch(worker, batches, error);
}

static cascade_status ending(void *data, const casc_guarded *batch, cascade_error **error) {
  cascade_worker *worker = data;
  worker->pending = (casc_done){0};
  for (uint32_t i = 0; i < batch->table_count; i++) {
    worker->pending.deleted += batch->deleted[i];
    worker->pending.updated += batch->updated[i];
  }
  cascade_status status = CASCADE_OK;
  if (worker->page && (batch->whole || batch->roots)) status = casc_page_settle(worker, batch->roots, error);
  if (status < 0) return status;
  /* whoever begins anew asks anew, and knows of no more rows at first than were counted before */
  int64_t stay = (int64_t)casc_hooks_staying(&worker->purge->hooks);
  if (!worker->page && stay > worker->claim.kept) worker->pending.kept = stay - worker->claim.kept;
  return count(worker, 1, error);
}

static void account(cascade_worker *worker) {
  worker->report.batches++;
  worker->report.deleted += worker->pending.deleted;
  worker->report.updated += worker->pending.updated;
  worker->report.kept += (uint64_t)worker->pending.kept;
  worker->claim.kept += worker->pending.kept;
  worker->renewed_ns = worker->ending_ns;
  worker->settled = worker->settled || worker->settling;
}

static void drop(cascade_worker *worker) {
  casc_page_close(worker);
  casc_claim_free(&worker->context->alloc, &worker->claim);
  worker->report.job = 0;
}

/* ---- claiming ---- */

/* The job's options with what the worker brings. */
static cascade_status equip(cascade_worker *worker, cascade_error **error) {
  const cascade_worker_options *own = &worker->options;
  cascade_purge_options *options = &worker->payload.options;
  uint32_t count = options->column_count + own->column_count;
  const char **tables = casc_arena_get(&worker->payload.arena, count + 1, sizeof *tables);
  const char **columns = casc_arena_get(&worker->payload.arena, count + 1, sizeof *columns);
  if (!tables || !columns) return casc_nomem(error);
  for (uint32_t i = 0; i < count; i++) {
    bool jobs = i < options->column_count;
    tables[i] = jobs ? options->column_tables[i] : own->column_tables[i - options->column_count];
    columns[i] = jobs ? options->columns[i] : own->columns[i - options->column_count];
  }
  options->column_tables = tables;
  options->columns = columns;
  options->column_count = count;
  options->before_batch = own->before_batch;
  options->after_batch = own->after_batch;
  options->after_commit = own->after_commit;
  options->hook_data = own->hook_data;
  options->archive = own->archive;
  return CASCADE_OK;
}

static cascade_status prepare(cascade_worker *worker, cascade_error **error) {
  const casc_claim *claim = &worker->claim;
  worker->next = claim->low;
  if (worker->payload_of == claim->source && worker->payload.document) return CASCADE_OK;
  casc_payload_free(&worker->context->alloc, &worker->payload);
  cascade_graph_free(worker->graph);
  worker->graph = NULL;
  worker->payload_of = claim->source;
  worker->page_size = 0;
  worker->fitting = true;
  cascade_status status = cascade_graph_read(worker->connection, NULL, &worker->graph, error);
  bool fills = !strcmp(claim->kind, CASC_FILL);
  if (fills && status >= 0) {
    worker->payload.document = json_loadb(claim->payload, claim->payload_length, 0, NULL);
    return CASCADE_OK; /* what cannot be read is told by the step */
  }
  if (status >= 0)
    status = casc_payload_read(worker->graph, worker->words, claim->payload, claim->payload_length, &worker->payload, error);
  if (status >= 0) status = equip(worker, error);
  if (status < 0) { /* nobody shall take it for one with its hooks */
    casc_payload_free(&worker->context->alloc, &worker->payload);
    return status;
  }
  worker->integers = casc_queue_integers(&worker->graph->tables[worker->payload.table], worker->words->engine);
  return CASCADE_OK;
}

/* Nothing is due, or nothing may be claimed. */
static cascade_status look_for_pause(cascade_worker *worker, cascade_error **error) {
  casc_statement statement;
  int64_t paused = 0;
  casc_session_statement(worker->connection, &statement);
  casc_queue_paused(worker->words, &statement);
  cascade_status status = casc_ask(worker->connection, &statement, 0, &paused, error);
  worker->report.paused = paused != 0;
  return status < 0 ? status : CASCADE_DONE;
}

static cascade_status claim(cascade_worker *worker, cascade_error **error) {
  cascade_status status =
      casc_claim_next(worker->connection, worker->words, worker->owner, worker->lease_ms, &worker->claim, error);
  if (status == CASCADE_DONE) return look_for_pause(worker, error);
  if (status != CASCADE_OK) return status;
  worker->report.paused = 0;
  worker->claimed_ns = worker->renewed_ns = casc_now_ns();
  worker->unheard = false;
  worker->report.claimed++;
  worker->report.job = worker->claim.held.job;
  status = prepare(worker, error);
  if (status >= 0 && worker->payload.unset)
    status = casc_claim_cut(worker->connection, worker->words, &worker->claim, worker->integers, worker->lease_ms, error);
  return status;
}

/* ---- working ---- */

static cascade_status leave(cascade_worker *worker, const casc_leaving *how, cascade_error **error) {
  casc_page_close(worker); /* what it has set in the session is put back before */
  cascade_status status = casc_claim_leave(worker->connection, worker->words, &worker->claim.held, how, error);
  if (status >= 0) drop(worker);
  return status;
}

static cascade_status give_back(cascade_worker *worker, cascade_error **error) {
  return leave(worker, &(casc_leaving){.state = "ready"}, error);
}

static cascade_status finish(cascade_worker *worker, cascade_error **error) {
  /* what the purge knows at its end is what stays */
  int64_t stay = worker->purge && !worker->page ? (int64_t)casc_hooks_staying(&worker->purge->hooks) - worker->claim.kept : 0;
  casc_page_close(worker); /* what it has set in the session is put back before */
  cascade_status status =
      casc_claim_finish(worker->connection, worker->words, &worker->claim, worker->payload.audit, stay, worker->lease_ms, error);
  if (status < 0) return status;
  worker->report.done++;
  worker->report.kept += (uint64_t)stay;
  drop(worker);
  return status;
}

/* Another turn would ask anew about all rows that have stayed: where there are any, this one goes on. */
static cascade_status end_turn(cascade_worker *worker, cascade_error **error) {
  if (worker->purge && casc_hooks_staying(&worker->purge->hooks)) return CASCADE_OK;
  if (casc_now_ns() - worker->claimed_ns < worker->turn_ms * UINT64_C(1000000)) return CASCADE_OK;
  return give_back(worker, error);
}

/* A batch may be committed, and the purge have failed: by a hook that is called then. Such a claim counts as one that has failed,
   as others of the kind would delete row after row of which the host never hears. */
static cascade_status next_batch(cascade_worker *worker, const cascade_batch_info **batch, cascade_error **error) {
  uint64_t before = worker->purge->report.batches;
  cascade_status status = cascade_purge_next(worker->purge, batch, error);
  bool committed = worker->purge->report.batches > before;
  worker->unheard = committed && status < 0;
  if (committed) account(worker);
  if (committed && status >= 0) worker->claim.attempts = 1; /* what fails now fails for the first time */
  return status;
}

static cascade_status purge_step(cascade_worker *worker, const casc_guard *guard, cascade_error **error) {
  const cascade_batch_info *batch;
  cascade_status status = CASCADE_OK;
  if (!worker->purge)
    status = casc_purge_open(worker->connection, worker->payload.policy, worker->payload.selection, &worker->payload.options, guard,
                             &worker->purge, error);
  if (status >= 0) status = next_batch(worker, &batch, error);
  if (status == CASCADE_DONE) return finish(worker, error);
  return status < 0 ? status : end_turn(worker, error);
}

static cascade_status fill_step(cascade_worker *worker, cascade_error **error) {
  cascade_status status = casc_fill_job_step(worker, error);
  if (status == CASCADE_DONE) return finish(worker, error);
  return status < 0 ? status : end_turn(worker, error);
}

/* None of the page's rows was to be deleted, or the last of what hung on them had gone before. */
static cascade_status settle_alone(cascade_worker *worker, cascade_error **error) {
  casc_transaction transaction;
  cascade_status status = casc_transaction_begin(&transaction, worker->connection, true, error);
  if (status < 0) return status;
  worker->pending = (casc_done){0};
  status = begun(worker, error);
  if (status >= 0) status = casc_page_settle(worker, 0, error);
  if (status >= 0) status = count(worker, 0, error);
  if (status >= 0) status = casc_transaction_commit(&transaction, error);
  casc_transaction_roll_back(&transaction);
  if (status >= 0) account(worker);
  return status;
}

/* Pages grow and shrink towards the time that a transaction should take. */
static void learn(cascade_worker *worker, uint64_t nanoseconds) {
  uint64_t target = (worker->payload.options.batch_ms ? worker->payload.options.batch_ms : 100) * UINT64_C(1000000);
  if (nanoseconds < target / 2) worker->page_size *= 2;
  else if (nanoseconds > target * 3 / 2 && worker->page_size > LEAST_PAGE) worker->page_size /= 2;
}

static cascade_status page_step(cascade_worker *worker, const casc_guard *guard, cascade_error **error) {
  const cascade_batch_info *batch;
  cascade_error *failure = NULL;
  cascade_status status = worker->purge ? CASCADE_OK : casc_page_open(worker, guard, error);
  if (status == CASCADE_DONE) return finish(worker, error);
  if (status < 0) return status;
  status = next_batch(worker, &batch, &failure);
  if (status == CASCADE_NOT_ATOMIC && worker->fitting) { /* it does not: the next step looks before */
    worker->fitting = false;
    casc_page_close(worker);
    cascade_error_free(failure);
    return CASCADE_OK;
  }
  if (status < 0) casc_error_pass(failure, error);
  bool ended = status == CASCADE_DONE || (status == CASCADE_OK && worker->purge->atomic);
  if (status == CASCADE_OK && ended) learn(worker, batch->nanoseconds);
  if (status == CASCADE_DONE && !worker->settled) status = settle_alone(worker, error);
  if (status < 0 || !ended) return status;
  int64_t high = worker->page_high;
  casc_page_close(worker);
  if (high >= worker->claim.high) return finish(worker, error);
  worker->next = high + 1;
  return end_turn(worker, error);
}

/* ---- failing ---- */

/* Waits for itself to pass: a lock, a deadlock, a disk that is full. */
static bool may_pass(const cascade_error *error) {
  cascade_status status = cascade_error_status(error);
  return cascade_error_retryable(error) || status == CASCADE_DATABASE || status == CASCADE_READONLY ||
         status == CASCADE_NO_PROGRESS || status == CASCADE_HOOK;
}

static cascade_status keep_reason(cascade_worker *worker, cascade_error *failure, cascade_error **error) {
  const casc_claim *claim = &worker->claim;
  bool again = may_pass(failure) && claim->attempts < claim->max_attempts;
  int64_t pause = claim->attempts < 10 ? INT64_C(1000) << claim->attempts : LONGEST_PAUSE_MS;
  char reason[1024];
  snprintf(reason, sizeof reason, "%s: %s", cascade_status_name(cascade_error_status(failure)), cascade_error_message(failure));
  casc_mend_line(reason); /* which may have been cut within a character */
  casc_log(worker->context, CASCADE_LOG_WARNING, "job %lld: %s", (long long)claim->held.job, reason);
  cascade_error_free(failure);
  worker->payload_of = 0; /* the schema may have changed since it was read */
  worker->report.failed++;
  return leave(worker, &(casc_leaving){again ? "ready" : "dead", again ? pause : -1, reason, worker->unheard ? claim->attempts : 0},
               error);
}

static cascade_status settle_failure(cascade_worker *worker, cascade_error *failure, cascade_error **error) {
  cascade_status status = cascade_error_status(failure);
  cascade_error *second = NULL;
  if (status == CASCADE_LEASE) { /* or the queue was paused: then it still is the worker's to give back */
    if (give_back(worker, NULL) < 0) worker->report.lost++;
    drop(worker);
    cascade_error_free(failure);
    return CASCADE_OK;
  }
  if (status == CASCADE_CONNECTION || status == CASCADE_NOMEM) {
    drop(worker); /* the lease will end */
    return casc_error_pass(failure, error);
  }
  if (status == CASCADE_CANCELLED || status == CASCADE_THROTTLED) {
    give_back(worker, NULL);
    drop(worker);
    return casc_error_pass(failure, error);
  }
  status = keep_reason(worker, failure, &second);
  if (status >= 0) return status;
  drop(worker);
  if (status != CASCADE_LEASE) return casc_error_pass(second, error);
  worker->report.lost++;
  cascade_error_free(second);
  return CASCADE_OK;
}

/* ---- pausing ---- */

/* A job stays the worker's through a pause, however long. */
static cascade_status keep_lease(void *data, cascade_error **error) {
  cascade_worker *worker = data;
  uint64_t now = casc_now_ns();
  if (!worker->claim.held.job || now - worker->renewed_ns < worker->lease_ms * UINT64_C(1000000) / 3) return CASCADE_OK;
  worker->renewed_ns = now;
  return casc_claim_renew(worker->connection, worker->words, &worker->claim.held, worker->lease_ms, error);
}

static cascade_status wait_for_throttle(cascade_worker *worker, cascade_error **error) {
  const casc_sql_table *root = worker->purge ? &worker->purge->scope.tables[worker->purge->scope.root].sql : NULL;
  casc_throttled work = {.connection = worker->connection,
                         .last_ns = worker->unpaced_ns,
                         .tables = &root,
                         .table_count = root ? 1 : 0,
                         .data = worker,
                         .meanwhile = keep_lease};
  worker->unpaced_ns = 0;
  return casc_throttle_wait(worker->throttle, &work, error);
}

cascade_status cascade_worker_step(cascade_worker *worker, cascade_error **error) {
  if (!worker) return casc_fail(NULL, error, CASCADE_INVALID, "worker: it is NULL");
  if (casc_in_host_transaction(worker->connection))
    return casc_fail(worker->context, error, CASCADE_UNSUPPORTED,
                     "worker: its session is inside a transaction, which would hold its claims");
  casc_guard guard = {.data = worker, .between = keep_lease, .begun = begun, .ending = ending};
  cascade_error *failure = NULL;
  bool claiming = !worker->claim.held.job;
  cascade_status status = wait_for_throttle(worker, &failure);
  uint64_t start = casc_now_ns();
  if (status >= 0 && claiming) status = claim(worker, &failure);
  else if (status >= 0 && !strcmp(worker->claim.kind, CASC_FILL)) status = fill_step(worker, &failure);
  else if (status >= 0 && worker->payload.unset) status = page_step(worker, &guard, &failure);
  else if (status >= 0) status = purge_step(worker, &guard, &failure);
  if (status == CASCADE_OK && !claiming) worker->unpaced_ns = casc_now_ns() - start;
  if (status >= 0) return status;
  if (!worker->claim.held.job) return casc_error_pass(failure, error); /* of the queue itself */
  return settle_failure(worker, failure, error);
}

/* ---- the object ---- */

static cascade_status name_owner(cascade_worker *worker, const char *given, cascade_error **error) {
  char name[LONGEST_OWNER + 1], host[65] = "";
  unsigned char bytes[8];
  if (given && (!*given || strlen(given) > LONGEST_OWNER))
    return casc_fail(worker->context, error, CASCADE_INVALID, "worker: its name has no byte, or more than %d", LONGEST_OWNER);
  if (!given) {
    gethostname(host, sizeof host - 1);
    randombytes_buf(bytes, sizeof bytes);
    int length = snprintf(name, sizeof name, "%s:%ld:", host, (long)getpid());
    for (size_t i = 0; i < sizeof bytes; i++) snprintf(name + length + 2 * i, 3, "%02x", bytes[i]);
  }
  worker->owner = casc_strdup(&worker->context->alloc, given ? given : name);
  return worker->owner ? CASCADE_OK : casc_nomem(error);
}

/* Every job would fail by a column that is not there. */
static cascade_status keep_hooks(cascade_worker *worker, const cascade_worker_options *given, cascade_error **error) {
  uint32_t count = given->column_count, table, position;
  casc_arena_init(&worker->arena, &worker->context->alloc);
  worker->options = *given;
  casc_archive_ref(given->archive);
  if (count && (!given->columns || !given->column_tables))
    return casc_fail(worker->context, error, CASCADE_INVALID, "worker: the list of columns that its hooks want is NULL");
  const char **tables = casc_arena_get(&worker->arena, count + 1, sizeof *tables);
  const char **columns = casc_arena_get(&worker->arena, count + 1, sizeof *columns);
  cascade_graph *graph = NULL;
  cascade_status status = tables && columns ? CASCADE_OK : casc_nomem(error);
  if (status >= 0 && count) status = cascade_graph_read(worker->connection, NULL, &graph, error);
  for (uint32_t i = 0; status >= 0 && i < count; i++) {
    status = casc_hooks_find_column(graph, given->column_tables[i], given->columns[i], &table, &position, error);
    if (status < 0) break;
    tables[i] = casc_arena_strdup(&worker->arena, given->column_tables[i]);
    columns[i] = casc_arena_strdup(&worker->arena, given->columns[i]);
    if (!tables[i] || !columns[i]) status = casc_nomem(error);
  }
  cascade_graph_free(graph);
  worker->options.column_tables = tables;
  worker->options.columns = columns;
  return status;
}

cascade_status cascade_worker_new(cascade_connection *connection, const cascade_worker_options *given, cascade_worker **out,
                                  cascade_error **error) {
  if (out) *out = NULL;
  if (!connection || !out)
    return casc_fail(NULL, error, CASCADE_INVALID, "worker: the connection or the place for the result is NULL");
  cascade_context *context = connection->context;
  cascade_worker_options options;
  cascade_status status = CASC_OPTIONS(context, given, options, turn_ms, error);
  if (status < 0) return status;
  if (casc_in_host_transaction(connection))
    return casc_fail(context, error, CASCADE_UNSUPPORTED,
                     "worker: the session is inside a transaction, which would hold its claims");
  cascade_worker *worker = casc_calloc(&context->alloc, 1, sizeof *worker);
  if (!worker) return casc_nomem(error);
  worker->context = casc_context_ref(context);
  worker->connection = casc_connection_ref(connection);
  worker->lease_ms = options.lease_ms ? options.lease_ms : 60000;
  worker->turn_ms = options.turn_ms ? options.turn_ms : 10000;
  worker->throttle = casc_throttle_ref(options.throttle);
  status = casc_queue_open(connection, &worker->words, error);
  if (status >= 0) status = name_owner(worker, options.owner, error);
  if (status >= 0) status = keep_hooks(worker, &options, error);
  if (status < 0) cascade_worker_free(worker);
  else *out = worker;
  return status;
}

cascade_purge *cascade_worker_purge(const cascade_worker *worker) {
  return worker ? worker->purge : NULL;
}

cascade_status cascade_worker_describe(const cascade_worker *worker, cascade_worker_report *report) {
  return worker ? CASC_INFO(report, worker->report, kept) : CASCADE_INVALID;
}

void cascade_worker_cancel(cascade_worker *worker) {
  if (worker) cascade_connection_cancel(worker->connection);
}

void cascade_worker_free(cascade_worker *worker) {
  if (!worker) return;
  cascade_context *context = worker->context;
  if (worker->claim.held.job) {
    if (give_back(worker, NULL) == CASCADE_CANCELLED) give_back(worker, NULL); /* the request was to stop, which it does */
    drop(worker);
  }
  casc_payload_free(&context->alloc, &worker->payload);
  cascade_graph_free(worker->graph);
  casc_arena_clear(&worker->arena);
  casc_free(&context->alloc, worker->owner);
  cascade_throttle_free(worker->throttle);
  cascade_archive_free(worker->options.archive);
  cascade_connection_free(worker->connection);
  casc_free(&context->alloc, worker);
  cascade_context_free(context);
}

/* Whose a job is: every change of that is one conditional update, so that the database decides. */
#include "queue_internal.h"

#include <string.h>

enum { SHARE = 10000 /* keys of a part of a large job */ };

static char *copy_text(const casc_alloc *alloc, const cascade_value *cell, size_t *length) {
  char *copy = casc_calloc(alloc, (size_t)cell->length + 1, 1);
  if (copy && cell->length) memcpy(copy, cell->data, (size_t)cell->length);
  if (length) *length = (size_t)cell->length;
  return copy;
}

static cascade_status take_row(casc_claim *claim, const casc_alloc *alloc, const cascade_value *row, const char *owner,
                               cascade_error **error) {
  *claim = (casc_claim){.held = {.job = row[CASC_JOB_ID].integer, .epoch = row[CASC_JOB_EPOCH].integer + 1, .owner = owner},
                        .source = row[CASC_JOB_SOURCE].integer ? row[CASC_JOB_SOURCE].integer : row[CASC_JOB_ID].integer,
                        .low = row[CASC_JOB_LOW].integer,
                        .high = row[CASC_JOB_HIGH].integer,
                        .keys_left = row[CASC_JOB_KEYS_LEFT].integer,
                        .attempts = row[CASC_JOB_ATTEMPTS].integer + 1,
                        .max_attempts = row[CASC_JOB_MAX_ATTEMPTS].integer,
                        .kept = row[CASC_JOB_KEPT].integer,
                        .kind = copy_text(alloc, &row[CASC_JOB_KIND], NULL),
                        .root = copy_text(alloc, &row[CASC_JOB_ROOT], NULL)};
  claim->payload = copy_text(alloc, &row[CASC_JOB_PAYLOAD], &claim->payload_length);
  bool begun = row[CASC_JOB_TOKEN].type != CASCADE_NULL;
  if (begun && !(claim->token = copy_text(alloc, &row[CASC_JOB_TOKEN], NULL))) return casc_nomem(error);
  return claim->kind && claim->root && claim->payload ? CASCADE_OK : casc_nomem(error);
}

void casc_claim_free(const casc_alloc *alloc, casc_claim *claim) {
  casc_free(alloc, claim->kind);
  casc_free(alloc, claim->root);
  casc_free(alloc, claim->payload);
  casc_free(alloc, claim->token);
  *claim = (casc_claim){0};
}

static cascade_status read_due(cascade_connection *connection, const casc_queue_words *words, const char *owner, casc_claim *claim,
                               cascade_error **error) {
  casc_statement statement;
  casc_cursor cursor = {0};
  const cascade_value *row = NULL;
  casc_session_statement(connection, &statement);
  casc_queue_due(words, &statement);
  cascade_status status = casc_query(connection, &statement, &cursor, error);
  if (status >= 0) status = casc_next(&cursor, &row, error);
  if (status == CASCADE_OK) status = take_row(claim, &connection->context->alloc, row, owner, error);
  casc_cursor_close(&cursor);
  casc_statement_free(&statement);
  return status;
}

static cascade_status change(cascade_connection *connection, const casc_held *held, casc_statement *statement,
                             cascade_error **error) {
  uint64_t affected = 0;
  cascade_status status = casc_run(connection, statement, &affected, error);
  if (status < 0 || affected) return status;
  return casc_fail(connection->context, error, CASCADE_LEASE,
                   "job %lld is not this worker's any more: its lease ended, or it was cancelled", (long long)held->job);
}

static cascade_status leave(cascade_connection *connection, const casc_queue_words *words, const casc_held *held,
                            const casc_leaving *how, cascade_error **error) {
  casc_statement statement;
  casc_session_statement(connection, &statement);
  casc_queue_leave(words, &statement, held, how);
  return change(connection, held, &statement, error);
}

/* The first look at a job can take longer than the lease: whoever lost it there gets more time, and the dead ones get no job for
   ever. */
static uint64_t longer(const casc_claim *claim, uint32_t lease_ms) {
  enum { DOUBLINGS = 5 };
  int64_t before = claim->attempts - 1;
  return (uint64_t)lease_ms << (before < DOUBLINGS ? before : DOUBLINGS);
}

/* Inside the transaction. *dead: too many workers have had the job and brought no batch to its end. */
static cascade_status claim_due(cascade_connection *connection, const casc_queue_words *words, const char *owner, uint32_t lease_ms,
                                casc_claim *claim, bool *dead, cascade_error **error) {
  cascade_status status = read_due(connection, words, owner, claim, error);
  if (status != CASCADE_OK) return status;
  casc_statement statement;
  casc_session_statement(connection, &statement);
  casc_queue_claim(words, &statement, claim->held.job, claim->held.epoch - 1, owner, longer(claim, lease_ms));
  status = change(connection, &claim->held, &statement, error);
  *dead = claim->attempts > claim->max_attempts;
  if (status < 0 || !*dead) return status;
  char reason[120];
  snprintf(reason, sizeof reason, "%lld workers in a row have claimed it, and none has brought a batch to its end",
           (long long)claim->max_attempts);
  return leave(connection, words, &claim->held, &(casc_leaving){.state = "dead", .delay_ms = -1, .reason = reason}, error);
}

static cascade_status try_claim(cascade_connection *connection, const casc_queue_words *words, const char *owner, uint32_t lease_ms,
                                casc_claim *claim, bool *dead, cascade_error **error) {
  casc_transaction transaction;
  cascade_status status = casc_transaction_begin(&transaction, connection, true, error);
  if (status < 0) return status;
  status = claim_due(connection, words, owner, lease_ms, claim, dead, error);
  cascade_status ended = status == CASCADE_OK ? casc_transaction_commit(&transaction, error) : status;
  casc_transaction_roll_back(&transaction);
  if (ended != CASCADE_OK) casc_claim_free(&connection->context->alloc, claim);
  return ended;
}

cascade_status casc_claim_next(cascade_connection *connection, const casc_queue_words *words, const char *owner, uint32_t lease_ms,
                               casc_claim *claim, cascade_error **error) {
  enum { TRIES = 6 };
  for (uint32_t tries = 0;; tries++) {
    cascade_error *failure = NULL;
    bool dead = false;
    *claim = (casc_claim){0};
    cascade_status status = try_claim(connection, words, owner, lease_ms, claim, &dead, &failure);
    if (status == CASCADE_OK && dead) {
      casc_claim_free(&connection->context->alloc, claim);
      tries--; /* that was no failure */
      continue;
    }
    if (status >= 0) return status;
    bool again = (cascade_error_retryable(failure) || status == CASCADE_LEASE) && tries < TRIES;
    if (!again) return casc_error_pass(failure, error);
    cascade_error_free(failure);
    casc_sleep_ms((1u << tries) * 3 + (uint32_t)(casc_now_ns() / 1000 % 13));
  }
}

cascade_status casc_claim_hold(cascade_connection *connection, const casc_queue_words *words, const casc_held *held,
                               uint32_t lease_ms, cascade_error **error) {
  casc_statement statement;
  casc_session_statement(connection, &statement);
  casc_queue_hold(words, &statement, held, lease_ms);
  return change(connection, held, &statement, error);
}

cascade_status casc_claim_renew(cascade_connection *connection, const casc_queue_words *words, const casc_held *held,
                                uint64_t lease_ms, cascade_error **error) {
  casc_statement statement;
  casc_transaction transaction;
  cascade_status status = casc_transaction_begin(&transaction, connection, true, error);
  if (status < 0) return status;
  casc_session_statement(connection, &statement);
  casc_queue_renew(words, &statement, held, lease_ms);
  status = change(connection, held, &statement, error);
  if (status >= 0) status = casc_transaction_commit(&transaction, error);
  casc_transaction_roll_back(&transaction);
  return status;
}

cascade_status casc_claim_count(cascade_connection *connection, const casc_queue_words *words, const casc_held *held,
                                const casc_done *done, uint32_t lease_ms, cascade_error **error) {
  casc_statement statement;
  casc_session_statement(connection, &statement);
  casc_queue_count(words, &statement, held, done, lease_ms);
  return change(connection, held, &statement, error);
}

cascade_status casc_claim_filled(cascade_connection *connection, const casc_queue_words *words, const casc_held *held,
                                 const casc_fill_sums *sums, uint32_t lease_ms, cascade_error **error) {
  casc_statement statement;
  casc_session_statement(connection, &statement);
  casc_queue_filled(words, &statement, held, sums->inserted, sums->updated, sums->skipped, sums->token, lease_ms);
  return change(connection, held, &statement, error);
}

cascade_status casc_claim_leave(cascade_connection *connection, const casc_queue_words *words, const casc_held *held,
                                const casc_leaving *how, cascade_error **error) {
  casc_transaction transaction;
  cascade_status status = casc_transaction_begin(&transaction, connection, true, error);
  if (status < 0) return status;
  status = leave(connection, words, held, how, error);
  if (status >= 0) status = casc_transaction_commit(&transaction, error);
  casc_transaction_roll_back(&transaction);
  return status;
}

/* Inside the transaction. Of a job that was cut, the last part to be done finishes the row; the first update of it lets one part
   look at a time. */
static cascade_status finish_audit(cascade_connection *connection, const casc_queue_words *words, const casc_claim *claim,
                                   int64_t audit, int64_t kept, cascade_error **error) {
  bool part = claim->source != claim->held.job || claim->low != INT64_MIN || claim->high != INT64_MAX;
  casc_audited facts = {.kept = kept, .finished = !part};
  casc_statement statement;
  int64_t open = 0;
  casc_session_statement(connection, &statement);
  casc_audit_update(words, &statement, audit, &facts);
  cascade_status status = casc_run(connection, &statement, NULL, error);
  if (status < 0 || !part) return status;
  casc_session_statement(connection, &statement);
  casc_queue_open_parts(words, &statement, claim->source);
  status = casc_ask(connection, &statement, 0, &open, error);
  if (status < 0 || open) return status;
  casc_session_statement(connection, &statement);
  casc_audit_update(words, &statement, audit, &(casc_audited){.finished = true});
  return casc_run(connection, &statement, NULL, error);
}

cascade_status casc_claim_finish(cascade_connection *connection, const casc_queue_words *words, const casc_claim *claim,
                                 int64_t audit, int64_t kept, uint32_t lease_ms, cascade_error **error) {
  casc_transaction transaction;
  cascade_status status = casc_transaction_begin(&transaction, connection, true, error);
  if (status < 0) return status;
  if (kept) status = casc_claim_count(connection, words, &claim->held, &(casc_done){.kept = kept}, lease_ms, error);
  if (status >= 0) status = leave(connection, words, &claim->held, &(casc_leaving){.state = "done", .delay_ms = -1}, error);
  if (status >= 0 && audit) status = finish_audit(connection, words, claim, audit, kept, error);
  if (status >= 0) status = casc_transaction_commit(&transaction, error);
  casc_transaction_roll_back(&transaction);
  return status;
}

/* ---- cutting ---- */

static cascade_status read_cuts(cascade_connection *connection, const casc_queue_words *words, const casc_claim *claim,
                                bool integers, casc_keyset *cuts, cascade_error **error) {
  casc_statement statement;
  casc_cursor cursor = {0};
  const cascade_value *row = NULL;
  casc_session_statement(connection, &statement);
  casc_queue_cuts(words, &statement, integers, claim->source, SHARE);
  cascade_status status = casc_query(connection, &statement, &cursor, error);
  while (status >= 0 && (status = casc_next(&cursor, &row, error)) == CASCADE_OK)
    if (!casc_keyset_append(cuts, row)) status = casc_nomem(error);
  casc_cursor_close(&cursor);
  casc_statement_free(&statement);
  if (status >= 0 && !casc_keyset_merge(cuts, NULL)) status = casc_nomem(error);
  return status < 0 ? status : CASCADE_OK;
}

static cascade_status put_parts(cascade_connection *connection, const casc_queue_words *words, const casc_claim *claim,
                                const casc_keyset *cuts, cascade_error **error) {
  cascade_status status = CASCADE_OK;
  for (size_t i = 0; status >= 0 && i < cuts->count; i++) {
    int64_t id, before = (int64_t)(i + 1) * SHARE;
    bool last = i + 1 == cuts->count;
    int64_t total = last ? claim->keys_left - before : SHARE;
    casc_new_job part = {.kind = claim->kind,
                         .root = claim->root,
                         .payload = claim->payload,
                         .source = claim->source,
                         .low = cuts->integers[i] + 1,
                         .high = last ? claim->high : cuts->integers[i + 1],
                         .keys_left = total,
                         .max_attempts = claim->max_attempts};
    if (total > 0) status = casc_queue_put(connection, words, &part, &id, error);
  }
  return status;
}

cascade_status casc_claim_cut(cascade_connection *connection, const casc_queue_words *words, casc_claim *claim, bool integers,
                              uint32_t lease_ms, cascade_error **error) {
  bool whole = claim->low == INT64_MIN && claim->high == INT64_MAX && claim->source == claim->held.job;
  if (words->workers_wait || !whole || claim->keys_left < 2 * SHARE) return CASCADE_OK;
  casc_transaction transaction;
  casc_keyset cuts;
  casc_keyset_init(&cuts, &connection->context->alloc, 1, true);
  cascade_status status = casc_transaction_begin(&transaction, connection, true, error);
  if (status >= 0) status = casc_claim_hold(connection, words, &claim->held, lease_ms, error);
  if (status >= 0) status = read_cuts(connection, words, claim, integers, &cuts, error);
  int64_t high = cuts.count ? cuts.integers[0] : claim->high;
  if (status >= 0) status = put_parts(connection, words, claim, &cuts, error);
  if (status >= 0 && cuts.count) {
    casc_statement statement;
    casc_session_statement(connection, &statement);
    casc_queue_bound(words, &statement, &claim->held, claim->low, high, SHARE);
    status = change(connection, &claim->held, &statement, error);
  }
  if (status >= 0) status = casc_transaction_commit(&transaction, error);
  casc_transaction_roll_back(&transaction);
  casc_keyset_free(&cuts);
  if (status >= 0) claim->high = high;
  return status;
}

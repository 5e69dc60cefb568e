#include "queue_internal.h"

#include "options.h"
#include "outbox_tables.h"
#include "selection_internal.h"

#include <stdlib.h>

cascade_status casc_job_options_read(cascade_context *context, const cascade_job_options *given, cascade_job_options *own,
                                     cascade_error **error) {
  cascade_status status = CASC_OPTIONS(context, given, *own, delay_ms, error);
  if (status < 0) return status;
  if ((own->allow & ~(uint32_t)(CASCADE_ALLOW_NO_FILTER | CASCADE_ALLOW_UNENFORCED | CASCADE_ALLOW_HIDDEN)) ||
      own->integrity < CASCADE_INTEGRITY_CHECKED || own->integrity > CASCADE_INTEGRITY_PROVEN || own->delay_ms > INT64_MAX / 2 ||
      (own->column_count && (!own->columns || !own->column_tables)) || own->max_rows > INT64_MAX || own->max_tx_rows > INT64_MAX)
    return casc_fail(context, error, CASCADE_INVALID,
                     "job: unknown bits in allow, an unknown integrity, a list of columns that is NULL, or a number out of range");
  if (!own->max_attempts) own->max_attempts = 8;
  return CASCADE_OK;
}

cascade_status casc_queue_put(cascade_connection *connection, const casc_queue_words *words, const casc_new_job *job, int64_t *id,
                              cascade_error **error) {
  casc_statement statement;
  casc_session_statement(connection, &statement);
  casc_queue_insert(words, &statement, job);
  if (words->returning) return casc_ask(connection, &statement, 0, id, error);
  cascade_status status = casc_run(connection, &statement, NULL, error);
  if (status < 0) return status;
  casc_session_statement(connection, &statement);
  casc_queue_last_id(words, &statement);
  return casc_ask(connection, &statement, 0, id, error);
}

cascade_status casc_queue_put_audit(const casc_scope *asked, uint32_t table, const cascade_job_options *options, int64_t *id,
                                    cascade_error **error) {
  const casc_queue_words *words = asked->dialect->queue;
  char fingerprint[17];
  *id = 0;
  if (!options->actor && !options->reason) return CASCADE_OK;
  if (!casc_scope_fingerprint(asked, fingerprint)) return casc_nomem(error);
  return casc_record_put(asked->connection, words,
                         &(casc_audited){.actor = options->actor,
                                         .reason = options->reason,
                                         .table = asked->tables[table].table->label,
                                         .fingerprint = fingerprint},
                         id, error);
}

/* What the workers would find wrong, they all would. */
static cascade_status check_record(cascade_connection *connection, const cascade_policy *policy, const cascade_job_options *options,
                                   cascade_error **error) {
  const casc_queue_words *words;
  uint32_t table, position;
  cascade_status status = CASCADE_OK;
  if (options->outbox || options->actor || options->reason) status = casc_outbox_open(connection, &words, error);
  for (uint32_t i = 0; status >= 0 && i < options->column_count; i++)
    status = casc_hooks_find_column(policy->graph, options->column_tables[i], options->columns[i], &table, &position, error);
  return status;
}

static cascade_status check(cascade_connection *connection, cascade_policy *policy, cascade_selection *selection,
                            const cascade_job_options *options, cascade_error **error) {
  cascade_context *context = connection->context;
  if (policy->graph != selection->graph)
    return casc_fail(context, error, CASCADE_INVALID, "policy and selection are of different graphs; make both from one");
  cascade_status status = casc_policy_refuse(policy, selection->table, error);
  if (status < 0) return status;
  if (selection->by_keys || selection->where || (options->allow & CASCADE_ALLOW_NO_FILTER))
    return check_record(connection, policy, options, error);
  const char *table = policy->graph->tables[selection->table].label;
  return casc_fail_at(context, error, CASCADE_NO_FILTER, table, NULL,
                      "this would delete every row of table %s; give keys or a condition, or allow it: "
                      "CASCADE_ALLOW_NO_FILTER, --allow-no-filter",
                      table);
}

/* The two statements of an insert are one step of the host's transaction, or a transaction. */
cascade_status casc_queue_put_alone(cascade_connection *connection, const casc_queue_words *words, const casc_new_job *job,
                                    int64_t *id, cascade_error **error) {
  casc_transaction transaction;
  cascade_status status = casc_transaction_begin(&transaction, connection, true, error);
  if (status < 0) return status;
  status = casc_queue_put(connection, words, job, id, error);
  if (status >= 0) status = casc_transaction_commit(&transaction, error);
  if (status < 0) casc_transaction_roll_back(&transaction);
  return status;
}

/* Inside a transaction. */
static cascade_status put_purge(cascade_connection *connection, cascade_policy *policy, cascade_selection *selection,
                                const cascade_job_options *options, int64_t *id, cascade_error **error) {
  casc_scope asked = {0};
  char *payload = NULL;
  int64_t audit = 0;
  cascade_status status = CASCADE_OK;
  if (options->actor || options->reason) status = casc_scope_init(&asked, connection, policy, selection, CASC_SCOPE_KEYLESS, error);
  if (status >= 0 && asked.alloc) status = casc_queue_put_audit(&asked, selection->table, options, &audit, error);
  if (status >= 0) status = casc_payload_write(policy, selection, selection->table, NULL, options, audit, &payload, error);
  if (status >= 0)
    status = casc_queue_put(connection, casc_dialect_of(connection->capabilities.engine)->queue,
                            &(casc_new_job){.kind = CASC_PURGE,
                                            .root = policy->graph->tables[selection->table].label,
                                            .payload = payload,
                                            .low = INT64_MIN,
                                            .high = INT64_MAX,
                                            .max_attempts = options->max_attempts,
                                            .delay_ms = (int64_t)options->delay_ms},
                            id, error);
  free(payload);
  if (asked.alloc) casc_scope_free(&asked);
  return status;
}

cascade_status cascade_queue_purge(cascade_connection *connection, cascade_policy *policy, cascade_selection *selection,
                                   const cascade_job_options *given, int64_t *job, cascade_error **error) {
  if (job) *job = 0;
  if (!connection || !policy || !selection)
    return casc_fail(NULL, error, CASCADE_INVALID, "queue: connection, policy or selection is NULL");
  cascade_job_options options;
  const casc_queue_words *words;
  casc_transaction transaction = {0};
  int64_t id = 0;
  cascade_status status = casc_job_options_read(connection->context, given, &options, error);
  if (status >= 0) status = casc_queue_open(connection, &words, error);
  if (status >= 0) status = check(connection, policy, selection, &options, error);
  if (status >= 0) status = casc_transaction_begin(&transaction, connection, true, error);
  if (status < 0) return status;
  status = put_purge(connection, policy, selection, &options, &id, error);
  if (status >= 0) status = casc_transaction_commit(&transaction, error);
  if (status < 0) casc_transaction_roll_back(&transaction);
  if (status >= 0 && job) *job = id;
  return status;
}

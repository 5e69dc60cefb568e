#include "queue_internal.h"

#include "options.h"
#include "selection_internal.h"

#include <stdlib.h>

cascade_status casc_job_options_read(cascade_context *context, const cascade_job_options *given,
                                     cascade_job_options *own, cascade_error **error) {
  cascade_status status = CASC_OPTIONS(context, given, *own, delay_ms, error);
  if (status < 0) return status;
  if ((own->allow & ~(uint32_t)(CASCADE_ALLOW_NO_FILTER | CASCADE_ALLOW_UNENFORCED | CASCADE_ALLOW_HIDDEN)) ||
      own->integrity < CASCADE_INTEGRITY_CHECKED || own->integrity > CASCADE_INTEGRITY_PROVEN ||
      own->delay_ms > INT64_MAX / 2 || own->max_rows > INT64_MAX || own->max_tx_rows > INT64_MAX)
    return casc_fail(context, error, CASCADE_INVALID,
                     "job: unknown bits in allow, an unknown integrity, or a number out of range");
  if (!own->max_attempts) own->max_attempts = 8;
  return CASCADE_OK;
}

cascade_status casc_queue_put(cascade_connection *connection, const casc_queue_words *words, const casc_new_job *job,
                              int64_t *id, cascade_error **error) {
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

static cascade_status check(cascade_connection *connection, cascade_policy *policy, cascade_selection *selection,
                            const cascade_job_options *options, cascade_error **error) {
  cascade_context *context = connection->context;
  if (policy->graph != selection->graph)
    return casc_fail(context, error, CASCADE_INVALID,
                     "policy and selection are of different graphs; make both from one");
  if (selection->by_keys || selection->where || (options->allow & CASCADE_ALLOW_NO_FILTER)) return CASCADE_OK;
  const char *table = policy->graph->tables[selection->table].label;
  return casc_fail_at(context, error, CASCADE_NO_FILTER, table, NULL,
                      "this would delete every row of table %s; give keys or a condition, or allow it", table);
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

cascade_status cascade_queue_purge(cascade_connection *connection, cascade_policy *policy, cascade_selection *selection,
                                   const cascade_job_options *given, int64_t *job, cascade_error **error) {
  if (job) *job = 0;
  if (!connection || !policy || !selection)
    return casc_fail(NULL, error, CASCADE_INVALID, "queue: connection, policy or selection is NULL");
  cascade_job_options options;
  const casc_queue_words *words;
  char *payload = NULL;
  int64_t id = 0;
  cascade_status status = casc_job_options_read(connection->context, given, &options, error);
  if (status >= 0) status = check(connection, policy, selection, &options, error);
  if (status >= 0) status = casc_queue_open(connection, &words, error);
  if (status >= 0) status = casc_payload_write(policy, selection, selection->table, NULL, &options, &payload, error);
  if (status >= 0)
    status = casc_queue_put_alone(connection, words,
                     &(casc_new_job){.kind = CASC_PURGE,
                                     .root = policy->graph->tables[selection->table].label,
                                     .payload = payload,
                                     .low = INT64_MIN,
                                     .high = INT64_MAX,
                                     .max_attempts = options.max_attempts,
                                     .delay_ms = (int64_t)options.delay_ms},
                     &id, error);
  free(payload);
  if (status >= 0 && job) *job = id;
  return status;
}

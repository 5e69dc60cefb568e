/* Detach: a purge in one transaction, in which the rows of some relations are recorded for later instead of being
 * deleted. */
#include "queue_internal.h"

#include "options.h"

#include <stdlib.h>

typedef struct detaching {
  cascade_connection *connection;
  cascade_policy *policy;
  const casc_queue_words *words;
  cascade_job_options options;
  int64_t *jobs; /* by relation; 0 where there is none yet */
  cascade_detach_report report;
} detaching;

/* A transaction that is tried again begins anew. */
static cascade_status begun(void *data, cascade_error **error) {
  detaching *detach = data;
  (void)error;
  for (uint32_t i = 0; i < detach->policy->relation_count; i++) detach->jobs[i] = 0;
  detach->report.detached = detach->report.jobs = 0;
  detach->report.job = 0;
  return CASCADE_OK;
}

static cascade_status put_job(detaching *detach, casc_scope *scope, uint32_t relation, int64_t *audit, cascade_error **error) {
  const casc_scope_relation *to = &scope->relations[relation];
  uint32_t table = to->relation->table;
  char *payload = NULL;
  cascade_status status = casc_queue_put_audit(scope, table, &detach->options, audit, error);
  if (status >= 0) status = casc_payload_write(detach->policy, NULL, table, &to->sql, &detach->options, *audit, &payload, error);
  if (status >= 0)
    status = casc_queue_put(detach->connection, detach->words,
                            &(casc_new_job){.kind = CASC_DETACHED,
                                            .root = scope->tables[table].table->label,
                                            .payload = payload,
                                            .low = INT64_MIN,
                                            .high = INT64_MAX,
                                            .max_attempts = detach->options.max_attempts,
                                            .delay_ms = (int64_t)detach->options.delay_ms},
                            &detach->jobs[relation], error);
  free(payload);
  return status;
}

/* No row can come to refer to a parent that is held, so that as many rows are the same rows. */
static cascade_status differs(const casc_scope *scope, const casc_scope_relation *to, uint64_t recorded, uint64_t updated,
                              cascade_error **error) {
  const char *label = scope->tables[to->relation->table].table->label;
  return casc_fail_at(scope->connection->context, error, scope->dialect->row_locks ? CASCADE_SERIALIZATION : CASCADE_NO_PROGRESS,
                      label, to->relation->label, "%llu rows of table %s were to be set to NULL, and %llu were: %s",
                      (unsigned long long)recorded, label, (unsigned long long)updated,
                      scope->dialect->row_locks ? "others write to them" : "a trigger holds them back");
}

static cascade_status set_null(casc_scope *scope, const casc_scope_relation *to, const casc_sql_filter *filter, uint64_t recorded,
                               cascade_error **error) {
  casc_statement statement;
  uint64_t updated = 0;
  casc_session_statement(scope->connection, &statement);
  scope->dialect->update_rows(&statement, &to->sql, to->values, filter);
  cascade_status status = casc_run(scope->connection, &statement, &updated, error);
  if (status < 0) casc_error_explain(error, scope->tables[to->relation->table].table->label, to->relation->label, NULL);
  return status < 0 || updated == recorded ? status : differs(scope, to, recorded, updated, error);
}

/* No row was to be recorded. */
static cascade_status remove_job(detaching *detach, uint32_t relation, int64_t audit, cascade_error **error) {
  casc_statement statement;
  casc_session_statement(detach->connection, &statement);
  casc_queue_remove(detach->words, &statement, detach->jobs[relation]);
  detach->jobs[relation] = 0;
  cascade_status status = casc_run(detach->connection, &statement, NULL, error);
  if (status < 0 || !audit) return status;
  casc_session_statement(detach->connection, &statement);
  casc_audit_remove(detach->words, &statement, audit);
  return casc_run(detach->connection, &statement, NULL, error);
}

static cascade_status detach_rows(void *data, casc_scope *scope, uint32_t relation, const casc_sql_filter *filter, uint64_t *rows,
                                  cascade_error **error) {
  detaching *detach = data;
  const casc_scope_relation *to = &scope->relations[relation];
  const casc_table *table = scope->tables[to->relation->table].table;
  bool fresh = !detach->jobs[relation];
  int64_t audit = 0;
  cascade_status status = fresh ? put_job(detach, scope, relation, &audit, error) : CASCADE_OK;
  if (status < 0) return status;
  casc_statement statement;
  casc_session_statement(scope->connection, &statement);
  scope->dialect->detach_keys(&statement, &to->sql, filter, detach->jobs[relation],
                              casc_queue_integers(table, scope->dialect->engine));
  status = casc_run(scope->connection, &statement, rows, error);
  if (status < 0) casc_error_explain(error, table->label, to->relation->label, "detached rows could not be recorded");
  if (status >= 0 && *rows && !scope->dialect->detach_updates) status = set_null(scope, to, filter, *rows, error);
  if (status < 0 || (!*rows && !fresh)) return status;
  if (!*rows) return remove_job(detach, relation, audit, error);
  casc_session_statement(scope->connection, &statement);
  casc_queue_add_keys(detach->words, &statement, detach->jobs[relation], (int64_t)*rows);
  status = casc_run(scope->connection, &statement, NULL, error);
  detach->report.detached += *rows;
  if (fresh) detach->report.jobs++;
  if (!detach->report.job) detach->report.job = detach->jobs[relation];
  return status;
}

static cascade_status run(detaching *detach, cascade_selection *selection, const cascade_detach_options *options,
                          cascade_error **error) {
  const cascade_job_options *job = &detach->options;
  cascade_purge_options how = {.size = sizeof how,
                               .allow = options->allow,
                               .max_tx_rows = options->max_tx_rows,
                               .column_tables = job->column_tables,
                               .columns = job->columns,
                               .column_count = job->column_count,
                               .outbox = job->outbox,
                               .actor = job->actor,
                               .reason = job->reason};
  casc_guard guard = {.data = detach, .begun = begun, .detach = detach_rows, .detaching = true};
  cascade_purge *purge = NULL;
  const cascade_batch_info *batch;
  cascade_status status = casc_purge_open(detach->connection, detach->policy, selection, &how, &guard, &purge, error);
  while (status == CASCADE_OK) status = cascade_purge_next(purge, &batch, error);
  if (status == CASCADE_DONE) {
    detach->report.deleted = purge->report.deleted;
    detach->report.updated = purge->report.updated - detach->report.detached;
    status = CASCADE_OK;
  }
  cascade_purge_free(purge);
  return status;
}

cascade_status cascade_detach(cascade_connection *connection, cascade_policy *policy, cascade_selection *selection,
                              const cascade_detach_options *given, cascade_detach_report *report, cascade_error **error) {
  if (!connection || !policy || !selection)
    return casc_fail(NULL, error, CASCADE_INVALID, "detach: connection, policy or selection is NULL");
  cascade_context *context = connection->context;
  cascade_detach_options options;
  detaching detach = {.connection = connection, .policy = policy};
  cascade_status status = CASC_OPTIONS(context, given, options, job, error);
  if (status >= 0 && report && CASC_INFO(report, detach.report, job) < 0)
    status = casc_fail(context, error, CASCADE_INVALID, "detach: the report's size is not one of this struct");
  if (status >= 0) status = casc_job_options_read(context, options.job, &detach.options, error);
  if (status >= 0) status = casc_queue_open(connection, &detach.words, error);
  if (status < 0) return status;
  detach.jobs = casc_calloc(&context->alloc, policy->relation_count + 1, sizeof *detach.jobs);
  status = detach.jobs ? run(&detach, selection, &options, error) : casc_nomem(error);
  casc_free(&context->alloc, detach.jobs);
  if (status < 0 || !report) return status;
  return CASC_INFO(report, detach.report, job);
}

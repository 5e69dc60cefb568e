/* cascade queue ...: the tables of the queue, and its jobs. */
#include "cli.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

cascade_status run_queue_install(cli_session *session, const cli_options *options, cascade_error **error) {
  if (options->format != CLI_SQL) {
    cascade_status status = cascade_queue_install(session->connection, error);
    if (status >= 0) puts("The queue is installed.");
    return status;
  }
  char *text = NULL;
  cascade_status status = cascade_queue_ddl(cascade_connection_engine(session->connection), &text, error);
  if (status >= 0) put_text(text);
  cascade_text_free(text);
  return status;
}

cascade_status run_queue_metrics(cli_session *session, const cli_options *options, cascade_error **error) {
  (void)options;
  char *text = NULL;
  cascade_status status = cascade_queue_metrics(session->connection, &text, error);
  if (status >= 0) put_text(text);
  cascade_text_free(text);
  return status;
}

static const char *word(const json_t *job, const char *name) {
  const char *text = json_string_value(json_object_get(job, name));
  return text ? text : "";
}

static uint64_t count(const json_t *job, const char *name) {
  return (uint64_t)json_integer_value(json_object_get(job, name));
}

static void put_job(const json_t *job) {
  printf("%8lld  %-9s  %-8s  ", (long long)count(job, "job"), word(job, "state"), word(job, "kind"));
  text_pad(stdout, word(job, "table"), 24);
  printf("  %12s", count(job, "keys") ? number_text(count(job, "keys")).text : "-");
  printf("  %12s\n", number_text(count(job, "deleted")).text);
  if (*word(job, "error")) printf("          %s\n", word(job, "error"));
}

static void put_jobs(const char *text) {
  json_t *document = json_loads(text, 0, NULL);
  const json_t *jobs = json_object_get(document, "jobs");
  size_t number = json_array_size(jobs);
  if (!number) puts("No jobs.");
  else printf("%8s  %-9s  %-8s  %-24s  %12s  %12s\n", "job", "state", "kind", "table", "keys", "deleted");
  for (size_t i = 0; i < number; i++) put_job(json_array_get(jobs, i));
  json_decref(document);
}

cascade_status run_queue_list(cli_session *session, const cli_options *options, cascade_error **error) {
  cascade_queue_list_options how = {
      .size = sizeof how, .state = options->state, .limit = options->all ? INT32_MAX : options->limit};
  char *text = NULL;
  cascade_status status = cascade_queue_list(session->connection, &how, &text, error);
  if (status >= 0 && options->format == CLI_JSON) put_text(text);
  else if (status >= 0) put_jobs(text);
  cascade_text_free(text);
  return status;
}

cascade_job_options job_options(const cli_options *options, const cli_columns *columns) {
  return (cascade_job_options){.size = sizeof(cascade_job_options),
                               .allow = options->allow,
                               .integrity = options->integrity,
                               .max_rows = options->max_rows,
                               .max_tx_rows = options->max_tx_rows,
                               .batch_ms = options->batch_ms,
                               .outbox = options->outbox,
                               .column_count = columns->count,
                               .column_tables = columns->tables,
                               .columns = columns->columns,
                               .actor = options->actor,
                               .reason = options->reason};
}

void told_job(int64_t job) {
  printf("Job %lld is for 'cascade queue work'.\n", (long long)job);
}

/* The number of a job stands where other commands have a table. */
static cascade_status job_number(cli_session *session, const cli_options *options, int64_t *job, cascade_error **error) {
  char *end;
  *job = 0;
  if (!options->table) return CASCADE_OK; /* all */
  errno = 0;
  *job = strtoll(options->table, &end, 10);
  if (*job > 0 && !*end && !errno) return CASCADE_OK;
  return session_fail(session, CASCADE_INVALID, error, "'%s' is not the number of a job; see 'cascade queue list'", options->table);
}

typedef cascade_status change_job(cascade_connection *connection, int64_t job, cascade_error **error);

/* Changes a job, or all, and tells what is true now. */
static cascade_status change(cli_session *session, const cli_options *options, change_job *as, const char *now,
                             cascade_error **error) {
  int64_t job;
  cascade_status status = job_number(session, options, &job, error);
  if (status >= 0) status = as(session->connection, job, error);
  if (status >= 0 && job) printf("Job %lld %s.\n", (long long)job, now);
  else if (status >= 0) printf("The queue %s.\n", now);
  return status;
}

cascade_status run_queue_pause(cli_session *session, const cli_options *options, cascade_error **error) {
  return change(session, options, cascade_queue_pause, "is paused", error);
}

cascade_status run_queue_resume(cli_session *session, const cli_options *options, cascade_error **error) {
  return change(session, options, cascade_queue_resume, "goes on", error);
}

cascade_status run_queue_retry(cli_session *session, const cli_options *options, cascade_error **error) {
  return change(session, options, cascade_queue_retry, "is ready again", error);
}

cascade_status run_queue_cancel(cli_session *session, const cli_options *options, cascade_error **error) {
  return change(session, options, cascade_queue_cancel, "is cancelled; what it had done stays", error);
}

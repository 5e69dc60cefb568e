/* cascade queue ...: the tables of the queue, its jobs, and a worker. */
#include "progress.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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

static bool report_json(const cascade_worker_report *report) {
  json_t *document =
      json_pack("{s:i, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "version", 1, "claimed", (json_int_t)report->claimed,
                "done", (json_int_t)report->done, "failed", (json_int_t)report->failed, "lost",
                (json_int_t)report->lost, "batches", (json_int_t)report->batches, "deleted",
                (json_int_t)report->deleted, "updated", (json_int_t)report->updated, "kept", (json_int_t)report->kept,
                "inserted", (json_int_t)report->inserted);
  char *text = document ? json_dumps(document, 0) : NULL;
  if (text) puts(text);
  free(text);
  json_decref(document);
  return text;
}

cascade_status run_queue_work(cli_session *session, const cli_options *options, cascade_error **error) {
  cascade_worker *worker = NULL;
  cascade_worker_report report = {.size = sizeof report};
  cascade_worker_options how = {.size = sizeof how};
  progress line;
  progress_begin(&line, options, NULL, 0);
  cascade_status status = throttle_open(session, options, &line, &how.throttle, error);
  if (status >= 0) status = cascade_worker_new(session->connection, &how, &worker, error);
  cascade_throttle_free(how.throttle); /* the worker keeps it */
  if (status < 0) return status;
  time_t idle_since = time(NULL);
  while ((status = cascade_worker_step(worker, error)) >= 0) {
    if (status == CASCADE_OK) idle_since = time(NULL);
    else if (time(NULL) - idle_since >= (time_t)options->wait) break;
    else nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
  }
  progress_end(&line);
  cascade_worker_describe(worker, &report);
  cascade_worker_free(worker);
  if (options->format == CLI_JSON) {
    if (!report_json(&report) && status >= 0) status = session_fail(session, CASCADE_NOMEM, error, "out of memory");
    return status;
  }
  printf("%s of %s job%s done: deleted %s row%s in %s batch%s", number_text(report.done).text,
         number_text(report.claimed).text, report.claimed == 1 ? "" : "s", number_text(report.deleted).text,
         report.deleted == 1 ? "" : "s", number_text(report.batches).text, report.batches == 1 ? "" : "es");
  if (report.inserted) printf(", inserted %s", number_text(report.inserted).text);
  if (report.kept) printf(", left %s alone that have a parent again", number_text(report.kept).text);
  puts(".");
  if (report.paused) puts("The queue is paused: 'cascade queue resume' lets it go on.");
  if (report.failed) printf("%s failed: see 'cascade queue list'.\n", number_text(report.failed).text);
  return status;
}

/* The number of a job stands where other commands have a table. */
static cascade_status job_number(cli_session *session, const cli_options *options, int64_t *job,
                                 cascade_error **error) {
  char *end;
  *job = 0;
  if (!options->table) return CASCADE_OK; /* all */
  errno = 0;
  *job = strtoll(options->table, &end, 10);
  if (*job > 0 && !*end && !errno) return CASCADE_OK;
  return session_fail(session, CASCADE_INVALID, error, "'%s' is not the number of a job; see 'cascade queue list'",
                      options->table);
}

cascade_status run_queue_pause(cli_session *session, const cli_options *options, cascade_error **error) {
  int64_t job;
  cascade_status status = job_number(session, options, &job, error);
  return status < 0 ? status : cascade_queue_pause(session->connection, job, error);
}

cascade_status run_queue_resume(cli_session *session, const cli_options *options, cascade_error **error) {
  int64_t job;
  cascade_status status = job_number(session, options, &job, error);
  return status < 0 ? status : cascade_queue_resume(session->connection, job, error);
}

cascade_status run_queue_retry(cli_session *session, const cli_options *options, cascade_error **error) {
  int64_t job;
  cascade_status status = job_number(session, options, &job, error);
  return status < 0 ? status : cascade_queue_retry(session->connection, job, error);
}

cascade_status run_queue_cancel(cli_session *session, const cli_options *options, cascade_error **error) {
  int64_t job;
  cascade_status status = job_number(session, options, &job, error);
  return status < 0 ? status : cascade_queue_cancel(session->connection, job, error);
}

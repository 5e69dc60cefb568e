/* cascade detach: deletes the rows and leaves what is detached to the queue. */
#include "cli.h"

#include <jansson.h>
#include <stdlib.h>

static bool report_json(const cascade_detach_report *report) {
  json_t *document = json_pack("{s:i, s:I, s:I, s:I, s:I, s:I}", "version", 1, "deleted", (json_int_t)report->deleted, "updated",
                               (json_int_t)report->updated, "detached", (json_int_t)report->detached, "jobs",
                               (json_int_t)report->jobs, "job", (json_int_t)report->job);
  char *text = document ? json_dumps(document, 0) : NULL;
  if (text) puts(text);
  free(text);
  json_decref(document);
  return text;
}

static void report_text(const cascade_detach_report *report) {
  printf("Deleted %s row%s", number_text(report->deleted).text, report->deleted == 1 ? "" : "s");
  if (report->updated) printf(", rewrote %s", number_text(report->updated).text);
  printf("; detached %s, in %u job%s.\n", number_text(report->detached).text, report->jobs, report->jobs == 1 ? "" : "s");
}

cascade_status run_detach(cli_session *session, const cli_options *options, cascade_error **error) {
  cli_columns columns = {0};
  cascade_job_options job;
  cascade_detach_options how = {.size = sizeof how, .allow = options->allow, .max_tx_rows = options->max_tx_rows, .job = &job};
  cascade_detach_report report = {.size = sizeof report};
  if (!options->yes) return session_fail(session, CASCADE_INVALID, error, "detach deletes at once, without asking; give --yes");
  cascade_status status = columns_read(session, options->outbox_columns, &columns, error);
  job = job_options(options, &columns);
  if (status >= 0) status = cascade_detach(session->connection, session->policy, session->selection, &how, &report, error);
  columns_free(&columns);
  if (status < 0) return status;
  if (options->format == CLI_TEXT) report_text(&report);
  else if (!report_json(&report)) status = session_fail(session, CASCADE_NOMEM, error, "out of memory");
  return status;
}

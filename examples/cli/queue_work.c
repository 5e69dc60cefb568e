/* cascade queue work: a worker, and how far it is. */
#include "progress.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECOND UINT64_C(1000000000)

enum { LOOK_SHARE = 50 }; /* looks at the queue take no more of the time than one part in this */

/* What the line shows. Rows and time are the worker's own; the share is that of the whole queue, which other workers empty too. */
typedef struct watch {
  cascade_connection *connection;
  const cascade_throttle *throttle;
  progress *line;
  int64_t job; /* whose table is known */
  char table[200];
  uint64_t most, left, due; /* recorded keys that wait: at the most, and at the last look; when the next one is due */
  uint64_t batches, paused_ms;
} watch;

static uint64_t paused_ms(const cascade_throttle *throttle) {
  cascade_throttle_report seen = {.size = sizeof seen};
  if (!throttle) return 0;
  cascade_throttle_describe(throttle, &seen);
  return seen.sleep_ms + seen.host_ms + seen.file_ms + seen.lag_ms + seen.flow_ms + seen.load_ms + seen.vacuum_ms;
}

/* A look that fails shows nothing: the worker itself will say what is wrong. */
static void look_at_queue(watch *seen) {
  char *text = NULL;
  uint64_t began = progress_clock();
  if (began < seen->due || cascade_queue_metrics(seen->connection, &text, NULL) < 0) return;
  json_t *document = json_loads(text, 0, NULL), *kind;
  const char *name;
  cascade_text_free(text);
  seen->left = 0;
  json_object_foreach(json_object_get(document, "kinds"), name, kind) {
    seen->left += (uint64_t)json_integer_value(json_object_get(kind, "lag"));
  }
  json_decref(document);
  if (seen->left > seen->most) seen->most = seen->left;
  uint64_t pause = (progress_clock() - began) * LOOK_SHARE;
  seen->due = began + (pause > SECOND ? pause : SECOND);
}

static void look_at_job(watch *seen, int64_t job) {
  cascade_queue_list_options only = {.size = sizeof only, .after = job - 1, .limit = 1};
  char *text = NULL;
  if (!job || job == seen->job) return; /* between two jobs the last one is shown */
  seen->job = job;
  *seen->table = '\0';
  if (cascade_queue_list(seen->connection, &only, &text, NULL) < 0) return;
  json_t *document = json_loads(text, 0, NULL);
  const char *table = json_string_value(json_object_get(json_array_get(json_object_get(document, "jobs"), 0), "table"));
  if (table) snprintf(seen->table, sizeof seen->table, "%s", table);
  json_decref(document);
  cascade_text_free(text);
}

/* After a step that took so many nanoseconds, pauses and all. */
static void show(watch *seen, const cascade_worker_report *report, uint64_t nanoseconds) {
  uint64_t paused = paused_ms(seen->throttle), idle = (paused - seen->paused_ms) * 1000000;
  bool worked = report->batches > seen->batches;
  seen->paused_ms = paused;
  seen->batches = report->batches;
  if (!seen->line->on && !seen->line->json) return;
  look_at_job(seen, report->job);
  look_at_queue(seen);
  if (!worked) return;
  progress_paint(seen->line, &(progress_state){.part = seen->most ? 1 - (double)seen->left / (double)seen->most : -1,
                                               .rows = report->deleted + report->updated + report->inserted,
                                               .nanoseconds = nanoseconds > idle ? nanoseconds - idle : 0,
                                               .what = seen->table});
}

static bool report_json(const cascade_worker_report *report) {
  json_t *document =
      json_pack("{s:i, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "version", 1, "claimed", (json_int_t)report->claimed, "done",
                (json_int_t)report->done, "failed", (json_int_t)report->failed, "lost", (json_int_t)report->lost, "batches",
                (json_int_t)report->batches, "deleted", (json_int_t)report->deleted, "updated", (json_int_t)report->updated, "kept",
                (json_int_t)report->kept, "inserted", (json_int_t)report->inserted);
  char *text = document ? json_dumps(document, 0) : NULL;
  if (text) puts(text);
  free(text);
  json_decref(document);
  return text;
}

static void report_text(const cascade_worker_report *report) {
  printf("%s of %s job%s done: deleted %s row%s in %s batch%s", number_text(report->done).text, number_text(report->claimed).text,
         report->claimed == 1 ? "" : "s", number_text(report->deleted).text, report->deleted == 1 ? "" : "s",
         number_text(report->batches).text, report->batches == 1 ? "" : "es");
  if (report->inserted) printf(", inserted %s", number_text(report->inserted).text);
  if (report->kept) printf(", left %s alone that have a parent again", number_text(report->kept).text);
  puts(".");
  if (report->paused) puts("The queue is paused: 'cascade queue resume' lets it go on.");
  if (report->failed) printf("%s failed: see 'cascade queue list'.\n", number_text(report->failed).text);
}

/* Until nothing was due for as long as is to be waited, or it fails. */
static cascade_status work(cascade_worker *worker, const cli_options *options, watch *seen, cascade_worker_report *report,
                           cascade_error **error) {
  uint64_t idle_since = progress_clock(), began = idle_since;
  cascade_status status;
  look_at_queue(seen); /* before the first claim: what there is to do */
  while ((status = cascade_worker_step(worker, error)) >= 0) {
    uint64_t now = progress_clock();
    cascade_worker_describe(worker, report);
    if (status == CASCADE_OK) {
      show(seen, report, now - began);
      idle_since = now;
    } else {
      progress_end(seen->line);
      if (now - idle_since >= options->wait * SECOND) break;
      nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    }
    began = progress_clock();
  }
  progress_end(seen->line);
  cascade_worker_describe(worker, report);
  return status;
}

cascade_status run_queue_work(cli_session *session, const cli_options *options, cascade_error **error) {
  cascade_worker *worker = NULL;
  cascade_worker_report report = {.size = sizeof report};
  cascade_worker_options how = {.size = sizeof how};
  progress line;
  progress_begin(&line, options, NULL, 0);
  cascade_status status = archive_open(session, options, &how.archive, error);
  if (status >= 0) status = throttle_open(session, options, &line, &how.throttle, error);
  if (status >= 0) status = cascade_worker_new(session->connection, &how, &worker, error);
  if (status >= 0) {
    watch seen = {.connection = session->connection, .throttle = how.throttle, .line = &line};
    status = work(worker, options, &seen, &report, error);
    cascade_worker_free(worker);
    if (options->format == CLI_TEXT) report_text(&report);
    else if (!report_json(&report) && status >= 0) status = session_fail(session, CASCADE_NOMEM, error, "out of memory");
    if (!options->json_progress) throttle_report(how.throttle);
    if (!options->json_progress) archive_report(how.archive);
  }
  cascade_throttle_free(how.throttle);
  cascade_archive_free(how.archive);
  return status;
}

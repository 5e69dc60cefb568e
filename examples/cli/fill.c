/* cascade fill: rows of a table, made from what other tables say. */
#include "progress.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const char *plural(uint64_t count) {
  return count == 1 ? "" : "s";
}

/* "a,b" as names, in memory that one call frees; NULL when that is out. */
static char **split(const char *list, uint32_t *count) {
  size_t names = 1, length = strlen(list);
  for (const char *at = list; *at; at++) names += *at == ',';
  char **parts = malloc(names * sizeof *parts + length + 1);
  if (!parts) return NULL;
  char *text = memcpy((char *)(parts + names), list, length + 1);
  for (*count = 0; *count < names; text += strlen(text) + 1) {
    parts[(*count)++] = text;
    text[strcspn(text, ",")] = '\0';
  }
  return parts;
}

static int32_t mode_of(const char *word) {
  if (!word || !strcmp(word, "insert")) return CASCADE_FILL_INSERT;
  return !strcmp(word, "update") ? CASCADE_FILL_UPDATE : !strcmp(word, "merge") ? CASCADE_FILL_MERGE : -1;
}

static cascade_status make(cli_session *session, const cli_options *options, cascade_throttle *throttle, cascade_fill **fill,
                           cascade_error **error) {
  uint32_t key_count = 0;
  char **key = options->fill_key ? split(options->fill_key, &key_count) : NULL;
  if (options->fill_key && !key) return session_fail(session, CASCADE_NOMEM, error, "out of memory");
  cascade_fill_target target = {.size = sizeof target,
                                .table = options->table,
                                .columns = options->keys,
                                .key = key ? (const char *const *)key : options->keys,
                                .range = options->range,
                                .column_count = options->key_count,
                                .key_count = key ? key_count : options->key_count};
  cascade_fill_options how = {.size = sizeof how,
                              .mode = mode_of(options->mode),
                              .allow = options->allow,
                              .dry_run = options->dry_run,
                              .batch_ms = options->batch_ms,
                              .max_tx_rows = options->max_tx_rows,
                              .time_budget_ms = options->max_seconds * 1000,
                              .row_budget = options->max_rows,
                              .token = options->token,
                              .checkpoint_table = options->checkpoint,
                              .job = options->fill_job,
                              .throttle = throttle};
  cascade_status status = cascade_fill_new(session->connection, session->graph, &target, &how, fill, error);
  for (uint32_t i = 0; status >= 0 && i < options->select_count; i++)
    status = cascade_fill_select(*fill, options->selects_sql[i], NULL, 0, error);
  free(key);
  return status;
}

static void report_text(const cli_options *options, const cascade_fill_report *report, double seconds) {
  printf("%s %s row%s", options->dry_run ? "Would insert" : "Inserted", number_text(report->inserted).text,
         plural(report->inserted));
  if (mode_of(options->mode) != CASCADE_FILL_INSERT)
    printf(", %s %s", options->dry_run ? "update" : "updated", number_text(report->updated).text);
  printf(", %s %s, in %s range%s, in %.1f s", options->dry_run ? "skip" : "skipped", number_text(report->skipped).text,
         number_text(report->ranges).text, plural(report->ranges), seconds);
  if (!options->dry_run) printf("; the longest transaction took %.0f ms", (double)report->longest_ns / 1e6);
  puts(".");
}

static bool report_json(const cascade_fill_report *report, const char *token, double seconds) {
  json_t *document =
      json_pack("{s:i, s:b, s:I, s:I, s:I, s:I, s:I, s:f, s:f, s:s}", "version", 1, "finished", report->finished, "inserted",
                (json_int_t)report->inserted, "updated", (json_int_t)report->updated, "skipped", (json_int_t)report->skipped,
                "ranges", (json_int_t)report->ranges, "retries", (json_int_t)report->retries, "longest_ms",
                (double)report->longest_ns / 1e6, "seconds", seconds, "token", token);
  char *text = document ? json_dumps(document, JSON_REAL_PRECISION(6)) : NULL;
  if (text) puts(text);
  free(text);
  json_decref(document);
  return text;
}

/* What to add to the command, for it to go on where this one ended. */
static void hint(const cli_options *options, const cascade_fill_report *report, const char *token) {
  if (report->finished || !report->ranges || options->dry_run) return;
  fprintf(stderr, "%d.%d %% of the way is done; ", (int)report->permille / 10, (int)report->permille % 10);
  if (options->checkpoint) fputs("the same command goes on from there\n", stderr);
  else fprintf(stderr, "to go on from there, add --token %s\n", token);
}

static cascade_status report(cli_session *session, const cli_options *options, const cascade_fill *fill, cascade_status status,
                             double seconds, cascade_error **error) {
  cascade_fill_report done = {.size = sizeof done};
  char *token = NULL;
  cascade_fill_describe(fill, &done);
  if (cascade_fill_token(fill, &token, NULL) < 0 || (status < 0 && !done.ranges)) {
    cascade_text_free(token);
    return status; /* the error says it all */
  }
  if (options->format == CLI_TEXT) report_text(options, &done, seconds);
  else if (!report_json(&done, token, seconds) && status >= 0)
    status = session_fail(session, CASCADE_NOMEM, error, "out of memory");
  hint(options, &done, token);
  cascade_text_free(token);
  return status;
}

static cascade_status put_off(const cascade_fill *fill, cascade_error **error) {
  int64_t job = 0;
  cascade_status status = cascade_queue_fill(fill, NULL, &job, error);
  if (status >= 0) told_job(job);
  return status;
}

cascade_status run_fill(cli_session *session, const cli_options *options, cascade_error **error) {
  const cascade_fill_range *range = NULL;
  cascade_fill *fill = NULL;
  cascade_throttle *throttle = NULL;
  progress line;
  if (mode_of(options->mode) < 0)
    return session_fail(session, CASCADE_INVALID, error, "--mode takes insert, update or merge, not '%s'", options->mode);
  progress_begin(&line, options, session->graph, 0);
  cascade_status status = throttle_open(session, options, &line, &throttle, error);
  if (status >= 0) status = make(session, options, throttle, &fill, error);
  if (status >= 0 && options->later) {
    status = put_off(fill, error);
    cascade_fill_free(fill);
    cascade_throttle_free(throttle);
    return status;
  }
  while (status >= 0 && (status = cascade_fill_next(fill, &range, error)) == CASCADE_OK)
    progress_paint(&line, &(progress_state){.part = range->permille / 1000.0,
                                            .rows = range->total_inserted + range->total_updated + range->total_skipped,
                                            .nanoseconds = range->nanoseconds,
                                            .what = options->table});
  progress_end(&line);
  if (fill) status = report(session, options, fill, status, (double)(progress_clock() - line.began) / 1e9, error);
  if (!options->json_progress) throttle_report(throttle);
  cascade_throttle_free(throttle);
  cascade_fill_free(fill);
  return status;
}

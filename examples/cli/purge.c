/* cascade purge: shows, asks, deletes, reports. */
#include "progress.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *plural(uint64_t count) {
  return count == 1 ? "" : "s";
}

/* The command that shows more, for what stands in the way. */
static void hint(const cli_session *session, const cli_options *options, const cascade_error *error) {
  bool deeper = false; /* the relation in the way does not refer to the selected table itself */
  for (uint32_t i = 0; i < cascade_policy_relation_count(session->policy); i++) {
    cascade_relation_info relation = {.size = sizeof relation};
    cascade_policy_relation(session->policy, i, &relation);
    if (!strcmp(relation.label, cascade_error_relation(error)))
      deeper = relation.ref_table != cascade_selection_table(session->selection);
  }
  fputs("To see what stands in the way: ", stderr);
  text_command(stderr, options);
  if (deeper) fputs(" --depth 9", stderr);
  text_command_end(stderr, options);
}

/* Rows by table: a plan may have several steps for one. */
static void put_tables(const cli_session *session, const cascade_plan *plan, uint32_t steps, uint64_t *rows, uint32_t *tables) {
  for (uint32_t i = 0; i < steps; i++) {
    cascade_step_info step = {.size = sizeof step};
    cascade_plan_step(plan, i, &step);
    if (step.kind == CASCADE_STEP_DELETE) rows[step.table] += step.rows;
  }
  for (uint32_t i = 0; i < cascade_graph_table_count(session->graph); i++) {
    if (!rows[i]) continue;
    cascade_table_info table = {.size = sizeof table};
    cascade_graph_table(session->graph, i, &table);
    fprintf(stderr, "  %12s  %s\n", number_text(rows[i]).text, table.label);
    ++*tables;
  }
}

/* Shows the plan in short and asks. Anything but yes means no. */
static bool agreed(const cli_session *session, const cascade_plan *plan, const cascade_plan_info *facts) {
  const char *about = facts->accuracy == CASCADE_EXACT ? "" : facts->accuracy == CASCADE_AT_LEAST ? "at least " : "about ";
  uint32_t tables = 0;
  uint64_t *rows = calloc(cascade_graph_table_count(session->graph), sizeof *rows);
  if (!rows) return false;
  put_tables(session, plan, facts->step_count, rows, &tables);
  free(rows);
  if (facts->updated) fprintf(stderr, "  %12s  rewritten\n", number_text(facts->updated).text);
  fprintf(stderr, "Delete %s%s row%s in %u table%s? [y/N] ", about, number_text(facts->deleted).text, plural(facts->deleted),
          tables, plural(tables));
  fflush(stderr);
  char answer[16] = "";
  if (!session_await_answer() || !fgets(answer, sizeof answer, stdin)) {
    fputc('\n', stderr);
    return false;
  }
  return !strcmp(answer, "y\n") || !strcmp(answer, "yes\n") || !strcmp(answer, "Y\n");
}

static void report_text(const cascade_purge *purge, const cascade_purge_report *report, double seconds) {
  printf("Deleted %s row%s in %s batch%s", number_text(report->deleted).text, plural(report->deleted),
         number_text(report->batches).text, report->batches == 1 ? "" : "es");
  if (report->updated) printf(", rewrote %s", number_text(report->updated).text);
  printf(", in %.1f s; the longest transaction took %.0f ms.\n", seconds, (double)report->longest_ns / 1e6);
  for (uint32_t i = 0; i < report->table_count; i++) {
    cascade_table_report table = {.size = sizeof table};
    cascade_purge_table(purge, i, &table);
    if (table.deleted) printf("  %12s  %s\n", number_text(table.deleted).text, table.label);
  }
  for (uint32_t i = 0; i < report->table_count; i++) {
    cascade_table_report table = {.size = sizeof table};
    cascade_purge_table(purge, i, &table);
    if (table.updated) printf("  %12s  %s, rewritten\n", number_text(table.updated).text, table.label);
  }
}

static bool report_json(const cascade_purge *purge, const cascade_purge_report *report, double seconds) {
  json_t *tables = json_array();
  for (uint32_t i = 0; tables && i < report->table_count; i++) {
    cascade_table_report table = {.size = sizeof table};
    cascade_purge_table(purge, i, &table);
    json_array_append_new(tables, json_pack("{s:s, s:I, s:I}", "table", table.label, "deleted", (json_int_t)table.deleted,
                                            "updated", (json_int_t)table.updated));
  }
  json_t *document = json_pack("{s:i, s:b, s:I, s:I, s:I, s:I, s:f, s:f, s:o}", "version", 1, "finished", report->finished,
                               "deleted", (json_int_t)report->deleted, "updated", (json_int_t)report->updated, "batches",
                               (json_int_t)report->batches, "retries", (json_int_t)report->retries, "longest_ms",
                               (double)report->longest_ns / 1e6, "seconds", seconds, "tables", tables);
  char *text = document ? json_dumps(document, JSON_REAL_PRECISION(6)) : NULL;
  if (text) puts(text);
  free(text);
  json_decref(document);
  return text;
}

/* Deletes batch by batch. What was committed is reported also when it ends early. */
static cascade_status delete_all(cli_session *session, const cli_options *options, cascade_purge *purge, progress *line,
                                 uint64_t expected, cascade_error **error) {
  const cascade_batch_info *batch = NULL;
  cascade_purge_report report = {.size = sizeof report};
  cascade_status status;
  session_catch_interrupt(session->connection, purge);
  progress_begin(line, options, session->graph, expected);
  while ((status = cascade_purge_next(purge, &batch, error)) == CASCADE_OK) progress_show(line, batch);
  progress_end(line);
  session_catch_interrupt(session->connection, NULL);

  double seconds = (double)(progress_clock() - line->began) / 1e9;
  cascade_purge_describe(purge, &report);
  if (status < 0 && !report.batches) return status; /* the error says it all */
  if (options->format == CLI_TEXT) report_text(purge, &report, seconds);
  else if (!report_json(purge, &report, seconds) && status >= 0)
    status = session_fail(session, CASCADE_NOMEM, error, "out of memory");
  if (status == CASCADE_CANCELLED) {
    cascade_error_free(*error);
    session_fail(session, status, error,
                 "cancelled: the %s row%s that the committed batches deleted are gone; the same command goes on from there",
                 number_text(report.deleted).text, plural(report.deleted));
  }
  return status;
}

static cascade_status put_off(cli_session *session, const cli_options *options, const cli_columns *columns, cascade_error **error) {
  cascade_job_options how = job_options(options, columns);
  int64_t job = 0;
  cascade_status status = cascade_queue_purge(session->connection, session->policy, session->selection, &how, &job, error);
  if (status >= 0) told_job(job);
  return status;
}

cascade_status run_purge(cli_session *session, const cli_options *options, cascade_error **error) {
  cascade_purge_options how = {.size = sizeof how,
                               .allow = options->allow,
                               .integrity = options->integrity,
                               .max_rows = options->max_rows,
                               .max_tx_rows = options->max_tx_rows,
                               .batch_ms = options->batch_ms,
                               .statement_timeout_ms = options->statement_timeout_ms,
                               .plan = options->plan,
                               .outbox = options->outbox,
                               .actor = options->actor,
                               .reason = options->reason};
  cli_columns columns = {0};
  if (!options->yes && !isatty(STDIN_FILENO))
    return session_fail(session, CASCADE_INVALID, error,
                        "purge asks before it deletes, but there is no terminal to ask on; give --yes");
  cascade_plan *plan = NULL;
  cascade_plan_info facts = {.size = sizeof facts};
  cascade_purge *purge = NULL;
  progress line = {0};
  cascade_status status = columns_read(session, options->outbox_columns, &columns, error);
  how.column_tables = columns.tables;
  how.columns = columns.columns;
  how.column_count = columns.count;
  if (status >= 0 && !options->yes) {
    status = cascade_plan_new(session->connection, session->policy, session->selection, NULL, &plan, error);
    if (status >= 0) cascade_plan_describe(plan, &facts);
    if (!how.plan && facts.accuracy == CASCADE_EXACT) how.plan = facts.fingerprint; /* what is agreed to is what is done */
  }
  if (status >= 0) status = archive_open(session, options, &how.archive, error);
  if (status >= 0) status = throttle_open(session, options, &line, &how.throttle, error);
  if (status >= 0 && options->later && how.throttle)
    status = session_fail(session, CASCADE_INVALID, error,
                          "the worker's pace is not the job's: give these options to 'cascade queue work'");
  if (status >= 0 && options->later && options->statement_timeout_ms)
    status = session_fail(session, CASCADE_INVALID, error,
                          "statements of a job have 30 seconds: --statement-timeout is not for --later");
  if (status >= 0 && !options->later)
    status = cascade_purge_new(session->connection, session->policy, session->selection, &how, &purge, error);
  if (status == CASCADE_BLOCKED && error && *error) {
    fprintf(stderr, "cascade: %s\n", cascade_error_message(*error));
    hint(session, options, *error);
    cascade_error_free(*error);
    *error = NULL;
  }
  if (status >= 0 && !options->yes && facts.deleted && !agreed(session, plan, &facts))
    status = session_fail(session, CASCADE_CANCELLED, error, "not agreed: nothing was deleted");
  if (status >= 0 && options->later) status = put_off(session, options, &columns, error);
  else if (status >= 0)
    status = delete_all(session, options, purge, &line, facts.accuracy == CASCADE_EXACT ? facts.deleted : 0, error);
  if (!options->json_progress) throttle_report(how.throttle);
  if (!options->json_progress && purge) archive_report(how.archive);
  cascade_throttle_free(how.throttle);
  cascade_purge_free(purge);
  cascade_archive_free(how.archive);
  cascade_plan_free(plan);
  columns_free(&columns);
  return status;
}

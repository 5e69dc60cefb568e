/* What the queue holds, for people and for monitoring; and what people do to jobs. */
#include "queue_internal.h"

#include "json_text.h"
#include "options.h"
#include "plain.h"

#include <stdlib.h>
#include <string.h>

static json_t *number(const cascade_value *cell) {
  return cell->type == CASCADE_NULL ? json_null() : json_integer(cell->integer);
}

/* A name need not be UTF-8: then some of its letters are question marks. */
static json_t *text(const cascade_value *cell) {
  const char *data = cell->data ? cell->data : "";
  if (cell->type == CASCADE_NULL) return json_null();
  if (casc_is_utf8(data, cell->length)) return json_stringn(data, cell->length);
  char *mended = strndup(data, cell->length);
  if (mended) casc_mend_line(mended);
  json_t *json = mended ? json_string(mended) : NULL;
  free(mended);
  return json;
}

static json_t *job_json(const cascade_value *row) {
  static const struct {
    const char *name;
    uint32_t column;
    bool word;
  } members[] = {{"job", CASC_JOB_ID, false},
                 {"kind", CASC_JOB_KIND, true},
                 {"state", CASC_JOB_STATE, true},
                 {"table", CASC_JOB_ROOT, true},
                 {"keys", CASC_JOB_KEYS_LEFT, false},
                 {"deleted", CASC_JOB_DELETED, false},
                 {"updated", CASC_JOB_UPDATED, false},
                 {"kept", CASC_JOB_KEPT, false},
                 {"inserted", CASC_JOB_INSERTED, false},
                 {"skipped", CASC_JOB_SKIPPED, false},
                 {"batches", CASC_JOB_BATCHES, false},
                 {"attempts", CASC_JOB_ATTEMPTS, false},
                 {"max_attempts", CASC_JOB_MAX_ATTEMPTS, false},
                 {"due", CASC_JOB_DUE, false},
                 {"owner", CASC_JOB_OWNER, true},
                 {"error", CASC_JOB_ERROR, true},
                 {"created", CASC_JOB_CREATED, false},
                 {"changed", CASC_JOB_CHANGED, false}};
  json_t *job = json_object();
  bool done = job != NULL;
  for (size_t i = 0; done && i < sizeof members / sizeof *members; i++) {
    const cascade_value *cell = &row[members[i].column];
    done = !json_object_set_new(job, members[i].name, members[i].word ? text(cell) : number(cell));
  }
  if (done && row[CASC_JOB_SOURCE].integer) done = !json_object_set_new(job, "part_of", number(&row[CASC_JOB_SOURCE]));
  if (done) return job;
  json_decref(job);
  return NULL;
}

static cascade_status read_jobs(cascade_connection *connection, const casc_statement *statement, json_t *document,
                                cascade_error **error) {
  casc_cursor cursor = {0};
  const cascade_value *row = NULL;
  json_t *jobs = json_array();
  cascade_status status = casc_query(connection, statement, &cursor, error);
  if (status >= 0 && json_object_set(document, "jobs", jobs)) status = casc_nomem(error);
  while (status >= 0 && (status = casc_next(&cursor, &row, error)) == CASCADE_OK)
    if (json_array_append_new(jobs, job_json(row)) || json_object_set_new(document, "now", number(&row[CASC_JOB_NOW])))
      status = casc_nomem(error);
  casc_cursor_close(&cursor);
  json_decref(jobs);
  return status < 0 ? status : CASCADE_OK;
}

static bool is_state(const char *state) {
  static const char *const states[] = {"ready", "claimed", "paused", "done", "dead", "cancelled"};
  for (size_t i = 0; i < sizeof states / sizeof *states; i++)
    if (!strcmp(state, states[i])) return true;
  return false;
}

cascade_status cascade_queue_list(cascade_connection *connection, const cascade_queue_list_options *given, char **out,
                                  cascade_error **error) {
  if (out) *out = NULL;
  if (!connection || !out)
    return casc_fail(NULL, error, CASCADE_INVALID, "queue: the connection or the place for the text is NULL");
  cascade_queue_list_options options;
  const casc_queue_words *words;
  cascade_status status = CASC_OPTIONS(connection->context, given, options, reserved, error);
  if (status >= 0 && options.state && !is_state(options.state))
    status = casc_fail(connection->context, error, CASCADE_INVALID,
                       "'%s' is no state of a job; there are ready, claimed, paused, done, dead and cancelled", options.state);
  if (status >= 0) status = casc_queue_open(connection, &words, error);
  if (status < 0) return status;
  json_t *document = json_pack("{s:i, s:n}", "version", 1, "now");
  if (!document) return casc_nomem(error);
  casc_statement statement;
  casc_session_statement(connection, &statement);
  casc_queue_select(words, &statement, options.state, options.after, options.limit ? options.limit : 100);
  status = read_jobs(connection, &statement, document, error);
  casc_statement_free(&statement);
  if (status >= 0) return casc_json_give(connection->context, document, 0, "queue", out, error);
  json_decref(document);
  return status;
}

static bool add(json_t *object, const char *name, int64_t more) {
  return !json_object_set_new(object, name, json_integer(json_integer_value(json_object_get(object, name)) + more));
}

static json_t *member(json_t *object, const char *name) {
  json_t *found = json_object_get(object, name);
  if (found || json_object_set_new(object, name, json_object())) return found;
  return json_object_get(object, name);
}

/* One row: a state and a kind. */
static bool add_metric(json_t *document, const cascade_value *row) {
  enum { STATE, KIND, JOBS, WAITED, DELETED, UPDATED, KEPT, INSERTED, SKIPPED, KEYS_LEFT };
  char state[48] = "", kind[48] = "";
  snprintf(state, sizeof state, "%.*s", (int)row[STATE].length, row[STATE].data);
  snprintf(kind, sizeof kind, "%.*s", (int)row[KIND].length, row[KIND].data);
  json_t *of_kind = member(member(document, "kinds"), kind);
  bool waits = !strcmp(state, "ready"), open = waits || !strcmp(state, "claimed"), done = of_kind != NULL;
  int64_t waited = row[WAITED].integer, oldest = json_integer_value(json_object_get(document, "oldest_ready_ms"));
  if (waits && waited > oldest) done = done && !json_object_set_new(document, "oldest_ready_ms", json_integer(waited));
  int64_t lag = open ? row[KEYS_LEFT].integer : 0;
  done = done && add(member(document, "jobs"), state, row[JOBS].integer) && add(of_kind, "deleted", row[DELETED].integer) &&
         add(of_kind, "updated", row[UPDATED].integer) && add(of_kind, "kept", row[KEPT].integer) &&
         add(of_kind, "inserted", row[INSERTED].integer) && add(of_kind, "skipped", row[SKIPPED].integer) &&
         add(of_kind, "lag", lag);
  return done;
}

cascade_status cascade_queue_metrics(cascade_connection *connection, char **out, cascade_error **error) {
  if (out) *out = NULL;
  if (!connection || !out)
    return casc_fail(NULL, error, CASCADE_INVALID, "queue: the connection or the place for the text is NULL");
  const casc_queue_words *words;
  cascade_status status = casc_queue_open(connection, &words, error);
  if (status < 0) return status;
  casc_statement statement;
  casc_cursor cursor = {0};
  const cascade_value *row = NULL;
  int64_t paused = 0;
  casc_session_statement(connection, &statement);
  casc_queue_paused(words, &statement);
  status = casc_ask(connection, &statement, 0, &paused, error);
  if (status < 0) return status;
  json_t *document =
      json_pack("{s:i, s:b, s:i, s:{}, s:{}}", "version", 1, "paused", (int)paused, "oldest_ready_ms", 0, "jobs", "kinds");
  casc_session_statement(connection, &statement);
  casc_queue_metrics(words, &statement);
  status = document ? casc_query(connection, &statement, &cursor, error) : casc_nomem(error);
  while (status >= 0 && (status = casc_next(&cursor, &row, error)) == CASCADE_OK)
    if (!add_metric(document, row)) status = casc_nomem(error);
  casc_cursor_close(&cursor);
  casc_statement_free(&statement);
  if (status >= 0) return casc_json_give(connection->context, document, 0, "queue", out, error);
  json_decref(document);
  return status;
}

typedef void (*writer)(const casc_queue_words *words, casc_statement *statement, int64_t job);

static cascade_status change_job(cascade_connection *connection, int64_t job, writer write, const char *wanted,
                                 cascade_error **error) {
  if (!connection) return casc_fail(NULL, error, CASCADE_INVALID, "queue: the connection is NULL");
  const casc_queue_words *words;
  uint64_t affected = 0;
  cascade_status status = casc_queue_open(connection, &words, error);
  if (status < 0) return status;
  casc_statement statement;
  casc_session_statement(connection, &statement);
  write(words, &statement, job);
  status = casc_run(connection, &statement, &affected, error);
  if (status < 0 || affected) return status;
  return casc_fail(connection->context, error, CASCADE_NOT_FOUND, "there is no job %lld that is %s", (long long)job, wanted);
}

cascade_status cascade_queue_cancel(cascade_connection *connection, int64_t job, cascade_error **error) {
  return change_job(connection, job, casc_queue_cancel, "ready, claimed, paused or dead", error);
}

cascade_status cascade_queue_retry(cascade_connection *connection, int64_t job, cascade_error **error) {
  return change_job(connection, job, casc_queue_retry, "dead or cancelled", error);
}

static cascade_status pause_all(cascade_connection *connection, bool paused, cascade_error **error) {
  const casc_queue_words *words;
  casc_statement statement;
  cascade_status status = casc_queue_open(connection, &words, error);
  if (status < 0) return status;
  casc_session_statement(connection, &statement);
  casc_queue_pause_all(words, &statement, paused);
  return casc_run(connection, &statement, NULL, error);
}

cascade_status cascade_queue_pause(cascade_connection *connection, int64_t job, cascade_error **error) {
  if (connection && !job) return pause_all(connection, true, error);
  return change_job(connection, job, casc_queue_pause, "ready or claimed", error);
}

cascade_status cascade_queue_resume(cascade_connection *connection, int64_t job, cascade_error **error) {
  if (connection && !job) return pause_all(connection, false, error);
  return change_job(connection, job, casc_queue_resume, "paused", error);
}

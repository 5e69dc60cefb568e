/* Back-fills as jobs. The token of the last range is in the job's row, written in the range's transaction: whoever takes the job
   over goes on from there, and no row is counted twice. */
#include "queue_internal.h"

#include "json_text.h"
#include "options.h"

#include <stdlib.h>
#include <string.h>

/* ---- putting in ---- */

static json_t *names_json(const casc_sql_fill *sql, bool key_only) {
  json_t *names = json_array();
  for (uint32_t i = 0; names && i < sql->count; i++)
    if ((sql->key[i] || !key_only) && json_array_append_new(names, json_string_nocheck(sql->columns[i]))) {
      json_decref(names);
      return NULL;
    }
  return names;
}

static json_t *sources_json(const casc_sql_fill *sql) {
  json_t *sources = json_array();
  for (uint32_t i = 0; sources && i < sql->source_count; i++) {
    json_t *source = json_pack("{s:o, s:o}", "select", json_string_nocheck(sql->sources[i].select), "parameters",
                               casc_payload_cells(sql->sources[i].parameters, sql->sources[i].parameter_count));
    if (json_array_append_new(sources, source)) {
      json_decref(sources);
      return NULL;
    }
  }
  return sources;
}

static cascade_status write_payload(const casc_fill_recipe *recipe, char **text, cascade_error **error) {
  const cascade_fill_options *options = recipe->options;
  json_t *document = json_pack("{s:o, s:o, s:o, s:o, s:i, s:I, s:I, s:I, s:o}", "table", json_string_nocheck(recipe->table),
                               "columns", names_json(recipe->sql, false), "key", names_json(recipe->sql, true), "range",
                               json_string_nocheck(recipe->sql->columns[recipe->sql->range]), "mode", (int)options->mode, "allow",
                               (json_int_t)options->allow, "batch_ms", (json_int_t)options->batch_ms, "max_tx_rows",
                               (json_int_t)options->max_tx_rows, "sources", sources_json(recipe->sql));
  return casc_json_give(recipe->connection->context, document, JSON_COMPACT, "job", text, error);
}

static cascade_status check(const casc_fill_recipe *recipe, cascade_error **error) {
  const cascade_fill_options *options = recipe->options;
  const char *wrong = NULL;
  if (recipe->streams) wrong = "its rows are streamed, and a worker has no stream";
  else if (!recipe->sql->source_count) wrong = "it has no source";
  else if (recipe->begun) wrong = "it has begun";
  else if (options->token || options->checkpoint_table || options->dry_run || options->time_budget_ms || options->row_budget ||
           options->throttle)
    wrong = "a worker keeps its own token, has no budget and does no dry run, and has a throttle of its own";
  else if (options->max_tx_rows > INT64_MAX) wrong = "a number is out of range";
  return wrong ? casc_fail(recipe->connection->context, error, CASCADE_INVALID, "this fill cannot be a job: %s", wrong)
               : CASCADE_OK;
}

cascade_status cascade_queue_fill(const cascade_fill *fill, const cascade_job_options *given, int64_t *job, cascade_error **error) {
  if (job) *job = 0;
  if (!fill) return casc_fail(NULL, error, CASCADE_INVALID, "queue: the fill is NULL");
  casc_fill_recipe recipe = casc_fill_recipe_of(fill);
  cascade_job_options options;
  const casc_queue_words *words;
  int64_t id = 0;
  cascade_status status = casc_job_options_read(recipe.connection->context, given, &options, error);
  if (status >= 0) status = check(&recipe, error);
  if (status >= 0) status = casc_queue_open(recipe.connection, &words, error);
  if (status < 0) return status;
  char *payload;
  status = write_payload(&recipe, &payload, error);
  if (status < 0) return status;
  status = casc_queue_put_alone(recipe.connection, words,
                                &(casc_new_job){.kind = CASC_FILL,
                                                .root = recipe.table,
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

/* ---- working ---- */

static cascade_status begun(void *data, cascade_error **error) {
  cascade_worker *worker = data;
  return casc_claim_hold(worker->connection, worker->words, &worker->claim.held, worker->lease_ms, error);
}

static cascade_status ending(void *data, const casc_fill_sums *sums, cascade_error **error) {
  cascade_worker *worker = data;
  worker->ending_ns = casc_now_ns();
  return casc_claim_filled(worker->connection, worker->words, &worker->claim.held, sums, worker->lease_ms, error);
}

static cascade_status unreadable(cascade_worker *worker, cascade_error **error) {
  return casc_fail(worker->context, error, CASCADE_FORMAT, "job %lld: what it is to do cannot be read",
                   (long long)worker->claim.held.job);
}

/* An array of borrowed texts; NULL for what is none. */
static const char **texts_of(casc_arena *arena, const json_t *list, uint32_t *count) {
  *count = (uint32_t)json_array_size(list);
  const char **texts = casc_arena_get(arena, *count + 1, sizeof *texts);
  for (uint32_t i = 0; texts && i < *count; i++)
    if (!(texts[i] = json_string_value(json_array_get(list, i)))) return NULL;
  return texts;
}

static uint64_t number_of(const json_t *document, const char *name) {
  return (uint64_t)json_integer_value(json_object_get(document, name));
}

static cascade_status add_sources(cascade_worker *worker, casc_arena *arena, const json_t *sources, cascade_error **error) {
  cascade_status status = CASCADE_OK;
  for (size_t i = 0; status >= 0 && i < json_array_size(sources); i++) {
    const json_t *source = json_array_get(sources, i), *parameters = json_object_get(source, "parameters");
    const char *select = json_string_value(json_object_get(source, "select"));
    cascade_value *cells = casc_payload_read_cells(arena, parameters);
    if (!select || !cells) return unreadable(worker, error);
    status = cascade_fill_select(worker->fill, select, cells, (uint32_t)json_array_size(parameters), error);
  }
  return status;
}

static cascade_status open_fill(cascade_worker *worker, cascade_error **error) {
  const json_t *document = worker->payload.document;
  casc_arena arena;
  casc_arena_init(&arena, &worker->context->alloc);
  cascade_fill_target target = {.size = sizeof target,
                                .table = json_string_value(json_object_get(document, "table")),
                                .range = json_string_value(json_object_get(document, "range"))};
  target.columns = texts_of(&arena, json_object_get(document, "columns"), &target.column_count);
  target.key = texts_of(&arena, json_object_get(document, "key"), &target.key_count);
  cascade_fill_options options = {.size = sizeof options,
                                  .mode = (int32_t)number_of(document, "mode"),
                                  .allow = (uint32_t)number_of(document, "allow"),
                                  .batch_ms = (uint32_t)number_of(document, "batch_ms"),
                                  .max_tx_rows = number_of(document, "max_tx_rows"),
                                  .token = worker->claim.token};
  casc_fill_guard guard = {.data = worker, .begun = begun, .ending = ending};
  bool readable = target.table && target.columns && target.key;
  cascade_status status = readable ? cascade_fill_new(worker->connection, worker->graph, &target, &options, &worker->fill, error)
                                   : unreadable(worker, error);
  if (status >= 0) status = add_sources(worker, &arena, json_object_get(document, "sources"), error);
  if (status >= 0) casc_fill_guard_set(worker->fill, &guard);
  casc_arena_clear(&arena);
  return status;
}

cascade_status casc_fill_job_step(cascade_worker *worker, cascade_error **error) {
  const cascade_fill_range *range = NULL;
  cascade_status status = worker->fill ? CASCADE_OK : open_fill(worker, error);
  if (status >= 0) status = cascade_fill_next(worker->fill, &range, error);
  if (status != CASCADE_OK) return status;
  worker->renewed_ns = worker->ending_ns;
  worker->claim.attempts = 1; /* what fails now fails for the first time */
  worker->report.batches++;
  worker->report.inserted += range->inserted;
  worker->report.updated += range->updated;
  return status;
}

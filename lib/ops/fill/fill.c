#include "fill_internal.h"

#include "condition.h"
#include "options.h"
#include "parameters.h"

#include <cascade/purge.h>
#include <stdlib.h>
#include <string.h>

static cascade_status copy_text(cascade_fill *fill, const char **text, cascade_error **error) {
  if (*text && !(*text = casc_arena_strdup(&fill->arena, *text))) return casc_nomem(error);
  return CASCADE_OK;
}

static cascade_status set_options(cascade_fill *fill, const cascade_fill_options *given, cascade_error **error) {
  enum { JOB_BYTES = 190 };
  cascade_fill_options *options = &fill->options;
  cascade_status status = CASC_OPTIONS(fill->context, given, *options, job, error);
  casc_throttle_ref(options->throttle);
  if (status >= 0) status = copy_text(fill, &options->token, error);
  if (status >= 0) status = copy_text(fill, &options->checkpoint_table, error);
  if (status >= 0) status = copy_text(fill, &options->job, error);
  if (status < 0) return status;
  const char *wrong = NULL;
  if (options->mode < CASCADE_FILL_INSERT || options->mode > CASCADE_FILL_MERGE ||
      (options->allow & ~(uint32_t)CASCADE_ALLOW_UNENFORCED))
    wrong = "unknown mode, or unknown bits in allow";
  else if (!options->checkpoint_table != !(options->job && *options->job))
    wrong = "a checkpoint table needs a job, and a job a table";
  else if (options->job && strlen(options->job) > JOB_BYTES) wrong = "the job's name is longer than 190 bytes";
  else if (options->checkpoint_table && options->token) wrong = "give a token or a checkpoint table, not both";
  if (wrong) return casc_fail(fill->context, error, CASCADE_INVALID, "fill: %s", wrong);
  if (options->token) status = casc_fill_token_read(fill, options->token, fill->fingerprint, error);
  if (status == CASCADE_DONE)
    return casc_fail(fill->context, error, CASCADE_INVALID, "fill: the token is damaged; give it as it was, or start without");
  if (status < 0) return status;
  bool others_write = casc_dialect_of(fill->connection->capabilities.engine)->row_locks;
  if (!options->batch_ms) options->batch_ms = others_write ? 600 : 400;
  if (!options->max_tx_rows) options->max_tx_rows = 1000000;
  return CASCADE_OK;
}

cascade_status cascade_fill_new(cascade_connection *connection, cascade_graph *graph, const cascade_fill_target *target,
                                const cascade_fill_options *options, cascade_fill **out, cascade_error **error) {
  if (out) *out = NULL;
  if (!connection || !graph || !target || !out)
    return casc_fail(NULL, error, CASCADE_INVALID, "fill: connection, graph, target or the place for the result is NULL");
  cascade_context *context = connection->context;
  cascade_fill *fill = casc_calloc(&context->alloc, 1, sizeof *fill);
  if (!fill) return casc_nomem(error);
  fill->context = casc_context_ref(context);
  fill->connection = casc_connection_ref(connection);
  fill->graph = cascade_graph_ref(graph);
  fill->range.size = sizeof fill->range;
  fill->place = (casc_fill_place){.first.type = CASCADE_INT64, .last.type = CASCADE_INT64, .position.type = CASCADE_INT64};
  for (size_t i = 0; i < sizeof fill->bounds / sizeof *fill->bounds; i++) casc_str_init(&fill->bounds[i], &context->alloc);
  casc_arena_init(&fill->arena, &context->alloc);
  cascade_status status = set_options(fill, options, error);
  if (status >= 0) status = casc_fill_target_set(fill, target, error);
  if (status >= 0) status = casc_fill_session_check(fill, error);
  if (status < 0) {
    cascade_fill_free(fill);
    return status;
  }
  *out = fill;
  return CASCADE_OK;
}

static bool begins_with_select(const char *text) {
  static const char *const words[] = {"select", "with", "values", "("};
  text += strspn(text, " \t\n\f\r");
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    size_t j = 0;
    while (words[i][j] && (text[j] == words[i][j] || (text[j] >= 'A' && text[j] <= 'Z' && text[j] - 'A' + 'a' == words[i][j]))) j++;
    if (!words[i][j]) return true;
  }
  return false;
}

static cascade_status check_text(cascade_fill *fill, const char *select, uint32_t given, cascade_error **error) {
  const char *what = NULL;
  uint32_t placeholders = 0;
  unsigned number = fill->sql.source_count + 1;
  if (!begins_with_select(select)) what = "it is no SELECT";
  else casc_condition_sound(fill->graph->engine, select, &placeholders, &what);
  if (what) return casc_fail(fill->context, error, CASCADE_INVALID, "source %u: %s", number, what);
  if (placeholders != given)
    return casc_fail(fill->context, error, CASCADE_INVALID, "source %u: it has %u placeholder%s, and %u value%s given", number,
                     placeholders, placeholders == 1 ? "" : "s", given, given == 1 ? " is" : "s are");
  return CASCADE_OK;
}

cascade_status cascade_fill_select(cascade_fill *fill, const char *select, const cascade_value *parameters, uint32_t count,
                                   cascade_error **error) {
  if (!fill || !select || (!parameters && count))
    return casc_fail(NULL, error, CASCADE_INVALID, "fill: it, the SELECT or its parameters are NULL");
  if (fill->rows || fill->prepared)
    return casc_fail(fill->context, error, CASCADE_INVALID, "fill: %s",
                     fill->rows ? "its rows are streamed already" : "it has begun");
  casc_sql_source source = {.parameter_count = count};
  cascade_status status = check_text(fill, select, count, error);
  if (status >= 0)
    status = casc_parameters_copy(fill->context, &fill->arena, "source", parameters, count, &source.parameters, error);
  if (status >= 0 && !(source.select = casc_arena_strdup(&fill->arena, select))) status = casc_nomem(error);
  if (status >= 0) status = casc_fill_source_check(fill, &source, error);
  if (status < 0) return status;
  if (!casc_grow(&fill->context->alloc, (void **)&fill->sources, &fill->source_capacity, fill->sql.source_count + 1, sizeof source))
    return casc_nomem(error);
  fill->sources[fill->sql.source_count++] = source;
  fill->sql.sources = fill->sources;
  return CASCADE_OK;
}

cascade_status cascade_fill_stream(cascade_fill *fill, cascade_fill_rows rows, void *user_data, cascade_error **error) {
  if (!fill || !rows) return casc_fail(NULL, error, CASCADE_INVALID, "fill: it, or the callback, is NULL");
  if (fill->sql.source_count || fill->prepared)
    return casc_fail(fill->context, error, CASCADE_INVALID, "fill: it has a source already, and a stream stands alone");
  fill->rows = rows;
  fill->rows_data = user_data;
  fill->stream.rows = &fill->streamed;
  fill->sql.sources = &fill->stream;
  fill->sql.source_count = 1;
  return CASCADE_OK;
}

static cascade_status prepare(cascade_fill *fill, cascade_error **error) {
  bool resumed = false;
  if (!fill->sql.source_count) return casc_fail(fill->context, error, CASCADE_INVALID, "fill: it has no source");
  fill->nested = casc_in_host_transaction(fill->connection);
  cascade_status status = casc_fill_resume(fill, &resumed, error);
  if (status >= 0 && fill->rows && resumed && !fill->place.finished) status = casc_fill_drop_done(fill, error);
  if (status >= 0 && !fill->rows && !resumed) status = casc_fill_find_ends(fill, error);
  fill->started_ns = casc_now_ns();
  fill->fresh_upto = fill->place.position.integer;
  fill->prepared = status >= 0;
  return status;
}

cascade_status cascade_fill_next(cascade_fill *fill, const cascade_fill_range **range, cascade_error **error) {
  if (!fill || !range) return casc_fail(NULL, error, CASCADE_INVALID, "fill: it, or the place for the range, is NULL");
  *range = NULL;
  if (fill->failed < 0) return casc_fail(fill->context, error, fill->failed, "the fill has failed before; make a new one to go on");
  if (fill->ended) return CASCADE_DONE;
  cascade_status status = fill->prepared ? CASCADE_OK : prepare(fill, error);
  if (status >= 0) status = casc_fill_step(fill, error);
  if (status == CASCADE_OK) *range = &fill->range;
  if (status == CASCADE_DONE) fill->ended = true;
  if (status < 0) fill->failed = status;
  return status;
}

void cascade_fill_cancel(cascade_fill *fill) {
  if (fill) cascade_connection_cancel(fill->connection);
}

cascade_status cascade_fill_describe(const cascade_fill *fill, cascade_fill_report *report) {
  if (!fill) return CASCADE_INVALID;
  cascade_fill_report own = fill->report;
  own.finished = fill->place.finished;
  own.permille = casc_fill_permille(fill);
  own.ranges = fill->place.ranges;
  own.inserted = fill->place.inserted;
  own.updated = fill->place.updated;
  own.skipped = fill->place.skipped;
  return CASC_INFO(report, own, longest_ns);
}

cascade_status cascade_fill_token(const cascade_fill *fill, char **token, cascade_error **error) {
  if (token) *token = NULL;
  if (!fill || !token) return casc_fail(NULL, error, CASCADE_INVALID, "fill: it, or the place for the token, is NULL");
  if (!fill->prepared) return casc_fail(fill->context, error, CASCADE_INVALID, "fill: it has not begun, and stands nowhere");
  *token = casc_fill_token_text(fill, &fill->place);
  return *token ? CASCADE_OK : casc_nomem(error);
}

casc_fill_recipe casc_fill_recipe_of(const cascade_fill *fill) {
  return (casc_fill_recipe){.connection = fill->connection,
                            .table = fill->table->label,
                            .sql = &fill->sql,
                            .options = &fill->options,
                            .streams = fill->rows != NULL,
                            .begun = fill->prepared};
}

void casc_fill_guard_set(cascade_fill *fill, const casc_fill_guard *guard) {
  fill->guard = *guard;
}

void cascade_fill_free(cascade_fill *fill) {
  if (!fill) return;
  cascade_context *context = fill->context;
  casc_free(&context->alloc, fill->sources);
  free(fill->stored);
  for (size_t i = 0; i < sizeof fill->bounds / sizeof *fill->bounds; i++) casc_str_free(&fill->bounds[i]);
  casc_arena_clear(&fill->arena);
  cascade_graph_free(fill->graph);
  cascade_throttle_free(fill->options.throttle);
  cascade_connection_free(fill->connection);
  casc_free(&context->alloc, fill);
  cascade_context_free(context);
}

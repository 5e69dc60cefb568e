/* The scenario through the C interface. README.md says what each step gives. */
#include <cascade.h>

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct runner {
  cascade_context *context;
  cascade_connection *connection;
  cascade_graph *graph;
  cascade_policy *policy;
  cascade_selection *selection;
  char *rest; /* token */
  json_t *heard;
  bool fails;
} runner;

/* A step gives its result, or NULL with the failure. */
typedef json_t *step_function(runner *at, json_t *step, cascade_error **error);

static json_t *text_or_null(const char *text) {
  return *text ? json_string(text) : json_null();
}

static int64_t number(json_t *step, const char *name) {
  return json_integer_value(json_object_get(step, name));
}

static const char *label_of(runner *at, uint32_t table) {
  cascade_table_info info = {.size = sizeof info};
  return cascade_graph_table(at->graph, table, &info) < 0 ? "?" : info.label;
}

static const char *relation_of(runner *at, uint32_t relation) {
  cascade_relation_info info = {.size = sizeof info};
  return cascade_policy_relation(at->policy, relation, &info) < 0 ? "?" : info.label;
}

static cascade_value value_of(json_t *from) {
  if (json_is_integer(from)) return (cascade_value){.type = CASCADE_INT64, .integer = json_integer_value(from)};
  if (!json_is_string(from)) return (cascade_value){.type = CASCADE_NULL};
  return (cascade_value){.type = CASCADE_TEXT, .data = json_string_value(from), .length = json_string_length(from)};
}

/* Cells of an array of values, or of an array of rows; `count` gets their number. The caller frees them. */
static cascade_value *values_of(json_t *from, uint32_t *count) {
  cascade_value *values = NULL;
  size_t i, k;
  json_t *row, *cell;
  *count = 0;
  json_array_foreach(from, i, row) {
    if (!json_is_array(row)) {
      values = realloc(values, (*count + 1) * sizeof *values);
      values[(*count)++] = value_of(row);
    } else json_array_foreach(row, k, cell) {
        values = realloc(values, (*count + 1) * sizeof *values);
        values[(*count)++] = value_of(cell);
      }
  }
  return values;
}

static json_t *run_graph(runner *at, json_t *step, cascade_error **error) {
  (void)step;
  cascade_graph_free(at->graph);
  at->graph = NULL;
  if (cascade_graph_read(at->connection, NULL, &at->graph, error) < 0) return NULL;
  json_t *tables = json_array(), *relations = json_array();
  for (uint32_t i = 0; i < cascade_graph_table_count(at->graph); i++) {
    cascade_table_info info = {.size = sizeof info};
    json_t *key = json_array();
    cascade_graph_table(at->graph, i, &info);
    for (uint32_t k = 0; k < info.key_count; k++) json_array_append_new(key, json_string(info.key[k]));
    json_array_append_new(tables, json_pack("[s,o,i]", info.label, key, (int)info.column_count));
  }
  for (uint32_t i = 0; i < cascade_graph_relation_count(at->graph); i++) {
    cascade_relation_info info = {.size = sizeof info};
    cascade_graph_relation(at->graph, i, &info);
    json_array_append_new(relations, json_pack("[s,i]", info.label, (int)info.on_delete));
  }
  return json_pack("{s:o,s:o}", "tables", tables, "relations", relations);
}

static json_t *run_policy(runner *at, json_t *step, cascade_error **error) {
  char *document = json_dumps(json_object_get(step, "rules"), 0);
  cascade_policy *policy = NULL;
  cascade_status status = cascade_policy_load(at->graph, document, strlen(document), &policy, error);
  free(document);
  if (status < 0) return NULL;
  cascade_policy_free(at->policy);
  at->policy = policy;
  json_t *rules = json_object();
  for (uint32_t i = 0; i < cascade_policy_relation_count(policy); i++) {
    cascade_relation_info info = {.size = sizeof info};
    cascade_policy_relation(policy, i, &info);
    json_object_set_new(rules, info.label, json_string(cascade_rule_name(info.rule)));
  }
  return json_pack("{s:o}", "rules", rules);
}

static json_t *run_select(runner *at, json_t *step, cascade_error **error) {
  const char *table = json_string_value(json_object_get(step, "table"));
  json_t *keys = json_object_get(step, "keys");
  cascade_selection *selection = NULL;
  cascade_status status;
  uint32_t count = 0;
  cascade_value *values = values_of(keys ? keys : json_object_get(step, "parameters"), &count);
  if (!keys) {
    status = cascade_selection_where(at->graph, table, json_string_value(json_object_get(step, "where")), values, count, &selection,
                                     error);
  } else if (json_is_array(json_array_get(keys, 0))) {
    uint64_t rows = json_array_size(keys);
    status = cascade_selection_keys(at->graph, table, values, rows, (uint32_t)(count / rows), &selection, error);
  } else {
    int64_t *integers = calloc(count + 1, sizeof *integers);
    for (uint32_t i = 0; i < count; i++) integers[i] = values[i].integer;
    status = cascade_selection_integers(at->graph, table, integers, count, &selection, error);
    free(integers);
  }
  free(values);
  if (status < 0) return NULL;
  cascade_selection_free(at->selection);
  at->selection = selection;
  return json_pack("{s:s}", "table", label_of(at, cascade_selection_table(selection)));
}

static json_t *run_plan(runner *at, json_t *step, cascade_error **error) {
  (void)step;
  cascade_plan *plan = NULL;
  cascade_plan_info info = {.size = sizeof info};
  if (cascade_plan_new(at->connection, at->policy, at->selection, NULL, &plan, error) < 0) return NULL;
  json_t *steps = json_array();
  cascade_plan_describe(plan, &info);
  for (uint32_t i = 0; i < info.step_count; i++) {
    cascade_step_info one = {.size = sizeof one};
    cascade_plan_step(plan, i, &one);
    json_array_append_new(steps, json_pack("[i,s,I]", (int)one.kind, label_of(at, one.table), (json_int_t)one.rows));
  }
  json_t *result =
      json_pack("{s:I,s:I,s:I,s:I,s:b,s:o}", "roots", (json_int_t)info.roots, "deleted", (json_int_t)info.deleted, "updated",
                (json_int_t)info.updated, "blocking", (json_int_t)info.blocking, "blocked", info.blocked != 0, "steps", steps);
  cascade_plan_free(plan);
  return result;
}

static json_t *run_probe(runner *at, json_t *step, cascade_error **error) {
  (void)step;
  int32_t answer = 0;
  uint32_t relation = UINT32_MAX;
  if (cascade_blockers_probe(at->connection, at->policy, at->selection, 0, &answer, &relation, error) < 0) return NULL;
  return json_pack("{s:i,s:o}", "answer", (int)answer, "relation",
                   relation == UINT32_MAX ? json_null() : json_string(relation_of(at, relation)));
}

static json_t *keys_of(const cascade_keys *keys) {
  json_t *rows = json_array();
  for (uint64_t i = 0; i < keys->count; i++) {
    json_t *row = json_array();
    for (uint32_t k = 0; k < keys->column_count; k++) {
      const cascade_value *cell = keys->integers ? NULL : &keys->cells[i * keys->column_count + k];
      json_array_append_new(row, !cell                         ? json_integer(keys->integers[i])
                                 : cell->type == CASCADE_INT64 ? json_integer(cell->integer)
                                                               : json_stringn(cell->data, cell->length));
    }
    json_array_append_new(rows, row);
  }
  return rows;
}

static json_t *page_of(runner *at, cascade_blockers *cursor, const cascade_blockers_page *page) {
  const char *token = NULL;
  json_t *made =
      json_pack("{s:s,s:i,s:o,s:b,s:I,s:i}", "relation", relation_of(at, page->relation), "kind", (int)page->kind, "keys",
                keys_of(page->keys), "complete", page->complete, "count", (json_int_t)page->count, "depth", (int)page->depth);
  json_object_set_new(made, "next", json_boolean(cascade_blockers_token(cursor, CASCADE_TOKEN_NEXT, &token, NULL) == CASCADE_OK));
  return made;
}

static json_t *run_blockers(runner *at, json_t *step, cascade_error **error) {
  static const char secret[] = "a key for the scenario";
  cascade_blockers_options options = {.size = sizeof options,
                                      .limit = (int32_t)number(step, "limit"),
                                      .rounds = (uint32_t)number(step, "rounds"),
                                      .depth = (uint32_t)number(step, "depth"),
                                      .count = (int32_t)number(step, "count"),
                                      .token_key = secret,
                                      .token_key_length = sizeof secret - 1};
  if (json_is_true(json_object_get(step, "resume"))) options.token = at->rest;
  size_t stop = json_object_get(step, "stop_after") ? (size_t)number(step, "stop_after") : SIZE_MAX;
  cascade_blockers *cursor = NULL;
  const cascade_blockers_page *page = NULL;
  const char *token = NULL;
  cascade_status status = cascade_blockers_open(at->connection, at->policy, at->selection, &options, &cursor, error);
  json_t *pages = json_array(), *result = NULL;
  while (status == CASCADE_OK && json_array_size(pages) < stop)
    if ((status = cascade_blockers_next(cursor, &page, error)) == CASCADE_OK)
      json_array_append_new(pages, page_of(at, cursor, page));
  if (status >= 0 && cascade_blockers_token(cursor, CASCADE_TOKEN_REST, &token, error) >= 0) {
    free(at->rest);
    at->rest = token ? strdup(token) : NULL;
    result = json_pack("{s:O,s:b}", "pages", pages, "rest", at->rest != NULL);
    if (status == CASCADE_DONE) {
      cascade_blockers_total total = {.size = sizeof total};
      cascade_blockers_count(cursor, 0, &total);
      json_object_set_new(result, "cut", json_integer(cascade_blockers_cut(cursor)));
      json_object_set_new(result, "references", json_integer((json_int_t)total.references));
    }
  }
  json_decref(pages);
  cascade_blockers_free(cursor);
  return result;
}

static int32_t hear(void *data, const cascade_deleted *tables, uint32_t count) {
  runner *at = data;
  for (uint32_t i = 0; i < count; i++) {
    json_int_t before = json_integer_value(json_object_get(at->heard, tables[i].label));
    json_object_set_new(at->heard, tables[i].label, json_integer(before + (json_int_t)tables[i].keys->count));
  }
  return at->fails;
}

static json_t *report_of(cascade_purge *purge, uint64_t batches) {
  cascade_purge_report report = {.size = sizeof report};
  json_t *tables = json_object();
  cascade_purge_describe(purge, &report);
  for (uint32_t i = 0; i < report.table_count; i++) {
    cascade_table_report one = {.size = sizeof one};
    cascade_purge_table(purge, i, &one);
    json_object_set_new(tables, one.label, json_pack("[I,I]", (json_int_t)one.deleted, (json_int_t)one.updated));
  }
  return json_pack("{s:I,s:I,s:b,s:b,s:o}", "deleted", (json_int_t)report.deleted, "updated", (json_int_t)report.updated,
                   "finished", report.finished, "several", batches > 1, "tables", tables);
}

static json_t *run_purge(runner *at, json_t *step, cascade_error **error) {
  const char *hook = json_string_value(json_object_get(step, "hook"));
  cascade_purge_options options = {.size = sizeof options,
                                   .max_tx_rows = (uint64_t)number(step, "max_tx_rows"),
                                   .after_batch = hook ? hear : NULL,
                                   .hook_data = at};
  cascade_purge *purge = NULL;
  const cascade_batch_info *batch = NULL;
  uint64_t batches = 0;
  json_t *result = NULL;
  at->fails = hook && strcmp(hook, "fails") == 0;
  json_object_clear(at->heard);
  cascade_status status = cascade_purge_new(at->connection, at->policy, at->selection, &options, &purge, error);
  while (status == CASCADE_OK)
    if ((status = cascade_purge_next(purge, &batch, error)) == CASCADE_OK) batches = batch->number;
  if (status >= 0) {
    result = report_of(purge, batches);
    if (hook) json_object_set_new(result, "hook", json_copy(at->heard));
  }
  cascade_purge_free(purge);
  return result;
}

static json_t *run_install(runner *at, json_t *step, cascade_error **error) {
  (void)step;
  return cascade_queue_install(at->connection, error) < 0 ? NULL : json_object();
}

static json_t *run_detach(runner *at, json_t *step, cascade_error **error) {
  (void)step;
  cascade_detach_report report = {.size = sizeof report};
  if (cascade_detach(at->connection, at->policy, at->selection, NULL, &report, error) < 0) return NULL;
  return json_pack("{s:I,s:I,s:I,s:I}", "deleted", (json_int_t)report.deleted, "updated", (json_int_t)report.updated, "detached",
                   (json_int_t)report.detached, "jobs", (json_int_t)report.jobs);
}

static json_t *run_enqueue(runner *at, json_t *step, cascade_error **error) {
  (void)step;
  return cascade_queue_purge(at->connection, at->policy, at->selection, NULL, NULL, error) < 0 ? NULL : json_object();
}

static json_t *run_work(runner *at, json_t *step, cascade_error **error) {
  (void)step;
  cascade_worker *worker = NULL;
  cascade_worker_report report = {.size = sizeof report};
  cascade_status status = cascade_worker_new(at->connection, NULL, &worker, error);
  while (status == CASCADE_OK) status = cascade_worker_step(worker, error);
  if (status >= 0) status = cascade_worker_describe(worker, &report);
  cascade_worker_free(worker);
  if (status < 0) return NULL;
  return json_pack("{s:I,s:I,s:I,s:I}", "done", (json_int_t)report.done, "failed", (json_int_t)report.failed, "deleted",
                   (json_int_t)report.deleted, "kept", (json_int_t)report.kept);
}

static json_t *run_jobs(runner *at, json_t *step, cascade_error **error) {
  (void)step;
  char *text = NULL;
  size_t i;
  json_t *job, *jobs = json_array(), *listed;
  if (cascade_queue_list(at->connection, NULL, &text, error) < 0) return json_decref(jobs), NULL;
  listed = json_loads(text, 0, NULL);
  cascade_text_free(text);
  json_array_foreach(json_object_get(listed, "jobs"), i, job)
      json_array_append_new(jobs, json_pack("[O,O]", json_object_get(job, "kind"), json_object_get(job, "state")));
  json_decref(listed);
  return json_pack("{s:o}", "jobs", jobs);
}

typedef struct stream {
  cascade_value *cells;
  uint64_t rows, given;
  uint32_t column_count;
} stream;

static int32_t give(void *data, uint64_t wanted, const cascade_value **cells, uint64_t *rows) {
  stream *from = data;
  *rows = wanted < from->rows - from->given ? wanted : from->rows - from->given;
  *cells = *rows ? from->cells + from->given * from->column_count : NULL;
  from->given += *rows;
  return 0;
}

/* The names of an array, borrowed from it. */
static uint32_t names_of(json_t *array, const char *names[8]) {
  uint32_t count = 0;
  while (count < 8 && count < json_array_size(array)) {
    names[count] = json_string_value(json_array_get(array, count));
    count++;
  }
  return count;
}

static cascade_status add_sources(cascade_fill *fill, json_t *sources, cascade_error **error) {
  size_t i;
  json_t *source;
  cascade_status status = CASCADE_OK;
  json_array_foreach(sources, i, source) {
    uint32_t count = 0;
    cascade_value *values = values_of(json_object_get(source, "parameters"), &count);
    if (status >= 0) status = cascade_fill_select(fill, json_string_value(json_object_get(source, "select")), values, count, error);
    free(values);
  }
  return status;
}

static json_t *run_fill(runner *at, json_t *step, cascade_error **error) {
  const char *columns[8], *key[8];
  cascade_fill_target target = {.size = sizeof target,
                                .table = json_string_value(json_object_get(step, "table")),
                                .columns = columns,
                                .column_count = names_of(json_object_get(step, "columns"), columns),
                                .key = key,
                                .key_count = names_of(json_object_get(step, "key"), key)};
  cascade_fill_options options = {.size = sizeof options, .mode = (int32_t)number(step, "mode")};
  cascade_fill *fill = NULL;
  const cascade_fill_range *range = NULL;
  json_t *rows = json_object_get(step, "rows");
  uint32_t count = 0;
  stream from = {.cells = values_of(rows, &count), .rows = json_array_size(rows), .column_count = target.column_count};
  cascade_status status = cascade_fill_new(at->connection, at->graph, &target, &options, &fill, error);
  if (status >= 0 && rows) status = cascade_fill_stream(fill, give, &from, error);
  if (status >= 0 && !rows) status = add_sources(fill, json_object_get(step, "sources"), error);
  while (status == CASCADE_OK) status = cascade_fill_next(fill, &range, error);
  cascade_fill_report report = {.size = sizeof report};
  if (status >= 0) status = cascade_fill_describe(fill, &report);
  cascade_fill_free(fill);
  free(from.cells);
  if (status < 0) return NULL;
  return json_pack("{s:I,s:I,s:I,s:b}", "inserted", (json_int_t)report.inserted, "updated", (json_int_t)report.updated, "skipped",
                   (json_int_t)report.skipped, "finished", report.finished);
}

static const struct {
  const char *name;
  step_function *run;
} steps[] = {{"graph", run_graph},   {"policy", run_policy},     {"select", run_select}, {"plan", run_plan},
             {"probe", run_probe},   {"blockers", run_blockers}, {"purge", run_purge},   {"install", run_install},
             {"detach", run_detach}, {"enqueue", run_enqueue},   {"work", run_work},     {"jobs", run_jobs},
             {"fill", run_fill}};

static json_t *run(runner *at, json_t *step) {
  const char *wanted = json_string_value(json_object_get(step, "do"));
  cascade_error *error = NULL;
  size_t i = 0;
  while (strcmp(steps[i].name, wanted) != 0) i++;
  json_t *result = steps[i].run(at, step, &error);
  if (!result)
    result = json_pack("{s:s,s:o,s:o}", "error", cascade_status_name(cascade_error_status(error)), "table",
                       text_or_null(cascade_error_table(error)), "relation", text_or_null(cascade_error_relation(error)));
  cascade_error_free(error);
  return result;
}

int main(int count, char **arguments) {
  if (count != 3) return 2;
  runner at = {.heard = json_object()};
  cascade_error *error = NULL;
  json_t *scenario = json_load_file(arguments[2], 0, NULL), *results = json_array(), *step;
  size_t i;
  if (!scenario || cascade_context_new(NULL, &at.context, &error) < 0 ||
      cascade_connection_open(at.context, arguments[1], NULL, &at.connection, &error) < 0) {
    fprintf(stderr, "%s\n", cascade_error_message(error));
    return 1;
  }
  json_array_foreach(json_object_get(scenario, "steps"), i, step) json_array_append_new(results, run(&at, step));
  json_dumpf(results, stdout, JSON_COMPACT);
  json_decref(results);
  json_decref(scenario);
  json_decref(at.heard);
  free(at.rest);
  cascade_selection_free(at.selection);
  cascade_policy_free(at.policy);
  cascade_graph_free(at.graph);
  cascade_connection_free(at.connection);
  cascade_context_free(at.context);
  return 0;
}

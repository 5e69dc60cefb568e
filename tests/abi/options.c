/* Options structs of callers that were compiled against older, newer and garbled versions of the headers.
   Information structs, which the library fills in, grow by the same rules. */
#include <cascade.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

typedef struct world {
  sqlite3 *handle;
  cascade_context *context;
  cascade_connection *connection;
  cascade_graph *graph;
  cascade_policy *policy;
  cascade_selection *selection;
  cascade_plan *plan;
  cascade_purge *purge;
  cascade_fill *fill;
  cascade_worker *worker;
} world;

static const char *const id[] = {"id"};
static const cascade_fill_target agents = {
    .size = sizeof agents, .table = "agent", .columns = id, .key = id, .column_count = 1, .key_count = 1};

static void must(cascade_status status, cascade_error *error) {
  if (status < 0) fail_msg("%s: %s", cascade_status_name(status), cascade_error_message(error));
}

static int set_up(void **state) {
  static world made;
  cascade_error *error = NULL;
  const int64_t key = 1;
  *state = &made;
  assert_int_equal(sqlite3_open(":memory:", &made.handle), SQLITE_OK);
  assert_int_equal(sqlite3_exec(made.handle,
                                "PRAGMA foreign_keys = ON;"
                                "CREATE TABLE agent (id INTEGER PRIMARY KEY);"
                                "CREATE TABLE loan (id INTEGER PRIMARY KEY, borrower_id REFERENCES agent);"
                                "INSERT INTO agent VALUES (1), (2);",
                                NULL, NULL, NULL),
                   SQLITE_OK);
  must(cascade_context_new(NULL, &made.context, &error), error);
  must(cascade_connection_adopt(made.context, "sqlite3", made.handle, NULL, &made.connection, &error), error);
  must(cascade_graph_read(made.connection, NULL, &made.graph, &error), error);
  must(cascade_policy_new(made.graph, NULL, &made.policy, &error), error);
  must(cascade_selection_integers(made.graph, "agent", &key, 1, &made.selection, &error), error);
  must(cascade_plan_new(made.connection, made.policy, made.selection, NULL, &made.plan, &error), error);
  must(cascade_queue_install(made.connection, &error), error);
  must(cascade_worker_new(made.connection, NULL, &made.worker, &error), error);
  must(cascade_purge_new(made.connection, made.policy, made.selection, NULL, &made.purge, &error), error);
  must(cascade_fill_new(made.connection, made.graph, &agents, NULL, &made.fill, &error), error);
  return 0;
}

static int tear_down(void **state) {
  world *made = *state;
  cascade_worker_free(made->worker);
  cascade_fill_free(made->fill);
  cascade_purge_free(made->purge);
  cascade_plan_free(made->plan);
  cascade_selection_free(made->selection);
  cascade_policy_free(made->policy);
  cascade_graph_free(made->graph);
  cascade_connection_free(made->connection);
  cascade_context_free(made->context);
  return sqlite3_close(made->handle);
}

/* Each hands the struct to the function that takes it, and frees what that gave. */
typedef cascade_status use(world *at, const void *options, cascade_error **error);

static cascade_status use_context(world *at, const void *options, cascade_error **error) {
  (void)at;
  cascade_context *context = NULL;
  cascade_status status = cascade_context_new(options, &context, error);
  cascade_context_free(context);
  return status;
}

static cascade_status use_connection(world *at, const void *options, cascade_error **error) {
  cascade_connection *connection = NULL;
  cascade_status status = cascade_connection_adopt(at->context, "sqlite3", at->handle, options, &connection, error);
  cascade_connection_free(connection);
  return status;
}

static cascade_status use_graph(world *at, const void *options, cascade_error **error) {
  cascade_graph *graph = NULL;
  cascade_status status = cascade_graph_read(at->connection, options, &graph, error);
  cascade_graph_free(graph);
  return status;
}

static cascade_status use_policy(world *at, const void *options, cascade_error **error) {
  cascade_policy *policy = NULL;
  cascade_status status = cascade_policy_new(at->graph, options, &policy, error);
  cascade_policy_free(policy);
  return status;
}

static cascade_status use_plan(world *at, const void *options, cascade_error **error) {
  cascade_plan *plan = NULL;
  cascade_status status = cascade_plan_new(at->connection, at->policy, at->selection, options, &plan, error);
  cascade_plan_free(plan);
  return status;
}

static cascade_status use_blockers(world *at, const void *options, cascade_error **error) {
  cascade_blockers *blockers = NULL;
  cascade_status status = cascade_blockers_open(at->connection, at->policy, at->selection, options, &blockers, error);
  cascade_blockers_free(blockers);
  return status;
}

static cascade_status use_blockers_json(world *at, const void *options, cascade_error **error) {
  char *text = NULL;
  cascade_status status =
      cascade_blockers_json(at->connection, at->policy, at->selection, options, CASCADE_PROFILE_SPECIFY, &text, error);
  cascade_text_free(text);
  return status;
}

static cascade_status use_purge(world *at, const void *options, cascade_error **error) {
  cascade_purge *purge = NULL;
  cascade_status status = cascade_purge_new(at->connection, at->policy, at->selection, options, &purge, error);
  cascade_purge_free(purge);
  return status;
}

static cascade_status use_fill(world *at, const void *options, cascade_error **error) {
  cascade_fill *made = NULL;
  cascade_status status = cascade_fill_new(at->connection, at->graph, &agents, options, &made, error);
  cascade_fill_free(made);
  return status;
}

static cascade_status use_job(world *at, const void *options, cascade_error **error) {
  return cascade_queue_purge(at->connection, at->policy, at->selection, options, NULL, error);
}

static cascade_status use_list(world *at, const void *options, cascade_error **error) {
  char *text = NULL;
  cascade_status status = cascade_queue_list(at->connection, options, &text, error);
  cascade_text_free(text);
  return status;
}

static cascade_status use_worker(world *at, const void *options, cascade_error **error) {
  cascade_worker *worker = NULL;
  cascade_status status = cascade_worker_new(at->connection, options, &worker, error);
  cascade_worker_free(worker);
  return status;
}

enum { ROOM = 512, GROWTH = 64 };

typedef union room {
  size_t size;
  unsigned char bytes[ROOM];
} room;

static void expect(world *at, use *function, const char *name, const room *options, bool taken) {
  cascade_error *error = NULL;
  cascade_status status = function(at, options, &error);
  if (status != (taken ? CASCADE_OK : CASCADE_OPTIONS) || (status < 0) != (cascade_error_message(error)[0] != '\0'))
    fail_msg("%s of size %zu gave %s: %s", name, options->size, cascade_status_name(status), cascade_error_message(error));
  cascade_error_free(error);
}

/* `first` is the size of the struct in the first release: no caller has a smaller one. */
static void grow(world *at, use *function, const char *name, size_t first, size_t now) {
  room options = {.size = now};
  assert_true(now + GROWTH <= ROOM && first <= now);
  expect(at, function, name, &options, true);
  options.size = first;
  expect(at, function, name, &options, true);
  memset(options.bytes + first, 0xff, ROOM - first); /* what lies behind an old caller's struct is not read */
  expect(at, function, name, &options, true);

  options = (room){.size = now + GROWTH};
  expect(at, function, name, &options, true);
  options.bytes[now + GROWTH - 1] = 1;
  expect(at, function, name, &options, false);
  options = (room){.size = now + GROWTH};
  options.bytes[now] = 1;
  expect(at, function, name, &options, false);

  const size_t garbage[] = {0, 1, sizeof(size_t) - 1, first - 1, SIZE_MAX, SIZE_MAX / 2, (size_t)1 << 40};
  for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++) {
    options = (room){.size = garbage[i]};
    expect(at, function, name, &options, false);
  }
}

#define GROW(function, type, last) grow(at, function, #type, offsetof(type, last) + sizeof(((type *)0)->last), sizeof(type))

static void options_of_other_versions(void **state) {
  world *at = *state;
  GROW(use_context, cascade_context_options, log_level);
  GROW(use_connection, cascade_connection_options, reserved);
  GROW(use_graph, cascade_graph_options, size);
  GROW(use_policy, cascade_policy_options, exclude);
  GROW(use_plan, cascade_plan_options, max_rows);
  GROW(use_blockers, cascade_blockers_options, reserved);
  GROW(use_blockers_json, cascade_blockers_options, reserved);
  GROW(use_purge, cascade_purge_options, hook_data);
  GROW(use_fill, cascade_fill_options, job);
  GROW(use_job, cascade_job_options, delay_ms);
  GROW(use_list, cascade_queue_list_options, reserved);
  GROW(use_worker, cascade_worker_options, turn_ms);
}

/* Each fills in the struct. */
typedef cascade_status fill(world *at, void *info);

static cascade_status fill_table(world *at, void *info) {
  return cascade_graph_table(at->graph, 0, info);
}
static cascade_status fill_column(world *at, void *info) {
  return cascade_graph_column(at->graph, 0, 0, info);
}
static cascade_status fill_relation(world *at, void *info) {
  return cascade_graph_relation(at->graph, 0, info);
}
static cascade_status fill_policy_relation(world *at, void *info) {
  return cascade_policy_relation(at->policy, 0, info);
}
static cascade_status fill_plan(world *at, void *info) {
  return cascade_plan_describe(at->plan, info);
}
static cascade_status fill_step(world *at, void *info) {
  return cascade_plan_step(at->plan, 0, info);
}
static cascade_status fill_purge(world *at, void *info) {
  return cascade_purge_describe(at->purge, info);
}
static cascade_status fill_fill(world *at, void *info) {
  return cascade_fill_describe(at->fill, info);
}
static cascade_status fill_worker(world *at, void *info) {
  return cascade_worker_describe(at->worker, info);
}

static void fill_of_size(world *at, fill *function, const char *name, size_t size, size_t first, size_t now) {
  room info;
  memset(&info, 0xaa, sizeof info);
  info.size = size;
  bool taken = size >= first && size <= ROOM;
  if (function(at, &info) != (taken ? CASCADE_OK : CASCADE_INVALID)) fail_msg("%s of size %zu", name, size);
  assert_true(info.size == size);
  size_t end = taken ? size : sizeof info.size;
  for (size_t i = end; i < ROOM; i++)
    if (info.bytes[i] != 0xaa) fail_msg("%s of size %zu: byte %zu was written", name, size, i);
  for (size_t i = now; i < end; i++)
    if (info.bytes[i] != 0) fail_msg("%s of size %zu: byte %zu, unknown to the library, is not 0", name, size, i);
}

static void fill_sizes(world *at, fill *function, const char *name, size_t first, size_t now) {
  const size_t sizes[] = {first, now, now + 1, now + GROWTH, 0, sizeof(size_t) - 1, first - 1, SIZE_MAX};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) fill_of_size(at, function, name, sizes[i], first, now);
}

#define FILL(function, type, last) fill_sizes(at, function, #type, offsetof(type, last) + sizeof(((type *)0)->last), sizeof(type))

static void information_for_other_versions(void **state) {
  world *at = *state;
  FILL(fill_table, cascade_table_info, component_size);
  FILL(fill_column, cascade_column_info, reserved);
  FILL(fill_relation, cascade_relation_info, index);
  FILL(fill_policy_relation, cascade_relation_info, index);
  FILL(fill_plan, cascade_plan_info, fingerprint);
  FILL(fill_step, cascade_step_info, sql);
  FILL(fill_purge, cascade_purge_report, longest_ns);
  FILL(fill_fill, cascade_fill_report, longest_ns);
  FILL(fill_worker, cascade_worker_report, kept);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(options_of_other_versions),
      cmocka_unit_test(information_for_other_versions),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}

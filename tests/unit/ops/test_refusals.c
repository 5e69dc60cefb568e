/* What is refused before anything is read: a graph that is not of the connection's engine, and proofs that nobody could take. */
#include "memory.h"

#include <string.h>

static const char schema[] = "PRAGMA foreign_keys = ON;"
                             "CREATE TABLE agent (id INTEGER PRIMARY KEY);"
                             "CREATE TABLE loan (id INTEGER PRIMARY KEY, agent_id INTEGER REFERENCES agent ON DELETE CASCADE);"
                             "INSERT INTO agent VALUES (1), (2); INSERT INTO loan VALUES (1, 1)";

typedef struct request {
  cascade_graph *graph;
  cascade_policy *policy;
  cascade_selection *selection;
} request;

static request request_of(cascade_graph *graph) {
  request made = {.graph = graph};
  assert_int_equal(cascade_policy_new(graph, NULL, &made.policy, NULL), CASCADE_OK);
  assert_int_equal(cascade_selection_where(graph, "agent", "id = 1", NULL, 0, &made.selection, NULL), CASCADE_OK);
  return made;
}

static void request_free(request *made) {
  cascade_selection_free(made->selection);
  cascade_policy_free(made->policy);
}

/* Everywhere in the text, which has room for it. */
static void replace(char *text, const char *old, const char *by) {
  for (char *at = text; (at = strstr(at, old)); at += strlen(by)) {
    memmove(at + strlen(by), at + strlen(old), strlen(at + strlen(old)) + 1);
    memcpy(at, by, strlen(by));
  }
}

/* The graph as a server would have it. */
static cascade_graph *graph_of_server(memory *m) {
  char *text = NULL, json[20000];
  cascade_graph *graph = NULL;
  cascade_error *error = NULL;
  assert_int_equal(cascade_graph_json(m->graph, &text, NULL), CASCADE_OK);
  assert_true(strlen(text) < sizeof json / 2);
  strcpy(json, text);
  cascade_text_free(text);
  replace(json, "\"sqlite\"", "\"mariadb\"");
  replace(json, "\"INTEGER\"", "\"int(11)\", \"value\": \"integer\"");
  if (cascade_graph_load(m->context, json, strlen(json), &graph, &error) < 0) fail_msg("%s", cascade_error_message(error));
  return graph;
}

static void graph_of_another_engine(void **state) {
  (void)state;
  memory *m = memory_open(schema);
  cascade_graph *graph = graph_of_server(m);
  request made = request_of(graph);
  cascade_error *error = NULL;
  cascade_plan *plan = NULL;
  cascade_purge *purge = NULL;
  cascade_blockers *blockers = NULL;
  cascade_fill *fill = NULL;
  static const char *const id[] = {"id"};
  cascade_fill_target target = {
      .size = sizeof target, .table = "loan", .columns = id, .key = id, .column_count = 1, .key_count = 1};
  assert_int_equal(cascade_plan_new(m->connection, made.policy, made.selection, NULL, &plan, &error), CASCADE_UNSUPPORTED);
  assert_failure(error, CASCADE_UNSUPPORTED, WORDS("mariadb", "sqlite"));
  assert_int_equal(cascade_purge_new(m->connection, made.policy, made.selection, NULL, &purge, &error), CASCADE_UNSUPPORTED);
  assert_failure(error, CASCADE_UNSUPPORTED, WORDS("mariadb", "sqlite"));
  assert_int_equal(cascade_blockers_open(m->connection, made.policy, made.selection, NULL, &blockers, &error), CASCADE_UNSUPPORTED);
  assert_failure(error, CASCADE_UNSUPPORTED, WORDS("mariadb", "sqlite"));
  assert_int_equal(cascade_fill_new(m->connection, graph, &target, NULL, &fill, &error), CASCADE_UNSUPPORTED);
  assert_failure(error, CASCADE_UNSUPPORTED, WORDS("mariadb", "sqlite"));
  assert_true(!plan && !purge && !blockers && !fill);
  request_free(&made);
  cascade_graph_free(graph);
  memory_close(m);
}

/* Foreign keys cannot be switched off inside a transaction: SQLite would not say so. */
static void proof_inside_a_transaction(void **state) {
  (void)state;
  memory *m = memory_open(schema);
  request made = request_of(m->graph);
  cascade_purge_options options = {.size = sizeof options, .integrity = CASCADE_INTEGRITY_PROVEN};
  cascade_purge *purge = NULL;
  cascade_error *error = NULL;
  memory_run(m, "BEGIN");
  assert_int_equal(cascade_purge_new(m->connection, made.policy, made.selection, &options, &purge, &error), CASCADE_UNSUPPORTED);
  assert_failure(error, CASCADE_UNSUPPORTED, WORDS("inside a transaction", "checked integrity"));
  memory_run(m, "COMMIT");
  error = NULL;
  assert_int_equal(cascade_purge_new(m->connection, made.policy, made.selection, &options, &purge, &error), CASCADE_OK);
  cascade_purge_free(purge);
  request_free(&made);
  memory_close(m);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(graph_of_another_engine), cmocka_unit_test(proof_inside_a_transaction)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}

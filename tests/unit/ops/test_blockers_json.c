/* Blockers as JSON: values of all types, what is refused, and memory that runs out at each call. */
#include <cascade.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "failing_alloc.h"
#include "json_text.h"

typedef struct world {
  failing_alloc memory;
  sqlite3 *handle;
  cascade_context *context;
  cascade_connection *connection;
  cascade_graph *graph;
  cascade_policy *policy;
  cascade_selection *selection;
} world;

static int set_up(void **state) {
  static world made;
  const int64_t key = 1;
  made = (world){.memory = {.allowed = -1}};
  *state = &made;
  assert_int_equal(sqlite3_open(":memory:", &made.handle), SQLITE_OK);
  assert_int_equal(sqlite3_exec(made.handle,
                                "PRAGMA foreign_keys = ON;"
                                "CREATE TABLE agent (id INTEGER PRIMARY KEY);"
                                "CREATE TABLE loan (id INTEGER PRIMARY KEY, borrower_id REFERENCES agent);"
                                "CREATE TABLE note (name TEXT PRIMARY KEY, agent_id REFERENCES agent ON DELETE CASCADE);"
                                "INSERT INTO agent VALUES (1), (2);"
                                "INSERT INTO loan VALUES (1, 1), (2, 1), (3, 1), (4, 2);"
                                "INSERT INTO note VALUES ('a', 1), ('b', 1), ('c', 1);",
                                NULL, NULL, NULL),
                   SQLITE_OK);
  made.context = failing_context(&made.memory);
  assert_non_null(made.context);
  assert_int_equal(cascade_connection_adopt(made.context, "sqlite3", made.handle, NULL, &made.connection, NULL), CASCADE_OK);
  assert_int_equal(cascade_graph_read(made.connection, NULL, &made.graph, NULL), CASCADE_OK);
  assert_int_equal(cascade_policy_new(made.graph, NULL, &made.policy, NULL), CASCADE_OK);
  assert_int_equal(cascade_selection_integers(made.graph, "agent", &key, 1, &made.selection, NULL), CASCADE_OK);
  return 0;
}

static int tear_down(void **state) {
  world *at = *state;
  cascade_selection_free(at->selection);
  cascade_policy_free(at->policy);
  cascade_graph_free(at->graph);
  cascade_connection_free(at->connection);
  cascade_context_free(at->context);
  assert_int_equal(sqlite3_close(at->handle), SQLITE_OK);
  assert_int_equal(at->memory.live, 0);
  return 0;
}

static void check_value(cascade_value value, const char *wanted) {
  casc_str json;
  casc_str_init(&json, &casc_system_alloc);
  casc_json_value(&json, &value);
  assert_false(json.failed);
  assert_string_equal(json.data, wanted);
  casc_str_free(&json);
}

static void values(void **state) {
  (void)state;
  check_value((cascade_value){.type = CASCADE_NULL}, "null");
  check_value((cascade_value){.type = CASCADE_INT64, .integer = INT64_MIN}, "-9223372036854775808");
  check_value((cascade_value){.type = CASCADE_UINT64, .integer = -1}, "18446744073709551615");
  check_value((cascade_value){.type = CASCADE_DOUBLE, .real = 0.5}, "0.5");
  check_value((cascade_value){.type = CASCADE_DOUBLE, .real = -INFINITY}, "\"-inf\"");
  check_value((cascade_value){.type = CASCADE_DOUBLE, .real = NAN}, "\"nan\"");
  check_value((cascade_value){.type = CASCADE_DECIMAL, .data = "1.50", .length = 4}, "\"1.50\"");
  check_value((cascade_value){.type = CASCADE_TEXT, .data = "a\"\0b", .length = 4}, "\"a\\\"\\u0000b\"");
  check_value((cascade_value){.type = CASCADE_TEXT}, "\"\"");
  check_value((cascade_value){.type = CASCADE_TEXT, .data = "\xff", .length = 1}, "\"x'ff'\"");
  check_value((cascade_value){.type = CASCADE_BLOB, .data = "\0\x0f", .length = 2}, "\"x'000f'\"");
  check_value((cascade_value){.type = CASCADE_BLOB}, "\"x''\"");
}

static cascade_status ask(world *at, const cascade_blockers_options *options, int32_t profile, char **text, cascade_error **error) {
  return cascade_blockers_json(at->connection, at->policy, at->selection, options, profile, text, error);
}

static void refused(world *at, const cascade_blockers_options *options, int32_t profile, cascade_status status, const char *says) {
  char *text = (char *)"left";
  cascade_error *error = NULL;
  assert_int_equal(ask(at, options, profile, &text, &error), status);
  assert_null(text);
  assert_non_null(strstr(cascade_error_message(error), says));
  cascade_error_free(error);
}

static void refusals(void **state) {
  world *at = *state;
  enum { SIZE = sizeof(cascade_blockers_options) };
  refused(at, NULL, 0, CASCADE_INVALID, "profile 0");
  refused(at, NULL, 3, CASCADE_INVALID, "profile 3");
  refused(at, &(cascade_blockers_options){.size = SIZE, .limit = -1}, CASCADE_PROFILE_SPECIFY, CASCADE_INVALID, "limit");
  refused(at, &(cascade_blockers_options){.size = SIZE, .depth = 2}, CASCADE_PROFILE_SPECIFY, CASCADE_INVALID, "depth");
  refused(at, &(cascade_blockers_options){.size = SIZE, .token = "x"}, CASCADE_PROFILE_SPECIFY, CASCADE_INVALID, "token");
  refused(at, &(cascade_blockers_options){.size = SIZE, .budget_rows = 1}, CASCADE_PROFILE_SPECIFY, CASCADE_INVALID, "budget_rows");
  refused(at, &(cascade_blockers_options){.size = SIZE, .budget_ms = 1}, CASCADE_PROFILE_SPECIFY, CASCADE_INVALID, "budget_ms");
  refused(at, &(cascade_blockers_options){.size = SIZE, .behind = 1}, CASCADE_PROFILE_SPECIFY, CASCADE_INVALID, "behind");
  refused(at, &(cascade_blockers_options){.size = SIZE, .count = 1}, CASCADE_PROFILE_SPECIFY, CASCADE_INVALID, "count");
  refused(at, &(cascade_blockers_options){.size = 3}, CASCADE_PROFILE_NATIVE, CASCADE_OPTIONS, "");
  const cascade_blockers_request request = {.size = sizeof request, .relation = 0, .offset = 1};
  const cascade_blockers_request *const twice[] = {&request, &request};
  refused(at, &(cascade_blockers_options){.size = SIZE, .request_count = 2, .requests = twice}, CASCADE_PROFILE_SPECIFY,
          CASCADE_INVALID, "twice");
  char *text = NULL;
  assert_int_equal(cascade_blockers_json(NULL, at->policy, at->selection, NULL, 1, &text, NULL), CASCADE_INVALID);
  assert_int_equal(cascade_blockers_json(at->connection, NULL, at->selection, NULL, 1, &text, NULL), CASCADE_INVALID);
  assert_int_equal(cascade_blockers_json(at->connection, at->policy, NULL, NULL, 1, &text, NULL), CASCADE_INVALID);
  assert_int_equal(cascade_blockers_json(at->connection, at->policy, at->selection, NULL, 1, NULL, NULL), CASCADE_INVALID);
}

/* Of one relation, with a limit and an offset of its own. */
static void request_of_its_own(void **state) {
  world *at = *state;
  char *text = NULL;
  cascade_blockers_request request = {.size = sizeof request, .limit = 1, .offset = 1};
  const cascade_blockers_request *const requests[] = {&request};
  const cascade_blockers_options options = {.size = sizeof options, .request_count = 1, .requests = requests};
  assert_int_equal(ask(at, &options, CASCADE_PROFILE_SPECIFY, &text, NULL), CASCADE_OK);
  assert_string_equal(text, "{\"results\": [\n"
                            "  {\"table\": \"loan\", \"field\": \"borrower_id\", \"ids\": [2], \"offset\": 1, \"limit\": 1, "
                            "\"complete\": false}],\n \"next\": []}\n");
  cascade_text_free(text);
}

/* The caller may wipe the key as soon as the cursor is open. */
static void key_is_copied(void **state) {
  static const char secret[] = "a secret of thirty-two bytes ...";
  world *at = *state;
  char key[sizeof secret];
  memcpy(key, secret, sizeof key);
  cascade_blockers_options options = {.size = sizeof options, .limit = 1, .token_key = key, .token_key_length = sizeof key - 1};
  cascade_blockers *cursor = NULL, *next = NULL;
  const cascade_blockers_page *page = NULL;
  const char *token = NULL;
  cascade_error *error = NULL;
  assert_int_equal(cascade_blockers_open(at->connection, at->policy, at->selection, &options, &cursor, NULL), CASCADE_OK);
  memset(key, 'x', sizeof key);
  assert_int_equal(cascade_blockers_next(cursor, &page, NULL), CASCADE_OK);
  assert_int_equal(cascade_blockers_token(cursor, CASCADE_TOKEN_REST, &token, NULL), CASCADE_OK);
  options.token = token;
  assert_int_equal(cascade_blockers_open(at->connection, at->policy, at->selection, &options, &next, &error), CASCADE_TOKEN_FORGED);
  assert_null(next);
  cascade_error_free(error);
  options.token_key = secret;
  assert_int_equal(cascade_blockers_open(at->connection, at->policy, at->selection, &options, &next, NULL), CASCADE_OK);
  cascade_blockers_free(next);
  cascade_blockers_free(cursor);
}

static void memory_runs_out(void **state) {
  world *at = *state;
  const cascade_blockers_options all = {.size = sizeof all, .limit = 2, .rounds = UINT32_MAX};
  const cascade_blockers_options much = {.size = sizeof much,
                                         .limit = 2,
                                         .rounds = 2,
                                         .depth = 2,
                                         .count = CASCADE_COUNT_EXACT,
                                         .token_key = "0123456789abcdef",
                                         .token_key_length = 16};
  for (int32_t profile = CASCADE_PROFILE_NATIVE; profile <= CASCADE_PROFILE_SPECIFY; profile++) {
    long live = at->memory.live, allowed = 0;
    for (cascade_status status = CASCADE_NOMEM; status != CASCADE_OK; allowed++) {
      char *text = NULL;
      at->memory.allowed = allowed;
      at->memory.failed = false;
      status = ask(at, profile == CASCADE_PROFILE_NATIVE ? &much : &all, profile, &text, NULL);
      bool ran_out = at->memory.failed;
      at->memory.allowed = -1;
      at->memory.failed = false;
      assert_int_equal(status, ran_out ? CASCADE_NOMEM : CASCADE_OK);
      assert_int_equal(text != NULL, status == CASCADE_OK);
      cascade_text_free(text);
      assert_int_equal(at->memory.live, live);
    }
    assert_true(allowed > 20);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(values),
      cmocka_unit_test_setup_teardown(refusals, set_up, tear_down),
      cmocka_unit_test_setup_teardown(request_of_its_own, set_up, tear_down),
      cmocka_unit_test_setup_teardown(key_is_copied, set_up, tear_down),
      cmocka_unit_test_setup_teardown(memory_runs_out, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

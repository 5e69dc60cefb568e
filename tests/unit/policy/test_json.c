/* Policies from JSON: spellings, shapes, and errors that say where and what was meant. */
#include "memory.h"
#include "museum.h"

#include "policy_json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static memory *museum;

static int open_museum(void **state) {
  (void)state;
  museum = memory_open(museum_schema);
  return 0;
}

static int close_museum(void **state) {
  (void)state;
  memory_close(museum);
  return 0;
}

static cascade_policy *load(const char *json) {
  cascade_policy *policy = NULL;
  cascade_error *error = NULL;
  if (cascade_policy_load(museum->graph, json, strlen(json), &policy, &error) < 0)
    fail_msg("%s: %s", json, cascade_error_message(error));
  assert_non_null(policy);
  return policy;
}

static const casc_relation *relation_in(const cascade_policy *policy, const char *label) {
  for (uint32_t i = 0; i < policy->relation_count; i++)
    if (!strcmp(policy->relations[i].label, label)) return &policy->relations[i];
  fail_msg("there is no relation %s", label);
  return NULL;
}

static void test_shapes(void **state) {
  (void)state;
  static const char *const same[] = {
      "{\"relations\": [{\"table\": \"loan\", \"columns\": [\"borrower_id\"], \"rule\": \"PROTECT\"}]}",
      "{\"relations\": [{\"table\": \"loan\", \"column\": \"borrower_id\", \"action\": \"protect\"}], \"exclude\": []}",
      "[{\"table\": \"loan\", \"columns\": [\"borrower_id\"], \"on_delete\": \"Protect\", \"name\": \"fk_7\"}]",
      "[{\"table\": \"loan\", \"columns\": [\"borrower_id\"], \"ref_table\": \"agent\", \"ref_column\": \"id\","
      " \"rule\": \"PROTECT\", \"where\": null, \"values\": null, \"name\": null}]",
      "[{\"table\": \"loan\", \"columns\": [\"borrower_id\"], \"ref_table\": null, \"ref_columns\": null,"
      " \"rule\": \"PROTECT\"}]",
  };
  for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
    cascade_policy *policy = load(same[i]);
    assert_int_equal(relation_in(policy, "loan(borrower_id) -> agent(id)")->rule, CASCADE_RULE_PROTECT);
    assert_int_equal(policy->relation_count, museum->graph->relation_count);
    cascade_policy_free(policy);
  }
  static const char *const empty[] = {"{}", "[]", "{\"relations\": []}", "{\"exclude\": []}"};
  for (size_t i = 0; i < sizeof empty / sizeof *empty; i++) {
    cascade_policy *policy = load(empty[i]);
    assert_int_equal(relation_in(policy, "loan(borrower_id) -> agent(id)")->rule, CASCADE_RULE_RESTRICT);
    cascade_policy_free(policy);
  }
}

static void test_spellings(void **state) {
  (void)state;
  static const struct {
    const char *spelled;
    int32_t rule;
  } rules[] = {
      {"CASCADE", CASCADE_RULE_CASCADE},         {"cascade", CASCADE_RULE_CASCADE},     {"PROTECT", CASCADE_RULE_PROTECT},
      {"RESTRICT", CASCADE_RULE_RESTRICT},       {"NO ACTION", CASCADE_RULE_RESTRICT},  {"no_action", CASCADE_RULE_RESTRICT},
      {"SET NULL", CASCADE_RULE_SET_NULL},       {"set_null", CASCADE_RULE_SET_NULL},   {"Set Default", CASCADE_RULE_SET_DEFAULT},
      {"SET_DEFAULT", CASCADE_RULE_SET_DEFAULT}, {"SET VALUE", CASCADE_RULE_SET_VALUE}, {"SET", CASCADE_RULE_SET_VALUE},
      {"IGNORE", CASCADE_RULE_IGNORE},           {"DO_NOTHING", CASCADE_RULE_IGNORE},   {"do nothing", CASCADE_RULE_IGNORE}};
  for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
    char json[256];
    snprintf(json, sizeof json, "[{\"table\": \"loan\", \"columns\": [\"total\"], \"ref_table\": \"agent\", \"rule\": \"%s\"%s}]",
             rules[i].spelled, rules[i].rule == CASCADE_RULE_SET_VALUE ? ", \"values\": [1]" : "");
    cascade_policy *policy = load(json);
    assert_int_equal(relation_in(policy, "loan(total) -> agent(id)")->rule, rules[i].rule);
    cascade_policy_free(policy);
  }
}

static void test_values(void **state) {
  (void)state;
  static const struct {
    const char *json;
    int32_t type;
    int64_t integer;
  } values[] = {{"7", CASCADE_INT64, 7},       {"-9223372036854775808", CASCADE_INT64, INT64_MIN},
                {"true", CASCADE_INT64, 1},    {"false", CASCADE_INT64, 0},
                {"null", CASCADE_NULL, 0},     {"1.5", CASCADE_DOUBLE, 0},
                {"\"it's\"", CASCADE_TEXT, 0}, {"\"\"", CASCADE_TEXT, 0}};
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
    char json[256];
    snprintf(json, sizeof json, "[{\"table\": \"task\", \"columns\": [\"owner_id\"], \"rule\": \"SET\", \"values\": [%s]}]",
             values[i].json);
    cascade_policy *policy = load(json);
    const cascade_value *value = relation_in(policy, "task(owner_id) -> agent(id)")->values;
    assert_int_equal(value->type, values[i].type);
    assert_true(value->integer == values[i].integer);
    if (value->type == CASCADE_DOUBLE) assert_true(value->real == 1.5);
    if (value->type == CASCADE_TEXT) assert_int_equal(value->length, strlen(values[i].json) - 2);
    cascade_policy_free(policy);
  }
}

static void test_document_of_the_header(void **state) {
  (void)state;
  cascade_policy *policy =
      load("{\"relations\": [\n"
           "  {\"table\": \"loan\", \"columns\": [\"borrower_id\"], \"rule\": \"PROTECT\"},\n"
           "  {\"table\": \"note\", \"columns\": [\"object_id\"], \"ref_table\": \"agent\", \"ref_columns\": [\"id\"],\n"
           "   \"where\": \"object_type = 'agent'\", \"rule\": \"CASCADE\"},\n"
           "  {\"table\": \"task\", \"columns\": [\"owner_id\"], \"rule\": \"SET_VALUE\", \"values\": [1]}],\n"
           " \"exclude\": [\"audit_log\"]}");
  assert_int_equal(policy->relation_count, museum->graph->relation_count + 1);
  assert_int_equal(relation_in(policy, "loan(borrower_id) -> agent(id)")->rule, CASCADE_RULE_PROTECT);
  assert_string_equal(relation_in(policy, "note(object_id) -> agent(id)")->where, "object_type = 'agent'");
  assert_int_equal(relation_in(policy, "task(owner_id) -> agent(id)")->values[0].integer, 1);
  assert_int_equal(relation_in(policy, "audit_log(agent_id) -> agent(id)")->rule, CASCADE_RULE_IGNORE);
  cascade_policy_free(policy);
}

static cascade_status write_down(const cascade_policy *policy, char **text, cascade_error **error) {
  json_t *relations = NULL;
  cascade_status status = casc_policy_relations(policy, &relations, error);
  *text = relations ? json_dumps(relations, JSON_COMPACT) : NULL;
  json_decref(relations);
  return status;
}

/* What a job carries: only what differs from the database's own rules, and read again it says the same. */
static void test_written_down(void **state) {
  (void)state;
  static const char given[] =
      "[{\"table\":\"loan\",\"columns\":[\"code\",\"region\"],\"ref_table\":\"agent\",\"rule\":\"SET_VALUE\","
      "\"ref_columns\":[\"code\",\"region\"],\"values\":[\"it's\",null]},"
      "{\"table\":\"task\",\"columns\":[\"owner_id\"],\"ref_table\":\"agent\",\"rule\":\"SET_VALUE\","
      "\"ref_columns\":[\"id\"],\"values\":[1.5]},"
      "{\"table\":\"note\",\"columns\":[\"object_id\"],\"ref_table\":\"agent\",\"rule\":\"CASCADE\","
      "\"ref_columns\":[\"id\"],\"where\":\"object_type = 'agent'\"},"
      "{\"table\":\"note\",\"columns\":[\"parent_id\"],\"ref_table\":\"note\",\"rule\":\"IGNORE\",\"ref_columns\":[\"id\"]}]";
  cascade_policy *policy = load(given);
  char *once, *twice;
  assert_int_equal(write_down(policy, &once, NULL), CASCADE_OK);
  cascade_policy_free(policy);
  json_t *meant = json_loads(given, 0, NULL), *told = json_loads(once, 0, NULL);
  assert_int_equal(json_array_size(told), json_array_size(meant));
  for (size_t i = 0; i < json_array_size(meant); i++) {
    bool found = false;
    for (size_t j = 0; j < json_array_size(told); j++) found |= json_equal(json_array_get(meant, i), json_array_get(told, j));
    if (!found) fail_msg("entry %zu is not in %s", i + 1, once);
  }
  json_decref(meant);
  json_decref(told);
  policy = load(once);
  assert_int_equal(write_down(policy, &twice, NULL), CASCADE_OK);
  assert_string_equal(once, twice);
  cascade_policy_free(policy);
  free(once);
  free(twice);
}

static void test_values_without_a_form(void **state) {
  (void)state;
  static const cascade_value values[] = {{.type = CASCADE_BLOB, .data = "\1", .length = 1},
                                         {.type = CASCADE_TEXT, .data = "caf\xe9", .length = 4},
                                         {.type = CASCADE_DOUBLE, .real = NAN},
                                         {.type = CASCADE_UINT64, .integer = -1}};
  static const char *const columns[] = {"owner_id"};
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
    cascade_policy_entry entry = {.size = sizeof entry,
                                  .table = "task",
                                  .columns = columns,
                                  .column_count = 1,
                                  .rule = CASCADE_RULE_SET_VALUE,
                                  .values = &values[i],
                                  .value_count = 1};
    cascade_policy_options options = {
        .size = sizeof options, .entries = (const cascade_policy_entry *[]){&entry}, .entry_count = 1};
    cascade_policy *policy;
    cascade_error *error = NULL;
    char *text;
    assert_int_equal(cascade_policy_new(museum->graph, &options, &policy, NULL), CASCADE_OK);
    if (values[i].type == CASCADE_UINT64) { /* a text of digits */
      assert_int_equal(write_down(policy, &text, NULL), CASCADE_OK);
      assert_non_null(strstr(text, "\"18446744073709551615\""));
      free(text);
    } else {
      assert_int_equal(write_down(policy, &text, &error), CASCADE_UNSUPPORTED);
      assert_failure(error, CASCADE_UNSUPPORTED, WORDS("task(owner_id) -> agent(id)", "JSON"));
      assert_null(text);
    }
    cascade_policy_free(policy);
  }
}

/* A schema without foreign keys: every entry declares. */
static void test_only_declared_relations(void **state) {
  (void)state;
  static const char json[] =
      "[{\"name\": \"album_artist\", \"table\": \"album\", \"columns\": [\"artist_id\"], \"ref_table\": \"artist\","
      " \"ref_columns\": [\"id\"], \"on_delete\": \"CASCADE\"},"
      " {\"name\": \"artist_self\", \"table\": \"artist\", \"columns\": [\"mentor_id\"], \"ref_table\": \"artist\","
      " \"ref_columns\": [\"id\"], \"on_delete\": \"SET NULL\"},"
      " {\"name\": \"artist_best\", \"table\": \"artist\", \"columns\": [\"best_id\"], \"ref_table\": \"album\","
      " \"ref_columns\": [\"id\"], \"on_delete\": \"NO ACTION\"}]";
  memory *f = memory_open("CREATE TABLE artist (id INTEGER PRIMARY KEY, mentor_id INTEGER, best_id INTEGER);"
                          "CREATE TABLE album (id INTEGER PRIMARY KEY, artist_id INTEGER NOT NULL);"
                          "CREATE INDEX album_artist ON album (artist_id);");
  cascade_policy *policy = NULL;
  cascade_error *error = NULL;
  if (cascade_policy_load(f->graph, json, sizeof json - 1, &policy, &error) < 0) fail_msg("%s", cascade_error_message(error));
  assert_int_equal(policy->relation_count, 3);
  const casc_relation *first = relation_in(policy, "album(artist_id) -> artist(id)");
  assert_string_equal(first->index, "album_artist");
  assert_true(first->flags & CASCADE_RELATION_INDEXED);
  assert_false(first->flags & CASCADE_RELATION_NULLABLE);
  assert_true(first->flags & CASCADE_RELATION_IN_CYCLE);
  const casc_relation *self = relation_in(policy, "artist(mentor_id) -> artist(id)");
  assert_int_equal(self->rule, CASCADE_RULE_SET_NULL);
  assert_true(self->flags & CASCADE_RELATION_SELF);
  assert_true(self->flags & CASCADE_RELATION_IN_CYCLE);
  cascade_policy_free(policy);
  memory_close(f);
}

static const struct {
  const char *json;
  cascade_status status;
  const char *words[4];
} refusals[] = {
    /* not JSON, or not such a document */
    {"", CASCADE_FORMAT, {"line 1"}},
    {"7", CASCADE_FORMAT, {"line 1"}},
    {"{\"relations\": [\n{\"table\": \"loan\",\n}]}", CASCADE_FORMAT, {"line 3"}},
    {"[]\n\n]", CASCADE_FORMAT, {"line 3"}},
    {"{\"relations\": [],\n \"relations\": []}", CASCADE_FORMAT, {"line 2", "duplicate", "relations"}},
    {"[{\"table\": \"loan\",\n \"table\": \"note\"}]", CASCADE_FORMAT, {"line 2", "duplicate", "table"}},
    {"[\"\xff\"]", CASCADE_FORMAT, {"line 1", "decode byte 0xff"}},
    {"{\"relation\": []}", CASCADE_FORMAT, {"\"relation\"", "did you mean \"relations\"?"}},
    {"{\"relations\": {}}", CASCADE_FORMAT, {"\"relations\" is not an array"}},
    {"{\"exclude\": \"audit_log\"}", CASCADE_FORMAT, {"\"exclude\" is not an array of names"}},
    {"{\"exclude\": [{}]}", CASCADE_FORMAT, {"\"exclude\" is not an array of names"}},
    {"[7]", CASCADE_FORMAT, {"entry 1", "not an object"}},
    /* an entry of the wrong shape: line, entry and table */
    {"[\n {\"table\": \"loan\", \"column\": \"borrower_id\", \"rule\": \"CASCADE\"},\n\n {\"table\": \"loan\", "
     "\"colums\": []}]",
     CASCADE_FORMAT,
     {"line 4: entry 2, loan", "\"colums\"", "did you mean \"columns\"?"}},
    {"[{\"rule\": \"CASCADE\"}]", CASCADE_FORMAT, {"line 1: entry 1", "\"table\" is missing"}},
    {"[{\"table\": 7}]", CASCADE_FORMAT, {"entry 1", "\"table\" is not a text"}},
    {"[{\"table\": null}]", CASCADE_FORMAT, {"entry 1", "\"table\" is missing"}},
    {"[{\"table\": \"loan\", \"rule\": \"CASCADE\"}]", CASCADE_FORMAT, {"entry 1, loan", "\"columns\" are missing"}},
    {"[{\"table\": \"loan\", \"columns\": [], \"rule\": \"CASCADE\"}]", CASCADE_FORMAT, {"loan", "\"columns\" are missing"}},
    {"[{\"table\": \"loan\", \"columns\": \"total\"}]", CASCADE_FORMAT, {"loan", "\"columns\" is not an array"}},
    {"[{\"table\": \"loan\", \"columns\": [1]}]", CASCADE_FORMAT, {"loan", "\"columns\" is not an array of names"}},
    {"[{\"table\": \"loan\", \"column\": [\"total\"]}]", CASCADE_FORMAT, {"loan", "\"column\" is not a name", "\"columns\""}},
    {"[{\"table\": \"loan\", \"column\": \"a\", \"columns\": [\"a\"]}]", CASCADE_FORMAT, {"loan", "\"columns\" and \"column\""}},
    {"[{\"table\": \"loan\", \"column\": \"borrower_id\"}]", CASCADE_FORMAT, {"entry 1, loan", "\"rule\" is missing"}},
    {"[{\"table\": \"loan\", \"column\": \"borrower_id\", \"rule\": \"CASCADE\", \"on_delete\": \"CASCADE\"}]",
     CASCADE_FORMAT,
     {"loan", "\"rule\" and \"on_delete\""}},
    {"[{\"table\": \"loan\", \"column\": \"borrower_id\", \"rule\": 1}]", CASCADE_FORMAT, {"loan", "\"rule\" is not a text"}},
    {"[{\"table\": \"loan\", \"column\": \"borrower_id\", \"rule\": \"cascad\"}]",
     CASCADE_FORMAT,
     {"entry 1, loan", "\"cascad\"", "did you mean \"CASCADE\"?"}},
    {"[{\"table\": \"loan\", \"column\": \"borrower_id\", \"rule\": \"nuke everything from orbit, twice, please\"}]",
     CASCADE_FORMAT,
     {"loan", "nuke", "SET_DEFAULT"}},
    {"[{\"table\": \"loan\", \"column\": \"borrower_id\", \"rule\": \"\"}]", CASCADE_FORMAT, {"loan", "\"\"", "is not known"}},
    {"[{\"table\": \"loan\", \"column\": \"borrower_id\", \"rule\": \"CASCADE\", \"ref_table\": 1}]",
     CASCADE_FORMAT,
     {"loan", "\"ref_table\" is not a text"}},
    {"[{\"table\": \"loan\", \"column\": \"borrower_id\", \"rule\": \"CASCADE\", \"where\": true}]",
     CASCADE_FORMAT,
     {"loan", "\"where\" is not a text"}},
    {"[{\"table\": \"task\", \"column\": \"owner_id\", \"rule\": \"SET\", \"values\": 1}]",
     CASCADE_FORMAT,
     {"task", "\"values\" is not an array"}},
    {"[{\"table\": \"task\", \"column\": \"owner_id\", \"rule\": \"SET\", \"values\": [[1]]}]",
     CASCADE_FORMAT,
     {"task", "\"values\" are"}},
    {"[{\"table\": \"task\", \"column\": \"owner_id\", \"rule\": \"SET\", \"values\": [9223372036854775808]}]",
     CASCADE_FORMAT,
     {"line 1", "big integer"}},
    /* a well-formed document that contradicts itself or the graph: the line too */
    {"[\n{\"table\": \"task\", \"column\": \"owner_id\", \"rule\": \"SET\"}]",
     CASCADE_POLICY,
     {"line 2: entry 1, task(owner_id)", "SET_VALUE needs values"}},
    {"{\"exclude\": [\"task\"],\n \"relations\": [\n  {\"table\": \"loan\", \"column\": \"borrower_id\", \"rule\": "
     "\"CASCADE\"},\n"
     "  {\"table\": \"task\", \"column\": \"owner_id\", \"rule\": \"CASCADE\"}]}",
     CASCADE_POLICY,
     {"line 4: entry 2, task(owner_id)", "excluded"}},
    {"[{\"table\": \"loan\", \"column\": \"borrower_id\", \"rule\": \"CASCADE\", \"where\": \"[{\\\"\"},\n"
     " {\"table\": \"loan\", \"column\": \"borrower_id\", \"rule\": \"CASCADE\"}]",
     CASCADE_POLICY,
     {"line 1: entry 1, loan(borrower_id)", "condition"}},
    {"[{\"table\": \"loan\", \"column\": \"lender_id\", \"rule\": \"CASCADE\", \"name\": \"}]{[ \\\"\"},\n"
     " {\"table\": \"loan\", \"column\": \"borower_id\", \"rule\": \"CASCADE\"}]",
     CASCADE_NOT_FOUND,
     {"line 2: entry 2, loan(borower_id)", "did you mean borrower_id?"}},
    {"{\"exclude\": [\"adit_log\"]}", CASCADE_NOT_FOUND, {"exclude", "audit_log"}},
};

static void test_refusals(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
    cascade_policy *policy = (cascade_policy *)(uintptr_t)1;
    cascade_error *error = NULL;
    const char *json = refusals[i].json;
    cascade_status status = cascade_policy_load(museum->graph, json, strlen(json), &policy, &error);
    if (status >= 0) fail_msg("not refused: %s", json);
    assert_null(policy);
    assert_failure(error, refusals[i].status, refusals[i].words);
    assert_int_equal(cascade_policy_load(museum->graph, json, strlen(json), &policy, NULL), refusals[i].status);
  }
}

static void test_arguments(void **state) {
  (void)state;
  cascade_policy *policy = NULL;
  cascade_error *error = NULL;
  assert_int_equal(cascade_policy_load(museum->graph, NULL, 0, &policy, &error), CASCADE_INVALID);
  assert_failure(error, CASCADE_INVALID, WORDS("policy"));
  assert_int_equal(cascade_policy_load(NULL, "[]", 2, &policy, NULL), CASCADE_INVALID);
  assert_int_equal(cascade_policy_load(museum->graph, "[]", 2, NULL, NULL), CASCADE_INVALID);
  assert_int_equal(cascade_policy_load(museum->graph, "[]]]]", 2, &policy, NULL), CASCADE_OK); /* no byte past the length */
  cascade_policy_free(policy);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_shapes),
      cmocka_unit_test(test_spellings),
      cmocka_unit_test(test_values),
      cmocka_unit_test(test_document_of_the_header),
      cmocka_unit_test(test_written_down),
      cmocka_unit_test(test_values_without_a_form),
      cmocka_unit_test(test_only_declared_relations),
      cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_arguments),
  };
  return cmocka_run_group_tests(tests, open_museum, close_museum);
}

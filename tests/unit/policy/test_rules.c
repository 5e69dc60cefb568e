/* Policies from code: what follows from the database, overrides, declared relations, exclusions. */
#include "memory.h"
#include "museum.h"

#include "policy_internal.h"

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

static cascade_policy *policy_of(const cascade_policy_entry *entry, const char *exclude) {
  const cascade_policy_entry *entries[] = {entry};
  cascade_policy_options options = {.size = sizeof options,
                                    .entries = entries,
                                    .entry_count = entry ? 1 : 0,
                                    .exclude = &exclude,
                                    .exclude_count = exclude ? 1 : 0};
  cascade_policy *policy = NULL;
  cascade_error *error = NULL;
  if (cascade_policy_new(museum->graph, &options, &policy, &error) < 0) fail_msg("%s", cascade_error_message(error));
  assert_non_null(policy);
  return policy;
}

static void refused(const cascade_policy_options *options, cascade_status status, const char *const *words) {
  cascade_policy *policy = (cascade_policy *)(uintptr_t)1;
  cascade_error *error = NULL;
  assert_int_equal(cascade_policy_new(museum->graph, options, &policy, &error), status);
  assert_null(policy);
  assert_failure(error, status, words);
  assert_int_equal(cascade_policy_new(museum->graph, options, &policy, NULL), status);
}

static void entry_refused(const cascade_policy_entry *entry, cascade_status status, const char *const *words) {
  const cascade_policy_entry *entries[] = {entry};
  refused(&(cascade_policy_options){.size = sizeof(cascade_policy_options), .entries = entries, .entry_count = 1}, status, words);
}

/* The one relation with this label; its rule must be this. Gives its number. */
static uint32_t has_rule(const cascade_policy *policy, const char *label, int32_t rule) {
  uint32_t found = UINT32_MAX;
  for (uint32_t i = 0; i < cascade_policy_relation_count(policy); i++) {
    cascade_relation_info info = {.size = sizeof info};
    assert_int_equal(cascade_policy_relation(policy, i, &info), CASCADE_OK);
    if (strcmp(info.label, label)) continue;
    found = i;
    if (info.rule != rule) fail_msg("%s: %s, not %s", label, cascade_rule_name(info.rule), cascade_rule_name(rule));
  }
  if (found == UINT32_MAX) fail_msg("there is no relation %s", label);
  return found;
}

#define ENTRY(...)                                                                                                                 \
  (cascade_policy_entry) {                                                                                                         \
    .size = sizeof(cascade_policy_entry), __VA_ARGS__                                                                              \
  }
#define NAMES(...)                                                                                                                 \
  (const char *const[]) {                                                                                                          \
    __VA_ARGS__                                                                                                                    \
  }

static void test_rules_of_the_database(void **state) {
  (void)state;
  cascade_policy *policy = policy_of(NULL, NULL);
  assert_int_equal(cascade_policy_relation_count(policy), cascade_graph_relation_count(museum->graph));
  assert_ptr_equal(cascade_policy_graph(policy), museum->graph);
  has_rule(policy, "loan(borrower_id) -> agent(id)", CASCADE_RULE_RESTRICT);
  has_rule(policy, "loan(lender_id) -> agent(id)", CASCADE_RULE_CASCADE);
  has_rule(policy, "loan(code, region) -> agent(code, region)", CASCADE_RULE_SET_NULL);
  has_rule(policy, "task(owner_id) -> agent(id)", CASCADE_RULE_SET_DEFAULT);
  cascade_policy_free(policy);
  assert_int_equal(cascade_policy_new(museum->graph, NULL, &policy, NULL), CASCADE_OK);
  cascade_policy_free(policy);
}

static void test_override(void **state) {
  (void)state;
  cascade_policy_entry entry =
      ENTRY(.table = "LOAN", .columns = NAMES("Borrower_ID"), .column_count = 1, .rule = CASCADE_RULE_PROTECT);
  cascade_policy *policy = policy_of(&entry, NULL);
  uint32_t at = has_rule(policy, "loan(borrower_id) -> agent(id)", CASCADE_RULE_PROTECT);
  has_rule(policy, "loan(lender_id) -> agent(id)", CASCADE_RULE_CASCADE);
  assert_int_equal(cascade_policy_relation_count(policy), cascade_graph_relation_count(museum->graph));
  assert_true(casc_relation_enforced(&policy->relations[at]));
  cascade_relation_info info = {.size = sizeof info};
  assert_int_equal(cascade_graph_relation(museum->graph, at, &info), CASCADE_OK);
  assert_int_equal(info.rule, CASCADE_RULE_RESTRICT); /* the graph stays as it is */
  cascade_policy_free(policy);
}

static void test_default_keeps_the_databases_rule(void **state) {
  (void)state;
  cascade_policy_entry entry = ENTRY(.table = "loan", .columns = NAMES("lender_id"), .column_count = 1);
  cascade_policy *policy = policy_of(&entry, NULL);
  has_rule(policy, "loan(lender_id) -> agent(id)", CASCADE_RULE_CASCADE);
  cascade_policy_free(policy);
}

static void test_columns_in_another_order(void **state) {
  (void)state;
  const cascade_value values[] = {{.type = CASCADE_TEXT, .data = "north", .length = 5},
                                  {.type = CASCADE_TEXT, .data = "N", .length = 1}};
  cascade_policy_entry entry = ENTRY(.table = "loan", .columns = NAMES("region", "code"), .column_count = 2, .ref_table = "agent",
                                     .ref_columns = NAMES("region", "code"), .ref_column_count = 2, .rule = CASCADE_RULE_SET_VALUE,
                                     .values = values, .value_count = 2);
  cascade_policy *policy = policy_of(&entry, NULL);
  uint32_t at = has_rule(policy, "loan(code, region) -> agent(code, region)", CASCADE_RULE_SET_VALUE);
  const cascade_value *set = policy->relations[at].values;
  assert_int_equal(set[0].length, 1);
  assert_memory_equal(set[0].data, "N", 1);
  assert_memory_equal(set[1].data, "north", 5);
  assert_ptr_not_equal(set[1].data, values[0].data);
  cascade_policy_free(policy);
}

static void test_crossed_pairs_are_another_relation(void **state) {
  (void)state;
  cascade_policy_entry entry = ENTRY(.table = "loan", .columns = NAMES("region", "code"), .column_count = 2, .ref_table = "agent",
                                     .ref_columns = NAMES("code", "region"), .ref_column_count = 2, .rule = CASCADE_RULE_CASCADE);
  cascade_policy *policy = policy_of(&entry, NULL);
  has_rule(policy, "loan(code, region) -> agent(code, region)", CASCADE_RULE_SET_NULL);
  has_rule(policy, "loan(region, code) -> agent(code, region)", CASCADE_RULE_CASCADE);
  cascade_policy_free(policy);
}

static void test_declared_relation(void **state) {
  (void)state;
  cascade_policy_entry entry = ENTRY(.table = "note", .columns = NAMES("object_id"), .column_count = 1, .ref_table = "agent",
                                     .rule = CASCADE_RULE_CASCADE, .where = "object_type = 'agent'");
  cascade_policy *policy = policy_of(&entry, NULL);
  uint32_t at = has_rule(policy, "note(object_id) -> agent(id)", CASCADE_RULE_CASCADE);
  assert_int_equal(at, cascade_graph_relation_count(museum->graph));
  const casc_relation *relation = &policy->relations[at];
  assert_string_equal(relation->where, "object_type = 'agent'");
  assert_ptr_not_equal(relation->where, entry.where);
  assert_true(relation->flags & CASCADE_RELATION_DECLARED);
  assert_true(relation->flags & CASCADE_RELATION_TO_PRIMARY);
  assert_true(relation->flags & CASCADE_RELATION_NULLABLE);
  assert_false(relation->flags & (CASCADE_RELATION_INDEXED | CASCADE_RELATION_UNRESOLVED | CASCADE_RELATION_IN_CYCLE));
  assert_true(relation->direct);
  assert_false(casc_relation_enforced(relation));
  cascade_relation_info info = {.size = sizeof info};
  assert_int_equal(cascade_policy_relation(policy, at, &info), CASCADE_OK);
  assert_string_equal(info.name, "");
  assert_string_equal(info.index, "");
  assert_string_equal(info.columns[0], "object_id");
  assert_string_equal(info.ref_columns[0], "id");
  uint32_t agent = relation->ref_table, note = relation->table;
  assert_int_equal(policy->from_count[note], 1);
  assert_int_equal(policy->relations_from[note][0], at);
  assert_int_equal(policy->relations_to[agent][policy->to_count[agent] - 1], at);
  cascade_policy_free(policy);
}

/* Where a text that begins with a number would be that number. */
static void test_declared_across_kinds(void **state) {
  (void)state;
  static const char json[] =
      "{\"format\": \"cascade-graph\", \"version\": 1, \"engine\": \"mariadb\", \"relations\": [], \"tables\": ["
      "{\"name\": \"agent\", \"kind\": \"table\", \"primary_key\": [\"id\"], \"columns\": ["
      "{\"name\": \"id\", \"type\": \"int(11)\", \"value\": \"integer\", \"not_null\": true}, {\"name\": \"wide\", \"type\": "
      "\"bigint(20)\", \"value\": \"integer\"}]},"
      "{\"name\": \"note\", \"kind\": \"table\", \"primary_key\": [\"id\"], \"columns\": ["
      "{\"name\": \"id\", \"type\": \"int(11)\", \"value\": \"integer\", \"not_null\": true},"
      "{\"name\": \"object_id\", \"type\": \"varchar(40)\", \"value\": \"text\", \"collation\": \"utf8mb4_general_ci\"}]}]}";
  cascade_graph *graph = NULL;
  cascade_policy *policy = NULL;
  cascade_error *error = NULL;
  if (cascade_graph_load(museum->context, json, sizeof json - 1, &graph, &error) < 0) fail_msg("%s", cascade_error_message(error));
  cascade_policy_entry entry =
      ENTRY(.table = "note", .columns = NAMES("object_id"), .column_count = 1, .ref_table = "agent", .rule = CASCADE_RULE_CASCADE);
  const cascade_policy_entry *entries[] = {&entry};
  cascade_policy_options options = {.size = sizeof options, .entries = entries, .entry_count = 1};
  assert_int_equal(cascade_policy_new(graph, &options, &policy, &error), CASCADE_POLICY);
  assert_failure(error, CASCADE_POLICY, WORDS("note(object_id)", "varchar(40)", "int(11)", "exactly"));
  entry.columns = NAMES("id");
  entry.ref_columns = NAMES("wide");
  entry.ref_column_count = 1;
  if (cascade_policy_new(graph, &options, &policy, &error) < 0) fail_msg("%s", cascade_error_message(error));
  cascade_policy_free(policy);
  cascade_graph_free(graph);
}

static void test_declared_to_columns_that_are_no_key(void **state) {
  (void)state;
  cascade_policy_entry entry = ENTRY(.table = "note", .columns = NAMES("object_type"), .column_count = 1, .ref_table = "bare",
                                     .ref_columns = NAMES("y"), .ref_column_count = 1, .rule = CASCADE_RULE_CASCADE);
  cascade_policy *policy = policy_of(&entry, NULL);
  uint32_t at = has_rule(policy, "note(object_type) -> bare(y)", CASCADE_RULE_CASCADE);
  assert_false(policy->relations[at].flags & (CASCADE_RELATION_UNRESOLVED | CASCADE_RELATION_TO_PRIMARY));
  assert_non_null(policy->relations[at].ref_columns);
  assert_false(policy->relations[at].direct);
  cascade_policy_free(policy);
}

static void test_declared_relations_close_cycles(void **state) {
  (void)state;
  cascade_policy_entry entry =
      ENTRY(.table = "agent", .columns = NAMES("region"), .column_count = 1, .ref_table = "loan", .rule = CASCADE_RULE_CASCADE);
  cascade_policy *policy = policy_of(&entry, NULL);
  uint32_t back = has_rule(policy, "agent(region) -> loan(id)", CASCADE_RULE_CASCADE);
  uint32_t forth = has_rule(policy, "loan(borrower_id) -> agent(id)", CASCADE_RULE_RESTRICT);
  uint32_t aside = has_rule(policy, "task(owner_id) -> agent(id)", CASCADE_RULE_SET_DEFAULT);
  assert_true(policy->relations[back].flags & CASCADE_RELATION_IN_CYCLE);
  assert_true(policy->relations[forth].flags & CASCADE_RELATION_IN_CYCLE);
  assert_false(policy->relations[aside].flags & CASCADE_RELATION_IN_CYCLE);
  cascade_policy_free(policy);
  policy = policy_of(NULL, NULL);
  assert_false(policy->relations[forth].flags & CASCADE_RELATION_IN_CYCLE);
  cascade_policy_free(policy);
}

static void test_polymorphic_pair(void **state) {
  (void)state;
  cascade_policy_entry to_agent = ENTRY(.table = "note", .columns = NAMES("object_id"), .column_count = 1, .ref_table = "agent",
                                        .rule = CASCADE_RULE_CASCADE, .where = "object_type = 'a'");
  cascade_policy_entry to_loan = to_agent, other = to_agent;
  to_loan.ref_table = "loan";
  to_loan.where = "object_type = 'l'";
  other.where = "object_type = 'b'";
  other.rule = CASCADE_RULE_PROTECT;
  const cascade_policy_entry *entries[] = {&to_agent, &to_loan, &other};
  cascade_policy_options options = {.size = sizeof options, .entries = entries, .entry_count = 3};
  cascade_policy *policy = NULL;
  assert_int_equal(cascade_policy_new(museum->graph, &options, &policy, NULL), CASCADE_OK);
  assert_int_equal(cascade_policy_relation_count(policy), cascade_graph_relation_count(museum->graph) + 3);
  cascade_policy_free(policy);
  other.where = to_agent.where;
  refused(&options, CASCADE_POLICY, WORDS("entry 3, note(object_id)", "entry 1"));
  other.where = NULL;
  refused(&options, CASCADE_POLICY, WORDS("entry 3, note(object_id)", "entry 1"));
}

static void test_the_same_foreign_key_twice(void **state) {
  (void)state;
  cascade_policy_entry entry = ENTRY(.table = "twin", .columns = NAMES("z"), .column_count = 1, .rule = CASCADE_RULE_CASCADE);
  cascade_policy *policy = policy_of(&entry, NULL);
  uint32_t changed = 0;
  for (uint32_t i = 0; i < cascade_policy_relation_count(policy); i++)
    changed += !strcmp(policy->relations[i].label, "twin(z) -> agent(id)") && policy->relations[i].rule == CASCADE_RULE_CASCADE;
  assert_int_equal(changed, 2);
  cascade_policy_free(policy);
}

static void test_ambiguous_overrides(void **state) {
  (void)state;
  cascade_policy_entry entry = ENTRY(.table = "twin", .columns = NAMES("x"), .column_count = 1, .rule = CASCADE_RULE_CASCADE);
  entry_refused(&entry, CASCADE_POLICY, WORDS("entry 1, twin(x)", "-> agent(id)", "-> loan(id)", "give ref_table"));
  entry.ref_table = "loan";
  cascade_policy *policy = policy_of(&entry, NULL);
  has_rule(policy, "twin(x) -> loan(id)", CASCADE_RULE_CASCADE);
  has_rule(policy, "twin(x) -> agent(id)", CASCADE_RULE_RESTRICT);
  cascade_policy_free(policy);
  entry.columns = NAMES("y");
  entry.ref_table = "agent";
  entry_refused(&entry, CASCADE_POLICY, WORDS("twin(y)", "agent(id)", "agent(name)", "give ref_columns"));
  entry.ref_columns = NAMES("name");
  entry.ref_column_count = 1;
  policy = policy_of(&entry, NULL);
  has_rule(policy, "twin(y) -> agent(name)", CASCADE_RULE_CASCADE);
  has_rule(policy, "twin(y) -> agent(id)", CASCADE_RULE_RESTRICT);
  cascade_policy_free(policy);
}

static void test_relation_to_a_missing_table(void **state) {
  (void)state;
  cascade_policy_entry entry = ENTRY(.table = "orphan", .columns = NAMES("gone_id"), .column_count = 1, .ref_table = "gone",
                                     .ref_columns = NAMES("id"), .ref_column_count = 1, .rule = CASCADE_RULE_IGNORE);
  cascade_policy *policy = policy_of(&entry, NULL);
  uint32_t found = 0;
  for (uint32_t i = 0; i < policy->relation_count; i++)
    if (policy->relations[i].flags & CASCADE_RELATION_UNRESOLVED) {
      assert_int_equal(policy->relations[i].rule, CASCADE_RULE_IGNORE);
      found++;
    }
  assert_int_equal(found, 1);
  cascade_policy_free(policy);
  entry.columns = NAMES("id");
  entry_refused(&entry, CASCADE_POLICY, WORDS("orphan(id)", "no table gone"));
  entry.table = "gone";
  entry_refused(&entry, CASCADE_NOT_FOUND, WORDS("gone"));
}

static void test_exclusion(void **state) {
  (void)state;
  cascade_policy *policy = policy_of(NULL, "Audit_Log");
  has_rule(policy, "audit_log(agent_id) -> agent(id)", CASCADE_RULE_IGNORE);
  has_rule(policy, "loan(lender_id) -> agent(id)", CASCADE_RULE_CASCADE);
  cascade_policy_free(policy);
  cascade_policy_entry entry =
      ENTRY(.table = "audit_log", .columns = NAMES("agent_id"), .column_count = 1, .rule = CASCADE_RULE_IGNORE);
  cascade_policy_free(policy_of(&entry, "audit_log"));
  entry.rule = CASCADE_RULE_CASCADE;
  const cascade_policy_entry *entries[] = {&entry};
  const char *exclude[] = {"audit_log", "audit_lag"};
  cascade_policy_options options = {
      .size = sizeof options, .entries = entries, .entry_count = 1, .exclude = exclude, .exclude_count = 1};
  refused(&options, CASCADE_POLICY, WORDS("entry 1, audit_log(agent_id)", "excluded"));
  options.entry_count = 0;
  options.exclude_count = 2;
  refused(&options, CASCADE_NOT_FOUND, WORDS("exclude", "audit_lag", "audit_log"));
  exclude[1] = NULL;
  refused(&options, CASCADE_INVALID, WORDS("exclude", "table 2"));
}

static void test_names_that_do_not_exist(void **state) {
  (void)state;
  cascade_policy_entry entry =
      ENTRY(.table = "laon", .columns = NAMES("borrower_id"), .column_count = 1, .rule = CASCADE_RULE_CASCADE);
  entry_refused(&entry, CASCADE_NOT_FOUND, WORDS("entry 1, laon(borrower_id)", "loan"));
  entry.table = "loan";
  entry.columns = NAMES("borower_id");
  entry_refused(&entry, CASCADE_NOT_FOUND, WORDS("entry 1", "loan", "borower_id", "did you mean borrower_id?"));
  entry.columns = NAMES("total");
  entry_refused(&entry, CASCADE_NOT_FOUND, WORDS("loan(total)", "no such foreign key", "give ref_table"));
  entry.columns = NAMES("code");
  entry_refused(&entry, CASCADE_NOT_FOUND, WORDS("loan(code)", "loan(code, region) -> agent(code, region)"));
  entry.ref_table = "agnet";
  entry_refused(&entry, CASCADE_NOT_FOUND, WORDS("loan(code)", "agnet", "agent"));
  entry.ref_table = "agent";
  entry.ref_columns = NAMES("nane");
  entry.ref_column_count = 1;
  entry_refused(&entry, CASCADE_NOT_FOUND, WORDS("loan(code)", "agent", "nane", "did you mean name?"));
}

static void test_contradictions(void **state) {
  (void)state;
  const cascade_value one[] = {{.type = CASCADE_INT64, .integer = 1}, {.type = CASCADE_NULL}};
  cascade_policy_entry entry = ENTRY(.table = "loan", .columns = NAMES("borrower_id"), .column_count = 1,
                                     .rule = CASCADE_RULE_CASCADE, .where = "total > 0");
  entry_refused(&entry, CASCADE_POLICY, WORDS("loan(borrower_id)", "condition"));
  entry.where = NULL;
  entry.values = one;
  entry.value_count = 1;
  entry_refused(&entry, CASCADE_POLICY, WORDS("loan(borrower_id)", "SET_VALUE", "CASCADE"));
  entry.rule = CASCADE_RULE_SET_VALUE;
  entry.value_count = 0;
  entry_refused(&entry, CASCADE_POLICY, WORDS("loan(borrower_id)", "SET_VALUE needs values"));
  entry.value_count = 2;
  entry_refused(&entry, CASCADE_POLICY, WORDS("loan(borrower_id)", "2 values for 1 column"));
  entry.values = NULL;
  entry.value_count = 1;
  entry_refused(&entry, CASCADE_INVALID, WORDS("loan(borrower_id)", "value 1"));
  entry.values = one;
  for (int32_t rule = CASCADE_RULE_SET_NULL; rule <= CASCADE_RULE_SET_VALUE; rule++) {
    entry.columns = NAMES("twice");
    entry.rule = rule;
    entry.value_count = rule == CASCADE_RULE_SET_VALUE;
    entry_refused(&entry, CASCADE_POLICY, WORDS("loan(twice)", "generated", cascade_rule_name(rule)));
  }
  entry = ENTRY(.table = "loan", .columns = NAMES("lender_id"), .column_count = 1, .rule = CASCADE_RULE_SET_NULL);
  cascade_policy_free(policy_of(&entry, NULL)); /* NOT NULL is for the plan to say */
  entry.columns = NAMES("lender_id", "lender_id");
  entry.column_count = 2;
  entry_refused(&entry, CASCADE_POLICY, WORDS("loan(lender_id, lender_id)", "twice"));
}

static void test_entries_about_the_same(void **state) {
  (void)state;
  cascade_policy_entry first =
      ENTRY(.table = "loan", .columns = NAMES("borrower_id"), .column_count = 1, .rule = CASCADE_RULE_CASCADE);
  cascade_policy_entry second =
      ENTRY(.table = "loan", .columns = NAMES("lender_id"), .column_count = 1, .rule = CASCADE_RULE_CASCADE);
  cascade_policy_entry third = first;
  third.ref_table = "agent";
  const cascade_policy_entry *entries[] = {&first, &second, &third};
  cascade_policy_options options = {.size = sizeof options, .entries = entries, .entry_count = 3};
  refused(&options, CASCADE_POLICY, WORDS("entry 3, loan(borrower_id)", "entry 1"));
  third.rule = CASCADE_RULE_PROTECT;
  refused(&options, CASCADE_POLICY, WORDS("entry 3, loan(borrower_id)", "entry 1"));
}

static void test_declarations_that_cannot_be(void **state) {
  (void)state;
  cascade_policy_entry entry = ENTRY(.table = "note", .columns = NAMES("object_id"), .column_count = 1, .ref_table = "agent_names",
                                     .rule = CASCADE_RULE_CASCADE);
  entry_refused(&entry, CASCADE_POLICY, WORDS("note(object_id)", "agent_names is a view"));
  entry.ref_table = "bare";
  entry_refused(&entry, CASCADE_POLICY, WORDS("note(object_id)", "bare has no primary key", "ref_columns"));
  entry.ref_table = "pair";
  entry_refused(&entry, CASCADE_POLICY, WORDS("note(object_id)", "pair", "2 columns, not 1"));
  entry.ref_table = "agent";
  entry.rule = CASCADE_RULE_DEFAULT;
  entry_refused(&entry, CASCADE_POLICY, WORDS("note(object_id)", "needs a rule"));
  entry.rule = CASCADE_RULE_CASCADE;
  static const struct {
    const char *where, *word;
  } conditions[] = {{"", "blank"},
                    {" \n", "blank"},
                    {"a = 'b", "quote"},
                    {"1) OR (1", "bracket"},
                    {"(1", "bracket"},
                    {"1; DROP TABLE agent", "semicolon"},
                    {"1 -- no", "comment"},
                    {"object_type = ?", "placeholder"},
                    {"object_type = :kind", "placeholder"}};
  for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++) {
    entry.where = conditions[i].where;
    entry_refused(&entry, CASCADE_POLICY, WORDS("note(object_id)", conditions[i].word));
  }
  entry =
      ENTRY(.table = "agent_names", .columns = NAMES("id"), .column_count = 1, .ref_table = "agent", .rule = CASCADE_RULE_CASCADE);
  entry_refused(&entry, CASCADE_POLICY, WORDS("agent_names is a view"));
}

static void test_arguments_that_are_wrong(void **state) {
  (void)state;
  cascade_policy_entry entry = ENTRY(.columns = NAMES("borrower_id"), .column_count = 1, .rule = CASCADE_RULE_CASCADE);
  entry_refused(&entry, CASCADE_INVALID, WORDS("entry 1", "table"));
  entry_refused(NULL, CASCADE_INVALID, WORDS("entry 1", "table"));
  entry.table = "loan";
  entry.column_count = 0;
  entry_refused(&entry, CASCADE_INVALID, WORDS("entry 1, loan", "columns"));
  entry.column_count = 1;
  entry.columns = NAMES(NULL);
  entry_refused(&entry, CASCADE_INVALID, WORDS("entry 1, loan", "column 1 is NULL"));
  entry.columns = NAMES("borrower_id");
  entry.rule = 9;
  entry_refused(&entry, CASCADE_INVALID, WORDS("loan(borrower_id)", "9 is not a rule"));
  entry.rule = CASCADE_RULE_CASCADE;
  entry.ref_columns = NAMES("id", "code");
  entry.ref_column_count = 2;
  entry_refused(&entry, CASCADE_POLICY, WORDS("loan(borrower_id)", "ref_table"));
  entry.ref_table = "agent";
  entry_refused(&entry, CASCADE_POLICY, WORDS("loan(borrower_id)", "1 columns cannot refer to 2"));
  entry.ref_column_count = 1;
  entry.ref_columns = NULL;
  entry_refused(&entry, CASCADE_INVALID, WORDS("loan(borrower_id)", "ref_columns are NULL"));
  entry.size = 3;
  entry_refused(&entry, CASCADE_OPTIONS, WORDS("entry 1", "size"));
  cascade_policy_options options = {.size = sizeof options, .entry_count = 1};
  refused(&options, CASCADE_INVALID, WORDS("list of entries"));
  options = (cascade_policy_options){.size = 1};
  refused(&options, CASCADE_OPTIONS, WORDS("size"));
  cascade_policy *policy = NULL;
  assert_int_equal(cascade_policy_new(NULL, NULL, &policy, NULL), CASCADE_INVALID);
  assert_int_equal(cascade_policy_new(museum->graph, NULL, NULL, NULL), CASCADE_INVALID);
}

static void test_accessors(void **state) {
  (void)state;
  cascade_policy *policy = policy_of(NULL, NULL);
  cascade_relation_info info = {.size = sizeof info};
  assert_int_equal(cascade_policy_relation(policy, policy->relation_count, &info), CASCADE_INVALID);
  assert_int_equal(cascade_policy_relation(policy, 0, NULL), CASCADE_INVALID);
  assert_int_equal(cascade_policy_relation(NULL, 0, &info), CASCADE_INVALID);
  info.size = 8;
  assert_int_equal(cascade_policy_relation(policy, 0, &info), CASCADE_INVALID);
  assert_int_equal(cascade_policy_relation_count(NULL), 0);
  assert_null(cascade_policy_graph(NULL));
  assert_null(cascade_policy_ref(NULL));
  assert_ptr_equal(cascade_policy_ref(policy), policy);
  cascade_policy_free(policy);
  assert_int_equal(cascade_policy_relation_count(policy), museum->graph->relation_count);
  cascade_policy_free(policy);
  cascade_policy_free(NULL);
  assert_string_equal(cascade_rule_name(CASCADE_RULE_SET_NULL), "SET_NULL");
  assert_string_equal(cascade_rule_name(CASCADE_RULE_IGNORE), "IGNORE");
  assert_string_equal(cascade_rule_name(CASCADE_RULE_DETACH), "DETACH");
  assert_string_equal(cascade_rule_name(9), "?");
  assert_string_equal(cascade_rule_name(-1), "?");
}

static void test_a_policy_keeps_its_graph(void **state) {
  (void)state;
  memory *f = memory_open(museum_schema);
  cascade_policy *policy = NULL;
  assert_int_equal(cascade_policy_new(f->graph, NULL, &policy, NULL), CASCADE_OK);
  cascade_graph_free(f->graph);
  f->graph = NULL;
  has_rule(policy, "loan(lender_id) -> agent(id)", CASCADE_RULE_CASCADE);
  cascade_policy_free(policy);
  memory_close(f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rules_of_the_database),
      cmocka_unit_test(test_override),
      cmocka_unit_test(test_default_keeps_the_databases_rule),
      cmocka_unit_test(test_columns_in_another_order),
      cmocka_unit_test(test_crossed_pairs_are_another_relation),
      cmocka_unit_test(test_declared_relation),
      cmocka_unit_test(test_declared_across_kinds),
      cmocka_unit_test(test_declared_to_columns_that_are_no_key),
      cmocka_unit_test(test_declared_relations_close_cycles),
      cmocka_unit_test(test_polymorphic_pair),
      cmocka_unit_test(test_the_same_foreign_key_twice),
      cmocka_unit_test(test_ambiguous_overrides),
      cmocka_unit_test(test_relation_to_a_missing_table),
      cmocka_unit_test(test_exclusion),
      cmocka_unit_test(test_names_that_do_not_exist),
      cmocka_unit_test(test_contradictions),
      cmocka_unit_test(test_entries_about_the_same),
      cmocka_unit_test(test_declarations_that_cannot_be),
      cmocka_unit_test(test_arguments_that_are_wrong),
      cmocka_unit_test(test_accessors),
      cmocka_unit_test(test_a_policy_keeps_its_graph),
  };
  return cmocka_run_group_tests(tests, open_museum, close_museum);
}

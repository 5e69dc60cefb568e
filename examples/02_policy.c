/* A policy from code: rules that differ from the database's own, and a relation that the database does not know.
 *
 *   02_policy sqlite:museum.db
 */
#include <cascade.h>
#include <stdio.h>
#include <stdlib.h>

static void must(cascade_status status, cascade_error *error) {
  if (status >= 0) return;
  fprintf(stderr, "%s: %s\n", cascade_status_name(status), cascade_error_message(error));
  exit(1);
}

/* Determinations pass to agent 1, remarks about an agent go with the agent, field notebooks block whatever happens. */
static cascade_policy *house_rules(cascade_graph *graph) {
  const char *determiner[] = {"determiner_id"}, *subject[] = {"subject_id"}, *author[] = {"author_id"};
  const cascade_value curator = {.type = CASCADE_INT64, .integer = 1};
  const cascade_policy_entry pass_on = {.size = sizeof pass_on,
                                        .table = "determination",
                                        .columns = determiner,
                                        .column_count = 1,
                                        .rule = CASCADE_RULE_SET_VALUE,
                                        .values = &curator,
                                        .value_count = 1};
  const cascade_policy_entry remarks = {.size = sizeof remarks,
                                        .table = "remark",
                                        .columns = subject,
                                        .column_count = 1,
                                        .ref_table = "agent",
                                        .where = "subject_kind = 'agent'",
                                        .rule = CASCADE_RULE_CASCADE};
  const cascade_policy_entry notebooks = {
      .size = sizeof notebooks, .table = "field_notebook", .columns = author, .column_count = 1, .rule = CASCADE_RULE_PROTECT};
  const cascade_policy_entry *entries[] = {&pass_on, &remarks, &notebooks};
  const cascade_policy_options options = {.size = sizeof options, .entries = entries, .entry_count = 3};
  cascade_policy *policy = NULL;
  cascade_error *error = NULL;
  must(cascade_policy_new(graph, &options, &policy, &error), error);
  return policy;
}

/* The same in JSON, as it would stand in a file. A mistake in it is told with what was probably meant. */
static void try_json(cascade_graph *graph) {
  static const char json[] = "[{\"table\": \"field_notebook\", \"column\": \"autor_id\", \"rule\": \"PROTECT\"}]";
  cascade_policy *policy = NULL;
  cascade_error *error = NULL;
  if (cascade_policy_load(graph, json, sizeof json - 1, &policy, &error) >= 0) exit(1);
  printf("refused: %s\n", cascade_error_message(error));
  cascade_error_free(error);
}

int main(int argc, char **argv) {
  if (argc != 2) return fprintf(stderr, "usage: %s URI\n", argv[0]), 2;
  cascade_context *context = NULL;
  cascade_connection *connection = NULL;
  cascade_graph *graph = NULL;
  cascade_error *error = NULL;
  must(cascade_context_new(NULL, &context, &error), error);
  must(cascade_connection_open(context, argv[1], NULL, &connection, &error), error);
  must(cascade_graph_read(connection, NULL, &graph, &error), error);
  cascade_policy *policy = house_rules(graph);

  for (uint32_t i = 0; i < cascade_policy_relation_count(policy); i++) {
    cascade_relation_info now = {.size = sizeof now}, before = {.size = sizeof before};
    cascade_policy_relation(policy, i, &now);
    if (i >= cascade_graph_relation_count(graph)) {
      printf("declared: %s is %s\n", now.label, cascade_rule_name(now.rule));
      continue;
    }
    cascade_graph_relation(graph, i, &before);
    if (now.rule != before.rule)
      printf("overridden: %s was %s, is %s\n", now.label, cascade_rule_name(before.rule), cascade_rule_name(now.rule));
  }
  try_json(graph);

  cascade_policy_free(policy);
  cascade_graph_free(graph);
  cascade_connection_free(connection);
  cascade_context_free(context);
  return 0;
}

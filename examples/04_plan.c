/* A plan: what a purge would do, and a purge that is held to it.
 *
 *   04_plan sqlite:museum.db "id BETWEEN 1 AND 3"
 */
#include <cascade.h>
#include <stdio.h>
#include <stdlib.h>

static void must(cascade_status status, cascade_error *error) {
  if (status >= 0) return;
  fprintf(stderr, "%s: %s\n", cascade_status_name(status), cascade_error_message(error));
  exit(1);
}

static void print_steps(const cascade_plan *plan, const cascade_policy *policy, uint32_t count) {
  static const char *const kinds[] = {"", "delete", "rewrite", "check"};
  for (uint32_t i = 0; i < count; i++) {
    cascade_step_info step = {.size = sizeof step};
    cascade_table_info table = {.size = sizeof table};
    cascade_plan_step(plan, i, &step);
    cascade_graph_table(cascade_policy_graph(policy), step.table, &table);
    printf("%2u. %s %s: %llu rows%s\n", i + 1, kinds[step.kind], table.label, (unsigned long long)step.rows,
           step.warnings & CASCADE_WARN_NO_INDEX ? ", without an index" : "");
  }
}

int main(int argc, char **argv) {
  if (argc != 3) return fprintf(stderr, "usage: %s URI CONDITION\n", argv[0]), 2;
  cascade_context *context = NULL;
  cascade_connection *connection = NULL;
  cascade_graph *graph = NULL;
  cascade_policy *policy = NULL;
  cascade_selection *approved = NULL, *other = NULL;
  cascade_plan *plan = NULL;
  cascade_purge *purge = NULL;
  cascade_error *error = NULL;
  must(cascade_context_new(NULL, &context, &error), error);
  must(cascade_connection_open(context, argv[1], NULL, &connection, &error), error);
  must(cascade_graph_read(connection, NULL, &graph, &error), error);
  must(cascade_policy_new(graph, NULL, &policy, &error), error);
  must(cascade_selection_where(graph, "accession", argv[2], NULL, 0, &approved, &error), error);

  cascade_plan_info facts = {.size = sizeof facts};
  must(cascade_plan_new(connection, policy, approved, NULL, &plan, &error), error);
  cascade_plan_describe(plan, &facts);
  printf("%llu accessions, %llu rows in all, %llu of them rewritten, %s\n", (unsigned long long)facts.roots,
         (unsigned long long)(facts.deleted + facts.updated), (unsigned long long)facts.updated,
         facts.blocked ? "blocked" : "nothing in the way");
  print_steps(plan, policy, facts.step_count);

  /* Approved was that plan: a purge of anything else is refused before the first row is touched. */
  const cascade_purge_options options = {.size = sizeof options, .plan = facts.fingerprint};
  must(cascade_selection_where(graph, "accession", "id = 4", NULL, 0, &other, &error), error);
  cascade_status status = cascade_purge_new(connection, policy, other, &options, &purge, &error);
  printf("%s: %s\n", cascade_status_name(status), cascade_error_message(error));
  if (status != CASCADE_PLAN_CHANGED) return 1;
  cascade_error_free(error);
  error = NULL;
  must(cascade_purge_new(connection, policy, approved, &options, &purge, &error), error);
  printf("the approved purge is ready, and is not run here\n");

  cascade_purge_free(purge);
  cascade_plan_free(plan);
  cascade_selection_free(other);
  cascade_selection_free(approved);
  cascade_policy_free(policy);
  cascade_graph_free(graph);
  cascade_connection_free(connection);
  cascade_context_free(context);
  return 0;
}

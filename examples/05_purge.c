/* A purge with progress, stopped in the middle and taken up again.
 *
 *   05_purge sqlite:museum.db
 */
#include <cascade.h>
#include <stdio.h>
#include <stdlib.h>

static void must(cascade_status status, cascade_error *error) {
  if (status >= 0) return;
  fprintf(stderr, "%s: %s\n", cascade_status_name(status), cascade_error_message(error));
  exit(1);
}

/* Deletes until nothing is left, or cancels after some batches; 0 for never. Returns the rows deleted. */
static uint64_t run(cascade_connection *connection, cascade_policy *policy, cascade_selection *selection, uint64_t cancel_after) {
  const cascade_purge_options options = {.size = sizeof options, .max_tx_rows = 500};
  const cascade_batch_info *batch = NULL;
  cascade_purge *purge = NULL;
  cascade_error *error = NULL;
  must(cascade_purge_new(connection, policy, selection, &options, &purge, &error), error);
  cascade_status status;
  while ((status = cascade_purge_next(purge, &batch, &error)) == CASCADE_OK) {
    printf("\r%llu of %lld objects, %llu rows in all, %llu ms", (unsigned long long)batch->roots_done,
           (long long)batch->roots_expected, (unsigned long long)batch->total_deleted,
           (unsigned long long)batch->nanoseconds / 1000000);
    if (batch->number == cancel_after) cascade_purge_cancel(purge); /* from any thread, or a signal handler */
  }
  putchar('\n');
  if (status == CASCADE_CANCELLED) {
    printf("%s\n", cascade_error_message(error));
    cascade_error_free(error);
  } else {
    must(status, error);
  }

  cascade_purge_report report = {.size = sizeof report};
  cascade_purge_describe(purge, &report);
  printf("%s after %llu batches, the longest of %llu ms:\n", report.finished ? "finished" : "stopped",
         (unsigned long long)report.batches, (unsigned long long)report.longest_ns / 1000000);
  for (uint32_t i = 0; i < report.table_count; i++) {
    cascade_table_report table = {.size = sizeof table};
    cascade_purge_table(purge, i, &table);
    printf("  %s: %llu deleted, %llu rewritten\n", table.label, (unsigned long long)table.deleted,
           (unsigned long long)table.updated);
  }
  cascade_purge_free(purge);
  return report.deleted;
}

int main(int argc, char **argv) {
  if (argc != 2) return fprintf(stderr, "usage: %s URI\n", argv[0]), 2;
  cascade_context *context = NULL;
  cascade_connection *connection = NULL;
  cascade_graph *graph = NULL;
  cascade_policy *policy = NULL;
  cascade_selection *selection = NULL;
  cascade_error *error = NULL;
  must(cascade_context_new(NULL, &context, &error), error);
  must(cascade_connection_open(context, argv[1], NULL, &connection, &error), error);
  must(cascade_graph_read(connection, NULL, &graph, &error), error);
  must(cascade_policy_new(graph, NULL, &policy, &error), error);
  const cascade_value last = {.type = CASCADE_INT64, .integer = 2000};
  must(cascade_selection_where(graph, "collection_object", "id <= ?", &last, 1, &selection, &error), error);

  uint64_t before = run(connection, policy, selection, 3);
  uint64_t after = run(connection, policy, selection, 0);
  printf("%llu rows before the cancel, %llu after it\n", (unsigned long long)before, (unsigned long long)after);

  cascade_selection_free(selection);
  cascade_policy_free(policy);
  cascade_graph_free(graph);
  cascade_connection_free(connection);
  cascade_context_free(context);
  return 0;
}

/* Deletes a storage place at once, whatever hangs on it, and leaves that to a worker of the queue.
 *
 *   07_queue sqlite:museum.db
 */
#include <cascade.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(cascade_status status, cascade_error *error) {
  if (status >= 0) return;
  fprintf(stderr, "%s: %s\n", cascade_status_name(status), cascade_error_message(error));
  exit(1);
}

/* Places within the place are not deleted with it, but set free and recorded. */
static const char rules[] = "[{\"table\": \"storage_place\", \"column\": \"parent_id\", \"rule\": \"DETACH\"}]";

/* The request: one short transaction. */
static int64_t request(cascade_connection *connection, int64_t place) {
  cascade_graph *graph = NULL;
  cascade_policy *policy = NULL;
  cascade_selection *selection = NULL;
  cascade_error *error = NULL;
  cascade_detach_report report = {.size = sizeof report};
  must(cascade_queue_install(connection, &error), error);
  must(cascade_graph_read(connection, NULL, &graph, &error), error);
  must(cascade_policy_load(graph, rules, strlen(rules), &policy, &error), error);
  must(cascade_selection_integers(graph, "storage_place", &place, 1, &selection, &error), error);
  must(cascade_detach(connection, policy, selection, NULL, &report, &error), error);
  printf("place %lld is gone, %llu places in it wait for the worker\n", (long long)place, (unsigned long long)report.detached);
  cascade_selection_free(selection);
  cascade_policy_free(policy);
  cascade_graph_free(graph);
  return report.job;
}

/* The worker: any number of processes, each with a session of its own. This one ends when nothing is due. */
static void work(cascade_connection *connection) {
  cascade_worker *worker = NULL;
  cascade_error *error = NULL;
  cascade_worker_report report = {.size = sizeof report};
  cascade_status status = cascade_worker_new(connection, NULL, &worker, &error);
  while (status == CASCADE_OK) status = cascade_worker_step(worker, &error);
  must(status, error);
  cascade_worker_describe(worker, &report);
  printf("the worker deleted %llu rows in %llu batches\n", (unsigned long long)report.deleted, (unsigned long long)report.batches);
  cascade_worker_free(worker);
}

int main(int argc, char **argv) {
  cascade_context *context = NULL;
  cascade_connection *connection = NULL;
  cascade_error *error = NULL;
  char *text = NULL;
  if (argc != 2) return fprintf(stderr, "usage: %s URI\n", argv[0]), 2;
  must(cascade_context_new(NULL, &context, &error), error);
  must(cascade_connection_open(context, argv[1], NULL, &connection, &error), error);
  int64_t job = request(connection, 1);
  work(connection);
  must(cascade_queue_list(connection, &(cascade_queue_list_options){.size = sizeof(cascade_queue_list_options), .after = job - 1},
                          &text, &error),
       error);
  printf("%s\n", text);
  cascade_text_free(text);
  cascade_connection_free(connection);
  cascade_context_free(context);
  return 0;
}

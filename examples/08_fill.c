/* Enters who led an event, and who catalogued what was found there, among its collectors, and stops and goes on in between.
 *
 *   08_fill sqlite:museum.db
 */
#include <cascade.h>
#include <stdio.h>
#include <stdlib.h>

static void must(cascade_status status, cascade_error *error) {
  if (status >= 0) return;
  fprintf(stderr, "%s: %s\n", cascade_status_name(status), cascade_error_message(error));
  exit(1);
}

static const char *const columns[] = {"event_id", "agent_id", "position"};

/* The first two columns are the key of the table: rows that have it are the same. */
static const cascade_fill_target collectors = {
    .size = sizeof collectors, .table = "collector", .columns = columns, .key = columns, .column_count = 3, .key_count = 2};

static const char leaders[] = "SELECT id, leader_id, 1 FROM collecting_event WHERE leader_id IS NOT NULL";
static const char cataloguers[] =
    "SELECT event_id, cataloguer_id, 9 FROM collection_object WHERE event_id IS NOT NULL AND cataloguer_id IS NOT NULL";

/* One run; gives the token to go on from. */
static char *fill(cascade_connection *connection, cascade_graph *graph, const cascade_fill_options *options) {
  cascade_fill *work = NULL;
  cascade_error *error = NULL;
  const cascade_fill_range *range = NULL;
  cascade_fill_report report = {.size = sizeof report};
  char *token = NULL;
  must(cascade_fill_new(connection, graph, &collectors, options, &work, &error), error);
  must(cascade_fill_select(work, leaders, NULL, 0, &error), error);
  must(cascade_fill_select(work, cataloguers, NULL, 0, &error), error);
  cascade_status status;
  while ((status = cascade_fill_next(work, &range, &error)) == CASCADE_OK)
    printf("events up to %lld: %llu inserted, %llu there already\n", (long long)range->upto, (unsigned long long)range->inserted,
           (unsigned long long)range->skipped);
  must(status, error);
  cascade_fill_describe(work, &report);
  must(cascade_fill_token(work, &token, &error), error);
  printf("%s: %llu inserted in all\n", report.finished ? "finished" : "stopped", (unsigned long long)report.inserted);
  cascade_fill_free(work);
  return token;
}

int main(int argc, char **argv) {
  cascade_context *context = NULL;
  cascade_connection *connection = NULL;
  cascade_graph *graph = NULL;
  cascade_error *error = NULL;
  if (argc != 2) return fprintf(stderr, "usage: %s URI\n", argv[0]), 2;
  must(cascade_context_new(NULL, &context, &error), error);
  must(cascade_connection_open(context, argv[1], NULL, &connection, &error), error);
  must(cascade_graph_read(connection, NULL, &graph, &error), error);
  cascade_fill_options some = {.size = sizeof some, .max_tx_rows = 100, .row_budget = 50};
  char *token = fill(connection, graph, &some);
  cascade_fill_options rest = {.size = sizeof rest, .token = token};
  cascade_text_free(fill(connection, graph, &rest));
  cascade_text_free(token);
  cascade_graph_free(graph);
  cascade_connection_free(connection);
  cascade_context_free(context);
  return 0;
}

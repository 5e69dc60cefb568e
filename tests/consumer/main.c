/* A program of somebody else: knows the installed headers and the library, and nothing of the build tree. */
#include <cascade.h>

#include <stdio.h>

int main(int count, char **arguments) {
  cascade_context *context = NULL;
  cascade_connection *connection = NULL;
  cascade_graph *graph = NULL;
  cascade_error *error = NULL;
  if (count != 2 || cascade_version() != CASCADE_VERSION) return 2;
  int done = cascade_context_new(NULL, &context, &error) >= 0 &&
             cascade_connection_open(context, arguments[1], NULL, &connection, &error) >= 0 &&
             cascade_graph_read(connection, NULL, &graph, &error) >= 0;
  if (done)
    printf("%s: %u tables, %u relations\n", cascade_connection_engine(connection), cascade_graph_table_count(graph),
           cascade_graph_relation_count(graph));
  else fprintf(stderr, "%s\n", cascade_error_message(error));
  cascade_error_free(error);
  cascade_graph_free(graph);
  cascade_connection_free(connection);
  cascade_context_free(context);
  return done ? 0 : 1;
}

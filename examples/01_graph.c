/* The graph: which tables refer to which, and how far a delete reaches.
 *
 *   01_graph sqlite:museum.db preparation
 */
#include <cascade.h>
#include <stdio.h>
#include <stdlib.h>

static void must(cascade_status status, cascade_error *error) {
  if (status >= 0) return;
  fprintf(stderr, "%s: %s\n", cascade_status_name(status), cascade_error_message(error));
  exit(1);
}

static void print_relations_to(const cascade_graph *graph, uint32_t table) {
  const uint32_t *relations;
  uint32_t count;
  cascade_graph_relations_to(graph, table, &relations, &count);
  for (uint32_t i = 0; i < count; i++) {
    cascade_relation_info relation = {.size = sizeof relation};
    cascade_graph_relation(graph, relations[i], &relation);
    printf("  %s: %s, %s\n", relation.label, cascade_rule_name(relation.rule),
           relation.flags & CASCADE_RELATION_INDEXED ? relation.index : "no index");
  }
}

static void print_reach(const cascade_graph *graph, uint32_t table) {
  cascade_error *error = NULL;
  uint32_t all = cascade_graph_table_count(graph), count;
  uint32_t *tables = malloc(all * sizeof *tables);
  if (!tables) exit(1);
  must(cascade_graph_reach(graph, table, 1, tables, &count, &error), error);
  printf("a delete takes rows of %u of %u tables:", count, all);
  for (uint32_t i = 0; i < count; i++) {
    cascade_table_info info = {.size = sizeof info};
    cascade_graph_table(graph, tables[i], &info);
    printf(" %s", info.label);
  }
  putchar('\n');
  free(tables);
}

static void print_path(const cascade_graph *graph, uint32_t from, uint32_t to) {
  cascade_error *error = NULL;
  uint32_t *relations = malloc(cascade_graph_table_count(graph) * sizeof *relations), count;
  if (!relations) exit(1);
  cascade_status status = cascade_graph_path(graph, from, to, relations, &count, &error);
  if (status == CASCADE_NOT_FOUND) printf("%s\n", cascade_error_message(error));
  else must(status, error);
  for (uint32_t i = 0; status >= 0 && i < count; i++) {
    cascade_relation_info relation = {.size = sizeof relation};
    cascade_graph_relation(graph, relations[i], &relation);
    printf("  step %u: %s\n", i + 1, relation.label);
  }
  cascade_error_free(error);
  free(relations);
}

int main(int argc, char **argv) {
  if (argc != 3) return fprintf(stderr, "usage: %s URI TABLE\n", argv[0]), 2;
  cascade_context *context = NULL;
  cascade_connection *connection = NULL;
  cascade_graph *graph = NULL;
  cascade_error *error = NULL;
  uint32_t table, accession;
  must(cascade_context_new(NULL, &context, &error), error);
  must(cascade_connection_open(context, argv[1], NULL, &connection, &error), error);
  must(cascade_graph_read(connection, NULL, &graph, &error), error);
  cascade_connection_free(connection); /* the graph needs no database any more */

  must(cascade_graph_find_table(graph, argv[2], &table, &error), error);
  must(cascade_graph_find_table(graph, "accession", &accession, &error), error);
  printf("what refers to %s:\n", argv[2]);
  print_relations_to(graph, table);
  print_reach(graph, table);
  printf("how %s depends on accession:\n", argv[2]);
  print_path(graph, table, accession);

  cascade_graph_free(graph);
  cascade_context_free(context);
  return 0;
}

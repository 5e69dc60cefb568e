/* Blockers: the first page of every relation that refers to a row, and then the rest of one of them, from its anchor
 * on.
 *
 *   03_blockers sqlite:museum.db agent 7
 */
#include <cascade.h>
#include <stdio.h>
#include <stdlib.h>

static void must(cascade_status status, cascade_error *error) {
  if (status >= 0) return;
  fprintf(stderr, "%s: %s\n", cascade_status_name(status), cascade_error_message(error));
  exit(1);
}

static const char *kind_name(int32_t kind) {
  return kind == CASCADE_BLOCKING ? "blocks" : kind == CASCADE_CASCADING ? "deleted too" : "rewritten or left";
}

int main(int argc, char **argv) {
  if (argc != 4) return fprintf(stderr, "usage: %s URI TABLE KEY\n", argv[0]), 2;
  cascade_context *context = NULL;
  cascade_connection *connection = NULL;
  cascade_graph *graph = NULL;
  cascade_policy *policy = NULL;
  cascade_selection *selection = NULL;
  cascade_blockers *cursor = NULL;
  const cascade_blockers_page *page = NULL;
  cascade_error *error = NULL;
  cascade_status status;
  must(cascade_context_new(NULL, &context, &error), error);
  must(cascade_connection_open(context, argv[1], NULL, &connection, &error), error);
  must(cascade_graph_read(connection, NULL, &graph, &error), error);
  must(cascade_policy_new(graph, NULL, &policy, &error), error);
  must(cascade_selection_parse(graph, argv[2], (const char *const *)&argv[3], 1, &selection, &error), error);

  /* A first look: three keys of each relation. A page is borrowed, so the anchor to go on from is copied. */
  cascade_blockers_options options = {.size = sizeof options, .limit = 3};
  cascade_value anchor = {0};
  uint32_t interesting = UINT32_MAX;
  must(cascade_blockers_open(connection, policy, selection, &options, &cursor, &error), error);
  while ((status = cascade_blockers_next(cursor, &page, &error)) == CASCADE_OK) {
    cascade_relation_info relation = {.size = sizeof relation};
    cascade_policy_relation(policy, page->relation, &relation);
    printf("%s %s: %llu%s\n", relation.label, kind_name(page->kind), (unsigned long long)page->keys->count,
           page->complete ? "" : " and more");
    if (interesting == UINT32_MAX && !page->complete && page->anchor_count == 1 && page->last->type == CASCADE_INT64) {
      interesting = page->relation;
      anchor = *page->last;
    }
  }
  must(status, error);
  cascade_blockers_free(cursor);
  cursor = NULL;

  /* Much later, in another process perhaps: the rest of that relation, by its number and the anchor. */
  if (interesting != UINT32_MAX) {
    const cascade_blockers_request request = {
        .size = sizeof request, .relation = interesting, .limit = 1000, .anchor = &anchor, .anchor_count = 1};
    const cascade_blockers_request *requests[] = {&request};
    cascade_blockers_options rest = {.size = sizeof rest, .rounds = UINT32_MAX, .requests = requests, .request_count = 1};
    uint64_t count = 0;
    must(cascade_blockers_open(connection, policy, selection, &rest, &cursor, &error), error);
    while ((status = cascade_blockers_next(cursor, &page, &error)) == CASCADE_OK) count += page->keys->count;
    must(status, error);
    printf("the first that went on has %llu after its first 3\n", (unsigned long long)count);
    cascade_blockers_free(cursor);
  }

  cascade_selection_free(selection);
  cascade_policy_free(policy);
  cascade_graph_free(graph);
  cascade_connection_free(connection);
  cascade_context_free(context);
  return 0;
}

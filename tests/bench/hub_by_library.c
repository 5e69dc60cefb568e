/* What refers to one row, asked of the library. */
#include <stdlib.h>
#include <string.h>

#include "hub.h"

typedef struct reader {
  void *session;
  cascade_connection *connection;
  cascade_graph *graph;
  cascade_policy *policy;
  uint32_t *numbers; /* of the policy's relations, in bench_hub */
} reader;

static bool failed(bench_run *run, const char *what, cascade_status status, cascade_error **error) {
  if (status >= 0) return false;
  bench_fail(run, what, cascade_error_message(*error));
  cascade_error_free(*error);
  return true;
}

/* Graph and policy number the relations alike. */
static void number_relations(bench_run *run, reader *asks) {
  uint32_t count = cascade_policy_relation_count(asks->policy);
  asks->numbers = calloc(count + 1, sizeof *asks->numbers);
  if (!asks->numbers) abort();
  for (uint32_t i = 0; i < count; i++) {
    cascade_relation_info relation = {.size = sizeof relation};
    cascade_table_info table = {.size = sizeof table};
    cascade_policy_relation(asks->policy, i, &relation);
    cascade_graph_table(asks->graph, relation.table, &table);
    asks->numbers[i] = bench_hub_relation(table.name, relation.columns[0]);
  }
  if (count != bench_hub.relation_count) bench_fail(run, "graph", "not all relations were found");
}

static void *open_reader(bench_run *run, void *session) {
  reader *asks = calloc(1, sizeof *asks);
  cascade_error *error = NULL;
  if (!asks) abort();
  asks->session = session;
  if (run->failed) return asks;
  asks->connection = bench_connection(session);
  if (!failed(run, "graph", cascade_graph_read(asks->connection, NULL, &asks->graph, &error), &error) &&
      !failed(run, "policy", cascade_policy_load(asks->graph, "[]", 2, &asks->policy, &error), &error))
    number_relations(run, asks);
  return asks;
}

void *bench_open_reader(bench_run *run) {
  return open_reader(run, bench_open_native(run));
}

void *bench_open_dbi_reader(bench_run *run) {
  return open_reader(run, bench_open_dbi(run));
}

void bench_close_reader(void *session) {
  reader *asks = session;
  cascade_policy_free(asks->policy);
  cascade_graph_free(asks->graph);
  bench_close_library(asks->session);
  free(asks->numbers);
  free(asks);
}

static void take_page(bench_run *run, const reader *asks, const cascade_blockers_page *page, bool counts) {
  uint32_t number = asks->numbers[page->relation];
  if (counts) bench_hub_count(run, number, page->count);
  else if (!page->keys->integers) bench_fail(run, "blockers", "keys are no integers");
  for (uint64_t i = 0; !counts && !run->failed && i < page->keys->count; i++) bench_hub_key(run, number, page->keys->integers[i]);
}

static void read_pages(bench_run *run, reader *asks, const cascade_blockers_options *options) {
  cascade_selection *selection = NULL;
  cascade_blockers *blockers = NULL;
  const cascade_blockers_page *page = NULL;
  cascade_error *error = NULL;
  cascade_status status;
  uint64_t before = cascade_connection_statements(asks->connection);
  if (!failed(run, "selection", cascade_selection_integers(asks->graph, bench_hub.root, &(int64_t){HUB}, 1, &selection, &error),
              &error) &&
      !failed(run, "blockers", cascade_blockers_open(asks->connection, asks->policy, selection, options, &blockers, &error),
              &error)) {
    while ((status = cascade_blockers_next(blockers, &page, &error)) == CASCADE_OK)
      take_page(run, asks, page, options->count != CASCADE_COUNT_NONE);
    failed(run, "blockers", status, &error);
  }
  cascade_blockers_free(blockers);
  cascade_selection_free(selection);
  run->statements = cascade_connection_statements(asks->connection) - before;
}

void bench_first_page(bench_run *run, void *session) {
  read_pages(run, session, &(cascade_blockers_options){.size = sizeof(cascade_blockers_options), .limit = PAGE_KEYS});
}

/* One page of each relation, which holds them all. */
void bench_all_keys(bench_run *run, void *session) {
  read_pages(run, session, &(cascade_blockers_options){.size = sizeof(cascade_blockers_options), .limit = INT32_MAX});
}

void bench_all_pages(bench_run *run, void *session) {
  read_pages(run, session,
             &(cascade_blockers_options){.size = sizeof(cascade_blockers_options), .limit = MANY_KEYS, .rounds = UINT32_MAX});
}

static void count(bench_run *run, reader *asks, int32_t mode) {
  read_pages(run, asks,
             &(cascade_blockers_options){
                 .size = sizeof(cascade_blockers_options), .limit = PAGE_KEYS, .count = mode, .count_cap = COUNT_CAP});
}

void bench_counts(bench_run *run, void *session) {
  count(run, session, CASCADE_COUNT_EXACT);
}

void bench_capped_counts(bench_run *run, void *session) {
  count(run, session, CASCADE_COUNT_CAPPED);
}

/* A page of one relation, from the start or behind a key. */
static void read_one(bench_run *run, reader *asks, uint32_t relation, int64_t behind) {
  cascade_value anchor = {.type = CASCADE_INT64, .integer = behind};
  cascade_blockers_request request = {.size = sizeof request, .relation = UINT32_MAX};
  for (uint32_t i = 0; i < cascade_policy_relation_count(asks->policy); i++)
    if (asks->numbers[i] == relation) request.relation = i;
  if (behind) {
    request.anchor = &anchor;
    request.anchor_count = 1;
  }
  read_pages(run, asks,
             &(cascade_blockers_options){.size = sizeof(cascade_blockers_options),
                                         .limit = PAGE_KEYS,
                                         .request_count = 1,
                                         .requests = (const cascade_blockers_request *const[]){&request}});
}

void bench_near_page(bench_run *run, void *session) {
  read_one(run, session, LARGE, 0);
}

void bench_far_page(bench_run *run, void *session) {
  read_one(run, session, LARGE, bench_hub_far(run->size));
}

void bench_trap(bench_run *run, void *session) {
  read_one(run, session, TRAP, 0);
}

static void probe(bench_run *run, reader *asks, int64_t key, int32_t wanted) {
  cascade_selection *selection = NULL;
  cascade_error *error = NULL;
  int32_t answer = 0;
  uint64_t before = cascade_connection_statements(asks->connection);
  if (!failed(run, "selection", cascade_selection_integers(asks->graph, bench_hub.root, &key, 1, &selection, &error), &error))
    failed(run, "probe", cascade_blockers_probe(asks->connection, asks->policy, selection, 0, &answer, NULL, &error), &error);
  if (answer != wanted) bench_fail(run, "probe", "the wrong answer");
  cascade_selection_free(selection);
  run->statements = cascade_connection_statements(asks->connection) - before;
}

void bench_probe(bench_run *run, void *session) {
  probe(run, session, HUB, CASCADE_PROBE_BLOCKED);
}

void bench_probe_unreferred(bench_run *run, void *session) {
  probe(run, session, UNREFERRED, CASCADE_PROBE_DELETABLE);
}

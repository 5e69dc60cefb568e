/* Who may see which product: 15,000 persons, 400 teams of 60, `size` products with members of their own and, most of
   them, a team. A table takes all pairs, about 58 for a product; in the beginning it is empty. */
#include <stdio.h>
#include <string.h>

#include "bench.h"

#define DIRECT "SELECT product_id, person_id FROM product_member"
#define BY_TEAM "SELECT p.product_id, m.person_id FROM product_team p JOIN team_member m ON m.team_id = p.team_id"

static const bench_table tables[] = {
    {"person", "id {i} PRIMARY KEY, name {t} NOT NULL", "i, 'person ' || i", 15000, 0, 0},
    {"product", "id {i} PRIMARY KEY, name {t} NOT NULL", "i, 'product ' || i", 0, 1, 1},
    {"team", "id {i} PRIMARY KEY, name {t} NOT NULL", "i, 'team ' || i", 400, 0, 0},
    {"team_member", "id {k}, team_id {i} NOT NULL, person_id {i} NOT NULL", "i, (i - 1) % 400 + 1, i * 37 % 15000 + 1", 24000, 0,
     0},
    {"product_member", "id {k}, product_id {i} NOT NULL, person_id {i} NOT NULL", "i, i % {n} + 1, i * 7919 % 15000 + 1", 0, 60,
     17},
    {"product_team", "id {k}, product_id {i} NOT NULL, team_id {i} NOT NULL", "i, i, i * 13 % 400 + 1", 0, 31, 34},
    {"granted", "id {k}, product_id {i} NOT NULL, person_id {i} NOT NULL", NULL, 0, 0, 1}};

static const bench_index indexes[] = {
    {"team_member", "team_id", false, false},          {"team_member", "person_id", false, false},
    {"product_member", "product_id", false, false},    {"product_member", "person_id", false, false},
    {"product_team", "product_id", false, false},      {"product_team", "team_id", false, false},
    {"granted", "product_id, person_id", true, false}, {"granted", "person_id", false, false}};

static const bench_relation relations[] = {
    {"team_member", "team_id", "team", "id", ""},          {"team_member", "person_id", "person", "id", ""},
    {"product_member", "product_id", "product", "id", ""}, {"product_member", "person_id", "person", "id", ""},
    {"product_team", "product_id", "product", "id", ""},   {"product_team", "team_id", "team", "id", ""},
    {"granted", "product_id", "product", "id", ""},        {"granted", "person_id", "person", "id", ""}};

#define PAIRS "sum(product_id * 20000 + person_id)"

static const bench_left left[] = {{"granted", "1 = 1", PAIRS, PAIRS, "(" DIRECT " UNION " BY_TEAM ") s"},
                                  {"product_member", "1 = 1", "sum(id)", "sum(id)", NULL}};

const bench_data bench_grants = {.tables = tables,
                                 .table_count = sizeof tables / sizeof *tables,
                                 .indexes = indexes,
                                 .index_count = sizeof indexes / sizeof *indexes,
                                 .relations = relations,
                                 .relation_count = sizeof relations / sizeof *relations,
                                 .left = left,
                                 .left_count = sizeof left / sizeof *left};

static cascade_status fill(cascade_connection *connection, cascade_fill_report *report, cascade_error **error) {
  static const char *const columns[] = {"product_id", "person_id"};
  cascade_fill_target target = {
      .size = sizeof target, .table = "granted", .columns = columns, .key = columns, .column_count = 2, .key_count = 2};
  cascade_graph *graph = NULL;
  cascade_fill *work = NULL;
  const cascade_fill_range *range = NULL;
  cascade_status status = cascade_graph_read(connection, NULL, &graph, error);
  if (status >= 0) status = cascade_fill_new(connection, graph, &target, NULL, &work, error);
  if (status >= 0) status = cascade_fill_select(work, DIRECT, NULL, 0, error);
  if (status >= 0) status = cascade_fill_select(work, BY_TEAM, NULL, 0, error);
  while (status == CASCADE_OK) status = cascade_fill_next(work, &range, error);
  if (status >= 0) cascade_fill_describe(work, report);
  cascade_fill_free(work);
  cascade_graph_free(graph);
  return status;
}

/* All that a host does: reading the graph is part of the time. */
void bench_granted(bench_run *run, void *session) {
  cascade_connection *connection = bench_connection(session);
  cascade_fill_report report = {.size = sizeof report};
  cascade_error *error = NULL;
  uint64_t before = cascade_connection_statements(connection);
  if (fill(connection, &report, &error) < 0) bench_fail(run, "fill", cascade_error_message(error));
  cascade_error_free(error);
  run->longest_tx_s = (double)report.longest_ns / 1e9;
  run->statements = cascade_connection_statements(connection) - before;
}

/* A session over the table as a first pass has left it. */
void *bench_open_granted(bench_run *run) {
  void *session = bench_open_native(run);
  if (!run->failed) bench_granted(run, session);
  return session;
}

void bench_insert_select(bench_run *run, void *session) {
  bench_client *client = session;
  bool sqlite = client->engine == &bench_sqlite, mariadb = client->engine == &bench_mariadb;
  char sql[1000];
  snprintf(sql, sizeof sql,
           "INSERT INTO granted (product_id, person_id) SELECT product_id, person_id FROM (" DIRECT " UNION " BY_TEAM
           ") s%s ORDER BY product_id, person_id%s",
           sqlite ? " WHERE 1" : "",
           mariadb ? " ON DUPLICATE KEY UPDATE product_id = granted.product_id"
                   : " ON CONFLICT (product_id, person_id) DO NOTHING");
  double start = bench_now();
  if (!bench_run_sql(client, client->engine->begin) || !bench_run_sql(client, sql) || !bench_run_sql(client, "COMMIT"))
    bench_fail(run, "by hand", client->message);
  run->longest_tx_s = bench_now() - start;
  run->statements = client->statements;
}

/* PostgreSQL: databases of the server that tests/servers names. A copy is made of a template, file by file. */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

static bool place(char *prefix, size_t room) {
  snprintf(prefix, room, "bench_%ld_", (long)getpid());
  return getenv("CASCADE_TEST_PG_HOST") != NULL;
}

static void leave(const char *prefix) {
  (void)prefix;
}

static void ignore(void *data, const char *notice) {
  (void)data, (void)notice;
}

static bool open_client(bench_client *client, const char *database) {
  const char *names[] = {"host", "port", "user", "dbname", NULL};
  const char *values[] = {getenv("CASCADE_TEST_PG_HOST"), "5432", "postgres", database ? database : "postgres", NULL};
  PGconn *connection = PQconnectdbParams(names, values, 0);
  client->handle = connection;
  PQsetNoticeProcessor(connection, ignore, NULL);
  if (PQstatus(connection) == CONNECTION_OK) return true;
  snprintf(client->message, sizeof client->message, "%.250s", PQerrorMessage(connection));
  return false;
}

static void close_client(bench_client *client) {
  PQfinish(client->handle);
  client->handle = NULL;
}

static bool run(bench_client *client, const char *sql, const char *keys, bench_row row, void *data) {
  PGresult *result = keys ? PQexecParams(client->handle, sql, 1, NULL, &keys, NULL, NULL, 0) : PQexec(client->handle, sql);
  ExecStatusType status = PQresultStatus(result);
  bool good = status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
  if (!good) snprintf(client->message, sizeof client->message, "%.90s: %.200s", sql, PQerrorMessage(client->handle));
  for (int i = 0; good && row && i < PQntuples(result); i++) {
    bool two = PQnfields(result) > 1 && !PQgetisnull(result, i, 1);
    row(data, PQgetisnull(result, i, 0) ? NULL : PQgetvalue(result, i, 0), two ? PQgetvalue(result, i, 1) : NULL);
  }
  PQclear(result);
  return good;
}

static bool read_pairs(bench_client *client, const char *sql, bench_pair pair, void *data) {
  PGresult *result = PQexec(client->handle, sql);
  bool good = PQresultStatus(result) == PGRES_TUPLES_OK, two = PQnfields(result) > 1;
  if (!good) snprintf(client->message, sizeof client->message, "%.90s: %.200s", sql, PQerrorMessage(client->handle));
  for (int i = 0; good && i < PQntuples(result); i++)
    pair(data, strtoll(PQgetvalue(result, i, 0), NULL, 10), two ? strtoll(PQgetvalue(result, i, 1), NULL, 10) : 0);
  PQclear(result);
  return good;
}

static bool open_dbi(dbi_conn connection, const char *database) {
  dbi_conn_set_option(connection, "host", getenv("CASCADE_TEST_PG_HOST"));
  dbi_conn_set_option_numeric(connection, "port", 5432);
  dbi_conn_set_option(connection, "username", "postgres");
  dbi_conn_set_option(connection, "dbname", database);
  return dbi_conn_connect(connection) >= 0;
}

/* Outside of the database. */
static bool administer(const char *const *statements, char *message, size_t room) {
  bench_client client = {.engine = &bench_postgresql};
  bool good = open_client(&client, NULL);
  for (; good && *statements; statements++) good = bench_run_sql(&client, *statements);
  if (!good && message) snprintf(message, room, "%s", client.message);
  close_client(&client);
  return good;
}

static void drop(const char *database) {
  char sql[NAME_ROOM + 100];
  snprintf(sql, sizeof sql, "DROP DATABASE IF EXISTS %s WITH (FORCE)", database);
  administer((const char *const[]){sql, NULL}, NULL, 0);
}

static bool create(const char *database, char *message, size_t room) {
  char sql[NAME_ROOM + 100];
  drop(database);
  snprintf(sql, sizeof sql, "CREATE DATABASE %s", database);
  return administer((const char *const[]){sql, NULL}, message, room);
}

static bool settle(bench_client *client, const bench_data *data) {
  (void)data;
  return bench_run_sql(client, "VACUUM (ANALYZE)");
}

/* It comes with a checkpoint before and one behind: the next method has nothing to write of the former's. */
static bool copy(const char *from, const char *to, char *message, size_t room) {
  char sql[2 * NAME_ROOM + 100];
  drop(to);
  snprintf(sql, sizeof sql, "CREATE DATABASE %s TEMPLATE %s STRATEGY file_copy", to, from);
  return administer((const char *const[]){sql, NULL}, message, room);
}

/* Where every 20th row has the value 1. A column whose most frequent value is rarer need not be looked into. */
#define DENSE                                                                                                                      \
  "SELECT tablename, attname FROM pg_stats WHERE schemaname = 'public' AND tablename LIKE 'collection%'"                           \
  " AND most_common_freqs[1] >= 0.05 AND EXISTS (SELECT 1 FROM unnest(most_common_vals::text::bigint[],"                           \
  " most_common_freqs) AS m(v, f) WHERE v = 1 AND f >= 0.05)"

const bench_engine bench_postgresql = {.name = "postgresql",
                                       .driver = "pq",
                                       .dbi_driver = "pgsql",
                                       .integer = "bigint",
                                       .key = "bigserial PRIMARY KEY",
                                       .text = "text",
                                       .division = "/",
                                       .series = "generate_series(1::bigint, {rows}) AS s(i)",
                                       .begin = "BEGIN",
                                       .unchecked = (const char *const[]){"SET session_replication_role = replica", NULL},
                                       .unchecked_once = "SET LOCAL session_replication_role = replica",
                                       .late_relations = true,
                                       .key_table = "CREATE TEMP TABLE {k}(id bigint)",
                                       .analyze = "ANALYZE {k}",
                                       .delete_joined = "DELETE FROM {t} USING {k} WHERE {t}.{c} = {k}.id",
                                       .update_joined = "UPDATE {t} SET {c} = NULL FROM {k} WHERE {t}.{c} = {k}.id",
                                       .delete_listed = "DELETE FROM {t} WHERE {c} = ANY($1::bigint[])",
                                       .update_listed = "UPDATE {t} SET {c} = NULL WHERE {c} = ANY($1::bigint[])",
                                       .select_listed = "SELECT id FROM {t} WHERE {c} = ANY($1::bigint[])",
                                       .list_start = "{",
                                       .list_end = "}",
                                       .place = place,
                                       .leave = leave,
                                       .open = open_client,
                                       .close = close_client,
                                       .run = run,
                                       .read = read_pairs,
                                       .branch = "(",
                                       .dense_columns = DENSE,
                                       .open_dbi = open_dbi,
                                       .create = create,
                                       .settle = settle,
                                       .copy = copy,
                                       .drop = drop};

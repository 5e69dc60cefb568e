/* MariaDB: databases of the server that tests/servers names. A copy is made row by row. */
#include <mysql.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

enum { PURGED = 100, PURGE_TENTHS = 600 };

static bool place(char *prefix, size_t room) {
  snprintf(prefix, room, "bench_%ld_", (long)getpid());
  return getenv("CASCADE_TEST_MARIADB") != NULL;
}

static void leave(const char *prefix) {
  (void)prefix;
}

static void close_client(bench_client *client) {
  if (client->handle) mysql_close(client->handle);
  client->handle = NULL;
}

/* The statement with the keys in the place of its question mark. */
static char *with_keys(const char *sql, const char *keys) {
  const char *mark = strchr(sql, '?');
  size_t length = strlen(sql) + strlen(keys) + 1;
  char *whole = malloc(length);
  if (whole) snprintf(whole, length, "%.*s%s%s", (int)(mark - sql), sql, keys, mark + 1);
  return whole;
}

static bool run(bench_client *client, const char *sql, const char *keys, bench_row row, void *data) {
  char *whole = keys ? with_keys(sql, keys) : NULL;
  const char *text = whole ? whole : sql;
  bool good = (!keys || whole) && !mysql_real_query(client->handle, text, strlen(text));
  MYSQL_RES *result = good ? mysql_store_result(client->handle) : NULL;
  good = good && !mysql_errno(client->handle);
  if (!good) snprintf(client->message, sizeof client->message, "%.90s: %.200s", sql, mysql_error(client->handle));
  for (MYSQL_ROW cells; row && result && (cells = mysql_fetch_row(result));)
    row(data, cells[0], mysql_num_fields(result) > 1 ? cells[1] : NULL);
  if (result) mysql_free_result(result);
  free(whole);
  return good;
}

/* Row by row as they come. */
static bool read_pairs(bench_client *client, const char *sql, bench_pair pair, void *data) {
  MYSQL_RES *result = mysql_real_query(client->handle, sql, strlen(sql)) ? NULL : mysql_use_result(client->handle);
  bool two = result && mysql_num_fields(result) > 1;
  for (MYSQL_ROW cells; result && (cells = mysql_fetch_row(result));)
    pair(data, strtoll(cells[0], NULL, 10), two ? strtoll(cells[1], NULL, 10) : 0);
  bool good = result && !mysql_errno(client->handle);
  if (!good) snprintf(client->message, sizeof client->message, "%.90s: %.200s", sql, mysql_error(client->handle));
  if (result) mysql_free_result(result);
  return good;
}

static bool open_client(bench_client *client, const char *database) {
  MYSQL *connection = mysql_init(NULL);
  client->handle = connection;
  if (!connection) return false;
  mysql_options(connection, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  if (!mysql_real_connect(connection, NULL, "root", NULL, database, 0, getenv("CASCADE_TEST_MARIADB"), 0)) {
    snprintf(client->message, sizeof client->message, "%.250s", mysql_error(connection));
    return false;
  }
  return bench_run_sql(client, "SET max_heap_table_size = 268435456");
}

static bool open_dbi(dbi_conn connection, const char *database) {
  dbi_conn_set_option(connection, "mysql_unix_socket", getenv("CASCADE_TEST_MARIADB"));
  dbi_conn_set_option(connection, "username", "root");
  dbi_conn_set_option(connection, "encoding", "utf8mb4");
  dbi_conn_set_option(connection, "dbname", database);
  return dbi_conn_connect(connection) >= 0;
}

static void keep_number(void *data, const char *first, const char *second) {
  (void)first;
  *(long long *)data = second ? strtoll(second, NULL, 10) : 0;
}

/* The server clears up behind deletes for a while: a method must not pay for the one before it. */
static void wait_for_purge(bench_client *client) {
  long long left = PURGED + 1;
  for (int i = 0; i < PURGE_TENTHS && left > PURGED; i++) {
    if (!client->engine->run(client, "SHOW GLOBAL STATUS LIKE 'Innodb_history_list_length'", NULL, keep_number, &left)) return;
    if (left > PURGED) usleep(100000);
  }
}

static void drop(const char *database) {
  char sql[NAME_ROOM + 100];
  bench_client client = {.engine = &bench_mariadb};
  snprintf(sql, sizeof sql, "DROP DATABASE IF EXISTS %s", database);
  if (open_client(&client, NULL)) bench_run_sql(&client, sql);
  close_client(&client);
}

static bool create(const char *database, char *message, size_t room) {
  char sql[NAME_ROOM + 100];
  bench_client client = {.engine = &bench_mariadb};
  drop(database);
  snprintf(sql, sizeof sql, "CREATE DATABASE %s", database);
  bool made = open_client(&client, NULL) && bench_run_sql(&client, sql);
  if (!made) snprintf(message, room, "%s", client.message);
  close_client(&client);
  return made;
}

/* Statistics, and all of it on the disk. */
static bool settle(bench_client *client, const bench_data *data) {
  char names[4000] = "", sql[4100];
  for (uint32_t i = 0; i < data->table_count; i++)
    snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", i ? ", " : "", data->tables[i].name);
  snprintf(sql, sizeof sql, "ANALYZE TABLE %s", names);
  bool settled = bench_run_sql(client, sql);
  wait_for_purge(client);
  snprintf(sql, sizeof sql, "FLUSH TABLES %s FOR EXPORT", names);
  return settled && bench_run_sql(client, sql) && bench_run_sql(client, "UNLOCK TABLES");
}

static bool open_to_load(bench_client *client, const char *database) {
  return open_client(client, database) && bench_run_sql(client, "SET sql_mode = 'PIPES_AS_CONCAT'") &&
         bench_run_sql(client, "SET foreign_key_checks = 0, unique_checks = 0");
}

#define KEYS "JSON_TABLE('?', '$[*]' COLUMNS(id BIGINT PATH '$')) AS k"

const bench_engine bench_mariadb = {.name = "mariadb",
                                    .driver = "mariadb",
                                    .dbi_driver = "mysql",
                                    .integer = "bigint",
                                    .key = "bigint AUTO_INCREMENT PRIMARY KEY",
                                    .text = "varchar(200)",
                                    .division = "DIV",
                                    .series = "(SELECT seq AS i FROM seq_1_to_{rows}) AS s",
                                    .begin = "START TRANSACTION",
                                    .unchecked = (const char *const[]){"SET foreign_key_checks = 0", "SET unique_checks = 0", NULL},
                                    .named_keys = true,
                                    .copies_rows = true,
                                    .key_table = "CREATE TEMPORARY TABLE {k}(id bigint PRIMARY KEY) ENGINE = MEMORY",
                                    .delete_joined = "DELETE {t} FROM {k} STRAIGHT_JOIN {t} ON {t}.{c} = {k}.id",
                                    .update_joined = "UPDATE {k} STRAIGHT_JOIN {t} ON {t}.{c} = {k}.id SET {t}.{c} = NULL",
                                    .delete_listed = "DELETE {t} FROM " KEYS " STRAIGHT_JOIN {t} ON {t}.{c} = k.id",
                                    .update_listed = "UPDATE " KEYS " STRAIGHT_JOIN {t} ON {t}.{c} = k.id SET {t}.{c} = NULL",
                                    .select_listed = "SELECT {t}.id FROM " KEYS " STRAIGHT_JOIN {t} ON {t}.{c} = k.id",
                                    .list_start = "[",
                                    .list_end = "]",
                                    .place = place,
                                    .leave = leave,
                                    .open = open_client,
                                    .open_to_load = open_to_load,
                                    .close = close_client,
                                    .run = run,
                                    .read = read_pairs,
                                    .branch = "(",
                                    .open_dbi = open_dbi,
                                    .create = create,
                                    .settle = settle,
                                    .drop = drop};

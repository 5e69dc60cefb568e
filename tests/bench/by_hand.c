/* Deletes written by hand, for one schema: batch by batch with a list of keys, or all at once. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

enum { SQL_ROOM = 700 };

/* Keys as the text of a list, grown as they come. */
typedef struct key_list {
  const bench_engine *engine;
  char *text;
  size_t used, room;
  uint64_t count;
  long long last;
} key_list;

static void put_text(key_list *list, const char *text) {
  size_t length = strlen(text) + 1;
  if (list->used + length > list->room) {
    size_t room = 2 * (list->room + length);
    char *grown = realloc(list->text, room);
    if (!grown) abort();
    list->text = grown;
    list->room = room;
  }
  memcpy(list->text + list->used, text, length);
  list->used += length - 1;
}

static void put_key(void *data, const char *first, const char *second) {
  key_list *list = data;
  (void)second;
  put_text(list, list->count++ ? "," : list->engine->list_start);
  put_text(list, first);
  list->last = strtoll(first, NULL, 10);
}

void *bench_open_client(bench_run *run) {
  bench_client *client = calloc(1, sizeof *client);
  if (!client) abort();
  client->engine = run->workload->engine;
  if (!client->engine->open(client, run->database)) bench_fail(run, "open", client->message);
  client->statements = 0;
  return client;
}

void bench_close_client(void *session) {
  bench_client *client = session;
  client->engine->close(client);
  free(client);
}

static bool execute(bench_run *run, bench_client *client, const char *sql, const char *keys, bench_row row, void *data) {
  if (run->failed) return false;
  run->statements++;
  if (!client->engine->run(client, sql, keys, row, data)) bench_fail(run, "by hand", client->message);
  return !run->failed;
}

static bool plain(bench_run *run, bench_client *client, const char *sql) {
  return execute(run, client, sql, NULL, NULL, NULL);
}

static void shaped(char *sql, const char *shape, const char *table, const char *column, const char *keys) {
  bench_fill(sql, SQL_ROOM, shape, (bench_mark[]){{"{t}", table}, {"{c}", column}, {"{k}", keys}}, 3);
}

static void finish(bench_run *run, bench_client *client, double start) {
  plain(run, client, "COMMIT");
  double taken = bench_now() - start;
  if (taken > run->longest_tx_s) run->longest_tx_s = taken;
}

/* Everything that hangs on the keys of the tables doomed and, further down, inner_doomed. */
static void sweep_joined(bench_run *run, bench_client *client) {
  const bench_data *data = run->workload->data;
  char sql[SQL_ROOM];
  for (uint32_t i = 0; i < data->sweep_count; i++) {
    const bench_sweep *sweep = &data->sweeps[i];
    shaped(sql, sweep->rewrites ? client->engine->update_joined : client->engine->delete_joined, sweep->table, sweep->column,
           sweep->inner ? "inner_doomed" : "doomed");
    plain(run, client, sql);
  }
}

static void sweep_listed(bench_run *run, bench_client *client, const char *keys, const char *inner_keys) {
  const bench_data *data = run->workload->data;
  char sql[SQL_ROOM];
  for (uint32_t i = 0; i < data->sweep_count; i++) {
    const bench_sweep *sweep = &data->sweeps[i];
    shaped(sql, sweep->rewrites ? client->engine->update_listed : client->engine->delete_listed, sweep->table, sweep->column, "");
    if (!sweep->inner || inner_keys) execute(run, client, sql, sweep->inner ? inner_keys : keys, NULL, NULL);
  }
}

static void next_roots(const bench_run *run, long long last, int count, const char *end, char *sql, size_t room) {
  const bench_data *data = run->workload->data;
  char condition[200];
  bench_fill_size(condition, sizeof condition, data->doomed, run->size);
  snprintf(sql, room, "SELECT id FROM %s WHERE %s AND id > %lld ORDER BY id LIMIT %d%s", data->root, condition, last, count, end);
}

static bool listed_batch(bench_run *run, bench_client *client, bool unchecked, key_list *keys, key_list *inner) {
  const bench_engine *engine = client->engine;
  const bench_data *data = run->workload->data;
  char sql[SQL_ROOM];
  double start = bench_now();
  keys->used = keys->count = inner->used = inner->count = 0;
  plain(run, client, engine->begin);
  next_roots(run, keys->last, STAGED_BATCH, unchecked ? " FOR UPDATE" : "", sql, sizeof sql);
  if (!execute(run, client, sql, NULL, put_key, keys)) return false;
  if (keys->count) {
    put_text(keys, engine->list_end);
    if (unchecked) plain(run, client, engine->unchecked_once);
    if (data->inner) {
      shaped(sql, engine->select_listed, data->inner, data->inner_column, "");
      execute(run, client, sql, keys->text, put_key, inner);
      if (inner->count) put_text(inner, engine->list_end);
    }
    sweep_listed(run, client, keys->text, inner->count ? inner->text : NULL);
  }
  finish(run, client, start);
  return keys->count;
}

static void staged_lists(bench_run *run, bench_client *client, bool unchecked) {
  key_list keys = {.engine = client->engine}, inner = {.engine = client->engine};
  while (listed_batch(run, client, unchecked, &keys, &inner) && !run->failed) {
  }
  free(keys.text);
  free(inner.text);
}

static void read_last(void *data, const char *first, const char *second) {
  (void)second;
  if (first) *(long long *)data = strtoll(first, NULL, 10);
}

/* Without lists of keys: a key table is filled anew for each batch. */
static void staged_table(bench_run *run, bench_client *client) {
  char sql[SQL_ROOM], select[SQL_ROOM - 100];
  long long last = 0, before;
  shaped(sql, client->engine->key_table, "", "", "doomed");
  plain(run, client, sql);
  do {
    double start = bench_now();
    before = last;
    plain(run, client, client->engine->begin);
    plain(run, client, "DELETE FROM doomed");
    next_roots(run, last, STAGED_BATCH, "", select, sizeof select);
    snprintf(sql, sizeof sql, "INSERT INTO doomed %s", select);
    plain(run, client, sql);
    execute(run, client, "SELECT max(id) FROM doomed", NULL, read_last, &last);
    if (last > before) sweep_joined(run, client);
    finish(run, client, start);
  } while (last > before && !run->failed);
}

void bench_staged(bench_run *run, void *session) {
  bench_client *client = session;
  if (client->engine->delete_listed) staged_lists(run, client, false);
  else staged_table(run, client);
}

void bench_staged_unchecked(bench_run *run, void *session) {
  staged_lists(run, session, true);
}

void bench_cascade(bench_run *run, void *session) {
  bench_client *client = session;
  char text[SQL_ROOM], sql[SQL_ROOM];
  double start = bench_now();
  snprintf(text, sizeof text, "DELETE FROM %s WHERE %s", run->workload->data->root, run->workload->data->doomed);
  bench_fill_size(sql, sizeof sql, text, run->size);
  plain(run, client, client->engine->begin);
  plain(run, client, sql);
  finish(run, client, start);
}

/* The same in transactions as short as the library's, with nothing held or counted. */
void bench_cascade_batched(bench_run *run, void *session) {
  bench_client *client = session;
  key_list keys = {.engine = client->engine};
  char sql[SQL_ROOM];
  do {
    double start = bench_now();
    keys.used = keys.count = 0;
    plain(run, client, client->engine->begin);
    next_roots(run, keys.last, CASCADE_BATCH, "", sql, sizeof sql);
    execute(run, client, sql, NULL, put_key, &keys);
    if (keys.count) {
      put_text(&keys, client->engine->list_end);
      shaped(sql, client->engine->delete_listed, run->workload->data->root, "id", "");
      execute(run, client, sql, keys.text, NULL, NULL);
    }
    finish(run, client, start);
  } while (keys.count && !run->failed);
  free(keys.text);
}

static void key_table(bench_run *run, bench_client *client, const char *name) {
  char sql[SQL_ROOM];
  shaped(sql, client->engine->key_table, "", "", name);
  plain(run, client, sql);
}

static void fill_key_table(bench_run *run, bench_client *client, const char *name, const char *table, const char *condition) {
  char text[SQL_ROOM], sql[SQL_ROOM];
  snprintf(text, sizeof text, "INSERT INTO %s SELECT id FROM %s WHERE %s", name, table, condition);
  bench_fill_size(sql, sizeof sql, text, run->size);
  plain(run, client, sql);
  if (!client->engine->analyze) return;
  shaped(sql, client->engine->analyze, "", "", name);
  plain(run, client, sql);
}

/* Sets, one transaction, nothing checked: no way that leaves the rows gone is faster. */
void bench_limit(bench_run *run, void *session) {
  bench_client *client = session;
  const bench_data *data = run->workload->data;
  char condition[200];
  for (const char *const *off = client->engine->unchecked; *off; off++) plain(run, client, *off);
  key_table(run, client, "doomed");
  if (data->inner) key_table(run, client, "inner_doomed");
  double start = bench_now();
  plain(run, client, client->engine->begin);
  fill_key_table(run, client, "doomed", data->root, data->doomed);
  if (data->inner) {
    snprintf(condition, sizeof condition, "%s IN (SELECT id FROM doomed)", data->inner_column);
    fill_key_table(run, client, "inner_doomed", data->inner, condition);
  }
  sweep_joined(run, client);
  finish(run, client, start);
}

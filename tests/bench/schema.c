/* A workload's tables on any engine: made, filled, copied, and looked at after a method's work. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bench.h"

enum { SQL_ROOM = 4000 };

void bench_fill(char *out, size_t room, const char *text, const bench_mark *marks, size_t count) {
  size_t used = 0;
  while (*text && used + 1 < room) {
    size_t i = 0;
    while (i < count && strncmp(text, marks[i].mark, strlen(marks[i].mark))) i++;
    if (i == count) {
      out[used++] = *text++;
      continue;
    }
    int written = snprintf(out + used, room - used, "%s", marks[i].value);
    used += (size_t)written < room - used ? (size_t)written : room - used - 1;
    text += strlen(marks[i].mark);
  }
  out[used] = 0;
}

void bench_fill_size(char *out, size_t room, const char *text, int64_t size) {
  char n[24], h[24];
  snprintf(n, sizeof n, "%" PRId64, size);
  snprintf(h, sizeof h, "%" PRId64, size / 2);
  bench_fill(out, room, text, (bench_mark[]){{"{n}", n}, {"{h}", h}}, 2);
}

bool bench_run_sql(bench_client *client, const char *sql) {
  client->statements++;
  return client->engine->run(client, sql, NULL, NULL, NULL);
}

static void fill_types(char *out, size_t room, const char *text, const bench_engine *engine, int64_t size) {
  char n[24];
  snprintf(n, sizeof n, "%" PRId64, size);
  bench_fill(
      out, room, text,
      (bench_mark[]){{"{i}", engine->integer}, {"{k}", engine->key}, {"{t}", engine->text}, {"{/}", engine->division}, {"{n}", n}},
      5);
}

static void add(char *sql, const char *text) {
  size_t used = strlen(sql);
  snprintf(sql + used, SQL_ROOM - used, "%s", text);
}

static void add_relation(char *sql, const bench_relation *relation, bool actions) {
  size_t used = strlen(sql);
  snprintf(sql + used, SQL_ROOM - used, "FOREIGN KEY (%s) REFERENCES %s(%s)%s", relation->column, relation->ref_table,
           relation->ref_column, actions ? relation->action : "");
}

static bool create_table(bench_client *client, const bench_workload *workload, const bench_table *table, bool actions) {
  const bench_data *data = workload->data;
  char sql[SQL_ROOM], columns[1000], part[300];
  fill_types(columns, sizeof columns, table->columns, client->engine, 0);
  snprintf(sql, sizeof sql, "CREATE TABLE %s(%s", table->name, columns);
  for (uint32_t i = 0; client->engine->named_keys && i < data->index_count; i++) {
    const bench_index *index = &data->indexes[i];
    if (strcmp(index->table, table->name)) continue;
    snprintf(part, sizeof part, ", %s KEY index_%" PRIu32 "(%s)", index->unique ? "UNIQUE" : "", i, index->columns);
    add(sql, part);
  }
  for (uint32_t i = 0; !client->engine->late_relations && i < data->relation_count; i++) {
    if (strcmp(data->relations[i].table, table->name)) continue;
    add(sql, ", ");
    add_relation(sql, &data->relations[i], actions);
  }
  add(sql, ")");
  return bench_run_sql(client, sql);
}

static bool create_tables(bench_client *client, const bench_workload *workload, bool actions) {
  bool made = true;
  for (uint32_t i = 0; made && i < workload->data->table_count; i++)
    made = create_table(client, workload, &workload->data->tables[i], actions);
  return made;
}

static bool fill_tables(bench_client *client, const bench_data *data, int64_t size) {
  bool made = true;
  for (uint32_t i = 0; made && i < data->table_count; i++) {
    const bench_table *table = &data->tables[i];
    int64_t rows = table->fixed ? table->fixed : size * table->times / table->per;
    char text[1000], row[1000], series[300], sql[SQL_ROOM];
    if (!rows) continue;
    bench_fill(text, sizeof text, table->row, &(bench_mark){"{v}", data->variant}, data->variant ? 1 : 0);
    fill_types(row, sizeof row, text, client->engine, size);
    snprintf(sql, sizeof sql, "%" PRId64, rows);
    bench_fill(series, sizeof series, client->engine->series, &(bench_mark){"{rows}", sql}, 1);
    snprintf(sql, sizeof sql, "INSERT INTO %s SELECT %s FROM %s", table->name, row, series);
    made = bench_run_sql(client, sql);
  }
  return made;
}

static bool add_keys(bench_client *client, const bench_workload *workload, bool actions) {
  const bench_data *data = workload->data;
  bool made = true;
  char sql[SQL_ROOM];
  for (uint32_t i = 0; made && !client->engine->named_keys && i < data->index_count; i++) {
    const bench_index *index = &data->indexes[i];
    if (workload->spare && index->optional) continue;
    snprintf(sql, sizeof sql, "CREATE %s INDEX index_%" PRIu32 " ON %s(%s)", index->unique ? "UNIQUE" : "", i, index->table,
             index->columns);
    made = bench_run_sql(client, sql);
  }
  for (uint32_t i = 0; made && client->engine->late_relations && i < data->relation_count; i++) {
    snprintf(sql, sizeof sql, "ALTER TABLE %s ADD ", data->relations[i].table);
    add_relation(sql, &data->relations[i], actions);
    made = bench_run_sql(client, sql);
  }
  return made;
}

static bool open_new(bench_client *client, const char *database, char *message, size_t room) {
  if (!client->engine->create(database, message, room)) return false;
  bool (*open)(bench_client *, const char *) = client->engine->open_to_load ? client->engine->open_to_load : client->engine->open;
  if (open(client, database)) return true;
  snprintf(message, room, "%s", client->message);
  client->engine->close(client);
  return false;
}

static bool done(bench_client *client, bool made, char *message, size_t room) {
  if (!made) snprintf(message, room, "%s", client->message);
  client->engine->close(client);
  return made;
}

bool bench_generate(const bench_workload *workload, int64_t size, bool actions, const char *database, char *message, size_t room) {
  bench_client client = {.engine = workload->engine};
  if (!open_new(&client, database, message, room)) return false;
  bool made = create_tables(&client, workload, actions) && bench_run_sql(&client, client.engine->begin) &&
              fill_tables(&client, workload->data, size) && bench_run_sql(&client, "COMMIT") &&
              add_keys(&client, workload, actions) && client.engine->settle(&client, workload->data);
  return done(&client, made, message, room);
}

bool bench_copy(const bench_workload *workload, bool actions, const char *from, const char *to, char *message, size_t room) {
  const bench_data *data = workload->data;
  bench_client client = {.engine = workload->engine};
  if (!client.engine->copies_rows) return client.engine->copy(from, to, message, room);
  if (!open_new(&client, to, message, room)) return false;
  bool made = create_tables(&client, workload, actions);
  for (uint32_t i = 0; made && i < data->table_count; i++) {
    char sql[SQL_ROOM];
    snprintf(sql, sizeof sql, "INSERT INTO %s SELECT * FROM %s.%s", data->tables[i].name, from, data->tables[i].name);
    made = bench_run_sql(&client, sql);
  }
  return done(&client, made && client.engine->settle(&client, data), message, room);
}

typedef struct found_row {
  char text[100];
} found_row;

static void keep_row(void *data, const char *first, const char *second) {
  found_row *found = data;
  snprintf(found->text, sizeof found->text, "%s rows, %s", first, second ? second : "-");
}

static bool look(bench_client *client, const char *sql, found_row *found) {
  return client->engine->run(client, sql, NULL, keep_row, found);
}

static bool same(bench_client *original, bench_client *result, const bench_left *left, int64_t size, char *message, size_t room) {
  char text[400], sql[500];
  found_row wanted = {"?"}, got = {"??"};
  snprintf(text, sizeof text, "SELECT count(*), %s FROM %s WHERE %s", left->kept, left->instead ? left->instead : left->table,
           left->stays);
  bench_fill_size(sql, sizeof sql, text, size);
  if (!look(original, sql, &wanted)) return false;
  snprintf(sql, sizeof sql, "SELECT count(*), %s FROM %s", left->found, left->table);
  if (look(result, sql, &got) && !strcmp(wanted.text, got.text)) return true;
  snprintf(message, room, "table %s has %s instead of %s", left->table, got.text, wanted.text);
  return false;
}

static bool holds(bench_client *result, const bench_relation *relation, char *message, size_t room) {
  char sql[500];
  found_row found = {"?"};
  snprintf(sql, sizeof sql,
           "SELECT count(*), NULL FROM %s c WHERE c.%s IS NOT NULL AND NOT EXISTS (SELECT 1 FROM %s p WHERE p.%s = c.%s)",
           relation->table, relation->column, relation->ref_table, relation->ref_column, relation->column);
  if (look(result, sql, &found) && !strcmp(found.text, "0 rows, -")) return true;
  snprintf(message, room, "%s of %s refer by %s to nothing", found.text, relation->table, relation->column);
  return false;
}

bool bench_verify(const bench_workload *workload, int64_t size, const char *original, const char *database, bool thorough,
                  char *message, size_t room) {
  const bench_data *data = workload->data;
  bench_client a = {.engine = workload->engine}, b = {.engine = workload->engine};
  bool right = workload->engine->open(&a, original) && workload->engine->open(&b, database);
  if (!right) snprintf(message, room, "%s%s", a.message, b.message);
  for (uint32_t i = 0; right && i < data->left_count; i++) right = same(&a, &b, &data->left[i], size, message, room);
  for (uint32_t i = 0; right && thorough && i < data->relation_count; i++) right = holds(&b, &data->relations[i], message, room);
  workload->engine->close(&a);
  workload->engine->close(&b);
  return right;
}

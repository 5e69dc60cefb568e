/* What refers to one row, by statements for this schema. One more key than a page has is read, as the library does, to know
   whether there are more. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub.h"

enum { CHUNK = 128, BRANCH_ROOM = 300, SQL_ROOM = CHUNK * BRANCH_ROOM };

typedef struct found {
  bench_run *run;
  uint32_t relation; /* where a statement is about one */
  bool *dense;       /* relations where every 20th row or more refers to the hub */
  uint32_t *given;   /* keys of each relation */
} found;

static void take_key(void *data, int64_t relation, int64_t key) {
  found *all = data;
  if (all->given[relation]++ < PAGE_KEYS) bench_hub_key(all->run, (uint32_t)relation, key);
}

static void take_any_key(void *data, int64_t key, int64_t none) {
  found *all = data;
  (void)none;
  bench_hub_key(all->run, all->relation, key);
}

static void take_count(void *data, int64_t relation, int64_t rows) {
  found *all = data;
  bench_hub_count(all->run, (uint32_t)relation, (uint64_t)rows);
}

static void read_numbers(bench_run *run, bench_client *client, const char *sql, bench_pair pair, found *all) {
  if (run->failed) return;
  run->statements++;
  if (!client->engine->read(client, sql, pair, all)) bench_fail(run, "by hand", client->message);
}

static void note_dense(void *data, const char *table, const char *column) {
  found *all = data;
  uint32_t relation = bench_hub_relation(table, column);
  if (relation < bench_hub.relation_count) all->dense[relation] = true;
}

static void look_up_dense(bench_run *run, bench_client *client, found *all) {
  if (run->failed || !client->engine->dense_columns) return;
  run->statements++;
  if (!client->engine->run(client, client->engine->dense_columns, NULL, note_dense, all))
    bench_fail(run, "by hand", client->message);
}

static void start(found *all, bench_run *run) {
  *all = (found){.run = run,
                 .dense = calloc(bench_hub.relation_count, sizeof *all->dense),
                 .given = calloc(bench_hub.relation_count, sizeof *all->given)};
  if (!all->dense || !all->given) abort();
}

static void stop(found *all) {
  free(all->dense);
  free(all->given);
}

/* `order`: what the page is sorted by, so that the database reads either the rows in order or those of the column's index. */
static void page_of(char *sql, size_t room, uint32_t relation, int64_t behind, const char *order) {
  const bench_relation *r = &bench_hub.relations[relation];
  char from[40] = "";
  if (behind) snprintf(from, sizeof from, " AND id > %" PRId64, behind);
  snprintf(sql, room, "SELECT %" PRIu32 " AS r, id FROM %s WHERE %s = %d%s ORDER BY %s LIMIT %d", relation, r->table, r->column,
           HUB, from, order, PAGE_KEYS + 1);
}

static void count_of(char *sql, size_t room, uint32_t relation, bool capped) {
  const bench_relation *r = &bench_hub.relations[relation];
  if (capped)
    snprintf(sql, room, "SELECT %" PRIu32 " AS r, count(*) FROM (SELECT 1 FROM %s WHERE %s = %d LIMIT %d) AS s", relation, r->table,
             r->column, HUB, COUNT_CAP);
  else snprintf(sql, room, "SELECT %" PRIu32 " AS r, count(*) FROM %s WHERE %s = %d", relation, r->table, r->column, HUB);
}

static const char *order_of(const bench_client *client, const found *all, uint32_t relation) {
  return client->engine->dense_columns && !all->dense[relation] ? "id + 0" : "id";
}

typedef enum question { PAGES, COUNTS, CAPPED_COUNTS } question;

static void ask_together(bench_run *run, bench_client *client, question asked, found *all) {
  char branch[BRANCH_ROOM];
  char *sql = malloc(SQL_ROOM);
  if (!sql) abort();
  for (uint32_t from = 0; from < bench_hub.relation_count; from += CHUNK) {
    size_t used = 0;
    for (uint32_t i = from; i < from + CHUNK && i < bench_hub.relation_count; i++) {
      if (asked == PAGES) page_of(branch, sizeof branch, i, 0, order_of(client, all, i));
      else count_of(branch, sizeof branch, i, asked == CAPPED_COUNTS);
      used +=
          (size_t)snprintf(sql + used, SQL_ROOM - used, "%s%s%s)", i == from ? "" : " UNION ALL ", client->engine->branch, branch);
    }
    read_numbers(run, client, sql, asked == PAGES ? take_key : take_count, all);
  }
  free(sql);
}

void bench_first_page_union(bench_run *run, void *session) {
  found all;
  start(&all, run);
  look_up_dense(run, session, &all);
  ask_together(run, session, PAGES, &all);
  stop(&all);
}

static void counts(bench_run *run, bench_client *client, question asked) {
  found all;
  start(&all, run);
  look_up_dense(run, client, &all);
  ask_together(run, client, PAGES, &all);
  run->keys = run->digest = 0;
  ask_together(run, client, asked, &all);
  stop(&all);
}

/* The first page, and how many there are. */
void bench_counts_by_hand(bench_run *run, void *session) {
  counts(run, session, COUNTS);
}

void bench_capped_counts_by_hand(bench_run *run, void *session) {
  counts(run, session, CAPPED_COUNTS);
}

/* A statement for each relation: what an object-relational mapper sends. */
void bench_first_page_each(bench_run *run, void *session) {
  found all;
  char sql[BRANCH_ROOM];
  start(&all, run);
  for (uint32_t i = 0; i < bench_hub.relation_count; i++) {
    page_of(sql, sizeof sql, i, 0, "id");
    read_numbers(run, session, sql, take_key, &all);
  }
  stop(&all);
}

/* Row after row as they come; libpq holds the rows of a relation. */
void bench_all_keys_by_hand(bench_run *run, void *session) {
  found all;
  char sql[BRANCH_ROOM];
  start(&all, run);
  for (uint32_t i = 0; i < bench_hub.relation_count; i++) {
    const bench_relation *r = &bench_hub.relations[i];
    all.relation = i;
    snprintf(sql, sizeof sql, "SELECT id FROM %s WHERE %s = %d", r->table, r->column, HUB);
    read_numbers(run, session, sql, take_any_key, &all);
  }
  stop(&all);
}

static void read_one(bench_run *run, bench_client *client, uint32_t relation, int64_t behind, const char *order) {
  found all;
  char sql[BRANCH_ROOM];
  start(&all, run);
  page_of(sql, sizeof sql, relation, behind, order);
  read_numbers(run, client, sql, take_key, &all);
  stop(&all);
}

void bench_far_page_by_hand(bench_run *run, void *session) {
  read_one(run, session, LARGE, bench_hub_far(run->size), "id");
}

void bench_trap_by_hand(bench_run *run, void *session) {
  bench_client *client = session;
  read_one(run, client, TRAP, 0, client->engine->dense_columns ? "id + 0" : "id");
}

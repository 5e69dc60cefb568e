/* A collection's data base: 190 tables refer to agents by 515 columns, and nearly all of them to agent 1, who set it up. The
   tables hold from a third of the size down to a handful of rows; the references are dense, sparse, all at the end, or none. */
#include <stdio.h>
#include <string.h>

#include "hub.h"

enum { TABLES = 190, REVIEWED_TABLES = 135, RELATIONS = 2 * TABLES + REVIEWED_TABLES, TEXT_ROOM = 500 };

static const char *const columns[] = {"created_by", "edited_by", "reviewed_by"};

#define SOMEONE "2 + i * 31 % 9998"

static char names[TABLES][20], rows[TABLES][TEXT_ROOM];
static bench_table tables[1 + TABLES] = {{"agent", "id {i} PRIMARY KEY, name {t} NOT NULL", "i, 'agent ' || i", 10000, 0, 0}};
static bench_index indexes[RELATIONS];
static bench_relation relations[RELATIONS];
static uint32_t first_of[1 + TABLES]; /* of a table's relations */

bench_data bench_hub = {.tables = tables,
                        .table_count = 1 + TABLES,
                        .indexes = indexes,
                        .index_count = RELATIONS,
                        .relations = relations,
                        .relation_count = RELATIONS,
                        .root = "agent"};

/* The size is divided by this: 600,000 rows of 1,800,000 are in the first table. */
static int64_t share(int t) {
  return t == 1 ? 3 : t == 2 ? 6 : t <= 10 ? 18 : t <= 30 ? 90 : t <= 80 ? 900 : 18000;
}

static const char *reviewed_by(int t) {
  switch (t) {
  case 1: return "CASE WHEN i > {n} {/} 3 - {n} {/} 600 THEN 1 ELSE " SOMEONE " END";
  case 2: return SOMEONE;
  case 3: return "CASE WHEN i > {n} {/} 18 - {n} {/} 60000 THEN 1 ELSE " SOMEONE " END";
  default: return "CASE WHEN i % 500 = 0 THEN 1 ELSE " SOMEONE " END";
  }
}

static void make_table(int t) {
  bool reviewed = t <= REVIEWED_TABLES, spared = t > 80 && t % 3 == 0;
  char *row = rows[t - 1];
  snprintf(names[t - 1], sizeof names[t - 1], "collection_%03d", t);
  snprintf(row, TEXT_ROOM, "i, %s, %s%s%s, 'what is known of the specimen number ' || i, i %% 97",
           spared ? SOMEONE : "CASE WHEN i % 2 = 0 THEN 1 ELSE " SOMEONE " END",
           spared ? SOMEONE : "CASE WHEN i % 10 < 3 THEN 1 WHEN i % 10 > 5 THEN " SOMEONE " END", reviewed ? ", " : "",
           reviewed ? reviewed_by(t) : "");
  tables[t] = (bench_table){.name = names[t - 1],
                            .columns = reviewed ? "id {i} PRIMARY KEY, created_by {i}, edited_by {i}, reviewed_by {i}, "
                                                  "remarks {t} NOT NULL, number {i}"
                                                : "id {i} PRIMARY KEY, created_by {i}, edited_by {i}, remarks {t} NOT NULL, "
                                                  "number {i}",
                            .row = row,
                            .times = 1,
                            .per = share(t)};
}

void bench_make_hub(void) {
  uint32_t used = 0;
  for (int t = 1; t <= TABLES; t++) {
    make_table(t);
    first_of[t] = used;
    for (int c = 0; c < (t <= REVIEWED_TABLES ? 3 : 2); c++, used++) {
      bool goes_along = c == 2 && t > 10 && t <= 30;
      indexes[used] = (bench_index){names[t - 1], columns[c], false, true};
      relations[used] = (bench_relation){names[t - 1], columns[c], "agent", "id", goes_along ? " ON DELETE CASCADE" : ""};
    }
  }
}

uint32_t bench_hub_relation(const char *table, const char *column) {
  int t = 0;
  if (sscanf(table, "collection_%d", &t) != 1 || t < 1 || t > TABLES) return RELATIONS;
  uint32_t end = t < TABLES ? first_of[t + 1] : RELATIONS;
  for (uint32_t i = first_of[t]; i < end; i++)
    if (!strcmp(relations[i].column, column)) return i;
  return RELATIONS;
}

int64_t bench_hub_far(int64_t size) {
  int64_t pages = size / 180; /* two thirds of the relation's; every other row of its table is one of its own */
  return 2 * (int64_t)PAGE_KEYS * (pages > 1 ? pages - 1 : 1);
}

void bench_hub_count(bench_run *run, uint32_t relation, uint64_t rows_counted) {
  run->keys += rows_counted;
  run->digest += (relation + 1) * rows_counted;
}

void bench_hub_key(bench_run *run, uint32_t relation, int64_t key) {
  run->keys++;
  run->digest += (relation + 1) * ((uint64_t)key + 1);
}

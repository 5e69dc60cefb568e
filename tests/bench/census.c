/* A census: households that an earlier step has cut from their area go, with 5 persons each and 2 answers of each
   person: 16 rows a household. `size` of them go and as many stay, in 999 areas. In the other variant they are still in an
   area, which goes first. */
#include "bench.h"

static const bench_table tables[] = {
    {"area", "id {i} PRIMARY KEY, name {t} NOT NULL", "i, 'area ' || i", 1000, 0, 0},
    {"household", "id {i} PRIMARY KEY, area_id {i}, name {t} NOT NULL",
     "i, CASE WHEN i > {n} THEN 2 + i % 999 ELSE {v} END, 'household ' || i", 0, 2, 1},
    {"person", "id {i} PRIMARY KEY, household_id {i} NOT NULL, name {t} NOT NULL", "i, (i - 1) {/} 5 + 1, 'person ' || i", 0, 10,
     1},
    {"answer", "id {i} PRIMARY KEY, person_id {i} NOT NULL, name {t} NOT NULL", "i, (i - 1) {/} 2 + 1, 'answer ' || i", 0, 20, 1}};

static const bench_index indexes[] = {
    {"household", "area_id", false, false}, {"person", "household_id", false, false}, {"answer", "person_id", false, false}};

static const bench_relation relations[] = {{"household", "area_id", "area", "id", ""},
                                           {"person", "household_id", "household", "id", " ON DELETE CASCADE"},
                                           {"answer", "person_id", "person", "id", " ON DELETE CASCADE"}};

/* The first is the one's, the last the other's. */
static const bench_left left[] = {{"area", "1 = 1", "sum(id)", "sum(id)", NULL},
                                  {"household", "id > {n}", "sum(id)", "sum(id)", NULL},
                                  {"person", "id > 5 * {n}", "sum(id)", "sum(id)", NULL},
                                  {"answer", "id > 10 * {n}", "sum(id)", "sum(id)", NULL},
                                  {"area", "id > 1", "sum(id)", "sum(id)", NULL}};

static const bench_sweep sweeps[] = {
    {"answer", "person_id", true, false}, {"person", "household_id", false, false}, {"household", "id", false, false}};

#define CENSUS                                                                                                                     \
  .tables = tables, .table_count = sizeof tables / sizeof *tables, .indexes = indexes,                                             \
  .index_count = sizeof indexes / sizeof *indexes, .relations = relations, .relation_count = sizeof relations / sizeof *relations, \
  .left_count = sizeof left / sizeof *left - 1,                                                                                    \
  .rules = "[{\"table\": \"household\", \"column\": \"area_id\", \"rule\": \"DETACH\"},"                                           \
           " {\"table\": \"person\", \"column\": \"household_id\", \"rule\": \"CASCADE\"},"                                        \
           " {\"table\": \"answer\", \"column\": \"person_id\", \"rule\": \"CASCADE\"}]"

const bench_data bench_census = {CENSUS,
                                 .variant = "NULL",
                                 .left = left,
                                 .sweeps = sweeps,
                                 .sweep_count = sizeof sweeps / sizeof *sweeps,
                                 .root = "household",
                                 .doomed = "area_id IS NULL",
                                 .where = "area_id IS NULL",
                                 .inner = "person",
                                 .inner_column = "household_id"};

const bench_data bench_occupied_census = {CENSUS, .variant = "1", .left = left + 1};

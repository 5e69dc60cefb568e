/* The job history of an automation server: 12 rows hang on every run, in 8 tables; 5 more tables refer to runs and are
   set to NULL; hosts and credentials are only referred to. The older half of the runs goes: keys that follow each
   other, or, in the scattered variant, every other key or so. */
#include "bench.h"

static const bench_table tables[] = {
    {"host", "id {i} PRIMARY KEY, name {t} NOT NULL", "i, 'host-' || i", 1000, 0, 0},
    {"credential", "id {i} PRIMARY KEY, name {t} NOT NULL", "i, 'credential-' || i", 100, 0, 0},
    {"run", "id {i} PRIMARY KEY, created {i} NOT NULL, title {t} NOT NULL, state {t} NOT NULL",
     "i, {v}, 'nightly run number ' || i, CASE i % 5 WHEN 0 THEN 'failed' ELSE 'successful' END", 0, 1, 1},
    {"job", "run_id {i} PRIMARY KEY, script {t} NOT NULL, forks {i} NOT NULL", "i, 'site-' || (i % 50) || '.yml', i % 10", 0, 1, 1},
    {"job_event",
     "id {i} PRIMARY KEY, job_id {i} NOT NULL, host_id {i}, position {i} NOT NULL, kind {t} NOT NULL, output {t} NOT "
     "NULL",
     "i, (i - 1) {/} 5 + 1, i * 7919 % 1000 + 1, (i - 1) % 5, 'task_ok', 'ok: [host] => changed=false, line of output "
     "number ' || i",
     0, 5, 1},
    {"job_host", "id {i} PRIMARY KEY, job_id {i} NOT NULL, host_id {i}, ok {i} NOT NULL", "i, i, i * 104729 % 1000 + 1, i % 7", 0,
     1, 1},
    {"job_launch", "id {i} PRIMARY KEY, job_id {i} NOT NULL, options {t} NOT NULL", "i, i, '{\"limit\": ' || i || '}'", 0, 1, 1},
    {"run_credential", "id {i} PRIMARY KEY, run_id {i} NOT NULL, credential_id {i} NOT NULL",
     "i, (i - 1) {/} 3 + 1, ((i - 1) {/} 3 * 7 + (i - 1) % 3 * 31) % 100 + 1", 0, 3, 1},
    {"schedule", "id {i} PRIMARY KEY, run_id {i}, name {t} NOT NULL", "i, i * 10, 'x'", 0, 1, 10},
    {"workflow", "id {i} PRIMARY KEY, run_id {i}, name {t} NOT NULL", "i, i * 20 - 3, 'x'", 0, 1, 20},
    {"project", "id {i} PRIMARY KEY, run_id {i}, name {t} NOT NULL", "i, i * (1 + {n} {/} 1000) % {n} + 1, 'x'", 1000, 0, 0},
    {"inventory", "id {i} PRIMARY KEY, run_id {i}, name {t} NOT NULL", "i, NULL, 'x'", 100, 0, 0},
    {"notice", "id {i} PRIMARY KEY, run_id {i}, name {t} NOT NULL", NULL, 0, 0, 1}};

static const bench_index indexes[] = {{"run", "created", false, false},
                                      {"job_event", "job_id", false, false},
                                      {"job_event", "host_id", false, false},
                                      {"job_host", "job_id", false, true},
                                      {"job_host", "host_id", false, false},
                                      {"job_launch", "job_id", true, true},
                                      {"run_credential", "run_id, credential_id", true, false},
                                      {"run_credential", "credential_id", false, false},
                                      {"schedule", "run_id", false, false},
                                      {"workflow", "run_id", false, false},
                                      {"project", "run_id", false, false},
                                      {"inventory", "run_id", false, false},
                                      {"notice", "run_id", false, false}};

#define CASCADE " ON DELETE CASCADE"
#define SET_NULL " ON DELETE SET NULL"

static const bench_relation relations[] = {{"job", "run_id", "run", "id", CASCADE},
                                           {"job_event", "job_id", "job", "run_id", CASCADE},
                                           {"job_event", "host_id", "host", "id", ""},
                                           {"job_host", "job_id", "job", "run_id", CASCADE},
                                           {"job_host", "host_id", "host", "id", ""},
                                           {"job_launch", "job_id", "job", "run_id", CASCADE},
                                           {"run_credential", "run_id", "run", "id", CASCADE},
                                           {"run_credential", "credential_id", "credential", "id", ""},
                                           {"schedule", "run_id", "run", "id", SET_NULL},
                                           {"workflow", "run_id", "run", "id", SET_NULL},
                                           {"project", "run_id", "run", "id", SET_NULL},
                                           {"inventory", "run_id", "run", "id", SET_NULL},
                                           {"notice", "run_id", "run", "id", SET_NULL}};

#define ALL "1 = 1"
#define STAYS(column) column " IN (SELECT id FROM run WHERE created > {h})"
/* A join: what is asked of every row by itself may take the time of a product. */
#define STAYING(table)                                                                                                             \
  { table, ALL, "sum(kept)", "sum(run_id)", table " LEFT JOIN (SELECT id AS kept FROM run WHERE created > {h}) k ON kept = run_id" }

static const bench_left left[] = {{"run", "created > {h}", "sum(id)", "sum(id)"},
                                  {"job", STAYS("run_id"), "sum(run_id)", "sum(run_id)"},
                                  {"job_event", STAYS("job_id"), "sum(id)", "sum(id)"},
                                  {"job_host", STAYS("job_id"), "sum(id)", "sum(id)"},
                                  {"job_launch", STAYS("job_id"), "sum(id)", "sum(id)"},
                                  {"run_credential", STAYS("run_id"), "sum(id)", "sum(id)"},
                                  STAYING("schedule"),
                                  STAYING("workflow"),
                                  STAYING("project"),
                                  STAYING("inventory"),
                                  STAYING("notice"),
                                  {"host", ALL, "sum(id)", "sum(id)"},
                                  {"credential", ALL, "sum(id)", "sum(id)"}};

static const bench_sweep sweeps[] = {{"schedule", "run_id", false, true},
                                     {"workflow", "run_id", false, true},
                                     {"project", "run_id", false, true},
                                     {"inventory", "run_id", false, true},
                                     {"notice", "run_id", false, true},
                                     {"job_event", "job_id", false, false},
                                     {"job_host", "job_id", false, false},
                                     {"job_launch", "job_id", false, false},
                                     {"run_credential", "run_id", false, false},
                                     {"job", "run_id", false, false},
                                     {"run", "id", false, false}};

static const char rules[] = "[{\"table\": \"job\", \"column\": \"run_id\", \"rule\": \"CASCADE\"},"
                            " {\"table\": \"job_event\", \"column\": \"job_id\", \"rule\": \"CASCADE\"},"
                            " {\"table\": \"job_host\", \"column\": \"job_id\", \"rule\": \"CASCADE\"},"
                            " {\"table\": \"job_launch\", \"column\": \"job_id\", \"rule\": \"CASCADE\"},"
                            " {\"table\": \"run_credential\", \"column\": \"run_id\", \"rule\": \"CASCADE\"},"
                            " {\"table\": \"schedule\", \"column\": \"run_id\", \"rule\": \"SET NULL\"},"
                            " {\"table\": \"workflow\", \"column\": \"run_id\", \"rule\": \"SET NULL\"},"
                            " {\"table\": \"project\", \"column\": \"run_id\", \"rule\": \"SET NULL\"},"
                            " {\"table\": \"inventory\", \"column\": \"run_id\", \"rule\": \"SET NULL\"},"
                            " {\"table\": \"notice\", \"column\": \"run_id\", \"rule\": \"SET NULL\"}]";

#define JOBS                                                                                                                       \
  .tables = tables, .table_count = sizeof tables / sizeof *tables, .indexes = indexes,                                             \
  .index_count = sizeof indexes / sizeof *indexes, .relations = relations, .relation_count = sizeof relations / sizeof *relations, \
  .left = left, .left_count = sizeof left / sizeof *left, .sweeps = sweeps, .sweep_count = sizeof sweeps / sizeof *sweeps,         \
  .rules = rules, .root = "run", .doomed = "created <= {h}", .where = "created <= ?", .has_parameter = true

const bench_data bench_jobs = {JOBS, .variant = "i"};
const bench_data bench_scattered_jobs = {JOBS,
                                         .variant = "i * 7919 % {n} + 1"}; /* each once, where the size is no multiple of it */

/* A benchmark's parts. A workload is data and the rows of it that go; its methods delete them in different ways, on one
   engine; the runner measures them side by side. */
#ifndef BENCH_H
#define BENCH_H

#include <cascade.h>
#include <dbi/dbi.h>
#include <stdbool.h>
#include <stdint.h>

enum {
  CACHE_KB = 262144,    /* SQLite's page cache, in every method */
  STAGED_BATCH = 10000, /* roots of a hand-written batch */
  CASCADE_BATCH = 1000, /* of one that leaves the rest to the database's own actions */
  NAME_ROOM = 500
};

/* Data. In columns and rows {i} is an integer type, {k} one with values of its own as primary key, {t} a text type, {/} the
   division of integers, {n} the size, {h} half of it, {v} what variants differ in. */

typedef struct bench_table {
  const char *name, *columns;
  const char *row;           /* values of row number i */
  int64_t fixed, times, per; /* rows: fixed, or else size * times / per */
} bench_table;

typedef struct bench_index {
  const char *table, *columns;
  bool unique;
  bool optional; /* one of those that a workload can do without */
} bench_index;

typedef struct bench_relation {
  const char *table, *column, *ref_table, *ref_column;
  const char *action; /* "", " ON DELETE CASCADE" or " ON DELETE SET NULL", declared where a method wants it */
} bench_relation;

/* Rows that must be left: `stays` of the original; what `kept` sums up there, `found` does in the result. */
typedef struct bench_left {
  const char *table, *stays, *kept, *found;
  const char *instead; /* in the original, what the table's rows come from; NULL for the table itself */
} bench_left;

/* By hand: rows of `table` whose `column` is among the roots' keys, or the inner table's, go; or the column becomes
 * NULL. */
typedef struct bench_sweep {
  const char *table, *column;
  bool inner, rewrites;
} bench_sweep;

typedef struct bench_data {
  const bench_table *tables;
  const bench_index *indexes;
  const bench_relation *relations;
  const bench_left *left;
  const bench_sweep *sweeps; /* in an order that foreign keys allow */
  uint32_t table_count, index_count, relation_count, left_count, sweep_count;
  const char *variant;              /* what stands for {v} in row number i; NULL where there is none */
  const char *rules;                /* the library's, where the database has none */
  const char *root, *doomed;        /* the rows that go, as a condition with marks */
  const char *where;                /* the same for the library */
  bool has_parameter;               /* half of the size is where's parameter */
  const char *inner, *inner_column; /* what lies between roots and leaves and refers to the roots, or NULL */
} bench_data;

extern const bench_data bench_jobs, bench_scattered_jobs, bench_census, bench_occupied_census, bench_detached, bench_grants;
extern bench_data bench_hub; /* after bench_make_hub() */

/* Engines. */

typedef struct bench_client {
  const struct bench_engine *engine;
  void *handle; /* sqlite3 *, PGconn * or MYSQL * */
  uint64_t statements;
  char message[300];
} bench_client;

/* Called for each row of a result; one cell or two, as text or NULL. */
typedef void (*bench_row)(void *data, const char *first, const char *second);
/* The same with one integer or two; 0 in the place of a second. */
typedef void (*bench_pair)(void *data, int64_t first, int64_t second);

typedef struct bench_engine {
  const char *name, *driver, *dbi_driver;
  const char *integer, *key, *text, *division, *series; /* `series` has a place for the number of rows */
  const char *begin;
  const char *const *unchecked; /* statements that turn a session's checks off; NULL-terminated */
  const char *unchecked_once;   /* the same in a transaction; NULL when that gains nothing */
  bool named_keys;              /* indexes and foreign keys stand in CREATE TABLE */
  bool late_relations;          /* foreign keys come after the rows */
  bool copies_rows;             /* a copy is made row by row, with or without actions */
  /* Rows by their keys: {t} the table, {c} its column, {k} a key table. `listed`, where there is one, takes the keys
   * along. */
  const char *key_table, *analyze, *delete_joined, *update_joined, *delete_listed, *update_listed, *select_listed;
  const char *list_start, *list_end;
  bool (*place)(char *prefix, size_t room); /* what this process's databases are called; false: no server */
  void (*leave)(const char *prefix);
  bool (*open)(bench_client *client, const char *database);
  bool (*open_to_load)(bench_client *client, const char *database); /* to make rows; NULL: as ever */
  void (*close)(bench_client *client);
  /* `keys` goes where the statement wants a list, or is NULL */
  bool (*run)(bench_client *client, const char *sql, const char *keys, bench_row row, void *data);
  bool (*read)(bench_client *client, const char *sql, bench_pair pair, void *data);
  const char *branch;        /* before one of the SELECTs of a UNION ALL, which a parenthesis ends */
  const char *dense_columns; /* of the hub: tables and columns, where an ORDER BY must know them; else NULL */
  bool (*open_dbi)(dbi_conn connection, const char *database); /* up to and including its connecting */
  bool (*create)(const char *database, char *message, size_t room);
  bool (*settle)(bench_client *client, const bench_data *data);               /* after the rows were made */
  bool (*copy)(const char *from, const char *to, char *message, size_t room); /* NULL with copies_rows */
  void (*drop)(const char *database);
  void (*warm)(void); /* in a method's process, before it is measured; or NULL */
} bench_engine;

extern const bench_engine bench_sqlite, bench_postgresql, bench_mariadb;

bool bench_run_sql(bench_client *client, const char *sql);
const char *bench_sqlite_setting(uint32_t position); /* NULL past the last */

typedef struct bench_mark {
  const char *mark, *value;
} bench_mark;

/* Copies `text` with its marks replaced. */
void bench_fill(char *out, size_t room, const char *text, const bench_mark *marks, size_t count);
void bench_fill_size(char *out, size_t room, const char *text, int64_t size);

/* Workloads. */

/* What a method's process measures while it works. */
typedef struct bench_run {
  const struct bench_workload *workload;
  const char *database; /* its own copy */
  int64_t size;
  /* filled in by the method */
  uint64_t statements;
  double longest_tx_s;
  double seconds; /* by the runner */
  int64_t rss_growth_kb;
  uint64_t keys, digest; /* what a method that only reads has found */
  bool failed;
  char message[400];
} bench_run;

typedef struct bench_method {
  const char *name;
  bool actions; /* on the copy with ON DELETE actions, instead of the one without */
  void *(*open)(bench_run *run);
  void (*work)(bench_run *run, void *session);
  void (*close)(void *session);
  const char *program; /* instead of them: another tool, which measures itself */
  /* Of a workload that only reads: methods of one `question` must find the same; a tool, what some question has found.
   * `unsettle`: statements before it, on a copy of its own; NULL-terminated. */
  const char *question;
  const char *const *unsettle;
} bench_method;

typedef struct bench_ratio {
  const char *numerator, *denominator;
} bench_ratio;

typedef struct bench_workload {
  const char *name, *about;
  const bench_engine *engine;
  const bench_data *data;
  bool spare; /* without the optional indexes */
  bool reads; /* nothing is deleted: all methods work on one database, which has actions */
  const bench_method *methods;
  const bench_ratio *ratios;
  uint32_t method_count, ratio_count;
} bench_workload;

extern const bench_workload bench_workloads[];
extern const uint32_t bench_workload_count;

/* An original, with or without ON DELETE actions; then a method's copy of it; then what the method has left in it. */
bool bench_generate(const bench_workload *workload, int64_t size, bool actions, const char *database, char *message, size_t room);
bool bench_copy(const bench_workload *workload, bool actions, const char *from, const char *to, char *message, size_t room);
bool bench_verify(const bench_workload *workload, int64_t size, const char *original, const char *database, bool thorough,
                  char *message, size_t room);

double bench_now(void);
/* Runs a method in a process of its own. A program is called with engine, database and size; it prints one line:
   seconds, statements, the longest transaction's seconds, growth of memory in KB; one that reads, two more numbers, of
   bench_run. What only reads is done once to warm up, and then a few times: the time is their median, memory is all of it. */
void bench_measure(const bench_method *method, bench_run *run);
void bench_fail(bench_run *run, const char *what, const char *why);

/* Ways through the library. */
void *bench_open_native(bench_run *run);
void *bench_open_dbi(bench_run *run);
cascade_connection *bench_connection(void *session);
void bench_close_library(void *session);
void bench_checked(bench_run *run, void *session);
void bench_proven(bench_run *run, void *session);
void bench_delegated(bench_run *run, void *session);
void bench_delegated_proven(bench_run *run, void *session);

/* Ways by hand: what someone who knows the schema would write, and the least that any way has to do. */
void *bench_open_client(bench_run *run);
void bench_close_client(void *session);
void bench_staged(bench_run *run, void *session);
void bench_staged_unchecked(bench_run *run, void *session);
void bench_cascade(bench_run *run, void *session);
void bench_cascade_batched(bench_run *run, void *session);
void bench_limit(bench_run *run, void *session);

/* A table that is filled, instead. */
void bench_granted(bench_run *run, void *session);
void *bench_open_granted(bench_run *run);
void bench_insert_select(bench_run *run, void *session);

/* Detach: detached.c. */
void *bench_open_queue(bench_run *run);
void *bench_open_queue_dbi(bench_run *run);
void bench_detach(bench_run *run, void *session);
void bench_detach_and_purge(bench_run *run, void *session);
void bench_detach_and_purge_proven(bench_run *run, void *session);
void bench_insert_update(bench_run *run, void *session);

#endif

/* A benchmark's parts: a workload makes data, its methods do the same delete in different ways, and the runner measures
 * them. */
#ifndef BENCH_H
#define BENCH_H

#include <cascade.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

enum {
  CACHE_KB = 262144,   /* page cache of every method's connection */
  STAGED_BATCH = 10000 /* roots of a hand-written batch */
};

/* What a method's process measures while it works. */
typedef struct bench_run {
  const char *path; /* its own copy of the database */
  int64_t size;
  /* filled in by the method */
  uint64_t statements;
  double longest_tx_s;
  double seconds; /* by the runner */
  int64_t rss_growth_kb;
  bool failed;
  char message[300];
} bench_run;

typedef struct bench_method {
  const char *name;
  bool cascade; /* on the copy with ON DELETE actions, instead of the one without */
  void (*work)(bench_run *run, void *session);
  void *(*open)(bench_run *run);
  void (*close)(void *session);
} bench_method;

typedef struct bench_ratio {
  const char *name, *numerator, *denominator;
} bench_ratio;

typedef struct bench_workload {
  const char *name, *engine;
  const bench_method *methods;
  uint32_t method_count;
  const bench_ratio *ratios;
  uint32_t ratio_count;
  /* Makes a database of `size` at `path`, with or without ON DELETE actions. */
  bool (*generate)(const char *path, int64_t size, bool actions, char *message, size_t room);
  /* Compares what a method left at `path` with what it had to leave; `thorough` also checks every foreign key. */
  bool (*verify)(const char *path, const char *original, int64_t size, bool thorough, char *message, size_t room);
} bench_workload;

extern const bench_workload bench_w1_sqlite;

double bench_now(void);
/* Runs a method on a fresh copy of `original`, in a process of its own. */
void bench_measure(const bench_method *method, const char *original, bench_run *run);

/* Connections of the methods: the same settings for all. */
sqlite3 *bench_sqlite_open(bench_run *run);
const char *bench_setting(uint32_t position); /* PRAGMA statements; NULL past the last */
/* Runs statements one by one and counts them; false once anything has failed. */
bool bench_execute(bench_run *run, sqlite3 *db, const char *sql);
void bench_fail(bench_run *run, const char *what, const char *why);

/* W1's ways through the library (w1_library.c) and by hand (w1_hand.c). */
void *w1_open_native(bench_run *run);
void *w1_open_dbi(bench_run *run);
void w1_close_library(void *session);
void w1_checked(bench_run *run, void *session);
void w1_proven(bench_run *run, void *session);
void *w1_open_plain(bench_run *run);
void w1_close_plain(void *session);
void w1_staged(bench_run *run, void *session);
void w1_cascade(bench_run *run, void *session);
void w1_limit(bench_run *run, void *session);

#endif

/* bench WORKLOAD --engine ENGINE --size N [--rounds N] [--json]: measures the library beside what one would write by
 * hand. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

enum { MAX_METHODS = 16, MAX_ROUNDS = 25 };

static const bench_workload *const workloads[] = {&bench_w1_sqlite};

typedef struct request {
  const bench_workload *workload;
  int64_t size;
  uint32_t rounds;
  bool json;
} request;

typedef struct result {
  bench_run rounds[MAX_ROUNDS];
  double seconds, longest_tx_s;
  uint64_t statements;
  int64_t rss_growth_kb;
} result;

static const char usage[] = "usage: bench WORKLOAD --engine ENGINE --size N [--rounds N] [--json]\n"
                            "  w1 --engine sqlite   the older half of N runs of an automation server, 12 rows each\n"
                            "Every method works on its own fresh copy, in a process of its own; the methods take "
                            "turns. Numbers are medians of\n"
                            "the rounds (3), the longest transaction and the growth of memory are the worst round's.\n";

static bool parse(int count, char **words, request *wanted) {
  const char *name = NULL, *engine = "sqlite";
  wanted->rounds = 3;
  for (int i = 1; i < count; i++) {
    const char *next = i + 1 < count ? words[i + 1] : "";
    if (!strcmp(words[i], "--json")) wanted->json = true;
    else if (!strcmp(words[i], "--engine")) engine = next, i++;
    else if (!strcmp(words[i], "--size")) wanted->size = strtoll(next, NULL, 10), i++;
    else if (!strcmp(words[i], "--rounds")) wanted->rounds = (uint32_t)strtoul(next, NULL, 10), i++;
    else if (!name) name = words[i];
    else return false;
  }
  for (size_t i = 0; name && i < sizeof workloads / sizeof *workloads; i++)
    if (!strcmp(workloads[i]->name, name) && !strcmp(workloads[i]->engine, engine)) wanted->workload = workloads[i];
  return wanted->workload && wanted->size >= 20 && wanted->rounds >= 1 && wanted->rounds <= MAX_ROUNDS;
}

static int by_seconds(const void *a, const void *b) {
  double x = ((const bench_run *)a)->seconds, y = ((const bench_run *)b)->seconds;
  return (x > y) - (x < y);
}

static void summarize(result *r, uint32_t rounds) {
  for (uint32_t i = 0; i < rounds; i++) {
    if (r->rounds[i].longest_tx_s > r->longest_tx_s) r->longest_tx_s = r->rounds[i].longest_tx_s;
    if (r->rounds[i].rss_growth_kb > r->rss_growth_kb) r->rss_growth_kb = r->rounds[i].rss_growth_kb;
  }
  qsort(r->rounds, rounds, sizeof *r->rounds, by_seconds);
  r->seconds = (r->rounds[(rounds - 1) / 2].seconds + r->rounds[rounds / 2].seconds) / 2;
  r->statements = r->rounds[rounds / 2].statements;
}

static double ratio(const bench_workload *w, const result *results, const bench_ratio *wanted) {
  double numerator = 0, denominator = 0;
  for (uint32_t i = 0; i < w->method_count; i++) {
    if (!strcmp(w->methods[i].name, wanted->numerator)) numerator = results[i].seconds;
    if (!strcmp(w->methods[i].name, wanted->denominator)) denominator = results[i].seconds;
  }
  return denominator > 0 ? numerator / denominator : 0;
}

static int print_json(const request *wanted, const result *results) {
  const bench_workload *w = wanted->workload;
  json_t *methods = json_object(), *ratios = json_object();
  for (uint32_t i = 0; i < w->method_count; i++)
    json_object_set_new(methods, w->methods[i].name,
                        json_pack("{s:f, s:I, s:f, s:I}", "seconds", results[i].seconds, "statements",
                                  (json_int_t)results[i].statements, "longest_tx_s", results[i].longest_tx_s,
                                  "rss_growth_kb", (json_int_t)results[i].rss_growth_kb));
  for (uint32_t i = 0; i < w->ratio_count; i++)
    json_object_set_new(ratios, w->ratios[i].name, json_real(ratio(w, results, &w->ratios[i])));
  json_t *all =
      json_pack("{s:s, s:s, s:I, s:i, s:o, s:o}", "workload", w->name, "engine", w->engine, "size",
                (json_int_t)wanted->size, "rounds", (int)wanted->rounds, "methods", methods, "ratios", ratios);
  int status = all && !json_dumpf(all, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6)) ? 0 : 1;
  if (all) putchar('\n');
  json_decref(all);
  return status;
}

static void print_table(const request *wanted, const result *results) {
  const bench_workload *w = wanted->workload;
  printf("%s on %s, size %lld, median of %u\n\n%-22s %9s %11s %13s %11s\n", w->name, w->engine, (long long)wanted->size,
         (unsigned)wanted->rounds, "method", "seconds", "statements", "longest tx s", "growth KB");
  for (uint32_t i = 0; i < w->method_count; i++)
    printf("%-22s %9.3f %11llu %13.3f %11lld\n", w->methods[i].name, results[i].seconds,
           (unsigned long long)results[i].statements, results[i].longest_tx_s, (long long)results[i].rss_growth_kb);
  putchar('\n');
  for (uint32_t i = 0; i < w->ratio_count; i++)
    printf("%-40s %6.2f\n", w->ratios[i].name, ratio(w, results, &w->ratios[i]));
}

/* The methods take turns, and each round starts with another one, so that a slow moment of the machine hits all alike.
 */
static bool run_all(const request *wanted, const char *directory, result *results) {
  const bench_workload *w = wanted->workload;
  char originals[2][500], path[500], message[400] = "";
  for (int actions = 0; actions < 2; actions++) {
    snprintf(originals[actions], sizeof originals[actions], "%s/%s.db", directory, actions ? "actions" : "plain");
    if (!w->generate(originals[actions], wanted->size, actions, message, sizeof message)) {
      fprintf(stderr, "bench: the data cannot be made: %s\n", message);
      return false;
    }
  }
  snprintf(path, sizeof path, "%s/run.db", directory);
  for (uint32_t round = 0; round < wanted->rounds; round++) {
    for (uint32_t k = 0; k < w->method_count; k++) {
      uint32_t i = (k + round) % w->method_count;
      bench_run *run = &results[i].rounds[round];
      run->path = path;
      run->size = wanted->size;
      bench_measure(&w->methods[i], originals[w->methods[i].cascade], run);
      if (run->failed) snprintf(message, sizeof message, "%s", run->message);
      if (run->failed || !w->verify(path, originals[0], wanted->size, round == 0, message, sizeof message)) {
        fprintf(stderr, "bench: %s: %s\n", w->methods[i].name, message);
        return false;
      }
    }
  }
  return true;
}

static void clean(const char *directory) {
  static const char *const names[] = {"plain", "actions", "run"}, *const ends[] = {"", "-wal", "-shm", "-journal"};
  char path[600];
  for (int i = 0; i < 12; i++) {
    snprintf(path, sizeof path, "%s/%s.db%s", directory, names[i / 4], ends[i % 4]);
    unlink(path);
  }
  rmdir(directory);
}

int main(int count, char **words) {
  static result results[MAX_METHODS];
  request wanted = {0};
  if (!parse(count, words, &wanted)) {
    fputs(usage, stderr);
    return 2;
  }
  char directory[400];
  snprintf(directory, sizeof directory, "%s/bench-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
  if (!mkdtemp(directory)) {
    perror(directory);
    return 1;
  }
  bool done = run_all(&wanted, directory, results);
  clean(directory);
  if (!done) return 1;
  for (uint32_t i = 0; i < wanted.workload->method_count; i++) summarize(&results[i], wanted.rounds);
  if (wanted.json) return print_json(&wanted, results);
  print_table(&wanted, results);
  return 0;
}

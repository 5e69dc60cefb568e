/* bench WORKLOAD --engine ENGINE --size N [--rounds N] [--methods NAME,...] [--peer PROGRAM]... [--json]: measures the
   library beside what one would write by hand, and beside other tools. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub.h"

enum { MAX_PEERS = 4, MAX_METHODS = 32, MAX_ROUNDS = 25 };

typedef struct request {
  const bench_workload *workload;
  bench_workload with_peers;
  bench_method all[MAX_METHODS];
  int64_t size;
  uint32_t rounds;
  const char *methods; /* a list of names; NULL for all */
  bool json;
} request;

typedef struct result {
  bench_run rounds[MAX_ROUNDS];
  double seconds, longest_tx_s;
  uint64_t statements;
  int64_t rss_growth_kb;
} result;

static void print_usage(void) {
  fputs("usage: bench WORKLOAD --engine ENGINE --size N [--rounds N] [--methods NAME,...] [--peer PROGRAM]... [--json]\n", stderr);
  for (uint32_t i = 0; i < bench_workload_count; i++)
    fprintf(stderr, "  %-3s --engine %-10s  %s\n", bench_workloads[i].name, bench_workloads[i].engine->name,
            bench_workloads[i].about);
  fputs("Every method works on its own fresh copy, in a process of its own; the methods take turns. Numbers are "
        "medians of\n"
        "the rounds (3), the longest transaction and the growth of memory are the worst round's. A peer is a program "
        "that\n"
        "deletes the same rows and prints seconds, statements, longest transaction and growth of memory in KB; one "
        "given by\n"
        "--peer-on-actions works on the copy whose foreign keys have ON DELETE actions. Where nothing is deleted, the\n"
        "methods share one database, and what they find is compared; a peer prints two numbers more: how many keys it\n"
        "found, and the sum of key + 1 times the number of its relation.\n",
        stderr);
}

static bool add_peer(request *wanted, const char *program, bool actions) {
  const char *slash = strrchr(program, '/');
  uint32_t *count = &wanted->with_peers.method_count;
  if (*count == MAX_PEERS) return false;
  wanted->all[(*count)++] = (bench_method){.name = slash ? slash + 1 : program, .actions = actions, .program = program};
  return true;
}

/* The workload's own methods, and then the peers. */
static void put_together(request *wanted) {
  const bench_workload *w = wanted->workload;
  uint32_t peers = wanted->with_peers.method_count;
  memmove(wanted->all + w->method_count, wanted->all, peers * sizeof *wanted->all);
  memcpy(wanted->all, w->methods, w->method_count * sizeof *wanted->all);
  wanted->with_peers = *w;
  wanted->with_peers.methods = wanted->all;
  wanted->with_peers.method_count += peers;
  wanted->workload = &wanted->with_peers;
}

static bool parse(int count, char **words, request *wanted) {
  const char *name = NULL, *engine = "sqlite";
  wanted->rounds = 3;
  for (int i = 1; i < count; i++) {
    const char *next = i + 1 < count ? words[i + 1] : "";
    if (!strcmp(words[i], "--json")) wanted->json = true;
    else if (!strcmp(words[i], "--engine")) engine = next, i++;
    else if (!strcmp(words[i], "--size")) wanted->size = strtoll(next, NULL, 10), i++;
    else if (!strcmp(words[i], "--rounds")) wanted->rounds = (uint32_t)strtoul(next, NULL, 10), i++;
    else if (!strcmp(words[i], "--methods")) wanted->methods = next, i++;
    else if (!strcmp(words[i], "--peer") || !strcmp(words[i], "--peer-on-actions")) {
      if (!add_peer(wanted, next, strlen(words[i]) > strlen("--peer"))) return false;
      i++;
    } else if (!name) name = words[i];
    else return false;
  }
  for (uint32_t i = 0; name && i < bench_workload_count; i++)
    if (!strcmp(bench_workloads[i].name, name) && !strcmp(bench_workloads[i].engine->name, engine))
      wanted->workload = &bench_workloads[i];
  if (wanted->workload) put_together(wanted);
  return wanted->workload && wanted->size >= 20 && wanted->rounds >= 1 && wanted->rounds <= MAX_ROUNDS;
}

static bool is_wanted(const request *wanted, uint32_t method) {
  const char *name = wanted->workload->methods[method].name, *from = wanted->methods;
  size_t length = strlen(name);
  if (!from || wanted->workload->methods[method].program) return true;
  for (; *from; from += strcspn(from, ","), from += *from == ',')
    if (strcspn(from, ",") == length && !strncmp(from, name, length)) return true;
  return false;
}

static bool needs_actions(const request *wanted) {
  const bench_workload *w = wanted->workload;
  for (uint32_t i = 0; i < w->method_count && !w->reads; i++)
    if (w->methods[i].actions && !w->engine->copies_rows && is_wanted(wanted, i)) return true;
  return false;
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
  return denominator > 0 ? numerator / denominator : 0; /* 0 without one of them */
}

static const char *name_ratio(const bench_ratio *wanted, char *name, size_t room) {
  snprintf(name, room, "%s/%s", wanted->numerator, wanted->denominator);
  return name;
}

static int print_json(const request *wanted, const result *results) {
  const bench_workload *w = wanted->workload;
  json_t *methods = json_object(), *ratios = json_object();
  for (uint32_t i = 0; i < w->method_count; i++)
    if (is_wanted(wanted, i))
      json_object_set_new(methods, w->methods[i].name,
                          json_pack("{s:f, s:I, s:f, s:I}", "seconds", results[i].seconds, "statements",
                                    (json_int_t)results[i].statements, "longest_tx_s", results[i].longest_tx_s, "rss_growth_kb",
                                    (json_int_t)results[i].rss_growth_kb));
  for (uint32_t i = 0; i < w->ratio_count; i++) {
    char name[100];
    if (ratio(w, results, &w->ratios[i]) == 0) continue;
    json_object_set_new(ratios, name_ratio(&w->ratios[i], name, sizeof name), json_real(ratio(w, results, &w->ratios[i])));
  }
  json_t *all = json_pack("{s:s, s:s, s:I, s:i, s:o, s:o}", "workload", w->name, "engine", w->engine->name, "size",
                          (json_int_t)wanted->size, "rounds", (int)wanted->rounds, "methods", methods, "ratios", ratios);
  int status = all && !json_dumpf(all, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6)) ? 0 : 1;
  if (all) putchar('\n');
  json_decref(all);
  return status;
}

static void print_table(const request *wanted, const result *results) {
  const bench_workload *w = wanted->workload;
  printf("%s on %s, size %lld, median of %u\n\n%-31s %9s %11s %13s %11s\n", w->name, w->engine->name, (long long)wanted->size,
         (unsigned)wanted->rounds, "method", "seconds", "statements", "longest tx s", "growth KB");
  for (uint32_t i = 0; i < w->method_count; i++)
    if (is_wanted(wanted, i))
      printf("%-31s %9.4f %11llu %13.3f %11lld\n", w->methods[i].name, results[i].seconds,
             (unsigned long long)results[i].statements, results[i].longest_tx_s, (long long)results[i].rss_growth_kb);
  putchar('\n');
  for (uint32_t i = 0; i < w->ratio_count; i++) {
    char name[100];
    if (ratio(w, results, &w->ratios[i]) == 0) continue;
    printf("%-50s %6.2f\n", name_ratio(&w->ratios[i], name, sizeof name), ratio(w, results, &w->ratios[i]));
  }
}

typedef struct databases {
  char prefix[NAME_ROOM - 20], plain[NAME_ROOM], actions[NAME_ROOM], run[NAME_ROOM];
} databases;

/* What methods of the same question found in any round must be the same. */
static bool agrees(const request *wanted, const result *results, const bench_method *method, bench_run *run) {
  const bench_workload *w = wanted->workload;
  bool compared = false, same = false;
  for (uint32_t i = 0; i < w->method_count; i++) {
    const bench_run *other = results[i].rounds;
    if (other == run || other->seconds <= 0 || !w->methods[i].question) continue;
    if (method->question && strcmp(method->question, w->methods[i].question)) continue;
    compared = true;
    same = same || (other->keys == run->keys && other->digest == run->digest);
  }
  if (compared && !same)
    snprintf(run->message, sizeof run->message, "found other keys: %llu with the sum %llu", (unsigned long long)run->keys,
             (unsigned long long)run->digest);
  return same || !compared;
}

static bool unsettle(const bench_workload *w, const bench_method *method, const databases *named, bench_run *run) {
  bench_client client = {.engine = w->engine};
  if (!bench_copy(w, true, named->plain, named->run, run->message, sizeof run->message)) return false;
  bool done = w->engine->open(&client, named->run);
  for (const char *const *sql = method->unsettle; done && *sql; sql++) done = bench_run_sql(&client, *sql);
  if (!done) snprintf(run->message, sizeof run->message, "%s", client.message);
  w->engine->close(&client);
  run->database = named->run;
  return done;
}

static bool read_method(const request *wanted, const databases *named, const result *results, const bench_method *method,
                        bench_run *run) {
  const bench_workload *w = wanted->workload;
  *run = (bench_run){.workload = w, .database = named->plain, .size = wanted->size};
  if (method->unsettle && !unsettle(w, method, named, run)) return false;
  bench_measure(method, run);
  return !run->failed && agrees(wanted, results, method, run);
}

static bool run_method(const request *wanted, const databases *named, const bench_method *method, bool thorough, bench_run *run) {
  const bench_workload *w = wanted->workload;
  const char *original = method->actions && !w->engine->copies_rows ? named->actions : named->plain;
  *run = (bench_run){.workload = w, .database = named->run, .size = wanted->size};
  if (!bench_copy(w, method->actions, original, named->run, run->message, sizeof run->message)) return false;
  bench_measure(method, run);
  return !run->failed && bench_verify(w, wanted->size, named->plain, named->run, thorough, run->message, sizeof run->message);
}

/* The methods take turns, and each round starts with another one, so that a slow moment of the machine hits all alike.
 */
static bool run_all(const request *wanted, const databases *named, result *results) {
  const bench_workload *w = wanted->workload;
  char message[400] = "";
  if (!bench_generate(w, wanted->size, w->reads, named->plain, message, sizeof message) ||
      (needs_actions(wanted) && !bench_generate(w, wanted->size, true, named->actions, message, sizeof message))) {
    fprintf(stderr, "bench: the data cannot be made: %s\n", message);
    return false;
  }
  for (uint32_t round = 0; round < wanted->rounds; round++) {
    for (uint32_t k = 0; k < w->method_count; k++) {
      uint32_t i = (k + round) % w->method_count;
      bench_run *run = &results[i].rounds[round];
      if (!is_wanted(wanted, i) || (w->reads ? read_method(wanted, named, results, &w->methods[i], run)
                                             : run_method(wanted, named, &w->methods[i], round == 0, run)))
        continue;
      fprintf(stderr, "bench: %s: %s\n", w->methods[i].name, run->message);
      return false;
    }
  }
  return true;
}

static bool name_databases(const bench_engine *engine, databases *named) {
  if (!engine->place(named->prefix, sizeof named->prefix)) return false;
  snprintf(named->plain, sizeof named->plain, "%splain", named->prefix);
  snprintf(named->actions, sizeof named->actions, "%sactions", named->prefix);
  snprintf(named->run, sizeof named->run, "%srun", named->prefix);
  return true;
}

int main(int count, char **words) {
  static result results[MAX_METHODS];
  static request wanted;
  bench_make_hub();
  if (!parse(count, words, &wanted)) {
    print_usage();
    return 2;
  }
  const bench_engine *engine = wanted.workload->engine;
  databases named;
  if (!name_databases(engine, &named)) {
    fprintf(stderr, "bench: no place for databases of %s: servers are started by tests/servers\n", engine->name);
    return 1;
  }
  bool done = run_all(&wanted, &named, results);
  engine->drop(named.run);
  engine->drop(named.actions);
  engine->drop(named.plain);
  engine->leave(named.prefix);
  if (!done) return 1;
  for (uint32_t i = 0; i < wanted.workload->method_count; i++) summarize(&results[i], wanted.rounds);
  if (wanted.json) return print_json(&wanted, results);
  print_table(&wanted, results);
  return 0;
}

/* Measures a method: time, memory and statements, each in a process of its own on a fresh copy of the database. The
   peak of memory is the process's high-water mark (VmHWM), set back right before the work. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

enum { PASSES = 5, ENOUGH_S = 1, TINY = 10000 /* a size that only shows that it works */ };

double bench_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void bench_fail(bench_run *run, const char *what, const char *why) {
  if (run->failed) return;
  run->failed = true;
  snprintf(run->message, sizeof run->message, "%s: %s", what, why);
}

static int64_t status_kb(const char *field) {
  char line[200];
  long long kb = -1;
  FILE *status = fopen("/proc/self/status", "r");
  if (!status) return -1;
  while (fgets(line, sizeof line, status))
    if (!strncmp(line, field, strlen(field))) sscanf(line + strlen(field), ": %lld", &kb);
  fclose(status);
  return kb;
}

static void reset_peak(void) {
  int fd = open("/proc/self/clear_refs", O_WRONLY);
  if (fd < 0) return;
  if (write(fd, "5", 1) != 1) perror("clear_refs");
  close(fd);
}

static int by_seconds(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double once(const bench_method *method, bench_run *run, void *session) {
  run->statements = run->keys = run->digest = 0;
  double start = bench_now();
  method->work(run, session);
  return bench_now() - start;
}

static double median_of_passes(const bench_method *method, bench_run *run, void *session) {
  double seconds[PASSES], all = 0;
  size_t done = 0, passes = run->size < TINY ? 1 : PASSES;
  once(method, run, session);
  for (; done < passes && all < ENOUGH_S && !run->failed; done++) all += seconds[done] = once(method, run, session);
  qsort(seconds, done, sizeof *seconds, by_seconds);
  return done ? seconds[done / 2] : 0;
}

static void work(const bench_method *method, bench_run *run) {
  if (run->workload->engine->warm) run->workload->engine->warm();
  void *session = method->open(run);
  if (!run->failed) {
    int64_t before = status_kb("VmRSS");
    reset_peak();
    run->seconds = run->workload->reads ? median_of_passes(method, run, session) : once(method, run, session);
    run->rss_growth_kb = status_kb("VmHWM") - before;
  }
  if (session) method->close(session);
}

static void call(const bench_method *method, bench_run *run) {
  char command[2 * NAME_ROOM + 100], line[200] = "";
  unsigned long long statements = 0, keys = 0, digest = 0;
  int numbers = run->workload->reads ? 6 : 4;
  long long growth = 0;
  snprintf(command, sizeof command, "'%.*s' %s '%s' %lld", NAME_ROOM, method->program, run->workload->engine->name, run->database,
           (long long)run->size);
  FILE *output = popen(command, "r");
  bool read = output && fgets(line, sizeof line, output) &&
              sscanf(line, "%lf %llu %lf %lld %llu %llu", &run->seconds, &statements, &run->longest_tx_s, &growth, &keys,
                     &digest) == numbers;
  if (!output || pclose(output) || !read) bench_fail(run, method->program, "failed, or did not print its numbers");
  run->statements = statements;
  run->rss_growth_kb = growth;
  run->keys = keys;
  run->digest = digest;
}

void bench_measure(const bench_method *method, bench_run *run) {
  if (method->program) {
    call(method, run);
    return;
  }
  int ends_of_pipe[2];
  if (pipe(ends_of_pipe)) {
    bench_fail(run, method->name, "no pipe");
    return;
  }
  fflush(NULL);
  pid_t child = fork();
  if (child == 0) {
    work(method, run);
    _exit(write(ends_of_pipe[1], run, sizeof *run) == (ssize_t)sizeof *run ? 0 : 1);
  }
  close(ends_of_pipe[1]);
  bench_run result;
  if (child > 0 && read(ends_of_pipe[0], &result, sizeof result) == (ssize_t)sizeof result) *run = result;
  else bench_fail(run, method->name, "its process ended early");
  close(ends_of_pipe[0]);
  if (child > 0) waitpid(child, NULL, 0);
}

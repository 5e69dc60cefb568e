/* Measures a method: time, memory and statements, each in a process of its own on a fresh copy of the database.

   Memory: SQLite's page cache is one static buffer of the same size for every method, written to before the measurement
   starts, so that pages of the database never count; what grows is what a method itself holds. The peak is the
   process's high-water mark (VmHWM), set back right before the work. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

enum { PAGE_BYTES = 4096 };

static const char *const settings[] = {"PRAGMA foreign_keys = ON",   "PRAGMA journal_mode = WAL",
                                       "PRAGMA synchronous = FULL",  "PRAGMA cache_size = -262144",
                                       "PRAGMA temp_store = MEMORY", "PRAGMA mmap_size = 0",
                                       "PRAGMA wal_autocheckpoint = 4096"};

const char *bench_setting(uint32_t position) {
  return position < sizeof settings / sizeof *settings ? settings[position] : NULL;
}

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

bool bench_execute(bench_run *run, sqlite3 *db, const char *sql) {
  if (run->failed) return false;
  run->statements++;
  if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK) bench_fail(run, sql, sqlite3_errmsg(db));
  return !run->failed;
}

sqlite3 *bench_sqlite_open(bench_run *run) {
  sqlite3 *db = NULL;
  if (sqlite3_open_v2(run->path, &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK) bench_fail(run, "open", run->path);
  for (uint32_t i = 0; !run->failed && bench_setting(i); i++) bench_execute(run, db, bench_setting(i));
  run->statements = 0;
  return db;
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

/* The page cache's memory, all of it in use before the measurement. */
static void *static_cache(bench_run *run) {
  int header = 0;
  sqlite3_config(SQLITE_CONFIG_PCACHE_HDRSZ, &header);
  int slot = (PAGE_BYTES + header + 7) & ~7, slots = CACHE_KB / (PAGE_BYTES / 1024) + 1000;
  size_t bytes = (size_t)slot * (size_t)slots;
  void *memory = malloc(bytes);
  if (!memory) {
    bench_fail(run, "page cache", "no memory");
    return NULL;
  }
  memset(memory, 1, bytes);
  sqlite3_config(SQLITE_CONFIG_PAGECACHE, memory, slot, slots);
  return memory;
}

static bool copy_file(const char *from, const char *to) {
  bool copied = false;
  int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (in >= 0 && out >= 0) {
    ssize_t n;
    do n = sendfile(out, in, NULL, 1 << 24);
    while (n > 0);
    copied = n == 0 && !fsync(out);
  }
  if (in >= 0) close(in);
  if (out >= 0) close(out);
  return copied;
}

static void work(const bench_method *method, bench_run *run) {
  void *cache = static_cache(run);
  void *session = run->failed ? NULL : method->open(run);
  if (!run->failed) {
    int64_t before = status_kb("VmRSS");
    reset_peak();
    double start = bench_now();
    method->work(run, session);
    run->seconds = bench_now() - start;
    run->rss_growth_kb = status_kb("VmHWM") - before;
  }
  if (session) method->close(session);
  sqlite3_shutdown();
  free(cache);
}

void bench_measure(const bench_method *method, const char *original, bench_run *run) {
  static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
  char path[600];
  for (int i = 0; i < 4; i++) {
    snprintf(path, sizeof path, "%s%s", run->path, ends[i]);
    unlink(path);
  }
  int ends_of_pipe[2];
  if (!copy_file(original, run->path) || pipe(ends_of_pipe)) {
    bench_fail(run, "copy", run->path);
    return;
  }
  sync();
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

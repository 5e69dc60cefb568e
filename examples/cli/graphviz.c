/* Graphviz as a child process: it reads a DOT text from a file without name, and its answer comes through a pipe. */
#include "picture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

#define MISSING "Graphviz is missing: install the package graphviz, which has the program dot"

static long milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* 0, or an errno. */
static int start(const char *format, int from, int to, pid_t *child) {
  char option[32];
  snprintf(option, sizeof option, "-T%s", format);
  posix_spawn_file_actions_t files;
  int failed = posix_spawn_file_actions_init(&files);
  if (failed) return failed;
  if (!(failed = posix_spawn_file_actions_adddup2(&files, from, STDIN_FILENO)) &&
      !(failed = posix_spawn_file_actions_adddup2(&files, to, STDOUT_FILENO)) &&
      !(failed = posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0)))
    failed = posix_spawnp(child, "dot", &files, NULL, (char *[]){"dot", option, NULL}, environ);
  posix_spawn_file_actions_destroy(&files);
  return failed;
}

/* Reads to the end; false when that did not come in time, or something failed. */
static bool collect(int from, FILE *into, long deadline) {
  char part[1 << 14];
  for (;;) {
    struct pollfd ready = {.fd = from, .events = POLLIN};
    long left = deadline - milliseconds();
    int events = left > 0 ? poll(&ready, 1, (int)left) : 0;
    if (events < 0 && errno == EINTR) continue; /* the child had the interrupt too */
    ssize_t got = events > 0 ? read(from, part, sizeof part) : -1;
    if (got <= 0) return !got;
    if (fwrite(part, 1, (size_t)got, into) != (size_t)got) return false;
  }
}

/* The text as a file without name, read from its start; -1 when there is no place for it. */
static int as_file(const char *dot) {
  FILE *file = tmpfile();
  if (!file) return -1;
  int copy = fputs(dot, file) >= 0 && !fflush(file) && !fseek(file, 0, SEEK_SET) ? fcntl(fileno(file), F_DUPFD_CLOEXEC, 3) : -1;
  fclose(file);
  return copy;
}

/* Waits for the child; whether it ended well. */
static bool ended_well(pid_t child) {
  int status = -1;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  return WIFEXITED(status) && !WEXITSTATUS(status);
}

static cascade_status converse(cli_session *session, const char *format, int input, int seconds, char **out,
                               cascade_error **error) {
  int ends[2];
  pid_t child;
  if (pipe2(ends, O_CLOEXEC)) return session_fail(session, CASCADE_UNSUPPORTED, error, "no pipe to Graphviz: %s", strerror(errno));
  int failed = start(format, input, ends[1], &child);
  close(ends[1]);
  if (failed) {
    close(ends[0]);
    return failed == ENOENT ? session_fail(session, CASCADE_UNSUPPORTED, error, MISSING)
                            : session_fail(session, CASCADE_UNSUPPORTED, error, "Graphviz does not start: %s", strerror(failed));
  }
  size_t length;
  FILE *answer = open_memstream(out, &length);
  long deadline = milliseconds() + seconds * 1000L;
  bool whole = answer && collect(ends[0], answer, deadline), late = milliseconds() >= deadline;
  close(ends[0]);
  if (!whole) kill(child, SIGKILL);
  if (answer && fclose(answer)) whole = false;
  if (ended_well(child) && whole) return CASCADE_OK;
  if (answer) free(*out);
  *out = NULL;
  if (late)
    return session_fail(
        session, CASCADE_UNSUPPORTED, error,
        "Graphviz has not drawn this in %d seconds: name a table, or take --format html, which shows a part at a time", seconds);
  return session_fail(session, CASCADE_UNSUPPORTED, error, "Graphviz failed; 'cascade graph ... --format dot | dot -T%s' shows why",
                      format);
}

cascade_status graphviz_run(cli_session *session, const char *format, const char *dot, int seconds, char **out,
                            cascade_error **error) {
  *out = NULL;
  int input = as_file(dot);
  if (input < 0) return session_fail(session, CASCADE_UNSUPPORTED, error, "no place for Graphviz's input: %s", strerror(errno));
  cascade_status status = converse(session, format, input, seconds, out, error);
  close(input);
  return status;
}

/* Graphviz writes colours as attributes, which a style outranks. */
static const char dark[] =
    "\n<style>text[fill=\"steelblue\"] { fill: #2b6499 }"
    " @media (prefers-color-scheme: dark) { :root { background: #10151c } polygon[fill=\"white\"] { fill: #10151c } text { fill: "
    "#e6edf3 }"
    " [stroke=\"black\"] { stroke: #aab4bf } [fill=\"black\"] { fill: #aab4bf }"
    " [stroke=\"firebrick\"] { stroke: #ff7b72 } [fill=\"firebrick\"] { fill: #ff7b72 }"
    " [stroke=\"darkorchid\"] { stroke: #d2a8ff } [fill=\"darkorchid\"] { fill: #d2a8ff }"
    " [stroke=\"steelblue\"] { stroke: #79c0ff } [fill=\"steelblue\"], text[fill=\"steelblue\"] { fill: #79c0ff } }</style>";

static const char legend[] = "\n  fontname=\"sans-serif\"; fontsize=11;\n"
                             "  label=<a row that refers to a deleted one <font color=\"firebrick\">is deleted too</font>, "
                             "<font color=\"darkorchid\">blocks</font>, <font color=\"steelblue\">is rewritten</font>; "
                             "dashed: without an index>;";

enum { LARGE = 1500 };

/* A line for each table and relation. Among so many, Graphviz would shift boxes for most of a minute to make lines a little shorter
   that nobody can follow. */
static bool is_large(const char *dot) {
  size_t lines = 0;
  while ((dot = strchr(dot, '\n'))) {
    dot++;
    lines++;
  }
  return lines > LARGE;
}

cascade_status graphviz_print(cli_session *session, const char *dot, cascade_error **error) {
  char *svg = NULL, *explained = NULL;
  int head = (int)strcspn(dot, "{") + 1;
  const char *haste = is_large(dot) ? "\n  nslimit=1;" : "";
  if (asprintf(&explained, "%.*s%s%s%s", head, dot, haste, legend, dot + head) < 0)
    return session_fail(session, CASCADE_NOMEM, error, "out of memory");
  cascade_status status = graphviz_run(session, "svg", explained, DRAW_SECONDS, &svg, error);
  free(explained);
  if (status < 0) return status;
  char *root = strstr(svg, "<svg"), *inside = root ? strchr(root, '>') : NULL;
  if (inside) {
    fwrite(svg, 1, (size_t)(inside + 1 - svg), stdout);
    fputs(dark, stdout);
  }
  put_text(inside ? inside + 1 : svg);
  free(svg);
  return status;
}

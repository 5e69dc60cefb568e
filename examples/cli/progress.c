#include "progress.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define SECOND UINT64_C(1000000000)

enum { BAR = 24 };

uint64_t progress_clock(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

void progress_begin(progress *line, const cli_options *options, const cascade_graph *graph, uint64_t expected) {
  *line = (progress){.on = !options->json_progress && isatty(STDERR_FILENO),
                     .json = options->json_progress,
                     .graph = graph,
                     .expected = expected,
                     .began = progress_clock()};
}

/* One line for a program; without memory, or with names that are not UTF-8, there is none. */
static void put_json(json_t *object) {
  char *text = object ? json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(6)) : NULL;
  if (text) fprintf(stderr, "%s\n", text);
  free(text);
  json_decref(object);
}

/* From 0 to 1; negative when nobody knows. A single selected row says nothing: it goes last. */
static double share(const progress *line, const cascade_batch_info *batch) {
  double part = -1;
  if (line->expected) part = (double)batch->total_deleted / (double)line->expected;
  else if (batch->roots_expected > 1) part = (double)batch->roots_done / (double)batch->roots_expected;
  return part > 1 ? 1 : part;
}

static void put_bar(char *out, size_t room, double part) {
  char bar[BAR + 1];
  int full = (int)(part * BAR);
  memset(bar, '#', (size_t)full);
  memset(bar + full, '-', (size_t)(BAR - full));
  bar[BAR] = '\0';
  snprintf(out, room, "%3d%% [%s] ", (int)(part * 100), bar);
}

static void put_remaining(char *out, size_t room, double left) {
  if (left < 360000) snprintf(out, room, "  ETA %d:%02d", (int)left / 60, (int)left % 60);
}

/* No more than the terminal is wide. */
static void put_line(const char *text, int length) {
  struct winsize window = {0};
  int columns = ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 1 ? window.ws_col - 1 : 79;
  if (length > columns) length = columns;
  fprintf(stderr, "\r%.*s\033[K", length, text);
  fflush(stderr);
}

static void paint(const progress *line, const progress_state *now, double rate, double left) {
  char bar[64] = "", remaining[32] = "", text[512];
  if (now->part >= 0) put_bar(bar, sizeof bar, now->part);
  if (now->part > 0) put_remaining(remaining, sizeof remaining, left);
  int length = snprintf(text, sizeof text, "%s%s rows  %s/s%s  %s  longest %.0f ms", bar, number_text(now->rows).text,
                        number_text((uint64_t)rate).text, remaining, now->what, (double)line->longest / 1e6);
  put_line(text, length);
}

void progress_paint(progress *line, const progress_state *now) {
  uint64_t clock = progress_clock();
  if (now->nanoseconds > line->longest) line->longest = now->nanoseconds;
  if (!line->on && !line->json) return;
  if (line->painted && clock - line->painted < SECOND / 10 && now->part < 1) return;
  line->painted = clock;
  double seconds = (double)(clock - line->began) / (double)SECOND, rate = seconds > 0 ? (double)now->rows / seconds : 0;
  double left = now->part > 0 ? seconds * (1 - now->part) / now->part : -1;
  if (line->on) paint(line, now, rate, left);
  else
    put_json(json_pack("{s:o, s:I, s:f, s:f, s:o, s:s, s:f}", "part", now->part < 0 ? json_null() : json_real(now->part), "rows",
                       (json_int_t)now->rows, "rows_per_second", rate, "seconds", seconds, "seconds_left",
                       left < 0 ? json_null() : json_real(left), "table", now->what, "longest_ms", (double)line->longest / 1e6));
}

void progress_pause(progress *line, const cascade_pause *pause) {
  char text[512];
  bool fresh = !line->paused;
  line->paused = pause->reason != CASCADE_PAUSE_OVER;
  if (line->json) {
    put_json(json_pack("{s:b, s:s, s:f}", "paused", line->paused, "reason", pause->text, "waited_ms", (double)pause->waited_ms));
    return;
  }
  if (!line->on && line->paused && fresh) fprintf(stderr, "Paused: %s\n", pause->text);
  if (!line->on && !line->paused) fprintf(stderr, "Going on, after a pause of %.1f s\n", (double)pause->waited_ms / 1e3);
  if (!line->on || !line->paused) return;
  line->painted = progress_clock();
  put_line(text, snprintf(text, sizeof text, "paused for %llu s: %s", (unsigned long long)pause->waited_ms / 1000, pause->text));
}

void progress_show(progress *line, const cascade_batch_info *batch) {
  cascade_table_info table = {.size = sizeof table};
  cascade_graph_table(line->graph, batch->table, &table);
  progress_paint(line, &(progress_state){.part = share(line, batch),
                                         .rows = batch->total_deleted,
                                         .nanoseconds = batch->nanoseconds,
                                         .what = table.label ? table.label : ""});
}

void progress_end(progress *line) {
  if (line->on && line->painted) fputs("\r\033[K", stderr);
  line->painted = 0;
}

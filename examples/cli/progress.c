#include "progress.h"

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

void progress_begin(progress *line, const cascade_graph *graph, uint64_t expected) {
  *line = (progress){.on = isatty(STDERR_FILENO), .graph = graph, .expected = expected, .began = progress_clock()};
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

static void put_remaining(char *out, size_t room, double part, double seconds) {
  double left = seconds * (1 - part) / part;
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

void progress_paint(progress *line, double part, uint64_t rows, const char *what) {
  uint64_t now = progress_clock();
  if (!line->on || (line->painted && now - line->painted < SECOND / 10)) return;
  line->painted = now;
  double seconds = (double)(now - line->began) / (double)SECOND;
  char bar[64] = "", remaining[32] = "", text[512];
  if (part >= 0) put_bar(bar, sizeof bar, part);
  if (part > 0) put_remaining(remaining, sizeof remaining, part, seconds);
  int length = snprintf(text, sizeof text, "%s%s rows  %s/s%s  %s", bar, number_text(rows).text,
                        number_text(seconds > 0 ? (uint64_t)((double)rows / seconds) : 0).text, remaining, what);
  put_line(text, length);
}

void progress_pause(progress *line, const cascade_pause *pause) {
  char text[512];
  bool fresh = !line->paused;
  line->paused = pause->reason != CASCADE_PAUSE_OVER;
  if (!line->on && line->paused && fresh) fprintf(stderr, "Paused: %s\n", pause->text);
  if (!line->on && !line->paused) fprintf(stderr, "Going on, after a pause of %.1f s\n", (double)pause->waited_ms / 1e3);
  if (!line->on || !line->paused) return;
  line->painted = progress_clock();
  put_line(text, snprintf(text, sizeof text, "paused for %llu s: %s", (unsigned long long)pause->waited_ms / 1000, pause->text));
}

void progress_show(progress *line, const cascade_batch_info *batch) {
  cascade_table_info table = {.size = sizeof table};
  cascade_graph_table(line->graph, batch->table, &table);
  progress_paint(line, share(line, batch), batch->total_deleted, table.label ? table.label : "");
}

void progress_end(progress *line) {
  if (line->painted) fputs("\r\033[K", stderr);
  line->painted = 0;
}

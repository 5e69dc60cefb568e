/* The line on a terminal that says how far a purge, or a fill, is. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include "cli.h"

typedef struct progress {
  bool on; /* stderr is a terminal */
  bool paused;
  const cascade_graph *graph;
  uint64_t expected;       /* rows that the plan counted; 0 when unknown */
  uint64_t began, painted; /* nanoseconds */
} progress;

uint64_t progress_clock(void); /* nanoseconds */
void progress_begin(progress *line, const cascade_graph *graph, uint64_t expected);
/* part: from 0 to 1, or negative when nobody knows. Repaints at most ten times a second. */
void progress_paint(progress *line, double part, uint64_t rows, const char *what);
/* A word of why nothing moves; a pause that is new is told also where there is no terminal. */
void progress_pause(progress *line, const cascade_pause *pause);
void progress_show(progress *line, const cascade_batch_info *batch);
void progress_end(progress *line); /* leaves a clean line */

#endif

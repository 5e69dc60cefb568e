/* How far a purge, or a fill, is: a line on a terminal, or lines of JSON. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include "cli.h"

typedef struct progress {
  bool on; /* stderr is a terminal */
  bool json;
  bool paused;
  const cascade_graph *graph;
  uint64_t expected;                /* rows that the plan counted; 0 when unknown */
  uint64_t began, painted, longest; /* nanoseconds */
} progress;

/* Where the work is after a transaction. */
typedef struct progress_state {
  double part; /* from 0 to 1, or negative when nobody knows */
  uint64_t rows, nanoseconds;
  const char *what; /* the table */
} progress_state;

uint64_t progress_clock(void); /* nanoseconds */
void progress_begin(progress *line, const cli_options *options, const cascade_graph *graph, uint64_t expected);
/* Paints, or writes, at most ten times a second; whatever the time when all is done. */
void progress_paint(progress *line, const progress_state *now);
/* A word of why nothing moves; a pause that is new is told also where there is no terminal. */
void progress_pause(progress *line, const cascade_pause *pause);
void progress_show(progress *line, const cascade_batch_info *batch);
void progress_end(progress *line); /* leaves a clean line */

#endif

/* The line on a terminal that says how far a purge is. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include "cli.h"

typedef struct progress {
  bool on; /* stderr is a terminal */
  const cascade_graph *graph;
  uint64_t expected;       /* rows that the plan counted; 0 when unknown */
  uint64_t began, painted; /* nanoseconds */
} progress;

uint64_t progress_clock(void); /* nanoseconds */
void progress_begin(progress *line, const cascade_graph *graph, uint64_t expected);
void progress_show(progress *line, const cascade_batch_info *batch); /* repaints at most ten times a second */
void progress_end(progress *line);                                   /* leaves a clean line */

#endif

/* A directory of a test's own. */
#ifndef SCRATCH_H
#define SCRATCH_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { SCRATCH_ROOM = 160 };

/* Where TMPDIR says, else in /tmp; false when it cannot be made. */
static inline bool scratch_directory(char path[SCRATCH_ROOM], const char *name) {
  const char *parent = getenv("TMPDIR");
  int length = snprintf(path, SCRATCH_ROOM, "%s/cascade-%s-XXXXXX", parent && *parent ? parent : "/tmp", name);
  return length < SCRATCH_ROOM && mkdtemp(path);
}

#endif

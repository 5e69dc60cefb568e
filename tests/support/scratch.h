/* A directory of a test's own. */
#ifndef SCRATCH_H
#define SCRATCH_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { SCRATCH_ROOM = 160 };

/* Where TMPDIR says, else in /tmp; false when it cannot be made. */
static inline bool scratch_directory(char path[SCRATCH_ROOM], const char *name) {
  const char *parent = getenv("TMPDIR");
  int length = snprintf(path, SCRATCH_ROOM, "%s/cascade-%s-XXXXXX", parent && *parent ? parent : "/tmp", name);
  return length < SCRATCH_ROOM && mkdtemp(path);
}

/* In memory where there is such a place: for what would otherwise wait for a disk. */
static inline bool scratch_in_memory(char path[SCRATCH_ROOM], const char *name) {
  if (access("/dev/shm", W_OK) != 0) return scratch_directory(path, name);
  return snprintf(path, SCRATCH_ROOM, "/dev/shm/cascade-%s-XXXXXX", name) < SCRATCH_ROOM && mkdtemp(path);
}

#endif

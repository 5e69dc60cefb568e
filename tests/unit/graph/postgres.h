/* Graphs of PostgreSQL databases of a test's own, through the driver that a test's first argument names: pq or dbi. */
#ifndef POSTGRES_H
#define POSTGRES_H

#include "memory.h"
#include "test_server.h"

typedef struct fixture {
  test_database *database;
  memory *m;
} fixture;

extern const char *fixture_driver;

fixture begin(const char *script);
void end(fixture f);
/* On the library's own session. */
void control(const fixture *f, const char *sql);
/* Runs a script beside it, and reads the graph anew. */
void again(const fixture *f, const char *script);

void assert_text(const char *text, const char *wanted); /* either may be NULL */
void assert_names(const char *const *names, uint32_t count, const char *joined);

#endif

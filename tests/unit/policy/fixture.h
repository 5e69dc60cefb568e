/* A graph read from a database in memory, with an allocator that can be made to fail and that sees what is kept. */
#ifndef FIXTURE_H
#define FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cascade.h>

#include <sqlite3.h>

typedef struct fixture {
  sqlite3 *db;
  cascade_context *context;
  cascade_connection *connection;
  cascade_graph *graph;
  long live;   /* pieces of memory that are not freed */
  long budget; /* allocations that may still succeed; negative for no bound */
} fixture;

fixture *fixture_open(const char *ddl);
void fixture_close(fixture *f); /* fails the test when memory was kept */

/* Tables with every kind of relation that the policy has to tell apart. */
extern const char fixture_museum[];

/* The failure must be of this status, and its message must have every word in the list, which NULL ends. Frees it. */
void assert_failure(cascade_error *error, cascade_status status, const char *const *words);

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

#endif

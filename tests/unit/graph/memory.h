/* Graphs of databases in memory, with an allocator that can be made to fail and that counts what is not freed. */
#ifndef MEMORY_H
#define MEMORY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cascade.h>

#include <sqlite3.h>

#include "graph_internal.h"

typedef struct memory {
  cascade_context *context;
  sqlite3 *db; /* NULL for one that was connected to */
  cascade_connection *connection;
  cascade_graph *graph;
  long live;    /* pieces that are not freed */
  long allowed; /* allocations that will still succeed; negative for all */
} memory;

/* A database made by the script, and its graph. */
memory *memory_open(const char *script);
/* The graph of a database that is there. */
memory *memory_connect(const char *uri);
void memory_close(memory *m); /* fails the test when the library kept memory */
void memory_run(memory *m, const char *script);
void memory_read(memory *m); /* the graph anew */

/* All fail the test when there is no such thing. A relation is named by the start of its label. */
const casc_table *table_of(const memory *m, const char *name);
const casc_column *column_of(const memory *m, const char *table, const char *name);
const casc_index *index_of(const memory *m, const char *table, const char *name);
const casc_relation *relation_of(const memory *m, const char *label);

/* The failure must be of this status, and its message, of one line, must have every word in the list, which NULL ends. Frees it. */
void assert_failure(cascade_error *error, cascade_status status, const char *const *words);

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

#endif

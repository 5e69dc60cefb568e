/* A database in memory behind a driver that fails by a script, and memory that can run out; and sweeps: one fault at each place in
   turn, until a run meets none. */
#ifndef FAULT_RIG_H
#define FAULT_RIG_H

#include "failing_alloc.h"
#include "fault_driver.h"

#include <cascade.h>
#include <sqlite3.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

typedef struct fault_rig {
  sqlite3 *db;
  failing_alloc memory;
  cascade_context *context;
  fault_driver *driver;
  cascade_connection *connection;
  void *own; /* what the test keeps beside; stays when the rig is made anew */
} fault_rig;

void fault_rig_make(fault_rig *at, const char *schema);
/* Fails the test when the library kept memory. */
void fault_rig_drop(fault_rig *at);
/* No more faults, and memory enough. */
void fault_rig_heal(fault_rig *at);
void fault_rig_run(fault_rig *at, const char *script);
/* The number that a query gives; -1 for no row. */
int fault_rig_ask(const fault_rig *at, const char *query);

/* A failure has an error of its own with its status and a message; anything else has none. Frees it and returns the status. */
cascade_status fault_told(cascade_status status, cascade_error *error);

/* What became of what was done under faults. */
typedef struct fault_outcome {
  cascade_status status;
  bool met;            /* a fault came on the way */
  const fault *script; /* of the driver; NULL where memory ran out */
} fault_outcome;

/* What is done under faults, what goes before it and after it without. */
typedef struct fault_scene {
  void (*make)(fault_rig *at);
  cascade_status (*use)(fault_rig *at);
  void (*after)(fault_rig *at, const fault_outcome *outcome); /* a transaction that even ROLLBACK could not end is rolled back */
  void (*drop)(fault_rig *at);
  cascade_status done; /* what an undisturbed `use` returns */
  uint64_t stride;     /* how far apart faults are, instead of 1; seven times as far with CASCADE_QUICK, 1 with CASCADE_LONG */
  long dense;          /* so many allocations fail that near each other, instead of 200; the later ones seven times as far apart */
} fault_scene;

/* The script at each call that it counts. */
void fault_sweep_calls(const fault_scene *scene, void *own, fault script);
/* Memory that runs out at each allocation; after many, at fewer: by then the same places come again and again. */
void fault_sweep_memory(const fault_scene *scene, void *own);

#endif

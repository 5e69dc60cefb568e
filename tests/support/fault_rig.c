#include "fault_rig.h"

#include <string.h>

void fault_rig_make(fault_rig *at, const char *schema) {
  *at = (fault_rig){.memory = {.allowed = -1}, .own = at->own};
  assert_int_equal(sqlite3_open(":memory:", &at->db), SQLITE_OK);
  fault_rig_run(at, schema);
  assert_non_null(at->context = failing_context(&at->memory));
  assert_non_null(at->driver = fault_driver_over_sqlite(at->context, at->db));
  assert_int_equal(fault_driver_connect(at->driver, &at->connection, NULL), CASCADE_OK);
}

void fault_rig_drop(fault_rig *at) {
  cascade_connection_free(at->connection);
  cascade_context_free(at->context);
  assert_int_equal(at->memory.live, 0);
  assert_int_equal(sqlite3_close(at->db), SQLITE_OK);
}

void fault_rig_heal(fault_rig *at) {
  fault_driver_script(at->driver, &(fault){0});
  at->memory.allowed = -1;
  at->memory.failed = false;
}

void fault_rig_run(fault_rig *at, const char *script) {
  if (sqlite3_exec(at->db, script, NULL, NULL, NULL)) fail_msg("%s: %s", script, sqlite3_errmsg(at->db));
}

int fault_rig_ask(const fault_rig *at, const char *query) {
  sqlite3_stmt *statement = NULL;
  if (sqlite3_prepare_v2(at->db, query, -1, &statement, NULL)) fail_msg("%s: %s", query, sqlite3_errmsg(at->db));
  int value = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int(statement, 0) : -1;
  sqlite3_finalize(statement);
  return value;
}

cascade_status fault_told(cascade_status status, cascade_error *error) {
  if (status < 0) {
    assert_non_null(error);
    assert_int_equal(cascade_error_status(error), status);
    assert_true(strlen(cascade_error_message(error)) > 0);
  } else {
    assert_null(error);
  }
  cascade_error_free(error);
  return status;
}

static uint64_t stride(const fault_scene *scene) {
  uint64_t usual = scene->stride && !getenv("CASCADE_LONG") ? scene->stride : 1;
  return getenv("CASCADE_QUICK") ? 7 * usual : usual;
}

/* Sweeps begin at different places, so that together they come to all. */
static uint64_t beginning(uint64_t step) {
  static uint64_t sweeps;
  return sweeps++ % step;
}

/* `use`, with the script or, without one, with so many allocations. Whether a fault was met. */
static bool go(const fault_scene *scene, void *own, const fault *script, long allowed) {
  fault_rig at = {.own = own};
  scene->make(&at);
  if (script) fault_driver_script(at.driver, script);
  else at.memory.allowed = allowed;
  fault_outcome outcome = {.status = scene->use(&at), .script = script};
  outcome.met = script ? at.driver->fired : at.memory.failed;
  fault_rig_heal(&at);
  if (!outcome.met) assert_int_equal(outcome.status, scene->done);
  if (outcome.met && !script) assert_true(outcome.status < 0);
  if (!sqlite3_get_autocommit(at.db)) { /* closing would undo it, too */
    assert_true(outcome.status < 0);
    fault_rig_run(&at, "ROLLBACK");
  }
  scene->after(&at, &outcome);
  scene->drop(&at);
  return outcome.met;
}

void fault_sweep_calls(const fault_scene *scene, void *own, fault script) {
  uint64_t step = script.match ? 1 : stride(scene); /* of some statements there are few */
  script.at = 1 + beginning(step);
  for (; go(scene, own, &script, -1); script.at += step) assert_true(script.at < 5000);
}

void fault_sweep_memory(const fault_scene *scene, void *own) {
  long step = (long)stride(scene), dense = scene->dense ? scene->dense : 200;
  for (long n = 0; go(scene, own, NULL, n); n += n > dense ? 7 * step : step) {
  }
}

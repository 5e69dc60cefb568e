#include "fixture.h"

#include <stdlib.h>
#include <string.h>

const char fixture_museum[] =
    "CREATE TABLE agent (id INTEGER PRIMARY KEY, name TEXT UNIQUE, code TEXT, region TEXT, UNIQUE (code, region));"
    "CREATE TABLE loan (id INTEGER PRIMARY KEY, borrower_id INTEGER REFERENCES agent,"
    " lender_id INTEGER NOT NULL REFERENCES agent ON DELETE CASCADE, code TEXT, region TEXT, total INTEGER,"
    " twice INTEGER GENERATED ALWAYS AS (total * 2) STORED REFERENCES agent,"
    " FOREIGN KEY (code, region) REFERENCES agent (code, region) ON DELETE SET NULL);"
    "CREATE TABLE note (id INTEGER PRIMARY KEY, object_id INTEGER, object_type TEXT, parent_id INTEGER);"
    "CREATE TABLE twin (id INTEGER PRIMARY KEY, x INTEGER REFERENCES agent REFERENCES loan,"
    " y INTEGER REFERENCES agent (id) REFERENCES agent (name), z INTEGER REFERENCES agent REFERENCES agent);"
    "CREATE TABLE pair (a TEXT, b INTEGER, c, PRIMARY KEY (a, b));"
    "CREATE TABLE orphan (id INTEGER PRIMARY KEY, gone_id INTEGER REFERENCES gone);"
    "CREATE TABLE audit_log (id INTEGER PRIMARY KEY, agent_id INTEGER REFERENCES agent ON DELETE CASCADE);"
    "CREATE TABLE task (id INTEGER PRIMARY KEY, owner_id INTEGER REFERENCES agent ON DELETE SET DEFAULT);"
    "CREATE TABLE bare (x INTEGER, y TEXT);"
    "CREATE VIEW agent_names AS SELECT id, name FROM agent;";

static void *allocate(void *data, size_t bytes) {
  fixture *f = data;
  if (f->budget == 0) return NULL;
  if (f->budget > 0) f->budget--;
  void *memory = malloc(bytes);
  f->live += memory != NULL;
  return memory;
}

static void *reallocate(void *data, void *memory, size_t bytes) {
  fixture *f = data;
  if (f->budget == 0) return NULL;
  if (f->budget > 0) f->budget--;
  return realloc(memory, bytes);
}

static void release(void *data, void *memory) {
  fixture *f = data;
  f->live--;
  free(memory);
}

static void need(cascade_status status, cascade_error *error) {
  if (status < 0) fail_msg("%s: %s", cascade_status_name(status), cascade_error_message(error));
}

fixture *fixture_open(const char *ddl) {
  fixture *f = calloc(1, sizeof *f);
  cascade_error *error = NULL;
  char *why = NULL;
  assert_non_null(f);
  f->budget = -1;
  cascade_context_options options = {
      .size = sizeof options, .allocate = allocate, .reallocate = reallocate, .release = release, .allocator_data = f};
  assert_int_equal(sqlite3_open(":memory:", &f->db), SQLITE_OK);
  if (sqlite3_exec(f->db, ddl, NULL, NULL, &why) != SQLITE_OK) fail_msg("%s", why);
  need(cascade_context_new(&options, &f->context, &error), error);
  need(cascade_connection_adopt(f->context, "sqlite3", f->db, NULL, &f->connection, &error), error);
  need(cascade_graph_read(f->connection, NULL, &f->graph, &error), error);
  return f;
}

void fixture_close(fixture *f) {
  cascade_graph_free(f->graph);
  cascade_connection_free(f->connection);
  cascade_context_free(f->context);
  sqlite3_close(f->db);
  assert_int_equal(f->live, 0);
  free(f);
}

void assert_failure(cascade_error *error, cascade_status status, const char *const *words) {
  assert_non_null(error);
  const char *message = cascade_error_message(error);
  if (cascade_error_status(error) != status)
    fail_msg("%s, not %s: %s", cascade_status_name(cascade_error_status(error)), cascade_status_name(status), message);
  if (strchr(message, '\n')) fail_msg("more than one line: %s", message);
  for (; *words; words++)
    if (!strstr(message, *words)) fail_msg("\"%s\" is not in: %s", *words, message);
  cascade_error_free(error);
}

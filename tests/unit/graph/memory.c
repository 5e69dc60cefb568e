#include "memory.h"

#include <stdlib.h>
#include <string.h>

static bool may(memory *m) {
  if (m->allowed == 0) return false;
  if (m->allowed > 0) m->allowed--;
  return true;
}

static void *allocate(void *data, size_t bytes) {
  memory *m = data;
  void *piece = may(m) ? malloc(bytes) : NULL;
  m->live += piece != NULL;
  return piece;
}

static void *reallocate(void *data, void *piece, size_t bytes) {
  return may(data) ? realloc(piece, bytes) : NULL;
}

static void release(void *data, void *piece) {
  ((memory *)data)->live--;
  free(piece);
}

static void need(cascade_status status, cascade_error **error) {
  if (status < 0) fail_msg("%s: %s", cascade_status_name(status), cascade_error_message(*error));
}

void memory_run(memory *m, const char *script) {
  char *why = NULL;
  if (sqlite3_exec(m->db, script, NULL, NULL, &why) != SQLITE_OK) fail_msg("%s: %s", script, why);
}

void memory_read(memory *m) {
  cascade_error *error = NULL;
  cascade_graph_free(m->graph);
  need(cascade_graph_read(m->connection, NULL, &m->graph, &error), &error);
}

static memory *new_memory(void) {
  memory *m = calloc(1, sizeof *m);
  cascade_error *error = NULL;
  assert_non_null(m);
  m->allowed = -1;
  cascade_context_options options = {
      .size = sizeof options, .allocate = allocate, .reallocate = reallocate, .release = release, .allocator_data = m};
  need(cascade_context_new(&options, &m->context, &error), &error);
  return m;
}

memory *memory_connect(const char *uri) {
  memory *m = new_memory();
  cascade_error *error = NULL;
  need(cascade_connection_open(m->context, uri, NULL, &m->connection, &error), &error);
  memory_read(m);
  return m;
}

memory *memory_open(const char *script) {
  memory *m = new_memory();
  cascade_error *error = NULL;
  assert_int_equal(sqlite3_open(":memory:", &m->db), SQLITE_OK);
  memory_run(m, script);
  need(cascade_connection_adopt(m->context, "sqlite3", m->db, NULL, &m->connection, &error), &error);
  memory_read(m);
  return m;
}

void memory_close(memory *m) {
  cascade_graph_free(m->graph);
  cascade_connection_free(m->connection);
  cascade_context_free(m->context);
  sqlite3_close(m->db);
  assert_int_equal(m->live, 0);
  free(m);
}

const casc_table *table_of(const memory *m, const char *name) {
  for (uint32_t i = 0; i < m->graph->table_count; i++)
    if (strcmp(m->graph->tables[i].label, name) == 0) return &m->graph->tables[i];
  fail_msg("no table %s", name);
  return NULL;
}

const casc_column *column_of(const memory *m, const char *table, const char *name) {
  const casc_table *of = table_of(m, table);
  for (uint32_t i = 0; i < of->column_count; i++)
    if (strcmp(of->columns[i].name, name) == 0) return &of->columns[i];
  fail_msg("no column %s of table %s", name, table);
  return NULL;
}

const casc_index *index_of(const memory *m, const char *table, const char *name) {
  const casc_table *of = table_of(m, table);
  for (uint32_t i = 0; i < of->index_count; i++)
    if (strcmp(of->indexes[i].name, name) == 0) return &of->indexes[i];
  fail_msg("no index %s of table %s", name, table);
  return NULL;
}

const casc_relation *relation_of(const memory *m, const char *label) {
  for (uint32_t i = 0; i < m->graph->relation_count; i++)
    if (strncmp(m->graph->relations[i].label, label, strlen(label)) == 0) return &m->graph->relations[i];
  fail_msg("no relation %s", label);
  return NULL;
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

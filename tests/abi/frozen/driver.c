/* A driver of somebody else, over SQLite, compiled with the frozen headers and used with the library of today: as it is, as an older
   one that ends before its last operation, and as a newer one that has more operations than the library knows. */
#include <cascade.h>

#include <sqlite3.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS 32

typedef struct cursor {
  sqlite3_stmt *statement;
  cascade_value row[COLUMNS];
} cursor;

static int asked; /* how often in_transaction was called */

static cascade_status fail(sqlite3 *handle, cascade_error **error) {
  cascade_error_details details = {.size = sizeof details, .status = CASCADE_DATABASE, .message = sqlite3_errmsg(handle)};
  return cascade_error_create(NULL, &details, error);
}

static cascade_status capabilities(void *self, cascade_capabilities *can, cascade_error **error) {
  (void)self;
  (void)error;
  can->engine = "sqlite";
  can->version = sqlite3_libversion();
  can->flags = CASCADE_CAN_SAVEPOINT | CASCADE_CAN_DEFER;
  can->max_parameters = 500;
  return CASCADE_OK;
}

static cascade_status prepare(sqlite3 *handle, const cascade_statement *statement, sqlite3_stmt **prepared, cascade_error **error) {
  if (sqlite3_prepare_v2(handle, statement->sql, -1, prepared, NULL) != SQLITE_OK) return fail(handle, error);
  for (uint32_t i = 0; i < statement->parameter_count; i++) {
    const cascade_value *value = &statement->parameters[i];
    if (value->type == CASCADE_INT64) sqlite3_bind_int64(*prepared, (int)i + 1, value->integer);
    else if (value->type == CASCADE_TEXT)
      sqlite3_bind_text(*prepared, (int)i + 1, value->length ? value->data : "", (int)value->length, SQLITE_TRANSIENT);
    else if (value->type != CASCADE_NULL) return fail(handle, error);
  }
  return CASCADE_OK;
}

static cascade_status execute(void *self, const cascade_statement *statement, uint64_t *affected, cascade_error **error) {
  sqlite3_stmt *prepared = NULL;
  cascade_status status = prepare(self, statement, &prepared, error);
  if (status >= 0 && sqlite3_step(prepared) != SQLITE_DONE) status = fail(self, error);
  sqlite3_finalize(prepared);
  *affected = (uint64_t)sqlite3_changes(self);
  return status;
}

static cascade_status query(void *self, const cascade_statement *statement, void **made, cascade_error **error) {
  cursor *opened = calloc(1, sizeof *opened);
  if (!opened || statement->column_count > COLUMNS) return free(opened), fail(self, error);
  cascade_status status = prepare(self, statement, &opened->statement, error);
  if (status >= 0) *made = opened;
  else {
    sqlite3_finalize(opened->statement);
    free(opened);
  }
  return status;
}

static cascade_status next(void *self, void *opened, const cascade_value **row, cascade_error **error) {
  cursor *at = opened;
  int done = sqlite3_step(at->statement);
  if (done == SQLITE_DONE) return CASCADE_DONE;
  if (done != SQLITE_ROW) return fail(self, error);
  for (int i = 0; i < sqlite3_column_count(at->statement); i++) {
    cascade_value *cell = &at->row[i];
    memset(cell, 0, sizeof *cell);
    switch (sqlite3_column_type(at->statement, i)) {
    case SQLITE_NULL: break;
    case SQLITE_INTEGER:
      cell->type = CASCADE_INT64;
      cell->integer = sqlite3_column_int64(at->statement, i);
      break;
    default:
      cell->type = CASCADE_TEXT;
      cell->data = (const char *)sqlite3_column_text(at->statement, i);
      cell->length = (uint64_t)sqlite3_column_bytes(at->statement, i);
    }
  }
  *row = at->row;
  return CASCADE_OK;
}

static void cursor_close(void *self, void *opened) {
  (void)self;
  sqlite3_finalize(((cursor *)opened)->statement);
  free(opened);
}

static int32_t in_transaction(void *self) {
  asked++;
  return !sqlite3_get_autocommit(self);
}

/* One with an operation that no library knows yet, behind those that came since, which it leaves out. */
typedef struct newer_driver {
  cascade_driver known;
  void (*left_out[16])(void *self);
  void (*unknown)(void *self);
} newer_driver;

static void never(void *self) {
  (void)self;
  fprintf(stderr, "the library calls what it cannot know\n");
  exit(1);
}

static const cascade_driver operations = {.size = sizeof operations, .abi_version = CASCADE_DRIVER_ABI, .name = "frozen",
                                          .capabilities = capabilities, .execute = execute, .query = query, .next = next,
                                          .cursor_close = cursor_close, .in_transaction = in_transaction};

static cascade_status purge_one(sqlite3 *handle, const cascade_driver *driver, int64_t key, cascade_error **error) {
  cascade_context *context = NULL;
  cascade_connection *connection = NULL;
  cascade_graph *graph = NULL;
  cascade_policy *policy = NULL;
  cascade_selection *selection = NULL;
  cascade_purge *purge = NULL;
  const cascade_batch_info *batch = NULL;
  cascade_status status = cascade_context_new(NULL, &context, error);
  if (status >= 0) status = cascade_connection_new(context, driver, handle, NULL, &connection, error);
  if (status >= 0) status = cascade_graph_read(connection, NULL, &graph, error);
  if (status >= 0) status = cascade_policy_new(graph, NULL, &policy, error);
  if (status >= 0) status = cascade_selection_integers(graph, "agent", &key, 1, &selection, error);
  if (status >= 0) status = cascade_purge_new(connection, policy, selection, NULL, &purge, error);
  while (status == CASCADE_OK) status = cascade_purge_next(purge, &batch, error);
  cascade_purge_free(purge);
  cascade_selection_free(selection);
  cascade_policy_free(policy);
  cascade_graph_free(graph);
  cascade_connection_free(connection);
  cascade_context_free(context);
  return status;
}

static int rows_left(sqlite3 *handle) {
  sqlite3_stmt *statement = NULL;
  int rows = -1;
  sqlite3_prepare_v2(handle, "SELECT (SELECT count(*) FROM agent) * 10 + (SELECT count(*) FROM loan)", -1, &statement, NULL);
  if (sqlite3_step(statement) == SQLITE_ROW) rows = sqlite3_column_int(statement, 0);
  sqlite3_finalize(statement);
  return rows;
}

int main(void) {
  newer_driver newer = {.known = operations, .unknown = never};
  cascade_driver older = operations;
  newer.known.size = sizeof newer;
  older.size = offsetof(cascade_driver, in_transaction);
  const struct {
    const char *what;
    const cascade_driver *driver;
    int rows, asks;
  } runs[] = {{"as it is", &operations, 33, 1}, {"older", &older, 22, 0}, {"newer", &newer.known, 11, 1}};
  sqlite3 *handle = NULL;
  int wrong = 0;
  if (sqlite3_open(":memory:", &handle) != SQLITE_OK ||
      sqlite3_exec(handle,
                   "PRAGMA foreign_keys = ON; CREATE TABLE agent (id INTEGER PRIMARY KEY);"
                   "CREATE TABLE loan (id INTEGER PRIMARY KEY, agent_id REFERENCES agent ON DELETE CASCADE);"
                   "INSERT INTO agent VALUES (1), (2), (3), (4); INSERT INTO loan VALUES (1, 1), (2, 2), (3, 3), (4, 4);",
                   NULL, NULL, NULL) != SQLITE_OK)
    return 1;
  for (int i = 0; i < 3; i++) {
    cascade_error *error = NULL;
    asked = 0;
    if (purge_one(handle, runs[i].driver, i + 1, &error) < 0) {
      fprintf(stderr, "%s: %s\n", runs[i].what, cascade_error_message(error));
      wrong = 1;
    } else if (rows_left(handle) != runs[i].rows || (asked > 0) != runs[i].asks) {
      fprintf(stderr, "%s: %d rows are left, in_transaction was called %d times\n", runs[i].what, rows_left(handle), asked);
      wrong = 1;
    }
    cascade_error_free(error);
  }
  sqlite3_close(handle);
  return wrong;
}

#include "fault_driver.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Whether the script hits this call. */
static bool hit(fault_driver *self, int call, const char *sql) {
  const fault *script = &self->fault;
  if (script->calls && !(script->calls & call)) return false;
  if (script->match && (!sql || !strstr(sql, script->match))) return false;
  self->seen++;
  bool now = script->at && (self->seen == script->at || (script->lasting && self->seen > script->at));
  if (now) self->fired = true;
  return now;
}

static void note(fault_driver *self, const cascade_statement *statement) {
  if (!self->record) return;
  char **grown = realloc(self->statements, (self->statement_count + 1) * sizeof *grown);
  if (!grown) abort();
  self->statements = grown;
  self->statements[self->statement_count++] = strdup(statement->sql);
}

static cascade_status strike(fault_driver *self, cascade_error **error) {
  const fault *script = &self->fault;
  if (script->transaction == CASCADE_TX_ROLLED_BACK) {
    uint64_t affected;
    cascade_statement rollback = {.size = sizeof rollback, .sql = "ROLLBACK", .sql_length = 8};
    self->inner->execute(self->inner_self, &rollback, &affected, NULL);
  }
  if (script->silent) return script->status;
  cascade_error_details details = {.size = sizeof details,
                                   .status = script->status,
                                   .transaction = script->transaction,
                                   .native_code = 4711,
                                   .sqlstate = "XX000",
                                   .message = "a fault by the script"};
  return cascade_error_create(self->context, &details, error);
}

static cascade_status fault_capabilities(void *session, cascade_capabilities *capabilities, cascade_error **error) {
  fault_driver *self = session;
  return self->inner->capabilities(self->inner_self, capabilities, error);
}

static cascade_status fault_execute(void *session, const cascade_statement *statement, uint64_t *affected, cascade_error **error) {
  fault_driver *self = session;
  self->executes++;
  note(self, statement);
  bool struck = hit(self, FAULT_EXECUTE, statement->sql);
  if (struck && self->fault.status < 0 && !self->fault.after) return strike(self, error);
  cascade_status status = self->inner->execute(self->inner_self, statement, affected, error);
  if (!struck || status < 0) return status;
  *affected += (uint64_t)self->fault.miscount;
  return self->fault.status < 0 ? strike(self, error) : status;
}

static cascade_status fault_query(void *session, const cascade_statement *statement, void **cursor, cascade_error **error) {
  fault_driver *self = session;
  self->queries++;
  note(self, statement);
  if (hit(self, FAULT_QUERY, statement->sql) && self->fault.status < 0) return strike(self, error);
  cascade_status status = self->inner->query(self->inner_self, statement, cursor, error);
  if (status >= 0) self->open_cursors++;
  return status;
}

static cascade_status fault_next(void *session, void *cursor, const cascade_value **row, cascade_error **error) {
  fault_driver *self = session;
  self->nexts++;
  if (hit(self, FAULT_NEXT, NULL) && self->fault.status < 0) return strike(self, error);
  return self->inner->next(self->inner_self, cursor, row, error);
}

static void fault_cursor_close(void *session, void *cursor) {
  fault_driver *self = session;
  self->open_cursors--;
  self->inner->cursor_close(self->inner_self, cursor);
}

static void fault_cancel(void *session) {
  fault_driver *self = session;
  self->inner->cancel(self->inner_self);
}

static void fault_close(void *session) {
  fault_driver *self = session;
  if (self->open_cursors) {
    fprintf(stderr, "fault driver: %llu cursors were left open\n", (unsigned long long)self->open_cursors);
    abort();
  }
  self->inner->close(self->inner_self);
  for (uint64_t i = 0; i < self->statement_count; i++) free(self->statements[i]);
  free(self->statements);
  free(self);
}

fault_driver *fault_driver_new(cascade_context *context, const cascade_driver *inner, void *inner_self) {
  fault_driver *self = calloc(1, sizeof *self);
  if (!self) abort();
  self->table = (cascade_driver){.size = sizeof(cascade_driver),
                                 .abi_version = CASCADE_DRIVER_ABI,
                                 .name = "fault",
                                 .close = fault_close,
                                 .capabilities = fault_capabilities,
                                 .execute = fault_execute,
                                 .query = fault_query,
                                 .next = fault_next,
                                 .cursor_close = fault_cursor_close,
                                 .cancel = fault_cancel};
  self->context = context;
  self->inner = inner;
  self->inner_self = inner_self;
  return self;
}

const cascade_driver *fault_native_driver(void) {
  char path[4096];
  const char *directories = getenv("LIBCASCADE_DRIVERS");
  if (!directories) directories = ".";
  snprintf(path, sizeof path, "%.*s/libcascade-sqlite3.so", (int)strcspn(directories, ":"), directories);
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  void *symbol = library ? dlsym(library, "cascade_driver_sqlite3") : NULL;
  if (!symbol) {
    fprintf(stderr, "fault driver: %s\n", dlerror());
    return NULL;
  }
  const cascade_driver *(*make)(void);
  memcpy(&make, &symbol, sizeof make);
  const cascade_driver *driver = make();
  dlclose(library);
  return driver;
}

fault_driver *fault_driver_over_sqlite(cascade_context *context, void *handle) {
  const cascade_driver *inner = fault_native_driver();
  void *self = NULL;
  if (!inner || inner->adopt(context, handle, &self, NULL) < 0) return NULL;
  return fault_driver_new(context, inner, self);
}

cascade_status fault_driver_connect(fault_driver *driver, cascade_connection **connection, cascade_error **error) {
  return cascade_connection_new(driver->context, &driver->table, driver, NULL, connection, error);
}

void fault_driver_script(fault_driver *driver, const fault *script) {
  driver->fault = *script;
  driver->seen = 0;
  driver->fired = false;
}

/* Native driver for SQLite: statements are prepared, kept and bound. A shared library of its own. */
#include "native.h"

#include "uri.h"

#include <stdlib.h>
#include <string.h>

/* SQLite reads nothing of a file until it is asked; this is the question that shows whether it is a database. */
static cascade_status prove_database(native *self, const char *path, bool foreign_keys, cascade_error **error) {
  int code = sqlite3_exec(self->handle, "PRAGMA schema_version", NULL, NULL, NULL);
  if (code == SQLITE_OK) code = sqlite3_exec(self->handle, CASC_SQLITE_CACHE ";" CASC_SQLITE_CHECKPOINT, NULL, NULL, NULL);
  if (code == SQLITE_OK && foreign_keys) code = sqlite3_exec(self->handle, "PRAGMA foreign_keys=ON", NULL, NULL, NULL);
  if (code == SQLITE_OK) return CASCADE_OK;
  if ((code & 0xff) != SQLITE_NOTADB) return native_fail(self, code, NULL, error);
  cascade_error_details details = {.size = sizeof details, .status = CASCADE_CONNECTION, .native_code = code};
  char message[512];
  sqlite3_snprintf(sizeof message, message, "file \"%s\" is not a database, or it is encrypted", path);
  details.message = message;
  return cascade_error_create(self->context, &details, error);
}

static cascade_status connect_file(native *self, const char *path, bool foreign_keys, cascade_error **error) {
  bool memory = strcmp(path, ":memory:") == 0;
  char message[512];
  cascade_status status = memory ? CASCADE_OK : casc_sqlite_check_file(path, message, sizeof message);
  if (status < 0) return casc_driver_fail(self->context, error, status, "%s", message);
  /* A leading "file:" or ':' has a meaning to SQLite that a path does not have. */
  char *name = sqlite3_mprintf("%s%s", memory || *path == '/' ? "" : "./", path);
  if (!name) return casc_driver_fail(self->context, error, CASCADE_NOMEM, "out of memory");
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  int code = sqlite3_open_v2(name, &self->handle, flags, NULL);
  sqlite3_free(name);
  if (!self->handle) return casc_driver_fail(self->context, error, CASCADE_NOMEM, "out of memory");
  if (code != SQLITE_OK) return native_fail(self, code, NULL, error);
  sqlite3_busy_handler(self->handle, casc_sqlite_wait, &self->patience);
  sqlite3_progress_handler(self->handle, 1000, casc_sqlite_stopped, &self->patience);
  return prove_database(self, path, foreign_keys, error);
}

static cascade_status read_options(cascade_context *context, char *query, bool *foreign_keys, cascade_error **error) {
  char *key, *value;
  for (;;) {
    if (!casc_uri_pair(&query, &key, &value))
      return casc_driver_fail(context, error, CASCADE_INVALID, "URI sqlite: the part after \"?\" cannot be read at \"%s\"",
                              key ? key : "");
    if (!key) return CASCADE_OK;
    bool off = strcmp(value, "off") == 0;
    if (strcmp(key, "foreign_keys") != 0 || (!off && strcmp(value, "on") != 0))
      return casc_driver_fail(context, error, CASCADE_INVALID,
                              "URI sqlite: \"%s=%s\" is not understood; there is foreign_keys=on and foreign_keys=off", key, value);
    *foreign_keys = !off;
  }
}

static native *allocate(cascade_context *context) {
  native *self = calloc(1, sizeof *self);
  if (!self) return NULL;
  self->context = context;
  atomic_init(&self->patience.stop, false);
  return self;
}

static cascade_status native_open(cascade_context *context, const char *address, uint32_t lock_timeout_ms, void **session,
                                  cascade_error **error) {
  char *path = strdup(address), *query;
  native *self = allocate(context);
  bool foreign_keys = true;
  cascade_status status;
  if (!path || !self) status = casc_driver_fail(context, error, CASCADE_NOMEM, "out of memory");
  else if (!casc_uri_split(path, &query) || !*path)
    status = casc_driver_fail(context, error, CASCADE_INVALID,
                              "URI sqlite: \"%s\" names no file; write sqlite:PATH, with %%25 for %% and %%3F for ?", address);
  else status = read_options(context, query, &foreign_keys, error);
  if (status >= 0) {
    self->patience.lock_timeout_ms = lock_timeout_ms;
    status = connect_file(self, path, foreign_keys, error);
  }
  free(path);
  if (status >= 0) {
    *session = self;
    return status;
  }
  if (self) sqlite3_close(self->handle);
  free(self);
  return status;
}

static cascade_status native_adopt(cascade_context *context, void *handle, void **session, cascade_error **error) {
  native *self = allocate(context);
  if (!self) return casc_driver_fail(context, error, CASCADE_NOMEM, "out of memory");
  self->handle = handle;
  self->adopted = true;
  *session = self;
  return CASCADE_OK;
}

static void native_close(void *session) {
  native *self = session;
  native_forget_all(self);
  if (!self->adopted) sqlite3_close(self->handle);
  free(self);
}

static cascade_status native_capabilities(void *session, cascade_capabilities *capabilities, cascade_error **error) {
  (void)error;
  native *self = session;
  capabilities->engine = "sqlite";
  capabilities->version = sqlite3_libversion();
  capabilities->flags = CASCADE_CAN_SAVEPOINT | CASCADE_CAN_DEFER | CASCADE_CAN_CANCEL | CASCADE_COMMITS_ALONE;
  if (sqlite3_compileoption_used("ENABLE_UPDATE_DELETE_LIMIT")) capabilities->flags |= CASCADE_CAN_DELETE_LIMIT;
  capabilities->max_parameters = (uint32_t)sqlite3_limit(self->handle, SQLITE_LIMIT_VARIABLE_NUMBER, -1);
  return CASCADE_OK;
}

/* A handle of our own asks for `stop` while it works; into the host's, no handler of ours is put. */
static void native_cancel(void *session) {
  native *self = session;
  atomic_store(&self->patience.stop, true);
  if (self->adopted) sqlite3_interrupt(self->handle);
}

static int32_t native_in_transaction(void *session) {
  native *self = session;
  return !sqlite3_get_autocommit(self->handle);
}

static const cascade_driver driver = {
    .size = sizeof(cascade_driver),
    .abi_version = CASCADE_DRIVER_ABI,
    .name = "sqlite3",
    .open = native_open,
    .adopt = native_adopt,
    .close = native_close,
    .capabilities = native_capabilities,
    .execute = native_execute,
    .query = native_query,
    .next = native_next,
    .cursor_close = native_cursor_close,
    .cancel = native_cancel,
    .in_transaction = native_in_transaction,
};

CASCADE_API const cascade_driver *cascade_driver_sqlite3(void);

const cascade_driver *cascade_driver_sqlite3(void) {
  return &driver;
}

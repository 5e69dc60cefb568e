#include "dbi_session.h"
#include "registry.h"
#include "uri.h"

#include <string.h>

enum { SQL_KEPT = 1 << 20 }; /* a longer statement's memory is given back */

static const casc_dbi_engine *const engines[] = {&casc_dbi_sqlite, &casc_dbi_postgres, &casc_dbi_mariadb};
enum { ENGINES = sizeof engines / sizeof *engines };

static const casc_dbi_engine *find_engine(const char *driver) {
  for (int i = 0; driver && i < ENGINES; i++)
    if (strcmp(engines[i]->driver, driver) == 0) return engines[i];
  return NULL;
}

static cascade_status no_engine(cascade_context *context, const char *driver, cascade_error **error) {
  return casc_fail(context, error, CASCADE_UNSUPPORTED,
                   "driver dbi: libdbi's driver \"%s\" is not supported; there are \"sqlite3\", \"pgsql\" and \"mysql\"",
                   driver ? driver : "");
}

static void dbi_close(void *session) {
  casc_dbi *self = session;
  if (self->state) self->engine->detach(self);
  if (self->connection && !self->adopted) casc_dbi_connection_close(self->connection);
  if (self->numbers) freelocale(self->numbers);
  casc_str_free(&self->sql);
  cascade_context *context = self->context;
  casc_free(&context->alloc, self);
}

static casc_dbi *allocate(cascade_context *context, const casc_dbi_engine *engine, cascade_error **error) {
  casc_dbi *self = casc_calloc(&context->alloc, 1, sizeof *self);
  if (!self) {
    casc_nomem(error);
    return NULL;
  }
  self->context = context;
  self->engine = engine;
  casc_str_init(&self->sql, &context->alloc);
  self->numbers = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  if (self->numbers) return self;
  casc_nomem(error);
  dbi_close(self);
  return NULL;
}

static cascade_status connect_by(casc_dbi *self, char *query, cascade_error **error) {
  cascade_status status = casc_dbi_connection_new(self->context, self->engine, &self->connection, error);
  if (status >= 0) status = self->engine->configure(self, query, error);
  if (status < 0) return status;
  if (dbi_conn_connect(self->connection) < 0) {
    const char *words = NULL;
    dbi_conn_error(self->connection, &words);
    return casc_fail(self->context, error, CASCADE_CONNECTION, "driver dbi: %s", words ? words : "no connection");
  }
  return self->engine->attach(self, error);
}

static cascade_status dbi_open(cascade_context *context, const char *address, uint32_t lock_timeout_ms, void **session,
                               cascade_error **error) {
  char *driver = casc_strdup(&context->alloc, address), *query;
  if (!driver) return casc_nomem(error);
  cascade_status status;
  casc_dbi *self = NULL;
  if (!casc_uri_split(driver, &query) || !*driver) {
    status = casc_fail(context, error, CASCADE_INVALID, "URI dbi: \"%s\" names no driver; write dbi:sqlite3?dbname=PATH", address);
  } else {
    const casc_dbi_engine *engine = find_engine(driver);
    self = engine ? allocate(context, engine, error) : NULL;
    status = self ? CASCADE_OK : engine ? CASCADE_NOMEM : no_engine(context, driver, error);
  }
  if (self) {
    self->lock_timeout_ms = lock_timeout_ms;
    status = connect_by(self, query, error);
    if (status < 0) dbi_close(self);
    else *session = self;
  }
  casc_free(&context->alloc, driver);
  return status;
}

static cascade_status dbi_adopt(cascade_context *context, void *handle, void **session, cascade_error **error) {
  const char *driver = dbi_driver_get_name(dbi_conn_get_driver(handle));
  const casc_dbi_engine *engine = find_engine(driver);
  if (!engine) return no_engine(context, driver, error);
  casc_dbi *self = allocate(context, engine, error);
  if (!self) return CASCADE_NOMEM;
  self->connection = handle;
  self->adopted = true;
  cascade_status status = engine->attach(self, error);
  if (status < 0) dbi_close(self);
  else *session = self;
  return status;
}

static cascade_status dbi_capabilities(void *session, cascade_capabilities *capabilities, cascade_error **error) {
  (void)error;
  casc_dbi *self = session;
  capabilities->engine = self->engine->name;
  capabilities->flags = CASCADE_TEXT_ROWS;
  self->engine->capabilities(self, capabilities);
  return CASCADE_OK;
}

cascade_status casc_dbi_send(casc_dbi *self, dbi_result *result, cascade_error **error) {
  *result = dbi_conn_query(self->connection, self->sql.data);
  cascade_status status = *result ? CASCADE_OK : self->engine->fail(self, error);
  if (self->sql.capacity > SQL_KEPT) casc_str_free(&self->sql);
  return status;
}

static cascade_status dbi_execute(void *session, const cascade_statement *statement, uint64_t *affected, cascade_error **error) {
  casc_dbi *self = session;
  dbi_result result;
  *affected = 0;
  self->engine->begin(self);
  cascade_status status = self->engine->render(self, statement, error);
  if (status >= 0) status = casc_dbi_send(self, &result, error);
  if (status >= 0) {
    *affected = self->engine->affected(self, result);
    dbi_result_free(result);
  }
  if (self->engine->end) self->engine->end(self);
  return status;
}

static void dbi_cancel(void *session) {
  casc_dbi *self = session;
  self->engine->cancel(self);
}

static int32_t dbi_in_transaction(void *session) {
  casc_dbi *self = session;
  return self->engine->in_transaction && self->engine->in_transaction(self);
}

const cascade_driver casc_driver_dbi = {
    .size = sizeof(cascade_driver),
    .abi_version = CASCADE_DRIVER_ABI,
    .name = "dbi",
    .open = dbi_open,
    .adopt = dbi_adopt,
    .close = dbi_close,
    .capabilities = dbi_capabilities,
    .execute = dbi_execute,
    .query = casc_dbi_query,
    .next = casc_dbi_next,
    .cursor_close = casc_dbi_cursor_close,
    .cancel = dbi_cancel,
    .in_transaction = dbi_in_transaction,
};

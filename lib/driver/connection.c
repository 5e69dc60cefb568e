#include "session.h"

#include "options.h"
#include "registry.h"

#include <string.h>

enum { DEFAULT_LOCK_TIMEOUT_MS = 5000 };

static const char *const known_engines[] = {"sqlite", "postgresql", "mariadb"};

/* Where the parts of a connection under construction are kept until it is whole. */
static cascade_connection *allocate(cascade_context *context) {
  cascade_connection *connection = casc_calloc(&context->alloc, 1, sizeof *connection);
  if (!connection) return NULL;
  casc_refs_init(&connection->refs);
  atomic_init(&connection->cancelled, false);
  atomic_init(&connection->running, false);
  atomic_init(&connection->cancelling, 0);
  connection->context = casc_context_ref(context);
  return connection;
}

static void discard(cascade_connection *connection) {
  cascade_context *context = connection->context;
  casc_driver_release(connection->library);
  casc_free(&context->alloc, connection);
  cascade_context_free(context);
}

static cascade_status check_arguments(cascade_context *context, const void *subject, const char *name,
                                      const cascade_connection_options *given, cascade_connection_options *options,
                                      cascade_connection **out, cascade_error **error) {
  if (out) *out = NULL;
  if (!context || !subject || !out)
    return casc_fail(context, error, CASCADE_INVALID, "connection: %s is NULL",
                     !context   ? "the context"
                     : !subject ? name
                                : "the place for the result");
  cascade_status status = CASC_OPTIONS(context, given, *options, reserved, error);
  if (status >= 0 && !options->lock_timeout_ms) options->lock_timeout_ms = DEFAULT_LOCK_TIMEOUT_MS;
  return status;
}

static cascade_status read_capabilities(cascade_connection *connection, cascade_error **error) {
  const cascade_driver *driver = connection->driver;
  cascade_capabilities *capabilities = &connection->capabilities;
  *capabilities = (cascade_capabilities){.size = sizeof *capabilities};
  cascade_error *from_driver = NULL;
  cascade_status status = driver->capabilities(connection->self, capabilities, &from_driver);
  capabilities->size = sizeof *capabilities;
  status = casc_driver_outcome(connection, status, from_driver, false, error);
  if (status < 0) return status;
  size_t count = sizeof known_engines / sizeof *known_engines, at = 0;
  while (at < count && (!capabilities->engine || strcmp(known_engines[at], capabilities->engine) != 0)) at++;
  if (at == count)
    return casc_fail(connection->context, error, CASCADE_UNSUPPORTED,
                     "driver %s is for engine \"%s\", which this library does not know; it knows \"sqlite\", \"postgresql\" and "
                     "\"mariadb\"",
                     driver->name, capabilities->engine ? capabilities->engine : "");
  if (!capabilities->max_parameters)
    return casc_fail(connection->context, error, CASCADE_UNSUPPORTED,
                     "driver %s says that a statement may have no parameters; it must allow one at least", driver->name);
  if (!CASC_DRIVER_HAS(driver, cancel)) capabilities->flags &= ~(uint64_t)CASCADE_CAN_CANCEL;
  return CASCADE_OK;
}

cascade_status cascade_connection_new(cascade_context *context, const cascade_driver *driver, void *self,
                                      const cascade_connection_options *given, cascade_connection **out, cascade_error **error) {
  cascade_connection_options options;
  cascade_status status = check_arguments(context, driver, "the driver", given, &options, out, error);
  if (status >= 0) status = casc_driver_check(context, driver, error);
  if (status < 0) return status;
  cascade_connection *connection = allocate(context);
  if (!connection) return casc_nomem(error);
  connection->driver = driver;
  connection->self = self;
  status = read_capabilities(connection, error);
  if (status < 0) discard(connection);
  else *out = connection;
  return status;
}

/* How a session of a registered driver comes to be: by address, or over a handle. */
typedef struct opening {
  const char *driver, *address;
  void *handle;
} opening;

static cascade_status start(cascade_connection *connection, const opening *how, const cascade_connection_options *options,
                            cascade_error **error) {
  const cascade_driver *driver = connection->driver;
  cascade_context *context = connection->context;
  cascade_error *from_driver = NULL;
  cascade_status status;
  if (how->address && CASC_DRIVER_HAS(driver, open))
    status = driver->open(context, how->address, options->lock_timeout_ms, &connection->self, &from_driver);
  else if (!how->address && CASC_DRIVER_HAS(driver, adopt))
    status = driver->adopt(context, how->handle, &connection->self, &from_driver);
  else
    return casc_fail(context, error, CASCADE_UNSUPPORTED, "driver %s cannot %s", driver->name,
                     how->address ? "open a database by URI" : "adopt a handle");
  status = casc_driver_outcome(connection, status, from_driver, false, error);
  if (status < 0) return status;
  status = read_capabilities(connection, error);
  if (status < 0 && CASC_DRIVER_HAS(driver, close)) driver->close(connection->self);
  return status;
}

static cascade_status make(cascade_context *context, const opening *how, const cascade_connection_options *options,
                           cascade_connection **out, cascade_error **error) {
  cascade_connection *connection = allocate(context);
  if (!connection) return casc_nomem(error);
  cascade_status status = casc_driver_find(context, how->driver, &connection->driver, &connection->library, error);
  if (status >= 0) status = casc_driver_check(context, connection->driver, error);
  if (status >= 0) status = start(connection, how, options, error);
  if (status < 0) discard(connection);
  else *out = connection;
  return status;
}

cascade_status cascade_connection_open(cascade_context *context, const char *uri, const cascade_connection_options *given,
                                       cascade_connection **out, cascade_error **error) {
  static const struct {
    const char *scheme, *driver;
  } schemes[] = {{"sqlite:", "sqlite3"},  {"postgresql:", "pq"}, {"postgres:", "pq"},
                 {"mariadb:", "mariadb"}, {"mysql:", "mariadb"}, {"dbi:", "dbi"}};
  cascade_connection_options options;
  cascade_status status = check_arguments(context, uri, "the URI", given, &options, out, error);
  if (status < 0) return status;
  for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
    size_t length = strlen(schemes[i].scheme);
    if (strncmp(uri, schemes[i].scheme, length) == 0)
      return make(context, &(opening){.driver = schemes[i].driver, .address = uri + length}, &options, out, error);
  }
  /* Only the scheme is repeated: what follows may hold a password. */
  size_t scheme = strcspn(uri, ":");
  return casc_fail(context, error, CASCADE_INVALID,
                   "URI \"%.*s%s\" is not understood; it begins with sqlite:, postgresql:, mariadb: or dbi:, as in "
                   "sqlite:museum.db",
                   (int)(scheme < 60 ? scheme : 60), uri, uri[scheme] ? ":..." : "");
}

cascade_status cascade_connection_adopt(cascade_context *context, const char *driver, void *handle,
                                        const cascade_connection_options *given, cascade_connection **out, cascade_error **error) {
  cascade_connection_options options;
  cascade_status status = check_arguments(context, driver, "the driver's name", given, &options, out, error);
  if (status < 0) return status;
  if (!handle) return casc_fail(context, error, CASCADE_INVALID, "connection: the handle to adopt is NULL");
  return make(context, &(opening){.driver = driver, .handle = handle}, &options, out, error);
}

/* Only atomics and the driver's cancel: a signal handler may be the caller. A cancel that finds no statement running
   leaves its request to the next one; the count lets that statement's end wait until the driver was told in time or
   not at all. */
void cascade_connection_cancel(cascade_connection *connection) {
  if (!connection) return;
  atomic_store(&connection->cancelled, true);
  if (!(connection->capabilities.flags & CASCADE_CAN_CANCEL)) return;
  atomic_fetch_add(&connection->cancelling, 1);
  if (atomic_load(&connection->running)) connection->driver->cancel(connection->self);
  atomic_fetch_sub(&connection->cancelling, 1);
}

const char *cascade_connection_engine(const cascade_connection *connection) {
  return connection ? connection->capabilities.engine : "";
}

uint64_t cascade_connection_statements(const cascade_connection *connection) {
  return connection ? connection->statements : 0;
}

cascade_connection *casc_connection_ref(cascade_connection *connection) {
  if (connection) casc_refs_take(&connection->refs);
  return connection;
}

void cascade_connection_free(cascade_connection *connection) {
  if (!connection || !casc_refs_drop(&connection->refs)) return;
  if (CASC_DRIVER_HAS(connection->driver, close)) connection->driver->close(connection->self);
  discard(connection);
}

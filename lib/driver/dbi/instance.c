/* libdbi's instance: one for the process, never shut down. Shutting it down unloads drivers whose client libraries have
   handlers of their own at exit, and one instance per session would load them all again. */
#include "dbi_session.h"

#include <dbi/dbi-dev.h>
#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* libdbi keeps a list of all connections in the instance */
static dbi_inst instance;
static int driver_count;

static void initialize(void) {
  driver_count = dbi_initialize_r(NULL, &instance); /* sets the instance even when it fails */
  if (driver_count > 0) dbi_set_verbosity_r(0, instance);
}

cascade_status casc_dbi_connection_new(cascade_context *context, const casc_dbi_engine *engine, dbi_conn *connection,
                                       cascade_error **error) {
  pthread_once(&once, initialize);
  dbi_driver driver = NULL;
  *connection = NULL;
  if (driver_count > 0) {
    pthread_mutex_lock(&mutex);
    driver = dbi_driver_open_r(engine->driver, instance);
    if (driver) *connection = dbi_conn_open(driver);
    pthread_mutex_unlock(&mutex);
  }
  if (*connection) return CASCADE_OK;
  if (driver) return casc_nomem(error);
  return casc_fail(context, error, CASCADE_NOT_FOUND, "driver dbi: libdbi has no driver \"%s\"; install %s", engine->driver,
                   engine->package);
}

void casc_dbi_connection_close(dbi_conn connection) {
  pthread_mutex_lock(&mutex);
  dbi_conn_close(connection);
  pthread_mutex_unlock(&mutex);
}

void *casc_dbi_load(casc_dbi *self, const casc_dbi_symbol *wanted, size_t count) {
  dbi_driver_t *driver = dbi_conn_get_driver(self->connection);
  for (size_t i = 0; i < count; i++) {
    void *symbol = dlsym(driver->dlhandle, wanted[i].name);
    if (!symbol) return NULL;
    memcpy(wanted[i].place, &symbol, sizeof symbol);
  }
  return ((dbi_conn_t *)self->connection)->connection;
}

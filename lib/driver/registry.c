#include "registry.h"

#include "context.h"
#include "failure.h"
#include "str.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

typedef const cascade_driver *maker(void);

/* Where the drivers are that are shared libraries of their own: their name, file and one symbol. */
static const struct {
  const char *name, *file, *symbol, *instead;
} shared_drivers[] = {
    {"sqlite3", "libcascade-sqlite3.so", "cascade_driver_sqlite3", "dbi:sqlite3?dbname=PATH"},
    {"pq", "libcascade-pq.so", "cascade_driver_pq", "dbi:pgsql?dbname=NAME"},
    {"mariadb", "libcascade-mariadb.so", "cascade_driver_mariadb", "dbi:mysql?dbname=NAME"},
};

/* RTLD_NODELETE: a driver's operations outlive its last connection, which a host cannot time against its threads. */
static void *load(cascade_context *context, const char *directory, size_t length, const char *file, casc_str *tried) {
  casc_str path;
  casc_str_init(&path, &context->alloc);
  if (directory) casc_str_printf(&path, "%.*s/", (int)length, directory);
  casc_str_put(&path, file);
  void *library = path.failed ? NULL : dlopen(path.data, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (library) {
    casc_log(context, CASCADE_LOG_DEBUG, "driver: loaded %s", path.data);
  } else if (path.failed) {
    tried->failed = true; /* the driver may be there */
  } else {
    const char *why = dlerror();
    casc_str_printf(tried, "%s%s", tried->length ? "; " : "", why ? why : file);
  }
  casc_str_free(&path);
  return library;
}

/* Beside the library itself, or in its own folder there: so that an installation that was moved, and a build that
   was never installed, find their drivers. */
static void *load_beside(cascade_context *context, const char *name, const char *file, casc_str *tried) {
  Dl_info self;
  const char *slash = dladdr(shared_drivers, &self) && self.dli_fname ? strrchr(self.dli_fname, '/') : NULL;
  if (!slash) return NULL;
  void *library = NULL;
  for (int built = 0; !library && built < 2; built++) {
    casc_str directory;
    casc_str_init(&directory, &context->alloc);
    casc_str_printf(&directory, "%.*s/%s%s", (int)(slash - self.dli_fname), self.dli_fname, built ? "driver/" : "libcascade",
                    built ? name : "");
    if (!directory.failed) library = load(context, directory.data, directory.length, file, tried);
    casc_str_free(&directory);
  }
  return library;
}

static void *load_anywhere(cascade_context *context, const char *name, const char *file, casc_str *tried) {
  const char *directories = secure_getenv("LIBCASCADE_DRIVERS");
  void *library = NULL;
  for (const char *at = directories; at && *at && !library; at += *at == ':') {
    size_t length = strcspn(at, ":");
    if (length) library = load(context, at, length, file, tried);
    at += length;
  }
  if (!library) library = load_beside(context, name, file, tried);
  if (!library) library = load(context, CASCADE_DRIVERS_DIR, strlen(CASCADE_DRIVERS_DIR), file, tried);
  if (!library) library = load(context, NULL, 0, file, tried);
  return library;
}

cascade_status casc_driver_find(cascade_context *context, const char *name, const cascade_driver **driver, void **library,
                                cascade_error **error) {
  *library = NULL;
  if (strcmp(name, "dbi") == 0) {
    *driver = &casc_driver_dbi;
    return CASCADE_OK;
  }
  size_t at = 0, count = sizeof shared_drivers / sizeof *shared_drivers;
  while (at < count && strcmp(shared_drivers[at].name, name) != 0) at++;
  if (at == count)
    return casc_fail(context, error, CASCADE_NOT_FOUND,
                     "driver \"%s\" is not known; there are \"sqlite3\", \"pq\", \"mariadb\" and \"dbi\"", name);
  casc_str tried;
  casc_str_init(&tried, &context->alloc);
  cascade_status status = CASCADE_OK;
  void *loaded = load_anywhere(context, name, shared_drivers[at].file, &tried);
  void *symbol = loaded ? dlsym(loaded, shared_drivers[at].symbol) : NULL;
  if (!loaded && tried.failed) {
    status = casc_nomem(error);
  } else if (!loaded) {
    status =
        casc_fail(context, error, CASCADE_NOT_FOUND,
                  "driver %s cannot be loaded (%s); install it, set LIBCASCADE_DRIVERS to the directory that holds %s, or use %s",
                  name, tried.data, shared_drivers[at].file, shared_drivers[at].instead);
  } else if (!symbol) {
    status = casc_fail(context, error, CASCADE_UNSUPPORTED, "driver %s: the library loaded as %s has no symbol %s", name,
                       shared_drivers[at].file, shared_drivers[at].symbol);
  }
  casc_str_free(&tried);
  if (status < 0) {
    casc_driver_release(loaded);
    return status;
  }
  maker *make;
  memcpy(&make, &symbol, sizeof make); /* the one way from an object pointer to a function that C17 does not forbid */
  *driver = make();
  *library = loaded;
  return CASCADE_OK;
}

void casc_driver_release(void *library) {
  if (library) dlclose(library);
}

cascade_status casc_driver_check(cascade_context *context, const cascade_driver *driver, cascade_error **error) {
  if (driver->size < offsetof(cascade_driver, open))
    return casc_fail(context, error, CASCADE_UNSUPPORTED, "driver: its size is %zu; set it to sizeof(cascade_driver)",
                     driver->size);
  if (driver->abi_version != CASCADE_DRIVER_ABI)
    return casc_fail(context, error, CASCADE_UNSUPPORTED,
                     "driver %s is of contract version %u, this library needs %d; build it against this library's headers",
                     driver->name ? driver->name : "?", (unsigned)driver->abi_version, CASCADE_DRIVER_ABI);
  bool reads = CASC_DRIVER_HAS(driver, next) || CASC_DRIVER_HAS(driver, fetch);
  const char *missing = !CASC_DRIVER_HAS(driver, capabilities)   ? "capabilities"
                        : !CASC_DRIVER_HAS(driver, execute)      ? "execute"
                        : !CASC_DRIVER_HAS(driver, query)        ? "query"
                        : !reads                                 ? "next"
                        : !CASC_DRIVER_HAS(driver, cursor_close) ? "cursor_close"
                                                                 : NULL;
  if (!driver->name) return casc_fail(context, error, CASCADE_UNSUPPORTED, "driver: it has no name");
  if (missing) return casc_fail(context, error, CASCADE_UNSUPPORTED, "driver %s lacks the operation %s", driver->name, missing);
  return CASCADE_OK;
}

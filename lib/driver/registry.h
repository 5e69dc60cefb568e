/* Where drivers are found. */
#ifndef CASC_REGISTRY_H
#define CASC_REGISTRY_H

#include <cascade/driver.h>

/* The driver of that name. *library gets the handle of the shared library that holds it, for casc_driver_release();
   NULL for a built-in one. */
cascade_status casc_driver_find(cascade_context *context, const char *name, const cascade_driver **driver, void **library,
                                cascade_error **error);
void casc_driver_release(void *library);

/* Refuses a driver of another contract, or without a required operation. */
cascade_status casc_driver_check(cascade_context *context, const cascade_driver *driver, cascade_error **error);

/* Whether the driver, as old as it may be, has the operation. */
#define CASC_DRIVER_HAS(driver, operation)                                                                                         \
  ((driver)->size >= offsetof(cascade_driver, operation) + sizeof((driver)->operation) && (driver)->operation)

/* Built in; the floor above. */
extern const cascade_driver casc_driver_dbi;

#endif

/* Failures of the drivers that are libraries of their own, and know libcascade by its public headers only. */
#ifndef CASC_DRIVER_FAIL_H
#define CASC_DRIVER_FAIL_H

#include <cascade/error.h>

/* Makes the error, and gives its status. */
cascade_status casc_driver_fail(cascade_context *context, cascade_error **error, cascade_status status, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif

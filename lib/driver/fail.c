#include "fail.h"

#include <stdarg.h>
#include <stdio.h>

cascade_status casc_driver_fail(cascade_context *context, cascade_error **error, cascade_status status, const char *format, ...) {
  char message[1024];
  va_list arguments;
  va_start(arguments, format);
  if (vsnprintf(message, sizeof message, format, arguments) < 0) message[0] = '\0';
  va_end(arguments);
  return cascade_error_create(
      context, &(cascade_error_details){.size = sizeof(cascade_error_details), .status = status, .message = message}, error);
}

#include "native.h"

#include <stdarg.h>
#include <stdio.h>

cascade_status native_say(cascade_context *context, cascade_error **error, cascade_status status, const char *format,
                          ...) {
  char message[1024];
  va_list arguments;
  va_start(arguments, format);
  if (vsnprintf(message, sizeof message, format, arguments) < 0) message[0] = '\0';
  va_end(arguments);
  return cascade_error_create(
      context, &(cascade_error_details){.size = sizeof(cascade_error_details), .status = status, .message = message},
      error);
}

cascade_status native_fail(native *self, int code, bool compiled, cascade_error **error) {
  const char *words = code == SQLITE_NOMEM ? "out of memory" : sqlite3_errmsg(self->handle);
  cascade_status status = casc_sqlite_status(code, words, compiled);
  /* A wait for a lock that a cancel ended is BUSY to SQLite. */
  if (status == CASCADE_BUSY && atomic_load(&self->patience.stop)) status = CASCADE_CANCELLED;
  char message[1024];
  if (status == CASCADE_CANCELLED) snprintf(message, sizeof message, "cancelled at the caller's request");
  else snprintf(message, sizeof message, "SQLite: %s%s", words, casc_sqlite_advice(status));
  bool open = !sqlite3_get_autocommit(self->handle);
  cascade_error_details details = {
      .size = sizeof details,
      .status = status,
      .transaction = open ? CASCADE_TX_OPEN : self->in_transaction ? CASCADE_TX_ROLLED_BACK : CASCADE_TX_NONE,
      .native_code = code,
      .message = message,
  };
  return cascade_error_create(self->context, &details, error);
}

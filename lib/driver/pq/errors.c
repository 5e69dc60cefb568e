#include "native.h"

#include <stdio.h>
#include <string.h>

static void write_message(const native *self, const PGresult *result, cascade_status status, char *message, size_t size) {
  const char *words = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  bool about_rows = status == CASCADE_CONSTRAINT_FK || status == CASCADE_CONSTRAINT;
  const char *detail = about_rows ? PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL) : NULL;
  const char *own = *PQresultErrorMessage(result) ? PQresultErrorMessage(result) : PQerrorMessage(self->handle);
  int length = (int)(words ? strlen(words) : strcspn(own, "\n")); /* libpq gives advice on the further lines */
  if (!words) words = own;
  if (status == CASCADE_CANCELLED) snprintf(message, size, "cancelled at the caller's request");
  else if (status == CASCADE_CONNECTION)
    snprintf(message, size, "PostgreSQL: the connection was lost: %.*s; open a new one", length, words);
  else
    snprintf(message, size, "PostgreSQL: %.*s%s%s%s", length, words, detail ? ": " : "", detail ? detail : "",
             casc_postgres_advice(status));
}

cascade_status native_fail(native *self, const PGresult *result, const char *sql, cascade_error **error) {
  char message[1024];
  const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  bool lost = PQstatus(self->handle) != CONNECTION_OK;
  cascade_status status = lost ? CASCADE_CONNECTION : casc_postgres_status(sqlstate, atomic_load(&self->stop));
  write_message(self, result, status, message, sizeof message);
  cascade_error_details details = {.size = sizeof details,
                                   .status = status,
                                   .transaction = casc_postgres_fate(status, self->inside, native_inside(self), sql),
                                   .sqlstate = sqlstate,
                                   .message = message};
  return cascade_error_create(self->context, &details, error);
}

#include "native.h"

#include <stdio.h>

/* A statement that was prepared earlier is compiled again by SQLite when the schema has changed, and fails then as
   if in running. */
static bool compiles(native *self, const char *sql) {
  sqlite3_stmt *statement = NULL;
  bool good = sqlite3_prepare_v2(self->handle, sql, -1, &statement, NULL) == SQLITE_OK;
  sqlite3_finalize(statement);
  return good;
}

cascade_status native_fail(native *self, int code, const char *sql, cascade_error **error) {
  char words[900], message[1024];
  int extended = sqlite3_extended_errcode(self->handle); /* the host may not have asked for these as results */
  if ((extended & 0xff) == code) code = extended;
  snprintf(words, sizeof words, "%s", code == SQLITE_NOMEM ? "out of memory" : sqlite3_errmsg(self->handle));
  cascade_status status = casc_sqlite_status(code, words, code != SQLITE_ERROR || (sql && compiles(self, sql)));
  /* A wait for a lock that a cancel ended is BUSY to SQLite. */
  if (status == CASCADE_BUSY && atomic_load(&self->patience.stop)) status = CASCADE_CANCELLED;
  if (status == CASCADE_CANCELLED) snprintf(message, sizeof message, "cancelled at the caller's request");
  else snprintf(message, sizeof message, "SQLite: %s%s", words, casc_sqlite_advice(status));
  bool open = !sqlite3_get_autocommit(self->handle);
  cascade_error_details details = {
      .size = sizeof details,
      .status = status,
      .transaction = open                   ? CASCADE_TX_OPEN
                     : self->in_transaction ? CASCADE_TX_ROLLED_BACK
                                            : CASCADE_TX_NONE,
      .native_code = code,
      .message = message,
  };
  return cascade_error_create(self->context, &details, error);
}

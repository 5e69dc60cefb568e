#include "native.h"

#include <stdio.h>

cascade_status native_nomem(native *self, cascade_error **error) {
  return casc_driver_fail(self->context, error, CASCADE_NOMEM, "out of memory");
}

/* What the client library says, copied: the next thing that it is asked overwrites it. */
typedef struct failure {
  unsigned code;
  char sqlstate[6], words[800];
} failure;

static failure read_failure(unsigned code, const char *sqlstate, const char *words) {
  failure read = {.code = code};
  snprintf(read.sqlstate, sizeof read.sqlstate, "%s", sqlstate);
  snprintf(read.words, sizeof read.words, "%s", words);
  return read;
}

static cascade_status report(native *self, const failure *what, const char *sql, cascade_error **error) {
  char message[1200];
  cascade_status status = casc_mariadb_status(what->code);
  bool killed = casc_killer_end(&self->killer); /* now, as a cancel must not hit the question */
  casc_mariadb_message(message, sizeof message, status, killed, what->words);
  bool alive = status != CASCADE_CONNECTION && mysql_query(self->handle, CASC_MARIADB_ASK) == 0;
  if (!alive) status = CASCADE_CONNECTION;
  int32_t transaction = casc_mariadb_transaction(alive, self->handle->server_status, self->inside, what->code, sql);
  cascade_error_details details = {.size = sizeof details,
                                   .status = status,
                                   .transaction = transaction,
                                   .native_code = what->code,
                                   .sqlstate = what->sqlstate,
                                   .message = message};
  return cascade_error_create(self->context, &details, error);
}

cascade_status native_fail(native *self, const char *sql, cascade_error **error) {
  failure what = read_failure(mysql_errno(self->handle), mysql_sqlstate(self->handle), mysql_error(self->handle));
  return report(self, &what, sql, error);
}

cascade_status native_fail_prepared(native *self, prepared *statement, const char *sql, cascade_error **error) {
  MYSQL_STMT *handle = statement->handle;
  failure what = mysql_stmt_errno(handle) /* that of a row that could not be fetched is the connection's */
                     ? read_failure(mysql_stmt_errno(handle), mysql_stmt_sqlstate(handle), mysql_stmt_error(handle))
                     : read_failure(mysql_errno(self->handle), mysql_sqlstate(self->handle), mysql_error(self->handle));
  native_discard(self, statement);
  return report(self, &what, sql, error);
}

#include "native.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void silent(void *data, const char *message) {
  (void)data;
  (void)message;
}

static native *allocate(cascade_context *context) {
  native *self = calloc(1, sizeof *self);
  if (!self) return NULL;
  self->context = context;
  atomic_init(&self->stop, false);
  return self;
}

void native_close(void *session) {
  native *self = session;
  PQfreeCancel(self->canceller);
  if (!self->adopted) PQfinish(self->handle);
  free(self);
}

/* libpq quotes what it cannot read, which may be a part of a password. It says why in words, and those end before the quote. */
static cascade_status check_address(cascade_context *context, const char *uri, cascade_error **error) {
  const char *start = strstr(uri, "//") ? strstr(uri, "//") + 2 : "";
  size_t whole = strcspn(start, "?"), authority = strcspn(start, "/?");
  const char *first = memchr(start, '@', whole), *last = memrchr(start, '@', whole);
  if (first != last || (last && last > start + authority))
    return casc_driver_fail(
        context, error, CASCADE_INVALID,
        "URI postgresql: an @ or a slash in a user's name, a password or a database's name is written %%40 or %%2F");
  char *words = NULL;
  PQconninfoOption *options = PQconninfoParse(uri, &words);
  if (options) {
    PQconninfoFree(options);
    return CASCADE_OK;
  }
  size_t length = words ? strcspn(words, "\":\n") : 0;
  while (length && words[length - 1] == ' ') length--;
  cascade_status status =
      words ? casc_driver_fail(context, error, CASCADE_INVALID,
                               "URI postgresql: %.*s; write postgresql://USER@HOST:PORT/DATABASE?KEY=VALUE, as libpq does",
                               (int)length, words)
            : casc_driver_fail(context, error, CASCADE_NOMEM, "out of memory");
  PQfreemem(words);
  return status;
}

static cascade_status connect_to(native *self, const char *uri, uint32_t lock_timeout_ms, cascade_error **error) {
  const char *const keys[] = {"fallback_application_name", "dbname", "client_encoding", NULL};
  const char *const values[] = {"libcascade", uri, "UTF8", NULL};
  self->handle = PQconnectdbParams(keys, values, 1);
  if (!self->handle) return casc_driver_fail(self->context, error, CASCADE_NOMEM, "out of memory");
  if (PQstatus(self->handle) != CONNECTION_OK) {
    const char *words = PQerrorMessage(self->handle);
    return casc_driver_fail(self->context, error, CASCADE_CONNECTION, "PostgreSQL: %.*s", (int)strcspn(words, "\n"), words);
  }
  PQsetNoticeProcessor(self->handle, silent, NULL);
  char sql[CASC_POSTGRES_SETTINGS];
  casc_postgres_settings(sql, lock_timeout_ms);
  PGresult *result = PQexec(self->handle, sql);
  cascade_status status = PQresultStatus(result) == PGRES_COMMAND_OK ? CASCADE_OK : native_fail(self, result, NULL, error);
  PQclear(result);
  return status;
}

static cascade_status attach(native *self, cascade_error **error) {
  self->canceller = PQgetCancel(self->handle);
  if (!self->canceller) return casc_driver_fail(self->context, error, CASCADE_NOMEM, "out of memory");
  const char *version = PQparameterStatus(self->handle, "server_version");
  snprintf(self->version, sizeof self->version, "%s", version ? version : "");
  return CASCADE_OK;
}

cascade_status native_open(cascade_context *context, const char *address, uint32_t lock_timeout_ms, void **session,
                           cascade_error **error) {
  static const char scheme[] = "postgresql:";
  native *self = allocate(context);
  char *uri = malloc(sizeof scheme + strlen(address));
  cascade_status status = CASCADE_OK;
  if (self && uri) {
    strcat(strcpy(uri, scheme), address);
    status = check_address(context, uri, error);
  } else {
    status = casc_driver_fail(context, error, CASCADE_NOMEM, "out of memory");
  }
  if (status >= 0) status = connect_to(self, uri, lock_timeout_ms, error);
  if (status >= 0) status = attach(self, error);
  free(uri);
  if (status >= 0) *session = self;
  else if (self) native_close(self);
  return status;
}

/* Text goes to the server as it is, and comes so. */
static cascade_status check_host(cascade_context *context, PGconn *handle, cascade_error **error) {
  const char *encoding = PQparameterStatus(handle, "client_encoding");
  if (PQstatus(handle) != CONNECTION_OK)
    return casc_driver_fail(context, error, CASCADE_CONNECTION, "driver pq: the connection to adopt is not open");
  if (PQpipelineStatus(handle) != PQ_PIPELINE_OFF || PQtransactionStatus(handle) == PQTRANS_ACTIVE)
    return casc_driver_fail(context, error, CASCADE_INVALID,
                            "driver pq: the connection to adopt is busy: end its pipeline, or fetch all that it has to give");
  if (encoding && strcmp(encoding, "UTF8") != 0 && strcmp(encoding, "SQL_ASCII") != 0)
    return casc_driver_fail(context, error, CASCADE_UNSUPPORTED,
                            "driver pq: the client encoding of the connection to adopt is %s; set it to UTF8", encoding);
  return CASCADE_OK;
}

cascade_status native_adopt(cascade_context *context, void *handle, void **session, cascade_error **error) {
  cascade_status status = check_host(context, handle, error);
  if (status < 0) return status;
  native *self = allocate(context);
  if (!self) return casc_driver_fail(context, error, CASCADE_NOMEM, "out of memory");
  self->handle = handle;
  self->adopted = true;
  status = attach(self, error);
  if (status >= 0) *session = self;
  else native_close(self);
  return status;
}

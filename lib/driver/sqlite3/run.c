#include "native.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* On an adopted handle a cancel is sqlite3_interrupt(), which holds for every statement until none is active. So the
   cursors that stand open are ended with it, lest it hit what comes next. */
static void begin(native *self) {
  if (atomic_exchange(&self->patience.stop, false) && self->adopted)
    for (cursor *at = self->cursors; at; at = at->next) {
      if (!at->ended) at->cut = true;
      sqlite3_reset(at->handle);
    }
  self->in_transaction = !sqlite3_get_autocommit(self->handle);
}

static cascade_status bind_one(native *self, sqlite3_stmt *handle, int at, const cascade_value *value, cascade_error **error) {
  const char *data = value->data ? value->data : ""; /* a NULL pointer would bind NULL */
  int code;
  switch (value->type) {
  case CASCADE_NULL: code = sqlite3_bind_null(handle, at); break;
  case CASCADE_UINT64:
    if (value->integer < 0)
      return casc_driver_fail(self->context, error, CASCADE_UNSUPPORTED,
                              "SQLite: parameter %d is %llu, but integers end at 9223372036854775807", at,
                              (unsigned long long)value->integer);
    /* fall through */
  case CASCADE_INT64: code = sqlite3_bind_int64(handle, at, value->integer); break;
  case CASCADE_DOUBLE: code = sqlite3_bind_double(handle, at, value->real); break;
  case CASCADE_TEXT:
  case CASCADE_DECIMAL: code = sqlite3_bind_text64(handle, at, data, value->length, SQLITE_STATIC, SQLITE_UTF8); break;
  case CASCADE_BLOB: code = sqlite3_bind_blob64(handle, at, data, value->length, SQLITE_STATIC); break;
  default: return casc_driver_fail(self->context, error, CASCADE_INVALID, "SQLite: parameter %d has no type that can be sent", at);
  }
  return code == SQLITE_OK ? CASCADE_OK : native_fail(self, code, sqlite3_sql(handle), error);
}

static cascade_status start(native *self, const cascade_statement *statement, sqlite3_stmt **handle, cascade_error **error) {
  cascade_status status = native_prepare(self, statement, handle, error);
  if (status < 0) return status;
  for (uint32_t i = 0; i < statement->parameter_count && status >= 0; i++)
    status = bind_one(self, *handle, (int)i + 1, &statement->parameters[i], error);
  if (status < 0) native_release(self, *handle);
  return status;
}

/* A cancel that came while the statement was compiled has not reached SQLite, or was forgotten by it. */
static int step(native *self, sqlite3_stmt *handle) {
  return atomic_load(&self->patience.stop) ? SQLITE_INTERRUPT : sqlite3_step(handle);
}

cascade_status native_execute(void *session, const cascade_statement *statement, uint64_t *affected, cascade_error **error) {
  native *self = session;
  sqlite3_stmt *handle;
  begin(self);
  *affected = 0;
  cascade_status status = start(self, statement, &handle, error);
  if (status < 0) return status;
  sqlite3_int64 before = sqlite3_total_changes64(self->handle);
  int code;
  do code = step(self, handle);
  while (code == SQLITE_ROW);
  if (code != SQLITE_DONE) status = native_fail(self, code, sqlite3_sql(handle), error);
  /* What changed nothing at all leaves the count of an earlier statement in sqlite3_changes64(). */
  else if (sqlite3_total_changes64(self->handle) != before) *affected = (uint64_t)sqlite3_changes64(self->handle);
  native_release(self, handle);
  return status;
}

cascade_status native_query(void *session, const cascade_statement *statement, void **result, cascade_error **error) {
  native *self = session;
  sqlite3_stmt *handle;
  begin(self);
  cascade_status status = start(self, statement, &handle, error);
  if (status < 0) return status;
  cursor *made = calloc(1, sizeof *made + statement->column_count * sizeof *made->row);
  if (!made) {
    native_release(self, handle);
    return casc_driver_fail(self->context, error, CASCADE_NOMEM, "out of memory");
  }
  made->handle = handle;
  made->types = statement->column_types;
  made->column_count = statement->column_count;
  made->next = self->cursors;
  self->cursors = made;
  *result = made;
  return CASCADE_OK;
}

static void read_bytes(sqlite3_stmt *handle, int at, cascade_value *value) {
  bool blob = sqlite3_column_type(handle, at) == SQLITE_BLOB;
  value->data = blob ? sqlite3_column_blob(handle, at) : (const char *)sqlite3_column_text(handle, at);
  value->length = (uint64_t)sqlite3_column_bytes(handle, at);
  if (!value->data && !value->length) value->data = "";
}

/* Digits only, as they would be read from text in any other driver. */
static bool read_integer(sqlite3_stmt *handle, int at, int type, cascade_value *value) {
  if (type == SQLITE_INTEGER) {
    value->integer = sqlite3_column_int64(handle, at);
    return value->type == CASCADE_INT64 || value->integer >= 0;
  }
  if (type != SQLITE_TEXT) return false;
  const char *text = (const char *)sqlite3_column_text(handle, at);
  size_t length = (size_t)sqlite3_column_bytes(handle, at), sign = text && *text == '-';
  if (!text || length == sign || strspn(text + sign, "0123456789") != length - sign) return false;
  errno = 0;
  value->integer = strtoll(text, NULL, 10);
  return errno == 0 && (value->type == CASCADE_INT64 || value->integer >= 0);
}

static const char *type_name(int type) {
  static const char *const names[] = {"?", "an integer", "a real", "text", "a blob", "NULL"};
  return names[type >= SQLITE_INTEGER && type <= SQLITE_NULL ? type : 0];
}

static cascade_status read_cell(native *self, sqlite3_stmt *handle, int at, int32_t wanted, cascade_value *value,
                                cascade_error **error) {
  static const int32_t own[] = {0, CASCADE_INT64, CASCADE_DOUBLE, CASCADE_TEXT, CASCADE_BLOB, CASCADE_NULL};
  int type = sqlite3_column_type(handle, at);
  *value = (cascade_value){.type = type == SQLITE_NULL ? CASCADE_NULL : wanted == CASCADE_ANY ? own[type] : wanted};
  bool fits = true;
  switch (value->type) {
  case CASCADE_NULL: break;
  case CASCADE_INT64:
  case CASCADE_UINT64: fits = read_integer(handle, at, type, value); break;
  case CASCADE_DOUBLE:
    value->real = sqlite3_column_double(handle, at);
    fits = type == SQLITE_INTEGER || type == SQLITE_FLOAT;
    break;
  default:
    read_bytes(handle, at, value);
    if (!value->data) return native_fail(self, SQLITE_NOMEM, NULL, error);
  }
  if (fits) return CASCADE_OK;
  return casc_driver_fail(self->context, error, CASCADE_DATABASE,
                          "SQLite: column %d of the result holds %s where %s is wanted; the data does not fit its declared type",
                          at + 1, type_name(type), wanted == CASCADE_DOUBLE ? "a number" : "an integer");
}

cascade_status native_next(void *session, void *result, const cascade_value **row, cascade_error **error) {
  native *self = session;
  cursor *at = result;
  begin(self);
  if (at->cut) return native_fail(self, SQLITE_INTERRUPT, NULL, error);
  if (at->ended) return CASCADE_DONE;
  int code = step(self, at->handle);
  if (code != SQLITE_ROW) {
    at->ended = true;
    if (code == SQLITE_DONE) sqlite3_reset(at->handle); /* lets the read transaction end now, not at the cursor's close */
    return code == SQLITE_DONE ? CASCADE_DONE : native_fail(self, code, sqlite3_sql(at->handle), error);
  }
  for (uint32_t i = 0; i < at->column_count; i++) {
    cascade_status status = read_cell(self, at->handle, (int)i, at->types[i], &at->row[i], error);
    if (status < 0) return status;
  }
  *row = at->row;
  return CASCADE_OK;
}

void native_cursor_close(void *session, void *result) {
  native *self = session;
  cursor **link = &self->cursors;
  while (*link != result) link = &(*link)->next;
  cursor *at = *link;
  *link = at->next;
  native_release(self, at->handle);
  free(at);
}

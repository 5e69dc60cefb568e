#include "native.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void native_begin(native *self) {
  native_settle(self);
  self->inside = casc_mariadb_inside(self->handle->server_status);
  casc_killer_begin(&self->killer);
}

void native_end(native *self) {
  casc_killer_end(&self->killer);
}

static cascade_status bind_one(native *self, unsigned at, const cascade_value *value, cascade_error **error) {
  MYSQL_BIND *bind = &self->binds[at];
  *bind = (MYSQL_BIND){.buffer = (void *)value->data, .buffer_length = (unsigned long)value->length};
  switch (value->type) {
  case CASCADE_NULL: bind->buffer_type = MYSQL_TYPE_NULL; return CASCADE_OK;
  case CASCADE_UINT64:
  case CASCADE_INT64:
    bind->buffer_type = MYSQL_TYPE_LONGLONG;
    bind->is_unsigned = value->type == CASCADE_UINT64;
    bind->buffer = (void *)&value->integer;
    return CASCADE_OK;
  case CASCADE_DOUBLE:
    if (!isfinite(value->real))
      return casc_driver_fail(self->context, error, CASCADE_UNSUPPORTED,
                              "MariaDB: parameter %u is no finite number, and MariaDB has none that are not", at + 1);
    bind->buffer_type = MYSQL_TYPE_DOUBLE;
    bind->buffer = (void *)&value->real;
    return CASCADE_OK;
  case CASCADE_TEXT: bind->buffer_type = MYSQL_TYPE_STRING; break;
  case CASCADE_DECIMAL: bind->buffer_type = MYSQL_TYPE_NEWDECIMAL; break;
  case CASCADE_BLOB: bind->buffer_type = MYSQL_TYPE_BLOB; break;
  default:
    return casc_driver_fail(self->context, error, CASCADE_INVALID, "MariaDB: parameter %u has no type that can be sent", at + 1);
  }
  if (!bind->buffer) bind->buffer = ""; /* a NULL pointer would bind NULL */
  return CASCADE_OK;
}

static cascade_status bind_all(native *self, const cascade_statement *statement, cascade_error **error) {
  size_t count = statement->parameter_count;
  if (count > self->bind_capacity) {
    MYSQL_BIND *grown = realloc(self->binds, count * sizeof *grown);
    if (!grown) return native_nomem(self, error);
    self->binds = grown;
    self->bind_capacity = count;
  }
  cascade_status status = CASCADE_OK;
  for (unsigned i = 0; i < count && status >= 0; i++) status = bind_one(self, i, &statement->parameters[i], error);
  return status;
}

/* The server hangs up on what it finds too long, and the client library would only say that. */
static cascade_status check_length(native *self, const cascade_statement *statement, cascade_error **error) {
  enum { OVERHEAD = 32 };
  uint64_t size = OVERHEAD;
  for (uint32_t i = 0; i < statement->parameter_count; i++) size += OVERHEAD + statement->parameters[i].length;
  if (statement->sql_length > size) size = statement->sql_length + OVERHEAD;
  if (size < self->packet) return CASCADE_OK;
  return casc_driver_fail(self->context, error, CASCADE_DATABASE,
                          "MariaDB: a statement or its values of %llu bytes are too long, the server takes %lu; raise its "
                          "max_allowed_packet",
                          (unsigned long long)size, self->packet);
}

cascade_status native_start(native *self, const cascade_statement *statement, prepared *made, cascade_error **error) {
  cascade_status status = check_length(self, statement, error);
  if (status >= 0) status = bind_all(self, statement, error);
  if (status >= 0) status = native_prepare(self, statement, made, error);
  if (status < 0) return status;
  if ((statement->parameter_count && mysql_stmt_bind_param(made->handle, self->binds)) || mysql_stmt_execute(made->handle) != 0)
    return native_fail_prepared(self, made, statement->sql, error);
  return CASCADE_OK;
}

/* The server finds nothing wrong with a statement that is no more than a comment. */
static bool is_blank(const char *sql) {
  for (;;) {
    sql += strspn(sql, " \t\r\n\f\v;");
    bool line = *sql == '#' || (sql[0] == '-' && sql[1] == '-');
    bool block = sql[0] == '/' && sql[1] == '*' && sql[2] != '!' && sql[2] != 'M';
    const char *end = line ? strchr(sql, '\n') : block ? strstr(sql + 2, "*/") : NULL;
    if (!line && !block) return !*sql;
    if (!end) return true;
    sql = line ? end : end + 2;
  }
}

/* Without values there is nothing to prepare for. What has a semicolon, which a session of the host's may take for the beginning of
   a second statement, is prepared nevertheless: that takes one only. */
static bool is_plain(const cascade_statement *statement) {
  return !statement->parameter_count && !memchr(statement->sql, ';', statement->sql_length);
}

static cascade_status run_plain(native *self, const cascade_statement *statement, uint64_t *affected, cascade_error **error) {
  cascade_status status = check_length(self, statement, error);
  if (status < 0) return status;
  if (mysql_real_query(self->handle, statement->sql, (unsigned long)statement->sql_length) != 0)
    return native_fail(self, statement->sql, error);
  MYSQL_RES *rows = mysql_store_result(self->handle);
  if (!rows && mysql_field_count(self->handle)) return native_fail(self, statement->sql, error);
  if (!rows) *affected = mysql_affected_rows(self->handle);
  mysql_free_result(rows);
  return CASCADE_OK;
}

static cascade_status run_prepared(native *self, const cascade_statement *statement, uint64_t *affected, cascade_error **error) {
  prepared made;
  cascade_status status = native_start(self, statement, &made, error);
  if (status < 0) return status;
  if (!mysql_stmt_field_count(made.handle)) *affected = mysql_stmt_affected_rows(made.handle);
  else if (mysql_stmt_store_result(made.handle) != 0) return native_fail_prepared(self, &made, statement->sql, error);
  native_release(self, &made);
  return CASCADE_OK;
}

cascade_status native_execute(void *session, const cascade_statement *statement, uint64_t *affected, cascade_error **error) {
  native *self = session;
  *affected = 0;
  if (is_blank(statement->sql)) return casc_driver_fail(self->context, error, CASCADE_SCHEMA, "MariaDB: the statement is empty");
  native_begin(self);
  cascade_status status =
      is_plain(statement) ? run_plain(self, statement, affected, error) : run_prepared(self, statement, affected, error);
  native_end(self);
  return status;
}

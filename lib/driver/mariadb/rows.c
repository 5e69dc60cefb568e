/* Results are read whole when a query starts: the protocol has one stream, and another statement may come while a cursor is open. A
   cursor within the server, the other way, takes 1.5 times as long for pages of 1,000 rows, and twice as long for pages of ten. */
#include "native.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_SIZE = 512 }; /* more than any number takes: the client library cuts those to the room they have */

typedef struct cell {
  unsigned long length;
  my_bool null;
  bool is_unsigned, is_bits;
  int64_t integer;
  double real;
  char *bytes;
} cell;

typedef struct cursor {
  prepared statement;
  const int32_t *types;
  uint32_t column_count;
  MYSQL_BIND *binds;
  cell *cells;
  cascade_value *row;
} cursor;

static bool is_integer(const MYSQL_FIELD *field) {
  return field->type <= MYSQL_TYPE_LONG || field->type == MYSQL_TYPE_LONGLONG || field->type == MYSQL_TYPE_INT24 ||
         field->type == MYSQL_TYPE_YEAR;
}

/* What is wanted as a number and is one is taken as that, all else as its bytes. */
static bool bind_column(cell *to, MYSQL_BIND *bind, const MYSQL_FIELD *field, int32_t wanted) {
  bool whole = wanted == CASCADE_INT64 || wanted == CASCADE_UINT64;
  *bind = (MYSQL_BIND){.length = &to->length, .is_null = &to->null};
  to->is_unsigned = field->flags & UNSIGNED_FLAG;
  to->is_bits = field->type == MYSQL_TYPE_BIT;
  if (whole && is_integer(field) && field->type != MYSQL_TYPE_DECIMAL) {
    bind->buffer_type = MYSQL_TYPE_LONGLONG;
    bind->is_unsigned = to->is_unsigned;
    bind->buffer = &to->integer;
    return true;
  }
  if (wanted == CASCADE_DOUBLE && (field->type == MYSQL_TYPE_FLOAT || field->type == MYSQL_TYPE_DOUBLE)) {
    bind->buffer_type = MYSQL_TYPE_DOUBLE;
    bind->buffer = &to->real;
    return true;
  }
  bind->buffer_type = wanted == CASCADE_BLOB ? MYSQL_TYPE_BLOB : MYSQL_TYPE_STRING;
  bind->buffer = to->bytes = malloc(FIRST_SIZE);
  bind->buffer_length = FIRST_SIZE;
  return to->bytes;
}

static void discard(cursor *at) {
  for (uint32_t i = 0; at->cells && i < at->column_count; i++) free(at->cells[i].bytes);
  free(at->binds);
  free(at->cells);
  free(at->row);
  free(at);
}

static cursor *make(const cascade_statement *statement, const prepared *from) {
  cursor *made = calloc(1, sizeof *made);
  if (!made) return NULL;
  *made = (cursor){.statement = *from, .types = statement->column_types, .column_count = statement->column_count};
  made->binds = calloc(made->column_count, sizeof *made->binds);
  made->cells = calloc(made->column_count, sizeof *made->cells);
  made->row = calloc(made->column_count, sizeof *made->row);
  const MYSQL_FIELD *fields = mariadb_stmt_fetch_fields(from->handle); /* as they are now that it has run */
  bool good = made->binds && made->cells && made->row && fields;
  for (uint32_t i = 0; good && i < made->column_count; i++)
    good = bind_column(&made->cells[i], &made->binds[i], &fields[i], made->types[i]);
  if (good && mysql_stmt_bind_result(from->handle, made->binds) == 0) return made;
  discard(made);
  return NULL;
}

static cascade_status start(native *self, const cascade_statement *statement, void **result, cascade_error **error) {
  prepared ran;
  cascade_status status = native_start(self, statement, &ran, error);
  if (status < 0) return status;
  if (mysql_stmt_store_result(ran.handle) != 0) return native_fail_prepared(self, &ran, statement->sql, error);
  if ((*result = make(statement, &ran))) return CASCADE_OK;
  native_release(self, &ran);
  return native_nomem(self, error);
}

cascade_status native_query(void *session, const cascade_statement *statement, void **result, cascade_error **error) {
  native *self = session;
  native_begin(self);
  cascade_status status = start(self, statement, result, error);
  native_end(self);
  return status;
}

/* Fetches again what did not fit, and makes room for the rows to come. */
static bool fetch_long(cursor *at, uint32_t column) {
  MYSQL_BIND *bind = &at->binds[column];
  cell *long_one = &at->cells[column];
  unsigned long size = bind->buffer_length;
  while (size <= long_one->length) size *= 2;
  char *grown = malloc(size);
  if (!grown) return false;
  free(long_one->bytes);
  bind->buffer = long_one->bytes = grown;
  bind->buffer_length = size;
  return mysql_stmt_fetch_column(at->statement.handle, bind, column, 0) == 0;
}

/* Digits only. */
static bool parse_integer(const cell *from, cascade_value *value) {
  const char *text = from->bytes;
  size_t sign = from->length && *text == '-';
  if (from->length == sign || strspn(text + sign, "0123456789") != from->length - sign) return false;
  errno = 0;
  if (value->type == CASCADE_INT64) value->integer = strtoll(text, NULL, 10);
  else if (sign) return false;
  else value->integer = (int64_t)strtoull(text, NULL, 10);
  return errno == 0;
}

static bool read_bits(const cell *from, cascade_value *value) {
  uint64_t bits = 0;
  if (from->length > sizeof bits) return false;
  for (unsigned long i = 0; i < from->length; i++) bits = bits << 8 | (unsigned char)from->bytes[i];
  value->integer = (int64_t)bits;
  return value->type == CASCADE_UINT64 || value->integer >= 0;
}

static bool read_integer(const cell *from, cascade_value *value) {
  if (from->bytes) return from->is_bits ? read_bits(from, value) : parse_integer(from, value);
  value->integer = from->integer;
  return from->integer >= 0 || from->is_unsigned == (value->type == CASCADE_UINT64);
}

static bool read_real(const native *self, const cell *from, cascade_value *value) {
  char *end;
  value->real = from->bytes ? strtod_l(from->bytes, &end, self->numbers) : from->real;
  return !from->bytes || (from->length && end == from->bytes + from->length);
}

static bool read_cell(const native *self, const cell *from, int32_t wanted, cascade_value *value) {
  *value = (cascade_value){.type = from->null ? CASCADE_NULL : wanted};
  if (from->null) return true;
  if (from->bytes) from->bytes[from->length] = '\0'; /* there is room, see fetch_long() */
  switch (wanted) {
  case CASCADE_INT64:
  case CASCADE_UINT64: return read_integer(from, value);
  case CASCADE_DOUBLE: return read_real(self, from, value);
  default:
    value->data = from->bytes;
    value->length = from->length;
    return true;
  }
}

static cascade_status read_row(native *self, cursor *at, cascade_error **error) {
  bool grown = false;
  for (uint32_t i = 0; i < at->column_count; i++) {
    const cell *from = &at->cells[i];
    if (from->bytes && !from->null && from->length >= at->binds[i].buffer_length) {
      if (!fetch_long(at, i)) return native_nomem(self, error);
      grown = true;
    }
    if (!read_cell(self, from, at->types[i], &at->row[i]))
      return casc_driver_fail(
          self->context, error, CASCADE_DATABASE,
          "MariaDB: column %u of the result holds %s where %s is wanted; the data does not fit its declared type", (unsigned)i + 1,
          from->bytes ? "text" : "a number out of range", at->types[i] == CASCADE_DOUBLE ? "a number" : "an integer");
  }
  if (grown && mysql_stmt_bind_result(at->statement.handle, at->binds) != 0) return native_nomem(self, error);
  return CASCADE_OK;
}

cascade_status native_next(void *session, void *result, const cascade_value **row, cascade_error **error) {
  native *self = session;
  cursor *at = result;
  int code = mysql_stmt_fetch(at->statement.handle);
  if (code == MYSQL_NO_DATA) return CASCADE_DONE;
  if (code != 0 && code != MYSQL_DATA_TRUNCATED)
    return casc_driver_fail(self->context, error, CASCADE_DATABASE, "MariaDB: a row of the result cannot be read: %s",
                            mysql_stmt_error(at->statement.handle));
  cascade_status status = read_row(self, at, error);
  if (status >= 0) *row = at->row;
  return status;
}

void native_cursor_close(void *session, void *result) {
  cursor *at = result;
  native_release(session, &at->statement);
  discard(at);
}

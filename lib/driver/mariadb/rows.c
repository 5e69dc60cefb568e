/* A connection of our own gives the rows of a query one by one. The protocol has one stream: when another statement comes in
   between, the rest of them are kept here. A cursor within the server, the other way, takes 1.5 times as long for pages of 1,000
   rows, and twice as long for pages of ten. The host's connection gives them all at once: it must be free for the host between two
   calls of the library. */
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

/* Where the client library puts a row, and what is made of it. */
typedef struct frame {
  MYSQL_BIND *binds;
  cell *cells;
  cascade_value *row;
} frame;

typedef struct cursor {
  prepared statement; /* without a handle when it has failed */
  const char *sql;
  bool ended;
  char *kept; /* rows: values, each with its bytes and a NUL behind it */
  size_t kept_size, kept_capacity, kept_at;
  cascade_error *failure; /* what follows after the last row, if not the end */
  const int32_t *types;
  uint32_t column_count;
  frame now, given; /* given: holds the row that was given out before the rest was kept */
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

static void discard_frame(frame *at, uint32_t count) {
  for (uint32_t i = 0; at->cells && i < count; i++) free(at->cells[i].bytes);
  free(at->binds);
  free(at->cells);
  free(at->row);
}

static void discard(cursor *at) {
  discard_frame(&at->now, at->column_count);
  discard_frame(&at->given, at->column_count);
  cascade_error_free(at->failure);
  free(at->kept);
  free(at);
}

static bool make_frame(cursor *at) {
  frame *made = &at->now;
  MYSQL_STMT *handle = at->statement.handle;
  *made = (frame){.binds = calloc(at->column_count, sizeof *made->binds),
                  .cells = calloc(at->column_count, sizeof *made->cells),
                  .row = calloc(at->column_count, sizeof *made->row)};
  const MYSQL_FIELD *fields = mariadb_stmt_fetch_fields(handle); /* as they are now that it has run */
  bool good = made->binds && made->cells && made->row && fields;
  for (uint32_t i = 0; good && i < at->column_count; i++)
    good = bind_column(&made->cells[i], &made->binds[i], &fields[i], at->types[i]);
  return good && mysql_stmt_bind_result(handle, made->binds) == 0;
}

static cursor *make(const cascade_statement *statement, const prepared *from) {
  cursor *made = calloc(1, sizeof *made);
  if (!made) return NULL;
  *made = (cursor){
      .statement = *from, .sql = statement->sql, .types = statement->column_types, .column_count = statement->column_count};
  if (make_frame(made)) return made;
  discard(made);
  return NULL;
}

static cascade_status start(native *self, const cascade_statement *statement, void **result, cascade_error **error) {
  prepared ran;
  cascade_status status = native_start(self, statement, &ran, error);
  if (status < 0) return status;
  if (self->adopted && mysql_stmt_store_result(ran.handle) != 0) return native_fail_prepared(self, &ran, statement->sql, error);
  if ((*result = make(statement, &ran))) return CASCADE_OK;
  native_release(self, &ran);
  return native_nomem(self, error);
}

/* While rows flow, the statement runs, and may be killed. */
cascade_status native_query(void *session, const cascade_statement *statement, void **result, cascade_error **error) {
  native *self = session;
  native_begin(self);
  cascade_status status = start(self, statement, result, error);
  if (status >= 0 && !self->adopted) self->flowing = *result;
  else native_end(self);
  return status;
}

/* Fetches again what did not fit, and makes room for the rows to come. */
static bool fetch_long(cursor *at, uint32_t column) {
  MYSQL_BIND *bind = &at->now.binds[column];
  cell *long_one = &at->now.cells[column];
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
    const cell *from = &at->now.cells[i];
    if (from->bytes && !from->null && from->length >= at->now.binds[i].buffer_length) {
      if (!fetch_long(at, i)) return native_nomem(self, error);
      grown = true;
    }
    if (!read_cell(self, from, at->types[i], &at->now.row[i]))
      return casc_driver_fail(
          self->context, error, CASCADE_DATABASE,
          "MariaDB: column %u of the result holds %s where %s is wanted; the data does not fit its declared type", (unsigned)i + 1,
          from->bytes ? "text" : "a number out of range", at->types[i] == CASCADE_DOUBLE ? "a number" : "an integer");
  }
  if (grown && mysql_stmt_bind_result(at->statement.handle, at->now.binds) != 0) return native_nomem(self, error);
  return CASCADE_OK;
}

static void end_flow(native *self, cursor *at) {
  if (self->flowing != at) return;
  self->flowing = NULL;
  native_end(self);
}

static cascade_status fetch(native *self, cursor *at, cascade_error **error) {
  int code = mysql_stmt_fetch(at->statement.handle);
  if (code == 0 || code == MYSQL_DATA_TRUNCATED) return read_row(self, at, error);
  at->ended = true;
  cascade_status status = CASCADE_DONE;
  if (code != MYSQL_NO_DATA) {
    status = native_fail_prepared(self, &at->statement, at->sql, error);
    at->statement.handle = NULL;
  }
  end_flow(self, at);
  return status;
}

static bool keep_row(cursor *at) {
  size_t need = at->kept_size;
  for (uint32_t i = 0; i < at->column_count; i++) need += sizeof *at->now.row + at->now.row[i].length + 1;
  if (need > at->kept_capacity) {
    size_t capacity = need > 2 * at->kept_capacity ? need : 2 * at->kept_capacity;
    char *grown = realloc(at->kept, capacity);
    if (!grown) return false;
    at->kept = grown;
    at->kept_capacity = capacity;
  }
  for (uint32_t i = 0; i < at->column_count; i++) {
    const cascade_value *value = &at->now.row[i];
    char *to = at->kept + at->kept_size;
    memcpy(to, value, sizeof *value);
    if (value->length) memcpy(to + sizeof *value, value->data, value->length);
    to[sizeof *value + value->length] = '\0';
    at->kept_size += sizeof *value + value->length + 1;
  }
  return true;
}

void native_settle(native *self) {
  cursor *at = self->flowing;
  if (!at) return;
  at->given = at->now; /* its row lives until the next one is asked for */
  if (!make_frame(at)) {
    at->ended = true;
    mysql_stmt_free_result(at->statement.handle);
    end_flow(self, at);
    native_nomem(self, &at->failure);
  }
  while (!at->ended) {
    cascade_error **failure = at->failure ? NULL : &at->failure;
    cascade_status status = fetch(self, at, failure);
    if (status == CASCADE_OK && failure && !keep_row(at)) native_nomem(self, failure);
  }
}

static void read_kept(cursor *at) {
  for (uint32_t i = 0; i < at->column_count; i++) {
    const char *from = at->kept + at->kept_at;
    cascade_value *value = &at->now.row[i];
    memcpy(value, from, sizeof *value);
    if (value->data) value->data = from + sizeof *value;
    at->kept_at += sizeof *value + value->length + 1;
  }
}

static cascade_status hand_over(cascade_error **from, cascade_error **to) {
  cascade_status status = cascade_error_status(*from);
  if (to) *to = *from;
  else cascade_error_free(*from);
  *from = NULL;
  return status;
}

cascade_status native_next(void *session, void *result, const cascade_value **row, cascade_error **error) {
  native *self = session;
  cursor *at = result;
  *row = at->now.row;
  if (!at->ended) return fetch(self, at, error);
  if (at->kept_at < at->kept_size) {
    read_kept(at);
    return CASCADE_OK;
  }
  return at->failure ? hand_over(&at->failure, error) : CASCADE_DONE;
}

/* The client library reads what is left of a result, of whichever statement it is, before it lets go of one. */
void native_cursor_close(void *session, void *result) {
  native *self = session;
  cursor *at = result;
  if (self->flowing != at) native_settle(self);
  if (at->statement.handle) native_release(self, &at->statement);
  end_flow(self, at);
  discard(at);
}

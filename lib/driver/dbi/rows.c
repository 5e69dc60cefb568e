#include "dbi_session.h"

#include "plain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

typedef struct cursor {
  dbi_result result;
  unsigned long long rows, given;
  const int32_t *types;
  uint32_t column_count;
  char *bytes; /* of the row's decoded values */
  size_t bytes_size;
  cascade_value row[];
} cursor;

void casc_dbi_cursor_close(void *session, void *result) {
  casc_dbi *self = session;
  cursor *at = result;
  dbi_result_free(at->result);
  casc_free(&self->context->alloc, at->bytes);
  casc_free(&self->context->alloc, at);
}

static cascade_status start(casc_dbi *self, const cascade_statement *statement, void **result, cascade_error **error) {
  cascade_status status = self->engine->render(self, statement, error);
  if (status < 0) return status;
  cursor *made = casc_calloc(&self->context->alloc, 1, sizeof *made + statement->column_count * sizeof *made->row);
  if (!made) return casc_nomem(error);
  made->types = statement->column_types;
  made->column_count = statement->column_count;
  status = casc_dbi_send(self, &made->result, error);
  if (status < 0) {
    casc_free(&self->context->alloc, made);
    return status;
  }
  unsigned columns = dbi_result_get_numfields(made->result);
  made->rows = dbi_result_get_numrows(made->result);
  if (made->rows && columns != made->column_count)
    status = casc_fail(self->context, error, CASCADE_INVALID, "driver dbi: the statement gives %u columns, but %u were wanted",
                       columns, (unsigned)statement->column_count);
  else if (self->engine->check) status = self->engine->check(self, error);
  if (status < 0) casc_dbi_cursor_close(self, made);
  else *result = made;
  return status;
}

cascade_status casc_dbi_query(void *session, const cascade_statement *statement, void **result, cascade_error **error) {
  casc_dbi *self = session;
  self->engine->begin(self);
  cascade_status status = start(self, statement, result, error);
  if (self->engine->end) self->engine->end(self);
  return status;
}

/* Bytes from hexadecimal digits, into `to`, which has room for half of them and a NUL. */
static bool decode_hex(const char *digits, size_t length, char *to, cascade_value *value) {
  if (!casc_bytes_of_hex(to, digits, length)) return false;
  to[length / 2] = '\0';
  value->data = to;
  value->length = length / 2;
  return true;
}

static bool decode_integer(const char *text, cascade_value *value) {
  size_t sign = *text == '-';
  if (!text[sign] || text[sign + strspn(text + sign, "0123456789")]) return false;
  errno = 0;
  if (value->type == CASCADE_INT64) value->integer = strtoll(text, NULL, 10);
  else if (sign) return false;
  else value->integer = (int64_t)strtoull(text, NULL, 10);
  return errno == 0;
}

/* The longest part that is a number must be all of it; infinities come as SQLite writes them, "Inf" and "-Inf". */
static bool decode_real(const casc_dbi *self, const char *text, cascade_value *value) {
  char *end;
  value->real = strtod_l(text, &end, self->numbers);
  return end != text && !*end;
}

static bool decode_any(const casc_dbi *self, const char *text, size_t length, char *to, cascade_value *value) {
  static const struct {
    const char *name;
    int32_t type;
  } types[] = {{"null:", CASCADE_NULL},
               {"integer:", CASCADE_INT64},
               {"real:", CASCADE_DOUBLE},
               {"text:", CASCADE_TEXT},
               {"blob:", CASCADE_BLOB}};
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    size_t skip = strlen(types[i].name);
    if (strncmp(text, types[i].name, skip) != 0) continue;
    value->type = types[i].type;
    switch (value->type) {
    case CASCADE_NULL: return length == skip;
    case CASCADE_INT64: return decode_integer(text + skip, value);
    case CASCADE_DOUBLE: {
      cascade_value digits = {0};
      return decode_hex(text + skip, length - skip, to, &digits) && decode_real(self, digits.data, value);
    }
    default: return decode_hex(text + skip, length - skip, to, value);
    }
  }
  return false;
}

static bool decode(const casc_dbi *self, int32_t wanted, const char *text, size_t length, char *to, cascade_value *value) {
  *value = (cascade_value){.type = wanted};
  switch (wanted) {
  case CASCADE_ANY: return decode_any(self, text, length, to, value);
  case CASCADE_INT64:
  case CASCADE_UINT64: return decode_integer(text, value);
  case CASCADE_DOUBLE: return decode_real(self, text, value);
  case CASCADE_DECIMAL:
    value->data = text;
    value->length = length;
    return true;
  default: return decode_hex(text, length, to, value);
  }
}

static bool is_hex(int32_t wanted) {
  return wanted == CASCADE_ANY || wanted == CASCADE_TEXT || wanted == CASCADE_BLOB;
}

/* A value of the current row; NULL for SQL NULL. */
static const char *cell(casc_dbi *self, const cursor *at, unsigned column) {
  if (self->engine->cell) return self->engine->cell(self, at->result, at->given - 1, column);
  if (dbi_result_field_is_null_idx(at->result, column + 1)) return NULL;
  return dbi_result_get_string_idx(at->result, column + 1);
}

/* Room for everything that is decoded of one row: half of its digits, and a NUL for each. */
static bool make_room(casc_dbi *self, cursor *at) {
  size_t need = 0;
  for (uint32_t i = 0; i < at->column_count; i++) {
    const char *text = is_hex(at->types[i]) ? cell(self, at, i) : NULL;
    if (text) need += strlen(text) / 2 + 1;
  }
  return casc_grow(&self->context->alloc, (void **)&at->bytes, &at->bytes_size, need, 1);
}

cascade_status casc_dbi_next(void *session, void *result, const cascade_value **row, cascade_error **error) {
  casc_dbi *self = session;
  cursor *at = result;
  if (at->given == at->rows) return CASCADE_DONE;
  at->given++;
  if (!self->engine->cell && !dbi_result_next_row(at->result))
    return casc_fail(self->context, error, CASCADE_DATABASE, "driver dbi: a row of the result cannot be read");
  if (!make_room(self, at)) return casc_nomem(error);
  char *to = at->bytes;
  for (uint32_t i = 0; i < at->column_count; i++) {
    const char *text = cell(self, at, i);
    at->row[i] = (cascade_value){.type = CASCADE_NULL};
    if (!text) continue;
    size_t length = strlen(text);
    if (!decode(self, at->types[i], text, length, to, &at->row[i]))
      return casc_fail(self->context, error, CASCADE_DATABASE,
                       "driver dbi: column %u of the result holds \"%.40s\", which is not of the type that was wanted; "
                       "the data does not fit its declared type",
                       (unsigned)i + 1, text);
    if (is_hex(at->types[i])) to += length / 2 + 1;
  }
  *row = at->row;
  return CASCADE_OK;
}

#include "native.h"
#include "plain.h"

#include <endian.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARRAY_HEADER = 20, ARRAY_ELEMENT = 12, NUMBER = 24 };

static char *put32(char *to, uint32_t value) {
  value = htobe32(value);
  memcpy(to, &value, sizeof value);
  return to + sizeof value;
}

static char *put64(char *to, uint64_t value) {
  value = htobe64(value);
  memcpy(to, &value, sizeof value);
  return to + sizeof value;
}

/* One dimension, no NULL among the elements, numbered from 1; an empty array has no dimension. */
static char *put_array(char *to, const cascade_value *value) {
  size_t count = value->length / sizeof(int64_t);
  to = put32(to, count > 0);
  to = put32(to, 0);
  to = put32(to, OID_INT8);
  if (count) to = put32(put32(to, (uint32_t)count), 1);
  for (size_t i = 0; i < count; i++) {
    int64_t element;
    memcpy(&element, value->data + i * sizeof element, sizeof element);
    to = put64(put32(to, sizeof element), (uint64_t)element);
  }
  return to;
}

static size_t room(const cascade_value *value) {
  switch (value->type) {
  case CASCADE_INT64: return sizeof(int64_t);
  case CASCADE_UINT64: return NUMBER;
  case CASCADE_DOUBLE: return CASC_REAL_ROOM;
  case CASCADE_INT64_ARRAY: return ARRAY_HEADER + value->length / sizeof(int64_t) * ARRAY_ELEMENT;
  default: return (size_t)value->length + 1;
  }
}

/* Writes one value; *to moves on. Binary is what PostgreSQL is told the type of. */
static cascade_status put(native *self, parameters *made, uint32_t at, const cascade_value *value, char **to,
                          cascade_error **error) {
  char *start = *to;
  bool text = false;
  made->values[at] = value->type == CASCADE_NULL ? NULL : start;
  switch (value->type) {
  case CASCADE_NULL: return CASCADE_OK;
  case CASCADE_INT64:
    made->oids[at] = OID_INT8;
    *to = put64(start, (uint64_t)value->integer);
    break;
  case CASCADE_INT64_ARRAY:
    made->oids[at] = OID_INT8_ARRAY;
    *to = put_array(start, value);
    break;
  case CASCADE_UINT64: *to += snprintf(start, NUMBER, "%" PRIu64, (uint64_t)value->integer) + 1; break;
  case CASCADE_DOUBLE:
    casc_real_text(start, value->real);
    *to += strlen(start) + 1;
    break;
  case CASCADE_TEXT:
  case CASCADE_DECIMAL: text = true; /* fall through */
  case CASCADE_BLOB:
    if (!text) made->oids[at] = OID_BYTEA;
    if (text && value->length && memchr(value->data, '\0', (size_t)value->length))
      return casc_driver_fail(self->context, error, CASCADE_UNSUPPORTED,
                              "PostgreSQL: parameter %u is text with a NUL byte, which no text in this database can hold",
                              (unsigned)at + 1);
    if (value->length) memcpy(start, value->data, (size_t)value->length);
    start[value->length] = '\0';
    *to += value->length + 1;
    break;
  default:
    return casc_driver_fail(self->context, error, CASCADE_INVALID, "PostgreSQL: parameter %u has no type that can be sent",
                            (unsigned)at + 1);
  }
  if (made->oids[at]) {
    made->formats[at] = 1;
    made->lengths[at] = (int)(*to - start) - (value->type == CASCADE_BLOB);
  }
  return CASCADE_OK;
}

cascade_status native_parameters(native *self, const cascade_statement *statement, parameters *made, cascade_error **error) {
  size_t count = statement->parameter_count, bytes = 1;
  *made = (parameters){0};
  if (!count) return CASCADE_OK;
  for (size_t i = 0; i < count; i++) bytes += room(&statement->parameters[i]);
  made->oids = calloc(count, sizeof *made->oids);
  made->values = calloc(count, sizeof *made->values);
  made->lengths = calloc(count, sizeof *made->lengths);
  made->formats = calloc(count, sizeof *made->formats);
  made->bytes = malloc(bytes);
  if (!made->oids || !made->values || !made->lengths || !made->formats || !made->bytes)
    return casc_driver_fail(self->context, error, CASCADE_NOMEM, "out of memory");
  char *to = made->bytes;
  cascade_status status = CASCADE_OK;
  for (uint32_t i = 0; i < count && status >= 0; i++) status = put(self, made, i, &statement->parameters[i], &to, error);
  return status;
}

void native_parameters_free(parameters *made) {
  free(made->oids);
  free(made->values);
  free(made->lengths);
  free(made->formats);
  free(made->bytes);
}

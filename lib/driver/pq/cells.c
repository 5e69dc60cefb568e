#include "native.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool is_text(Oid oid) {
  return oid == OID_TEXT || oid == OID_VARCHAR || oid == OID_BPCHAR || oid == OID_NAME || oid == OID_CHAR || oid == OID_UNKNOWN;
}

static bool read_binary(Oid oid, const char *data, int length, int64_t *number) {
  uint16_t two;
  uint32_t four;
  uint64_t eight;
  if (oid == OID_INT2 && length == sizeof two) {
    memcpy(&two, data, sizeof two);
    *number = (int16_t)be16toh(two);
  } else if ((oid == OID_INT4 || oid == OID_OID) && length == sizeof four) {
    memcpy(&four, data, sizeof four);
    four = be32toh(four);
    *number = oid == OID_OID ? (int64_t)four : (int32_t)four;
  } else if (oid == OID_INT8 && length == sizeof eight) {
    memcpy(&eight, data, sizeof eight);
    *number = (int64_t)be64toh(eight);
  } else {
    return false;
  }
  return true;
}

/* Digits only, as they would be read from text in any other driver. */
static bool read_digits(const char *text, int length, int64_t *number) {
  int sign = *text == '-';
  if (length == sign || strspn(text + sign, "0123456789") != (size_t)(length - sign)) return false;
  errno = 0;
  *number = strtoll(text, NULL, 10);
  return errno == 0;
}

cascade_status native_cell(native *self, uint32_t column, Oid oid, const char *data, int length, cascade_value *value,
                           cascade_error **error) {
  int32_t wanted = value->type;
  bool fits;
  *value = (cascade_value){.type = length < 0 ? CASCADE_NULL : wanted};
  if (length < 0) return CASCADE_OK;
  switch (wanted) {
  case CASCADE_INT64:
  case CASCADE_UINT64:
    fits = is_text(oid) ? read_digits(data, length, &value->integer) : read_binary(oid, data, length, &value->integer);
    if (wanted == CASCADE_UINT64 && value->integer < 0) fits = false;
    break;
  case CASCADE_BLOB: fits = oid == OID_BYTEA; break;
  case CASCADE_TEXT:
  case CASCADE_DECIMAL: fits = is_text(oid); break;
  default: fits = false;
  }
  if (!fits)
    return casc_driver_fail(self->context, error, CASCADE_DATABASE,
                            "PostgreSQL: column %u of the result, of the type with OID %u, holds what cannot be read as %s; "
                            "the data does not fit what was declared",
                            (unsigned)column + 1, (unsigned)oid,
                            wanted == CASCADE_INT64 || wanted == CASCADE_UINT64 ? "an integer"
                            : wanted == CASCADE_BLOB                            ? "bytes"
                                                                                : "text");
  if (wanted != CASCADE_INT64 && wanted != CASCADE_UINT64) {
    value->data = data;
    value->length = (uint64_t)length;
  }
  return CASCADE_OK;
}

#include "render.h"

#include <math.h>
#include <string.h>

/* What the arrays of integer keys consist of: no character that any reader of the statement could take for an end. */
static bool is_plain(const char *text, size_t length) {
  static const bool plain[256] = {
      ['0'] = true, ['1'] = true, ['2'] = true, ['3'] = true, ['4'] = true, ['5'] = true, ['6'] = true, ['7'] = true,
      ['8'] = true, ['9'] = true, ['['] = true, [']'] = true, [','] = true, ['-'] = true, [' '] = true};
  for (size_t i = 0; i < length; i++)
    if (!plain[(unsigned char)text[i]]) return false;
  return true;
}

static void put_text(casc_str *sql, const char *text, size_t length) {
  if (is_plain(text, length)) {
    casc_str_putc(sql, '\'');
    casc_str_putn(sql, text, length);
    casc_str_putc(sql, '\'');
    return;
  }
  casc_str_put(sql, "(+Cast(x'"); /* the plus takes the cast's affinity away */
  casc_str_hex(sql, text, length);
  casc_str_put(sql, "' As text))");
}

/* SQLite reads decimal digits to a neighbour of the number that they mean. So: a whole number, times or through
   powers of two, each step of which is exact. */
static void put_real(casc_str *sql, double value) {
  enum { MANTISSA = 53, STEP = 62 };
  int exponent;
  int64_t mantissa = (int64_t)ldexp(frexp(value, &exponent), MANTISSA);
  exponent = mantissa ? exponent - MANTISSA : 0;
  while (mantissa % 2 == 0 && exponent < 0) {
    mantissa /= 2;
    exponent++;
  }
  casc_str_putc(sql, '(');
  casc_str_int(sql, mantissa);
  casc_str_put(sql, "*1.0");
  for (int left = exponent < 0 ? -exponent : exponent; left > 0; left -= STEP) {
    casc_str_putc(sql, exponent < 0 ? '/' : '*');
    casc_str_int(sql, (int64_t)1 << (left < STEP ? left : STEP));
  }
  casc_str_putc(sql, ')');
}

bool casc_dbi_literal_sqlite(casc_str *sql, const cascade_value *value) {
  size_t length = (size_t)value->length;
  casc_str_putc(sql, ' '); /* or a minus might meet another and begin a comment */
  switch (value->type) {
  case CASCADE_NULL: casc_str_put(sql, "Null"); break;
  case CASCADE_UINT64:
    if (value->integer < 0) return false;
    casc_str_int(sql, value->integer);
    break;
  case CASCADE_INT64: casc_str_int(sql, value->integer); break;
  case CASCADE_DOUBLE:
    if (isnan(value->real)) casc_str_put(sql, "Null"); /* as SQLite binds it */
    else if (isinf(value->real)) casc_str_put(sql, value->real < 0 ? "-9e999" : "9e999");
    else put_real(sql, value->real);
    break;
  case CASCADE_TEXT:
  case CASCADE_DECIMAL: put_text(sql, value->data, length); break;
  case CASCADE_BLOB:
    casc_str_put(sql, "x'");
    casc_str_hex(sql, value->data, length);
    casc_str_putc(sql, '\'');
    break;
  default: return false;
  }
  casc_str_putc(sql, ' ');
  return true;
}

#include "str.h"

#include "plain.h"

#include <cascade/graph.h>

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void casc_str_init(casc_str *str, const casc_alloc *alloc) {
  *str = (casc_str){.alloc = alloc};
}

void casc_str_free(casc_str *str) {
  casc_free(str->alloc, str->data);
  casc_str_init(str, str->alloc);
}

void casc_str_clear(casc_str *str) {
  str->length = 0;
  str->failed = false;
  if (str->data) str->data[0] = '\0';
}

static bool room(casc_str *str, size_t more) {
  if (str->failed || more > SIZE_MAX / 2 - str->length ||
      !casc_grow(str->alloc, (void **)&str->data, &str->capacity, str->length + more + 1, 1))
    str->failed = true;
  return !str->failed;
}

void casc_str_putn(casc_str *str, const char *bytes, size_t length) {
  if (!room(str, length)) return;
  if (length) memcpy(str->data + str->length, bytes, length);
  str->length += length;
  str->data[str->length] = '\0';
}

void casc_str_put(casc_str *str, const char *text) {
  casc_str_putn(str, text, strlen(text));
}

void casc_str_putc(casc_str *str, char c) {
  casc_str_putn(str, &c, 1);
}

void casc_str_int(casc_str *str, long long number) {
  char digits[24], *at = digits + sizeof digits;
  unsigned long long rest = number < 0 ? 0ULL - (unsigned long long)number : (unsigned long long)number;
  do *--at = (char)('0' + rest % 10);
  while (rest /= 10);
  if (number < 0) *--at = '-';
  casc_str_putn(str, at, (size_t)(digits + sizeof digits - at));
}

void casc_str_real(casc_str *str, double number) {
  char text[CASC_REAL_ROOM];
  casc_real_text(text, number);
  casc_str_put(str, text);
}

void casc_str_hex(casc_str *str, const void *bytes, size_t length) {
  static const char digit[] = "0123456789abcdef";
  if (length > SIZE_MAX / 4 || !room(str, length * 2)) {
    str->failed = true;
    return;
  }
  const unsigned char *from = bytes;
  char *to = str->data + str->length;
  for (size_t i = 0; i < length; i++) {
    *to++ = digit[from[i] >> 4];
    *to++ = digit[from[i] & 15];
  }
  *to = '\0';
  str->length += length * 2;
}

void casc_str_printf(casc_str *str, const char *format, ...) {
  va_list arguments, again;
  va_start(arguments, format);
  va_copy(again, arguments);
  int length = vsnprintf(NULL, 0, format, arguments);
  va_end(arguments);
  if (length < 0) str->failed = true;
  else if (room(str, (size_t)length)) {
    vsnprintf(str->data + str->length, (size_t)length + 1, format, again);
    str->length += (size_t)length;
  }
  va_end(again);
}

char *casc_str_give(casc_str *str) {
  char *text = str->failed ? NULL : malloc(str->length + 1);
  if (text) {
    if (str->length) memcpy(text, str->data, str->length);
    text[str->length] = '\0';
  }
  casc_str_free(str);
  return text;
}

void cascade_text_free(char *text) {
  free(text);
}

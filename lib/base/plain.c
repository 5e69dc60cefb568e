#include "plain.h"

#include <locale.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool casc_same_name(const char *a, const char *b) {
  while (*a && casc_lower(*a) == casc_lower(*b)) {
    a++;
    b++;
  }
  return casc_lower(*a) == casc_lower(*b);
}

bool casc_begins(const char *text, const char *letters) {
  while (*letters && casc_lower(*text) == casc_lower(*letters)) {
    text++;
    letters++;
  }
  return !*letters;
}

void casc_real_text(char text[CASC_REAL_ROOM], double value) {
  if (isnan(value)) strcpy(text, "NaN");
  else if (isinf(value)) strcpy(text, value < 0 ? "-Infinity" : "Infinity");
  else snprintf(text, CASC_REAL_ROOM, "%.17g", value);
  if (!isfinite(value)) return;
  char *point = text + strspn(text, "-0123456789e+"), *rest = point + strcspn(point, "0123456789");
  if (!*point) return;
  *point = '.'; /* the locale's may be another, and more than one byte */
  memmove(point + 1, rest, strlen(rest) + 1);
}

static int digit_of(char c) {
  if (casc_is_digit(c)) return c - '0';
  c = casc_lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool casc_bytes_of_hex(char *to, const char *digits, size_t length) {
  if (length % 2) return false;
  for (size_t i = 0; i < length / 2; i++) {
    int high = digit_of(digits[2 * i]), low = digit_of(digits[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    to[i] = (char)(high * 16 + low);
  }
  return true;
}

/* Bytes of the character that begins here; 0 when none does. */
static size_t character_at(const char *text, size_t left) {
  const unsigned char *at = (const unsigned char *)text;
  if (*at < 0x80) return 1;
  if (*at < 0xc2 || *at > 0xf4) return 0;
  size_t length = *at < 0xe0 ? 2 : *at < 0xf0 ? 3 : 4;
  if (length > left) return 0;
  for (size_t i = 1; i < length; i++)
    if ((at[i] & 0xc0) != 0x80) return 0;
  bool too_long = (*at == 0xe0 && at[1] < 0xa0) || (*at == 0xf0 && at[1] < 0x90);
  bool surrogate = *at == 0xed && at[1] >= 0xa0, beyond = *at == 0xf4 && at[1] >= 0x90;
  return too_long || surrogate || beyond ? 0 : length;
}

bool casc_is_utf8(const char *text, size_t length) {
  for (size_t at = 0, next; at < length; at += next)
    if (!(next = character_at(text + at, length - at))) return false;
  return true;
}

void casc_mend_line(char *text) {
  while (*text) {
    size_t length = character_at(text, SIZE_MAX); /* the end of the text ends a character too */
    if (*text == '\n' || *text == '\r') *text = ' ';
    if (!length) *text = '?';
    text += length ? length : 1;
  }
}

bool casc_real_of(const char *text, double *value) {
  char *end;
  locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  if (!plain) return false;
  *value = strtod_l(text, &end, plain);
  freelocale(plain);
  return end != text && !*end;
}

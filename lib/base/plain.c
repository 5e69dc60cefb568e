#include "plain.h"

#include <locale.h>
#include <math.h>
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

bool casc_real_of(const char *text, double *value) {
  char *end;
  locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  if (!plain) return false;
  *value = strtod_l(text, &end, plain);
  freelocale(plain);
  return end != text && !*end;
}

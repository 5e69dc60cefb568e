/* Text that is the same whatever the locale of the host: letters are those of ASCII, and the point of a number is a point. */
#ifndef CASC_PLAIN_H
#define CASC_PLAIN_H

#include <stdbool.h>
#include <stddef.h>

enum { CASC_REAL_ROOM = 40 };

static inline char casc_lower(char c) {
  return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
}
static inline bool casc_is_digit(char c) {
  return c >= '0' && c <= '9';
}
static inline bool casc_is_letter(char c) { /* of a word of SQL */
  return (casc_lower(c) >= 'a' && casc_lower(c) <= 'z') || c == '_';
}
/* Whatever the case. */
bool casc_same_name(const char *a, const char *b);
/* Whether these are the first letters of the text, whatever their case. */
bool casc_begins(const char *text, const char *letters);
/* With all its digits; "NaN", "Infinity", "-Infinity". */
void casc_real_text(char text[CASC_REAL_ROOM], double value);
/* False when the text is no number, or memory is out. */
bool casc_real_of(const char *text, double *value);
/* Two digits for each byte; false for what is no such text. `to` has room for half of the length, and may be the digits' own. */
bool casc_bytes_of_hex(char *to, const char *digits, size_t length);
bool casc_is_utf8(const char *text, size_t length);
/* Makes one line of UTF-8 of it: line breaks become spaces, bytes that belong to no character question marks. */
void casc_mend_line(char *text);

#endif

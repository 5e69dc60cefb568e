/* Growing text. A failure to grow is remembered, so that a chain of appends needs one check at its end. */
#ifndef CASC_STR_H
#define CASC_STR_H

#include "alloc.h"

typedef struct casc_str {
  const casc_alloc *alloc;
  char *data; /* NUL-terminated, or NULL while empty */
  size_t length, capacity;
  bool failed;
} casc_str;

void casc_str_init(casc_str *str, const casc_alloc *alloc);
void casc_str_free(casc_str *str);
void casc_str_clear(casc_str *str); /* empty again, memory kept, failure forgotten */
void casc_str_put(casc_str *str, const char *text);
void casc_str_putn(casc_str *str, const char *bytes, size_t length);
void casc_str_putc(casc_str *str, char c);
void casc_str_int(casc_str *str, long long number);
void casc_str_real(casc_str *str, double number);                   /* as casc_real_text() has it */
void casc_str_hex(casc_str *str, const void *bytes, size_t length); /* lower case */
void casc_str_printf(casc_str *str, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The text as malloc'ed memory for cascade_text_free(); NULL when memory is out. The builder is empty then. */
char *casc_str_give(casc_str *str);

#endif

/* Names as SQLite compares them: the case of ASCII letters does not count. */
#ifndef CASC_NAMES_H
#define CASC_NAMES_H

#include "map.h"
#include "str.h"

static inline char casc_lower(char c) { /* whatever the host's locale */
  return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
}
bool casc_same_name(const char *a, const char *b);
/* Replaces the text by the form in which equal names are equal bytes. */
void casc_fold(casc_str *folded, const char *name);
/* A map whose keys are folded. */
bool casc_map_put_name(casc_map *map, casc_str *scratch, const char *name, uint32_t value);
bool casc_map_get_name(const casc_map *map, casc_str *scratch, const char *name, uint32_t *value);

#endif

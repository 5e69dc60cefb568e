#include "names.h"

bool casc_same_name(const char *a, const char *b) {
  while (*a && casc_lower(*a) == casc_lower(*b)) {
    a++;
    b++;
  }
  return casc_lower(*a) == casc_lower(*b);
}

void casc_fold(casc_str *folded, const char *name) {
  casc_str_clear(folded);
  casc_str_put(folded, name);
  for (size_t i = 0; !folded->failed && i < folded->length; i++) folded->data[i] = casc_lower(folded->data[i]);
}

bool casc_map_put_name(casc_map *map, casc_str *scratch, const char *name, uint32_t value) {
  casc_fold(scratch, name);
  return !scratch->failed && casc_map_put(map, scratch->data, value);
}

bool casc_map_get_name(const casc_map *map, casc_str *scratch, const char *name, uint32_t *value) {
  casc_fold(scratch, name);
  return !scratch->failed && casc_map_get(map, scratch->data, value);
}

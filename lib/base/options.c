#include "options.h"

#include "failure.h"

#include <string.h>

cascade_status casc_options_read(cascade_context *context, const void *given, void *own, size_t own_size, size_t first,
                                 cascade_error **error) {
  memset(own, 0, own_size);
  memcpy(own, &own_size, sizeof own_size);
  if (!given) return CASCADE_OK;
  size_t size;
  memcpy(&size, given, sizeof size);
  if (size < first)
    return casc_fail(context, error, CASCADE_OPTIONS,
                     "options: size is %zu, but no version had fewer than %zu bytes; set it to sizeof of the struct", size, first);
  if (size > own_size) {
    if (size > own_size + 65536)
      return casc_fail(context, error, CASCADE_OPTIONS, "options: size is %zu, which no version has", size);
    const unsigned char *tail = (const unsigned char *)given + own_size;
    for (size_t i = 0; i < size - own_size; i++)
      if (tail[i])
        return casc_fail(context, error, CASCADE_OPTIONS,
                         "options: an option is set that this version of the library does not have; load a newer one");
  }
  memcpy(own, given, size < own_size ? size : own_size);
  memcpy(own, &own_size, sizeof own_size);
  return CASCADE_OK;
}

cascade_status casc_info_write(void *theirs, const void *own, size_t own_size, size_t first) {
  if (!theirs) return CASCADE_INVALID;
  size_t size;
  memcpy(&size, theirs, sizeof size);
  if (size < first || size > own_size + 65536) return CASCADE_INVALID;
  memcpy(theirs, own, size < own_size ? size : own_size);
  memcpy(theirs, &size, sizeof size);
  if (size > own_size) memset((char *)theirs + own_size, 0, size - own_size);
  return CASCADE_OK;
}

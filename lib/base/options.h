/* Structs that cross the interface and grow: the caller's size against ours. */
#ifndef CASC_OPTIONS_H
#define CASC_OPTIONS_H

#include <cascade/common.h>

#include <stddef.h>

/* Copies an options struct that the caller compiled, perhaps against another version, into ours, zero-filled.
   `first` is the size of the first version ever released: no caller can have a smaller one. */
cascade_status casc_options_read(cascade_context *context, const void *given, void *own, size_t own_size, size_t first,
                                 cascade_error **error);
/* Copies our struct into the caller's as far as its size reaches; what it has beyond ours becomes zero. */
cascade_status casc_info_write(void *theirs, const void *own, size_t own_size, size_t first);

#define CASC_END(type, member) (offsetof(type, member) + sizeof(((type *)0)->member))
/* `last` names the last member of the first released version. */
#define CASC_OPTIONS(context, given, own, last, error)                                                                             \
  casc_options_read(context, given, &(own), sizeof(own), CASC_END(__typeof__(own), last), error)
#define CASC_INFO(theirs, own, last) casc_info_write(theirs, &(own), sizeof(own), CASC_END(__typeof__(own), last))

#endif

/* Values that the host gives for the placeholders of its SQL. */
#ifndef CASC_PARAMETERS_H
#define CASC_PARAMETERS_H

#include "arena.h"
#include "failure.h"

/* Copies them, bytes and all. `words` say in errors whose they are. */
cascade_status casc_parameters_copy(cascade_context *context, casc_arena *arena, const char *words, const cascade_value *parameters,
                                    uint32_t count, const cascade_value **copied, cascade_error **error);

#endif

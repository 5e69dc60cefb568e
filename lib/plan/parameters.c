#include "parameters.h"

cascade_status casc_parameters_copy(cascade_context *context, casc_arena *arena, const char *words, const cascade_value *parameters,
                                    uint32_t count, const cascade_value **copied, cascade_error **error) {
  cascade_value *copies = casc_arena_get(arena, count, sizeof *copies);
  if (!copies) return casc_nomem(error);
  for (uint32_t i = 0; i < count; i++) {
    const cascade_value *value = &parameters[i];
    if (value->type < CASCADE_NULL || value->type > CASCADE_DECIMAL)
      return casc_fail(context, error, CASCADE_INVALID, "%s: parameter %u has no type", words, i + 1);
    copies[i] = *value;
    if (value->type != CASCADE_TEXT && value->type != CASCADE_BLOB && value->type != CASCADE_DECIMAL) continue;
    if (!value->data && value->length)
      return casc_fail(context, error, CASCADE_INVALID, "%s: the bytes of parameter %u are NULL", words, i + 1);
    if (!(copies[i].data = casc_arena_copy(arena, value->data, value->length))) return casc_nomem(error);
  }
  *copied = copies;
  return CASCADE_OK;
}

#include "context.h"

#include "failure.h"
#include "options.h"

#include <stdarg.h>
#include <stdio.h>

cascade_status cascade_context_new(const cascade_context_options *given, cascade_context **out, cascade_error **error) {
  cascade_context_options options;
  if (!out) return casc_fail(NULL, error, CASCADE_INVALID, "context: the place for the result is NULL");
  *out = NULL;
  cascade_status status = CASC_OPTIONS(NULL, given, options, log_level, error);
  if (status < 0) return status;
  int hooks = !!options.allocate + !!options.reallocate + !!options.release;
  if (hooks % 3) return casc_fail(NULL, error, CASCADE_INVALID, "context: give all three allocator functions, or none of them");
  casc_alloc alloc = casc_system_alloc;
  if (hooks) alloc = (casc_alloc){options.allocate, options.reallocate, options.release, options.allocator_data};
  cascade_context *context = casc_calloc(&alloc, 1, sizeof *context);
  if (!context) return casc_nomem(error);
  casc_refs_init(&context->refs);
  context->alloc = alloc;
  context->log = options.log;
  context->log_data = options.log_data;
  context->log_level = options.log_level;
  *out = context;
  return CASCADE_OK;
}

cascade_context *casc_context_ref(cascade_context *context) {
  if (context) casc_refs_take(&context->refs);
  return context;
}

void cascade_context_free(cascade_context *context) {
  if (!context || !casc_refs_drop(&context->refs)) return;
  casc_alloc alloc = context->alloc;
  casc_free(&alloc, context);
}

void casc_log(const cascade_context *context, int32_t level, const char *format, ...) {
  if (!context->log || level > context->log_level) return;
  char line[1024]; /* a longer line is cut */
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  if (length >= 0) context->log(context->log_data, level, line);
}

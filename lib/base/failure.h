/* Making errors. Each maker returns the status, so that a function can fail in one line. */
#ifndef CASC_FAILURE_H
#define CASC_FAILURE_H

#include <cascade/error.h>

#include "alloc.h"

cascade_status casc_fail(cascade_context *context, cascade_error **error, cascade_status status, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The same about a table and a relation, either of which may be NULL. */
cascade_status casc_fail_at(cascade_context *context, cascade_error **error, cascade_status status, const char *table,
                            const char *relation, const char *format, ...) __attribute__((format(printf, 6, 7)));
/* The static error of CASCADE_NOMEM. */
cascade_status casc_nomem(cascade_error **error);
/* Puts "words: " before the message of an error, and names table and relation where it names none yet. */
void casc_error_explain(cascade_error **error, const char *table, const char *relation, const char *words);
void casc_error_set_transaction(cascade_error *error, int32_t state);
/* Hands an error from an inner call on: *to gets it, or it is freed when nobody wants it. Returns its status. */
cascade_status casc_error_pass(cascade_error *from, cascade_error **to);

#endif

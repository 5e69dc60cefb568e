#include "failure.h"

#include "context.h"
#include "options.h"
#include "plain.h"
#include "str.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct cascade_error {
  cascade_context *context; /* whose allocator holds this; NULL for malloc */
  cascade_status status;
  int32_t transaction;
  int64_t native_code;
  char sqlstate[6];
  char *message, *table, *relation; /* NULL when empty */
  bool fixed;                       /* static; told by this, as a driver may bring the one of another copy of this library */
};

static cascade_error out_of_memory = {.status = CASCADE_NOMEM, .fixed = true};

static const casc_alloc *alloc_of(const cascade_context *context) {
  return context ? &context->alloc : &casc_system_alloc;
}

cascade_status casc_nomem(cascade_error **error) {
  if (error) *error = &out_of_memory;
  return CASCADE_NOMEM;
}

static cascade_status make(cascade_context *context, cascade_error **error, const cascade_error *facts, const char *message,
                           const char *table, const char *relation) {
  if (!error) return facts->status;
  *error = NULL;
  const casc_alloc *alloc = alloc_of(context);
  cascade_error *made = casc_calloc(alloc, 1, sizeof *made);
  if (!made) return casc_nomem(error);
  *made = *facts;
  made->context = casc_context_ref(context);
  made->message = made->table = made->relation = NULL; /* the facts may be an error that owns its texts */
  *error = made;
  if ((message && !(made->message = casc_strdup(alloc, message))) || (table && !(made->table = casc_strdup(alloc, table))) ||
      (relation && !(made->relation = casc_strdup(alloc, relation)))) {
    cascade_error_free(made);
    return casc_nomem(error);
  }
  if (made->message) casc_mend_line(made->message); /* it may be a server's, in any encoding, or have been cut */
  return made->status;
}

static cascade_status vmake(cascade_context *context, cascade_error **error, cascade_status status, const char *table,
                            const char *relation, const char *format, va_list arguments) {
  if (!error) return status;
  char message[2048]; /* one line for a person; a longer one is cut */
  if (vsnprintf(message, sizeof message, format, arguments) < 0) message[0] = '\0';
  return make(context, error, &(cascade_error){.status = status}, message, table, relation);
}

cascade_status casc_fail(cascade_context *context, cascade_error **error, cascade_status status, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  status = vmake(context, error, status, NULL, NULL, format, arguments);
  va_end(arguments);
  return status;
}

cascade_status casc_fail_at(cascade_context *context, cascade_error **error, cascade_status status, const char *table,
                            const char *relation, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  status = vmake(context, error, status, table, relation, format, arguments);
  va_end(arguments);
  return status;
}

cascade_status cascade_error_create(cascade_context *context, const cascade_error_details *details, cascade_error **error) {
  cascade_error_details own;
  if (CASC_OPTIONS(NULL, details, own, message, NULL) < 0 || own.status >= 0)
    return casc_fail(context, error, CASCADE_INVALID, "error: the driver's details are missing or say no failure");
  cascade_error facts = {.status = own.status, .transaction = own.transaction, .native_code = own.native_code};
  if (own.sqlstate) snprintf(facts.sqlstate, sizeof facts.sqlstate, "%s", own.sqlstate);
  return make(context, error, &facts, own.message ? own.message : "", NULL, NULL);
}

void casc_error_explain(cascade_error **error, const char *table, const char *relation, const char *words) {
  if (!error || !*error || (*error)->fixed) return;
  cascade_error *old = *error, *made = NULL;
  casc_str text;
  casc_str_init(&text, alloc_of(old->context));
  if (words) casc_str_printf(&text, "%s: ", words);
  casc_str_put(&text, cascade_error_message(old));
  make(old->context, &made, old, text.failed ? old->message : text.data, old->table ? old->table : table,
       old->relation ? old->relation : relation);
  casc_str_free(&text);
  cascade_error_free(old);
  *error = made;
}

void casc_error_set_transaction(cascade_error *error, int32_t state) {
  if (error && !error->fixed) error->transaction = state;
}

cascade_status casc_error_pass(cascade_error *from, cascade_error **to) {
  cascade_status status = cascade_error_status(from);
  if (to) *to = from;
  else cascade_error_free(from);
  return status;
}

void cascade_error_free(cascade_error *error) {
  if (!error || error->fixed) return;
  cascade_context *context = error->context;
  const casc_alloc *alloc = alloc_of(context);
  casc_free(alloc, error->message);
  casc_free(alloc, error->table);
  casc_free(alloc, error->relation);
  casc_free(alloc, error);
  cascade_context_free(context);
}

cascade_status cascade_error_status(const cascade_error *error) {
  return error ? error->status : CASCADE_OK;
}

const char *cascade_error_message(const cascade_error *error) {
  if (error && error->fixed) return "out of memory";
  return error && error->message ? error->message : "";
}

const char *cascade_error_sqlstate(const cascade_error *error) {
  return error ? error->sqlstate : "";
}

int64_t cascade_error_native_code(const cascade_error *error) {
  return error ? error->native_code : 0;
}

const char *cascade_error_table(const cascade_error *error) {
  return error && error->table ? error->table : "";
}

const char *cascade_error_relation(const cascade_error *error) {
  return error && error->relation ? error->relation : "";
}

int32_t cascade_error_transaction(const cascade_error *error) {
  return error ? error->transaction : CASCADE_TX_NONE;
}

int32_t cascade_error_retryable(const cascade_error *error) {
  switch (cascade_error_status(error)) {
  case CASCADE_BUSY:
  case CASCADE_DEADLOCK:
  case CASCADE_SERIALIZATION:
  case CASCADE_TIMEOUT:
  case CASCADE_CONTENDED: return 1;
  default: return 0;
  }
}

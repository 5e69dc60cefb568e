/* Blockers as JSON: what the two profiles share. */
#ifndef CASC_BLOCKERS_JSON_H
#define CASC_BLOCKERS_JSON_H

#include <cascade/blockers.h>

#include "policy_internal.h"
#include "selection_internal.h"

typedef struct casc_blockers_document {
  cascade_context *context;
  const cascade_policy *policy;
  const cascade_selection *selection;
  const cascade_blockers_options *options; /* the caller's, of whatever size, or NULL */
  cascade_blockers_options read;           /* the same, read */
  cascade_blockers *cursor;
  casc_str json;
  const char *bad; /* a name that is not UTF-8 */
} casc_blockers_document;

void casc_document_put(casc_blockers_document *w, const char *text);
void casc_document_string(casc_blockers_document *w, const char *text);
void casc_document_names(casc_blockers_document *w, const char *const *names, uint32_t count);

/* Refuses what the profile could not say. */
cascade_status casc_specify_check(casc_blockers_document *w, cascade_error **error);
cascade_status casc_specify_write(casc_blockers_document *w, cascade_error **error);

#endif

/* A policy as a document that cascade_policy_load() makes the same policy of. */
#ifndef CASC_POLICY_JSON_H
#define CASC_POLICY_JSON_H

#include "policy_internal.h"

#include <jansson.h>

/* The array of relations whose rules differ from the database's, the caller's. CASCADE_UNSUPPORTED for values that JSON
 * has no form for. Names and conditions need not be UTF-8: see casc_json_give(). */
cascade_status casc_policy_relations(const cascade_policy *policy, json_t **relations, cascade_error **error);

#endif

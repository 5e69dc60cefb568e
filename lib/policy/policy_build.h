/* Making policies. */
#ifndef CASC_POLICY_BUILD_H
#define CASC_POLICY_BUILD_H

#include "policy_internal.h"

/* cascade_policy_new(), which also tells the number, from 1, of the entry at fault; 0 when it is none of them. */
cascade_status casc_policy_build(cascade_graph *graph, const cascade_policy_options *given, uint32_t *at_fault,
                                 cascade_policy **policy, cascade_error **error);

#endif

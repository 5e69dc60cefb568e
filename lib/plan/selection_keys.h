/* Primary keys of a selection: brought into the form in which their columns hold them, sorted, each once. */
#ifndef CASC_SELECTION_KEYS_H
#define CASC_SELECTION_KEYS_H

#include "selection_internal.h"

/* Each sets selection->keys, in memory of its arena. The caller has checked the width of the key and that keys are
   given. */
cascade_status casc_keys_from_integers(cascade_selection *selection, const int64_t *keys, size_t count, cascade_error **error);
cascade_status casc_keys_from_cells(cascade_selection *selection, const cascade_value *cells, size_t count, cascade_error **error);
cascade_status casc_keys_from_texts(cascade_selection *selection, const char *const *keys, size_t count, cascade_error **error);

#endif

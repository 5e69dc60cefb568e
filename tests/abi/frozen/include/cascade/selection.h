#ifndef CASCADE_SELECTION_H
#define CASCADE_SELECTION_H 
#include <cascade/graph.h>
#ifdef __cplusplus
extern "C" {
#endif
CASCADE_API cascade_status cascade_selection_integers(cascade_graph *graph, const char *table, const int64_t *keys,
                                                      uint64_t count, cascade_selection **selection,
                                                      cascade_error **error);
CASCADE_API cascade_status cascade_selection_keys(cascade_graph *graph, const char *table, const cascade_value *cells,
                                                  uint64_t count, uint32_t column_count, cascade_selection **selection,
                                                  cascade_error **error);
CASCADE_API cascade_status cascade_selection_parse(cascade_graph *graph, const char *table, const char *const *keys,
                                                   uint32_t count, cascade_selection **selection,
                                                   cascade_error **error);
CASCADE_API cascade_status cascade_selection_where(cascade_graph *graph, const char *table, const char *condition,
                                                   const cascade_value *parameters, uint32_t parameter_count,
                                                   cascade_selection **selection, cascade_error **error);
CASCADE_API uint32_t cascade_selection_table(const cascade_selection *selection);
CASCADE_API void cascade_selection_free(cascade_selection *selection);
#ifdef __cplusplus
}
#endif
#endif

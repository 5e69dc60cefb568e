/**
 * @file selection.h
 * @brief The rows that a request starts from: keys, or a predicate.
 *
 * @code{.c}
 * static cascade_selection *two_agents(cascade_graph *graph) {
 *   const int64_t ids[] = {7, 12};
 *   cascade_selection *selection = NULL;
 *   cascade_error *error = NULL;
 *   if (cascade_selection_integers(graph, "agent", ids, 2, &selection, &error) < 0) {
 *     fprintf(stderr, "%s\n", cascade_error_message(error));
 *     cascade_error_free(error);
 *   }
 *   return selection;
 * }
 * @endcode
 */
#ifndef CASCADE_SELECTION_H
#define CASCADE_SELECTION_H

#include <cascade/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @brief Selects rows by an integer primary key of one column.
 * @param graph  the selection holds a reference to it
 * @param table  name of the table; not NULL
 * @param keys  `count` keys, copied; keys without a row are allowed and select nothing
 * @param count  0 selects nothing, which is not a failure, of whatever columns the key is
 * @param[out] selection  receives the selection, owned by the caller
 * @param[out] error  receives the failure; may be NULL
 * @return CASCADE_OK; CASCADE_NOT_FOUND for an unknown table; CASCADE_NO_KEY for a table without primary key;
 *         CASCADE_INVALID when the key is not one column, or a view's or a partition's; CASCADE_NOMEM
 * @note Touches no database. A selection is immutable; any number of threads may use it.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_selection_integers(cascade_graph *graph, const char *table, const int64_t *keys, uint64_t count,
                                                      cascade_selection **selection, cascade_error **error);

/**
 * @brief Selects rows by primary keys of any type.
 * @param graph  the selection holds a reference to it
 * @param table  name of the table; not NULL
 * @param cells  `count` times `column_count` values, row after row, in the order of the primary key; copied; none is NULL
 * @param count  number of keys; 0 as in cascade_selection_integers()
 * @param column_count  columns of the primary key
 * @param[out] selection  receives the selection, owned by the caller
 * @param[out] error  receives the failure; may be NULL
 * @return as cascade_selection_integers(); CASCADE_INVALID also for a wrong `column_count` or a NULL cell
 * @note Touches no database. A selection is immutable; any number of threads may use it.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_selection_keys(cascade_graph *graph, const char *table, const cascade_value *cells,
                                                  uint64_t count, uint32_t column_count, cascade_selection **selection,
                                                  cascade_error **error);

/**
 * @brief Selects rows by primary keys written as text, each checked against the type of its column.
 *
 * A key of several columns is written with commas, or as a JSON array: `7,de` or `[7,"de"]`. Integer columns take decimal
 * digits only; a BLOB column takes ``x'0f12'``.
 *
 * @param graph  the selection holds a reference to it
 * @param table  name of the table; not NULL
 * @param keys  `count` texts
 * @param count  number of keys
 * @param[out] selection  receives the selection, owned by the caller
 * @param[out] error  receives the failure, which quotes the key and names the column; may be NULL
 * @return as cascade_selection_keys()
 * @note Touches no database. A selection is immutable; any number of threads may use it.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_selection_parse(cascade_graph *graph, const char *table, const char *const *keys, uint32_t count,
                                                   cascade_selection **selection, cascade_error **error);

/**
 * @brief Selects the rows that meet an SQL condition.
 *
 * Each batch of a purge asks for those that meet it then. One that looks at rows which go themselves, such as an average over them,
 * may so meet others than at first: give keys in its place.
 *
 * @param graph  the selection holds a reference to it
 * @param table  name of the table; not NULL
 * @param condition  what follows WHERE, on this table's columns. Trusted: it goes into statements as it is, so never put
 *                   foreign values into it; write `?` and give them as parameters. NULL or blank selects every row, which a
 *                   purge refuses unless it is allowed
 * @param parameters  values of the condition's placeholders, copied; NULL without any
 * @param parameter_count  how many
 * @param[out] selection  receives the selection, owned by the caller
 * @param[out] error  receives the failure; may be NULL
 * @return CASCADE_OK; CASCADE_NOT_FOUND; CASCADE_INVALID for a view, or for a condition that is not one expression (unbalanced
 *         quotes or brackets, a semicolon or a comment); CASCADE_NO_KEY when rows of the table cannot be told apart;
 *         CASCADE_NOMEM
 * @note Touches no database: whether the condition is right shows when it is used. A selection is immutable; any number of
 *       threads may use it.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_selection_where(cascade_graph *graph, const char *table, const char *condition,
                                                   const cascade_value *parameters, uint32_t parameter_count,
                                                   cascade_selection **selection, cascade_error **error);

/**
 * @brief Number of the table that the selection is of.
 * @param selection  a selection
 * @return its number in the graph
 * @note Touches no database, reads memory only. Any thread.
 * @since 0.1
 */
CASCADE_API uint32_t cascade_selection_table(const cascade_selection *selection);

/**
 * @brief Gives the caller's reference up.
 * @param selection  a selection, or NULL
 * @note Any thread.
 * @since 0.1
 */
CASCADE_API void cascade_selection_free(cascade_selection *selection);

#ifdef __cplusplus
}
#endif
#endif

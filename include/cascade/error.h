/**
 * @file error.h
 * @brief Failures as values: what went wrong, where, and whether trying again may help.
 *
 * @code{.c}
 * static void report(cascade_connection *connection) {
 *   cascade_error *error = NULL;
 *   cascade_graph *graph = NULL;
 *   if (cascade_graph_read(connection, NULL, &graph, &error) < 0) {
 *     fprintf(stderr, "%s: %s\n", cascade_status_name(cascade_error_status(error)), cascade_error_message(error));
 *     if (cascade_error_retryable(error)) fprintf(stderr, "trying again may help\n");
 *     cascade_error_free(error);
 *     return;
 *   }
 *   cascade_graph_free(graph);
 * }
 * @endcode
 */
#ifndef CASCADE_ERROR_H
#define CASCADE_ERROR_H

#include <cascade/common.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief What became of the transaction in which a statement failed. */
enum cascade_transaction_state {
  CASCADE_TX_NONE = 0,        /**< No transaction was concerned, or nothing in it had been changed. */
  CASCADE_TX_OPEN = 1,        /**< It is still open; only the failed statement was undone. */
  CASCADE_TX_ROLLED_BACK = 2, /**< It was undone as a whole. */
  CASCADE_TX_UNKNOWN = 3      /**< The reply to a COMMIT was lost: it may have been kept or undone. */
};

/**
 * @brief Name of a status, such as "CASCADE_BLOCKED".
 * @param status  any number
 * @return the name, static; "CASCADE_?" for a number that is no status
 * @note Touches no database. Any thread.
 * @since 0.1
 */
CASCADE_API const char *cascade_status_name(cascade_status status);

/**
 * @brief Status that the failed call returned.
 * @param error  a failure, or NULL
 * @return its status; CASCADE_OK for NULL
 * @note An error is immutable: any thread may read it, one frees it.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_error_status(const cascade_error *error);

/**
 * @brief One line for a person: what failed, the table, relation or key concerned, and what can be done about it.
 * @param error  a failure, or NULL
 * @return UTF-8 without a line break, borrowed until the error is freed; "" for NULL
 * @note Touches no database. Any thread.
 * @since 0.1
 */
CASCADE_API const char *cascade_error_message(const cascade_error *error);

/**
 * @brief SQLSTATE of the database's own error.
 * @param error  a failure, or NULL
 * @return five characters, borrowed; "" when the database gave none
 * @note Touches no database. Any thread.
 * @since 0.1
 */
CASCADE_API const char *cascade_error_sqlstate(const cascade_error *error);

/**
 * @brief The database's own error number.
 * @param error  a failure, or NULL
 * @return for example SQLite's extended result code; 0 when there is none
 * @note Touches no database. Any thread.
 * @since 0.1
 */
CASCADE_API int64_t cascade_error_native_code(const cascade_error *error);

/**
 * @brief Table that the failure is about.
 * @param error  a failure, or NULL
 * @return its name, borrowed; "" when it is about none
 * @note Touches no database. Any thread.
 * @since 0.1
 */
CASCADE_API const char *cascade_error_table(const cascade_error *error);

/**
 * @brief Relation that the failure is about.
 * @param error  a failure, or NULL
 * @return "table(column, ...) -> table(column, ...)", borrowed; "" when it is about none
 * @note Touches no database. Any thread.
 * @since 0.1
 */
CASCADE_API const char *cascade_error_relation(const cascade_error *error);

/**
 * @brief Whether the same call may succeed when made again: the class of the failure is transient.
 * @param error  a failure, or NULL
 * @return 1 or 0
 * @note Touches no database. Any thread.
 * @since 0.1
 */
CASCADE_API int32_t cascade_error_retryable(const cascade_error *error);

/**
 * @brief What became of the transaction in which the failure happened.
 * @param error  a failure, or NULL
 * @return one of ::cascade_transaction_state
 * @note Touches no database. Any thread.
 * @since 0.1
 */
CASCADE_API int32_t cascade_error_transaction(const cascade_error *error);

/** @brief What a driver says of a failure. See cascade_error_create(). */
typedef struct cascade_error_details {
  size_t size;           /**< `sizeof(cascade_error_details)`. */
  cascade_status status; /**< A negative status. */
  int32_t transaction;   /**< One of ::cascade_transaction_state. */
  int64_t native_code;   /**< The database's own number, or 0. */
  const char *sqlstate;  /**< Five characters, or NULL. */
  const char *message;   /**< One line; line breaks in it become spaces. NULL becomes "". */
} cascade_error_details;

/**
 * @brief Makes an error: for hosts that write a driver.
 * @param context  whose allocator is used; NULL means malloc
 * @param details  what to say; copied. NULL makes an error of status CASCADE_INVALID
 * @param[out] error  receives the error, owned by the caller; NULL is allowed and makes the call a plain return of the status
 * @return the status in `details`, so that a driver can write `return cascade_error_create(...)`;
 *         CASCADE_NOMEM when memory is out, with the static out-of-memory error in `error`
 * @note Touches no database. Any thread.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_error_create(cascade_context *context, const cascade_error_details *details,
                                                cascade_error **error);

/**
 * @brief Frees an error.
 * @param error  a failure, or NULL. The static out-of-memory error may be passed too
 * @note Touches no database. Any thread, one of them, once.
 * @since 0.1
 */
CASCADE_API void cascade_error_free(cascade_error *error);

#ifdef __cplusplus
}
#endif
#endif

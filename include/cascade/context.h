/**
 * @file context.h
 * @brief The context: allocator, log and drivers of one use of the library. There is no global state.
 *
 * @code{.c}
 * static void to_stderr(void *user_data, int32_t level, const char *message) {
 *   (void)user_data;
 *   fprintf(stderr, "[%d] %s\n", (int)level, message);
 * }
 * static cascade_context *quiet_context(void) {
 *   cascade_context_options options = {.size = sizeof options, .log = to_stderr, .log_level = CASCADE_LOG_WARNING};
 *   cascade_context *context = NULL;
 *   cascade_error *error = NULL;
 *   if (cascade_context_new(&options, &context, &error) < 0) cascade_error_free(error);
 *   return context;
 * }
 * @endcode
 */
#ifndef CASCADE_CONTEXT_H
#define CASCADE_CONTEXT_H

#include <cascade/common.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief How much a log hook wants to hear; each level includes those before it. */
enum cascade_log_level {
  CASCADE_LOG_NONE = 0,    /**< Nothing: the default. */
  CASCADE_LOG_WARNING = 1, /**< What a person should know: retries, missing indexes, contention. */
  CASCADE_LOG_INFO = 2,    /**< One line per batch. */
  CASCADE_LOG_DEBUG = 3    /**< Every statement, without its parameters. */
};

/**
 * @brief Options of cascade_context_new().
 *
 * The three allocator functions are given together or not at all. They may be called from any thread that uses the
 * context or an object made from it.
 */
typedef struct cascade_context_options {
  size_t size;                                                      /**< `sizeof(cascade_context_options)`. */
  void *(*allocate)(void *user_data, size_t bytes);                 /**< Like malloc; `bytes` is never 0. */
  void *(*reallocate)(void *user_data, void *memory, size_t bytes); /**< Like realloc; neither argument is ever 0. */
  void (*release)(void *user_data, void *memory);                   /**< Like free; `memory` is never NULL. */
  void *allocator_data;                                             /**< First argument of the three. */
  void (*log)(void *user_data, int32_t level, const char *message); /**< Receives one line; never called for a level above
                                                                         `log_level`. */
  void *log_data;                                                   /**< First argument of `log`. */
  int32_t log_level;                                                /**< One of ::cascade_log_level. */
  int32_t reserved;                                                 /**< Zero. */
} cascade_context_options;

/**
 * @brief Makes a context.
 * @param options  NULL for the defaults: malloc and no log
 * @param[out] context  receives the context, owned by the caller
 * @param[out] error  receives the failure; may be NULL
 * @return CASCADE_OK; CASCADE_NOMEM; CASCADE_OPTIONS for an options struct that this library does not know;
 *         CASCADE_INVALID when only some allocator functions are given or `context` is NULL
 * @note Touches no database. A context may be used by several threads at once.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_context_new(const cascade_context_options *options, cascade_context **context,
                                               cascade_error **error);

/**
 * @brief Gives the caller's reference up. What was made from the context keeps it alive for as long as it needs it.
 * @param context  a context, or NULL
 * @note Touches no database. Any thread.
 * @since 0.1
 */
CASCADE_API void cascade_context_free(cascade_context *context);

#ifdef __cplusplus
}
#endif
#endif

#ifndef CASCADE_CONTEXT_H
#define CASCADE_CONTEXT_H 
#include <cascade/common.h>
#ifdef __cplusplus
extern "C" {
#endif
enum cascade_log_level {
  CASCADE_LOG_NONE = 0,
  CASCADE_LOG_WARNING = 1,
  CASCADE_LOG_INFO = 2,
  CASCADE_LOG_DEBUG = 3
};
typedef struct cascade_context_options {
  size_t size;
  void *(*allocate)(void *user_data, size_t bytes);
  void *(*reallocate)(void *user_data, void *memory, size_t bytes);
  void (*release)(void *user_data, void *memory);
  void *allocator_data;
  void (*log)(void *user_data, int32_t level, const char *message);
  void *log_data;
  int32_t log_level;
  int32_t reserved;
} cascade_context_options;
CASCADE_API cascade_status cascade_context_new(const cascade_context_options *options, cascade_context **context,
                                               cascade_error **error);
CASCADE_API void cascade_context_free(cascade_context *context);
#ifdef __cplusplus
}
#endif
#endif

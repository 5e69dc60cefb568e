#ifndef CASCADE_CONNECTION_H
#define CASCADE_CONNECTION_H 
#include <cascade/common.h>
#ifdef __cplusplus
extern "C" {
#endif
struct cascade_driver;
typedef struct cascade_connection_options {
  size_t size;
  uint32_t lock_timeout_ms;
  uint32_t reserved;
} cascade_connection_options;
CASCADE_API cascade_status cascade_connection_open(cascade_context *context, const char *uri,
                                                   const cascade_connection_options *options,
                                                   cascade_connection **connection, cascade_error **error);
CASCADE_API cascade_status cascade_connection_adopt(cascade_context *context, const char *driver, void *handle,
                                                    const cascade_connection_options *options,
                                                    cascade_connection **connection, cascade_error **error);
CASCADE_API cascade_status cascade_connection_new(cascade_context *context, const struct cascade_driver *driver,
                                                  void *self, const cascade_connection_options *options,
                                                  cascade_connection **connection, cascade_error **error);
CASCADE_API void cascade_connection_cancel(cascade_connection *connection);
CASCADE_API const char *cascade_connection_engine(const cascade_connection *connection);
CASCADE_API uint64_t cascade_connection_statements(const cascade_connection *connection);
CASCADE_API void cascade_connection_free(cascade_connection *connection);
#ifdef __cplusplus
}
#endif
#endif

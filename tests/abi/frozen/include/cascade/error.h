#ifndef CASCADE_ERROR_H
#define CASCADE_ERROR_H 
#include <cascade/common.h>
#ifdef __cplusplus
extern "C" {
#endif
enum cascade_transaction_state {
  CASCADE_TX_NONE = 0,
  CASCADE_TX_OPEN = 1,
  CASCADE_TX_ROLLED_BACK = 2,
  CASCADE_TX_UNKNOWN = 3
};
CASCADE_API const char *cascade_status_name(cascade_status status);
CASCADE_API cascade_status cascade_error_status(const cascade_error *error);
CASCADE_API const char *cascade_error_message(const cascade_error *error);
CASCADE_API const char *cascade_error_sqlstate(const cascade_error *error);
CASCADE_API int64_t cascade_error_native_code(const cascade_error *error);
CASCADE_API const char *cascade_error_table(const cascade_error *error);
CASCADE_API const char *cascade_error_relation(const cascade_error *error);
CASCADE_API int32_t cascade_error_retryable(const cascade_error *error);
CASCADE_API int32_t cascade_error_transaction(const cascade_error *error);
typedef struct cascade_error_details {
  size_t size;
  cascade_status status;
  int32_t transaction;
  int64_t native_code;
  const char *sqlstate;
  const char *message;
} cascade_error_details;
CASCADE_API cascade_status cascade_error_create(cascade_context *context, const cascade_error_details *details,
                                                cascade_error **error);
CASCADE_API void cascade_error_free(cascade_error *error);
#ifdef __cplusplus
}
#endif
#endif

#ifndef CASCADE_OUTBOX_H
#define CASCADE_OUTBOX_H 
#include <cascade/common.h>
#ifdef __cplusplus
extern "C" {
#endif
typedef struct cascade_outbox_options {
  size_t size;
  uint32_t limit;
  uint32_t lease_ms;
} cascade_outbox_options;
typedef struct cascade_audit_options {
  size_t size;
  int64_t after;
  uint32_t limit;
  uint32_t reserved;
} cascade_audit_options;
CASCADE_API cascade_status cascade_outbox_ddl(const char *engine, char **text, cascade_error **error);
CASCADE_API cascade_status cascade_outbox_install(cascade_connection *connection, cascade_error **error);
CASCADE_API cascade_status cascade_outbox_read(cascade_connection *connection, const cascade_outbox_options *options,
                                               int64_t *batch, char **text, cascade_error **error);
CASCADE_API cascade_status cascade_outbox_ack(cascade_connection *connection, int64_t batch, uint64_t *rows, cascade_error **error);
CASCADE_API cascade_status cascade_audit_list(cascade_connection *connection, const cascade_audit_options *options, char **text,
                                              cascade_error **error);
#ifdef __cplusplus
}
#endif
#endif

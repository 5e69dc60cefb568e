#ifndef CASCADE_DRIVER_H
#define CASCADE_DRIVER_H 
#include <cascade/common.h>
#ifdef __cplusplus
extern "C" {
#endif
enum cascade_driver_abi { CASCADE_DRIVER_ABI = 1 };
enum cascade_capability {
  CASCADE_CAN_LOCK_ROWS = 1,
  CASCADE_CAN_LOCK_CLUSTER = 2,
  CASCADE_CAN_SKIP_LOCKED = 4,
  CASCADE_CAN_SAVEPOINT = 8,
  CASCADE_CAN_DEFER = 16,
  CASCADE_CAN_DELETE_LIMIT = 32,
  CASCADE_COMMIT_MAY_CONFLICT = 64,
  CASCADE_CAN_CANCEL = 128,
  CASCADE_TEXT_ROWS = 256,
  CASCADE_COMMITS_ALONE = 512,
  CASCADE_READS_COMMITTED = 1024
};
typedef struct cascade_capabilities {
  size_t size;
  const char *engine;
  const char *version;
  uint64_t flags;
  uint64_t max_tx_bytes;
  uint32_t max_parameters;
  uint32_t reserved;
} cascade_capabilities;
typedef struct cascade_statement {
  size_t size;
  const char *sql;
  uint64_t sql_length;
  const cascade_value *parameters;
  uint32_t parameter_count;
  uint32_t column_count;
  const int32_t *column_types;
} cascade_statement;
typedef struct cascade_rows {
  size_t size;
  uint64_t count;
  const int64_t *integers;
  const cascade_value *cells;
} cascade_rows;
typedef struct cascade_driver {
  size_t size;
  uint32_t abi_version;
  uint32_t reserved;
  const char *name;
  cascade_status (*open)(cascade_context *context, const char *address, uint32_t lock_timeout_ms, void **self,
                         cascade_error **error);
  cascade_status (*adopt)(cascade_context *context, void *handle, void **self, cascade_error **error);
  void (*close)(void *self);
  cascade_status (*capabilities)(void *self, cascade_capabilities *capabilities, cascade_error **error);
  cascade_status (*execute)(void *self, const cascade_statement *statement, uint64_t *affected, cascade_error **error);
  cascade_status (*query)(void *self, const cascade_statement *statement, void **cursor, cascade_error **error);
  cascade_status (*next)(void *self, void *cursor, const cascade_value **row, cascade_error **error);
  void (*cursor_close)(void *self, void *cursor);
  void (*cancel)(void *self);
  int32_t (*in_transaction)(void *self);
  cascade_status (*fetch)(void *self, void *cursor, uint32_t limit, cascade_rows *rows, cascade_error **error);
} cascade_driver;
#ifdef __cplusplus
}
#endif
#endif

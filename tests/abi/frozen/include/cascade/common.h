#ifndef CASCADE_COMMON_H
#define CASCADE_COMMON_H 
#include <stddef.h>
#include <stdint.h>
#if defined(__GNUC__)
#define CASCADE_API __attribute__((visibility("default")))
#else
#define CASCADE_API 
#endif
#ifdef __cplusplus
extern "C" {
#endif
typedef int32_t cascade_status;
enum cascade_status_code {
  CASCADE_OK = 0,
  CASCADE_DONE = 1,
  CASCADE_NOMEM = -1,
  CASCADE_INVALID = -2,
  CASCADE_NOT_FOUND = -3,
  CASCADE_UNSUPPORTED = -4,
  CASCADE_CANCELLED = -5,
  CASCADE_POLICY = -6,
  CASCADE_FORMAT = -7,
  CASCADE_OPTIONS = -8,
  CASCADE_CONNECTION = -20,
  CASCADE_BUSY = -21,
  CASCADE_DEADLOCK = -22,
  CASCADE_SERIALIZATION = -23,
  CASCADE_TIMEOUT = -24,
  CASCADE_READONLY = -25,
  CASCADE_PRIVILEGE = -26,
  CASCADE_SCHEMA = -27,
  CASCADE_CONSTRAINT_FK = -28,
  CASCADE_CONSTRAINT = -29,
  CASCADE_DATABASE = -30,
  CASCADE_BLOCKED = -40,
  CASCADE_NO_FILTER = -41,
  CASCADE_UNENFORCED = -42,
  CASCADE_NO_KEY = -43,
  CASCADE_CYCLE = -44,
  CASCADE_ENGINE = -45,
  CASCADE_MAX_ROWS = -46,
  CASCADE_PLAN_CHANGED = -47,
  CASCADE_NOT_ATOMIC = -48,
  CASCADE_CONTENDED = -49,
  CASCADE_NO_PROGRESS = -50,
  CASCADE_HOOK = -51,
  CASCADE_TRIGGERS = -52,
  CASCADE_LEASE = -53,
  CASCADE_THROTTLED = -54,
  CASCADE_ARCHIVE = -55,
  CASCADE_TOKEN_FORGED = -60,
  CASCADE_TOKEN_FOREIGN = -61,
  CASCADE_TOKEN_STALE = -62,
  CASCADE_TOKEN_EXPIRED = -63
};
enum cascade_value_type {
  CASCADE_NULL = 0,
  CASCADE_INT64 = 1,
  CASCADE_UINT64 = 2,
  CASCADE_DOUBLE = 3,
  CASCADE_TEXT = 4,
  CASCADE_BLOB = 5,
  CASCADE_DECIMAL = 6,
  CASCADE_ANY = 7,
  CASCADE_INT64_ARRAY = 8
};
typedef struct cascade_value {
  int32_t type;
  int32_t reserved;
  int64_t integer;
  double real;
  const char *data;
  uint64_t length;
} cascade_value;
typedef struct cascade_keys {
  size_t size;
  uint64_t count;
  uint32_t column_count;
  uint32_t reserved;
  const char *const *columns;
  const int64_t *integers;
  const cascade_value *cells;
} cascade_keys;
enum cascade_accuracy {
  CASCADE_EXACT = 0,
  CASCADE_AT_LEAST = 1,
  CASCADE_ESTIMATED = 2
};
typedef struct cascade_context cascade_context;
typedef struct cascade_error cascade_error;
typedef struct cascade_connection cascade_connection;
typedef struct cascade_graph cascade_graph;
typedef struct cascade_policy cascade_policy;
typedef struct cascade_selection cascade_selection;
typedef struct cascade_plan cascade_plan;
typedef struct cascade_blockers cascade_blockers;
typedef struct cascade_purge cascade_purge;
CASCADE_API cascade_status cascade_constant(const char *name, int64_t *value);
CASCADE_API const char *cascade_constant_name(uint32_t position);
#ifdef __cplusplus
}
#endif
#endif

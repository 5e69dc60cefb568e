#ifndef CASCADE_THROTTLE_H
#define CASCADE_THROTTLE_H 
#include <cascade/common.h>
#ifdef __cplusplus
extern "C" {
#endif
typedef struct cascade_throttle cascade_throttle;
enum cascade_pause_reason {
  CASCADE_PAUSE_OVER = 0,
  CASCADE_PAUSE_SLEEP = 1,
  CASCADE_PAUSE_HOST = 2,
  CASCADE_PAUSE_FILE = 3,
  CASCADE_PAUSE_LAG = 4,
  CASCADE_PAUSE_FLOW = 5,
  CASCADE_PAUSE_LOAD = 6,
  CASCADE_PAUSE_VACUUM = 7
};
typedef struct cascade_pause {
  size_t size;
  int32_t reason;
  uint32_t reserved;
  uint64_t waited_ms;
  const char *text;
} cascade_pause;
typedef int64_t (*cascade_throttle_ask)(void *user_data, uint64_t last_ns);
typedef void (*cascade_throttle_told)(void *user_data, const cascade_pause *pause);
typedef struct cascade_throttle_options {
  size_t size;
  uint32_t sleep_percent;
  uint32_t max_lag_ms;
  const char *const *replicas;
  uint32_t replica_count;
  uint32_t max_load;
  uint32_t max_flow_percent;
  uint32_t max_pause_ms;
  uint64_t max_dead_rows;
  const char *pause_file;
  cascade_throttle_ask ask;
  cascade_throttle_told told;
  void *user_data;
  uint32_t check_ms;
  uint32_t reserved;
} cascade_throttle_options;
typedef struct cascade_throttle_report {
  size_t size;
  uint64_t pauses;
  uint64_t sleep_ms;
  uint64_t host_ms;
  uint64_t file_ms;
  uint64_t lag_ms;
  uint64_t flow_ms;
  uint64_t load_ms;
  uint64_t vacuum_ms;
  int64_t lag;
  int64_t load;
  int64_t flow_percent;
  int64_t dead_rows;
  const char *dead_table;
} cascade_throttle_report;
CASCADE_API cascade_status cascade_throttle_new(cascade_connection *connection, const cascade_throttle_options *options,
                                                cascade_throttle **throttle, cascade_error **error);
CASCADE_API cascade_status cascade_throttle_describe(const cascade_throttle *throttle, cascade_throttle_report *report);
CASCADE_API void cascade_throttle_free(cascade_throttle *throttle);
#ifdef __cplusplus
}
#endif
#endif

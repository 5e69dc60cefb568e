#ifndef CASCADE_FILL_H
#define CASCADE_FILL_H 
#include <cascade/graph.h>
#include <cascade/throttle.h>
#ifdef __cplusplus
extern "C" {
#endif
typedef struct cascade_fill cascade_fill;
enum cascade_fill_mode {
  CASCADE_FILL_INSERT = 0,
  CASCADE_FILL_UPDATE = 1,
  CASCADE_FILL_MERGE = 2
};
typedef struct cascade_fill_target {
  size_t size;
  const char *table;
  const char *const *columns;
  const char *const *key;
  const char *range;
  uint32_t column_count;
  uint32_t key_count;
} cascade_fill_target;
typedef struct cascade_fill_options {
  size_t size;
  int32_t mode;
  uint32_t allow;
  int32_t dry_run;
  uint32_t batch_ms;
  uint64_t max_tx_rows;
  uint32_t time_budget_ms;
  uint32_t reserved;
  uint64_t row_budget;
  const char *token;
  const char *checkpoint_table;
  const char *job;
  cascade_throttle *throttle;
} cascade_fill_options;
typedef struct cascade_fill_range {
  size_t size;
  uint64_t number;
  int64_t after;
  int64_t upto;
  uint64_t rows;
  uint64_t inserted;
  uint64_t updated;
  uint64_t skipped;
  uint64_t total_inserted;
  uint64_t total_updated;
  uint64_t total_skipped;
  uint64_t nanoseconds;
  uint32_t retries;
  int32_t permille;
} cascade_fill_range;
typedef struct cascade_fill_report {
  size_t size;
  int32_t finished;
  int32_t permille;
  uint64_t ranges;
  uint64_t inserted;
  uint64_t updated;
  uint64_t skipped;
  uint64_t retries;
  uint64_t longest_ns;
} cascade_fill_report;
typedef int32_t (*cascade_fill_rows)(void *user_data, uint64_t wanted, const cascade_value **cells, uint64_t *rows);
CASCADE_API cascade_status cascade_fill_new(cascade_connection *connection, cascade_graph *graph,
                                            const cascade_fill_target *target, const cascade_fill_options *options,
                                            cascade_fill **fill, cascade_error **error);
CASCADE_API cascade_status cascade_fill_select(cascade_fill *fill, const char *select, const cascade_value *parameters,
                                               uint32_t parameter_count, cascade_error **error);
CASCADE_API cascade_status cascade_fill_stream(cascade_fill *fill, cascade_fill_rows rows, void *user_data,
                                               cascade_error **error);
CASCADE_API cascade_status cascade_fill_next(cascade_fill *fill, const cascade_fill_range **range, cascade_error **error);
CASCADE_API void cascade_fill_cancel(cascade_fill *fill);
CASCADE_API cascade_status cascade_fill_describe(const cascade_fill *fill, cascade_fill_report *report);
CASCADE_API cascade_status cascade_fill_token(const cascade_fill *fill, char **token, cascade_error **error);
CASCADE_API void cascade_fill_free(cascade_fill *fill);
#ifdef __cplusplus
}
#endif
#endif

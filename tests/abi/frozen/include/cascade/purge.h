#ifndef CASCADE_PURGE_H
#define CASCADE_PURGE_H 
#include <cascade/archive.h>
#include <cascade/policy.h>
#include <cascade/selection.h>
#include <cascade/throttle.h>
#ifdef __cplusplus
extern "C" {
#endif
enum cascade_integrity {
  CASCADE_INTEGRITY_CHECKED = 0,
  CASCADE_INTEGRITY_PROVEN = 1
};
enum cascade_allow {
  CASCADE_ALLOW_NO_FILTER = 1,
  CASCADE_ALLOW_UNENFORCED = 2,
  CASCADE_ALLOW_HIDDEN = 4
};
typedef struct cascade_deleted {
  size_t size;
  uint32_t table;
  uint32_t reserved;
  const char *label;
  const cascade_keys *keys;
} cascade_deleted;
typedef int32_t (*cascade_hook)(void *user_data, const cascade_deleted *tables, uint32_t table_count);
typedef struct cascade_purge_options {
  size_t size;
  uint32_t allow;
  int32_t integrity;
  uint64_t max_rows;
  uint64_t max_tx_rows;
  uint32_t batch_ms;
  uint32_t statement_timeout_ms;
  uint32_t time_budget_ms;
  uint32_t column_count;
  uint64_t row_budget;
  const char *plan;
  cascade_hook before_batch;
  cascade_hook after_batch;
  cascade_hook after_commit;
  void *hook_data;
  const char *const *column_tables;
  const char *const *columns;
  cascade_throttle *throttle;
  cascade_archive *archive;
  const char *actor;
  const char *reason;
  int32_t outbox;
  uint32_t reserved;
} cascade_purge_options;
typedef struct cascade_batch_info {
  size_t size;
  uint64_t number;
  uint64_t deleted;
  uint64_t updated;
  uint64_t total_deleted;
  uint64_t total_updated;
  uint64_t roots_done;
  int64_t roots_expected;
  uint64_t nanoseconds;
  uint32_t retries;
  uint32_t table;
} cascade_batch_info;
typedef struct cascade_row_columns {
  size_t size;
  uint64_t row_count;
  uint32_t column_count;
  uint32_t reserved;
  const char *const *columns;
  const cascade_value *cells;
} cascade_row_columns;
typedef struct cascade_purge_report {
  size_t size;
  int32_t finished;
  uint32_t table_count;
  uint64_t batches;
  uint64_t deleted;
  uint64_t updated;
  uint64_t retries;
  uint64_t longest_ns;
  uint64_t vetoed;
  uint64_t kept;
} cascade_purge_report;
typedef struct cascade_table_report {
  size_t size;
  const char *label;
  uint64_t deleted;
  uint64_t updated;
  uint32_t table;
  uint32_t reserved;
  uint64_t vetoed;
  uint64_t kept;
} cascade_table_report;
CASCADE_API cascade_status cascade_purge_new(cascade_connection *connection, cascade_policy *policy,
                                             cascade_selection *selection, const cascade_purge_options *options,
                                             cascade_purge **purge, cascade_error **error);
CASCADE_API cascade_status cascade_purge_next(cascade_purge *purge, const cascade_batch_info **batch,
                                              cascade_error **error);
CASCADE_API void cascade_purge_cancel(cascade_purge *purge);
CASCADE_API cascade_status cascade_purge_describe(const cascade_purge *purge, cascade_purge_report *report);
CASCADE_API cascade_status cascade_purge_table(const cascade_purge *purge, uint32_t position,
                                               cascade_table_report *report);
CASCADE_API cascade_status cascade_purge_kept(const cascade_purge *purge, uint32_t table, const cascade_keys **vetoed,
                                              const cascade_keys **kept);
CASCADE_API cascade_status cascade_purge_row_columns(const cascade_purge *purge, uint32_t position, cascade_row_columns *columns);
CASCADE_API cascade_status cascade_purge_veto(cascade_purge *purge, uint32_t position, const uint64_t *rows, uint64_t row_count);
CASCADE_API cascade_status cascade_purge_blame(cascade_purge *purge, const char *table, const char *reason);
CASCADE_API void cascade_purge_free(cascade_purge *purge);
#ifdef __cplusplus
}
#endif
#endif

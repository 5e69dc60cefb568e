#ifndef CASCADE_QUEUE_H
#define CASCADE_QUEUE_H 
#include <cascade/fill.h>
#include <cascade/policy.h>
#include <cascade/purge.h>
#include <cascade/selection.h>
#include <cascade/throttle.h>
#ifdef __cplusplus
extern "C" {
#endif
typedef struct cascade_worker cascade_worker;
typedef struct cascade_job_options {
  size_t size;
  uint32_t allow;
  int32_t integrity;
  uint64_t max_rows;
  uint64_t max_tx_rows;
  uint32_t batch_ms;
  uint32_t max_attempts;
  uint64_t delay_ms;
  int32_t outbox;
  uint32_t column_count;
  const char *const *column_tables;
  const char *const *columns;
  const char *actor;
  const char *reason;
} cascade_job_options;
typedef struct cascade_detach_options {
  size_t size;
  uint32_t allow;
  uint32_t reserved;
  uint64_t max_tx_rows;
  const cascade_job_options *job;
} cascade_detach_options;
typedef struct cascade_detach_report {
  size_t size;
  uint64_t deleted;
  uint64_t updated;
  uint64_t detached;
  uint32_t jobs;
  uint32_t reserved;
  int64_t job;
} cascade_detach_report;
typedef struct cascade_queue_list_options {
  size_t size;
  const char *state;
  int64_t after;
  uint32_t limit;
  uint32_t reserved;
} cascade_queue_list_options;
typedef struct cascade_worker_options {
  size_t size;
  const char *owner;
  uint32_t lease_ms;
  uint32_t turn_ms;
  cascade_throttle *throttle;
  cascade_hook before_batch;
  cascade_hook after_batch;
  cascade_hook after_commit;
  void *hook_data;
  const char *const *column_tables;
  const char *const *columns;
  uint32_t column_count;
  uint32_t reserved;
  cascade_archive *archive;
} cascade_worker_options;
typedef struct cascade_worker_report {
  size_t size;
  int64_t job;
  uint64_t claimed;
  uint64_t done;
  uint64_t failed;
  uint64_t lost;
  uint64_t batches;
  uint64_t deleted;
  uint64_t updated;
  uint64_t kept;
  int32_t paused;
  int32_t reserved;
  uint64_t inserted;
} cascade_worker_report;
CASCADE_API cascade_status cascade_queue_ddl(const char *engine, char **text, cascade_error **error);
CASCADE_API cascade_status cascade_queue_install(cascade_connection *connection, cascade_error **error);
CASCADE_API cascade_status cascade_detach(cascade_connection *connection, cascade_policy *policy,
                                          cascade_selection *selection, const cascade_detach_options *options,
                                          cascade_detach_report *report, cascade_error **error);
CASCADE_API cascade_status cascade_queue_purge(cascade_connection *connection, cascade_policy *policy,
                                               cascade_selection *selection, const cascade_job_options *options,
                                               int64_t *job, cascade_error **error);
CASCADE_API cascade_status cascade_queue_fill(const cascade_fill *fill, const cascade_job_options *options, int64_t *job,
                                              cascade_error **error);
CASCADE_API cascade_status cascade_queue_cancel(cascade_connection *connection, int64_t job, cascade_error **error);
CASCADE_API cascade_status cascade_queue_retry(cascade_connection *connection, int64_t job, cascade_error **error);
CASCADE_API cascade_status cascade_queue_pause(cascade_connection *connection, int64_t job, cascade_error **error);
CASCADE_API cascade_status cascade_queue_resume(cascade_connection *connection, int64_t job, cascade_error **error);
CASCADE_API cascade_status cascade_queue_list(cascade_connection *connection, const cascade_queue_list_options *options,
                                              char **text, cascade_error **error);
CASCADE_API cascade_status cascade_queue_metrics(cascade_connection *connection, char **text, cascade_error **error);
CASCADE_API cascade_status cascade_worker_new(cascade_connection *connection, const cascade_worker_options *options,
                                              cascade_worker **worker, cascade_error **error);
CASCADE_API cascade_status cascade_worker_step(cascade_worker *worker, cascade_error **error);
CASCADE_API cascade_purge *cascade_worker_purge(const cascade_worker *worker);
CASCADE_API cascade_status cascade_worker_describe(const cascade_worker *worker, cascade_worker_report *report);
CASCADE_API void cascade_worker_cancel(cascade_worker *worker);
CASCADE_API void cascade_worker_free(cascade_worker *worker);
#ifdef __cplusplus
}
#endif
#endif

#ifndef CASCADE_PLAN_H
#define CASCADE_PLAN_H 
#include <cascade/policy.h>
#include <cascade/selection.h>
#ifdef __cplusplus
extern "C" {
#endif
enum cascade_step_kind {
  CASCADE_STEP_DELETE = 1,
  CASCADE_STEP_UPDATE = 2,
  CASCADE_STEP_CHECK = 3
};
enum cascade_step_warning {
  CASCADE_WARN_NO_INDEX = 1,
  CASCADE_WARN_TRIGGERS = 2,
  CASCADE_WARN_CYCLE = 4,
  CASCADE_WARN_NOT_NULL = 8,
  CASCADE_WARN_REWRITES_KEY = 16
};
typedef struct cascade_step_info {
  size_t size;
  int32_t kind;
  uint32_t table;
  int32_t relation;
  int32_t rule;
  uint64_t rows;
  int32_t accuracy;
  uint32_t warnings;
  const char *index;
  const char *sql;
  const char *way;
} cascade_step_info;
typedef struct cascade_plan_info {
  size_t size;
  uint32_t step_count;
  uint32_t table;
  uint64_t roots;
  uint64_t deleted;
  uint64_t updated;
  uint64_t blocking;
  int32_t accuracy;
  int32_t blocked;
  const char *fingerprint;
} cascade_plan_info;
typedef struct cascade_plan_options {
  size_t size;
  uint64_t max_rows;
} cascade_plan_options;
CASCADE_API cascade_status cascade_plan_new(cascade_connection *connection, cascade_policy *policy,
                                            cascade_selection *selection, const cascade_plan_options *options,
                                            cascade_plan **plan, cascade_error **error);
CASCADE_API cascade_status cascade_plan_describe(const cascade_plan *plan, cascade_plan_info *info);
CASCADE_API cascade_status cascade_plan_step(const cascade_plan *plan, uint32_t step, cascade_step_info *info);
CASCADE_API cascade_status cascade_plan_text(const cascade_plan *plan, char **text, cascade_error **error);
CASCADE_API cascade_status cascade_plan_json(const cascade_plan *plan, char **text, cascade_error **error);
CASCADE_API cascade_status cascade_plan_sql(const cascade_plan *plan, char **text, cascade_error **error);
CASCADE_API void cascade_plan_free(cascade_plan *plan);
#ifdef __cplusplus
}
#endif
#endif

#ifndef CASCADE_BLOCKERS_H
#define CASCADE_BLOCKERS_H 
#include <cascade/policy.h>
#include <cascade/selection.h>
#ifdef __cplusplus
extern "C" {
#endif
enum cascade_blocker_kind {
  CASCADE_BLOCKING = 1,
  CASCADE_CASCADING = 2,
  CASCADE_UPDATING = 3,
  CASCADE_LEFT_ALONE = 4
};
enum cascade_count_mode {
  CASCADE_COUNT_NONE = 0,
  CASCADE_COUNT_CAPPED = 1,
  CASCADE_COUNT_ESTIMATED = 2,
  CASCADE_COUNT_EXACT = 3
};
enum cascade_token_kind {
  CASCADE_TOKEN_REST = 0,
  CASCADE_TOKEN_NEXT = 1,
  CASCADE_TOKEN_PREVIOUS = 2,
  CASCADE_TOKEN_DOWN = 3
};
enum cascade_blockers_cut {
  CASCADE_CUT_DEPTH = 1,
  CASCADE_CUT_FOLLOWED = 2,
  CASCADE_CUT_ROWS = 4,
  CASCADE_CUT_TIME = 8
};
typedef struct cascade_blockers_request {
  size_t size;
  uint32_t relation;
  int32_t limit;
  const cascade_value *anchor;
  uint32_t anchor_count;
  int32_t backward;
  uint64_t offset;
} cascade_blockers_request;
typedef struct cascade_blockers_options {
  size_t size;
  int32_t limit;
  uint32_t rounds;
  uint32_t depth;
  uint32_t request_count;
  const cascade_blockers_request *const *requests;
  uint64_t max_rows;
  uint64_t budget_rows;
  uint32_t budget_ms;
  int32_t behind;
  int32_t count;
  uint32_t count_cap;
  const void *token_key;
  size_t token_key_length;
  const char *token;
  uint32_t token_max_age_s;
  uint32_t reserved;
} cascade_blockers_options;
typedef struct cascade_blockers_page {
  size_t size;
  uint32_t relation;
  int32_t kind;
  const cascade_keys *keys;
  const cascade_value *first;
  const cascade_value *last;
  uint32_t anchor_count;
  int32_t complete;
  int32_t partial;
  uint32_t depth;
  uint32_t path_length;
  int32_t count_accuracy;
  const uint32_t *path;
  const cascade_keys *path_keys;
  const cascade_keys *behind;
  uint32_t behind_relation;
  uint32_t reserved;
  uint64_t count;
} cascade_blockers_page;
typedef struct cascade_blockers_total {
  size_t size;
  uint64_t relations;
  uint64_t references;
  int32_t accuracy;
  int32_t reserved;
} cascade_blockers_total;
enum cascade_blockers_profile {
  CASCADE_PROFILE_NATIVE = 1,
  CASCADE_PROFILE_SPECIFY = 2
};
enum cascade_probe_answer {
  CASCADE_PROBE_DELETABLE = 1,
  CASCADE_PROBE_BLOCKED = 2,
  CASCADE_PROBE_UNKNOWN = 3
};
CASCADE_API cascade_status cascade_blockers_open(cascade_connection *connection, cascade_policy *policy,
                                                 cascade_selection *selection, const cascade_blockers_options *options,
                                                 cascade_blockers **blockers, cascade_error **error);
CASCADE_API cascade_status cascade_blockers_next(cascade_blockers *blockers, const cascade_blockers_page **page,
                                                 cascade_error **error);
CASCADE_API cascade_status cascade_blockers_token(cascade_blockers *blockers, int32_t kind, const char **token,
                                                  cascade_error **error);
CASCADE_API int32_t cascade_blockers_cut(const cascade_blockers *blockers);
CASCADE_API cascade_status cascade_blockers_count(const cascade_blockers *blockers, int32_t kind,
                                                  cascade_blockers_total *total);
CASCADE_API cascade_status cascade_blockers_probe(cascade_connection *connection, cascade_policy *policy,
                                                  cascade_selection *selection, uint64_t max_rows, int32_t *answer,
                                                  uint32_t *relation, cascade_error **error);
CASCADE_API cascade_status cascade_blockers_json(cascade_connection *connection, cascade_policy *policy,
                                                 cascade_selection *selection, const cascade_blockers_options *options,
                                                 int32_t profile, char **text, cascade_error **error);
CASCADE_API void cascade_blockers_free(cascade_blockers *blockers);
#ifdef __cplusplus
}
#endif
#endif

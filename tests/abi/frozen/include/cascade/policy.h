#ifndef CASCADE_POLICY_H
#define CASCADE_POLICY_H 
#include <cascade/graph.h>
#ifdef __cplusplus
extern "C" {
#endif
enum cascade_rule {
  CASCADE_RULE_DEFAULT = 0,
  CASCADE_RULE_CASCADE = 1,
  CASCADE_RULE_PROTECT = 2,
  CASCADE_RULE_RESTRICT = 3,
  CASCADE_RULE_SET_NULL = 4,
  CASCADE_RULE_SET_DEFAULT = 5,
  CASCADE_RULE_SET_VALUE = 6,
  CASCADE_RULE_IGNORE = 7,
  CASCADE_RULE_DETACH = 8
};
typedef struct cascade_policy_entry {
  size_t size;
  const char *table;
  const char *const *columns;
  uint32_t column_count;
  uint32_t ref_column_count;
  const char *ref_table;
  const char *const *ref_columns;
  int32_t rule;
  uint32_t value_count;
  const cascade_value *values;
  const char *where;
} cascade_policy_entry;
typedef struct cascade_policy_options {
  size_t size;
  const cascade_policy_entry *const *entries;
  uint32_t entry_count;
  uint32_t exclude_count;
  const char *const *exclude;
} cascade_policy_options;
CASCADE_API cascade_status cascade_policy_new(cascade_graph *graph, const cascade_policy_options *options,
                                              cascade_policy **policy, cascade_error **error);
CASCADE_API cascade_status cascade_policy_load(cascade_graph *graph, const char *json, uint64_t length,
                                               cascade_policy **policy, cascade_error **error);
CASCADE_API uint32_t cascade_policy_relation_count(const cascade_policy *policy);
CASCADE_API cascade_status cascade_policy_relation(const cascade_policy *policy, uint32_t relation,
                                                   cascade_relation_info *info);
CASCADE_API cascade_graph *cascade_policy_graph(const cascade_policy *policy);
CASCADE_API const char *cascade_rule_name(int32_t rule);
CASCADE_API cascade_policy *cascade_policy_ref(cascade_policy *policy);
CASCADE_API void cascade_policy_free(cascade_policy *policy);
#ifdef __cplusplus
}
#endif
#endif

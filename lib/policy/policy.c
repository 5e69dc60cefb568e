#include "policy_build.h"

#include "options.h"

cascade_status cascade_policy_new(cascade_graph *graph, const cascade_policy_options *options, cascade_policy **policy,
                                  cascade_error **error) {
  uint32_t at_fault = 0;
  return casc_policy_build(graph, options, &at_fault, policy, error);
}

uint32_t cascade_policy_relation_count(const cascade_policy *policy) {
  return policy ? policy->relation_count : 0;
}

cascade_status cascade_policy_relation(const cascade_policy *policy, uint32_t relation, cascade_relation_info *info) {
  if (!policy || relation >= policy->relation_count) return CASCADE_INVALID;
  cascade_relation_info own = {.size = sizeof own};
  casc_relation_describe(&policy->relations[relation], &own);
  return CASC_INFO(info, own, index);
}

cascade_graph *cascade_policy_graph(const cascade_policy *policy) {
  return policy ? policy->graph : NULL;
}

cascade_status casc_policy_refuse(const cascade_policy *policy, uint32_t table, cascade_error **error) {
  const char *label = policy->graph->tables[table].label;
  if (!policy->excluded[table]) return CASCADE_OK;
  return casc_fail_at(policy->context, error, CASCADE_POLICY, label, NULL,
                      "the policy excludes table %s, so that none of its rows is deleted; drop the exclusion to do so", label);
}

const char *cascade_rule_name(int32_t rule) {
  switch (rule) {
  case CASCADE_RULE_DEFAULT: return "DEFAULT";
  case CASCADE_RULE_CASCADE: return "CASCADE";
  case CASCADE_RULE_PROTECT: return "PROTECT";
  case CASCADE_RULE_RESTRICT: return "RESTRICT";
  case CASCADE_RULE_SET_NULL: return "SET_NULL";
  case CASCADE_RULE_SET_DEFAULT: return "SET_DEFAULT";
  case CASCADE_RULE_SET_VALUE: return "SET_VALUE";
  case CASCADE_RULE_IGNORE: return "IGNORE";
  case CASCADE_RULE_DETACH: return "DETACH";
  default: return "?";
  }
}

cascade_policy *cascade_policy_ref(cascade_policy *policy) {
  if (policy) casc_refs_take(&policy->refs);
  return policy;
}

void cascade_policy_free(cascade_policy *policy) {
  if (!policy || !casc_refs_drop(&policy->refs)) return;
  cascade_graph *graph = policy->graph;
  casc_arena_clear(&policy->arena);
  casc_free(&policy->context->alloc, policy);
  cascade_graph_free(graph); /* last: it keeps the allocator alive */
}

#include "policy_json.h"

#include <math.h>
#include <string.h>

static json_t *names(const char *const *list, uint32_t count) {
  json_t *array = json_array();
  for (uint32_t i = 0; array && i < count; i++)
    if (json_array_append_new(array, json_string_nocheck(list[i]))) {
      json_decref(array);
      return NULL;
    }
  return array;
}

static json_t *value(const cascade_value *from) {
  switch (from->type) {
  case CASCADE_INT64: return json_integer(from->integer);
  case CASCADE_UINT64:
    return from->integer < 0 ? json_sprintf("%llu", (unsigned long long)from->integer) : json_integer(from->integer);
  case CASCADE_DOUBLE: return json_real(from->real);
  case CASCADE_TEXT:
  case CASCADE_DECIMAL: return json_stringn(from->data ? from->data : "", from->length);
  default: return json_null();
  }
}

static json_t *values(const casc_relation *relation) {
  json_t *array = json_array();
  for (uint32_t i = 0; array && i < relation->count; i++)
    if (json_array_append_new(array, value(&relation->values[i]))) {
      json_decref(array);
      return NULL;
    }
  return array;
}

static bool describe(const cascade_policy *policy, const casc_relation *relation, json_t *entry) {
  const casc_table *tables = policy->graph->tables;
  bool done = !json_object_set_new(entry, "table", json_string_nocheck(tables[relation->table].label)) &&
              !json_object_set_new(entry, "columns", names(relation->column_names, relation->count)) &&
              !json_object_set_new(entry, "ref_table", json_string_nocheck(tables[relation->ref_table].label)) &&
              !json_object_set_new(entry, "rule", json_string(cascade_rule_name(relation->rule)));
  if (done && relation->ref_columns)
    done = !json_object_set_new(entry, "ref_columns", names(relation->ref_column_names, relation->count));
  if (done && relation->where) done = !json_object_set_new(entry, "where", json_string_nocheck(relation->where));
  if (done && relation->rule == CASCADE_RULE_SET_VALUE) done = !json_object_set_new(entry, "values", values(relation));
  return done;
}

/* A database may have the same foreign key more than once; one entry is about all of them. */
static bool is_told(const cascade_policy *policy, uint32_t number) {
  const casc_relation *relation = &policy->relations[number];
  for (uint32_t i = 0; i < number && !relation->where; i++)
    if (!strcmp(policy->relations[i].label, relation->label) && !policy->relations[i].where) return true;
  return false;
}

/* Text that is UTF-8, a number that is one: bytes have no form there. */
static bool has_form(const cascade_value *from) {
  if (from->type == CASCADE_BLOB) return false;
  if (from->type == CASCADE_DOUBLE) return isfinite(from->real);
  if (from->type != CASCADE_TEXT && from->type != CASCADE_DECIMAL) return true;
  const char *text = from->data ? from->data : "";
  json_t *checked = json_stringn(text, from->length), *any = json_stringn_nocheck(text, from->length);
  bool form = checked || !any; /* without either, memory is out */
  json_decref(checked);
  json_decref(any);
  return form;
}

static bool can_be_told(const casc_relation *relation) {
  for (uint32_t i = 0; relation->rule == CASCADE_RULE_SET_VALUE && i < relation->count; i++)
    if (!has_form(&relation->values[i])) return false;
  return true;
}

cascade_status casc_policy_relations(const cascade_policy *policy, json_t **out, cascade_error **error) {
  json_t *list = json_array();
  *out = NULL;
  for (uint32_t i = 0; list && i < policy->relation_count; i++) {
    const casc_relation *relation = &policy->relations[i];
    bool own = i < policy->graph->relation_count && relation->rule == policy->graph->relations[i].rule;
    if (own || is_told(policy, i)) continue;
    if (!can_be_told(relation)) {
      json_decref(list);
      return casc_fail_at(policy->context, error, CASCADE_UNSUPPORTED, NULL, relation->label,
                          "%s is set to a value that has no form in JSON, which policies are written down in: bytes, text that is "
                          "not UTF-8, or a number that is none",
                          relation->label);
    }
    json_t *entry = json_object();
    if (!entry || !describe(policy, relation, entry) || json_array_append(list, entry)) {
      json_decref(list);
      list = NULL;
    }
    json_decref(entry);
  }
  *out = list;
  return list ? CASCADE_OK : casc_nomem(error);
}

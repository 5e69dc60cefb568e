/* The plan as JSON, version 1. */
#include "plan_internal.h"

#include "json_text.h"

static const char *accuracy(int32_t value) {
  return value == CASCADE_EXACT ? "exact" : value == CASCADE_AT_LEAST ? "at least" : "estimated";
}

static json_t *warning_list(uint32_t warnings) {
  static const char *const names[] = {"no index", "triggers", "cycle", "not null", "rewrites key"};
  json_t *list = json_array();
  for (uint32_t i = 0; list && i < sizeof names / sizeof *names; i++)
    if ((warnings >> i & 1) && json_array_append_new(list, json_string(names[i]))) {
      json_decref(list);
      return NULL;
    }
  return list;
}

/* Checked as a whole when it is written. */
static json_t *text_of(const char *text) {
  return text ? json_string_nocheck(text) : json_null();
}

static json_t *step_object(const cascade_plan *plan, const casc_step *step) {
  static const char *const kinds[] = {"", "delete", "update", "check"};
  bool one = step->info.relation >= 0;
  return json_pack("{s:s, s:o, s:o, s:s?, s:I, s:s, s:o, s:o, s:s, s:o*, s:o*}", "step", kinds[step->info.kind], "table",
                   text_of(step->label), "relation", text_of(one ? plan->policy->relations[step->info.relation].label : NULL),
                   "rule", one ? cascade_rule_name(step->info.rule) : NULL, "rows", (json_int_t)step->info.rows, "accuracy",
                   accuracy(step->info.accuracy), "index", text_of(step->info.index), "sql", text_of(step->info.sql), "way",
                   step->info.way, "warnings", warning_list(step->info.warnings), "scanned",
                   step->scanned ? json_integer((json_int_t)step->scanned) : NULL);
}

static json_t *plan_object(const cascade_plan *plan) {
  const cascade_plan_info *info = &plan->info;
  json_t *steps = json_array(), *cycles = json_array();
  for (uint32_t i = 0; i < info->step_count; i++) json_array_append_new(steps, step_object(plan, &plan->steps[i]));
  for (uint32_t i = 0; i < plan->cycle_count; i++) json_array_append_new(cycles, text_of(plan->cycles[i]));
  if (json_array_size(steps) != info->step_count || json_array_size(cycles) != plan->cycle_count) {
    json_decref(steps);
    json_decref(cycles);
    return NULL;
  }
  return json_pack("{s:s, s:i, s:s, s:o, s:b, s:I, s:I, s:I, s:I, s:s, s:b, s:o, s:o, s:s}", "format", "cascade-plan", "version", 1,
                   "engine", plan->engine, "table", text_of(plan->root_label), "blocked", info->blocked, "roots",
                   (json_int_t)info->roots, "deleted", (json_int_t)info->deleted, "updated", (json_int_t)info->updated, "blocking",
                   (json_int_t)info->blocking, "accuracy", accuracy(info->accuracy), "checked_at_commit", plan->defers, "cycles",
                   cycles, "steps", steps, "fingerprint", info->fingerprint);
}

cascade_status cascade_plan_json(const cascade_plan *plan, char **out, cascade_error **error) {
  if (!plan || !out) return casc_fail(NULL, error, CASCADE_INVALID, "plan: it, or the place for the text, is NULL");
  return casc_json_give(plan->policy->context, plan_object(plan), JSON_INDENT(1), "plan", out, error);
}

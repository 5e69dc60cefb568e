/* The plan in words and as SQL. */
#include "plan_internal.h"

#include <stdio.h>
#include <string.h>

enum { NUMBER = 32, SHOWN_CHECKS = 12 };

static const char *grouped(char text[NUMBER], uint64_t number) {
  char digits[NUMBER];
  int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)number), to = 0;
  for (int i = 0; i < length; i++) {
    if (i && (length - i) % 3 == 0) text[to++] = ',';
    text[to++] = digits[i];
  }
  text[to] = '\0';
  return text;
}

static const char *counted(char text[NUMBER + 16], uint64_t rows, int32_t accuracy) {
  char number[NUMBER];
  snprintf(text, NUMBER + 16, "%s%s",
           accuracy == CASCADE_AT_LEAST    ? ">= "
           : accuracy == CASCADE_ESTIMATED ? "~ "
                                           : "",
           grouped(number, rows));
  return text;
}

static const char *plural(uint64_t count) {
  return count == 1 ? "" : "s";
}

static void blocked(casc_str *text, const cascade_plan *plan) {
  char rows[NUMBER + 16];
  if (!plan->info.blocked) return;
  casc_str_printf(text, "\nBLOCKED: %s row%s in the way, so a purge would refuse.\n",
                  counted(rows, plan->info.blocking, plan->info.accuracy), plan->info.blocking == 1 ? " is" : "s are");
  uint32_t more = 0, shown = 0;
  for (uint32_t i = 0; i < plan->info.step_count; i++) {
    const casc_step *step = &plan->steps[i];
    if (step->info.kind != CASCADE_STEP_CHECK || !step->info.rows) continue;
    if (shown++ >= SHOWN_CHECKS) more++;
    else
      casc_str_printf(text, "  %12s  %s; %s\n", counted(rows, step->info.rows, step->info.accuracy),
                      plan->policy->relations[step->info.relation].label, step->found);
  }
  if (more) casc_str_printf(text, "  %12s  and %u more relation%s\n", "", more, plural(more));
}

static void step_line(casc_str *text, const casc_step *step, uint32_t number) {
  char rows[NUMBER + 16];
  casc_str_printf(text, "  %3u. %-6s %-28s %12s  %s", number, step->info.kind == CASCADE_STEP_DELETE ? "delete" : "update",
                  step->label, counted(rows, step->info.rows, step->info.accuracy), step->found);
  if (step->info.kind == CASCADE_STEP_UPDATE) casc_str_printf(text, ", %s", cascade_rule_name(step->info.rule));
  if (step->delegated) casc_str_put(text, ", by the database's own action");
  casc_str_put(text, step->info.warnings & CASCADE_WARN_NO_INDEX ? "  (no index)\n" : "\n");
}

static void steps(casc_str *text, const cascade_plan *plan) {
  uint32_t number = 0, quiet = 0, checks = 0;
  casc_str_put(text, "\nSteps of each batch, in this order:\n");
  for (uint32_t i = 0; i < plan->info.step_count; i++) {
    const casc_step *step = &plan->steps[i];
    if (step->info.kind == CASCADE_STEP_CHECK) checks++;
    else if (!step->info.rows) quiet++;
    else step_line(text, step, ++number);
  }
  if (!number) casc_str_put(text, "       nothing to do\n");
  if (quiet) casc_str_printf(text, "       and %u step%s that find no rows now\n", quiet, plural(quiet));
  if (checks) casc_str_printf(text, "       after checking %u relation%s for rows that block\n", checks, plural(checks));
}

/* What the request did not name. */
static void outside(casc_str *text, const cascade_plan *plan) {
  char rows[NUMBER + 16];
  uint64_t deleted = plan->info.deleted > plan->info.roots ? plan->info.deleted - plan->info.roots : 0;
  uint32_t tables = 0;
  for (uint32_t i = 0; i < plan->info.step_count; i++) {
    const cascade_step_info *step = &plan->steps[i].info;
    if (step->kind == CASCADE_STEP_DELETE && step->rows && step->table != plan->info.table) tables++;
  }
  if (!deleted && !plan->info.updated) return;
  casc_str_printf(text, "\nBeyond the selected row%s: ", plural(plan->info.roots));
  if (deleted) casc_str_printf(text, "%s row%s deleted", counted(rows, deleted, plan->info.accuracy), plural(deleted));
  if (deleted && tables) casc_str_printf(text, " in %u other table%s", tables, plural(tables));
  if (deleted && plan->info.updated) casc_str_put(text, ", ");
  if (plan->info.updated)
    casc_str_printf(text, "%s row%s rewritten", counted(rows, plan->info.updated, plan->info.accuracy), plural(plan->info.updated));
  casc_str_put(text, ".\n");
}

static void warnings(casc_str *text, const cascade_plan *plan) {
  char rows[NUMBER];
  casc_str_put(text, "\n");
  for (uint32_t i = 0; i < plan->cycle_count; i++)
    casc_str_printf(text, "Cycle: rows of %s refer to each other%s.\n", plan->cycles[i],
                    plan->defers ? "; foreign keys are checked at COMMIT" : "");
  for (uint32_t i = 0; i < plan->info.step_count; i++) {
    const casc_step *step = &plan->steps[i];
    uint32_t warned = step->info.warnings;
    const char *relation = step->info.relation >= 0 ? plan->policy->relations[step->info.relation].label : step->label;
    if ((warned & CASCADE_WARN_NO_INDEX) && step->scanned < 0)
      casc_str_printf(text, "Warning: no index for %s: each batch reads all of %s.\n", relation, step->label);
    else if ((warned & CASCADE_WARN_NO_INDEX) && step->scanned)
      casc_str_printf(text, "Warning: no index for %s: each batch reads all of %s (%s rows).\n", relation, step->label,
                      grouped(rows, (uint64_t)step->scanned));
    if (warned & CASCADE_WARN_TRIGGERS) casc_str_printf(text, "Warning: triggers of %s will fire.\n", step->label);
    if (warned & CASCADE_WARN_NOT_NULL)
      casc_str_printf(text, "Warning: %s is to be set to NULL, but cannot be NULL: any row blocks.\n", relation);
    if (warned & CASCADE_WARN_REWRITES_KEY)
      casc_str_printf(text, "Warning: %s rewrites a key: it takes one transaction, or is refused.\n", relation);
  }
}

cascade_status cascade_plan_text(const cascade_plan *plan, char **out, cascade_error **error) {
  char rows[NUMBER + 16], more[NUMBER + 16];
  casc_str text;
  if (!plan || !out) return casc_fail(NULL, error, CASCADE_INVALID, "plan: it, or the place for the text, is NULL");
  casc_str_init(&text, &plan->context->alloc);
  casc_str_printf(&text, "Delete %s row%s of %s and what depends on %s", counted(rows, plan->info.roots, plan->info.accuracy),
                  plural(plan->info.roots), plan->root_label, plan->info.roots == 1 ? "it" : "them");
  casc_str_printf(&text, ": %s row%s deleted in %u table%s", counted(rows, plan->info.deleted, plan->info.accuracy),
                  plural(plan->info.deleted), plan->tables, plural(plan->tables));
  if (plan->info.updated) casc_str_printf(&text, ", %s rewritten", counted(more, plan->info.updated, plan->info.accuracy));
  casc_str_put(&text, ".\n");
  if (plan->info.accuracy != CASCADE_EXACT)
    casc_str_put(&text, "Counting stopped at its bound: '>=' is counted so far, '~' is estimated from table sizes.\n");
  blocked(&text, plan);
  steps(&text, plan);
  outside(&text, plan);
  warnings(&text, plan);
  casc_str_printf(&text, "Fingerprint: %s\n", plan->info.fingerprint);
  *out = casc_str_give(&text);
  return *out ? CASCADE_OK : casc_nomem(error);
}

cascade_status cascade_plan_sql(const cascade_plan *plan, char **out, cascade_error **error) {
  casc_str text;
  if (!plan || !out) return casc_fail(NULL, error, CASCADE_INVALID, "plan: it, or the place for the text, is NULL");
  casc_str_init(&text, &plan->context->alloc);
  const casc_dialect *dialect = casc_dialect_of(plan->engine);
  casc_str_put(&text, "-- One batch. Each placeholder stands for the keys of the batch, or for a value.\n");
  for (const char *const *begin = dialect->begin_write; *begin; begin++) casc_str_printf(&text, "%s;\n", *begin);
  if (plan->defers) casc_str_printf(&text, "%s;\n", dialect->defer);
  for (uint32_t i = 0; i < plan->info.step_count; i++) {
    const casc_step *step = &plan->steps[i];
    static const char *const verbs[] = {"", "delete", "update", "check"};
    casc_str_printf(&text, "-- %s %s: ", verbs[step->info.kind], step->label);
    for (const char *at = step->found; *at; at++) casc_str_putc(&text, *at == '\n' ? ' ' : *at);
    casc_str_printf(&text, "\n%s;\n", step->info.sql);
  }
  casc_str_printf(&text, "%s;\n", dialect->commit);
  *out = casc_str_give(&text);
  return *out ? CASCADE_OK : casc_nomem(error);
}

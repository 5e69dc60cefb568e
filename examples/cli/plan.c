/* cascade plan: what a purge would do. */
#include "picture.h"

cascade_status run_plan(cli_session *session, const cli_options *options, cascade_error **error) {
  cascade_plan_options how = {.size = sizeof how, .max_rows = options->max_rows};
  cascade_plan *plan = NULL;
  char *text = NULL;
  cascade_status status = cascade_plan_new(session->connection, session->policy, session->selection, &how, &plan, error);
  if (status >= 0 && options->format == CLI_HTML) {
    status = page_print(session, options, plan, error);
  } else if (status >= 0) {
    if (options->format == CLI_JSON) status = cascade_plan_json(plan, &text, error);
    else if (options->format == CLI_SQL) status = cascade_plan_sql(plan, &text, error);
    else status = cascade_plan_text(plan, &text, error);
    if (status >= 0) put_text(text);
  }
  cascade_text_free(text);
  cascade_plan_free(plan);
  return status;
}

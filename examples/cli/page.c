/* A page that a browser opens from a file: nothing is fetched. */
#include "picture.h"

#include <stdlib.h>

/* Inside a script element, no text may look like the end of it, nor like a comment. */
static void put_data(const char *json) {
  for (; *json; json++)
    if (*json == '<') fputs("\\u003c", stdout);
    else putchar(*json);
}

cascade_status page_print(cli_session *session, const cli_options *options, const cascade_plan *plan, cascade_error **error) {
  json_t *data = NULL;
  cascade_status status = page_data(session, options, plan, &data, error);
  if (status >= 0) status = page_arrange(session, data, error);
  char *text = status >= 0 ? json_dumps(data, JSON_COMPACT) : NULL;
  json_decref(data);
  if (status < 0) return status;
  if (!text) return session_fail(session, CASCADE_NOMEM, error, "out of memory");
  fputs(page_head, stdout);
  put_data(text);
  fputs(page_tail, stdout);
  free(text);
  return CASCADE_OK;
}

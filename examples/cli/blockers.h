/* cascade blockers: what its files share. */
#ifndef CLI_BLOCKERS_H
#define CLI_BLOCKERS_H

#include "cli.h"

/* The requests that --relation, --backward and --offset make; none without them. */
typedef struct cli_requests {
  cascade_blockers_request *items;
  const cascade_blockers_request **list;
  uint32_t count;
} cli_requests;

/* blockers_relations.c */
cascade_status requests_open(cli_session *session, const cli_options *options, cli_requests *requests, cascade_error **error);
void requests_free(cli_requests *requests);

/* blockers_text.c: prints all pages of the cursor as a table. */
cascade_status blockers_text(cli_session *session, const cli_options *options, cascade_blockers *cursor, cascade_error **error);

#endif

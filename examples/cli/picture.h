/* The graph and the plan as pictures. */
#ifndef CLI_PICTURE_H
#define CLI_PICTURE_H

#include "cli.h"

#include <jansson.h>

enum { DRAW_SECONDS = 120, ARRANGE_SECONDS = 20, ARRANGE_TABLES = 150 };

/* graphviz.c: what Graphviz makes of a DOT text in one of its formats; the caller frees it. */
cascade_status graphviz_run(cli_session *session, const char *format, const char *dot, int seconds, char **out,
                            cascade_error **error);
/* Prints the text as SVG that suits a dark page too. */
cascade_status graphviz_print(cli_session *session, const char *dot, cascade_error **error);

/* page_data.c: all tables, or with a plan those that it is about, and their relations. */
cascade_status page_data(cli_session *session, const cli_options *options, const cascade_plan *plan, json_t **data,
                         cascade_error **error);

/* page_layout.c: adds to the data where Graphviz puts the tables, unless they are too many or Graphviz is not there. */
cascade_status page_arrange(cli_session *session, json_t *data, cascade_error **error);

/* page.c: prints the page; without a plan that of the graph. */
cascade_status page_print(cli_session *session, const cli_options *options, const cascade_plan *plan, cascade_error **error);

/* The page before and after its data; made of page/ when the command is built. */
extern const char page_head[], page_tail[];

#endif

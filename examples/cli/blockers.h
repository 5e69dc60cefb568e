/* cascade blockers: the pages as they come, and what was seen so far. */
#ifndef CLI_BLOCKERS_H
#define CLI_BLOCKERS_H

#include "cli.h"

/* One page with all that is to be said of it. */
typedef struct cli_page {
  const cascade_blockers_page *page;
  cascade_relation_info relation;
  cascade_table_info table; /* the referencing one */
  uint64_t before;          /* keys of this relation, by the same path, on earlier pages */
  uint32_t number;          /* page of this relation, from 1 */
} cli_page;

/* How a format writes pages. Each returns false when memory is out. */
typedef struct cli_writer {
  bool (*begin)(void **state, const cli_session *session, const cli_options *options);
  bool (*page)(void *state, const cli_session *session, const cli_page *page);
  bool (*end)(void *state, const cli_session *session, bool more, bool truncated); /* more: relations went on */
  void (*free)(void *state);
} cli_writer;

extern const cli_writer cli_blockers_text, cli_blockers_json, cli_blockers_specify;

#endif

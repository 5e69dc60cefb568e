/* cascade blockers: who refers to the rows, page by page. */
#include "blockers.h"

#include <stdlib.h>
#include <string.h>

enum { LARGE_PAGE = 100000 }; /* of --limit 0 */

/* What was seen of one relation by one path. */
typedef struct seen {
  uint32_t relation, path_length, number;
  uint32_t *path;
  uint64_t keys;
  bool complete;
} seen;

typedef struct seen_list {
  seen *items;
  size_t count;
} seen_list;

static seen *seen_find(seen_list *list, const cascade_blockers_page *page) {
  for (size_t i = 0; i < list->count; i++) {
    seen *item = &list->items[i];
    if (item->relation == page->relation && item->path_length == page->path_length &&
        (!page->path_length || !memcmp(item->path, page->path, page->path_length * sizeof *page->path)))
      return item;
  }
  seen *grown = realloc(list->items, (list->count + 1) * sizeof *grown);
  if (!grown) return NULL;
  list->items = grown;
  seen *item = &grown[list->count];
  *item = (seen){.relation = page->relation, .path_length = page->path_length};
  if (page->path_length) {
    item->path = malloc(page->path_length * sizeof *item->path);
    if (!item->path) return NULL;
    memcpy(item->path, page->path, page->path_length * sizeof *item->path);
  }
  list->count++;
  return item;
}

static bool seen_more(const seen_list *list) {
  for (size_t i = 0; i < list->count; i++)
    if (!list->items[i].complete) return true;
  return false;
}

static void seen_free(seen_list *list) {
  for (size_t i = 0; i < list->count; i++) free(list->items[i].path);
  free(list->items);
}

static bool give(const cli_session *session, const cli_writer *writer, void *state, seen_list *list,
                 const cascade_blockers_page *page) {
  seen *item = seen_find(list, page);
  if (!item) return false;
  cli_page out = {.page = page,
                  .relation = {.size = sizeof out.relation},
                  .table = {.size = sizeof out.table},
                  .before = item->keys,
                  .number = ++item->number};
  item->keys += page->keys->count;
  item->complete = page->complete;
  cascade_policy_relation(session->policy, page->relation, &out.relation);
  cascade_graph_table(session->graph, out.relation.table, &out.table);
  return writer->page(state, session, &out);
}

cascade_status run_blockers(cli_session *session, const cli_options *options, cascade_error **error) {
  const cli_writer *writer = options->format == CLI_JSON      ? &cli_blockers_json
                             : options->format == CLI_SPECIFY ? &cli_blockers_specify
                                                              : &cli_blockers_text;
  cascade_blockers_options how = {.size = sizeof how,
                                  .limit = options->all ? LARGE_PAGE : (int32_t)options->limit,
                                  .rounds = options->all ? UINT32_MAX : options->pages,
                                  .depth = options->depth,
                                  .max_rows = options->max_rows};
  seen_list list = {0};
  void *state = NULL;
  cascade_blockers *cursor = NULL;
  const cascade_blockers_page *page = NULL;
  cascade_status status =
      cascade_blockers_open(session->connection, session->policy, session->selection, &how, &cursor, error);
  if (status >= 0) {
    bool written = writer->begin(&state, session, options);
    while (written && (status = cascade_blockers_next(cursor, &page, error)) == CASCADE_OK)
      written = give(session, writer, state, &list, page);
    if (status == CASCADE_DONE && written)
      written = writer->end(state, session, seen_more(&list), cascade_blockers_cut(cursor));
    if (!written) status = session_fail(session, CASCADE_NOMEM, error, "out of memory");
    writer->free(state);
  }
  cascade_blockers_free(cursor);
  seen_free(&list);
  return status;
}

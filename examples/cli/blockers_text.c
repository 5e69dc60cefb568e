/* cascade blockers --format text: a line for every page of a relation. */
#include "blockers.h"

#include <stdlib.h>
#include <string.h>

enum { LINE = 100, WIDEST_RELATION = 48 };

typedef struct text_state {
  const cli_options *options;
  uint32_t selected_table; /* of the selection */
  int width;               /* of the column of relations */
  uint32_t number, depth;  /* of the page before */
  uint32_t *path;          /* of the page before */
  bool any;                /* pages were shown */
  uint32_t blocking;       /* relations that block */
  bool deeper;             /* some of the last level would be deleted too */
} text_state;

static const char *meaning(const cli_page *page) {
  switch (page->page->kind) {
  case CASCADE_BLOCKING: return "blocks";
  case CASCADE_CASCADING: return "deleted too";
  case CASCADE_UPDATING: return rule_meaning(page->relation.rule);
  default: return "left alone";
  }
}

/* Wide enough for what may come; one level can only show relations of the selected table. */
static bool measure(text_state *state, const cli_session *session, const cli_options *options) {
  for (uint32_t i = 0; i < cascade_policy_relation_count(session->policy); i++) {
    cascade_relation_info relation = {.size = sizeof relation};
    cascade_table_info table = {.size = sizeof table};
    cascade_policy_relation(session->policy, i, &relation);
    cascade_graph_table(session->graph, relation.table, &table);
    if (options->depth <= 1 && relation.ref_table != state->selected_table) continue;
    char *text = relation_text(&relation, table.label);
    if (!text) return false;
    int width = text_width(text);
    free(text);
    if (width > state->width) state->width = width < WIDEST_RELATION ? width : WIDEST_RELATION;
  }
  return true;
}

static bool text_begin(void **out, const cli_session *session, const cli_options *options) {
  text_state *state = calloc(1, sizeof *state);
  *out = state;
  if (!state) return false;
  state->options = options;
  state->selected_table = cascade_selection_table(session->selection);
  return measure(state, session, options);
}

/* "a(b_id), c(d_id)": how the rows that are referred to are reached. */
static bool put_path(const cli_session *session, const cascade_blockers_page *page) {
  for (uint32_t i = 0; i < page->path_length; i++) {
    cascade_relation_info relation = {.size = sizeof relation};
    cascade_table_info table = {.size = sizeof table};
    cascade_policy_relation(session->policy, page->path[i], &relation);
    cascade_graph_table(session->graph, relation.table, &table);
    char *text = relation_text(&relation, table.label);
    if (!text) return false;
    printf("%s%s", i ? ", " : "", text);
    free(text);
  }
  return true;
}

/* A heading where the page, the level or the way there changes. */
static bool put_heading(text_state *state, const cli_session *session, const cli_page *page) {
  const cascade_blockers_page *now = page->page;
  if (state->any && page->number <= state->number && now->depth == state->depth &&
      (!now->path_length || !memcmp(state->path, now->path, now->path_length * sizeof *now->path)))
    return true;
  cascade_table_info table = {.size = sizeof table};
  cascade_graph_table(session->graph, page->relation.ref_table, &table);
  printf("%sRows that refer to ", state->any ? "\n" : "");
  if (now->depth > 1) printf("the rows of %s that would be deleted too,\nby way of ", table.label);
  else if (state->options->key_count == 1) printf("%s %s", table.label, state->options->keys[0]);
  else printf("the given rows of %s", table.label);
  if (!put_path(session, now)) return false;
  if (page->number > 1) printf(" (page %u)", page->number);
  printf("\n  ");
  text_pad(stdout, "relation", state->width);
  printf("  %-14s  %9s  keys\n", "meaning", "rows");
  state->number = page->number;
  state->depth = now->depth;
  if (!now->path_length) return true;
  uint32_t *path = realloc(state->path, now->path_length * sizeof *path);
  if (!path) return false;
  state->path = memcpy(path, now->path, now->path_length * sizeof *path);
  return true;
}

/* As many keys as the line has room for, at least one. */
static bool put_keys(const cli_page *page, int room) {
  const cascade_keys *keys = page->page->keys;
  for (uint64_t i = 0; i < keys->count; i++) {
    char *text = key_text(keys, i);
    if (!text) return false;
    int width = text_width(text) + (i ? 2 : 0);
    bool last = i + 1 == keys->count && page->page->complete;
    bool fits = !i || width + (last ? 0 : 5) <= room;
    if (fits) printf("%s%s", i ? (page->page->keys->column_count > 1 ? "; " : ", ") : "", text);
    free(text);
    if (!fits || (i + 1 == keys->count && !last)) {
      printf("%s...", page->page->keys->column_count > 1 ? "; " : ", ");
      break;
    }
    room -= width;
  }
  putchar('\n');
  return true;
}

static bool is_referred_to(const cli_session *session, uint32_t table) {
  for (uint32_t i = 0; i < cascade_policy_relation_count(session->policy); i++) {
    cascade_relation_info relation = {.size = sizeof relation};
    cascade_policy_relation(session->policy, i, &relation);
    if (relation.ref_table == table) return true;
  }
  return false;
}

static bool text_page(void *out, const cli_session *session, const cli_page *page) {
  text_state *state = out;
  if (!put_heading(state, session, page)) return false;
  char *relation = relation_text(&page->relation, page->table.label);
  if (!relation) return false;
  printf("  ");
  text_pad(stdout, relation, state->width);
  int width = text_width(relation) > state->width ? text_width(relation) : state->width;
  free(relation);
  char rows[40];
  snprintf(rows, sizeof rows, "%s%s", number_text(page->before + page->page->keys->count).text,
           page->page->complete ? "" : "+");
  printf("  %-14s  %9s  ", meaning(page), rows);
  state->any = true;
  if (page->page->kind == CASCADE_BLOCKING && page->number == 1) state->blocking++;
  if (page->page->kind == CASCADE_CASCADING && page->page->depth >= state->options->depth)
    state->deeper = state->deeper || is_referred_to(session, page->relation.table);
  return put_keys(page, LINE - 2 - width - 2 - 14 - 2 - 9 - 2);
}

static bool text_end(void *out, const cli_session *session, bool more, bool truncated) {
  (void)session;
  text_state *state = out;
  if (!state->any) printf("Nothing refers to these rows.\n");
  else if (!state->blocking) printf("\nNothing that was looked at blocks.\n");
  else if (state->blocking == 1) printf("\nBlocked, by one relation: a purge would refuse.\n");
  else printf("\nBlocked, by %u relations: a purge would refuse.\n", state->blocking);
  if (state->deeper) printf("What refers to the rows that would be deleted too was not looked at: see --depth.\n");
  if (more) printf("A number with + goes on: --pages N shows more pages, --limit 0 all rows.\n");
  if (truncated) printf("Deeper levels are not complete: there are too many rows to follow, see --max-rows.\n");
  return true;
}

static void text_free(void *out) {
  text_state *state = out;
  if (state) free(state->path);
  free(state);
}

const cli_writer cli_blockers_text = {text_begin, text_page, text_end, text_free};

/* cascade blockers --format text: a table for a terminal of 80 columns, a line for every page of a relation. */
#include "blockers.h"

#include <stdlib.h>
#include <string.h>

enum { LINE = 80, NAMES = 44, WIDEST_COLUMN = 24, ROWS = 9, WAYS_ON = 3 };

/* What was seen of one relation by one path. */
typedef struct seen {
  uint32_t relation, path_length, number;
  uint32_t *path;
  uint64_t keys;
  char *next; /* token for what comes behind its last page; NULL when nothing does */
} seen;

typedef struct listing {
  cli_session *session;
  const cli_options *options;
  seen *items;
  size_t count;
  int table_width, column_width;
  uint32_t *path; /* of the page before, as the next three */
  uint32_t path_length, number, table;
  const char *meaning;      /* NULL before the first page of a heading */
  uint32_t pages, blocking; /* pages shown; relations that block */
  bool deeper;              /* some of the one level would be deleted too, with what refers to them */
} listing;

static seen *seen_find(listing *list, const cascade_blockers_page *page) {
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
  item->path = malloc((page->path_length + 1) * sizeof *item->path);
  if (!item->path) return NULL;
  if (page->path_length) memcpy(item->path, page->path, page->path_length * sizeof *item->path);
  if (page->depth == 1) item->keys = list->options->offset;
  list->count++;
  return item;
}

static void describe(const listing *list, uint32_t number, cascade_relation_info *relation, cascade_table_info *table) {
  *relation = (cascade_relation_info){.size = sizeof *relation};
  *table = (cascade_table_info){.size = sizeof *table};
  cascade_policy_relation(list->session->policy, number, relation);
  cascade_graph_table(list->session->graph, relation->table, table);
}

static char *columns_text(const cascade_relation_info *relation) {
  size_t length = 1;
  for (uint32_t i = 0; i < relation->column_count; i++) length += strlen(relation->columns[i]) + 2;
  char *text = malloc(length), *at = text;
  for (uint32_t i = 0; text && i < relation->column_count; i++) {
    if (i) at = stpcpy(at, ", ");
    at = stpcpy(at, relation->columns[i]);
  }
  return text;
}

static void widen(int *width, const char *text, int widest) {
  int needed = text_width(text);
  if (needed > widest) needed = widest;
  if (needed > *width) *width = needed;
}

/* Wide enough for what may come; one level can only show relations of the selected table. */
static bool measure(listing *list) {
  uint32_t selected = cascade_selection_table(list->session->selection);
  list->table_width = text_width("table");
  list->column_width = text_width("column");
  for (uint32_t i = 0; i < cascade_policy_relation_count(list->session->policy); i++) {
    cascade_relation_info relation;
    cascade_table_info table;
    describe(list, i, &relation, &table);
    if (list->options->depth <= 1 && !list->options->after && relation.ref_table != selected) continue;
    char *columns = columns_text(&relation);
    if (!columns) return false;
    widen(&list->table_width, table.label, NAMES);
    widen(&list->column_width, columns, WIDEST_COLUMN);
    free(columns);
  }
  if (list->table_width + list->column_width > NAMES) list->table_width = NAMES - list->column_width;
  return true;
}

/* "a(b_id), c(d_id)": how the rows that are referred to are reached. */
static bool put_path(const listing *list, const cascade_blockers_page *page) {
  int at = text_width("by way of ");
  for (uint32_t i = 0; i < page->path_length; i++) {
    cascade_relation_info relation;
    cascade_table_info table;
    describe(list, page->path[i], &relation, &table);
    char *text = relation_text(&relation, table.label);
    if (!text) return false;
    int width = text_width(text);
    bool breaks = i && at + width + 2 > LINE - 1;
    printf("%s%s", !i ? "" : breaks ? ",\n  " : ", ", text);
    at = breaks ? 2 + width : at + width + 2;
    free(text);
  }
  return true;
}

/* A heading where the page, the level or the way there changes. */
static bool put_heading(listing *list, const cascade_blockers_page *page, uint32_t number) {
  if (list->pages && number <= list->number && page->path_length == list->path_length &&
      (!page->path_length || !memcmp(list->path, page->path, page->path_length * sizeof *page->path)))
    return true;
  const cli_options *options = list->options;
  cascade_relation_info relation;
  cascade_table_info table;
  describe(list, page->relation, &relation, &table);
  table.size = sizeof table;
  cascade_graph_table(list->session->graph, relation.ref_table, &table);
  printf("%s%s that refer to ", list->pages ? "\n" : "", options->after ? "More rows" : "Rows");
  if (page->depth > 1) printf("the rows of %s that would be deleted too,\nby way of ", table.label);
  else if (options->key_count == 1) printf("%s %s", table.label, options->keys[0]);
  else printf("the given rows of %s", table.label);
  if (!put_path(list, page)) return false;
  if (number > 1) printf(" (page %u)", number);
  if (options->backward) fputs(" (backward)", stdout);
  fputs("\n\n  ", stdout);
  text_pad(stdout, "table", list->table_width + 2);
  text_pad(stdout, "column", list->column_width + 2);
  printf("%*s  keys\n", ROWS, "rows");
  list->meaning = NULL;
  list->number = number;
  uint32_t *path = realloc(list->path, (page->path_length + 1) * sizeof *path);
  if (!path) return false;
  list->path = path;
  list->path_length = page->path_length;
  if (page->path_length) memcpy(path, page->path, page->path_length * sizeof *path);
  return true;
}

/* As many keys as the line has room for, at least one. */
static bool put_keys(const listing *list, const cascade_keys *keys, bool complete, int room) {
  const char *between = keys->column_count > 1 ? "; " : ", ";
  if (list->options->backward && !complete) { /* the others are before these */
    printf("...%s", between);
    room -= 5;
    complete = true;
  }
  for (uint64_t i = 0; i < keys->count; i++) {
    char *text = key_text(keys, i);
    if (!text) return false;
    bool last = i + 1 == keys->count && complete;
    int width = text_width(text) + (i ? 2 : 0), rest = last ? 0 : 5;
    bool fits = width + rest <= room;
    char *shown = fits || i ? strdup(text) : text_short(text, room - rest > 8 ? room - rest : 8);
    free(text);
    if (!shown) return false;
    if (fits || !i) printf("%s%s", i ? between : "", shown);
    free(shown);
    if (!last && (!fits || i + 1 == keys->count)) {
      printf("%s...", between);
      break;
    }
    room -= width;
  }
  putchar('\n');
  return true;
}

static const char *meaning_of(const cascade_blockers_page *page, const cascade_relation_info *relation) {
  switch (page->kind) {
  case CASCADE_BLOCKING: return "blocks";
  case CASCADE_CASCADING: return "deleted too";
  case CASCADE_UPDATING: return rule_meaning(relation->rule);
  default: return "left alone";
  }
}

/* Two tables must not look alike: a long name has a line of its own. */
static bool put_table(const char *label, int width) {
  bool fits = text_width(label) <= width;
  char *shown = fits ? NULL : text_short(label, LINE - 2);
  if (shown) printf("  %s\n", shown);
  fputs("  ", stdout);
  text_pad(stdout, fits ? label : "", width + 2);
  free(shown);
  return fits || shown;
}

static bool put_column(const char *text, int width) {
  char *shown = text_short(text, width);
  if (shown) text_pad(stdout, shown, width + 2);
  free(shown);
  return shown;
}

/* "3", "20+" where there are more, "~1,200" where that is an estimate. */
static void put_rows(const cascade_blockers_page *page, uint64_t seen_so_far) {
  char rows[40];
  uint64_t number = page->count ? page->count : seen_so_far;
  bool more = page->count ? page->count_accuracy == CASCADE_AT_LEAST : !page->complete;
  bool about = page->count && page->count_accuracy == CASCADE_ESTIMATED;
  snprintf(rows, sizeof rows, "%s%s%s", about ? "~" : "", number_text(number).text, more ? "+" : "");
  printf("%*s  ", ROWS, rows);
}

static bool put_behind(const listing *list, const cascade_blockers_page *page) {
  cascade_relation_info relation;
  cascade_table_info table;
  describe(list, page->behind_relation, &relation, &table);
  table.size = sizeof table;
  cascade_graph_table(list->session->graph, relation.ref_table, &table);
  printf("    behind them: %s ", table.label);
  return put_keys(list, page->behind, page->complete, LINE - 17 - text_width(table.label) - 1);
}

static bool is_referred_to(const listing *list, uint32_t table) {
  for (uint32_t i = 0; i < cascade_policy_relation_count(list->session->policy); i++) {
    cascade_relation_info relation = {.size = sizeof relation};
    cascade_policy_relation(list->session->policy, i, &relation);
    if (relation.ref_table == table) return true;
  }
  return false;
}

/* Only deeper levels leave a relation behind before its end. */
static bool note_next(const listing *list, seen *item, cascade_blockers *cursor) {
  const char *token = NULL;
  bool wanted = list->options->depth > 1 || list->options->after;
  if (!wanted || cascade_blockers_token(cursor, CASCADE_TOKEN_NEXT, &token, NULL) != CASCADE_OK) return true;
  item->next = strdup(token);
  return item->next;
}

static bool put_page(listing *list, cascade_blockers *cursor, const cascade_blockers_page *page) {
  seen *item = seen_find(list, page);
  cascade_relation_info relation;
  cascade_table_info table;
  describe(list, page->relation, &relation, &table);
  if (!item || !put_heading(list, page, ++item->number)) return false;
  free(item->next);
  item->next = NULL;
  item->keys += page->keys->count;
  const char *meaning = meaning_of(page, &relation);
  bool new_meaning = !list->meaning || strcmp(list->meaning, meaning) != 0;
  if (new_meaning) printf("%s\n", meaning);
  char *columns = columns_text(&relation);
  if (!columns) return false;
  bool done = put_table(new_meaning || list->table != relation.table ? table.label : "", list->table_width) &&
              put_column(columns, list->column_width);
  free(columns);
  put_rows(page, item->keys);
  list->meaning = meaning;
  list->table = relation.table;
  list->pages++;
  if (page->kind == CASCADE_BLOCKING && item->number == 1) list->blocking++;
  if (page->kind == CASCADE_CASCADING && list->options->depth <= 1)
    list->deeper = list->deeper || is_referred_to(list, relation.table);
  done = done && put_keys(list, page->keys, page->complete, LINE - list->table_width - list->column_width - ROWS - 8);
  done = done && (!page->behind || put_behind(list, page));
  return done && (page->complete || note_next(list, item, cursor));
}

static void put_totals(const listing *list, const cascade_blockers *cursor) {
  cascade_blockers_total total = {.size = sizeof total};
  if (!list->options->count || cascade_blockers_count(cursor, 0, &total) < 0 || !total.relations) return;
  printf("%s%s reference%s in %s relation%s.\n",
         total.accuracy == CASCADE_EXACT      ? "In all "
         : total.accuracy == CASCADE_AT_LEAST ? "At least "
                                              : "About ",
         number_text(total.references).text, total.references == 1 ? "" : "s", number_text(total.relations).text,
         total.relations == 1 ? "" : "s");
}

static void put_cut(bool deeper, int32_t cut) {
  if (deeper) puts("What refers to the rows that would be deleted too was not looked at:\nsee --transitive and --depth.");
  if (cut & CASCADE_CUT_DEPTH) puts("There may be more below the last level: see --depth.");
  if (cut & CASCADE_CUT_FOLLOWED) puts("Deeper levels are not complete: too many rows to follow, see --max-rows.");
  if (cut & CASCADE_CUT_ROWS) puts("Not complete: --budget-rows was reached.");
  if (cut & CASCADE_CUT_TIME) puts("Not complete: --budget-ms was over.");
}

/* The command that goes on. */
static void put_command(const cli_options *options, const char *token) {
  static const char *const counts[] = {"none", "capped", "estimated", "exact"};
  text_command(stdout, options);
  if (options->limit) printf(" --limit %u", options->limit);
  if (options->all) fputs(" --limit 0", stdout);
  if (options->pages) printf(" --pages %u", options->pages);
  if (options->depth) printf(" --depth %u", options->depth);
  if (options->max_rows) printf(" --max-rows %llu", (unsigned long long)options->max_rows);
  if (options->budget_rows) printf(" --budget-rows %llu", (unsigned long long)options->budget_rows);
  if (options->budget_ms) printf(" --budget-ms %u", options->budget_ms);
  if (options->count) printf(" --count %s", counts[options->count]);
  if (options->behind) fputs(" --behind", stdout);
  if (options->token_key_file) {
    fputs(" --token-key-file ", stdout);
    text_shell(stdout, options->token_key_file);
  }
  printf(" --after %s", token);
  text_command_end(stdout, options);
}

/* Of the level where the cursor stands, one token has all that is left; relations of levels above it have one each. */
static cascade_status put_ways_on(const listing *list, cascade_blockers *cursor, cascade_error **error) {
  const char *token = NULL;
  cascade_status status = cascade_blockers_token(cursor, CASCADE_TOKEN_REST, &token, error);
  if (status < 0) return status;
  if (token) {
    fputs("To go on: ", stdout);
    put_command(list->options, token);
  }
  uint32_t others = 0;
  for (size_t i = 0; i < list->count; i++) {
    const seen *item = &list->items[i];
    bool here = item->path_length == list->path_length && !memcmp(item->path, list->path, list->path_length * sizeof *list->path);
    if (!item->next || (here && token) || others++ >= WAYS_ON) continue;
    cascade_relation_info relation;
    cascade_table_info table;
    describe(list, item->relation, &relation, &table);
    char *name = relation_text(&relation, table.label);
    if (!name) return session_fail(list->session, CASCADE_NOMEM, error, "out of memory");
    printf("To go on with %s: ", name);
    free(name);
    put_command(list->options, item->next);
  }
  if (others > WAYS_ON) printf("%u more relations go on: see --limit, or --format json for their tokens.\n", others - WAYS_ON);
  return CASCADE_OK;
}

static cascade_status put_end(const listing *list, cascade_blockers *cursor, cascade_error **error) {
  int32_t cut = cascade_blockers_cut(cursor);
  if (list->pages) putchar('\n');
  if (!list->pages && cut & (CASCADE_CUT_ROWS | CASCADE_CUT_TIME)) puts("Nothing was found yet.");
  else if (!list->pages)
    printf("Nothing%s refers to these rows%s.\n", list->options->after ? " more" : "",
           list->options->relation ? " by this relation" : "");
  else if (!list->blocking) puts("Nothing that was looked at blocks.");
  else if (list->blocking == 1) puts("Blocked, by one relation: a purge would refuse.");
  else printf("Blocked, by %u relations: a purge would refuse.\n", list->blocking);
  put_totals(list, cursor);
  put_cut(list->deeper, cut);
  return put_ways_on(list, cursor, error);
}

cascade_status blockers_text(cli_session *session, const cli_options *options, cascade_blockers *cursor, cascade_error **error) {
  listing list = {.session = session, .options = options};
  const cascade_blockers_page *page = NULL;
  cascade_status status = CASCADE_OK;
  bool written = measure(&list);
  while (written && (status = cascade_blockers_next(cursor, &page, error)) == CASCADE_OK) written = put_page(&list, cursor, page);
  if (!written) status = session_fail(session, CASCADE_NOMEM, error, "out of memory");
  if (status == CASCADE_DONE) status = put_end(&list, cursor, error);
  for (size_t i = 0; i < list.count; i++) {
    free(list.items[i].path);
    free(list.items[i].next);
  }
  free(list.items);
  free(list.path);
  return status;
}

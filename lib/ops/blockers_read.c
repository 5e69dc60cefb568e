/* Pages of blockers, many with one statement. Each entry is asked for its page by one way or another until it has it. */
#include "blockers_look.h"
#include "clock.h"

#include <stdlib.h>

enum {
  HELD_KEYS = 20000,   /* of pages that wait to be given, ... */
  LIKELY_KEYS = 1000,  /* ... of which one with a higher limit seldom has more */
  WALK_BOUND = 8000,   /* rows of a table that are walked through */
  MOST_TOGETHER = 16,  /* pages that one walk reads */
  PACK_BOUND = 4000000 /* keys that one value may hold */
};

static const casc_page_way dense_ways[] = {CASC_PAGE_WALK, CASC_PAGE_PROBE, CASC_PAGE_GATHER},
                           sparse_ways[] = {CASC_PAGE_PROBE, CASC_PAGE_GATHER}, many_ways[] = {CASC_PAGE_GATHER},
                           unknown_ways[] = {CASC_PAGE_PROBE, CASC_PAGE_WALK, CASC_PAGE_GATHER};

void casc_entry_close(casc_entry *entry) {
  casc_keyset_free(&entry->given.anchor);
  casc_keyset_free(&entry->next.anchor);
  casc_keyset_free(&entry->rows);
  casc_keyset_free(&entry->shown);
  casc_keyset_free(&entry->behind);
  casc_keyset_free(&entry->reached);
}

bool casc_position_copy(casc_position *to, const casc_position *from) {
  to->part = from->part;
  to->to = from->to;
  casc_keyset_clear(&to->anchor);
  return casc_keyset_add(&to->anchor, &from->anchor);
}

/* An index gives the rows of one referenced row in the order of their identity. */
static bool comes_in_order(const casc_scope *scope, const casc_relation *relation) {
  const casc_table *table = scope->tables[relation->table].table;
  for (uint32_t i = 0; i < table->index_count; i++) {
    const casc_index *index = &table->indexes[i];
    if (index->partial || index->recollated || index->count < relation->count + table->identity_count || !table->identity_columns)
      continue;
    uint32_t same = 0;
    for (uint32_t j = 0; j < relation->count; j++)
      for (uint32_t k = 0; k < relation->count; k++) same += index->columns[j] == relation->columns[k];
    for (uint32_t j = 0; j < table->identity_count; j++) same += index->columns[relation->count + j] == table->identity_columns[j];
    if (same == relation->count + table->identity_count) return true;
  }
  return false;
}

static uint64_t wanted(const casc_entry *entry) {
  return entry->passing + entry->limit + 1 - entry->rows.count;
}

/* Rows that refer to the group, by the statistics; -1 when not known. */
static double rows_expected(const casc_scope *scope, const casc_entry *entry) {
  int64_t all = scope->tables[scope->relations[entry->relation].relation->table].table->row_estimate;
  return entry->share <= 0 ? -1 : (double)entry->share / CASC_LOOK_MILLION * (all > 0 ? (double)all : CASC_LOOK_MILLION);
}

/* Rows of the table that a page's rows are expected to lie among. */
static double rows_walked(const casc_entry *entry, uint64_t rows) {
  return (double)rows / ((double)entry->share / CASC_LOOK_MILLION);
}

static const casc_page_way *ways_of(const casc_scope *scope, const casc_entry *entry, uint64_t rows, uint64_t bound) {
  double expected = rows_expected(scope, entry);
  if (expected < 0) return unknown_ways;
  if (rows_walked(entry, rows) < expected) return dense_ways;
  return expected < 2 * (double)bound ? sparse_ways : many_ways;
}

/* All rows that are looked at come, which may be many times those that are wanted. Where a row is dear to decode, as text, one
   value of many is cheaper; elsewhere the server has more work with it than it saves. */
static bool brings_many(const cascade_blockers *blockers, const casc_entry *entry, uint64_t rows) {
  const casc_scope *scope = &blockers->scope;
  double expected = rows_expected(scope, entry);
  if (!(blockers->connection->capabilities.flags & CASCADE_TEXT_ROWS)) return false;
  if (expected < 0) expected = (double)scope->tables[scope->relations[entry->relation].relation->table].table->row_estimate;
  return expected > 4 * (double)rows;
}

static void choose_way(const casc_look *at, casc_entry *entry, casc_sql_page *page) {
  const casc_scope *scope = &at->blockers->scope;
  const casc_scope_relation *relation = casc_look_relation(at, entry);
  uint64_t rows = page->limit, probed = (rows > CASC_LOOK_PROBED ? rows : CASC_LOOK_PROBED) + 1;
  page->way = CASC_PAGE_ORDERED;
  page->alone = rows > LIKELY_KEYS;
  if (!scope->dialect->pages_need_ways || !relation->sql.index || !*relation->sql.index) return;
  if (entry->next.to - entry->next.part == 1 && comes_in_order(scope, relation->relation)) return;
  page->alone = false;
  if (!entry->ways) entry->ways = ways_of(scope, entry, rows, probed);
  page->way = entry->ways[entry->tries];
  if (page->way == CASC_PAGE_WALK) {
    page->bound = WALK_BOUND + (entry->share > 0 ? 2 * (uint64_t)rows_walked(entry, rows) : 4 * rows);
    page->tells_end = page->anchor || rows > LIKELY_KEYS;
  }
  if (page->way != CASC_PAGE_PROBE) return;
  const casc_sql_table *table = relation->sql.table;
  bool alone = table->shown_is_key && table->key_count == 1 && table->key_types[0] == CASCADE_INT64 && !page->behind_count;
  page->bound = probed;
  page->unsorted = alone && !page->anchor && !entry->passing;
  page->packed = page->unsorted && (rows > LIKELY_KEYS || brings_many(at->blockers, entry, rows));
  if (page->packed && page->bound > PACK_BOUND) page->bound = PACK_BOUND;
}

static casc_sql_page page_of(casc_look *at, casc_entry *entry, size_t place) {
  const casc_scope *scope = &at->blockers->scope;
  const casc_keyset *all = &casc_blockers_here(at->blockers)->keys;
  at->parents[place] = casc_keyset_view(all, entry->next.part, entry->next.to - entry->next.part);
  casc_sql_page page = {.relation = &casc_look_relation(at, entry)->sql,
                        .parents = &at->parents[place],
                        .backward = entry->backward,
                        .limit = wanted(entry)};
  if (entry->next.anchor.count) page.anchor = casc_keyset_key(&entry->next.anchor, 0, &at->anchor_cells[place]);
  if (entry->behind_relation != CASC_NONE) {
    const casc_relation *behind = scope->relations[entry->behind_relation].relation;
    page.behind_count = behind->count;
    page.behind = behind->column_names;
    page.behind_types = scope->relations[entry->behind_relation].sql.ref_table->shown_types;
  }
  choose_way(at, entry, &page);
  return page;
}

/* Rows among which each of the pages, read together from `first` on, is likely to be full, as if a row's columns knew nothing of
   one another; 0 where that is many more than the pages have, or nobody knows. */
static uint64_t rows_together(const casc_look *at, const casc_sql_page *first) {
  double none = 1, least = 1, rows = 0;
  uint32_t pages = 0;
  for (const casc_sql_page *page = first; page; page = page->next, pages++) {
    double share = (double)at->now[page - at->pages]->share / CASC_LOOK_MILLION;
    if (share <= 0) return 0;
    if (share < least) least = share;
    none *= 1 - share;
  }
  rows = (double)first->limit * 1.2 * (1 - none) / least + 2;
  return pages <= MOST_TOGETHER && rows <= 2.0 * pages * (double)first->limit ? (uint64_t)rows : 0;
}

/* Has the select of another page read this one too, which is of the same table and begins where that begins: walking costs more to
   plan than to do. */
static bool put_together(casc_look *at, size_t place) {
  casc_sql_page *page = &at->pages[place], *last;
  bool walks = page->way == CASC_PAGE_WALK && !page->anchor && !page->tells_end;
  for (size_t i = place; walks && i-- > 0 && at->pages[i].relation->table == page->relation->table;) {
    casc_sql_page *first = &at->pages[i];
    if (first->follows || first->way != CASC_PAGE_WALK || first->anchor || first->tells_end) continue;
    if (first->limit != page->limit || first->backward != page->backward || first->behind_count || page->behind_count) continue;
    for (last = first; last->next; last = &at->pages[last->next - at->pages]) {
    }
    last->next = page;
    uint64_t rows = rows_together(at, first);
    if (!rows) last->next = NULL;
    else first->together = rows;
    if (rows && first->bound < page->bound) first->bound = page->bound;
    page->follows = rows > 0;
    return page->follows;
  }
  return false;
}

/* Takes the next entries whose pages one statement can read out of those that are due. */
static size_t gather(casc_look *at) {
  size_t count = 0, selects = 0, left = 0;
  for (size_t i = 0; i < at->due_count; i++) {
    casc_entry *entry = at->due[i];
    if (selects < at->blockers->at_once && count < CASC_PAGE_PLACES) {
      at->pages[count] = page_of(at, entry, count);
      if (!count || casc_pages_alike(&at->pages[0], &at->pages[count])) {
        entry->mark_rows = entry->rows.count;
        entry->raw = entry->looked = entry->mark_passing = 0;
        at->now[count] = entry;
        selects += !put_together(at, count++);
        continue;
      }
    }
    at->due[left++] = entry;
  }
  at->due_count = left;
  return count;
}

static bool push(casc_keyset *set, const cascade_value *cells) {
  if (!casc_keyset_append(set, cells)) return false;
  set->count++; /* in the order in which they come */
  set->appended--;
  return true;
}

static bool set_anchor(casc_keyset *anchor, const cascade_value *key) {
  casc_keyset_clear(anchor);
  return push(anchor, key);
}

/* A row that would go anyway is not in the way; under PROTECT every row is. */
static bool left_out(const cascade_blockers *blockers, const casc_entry *entry, const cascade_value *key) {
  const casc_relation *relation = blockers->scope.relations[entry->relation].relation;
  const casc_keyset *visited = &blockers->visited[relation->table];
  return visited->count && relation->rule != CASCADE_RULE_PROTECT && casc_keyset_contains(visited, key);
}

/* `shown` and `behind` are NULL where they are the key, or not wanted. */
static bool take_key(casc_look *at, casc_entry *entry, const cascade_value *key, const cascade_value *shown,
                     const cascade_value *behind) {
  entry->raw++;
  bool kept = !left_out(at->blockers, entry, key);
  if (kept && entry->mark_passing < entry->passing) {
    entry->mark_passing++;
    kept = false;
  }
  if (!kept) return set_anchor(&entry->reached, key);
  if (entry->reached.count) casc_keyset_clear(&entry->reached);
  return push(&entry->rows, key) && (!shown || push(&entry->shown, shown)) && (!behind || push(&entry->behind, behind));
}

static bool take_packed(casc_look *at, casc_entry *entry, const cascade_value *value) {
  const unsigned char *bytes = (const unsigned char *)value->data;
  for (uint64_t i = 0; value->type != CASCADE_NULL && i + 8 <= value->length; i += 8) {
    uint64_t number = 0;
    for (int j = 0; j < 8; j++) number = number << 8 | bytes[i + (uint64_t)j];
    if (!take_key(at, entry, &(cascade_value){.type = CASCADE_INT64, .integer = (int64_t)number}, NULL, NULL)) return false;
  }
  return true;
}

static bool take_together(casc_look *at, const casc_sql_page *page, int64_t bits, const cascade_value *key,
                          const cascade_value *shown) {
  for (; page; page = page->next, bits >>= 1) {
    casc_entry *entry = at->now[page - at->pages];
    if (bits & 1 && entry->raw < page->limit && !take_key(at, entry, key, shown, NULL)) return false;
  }
  return true;
}

static bool take_row(casc_look *at, size_t place, const cascade_value *row) {
  const casc_sql_page *page = &at->pages[place];
  casc_entry *entry = at->now[place];
  const casc_sql_table *table = casc_look_relation(at, entry)->sql.table;
  int64_t besides = page->alone ? 0 : row[0].integer / CASC_PAGE_PLACES;
  const cascade_value *key = page->alone ? row : row + 1, *shown = table->shown_is_key ? NULL : key + table->key_count;
  const cascade_value *behind = page->behind_count ? key + table->key_count + (shown ? table->shown_count : 0) : NULL;
  if (page->packed) return take_packed(at, entry, key);
  if (page->next) return take_together(at, page, besides, key, shown);
  entry->looked = (uint64_t)besides;
  if (page->tells_end && entry->looked) return set_anchor(&entry->reached, key);
  return take_key(at, entry, key, shown, behind);
}

static cascade_status run(casc_look *at, size_t count, cascade_error **error) {
  cascade_blockers *blockers = at->blockers;
  casc_statement statement;
  casc_cursor cursor = {0};
  const cascade_value *row = NULL;
  uint64_t start = casc_now_ns();
  casc_session_statement(blockers->connection, &statement);
  cascade_status status = casc_look_bound_time(at, &statement, casc_look_time_left(blockers, count), error);
  if (status >= 0) {
    blockers->scope.dialect->select_pages(&statement, at->pages, (uint32_t)count);
    status = casc_query(blockers->connection, &statement, &cursor, error);
  }
  while (status >= 0 && (status = casc_next(&cursor, &row, error)) == CASCADE_OK) {
    uint64_t place = at->pages[0].alone ? 0 : (uint64_t)row[0].integer % CASC_PAGE_PLACES;
    if (place < count && !take_row(at, place, row)) status = casc_nomem(error);
  }
  casc_cursor_close(&cursor);
  casc_statement_free(&statement);
  blockers->spent_ns += casc_now_ns() - start;
  return status < 0 ? status : CASCADE_OK;
}

static void drop_rows(casc_entry *entry, size_t count) {
  entry->rows.count = count;
  if (entry->shown.count > count) entry->shown.count = count;
  if (entry->behind.count > count) entry->behind.count = count;
}

static void reverse(casc_keyset *set) {
  for (size_t i = 0, j = set->count; i + 1 < j--; i++)
    for (uint32_t k = 0; k < set->width; k++) {
      size_t a = i * set->width + k, b = j * set->width + k;
      if (set->integer) {
        int64_t kept = set->integers[a];
        set->integers[a] = set->integers[b];
        set->integers[b] = kept;
      } else {
        cascade_value kept = set->cells[a];
        set->cells[a] = set->cells[b];
        set->cells[b] = kept;
      }
    }
}

static void finish(casc_look *at, casc_entry *entry, bool complete) {
  entry->complete = complete;
  entry->read = true;
  if (entry->backward) {
    reverse(&entry->rows);
    reverse(&entry->shown);
    reverse(&entry->behind);
  }
  at->read[at->read_count++] = entry;
}

static int ascending(const void *left, const void *right) {
  int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
  return (a > b) - (a < b);
}

static void sort_rows(casc_entry *entry) {
  casc_keyset *rows = &entry->rows;
  size_t at = entry->mark_rows + 1;
  while (at < rows->count && rows->integers[at - 1] < rows->integers[at]) at++;
  if (at < rows->count) qsort(rows->integers + entry->mark_rows, rows->count - entry->mark_rows, sizeof *rows->integers, ascending);
  for (size_t i = entry->mark_rows, j = rows->count; entry->backward && i + 1 < j--; i++) {
    int64_t kept = rows->integers[i];
    rows->integers[i] = rows->integers[j];
    rows->integers[j] = kept;
  }
}

static void size_part(casc_entry *entry, const casc_scope *scope, const casc_keyset *all) {
  size_t slice = casc_slice(scope, all), part = slice < CASC_BLOCKERS_PART ? slice : CASC_BLOCKERS_PART;
  entry->next.to = all->count - entry->next.part < part ? all->count : entry->next.part + part;
}

/* What was walked through is done with; behind it the rows may be sought otherwise. */
static cascade_status go_another_way(casc_look *at, casc_entry *entry, cascade_error **error) {
  cascade_value cell;
  entry->passing -= entry->mark_passing;
  entry->tries++;
  at->due[at->due_count++] = entry;
  return set_anchor(&entry->next.anchor, casc_keyset_key(&entry->reached, 0, &cell)) ? CASCADE_OK : casc_nomem(error);
}

/* What the statement gave the entry: a page, a part of one, or nothing that counts. */
static cascade_status settle(casc_look *at, casc_entry *entry, const casc_sql_page *page, cascade_error **error) {
  bool undecided = page->way == CASC_PAGE_PROBE  ? (page->unsorted ? entry->raw : entry->looked) >= page->bound
                   : page->way != CASC_PAGE_WALK ? false
                   : page->tells_end             ? entry->looked
                                                 : entry->raw < page->limit;
  if (undecided && page->tells_end) return go_another_way(at, entry, error);
  if (undecided) {
    drop_rows(entry, entry->mark_rows);
    entry->tries++;
    at->due[at->due_count++] = entry;
    return CASCADE_OK;
  }
  cascade_value cell;
  if (page->unsorted && entry->rows.count) sort_rows(entry);
  bool ok = true, more = entry->rows.count > entry->limit, all = !page->unsorted && entry->raw >= page->limit;
  entry->passing -= entry->mark_passing;
  if (more) drop_rows(entry, entry->limit);
  const casc_keyset *from = !more && entry->reached.count ? &entry->reached : &entry->rows;
  bool full = more && entry->mark_rows >= entry->limit; /* it was already: the row that came is only looked at, and may be of
                                                           another part */
  if (from->count && !full) ok = set_anchor(&entry->next.anchor, casc_keyset_key(from, from->count - 1, &cell));
  if (!ok) return casc_nomem(error);
  if (more) finish(at, entry, false);
  else if (all) at->due[at->due_count++] = entry;
  else if (entry->next.to >= casc_blockers_here(at->blockers)->keys.count) finish(at, entry, true);
  else {
    entry->next.part = entry->next.to;
    size_part(entry, &at->blockers->scope, &casc_blockers_here(at->blockers)->keys);
    casc_keyset_clear(&entry->next.anchor);
    at->due[at->due_count++] = entry;
  }
  return CASCADE_OK;
}

/* The budget is over for these pages, and said to be. */
static void give_up(casc_look *at, size_t count) {
  for (size_t i = 0; i < count; i++) {
    casc_entry *entry = at->now[i];
    drop_rows(entry, entry->mark_rows);
    entry->partial = entry->gives_up = true;
    finish(at, entry, false);
  }
  at->blockers->cut |= CASCADE_CUT_TIME;
}

/* A statement took too long: its pages are asked for again, fewer at a time, until one alone is too slow. */
static cascade_status ask_for_fewer(casc_look *at, size_t count, cascade_error **error) {
  cascade_status status = casc_look_end(at, error);
  if (count == 1 || !casc_look_time_left(at->blockers, 1)) {
    give_up(at, count);
    return status;
  }
  at->blockers->at_once = (uint32_t)(count / 4 ? count / 4 : 1);
  for (size_t i = 0; i < count; i++) {
    drop_rows(at->now[i], at->now[i]->mark_rows);
    at->due[at->due_count++] = at->now[i];
  }
  return status;
}

static cascade_status read_due(casc_look *at, cascade_error **error) {
  cascade_status status = CASCADE_OK;
  while (status >= 0 && at->due_count) {
    cascade_error *own = NULL;
    size_t count = gather(at);
    if (!casc_look_time_left(at->blockers, 1)) {
      give_up(at, count);
      continue;
    }
    status = casc_look_begin(at, error);
    if (status < 0) return status;
    status = run(at, count, &own);
    if (status == CASCADE_TIMEOUT && at->blockers->options.budget_ms) {
      cascade_error_free(own);
      status = ask_for_fewer(at, count, error);
      continue;
    }
    if (status < 0) return casc_error_pass(own, error);
    for (size_t i = 0; status >= 0 && i < count; i++) status = settle(at, at->now[i], &at->pages[i], error);
  }
  return status;
}

/* Of a page. */
static uint64_t keys_expected(const casc_look *at, const casc_entry *entry) {
  double rows = rows_expected(&at->blockers->scope, entry);
  double likely = rows < 0 ? LIKELY_KEYS : rows;
  return likely < (double)entry->limit ? (uint64_t)likely + 1 : (uint64_t)entry->limit + 1;
}

/* What is due, as far as the pages are worth holding. False when memory is out. */
static bool list_due(casc_look *at, uint32_t rounds) {
  cascade_blockers *blockers = at->blockers;
  const casc_keyset *all = &casc_blockers_here(blockers)->keys;
  uint64_t keys = 0;
  for (size_t i = blockers->at_entry; i < blockers->entry_count; i++) {
    casc_entry *entry = &blockers->entries[i];
    if (entry->complete || entry->gives_up || entry->read || entry->pages >= rounds) continue;
    keys += keys_expected(at, entry);
    if (at->due_count && keys > HELD_KEYS) break;
    if (!casc_position_copy(&entry->next, &entry->given)) return false;
    if (entry->next.to <= entry->next.part) size_part(entry, &blockers->scope, all);
    entry->complete = entry->next.part >= all->count;
    if (!entry->complete) at->due[at->due_count++] = entry;
  }
  return true;
}

cascade_status casc_blockers_read(cascade_blockers *blockers, uint32_t rounds, cascade_error **error) {
  casc_arena arena;
  size_t count = blockers->entry_count;
  casc_arena_init(&arena, blockers->scope.alloc);
  casc_look at = {.blockers = blockers,
                  .due = casc_arena_get(&arena, count, sizeof *at.due),
                  .now = casc_arena_get(&arena, count, sizeof *at.now),
                  .read = casc_arena_get(&arena, count, sizeof *at.read),
                  .pages = casc_arena_get(&arena, count, sizeof *at.pages),
                  .parents = casc_arena_get(&arena, count, sizeof *at.parents),
                  .anchor_cells = casc_arena_get(&arena, count, sizeof *at.anchor_cells)};
  cascade_status status = CASCADE_OK, ended;
  if (!at.due || !at.now || !at.read || !at.pages || !at.parents || !at.anchor_cells) status = casc_nomem(error);
  if (status >= 0) status = casc_look_shares(&at, error);
  if (status >= 0 && !list_due(&at, rounds)) status = casc_nomem(error);
  if (status >= 0) status = read_due(&at, error);
  if (status >= 0) status = casc_look_count(&at, error);
  ended = casc_look_end(&at, status >= 0 ? error : NULL);
  casc_arena_clear(&arena);
  return status < 0 ? status : ended;
}

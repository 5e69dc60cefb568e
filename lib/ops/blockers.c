/* The cursor over blockers: in which order pages are given, and from where. */
#include "blockers_internal.h"
#include "options.h"
#include "source.h"

#include <string.h>

enum { PAGE = 20, MOST_ROWS = 100000, COUNT_CAP = 1000, KEY_LEAST = 16, KEY_MOST = CASC_TOKEN_KEY_MOST, DEPTH_MOST = 250 };

static int32_t kind_of(const casc_scope_relation *relation) {
  switch (relation->role) {
  case CASC_ROLE_BLOCK: return CASCADE_BLOCKING;
  case CASC_ROLE_CASCADE: return CASCADE_CASCADING;
  case CASC_ROLE_UPDATE: return CASCADE_UPDATING;
  default: return CASCADE_LEFT_ALONE;
  }
}

static void close_entries(cascade_blockers *blockers) {
  for (size_t i = 0; i < blockers->entry_count; i++) casc_entry_close(&blockers->entries[i]);
  blockers->entry_count = blockers->at_entry = 0;
  blockers->last = NULL;
}

static bool in_key(const casc_table *table, uint32_t column) {
  for (uint32_t i = 0; i < table->key_count; i++)
    if (table->key[i] == column) return true;
  return false;
}

/* A join table has nothing but a key and two relations: the other one leads to the record behind a row. */
static uint32_t relation_behind(const casc_scope *scope, uint32_t number) {
  const cascade_policy *policy = scope->policy;
  const casc_relation *relation = scope->relations[number].relation;
  const casc_table *table = scope->tables[relation->table].table;
  uint32_t other = CASC_NONE;
  for (uint32_t i = 0; i < policy->from_count[relation->table]; i++) {
    uint32_t from = policy->relations_from[relation->table][i];
    if (from == number) continue;
    if (other != CASC_NONE) return CASC_NONE;
    other = from;
  }
  if (other == CASC_NONE) return CASC_NONE;
  const casc_relation *behind = scope->relations[other].relation;
  const casc_sql_table *shown = &scope->tables[behind->ref_table].sql;
  bool named = !(behind->flags & CASCADE_RELATION_UNRESOLVED) && behind->count == shown->shown_count;
  for (uint32_t i = 0; named && i < behind->count; i++) named = !strcmp(behind->ref_column_names[i], shown->shown[i]);
  for (uint32_t i = 0; named && i < table->column_count; i++) {
    bool known = in_key(table, i);
    for (uint32_t j = 0; j < relation->count; j++) known = known || relation->columns[j] == i;
    for (uint32_t j = 0; j < behind->count; j++) known = known || behind->columns[j] == i;
    named = known;
  }
  return named ? other : CASC_NONE;
}

/* Entries are in the order in which they are given. */
cascade_status casc_blockers_add_entry(cascade_blockers *blockers, uint32_t number, uint32_t limit, casc_entry **added,
                                       cascade_error **error) {
  const casc_scope *scope = &blockers->scope;
  const casc_scope_relation *relation = &scope->relations[number];
  const casc_sql_table *table = relation->sql.table;
  uint32_t child = relation->relation->table;
  if (!casc_grow(scope->alloc, (void **)&blockers->entries, &blockers->entry_capacity, blockers->entry_count + 1,
                 sizeof *blockers->entries))
    return casc_nomem(error);
  casc_entry made = {.relation = number,
                     .kind = kind_of(relation),
                     .limit = limit ? limit : (uint32_t)blockers->options.limit,
                     .share = -1,
                     .from_start = true,
                     .behind_relation = CASC_NONE};
  if (blockers->options.behind) made.behind_relation = relation_behind(scope, number);
  casc_keyset_of(scope, child, &made.given.anchor);
  casc_keyset_of(scope, child, &made.next.anchor);
  casc_keyset_of(scope, child, &made.rows);
  casc_keyset_of(scope, child, &made.reached);
  casc_keyset_init(&made.shown, scope->alloc, table->shown_count,
                   table->shown_count == 1 && table->shown_types[0] == CASCADE_INT64);
  if (made.behind_relation != CASC_NONE)
    casc_keyset_init(&made.behind, scope->alloc, scope->relations[made.behind_relation].relation->count, false);
  size_t at = blockers->entry_count++;
  for (; at; at--) {
    const casc_entry *before = &blockers->entries[at - 1];
    const char *label = scope->relations[before->relation].relation->label;
    if (before->kind < made.kind || (before->kind == made.kind && strcmp(label, relation->relation->label) <= 0)) break;
    blockers->entries[at] = *before;
  }
  blockers->entries[at] = made;
  if (added) *added = &blockers->entries[at];
  return CASCADE_OK;
}

static bool can_be_read(const casc_scope *scope, uint32_t number) {
  const casc_relation *relation = scope->relations[number].relation;
  return !(relation->flags & CASCADE_RELATION_UNRESOLVED) && scope->tables[relation->table].table->identity_count;
}

cascade_status casc_blockers_open_group(cascade_blockers *blockers, cascade_error **error) {
  const cascade_policy *policy = blockers->scope.policy;
  uint32_t table = casc_blockers_here(blockers)->table;
  cascade_status status = CASCADE_OK;
  for (uint32_t i = 0; status >= 0 && i < policy->to_count[table]; i++) {
    uint32_t number = policy->relations_to[table][i];
    if (can_be_read(&blockers->scope, number)) status = casc_blockers_add_entry(blockers, number, 0, NULL, error);
  }
  return status;
}

static cascade_status check_request(const cascade_blockers *blockers, uint32_t i, const cascade_blockers_request *request,
                                    cascade_error **error) {
  const casc_scope *scope = &blockers->scope;
  cascade_context *context = blockers->context;
  if (request->limit < 0)
    return casc_fail(context, error, CASCADE_INVALID, "request %u: the limit is %d; it must not be negative", i, request->limit);
  if (request->relation >= scope->relation_count || scope->relations[request->relation].relation->ref_table != scope->root ||
      !can_be_read(scope, request->relation))
    return casc_fail(context, error, CASCADE_NOT_FOUND, "request %u: relation %u does not refer to table %s", i, request->relation,
                     scope->tables[scope->root].table->label);
  const casc_sql_table *table = scope->relations[request->relation].sql.table;
  if (request->anchor && request->anchor_count != table->key_count)
    return casc_fail(context, error, CASCADE_INVALID, "request %u: the anchor has %u cells, not %u", i, request->anchor_count,
                     table->key_count);
  if (request->anchor && table->key_count == 1 && table->key_types[0] == CASCADE_INT64 && request->anchor->type != CASCADE_INT64)
    return casc_fail(context, error, CASCADE_INVALID, "request %u: the anchor is not an integer", i);
  return CASCADE_OK;
}

/* To go backward, the rows of all parts of a group would have to be known. */
cascade_status casc_blockers_check_backward(const cascade_blockers *blockers, cascade_error **error) {
  const casc_group *group = &blockers->groups[blockers->at_group];
  size_t slice = casc_slice(&blockers->scope, &group->keys);
  if (group->keys.count <= CASC_BLOCKERS_PART && group->keys.count <= slice) return CASCADE_OK;
  return casc_fail(
      blockers->context, error, CASCADE_UNSUPPORTED,
      "anchors, and pages backward, are only where no more than %d rows are referred to; here there are %zu: go on by tokens",
      CASC_BLOCKERS_PART, group->keys.count);
}

/* The first level, when the host asks for some relations only, each from its own anchor. */
static cascade_status open_requests(cascade_blockers *blockers, cascade_error **error) {
  cascade_status status = CASCADE_OK;
  for (uint32_t i = 0; status >= 0 && i < blockers->options.request_count; i++) {
    cascade_blockers_request request;
    casc_entry *entry;
    if (!blockers->options.requests[i]) return casc_fail(blockers->context, error, CASCADE_INVALID, "request %u is NULL", i);
    status = CASC_OPTIONS(blockers->context, blockers->options.requests[i], request, offset, error);
    if (status >= 0) status = check_request(blockers, i, &request, error);
    if (status >= 0 && (request.backward || request.anchor)) status = casc_blockers_check_backward(blockers, error);
    if (status >= 0) status = casc_blockers_add_entry(blockers, request.relation, (uint32_t)request.limit, &entry, error);
    if (status < 0) return status;
    entry->backward = request.backward != 0;
    entry->passing = request.offset;
    entry->from_start = !request.anchor && !request.offset;
    if (request.anchor &&
        !(casc_keyset_append(&entry->given.anchor, request.anchor) && casc_keyset_merge(&entry->given.anchor, NULL)))
      return casc_nomem(error);
  }
  return status;
}

static void put_anchors(cascade_blockers *blockers, const casc_entry *entry) {
  cascade_blockers_page *page = &blockers->page;
  page->anchor_count = entry->rows.width;
  if (!entry->rows.count) return;
  page->first = casc_keyset_key(&entry->rows, 0, &blockers->first_cell);
  page->last = casc_keyset_key(&entry->rows, entry->rows.count - 1, &blockers->last_cell);
}

static void describe(cascade_blockers *blockers, const casc_entry *entry) {
  const casc_scope *scope = &blockers->scope;
  const casc_group *from = casc_blockers_here(blockers);
  const casc_sql_table *table = scope->relations[entry->relation].sql.table;
  const casc_keyset *shown = table->shown_is_key ? &entry->rows : &entry->shown;
  blockers->keys = casc_keyset_view(shown, 0, entry->rows.count);
  blockers->keys.columns = table->shown;
  blockers->page = (cascade_blockers_page){.size = sizeof(cascade_blockers_page),
                                           .relation = entry->relation,
                                           .kind = entry->kind,
                                           .keys = &blockers->keys,
                                           .complete = entry->complete,
                                           .partial = entry->partial,
                                           .depth = from->path_length + 1,
                                           .path_length = from->path_length,
                                           .path = from->path,
                                           .path_keys = from->path_length ? blockers->path_keys : NULL,
                                           .behind_relation = entry->behind_relation};
  put_anchors(blockers, entry);
  if (entry->behind_relation != CASC_NONE) {
    const casc_scope_relation *behind = &scope->relations[entry->behind_relation];
    blockers->behind = casc_keyset_view(&entry->behind, 0, entry->rows.count);
    blockers->behind.columns = behind->sql.ref_table->shown;
    blockers->page.behind = &blockers->behind;
  }
  if (entry->counted) {
    blockers->page.count = entry->count;
    blockers->page.count_accuracy = entry->count_accuracy;
  }
}

static void add_up(cascade_blockers *blockers, const casc_entry *entry) {
  if (!blockers->options.count || entry->pages != 1) return;
  blockers->relations[entry->kind]++;
  blockers->references[entry->kind] += entry->counted ? entry->count : entry->rows.count;
  int32_t accuracy = entry->counted ? entry->count_accuracy : CASCADE_AT_LEAST;
  if (accuracy != CASCADE_EXACT && blockers->accuracy[entry->kind] != CASCADE_AT_LEAST) blockers->accuracy[entry->kind] = accuracy;
}

/* The page is cut where the budget ends. */
static bool fit_budget(cascade_blockers *blockers, casc_entry *entry) {
  uint64_t budget = blockers->options.budget_rows, room = budget - blockers->given;
  cascade_value cell;
  bool in_one_part = entry->given.to <= entry->given.part || entry->given.part == entry->next.part;
  if (!budget || entry->backward || !in_one_part || entry->rows.count <= room) return true;
  entry->partial = true;
  entry->complete = false;
  entry->rows.count = (size_t)room;
  casc_keyset_clear(&entry->next.anchor);
  return casc_keyset_append(&entry->next.anchor, casc_keyset_key(&entry->rows, (size_t)room - 1, &cell)) &&
         casc_keyset_merge(&entry->next.anchor, NULL);
}

/* The page that was read becomes the one that is given. */
static cascade_status give(cascade_blockers *blockers, casc_entry *entry, cascade_error **error) {
  if (!fit_budget(blockers, entry)) return casc_nomem(error);
  cascade_status status = casc_blockers_here(blockers)->path_length ? casc_blockers_paths(blockers, entry, error) : CASCADE_OK;
  entry->pages++;
  describe(blockers, entry);
  add_up(blockers, entry);
  blockers->given += entry->rows.count;
  blockers->last = entry;
  if (blockers->options.budget_rows && blockers->given >= blockers->options.budget_rows) blockers->cut |= CASCADE_CUT_ROWS;
  return status;
}

/* After it was given: what is left of the page is where to go on. */
static cascade_status take_away(casc_entry *entry, cascade_error **error) {
  entry->read = false;
  entry->partial = false;
  casc_keyset_clear(&entry->rows);
  casc_keyset_clear(&entry->shown);
  casc_keyset_clear(&entry->behind);
  casc_keyset_clear(&entry->reached);
  return casc_position_copy(&entry->given, &entry->next) ? CASCADE_OK : casc_nomem(error);
}

/* Gives the next page of this round of the group; CASCADE_DONE when it is over. */
static cascade_status next_of_round(cascade_blockers *blockers, uint32_t rounds, cascade_error **error) {
  cascade_status status = CASCADE_OK;
  while (status >= 0 && blockers->at_entry < blockers->entry_count) {
    casc_entry *entry = &blockers->entries[blockers->at_entry];
    bool due = !entry->complete && !entry->gives_up && entry->pages < rounds;
    if (due && !entry->read) {
      status = casc_blockers_read(blockers, rounds, error);
      if (status < 0) return status;
    }
    blockers->at_entry++;
    if (entry->read && (entry->rows.count || entry->partial)) return give(blockers, entry, error);
    if (entry->read) status = take_away(entry, error);
  }
  return status < 0 ? status : CASCADE_DONE;
}

static bool another_round(const cascade_blockers *blockers, uint32_t rounds) {
  for (size_t i = 0; i < blockers->entry_count; i++) {
    const casc_entry *entry = &blockers->entries[i];
    if (!entry->complete && !entry->gives_up && entry->pages < rounds) return true;
  }
  return false;
}

static void look_below(cascade_blockers *blockers) {
  bool cascades = false;
  for (size_t i = 0; i < blockers->entry_count; i++)
    cascades = cascades || (blockers->entries[i].kind == CASCADE_CASCADING && blockers->entries[i].pages);
  if (cascades && blockers->descends && blockers->options.depth > 1 && casc_blockers_at_bottom(blockers))
    blockers->cut |= CASCADE_CUT_DEPTH;
}

/* Of this group something is left that a token can hold. */
static bool entries_left(const cascade_blockers *blockers) {
  for (size_t i = 0; i < blockers->entry_count; i++)
    if (!blockers->entries[i].complete || blockers->entries[i].read) return true;
  return false;
}

static cascade_status next_page(cascade_blockers *blockers, cascade_error **error) {
  uint32_t rounds = blockers->options.rounds ? blockers->options.rounds : 1;
  cascade_status status = blockers->last ? take_away(blockers->last, error) : CASCADE_OK;
  blockers->last = NULL;
  while (status >= 0 && !blockers->over && blockers->at_group < blockers->group_count) {
    bool enough = blockers->cut & CASCADE_CUT_ROWS;
    if (enough && entries_left(blockers)) break;
    /* With nothing left here, what a token can hold is at the next level. */
    status = enough ? CASCADE_DONE : next_of_round(blockers, rounds, error);
    if (status != CASCADE_DONE) return status;
    blockers->at_entry = 0;
    if (another_round(blockers, rounds)) continue;
    if (blockers->cut & CASCADE_CUT_TIME) break;
    look_below(blockers);
    status = casc_blockers_follow(blockers, error);
    if (status < 0) return status;
    if (blockers->at_group + 1 == blockers->group_count) break; /* its entries stay, for a token */
    close_entries(blockers);
    casc_keyset_free(&casc_blockers_here(blockers)->keys);
    blockers->at_group++;
    status = casc_blockers_open_group(blockers, error);
  }
  if (status >= 0) blockers->over = true;
  return status < 0 ? status : CASCADE_DONE;
}

cascade_status cascade_blockers_next(cascade_blockers *blockers, const cascade_blockers_page **page, cascade_error **error) {
  if (!blockers || !page)
    return casc_fail(NULL, error, CASCADE_INVALID, "blockers: the cursor, or the place for the page, is NULL");
  *page = NULL;
  if (blockers->failed < 0)
    return casc_fail(blockers->context, error, blockers->failed, "the cursor has failed before; open a new one");
  cascade_status status = next_page(blockers, error);
  if (status == CASCADE_OK) *page = &blockers->page;
  if (status < 0) blockers->failed = status;
  return status;
}

static cascade_status read_selection(cascade_blockers *blockers, cascade_error **error) {
  casc_scope *scope = &blockers->scope;
  const char *table = scope->tables[scope->root].table->label;
  casc_source source;
  casc_keyset keys, all;
  casc_source_init(&source, scope, CASC_SOURCE_SELECTED, scope->root);
  casc_keyset_of(scope, scope->root, &keys);
  casc_keyset_of(scope, scope->root, &all);
  cascade_status status = CASCADE_OK;
  do {
    status = casc_source_peek(&source, SIZE_MAX, &keys, error);
    casc_source_take(&source, keys.count);
    if (status >= 0 && !casc_keyset_add(&all, &keys)) status = casc_nomem(error);
    if (status >= 0 && all.count > blockers->options.max_rows)
      status = casc_fail_at(blockers->context, error, CASCADE_MAX_ROWS, table, NULL,
                            "more than %llu rows of table %s are selected; select fewer, or allow more",
                            (unsigned long long)blockers->options.max_rows, table);
  } while (status >= 0 && keys.count);
  if (status >= 0 && !all.count && scope->selection->by_keys && scope->selection->keys.count)
    status = casc_fail_at(blockers->context, error, CASCADE_NOT_FOUND, table, NULL, "table %s has no row with %s", table,
                          scope->selection->keys.count == 1 ? "this key" : "any of these keys");
  if (status >= 0 && !casc_keyset_add(&blockers->visited[scope->root], &all)) status = casc_nomem(error);
  if (status >= 0 && all.count) status = casc_blockers_add_group(blockers, scope->root, NULL, 0, CASC_NONE, &all, error);
  casc_keyset_free(&all);
  casc_keyset_free(&keys);
  casc_source_free(&source);
  return status;
}

static cascade_status prepare(cascade_blockers *blockers, cascade_policy *policy, cascade_selection *selection,
                              cascade_error **error) {
  casc_scope *scope = &blockers->scope;
  cascade_status status = casc_scope_init(scope, blockers->connection, policy, selection, 0, error);
  if (status >= 0) status = casc_settle_defaults(scope, error);
  if (status < 0) return status;
  blockers->at_once = scope->dialect->pages_at_once;
  blockers->visited = casc_calloc(scope->alloc, scope->table_count, sizeof *blockers->visited);
  blockers->path_keys = casc_arena_get(&scope->arena, DEPTH_MOST, sizeof *blockers->path_keys);
  blockers->path_sets = casc_arena_get(&scope->arena, DEPTH_MOST, sizeof *blockers->path_sets);
  if (!blockers->visited || !blockers->path_keys || !blockers->path_sets) return casc_nomem(error);
  for (uint32_t i = 0; i < scope->table_count; i++) casc_keyset_of(scope, i, &blockers->visited[i]);
  status = read_selection(blockers, error);
  if (status < 0 || !blockers->group_count) return status;
  if (blockers->options.token) return casc_blockers_resume(blockers, error);
  return blockers->options.request_count ? open_requests(blockers, error) : casc_blockers_open_group(blockers, error);
}

static cascade_status check_options(cascade_blockers *blockers, cascade_error **error) {
  cascade_blockers_options *options = &blockers->options;
  cascade_context *context = blockers->context;
  if (options->limit < 0)
    return casc_fail(context, error, CASCADE_INVALID, "the limit of a page is %d; it must not be negative", options->limit);
  if (options->count < CASCADE_COUNT_NONE || options->count > CASCADE_COUNT_EXACT)
    return casc_fail(context, error, CASCADE_INVALID, "there is no way of counting with the number %d", options->count);
  if (options->depth > DEPTH_MOST)
    return casc_fail(context, error, CASCADE_INVALID, "the depth is %u; at most %d levels can be looked at", options->depth,
                     DEPTH_MOST);
  if (options->token_key && (options->token_key_length < KEY_LEAST || options->token_key_length > KEY_MOST))
    return casc_fail(context, error, CASCADE_INVALID, "the key of tokens has %zu bytes; it must have %d to %d",
                     options->token_key_length, KEY_LEAST, KEY_MOST);
  if (options->request_count && !options->requests)
    return casc_fail(context, error, CASCADE_INVALID, "%u requests were announced, but none are given", options->request_count);
  if (options->token && options->request_count)
    return casc_fail(context, error, CASCADE_INVALID, "a token says where to go on: it cannot be given together with requests");
  if (options->token_key) options->token_key = memcpy(blockers->token_key, options->token_key, options->token_key_length);
  if (!options->limit) options->limit = PAGE;
  if (!options->max_rows) options->max_rows = MOST_ROWS;
  if (!options->count_cap) options->count_cap = COUNT_CAP;
  blockers->descends = true;
  return CASCADE_OK;
}

cascade_status cascade_blockers_open(cascade_connection *connection, cascade_policy *policy, cascade_selection *selection,
                                     const cascade_blockers_options *options, cascade_blockers **out, cascade_error **error) {
  if (out) *out = NULL;
  if (!connection || !policy || !selection || !out)
    return casc_fail(NULL, error, CASCADE_INVALID, "blockers: connection, policy, selection or the place for the result is NULL");
  cascade_context *context = connection->context;
  cascade_blockers *blockers = casc_calloc(&context->alloc, 1, sizeof *blockers);
  if (!blockers) return casc_nomem(error);
  blockers->context = casc_context_ref(context);
  blockers->connection = casc_connection_ref(connection);
  casc_str_init(&blockers->token, &context->alloc);
  cascade_status status = CASC_OPTIONS(context, options, blockers->options, reserved, error);
  if (status >= 0) status = check_options(blockers, error);
  if (status >= 0) status = prepare(blockers, policy, selection, error);
  if (status < 0) cascade_blockers_free(blockers);
  else *out = blockers;
  return status;
}

int32_t cascade_blockers_cut(const cascade_blockers *blockers) {
  return blockers ? blockers->cut : 0;
}

cascade_status cascade_blockers_count(const cascade_blockers *blockers, int32_t kind, cascade_blockers_total *total) {
  cascade_blockers_total own = {.accuracy = CASCADE_EXACT};
  if (!blockers || !total || kind < 0 || kind > CASCADE_LEFT_ALONE) return CASCADE_INVALID;
  for (int32_t i = 1; i <= CASCADE_LEFT_ALONE; i++) {
    if (kind && kind != i) continue;
    own.relations += blockers->relations[i];
    own.references += blockers->references[i];
    if (blockers->accuracy[i] != CASCADE_EXACT && own.accuracy != CASCADE_AT_LEAST) own.accuracy = blockers->accuracy[i];
  }
  return CASC_INFO(total, own, reserved);
}

void cascade_blockers_free(cascade_blockers *blockers) {
  if (!blockers) return;
  cascade_context *context = blockers->context;
  const casc_scope *scope = &blockers->scope;
  close_entries(blockers);
  for (size_t i = 0; i < blockers->group_count; i++) casc_keyset_free(&blockers->groups[i].keys);
  for (uint32_t i = 0; blockers->visited && i < scope->table_count; i++) casc_keyset_free(&blockers->visited[i]);
  for (uint32_t i = 0; blockers->path_sets && i < DEPTH_MOST; i++) casc_keyset_free(&blockers->path_sets[i]);
  casc_str_free(&blockers->token);
  casc_free(&context->alloc, blockers->visited);
  casc_free(&context->alloc, blockers->groups);
  casc_free(&context->alloc, blockers->entries);
  if (scope->alloc) casc_scope_free(&blockers->scope);
  cascade_connection_free(blockers->connection);
  casc_free(&context->alloc, blockers);
  cascade_context_free(context);
}

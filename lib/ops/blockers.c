#include <cascade/blockers.h>

#include "closure.h"
#include "options.h"
#include "source.h"

#include <string.h>

/* Rows whose referencing rows are looked at together: the selection, or rows that cascade from it along one path. */
typedef struct group {
  uint32_t table;
  casc_keyset keys;
  uint32_t *path;
  uint32_t path_length;
} group;

/* One relation into the group at hand. */
typedef struct entry {
  uint32_t relation;
  int32_t kind;
  uint32_t limit;
  size_t slice;       /* part of the group's keys that is being read */
  casc_keyset anchor; /* of the part: empty at its start */
  bool complete;
  uint32_t pages;
} entry;

struct cascade_blockers {
  cascade_context *context;
  cascade_connection *connection; /* reference */
  cascade_blockers_options options;
  casc_scope scope;
  casc_keyset *visited; /* by table: rows of the selection and those that were followed */
  group *groups;
  size_t group_count, group_capacity, at_group;
  entry *entries; /* of the group at hand */
  size_t entry_count, entry_capacity, at_entry;
  uint64_t followed;
  bool truncated;
  cascade_status failed;
  cascade_blockers_page page;
  cascade_keys keys;
  casc_keyset shown, anchor;
  cascade_value anchor_cell; /* of an integer anchor */
};

static group *here(cascade_blockers *blockers) {
  return &blockers->groups[blockers->at_group];
}

static int32_t kind_of(const casc_scope_relation *relation) {
  switch (relation->role) {
  case CASC_ROLE_BLOCK: return CASCADE_BLOCKING;
  case CASC_ROLE_CASCADE: return CASCADE_CASCADING;
  case CASC_ROLE_UPDATE: return CASCADE_UPDATING;
  default: return CASCADE_LEFT_ALONE;
  }
}

static void close_entries(cascade_blockers *blockers) {
  for (size_t i = 0; i < blockers->entry_count; i++) casc_keyset_free(&blockers->entries[i].anchor);
  blockers->entry_count = blockers->at_entry = 0;
}

static cascade_status add_entry(cascade_blockers *blockers, uint32_t number, uint32_t limit, cascade_error **error) {
  const casc_scope_relation *relation = &blockers->scope.relations[number];
  if (!casc_grow(blockers->scope.alloc, (void **)&blockers->entries, &blockers->entry_capacity, blockers->entry_count + 1,
                 sizeof *blockers->entries))
    return casc_nomem(error);
  entry made = {.relation = number, .kind = kind_of(relation), .limit = limit ? limit : blockers->options.limit};
  casc_keyset_of(&blockers->scope, relation->relation->table, &made.anchor);
  size_t at = blockers->entry_count++;
  for (; at; at--) {
    const entry *before = &blockers->entries[at - 1];
    const char *label = blockers->scope.relations[before->relation].relation->label;
    if (before->kind < made.kind || (before->kind == made.kind && strcmp(label, relation->relation->label) <= 0)) break;
    blockers->entries[at] = *before;
  }
  blockers->entries[at] = made;
  return CASCADE_OK;
}

static cascade_status open_group(cascade_blockers *blockers, cascade_error **error) {
  const cascade_policy *policy = blockers->scope.policy;
  uint32_t table = here(blockers)->table;
  cascade_status status = CASCADE_OK;
  for (uint32_t i = 0; status >= 0 && i < policy->to_count[table]; i++) {
    uint32_t number = policy->relations_to[table][i];
    const casc_relation *relation = &policy->relations[number];
    if ((relation->flags & CASCADE_RELATION_UNRESOLVED) || !blockers->scope.tables[relation->table].table->identity_count)
      continue;
    status = add_entry(blockers, number, 0, error);
  }
  return status;
}

/* The first level, when the host asks for some relations only, each from its own anchor. */
static cascade_status open_requests(cascade_blockers *blockers, cascade_error **error) {
  const casc_scope *scope = &blockers->scope;
  cascade_status status = CASCADE_OK;
  for (uint32_t i = 0; status >= 0 && i < blockers->options.request_count; i++) {
    cascade_blockers_request request;
    const cascade_blockers_request *given = blockers->options.requests[i];
    status = CASC_OPTIONS(blockers->context, given, request, reserved, error);
    if (status < 0) return status;
    if (!given || request.relation >= scope->relation_count ||
        scope->relations[request.relation].relation->ref_table != scope->root ||
        (scope->relations[request.relation].relation->flags & CASCADE_RELATION_UNRESOLVED))
      return casc_fail(blockers->context, error, CASCADE_NOT_FOUND, "request %u: relation %u does not refer to table %s", i,
                       request.relation, scope->tables[scope->root].table->label);
    const casc_sql_table *table = scope->relations[request.relation].sql.table;
    if (request.after && request.after_count != table->key_count)
      return casc_fail(blockers->context, error, CASCADE_INVALID, "request %u: the anchor has %u cells, not %u", i,
                       request.after_count, table->key_count);
    if (request.after && table->key_count == 1 && table->key_types[0] == CASCADE_INT64 &&
        request.after->type != CASCADE_INT64)
      return casc_fail(blockers->context, error, CASCADE_INVALID, "request %u: the anchor is not an integer", i);
    status = add_entry(blockers, request.relation, request.limit, error);
    for (size_t j = 0; status >= 0 && request.after && j < blockers->entry_count; j++) {
      casc_keyset *anchor = &blockers->entries[j].anchor;
      if (blockers->entries[j].relation != request.relation || anchor->count) continue;
      if (!casc_keyset_append(anchor, request.after) || !casc_keyset_merge(anchor, NULL)) status = casc_nomem(error);
    }
  }
  return status;
}

/* A row that would go anyway is not in the way; under PROTECT every row is. */
static bool left_out(const cascade_blockers *blockers, const entry *at, const cascade_value *key) {
  const casc_relation *relation = blockers->scope.relations[at->relation].relation;
  return relation->rule != CASCADE_RULE_PROTECT && casc_keyset_contains(&blockers->visited[relation->table], key);
}

static bool set_anchor(casc_keyset *anchor, const cascade_value *key) {
  casc_keyset_clear(anchor);
  return casc_keyset_append(anchor, key) && casc_keyset_merge(anchor, NULL);
}

/* One query's worth of rows onto the page. `more` is set when a row comes after the page. */
static cascade_status fetch(cascade_blockers *blockers, entry *at, bool *more, uint64_t *read, cascade_error **error) {
  casc_scope *scope = &blockers->scope;
  const casc_scope_relation *relation = &scope->relations[at->relation];
  const casc_sql_table *table = relation->sql.table;
  const casc_keyset *all = &here(blockers)->keys;
  size_t slice = casc_slice(scope, all);
  cascade_keys parents = casc_keyset_view(all, at->slice, all->count - at->slice < slice ? all->count - at->slice : slice);
  cascade_value cell;
  casc_sql_filter filter = {.relation = &relation->sql, .parents = &parents};
  if (at->anchor.count) filter.after = casc_keyset_key(&at->anchor, 0, &cell);
  uint64_t wanted = (uint64_t)at->limit + 1 - blockers->shown.count;
  casc_statement statement;
  casc_cursor cursor = {0};
  const cascade_value *row = NULL;
  casc_session_statement(blockers->connection, &statement);
  scope->dialect->select_keys(&statement, table, &filter, true, true, wanted);
  cascade_status status = casc_query(blockers->connection, &statement, &cursor, error);
  *read = 0;
  while (status >= 0 && !*more && (status = casc_next(&cursor, &row, error)) == CASCADE_OK) {
    ++*read;
    if (blockers->shown.count == at->limit && !left_out(blockers, at, row)) {
      *more = true;
      break;
    }
    if (!set_anchor(&blockers->anchor, row)) status = casc_nomem(error);
    else if (!left_out(blockers, at, row)) {
      if (!casc_keyset_append(&blockers->shown, row + (table->shown_is_key ? 0 : table->key_count))) status = casc_nomem(error);
      blockers->shown.count += blockers->shown.appended;
      blockers->shown.appended = 0;
    }
  }
  casc_cursor_close(&cursor);
  casc_statement_free(&statement);
  if (status >= 0 && *read < wanted && !*more) *read = 0; /* the part is at its end */
  if (status >= 0 && blockers->anchor.count && !set_anchor(&at->anchor, casc_keyset_key(&blockers->anchor, 0, &cell)))
    status = casc_nomem(error);
  return status < 0 ? status : CASCADE_OK;
}

static cascade_status fill_page(cascade_blockers *blockers, entry *at, cascade_error **error) {
  casc_scope *scope = &blockers->scope;
  uint32_t number = scope->relations[at->relation].relation->table;
  const casc_sql_table *table = &scope->tables[number].sql;
  casc_keyset_free(&blockers->shown);
  casc_keyset_free(&blockers->anchor);
  casc_keyset_init(&blockers->shown, scope->alloc, table->shown_count,
                   table->shown_count == 1 && table->shown_types[0] == CASCADE_INT64);
  casc_keyset_of(scope, number, &blockers->anchor);
  bool more = false;
  cascade_status status = CASCADE_OK;
  while (status >= 0 && !more && !at->complete) {
    uint64_t read;
    status = fetch(blockers, at, &more, &read, error);
    if (status < 0 || read || more) continue;
    size_t slice = casc_slice(scope, &here(blockers)->keys), count = here(blockers)->keys.count;
    casc_keyset_clear(&at->anchor);
    at->complete = slice == SIZE_MAX || count - at->slice <= slice;
    if (!at->complete) at->slice += slice;
  }
  at->pages++;
  return status;
}

static void describe(cascade_blockers *blockers, const entry *at) {
  const casc_scope *scope = &blockers->scope;
  const group *from = here(blockers);
  blockers->keys = casc_keyset_view(&blockers->shown, 0, blockers->shown.count);
  blockers->keys.columns = scope->relations[at->relation].sql.table->shown;
  blockers->page = (cascade_blockers_page){.size = sizeof(cascade_blockers_page),
                                           .relation = at->relation,
                                           .kind = at->kind,
                                           .keys = &blockers->keys,
                                           .anchor = casc_keyset_key(&blockers->anchor, 0, &blockers->anchor_cell),
                                           .anchor_count = blockers->anchor.width,
                                           .complete = at->complete,
                                           .depth = from->path_length + 1,
                                           .path_length = from->path_length,
                                           .path = from->path};
}

static cascade_status add_group(cascade_blockers *blockers, uint32_t table, const uint32_t *path, uint32_t length,
                                uint32_t relation, casc_keyset *keys, cascade_error **error) {
  casc_scope *scope = &blockers->scope;
  if (!casc_grow(scope->alloc, (void **)&blockers->groups, &blockers->group_capacity, blockers->group_count + 1,
                 sizeof *blockers->groups))
    return casc_nomem(error);
  group made = {.table = table, .path = casc_arena_get(&scope->arena, length + 1, sizeof *path), .path_length = length};
  if (!made.path) return casc_nomem(error);
  if (length > 1) memcpy(made.path, path, (length - 1) * sizeof *path);
  if (length) made.path[length - 1] = relation;
  casc_keyset_of(scope, table, &made.keys);
  casc_keyset_swap(&made.keys, keys);
  blockers->groups[blockers->group_count++] = made;
  return CASCADE_OK;
}

/* Rows of cascading relations that were not met before become groups of the next level. */
static cascade_status follow(cascade_blockers *blockers, cascade_error **error) {
  casc_scope *scope = &blockers->scope;
  uint32_t depth = blockers->options.depth ? blockers->options.depth : 1;
  cascade_status status = CASCADE_OK;
  for (size_t i = 0; status >= 0 && here(blockers)->path_length + 1 < depth && i < blockers->entry_count; i++) {
    uint32_t number = blockers->entries[i].relation;
    const casc_scope_relation *relation = &scope->relations[number];
    uint32_t child = relation->relation->table;
    if (relation->role != CASC_ROLE_CASCADE) continue;
    uint64_t room = blockers->options.max_rows - blockers->followed + 1;
    casc_keyset fresh, *visited = &blockers->visited[child];
    casc_keyset_of(scope, child, &fresh);
    status = casc_read_referencing(scope, relation, &here(blockers)->keys, NULL, room + visited->count, false, visited,
                                   error);
    if (status >= 0 && !casc_keyset_merge(visited, &fresh)) status = casc_nomem(error);
    blockers->followed += fresh.count;
    if (blockers->followed > blockers->options.max_rows) {
      blockers->truncated = true;
      blockers->followed = blockers->options.max_rows;
    }
    if (status >= 0 && fresh.count)
      status = add_group(blockers, child, here(blockers)->path, here(blockers)->path_length + 1, number, &fresh, error);
    casc_keyset_free(&fresh);
  }
  return status;
}

static cascade_status next_page(cascade_blockers *blockers, cascade_error **error) {
  uint32_t rounds = blockers->options.rounds ? blockers->options.rounds : 1;
  while (blockers->at_group < blockers->group_count) {
    bool waiting = false; /* an entry has pages for a later round */
    for (; blockers->at_entry < blockers->entry_count; blockers->at_entry++) {
      entry *at = &blockers->entries[blockers->at_entry];
      if (at->complete || at->pages >= rounds) continue;
      cascade_status status = fill_page(blockers, at, error);
      if (status < 0) return status;
      if (!blockers->shown.count) continue;
      blockers->at_entry++;
      describe(blockers, at);
      return CASCADE_OK;
    }
    for (size_t i = 0; i < blockers->entry_count; i++)
      waiting = waiting || (!blockers->entries[i].complete && blockers->entries[i].pages < rounds);
    blockers->at_entry = 0;
    if (waiting) continue;
    cascade_status status = follow(blockers, error);
    if (status < 0) return status;
    close_entries(blockers);
    casc_keyset_free(&here(blockers)->keys);
    if (++blockers->at_group == blockers->group_count) break;
    status = open_group(blockers, error);
    if (status < 0) return status;
  }
  return CASCADE_DONE;
}

cascade_status cascade_blockers_next(cascade_blockers *blockers, const cascade_blockers_page **page,
                                     cascade_error **error) {
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
  if (status >= 0 && all.count) status = add_group(blockers, scope->root, NULL, 0, 0, &all, error);
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
  blockers->visited = casc_calloc(scope->alloc, scope->table_count, sizeof *blockers->visited);
  if (!blockers->visited) return casc_nomem(error);
  for (uint32_t i = 0; i < scope->table_count; i++) casc_keyset_of(scope, i, &blockers->visited[i]);
  status = read_selection(blockers, error);
  if (status < 0 || !blockers->group_count) return status;
  return blockers->options.request_count ? open_requests(blockers, error) : open_group(blockers, error);
}

cascade_status cascade_blockers_open(cascade_connection *connection, cascade_policy *policy,
                                     cascade_selection *selection, const cascade_blockers_options *options,
                                     cascade_blockers **out, cascade_error **error) {
  if (out) *out = NULL;
  if (!connection || !policy || !selection || !out)
    return casc_fail(NULL, error, CASCADE_INVALID,
                     "blockers: connection, policy, selection or the place for the result is NULL");
  cascade_context *context = connection->context;
  cascade_blockers *blockers = casc_calloc(&context->alloc, 1, sizeof *blockers);
  if (!blockers) return casc_nomem(error);
  blockers->context = casc_context_ref(context);
  blockers->connection = casc_connection_ref(connection);
  cascade_status status = CASC_OPTIONS(context, options, blockers->options, max_rows, error);
  if (!blockers->options.limit) blockers->options.limit = 20;
  if (!blockers->options.max_rows) blockers->options.max_rows = 100000;
  if (status >= 0) status = prepare(blockers, policy, selection, error);
  if (status < 0) cascade_blockers_free(blockers);
  else *out = blockers;
  return status;
}

int32_t cascade_blockers_truncated(const cascade_blockers *blockers) {
  return blockers && blockers->truncated;
}

void cascade_blockers_free(cascade_blockers *blockers) {
  if (!blockers) return;
  cascade_context *context = blockers->context;
  const casc_scope *scope = &blockers->scope;
  close_entries(blockers);
  for (size_t i = 0; i < blockers->group_count; i++) casc_keyset_free(&blockers->groups[i].keys);
  for (uint32_t i = 0; blockers->visited && i < scope->table_count; i++) casc_keyset_free(&blockers->visited[i]);
  casc_keyset_free(&blockers->shown);
  casc_keyset_free(&blockers->anchor);
  casc_free(&context->alloc, blockers->visited);
  casc_free(&context->alloc, blockers->groups);
  casc_free(&context->alloc, blockers->entries);
  if (scope->alloc) casc_scope_free(&blockers->scope);
  cascade_connection_free(blockers->connection);
  casc_free(&context->alloc, blockers);
  cascade_context_free(context);
}

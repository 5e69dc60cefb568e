/* Below the first level of blockers: rows that cascade, and the way back from a row to the selection. */
#include "blockers_internal.h"
#include "map.h"

#include <string.h>

cascade_status casc_blockers_add_group(cascade_blockers *blockers, uint32_t table, const uint32_t *path, uint32_t length,
                                       uint32_t relation, casc_keyset *keys, cascade_error **error) {
  casc_scope *scope = &blockers->scope;
  uint32_t more = relation != CASC_NONE;
  if (!casc_grow(scope->alloc, (void **)&blockers->groups, &blockers->group_capacity, blockers->group_count + 1,
                 sizeof *blockers->groups))
    return casc_nomem(error);
  casc_group made = {
      .table = table, .path = casc_arena_get(&scope->arena, length + more + 1, sizeof *path), .path_length = length + more};
  if (!made.path) return casc_nomem(error);
  if (length) memcpy(made.path, path, length * sizeof *path);
  if (more) made.path[length] = relation;
  casc_keyset_of(scope, table, &made.keys);
  casc_keyset_swap(&made.keys, keys);
  blockers->groups[blockers->group_count++] = made;
  return CASCADE_OK;
}

bool casc_blockers_at_bottom(const cascade_blockers *blockers) {
  uint32_t depth = blockers->options.depth ? blockers->options.depth : 1;
  return !blockers->descends || blockers->groups[blockers->at_group].path_length + 1 >= depth;
}

/* Rows that refer to the group through a cascading relation, none of which was met before; in `fresh`. */
static cascade_status read_fresh(cascade_blockers *blockers, const casc_group *group, uint32_t number, casc_keyset *fresh,
                                 cascade_error **error) {
  casc_scope *scope = &blockers->scope;
  const casc_scope_relation *relation = &scope->relations[number];
  casc_keyset *visited = &blockers->visited[relation->relation->table];
  uint64_t room = blockers->options.max_rows - blockers->followed;
  cascade_status status =
      casc_read_referencing(scope, relation, &group->keys, NULL, room + 1 + visited->count, false, visited, error);
  if (status >= 0 && !casc_keyset_merge(visited, fresh)) status = casc_nomem(error);
  if (status >= 0 && fresh->count > room) {
    blockers->cut |= CASCADE_CUT_FOLLOWED;
    fresh->count = (size_t)room;
  }
  blockers->followed += fresh->count;
  return status;
}

cascade_status casc_blockers_follow(cascade_blockers *blockers, cascade_error **error) {
  casc_scope *scope = &blockers->scope;
  const cascade_policy *policy = scope->policy;
  uint32_t table = casc_blockers_here(blockers)->table;
  cascade_status status = CASCADE_OK;
  for (uint32_t i = 0; status >= 0 && !casc_blockers_at_bottom(blockers) && i < policy->to_count[table]; i++) {
    uint32_t number = policy->relations_to[table][i];
    const casc_group *group = casc_blockers_here(blockers);
    if (scope->relations[number].role != CASC_ROLE_CASCADE || (blockers->cut & CASCADE_CUT_FOLLOWED)) continue;
    casc_keyset fresh;
    casc_keyset_of(scope, scope->relations[number].relation->table, &fresh);
    status = read_fresh(blockers, group, number, &fresh, error);
    if (status >= 0 && fresh.count)
      status = casc_blockers_add_group(blockers, scope->relations[number].relation->table, group->path, group->path_length, number,
                                       &fresh, error);
    casc_keyset_free(&fresh);
  }
  return status;
}

/* The groups are gone through again, unread, up to the one at which the token goes on; where that is gone, up to its level. */
static cascade_status pass_groups(cascade_blockers *blockers, const casc_blockers_token *token, cascade_error **error) {
  cascade_status status = CASCADE_OK;
  size_t first = SIZE_MAX;
  for (; status >= 0 && blockers->at_group < blockers->group_count; blockers->at_group++) {
    const casc_group *group = casc_blockers_here(blockers);
    if (group->path_length > token->level_count) break;
    if (group->path_length == token->level_count) {
      if (first == SIZE_MAX) first = blockers->at_group;
      if (!token->level_count || !memcmp(group->path, token->levels, token->level_count * sizeof *group->path)) return CASCADE_OK;
    }
    status = casc_blockers_follow(blockers, error);
  }
  if (first != SIZE_MAX) blockers->group_count = first + 1; /* those behind it come again */
  if (first != SIZE_MAX) blockers->at_group = first;
  return status;
}

cascade_status casc_blockers_go_down(cascade_blockers *blockers, const casc_blockers_token *token, cascade_error **error) {
  casc_scope *scope = &blockers->scope;
  cascade_status status = CASCADE_OK;
  blockers->descends = token->rest_of_levels;
  if (token->rest_of_levels) return pass_groups(blockers, token, error);
  for (uint32_t i = 0; status >= 0 && i < token->level_count && blockers->at_group < blockers->group_count; i++) {
    const casc_group *group = casc_blockers_here(blockers);
    const casc_keyset *among = token->level_rows[i].count ? &token->level_rows[i] : NULL;
    uint32_t number = token->levels[i], child = scope->relations[number].relation->table;
    uint64_t most = blockers->options.max_rows + 1;
    casc_keyset rows;
    casc_keyset_of(scope, child, &rows);
    status = casc_read_referencing(scope, &scope->relations[number], &group->keys, among, most, false, &rows, error);
    if (status >= 0 && (!casc_keyset_merge(&rows, NULL) || !casc_keyset_add(&blockers->visited[child], &rows)))
      status = casc_nomem(error);
    if (rows.count == most) blockers->cut |= CASCADE_CUT_FOLLOWED;
    if (status >= 0 && rows.count)
      status = casc_blockers_add_group(blockers, child, group->path, group->path_length, number, &rows, error);
    blockers->at_group++;
    casc_keyset_free(&rows);
  }
  return status;
}

/* The bytes of a key, as a name. */
static const char *name_of(casc_str *name, const cascade_value *key, uint32_t width) {
  casc_str_clear(name);
  for (uint32_t i = 0; i < width; i++) {
    const void *bytes = key[i].data;
    size_t length = (size_t)key[i].length;
    if (key[i].type == CASCADE_INT64 || key[i].type == CASCADE_UINT64) {
      bytes = &key[i].integer;
      length = sizeof key[i].integer;
    } else if (key[i].type == CASCADE_DOUBLE) {
      bytes = &key[i].real;
      length = sizeof key[i].real;
    }
    casc_str_hex(name, bytes ? bytes : "", length);
    casc_str_putc(name, ',');
  }
  return name->failed ? NULL : name->data;
}

/* The rows to which rows refer, as they were found. */
typedef struct links {
  casc_map map; /* from the row to the position of the one that it refers to */
  casc_keyset rows, shown;
} links;

static cascade_status read_links(cascade_blockers *blockers, uint32_t number, const casc_keyset *from, links *into,
                                 cascade_error **error) {
  casc_scope *scope = &blockers->scope;
  const casc_sql_relation *relation = &scope->relations[number].sql;
  const casc_sql_table *table = relation->table, *parent = relation->ref_table;
  size_t slice = casc_slice(scope, from);
  cascade_status status = CASCADE_OK;
  casc_str name;
  casc_str_init(&name, scope->alloc);
  for (size_t at = 0; status >= 0 && at < from->count;) {
    size_t count = from->count - at < slice ? from->count - at : slice;
    cascade_keys keys = casc_keyset_view(from, at, count);
    casc_statement statement;
    casc_cursor cursor = {0};
    const cascade_value *row = NULL;
    casc_session_statement(blockers->connection, &statement);
    scope->dialect->select_links(&statement, relation, &keys);
    status = casc_query(blockers->connection, &statement, &cursor, error);
    while (status >= 0 && (status = casc_next(&cursor, &row, error)) == CASCADE_OK) {
      const char *text = name_of(&name, row, table->key_count);
      const cascade_value *to = row + table->key_count;
      bool ok = text && casc_map_put(&into->map, text, (uint32_t)into->rows.count) && casc_keyset_append(&into->rows, to) &&
                (parent->shown_is_key || casc_keyset_append(&into->shown, to + parent->key_count));
      into->rows.count += into->rows.appended;
      into->shown.count += into->shown.appended;
      into->rows.appended = into->shown.appended = 0;
      if (!ok) status = casc_nomem(error);
    }
    casc_cursor_close(&cursor);
    casc_statement_free(&statement);
    if (status == CASCADE_DONE) status = CASCADE_OK;
    at += count;
  }
  casc_str_free(&name);
  return status;
}

/* In the order of `from`, what each row refers to: its identity, to go on from, and the key that people know it by. NULL where the
   row went in the meantime. */
static bool put_in_order(const casc_keyset *from, const links *found, casc_keyset *rows, casc_keyset *shown) {
  const casc_keyset *known = found->shown.width ? &found->shown : &found->rows;
  bool ok = true;
  casc_str name;
  casc_arena arena;
  casc_str_init(&name, from->arena.alloc);
  casc_arena_init(&arena, from->arena.alloc);
  const cascade_value *nothing = casc_arena_get(&arena, rows->width + shown->width, sizeof *nothing);
  for (size_t i = 0; ok && nothing && i < from->count; i++) {
    cascade_value cell, other;
    uint32_t at = CASC_NONE;
    const char *text = name_of(&name, casc_keyset_key(from, i, &cell), from->width);
    bool there = text && casc_map_get(&found->map, text, &at);
    ok = text && casc_keyset_append(rows, there ? casc_keyset_key(&found->rows, at, &cell) : nothing) &&
         casc_keyset_append(shown, there ? casc_keyset_key(known, at, &other) : nothing);
    rows->count += rows->appended;
    shown->count += shown->appended;
    rows->appended = shown->appended = 0;
  }
  casc_str_free(&name);
  casc_arena_clear(&arena);
  return ok && nothing;
}

cascade_status casc_blockers_paths(cascade_blockers *blockers, const casc_entry *entry, cascade_error **error) {
  casc_scope *scope = &blockers->scope;
  const casc_group *group = casc_blockers_here(blockers);
  uint32_t number = entry->relation;
  cascade_status status = CASCADE_OK;
  const casc_keyset *from = &entry->rows;
  casc_keyset previous = {0};
  for (uint32_t i = group->path_length; status >= 0 && i--;) {
    uint32_t parent = scope->relations[number].relation->ref_table;
    links found;
    const casc_sql_table *table = &scope->tables[parent].sql;
    casc_keyset rows, *shown = &blockers->path_sets[i];
    casc_map_init(&found.map, scope->alloc);
    casc_keyset_of(scope, parent, &found.rows);
    casc_keyset_init(&found.shown, scope->alloc, table->shown_is_key ? 0 : table->shown_count, false);
    casc_keyset_free(shown);
    casc_keyset_init(&rows, scope->alloc, table->key_count, false); /* of cells, as some may be NULL */
    casc_keyset_init(shown, scope->alloc, table->shown_count, false);
    status = read_links(blockers, number, from, &found, error);
    if (status >= 0 && !put_in_order(from, &found, &rows, shown)) status = casc_nomem(error);
    blockers->path_keys[i] = casc_keyset_view(shown, 0, shown->count);
    blockers->path_keys[i].columns = table->shown;
    casc_map_free(&found.map);
    casc_keyset_free(&found.rows);
    casc_keyset_free(&found.shown);
    casc_keyset_free(&previous);
    previous = rows;
    from = &previous;
    number = group->path[i];
  }
  casc_keyset_free(&previous);
  return status;
}

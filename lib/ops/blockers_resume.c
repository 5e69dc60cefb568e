/* Tokens of the cursor over blockers: what is left, as text, and a cursor that goes on from it. */
#include "blockers_internal.h"

#include <string.h>

/* The part of the group that the place was about, by its first and last row; rows that came in between since are in it. */
static bool restore_place(const casc_keyset *keys, casc_entry *entry, const casc_token_place *place) {
  cascade_value cell;
  if (place->parts.count) {
    const cascade_value *key = casc_keyset_key(&place->parts, 0, &cell);
    entry->given.part = entry->given.to = casc_keyset_position(keys, key);
    key = casc_keyset_key(&place->parts, 1, &cell);
    entry->given.to = casc_keyset_position(keys, key) + casc_keyset_contains(keys, key);
    if (entry->given.to <= entry->given.part) return true; /* none of them is left, and the anchor was about them */
  }
  return casc_keyset_add(&entry->given.anchor, &place->anchor);
}

static cascade_status open_places(cascade_blockers *blockers, const casc_blockers_token *token, cascade_error **error) {
  cascade_status status = CASCADE_OK;
  const casc_group *group = casc_blockers_here(blockers);
  for (uint32_t i = 0; status >= 0 && i < token->place_count; i++) {
    const casc_token_place *place = &token->places[i];
    casc_entry *entry;
    if (blockers->scope.relations[place->relation].relation->ref_table != group->table) continue; /* its level is gone */
    if (place->backward) status = casc_blockers_check_backward(blockers, error);
    if (status >= 0) status = casc_blockers_add_entry(blockers, place->relation, place->limit, &entry, error);
    if (status < 0) return status;
    entry->backward = place->backward;
    entry->from_start = !place->anchor.count && !place->parts.count;
    if (!restore_place(&group->keys, entry, place)) return casc_nomem(error);
  }
  return status;
}

/* All pages of the group at hand were given: on to the next one. */
static cascade_status pass_group(cascade_blockers *blockers, cascade_error **error) {
  cascade_status status = casc_blockers_follow(blockers, error);
  if (status < 0) return status;
  casc_keyset_free(&casc_blockers_here(blockers)->keys);
  blockers->at_group++;
  return blockers->at_group < blockers->group_count ? casc_blockers_open_group(blockers, error) : CASCADE_OK;
}

cascade_status casc_blockers_resume(cascade_blockers *blockers, cascade_error **error) {
  const cascade_blockers_options *options = &blockers->options;
  casc_blockers_token token;
  if (!options->token_key) return casc_fail(blockers->context, error, CASCADE_INVALID, "a token was given, but no token_key");
  casc_token_init(&token, &blockers->scope);
  cascade_status status =
      casc_token_read(&token, options->token, options->token_key, options->token_key_length, options->token_max_age_s, error);
  if (status >= 0) {
    if (token.rest_of_levels || !options->depth) blockers->options.depth = token.depth;
    status = casc_blockers_go_down(blockers, &token, error);
  }
  if (status >= 0 && blockers->at_group < blockers->group_count) {
    const casc_group *group = casc_blockers_here(blockers);
    bool found = group->path_length == token.level_count;
    bool same = found && (!token.level_count || !memcmp(group->path, token.levels, token.level_count * sizeof *group->path));
    if (same && token.rest_of_levels && !token.place_count) status = pass_group(blockers, error);
    else status = token.place_count && found ? open_places(blockers, &token, error) : casc_blockers_open_group(blockers, error);
  }
  casc_token_free(&token);
  return status;
}

/* Where the entry goes on, as a place of the token. */
static bool put_place(cascade_blockers *blockers, casc_blockers_token *token, const casc_entry *entry, const casc_position *from) {
  const casc_keyset *keys = &casc_blockers_here(blockers)->keys;
  casc_token_place *place = casc_token_add(token, entry->relation);
  cascade_value cell;
  if (!place || !casc_keyset_add(&place->anchor, &from->anchor)) return false;
  place->limit = entry->limit;
  place->backward = entry->backward;
  if (from->to <= from->part || (!from->part && from->to == keys->count)) return true;
  bool ok = casc_keyset_append(&place->parts, casc_keyset_key(keys, from->part, &cell)) &&
            casc_keyset_append(&place->parts, casc_keyset_key(keys, from->to - 1, &cell));
  place->parts.count += place->parts.appended; /* first and last, which may be the same */
  place->parts.appended = 0;
  return ok;
}

static cascade_status put_rest(cascade_blockers *blockers, casc_blockers_token *token, cascade_error **error) {
  token->rest_of_levels = blockers->descends;
  for (size_t i = 0; i < blockers->entry_count; i++) {
    const casc_entry *entry = &blockers->entries[i];
    bool last = entry == blockers->last;
    if (entry->complete && (last || !entry->read)) continue;
    if (!put_place(blockers, token, entry, last ? &entry->next : &entry->given)) return casc_nomem(error);
  }
  bool deeper = !casc_blockers_at_bottom(blockers) && !blockers->over;
  return token->place_count || deeper ? CASCADE_OK : CASCADE_DONE;
}

/* A place before or behind the last page. */
static cascade_status put_beside(cascade_blockers *blockers, casc_blockers_token *token, bool backward, cascade_error **error) {
  const casc_entry *entry = blockers->last;
  cascade_value cell;
  if (!backward && !entry->backward) {
    if (entry->complete) return CASCADE_DONE;
    return put_place(blockers, token, entry, &entry->next) ? CASCADE_OK : casc_nomem(error);
  }
  if (backward && token->level_count)
    return casc_fail(blockers->context, error, CASCADE_UNSUPPORTED, "pages can go backward only on the first level");
  cascade_status status = backward ? casc_blockers_check_backward(blockers, error) : CASCADE_OK;
  if (status < 0) return status;
  if (backward && (entry->backward ? entry->complete : entry->from_start && entry->pages == 1)) return CASCADE_DONE;
  if (!entry->rows.count) return CASCADE_DONE;
  casc_token_place *place = casc_token_add(token, entry->relation);
  if (!place || !casc_keyset_append(&place->anchor, casc_keyset_key(&entry->rows, backward ? 0 : entry->rows.count - 1, &cell)) ||
      !casc_keyset_merge(&place->anchor, NULL))
    return casc_nomem(error);
  place->limit = entry->limit;
  place->backward = backward;
  return CASCADE_OK;
}

static cascade_status put_down(cascade_blockers *blockers, casc_blockers_token *token, cascade_error **error) {
  const casc_entry *entry = blockers->last;
  const casc_group *group = casc_blockers_here(blockers);
  if (entry->kind != CASCADE_CASCADING)
    return casc_fail(blockers->context, error, CASCADE_INVALID, "the rows of the last page do not cascade: nothing is below them");
  if (!entry->rows.count) return CASCADE_DONE;
  uint32_t *levels = casc_calloc(blockers->scope.alloc, group->path_length + 1, sizeof *levels);
  if (!levels) return casc_nomem(error);
  if (group->path_length) memcpy(levels, group->path, group->path_length * sizeof *levels);
  levels[group->path_length] = entry->relation;
  bool ok = casc_token_levels(token, levels, group->path_length + 1) &&
            casc_keyset_add(&token->level_rows[group->path_length], &entry->rows);
  casc_free(blockers->scope.alloc, levels);
  return ok ? CASCADE_OK : casc_nomem(error);
}

cascade_status cascade_blockers_token(cascade_blockers *blockers, int32_t kind, const char **text, cascade_error **error) {
  if (!blockers || !text)
    return casc_fail(NULL, error, CASCADE_INVALID, "blockers: the cursor, or the place for the token, is NULL");
  cascade_context *context = blockers->context;
  *text = NULL;
  if (!blockers->options.token_key) return casc_fail(context, error, CASCADE_INVALID, "the cursor has no token_key");
  if (kind < CASCADE_TOKEN_REST || kind > CASCADE_TOKEN_DOWN)
    return casc_fail(context, error, CASCADE_INVALID, "there is no kind of token with the number %d", kind);
  if (kind != CASCADE_TOKEN_REST && !blockers->last)
    return casc_fail(context, error, CASCADE_INVALID, "there is no last page that the token could be about");
  if (blockers->at_group >= blockers->group_count) return CASCADE_DONE;
  const casc_group *group = casc_blockers_here(blockers);
  casc_blockers_token token;
  casc_token_init(&token, &blockers->scope);
  token.depth = blockers->options.depth;
  cascade_status status = casc_token_levels(&token, group->path, group->path_length) ? CASCADE_OK : casc_nomem(error);
  if (status >= 0) {
    if (kind == CASCADE_TOKEN_REST) status = put_rest(blockers, &token, error);
    else if (kind == CASCADE_TOKEN_DOWN) status = put_down(blockers, &token, error);
    else status = put_beside(blockers, &token, kind == CASCADE_TOKEN_PREVIOUS, error);
  }
  if (status == CASCADE_OK) {
    casc_str_clear(&blockers->token);
    status = casc_token_write(&token, blockers->options.token_key, blockers->options.token_key_length, &blockers->token, error);
  }
  if (status == CASCADE_OK) *text = blockers->token.data;
  casc_token_free(&token);
  return status;
}

/* The text is base64url of: a head, the body, a MAC over both.

   Numbers of the body are of variable length, seven bits to a byte. A relation is told by its position among those into its
   referenced table, less the position behind the relation before it: mostly a small number, and one that stays when relations into
   other tables come or go. */
#include "blockers_token.h"

#include "closure.h"
#include "failure.h"

#include <string.h>
#include <time.h>

enum { VERSION = 1, MAC = 16, LONGEST = 1 << 20 /* characters */, DAY_S = 86400 };

enum { PLACE_BACKWARD = 1, PLACE_ANCHOR = 2, PLACE_PARTS = 4, PLACE_SAME_LIMIT = 8, PLACE_BITS = 4 };

typedef struct head { /* bytes only, so that there are no gaps */
  unsigned char version, created[5], target[CASC_HASH_SUM], rules[CASC_HASH_SUM];
} head;

void casc_token_init(casc_blockers_token *token, const casc_scope *scope) {
  *token = (casc_blockers_token){.scope = scope};
}

static void free_levels(casc_blockers_token *token) {
  for (uint32_t i = 0; i < token->level_count; i++) casc_keyset_free(&token->level_rows[i]);
  casc_free(token->scope->alloc, token->level_rows);
  casc_free(token->scope->alloc, token->levels);
  token->level_rows = NULL;
  token->levels = NULL;
  token->level_count = 0;
}

void casc_token_free(casc_blockers_token *token) {
  if (!token->scope) return; /* never initialised */
  free_levels(token);
  for (uint32_t i = 0; i < token->place_count; i++) {
    casc_keyset_free(&token->places[i].anchor);
    casc_keyset_free(&token->places[i].parts);
  }
  casc_free(token->scope->alloc, token->places);
  casc_token_init(token, token->scope);
}

casc_token_place *casc_token_add(casc_blockers_token *token, uint32_t relation) {
  const casc_scope *scope = token->scope;
  size_t capacity = token->place_capacity;
  if (!casc_grow(scope->alloc, (void **)&token->places, &capacity, (size_t)token->place_count + 1, sizeof *token->places))
    return NULL;
  token->place_capacity = (uint32_t)capacity;
  casc_token_place *place = &token->places[token->place_count++];
  *place = (casc_token_place){.relation = relation};
  casc_keyset_of(scope, scope->relations[relation].relation->table, &place->anchor);
  casc_keyset_of(scope, scope->relations[relation].relation->ref_table, &place->parts);
  return place;
}

/* Room for so many levels, which are then set one by one. */
static bool make_levels(casc_blockers_token *token, uint32_t count) {
  free_levels(token);
  if (!count) return true;
  token->levels = casc_calloc(token->scope->alloc, count, sizeof *token->levels);
  token->level_rows = casc_calloc(token->scope->alloc, count, sizeof *token->level_rows);
  if (!token->levels || !token->level_rows) {
    free_levels(token);
    return false;
  }
  token->level_count = count;
  return true;
}

static void set_level(casc_blockers_token *token, uint32_t level, uint32_t relation) {
  token->levels[level] = relation;
  casc_keyset_of(token->scope, token->scope->relations[relation].relation->table, &token->level_rows[level]);
}

bool casc_token_levels(casc_blockers_token *token, const uint32_t *levels, uint32_t count) {
  if (!make_levels(token, count)) return false;
  for (uint32_t i = 0; i < count; i++) set_level(token, i, levels[i]);
  return true;
}

/* The table that relations of a level refer to: the selection's, or that of the level above. */
static uint32_t table_of_level(const casc_blockers_token *token, uint32_t level) {
  return level ? token->scope->relations[token->levels[level - 1]].relation->table : token->scope->root;
}

static bool can_lead_down(const casc_scope_relation *relation) {
  return relation->role == CASC_ROLE_CASCADE;
}

static bool can_be_paged(const casc_scope *scope, const casc_relation *relation) {
  return !(relation->flags & CASCADE_RELATION_UNRESOLVED) && scope->tables[relation->table].table->identity_count;
}

static bool is_bytes(int32_t type) {
  return type == CASCADE_TEXT || type == CASCADE_BLOB || type == CASCADE_DECIMAL;
}

static bool is_cell(int32_t type) {
  return type > CASCADE_NULL && type < CASCADE_ANY;
}

/* ---- writing ---- */

typedef struct writer {
  const casc_scope *scope;
  casc_str bytes;
  uint32_t misfit; /* the first relation that has a key which is not one of its table's, or that is not where it should be */
} writer;

static void put_number(writer *w, uint64_t number) {
  for (; number > 0x7f; number >>= 7) casc_str_putc(&w->bytes, (char)((number & 0x7f) | 0x80));
  casc_str_putc(&w->bytes, (char)number);
}

/* Small numbers of either sign become small ones without. */
static uint64_t zigzag(int64_t number) {
  return ((uint64_t)number << 1) ^ (number < 0 ? UINT64_MAX : 0);
}

static void misfit(writer *w, uint32_t relation) {
  if (w->misfit == CASC_NONE) w->misfit = relation;
}

/* Difference of the relation's position to the one that was expected, which moves on. */
static int64_t step_to(writer *w, uint32_t table, uint32_t relation, uint32_t *expected) {
  const cascade_policy *policy = w->scope->policy;
  uint32_t low = 0, high = policy->to_count[table];
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (policy->relations_to[table][middle] < relation) low = middle + 1;
    else high = middle;
  }
  if (low == policy->to_count[table] || policy->relations_to[table][low] != relation) misfit(w, relation);
  int64_t step = (int64_t)low - *expected;
  *expected = low + 1;
  return step;
}

static void put_cell(writer *w, int32_t wanted, const cascade_value *cell, uint32_t relation) {
  if (!is_cell(cell->type) || (wanted != CASCADE_ANY && cell->type != wanted)) {
    misfit(w, relation);
    return;
  }
  if (wanted == CASCADE_ANY) casc_str_putc(&w->bytes, (char)cell->type);
  if (is_bytes(cell->type)) {
    put_number(w, cell->length);
    casc_str_putn(&w->bytes, cell->data, (size_t)cell->length);
  } else if (cell->type == CASCADE_DOUBLE) {
    uint64_t bits;
    memcpy(&bits, &cell->real, sizeof bits);
    for (int shift = 0; shift < 64; shift += 8) casc_str_putc(&w->bytes, (char)(bits >> shift & 0xff));
  } else {
    put_number(w, zigzag(cell->integer));
  }
}

/* All keys of the set, which has none or `count`. */
static void put_keys(writer *w, uint32_t table, const casc_keyset *set, size_t count, uint32_t relation) {
  const casc_sql_table *sql = &w->scope->tables[table].sql;
  if (set->count && set->count != count) misfit(w, relation);
  for (size_t i = 0; i < set->count; i++) {
    cascade_value integer;
    const cascade_value *cells = casc_keyset_key(set, i, &integer);
    for (uint32_t j = 0; j < sql->key_count; j++) put_cell(w, sql->key_types[j], &cells[j], relation);
  }
}

static void put_levels(writer *w, const casc_blockers_token *token) {
  uint32_t expected = 0;
  put_number(w, (uint64_t)token->level_count << 1 | token->rest_of_levels);
  for (uint32_t i = 0; i < token->level_count; i++) {
    uint32_t relation = token->levels[i];
    const casc_keyset *rows = &token->level_rows[i];
    put_number(w, zigzag(step_to(w, table_of_level(token, i), relation, &expected)) << 1 | (rows->count > 0));
    if (!can_lead_down(&w->scope->relations[relation])) misfit(w, relation);
    if (rows->count) put_number(w, rows->count);
    put_keys(w, w->scope->relations[relation].relation->table, rows, rows->count, relation);
  }
}

static void put_places(writer *w, const casc_blockers_token *token) {
  uint32_t table = table_of_level(token, token->level_count), expected = 0, limit = 0;
  put_number(w, token->place_count);
  for (uint32_t i = 0; i < token->place_count; i++) {
    const casc_token_place *place = &token->places[i];
    const casc_relation *relation = w->scope->relations[place->relation].relation;
    uint64_t bits = (place->backward ? PLACE_BACKWARD : 0) | (place->anchor.count ? PLACE_ANCHOR : 0) |
                    (place->parts.count ? PLACE_PARTS : 0) | (place->limit == limit ? PLACE_SAME_LIMIT : 0);
    put_number(w, zigzag(step_to(w, table, place->relation, &expected)) << PLACE_BITS | bits);
    if (place->limit != limit) put_number(w, place->limit);
    limit = place->limit;
    if (!can_be_paged(w->scope, relation)) misfit(w, place->relation);
    put_keys(w, relation->table, &place->anchor, 1, place->relation);
    put_keys(w, relation->ref_table, &place->parts, 2, place->relation);
  }
}

static bool put_head(writer *w) {
  head top = {.version = VERSION};
  uint64_t now = (uint64_t)time(NULL);
  for (size_t i = 0; i < sizeof top.created; i++) top.created[i] = (unsigned char)(now >> 8 * (sizeof top.created - 1 - i));
  if (!casc_scope_target(w->scope, top.target) || !casc_scope_rules(w->scope, top.rules)) return false;
  casc_str_putn(&w->bytes, (const char *)&top, sizeof top);
  return true;
}

static void make_mac(unsigned char mac[MAC], const void *bytes, size_t length, const void *key, size_t key_length) {
  crypto_generichash(mac, MAC, bytes, length, key, key_length);
}

static cascade_status check_key(const casc_scope *scope, const void *key, size_t length, cascade_error **error) {
  if (sodium_init() < 0) return casc_nomem(error);
  if (key && length >= crypto_generichash_KEYBYTES_MIN && length <= crypto_generichash_KEYBYTES_MAX) return CASCADE_OK;
  return casc_fail(scope->connection->context, error, CASCADE_INVALID, "the token_key has %zu bytes; give a secret of %u to %u",
                   key ? length : 0, (unsigned)crypto_generichash_KEYBYTES_MIN, (unsigned)crypto_generichash_KEYBYTES_MAX);
}

static cascade_status refuse_misfit(const casc_scope *scope, uint32_t number, cascade_error **error) {
  const casc_relation *relation = scope->relations[number].relation;
  const char *table = scope->tables[relation->table].table->label;
  return casc_fail_at(scope->connection->context, error, CASCADE_INVALID, table, relation->label,
                      "%s: the place to go on from is not a key of table %s, or not below the selection; take anchors from pages",
                      relation->label, table);
}

/* The bytes as text, in place of what the text was. */
static cascade_status put_text(const writer *w, casc_str *text, cascade_error **error) {
  size_t room = sodium_base64_encoded_len(w->bytes.length, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  const char *table = w->scope->tables[w->scope->root].table->label;
  if (room - 1 > LONGEST)
    return casc_fail_at(w->scope->connection->context, error, CASCADE_UNSUPPORTED, table, NULL,
                        "table %s: the token would have %zu characters, and no more than %d are taken; ask for fewer relations",
                        table, room - 1, LONGEST);
  casc_str_clear(text);
  if (!casc_grow(text->alloc, (void **)&text->data, &text->capacity, room, 1)) return casc_nomem(error);
  sodium_bin2base64(text->data, room, (const unsigned char *)w->bytes.data, w->bytes.length,
                    sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  text->length = room - 1;
  return CASCADE_OK;
}

cascade_status casc_token_write(const casc_blockers_token *token, const void *key, size_t key_length, casc_str *text,
                                cascade_error **error) {
  writer w = {.scope = token->scope, .misfit = CASC_NONE};
  cascade_status status = check_key(w.scope, key, key_length, error);
  if (status < 0) return status;
  casc_str_init(&w.bytes, w.scope->alloc);
  bool summed = put_head(&w);
  put_levels(&w, token);
  put_number(&w, token->depth);
  put_places(&w, token);
  if (!w.bytes.failed && summed) {
    unsigned char mac[MAC];
    make_mac(mac, w.bytes.data, w.bytes.length, key, key_length);
    casc_str_putn(&w.bytes, (const char *)mac, sizeof mac);
  }
  if (w.misfit != CASC_NONE) status = refuse_misfit(w.scope, w.misfit, error);
  else if (w.bytes.failed || !summed) status = casc_nomem(error);
  else status = put_text(&w, text, error);
  casc_str_free(&w.bytes);
  return status;
}

/* ---- reading ---- */

typedef struct reader {
  const casc_scope *scope;
  const unsigned char *at, *end;
  bool wrong; /* then the rest is not looked at */
  bool nomem;
} reader;

static bool sound(const reader *r) {
  return !r->wrong && !r->nomem;
}

static size_t left(const reader *r) {
  return (size_t)(r->end - r->at);
}

static uint64_t get_number(reader *r) {
  uint64_t number = 0;
  for (unsigned shift = 0; shift < 64 && left(r); shift += 7) {
    uint64_t byte = *r->at++;
    if (shift == 63 && byte > 1) break;
    number |= (byte & 0x7f) << shift;
    if (byte <= 0x7f) return number;
  }
  r->wrong = true;
  return 0;
}

static uint32_t get_small(reader *r) {
  uint64_t number = get_number(r);
  if (number > UINT32_MAX) r->wrong = true;
  return (uint32_t)number;
}

static int64_t unzigzag(uint64_t number) {
  return (int64_t)((number >> 1) ^ (number & 1 ? UINT64_MAX : 0));
}

/* The relation into the table so many steps from the expected position; CASC_NONE when there is none. */
static uint32_t relation_at(reader *r, uint32_t table, uint64_t step, uint32_t *expected) {
  uint64_t position = *expected + (uint64_t)unzigzag(step);
  if (position >= r->scope->policy->to_count[table]) r->wrong = true;
  if (!sound(r)) return CASC_NONE;
  *expected = (uint32_t)position + 1;
  return r->scope->policy->relations_to[table][position];
}

static uint64_t get_bits(reader *r) {
  uint64_t bits = 0;
  for (int shift = 0; shift < 64; shift += 8) bits |= (uint64_t)*r->at++ << shift;
  return bits;
}

static void get_cell(reader *r, int32_t wanted, cascade_value *cell) {
  *cell = (cascade_value){.type = wanted};
  if (wanted == CASCADE_ANY) cell->type = left(r) ? *r->at++ : CASCADE_NULL;
  if (!is_cell(cell->type)) {
    r->wrong = true;
  } else if (is_bytes(cell->type)) {
    cell->length = get_number(r);
    if (cell->length > left(r)) r->wrong = true;
    if (r->wrong || !cell->length) return;
    cell->data = (const char *)r->at;
    r->at += cell->length;
  } else if (cell->type == CASCADE_DOUBLE) {
    if (left(r) < sizeof cell->real) r->wrong = true;
    if (r->wrong) return;
    uint64_t bits = get_bits(r);
    memcpy(&cell->real, &bits, sizeof bits);
  } else {
    cell->integer = unzigzag(get_number(r));
  }
}

static void get_keys(reader *r, uint32_t table, casc_keyset *set, size_t count) {
  const casc_sql_table *sql = &r->scope->tables[table].sql;
  cascade_value *cells = sound(r) ? casc_calloc(r->scope->alloc, sql->key_count, sizeof *cells) : NULL;
  if (!cells) r->nomem = !r->wrong;
  for (size_t i = 0; sound(r) && i < count; i++) {
    for (uint32_t j = 0; sound(r) && j < sql->key_count; j++) get_cell(r, sql->key_types[j], &cells[j]);
    if (sound(r) && !casc_keyset_append(set, cells)) r->nomem = true;
    set->count += set->appended; /* as they come: first and last */
    set->appended = 0;
  }
  casc_free(r->scope->alloc, cells);
}

static void get_levels(reader *r, casc_blockers_token *token) {
  uint64_t first = get_number(r);
  uint32_t expected = 0;
  if (first >> 1 > left(r)) r->wrong = true; /* each takes a byte at least */
  token->rest_of_levels = first & 1;
  if (sound(r) && !make_levels(token, (uint32_t)(first >> 1))) r->nomem = true;
  for (uint32_t i = 0; sound(r) && i < token->level_count; i++) {
    uint64_t step = get_number(r);
    uint32_t relation = relation_at(r, table_of_level(token, i), step >> 1, &expected);
    if (relation == CASC_NONE) return;
    set_level(token, i, relation);
    if (!can_lead_down(&r->scope->relations[relation])) r->wrong = true;
    if (step & 1) get_keys(r, r->scope->relations[relation].relation->table, &token->level_rows[i], get_small(r));
  }
}

static void get_places(reader *r, casc_blockers_token *token) {
  uint32_t count = get_small(r), expected = 0, limit = 0;
  for (uint32_t i = 0; sound(r) && i < count; i++) {
    uint64_t step = get_number(r);
    uint32_t number = relation_at(r, table_of_level(token, token->level_count), step >> PLACE_BITS, &expected);
    if (!(step & PLACE_SAME_LIMIT)) limit = get_small(r);
    if (!sound(r)) return;
    const casc_relation *relation = r->scope->relations[number].relation;
    casc_token_place *place = casc_token_add(token, number);
    if (!place) r->nomem = true;
    if (!can_be_paged(r->scope, relation)) r->wrong = true;
    if (!sound(r)) return;
    place->limit = limit;
    place->backward = step & PLACE_BACKWARD;
    if (step & PLACE_ANCHOR) get_keys(r, relation->table, &place->anchor, 1);
    if (step & PLACE_PARTS) get_keys(r, relation->ref_table, &place->parts, 2);
  }
}

static cascade_status refuse_forged(const casc_scope *scope, cascade_error **error) {
  return casc_fail(scope->connection->context, error, CASCADE_TOKEN_FORGED,
                   "the token was not made with this key, or was changed on its way; start without one");
}

static cascade_status check_age(const casc_scope *scope, const head *top, uint32_t max_age_s, cascade_error **error) {
  int64_t created = 0, now = (int64_t)time(NULL);
  for (size_t i = 0; i < sizeof top->created; i++) created = created << 8 | top->created[i];
  if (created - now > DAY_S)
    return casc_fail(scope->connection->context, error, CASCADE_TOKEN_EXPIRED,
                     "the token was made %lld seconds from now; set the clocks of the hosts, and start without one",
                     (long long)(created - now));
  if (max_age_s && now - created > max_age_s)
    return casc_fail(scope->connection->context, error, CASCADE_TOKEN_EXPIRED,
                     "the token is %lld seconds old, and %u are allowed; start without one", (long long)(now - created),
                     (unsigned)max_age_s);
  return CASCADE_OK;
}

/* Rows first: a selection of another table reaches other rules too, yet nothing has changed. */
static cascade_status check_sums(const casc_scope *scope, const head *top, cascade_error **error) {
  unsigned char target[CASC_HASH_SUM], rules[CASC_HASH_SUM];
  const char *table = scope->tables[scope->root].table->label;
  if (!casc_scope_target(scope, target) || !casc_scope_rules(scope, rules)) return casc_nomem(error);
  if (memcmp(target, top->target, sizeof target))
    return casc_fail_at(scope->connection->context, error, CASCADE_TOKEN_FOREIGN, table, NULL,
                        "the token was made for other rows than the selected ones of table %s; select those, or start without one",
                        table);
  if (memcmp(rules, top->rules, sizeof rules))
    return casc_fail_at(scope->connection->context, error, CASCADE_TOKEN_STALE, table, NULL,
                        "the schema or the policy has changed since the token for rows of table %s was made; start without one",
                        table);
  return CASCADE_OK;
}

static cascade_status check_head(const casc_scope *scope, const head *top, uint32_t max_age_s, cascade_error **error) {
  if (top->version != VERSION)
    return casc_fail(scope->connection->context, error, CASCADE_TOKEN_EXPIRED,
                     "the token is of format %u, and this version of the library reads %d; start without one",
                     (unsigned)top->version, VERSION);
  cascade_status status = check_age(scope, top, max_age_s, error);
  return status < 0 ? status : check_sums(scope, top, error);
}

static cascade_status read_bytes(casc_blockers_token *token, const unsigned char *bytes, size_t length, const void *key,
                                 size_t key_length, uint32_t max_age_s, cascade_error **error) {
  const casc_scope *scope = token->scope;
  unsigned char mac[MAC];
  head top;
  if (length < sizeof top + MAC) return refuse_forged(scope, error);
  length -= MAC;
  make_mac(mac, bytes, length, key, key_length);
  if (sodium_memcmp(mac, bytes + length, MAC)) return refuse_forged(scope, error);
  memcpy(&top, bytes, sizeof top);
  cascade_status status = check_head(scope, &top, max_age_s, error);
  if (status < 0) return status;
  reader r = {.scope = scope, .at = bytes + sizeof top, .end = bytes + length};
  get_levels(&r, token);
  token->depth = get_small(&r);
  get_places(&r, token);
  if (r.nomem) status = casc_nomem(error);
  else if (r.wrong || left(&r)) status = refuse_forged(scope, error);
  return status;
}

/* libsodium takes some bytes beyond ASCII for letters. */
static bool is_written(const char *text, size_t length) {
  return strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == length;
}

cascade_status casc_token_read(casc_blockers_token *token, const char *text, const void *key, size_t key_length, uint32_t max_age_s,
                               cascade_error **error) {
  const casc_scope *scope = token->scope;
  casc_token_free(token);
  cascade_status status = check_key(scope, key, key_length, error);
  if (status < 0) return status;
  size_t length = text ? strnlen(text, LONGEST + 1) : 0, size = 0;
  if (!length || length > LONGEST || !is_written(text, length)) return refuse_forged(scope, error);
  unsigned char *bytes = casc_calloc(scope->alloc, length, 1);
  if (!bytes) return casc_nomem(error);
  if (sodium_base642bin(bytes, length, text, length, NULL, &size, NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING))
    status = refuse_forged(scope, error);
  else status = read_bytes(token, bytes, size, key, key_length, max_age_s, error);
  casc_free(scope->alloc, bytes);
  if (status < 0) casc_token_free(token);
  return status;
}

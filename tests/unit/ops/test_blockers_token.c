/* Tokens of blockers: what was written is read again; what is of other rows or rules, of another key, or old, is not. */
#include "token_rig.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static void same_keys(const casc_keyset *a, const casc_keyset *b) {
  assert_int_equal(a->width, b->width);
  assert_int_equal(a->integer, b->integer);
  assert_int_equal(a->count, b->count);
  for (size_t i = 0; i < a->count; i++) {
    cascade_value one, other;
    const cascade_value *x = casc_keyset_key(a, i, &one), *y = casc_keyset_key(b, i, &other);
    for (uint32_t j = 0; j < a->width; j++) {
      assert_int_equal(x[j].type, y[j].type);
      assert_int_equal(x[j].integer, y[j].integer);
      assert_memory_equal(&x[j].real, &y[j].real, sizeof x[j].real);
      assert_int_equal(x[j].length, y[j].length);
      if (x[j].length) assert_memory_equal(x[j].data, y[j].data, x[j].length);
    }
  }
}

static void same(const casc_blockers_token *a, const casc_blockers_token *b) {
  assert_int_equal(a->level_count, b->level_count);
  assert_int_equal(a->rest_of_levels, b->rest_of_levels);
  assert_int_equal(a->depth, b->depth);
  assert_int_equal(a->place_count, b->place_count);
  for (uint32_t i = 0; i < a->level_count; i++) {
    assert_int_equal(a->levels[i], b->levels[i]);
    same_keys(&a->level_rows[i], &b->level_rows[i]);
  }
  for (uint32_t i = 0; i < a->place_count; i++) {
    assert_int_equal(a->places[i].relation, b->places[i].relation);
    assert_int_equal(a->places[i].limit, b->places[i].limit);
    assert_int_equal(a->places[i].backward, b->places[i].backward);
    same_keys(&a->places[i].anchor, &b->places[i].anchor);
    same_keys(&a->places[i].parts, &b->places[i].parts);
  }
}

/* Written and read; gives the length of the text. */
static size_t goes_round(const casc_blockers_token *token) {
  casc_blockers_token again;
  casc_str text;
  casc_token_init(&again, token->scope);
  casc_str_init(&text, token->scope->alloc);
  write_text(token, &text);
  assert_int_equal(casc_token_read(&again, text.data, key, KEY, 60, NULL), CASCADE_OK);
  same(token, &again);
  size_t length = text.length;
  casc_token_free(&again);
  casc_str_free(&text);
  return length;
}

/* What reading gives; a failure has one line, with these words. */
static cascade_status read_says(casc_blockers_token *token, const char *text, uint32_t max_age_s, const char *words) {
  cascade_error *error = NULL;
  cascade_status status = casc_token_read(token, text, key, KEY, max_age_s, &error);
  if (status < 0) {
    assert_int_equal(cascade_error_status(error), status);
    assert_null(strchr(cascade_error_message(error), '\n'));
    if (!strstr(cascade_error_message(error), words)) fail_msg("'%s' has no '%s'", cascade_error_message(error), words);
    assert_int_equal(token->place_count + token->level_count, 0);
  }
  cascade_error_free(error);
  return status;
}

/* ---- round trips ---- */

static void nothing_and_much_go_round(void **state) {
  (void)state;
  rig at;
  casc_blockers_token token;
  make_usual(&at);
  casc_token_init(&token, &at.scope);
  size_t least = goes_round(&token);
  assert_true(least < 60);
  uint32_t root = at.scope.root, count = at.policy->to_count[root];
  assert_true(count > DESKS);
  for (uint32_t i = 0; i < count; i++) {
    casc_token_place *place = casc_token_add(&token, at.policy->relations_to[root][i]);
    assert_non_null(place);
    place->limit = 20;
  }
  assert_true(goes_round(&token) < least + count * 3 / 2); /* a byte for each */
  static const int64_t ends[] = {0, -1, 1, 63, -64, 64, INT64_MAX, INT64_MIN, 1LL << 40};
  for (uint32_t i = 0; i < count; i++) {
    casc_token_place *place = &token.places[i];
    place->limit = i % 3 ? UINT32_MAX - i / 4 : 0;
    place->backward = i % 2;
    if (place->anchor.integer) assert_true(put_integer(&place->anchor, ends[i % (sizeof ends / sizeof *ends)]));
  }
  token.depth = UINT32_MAX;
  token.rest_of_levels = true;
  goes_round(&token);
  casc_token_free(&token);
  for (uint32_t i = count; i-- > 0;) assert_non_null(casc_token_add(&token, at.policy->relations_to[root][i / 2]));
  goes_round(&token); /* any order, and one twice */
  casc_token_free(&token);
  drop(&at);
}

static void text_and_bytes_go_round(void **state) {
  (void)state;
  rig at;
  casc_blockers_token token;
  make_usual(&at);
  uint32_t stamps = number_of(&at, "stamp", "agent"), scans = number_of(&at, "scan", "stamp");
  double tenth = 0.1, infinite = 1e308 * 10;
  const cascade_value keys[][2] = {
      {bytes(CASCADE_TEXT, "a\0b", 3), bytes(CASCADE_BLOB, "\0\0\xff", 3)},
      {bytes(CASCADE_TEXT, "", 0), bytes(CASCADE_BLOB, NULL, 0)},
      {integer(INT64_MIN), {.type = CASCADE_DOUBLE, .real = tenth}},
      {bytes(CASCADE_DECIMAL, "1.50", 4), {.type = CASCADE_UINT64, .integer = -1}},
      {{.type = CASCADE_DOUBLE, .real = -infinite}, bytes(CASCADE_TEXT, "z", 1)},
  };
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    casc_token_init(&token, &at.scope);
    casc_token_place *place = casc_token_add(&token, stamps);
    assert_non_null(place);
    assert_false(place->anchor.integer);
    assert_int_equal(place->anchor.width, 2);
    assert_true(put(&place->anchor, keys[i]));
    assert_true(put_integer(&place->parts, 3) && put_integer(&place->parts, 3)); /* a part of one row */
    goes_round(&token);
    casc_token_free(&token);
    /* first and last in the database's order, which is not that of the bytes */
    assert_true(casc_token_levels(&token, &stamps, 1));
    assert_true(put(&token.level_rows[0], keys[i]) && put(&token.level_rows[0], keys[1]) && put(&token.level_rows[0], keys[3]));
    place = casc_token_add(&token, scans);
    assert_non_null(place);
    assert_true(put_integer(&place->anchor, 12) && put(&place->parts, keys[0]) && put(&place->parts, keys[i]));
    goes_round(&token);
    casc_token_free(&token);
  }
  drop(&at);
}

/* Down three levels, two of them of a table that refers to itself, one of them of some rows only. */
static bool build_deep(const rig *at, casc_blockers_token *token) {
  uint32_t up = number_of(at, "agent", "agent"), levels[] = {up, up, number_of(at, "customer", "agent")};
  casc_token_init(token, &at->scope);
  token->depth = 9;
  if (!casc_token_levels(token, levels, 3)) return false;
  if (!put_integer(&token->level_rows[1], 5) || !put_integer(&token->level_rows[1], 90000)) return false;
  casc_token_place *place = casc_token_add(token, number_of(at, "invoice", "customer"));
  if (!place || !put_integer(&place->anchor, 1234567) || !put_integer(&place->parts, -3) || !put_integer(&place->parts, 17))
    return false;
  place->limit = 50;
  return true;
}

static void levels_go_round(void **state) {
  (void)state;
  rig at;
  casc_blockers_token token;
  make_usual(&at);
  assert_true(build_deep(&at, &token));
  assert_true(goes_round(&token) < 90);
  assert_true(casc_token_levels(&token, token.levels, 0));
  assert_int_equal(token.level_count, 0);
  casc_token_free(&token);
  drop(&at);
}

/* ---- refusals ---- */

static void lengths_are_bounded(void **state) {
  (void)state;
  rig at;
  casc_blockers_token token;
  casc_str text;
  make_usual(&at);
  casc_token_init(&token, &at.scope);
  casc_str_init(&text, at.scope.alloc);
  char secret[65] = {0};
  for (size_t length = 0; length <= 65; length++) {
    cascade_status wanted = length >= 16 && length <= 64 ? CASCADE_OK : CASCADE_INVALID;
    assert_int_equal(casc_token_write(&token, secret, length, &text, NULL), wanted);
    if (wanted < 0) assert_int_equal(casc_token_read(&token, text.data ? text.data : "A", secret, length, 0, NULL), wanted);
    else assert_int_equal(casc_token_read(&token, text.data, secret, length, 0, NULL), CASCADE_OK);
  }
  assert_int_equal(casc_token_write(&token, NULL, 32, &text, NULL), CASCADE_INVALID);
  size_t most = 1 << 20;
  char *data = malloc(most + 5);
  assert_non_null(data);
  memset(data, 'A', most + 4);
  data[most + 4] = '\0';
  assert_int_equal(read_says(&token, data, 0, "not made with this key"), CASCADE_TOKEN_FORGED);
  data[most] = '\0';
  assert_int_equal(read_says(&token, data, 0, "not made with this key"), CASCADE_TOKEN_FORGED);
  assert_int_equal(read_says(&token, "", 0, "not made with this key"), CASCADE_TOKEN_FORGED);
  assert_int_equal(read_says(&token, NULL, 0, "not made with this key"), CASCADE_TOKEN_FORGED);
  casc_token_place *place = casc_token_add(&token, number_of(&at, "stamp", "agent"));
  assert_non_null(place);
  assert_true(put(&place->anchor, (cascade_value[]){bytes(CASCADE_TEXT, data, most), integer(1)}));
  cascade_error *error = NULL;
  assert_int_equal(casc_token_write(&token, key, KEY, &text, &error), CASCADE_UNSUPPORTED);
  assert_non_null(strstr(cascade_error_message(error), "table agent"));
  cascade_error_free(error);
  free(data);
  casc_token_free(&token);
  casc_str_free(&text);
  drop(&at);
}

static cascade_status read_made_at(casc_blockers_token *token, const casc_str *text, int64_t when, uint32_t max_age_s,
                                   const char *words) {
  unsigned char data[512];
  char made[1024];
  size_t length = raw_of(text, data, sizeof data);
  for (int i = 0; i < 5; i++) data[1 + i] = (unsigned char)(when >> 8 * (4 - i));
  sign(data, length, made, sizeof made);
  return read_says(token, made, max_age_s, words);
}

static void age_and_version_count(void **state) {
  (void)state;
  rig at;
  casc_blockers_token token;
  casc_str text;
  make_usual(&at);
  assert_true(build_deep(&at, &token));
  casc_str_init(&text, at.scope.alloc);
  write_text(&token, &text);
  int64_t now = time(NULL), day = 86400;
  assert_int_equal(read_made_at(&token, &text, now - 50, 60, ""), CASCADE_OK);
  assert_int_equal(read_made_at(&token, &text, now - 70, 60, "60 are allowed"), CASCADE_TOKEN_EXPIRED);
  assert_int_equal(read_made_at(&token, &text, 0, UINT32_MAX, ""), CASCADE_OK);
  assert_int_equal(read_made_at(&token, &text, 0, 0, ""), CASCADE_OK);
  assert_int_equal(read_made_at(&token, &text, now + day - 60, 60, ""), CASCADE_OK);
  assert_int_equal(read_made_at(&token, &text, now + day + 60, 60, "clocks"), CASCADE_TOKEN_EXPIRED);
  assert_int_equal(read_made_at(&token, &text, now + day + 60, 0, "clocks"), CASCADE_TOKEN_EXPIRED);
  unsigned char data[512];
  char made[1024];
  size_t length = raw_of(&text, data, sizeof data);
  data[0]++;
  data[10]++; /* of another target, too: the version comes first */
  sign(data, length, made, sizeof made);
  assert_int_equal(read_says(&token, made, 0, "format 2"), CASCADE_TOKEN_EXPIRED);
  char other[KEY];
  memcpy(other, key, KEY);
  other[KEY - 1] ^= 1;
  assert_int_equal(casc_token_read(&token, text.data, other, KEY, 0, NULL), CASCADE_TOKEN_FORGED);
  assert_int_equal(casc_token_read(&token, text.data, key, KEY - 1, 0, NULL), CASCADE_TOKEN_FORGED);
  assert_int_equal(casc_token_read(&token, text.data, key, KEY, 0, NULL), CASCADE_OK);
  casc_token_free(&token);
  casc_str_free(&text);
  drop(&at);
}

/* One token under the scopes of other schemas and selections. */
static void rows_and_rules_count(void **state) {
  (void)state;
  static const struct {
    const char *schema, *table;
    int64_t id;
    cascade_status status;
    const char *words;
  } others[] = {
      {AGENT CUSTOMER INVOICE STAMP SCAN, "agent", 7, CASCADE_OK, ""},
      {AGENT CUSTOMER INVOICE STAMP SCAN, "agent", 8, CASCADE_TOKEN_FOREIGN, "table agent"},
      {AGENT CUSTOMER INVOICE STAMP SCAN, "customer", 7, CASCADE_TOKEN_FOREIGN, "table customer"},
      /* tables that nothing of the request reaches */
      {AGENT CUSTOMER INVOICE STAMP SCAN "CREATE TABLE aaa (id INTEGER PRIMARY KEY, of REFERENCES zzz);"
                                         "CREATE TABLE zzz (id INTEGER PRIMARY KEY);",
       "agent", 7, CASCADE_OK, ""},
      /* a rule, a relation, the type of a key, the order of a key */
      {AGENT
       "CREATE TABLE customer (id INTEGER PRIMARY KEY, agent_id INTEGER REFERENCES agent ON DELETE SET NULL);" INVOICE STAMP SCAN,
       "agent", 7, CASCADE_TOKEN_STALE, "the policy"},
      {AGENT CUSTOMER INVOICE STAMP SCAN "CREATE TABLE note (id INTEGER PRIMARY KEY, of INTEGER REFERENCES customer);", "agent", 7,
       CASCADE_TOKEN_STALE, "the policy"},
      {AGENT CUSTOMER
       "CREATE TABLE invoice (id TEXT PRIMARY KEY, customer_id INTEGER REFERENCES customer) WITHOUT ROWID;" STAMP SCAN,
       "agent", 7, CASCADE_TOKEN_STALE, "the policy"},
      {AGENT CUSTOMER INVOICE "CREATE TABLE stamp (name TEXT COLLATE NOCASE, mark BLOB, agent_id INTEGER REFERENCES agent"
                              " ON DELETE CASCADE, PRIMARY KEY (name, mark)) WITHOUT ROWID;" SCAN,
       "agent", 7, CASCADE_TOKEN_STALE, "the policy"},
  };
  rig first;
  casc_blockers_token token, again;
  casc_str text;
  make_usual(&first);
  assert_true(build_deep(&first, &token));
  casc_str_init(&text, first.scope.alloc);
  write_text(&token, &text);
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    rig at;
    make(&at, others[i].schema, others[i].table, others[i].id);
    casc_token_init(&again, &at.scope);
    assert_int_equal(read_says(&again, text.data, 60, others[i].words), others[i].status);
    if (others[i].status == CASCADE_OK) { /* numbers are those of this scope */
      assert_int_equal(again.places[0].relation, number_of(&at, "invoice", "customer"));
      assert_int_equal(again.levels[2], number_of(&at, "customer", "agent"));
      same_keys(&token.places[0].anchor, &again.places[0].anchor);
    }
    casc_token_free(&again);
    drop(&at);
  }
  casc_token_free(&token);
  casc_str_free(&text);
  drop(&first);
}

/* What could not be read again is not written. */
static void misfits_are_not_written(void **state) {
  (void)state;
  rig at;
  casc_blockers_token token;
  casc_str text;
  make_usual(&at);
  casc_str_init(&text, at.scope.alloc);
  casc_token_init(&token, &at.scope);
  uint32_t scans = number_of(&at, "scan", "stamp"), stamps = number_of(&at, "stamp", "agent"),
           desks = number_of(&at, "desk00", "agent");
  assert_non_null(casc_token_add(&token, scans)); /* not into the selection's table */
  assert_int_equal(casc_token_write(&token, key, KEY, &text, NULL), CASCADE_INVALID);
  assert_true(casc_token_levels(&token, &scans, 1));
  assert_int_equal(casc_token_write(&token, key, KEY, &text, NULL), CASCADE_INVALID);
  casc_token_free(&token);
  assert_true(casc_token_levels(&token, &desks, 1)); /* does not cascade */
  assert_int_equal(casc_token_write(&token, key, KEY, &text, NULL), CASCADE_INVALID);
  casc_token_free(&token);
  casc_token_place *place = casc_token_add(&token, stamps);
  assert_non_null(place);
  assert_true(put_integer(&place->parts, 1)); /* a first without a last */
  assert_int_equal(casc_token_write(&token, key, KEY, &text, NULL), CASCADE_INVALID);
  assert_true(put_integer(&place->parts, 2));
  assert_int_equal(casc_token_write(&token, key, KEY, &text, NULL), CASCADE_OK);
  assert_true(put(&place->anchor, (cascade_value[]){{.type = CASCADE_NULL}, integer(1)}));
  cascade_error *error = NULL;
  assert_int_equal(casc_token_write(&token, key, KEY, &text, &error), CASCADE_INVALID);
  assert_non_null(strstr(cascade_error_message(error), "not a key of table stamp"));
  cascade_error_free(error);
  casc_token_free(&token);
  casc_str_free(&text);
  drop(&at);
}

/* ---- memory ---- */

/* Written and read. */
static cascade_status pass(const casc_blockers_token *token) {
  casc_blockers_token again;
  casc_str text;
  casc_token_init(&again, token->scope);
  casc_str_init(&text, token->scope->alloc);
  cascade_status status = casc_token_write(token, key, KEY, &text, NULL);
  if (status >= 0) status = casc_token_read(&again, text.data, key, KEY, 0, NULL);
  if (status < 0) assert_int_equal(again.place_count + again.level_count, 0);
  casc_token_free(&again);
  casc_str_free(&text);
  return status;
}

static cascade_status use(const rig *at) {
  casc_blockers_token deep, wide;
  uint32_t root = at->scope.root;
  casc_token_init(&wide, &at->scope);
  cascade_status status = build_deep(at, &deep) ? CASCADE_OK : CASCADE_NOMEM;
  for (uint32_t i = 0; status >= 0 && i < at->policy->to_count[root]; i++)
    if (!casc_token_add(&wide, at->policy->relations_to[root][i])) status = CASCADE_NOMEM;
  if (status >= 0) status = pass(&deep);
  if (status >= 0) status = pass(&wide);
  casc_token_free(&deep);
  casc_token_free(&wide);
  return status;
}

static void memory_runs_out(void **state) {
  (void)state;
  rig at;
  make_usual(&at);
  long live = at.memory.live;
  bool failed = true;
  long n = 0;
  for (; failed; n++) {
    at.memory.allowed = n;
    cascade_status status = use(&at);
    failed = at.memory.failed;
    at.memory.allowed = -1;
    at.memory.failed = false;
    assert_int_equal(status, failed ? CASCADE_NOMEM : CASCADE_OK);
    assert_int_equal(at.memory.live, live);
  }
  assert_true(n > 20);
  drop(&at);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nothing_and_much_go_round), cmocka_unit_test(text_and_bytes_go_round),
      cmocka_unit_test(levels_go_round),           cmocka_unit_test(lengths_are_bounded),
      cmocka_unit_test(age_and_version_count),     cmocka_unit_test(rows_and_rules_count),
      cmocka_unit_test(misfits_are_not_written),   cmocka_unit_test(memory_runs_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

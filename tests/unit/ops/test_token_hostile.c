/* Tokens that somebody has changed: without the key none is taken, with it none is read beyond its bounds. */
#include "token_rig.h"

#include <stdlib.h>
#include <string.h>

static uint32_t next(uint64_t *seed) {
  *seed = *seed * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(*seed >> 33);
}

static long rounds(long all) {
  const char *preloaded = getenv("LD_PRELOAD");
  bool slowed = getenv("CASCADE_QUICK") || (preloaded && strstr(preloaded, "vgpreload"));
#ifdef __SANITIZE_ADDRESS__
  slowed = true;
#endif
  return slowed ? all / 50 : all;
}

/* A token with something of everything. */
static void build_rich(const rig *at, casc_blockers_token *token, int64_t anchor) {
  uint32_t stamps = number_of(at, "stamp", "agent");
  casc_token_init(token, &at->scope);
  assert_true(casc_token_levels(token, &stamps, 1));
  cascade_value half = {.type = CASCADE_DOUBLE, .real = 0.5};
  assert_true(put(&token->level_rows[0], (cascade_value[]){bytes(CASCADE_TEXT, "a\0b", 3), half}));
  assert_true(put(&token->level_rows[0], (cascade_value[]){bytes(CASCADE_TEXT, "zz", 2), integer(-900)}));
  token->rest_of_levels = true;
  casc_token_place *place = casc_token_add(token, number_of(at, "scan", "stamp"));
  assert_non_null(place);
  place->limit = 300;
  assert_true(put_integer(&place->anchor, anchor));
  assert_true(put(&place->parts, (cascade_value[]){bytes(CASCADE_BLOB, "\0", 1), integer(4)}));
  assert_true(put(&place->parts, (cascade_value[]){bytes(CASCADE_TEXT, "", 0), integer(5)}));
}

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+ \n\x80";

/* Changes a text in one of six ways, perhaps into itself. */
static void mutate(char *text, size_t length, const char *other, size_t other_length, uint64_t *seed) {
  size_t at = next(seed) % length;
  switch (next(seed) % 6) {
  case 0: text[at] = (char)(text[at] ^ 1 << next(seed) % 8); break;
  case 1: text[at] = '\0'; break;
  case 2: text[at] = letters[next(seed) % (sizeof letters - 1)]; break;
  case 3: /* one more */
    memmove(text + at + 1, text + at, length - at + 1);
    text[at] = letters[next(seed) % (sizeof letters - 1)];
    break;
  case 4: memmove(text + at, text + at + 1, length - at); break; /* one less */
  default:                                                       /* the end of the other, from here or from elsewhere */
    if (next(seed) % 2) at = other_length / 2;
    strcpy(text + at, other + at);
  }
}

static void changed_texts_are_refused(void **state) {
  (void)state;
  rig at;
  casc_blockers_token token, other;
  casc_str text, second;
  char work[1024];
  uint64_t seed = 41;
  make_usual(&at);
  build_rich(&at, &token, 77);
  build_rich(&at, &other, 78);
  casc_str_init(&text, at.scope.alloc);
  casc_str_init(&second, at.scope.alloc);
  write_text(&token, &text);
  write_text(&other, &second);
  assert_int_equal(text.length, second.length);
  assert_true(text.length < sizeof work / 2);
  long changed = 0;
  for (long i = 0, all = rounds(1000000); i < all; i++) {
    memcpy(work, text.data, text.length + 1);
    for (uint32_t times = 1 + next(&seed) % 3 / 2; times && *work; times--)
      mutate(work, strlen(work), second.data, second.length, &seed);
    if (!strcmp(work, text.data) || !strcmp(work, second.data)) continue;
    changed++;
    cascade_status status = casc_token_read(&token, work, key, KEY, 0, NULL);
    if (status != CASCADE_TOKEN_FORGED) fail_msg("'%s' gave %d", work, (int)status);
  }
  assert_true(changed > rounds(1000000) / 2);
  assert_int_equal(casc_token_read(&token, text.data, key, KEY, 0, NULL), CASCADE_OK);
  casc_token_free(&token);
  casc_token_free(&other);
  casc_str_free(&text);
  casc_str_free(&second);
  drop(&at);
}

/* Bodies that one who knows the key has made: refused, or such that they can be written again. */
static void hostile_bodies_are_read_within_bounds(void **state) {
  (void)state;
  rig at;
  casc_blockers_token token;
  casc_str text, again;
  unsigned char data[1024], work[1024];
  char made[2048];
  uint64_t seed = 43;
  make_usual(&at);
  casc_str_init(&text, at.scope.alloc);
  casc_str_init(&again, at.scope.alloc);
  build_rich(&at, &token, 77);
  write_text(&token, &text);
  size_t length = raw_of(&text, data, sizeof data - MAC);
  long taken = 0, refused = 0, all = rounds(200000);
  for (long i = 0; i < all; i++) {
    size_t size = length;
    memcpy(work, data, length);
    if (next(&seed) % 4 == 0) size = TOP + next(&seed) % (length - TOP + 1);
    if (next(&seed) % 4 == 0) size += next(&seed) % 3;
    for (uint32_t times = next(&seed) % 4; times && size > TOP; times--) {
      size_t place = TOP + next(&seed) % (size - TOP);
      work[place] = next(&seed) % 2 ? (unsigned char)next(&seed) : (unsigned char)(work[place] ^ 1 << next(&seed) % 8);
    }
    sign(work, size, made, sizeof made);
    cascade_status status = casc_token_read(&token, made, key, KEY, 0, NULL);
    taken += status == CASCADE_OK;
    refused += status == CASCADE_TOKEN_FORGED;
    if (status == CASCADE_OK) assert_int_equal(casc_token_write(&token, key, KEY, &again, NULL), CASCADE_OK);
  }
  assert_int_equal(taken + refused, all);
  assert_true(taken > all / 100 && refused > all / 10);
  casc_token_free(&token);
  casc_str_free(&text);
  casc_str_free(&again);
  drop(&at);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(changed_texts_are_refused),
      cmocka_unit_test(hostile_bodies_are_read_within_bounds),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

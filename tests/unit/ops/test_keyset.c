/* Sets of keys against the plainest set there is. */
#include "keyset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { RANGE = 400 };

/* Number n as a key of the set: an integer, or a text and an integer. */
static void key_of(const casc_keyset *set, unsigned n, cascade_value key[2], char text[16]) {
  key[0] = (cascade_value){.type = CASCADE_INT64, .integer = (int64_t)n - RANGE / 2};
  if (set->integer) return;
  snprintf(text, 16, "k%u", n / 7);
  key[0] = (cascade_value){.type = CASCADE_TEXT, .data = text, .length = strlen(text)};
  key[1] = (cascade_value){.type = CASCADE_INT64, .integer = n % 7};
}

static unsigned next(unsigned *seed) {
  *seed = *seed * 1103515245u + 12345u;
  return *seed >> 16 & 0x7fff;
}

static void compare(const casc_keyset *set, const bool *model) {
  size_t count = 0;
  for (unsigned n = 0; n < RANGE; n++) {
    cascade_value key[2];
    char text[16];
    key_of(set, n, key, text);
    assert_int_equal(casc_keyset_contains(set, key), model[n]);
    count += model[n];
  }
  assert_int_equal(set->count, count);
}

static void random_merges(bool integer) {
  casc_keyset set, fresh, gone;
  bool model[RANGE] = {false}, had[RANGE];
  unsigned seed = 7;
  casc_keyset_init(&set, &casc_system_alloc, integer ? 1 : 2, integer);
  casc_keyset_init(&fresh, &casc_system_alloc, set.width, integer);
  casc_keyset_init(&gone, &casc_system_alloc, set.width, integer);
  for (int round = 0; round < 200; round++) {
    cascade_value key[2];
    char text[16];
    memcpy(had, model, sizeof had);
    for (unsigned i = next(&seed) % 30; i; i--) {
      unsigned n = next(&seed) % RANGE;
      key_of(&set, n, key, text);
      assert_true(casc_keyset_append(&set, key));
      model[n] = true;
    }
    assert_true(casc_keyset_merge(&set, &fresh));
    compare(&set, model);
    size_t added = 0;
    for (unsigned n = 0; n < RANGE; n++) {
      key_of(&set, n, key, text);
      bool is_new = model[n] && !had[n];
      assert_int_equal(casc_keyset_contains(&fresh, key), is_new);
      added += is_new;
    }
    assert_int_equal(fresh.count, added);
    if (round % 5) continue;
    casc_keyset_clear(&gone);
    for (unsigned i = 0; i < 20; i++) {
      unsigned n = next(&seed) % RANGE;
      key_of(&set, n, key, text);
      assert_true(casc_keyset_append(&gone, key));
      model[n] = false;
    }
    assert_true(casc_keyset_merge(&gone, NULL));
    casc_keyset_subtract(&set, &gone);
    compare(&set, model);
  }
  casc_keyset_free(&set);
  casc_keyset_free(&fresh);
  casc_keyset_free(&gone);
}

static void integers(void **state) {
  (void)state;
  random_merges(true);
}

static void cells(void **state) {
  (void)state;
  random_merges(false);
}

static void views_are_in_order(void **state) {
  (void)state;
  casc_keyset set;
  casc_keyset_init(&set, &casc_system_alloc, 1, true);
  for (int64_t i = 10; i; i--)
    assert_true(casc_keyset_append(&set, &(cascade_value){.type = CASCADE_INT64, .integer = i % 2 ? INT64_MAX - i : -i}));
  assert_true(casc_keyset_merge(&set, NULL));
  cascade_keys view = casc_keyset_view(&set, 0, set.count);
  assert_int_equal(view.count, 10);
  for (size_t i = 1; i < view.count; i++) assert_true(view.integers[i - 1] < view.integers[i]);
  assert_null(casc_keyset_view(&set, 10, 0).integers);
  casc_keyset_free(&set);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(integers), cmocka_unit_test(cells), cmocka_unit_test(views_are_in_order)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Allocation, arena, text and map: contents, limits, and running out of memory at every point. */
#include "unit.h"

#include "arena.h"
#include "map.h"
#include "str.h"

#include <cascade/graph.h>
#include <stdio.h>

static void test_zeroed(void **state) {
  (void)state;
  failing_alloc memory = {.allowed = -1};
  casc_alloc alloc = failing_hooks(&memory);
  unsigned char *bytes = casc_calloc(&alloc, 100, 3);
  for (int i = 0; i < 300; i++) assert_int_equal(bytes[i], 0);
  casc_free(&alloc, bytes);
  assert_null(casc_calloc(&alloc, SIZE_MAX / 2, 3)); /* the product wraps round */
  bytes = casc_calloc(&alloc, 0, 8);                 /* the hooks never see a zero */
  assert_non_null(bytes);
  casc_free(&alloc, bytes);
  casc_free(&alloc, NULL);
  char *copy = casc_strdup(&alloc, "text");
  assert_string_equal(copy, "text");
  casc_free(&alloc, copy);
  assert_int_equal(memory.live, 0);
}

static void test_grow(void **state) {
  (void)state;
  failing_alloc memory = {.allowed = -1};
  casc_alloc alloc = failing_hooks(&memory);
  uint64_t *array = NULL;
  size_t capacity = 0;
  for (size_t i = 0; i < 10000; i++) {
    assert_true(casc_grow(&alloc, (void **)&array, &capacity, i + 1, sizeof *array));
    assert_true(capacity > i);
    array[i] = i * i;
  }
  for (size_t i = 0; i < 10000; i++) assert_int_equal(array[i], i * i);
  size_t before = capacity;
  void *same = array;
  assert_false(casc_grow(&alloc, (void **)&array, &capacity, SIZE_MAX, sizeof *array));
  assert_false(casc_grow(&alloc, (void **)&array, &capacity, SIZE_MAX / 8 + 1, sizeof *array));
  memory.allowed = 0;
  assert_false(casc_grow(&alloc, (void **)&array, &capacity, before + 1, sizeof *array));
  assert_int_equal(capacity, before);
  assert_ptr_equal(array, same);
  assert_int_equal(array[9999], 9999 * 9999);
  casc_free(&alloc, array);
  assert_int_equal(memory.live, 0);
}

static void test_arena(void **state) {
  (void)state;
  failing_alloc memory = {.allowed = -1};
  casc_alloc alloc = failing_hooks(&memory);
  casc_arena arena;
  casc_arena_init(&arena, &alloc);
  unsigned char *pieces[500];
  for (size_t i = 0; i < 500; i++) {
    size_t size = i * 37 % 5000;
    pieces[i] = casc_arena_get(&arena, size, 1);
    assert_int_equal((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
    for (size_t j = 0; j < size; j++) assert_int_equal(pieces[i][j], 0);
    memset(pieces[i], (int)i, size);
  }
  for (size_t i = 0; i < 500; i++)
    for (size_t j = 0; j < i * 37 % 5000; j++) assert_int_equal(pieces[i][j], (unsigned char)i);
  assert_string_equal(casc_arena_strdup(&arena, "text"), "text");
  assert_string_equal(casc_arena_printf(&arena, "%d of %s", 7, "many"), "7 of many");
  char *copy = casc_arena_copy(&arena, "a\0b", 3);
  assert_memory_equal(copy, "a\0b\0", 4);
  assert_non_null(casc_arena_copy(&arena, NULL, 0));
  assert_null(casc_arena_get(&arena, SIZE_MAX, 2));
  assert_null(casc_arena_get(&arena, SIZE_MAX / 2 + 1, 1));
  casc_arena_clear(&arena);
  assert_int_equal(memory.live, 0);
  assert_string_equal(casc_arena_strdup(&arena, "again"), "again");
  casc_arena_clear(&arena);
  casc_arena_clear(&arena);
  memory.allowed = 0;
  assert_null(casc_arena_get(&arena, 1, 1));
  assert_null(casc_arena_printf(&arena, "%d", 1));
  assert_null(casc_arena_strdup(&arena, ""));
  assert_int_equal(memory.live, 0);
}

static void test_text(void **state) {
  (void)state;
  failing_alloc memory = {.allowed = -1};
  casc_alloc alloc = failing_hooks(&memory);
  casc_str text;
  casc_str_init(&text, &alloc);
  assert_null(text.data);
  casc_str_put(&text, "");
  assert_string_equal(text.data, "");
  casc_str_put(&text, "ab");
  casc_str_putc(&text, 'c');
  casc_str_putn(&text, "d\0e", 3);
  assert_int_equal(text.length, 6);
  assert_memory_equal(text.data, "abcd\0e\0", 7);
  casc_str_clear(&text);
  static const long long numbers[] = {0, 7, -7, 10, 1234567890123, INT64_MAX, INT64_MIN};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    char wanted[32];
    casc_str_clear(&text);
    casc_str_int(&text, numbers[i]);
    snprintf(wanted, sizeof wanted, "%lld", numbers[i]);
    assert_string_equal(text.data, wanted);
  }
  casc_str_clear(&text);
  casc_str_hex(&text, "\x00\xff\x1a", 3);
  casc_str_hex(&text, NULL, 0);
  assert_string_equal(text.data, "00ff1a");
  casc_str_printf(&text, "-%s-%05d", "x", 42);
  assert_string_equal(text.data, "00ff1a-x-00042");
  for (int i = 0; i < 5000; i++) casc_str_printf(&text, "%d,", i);
  assert_false(text.failed);
  assert_int_equal(strlen(text.data), text.length);
  casc_str_free(&text);
  assert_int_equal(memory.live, 0);
}

static void test_text_given_away(void **state) {
  (void)state;
  casc_str text;
  casc_str_init(&text, &casc_system_alloc);
  char *given = casc_str_give(&text); /* of nothing: the empty text */
  assert_string_equal(given, "");
  cascade_text_free(given);
  casc_str_put(&text, "kept");
  given = casc_str_give(&text);
  assert_string_equal(given, "kept");
  assert_null(text.data);
  cascade_text_free(given);
  cascade_text_free(NULL);
}

/* A failure is remembered, whatever follows, until the text is cleared. */
static void test_text_without_memory(void **state) {
  (void)state;
  for (long allowed = 0; allowed < 8; allowed++) {
    failing_alloc memory = {.allowed = allowed};
    casc_alloc alloc = failing_hooks(&memory);
    casc_str text;
    casc_str_init(&text, &alloc);
    for (int i = 0; i < 1000; i++) {
      casc_str_put(&text, "some words ");
      casc_str_hex(&text, "ab", 2);
      casc_str_printf(&text, "%d", i);
      casc_str_int(&text, i);
    }
    assert_true(memory.failed && text.failed);
    memory.allowed = -1;
    memory.failed = false;
    casc_str_put(&text, "more");
    assert_true(text.failed);
    assert_null(casc_str_give(&text));
    casc_str_clear(&text);
    casc_str_put(&text, "fresh");
    assert_string_equal(text.data, "fresh");
    casc_str_putn(&text, "x", SIZE_MAX - 2);
    assert_true(text.failed);
    casc_str_free(&text);
    assert_int_equal(memory.live, 0);
  }
}

static void test_map(void **state) {
  (void)state;
  failing_alloc memory = {.allowed = -1};
  casc_alloc alloc = failing_hooks(&memory);
  casc_map map;
  uint32_t value = 99;
  char key[32];
  casc_map_init(&map, &alloc);
  assert_false(casc_map_get(&map, "none", &value));
  assert_int_equal(value, 99);
  for (uint32_t i = 0; i < 5000; i++) {
    snprintf(key, sizeof key, "key %u", i);
    assert_true(casc_map_put(&map, key, i));
  }
  assert_true(casc_map_put(&map, "key 7", 1000)); /* keeps its first value */
  assert_true(casc_map_put(&map, "", 12345));
  for (uint32_t i = 0; i < 5000; i++) {
    snprintf(key, sizeof key, "key %u", i);
    assert_true(casc_map_get(&map, key, &value));
    assert_int_equal(value, i);
  }
  assert_true(casc_map_get(&map, "", &value) && value == 12345);
  assert_true(casc_map_get(&map, "key 1", NULL));
  assert_false(casc_map_get(&map, "KEY 1", &value));
  casc_map_free(&map);
  casc_map_free(&map);
  assert_int_equal(memory.live, 0);
}

static void test_map_without_memory(void **state) {
  (void)state;
  bool complete = false;
  for (long allowed = 0; !complete; allowed++) {
    failing_alloc memory = {.allowed = allowed};
    casc_alloc alloc = failing_hooks(&memory);
    casc_map map;
    char key[32];
    uint32_t put = 0, value;
    casc_map_init(&map, &alloc);
    for (; put < 200; put++) {
      snprintf(key, sizeof key, "%u", put);
      if (!casc_map_put(&map, key, put)) break;
    }
    complete = put == 200;
    assert_true(complete || memory.failed);
    for (uint32_t i = 0; i < put; i++) { /* what was put before stays */
      snprintf(key, sizeof key, "%u", i);
      assert_true(casc_map_get(&map, key, &value) && value == i);
    }
    casc_map_free(&map);
    assert_int_equal(memory.live, 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_zeroed),
      cmocka_unit_test(test_grow),
      cmocka_unit_test(test_arena),
      cmocka_unit_test(test_text),
      cmocka_unit_test(test_text_given_away),
      cmocka_unit_test(test_text_without_memory),
      cmocka_unit_test(test_map),
      cmocka_unit_test(test_map_without_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

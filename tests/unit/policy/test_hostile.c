/* Memory that runs out at every allocation, and documents with random damage. */
#include "memory.h"
#include "museum.h"

#include <stdlib.h>
#include <string.h>

static const char document[] =
    "{\"relations\": [\n"
    "  {\"table\": \"loan\", \"columns\": [\"borrower_id\"], \"rule\": \"PROTECT\"},\n"
    "  {\"table\": \"loan\", \"columns\": [\"region\", \"code\"], \"ref_table\": \"agent\", \"ref_columns\": "
    "[\"region\","
    " \"code\"], \"rule\": \"SET_VALUE\", \"values\": [\"north\", \"N\"]},\n"
    "  {\"table\": \"note\", \"columns\": [\"object_id\"], \"ref_table\": \"agent\", \"ref_column\": \"id\",\n"
    "   \"where\": \"object_type = 'agent'\", \"rule\": \"CASCADE\"},\n"
    "  {\"table\": \"agent\", \"columns\": [\"region\"], \"ref_table\": \"loan\", \"on_delete\": \"set null\"},\n"
    "  {\"table\": \"task\", \"column\": \"owner_id\", \"action\": \"SET\", \"values\": [1]}],\n"
    " \"exclude\": [\"audit_log\"]}\n";

static memory *museum;

static int open_museum(void **state) {
  (void)state;
  museum = memory_open(museum_schema);
  return 0;
}

static int close_museum(void **state) {
  (void)state;
  memory_close(museum);
  return 0;
}

/* Fails after 0, 1, 2 ... allocations until the call comes through; gives how many it took. */
static long sweep(const char *json, cascade_status at_last) {
  for (long allocations = 0; allocations < 10000; allocations++) {
    cascade_policy *policy = NULL;
    cascade_error *error = NULL;
    long before = museum->live;
    museum->allowed = allocations;
    cascade_status status = cascade_policy_load(museum->graph, json, strlen(json), &policy, &error);
    museum->allowed = -1;
    if (status == at_last && cascade_error_status(error) == at_last) {
      cascade_error_free(error);
      cascade_policy_free(policy);
      assert_int_equal(museum->live, before);
      return allocations;
    }
    assert_null(policy);
    assert_int_equal(cascade_error_status(error), CASCADE_NOMEM);
    cascade_error_free(error);
    assert_int_equal(museum->live, before);
  }
  fail_msg("it never came through");
  return 0;
}

static void test_memory_runs_out(void **state) {
  (void)state;
  assert_true(sweep(document, CASCADE_OK) > 10);
  assert_true(sweep("[{\"table\": \"loan\", \"column\": \"borower_id\", \"rule\": \"CASCADE\"}]", CASCADE_NOT_FOUND) > 3);
  assert_true(sweep("[{\"table\": \"twin\", \"column\": \"x\", \"rule\": \"CASCADE\"}]", CASCADE_POLICY) > 3);
  assert_true(sweep("[{\"table\": \"laon\", \"column\": \"x\", \"rule\": \"CASCADE\"}]", CASCADE_NOT_FOUND) > 3);
}

static uint32_t next_random(uint32_t *seed) {
  *seed ^= *seed << 13;
  *seed ^= *seed >> 17;
  return *seed ^= *seed << 5;
}

/* What the failure says must be one line, and the status one of those that the header names. */
static cascade_status try_document(const char *json, size_t length) {
  char *exact = malloc(length); /* so that a read past the end is seen */
  assert_non_null(exact);
  memcpy(exact, json, length);
  cascade_policy *policy = NULL;
  cascade_error *error = NULL;
  cascade_status status = cascade_policy_load(museum->graph, exact, length, &policy, &error);
  assert_true((status == CASCADE_OK) == (policy != NULL));
  if (status < 0) {
    assert_true(status == CASCADE_FORMAT || status == CASCADE_POLICY || status == CASCADE_NOT_FOUND || status == CASCADE_INVALID);
    assert_true(*cascade_error_message(error) && !strchr(cascade_error_message(error), '\n'));
  }
  cascade_error_free(error);
  cascade_policy_free(policy);
  free(exact);
  return status;
}

static void test_random_damage(void **state) {
  (void)state;
  enum { LENGTH = sizeof document - 1 };
  static const char telling[] = "{}[]\",:\\n0 ";
  uint32_t seed = 20100;
  unsigned sound = 0, damaged = 0;
  for (int round = 0; round < 6000; round++) {
    char copy[LENGTH];
    memcpy(copy, document, LENGTH);
    size_t length = next_random(&seed) % 8 ? LENGTH : next_random(&seed) % (LENGTH + 1);
    for (uint32_t flips = 1 + next_random(&seed) % 3; flips; flips--) {
      uint32_t at = next_random(&seed) % LENGTH, how = next_random(&seed) % 3;
      if (how == 0) copy[at] = (char)(copy[at] ^ (1u << next_random(&seed) % 8));
      else if (how == 1) copy[at] = telling[next_random(&seed) % (sizeof telling - 1)];
      else copy[at] = copy[next_random(&seed) % LENGTH];
    }
    if (try_document(copy, length) < 0) damaged++;
    else sound++;
  }
  assert_true(damaged > 1000);
  assert_true(sound > 100); /* some damage hides in white space and in the condition */
}

static void test_deep_nesting(void **state) {
  (void)state;
  enum { DEPTH = 100000 };
  char *deep = malloc(DEPTH);
  assert_non_null(deep);
  memset(deep, '[', DEPTH);
  assert_int_equal(try_document(deep, DEPTH), CASCADE_FORMAT);
  free(deep);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_memory_runs_out),
      cmocka_unit_test(test_random_damage),
      cmocka_unit_test(test_deep_nesting),
  };
  return cmocka_run_group_tests(tests, open_museum, close_museum);
}

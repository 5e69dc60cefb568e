/* Runs the whole suite against one driver. */
#include "suites.h"

static void add(struct CMUnitTest *all, size_t *count, const test_entry *tests, size_t more) {
  for (size_t i = 0; i < more; i++)
    if (!tests[i].engine || strcmp(tests[i].engine, chosen->engine->name) == 0) all[(*count)++] = tests[i].test;
}

int main(int argc, char **argv) {
  static struct CMUnitTest all[200];
  size_t count = 0;
  for (size_t i = 0; i < quirks_count; i++)
    if (argc > 1 && strcmp(argv[1], all_quirks[i].name) == 0) chosen = &all_quirks[i];
  if (!chosen) {
    fprintf(stderr, "usage: %s DRIVER [TEST-PATTERN]\n", argv[0]);
    return 2;
  }
  add(all, &count, values_tests, values_tests_count);
  add(all, &count, statements_tests, statements_tests_count);
  add(all, &count, failures_tests, failures_tests_count);
  add(all, &count, postgres_tests, postgres_tests_count);
  add(all, &count, mariadb_tests, mariadb_tests_count);
  if (!chosen->adopted) add(all, &count, opening_tests, opening_tests_count);
  if (!chosen->adopted) add(all, &count, mariadb_opening_tests, mariadb_opening_tests_count);
  if (!chosen->adopted) add(all, &count, postgres_opening_tests, postgres_opening_tests_count);
  if (chosen->dbi) add(all, &count, libdbi_tests, libdbi_tests_count);
  if (argc > 2) cmocka_set_test_filter(argv[2]);
  return _cmocka_run_group_tests(chosen->name, all, count, NULL, NULL);
}

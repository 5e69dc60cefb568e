/* The parts of the suite. */
#ifndef SUITES_H
#define SUITES_H

#include "rig.h"

extern const test_entry values_tests[], statements_tests[], failures_tests[], opening_tests[], libdbi_tests[], postgres_tests[],
    postgres_opening_tests[];
extern const size_t values_tests_count, statements_tests_count, failures_tests_count, opening_tests_count, libdbi_tests_count,
    postgres_tests_count, postgres_opening_tests_count;

extern const test_entry mariadb_tests[], mariadb_opening_tests[];
extern const size_t mariadb_tests_count, mariadb_opening_tests_count;

/* In fuzz.c: statements of hostile names and texts, compared with what SQLite says of them itself. */
void random_statements(test_rig *rig);

#endif

/* Transactions whose size is chosen by what the last ones took, of a cost that is known: so much each, and so much for a row. */
#include "overhead.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define TARGET 100.0

typedef struct work {
  casc_overhead overhead;
  double each_ms, row_ms; /* the cost */
  double least;           /* no smaller for being late */
  double size, longest, all_ms, rows;
  unsigned random, believed; /* transactions after which there was overhead */
} work;

/* By chance, up to a fifth more, and one in nine takes twice as long. */
static double chance(work *at) {
  at->random = at->random * 1103515245u + 12345u;
  unsigned number = at->random >> 16;
  return number % 9 ? 1 + (double)(number % 200) / 1000 : 2;
}

static void run(work *at, int transactions) {
  at->longest = at->all_ms = at->rows = 0;
  for (int i = 0; i < transactions; i++) {
    double ms = (at->each_ms + at->row_ms * at->size) * chance(at), wanted = at->size * TARGET / ms, most = 8 * at->size;
    if (wanted < at->least) wanted = at->least;
    at->rows += at->size;
    at->all_ms += ms;
    if (ms > at->longest) at->longest = ms;
    casc_overhead_learn(&at->overhead, at->size, ms, TARGET);
    at->believed += at->overhead.ms > 0;
    if (casc_overhead_size(&at->overhead) > 0) wanted = casc_overhead_size(&at->overhead);
    at->size = wanted > most ? most : wanted < 1 ? 1 : wanted;
  }
}

/* The share of its time that the rows took. */
static double use(const work *at) {
  return at->rows * at->row_ms / at->all_ms;
}

/* Chance takes its share, too. */
static void no_more_than_half_is_lost(void **state) {
  (void)state;
  for (double each = TARGET; each < 100 * TARGET; each *= 2)
    for (unsigned random = 0; random < 50; random++) {
      work at = {.each_ms = each, .row_ms = 0.01, .size = 1000, .random = random};
      run(&at, 25); /* it finds out */
      run(&at, 200);
      if (use(&at) < 0.25) fail_msg("%.0f ms each, seed %u: of the time %.2f is the rows'", each, random, use(&at));
      if (at.longest > 20 * each) fail_msg("%.0f ms each, seed %u: one takes %.0f ms", each, random, at.longest);
    }
}

static void those_that_may_be_no_smaller_tell_it_too(void **state) {
  (void)state;
  for (unsigned random = 0; random < 50; random++) {
    work at = {.each_ms = 10 * TARGET, .row_ms = 0.01, .size = 2000, .least = 1500, .random = random};
    run(&at, 40);
    run(&at, 200);
    if (use(&at) < 0.15) fail_msg("seed %u: of the time %.2f is the rows'", random, use(&at));
    at = (work){.row_ms = 1, .size = 2000, .least = 1500, .random = random}; /* it is the rows' indeed */
    run(&at, 400);
    if (at.believed > 80 || at.rows < 300 * 1000) fail_msg("seed %u: %u transactions, %.0f rows", random, at.believed, at.rows);
  }
}

static void rows_alone_are_no_overhead(void **state) {
  (void)state;
  for (unsigned random = 0; random < 200; random++) {
    work at = {.row_ms = 0.01, .each_ms = 2, .size = 1000, .random = random};
    run(&at, 400);
    if (at.believed) fail_msg("seed %u: %u transactions", random, at.believed);
  }
}

static void what_is_over_is_forgotten(void **state) {
  (void)state;
  for (unsigned random = 0; random < 50; random++) {
    work at = {.each_ms = 10 * TARGET, .row_ms = 0.01, .size = 1000, .random = random};
    run(&at, 40);
    assert_true(at.overhead.ms > TARGET);
    at.each_ms = 0; /* an index is there now */
    run(&at, 40);
    run(&at, 50);
    assert_int_equal(at.overhead.ms > 0, 0);
    assert_true(at.longest < 6 * TARGET);
  }
}

static void rows_that_get_dearer_make_it_no_longer(void **state) {
  (void)state;
  for (unsigned random = 0; random < 50; random++) {
    work at = {.each_ms = 10 * TARGET, .row_ms = 0.01, .size = 1000, .random = random};
    run(&at, 40);
    at.row_ms = 0.05;
    run(&at, 3);
    run(&at, 50);
    assert_true(at.longest < 20 * 10 * TARGET);
    assert_true(use(&at) > 0.15);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(no_more_than_half_is_lost),
      cmocka_unit_test(those_that_may_be_no_smaller_tell_it_too),
      cmocka_unit_test(rows_alone_are_no_overhead),
      cmocka_unit_test(what_is_over_is_forgotten),
      cmocka_unit_test(rows_that_get_dearer_make_it_no_longer),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

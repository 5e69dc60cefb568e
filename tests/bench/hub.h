/* What refers to one row: read, not deleted. Relations are numbered as in bench_hub. */
#ifndef HUB_H
#define HUB_H

#include "bench.h"

enum {
  HUB = 1,            /* the agent who is referred to */
  UNREFERRED = 10000, /* one who is not */
  PAGE_KEYS = 20,
  MANY_KEYS = 20000, /* of a page, where all keys are wanted */
  COUNT_CAP = 1000,
  LARGE = 0, /* the relation with most rows */
  TRAP = 2   /* the one whose rows are all at the end of its table */
};

/* Before anything looks at bench_hub. */
void bench_make_hub(void);
/* The number of the relation; that behind the last when there is none. */
uint32_t bench_hub_relation(const char *table, const char *column);
/* The key behind which page 10,000 of LARGE begins, at size 1,800,000; of smaller sizes one that is as far. */
int64_t bench_hub_far(int64_t size);
/* What a method has found: methods that answer the same question must have found the same. */
void bench_hub_key(bench_run *run, uint32_t relation, int64_t key);
void bench_hub_count(bench_run *run, uint32_t relation, uint64_t rows_counted);

/* Through the library. Reading the graph is no part of the time: hosts that ask again and again keep it. */
void *bench_open_reader(bench_run *run);
void *bench_open_dbi_reader(bench_run *run);
void bench_close_reader(void *session);
void bench_first_page(bench_run *run, void *session);
void bench_all_keys(bench_run *run, void *session);
void bench_all_pages(bench_run *run, void *session);
void bench_near_page(bench_run *run, void *session);
void bench_far_page(bench_run *run, void *session);
void bench_trap(bench_run *run, void *session);
void bench_counts(bench_run *run, void *session);
void bench_capped_counts(bench_run *run, void *session);
void bench_probe(bench_run *run, void *session);
void bench_probe_unreferred(bench_run *run, void *session);

/* By hand. */
void bench_first_page_union(bench_run *run, void *session);
void bench_first_page_each(bench_run *run, void *session);
void bench_all_keys_by_hand(bench_run *run, void *session);
void bench_far_page_by_hand(bench_run *run, void *session);
void bench_trap_by_hand(bench_run *run, void *session);
void bench_counts_by_hand(bench_run *run, void *session);
void bench_capped_counts_by_hand(bench_run *run, void *session);

#endif

/* What is measured on which engine, and which ratios say how good it is. */
#include "hub.h"

#define LIBRARY(name, actions, open, work)                                                                                         \
  { name, actions, open, work, bench_close_library }
#define BY_HAND(name, actions, work)                                                                                               \
  { name, actions, bench_open_client, work, bench_close_client }
#define COUNT(array) (sizeof array / sizeof *array)

static const bench_method sqlite_methods[] = {LIBRARY("native_driver", false, bench_open_native, bench_checked),
                                              LIBRARY("dbi_driver", false, bench_open_dbi, bench_checked),
                                              BY_HAND("staged", false, bench_staged),
                                              BY_HAND("cascade", true, bench_cascade),
                                              LIBRARY("native_driver_proven", false, bench_open_native, bench_proven),
                                              LIBRARY("dbi_driver_proven", false, bench_open_dbi, bench_proven),
                                              BY_HAND("limit", false, bench_limit)};

static const bench_method postgresql_methods[] = {
    LIBRARY("native_driver", false, bench_open_native, bench_checked),
    BY_HAND("staged", false, bench_staged),
    LIBRARY("dbi_driver", false, bench_open_dbi, bench_checked),
    LIBRARY("native_driver_delegated", true, bench_open_native, bench_delegated),
    BY_HAND("cascade_batched", true, bench_cascade_batched),
    BY_HAND("cascade", true, bench_cascade),
    LIBRARY("dbi_driver_delegated", true, bench_open_dbi, bench_delegated),
    LIBRARY("native_driver_proven", false, bench_open_native, bench_proven),
    BY_HAND("staged_unchecked", false, bench_staged_unchecked),
    LIBRARY("dbi_driver_proven", false, bench_open_dbi, bench_proven),
    LIBRARY("native_driver_delegated_proven", true, bench_open_native, bench_delegated_proven),
    BY_HAND("limit", false, bench_limit)};

static const bench_method mariadb_methods[] = {LIBRARY("native_driver", false, bench_open_native, bench_checked),
                                               BY_HAND("staged", false, bench_staged),
                                               LIBRARY("dbi_driver", false, bench_open_dbi, bench_checked),
                                               LIBRARY("native_driver_delegated", true, bench_open_native, bench_delegated),
                                               BY_HAND("cascade_batched", true, bench_cascade_batched),
                                               BY_HAND("cascade", true, bench_cascade),
                                               LIBRARY("dbi_driver_delegated", true, bench_open_dbi, bench_delegated),
                                               BY_HAND("limit", false, bench_limit)};

static const bench_method spare_methods[] = {
    LIBRARY("native_driver", false, bench_open_native, bench_checked), BY_HAND("cascade", true, bench_cascade),
    LIBRARY("native_driver_proven", false, bench_open_native, bench_proven), BY_HAND("limit", false, bench_limit)};

#define READ(name, question, work)                                                                                                 \
  { name, true, bench_open_reader, work, bench_close_reader, NULL, question, NULL }
#define READ_DBI(name, question, work)                                                                                             \
  { name, true, bench_open_dbi_reader, work, bench_close_reader, NULL, question, NULL }
#define READ_BY_HAND(name, question, work)                                                                                         \
  { name, true, bench_open_client, work, bench_close_client, NULL, question, NULL }
#define READ_UNSETTLED(name, question, work, unsettle)                                                                             \
  { name, true, bench_open_reader, work, bench_close_reader, NULL, question, unsettle }

#define FIRST_PAGES                                                                                                                \
  READ("first_page", "first page", bench_first_page), READ_DBI("first_page_dbi", "first page", bench_first_page),                  \
      READ_BY_HAND("first_page_union", "first page", bench_first_page_union),                                                      \
      READ_BY_HAND("first_page_each", "first page", bench_first_page_each)
#define READS                                                                                                                      \
  FIRST_PAGES, READ("page_1", "page 1", bench_near_page), READ("page_10000", "page 10,000", bench_far_page),                       \
      READ_BY_HAND("page_10000_by_hand", "page 10,000", bench_far_page_by_hand), READ("all_keys", "all keys", bench_all_keys),     \
      READ_DBI("all_keys_dbi", "all keys", bench_all_keys), READ("all_pages", "all keys", bench_all_pages),                        \
      READ_BY_HAND("all_keys_by_hand", "all keys", bench_all_keys_by_hand), READ("trap", "trap", bench_trap),                      \
      READ_BY_HAND("trap_by_hand", "trap", bench_trap_by_hand), READ("probe", "probe", bench_probe),                               \
      READ("probe_unreferred", "probe", bench_probe_unreferred), READ("counts", "counts", bench_counts),                           \
      READ_BY_HAND("counts_by_hand", "counts", bench_counts_by_hand),                                                              \
      READ("counts_capped", "counts, capped", bench_capped_counts),                                                                \
      READ_BY_HAND("counts_capped_by_hand", "counts, capped", bench_capped_counts_by_hand)

/* Statistics of a dense column in the place of the trap's own, as if its rows had changed since; and none at all. */
#define TRAP_STATISTICS(column)                                                                                                    \
  "pg_statistic WHERE starelid = 'collection_001'::regclass AND staattnum = (SELECT attnum FROM pg_attribute"                      \
  " WHERE attrelid = 'collection_001'::regclass AND attname = '" column "')"
static const char *const stale[] = {"DELETE FROM " TRAP_STATISTICS("reviewed_by"),
                                    "UPDATE pg_statistic SET staattnum = (SELECT attnum FROM pg_attribute"
                                    " WHERE attrelid = 'collection_001'::regclass AND attname = 'reviewed_by')"
                                    " WHERE starelid = 'collection_001'::regclass AND staattnum = (SELECT attnum FROM pg_attribute"
                                    " WHERE attrelid = 'collection_001'::regclass AND attname = 'created_by')",
                                    NULL};
static const char *const unknown[] = {"DELETE FROM pg_statistic WHERE starelid = 'collection_001'::regclass", NULL};

static const bench_method read_methods[] = {READS};
static const bench_method postgresql_read_methods[] = {READS, READ_UNSETTLED("trap_stale", "trap", bench_trap, stale),
                                                       READ_UNSETTLED("trap_unknown", "trap", bench_trap, unknown)};
static const bench_method unindexed_read_methods[] = {FIRST_PAGES};

static const bench_ratio read_ratios[] = {{"first_page", "first_page_union"},
                                          {"first_page_dbi", "first_page"},
                                          {"first_page_each", "first_page"},
                                          {"django_pages", "first_page"},
                                          {"django_collector", "first_page"},
                                          {"page_10000", "page_1"},
                                          {"page_10000", "page_10000_by_hand"},
                                          {"all_keys", "all_keys_by_hand"},
                                          {"all_pages", "all_keys_by_hand"},
                                          {"all_keys_dbi", "all_keys"},
                                          {"trap", "trap_by_hand"},
                                          {"counts", "counts_by_hand"},
                                          {"counts_capped", "counts_capped_by_hand"}};

static const bench_method fill_methods[] = {
    LIBRARY("native_driver", false, bench_open_native, bench_granted), LIBRARY("dbi_driver", false, bench_open_dbi, bench_granted),
    LIBRARY("second_pass", false, bench_open_granted, bench_granted), BY_HAND("insert_select", false, bench_insert_select)};

static const bench_method detach_methods[] = {LIBRARY("native_driver", false, bench_open_queue, bench_detach),
                                              LIBRARY("dbi_driver", false, bench_open_queue_dbi, bench_detach),
                                              BY_HAND("insert_update", false, bench_insert_update)};

static const bench_method queue_methods[] = {
    LIBRARY("native_driver", false, bench_open_queue, bench_detach_and_purge),
    LIBRARY("native_driver_proven", false, bench_open_queue, bench_detach_and_purge_proven)};

static const bench_ratio sqlite_ratios[] = {{"native_driver", "staged"},
                                            {"native_driver", "cascade"},
                                            {"dbi_driver", "native_driver"},
                                            {"native_driver_proven", "native_driver"},
                                            {"dbi_driver_proven", "native_driver_proven"},
                                            {"native_driver", "limit"},
                                            {"native_driver_proven", "limit"},
                                            {"staged", "limit"}};

static const bench_ratio postgresql_ratios[] = {{"native_driver", "staged"},
                                                {"native_driver_proven", "staged_unchecked"},
                                                {"native_driver_delegated", "cascade_batched"},
                                                {"native_driver_delegated", "cascade"},
                                                {"cascade", "native_driver"},
                                                {"cascade", "native_driver_proven"},
                                                {"dbi_driver", "native_driver"},
                                                {"dbi_driver_delegated", "native_driver_delegated"},
                                                {"dbi_driver_proven", "native_driver_proven"},
                                                {"native_driver", "limit"},
                                                {"native_driver_proven", "limit"}};

static const bench_ratio mariadb_ratios[] = {{"native_driver", "staged"},
                                             {"native_driver", "cascade"},
                                             {"native_driver_delegated", "cascade_batched"},
                                             {"native_driver_delegated", "cascade"},
                                             {"dbi_driver", "native_driver"},
                                             {"dbi_driver_delegated", "native_driver_delegated"},
                                             {"native_driver", "limit"}};

static const bench_ratio spare_ratios[] = {
    {"cascade", "native_driver"}, {"cascade", "native_driver_proven"}, {"native_driver_proven", "limit"}};

#define READING(methods) methods, read_ratios, COUNT(methods), COUNT(read_ratios)

static const bench_ratio fill_ratios[] = {{"native_driver", "insert_select"},
                                          {"dbi_driver", "native_driver"},
                                          {"second_pass", "native_driver"},
                                          {"get_or_create", "native_driver"}};

static const bench_ratio detach_ratios[] = {
    {"native_driver", "insert_update"}, {"dbi_driver", "insert_update"}, {"dbi_driver", "native_driver"}};

static const bench_ratio queue_ratios[] = {
    {"native_driver_proven", "native_driver"}, {"hannigan", "native_driver"}, {"hannigan", "native_driver_proven"}};

#define WITH(engine) engine##_methods, engine##_ratios, COUNT(engine##_methods), COUNT(engine##_ratios)

static const char w1[] = "the older half of N runs of an automation server, 12 rows each";
static const char w1b[] = "the same, with no index on two of the referencing columns";
static const char w1s[] = "the same, where the older runs are strewn among the younger";
static const char w2[] = "what refers to one row of 10,000, by 515 relations, N references in all; nothing is deleted";
static const char w2u[] = "the same, with no index on any of the referencing columns";
static const char w3[] = "who may see N products, as members or by their teams, in one table: 58 rows each";
static const char w4[] = "N households cut from their area, 16 rows each on three levels";
static const char w4d[] = "N households are cut from their area, and recorded for later";
static const char w4h[] = "the same, and a worker purges them: 16 rows each on three levels";

const bench_workload bench_workloads[] = {{"w1", w1, &bench_sqlite, &bench_jobs, false, false, WITH(sqlite)},
                                          {"w1", w1, &bench_postgresql, &bench_jobs, false, false, WITH(postgresql)},
                                          {"w1", w1, &bench_mariadb, &bench_jobs, false, false, WITH(mariadb)},
                                          {"w1s", w1s, &bench_sqlite, &bench_scattered_jobs, false, false, WITH(sqlite)},
                                          {"w1s", w1s, &bench_postgresql, &bench_scattered_jobs, false, false, WITH(postgresql)},
                                          {"w1s", w1s, &bench_mariadb, &bench_scattered_jobs, false, false, WITH(mariadb)},
                                          {"w1b", w1b, &bench_sqlite, &bench_jobs, true, false, WITH(spare)},
                                          {"w1b", w1b, &bench_postgresql, &bench_jobs, true, false, WITH(spare)},
                                          {"w2", w2, &bench_sqlite, &bench_hub, false, true, READING(read_methods)},
                                          {"w2", w2, &bench_postgresql, &bench_hub, false, true, READING(postgresql_read_methods)},
                                          {"w2", w2, &bench_mariadb, &bench_hub, false, true, READING(read_methods)},
                                          {"w2u", w2u, &bench_sqlite, &bench_hub, true, true, READING(unindexed_read_methods)},
                                          {"w2u", w2u, &bench_postgresql, &bench_hub, true, true, READING(unindexed_read_methods)},
                                          {"w3", w3, &bench_sqlite, &bench_grants, false, false, WITH(fill)},
                                          {"w3", w3, &bench_postgresql, &bench_grants, false, false, WITH(fill)},
                                          {"w3", w3, &bench_mariadb, &bench_grants, false, false, WITH(fill)},
                                          {"w4", w4, &bench_sqlite, &bench_census, false, false, WITH(spare)},
                                          {"w4", w4, &bench_postgresql, &bench_census, false, false, WITH(postgresql)},
                                          {"w4", w4, &bench_mariadb, &bench_census, false, false, WITH(mariadb)},
                                          {"w4d", w4d, &bench_sqlite, &bench_detached, false, false, WITH(detach)},
                                          {"w4d", w4d, &bench_postgresql, &bench_detached, false, false, WITH(detach)},
                                          {"w4d", w4d, &bench_mariadb, &bench_detached, false, false, WITH(detach)},
                                          {"w4h", w4h, &bench_sqlite, &bench_occupied_census, false, false, WITH(queue)},
                                          {"w4h", w4h, &bench_postgresql, &bench_occupied_census, false, false, WITH(queue)}};
const uint32_t bench_workload_count = COUNT(bench_workloads);

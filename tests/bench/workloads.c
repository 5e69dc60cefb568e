/* What is measured on which engine, and which ratios say how good it is. */
#include "bench.h"

#define LIBRARY(name, actions, open, work)                                                                             \
  { name, actions, open, work, bench_close_library }
#define BY_HAND(name, actions, work)                                                                                   \
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

static const bench_method mariadb_methods[] = {
    LIBRARY("native_driver", false, bench_open_native, bench_checked),
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

static const bench_method fill_methods[] = {LIBRARY("native_driver", false, bench_open_native, bench_granted),
                                            LIBRARY("dbi_driver", false, bench_open_dbi, bench_granted),
                                            LIBRARY("second_pass", false, bench_open_granted, bench_granted),
                                            BY_HAND("insert_select", false, bench_insert_select)};

static const bench_method detach_methods[] = {LIBRARY("native_driver", false, bench_open_queue, bench_detach),
                                              LIBRARY("dbi_driver", false, bench_open_queue_dbi, bench_detach),
                                              BY_HAND("insert_update", false, bench_insert_update)};

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

static const bench_ratio fill_ratios[] = {
    {"native_driver", "insert_select"}, {"dbi_driver", "native_driver"}, {"second_pass", "native_driver"}};

static const bench_ratio detach_ratios[] = {
    {"native_driver", "insert_update"}, {"dbi_driver", "insert_update"}, {"dbi_driver", "native_driver"}};

#define WITH(engine) engine##_methods, engine##_ratios, COUNT(engine##_methods), COUNT(engine##_ratios)

static const char w1[] = "the older half of N runs of an automation server, 12 rows each";
static const char w1b[] = "the same, with no index on two of the referencing columns";
static const char w1s[] = "the same, where the older runs are strewn among the younger";
static const char w3[] = "who may see N products, as members or by their teams, in one table: 58 rows each";
static const char w4[] = "N households cut from their area, 16 rows each on three levels";
static const char w4d[] = "N households are cut from their area, and recorded for later";

const bench_workload bench_workloads[] = {
    {"w1", w1, &bench_sqlite, &bench_jobs, false, WITH(sqlite)},
    {"w1", w1, &bench_postgresql, &bench_jobs, false, WITH(postgresql)},
    {"w1", w1, &bench_mariadb, &bench_jobs, false, WITH(mariadb)},
    {"w1s", w1s, &bench_sqlite, &bench_scattered_jobs, false, WITH(sqlite)},
    {"w1s", w1s, &bench_postgresql, &bench_scattered_jobs, false, WITH(postgresql)},
    {"w1s", w1s, &bench_mariadb, &bench_scattered_jobs, false, WITH(mariadb)},
    {"w1b", w1b, &bench_sqlite, &bench_jobs, true, WITH(spare)},
    {"w1b", w1b, &bench_postgresql, &bench_jobs, true, WITH(spare)},
    {"w3", w3, &bench_sqlite, &bench_grants, false, WITH(fill)},
    {"w3", w3, &bench_postgresql, &bench_grants, false, WITH(fill)},
    {"w3", w3, &bench_mariadb, &bench_grants, false, WITH(fill)},
    {"w4", w4, &bench_sqlite, &bench_census, false, WITH(spare)},
    {"w4", w4, &bench_postgresql, &bench_census, false, WITH(postgresql)},
    {"w4", w4, &bench_mariadb, &bench_census, false, WITH(mariadb)},
    {"w4d", w4d, &bench_sqlite, &bench_detached, false, WITH(detach)},
    {"w4d", w4d, &bench_postgresql, &bench_detached, false, WITH(detach)},
    {"w4d", w4d, &bench_mariadb, &bench_detached, false, WITH(detach)}};
const uint32_t bench_workload_count = COUNT(bench_workloads);

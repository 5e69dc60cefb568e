/* W1, the job history of an automation server: 12 rows hang on every run, in 8 tables; 5 more tables refer to runs and
   are set to NULL; hosts and credentials are only referred to. The older half of the runs goes. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bench.h"

#define SERIES(count)                                                                                                  \
  "(WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s LIMIT " count ") SELECT i FROM s)"

/* {C} and {N} stand for the ON DELETE action, {n} for the size. */
static const char *const tables[] = {
    "CREATE TABLE host(id INTEGER PRIMARY KEY, name TEXT NOT NULL)",
    "CREATE TABLE credential(id INTEGER PRIMARY KEY, name TEXT NOT NULL)",
    "CREATE TABLE run(id INTEGER PRIMARY KEY, created INTEGER NOT NULL, title TEXT NOT NULL, state TEXT NOT NULL)",
    "CREATE TABLE job(run_id INTEGER PRIMARY KEY REFERENCES run(id){C}, script TEXT NOT NULL, forks INTEGER NOT NULL)",
    "CREATE TABLE job_event(id INTEGER PRIMARY KEY, job_id INTEGER NOT NULL REFERENCES job(run_id){C}, host_id INTEGER "
    "REFERENCES host(id), position INTEGER NOT NULL, kind TEXT NOT NULL, output TEXT NOT NULL)",
    "CREATE TABLE job_host(id INTEGER PRIMARY KEY, job_id INTEGER NOT NULL REFERENCES job(run_id){C}, host_id INTEGER "
    "REFERENCES host(id), ok INTEGER NOT NULL)",
    "CREATE TABLE job_launch(id INTEGER PRIMARY KEY, job_id INTEGER NOT NULL REFERENCES job(run_id){C}, options TEXT "
    "NOT NULL)",
    "CREATE TABLE run_credential(id INTEGER PRIMARY KEY, run_id INTEGER NOT NULL REFERENCES run(id){C}, credential_id "
    "INTEGER "
    "NOT NULL REFERENCES credential(id))",
    "CREATE TABLE schedule(id INTEGER PRIMARY KEY, run_id INTEGER REFERENCES run(id){N}, name TEXT NOT NULL)",
    "CREATE TABLE workflow(id INTEGER PRIMARY KEY, run_id INTEGER REFERENCES run(id){N}, name TEXT NOT NULL)",
    "CREATE TABLE project(id INTEGER PRIMARY KEY, run_id INTEGER REFERENCES run(id){N}, name TEXT NOT NULL)",
    "CREATE TABLE inventory(id INTEGER PRIMARY KEY, run_id INTEGER REFERENCES run(id){N}, name TEXT NOT NULL)",
    "CREATE TABLE notice(id INTEGER PRIMARY KEY, run_id INTEGER REFERENCES run(id){N}, name TEXT NOT NULL)",
    "INSERT INTO host SELECT i, 'host-' || i FROM " SERIES("1000"),
    "INSERT INTO credential SELECT i, 'credential-' || i FROM " SERIES("100"),
    "INSERT INTO run SELECT i, i, 'nightly run number ' || i, CASE i % 5 WHEN 0 THEN 'failed' ELSE 'successful' END "
    "FROM " SERIES("{n}"),
    "INSERT INTO job SELECT i, 'site-' || (i % 50) || '.yml', i % 10 FROM " SERIES("{n}"),
    "INSERT INTO job_event SELECT i, (i - 1) / 5 + 1, i * 7919 % 1000 + 1, (i - 1) % 5, 'task_ok', "
    "'ok: [host] => changed=false, line of output number ' || i FROM " SERIES("5 * {n}"),
    "INSERT INTO job_host SELECT i, i, i * 104729 % 1000 + 1, i % 7 FROM " SERIES("{n}"),
    "INSERT INTO job_launch SELECT i, i, '{\"limit\": ' || i || '}' FROM " SERIES("{n}"),
    "INSERT INTO run_credential SELECT i, (i - 1) / 3 + 1, ((i - 1) / 3 * 7 + (i - 1) % 3 * 31) % 100 + 1 FROM " SERIES(
        "3 * {n}"),
    "INSERT INTO schedule SELECT i, i * 10, 'x' FROM " SERIES("{n}") " WHERE i <= {n} / 10",
    "INSERT INTO workflow SELECT i, i * 20 - 3, 'x' FROM " SERIES("{n}") " WHERE i <= {n} / 20",
    "INSERT INTO project SELECT i, i * (1 + {n} / 1000) % {n} + 1, 'x' FROM " SERIES("1000"),
    "INSERT INTO inventory SELECT i, NULL, 'x' FROM " SERIES("100"),
    "CREATE INDEX run_created ON run(created)",
    "CREATE INDEX job_event_job ON job_event(job_id)",
    "CREATE INDEX job_event_host ON job_event(host_id)",
    "CREATE INDEX job_host_job ON job_host(job_id)",
    "CREATE INDEX job_host_host ON job_host(host_id)",
    "CREATE UNIQUE INDEX job_launch_job ON job_launch(job_id)",
    "CREATE UNIQUE INDEX run_credential_both ON run_credential(run_id, credential_id)",
    "CREATE INDEX run_credential_credential ON run_credential(credential_id)",
    "CREATE INDEX schedule_run ON schedule(run_id)",
    "CREATE INDEX workflow_run ON workflow(run_id)",
    "CREATE INDEX project_run ON project(run_id)",
    "CREATE INDEX inventory_run ON inventory(run_id)",
    "CREATE INDEX notice_run ON notice(run_id)",
    "ANALYZE"};

/* Rows that must be left, told by the original: every row whose run stays, and all of the tables that are only
 * rewritten. */
static const struct {
  const char *table, *stays, *value;
} left[] = {{"run", "id > {h}", "sum(id)"},
            {"job", "run_id > {h}", "sum(run_id)"},
            {"job_event", "job_id > {h}", "sum(id)"},
            {"job_host", "job_id > {h}", "sum(id)"},
            {"job_launch", "job_id > {h}", "sum(id)"},
            {"run_credential", "run_id > {h}", "sum(id)"},
            {"schedule", "1", "total(CASE WHEN run_id > {h} THEN run_id END)"},
            {"workflow", "1", "total(CASE WHEN run_id > {h} THEN run_id END)"},
            {"project", "1", "total(CASE WHEN run_id > {h} THEN run_id END)"},
            {"inventory", "1", "total(CASE WHEN run_id > {h} THEN run_id END)"},
            {"notice", "1", "total(CASE WHEN run_id > {h} THEN run_id END)"},
            {"host", "1", "sum(id)"},
            {"credential", "1", "sum(id)"}};

/* Copies `text` with its marks replaced. */
static void fill_in(char *out, size_t room, const char *text, int64_t size, bool actions) {
  size_t used = 0;
  while (*text && used + 40 < room) {
    if (!strncmp(text, "{n}", 3) || !strncmp(text, "{h}", 3))
      used += (size_t)snprintf(out + used, room - used, "%" PRId64, text[1] == 'n' ? size : size / 2);
    else if (!strncmp(text, "{C}", 3) || !strncmp(text, "{N}", 3))
      used += (size_t)snprintf(out + used, room - used, "%s",
                               !actions         ? ""
                               : text[1] == 'C' ? " ON DELETE CASCADE"
                                                : " ON DELETE SET NULL");
    else {
      out[used++] = *text++;
      continue;
    }
    text += 3;
  }
  out[used] = 0;
}

static bool execute(sqlite3 *db, const char *sql, char *message, size_t room) {
  if (sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK) return true;
  snprintf(message, room, "%.80s: %s", sql, sqlite3_errmsg(db));
  return false;
}

static bool generate(const char *path, int64_t size, bool actions, char *message, size_t room) {
  sqlite3 *db = NULL;
  char sql[1500];
  bool made = sqlite3_open(path, &db) == SQLITE_OK &&
              execute(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA cache_size = -500000; BEGIN",
                      message, room);
  for (size_t i = 0; made && i < sizeof tables / sizeof *tables; i++) {
    fill_in(sql, sizeof sql, tables[i], size, actions);
    made = execute(db, sql, message, room);
  }
  made = made && execute(db, "COMMIT; PRAGMA wal_checkpoint(TRUNCATE)", message, room);
  sqlite3_close(db);
  return made;
}

/* Count and check sum of a table as text. */
static bool look(sqlite3 *db, const char *sql, char *out, size_t room) {
  sqlite3_stmt *statement = NULL;
  bool looked = sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW;
  if (looked)
    snprintf(out, room, "%s rows, %s", sqlite3_column_text(statement, 0),
             sqlite3_column_text(statement, 1) ? (const char *)sqlite3_column_text(statement, 1) : "-");
  sqlite3_finalize(statement);
  return looked;
}

static bool same(sqlite3 *original, sqlite3 *result, size_t i, int64_t size, char *message, size_t room) {
  char text[400], sql[500], wanted[80] = "?", got[80] = "??";
  snprintf(text, sizeof text, "SELECT count(*), %s FROM %s WHERE %s", left[i].value, left[i].table, left[i].stays);
  fill_in(sql, sizeof sql, text, size, false);
  if (!look(original, sql, wanted, sizeof wanted)) return false;
  const char *rewritten =
      strcmp(left[i].stays, "1") || !strncmp(left[i].value, "sum", 3) ? left[i].value : "total(run_id)";
  snprintf(sql, sizeof sql, "SELECT count(*), %s FROM %s", rewritten, left[i].table);
  if (look(result, sql, got, sizeof got) && !strcmp(wanted, got)) return true;
  snprintf(message, room, "table %s has %s instead of %s", left[i].table, got, wanted);
  return false;
}

static bool verify(const char *path, const char *original, int64_t size, bool thorough, char *message, size_t room) {
  sqlite3 *a = NULL, *b = NULL;
  bool right = sqlite3_open_v2(original, &a, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
               sqlite3_open_v2(path, &b, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK;
  if (!right) snprintf(message, room, "%s cannot be opened", path);
  for (size_t i = 0; right && i < sizeof left / sizeof *left; i++) right = same(a, b, i, size, message, room);
  if (right && thorough) {
    char row[80];
    right = !look(b, "SELECT \"table\", rowid FROM pragma_foreign_key_check", row, sizeof row);
    if (!right) snprintf(message, room, "a foreign key does not hold: %s", row);
  }
  sqlite3_close(a);
  sqlite3_close(b);
  return right;
}

static const bench_method methods[] = {{"native_driver", false, w1_checked, w1_open_native, w1_close_library},
                                       {"dbi_driver", false, w1_checked, w1_open_dbi, w1_close_library},
                                       {"staged", false, w1_staged, w1_open_plain, w1_close_plain},
                                       {"cascade", true, w1_cascade, w1_open_plain, w1_close_plain},
                                       {"native_driver_proven", false, w1_proven, w1_open_native, w1_close_library},
                                       {"dbi_driver_proven", false, w1_proven, w1_open_dbi, w1_close_library},
                                       {"limit", false, w1_limit, w1_open_plain, w1_close_plain}};

static const bench_ratio ratios[] = {
    {"native_driver/staged", "native_driver", "staged"},
    {"native_driver/cascade", "native_driver", "cascade"},
    {"dbi_driver/native_driver", "dbi_driver", "native_driver"},
    {"native_driver_proven/native_driver", "native_driver_proven", "native_driver"},
    {"dbi_driver_proven/native_driver_proven", "dbi_driver_proven", "native_driver_proven"},
    {"native_driver/limit", "native_driver", "limit"},
    {"native_driver_proven/limit", "native_driver_proven", "limit"},
    {"staged/limit", "staged", "limit"}};

const bench_workload bench_w1_sqlite = {.name = "w1",
                                        .engine = "sqlite",
                                        .methods = methods,
                                        .method_count = sizeof methods / sizeof *methods,
                                        .ratios = ratios,
                                        .ratio_count = sizeof ratios / sizeof *ratios,
                                        .generate = generate,
                                        .verify = verify};

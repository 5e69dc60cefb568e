/* A purge with an archive, in tables and in a file, over a driver that fails and memory that runs out: at every call, in every way,
   each row is in its table or in the archive's, and of the file's lines those are of rows that went, and no others unless nobody
   knows. */
#include "failing_alloc.h"
#include "fault_driver.h"
#include "scratch.h"

#include <cascade.h>
#include <sqlite3.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char schema[] =
    "PRAGMA foreign_keys = ON;"
    "CREATE TABLE owner (id INTEGER PRIMARY KEY, name TEXT);"
    "CREATE TABLE pet (id INTEGER PRIMARY KEY, owner_id INTEGER NOT NULL REFERENCES owner ON DELETE CASCADE,"
    "                  friend_id INTEGER REFERENCES pet ON DELETE SET NULL, photo BLOB);"
    "CREATE INDEX pet_owner ON pet (owner_id); CREATE INDEX pet_friend ON pet (friend_id);"
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 12) INSERT INTO owner SELECT i, 'o' || i FROM n;"
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 36)"
    "  INSERT INTO pet SELECT i, (i + 2) / 3, CASE WHEN i > 3 THEN i - 3 END, x'ff' FROM n;";

enum { OWNERS = 8, ROWS = OWNERS * 4 };

typedef struct rig {
  char directory[SCRATCH_ROOM], file[SCRATCH_ROOM + 16];
  sqlite3 *db;
  failing_alloc memory;
  cascade_context *context;
  fault_driver *driver;
  cascade_connection *connection;
} rig;

static void make(rig *at) {
  *at = (rig){.memory = {.allowed = -1}};
  assert_true(scratch_in_memory(at->directory, "archive"));
  snprintf(at->file, sizeof at->file, "%s/rows.jsonl", at->directory);
  FILE *empty = fopen(at->file, "w");
  assert_non_null(empty);
  fclose(empty);
  assert_int_equal(sqlite3_open(":memory:", &at->db), SQLITE_OK);
  assert_int_equal(sqlite3_exec(at->db, schema, NULL, NULL, NULL), SQLITE_OK);
  assert_non_null(at->context = failing_context(&at->memory));
  assert_non_null(at->driver = fault_driver_over_sqlite(at->context, at->db));
  assert_int_equal(fault_driver_connect(at->driver, &at->connection, NULL), CASCADE_OK);
}

static void drop(rig *at) {
  cascade_connection_free(at->connection);
  cascade_context_free(at->context);
  assert_int_equal(at->memory.live, 0);
  assert_int_equal(sqlite3_close(at->db), SQLITE_OK);
  unlink(at->file);
  rmdir(at->directory);
}

static int ask(sqlite3 *db, const char *sql) {
  sqlite3_stmt *statement = NULL;
  assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
  int value = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int(statement, 0) : -1;
  sqlite3_finalize(statement);
  return value;
}

static int left(const rig *at) {
  char sql[200];
  snprintf(sql, sizeof sql, "SELECT (SELECT count(*) FROM owner WHERE id <= %d) + (SELECT count(*) FROM pet WHERE owner_id <= %d)",
           OWNERS, OWNERS);
  return ask(at->db, sql);
}

static bool in_file(const char *text, const char *table, int id) {
  char line[80];
  snprintf(line, sizeof line, "{\"table\": \"%s\", \"row\": {\"id\": %d,", table, id);
  return strstr(text, line);
}

/* The file's whole lines; how many there are. `text` is the caller's to free. */
static int read_file(const rig *at, char **text) {
  FILE *file = fopen(at->file, "r");
  size_t room = 0;
  int lines = 0;
  assert_non_null(file);
  *text = NULL;
  if (getdelim(text, &room, '\0', file) < 0) (*text = realloc(*text, 1))[0] = '\0';
  fclose(file);
  size_t length = strlen(*text);
  assert_true(!length || (*text)[length - 1] == '\n');
  for (const char *line = *text; (line = strchr(line, '\n')); line++) lines++;
  return lines;
}

/* `unsure`: the file may have more. */
static void sound(const rig *at, bool unsure) {
  char *text, sql[120];
  int lines = read_file(at, &text), gone = ROWS - left(at);
  bool tables = ask(at->db, "SELECT count(*) FROM sqlite_master WHERE name = 'pet_old'");
  assert_true(sqlite3_get_autocommit(at->db));
  assert_int_equal(ask(at->db, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
  for (int i = 1; i <= 36; i++)
    for (int owner = 0; owner < 2; owner++) {
      const char *table = owner ? "owner" : "pet";
      snprintf(sql, sizeof sql, "SELECT count(*) FROM %s WHERE id = %d", table, i);
      bool there = ask(at->db, sql) || (owner && i > 12);
      snprintf(sql, sizeof sql, "SELECT count(*) FROM %s_old WHERE id = %d", table, i);
      assert_int_equal(tables && ask(at->db, sql) == 1, !there); /* in exactly one of the two */
      if (!there || !unsure) assert_int_equal(in_file(text, table, i), !there);
    }
  if (!unsure) assert_int_equal(lines, gone);
  free(text);
}

static cascade_status use(rig *at, uint64_t *rows) {
  cascade_graph *graph = NULL;
  cascade_policy *policy = NULL;
  cascade_selection *selection = NULL;
  cascade_archive *archive = NULL;
  cascade_purge *purge = NULL;
  cascade_error *error = NULL;
  const cascade_batch_info *batch;
  char *text = NULL;
  cascade_archive_options places = {.size = sizeof places, .file = at->file, .suffix = "_old"};
  cascade_archive_report report = {.size = sizeof report};
  cascade_status status = cascade_graph_read(at->connection, NULL, &graph, &error);
  if (status >= 0) status = cascade_policy_new(graph, NULL, &policy, &error);
  if (status >= 0) status = cascade_selection_where(graph, "owner", "id <= 8", NULL, 0, &selection, &error);
  if (status >= 0) status = cascade_archive_new(at->context, &places, &archive, &error);
  if (status >= 0) status = cascade_archive_ddl(archive, at->connection, policy, "owner", &text, &error);
  if (status >= 0) status = cascade_archive_install(archive, at->connection, policy, "owner", &error);
  cascade_purge_options options = {.size = sizeof options, .max_tx_rows = 9, .archive = archive};
  if (status >= 0) status = cascade_purge_new(at->connection, policy, selection, &options, &purge, &error);
  while (status == CASCADE_OK) status = cascade_purge_next(purge, &batch, &error);
  assert_int_equal(status < 0, error != NULL);
  if (error) assert_int_equal(cascade_error_status(error), status);
  if (error) assert_true(strlen(cascade_error_message(error)) > 0);
  if (archive) cascade_archive_describe(archive, &report);
  *rows = report.rows;
  cascade_text_free(text);
  cascade_error_free(error);
  cascade_archive_free(archive); /* the purge has it still */
  cascade_purge_free(purge);
  cascade_selection_free(selection);
  cascade_policy_free(policy);
  cascade_graph_free(graph);
  return status;
}

static void finishes(rig *at, bool unsure) {
  uint64_t rows;
  sqlite3_exec(at->db, "ROLLBACK; PRAGMA foreign_keys = ON", NULL, NULL, NULL); /* even that may have been lost */
  fault_driver_script(at->driver, &(fault){0});
  assert_int_equal(use(at, &rows), CASCADE_DONE);
  assert_int_equal(left(at), 0);
  sound(at, unsure);
}

static uint64_t stride(void) {
  return getenv("CASCADE_QUICK") ? 17 : 1;
}

/* One fault at each call in turn, until a run meets none. */
static void sweep(fault script, bool unsure) {
  bool fired = true;
  for (uint64_t n = 1; fired; n += stride()) {
    rig at;
    uint64_t rows;
    make(&at);
    script.at = n;
    fault_driver_script(at.driver, &script);
    cascade_status status = use(&at, &rows);
    fired = at.driver->fired;
    if (!fired) assert_int_equal(status, CASCADE_DONE);
    if (!sqlite3_get_autocommit(at.db)) sqlite3_exec(at.db, "ROLLBACK", NULL, NULL, NULL);
    sound(&at, unsure);
    if (!unsure) assert_int_equal(rows, ROWS - left(&at));
    finishes(&at, unsure);
    drop(&at);
    assert_true(n < 5000);
  }
}

static void any_call_fails(void **state) {
  (void)state;
  sweep((fault){.status = CASCADE_DATABASE, .transaction = CASCADE_TX_OPEN}, false);
  sweep((fault){.status = CASCADE_CONSTRAINT, .transaction = CASCADE_TX_ROLLED_BACK}, false);
}

/* Of a COMMIT that never arrives, or whose reply does not, the lines stay. */
static void connection_is_lost(void **state) {
  (void)state;
  sweep((fault){.status = CASCADE_CONNECTION, .transaction = CASCADE_TX_ROLLED_BACK, .lasting = true}, true);
  sweep((fault){.match = "COMMIT", .status = CASCADE_CONNECTION, .transaction = CASCADE_TX_UNKNOWN, .after = true}, true);
}

/* A batch that is tried again is archived once. */
static void transient_failures_are_tried_again(void **state) {
  (void)state;
  static const cascade_status statuses[] = {CASCADE_BUSY, CASCADE_DEADLOCK, CASCADE_SERIALIZATION, CASCADE_TIMEOUT};
  static const char *const matches[] = {"Insert Into \"pet_old\"", "Delete", "COMMIT"};
  for (size_t i = 0; i < 4; i++)
    for (size_t j = 0; j < 3; j++) {
      rig at;
      uint64_t rows;
      make(&at);
      fault_driver_script(
          at.driver,
          &(fault){
              .calls = FAULT_EXECUTE, .match = matches[j], .at = 3, .status = statuses[i], .transaction = CASCADE_TX_ROLLED_BACK});
      assert_int_equal(use(&at, &rows), CASCADE_DONE);
      assert_true(at.driver->fired);
      assert_int_equal(rows, ROWS);
      sound(&at, false);
      drop(&at);
    }
}

/* As many rows are copied as go, and as many go as were copied: whatever the database says else is believed, and ends it. */
static void counts_that_differ(void **state) {
  (void)state;
  static const struct {
    const char *match;
    int64_t miscount;
    bool fails;
  } cases[] = {{"Insert Into \"pet_old\"", -1, true},
               {"Insert Into \"pet_old\"", 1, true},
               {"Insert Into \"owner_old\"", -1, true},
               {"Delete From \"pet\"", 1, true},
               {"Delete From \"pet\"", -1, false}}; /* the last: it is seen that none is left */
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    rig at;
    uint64_t rows;
    make(&at);
    fault_driver_script(at.driver,
                        &(fault){.calls = FAULT_EXECUTE, .match = cases[i].match, .at = 2, .miscount = cases[i].miscount});
    assert_int_equal(use(&at, &rows), cases[i].fails ? CASCADE_ARCHIVE : CASCADE_DONE);
    assert_true(at.driver->fired);
    sound(&at, false);
    assert_int_equal(left(&at) > 0, cases[i].fails);
    finishes(&at, false);
    drop(&at);
  }
}

static void memory_runs_out(void **state) {
  (void)state;
  long step = (long)stride();
  for (long n = 0;; n += step) {
    rig at;
    uint64_t rows;
    make(&at);
    at.memory.allowed = n;
    cascade_status status = use(&at, &rows);
    bool failed = at.memory.failed;
    at.memory.allowed = -1;
    at.memory.failed = false;
    if (!sqlite3_get_autocommit(at.db)) sqlite3_exec(at.db, "ROLLBACK", NULL, NULL, NULL);
    sound(&at, false);
    assert_int_equal(status < 0, failed);
    finishes(&at, false);
    drop(&at);
    if (!failed) break;
    if (n > 200) step = 11 * (long)stride(); /* by then the same places come again and again */
  }
}

static void wrong_arguments(void **state) {
  (void)state;
  rig at;
  make(&at);
  cascade_archive *archive = NULL, *lines = NULL;
  char *text = NULL;
  cascade_archive_options none = {.size = sizeof none}, empty = {.size = sizeof empty, .suffix = ""},
                          file = {.size = sizeof file, .file = at.file};
  assert_int_equal(cascade_archive_new(NULL, &none, &archive, NULL), CASCADE_INVALID);
  assert_int_equal(cascade_archive_new(at.context, NULL, &archive, NULL), CASCADE_INVALID);
  assert_int_equal(cascade_archive_new(at.context, &none, NULL, NULL), CASCADE_INVALID);
  assert_int_equal(cascade_archive_new(at.context, &none, &archive, NULL), CASCADE_INVALID);
  assert_int_equal(cascade_archive_new(at.context, &empty, &archive, NULL), CASCADE_INVALID);
  assert_int_equal(cascade_archive_new(at.context, &file, &lines, NULL), CASCADE_OK);
  cascade_graph *graph = NULL;
  cascade_policy *policy = NULL;
  assert_int_equal(cascade_graph_read(at.connection, NULL, &graph, NULL), CASCADE_OK);
  assert_int_equal(cascade_policy_new(graph, NULL, &policy, NULL), CASCADE_OK);
  assert_int_equal(cascade_archive_install(lines, at.connection, policy, "owner", NULL), CASCADE_INVALID); /* it has no tables */
  assert_int_equal(cascade_archive_install(NULL, at.connection, policy, "owner", NULL), CASCADE_INVALID);
  assert_int_equal(cascade_archive_ddl(lines, at.connection, policy, "owner", NULL, NULL), CASCADE_INVALID);
  cascade_archive_options beside = {.size = sizeof beside, .suffix = "_old"};
  assert_int_equal(cascade_archive_new(at.context, &beside, &archive, NULL), CASCADE_OK);
  assert_int_equal(cascade_archive_ddl(archive, at.connection, policy, "nobody", &text, NULL), CASCADE_NOT_FOUND);
  assert_int_equal(cascade_archive_describe(NULL, NULL), CASCADE_INVALID);
  cascade_archive_free(NULL);
  cascade_archive_free(archive);
  cascade_archive_free(lines);
  cascade_policy_free(policy);
  cascade_graph_free(graph);
  drop(&at);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(any_call_fails),
      cmocka_unit_test(connection_is_lost),
      cmocka_unit_test(transient_failures_are_tried_again),
      cmocka_unit_test(counts_that_differ),
      cmocka_unit_test(memory_runs_out),
      cmocka_unit_test(wrong_arguments),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

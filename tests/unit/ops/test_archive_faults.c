/* A purge with an archive, in tables and in a file, over a driver that fails and memory that runs out: at every call, in every way,
   each row is in its table or in the archive's, and of the file's lines those are of rows that went, and no others unless nobody
   knows. */
#include "fault_rig.h"
#include "scratch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

typedef struct place {
  char directory[SCRATCH_ROOM], file[SCRATCH_ROOM + 16];
  bool unsure;   /* nobody may know whether a COMMIT was done */
  uint64_t rows; /* that were archived, as the archive reports */
} place;

static void make(fault_rig *at) {
  place *own = at->own;
  assert_true(scratch_in_memory(own->directory, "archive"));
  snprintf(own->file, sizeof own->file, "%s/rows.jsonl", own->directory);
  FILE *empty = fopen(own->file, "w");
  assert_non_null(empty);
  fclose(empty);
  fault_rig_make(at, schema);
}

static void drop(fault_rig *at) {
  const place *own = at->own;
  fault_rig_drop(at);
  unlink(own->file);
  rmdir(own->directory);
}

static int left(const fault_rig *at) {
  char sql[200];
  snprintf(sql, sizeof sql, "SELECT (SELECT count(*) FROM owner WHERE id <= %d) + (SELECT count(*) FROM pet WHERE owner_id <= %d)",
           OWNERS, OWNERS);
  return fault_rig_ask(at, sql);
}

static bool in_file(const char *text, const char *table, int id) {
  char line[80];
  snprintf(line, sizeof line, "{\"table\": \"%s\", \"row\": {\"id\": %d,", table, id);
  return strstr(text, line);
}

/* The file's whole lines; how many there are. `text` is the caller's to free. */
static int read_file(const place *own, char **text) {
  FILE *file = fopen(own->file, "r");
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

/* When that is unsure, the file may have more. */
static void sound(const fault_rig *at) {
  const place *own = at->own;
  char *text, sql[120];
  int lines = read_file(own, &text), gone = ROWS - left(at);
  bool tables = fault_rig_ask(at, "SELECT count(*) FROM sqlite_master WHERE name = 'pet_old'");
  assert_true(sqlite3_get_autocommit(at->db));
  assert_int_equal(fault_rig_ask(at, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
  for (int i = 1; i <= 36; i++)
    for (int owner = 0; owner < 2; owner++) {
      const char *table = owner ? "owner" : "pet";
      snprintf(sql, sizeof sql, "SELECT count(*) FROM %s WHERE id = %d", table, i);
      bool there = fault_rig_ask(at, sql) || (owner && i > 12);
      snprintf(sql, sizeof sql, "SELECT count(*) FROM %s_old WHERE id = %d", table, i);
      assert_int_equal(tables && fault_rig_ask(at, sql) == 1, !there); /* in exactly one of the two */
      if (!there || !own->unsure) assert_int_equal(in_file(text, table, i), !there);
    }
  if (!own->unsure) assert_int_equal(lines, gone);
  free(text);
}

static cascade_status use(fault_rig *at) {
  place *own = at->own;
  cascade_graph *graph = NULL;
  cascade_policy *policy = NULL;
  cascade_selection *selection = NULL;
  cascade_archive *archive = NULL;
  cascade_purge *purge = NULL;
  cascade_error *error = NULL;
  const cascade_batch_info *batch;
  char *text = NULL;
  cascade_archive_options places = {.size = sizeof places, .file = own->file, .suffix = "_old"};
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
  if (archive) cascade_archive_describe(archive, &report);
  own->rows = report.rows;
  cascade_text_free(text);
  cascade_archive_free(archive); /* the purge has it still */
  cascade_purge_free(purge);
  cascade_selection_free(selection);
  cascade_policy_free(policy);
  cascade_graph_free(graph);
  return fault_told(status, error);
}

static void finishes(fault_rig *at) {
  fault_rig_heal(at);
  assert_int_equal(use(at), CASCADE_DONE);
  assert_int_equal(left(at), 0);
  sound(at);
}

static void after(fault_rig *at, const fault_outcome *outcome) {
  (void)outcome;
  const place *own = at->own;
  sound(at);
  if (!own->unsure) assert_int_equal(own->rows, ROWS - left(at));
  finishes(at);
}

static const fault_scene scene = {.make = make, .use = use, .after = after, .drop = drop, .done = CASCADE_DONE};

static void any_call_fails(void **state) {
  (void)state;
  place own = {0};
  fault_sweep_calls(&scene, &own, (fault){.status = CASCADE_DATABASE, .transaction = CASCADE_TX_OPEN});
  fault_sweep_calls(&scene, &own, (fault){.status = CASCADE_CONSTRAINT, .transaction = CASCADE_TX_ROLLED_BACK});
}

/* Of a COMMIT that never arrives, or whose reply does not, the lines stay. */
static void connection_is_lost(void **state) {
  (void)state;
  place own = {.unsure = true};
  const fault never = {.status = CASCADE_CONNECTION, .transaction = CASCADE_TX_ROLLED_BACK, .lasting = true};
  const fault reply = {.match = "COMMIT", .status = CASCADE_CONNECTION, .transaction = CASCADE_TX_UNKNOWN, .after = true};
  fault_sweep_calls(&scene, &own, never);
  fault_sweep_calls(&scene, &own, reply);
}

/* A purge that meets this ends so, with all rows archived when it is done, and with some left when not. */
static void ends(const fault *script, cascade_status status) {
  place own = {0};
  fault_rig at = {.own = &own};
  make(&at);
  fault_driver_script(at.driver, script);
  assert_int_equal(use(&at), status);
  assert_true(at.driver->fired);
  assert_int_equal(left(&at) > 0, status < 0);
  assert_int_equal(own.rows, ROWS - left(&at));
  sound(&at);
  finishes(&at);
  drop(&at);
}

/* A batch that is tried again is archived once. */
static void transient_failures_are_tried_again(void **state) {
  (void)state;
  static const cascade_status statuses[] = {CASCADE_BUSY, CASCADE_DEADLOCK, CASCADE_SERIALIZATION, CASCADE_TIMEOUT};
  static const char *const matches[] = {"Insert Into \"main\".\"pet_old\"", "Delete", "COMMIT"};
  for (size_t i = 0; i < 4; i++)
    for (size_t j = 0; j < 3; j++)
      ends(
          &(fault){
              .calls = FAULT_EXECUTE, .match = matches[j], .at = 3, .status = statuses[i], .transaction = CASCADE_TX_ROLLED_BACK},
          CASCADE_DONE);
}

/* As many rows are copied as go, and as many go as were copied: whatever the database says else is believed, and ends it. */
static void counts_that_differ(void **state) {
  (void)state;
  static const struct {
    const char *match;
    int64_t miscount;
    cascade_status status;
  } cases[] = {{"Insert Into \"main\".\"pet_old\"", -1, CASCADE_ARCHIVE},
               {"Insert Into \"main\".\"pet_old\"", 1, CASCADE_ARCHIVE},
               {"Insert Into \"main\".\"owner_old\"", -1, CASCADE_ARCHIVE},
               {"Delete From \"main\".\"pet\"", 1, CASCADE_ARCHIVE},
               {"Delete From \"main\".\"pet\"", -1, CASCADE_DONE}}; /* the last: it is seen that none is left */
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    ends(&(fault){.calls = FAULT_EXECUTE, .match = cases[i].match, .at = 2, .miscount = cases[i].miscount}, cases[i].status);
}

static void memory_runs_out(void **state) {
  (void)state;
  fault_sweep_memory(&scene, &(place){0});
}

static void wrong_arguments(void **state) {
  (void)state;
  place own = {0};
  fault_rig at = {.own = &own};
  make(&at);
  cascade_archive *archive = NULL, *lines = NULL;
  char *text = NULL;
  cascade_archive_options none = {.size = sizeof none}, empty = {.size = sizeof empty, .suffix = ""},
                          file = {.size = sizeof file, .file = own.file};
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

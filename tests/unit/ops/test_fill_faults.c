/* A back-fill over a driver that fails: at every call, in every way; and memory that runs out, at every allocation. Whatever
   happens, the target has whole ranges, the checkpoint counts each row once, and the same fill made anew finishes. */
#include "fault_rig.h"

/* 60 pairs, of which 10 are there; a range takes those of a few owners. */
static const char schema[] =
    "PRAGMA foreign_keys = ON;"
    "CREATE TABLE owner (id INTEGER PRIMARY KEY); CREATE TABLE pet (id INTEGER PRIMARY KEY);"
    "CREATE TABLE keeps (owner_id INTEGER, pet_id INTEGER); CREATE INDEX keeps_owner ON keeps (owner_id);"
    "CREATE TABLE pair (owner_id INTEGER NOT NULL REFERENCES owner, pet_id INTEGER NOT NULL REFERENCES pet, word TEXT,"
    "                   PRIMARY KEY (owner_id, pet_id));"
    "CREATE TABLE mark (job VARCHAR(190) PRIMARY KEY, token VARCHAR(400) NOT NULL);"
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 20) INSERT INTO owner SELECT i FROM n;"
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 30) INSERT INTO pet SELECT i FROM n;"
    "INSERT INTO keeps SELECT o.id, p.id FROM owner o JOIN pet p ON p.id BETWEEN o.id AND o.id + 2;"
    "INSERT INTO pair SELECT owner_id, pet_id, 'old' FROM keeps WHERE owner_id > 8 LIMIT 10;";

/* The same with owners that are texts. */
static const char texts[] =
    "DROP TABLE pair; DROP INDEX keeps_owner; ALTER TABLE keeps RENAME TO kept;"
    "CREATE TABLE keeps (owner_id TEXT, pet_id INTEGER); CREATE INDEX keeps_owner ON keeps (owner_id);"
    "INSERT INTO keeps SELECT printf(' %02d', owner_id), pet_id FROM kept;"
    "CREATE TABLE pair (owner_id TEXT COLLATE NOCASE NOT NULL, pet_id INTEGER NOT NULL REFERENCES pet, word TEXT,"
    "                   PRIMARY KEY (owner_id, pet_id));"
    "INSERT INTO pair SELECT owner_id, pet_id, 'old' FROM keeps WHERE owner_id > ' 08' LIMIT 10;";

enum { PAIRS = 60, THERE = 10 };

typedef struct way {
  bool merge, stream, keyed;
  cascade_fill_report report;
} way;

static void make(fault_rig *at) {
  const way *how = at->own;
  fault_rig_make(at, schema);
  if (how && how->keyed) fault_rig_run(at, texts);
}

/* Pairs of the stream, in the order of their key. */
static int32_t give(void *data, uint64_t wanted, const cascade_value **cells, uint64_t *rows) {
  static cascade_value values[PAIRS * 2];
  uint64_t *taken = data, count = PAIRS - *taken < wanted ? PAIRS - *taken : wanted;
  for (uint64_t i = 0; i < count * 2; i++) {
    uint64_t pair = *taken + i / 2;
    int64_t owner = (int64_t)pair / 3 + 1;
    values[i] = (cascade_value){.type = CASCADE_INT64, .integer = i % 2 ? owner + (int64_t)pair % 3 : owner};
  }
  *taken += count;
  *cells = values;
  *rows = count;
  return 0;
}

static cascade_status add_sources(cascade_fill *fill, const way *how, uint64_t *taken, cascade_error **error) {
  static const char first[] = "SELECT owner_id, pet_id FROM keeps WHERE owner_id < ?";
  static const char words[] = "SELECT owner_id, pet_id, 'new' FROM keeps WHERE owner_id < ?";
  const cascade_value top = {.type = CASCADE_INT64, .integer = 1000};
  if (how->stream) return cascade_fill_stream(fill, give, taken, error);
  cascade_status status = cascade_fill_select(fill, how->merge ? words : first, &top, 1, error);
  if (status < 0) return status;
  return cascade_fill_select(fill,
                             how->merge ? "SELECT owner_id, pet_id, 'any' FROM keeps WHERE pet_id > 20"
                                        : "SELECT owner_id, pet_id FROM keeps WHERE pet_id > 20",
                             NULL, 0, error);
}

/* Reads the graph and fills. */
static cascade_status fill_pairs(fault_rig *at, way *how) {
  static const char *const columns[] = {"owner_id", "pet_id", "word"};
  cascade_fill_target target = {.size = sizeof target,
                                .table = "pair",
                                .columns = columns,
                                .key = columns,
                                .column_count = how->merge ? 3 : 2,
                                .key_count = 2};
  cascade_fill_options options = {.size = sizeof options,
                                  .mode = how->merge ? CASCADE_FILL_MERGE : CASCADE_FILL_INSERT,
                                  .max_tx_rows = 8,
                                  .checkpoint_table = "mark",
                                  .job = "pairs"};
  cascade_graph *graph = NULL;
  cascade_fill *fill = NULL;
  cascade_error *error = NULL;
  const cascade_fill_range *range;
  char *token = NULL;
  uint64_t taken = 0;
  cascade_status status = cascade_graph_read(at->connection, NULL, &graph, &error);
  if (status >= 0) status = cascade_fill_new(at->connection, graph, &target, &options, &fill, &error);
  if (status >= 0) status = add_sources(fill, how, &taken, &error);
  while (status == CASCADE_OK) status = cascade_fill_next(fill, &range, &error);
  if (status >= 0) status = cascade_fill_token(fill, &token, &error) < 0 ? cascade_error_status(error) : status;
  how->report = (cascade_fill_report){.size = sizeof how->report};
  if (fill) assert_int_equal(cascade_fill_describe(fill, &how->report), CASCADE_OK);
  cascade_text_free(token);
  cascade_fill_free(fill);
  cascade_graph_free(graph);
  return fault_told(status, error);
}

static cascade_status use(fault_rig *at) {
  return fill_pairs(at, at->own);
}

static int pairs(const fault_rig *at) {
  return fault_rig_ask(at, "SELECT count(*) FROM pair");
}

static void sound(const fault_rig *at, const way *how) {
  assert_true(sqlite3_get_autocommit(at->db));
  assert_int_equal(fault_rig_ask(at, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
  if (how->stream) return;
  /* whole ranges: an owner has all its pairs, or those that it had */
  assert_int_equal(fault_rig_ask(at, "SELECT count(*) FROM (SELECT owner_id FROM pair GROUP BY owner_id HAVING count(*) < 3"
                                     "                      AND max(word IS NULL OR word <> 'old'))"),
                   0);
}

/* The end is that of an undisturbed run, and its counts are, too. */
static void finishes(fault_rig *at, way how) {
  fault_rig_heal(at);
  assert_int_equal(fill_pairs(at, &how), CASCADE_DONE);
  assert_int_equal(how.report.finished, 1);
  assert_int_equal(pairs(at), PAIRS);
  assert_int_equal(fault_rig_ask(at, "SELECT count(*) FROM pair WHERE word = 'old'"), how.merge ? 0 : THERE);
  assert_int_equal(how.report.inserted, PAIRS - THERE);
  assert_int_equal(how.report.updated, how.merge ? THERE : 0);
  assert_int_equal(how.report.skipped, how.merge ? 0 : THERE);
  sound(at, &how);
}

static void after(fault_rig *at, const fault_outcome *outcome) {
  const way *how = at->own;
  sound(at, how);
  if (!outcome->script || !outcome->script->after) assert_int_equal(pairs(at), THERE + (int)how->report.inserted);
  finishes(at, *how);
}

static const fault_scene scene = {
    .make = make, .use = use, .after = after, .drop = fault_rig_drop, .done = CASCADE_DONE, .dense = 400};
static const way inserting = {0}, merging = {.merge = true}, streaming = {.stream = true}, keyed = {.keyed = true},
                 keyed_merging = {.keyed = true, .merge = true};

static void sweep(way how, fault script) {
  fault_sweep_calls(&scene, &how, script);
}

static void any_call_fails(void **state) {
  (void)state;
  sweep(inserting, (fault){.status = CASCADE_DATABASE, .transaction = CASCADE_TX_OPEN});
  sweep(merging, (fault){.status = CASCADE_DATABASE, .transaction = CASCADE_TX_ROLLED_BACK});
  sweep(keyed_merging, (fault){.status = CASCADE_DATABASE, .transaction = CASCADE_TX_OPEN});
  sweep(streaming, (fault){.status = CASCADE_CONSTRAINT, .transaction = CASCADE_TX_OPEN, .silent = true});
}

static void connection_is_lost(void **state) {
  (void)state;
  sweep(inserting, (fault){.status = CASCADE_CONNECTION, .transaction = CASCADE_TX_ROLLED_BACK, .lasting = true});
  sweep(streaming, (fault){.status = CASCADE_CONNECTION, .transaction = CASCADE_TX_ROLLED_BACK, .lasting = true});
}

/* The row of the checkpoint tells whether the range was committed: it is applied, and counted, once. */
static void reply_to_commit_is_lost(void **state) {
  (void)state;
  const fault lost = {.match = "COMMIT", .status = CASCADE_CONNECTION, .transaction = CASCADE_TX_UNKNOWN, .after = true};
  sweep(inserting, lost);
  sweep(merging, lost);
  sweep(keyed, lost);
  sweep(streaming, lost);
}

/* A fill that meets this ends so, after so many retries, with all pairs or none. */
static void ends(way how, fault script, cascade_status status, uint64_t retries) {
  fault_rig at = {0};
  make(&at);
  fault_driver_script(at.driver, &script);
  assert_int_equal(fill_pairs(&at, &how), status);
  assert_true(at.driver->fired);
  assert_int_equal(how.report.retries, retries);
  assert_int_equal(pairs(&at), status < 0 ? THERE : PAIRS);
  finishes(&at, how);
  fault_rig_drop(&at);
}

static void transient_failures_are_tried_again(void **state) {
  (void)state;
  static const cascade_status statuses[] = {CASCADE_BUSY, CASCADE_DEADLOCK, CASCADE_SERIALIZATION, CASCADE_TIMEOUT};
  static const char *const matches[] = {"BEGIN IMMEDIATE", "Insert", "Update", "COMMIT"};
  for (size_t i = 0; i < 4; i++)
    for (size_t j = 0; j < 4; j++) {
      if (statuses[i] == CASCADE_TIMEOUT && j != 1) continue; /* statements that write take long, and what they write gets less */
      ends(merging,
           (fault){.calls = FAULT_EXECUTE,
                   .match = matches[j],
                   .at = 1,
                   .status = statuses[i],
                   .transaction = j ? CASCADE_TX_ROLLED_BACK : CASCADE_TX_NONE},
           CASCADE_DONE, 1);
    }
}

static void lasting_failures_end(void **state) {
  (void)state;
  ends(inserting,
       (fault){.calls = FAULT_EXECUTE,
               .match = "COMMIT",
               .at = 1,
               .lasting = true,
               .status = CASCADE_DEADLOCK,
               .transaction = CASCADE_TX_ROLLED_BACK},
       CASCADE_DEADLOCK, 8);
}

/* ---- looking for the row at fault leaves nothing, whatever fails on the way ---- */

static void make_picky(fault_rig *at) {
  make(at);
  fault_rig_run(at, "CREATE TRIGGER no BEFORE INSERT ON pair WHEN NEW.owner_id = 5 AND NEW.pet_id = 6"
                    " BEGIN SELECT RAISE(ABORT, 'not this one'); END");
}

static void after_picky(fault_rig *at, const fault_outcome *outcome) {
  assert_true(outcome->status == CASCADE_CONNECTION || outcome->status == CASCADE_CONSTRAINT);
  fault_rig_run(at, "DROP TRIGGER no");
  after(at, outcome);
}

static void search_for_a_fault_fails(void **state) {
  (void)state;
  static const fault_scene picky = {
      .make = make_picky, .use = use, .after = after_picky, .drop = fault_rig_drop, .done = CASCADE_CONSTRAINT};
  way how = inserting;
  fault_sweep_calls(&picky, &how, (fault){.status = CASCADE_CONNECTION, .transaction = CASCADE_TX_ROLLED_BACK});
}

/* Ranges are between savepoints, and it is the host who commits. */
static void host_has_a_transaction(void **state) {
  (void)state;
  fault_rig at = {0};
  way how = inserting;
  make(&at);
  cascade_connection *over_faults = at.connection; /* which does not tell of transactions */
  assert_int_equal(cascade_connection_adopt(at.context, "sqlite3", at.db, NULL, &at.connection, NULL), CASCADE_OK);
  fault_rig_run(&at, "BEGIN; INSERT INTO owner VALUES (99)");
  assert_int_equal(fill_pairs(&at, &how), CASCADE_DONE);
  assert_false(sqlite3_get_autocommit(at.db));
  assert_int_equal(pairs(&at), PAIRS);
  fault_rig_run(&at, "ROLLBACK");
  assert_int_equal(pairs(&at), THERE);
  fault_rig_run(&at, "BEGIN; INSERT INTO owner VALUES (99); INSERT INTO keeps VALUES (20, 77)");
  assert_int_equal(fill_pairs(&at, &how), CASCADE_CONSTRAINT_FK);
  assert_false(sqlite3_get_autocommit(at.db));
  assert_int_equal(fault_rig_ask(&at, "SELECT count(*) FROM owner WHERE id = 99"), 1);
  assert_int_equal(fault_rig_ask(&at, "SELECT count(*) FROM pair WHERE owner_id = 20"), 0);
  fault_rig_run(&at, "ROLLBACK");
  cascade_connection_free(at.connection);
  at.connection = over_faults;
  finishes(&at, inserting);
  fault_rig_drop(&at);
}

static void memory_runs_out(void **state) {
  (void)state;
  way ways[] = {inserting, merging, streaming, keyed};
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) fault_sweep_memory(&scene, &ways[i]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(any_call_fails),          cmocka_unit_test(connection_is_lost),
      cmocka_unit_test(reply_to_commit_is_lost), cmocka_unit_test(transient_failures_are_tried_again),
      cmocka_unit_test(lasting_failures_end),    cmocka_unit_test(search_for_a_fault_fails),
      cmocka_unit_test(host_has_a_transaction),  cmocka_unit_test(memory_runs_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

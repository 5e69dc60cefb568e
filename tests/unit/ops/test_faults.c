/* A purge over a driver that fails: at every call, in every way. Whatever happens, the rows are those of before or those of after a
   number of whole batches, and the same purge made anew finishes. And memory that runs out, at every allocation. */
#include "fault_rig.h"

#include <string.h>

static const char schema[] =
    "PRAGMA foreign_keys = ON;"
    "CREATE TABLE owner (id INTEGER PRIMARY KEY, name TEXT);"
    "CREATE TABLE pet (id INTEGER PRIMARY KEY, owner_id INTEGER NOT NULL REFERENCES owner ON DELETE CASCADE,"
    "                  friend_id INTEGER REFERENCES pet ON DELETE SET NULL);"
    "CREATE TABLE visit (day TEXT, pet_id INTEGER REFERENCES pet ON DELETE CASCADE, PRIMARY KEY (day, pet_id)) WITHOUT ROWID;"
    "CREATE TABLE bill (id INTEGER PRIMARY KEY, visit_day TEXT, visit_pet INTEGER,"
    "                   FOREIGN KEY (visit_day, visit_pet) REFERENCES visit ON DELETE CASCADE);"
    "CREATE INDEX pet_owner ON pet (owner_id); CREATE INDEX pet_friend ON pet (friend_id);"
    "CREATE INDEX visit_pet ON visit (pet_id); CREATE INDEX bill_visit ON bill (visit_day, visit_pet);"
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 12) INSERT INTO owner SELECT i, 'o' || i FROM n;"
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 24)"
    "  INSERT INTO pet SELECT i, (i + 1) / 2, CASE WHEN i > 3 THEN i - 3 END FROM n;"
    "INSERT INTO visit SELECT 'd' || (id % 3), id FROM pet; INSERT INTO visit SELECT 'e', id FROM pet WHERE id % 2;"
    "INSERT INTO bill (visit_day, visit_pet) SELECT day, pet_id FROM visit;";

static void make(fault_rig *at) {
  fault_rig_make(at, schema);
}

static int rows(const fault_rig *at) {
  return fault_rig_ask(at, "SELECT (SELECT count(*) FROM owner) + (SELECT count(*) FROM pet) + (SELECT count(*) FROM visit)"
                           " + (SELECT count(*) FROM bill)");
}

/* No reference dangles, no transaction is open, owners outside the selection have all that they had. */
static void sound(const fault_rig *at) {
  assert_true(sqlite3_get_autocommit(at->db));
  assert_int_equal(fault_rig_ask(at, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
  assert_int_equal(fault_rig_ask(at, "SELECT count(*) FROM pet WHERE owner_id > 8"), 8);
  assert_int_equal(fault_rig_ask(at, "SELECT count(*) FROM bill WHERE visit_pet > 16"), 12);
}

typedef struct way {
  uint64_t max_tx_rows;
  int32_t integrity;
  int32_t hook_answer;
  bool plan, blockers, audit;
  bool veto; /* visits of every seventh pet stay, and with them the pets and their owners */
  cascade_purge *purge;
  int before;       /* rows */
  uint64_t deleted; /* rows, as the purge reports */
} way;

static int32_t hook(void *data, const cascade_deleted *tables, uint32_t count) {
  (void)tables;
  (void)count;
  return ((const way *)data)->hook_answer;
}

static int32_t keep_some(void *data, const cascade_deleted *tables, uint32_t count) {
  const way *how = data;
  for (uint32_t i = 0; i < count; i++) {
    cascade_row_columns columns = {.size = sizeof columns};
    assert_int_equal(cascade_purge_row_columns(how->purge, i, &columns), CASCADE_OK);
    if (!strcmp(tables[i].label, "owner")) assert_int_equal(columns.cells[0].data[0], 'o');
    for (uint64_t row = 0; !strcmp(tables[i].label, "visit") && row < tables[i].keys->count; row++)
      if (tables[i].keys->cells[2 * row + 1].integer % 7 == 0)
        assert_int_equal(cascade_purge_veto(how->purge, i, &row, 1), CASCADE_OK);
  }
  return 0;
}

static int32_t pass(void *data, const cascade_deleted *tables, uint32_t count) {
  const way *how = data;
  const uint64_t first = 0;
  assert_true(tables && count);
  assert_int_equal(cascade_purge_veto(how->purge, 0, &first, 1), CASCADE_INVALID); /* too late */
  return 0;
}

/* Reads the graph, plans, looks at blockers and purges owners 1 to 8. */
static cascade_status purge_some(fault_rig *at, way *how) {
  how->before = rows(at);
  cascade_graph *graph = NULL;
  cascade_policy *policy = NULL;
  cascade_selection *selection = NULL;
  cascade_plan *plan = NULL;
  cascade_blockers *blockers = NULL;
  cascade_purge *purge = NULL;
  cascade_error *error = NULL;
  char *text = NULL;
  const cascade_blockers_page *page;
  const cascade_batch_info *batch;
  cascade_purge_options options = {.size = sizeof options,
                                   .max_tx_rows = how->max_tx_rows,
                                   .integrity = how->integrity,
                                   .after_batch = hook,
                                   .hook_data = how,
                                   .actor = how->audit ? "jo" : NULL};
  const char *const tables[] = {"owner", "visit"}, *const columns[] = {"name", "day"};
  if (how->veto) {
    options.before_batch = keep_some;
    options.after_commit = pass;
    options.column_count = 2;
    options.column_tables = tables;
    options.columns = columns;
  }
  cascade_blockers_options deep = {.size = sizeof deep, .limit = 2, .rounds = 9, .depth = 4};
  cascade_status status = cascade_graph_read(at->connection, NULL, &graph, &error);
  if (status >= 0) status = cascade_policy_new(graph, NULL, &policy, &error);
  if (status >= 0) status = cascade_selection_where(graph, "owner", "id <= 8", NULL, 0, &selection, &error);
  if (status >= 0 && how->plan) status = cascade_plan_new(at->connection, policy, selection, NULL, &plan, &error);
  if (status >= 0 && how->plan) status = cascade_plan_text(plan, &text, &error);
  if (status >= 0 && how->blockers) status = cascade_blockers_open(at->connection, policy, selection, &deep, &blockers, &error);
  while (status == CASCADE_OK && how->blockers) status = cascade_blockers_next(blockers, &page, &error);
  if (status >= 0) status = cascade_purge_new(at->connection, policy, selection, &options, &purge, &error);
  how->purge = purge;
  while (status == CASCADE_OK) status = cascade_purge_next(purge, &batch, &error);
  cascade_purge_report report = {.size = sizeof report};
  if (purge) cascade_purge_describe(purge, &report);
  how->deleted = report.deleted;
  cascade_text_free(text);
  cascade_purge_free(purge);
  cascade_blockers_free(blockers);
  cascade_plan_free(plan);
  cascade_selection_free(selection);
  cascade_policy_free(policy);
  cascade_graph_free(graph);
  return fault_told(status, error);
}

static cascade_status use(fault_rig *at) {
  return purge_some(at, at->own);
}

static void finishes(fault_rig *at, way how) {
  how.veto = false;
  how.hook_answer = 0;
  fault_rig_heal(at);
  assert_int_equal(purge_some(at, &how), CASCADE_DONE);
  assert_int_equal(fault_rig_ask(at, "SELECT count(*) FROM owner"), 4);
  assert_int_equal(fault_rig_ask(at, "SELECT count(*) FROM pet"), 8);
  sound(at);
}

static void after(fault_rig *at, const fault_outcome *outcome) {
  const way *how = at->own;
  const bool unsure = outcome->script && outcome->script->after;
  sound(at);
  if (!unsure) assert_int_equal(rows(at), how->before - (int)how->deleted); /* reported is what went */
  assert_int_equal(fault_rig_ask(at, "PRAGMA foreign_keys") || how->integrity == CASCADE_INTEGRITY_PROVEN, 1);
  fault_rig_run(at, "PRAGMA foreign_keys = ON");
  if (how->veto && !outcome->met) assert_int_equal(fault_rig_ask(at, "SELECT count(*) FROM visit WHERE pet_id IN (7, 14)"), 3);
  finishes(at, *how);
}

static const fault_scene scene = {.make = make, .use = use, .after = after, .drop = fault_rig_drop, .done = CASCADE_DONE};
static const way whole = {.plan = true, .blockers = true}, parts = {.max_tx_rows = 7},
                 proven = {.max_tx_rows = 9, .integrity = CASCADE_INTEGRITY_PROVEN}, sparing = {.max_tx_rows = 11, .veto = true};

static void sweep(way how, fault script) {
  fault_sweep_calls(&scene, &how, script);
}

static void any_call_fails(void **state) {
  (void)state;
  sweep(whole, (fault){.status = CASCADE_DATABASE, .transaction = CASCADE_TX_OPEN});
  sweep(parts, (fault){.status = CASCADE_DATABASE, .transaction = CASCADE_TX_ROLLED_BACK});
  sweep(proven, (fault){.status = CASCADE_DATABASE, .transaction = CASCADE_TX_OPEN, .silent = true});
  sweep(sparing, (fault){.status = CASCADE_DATABASE, .transaction = CASCADE_TX_OPEN});
}

static void connection_is_lost(void **state) {
  (void)state;
  sweep(parts, (fault){.status = CASCADE_CONNECTION, .transaction = CASCADE_TX_ROLLED_BACK, .lasting = true});
}

static void commit_is_lost(void **state) {
  (void)state;
  sweep(parts, (fault){.match = "COMMIT", .status = CASCADE_CONNECTION, .transaction = CASCADE_TX_UNKNOWN, .after = true});
}

/* One purge, in parts, in a rig that the script or the caller prepares: how it ends, and how many rows went. */
static void ends(const fault *script, int32_t hook_answer, bool cancelled, cascade_status status) {
  fault_rig at = {0};
  way how = parts;
  how.hook_answer = hook_answer;
  make(&at);
  fault_driver_script(at.driver, script);
  if (cancelled) cascade_connection_cancel(at.connection);
  assert_int_equal(purge_some(&at, &how), status);
  assert_int_equal(at.driver->fired, script->at > 0);
  if (status < 0) assert_int_equal(rows(&at), how.before);
  sound(&at);
  finishes(&at, how);
  fault_rig_drop(&at);
}

/* Transient failures of a batch are tried again: the purge ends as if nothing had been. */
static void transient_failures_are_tried_again(void **state) {
  (void)state;
  static const cascade_status statuses[] = {CASCADE_BUSY, CASCADE_DEADLOCK, CASCADE_SERIALIZATION, CASCADE_TIMEOUT};
  static const char *const matches[] = {"BEGIN IMMEDIATE", "Delete", "COMMIT"};
  for (size_t i = 0; i < 4; i++)
    for (size_t j = 0; j < 3; j++)
      ends(&(fault){.calls = FAULT_EXECUTE,
                    .match = matches[j],
                    .at = 2,
                    .status = statuses[i],
                    .transaction = j ? CASCADE_TX_ROLLED_BACK : CASCADE_TX_NONE},
           0, false, CASCADE_DONE);
}

/* ... but not for ever. */
static void lasting_failures_end(void **state) {
  (void)state;
  ends(&(fault){.calls = FAULT_EXECUTE,
                .match = "COMMIT",
                .at = 1,
                .lasting = true,
                .status = CASCADE_DEADLOCK,
                .transaction = CASCADE_TX_ROLLED_BACK},
       0, false, CASCADE_CONTENDED);
}

/* Whichever of its statements meets a lock: there is one row, it counts what went, and it says that the purge is finished. */
static void the_audit_is_written_again(void **state) {
  (void)state;
  bool met = true;
  for (uint64_t number = 1; met; number++) {
    fault_rig at = {0};
    way how = parts;
    how.audit = true;
    make(&at);
    assert_int_equal(cascade_outbox_install(at.connection, NULL), CASCADE_OK);
    fault_driver_script(at.driver, &(fault){.calls = FAULT_EXECUTE,
                                            .match = "cascade_audit",
                                            .at = number,
                                            .status = CASCADE_BUSY,
                                            .transaction = CASCADE_TX_ROLLED_BACK});
    assert_int_equal(purge_some(&at, &how), CASCADE_DONE);
    met = at.driver->fired;
    assert_true(met || number > 4);
    assert_int_equal(fault_rig_ask(&at, "SELECT count(*) FROM cascade_audit"), 1);
    assert_int_equal(fault_rig_ask(&at, "SELECT deleted FROM cascade_audit WHERE finished"), (int)how.deleted);
    finishes(&at, how);
    fault_rig_drop(&at);
  }
}

static void hook_that_refuses_rolls_back(void **state) {
  (void)state;
  ends(&(fault){0}, 3, false, CASCADE_HOOK);
}

static void cancel_stops_before_the_next_batch(void **state) {
  (void)state;
  ends(&(fault){0}, 0, true, CASCADE_CANCELLED);
}

static void memory_runs_out(void **state) {
  (void)state;
  way ways[] = {whole, sparing};
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) fault_sweep_memory(&scene, &ways[i]);
}

/* Rows that refer to each other in a circle that nothing can break: the purge is refused before the first of them goes. */
static const char ring[] = "CREATE TABLE node (id INTEGER PRIMARY KEY, up INTEGER NOT NULL REFERENCES node ON DELETE RESTRICT);"
                           "CREATE INDEX node_up ON node (up);"
                           "INSERT INTO node VALUES (1, 1), (2, 3), (3, 2), (4, 2), (5, 4), (6, 1), (7, 6);"
                           "PRAGMA foreign_keys = ON;";

typedef struct circle {
  uint64_t max_tx_rows; /* all rows, or too few for them */
  cascade_graph *graph;
  cascade_policy *policy;
  cascade_selection *selection;
} circle;

static void make_ring(fault_rig *at) {
  static const char *const columns[] = {"up"};
  static const int64_t ids[] = {1, 2};
  const cascade_policy_entry entry = {
      .size = sizeof entry, .table = "node", .columns = columns, .column_count = 1, .rule = CASCADE_RULE_CASCADE};
  const cascade_policy_entry *const entries[] = {&entry};
  const cascade_policy_options rules = {.size = sizeof rules, .entries = entries, .entry_count = 1};
  circle *own = at->own;
  fault_rig_make(at, ring);
  assert_int_equal(cascade_graph_read(at->connection, NULL, &own->graph, NULL), CASCADE_OK);
  assert_int_equal(cascade_policy_new(own->graph, &rules, &own->policy, NULL), CASCADE_OK);
  assert_int_equal(cascade_selection_integers(own->graph, "node", ids, 2, &own->selection, NULL), CASCADE_OK);
}

static cascade_status purge_ring(fault_rig *at) {
  const circle *own = at->own;
  const cascade_purge_options options = {.size = sizeof options, .max_tx_rows = own->max_tx_rows};
  cascade_purge *purge = NULL;
  cascade_error *error = NULL;
  cascade_status status = cascade_purge_new(at->connection, own->policy, own->selection, &options, &purge, &error);
  cascade_purge_free(purge);
  return fault_told(status, error);
}

static void ring_is_whole(fault_rig *at, const fault_outcome *outcome) {
  (void)outcome;
  assert_true(sqlite3_get_autocommit(at->db));
  assert_int_equal(fault_rig_ask(at, "SELECT count(*) FROM node"), 7);
  fault_rig_heal(at);
  assert_int_equal(purge_ring(at), CASCADE_CYCLE);
}

static void drop_ring(fault_rig *at) {
  circle *own = at->own;
  cascade_selection_free(own->selection);
  cascade_policy_free(own->policy);
  cascade_graph_free(own->graph);
  fault_rig_drop(at);
}

static void a_circle_is_looked_for(void **state) {
  static const fault_scene looks = {
      .make = make_ring, .use = purge_ring, .after = ring_is_whole, .drop = drop_ring, .done = CASCADE_CYCLE};
  circle bounds[] = {{.max_tx_rows = 2}, {.max_tx_rows = 50}};
  (void)state;
  for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
    fault_sweep_calls(&looks, &bounds[i], (fault){.status = CASCADE_DATABASE, .transaction = CASCADE_TX_OPEN});
    fault_sweep_memory(&looks, &bounds[i]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(any_call_fails),
      cmocka_unit_test(connection_is_lost),
      cmocka_unit_test(commit_is_lost),
      cmocka_unit_test(transient_failures_are_tried_again),
      cmocka_unit_test(lasting_failures_end),
      cmocka_unit_test(the_audit_is_written_again),
      cmocka_unit_test(hook_that_refuses_rolls_back),
      cmocka_unit_test(cancel_stops_before_the_next_batch),
      cmocka_unit_test(memory_runs_out),
      cmocka_unit_test(a_circle_is_looked_for),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

/* A cursor over blockers, with tokens, counts and levels, whose memory runs out at every allocation, and whose driver fails at
   every call: each failure is told, nothing is leaked, no transaction stays open, and the same cursor made anew gives all pages. */
#include "fault_rig.h"

#include <stdlib.h>
#include <string.h>

static const char schema[] =
    "CREATE TABLE owner (id INTEGER PRIMARY KEY);"
    "CREATE TABLE pet (id INTEGER PRIMARY KEY, owner_id INTEGER REFERENCES owner ON DELETE CASCADE,"
    "                  friend_id INTEGER REFERENCES pet ON DELETE SET NULL);"
    "CREATE TABLE visit (day TEXT, pet_id INTEGER REFERENCES pet ON DELETE CASCADE, PRIMARY KEY (day, pet_id)) WITHOUT ROWID;"
    "CREATE TABLE bill (id INTEGER PRIMARY KEY, visit_day TEXT, visit_pet INTEGER,"
    "                   FOREIGN KEY (visit_day, visit_pet) REFERENCES visit);"
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 4) INSERT INTO owner SELECT i FROM n;"
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 8)"
    "  INSERT INTO pet SELECT i, (i + 1) / 2, CASE WHEN i > 3 THEN i - 3 END FROM n;"
    "INSERT INTO visit SELECT 'day ' || (id % 3), id FROM pet; INSERT INTO visit SELECT 'e', id FROM pet WHERE id % 2;"
    "INSERT INTO bill (visit_day, visit_pet) SELECT day, pet_id FROM visit;";

enum { PET_ROWS = 6, FRIEND_ROWS = 2, VISIT_ROWS = 9, BILL_ROWS = 9 }; /* below owners 1 to 3; friends that go anyway are none */

static const char token_key[] = "a secret of thirty-two bytes ...";

typedef struct world {
  cascade_graph *graph;
  cascade_policy *policy;
  cascade_selection *selection;
  uint64_t keys; /* that were given */
} world;

static void make(fault_rig *at) {
  world *own = at->own;
  fault_rig_make(at, schema);
  assert_int_equal(cascade_graph_read(at->connection, NULL, &own->graph, NULL), CASCADE_OK);
  assert_int_equal(cascade_policy_new(own->graph, NULL, &own->policy, NULL), CASCADE_OK);
  assert_int_equal(cascade_selection_where(own->graph, "owner", "id < 4", NULL, 0, &own->selection, NULL), CASCADE_OK);
}

static void drop(fault_rig *at) {
  world *own = at->own;
  cascade_selection_free(own->selection);
  cascade_policy_free(own->policy);
  cascade_graph_free(own->graph);
  fault_rig_drop(at);
}

/* One cursor: its pages, and a copy of the token after `pages` of them, to be freed. */
static cascade_status read_pages(fault_rig *at, const char *token, uint32_t pages, char **rest) {
  world *own = at->own;
  cascade_blockers_options options = {.size = sizeof options,
                                      .limit = 2,
                                      .rounds = 9,
                                      .depth = 3,
                                      .count = CASCADE_COUNT_EXACT,
                                      .behind = 1,
                                      .token_key = token_key,
                                      .token_key_length = sizeof token_key - 1,
                                      .token = token};
  cascade_blockers *cursor = NULL;
  const cascade_blockers_page *page;
  const char *text = NULL;
  cascade_error *error = NULL;
  cascade_status status = cascade_blockers_open(at->connection, own->policy, own->selection, &options, &cursor, &error);
  for (uint32_t i = 0; status == CASCADE_OK && i < pages; i++) {
    status = cascade_blockers_next(cursor, &page, &error);
    if (status == CASCADE_OK) own->keys += page->keys->count;
  }
  if (status >= 0 && rest) status = cascade_blockers_token(cursor, CASCADE_TOKEN_REST, &text, &error);
  if (status == CASCADE_OK && text) *rest = strdup(text);
  cascade_blockers_free(cursor);
  return fault_told(status, error);
}

/* All pages, a few of each cursor. */
static cascade_status use(fault_rig *at) {
  world *own = at->own;
  char *token = NULL;
  int32_t answer = 0;
  cascade_error *error = NULL;
  cascade_status status;
  own->keys = 0;
  do {
    char *rest = NULL;
    status = read_pages(at, token, 3, &rest);
    free(token);
    token = rest;
  } while (status >= 0 && token);
  free(token);
  if (status < 0) return status;
  status = cascade_blockers_probe(at->connection, own->policy, own->selection, 0, &answer, NULL, &error);
  if (status >= 0) assert_int_equal(answer, CASCADE_PROBE_BLOCKED);
  return fault_told(status, error);
}

static void gives_all(fault_rig *at) {
  assert_true(sqlite3_get_autocommit(at->db));
  assert_int_equal(use(at), CASCADE_OK);
  assert_int_equal(((const world *)at->own)->keys, PET_ROWS + FRIEND_ROWS + VISIT_ROWS + BILL_ROWS);
}

static void after(fault_rig *at, const fault_outcome *outcome) {
  if (!outcome->script && outcome->met) assert_int_equal(outcome->status, CASCADE_NOMEM);
  gives_all(at);
}

static const fault_scene scene = {.make = make, .use = use, .after = after, .drop = drop, .done = CASCADE_OK, .dense = 2000};

static void all_pages(void **state) {
  (void)state;
  world own = {0};
  fault_rig at = {.own = &own};
  make(&at);
  gives_all(&at);
  drop(&at);
}

static void memory_runs_out(void **state) {
  (void)state;
  fault_sweep_memory(&scene, &(world){0});
}

static void any_call_fails(void **state) {
  (void)state;
  fault_sweep_calls(&scene, &(world){0}, (fault){.status = CASCADE_DATABASE, .transaction = CASCADE_TX_OPEN});
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(all_pages),
      cmocka_unit_test(memory_runs_out),
      cmocka_unit_test(any_call_fails),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

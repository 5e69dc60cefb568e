#include "memory.h"

#include <stdlib.h>
#include <string.h>

static uint64_t next_random(uint64_t *seed) {
  *seed ^= *seed << 13;
  *seed ^= *seed >> 7;
  *seed ^= *seed << 17;
  return *seed;
}

enum { NODES = 24, EDGES = 40 };

/* Nodes are in one component when each reaches the other; an edge never leads to a higher number. */
static void assert_components(uint32_t count, uint32_t edges, const uint32_t *from, const uint32_t *to) {
  bool reaches[NODES][NODES] = {{false}};
  uint32_t component[NODES], components = 0, seen = 0;
  for (uint32_t i = 0; i < count; i++) reaches[i][i] = true;
  for (uint32_t i = 0; i < edges; i++) reaches[from[i]][to[i]] = true;
  for (uint32_t k = 0; k < count; k++)
    for (uint32_t i = 0; i < count; i++)
      for (uint32_t j = 0; j < count; j++)
        if (reaches[i][k] && reaches[k][j]) reaches[i][j] = true;
  assert_true(casc_components(&casc_system_alloc, count, edges, from, to, component, &components));
  for (uint32_t i = 0; i < count; i++)
    for (uint32_t j = 0; j < count; j++) assert_int_equal(component[i] == component[j], reaches[i][j] && reaches[j][i]);
  for (uint32_t i = 0; i < edges; i++) assert_true(component[from[i]] >= component[to[i]]);
  for (uint32_t c = 0; c < components; c++)
    for (uint32_t i = 0; i < count; i++)
      if (component[i] == c) {
        seen++;
        break;
      }
  assert_int_equal(seen, components);
}

static void test_components(void **state) {
  (void)state;
  uint64_t seed = 88172645463325252;
  uint32_t from[EDGES], to[EDGES];
  for (int round = 0; round < 3000; round++) {
    uint32_t count = 1 + next_random(&seed) % NODES, edges = (uint32_t)(next_random(&seed) % (EDGES + 1));
    for (uint32_t i = 0; i < edges; i++) {
      from[i] = (uint32_t)(next_random(&seed) % count);
      to[i] = (uint32_t)(next_random(&seed) % count);
    }
    assert_components(count, edges, from, to);
  }
  assert_components(0, 0, from, to);
}

/* A chain that would overflow the stack of a recursion, once open and once closed to a ring. */
static void test_long_chain(void **state) {
  (void)state;
  enum { LENGTH = 1000000 };
  uint32_t *from = calloc(LENGTH, sizeof *from), *to = calloc(LENGTH, sizeof *to);
  uint32_t *component = calloc(LENGTH, sizeof *component), components = 0;
  assert_true(from && to && component);
  for (uint32_t i = 0; i < LENGTH; i++) {
    from[i] = i;
    to[i] = (i + 1) % LENGTH;
  }
  assert_true(casc_components(&casc_system_alloc, LENGTH, LENGTH - 1, from, to, component, &components));
  assert_int_equal(components, LENGTH);
  assert_int_equal(component[0], LENGTH - 1);
  assert_true(casc_components(&casc_system_alloc, LENGTH, LENGTH, from, to, component, &components));
  assert_int_equal(components, 1);
  free(from);
  free(to);
  free(component);
}

static const char company[] =
    "CREATE TABLE a (id INTEGER PRIMARY KEY, b REFERENCES b ON DELETE CASCADE);"
    "CREATE TABLE b (id INTEGER PRIMARY KEY, c REFERENCES c);"
    "CREATE TABLE c (id INTEGER PRIMARY KEY, a REFERENCES a ON DELETE CASCADE, top REFERENCES top ON DELETE CASCADE);"
    "CREATE TABLE leaf (a REFERENCES a ON DELETE CASCADE, top REFERENCES top ON DELETE SET NULL, self REFERENCES leaf);"
    "CREATE TABLE alone (x);"
    "CREATE TABLE tree (id INTEGER PRIMARY KEY, up REFERENCES tree ON DELETE CASCADE);"
    "CREATE TABLE top (id INTEGER PRIMARY KEY);";

static uint32_t number_of(const memory *m, const char *name) {
  return (uint32_t)(table_of(m, name) - m->graph->tables);
}

static void test_cycles(void **state) {
  (void)state;
  memory *m = memory_open(company);
  static const char *const in_cycle[] = {"a", "b", "c", "leaf", "tree"}, *const ring[] = {"a", "b", "c"};
  for (uint32_t i = 0; i < m->graph->table_count; i++) {
    bool expected = false;
    for (size_t j = 0; j < 5; j++) expected |= strcmp(in_cycle[j], m->graph->tables[i].label) == 0;
    assert_int_equal(!!(m->graph->tables[i].flags & CASCADE_TABLE_IN_CYCLE), expected);
  }
  for (size_t i = 0; i < 3; i++) {
    assert_int_equal(table_of(m, ring[i])->component_size, 3);
    assert_int_equal(table_of(m, ring[i])->component, table_of(m, "a")->component);
  }
  assert_int_equal(table_of(m, "tree")->component_size, 1);
  assert_true(relation_of(m, "b(c)")->flags & CASCADE_RELATION_IN_CYCLE);
  assert_true(relation_of(m, "tree(up)")->flags & CASCADE_RELATION_IN_CYCLE);
  assert_false(relation_of(m, "c(top)")->flags & CASCADE_RELATION_IN_CYCLE);
  assert_false(relation_of(m, "leaf(a)")->flags & CASCADE_RELATION_IN_CYCLE);
  for (uint32_t i = 0; i < m->graph->relation_count; i++) {
    const casc_relation *relation = &m->graph->relations[i];
    assert_true(m->graph->tables[relation->table].component <= m->graph->tables[relation->ref_table].component);
  }
  memory_close(m);
}

static void assert_reach(const memory *m, const char *start, int32_t cascading, const char *expected) {
  uint32_t tables[16], count = 0;
  char got[128] = "";
  assert_int_equal(cascade_graph_reach(m->graph, number_of(m, start), cascading, tables, &count, NULL), CASCADE_OK);
  for (uint32_t i = 0; i < count; i++) {
    strcat(got, i ? " " : "");
    strcat(got, m->graph->tables[tables[i]].label);
  }
  assert_string_equal(got, expected);
}

static void test_reach(void **state) {
  (void)state;
  memory *m = memory_open(company);
  assert_reach(m, "top", 0, "top c leaf b a");
  assert_reach(m, "top", 1, "top c");
  assert_reach(m, "a", 0, "a c leaf b");
  assert_reach(m, "a", 1, "a c leaf");
  assert_reach(m, "leaf", 0, "leaf");
  assert_reach(m, "tree", 1, "tree");
  assert_reach(m, "alone", 0, "alone");
  memory_close(m);
}

static void assert_path(const memory *m, const char *from, const char *to, const char *expected) {
  uint32_t relations[16], count = 99;
  char got[128] = "";
  assert_int_equal(cascade_graph_path(m->graph, number_of(m, from), number_of(m, to), relations, &count, NULL), CASCADE_OK);
  for (uint32_t i = 0; i < count; i++) {
    strcat(got, i ? ", " : "");
    strcat(got, m->graph->relations[relations[i]].label);
  }
  assert_string_equal(got, expected);
}

static void test_path(void **state) {
  (void)state;
  memory *m = memory_open(company);
  assert_path(m, "b", "top", "c(top) -> top(id), b(c) -> c(id)");
  assert_path(m, "leaf", "top", "leaf(top) -> top(id)");
  assert_path(m, "leaf", "b", "a(b) -> b(id), leaf(a) -> a(id)");
  assert_path(m, "tree", "tree", "");
  uint32_t relations[16], count = 0;
  cascade_error *error = NULL;
  assert_int_equal(cascade_graph_path(m->graph, number_of(m, "top"), number_of(m, "leaf"), relations, &count, &error),
                   CASCADE_NOT_FOUND);
  assert_failure(error, CASCADE_NOT_FOUND, WORDS("from table \"top\" to table \"leaf\""));
  memory_close(m);
}

static void test_find_table(void **state) {
  (void)state;
  memory *m = memory_open("CREATE TABLE Collection_Object (a); CREATE TABLE agent (a); CREATE TABLE x (a)");
  uint32_t table = 99;
  cascade_error *error = NULL;
  assert_int_equal(cascade_graph_find_table(m->graph, "COLLECTION_object", &table, &error), CASCADE_OK);
  assert_int_equal(table, 0);
  assert_int_equal(cascade_graph_find_table(m->graph, "agnet", &table, &error), CASCADE_NOT_FOUND);
  assert_string_equal(cascade_error_table(error), "agnet");
  assert_failure(error, CASCADE_NOT_FOUND, WORDS("table \"agnet\" does not exist; did you mean \"agent\"?"));
  assert_int_equal(cascade_graph_find_table(m->graph, "invoice", &table, &error), CASCADE_NOT_FOUND);
  assert_string_equal(cascade_error_message(error), "table \"invoice\" does not exist");
  cascade_error_free(error);
  assert_int_equal(cascade_graph_find_table(m->graph, "", &table, NULL), CASCADE_NOT_FOUND);
  memory_close(m);
}

static void test_nearest(void **state) {
  (void)state;
  static const char *const names[] = {"agent", "agents", "loan", "id", "collectionobject"};
  char longest[200];
  memset(longest, 'a', sizeof longest - 1);
  longest[sizeof longest - 1] = '\0';
  assert_string_equal(casc_nearest("agentt", names, 5), "agent");
  assert_string_equal(casc_nearest("AGENTZ", names, 5), "agent");
  assert_string_equal(casc_nearest("colectionobjet", names, 5), "collectionobject");
  assert_string_equal(casc_nearest("lona", names, 5), "loan");
  assert_null(casc_nearest("x", names, 5));
  assert_null(casc_nearest("borrower", names, 5));
  assert_null(casc_nearest("", names, 5));
  assert_null(casc_nearest(longest, names, 5));
  assert_null(casc_nearest("agent", names, 0));
}

static void test_accessors(void **state) {
  (void)state;
  memory *m = memory_open(company);
  cascade_table_info table = {.size = sizeof table};
  cascade_column_info column = {.size = sizeof column};
  cascade_relation_info relation = {.size = sizeof relation};
  const uint32_t *relations = NULL;
  uint32_t count = 0, leaf = number_of(m, "leaf"), tables = cascade_graph_table_count(m->graph), many[16];
  assert_int_equal(tables, 7);
  assert_int_equal(cascade_graph_relation_count(m->graph), 8);
  assert_int_equal(cascade_graph_table(m->graph, leaf, &table), CASCADE_OK);
  assert_string_equal(table.label, "leaf");
  assert_int_equal(table.column_count, 3);
  assert_int_equal(table.key_count, 0);
  assert_int_equal(cascade_graph_column(m->graph, leaf, 1, &column), CASCADE_OK);
  assert_string_equal(column.name, "top");
  assert_string_equal(column.type, "");
  assert_int_equal(cascade_graph_relations_from(m->graph, leaf, &relations, &count), CASCADE_OK);
  assert_int_equal(count, 3);
  assert_int_equal(cascade_graph_relation(m->graph, relations[2], &relation), CASCADE_OK);
  assert_string_equal(relation.label, "leaf(top) -> top(id)");
  assert_string_equal(relation.columns[0], "top");
  assert_int_equal(relation.on_delete, CASCADE_ACTION_SET_NULL);
  assert_int_equal(relation.rule, CASCADE_RULE_SET_NULL);
  assert_int_equal(cascade_graph_relations_to(m->graph, number_of(m, "top"), &relations, &count), CASCADE_OK);
  assert_int_equal(count, 2);
  /* A number or size out of range, or nothing to write to. */
  assert_int_equal(cascade_graph_table(m->graph, tables, &table), CASCADE_INVALID);
  assert_int_equal(cascade_graph_column(m->graph, leaf, 3, &column), CASCADE_INVALID);
  assert_int_equal(cascade_graph_column(m->graph, tables, 0, &column), CASCADE_INVALID);
  assert_int_equal(cascade_graph_relation(m->graph, 8, &relation), CASCADE_INVALID);
  assert_int_equal(cascade_graph_relations_to(m->graph, tables, &relations, &count), CASCADE_INVALID);
  assert_int_equal(cascade_graph_relations_from(m->graph, leaf, NULL, &count), CASCADE_INVALID);
  assert_int_equal(cascade_graph_table(m->graph, 0, NULL), CASCADE_INVALID);
  table.size = 8;
  assert_int_equal(cascade_graph_table(m->graph, 0, &table), CASCADE_INVALID);
  assert_int_equal(cascade_graph_reach(m->graph, tables, 0, many, &count, NULL), CASCADE_INVALID);
  assert_int_equal(cascade_graph_path(m->graph, 0, tables, many, &count, NULL), CASCADE_INVALID);
  assert_int_equal(cascade_graph_find_table(m->graph, NULL, &count, NULL), CASCADE_INVALID);
  cascade_graph *graph = m->graph;
  assert_int_equal(cascade_graph_read(NULL, NULL, &graph, NULL), CASCADE_INVALID);
  assert_null(graph);
  assert_int_equal(cascade_graph_table_count(NULL), 0);
  assert_int_equal(cascade_graph_relation_count(NULL), 0);
  assert_null(cascade_graph_ref(NULL));
  memory_close(m);
}

static void test_references(void **state) {
  (void)state;
  memory *m = memory_open(company);
  cascade_graph *other = cascade_graph_ref(m->graph);
  assert_ptr_equal(other, m->graph);
  cascade_graph_free(m->graph);
  m->graph = NULL;
  assert_string_equal(other->tables[0].label, "a");
  cascade_graph_free(other);
  memory_close(m);
}

static void test_dot(void **state) {
  (void)state;
  memory *m =
      memory_open("CREATE TABLE \"say \"\"hi\"\" \\\" (id INTEGER PRIMARY KEY);"
                  "CREATE TABLE k (a INT REFERENCES \"say \"\"hi\"\" \\\" ON DELETE CASCADE, b REFERENCES gone ON DELETE SET NULL);"
                  "CREATE INDEX k_a ON k (a); CREATE TABLE other (x REFERENCES k); CREATE TABLE alone (x)");
  char *text = NULL;
  cascade_error *error = NULL;
  assert_int_equal(cascade_graph_dot(m->graph, NULL, &text, NULL), CASCADE_OK);
  assert_non_null(strstr(text, "\"k\" -> \"say \\\"hi\\\" \\\\\" [label=\"a\", color=firebrick];\n"));
  assert_non_null(strstr(text, "\"k\" -> \"gone\" [label=\"b\", color=steelblue, style=dashed];\n"));
  assert_non_null(strstr(text, "\"other\" -> \"k\" [label=\"x\", color=darkorchid, arrowhead=tee, style=dashed];\n"));
  assert_non_null(strstr(text, "\"gone\" [shape=box, style=dotted];\n"));
  assert_non_null(strstr(text, "\"alone\""));
  cascade_text_free(text);
  assert_int_equal(cascade_graph_dot(m->graph, "GONE", &text, NULL), CASCADE_OK);
  assert_non_null(strstr(text, "\"other\" -> \"k\""));
  assert_null(strstr(text, "\"alone\""));
  assert_null(strstr(text, "say"));
  cascade_text_free(text);
  assert_int_equal(cascade_graph_dot(m->graph, "nobody", &text, &error), CASCADE_NOT_FOUND);
  assert_failure(error, CASCADE_NOT_FOUND, WORDS("\"nobody\""));
  assert_null(text);
  assert_int_equal(cascade_graph_dot(NULL, NULL, &text, NULL), CASCADE_INVALID);
  memory_close(m);
}

/* Whatever allocation fails: no crash, nothing kept, and the next try works. */
static void sweep(memory *m, cascade_status (*call)(memory *m, cascade_error **error)) {
  for (long allowed = 0;; allowed++) {
    cascade_error *error = NULL;
    long before = m->live;
    m->allowed = allowed;
    cascade_status status = call(m, &error);
    m->allowed = -1;
    assert_int_equal(m->live, before);
    if (status == CASCADE_OK) break;
    assert_int_equal(status, CASCADE_NOMEM);
    assert_failure(error, CASCADE_NOMEM, WORDS("out of memory"));
    assert_true(allowed < 100000);
  }
  cascade_error *error = NULL;
  assert_int_equal(call(m, &error), CASCADE_OK);
}

static cascade_status read_and_free(memory *m, cascade_error **error) {
  cascade_graph *graph = NULL;
  cascade_status status = cascade_graph_read(m->connection, NULL, &graph, error);
  assert_int_equal(!graph, status < 0);
  cascade_graph_free(graph);
  return status;
}

static cascade_status walk_and_find(memory *m, cascade_error **error) {
  uint32_t many[16], count = 0;
  cascade_status status = cascade_graph_find_table(m->graph, "TOP", &count, error);
  if (status == CASCADE_OK) status = cascade_graph_reach(m->graph, 0, 0, many, &count, error);
  if (status == CASCADE_OK) status = cascade_graph_path(m->graph, number_of(m, "b"), number_of(m, "top"), many, &count, error);
  return status;
}

static cascade_status draw(memory *m, cascade_error **error) {
  char *text = NULL;
  cascade_status status = cascade_graph_dot(m->graph, "top", &text, error);
  assert_int_equal(!text, status < 0);
  cascade_text_free(text);
  return status;
}

static cascade_status write_and_load(memory *m, cascade_error **error) {
  char *text = NULL;
  cascade_graph *graph = NULL;
  cascade_status status = cascade_graph_json(m->graph, &text, error);
  if (status == CASCADE_OK) status = cascade_graph_load(m->context, text, strlen(text), &graph, error);
  cascade_text_free(text);
  cascade_graph_free(graph);
  return status;
}

static void test_memory_that_runs_out(void **state) {
  (void)state;
  memory *m = memory_open(company);
  memory_run(m, "CREATE TABLE more (a CONSTRAINT k REFERENCES gone DEFERRABLE, b COLLATE nocase, c DEFAULT 'x', UNIQUE (a, b));"
                "CREATE INDEX more_1 ON more (b COLLATE rtrim, a + 1); CREATE VIEW v AS SELECT 1 AS one;"
                "CREATE TRIGGER t AFTER DELETE ON more BEGIN SELECT 1; END; ANALYZE");
  memory_read(m);
  sweep(m, read_and_free);
  sweep(m, walk_and_find);
  sweep(m, draw);
  sweep(m, write_and_load);
  memory_close(m);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_components),
      cmocka_unit_test(test_long_chain),
      cmocka_unit_test(test_cycles),
      cmocka_unit_test(test_reach),
      cmocka_unit_test(test_path),
      cmocka_unit_test(test_find_table),
      cmocka_unit_test(test_nearest),
      cmocka_unit_test(test_accessors),
      cmocka_unit_test(test_references),
      cmocka_unit_test(test_dot),
      cmocka_unit_test(test_memory_that_runs_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char everything[] =
    "CREATE TABLE agent (id INTEGER PRIMARY KEY, \"na\"\"me\\\" TEXT NOT NULL DEFAULT 'x\ny' COLLATE NOCASE, code, "
    "region,"
    " twice INT AS (id * 2), UNIQUE (code, region));"
    "CREATE TABLE loan (borrower INTEGER CONSTRAINT k REFERENCES agent ON DELETE CASCADE ON UPDATE SET NULL DEFERRABLE "
    "INITIALLY"
    " DEFERRED, c, r, gone REFERENCES missing, gone2 REFERENCES missing (a), soft REFERENCES agent (region) ON DELETE "
    "RESTRICT,"
    " FOREIGN KEY (r, c) REFERENCES agent (region, code) ON DELETE SET DEFAULT DEFERRABLE);"
    "CREATE TABLE stored (a TEXT, b INT, PRIMARY KEY (b, a), FOREIGN KEY (b, a) REFERENCES stored) WITHOUT ROWID;"
    "CREATE TABLE \"Größe \xf0\x9f\x8c\x8d\" (rowid, x ANY REFERENCES agent);"
    "CREATE INDEX loan_b ON loan (borrower, c || 'x', r COLLATE NOCASE); CREATE UNIQUE INDEX loan_p ON loan (c) WHERE "
    "r > 1;"
    "CREATE VIEW seen AS SELECT 1; CREATE VIRTUAL TABLE words USING fts5(body);"
    "CREATE TRIGGER gone AFTER DELETE ON agent BEGIN SELECT 1; END; CREATE TRIGGER upd UPDATE ON agent BEGIN SELECT 1; "
    "END;"
    "INSERT INTO agent (id, \"na\"\"me\\\") VALUES (12, 'a');";

static char *json_of(const cascade_graph *graph) {
  char *text = NULL;
  cascade_error *error = NULL;
  cascade_status status = cascade_graph_json(graph, &text, &error);
  if (status < 0) fail_msg("%s", cascade_error_message(error));
  return text;
}

static cascade_graph *load(const memory *m, const char *text) {
  cascade_graph *graph = NULL;
  cascade_error *error = NULL;
  cascade_status status = cascade_graph_load(m->context, text, strlen(text), &graph, &error);
  if (status < 0) fail_msg("%s", cascade_error_message(error));
  return graph;
}

static void assert_same_texts(const char *const *a, const char *const *b, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) assert_string_equal(a[i], b[i]);
}

static void assert_same_table(const casc_table *a, const casc_table *b) {
  assert_string_equal(a->label, b->label);
  assert_string_equal(a->schema, b->schema);
  assert_int_equal(a->kind, b->kind);
  assert_int_equal(a->flags, b->flags);
  assert_int_equal(a->row_estimate, b->row_estimate);
  assert_int_equal(a->integer_key, b->integer_key);
  assert_int_equal(a->component, b->component);
  assert_int_equal(a->component_size, b->component_size);
  assert_int_equal(a->column_count, b->column_count);
  for (uint32_t i = 0; i < a->column_count; i++) {
    const casc_column *x = &a->columns[i], *y = &b->columns[i];
    assert_string_equal(x->name, y->name);
    assert_string_equal(x->type, y->type);
    assert_string_equal(x->default_sql ? x->default_sql : "-", y->default_sql ? y->default_sql : "-");
    assert_string_equal(x->collation ? x->collation : "-", y->collation ? y->collation : "-");
    assert_int_equal(x->flags, y->flags);
    assert_int_equal(x->affinity, y->affinity);
    assert_int_equal(x->value_type, y->value_type);
  }
  assert_int_equal(a->key_count, b->key_count);
  assert_same_texts(a->key_names, b->key_names, a->key_count);
  assert_int_equal(a->identity_count, b->identity_count);
  assert_same_texts(a->identity, b->identity, a->identity_count);
  if (a->identity_count) assert_int_equal(a->identity_types[0], b->identity_types[0]);
  assert_int_equal(a->index_count, b->index_count);
  assert_int_equal(a->trigger_count, b->trigger_count);
}

static void assert_same_relation(const casc_relation *a, const casc_relation *b) {
  assert_string_equal(a->label, b->label);
  assert_string_equal(a->name, b->name);
  assert_string_equal(a->index, b->index);
  assert_int_equal(a->flags, b->flags);
  assert_int_equal(a->on_delete, b->on_delete);
  assert_int_equal(a->on_update, b->on_update);
  assert_int_equal(a->rule, b->rule);
  assert_int_equal(a->direct, b->direct);
  assert_int_equal(!a->ref_columns, !b->ref_columns);
}

static void test_round_trip(void **state) {
  (void)state;
  memory *m = memory_open(everything);
  char *text = json_of(m->graph);
  cascade_graph *loaded = load(m, text);
  char *again = json_of(loaded);
  assert_string_equal(text, again);
  assert_int_equal(loaded->table_count, m->graph->table_count);
  assert_int_equal(loaded->relation_count, m->graph->relation_count);
  assert_int_equal(loaded->component_count, m->graph->component_count);
  for (uint32_t i = 0; i < loaded->table_count; i++) assert_same_table(&loaded->tables[i], &m->graph->tables[i]);
  for (uint32_t i = 0; i < loaded->relation_count; i++) assert_same_relation(&loaded->relations[i], &m->graph->relations[i]);
  char *same = json_of(m->graph);
  assert_string_equal(text, same);
  cascade_text_free(same);
  cascade_text_free(again);
  cascade_text_free(text);
  cascade_graph_free(loaded);
  memory_close(m);
}

static void test_empty(void **state) {
  (void)state;
  memory *m = memory_open("");
  char *text = json_of(m->graph);
  assert_string_equal(text, "{\n  \"format\": \"cascade-graph\",\n  \"version\": 1,\n  \"engine\": \"sqlite\",\n"
                            "  \"tables\": [],\n  \"relations\": []\n}\n");
  cascade_graph *loaded = load(m, text);
  assert_int_equal(cascade_graph_table_count(loaded), 0);
  cascade_graph_free(loaded);
  cascade_text_free(text);
  memory_close(m);
}

/* Written by hand, with what may be left out left out, and names in other cases than they are declared in. */
static void test_short_form(void **state) {
  (void)state;
  memory *m = memory_open("");
  cascade_graph *graph =
      load(m, "{\"format\": \"cascade-graph\", \"version\": 1, \"engine\": \"sqlite\", \"tables\": ["
              "{\"name\": \"Agent\", \"kind\": \"table\", \"primary_key\": [\"ID\"], \"key_is_rowid\": true,"
              " \"columns\": [{\"name\": \"id\", \"type\": \"integer\"}]},"
              "{\"name\": \"loan\", \"kind\": \"table\", \"primary_key\": [], \"columns\": [{\"name\": \"a\"}]}],"
              "\"relations\": [{\"table\": \"LOAN\", \"columns\": [\"A\"], \"ref_table\": \"agent\","
              " \"on_delete\": \"CASCADE\", \"on_update\": \"NO ACTION\"}]}");
  assert_string_equal(graph->relations[0].label, "loan(a) -> Agent(id)");
  assert_string_equal(graph->relations[0].name, "");
  assert_int_equal(graph->tables[0].identity_count, 1);
  assert_string_equal(graph->tables[0].identity[0], "id");
  assert_int_equal(graph->tables[0].columns[0].flags, CASCADE_COLUMN_NOT_NULL);
  assert_false(graph->relations[0].direct);
  assert_string_equal(graph->tables[1].identity[0], "rowid");
  assert_int_equal(graph->tables[0].row_estimate, -1);
  cascade_graph_free(graph);
  memory_close(m);
}

static const char hand_written[] = "{\"format\": \"cascade-graph\",\n"
                                   " \"version\": 1,\n"
                                   " \"engine\": \"sqlite\",\n"
                                   " \"tables\": [\n"
                                   "  {\"name\": \"a\", \"kind\": \"table\", \"rows\": 5,\n"
                                   "   \"primary_key\": [\"id\"], \"key_is_rowid\": true,\n"
                                   "   \"columns\": [{\"name\": \"id\", \"type\": \"INTEGER\", \"not_null\": true},\n"
                                   "    {\"name\": \"up\"}],\n"
                                   "   \"indexes\": [{\"name\": \"i\", \"columns\": [\"up\", null]}],\n"
                                   "   \"triggers\": [{\"name\": \"t\", \"on_delete\": true}]},\n"
                                   "  {\"name\": \"b\", \"kind\": \"view\", \"primary_key\": [], \"columns\": []}],\n"
                                   " \"relations\": [\n"
                                   "  {\"table\": \"a\", \"columns\": [\"up\"], \"ref_table\": \"a\",\n"
                                   "   \"ref_columns\": [\"id\"], \"on_delete\": \"CASCADE\",\n"
                                   "   \"on_update\": \"NO ACTION\"}]}";

/* The document with one part replaced by another must fail with these words. */
static void assert_refused(const memory *m, const char *part, const char *by, const char *words) {
  const char *at = strstr(hand_written, part);
  if (!at) fail_msg("not in the document: %s", part);
  char *text = sqlite3_mprintf("%.*s%s%s", (int)(at - hand_written), hand_written, by, at + strlen(part));
  cascade_graph *graph = NULL;
  cascade_error *error = NULL;
  cascade_status status = cascade_graph_load(m->context, text, strlen(text), &graph, &error);
  if (status != CASCADE_FORMAT) fail_msg("%s instead of %s: %s", by, part, cascade_status_name(status));
  assert_null(graph);
  assert_failure(error, CASCADE_FORMAT, WORDS(words));
  assert_int_equal(cascade_graph_load(m->context, text, strlen(text), &graph, NULL), CASCADE_FORMAT);
  sqlite3_free(text);
}

static void test_refused(void **state) {
  (void)state;
  memory *m = memory_open("");
  cascade_graph_free(load(m, hand_written));
  assert_refused(m, "\"version\": 1", "\"version\": 2", "line 2: version: expected \"version\": 1");
  assert_refused(m, "\"version\": 1", "\"version\": \"1\"", "line 2: version: expected \"version\": 1");
  assert_refused(m, " \"version\": 1,\n", "", "line 1: expected \"version\": 1");
  assert_refused(m, "cascade-graph", "cascade-policy", "line 1: format: expected \"cascade-graph\", not \"cascade-policy\"");
  assert_refused(m, "\"format\": \"cascade-graph\",", "", "line 1: lacks the text \"format\"");
  assert_refused(m, "\"sqlite\"", "\"oracle\"",
                 "line 3: engine: expected \"sqlite\", \"postgresql\" or \"mariadb\", not \"oracle\"");
  assert_refused(m, "\"tables\": [", "\"table\": [", "line 4: table: there is no such member; perhaps meant was \"tables\"");
  assert_refused(m, "\"kind\": \"table\"", "\"kind\": \"relation\"",
                 "line 5: tables[0].kind: expected one of \"table\", \"view\", \"virtual\", \"partition\", not \"relation\"");
  assert_refused(m, "\"rows\": 5", "\"rows\": -5", "line 5: tables[0].rows: expected a number of rows");
  assert_refused(m, "\"rows\": 5", "\"rows\": 5.5", "line 5: tables[0].rows: expected a number of rows");
  assert_refused(m, "\"primary_key\": [\"id\"]", "\"primary_key\": [\"id\", \"x\"]",
                 "line 6: tables[0].primary_key: the table has no column \"x\"");
  assert_refused(m, "\"primary_key\": [\"id\"]", "\"primary_key\": []", "line 6: tables[0].key_is_rowid: expected a primary key");
  assert_refused(m, "\"primary_key\": [\"id\"]", "\"primary_key\": \"id\"", "line 6: tables[0].primary_key: expected an array");
  assert_refused(m, "\"primary_key\": [\"id\"]", "\"primary_key\": [1]", "line 6: tables[0].primary_key: expected names");
  assert_refused(m, "\"key_is_rowid\": true", "\"key_is_rowid\": 1", "line 6: tables[0].key_is_rowid: expected true or false");
  assert_refused(m, "\"type\": \"INTEGER\"", "\"type\": 7", "line 7: tables[0].columns[0].type: expected a text");
  assert_refused(m, "\"not_null\": true", "\"colour\": 1", "line 7: tables[0].columns[0].colour: there is no such member");
  assert_refused(m, "{\"name\": \"up\"}", "{\"name\": \"up\", \"nam\": 1}", "perhaps meant was \"name\"");
  assert_refused(m, "{\"name\": \"up\"}", "{\"name\": \"ID\"}",
                 "line 8: tables[0].columns[1].name: the table has two columns \"ID\"");
  assert_refused(m, "{\"name\": \"up\"}", "{}", "line 8: tables[0].columns[1]: lacks the text \"name\"");
  assert_refused(m, "{\"name\": \"up\"}", "\"up\"", "line 8: tables[0].columns[1]: expected an object");
  assert_refused(m, "[\"up\", null]", "[\"down\"]", "line 9: tables[0].indexes[0].columns: the table has no column \"down\"");
  assert_refused(m, "[\"up\", null]", "[true]", "line 9: tables[0].indexes[0].columns: expected names, and null");
  assert_refused(m, "\"on_delete\": true}", "\"on_insert\": true}", "line 10: tables[0].triggers[0].on_insert: there is no such");
  assert_refused(m, "{\"name\": \"b\"", "{\"name\": \"A\"", "line 11: tables[1].name: there are two tables \"A\"");
  assert_refused(m, "\"view\", \"primary_key\": []", "\"view\"", "line 11: tables[1]: lacks the array \"primary_key\"");
  assert_refused(m, "{\"table\": \"a\"", "{\"table\": \"c\"", "line 13: relations[0].table: there is no table \"c\"");
  assert_refused(m, "\"columns\": [\"up\"], \"ref", "\"columns\": [\"x\"], \"ref",
                 "line 13: relations[0].columns: the table has no column");
  assert_refused(m, "\"columns\": [\"up\"], \"ref", "\"columns\": [], \"ref",
                 "line 13: relations[0].columns: expected at least one");
  assert_refused(m, "\"ref_table\": \"a\",", "", "line 13: relations[0]: lacks the text \"ref_table\"");
  assert_refused(m, "\"ref_columns\": [\"id\"]", "\"ref_columns\": []",
                 "line 14: relations[0].ref_columns: expected as many names");
  assert_refused(m, "\"on_delete\": \"CASCADE\"", "\"on_delete\": \"cascade\"",
                 "line 14: relations[0].on_delete: expected one of \"NO ACTION\"");
  assert_refused(m, "\"NO ACTION\"}]}", "\"NO ACTION\"}]", "line 15: ");
  assert_refused(m, "\"NO ACTION\"}]}", "\"NO ACTION\"}]} x", "line 15: ");
  assert_refused(m, "\"INTEGER\"", "\"\xff\"", "line 7: ");
  assert_refused(m, "\"INTEGER\"", "\"a\\u0000b\"", "line 7: ");
  assert_refused(m, "\"type\": \"INTEGER\"", "\"name\": \"id\"", "line 7: duplicate");
  memory_close(m);
}

static void test_not_an_object(void **state) {
  (void)state;
  static const char *const texts[] = {"", " ", "[]", "7", "\"x\"", "null", "{", "{}", "[[[[[[", "\xef\xbb\xbf{}"};
  memory *m = memory_open("");
  cascade_graph *graph = NULL;
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    cascade_error *error = NULL;
    assert_int_equal(cascade_graph_load(m->context, texts[i], strlen(texts[i]), &graph, &error), CASCADE_FORMAT);
    assert_failure(error, CASCADE_FORMAT, WORDS("graph: line 1: "));
  }
  assert_int_equal(cascade_graph_load(m->context, NULL, 0, &graph, NULL), CASCADE_INVALID);
  assert_int_equal(cascade_graph_load(NULL, "{}", 2, &graph, NULL), CASCADE_INVALID);
  assert_int_equal(cascade_graph_load(m->context, "{}", 2, NULL, NULL), CASCADE_INVALID);
  assert_int_equal(cascade_graph_json(m->graph, NULL, NULL), CASCADE_INVALID);
  memory_close(m);
}

/* Damage of one byte: a graph, or a failure that names a line; never anything else. */
static void test_damaged(void **state) {
  (void)state;
  memory *m = memory_open("");
  size_t length = strlen(hand_written);
  char *text = malloc(length + 1);
  assert_non_null(text);
  static const char bytes[] = {'"', '}', ']', '[', ',', ':', '\\', '0', 'a', '\n', '\0', '\x80'};
  uint32_t refused = 0;
  for (size_t i = 0; i < length; i++)
    for (size_t b = 0; b < sizeof bytes; b++) {
      cascade_graph *graph = NULL;
      cascade_error *error = NULL;
      memcpy(text, hand_written, length + 1);
      text[i] = bytes[b];
      if (cascade_graph_load(m->context, text, length, &graph, &error) == CASCADE_OK) cascade_graph_free(graph);
      else assert_failure(error, CASCADE_FORMAT, WORDS("graph: line "));
      refused += !graph;
      /* Cut at this place it is never whole. */
      if (b == 0) {
        assert_int_equal(cascade_graph_load(m->context, hand_written, i, &graph, &error), CASCADE_FORMAT);
        assert_failure(error, CASCADE_FORMAT, WORDS("graph: line "));
      }
    }
  assert_true(refused > length * sizeof bytes / 3);
  free(text);
  memory_close(m);
}

static void test_name_that_json_cannot_carry(void **state) {
  (void)state;
  memory *m = memory_open("CREATE TABLE \"a\xff\" (x)");
  char *text = NULL;
  cascade_error *error = NULL;
  assert_int_equal(cascade_graph_json(m->graph, &text, &error), CASCADE_INVALID);
  assert_failure(error, CASCADE_INVALID, WORDS("is not UTF-8"));
  assert_null(text);
  memory_close(m);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_round_trip),
      cmocka_unit_test(test_empty),
      cmocka_unit_test(test_short_form),
      cmocka_unit_test(test_refused),
      cmocka_unit_test(test_not_an_object),
      cmocka_unit_test(test_damaged),
      cmocka_unit_test(test_name_that_json_cannot_carry),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

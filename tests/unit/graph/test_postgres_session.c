/* Reading PostgreSQL's catalog: names and who asks, what the session is left as, and that the graph's JSON keeps everything. */
#include "postgres.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "session.h"

static void assert_found(const fixture *f, const char *name, const char *label) {
  uint32_t table = 0;
  cascade_error *error = NULL;
  if (cascade_graph_find_table(f->m->graph, name, &table, &error) < 0) fail_msg("%s", cascade_error_message(error));
  assert_string_equal(f->m->graph->tables[table].label, label);
}

static void assert_lost(const fixture *f, const char *name, const char *part) {
  uint32_t table = 77;
  cascade_error *error = NULL;
  assert_int_equal(cascade_graph_find_table(f->m->graph, name, &table, &error), CASCADE_NOT_FOUND);
  assert_failure(error, CASCADE_NOT_FOUND, WORDS(part));
  assert_int_equal(table, 77);
}

#define LONG "abcdefghijklmnopqrstuvwxyz_abcdefghijklmnopqrstuvwxyz_abcdefghi"

static void test_names(void **state) {
  (void)state;
  fixture f =
      begin("CREATE SCHEMA app; CREATE SCHEMA \"od.d\"; CREATE SCHEMA far; CREATE SCHEMA wide;"
            "CREATE TABLE agent (id int PRIMARY KEY); CREATE TABLE app.agent (id int PRIMARY KEY); CREATE TABLE app.loan (id int);"
            "CREATE TABLE \"Agent\" (id int PRIMARY KEY, \"ID\" int UNIQUE, \"x y\" int REFERENCES \"Agent\" (\"ID\"));"
            "CREATE TABLE far.lens (id int); CREATE TABLE wide.lens (id int); CREATE TABLE far.alone (id int);"
            "CREATE TABLE far.\"Big\" (id int); CREATE TABLE \"app.agent\" (id int);"
            "CREATE TABLE \"od.d\".\"ta.ble \"\"x\"\"\" (\"select\" int PRIMARY KEY, \"na\"\"me\" int REFERENCES app.agent);"
            "CREATE TABLE \"select\" (\"from\" int PRIMARY KEY); CREATE TABLE \"Größe \xf0\x9f\x8c\x8d '\\\" (id int);"
            "CREATE TABLE " LONG " (" LONG " int PRIMARY KEY, up int REFERENCES " LONG ");");
  assert_found(&f, "public.agent", "public.agent");
  assert_found(&f, "app.agent", "app.agent");
  assert_found(&f, "agent", "public.agent");
  assert_found(&f, "Agent", "public.Agent");
  assert_found(&f, "loan", "app.loan");
  assert_found(&f, "LOAN", "app.loan");
  assert_found(&f, "App.Loan", "app.loan");
  assert_found(&f, "alone", "far.alone");
  assert_found(&f, "big", "far.Big");
  assert_found(&f, "FAR.big", "far.Big");
  assert_found(&f, "select", "public.select");
  assert_found(&f, "public.app.agent", "public.\"app.agent\"");
  assert_found(&f, "\"od.d\".\"ta.ble \"\"x\"\"\"", "\"od.d\".\"ta.ble \"\"x\"\"\"");
  assert_found(&f, "od.d.ta.ble \"x\"", "\"od.d\".\"ta.ble \"\"x\"\"\"");
  assert_found(&f, "Größe \xf0\x9f\x8c\x8d '\\", "public.Größe \xf0\x9f\x8c\x8d '\\");
  assert_found(&f, LONG, "public." LONG);
  assert_lost(&f, "lens", "\"lens\" may be more than one table; name one in full, as in \"far.lens\"");
  assert_lost(&f, "LENS", "more than one table");
  assert_lost(&f, "AGENT", "\"AGENT\" may be more than one table");
  assert_lost(&f, "lone", "did you mean \"alone\"?");
  assert_lost(&f, "app.agents", "did you mean \"app.agent\"?");
  assert_int_equal(cascade_graph_relation_count(f.m->graph), 3);
  const casc_relation *self = relation_of(f.m, "public.Agent(x y) -> public.Agent(ID)");
  assert_int_equal(self->ref_columns[0], 1);
  relation_of(f.m, "\"od.d\".\"ta.ble \"\"x\"\"\"(na\"me) -> app.agent(id)");
  relation_of(f.m, "public." LONG "(up) -> public." LONG "(" LONG ")");
  assert_int_equal(casc_graph_column_position(f.m->graph, self->table, "ID"), 1);
  assert_int_equal(casc_graph_column_position(f.m->graph, self->table, "id"), 0);
  assert_int_equal(casc_graph_column_position(f.m->graph, self->table, "Id"), CASC_NONE);
  assert_int_equal(casc_graph_column_position(f.m->graph, self->table, "X Y"), 2);
  /* The session's path chooses. */
  control(&f, "SET search_path = wide, app, nowhere, public");
  memory_read(f.m);
  assert_found(&f, "agent", "app.agent");
  assert_found(&f, "lens", "wide.lens");
  assert_found(&f, "LENS", "wide.lens");
  assert_names(f.m->graph->search_path, f.m->graph->search_path_count, "wide,app,public");
  control(&f, "SET search_path = ''");
  memory_read(f.m);
  assert_int_equal(f.m->graph->search_path_count, 0);
  assert_lost(&f, "agent", "more than one table");
  end(f);
}

static uint32_t privileges(const fixture *f, const char *table) {
  return table_of(f->m, table)->flags &
         (CASCADE_TABLE_NO_SELECT | CASCADE_TABLE_NO_DELETE | CASCADE_TABLE_NO_UPDATE | CASCADE_TABLE_ROW_SECURITY);
}

/* Roles are of all databases, and other processes run this test: "casc_" becomes a beginning of this one's own. */
static const char *own_role(const char *sql) {
  static char text[4000];
  size_t length = 0;
  for (const char *at = sql; *at;) {
    bool role = strncmp(at, "casc_", 5) == 0;
    int more = role ? snprintf(text + length, sizeof text - length, "casc_%ld_", (long)getpid())
                    : snprintf(text + length, sizeof text - length, "%c", *at);
    length += (size_t)more;
    assert_true(length < sizeof text);
    at += role ? 5 : 1;
  }
  return text;
}

/* The list of relations is whole, whatever the user may see. */
static void test_privileges(void **state) {
  (void)state;
  enum { SELECT = CASCADE_TABLE_NO_SELECT, DELETE = CASCADE_TABLE_NO_DELETE, UPDATE = CASCADE_TABLE_NO_UPDATE };
  fixture f = begin(own_role("CREATE ROLE casc_clerk; CREATE SCHEMA shut;"
                             "CREATE TABLE all_of (id int PRIMARY KEY); CREATE TABLE nothing (id int REFERENCES all_of);"
                             "CREATE TABLE reads (id int); CREATE TABLE partly (a int, b int);"
                             "CREATE TABLE shut.t (id int REFERENCES all_of);"
                             "CREATE TABLE rows (id int); CREATE TABLE rows_off (id int);"
                             "GRANT ALL ON all_of, rows, rows_off, shut.t TO casc_clerk; GRANT SELECT ON reads TO casc_clerk;"
                             "GRANT SELECT (a), UPDATE (b) ON partly TO casc_clerk; ALTER TABLE rows ENABLE ROW LEVEL SECURITY;"));
  assert_int_equal(privileges(&f, "public.nothing"), 0);
  assert_int_equal(privileges(&f, "public.rows"), 0);
  control(&f, own_role("SET ROLE casc_clerk"));
  memory_read(f.m);
  assert_int_equal(privileges(&f, "public.all_of"), 0);
  assert_int_equal(privileges(&f, "public.nothing"), SELECT | DELETE | UPDATE);
  assert_int_equal(privileges(&f, "public.reads"), DELETE | UPDATE);
  assert_int_equal(privileges(&f, "public.partly"), DELETE);
  assert_int_equal(privileges(&f, "shut.t"), SELECT | DELETE | UPDATE);
  assert_int_equal(privileges(&f, "public.rows"), CASCADE_TABLE_ROW_SECURITY);
  assert_int_equal(privileges(&f, "public.rows_off"), 0);
  assert_int_equal(cascade_graph_relation_count(f.m->graph), 2);
  control(&f, "SET row_security = off");
  memory_read(f.m);
  assert_int_equal(privileges(&f, "public.rows"), CASCADE_TABLE_ROW_SECURITY);
  control(&f, "RESET ROLE");
  test_database_run(f.database, own_role("DROP OWNED BY casc_clerk; DROP ROLE casc_clerk"));
  end(f);
}

static void test_estimates(void **state) {
  (void)state;
  fixture f = begin("CREATE TABLE few AS SELECT generate_series(1, 3) a; CREATE TABLE none (a int); CREATE TABLE counted (a int);"
                    "CREATE TABLE parent (a int); CREATE TABLE child () INHERITS (parent); CREATE TABLE new (a int);"
                    "INSERT INTO parent VALUES (1); INSERT INTO child VALUES (1), (2); INSERT INTO counted VALUES (1), (2);"
                    "ANALYZE few, none, parent, child");
  assert_int_equal(table_of(f.m, "public.few")->row_estimate, 3);
  assert_int_equal(table_of(f.m, "public.none")->row_estimate, 0);
  assert_int_equal(table_of(f.m, "public.parent")->row_estimate, 1);
  assert_int_equal(table_of(f.m, "public.child")->row_estimate, 2);
  assert_int_equal(table_of(f.m, "public.new")->row_estimate, -1);
  /* What nobody has analyzed, the server has counted; an idle session tells its counts. */
  test_database_disconnect(f.database);
  test_database_reconnect(f.database);
  for (int i = 0; i < 500 && table_of(f.m, "public.counted")->row_estimate < 0; i++) {
    test_database_run(f.database, "SELECT pg_sleep(0.01)");
    memory_read(f.m);
  }
  assert_int_equal(table_of(f.m, "public.counted")->row_estimate, 2);
  end(f);
}

static void assert_setting(const fixture *f, const char *name, const char *value) {
  casc_statement statement;
  casc_cursor cursor = {0};
  const cascade_value *row = NULL;
  cascade_error *error = NULL;
  bool text_rows = f->m->connection->capabilities.flags & CASCADE_TEXT_ROWS;
  casc_session_statement(f->m->connection, &statement);
  const char *form = text_rows ? "SELECT pg_catalog.encode(pg_catalog.convert_to(pg_catalog.current_setting('%s'), 'UTF8'), 'hex')"
                               : "SELECT pg_catalog.current_setting('%s')";
  char sql[200];
  snprintf(sql, sizeof sql, form, name);
  casc_str_put(&statement.sql, sql);
  casc_statement_column(&statement, CASCADE_TEXT);
  if (casc_query(f->m->connection, &statement, &cursor, &error) < 0 || casc_next(&cursor, &row, &error) != CASCADE_OK)
    fail_msg("%s", cascade_error_message(error));
  if (row[0].length != strlen(value) || memcmp(row[0].data, value, row[0].length) != 0)
    fail_msg("%s is %.*s, not %s", name, (int)row[0].length, row[0].data, value);
  casc_cursor_close(&cursor);
  casc_statement_free(&statement);
}

static void test_session_is_left_alone(void **state) {
  (void)state;
  const char *const fresh = "SELECT count(*) FROM pg_class WHERE relname = 'fresh'";
  fixture f = begin("CREATE SCHEMA \"my schema\"; CREATE TABLE t (id int PRIMARY KEY)");
  control(&f, "SET search_path = \"my schema\", \"$user\", public");
  uint64_t before = cascade_connection_statements(f.m->connection);
  memory_read(f.m);
  assert_true(cascade_connection_statements(f.m->connection) - before <= 10);
  assert_setting(&f, "search_path", "\"my schema\", \"$user\", public");
  assert_setting(&f, "transaction_isolation", "read committed");
  assert_setting(&f, "transaction_read_only", "off");
  /* In the host's transaction. */
  control(&f, "BEGIN");
  control(&f, "SET LOCAL search_path = public, \"my schema\"");
  control(&f, "CREATE TABLE fresh (id int)");
  memory_read(f.m);
  table_of(f.m, "public.fresh");
  assert_setting(&f, "search_path", "public, \"my schema\"");
  assert_int_equal(test_database_integer(f.database, fresh), 0);
  control(&f, "COMMIT");
  assert_int_equal(test_database_integer(f.database, fresh), 1);
  assert_setting(&f, "search_path", "\"my schema\", \"$user\", public");
  /* A setting that the transaction itself made is not undone by its end. */
  control(&f, "BEGIN");
  control(&f, "SET search_path = public");
  memory_read(f.m);
  control(&f, "COMMIT");
  assert_setting(&f, "search_path", "public");
  /* What fails leaves no transaction behind. */
  cascade_graph *graph = NULL;
  cascade_error *error = NULL;
  cascade_connection_cancel(f.m->connection);
  assert_int_equal(cascade_graph_read(f.m->connection, NULL, &graph, &error), CASCADE_CANCELLED);
  assert_failure(error, CASCADE_CANCELLED, WORDS("reading the graph"));
  assert_null(graph);
  assert_setting(&f, "transaction_isolation", "read committed");
  assert_setting(&f, "search_path", "public");
  end(f);
}

/* Nobody's functions, types or tables stand before the system's. */
static void test_shadowed_names(void **state) {
  (void)state;
  fixture f = begin("CREATE SCHEMA evil; CREATE FUNCTION evil.format_type(oid, int) RETURNS text LANGUAGE SQL AS 'SELECT 1::text';"
                    "CREATE FUNCTION evil.has_table_privilege(oid, text) RETURNS boolean LANGUAGE SQL AS 'SELECT false';"
                    "CREATE FUNCTION evil.current_setting(text) RETURNS text LANGUAGE SQL AS 'SELECT 1::text';"
                    "CREATE FUNCTION evil.unnest(name[]) RETURNS SETOF name LANGUAGE SQL AS 'SELECT NULL::name';"
                    "CREATE DOMAIN evil.uuid AS int; CREATE TABLE evil.pg_class (oid oid); CREATE TABLE t (id uuid PRIMARY KEY)");
  control(&f, "SET search_path = evil, public, pg_catalog");
  memory_read(f.m);
  assert_found(&f, "t", "public.t");
  assert_string_equal(column_of(f.m, "public.t", "id")->type, "uuid");
  assert_string_equal(column_of(f.m, "public.t", "id")->sql_type, "pg_catalog.uuid");
  assert_int_equal(table_of(f.m, "public.t")->flags, 0);
  assert_setting(&f, "search_path", "evil, public, pg_catalog");
  end(f);
}

static void assert_same_tables(const cascade_graph *a, const cascade_graph *b) {
  assert_int_equal(a->table_count, b->table_count);
  for (uint32_t i = 0; i < a->table_count; i++) {
    const casc_table *x = &a->tables[i], *y = &b->tables[i];
    assert_string_equal(x->label, y->label);
    assert_int_equal(x->kind, y->kind);
    assert_int_equal(x->flags, y->flags);
    assert_text(x->part_of, y->part_of);
    assert_int_equal(x->place, y->place);
    assert_int_equal(x->identity_count, y->identity_count);
    for (uint32_t k = 0; k < x->identity_count; k++) assert_int_equal(x->identity_types[k], y->identity_types[k]);
    for (uint32_t c = 0; c < x->column_count; c++) {
      assert_text(x->columns[c].sql_type, y->columns[c].sql_type);
      assert_int_equal(x->columns[c].value_type, y->columns[c].value_type);
      assert_int_equal(x->columns[c].affinity, y->columns[c].affinity);
      assert_int_equal(x->columns[c].loose, y->columns[c].loose);
    }
  }
}

static void assert_same_relations(const cascade_graph *a, const cascade_graph *b) {
  assert_int_equal(a->relation_count, b->relation_count);
  for (uint32_t i = 0; i < a->relation_count; i++) {
    const casc_relation *x = &a->relations[i], *y = &b->relations[i];
    assert_string_equal(x->label, y->label);
    assert_int_equal(x->flags, y->flags);
    assert_int_equal(x->direct, y->direct);
    assert_int_equal(x->set_count, y->set_count);
    for (uint32_t c = 0; c < x->set_count; c++) assert_int_equal(x->set_columns[c], y->set_columns[c]);
  }
}

static char *json_of(const cascade_graph *graph) {
  char *text = NULL;
  cascade_error *error = NULL;
  if (cascade_graph_json(graph, &text, &error) < 0) fail_msg("%s", cascade_error_message(error));
  return text;
}

static void test_json(void **state) {
  (void)state;
  fixture f = begin(own_role(
      "CREATE SCHEMA app; CREATE COLLATION loose (provider = icu, locale = 'und', deterministic = false);"
      "CREATE ROLE casc_reader;"
      "CREATE TABLE p (id bigint PRIMARY KEY, a int, b text COLLATE loose, bin bytea, \"A\" int GENERATED ALWAYS AS (a) STORED,"
      " UNIQUE (a, b)); CREATE TABLE \"P\" (id int);"
      "CREATE TABLE app.p (id numeric(9) PRIMARY KEY DEFAULT 1, x int, y text COLLATE loose,"
      " up bigint REFERENCES p DEFERRABLE INITIALLY DEFERRED,"
      " FOREIGN KEY (x, y) REFERENCES p (a, b) MATCH FULL, FOREIGN KEY (y, x) REFERENCES p (b, a) ON DELETE SET NULL (y));"
      "ALTER TABLE app.p ADD FOREIGN KEY (up) REFERENCES p ON DELETE SET DEFAULT (up) NOT VALID;"
      "CREATE INDEX ON app.p ((x + 1), y COLLATE \"C\"); CREATE INDEX ON app.p (x) WHERE x > 1;"
      "CREATE TABLE parted (id int PRIMARY KEY) PARTITION BY RANGE (id); CREATE TABLE \"par.t\" PARTITION OF parted"
      " FOR VALUES FROM (1) TO (2); ALTER TABLE \"par.t\" ADD FOREIGN KEY (id) REFERENCES p;"
      "CREATE TABLE up (id int); CREATE TABLE down () INHERITS (up); ALTER TABLE up ENABLE ROW LEVEL SECURITY;"
      "CREATE FUNCTION nop() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END';"
      "CREATE TRIGGER tr BEFORE DELETE ON up FOR EACH ROW EXECUTE FUNCTION nop(); CREATE VIEW seen AS SELECT 1 AS one;"
      "GRANT USAGE ON SCHEMA app TO casc_reader; GRANT SELECT, UPDATE ON app.p TO casc_reader;"
      "GRANT DELETE ON p TO casc_reader; ANALYZE;"));
  control(&f, own_role("SET ROLE casc_reader"));
  control(&f, "SET search_path = app, public");
  memory_read(f.m);
  char *first = json_of(f.m->graph);
  cascade_graph *graph = NULL;
  cascade_error *error = NULL;
  if (cascade_graph_load(f.m->context, first, strlen(first), &graph, &error) < 0) fail_msg("%s", cascade_error_message(error));
  char *second = json_of(graph);
  assert_string_equal(first, second);
  assert_same_tables(f.m->graph, graph);
  assert_same_relations(f.m->graph, graph);
  const char *const words[] = {"\"search_path\": [\"app\", \"public\"]",
                               "\"set_columns\": [\"y\"]",
                               "\"match_full\": true",
                               "\"not_validated\": true",
                               "\"partitioned\": true",
                               "\"partition_keys\": true",
                               "\"kind\": \"partition\", \"part_of\": \"public.parted\"",
                               "\"inherited\": true",
                               "\"no_select\": true",
                               "\"no_delete\": true",
                               "\"no_update\": true",
                               "\"row_security\": true",
                               "\"loose\": true",
                               "\"value\": \"binary\"",
                               "\"sql_type\": \"pg_catalog.int8\""};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (!strstr(first, words[i])) fail_msg("no %s in %s", words[i], first);
  cascade_text_free(first);
  cascade_text_free(second);
  cascade_graph_free(graph);
  control(&f, "RESET ROLE");
  test_database_run(f.database, own_role("DROP OWNED BY casc_reader; DROP ROLE casc_reader"));
  end(f);
}

/* Memory that runs out at any point is told, and leaves neither memory nor a transaction behind. */
static void test_out_of_memory(void **state) {
  (void)state;
  fixture f = begin("CREATE DOMAIN d AS int; CREATE TABLE p (id d PRIMARY KEY, v text DEFAULT 'x', UNIQUE (id, v));"
                    "CREATE TABLE c (p int REFERENCES p, x int, t text,"
                    " FOREIGN KEY (x, t) REFERENCES p (id, v) ON DELETE SET NULL (t));"
                    "CREATE RULE r AS ON DELETE TO c DO NOTHING; CREATE TABLE parted (id int) PARTITION BY LIST (id);"
                    "CREATE TABLE part PARTITION OF parted DEFAULT;");
  cascade_graph *graph = NULL;
  for (long allowed = 0; !graph; allowed++) {
    cascade_error *error = NULL;
    long live = f.m->live;
    f.m->allowed = allowed;
    cascade_status status = cascade_graph_read(f.m->connection, NULL, &graph, &error);
    f.m->allowed = -1;
    if (status >= 0) break;
    assert_int_equal(status, CASCADE_NOMEM);
    assert_null(graph);
    cascade_error_free(error);
    assert_int_equal(f.m->live, live);
    assert_setting(&f, "transaction_isolation", "read committed");
  }
  cascade_graph_free(graph);
  end(f);
}

static void test_empty_database(void **state) {
  (void)state;
  fixture f = begin("CREATE TEMP TABLE passing (id int PRIMARY KEY, up int REFERENCES passing)");
  control(&f, "CREATE TEMP TABLE passing (id int PRIMARY KEY, up int REFERENCES passing)");
  memory_read(f.m);
  assert_int_equal(cascade_graph_table_count(f.m->graph), 0);
  assert_int_equal(cascade_graph_relation_count(f.m->graph), 0);
  end(f);
}

static void test_old_server(void **state) {
  (void)state;
  fixture f = begin("CREATE TABLE t (id int)");
  cascade_graph *graph = NULL;
  cascade_error *error = NULL;
  f.m->connection->capabilities.version = "14.11 (Debian)";
  assert_int_equal(cascade_graph_read(f.m->connection, NULL, &graph, &error), CASCADE_UNSUPPORTED);
  assert_failure(error, CASCADE_UNSUPPORTED, WORDS("PostgreSQL 14.11 (Debian) is too old: 15 or a later one is needed"));
  end(f);
}

int main(int count, char **arguments) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_empty_database), cmocka_unit_test(test_old_server), cmocka_unit_test(test_names),
      cmocka_unit_test(test_privileges),     cmocka_unit_test(test_estimates),  cmocka_unit_test(test_session_is_left_alone),
      cmocka_unit_test(test_shadowed_names), cmocka_unit_test(test_json),       cmocka_unit_test(test_out_of_memory),
  };
  if (count > 1) fixture_driver = arguments[1];
  return cmocka_run_group_tests(tests, NULL, NULL);
}

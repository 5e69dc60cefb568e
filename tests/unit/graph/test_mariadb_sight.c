/* What a user of MariaDB may see of the catalog, foreign keys across databases, and a server or memory that fails. */
#include "memory.h"

#include "fault_driver.h"
#include "registry.h"
#include "scratch.h"
#include "test_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Runs statements in which %s stands for names, at most three. */
static void run(test_database *database, const char *format, const char *a, const char *b, const char *c) {
  char sql[4000];
  assert_true(snprintf(sql, sizeof sql, format, a, b, c) < (int)sizeof sql);
  test_database_run(database, sql);
}

static void address_of(const test_database *database, const char *user, bool dbi, char uri[static 500]) {
  const char *socket = getenv("CASCADE_TEST_MARIADB");
  if (dbi) snprintf(uri, 500, "dbi:mysql?mysql_unix_socket=%s&username=%s&dbname=%s", socket, user, database->name);
  else snprintf(uri, 500, "mariadb://%s@localhost/%s?unix_socket=%s", user, database->name, socket);
}

static void drop_word(char *text, const char *word, bool expected) {
  char *at = strstr(text, word), *behind = at ? at + strlen(word) : NULL;
  assert_int_equal(at != NULL, expected);
  if (at) memmove(at, behind, strlen(behind) + 1);
}

/* The graph as the user sees it, without the words that something may be hidden; NULL when reading fails, with the
   failure; where none is expected, that ends the test. */
static char *seen_by(const test_database *database, const char *user, bool dbi, uint32_t *hidden, cascade_error **error) {
  char uri[500], *text = NULL;
  address_of(database, user, dbi, uri);
  cascade_context *context = NULL;
  cascade_connection *connection = NULL;
  cascade_graph *graph = NULL;
  assert_int_equal(cascade_context_new(NULL, &context, NULL), CASCADE_OK);
  cascade_error *failure = NULL;
  if (cascade_connection_open(context, uri, NULL, &connection, &failure) < 0) fail_msg("%s", cascade_error_message(failure));
  if (cascade_graph_read(connection, NULL, &graph, &failure) == CASCADE_OK) {
    *hidden = cascade_graph_hidden(graph);
    assert_int_equal(cascade_graph_json(graph, &text, NULL), CASCADE_OK);
    drop_word(text, ",\n  \"hidden_relations\": true", *hidden & CASCADE_HIDDEN_RELATIONS);
    drop_word(text, ",\n  \"hidden_triggers\": true", *hidden & CASCADE_HIDDEN_TRIGGERS);
  }
  if (failure && !error) fail_msg("%s: %s", user, cascade_error_message(failure));
  if (failure) *error = failure;
  cascade_graph_free(graph);
  cascade_connection_free(connection);
  cascade_context_free(context);
  return text;
}

static void assert_seen(const test_database *database, const char *user, const char *expected, uint32_t expected_hidden) {
  for (int dbi = 0; dbi < 2; dbi++) {
    uint32_t hidden = 0;
    cascade_error *error = NULL;
    char *text = seen_by(database, user, dbi, &hidden, &error);
    if (!text) fail_msg("%s: %s", user, cascade_error_message(error));
    assert_string_equal(text, expected);
    assert_int_equal(hidden, expected_hidden);
    cascade_text_free(text);
  }
}

static void assert_hidden(const test_database *database, const char *user, const char *part) {
  for (int dbi = 0; dbi < 2; dbi++) {
    uint32_t hidden;
    cascade_error *error = NULL;
    char *text = seen_by(database, user, dbi, &hidden, &error);
    if (text) fail_msg("%s sees\n%s", user, text);
    assert_failure(error, CASCADE_PRIVILEGE, WORDS(part));
  }
}

static const char family[] =
    "CREATE TABLE p (id INT PRIMARY KEY, `u ü` INT UNIQUE, up INT, FOREIGN KEY (up) REFERENCES p (id));"
    "CREATE TABLE c (id INT PRIMARY KEY, p INT, `x-y` INT, FOREIGN KEY (p) REFERENCES p (id) ON DELETE CASCADE ON "
    "UPDATE SET NULL,"
    " FOREIGN KEY (p, id) REFERENCES c (id, p) ON DELETE NO ACTION, KEY (id, p),"
    " CONSTRAINT `other/key` FOREIGN KEY (`x-y`) REFERENCES p (`u ü`) ON DELETE SET NULL ON UPDATE CASCADE);"
    "CREATE TABLE `d-é` (p INT, FOREIGN KEY (p) REFERENCES p (id));"
    "CREATE TRIGGER t BEFORE DELETE ON c FOR EACH ROW SET @x = 1";

/* The server keeps users for all databases. */
static void make_user(test_database *database, char user[static 80]) {
  snprintf(user, 80, "%s_user", database->name);
  run(database, "CREATE USER %s@localhost", user, "", "");
}

static void drop_user(test_database *database, const char *user) {
  run(database, "DROP USER %s@localhost", user, "", "");
}

/* A session that only reads knows what its user might delete, and all rows are read. */
static void test_read_only(void **state) {
  (void)state;
  char place[SCRATCH_ROOM], file[SCRATCH_ROOM + 20], address[500], uri[700], user[80];
  test_database *database = test_database_new("mariadb");
  test_database_run(database, family);
  make_user(database, user);
  assert_true(scratch_directory(place, "sight"));
  snprintf(file, sizeof file, "%s/own.cnf", place);
  FILE *settings = fopen(file, "w");
  assert_non_null(settings);
  fputs("[client]\ninit-command = SET SESSION tx_read_only = 1, sql_select_limit = 1, completion_type = 1\n", settings);
  fclose(settings);
  address_of(database, user, false, address);
  snprintf(uri, sizeof uri, "%s&default_file=%s", address, file);
  const char *rights[] = {"GRANT SELECT ON %s.* TO %s@localhost; GRANT PROCESS ON *.* TO %s@localhost",
                          "GRANT DELETE ON %s.* TO %s@localhost"};
  const uint32_t hidden[] = {CASCADE_HIDDEN_TRIGGERS, 0};
  for (size_t i = 0; i < 2; i++) {
    run(database, rights[i], database->name, user, user);
    memory *m = memory_connect(uri);
    assert_int_equal(cascade_graph_hidden(m->graph), hidden[i]);
    assert_int_equal(cascade_graph_relation_count(m->graph), 5);
    memory_close(m);
  }
  assert_int_equal(remove(file), 0);
  assert_int_equal(rmdir(place), 0);
  drop_user(database, user);
  test_database_free(database);
}

/* InnoDB's dictionary and what everybody sees say the same. */
static void test_both_ways(void **state) {
  (void)state;
  test_database *database = test_database_new("mariadb");
  char user[80];
  test_database_run(database, family);
  make_user(database, user);
  run(database, "GRANT SELECT, DELETE ON %s.* TO %s@localhost", database->name, user, "");
  uint32_t hidden = 1;
  char *whole = seen_by(database, "root", false, &hidden, NULL);
  assert_non_null(whole);
  assert_int_equal(hidden, 0);
  assert_non_null(strstr(whole, "\"d-é\""));
  assert_non_null(strstr(whole, "\"name\": \"other/key\""));
  assert_seen(database, "root", whole, 0);
  assert_seen(database, user, whole, CASCADE_HIDDEN_RELATIONS);
  run(database, "GRANT PROCESS ON *.* TO %s@localhost", user, "", "");
  assert_seen(database, user, whole, 0);
  run(database, "REVOKE ALL, GRANT OPTION FROM %s@localhost; GRANT SELECT, DELETE ON *.* TO %s@localhost", user, user, "");
  assert_seen(database, user, whole, 0); /* from it no database is hidden */
  cascade_text_free(whole);
  drop_user(database, user);
  test_database_free(database);
}

static void test_hidden(void **state) {
  (void)state;
  test_database *database = test_database_new("mariadb");
  char user[80];
  test_database_run(database, family);
  make_user(database, user);
  uint32_t hidden;
  char *whole = seen_by(database, "root", false, &hidden, NULL);
  /* A table of which the user knows nothing may refer to one that it may delete from. */
  run(database, "GRANT SELECT, DELETE ON %s.p TO %s@localhost", database->name, user, "");
  assert_hidden(database, user, "grant it SELECT on the whole database, or PROCESS");
  run(database, "GRANT SELECT (id), DELETE ON %s.c TO %s@localhost", database->name, user, "");
  assert_hidden(database, user, "may not read all of database");
  /* With the dictionary it is known which table that is. */
  run(database, "GRANT PROCESS ON *.* TO %s@localhost", user, "", "");
  assert_hidden(database, user, "may not see all of it; grant it SELECT on that table");
  run(database, "GRANT SELECT ON %s.c TO %s@localhost", database->name, user, "");
  assert_hidden(database, user, "table \"d-é\" of database");
  run(database, "GRANT SELECT ON %s.`d-é` TO %s@localhost", database->name, user, "");
  assert_seen(database, user, whole, CASCADE_HIDDEN_TRIGGERS); /* there is none on the table that it may only read, but who knows */
  /* Who may only read is told that foreign keys exist, but not what they do. */
  run(database, "REVOKE ALL, GRANT OPTION FROM %s@localhost; GRANT SELECT ON %s.* TO %s@localhost", user, database->name, user);
  assert_hidden(database, user, "is hidden from user");
  run(database, "GRANT PROCESS ON *.* TO %s@localhost", user, "", "");
  char *less = seen_by(database, user, false, &hidden, NULL);
  assert_int_equal(hidden, CASCADE_HIDDEN_TRIGGERS);
  assert_non_null(strstr(whole, "\"triggers\""));
  assert_null(strstr(less, "\"triggers\""));
  cascade_text_free(less);
  run(database, "REVOKE PROCESS ON *.* FROM %s@localhost", user, "", "");
  run(database, "GRANT DELETE ON %s.* TO %s@localhost", database->name, user, "");
  assert_seen(database, user, whole, CASCADE_HIDDEN_RELATIONS);
  cascade_text_free(whole);
  drop_user(database, user);
  test_database_free(database);
}

static void test_role(void **state) {
  (void)state;
  test_database *database = test_database_new("mariadb");
  char user[80], role[70];
  test_database_run(database, family);
  make_user(database, user);
  snprintf(role, sizeof role, "%s_r", database->name);
  run(database, "CREATE ROLE %s; GRANT SELECT, DELETE ON %s.* TO %s", role, database->name, role);
  run(database, "GRANT %s TO %s@localhost", role, user, "");
  run(database, "SET DEFAULT ROLE %s FOR %s@localhost", role, user, "");
  uint32_t hidden;
  char *whole = seen_by(database, "root", false, &hidden, NULL);
  assert_seen(database, user, whole, CASCADE_HIDDEN_RELATIONS);
  cascade_text_free(whole);
  run(database, "DROP ROLE %s", role, "", "");
  drop_user(database, user);
  test_database_free(database);
}

static bool has_table(const memory *m, const char *schema, const char *name) {
  for (uint32_t i = 0; i < m->graph->table_count; i++)
    if (strcmp(m->graph->tables[i].schema, schema) == 0 && strcmp(m->graph->tables[i].name, name) == 0) return true;
  return false;
}

/* Of relations between databases: the referencing table's columns and index are known as those of all others. */
static void assert_reached(const memory *m, const char *schema, const char *name, const char *ref_schema, int32_t on_delete) {
  for (uint32_t i = 0; i < m->graph->relation_count; i++) {
    const casc_relation *relation = &m->graph->relations[i];
    const casc_table *table = &m->graph->tables[relation->table], *ref = &m->graph->tables[relation->ref_table];
    if (strcmp(table->schema, schema) != 0 || strcmp(table->name, name) != 0) continue;
    assert_string_equal(ref->schema, ref_schema);
    assert_int_equal(ref->kind, CASCADE_TABLE_ORDINARY);
    assert_int_equal(relation->on_delete, on_delete);
    assert_true(relation->flags & CASCADE_RELATION_TO_PRIMARY);
    assert_true(relation->flags & CASCADE_RELATION_INDEXED);
    assert_int_equal(table->key_count, 1);
    return;
  }
  fail_msg("nothing of %s.%s", schema, name);
}

static void assert_found(const memory *m, const char *name, const char *schema) {
  uint32_t table = 0;
  cascade_error *error = NULL;
  if (cascade_graph_find_table(m->graph, name, &table, &error) < 0) fail_msg("%s", cascade_error_message(error));
  assert_string_equal(m->graph->tables[table].schema, schema);
}

static void test_other_databases(void **state) {
  (void)state;
  test_database *home = test_database_new("mariadb"), *above = test_database_new("mariadb");
  test_database *far = test_database_new("mariadb"), *strange = test_database_new("mariadb");
  char odd[80], user[80];
  snprintf(odd, sizeof odd, "odd. d`b/é %.50s", home->name);
  test_database_run(above, "CREATE TABLE p (id INT PRIMARY KEY); CREATE TABLE unrelated (id INT PRIMARY KEY)");
  run(home, "CREATE TABLE p (id INT PRIMARY KEY, a INT, FOREIGN KEY (a) REFERENCES %s.p (id) ON DELETE SET NULL)", above->name, "",
      "");
  run(home,
      "CREATE DATABASE `odd. d``b/é %s`; CREATE TABLE `odd. d``b/é %s`.`c c` (id INT PRIMARY KEY, p INT,"
      " FOREIGN KEY (p) REFERENCES %s.p (id) ON DELETE CASCADE)",
      home->name, home->name, home->name);
  run(far, "CREATE TABLE c (id INT PRIMARY KEY, c INT, FOREIGN KEY (c) REFERENCES `odd. d``b/é %s`.`c c` (id))", home->name, "",
      "");
  test_database_run(strange, "CREATE TABLE p (id INT PRIMARY KEY); CREATE TABLE c (p INT, FOREIGN KEY (p) REFERENCES p (id))");
  run(home, "CREATE TABLE `%s.c` (id INT)", far->name, "", "");
  const char *const uris[] = {home->uri, home->dbi};
  for (int i = 0; i < 2; i++) {
    memory *m = memory_connect(uris[i]);
    assert_int_equal(m->graph->table_count, 6);
    assert_int_equal(m->graph->relation_count, 3);
    assert_true(has_table(m, "", "p"));
    assert_true(has_table(m, above->name, "unrelated"));
    assert_false(has_table(m, "", "unrelated"));
    char name[200];
    assert_found(m, "p", "");
    snprintf(name, sizeof name, "%s.p", home->name);
    assert_found(m, name, "");
    snprintf(name, sizeof name, "%s.p", above->name);
    assert_found(m, name, above->name);
    snprintf(name, sizeof name, "%s.c", far->name);
    assert_found(m, name, far->name);
    snprintf(name, sizeof name, "\"%s.c\"", far->name);
    assert_found(m, name, "");
    snprintf(name, sizeof name, "%s.unrelated", home->name);
    assert_int_equal(cascade_graph_find_table(m->graph, name, &(uint32_t){0}, NULL), CASCADE_NOT_FOUND);
    assert_reached(m, "", "p", above->name, CASCADE_ACTION_SET_NULL);
    assert_reached(m, odd, "c c", "", CASCADE_ACTION_CASCADE);
    assert_reached(m, far->name, "c", odd, CASCADE_ACTION_RESTRICT);
    memory_close(m);
  }
  uint32_t hidden;
  char *whole = seen_by(home, "root", false, &hidden, NULL);
  make_user(home, user);
  run(home, "GRANT SELECT, DELETE ON %s.* TO %s@localhost", home->name, user, "");
  run(home, "GRANT SELECT, DELETE ON %s.* TO %s@localhost", above->name, user, "");
  run(home, "GRANT SELECT, DELETE ON %s.* TO %s@localhost", far->name, user, "");
  run(home, "GRANT SELECT, DELETE ON %s.* TO %s@localhost", strange->name, user, "");
  run(home, "GRANT SELECT, DELETE ON `odd. d``b/é %s`.* TO %s@localhost", home->name, user, "");
  assert_seen(home, user, whole, CASCADE_HIDDEN_RELATIONS);
  cascade_text_free(whole);
  /* What is hidden from one that may see the dictionary, it knows to be there. */
  run(home, "REVOKE ALL ON `odd. d``b/é %s`.* FROM %s@localhost", home->name, user, "");
  char *less = seen_by(home, user, false, &hidden, NULL);
  assert_true(hidden & CASCADE_HIDDEN_RELATIONS);
  assert_null(strstr(less, "c c"));
  cascade_text_free(less);
  run(home, "GRANT PROCESS ON *.* TO %s@localhost", user, "", "");
  assert_hidden(home, user, "table \"c c\" of database \"odd. d`b/é ");
  drop_user(home, user);
  test_database_free(strange);
  test_database_free(far);
  run(home, "DROP DATABASE `odd. d``b/é %s`", home->name, "", "");
  test_database_free(home);
  test_database_free(above);
}

#define LONG "日日日日日日日日日日日日日日日日日日日日日日日日日日日日日日日日日日日日日日日日日"

/* The dictionary's views cut such names, which is noticed. */
static void test_long_names(void **state) {
  (void)state;
  test_database *database = test_database_new("mariadb");
  test_database_run(database, "CREATE TABLE `a" LONG "` (id INT PRIMARY KEY, up INT, FOREIGN KEY (up) REFERENCES `a" LONG "` (id));"
                              "CREATE TABLE `b" LONG "` (p INT, CONSTRAINT `" LONG "` FOREIGN KEY (p) REFERENCES `a" LONG
                              "` (id) ON DELETE CASCADE); CREATE TABLE c (p INT, FOREIGN KEY (p) REFERENCES `a" LONG "` (id))");
  memory *m = memory_connect(database->uri);
  assert_int_equal(cascade_graph_hidden(m->graph), 0);
  assert_int_equal(m->graph->relation_count, 3);
  assert_string_equal(relation_of(m, "b" LONG "(p) -> a" LONG "(id)")->name, LONG);
  assert_int_equal(relation_of(m, "b" LONG)->on_delete, CASCADE_ACTION_CASCADE);
  relation_of(m, "c(p) -> a" LONG "(id)");
  memory_close(m);
  test_database_free(database);
}

static void test_no_database(void **state) {
  (void)state;
  char uri[300];
  cascade_context *context = NULL;
  cascade_connection *connection = NULL;
  cascade_graph *graph = NULL;
  cascade_error *error = NULL;
  const char *socket = getenv("CASCADE_TEST_MARIADB");
  assert_non_null(socket);
  snprintf(uri, sizeof uri, "mariadb://root@localhost?unix_socket=%s", socket);
  assert_int_equal(cascade_context_new(NULL, &context, NULL), CASCADE_OK);
  assert_int_equal(cascade_connection_open(context, uri, NULL, &connection, NULL), CASCADE_OK);
  assert_int_equal(cascade_graph_read(connection, NULL, &graph, &error), CASCADE_INVALID);
  assert_failure(error, CASCADE_INVALID, WORDS("the session has chosen no database"));
  cascade_connection_free(connection);
  cascade_context_free(context);
}

/* Each call fails in turn: the failure comes out, nothing is kept, no cursor stays open, and the next try works. */
static void fail_each(memory *m, fault_driver *driver, cascade_connection *connection, int calls, cascade_status status) {
  uint64_t at = 1;
  for (;; at++) {
    cascade_graph *graph = NULL;
    cascade_error *error = NULL;
    long before = m->live;
    fault_driver_script(driver, &(fault){.calls = calls, .at = at, .status = status});
    cascade_status got = cascade_graph_read(connection, NULL, &graph, &error);
    assert_int_equal(driver->open_cursors, 0);
    cascade_graph_free(graph);
    if (!driver->fired) break;
    assert_int_equal(got, status);
    assert_null(graph);
    assert_failure(error, status, WORDS("reading the graph: "));
    assert_int_equal(m->live, before);
  }
  assert_true(at > 7);
}

/* A session of the native driver, behind one that fails by script. */
typedef struct scripted {
  memory *m;
  fault_driver *driver;
  cascade_connection *connection;
  void *library;
} scripted;

static scripted connect_scripted(const test_database *database, const char *user) {
  char uri[500];
  scripted made = {0};
  const cascade_driver *native = NULL;
  void *self = NULL;
  address_of(database, user, false, uri);
  made.m = memory_connect(uri);
  assert_int_equal(casc_driver_find(made.m->context, "mariadb", &native, &made.library, NULL), CASCADE_OK);
  assert_int_equal(native->open(made.m->context, strchr(uri, ':') + 1, 5000, &self, NULL), CASCADE_OK);
  made.driver = fault_driver_new(made.m->context, native, self);
  assert_non_null(made.driver);
  assert_int_equal(fault_driver_connect(made.driver, &made.connection, NULL), CASCADE_OK);
  return made;
}

static void close_scripted(scripted *made) {
  cascade_connection_free(made->connection);
  casc_driver_release(made->library);
  memory_close(made->m);
}

static void sweep(const test_database *database, const char *user) {
  scripted made = connect_scripted(database, user);
  fail_each(made.m, made.driver, made.connection, FAULT_QUERY, CASCADE_BUSY);
  fail_each(made.m, made.driver, made.connection, FAULT_NEXT, CASCADE_DATABASE);
  close_scripted(&made);
}

static uint64_t queries_of(const test_database *database) {
  scripted made = connect_scripted(database, "root");
  cascade_graph *graph = NULL;
  uint64_t before = made.driver->queries;
  assert_int_equal(cascade_graph_read(made.connection, NULL, &graph, NULL), CASCADE_OK);
  uint64_t queries = made.driver->queries - before;
  assert_int_equal(made.driver->executes, 0); /* nothing is begun or set */
  cascade_graph_free(graph);
  close_scripted(&made);
  return queries;
}

/* However many tables there are. */
static void test_queries(void **state) {
  (void)state;
  test_database *database = test_database_new("mariadb");
  test_database_run(database, "CREATE TABLE p (id INT PRIMARY KEY); CREATE TABLE c (p INT, FOREIGN KEY (p) REFERENCES p (id))");
  uint64_t queries = queries_of(database);
  assert_in_range(queries, 1, 8);
  for (int i = 0; i < 12; i++) {
    char sql[100];
    snprintf(sql, sizeof sql, "CREATE TABLE c%d (p INT, FOREIGN KEY (p) REFERENCES p (id) ON DELETE CASCADE)", i);
    test_database_run(database, sql);
  }
  assert_int_equal(queries_of(database), queries);
  test_database_free(database);
}

static void test_failing_calls(void **state) {
  (void)state;
  test_database *database = test_database_new("mariadb");
  char user[80];
  test_database_run(database, family);
  make_user(database, user);
  run(database, "GRANT SELECT, DELETE ON %s.* TO %s@localhost", database->name, user, "");
  sweep(database, "root");
  sweep(database, user);
  drop_user(database, user);
  test_database_free(database);
}

static void test_no_memory(void **state) {
  (void)state;
  test_database *database = test_database_new("mariadb");
  char user[80], uri[500];
  test_database_run(database, family);
  make_user(database, user);
  run(database, "GRANT SELECT, DELETE ON %s.* TO %s@localhost", database->name, user, "");
  for (int i = 0; i < 2; i++) {
    address_of(database, i ? user : "root", false, uri);
    memory *m = memory_connect(uri);
    cascade_status status = CASCADE_NOMEM;
    long tries = 0;
    for (; status != CASCADE_OK; tries++) {
      cascade_graph *graph = NULL;
      cascade_error *error = NULL;
      long before = m->live;
      m->allowed = tries;
      status = cascade_graph_read(m->connection, NULL, &graph, &error);
      m->allowed = -1;
      cascade_graph_free(graph);
      if (status != CASCADE_OK) assert_int_equal(status, CASCADE_NOMEM);
      cascade_error_free(error);
      assert_int_equal(m->live, before);
    }
    assert_true(tries > 50);
    memory_close(m);
  }
  drop_user(database, user);
  test_database_free(database);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_both_ways),       cmocka_unit_test(test_hidden),     cmocka_unit_test(test_role),
      cmocka_unit_test(test_other_databases), cmocka_unit_test(test_long_names), cmocka_unit_test(test_no_database),
      cmocka_unit_test(test_failing_calls),   cmocka_unit_test(test_queries),    cmocka_unit_test(test_no_memory),
      cmocka_unit_test(test_read_only),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What PostgreSQL's planner makes of the ways, whatever its statistics say: no more rows are looked at than those that are asked
   for. What its statistics tell, and what the session is left as. The argument names the driver: native or dbi. */
#include "pages_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t one[] = {2};

enum { TABLE_ROWS = 30000, MATCHES = 3000, STRAY = 40 };

/* The rows that refer to owner 2 lie at the end; with `stale` statistics they are said to be every second one. */
static void make_large(fixture *f, const char *statistics) {
  char sql[300];
  bool stale = strcmp(statistics, "stale") == 0;
  run(f, "CREATE TABLE owner (id integer PRIMARY KEY, code text NOT NULL UNIQUE, UNIQUE (id, code))");
  run(f,
      "CREATE TABLE pet (id bigint PRIMARY KEY, owner_id integer REFERENCES owner, code text REFERENCES owner (code), kind integer,"
      " FOREIGN KEY (owner_id, code) REFERENCES owner (id, code)) WITH (autovacuum_enabled = off)");
  run(f, "CREATE INDEX pet_owner ON pet (owner_id); CREATE INDEX pet_code ON pet (code); CREATE INDEX pet_both ON pet (code, "
         "owner_id); CREATE INDEX pet_kind ON pet (kind, owner_id)");
  run(f, "INSERT INTO owner SELECT i, 'c' || i FROM generate_series(1, 1000) i");
  if (stale) {
    run(f, "INSERT INTO pet SELECT i, CASE i % 2 WHEN 0 THEN 2 ELSE 10 + i % 900 END, CASE i % 2 WHEN 0 THEN 'c2' END, i"
           " FROM generate_series(1, 5000) i");
    run(f, "ANALYZE owner, pet; TRUNCATE pet");
  }
  snprintf(sql, sizeof sql,
           "INSERT INTO pet SELECT i, o, 'c' || o, i FROM (SELECT i, CASE WHEN i > %d THEN 2 ELSE 10 + i %% 900 END o"
           " FROM generate_series(1, %d) i) n",
           TABLE_ROWS - MATCHES, TABLE_ROWS);
  run(f, sql);
  if (strcmp(statistics, "fresh") == 0) run(f, "ANALYZE owner, pet");
}

/* Of the rows that any one step of the plan has read, the most. */
static int64_t most_read(fixture *f, const casc_sql_page *page) {
  cascade_error *error = NULL;
  casc_statement statement, explain;
  casc_cursor cursor;
  const cascade_value *row;
  int64_t most = 0, read = 0;
  casc_session_statement(f->connection, &statement);
  casc_session_statement(f->connection, &explain);
  f->scope.dialect->select_pages(&statement, page, 1);
  casc_str_printf(&explain.sql, "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) %s", statement.sql.data);
  for (size_t i = 0; i < statement.parameter_count; i++) casc_statement_parameter(&explain, &statement.parameters[i]);
  casc_statement_column(&explain, CASCADE_TEXT);
  need(casc_query(f->connection, &explain, &cursor, &error), &error, explain.sql.data);
  while (casc_next(&cursor, &row, &error) == CASCADE_OK) {
    char line[300];
    snprintf(line, sizeof line, "%.*s", (int)row->length, row->data);
    const char *actual = strstr(line, "(actual rows="), *loops = strstr(line, "loops="), *removed = strstr(line, "Rows Removed");
    if (actual && loops) read = strtoll(actual + 13, NULL, 10) * strtoll(loops + 6, NULL, 10);
    if (removed) read += strtoll(strchr(removed, ':') + 1, NULL, 10);
    if (read > most) most = read;
  }
  need(error ? cascade_error_status(error) : CASCADE_OK, &error, "EXPLAIN");
  casc_cursor_close(&cursor);
  casc_statement_free(&statement);
  casc_statement_free(&explain);
  return most;
}

static void at_most(fixture *f, const char *statistics, casc_sql_page page, int64_t bound) {
  page.limit = 21;
  int64_t most = most_read(f, &page);
  if (most > bound)
    fail_msg("%s, way %d of %s with %llu parents%s: %lld rows are read", statistics, page.way,
             page.relation->columns[page.relation->count - 1], (unsigned long long)page.parents->count,
             page.anchor ? " from an anchor" : "", (long long)most);
}

static void check_plans(fixture *f, const char *statistics, const casc_sql_relation *relation, const cascade_keys *parents) {
  const cascade_value far = {.type = CASCADE_INT64, .integer = TABLE_ROWS - 1000}, near = {.type = CASCADE_INT64, .integer = 1000};
  const cascade_value *anchors[] = {NULL, &near, &far};
  for (size_t i = 0; i < 3; i++) {
    casc_sql_page page = {.relation = relation, .parents = parents, .anchor = anchors[i], .bound = 1001};
    page.way = CASC_PAGE_GATHER;
    at_most(f, statistics, page, MATCHES + STRAY);
    page.way = CASC_PAGE_PROBE;
    at_most(f, statistics, page, (anchors[i] ? MATCHES : 1001) + STRAY);
    page.way = CASC_PAGE_WALK;
    at_most(f, statistics, page, anchors[i] == &far ? 21 + STRAY : 1001);
    page.tells_end = true;
    at_most(f, statistics, page, anchors[i] == &far ? 21 + STRAY : 1001);
    page.tells_end = false;
    if (anchors[i] != &far) continue;
    page.backward = true; /* nothing stands between the anchor and the matches before it */
    at_most(f, statistics, page, 21 + STRAY);
  }
}

static void test_plans(void **state) {
  (void)state;
  static const char *const all[] = {"no", "fresh", "stale"};
  static const int64_t several[] = {2, 5, 7};
  for (size_t i = 0; i < 3; i++) {
    fixture *f = begin();
    make_large(f, all[i]);
    make(f, "owner");
    const cascade_keys two = parents_of(one, 1), more = parents_of(several, 3);
    control(f, f->scope.dialect->look_begin);
    for (uint32_t j = 0; j < f->scope.relation_count; j++) {
      check_plans(f, all[i], &f->scope.relations[j].sql, &two);
      check_plans(f, all[i], &f->scope.relations[j].sql, &more);
    }
    control(f, f->scope.dialect->look_end);
    end(f);
  }
}

/* Reads a walk of so many rows from the anchor: rows that refer, and 1 beside the last, when it is only where the walk stopped. */
static void assert_walk(fixture *f, int64_t anchor, bool backward, uint64_t limit, uint64_t bound, const char *expected) {
  const cascade_value from = {.type = CASCADE_INT64, .integer = anchor};
  const cascade_keys parent = parents_of(one, 1);
  casc_sql_page page = {.relation = relation_of(f, "pet"),
                        .parents = &parent,
                        .anchor = &from,
                        .backward = backward,
                        .limit = limit,
                        .way = CASC_PAGE_WALK,
                        .bound = bound,
                        .tells_end = true};
  casc_statement statement;
  rows found;
  char text[200] = "";
  casc_session_statement(f->connection, &statement);
  f->scope.dialect->select_pages(&statement, &page, 1);
  read_rows(f, &statement, true, 1, &found);
  for (size_t i = 0; i < found.count; i++)
    snprintf(text + strlen(text), sizeof text - strlen(text), "%s%lld%s", i ? " " : "", (long long)found.key[i][0].integer,
             found.looked[i] ? "!" : "");
  assert_string_equal(text, expected);
  drop_rows(&found);
  casc_statement_free(&statement);
}

static void test_end_of_walk(void **state) {
  (void)state;
  fixture *f = begin();
  run(f, "CREATE TABLE owner (id integer PRIMARY KEY); INSERT INTO owner VALUES (1), (2)");
  run(f, "CREATE TABLE pet (id integer PRIMARY KEY, owner_id integer REFERENCES owner);"
         "INSERT INTO pet SELECT i, CASE WHEN i % 10 = 0 THEN 2 ELSE 1 END FROM generate_series(1, 100) i; CREATE INDEX ON pet "
         "(owner_id)");
  make(f, "owner");
  assert_walk(f, 0, false, 3, 50, "10 20 30");
  assert_walk(f, 0, false, 3, 25, "10 20 25!");
  assert_walk(f, 0, false, 3, 20, "10 20 20!");
  assert_walk(f, 80, false, 3, 20, "90 100 100!");
  assert_walk(f, 80, false, 3, 21, "90 100");
  assert_walk(f, 95, false, 3, 21, "100");
  assert_walk(f, 100, false, 3, 21, "");
  assert_walk(f, 30, true, 3, 25, "20 10 5!");
  assert_walk(f, 30, true, 3, 30, "20 10");
  end(f);
}

/* Reads the pages of three relations of one table by one walk: a bit for each. */
static void test_pages_together(void **state) {
  (void)state;
  fixture *f = begin();
  run(f, "CREATE TABLE owner (id integer PRIMARY KEY); INSERT INTO owner VALUES (1), (2)");
  run(f, "CREATE TABLE pet (id integer PRIMARY KEY, a integer REFERENCES owner, b integer REFERENCES owner, c integer REFERENCES "
         "owner); INSERT INTO pet SELECT i, CASE WHEN i % 2 = 0 THEN 2 END, CASE WHEN i % 3 = 0 THEN 2 ELSE 1 END, 1 FROM "
         "generate_series(1, 100) i; UPDATE pet SET c = 2 WHERE id = 7");
  run(f, "CREATE TABLE toy (id integer PRIMARY KEY, owner_id integer REFERENCES owner); INSERT INTO toy VALUES (5, 2), (6, 1)");
  make(f, "owner");
  const cascade_keys parent = parents_of(one, 1);
  casc_sql_page pages[4],
      toys = {.relation = relation_of(f, "toy"), .parents = &parent, .limit = 9, .way = CASC_PAGE_WALK, .bound = 50};
  uint32_t count = 0;
  casc_statement statement;
  rows found;
  char text[200] = "";
  for (uint32_t i = 0; i < f->scope.relation_count; i++)
    if (strcmp(f->scope.relations[i].sql.table->name, "pet") == 0)
      pages[count++] = (casc_sql_page){
          .relation = &f->scope.relations[i].sql, .parents = &parent, .limit = 9, .way = CASC_PAGE_WALK, .bound = 9, .together = 5};
  assert_int_equal(count, 3);
  pages[0].next = &pages[1];
  pages[1].next = &pages[2];
  pages[1].follows = pages[2].follows = true;
  pages[3] = toys;
  casc_session_statement(f->connection, &statement);
  f->scope.dialect->select_pages(&statement, pages, 4);
  read_rows(f, &statement, true, 1, &found);
  for (size_t i = 0; i < found.count; i++)
    snprintf(text + strlen(text), sizeof text - strlen(text), " %lld%s:%lld", (long long)found.place[i], found.text[i],
             (long long)found.looked[i]);
  assert_string_equal(text, " 0|2:1 0|3:2 0|4:1 0|6:3 0|7:4 3|5:0");
  drop_rows(&found);
  casc_statement_free(&statement);
  end(f);
}

static void read_shares(fixture *f, const cascade_value *key, int64_t share) {
  casc_statement statement;
  rows found;
  char text[30];
  const casc_sql_relation *relations[] = {relation_of(f, "none"), relation_of(f, "visa"), relation_of(f, "pet")};
  casc_session_statement(f->connection, &statement);
  f->scope.dialect->shares(&statement, relations, 3, key);
  read_rows(f, &statement, true, 0, &found);
  assert_int_equal(found.count, share ? 1 : 0);
  if (share) assert_int_equal(found.place[0], 2);
  snprintf(text, sizeof text, "|%lld", (long long)share);
  if (share) assert_string_equal(found.text[0], text);
  drop_rows(&found);
  casc_statement_free(&statement);
}

/* One of a table without statistics, and one that is not compared with the key itself, say nothing. */
static void test_shares(void **state) {
  (void)state;
  fixture *f = begin();
  run(f, "CREATE TABLE owner (id integer PRIMARY KEY, code text NOT NULL UNIQUE); INSERT INTO owner VALUES (1, '1'), (2, '2'), (3, "
         "'3'), (12, '12')");
  run(f, "CREATE TABLE \"none\" (id integer PRIMARY KEY, owner_id integer REFERENCES owner)");
  run(f, "CREATE TABLE visa (id integer PRIMARY KEY, code text REFERENCES owner (code)); INSERT INTO visa SELECT i, '2' FROM "
         "generate_series(1, 10) i");
  run(f, "CREATE TABLE pet (id integer PRIMARY KEY, owner_id integer REFERENCES owner);"
         "INSERT INTO pet SELECT i, CASE WHEN i % 4 = 0 THEN 2 ELSE 12 END FROM generate_series(1, 1000) i; ANALYZE pet, visa");
  make(f, "owner");
  read_shares(f, &(cascade_value){.type = CASCADE_INT64, .integer = 2}, 250000);
  read_shares(f, &(cascade_value){.type = CASCADE_INT64, .integer = 12}, 750000);
  read_shares(f, &(cascade_value){.type = CASCADE_INT64, .integer = 1}, 0);
  end(f);
}

static void assert_setting(fixture *f, const char *name, const char *value) {
  casc_statement statement;
  rows found;
  casc_session_statement(f->connection, &statement);
  casc_str_put(&statement.sql, "SELECT ");
  char item[80];
  snprintf(item, sizeof item, "current_setting('%s')", name);
  f->scope.dialect->column(&statement, item, CASCADE_TEXT);
  read_rows(f, &statement, false, 0, &found);
  assert_string_equal(found.text[0] + 1, value);
  drop_rows(&found);
  casc_statement_free(&statement);
}

/* Settings are as they were, and so is the host's transaction. */
static void test_look(void **state) {
  (void)state;
  fixture *f = begin();
  run(f, "CREATE TABLE owner (id integer PRIMARY KEY)");
  make(f, "owner");
  const casc_dialect *dialect = f->scope.dialect;
  control(f, dialect->look_begin);
  assert_setting(f, "enable_seqscan", "off");
  assert_setting(f, "jit", "off");
  assert_setting(f, "transaction_read_only", "on");
  control(f, dialect->look_end);
  assert_setting(f, "enable_seqscan", "on");
  control(f, (const char *const[]){"BEGIN", "SET LOCAL enable_bitmapscan = off", "INSERT INTO owner VALUES (1)", NULL});
  control(f, dialect->look_begin_nested);
  assert_setting(f, "enable_seqscan", "off");
  control(f, dialect->look_end_nested);
  assert_setting(f, "enable_seqscan", "on");
  assert_setting(f, "enable_bitmapscan", "off");
  assert_setting(f, "transaction_read_only", "off");
  control(f, (const char *const[]){"INSERT INTO owner VALUES (2)", "COMMIT", NULL});
  assert_int_equal(test_database_integer(f->database, "SELECT count(*) FROM owner"), 2);
  end(f);
}

int main(int argc, char **argv) {
  rig_engine = "postgresql";
  if (argc > 1) rig_driver = argv[1];
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_plans), cmocka_unit_test(test_end_of_walk),
                                     cmocka_unit_test(test_pages_together), cmocka_unit_test(test_shares),
                                     cmocka_unit_test(test_look)};
  size_t from = strcmp(rig_driver, "dbi") == 0; /* plans are the same, and EXPLAIN does not answer as drivers of text want it */
  return _cmocka_run_group_tests("pages postgres", tests + from, 4 - from, NULL, NULL);
}

/* Pages of several relations in one statement, against the same rows read one relation at a time: both directions, from an anchor, of one
   parent and of more. The arguments name the engine, and the driver: native or dbi. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <cascade.h>
#include <sqlite3.h>

#include "scope.h"
#include "test_server.h"

enum { ROWS = 60, PAGES = 40, TEXT = 16000 };

static const char *engine = "sqlite", *driver = "native";

typedef struct fixture {
  char directory[64], path[80];
  sqlite3 *sqlite;
  test_database *database;
  cascade_context *context;
  cascade_connection *connection;
  cascade_graph *graph;
  cascade_policy *policy;
  cascade_selection *selection;
  casc_scope scope;
} fixture;

static bool on(const char *name) {
  return strcmp(engine, name) == 0;
}

static void need(cascade_status status, cascade_error **error, const char *what) {
  if (status < 0) fail_msg("%s: %s", what, cascade_error_message(*error));
}

static void run(fixture *f, const char *sql) {
  char *why = NULL;
  if (f->database) test_database_run(f->database, sql);
  else if (sqlite3_exec(f->sqlite, sql, NULL, NULL, &why) != SQLITE_OK) fail_msg("%s: %s", sql, why);
}

static void make(fixture *f, const char *root) {
  cascade_error *error = NULL;
  char uri[400];
  bool dbi = strcmp(driver, "dbi") == 0;
  if (f->database) snprintf(uri, sizeof uri, "%s", dbi ? f->database->dbi : f->database->uri);
  else if (dbi) snprintf(uri, sizeof uri, "dbi:sqlite3?sqlite3_dbdir=%s&dbname=pages.db", f->directory);
  else snprintf(uri, sizeof uri, "sqlite:%s", f->path);
  int64_t key = 1;
  need(cascade_context_new(NULL, &f->context, &error), &error, "context");
  need(cascade_connection_open(f->context, uri, NULL, &f->connection, &error), &error, uri);
  need(cascade_graph_read(f->connection, NULL, &f->graph, &error), &error, "graph");
  need(cascade_policy_new(f->graph, NULL, &f->policy, &error), &error, "policy");
  need(cascade_selection_integers(f->graph, root, &key, 1, &f->selection, &error), &error, "selection");
  need(casc_scope_init(&f->scope, f->connection, f->policy, f->selection, false, &error), &error, "scope");
}

static fixture *begin(void) {
  fixture *f = calloc(1, sizeof *f);
  if (!on("sqlite")) {
    f->database = test_database_new(engine);
    return f;
  }
  snprintf(f->directory, sizeof f->directory, "/tmp/cascade-pages-XXXXXX");
  assert_non_null(mkdtemp(f->directory));
  snprintf(f->path, sizeof f->path, "%s/pages.db", f->directory);
  assert_int_equal(sqlite3_open(f->path, &f->sqlite), SQLITE_OK);
  return f;
}

static void end(fixture *f) {
  casc_scope_free(&f->scope);
  cascade_selection_free(f->selection);
  cascade_policy_free(f->policy);
  cascade_graph_free(f->graph);
  cascade_connection_free(f->connection);
  cascade_context_free(f->context);
  test_database_free(f->database);
  if (f->sqlite) {
    sqlite3_close(f->sqlite);
    unlink(f->path);
    rmdir(f->directory);
  }
  free(f);
}

/* owner: 1 to 4. The rows i of each table refer to owner i % 5; 0 stands for none. */
static void make_tables(fixture *f) {
  const char *bytes = on("postgresql") ? "BYTEA" : on("mariadb") ? "BINARY(4)" : "BLOB";
  const char *more = on("postgresql") ? "BYTEA" : on("mariadb") ? "VARBINARY(9)" : "BLOB";
  char sql[600];
  run(f, "CREATE TABLE owner (id INTEGER PRIMARY KEY, code VARCHAR(20) NOT NULL UNIQUE, region INTEGER NOT NULL, UNIQUE (region, code))");
  run(f, "CREATE TABLE pet (id INTEGER PRIMARY KEY, owner_id INTEGER, CONSTRAINT pet_owner FOREIGN KEY (owner_id) REFERENCES owner (id))");
  snprintf(sql, sizeof sql, "CREATE TABLE tiny (id %s PRIMARY KEY, owner_id INTEGER, FOREIGN KEY (owner_id) REFERENCES owner (id))",
           on("sqlite") ? "INTEGER" : "SMALLINT");
  run(f, sql);
  run(f, "CREATE TABLE part (a VARCHAR(20), b INTEGER, owner_id INTEGER, PRIMARY KEY (a, b), FOREIGN KEY (owner_id) REFERENCES owner (id))");
  run(f, "CREATE TABLE tag (slug VARCHAR(20) PRIMARY KEY, owner_id INTEGER, FOREIGN KEY (owner_id) REFERENCES owner (id))");
  run(f, "CREATE TABLE visa (id INTEGER PRIMARY KEY, code VARCHAR(20), FOREIGN KEY (code) REFERENCES owner (code))");
  run(f, "CREATE TABLE permit (id INTEGER PRIMARY KEY, region INTEGER, code VARCHAR(20), FOREIGN KEY (region, code) REFERENCES owner (region, code))");
  snprintf(sql, sizeof sql, "CREATE TABLE chip (id %s PRIMARY KEY, owner_id INTEGER, FOREIGN KEY (owner_id) REFERENCES owner (id))", bytes);
  run(f, sql);
  snprintf(sql, sizeof sql, "CREATE TABLE card (id %s PRIMARY KEY, owner_id INTEGER, FOREIGN KEY (owner_id) REFERENCES owner (id))", more);
  run(f, sql);
  run(f, "CREATE INDEX pet_by_owner ON pet (owner_id)"); /* the others have none, where the engine makes none itself */
  run(f, "CREATE INDEX permit_by_owner ON permit (region, code)");
  run(f, "BEGIN");
  for (int i = 1; i < 5; i++) {
    snprintf(sql, sizeof sql, "INSERT INTO owner VALUES (%d, 'c%d', %d)", i, i, i % 2);
    run(f, sql);
  }
  for (int i = 1; i <= ROWS; i++) {
    char owner[12] = "NULL", code[12] = "NULL", hex[40];
    if (i % 5) snprintf(owner, sizeof owner, "%d", i % 5), snprintf(code, sizeof code, "'c%d'", i % 5);
    snprintf(hex, sizeof hex, on("postgresql") ? "'\\x%02x41'" : "x'%02x41'", i);
    snprintf(sql, sizeof sql, "INSERT INTO pet VALUES (%d, %s)", i * 1000000, owner), run(f, sql);
    snprintf(sql, sizeof sql, "INSERT INTO tiny VALUES (%d, %s)", i, owner), run(f, sql);
    snprintf(sql, sizeof sql, "INSERT INTO part VALUES ('p%d', %d, %s)", i % 7, i, owner), run(f, sql);
    snprintf(sql, sizeof sql, "INSERT INTO tag VALUES ('s%d', %s)", i, owner), run(f, sql);
    snprintf(sql, sizeof sql, "INSERT INTO visa VALUES (%d, %s)", i, code), run(f, sql);
    snprintf(sql, sizeof sql, "INSERT INTO permit VALUES (%d, %d, %s)", i, i % 5 % 2, code), run(f, sql);
    snprintf(sql, sizeof sql, "INSERT INTO chip VALUES (%s, %s)", hex, owner), run(f, sql);
    snprintf(sql, sizeof sql, "INSERT INTO card VALUES (%s, %s)", hex, owner), run(f, sql);
  }
  run(f, "COMMIT");
}

/* Rows i of room refer to the storey (i % 3, "s<i % 4>"). */
static void make_storeys(fixture *f) {
  char sql[300];
  run(f, "CREATE TABLE storey (house INTEGER, name VARCHAR(20), PRIMARY KEY (house, name))");
  run(f, "CREATE TABLE room (id INTEGER PRIMARY KEY, house INTEGER, storey VARCHAR(20), FOREIGN KEY (house, storey) REFERENCES storey (house, name))");
  run(f, "CREATE TABLE desk (id INTEGER PRIMARY KEY, house INTEGER, storey VARCHAR(20), FOREIGN KEY (house, storey) REFERENCES storey (house, name))");
  run(f, "CREATE INDEX room_by_storey ON room (house, storey)");
  run(f, "BEGIN");
  for (int i = 0; i < 12; i++) {
    snprintf(sql, sizeof sql, "INSERT INTO storey VALUES (%d, 's%d')", i % 3, i % 4);
    run(f, sql);
  }
  for (int i = 1; i <= ROWS; i++)
    for (int j = 0; j < 2; j++) {
      snprintf(sql, sizeof sql, "INSERT INTO %s VALUES (%d, %d, 's%d')", j ? "room" : "desk", i, i % 3, i % 4);
      run(f, sql);
    }
  run(f, "COMMIT");
}

static const casc_sql_relation *relation_of(fixture *f, const char *table) {
  for (uint32_t i = 0; i < f->scope.relation_count; i++)
    if (strcmp(f->scope.relations[i].sql.table->name, table) == 0) return &f->scope.relations[i].sql;
  fail_msg("no relation of %s", table);
  return NULL;
}

/* Rows, each as one text, and their identities as bytes of their own. */
typedef struct rows {
  size_t count;
  char *text[1000];
  int64_t place[1000], looked[1000];
  cascade_value key[1000][2];
} rows;

static void put_cell(char *to, const cascade_value *cell) {
  size_t length = strlen(to);
  switch (cell->type) {
  case CASCADE_NULL: sprintf(to + length, "|NULL"); break;
  case CASCADE_INT64: sprintf(to + length, "|%lld", (long long)cell->integer); break;
  default:
    to[length++] = '|';
    for (uint64_t i = 0; i < cell->length; i++) length += (size_t)sprintf(to + length, cell->type == CASCADE_BLOB ? "%02x" : "%c", (unsigned char)cell->data[i]);
  }
}

static cascade_value keep(const cascade_value *cell) {
  cascade_value kept = *cell;
  if (cell->type < CASCADE_TEXT || !cell->length) return kept;
  char *bytes = malloc(cell->length);
  memcpy(bytes, cell->data, cell->length);
  kept.data = bytes;
  return kept;
}

/* `head` integers stand in front of the identity. */
static void read_rows(fixture *f, casc_statement *statement, uint32_t head, uint32_t key_count, rows *to) {
  cascade_error *error = NULL;
  casc_cursor cursor;
  const cascade_value *row;
  char text[400];
  cascade_status status = casc_query(f->connection, statement, &cursor, &error);
  memset(to, 0, sizeof *to);
  if (status < 0) fail_msg("%s\n%s", cascade_error_message(error), statement->sql.data);
  while ((status = casc_next(&cursor, &row, &error)) == CASCADE_OK) {
    assert_true(to->count < 1000);
    if (head) to->place[to->count] = row[0].integer;
    if (head > 1) to->looked[to->count] = row[1].integer;
    *text = '\0';
    for (size_t i = head; i < statement->type_count; i++) put_cell(text, &row[i]);
    for (uint32_t i = 0; i < key_count; i++) to->key[to->count][i] = keep(&row[head + i]);
    to->text[to->count++] = strdup(text);
  }
  if (status < 0) fail_msg("%s\n%s", cascade_error_message(error), statement->sql.data);
  casc_cursor_close(&cursor);
}

static void drop_rows(rows *of) {
  for (size_t i = 0; i < of->count; i++) {
    free(of->text[i]);
    for (size_t j = 0; j < 2; j++)
      if (of->key[i][j].type >= CASCADE_TEXT) free((char *)of->key[i][j].data);
  }
}

static void control(fixture *f, const char *const *sql) {
  cascade_error *error = NULL;
  if (sql) need(casc_control_all(f->connection, sql, &error), &error, *sql);
}

static const int64_t one[] = {2}, range[] = {2, 3}, some[] = {1, 2, 4};
static const char *const id_column[] = {"id"};

static cascade_keys parents_of(const int64_t *integers, uint64_t count) {
  return (cascade_keys){.size = sizeof(cascade_keys), .count = count, .column_count = 1, .columns = id_column, .integers = integers};
}

/* All rows of the page's relation, ascending, as the dialect's other statements give them. */
static void all_rows(fixture *f, const casc_sql_page *page, rows *all) {
  casc_statement statement;
  casc_session_statement(f->connection, &statement);
  f->scope.dialect->select_keys(&statement, page->relation->table,
                                &(casc_sql_filter){.relation = page->relation, .parents = page->parents}, true, true, 0);
  read_rows(f, &statement, 0, page->relation->table->key_count, all);
  casc_statement_free(&statement);
}

/* The rows of `all` that the page should have, in its order; at is where its anchor is, or -1. */
static size_t wanted(const casc_sql_page *page, const rows *all, int at, const char **texts) {
  size_t count = 0;
  int step = page->backward ? -1 : 1, from = at >= 0 ? at + step : page->backward ? (int)all->count - 1 : 0;
  for (int i = from; i >= 0 && i < (int)all->count && (!page->limit || count < page->limit); i += step)
    texts[count++] = all->text[i];
  return count;
}

/* Pages that are alike are read together, and then each alone. */
typedef struct asked {
  casc_sql_page pages[PAGES];
  rows *all[PAGES];
  int at[PAGES];
  uint32_t count;
} asked;

static void ask_relation(fixture *f, asked *to, const casc_sql_relation *relation, const cascade_keys *parents, casc_sql_page page, int at) {
  page.relation = relation;
  page.parents = parents;
  to->all[to->count] = calloc(1, sizeof(rows));
  all_rows(f, &page, to->all[to->count]);
  to->at[to->count] = at;
  if (at >= 0) page.anchor = to->all[to->count]->key[at];
  to->pages[to->count++] = page;
}

static void ask(fixture *f, asked *to, const char *table, const cascade_keys *parents, casc_sql_page page, int at) {
  ask_relation(f, to, relation_of(f, table), parents, page, at);
}

static void check_together(fixture *f, const asked *of, uint32_t from, uint32_t count, casc_page_way way) {
  casc_statement statement;
  casc_sql_page pages[PAGES];
  rows found;
  size_t next = 0;
  for (uint32_t i = 0; i < count; i++) {
    pages[i] = of->pages[from + i];
    pages[i].way = way;
    pages[i].bound = 1000;
    assert_true(casc_pages_alike(&pages[0], &pages[i]));
  }
  casc_session_statement(f->connection, &statement);
  f->scope.dialect->select_pages(&statement, pages, count);
  read_rows(f, &statement, 2, pages->relation->table->key_count, &found);
  for (uint32_t i = 0; i < count; i++) {
    const char *texts[ROWS];
    size_t rows_of_page = wanted(&pages[i], of->all[from + i], of->at[from + i], texts);
    for (size_t j = 0; j < rows_of_page; j++, next++) {
      if (next == found.count || found.place[next] != i || strcmp(found.text[next], texts[j]) != 0)
        fail_msg("%s, way %d, page %u of %u: %s is missing; %s is there\n%s", pages[i].relation->table->name, way, from + i, from + count,
                 texts[j], next < found.count ? found.text[next] : "nothing", statement.sql.data);
      size_t rest = of->all[from + i]->count;
      if (of->at[from + i] >= 0) rest = pages[i].backward ? (size_t)of->at[from + i] : rest - (size_t)of->at[from + i] - 1;
      assert_int_equal(found.looked[next], way == CASC_PAGE_PROBE ? rest : 0);
    }
  }
  if (next != found.count) fail_msg("%zu rows, not %zu\n%s", found.count, next, statement.sql.data);
  drop_rows(&found);
  casc_statement_free(&statement);
}

static void check(fixture *f, asked *of) {
  const casc_dialect *dialect = f->scope.dialect;
  for (int way = CASC_PAGE_ORDERED; way <= (dialect->pages_need_ways ? (int)CASC_PAGE_GATHER : (int)CASC_PAGE_ORDERED); way++) {
    control(f, dialect->look_begin);
    check_together(f, of, 0, of->count, (casc_page_way)way);
    for (uint32_t i = 0; i < of->count; i++) check_together(f, of, i, 1, (casc_page_way)way);
    control(f, dialect->look_end);
  }
  for (uint32_t i = 0; i < of->count; i++) {
    drop_rows(of->all[i]);
    free(of->all[i]);
  }
  free(of);
}

static void ask_all_ways(fixture *f, asked *of, const char *table, const cascade_keys *parents) {
  ask(f, of, table, parents, (casc_sql_page){.limit = 5}, -1);
  ask(f, of, table, parents, (casc_sql_page){.limit = 5}, 6);
  ask(f, of, table, parents, (casc_sql_page){.limit = 4, .backward = true}, 6);
  ask(f, of, table, parents, (casc_sql_page){.limit = 4, .backward = true}, -1);
}

static void test_pages(void **state) {
  (void)state;
  fixture *f = begin();
  make_tables(f);
  make(f, "owner");
  const cascade_keys parents[] = {parents_of(one, 1), parents_of(range, 2), parents_of(some, 3)};
  static const char *const integers[] = {"pet", "tiny", "visa", "permit"}, *const others[] = {"part", "tag"}, *const bytes[] = {"chip", "card"};
  for (size_t p = 0; p < 3; p++) {
    asked *of = calloc(1, sizeof *of);
    for (size_t i = 0; i < 4; i++) ask_all_ways(f, of, integers[i], &parents[p]);
    check(f, of);
    for (size_t i = 0; i < 2; i++) {
      of = calloc(1, sizeof *of);
      ask_all_ways(f, of, others[i], &parents[p]);
      check(f, of);
    }
    of = calloc(1, sizeof *of);
    for (size_t i = 0; i < 2; i++) ask_all_ways(f, of, bytes[i], &parents[p]);
    check(f, of);
  }
  end(f);
}

/* Keys of two columns; and only those rows that a condition of the relation leaves. */
static void test_pairs_and_conditions(void **state) {
  (void)state;
  fixture *f = begin();
  make_tables(f);
  make_storeys(f);
  make(f, "owner");
  static const char *const names[] = {"house", "name"};
  cascade_value cells[8] = {{.type = CASCADE_INT64, .integer = 1}, {.type = CASCADE_TEXT, .data = "s1", .length = 2},
                            {.type = CASCADE_INT64, .integer = 0}, {.type = CASCADE_TEXT, .data = "s3", .length = 2},
                            {.type = CASCADE_INT64, .integer = 1}, {.type = CASCADE_TEXT, .data = "s2", .length = 2},
                            {.type = CASCADE_INT64, .integer = 2}, {.type = CASCADE_TEXT, .data = "s9", .length = 2}};
  const cascade_keys more = {.size = sizeof more, .count = 4, .column_count = 2, .columns = names, .cells = cells}, single = parents_of(one, 1),
                     several = parents_of(some, 3);
  asked *of = calloc(1, sizeof *of);
  ask_all_ways(f, of, "room", &more);
  ask_all_ways(f, of, "desk", &more);
  casc_sql_relation narrow[] = {*relation_of(f, "pet"), *relation_of(f, "permit"), *relation_of(f, "visa")};
  narrow[0].where = "id > 3000000 AND owner_id <> 4";
  narrow[1].where = narrow[2].where = "id > 3 AND code <> 'c4'";
  for (size_t i = 0; i < 6; i++) {
    casc_sql_page page = {.relation = &narrow[i % 3], .limit = 7};
    ask_relation(f, of, &narrow[i % 3], i < 3 ? &single : &several, page, i % 2 ? 4 : -1);
  }
  check(f, of);
  end(f);
}

/* Columns of the row besides, in one statement for relations of which they have other names. */
static void test_behind(void **state) {
  (void)state;
  fixture *f = begin();
  make_tables(f);
  make(f, "owner");
  static const char *const owner_id[] = {"owner_id"}, *const region[] = {"region"};
  static const int32_t integer[] = {CASCADE_INT64};
  const cascade_keys two = parents_of(one, 1);
  casc_sql_page pages[] = {{.relation = relation_of(f, "tiny"), .parents = &two, .limit = 2, .behind_count = 1, .behind = owner_id, .behind_types = integer},
                           {.relation = relation_of(f, "permit"), .parents = &two, .limit = 2, .behind_count = 1, .behind = region, .behind_types = integer}};
  casc_sql_page other = pages[0];
  other.behind_count = 0;
  assert_false(casc_pages_alike(&pages[0], &other));
  assert_true(casc_pages_alike(&pages[0], &pages[1]));
  for (int way = CASC_PAGE_ORDERED; way <= (on("postgresql") ? (int)CASC_PAGE_GATHER : (int)CASC_PAGE_ORDERED); way++) {
    casc_statement statement;
    rows found;
    for (size_t i = 0; i < 2; i++) {
      pages[i].way = (casc_page_way)way;
      pages[i].bound = 100;
    }
    casc_session_statement(f->connection, &statement);
    f->scope.dialect->select_pages(&statement, pages, 2);
    read_rows(f, &statement, 2, 1, &found);
    static const char *const texts[] = {"|2|2", "|7|2", "|2|0", "|7|0"};
    assert_int_equal(found.count, 4);
    for (size_t i = 0; i < 4; i++) assert_string_equal(found.text[i], texts[i]);
    drop_rows(&found);
    casc_statement_free(&statement);
  }
  end(f);
}

/* As many as the dialect says, of the relations that take most words. */
static void test_many(void **state) {
  (void)state;
  fixture *f = begin();
  make_tables(f);
  make(f, "owner");
  uint32_t count = f->scope.dialect->pages_at_once;
  const cascade_keys more = parents_of(some, 3);
  casc_sql_page *pages = calloc(count, sizeof *pages);
  casc_statement statement;
  rows found;
  for (uint32_t i = 0; i < count; i++) pages[i] = (casc_sql_page){.relation = relation_of(f, "permit"), .parents = &more, .limit = 3};
  casc_session_statement(f->connection, &statement);
  f->scope.dialect->select_pages(&statement, pages, count);
  read_rows(f, &statement, 2, 1, &found);
  assert_int_equal(found.count, 3 * count);
  for (uint32_t i = 0; i < found.count; i++) assert_int_equal(found.place[i], i / 3);
  drop_rows(&found);
  casc_statement_free(&statement);
  casc_session_statement(f->connection, &statement);
  f->scope.dialect->count_pages(&statement, pages, count);
  read_rows(f, &statement, 1, 0, &found);
  assert_int_equal(found.count, count);
  drop_rows(&found);
  casc_statement_free(&statement);
  free(pages);
  end(f);
}

static void test_counts(void **state) {
  (void)state;
  fixture *f = begin();
  make_tables(f);
  make(f, "owner");
  const cascade_keys two = parents_of(one, 1), more = parents_of(some, 3);
  casc_statement statement;
  rows found;
  const casc_sql_page pages[] = {{.relation = relation_of(f, "pet"), .parents = &two},
                                 {.relation = relation_of(f, "part"), .parents = &more, .limit = 10},
                                 {.relation = relation_of(f, "permit"), .parents = &more, .limit = 1000},
                                 {.relation = relation_of(f, "visa"), .parents = &two, .limit = 5}};
  static const char *const counts[] = {"|12", "|10", "|36", "|5"};
  for (uint32_t many = 1; many <= 4; many += 3) {
    casc_session_statement(f->connection, &statement);
    f->scope.dialect->count_pages(&statement, pages, many);
    read_rows(f, &statement, 1, 0, &found);
    assert_int_equal(found.count, many);
    for (uint32_t i = 0; i < many; i++) {
      assert_int_equal(found.place[i], i);
      assert_string_equal(found.text[i], counts[i]);
    }
    drop_rows(&found);
    casc_statement_free(&statement);
  }
  end(f);
}

static int by_text(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static void check_links(fixture *f, const casc_sql_relation *relation, const int64_t *keys, uint64_t count, const char *const *texts,
                        size_t texts_count) {
  casc_statement statement;
  rows found;
  const cascade_keys these = parents_of(keys, count);
  casc_session_statement(f->connection, &statement);
  f->scope.dialect->select_links(&statement, relation, &these);
  read_rows(f, &statement, 0, 1, &found);
  qsort(found.text, found.count, sizeof *found.text, by_text);
  if (found.count != texts_count) fail_msg("%zu links\n%s", found.count, statement.sql.data);
  for (size_t i = 0; i < texts_count; i++) assert_string_equal(found.text[i], texts[i]);
  drop_rows(&found);
  casc_statement_free(&statement);
}

static void test_links(void **state) {
  (void)state;
  fixture *f = begin();
  make_tables(f);
  make(f, "owner");
  static const int64_t pets[] = {1000000, 5000000, 8000000}, visas[] = {6, 7, 8, 10}, row[] = {9};
  check_links(f, relation_of(f, "pet"), pets, 3, (const char *const[]){"|1000000|1", "|8000000|3"}, 2);
  check_links(f, relation_of(f, "visa"), visas, 4, (const char *const[]){"|6|1", "|7|2", "|8|3"}, 3);
  check_links(f, relation_of(f, "permit"), visas, 3, (const char *const[]){"|6|1", "|7|2", "|8|3"}, 3);
  check_links(f, relation_of(f, "permit"), row, 1, (const char *const[]){"|9|4"}, 1);
  casc_sql_relation narrow = *relation_of(f, "permit");
  narrow.where = "code <> 'c3' AND region = 1";
  check_links(f, &narrow, visas, 4, (const char *const[]){"|6|1"}, 1);
  check_links(f, &narrow, row, 1, NULL, 0);
  end(f);
}

/* What PostgreSQL's planner makes of the ways, whatever its statistics say: no more rows are looked at than those that are asked for. */

enum { TABLE_ROWS = 30000, MATCHES = 3000, STRAY = 40 };

/* The rows that refer to owner 2 lie at the end; with `stale` statistics they are said to be every second one. */
static void make_large(fixture *f, const char *statistics) {
  char sql[300];
  bool stale = strcmp(statistics, "stale") == 0;
  run(f, "CREATE TABLE owner (id integer PRIMARY KEY, code text NOT NULL UNIQUE, UNIQUE (id, code))");
  run(f, "CREATE TABLE pet (id bigint PRIMARY KEY, owner_id integer REFERENCES owner, code text REFERENCES owner (code), kind integer,"
         " FOREIGN KEY (owner_id, code) REFERENCES owner (id, code)) WITH (autovacuum_enabled = off)");
  run(f, "CREATE INDEX pet_owner ON pet (owner_id); CREATE INDEX pet_code ON pet (code); CREATE INDEX pet_both ON pet (code, owner_id); CREATE INDEX pet_kind ON pet (kind, owner_id)");
  run(f, "INSERT INTO owner SELECT i, 'c' || i FROM generate_series(1, 1000) i");
  if (stale) {
    run(f, "INSERT INTO pet SELECT i, CASE i % 2 WHEN 0 THEN 2 ELSE 10 + i % 900 END, CASE i % 2 WHEN 0 THEN 'c2' END, i"
           " FROM generate_series(1, 5000) i");
    run(f, "ANALYZE owner, pet; TRUNCATE pet");
  }
  snprintf(sql, sizeof sql, "INSERT INTO pet SELECT i, o, 'c' || o, i FROM (SELECT i, CASE WHEN i > %d THEN 2 ELSE 10 + i %% 900 END o"
           " FROM generate_series(1, %d) i) n", TABLE_ROWS - MATCHES, TABLE_ROWS);
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
    fail_msg("%s, way %d of %s with %llu parents%s: %lld rows are read", statistics, page.way, page.relation->columns[page.relation->count - 1],
             (unsigned long long)page.parents->count, page.anchor ? " from an anchor" : "", (long long)most);
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

static void read_shares(fixture *f, const cascade_value *key, int64_t share) {
  casc_statement statement;
  rows found;
  const casc_sql_relation *relations[] = {relation_of(f, "none"), relation_of(f, "visa"), relation_of(f, "pet")};
  casc_session_statement(f->connection, &statement);
  f->scope.dialect->shares(&statement, relations, 3, key);
  read_rows(f, &statement, 2, 0, &found);
  assert_int_equal(found.count, share ? 1 : 0);
  if (share) assert_int_equal(found.place[0], 2);
  if (share) assert_int_equal(found.looked[0], share);
  drop_rows(&found);
  casc_statement_free(&statement);
}

/* One of a table without statistics, and one that is not compared with the key itself, say nothing. */
static void test_shares(void **state) {
  (void)state;
  fixture *f = begin();
  run(f, "CREATE TABLE owner (id integer PRIMARY KEY, code text NOT NULL UNIQUE); INSERT INTO owner VALUES (1, '1'), (2, '2'), (3, '3'), (12, '12')");
  run(f, "CREATE TABLE \"none\" (id integer PRIMARY KEY, owner_id integer REFERENCES owner)");
  run(f, "CREATE TABLE visa (id integer PRIMARY KEY, code text REFERENCES owner (code)); INSERT INTO visa SELECT i, '2' FROM generate_series(1, 10) i");
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
  read_rows(f, &statement, 0, 0, &found);
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
  if (argc > 1) engine = argv[1];
  if (argc > 2) driver = argv[2];
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_pages), cmocka_unit_test(test_pairs_and_conditions),
                                     cmocka_unit_test(test_behind), cmocka_unit_test(test_many), cmocka_unit_test(test_counts), cmocka_unit_test(test_links),
                                     cmocka_unit_test(test_shares), cmocka_unit_test(test_look)};
  const struct CMUnitTest plans[] = {cmocka_unit_test(test_plans)};
  int failed = on("postgresql") ? cmocka_run_group_tests_name("pages", tests, NULL, NULL)
                                : _cmocka_run_group_tests("pages", tests, 6, NULL, NULL);
  if (on("postgresql") && strcmp(driver, "native") == 0) failed += cmocka_run_group_tests_name("plans", plans, NULL, NULL);
  return failed;
}

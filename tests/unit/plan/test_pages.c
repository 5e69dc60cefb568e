/* Pages of several relations in one statement, against the same rows read one relation at a time: both directions, from an anchor,
   of one parent and of more. The arguments name the engine, and the driver: native or dbi. */
#include "pages_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 60, PAGES = 40 };

/* owner: 1 to 4. The rows i of each table refer to owner i % 5; 0 stands for none. */
static void make_tables(fixture *f) {
  const char *bytes = on("postgresql") ? "BYTEA" : on("mariadb") ? "BINARY(4)" : "BLOB";
  const char *more = on("postgresql") ? "BYTEA" : on("mariadb") ? "VARBINARY(9)" : "BLOB";
  char sql[600];
  run(f, "CREATE TABLE owner (id INTEGER PRIMARY KEY, code VARCHAR(20) NOT NULL UNIQUE, region INTEGER NOT NULL, UNIQUE (region, "
         "code))");
  run(f, "CREATE TABLE pet (id INTEGER PRIMARY KEY, owner_id INTEGER, CONSTRAINT pet_owner FOREIGN KEY (owner_id) REFERENCES owner "
         "(id))");
  snprintf(sql, sizeof sql, "CREATE TABLE tiny (id %s PRIMARY KEY, owner_id INTEGER, FOREIGN KEY (owner_id) REFERENCES owner (id))",
           on("sqlite") ? "INTEGER" : "SMALLINT");
  run(f, sql);
  run(f, "CREATE TABLE part (a VARCHAR(20), b INTEGER, owner_id INTEGER, PRIMARY KEY (a, b), FOREIGN KEY (owner_id) REFERENCES "
         "owner (id))");
  run(f, "CREATE TABLE tag (slug VARCHAR(20) PRIMARY KEY, owner_id INTEGER, FOREIGN KEY (owner_id) REFERENCES owner (id))");
  run(f, "CREATE TABLE visa (id INTEGER PRIMARY KEY, code VARCHAR(20), FOREIGN KEY (code) REFERENCES owner (code))");
  run(f, "CREATE TABLE permit (id INTEGER PRIMARY KEY, region INTEGER, code VARCHAR(20), FOREIGN KEY (region, code) REFERENCES "
         "owner (region, code))");
  snprintf(sql, sizeof sql, "CREATE TABLE chip (id %s PRIMARY KEY, owner_id INTEGER, FOREIGN KEY (owner_id) REFERENCES owner (id))",
           bytes);
  run(f, sql);
  snprintf(sql, sizeof sql, "CREATE TABLE card (id %s PRIMARY KEY, owner_id INTEGER, FOREIGN KEY (owner_id) REFERENCES owner (id))",
           more);
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
  run(f, "CREATE TABLE room (id INTEGER PRIMARY KEY, house INTEGER, storey VARCHAR(20), FOREIGN KEY (house, storey) REFERENCES "
         "storey (house, name))");
  run(f, "CREATE TABLE desk (id INTEGER PRIMARY KEY, house INTEGER, storey VARCHAR(20), FOREIGN KEY (house, storey) REFERENCES "
         "storey (house, name))");
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

static const int64_t one[] = {2}, range[] = {2, 3}, some[] = {1, 2, 4};
/* All rows of the page's relation, ascending, as the dialect's other statements give them. */
static void all_rows(fixture *f, const casc_sql_page *page, rows *all) {
  casc_statement statement;
  casc_session_statement(f->connection, &statement);
  f->scope.dialect->select_keys(&statement, page->relation->table,
                                &(casc_sql_filter){.relation = page->relation, .parents = page->parents}, true, true, 0);
  read_rows(f, &statement, false, page->relation->table->key_count, all);
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

static void ask_relation(fixture *f, asked *to, const casc_sql_relation *relation, const cascade_keys *parents, casc_sql_page page,
                         int at) {
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
  read_rows(f, &statement, true, pages->relation->table->key_count, &found);
  for (uint32_t i = 0; i < count; i++) {
    const char *texts[ROWS];
    size_t rows_of_page = wanted(&pages[i], of->all[from + i], of->at[from + i], texts);
    for (size_t j = 0; j < rows_of_page; j++, next++) {
      if (next == found.count || found.place[next] != i || strcmp(found.text[next], texts[j]) != 0)
        fail_msg("%s, way %d, page %u of %u: %s is missing; %s is there\n%s", pages[i].relation->table->name, way, from + i,
                 from + count, texts[j], next < found.count ? found.text[next] : "nothing", statement.sql.data);
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
  static const char *const integers[] = {"pet", "tiny", "visa", "permit"}, *const others[] = {"part", "tag"},
                           *const bytes[] = {"chip", "card"};
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
  const cascade_keys more = {.size = sizeof more, .count = 4, .column_count = 2, .columns = names, .cells = cells},
                     single = parents_of(one, 1), several = parents_of(some, 3);
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
  casc_sql_page pages[] = {{.relation = relation_of(f, "tiny"),
                            .parents = &two,
                            .limit = 2,
                            .behind_count = 1,
                            .behind = owner_id,
                            .behind_types = integer},
                           {.relation = relation_of(f, "permit"),
                            .parents = &two,
                            .limit = 2,
                            .behind_count = 1,
                            .behind = region,
                            .behind_types = integer}};
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
    read_rows(f, &statement, true, 1, &found);
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
  for (uint32_t i = 0; i < count; i++)
    pages[i] = (casc_sql_page){.relation = relation_of(f, "permit"), .parents = &more, .limit = 3};
  casc_session_statement(f->connection, &statement);
  f->scope.dialect->select_pages(&statement, pages, count);
  read_rows(f, &statement, true, 1, &found);
  assert_int_equal(found.count, 3 * count);
  for (uint32_t i = 0; i < found.count; i++) assert_int_equal(found.place[i], i / 3);
  drop_rows(&found);
  casc_statement_free(&statement);
  casc_session_statement(f->connection, &statement);
  f->scope.dialect->count_pages(&statement, pages, count);
  read_rows(f, &statement, true, 0, &found);
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
    read_rows(f, &statement, true, 0, &found);
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

static void check_links(fixture *f, const casc_sql_relation *relation, const int64_t *keys, uint64_t count,
                        const char *const *texts, size_t texts_count) {
  casc_statement statement;
  rows found;
  const cascade_keys these = parents_of(keys, count);
  casc_session_statement(f->connection, &statement);
  f->scope.dialect->select_links(&statement, relation, &these);
  read_rows(f, &statement, false, 1, &found);
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

int main(int argc, char **argv) {
  if (argc > 1) rig_engine = argv[1];
  if (argc > 2) rig_driver = argv[2];
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_pages),  cmocka_unit_test(test_pairs_and_conditions),
                                     cmocka_unit_test(test_behind), cmocka_unit_test(test_many),
                                     cmocka_unit_test(test_counts), cmocka_unit_test(test_links)};
  return cmocka_run_group_tests_name("pages", tests, NULL, NULL);
}

#include "pages_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *rig_engine = "sqlite", *rig_driver = "native";

bool on(const char *name) {
  return strcmp(rig_engine, name) == 0;
}

void need(cascade_status status, cascade_error **error, const char *what) {
  if (status < 0) fail_msg("%s: %s", what, cascade_error_message(*error));
}

void run(fixture *f, const char *sql) {
  char *why = NULL;
  if (f->database) test_database_run(f->database, sql);
  else if (sqlite3_exec(f->sqlite, sql, NULL, NULL, &why) != SQLITE_OK) fail_msg("%s: %s", sql, why);
}

void make(fixture *f, const char *root) {
  cascade_error *error = NULL;
  char uri[400];
  bool dbi = strcmp(rig_driver, "dbi") == 0;
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

fixture *begin(void) {
  fixture *f = calloc(1, sizeof *f);
  if (!on("sqlite")) {
    f->database = test_database_new(rig_engine);
    return f;
  }
  assert_true(scratch_directory(f->directory, "pages"));
  snprintf(f->path, sizeof f->path, "%s/pages.db", f->directory);
  assert_int_equal(sqlite3_open(f->path, &f->sqlite), SQLITE_OK);
  return f;
}

void end(fixture *f) {
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

static void put_cell(char *to, const cascade_value *cell) {
  size_t length = strlen(to);
  switch (cell->type) {
  case CASCADE_NULL: sprintf(to + length, "|NULL"); break;
  case CASCADE_INT64: sprintf(to + length, "|%lld", (long long)cell->integer); break;
  default:
    to[length++] = '|';
    for (uint64_t i = 0; i < cell->length; i++)
      length += (size_t)sprintf(to + length, cell->type == CASCADE_BLOB ? "%02x" : "%c", (unsigned char)cell->data[i]);
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

void read_rows(fixture *f, casc_statement *statement, bool marked, uint32_t key_count, rows *to) {
  cascade_error *error = NULL;
  casc_cursor cursor;
  const cascade_value *row;
  char text[400];
  cascade_status status = casc_query(f->connection, statement, &cursor, &error);
  memset(to, 0, sizeof *to);
  if (status < 0) fail_msg("%s\n%s", cascade_error_message(error), statement->sql.data);
  while ((status = casc_next(&cursor, &row, &error)) == CASCADE_OK) {
    assert_true(to->count < 1000);
    if (marked) to->place[to->count] = row[0].integer % CASC_PAGE_PLACES;
    if (marked) to->looked[to->count] = row[0].integer / CASC_PAGE_PLACES;
    *text = '\0';
    for (size_t i = marked; i < statement->type_count; i++) put_cell(text, &row[i]);
    for (uint32_t i = 0; i < key_count; i++) to->key[to->count][i] = keep(&row[marked + i]);
    to->text[to->count++] = strdup(text);
  }
  if (status < 0) fail_msg("%s\n%s", cascade_error_message(error), statement->sql.data);
  casc_cursor_close(&cursor);
}

void drop_rows(rows *of) {
  for (size_t i = 0; i < of->count; i++) {
    free(of->text[i]);
    for (size_t j = 0; j < 2; j++)
      if (of->key[i][j].type >= CASCADE_TEXT) free((char *)of->key[i][j].data);
  }
}

void control(fixture *f, const char *const *sql) {
  cascade_error *error = NULL;
  if (sql) need(casc_control_all(f->connection, sql, &error), &error, *sql);
}

const casc_sql_relation *relation_of(fixture *f, const char *table) {
  for (uint32_t i = 0; i < f->scope.relation_count; i++)
    if (strcmp(f->scope.relations[i].sql.table->name, table) == 0) return &f->scope.relations[i].sql;
  fail_msg("no relation of %s", table);
  return NULL;
}

cascade_keys parents_of(const int64_t *integers, uint64_t count) {
  static const char *const id_column[] = {"id"};
  return (cascade_keys){
      .size = sizeof(cascade_keys), .count = count, .column_count = 1, .columns = id_column, .integers = integers};
}

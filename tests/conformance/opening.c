/* Addresses: what is opened, what is refused, and in which words. */
#include "suites.h"

#include <sys/stat.h>
#include <unistd.h>

/* The address, with the path put in, is refused with this class and these words. */
static void refused(test_rig *rig, const char *path, cascade_status status, const char *words) {
  char uri[600];
  snprintf(uri, sizeof uri, rig->quirks->uri, path);
  if (rig_open(rig, uri)) fail_msg("%s was opened", uri);
  const char *message = cascade_error_message(rig->error);
  if (cascade_error_status(rig->error) != status || !strstr(message, words) || strchr(message, '\n'))
    fail_msg("%s: %s: %s", uri, cascade_status_name(cascade_error_status(rig->error)), message);
}

static void opened(test_rig *rig, const char *path, const char *options, int64_t foreign_keys) {
  char uri[600];
  snprintf(uri, sizeof uri, rig->quirks->uri, path);
  strcat(uri, options);
  cascade_connection_free(rig->connection);
  rig->connection = rig_open(rig, uri);
  if (!rig->connection) fail_msg("%s: %s", uri, cascade_error_message(rig->error));
  assert_int_equal(rig_integer(rig, "foreign_keys", "From pragma_foreign_keys"), foreign_keys);
}

static char *under(test_rig *rig, const char *name) {
  static char path[300];
  snprintf(path, sizeof path, "%s/%s", rig->directory, name);
  return path;
}

static void write_file(const char *path, const char *content) {
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fputs(content, file);
  assert_int_equal(fclose(file), 0);
}

static void test_what_is_no_database(void **state) {
  test_rig *rig = *state;
  refused(rig, under(rig, "absent.db"), CASCADE_NOT_FOUND, "absent.db\" does not exist");
  assert_int_equal(access(under(rig, "absent.db"), F_OK), -1); /* and was not created */
  refused(rig, under(rig, "no/such/folder.db"), CASCADE_NOT_FOUND, "does not exist");
  refused(rig, rig->directory, CASCADE_CONNECTION, "is a directory");
  write_file(under(rig, "note.txt"), "SQLite is not meant here, at some length: more than a hundred bytes, so that a header "
                                     "could be read if there were one, which there is not, as everyone can see.\n");
  refused(rig, under(rig, "note.txt"), CASCADE_CONNECTION, "not a database");
  assert_non_null(strstr(cascade_error_message(rig->error), "note.txt"));
  assert_int_equal(mkfifo(under(rig, "pipe"), 0600), 0);
  refused(rig, under(rig, "pipe"), CASCADE_CONNECTION, "pipe");
  refused(rig, "", CASCADE_INVALID, rig->quirks->dbi ? "no database is named" : "names no file");
}

static void unreadable(test_rig *rig) {
  if (getuid() == 0) assert_int_equal(setresuid(65534, 65534, 65534), 0);
  refused(rig, under(rig, "secret.db"), CASCADE_CONNECTION, "cannot be read: Permission denied");
  refused(rig, under(rig, "closed/x.db"), CASCADE_CONNECTION, "cannot be reached: Permission denied");
}

static void test_without_permission(void **state) {
  test_rig *rig = *state;
  rig_shell(rig, "cp x.db secret.db && mkdir closed && cp x.db closed && chmod 0 secret.db closed");
  rig_isolated(unreadable, rig, 30);
  rig_shell(rig, "chmod 0700 closed");
}

static void test_foreign_keys(void **state) {
  test_rig *rig = *state;
  char off[40], on[40];
  snprintf(off, sizeof off, "%cforeign_keys=off", rig->quirks->dbi ? '&' : '?');
  snprintf(on, sizeof on, "%cforeign_keys=on", rig->quirks->dbi ? '&' : '?');
  opened(rig, rig->path, "", 1);
  opened(rig, rig->path, off, 0);
  opened(rig, rig->path, on, 1);
  char wrong[300];
  snprintf(wrong, sizeof wrong, "%s%cforeign_keys=perhaps", rig->path, rig->quirks->dbi ? '&' : '?');
  refused(rig, wrong, CASCADE_INVALID, "foreign_keys=perhaps");
}

static void test_escapes(void **state) {
  test_rig *rig = *state;
  char path[300];
  rig_shell(rig, "cp x.db 'a b%?&=c#.db'");
  snprintf(path, sizeof path, "%s/a%%20b%%25%%3f%%26%%3Dc%%23.db", rig->directory);
  opened(rig, path, "", 1);
  assert_int_equal(rig_integer(rig, "Count(*)", "From v"), 0);
  snprintf(path, sizeof path, "%s/x.db%%", rig->directory);
  refused(rig, path, CASCADE_INVALID, "");
  snprintf(path, sizeof path, "%s/x.db%%00", rig->directory);
  refused(rig, path, CASCADE_INVALID, "");
  snprintf(path, sizeof path, "%s/x.db%%zz", rig->directory);
  refused(rig, path, CASCADE_INVALID, "");
}

static void test_relative_paths(void **state) {
  test_rig *rig = *state;
  char before[4096];
  assert_non_null(getcwd(before, sizeof before));
  rig_shell(rig, "mkdir sub && cp x.db sub/y.db && cp x.db 'file:z.db'");
  assert_int_equal(chdir(rig->directory), 0);
  opened(rig, "x.db", "", 1);
  opened(rig, "sub/y.db", "", 1);
  opened(rig, "./sub/../x.db", "", 1);
  opened(rig, "file:z.db", "", 1); /* a name, not a URI of SQLite's */
  refused(rig, "file:absent%3Fmode=rwc", CASCADE_NOT_FOUND, "");
  assert_int_equal(chdir(before), 0);
}

static void test_memory(void **state) {
  test_rig *rig = *state;
  opened(rig, ":memory:", "", 1);
  rig_run(rig, "CREATE TABLE m (id INTEGER PRIMARY KEY)");
  assert_int_equal(rig_run(rig, "INSERT INTO m VALUES (1), (2)"), 2);
}

static void test_empty_file(void **state) { /* which to SQLite is a database without tables */
  test_rig *rig = *state;
  write_file(under(rig, "empty.db"), "");
  opened(rig, under(rig, "empty.db"), "", 1);
  assert_int_equal(rig_integer(rig, "Count(*)", "From sqlite_master"), 0);
}

static void test_locked_file(void **state) {
  test_rig *rig = *state;
  rig_prepare(rig, "BEGIN EXCLUSIVE");
  refused(rig, rig->path, CASCADE_BUSY, "locked");
  assert_int_equal(cascade_error_retryable(rig->error), 1);
  rig_prepare(rig, "COMMIT");
  opened(rig, rig->path, "", 1);
}

static void test_damaged_file(void **state) {
  test_rig *rig = *state;
  rig_shell(rig, "head -c 200 x.db > cut.db");
  char uri[600];
  snprintf(uri, sizeof uri, rig->quirks->uri, under(rig, "cut.db"));
  cascade_connection *connection = rig_open(rig, uri);
  if (connection) {
    cascade_connection_free(rig->connection);
    rig->connection = connection;
    test_cell cell;
    assert_int_equal(rig_try_cell(rig, "Count(*)", CASCADE_INT64, "From v", NULL, 0, &cell), CASCADE_DATABASE);
  } else {
    assert_true(cascade_error_status(rig->error) == CASCADE_DATABASE || cascade_error_status(rig->error) == CASCADE_CONNECTION);
  }
}

static void test_adopting_changes_nothing(void **state) {
  test_rig *rig = *state;
  rig_adopt(rig);
  sqlite3 *handle = rig_handle(rig);
  sqlite3_busy_timeout(handle, 123);
  assert_int_equal(
      sqlite3_exec(handle, "PRAGMA foreign_keys=OFF; PRAGMA cache_size=77; BEGIN; INSERT INTO v VALUES (1, 1)", NULL, NULL, NULL),
      SQLITE_OK);
  cascade_connection *connection = rig->connection;
  rig_run(rig, "INSERT INTO v VALUES (2, 2)"); /* within the host's transaction */
  assert_true(rig_execute(rig, "INSERT INTO v VALUES (2, 2)", NULL, 0, NULL) < 0);
  assert_int_equal(cascade_error_transaction(rig->error), CASCADE_TX_OPEN);
  assert_int_equal(sqlite3_errcode(handle) & ~0xff, 0); /* extended codes were not switched on */
  assert_int_equal(rig_integer(rig, "foreign_keys", "From pragma_foreign_keys"), 0);
  assert_int_equal(rig_integer(rig, "timeout", "From pragma_busy_timeout"), 123);
  assert_int_equal(rig_integer(rig, "cache_size", "From pragma_cache_size"), 77);
  cascade_connection_free(connection);
  rig->connection = NULL;
  assert_int_equal(sqlite3_get_autocommit(handle), 0);
  assert_int_equal(sqlite3_exec(handle, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
}

static void test_what_cannot_be_adopted(void **state) {
  test_rig *rig = *state;
  cascade_connection *connection = NULL;
  cascade_error *error = NULL;
  int handle = 0;
  assert_int_equal(cascade_connection_adopt(rig->context, "oracle", &handle, NULL, &connection, &error), CASCADE_NOT_FOUND);
  assert_null(connection);
  cascade_error_free(error);
  assert_int_equal(cascade_connection_adopt(rig->context, "dbi", NULL, NULL, &connection, NULL), CASCADE_INVALID);
  assert_int_equal(cascade_connection_adopt(rig->context, NULL, &handle, NULL, &connection, NULL), CASCADE_INVALID);
}

const test_entry opening_tests[] = {
    LISTED_FOR("sqlite", test_what_is_no_database),
    LISTED_FOR("sqlite", test_without_permission),
    LISTED_FOR("sqlite", test_foreign_keys),
    LISTED_FOR("sqlite", test_escapes),
    LISTED_FOR("sqlite", test_relative_paths),
    LISTED_FOR("sqlite", test_memory),
    LISTED_FOR("sqlite", test_empty_file),
    LISTED_FOR("sqlite", test_locked_file),
    LISTED_FOR("sqlite", test_damaged_file),
    LISTED_FOR("sqlite", test_adopting_changes_nothing),
    LISTED_FOR("sqlite", test_what_cannot_be_adopted),
};
const size_t opening_tests_count = sizeof opening_tests / sizeof *opening_tests;

/* What is MariaDB's own: types, texts under every sql_mode, transactions, sessions. Much of it is a trap that libdbi's driver for
   MySQL sets, and is asked of the native driver too. */
#include "suites.h"

#include <pthread.h>
#include <time.h>
#include <unistd.h>

/* values */

typedef struct test_type {
  const char *type;
  int32_t wanted;
  const char *written, *read; /* as a literal of SQL, and as text */
} test_type;

/* Each is read for what it is, and found again by what was read. libdbi itself clips unsigned integers and cuts at a NUL. */
static const test_type types[] = {
    {"TINYINT UNSIGNED", CASCADE_INT64, "200", "200"},
    {"TINYINT", CASCADE_INT64, "-128", "-128"},
    {"SMALLINT UNSIGNED", CASCADE_INT64, "65535", "65535"},
    {"MEDIUMINT UNSIGNED", CASCADE_INT64, "16777215", "16777215"},
    {"MEDIUMINT", CASCADE_INT64, "-8388608", "-8388608"},
    {"INT UNSIGNED", CASCADE_INT64, "4294967295", "4294967295"},
    {"INT(8) ZEROFILL", CASCADE_INT64, "42", "42"},
    {"BIGINT UNSIGNED", CASCADE_UINT64, "18446744073709551615", "18446744073709551615"},
    {"BIGINT UNSIGNED", CASCADE_UINT64, "9223372036854775808", "9223372036854775808"},
    {"BIGINT UNSIGNED", CASCADE_TEXT, "18446744073709551615", "18446744073709551615"},
    {"YEAR", CASCADE_INT64, "2155", "2155"},
    {"BOOLEAN", CASCADE_INT64, "TRUE", "1"},
    {"DECIMAL(65,30)", CASCADE_TEXT, "12345678901234567890.000000000000000000000000000001",
     "12345678901234567890.000000000000000000000000000001"},
    {"DECIMAL(40,3)", CASCADE_TEXT, "-12345678901234567890.125", "-12345678901234567890.125"},
    {"DATE", CASCADE_TEXT, "'2024-02-29'", "2024-02-29"},
    {"DATETIME(6)", CASCADE_TEXT, "'2024-02-29 23:59:59.999999'", "2024-02-29 23:59:59.999999"},
    {"DATETIME", CASCADE_TEXT, "'9999-12-31 00:00:00'", "9999-12-31 00:00:00"},
    {"TIMESTAMP(3)", CASCADE_TEXT, "'2024-02-29 01:02:03.004'", "2024-02-29 01:02:03.004"},
    {"TIME(6)", CASCADE_TEXT, "'-838:59:58.000001'", "-838:59:58.000001"},
    {"CHAR(10)", CASCADE_TEXT, "'it''s'", "it's"},
    {"VARCHAR(20) CHARACTER SET latin1", CASCADE_TEXT, "'Straße'", "Straße"},
    {"VARCHAR(20) CHARACTER SET utf8mb3", CASCADE_TEXT, "'€'", "€"},
    {"VARCHAR(20) COLLATE utf8mb4_bin", CASCADE_TEXT, "'🦋'", "🦋"},
    {"ENUM('glad', 'sad, ''really''')", CASCADE_TEXT, "2", "sad, 'really'"},
    {"SET('a', 'b', 'c')", CASCADE_TEXT, "'a,c'", "a,c"},
    {"UUID", CASCADE_TEXT, "'6f1f0a1e-5d1c-4a1c-9c53-0d9b3f0f7e11'", "6f1f0a1e-5d1c-4a1c-9c53-0d9b3f0f7e11"},
    {"INET6", CASCADE_TEXT, "'2001:db8::1'", "2001:db8::1"},
    {"JSON", CASCADE_TEXT, "'{\"a\": \"\\\\\\\\\"}'", "{\"a\": \"\\\\\"}"},
    {"BINARY(4)", CASCADE_BLOB, "x'00ff0000'", "\0\xff\0\0"},
    {"VARBINARY(16)", CASCADE_BLOB, "x'00270027'", "\0'\0'"},
};

static void check_type(test_rig *rig, const test_type *type) {
  size_t length = type->wanted == CASCADE_BLOB ? 4 : strlen(type->read);
  rig_preparef(rig, "DROP TABLE v; CREATE TABLE v (id INT PRIMARY KEY, x %s); INSERT INTO v VALUES (1, %s)", type->type,
               type->written);
  test_cell cell = rig_cell(rig, "x", type->wanted, "From v");
  char digits[32];
  if (cell.type == CASCADE_INT64 || cell.type == CASCADE_UINT64) {
    snprintf(digits, sizeof digits, cell.type == CASCADE_INT64 ? "%lld" : "%llu", (long long)cell.integer);
    cell.data = strdup(digits);
    cell.length = strlen(digits);
  }
  if (cell.length != length || memcmp(cell.data, type->read, length) != 0) fail_msg("%s: \"%s\"", type->type, cell.data);
  test_cell found;
  cascade_value value = {.type = cell.type, .integer = cell.integer, .data = cell.data, .length = cell.length};
  assert_int_equal(rig_try_cell(rig, "id", CASCADE_INT64, "From v Where x = ?", &value, 1, &found), CASCADE_OK);
  if (found.type != CASCADE_INT64) fail_msg("%s: %s is not found again", type->type, cell.data);
  rig_free_cell(&cell);
}

static void test_types(void **state) {
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) check_type(*state, &types[i]);
}

/* Bits are a number, and not the text of their bytes: 49 is not "1". For libdbi, the statement has to make a number of them. */
static void test_bits(void **state) {
  static const int64_t numbers[] = {0, 1, 49, 12594, INT64_MAX};
  test_rig *rig = *state;
  rig_prepare(rig, "DROP TABLE v; CREATE TABLE v (id INT PRIMARY KEY, x BIT(64))");
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    cascade_value value = integer(numbers[i]);
    assert_int_equal(rig_store(rig, 1, &value), CASCADE_OK);
    assert_int_equal(rig_integer(rig, rig->quirks->dbi ? "x + 0" : "x", "From v Where id = 1"), numbers[i]);
  }
}

/* The characters that end or bend a literal, under every sql_mode that changes how literals are read. */
static void test_texts_under_modes(void **state) {
  static const char *const modes[] = {"",       "NO_BACKSLASH_ESCAPES", "ANSI_QUOTES", "ANSI,NO_BACKSLASH_ESCAPES",
                                      "ORACLE", "TRADITIONAL"};
  test_rig *rig = *state;
  rig_typed(rig, CASCADE_TEXT);
  for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
    char sql[100];
    snprintf(sql, sizeof sql, "SET sql_mode = '%s'", modes[i]);
    rig_run(rig, sql);
    rig_try_literals(rig, modes[i], "?", "From v Where x Is Not Null");
  }
}

/* Where the sql_mode decides what a quote ends, libdbi's driver refuses; it never guesses. */
static void test_backslashes_in_statements(void **state) {
  static const char *const bent[] = {"From v Where '\\' = ? Or ? = '''", "From v Where ? = '\\' Or 'b' = ? --  '",
                                     "From v Where \"\\\" = ? Or ? = \"\"\""};
  test_rig *rig = *state;
  cascade_value five[] = {integer(5), integer(5)};
  test_cell cell;
  for (size_t i = 0; i < sizeof bent / sizeof *bent; i++) {
    cascade_status refused = rig_try_cell(rig, "Count(*)", CASCADE_INT64, bent[i], five, 2, &cell);
    if (rig->quirks->dbi) assert_int_equal(refused, CASCADE_UNSUPPORTED);
    else assert_true(refused < 0);
  }
  rig_run(rig, "SET sql_mode = 'NO_BACKSLASH_ESCAPES'");
  cascade_status status = rig_try_cell(rig, "Count(*)", CASCADE_INT64, "From v Where '\\\\' <> ? And `id` <> ?", five, 2, &cell);
  assert_int_equal(status, CASCADE_OK);
  if (!rig->quirks->dbi) return;
  static const char *const others[] = {"/*! Limit 1 */", "/*M! Limit 1 */", "/* ", "Where 'a"};
  for (int i = 0; i < 4; i++) {
    char tail[100];
    snprintf(tail, sizeof tail, "From v %s", others[i]);
    assert_int_equal(rig_try_cell(rig, "x", CASCADE_INT64, tail, NULL, 0, &cell), i < 2 ? CASCADE_UNSUPPORTED : CASCADE_SCHEMA);
  }
}

static void test_comparing_by_index(void **state) {
  static const char *const collations[] = {"latin1_swedish_ci", "utf8mb3_general_ci", "utf8mb4_bin", "utf8mb4_unicode_ci",
                                           "ascii_bin"};
  test_rig *rig = *state;
  cascade_value key = text("7");
  for (size_t i = 0; i < sizeof collations / sizeof *collations; i++) {
    rig_preparef(rig,
                 "DROP TABLE v; CREATE TABLE v (x VARCHAR(20) COLLATE %s PRIMARY KEY); "
                 "INSERT INTO v SELECT seq FROM seq_1_to_2000; FLUSH STATUS",
                 collations[i]);
    rig_run(rig, "FLUSH STATUS");
    uint64_t affected = 0;
    assert_int_equal(rig_execute(rig, "DELETE FROM v WHERE x = ?", &key, 1, &affected), CASCADE_OK);
    assert_int_equal(affected, 1);
    const char *status = "From information_schema.session_status Where VARIABLE_NAME = 'Handler_read_rnd_next'";
    int64_t read = rig_integer(rig, "VARIABLE_VALUE", status);
    if (read > 500) fail_msg("%s: %d rows were read", collations[i], (int)read);
  }
}

static void test_too_long(void **state) {
  test_rig *rig = *state;
  size_t length = (size_t)rig_integer(rig, "@@max_allowed_packet", "") + 1;
  char *data = calloc(1, length);
  cascade_value value = bytes(CASCADE_BLOB, data, length);
  rig_typed(rig, CASCADE_BLOB);
  assert_int_equal(rig_store(rig, 1, &value), CASCADE_DATABASE);
  assert_non_null(strstr(cascade_error_message(rig->error), "max_allowed_packet"));
  free(data);
  assert_int_equal(rig_integer(rig, "Count(*)", "From v"), 0); /* the session goes on */
}

/* transactions */

static int32_t inside(const test_rig *rig) {
  return rig->connection->driver->in_transaction(rig->connection->self);
}

static void fails(test_rig *rig, const char *sql, cascade_status status, int code, int32_t transaction) {
  rig_try_case(rig, &(test_case){sql, status, code, NULL}, transaction);
}

static void test_transactions(void **state) {
  test_rig *rig = *state;
  assert_int_equal(inside(rig), 0);
  rig_run(rig, "BEGIN");
  assert_int_equal(inside(rig), 1);
  rig_run(rig, "INSERT INTO v VALUES (1, 1)");
  rig_run(rig, "SAVEPOINT s");
  fails(rig, "INSERT INTO v VALUES (2, 2), (1, 3)", CASCADE_CONSTRAINT, 1062, CASCADE_TX_OPEN);
  assert_int_equal(inside(rig), 1);
  assert_int_equal(rig_integer(rig, "Count(*)", "From v"), 1); /* the statement was undone, the transaction not */
  rig_run(rig, "INSERT INTO v VALUES (3, 3)");
  rig_run(rig, "ROLLBACK TO s");
  rig_run(rig, "COMMIT");
  assert_int_equal(inside(rig), 0);
  assert_int_equal(rig_integer(rig, "Count(*)", "From v"), 1);
  rig_run(rig, "BEGIN");
  rig_run(rig, "CREATE TABLE other (id INT)"); /* which commits */
  assert_int_equal(inside(rig), 0);
  rig_run(rig, "SET autocommit = 0"); /* everything is the host's transaction */
  assert_int_equal(inside(rig), 1);
  rig_run(rig, "COMMIT");
  assert_int_equal(inside(rig), 1);
  rig_run(rig, "SET autocommit = 1");
  assert_int_equal(inside(rig), 0);
}

static void *wait_for_row_1(void *data) {
  rig_prepare(data, "UPDATE v SET x = 5 WHERE id = 1");
  return NULL;
}

/* Makes the driver's transaction the victim of a deadlock: it has changed less. */
static void be_the_victim(test_rig *rig, const char *sql) {
  pthread_t other;
  rig_run(rig, "INSERT INTO v SELECT seq, 1 FROM seq_1_to_100");
  rig_run(rig, "BEGIN");
  rig_run(rig, "UPDATE v SET x = 3 WHERE id = 1");
  rig_prepare(rig, "SET innodb_lock_wait_timeout = 60; BEGIN; UPDATE v SET x = 4 WHERE id > 1");
  assert_int_equal(pthread_create(&other, NULL, wait_for_row_1, rig), 0);
  const char *waiting = "SELECT Count(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'";
  MYSQL *third = test_database_mariadb(rig->database);
  test_database watching = {.engine = "mariadb", .mariadb = third};
  do usleep(150000); /* the server makes that table anew only when nobody has read it for 0.1 s */
  while (test_database_integer(&watching, waiting) == 0);
  mysql_close(third);
  cascade_value two = integer(2);
  assert_int_equal(rig_execute(rig, sql, &two, 1, NULL), CASCADE_DEADLOCK);
  pthread_join(other, NULL);
  rig_prepare(rig, "COMMIT");
}

static void test_deadlock(void **state) {
  test_rig *rig = *state;
  be_the_victim(rig, "UPDATE v SET x = 3 WHERE id = ?");
  assert_int_equal(cascade_error_native_code(rig->error), 1213);
  assert_string_equal(cascade_error_sqlstate(rig->error), "40001");
  assert_int_equal(cascade_error_retryable(rig->error), 1);
  assert_int_equal(cascade_error_transaction(rig->error), CASCADE_TX_ROLLED_BACK);
  assert_int_equal(inside(rig), 0);
  assert_int_equal(rig_integer(rig, "x", "From v Where id = 1"), 5);
}

static void test_lock_timeout(void **state) {
  test_rig *rig = *state;
  rig_run(rig, "INSERT INTO v VALUES (-9, 1), (1, 1)");
  rig_prepare(rig, rig->engine->hold);
  rig_run(rig, "BEGIN");
  rig_run(rig, "UPDATE v SET x = 7 WHERE id = 1");
  fails(rig, rig->engine->want, CASCADE_BUSY, 1205, CASCADE_TX_OPEN);
  assert_int_equal(inside(rig), 1);
  rig_run(rig, "COMMIT");
  rig_prepare(rig, "COMMIT");
  assert_int_equal(rig_integer(rig, "x", "From v Where id = 1"), 7); /* only the statement was undone */
}

static void test_refusals(void **state) {
  test_rig *rig = *state;
  rig_run(rig, "START TRANSACTION READ ONLY");
  fails(rig, "INSERT INTO v VALUES (1, 1)", CASCADE_READONLY, 1792, CASCADE_TX_OPEN);
  rig_run(rig, "ROLLBACK");
  rig_run(rig, "INSERT INTO v VALUES (1, 1)");
  rig_run(rig, "SET max_statement_time = 0.05");
  fails(rig, "SELECT SLEEP(60) FROM v", CASCADE_TIMEOUT, 1969, CASCADE_TX_NONE);
  assert_int_equal(cascade_error_retryable(rig->error), 1);
  rig_run(rig, "SET max_statement_time = 0");
  rig_preparef(rig, "CREATE USER %1$s; GRANT SELECT ON %1$s.* TO %1$s; GRANT SELECT (id), UPDATE (id) ON %1$s.v TO %1$s",
               rig->database->name);
  char uri[500], *root = strstr(strcpy(uri, rig->quirks->dbi ? rig->database->dbi : rig->database->uri), "root");
  char rest[400];
  strcpy(rest, root + strlen("root"));
  snprintf(root, sizeof uri - (size_t)(root - uri), "%s%s", rig->database->name, rest);
  cascade_connection *all = rig->connection;
  rig->connection = rig_open(rig, uri);
  if (!rig->connection) fail_msg("%s: %s", uri, cascade_error_message(rig->error));
  fails(rig, "DELETE FROM v", CASCADE_PRIVILEGE, 1142, CASCADE_TX_NONE);
  fails(rig, "UPDATE v SET x = 2", CASCADE_PRIVILEGE, 1143, CASCADE_TX_NONE);
  fails(rig, "SET GLOBAL max_connections = 5", CASCADE_PRIVILEGE, 1227, CASCADE_TX_NONE);
  fails(rig, "DELETE FROM mysql.db", CASCADE_PRIVILEGE, 1142, CASCADE_TX_NONE);
  cascade_connection_free(rig->connection);
  rig->connection = all;
  rig_preparef(rig, "DROP USER %s", rig->database->name);
}

/* cancelling */

typedef struct canceller {
  cascade_connection *connection;
  unsigned delay;
} canceller;

static void *cancel(void *data) {
  canceller *later = data;
  usleep(later->delay);
  cascade_connection_cancel(later->connection);
  return NULL;
}

/* Wherever in the rows a cancel falls: a client library that waits for the rest of them would never return. */
static void test_cancel_among_rows(void **state) {
  test_rig *rig = *state;
  int stopped = 0;
  rig_fill(rig, 2000, "i");
  for (unsigned i = 0; i < 150; i++) {
    canceller later = {rig->connection, i * 53 % 4000};
    pthread_t thread;
    cascade_value nothing = integer(-1);
    test_cell cell;
    assert_int_equal(pthread_create(&thread, NULL, cancel, &later), 0);
    cascade_status status = CASCADE_OK;
    while (status == CASCADE_OK)
      status = rig_try_cell(rig, "id", CASCADE_INT64, "From v Where x <> ? Order By x + 0", &nothing, 1, &cell);
    stopped += status == CASCADE_CANCELLED;
    pthread_join(thread, NULL);
  }
  assert_int_equal(stopped, 150);
  assert_int_equal(rig_integer(rig, "Count(*)", "From v"), 2000);
}

/* a connection that is lost */

static void disconnect_by_force(test_rig *rig, int64_t id) {
  rig_preparef(rig, "KILL %d", (int)id);
  char gone[120];
  snprintf(gone, sizeof gone, "SELECT Count(*) FROM information_schema.processlist WHERE id = %d", (int)id);
  while (test_database_integer(rig->database, gone) > 0) usleep(1000);
}

static void test_lost(void **state) {
  static const struct {
    const char *before, *sql;
    int32_t transaction;
  } cases[] = {
      {"DO 1", "UPDATE v SET x = 2", CASCADE_TX_NONE}, /* it could not be sent any more */
      {"BEGIN", "UPDATE v SET x = 2", CASCADE_TX_ROLLED_BACK},
      {"BEGIN", "COMMIT", CASCADE_TX_ROLLED_BACK},
      {"BEGIN", NULL, CASCADE_TX_ROLLED_BACK},
      {"DO 1", NULL, CASCADE_TX_NONE},
  };
  test_rig *rig = *state;
  test_cell cell;
  rig_run(rig, "INSERT INTO v VALUES (1, 1)");
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    rig_run(rig, cases[i].before);
    disconnect_by_force(rig, rig_integer(rig, "CONNECTION_ID()", ""));
    cascade_status status = cases[i].sql ? rig_execute(rig, cases[i].sql, NULL, 0, NULL)
                                         : rig_try_cell(rig, "x", CASCADE_INT64, "From v", NULL, 0, &cell);
    if (status != CASCADE_CONNECTION) fail_msg("case %d: %s", (int)i, cascade_status_name(status));
    if (cascade_error_transaction(rig->error) != cases[i].transaction)
      fail_msg("case %d: transaction %d: %s", (int)i, cascade_error_transaction(rig->error), cascade_error_message(rig->error));
    assert_int_equal(rig_execute(rig, "INSERT INTO v VALUES (7, 7)", NULL, 0, NULL), CASCADE_CONNECTION); /* never opened again */
    assert_int_equal(rig_try_cell(rig, "1", CASCADE_INT64, "", NULL, 0, &cell), CASCADE_CONNECTION);
    assert_int_equal(inside(rig), 0);
    cascade_connection_cancel(rig->connection);
    rig_disconnect(rig);
    rig_connect(rig);
    assert_int_equal(rig_integer(rig, "Sum(x)", "From v"), 1);
  }
}

typedef struct sleeper {
  test_rig *rig;
  int64_t id; /* of its session */
} sleeper;

static sleeper sleeper_of(test_rig *rig) {
  return (sleeper){.rig = rig, .id = rig_integer(rig, "CONNECTION_ID()", "")};
}

static void *hit_sleeper(const sleeper *at, const char *kill) {
  char sql[160], *id;
  snprintf(sql, sizeof sql, "SELECT Max(id) FROM information_schema.processlist WHERE id = %lld AND info LIKE '%%SLEEP(60)'",
           (long long)at->id);
  while (!(id = test_database_text(at->rig->database, sql))) usleep(1000);
  rig_preparef(at->rig, "%s %s", kill, id);
  free(id);
  return NULL;
}

static void *kill_sleeper(void *data) {
  return hit_sleeper(data, "KILL");
}

static void *wake_sleeper(void *data) {
  return hit_sleeper(data, "KILL QUERY");
}

/* Somebody else has stopped the statement, and is named as the one. */
static void test_stopped_by_another(void **state) {
  test_rig *rig = *state;
  pthread_t other;
  rig_run(rig, "INSERT INTO v VALUES (1, 1)");
  sleeper sleeping = sleeper_of(rig);
  rig_run(rig, "BEGIN");
  assert_int_equal(pthread_create(&other, NULL, wake_sleeper, &sleeping), 0);
  fails(rig, "UPDATE v SET x = x + 1 WHERE id = 1 + SLEEP(60)", CASCADE_CANCELLED, 1317, CASCADE_TX_OPEN);
  assert_non_null(strstr(cascade_error_message(rig->error), "another session"));
  pthread_join(other, NULL);
  rig_run(rig, "COMMIT");
  assert_int_equal(rig_integer(rig, "x", "From v"), 1);
}

/* What was sent before the connection went may have been done: outside a transaction nobody knows. */
static void test_lost_while_running(void **state) {
  test_rig *rig = *state;
  for (int i = 0; i < 2; i++) {
    pthread_t other;
    sleeper sleeping = sleeper_of(rig);
    if (i == 0) rig_run(rig, "INSERT INTO v VALUES (1, 1)");
    if (i == 0) rig_run(rig, "BEGIN");
    assert_int_equal(pthread_create(&other, NULL, kill_sleeper, &sleeping), 0);
    fails(rig, "UPDATE v SET x = x + 1 WHERE id = 1 + SLEEP(60)", CASCADE_CONNECTION, 0,
          i ? CASCADE_TX_UNKNOWN : CASCADE_TX_ROLLED_BACK);
    pthread_join(other, NULL);
    assert_int_equal(rig_execute(rig, "ROLLBACK", NULL, 0, NULL), CASCADE_CONNECTION);
    rig_disconnect(rig);
    rig_connect(rig);
  }
}

/* The rows that were on their way are given; then it is told, to the cursor and to the statement that comes in between. */
static void test_lost_among_rows(void **state) {
  test_rig *rig = *state;
  if (rig->quirks->adopted || rig->quirks->dbi) return; /* there, all rows have come before the first is given */
  for (int i = 0; i < 2; i++) {
    casc_statement statement;
    casc_cursor cursor;
    const cascade_value *row;
    int64_t id = rig_integer(rig, "CONNECTION_ID()", "");
    rig_select(rig, &statement);
    rig_column(rig, &statement, "seq", CASCADE_INT64);
    casc_str_put(&statement.sql, " From seq_1_to_100000000");
    assert_int_equal(rig_start(rig, &statement, &cursor), CASCADE_OK);
    assert_int_equal(rig_next(rig, &cursor, &row), CASCADE_OK);
    disconnect_by_force(rig, id);
    if (i) assert_int_equal(rig_execute(rig, "DO 1", NULL, 0, NULL), CASCADE_CONNECTION);
    assert_int_equal(row[0].integer, 1);
    int64_t expected = 2;
    cascade_status status;
    while ((status = rig_next(rig, &cursor, &row)) == CASCADE_OK) assert_int_equal(row[0].integer, expected++);
    assert_int_equal(status, CASCADE_CONNECTION);
    casc_cursor_close(&cursor);
    casc_statement_free(&statement);
    rig_disconnect(rig);
    rig_connect(rig);
  }
}

/* sessions */

static void test_session_settings(void **state) {
  test_rig *rig = *state;
  const char *mode = "Concat(@@sql_mode, '')", *global = "SELECT @@GLOBAL.sql_mode";
  char *wanted = test_database_text(rig->database, global);
  rig_expect(rig, mode, "", wanted);
  free(wanted);
  if (rig->quirks->adopted) {
    rig_expect(rig, "@@innodb_lock_wait_timeout", "", "1"); /* as the host has set it */
    assert_true(rig_integer(rig, "@@lock_wait_timeout", "") > 1000);
    return;
  }
  rig_expect(rig, "@@innodb_lock_wait_timeout", "", "1"); /* 300 ms, in whole seconds */
  rig_expect(rig, "@@lock_wait_timeout", "", "1");
  assert_int_equal(rig_integer(rig, "@@autocommit + 0", ""), 1);
  assert_int_equal(rig_integer(rig, "@@foreign_key_checks + 0", ""), 1);
  rig_expect(rig, "@@character_set_client", "", "utf8mb4");
  rig_expect(rig, "@@character_set_results", "", "utf8mb4");
}

/* Instead of the rig's session, one over this handle; NULL with the error in the rig. */
static cascade_connection *over(test_rig *rig, void *handle) {
  cascade_connection *connection = NULL;
  cascade_error_free(rig->error);
  rig->error = NULL;
  cascade_connection_adopt(rig->context, rig->quirks->dbi ? "dbi" : "mariadb", handle, NULL, &connection, &rig->error);
  return connection;
}

/* A session whose character set cannot carry every text is refused: libdbi calls utf8mb3 "UTF-8". */
static void test_other_character_sets(void **state) {
  static const char *const sets[] = {"utf8mb3", "latin1", "utf8mb4"};
  test_rig *rig = *state;
  if (!rig->quirks->adopted) return;
  for (int i = 0; i < 3; i++) {
    char sql[40];
    snprintf(sql, sizeof sql, "SET NAMES %s", sets[i]);
    rig_run(rig, sql);
    cascade_connection *connection = over(rig, rig->quirks->dbi ? (void *)rig->host_dbi : rig->host_mariadb);
    if ((i == 2) != !!connection) fail_msg("%s: %s", sets[i], cascade_error_message(rig->error));
    if (connection) cascade_connection_free(connection);
    else assert_int_equal(cascade_error_status(rig->error), CASCADE_UNSUPPORTED);
    if (!connection) assert_non_null(strstr(cascade_error_message(rig->error), sets[i]));
  }
}

/* A handle that takes several statements at once takes one of ours, and connects again only when it is the host's alone. */
static void test_generous_handle(void **state) {
  test_rig *rig = *state;
  if (!rig->quirks->adopted || rig->quirks->dbi) return;
  MYSQL *handle = test_database_mariadb(rig->database);
  my_bool on = 1, seen = 0;
  mysql_options(handle, MYSQL_OPT_RECONNECT, &on);
  assert_int_equal(mysql_set_server_option(handle, MYSQL_OPTION_MULTI_STATEMENTS_ON), 0);
  cascade_connection *own = rig->connection;
  rig->connection = over(rig, handle);
  assert_non_null(rig->connection);
  rig_run(rig, "INSERT INTO v VALUES (1, 1)");
  assert_int_equal(rig_execute(rig, "UPDATE v SET x = 2; DELETE FROM v", NULL, 0, NULL), CASCADE_SCHEMA);
  assert_int_equal(rig_integer(rig, "x", "From v"), 1);
  disconnect_by_force(rig, (int64_t)mysql_thread_id(handle));
  assert_int_equal(rig_execute(rig, "DELETE FROM v", NULL, 0, NULL), CASCADE_CONNECTION);
  cascade_connection_free(rig->connection);
  rig->connection = own;
  mysql_get_option(handle, MYSQL_OPT_RECONNECT, &seen);
  assert_int_equal(seen, 1);
  mysql_close(handle);
}

/* A host that resets its session takes the prepared statements with it. */
static void test_reset_by_host(void **state) {
  test_rig *rig = *state;
  if (!rig->quirks->adopted || rig->quirks->dbi) return;
  rig_run(rig, "INSERT INTO v VALUES (1, 5)");
  for (int i = 0; i < 3; i++) {
    cascade_value one = integer(1);
    test_cell cell;
    assert_int_equal(rig_try_cell(rig, "x", CASCADE_INT64, "From v Where id = ?", &one, 1, &cell), CASCADE_OK);
    assert_int_equal(cell.integer, 5);
    if (i == 0) assert_int_equal(mysql_reset_connection(rig->host_mariadb), 0);
    else assert_int_equal(mysql_change_user(rig->host_mariadb, "root", NULL, rig->database->name), 0);
    assert_int_equal(mysql_set_character_set(rig->host_mariadb, "utf8mb4"), 0);
  }
}

#define MARIADB(name) LISTED_FOR("mariadb", name)
const test_entry mariadb_tests[] = {
    MARIADB(test_types),
    MARIADB(test_bits),
    MARIADB(test_texts_under_modes),
    MARIADB(test_backslashes_in_statements),
    MARIADB(test_comparing_by_index),
    MARIADB(test_too_long),
    MARIADB(test_transactions),
    MARIADB(test_deadlock),
    MARIADB(test_lock_timeout),
    MARIADB(test_refusals),
    MARIADB(test_cancel_among_rows),
    MARIADB(test_lost),
    MARIADB(test_lost_while_running),
    MARIADB(test_stopped_by_another),
    MARIADB(test_lost_among_rows),
    MARIADB(test_session_settings),
    MARIADB(test_other_character_sets),
    MARIADB(test_generous_handle),
    MARIADB(test_reset_by_host),
};
const size_t mariadb_tests_count = sizeof mariadb_tests / sizeof *mariadb_tests;

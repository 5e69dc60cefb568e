/* SQLite: databases are files of a fresh directory. */
#include <fcntl.h>
#include <libgen.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "bench.h"
#include "scratch.h"

enum { PAGE_BYTES = 4096 };

static const char *const settings[] = {"PRAGMA foreign_keys = ON",        "PRAGMA journal_mode = WAL",  "PRAGMA synchronous = FULL",
                                       "PRAGMA cache_size = -262144",     "PRAGMA temp_store = MEMORY", "PRAGMA mmap_size = 0",
                                       "PRAGMA wal_autocheckpoint = 4096"};

const char *bench_sqlite_setting(uint32_t position) {
  return position < sizeof settings / sizeof *settings ? settings[position] : NULL;
}

static bool place(char *prefix, size_t room) {
  char directory[SCRATCH_ROOM];
  return scratch_directory(directory, "bench") && snprintf(prefix, room, "%s/", directory) < (int)room;
}

static void leave(const char *prefix) {
  rmdir(prefix);
}

static void close_client(bench_client *client) {
  sqlite3_close(client->handle);
  client->handle = NULL;
}

static bool run(bench_client *client, const char *sql, const char *keys, bench_row row, void *data) {
  (void)keys;
  sqlite3_stmt *statement = NULL;
  int code = sqlite3_prepare_v2(client->handle, sql, -1, &statement, NULL);
  while (code == SQLITE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
    const char *first = (const char *)sqlite3_column_text(statement, 0);
    if (row) row(data, first, sqlite3_column_count(statement) > 1 ? (const char *)sqlite3_column_text(statement, 1) : NULL);
    code = SQLITE_OK;
  }
  sqlite3_finalize(statement);
  if (code != SQLITE_DONE) snprintf(client->message, sizeof client->message, "%.90s: %s", sql, sqlite3_errmsg(client->handle));
  return code == SQLITE_DONE;
}

static bool read_pairs(bench_client *client, const char *sql, bench_pair pair, void *data) {
  sqlite3_stmt *statement = NULL;
  int code = sqlite3_prepare_v2(client->handle, sql, -1, &statement, NULL);
  bool two = code == SQLITE_OK && sqlite3_column_count(statement) > 1;
  if (code == SQLITE_OK)
    while ((code = sqlite3_step(statement)) == SQLITE_ROW)
      pair(data, sqlite3_column_int64(statement, 0), two ? sqlite3_column_int64(statement, 1) : 0);
  sqlite3_finalize(statement);
  if (code != SQLITE_DONE) snprintf(client->message, sizeof client->message, "%.90s: %s", sql, sqlite3_errmsg(client->handle));
  return code == SQLITE_DONE;
}

static bool open_client(bench_client *client, const char *database) {
  sqlite3 *db = NULL;
  int code = sqlite3_open_v2(database, &db, SQLITE_OPEN_READWRITE, NULL);
  client->handle = db;
  if (code != SQLITE_OK) snprintf(client->message, sizeof client->message, "%.200s cannot be opened", database);
  for (uint32_t i = 0; code == SQLITE_OK && bench_sqlite_setting(i); i++)
    if (!run(client, bench_sqlite_setting(i), NULL, NULL, NULL)) return false;
  return code == SQLITE_OK;
}

static bool open_to_load(bench_client *client, const char *database) {
  return open_client(client, database) && bench_run_sql(client, "PRAGMA synchronous = OFF") &&
         bench_run_sql(client, "PRAGMA foreign_keys = OFF");
}

static bool open_dbi(dbi_conn connection, const char *database) {
  char directory[NAME_ROOM], name[NAME_ROOM];
  snprintf(directory, sizeof directory, "%s", database);
  snprintf(name, sizeof name, "%s", database);
  dbi_conn_set_option(connection, "sqlite3_dbdir", dirname(directory));
  dbi_conn_set_option(connection, "dbname", basename(name));
  bool opened = dbi_conn_connect(connection) >= 0;
  for (uint32_t i = 0; opened && bench_sqlite_setting(i); i++) {
    dbi_result result = dbi_conn_query(connection, bench_sqlite_setting(i));
    opened = result && dbi_result_free(result) >= 0;
  }
  return opened;
}

static void drop(const char *database) {
  static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
  char path[NAME_ROOM + 20];
  for (int i = 0; i < 4; i++) {
    snprintf(path, sizeof path, "%s%s", database, ends[i]);
    unlink(path);
  }
}

static bool create(const char *database, char *message, size_t room) {
  drop(database);
  int file = open(database, O_WRONLY | O_CREAT | O_EXCL, 0600);
  if (file >= 0) close(file);
  else snprintf(message, room, "%.200s cannot be made", database);
  return file >= 0;
}

static bool settle(bench_client *client, const bench_data *data) {
  (void)data;
  return bench_run_sql(client, "ANALYZE") && bench_run_sql(client, "PRAGMA wal_checkpoint(TRUNCATE)");
}

static bool copy(const char *from, const char *to, char *message, size_t room) {
  bool copied = false;
  drop(to);
  int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (in >= 0 && out >= 0) {
    ssize_t n;
    do n = sendfile(out, in, NULL, 1 << 24);
    while (n > 0);
    copied = n == 0 && !fsync(out);
  }
  if (in >= 0) close(in);
  if (out >= 0) close(out);
  if (!copied) snprintf(message, room, "%.200s cannot be copied", from);
  sync();
  return copied;
}

/* The page cache is one static buffer of the same size for every method, written to before the measurement, so that
   pages of the database never count as a method's memory. The process that was forked must not have used SQLite yet. */
static void warm(void) {
  int header = 0;
  sqlite3_shutdown();
  sqlite3_config(SQLITE_CONFIG_PCACHE_HDRSZ, &header);
  int slot = (PAGE_BYTES + header + 7) & ~7, slots = CACHE_KB / (PAGE_BYTES / 1024) + 1000;
  size_t bytes = (size_t)slot * (size_t)slots;
  void *memory = malloc(bytes);
  if (!memory) return;
  memset(memory, 1, bytes);
  if (sqlite3_config(SQLITE_CONFIG_PAGECACHE, memory, slot, slots) != SQLITE_OK) free(memory);
}

const bench_engine bench_sqlite = {
    .name = "sqlite",
    .driver = "sqlite3",
    .dbi_driver = "sqlite3",
    .integer = "INTEGER",
    .key = "INTEGER PRIMARY KEY",
    .text = "TEXT",
    .division = "/",
    .series = "(WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s LIMIT {rows}) SELECT i FROM s)",
    .begin = "BEGIN IMMEDIATE",
    .unchecked = (const char *const[]){"PRAGMA foreign_keys = OFF", NULL},
    .key_table = "CREATE TEMP TABLE {k}(id INTEGER PRIMARY KEY)",
    .delete_joined = "DELETE FROM {t} WHERE {c} IN (SELECT id FROM {k})",
    .update_joined = "UPDATE {t} SET {c} = NULL WHERE {c} IN (SELECT id FROM {k})",
    .place = place,
    .leave = leave,
    .open = open_client,
    .open_to_load = open_to_load,
    .close = close_client,
    .run = run,
    .read = read_pairs,
    .branch = "SELECT * FROM (",
    .open_dbi = open_dbi,
    .create = create,
    .settle = settle,
    .copy = copy,
    .drop = drop,
    .warm = warm};

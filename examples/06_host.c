/* In a program that has its own SQLite handle: the purge runs on that handle, and a hook writes, in the same
 * transaction, which files have lost their rows.
 *
 *   06_host museum.db
 */
#include <cascade.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(cascade_status status, cascade_error *error) {
  if (status >= 0) return;
  fprintf(stderr, "%s: %s\n", cascade_status_name(status), cascade_error_message(error));
  exit(1);
}

/* What is returned other than 0 rolls the batch back. */
static int32_t remember_files(void *user_data, const cascade_deleted *tables, uint32_t table_count) {
  sqlite3 *db = user_data;
  for (uint32_t i = 0; i < table_count; i++) {
    if (strcmp(tables[i].label, "attachment") != 0) continue;
    sqlite3_stmt *insert;
    if (sqlite3_prepare_v2(db, "INSERT INTO lost_file VALUES (?)", -1, &insert, NULL) != SQLITE_OK) return 1;
    int outcome = SQLITE_DONE;
    for (uint64_t row = 0; outcome == SQLITE_DONE && row < tables[i].keys->count; row++) {
      sqlite3_bind_int64(insert, 1, tables[i].keys->integers[row]);
      outcome = sqlite3_step(insert);
      sqlite3_reset(insert);
    }
    sqlite3_finalize(insert);
    if (outcome != SQLITE_DONE) return 1;
  }
  return 0;
}

static int64_t one_number(sqlite3 *db, const char *sql) {
  sqlite3_stmt *query;
  int64_t number = -1;
  if (sqlite3_prepare_v2(db, sql, -1, &query, NULL) == SQLITE_OK && sqlite3_step(query) == SQLITE_ROW)
    number = sqlite3_column_int64(query, 0);
  sqlite3_finalize(query);
  return number;
}

int main(int argc, char **argv) {
  if (argc != 2) return fprintf(stderr, "usage: %s FILE\n", argv[0]), 2;
  sqlite3 *db;
  if (sqlite3_open_v2(argv[1], &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK ||
      sqlite3_exec(db, "PRAGMA foreign_keys = ON; CREATE TABLE IF NOT EXISTS lost_file (attachment_id INTEGER PRIMARY KEY)", NULL,
                   NULL, NULL) != SQLITE_OK)
    return fprintf(stderr, "%s: %s\n", argv[1], sqlite3_errmsg(db)), 1;

  cascade_context *context = NULL;
  cascade_connection *connection = NULL;
  cascade_graph *graph = NULL;
  cascade_policy *policy = NULL;
  cascade_selection *selection = NULL;
  cascade_purge *purge = NULL;
  cascade_error *error = NULL;
  must(cascade_context_new(NULL, &context, &error), error);
  must(cascade_connection_adopt(context, "sqlite3", db, NULL, &connection, &error), error);
  must(cascade_graph_read(connection, NULL, &graph, &error), error);
  must(cascade_policy_new(graph, NULL, &policy, &error), error);
  const int64_t accessions[] = {1, 2, 3};
  must(cascade_selection_integers(graph, "accession", accessions, 3, &selection, &error), error);

  int64_t before = one_number(db, "SELECT count(*) FROM attachment");
  const cascade_purge_options options = {.size = sizeof options, .after_batch = remember_files, .hook_data = db};
  const cascade_batch_info *batch = NULL;
  cascade_status status = cascade_purge_new(connection, policy, selection, &options, &purge, &error);
  while (status == CASCADE_OK) status = cascade_purge_next(purge, &batch, &error);
  must(status, error);
  int64_t gone = before - one_number(db, "SELECT count(*) FROM attachment");
  int64_t kept = one_number(db, "SELECT count(*) FROM lost_file");
  printf("%lld attachments deleted, %lld remembered\n", (long long)gone, (long long)kept);

  cascade_purge_free(purge);
  cascade_selection_free(selection);
  cascade_policy_free(policy);
  cascade_graph_free(graph);
  cascade_connection_free(connection);
  cascade_context_free(context);
  sqlite3_close(db); /* still the host's, and open until here */
  return gone > 0 && gone == kept ? 0 : 1;
}

/* Purges accessions whose pictures are files: one picture is on show, and stays; the files of the others go after their rows.
 *
 *   09_hooks sqlite:museum.db images/03336.jpg
 */
#include <cascade.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct host {
  cascade_purge *purge;
  const char *on_show;
  uint64_t files;
} host;

static void must(cascade_status status, cascade_error *error) {
  if (status >= 0) return;
  fprintf(stderr, "%s: %s\n", cascade_status_name(status), cascade_error_message(error));
  exit(1);
}

/* The files of the attachments that a hook is told of; their place among the tables, or `table_count`. */
static uint32_t find_files(const host *h, const cascade_deleted *tables, uint32_t table_count, cascade_row_columns *files) {
  uint32_t place = 0;
  while (place < table_count && strcmp(tables[place].label, "attachment")) place++;
  if (place < table_count && cascade_purge_row_columns(h->purge, place, files) < 0) return table_count;
  return place;
}

/* In the transaction, before anything is deleted. It may come again for the same rows, so it only looks. */
static int32_t keep_what_is_on_show(void *user_data, const cascade_deleted *tables, uint32_t table_count) {
  host *h = user_data;
  cascade_row_columns files = {.size = sizeof files};
  uint32_t place = find_files(h, tables, table_count, &files);
  for (uint64_t row = 0; row < files.row_count; row++) {
    const cascade_value *file = &files.cells[row];
    if (!file->length || file->length != strlen(h->on_show) || memcmp(file->data, h->on_show, file->length)) continue;
    if (cascade_purge_veto(h->purge, place, &row, 1) < 0) return 1; /* rolls the batch back */
  }
  return 0;
}

/* The rows are gone for good: now their files may go. Here they are only named. */
static int32_t remove_files(void *user_data, const cascade_deleted *tables, uint32_t table_count) {
  host *h = user_data;
  cascade_row_columns files = {.size = sizeof files};
  find_files(h, tables, table_count, &files);
  for (uint64_t row = 0; row < files.row_count; row++) printf("rm %.*s\n", (int)files.cells[row].length, files.cells[row].data);
  h->files += files.row_count;
  return 0;
}

static void purge(cascade_connection *connection, cascade_policy *policy, cascade_selection *selection, host *h) {
  static const char *const tables[] = {"attachment"}, *const columns[] = {"file"};
  const cascade_purge_options options = {.size = sizeof options,
                                         .before_batch = keep_what_is_on_show,
                                         .after_commit = remove_files,
                                         .hook_data = h,
                                         .column_tables = tables,
                                         .columns = columns,
                                         .column_count = 1};
  const cascade_batch_info *batch = NULL;
  cascade_error *error = NULL;
  must(cascade_purge_new(connection, policy, selection, &options, &h->purge, &error), error);
  cascade_status status;
  while ((status = cascade_purge_next(h->purge, &batch, &error)) == CASCADE_OK) continue;
  must(status, error);
  cascade_purge_report report = {.size = sizeof report};
  cascade_purge_describe(h->purge, &report);
  printf("%llu rows deleted, %llu files removed, %llu vetoed, %llu kept with it\n", (unsigned long long)report.deleted,
         (unsigned long long)h->files, (unsigned long long)report.vetoed, (unsigned long long)report.kept);
  cascade_purge_free(h->purge);
}

int main(int argc, char **argv) {
  cascade_context *context = NULL;
  cascade_connection *connection = NULL;
  cascade_graph *graph = NULL;
  cascade_policy *policy = NULL;
  cascade_selection *selection = NULL;
  cascade_error *error = NULL;
  if (argc != 3) return fprintf(stderr, "usage: %s URI FILE\n", argv[0]), 2;
  must(cascade_context_new(NULL, &context, &error), error);
  must(cascade_connection_open(context, argv[1], NULL, &connection, &error), error);
  must(cascade_graph_read(connection, NULL, &graph, &error), error);
  must(cascade_policy_new(graph, NULL, &policy, &error), error);
  const int64_t accessions[] = {1, 2, 3};
  must(cascade_selection_integers(graph, "accession", accessions, 3, &selection, &error), error);
  purge(connection, policy, selection, &(host){.on_show = argv[2]});
  cascade_selection_free(selection);
  cascade_policy_free(policy);
  cascade_graph_free(graph);
  cascade_connection_free(connection);
  cascade_context_free(context);
  return 0;
}

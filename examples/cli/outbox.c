/* cascade outbox ...: what purges left for those who follow. */
#include "cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static cascade_status put(cascade_status status, char *text) {
  if (status == CASCADE_OK) put_text(text);
  cascade_text_free(text);
  return status;
}

cascade_status run_outbox_install(cli_session *session, const cli_options *options, cascade_error **error) {
  char *text = NULL;
  if (options->format == CLI_SQL)
    return put(cascade_outbox_ddl(cascade_connection_engine(session->connection), &text, error), text);
  cascade_status status = cascade_outbox_install(session->connection, error);
  if (status >= 0) puts("The outbox is installed.");
  return status;
}

cascade_status run_outbox_list(cli_session *session, const cli_options *options, cascade_error **error) {
  cascade_outbox_options how = {.size = sizeof how, .limit = options->limit, .lease_ms = options->lease * 1000};
  int64_t batch;
  char *text = NULL;
  cascade_status status = cascade_outbox_read(session->connection, &how, &batch, &text, error);
  return put(status, text);
}

cascade_status run_outbox_ack(cli_session *session, const cli_options *options, cascade_error **error) {
  char *end;
  uint64_t rows = 0;
  errno = 0;
  long long batch = strtoll(options->table, &end, 10);
  if (batch < 0 || *end || errno || end == options->table)
    return session_fail(session, CASCADE_INVALID, error, "'%s' is not the number of a batch; see 'cascade outbox list'",
                        options->table);
  cascade_status status = cascade_outbox_ack(session->connection, batch, &rows, error);
  if (status >= 0) printf("%s row%s acknowledged.\n", number_text(rows).text, rows == 1 ? "" : "s");
  return status;
}

cascade_status run_outbox_audit(cli_session *session, const cli_options *options, cascade_error **error) {
  cascade_audit_options how = {.size = sizeof how, .limit = options->limit};
  char *text = NULL;
  cascade_status status = cascade_audit_list(session->connection, &how, &text, error);
  return put(status, text);
}

void columns_free(cli_columns *list) {
  free(list->text);
  free(list->tables);
  free(list->columns);
}

cascade_status columns_read(cli_session *session, const char *given, cli_columns *list, cascade_error **error) {
  if (!given) return CASCADE_OK;
  list->text = strdup(given);
  list->tables = calloc(strlen(given) + 1, sizeof *list->tables);
  list->columns = calloc(strlen(given) + 1, sizeof *list->columns);
  if (!list->text || !list->tables || !list->columns) return session_fail(session, CASCADE_NOMEM, error, "out of memory");
  const char *table = NULL;
  char *rest = list->text;
  for (char *word; (word = strsep(&rest, ","));) {
    char *equals = strchr(word, '=');
    if (equals) {
      table = word;
      *equals = '\0';
      word = equals + 1;
    }
    if (!table || !*table || !*word)
      return session_fail(session, CASCADE_INVALID, error, "--outbox-columns takes TABLE=COLUMN,..., not '%s'", given);
    list->tables[list->count] = table;
    list->columns[list->count++] = word;
  }
  return CASCADE_OK;
}

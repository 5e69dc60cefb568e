/* Where a purge copies rows before they go. */
#include "cli.h"

#include <stdlib.h>
#include <string.h>

cascade_status archive_open(cli_session *session, const cli_options *options, cascade_archive **archive, cascade_error **error) {
  cascade_archive_options place = {.size = sizeof place, .file = options->archive};
  *archive = NULL;
  if (!options->archive && !options->archive_tables) return CASCADE_OK;
  char *words = options->archive_tables ? strdup(options->archive_tables) : NULL;
  if (options->archive_tables && !words) return session_fail(session, CASCADE_NOMEM, error, "out of memory");
  char *at = words ? strchr(words, '@') : NULL;
  if (at) *at++ = '\0';
  if (words && *words) place.suffix = words;
  if (at && *at) place.schema = at;
  cascade_status status =
      words && !place.suffix && !place.schema
          ? session_fail(session, CASCADE_INVALID, error, "--archive-tables takes SUFFIX, @SCHEMA or SUFFIX@SCHEMA")
          : cascade_archive_new(session->context, &place, archive, error);
  free(words);
  return status;
}

void archive_report(const cascade_archive *archive) {
  cascade_archive_report report = {.size = sizeof report};
  if (!archive) return;
  cascade_archive_describe(archive, &report);
  fprintf(stderr, "Archived %s row%s.\n", number_text(report.rows).text, report.rows == 1 ? "" : "s");
  if (report.cut)
    fprintf(stderr, "A torn line of %s byte%s, from a crash, was cut off the file before.\n", number_text(report.cut).text,
            report.cut == 1 ? "" : "s");
}

cascade_status run_archive_install(cli_session *session, const cli_options *options, cascade_error **error) {
  cascade_archive *archive = NULL;
  char *text = NULL;
  cascade_status status = archive_open(session, options, &archive, error);
  if (status >= 0 && options->format == CLI_SQL)
    status = cascade_archive_ddl(archive, session->connection, session->policy, options->table, &text, error);
  else if (status >= 0) status = cascade_archive_install(archive, session->connection, session->policy, options->table, error);
  if (text) put_text(text);
  else if (status == CASCADE_OK) puts("The archive is installed.");
  cascade_text_free(text);
  cascade_archive_free(archive);
  return status;
}

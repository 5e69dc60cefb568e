/* Where a fill stands, as text: a token for the host, or a row beside the data. */
#include "fill_internal.h"

#include "hash.h"
#include "scope.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

bool casc_fill_identify(cascade_fill *fill) {
  casc_hash hash;
  if (!casc_hash_begin(&hash)) return false;
  const casc_sql_fill *sql = &fill->sql;
  casc_hash_text(&hash, sql->dialect->engine);
  casc_hash_text(&hash, fill->table->label);
  casc_hash_bytes(&hash, &fill->options.mode, sizeof fill->options.mode);
  for (uint32_t i = 0; i < sql->count; i++) {
    casc_hash_text(&hash, sql->columns[i]);
    casc_hash_bytes(&hash, &sql->key[i], sizeof sql->key[i]);
  }
  casc_hash_bytes(&hash, &sql->range, sizeof sql->range);
  for (uint32_t i = 0; !fill->rows && i < sql->source_count; i++) {
    casc_hash_text(&hash, sql->sources[i].select);
    for (uint32_t j = 0; j < sql->sources[i].parameter_count; j++) casc_hash_value(&hash, &sql->sources[i].parameters[j]);
  }
  casc_hash_end(&hash, fill->fingerprint);
  return true;
}

static char *text_of(const casc_alloc *alloc, const casc_fill_place *place, const char *fingerprint) {
  casc_str text;
  casc_hash hash;
  char check[17];
  casc_str_init(&text, alloc);
  casc_str_printf(&text, "casc1.%s.%d.%" PRId64 ".%" PRId64 ".%" PRId64 ".%" PRIu64 ".%" PRIu64 ".%" PRIu64 ".%" PRIu64,
                  fingerprint, place->finished, place->first, place->last, place->position, place->ranges, place->inserted,
                  place->updated, place->skipped);
  if (!text.failed && casc_hash_begin(&hash)) {
    casc_hash_text(&hash, text.data);
    casc_hash_end(&hash, check);
    casc_str_printf(&text, ".%s", check);
  } else text.failed = true;
  char *given = casc_str_give(&text);
  casc_str_free(&text);
  return given;
}

char *casc_fill_token_text(const cascade_fill *fill, const casc_fill_place *place) {
  return text_of(&fill->context->alloc, place, fill->fingerprint);
}

/* What was read, written again, must be the same text: so nothing of it was lost or changed. */
bool casc_fill_token_read(const char *text, casc_fill_place *place, char fingerprint[17]) {
  casc_fill_place read = {0};
  int finished = 0;
  char marks[17] = "";
  int fields =
      sscanf(text, "casc1.%16[0-9a-f].%1d.%" SCNd64 ".%" SCNd64 ".%" SCNd64 ".%" SCNu64 ".%" SCNu64 ".%" SCNu64 ".%" SCNu64, marks,
             &finished, &read.first, &read.last, &read.position, &read.ranges, &read.inserted, &read.updated, &read.skipped);
  if (fields != 9) return false;
  read.finished = finished;
  char *again = text_of(&casc_system_alloc, &read, marks);
  bool same = again && !strcmp(again, text);
  free(again);
  if (!same) return false;
  *place = read;
  memcpy(fingerprint, marks, sizeof marks);
  return true;
}

static cascade_status read_row(cascade_fill *fill, cascade_error **error) {
  casc_statement statement;
  casc_cursor cursor = {0};
  const cascade_value *row = NULL;
  casc_session_statement(fill->connection, &statement);
  casc_fill_read_token(&statement, fill->sql.dialect, &fill->checkpoint, fill->options.job);
  cascade_status status = casc_query(fill->connection, &statement, &cursor, error);
  if (status >= 0) status = casc_next(&cursor, &row, error);
  if (status == CASCADE_OK && row[0].type != CASCADE_NULL) {
    casc_str text;
    casc_str_init(&text, &fill->context->alloc);
    casc_str_putn(&text, row[0].data, row[0].length);
    fill->stored = casc_str_give(&text);
    casc_str_free(&text);
    if (!fill->stored) status = casc_nomem(error);
  }
  casc_cursor_close(&cursor);
  casc_statement_free(&statement);
  return status < 0 ? status : CASCADE_OK;
}

cascade_status casc_fill_resume(cascade_fill *fill, bool *found, cascade_error **error) {
  char theirs[17];
  memcpy(theirs, fill->fingerprint, sizeof theirs);
  *found = fill->options.token != NULL;
  if (!casc_fill_identify(fill)) return casc_nomem(error);
  if (fill->options.checkpoint_table) {
    cascade_status status = read_row(fill, error);
    if (status < 0) return status;
    *found = fill->stored != NULL;
    if (fill->stored && !casc_fill_token_read(fill->stored, &fill->place, theirs))
      return casc_fail_at(fill->context, error, CASCADE_INVALID, fill->options.checkpoint_table, NULL,
                          "the checkpoint of job %s in table %s is damaged; delete the row to start anew", fill->options.job,
                          fill->options.checkpoint_table);
  }
  if (*found && strcmp(theirs, fill->fingerprint) != 0)
    return casc_fail_at(fill->context, error, CASCADE_INVALID, fill->table->label, NULL,
                        "table %s: the %s is of a fill with another target, or other sources", fill->table->label,
                        fill->stored ? "checkpoint" : "token");
  return CASCADE_OK;
}

/* Where another run of the job has moved the row on, this range may be done already. */
static cascade_status overtaken(cascade_fill *fill, cascade_error **error) {
  return casc_fail_at(fill->context, error, CASCADE_CONTENDED, fill->options.checkpoint_table, NULL,
                      "another run goes on with job %s meanwhile; let that one finish, or go on when it has ended",
                      fill->options.job);
}

static cascade_status tell_guard(cascade_fill *fill, const casc_fill_place *place, cascade_error **error) {
  char *token = casc_fill_token_text(fill, place);
  if (!token) return casc_nomem(error);
  casc_fill_sums sums = {
      .token = token, .inserted = place->inserted, .updated = place->updated, .skipped = place->skipped};
  cascade_status status = fill->guard.ending(fill->guard.data, &sums, error);
  free(token);
  return status;
}

cascade_status casc_fill_leave_token(cascade_fill *fill, const casc_fill_place *place, char **token, cascade_error **error) {
  *token = NULL;
  if (fill->guard.ending) return tell_guard(fill, place, error);
  if (!fill->options.checkpoint_table || fill->options.dry_run) return CASCADE_OK;
  if (!(*token = casc_fill_token_text(fill, place))) return casc_nomem(error);
  casc_statement statement;
  uint64_t written = 0;
  cascade_error *failure = NULL;
  casc_session_statement(fill->connection, &statement);
  if (fill->stored) casc_fill_next_token(&statement, fill->sql.dialect, &fill->checkpoint, fill->options.job, fill->stored, *token);
  else casc_fill_first_token(&statement, fill->sql.dialect, &fill->checkpoint, fill->options.job, *token);
  cascade_status status = casc_execute(fill->connection, &statement, &written, &failure);
  casc_statement_free(&statement);
  bool taken = status == CASCADE_CONSTRAINT || (status >= 0 && written != 1);
  if (taken) cascade_error_free(failure);
  return taken ? overtaken(fill, error) : status < 0 ? casc_error_pass(failure, error) : CASCADE_OK;
}

int32_t casc_fill_permille(const cascade_fill *fill) {
  const casc_fill_place *place = &fill->place;
  if (fill->rows) return -1;
  if (place->finished) return 1000;
  if (!fill->prepared) return 0;
  double all = (double)place->last - (double)place->first + 1, done = (double)place->position - (double)place->first + 1;
  int32_t share = (int32_t)(1000 * done / all);
  return share < 0 ? 0 : share > 999 ? 999 : share;
}

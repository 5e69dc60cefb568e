/* Where a fill stands, as text: a token for the host, or a row beside the data. */
#include "fill_internal.h"

#include "hash.h"
#include "scope.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { VARIANT = sodium_base64_VARIANT_URLSAFE_NO_PADDING };

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
  casc_hash_bytes(&hash, &sql->value_types[sql->range], sizeof *sql->value_types); /* by which its values have an order */
  if (sql->collations[sql->range]) casc_hash_text(&hash, sql->collations[sql->range]);
  for (uint32_t i = 0; !fill->rows && i < sql->source_count; i++) {
    casc_hash_text(&hash, sql->sources[i].select);
    for (uint32_t j = 0; j < sql->sources[i].parameter_count; j++) casc_hash_value(&hash, &sql->sources[i].parameters[j]);
  }
  casc_hash_end(&hash, fill->fingerprint);
  return true;
}

/* An integer as its digits; what is no integer as a letter for its type and what holds it, without a point. */
static bool put_value(casc_str *text, const cascade_value *value) {
  uint64_t bits = 0;
  memcpy(&bits, &value->real, sizeof bits);
  if (value->type == CASCADE_NULL) casc_str_put(text, ".n");
  else if (value->type == CASCADE_INT64) casc_str_printf(text, ".%" PRId64, value->integer);
  else if (value->type == CASCADE_DOUBLE) casc_str_printf(text, ".r%016" PRIx64, bits);
  else {
    size_t room = sodium_base64_encoded_len(value->length, VARIANT);
    casc_str_put(text, value->type == CASCADE_BLOB ? ".x" : ".t");
    if (!value->length || text->failed) return !text->failed;
    if (!casc_grow(text->alloc, (void **)&text->data, &text->capacity, text->length + room, 1)) return false;
    sodium_bin2base64(text->data + text->length, room, (const unsigned char *)value->data, value->length, VARIANT);
    text->length += room - 1;
  }
  return !text->failed;
}

static char *text_of(const casc_alloc *alloc, const casc_fill_place *place, const char *fingerprint) {
  casc_str text;
  casc_hash hash;
  char check[17];
  casc_str_init(&text, alloc);
  casc_str_printf(&text, "casc1.%s.%d", fingerprint, place->finished);
  bool done = put_value(&text, &place->first) && put_value(&text, &place->last) && put_value(&text, &place->position);
  casc_str_printf(&text, ".%" PRIu64 ".%" PRIu64 ".%" PRIu64 ".%" PRIu64 ".%" PRIu64, place->ranges, place->inserted,
                  place->updated, place->skipped, place->ahead);
  if (done && !text.failed && casc_hash_begin(&hash)) {
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

/* The field at `*text`, up to the point that it is left behind. Whatever is wrong shows when the token is written again. False when
   memory is out. */
static bool read_value(casc_arena *arena, const char **text, cascade_value *value) {
  const char *field = *text;
  size_t length = strcspn(field, "."), size = 0;
  uint64_t bits = 0;
  *text += length + (field[length] == '.');
  *value = (cascade_value){0};
  if (*field == 'r') {
    value->type = CASCADE_DOUBLE;
    sscanf(field + 1, "%16" SCNx64, &bits);
    memcpy(&value->real, &bits, sizeof bits);
  } else if (*field == 't' || *field == 'x') {
    value->type = *field == 't' ? CASCADE_TEXT : CASCADE_BLOB;
    unsigned char *bytes = casc_arena_get(arena, length, 1);
    if (!bytes) return false;
    if (!sodium_base642bin(bytes, length, field + 1, length - 1, NULL, &size, NULL, VARIANT)) value->length = size;
    value->data = (const char *)bytes;
  } else if (*field != 'n') {
    value->type = CASCADE_INT64;
    sscanf(field, "%" SCNd64, &value->integer);
  }
  return true;
}

/* What was read, written again, must be the same text: so nothing of it was lost or changed. */
cascade_status casc_fill_token_read(cascade_fill *fill, const char *text, char fingerprint[17], cascade_error **error) {
  casc_fill_place read = {0};
  int finished = 0, taken = 0;
  char marks[17] = "";
  if (sscanf(text, "casc1.%16[0-9a-f].%1d.%n", marks, &finished, &taken) != 2 || !taken) return CASCADE_DONE;
  read.finished = finished;
  const char *rest = text + taken;
  if (!read_value(&fill->arena, &rest, &read.first) || !read_value(&fill->arena, &rest, &read.last) ||
      !read_value(&fill->arena, &rest, &read.position))
    return casc_nomem(error);
  if (sscanf(rest, "%" SCNu64 ".%" SCNu64 ".%" SCNu64 ".%" SCNu64 ".%" SCNu64, &read.ranges, &read.inserted, &read.updated,
             &read.skipped, &read.ahead) != 5)
    return CASCADE_DONE;
  char *again = text_of(&fill->context->alloc, &read, marks);
  if (!again) return casc_nomem(error);
  bool same = !strcmp(again, text);
  free(again);
  if (!same) return CASCADE_DONE;
  fill->place = read;
  memcpy(fingerprint, marks, sizeof marks);
  return CASCADE_OK;
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
    if (fill->stored) status = casc_fill_token_read(fill, fill->stored, theirs, error);
    if (status < 0) return status;
    if (status == CASCADE_DONE)
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
  casc_fill_sums sums = {.token = token, .inserted = place->inserted, .updated = place->updated, .skipped = place->skipped};
  cascade_status status = fill->guard.ending(fill->guard.data, &sums, error);
  free(token);
  return status;
}

/* Values of the range column may be longer than what was made for integers. */
static cascade_status explain(cascade_fill *fill, const char *token, cascade_error *failure, cascade_error **error) {
  enum { USUAL = 200 }; /* more than numbers need */
  if (cascade_error_status(failure) != CASCADE_DATABASE || strlen(token) < USUAL) return casc_error_pass(failure, error);
  cascade_status status =
      casc_fail_at(fill->context, error, CASCADE_SCHEMA, fill->options.checkpoint_table, NULL,
                   "the checkpoint of job %s takes %zu characters, and may take more; let column token of "
                   "table %s be TEXT: %s",
                   fill->options.job, strlen(token), fill->options.checkpoint_table, cascade_error_message(failure));
  cascade_error_free(failure);
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
  return taken ? overtaken(fill, error) : status < 0 ? explain(fill, *token, failure, error) : CASCADE_OK;
}

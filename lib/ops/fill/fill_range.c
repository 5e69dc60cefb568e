/* The ranges of the sources' rows. Integers are counted out here; of any other type, the database says where a range ends. */
#include "fill_internal.h"

#include "scope.h"

#include <string.h>

static cascade_status check_end(cascade_fill *fill, const cascade_value *row, cascade_error **error) {
  const casc_sql_fill *sql = &fill->sql;
  const char *column = sql->columns[sql->range], *label = fill->table->label;
  unsigned source = (unsigned)row[0].integer / 2 + 1;
  if (row[2].integer)
    return casc_fail_at(fill->context, error, CASCADE_CONSTRAINT, label, NULL,
                        "table %s: source %u gives NULL in column %s of the key; leave such rows out with WHERE", label, source,
                        column);
  if (row[3].integer || (casc_fill_counts(sql) && row[1].integer == INT64_MIN))
    return casc_fail_at(fill->context, error, CASCADE_SCHEMA, label, NULL,
                        "table %s: source %u gives a value that is no %s for column %s; convert it with CAST", label, source,
                        casc_fill_counts(sql) ? "integer" : sql->types[sql->range], column);
  return CASCADE_OK;
}

static cascade_status keep(casc_arena *arena, const cascade_value *value, cascade_value *kept, cascade_error **error) {
  *kept = *value;
  if (value->type < CASCADE_TEXT || !value->length) return CASCADE_OK;
  char *bytes = casc_arena_get(arena, value->length, 1);
  if (!bytes) return casc_nomem(error);
  memcpy(bytes, value->data, value->length);
  kept->data = bytes;
  return CASCADE_OK;
}

static void explain_ends(cascade_fill *fill, cascade_error **error) {
  const char *label = fill->table->label;
  const char *words = casc_arena_printf(&fill->arena, "table %s: the first and the last value of column %s", label,
                                        fill->sql.columns[fill->sql.range]);
  if (words) casc_error_explain(error, label, NULL, words);
}

cascade_status casc_fill_find_ends(cascade_fill *fill, cascade_error **error) {
  casc_fill_place *place = &fill->place;
  casc_statement statement;
  casc_cursor cursor = {0};
  const cascade_value *row = NULL;
  bool any = false;
  casc_session_statement(fill->connection, &statement);
  casc_fill_ends(&statement, &fill->sql);
  cascade_status status = casc_query(fill->connection, &statement, &cursor, error);
  while (status >= 0 && (status = casc_next(&cursor, &row, error)) == CASCADE_OK) {
    status = check_end(fill, row, error);
    if (status >= 0 && !any) status = keep(&fill->arena, &row[1], &place->first, error);
    if (status >= 0) status = keep(&fill->arena, &row[1], &place->last, error);
    if (status < 0) break;
    any = true;
  }
  casc_cursor_close(&cursor);
  casc_statement_free(&statement);
  if (status == CASCADE_DATABASE) explain_ends(fill, error); /* an integer that has no room in 64 bits with a sign, say */
  if (status < 0) return status;
  place->finished = !any;
  if (any && casc_fill_counts(&fill->sql)) place->position.integer = place->first.integer - 1;
  else if (any) place->position.type = CASCADE_NULL;
  return CASCADE_OK;
}

static bool same(const cascade_value *a, const cascade_value *b) {
  if (a->type != b->type || a->length != b->length) return false;
  if (a->type == CASCADE_DOUBLE) return !memcmp(&a->real, &b->real, sizeof a->real);
  return a->type < CASCADE_TEXT ? a->integer == b->integer : !a->length || !memcmp(a->data, b->data, a->length);
}

bool casc_fill_is_last(const casc_fill_place *place) {
  return same(&place->position, &place->last);
}

void casc_fill_settle(cascade_fill *fill) {
  fill->spare ^= 1;
}

/* Into the memory that the position is not in. */
static cascade_status take_bound(cascade_fill *fill, const cascade_value *value, cascade_value *bound, cascade_error **error) {
  casc_str *bytes = &fill->bounds[fill->spare];
  *bound = *value;
  if (same(value, &fill->place.position))
    return casc_fail_at(fill->context, error, CASCADE_SCHEMA, fill->table->label, NULL,
                        "table %s: the database finds a value of column %s greater than itself when it comes back, so that no "
                        "ranges of it can be told; convert it in the SELECT, or stream the rows",
                        fill->table->label, fill->sql.columns[fill->sql.range]);
  if (value->type < CASCADE_TEXT || !value->length) return CASCADE_OK;
  casc_str_clear(bytes);
  casc_str_putn(bytes, value->data, value->length);
  bound->data = bytes->data;
  return bytes->failed ? casc_nomem(error) : CASCADE_OK;
}

/* Up to the value of the row that is so many rows from here. */
static cascade_status ask_bound(cascade_fill *fill, casc_sql_part *part, cascade_error **error) {
  casc_statement statement;
  casc_cursor cursor = {0};
  const cascade_value *row = NULL;
  casc_session_statement(fill->connection, &statement);
  casc_fill_bound(&statement, &fill->sql, part, fill->width);
  cascade_status status = casc_query(fill->connection, &statement, &cursor, error);
  if (status >= 0) status = casc_next(&cursor, &row, error);
  if (status == CASCADE_OK) status = take_bound(fill, &row[0], &part->upto, error);
  casc_cursor_close(&cursor);
  casc_statement_free(&statement);
  return status < 0 ? status : CASCADE_OK;
}

static bool is_number(const cascade_value *value) {
  return value->type == CASCADE_INT64 || value->type == CASCADE_DOUBLE;
}

cascade_status casc_fill_next_part(cascade_fill *fill, casc_sql_part *part, cascade_error **error) {
  const casc_fill_place *place = &fill->place;
  *part = (casc_sql_part){.ranged = true, .after = place->position, .upto = place->last};
  fill->sql.mixed = is_number(&place->first) != is_number(&place->last);
  if (!casc_fill_counts(&fill->sql)) return ask_bound(fill, part, error);
  uint64_t left = (uint64_t)place->last.integer - (uint64_t)place->position.integer;
  if (fill->width < left) part->upto.integer = (int64_t)((uint64_t)place->position.integer + fill->width);
  return CASCADE_OK;
}

cascade_status casc_fill_cross_gap(cascade_fill *fill, const casc_sql_part *part, cascade_error **error) {
  casc_fill_place *place = &fill->place;
  casc_statement statement;
  int64_t next = 0;
  place->position = part->upto;
  casc_fill_settle(fill);
  place->finished = casc_fill_is_last(place);
  if (place->finished || !casc_fill_counts(&fill->sql)) return CASCADE_OK;
  casc_session_statement(fill->connection, &statement);
  casc_fill_after(&statement, &fill->sql, part->upto.integer);
  cascade_status status = casc_ask_integer(fill->connection, &statement, INT64_MAX, &next, error);
  casc_statement_free(&statement);
  if (status < 0) return status;
  if (next > place->last.integer) place->finished = true;
  else place->position.integer = next - 1;
  return status;
}

/* Digits with a sign and a point. */
static bool reads_as_number(const cascade_value *value, double *number) {
  double unit = 1, sum = 0;
  bool point = false, minus = value->length && *value->data == '-';
  for (uint64_t i = minus; i < value->length; i++) {
    char c = value->data[i];
    if (c == '.' && !point) point = true;
    else if (c < '0' || c > '9') return false;
    else {
      sum = sum * 10 + (c - '0');
      if (point) unit *= 10;
    }
  }
  *number = (minus ? -sum : sum) / unit;
  return value->length > minus;
}

static bool number_of(const cascade_value *value, double *number) {
  *number = value->type == CASCADE_INT64 ? (double)value->integer : value->real;
  return is_number(value) || (value->type == CASCADE_TEXT && reads_as_number(value, number));
}

/* The bytes behind those that all values begin with, as a fraction of 1. */
static double fraction_of(const cascade_value *value, uint64_t from) {
  enum { BYTES = 6 };
  double fraction = 0, unit = 1;
  for (uint64_t i = from; i < from + BYTES && value->type >= CASCADE_TEXT && i < value->length; i++)
    fraction += (unsigned char)value->data[i] * (unit /= 256);
  return fraction;
}

/* How far, as if the values between the first and the last were spread evenly. */
static double share_of(const casc_fill_place *place) {
  double first, last, at;
  uint64_t same_bytes = 0;
  if (place->position.type == CASCADE_NULL) return 0;
  if (!number_of(&place->first, &first) || !number_of(&place->last, &last) || !number_of(&place->position, &at)) {
    bool bytes = place->first.type >= CASCADE_TEXT && place->last.type >= CASCADE_TEXT;
    while (bytes && same_bytes < place->first.length && same_bytes < place->last.length &&
           place->first.data[same_bytes] == place->last.data[same_bytes])
      same_bytes++;
    first = fraction_of(&place->first, same_bytes);
    last = fraction_of(&place->last, same_bytes);
    at = fraction_of(&place->position, same_bytes);
  }
  return last > first ? (at - first) / (last - first) : 0;
}

int32_t casc_fill_permille(const cascade_fill *fill) {
  const casc_fill_place *place = &fill->place;
  if (fill->rows) return -1;
  if (place->finished) return 1000;
  if (!fill->prepared) return 0;
  double share = 1000 * share_of(place);
  return share < 0 ? 0 : share > 999 ? 999 : (int32_t)share;
}

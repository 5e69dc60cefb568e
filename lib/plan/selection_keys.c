#include "selection_keys.h"

#include "keyset.h"
#include "plain.h"
#include "str.h"

#include <jansson.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { SHOWN = 60 }; /* bytes of a key that a message quotes */

/* What a column makes of a value that is stored in it, or compared with it. */
typedef enum holding { HOLDS_INTEGERS, HOLDS_UNSIGNED, HOLDS_NUMBERS, HOLDS_TEXT, HOLDS_BYTES, HOLDS_ANYTHING } holding;

/* Keys under construction: a row at a time goes into a set. */
typedef struct builder {
  cascade_selection *selection;
  const casc_table *table;
  casc_keyset set;
  cascade_value *row;
  cascade_error **error;
} builder;

static holding holding_of(const casc_table *table, uint32_t position) {
  const casc_column *column = &table->columns[table->key[position]];
  if (table->integer_key) return HOLDS_INTEGERS;
  switch (column->affinity) {
  case CASC_AFFINITY_INTEGER:
  case CASC_AFFINITY_NUMERIC: return HOLDS_NUMBERS;
  case CASC_AFFINITY_TEXT: return HOLDS_TEXT;
  case CASC_AFFINITY_NONE: return HOLDS_ANYTHING;
  default: break;
  }
  /* A server compares as the two types tell it: on MariaDB the number 12 equals the texts '012' and '12b'. */
  switch (column->value_type) {
  case CASCADE_INT64: return HOLDS_INTEGERS;
  case CASCADE_UINT64: return HOLDS_UNSIGNED;
  case CASCADE_TEXT: return HOLDS_TEXT;
  case CASCADE_BLOB: return HOLDS_BYTES;
  default: return HOLDS_ANYTHING;
  }
}

static bool is_whole(holding holds) {
  return holds == HOLDS_INTEGERS || holds == HOLDS_UNSIGNED;
}

static bool is_bytes(const cascade_value *value) {
  return value->type == CASCADE_TEXT || value->type == CASCADE_BLOB || value->type == CASCADE_DECIMAL;
}

/* How much of a key a message quotes: the beginning of a long one, cut between characters. */
static int shown(const char *key, size_t length) {
  size_t cut = length < SHOWN ? length : SHOWN;
  while (cut < length && cut && ((unsigned char)key[cut] & 0xc0) == 0x80) cut--;
  return (int)cut;
}

static cascade_status refuse_key(const builder *b, const char *key, size_t length, uint32_t position, const char *what) {
  return casc_fail_at(b->selection->context, b->error, CASCADE_INVALID, b->table->label, NULL, "%s '%.*s%s': key column \"%s\" %s",
                      b->table->label, shown(key, length), key, length > SHOWN ? "..." : "", b->table->key_names[position], what);
}

/* ---- one value ---- */

/* Decimal digits with an optional minus, blanks around them, as SQLite's affinities allow. *out_of_range: digits, but
   too many. */
static bool read_integer(const char *text, size_t length, bool is_unsigned, cascade_value *number, bool *out_of_range) {
  const char *at = text, *end = text + length;
  while (at < end && *at == ' ') at++;
  while (end > at && end[-1] == ' ') end--;
  bool negative = at < end && *at == '-';
  uint64_t sum = 0, most = is_unsigned && !negative ? UINT64_MAX : (uint64_t)INT64_MAX + negative;
  *out_of_range = false;
  if ((at += negative) == end) return false;
  for (; at < end; at++) {
    if (*at < '0' || *at > '9') return *out_of_range = false;
    uint64_t digit = (uint64_t)(*at - '0');
    if (sum > (most - digit) / 10) *out_of_range = true;
    else sum = sum * 10 + digit;
  }
  *number = (cascade_value){.type = !negative && sum > INT64_MAX ? CASCADE_UINT64 : CASCADE_INT64,
                            .integer = negative ? (int64_t)(0 - sum) : (int64_t)sum};
  return !*out_of_range;
}

/* Replaces the value by the integer, unless it is none. */
static const char *integer_from(cascade_value *value, holding holds) {
  cascade_value number;
  bool out_of_range = false;
  bool read = read_integer(value->data, value->length, holds == HOLDS_UNSIGNED, &number, &out_of_range);
  if (read) *value = number;
  if (read || !is_whole(holds)) return NULL;
  return out_of_range ? "takes whole numbers of 64 bits" : "takes whole numbers";
}

static bool text_from(casc_arena *arena, cascade_value *value) {
  char *digits = value->type == CASCADE_UINT64 ? casc_arena_printf(arena, "%" PRIu64, (uint64_t)value->integer)
                                               : casc_arena_printf(arena, "%" PRId64, value->integer);
  if (!digits) return false;
  *value = (cascade_value){.type = CASCADE_TEXT, .data = digits, .length = strlen(digits)};
  return true;
}

static const char *adapt_real(cascade_value *value, holding holds) {
  if (value->real != value->real) return "is NULL, which no key is";
  if (holds == HOLDS_TEXT) return "takes text";
  if (holds == HOLDS_BYTES) return "takes bytes";
  if (value->real >= -9223372036854775808.0 && value->real < 9223372036854775808.0 && (double)(int64_t)value->real == value->real) {
    *value = (cascade_value){.type = CASCADE_INT64, .integer = (int64_t)value->real};
    return NULL;
  }
  return is_whole(holds) ? "takes whole numbers" : NULL;
}

/* Gives the value the type that the column would give it; *what says why it cannot be a key. */
static cascade_status adapt(casc_arena *arena, cascade_value *value, holding holds, const char **what) {
  *what = NULL;
  if (value->type == CASCADE_DECIMAL) value->type = CASCADE_TEXT;
  if (is_bytes(value) && !value->data && value->length) *what = "has bytes that are NULL";
  if (*what) return CASCADE_INVALID;
  bool beyond = value->type == CASCADE_UINT64 && (uint64_t)value->integer > INT64_MAX;
  bool written = holds == HOLDS_TEXT || holds == HOLDS_BYTES;
  if (beyond && holds == HOLDS_UNSIGNED) return CASCADE_OK;
  if (beyond || (value->type == CASCADE_INT64 && written)) {
    if (!text_from(arena, value)) return CASCADE_NOMEM;
  }
  if (holds == HOLDS_BYTES && value->type == CASCADE_TEXT) value->type = CASCADE_BLOB;
  switch (value->type) {
  case CASCADE_UINT64: value->type = CASCADE_INT64; return adapt(arena, value, holds, what);
  case CASCADE_INT64: return CASCADE_OK;
  case CASCADE_DOUBLE: *what = adapt_real(value, holds); break;
  case CASCADE_TEXT:
    if (is_whole(holds) || holds == HOLDS_NUMBERS) *what = integer_from(value, holds);
    break;
  case CASCADE_BLOB:
    if (is_whole(holds)) *what = "takes whole numbers";
    break;
  case CASCADE_NULL: *what = "is NULL, which no key is"; break;
  default: *what = "has a value without a type"; break;
  }
  return *what ? CASCADE_INVALID : CASCADE_OK;
}

/* x'0f12' */
static bool looks_like_bytes(const cascade_value *value) {
  return value->length >= 2 && (value->data[0] == 'x' || value->data[0] == 'X') && value->data[1] == '\'';
}

static cascade_status bytes_from(casc_arena *arena, cascade_value *value, const char **what) {
  const char *digits = value->data + 2;
  size_t length = value->length - 2;
  *what = NULL;
  if (length % 2 == 1 && digits[length - 1] == '\'') {
    char *bytes = casc_arena_get(arena, length / 2 + 1, 1);
    if (!bytes) return CASCADE_NOMEM;
    bool read = casc_bytes_of_hex(bytes, digits, length - 1);
    *value = (cascade_value){.type = CASCADE_BLOB, .data = bytes, .length = length / 2};
    if (read) return CASCADE_OK;
  }
  *what = "takes bytes written as x'0f12', two hexadecimal digits for each";
  return CASCADE_INVALID;
}

/* As a person writes it. A column that holds anything takes for an integer what SQLite would print for one. */
static cascade_status adapt_written(casc_arena *arena, cascade_value *value, holding holds, bool quoted, const char **what) {
  if ((holds == HOLDS_ANYTHING || holds == HOLDS_BYTES) && looks_like_bytes(value)) return bytes_from(arena, value, what);
  if (holds == HOLDS_ANYTHING && !quoted) {
    const char *digits = value->length && value->data[0] == '-' ? value->data + 1 : value->data;
    bool plain = *digits != '0' || value->length == 1;
    if (plain && !memchr(value->data, ' ', value->length)) integer_from(value, holds);
  }
  return adapt(arena, value, holds, what);
}

/* ---- all keys ---- */

static cascade_status start(builder *b, cascade_selection *selection, cascade_error **error) {
  *b = (builder){.selection = selection, .table = &selection->graph->tables[selection->table], .error = error};
  casc_keyset_init(&b->set, &selection->context->alloc, b->table->key_count, b->table->integer_key);
  b->row = casc_arena_get(&selection->arena, b->table->key_count, sizeof *b->row);
  return b->row ? CASCADE_OK : casc_nomem(error);
}

static cascade_status add_row(builder *b) {
  return casc_keyset_append(&b->set, b->row) ? CASCADE_OK : casc_nomem(b->error);
}

static bool all_integers(const cascade_keys *keys) {
  for (uint64_t i = 0; keys->column_count == 1 && i < keys->count; i++)
    if (keys->cells[i].type != CASCADE_INT64) return false;
  return keys->column_count == 1;
}

/* Whatever the column's type: keys of one column that are all integers are given as such. */
static cascade_status take_integers(cascade_selection *selection, const cascade_keys *from) {
  int64_t *integers = casc_arena_get(&selection->arena, from->count, sizeof *integers);
  if (!integers) return CASCADE_NOMEM;
  for (uint64_t i = 0; i < from->count; i++) integers[i] = from->integers ? from->integers[i] : from->cells[i].integer;
  selection->keys.integers = integers;
  return CASCADE_OK;
}

static cascade_status take_cells(cascade_selection *selection, const cascade_keys *from) {
  size_t count = from->count * from->column_count;
  cascade_value *cells = casc_arena_get(&selection->arena, count, sizeof *cells);
  if (!cells) return CASCADE_NOMEM;
  for (size_t i = 0; i < count; i++) {
    cells[i] = from->cells[i];
    if (is_bytes(&cells[i]) && !(cells[i].data = casc_arena_copy(&selection->arena, cells[i].data, cells[i].length)))
      return CASCADE_NOMEM;
  }
  selection->keys.cells = cells;
  return CASCADE_OK;
}

static cascade_status finish(builder *b, cascade_status status) {
  if (status >= 0 && !casc_keyset_merge(&b->set, NULL)) status = casc_nomem(b->error);
  if (status >= 0) {
    cascade_keys from = casc_keyset_view(&b->set, 0, b->set.count);
    b->selection->keys =
        (cascade_keys){.size = sizeof from, .count = from.count, .column_count = from.column_count, .columns = b->table->key_names};
    bool integers = b->set.integer || all_integers(&from);
    status = integers ? take_integers(b->selection, &from) : take_cells(b->selection, &from);
    if (status < 0) status = casc_nomem(b->error);
  }
  casc_keyset_free(&b->set);
  return status;
}

/* ---- keys that are given as values ---- */

cascade_status casc_keys_from_integers(cascade_selection *selection, const int64_t *keys, size_t count, cascade_error **error) {
  builder b;
  cascade_status status = start(&b, selection, error);
  holding holds = holding_of(b.table, 0);
  for (size_t i = 0; i < count && status >= 0; i++) {
    b.row[0] = (cascade_value){.type = CASCADE_INT64, .integer = keys[i]};
    const char *what = NULL;
    if (adapt(&selection->arena, &b.row[0], holds, &what) < 0) status = casc_nomem(error); /* of an integer nothing else can fail */
    else status = add_row(&b);
  }
  return finish(&b, status);
}

static cascade_status refuse_cell(const builder *b, const cascade_value *cell, uint32_t position, const char *what) {
  const char *key = is_bytes(cell) && cell->data && cell->type != CASCADE_BLOB ? cell->data : "";
  char number[CASC_REAL_ROOM] = "";
  if (cell->type == CASCADE_INT64) snprintf(number, sizeof number, "%" PRId64, cell->integer);
  if (cell->type == CASCADE_UINT64) snprintf(number, sizeof number, "%" PRIu64, (uint64_t)cell->integer);
  if (cell->type == CASCADE_DOUBLE) casc_real_text(number, cell->real);
  if (number[0]) key = number;
  size_t length = key == number ? strlen(number) : *key ? cell->length : 0;
  return refuse_key(b, key, length, position, what);
}

static cascade_status adapt_row(builder *b, const cascade_value *key) {
  for (uint32_t i = 0; i < b->table->key_count; i++) {
    const char *what = NULL;
    b->row[i] = key[i];
    cascade_status status = adapt(&b->selection->arena, &b->row[i], holding_of(b->table, i), &what);
    if (status == CASCADE_NOMEM) return casc_nomem(b->error);
    if (status < 0) return refuse_cell(b, &key[i], i, what);
  }
  return add_row(b);
}

cascade_status casc_keys_from_cells(cascade_selection *selection, const cascade_value *cells, size_t count, cascade_error **error) {
  builder b;
  cascade_status status = start(&b, selection, error);
  for (size_t i = 0; i < count && status >= 0; i++) status = adapt_row(&b, cells + i * b.table->key_count);
  return finish(&b, status);
}

/* ---- keys that are written as text ---- */

static cascade_status set_written(builder *b, uint32_t position, cascade_value value, bool quoted, const char *key) {
  const char *what = NULL;
  cascade_status status = adapt_written(&b->selection->arena, &value, holding_of(b->table, position), quoted, &what);
  if (status == CASCADE_NOMEM) return casc_nomem(b->error);
  if (status < 0) return refuse_key(b, key, strlen(key), position, what);
  b->row[position] = value;
  return CASCADE_OK;
}

static cascade_value text_value(const char *text, size_t length) {
  return (cascade_value){.type = CASCADE_TEXT, .data = text, .length = length};
}

static cascade_status set_element(builder *b, uint32_t position, const json_t *element, const char *key) {
  cascade_value value = {.type = CASCADE_INT64};
  switch (json_typeof(element)) {
  case JSON_STRING: value = text_value(json_string_value(element), json_string_length(element)); break;
  case JSON_INTEGER: value.integer = json_integer_value(element); break;
  case JSON_REAL: value = (cascade_value){.type = CASCADE_DOUBLE, .real = json_real_value(element)}; break;
  case JSON_NULL: value.type = CASCADE_NULL; break;
  default: return refuse_key(b, key, strlen(key), position, "takes numbers and texts");
  }
  return set_written(b, position, value, true, key);
}

static cascade_status refuse_width(const builder *b, const char *key, size_t given) {
  casc_str columns;
  casc_str_init(&columns, &b->selection->context->alloc);
  for (uint32_t i = 0; i < b->table->key_count; i++) casc_str_printf(&columns, "%s\"%s\"", i ? ", " : "", b->table->key_names[i]);
  cascade_status status =
      columns.failed
          ? casc_nomem(b->error)
          : casc_fail_at(b->selection->context, b->error, CASCADE_INVALID, b->table->label, NULL,
                         "%s '%.*s': the key has %u columns (%s), not %zu; write them with commas, or as a "
                         "JSON array",
                         b->table->label, shown(key, strlen(key)), key, (unsigned)b->table->key_count, columns.data, given);
  casc_str_free(&columns);
  return status;
}

static cascade_status add_array(builder *b, const char *key) {
  json_error_t fault;
  json_t *array = json_loads(key, 0, &fault);
  if (!array)
    return casc_fail_at(b->selection->context, b->error, CASCADE_INVALID, b->table->label, NULL,
                        "%s '%.*s': the key is not a JSON array: %s", b->table->label, shown(key, strlen(key)), key, fault.text);
  cascade_status status = CASCADE_OK;
  size_t width = json_array_size(array);
  if (width != b->table->key_count) status = refuse_width(b, key, width);
  for (uint32_t i = 0; i < b->table->key_count && status >= 0; i++) status = set_element(b, i, json_array_get(array, i), key);
  if (status >= 0) status = add_row(b);
  json_decref(array);
  return status;
}

static cascade_status add_list(builder *b, const char *key) {
  size_t commas = 0;
  for (const char *at = key; (at = strchr(at, ',')); at++) commas++;
  if (commas + 1 != b->table->key_count) return refuse_width(b, key, commas + 1);
  cascade_status status = CASCADE_OK;
  const char *at = key;
  for (uint32_t i = 0; i < b->table->key_count && status >= 0; i++) {
    const char *end = strchrnul(at, ',');
    status = set_written(b, i, text_value(at, (size_t)(end - at)), false, key);
    at = end + 1;
  }
  return status < 0 ? status : add_row(b);
}

static cascade_status add_single(builder *b, const char *key) {
  cascade_status status = set_written(b, 0, text_value(key, strlen(key)), false, key);
  return status < 0 ? status : add_row(b);
}

cascade_status casc_keys_from_texts(cascade_selection *selection, const char *const *keys, size_t count, cascade_error **error) {
  builder b;
  cascade_status status = start(&b, selection, error);
  for (size_t i = 0; i < count && status >= 0; i++) {
    if (!keys[i])
      status = casc_fail_at(selection->context, error, CASCADE_INVALID, b.table->label, NULL, "%s: key %zu is NULL", b.table->label,
                            i + 1);
    else if (b.table->key_count == 1) status = add_single(&b, keys[i]);
    else status = keys[i][0] == '[' ? add_array(&b, keys[i]) : add_list(&b, keys[i]);
  }
  return finish(&b, status);
}

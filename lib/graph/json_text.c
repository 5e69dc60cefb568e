#include "json_text.h"

#include "plain.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool casc_json_string(casc_str *json, const char *text) {
  json_t *value = json_string_nocheck(text), *checked = json_string(text);
  bool valid = !value || checked;
  char *quoted = checked ? json_dumps(checked, JSON_ENCODE_ANY) : NULL;
  if (quoted) casc_str_put(json, quoted);
  else json->failed = true;
  free(quoted);
  json_decref(checked);
  json_decref(value);
  return valid;
}

static void put_bytes(casc_str *json, const cascade_value *value) {
  casc_str_put(json, "\"x'");
  casc_str_hex(json, value->data, value->length);
  casc_str_put(json, "'\"");
}

/* By jansson: the point is a point in every locale. JSON has no infinity. */
static void put_real(casc_str *json, double real) {
  json_t *number = isfinite(real) ? json_real(real) : json_string(isnan(real) ? "nan" : real < 0 ? "-inf" : "inf");
  char *text = number ? json_dumps(number, JSON_ENCODE_ANY) : NULL;
  if (text) casc_str_put(json, text);
  else json->failed = true;
  free(text);
  json_decref(number);
}

/* What is the same within the quotes, as most texts are. */
static bool is_plain(const char *text, size_t length) {
  for (size_t i = 0; i < length; i++)
    if (text[i] < ' ' || text[i] > '~' || text[i] == '"' || text[i] == '\\') return false;
  return true;
}

/* False when it is not UTF-8, and was written as bytes. */
static bool put_text(casc_str *json, const cascade_value *value) {
  const char *data = value->data ? value->data : "";
  if (is_plain(data, value->length)) {
    casc_str_putc(json, '"');
    casc_str_putn(json, data, value->length);
    casc_str_putc(json, '"');
    return true;
  }
  json_t *string = json_stringn_nocheck(data, value->length), *checked = json_stringn(data, value->length);
  char *quoted = checked ? json_dumps(checked, JSON_ENCODE_ANY) : NULL;
  if (quoted) casc_str_put(json, quoted);
  else if (string && !checked) put_bytes(json, value);
  else json->failed = true;
  bool as_text = quoted || json->failed;
  free(quoted);
  json_decref(checked);
  json_decref(string);
  return as_text;
}

bool casc_json_value(casc_str *json, const cascade_value *value) {
  switch (value->type) {
  case CASCADE_INT64: casc_str_int(json, value->integer); break;
  case CASCADE_UINT64: casc_str_printf(json, "%llu", (unsigned long long)value->integer); break;
  case CASCADE_DOUBLE: put_real(json, value->real); break;
  case CASCADE_TEXT:
  case CASCADE_DECIMAL: return !put_text(json, value);
  case CASCADE_BLOB: put_bytes(json, value); return true;
  default: casc_str_put(json, "null");
  }
  return false;
}

void casc_json_keys(casc_str *json, const cascade_keys *keys) {
  for (uint64_t i = 0; i < keys->count; i++) {
    if (i) casc_str_put(json, ", ");
    if (keys->integers) {
      casc_str_int(json, keys->integers[i]);
      continue;
    }
    const cascade_value *cells = keys->cells + i * keys->column_count;
    if (keys->column_count > 1) casc_str_putc(json, '[');
    for (uint32_t j = 0; j < keys->column_count; j++) {
      if (j) casc_str_put(json, ", ");
      casc_json_value(json, &cells[j]);
    }
    if (keys->column_count > 1) casc_str_putc(json, ']');
  }
}

/* The first text within that is not UTF-8; NULL when there is none. */
static const json_t *not_utf8(const json_t *within) {
  const json_t *found = NULL, *element;
  const char *member;
  size_t i;
  if (json_is_string(within)) return casc_is_utf8(json_string_value(within), json_string_length(within)) ? NULL : within;
  if (json_is_array(within)) {
    json_array_foreach(within, i, element) if (!found) found = not_utf8(element);
  } else {
    json_object_foreach((json_t *)within, member, element) if (!found) found = not_utf8(element);
  }
  return found;
}

cascade_status casc_json_give(cascade_context *context, json_t *document, size_t flags, const char *what, char **text,
                              cascade_error **error) {
  *text = document ? json_dumps(document, flags) : NULL;
  const json_t *bad = document && !*text ? not_utf8(document) : NULL;
  cascade_status status = *text ? CASCADE_OK
                          : bad ? casc_fail(context, error, CASCADE_UNSUPPORTED, "%s: JSON cannot carry \"%s\", which is not UTF-8",
                                            what, json_string_value(bad))
                                : casc_nomem(error);
  json_decref(document);
  return status;
}

static const char *skip_blank(const char *at) {
  return at + strspn(at, " \t\r\n");
}

static const char *skip_string(const char *at) {
  for (at++; *at != '"'; at++)
    if (*at == '\\') at++;
  return at + 1;
}

static const char *skip_value(const char *at) {
  uint32_t depth = 0;
  do {
    if (*at == '"') {
      at = skip_string(at);
      continue;
    }
    if (*at == '{' || *at == '[') depth++;
    if (*at == '}' || *at == ']') depth--;
    at++;
    if (!depth) at += strcspn(at, ",]}"); /* the rest of a number or word */
  } while (depth);
  return at;
}

/* The value that a step leads to; NULL when there is none. */
static const char *take(const char *at, const casc_json_step *step) {
  char close = step->member ? '}' : ']';
  if (*at != (step->member ? '{' : '[')) return NULL;
  at = skip_blank(at + 1);
  for (uint32_t i = 0; *at != close; i++) {
    bool wanted = !step->member && i == step->element;
    if (step->member) {
      size_t length = strlen(step->member);
      wanted = strncmp(at + 1, step->member, length) == 0 && at[length + 1] == '"';
      at = skip_blank(skip_blank(skip_string(at)) + 1);
    }
    if (wanted) return at;
    at = skip_blank(skip_value(at));
    if (*at == ',') at = skip_blank(at + 1);
  }
  return NULL;
}

uint32_t casc_json_line(const char *json, const casc_json_step *way, uint32_t steps) {
  const char *at = skip_blank(json);
  for (uint32_t i = 0; i < steps; i++) {
    const char *inner = take(at, &way[i]);
    if (!inner) break;
    at = inner;
  }
  uint32_t line = 1;
  for (; json < at; json++) line += *json == '\n';
  return line;
}

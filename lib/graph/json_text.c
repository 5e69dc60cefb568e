#include "json_text.h"

#include <jansson.h>
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

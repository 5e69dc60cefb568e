#include "plain.h"
#include "postgres_common.h"
#include "render.h"

#include <string.h>

typedef struct walker {
  const cascade_statement *statement;
  const char *at;
  casc_str *sql;
  bool backslashes; /* take a quote's meaning away in every text, not only in E'...' */
  uint32_t highest; /* number of a placeholder */
  bool begun, ended;
  cascade_status status; /* of a statement that cannot be sent ... */
  const char *refusal;   /* ... because it has this */
} walker;

static void refuse(walker *walk, cascade_status status, const char *refusal) {
  walk->status = status;
  walk->refusal = refusal;
}

/* literals */

/* Untyped, as a parameter is, and the same under every setting: with a backslash in it, it says itself that they are doubled. */
static bool put_text(casc_str *sql, const char *text, size_t length) {
  if (length && memchr(text, '\0', length)) return false;
  bool escaped = length && memchr(text, '\\', length);
  casc_str_put(sql, escaped ? "E'" : "'");
  for (size_t done = 0; done < length;) {
    size_t plain = 0;
    while (done + plain < length && text[done + plain] != '\'' && text[done + plain] != '\\') plain++;
    casc_str_putn(sql, text + done, plain);
    done += plain;
    if (done == length) break;
    casc_str_putc(sql, text[done]);
    casc_str_putc(sql, text[done++]);
  }
  casc_str_putc(sql, '\'');
  return true;
}

static void put_array(casc_str *sql, const cascade_value *value) {
  casc_str_put(sql, "'{");
  for (size_t at = 0; at + sizeof(int64_t) <= value->length; at += sizeof(int64_t)) {
    int64_t element;
    memcpy(&element, value->data + at, sizeof element);
    if (at) casc_str_putc(sql, ',');
    casc_str_int(sql, element);
  }
  casc_str_put(sql, "}'::bigint[]");
}

static bool put_value(casc_str *sql, const cascade_value *value) {
  char real[CASC_REAL_ROOM];
  switch (value->type) {
  case CASCADE_NULL: casc_str_put(sql, "NULL"); return true;
  case CASCADE_INT64:
    casc_str_putc(sql, '\'');
    casc_str_int(sql, value->integer);
    casc_str_put(sql, "'::bigint");
    return true;
  case CASCADE_UINT64: casc_str_printf(sql, "'%llu'", (unsigned long long)value->integer); return true;
  case CASCADE_DOUBLE: casc_real_text(real, value->real); return put_text(sql, real, strlen(real));
  case CASCADE_TEXT:
  case CASCADE_DECIMAL: return put_text(sql, value->data, (size_t)value->length);
  case CASCADE_BLOB:
    casc_str_put(sql, "E'\\\\x");
    casc_str_hex(sql, value->data, (size_t)value->length);
    casc_str_put(sql, "'::bytea");
    return true;
  case CASCADE_INT64_ARRAY: put_array(sql, value); return true;
  default: return false;
  }
}

static void put_parameter(walker *walk) {
  const cascade_statement *statement = walk->statement;
  uint64_t number = 0;
  while (*++walk->at >= '0' && *walk->at <= '9')
    if (number <= CASC_POSTGRES_PARAMETERS) number = number * 10 + (uint64_t)(*walk->at - '0');
  if (number > walk->highest) walk->highest = (uint32_t)number;
  if (!number || number > statement->parameter_count) {
    refuse(walk, CASCADE_INVALID, "a placeholder without a parameter");
    return;
  }
  casc_str_putc(walk->sql, ' ');
  if (!put_value(walk->sql, &statement->parameters[number - 1]))
    refuse(walk, CASCADE_UNSUPPORTED, "a parameter that PostgreSQL cannot hold, such as a text with a NUL byte");
  casc_str_putc(walk->sql, ' ');
}

/* the statement */

static bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool begins_name(char c) {
  return casc_is_letter(c) || (unsigned char)c >= 0x80;
}

static void copy_to(walker *walk, const char *end) {
  casc_str_putn(walk->sql, walk->at, (size_t)(end - walk->at));
  walk->at = end;
}

/* Those with a star may stand within each other. */
static void copy_comment(walker *walk) {
  const char *at = walk->at;
  if (*at == '-') {
    copy_to(walk, at + strcspn(at, "\r\n"));
    return;
  }
  int depth = 0;
  do {
    if (at[0] == '/' && at[1] == '*') depth++, at += 2;
    else if (at[0] == '*' && at[1] == '/') depth--, at += 2;
    else at++;
  } while (depth && *at);
  if (depth) refuse(walk, CASCADE_SCHEMA, "a comment that is never closed");
  else copy_to(walk, at);
}

/* A text goes on after a line break, if there is nothing but blanks and comments of one line in between. Where it does, or NULL. */
static const char *continued(const char *at) {
  bool line = false;
  for (;; at++) {
    if (at[0] == '-' && at[1] == '-') at += strcspn(at, "\r\n");
    if (!is_space(*at)) return line && *at == '\'' ? at : NULL;
    if (*at == '\n' || *at == '\r') line = true;
  }
}

/* From a quote to its fellow. A doubled one is two pieces, which comes to the same. */
static void copy_quoted(walker *walk, bool backslashes) {
  char quote = *walk->at;
  const char *end = walk->at;
  do {
    for (end++; *end && *end != quote; end++)
      if (backslashes && *end == '\\' && end[1]) end++;
    if (!*end) {
      refuse(walk, CASCADE_SCHEMA, "a quote that is never closed");
      return;
    }
    copy_to(walk, ++end);
    if (quote == '\'' && *end != quote) end = continued(end);
  } while (end && *end == quote);
}

/* $tag$ ... $tag$; the tag may be empty. False when this is no such thing. */
static bool copy_dollars(walker *walk) {
  const char *end = walk->at + 1;
  if (begins_name(*end))
    while (begins_name(*end) || casc_is_digit(*end)) end++;
  if (*end != '$') return false;
  size_t length = (size_t)(++end - walk->at);
  while (*end && strncmp(end, walk->at, length) != 0) end++;
  if (*end) copy_to(walk, end + length);
  else refuse(walk, CASCADE_SCHEMA, "a quote that is never closed");
  return true;
}

/* A name, keyword or number, with the quote that follows when it is a part of it. */
static void copy_word(walker *walk) {
  const char *from = walk->at, *end = from;
  while (begins_name(*end) || casc_is_digit(*end) || *end == '$') end++;
  copy_to(walk, end);
  bool escapes = end == from + 1 && (*from == 'e' || *from == 'E');
  if (*end == '\'') copy_quoted(walk, escapes || walk->backslashes);
}

static void copy_sign(walker *walk) {
  char c = *walk->at;
  if (c == '\'' || c == '"') copy_quoted(walk, c == '\'' && walk->backslashes);
  else if (c == '$' && casc_is_digit(walk->at[1])) put_parameter(walk);
  else if (c != '$' || !copy_dollars(walk)) copy_to(walk, walk->at + 1);
}

static void copy_piece(walker *walk) {
  const char *at = walk->at;
  bool comment = (at[0] == '-' && at[1] == '-') || (at[0] == '/' && at[1] == '*');
  if (comment) {
    copy_comment(walk);
  } else if (is_space(*at)) {
    copy_to(walk, at + 1);
  } else if (walk->ended) {
    refuse(walk, CASCADE_SCHEMA, "more after its end");
  } else if (*at == ';') {
    walk->ended = true;
    walk->at++;
  } else {
    walk->begun = true;
    if (begins_name(*at) || casc_is_digit(*at)) copy_word(walk);
    else copy_sign(walk);
  }
}

cascade_status casc_dbi_render_postgres(cascade_context *context, const cascade_statement *statement, bool backslashes,
                                        casc_str *sql, cascade_error **error) {
  walker walk = {.statement = statement, .at = statement->sql, .sql = sql, .backslashes = backslashes};
  casc_str_clear(sql);
  while (*walk.at && !walk.refusal) copy_piece(&walk);
  if (!walk.refusal && !walk.begun) refuse(&walk, CASCADE_SCHEMA, "nothing in it");
  if (!walk.refusal && walk.highest < statement->parameter_count)
    refuse(&walk, CASCADE_INVALID, "more parameters than placeholders");
  if (walk.refusal)
    return casc_fail(context, error, walk.status, "driver dbi: the statement has %s: %.200s", walk.refusal, statement->sql);
  return sql->failed ? casc_nomem(error) : CASCADE_OK;
}

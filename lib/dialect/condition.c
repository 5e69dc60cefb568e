#include "condition.h"

#include "plain.h"

#include <stddef.h>
#include <string.h>

/* How an engine reads a condition. */
typedef struct reading {
  const char *quotes;
  const char *foreign; /* what introduces a placeholder, or a comment */
  bool backslashes;    /* within quotes they may mean more than themselves, by settings that are not known here */
  bool doubled;        /* "??" is an operator */
} reading;

static const reading sqlite = {.quotes = "'\"`[", .foreign = ":@#$"};
static const reading postgres = {.quotes = "'\"", .foreign = "$", .backslashes = true, .doubled = true};
static const reading mariadb = {.quotes = "'\"`", .foreign = ":@#$", .backslashes = true};

static const reading *reading_of(const char *engine) {
  return !strcmp(engine, "postgresql") ? &postgres : !strcmp(engine, "mariadb") ? &mariadb : &sqlite;
}

static bool is_name(char c) {
  return casc_is_letter(c) || casc_is_digit(c) || (unsigned char)c >= 0x80;
}

/* Behind the closing quote; NULL when there is none. A doubled quote needs no care: it closes and opens again. */
static const char *behind_quote(const char *at) {
  const char *end = strchr(at + 1, *at == '[' ? ']' : *at);
  return end ? end + 1 : NULL;
}

static const char *behind_name(const char *at) {
  while (is_name(*at) || *at == '$') at++;
  return at;
}

static const char *fault_at(const reading *as, const char *at, int depth) {
  if (strchr(as->foreign, *at))
    return *at == '#' && as == &mariadb ? "it has a comment" : "it has a named placeholder; write ? instead";
  switch (*at) {
  case ';': return "it has a semicolon";
  case '?': return casc_is_digit(at[1]) ? "it has a numbered placeholder; write ? instead" : NULL;
  case '-': return at[1] == '-' ? "it has a comment" : NULL;
  case '/': return at[1] == '*' ? "it has a comment" : NULL;
  case ')': return depth == 0 ? "it closes a bracket that it has not opened" : NULL;
  default: return NULL;
  }
}

static const char *fault_in_quote(const reading *as, const char *at, const char *end) {
  if (!end) return "it has a quote that is not closed";
  if (as->backslashes && memchr(at, '\\', (size_t)(end - at)))
    return "it has a backslash within quotes; write ? and give the text as a parameter";
  return NULL;
}

bool casc_condition_sound(const char *engine, const char *condition, uint32_t *placeholders, const char **what) {
  const reading *as = reading_of(engine);
  int depth = 0;
  *placeholders = 0;
  *what = NULL;
  for (const char *at = condition; *at;) {
    if (is_name(*at)) {
      at = behind_name(at);
      continue;
    }
    if (strchr(as->quotes, *at)) {
      const char *end = behind_quote(at);
      if ((*what = fault_in_quote(as, at, end))) return false;
      at = end;
      continue;
    }
    if (as->doubled && at[0] == '?' && at[1] == '?') {
      at += 2;
      continue;
    }
    if ((*what = fault_at(as, at, depth))) return false;
    depth += (*at == '(') - (*at == ')');
    *placeholders += *at == '?';
    at++;
  }
  if (depth) *what = "it has a bracket that is not closed";
  return !*what;
}

bool casc_condition_blank(const char *condition) {
  return condition[strspn(condition, " \t\n\f\r")] == '\0';
}

void casc_condition_number(casc_str *sql, const char *condition, size_t first) {
  for (const char *at = condition; *at;) {
    const char *end = strchr(postgres.quotes, *at) ? behind_quote(at) : NULL;
    if (end) {
      casc_str_putn(sql, at, (size_t)(end - at));
      at = end;
    } else if (*at != '?') casc_str_putc(sql, *at++);
    else if (at[1] == '?') {
      casc_str_putc(sql, '?');
      at += 2;
    } else {
      casc_str_printf(sql, "$%zu", first++);
      at++;
    }
  }
}

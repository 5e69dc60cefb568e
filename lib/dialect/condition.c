#include "condition.h"

#include <stddef.h>
#include <string.h>

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' || (unsigned char)c >= 0x80;
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

static const char *fault_at(const char *at, int depth) {
  switch (*at) {
  case ';': return "it has a semicolon";
  case ':':
  case '@':
  case '#':
  case '$': return "it has a named placeholder; write ? instead";
  case '?': return is_digit(at[1]) ? "it has a numbered placeholder; write ? instead" : NULL;
  case '-': return at[1] == '-' ? "it has a comment" : NULL;
  case '/': return at[1] == '*' ? "it has a comment" : NULL;
  case ')': return depth == 0 ? "it closes a bracket that it has not opened" : NULL;
  default: return NULL;
  }
}

bool casc_condition_sound(const char *condition, uint32_t *placeholders, const char **what) {
  int depth = 0;
  *placeholders = 0;
  *what = NULL;
  for (const char *at = condition; *at;) {
    if (is_name(*at)) {
      at = behind_name(at);
      continue;
    }
    if (strchr("'\"`[", *at)) {
      if ((at = behind_quote(at))) continue;
      *what = "it has a quote that is not closed";
      return false;
    }
    if ((*what = fault_at(at, depth))) return false;
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

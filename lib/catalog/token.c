#include "token.h"

#include "names.h"

#include <string.h>

static bool is_word(char c) {
  unsigned char byte = (unsigned char)c, letter = (unsigned char)((byte | 0x20) - 'a');
  return letter < 26 || (unsigned char)(byte - '0') < 10 || byte == '_' || byte == '$' || byte >= 0x80;
}

static const char *skip_blank(const char *at) {
  for (;;) {
    while (*at == ' ' || (*at >= '\t' && *at <= '\r' && *at != '\v')) at++;
    if (at[0] == '-' && at[1] == '-') {
      at += strcspn(at, "\n");
    } else if (at[0] == '/' && at[1] == '*') {
      const char *end = strstr(at + 2, "*/");
      at = end ? end + 2 : at + strlen(at);
    } else {
      return at;
    }
  }
}

/* Behind a quoted token; a doubled closing quote stands for itself, except in brackets. */
static const char *skip_quoted(const char *at) {
  char close = *at == '[' ? ']' : *at;
  for (at++; *at; at++) {
    if (*at != close) continue;
    if (close == ']' || at[1] != close) return at + 1;
    at++;
  }
  return at;
}

static casc_token token_at(const char *at) {
  at = skip_blank(at);
  casc_token token = {.text = at};
  const char *end = at;
  if (!*at) {
    token.kind = CASC_TOKEN_END;
  } else if (*at == '\'' || *at == '"' || *at == '`' || *at == '[') {
    token.kind = *at == '\'' ? CASC_TOKEN_STRING : CASC_TOKEN_NAME;
    end = skip_quoted(at);
  } else if (*at >= '0' && *at <= '9') {
    token.kind = CASC_TOKEN_NUMBER;
    while (is_word(*end) || *end == '.') end++;
  } else if (is_word(*at)) {
    token.kind = CASC_TOKEN_WORD;
    while (is_word(*end)) end++;
  } else {
    token.kind = CASC_TOKEN_SIGN;
    end++;
  }
  token.length = (size_t)(end - at);
  token.next = end;
  return token;
}

casc_token casc_token_first(const char *sql) {
  return token_at(sql);
}

casc_token casc_token_after(const casc_token *token) {
  return token_at(token->next);
}

bool casc_token_is(const casc_token *token, const char *keyword) {
  if (token->kind != CASC_TOKEN_WORD) return false;
  size_t i = 0;
  while (i < token->length && keyword[i] == casc_lower(token->text[i])) i++;
  return i == token->length && !keyword[i];
}

bool casc_token_is_sign(const casc_token *token, char sign) {
  return token->kind == CASC_TOKEN_SIGN && *token->text == sign;
}

bool casc_token_names(const casc_token *token) {
  return token->kind == CASC_TOKEN_WORD || token->kind == CASC_TOKEN_NAME || token->kind == CASC_TOKEN_STRING;
}

char *casc_token_name(casc_arena *arena, const casc_token *token) {
  if (token->kind == CASC_TOKEN_WORD) return casc_arena_copy(arena, token->text, token->length);
  size_t inner = token->length > 1 ? token->length - 2 : 0;
  char *name = casc_arena_copy(arena, token->text + 1, inner);
  if (!name || *token->text == '[') return name;
  char quote = *token->text, *to = name;
  for (const char *from = name; *from; from++) {
    *to++ = *from;
    if (*from == quote && from[1] == quote) from++;
  }
  *to = '\0';
  return name;
}

/* SQL text as SQLite splits it into tokens; comments and blanks are passed over. */
#ifndef CASC_TOKEN_H
#define CASC_TOKEN_H

#include "arena.h"

typedef enum casc_token_kind {
  CASC_TOKEN_END,
  CASC_TOKEN_WORD,   /* a bare word: keyword or name */
  CASC_TOKEN_NAME,   /* in "", `` or [] */
  CASC_TOKEN_STRING, /* in ''; also a name, where SQLite wants one */
  CASC_TOKEN_NUMBER,
  CASC_TOKEN_SIGN /* one character of anything else */
} casc_token_kind;

typedef struct casc_token {
  casc_token_kind kind;
  const char *text;
  size_t length;
  const char *next; /* behind it */
} casc_token;

casc_token casc_token_first(const char *sql);
casc_token casc_token_after(const casc_token *token);
bool casc_token_is(const casc_token *token, const char *keyword); /* a bare word, whatever its case */
bool casc_token_is_sign(const casc_token *token, char sign);
bool casc_token_names(const casc_token *token); /* can stand for a name */
/* The name without its quotes; NULL when memory is out. */
char *casc_token_name(casc_arena *arena, const casc_token *token);

#endif

#include "render.h"

#include "plain.h"

#include <string.h>

typedef struct walker {
  const cascade_statement *statement;
  const char *at;
  casc_str *sql;
  uint32_t parameters, columns; /* placeholders and columns called "sql" met so far */
  int depth;                    /* of parentheses */
  bool after_as, begun, ended, quoted_select;
  cascade_status status; /* of a statement that cannot be sent ... */
  const char *refusal;   /* ... because it has this */
} walker;

static void refuse(walker *walk, cascade_status status, const char *refusal) {
  walk->status = status;
  walk->refusal = refusal;
}

static bool is_word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' ||
         (unsigned char)c >= 0x80;
}

static bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Where libdbdsqlite3 ends a word, or takes it to begin after a table's name. */
static bool is_edge(char c) {
  return c == ' ' || c == ',' || c == ';' || c == '.' || c == '(' || c == '\0';
}

/* Whether a quoted piece holds what the parser would take for the word, which is met as a whole or after a dot or
   bracket. */
static bool holds_word(const char *text, const char *end, const char *word) {
  size_t length = strlen(word);
  for (const char *at = text; (size_t)(end - at) > length; at++)
    if (is_edge(*at) && strncmp(at + 1, word, length) == 0 && (is_edge(at[1 + length]) || at + 1 + length == end)) return true;
  return false;
}

static void skip_comment(walker *walk) {
  const char *end;
  if (walk->at[0] == '-') end = strchr(walk->at, '\n');
  else if ((end = strstr(walk->at + 2, "*/"))) end += 2;
  walk->at = end ? end : walk->at + strlen(walk->at);
  casc_str_putc(walk->sql, ' ');
}

/* From a quote to its fellow; a doubled one is two pieces, which comes to the same. */
static void copy_quoted(walker *walk) {
  const char *from = walk->at, *end = strchr(from + 1, *from == '[' ? ']' : *from);
  if (!end) {
    refuse(walk, CASCADE_SCHEMA, "a quote that is never closed");
    return;
  }
  size_t length = (size_t)(++end - from);
  if (holds_word(from, end, "select") || holds_word(from, end, "SELECT")) walk->quoted_select = true;
  if (walk->after_as && walk->depth == 0 && length == 5 && memcmp(from, "\"sql\"", 5) == 0) walk->columns++;
  casc_str_putn(walk->sql, from, length);
  walk->at = end;
}

static void refuse_name(walker *walk) {
  refuse(walk, CASCADE_INVALID, "a named placeholder; placeholders are plain question marks");
}

static void copy_word(walker *walk) {
  const char *from = walk->at;
  while (is_word(*walk->at)) walk->at++;
  size_t length = (size_t)(walk->at - from);
  if (*from == '$') refuse_name(walk);
  walk->after_as = length == 2 && casc_begins(from, "as");
  if (length == 6 && casc_begins(from, "select")) casc_str_put(walk->sql, "Select");
  else casc_str_putn(walk->sql, from, length);
}

static void put_parameter(walker *walk) {
  const cascade_statement *statement = walk->statement;
  walk->at++;
  if (*walk->at >= '0' && *walk->at <= '9')
    refuse(walk, CASCADE_INVALID, "a numbered placeholder; placeholders are plain question marks");
  else if (walk->parameters >= statement->parameter_count) refuse(walk, CASCADE_INVALID, "more placeholders than parameters");
  else if (!casc_dbi_literal_sqlite(walk->sql, &statement->parameters[walk->parameters++]))
    refuse(walk, CASCADE_UNSUPPORTED, "a parameter whose value SQLite cannot hold");
}

static void copy_sign(walker *walk) {
  char c = *walk->at++;
  if (c == '(') walk->depth++;
  if (c == ')') walk->depth--;
  if ((c == ':' || c == '@' || c == '#') && is_word(*walk->at)) refuse_name(walk);
  if (c == ';') walk->ended = true;
  else casc_str_putc(walk->sql, c);
}

static void copy_piece(walker *walk) {
  char c = walk->at[0], next = walk->at[1];
  if (is_space(c)) {
    casc_str_putc(walk->sql, c);
    walk->at++;
  } else if ((c == '-' && next == '-') || (c == '/' && next == '*')) {
    skip_comment(walk);
  } else if (walk->ended) {
    refuse(walk, CASCADE_SCHEMA, "more after its end");
  } else if (is_word(c)) {
    walk->begun = true;
    copy_word(walk);
  } else {
    if (c == '\'' || c == '"' || c == '`' || c == '[') copy_quoted(walk);
    else if (c == '?') put_parameter(walk);
    else copy_sign(walk);
    walk->after_as = false;
  }
}

/* A word `select` within quotes, which cannot be written otherwise, starts the parser again. It then looks for the
   bracket that closes one met later, and does not notice when the text ends first: so that there be enough, a
   comment of them follows. And it compares names given by `as` with the columns', and copies what stands before one
   that is equal into a small buffer: such a statement is refused. */
static void guard_quoted(walker *walk) {
  const char *text = walk->sql->data, *end = text + walk->sql->length;
  if (holds_word(text, end, "sql")) {
    refuse(walk, CASCADE_UNSUPPORTED,
           "the words select and sql, the first within quotes; give the text as a parameter, "
           "or use the driver sqlite3");
    return;
  }
  size_t opened = 1;
  for (const char *at = text; at < end; at++) opened += *at == '(';
  casc_str_put(walk->sql, " /* ");
  while (opened--) casc_str_putc(walk->sql, ')');
  casc_str_put(walk->sql, " */");
}

static void check_whole(walker *walk) {
  if (!walk->begun) refuse(walk, CASCADE_SCHEMA, "nothing in it");
  else if (walk->parameters < walk->statement->parameter_count) refuse(walk, CASCADE_INVALID, "more parameters than placeholders");
  else if (walk->columns < walk->statement->column_count) refuse(walk, CASCADE_UNSUPPORTED, "a column that is not called \"sql\"");
  else if (walk->quoted_select && !walk->sql->failed) guard_quoted(walk);
}

cascade_status casc_dbi_render_sqlite(cascade_context *context, const cascade_statement *statement, casc_str *sql,
                                      cascade_error **error) {
  walker walk = {.statement = statement, .at = statement->sql, .sql = sql};
  casc_str_clear(sql);
  casc_str_put(sql, "/* from sqlite_master where */ ");
  while (*walk.at && !walk.refusal) copy_piece(&walk);
  if (!walk.refusal) check_whole(&walk);
  if (walk.refusal)
    return casc_fail(context, error, walk.status, "driver dbi: the statement has %s: %.200s", walk.refusal, statement->sql);
  return sql->failed ? casc_nomem(error) : CASCADE_OK;
}

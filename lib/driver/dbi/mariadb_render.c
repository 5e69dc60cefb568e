#include "render.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { LONG = 1 << 20 }; /* no key is as long, nor is anything compared */

typedef struct walker {
  const cascade_statement *statement;
  const char *at;
  locale_t numbers;
  casc_str *sql;
  uint32_t parameters; /* met so far */
  bool begun, ended;
  cascade_status status; /* of a statement that cannot be sent ... */
  const char *refusal;   /* ... because it has this */
} walker;

static void refuse(walker *walk, cascade_status status, const char *refusal) {
  walk->status = status;
  walk->refusal = refusal;
}

/* literals */

/* What is the same between quotes whatever the quotes' rules are. */
static bool is_plain(const char *text, size_t length) {
  for (size_t i = 0; i < length; i++)
    if (text[i] < ' ' || text[i] > '~' || text[i] == '\'' || text[i] == '\\') return false;
  return true;
}

static void put_hex(casc_str *sql, const char *bytes, size_t length) {
  casc_str_put(sql, "x'");
  casc_str_hex(sql, bytes, length);
  casc_str_putc(sql, '\'');
}

/* A third longer than the bytes, not twice as long as hexadecimal digits: what is nearly as long as the server takes has to fit. */
static void put_base64(casc_str *sql, const char *bytes, size_t length) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  casc_str_put(sql, "FROM_BASE64('");
  for (size_t i = 0; i < length; i += 3) {
    uint32_t three = 0;
    for (size_t j = i; j < i + 3; j++) three = three << 8 | (j < length ? (unsigned char)bytes[j] : 0);
    const char four[] = {digits[three >> 18], digits[three >> 12 & 63], i + 1 < length ? digits[three >> 6 & 63] : '=',
                         i + 2 < length ? digits[three & 63] : '='};
    casc_str_putn(sql, four, sizeof four);
  }
  casc_str_put(sql, "')");
}

/* The introducer makes it a text of its own that gives way to a column's collation. */
static void put_text(casc_str *sql, const char *text, size_t length) {
  if (is_plain(text, length)) {
    casc_str_put(sql, "_utf8mb4'");
    casc_str_putn(sql, text, length);
    casc_str_putc(sql, '\'');
  } else if (length < LONG) {
    casc_str_put(sql, "_utf8mb4 ");
    put_hex(sql, text, length);
  } else {
    casc_str_put(sql, "CONVERT(");
    put_base64(sql, text, length);
    casc_str_put(sql, " USING utf8mb4)");
  }
}

/* With an exponent, or it would be an exact decimal. */
static bool put_real(walker *walk, double value) {
  char digits[40];
  if (!isfinite(value)) return false;
  locale_t before = uselocale(walk->numbers);
  snprintf(digits, sizeof digits, "%.16e", value);
  uselocale(before);
  casc_str_put(walk->sql, digits);
  return true;
}

static bool put_decimal(casc_str *sql, const char *text, size_t length) {
  size_t sign = length && *text == '-', points = 0, digits = 0;
  for (size_t i = sign; i < length; i++) {
    if (text[i] == '.') points++;
    else if (text[i] >= '0' && text[i] <= '9') digits++;
    else return false;
  }
  casc_str_putn(sql, text, length);
  return digits && points <= 1;
}

static bool put_value(walker *walk, const cascade_value *value) {
  casc_str *sql = walk->sql;
  switch (value->type) {
  case CASCADE_NULL: casc_str_put(sql, "NULL"); return true;
  case CASCADE_INT64: casc_str_int(sql, value->integer); return true;
  case CASCADE_UINT64: casc_str_printf(sql, "%llu", (unsigned long long)value->integer); return true;
  case CASCADE_DOUBLE: return put_real(walk, value->real);
  case CASCADE_TEXT: put_text(sql, value->data, (size_t)value->length); return true;
  case CASCADE_DECIMAL: return put_decimal(sql, value->data, (size_t)value->length);
  case CASCADE_BLOB:
    if (value->length < LONG) put_hex(sql, value->data, (size_t)value->length);
    else put_base64(sql, value->data, (size_t)value->length);
    return true;
  default: return false;
  }
}

/* Apart from what is before and after: two signs might meet and begin a comment, or two texts become one. A space after two signs
   begins a comment, too. */
static void put_parameter(walker *walk) {
  const cascade_statement *statement = walk->statement;
  bool sign = walk->at > statement->sql && walk->at[-1] == '-';
  walk->at++;
  casc_str_putc(walk->sql, sign ? '(' : ' ');
  if (walk->parameters >= statement->parameter_count) refuse(walk, CASCADE_INVALID, "more placeholders than parameters");
  else if (!put_value(walk, &statement->parameters[walk->parameters++]))
    refuse(walk, CASCADE_UNSUPPORTED, "a parameter whose value MariaDB cannot hold");
  casc_str_putc(walk->sql, sign ? ')' : ' ');
}

/* the statement */

static bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_comment(const char *at) {
  return *at == '#' || (at[0] == '/' && at[1] == '*') ||
         (at[0] == '-' && at[1] == '-' && (!at[2] || is_space(at[2]) || (unsigned char)at[2] < ' '));
}

/* Some comments are statements to MariaDB. */
static void skip_comment(walker *walk) {
  const char *end;
  if (walk->at[0] != '/') {
    end = strchr(walk->at, '\n');
    walk->at = end ? end : walk->at + strlen(walk->at);
  } else if (walk->at[2] == '!' || (walk->at[2] == 'M' && walk->at[3] == '!')) {
    refuse(walk, CASCADE_UNSUPPORTED, "a comment that is executed");
  } else if ((end = strstr(walk->at + 2, "*/"))) {
    walk->at = end + 2;
  } else {
    refuse(walk, CASCADE_SCHEMA, "a comment that is never closed");
  }
  casc_str_putc(walk->sql, ' ');
}

/* From a quote to its fellow; a doubled one is two pieces, which comes to the same. Whether a backslash takes a quote's meaning
   away depends on the sql_mode. */
static void copy_quoted(walker *walk) {
  const char *from = walk->at, *end = strchr(from + 1, *from);
  if (!end) {
    refuse(walk, CASCADE_SCHEMA, "a quote that is never closed");
    return;
  }
  size_t backslashes = 0;
  while (end - backslashes - 1 > from && end[-1 - (ptrdiff_t)backslashes] == '\\') backslashes++;
  if (*from != '`' && backslashes % 2)
    refuse(walk, CASCADE_UNSUPPORTED, "a backslash before a quote within a text; write the quote twice instead");
  casc_str_putn(walk->sql, from, (size_t)(end + 1 - from));
  walk->at = end + 1;
}

static void copy_piece(walker *walk) {
  char c = *walk->at;
  if (is_comment(walk->at)) {
    skip_comment(walk);
  } else if (is_space(c)) {
    casc_str_putc(walk->sql, c);
    walk->at++;
  } else if (walk->ended) {
    refuse(walk, CASCADE_SCHEMA, "more after its end");
  } else if (c == ';') {
    walk->ended = true;
    walk->at++;
  } else {
    walk->begun = true;
    if (c == '\'' || c == '"' || c == '`') copy_quoted(walk);
    else if (c == '?') put_parameter(walk);
    else casc_str_putc(walk->sql, *walk->at++);
  }
}

cascade_status casc_dbi_render_mariadb(cascade_context *context, const cascade_statement *statement, locale_t numbers,
                                       casc_str *sql, cascade_error **error) {
  walker walk = {.statement = statement, .at = statement->sql, .numbers = numbers, .sql = sql};
  casc_str_clear(sql);
  while (*walk.at && !walk.refusal) copy_piece(&walk);
  if (!walk.refusal && !walk.begun) refuse(&walk, CASCADE_SCHEMA, "nothing in it");
  if (!walk.refusal && walk.parameters < statement->parameter_count)
    refuse(&walk, CASCADE_INVALID, "more parameters than placeholders");
  if (walk.refusal)
    return casc_fail(context, error, walk.status, "driver dbi: the statement has %s: %.200s", walk.refusal, statement->sql);
  return sql->failed ? casc_nomem(error) : CASCADE_OK;
}

/* How numbers, keys and relations are written. */
#include "cli.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

text_number number_text(uint64_t number) {
  text_number out;
  char digits[24];
  int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)number), at = 0;
  for (int i = 0; i < length; i++) {
    if (i && (length - i) % 3 == 0) out.text[at++] = ',';
    out.text[at++] = digits[i];
  }
  out.text[at] = '\0';
  return out;
}

int text_width(const char *text) {
  int width = 0;
  for (; *text; text++) width += (*text & 0xc0) != 0x80; /* bytes that begin a character */
  return width;
}

void text_pad(FILE *out, const char *text, int width) {
  fputs(text, out);
  for (int at = text_width(text); at < width; at++) fputc(' ', out);
}

void put_text(const char *text) {
  size_t length = strlen(text);
  fputs(text, stdout);
  if (length && text[length - 1] != '\n') putchar('\n');
}

void text_shell(FILE *out, const char *word) {
  static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=:,./@%";
  if (*word && word[strspn(word, plain)] == '\0') {
    fputs(word, out);
    return;
  }
  fputc('\'', out);
  for (; *word; word++) fputs(*word == '\'' ? "'\\''" : (char[]){*word, '\0'}, out);
  fputc('\'', out);
}

/* Keys that begin with a minus go last, behind --. */
static bool keys_last(const cli_options *options) {
  return options->key_count && options->keys[0][0] == '-';
}

static void put_words(FILE *out, const cli_options *options) {
  for (uint32_t i = 0; i < options->key_count; i++) {
    fputc(' ', out);
    text_shell(out, options->keys[i]);
  }
}

static void put_option(FILE *out, const char *name, const char *value) {
  if (!value) return;
  fputs(name, out);
  text_shell(out, value);
}

void text_command(FILE *out, const cli_options *options) {
  char *uri = uri_text(options->uri);
  put_option(out, "cascade blockers ", uri ? uri : "URI");
  free(uri);
  put_option(out, " ", options->table);
  if (!keys_last(options)) put_words(out, options);
  put_option(out, " --keys ", options->keys_file);
  put_option(out, " --where ", options->where);
  put_option(out, " --policy ", options->policy);
}

void text_command_end(FILE *out, const cli_options *options) {
  if (keys_last(options)) {
    fputs(" --", out);
    put_words(out, options);
  }
  fputc('\n', out);
}

/* How much of the URI here is a password, behind which *rest is shown again. */
static bool is_password(const char *uri, const char *at, const char **rest) {
  static const char word[] = "password=";
  const char *authority = strstr(uri, "://");
  if (authority && at > authority + 3 && at[-1] == ':' && !memchr(authority + 3, ':', (size_t)(at - authority) - 4)) {
    *rest = at + strcspn(at, "@/?");
    return **rest == '@';
  }
  size_t length = sizeof word - 1;
  if ((size_t)(at - uri) < length || strncasecmp(at - length, word, length) != 0) return false;
  *rest = at + (*at == '\'' ? strlen(at) : strcspn(at, "& "));
  return true;
}

char *uri_text(const char *uri) {
  char *text = malloc(2 * strlen(uri) + 4), *to = text;
  for (const char *at = uri, *rest; text && *at;) {
    if (is_password(uri, at, &rest) && rest > at) {
      to = stpcpy(to, "***");
      at = rest;
    } else {
      *to++ = *at++;
    }
  }
  if (text) *to = '\0';
  return text;
}

/* Control characters of a database's texts do not reach the terminal, nor do bytes of texts that are not UTF-8. */
static void put_characters(FILE *out, const cascade_value *cell) {
  json_t *checked = json_stringn(cell->data ? cell->data : "", cell->length);
  unsigned char most = checked ? 0xff : 0x7e;
  json_decref(checked);
  for (uint64_t i = 0; i < cell->length; i++) {
    unsigned char byte = (unsigned char)cell->data[i];
    if (byte < 0x20 || byte == 0x7f || byte > most) fprintf(out, "\\x%02x", byte);
    else fputc(byte, out);
  }
}

static void put_cell(FILE *out, const cascade_value *cell) {
  switch (cell->type) {
  case CASCADE_INT64: fprintf(out, "%lld", (long long)cell->integer); break;
  case CASCADE_UINT64: fprintf(out, "%llu", (unsigned long long)cell->integer); break;
  case CASCADE_DOUBLE: fprintf(out, "%.17g", cell->real); break;
  case CASCADE_BLOB:
    fputs("x'", out);
    for (uint64_t i = 0; i < cell->length; i++) fprintf(out, "%02x", (unsigned char)cell->data[i]);
    fputc('\'', out);
    break;
  case CASCADE_TEXT:
  case CASCADE_DECIMAL: put_characters(out, cell); break;
  default: fputs("NULL", out);
  }
}

char *key_text(const cascade_keys *keys, uint64_t row) {
  char *text = NULL;
  size_t length;
  FILE *out = open_memstream(&text, &length);
  if (!out) return NULL;
  if (keys->integers) fprintf(out, "%lld", (long long)keys->integers[row]);
  else
    for (uint32_t i = 0; i < keys->column_count; i++) {
      if (i) fputc(',', out);
      put_cell(out, &keys->cells[row * keys->column_count + i]);
    }
  if (fclose(out)) {
    free(text);
    return NULL;
  }
  return text;
}

char *relation_text(const cascade_relation_info *relation, const char *table) {
  char *text = NULL;
  size_t length;
  FILE *out = open_memstream(&text, &length);
  if (!out) return NULL;
  fprintf(out, "%s(", table);
  for (uint32_t i = 0; i < relation->column_count; i++) fprintf(out, "%s%s", i ? ", " : "", relation->columns[i]);
  fputc(')', out);
  if (fclose(out)) {
    free(text);
    return NULL;
  }
  return text;
}

/* The first byte behind so many characters. */
static const char *characters(const char *text, int count) {
  while (*text && count--) do
      text++;
    while ((*text & 0xc0) == 0x80);
  return text;
}

char *text_short(const char *text, int width) {
  int whole = text_width(text), head = (width - 2) / 2;
  if (whole <= width) return strdup(text);
  const char *tail = characters(text, whole - (width - 3 - head));
  size_t length = (size_t)(characters(text, head) - text);
  char *made = malloc(length + 3 + strlen(tail) + 1);
  if (!made) return NULL;
  memcpy(made, text, length);
  stpcpy(stpcpy(made + length, "..."), tail);
  return made;
}

const char *rule_meaning(int32_t rule) {
  switch (rule) {
  case CASCADE_RULE_CASCADE: return "deleted too";
  case CASCADE_RULE_PROTECT: return "blocks always";
  case CASCADE_RULE_RESTRICT: return "blocks";
  case CASCADE_RULE_SET_NULL: return "set to NULL";
  case CASCADE_RULE_SET_DEFAULT: return "set to default";
  case CASCADE_RULE_SET_VALUE: return "set to a value";
  case CASCADE_RULE_IGNORE: return "left alone";
  case CASCADE_RULE_DETACH: return "detached";
  default: return "?";
  }
}

#include "sqlite_ddl.h"

#include "names.h"
#include "token.h"

#include <string.h>

static uint32_t find_column(const casc_table *table, const char *name) {
  for (uint32_t i = 0; i < table->column_count; i++)
    if (casc_same_name(table->columns[i].name, name)) return i;
  return CASC_NONE;
}

static const char *collation_named(const char *name) {
  return casc_same_name(name, "binary") ? NULL : name;
}

typedef struct table_reader {
  casc_arena *arena;
  casc_table *table;
  casc_ddl_key *keys;
  size_t count, capacity;
  uint32_t column;       /* whose definition is being read, or CASC_NONE */
  casc_token constraint; /* name of the constraint that begins here; END without one */
  bool named_foreign;    /* FOREIGN KEY was read: the name waits for REFERENCES */
} table_reader;

static bool add_key(table_reader *reader) {
  if (reader->count == reader->capacity) {
    size_t capacity = reader->capacity ? reader->capacity * 2 : 8;
    casc_ddl_key *keys = casc_arena_get(reader->arena, capacity, sizeof *keys);
    if (!keys) return false;
    if (reader->count) memcpy(keys, reader->keys, reader->count * sizeof *keys);
    reader->keys = keys;
    reader->capacity = capacity;
  }
  const char *name = "";
  if (reader->constraint.kind != CASC_TOKEN_END) name = casc_token_name(reader->arena, &reader->constraint);
  reader->keys[reader->count++] = (casc_ddl_key){.name = name};
  return name != NULL;
}

/* DEFERRABLE [INITIALLY DEFERRED | IMMEDIATE] at `token`. Wherever it stands, SQLite takes it for the key declared
 * last. */
static void read_deferral(table_reader *reader, const casc_token *token, bool negated) {
  if (!reader->count) return;
  casc_token initially = casc_token_after(token), mode = casc_token_after(&initially);
  casc_ddl_key *key = &reader->keys[reader->count - 1];
  key->deferrable = !negated;
  key->initially_deferred = !negated && casc_token_is(&initially, "initially") && casc_token_is(&mode, "deferred");
}

static bool begin_item(table_reader *reader, const casc_token *token) {
  static const char *const constraints[] = {"constraint", "primary", "unique", "check", "foreign"};
  reader->column = CASC_NONE;
  for (size_t i = 0; i < sizeof constraints / sizeof *constraints; i++)
    if (casc_token_is(token, constraints[i])) return true;
  if (!casc_token_names(token)) return true;
  char *name = casc_token_name(reader->arena, token);
  if (name) reader->column = find_column(reader->table, name);
  return name != NULL;
}

static bool read_collation(table_reader *reader, const casc_token *token) {
  if (reader->column == CASC_NONE) return true;
  char *name = casc_token_name(reader->arena, token);
  if (name) reader->table->columns[reader->column].collation = collation_named(name);
  return name != NULL;
}

/* One bare word of a definition; *token moves over what belongs to it. */
static bool read_word(table_reader *reader, casc_token *token, bool negated) {
  if (casc_token_is(token, "constraint")) {
    *token = reader->constraint = casc_token_after(token);
    reader->named_foreign = false;
    return true;
  }
  if (casc_token_is(token, "foreign")) {
    reader->named_foreign = true;
    return true;
  }
  if (casc_token_is(token, "references")) {
    bool added = add_key(reader);
    reader->constraint.kind = CASC_TOKEN_END;
    reader->named_foreign = false;
    *token = casc_token_after(token); /* the table's name, which may look like anything */
    return added;
  }
  if (casc_token_is(token, "deferrable")) {
    read_deferral(reader, token, negated);
  } else if (casc_token_is(token, "collate")) {
    *token = casc_token_after(token);
    if (!read_collation(reader, token)) return false;
  }
  if (!reader->named_foreign) reader->constraint.kind = CASC_TOKEN_END;
  return true;
}

/* Between the outer parentheses commas separate the definitions. What stands in inner ones is an expression or a list
   of columns, and holds nothing that is looked for. */
bool casc_ddl_table(casc_arena *arena, const char *sql, casc_table *table, casc_ddl_key **keys, uint32_t *count) {
  table_reader reader = {.arena = arena, .table = table, .column = CASC_NONE};
  uint32_t depth = 0;
  bool begins = false, negated = false;
  for (casc_token token = casc_token_first(sql); token.kind != CASC_TOKEN_END; token = casc_token_after(&token)) {
    if (casc_token_is_sign(&token, '(')) {
      begins = depth++ == 0;
    } else if (casc_token_is_sign(&token, ')')) {
      if (depth && --depth == 0) break;
    } else if (depth == 1) {
      if (begins && !begin_item(&reader, &token)) return false;
      bool names_column = begins && reader.column != CASC_NONE;
      begins = casc_token_is_sign(&token, ',');
      if (begins) reader.constraint.kind = CASC_TOKEN_END;
      bool negates = casc_token_is(&token, "not");
      if (token.kind == CASC_TOKEN_WORD && !names_column && !read_word(&reader, &token, negated)) return false;
      negated = negates;
    }
  }
  *keys = reader.keys;
  *count = (uint32_t)reader.count;
  return true;
}

/* One item of an index's list, from `token` to the comma or parenthesis that ends it, where *token is left.
   A column with or without COLLATE and order; anything else is an expression. */
static bool read_indexed(casc_arena *arena, casc_token *token, const casc_table *table, casc_index *index, uint32_t *column) {
  casc_token name = {.kind = CASC_TOKEN_END}, collation = {.kind = CASC_TOKEN_END};
  uint32_t depth = 0, parts = 0;
  for (; token->kind != CASC_TOKEN_END; *token = casc_token_after(token)) {
    if (casc_token_is_sign(token, '(')) {
      depth++;
    } else if (casc_token_is_sign(token, ')')) {
      if (!depth) break;
      depth--;
    } else if (casc_token_is_sign(token, ',') && !depth) {
      break;
    } else if (!parts++) {
      name = *token;
    } else if (casc_token_is(token, "collate")) {
      *token = collation = casc_token_after(token);
      parts--;
    } else if (casc_token_is(token, "asc") || casc_token_is(token, "desc")) {
      parts--;
    }
  }
  *column = CASC_NONE;
  if (parts != 1 || !casc_token_names(&name)) return true;
  char *text = casc_token_name(arena, &name);
  if (!text) return false;
  *column = find_column(table, text);
  if (*column == CASC_NONE || collation.kind == CASC_TOKEN_END) return true;
  if (!(text = casc_token_name(arena, &collation))) return false;
  const char *own = collation_named(text), *of_column = table->columns[*column].collation;
  if (own && of_column ? !casc_same_name(own, of_column) : own != of_column) index->recollated = true;
  return true;
}

bool casc_ddl_index(casc_arena *arena, const char *sql, const casc_table *table, casc_index *index) {
  casc_token token = casc_token_first(sql);
  for (; token.kind != CASC_TOKEN_END && !casc_token_is(&token, "index"); token = casc_token_after(&token))
    if (casc_token_is(&token, "unique")) index->unique = true;
  /* Names are passed over by kind: the first bare ON, and the first parenthesis behind it, are no part of one. */
  while (token.kind != CASC_TOKEN_END && !casc_token_is(&token, "on")) token = casc_token_after(&token);
  while (token.kind != CASC_TOKEN_END && !casc_token_is_sign(&token, '(')) token = casc_token_after(&token);
  uint32_t *columns = casc_arena_get(arena, table->column_count + 1, sizeof *columns), capacity = table->column_count + 1;
  if (!columns) return false;
  while (token.kind != CASC_TOKEN_END) {
    token = casc_token_after(&token);
    if (index->count == capacity) {
      uint32_t *more = casc_arena_get(arena, (size_t)capacity * 2, sizeof *more);
      if (!more) return false;
      memcpy(more, columns, capacity * sizeof *more);
      columns = more;
      capacity *= 2;
    }
    if (!read_indexed(arena, &token, table, index, &columns[index->count++])) return false;
    if (!casc_token_is_sign(&token, ',')) break;
  }
  index->columns = columns;
  token = casc_token_after(&token);
  index->partial = casc_token_is(&token, "where");
  return true;
}

void casc_ddl_trigger(const char *sql, casc_trigger *trigger) {
  casc_token token = casc_token_first(sql);
  while (token.kind != CASC_TOKEN_END && !casc_token_is(&token, "trigger")) token = casc_token_after(&token);
  for (; token.kind != CASC_TOKEN_END; token = casc_token_after(&token)) {
    if (casc_token_is(&token, "insert")) return;
    trigger->on_delete = casc_token_is(&token, "delete");
    trigger->on_update = casc_token_is(&token, "update");
    if (trigger->on_delete || trigger->on_update) return;
  }
}

static casc_token behind_not_null(const casc_token *not_word) {
  casc_token last = casc_token_after(not_word), on = casc_token_after(&last), conflict = casc_token_after(&on);
  return casc_token_is(&on, "on") && casc_token_is(&conflict, "conflict") ? casc_token_after(&conflict) : last;
}

/* Token by token, as a comment of the text would comment out what follows on the same line. */
bool casc_ddl_allow_null(casc_arena *arena, casc_str *out, const char *sql, const char *column) {
  uint32_t depth = 0;
  bool begins = false, here = false, cut = false;
  for (casc_token token = casc_token_first(sql); token.kind != CASC_TOKEN_END; token = casc_token_after(&token)) {
    bool opens = casc_token_is_sign(&token, '('), sign = token.kind == CASC_TOKEN_SIGN;
    if (begins && depth == 1) {
      const char *name = casc_token_names(&token) ? casc_token_name(arena, &token) : NULL;
      here = name && casc_same_name(name, column);
    }
    casc_token null = casc_token_after(&token);
    if (depth == 1 && here && casc_token_is(&token, "not") && casc_token_is(&null, "null")) {
      token = behind_not_null(&token);
      cut = true;
      continue;
    }
    if (out->length && !sign && out->data[out->length - 1] != '(') casc_str_putc(out, ' ');
    casc_str_putn(out, token.text, token.length);
    begins = (opens && depth == 0) || (depth == 1 && casc_token_is_sign(&token, ','));
    depth += opens;
    if (casc_token_is_sign(&token, ')') && depth) depth--;
  }
  return cut;
}

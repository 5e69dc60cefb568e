/* What can be known of a source's types before it gives a row. */
#include "fill.h"

#include "condition.h"
#include "parts.h"

#include <stdio.h>
#include <string.h>

/* Category and name of the type of an expression, or of that which its domain is over. */
static void postgres_type(casc_statement *statement, const casc_sql_fill *fill, const char *expression) {
  const char *type = casc_arena_printf(
      &statement->arena,
      "(Select b.typcategory::text || ':' || b.typname From pg_catalog.pg_type y Join pg_catalog.pg_type b "
      "On b.oid = Case When y.typtype = 'd' Then y.typbasetype Else y.oid End Where y.oid = pg_catalog.pg_typeof(%s))",
      expression);
  if (type) fill->dialect->column(statement, type, CASCADE_TEXT);
  else statement->failed = true;
}

/* A number has the character set "binary" and coercibility 5, as a date has; a uuid has the latter only, and bytes have the former.
   Beside an integer, numbers and bits stay numbers, and dates become texts; what an integer then looks like tells whether there are
   fractions. */
static void mariadb_type(casc_statement *statement, const casc_sql_fill *fill, uint32_t column, bool closely) {
  char c[24];
  snprintf(c, sizeof c, "casc_s.c%u", column);
  const char *told = casc_arena_printf(&statement->arena,
                                       "When Charset(Coalesce(%s, 1)) = 'binary' And Coercibility(Coalesce(%s, 1)) = 5 Then Case "
                                       "When Instr(Coalesce(%s, 12345678901234567), 'e') Then 'double' "
                                       "When Instr(Coalesce(%s, 12345678901234567), '.') Then 'decimal' "
                                       "Else 'integer' End When Coercibility(%s) = 5 Then 'date' ",
                                       c, c, c, c, c);
  const char *type =
      !told ? NULL
            : casc_arena_printf(
                  &statement->arena,
                  "Case When Coercibility(%s) > 5 Then 'null' %sWhen Coercibility(%s) = 5 And Charset(%s) = 'binary' Then 'number' "
                  "When Coercibility(%s) = 5 Then 'other' When Charset(%s) = 'binary' Then 'bytes' Else 'text' End",
                  c, closely ? told : "", c, c, c, c);
  if (type) fill->dialect->column(statement, type, CASCADE_TEXT);
  else statement->failed = true;
}

static void mariadb_collation(casc_statement *statement, const casc_sql_fill *fill, uint32_t column) {
  char collation[40];
  snprintf(collation, sizeof collation, "Collation(casc_s.c%u)", column);
  fill->dialect->column(statement, collation, CASCADE_TEXT);
}

bool casc_fill_probes_closely(const casc_sql_fill *fill) {
  return fill->dialect->row_locks && !fill->dialect->writes_in_queries;
}

uint32_t casc_fill_probe_width(const casc_sql_fill *fill) {
  return fill->dialect->row_locks ? 2 : 1;
}

static void put_source(casc_statement *statement, const casc_sql_fill *fill, const casc_sql_source *source) {
  bool lists = fill->dialect->writes_in_queries; /* it would let a source have more columns */
  casc_put(statement, "With casc_1(");
  for (uint32_t i = 0; i < fill->count; i++) casc_str_printf(&statement->sql, i ? ", c%u" : "c%u", i);
  casc_put(statement, ") As (");
  for (uint32_t i = 0; lists && i < fill->count; i++) casc_put(statement, i ? ", Null" : "Select Null");
  if (lists) casc_put(statement, " Where false Union All (");
  if (fill->dialect->numbered) casc_condition_number(&statement->sql, source->select, statement->parameter_count + 1);
  else casc_put(statement, source->select);
  for (uint32_t i = 0; i < source->parameter_count; i++) casc_statement_parameter(statement, &source->parameters[i]);
  casc_put(statement, lists ? "))" : ")");
}

void casc_fill_probe(casc_statement *statement, const casc_sql_fill *fill, const casc_sql_source *source, bool closely) {
  bool postgres = fill->dialect->writes_in_queries, sqlite = !fill->dialect->row_locks;
  put_source(statement, fill, source);
  casc_put(statement, " Select ");
  for (uint32_t i = 0; i < fill->count; i++) {
    char column[32];
    snprintf(column, sizeof column, "casc_s.c%u", i);
    if (sqlite) fill->dialect->column(statement, "'any'", CASCADE_TEXT);
    else if (!postgres) {
      mariadb_type(statement, fill, i, closely);
      mariadb_collation(statement, fill, i);
    } else {
      postgres_type(statement, fill, column);
      postgres_type(statement, fill, casc_quoted_name(statement, fill->dialect->identifier, "casc_t", fill->columns[i]));
    }
  }
  casc_put(statement, " From (Select 1 As one) casc_o Left Join casc_1 casc_s On 1 = 0");
  if (!postgres) return;
  casc_put(statement, " Left Join ");
  casc_put_table(statement, fill->dialect->identifier, fill->table);
  casc_put(statement, " casc_t On 1 = 0");
}

static bool is_one_of(const char *word, const char *const *words) {
  while (*words && strcmp(word, *words) != 0) words++;
  return *words;
}

/* Types that an INSERT would convert without a word, where the word is wanted: a number that is rounded, a time that loses its
 * zone. */
static bool postgres_takes(const char *source, const char *target) {
  static const char *const integers[] = {"int2", "int4", "int8", NULL};
  if (!strcmp(source, target)) return true;
  if (*source != *target || (*source != 'N' && *source != 'S')) return false;
  return *source == 'S' || !is_one_of(target + 2, integers) || is_one_of(source + 2, integers);
}

/* What a column of the target takes of the kinds that a source's can be told to be. A number is one of which no more is known: it
   may be a date, and a bit is taken for bytes then. */
static bool mariadb_takes(const char *source, const char *type, int32_t value_type) {
  static const char *const integers[] = {"tinyint", "smallint", "mediumint", "int", "bigint", "bit", "year", NULL};
  static const char *const fractions[] = {"decimal", "float", "double", NULL};
  static const char *const dates[] = {"date", "datetime", "time", "timestamp", NULL};
  char word[32];
  snprintf(word, sizeof word, "%.*s", (int)strcspn(type, "( "), type);
  bool integer = is_one_of(word, integers), fraction = is_one_of(word, fractions), date = is_one_of(word, dates);
  if (!strcmp(source, "null") || (!strcmp(source, "bytes") && !strcmp(word, "bit"))) return true;
  if (!strcmp(source, "number")) return integer || fraction || date;
  if (!strcmp(source, "integer")) return integer || fraction;
  if (!strcmp(source, "decimal") || !strcmp(source, "double")) return fraction;
  if (!strcmp(source, "date")) return date;
  if (integer || fraction || date) return false;
  if (!strcmp(source, "other")) return value_type != CASCADE_BLOB;
  return !strcmp(source, "text") ? value_type != CASCADE_BLOB : value_type == CASCADE_BLOB;
}

/* A text in a collation: without what follows its name. */
static bool is_in(const cascade_value *text, const char *name, size_t length) {
  return text->length >= length && !memcmp(text->data, name, length) && (text->length == length || text->data[length] == '_');
}

/* Converting to a smaller character set would lose characters. */
static bool mariadb_loses(const cascade_value *collation, const char *target) {
  return !is_in(collation, "binary", 6) && strncmp(target, "utf8mb4", 7) != 0 && !is_in(collation, target, strcspn(target, "_"));
}

const char *casc_fill_mismatch(casc_statement *statement, const casc_sql_fill *fill, uint32_t column, const cascade_value *texts) {
  char source[80] = "", target[80] = "";
  if (!fill->dialect->row_locks) return NULL;
  snprintf(source, sizeof source, "%.*s", (int)texts[0].length, texts[0].data ? texts[0].data : "");
  const char *given = source, *words, *collation = fill->collations[column];
  if (fill->dialect->writes_in_queries) {
    snprintf(target, sizeof target, "%.*s", (int)texts[1].length, texts[1].data ? texts[1].data : "");
    if (postgres_takes(source, target)) return NULL;
    given = strchr(source, ':') ? strchr(source, ':') + 1 : source;
  } else if (mariadb_takes(source, fill->types[column], fill->value_types[column])) {
    if (column != fill->range || !collation || !mariadb_loses(&texts[1], collation)) return NULL;
    words = casc_arena_printf(&statement->arena, "it is text of collation %.*s, and column %s is of %s; convert it in the SELECT",
                              (int)texts[1].length, texts[1].data, fill->columns[column], collation);
    if (!words) statement->failed = true;
    return words;
  }
  words = casc_arena_printf(&statement->arena, "it is %s, and column %s is %s; convert it in the SELECT with CAST", given,
                            fill->columns[column], fill->types[column]);
  if (!words) statement->failed = true;
  return words;
}

/* What is the same already costs nothing there, and an index serves it as before. */
static const char *postgres_item(casc_arena *arena, const casc_sql_fill *fill, uint32_t column) {
  const char *type = fill->casts[column], *collation = fill->collations[column], *name = strrchr(type, '.');
  bool text = !strcmp(type, "pg_catalog.text") || !strcmp(type, "pg_catalog.bpchar") || (name && !strcmp(name, ".citext"));
  if (!collation && text) collation = "pg_catalog.\"default\"";
  return casc_arena_printf(arena, "c%u::%s%s%s", column, type, collation ? " Collate " : "", collation ? collation : "");
}

bool casc_fill_item(casc_arena *arena, const casc_sql_fill *fill, uint32_t column, const cascade_value *texts, const char **item) {
  const char *collation = fill->collations[column];
  bool sqlite = !fill->dialect->row_locks;
  *item = NULL;
  if (!fill->key[column] || fill->value_types[column] == CASCADE_INT64 || fill->value_types[column] == CASCADE_UINT64) return true;
  if (fill->dialect->writes_in_queries) *item = postgres_item(arena, fill, column);
  else if (sqlite) {
    casc_str name;
    casc_str_init(&name, arena->alloc);
    fill->dialect->identifier(&name, collation);
    *item = name.failed ? NULL : casc_arena_printf(arena, "c%u Collate %s", column, name.data);
    casc_str_free(&name);
  } else {
    if (!collation || is_in(&texts[1], "binary", 6) || mariadb_loses(&texts[1], collation)) return true;
    if (texts[1].length == strlen(collation) && is_in(&texts[1], collation, texts[1].length)) return true;
    bool converts = !is_in(&texts[1], collation, strcspn(collation, "_"));
    *item = casc_arena_printf(arena, converts ? "Convert(c%u Using utf8mb4) Collate %s" : "c%u Collate %s", column, collation);
  }
  return *item;
}

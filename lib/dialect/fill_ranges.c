/* Ranges of a back-fill: where they begin and end. Values of the range column are ordered and compared by the database alone; what
   gives one of them out takes it back as it was. */
#include "fill_parts.h"

#include "parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put(casc_statement *statement, const char *sql) {
  casc_put(statement, sql);
}

bool casc_fill_counts(const casc_sql_fill *fill) {
  int32_t kind = fill->value_types[fill->range];
  return kind == CASCADE_INT64 || kind == CASCADE_UINT64;
}

static bool is_of(const char *type, const char *const *words) {
  size_t length = strcspn(type, "( ");
  while (*words && (strlen(*words) != length || strncmp(type, *words, length) != 0)) words++;
  return *words;
}

/* What MariaDB sorts otherwise than it compares, or reads back otherwise than it is. */
bool casc_fill_ranges_over(const casc_sql_fill *fill) {
  static const char *const unfit[] = {"enum", "set", "float", "bit", NULL};
  return casc_fill_in_postgres(fill) || casc_fill_in_sqlite(fill) || !is_of(fill->types[fill->range], unfit);
}

/* Such a text becomes a number beside a column of numbers. */
static bool looks_like_a_number(const cascade_value *value) {
  return value->type == CASCADE_TEXT && value->length && strspn(value->data, "0123456789+-.eE \t\n\v\f\r") >= value->length;
}

/* On SQLite, a value that stands beside a column takes the column's type, where it can. In one source that changes nothing; of
   several, whose columns may be of different types, each would have an order of its own: then the comparison is without the
   column's type, and without an index. */
static bool is_bare(const casc_sql_fill *fill, const cascade_value *value) {
  return casc_fill_in_sqlite(fill) && fill->source_count > 1 && (fill->mixed || looks_like_a_number(value)) &&
         value->type != CASCADE_BLOB;
}

/* MariaDB compares a decimal with a text as doubles, and a year as a date. */
static void put_for_mariadb(casc_statement *statement, const casc_sql_fill *fill, const cascade_value *value) {
  static const char *const decimals[] = {"decimal", NULL}, *const doubles[] = {"double", NULL}, *const years[] = {"year", NULL};
  const char *type = fill->types[fill->range], *point = NULL;
  if (is_of(type, decimals) && value->length) point = memchr(value->data, '.', value->length);
  if (is_of(type, decimals))
    casc_str_printf(&statement->sql, "Cast(? As Decimal(65, %u))",
                    point ? (unsigned)(value->length - (size_t)(point - value->data) - 1) : 0u);
  else put(statement, is_of(type, doubles) ? "Cast(? As Double)" : is_of(type, years) ? "Cast(? As Unsigned)" : "?");
  casc_statement_parameter(statement, value);
}

static void put_bound(casc_statement *statement, const casc_sql_fill *fill, const char *column, const char *comparison,
                      const cascade_value *value) {
  if (is_bare(fill, value)) put(statement, "+");
  put(statement, column);
  put(statement, comparison);
  if (casc_fill_counts(fill) || casc_fill_in_sqlite(fill)) casc_fill_place(statement, fill->dialect, value);
  else if (!casc_fill_in_postgres(fill)) put_for_mariadb(statement, fill, value);
  else {
    casc_fill_place(statement, fill->dialect, value);
    casc_str_printf(&statement->sql, "::%s", fill->casts[fill->range]);
  }
}

void casc_fill_put_within(casc_statement *statement, const casc_sql_fill *fill, const casc_sql_part *part, const char *column) {
  if (part->after.type != CASCADE_NULL) {
    put_bound(statement, fill, column, " > ", &part->after);
    put(statement, " And ");
  }
  put_bound(statement, fill, column, " <= ", &part->upto);
}

/* Integers as such; of anything else, SQLite says the type of each value. */
static int32_t type_of_bound(const casc_sql_fill *fill) {
  if (casc_fill_counts(fill)) return CASCADE_INT64;
  return casc_fill_in_sqlite(fill) ? CASCADE_ANY : fill->value_types[fill->range];
}

static void bound_column(casc_statement *statement, const casc_sql_fill *fill, const char *expression) {
  fill->dialect->column(statement, expression, type_of_bound(fill));
}

/* The values that SQLite keeps as they are in the range column. */
static const char *kept_types(const casc_sql_fill *fill) {
  switch (fill->affinities[fill->range]) {
  case CASC_FILL_INTEGERS: return "'integer'";
  case CASC_FILL_TEXTS: return "'text'";
  case CASC_FILL_NUMBERS: return "'integer','real','text'";
  default: return "'integer','real','text','blob'";
  }
}

/* One end of a source: which it is, the value, whether that is NULL, and whether it is of another type, and not read then. */
static void put_end(casc_statement *statement, const casc_sql_fill *fill, uint32_t end) {
  uint32_t c = fill->range, table = end + 1;
  const char *kept = kept_types(fill);
  casc_str_printf(&statement->sql, "Select * From (Select %u As casc_e, ", end);
  if (casc_fill_in_sqlite(fill))
    casc_str_printf(&statement->sql,
                    "Case When Typeof(c%u) In (%s) Then c%u End As casc_v, Case When c%u Is Null Then 1 Else 0 End As casc_n, "
                    "Case When Typeof(c%u) Not In (%s,'null') Then 1 Else 0 End As casc_o",
                    c, kept, c, c, c, kept);
  else casc_str_printf(&statement->sql, "c%u As casc_v, Case When c%u Is Null Then 1 Else 0 End As casc_n, 0 As casc_o", c, c);
  casc_str_printf(&statement->sql, " From casc_%u Order By casc_%u.c%u%s Limit 1) casc_e%u", table, table, c,
                  end % 2 ? " Desc" : "", end);
}

/* Each end has its source to itself: what is read twice is no longer looked up in an index. */
void casc_fill_ends(casc_statement *statement, const casc_sql_fill *fill) {
  const char *collation = casc_fill_in_sqlite(fill) ? fill->collations[fill->range] : NULL;
  for (uint32_t i = 0; i < 2 * fill->source_count; i++) {
    put(statement, i ? ", " : "With ");
    casc_fill_put_source(statement, fill, &fill->sources[i / 2], i);
  }
  put(statement, " Select ");
  casc_fill_integer_column(statement, fill, "casc_s.casc_e");
  bound_column(statement, fill, "casc_s.casc_v");
  casc_fill_integer_column(statement, fill, "casc_s.casc_n");
  casc_fill_integer_column(statement, fill, "casc_s.casc_o");
  put(statement, " From (");
  for (uint32_t i = 0; i < 2 * fill->source_count; i++) {
    if (i) put(statement, " Union All ");
    put_end(statement, fill, i);
  }
  put(statement, ") casc_s Order By casc_s.casc_v");
  if (!collation) return;
  put(statement, " Collate ");
  casc_put_name(statement, fill->dialect->identifier, NULL, collation);
}

void casc_fill_after(casc_statement *statement, const casc_sql_fill *fill, int64_t after) {
  char least[32];
  snprintf(least, sizeof least, "Min(c%u)", fill->range);
  casc_fill_put_sources(statement, fill);
  put(statement, " Select ");
  casc_fill_integer_column(statement, fill, least);
  put(statement, " From (");
  for (uint32_t i = 0; i < fill->source_count; i++) {
    casc_str_printf(&statement->sql, "%sSelect c%u From (Select c%u From casc_%u Where c%u > ", i ? " Union All " : "", fill->range,
                    fill->range, i + 1, fill->range);
    casc_fill_place(statement, fill->dialect, &(cascade_value){.type = CASCADE_INT64, .integer = after});
    casc_str_printf(&statement->sql, " Order By c%u Limit 1) casc_a%u", fill->range, i);
  }
  put(statement, ") casc_s");
}

/* Behind ORDER BY, a name alone would be that of what is given out, which is a text. */
void casc_fill_bound(casc_statement *statement, const casc_sql_fill *fill, const casc_sql_part *part, uint64_t rows) {
  char column[24], given[32];
  bool several = fill->source_count > 1;
  snprintf(column, sizeof column, "c%u", fill->range);
  snprintf(given, sizeof given, several ? "casc_s.%s" : "casc_1.%s", column);
  casc_fill_put_sources(statement, fill);
  put(statement, " Select ");
  bound_column(statement, fill, given);
  put(statement, several ? " From (" : " From casc_1 Where ");
  if (!several) casc_fill_put_within(statement, fill, part, column);
  for (uint32_t i = 0; several && i < fill->source_count; i++) {
    casc_str_printf(&statement->sql, "%sSelect %s From (Select %s From casc_%u Where ", i ? " Union All " : "", column, column,
                    i + 1);
    casc_fill_put_within(statement, fill, part, column);
    casc_str_printf(&statement->sql, " Order By %s Limit %llu) casc_a%u", column, (unsigned long long)rows, i);
  }
  casc_str_printf(&statement->sql, "%s Order By %s Limit 1 Offset %llu", several ? ") casc_s" : "", given,
                  (unsigned long long)rows - 1);
}

void casc_fill_next_there(casc_statement *statement, const casc_sql_fill *fill, int64_t after) {
  const char *range = casc_quoted_name(statement, fill->dialect->identifier, "casc_t", fill->columns[fill->range]);
  const char *least = casc_arena_printf(&statement->arena, "Min(%s)", range);
  if (!least) {
    statement->failed = true;
    return;
  }
  put(statement, "Select ");
  casc_fill_integer_column(statement, fill, least);
  put(statement, " From ");
  casc_fill_put_target(statement, fill, true);
  put(statement, " casc_t Where ");
  put(statement, range);
  put(statement, " > ");
  casc_fill_place(statement, fill->dialect, &(cascade_value){.type = CASCADE_INT64, .integer = after});
}

#include "condition.h"
#include "fill_parts.h"
#include "parts.h"

#include <stdio.h>
#include <string.h>

static void put(casc_statement *statement, const char *sql) {
  casc_put(statement, sql);
}

static void number(casc_statement *statement, const char *format, uint64_t value) {
  casc_str_printf(&statement->sql, format, (unsigned long long)value);
}

static void name(casc_statement *statement, const casc_sql_fill *fill, const char *qualifier, const char *identifier) {
  casc_put_name(statement, fill->dialect->identifier, qualifier, identifier);
}

void casc_fill_place(casc_statement *statement, const casc_dialect *dialect, const cascade_value *value) {
  casc_statement_parameter(statement, value);
  if (dialect->numbered) number(statement, "$%llu", statement->parameter_count);
  else put(statement, "?");
}

static void place_text(casc_statement *statement, const casc_dialect *dialect, const char *text) {
  casc_fill_place(statement, dialect, &(cascade_value){.type = CASCADE_TEXT, .data = text, .length = strlen(text)});
}

void casc_fill_integer_column(casc_statement *statement, const casc_sql_fill *fill, const char *expression) {
  fill->dialect->column(statement, expression, CASCADE_INT64);
}

static void text_column(casc_statement *statement, const casc_dialect *dialect, const char *expression) {
  const char *text =
      casc_arena_printf(&statement->arena, strcmp(dialect->engine, "sqlite") ? "%s" : "Cast(%s As text)", expression);
  if (text) dialect->column(statement, text, CASCADE_TEXT);
  else statement->failed = true;
}

bool casc_fill_in_postgres(const casc_sql_fill *fill) {
  return fill->dialect->writes_in_queries;
}

bool casc_fill_in_sqlite(const casc_sql_fill *fill) {
  return !fill->dialect->row_locks;
}

/* c0, c1: those of the key, or all of them */
static void put_columns(casc_statement *statement, const casc_sql_fill *fill, const char *qualifier, bool key_only) {
  const char *comma = "";
  for (uint32_t i = 0; i < fill->count; i++) {
    if (key_only && !fill->key[i]) continue;
    casc_str_printf(&statement->sql, "%s%s%sc%u", comma, qualifier, *qualifier ? "." : "", i);
    comma = ", ";
  }
}

/* a, b of the target */
static void put_names(casc_statement *statement, const casc_sql_fill *fill, bool key_only) {
  const char *comma = "";
  for (uint32_t i = 0; i < fill->count; i++) {
    if (key_only && !fill->key[i]) continue;
    put(statement, comma);
    name(statement, fill, NULL, fill->columns[i]);
    comma = ", ";
  }
}

static bool has_others(const casc_sql_fill *fill) {
  for (uint32_t i = 0; i < fill->count; i++)
    if (!fill->key[i]) return true;
  return false;
}

static void put_select(casc_statement *statement, const casc_sql_fill *fill, const casc_sql_source *source) {
  if (source->rows) {
    fill->dialect->rows_source(statement, source->rows, fill->value_types, fill->casts);
    return;
  }
  if (fill->dialect->numbered) casc_condition_number(&statement->sql, source->select, statement->parameter_count + 1);
  else put(statement, source->select);
  for (uint32_t i = 0; i < source->parameter_count; i++) casc_statement_parameter(statement, &source->parameters[i]);
}

static bool is_converted(const casc_sql_fill *fill, const casc_sql_source *source) {
  for (uint32_t i = 0; source->items && i < fill->count; i++)
    if (source->items[i]) return true;
  return false;
}

static void put_items(casc_statement *statement, const casc_sql_fill *fill, const casc_sql_source *source) {
  for (uint32_t i = 0; i < fill->count; i++) {
    if (i) put(statement, ", ");
    if (source->items[i]) put(statement, source->items[i]);
    else casc_str_printf(&statement->sql, "c%u", i);
  }
}

void casc_fill_put_source(casc_statement *statement, const casc_sql_fill *fill, const casc_sql_source *source, uint32_t number) {
  bool converted = is_converted(fill, source);
  casc_str_printf(&statement->sql, converted ? "casc_o%u(" : "casc_%u(", number + 1);
  put_columns(statement, fill, "", false);
  put(statement, ") As (");
  put_select(statement, fill, source);
  put(statement, ")");
  if (!converted) return;
  casc_str_printf(&statement->sql, ", casc_%u(", number + 1);
  put_columns(statement, fill, "", false);
  put(statement, ") As (Select ");
  put_items(statement, fill, source);
  casc_str_printf(&statement->sql, " From casc_o%u)", number + 1);
}

void casc_fill_put_sources(casc_statement *statement, const casc_sql_fill *fill) {
  for (uint32_t i = 0; i < fill->source_count; i++) {
    put(statement, i ? ", " : "With ");
    casc_fill_put_source(statement, fill, &fill->sources[i], i);
  }
}

static void put_range(casc_statement *statement, const casc_sql_fill *fill, const casc_sql_part *part) {
  char column[24];
  if (!part->ranged) return;
  snprintf(column, sizeof column, "c%u", fill->range);
  put(statement, " Where ");
  casc_fill_put_within(statement, fill, part, column);
}

/* PostgreSQL has no Max of some types: they are compared as they are, or else as texts. */
static void put_greatest(casc_statement *statement, const casc_sql_fill *fill, uint32_t column) {
  static const char *const has_max[] = {"int2", "int4", "int8",      "numeric",     "float4",   "float8", "text",  "bpchar", "oid",
                                        "date", "time", "timestamp", "timestamptz", "interval", "timetz", "money", "inet"};
  static const char *const unordered[] = {"json", "xml", "point", "line", "lseg", "box", "path", "polygon", "circle"};
  static const char own[] = "pg_catalog.";
  const char *type = fill->casts[column];
  bool postgres = casc_fill_in_postgres(fill), greatest = !postgres || strstr(type, "[]"), as_text = false;
  const char *word = postgres && !strncmp(type, own, sizeof own - 1) ? type + sizeof own - 1 : "";
  for (size_t i = 0; i < sizeof has_max / sizeof *has_max; i++) greatest = greatest || !strcmp(word, has_max[i]);
  for (size_t i = 0; i < sizeof unordered / sizeof *unordered; i++) as_text = as_text || !strcmp(word, unordered[i]);
  if (greatest) casc_str_printf(&statement->sql, "Max(c%u) As c%u", column, column);
  else if (!strcmp(word, "bool")) casc_str_printf(&statement->sql, "Bool_Or(c%u) As c%u", column, column);
  else
    casc_str_printf(&statement->sql, "(Array_Agg(c%u Order By c%u%s Desc Nulls Last))[1] As c%u", column, column,
                    as_text ? "::text" : "", column);
}

static void put_merged(casc_statement *statement, const casc_sql_fill *fill) {
  put(statement, "Select ");
  for (uint32_t i = 0; i < fill->count; i++) {
    if (i) put(statement, ", ");
    if (fill->key[i]) casc_str_printf(&statement->sql, "c%u", i);
    else put_greatest(statement, fill, i);
  }
  put(statement, " From (");
}

/* The rows of the part, each key once. cap: no more than so many; 0 for all. */
static void put_rows(casc_statement *statement, const casc_sql_fill *fill, const casc_sql_part *part, uint64_t cap) {
  bool merged = has_others(fill);
  if (merged) put_merged(statement, fill);
  for (uint32_t i = 0; i < fill->source_count; i++) {
    if (i) put(statement, merged ? " Union All " : " Union ");
    put(statement, merged || fill->source_count > 1 ? "Select " : "Select Distinct ");
    put_columns(statement, fill, "", false);
    casc_str_printf(&statement->sql, " From casc_%u", i + 1);
    put_range(statement, fill, part);
  }
  if (merged) {
    put(statement, ") casc_u Group By ");
    put_columns(statement, fill, "", true);
  }
  if (part->first) {
    put(statement, " Order By ");
    put_columns(statement, fill, "", true);
  }
  if (part->first || cap) number(statement, " Limit %llu", part->first ? part->first : cap);
}

void casc_fill_put_target(casc_statement *statement, const casc_sql_fill *fill, bool only) {
  if (only && fill->table->only) put(statement, "Only ");
  casc_put_table(statement, fill->dialect->identifier, fill->table);
}

/* casc_t.a = casc_s.c0 And ...; the range is said once more, so that no plan reads more of the target */
static void put_match(casc_statement *statement, const casc_sql_fill *fill, const casc_sql_part *part, const char *qualifier) {
  const char *word = "";
  for (uint32_t i = 0; i < fill->count; i++) {
    if (!fill->key[i]) continue;
    put(statement, word);
    name(statement, fill, qualifier, fill->columns[i]);
    casc_str_printf(&statement->sql, " = casc_s.c%u", i);
    word = " And ";
  }
  if (!part->ranged || casc_fill_in_sqlite(fill)) return;
  put(statement, " And ");
  casc_fill_put_within(statement, fill, part,
                       casc_quoted_name(statement, fill->dialect->identifier, qualifier, fill->columns[fill->range]));
}

/* The columns outside the key are not all the same. */
static void put_differs(casc_statement *statement, const casc_sql_fill *fill, const char *qualifier) {
  const char *word = "(";
  for (uint32_t i = 0; i < fill->count; i++) {
    if (fill->key[i]) continue;
    put(statement, word);
    if (!casc_fill_in_postgres(fill) && !casc_fill_in_sqlite(fill)) put(statement, "Not ");
    name(statement, fill, qualifier, fill->columns[i]);
    put(statement, casc_fill_in_postgres(fill) ? " Is Distinct From " : casc_fill_in_sqlite(fill) ? " Is Not " : " <=> ");
    casc_str_printf(&statement->sql, "casc_s.c%u", i);
    word = " Or ";
  }
  put(statement, ")");
}

static bool is_typed(const casc_sql_fill *fill, uint32_t column) {
  return casc_fill_in_sqlite(fill) && fill->affinities[column] != CASC_FILL_ANY;
}

static void misfit(casc_str *sql, const casc_sql_fill *fill, uint32_t column) {
  static const char *const kept[] = {[CASC_FILL_INTEGERS] = "'integer'",
                                     [CASC_FILL_TEXTS] = "'text'",
                                     [CASC_FILL_NUMBERS] =
                                         "'integer','real','text'"}; /* dates are texts in columns of a type of their own */
  casc_str_printf(sql, "Typeof(casc_s.c%u) Not In (%s,'null')", column, kept[fill->affinities[column]]);
}

/* The row cannot be written. */
static void put_bad(casc_str *sql, const casc_sql_fill *fill) {
  casc_str_put(sql, "1 = 0");
  for (uint32_t i = 0; i < fill->count; i++) {
    if (fill->key[i] && fill->nullable[i]) casc_str_printf(sql, " Or casc_s.c%u Is Null", i);
    if (!is_typed(fill, i)) continue;
    casc_str_put(sql, " Or ");
    misfit(sql, fill, i);
  }
}

/* How many of casc_s cannot be written, as an expression in the statement's memory. */
static const char *bad_rows(casc_statement *statement, const casc_sql_fill *fill) {
  casc_str sql;
  size_t length;
  casc_str_init(&sql, statement->arena.alloc);
  casc_str_put(&sql, "Count(Case When ");
  put_bad(&sql, fill);
  casc_str_put(&sql, " Then 1 End)");
  const char *text = casc_keep_text(statement, &sql, &length);
  return text ? text : "0";
}

static uint64_t cap_of(const casc_sql_part *part) {
  return part->limit && part->limit < UINT64_MAX ? part->limit + 1 : 0;
}

/* Insert Into t (a, b) */
static void put_insert(casc_statement *statement, const casc_sql_fill *fill) {
  put(statement,
      casc_fill_in_sqlite(fill) ? "Insert Or Abort Into " : "Insert Into "); /* whatever the table's constraints say of conflicts */
  casc_fill_put_target(statement, fill, false);
  put(statement, " (");
  put_names(statement, fill, false);
  put(statement, ") ");
}

static void put_missing(casc_statement *statement, const casc_sql_fill *fill, const casc_sql_part *part) {
  put(statement, "Not Exists (Select 1 From ");
  casc_fill_put_target(statement, fill, true);
  put(statement, " casc_t Where ");
  put_match(statement, fill, part, "casc_t");
  put(statement, ")");
}

static void put_key_order(casc_statement *statement, const casc_sql_fill *fill) {
  put(statement, " Order By ");
  put_columns(statement, fill, "casc_s", true);
}

static void put_on_conflict(casc_statement *statement, const casc_sql_fill *fill) {
  put(statement, " On Conflict (");
  put_names(statement, fill, true);
  put(statement, ") Do Nothing");
}

/* Set f = casc_s.c2 */
static void put_set(casc_statement *statement, const casc_sql_fill *fill, const char *qualifier) {
  const char *word = " Set ";
  for (uint32_t i = 0; i < fill->count; i++) {
    if (fill->key[i]) continue;
    put(statement, word);
    name(statement, fill, qualifier, fill->columns[i]);
    casc_str_printf(&statement->sql, " = casc_s.c%u", i);
    word = ", ";
  }
}

/* Nothing is written of a part that is too large, or has rows that cannot be. */
static void put_guard(casc_statement *statement, const casc_sql_part *part) {
  put(statement, "(Select bad From casc_n) = 0 And ");
  if (cap_of(part)) number(statement, "(Select n From casc_n) <= %llu And ", part->limit);
}

void casc_fill_apply(casc_statement *statement, const casc_sql_fill *fill, const casc_sql_part *part) {
  casc_fill_put_sources(statement, fill);
  put(statement, ", casc_s As Materialized (");
  put_rows(statement, fill, part, cap_of(part));
  casc_str_printf(&statement->sql, "), casc_n As (Select Count(*) As n, %s As bad From casc_s)", bad_rows(statement, fill));
  if (fill->inserts) {
    put(statement, ", casc_i As (");
    put_insert(statement, fill);
    put(statement, "Select ");
    put_columns(statement, fill, "casc_s", false);
    put(statement, " From casc_s Where ");
    put_guard(statement, part);
    put_missing(statement, fill, part);
    put_key_order(statement, fill);
    put_on_conflict(statement, fill);
    put(statement, " Returning 1)");
  }
  if (fill->updates) {
    put(statement, ", casc_w As (Update ");
    casc_fill_put_target(statement, fill, true);
    put(statement, " casc_t");
    put_set(statement, fill, NULL);
    put(statement, " From casc_s Where ");
    put_guard(statement, part);
    put_match(statement, fill, part, "casc_t");
    put(statement, " And ");
    put_differs(statement, fill, "casc_t");
    put(statement, " Returning 1)");
  }
  put(statement, " Select ");
  casc_fill_integer_column(statement, fill, "n");
  casc_fill_integer_column(statement, fill, "bad");
  casc_fill_integer_column(statement, fill, fill->inserts ? "(Select Count(*) From casc_i)" : "0");
  casc_fill_integer_column(statement, fill, fill->updates ? "(Select Count(*) From casc_w)" : "0");
  put(statement, " From casc_n");
}

void casc_fill_insert(casc_statement *statement, const casc_sql_fill *fill, const casc_sql_part *part) {
  put_insert(statement, fill);
  casc_fill_put_sources(statement, fill);
  put(statement, " Select ");
  put_columns(statement, fill, "casc_s", false);
  put(statement, " From (");
  put_rows(statement, fill, part, part->fresh ? cap_of(part) : 0);
  put(statement, ") casc_s Where ");
  if (casc_fill_in_sqlite(fill) && part->fresh) { /* SQLite knows no other way to fail outside of a trigger */
    put(statement, "Case When ");
    put_bad(&statement->sql, fill);
    put(statement, " Then Json('a row that cannot be written') Else 1 End");
  } else if (casc_fill_in_sqlite(fill) || part->fresh) put(statement, "1 = 1");
  else put_missing(statement, fill, part);
  put_key_order(statement, fill);
  if (casc_fill_in_sqlite(fill) && !part->fresh) put_on_conflict(statement, fill);
}

/* SQLite has no joins in updates, and no alias of what is updated. */
void casc_fill_update(casc_statement *statement, const casc_sql_fill *fill, const casc_sql_part *part) {
  bool joins = !casc_fill_in_sqlite(fill);
  const char *target = joins ? "casc_t" : casc_quoted_name(statement, fill->dialect->identifier, NULL, fill->table->name);
  put(statement, joins ? "Update (" : "Update Or Abort ");
  if (!joins) {
    casc_fill_put_target(statement, fill, false);
    put_set(statement, fill, NULL);
    put(statement, " From (");
  }
  casc_fill_put_sources(statement, fill);
  put(statement, " ");
  put_rows(statement, fill, part, 0);
  put(statement, ") casc_s");
  if (joins) {
    put(statement, " Join ");
    casc_fill_put_target(statement, fill, false);
    put(statement, " casc_t On ");
  } else put(statement, " Where ");
  put_match(statement, fill, part, target);
  if (joins) put_set(statement, fill, target);
  put(statement, joins ? " Where " : " And ");
  put_differs(statement, fill, target);
}

void casc_fill_foresee(casc_statement *statement, const casc_sql_fill *fill, const casc_sql_part *part) {
  casc_fill_put_sources(statement, fill);
  put(statement, " Select ");
  casc_fill_integer_column(statement, fill, "Count(*)");
  casc_fill_integer_column(statement, fill, bad_rows(statement, fill));
  casc_fill_integer_column(statement, fill, fill->inserts ? "Count(casc_new)" : "0");
  casc_fill_integer_column(statement, fill, fill->updates ? "Count(casc_old)" : "0");
  put(statement, " From (Select ");
  put_columns(statement, fill, "casc_s", false);
  put(statement, ", Case When ");
  name(statement, fill, "casc_t", fill->columns[fill->range]);
  put(statement, " Is Null Then 1 End As casc_new, Case When ");
  name(statement, fill, "casc_t", fill->columns[fill->range]);
  put(statement, " Is Not Null");
  if (fill->updates) {
    put(statement, " And ");
    put_differs(statement, fill, "casc_t");
  }
  put(statement, " Then 1 End As casc_old From (");
  put_rows(statement, fill, part, cap_of(part));
  put(statement, ") casc_s Left Join ");
  casc_fill_put_target(statement, fill, true);
  put(statement, " casc_t On ");
  put_match(statement, fill, part, "casc_t");
  put(statement, ") casc_s");
}

static void put_fault(casc_statement *statement, const casc_sql_fill *fill, const casc_sql_fault *fault) {
  if (fault->kind == CASC_FAULT_NULL) casc_str_printf(&statement->sql, "casc_s.c%u Is Null", fault->column);
  if (fault->kind == CASC_FAULT_TYPE) misfit(&statement->sql, fill, fault->column);
  if (fault->kind != CASC_FAULT_DANGLING) return;
  for (uint32_t i = 0; i < fault->column_count; i++)
    casc_str_printf(&statement->sql, "casc_s.c%u Is Not Null And ", fault->columns[i]);
  put(statement, "Not Exists (Select 1 From ");
  casc_put_table(statement, fill->dialect->identifier, fault->ref_table);
  for (uint32_t i = 0; i < fault->column_count; i++) {
    put(statement, i ? " And " : " casc_r Where ");
    name(statement, fill, "casc_r", fault->ref_columns[i]);
    casc_str_printf(&statement->sql, " = casc_s.c%u", fault->columns[i]);
  }
  put(statement, ")");
}

void casc_fill_row(casc_statement *statement, const casc_sql_fill *fill, const casc_sql_part *part, const casc_sql_fault *fault) {
  casc_fill_put_sources(statement, fill);
  put(statement, " Select ");
  for (uint32_t i = 0; i < fill->count; i++) {
    char column[32];
    snprintf(column, sizeof column, "casc_s.c%u", i);
    text_column(statement, fill->dialect, column);
  }
  put(statement, " From (");
  put_rows(statement, fill, part, 0);
  put(statement, ") casc_s");
  if (fault) {
    put(statement, " Where ");
    put_fault(statement, fill, fault);
  }
  const char *word = " Order By ";
  for (uint32_t i = 0; i < fill->count; i++) {
    if (!fill->key[i]) continue;
    casc_str_printf(&statement->sql, "%scasc_s.c%u%s", word, i, fault ? "" : " Desc");
    word = ", ";
  }
  put(statement, " Limit 1");
}

/* The checkpoint. */

static void put_token_where(casc_statement *statement, const casc_dialect *dialect, const char *job) {
  put(statement, " Where job = ");
  place_text(statement, dialect, job);
}

void casc_fill_read_token(casc_statement *statement, const casc_dialect *dialect, const casc_sql_table *table, const char *job) {
  put(statement, "Select ");
  text_column(statement, dialect, "token");
  put(statement, " From ");
  casc_put_table(statement, dialect->identifier, table);
  put_token_where(statement, dialect, job);
}

void casc_fill_first_token(casc_statement *statement, const casc_dialect *dialect, const casc_sql_table *table, const char *job,
                           const char *token) {
  put(statement, "Insert Into ");
  casc_put_table(statement, dialect->identifier, table);
  put(statement, " (job, token) Values (");
  place_text(statement, dialect, job);
  put(statement, ", ");
  place_text(statement, dialect, token);
  put(statement, ")");
}

void casc_fill_next_token(casc_statement *statement, const casc_dialect *dialect, const casc_sql_table *table, const char *job,
                          const char *old, const char *token) {
  put(statement, "Update ");
  casc_put_table(statement, dialect->identifier, table);
  put(statement, " Set token = ");
  place_text(statement, dialect, token);
  put_token_where(statement, dialect, job);
  put(statement, " And token = ");
  place_text(statement, dialect, old);
}

/* SQLite's dialect. Keys of one integer column travel as one JSON array; others as a list of values. Comparisons with a
   referenced key are written `parent.key = child.column`, in this order: so SQLite applies the affinities and the
   collation that its own foreign-key actions apply. */
#include "columns.h"
#include "parts.h"
#include "plain.h"
#include "queue.h"
#include "sqlite_parts.h"

#include <string.h>

static void put(casc_statement *statement, const char *sql) {
  casc_put(statement, sql);
}

static void name(casc_statement *statement, const char *qualifier, const char *identifier) {
  casc_put_name(statement, casc_sqlite_identifier, qualifier, identifier);
}

static void name_list(casc_statement *statement, const char *qualifier, const char *const *names, uint32_t count) {
  casc_put_names(statement, casc_sqlite_identifier, qualifier, names, count);
}

static void name_tuple(casc_statement *statement, const char *qualifier, const char *const *names, uint32_t count) {
  casc_put_tuple(statement, casc_sqlite_identifier, qualifier, names, count);
}

static void table_name(casc_statement *statement, const casc_sql_table *table) {
  casc_put_table(statement, casc_sqlite_identifier, table);
}

static void integer_array(casc_statement *statement, const cascade_keys *keys) {
  casc_str json;
  size_t length;
  casc_str_init(&json, statement->arena.alloc);
  casc_put_integer_list(&json, keys);
  const char *text = casc_keep_text(statement, &json, &length);
  if (text) casc_statement_text(statement, text, length);
}

/* Values (?,?),(?,?)... */
static void put_values(casc_statement *statement, const cascade_keys *keys) {
  put(statement, "Values ");
  for (uint64_t i = 0; i < keys->count; i++) {
    put(statement, i ? ",(" : "(");
    for (uint32_t j = 0; j < keys->column_count; j++) {
      put(statement, j ? ",?" : "?");
      casc_statement_parameter(statement, &keys->cells[i * keys->column_count + j]);
    }
    put(statement, ")");
  }
}

static void value_rows(casc_statement *statement, const cascade_keys *keys) {
  put(statement, "(");
  put_values(statement, keys);
  put(statement, ")");
}

/* Between two integers lie other numbers too, which refer to nothing. */
static void in_range(casc_statement *statement, const char *qualifier, const char *column, const cascade_keys *keys) {
  name(statement, qualifier, column);
  put(statement, " Between ? And ? And ");
  name(statement, qualifier, column);
  put(statement, " = Cast(");
  name(statement, qualifier, column);
  put(statement, " As integer)");
  casc_statement_integer(statement, keys->integers[0]);
  casc_statement_integer(statement, keys->integers[keys->count - 1]);
}

/* (Select x.a, x.b From <keys> k Cross Join table x On x.a = k.column1 And ...): values as the table has them. Several columns are
   not looked up in an index when they are compared with bare values, or only the first one is. */
static void listed_rows(casc_statement *statement, const casc_sql_table *table, const char *const *columns, uint32_t count,
                        const cascade_keys *keys) {
  put(statement, "(Select ");
  name_list(statement, "x", columns, count);
  put(statement, " From ");
  value_rows(statement, keys);
  put(statement, " k Cross Join ");
  table_name(statement, table);
  for (uint32_t i = 0; i < count; i++) {
    put(statement, i ? " And " : " x On ");
    name(statement, "x", columns[i]);
    casc_str_printf(&statement->sql, " = k.column%u", i + 1);
  }
  put(statement, ")");
}

/* columns are one of keys; a single key is an equality, so that an index on the columns gives the rows in its order */
static void columns_among(casc_statement *statement, const char *qualifier, const casc_sql_table *table, const char *const *columns,
                          uint32_t count, const cascade_keys *keys) {
  if (keys->count == 1) {
    for (uint32_t i = 0; i < count; i++) {
      if (i) put(statement, " And ");
      name(statement, qualifier, columns[i]);
      put(statement, " = ?");
      if (keys->integers) casc_statement_integer(statement, keys->integers[0]);
      else casc_statement_parameter(statement, &keys->cells[i]);
    }
    return;
  }
  if (casc_keys_are_range(keys)) {
    in_range(statement, qualifier, columns[0], keys);
    return;
  }
  name_tuple(statement, qualifier, columns, count);
  put(statement, " In ");
  if (keys->integers) { /* as of the schema temp: a table of that name would hide it */
    put(statement, "(Select value From temp.json_each(?))");
    integer_array(statement, keys);
    return;
  }
  if (count > 1) listed_rows(statement, table, columns, count, keys);
  else value_rows(statement, keys);
}

/* p.key = t.column And ... */
void casc_sqlite_join_condition(casc_statement *statement, const casc_sql_relation *relation, const char *child) {
  for (uint32_t i = 0; i < relation->count; i++) {
    if (i) put(statement, " And ");
    name(statement, "p", relation->ref_columns[i]);
    put(statement, " = ");
    name(statement, child, relation->columns[i]);
  }
}

/* From <the rows `keys` of table> as alias: the keys drive, the table follows by its identity. One key needs no list. */
void casc_sqlite_from_keys(casc_statement *statement, const casc_sql_table *table, const char *alias, const cascade_keys *keys) {
  if (keys->count == 1) {
    table_name(statement, table);
    casc_str_printf(&statement->sql, " %s", alias);
    return;
  }
  if (keys->integers) {
    put(statement, "temp.json_each(?) k");
    integer_array(statement, keys);
  } else {
    value_rows(statement, keys);
    put(statement, " k");
  }
  put(statement, " Cross Join ");
  table_name(statement, table);
  casc_str_printf(&statement->sql, " %s On ", alias);
  for (uint32_t i = 0; i < table->key_count; i++) {
    if (i) put(statement, " And ");
    name(statement, alias, table->key[i]);
    if (keys->integers) put(statement, " = k.value");
    else casc_str_printf(&statement->sql, " = k.column%u", i + 1);
  }
}

/* The condition that casc_sqlite_from_keys() left out for a single key. */
void casc_sqlite_one_key(casc_statement *statement, const casc_sql_table *table, const char *alias, const cascade_keys *keys,
                         const char *before) {
  if (keys->count != 1) return;
  put(statement, before);
  columns_among(statement, alias, table, table->key, table->key_count, keys);
}

/* Rows of the referencing table, outside of any join: identity In (...) unless the columns can be compared directly. */
static void refers(casc_statement *statement, const casc_sql_relation *relation, const cascade_keys *parents) {
  if (relation->direct) {
    columns_among(statement, NULL, relation->table, relation->columns, relation->count, parents);
    return;
  }
  const casc_sql_table *table = relation->table;
  name_tuple(statement, NULL, table->key, table->key_count);
  put(statement, " In (Select ");
  name_list(statement, "t", table->key, table->key_count);
  put(statement, " From ");
  casc_sqlite_from_keys(statement, relation->ref_table, "p", parents);
  put(statement, " Cross Join ");
  table_name(statement, table);
  put(statement, " t On ");
  casc_sqlite_join_condition(statement, relation, "t");
  casc_sqlite_one_key(statement, relation->ref_table, "p", parents, " Where ");
  put(statement, ")");
}

static void after(casc_statement *statement, const char *qualifier, const casc_sql_table *table, const cascade_value *anchor,
                  bool backward) {
  name_tuple(statement, qualifier, table->key, table->key_count);
  put(statement, backward ? " < " : " > ");
  if (table->key_count > 1) put(statement, "(");
  for (uint32_t i = 0; i < table->key_count; i++) {
    put(statement, i ? ", ?" : "?");
    casc_statement_parameter(statement, &anchor[i]);
  }
  if (table->key_count > 1) put(statement, ")");
}

/* Where ... on a table without alias, in which the host's conditions can name its columns as they like */
static void where(casc_statement *statement, const casc_sql_table *table, const casc_sql_filter *filter) {
  const char *word = " Where ";
  if (filter->relation) {
    word = casc_put_word(statement, word);
    refers(statement, filter->relation, filter->parents);
    if (filter->relation->where) {
      word = casc_put_word(statement, word);
      casc_str_printf(&statement->sql, "(%s)", filter->relation->where);
    }
  }
  if (filter->among) {
    word = casc_put_word(statement, word);
    columns_among(statement, NULL, table, table->key, table->key_count, filter->among);
  }
  if (filter->shown_among) {
    word = casc_put_word(statement, word);
    columns_among(statement, NULL, table, table->shown, table->shown_count, filter->shown_among);
  }
  if (filter->after) {
    word = casc_put_word(statement, word);
    after(statement, NULL, table, filter->after, filter->backward);
  }
  if (filter->where) {
    casc_put_word(statement, word);
    casc_str_printf(&statement->sql, "(%s)", filter->where);
    for (uint32_t i = 0; i < filter->where_parameter_count; i++) casc_statement_parameter(statement, &filter->where_parameters[i]);
  }
}

/* A join reads referencing rows in the order of their index, where `identity In (...)` would first gather them all. */
bool casc_sqlite_joins(const casc_sql_filter *filter) {
  return filter->relation && !filter->relation->direct && !filter->relation->where && !filter->where && !filter->among &&
         !filter->shown_among;
}

void casc_sqlite_from_where(casc_statement *statement, const casc_sql_table *table, const casc_sql_filter *filter) {
  put(statement, " From ");
  if (!casc_sqlite_joins(filter)) {
    table_name(statement, table);
    where(statement, table, filter);
    return;
  }
  const casc_sql_relation *relation = filter->relation;
  casc_sqlite_from_keys(statement, relation->ref_table, "p", filter->parents);
  put(statement, " Cross Join ");
  table_name(statement, table);
  put(statement, " t On ");
  casc_sqlite_join_condition(statement, relation, "t");
  casc_sqlite_one_key(statement, relation->ref_table, "p", filter->parents, " Where ");
  if (filter->after) {
    put(statement, filter->parents->count == 1 ? " And " : " Where ");
    after(statement, "t", table, filter->after, filter->backward);
  }
}

void casc_sqlite_limited(casc_statement *statement, uint64_t limit) {
  if (!limit) return;
  put(statement, " Limit ?");
  casc_statement_integer(statement, limit > INT64_MAX ? INT64_MAX : (int64_t)limit);
}

static void identity_columns(casc_statement *statement, const char *qualifier, const casc_sql_table *table) {
  for (uint32_t i = 0; i < table->key_count; i++) casc_sqlite_name_column(statement, qualifier, table->key[i], table->key_types[i]);
}

static void select_keys(casc_statement *statement, const casc_sql_table *table, const casc_sql_filter *filter, bool shown,
                        bool ordered, uint64_t limit) {
  const char *qualifier = casc_sqlite_joins(filter) ? "t" : NULL;
  put(statement, "Select ");
  identity_columns(statement, qualifier, table);
  for (uint32_t i = 0; shown && !table->shown_is_key && i < table->shown_count; i++)
    casc_sqlite_name_column(statement, qualifier, table->shown[i], table->shown_types[i]);
  casc_sqlite_from_where(statement, table, filter);
  if (ordered) {
    put(statement, " Order By ");
    name_list(statement, qualifier, table->key, table->key_count);
  }
  casc_sqlite_limited(statement, limit);
}

static void last_key(casc_statement *statement, const casc_sql_table *table) {
  put(statement, "Select ");
  identity_columns(statement, NULL, table);
  put(statement, " From ");
  table_name(statement, table);
  for (uint32_t i = 0; i < table->key_count; i++) {
    put(statement, i ? ", " : " Order By ");
    name(statement, NULL, table->key[i]);
    put(statement, " Desc");
  }
  put(statement, " Limit 1");
}

static void count_rows(casc_statement *statement, const casc_sql_table *table, const casc_sql_filter *filter, uint64_t limit) {
  put(statement, "Select ");
  casc_sqlite_column(statement, "Count(*)", CASCADE_INT64);
  if (limit) put(statement, " From (Select 1");
  casc_sqlite_from_where(statement, table, filter);
  casc_sqlite_limited(statement, limit);
  if (limit) put(statement, ")");
}

/* Where ..., for a statement that writes: with a limit, the rows are picked out first. */
static void where_limited(casc_statement *statement, const casc_sql_table *table, const casc_sql_filter *filter) {
  if (!filter->limit) {
    where(statement, table, filter);
    return;
  }
  put(statement, " Where ");
  name_tuple(statement, NULL, table->key, table->key_count);
  put(statement, " In (Select ");
  const char *qualifier = casc_sqlite_joins(filter) ? "t" : NULL;
  name_list(statement, qualifier, table->key, table->key_count);
  casc_sqlite_from_where(statement, table, filter);
  casc_sqlite_limited(statement, filter->limit);
  put(statement, ")");
}

static void delete_rows(casc_statement *statement, const casc_sql_table *table, const casc_sql_filter *filter) {
  put(statement, "Delete From ");
  table_name(statement, table);
  where_limited(statement, table, filter);
}

static void copy_rows(casc_statement *statement, const casc_sql_table *to, const casc_sql_table *table, const char *const *columns,
                      uint32_t count, const cascade_keys *keys) {
  put(statement, "Insert Into ");
  table_name(statement, to);
  put(statement, " (");
  name_list(statement, NULL, columns, count);
  put(statement, ") Select ");
  name_list(statement, NULL, columns, count);
  casc_sqlite_from_where(statement, table, &(casc_sql_filter){.among = keys});
}

static void update_rows(casc_statement *statement, const casc_sql_relation *relation, const cascade_value *values,
                        const casc_sql_filter *filter) {
  put(statement, "Update ");
  table_name(statement, relation->table);
  for (uint32_t i = 0; i < relation->set_count; i++) {
    put(statement, i ? ", " : " Set ");
    name(statement, NULL, relation->set_columns[i]);
    put(statement, " = ?");
    casc_statement_parameter(statement, &values[i]);
  }
  where_limited(statement, relation->table, filter);
}

/* A type's letter, then the value, of each column: what JSON and its numbers would lose is kept. */
static void key_text(casc_statement *statement, const char *qualifier, const casc_sql_table *table) {
  put(statement, "Json_Array(");
  for (uint32_t i = 0; i < table->shown_count; i++) {
    const char *column = casc_quoted_name(statement, casc_sqlite_identifier, qualifier, table->shown[i]);
    casc_str_printf(&statement->sql,
                    "%sCase Typeof(%s) When 'integer' Then 'i'||%s When 'real' Then 'r'||Printf('%%!.17g', %s) "
                    "When 'blob' Then 'x'||Hex(%s) Else 't'||%s End",
                    i ? ", " : "", column, column, column, column, column);
  }
  put(statement, ")");
}

static void detach_keys(casc_statement *statement, const casc_sql_relation *relation, const casc_sql_filter *filter, int64_t job,
                        bool integers) {
  const casc_sql_table *table = relation->table;
  const char *qualifier = casc_sqlite_joins(filter) ? "t" : NULL;
  put(statement, integers ? "Insert Into cascade_queue_number (job, place) Select ?, "
                          : "Insert Into cascade_queue_text (job, words) Select ?, ");
  casc_statement_integer(statement, job);
  if (integers) name(statement, qualifier, table->shown[0]);
  else key_text(statement, qualifier, table);
  casc_sqlite_from_where(statement, table, filter);
}

static void put_string(casc_str *sql, const char *text) {
  casc_str_putc(sql, '\'');
  for (const char *at = text; *at; at++) casc_str_put(sql, *at == '\'' ? "''" : (char[]){*at, '\0'});
  casc_str_putc(sql, '\'');
}

/* Nothing on disk changes with it, so that the text of the table may be written anew, as SQLite's manual says. */
static void allow_null(casc_str *sql, const casc_sql_table *table, const char *column, const char *definition,
                       const char *default_sql, int64_t version) {
  (void)default_sql;
  casc_str_put(sql, "BEGIN IMMEDIATE; PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = ");
  if (definition) put_string(sql, definition);
  else {
    casc_str_put(sql, "<the same without NOT NULL at ");
    casc_sqlite_identifier(sql, column);
    casc_str_putc(sql, '>');
  }
  casc_str_put(sql, " WHERE type = 'table' AND name = ");
  put_string(sql, table->name);
  casc_str_printf(sql, "; PRAGMA schema_version = %lld; PRAGMA writable_schema = OFF; COMMIT", (long long)version + 1);
}

static void table_sql(casc_statement *statement, const casc_sql_table *table) {
  put(statement, "Select ");
  casc_sqlite_column(statement, "sql", CASCADE_TEXT);
  casc_sqlite_column(statement, "(Select schema_version From pragma_schema_version)", CASCADE_INT64);
  put(statement, " From sqlite_schema Where type = 'table' And name = ?");
  casc_statement_text(statement, table->name, strlen(table->name));
}

static void select_parents(casc_statement *statement, const casc_sql_relation *relation, const cascade_keys *keys) {
  const casc_sql_table *table = relation->table;
  put(statement, "Select ");
  identity_columns(statement, "p", relation->ref_table);
  put(statement, " From ");
  casc_sqlite_from_keys(statement, table, "t", keys);
  put(statement, " Cross Join ");
  table_name(statement, relation->ref_table);
  put(statement, " p On ");
  casc_sqlite_join_condition(statement, relation, "t");
  casc_sqlite_one_key(statement, table, "t", keys, " Where ");
  if (!relation->where) return;
  put(statement, keys->count == 1 ? " And " : " Where ");
  name_tuple(statement, "t", table->key, table->key_count);
  put(statement, " In (Select ");
  name_list(statement, NULL, table->key, table->key_count);
  put(statement, " From ");
  table_name(statement, table);
  where(statement, table, &(casc_sql_filter){.among = keys, .where = relation->where});
  put(statement, ")");
}

static void find_parent(casc_statement *statement, const casc_sql_relation *relation, const cascade_value *values) {
  put(statement, "Select ");
  identity_columns(statement, NULL, relation->ref_table);
  put(statement, " From ");
  table_name(statement, relation->ref_table);
  for (uint32_t i = 0; i < relation->count; i++) {
    put(statement, i ? " And " : " Where ");
    name(statement, NULL, relation->ref_columns[i]);
    put(statement, " = ?");
    casc_statement_parameter(statement, &values[i]);
  }
}

static void select_dangling(casc_statement *statement, const casc_sql_relation *relation, const cascade_keys *keys,
                            uint64_t limit) {
  const casc_sql_table *table = relation->table;
  put(statement, "Select ");
  identity_columns(statement, NULL, table);
  put(statement, " From ");
  table_name(statement, table);
  where(statement, table, &(casc_sql_filter){.among = keys, .where = relation->where});
  for (uint32_t i = 0; i < relation->count; i++) {
    put(statement, " And ");
    name(statement, NULL, relation->columns[i]);
    put(statement, " Is Not Null");
  }
  put(statement, " And Not Exists (Select 1 From ");
  table_name(statement, relation->ref_table);
  put(statement, " p Where ");
  casc_sqlite_join_condition(statement, relation, casc_quoted_name(statement, casc_sqlite_identifier, NULL, table->name));
  put(statement, ")");
  casc_sqlite_limited(statement, limit);
}

/* A default written as a bare word is a string, except for the words that mean a value. */
static bool is_string_word(const char *expression) {
  static const char *const values[] = {"null", "true", "false", "current_date", "current_time", "current_timestamp"};
  if (!casc_is_letter(*expression)) return false;
  for (const char *at = expression; *at; at++)
    if (!casc_is_letter(*at) && !casc_is_digit(*at)) return false;
  for (size_t i = 0; i < sizeof values / sizeof *values; i++)
    if (casc_same_name(expression, values[i])) return false;
  return true;
}

static void evaluate(casc_statement *statement, const casc_sql_relation *relation, const char *const *expressions) {
  put(statement, "Select ");
  for (uint32_t i = 0; i < relation->set_count; i++) {
    if (!expressions[i]) casc_sqlite_column(statement, "Null", CASCADE_ANY);
    else if (is_string_word(expressions[i])) casc_sqlite_name_column(statement, NULL, expressions[i], CASCADE_ANY);
    else casc_sqlite_column(statement, expressions[i], CASCADE_ANY);
  }
}

static void checks_state(casc_statement *statement) {
  put(statement, "Select ");
  casc_sqlite_column(statement, "foreign_keys", CASCADE_INT64);
  put(statement, " From pragma_foreign_keys");
}

static void change_counter(casc_statement *statement) {
  put(statement, "Select ");
  casc_sqlite_column(statement, "data_version", CASCADE_INT64);
  put(statement, " From pragma_data_version");
}

/* Keys carry types of their own. */
static const char *no_cast(casc_arena *arena, const char *type, const char *sql_type, const char *collation) {
  (void)arena, (void)type, (void)sql_type, (void)collation;
  return "";
}

/* Integers in one text; anything else as parameters, of which there may not be so many. */
static void rows_source(casc_statement *statement, const cascade_keys *rows, const int32_t *types, const char *const *casts) {
  (void)types, (void)casts;
  bool integers = true;
  for (uint64_t i = 0; integers && i < rows->count * rows->column_count; i++) integers = rows->cells[i].type == CASCADE_INT64;
  if (!integers) {
    put_values(statement, rows);
    return;
  }
  casc_str json;
  size_t length;
  casc_str_init(&json, statement->arena.alloc);
  casc_str_putc(&json, '[');
  for (uint64_t i = 0; i < rows->count; i++) {
    for (uint32_t j = 0; j < rows->column_count; j++) {
      casc_str_put(&json, j ? "," : i ? ",[" : "[");
      casc_str_int(&json, rows->cells[i * rows->column_count + j].integer);
    }
    casc_str_putc(&json, ']');
  }
  casc_str_putc(&json, ']');
  const char *text = casc_keep_text(statement, &json, &length);
  if (text) casc_statement_text(statement, text, length);
  for (uint32_t j = 0; j < rows->column_count; j++)
    casc_str_printf(&statement->sql, "%sJson_Extract(value, '$[%u]')", j ? ", " : "Select ", j);
  put(statement, " From temp.json_each(?)");
}

static const char *row_source_cast(casc_arena *arena, const char *type, const char *sql_type, const char *collation,
                                   int32_t value_type) {
  (void)arena, (void)type, (void)sql_type, (void)collation, (void)value_type;
  return "";
}

static const char *const begin_write[] = {"BEGIN IMMEDIATE", NULL}, *const begin_read[] = {"BEGIN", NULL};

const casc_dialect casc_dialect_sqlite = {
    .engine = "sqlite",
    .checks_name = "PRAGMA foreign_keys is off",
    .begin_write = begin_write,
    .begin_read = begin_read,
    .commit = "COMMIT",
    .rollback = "ROLLBACK",
    .savepoint = "SAVEPOINT libcascade",
    .release = "RELEASE libcascade",
    .rollback_to = "ROLLBACK TO libcascade",
    .defer = "PRAGMA defer_foreign_keys = ON",
    .checks_off = "PRAGMA foreign_keys = OFF",
    .checks_on = "PRAGMA foreign_keys = ON",
    .proof_pays = true,
    .max_cells = 10000, /* half of what SQLite 3.32 and later take, as keys may appear twice */
    .row_cast = "",
    .cast = no_cast,
    .checks_state = checks_state,
    .change_counter = change_counter,
    .identifier = casc_sqlite_identifier,
    .column = casc_sqlite_column,
    .rows_source = rows_source,
    .row_source_cast = row_source_cast,
    .select_keys = select_keys,
    .last_key = last_key,
    .count = count_rows,
    .delete_rows = delete_rows,
    .copy_rows = copy_rows,
    .update_rows = update_rows,
    .select_parents = select_parents,
    .find_parent = find_parent,
    .select_dangling = select_dangling,
    .select_pages = casc_sqlite_select_pages,
    .pages_at_once = 256, /* of 500 selects that a statement may put together */
    .count_pages = casc_sqlite_count_pages,
    .select_links = casc_sqlite_select_links,
    .evaluate = evaluate,
    .detach_keys = detach_keys,
    .allow_null = allow_null,
    .table_sql = table_sql,
    .queue = &casc_queue_sqlite,
};

const casc_dialect *casc_dialect_of(const char *engine) {
  static const casc_dialect *const all[] = {&casc_dialect_sqlite, &casc_dialect_postgres, &casc_dialect_mariadb};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    if (!strcmp(engine, all[i]->engine)) return all[i];
  return NULL;
}

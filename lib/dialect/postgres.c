/* PostgreSQL's dialect. Keys travel as arrays, one for each column, which a scan hashes and an index takes one by one, so that both
   plans are right. Everything is a condition on the one table that a statement is about: no join reorders it. */
#include "columns.h"
#include "condition.h"
#include "parts.h"
#include "postgres_parts.h"
#include "queue.h"

#include <stdio.h>
#include <string.h>

static void put(casc_statement *statement, const char *sql) {
  casc_put(statement, sql);
}

static void name(casc_statement *statement, const char *qualifier, const char *identifier) {
  casc_put_name(statement, casc_postgres_identifier, qualifier, identifier);
}

static void name_list(casc_statement *statement, const char *qualifier, const char *const *names, uint32_t count) {
  casc_put_names(statement, casc_postgres_identifier, qualifier, names, count);
}

static void name_tuple(casc_statement *statement, const char *qualifier, const char *const *names, uint32_t count) {
  casc_put_tuple(statement, casc_postgres_identifier, qualifier, names, count);
}

void casc_postgres_table(casc_statement *statement, const casc_sql_table *table) {
  if (table->only) put(statement, "Only ");
  casc_put_table(statement, casc_postgres_identifier, table);
}

/* $1::cast */
/* Limits, and the keys of a group of one, stand in every select of many. */
static size_t number_of(casc_statement *statement, const cascade_value *value) {
  enum { LOOKED_AT = 8 };
  for (size_t i = 0; value->type == CASCADE_INT64 && i < statement->parameter_count && i < LOOKED_AT; i++)
    if (statement->parameters[i].type == value->type && statement->parameters[i].integer == value->integer) return i + 1;
  casc_statement_parameter(statement, value);
  return statement->parameter_count;
}

void casc_postgres_parameter(casc_statement *statement, const cascade_value *value, const char *cast) {
  casc_str_printf(&statement->sql, *cast ? "$%zu::%s" : "$%zu", number_of(statement, value), cast);
}

static void integer(casc_statement *statement, int64_t value) {
  casc_postgres_parameter(statement, &(cascade_value){.type = CASCADE_INT64, .integer = value}, "");
}

static bool all_integers(const cascade_keys *keys, uint32_t column) {
  for (uint64_t i = 0; i < keys->count; i++)
    if (keys->cells[i * keys->column_count + column].type != CASCADE_INT64) return false;
  return true;
}

/* {"a","b"}: what the type's own input makes of each text. */
static void put_element(casc_str *array, const cascade_value *cell) {
  switch (cell->type) {
  case CASCADE_INT64: casc_str_int(array, cell->integer); return;
  case CASCADE_DOUBLE: casc_str_real(array, cell->real); return;
  case CASCADE_NULL: casc_str_put(array, "NULL"); return;
  case CASCADE_BLOB:
    casc_str_put(array, "\"\\\\x");
    casc_str_hex(array, cell->data, cell->length);
    break;
  default:
    casc_str_putc(array, '"');
    for (uint64_t i = 0; i < cell->length; i++) {
      if (cell->data[i] == '"' || cell->data[i] == '\\') casc_str_putc(array, '\\');
      casc_str_putc(array, cell->data[i]);
    }
  }
  casc_str_putc(array, '"');
}

/* There are no arrays of arrays: their texts travel, and are made what they are one by one. */
static bool is_array(const char *cast) {
  size_t length = strlen(cast);
  return length > 2 && !strcmp(cast + length - 2, "[]");
}

/* unnest() takes composite values apart, which a type that is not the system's may have. */
static bool goes_as_text(const char *cast) {
  return is_array(cast) || (*cast && strncmp(cast, "pg_catalog.", strlen("pg_catalog.")) != 0);
}

/* One column of the keys, as $1::type[] */
static void put_column(casc_statement *statement, const cascade_keys *keys, uint32_t column, const char *type) {
  cascade_value value = {.type = CASCADE_INT64_ARRAY};
  if (keys->integers) {
    value.data = (const char *)keys->integers;
    value.length = keys->count * sizeof *keys->integers;
  } else if (all_integers(keys, column)) {
    int64_t *integers = casc_arena_get(&statement->arena, keys->count, sizeof *integers);
    for (uint64_t i = 0; integers && i < keys->count; i++) integers[i] = keys->cells[i * keys->column_count + column].integer;
    if (!integers) statement->failed = true;
    value.data = (const char *)integers;
    value.length = integers ? keys->count * sizeof *integers : 0;
  } else {
    casc_str array;
    size_t length;
    casc_str_init(&array, statement->arena.alloc);
    for (uint64_t i = 0; i < keys->count; i++) {
      casc_str_putc(&array, i ? ',' : '{');
      put_element(&array, &keys->cells[i * keys->column_count + column]);
    }
    casc_str_put(&array, keys->count ? "}" : "{}");
    value.type = CASCADE_TEXT;
    value.data = casc_keep_text(statement, &array, &length);
    value.length = length;
  }
  casc_statement_parameter(statement, &value);
  casc_str_printf(&statement->sql, "$%zu::%s[]", statement->parameter_count, *type ? type : "bigint");
}

void casc_postgres_key_rows(casc_statement *statement, const cascade_keys *keys, const char *const *casts, uint32_t count) {
  bool plain = true;
  for (uint32_t i = 0; i < count; i++) plain = plain && !goes_as_text(casts[i]);
  put(statement, plain ? "Select * From unnest(" : "Select ");
  for (uint32_t i = 0; !plain && i < count; i++)
    casc_str_printf(&statement->sql, goes_as_text(casts[i]) ? "%sk.c%u::%s" : "%sk.c%u", i ? ", " : "", i, casts[i]);
  if (!plain) put(statement, " From unnest(");
  for (uint32_t i = 0; i < count; i++) {
    if (i) put(statement, ", ");
    put_column(statement, keys, i, goes_as_text(casts[i]) ? "text" : casts[i]);
  }
  put(statement, ")");
  for (uint32_t i = 0; !plain && i < count; i++) casc_str_printf(&statement->sql, i ? ", c%u" : " k (c%u", i);
  if (!plain) put(statement, ")");
}

/* columns are one of keys; a single key is an equality, so that an index on the columns gives the rows in its order */
void casc_postgres_among(casc_statement *statement, const char *qualifier, const char *const *columns, const char *const *casts,
                         uint32_t count, const cascade_keys *keys) {
  for (uint32_t i = 0; keys->count == 1 && i < count; i++) {
    cascade_value cell = {.type = CASCADE_INT64, .integer = keys->integers ? keys->integers[0] : 0};
    if (i) put(statement, " And ");
    name(statement, qualifier, columns[i]);
    put(statement, " = ");
    casc_postgres_parameter(statement, keys->integers ? &cell : &keys->cells[i], casts[i]);
  }
  if (keys->count == 1) return;
  name_tuple(statement, qualifier, columns, count);
  if (casc_keys_are_range(keys)) {
    put(statement, " Between ");
    integer(statement, keys->integers[0]);
    put(statement, " And ");
    integer(statement, keys->integers[keys->count - 1]);
    return;
  }
  if (count == 1 && !is_array(casts[0])) {
    put(statement, " = Any(");
    put_column(statement, keys, 0, casts[0]);
  } else {
    put(statement, " In (");
    casc_postgres_key_rows(statement, keys, casts, count);
  }
  put(statement, ")");
}

static void identity_among(casc_statement *statement, const casc_sql_table *table, const cascade_keys *keys) {
  casc_postgres_among(statement, NULL, table->key, table->key_casts, table->key_count, keys);
}

static void refers(casc_statement *statement, const casc_sql_relation *relation, const cascade_keys *parents) {
  const casc_sql_table *ref = relation->ref_table;
  if (relation->direct) {
    casc_postgres_among(statement, NULL, relation->columns, ref->key_casts, relation->count, parents);
    return;
  }
  name_tuple(statement, NULL, relation->columns, relation->count);
  put(statement, " In (Select ");
  name_list(statement, "p", relation->ref_columns, relation->count);
  put(statement, " From ");
  casc_postgres_table(statement, ref);
  put(statement, " p Where ");
  casc_postgres_among(statement, "p", ref->key, ref->key_casts, ref->key_count, parents);
  put(statement, ")");
}

static void after(casc_statement *statement, const casc_sql_table *table, const cascade_value *anchor) {
  name_tuple(statement, NULL, table->key, table->key_count);
  put(statement, table->key_count > 1 ? " > (" : " > ");
  for (uint32_t i = 0; i < table->key_count; i++) {
    if (i) put(statement, ", ");
    casc_postgres_parameter(statement, &anchor[i], table->key_casts[i]);
  }
  if (table->key_count > 1) put(statement, ")");
}

void casc_postgres_condition(casc_statement *statement, const char *text, const cascade_value *parameters, uint32_t count) {
  put(statement, "(");
  casc_condition_number(&statement->sql, text, statement->parameter_count + 1);
  put(statement, ")");
  for (uint32_t i = 0; i < count; i++) casc_statement_parameter(statement, &parameters[i]);
}

static void where(casc_statement *statement, const casc_sql_table *table, const casc_sql_filter *filter) {
  const char *word = " Where ";
  if (filter->relation) {
    word = casc_put_word(statement, word);
    refers(statement, filter->relation, filter->parents);
    if (filter->relation->where) {
      word = casc_put_word(statement, word);
      casc_postgres_condition(statement, filter->relation->where, NULL, 0);
    }
  }
  if (filter->among) {
    word = casc_put_word(statement, word);
    identity_among(statement, table, filter->among);
  }
  if (filter->shown_among) {
    word = casc_put_word(statement, word);
    casc_postgres_among(statement, NULL, table->shown, table->shown_casts, table->shown_count, filter->shown_among);
  }
  if (filter->after) {
    word = casc_put_word(statement, word);
    after(statement, table, filter->after);
  }
  if (filter->where) {
    casc_put_word(statement, word);
    casc_postgres_condition(statement, filter->where, filter->where_parameters, filter->where_parameter_count);
  }
}

static void from_where(casc_statement *statement, const casc_sql_table *table, const casc_sql_filter *filter) {
  put(statement, " From ");
  casc_postgres_table(statement, table);
  where(statement, table, filter);
}

void casc_postgres_limited(casc_statement *statement, uint64_t limit) {
  if (!limit) return;
  put(statement, " Limit ");
  integer(statement, limit > INT64_MAX ? INT64_MAX : (int64_t)limit);
}

void casc_postgres_offset(casc_statement *statement, uint64_t offset) {
  put(statement, " Offset ");
  integer(statement, offset > INT64_MAX ? INT64_MAX : (int64_t)offset);
}

void casc_postgres_named_columns(casc_statement *statement, const char *qualifier, const char *const *names, const int32_t *types,
                                 uint32_t count) {
  for (uint32_t i = 0; i < count; i++)
    casc_postgres_column(statement, casc_quoted_name(statement, casc_postgres_identifier, qualifier, names[i]), types[i]);
}

static void select_identity(casc_statement *statement, const char *qualifier, const casc_sql_table *table) {
  put(statement, "Select ");
  casc_postgres_named_columns(statement, qualifier, table->key, table->key_types, table->key_count);
}

/* Of the table: a bare name would mean the result's column, which may be a text. */
static void order_by_identity(casc_statement *statement, const casc_sql_table *table, const char *direction) {
  for (uint32_t i = 0; i < table->key_count; i++) {
    put(statement, i ? ", " : " Order By ");
    name(statement, NULL, table->name);
    put(statement, ".");
    name(statement, NULL, table->key[i]);
    put(statement, direction);
  }
}

static void select_keys(casc_statement *statement, const casc_sql_table *table, const casc_sql_filter *filter, bool shown,
                        bool ordered, uint64_t limit) {
  select_identity(statement, NULL, table);
  if (shown && !table->shown_is_key)
    casc_postgres_named_columns(statement, NULL, table->shown, table->shown_types, table->shown_count);
  from_where(statement, table, filter);
  if (ordered || filter->lock) order_by_identity(statement, table, "");
  casc_postgres_limited(statement, limit);
  if (filter->lock) put(statement, " For Update");
}

static void last_key(casc_statement *statement, const casc_sql_table *table) {
  select_identity(statement, NULL, table);
  put(statement, " From ");
  casc_postgres_table(statement, table);
  order_by_identity(statement, table, " Desc");
  put(statement, " Limit 1");
}

static void count_rows(casc_statement *statement, const casc_sql_table *table, const casc_sql_filter *filter, uint64_t limit) {
  put(statement, "Select ");
  casc_postgres_column(statement, "Count(*)", CASCADE_INT64);
  if (limit || filter->lock) put(statement, " From (Select 1");
  from_where(statement, table, filter);
  casc_postgres_limited(statement, limit);
  if (filter->lock) put(statement, " For Update");
  if (limit || filter->lock) put(statement, ") s");
}

static void delete_rows(casc_statement *statement, const casc_sql_table *table, const casc_sql_filter *filter) {
  put(statement, "Delete From ");
  casc_postgres_table(statement, table);
  where(statement, table, filter);
}

static void copy_rows(casc_statement *statement, const casc_sql_table *to, const casc_sql_table *table, const char *const *columns,
                      uint32_t count, const cascade_keys *keys) {
  put(statement, "Insert Into ");
  casc_put_table(statement, casc_postgres_identifier, to);
  put(statement, " (");
  name_list(statement, NULL, columns, count);
  put(statement, ") Select ");
  name_list(statement, NULL, columns, count);
  from_where(statement, table, &(casc_sql_filter){.among = keys});
}

static void move_rows(casc_statement *statement, const casc_sql_table *to, const casc_sql_table *table, const char *const *columns,
                      uint32_t count, const casc_sql_filter *filter) {
  put(statement, "With gone As (");
  delete_rows(statement, table, filter);
  put(statement, " Returning ");
  name_list(statement, NULL, columns, count);
  put(statement, "), kept As (Insert Into ");
  casc_put_table(statement, casc_postgres_identifier, to);
  put(statement, " (");
  name_list(statement, NULL, columns, count);
  put(statement, ") Select ");
  name_list(statement, NULL, columns, count);
  put(statement, " From gone Returning 1) Select ");
  casc_postgres_column(statement, "(Select Count(*) From gone)", CASCADE_INT64);
  casc_postgres_column(statement, "(Select Count(*) From kept)", CASCADE_INT64);
}

static void delete_together(casc_statement *statement, const casc_sql_table *const *tables, const cascade_keys *keys,
                            uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    casc_str_printf(&statement->sql, i ? ", d%u As (Delete From " : "With d%u As (Delete From ", i);
    casc_postgres_table(statement, tables[i]);
    put(statement, " Where ");
    identity_among(statement, tables[i], &keys[i]);
    put(statement, " Returning 1)");
  }
  for (uint32_t i = 0; i < count; i++) {
    char part[40];
    snprintf(part, sizeof part, "(Select Count(*) From d%u)", i);
    put(statement, i ? " Union All Select " : " Select ");
    statement->type_count = 0;
    casc_postgres_column(statement, part, CASCADE_INT64);
  }
}

static void update_rows(casc_statement *statement, const casc_sql_relation *relation, const cascade_value *values,
                        const casc_sql_filter *filter) {
  put(statement, "Update ");
  casc_postgres_table(statement, relation->table);
  for (uint32_t i = 0; i < relation->set_count; i++) {
    put(statement, i ? ", " : " Set ");
    name(statement, NULL, relation->set_columns[i]);
    put(statement, " = ");
    if (!values || values[i].type == CASCADE_NULL) put(statement, "Null");
    else casc_postgres_parameter(statement, &values[i], relation->set_casts[i]);
  }
  where(statement, relation->table, filter);
}

static void key_text(casc_statement *statement, const casc_sql_table *table) {
  put(statement, "json_build_array(");
  for (uint32_t i = 0; i < table->shown_count; i++) {
    const char *column = casc_quoted_name(statement, casc_postgres_identifier, NULL, table->shown[i]);
    /* a worker's session may have another DateStyle; JSON has none */
    bool dated = strstr(table->shown_casts[i], ".date") || strstr(table->shown_casts[i], ".timestamp");
    const char *form = table->shown_types[i] == CASCADE_INT64  ? "%s'i'||%s"
                       : table->shown_types[i] == CASCADE_BLOB ? "%s'x'||encode(%s, 'hex')"
                       : dated                                 ? "%s't'||(to_json(%s)#>>'{}')"
                                                               : "%s't'||(%s)::text";
    casc_str_printf(&statement->sql, form, i ? ", " : "", column);
  }
  put(statement, ")::text");
}

/* One statement, so that nobody comes between the two. */
static void detach_keys(casc_statement *statement, const casc_sql_relation *relation, const casc_sql_filter *filter, int64_t job,
                        bool integers) {
  put(statement, "With u As (");
  update_rows(statement, relation, NULL, filter);
  put(statement, " Returning ");
  if (integers) name(statement, NULL, relation->table->shown[0]);
  else key_text(statement, relation->table);
  put(statement, integers ? " As k) Insert Into cascade_queue_number (job, place) Select "
                          : " As k) Insert Into cascade_queue_text (job, words) Select ");
  integer(statement, job);
  put(statement, ", u.k From u");
}

static void allow_null(casc_str *sql, const casc_sql_table *table, const char *column, const char *definition,
                       const char *default_sql, int64_t version) {
  (void)definition, (void)default_sql, (void)version;
  casc_str_put(sql, "ALTER TABLE ");
  if (table->schema) {
    casc_postgres_identifier(sql, table->schema);
    casc_str_putc(sql, '.');
  }
  casc_postgres_identifier(sql, table->name);
  casc_str_put(sql, " ALTER COLUMN ");
  casc_postgres_identifier(sql, column);
  casc_str_put(sql, " DROP NOT NULL");
}

static void select_parents(casc_statement *statement, const casc_sql_relation *relation, const cascade_keys *keys) {
  select_identity(statement, "p", relation->ref_table);
  put(statement, " From ");
  casc_postgres_table(statement, relation->ref_table);
  put(statement, " p Where ");
  name_tuple(statement, "p", relation->ref_columns, relation->count);
  put(statement, " In (Select ");
  name_list(statement, NULL, relation->columns, relation->count);
  from_where(statement, relation->table, &(casc_sql_filter){.among = keys, .where = relation->where});
  put(statement, ")");
}

static void find_parent(casc_statement *statement, const casc_sql_relation *relation, const cascade_value *values) {
  select_identity(statement, NULL, relation->ref_table);
  put(statement, " From ");
  casc_postgres_table(statement, relation->ref_table);
  for (uint32_t i = 0; i < relation->count; i++) {
    put(statement, i ? " And " : " Where ");
    name(statement, NULL, relation->ref_columns[i]);
    put(statement, " = ");
    casc_postgres_parameter(statement, &values[i], relation->ref_casts[i]);
  }
}

static void select_dangling(casc_statement *statement, const casc_sql_relation *relation, const cascade_keys *keys,
                            uint64_t limit) {
  const casc_sql_table *table = relation->table;
  select_identity(statement, NULL, table);
  from_where(statement, table, &(casc_sql_filter){.among = keys, .where = relation->where});
  for (uint32_t i = 0; i < relation->count; i++) {
    put(statement, " And ");
    name(statement, NULL, relation->columns[i]);
    put(statement, " Is Not Null");
  }
  put(statement, " And ");
  name_tuple(statement, NULL, relation->columns, relation->count);
  put(statement, " Not In (Select ");
  name_list(statement, "p", relation->ref_columns, relation->count);
  put(statement, " From ");
  casc_postgres_table(statement, relation->ref_table);
  put(statement, " p Where ");
  name_tuple(statement, "p", relation->ref_columns, relation->count);
  put(statement, " In (Select ");
  name_list(statement, NULL, relation->columns, relation->count);
  from_where(statement, table, &(casc_sql_filter){.among = keys});
  put(statement, "))");
  casc_postgres_limited(statement, limit);
}

static void evaluate(casc_statement *statement, const casc_sql_relation *relation, const char *const *expressions) {
  put(statement, "Select ");
  for (uint32_t i = 0; i < relation->set_count; i++) {
    const char *value =
        expressions[i] ? casc_arena_printf(&statement->arena, "(%s)::%s", expressions[i], relation->set_casts[i]) : "Null";
    if (!value) statement->failed = true;
    else casc_postgres_column(statement, value, CASCADE_TEXT);
  }
}

void casc_postgres_name_parameter(casc_statement *statement, const casc_sql_table *table) {
  casc_str name_of;
  size_t length;
  casc_str_init(&name_of, statement->arena.alloc);
  if (table->schema) {
    casc_postgres_identifier(&name_of, table->schema);
    casc_str_putc(&name_of, '.');
  }
  casc_postgres_identifier(&name_of, table->name);
  const char *text = casc_keep_text(statement, &name_of, &length);
  if (text) casc_statement_text(statement, text, length);
}

static void change_count(casc_statement *statement, const casc_sql_table *table, const char *function) {
  casc_postgres_name_parameter(statement, table);
  const char *count =
      casc_arena_printf(&statement->arena, "Case When current_setting('track_counts')::bool Then %s($%zu::regclass) End", function,
                        statement->parameter_count);
  if (count) casc_postgres_column(statement, count, CASCADE_INT64);
  else statement->failed = true;
}

static void changes(casc_statement *statement, const casc_sql_table *const *tables, uint32_t count) {
  put(statement, "Select ");
  for (uint32_t i = 0; i < count; i++) {
    change_count(statement, tables[i], "pg_stat_get_xact_tuples_deleted");
    change_count(statement, tables[i], "pg_stat_get_xact_tuples_updated");
  }
}

static void rows_source(casc_statement *statement, const cascade_keys *rows, const int32_t *types, const char *const *casts) {
  (void)types;
  casc_postgres_key_rows(statement, rows, casts, rows->column_count);
}

static const char *row_source_cast(casc_arena *arena, const char *type, const char *sql_type, const char *collation,
                                   int32_t value_type) {
  (void)arena, (void)collation, (void)value_type;
  return sql_type ? sql_type : type;
}

static const char *cast_of(casc_arena *arena, const char *type, const char *sql_type, const char *collation) {
  (void)arena, (void)collation;
  return sql_type ? sql_type : type;
}

static void checks_state(casc_statement *statement) {
  put(statement, "Select ");
  casc_postgres_column(statement, "array_position('{replica,origin,local}', current_setting('session_replication_role')) - 1",
                       CASCADE_INT64);
}

static void may_turn_checks_off(casc_statement *statement) {
  put(statement, "Select ");
  casc_postgres_column(statement, "has_parameter_privilege('session_replication_role', 'SET')::int", CASCADE_INT64);
}

static void statement_timeout(casc_statement *statement, uint32_t milliseconds) {
  casc_str_printf(&statement->sql, "Set Local statement_timeout = %u", milliseconds);
}

static const char *const begin_write[] = {"BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE", NULL};
static const char *const begin_read[] = {"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", NULL};

static const char *const checks_on_local[] = {"SET LOCAL session_replication_role = origin",
                                              "SET LOCAL session_replication_role = local"};

/* Of several indexes the one is taken of which the fewest entries are read, whatever the statistics say of the table's pages; and a
   plan that cannot do without what is off costs so much that it would be compiled, and shared out. */
static const char settings[] = "Select set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true), "
                               "set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true), "
                               "set_config('seq_page_cost', '0', true), "
                               "set_config('random_page_cost', '0', true), set_config('cpu_index_tuple_cost', '1', true), "
                               "set_config('max_parallel_workers_per_gather', '0', true), set_config('jit', 'off', true)";
static const char *const look_begin[] = {"BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY", settings, NULL};
static const char *const look_end[] = {"ROLLBACK", NULL}; /* which a failed transaction takes too */
static const char *const look_begin_nested[] = {"SAVEPOINT libcascade_look", settings, NULL};
static const char *const look_end_nested[] = {"ROLLBACK TO libcascade_look", "RELEASE libcascade_look", NULL};

const casc_dialect casc_dialect_postgres = {
    .engine = "postgresql",
    .checks_name = "session_replication_role is replica",
    .begin_write = begin_write,
    .begin_read = begin_read,
    .commit = "COMMIT",
    .rollback = "ROLLBACK",
    .savepoint = "SAVEPOINT libcascade",
    .release = "RELEASE libcascade",
    .rollback_to = "ROLLBACK TO libcascade",
    .defer = "SET CONSTRAINTS ALL DEFERRED",
    .checks_off_local = "SET LOCAL session_replication_role = replica",
    .checks_on_local = checks_on_local,
    .checks = CASC_CHECKS_STATEMENTS,
    .proof_pays = true,
    .row_locks = true,
    .writes_all = true,
    .writes_in_queries = true,
    .numbered = true,
    .cascades_fast = true,
    .max_cells = 1000000,
    .row_cast = "tid",
    .cast = cast_of,
    .checks_state = checks_state,
    .may_turn_checks_off = may_turn_checks_off,
    .statement_timeout = statement_timeout,
    .identifier = casc_postgres_identifier,
    .column = casc_postgres_column,
    .rows_source = rows_source,
    .row_source_cast = row_source_cast,
    .select_keys = select_keys,
    .changes = changes,
    .last_key = last_key,
    .count = count_rows,
    .delete_rows = delete_rows,
    .copy_rows = copy_rows,
    .move_rows = move_rows,
    .delete_together = delete_together,
    .update_rows = update_rows,
    .select_parents = select_parents,
    .find_parent = find_parent,
    .select_dangling = select_dangling,
    .select_pages = casc_postgres_select_pages,
    .pages_at_once = 140,
    .pages_need_ways = true,
    .look_begin = look_begin,
    .look_end = look_end,
    .look_begin_nested = look_begin_nested,
    .look_end_nested = look_end_nested,
    .shares = casc_postgres_shares,
    .count_pages = casc_postgres_count_pages,
    .select_links = casc_postgres_select_links,
    .evaluate = evaluate,
    .detach_keys = detach_keys,
    .detach_updates = true,
    .allow_null = allow_null,
    .queue = &casc_queue_postgres,
};

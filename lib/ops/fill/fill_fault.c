/* Which row it is that the database does not take. */
#include "fill_internal.h"

#include <stdio.h>

/* "(product_id, user_id) = (5, 7)"; false when it cannot be had. */
static bool describe(cascade_fill *fill, const casc_sql_part *part, const casc_sql_fault *fault, casc_str *words) {
  casc_statement statement;
  casc_cursor cursor = {0};
  const cascade_value *row = NULL;
  casc_session_statement(fill->connection, &statement);
  casc_fill_row(&statement, &fill->sql, part, fault);
  bool found = casc_query(fill->connection, &statement, &cursor, NULL) >= 0 && casc_next(&cursor, &row, NULL) == CASCADE_OK;
  if (found) {
    casc_str_putc(words, '(');
    for (uint32_t i = 0; i < fill->sql.count; i++) casc_str_printf(words, "%s%s", i ? ", " : "", fill->sql.columns[i]);
    casc_str_put(words, ") = (");
    for (uint32_t i = 0; i < fill->sql.count; i++) {
      enum { SHOWN = 100 }; /* bytes of a value */
      if (i) casc_str_put(words, ", ");
      if (row[i].type == CASCADE_NULL) casc_str_put(words, "NULL");
      else casc_str_putn(words, row[i].data, row[i].length < SHOWN ? row[i].length : SHOWN);
    }
    casc_str_putc(words, ')');
  }
  casc_cursor_close(&cursor);
  casc_statement_free(&statement);
  return found && !words->failed;
}

/* The relation's columns, as positions in the fill's; false when the fill does not give all of them. */
static bool columns_of(const cascade_fill *fill, const casc_relation *relation, uint32_t *columns) {
  for (uint32_t i = 0; i < relation->count; i++) {
    uint32_t at = 0;
    while (at < fill->sql.count && fill->columns[at] != relation->columns[i]) at++;
    if (at == fill->sql.count) return false;
    columns[i] = at;
  }
  return true;
}

/* A row that refers to none. */
static bool find_dangling(cascade_fill *fill, const casc_sql_part *part, const casc_relation **through, casc_str *words) {
  casc_arena scratch;
  bool found = false;
  casc_arena_init(&scratch, &fill->context->alloc);
  for (uint32_t i = 0; !found && i < fill->table->from_count; i++) {
    const casc_relation *relation = &fill->graph->relations[fill->table->relations_from[i]];
    const casc_table *ref = &fill->graph->tables[relation->ref_table];
    uint32_t *columns = casc_arena_get(&scratch, relation->count, sizeof *columns);
    if (!columns || !relation->ref_column_names || !relation->ref_columns || !columns_of(fill, relation, columns)) continue;
    casc_sql_table ref_table = {.schema = *ref->schema ? ref->schema : NULL, .name = ref->name};
    casc_sql_fault fault = {.kind = CASC_FAULT_DANGLING,
                            .ref_table = &ref_table,
                            .ref_columns = relation->ref_column_names,
                            .columns = columns,
                            .column_count = relation->count};
    found = describe(fill, part, &fault, words);
    *through = relation;
  }
  casc_arena_clear(&scratch);
  return found;
}

static bool is_the_rows_fault(cascade_status status) {
  return status == CASCADE_CONSTRAINT || status == CASCADE_CONSTRAINT_FK || status == CASCADE_DATABASE;
}

static cascade_status execute(cascade_fill *fill, void (*write)(casc_statement *, const casc_sql_fill *, const casc_sql_part *),
                              const casc_sql_part *part) {
  casc_statement statement;
  casc_cursor cursor = {0};
  const cascade_value *row = NULL;
  casc_session_statement(fill->connection, &statement);
  write(&statement, &fill->sql, part);
  cascade_status status;
  if (write == casc_fill_apply) {
    status = casc_query(fill->connection, &statement, &cursor, NULL);
    while (status == CASCADE_OK) status = casc_next(&cursor, &row, NULL);
    casc_cursor_close(&cursor);
  } else status = casc_execute(fill->connection, &statement, NULL, NULL);
  casc_statement_free(&statement);
  return status;
}

/* Writes the part in a transaction that is rolled back. *lost: nothing more can be found out. */
static bool fails(cascade_fill *fill, const casc_sql_part *part, bool *lost) {
  cascade_status status = *lost ? CASCADE_CANCELLED : casc_fill_begin(fill, NULL);
  if (status >= 0 && fill->sql.dialect->writes_in_queries) status = execute(fill, casc_fill_apply, part);
  else if (status >= 0) {
    if (fill->sql.updates) status = execute(fill, casc_fill_update, part);
    if (status >= 0 && fill->sql.inserts) status = execute(fill, casc_fill_insert, part);
  }
  casc_transaction_roll_back(&fill->transaction);
  *lost = status < 0 && !is_the_rows_fault(status);
  return is_the_rows_fault(status);
}

/* The least value of the range column up to which the part fails; the part becomes that value's rows. */
static void narrow(cascade_fill *fill, casc_sql_part *part, bool *lost) {
  uint64_t left;
  while (part->ranged && !*lost && (left = (uint64_t)part->upto.integer - (uint64_t)part->after.integer) > 1) {
    casc_sql_part half = *part;
    half.upto.integer = (int64_t)((uint64_t)part->after.integer + left / 2);
    if (fails(fill, &half, lost)) part->upto = half.upto;
    else part->after = half.upto;
  }
}

/* How many of the part's rows, in the order of the key, must be written for it to fail: so many, and one less does not. */
static bool count_to_fault(cascade_fill *fill, casc_sql_part *part, bool *lost) {
  enum { MOST = 1 << 24 };
  uint64_t good = 0;
  for (part->first = 1; part->first <= MOST && !*lost && !fails(fill, part, lost); part->first *= 2) good = part->first;
  while (!*lost && part->first <= MOST && part->first - good > 1) {
    casc_sql_part middle = *part;
    middle.first = good + (part->first - good) / 2;
    if (fails(fill, &middle, lost)) part->first = middle.first;
    else good = middle.first;
  }
  return !*lost && part->first <= MOST;
}

void casc_fill_accuse(cascade_fill *fill, const casc_sql_part *given, cascade_error **error) {
  casc_sql_part part = *given;
  const casc_relation *relation = NULL;
  casc_str words;
  bool lost = fill->options.dry_run || (fill->nested && !casc_in_host_transaction(fill->connection)), found = false;
  part.limit = 0;
  part.fresh = false;
  casc_str_init(&words, &fill->context->alloc);
  if (!lost && cascade_error_status(*error) == CASCADE_CONSTRAINT_FK) found = find_dangling(fill, &part, &relation, &words);
  if (!found && !lost) {
    relation = NULL;
    if (casc_fill_counts(&fill->sql)) narrow(fill, &part, &lost);
    found = count_to_fault(fill, &part, &lost) && describe(fill, &part, NULL, &words);
  }
  if (found) {
    casc_str_printf(&words, " in table %s", fill->table->label);
    casc_error_explain(error, fill->table->label, relation ? relation->label : NULL, words.failed ? "a row" : words.data);
  } else casc_error_explain(error, fill->table->label, NULL, NULL);
  casc_str_free(&words);
}

cascade_status casc_fill_refuse_rows(cascade_fill *fill, const casc_sql_part *given, uint64_t bad, cascade_error **error) {
  casc_sql_part part = *given;
  casc_str words;
  part.limit = 0;
  part.fresh = false;
  casc_str_init(&words, &fill->context->alloc);
  cascade_status status = CASCADE_OK;
  for (uint32_t i = 0; status >= 0 && i < 2 * fill->sql.count; i++) {
    bool null = i < fill->sql.count;
    casc_sql_fault fault = {.kind = null ? CASC_FAULT_NULL : CASC_FAULT_TYPE, .column = i % fill->sql.count};
    const char *column = fill->sql.columns[fault.column];
    if (null ? !fill->sql.key[fault.column] : !fill->sql.affinities[fault.column] || fill->sql.dialect->row_locks) continue;
    if (!describe(fill, &part, &fault, &words)) continue;
    if (null)
      status = casc_fail_at(
          fill->context, error, CASCADE_CONSTRAINT, fill->table->label, NULL,
          "%s in table %s: column %s of the key would be NULL, which conflicts with nothing, so that every pass would insert "
          "it once more; leave such rows out with WHERE",
          words.data, fill->table->label, column);
    else
      status = casc_fail_at(
          fill->context, error, CASCADE_SCHEMA, fill->table->label, NULL,
          "%s in table %s: the value is of another type than column %s, which is %s; convert it in the SELECT with CAST",
          words.data, fill->table->label, column, fill->sql.types[fault.column]);
  }
  casc_str_free(&words);
  if (status < 0) return status;
  return casc_fail_at(fill->context, error, CASCADE_SCHEMA, fill->table->label, NULL,
                      "table %s: %llu rows have NULL in the key, or values of another type than their column", fill->table->label,
                      (unsigned long long)bad);
}

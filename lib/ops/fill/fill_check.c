/* What is refused before the first change. */
#include "fill_internal.h"

#include "names.h"
#include "options.h"
#include "relation.h"
#include "scope.h"

#include <cascade/purge.h>
#include <string.h>

static cascade_status refuse(cascade_fill *fill, cascade_error **error, cascade_status status, const char *format,
                             const char *name) {
  const char *label = fill->table ? fill->table->label : NULL;
  return casc_fail_at(fill->context, error, status, label, NULL, format, label ? label : "", name);
}

static cascade_status find_table(cascade_fill *fill, const char *name, cascade_error **error) {
  uint32_t position = 0;
  if (!name) return casc_fail(fill->context, error, CASCADE_INVALID, "fill: the target has no table");
  cascade_status status = cascade_graph_find_table(fill->graph, name, &position, error);
  if (status < 0) return status;
  const casc_table *table = fill->table = &fill->graph->tables[position];
  if (table->kind == CASCADE_TABLE_MISSING)
    return refuse(fill, error, CASCADE_NOT_FOUND, "there is no table %s; only a foreign key names it%s", "");
  if (table->kind == CASCADE_TABLE_VIEW || table->kind == CASCADE_TABLE_VIRTUAL)
    return refuse(fill, error, CASCADE_INVALID, "%s is a view or a virtual table; fill a table%s", "");
  if (table->flags & CASCADE_TABLE_NOT_TRANSACTIONAL)
    return refuse(fill, error, CASCADE_ENGINE,
                  "the storage engine of table %s has no transactions, so that nothing could be undone; "
                  "make it InnoDB%s",
                  "");
  fill->sql_table = (casc_sql_table){
      .schema = *table->schema ? table->schema : NULL, .name = table->name, .only = table->flags & CASCADE_TABLE_INHERITED};
  return CASCADE_OK;
}

static casc_fill_affinity kept_as(const casc_column *column) {
  if (column->affinity == CASC_AFFINITY_INTEGER) return CASC_FILL_INTEGERS;
  if (column->affinity == CASC_AFFINITY_TEXT) return CASC_FILL_TEXTS;
  return column->affinity == CASC_AFFINITY_NUMERIC ? CASC_FILL_NUMBERS : CASC_FILL_ANY;
}

typedef struct lists {
  uint32_t *positions;
  const char **names, **casts, **types, **collations;
  int32_t *values, *affinities;
  bool *key, *nullable;
} lists;

static bool get_lists(cascade_fill *fill, uint32_t count, lists *all) {
  casc_arena *arena = &fill->arena;
  *all = (lists){casc_arena_get(arena, count, sizeof *all->positions),  casc_arena_get(arena, count, sizeof *all->names),
                 casc_arena_get(arena, count, sizeof *all->casts),      casc_arena_get(arena, count, sizeof *all->types),
                 casc_arena_get(arena, count, sizeof *all->collations), casc_arena_get(arena, count, sizeof *all->values),
                 casc_arena_get(arena, count, sizeof *all->affinities), casc_arena_get(arena, count, sizeof *all->key),
                 casc_arena_get(arena, count, sizeof *all->nullable)};
  return all->positions && all->names && all->casts && all->types && all->collations && all->values && all->affinities &&
         all->key && all->nullable;
}

static cascade_status add_column(cascade_fill *fill, const lists *all, uint32_t i, const char *name, cascade_error **error) {
  uint32_t position = name ? casc_find_column(fill->table, name) : CASC_NONE;
  if (position == CASC_NONE) return refuse(fill, error, CASCADE_NOT_FOUND, "table %s has no column %s", name ? name : "(NULL)");
  const casc_column *column = &fill->table->columns[position];
  for (uint32_t j = 0; j < i; j++)
    if (all->positions[j] == position) return refuse(fill, error, CASCADE_INVALID, "table %s: column %s is named twice", name);
  if (column->flags & CASCADE_COLUMN_GENERATED)
    return refuse(fill, error, CASCADE_INVALID, "table %s: column %s is computed and cannot be set", name);
  all->positions[i] = position;
  all->names[i] = column->name;
  all->types[i] = column->type;
  all->collations[i] = column->collation || fill->sql.dialect->row_locks ? column->collation : "BINARY";
  all->values[i] = column->value_type;
  all->affinities[i] = kept_as(column);
  all->nullable[i] = !(column->flags & CASCADE_COLUMN_NOT_NULL) &&
                     !(fill->table->integer_key && fill->table->key_count == 1 && fill->table->key[0] == position);
  all->casts[i] =
      fill->sql.dialect->row_source_cast(&fill->arena, column->type, column->sql_type, column->collation, column->value_type);
  return all->casts[i] ? CASCADE_OK : casc_nomem(error);
}

static uint32_t position_in_fill(const cascade_fill *fill, const char *name) {
  uint32_t position = name ? casc_find_column(fill->table, name) : CASC_NONE;
  for (uint32_t i = 0; position != CASC_NONE && i < fill->sql.count; i++)
    if (fill->columns[i] == position) return i;
  return CASC_NONE;
}

static cascade_status set_key(cascade_fill *fill, const cascade_fill_target *target, bool *key, cascade_error **error) {
  uint32_t *positions = casc_arena_get(&fill->arena, target->key_count, sizeof *positions);
  if (!positions) return casc_nomem(error);
  for (uint32_t i = 0; i < target->key_count; i++) {
    uint32_t at = position_in_fill(fill, target->key[i]);
    if (at == CASC_NONE)
      return refuse(fill, error, CASCADE_INVALID, "table %s: column %s of the key is not among the columns",
                    target->key[i] ? target->key[i] : "(NULL)");
    if (key[at]) return refuse(fill, error, CASCADE_INVALID, "table %s: column %s is named twice in the key", target->key[i]);
    key[at] = true;
    positions[i] = fill->columns[at];
  }
  if (!casc_is_key(fill->table, positions, target->key_count))
    return refuse(fill, error, CASCADE_NO_KEY,
                  "table %s: there is no unique index of just the columns of the key, by which rows that are "
                  "there already could be told; create one, or name another key%s",
                  "");
  return CASCADE_OK;
}

static cascade_status set_range(cascade_fill *fill, const cascade_fill_target *target, cascade_error **error) {
  const char *name = target->range ? target->range : target->key[0];
  uint32_t at = position_in_fill(fill, name);
  if (at == CASC_NONE || !fill->sql.key[at])
    return refuse(fill, error, CASCADE_INVALID, "table %s: column %s, in whose ranges the work would go, is not of the key", name);
  fill->sql.range = at;
  return CASCADE_OK;
}

cascade_status casc_fill_target_set(cascade_fill *fill, const cascade_fill_target *given, cascade_error **error) {
  cascade_fill_target target = {0};
  lists all;
  const char *engine = fill->connection->capabilities.engine;
  cascade_status status = CASC_OPTIONS(fill->context, given, target, key_count, error);
  if (status >= 0 && strcmp(fill->graph->engine, engine))
    return casc_fail(fill->context, error, CASCADE_UNSUPPORTED, "the graph is of engine %s, the connection of %s",
                     fill->graph->engine, engine);
  if (status >= 0) status = find_table(fill, target.table, error);
  if (status < 0) return status;
  if (!target.columns || !target.column_count) return refuse(fill, error, CASCADE_INVALID, "table %s: no columns are given%s", "");
  if (!target.key || !target.key_count)
    return refuse(fill, error, CASCADE_NO_KEY, "table %s: no key is given, by which rows that are there already could be told%s",
                  "");
  if (!get_lists(fill, target.column_count, &all)) return casc_nomem(error);
  fill->sql.dialect = casc_dialect_of(engine);
  for (uint32_t i = 0; status >= 0 && i < target.column_count; i++) status = add_column(fill, &all, i, target.columns[i], error);
  if (status < 0) return status;
  fill->columns = all.positions;
  fill->sql = (casc_sql_fill){.dialect = fill->sql.dialect,
                              .table = &fill->sql_table,
                              .count = target.column_count,
                              .columns = all.names,
                              .casts = all.casts,
                              .types = all.types,
                              .collations = all.collations,
                              .value_types = all.values,
                              .affinities = all.affinities,
                              .key = all.key,
                              .nullable = all.nullable,
                              .inserts = fill->options.mode != CASCADE_FILL_UPDATE,
                              .updates = fill->options.mode != CASCADE_FILL_INSERT};
  if (fill->sql.updates && target.key_count >= target.column_count)
    return refuse(fill, error, CASCADE_INVALID, "table %s: there are no columns outside the key that an update could set%s", "");
  status = set_key(fill, &target, all.key, error);
  return status < 0 ? status : set_range(fill, &target, error);
}

static cascade_status ask(cascade_fill *fill, void (*question)(casc_statement *), int64_t *answer, cascade_error **error) {
  casc_statement statement;
  *answer = 1;
  if (!question) return CASCADE_OK;
  casc_session_statement(fill->connection, &statement);
  question(&statement);
  cascade_status status = casc_ask_integer(fill->connection, &statement, 0, answer, error);
  casc_statement_free(&statement);
  return status;
}

static cascade_status find_checkpoint(cascade_fill *fill, cascade_error **error) {
  const char *name = fill->options.checkpoint_table;
  uint32_t position = 0;
  if (!name) return CASCADE_OK;
  cascade_status status = cascade_graph_find_table(fill->graph, name, &position, NULL);
  const casc_table *table = status < 0 ? NULL : &fill->graph->tables[position];
  if (!table || casc_find_column(table, "job") == CASC_NONE || casc_find_column(table, "token") == CASC_NONE)
    return casc_fail_at(
        fill->context, error, CASCADE_NOT_FOUND, name, NULL,
        "there is no checkpoint table %s; CREATE TABLE %s (job VARCHAR(190) PRIMARY KEY, token VARCHAR(400) NOT NULL)", name, name);
  if (table->flags & CASCADE_TABLE_NOT_TRANSACTIONAL)
    return casc_fail_at(fill->context, error, CASCADE_ENGINE, table->label, NULL,
                        "the storage engine of the checkpoint table %s has no transactions; make it InnoDB", table->label);
  fill->checkpoint = (casc_sql_table){.schema = *table->schema ? table->schema : NULL, .name = table->name};
  return CASCADE_OK;
}

cascade_status casc_fill_session_check(cascade_fill *fill, cascade_error **error) {
  const casc_dialect *dialect = fill->sql.dialect;
  int64_t enforced = 1, strict = 1;
  bool refers = fill->table->from_count && !(fill->options.allow & CASCADE_ALLOW_UNENFORCED);
  cascade_status status = find_checkpoint(fill, error);
  if (status >= 0) status = ask(fill, refers ? dialect->checks_state : NULL, &enforced, error);
  if (status >= 0) status = ask(fill, dialect->strict_state, &strict, error);
  if (status < 0) return status;
  if (!enforced)
    return refuse(fill, error, CASCADE_UNENFORCED,
                  "table %s refers to others, and the session does not enforce foreign keys (%s); turn "
                  "them on, or allow it: CASCADE_ALLOW_UNENFORCED, --allow-unenforced",
                  dialect->checks_name);
  if (!strict)
    return refuse(fill, error, CASCADE_UNENFORCED,
                  "table %s: the session would write values that it had to change; SET sql_mode = "
                  "CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')%s",
                  "");
  return CASCADE_OK;
}

/* What the database says of a statement that it does not understand has a class of its own on every engine. */
static cascade_status wrong_columns(cascade_fill *fill, cascade_error *failure, cascade_error **error) {
  cascade_status status = cascade_error_status(failure);
  if (status != CASCADE_SCHEMA && status != CASCADE_DATABASE) return casc_error_pass(failure, error);
  status =
      casc_fail_at(fill->context, error, CASCADE_SCHEMA, fill->table->label, NULL, "source %u as a table of %u column%s: %s",
                   fill->sql.source_count + 1, fill->sql.count, fill->sql.count == 1 ? "" : "s", cascade_error_message(failure));
  cascade_error_free(failure);
  return status;
}

/* The row of the source's types; statement and cursor are the caller's, also on failure. */
static cascade_status probe(cascade_fill *fill, const casc_sql_source *source, casc_statement *statement, casc_cursor *cursor,
                            const cascade_value **row, cascade_error **error) {
  for (bool closely = casc_fill_probes_closely(&fill->sql);; closely = false) {
    cascade_error *failure = NULL;
    casc_session_statement(fill->connection, statement);
    casc_fill_probe(statement, &fill->sql, source, closely);
    cascade_status status = casc_query(fill->connection, statement, cursor, &failure);
    if (status >= 0) status = casc_next(cursor, row, &failure);
    if (status >= 0) return status;
    if (!closely || (status != CASCADE_SCHEMA && status != CASCADE_DATABASE)) return casc_error_pass(failure, error);
    casc_cursor_close(cursor);
    casc_statement_free(statement);
    cascade_error_free(failure);
    *cursor = (casc_cursor){0};
  }
}

static cascade_status take_column(cascade_fill *fill, casc_statement *statement, uint32_t column, const cascade_value *texts,
                                  const char **item, cascade_error **error) {
  const char *words = casc_fill_mismatch(statement, &fill->sql, column, texts);
  if (words)
    return casc_fail_at(fill->context, error, CASCADE_SCHEMA, fill->table->label, NULL,
                        "table %s: source %u gives something else in its column %u: %s", fill->table->label,
                        fill->sql.source_count + 1, column + 1, words);
  return casc_fill_item(&fill->arena, &fill->sql, column, texts, item) ? CASCADE_OK : casc_nomem(error);
}

cascade_status casc_fill_source_check(cascade_fill *fill, casc_sql_source *source, cascade_error **error) {
  casc_statement statement;
  casc_cursor cursor = {0};
  const cascade_value *row = NULL;
  uint32_t width = casc_fill_probe_width(&fill->sql), range = fill->sql.range;
  if (!casc_fill_ranges_over(&fill->sql))
    return refuse(fill, error, CASCADE_INVALID,
                  "table %s: the values of column %s are not compared as they are sorted or shown, so that no ranges of them can "
                  "be told; name another column, or stream the rows",
                  fill->sql.columns[range]);
  const char **items = casc_arena_get(&fill->arena, fill->sql.count, sizeof *items);
  if (!items) return casc_nomem(error);
  cascade_error *failure = NULL;
  cascade_status status = probe(fill, source, &statement, &cursor, &row, &failure);
  if (status < 0) status = wrong_columns(fill, failure, error);
  for (uint32_t i = 0; status == CASCADE_OK && i < fill->sql.count; i++)
    status = take_column(fill, &statement, i, &row[i * width], &items[i], error);
  source->items = items;
  casc_cursor_close(&cursor);
  casc_statement_free(&statement);
  return status < 0 ? status : CASCADE_OK;
}

#include "postgres_catalog.h"
#include "postgres_reader.h"

#include <stdlib.h>

/* The next number in a list of them, whatever stands between. */
static bool next_number(const char **at, const char *end, int64_t *number) {
  while (*at < end && (**at < '0' || **at > '9') && **at != '-') ++*at;
  bool found = *at < end, negative = found && **at == '-';
  if (negative) ++*at;
  for (*number = 0; *at < end && **at >= '0' && **at <= '9'; ++*at) *number = *number * 10 + (**at - '0');
  if (negative) *number = -*number;
  return found;
}

/* ---- indexes ---- */

/* OID of the table, name, numbers of its columns and 0 for expressions, their collations or NULL for none, how many of them are
   searched, facts */
static bool read_index(void *self, const cascade_value *row) {
  casc_postgres_reader *reader = self;
  uint32_t table = casc_postgres_table_at(reader, casc_row_integer(&row[0]));
  if (table == CASC_NONE) return true;
  casc_postgres_index *found = CASC_ADD(reader->alloc, &reader->indexes);
  if (!found) return false;
  found->table = table;
  found->first = (uint32_t)reader->indexed.count;
  found->primary = casc_row_integer(&row[5]) & CASC_POSTGRES_PRIMARY;
  found->index.unique = casc_row_integer(&row[5]) & CASC_POSTGRES_UNIQUE;
  found->index.partial = casc_row_integer(&row[5]) & CASC_POSTGRES_PARTIAL;
  const char *numbers = row[2].data, *end = numbers + row[2].length;
  const char *collations = row[3].length ? row[3].data : "", *collations_end = collations + row[3].length;
  int64_t number, collation = 0, searched = casc_row_integer(&row[4]);
  while (found->index.count < searched && next_number(&numbers, end, &number)) {
    uint32_t *column = CASC_ADD(reader->alloc, &reader->indexed);
    if (!column) return false;
    *column = casc_postgres_column_at(reader, table, number);
    next_number(&collations, collations_end, &collation);
    reader->torn |= number > 0 && *column == CASC_NONE;
    if (*column != CASC_NONE && reader->columns.items[reader->found.items[table].column + *column].collation != collation)
      found->index.recollated = true;
    found->index.count++;
  }
  return (found->index.name = casc_row_text(reader->arena, &row[1])) != NULL;
}

static int by_table_and_name(const void *left, const void *right) {
  const casc_postgres_index *a = left, *b = right;
  if (a->table != b->table) return a->table < b->table ? -1 : 1;
  return strcmp(a->index.name, b->index.name);
}

static bool settle_indexes(casc_postgres_reader *reader) {
  size_t count = reader->indexes.count;
  uint32_t *columns = casc_arena_get(reader->arena, reader->indexed.count, sizeof *columns);
  casc_index *indexes = casc_arena_get(reader->arena, count, sizeof *indexes);
  if (!columns || !indexes) return false;
  if (reader->indexed.count) memcpy(columns, reader->indexed.items, reader->indexed.count * sizeof *columns);
  if (count) qsort(reader->indexes.items, count, sizeof *reader->indexes.items, by_table_and_name);
  for (size_t i = 0; i < count; i++) {
    const casc_postgres_index *found = &reader->indexes.items[i];
    casc_table *table = &reader->tables.items[found->table];
    if (!table->index_count++) table->indexes = &indexes[i];
    indexes[i] = found->index;
    indexes[i].columns = columns + found->first;
    if (!found->primary) continue;
    table->key = columns + found->first;
    table->key_count = found->index.count;
  }
  return true;
}

/* ---- triggers ---- */

static bool add_trigger(casc_postgres_reader *reader, uint32_t table, const cascade_value *row) {
  casc_postgres_trigger *found = CASC_ADD(reader->alloc, &reader->triggers);
  if (!found) return false;
  found->table = table;
  found->trigger.on_delete = casc_row_integer(&row[3]);
  found->trigger.on_update = casc_row_integer(&row[4]);
  return (found->trigger.name = casc_row_text(reader->arena, &row[1])) != NULL;
}

/* OID of the table, name of the trigger or rule, whether it fires for each row, on DELETE, on UPDATE */
static bool read_trigger(void *self, const cascade_value *row) {
  casc_postgres_reader *reader = self;
  uint32_t table = casc_postgres_table_at(reader, casc_row_integer(&row[0]));
  if (table == CASC_NONE) return true;
  if (!add_trigger(reader, table, row)) return false;
  uint32_t root = reader->found.items[table].root;
  /* A row's trigger fires wherever the row was reached from. */
  return root == CASC_NONE || !casc_row_integer(&row[2]) || add_trigger(reader, root, row);
}

static int by_table_and_trigger(const void *left, const void *right) {
  const casc_postgres_trigger *a = left, *b = right;
  if (a->table != b->table) return a->table < b->table ? -1 : 1;
  return strcmp(a->trigger.name, b->trigger.name);
}

static bool settle_triggers(casc_postgres_reader *reader) {
  size_t count = reader->triggers.count;
  casc_trigger *triggers = casc_arena_get(reader->arena, count, sizeof *triggers);
  if (!triggers) return false;
  if (count) qsort(reader->triggers.items, count, sizeof *reader->triggers.items, by_table_and_trigger);
  for (size_t i = 0; i < count; i++) {
    casc_table *table = &reader->tables.items[reader->triggers.items[i].table];
    if (!table->trigger_count++) table->triggers = &triggers[i];
    triggers[i] = reader->triggers.items[i].trigger;
  }
  return true;
}

/* ---- foreign keys ---- */

static int32_t action_of(const cascade_value *letter) {
  switch (casc_row_integer(letter)) {
  case 'c': return CASCADE_ACTION_CASCADE;
  case 'r': return CASCADE_ACTION_RESTRICT;
  case 'n': return CASCADE_ACTION_SET_NULL;
  case 'd': return CASCADE_ACTION_SET_DEFAULT;
  default: return CASCADE_ACTION_NO_ACTION;
  }
}

/* Names of the columns with these numbers. */
static bool read_names(casc_postgres_reader *reader, uint32_t table, const cascade_value *numbers, const char *const **names,
                       uint32_t *count) {
  const char *at = numbers->data, *end = at + numbers->length;
  int64_t number;
  *count = 0;
  while (next_number(&at, end, &number)) ++*count;
  const char **read = casc_arena_get(reader->arena, *count, sizeof *read);
  if (!read) return false;
  at = numbers->data;
  for (uint32_t i = 0; next_number(&at, end, &number); i++) {
    uint32_t column = casc_postgres_column_at(reader, table, number);
    reader->torn |= column == CASC_NONE;
    read[i] = column == CASC_NONE ? "" : reader->tables.items[table].columns[column].name;
  }
  *names = read;
  return true;
}

/* A partition's own keys hold for some rows of the whole, of which the whole's relations know nothing. */
static void mark_root(casc_postgres_reader *reader, uint32_t table) {
  uint32_t root = reader->found.items[table].root;
  if (root != CASC_NONE) reader->tables.items[root].flags |= CASCADE_TABLE_PARTITION_KEYS;
}

/* OIDs of the referencing and the referenced table, name, numbers of the referencing and of the referenced columns, numbers of
   those that are set or NULL for all, actions on delete and on update, facts */
static bool read_key(void *self, const cascade_value *row) {
  casc_postgres_reader *reader = self;
  uint32_t table = casc_postgres_table_at(reader, casc_row_integer(&row[0])), ref_count;
  uint32_t ref = casc_postgres_table_at(reader, casc_row_integer(&row[1]));
  if (table == CASC_NONE || ref == CASC_NONE) return reader->torn = true;
  int64_t facts = casc_row_integer(&row[8]);
  casc_raw_relation *key = CASC_ADD(reader->alloc, &reader->keys);
  if (!key) return false;
  *key = (casc_raw_relation){.table = table,
                             .ref_schema = reader->tables.items[ref].schema,
                             .ref_table = reader->tables.items[ref].name,
                             .on_delete = action_of(&row[6]),
                             .on_update = action_of(&row[7]),
                             .match_full = facts & CASC_POSTGRES_MATCH_FULL,
                             .deferrable = facts & CASC_POSTGRES_DEFERRABLE,
                             .initially_deferred = facts & CASC_POSTGRES_DEFERRED,
                             .not_validated = !(facts & CASC_POSTGRES_VALIDATED)};
  key->name = casc_row_text(reader->arena, &row[2]);
  mark_root(reader, table);
  mark_root(reader, ref);
  return key->name && read_names(reader, table, &row[3], &key->columns, &key->count) &&
         read_names(reader, ref, &row[4], &key->ref_columns, &ref_count) &&
         (row[5].type == CASCADE_NULL || read_names(reader, table, &row[5], &key->set_columns, &key->set_count));
}

static int by_table_and_key(const void *left, const void *right) {
  const casc_raw_relation *a = left, *b = right;
  if (a->table != b->table) return a->table < b->table ? -1 : 1;
  return strcmp(a->name, b->name);
}

static bool settle_keys(casc_postgres_reader *reader, casc_schema *schema) {
  size_t count = reader->keys.count;
  schema->relations = casc_arena_get(reader->arena, count, sizeof *schema->relations);
  if (!schema->relations) return false;
  schema->relation_count = (uint32_t)count;
  if (!count) return true;
  qsort(reader->keys.items, count, sizeof *reader->keys.items, by_table_and_key);
  memcpy(schema->relations, reader->keys.items, count * sizeof *schema->relations);
  return true;
}

cascade_status casc_postgres_read_keys(casc_postgres_reader *reader, casc_schema *schema, cascade_error **error) {
  cascade_status status = casc_postgres_query(reader, casc_postgres_indexes, read_index, error);
  if (status >= 0) status = casc_postgres_query(reader, casc_postgres_triggers, read_trigger, error);
  if (status >= 0) status = casc_postgres_query_tables(reader, casc_postgres_foreign_keys, read_key, error);
  if (status < 0) return status;
  return settle_indexes(reader) && settle_triggers(reader) && settle_keys(reader, schema) ? CASCADE_OK : casc_nomem(error);
}

#include "sqlite.h"

#include "dialect.h"
#include "map.h"
#include "names.h"
#include "rows.h"
#include "sqlite_catalog.h"
#include "sqlite_ddl.h"

#include <string.h>

/* Tables are found again by their number in sqlite_master, or by their name as it is stored. Lists of which the length
   is not known grow here and are copied into the arena when they are whole. */

enum { ROWID_CHUNK = 400 }; /* SQLite compiles no compound of more than 500 */

typedef struct found_kind {
  int32_t kind;
  bool hidden, without_rowid;
} found_kind;

typedef struct found_table {
  int64_t number;
  const char *sql;
  uint32_t first_column, first_key, key_count;
  bool key_indexed; /* the primary key has an index of its own, so that it is not the rowid */
} found_table;

typedef struct found_key {
  casc_raw_relation relation;
  uint32_t first; /* of its columns */
} found_key;

typedef struct found_index {
  casc_index index;
  uint32_t table, first;
  bool automatic;
} found_index;

typedef struct found_trigger {
  casc_trigger trigger;
  uint32_t table;
} found_trigger;

typedef struct catalog_reader {
  cascade_connection *connection;
  const casc_alloc *alloc;
  casc_arena *arena;
  casc_arena passing; /* for texts that are needed while reading only */
  CASC_LIST(found_kind) kinds;
  CASC_LIST(casc_table) tables;
  CASC_LIST(found_table) found;
  CASC_LIST(casc_column) columns;
  CASC_LIST(uint32_t) key_positions; /* by column: position in the primary key from 1, or 0 */
  CASC_LIST(found_key) keys;
  CASC_LIST(const char *) from;
  CASC_LIST(const char *) to; /* NULL: the primary key */
  CASC_LIST(found_index) indexes;
  CASC_LIST(uint32_t) indexed;
  CASC_LIST(found_trigger) triggers;
  casc_map kind_of, by_name;   /* position in `kinds` and in `tables` */
  uint32_t chunk[ROWID_CHUNK]; /* tables whose largest rowid is being asked for */
  bool analyzed;               /* sqlite_stat1 exists */
} catalog_reader;

static const char *text_of(catalog_reader *reader, const cascade_value *value) {
  return casc_row_text(reader->arena, value);
}

static const char *passing_text(catalog_reader *reader, const cascade_value *value) {
  return casc_row_text(&reader->passing, value);
}

static cascade_status query(catalog_reader *reader, void (*write)(casc_statement *), casc_row_reader read, cascade_error **error) {
  casc_statement statement;
  casc_session_statement(reader->connection, &statement);
  write(&statement);
  cascade_status status = casc_rows_read(reader->connection, &statement, read, reader, error);
  casc_statement_free(&statement);
  return status;
}

/* Position of the table with this number; queries give tables in the order of their numbers. */
static uint32_t table_numbered(const catalog_reader *reader, int64_t number) {
  size_t low = 0, high = reader->found.count;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (reader->found.items[middle].number < number) low = middle + 1;
    else high = middle;
  }
  return low < reader->found.count && reader->found.items[low].number == number ? (uint32_t)low : CASC_NONE;
}

static bool find_named(catalog_reader *reader, const casc_map *map, const cascade_value *name, uint32_t *position) {
  const char *text = passing_text(reader, name);
  *position = CASC_NONE;
  if (text) casc_map_get(map, text, position);
  return text != NULL;
}

/* name, kind, WITHOUT ROWID */
static bool read_kind(void *data, const cascade_value *row) {
  catalog_reader *reader = data;
  const char *name = passing_text(reader, &row[0]);
  found_kind *kind = name ? CASC_ADD(reader->alloc, &reader->kinds) : NULL;
  if (!kind) return false;
  if (casc_row_text_is(&row[1], "view")) kind->kind = CASCADE_TABLE_VIEW;
  if (casc_row_text_is(&row[1], "virtual")) kind->kind = CASCADE_TABLE_VIRTUAL;
  kind->hidden = casc_row_text_is(&row[1], "shadow") || strncmp(name, "sqlite_", 7) == 0;
  kind->without_rowid = casc_row_integer(&row[2]);
  if (strcmp(name, "sqlite_stat1") == 0) reader->analyzed = true;
  return casc_map_put(&reader->kind_of, name, (uint32_t)reader->kinds.count - 1);
}

/* number, name, CREATE statement */
static bool read_table(void *data, const cascade_value *row) {
  catalog_reader *reader = data;
  uint32_t at;
  if (!find_named(reader, &reader->kind_of, &row[1], &at)) return false;
  if (at == CASC_NONE || reader->kinds.items[at].hidden) return true;
  const found_kind kind = reader->kinds.items[at];
  casc_table *table = CASC_ADD(reader->alloc, &reader->tables);
  found_table *found = CASC_ADD(reader->alloc, &reader->found);
  if (!table || !found) return false;
  table->schema = "";
  table->kind = kind.kind;
  table->flags = kind.without_rowid ? CASCADE_TABLE_WITHOUT_ROWID : 0;
  table->row_estimate = -1;
  found->number = casc_row_integer(&row[0]);
  table->name = text_of(reader, &row[1]);
  found->sql = passing_text(reader, &row[2]);
  return table->name && found->sql && casc_map_put(&reader->by_name, table->name, (uint32_t)reader->tables.count - 1);
}

/* number of the table, name, type, NOT NULL, default, position in the primary key, hidden: 2 and 3 are generated */
static bool read_column(void *data, const cascade_value *row) {
  catalog_reader *reader = data;
  uint32_t at = table_numbered(reader, casc_row_integer(&row[0]));
  if (at == CASC_NONE) return true;
  casc_table *table = &reader->tables.items[at];
  if (!table->column_count++) reader->found.items[at].first_column = (uint32_t)reader->columns.count;
  casc_column *column = CASC_ADD(reader->alloc, &reader->columns);
  uint32_t *key_position = CASC_ADD(reader->alloc, &reader->key_positions);
  if (!column || !key_position) return false;
  const char *type = text_of(reader, &row[2]);
  column->name = text_of(reader, &row[1]);
  if (!type || !column->name) return false;
  casc_column_set_type(column, type);
  if (row[4].type != CASCADE_NULL && !(column->default_sql = text_of(reader, &row[4]))) return false;
  if (casc_row_integer(&row[3])) column->flags |= CASCADE_COLUMN_NOT_NULL;
  if (casc_row_integer(&row[6]) >= 2) column->flags |= CASCADE_COLUMN_GENERATED;
  *key_position = (uint32_t)casc_row_integer(&row[5]);
  if (*key_position) table->key_count++;
  return true;
}

static int32_t action_of(const cascade_value *value) {
  if (casc_row_text_is(value, "CASCADE")) return CASCADE_ACTION_CASCADE;
  if (casc_row_text_is(value, "RESTRICT")) return CASCADE_ACTION_RESTRICT;
  if (casc_row_text_is(value, "SET NULL")) return CASCADE_ACTION_SET_NULL;
  if (casc_row_text_is(value, "SET DEFAULT")) return CASCADE_ACTION_SET_DEFAULT;
  return CASCADE_ACTION_NO_ACTION;
}

/* number of the table, id of the key, position in the key, referenced table, column, referenced column or NULL, ON
   UPDATE, ON DELETE */
static bool read_key(void *data, const cascade_value *row) {
  catalog_reader *reader = data;
  uint32_t at = table_numbered(reader, casc_row_integer(&row[0]));
  if (at == CASC_NONE) return true;
  found_table *table = &reader->found.items[at];
  if (casc_row_integer(&row[2]) == 0) {
    if (!table->key_count++) table->first_key = (uint32_t)reader->keys.count;
    found_key *key = CASC_ADD(reader->alloc, &reader->keys);
    if (!key) return false;
    key->first = (uint32_t)reader->from.count;
    key->relation = (casc_raw_relation){
        .name = "", .table = at, .ref_schema = "", .on_update = action_of(&row[6]), .on_delete = action_of(&row[7])};
    if (!(key->relation.ref_table = text_of(reader, &row[3]))) return false;
  }
  const char **from = CASC_ADD(reader->alloc, &reader->from), **to = CASC_ADD(reader->alloc, &reader->to);
  if (!from || !to) return false;
  reader->keys.items[reader->keys.count - 1].relation.count++;
  *from = text_of(reader, &row[4]);
  if (row[5].type != CASCADE_NULL && !(*to = text_of(reader, &row[5]))) return false;
  return *from != NULL;
}

/* A part of a constraint's own index: origin, column, collation. */
static bool read_automatic(catalog_reader *reader, found_index *found, const cascade_value *row) {
  uint32_t *column = CASC_ADD(reader->alloc, &reader->indexed);
  if (!column) return false;
  found->index.count++;
  found->index.unique = found->automatic = true;
  if (casc_row_text_is(&row[3], "pk")) reader->found.items[found->table].key_indexed = true;
  const casc_table *table = &reader->tables.items[found->table];
  int64_t position = row[4].type == CASCADE_NULL ? -1 : casc_row_integer(&row[4]);
  *column = position >= 0 && position < table->column_count ? (uint32_t)position : CASC_NONE;
  if (*column == CASC_NONE) return true;
  const char *collation = table->columns[*column].collation, *own = passing_text(reader, &row[5]);
  if (own && !casc_same_name(own, collation ? collation : "BINARY")) found->index.recollated = true;
  return own != NULL;
}

/* name of the table, name; CREATE statement of one that was created, or origin, column, collation of a constraint's */
static bool read_index(void *data, const cascade_value *row) {
  catalog_reader *reader = data;
  uint32_t table = CASC_NONE;
  if (!find_named(reader, &reader->by_name, &row[0], &table)) return false;
  if (table == CASC_NONE) return true;
  found_index *found = reader->indexes.count ? &reader->indexes.items[reader->indexes.count - 1] : NULL;
  bool automatic = row[2].type == CASCADE_NULL;
  if (!found || !automatic || !found->automatic || !casc_row_text_is(&row[1], found->index.name)) {
    if (!(found = CASC_ADD(reader->alloc, &reader->indexes))) return false;
    found->table = table;
    found->first = (uint32_t)reader->indexed.count;
    if (!(found->index.name = text_of(reader, &row[1]))) return false;
  }
  if (automatic) return read_automatic(reader, found, row);
  const char *sql = passing_text(reader, &row[2]);
  return sql && casc_ddl_index(reader->arena, sql, &reader->tables.items[table], &found->index);
}

/* name of the table, name, CREATE statement */
static bool read_trigger(void *data, const cascade_value *row) {
  catalog_reader *reader = data;
  uint32_t table = CASC_NONE;
  if (!find_named(reader, &reader->by_name, &row[0], &table)) return false;
  if (table == CASC_NONE) return true;
  found_trigger *found = CASC_ADD(reader->alloc, &reader->triggers);
  const char *sql = passing_text(reader, &row[2]);
  if (!found || !sql) return false;
  found->table = table;
  casc_ddl_trigger(sql, &found->trigger);
  return (found->trigger.name = text_of(reader, &row[1])) != NULL;
}

/* name of the table, rows of it or of one of its indexes */
static bool read_statistics(void *data, const cascade_value *row) {
  catalog_reader *reader = data;
  uint32_t at = CASC_NONE;
  if (!find_named(reader, &reader->by_name, &row[0], &at)) return false;
  if (at == CASC_NONE) return true;
  int64_t rows = casc_row_integer(&row[1]), *estimate = &reader->tables.items[at].row_estimate;
  if (rows > *estimate) *estimate = rows;
  return true;
}

/* position in the chunk, largest rowid or NULL */
static bool read_largest(void *data, const cascade_value *row) {
  catalog_reader *reader = data;
  int64_t at = casc_row_integer(&row[0]), largest = casc_row_integer(&row[1]);
  if (at >= 0 && at < ROWID_CHUNK) reader->tables.items[reader->chunk[at]].row_estimate = largest > 0 ? largest : 0;
  return true;
}

static bool has_column(const casc_table *table, const char *name) {
  for (uint32_t i = 0; i < table->column_count; i++)
    if (casc_same_name(table->columns[i].name, name)) return true;
  return false;
}

/* Tables that nobody has analyzed: their largest rowid bounds the rows from above. */
static cascade_status read_rowids(catalog_reader *reader, cascade_error **error) {
  const char *names[ROWID_CHUNK];
  uint32_t count = 0;
  cascade_status status = CASCADE_OK;
  casc_statement statement;
  casc_session_statement(reader->connection, &statement);
  for (uint32_t i = 0; status == CASCADE_OK && i < reader->tables.count; i++) {
    const casc_table *table = &reader->tables.items[i];
    if (table->kind == CASCADE_TABLE_ORDINARY && table->row_estimate < 0 && !(table->flags & CASCADE_TABLE_WITHOUT_ROWID) &&
        !has_column(table, "_rowid_")) {
      names[count] = table->name;
      reader->chunk[count++] = i;
    }
    if (count == ROWID_CHUNK || (count && i + 1 == reader->tables.count)) {
      casc_statement_clear(&statement);
      casc_sqlite_largest_rowids(&statement, names, count);
      status = casc_rows_read(reader->connection, &statement, read_largest, reader, error);
      count = 0;
    }
  }
  casc_statement_free(&statement);
  return status;
}

/* The flat list of columns becomes each table's own; then the primary keys. */
static bool settle_columns(catalog_reader *reader) {
  casc_column *columns = casc_arena_get(reader->arena, reader->columns.count, sizeof *columns);
  uint32_t *keys = casc_arena_get(reader->arena, reader->columns.count, sizeof *keys);
  if (!columns || !keys) return false;
  if (reader->columns.count) memcpy(columns, reader->columns.items, reader->columns.count * sizeof *columns);
  for (size_t i = 0; i < reader->tables.count; i++) {
    casc_table *table = &reader->tables.items[i];
    uint32_t first = reader->found.items[i].first_column;
    table->columns = columns + first;
    table->key = keys;
    keys += table->key_count;
    for (uint32_t c = 0; c < table->column_count; c++) {
      uint32_t position = reader->key_positions.items[first + c];
      if (position && position <= table->key_count) table->key[position - 1] = c;
    }
  }
  return true;
}

/* Names and deferral of foreign keys, and the columns' collations. */
static bool read_statements(catalog_reader *reader) {
  for (size_t i = 0; i < reader->tables.count; i++) {
    const found_table *found = &reader->found.items[i];
    casc_ddl_key *keys = NULL;
    uint32_t count = 0;
    if (reader->tables.items[i].kind != CASCADE_TABLE_ORDINARY) continue;
    if (!casc_ddl_table(reader->arena, found->sql, &reader->tables.items[i], &keys, &count)) return false;
    for (uint32_t k = 0; count == found->key_count && k < count; k++) {
      casc_raw_relation *relation = &reader->keys.items[found->first_key + count - 1 - k].relation;
      relation->name = keys[k].name;
      relation->deferrable = keys[k].deferrable;
      relation->initially_deferred = keys[k].initially_deferred;
    }
  }
  return true;
}

static bool settle_keys(catalog_reader *reader, casc_schema *schema) {
  const char **from = casc_arena_get(reader->arena, reader->from.count, sizeof *from);
  const char **to = casc_arena_get(reader->arena, reader->to.count, sizeof *to);
  schema->relations = casc_arena_get(reader->arena, reader->keys.count, sizeof *schema->relations);
  if (!from || !to || !schema->relations) return false;
  if (reader->from.count) memcpy(from, reader->from.items, reader->from.count * sizeof *from);
  if (reader->to.count) memcpy(to, reader->to.items, reader->to.count * sizeof *to);
  schema->relation_count = (uint32_t)reader->keys.count;
  casc_raw_relation *relation = schema->relations;
  for (size_t i = 0; i < reader->tables.count; i++) {
    const found_table *table = &reader->found.items[i];
    for (uint32_t k = table->key_count; k-- > 0; relation++) { /* SQLite counts from the key declared last */
      const found_key *key = &reader->keys.items[table->first_key + k];
      *relation = key->relation;
      relation->columns = from + key->first;
      relation->ref_columns = to[key->first] ? to + key->first : NULL;
    }
  }
  return true;
}

/* Indexes and triggers come in any order of tables, and each table's in the order of their making. */
static bool settle_indexes(catalog_reader *reader) {
  uint32_t *columns = casc_arena_get(reader->arena, reader->indexed.count, sizeof *columns);
  casc_index *indexes = casc_arena_get(reader->arena, reader->indexes.count, sizeof *indexes);
  if (!columns || !indexes) return false;
  if (reader->indexed.count) memcpy(columns, reader->indexed.items, reader->indexed.count * sizeof *columns);
  for (size_t i = 0; i < reader->indexes.count; i++) reader->tables.items[reader->indexes.items[i].table].index_count++;
  for (size_t i = 0; i < reader->tables.count; i++) {
    casc_table *table = &reader->tables.items[i];
    table->indexes = indexes;
    indexes += table->index_count;
    table->index_count = 0;
  }
  for (size_t i = 0; i < reader->indexes.count; i++) {
    const found_index *found = &reader->indexes.items[i];
    casc_table *table = &reader->tables.items[found->table];
    casc_index *index = &table->indexes[table->index_count++];
    *index = found->index;
    if (found->automatic) index->columns = columns + found->first;
  }
  return true;
}

static bool settle_triggers(catalog_reader *reader) {
  casc_trigger *triggers = casc_arena_get(reader->arena, reader->triggers.count, sizeof *triggers);
  if (!triggers) return false;
  for (size_t i = 0; i < reader->triggers.count; i++) reader->tables.items[reader->triggers.items[i].table].trigger_count++;
  for (size_t i = 0; i < reader->tables.count; i++) {
    casc_table *table = &reader->tables.items[i];
    table->triggers = triggers;
    triggers += table->trigger_count;
    table->trigger_count = 0;
  }
  for (size_t i = 0; i < reader->triggers.count; i++) {
    casc_table *table = &reader->tables.items[reader->triggers.items[i].table];
    table->triggers[table->trigger_count++] = reader->triggers.items[i].trigger;
  }
  return true;
}

/* The rowid's own column is the one primary key that needs no index. */
static void settle_primary_keys(catalog_reader *reader) {
  for (size_t i = 0; i < reader->tables.count; i++) {
    casc_table *table = &reader->tables.items[i];
    bool stored_by_key = table->flags & CASCADE_TABLE_WITHOUT_ROWID;
    table->integer_key = table->key_count == 1 && !stored_by_key && !reader->found.items[i].key_indexed;
  }
}

static cascade_status read_all(catalog_reader *reader, casc_schema *schema, cascade_error **error) {
  cascade_status status = query(reader, casc_sqlite_kinds, read_kind, error);
  if (status == CASCADE_OK) status = query(reader, casc_sqlite_tables, read_table, error);
  if (status == CASCADE_OK) status = query(reader, casc_sqlite_columns, read_column, error);
  if (status == CASCADE_OK && !settle_columns(reader)) status = casc_nomem(error);
  if (status == CASCADE_OK) status = query(reader, casc_sqlite_foreign_keys, read_key, error);
  if (status == CASCADE_OK && !read_statements(reader)) status = casc_nomem(error);
  if (status == CASCADE_OK) status = query(reader, casc_sqlite_indexes, read_index, error);
  if (status == CASCADE_OK) status = query(reader, casc_sqlite_triggers, read_trigger, error);
  if (status == CASCADE_OK && reader->analyzed) status = query(reader, casc_sqlite_statistics, read_statistics, error);
  if (status == CASCADE_OK) status = read_rowids(reader, error);
  if (status < 0) return status;
  settle_primary_keys(reader);
  if (!settle_keys(reader, schema) || !settle_indexes(reader) || !settle_triggers(reader)) return casc_nomem(error);
  schema->tables = casc_arena_get(reader->arena, reader->tables.count, sizeof *schema->tables);
  if (!schema->tables) return casc_nomem(error);
  if (reader->tables.count) memcpy(schema->tables, reader->tables.items, reader->tables.count * sizeof *schema->tables);
  schema->table_count = (uint32_t)reader->tables.count;
  return CASCADE_OK;
}

static void free_lists(catalog_reader *reader) {
  void *const lists[] = {reader->kinds.items,         reader->tables.items,  reader->found.items,   reader->columns.items,
                         reader->key_positions.items, reader->keys.items,    reader->from.items,    reader->to.items,
                         reader->indexes.items,       reader->indexed.items, reader->triggers.items};
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) casc_free(reader->alloc, lists[i]);
  casc_map_free(&reader->kind_of);
  casc_map_free(&reader->by_name);
  casc_arena_clear(&reader->passing);
}

cascade_status casc_catalog_sqlite(cascade_connection *connection, casc_arena *arena, casc_schema *schema, cascade_error **error) {
  catalog_reader reader = {.connection = connection, .alloc = &connection->context->alloc, .arena = arena};
  casc_arena_init(&reader.passing, reader.alloc);
  casc_map_init(&reader.kind_of, reader.alloc);
  casc_map_init(&reader.by_name, reader.alloc);
  *schema = (casc_schema){.engine = "sqlite"};
  cascade_status status = casc_control(connection, casc_sqlite_snapshot, error);
  if (status == CASCADE_OK) {
    status = read_all(&reader, schema, error);
    cascade_error *late = NULL;
    cascade_status ended = casc_control(connection, casc_sqlite_snapshot_end, &late);
    if (status == CASCADE_OK && ended < 0) status = casc_error_pass(late, error);
    else cascade_error_free(late);
  }
  free_lists(&reader);
  return status;
}

#include "mariadb.h"

#include "mariadb_catalog.h"
#include "mariadb_reader.h"
#include "names.h"

/* The server gives columns and index parts table by table, each table's in their order. They are gathered in flat lists
   for one database, and handed out to its tables when all are there. */

typedef struct found_column {
  casc_column column;
  uint32_t table;
} found_column;

typedef struct found_index {
  casc_index index;
  uint32_t table, first; /* of its parts */
} found_index;

typedef struct found_part {
  uint32_t column;
  bool part; /* holds only the beginning of the column's values, or the words in them */
} found_part;

typedef struct found_trigger {
  casc_trigger trigger;
  uint32_t table;
} found_trigger;

typedef struct database_reader {
  casc_mariadb_reader *all;
  uint32_t last; /* the table of the row before */
  CASC_LIST(found_column) columns;
  CASC_LIST(found_index) indexes;
  CASC_LIST(found_part) parts;
  CASC_LIST(found_trigger) triggers;
  bool words; /* some index looks as one for words in texts would */
} database_reader;

/* The name as the server compares it; NULL when memory is out. */
static const char *folded(casc_mariadb_reader *reader, const char *name) {
  casc_str *key = &reader->scratch;
  if (!reader->fold) return name;
  casc_str_clear(key);
  casc_str_put(key, name);
  for (size_t i = 0; !key->failed && i < key->length; i++) key->data[i] = casc_lower(key->data[i]);
  return key->failed ? NULL : key->data;
}

bool casc_mariadb_find_table(casc_mariadb_reader *reader, uint32_t database, const char *name, uint32_t *table) {
  *table = CASC_NONE;
  const char *key = *name ? folded(reader, name) : "";
  if (key) casc_map_get(&reader->databases.items[database].tables, key, table);
  return key != NULL;
}

uint32_t casc_mariadb_find_database(const casc_mariadb_reader *reader, const char *name) {
  for (uint32_t i = 0; i < reader->databases.count; i++) {
    const char *other = reader->databases.items[i].name;
    if (reader->fold ? casc_same_name(other, name) : strcmp(other, name) == 0) return i;
  }
  return CASC_NONE;
}

uint32_t casc_mariadb_add_database(casc_mariadb_reader *reader, const char *name) {
  uint32_t known = casc_mariadb_find_database(reader, name);
  if (known != CASC_NONE) return known;
  casc_mariadb_database *database = CASC_ADD(reader->alloc, &reader->databases);
  if (!database) return CASC_NONE;
  casc_map_init(&database->tables, reader->alloc);
  database->name = casc_arena_strdup(reader->arena, name);
  return database->name ? (uint32_t)reader->databases.count - 1 : CASC_NONE;
}

cascade_status casc_mariadb_query(casc_mariadb_reader *reader, void (*write)(casc_statement *, const char *), const char *database,
                                  casc_row_reader read, void *data, cascade_error **error) {
  casc_statement statement;
  casc_session_statement(reader->connection, &statement);
  write(&statement, database);
  cascade_status status = casc_rows_read(reader->connection, &statement, read, data, error);
  casc_statement_free(&statement);
  return status;
}

static bool read_nothing(void *data, const cascade_value *row) {
  (void)data;
  (void)row;
  return true;
}

cascade_status casc_mariadb_probe(casc_mariadb_reader *reader, void (*write)(casc_statement *, const char *), const char *database,
                                  bool *may, cascade_error **error) {
  enum { IN_READ_ONLY_TRANSACTION = 1792 }; /* comes behind the refusal of what the user may not; --read-only before */
  cascade_error *answer = NULL;
  cascade_status status = casc_mariadb_query(reader, write, database, read_nothing, NULL, &answer);
  *may = status == CASCADE_OK || status == CASCADE_SCHEMA || cascade_error_native_code(answer) == IN_READ_ONLY_TRANSACTION;
  if (!*may && status != CASCADE_PRIVILEGE && status != CASCADE_READONLY) return casc_error_pass(answer, error);
  cascade_error_free(answer);
  return CASCADE_OK;
}

/* The table that the row is about, CASC_NONE when it came into being a moment ago. False when memory is out. */
static bool table_of(database_reader *reader, const cascade_value *name, uint32_t *table) {
  const casc_table *tables = reader->all->tables.items;
  *table = reader->last;
  if (*table != CASC_NONE && casc_row_text_is(name, tables[*table].name)) return true;
  const char *text = casc_row_text(&reader->all->passing, name);
  if (!text || !casc_mariadb_find_table(reader->all, reader->all->database, text, table)) return false;
  reader->last = *table;
  return true;
}

/* name, is a view, is of InnoDB, rows */
static bool read_table(void *data, const cascade_value *row) {
  casc_mariadb_reader *reader = ((database_reader *)data)->all;
  casc_mariadb_database *database = &reader->databases.items[reader->database];
  casc_table *table = CASC_ADD(reader->alloc, &reader->tables);
  if (!table || !(table->name = casc_row_text(reader->arena, &row[0]))) return false;
  table->schema = reader->database ? database->name : "";
  table->row_estimate = row[3].type == CASCADE_NULL ? -1 : casc_row_integer(&row[3]);
  if (casc_row_integer(&row[1])) table->kind = CASCADE_TABLE_VIEW;
  else if (!casc_row_integer(&row[2])) table->flags |= CASCADE_TABLE_NOT_TRANSACTIONAL;
  const char *key = folded(reader, table->name);
  return key && casc_map_put(&database->tables, key, (uint32_t)reader->tables.count - 1);
}

static bool among(const char *const *words, const char *type, size_t length) {
  for (; *words; words++)
    if (strncmp(*words, type, length) == 0 && !(*words)[length]) return true;
  return false;
}

/* What values of a type travel as. */
static int32_t value_type_of(const char *type) {
  static const char *const integers[] = {"int", "bigint", "tinyint", "smallint", "mediumint", NULL};
  static const char *const bytes[] = {"binary",       "varbinary",          "tinyblob",   "blob",
                                      "mediumblob",   "longblob",           "geometry",   "point",
                                      "polygon",      "linestring",         "multipoint", "multilinestring",
                                      "multipolygon", "geometrycollection", NULL};
  /* FLOAT loses digits as text; BIT is compared as a number, but read as bytes. */
  static const char *const neither[] = {"float", "bit", NULL};
  size_t length = strcspn(type, "( ");
  if (among(integers, type, length)) return *type == 'b' && strstr(type, " unsigned") ? CASCADE_UINT64 : CASCADE_INT64;
  if (among(bytes, type, length)) return CASCADE_BLOB;
  return among(neither, type, length) ? CASCADE_NULL : CASCADE_TEXT;
}

/* Only these collations tell all texts apart: others take blanks at the end, or more, for nothing. */
static bool is_exact(const char *collation) {
  static const char exact[] = "_nopad_bin";
  size_t length = strlen(collation);
  return length > sizeof exact && strcmp(collation + length - (sizeof exact - 1), exact) == 0;
}

/* table, name, type, NOT NULL, default, generated, collation, set to the time by updates */
static bool read_column(void *data, const cascade_value *row) {
  database_reader *reader = data;
  casc_arena *arena = reader->all->arena;
  uint32_t table;
  if (!table_of(reader, &row[0], &table)) return false;
  if (table == CASC_NONE) return true;
  found_column *found = CASC_ADD(reader->all->alloc, &reader->columns);
  if (!found) return false;
  found->table = table;
  reader->all->tables.items[table].column_count++;
  casc_column *column = &found->column;
  column->name = casc_row_text(arena, &row[1]);
  column->type = casc_row_text(arena, &row[2]);
  if (!column->name || !column->type) return false;
  column->value_type = value_type_of(column->type);
  if (casc_row_integer(&row[3])) column->flags |= CASCADE_COLUMN_NOT_NULL;
  if (casc_row_integer(&row[5])) column->flags |= CASCADE_COLUMN_GENERATED;
  column->stamped = casc_row_integer(&row[7]);
  /* Every column that can be NULL has this default, written or not. */
  bool defaults = row[4].type != CASCADE_NULL && !casc_row_text_is(&row[4], "NULL");
  if (defaults && !(column->default_sql = casc_row_text(arena, &row[4]))) return false;
  if (row[6].type == CASCADE_NULL) return true;
  if (!(column->collation = casc_row_text(arena, &row[6]))) return false;
  column->loose = !is_exact(column->collation);
  return true;
}

static bool hand_out_columns(database_reader *reader, size_t first) {
  casc_mariadb_reader *all = reader->all;
  casc_column *columns = casc_arena_get(all->arena, reader->columns.count, sizeof *columns);
  if (!columns) return false;
  for (size_t i = first; i < all->tables.count; i++) {
    casc_table *table = &all->tables.items[i];
    table->columns = columns;
    columns += table->column_count;
    table->column_count = 0;
  }
  for (size_t i = 0; i < reader->columns.count; i++) {
    casc_table *table = &all->tables.items[reader->columns.items[i].table];
    table->columns[table->column_count++] = reader->columns.items[i].column;
  }
  return true;
}

/* table, name, column, not unique, length of the part that is in the index */
static bool read_index(void *data, const cascade_value *row) {
  database_reader *reader = data;
  casc_mariadb_reader *all = reader->all;
  uint32_t table;
  if (!table_of(reader, &row[0], &table)) return false;
  if (table == CASC_NONE) return true;
  found_index *found = reader->indexes.count ? &reader->indexes.items[reader->indexes.count - 1] : NULL;
  if (!found || found->table != table || !casc_row_text_is(&row[1], found->index.name)) {
    if (!(found = CASC_ADD(all->alloc, &reader->indexes))) return false;
    found->table = table;
    found->first = (uint32_t)reader->parts.count;
    found->index.unique = !casc_row_integer(&row[3]);
    if (!(found->index.name = casc_row_text(all->arena, &row[1]))) return false;
    all->tables.items[table].index_count++;
  }
  found_part *part = CASC_ADD(all->alloc, &reader->parts);
  const char *column = casc_row_text(&all->passing, &row[2]);
  if (!part || !column) return false;
  found->index.count++;
  part->column = casc_find_column(&all->tables.items[table], column);
  part->part = row[4].type != CASCADE_NULL;
  bool text = part->column != CASC_NONE && all->tables.items[table].columns[part->column].collation;
  if (text && !part->part && !found->index.unique) reader->words = true;
  return true;
}

/* table, name of a FULLTEXT index */
static bool read_word_index(void *data, const cascade_value *row) {
  database_reader *reader = data;
  uint32_t table;
  if (!table_of(reader, &row[0], &table)) return false;
  for (size_t i = 0; i < reader->indexes.count; i++) {
    const found_index *found = &reader->indexes.items[i];
    if (found->table != table || !casc_row_text_is(&row[1], found->index.name)) continue;
    for (uint32_t p = 0; p < found->index.count; p++) reader->parts.items[found->first + p].part = true;
  }
  return true;
}

/* The primary key may be an index of beginnings: then they alone are unique, and so are the whole columns. */
static bool set_key(casc_arena *arena, casc_table *table, const found_part *parts, uint32_t count) {
  if (!(table->key = casc_arena_get(arena, count, sizeof *table->key))) return false;
  for (uint32_t i = 0; i < count; i++) {
    if (parts[i].column == CASC_NONE) return true; /* the user may not see it: not known is as good as none */
    table->key[i] = parts[i].column;
  }
  table->key_count = count;
  return true;
}

static bool hand_out_indexes(database_reader *reader, size_t first) {
  casc_mariadb_reader *all = reader->all;
  casc_index *indexes = casc_arena_get(all->arena, reader->indexes.count, sizeof *indexes);
  uint32_t *columns = casc_arena_get(all->arena, reader->parts.count, sizeof *columns);
  if (!indexes || !columns) return false;
  for (size_t i = 0; i < reader->parts.count; i++)
    columns[i] = reader->parts.items[i].part ? CASC_NONE : reader->parts.items[i].column;
  for (size_t i = first; i < all->tables.count; i++) {
    casc_table *table = &all->tables.items[i];
    table->indexes = indexes;
    indexes += table->index_count;
    table->index_count = 0;
  }
  for (size_t i = 0; i < reader->indexes.count; i++) {
    const found_index *found = &reader->indexes.items[i];
    casc_table *table = &all->tables.items[found->table];
    casc_index *index = &table->indexes[table->index_count++];
    *index = found->index;
    index->columns = columns + found->first;
    if (strcmp(index->name, "PRIMARY") == 0 && !set_key(all->arena, table, reader->parts.items + found->first, index->count))
      return false;
  }
  return true;
}

/* table, name, event */
static bool read_trigger(void *data, const cascade_value *row) {
  database_reader *reader = data;
  uint32_t table;
  if (!table_of(reader, &row[0], &table)) return false;
  if (table == CASC_NONE) return true;
  found_trigger *found = CASC_ADD(reader->all->alloc, &reader->triggers);
  if (!found) return false;
  found->table = table;
  found->trigger.on_delete = casc_row_text_is(&row[2], "DELETE");
  found->trigger.on_update = casc_row_text_is(&row[2], "UPDATE");
  reader->all->tables.items[table].trigger_count++;
  return (found->trigger.name = casc_row_text(reader->all->arena, &row[1])) != NULL;
}

static bool hand_out_triggers(database_reader *reader, size_t first) {
  casc_mariadb_reader *all = reader->all;
  casc_trigger *triggers = casc_arena_get(all->arena, reader->triggers.count, sizeof *triggers);
  if (!triggers) return false;
  for (size_t i = first; i < all->tables.count; i++) {
    casc_table *table = &all->tables.items[i];
    table->triggers = triggers;
    triggers += table->trigger_count;
    table->trigger_count = 0;
  }
  for (size_t i = 0; i < reader->triggers.count; i++) {
    casc_table *table = &all->tables.items[reader->triggers.items[i].table];
    table->triggers[table->trigger_count++] = reader->triggers.items[i].trigger;
  }
  return true;
}

static cascade_status read_tables(database_reader *reader, cascade_error **error) {
  casc_mariadb_reader *all = reader->all;
  const char *name = all->databases.items[all->database].name;
  size_t first = all->tables.count;
  cascade_status status = casc_mariadb_query(all, casc_mariadb_tables, name, read_table, reader, error);
  if (status == CASCADE_OK) status = casc_mariadb_query(all, casc_mariadb_columns, name, read_column, reader, error);
  if (status == CASCADE_OK && !hand_out_columns(reader, first)) status = casc_nomem(error);
  if (status == CASCADE_OK) status = casc_mariadb_query(all, casc_mariadb_indexes, name, read_index, reader, error);
  /* What kind an index is takes the server longer than all else about it. */
  if (status == CASCADE_OK && reader->words)
    status = casc_mariadb_query(all, casc_mariadb_word_indexes, name, read_word_index, reader, error);
  if (status == CASCADE_OK && !hand_out_indexes(reader, first)) status = casc_nomem(error);
  if (status == CASCADE_OK) status = casc_mariadb_query(all, casc_mariadb_triggers, name, read_trigger, reader, error);
  if (status == CASCADE_OK && !hand_out_triggers(reader, first)) status = casc_nomem(error);
  return status;
}

static cascade_status read_database(casc_mariadb_reader *all, cascade_error **error) {
  database_reader reader = {.all = all, .last = CASC_NONE};
  cascade_status status = read_tables(&reader, error);
  casc_free(all->alloc, reader.columns.items);
  casc_free(all->alloc, reader.indexes.items);
  casc_free(all->alloc, reader.parts.items);
  casc_free(all->alloc, reader.triggers.items);
  if (status == CASCADE_OK) status = casc_mariadb_read_keys(all, error);
  bool shown = false;
  if (status == CASCADE_OK) {
    status = casc_mariadb_probe(all, casc_mariadb_probe_delete, all->databases.items[all->database].name, &shown, error);
    if (!shown) all->hidden |= CASCADE_HIDDEN_TRIGGERS;
  }
  casc_arena_clear(&all->passing);
  return status;
}

/* the database, the user, whether the case of tables' names counts: 0 when it does; whether queries give a part of their rows */
static bool read_session(void *data, const cascade_value *row) {
  casc_mariadb_reader *reader = data;
  const char *database = casc_row_text(&reader->passing, &row[0]);
  reader->user = casc_row_text(reader->arena, &row[1]);
  reader->fold = casc_row_integer(&row[2]) != 0;
  reader->limited = casc_row_integer(&row[3]) != 0;
  return database && reader->user && (!*database || casc_mariadb_add_database(reader, database) != CASC_NONE);
}

static cascade_status find_session(casc_mariadb_reader *reader, cascade_error **error) {
  casc_statement statement;
  casc_session_statement(reader->connection, &statement);
  casc_mariadb_session(&statement);
  cascade_status status = casc_rows_read(reader->connection, &statement, read_session, reader, error);
  casc_statement_free(&statement);
  if (status == CASCADE_OK && reader->limited)
    return casc_fail(reader->connection->context, error, CASCADE_INVALID,
                     "the session's queries give only some of their rows; run SET sql_select_limit = 18446744073709551615 before");
  if (status == CASCADE_OK && !reader->databases.count)
    return casc_fail(reader->connection->context, error, CASCADE_INVALID,
                     "the session has chosen no database; name one when connecting, or run USE before");
  return status;
}

static cascade_status read_all(casc_mariadb_reader *reader, casc_schema *schema, cascade_error **error) {
  cascade_status status = find_session(reader, error);
  for (; status == CASCADE_OK && reader->database < reader->databases.count; reader->database++)
    status = read_database(reader, error);
  if (status == CASCADE_OK) status = casc_mariadb_settle_keys(reader, schema, error);
  if (status < 0) return status;
  schema->hidden = reader->hidden;
  schema->home = reader->databases.items[0].name;
  schema->tables = casc_arena_get(reader->arena, reader->tables.count, sizeof *schema->tables);
  if (!schema->tables) return casc_nomem(error);
  if (reader->tables.count) memcpy(schema->tables, reader->tables.items, reader->tables.count * sizeof *schema->tables);
  schema->table_count = (uint32_t)reader->tables.count;
  return CASCADE_OK;
}

cascade_status casc_catalog_mariadb(cascade_connection *connection, casc_arena *arena, casc_schema *schema, cascade_error **error) {
  casc_mariadb_reader reader = {.connection = connection, .alloc = &connection->context->alloc, .arena = arena};
  casc_arena_init(&reader.passing, reader.alloc);
  casc_str_init(&reader.scratch, reader.alloc);
  *schema = (casc_schema){.engine = "mariadb"};
  cascade_status status = read_all(&reader, schema, error);
  for (size_t i = 0; i < reader.databases.count; i++) casc_map_free(&reader.databases.items[i].tables);
  casc_free(reader.alloc, reader.databases.items);
  casc_free(reader.alloc, reader.tables.items);
  casc_free(reader.alloc, reader.keys.items);
  casc_free(reader.alloc, reader.from.items);
  casc_free(reader.alloc, reader.to.items);
  casc_arena_clear(&reader.passing);
  casc_str_free(&reader.scratch);
  return status;
}

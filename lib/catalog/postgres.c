#include "postgres.h"

#include "names.h"
#include "postgres_catalog.h"
#include "postgres_reader.h"

#include <stdlib.h>

enum { OLDEST = 15 };

/* A partition is shown, so that its name says what it is, but its rows are reached through the table at the top: that one gets
   what its partitions have. Children of legacy inheritance are tables of their own, and their parent says that it has some. */

cascade_status casc_postgres_query(casc_postgres_reader *reader, void (*write)(casc_statement *), casc_row_reader read,
                                   cascade_error **error) {
  casc_statement statement;
  casc_session_statement(reader->connection, &statement);
  write(&statement);
  cascade_status status = casc_rows_read(reader->connection, &statement, read, reader, error);
  casc_statement_free(&statement);
  return status;
}

cascade_status casc_postgres_query_tables(casc_postgres_reader *reader, void (*write)(casc_statement *, const int64_t *, uint64_t),
                                          casc_row_reader read, cascade_error **error) {
  casc_statement statement;
  casc_session_statement(reader->connection, &statement);
  write(&statement, reader->oids.items, reader->oids.count);
  cascade_status status = casc_rows_read(reader->connection, &statement, read, reader, error);
  casc_statement_free(&statement);
  return status;
}

uint32_t casc_postgres_table_at(const casc_postgres_reader *reader, int64_t oid) {
  size_t low = 0, high = reader->oids.count;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (reader->oids.items[middle] < oid) low = middle + 1;
    else high = middle;
  }
  return low < reader->oids.count && reader->oids.items[low] == oid ? (uint32_t)low : CASC_NONE;
}

uint32_t casc_postgres_column_at(const casc_postgres_reader *reader, uint32_t table, int64_t number) {
  const casc_postgres_column_facts *columns = reader->columns.items + reader->found.items[table].column;
  uint32_t count = reader->tables.items[table].column_count;
  if (number <= 0) return CASC_NONE;
  /* Dropped columns leave holes, so that a position is at most the number. */
  uint32_t at = number < count ? (uint32_t)number : count;
  while (at && columns[at - 1].number > number) at--;
  return at && columns[at - 1].number == number ? at - 1 : CASC_NONE;
}

/* the path as it is set, a schema in it or NULL */
static bool read_path(void *self, const cascade_value *row) {
  casc_postgres_reader *reader = self;
  if (!reader->path && !(reader->path = (char *)casc_row_text(reader->arena, &row[0]))) return false;
  if (row[1].type == CASCADE_NULL) return true;
  const char **schema = CASC_ADD(reader->alloc, &reader->search_path);
  return schema && (*schema = casc_row_text(reader->arena, &row[1]));
}

static uint32_t flags_of(const cascade_value *row) {
  uint32_t flags = 0;
  if (casc_row_integer(&row[5])) flags |= CASCADE_TABLE_INHERITED;
  if (casc_row_integer(&row[7])) flags |= CASCADE_TABLE_ROW_SECURITY;
  if (!casc_row_integer(&row[8])) flags |= CASCADE_TABLE_NO_SELECT;
  if (!casc_row_integer(&row[9])) flags |= CASCADE_TABLE_NO_DELETE;
  if (!casc_row_integer(&row[10])) flags |= CASCADE_TABLE_NO_UPDATE;
  return flags;
}

/* OID, schema, name, kind, OID of the table at the top of a partition's, whether tables inherit from it, rows, whether row security
   applies; whether the user may select, delete, update */
static bool read_table(void *self, const cascade_value *row) {
  casc_postgres_reader *reader = self;
  casc_table *table = CASC_ADD(reader->alloc, &reader->tables);
  casc_postgres_table *found = CASC_ADD(reader->alloc, &reader->found);
  int64_t *oid = CASC_ADD(reader->alloc, &reader->oids);
  if (!table || !found || !oid) return false;
  *oid = casc_row_integer(&row[0]);
  found->root_oid = casc_row_integer(&row[4]);
  found->root = CASC_NONE;
  found->parted = casc_row_text_is(&row[3], "p");
  table->schema = casc_row_text(reader->arena, &row[1]);
  table->name = casc_row_text(reader->arena, &row[2]);
  table->row_estimate = casc_row_integer(&row[6]);
  if (casc_row_text_is(&row[3], "v") || casc_row_text_is(&row[3], "m")) {
    table->kind = CASCADE_TABLE_VIEW;
    table->row_estimate = -1;
  } else {
    table->flags = flags_of(row);
    if (casc_row_text_is(&row[3], "f")) table->kind = CASCADE_TABLE_VIRTUAL;
    if (found->parted) table->flags |= CASCADE_TABLE_PARTITIONED;
    if (found->root_oid) table->kind = CASCADE_TABLE_PARTITION;
  }
  return table->schema && table->name;
}

/* Partitions find their top, which counts their rows. */
static bool settle_partitions(casc_postgres_reader *reader) {
  for (size_t i = 0; i < reader->found.count; i++)
    if (reader->found.items[i].parted) reader->tables.items[i].row_estimate = -1;
  for (size_t i = 0; i < reader->found.count; i++) {
    casc_postgres_table *found = &reader->found.items[i];
    if (!found->root_oid) continue;
    found->root = casc_postgres_table_at(reader, found->root_oid);
    reader->torn |= found->root == CASC_NONE;
    if (found->root == CASC_NONE) continue;
    casc_table *table = &reader->tables.items[i], *root = &reader->tables.items[found->root];
    table->part_of = casc_table_label(reader->arena, "postgresql", root->schema, root->name);
    if (!table->part_of) return false;
    if (table->row_estimate < 0) continue;
    root->row_estimate = (root->row_estimate < 0 ? 0 : root->row_estimate) + table->row_estimate;
  }
  return true;
}

/* A type that is asked for later. */
static bool add_type(casc_postgres_reader *reader, int64_t oid, int64_t modifier, int64_t collation) {
  casc_postgres_type *type = CASC_ADD(reader->alloc, &reader->types);
  int64_t *new_oid = CASC_ADD(reader->alloc, &reader->type_oids);
  int64_t *new_modifier = CASC_ADD(reader->alloc, &reader->modifiers);
  int64_t *new_collation = CASC_ADD(reader->alloc, &reader->collations);
  if (!type || !new_oid || !new_modifier || !new_collation) return false;
  type->base = CASC_NONE;
  *new_oid = oid;
  *new_modifier = modifier;
  *new_collation = collation;
  return true;
}

/* OID of the table, number, name, type, modifier, collation, NOT NULL, whether it cannot be set, default */
static bool read_column(void *self, const cascade_value *row) {
  casc_postgres_reader *reader = self;
  uint32_t table = casc_postgres_table_at(reader, casc_row_integer(&row[0]));
  if (table == CASC_NONE) return true; /* of a table that was made a moment ago */
  casc_postgres_column_facts *facts = CASC_ADD(reader->alloc, &reader->columns);
  if (!facts) return false;
  facts->table = table;
  facts->number = casc_row_integer(&row[1]);
  facts->type_oid = casc_row_integer(&row[3]);
  facts->modifier = casc_row_integer(&row[4]);
  facts->collation = casc_row_integer(&row[5]);
  if (casc_row_integer(&row[6])) facts->column.flags |= CASCADE_COLUMN_NOT_NULL;
  if (casc_row_integer(&row[7])) facts->column.flags |= CASCADE_COLUMN_GENERATED;
  if (row[8].type != CASCADE_NULL && !(facts->column.default_sql = casc_row_text(reader->arena, &row[8]))) return false;
  return (facts->column.name = casc_row_text(reader->arena, &row[2])) != NULL;
}

static int compare(int64_t a, int64_t b) {
  return (a > b) - (a < b);
}

static int by_type(const void *left, const void *right) {
  const casc_postgres_column_facts *a = left, *b = right;
  int order = compare(a->type_oid, b->type_oid);
  if (!order) order = compare(a->modifier, b->modifier);
  return order ? order : compare(a->collation, b->collation);
}

static bool gather_types(casc_postgres_reader *reader) {
  casc_postgres_column_facts *columns = reader->columns.items;
  if (reader->columns.count) qsort(columns, reader->columns.count, sizeof *columns, by_type);
  for (size_t i = 0; i < reader->columns.count; i++) {
    bool new = !i || by_type(&columns[i - 1], &columns[i]) != 0;
    if (new && !add_type(reader, columns[i].type_oid, columns[i].modifier, columns[i].collation)) return false;
    columns[i].type = (uint32_t)reader->types.count - 1;
  }
  return true;
}

/* place in the arrays from 1, words, the type for a cast, how its values are written, OID of the type that a domain is over,
   whether it is NOT NULL, collation, whether it takes different texts for equal */
static bool read_type(void *self, const cascade_value *row) {
  casc_postgres_reader *reader = self;
  size_t place = reader->asked + (size_t)casc_row_integer(&row[0]) - 1;
  if (place >= reader->types.count) return true;
  int64_t base_oid = casc_row_integer(&row[4]);
  if (base_oid && !add_type(reader, base_oid, -1, reader->collations.items[place])) return false;
  casc_postgres_type *type = &reader->types.items[place];
  casc_column *column = &type->column;
  type->known = true;
  if (base_oid) type->base = (uint32_t)reader->types.count - 1;
  column->type = casc_row_text(reader->arena, &row[1]);
  column->sql_type = casc_row_text(reader->arena, &row[2]);
  column->value_type = casc_row_text_is(&row[3], "integer")  ? CASCADE_INT64
                       : casc_row_text_is(&row[3], "binary") ? CASCADE_BLOB
                                                             : CASCADE_TEXT;
  if (casc_row_integer(&row[5])) column->flags = CASCADE_COLUMN_NOT_NULL;
  if (row[6].type != CASCADE_NULL && !(column->collation = casc_row_text(reader->arena, &row[6]))) return false;
  column->loose = casc_row_integer(&row[7]);
  return column->type && column->sql_type;
}

/* Those of the columns; then, as long as there are domains among them, those that the domains are over. */
static cascade_status read_types(casc_postgres_reader *reader, cascade_error **error) {
  cascade_status status = CASCADE_OK;
  for (size_t asked = 0; status >= 0 && asked < reader->types.count; asked = reader->asked) {
    size_t count = reader->types.count;
    casc_statement statement;
    casc_session_statement(reader->connection, &statement);
    casc_postgres_types(&statement, reader->type_oids.items + asked, reader->modifiers.items + asked,
                        reader->collations.items + asked, count - asked);
    status = casc_rows_read(reader->connection, &statement, read_type, reader, error);
    casc_statement_free(&statement);
    reader->asked = count;
  }
  return status;
}

/* A domain's values are those of the type at its bottom. */
static void settle_types(casc_postgres_reader *reader) {
  for (size_t i = 0; i < reader->types.count; i++) {
    casc_postgres_type *type = &reader->types.items[i];
    const casc_postgres_type *base = type;
    for (; base->base != CASC_NONE; base = &reader->types.items[base->base]) type->column.flags |= base->column.flags;
    type->column.flags |= base->column.flags;
    type->column.sql_type = base->column.sql_type;
    type->column.value_type = base->column.value_type;
    type->column.collation = base->column.collation;
    reader->torn |= !base->known;
  }
}

static int by_number(const void *left, const void *right) {
  const casc_postgres_column_facts *a = left, *b = right;
  if (a->table != b->table) return a->table < b->table ? -1 : 1;
  return compare(a->number, b->number);
}

/* The list of all columns, in any order, becomes each table's own. */
static bool settle_columns(casc_postgres_reader *reader) {
  size_t count = reader->columns.count;
  casc_column *columns = casc_arena_get(reader->arena, count, sizeof *columns);
  if (!columns) return false;
  if (count) qsort(reader->columns.items, count, sizeof *reader->columns.items, by_number);
  for (size_t i = 0; i < count; i++) {
    const casc_postgres_column_facts *facts = &reader->columns.items[i];
    const casc_postgres_type *type = &reader->types.items[facts->type];
    casc_table *table = &reader->tables.items[facts->table];
    columns[i] = type->column;
    columns[i].name = facts->column.name;
    columns[i].default_sql = facts->column.default_sql;
    columns[i].flags |= facts->column.flags;
    if (!table->column_count++) {
      table->columns = &columns[i];
      reader->found.items[facts->table].column = (uint32_t)i;
    }
  }
  return true;
}

static cascade_status read_all(casc_postgres_reader *reader, casc_schema *schema, cascade_error **error) {
  cascade_status status = casc_control(reader->connection, casc_postgres_plain_path, error);
  if (status >= 0) status = casc_postgres_query(reader, casc_postgres_tables, read_table, error);
  if (status >= 0 && !settle_partitions(reader)) status = casc_nomem(error);
  if (status >= 0) status = casc_postgres_query_tables(reader, casc_postgres_columns, read_column, error);
  if (status >= 0 && !gather_types(reader)) status = casc_nomem(error);
  if (status >= 0) status = read_types(reader, error);
  if (status >= 0) settle_types(reader);
  if (status >= 0 && !settle_columns(reader)) status = casc_nomem(error);
  if (status >= 0) status = casc_postgres_read_keys(reader, schema, error);
  if (status >= 0 && reader->torn)
    status =
        casc_fail(reader->connection->context, error, CASCADE_SCHEMA, "the schema was changed while it was read; read it again");
  if (status < 0) return status;
  const size_t tables = reader->tables.count, schemas = reader->search_path.count;
  const char **search_path = casc_arena_get(reader->arena, schemas, sizeof *search_path);
  schema->tables = casc_arena_get(reader->arena, tables, sizeof *schema->tables);
  if (!schema->tables || !search_path) return casc_nomem(error);
  if (tables) memcpy(schema->tables, reader->tables.items, tables * sizeof *schema->tables);
  if (schemas) memcpy(search_path, reader->search_path.items, schemas * sizeof *search_path);
  schema->table_count = (uint32_t)tables;
  schema->search_path = search_path;
  schema->search_path_count = (uint32_t)schemas;
  return CASCADE_OK;
}

static bool read_nothing(void *self, const cascade_value *row) {
  (void)self;
  (void)row;
  return true;
}

static cascade_status restore_path(casc_postgres_reader *reader, cascade_error **error) {
  casc_statement statement;
  casc_session_statement(reader->connection, &statement);
  casc_postgres_restore_path(&statement, reader->path);
  cascade_status status = casc_rows_read(reader->connection, &statement, read_nothing, reader, error);
  casc_statement_free(&statement);
  return status;
}

static void free_lists(casc_postgres_reader *reader) {
  void *const lists[] = {reader->search_path.items, reader->tables.items,  reader->found.items,     reader->oids.items,
                         reader->columns.items,     reader->types.items,   reader->type_oids.items, reader->modifiers.items,
                         reader->collations.items,  reader->indexes.items, reader->indexed.items,   reader->triggers.items,
                         reader->keys.items};
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) casc_free(reader->alloc, lists[i]);
}

/* In a transaction of the host's, the path is put back; in one of its own, the end of that does it. */
static cascade_status leave(casc_postgres_reader *reader, bool own, cascade_status status, cascade_error **error) {
  cascade_error *late = NULL;
  cascade_status ended = CASCADE_OK;
  if (own) {
    const char *sql = status < 0 ? casc_postgres_snapshot_drop : casc_postgres_snapshot_end;
    ended = casc_control(reader->connection, sql, &late);
  } else if (reader->path) {
    ended = restore_path(reader, &late);
  }
  if (status >= 0 && ended < 0) return casc_error_pass(late, error);
  cascade_error_free(late);
  return status;
}

/* Older ones cannot set some columns of a key only, and their catalog has no place for it. */
static cascade_status check_version(cascade_connection *connection, cascade_error **error) {
  const char *version = connection->capabilities.version;
  if (!version || atoi(version) >= OLDEST) return CASCADE_OK;
  return casc_fail(connection->context, error, CASCADE_UNSUPPORTED, "PostgreSQL %s is too old: %d or a later one is needed",
                   version, OLDEST);
}

cascade_status casc_catalog_postgres(cascade_connection *connection, casc_arena *arena, casc_schema *schema,
                                     cascade_error **error) {
  cascade_status status = check_version(connection, error);
  if (status < 0) return status;
  casc_postgres_reader reader = {.connection = connection, .alloc = &connection->context->alloc, .arena = arena};
  const cascade_driver *driver = connection->driver;
  *schema = (casc_schema){.engine = "postgresql"};
  bool own = !CASC_DRIVER_HAS(driver, in_transaction) || !driver->in_transaction(connection->self);
  status = own ? casc_control(connection, casc_postgres_snapshot, error) : CASCADE_OK;
  if (status >= 0) {
    status = casc_postgres_query(&reader, casc_postgres_search_path, read_path, error);
    if (status >= 0) status = read_all(&reader, schema, error);
    status = leave(&reader, own, status, error);
  }
  free_lists(&reader);
  return status;
}

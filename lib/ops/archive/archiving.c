#include "archive_internal.h"

#include "hooks.h"
#include "json_text.h"
#include "names.h"
#include "tables.h"

#include <string.h>

/* A table of which rows go. Texts and arrays are in memory of the scope. */
struct casc_archived_table {
  casc_archive_facts facts; /* as the table was found */
  casc_sql_table to;        /* its archive ... */
  uint32_t count;           /* ... and what of it is written */
  const char **columns;
  casc_sql_table wide; /* the table with all columns behind its identity, for the lines ... */
  const char **heads;  /* ... the text before each value ... */
  bool *bytes;         /* ... and what was written as bytes in the last one */
  uint64_t copied;     /* rows in this batch */
};

/* ---- before the first change ---- */

static cascade_status name_columns(casc_scope *scope, struct casc_archived_table *table, cascade_error **error) {
  table->columns = casc_arena_get(&scope->arena, table->facts.columns.count, sizeof *table->columns);
  if (!table->columns) return casc_nomem(error);
  for (size_t i = 0; i < table->facts.columns.count; i++)
    if (!table->facts.columns.items[i].computed) table->columns[table->count++] = table->facts.columns.items[i].column.name;
  return CASCADE_OK;
}

static cascade_status refuse_missing(casc_scope *scope, uint32_t number, const casc_archive_ddl *missing, cascade_error **error) {
  enum { ROOM = 1200 }; /* a message has no room for the text of a large table */
  const char *label = scope->tables[number].table->label, *sql = missing->statements.items[0];
  bool fits = strlen(sql) < ROOM;
  return casc_fail_at(
      scope->connection->context, error, CASCADE_ARCHIVE, label, NULL,
      "the archive lacks a table or column for table %s; make it with cascade_archive_install(), or cascade archive "
      "install%s%s",
      label, fits ? ", or: " : "", fits ? sql : "");
}

static cascade_status prepare_table(casc_archiving *archiving, uint32_t number, cascade_error **error) {
  casc_scope *scope = archiving->scope;
  struct casc_archived_table *table = &archiving->tables[number];
  casc_archive_ddl missing = {0};
  cascade_status status = name_columns(scope, table, error);
  if (status >= 0) status = casc_archive_compare(scope, number, &table->facts, &table->to, &scope->arena, &missing, error);
  if (status >= 0 && missing.statements.count) status = refuse_missing(scope, number, &missing, error);
  casc_free(scope->alloc, missing.statements.items);
  return status;
}

/* The text before a value; before the first of a line, with the table's name. NULL when memory is out. */
static const char *write_head(casc_scope *scope, const char *label, const char *column, bool first) {
  casc_str head;
  casc_str_init(&head, scope->alloc);
  if (first) {
    casc_str_put(&head, "{\"table\": ");
    casc_json_string(&head, label);
    casc_str_put(&head, ", \"row\": {");
  } else casc_str_put(&head, ", ");
  casc_json_string(&head, column);
  casc_str_put(&head, ": ");
  const char *text = head.failed ? NULL : casc_arena_copy(&scope->arena, head.data, head.length);
  casc_str_free(&head);
  return text;
}

/* The graph knows as what a column's values are read. */
static cascade_status prepare_lines(casc_archiving *archiving, uint32_t number, cascade_error **error) {
  casc_scope *scope = archiving->scope;
  struct casc_archived_table *table = &archiving->tables[number];
  const casc_table *known = scope->tables[number].table;
  uint32_t count = (uint32_t)table->facts.columns.count;
  const char **names = casc_arena_get(&scope->arena, count, sizeof *names);
  int32_t *types = casc_arena_get(&scope->arena, count, sizeof *types);
  table->heads = casc_arena_get(&scope->arena, count, sizeof *table->heads);
  table->bytes = casc_arena_get(&scope->arena, count, sizeof *table->bytes);
  if (!names || !types || !table->heads || !table->bytes) return casc_nomem(error);
  for (uint32_t i = 0; i < count; i++) {
    names[i] = table->facts.columns.items[i].column.name;
    if (casc_find_column(known, names[i]) == CASC_NONE)
      return casc_fail_at(scope->connection->context, error, CASCADE_ARCHIVE, known->label, NULL,
                          "table %s has a column %s that it had not when the graph was read; read the graph again", known->label,
                          names[i]);
    types[i] = casc_read_type(scope, known, names[i]);
    if (!(table->heads[i] = write_head(scope, known->label, names[i], !i))) return casc_nomem(error);
  }
  table->wide = scope->tables[number].sql;
  table->wide.shown_count = count;
  table->wide.shown = names;
  table->wide.shown_types = types;
  table->wide.shown_is_key = false;
  return CASCADE_OK;
}

static cascade_status read_stamp(const casc_archiving *archiving, int64_t *stamp, bool *stamped, cascade_error **error) {
  const casc_scope *scope = archiving->scope;
  casc_statement statement;
  casc_session_statement(scope->connection, &statement);
  *stamped = casc_archive_stamp(scope->dialect, &statement, archiving->sources, scope->order_count);
  cascade_status status = *stamped ? casc_ask_integer(scope->connection, &statement, 0, stamp, error) : CASCADE_OK;
  casc_statement_free(&statement);
  return status;
}

/* Files that SQLite commits one after the other: a crash between them would lose what is gone from the first. */
static cascade_status check_together(const casc_archiving *archiving, cascade_error **error) {
  casc_scope *scope = archiving->scope;
  const char *schema = archiving->archive->options.schema;
  int64_t together = 1;
  if (scope->dialect != &casc_dialect_sqlite || !schema || casc_same_name(schema, "main")) return CASCADE_OK;
  casc_statement statement;
  casc_session_statement(scope->connection, &statement);
  casc_archive_together(&statement, schema);
  cascade_status status = casc_ask(scope->connection, &statement, 0, &together, error);
  if (status < 0 || together) return status;
  return casc_fail(
      scope->connection->context, error, CASCADE_ARCHIVE,
      "SQLite commits '%s' apart from the database that rows go from, so that a crash could lose them: with journal_mode WAL, "
      "MEMORY or OFF; take DELETE, TRUNCATE or PERSIST for both, or a suffix without a schema",
      schema);
}

cascade_status casc_archiving_init(casc_archiving *archiving, casc_scope *scope, cascade_archive *archive, bool nested,
                                   cascade_error **error) {
  *archiving = (casc_archiving){.scope = scope};
  if (!archive) return CASCADE_OK;
  if (nested && archive->lines)
    return casc_fail(
        scope->connection->context, error, CASCADE_UNSUPPORTED,
        "inside a transaction of the host only the host knows whether it commits: lines of an archive would be written too early; "
        "archive in tables, or purge outside of it");
  archiving->archive = casc_archive_ref(archive);
  archiving->moves = casc_archiving_moves(archive, scope->dialect);
  archiving->tables = casc_arena_get(&scope->arena, scope->table_count, sizeof *archiving->tables);
  archiving->sources = casc_arena_get(&scope->arena, scope->order_count, sizeof *archiving->sources);
  casc_sql_table *targets = casc_arena_get(&scope->arena, scope->table_count, sizeof *targets);
  bool stamped;
  cascade_status status = archiving->tables && archiving->sources && targets ? CASCADE_OK : casc_nomem(error);
  for (uint32_t i = 0; status >= 0 && i < scope->order_count; i++) archiving->sources[i] = &scope->tables[scope->order[i]].sql;
  if (status >= 0) status = read_stamp(archiving, &archiving->stamp, &stamped, error);
  if (status >= 0 && archive->tables) status = check_together(archiving, error);
  for (uint32_t i = 0; status >= 0 && archive->tables && i < scope->order_count; i++)
    status = casc_archive_target(archive, scope, scope->order[i], &scope->arena, &targets[scope->order[i]], error);
  if (status >= 0 && archive->tables) status = casc_archive_check_targets(scope, targets, error);
  for (uint32_t i = 0; status >= 0 && i < scope->order_count; i++) {
    uint32_t number = scope->order[i];
    struct casc_archived_table *table = &archiving->tables[number];
    table->to = targets[number];
    status = casc_archive_read_facts(scope->connection, &scope->tables[number].sql, &scope->arena, &table->facts, error);
    if (status >= 0 && archive->tables) status = prepare_table(archiving, number, error);
    if (status >= 0 && archive->lines) status = prepare_lines(archiving, number, error);
  }
  return status;
}

void casc_archiving_free(casc_archiving *archiving) {
  if (!archiving->archive) return;
  casc_archiving_end(archiving, false);
  for (uint32_t i = 0; archiving->tables && i < archiving->scope->table_count; i++)
    casc_archive_free_facts(archiving->scope->alloc, &archiving->tables[i].facts);
  cascade_archive_free(archiving->archive);
  *archiving = (casc_archiving){0};
}

/* ---- in a batch ---- */

static cascade_status fail_changed(const casc_scope *scope, uint32_t number, cascade_error **error) {
  const char *label = scope->tables[number].table->label;
  return casc_fail_at(scope->connection->context, error, CASCADE_ARCHIVE, label, NULL,
                      "the columns of table %s were changed while rows go from it; read the graph again, install the archive "
                      "again, and go on",
                      label);
}

/* The rows are held, so that the table cannot be altered any more in this transaction: what it was before is what counts. */
static cascade_status check_columns(const casc_archiving *archiving, uint32_t number, cascade_error **error) {
  casc_scope *scope = archiving->scope;
  const casc_archive_facts *before = &archiving->tables[number].facts;
  casc_archive_facts now;
  casc_arena arena;
  casc_arena_init(&arena, scope->alloc);
  cascade_status status = casc_archive_read_facts(scope->connection, &scope->tables[number].sql, &arena, &now, error);
  bool same = status >= 0 && now.columns.count == before->columns.count;
  for (size_t i = 0; same && i < now.columns.count; i++) {
    const casc_archive_fact *a = &before->columns.items[i], *b = &now.columns.items[i];
    same = !strcmp(a->column.name, b->column.name) && !strcmp(a->column.definition, b->column.definition) &&
           a->computed == b->computed;
  }
  if (status >= 0) casc_archive_free_facts(scope->alloc, &now);
  casc_arena_clear(&arena);
  return status < 0 || same ? status : fail_changed(scope, number, error);
}

/* A look at the columns of each table costs as much as a statement on its rows: with a stamp, one is taken when that has changed.
   It is read before the columns, so that what happens between the two is seen in the next batch. */
static cascade_status check_tables(casc_archiving *archiving, const casc_closure *closure, cascade_error **error) {
  casc_scope *scope = archiving->scope;
  int64_t stamp = 0;
  bool stamped = false;
  cascade_status status = read_stamp(archiving, &stamp, &stamped, error);
  if (status < 0 || (stamped && stamp == archiving->stamp)) return status;
  for (uint32_t i = 0; status >= 0 && i < scope->order_count; i++)
    if (stamped || closure->sets[scope->order[i]].count) status = check_columns(archiving, scope->order[i], error);
  if (status >= 0) archiving->stamp = stamp;
  return status;
}

static cascade_status copy_to_table(const casc_archiving *archiving, uint32_t number, const casc_keyset *rows, uint64_t *copied,
                                    cascade_error **error) {
  casc_scope *scope = archiving->scope;
  const struct casc_archived_table *table = &archiving->tables[number];
  size_t slice = casc_slice(scope, rows);
  casc_statement statement;
  cascade_status status = CASCADE_OK;
  casc_session_statement(scope->connection, &statement);
  for (size_t from = 0; status >= 0 && from < rows->count; from += slice) {
    cascade_keys keys = casc_keyset_view(rows, from, rows->count - from < slice ? rows->count - from : slice);
    uint64_t affected = 0;
    casc_statement_clear(&statement);
    scope->dialect->copy_rows(&statement, &table->to, &scope->tables[number].sql, table->columns, table->count, &keys);
    status = casc_execute(scope->connection, &statement, &affected, error);
    *copied += affected;
  }
  casc_statement_free(&statement);
  return status;
}

/* Bytes look like a text that SQL writes for them: the line says which they are. */
static void put_line(casc_str *line, const struct casc_archived_table *table, const cascade_value *cells) {
  bool any = false;
  for (uint32_t i = 0; i < table->wide.shown_count; i++) {
    casc_str_put(line, table->heads[i]);
    table->bytes[i] = casc_json_value(line, &cells[i]);
    any |= table->bytes[i];
  }
  casc_str_putc(line, '}');
  const char *word = ", \"bytes\": [";
  for (uint32_t i = 0; any && i < table->wide.shown_count; i++) {
    if (!table->bytes[i]) continue;
    casc_str_put(line, word);
    casc_json_string(line, table->wide.shown[i]);
    word = ", ";
  }
  casc_str_put(line, any ? "]}\n" : "}\n");
}

static cascade_status copy_to_lines(const casc_archiving *archiving, uint32_t number, const casc_keyset *rows, uint64_t *copied,
                                    cascade_error **error) {
  casc_scope *scope = archiving->scope;
  cascade_archive *archive = archiving->archive;
  const struct casc_archived_table *table = &archiving->tables[number];
  enum { ROWS = 500 }; /* some drivers have a result in memory as a whole, and rows may be wide */
  size_t slice = casc_slice(scope, rows);
  if (slice > ROWS) slice = ROWS;
  cascade_status status = CASCADE_OK;
  for (size_t from = 0; status >= 0 && from < rows->count; from += slice) {
    cascade_keys keys = casc_keyset_view(rows, from, rows->count - from < slice ? rows->count - from : slice);
    casc_statement statement;
    casc_cursor cursor = {0};
    const cascade_value *row = NULL;
    casc_session_statement(scope->connection, &statement);
    scope->dialect->select_keys(&statement, &table->wide, &(casc_sql_filter){.among = &keys}, true, false, 0);
    status = casc_query(scope->connection, &statement, &cursor, error);
    while (status >= 0 && (status = casc_next(&cursor, &row, error)) == CASCADE_OK) {
      put_line(&archive->buffer, table, row + table->wide.key_count);
      status = casc_archive_line(archive, error);
      ++*copied;
    }
    casc_cursor_close(&cursor);
    casc_statement_free(&statement);
  }
  return status < 0 ? status : CASCADE_OK;
}

/* What the archive's table refuses is nothing that stands in the way of the delete. */
static cascade_status blame_archive(const casc_archiving *archiving, const char *label, cascade_status status,
                                    cascade_error **error) {
  bool altered = status == CASCADE_SCHEMA;
  if (!altered && status != CASCADE_CONSTRAINT && status != CASCADE_CONSTRAINT_FK) {
    if (error) casc_error_explain(error, label, NULL, "archive");
    return status;
  }
  cascade_error *cause = error ? *error : NULL;
  if (error) *error = NULL;
  status = casc_fail_at(archiving->scope->connection->context, error, CASCADE_ARCHIVE, label, NULL,
                        altered ? "archive: table %s or its archive table was changed while rows go from it; read the graph again, "
                                  "install the archive again, and go on: %s"
                                : "archive: its table refuses rows of table %s, and nothing of this batch was deleted: %s",
                        label, cascade_error_message(cause));
  cascade_error_free(cause);
  return status;
}

static cascade_status copy_table(casc_archiving *archiving, uint32_t number, const casc_keyset *rows, cascade_error **error) {
  casc_scope *scope = archiving->scope;
  const char *label = scope->tables[number].table->label;
  uint64_t in_table = rows->count, in_lines = rows->count;
  cascade_status status = CASCADE_OK;
  if (archiving->archive->lines) in_lines = 0, status = copy_to_lines(archiving, number, rows, &in_lines, error);
  if (status >= 0 && archiving->archive->tables) in_table = 0, status = copy_to_table(archiving, number, rows, &in_table, error);
  if (status < 0) return blame_archive(archiving, label, status, error);
  archiving->tables[number].copied = rows->count;
  archiving->archive->batch_rows += rows->count;
  if (in_table == rows->count && in_lines == rows->count) return status;
  return casc_fail_at(scope->connection->context, error, CASCADE_ARCHIVE, label, NULL,
                      "archive: %zu rows of table %s were to be copied, and %llu were%s: nothing of this batch was deleted",
                      rows->count, label, (unsigned long long)(in_table == rows->count ? in_lines : in_table),
                      in_table == rows->count ? "" : ", as a trigger or rule of the archive's table will have it");
}

cascade_status casc_archiving_copy(casc_archiving *archiving, const casc_closure *closure, cascade_error **error) {
  casc_scope *scope = archiving->scope;
  if (!archiving->archive) return CASCADE_OK;
  cascade_status status = casc_archive_begin(archiving->archive, error);
  archiving->open = status >= 0;
  if (status >= 0 && !archiving->moves) status = check_tables(archiving, closure, error);
  for (uint32_t i = 0; status >= 0 && i < scope->order_count; i++) {
    uint32_t number = scope->order[i];
    archiving->tables[number].copied = 0;
    if (closure->sets[number].count) status = copy_table(archiving, number, &closure->sets[number], error);
  }
  return status;
}

bool casc_archiving_moves(const cascade_archive *archive, const casc_dialect *dialect) {
  return !archive->lines && dialect->move_rows;
}

cascade_status casc_archiving_move(void *data, uint32_t number, const casc_sql_filter *filter, uint64_t *rows,
                                   cascade_error **error) {
  casc_archiving *archiving = data;
  casc_scope *scope = archiving->scope;
  struct casc_archived_table *table = &archiving->tables[number];
  casc_statement statement;
  casc_cursor cursor = {0};
  const cascade_value *row = NULL;
  casc_session_statement(scope->connection, &statement);
  scope->dialect->move_rows(&statement, &table->to, &scope->tables[number].sql, table->columns, table->count, filter);
  cascade_status status = casc_query(scope->connection, &statement, &cursor, error);
  if (status >= 0) status = casc_next(&cursor, &row, error);
  if (status == CASCADE_OK) {
    *rows = (uint64_t)row[0].integer;
    table->copied += (uint64_t)row[1].integer;
    archiving->archive->batch_rows += (uint64_t)row[1].integer;
  }
  casc_cursor_close(&cursor);
  casc_statement_free(&statement);
  if (status >= 0) return CASCADE_OK;
  const char *label = scope->tables[number].table->label;
  if (status != CASCADE_CONSTRAINT_FK) return blame_archive(archiving, label, status, error);
  if (error) casc_error_explain(error, label, NULL, NULL); /* rows that refer to these */
  return status;
}

/* Where rows are moved, nothing of their tables is held before: so the columns are looked at when all is done. */
cascade_status casc_archiving_verify(casc_archiving *archiving, const casc_batch *batch, cascade_error **error) {
  casc_scope *scope = archiving->scope;
  cascade_status status = archiving->moves ? check_tables(archiving, batch->closure, error) : CASCADE_OK;
  for (uint32_t i = 0; status >= 0 && archiving->archive && i < scope->order_count; i++) {
    uint32_t number = scope->order[i];
    const char *label = scope->tables[number].table->label;
    if (batch->deleted[number] != archiving->tables[number].copied)
      return casc_fail_at(scope->connection->context, error, CASCADE_ARCHIVE, label, NULL,
                          "archive: %llu rows of table %s were copied, and %llu deleted: the batch was rolled back",
                          (unsigned long long)archiving->tables[number].copied, label, (unsigned long long)batch->deleted[number]);
  }
  return status;
}

cascade_status casc_archiving_flush(casc_archiving *archiving, cascade_error **error) {
  return archiving->open ? casc_archive_flush(archiving->archive, error) : CASCADE_OK;
}

void casc_archiving_end(casc_archiving *archiving, bool keep) {
  if (archiving->open) casc_archive_end(archiving->archive, keep);
  archiving->open = false;
}

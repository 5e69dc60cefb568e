/* The archive's tables: what they must be like, and how they come to be. */
#include "archive_internal.h"

#include "names.h"
#include "tables.h"

#include <string.h>

/* ---- as they are ---- */

typedef struct reader {
  const casc_alloc *alloc;
  casc_arena *arena;
  casc_archive_facts *facts;
} reader;

static bool read_fact(void *data, const cascade_value *row) {
  const reader *into = data;
  casc_archive_fact *fact = CASC_ADD(into->alloc, &into->facts->columns);
  if (!fact) return false;
  fact->column.name = casc_row_text(into->arena, &row[CASC_ARCHIVE_NAME]);
  fact->column.definition = casc_row_text(into->arena, &row[CASC_ARCHIVE_DEFINITION]);
  fact->computed = casc_row_integer(&row[CASC_ARCHIVE_COMPUTED]);
  into->facts->sound = casc_row_integer(&row[CASC_ARCHIVE_SOUND]);
  return fact->column.name && fact->column.definition;
}

cascade_status casc_archive_read_facts(cascade_connection *connection, const casc_sql_table *table, casc_arena *arena,
                                       casc_archive_facts *facts, cascade_error **error) {
  const casc_alloc *alloc = &connection->context->alloc;
  reader into = {alloc, arena, facts};
  casc_statement statement;
  *facts = (casc_archive_facts){0};
  casc_session_statement(connection, &statement);
  casc_archive_columns(casc_dialect_of(connection->capabilities.engine), &statement, table);
  cascade_status status = casc_rows_read(connection, &statement, read_fact, &into, error);
  casc_statement_free(&statement);
  if (status < 0) casc_archive_free_facts(alloc, facts);
  return status;
}

void casc_archive_free_facts(const casc_alloc *alloc, casc_archive_facts *facts) {
  casc_free(alloc, facts->columns.items);
  *facts = (casc_archive_facts){0};
}

/* ---- their names ---- */

static const char *name_of(casc_arena *arena, const casc_sql_table *table) {
  return table->schema ? casc_arena_printf(arena, "%s.%s", table->schema, table->name) : table->name;
}

cascade_status casc_archive_target(const cascade_archive *archive, casc_scope *scope, uint32_t table, casc_arena *arena,
                                   casc_sql_table *to, cascade_error **error) {
  const casc_sql_table *from = &scope->tables[table].sql;
  const char *label = scope->tables[table].table->label;
  const char *suffix = archive->options.suffix ? archive->options.suffix : "";
  size_t longest = casc_archive_longest_name(scope->dialect);
  *to = (casc_sql_table){.schema = archive->options.schema ? archive->options.schema : from->schema,
                         .name = casc_arena_printf(arena, "%s%s", from->name, suffix)};
  if (!to->name) return casc_nomem(error);
  if (!longest || strlen(to->name) <= longest) return CASCADE_OK;
  return casc_fail_at(
      scope->connection->context, error, CASCADE_ARCHIVE, label, NULL,
      "the archive table of %s would be called %s, which is longer than the %zu bytes of a name; take a shorter suffix, or a "
      "schema",
      label, to->name, longest);
}

/* SQLite writes names and types in any case. */
static bool same_text(const casc_scope *scope, const char *a, const char *b) {
  return casc_names_fold(scope->dialect->engine) ? casc_same_name(a, b) : !strcmp(a, b);
}

static bool same_table(const casc_scope *scope, const casc_sql_table *a, const casc_sql_table *b) {
  const char *home = scope->policy->graph->home ? scope->policy->graph->home : "main";
  return same_text(scope, a->name, b->name) && same_text(scope, a->schema ? a->schema : home, b->schema ? b->schema : home);
}

cascade_status casc_archive_check_targets(const casc_scope *scope, const casc_sql_table *targets, cascade_error **error) {
  cascade_context *context = scope->connection->context;
  for (uint32_t i = 0; i < scope->order_count; i++) {
    const casc_scope_table *one = &scope->tables[scope->order[i]];
    for (uint32_t j = 0; j < scope->order_count; j++) {
      const casc_scope_table *other = &scope->tables[scope->order[j]];
      const casc_sql_table *to = &targets[scope->order[i]];
      if (same_table(scope, to, &other->sql))
        return casc_fail_at(context, error, CASCADE_ARCHIVE, one->table->label, NULL,
                            "the archive table of %s would be %s, from which rows go themselves; take another suffix or schema",
                            one->table->label, other->table->label);
      if (j < i && same_table(scope, to, &targets[scope->order[j]]))
        return casc_fail_at(context, error, CASCADE_ARCHIVE, one->table->label, NULL,
                            "tables %s and %s would be archived in one table, %s; take a suffix without a schema",
                            other->table->label, one->table->label, to->name);
    }
  }
  return CASCADE_OK;
}

/* ---- as they are to be ---- */

static const casc_archive_fact *find(const casc_scope *scope, const casc_archive_facts *facts, const char *name) {
  for (size_t i = 0; i < facts->columns.count; i++)
    if (scope->dialect == &casc_dialect_postgres
            ? !strcmp(facts->columns.items[i].column.name, name)
            : casc_same_name(facts->columns.items[i].column.name, name)) /* of columns, MariaDB too */
      return &facts->columns.items[i];
  return NULL;
}

static cascade_status add(casc_scope *scope, casc_arena *arena, casc_str *sql, casc_archive_ddl *missing, cascade_error **error) {
  const char *text = sql->failed ? NULL : casc_arena_copy(arena, sql->data, sql->length);
  const char **place = text ? CASC_ADD(scope->alloc, &missing->statements) : NULL;
  casc_str_free(sql);
  if (!place) return casc_nomem(error);
  *place = text;
  return CASCADE_OK;
}

static cascade_status create(casc_scope *scope, const casc_archive_facts *source, const casc_sql_table *to, casc_arena *arena,
                             casc_archive_ddl *missing, cascade_error **error) {
  casc_archive_column *columns = casc_arena_get(arena, source->columns.count, sizeof *columns);
  uint32_t count = 0;
  if (!columns) return casc_nomem(error);
  for (size_t i = 0; i < source->columns.count; i++) {
    if (source->columns.items[i].computed) continue;
    columns[count].name = source->columns.items[i].column.name;
    columns[count++].definition = casc_archive_definition(scope->dialect, source->columns.items[i].column.definition);
  }
  casc_str sql;
  casc_str_init(&sql, scope->alloc);
  casc_archive_create(scope->dialect, &sql, to, columns, count, !find(scope, source, CASC_ARCHIVE_WHEN));
  return add(scope, arena, &sql, missing, error);
}

cascade_status casc_archive_compare(casc_scope *scope, uint32_t table, const casc_archive_facts *source, const casc_sql_table *to,
                                    casc_arena *arena, casc_archive_ddl *missing, cascade_error **error) {
  cascade_context *context = scope->connection->context;
  const char *label = scope->tables[table].table->label, *archive = name_of(arena, to);
  casc_archive_facts facts;
  if (!archive) return casc_nomem(error);
  if (!source->columns.count)
    return casc_fail_at(context, error, CASCADE_SCHEMA, label, NULL,
                        "table %s is not there, or has no columns; read the graph again", label);
  cascade_status status = casc_archive_read_facts(scope->connection, to, arena, &facts, error);
  if (status >= 0 && !facts.columns.count) return create(scope, source, to, arena, missing, error);
  if (status >= 0 && !facts.sound)
    status = casc_fail_at(
        context, error, CASCADE_ARCHIVE, label, NULL,
        "the archive table %s of table %s is a view, or of an engine without transactions; take another suffix or schema", archive,
        label);
  for (size_t i = 0; status >= 0 && i < source->columns.count; i++) {
    const casc_archive_fact *column = &source->columns.items[i], *kept = find(scope, &facts, column->column.name);
    casc_archive_column wanted = {column->column.name, casc_archive_definition(scope->dialect, column->column.definition)};
    if (column->computed) continue;
    if (kept && !kept->computed && same_text(scope, kept->column.definition, wanted.definition)) continue;
    if (kept) {
      status = casc_fail_at(
          context, error, CASCADE_ARCHIVE, label, NULL,
          "column %s is of type '%s' in table %s and %s'%s' in its archive table %s: make the types the same, or take "
          "another suffix",
          wanted.name, wanted.definition, label, kept->computed ? "computed from " : "", kept->column.definition, archive);
      break;
    }
    casc_str sql;
    casc_str_init(&sql, scope->alloc);
    casc_archive_add_column(scope->dialect, &sql, to, &wanted);
    status = add(scope, arena, &sql, missing, error);
  }
  casc_archive_free_facts(scope->alloc, &facts);
  return status;
}

/* ---- making them ---- */

static cascade_status list_missing(cascade_archive *archive, casc_scope *scope, casc_arena *arena, casc_archive_ddl *missing,
                                   cascade_error **error) {
  casc_sql_table *targets = casc_arena_get(arena, scope->table_count, sizeof *targets);
  cascade_status status = targets ? CASCADE_OK : casc_nomem(error);
  for (uint32_t i = 0; status >= 0 && i < scope->order_count; i++)
    status = casc_archive_target(archive, scope, scope->order[i], arena, &targets[scope->order[i]], error);
  if (status >= 0) status = casc_archive_check_targets(scope, targets, error);
  for (uint32_t i = 0; status >= 0 && i < scope->order_count; i++) {
    uint32_t table = scope->order[i];
    casc_archive_facts source;
    status = casc_archive_read_facts(scope->connection, &scope->tables[table].sql, arena, &source, error);
    if (status < 0) break;
    status = casc_archive_compare(scope, table, &source, &targets[table], arena, missing, error);
    casc_archive_free_facts(scope->alloc, &source);
  }
  return status;
}

/* What a purge of the table would need, handed to `then`. */
static cascade_status with_missing(cascade_archive *archive, cascade_connection *connection, cascade_policy *policy,
                                   const char *table,
                                   cascade_status (*then)(cascade_connection *, casc_archive_ddl *, void *, cascade_error **),
                                   void *data, cascade_error **error) {
  if (!archive || !connection || !policy || !table)
    return casc_fail(NULL, error, CASCADE_INVALID, "archive: it, the connection, the policy or the table's name is NULL");
  if (!archive->tables)
    return casc_fail(archive->context, error, CASCADE_INVALID, "archive: it has no tables; give a suffix or a schema");
  cascade_selection *all = NULL;
  casc_scope scope = {0};
  casc_arena arena;
  casc_archive_ddl missing = {0};
  casc_arena_init(&arena, &connection->context->alloc);
  cascade_status status = cascade_selection_where(policy->graph, table, NULL, NULL, 0, &all, error);
  if (status >= 0) status = casc_scope_init(&scope, connection, policy, all, CASC_SCOPE_HOLD_ALL, error);
  if (status >= 0) status = list_missing(archive, &scope, &arena, &missing, error);
  if (status >= 0) status = then(connection, &missing, data, error);
  casc_free(&connection->context->alloc, missing.statements.items);
  casc_arena_clear(&arena);
  if (scope.alloc) casc_scope_free(&scope);
  cascade_selection_free(all);
  return status;
}

static cascade_status write_down(cascade_connection *connection, casc_archive_ddl *missing, void *text, cascade_error **error) {
  (void)connection;
  casc_str ddl;
  casc_str_init(&ddl, &casc_system_alloc);
  for (size_t i = 0; i < missing->statements.count; i++) casc_str_printf(&ddl, "%s;\n", missing->statements.items[i]);
  if (!missing->statements.count) return CASCADE_DONE;
  *(char **)text = casc_str_give(&ddl);
  return *(char **)text ? CASCADE_OK : casc_nomem(error);
}

cascade_status cascade_archive_ddl(cascade_archive *archive, cascade_connection *connection, cascade_policy *policy,
                                   const char *table, char **text, cascade_error **error) {
  if (!text) return casc_fail(NULL, error, CASCADE_INVALID, "archive: the place for the text is NULL");
  *text = NULL;
  return with_missing(archive, connection, policy, table, write_down, text, error);
}

static cascade_status run_all(cascade_connection *connection, casc_archive_ddl *missing, void *data, cascade_error **error) {
  (void)data;
  if (!missing->statements.count) return CASCADE_OK;
  const char **end = CASC_ADD(&connection->context->alloc, &missing->statements);
  return end ? casc_tables_run(connection, missing->statements.items, "archive's tables", error) : casc_nomem(error);
}

cascade_status cascade_archive_install(cascade_archive *archive, cascade_connection *connection, cascade_policy *policy,
                                       const char *table, cascade_error **error) {
  return with_missing(archive, connection, policy, table, run_all, NULL, error);
}

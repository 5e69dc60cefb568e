#include "hooks.h"

#include "names.h"
#include "options.h"

#include <string.h>

/* ---- what is wanted ---- */

cascade_status casc_hooks_find_column(const cascade_graph *graph, const char *table_name, const char *name, uint32_t *table,
                                      uint32_t *position, cascade_error **error) {
  if (!table_name || !name)
    return casc_fail(graph->context, error, CASCADE_INVALID,
                     "purge: the name of a column that hooks want, or of its table, is NULL");
  cascade_status status = cascade_graph_find_table(graph, table_name, table, error);
  if (status < 0) return status;
  const casc_table *facts = &graph->tables[*table];
  *position = casc_find_column(facts, name);
  if (*position != CASC_NONE) return CASCADE_OK;
  return casc_fail_at(graph->context, error, CASCADE_NOT_FOUND, facts->label, NULL, "%s has no column '%s'", facts->label, name);
}

static cascade_status want_column(casc_hooks *hooks, const char *table_name, const char *name, cascade_error **error) {
  uint32_t table, position;
  cascade_status status = casc_hooks_find_column(hooks->scope->policy->graph, table_name, name, &table, &position, error);
  if (status < 0) return status;
  const casc_table *facts = hooks->scope->tables[table].table;
  casc_wanted *wanted = &hooks->wanted[table];
  for (uint32_t i = 0; i < wanted->count; i++)
    if (wanted->names[i] == facts->columns[position].name) return CASCADE_OK;
  wanted->names[wanted->count++] = facts->columns[position].name;
  return CASCADE_OK;
}

int32_t casc_read_type(const casc_scope *scope, const casc_table *table, const char *name) {
  const casc_column *column = &table->columns[casc_find_column(table, name)];
  if (!strcmp(scope->dialect->engine, "sqlite")) return CASCADE_ANY;
  if (column->value_type != CASCADE_NULL) return column->value_type;
  return strncmp(column->type, "bit", 3) ? CASCADE_DOUBLE : CASCADE_BLOB;
}

static cascade_status widen(casc_hooks *hooks, uint32_t table, cascade_error **error) {
  casc_scope *scope = hooks->scope;
  casc_wanted *wanted = &hooks->wanted[table];
  const casc_sql_table *sql = &scope->tables[table].sql;
  uint32_t count = sql->shown_count + wanted->count;
  const char **names = casc_arena_get(&scope->arena, count, sizeof *names);
  int32_t *types = casc_arena_get(&scope->arena, count, sizeof *types);
  if (!names || !types) return casc_nomem(error);
  for (uint32_t i = 0; i < count; i++) {
    names[i] = i < sql->shown_count ? sql->shown[i] : wanted->names[i - sql->shown_count];
    types[i] = i < sql->shown_count ? sql->shown_types[i] : casc_read_type(scope, scope->tables[table].table, names[i]);
  }
  wanted->sql = *sql;
  wanted->sql.shown_count = count;
  wanted->sql.shown = names;
  wanted->sql.shown_types = types;
  wanted->sql.shown_is_key = false;
  return CASCADE_OK;
}

static void key_list(const casc_scope *scope, uint32_t table, casc_keyset *set) {
  const casc_sql_table *sql = &scope->tables[table].sql;
  casc_keyset_init(set, scope->alloc, sql->shown_count, sql->shown_count == 1 && sql->shown_types[0] == CASCADE_INT64);
}

cascade_status casc_hooks_init(casc_hooks *hooks, casc_scope *scope, const cascade_purge_options *options, cascade_error **error) {
  *hooks = (casc_hooks){.scope = scope, .blamed = CASC_NONE};
  uint32_t tables = scope->table_count;
  hooks->wanted = casc_arena_get(&scope->arena, tables, sizeof *hooks->wanted);
  hooks->kept = casc_calloc(scope->alloc, (size_t)tables * 2, sizeof *hooks->kept);
  hooks->stayed = casc_calloc(scope->alloc, (size_t)tables * 2, sizeof *hooks->stayed);
  if (!hooks->wanted || !hooks->kept || !hooks->stayed) return casc_nomem(error);
  hooks->keeping = hooks->kept + tables;
  hooks->staying = hooks->stayed + tables;
  for (uint32_t i = 0; i < tables; i++) {
    hooks->wanted[i].names = casc_arena_get(&scope->arena, options->column_count, sizeof *hooks->wanted[i].names);
    if (!hooks->wanted[i].names) return casc_nomem(error);
  }
  for (uint32_t i = 0; i < tables * 2; i++) {
    casc_keyset_of(scope, i % tables, &hooks->kept[i]);
    key_list(scope, i % tables, &hooks->stayed[i].vetoed);
    key_list(scope, i % tables, &hooks->stayed[i].kept);
  }
  if (options->column_count && (!options->columns || !options->column_tables))
    return casc_fail(scope->connection->context, error, CASCADE_INVALID, "purge: the list of columns that hooks want is NULL");
  cascade_status status = CASCADE_OK;
  for (uint32_t i = 0; status >= 0 && i < options->column_count; i++)
    status = want_column(hooks, options->column_tables[i], options->columns[i], error);
  for (uint32_t i = 0; status >= 0 && i < tables; i++)
    if (hooks->wanted[i].count) status = widen(hooks, i, error);
  return status;
}

static void forget_staying(casc_hooks *hooks) {
  for (uint32_t i = 0; hooks->any_staying && i < hooks->scope->table_count; i++) {
    casc_keyset_clear(&hooks->keeping[i]);
    casc_keyset_clear(&hooks->staying[i].vetoed);
    casc_keyset_clear(&hooks->staying[i].kept);
  }
  hooks->any_staying = false;
}

void casc_hooks_clear(casc_hooks *hooks) {
  if (!hooks->scope) return;
  for (uint32_t i = 0; i < hooks->count; i++) {
    casc_keyset_free(&hooks->told[i].identities);
    casc_keyset_free(&hooks->told[i].shown);
    casc_keyset_free(&hooks->told[i].cells);
    casc_free(hooks->scope->alloc, hooks->told[i].veto);
  }
  casc_free(hooks->scope->alloc, hooks->told);
  casc_free(hooks->scope->alloc, hooks->tables);
  hooks->told = NULL;
  hooks->tables = NULL;
  hooks->count = 0;
  forget_staying(hooks);
}

void casc_hooks_free(casc_hooks *hooks) {
  if (!hooks->scope) return;
  casc_hooks_clear(hooks);
  for (uint32_t i = 0; hooks->kept && i < hooks->scope->table_count * 2; i++) casc_keyset_free(&hooks->kept[i]);
  for (uint32_t i = 0; hooks->stayed && i < hooks->scope->table_count * 2; i++) {
    casc_keyset_free(&hooks->stayed[i].vetoed);
    casc_keyset_free(&hooks->stayed[i].kept);
  }
  casc_free(hooks->scope->alloc, hooks->kept);
  casc_free(hooks->scope->alloc, hooks->stayed);
  casc_free(hooks->scope->alloc, hooks->reason);
  *hooks = (casc_hooks){0};
}

/* ---- telling ---- */

/* Rows of a table by their identities: their keys as people know them and, unless NULL, their identities and wanted columns. */
static cascade_status read_rows(casc_hooks *hooks, uint32_t table, const casc_keyset *keys, casc_keyset *shown, casc_told *told,
                                cascade_error **error) {
  casc_scope *scope = hooks->scope;
  const casc_sql_table *own = &scope->tables[table].sql;
  bool wide = told && hooks->wanted[table].count;
  const casc_sql_table *sql = wide ? &hooks->wanted[table].sql : own;
  uint32_t skip = sql->shown_is_key ? 0 : sql->key_count;
  size_t slice = casc_slice(scope, keys);
  cascade_status status = CASCADE_OK;
  for (size_t from = 0; status >= 0 && from < keys->count;) {
    size_t count = keys->count - from < slice ? keys->count - from : slice;
    cascade_keys among = casc_keyset_view(keys, from, count);
    casc_statement statement;
    casc_cursor cursor = {0};
    const cascade_value *row = NULL;
    casc_session_statement(scope->connection, &statement);
    scope->dialect->select_keys(&statement, sql, &(casc_sql_filter){.among = &among}, true, false, 0);
    status = casc_query(scope->connection, &statement, &cursor, error);
    while (status >= 0 && (status = casc_next(&cursor, &row, error)) == CASCADE_OK)
      if (!casc_keyset_append(shown, row + skip) || (told && !casc_keyset_append(&told->identities, row)) ||
          (wide && !casc_keyset_append(&told->cells, row + skip + own->shown_count)))
        status = casc_nomem(error);
    casc_cursor_close(&cursor);
    casc_statement_free(&statement);
    from += count;
  }
  casc_keyset_list(shown); /* as they are: NULLs in a primary key may repeat */
  if (told) casc_keyset_list(&told->identities);
  if (wide) casc_keyset_list(&told->cells);
  if (status < 0 && error) casc_error_explain(error, scope->tables[table].table->label, NULL, NULL);
  return status < 0 ? status : CASCADE_OK;
}

static void show(const casc_hooks *hooks, uint32_t at) {
  casc_told *told = &hooks->told[at];
  cascade_deleted *entry = &hooks->tables[at];
  told->keys = casc_keyset_view(&told->shown, 0, told->shown.count);
  told->keys.columns = hooks->scope->tables[entry->table].sql.shown;
  entry->keys = &told->keys;
}

cascade_status casc_hooks_read(casc_hooks *hooks, const casc_closure *closure, bool vetoes, cascade_error **error) {
  casc_scope *scope = hooks->scope;
  cascade_status status = CASCADE_OK;
  hooks->told = casc_calloc(scope->alloc, scope->order_count, sizeof *hooks->told);
  hooks->tables = casc_calloc(scope->alloc, scope->order_count, sizeof *hooks->tables);
  if (!hooks->told || !hooks->tables) return casc_nomem(error);
  for (uint32_t i = 0; status >= 0 && i < scope->order_count; i++) {
    uint32_t table = scope->order[i];
    casc_told *told = &hooks->told[hooks->count];
    if (!closure->sets[table].count) continue;
    hooks->tables[hooks->count++] =
        (cascade_deleted){.size = sizeof(cascade_deleted), .table = table, .label = scope->tables[table].table->label};
    casc_keyset_of(scope, table, &told->identities);
    key_list(scope, table, &told->shown);
    casc_keyset_init(&told->cells, scope->alloc, hooks->wanted[table].count, false);
    status = read_rows(hooks, table, &closure->sets[table], &told->shown, told, error);
    if (status < 0) break;
    if (vetoes && !(told->veto = casc_calloc(scope->alloc, told->shown.count + 1, 1))) return casc_nomem(error);
    show(hooks, hooks->count - 1);
  }
  return status;
}

cascade_status casc_hooks_call(casc_hooks *hooks, cascade_hook hook, void *data, const char *name, const char *fate,
                               cascade_error **error) {
  if (!hook || !hooks->count) return CASCADE_OK;
  hooks->blamed = CASC_NONE;
  casc_free(hooks->scope->alloc, hooks->reason);
  hooks->reason = NULL;
  hooks->running = true;
  int32_t answer = hook(data, hooks->tables, hooks->count);
  hooks->running = false;
  if (!answer) return CASCADE_OK;
  const char *table = hooks->blamed == CASC_NONE ? NULL : hooks->scope->tables[hooks->blamed].table->label;
  return casc_fail_at(hooks->scope->connection->context, error, CASCADE_HOOK, table, NULL, "the %s hook returned %d%s%s%s%s: %s",
                      name, (int)answer, table ? " for table " : "", table ? table : "", hooks->reason ? ", " : "",
                      hooks->reason ? hooks->reason : "", fate);
}

cascade_status casc_hooks_describe(const casc_hooks *hooks, uint32_t position, cascade_row_columns *columns) {
  const casc_told *told = &hooks->told[position];
  const casc_wanted *wanted = &hooks->wanted[hooks->tables[position].table];
  cascade_row_columns own = {.row_count = told->shown.count, .column_count = wanted->count};
  if (wanted->count) own.columns = wanted->names;
  if (wanted->count) own.cells = told->cells.cells;
  return CASC_INFO(columns, own, cells);
}

cascade_status casc_hooks_columns(const casc_hooks *hooks, uint32_t position, cascade_row_columns *columns) {
  return hooks->running && position < hooks->count ? casc_hooks_describe(hooks, position, columns) : CASCADE_INVALID;
}

cascade_status casc_hooks_veto(casc_hooks *hooks, uint32_t position, const uint64_t *rows, uint64_t count) {
  if (!hooks->running || position >= hooks->count || !hooks->told[position].veto || (count && !rows)) return CASCADE_INVALID;
  for (uint64_t i = 0; i < count; i++)
    if (rows[i] >= hooks->told[position].shown.count) return CASCADE_INVALID;
  for (uint64_t i = 0; i < count; i++) hooks->told[position].veto[rows[i]] = 1;
  return CASCADE_OK;
}

cascade_status casc_hooks_blame(casc_hooks *hooks, const char *table, const char *reason) {
  if (!hooks->running) return CASCADE_INVALID;
  cascade_status status = table ? cascade_graph_find_table(hooks->scope->policy->graph, table, &hooks->blamed, NULL) : CASCADE_OK;
  if (status < 0 || !reason) return status;
  casc_free(hooks->scope->alloc, hooks->reason);
  hooks->reason = casc_strdup(hooks->scope->alloc, reason);
  return hooks->reason ? CASCADE_OK : CASCADE_NOMEM;
}

/* ---- staying ---- */

/* Drops what is marked from what was told; tables of which nothing is left are not told of. */
static void drop_marked(casc_hooks *hooks) {
  uint32_t left = 0;
  for (uint32_t i = 0; i < hooks->count; i++) {
    casc_told *told = &hooks->told[i];
    casc_keyset_drop(&told->identities, told->veto);
    casc_keyset_drop(&told->shown, told->veto);
    if (hooks->wanted[hooks->tables[i].table].count) casc_keyset_drop(&told->cells, told->veto);
    casc_free(hooks->scope->alloc, told->veto); /* no other hook may veto */
    told->veto = NULL;
    if (!told->identities.count) {
      casc_keyset_free(&told->identities);
      casc_keyset_free(&told->shown);
      casc_keyset_free(&told->cells);
      continue;
    }
    hooks->told[left] = *told;
    hooks->tables[left] = hooks->tables[i];
    show(hooks, left++);
  }
  hooks->count = left;
}

static cascade_status take_vetoes(casc_hooks *hooks, casc_closure *closure, uint32_t at, bool *any, cascade_error **error) {
  casc_told *told = &hooks->told[at];
  uint32_t table = hooks->tables[at].table;
  casc_stayed *staying = &hooks->staying[table];
  casc_keyset rows;
  bool ok = true;
  casc_keyset_of(hooks->scope, table, &rows);
  for (size_t i = 0; ok && i < told->identities.count; i++) {
    cascade_value identity, key;
    if (!told->veto[i]) continue;
    ok = casc_keyset_append(&rows, casc_keyset_key(&told->identities, i, &identity)) &&
         casc_keyset_append(&staying->vetoed, casc_keyset_key(&told->shown, i, &key));
  }
  casc_keyset_list(&staying->vetoed);
  ok = ok && casc_keyset_merge(&rows, NULL) && casc_keyset_add(&hooks->keeping[table], &rows);
  if (rows.count) hooks->any_staying = *any = true;
  cascade_status status = !ok ? casc_nomem(error) : rows.count ? casc_closure_keep(closure, table, &rows, error) : CASCADE_OK;
  casc_keyset_free(&rows);
  return status;
}

cascade_status casc_hooks_obey(casc_hooks *hooks, casc_closure *closure, cascade_error **error) {
  cascade_status status = CASCADE_OK;
  bool any = false;
  for (uint32_t i = 0; status >= 0 && i < hooks->count; i++) status = take_vetoes(hooks, closure, i, &any, error);
  if (status >= 0 && any) status = casc_closure_spare(closure, error);
  for (uint32_t i = 0; status >= 0 && any && i < hooks->count; i++) {
    const casc_told *told = &hooks->told[i];
    for (size_t j = 0; j < told->identities.count; j++) {
      cascade_value cell;
      const cascade_value *key = casc_keyset_key(&told->identities, j, &cell);
      told->veto[j] = !casc_keyset_contains(&closure->sets[hooks->tables[i].table], key);
    }
  }
  if (status >= 0) drop_marked(hooks);
  return status;
}

cascade_status casc_hooks_note(casc_hooks *hooks, const casc_closure *closure, cascade_error **error) {
  cascade_status status = CASCADE_OK;
  for (uint32_t i = 0; status >= 0 && i < hooks->scope->table_count; i++) {
    casc_stayed *staying = &hooks->staying[i];
    if (!closure->needed[i].count) continue;
    hooks->any_staying = true;
    status = read_rows(hooks, i, &closure->needed[i], &staying->kept, NULL, error);
    if (status >= 0 && !casc_keyset_add(&hooks->keeping[i], &closure->needed[i])) status = casc_nomem(error);
  }
  return status;
}

static bool append_list(casc_keyset *to, const casc_keyset *from) {
  bool ok = true;
  for (size_t i = 0; ok && i < from->count; i++) {
    cascade_value cell;
    ok = casc_keyset_append(to, casc_keyset_key(from, i, &cell));
  }
  casc_keyset_list(to);
  return ok;
}

cascade_status casc_hooks_settle(casc_hooks *hooks, cascade_error **error) {
  bool ok = true;
  for (uint32_t i = 0; ok && hooks->any_staying && i < hooks->scope->table_count; i++) {
    casc_stayed *stayed = &hooks->stayed[i];
    const casc_stayed *staying = &hooks->staying[i];
    ok = casc_keyset_add(&hooks->kept[i], &hooks->keeping[i]) && append_list(&stayed->vetoed, &staying->vetoed) &&
         append_list(&stayed->kept, &staying->kept);
  }
  if (ok) forget_staying(hooks);
  return ok ? CASCADE_OK : casc_nomem(error);
}

uint64_t casc_hooks_staying(const casc_hooks *hooks) {
  uint64_t rows = 0;
  for (uint32_t i = 0; i < 2 * hooks->scope->table_count; i++) rows += hooks->stayed[i].vetoed.count + hooks->stayed[i].kept.count;
  return rows;
}

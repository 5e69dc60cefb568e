/* What is refused before anything is read of the closure. */
#include "purge_internal.h"

#include "sqlite_ddl.h"

#include <string.h>

static cascade_status refuse_request(cascade_purge *purge, cascade_error **error) {
  const casc_scope *scope = &purge->scope;
  const cascade_selection *selection = scope->selection;
  const char *table = scope->tables[scope->root].table->label;
  if (!selection->by_keys && !selection->where && !(purge->options.allow & CASCADE_ALLOW_NO_FILTER))
    return casc_fail_at(purge->context, error, CASCADE_NO_FILTER, table, NULL,
                        "this would delete every row of table %s; give keys or a condition, or allow it: "
                        "CASCADE_ALLOW_NO_FILTER, --allow-no-filter",
                        table);
  if (!scope->enforced && !(purge->options.allow & CASCADE_ALLOW_UNENFORCED))
    return casc_fail_at(purge->context, error, CASCADE_UNENFORCED, table, NULL,
                        "the session does not enforce foreign keys (%s); turn them on, or allow it: CASCADE_ALLOW_UNENFORCED, "
                        "--allow-unenforced",
                        scope->dialect->checks_name);
  uint32_t hidden = cascade_graph_hidden(scope->policy->graph);
  if (hidden && !(purge->options.allow & CASCADE_ALLOW_HIDDEN))
    return casc_fail_at(purge->context, error, CASCADE_PRIVILEGE, table, NULL,
                        "the database user cannot see all %s; grant %s, or, if there are no others, allow it: "
                        "CASCADE_ALLOW_HIDDEN, --allow-hidden",
                        hidden & CASCADE_HIDDEN_RELATIONS ? "foreign keys from other databases" : "triggers",
                        hidden & CASCADE_HIDDEN_RELATIONS ? "PROCESS" : "DELETE on the database");
  return CASCADE_OK;
}

static cascade_status refuse_proof(cascade_purge *purge, cascade_error **error) {
  const casc_scope *scope = &purge->scope;
  const casc_dialect *dialect = scope->dialect;
  const char *table = scope->tables[scope->root].table->label;
  if (scope->triggers)
    return casc_fail_at(purge->context, error, CASCADE_TRIGGERS, table, NULL,
                        "tables that would be written have triggers, which may undo what is proven; use checked integrity");
  if (!dialect->proof_pays)
    return casc_fail(purge->context, error, CASCADE_UNSUPPORTED,
                     "proven integrity gains nothing on this engine; use checked integrity");
  if (dialect->checks_off && casc_in_host_transaction(purge->connection))
    return casc_fail(purge->context, error, CASCADE_UNSUPPORTED,
                     "the checks cannot be turned off inside a transaction; use checked integrity, or purge outside of it");
  if (!dialect->may_turn_checks_off) return CASCADE_OK;
  casc_statement statement;
  int64_t may = 0;
  casc_session_statement(purge->connection, &statement);
  dialect->may_turn_checks_off(&statement);
  cascade_status status = casc_ask_integer(purge->connection, &statement, 0, &may, error);
  casc_statement_free(&statement);
  if (status < 0 || may) return status;
  return casc_fail(purge->context, error, CASCADE_PRIVILEGE,
                   "proven integrity needs the right to set session_replication_role; GRANT SET ON PARAMETER "
                   "session_replication_role TO this user, or use checked integrity");
}

/* What the session may not do to a table, as far as the request needs it; NULL for nothing. */
static const char *missing_right(const casc_scope_table *table, bool reached, bool written, bool locked) {
  uint32_t flags = table->table->flags;
  if (flags & CASCADE_TABLE_NO_SELECT) return "SELECT on";
  if (reached && (flags & CASCADE_TABLE_NO_DELETE)) return "DELETE on";
  if ((written || locked) && (flags & CASCADE_TABLE_NO_UPDATE)) return "UPDATE on";
  return NULL;
}

static cascade_status refuse_table(cascade_purge *purge, uint32_t number, bool written, cascade_error **error) {
  const casc_scope_table *table = &purge->scope.tables[number];
  const char *label = table->table->label;
  const char *right =
      missing_right(table, table->reached, written, table->reached && table->held && purge->scope.dialect->row_locks);
  if (right)
    return casc_fail_at(purge->context, error, CASCADE_PRIVILEGE, label, NULL, "the database user needs %s table %s", right, label);
  if (table->table->flags & CASCADE_TABLE_ROW_SECURITY)
    return casc_fail_at(
        purge->context, error, CASCADE_PRIVILEGE, label, NULL,
        "row security hides rows of table %s from this user, so that nobody can tell what hangs on them; purge as a "
        "user whom it does not concern",
        label);
  if (table->reached && (table->table->flags & CASCADE_TABLE_PARTITION_KEYS))
    return casc_fail_at(
        purge->context, error, CASCADE_UNSUPPORTED, label, NULL,
        "a partition of table %s has foreign keys of its own, or is referred to on its own, which a purge of the whole "
        "table does not see; make them foreign keys of table %s",
        label, label);
  if ((table->reached || written) && (table->table->flags & CASCADE_TABLE_NOT_TRANSACTIONAL))
    return casc_fail_at(purge->context, error, CASCADE_ENGINE, label, NULL,
                        "the storage engine of table %s has no transactions, so that nothing could be undone; make it InnoDB",
                        label);
  return CASCADE_OK;
}

static cascade_status refuse_tables(cascade_purge *purge, cascade_error **error) {
  const casc_scope *scope = &purge->scope;
  cascade_status status = refuse_table(purge, scope->root, false, error);
  for (uint32_t i = 0; status >= 0 && i < scope->relation_count; i++) {
    const casc_scope_relation *to = &scope->relations[i];
    const casc_relation *relation = to->relation;
    bool concerned = scope->tables[relation->ref_table].reached;
    if (to->role != CASC_ROLE_NONE) status = refuse_table(purge, relation->table, to->role == CASC_ROLE_UPDATE, error);
    if (status >= 0 && (relation->flags & CASCADE_RELATION_UNRESOLVED) && scope->enforced && concerned)
      return casc_fail_at(purge->context, error, CASCADE_SCHEMA, scope->tables[relation->table].table->label, relation->label,
                          "%s refers to no unique key, so that the database refuses every delete of table %s; mend the foreign "
                          "key",
                          relation->label, scope->tables[relation->ref_table].table->label);
  }
  return status;
}

static cascade_status try_deletes(cascade_purge *purge, const casc_sql_table *const *tables, uint32_t count,
                                  cascade_error **error) {
  casc_statement statement;
  cascade_error *own = NULL;
  if (!count) return CASCADE_OK;
  casc_session_statement(purge->connection, &statement);
  purge->scope.dialect->try_deletes(&statement, tables, count);
  cascade_status status = casc_run(purge->connection, &statement, NULL, &own);
  if (status != CASCADE_READONLY) return status < 0 ? casc_error_pass(own, error) : status;
  cascade_error_free(own); /* the session's own transactions may be read-only: those of the purge are not */
  return CASCADE_OK;
}

/* Where the catalog does not tell what the user may do, the server is asked: else the first batches would be gone before it says
   so. */
static cascade_status refuse_denied(cascade_purge *purge, cascade_error **error) {
  enum { AT_ONCE = 60 };
  const casc_scope *scope = &purge->scope;
  const casc_sql_table *tables[AT_ONCE];
  uint32_t count = 0;
  cascade_status status = CASCADE_OK;
  if (!scope->dialect->try_deletes) return CASCADE_OK;
  for (uint32_t i = 0; status >= 0 && i < scope->table_count; i++) {
    if (!scope->tables[i].reached) continue;
    tables[count++] = &scope->tables[i].sql;
    if (count < AT_ONCE) continue;
    status = try_deletes(purge, tables, count, error);
    count = 0;
  }
  return status < 0 ? status : try_deletes(purge, tables, count, error);
}

/* The statements that would help. A message has no room for the text of a large table. */
static cascade_status write_migration(casc_scope *scope, const casc_sql_table *table, const casc_column *column, const char *cast,
                                      casc_str *sql, cascade_error **error) {
  enum { ROOM = 1200 };
  if (!scope->dialect->table_sql) {
    bool collated = column->collation && *column->collation; /* which a column would lose without being told */
    scope->dialect->allow_null(sql, table, column->name, collated ? cast : column->type, column->default_sql, 0);
    return CASCADE_OK;
  }
  casc_statement statement;
  casc_cursor cursor = {0};
  const cascade_value *row = NULL;
  casc_str text;
  casc_str_init(&text, scope->alloc);
  casc_session_statement(scope->connection, &statement);
  scope->dialect->table_sql(&statement, table);
  cascade_status status = casc_query(scope->connection, &statement, &cursor, error);
  if (status >= 0) status = casc_next(&cursor, &row, error);
  if (status == CASCADE_OK) {
    const char *old = casc_arena_copy(&scope->arena, row[0].data, row[0].length);
    bool cut = old && casc_ddl_allow_null(&scope->arena, &text, old, column->name) && !text.failed && text.length < ROOM;
    scope->dialect->allow_null(sql, table, column->name, cut ? text.data : NULL, NULL, row[1].integer);
  }
  casc_cursor_close(&cursor);
  casc_statement_free(&statement);
  casc_str_free(&text);
  return status < 0 ? status : CASCADE_OK;
}

/* Whether rows can be detached is a matter of the schema: it is told before there are any. */
static cascade_status refuse_detach(cascade_purge *purge, const casc_scope_relation *to, cascade_error **error) {
  const casc_scope *scope = &purge->scope;
  const casc_table *table = scope->tables[to->relation->table].table;
  if (!to->detaches) return CASCADE_OK;
  if (!table->key_count)
    return casc_fail_at(purge->context, error, CASCADE_NO_KEY, table->label, to->relation->label,
                        "table %s has no primary key, by which its detached rows could be found again; add one", table->label);
  const casc_column *inexact = casc_inexact_key(table);
  if (inexact)
    return casc_fail_at(purge->context, error, CASCADE_NO_KEY, table->label, to->relation->label,
                        "detached rows of table %s could not be found again by key column \"%s\" of type %s; " CASC_EXACT_TYPES,
                        table->label, inexact->name, inexact->type);
  for (uint32_t i = 0; i < to->sql.set_count; i++) {
    const casc_column *column = table->columns;
    while (strcmp(column->name, to->sql.set_columns[i])) column++;
    if (!(column->flags & CASCADE_COLUMN_NOT_NULL)) continue;
    casc_str sql;
    casc_str_init(&sql, scope->alloc);
    cascade_status status = write_migration(&purge->scope, to->sql.table, column, to->sql.set_casts[i], &sql, error);
    if (status >= 0)
      status = sql.failed || !sql.data ? casc_nomem(error)
                                       : casc_fail_at(purge->context, error, CASCADE_POLICY, table->label, to->relation->label,
                                                      "column %s of table %s cannot be NULL, so that its rows cannot be detached; "
                                                      "make it so: %s",
                                                      column->name, table->label, sql.data);
    casc_str_free(&sql);
    return status;
  }
  return CASCADE_OK;
}

cascade_status casc_purge_refuse(cascade_purge *purge, cascade_error **error) {
  cascade_status status = refuse_request(purge, error);
  if (status >= 0) status = refuse_tables(purge, error);
  if (status >= 0) status = refuse_denied(purge, error);
  for (uint32_t i = 0; status >= 0 && i < purge->scope.relation_count; i++)
    status = refuse_detach(purge, &purge->scope.relations[i], error);
  if (status >= 0 && purge->options.integrity == CASCADE_INTEGRITY_PROVEN) status = refuse_proof(purge, error);
  return status;
}

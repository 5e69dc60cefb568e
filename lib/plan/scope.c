#include "scope.h"

#include "knot.h"
#include "relation.h"

#include <string.h>

cascade_status casc_ask_integer(cascade_connection *connection, const casc_statement *statement, int64_t otherwise, int64_t *answer,
                                cascade_error **error) {
  casc_cursor cursor = {0};
  const cascade_value *row = NULL;
  *answer = otherwise;
  cascade_status status = casc_query(connection, statement, &cursor, error);
  if (status >= 0) status = casc_next(&cursor, &row, error);
  if (status == CASCADE_OK && row[0].type != CASCADE_NULL) *answer = row[0].integer;
  casc_cursor_close(&cursor);
  return status < 0 ? status : CASCADE_OK;
}

/* What the dialect makes of the types of columns. NULL when memory is out. */
static const char *const *casts_of(casc_scope *scope, const casc_table *table, const uint32_t *columns, uint32_t count) {
  const char **casts = casc_arena_get(&scope->arena, count, sizeof *casts);
  for (uint32_t i = 0; casts && i < count; i++) {
    const casc_column *column = columns ? &table->columns[columns[i]] : NULL;
    casts[i] =
        column ? scope->dialect->cast(&scope->arena, column->type, column->sql_type, column->collation) : scope->dialect->row_cast;
    if (!casts[i]) return NULL;
  }
  return casts;
}

static bool describe_table(casc_scope *scope, casc_sql_table *sql, const casc_table *table) {
  bool own = !table->key_count;
  *sql = (casc_sql_table){
      .schema = table->schema && *table->schema ? table->schema : NULL,
      .name = table->name,
      .key_count = table->identity_count,
      .key = table->identity,
      .key_types = table->identity_types,
      .key_casts = casts_of(scope, table, table->identity_columns, table->identity_count),
      .shown_count = own ? table->identity_count : table->key_count,
      .shown = own ? table->identity : table->key_names,
      .shown_types = own ? table->identity_types : table->key_types,
      .shown_casts =
          casts_of(scope, table, own ? table->identity_columns : table->key, own ? table->identity_count : table->key_count),
      .key_is_primary = !own && table->identity == table->key_names,
      .stamp_count = table->stamp_count,
      .stamps = table->stamps,
      .only = table->flags & CASCADE_TABLE_INHERITED,
  };
  sql->shown_is_key = sql->shown_count == sql->key_count;
  for (uint32_t i = 0; sql->shown_is_key && i < sql->key_count; i++)
    if (strcmp(sql->shown[i], sql->key[i]) || sql->shown_types[i] != sql->key_types[i]) sql->shown_is_key = false;
  return sql->key_casts && sql->shown_casts;
}

/* Which of a relation's columns its rule writes. */
static uint32_t written_columns(const casc_relation *relation, const uint32_t **columns, const char *const **names) {
  int32_t rule = relation->rule == CASCADE_RULE_DETACH ? CASCADE_RULE_SET_NULL : relation->rule;
  bool some = relation->set_count && rule == casc_rule_of_action(relation->on_delete);
  *columns = some ? relation->set_columns : relation->columns;
  *names = some ? relation->set_names : relation->column_names;
  return some ? relation->set_count : relation->count;
}

static bool describe_relation(casc_scope *scope, casc_scope_relation *to, const casc_relation *relation) {
  const casc_table *table = scope->tables[relation->table].table, *ref = scope->tables[relation->ref_table].table;
  const uint32_t *written;
  *to = (casc_scope_relation){.relation = relation};
  casc_sql_relation *sql = &to->sql;
  sql->table = &scope->tables[relation->table].sql;
  sql->ref_table = &scope->tables[relation->ref_table].sql;
  sql->count = relation->count;
  sql->columns = relation->column_names;
  sql->ref_columns = relation->ref_column_names;
  sql->ref_casts = casts_of(scope, ref, relation->ref_columns, relation->count);
  sql->set_count = written_columns(relation, &written, &sql->set_columns);
  sql->set_casts = casts_of(scope, table, written, sql->set_count);
  int32_t *types = casc_arena_get(&scope->arena, sql->set_count, sizeof *types);
  for (uint32_t i = 0; types && i < sql->set_count; i++) types[i] = table->columns[written[i]].value_type;
  sql->set_types = types;
  sql->where = relation->where;
  sql->index = relation->index;
  sql->direct = relation->direct;
  return sql->ref_casts && sql->set_casts && types;
}

static cascade_status describe(casc_scope *scope, cascade_error **error) {
  const cascade_graph *graph = scope->policy->graph;
  scope->tables = casc_arena_get(&scope->arena, scope->table_count, sizeof *scope->tables);
  scope->relations = casc_arena_get(&scope->arena, scope->relation_count, sizeof *scope->relations);
  scope->order = casc_arena_get(&scope->arena, scope->table_count, sizeof *scope->order);
  scope->sums = casc_arena_get(&scope->arena, 1, sizeof *scope->sums);
  if (!scope->tables || !scope->relations || !scope->order || !scope->sums) return casc_nomem(error);
  for (uint32_t i = 0; i < scope->table_count; i++) {
    scope->tables[i].table = &graph->tables[i];
    if (!describe_table(scope, &scope->tables[i].sql, &graph->tables[i])) return casc_nomem(error);
  }
  for (uint32_t i = 0; i < scope->relation_count; i++)
    if (!describe_relation(scope, &scope->relations[i], &scope->policy->relations[i])) return casc_nomem(error);
  return CASCADE_OK;
}

/* Cells of a row, in memory that stays. */
static bool keep_cells(casc_scope *scope, const cascade_value *row, uint32_t count, cascade_value *cells) {
  for (uint32_t i = 0; i < count; i++) {
    cells[i] = row[i];
    if (row[i].length && !(cells[i].data = casc_arena_copy(&scope->arena, row[i].data, row[i].length))) return false;
  }
  return true;
}

/* The values that the rule writes; for defaults the database computes them. */
static cascade_status read_values(casc_scope *scope, casc_scope_relation *to, cascade_error **error) {
  const casc_relation *relation = to->relation;
  uint32_t count = to->sql.set_count;
  to->values = casc_arena_get(&scope->arena, count, sizeof *to->values);
  if (!to->values) return casc_nomem(error);
  if (relation->rule == CASCADE_RULE_SET_VALUE) memcpy(to->values, relation->values, count * sizeof *to->values);
  if (relation->rule != CASCADE_RULE_SET_DEFAULT) return CASCADE_OK;
  const char **expressions = casc_arena_get(&scope->arena, count, sizeof *expressions);
  if (!expressions) return casc_nomem(error);
  const casc_table *table = scope->tables[relation->table].table;
  const uint32_t *columns;
  const char *const *names;
  written_columns(relation, &columns, &names);
  for (uint32_t i = 0; i < count; i++) expressions[i] = table->columns[columns[i]].default_sql;
  casc_statement statement;
  casc_cursor cursor = {0};
  const cascade_value *row = NULL;
  casc_session_statement(scope->connection, &statement);
  scope->dialect->evaluate(&statement, &to->sql, expressions);
  cascade_status status = casc_query(scope->connection, &statement, &cursor, error);
  if (status >= 0) status = casc_next(&cursor, &row, error);
  if (status == CASCADE_OK && !keep_cells(scope, row, count, to->values)) status = casc_nomem(error);
  casc_cursor_close(&cursor);
  casc_statement_free(&statement);
  return status < 0 ? status : CASCADE_OK;
}

/* The row that the written values refer to: none when one of them is NULL, or when other columns have a say in it. */
static cascade_status read_default_parent(casc_scope *scope, casc_scope_relation *to, cascade_error **error) {
  if (to->sql.set_count < to->relation->count) return CASCADE_OK;
  for (uint32_t i = 0; i < to->relation->count; i++)
    if (to->values[i].type == CASCADE_NULL) return CASCADE_OK;
  casc_statement statement;
  casc_cursor cursor = {0};
  const cascade_value *row = NULL;
  casc_session_statement(scope->connection, &statement);
  scope->dialect->find_parent(&statement, &to->sql, to->values);
  cascade_status status = casc_query(scope->connection, &statement, &cursor, error);
  if (status >= 0) status = casc_next(&cursor, &row, error);
  if (status == CASCADE_DONE) {
    to->role = CASC_ROLE_BLOCK;
    to->reason = CASC_REASON_DEFAULT_MISSING;
  } else if (status == CASCADE_OK) {
    uint32_t width = to->sql.ref_table->key_count;
    to->default_parent = casc_arena_get(&scope->arena, width, sizeof *row);
    if (!to->default_parent || !keep_cells(scope, row, width, to->default_parent)) status = casc_nomem(error);
  }
  casc_cursor_close(&cursor);
  casc_statement_free(&statement);
  return status < 0 ? status : CASCADE_OK;
}

static cascade_status settle_update(casc_scope *scope, casc_scope_relation *to, cascade_error **error) {
  const casc_relation *relation = to->relation;
  const casc_table *table = scope->tables[relation->table].table;
  to->role = CASC_ROLE_UPDATE;
  cascade_status status = read_values(scope, to, error);
  if (status < 0) return status;
  const uint32_t *columns;
  const char *const *names;
  written_columns(relation, &columns, &names);
  for (uint32_t i = 0; i < to->sql.set_count; i++) {
    uint32_t flags = table->columns[columns[i]].flags;
    if (flags & CASCADE_COLUMN_GENERATED) {
      to->role = CASC_ROLE_BLOCK;
      to->reason = CASC_REASON_GENERATED;
    } else if (to->role == CASC_ROLE_UPDATE && to->values[i].type == CASCADE_NULL && (flags & CASCADE_COLUMN_NOT_NULL)) {
      to->role = CASC_ROLE_BLOCK;
      to->reason = CASC_REASON_NOT_NULL;
    }
  }
  return to->role == CASC_ROLE_UPDATE ? read_default_parent(scope, to, error) : CASCADE_OK;
}

/* No more rows than referenced ones: the columns include all of a unique index. NULLs do not refer. */
static bool is_single(const casc_relation *relation, const casc_table *table) {
  for (uint32_t i = 0; i < table->index_count; i++) {
    const casc_index *index = &table->indexes[i];
    if (!index->unique || index->partial) continue;
    uint32_t covered = 0;
    for (uint32_t j = 0; j < index->count; j++)
      for (uint32_t k = 0; k < relation->count; k++)
        if (index->columns[j] == relation->columns[k]) {
          covered++;
          break;
        }
    if (covered == index->count) return true;
  }
  return false;
}

/* What the database does as soon as the referenced row goes, and would do wrongly to a row that is itself about to go. Where it
   looks at whole statements, one deletes all rows of a cycle. */
static bool acts_at_once(const casc_scope *scope, const casc_relation *relation) {
  bool unwritable = relation->on_delete == CASCADE_ACTION_SET_DEFAULT ||
                    (relation->on_delete == CASCADE_ACTION_SET_NULL && !(relation->flags & CASCADE_RELATION_NULLABLE));
  if (scope->dialect->checks == CASC_CHECKS_STATEMENTS) return false;
  return relation->on_delete == CASCADE_ACTION_RESTRICT || unwritable || !scope->dialect->defer;
}

static cascade_status settle(casc_scope *scope, casc_scope_relation *to, cascade_error **error) {
  const casc_relation *relation = to->relation;
  cascade_status status = CASCADE_OK;
  switch (relation->rule) {
  case CASCADE_RULE_CASCADE: to->role = CASC_ROLE_CASCADE; break;
  case CASCADE_RULE_DETACH:
    if (!scope->detaching) {
      to->role = CASC_ROLE_CASCADE;
      break;
    }
    to->detaches = true;
    status = settle_update(scope, to, error);
    if (status < 0) return status;
    break;
  case CASCADE_RULE_PROTECT:
  case CASCADE_RULE_RESTRICT: to->role = CASC_ROLE_BLOCK; break;
  case CASCADE_RULE_IGNORE:
    if (scope->enforced && casc_relation_enforced(relation)) {
      to->role = CASC_ROLE_BLOCK;
      to->reason = CASC_REASON_IGNORED;
    }
    break;
  default:
    status = settle_update(scope, to, error);
    if (status < 0) return status;
  }
  if (to->role == CASC_ROLE_NONE) return CASCADE_OK;
  to->single = is_single(relation, scope->tables[relation->table].table);
  to->hard = scope->enforced && casc_relation_enforced(relation) && acts_at_once(scope, relation);
  return CASCADE_OK;
}

/* Breadth first over cascading relations; every relation into a reached table gets its role. */
static cascade_status reach(casc_scope *scope, cascade_error **error) {
  const cascade_policy *policy = scope->policy;
  scope->tables[scope->root].reached = true;
  scope->order[scope->order_count++] = scope->root;
  for (uint32_t at = 0; at < scope->order_count; at++) {
    uint32_t table = scope->order[at];
    for (uint32_t i = 0; i < policy->to_count[table]; i++) {
      casc_scope_relation *to = &scope->relations[policy->relations_to[table][i]];
      if (to->relation->flags & CASCADE_RELATION_UNRESOLVED) continue; /* the database itself refuses */
      cascade_status status = settle(scope, to, error);
      if (status < 0) return status;
      casc_scope_table *child = &scope->tables[to->relation->table];
      if (to->role != CASC_ROLE_CASCADE || child->reached) continue;
      child->reached = true;
      scope->order[scope->order_count++] = to->relation->table;
    }
  }
  return CASCADE_OK;
}

static bool shares_column(const casc_relation *relation, const uint32_t *columns, uint32_t count) {
  for (uint32_t i = 0; i < relation->count; i++)
    for (uint32_t j = 0; j < count; j++)
      if (relation->columns[i] == columns[j]) return true;
  return false;
}

/* Written values and columns that stay make up a reference that may be to nothing. */
static bool makes_reference(const casc_scope_relation *to) {
  if (to->sql.set_count == to->relation->count) return false;
  for (uint32_t i = 0; i < to->sql.set_count; i++)
    if (to->values[i].type == CASCADE_NULL) return false;
  return true;
}

static bool rewrites_key(const casc_scope *scope, const casc_scope_relation *to) {
  const cascade_policy *policy = scope->policy;
  if (makes_reference(to)) return true;
  uint32_t number = to->relation->table;
  const casc_table *table = scope->tables[number].table;
  for (uint32_t i = 0; i < policy->to_count[number]; i++) {
    const casc_relation *onto = &policy->relations[policy->relations_to[number][i]];
    bool left_alone = onto->rule == CASCADE_RULE_IGNORE && !casc_relation_enforced(onto);
    if (!left_alone && onto->ref_columns && shares_column(to->relation, onto->ref_columns, onto->count)) return true;
  }
  if (to->relation->rule == CASCADE_RULE_SET_NULL || to->detaches) return false; /* NULLs are never equal */
  if (shares_column(to->relation, table->key, table->key_count)) return true;
  for (uint32_t i = 0; i < table->index_count; i++)
    if (table->indexes[i].unique && shares_column(to->relation, table->indexes[i].columns, table->indexes[i].count)) return true;
  return false;
}

static bool is_in_scope(const casc_scope *scope, const casc_scope_relation *to) {
  return to->role != CASC_ROLE_NONE && scope->tables[to->relation->table].reached;
}

/* Numbers the components, finds the cycles and sorts the reached tables: referencing before referenced. */
static cascade_status arrange(casc_scope *scope, cascade_error **error) {
  uint32_t *work = casc_calloc(scope->alloc, (size_t)scope->relation_count * 2 + (size_t)scope->table_count * 2 + 1, sizeof *work);
  if (!work) return casc_nomem(error);
  uint32_t *from = work, *to = from + scope->relation_count, *component = to + scope->relation_count,
           *size = component + scope->table_count, edges = 0, count = 0;
  for (uint32_t i = 0; i < scope->relation_count; i++) {
    if (!is_in_scope(scope, &scope->relations[i])) continue;
    from[edges] = scope->relations[i].relation->table;
    to[edges++] = scope->relations[i].relation->ref_table;
  }
  if (!casc_components(scope->alloc, scope->table_count, edges, from, to, component, &count)) {
    casc_free(scope->alloc, work);
    return casc_nomem(error);
  }
  for (uint32_t i = 0; i < scope->table_count; i++) size[component[i]]++;
  for (uint32_t i = 0; i < scope->table_count; i++) {
    scope->tables[i].component = component[i];
    scope->tables[i].cyclic = size[component[i]] > 1;
  }
  for (uint32_t i = 0; i < edges; i++)
    if (from[i] == to[i]) scope->tables[from[i]].cyclic = true;
  for (uint32_t i = 1; i < scope->order_count; i++) { /* stable, so that plans do not change from run to run */
    uint32_t moved = scope->order[i], at = i;
    for (; at && component[scope->order[at - 1]] < component[moved]; at--) scope->order[at] = scope->order[at - 1];
    scope->order[at] = moved;
  }
  casc_free(scope->alloc, work);
  return CASCADE_OK;
}

/* Which tables' keys have to be read, and what the batches have to look out for. */
static void mark(casc_scope *scope, bool hold_all) {
  for (uint32_t i = 0; i < scope->order_count; i++) {
    casc_scope_table *table = &scope->tables[scope->order[i]];
    const cascade_policy *policy = scope->policy;
    uint32_t number = scope->order[i], into = 0, outward = 0;
    for (uint32_t j = 0; j < policy->to_count[number]; j++)
      into += scope->relations[policy->relations_to[number][j]].role != CASC_ROLE_NONE;
    for (uint32_t j = 0; j < policy->from_count[number]; j++) {
      uint32_t relation = policy->relations_from[number][j];
      if (scope->relations[relation].role == CASC_ROLE_NONE) continue;
      outward++;
      table->leaf_relation = relation;
    }
    bool triggers = table->table->flags & CASCADE_TABLE_DELETE_TRIGGER; /* which may keep rows: then keys tell */
    table->held = hold_all || into || outward != 1 || number == scope->root || triggers;
    if (table->cyclic) scope->defer = true;
    if (triggers) scope->triggers = true;
  }
  for (uint32_t i = 0; i < scope->relation_count; i++) {
    casc_scope_relation *to = &scope->relations[i];
    if (casc_ties(scope, to)) scope->tables[to->relation->table].examined = scope->tables[to->relation->ref_table].examined = true;
    if (to->role == CASC_ROLE_BLOCK) {
      scope->blocking = true;
      scope->tables[to->relation->ref_table].examined = true;
    }
    if (to->role != CASC_ROLE_UPDATE) continue;
    to->rewrites_key = rewrites_key(scope, to);
    if (to->rewrites_key) scope->hazardous = scope->defer = true;
    if (to->default_parent) scope->tables[to->relation->ref_table].examined = scope->blocking = true;
    if (scope->tables[to->relation->table].table->flags & CASCADE_TABLE_UPDATE_TRIGGER) scope->triggers = true;
  }
  if (!scope->dialect->defer) scope->defer = false;
  for (bool grew = true; grew;) {
    grew = false;
    for (uint32_t i = 0; i < scope->relation_count; i++) {
      const casc_scope_relation *to = &scope->relations[i];
      if (to->role != CASC_ROLE_CASCADE || !scope->tables[to->relation->table].examined ||
          scope->tables[to->relation->ref_table].examined)
        continue;
      grew = scope->tables[to->relation->ref_table].examined = true;
    }
  }
}

/* Rows without a key can be written together with all others that refer to the same row; nothing else can be done with them.
   On SQLite, not even a part of these could be told from the rest. */
static cascade_status refuse_keyless(const casc_scope *scope, uint32_t wants, cascade_error **error) {
  bool may = (wants & CASC_SCOPE_KEYLESS) && scope->dialect->row_locks;
  for (uint32_t i = 0; i < scope->relation_count; i++) {
    const casc_scope_relation *to = &scope->relations[i];
    const casc_scope_table *child = &scope->tables[to->relation->table];
    if (to->role == CASC_ROLE_NONE || child->table->identity_count) continue;
    bool goes = to->role == CASC_ROLE_CASCADE && !child->held && !(wants & CASC_SCOPE_OWN_ALL);
    bool stays = to->role == CASC_ROLE_UPDATE && !child->reached && !to->rewrites_key && !to->detaches;
    if (may && to->sql.direct && (goes || stays)) continue;
    const char *why = wants & (CASC_SCOPE_HOLD_ALL | CASC_SCOPE_OWN_ALL) ? ", as hooks, outbox and archive need it" : "";
    return casc_refuse_keyless(scope->connection->context, child->table, to->relation->label, why, error);
  }
  return CASCADE_OK;
}

/* The action in the database is the rule, for the same rows. Rows of a cycle may have to be deleted with the checks off, and then
   it does not act. */
static bool acts_as_ruled(const casc_scope *scope, const casc_scope_relation *to, int32_t action) {
  const casc_relation *relation = to->relation;
  if (scope->dialect->checks == CASC_CHECKS_ROWS && scope->tables[relation->ref_table].cyclic) return false;
  return casc_relation_enforced(relation) && !relation->where && relation->on_delete == action &&
         !(relation->flags & CASCADE_RELATION_NOT_VALIDATED) && scope->enforced;
}

/* Why the rows of a table have to be deleted by statements of ours; NULL when they need not be. */
static const char *own_deletes(const casc_scope *scope, uint32_t number) {
  const casc_scope_table *table = &scope->tables[number];
  const cascade_policy *policy = scope->policy;
  if (number == scope->root) return "own statements: these are the selected rows";
  if (table->cyclic) return "own statements: the table is in a cycle";
  if (table->table->flags & CASCADE_TABLE_DELETE_TRIGGER) return "own statements: triggers may keep rows";
  if (table->sql.only) return "own statements: other tables inherit from it";
  if (table->table->flags & CASCADE_TABLE_PARTITIONED) return "own statements: its partitions would have to be counted";
  for (uint32_t i = 0; i < policy->from_count[number]; i++) {
    const casc_scope_relation *to = &scope->relations[policy->relations_from[number][i]];
    /* the database may look at these before it cascades, and rows that it would rewrite first would be counted */
    if (to->role == CASC_ROLE_BLOCK || to->role == CASC_ROLE_UPDATE) return "own statements: its rows refer by other rules too";
    if (to->role == CASC_ROLE_CASCADE && !acts_as_ruled(scope, to, CASCADE_ACTION_CASCADE))
      return "own statements: the database's own action is another";
  }
  return NULL;
}

static const char *own_updates(const casc_scope *scope, const casc_scope_relation *to) {
  const casc_scope_table *child = &scope->tables[to->relation->table];
  if (child->reached && child->component == scope->tables[to->relation->ref_table].component)
    return "own statements: the table is in a cycle";
  if (child->table->flags & CASCADE_TABLE_UPDATE_TRIGGER) return "own statements: triggers may undo them";
  if (to->rewrites_key) return "own statements: they rewrite a key";
  if (child->table->flags & CASCADE_TABLE_PARTITIONED) return "own statements: its partitions would have to be counted";
  if (to->relation->rule != CASCADE_RULE_SET_NULL || !acts_as_ruled(scope, to, CASCADE_ACTION_SET_NULL))
    return "own statements: the database's own action is another";
  return NULL;
}

/* InnoDB's own actions go 15 levels deep, and PostgreSQL's as deep as its stack. */
enum { DEEPEST = 10 };

/* Levels of the database's own actions that follow when rows of a table go. */
static uint32_t own_levels(const casc_scope *scope, uint32_t number) {
  const cascade_policy *policy = scope->policy;
  uint32_t levels = 0;
  for (uint32_t i = 0; i < policy->to_count[number]; i++) {
    const casc_scope_relation *to = &scope->relations[policy->relations_to[number][i]];
    const casc_scope_table *child = &scope->tables[to->relation->table];
    uint32_t deep = to->role == CASC_ROLE_UPDATE ? 1 : to->role == CASC_ROLE_CASCADE && child->delegated ? child->height + 1 : 0;
    if (deep > levels) levels = deep;
  }
  return levels;
}

/* What the database does anyway as soon as the referenced row goes need not be done twice. */
static void delegate(casc_scope *scope, bool own_all) {
  static const char left[] = "the database's own action: its rule is the same";
  const char *never = own_all                          ? "own statements: a hook wants the rows"
                      : !scope->dialect->cascades_fast ? "own statements: the database's own action is slower"
                                                       : NULL;
  for (uint32_t i = 0; i < scope->order_count; i++) { /* referencing tables first */
    casc_scope_table *table = &scope->tables[scope->order[i]];
    const char *own = never ? never : own_deletes(scope, scope->order[i]);
    table->height = own_levels(scope, scope->order[i]);
    if (!own && table->height >= DEEPEST) own = "own statements: the database's own actions do not go deeper";
    table->delegated = !own;
    table->way = own ? own : left;
  }
  for (uint32_t i = 0; i < scope->relation_count; i++) {
    casc_scope_relation *to = &scope->relations[i];
    if (to->role != CASC_ROLE_UPDATE) continue;
    const char *own = never ? never : own_updates(scope, to);
    to->delegated = !own;
    to->way = own ? own : left;
  }
}

bool casc_scope_trusts(const casc_scope *scope, const casc_scope_relation *relation, uint64_t parents, uint64_t limit) {
  enum { MARGIN = 4 };
  double known = scope->per_parent ? scope->per_parent[relation - scope->relations] : -1;
  return known >= 0 && MARGIN * known * (double)parents < (double)limit;
}

void casc_scope_learn(casc_scope *scope, const casc_scope_relation *relation, uint64_t parents, uint64_t rows) {
  if (!scope->per_parent || !parents) return;
  double *known = &scope->per_parent[relation - scope->relations], fresh = (double)rows / (double)parents;
  *known = *known < 0 || fresh > *known ? fresh : 0.9 * *known + 0.1 * fresh;
}

void casc_scope_keep_all(casc_scope *scope) {
  for (uint32_t i = 0; i < scope->table_count; i++) scope->tables[i].delegated = false;
  for (uint32_t i = 0; i < scope->relation_count; i++) scope->relations[i].delegated = false;
}

cascade_status casc_scope_init(casc_scope *scope, cascade_connection *connection, cascade_policy *policy,
                               cascade_selection *selection, uint32_t wants, cascade_error **error) {
  cascade_context *context = connection->context;
  *scope = (casc_scope){
      .connection = connection, .alloc = &context->alloc, .root = selection->table, .detaching = wants & CASC_SCOPE_DETACH};
  casc_arena_init(&scope->arena, scope->alloc);
  scope->policy = cascade_policy_ref(policy);
  scope->selection = casc_selection_ref(selection);
  scope->dialect = casc_dialect_of(connection->capabilities.engine);
  if (policy->graph != selection->graph)
    return casc_fail(context, error, CASCADE_INVALID, "policy and selection are of different graphs; make both from one");
  if (!scope->dialect || strcmp(policy->graph->engine, scope->dialect->engine))
    return casc_fail(context, error, CASCADE_UNSUPPORTED, "the graph is of engine %s, the connection of %s", policy->graph->engine,
                     connection->capabilities.engine);
  cascade_status status = casc_policy_refuse(policy, selection->table, error);
  if (status < 0) return status;
  scope->table_count = policy->graph->table_count;
  scope->relation_count = policy->relation_count;
  casc_statement statement;
  casc_session_statement(connection, &statement);
  scope->dialect->checks_state(&statement);
  status = casc_ask_integer(connection, &statement, 0, &scope->checks, error);
  casc_statement_free(&statement);
  scope->enforced = scope->checks != 0;
  if (status >= 0) status = describe(scope, error);
  if (status >= 0 && !scope->tables[scope->root].table->identity_count)
    status = casc_refuse_keyless(context, scope->tables[scope->root].table, NULL, NULL, error);
  if (status >= 0) status = reach(scope, error);
  if (status >= 0) status = arrange(scope, error);
  if (status >= 0) mark(scope, wants & CASC_SCOPE_HOLD_ALL);
  if (status >= 0) status = refuse_keyless(scope, wants, error);
  if (status >= 0) delegate(scope, wants & (CASC_SCOPE_HOLD_ALL | CASC_SCOPE_OWN_ALL));
  return status;
}

void casc_scope_free(casc_scope *scope) {
  casc_arena_clear(&scope->arena);
  cascade_policy_free(scope->policy);
  cascade_selection_free(scope->selection);
  scope->policy = NULL;
  scope->selection = NULL;
}

const char *casc_reason_words(const casc_scope_relation *relation) {
  switch (relation->reason) {
  case CASC_REASON_NOT_NULL: return "the column cannot be NULL";
  case CASC_REASON_GENERATED: return "the column is computed and cannot be set";
  case CASC_REASON_DEFAULT_MISSING: return "the value to set refers to no row";
  case CASC_REASON_DEFAULT_DELETED: return "the value to set refers to a row that would be deleted";
  case CASC_REASON_IGNORED: return "the policy leaves such rows alone, but the database does not";
  default: return relation->relation->rule == CASCADE_RULE_PROTECT ? "the rule is PROTECT" : "the rule is RESTRICT";
  }
}

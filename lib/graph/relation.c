#include "relation.h"

#include "str.h"

#include <cascade/policy.h>

#include <string.h>

/* What follows from a relation's columns. */

static bool among(uint32_t column, const uint32_t *columns, uint32_t count) {
  for (uint32_t i = 0; i < count; i++)
    if (columns[i] == column) return true;
  return false;
}

static bool same_columns(const uint32_t *a, const uint32_t *b, uint32_t count) {
  for (uint32_t i = 0; i < count; i++)
    if (!among(a[i], b, count) || !among(b[i], a, count)) return false;
  return true;
}

static bool is_primary(const casc_table *table, const uint32_t *columns, uint32_t count) {
  return count == table->key_count && same_columns(table->key, columns, count);
}

bool casc_is_plain(const casc_index *index) {
  return !index->partial && !index->recollated;
}

static bool is_unique(const casc_table *table, const uint32_t *columns, uint32_t count) {
  for (uint32_t i = 0; i < table->index_count; i++) {
    const casc_index *index = &table->indexes[i];
    if (index->unique && casc_is_plain(index) && index->count == count && same_columns(index->columns, columns, count)) return true;
  }
  return false;
}

bool casc_is_key(const casc_table *table, const uint32_t *columns, uint32_t count) {
  return is_primary(table, columns, count) || is_unique(table, columns, count);
}

/* The shortest index whose first columns are these. */
static const char *supporting_index(const casc_table *table, const uint32_t *columns, uint32_t count) {
  if (table->integer_key && is_primary(table, columns, count)) return "rowid";
  if ((table->flags & CASCADE_TABLE_WITHOUT_ROWID) && count <= table->key_count && same_columns(table->key, columns, count))
    return "primary key";
  const casc_index *best = NULL;
  for (uint32_t i = 0; i < table->index_count; i++) {
    const casc_index *index = &table->indexes[i];
    if (!casc_is_plain(index) || index->count < count || (best && best->count <= index->count)) continue;
    if (same_columns(index->columns, columns, count)) best = index;
  }
  return best ? best->name : "";
}

/* The database's own check converts what the referencing row holds to the type of the referenced column, and uses its
   collation. */
static bool same_affinity(const casc_table *ref, const casc_column *column, const casc_column *key) {
  if (ref->integer_key) return column->affinity == CASC_AFFINITY_INTEGER || column->affinity == CASC_AFFINITY_NUMERIC;
  /* NUMERIC stands for REAL too, which rounds what it is compared with. */
  return column->affinity == key->affinity && !column->collation && !key->collation && key->affinity != CASC_AFFINITY_NUMERIC &&
         key->affinity != CASC_AFFINITY_OTHER;
}

/* The types' names, whatever the lengths behind them. */
static bool same_type(const char *a, const char *b) {
  while (*a && *a != '(' && *a == *b) {
    a++;
    b++;
  }
  return (!*a || *a == '(') && (!*b || *b == '(');
}

static bool same_collation(const casc_column *a, const casc_column *b) {
  if (a->collation && b->collation) return strcmp(a->collation, b->collation) == 0;
  return !a->collation && !b->collation;
}

/* Of the engines that compare by type: integers of all sizes are one, and so are all texts that compare by their bytes. */
static bool same_values(const casc_column *a, const casc_column *b) {
  if (a->value_type != b->value_type) return false;
  if (a->value_type == CASCADE_INT64) return true;
  bool same = a->sql_type && b->sql_type ? strcmp(a->sql_type, b->sql_type) == 0 : same_type(a->type, b->type);
  return same && (same_collation(a, b) || (!a->loose && !b->loose));
}

/* SQLite's own check, and every statement that finds what it finds, compares by the affinity and the collation of the referenced
   column. What refers to a number is compared as a number: an index over texts or untyped values is of no use for that. */
static bool index_serves(const cascade_graph *graph, const casc_table *table, const casc_table *ref,
                         const casc_relation *relation) {
  if (strcmp(graph->engine, "sqlite") != 0 || !relation->ref_columns) return true;
  bool to_rowid = ref->integer_key && is_primary(ref, relation->ref_columns, relation->count); /* which has no collation */
  for (uint32_t i = 0; i < relation->count; i++) {
    const casc_column *column = &table->columns[relation->columns[i]], *key = &ref->columns[relation->ref_columns[i]];
    bool number = key->affinity == CASC_AFFINITY_INTEGER || key->affinity == CASC_AFFINITY_NUMERIC;
    if (number && (column->affinity == CASC_AFFINITY_TEXT || column->affinity == CASC_AFFINITY_NONE)) return false;
    if (!to_rowid && !same_collation(column, key)) return false;
  }
  return true;
}

/* Whether the identities of referenced rows, compared with the referencing columns, find the rows that the database's own
   check finds. */
static bool compares_exactly(const cascade_graph *graph, const casc_table *table, const casc_table *ref,
                             const casc_relation *relation) {
  bool by_affinity = strcmp(graph->engine, "sqlite") == 0;
  if (!relation->ref_columns || !ref->identity_columns || relation->count != ref->identity_count) return false;
  for (uint32_t i = 0; i < relation->count; i++) {
    const casc_column *column = &table->columns[relation->columns[i]], *key = &ref->columns[relation->ref_columns[i]];
    if (relation->ref_columns[i] != ref->identity_columns[i]) return false;
    if (!(by_affinity ? same_affinity(ref, column, key) : same_values(column, key))) return false;
  }
  return true;
}

const char *const *casc_column_names(casc_arena *arena, const casc_table *table, const uint32_t *columns, uint32_t count) {
  const char **names = casc_arena_get(arena, count, sizeof *names);
  for (uint32_t i = 0; names && i < count; i++) names[i] = columns ? table->columns[columns[i]].name : "";
  return names;
}

static void put_names(casc_str *label, const char *const *names, uint32_t count) {
  casc_str_putc(label, '(');
  for (uint32_t i = 0; i < count; i++) {
    if (i) casc_str_put(label, ", ");
    casc_str_put(label, *names[i] ? names[i] : "primary key");
    if (!*names[i]) break;
  }
  casc_str_putc(label, ')');
}

static const char *make_label(const cascade_graph *graph, casc_arena *arena, const casc_relation *relation) {
  casc_str label;
  casc_str_init(&label, arena->alloc);
  casc_str_put(&label, graph->tables[relation->table].label);
  put_names(&label, relation->column_names, relation->count);
  casc_str_put(&label, " -> ");
  casc_str_put(&label, graph->tables[relation->ref_table].label);
  put_names(&label, relation->ref_column_names, relation->count);
  const char *text = label.failed ? NULL : casc_arena_copy(arena, label.data, label.length);
  casc_str_free(&label);
  return text;
}

static uint32_t facts_of(const casc_table *table, const casc_table *ref, const casc_relation *relation) {
  uint32_t flags = 0;
  bool nullable = true;
  for (uint32_t i = 0; i < relation->count; i++)
    if (table->columns[relation->columns[i]].flags & CASCADE_COLUMN_NOT_NULL) nullable = false;
  if (nullable) flags |= CASCADE_RELATION_NULLABLE;
  if (*relation->index) flags |= CASCADE_RELATION_INDEXED;
  if (table == ref) flags |= CASCADE_RELATION_SELF;
  if (table->component == ref->component) flags |= CASCADE_RELATION_IN_CYCLE;
  if (relation->ref_columns && is_primary(ref, relation->ref_columns, relation->count)) flags |= CASCADE_RELATION_TO_PRIMARY;
  else if (relation->ref_columns && is_unique(ref, relation->ref_columns, relation->count)) flags |= CASCADE_RELATION_TO_UNIQUE;
  else if (relation->ref_columns) flags |= CASCADE_RELATION_TO_MANY;
  return flags;
}

cascade_status casc_relation_resolve(const cascade_graph *graph, casc_arena *arena, casc_relation *relation,
                                     cascade_error **error) {
  const uint32_t given = CASCADE_RELATION_DEFERRABLE | CASCADE_RELATION_INITIALLY_DEFERRED | CASCADE_RELATION_DECLARED |
                         CASCADE_RELATION_UNRESOLVED | CASCADE_RELATION_MATCH_FULL | CASCADE_RELATION_NOT_VALIDATED;
  const casc_table *table = &graph->tables[relation->table], *ref = &graph->tables[relation->ref_table];
  relation->column_names = casc_column_names(arena, table, relation->columns, relation->count);
  if (relation->ref_columns || !relation->ref_column_names)
    relation->ref_column_names = casc_column_names(arena, ref, relation->ref_columns, relation->count);
  if (!relation->column_names || !relation->ref_column_names) return casc_nomem(error);
  bool served = index_serves(graph, table, ref, relation);
  relation->index = served ? supporting_index(table, relation->columns, relation->count) : "";
  relation->flags = (relation->flags & given) | facts_of(table, ref, relation);
  relation->direct = compares_exactly(graph, table, ref, relation);
  relation->label = make_label(graph, arena, relation);
  return relation->label ? CASCADE_OK : casc_nomem(error);
}

void casc_relation_describe(const casc_relation *relation, cascade_relation_info *info) {
  *info = (cascade_relation_info){
      .size = sizeof *info,
      .name = relation->name,
      .label = relation->label,
      .table = relation->table,
      .ref_table = relation->ref_table,
      .column_count = relation->count,
      .flags = relation->flags,
      .columns = relation->column_names,
      .ref_columns = relation->ref_column_names,
      .on_delete = relation->on_delete,
      .on_update = relation->on_update,
      .rule = relation->rule,
      .index = relation->index,
      .set_columns = relation->set_names,
      .set_column_count = relation->set_count,
  };
}

int32_t casc_rule_of_action(int32_t action) {
  switch (action) {
  case CASCADE_ACTION_CASCADE: return CASCADE_RULE_CASCADE;
  case CASCADE_ACTION_SET_NULL: return CASCADE_RULE_SET_NULL;
  case CASCADE_ACTION_SET_DEFAULT: return CASCADE_RULE_SET_DEFAULT;
  default: return CASCADE_RULE_RESTRICT;
  }
}

#include "names.h"
#include "relation.h"

#include <stdlib.h>
#include <string.h>

typedef struct builder {
  cascade_graph *graph;
  casc_arena *arena;
  const casc_schema *schema;
  casc_map found; /* key of a table -> position in the schema, then missing tables */
  casc_str scratch;
  casc_table *all; /* the schema's tables, then those that are missing */
  uint32_t count;
  uint32_t *number; /* by position: number in the graph */
  uint32_t *target; /* by relation of the schema: position of the referenced table */
  bool by_place;    /* PostgreSQL: rows without a key are told apart by where they are */
  bool by_rowid;    /* SQLite: rows have a rowid, and a foreign key may go to what is no key */
} builder;

/* Enters a table under its name, with its label; the first that comes by a name keeps it. */
static bool enter_table(builder *b, uint32_t at) {
  casc_table *table = &b->all[at];
  table->label = casc_table_label(b->arena, b->schema->engine, table->schema, table->name);
  casc_table_key(&b->scratch, b->schema->engine, table->schema, table->name);
  return table->label && !b->scratch.failed && casc_map_put(&b->found, b->scratch.data, at);
}

/* Tables that only foreign keys name join the others. */
static bool gather_tables(builder *b) {
  const casc_schema *schema = b->schema;
  size_t most = (size_t)schema->table_count + schema->relation_count;
  b->all = casc_arena_get(b->arena, most, sizeof *b->all);
  b->number = casc_arena_get(b->arena, most, sizeof *b->number);
  b->target = casc_arena_get(b->arena, schema->relation_count, sizeof *b->target);
  if (!b->all || !b->number || !b->target) return false;
  for (; b->count < schema->table_count; b->count++) {
    b->all[b->count] = schema->tables[b->count];
    if (!enter_table(b, b->count)) return false;
  }
  for (uint32_t i = 0; i < schema->relation_count; i++) {
    const casc_raw_relation *raw = &schema->relations[i];
    casc_table_key(&b->scratch, schema->engine, raw->ref_schema, raw->ref_table);
    if (b->scratch.failed) return false;
    if (casc_map_get(&b->found, b->scratch.data, &b->target[i])) continue;
    b->all[b->count] =
        (casc_table){.schema = raw->ref_schema, .name = raw->ref_table, .kind = CASCADE_TABLE_MISSING, .row_estimate = -1};
    if (!enter_table(b, b->count)) return false;
    b->target[i] = b->count++;
  }
  return true;
}

static int by_label(const void *a, const void *b) {
  return strcmp((*(const casc_table *const *)a)->label, (*(const casc_table *const *)b)->label);
}

static bool sort_tables(builder *b) {
  cascade_graph *graph = b->graph;
  const casc_table **order = casc_arena_get(b->arena, b->count, sizeof *order);
  graph->tables = casc_arena_get(b->arena, b->count, sizeof *graph->tables);
  if (!order || !graph->tables) return false;
  for (uint32_t i = 0; i < b->count; i++) order[i] = &b->all[i];
  if (b->count) qsort(order, b->count, sizeof *order, by_label);
  for (uint32_t i = 0; i < b->count; i++) {
    graph->tables[i] = *order[i];
    b->number[order[i] - b->all] = i;
  }
  graph->table_count = b->count;
  return casc_graph_name_tables(graph, &b->scratch);
}

static bool has_column(const casc_table *table, const char *name) {
  for (uint32_t i = 0; i < table->column_count; i++)
    if (casc_same_name(table->columns[i].name, name)) return true;
  return false;
}

/* They are never NULL, and a row can be found again by their values. */
static bool can_identify(const casc_table *table, const uint32_t *columns, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    const casc_column *column = columns[i] == CASC_NONE ? NULL : &table->columns[columns[i]];
    if (!column || !(column->flags & CASCADE_COLUMN_NOT_NULL) || column->value_type == CASCADE_NULL) return false;
  }
  return true;
}

/* Under which name the rowid can be read: a column of that name hides it. */
static const char *rowid_name(const casc_table *table) {
  static const char *const names[] = {"rowid", "_rowid_", "oid"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (!has_column(table, names[i])) return names[i];
  return NULL;
}

static const int32_t *types_of(casc_arena *arena, uint32_t count, int32_t type) {
  int32_t *types = casc_arena_get(arena, count, sizeof *types);
  for (uint32_t i = 0; types && i < count; i++) types[i] = type;
  return types;
}

static const int32_t *value_types(casc_arena *arena, const casc_table *table, const uint32_t *columns, uint32_t count) {
  int32_t *types = casc_arena_get(arena, count, sizeof *types);
  for (uint32_t i = 0; types && i < count; i++) types[i] = table->columns[columns[i]].value_type;
  return types;
}

static void identify_by_key(casc_table *table) {
  table->identity_count = table->key_count;
  table->identity = table->key_names;
  table->identity_types = table->key_types;
  table->identity_columns = table->key;
}

/* PostgreSQL: a row's place, which holds as long as the row is held; rows of different partitions may have the same. */
static bool identify_by_place(casc_arena *arena, casc_table *table) {
  static const char *const names[] = {"ctid"};
  if (table->flags & CASCADE_TABLE_PARTITIONED) return true;
  table->identity_count = 1;
  table->identity = names;
  table->identity_types = types_of(arena, 1, CASCADE_TEXT);
  return table->identity_types != NULL;
}

/* The primary key, or the shortest other key that is never NULL. */
static bool set_key_identity(casc_arena *arena, casc_table *table, bool by_place) {
  const casc_index *best = NULL;
  table->key_types = value_types(arena, table, table->key, table->key_count);
  if (!table->key_types) return false;
  if (table->kind != CASCADE_TABLE_ORDINARY) return true;
  if (table->key_count && can_identify(table, table->key, table->key_count)) {
    identify_by_key(table);
    return true;
  }
  for (uint32_t i = 0; i < table->index_count; i++) {
    const casc_index *index = &table->indexes[i];
    if (index->unique && casc_is_plain(index) && can_identify(table, index->columns, index->count) &&
        (!best || index->count < best->count))
      best = index;
  }
  if (!best) return !by_place || identify_by_place(arena, table);
  table->identity_count = best->count;
  table->identity_columns = best->columns;
  table->identity = casc_column_names(arena, table, best->columns, best->count);
  table->identity_types = value_types(arena, table, best->columns, best->count);
  return table->identity && table->identity_types;
}

/* SQLite's: the rowid where there is one. */
static bool set_row_identity(casc_arena *arena, casc_table *table) {
  table->key_types = types_of(arena, table->key_count, table->integer_key ? CASCADE_INT64 : CASCADE_ANY);
  if (!table->key_types) return false;
  if (table->kind != CASCADE_TABLE_ORDINARY) return true;
  bool stored_by_key = table->flags & CASCADE_TABLE_WITHOUT_ROWID;
  const char *rowid = stored_by_key || table->integer_key ? NULL : rowid_name(table);
  if (rowid) {
    const char **identity = casc_arena_get(arena, 1, sizeof *identity);
    if (!identity) return false;
    identity[0] = rowid;
    table->identity_count = 1;
    table->identity = identity;
    table->identity_types = types_of(arena, 1, CASCADE_INT64);
  } else if (can_identify(table, table->key, table->key_count)) {
    identify_by_key(table);
  }
  return !table->identity_count || table->identity_types;
}

static bool name_stamps(casc_arena *arena, casc_table *table) {
  for (uint32_t i = 0; i < table->column_count; i++) table->stamp_count += table->columns[i].stamped;
  const char **stamps = casc_arena_get(arena, table->stamp_count, sizeof *stamps);
  table->stamps = stamps;
  for (uint32_t i = 0; stamps && i < table->column_count; i++)
    if (table->columns[i].stamped) *stamps++ = table->columns[i].name;
  return stamps != NULL;
}

static bool settle_tables(builder *b) {
  for (uint32_t i = 0; i < b->count; i++) {
    casc_table *table = &b->graph->tables[i];
    for (uint32_t t = 0; t < table->trigger_count; t++) {
      if (table->triggers[t].on_delete) table->flags |= CASCADE_TABLE_DELETE_TRIGGER;
      if (table->triggers[t].on_update) table->flags |= CASCADE_TABLE_UPDATE_TRIGGER;
    }
    /* SQLite says of these columns that they may be NULL, which only those of other keys can. */
    bool never_null = table->integer_key || (table->flags & CASCADE_TABLE_WITHOUT_ROWID);
    for (uint32_t k = 0; never_null && k < table->key_count; k++) table->columns[table->key[k]].flags |= CASCADE_COLUMN_NOT_NULL;
    table->key_names = casc_column_names(b->arena, table, table->key, table->key_count);
    if (!table->key_names || !name_stamps(b->arena, table)) return false;
    if (!(b->by_rowid ? set_row_identity(b->arena, table) : set_key_identity(b->arena, table, b->by_place))) return false;
  }
  return true;
}

static cascade_status find_columns(builder *b, uint32_t table, const char *const *names, uint32_t count, const uint32_t **columns,
                                   bool *all, cascade_error **error) {
  uint32_t *positions = casc_arena_get(b->arena, count, sizeof *positions);
  if (!positions) return casc_nomem(error);
  *all = true;
  for (uint32_t i = 0; i < count; i++) {
    positions[i] = casc_graph_column_position(b->graph, table, names[i]);
    if (positions[i] == CASC_NONE) *all = false;
  }
  *columns = positions;
  return CASCADE_OK;
}

/* The referenced columns must be there, and on SQLite a key, which other engines see to (InnoDB: or to an index that is not
   unique); else the relation stays unresolved. */
static cascade_status find_target(builder *b, const casc_raw_relation *raw, casc_relation *relation, cascade_error **error) {
  const casc_table *ref = &b->graph->tables[relation->ref_table];
  bool found = ref->kind == CASCADE_TABLE_ORDINARY || ref->kind == CASCADE_TABLE_PARTITION;
  relation->ref_column_names = raw->ref_columns;
  if (found && !raw->ref_columns) {
    relation->ref_columns = ref->key;
    found = ref->key_count == raw->count;
  } else if (found) {
    cascade_status status =
        find_columns(b, relation->ref_table, raw->ref_columns, raw->count, &relation->ref_columns, &found, error);
    if (status < 0) return status;
    if (b->by_rowid) found = found && casc_is_key(ref, relation->ref_columns, raw->count);
  }
  if (found) return CASCADE_OK;
  relation->ref_columns = NULL;
  relation->flags |= CASCADE_RELATION_UNRESOLVED;
  return CASCADE_OK;
}

static cascade_status add_relation(builder *b, uint32_t at, cascade_error **error) {
  const casc_raw_relation *raw = &b->schema->relations[at];
  casc_relation *relation = &b->graph->relations[at];
  bool found = false;
  *relation = (casc_relation){.name = raw->name,
                              .table = b->number[raw->table],
                              .ref_table = b->number[b->target[at]],
                              .count = raw->count,
                              .on_delete = raw->on_delete,
                              .on_update = raw->on_update,
                              .rule = casc_rule_of_action(raw->on_delete)};
  if (raw->deferrable) relation->flags |= CASCADE_RELATION_DEFERRABLE;
  if (raw->initially_deferred) relation->flags |= CASCADE_RELATION_INITIALLY_DEFERRED;
  if (raw->match_full) relation->flags |= CASCADE_RELATION_MATCH_FULL;
  if (raw->not_validated) relation->flags |= CASCADE_RELATION_NOT_VALIDATED;
  cascade_status status = find_columns(b, relation->table, raw->columns, raw->count, &relation->columns, &found, error);
  if (status < 0) return status;
  relation->column_names = raw->columns;
  if (found && raw->set_count) {
    relation->set_count = raw->set_count;
    relation->set_names = raw->set_columns;
    status = find_columns(b, relation->table, raw->set_columns, raw->set_count, &relation->set_columns, &found, error);
    if (status < 0) return status;
  }
  if (!found || !raw->count)
    return casc_fail_at(b->graph->context, error, CASCADE_SCHEMA, b->graph->tables[relation->table].label, NULL,
                        "graph: a foreign key of table \"%s\" is on a column that the table does not have",
                        b->graph->tables[relation->table].label);
  return find_target(b, raw, relation, error);
}

static int compare_names(const char *const *a, uint32_t a_count, const char *const *b, uint32_t b_count) {
  for (uint32_t i = 0; i < a_count && i < b_count; i++) {
    int order = strcmp(a[i], b[i]);
    if (order) return order;
  }
  return (a_count > b_count) - (a_count < b_count);
}

/* By referencing table, columns, referenced table, then the order of declaration, which the address tells. */
static int by_columns(const void *left, const void *right) {
  const casc_relation *a = *(const casc_relation *const *)left, *b = *(const casc_relation *const *)right;
  if (a->table != b->table) return a->table < b->table ? -1 : 1;
  int order = compare_names(a->column_names, a->count, b->column_names, b->count);
  if (order) return order;
  if (a->ref_table != b->ref_table) return a->ref_table < b->ref_table ? -1 : 1;
  return a < b ? -1 : 1;
}

static cascade_status sort_relations(builder *b, cascade_error **error) {
  cascade_graph *graph = b->graph;
  const casc_relation **order = casc_arena_get(b->arena, graph->relation_count, sizeof *order);
  casc_relation *sorted = casc_arena_get(b->arena, graph->relation_count, sizeof *sorted);
  if (!order || !sorted) return casc_nomem(error);
  for (uint32_t i = 0; i < graph->relation_count; i++) order[i] = &graph->relations[i];
  if (graph->relation_count) qsort(order, graph->relation_count, sizeof *order, by_columns);
  for (uint32_t i = 0; i < graph->relation_count; i++) sorted[i] = *order[i];
  graph->relations = sorted;
  return CASCADE_OK;
}

/* Each table's relations, to it and from it, are parts of two long lists. */
static bool link_relations(builder *b) {
  cascade_graph *graph = b->graph;
  uint32_t *to = casc_arena_get(b->arena, graph->relation_count, sizeof *to);
  uint32_t *from = casc_arena_get(b->arena, graph->relation_count, sizeof *from);
  if (!to || !from) return false;
  for (uint32_t i = 0; i < graph->relation_count; i++) {
    graph->tables[graph->relations[i].ref_table].to_count++;
    graph->tables[graph->relations[i].table].from_count++;
  }
  for (uint32_t i = 0; i < graph->table_count; i++) {
    casc_table *table = &graph->tables[i];
    table->relations_to = to;
    table->relations_from = from;
    to += table->to_count;
    from += table->from_count;
    table->to_count = table->from_count = 0;
  }
  for (uint32_t i = 0; i < graph->relation_count; i++) {
    casc_table *ref = &graph->tables[graph->relations[i].ref_table], *own = &graph->tables[graph->relations[i].table];
    ref->relations_to[ref->to_count++] = i;
    own->relations_from[own->from_count++] = i;
  }
  return true;
}

static bool find_components(builder *b) {
  cascade_graph *graph = b->graph;
  uint32_t *from = casc_arena_get(b->arena, graph->relation_count, sizeof *from);
  uint32_t *to = casc_arena_get(b->arena, graph->relation_count, sizeof *to);
  uint32_t *component = casc_arena_get(b->arena, graph->table_count, sizeof *component);
  uint32_t *size = casc_arena_get(b->arena, graph->table_count, sizeof *size);
  if (!from || !to || !component || !size) return false;
  for (uint32_t i = 0; i < graph->relation_count; i++) {
    from[i] = graph->relations[i].ref_table;
    to[i] = graph->relations[i].table;
  }
  if (!casc_components(b->arena->alloc, graph->table_count, graph->relation_count, from, to, component, &graph->component_count))
    return false;
  for (uint32_t i = 0; i < graph->table_count; i++) size[component[i]]++;
  for (uint32_t i = 0; i < graph->table_count; i++) {
    casc_table *table = &graph->tables[i];
    table->component = component[i];
    table->component_size = size[component[i]];
    if (table->component_size > 1) table->flags |= CASCADE_TABLE_IN_CYCLE;
  }
  for (uint32_t i = 0; i < graph->relation_count; i++)
    if (from[i] == to[i]) graph->tables[to[i]].flags |= CASCADE_TABLE_IN_CYCLE;
  return true;
}

static cascade_status build(builder *b, cascade_error **error) {
  cascade_graph *graph = b->graph;
  cascade_status status = CASCADE_OK;
  if (!gather_tables(b) || !sort_tables(b) || !settle_tables(b)) return casc_nomem(error);
  graph->relations = casc_arena_get(b->arena, b->schema->relation_count, sizeof *graph->relations);
  if (!graph->relations) return casc_nomem(error);
  graph->relation_count = b->schema->relation_count;
  for (uint32_t i = 0; status == CASCADE_OK && i < graph->relation_count; i++) status = add_relation(b, i, error);
  if (status == CASCADE_OK) status = sort_relations(b, error);
  if (status < 0) return status;
  if (!link_relations(b) || !find_components(b)) return casc_nomem(error);
  for (uint32_t i = 0; status == CASCADE_OK && i < graph->relation_count; i++)
    status = casc_relation_resolve(graph, b->arena, &graph->relations[i], error);
  return status;
}

cascade_status casc_graph_build(cascade_context *context, casc_arena *arena, const casc_schema *schema, cascade_graph **out,
                                cascade_error **error) {
  cascade_graph *graph = casc_calloc(&context->alloc, 1, sizeof *graph);
  if (!graph) {
    casc_arena_clear(arena);
    return casc_nomem(error);
  }
  casc_refs_init(&graph->refs);
  graph->context = casc_context_ref(context);
  graph->arena = *arena;
  casc_arena_init(arena, arena->alloc);
  graph->engine = schema->engine;
  graph->search_path = schema->search_path;
  graph->search_path_count = schema->search_path_count;
  graph->hidden = schema->hidden;
  graph->home = schema->home;
  casc_map_init(&graph->by_label, &context->alloc);
  casc_map_init(&graph->by_name, &context->alloc);
  builder b = {.graph = graph,
               .arena = &graph->arena,
               .schema = schema,
               .by_place = strcmp(schema->engine, "postgresql") == 0,
               .by_rowid = strcmp(schema->engine, "sqlite") == 0};
  casc_map_init(&b.found, &context->alloc);
  casc_str_init(&b.scratch, &context->alloc);
  cascade_status status = build(&b, error);
  casc_map_free(&b.found);
  casc_str_free(&b.scratch);
  if (status < 0) cascade_graph_free(graph);
  else *out = graph;
  return status;
}

#include "policy_build.h"

#include "condition.h"
#include "options.h"
#include "str.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef struct builder {
  cascade_graph *graph;
  cascade_context *context;
  cascade_policy *policy;
  cascade_policy_options options;
  cascade_error **error;
  casc_arena scratch;
  uint32_t *origin; /* by relation: the entry that set it, from 1 */
  /* the entry at hand */
  uint32_t number; /* from 1 */
  cascade_policy_entry entry;
  casc_str words;                        /* "entry 3, loan(borrower_id)" */
  uint32_t table, ref_table;             /* ref_table: CASC_NONE when none is given */
  const uint32_t *columns, *ref_columns; /* ref_columns: NULL when none are given */
} builder;

/* ---- failing ---- */

static void name_entry(builder *b) {
  casc_str_clear(&b->words);
  casc_str_printf(&b->words, "entry %u", (unsigned)b->number);
  if (!b->entry.table) return;
  casc_str_printf(&b->words, ", %s", b->entry.table);
  for (uint32_t i = 0; b->entry.columns && i < b->entry.column_count; i++)
    casc_str_printf(&b->words, "%s%s", i ? ", " : "(", b->entry.columns[i] ? b->entry.columns[i] : "NULL");
  if (b->entry.columns && b->entry.column_count) casc_str_putc(&b->words, ')');
}

static cascade_status refuse(builder *b, cascade_status status, const char *format, ...) __attribute__((format(printf, 3, 4)));

static cascade_status refuse(builder *b, cascade_status status, const char *format, ...) {
  char words[1024];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(words, sizeof words, format, arguments);
  va_end(arguments);
  if (length < 0 || b->words.failed) return casc_nomem(b->error);
  return casc_fail_at(b->context, b->error, status, b->entry.table, NULL, "%s: %s", b->words.data, words);
}

static cascade_status refuse_relation(builder *b, const casc_relation *relation, const char *words) {
  if (b->words.failed) return casc_nomem(b->error);
  return casc_fail_at(b->context, b->error, CASCADE_POLICY, b->graph->tables[relation->table].label, relation->label, "%s: %s",
                      b->words.data, words);
}

/* ---- names ---- */

static const casc_table *table_at(const builder *b, uint32_t table) {
  return &b->graph->tables[table];
}

static cascade_status find_table(builder *b, const char *name, uint32_t *table) {
  cascade_status status = cascade_graph_find_table(b->graph, name, table, b->error);
  if (status < 0) casc_error_explain(b->error, name, NULL, b->words.failed ? NULL : b->words.data);
  return status;
}

static cascade_status find_column(builder *b, uint32_t table, const char *name, uint32_t *column) {
  const casc_table *in = table_at(b, table);
  *column = casc_graph_column_position(b->graph, table, name);
  if (*column != CASC_NONE) return CASCADE_OK;
  const char **names = casc_arena_get(&b->scratch, in->column_count, sizeof *names);
  if (!names) return casc_nomem(b->error);
  for (uint32_t i = 0; i < in->column_count; i++) names[i] = in->columns[i].name;
  const char *near = casc_nearest(name, names, in->column_count);
  return refuse(b, CASCADE_NOT_FOUND, "table %s has no column %s%s%s%s", in->label, name, near ? "; did you mean " : "",
                near ? near : "", near ? "?" : "");
}

static cascade_status find_columns(builder *b, uint32_t table, const char *const *names, const uint32_t **columns) {
  uint32_t count = b->entry.column_count;
  uint32_t *found = casc_arena_get(&b->policy->arena, count, sizeof *found);
  if (!found) return casc_nomem(b->error);
  for (uint32_t i = 0; i < count; i++) {
    cascade_status status = find_column(b, table, names[i], &found[i]);
    if (status < 0) return status;
    for (uint32_t j = 0; j < i; j++)
      if (found[j] == found[i])
        return refuse(b, CASCADE_POLICY, "column %s of %s is given twice", names[i], table_at(b, table)->label);
  }
  *columns = found;
  return CASCADE_OK;
}

/* ---- the entry by itself ---- */

static cascade_status check_names(builder *b) {
  const cascade_policy_entry *entry = &b->entry;
  if (!entry->table) return refuse(b, CASCADE_INVALID, "the table is not given");
  if (!entry->columns || !entry->column_count) return refuse(b, CASCADE_INVALID, "no columns are given");
  for (uint32_t i = 0; i < entry->column_count; i++)
    if (!entry->columns[i]) return refuse(b, CASCADE_INVALID, "column %u is NULL", (unsigned)i + 1);
  if (!entry->ref_column_count) return CASCADE_OK;
  if (!entry->ref_table) return refuse(b, CASCADE_POLICY, "ref_columns are given without ref_table");
  if (entry->ref_column_count != entry->column_count)
    return refuse(b, CASCADE_POLICY, "%u columns cannot refer to %u columns of %s", (unsigned)entry->column_count,
                  (unsigned)entry->ref_column_count, entry->ref_table);
  if (!entry->ref_columns) return refuse(b, CASCADE_INVALID, "ref_columns are NULL");
  for (uint32_t i = 0; i < entry->ref_column_count; i++)
    if (!entry->ref_columns[i]) return refuse(b, CASCADE_INVALID, "referenced column %u is NULL", (unsigned)i + 1);
  return CASCADE_OK;
}

static bool has_bytes(const cascade_value *value) {
  return value->type == CASCADE_TEXT || value->type == CASCADE_BLOB || value->type == CASCADE_DECIMAL;
}

static cascade_status check_values(builder *b) {
  const cascade_policy_entry *entry = &b->entry;
  if (entry->rule != CASCADE_RULE_SET_VALUE)
    return entry->value_count ? refuse(b, CASCADE_POLICY, "values are for SET_VALUE, not for %s", cascade_rule_name(entry->rule))
                              : CASCADE_OK;
  if (!entry->value_count) return refuse(b, CASCADE_POLICY, "SET_VALUE needs values, one for each column");
  if (entry->value_count != entry->column_count)
    return refuse(b, CASCADE_POLICY, "SET_VALUE has %u values for %u columns", (unsigned)entry->value_count,
                  (unsigned)entry->column_count);
  for (uint32_t i = 0; i < entry->value_count; i++) {
    const cascade_value *value = entry->values ? &entry->values[i] : NULL;
    if (!value || value->type < CASCADE_NULL || value->type > CASCADE_DECIMAL ||
        (has_bytes(value) && !value->data && value->length))
      return refuse(b, CASCADE_INVALID, "value %u has no type or no bytes", (unsigned)i + 1);
  }
  return CASCADE_OK;
}

static cascade_status check_rule(builder *b) {
  const cascade_policy_entry *entry = &b->entry;
  const casc_table *table = table_at(b, b->table);
  if (entry->rule < CASCADE_RULE_DEFAULT || entry->rule > CASCADE_RULE_DETACH)
    return refuse(b, CASCADE_INVALID, "%d is not a rule", (int)entry->rule);
  if (b->policy->excluded[b->table] && entry->rule != CASCADE_RULE_DEFAULT && entry->rule != CASCADE_RULE_IGNORE)
    return refuse(b, CASCADE_POLICY, "%s is excluded, so that no rule can touch its rows: drop the entry or the exclusion",
                  table->label);
  if (entry->rule == CASCADE_RULE_SET_NULL || entry->rule == CASCADE_RULE_SET_DEFAULT || entry->rule == CASCADE_RULE_SET_VALUE ||
      entry->rule == CASCADE_RULE_DETACH)
    for (uint32_t i = 0; i < entry->column_count; i++)
      if (table->columns[b->columns[i]].flags & CASCADE_COLUMN_GENERATED)
        return refuse(b, CASCADE_POLICY, "column %s is generated, so that %s cannot set it", table->columns[b->columns[i]].name,
                      cascade_rule_name(entry->rule));
  return check_values(b);
}

static cascade_status read_entry(builder *b) {
  b->entry = (cascade_policy_entry){0};
  name_entry(b);
  cascade_status status = CASC_OPTIONS(b->context, b->options.entries[b->number - 1], b->entry, where, b->error);
  if (status < 0) {
    casc_error_explain(b->error, NULL, NULL, b->words.failed ? NULL : b->words.data);
    return status;
  }
  name_entry(b);
  b->ref_table = CASC_NONE;
  b->ref_columns = NULL;
  if ((status = check_names(b)) < 0) return status;
  if ((status = find_table(b, b->entry.table, &b->table)) < 0) return status;
  if (table_at(b, b->table)->kind == CASCADE_TABLE_VIEW)
    return refuse(b, CASCADE_POLICY, "%s is a view; name the table that it shows", table_at(b, b->table)->label);
  if (table_at(b, b->table)->kind == CASCADE_TABLE_MISSING)
    return refuse(b, CASCADE_NOT_FOUND, "there is no table %s; only a foreign key names it", b->entry.table);
  if ((status = find_columns(b, b->table, b->entry.columns, &b->columns)) < 0) return status;
  if ((status = check_rule(b)) < 0 || !b->entry.ref_table) return status;
  if ((status = find_table(b, b->entry.ref_table, &b->ref_table)) < 0) return status;
  /* A foreign key to a missing table can be named; its columns cannot be looked up. */
  if (!b->entry.ref_column_count || table_at(b, b->ref_table)->kind == CASCADE_TABLE_MISSING) return CASCADE_OK;
  return find_columns(b, b->ref_table, b->entry.ref_columns, &b->ref_columns);
}

/* ---- matching ---- */

static uint32_t place_of(const uint32_t *columns, uint32_t count, uint32_t column) {
  for (uint32_t i = 0; i < count; i++)
    if (columns[i] == column) return i;
  return CASC_NONE;
}

/* The same pairs of columns, in whatever order; referenced columns that are not known do not differ. */
static bool same_pairs(const casc_relation *relation, const uint32_t *columns, const uint32_t *ref_columns, uint32_t count) {
  if (relation->count != count) return false;
  for (uint32_t i = 0; i < count; i++) {
    uint32_t place = place_of(relation->columns, count, columns[i]);
    if (place == CASC_NONE) return false;
    if (ref_columns && relation->ref_columns && relation->ref_columns[place] != ref_columns[i]) return false;
  }
  return true;
}

static bool is_meant(const builder *b, const casc_relation *relation) {
  if (b->ref_table != CASC_NONE && relation->ref_table != b->ref_table) return false;
  return same_pairs(relation, b->columns, b->ref_columns, b->entry.column_count);
}

static cascade_status refuse_repetition(builder *b, uint32_t relation) {
  char words[96];
  snprintf(words, sizeof words, "the same relation as in entry %u; keep one of them", (unsigned)b->origin[relation]);
  return refuse_relation(b, &b->policy->relations[relation], words);
}

/* The relations of the database that the entry is about. There are several when the database declares one more than
   once. */
static cascade_status find_relations(builder *b, uint32_t *found, uint32_t *count) {
  const casc_table *table = table_at(b, b->table);
  *count = 0;
  for (uint32_t i = 0; i < table->from_count; i++) {
    uint32_t number = table->relations_from[i];
    const casc_relation *relation = &b->policy->relations[number];
    if (!is_meant(b, relation)) continue;
    if (b->origin[number]) return refuse_repetition(b, number);
    const casc_relation *first = *count ? &b->policy->relations[found[0]] : relation;
    if (first->ref_table != relation->ref_table)
      return refuse(b, CASCADE_POLICY, "both %s and %s have these columns; give ref_table", first->label, relation->label);
    if (!same_pairs(first, relation->columns, relation->ref_columns, relation->count))
      return refuse(b, CASCADE_POLICY, "both %s and %s have these columns; give %sref_columns", first->label, relation->label,
                    b->ref_table == CASC_NONE ? "ref_table and " : "");
    found[(*count)++] = number;
  }
  return CASCADE_OK;
}

/* ---- applying ---- */

/* Values in the order of the relation's columns, which need not be the entry's. */
static cascade_status copy_values(builder *b, casc_relation *relation) {
  cascade_value *values = casc_arena_get(&b->policy->arena, relation->count, sizeof *values);
  if (!values) return casc_nomem(b->error);
  for (uint32_t i = 0; i < relation->count; i++) {
    cascade_value *value = &values[place_of(relation->columns, relation->count, b->columns[i])];
    *value = b->entry.values[i];
    if (has_bytes(value) && !(value->data = casc_arena_copy(&b->policy->arena, value->data, value->length)))
      return casc_nomem(b->error);
  }
  relation->values = values;
  return CASCADE_OK;
}

static cascade_status apply(builder *b, uint32_t number) {
  casc_relation *relation = &b->policy->relations[number];
  b->origin[number] = b->number;
  if (b->entry.rule == CASCADE_RULE_DEFAULT) return CASCADE_OK;
  relation->rule = b->entry.rule;
  return relation->rule == CASCADE_RULE_SET_VALUE ? copy_values(b, relation) : CASCADE_OK;
}

static cascade_status override(builder *b, const uint32_t *relations, uint32_t count) {
  cascade_status status = CASCADE_OK;
  if (b->entry.where)
    return refuse_relation(b, &b->policy->relations[relations[0]],
                           "a condition cannot narrow a foreign key of the database; only a declared relation has one");
  for (uint32_t i = 0; i < count && status >= 0; i++) status = apply(b, relations[i]);
  return status;
}

/* ---- declaring ---- */

/* A foreign key of the table that shares a column with the entry, for those who named only a part of it. */
static const casc_relation *related(const builder *b) {
  const casc_table *table = table_at(b, b->table);
  for (uint32_t i = 0; i < table->from_count; i++) {
    const casc_relation *relation = &b->graph->relations[table->relations_from[i]];
    for (uint32_t j = 0; j < b->entry.column_count; j++)
      if (place_of(relation->columns, relation->count, b->columns[j]) != CASC_NONE) return relation;
  }
  return NULL;
}

static cascade_status check_declared(builder *b) {
  if (!b->entry.ref_table) {
    const casc_relation *near = related(b);
    return refuse(b, CASCADE_NOT_FOUND, "the database has no such foreign key%s%s%s; give ref_table to declare a relation",
                  near ? " (but " : "", near ? near->label : "", near ? ")" : "");
  }
  const casc_table *ref_table = table_at(b, b->ref_table);
  if (ref_table->kind == CASCADE_TABLE_VIEW)
    return refuse(b, CASCADE_POLICY, "%s is a view; refer to the table that it shows", ref_table->label);
  if (ref_table->kind == CASCADE_TABLE_MISSING)
    return refuse(b, CASCADE_POLICY, "there is no table %s to refer to; only a foreign key names it", ref_table->label);
  if (b->entry.rule == CASCADE_RULE_DEFAULT)
    return refuse(b, CASCADE_POLICY, "the database does not know this relation, so that it needs a rule");
  if (!b->ref_columns && !ref_table->key_count)
    return refuse(b, CASCADE_POLICY, "%s has no primary key; give ref_columns", ref_table->label);
  if (!b->ref_columns && ref_table->key_count != b->entry.column_count)
    return refuse(b, CASCADE_POLICY, "the primary key of %s has %u column%s, not %u; give ref_columns", ref_table->label,
                  (unsigned)ref_table->key_count, ref_table->key_count == 1 ? "" : "s", (unsigned)b->entry.column_count);
  return CASCADE_OK;
}

static bool is_number(const casc_column *column) {
  return column->value_type == CASCADE_INT64 || column->value_type == CASCADE_UINT64;
}

/* MariaDB takes '5abc' for 5 where it compares a text with a number. */
static cascade_status check_types(builder *b, const casc_relation *relation) {
  bool mariadb = !strcmp(b->graph->engine, "mariadb");
  for (uint32_t i = 0; mariadb && i < relation->count; i++) {
    const casc_column *column = &table_at(b, relation->table)->columns[relation->columns[i]];
    const casc_column *other = &table_at(b, relation->ref_table)->columns[relation->ref_columns[i]];
    const casc_column *text = is_number(column) ? other : column;
    if (is_number(column) == is_number(other) || !text->collation || !*text->collation) continue;
    return refuse(
        b, CASCADE_POLICY,
        "%s is %s and %s is %s, which MariaDB does not compare exactly; refer by a column of the same kind, a generated one say",
        column->name, column->type, other->name, other->type);
  }
  return CASCADE_OK;
}

static cascade_status copy_condition(builder *b, casc_relation *relation) {
  const char *what = NULL;
  uint32_t placeholders = 0;
  if (!b->entry.where) return CASCADE_OK;
  if (casc_condition_blank(b->entry.where)) return refuse(b, CASCADE_POLICY, "the condition in where is blank; leave it out");
  if (!casc_condition_sound(b->graph->engine, b->entry.where, &placeholders, &what))
    return refuse(b, CASCADE_POLICY, "the condition in where is not one expression: %s", what);
  if (placeholders) return refuse(b, CASCADE_POLICY, "the condition in where has a placeholder, and a policy has no value for it");
  relation->where = casc_arena_strdup(&b->policy->arena, b->entry.where);
  return relation->where ? CASCADE_OK : casc_nomem(b->error);
}

/* Relations with different conditions differ; one without a condition has all rows. */
static bool overlaps(const casc_relation *a, const casc_relation *b) {
  return a->ref_table == b->ref_table && a->table == b->table && same_pairs(a, b->columns, b->ref_columns, b->count) &&
         (!a->where || !b->where || !strcmp(a->where, b->where));
}

static cascade_status declare(builder *b) {
  cascade_policy *policy = b->policy;
  casc_relation *relation = &policy->relations[policy->relation_count];
  cascade_status status = check_declared(b);
  if (status < 0) return status;
  *relation = (casc_relation){.name = "",
                              .table = b->table,
                              .ref_table = b->ref_table,
                              .count = b->entry.column_count,
                              .columns = b->columns,
                              .flags = CASCADE_RELATION_DECLARED};
  relation->ref_columns = b->ref_columns ? b->ref_columns : table_at(b, b->ref_table)->key;
  if ((status = check_types(b, relation)) < 0) return status;
  if ((status = copy_condition(b, relation)) < 0) return status;
  if ((status = casc_relation_resolve(b->graph, &policy->arena, relation, b->error)) < 0) return status;
  for (uint32_t i = b->graph->relation_count; i < policy->relation_count; i++)
    if (overlaps(&policy->relations[i], relation)) return refuse_repetition(b, i);
  return apply(b, policy->relation_count++);
}

/* ---- the whole ---- */

static cascade_status take_entries(builder *b) {
  cascade_status status = CASCADE_OK;
  for (b->number = 1; b->number <= b->options.entry_count; b->number++) {
    uint32_t count = 0;
    if ((status = read_entry(b)) < 0) return status;
    uint32_t *found = casc_arena_get(&b->scratch, table_at(b, b->table)->from_count, sizeof *found);
    if (!found) return casc_nomem(b->error);
    if ((status = find_relations(b, found, &count)) < 0) return status;
    status = count ? override(b, found, count) : declare(b);
    if (status < 0) return status;
  }
  b->number = 0;
  return CASCADE_OK;
}

static cascade_status take_exclusions(builder *b) {
  for (uint32_t i = 0; i < b->options.exclude_count; i++) {
    uint32_t table = 0;
    const char *name = b->options.exclude[i];
    if (!name) return casc_fail(b->context, b->error, CASCADE_INVALID, "exclude: table %u is NULL", (unsigned)i + 1);
    cascade_status status = cascade_graph_find_table(b->graph, name, &table, b->error);
    if (status < 0) casc_error_explain(b->error, name, NULL, "exclude");
    if (status < 0) return status;
    b->policy->excluded[table] = true;
  }
  return CASCADE_OK;
}

/* Declared relations may close cycles that the graph does not have. */
static cascade_status mark_cycles(builder *b) {
  cascade_policy *policy = b->policy;
  uint32_t count = policy->relation_count, components = 0;
  uint32_t *from = casc_arena_get(&b->scratch, count, sizeof *from);
  uint32_t *to = casc_arena_get(&b->scratch, count, sizeof *to);
  uint32_t *component = casc_arena_get(&b->scratch, b->graph->table_count, sizeof *component);
  if (!from || !to || !component) return casc_nomem(b->error);
  for (uint32_t i = 0; i < count; i++) {
    from[i] = policy->relations[i].table;
    to[i] = policy->relations[i].ref_table;
  }
  if (!casc_components(&b->context->alloc, b->graph->table_count, count, from, to, component, &components))
    return casc_nomem(b->error);
  for (uint32_t i = 0; i < count; i++)
    if (component[from[i]] == component[to[i]]) policy->relations[i].flags |= CASCADE_RELATION_IN_CYCLE;
  return CASCADE_OK;
}

static uint32_t **lists(builder *b, uint32_t *counts) {
  uint32_t **by_table = casc_arena_get(&b->policy->arena, b->graph->table_count, sizeof *by_table);
  for (uint32_t i = 0; by_table && i < b->graph->table_count; i++) {
    if (!(by_table[i] = casc_arena_get(&b->policy->arena, counts[i], sizeof **by_table))) return NULL;
    counts[i] = 0;
  }
  return by_table;
}

static cascade_status index_relations(builder *b) {
  cascade_policy *policy = b->policy;
  policy->to_count = casc_arena_get(&policy->arena, b->graph->table_count, sizeof *policy->to_count);
  policy->from_count = casc_arena_get(&policy->arena, b->graph->table_count, sizeof *policy->from_count);
  if (!policy->to_count || !policy->from_count) return casc_nomem(b->error);
  for (uint32_t i = 0; i < policy->relation_count; i++) {
    policy->to_count[policy->relations[i].ref_table]++;
    policy->from_count[policy->relations[i].table]++;
  }
  policy->relations_to = lists(b, policy->to_count);
  policy->relations_from = policy->relations_to ? lists(b, policy->from_count) : NULL;
  if (!policy->relations_from) return casc_nomem(b->error);
  for (uint32_t i = 0; i < policy->relation_count; i++) {
    uint32_t table = policy->relations[i].table, ref_table = policy->relations[i].ref_table;
    policy->relations_to[ref_table][policy->to_count[ref_table]++] = i;
    policy->relations_from[table][policy->from_count[table]++] = i;
  }
  return CASCADE_OK;
}

static cascade_status build(builder *b) {
  cascade_policy *policy = b->policy;
  size_t most = (size_t)b->graph->relation_count + b->options.entry_count;
  policy->relations = casc_arena_get(&policy->arena, most, sizeof *policy->relations);
  b->origin = casc_arena_get(&b->scratch, most, sizeof *b->origin);
  policy->excluded = casc_arena_get(&policy->arena, b->graph->table_count, sizeof *policy->excluded);
  if (!policy->relations || !b->origin || !policy->excluded) return casc_nomem(b->error);
  if (b->graph->relation_count)
    memcpy(policy->relations, b->graph->relations, b->graph->relation_count * sizeof *policy->relations);
  policy->relation_count = b->graph->relation_count;
  cascade_status status = take_exclusions(b);
  if (status >= 0) status = take_entries(b);
  if (status < 0) return status;
  for (uint32_t i = 0; i < policy->relation_count; i++)
    if (b->policy->excluded[policy->relations[i].table]) policy->relations[i].rule = CASCADE_RULE_IGNORE;
  if (policy->relation_count > b->graph->relation_count && (status = mark_cycles(b)) < 0) return status;
  return index_relations(b);
}

static cascade_policy *empty_policy(cascade_graph *graph) {
  cascade_policy *policy = casc_calloc(&graph->context->alloc, 1, sizeof *policy);
  if (!policy) return NULL;
  casc_refs_init(&policy->refs);
  policy->context = graph->context;
  policy->graph = cascade_graph_ref(graph);
  casc_arena_init(&policy->arena, &graph->context->alloc);
  return policy;
}

cascade_status casc_policy_build(cascade_graph *graph, const cascade_policy_options *given, uint32_t *at_fault,
                                 cascade_policy **out, cascade_error **error) {
  builder b = {.graph = graph, .context = graph ? graph->context : NULL, .error = error};
  *at_fault = 0;
  if (out) *out = NULL;
  if (!graph || !out) return casc_fail(b.context, error, CASCADE_INVALID, "policy: the graph or the place for the result is NULL");
  cascade_status status = CASC_OPTIONS(b.context, given, b.options, exclude, error);
  if (status < 0) return status;
  if ((b.options.entry_count && !b.options.entries) || (b.options.exclude_count && !b.options.exclude))
    return casc_fail(b.context, error, CASCADE_INVALID, "policy: a list of entries or tables is NULL");
  if (!(b.policy = empty_policy(graph))) return casc_nomem(error);
  casc_arena_init(&b.scratch, &b.context->alloc);
  casc_str_init(&b.words, &b.context->alloc);
  status = build(&b);
  casc_arena_clear(&b.scratch);
  casc_str_free(&b.words);
  if (status >= 0) *out = b.policy;
  else cascade_policy_free(b.policy);
  *at_fault = b.number;
  return status;
}

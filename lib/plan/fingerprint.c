#include "hash.h"
#include "scope.h"

#include <string.h>

static void add_target(casc_hash *hash, const casc_scope *scope) {
  const cascade_selection *selection = scope->selection;
  casc_hash_text(hash, scope->tables[scope->root].table->label);
  if (!selection->by_keys) {
    casc_hash_text(hash, selection->where ? selection->where : "");
    for (uint32_t i = 0; i < selection->parameter_count; i++) casc_hash_value(hash, &selection->parameters[i]);
    return;
  }
  for (uint64_t i = 0; i < selection->keys.count; i++)
    for (uint32_t j = 0; j < selection->keys.column_count; j++) {
      if (!selection->keys.integers) casc_hash_value(hash, &selection->keys.cells[i * selection->keys.column_count + j]);
      else casc_hash_value(hash, &(cascade_value){.type = CASCADE_INT64, .integer = selection->keys.integers[i]});
    }
}

/* By what the rows of a table are told apart, and in which order they come. */
static void add_key(casc_hash *hash, const casc_scope_table *table) {
  casc_hash_bytes(hash, &table->sql.key_count, sizeof table->sql.key_count);
  for (uint32_t i = 0; i < table->sql.key_count; i++) {
    const casc_column *column = table->table->identity_columns ? &table->table->columns[table->table->identity_columns[i]] : NULL;
    casc_hash_text(hash, table->sql.key[i]);
    casc_hash_bytes(hash, &table->sql.key_types[i], sizeof table->sql.key_types[i]);
    casc_hash_text(hash, column ? column->type : NULL);
    casc_hash_text(hash, column ? column->collation : NULL);
  }
}

static void add_relation(casc_hash *hash, const casc_scope *scope, const casc_relation *relation) {
  casc_hash_text(hash, relation->label);
  casc_hash_text(hash, scope->tables[relation->table].table->label);
  add_key(hash, &scope->tables[relation->table]);
  casc_hash_bytes(hash, &relation->count, sizeof relation->count);
  for (uint32_t i = 0; i < relation->count; i++) {
    casc_hash_text(hash, relation->column_names[i]);
    casc_hash_text(hash, relation->ref_column_names[i]);
  }
  casc_hash_text(hash, relation->where);
  casc_hash_bytes(hash, &relation->rule, sizeof relation->rule);
  for (uint32_t i = 0; relation->values && i < relation->count; i++) casc_hash_value(hash, &relation->values[i]);
}

static void add_rules(casc_hash *hash, const casc_scope *scope) {
  casc_hash_text(hash, scope->dialect->engine);
  casc_hash_bytes(hash, &scope->order_count, sizeof scope->order_count);
  for (uint32_t i = 0; i < scope->order_count; i++) {
    casc_hash_text(hash, scope->tables[scope->order[i]].table->label);
    add_key(hash, &scope->tables[scope->order[i]]);
  }
  for (uint32_t i = 0; i < scope->relation_count; i++) {
    const casc_relation *relation = scope->relations[i].relation;
    if (scope->tables[relation->ref_table].reached) add_relation(hash, scope, relation);
  }
}

bool casc_scope_target(const casc_scope *scope, unsigned char sum[CASC_HASH_SUM]) {
  casc_hash hash;
  if (!scope->sums->target_known) {
    if (!casc_hash_begin(&hash)) return false;
    add_target(&hash, scope);
    casc_hash_sum(&hash, scope->sums->target);
    scope->sums->target_known = true;
  }
  memcpy(sum, scope->sums->target, CASC_HASH_SUM);
  return true;
}

bool casc_scope_rules(const casc_scope *scope, unsigned char sum[CASC_HASH_SUM]) {
  casc_hash hash;
  if (!scope->sums->rules_known) {
    if (!casc_hash_begin(&hash)) return false;
    add_rules(&hash, scope);
    casc_hash_sum(&hash, scope->sums->rules);
    scope->sums->rules_known = true;
  }
  memcpy(sum, scope->sums->rules, CASC_HASH_SUM);
  return true;
}

bool casc_scope_fingerprint(const casc_scope *scope, char digits[17]) {
  casc_hash hash;
  if (!casc_hash_begin(&hash)) return false;
  add_target(&hash, scope);
  add_rules(&hash, scope);
  casc_hash_end(&hash, digits);
  return true;
}

#include "hash.h"
#include "scope.h"

static void add_selection(casc_hash *hash, const casc_scope *scope) {
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

bool casc_scope_fingerprint(const casc_scope *scope, char digits[17]) {
  casc_hash hash;
  if (!casc_hash_begin(&hash)) return false;
  casc_hash_text(&hash, scope->dialect->engine);
  add_selection(&hash, scope);
  for (uint32_t i = 0; i < scope->order_count; i++) casc_hash_text(&hash, scope->tables[scope->order[i]].table->label);
  for (uint32_t i = 0; i < scope->relation_count; i++) {
    const casc_relation *relation = scope->relations[i].relation;
    if (!scope->tables[relation->ref_table].reached) continue;
    casc_hash_text(&hash, relation->label);
    casc_hash_text(&hash, relation->where);
    casc_hash_bytes(&hash, &relation->rule, sizeof relation->rule);
    for (uint32_t j = 0; relation->values && j < relation->count; j++) casc_hash_value(&hash, &relation->values[j]);
  }
  casc_hash_end(&hash, digits);
  return true;
}

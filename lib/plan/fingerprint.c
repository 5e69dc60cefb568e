#include "scope.h"

#include <sodium.h>
#include <string.h>

static void add_bytes(crypto_generichash_state *hash, const void *bytes, size_t length) {
  uint64_t prefix = length; /* so that "ab" "c" and "a" "bc" differ */
  crypto_generichash_update(hash, (const unsigned char *)&prefix, sizeof prefix);
  crypto_generichash_update(hash, bytes, length);
}

static void add_text(crypto_generichash_state *hash, const char *text) {
  add_bytes(hash, text ? text : "", text ? strlen(text) : 0);
}

static void add_value(crypto_generichash_state *hash, const cascade_value *value) {
  crypto_generichash_update(hash, (const unsigned char *)&value->type, sizeof value->type);
  if (value->type == CASCADE_INT64 || value->type == CASCADE_UINT64) add_bytes(hash, &value->integer, sizeof value->integer);
  else if (value->type == CASCADE_DOUBLE) add_bytes(hash, &value->real, sizeof value->real);
  else add_bytes(hash, value->data, (size_t)value->length);
}

static void add_selection(crypto_generichash_state *hash, const casc_scope *scope) {
  const cascade_selection *selection = scope->selection;
  add_text(hash, scope->tables[scope->root].table->label);
  if (!selection->by_keys) {
    add_text(hash, selection->where ? selection->where : "");
    for (uint32_t i = 0; i < selection->parameter_count; i++) add_value(hash, &selection->parameters[i]);
    return;
  }
  for (uint64_t i = 0; i < selection->keys.count; i++)
    for (uint32_t j = 0; j < selection->keys.column_count; j++) {
      if (!selection->keys.integers) add_value(hash, &selection->keys.cells[i * selection->keys.column_count + j]);
      else add_value(hash, &(cascade_value){.type = CASCADE_INT64, .integer = selection->keys.integers[i]});
    }
}

bool casc_scope_fingerprint(const casc_scope *scope, char digits[17]) {
  unsigned char sum[16];
  crypto_generichash_state hash;
  if (sodium_init() < 0) return false;
  crypto_generichash_init(&hash, NULL, 0, sizeof sum);
  add_text(&hash, scope->dialect->engine);
  add_selection(&hash, scope);
  for (uint32_t i = 0; i < scope->order_count; i++) add_text(&hash, scope->tables[scope->order[i]].table->label);
  for (uint32_t i = 0; i < scope->relation_count; i++) {
    const casc_relation *relation = scope->relations[i].relation;
    if (!scope->tables[relation->ref_table].reached) continue;
    add_text(&hash, relation->label);
    add_text(&hash, relation->where);
    add_bytes(&hash, &relation->rule, sizeof relation->rule);
    for (uint32_t j = 0; relation->values && j < relation->count; j++) add_value(&hash, &relation->values[j]);
  }
  crypto_generichash_final(&hash, sum, sizeof sum);
  sodium_bin2hex(digits, 17, sum, 8);
  return true;
}

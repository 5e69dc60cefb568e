#include "hash.h"

#include <string.h>

enum { SUM = 16 };

bool casc_hash_begin(casc_hash *hash) {
  if (sodium_init() < 0) return false;
  crypto_generichash_init(&hash->state, NULL, 0, SUM);
  return true;
}

void casc_hash_bytes(casc_hash *hash, const void *bytes, size_t length) {
  uint64_t prefix = length; /* so that "ab" "c" and "a" "bc" differ */
  crypto_generichash_update(&hash->state, (const unsigned char *)&prefix, sizeof prefix);
  crypto_generichash_update(&hash->state, bytes, length);
}

void casc_hash_text(casc_hash *hash, const char *text) {
  casc_hash_bytes(hash, text ? text : "", text ? strlen(text) : 0);
}

void casc_hash_value(casc_hash *hash, const cascade_value *value) {
  crypto_generichash_update(&hash->state, (const unsigned char *)&value->type, sizeof value->type);
  if (value->type == CASCADE_INT64 || value->type == CASCADE_UINT64) casc_hash_bytes(hash, &value->integer, sizeof value->integer);
  else if (value->type == CASCADE_DOUBLE) casc_hash_bytes(hash, &value->real, sizeof value->real);
  else casc_hash_bytes(hash, value->data, (size_t)value->length);
}

void casc_hash_sum(casc_hash *hash, unsigned char sum[CASC_HASH_SUM]) {
  unsigned char all[SUM];
  crypto_generichash_final(&hash->state, all, sizeof all);
  memcpy(sum, all, CASC_HASH_SUM);
}

void casc_hash_end(casc_hash *hash, char digits[17]) {
  unsigned char sum[CASC_HASH_SUM];
  casc_hash_sum(hash, sum);
  sodium_bin2hex(digits, 17, sum, sizeof sum);
}

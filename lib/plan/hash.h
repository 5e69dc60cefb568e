/* What identifies a request: a hash over its parts, as digits. */
#ifndef CASC_HASH_H
#define CASC_HASH_H

#include <cascade/common.h>

#include <sodium.h>
#include <stdbool.h>

enum { CASC_HASH_SUM = 8 };

typedef struct casc_hash {
  crypto_generichash_state state;
} casc_hash;

bool casc_hash_begin(casc_hash *hash);
void casc_hash_bytes(casc_hash *hash, const void *bytes, size_t length);
void casc_hash_text(casc_hash *hash, const char *text); /* NULL counts as "" */
void casc_hash_value(casc_hash *hash, const cascade_value *value);
void casc_hash_sum(casc_hash *hash, unsigned char sum[CASC_HASH_SUM]);
void casc_hash_end(casc_hash *hash, char digits[17]); /* the sum as text */

#endif

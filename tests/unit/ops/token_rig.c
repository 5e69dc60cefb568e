#include "token_rig.h"

#include <stdio.h>
#include <string.h>

const char key[KEY] = "a secret of the host, of 32 byte";

void make(rig *at, const char *schema, const char *table, int64_t id) {
  *at = (rig){.memory = {.allowed = -1}};
  assert_int_equal(sqlite3_open(":memory:", &at->db), SQLITE_OK);
  assert_int_equal(sqlite3_exec(at->db, schema, NULL, NULL, NULL), SQLITE_OK);
  for (int i = 0; i < DESKS; i++) {
    char text[128];
    snprintf(text, sizeof text, "CREATE TABLE desk%02d (id INTEGER PRIMARY KEY, agent_id INTEGER REFERENCES agent)", i);
    assert_int_equal(sqlite3_exec(at->db, text, NULL, NULL, NULL), SQLITE_OK);
  }
  assert_non_null(at->context = failing_context(&at->memory));
  assert_int_equal(cascade_connection_adopt(at->context, "sqlite3", at->db, NULL, &at->connection, NULL), CASCADE_OK);
  assert_int_equal(cascade_graph_read(at->connection, NULL, &at->graph, NULL), CASCADE_OK);
  assert_int_equal(cascade_policy_new(at->graph, NULL, &at->policy, NULL), CASCADE_OK);
  assert_int_equal(cascade_selection_integers(at->graph, table, &id, 1, &at->selection, NULL), CASCADE_OK);
  assert_int_equal(casc_scope_init(&at->scope, at->connection, at->policy, at->selection, false, NULL), CASCADE_OK);
}

void make_usual(rig *at) {
  make(at, AGENT CUSTOMER INVOICE STAMP SCAN, "agent", 7);
}

void drop(rig *at) {
  casc_scope_free(&at->scope);
  cascade_selection_free(at->selection);
  cascade_policy_free(at->policy);
  cascade_graph_free(at->graph);
  cascade_connection_free(at->connection);
  cascade_context_free(at->context);
  assert_int_equal(at->memory.live, 0);
  assert_int_equal(sqlite3_close(at->db), SQLITE_OK);
}

uint32_t number_of(const rig *at, const char *table, const char *ref_table) {
  for (uint32_t i = 0; i < at->scope.relation_count; i++) {
    const casc_relation *relation = at->scope.relations[i].relation;
    if (!strcmp(at->scope.tables[relation->table].table->label, table) &&
        !strcmp(at->scope.tables[relation->ref_table].table->label, ref_table))
      return i;
  }
  fail_msg("no relation from %s to %s", table, ref_table);
  return 0;
}

cascade_value integer(int64_t number) {
  return (cascade_value){.type = CASCADE_INT64, .integer = number};
}

cascade_value bytes(int32_t type, const char *data, size_t length) {
  return (cascade_value){.type = type, .data = data, .length = length};
}

bool put(casc_keyset *set, const cascade_value *cells) {
  bool done = casc_keyset_append(set, cells);
  set->count += set->appended;
  set->appended = 0;
  return done;
}

bool put_integer(casc_keyset *set, int64_t number) {
  cascade_value cell = integer(number);
  return put(set, &cell);
}

void write_text(const casc_blockers_token *token, casc_str *text) {
  assert_int_equal(casc_token_write(token, key, KEY, text, NULL), CASCADE_OK);
  assert_int_equal(strlen(text->data), text->length);
  assert_int_equal(strspn(text->data, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), text->length);
}

void sign(unsigned char *data, size_t length, char *text, size_t room) {
  crypto_generichash(data + length, MAC, data, length, (const unsigned char *)key, KEY);
  sodium_bin2base64(text, room, data, length + MAC, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

size_t raw_of(const casc_str *text, unsigned char *data, size_t room) {
  size_t length = 0;
  assert_int_equal(
      sodium_base642bin(data, room, text->data, text->length, NULL, &length, NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING), 0);
  return length - MAC;
}

/* Whether anything stands in the way at all: the relations into the selection first, and only where rows cascade what a delete
   would read. */
#include <cascade/blockers.h>

#include "closure.h"
#include "source.h"
#include "transaction.h"

#include <string.h>

enum { MOST_ROWS = 100000, FEW_ROWS = 1000 /* of the selection, to ask about in one go */ };

typedef struct probe {
  cascade_connection *connection;
  casc_scope scope;
  uint64_t max_rows;
  int32_t answer; /* 0: not known yet */
  uint32_t relation;
} probe;

static cascade_status read_roots(probe *at, casc_keyset *roots, cascade_error **error) {
  const casc_scope *scope = &at->scope;
  casc_source source;
  casc_source_init(&source, &at->scope, CASC_SOURCE_SELECTED, scope->root);
  cascade_status status = casc_source_peek(&source, FEW_ROWS + 1, roots, error);
  casc_source_free(&source);
  if (status >= 0 && !roots->count && scope->selection->by_keys && scope->selection->keys.count) {
    const char *table = scope->tables[scope->root].table->label;
    return casc_fail_at(at->connection->context, error, CASCADE_NOT_FOUND, table, NULL, "table %s has no row with %s", table,
                        scope->selection->keys.count == 1 ? "this key" : "any of these keys");
  }
  return status;
}

/* A row of the relation is in the way, whatever else goes. */
static bool always_blocks(const casc_scope *scope, const casc_scope_relation *relation) {
  return relation->role == CASC_ROLE_BLOCK &&
         (relation->relation->rule == CASCADE_RULE_PROTECT || !scope->tables[relation->relation->table].reached);
}

/* Asks which of the relations have a row. *open: some have whose meaning only the closure tells. */
static cascade_status ask(probe *at, const uint32_t *numbers, const casc_sql_page *pages, uint32_t count, bool *open,
                          cascade_error **error) {
  casc_statement statement;
  casc_cursor cursor = {0};
  const cascade_value *row = NULL;
  casc_session_statement(at->connection, &statement);
  at->scope.dialect->count_pages(&statement, pages, count);
  cascade_status status = casc_query(at->connection, &statement, &cursor, error);
  while (status >= 0 && (status = casc_next(&cursor, &row, error)) == CASCADE_OK) {
    uint64_t place = (uint64_t)row[0].integer;
    if (place >= count || !row[1].integer) continue;
    if (!always_blocks(&at->scope, &at->scope.relations[numbers[place]])) *open = true;
    else if (!at->answer) {
      at->answer = CASCADE_PROBE_BLOCKED;
      at->relation = numbers[place];
    }
  }
  casc_cursor_close(&cursor);
  casc_statement_free(&statement);
  return status < 0 ? status : CASCADE_OK;
}

/* The relations into the selection, as many with one statement as it takes. */
static cascade_status look_beside(probe *at, const casc_keyset *roots, cascade_error **error) {
  const casc_scope *scope = &at->scope;
  const cascade_policy *policy = scope->policy;
  uint32_t most = scope->dialect->pages_at_once, count = 0;
  cascade_keys parents = casc_keyset_view(roots, 0, roots->count);
  casc_arena arena;
  casc_arena_init(&arena, scope->alloc);
  casc_sql_page *pages = casc_arena_get(&arena, most, sizeof *pages);
  uint32_t *numbers = casc_arena_get(&arena, most, sizeof *numbers);
  cascade_status status = pages && numbers ? CASCADE_OK : casc_nomem(error);
  bool open = false;
  for (uint32_t i = 0; status >= 0 && !at->answer && i <= policy->to_count[scope->root]; i++) {
    bool end = i == policy->to_count[scope->root];
    uint32_t number = end ? CASC_NONE : policy->relations_to[scope->root][i];
    if (!end && (scope->relations[number].role == CASC_ROLE_BLOCK || scope->relations[number].role == CASC_ROLE_CASCADE)) {
      pages[count] = (casc_sql_page){.relation = &scope->relations[number].sql, .parents = &parents, .limit = 1};
      numbers[count++] = number;
    }
    if (!count || (!end && count < most)) continue;
    status = ask(at, numbers, pages, count, &open, error);
    count = 0;
  }
  if (status >= 0 && !at->answer && !open) at->answer = CASCADE_PROBE_DELETABLE;
  casc_arena_clear(&arena);
  return status;
}

static uint32_t relation_named(const casc_scope *scope, const char *label) {
  for (uint32_t i = 0; label && i < scope->relation_count; i++)
    if (!strcmp(scope->relations[i].relation->label, label)) return i;
  return CASC_NONE;
}

/* Reads of the closure what blockers can hang on. */
static cascade_status look_below(probe *at, cascade_error **error) {
  casc_closure closure = {0};
  cascade_error *own = NULL;
  uint64_t roots;
  cascade_status status = casc_settle_defaults(&at->scope, error);
  if (status >= 0) status = casc_closure_init(&closure, &at->scope, error);
  if (status < 0) {
    casc_closure_free(&closure);
    return status;
  }
  closure.examining = true;
  closure.limit = at->max_rows;
  status = casc_closure_read_whole(&closure, &roots, error);
  closure.whole = false; /* tables on which no blocker can hang are not in it */
  at->answer = CASCADE_PROBE_UNKNOWN;
  if (status >= 0 && !closure.overflow) {
    status = casc_closure_examine(&closure, &own);
    if (status == CASCADE_BLOCKED) {
      at->answer = CASCADE_PROBE_BLOCKED;
      at->relation = relation_named(&at->scope, cascade_error_relation(own));
      cascade_error_free(own);
      status = CASCADE_OK;
    } else if (status < 0) casc_error_pass(own, error);
    else if (!closure.overflow) at->answer = CASCADE_PROBE_DELETABLE;
  }
  casc_closure_free(&closure);
  return status;
}

static cascade_status look(probe *at, cascade_error **error) {
  casc_keyset roots;
  casc_keyset_of(&at->scope, at->scope.root, &roots);
  cascade_status status = read_roots(at, &roots, error);
  if (status >= 0 && !roots.count) at->answer = CASCADE_PROBE_DELETABLE;
  if (status >= 0 && !at->answer && roots.count <= FEW_ROWS) status = look_beside(at, &roots, error);
  if (status >= 0 && !at->answer) status = look_below(at, error);
  casc_keyset_free(&roots);
  return status;
}

cascade_status cascade_blockers_probe(cascade_connection *connection, cascade_policy *policy, cascade_selection *selection,
                                      uint64_t max_rows, int32_t *answer, uint32_t *relation, cascade_error **error) {
  if (relation) *relation = UINT32_MAX;
  if (!connection || !policy || !selection || !answer)
    return casc_fail(NULL, error, CASCADE_INVALID, "blockers: connection, policy, selection or the place for the answer is NULL");
  probe at = {.connection = connection, .max_rows = max_rows ? max_rows : MOST_ROWS, .relation = UINT32_MAX};
  casc_transaction transaction = {0};
  cascade_status status = casc_scope_init(&at.scope, connection, policy, selection, false, error);
  if (status >= 0) status = casc_transaction_begin(&transaction, connection, false, error);
  if (status >= 0) status = look(&at, error);
  if (transaction.open) casc_transaction_roll_back(&transaction); /* nothing was written */
  if (at.scope.alloc) casc_scope_free(&at.scope);
  if (status < 0) return status;
  *answer = at.answer;
  if (relation) *relation = at.relation;
  return CASCADE_OK;
}

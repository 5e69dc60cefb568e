/* Pages of a job's recorded keys. Each is a purge of its own, in one transaction that forgets its keys too. A row on
   which more hangs than a transaction may touch is a page by itself, and takes several. */
#include "queue_internal.h"

#include "selection_internal.h"

#include <string.h>

enum { FIRST_PAGE = 2000, LARGEST_PAGE = 20000, LARGEST_TEXT_PAGE = 2000 };

typedef struct page_keys {
  casc_arena arena;
  int64_t *places;
  const char **texts;
  uint32_t count;
} page_keys;

static cascade_status read_keys(cascade_worker *worker, bool integers, int64_t from, uint32_t limit, page_keys *keys,
                                cascade_error **error) {
  const casc_claim *claim = &worker->claim;
  casc_statement statement;
  casc_cursor cursor = {0};
  const cascade_value *row = NULL;
  keys->places = casc_arena_get(&keys->arena, limit, sizeof *keys->places);
  keys->texts = casc_arena_get(&keys->arena, limit, sizeof *keys->texts);
  if (!keys->places || !keys->texts) return casc_nomem(error);
  casc_session_statement(worker->connection, &statement);
  casc_queue_keys(worker->words, &statement, integers, claim->source, from, claim->high, limit);
  cascade_status status = casc_query(worker->connection, &statement, &cursor, error);
  while (status >= 0 && keys->count < limit && (status = casc_next(&cursor, &row, error)) == CASCADE_OK) {
    keys->places[keys->count] = row[0].integer;
    if (!integers && !(keys->texts[keys->count] = casc_arena_copy(&keys->arena, row[1].data, row[1].length)))
      status = casc_nomem(error);
    keys->count++;
  }
  casc_cursor_close(&cursor);
  casc_statement_free(&statement);
  return status < 0 ? status : CASCADE_OK;
}

static cascade_status select_keys(cascade_worker *worker, const page_keys *keys, cascade_error **error) {
  const char *label = worker->graph->tables[worker->payload.table].label;
  cascade_status status = worker->integers
                              ? cascade_selection_integers(worker->graph, label, keys->places, keys->count, &worker->page, error)
                              : casc_payload_select(&worker->payload, label, keys->texts, keys->count, &worker->page, error);
  if (status < 0) return status;
  worker->page->where = casc_arena_strdup(&worker->page->arena, worker->payload.unset);
  if (!worker->page->where) return casc_nomem(error);
  worker->page_keys = keys->count;
  worker->page_selected = worker->page->keys.count;
  worker->page_low = keys->places[0];
  worker->page_high = keys->places[keys->count - 1];
  worker->settling = worker->settled = false;
  return CASCADE_OK;
}

static uint32_t largest_page(const cascade_worker *worker) {
  if (worker->integers) return LARGEST_PAGE;
  uint32_t width = worker->graph->tables[worker->payload.table].key_count;
  uint32_t most = casc_dialect_of(worker->connection->capabilities.engine)->max_cells / (width ? width : 1);
  return most < LARGEST_TEXT_PAGE ? most : LARGEST_TEXT_PAGE;
}

static cascade_status open_page(cascade_worker *worker, const casc_guard *given, bool *smaller, cascade_error **error) {
  page_keys keys = {0};
  casc_guard guard = *given;
  guard.presumed = worker->fitting;
  if (!worker->page_size) worker->page_size = FIRST_PAGE;
  if (worker->page_size > largest_page(worker)) worker->page_size = largest_page(worker);
  *smaller = false;
  casc_arena_init(&keys.arena, &worker->context->alloc);
  cascade_status status = read_keys(worker, worker->integers, worker->next, worker->page_size, &keys, error);
  if (status >= 0 && !keys.count) status = CASCADE_DONE;
  if (status == CASCADE_OK) status = select_keys(worker, &keys, error);
  if (status == CASCADE_OK)
    status = casc_purge_open(worker->connection, worker->payload.policy, worker->page, &worker->payload.options, &guard,
                             &worker->purge, error);
  worker->fitting = status == CASCADE_OK && worker->purge->atomic;
  *smaller = status == CASCADE_OK && !worker->fitting && keys.count > 1;
  casc_arena_clear(&keys.arena);
  return status;
}

/* There are no more keys of the kind that the table has now. Those that were recorded of another would be found by nobody. */
static cascade_status look_for_others(cascade_worker *worker, cascade_error **error) {
  const char *label = worker->graph->tables[worker->payload.table].label;
  page_keys others = {0};
  casc_arena_init(&others.arena, &worker->context->alloc);
  cascade_status status = read_keys(worker, !worker->integers, worker->claim.low, 1, &others, error);
  casc_arena_clear(&others.arena);
  if (status < 0 || !others.count) return status < 0 ? status : CASCADE_DONE;
  return casc_fail_at(worker->context, error, CASCADE_SCHEMA, label, NULL,
                      "the primary key of table %s is of another type than when its rows were detached, so that they cannot be "
                      "found by what was recorded; change it back and retry the job",
                      label);
}

cascade_status casc_page_open(cascade_worker *worker, const casc_guard *guard, cascade_error **error) {
  bool smaller = true;
  cascade_status status = CASCADE_OK;
  while (status == CASCADE_OK && smaller) {
    status = open_page(worker, guard, &smaller, error);
    if (smaller) worker->page_size = worker->page_size > 8 ? worker->page_size / 8 : 1;
    if (smaller || status != CASCADE_OK) casc_page_close(worker);
  }
  return status == CASCADE_DONE ? look_for_others(worker, error) : status;
}

/* Rows of the page that have a parent again. */
static cascade_status count_parented(cascade_worker *worker, int64_t *rows, cascade_error **error) {
  const casc_scope *scope = &worker->purge->scope;
  casc_statement statement;
  casc_session_statement(worker->connection, &statement);
  scope->dialect->count(&statement, &scope->tables[scope->root].sql,
                        &(casc_sql_filter){.shown_among = &worker->page->keys, .where = worker->payload.parented}, 0);
  return casc_ask(worker->connection, &statement, 0, rows, error);
}

cascade_status casc_page_settle(cascade_worker *worker, uint64_t roots, cascade_error **error) {
  int64_t parented = 0;
  cascade_status status = roots < worker->page_selected ? count_parented(worker, &parented, error) : CASCADE_OK;
  if (status < 0) return status;
  casc_statement statement;
  casc_session_statement(worker->connection, &statement);
  casc_queue_forget_keys(worker->words, &statement, worker->integers, worker->claim.source, worker->page_low, worker->page_high);
  status = casc_run(worker->connection, &statement, NULL, error);
  worker->pending.kept = parented + (int64_t)casc_hooks_staying(&worker->purge->hooks);
  worker->pending.keys = worker->page_keys;
  worker->settling = status >= 0;
  return status;
}

void casc_page_close(cascade_worker *worker) {
  cascade_purge_free(worker->purge);
  cascade_selection_free(worker->page);
  cascade_fill_free(worker->fill);
  worker->fill = NULL;
  worker->purge = NULL;
  worker->page = NULL;
}

/* Blockers in the shape of Specify 7: {"results": [...], "next": [...]}. */
#include "blockers_json.h"

#include "json_text.h"
#include "options.h"

enum { USUAL_LIMIT = 20 };

typedef casc_blockers_document writer;

/* One relation: all its pages. */
typedef struct entry {
  uint32_t relation;
  int32_t kind;
  casc_str ids;
  bool complete;
} entry;

/* What was asked of one relation. */
typedef struct wish {
  uint32_t entry; /* from 1; 0 while it has no page */
  bool given;
  uint64_t offset;
  int32_t limit;
} wish;

typedef struct list {
  const casc_alloc *alloc;
  entry *items;
  size_t count, capacity;
  wish *asked; /* by relation */
} list;

cascade_status casc_specify_check(writer *w, cascade_error **error) {
  const cascade_blockers_options *read = &w->read;
  const char *refused = read->depth > 1     ? "depth"
                        : read->token       ? "token"
                        : read->budget_rows ? "budget_rows"
                        : read->budget_ms   ? "budget_ms"
                        : read->behind      ? "behind"
                        : read->count       ? "count"
                                            : NULL;
  if (!refused) return CASCADE_OK;
  return casc_fail(w->context, error, CASCADE_INVALID,
                   "blockers: the profile 'specify' has no place for what %s brings; leave it out, or take the native profile",
                   refused);
}

static cascade_status read_requests(writer *w, list *entries, cascade_error **error) {
  const cascade_blockers_options *read = &w->read;
  for (uint32_t i = 0; i < read->request_count; i++) {
    cascade_blockers_request request;
    cascade_status status = CASC_OPTIONS(w->context, read->requests[i], request, offset, error);
    if (status < 0) return status;
    wish *at = &entries->asked[request.relation]; /* the cursor has looked at the number */
    if (at->given)
      return casc_fail_at(w->context, error, CASCADE_INVALID, NULL, w->policy->relations[request.relation].label,
                          "blockers: relation %s is asked for twice; in the profile 'specify' it has one entry",
                          w->policy->relations[request.relation].label);
    *at = (wish){.given = true, .offset = request.offset, .limit = request.limit};
  }
  return CASCADE_OK;
}

static cascade_status take_page(list *entries, const cascade_blockers_page *page, cascade_error **error) {
  if (page->kind != CASCADE_BLOCKING && page->kind != CASCADE_CASCADING) return CASCADE_OK;
  wish *asked = &entries->asked[page->relation];
  if (!asked->entry) {
    if (!casc_grow(entries->alloc, (void **)&entries->items, &entries->capacity, entries->count + 1, sizeof *entries->items))
      return casc_nomem(error);
    entry *made = &entries->items[entries->count++];
    *made = (entry){.relation = page->relation, .kind = page->kind};
    casc_str_init(&made->ids, entries->alloc);
    asked->entry = (uint32_t)entries->count;
  }
  entry *at = &entries->items[asked->entry - 1];
  if (at->ids.length && page->keys->count) casc_str_put(&at->ids, ", ");
  casc_json_keys(&at->ids, page->keys);
  at->complete = page->complete;
  return CASCADE_OK;
}

static unsigned long long limit_of(const writer *w, const wish *asked) {
  uint32_t rounds = w->read.rounds ? w->read.rounds : 1;
  if (rounds == UINT32_MAX) return 0;
  int32_t limit = asked->limit ? asked->limit : w->read.limit ? w->read.limit : USUAL_LIMIT;
  return (unsigned long long)limit * rounds;
}

static void put_field(writer *w, const casc_relation *relation) {
  casc_str field;
  casc_str_init(&field, &w->context->alloc);
  for (uint32_t i = 0; i < relation->count; i++) {
    if (i) casc_str_putc(&field, ',');
    casc_str_put(&field, relation->column_names[i]);
  }
  if (field.failed) w->json.failed = true;
  else casc_document_string(w, field.data);
  casc_str_free(&field);
}

static void put_entry(writer *w, const list *entries, entry *one) {
  const casc_relation *relation = &w->policy->relations[one->relation];
  const wish *asked = &entries->asked[one->relation];
  casc_document_put(w, "{\"table\": ");
  casc_document_string(w, w->policy->graph->tables[relation->table].label);
  casc_document_put(w, ", \"field\": ");
  put_field(w, relation);
  casc_document_put(w, ", \"ids\": [");
  if (one->ids.failed) w->json.failed = true;
  if (one->ids.length) casc_str_putn(&w->json, one->ids.data, one->ids.length);
  casc_str_printf(&w->json, "], \"offset\": %llu, \"limit\": %llu, \"complete\": %s}", (unsigned long long)asked->offset,
                  limit_of(w, asked), one->complete ? "true" : "false");
  casc_str_free(&one->ids); /* it is in the document: not held twice for longer than it takes */
}

static void put_kind(writer *w, const char *member, const list *entries, int32_t kind) {
  const char *before = "\n  ";
  casc_document_put(w, member);
  for (size_t i = 0; i < entries->count; i++) {
    if (entries->items[i].kind != kind) continue;
    casc_document_put(w, before);
    put_entry(w, entries, &entries->items[i]);
    before = ",\n  ";
  }
  casc_document_put(w, "]");
}

cascade_status casc_specify_write(writer *w, cascade_error **error) {
  const casc_alloc *alloc = &w->context->alloc;
  list entries = {.alloc = alloc, .asked = casc_calloc(alloc, w->policy->relation_count + 1, sizeof *entries.asked)};
  const cascade_blockers_page *page = NULL;
  cascade_status status = entries.asked ? read_requests(w, &entries, error) : casc_nomem(error);
  while (status == CASCADE_OK && (status = cascade_blockers_next(w->cursor, &page, error)) == CASCADE_OK)
    status = take_page(&entries, page, error);
  if (status >= 0) {
    put_kind(w, "{\"results\": [", &entries, CASCADE_BLOCKING);
    put_kind(w, ",\n \"next\": [", &entries, CASCADE_CASCADING);
    casc_document_put(w, "}\n");
  }
  for (size_t i = 0; i < entries.count; i++) casc_str_free(&entries.items[i].ids);
  casc_free(alloc, entries.items);
  casc_free(alloc, entries.asked);
  return status < 0 ? status : CASCADE_OK;
}

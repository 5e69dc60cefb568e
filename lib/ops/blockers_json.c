/* Blockers as one JSON document: the native profile, version 1. A line for each page. */
#include "blockers_json.h"

#include "json_text.h"
#include "options.h"
#include "session.h"

typedef casc_blockers_document writer;

void casc_document_put(writer *w, const char *text) {
  casc_str_put(&w->json, text);
}

void casc_document_string(writer *w, const char *text) {
  if (!casc_json_string(&w->json, text) && !w->bad) w->bad = text;
}

void casc_document_names(writer *w, const char *const *names, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    if (i) casc_document_put(w, ", ");
    casc_document_string(w, names[i]);
  }
}

static void put_member(writer *w, const char *before, const char *text) {
  casc_document_put(w, before);
  casc_document_string(w, text);
}

static void put_keys(writer *w, const char *before, const cascade_keys *keys) {
  casc_document_put(w, before);
  casc_document_put(w, "[");
  casc_json_keys(&w->json, keys);
  casc_document_put(w, "]");
}

static void put_anchor(writer *w, const char *before, const cascade_value *anchor, uint32_t count) {
  casc_document_put(w, before);
  if (!anchor) {
    casc_document_put(w, "null");
    return;
  }
  casc_document_put(w, "[");
  for (uint32_t i = 0; i < count; i++) {
    if (i) casc_document_put(w, ", ");
    casc_json_value(&w->json, &anchor[i]);
  }
  casc_document_put(w, "]");
}

static const char *truth(bool value) {
  return value ? "true" : "false";
}

static const char *const kinds[] = {"all", "blocking", "cascading", "updating", "left_alone"};
static const char *const accuracies[] = {"exact", "at_least", "estimated"};

static void put_path(writer *w, const cascade_blockers_page *page) {
  casc_document_put(w, ", \"path\": [");
  for (uint32_t i = 0; i < page->path_length; i++) put_member(w, i ? ", " : "", w->policy->relations[page->path[i]].label);
  casc_document_put(w, "], \"path_keys\": [");
  for (uint32_t i = 0; page->path_keys && i < page->path_length; i++) put_keys(w, i ? ", " : "", &page->path_keys[i]);
  casc_document_put(w, "]");
}

/* The records to which the rows of a join table refer besides. */
static void put_behind(writer *w, const cascade_blockers_page *page) {
  if (!page->behind) {
    casc_document_put(w, ", \"behind\": null");
    return;
  }
  const casc_relation *relation = &w->policy->relations[page->behind_relation];
  put_member(w, ", \"behind\": {\"relation\": ", relation->label);
  put_member(w, ", \"table\": ", w->policy->graph->tables[relation->ref_table].label);
  casc_document_put(w, ", \"key\": [");
  casc_document_names(w, page->behind->columns, page->behind->column_count);
  put_keys(w, "], \"keys\": ", page->behind);
  casc_document_put(w, "}");
}

static void put_count(writer *w, const cascade_blockers_page *page) {
  if (page->count)
    casc_str_printf(&w->json, ", \"count\": {\"rows\": %llu, \"accuracy\": \"%s\"}", (unsigned long long)page->count,
                    accuracies[page->count_accuracy]);
  else casc_document_put(w, ", \"count\": null");
}

/* Null where there is nothing to go on with, and where the library cannot. */
static cascade_status put_token(writer *w, const char *before, int32_t kind, bool possible, cascade_error **error) {
  const char *token = NULL;
  cascade_error *failure = NULL;
  cascade_status status = possible ? cascade_blockers_token(w->cursor, kind, &token, &failure) : CASCADE_DONE;
  if (status < 0 && status != CASCADE_UNSUPPORTED) return casc_error_pass(failure, error);
  cascade_error_free(failure);
  casc_document_put(w, before);
  if (token) casc_document_string(w, token);
  else casc_document_put(w, "null");
  return CASCADE_OK;
}

static cascade_status put_tokens(writer *w, int32_t kind, uint32_t depth, bool empty, cascade_error **error) {
  if (!w->read.token_key) {
    casc_document_put(w, ", \"tokens\": null");
    return CASCADE_OK;
  }
  cascade_status status = put_token(w, ", \"tokens\": {\"next\": ", CASCADE_TOKEN_NEXT, true, error);
  if (status >= 0) status = put_token(w, ", \"previous\": ", CASCADE_TOKEN_PREVIOUS, depth == 1 && !empty, error);
  if (status >= 0) status = put_token(w, ", \"down\": ", CASCADE_TOKEN_DOWN, kind == CASCADE_CASCADING && !empty, error);
  casc_document_put(w, "}");
  return status;
}

static cascade_status put_page(writer *w, const cascade_blockers_page *page, cascade_error **error) {
  const casc_relation *relation = &w->policy->relations[page->relation];
  int32_t kind = page->kind;
  uint32_t depth = page->depth;
  bool empty = !page->keys->count; /* the page is the cursor's until tokens are made */
  put_member(w, "{\"relation\": ", relation->label);
  put_member(w, ", \"table\": ", w->policy->graph->tables[relation->table].label);
  casc_document_put(w, ", \"columns\": [");
  casc_document_names(w, relation->column_names, relation->count);
  casc_str_printf(&w->json, "], \"rule\": \"%s\", \"kind\": \"%s\", \"key\": [", cascade_rule_name(relation->rule), kinds[kind]);
  casc_document_names(w, page->keys->columns, page->keys->column_count);
  put_keys(w, "], \"keys\": ", page->keys);
  put_anchor(w, ", \"first\": ", page->first, page->anchor_count);
  put_anchor(w, ", \"last\": ", page->last, page->anchor_count);
  casc_str_printf(&w->json, ", \"complete\": %s, \"partial\": %s, \"depth\": %u", truth(page->complete), truth(page->partial),
                  depth);
  put_path(w, page);
  put_behind(w, page);
  put_count(w, page);
  cascade_status status = put_tokens(w, kind, depth, empty, error);
  casc_document_put(w, "}");
  return status;
}

static void put_selection(writer *w) {
  const cascade_selection *selection = w->selection;
  put_member(w,
             "{\"format\": \"cascade-blockers\", \"version\": 1,\n \"table\": ", w->policy->graph->tables[selection->table].label);
  if (selection->by_keys) casc_str_printf(&w->json, ", \"selection\": {\"keys\": %llu", (unsigned long long)selection->keys.count);
  else if (selection->where) put_member(w, ", \"selection\": {\"where\": ", selection->where);
  else casc_document_put(w, ", \"selection\": {\"all\": true");
}

static void put_cut(writer *w) {
  static const char *const reasons[] = {"depth", "followed", "rows", "time"};
  int32_t cut = cascade_blockers_cut(w->cursor);
  bool any = false;
  casc_document_put(w, " \"cut\": [");
  for (uint32_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
    if (!(cut >> i & 1)) continue;
    put_member(w, any ? ", " : "", reasons[i]);
    any = true;
  }
  casc_document_put(w, "],\n");
}

static void put_totals(writer *w) {
  if (w->read.count == CASCADE_COUNT_NONE) {
    casc_document_put(w, " \"totals\": null,\n");
    return;
  }
  for (int32_t kind = 0; kind < (int32_t)(sizeof kinds / sizeof *kinds); kind++) {
    cascade_blockers_total total = {.size = sizeof total};
    cascade_blockers_count(w->cursor, kind, &total);
    casc_str_printf(&w->json, "%s\"%s\": {\"relations\": %llu, \"references\": %llu, \"accuracy\": \"%s\"}",
                    kind ? ", " : " \"totals\": {", kinds[kind], (unsigned long long)total.relations,
                    (unsigned long long)total.references, accuracies[total.accuracy]);
  }
  casc_document_put(w, "},\n");
}

static cascade_status write_native(writer *w, cascade_error **error) {
  const cascade_blockers_page *page = NULL;
  const char *before = "\n  ";
  cascade_status status;
  put_selection(w);
  casc_document_put(w, "},\n \"pages\": [");
  while ((status = cascade_blockers_next(w->cursor, &page, error)) == CASCADE_OK) {
    casc_document_put(w, before);
    before = ",\n  ";
    status = put_page(w, page, error);
    if (status < 0) return status;
  }
  if (status < 0) return status;
  casc_document_put(w, "],\n");
  put_cut(w);
  put_totals(w);
  status = put_token(w, " \"token\": ", CASCADE_TOKEN_REST, w->read.token_key, error);
  casc_document_put(w, "}\n");
  return status;
}

static cascade_status finish(writer *w, char **text, cascade_error **error) {
  if (w->bad)
    return casc_fail(w->context, error, CASCADE_INVALID, "blockers: the name \"%s\" is not UTF-8, which JSON cannot carry", w->bad);
  *text = casc_str_give(&w->json);
  return *text ? CASCADE_OK : casc_nomem(error);
}

cascade_status cascade_blockers_json(cascade_connection *connection, cascade_policy *policy, cascade_selection *selection,
                                     const cascade_blockers_options *options, int32_t profile, char **text, cascade_error **error) {
  if (text) *text = NULL;
  if (!connection || !policy || !selection || !text)
    return casc_fail(NULL, error, CASCADE_INVALID, "blockers: connection, policy, selection or the place for the text is NULL");
  writer w = {.context = connection->context, .policy = policy, .selection = selection, .options = options};
  bool native = profile == CASCADE_PROFILE_NATIVE;
  if (!native && profile != CASCADE_PROFILE_SPECIFY)
    return casc_fail(w.context, error, CASCADE_INVALID, "blockers: there is no profile %d", profile);
  cascade_status status = CASC_OPTIONS(w.context, options, w.read, reserved, error);
  if (status >= 0 && !native) status = casc_specify_check(&w, error);
  if (status < 0) return status;
  casc_str_init(&w.json, &w.context->alloc);
  status = cascade_blockers_open(connection, policy, selection, options, &w.cursor, error);
  if (status >= 0) status = native ? write_native(&w, error) : casc_specify_write(&w, error);
  if (status >= 0) status = finish(&w, text, error);
  cascade_blockers_free(w.cursor);
  casc_str_free(&w.json);
  return status;
}

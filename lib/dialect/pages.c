#include "pages.h"

#include "parts.h"

static bool same_types(uint32_t count, const int32_t *types, uint32_t other_count, const int32_t *others) {
  if (count != other_count) return false;
  for (uint32_t i = 0; i < count; i++)
    if (types[i] != others[i]) return false;
  return true;
}

bool casc_pages_alike(const casc_sql_page *a, const casc_sql_page *b) {
  const casc_sql_table *one = a->relation->table, *other = b->relation->table;
  return !a->alone && !b->alone && a->packed == b->packed &&
         same_types(one->key_count, one->key_types, other->key_count, other->key_types) &&
         same_types(one->shown_is_key ? 0 : one->shown_count, one->shown_types, other->shown_is_key ? 0 : other->shown_count,
                    other->shown_types) &&
         same_types(a->behind_count, a->behind_types, b->behind_count, b->behind_types);
}

void casc_page_begin(casc_statement *statement, uint32_t place, bool bracket) {
  if (place) casc_put(statement, " Union All ");
  if (bracket) casc_put(statement, "(");
  casc_put(statement, "Select ");
  statement->type_count = 0;
}

const char *casc_page_place(casc_statement *statement, uint32_t place) {
  const char *text = casc_arena_printf(&statement->arena, "%u", (unsigned)place);
  if (!text) statement->failed = true;
  return text ? text : "";
}

const char *casc_page_mark(casc_statement *statement, uint32_t place, const char *besides) {
  if (!besides) return casc_page_place(statement, place);
  const char *text = casc_arena_printf(&statement->arena, "%s * %u + %u", besides, (unsigned)CASC_PAGE_PLACES, (unsigned)place);
  if (!text) statement->failed = true;
  return text ? text : "";
}

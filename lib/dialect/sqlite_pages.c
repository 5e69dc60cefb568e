/* Pages of many relations on SQLite. */
#include "columns.h"
#include "pages.h"
#include "parts.h"
#include "sqlite_parts.h"

#include <stdio.h>

static void put(casc_statement *statement, const char *sql) {
  casc_put(statement, sql);
}

static void columns(casc_statement *statement, const char *qualifier, const char *const *names, const int32_t *types,
                    uint32_t count) {
  for (uint32_t i = 0; i < count; i++) casc_sqlite_name_column(statement, qualifier, names[i], types[i]);
}

/* The columns of a page as they are, for a select around it. */
static void plain_columns(casc_statement *statement, const char *qualifier, const char *const *names, uint32_t count,
                          uint32_t *number) {
  for (uint32_t i = 0; i < count; i++) {
    put(statement, ", ");
    casc_put_name(statement, casc_sqlite_identifier, qualifier, names[i]);
    casc_str_printf(&statement->sql, " As c%u", (unsigned)(*number)++);
  }
}

static void outer_columns(casc_statement *statement, const int32_t *types, uint32_t count, uint32_t *number) {
  for (uint32_t i = 0; i < count; i++) {
    char name[12];
    snprintf(name, sizeof name, "c%u", (unsigned)(*number)++);
    casc_sqlite_column(statement, name, types[i]);
  }
}

static void ordered(casc_statement *statement, const char *qualifier, const casc_sql_table *table, bool backward) {
  for (uint32_t i = 0; i < table->key_count; i++) {
    put(statement, i ? ", " : " Order By ");
    casc_put_name(statement, casc_sqlite_identifier, qualifier, table->key[i]);
    if (backward) put(statement, " Desc");
  }
}

static void page_columns(casc_statement *statement, const casc_sql_page *page, const char *qualifier, uint32_t place) {
  const casc_sql_table *table = page->relation->table;
  if (!page->alone) casc_sqlite_column(statement, casc_page_place(statement, place), CASCADE_INT64);
  columns(statement, qualifier, table->key, table->key_types, table->key_count);
  if (!table->shown_is_key) columns(statement, qualifier, table->shown, table->shown_types, table->shown_count);
  columns(statement, qualifier, page->behind, page->behind_types, page->behind_count);
}

static void inner_columns(casc_statement *statement, const casc_sql_page *page, const char *qualifier, uint32_t place) {
  const casc_sql_table *table = page->relation->table;
  uint32_t number = 1;
  casc_str_printf(&statement->sql, "%s As c0", casc_page_place(statement, place));
  plain_columns(statement, qualifier, table->key, table->key_count, &number);
  if (!table->shown_is_key) plain_columns(statement, qualifier, table->shown, table->shown_count, &number);
  plain_columns(statement, qualifier, page->behind, page->behind_count, &number);
}

/* What drivers are to read is written in the select around a page. */
static void around(casc_statement *statement, const casc_sql_page *page) {
  static const int32_t integer[] = {CASCADE_INT64};
  const casc_sql_table *table = page->relation->table;
  uint32_t number = 0;
  put(statement, "Select ");
  statement->type_count = 0;
  outer_columns(statement, integer, 1, &number);
  outer_columns(statement, table->key_types, table->key_count, &number);
  if (!table->shown_is_key) outer_columns(statement, table->shown_types, table->shown_count, &number);
  outer_columns(statement, page->behind_types, page->behind_count, &number);
  put(statement, " From (");
}

static void page_rows(casc_statement *statement, const casc_sql_page *page, uint32_t place, bool alone) {
  const casc_sql_table *table = page->relation->table;
  const casc_sql_filter filter = {
      .relation = page->relation, .parents = page->parents, .after = page->anchor, .backward = page->backward};
  const char *qualifier = casc_sqlite_joins(&filter) ? "t" : casc_quoted_name(statement, casc_sqlite_identifier, NULL, table->name);
  put(statement, "Select ");
  if (alone) statement->type_count = 0;
  if (alone) page_columns(statement, page, qualifier, place);
  else inner_columns(statement, page, qualifier, place);
  casc_sqlite_from_where(statement, table, &filter);
  ordered(statement, qualifier, table, page->backward);
  casc_sqlite_limited(statement, page->limit);
}

/* One after another: SQLite runs the selects of a UNION ALL in turn. Each is a table of its own, as they take no LIMIT
   themselves. */
void casc_sqlite_select_pages(casc_statement *statement, const casc_sql_page *pages, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    if (i) put(statement, " Union All ");
    if (count > 1) around(statement, &pages[i]);
    page_rows(statement, &pages[i], i, count == 1);
    if (count > 1) put(statement, ")");
  }
}

void casc_sqlite_count_pages(casc_statement *statement, const casc_sql_page *pages, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    const casc_sql_filter filter = {.relation = pages[i].relation, .parents = pages[i].parents};
    casc_page_begin(statement, i, false);
    casc_sqlite_column(statement, casc_page_place(statement, i), CASCADE_INT64);
    casc_sqlite_column(statement, "Count(*)", CASCADE_INT64);
    put(statement, " From (Select 1");
    casc_sqlite_from_where(statement, pages[i].relation->table, &filter);
    casc_sqlite_limited(statement, pages[i].limit);
    put(statement, ")");
  }
}

void casc_sqlite_select_links(casc_statement *statement, const casc_sql_relation *relation, const cascade_keys *keys) {
  const casc_sql_table *table = relation->table, *ref = relation->ref_table;
  put(statement, "Select ");
  columns(statement, "t", table->key, table->key_types, table->key_count);
  columns(statement, "p", ref->key, ref->key_types, ref->key_count);
  if (!ref->shown_is_key) columns(statement, "p", ref->shown, ref->shown_types, ref->shown_count);
  put(statement, " From ");
  casc_sqlite_from_keys(statement, table, "t", keys);
  put(statement, " Cross Join ");
  casc_put_table(statement, casc_sqlite_identifier, ref);
  put(statement, " p On ");
  casc_sqlite_join_condition(statement, relation, "t");
  casc_sqlite_one_key(statement, table, "t", keys, " Where ");
  if (!relation->where) return;
  put(statement, keys->count == 1 ? " And " : " Where ");
  casc_put_tuple(statement, casc_sqlite_identifier, "t", table->key, table->key_count);
  put(statement, " In (Select ");
  casc_put_names(statement, casc_sqlite_identifier, NULL, table->key, table->key_count);
  casc_sqlite_from_where(statement, table, &(casc_sql_filter){.among = keys, .where = relation->where});
  put(statement, ")");
}

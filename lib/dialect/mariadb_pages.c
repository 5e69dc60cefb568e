/* Pages of many relations on MariaDB, of which each is read through the index of its relation: that of a foreign key ends with the
   primary key, so that the rows of one value come in their order. */
#include "columns.h"
#include "mariadb_parts.h"
#include "pages.h"
#include "parts.h"

static void put(casc_statement *statement, const char *sql) {
  casc_put(statement, sql);
}

static void table_name(casc_statement *statement, const casc_sql_table *table) {
  casc_put_table(statement, casc_mariadb_identifier, table);
}

static const char *full_name(casc_statement *statement, const casc_sql_table *table, const char *column) {
  casc_str text;
  size_t length;
  casc_str_init(&text, statement->arena.alloc);
  if (table->schema) {
    casc_mariadb_identifier(&text, table->schema);
    casc_str_putc(&text, '.');
  }
  casc_mariadb_identifier(&text, table->name);
  casc_str_putc(&text, '.');
  casc_mariadb_identifier(&text, column);
  const char *kept = casc_keep_text(statement, &text, &length);
  return kept ? kept : "";
}

static void columns(casc_statement *statement, const casc_sql_table *table, const char *const *names, const int32_t *types,
                    uint32_t count) {
  for (uint32_t i = 0; i < count; i++) casc_mariadb_column(statement, full_name(statement, table, names[i]), types[i]);
}

/* Where selects stand one above the other, the narrowest type of their columns is not enough, and fixed lengths would be filled
   up. */
static void page_columns(casc_statement *statement, const casc_sql_table *table, const char *const *names, const int32_t *types,
                         uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    const char *name = full_name(statement, table, names[i]), *text = name;
    switch (types[i]) {
    case CASCADE_INT64: text = casc_arena_printf(&statement->arena, "CAST(%s AS SIGNED)", name); break;
    case CASCADE_UINT64: text = casc_arena_printf(&statement->arena, "CAST(%s AS UNSIGNED)", name); break;
    case CASCADE_BLOB: text = casc_arena_printf(&statement->arena, "CONCAT(%s)", name); break;
    }
    if (text) casc_mariadb_column(statement, text, types[i]);
    else statement->failed = true;
  }
}

/* The values of one parent, each a select of its own, are known before the first row is read. */
static void one_parent(casc_statement *statement, const casc_sql_relation *relation, const cascade_keys *parents) {
  const casc_sql_table *ref = relation->ref_table;
  for (uint32_t i = 0; i < relation->count; i++) {
    if (i) put(statement, " AND ");
    casc_mariadb_own_column(statement, relation->table, relation->columns[i]);
    put(statement, " = (SELECT ");
    casc_mariadb_own_column(statement, ref, relation->ref_columns[i]);
    put(statement, " FROM ");
    table_name(statement, ref);
    put(statement, " WHERE ");
    casc_mariadb_plain_among(statement, ref, ref->key, ref->key_count, parents);
    put(statement, ")");
  }
}

static void from_where(casc_statement *statement, const casc_sql_page *page) {
  const casc_sql_relation *relation = page->relation;
  const casc_sql_table *table = relation->table;
  bool plain = page->parents->count == 1 || (relation->direct && casc_keys_are_range(page->parents));
  put(statement, " FROM ");
  if (!plain) {
    casc_mariadb_joined_where(
        statement, table,
        &(casc_sql_filter){.relation = relation, .parents = page->parents, .after = page->anchor, .backward = page->backward});
    return;
  }
  table_name(statement, table);
  casc_mariadb_use_index(statement, relation->index);
  put(statement, " WHERE ");
  if (relation->direct) casc_mariadb_plain_among(statement, table, relation->columns, relation->count, page->parents);
  else one_parent(statement, relation, page->parents);
  if (relation->where) casc_str_printf(&statement->sql, " AND (%s)", relation->where);
  if (!page->anchor) return;
  put(statement, " AND (");
  casc_mariadb_after(statement, table, page->anchor, page->backward, 0);
  put(statement, ")");
}

static void ordered(casc_statement *statement, const casc_sql_page *page) {
  const casc_sql_table *table = page->relation->table;
  for (uint32_t i = 0; i < table->key_count; i++) {
    put(statement, i ? ", " : " ORDER BY ");
    casc_mariadb_own_column(statement, table, table->key[i]);
    if (page->backward) put(statement, " DESC");
  }
}

/* One after another: MariaDB runs the selects of a UNION ALL in turn. */
void casc_mariadb_select_pages(casc_statement *statement, const casc_sql_page *pages, uint32_t count) {
  void (*put_columns)(casc_statement *, const casc_sql_table *, const char *const *, const int32_t *, uint32_t) =
      count > 1 ? page_columns : columns;
  for (uint32_t i = 0; i < count; i++) {
    const casc_sql_table *table = pages[i].relation->table;
    casc_page_begin(statement, i, count > 1);
    if (!pages[i].alone) casc_mariadb_column(statement, casc_page_place(statement, i), CASCADE_INT64);
    put_columns(statement, table, table->key, table->key_types, table->key_count);
    if (!table->shown_is_key) put_columns(statement, table, table->shown, table->shown_types, table->shown_count);
    put_columns(statement, table, pages[i].behind, pages[i].behind_types, pages[i].behind_count);
    from_where(statement, &pages[i]);
    ordered(statement, &pages[i]);
    casc_mariadb_limited(statement, pages[i].limit);
    if (count > 1) put(statement, ")");
  }
}

void casc_mariadb_count_pages(casc_statement *statement, const casc_sql_page *pages, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    casc_page_begin(statement, i, false);
    casc_mariadb_column(statement, casc_page_place(statement, i), CASCADE_INT64);
    casc_mariadb_column(statement, "COUNT(*)", CASCADE_INT64);
    put(statement, " FROM (SELECT 1");
    from_where(statement, &(casc_sql_page){.relation = pages[i].relation, .parents = pages[i].parents});
    casc_mariadb_limited(statement, pages[i].limit);
    put(statement, ") AS casc_c");
  }
}

/* The rows as a table casc_t, in which the host's condition means them alone. */
static void linking_rows(casc_statement *statement, const casc_sql_relation *relation, const cascade_keys *keys) {
  const casc_sql_table *table = relation->table;
  put(statement, "(SELECT ");
  for (uint32_t i = 0; i < table->key_count; i++) {
    casc_mariadb_own_column(statement, table, table->key[i]);
    casc_str_printf(&statement->sql, " AS casc_%u, ", (unsigned)i);
  }
  for (uint32_t i = 0; i < relation->count; i++) {
    casc_mariadb_own_column(statement, table, relation->columns[i]);
    casc_str_printf(&statement->sql, " AS casc_r%u%s", (unsigned)i, i + 1 < relation->count ? ", " : "");
  }
  put(statement, " FROM ");
  casc_mariadb_rows_of(statement, table, keys);
  const char *word = casc_mariadb_rows_where(statement, table, keys);
  if (relation->where) casc_str_printf(&statement->sql, "%s(%s)", word, relation->where);
  put(statement, ") AS casc_t");
}

void casc_mariadb_select_links(casc_statement *statement, const casc_sql_relation *relation, const cascade_keys *keys) {
  const casc_sql_table *table = relation->table, *ref = relation->ref_table;
  put(statement, "SELECT ");
  for (uint32_t i = 0; i < table->key_count; i++) {
    const char *text = casc_arena_printf(&statement->arena, "casc_t.casc_%u", (unsigned)i);
    if (text) casc_mariadb_column(statement, text, table->key_types[i]);
    else statement->failed = true;
  }
  columns(statement, ref, ref->key, ref->key_types, ref->key_count);
  if (!ref->shown_is_key) columns(statement, ref, ref->shown, ref->shown_types, ref->shown_count);
  put(statement, " FROM ");
  linking_rows(statement, relation, keys);
  put(statement, " STRAIGHT_JOIN ");
  table_name(statement, ref);
  for (uint32_t i = 0; i < relation->count; i++) {
    put(statement, i ? " AND " : " ON ");
    casc_mariadb_own_column(statement, ref, relation->ref_columns[i]);
    casc_str_printf(&statement->sql, " = casc_t.casc_r%u", (unsigned)i);
  }
}

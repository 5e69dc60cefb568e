/* Pages of many relations on PostgreSQL. Its planner has no hints: a row is only sure to be come by in one way when the other ways
   are shut, by the settings of look_begin, by OFFSET 0, through which no condition goes, and by what is written in a select list,
   which no index can serve. */
#include "columns.h"
#include "pages.h"
#include "parts.h"
#include "postgres_parts.h"

static void put(casc_statement *statement, const char *sql) {
  casc_put(statement, sql);
}

static const char *quoted(casc_statement *statement, const char *qualifier, const char *identifier) {
  return casc_quoted_name(statement, casc_postgres_identifier, qualifier, identifier);
}

static void tuple(casc_statement *statement, const char *qualifier, const char *const *names, uint32_t count) {
  casc_put_tuple(statement, casc_postgres_identifier, qualifier, names, count);
}

static void page_columns(casc_statement *statement, const char *const *names, const int32_t *types, uint32_t count, char mark,
                         bool wrapped, bool one_type) {
  for (uint32_t i = 0; i < count; i++) {
    const char *text =
        wrapped ? casc_arena_printf(&statement->arena, "p.%c%u", mark, (unsigned)i) : quoted(statement, NULL, names[i]);
    if (text && one_type && types[i] == CASCADE_INT64) text = casc_arena_printf(&statement->arena, "%s::bigint", text);
    if (text) casc_postgres_column(statement, text, types[i]);
    else statement->failed = true;
  }
}

/* `one_type`: integers of different widths stand one above the other. */
static void page_items(casc_statement *statement, const casc_sql_page *page, uint32_t place, bool wrapped, bool one_type) {
  const casc_sql_table *table = page->relation->table;
  const char *besides = page->way == CASC_PAGE_PROBE && !page->unsorted ? "Count(*) Over ()"
                        : page->tells_end                               ? "p.ends"
                        : page->next                                    ? "p.refers"
                                                                        : NULL;
  const char *mark = casc_page_mark(statement, place, besides);
  if (one_type) mark = casc_arena_printf(&statement->arena, "(%s)::bigint", mark);
  if (!mark) statement->failed = true;
  else if (!page->alone) casc_postgres_column(statement, mark, CASCADE_INT64);
  if (page->packed) {
    casc_postgres_column(statement, "pg_catalog.string_agg(pg_catalog.int8send(p.k0::bigint), '')", CASCADE_BLOB);
    return;
  }
  page_columns(statement, table->key, table->key_types, table->key_count, 'k', wrapped, one_type);
  if (!table->shown_is_key) page_columns(statement, table->shown, table->shown_types, table->shown_count, 's', wrapped, one_type);
  page_columns(statement, page->behind, page->behind_types, page->behind_count, 'b', wrapped, one_type);
}

static void inner_columns(casc_statement *statement, const char *const *names, uint32_t count, char mark, const char *comma) {
  for (uint32_t i = 0; i < count; i++)
    casc_str_printf(&statement->sql, "%s%s As %c%u", i ? ", " : comma, quoted(statement, NULL, names[i]), mark, (unsigned)i);
}

/* Select k0, ... : what page_items() takes from a select within. */
static void inner_items(casc_statement *statement, const casc_sql_page *page) {
  const casc_sql_table *table = page->relation->table;
  put(statement, "Select ");
  inner_columns(statement, table->key, table->key_count, 'k', "");
  if (!table->shown_is_key) inner_columns(statement, table->shown, table->shown_count, 's', ", ");
  inner_columns(statement, page->behind, page->behind_count, 'b', ", ");
}

static void from(casc_statement *statement, const casc_sql_table *table) {
  put(statement, " From ");
  casc_postgres_table(statement, table);
}

/* The referenced columns of the parents. */
static void parent_values(casc_statement *statement, const casc_sql_relation *relation, const cascade_keys *parents,
                          const char *const *columns, uint32_t count) {
  const casc_sql_table *ref = relation->ref_table;
  put(statement, "(Select ");
  casc_put_names(statement, casc_postgres_identifier, "p", columns, count);
  from(statement, ref);
  put(statement, " p Where ");
  casc_postgres_among(statement, "p", ref->key, ref->key_casts, ref->key_count, parents);
  put(statement, ")");
}

static void on_condition(casc_statement *statement, const casc_sql_relation *relation) {
  if (!relation->where) return;
  put(statement, " And ");
  casc_postgres_condition(statement, relation->where, NULL, 0);
}

/* The values of one parent are known before the first row is read, and so are those of one column: nothing has to be joined.
   Without an index, what is no condition of the WHERE itself becomes a hash. */
static void refers(casc_statement *statement, const casc_sql_relation *relation, const cascade_keys *parents, bool hash) {
  bool list = parents->count > 1;
  if (hash) put(statement, "(");
  if (relation->direct)
    casc_postgres_among(statement, NULL, relation->columns, relation->ref_table->key_casts, relation->count, parents);
  else if (list && (hash || relation->count > 1)) {
    tuple(statement, NULL, relation->columns, relation->count);
    put(statement, " In ");
    parent_values(statement, relation, parents, relation->ref_columns, relation->count);
  } else
    for (uint32_t i = 0; i < relation->count; i++) {
      casc_str_printf(&statement->sql, "%s%s = %s", i ? " And " : "", quoted(statement, NULL, relation->columns[i]),
                      list ? "Any(Array" : "");
      parent_values(statement, relation, parents, &relation->ref_columns[i], 1);
      if (list) put(statement, ")");
    }
  if (hash) put(statement, ") Is True");
  on_condition(statement, relation);
}

static bool has_no_index(const casc_sql_page *page) {
  return page->parents->count > 1 && !*page->relation->index;
}

/* Pairs of values are not looked up in an index unless they are joined, and a join may begin with the wrong table. */
static bool is_joined(const casc_sql_page *page) {
  return page->parents->count > 1 && page->relation->count > 1 && *page->relation->index;
}

/* From <the parents' values> casc_p, Lateral (Select ... From t Where <it refers to them> Offset 0) casc_t */
static void from_joined(casc_statement *statement, const casc_sql_page *page) {
  const casc_sql_relation *relation = page->relation;
  put(statement, " From (Select Distinct * From ");
  if (relation->direct) {
    put(statement, "(");
    casc_postgres_key_rows(statement, page->parents, relation->ref_table->key_casts, relation->count);
    put(statement, ")");
  } else {
    parent_values(statement, relation, page->parents, relation->ref_columns, relation->count);
  }
  put(statement, " p) casc_p (");
  for (uint32_t i = 0; i < relation->count; i++) casc_str_printf(&statement->sql, i ? ", c%u" : "c%u", (unsigned)i);
  put(statement, "), Lateral (");
  inner_items(statement, page);
  from(statement, relation->table);
  for (uint32_t i = 0; i < relation->count; i++)
    casc_str_printf(&statement->sql, "%s%s = casc_p.c%u", i ? " And " : " Where ", quoted(statement, NULL, relation->columns[i]),
                    (unsigned)i);
  on_condition(statement, relation);
  put(statement, " Offset 0) casc_t");
}

/* The row lies behind the anchor; its identity is known as k0, k1 ... within. */
static void behind_anchor(casc_statement *statement, const casc_sql_page *page, const char *word, bool wrapped) {
  const casc_sql_table *table = page->relation->table;
  bool more = table->key_count > 1;
  if (!page->anchor) return;
  put(statement, word);
  if (!wrapped) tuple(statement, NULL, table->key, table->key_count);
  else
    for (uint32_t i = 0; i < table->key_count; i++)
      casc_str_printf(&statement->sql, "%sp.k%u", i ? ", " : more ? "(" : "", (unsigned)i);
  if (wrapped && more) put(statement, ")");
  put(statement, page->backward ? " < " : " > ");
  if (more) put(statement, "(");
  for (uint32_t i = 0; i < table->key_count; i++) {
    if (i) put(statement, ", ");
    casc_postgres_parameter(statement, &page->anchor[i], table->key_casts[i]);
  }
  if (more) put(statement, ")");
}

/* A bare name would mean the result's column, which may be a text. */
static void ordered(casc_statement *statement, const casc_sql_page *page, bool wrapped) {
  const casc_sql_table *table = page->relation->table;
  const char *of = quoted(statement, NULL, table->name);
  for (uint32_t i = 0; i < table->key_count; i++) {
    put(statement, i ? ", " : " Order By ");
    if (wrapped) casc_str_printf(&statement->sql, "p.k%u", (unsigned)i);
    else put(statement, quoted(statement, of, table->key[i]));
    if (page->backward) put(statement, " Desc");
  }
}

/* (Select ... From t Where <refers>: all rows, in any order. With a fence a condition outside is looked at afterwards: the primary
   key's index, which would give the rows behind the anchor and is of no use for those that refer, does not serve it. */
static void referring(casc_statement *statement, const casc_sql_page *page, bool fence) {
  put(statement, "(");
  if (is_joined(page)) {
    put(statement, "Select casc_t.*");
    from_joined(statement, page);
  } else {
    inner_items(statement, page);
    from(statement, page->relation->table);
    put(statement, " Where ");
    refers(statement, page->relation, page->parents, has_no_index(page));
  }
  if (fence) put(statement, " Offset 0");
}

static void from_probe(casc_statement *statement, const casc_sql_page *page) {
  put(statement, " From ");
  if (page->anchor) put(statement, "(Select * From ");
  referring(statement, page, page->anchor);
  if (page->anchor) {
    put(statement, ") p");
    behind_anchor(statement, page, " Where ", true);
  }
  casc_postgres_limited(statement, page->bound);
  put(statement, ") p");
}

static void from_gather(casc_statement *statement, const casc_sql_page *page) {
  put(statement, " From ");
  referring(statement, page, true);
  put(statement, ") p");
  behind_anchor(statement, page, " Where ", true);
}

/* The select behind Union All is run only where the one before it does not fill the page. */
static void or_last(casc_statement *statement, const casc_sql_page *page) {
  put(statement, " p Where p.refers");
  ordered(statement, page, true);
  casc_postgres_limited(statement, page->limit);
  put(statement, ") Union All (");
  inner_items(statement, page);
  put(statement, ", true, 1");
  from(statement, page->relation->table);
  behind_anchor(statement, page, " Where ", false);
  ordered(statement, page, false);
  casc_postgres_limited(statement, 1);
  casc_postgres_offset(statement, page->bound - 1);
  put(statement, ")) p");
}

/* What is not known, of a NULL, is no bit. */
static void bits(casc_statement *statement, const casc_sql_page *page) {
  for (unsigned long long bit = 1; page; page = page->next, bit *= 2) {
    put(statement, "Case When ");
    refers(statement, page->relation, page->parents, page->parents->count > 1);
    casc_str_printf(&statement->sql, " Then %llu Else 0 End%s", bit, page->next ? " + " : "");
  }
}

static void from_walk(casc_statement *statement, const casc_sql_page *page) {
  put(statement, page->tells_end ? " From ((Select * From (" : " From (");
  inner_items(statement, page);
  put(statement, ", (");
  if (page->next) bits(statement, page);
  else refers(statement, page->relation, page->parents, page->parents->count > 1);
  put(statement, page->tells_end ? ") As refers, 0 As ends" : ") As refers");
  from(statement, page->relation->table);
  behind_anchor(statement, page, " Where ", false);
  ordered(statement, page, false);
  casc_postgres_limited(statement, page->bound);
  put(statement, ")");
  if (page->tells_end) or_last(statement, page);
  else put(statement, page->next ? " p Where p.refers > 0" : " p Where p.refers");
}

static void from_ordered(casc_statement *statement, const casc_sql_page *page) {
  from(statement, page->relation->table);
  put(statement, " Where ");
  refers(statement, page->relation, page->parents, has_no_index(page));
  behind_anchor(statement, page, " And ", false);
}

static uint64_t limit_of(const casc_sql_page *page) {
  return page->next ? page->together : page->unsorted ? page->bound : page->limit;
}

/* One page after another: a select with a LIMIT is never shared out to parallel workers, so that Append takes them in turn. */
void casc_postgres_select_pages(casc_statement *statement, const casc_sql_page *pages, uint32_t count) {
  static void (*const ways[])(casc_statement *, const casc_sql_page *) = {[CASC_PAGE_ORDERED] = from_ordered,
                                                                          [CASC_PAGE_PROBE] = from_probe,
                                                                          [CASC_PAGE_WALK] = from_walk,
                                                                          [CASC_PAGE_GATHER] = from_gather};
  for (uint32_t i = 0; i < count; i++) {
    if (pages[i].follows) continue;
    bool wrapped = pages[i].way != CASC_PAGE_ORDERED && !pages[i].unsorted;
    casc_page_begin(statement, i, count > 1);
    page_items(statement, &pages[i], i, wrapped, count > 1);
    if (pages[i].unsorted && !pages[i].packed) from_ordered(statement, &pages[i]);
    else ways[pages[i].way](statement, &pages[i]);
    if (!pages[i].unsorted && !pages[i].tells_end) ordered(statement, &pages[i], wrapped);
    if (!pages[i].packed) casc_postgres_limited(statement, limit_of(&pages[i]));
    if (count > 1) put(statement, ")");
  }
}

void casc_postgres_count_pages(casc_statement *statement, const casc_sql_page *pages, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    casc_page_begin(statement, i, false);
    casc_postgres_column(statement, casc_page_place(statement, i), CASCADE_INT64);
    casc_postgres_column(statement, "Count(*)", CASCADE_INT64);
    put(statement, " From ");
    referring(statement, &(casc_sql_page){.relation = pages[i].relation, .parents = pages[i].parents}, false);
    casc_postgres_limited(statement, pages[i].limit);
    put(statement, ") p");
  }
}

void casc_postgres_select_links(casc_statement *statement, const casc_sql_relation *relation, const cascade_keys *keys) {
  const casc_sql_table *table = relation->table, *ref = relation->ref_table;
  put(statement, "Select ");
  casc_postgres_named_columns(statement, "t", table->key, table->key_types, table->key_count);
  casc_postgres_named_columns(statement, "p", ref->key, ref->key_types, ref->key_count);
  if (!ref->shown_is_key) casc_postgres_named_columns(statement, "p", ref->shown, ref->shown_types, ref->shown_count);
  from(statement, table);
  put(statement, " t Join ");
  casc_postgres_table(statement, ref);
  put(statement, " p On ");
  tuple(statement, "p", relation->ref_columns, relation->count);
  put(statement, " = ");
  tuple(statement, "t", relation->columns, relation->count);
  put(statement, " Where ");
  casc_postgres_among(statement, "t", table->key, table->key_casts, table->key_count, keys);
  if (!relation->where) return;
  put(statement, " And ");
  tuple(statement, "t", table->key, table->key_count);
  put(statement, " In (Select ");
  casc_put_names(statement, casc_postgres_identifier, NULL, table->key, table->key_count);
  from(statement, table);
  put(statement, " Where ");
  casc_postgres_among(statement, NULL, table->key, table->key_casts, table->key_count, keys);
  put(statement, " And ");
  casc_postgres_condition(statement, relation->where, NULL, 0);
  put(statement, ")");
}

/* As elements of a text array. */
static void put_quoted(casc_str *array, const char *text) {
  casc_str_putc(array, '"');
  for (; *text; text++) {
    if (*text == '"' || *text == '\\') casc_str_putc(array, '\\');
    casc_str_putc(array, *text);
  }
  casc_str_putc(array, '"');
}

static bool is_counted(const casc_sql_relation *relation) {
  return relation->direct && relation->count == 1 && relation->table->schema;
}

typedef const char *(*word_of)(const casc_sql_relation *relation);

static const char *schema_of(const casc_sql_relation *relation) {
  return relation->table->schema;
}

static const char *table_of(const casc_sql_relation *relation) {
  return relation->table->name;
}

static const char *column_of(const casc_sql_relation *relation) {
  return relation->columns[0];
}

/* Puts the words into a parameter, which gets the next number. */
static void word_array(casc_statement *statement, const casc_sql_relation *const *relations, uint32_t count, word_of word) {
  casc_str array;
  size_t length;
  casc_str_init(&array, statement->arena.alloc);
  casc_str_putc(&array, '{');
  for (uint32_t i = 0; i < count; i++) {
    if (i) casc_str_putc(&array, ',');
    if (is_counted(relations[i])) put_quoted(&array, word(relations[i]));
    else casc_str_put(&array, "NULL");
  }
  casc_str_putc(&array, '}');
  const char *text = casc_keep_text(statement, &array, &length);
  if (text) casc_statement_text(statement, text, length);
}

static void key_text(casc_statement *statement, const cascade_value *key) {
  casc_str text;
  size_t length;
  if (key->type != CASCADE_INT64 && key->type != CASCADE_UINT64 && key->type != CASCADE_BLOB) {
    casc_statement_parameter(statement, key);
    return;
  }
  casc_str_init(&text, statement->arena.alloc);
  if (key->type == CASCADE_BLOB) {
    casc_str_put(&text, "\\x");
    casc_str_hex(&text, key->data, key->length);
  } else casc_str_int(&text, key->integer);
  const char *kept = casc_keep_text(statement, &text, &length);
  if (kept) casc_statement_text(statement, kept, length);
}

/* The most common values are looked at as text, which knows no types. Each relation is looked up by itself: the view is a barrier
   that only conditions of its own select pass, and thus through indexes. */
void casc_postgres_shares(casc_statement *statement, const casc_sql_relation *const *relations, uint32_t count,
                          const cascade_value *key) {
  word_array(statement, relations, count, schema_of);
  word_array(statement, relations, count, table_of);
  word_array(statement, relations, count, column_of);
  key_text(statement, key);
  put(statement, "Select ");
  casc_postgres_column(statement, "r.place - 1", CASCADE_INT64);
  casc_postgres_column(statement, "(s.shares[s.at] * 1000000)::bigint", CASCADE_INT64);
  put(statement,
      " From unnest($1::name[], $2::name[], $3::name[]) With Ordinality r (schema, name, attribute, place), Lateral (Select"
      " most_common_freqs As shares, array_position(most_common_vals::text::text[], $4::text) As at From pg_catalog.pg_stats"
      " Where schemaname = r.schema And tablename = r.name And attname = r.attribute And Not inherited"
      " And most_common_vals Is Not Null Offset 0) s Where s.at > 0");
}

/* What the files of SQLite's dialect share. */
#ifndef CASC_SQLITE_PARTS_H
#define CASC_SQLITE_PARTS_H

#include "dialect.h"

/* p.key = t.column And ... */
void casc_sqlite_join_condition(casc_statement *statement, const casc_sql_relation *relation, const char *child);
/* From <the rows `keys` of table> as alias: the keys drive, the table follows by its identity. One key needs no list. */
void casc_sqlite_from_keys(casc_statement *statement, const casc_sql_table *table, const char *alias, const cascade_keys *keys);
/* The condition that casc_sqlite_from_keys() left out for a single key. */
void casc_sqlite_one_key(casc_statement *statement, const casc_sql_table *table, const char *alias, const cascade_keys *keys,
                         const char *before);
/* Whether casc_sqlite_from_where() joins the table as t; else it has no alias. */
bool casc_sqlite_joins(const casc_sql_filter *filter);
void casc_sqlite_from_where(casc_statement *statement, const casc_sql_table *table, const casc_sql_filter *filter);
void casc_sqlite_limited(casc_statement *statement, uint64_t limit);

void casc_sqlite_select_pages(casc_statement *statement, const casc_sql_page *pages, uint32_t count);
void casc_sqlite_count_pages(casc_statement *statement, const casc_sql_page *pages, uint32_t count);
void casc_sqlite_select_links(casc_statement *statement, const casc_sql_relation *relation, const cascade_keys *keys);

#endif

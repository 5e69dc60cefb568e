/* What the files of MariaDB's dialect share. */
#ifndef CASC_MARIADB_PARTS_H
#define CASC_MARIADB_PARTS_H

#include "dialect.h"

/* table.column, the table not having an alias */
void casc_mariadb_own_column(casc_statement *statement, const casc_sql_table *table, const char *identifier);
/* columns are the one key, or of the one range, that `keys` is */
void casc_mariadb_plain_among(casc_statement *statement, const casc_sql_table *table, const char *const *columns, uint32_t count,
                              const cascade_keys *keys);
/* The optimizer's figures may be old, and a table that was small is then read as a whole. */
void casc_mariadb_use_index(casc_statement *statement, const char *index);
/* <the rows `keys` of table>: the key table, joined by their identity, or the table alone and a condition that follows. */
void casc_mariadb_rows_of(casc_statement *statement, const casc_sql_table *table, const cascade_keys *keys);
/* That condition; gives the word in front of the next. */
const char *casc_mariadb_rows_where(casc_statement *statement, const casc_sql_table *table, const cascade_keys *keys);
/* The identity is greater than the anchor, or less: compared from the column `from` on. */
void casc_mariadb_after(casc_statement *statement, const casc_sql_table *table, const cascade_value *anchor, bool backward,
                        uint32_t from);
/* table, what drives it and WHERE */
void casc_mariadb_joined_where(casc_statement *statement, const casc_sql_table *table, const casc_sql_filter *filter);
void casc_mariadb_limited(casc_statement *statement, uint64_t limit);

void casc_mariadb_select_pages(casc_statement *statement, const casc_sql_page *pages, uint32_t count);
void casc_mariadb_count_pages(casc_statement *statement, const casc_sql_page *pages, uint32_t count);
void casc_mariadb_select_links(casc_statement *statement, const casc_sql_relation *relation, const cascade_keys *keys);

bool casc_mariadb_is_bytes(int32_t type);
/* The keys as a table casc_k of columns casc_0, casc_1 ... */
void casc_mariadb_key_table(casc_statement *statement, const cascade_keys *keys, const int32_t *types, const char *const *casts);
/* table.column = casc_k.casc_0 AND ... */
void casc_mariadb_match_keys(casc_statement *statement, const casc_sql_table *table, const char *const *columns,
                             const int32_t *types, uint32_t count);
void casc_mariadb_rows_source(casc_statement *statement, const cascade_keys *rows, const int32_t *types, const char *const *casts);

#endif

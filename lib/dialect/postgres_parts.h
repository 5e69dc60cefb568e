/* What the files of PostgreSQL's dialect share. */
#ifndef CASC_POSTGRES_PARTS_H
#define CASC_POSTGRES_PARTS_H

#include "dialect.h"

/* The table, as FROM names it. */
void casc_postgres_table(casc_statement *statement, const casc_sql_table *table);
/* A text parameter of the table's quoted name, for a cast to regclass. */
void casc_postgres_name_parameter(casc_statement *statement, const casc_sql_table *table);
/* $1::cast */
void casc_postgres_parameter(casc_statement *statement, const cascade_value *value, const char *cast);
/* A select of the keys' columns, row by row. */
void casc_postgres_key_rows(casc_statement *statement, const cascade_keys *keys, const char *const *casts, uint32_t count);
/* columns are one of keys; a single key is an equality, so that an index on the columns gives the rows in its order */
void casc_postgres_among(casc_statement *statement, const char *qualifier, const char *const *columns, const char *const *casts,
                         uint32_t count, const cascade_keys *keys);
/* The host's condition, its placeholders numbered. */
void casc_postgres_condition(casc_statement *statement, const char *text, const cascade_value *parameters, uint32_t count);
void casc_postgres_limited(casc_statement *statement, uint64_t limit);
void casc_postgres_offset(casc_statement *statement, uint64_t offset);
/* Items of the select list. */
void casc_postgres_named_columns(casc_statement *statement, const char *qualifier, const char *const *names, const int32_t *types,
                                 uint32_t count);

void casc_postgres_select_pages(casc_statement *statement, const casc_sql_page *pages, uint32_t count);
void casc_postgres_shares(casc_statement *statement, const casc_sql_relation *const *relations, uint32_t count,
                          const cascade_value *key);
void casc_postgres_count_pages(casc_statement *statement, const casc_sql_page *pages, uint32_t count);
void casc_postgres_select_links(casc_statement *statement, const casc_sql_relation *relation, const cascade_keys *keys);

#endif

/* Statements about the tables into which rows are copied before they go. */
#ifndef CASC_ARCHIVE_SQL_H
#define CASC_ARCHIVE_SQL_H

#include "dialect.h"

/* A column as DDL defines it: the type with what belongs to it. */
typedef struct casc_archive_column {
  const char *name, *definition;
} casc_archive_column;

/* Columns of a table as they are now, in their order: name; definition; 1 when it is computed; 1 when the table is one that has
   rows of its own and takes part in transactions. No row when there is no such table. */
enum { CASC_ARCHIVE_NAME, CASC_ARCHIVE_DEFINITION, CASC_ARCHIVE_COMPUTED, CASC_ARCHIVE_SOUND };
void casc_archive_columns(const casc_dialect *dialect, casc_statement *statement, const casc_sql_table *table);
/* One integer, cheap to ask for: it is another one when the columns of one of the tables have been changed, and may be when they
   have not. False where there is no such thing. */
bool casc_archive_stamp(const casc_dialect *dialect, casc_statement *statement, const casc_sql_table *const *tables,
                        uint32_t count);
/* SQLite: one integer, 0 when a crash in the midst of COMMIT may leave rows neither in the main schema nor in this one. */
void casc_archive_together(casc_statement *statement, const char *schema);
/* The type in which an archive keeps every value of a column that is defined so. */
const char *casc_archive_definition(const casc_dialect *dialect, const char *definition);
/* Text for people and for the server: without semicolon. `when`: with a column that says when a row came. */
void casc_archive_create(const casc_dialect *dialect, casc_str *sql, const casc_sql_table *table,
                         const casc_archive_column *columns, uint32_t count, bool when);
void casc_archive_add_column(const casc_dialect *dialect, casc_str *sql, const casc_sql_table *table,
                             const casc_archive_column *column);
/* The longest name that the engine does not cut, in bytes; 0 when it refuses longer ones. */
size_t casc_archive_longest_name(const casc_dialect *dialect);

#define CASC_ARCHIVE_WHEN "cascade_archived_at"

#endif

/* Names and result columns of each engine, in the form that the session's driver can read. */
#ifndef CASC_COLUMNS_H
#define CASC_COLUMNS_H

#include "statement.h"

/* Appends an item of the select list, with a comma when it is not the first, and declares its type. For a driver with
   CASCADE_TEXT_ROWS the item is a string expression under a fixed alias. */
void casc_sqlite_column(casc_statement *statement, const char *expression, int32_t type);
/* The quoted form of a name, as an item. */
void casc_sqlite_name_column(casc_statement *statement, const char *qualifier, const char *name, int32_t type);
void casc_sqlite_identifier(casc_str *sql, const char *name);

/* The same for the other engines. CASCADE_INT64 is wanted of integer columns only, CASCADE_BLOB of binary ones, and everything else
   as CASCADE_TEXT. */
void casc_postgres_column(casc_statement *statement, const char *expression, int32_t type);
void casc_postgres_identifier(casc_str *sql, const char *name);
void casc_mariadb_column(casc_statement *statement, const char *expression, int32_t type);
void casc_mariadb_identifier(casc_str *sql, const char *name);

#endif

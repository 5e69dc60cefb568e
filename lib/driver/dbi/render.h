/* Statements with their values written into them. */
#ifndef CASC_DBI_RENDER_H
#define CASC_DBI_RENDER_H

#include <cascade/driver.h>

#include "failure.h"
#include "str.h"

#include <locale.h>

/* Replaces *sql by the statement with a literal for every placeholder, guarded against libdbdsqlite3. That parses the
   text of every statement that gives rows, to guess the types of its columns, and on many texts it hangs, crashes, or
   runs a part of them. Its parser
   - takes the tables from what follows the first `from`, up to `where`: a comment in front gives it these two;
   - looks at no word after that until it meets one that is `select`, or `SELECT`: unquoted ones are written `Select`,
     and comments are dropped; for those within quotes see guard_quoted();
   - takes a column's name for text to send: all columns must be called "sql", for which it finds the type text. */
cascade_status casc_dbi_render_sqlite(cascade_context *context, const cascade_statement *statement, casc_str *sql,
                                      cascade_error **error);

/* A value as an expression that has no affinity, like a parameter. False for a value that SQLite cannot hold. */
bool casc_dbi_literal_sqlite(casc_str *sql, const cascade_value *value);

/* For MariaDB. What stands within quotes is told from the rest under every sql_mode, or the statement is refused. */
cascade_status casc_dbi_render_mariadb(cascade_context *context, const cascade_statement *statement, locale_t numbers,
                                       casc_str *sql, cascade_error **error);

/* The same for PostgreSQL. `backslashes`: the session has standard_conforming_strings off. */
cascade_status casc_dbi_render_postgres(cascade_context *context, const cascade_statement *statement, bool backslashes,
                                        casc_str *sql, cascade_error **error);

#endif

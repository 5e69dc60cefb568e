/* Catalog queries of MariaDB; what each column means is said in catalog/mariadb.c and catalog/mariadb_keys.c. */
#ifndef CASC_MARIADB_CATALOG_H
#define CASC_MARIADB_CATALOG_H

#include "statement.h"

void casc_mariadb_session(casc_statement *statement);

/* What a database holds, and what its foreign keys are; the name is borrowed. */
void casc_mariadb_tables(casc_statement *statement, const char *database);
void casc_mariadb_columns(casc_statement *statement, const char *database);
void casc_mariadb_indexes(casc_statement *statement, const char *database);
void casc_mariadb_word_indexes(casc_statement *statement, const char *database);
void casc_mariadb_triggers(casc_statement *statement, const char *database);

/* InnoDB's own dictionary, for users with the PROCESS privilege: keys that the database's tables have or are referred
   to by, with names of tables as in the dictionary (an @ begins a code) or decoded; then the columns of those that they
   have. */
void casc_mariadb_innodb_keys(casc_statement *statement, const char *database);
void casc_mariadb_innodb_decoded_keys(casc_statement *statement, const char *database);
void casc_mariadb_innodb_key_columns(casc_statement *statement, const char *database);

/* What every user may ask, about what it may see. */
void casc_mariadb_keys(casc_statement *statement, const char *database);
void casc_mariadb_rules(casc_statement *statement, const char *database);
void casc_mariadb_other_databases(casc_statement *statement, const char *database);
void casc_mariadb_crossing_keys(casc_statement *statement, const char *database);
/* About a table of the database that does not exist. */
void casc_mariadb_probe_select(casc_statement *statement, const char *database);
void casc_mariadb_probe_delete(casc_statement *statement, const char *database);

#endif

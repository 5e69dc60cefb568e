/* Catalog queries of PostgreSQL; what each column means is said in catalog/postgres.c and catalog/postgres_keys.c. */
#ifndef CASC_POSTGRES_CATALOG_H
#define CASC_POSTGRES_CATALOG_H

#include "statement.h"

/* All queries see the same moment. */
extern const char casc_postgres_snapshot[], casc_postgres_snapshot_end[], casc_postgres_snapshot_drop[];
/* In a transaction: names are read and written with their schemas, and nobody's functions stand before the system's. */
extern const char casc_postgres_plain_path[];

void casc_postgres_search_path(casc_statement *statement);
/* Back to what it was; one column. The text is borrowed. */
void casc_postgres_restore_path(casc_statement *statement, const char *path);
void casc_postgres_tables(casc_statement *statement);
/* About column types: their OIDs, type modifiers and collations, as arrays of one length, borrowed. */
void casc_postgres_types(casc_statement *statement, const int64_t *types, const int64_t *modifiers, const int64_t *collations,
                         uint64_t count);
/* About these tables: their OIDs, borrowed. */
void casc_postgres_columns(casc_statement *statement, const int64_t *tables, uint64_t count);
void casc_postgres_foreign_keys(casc_statement *statement, const int64_t *tables, uint64_t count);
/* Facts of one key, as one number. */
enum { CASC_POSTGRES_MATCH_FULL = 1, CASC_POSTGRES_DEFERRABLE = 2, CASC_POSTGRES_DEFERRED = 4, CASC_POSTGRES_VALIDATED = 8 };
/* About all tables, temporary ones included. */
void casc_postgres_indexes(casc_statement *statement);
enum { CASC_POSTGRES_PRIMARY = 1, CASC_POSTGRES_UNIQUE = 2, CASC_POSTGRES_PARTIAL = 4 };
void casc_postgres_triggers(casc_statement *statement);

#endif

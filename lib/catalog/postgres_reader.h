/* What the parts of PostgreSQL's reader share: postgres.c reads tables and columns, postgres_keys.c what is on them. */
#ifndef CASC_POSTGRES_READER_H
#define CASC_POSTGRES_READER_H

#include "catalog.h"
#include "registry.h"
#include "rows.h"

typedef struct casc_postgres_table {
  int64_t root_oid;
  uint32_t root;   /* of a partition: position of the partitioned table at the top; else CASC_NONE */
  uint32_t column; /* of the first of its columns, in the list of all */
  bool parted;     /* holds no rows itself */
} casc_postgres_table;

typedef struct casc_postgres_column_facts {
  casc_column column;
  int64_t number;
  int64_t type_oid, modifier, collation;
  uint32_t table, type;
} casc_postgres_column_facts;

/* A type as columns use it. */
typedef struct casc_postgres_type {
  casc_column column; /* what follows from the type */
  uint32_t base;      /* of a domain: position of the type that it is over; else CASC_NONE */
  bool known;
} casc_postgres_type;

typedef struct casc_postgres_index {
  casc_index index;
  uint32_t table, first;
  bool primary;
} casc_postgres_index;

typedef struct casc_postgres_trigger {
  casc_trigger trigger;
  uint32_t table;
} casc_postgres_trigger;

typedef struct casc_postgres_reader {
  cascade_connection *connection;
  const casc_alloc *alloc;
  casc_arena *arena;
  char *path; /* the session's search path, as it is set */
  CASC_LIST(const char *) search_path;
  CASC_LIST(casc_table) tables;         /* by OID */
  CASC_LIST(casc_postgres_table) found; /* the same tables */
  CASC_LIST(int64_t) oids;              /* theirs */
  CASC_LIST(casc_postgres_column_facts) columns;
  CASC_LIST(casc_postgres_type) types;
  CASC_LIST(int64_t) type_oids;
  CASC_LIST(int64_t) modifiers;
  CASC_LIST(int64_t) collations;
  size_t asked; /* of the types */
  CASC_LIST(casc_postgres_index) indexes;
  CASC_LIST(uint32_t) indexed;
  CASC_LIST(casc_postgres_trigger) triggers;
  CASC_LIST(casc_raw_relation) keys;
  bool torn; /* the catalog changed while it was read, which only a host's transaction lets it */
} casc_postgres_reader;

cascade_status casc_postgres_query(casc_postgres_reader *reader, void (*write)(casc_statement *), casc_row_reader read,
                                   cascade_error **error);
/* Reads a query about the tables. */
cascade_status casc_postgres_query_tables(casc_postgres_reader *reader, void (*write)(casc_statement *, const int64_t *, uint64_t),
                                          casc_row_reader read, cascade_error **error);
/* Position of the table with this OID, or CASC_NONE. */
uint32_t casc_postgres_table_at(const casc_postgres_reader *reader, int64_t oid);
/* Position, in its table, of the column with this number, or CASC_NONE; when the columns are settled. */
uint32_t casc_postgres_column_at(const casc_postgres_reader *reader, uint32_t table, int64_t number);

/* Indexes, triggers and foreign keys, when tables and columns are settled. */
cascade_status casc_postgres_read_keys(casc_postgres_reader *reader, casc_schema *schema, cascade_error **error);

#endif

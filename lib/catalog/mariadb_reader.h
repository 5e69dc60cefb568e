/* What the two parts of MariaDB's reader share: mariadb.c reads tables, mariadb_keys.c foreign keys. */
#ifndef CASC_MARIADB_READER_H
#define CASC_MARIADB_READER_H

#include "catalog.h"
#include "map.h"
#include "rows.h"
#include "str.h"

typedef struct casc_mariadb_database {
  const char *name;
  casc_map tables; /* name -> position in the reader's tables */
} casc_mariadb_database;

typedef struct casc_mariadb_key {
  casc_raw_relation relation;
  uint32_t database, ref_database;
  const char *table;
  uint32_t first; /* of its columns */
  bool ruled;     /* what it does is known */
} casc_mariadb_key;

typedef struct casc_mariadb_reader {
  cascade_connection *connection;
  const casc_alloc *alloc;
  casc_arena *arena;
  casc_arena passing; /* for texts that are needed while reading only */
  casc_str scratch;
  const char *user;
  bool limited;                               /* by sql_select_limit */
  bool fold;                                  /* the server ignores the case of tables' names */
  CASC_LIST(casc_mariadb_database) databases; /* the session's own first */
  uint32_t database;                          /* that is being read */
  CASC_LIST(casc_table) tables;
  CASC_LIST(casc_mariadb_key) keys;
  CASC_LIST(const char *) from;
  CASC_LIST(const char *) to;
  size_t first_key, last_key; /* of the database that is being read; the one found last */
  bool coded, cut;            /* in InnoDB's dictionary, a name has codes, or is longer than what its view shows */
  bool visible;               /* foreign keys are read as far as the user may see them, not from the dictionary */
  uint32_t hidden;            /* cascade_hidden */
  bool connected;             /* other databases have been searched for keys between them */
} casc_mariadb_reader;

/* Position of the database; CASC_NONE when nothing connects it with the session's own. */
uint32_t casc_mariadb_find_database(const casc_mariadb_reader *reader, const char *name);
/* The same; a new one is added, and read later. CASC_NONE when memory is out. */
uint32_t casc_mariadb_add_database(casc_mariadb_reader *reader, const char *name);
/* Compares names as the server does; CASC_NONE when there is no such table. False when memory is out. */
bool casc_mariadb_find_table(casc_mariadb_reader *reader, uint32_t database, const char *name, uint32_t *table);
/* Runs one query about a database. */
cascade_status casc_mariadb_query(casc_mariadb_reader *reader, void (*write)(casc_statement *, const char *), const char *database,
                                  casc_row_reader read, void *data, cascade_error **error);

/* Whether the user may do what the statement does to all tables of the database: it names one that does not exist, and
   only who may is told that. */
cascade_status casc_mariadb_probe(casc_mariadb_reader *reader, void (*write)(casc_statement *, const char *), const char *database,
                                  bool *may, cascade_error **error);

/* Foreign keys of the database that is being read. Databases that they connect with it are added. */
cascade_status casc_mariadb_read_keys(casc_mariadb_reader *reader, cascade_error **error);
/* What follows when all tables and keys are there. */
cascade_status casc_mariadb_settle_keys(casc_mariadb_reader *reader, casc_schema *schema, cascade_error **error);

#endif

/* Tables and foreign keys as data. A catalog reader fills in the raw part; building the graph resolves the rest. */
#ifndef CASC_SCHEMA_H
#define CASC_SCHEMA_H

#include <cascade/graph.h>

#include "arena.h"

enum { CASC_NONE = UINT32_MAX };

/* How SQLite compares a column; other engines use CASC_AFFINITY_OTHER. */
typedef enum casc_affinity {
  CASC_AFFINITY_OTHER,
  CASC_AFFINITY_INTEGER,
  CASC_AFFINITY_NUMERIC, /* also REAL */
  CASC_AFFINITY_TEXT,
  CASC_AFFINITY_NONE
} casc_affinity;

typedef struct casc_column {
  const char *name, *type, *default_sql;
  uint32_t flags;     /* cascade_column_flag */
  int32_t value_type; /* what a value of it is written as: CASCADE_INT64, CASCADE_UINT64, CASCADE_TEXT, CASCADE_BLOB, or
                         CASCADE_ANY; CASCADE_NULL when in no form a value finds its row again */
  casc_affinity affinity;
  const char *collation; /* as SQL names it; NULL for the usual one: BINARY on SQLite, the type's own on PostgreSQL */
  const char *sql_type;  /* PostgreSQL: the type, without length or precision, as a cast names it; NULL on other engines */
  bool stamped;          /* MariaDB: an update sets it to the time, unless it says otherwise */
  bool loose;            /* values of different bytes may be equal: MariaDB's collations, PostgreSQL's nondeterministic ones */
} casc_column;

typedef struct casc_index {
  const char *name;
  uint32_t count;
  const uint32_t *columns; /* CASC_NONE for an expression, and for the beginnings of a column's values or the words in them */
  bool unique, partial;
  bool recollated; /* compares some column otherwise than the column itself does */
} casc_index;

typedef struct casc_trigger {
  const char *name;
  bool on_delete, on_update;
} casc_trigger;

typedef struct casc_table {
  /* raw */
  const char *schema, *name; /* schema is "" without */
  const char *part_of;       /* of CASCADE_TABLE_PARTITION: label of the partitioned table; else NULL */
  int32_t kind;              /* cascade_table_kind */
  uint32_t flags;            /* cascade_table_flag; graph adds CASCADE_TABLE_IN_CYCLE and the trigger flags */
  casc_column *columns;
  uint32_t column_count;
  uint32_t *key; /* primary key, as column positions */
  uint32_t key_count;
  casc_index *indexes;
  uint32_t index_count;
  casc_trigger *triggers;
  uint32_t trigger_count;
  int64_t row_estimate;
  bool integer_key; /* SQLite: the one key column is the rowid itself */
  /* built */
  const char *label;
  uint32_t place; /* of its schema in the search path; behind its end when it is not there */
  bool ambiguous; /* its bare name is that of another table too, and the search path does not choose */
  const char *const *key_names;
  uint32_t stamp_count; /* names of the columns that are stamped */
  const char *const *stamps;
  uint32_t component, component_size;
  uint32_t *relations_to, *relations_from; /* relation numbers */
  uint32_t to_count, from_count;
  /* built: the identity by which the library tells rows apart; identity_count 0 when there is none */
  uint32_t identity_count;
  const char *const *identity;
  const uint32_t *identity_columns; /* their positions; NULL for a rowid that is no column */
  const int32_t *identity_types;
  const int32_t *key_types;
} casc_table;

/* A foreign key as a catalog tells it. */
typedef struct casc_raw_relation {
  const char *name;
  uint32_t table; /* position in the schema's tables */
  const char *ref_schema, *ref_table;
  uint32_t count;
  const char *const *columns;
  const char *const *ref_columns; /* NULL: the referenced table's primary key */
  int32_t on_delete, on_update;
  bool deferrable, initially_deferred;
  bool match_full, not_validated;
  uint32_t set_count; /* of the columns, those that SET NULL or SET DEFAULT sets; 0 for all */
  const char *const *set_columns;
} casc_raw_relation;

/* What a reader gives to the graph: lives in the arena that was given to the reader. */
typedef struct casc_schema {
  const char *engine;
  casc_table *tables;
  uint32_t table_count;
  casc_raw_relation *relations;
  uint32_t relation_count;
  const char *const *search_path; /* schemas in which a bare name is looked for first */
  uint32_t search_path_count;
  uint32_t hidden;  /* cascade_hidden */
  const char *home; /* MariaDB: the session's database, whose tables have the schema ""; else NULL */
} casc_schema;

/* Affinity of a declared type, by SQLite's rules; and the type in which keys of such a column are written. */
casc_affinity casc_affinity_of(const char *type);
int32_t casc_value_type_of(casc_affinity affinity);
/* Sets the type with what follows from it. */
void casc_column_set_type(casc_column *column, const char *type);

#endif

/* Statements of the back-fill. Sources are common tables casc_1, casc_2 ... of columns c0, c1 ...; what they give in a range, each
   row once, is the rows that a statement is about. Ranges of integers are counted out here; those of other values are asked for,
   and compared, as the database orders them: by the type and the collation of the target's column. */
#ifndef CASC_FILL_H
#define CASC_FILL_H

#include "dialect.h"

typedef struct casc_sql_source {
  const char *select;       /* the host's, or NULL: */
  const cascade_keys *rows; /* what it streamed */
  const cascade_value *parameters;
  uint32_t parameter_count;
  const char *const *items; /* of casc_fill_item(); NULL for none */
} casc_sql_source;

typedef struct casc_sql_fill {
  const casc_dialect *dialect;
  const casc_sql_table *table; /* schema, name and `only` */
  uint32_t count;              /* columns */
  const char *const *columns;
  const char *const *casts; /* as the dialect's rows_source wants them */
  const char *const *types; /* as the table declares them */
  const int32_t *value_types;
  const char *const *collations;
  const int32_t *affinities; /* SQLite: casc_fill_affinity */
  const bool *key;           /* is of the key */
  const bool *nullable;
  uint32_t range; /* position of the range column */
  bool mixed;     /* SQLite: it has numbers and others */
  bool inserts, updates;
  const casc_sql_source *sources;
  uint32_t source_count;
} casc_sql_fill;

/* What values SQLite keeps in a column as they are: of others it would change the type, or not, as it likes. */
typedef enum casc_fill_affinity { CASC_FILL_ANY, CASC_FILL_INTEGERS, CASC_FILL_TEXTS, CASC_FILL_NUMBERS } casc_fill_affinity;

/* The part of the rows that one transaction takes. */
typedef struct casc_sql_part {
  bool ranged;               /* `after` < range column <= `upto` */
  cascade_value after, upto; /* the first may be NULL: from the beginning */
  uint64_t limit; /* of a count: go no further than one more; 0 for no limit. Where counting and writing are one, nothing is
                     written when there are more */
  uint64_t first; /* no more rows than this, in the order of the key; 0 for all */
  bool fresh;     /* the target has no row in the range: an insert, which counts by itself, goes no further than the limit
                     either */
} casc_sql_part;

/* Rows that cannot be written, or would not be what was meant. */
typedef enum casc_fault_kind {
  CASC_FAULT_NULL,    /* NULL in a column of the key, of which another pass would insert another one */
  CASC_FAULT_TYPE,    /* SQLite: a value of another type than the column's */
  CASC_FAULT_DANGLING /* refers to no row */
} casc_fault_kind;

typedef struct casc_sql_fault {
  casc_fault_kind kind;
  uint32_t column;                 /* of the first two */
  const casc_sql_table *ref_table; /* of the last */
  const char *const *ref_columns;
  const uint32_t *columns; /* positions in the fill's columns */
  uint32_t column_count;
} casc_sql_fault;

/* Types and collations of a source's columns beside the target's, in one row of casc_fill_probe_width() texts for each column; asks
   for no row of it. `closely`: numbers are told apart, in a way that some engines do not take for all types. */
void casc_fill_probe(casc_statement *statement, const casc_sql_fill *fill, const casc_sql_source *source, bool closely);
bool casc_fill_probes_closely(const casc_sql_fill *fill);
uint32_t casc_fill_probe_width(const casc_sql_fill *fill);
/* What is wrong with a column, in words of the statement's memory, by the texts of the probe; NULL when nothing is. */
const char *casc_fill_mismatch(casc_statement *statement, const casc_sql_fill *fill, uint32_t column, const cascade_value *texts);
/* As what a column of the source is taken, so that all of its key compare as the target's do; NULL as it is. False when memory is
   out. */
bool casc_fill_item(casc_arena *arena, const casc_sql_fill *fill, uint32_t column, const cascade_value *texts, const char **item);

/* The range column is one of integers. */
bool casc_fill_counts(const casc_sql_fill *fill);
/* It can be gone through in ranges. */
bool casc_fill_ranges_over(const casc_sql_fill *fill);
/* The first and the last value of the range column in each source that has rows, in their order: rows of twice the source, and 1
   more for the last; the value; 1 when it is NULL; 1 when it is of a type that the column does not keep. */
void casc_fill_ends(casc_statement *statement, const casc_sql_fill *fill);
/* The value up to which the part has so many rows of a source, or about as many of several: one, or no row where it has fewer. */
void casc_fill_bound(casc_statement *statement, const casc_sql_fill *fill, const casc_sql_part *part, uint64_t rows);
/* The least value of the range column greater than this, of all sources: one integer, or NULL. */
void casc_fill_after(casc_statement *statement, const casc_sql_fill *fill, int64_t after);

/* The least value of the range column greater than this in the target: one integer, or NULL. */
void casc_fill_next_there(casc_statement *statement, const casc_sql_fill *fill, int64_t after);

/* Four integers: rows, of these such as cannot be written, and such as are missing and would be inserted, or differ and would be
   updated. */
void casc_fill_foresee(casc_statement *statement, const casc_sql_fill *fill, const casc_sql_part *part);
/* The same after the work was done, where the dialect writes_in_queries. Elsewhere the other two do it. */
void casc_fill_apply(casc_statement *statement, const casc_sql_fill *fill, const casc_sql_part *part);
/* Of a fresh part, rows that cannot be written fail. */
void casc_fill_insert(casc_statement *statement, const casc_sql_fill *fill, const casc_sql_part *part);
void casc_fill_update(casc_statement *statement, const casc_sql_fill *fill, const casc_sql_part *part);
/* The columns of a row as texts: the first with the fault; or, with NULL, the last of part->first rows. */
void casc_fill_row(casc_statement *statement, const casc_sql_fill *fill, const casc_sql_part *part, const casc_sql_fault *fault);

/* The checkpoint's row. */
void casc_fill_read_token(casc_statement *statement, const casc_dialect *dialect, const casc_sql_table *table, const char *job);
void casc_fill_first_token(casc_statement *statement, const casc_dialect *dialect, const casc_sql_table *table, const char *job,
                           const char *token);
/* Where the token is still `old`. */
void casc_fill_next_token(casc_statement *statement, const casc_dialect *dialect, const casc_sql_table *table, const char *job,
                          const char *old, const char *token);

#endif

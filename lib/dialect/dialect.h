/* All SQL of the library. A dialect writes statements into a builder; it reaches no database.
   Rows are told apart by their identity: on SQLite the rowid, elsewhere and for WITHOUT ROWID tables the primary key; on
   PostgreSQL, where there is no key, by their place. */
#ifndef CASC_DIALECT_H
#define CASC_DIALECT_H

#include "statement.h"

/* A table as SQL sees it. A cast is what casc_dialect's `cast` makes of a column's type: how a key is written that is compared with
   it. */
typedef struct casc_sql_table {
  const char *schema; /* NULL for the default */
  const char *name;
  uint32_t key_count; /* identity */
  const char *const *key;
  const int32_t *key_types;
  const char *const *key_casts;
  uint32_t shown_count; /* the columns that people know a row by: the primary key, or the identity */
  const char *const *shown;
  const int32_t *shown_types;
  const char *const *shown_casts;
  bool shown_is_key;    /* both are the same columns */
  bool key_is_primary;  /* the identity is the primary key */
  uint32_t stamp_count; /* columns that an update would set to the time; the database's own actions do not */
  const char *const *stamps;
  bool only; /* rows of the tables that inherit from it are not its own */
} casc_sql_table;

/* A relation as SQL sees it. */
typedef struct casc_sql_relation {
  const casc_sql_table *table, *ref_table;
  uint32_t count;
  const char *const *columns, *const *ref_columns;
  const char *const *ref_casts;
  uint32_t set_count; /* what an update of the rule writes */
  const char *const *set_columns;
  const char *const *set_casts;
  const int32_t *set_types;
  const char *where; /* condition on the referencing table, or NULL */
  const char *index; /* that supports it, by name; "primary key" for the table's own, "" for none */
  bool direct;       /* the referenced columns are the identity of ref_table, and comparing with the key itself is exact */
} casc_sql_relation;

/* Rows of one table: all parts that are given must hold. */
typedef struct casc_sql_filter {
  const casc_sql_relation *relation; /* rows that refer, through this relation, ... */
  const cascade_keys *parents;       /* ... to the rows with these identities */
  const char *where;                 /* the host's condition, with its parameters */
  const cascade_value *where_parameters;
  uint32_t where_parameter_count;
  const cascade_keys *among;       /* identity is one of these */
  const cascade_keys *shown_among; /* shown columns are one of these */
  const cascade_value *after;      /* identity is greater than this; less, ... */
  bool backward;                   /* ... when this is set */
  uint64_t limit;                  /* of a delete or an update, unless the dialect writes_all: no more rows than this; 0 for
                                      all */
  bool lock;                       /* of a select: hold the rows until the transaction ends, in the order of their identities; of
                                      a count: hold what is counted */
} casc_sql_filter;

/* How the rows of a page are come by. Where the dialect pages_need_ways, an engine that is asked for rows in order may walk its
   primary key through a whole table for a few of them: so it is asked only for what is bounded. */
typedef enum casc_page_way {
  CASC_PAGE_ORDERED, /* as the engine likes: an index gives them in order, or there is none */
  CASC_PAGE_PROBE,   /* no more than `bound` of them, in any order, sorted afterwards: the page, when there are no more */
  CASC_PAGE_WALK,    /* from the next `bound` rows of the table, in order: the page, when it fills */
  CASC_PAGE_GATHER   /* all of them, sorted afterwards */
} casc_page_way;

/* What a statement of many pages gives first of a row: its page's place, and so many times what else there is to tell. */
enum { CASC_PAGE_PLACES = 65536 };

/* A page of one relation, of which a statement reads many. */
typedef struct casc_sql_page {
  const casc_sql_relation *relation;
  const cascade_keys *parents; /* identities of the rows referred to */
  const cascade_value *anchor; /* identity behind which the page starts; NULL for the first */
  bool backward;               /* the rows before the anchor, or the last, from the last to the first */
  uint64_t limit;
  casc_page_way way;
  uint64_t bound;
  bool unsorted;  /* of a CASC_PAGE_PROBE without anchor: all that it looks at, as it comes; less to plan */
  bool alone;     /* of a CASC_PAGE_ORDERED: the only one of its statement, which gives nothing before the identity */
  bool packed;    /* of an unsorted one: its integers come as one value, each of 8 bytes, the highest first */
  bool tells_end; /* of a CASC_PAGE_WALK: where the page does not fill, the last row walked to comes too, and 1 beside
                     it, unless the table ended before */
  const struct casc_sql_page *next; /* of a CASC_PAGE_WALK: another one of the same table, which the same select reads; the second
                                       item has a bit for each that a row is of, the lowest for the first */
  bool follows;                     /* such another one */
  uint64_t together;                /* limit of the rows of all of them */
  uint32_t behind_count;            /* columns of the row that are wanted besides */
  const char *const *behind;
  const int32_t *behind_types;
} casc_sql_page;

/* When the database looks at a foreign key that is not deferred. */
typedef enum casc_checks {
  CASC_CHECKS_ROWS,      /* at every row that is deleted */
  CASC_CHECKS_STATEMENTS /* at the end of every statement */
} casc_checks;

typedef struct casc_dialect {
  const char *engine;
  const char *checks_name; /* of the setting by which a session does not enforce foreign keys */
  /* Lists of statements end with NULL. */
  const char *const *begin_write, *const *begin_read;
  const char *const *begin_committed; /* begin_write of a session that is at READ COMMITTED; NULL where that is no other */
  const char *const *before_alone; /* before a statement that is a transaction by itself, unless the session is at READ COMMITTED;
                                      NULL for nothing */
  const char *commit, *rollback;
  const char *savepoint, *release, *rollback_to; /* instead of them, inside a transaction of the host */
  const char *defer;                  /* puts foreign-key checks off to COMMIT, inside a transaction; NULL where there is no such
                                         thing */
  const char *checks_off, *checks_on; /* outside a transaction; NULL where there is no such thing */
  const char *checks_off_local; /* inside a transaction, which may set them back at its end; NULL where there is no such thing */
  const char *const *checks_on_local; /* as they were: by the answer to checks_state, less 1 */
  casc_checks checks;
  bool proof_pays;        /* deleting with the checks off is faster */
  bool writes_all;        /* deletes and updates take no limit: their rows are counted before */
  bool writes_in_queries; /* one statement may count, insert and update */
  bool numbered;          /* placeholders are $1, $2 ... */
  bool row_locks;         /* others write beside us, so that what was read must be held; else a writer is alone */
  bool cascades_fast;     /* its own ON DELETE actions are faster than statements of ours that they would check again */
  uint32_t max_cells;     /* cells of keys, other than single integers, that one statement may carry */

  const char *row_cast; /* of an identity that is no column; "" for none */
  /* How a key of this type is written; in memory of the arena. NULL when memory is out. */
  const char *(*cast)(casc_arena *arena, const char *type, const char *sql_type, const char *collation);
  /* One integer: 0 when the session does not enforce foreign keys. */
  void (*checks_state)(casc_statement *statement);
  /* One integer: 1 when the session may turn the checks off for a transaction; NULL where no right is needed. */
  void (*may_turn_checks_off)(casc_statement *statement);
  /* One integer that changes when another session commits; NULL where nobody waits for us. */
  void (*change_counter)(casc_statement *statement);
  /* Bounds what a statement of this transaction may take; NULL where there is no such thing. */
  void (*statement_timeout)(casc_statement *statement, uint32_t milliseconds);
  /* How names are quoted, and an item of the select list written. */
  void (*identifier)(casc_str *sql, const char *name);
  void (*column)(casc_statement *statement, const char *expression, int32_t type);
  /* One integer: 0 when the session would write values that it had to change. NULL where there is no such session. */
  void (*strict_state)(casc_statement *statement);
  /* A SELECT that gives these rows; `rows` are as columns are to be written. */
  void (*rows_source)(casc_statement *statement, const cascade_keys *rows, const int32_t *types, const char *const *casts);
  /* How a column of such rows is written; in memory of the arena. NULL when memory is out. */
  const char *(*row_source_cast)(casc_arena *arena, const char *type, const char *sql_type, const char *collation,
                                 int32_t value_type);
  /* Identities, then with `shown` the shown columns too (once, when they are the same). limit 0: no limit.
     ordered: by identity. */
  void (*select_keys)(casc_statement *statement, const casc_sql_table *table, const casc_sql_filter *filter, bool shown,
                      bool ordered, uint64_t limit);
  /* Pages, one after another, each in its order: the page's place in `pages` (an integer); with CASC_PAGE_PROBE how many rows it
     looked at, else 0; the identity; the shown columns, when they are others; the columns behind. All pages must be alike
     (casc_pages_alike). */
  void (*select_pages)(casc_statement *statement, const casc_sql_page *pages, uint32_t count);
  uint32_t pages_at_once; /* in one statement */
  bool pages_need_ways;   /* else all are CASC_PAGE_ORDERED */
  /* For reading pages: what begins and ends that which makes the ways certain: a transaction that only reads; or, inside one of the
     host's, a savepoint that is rolled back. NULL where nothing is needed. */
  const char *const *look_begin, *const *look_end, *const *look_begin_nested, *const *look_end_nested;
  /* Put before a statement: a bound of what it may take, if a server of this version has such a thing. NULL where none has. */
  void (*limit_time)(casc_statement *statement, const char *version, uint32_t milliseconds);
  /* For each single-column relation of which the statistics know it: its place in `relations` and the share of the referencing
     table's rows that refer to the one row with this identity, in millionths. Rows of two integers. NULL where nothing is to be
     known. */
  void (*shares)(casc_statement *statement, const casc_sql_relation *const *relations, uint32_t count, const cascade_value *key);
  /* For each page, how many rows refer, counting no further than its limit (0: to the end): the place, and the count. */
  void (*count_pages)(casc_statement *statement, const casc_sql_page *pages, uint32_t count);
  /* Identities of rows among `keys`, each with the identity and the shown columns (when they are others) of the row that it refers
     to. */
  void (*select_links)(casc_statement *statement, const casc_sql_relation *relation, const cascade_keys *keys);
  /* For each table two integers, in one row: how many rows this session's transactions have deleted and updated, in the engine's
     own actions too. They differ by what was done between two looks; NULL when the engine does not count. NULL where there is no
     such thing. */
  void (*changes)(casc_statement *statement, const casc_sql_table *const *tables, uint32_t count);
  /* The greatest identity: no row, or one. */
  void (*last_key)(casc_statement *statement, const casc_sql_table *table);
  /* One integer: how many rows, counting no further than limit (0: to the end). */
  void (*count)(casc_statement *statement, const casc_sql_table *table, const casc_sql_filter *filter, uint64_t limit);
  void (*delete_rows)(casc_statement *statement, const casc_sql_table *table, const casc_sql_filter *filter);
  /* Fails where the session's user may not delete from one of the tables, and does nothing else: 60 of them at most. NULL where the
     catalog tells. */
  void (*try_deletes)(casc_statement *statement, const casc_sql_table *const *tables, uint32_t count);
  /* Inserts some columns of the rows with these identities into another table. */
  void (*copy_rows)(casc_statement *statement, const casc_sql_table *to, const casc_sql_table *table, const char *const *columns,
                    uint32_t count, const cascade_keys *keys);
  /* Deletes rows as delete_rows() does, and inserts some columns of them, as they were then, into another table. One row of two
     integers: how many went, and how many were inserted. NULL where one statement cannot do that. */
  void (*move_rows)(casc_statement *statement, const casc_sql_table *to, const casc_sql_table *table, const char *const *columns,
                    uint32_t count, const casc_sql_filter *filter);
  /* Rows of several tables in one statement, at the end of which the database checks them all; NULL where there is no such thing.
     One row of one integer for each table: how many went. */
  void (*delete_together)(casc_statement *statement, const casc_sql_table *const *tables, const cascade_keys *keys, uint32_t count);
  /* Sets relation->set_columns to values. */
  void (*update_rows)(casc_statement *statement, const casc_sql_relation *relation, const cascade_value *values,
                      const casc_sql_filter *filter);
  /* Identities of the referenced rows to which the rows of relation->table among `keys` refer. */
  void (*select_parents)(casc_statement *statement, const casc_sql_relation *relation, const cascade_keys *keys);
  /* Identity of the row that referencing columns of these values would refer to: no row, or one. */
  void (*find_parent)(casc_statement *statement, const casc_sql_relation *relation, const cascade_value *values);
  /* Identities of rows among `keys` that refer, without NULL, to a row that does not exist. */
  void (*select_dangling)(casc_statement *statement, const casc_sql_relation *relation, const cascade_keys *keys, uint64_t limit);
  /* Records the keys of the relation's rows that meet the filter: inserts into a table of the queue the number of a job with the
     shown columns, as one integer or as one text. Rows are not held: as many must become NULL afterwards. */
  void (*detach_keys)(casc_statement *statement, const casc_sql_relation *relation, const casc_sql_filter *filter, int64_t job,
                      bool integers);
  bool detach_updates; /* ... and sets the relation's set_columns to NULL */
  /* The statements with which a column comes to take NULL. `definition` is the column's type; with `table_sql`, the text of the
     table as it is to be, or NULL, and `version` the schema's. `default_sql` may be NULL. */
  void (*allow_null)(casc_str *sql, const casc_sql_table *table, const char *column, const char *definition,
                     const char *default_sql, int64_t version);
  /* The text of the table, and the version of the schema; NULL where a column can be changed in place. */
  void (*table_sql)(casc_statement *statement, const casc_sql_table *table);
  const struct casc_queue_words *queue; /* queue.c */
  /* Values of default expressions, for the relation's set columns; NULL in `expressions` gives NULL. */
  void (*evaluate)(casc_statement *statement, const casc_sql_relation *relation, const char *const *expressions);
} casc_dialect;

extern const casc_dialect casc_dialect_sqlite, casc_dialect_postgres, casc_dialect_mariadb;
/* Whether one statement can read both: their columns are of the same types. */
bool casc_pages_alike(const casc_sql_page *a, const casc_sql_page *b);
/* NULL for an engine that is not known. */
const casc_dialect *casc_dialect_of(const char *engine);

/* Catalog queries of SQLite; what each column means is said in catalog/sqlite.c. */
void casc_sqlite_tables(casc_statement *statement);
void casc_sqlite_columns(casc_statement *statement);
void casc_sqlite_foreign_keys(casc_statement *statement);
void casc_sqlite_indexes(casc_statement *statement);
void casc_sqlite_triggers(casc_statement *statement);
void casc_sqlite_statistics(casc_statement *statement);
/* One row of (position, largest rowid) for each table named. */
void casc_sqlite_largest_rowids(casc_statement *statement, const char *const *tables, uint32_t count);

#endif

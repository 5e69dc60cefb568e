/* The part of a policy that one request is about: the tables that deleting rows of the root table reaches, what each relation
   into them means, and the order in which a batch works. Compiled once; reads at most a few rows (defaults and their parents). */
#ifndef CASC_SCOPE_H
#define CASC_SCOPE_H

#include "dialect.h"
#include "hash.h"
#include "policy_internal.h"
#include "selection_internal.h"
#include "session.h"

/* What a relation into a reached table does to the request. */
typedef enum casc_role {
  CASC_ROLE_NONE,    /* its referenced table is not reached, or its rows are left alone */
  CASC_ROLE_CASCADE, /* its rows join the closure */
  CASC_ROLE_UPDATE,  /* its rows, where they stay, are rewritten */
  CASC_ROLE_BLOCK    /* its rows, where they stay, block */
} casc_role;

/* Why rows of a blocking relation block. */
typedef enum casc_reason {
  CASC_REASON_RULE,            /* PROTECT or RESTRICT */
  CASC_REASON_NOT_NULL,        /* they would be set to NULL where none may be */
  CASC_REASON_GENERATED,       /* the column is computed and cannot be set */
  CASC_REASON_DEFAULT_MISSING, /* the value to set refers to no row */
  CASC_REASON_DEFAULT_DELETED, /* the value to set refers to a row that is to be deleted */
  CASC_REASON_IGNORED          /* the policy leaves them, the database would not */
} casc_reason;

/* What a request wants of its scope. */
enum {
  CASC_SCOPE_HOLD_ALL = 1, /* keys of every table, for a hook */
  CASC_SCOPE_DETACH = 2,   /* rows of relations with CASCADE_RULE_DETACH are set to NULL; else they are deleted */
  CASC_SCOPE_KEYLESS = 4,  /* rows that cannot be told apart may go, or be rewritten, by what they refer to */
  CASC_SCOPE_OWN_ALL = 8   /* nothing is left to the database's own actions, and no row goes that cannot be told apart */
};

typedef struct casc_scope_relation {
  const casc_relation *relation;
  casc_sql_relation sql;
  casc_role role;
  casc_reason reason;
  cascade_value *values;         /* of CASC_ROLE_UPDATE */
  cascade_value *default_parent; /* identity of the row that the values refer to; NULL for none */
  bool detaches;                 /* of CASC_ROLE_UPDATE: the keys of its rows are recorded as their columns become NULL */
  bool rewrites_key;             /* the values land on columns that others refer to, or that must be unique */
  bool single;                   /* no two rows refer to the same row: a unique index covers the columns */
  bool delegated;                /* the database's own action does the same, and nobody needs to see the rows */
  const char *way;               /* words for that */
  bool hard;                     /* the database checks it at once, row by row, and cannot put it off */
} casc_scope_relation;

typedef struct casc_scope_table {
  const casc_table *table;
  casc_sql_table sql;
  bool reached;    /* rows of it can be in the closure */
  bool held;       /* the keys of those rows are read; else they are found by their one relation */
  bool examined;   /* a blocking relation hangs on it or on what it reaches */
  bool delegated;  /* its rows go by the database's own ON DELETE CASCADE */
  uint32_t height; /* levels of such actions, and of its own SET NULL, that follow when they go */
  const char *way; /* words for that */
  bool cyclic;     /* relations lead from it back to it */
  uint32_t component;
  uint32_t leaf_relation; /* when reached and not held: the cascading relation */
} casc_scope_table;

/* What the two halves of a request were found to be, once they were asked for: every token has them. */
typedef struct casc_scope_sums {
  unsigned char target[CASC_HASH_SUM], rules[CASC_HASH_SUM];
  bool target_known, rules_known;
} casc_scope_sums;

typedef struct casc_scope {
  cascade_connection *connection; /* borrowed from the owner of the scope */
  const casc_alloc *alloc;
  const casc_dialect *dialect;
  casc_arena arena;
  cascade_policy *policy;       /* reference */
  cascade_selection *selection; /* reference */
  uint32_t root;
  uint32_t table_count, relation_count;
  casc_scope_table *tables;       /* by graph number */
  casc_scope_relation *relations; /* by policy number */
  bool detaching;                 /* CASC_SCOPE_DETACH */
  casc_scope_sums *sums;
  uint32_t *order; /* reached tables, referencing before referenced */
  uint32_t order_count;
  int64_t checks;     /* how the session checks foreign keys, as the dialect says; 0 for not at all */
  double *per_parent; /* by relation: rows for each referenced one, as batches found; negative when not known. NULL: nobody
                         remembers */
  bool enforced;      /* ... it does */
  bool blocking;      /* some relation has CASC_ROLE_BLOCK */
  bool hazardous;     /* some relation rewrites a key: only the end of one transaction can show that all is well */
  bool defer;         /* checks are put off to COMMIT: there are cycles or rewritten keys */
  bool triggers;      /* a table that is written has user triggers */
} casc_scope;

/* `wants`: CASC_SCOPE_ bits. Reads the enforcement state and the defaults' parents. */
cascade_status casc_scope_init(casc_scope *scope, cascade_connection *connection, cascade_policy *policy,
                               cascade_selection *selection, uint32_t wants, cascade_error **error);
/* Whether the rows that refer to so many others are sure enough to be within a limit that they need not be counted before they are
   read or written. A server where others write is asked to count them: it takes no limit for statements that hold or write rows. */
bool casc_scope_trusts(const casc_scope *scope, const casc_scope_relation *relation, uint64_t parents, uint64_t limit);
void casc_scope_learn(casc_scope *scope, const casc_scope_relation *relation, uint64_t parents, uint64_t rows);
/* Nothing is left to the database's own actions. */
void casc_scope_keep_all(casc_scope *scope);
void casc_scope_free(casc_scope *scope);

/* Why the relation's rows block, in words that follow "because". */
const char *casc_reason_words(const casc_scope_relation *relation);

/* What identifies the request, rules and schema included, as 16 hexadecimal digits. False when memory is out. */
bool casc_scope_fingerprint(const casc_scope *scope, char digits[17]);
/* Its two halves: which rows are asked for; and the reached tables with the relations into them, their keys and rules. */
bool casc_scope_target(const casc_scope *scope, unsigned char sum[CASC_HASH_SUM]);
bool casc_scope_rules(const casc_scope *scope, unsigned char sum[CASC_HASH_SUM]);

/* Asks for one integer: the first row's first column, or `otherwise` when there is no row. */
cascade_status casc_ask_integer(cascade_connection *connection, const casc_statement *statement, int64_t otherwise, int64_t *answer,
                                cascade_error **error);

#endif

/* The graph from within. */
#ifndef CASC_GRAPH_INTERNAL_H
#define CASC_GRAPH_INTERNAL_H

#include "context.h"
#include "failure.h"
#include "map.h"
#include "schema.h"
#include "str.h"

/* A relation, resolved. Of a graph, or of a policy, which copies the graph's and adds the declared ones. */
typedef struct casc_relation {
  const char *name, *label;
  uint32_t table, ref_table;
  uint32_t count;
  const uint32_t *columns;     /* positions in table */
  const uint32_t *ref_columns; /* positions in ref_table; NULL when CASCADE_RELATION_UNRESOLVED */
  const char *const *column_names, *const *ref_column_names;
  int32_t on_delete, on_update;
  uint32_t set_count; /* of the columns, those that SET NULL or SET DEFAULT sets; 0 for all */
  const uint32_t *set_columns;
  const char *const *set_names;
  uint32_t flags;    /* cascade_relation_flag */
  const char *index; /* supporting index: its name, "rowid" or "primary key" for the table's own order, "" for none */
  int32_t rule;
  bool direct; /* the referenced columns are the identity, and comparing them with it is exact; see casc_sql_relation */
  /* policy only */
  const char *where;           /* NULL for none */
  const cascade_value *values; /* of CASCADE_RULE_SET_VALUE, `count` of them */
} casc_relation;

struct cascade_graph {
  casc_refs refs;
  cascade_context *context;
  casc_arena arena;
  const char *engine;
  casc_table *tables; /* by name */
  uint32_t table_count;
  casc_relation *relations; /* by referencing table, then by columns */
  uint32_t relation_count;
  uint32_t component_count;
  const char *const *search_path; /* schemas in which a bare name is looked for first */
  uint32_t search_path_count;
  uint32_t hidden;            /* cascade_hidden */
  const char *home;           /* MariaDB, when read from there: the database whose tables have the schema ""; else NULL */
  casc_map by_label, by_name; /* number of the table; of those with the same bare name, the first of the search path */
};

/* Builds a graph from a schema whose memory is in `arena`; takes the arena over, also when it fails. */
cascade_status casc_graph_build(cascade_context *context, casc_arena *arena, const casc_schema *schema, cascade_graph **graph,
                                cascade_error **error);

/* Strongly connected components of `count` nodes with an edge from[i] -> to[i] each. Components are numbered so that every edge
   leads from a component to one of the same or a lower number. False when memory is out. */
bool casc_components(const casc_alloc *alloc, uint32_t count, uint32_t edges, const uint32_t *from, const uint32_t *to,
                     uint32_t *component, uint32_t *component_count);

/* Enters the tables into the graph's maps. False when memory is out. */
bool casc_graph_name_tables(cascade_graph *graph, casc_str *scratch);
/* Number of the table; CASC_NONE when there is none. *ambiguous: it is one of several that the name may mean. */
uint32_t casc_graph_find(const cascade_graph *graph, const char *name, bool *ambiguous);
/* Position of a column by name; CASC_NONE when there is none. */
uint32_t casc_graph_column_position(const cascade_graph *graph, uint32_t table, const char *name);
/* The nearest of the names by edit distance, when it is near enough to be what was meant; else NULL. */
const char *casc_nearest(const char *wanted, const char *const *names, uint32_t count);
/* Fills in what follows from the columns: label, flags, index, direct. Used for the relations of policies too. */
cascade_status casc_relation_resolve(const cascade_graph *graph, casc_arena *arena, casc_relation *relation, cascade_error **error);
/* CASCADE_NO_KEY: the rows of a table cannot be told apart; why, and what helps. `relation`, with what else is to be said of it:
   they are those that refer through it; NULL for the table's own. */
cascade_status casc_refuse_keyless(cascade_context *context, const casc_table *table, const char *relation, const char *aside,
                                   cascade_error **error);
/* Of the primary key, a column of which a value that was read need not find its row again; NULL when there is none. */
const casc_column *casc_inexact_key(const casc_table *table);
#define CASC_EXACT_TYPES "make it DOUBLE, DECIMAL or an integer" /* what helps: MariaDB alone has such columns */
void casc_relation_describe(const casc_relation *relation, cascade_relation_info *info);

#endif

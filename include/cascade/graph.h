/**
 * @file graph.h
 * @brief The foreign-key graph: tables, columns, keys, relations; read from a database or from JSON.
 *
 * @code{.c}
 * static void who_refers_to(cascade_graph *graph, const char *name) {
 *   uint32_t table = 0, count = 0;
 *   const uint32_t *relations = NULL;
 *   if (cascade_graph_find_table(graph, name, &table, NULL) < 0) return;
 *   cascade_graph_relations_to(graph, table, &relations, &count);
 *   for (uint32_t i = 0; i < count; i++) {
 *     cascade_relation_info info = {.size = sizeof info};
 *     cascade_graph_relation(graph, relations[i], &info);
 *     printf("%s\n", info.label);
 *   }
 * }
 * @endcode
 */
#ifndef CASCADE_GRAPH_H
#define CASCADE_GRAPH_H

#include <cascade/common.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief What the database itself does with referencing rows. */
enum cascade_action {
  CASCADE_ACTION_NO_ACTION = 0,  /**< Refuses at the end of the statement, or at COMMIT when deferred. */
  CASCADE_ACTION_RESTRICT = 1,   /**< Refuses at once. */
  CASCADE_ACTION_CASCADE = 2,    /**< Deletes, or on update follows. */
  CASCADE_ACTION_SET_NULL = 3,   /**< Sets the referencing columns to NULL. */
  CASCADE_ACTION_SET_DEFAULT = 4 /**< Sets the referencing columns to their defaults. */
};

/** @brief Kinds of tables. */
enum cascade_table_kind {
  CASCADE_TABLE_ORDINARY = 0, /**< An ordinary table. */
  CASCADE_TABLE_VIEW = 1,     /**< A view, materialized or not: nothing can be purged through it. */
  CASCADE_TABLE_VIRTUAL = 2,  /**< A virtual or foreign table. */
  CASCADE_TABLE_MISSING = 3,  /**< Named by a foreign key, but not in the database. */
  CASCADE_TABLE_PARTITION = 4 /**< A partition: its rows are reached through the partitioned table. */
};

/** @brief Facts about a table. Bits of `flags` in ::cascade_table_info. */
enum cascade_table_flag {
  CASCADE_TABLE_WITHOUT_ROWID = 1,       /**< SQLite: stored by its primary key. */
  CASCADE_TABLE_DELETE_TRIGGER = 2,      /**< Has a trigger that fires on DELETE. */
  CASCADE_TABLE_UPDATE_TRIGGER = 4,      /**< Has a trigger that fires on UPDATE. */
  CASCADE_TABLE_IN_CYCLE = 8,            /**< Is in a cycle of relations, with itself or through other tables. */
  CASCADE_TABLE_PARTITIONED = 16,        /**< Its rows are in partitions, which the table itself reaches. */
  CASCADE_TABLE_INHERITED = 32,          /**< PostgreSQL: tables inherit from it; their rows are no part of its foreign keys. */
  CASCADE_TABLE_PARTITION_KEYS = 64,     /**< Some partition of it has foreign keys, or is referred to, on its own. */
  CASCADE_TABLE_ROW_SECURITY = 128,      /**< Row security hides rows of it from the session's user. */
  CASCADE_TABLE_NO_SELECT = 256,         /**< The session's user may not read it. */
  CASCADE_TABLE_NO_DELETE = 512,         /**< The session's user may not delete from it. */
  CASCADE_TABLE_NO_UPDATE = 1024,        /**< The session's user may not update it, nor lock its rows. */
  CASCADE_TABLE_NOT_TRANSACTIONAL = 2048 /**< MariaDB: its engine knows no transactions, so that nothing can be rolled back. */
};

/** @brief Facts about a column. Bits of `flags` in ::cascade_column_info. */
enum cascade_column_flag {
  CASCADE_COLUMN_NOT_NULL = 1, /**< Cannot be NULL. */
  CASCADE_COLUMN_GENERATED = 2 /**< Computed from other columns: it cannot be set. */
};

/** @brief Facts about a relation. Bits of `flags` in ::cascade_relation_info. */
enum cascade_relation_flag {
  CASCADE_RELATION_NULLABLE = 1,           /**< Every referencing column can be NULL. */
  CASCADE_RELATION_INDEXED = 2,            /**< An index leads with the referencing columns, and serves the database's check: on
                                                SQLite none does for a column of TEXT, BLOB or no type that refers to a number,
                                                or of another collation than the referenced column. */
  CASCADE_RELATION_DEFERRABLE = 4,         /**< Can be checked at COMMIT. */
  CASCADE_RELATION_INITIALLY_DEFERRED = 8, /**< Is checked at COMMIT. */
  CASCADE_RELATION_TO_PRIMARY = 16,        /**< Refers to the primary key. */
  CASCADE_RELATION_TO_UNIQUE = 32,         /**< Refers to another unique key. */
  CASCADE_RELATION_SELF = 64,              /**< Refers to its own table. */
  CASCADE_RELATION_IN_CYCLE = 128,         /**< Both ends are in one cycle. */
  CASCADE_RELATION_DECLARED = 256,         /**< Comes from the policy; the database does not know it. */
  CASCADE_RELATION_UNRESOLVED = 512,       /**< The referenced table or key does not exist: the database refuses every
                                                delete of the referenced table. */
  CASCADE_RELATION_TO_MANY = 1024,         /**< Refers to columns that are no unique key, so that one row may refer to several. */
  CASCADE_RELATION_MATCH_FULL = 2048,      /**< The referencing columns are all NULL, or none is. */
  CASCADE_RELATION_NOT_VALIDATED = 4096    /**< Rows older than the relation were not checked. */
};

/** @brief What MariaDB does not show to every user. Bits of cascade_graph_hidden(). */
enum cascade_hidden {
  CASCADE_HIDDEN_RELATIONS = 1, /**< Foreign keys of databases that the user may not read; PROCESS shows them. */
  CASCADE_HIDDEN_TRIGGERS = 2   /**< Triggers on tables of which the user may only read; DELETE on the database shows them. */
};

/** @brief A table, as seen by its reader. All pointers are borrowed from the graph. */
typedef struct cascade_table_info {
  size_t size;             /**< `sizeof(cascade_table_info)`, set by the caller. */
  const char *schema;      /**< Schema, or "" on engines without. */
  const char *name;        /**< Name. */
  const char *label;       /**< Name for people: with its schema on engines that have them, as in "public.agent"; a part that
                                holds a dot or a quote is in double quotes. */
  int32_t kind;            /**< One of ::cascade_table_kind. */
  uint32_t flags;          /**< ::cascade_table_flag bits. */
  uint32_t column_count;   /**< Number of columns. */
  uint32_t key_count;      /**< Columns of the primary key; 0 without one. */
  const char *const *key;  /**< Their names, in key order. */
  int64_t row_estimate;    /**< The engine's own estimate, or an upper bound; -1 when unknown. */
  uint32_t component;      /**< Number of its strongly connected component; referencing components come first. */
  uint32_t component_size; /**< Tables in that component. */
  const char *part_of;     /**< Of a partition: the label of the partitioned table; else NULL. */
} cascade_table_info;

/** @brief A column. All pointers are borrowed from the graph. */
typedef struct cascade_column_info {
  size_t size;             /**< `sizeof(cascade_column_info)`, set by the caller. */
  const char *name;        /**< Name. */
  const char *type;        /**< Declared type, or "". */
  const char *default_sql; /**< Default as SQL text, or NULL without one. */
  uint32_t flags;          /**< ::cascade_column_flag bits. */
  uint32_t reserved;       /**< Zero. */
} cascade_column_info;

/** @brief A relation: one foreign key, of the database or declared by a policy. All pointers are borrowed. */
typedef struct cascade_relation_info {
  size_t size;                    /**< `sizeof(cascade_relation_info)`, set by the caller. */
  const char *name;               /**< Constraint name, or "". */
  const char *label;              /**< "loan(borrower_id) -> agent(id)". */
  uint32_t table;                 /**< Referencing table. */
  uint32_t ref_table;             /**< Referenced table. */
  uint32_t column_count;          /**< Number of column pairs. */
  uint32_t flags;                 /**< ::cascade_relation_flag bits. */
  const char *const *columns;     /**< Referencing columns. */
  const char *const *ref_columns; /**< Referenced columns, in the same order. */
  int32_t on_delete;              /**< What the database does: one of ::cascade_action. */
  int32_t on_update;              /**< What the database does when a referenced key changes: one of ::cascade_action. */
  int32_t rule;                   /**< What the library does: one of ::cascade_rule. */
  int32_t reserved;               /**< Zero. */
  const char *index;              /**< The index that serves it, or "" without one. */
  const char *const *set_columns; /**< Of the referencing columns, those that SET NULL or SET DEFAULT sets; NULL for all. */
  uint32_t set_column_count;      /**< Their number; 0 for all. */
  uint32_t reserved2;             /**< Zero. */
} cascade_relation_info;

/** @brief Options of cascade_graph_read(). */
typedef struct cascade_graph_options {
  size_t size; /**< `sizeof(cascade_graph_options)`. */
} cascade_graph_options;

/**
 * @brief Reads the graph from the database's catalog.
 *
 * A handful of catalog queries, whatever the number of tables; no user row is read, except that SQLite's largest rowid
 * of each table serves as its row estimate where ANALYZE has not been run. No transaction is left open.
 *
 * On PostgreSQL the graph has all schemas but the system's, as of one moment: in a repeatable read, read only transaction, unless
 * the session is in one of the host's. Privileges hide nothing. A partition is shown, but its rows, triggers and keys are
 * the partitioned table's; tables that inherit from another are tables of their own. Temporary tables are left out.
 *
 * On MariaDB the graph has the database that the session is in, whose tables have the schema "", and the databases that foreign
 * keys connect with it. All foreign keys are seen by users with the PROCESS privilege. Others need SELECT and DELETE on the whole
 * database, and cascade_graph_hidden() tells what may be missing for all that.
 *
 * @param connection  a session
 * @param options  NULL for the defaults
 * @param[out] graph  receives the graph, owned by the caller
 * @param[out] error  receives the failure; may be NULL
 * @return CASCADE_OK; CASCADE_OPTIONS; CASCADE_NOMEM; CASCADE_CANCELLED; any database status
 * @note A graph is immutable; any number of threads may use it.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_graph_read(cascade_connection *connection, const cascade_graph_options *options,
                                              cascade_graph **graph, cascade_error **error);

/**
 * @brief Makes a graph from the JSON that cascade_graph_json() writes.
 * @param context  whose allocator is used; the graph holds a reference
 * @param json  UTF-8 text; not NULL
 * @param length  its bytes
 * @param[out] graph  receives the graph, owned by the caller
 * @param[out] error  receives the failure; may be NULL
 * @return CASCADE_OK; CASCADE_FORMAT with the line in the message; CASCADE_INVALID; CASCADE_NOMEM
 * @note Touches no database. A graph is immutable; any number of threads may use it.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_graph_load(cascade_context *context, const char *json, uint64_t length, cascade_graph **graph,
                                              cascade_error **error);

/**
 * @brief Writes the whole graph as JSON: the same graph gives the same text.
 * @param graph  a graph
 * @param[out] text  receives NUL-terminated text, to be freed with cascade_text_free()
 * @param[out] error  receives the failure; may be NULL
 * @return CASCADE_OK; CASCADE_INVALID; CASCADE_NOMEM
 * @note Touches no database; the whole text is in memory. Any thread.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_graph_json(const cascade_graph *graph, char **text, cascade_error **error);

/**
 * @brief Writes the graph in Graphviz's language: tables as nodes, an arrow from referencing to referenced table, its
 *        colour the default rule: firebrick for rows that go too, darkorchid and a bar for those that block, steelblue for those
 *        that are rewritten.
 * @param graph  a graph
 * @param table  name of a table to show with what can reach it, or NULL for all tables
 * @param[out] text  receives NUL-terminated text, to be freed with cascade_text_free()
 * @param[out] error  receives the failure; may be NULL
 * @return CASCADE_OK; CASCADE_NOT_FOUND for a table that does not exist; CASCADE_INVALID; CASCADE_NOMEM
 * @note Touches no database; the whole text is in memory. Any thread.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_graph_dot(const cascade_graph *graph, const char *table, char **text, cascade_error **error);

/**
 * @brief Frees a text that the library gave away.
 * @param text  from a function that says so, or NULL
 * @note Any thread.
 * @since 0.1
 */
CASCADE_API void cascade_text_free(char *text);

/**
 * @brief Number of tables, numbered from 0 in the order of their names.
 * @param graph  a graph
 * @return the number; 0 for NULL
 * @note Touches no database, reads memory only. Any thread.
 * @since 0.1
 */
CASCADE_API uint32_t cascade_graph_table_count(const cascade_graph *graph);

/**
 * @brief Number of relations, numbered from 0, grouped by referencing table.
 * @param graph  a graph
 * @return the number; 0 for NULL
 * @note Touches no database, reads memory only. Any thread.
 * @since 0.1
 */
CASCADE_API uint32_t cascade_graph_relation_count(const cascade_graph *graph);

/**
 * @brief What may be missing, because the database did not show it to the user who read the graph.
 *
 * Whatever else is hidden from the user fails the reading.
 *
 * @param graph  a graph
 * @return ::cascade_hidden bits; 0 when the graph is whole
 * @note Touches no database, reads memory only. Any thread.
 * @since 0.1
 */
CASCADE_API uint32_t cascade_graph_hidden(const cascade_graph *graph);

/**
 * @brief Finds a table by name.
 *
 * SQLite ignores the case of ASCII letters. The other engines keep it: a name finds the table that is called so, or without one the
 * only table that differs in case alone. A bare name is looked for in the schemas of the session's search path, as it was when the
 * graph was read, and then in all others, where it must be one table's only. On MariaDB, tables of the session's own database,
 * which have no schema, are found with that database's name before them too.
 *
 * @param graph  a graph
 * @param name  "table" or "schema.table", or a table's label; not NULL
 * @param[out] table  receives its number
 * @param[out] error  receives the failure, with the nearest name as a hint; may be NULL
 * @return CASCADE_OK; CASCADE_NOT_FOUND; CASCADE_INVALID
 * @note Touches no database, reads memory only. Any thread.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_graph_find_table(const cascade_graph *graph, const char *name, uint32_t *table,
                                                    cascade_error **error);

/**
 * @brief Describes a table.
 * @param graph  a graph
 * @param table  its number
 * @param[out] info  `size` set by the caller; the rest is filled as far as that reaches
 * @return CASCADE_OK; CASCADE_INVALID for a number or size out of range
 * @note Touches no database, reads memory only. Any thread.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_graph_table(const cascade_graph *graph, uint32_t table, cascade_table_info *info);

/**
 * @brief Describes a column.
 * @param graph  a graph
 * @param table  number of a table
 * @param column  position from 0, in the table's order
 * @param[out] info  `size` set by the caller; the rest is filled as far as that reaches
 * @return CASCADE_OK; CASCADE_INVALID for a number or size out of range
 * @note Touches no database, reads memory only. Any thread.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_graph_column(const cascade_graph *graph, uint32_t table, uint32_t column,
                                                cascade_column_info *info);

/**
 * @brief Describes a relation; its `rule` is the one that follows from the database's action.
 * @param graph  a graph
 * @param relation  its number
 * @param[out] info  `size` set by the caller; the rest is filled as far as that reaches
 * @return CASCADE_OK; CASCADE_INVALID for a number or size out of range
 * @note Touches no database, reads memory only. Any thread.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_graph_relation(const cascade_graph *graph, uint32_t relation, cascade_relation_info *info);

/**
 * @brief Relations whose referenced table this is.
 * @param graph  a graph
 * @param table  number of a table
 * @param[out] relations  receives their numbers, borrowed from the graph
 * @param[out] count  receives how many
 * @return CASCADE_OK; CASCADE_INVALID
 * @note Touches no database, reads memory only. Any thread.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_graph_relations_to(const cascade_graph *graph, uint32_t table, const uint32_t **relations,
                                                      uint32_t *count);

/**
 * @brief Relations whose referencing table this is.
 * @param graph  a graph
 * @param table  number of a table
 * @param[out] relations  receives their numbers, borrowed from the graph
 * @param[out] count  receives how many
 * @return CASCADE_OK; CASCADE_INVALID
 * @note Touches no database, reads memory only. Any thread.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_graph_relations_from(const cascade_graph *graph, uint32_t table, const uint32_t **relations,
                                                        uint32_t *count);

/**
 * @brief Tables that deleting rows of a table can reach, itself first, in breadth-first order against the references.
 * @param graph  a graph
 * @param table  number of a table
 * @param cascading_only  1 to follow only relations whose database action is CASCADE, 0 to follow all
 * @param[out] tables  array of cascade_graph_table_count() numbers, given by the caller
 * @param[out] count  receives how many were filled in
 * @param[out] error  receives the failure; may be NULL
 * @return CASCADE_OK; CASCADE_INVALID; CASCADE_NOMEM
 * @note Touches no database; takes a time that grows with tables and relations together. Any thread.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_graph_reach(const cascade_graph *graph, uint32_t table, int32_t cascading_only, uint32_t *tables,
                                               uint32_t *count, cascade_error **error);

/**
 * @brief A shortest chain of relations by which rows of one table depend on rows of another.
 * @param graph  a graph
 * @param from  number of the referencing table at the chain's end
 * @param to  number of the referenced table at its start
 * @param[out] relations  array of cascade_graph_table_count() numbers, given by the caller; filled from `to` to `from`
 * @param[out] count  receives the chain's length; 0 when `from` is `to`
 * @param[out] error  receives the failure; may be NULL
 * @return CASCADE_OK; CASCADE_NOT_FOUND when there is none; CASCADE_INVALID; CASCADE_NOMEM
 * @note Touches no database; takes a time that grows with tables and relations together. Any thread.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_graph_path(const cascade_graph *graph, uint32_t from, uint32_t to, uint32_t *relations,
                                              uint32_t *count, cascade_error **error);

/**
 * @brief Takes another reference.
 * @param graph  a graph, or NULL
 * @return the same pointer; each reference is given up with cascade_graph_free()
 * @note Any thread.
 * @since 0.1
 */
CASCADE_API cascade_graph *cascade_graph_ref(cascade_graph *graph);

/**
 * @brief Gives a reference up.
 * @param graph  a graph, or NULL
 * @note Any thread.
 * @since 0.1
 */
CASCADE_API void cascade_graph_free(cascade_graph *graph);

#ifdef __cplusplus
}
#endif
#endif

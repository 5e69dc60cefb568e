/**
 * @file policy.h
 * @brief What happens to referencing rows: a rule for every relation, from the database's actions and from the host.
 *
 * Without a word from the host, a relation's rule follows from the database: CASCADE, SET NULL and SET DEFAULT mean the
 * same, RESTRICT and NO ACTION mean CASCADE_RULE_RESTRICT. The host may override relations, declare relations that the
 * database lacks, and exclude tables, from code or from a JSON document:
 *
 *     {"relations": [
 *        {"table": "loan", "columns": ["borrower_id"], "rule": "PROTECT"},
 *        {"table": "note", "columns": ["object_id"], "ref_table": "agent", "ref_columns": ["id"],
 *         "where": "object_type = 'agent'", "rule": "CASCADE"},
 *        {"table": "task", "columns": ["owner_id"], "rule": "SET_VALUE", "values": [1]}],
 *      "exclude": ["audit_log"]}
 *
 * @code{.c}
 * static cascade_policy *protect_loans(cascade_graph *graph) {
 *   const char *columns[] = {"borrower_id"};
 *   cascade_policy_entry entry = {.size = sizeof entry, .table = "loan", .columns = columns, .column_count = 1,
 *                                 .rule = CASCADE_RULE_PROTECT};
 *   const cascade_policy_entry *entries[] = {&entry};
 *   cascade_policy_options options = {.size = sizeof options, .entries = entries, .entry_count = 1};
 *   cascade_policy *policy = NULL;
 *   cascade_error *error = NULL;
 *   if (cascade_policy_new(graph, &options, &policy, &error) < 0) cascade_error_free(error);
 *   return policy;
 * }
 * @endcode
 */
#ifndef CASCADE_POLICY_H
#define CASCADE_POLICY_H

#include <cascade/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief What the library does with rows that refer to a row that is to be deleted. */
enum cascade_rule {
  CASCADE_RULE_DEFAULT = 0,     /**< As an input: what follows from the database's action. Never an output. */
  CASCADE_RULE_CASCADE = 1,     /**< They are deleted too. */
  CASCADE_RULE_PROTECT = 2,     /**< They block, even those that would be deleted by another path. */
  CASCADE_RULE_RESTRICT = 3,    /**< They block, unless they are deleted by another path. */
  CASCADE_RULE_SET_NULL = 4,    /**< Their referencing columns become NULL. */
  CASCADE_RULE_SET_DEFAULT = 5, /**< Their referencing columns get their defaults. */
  CASCADE_RULE_SET_VALUE = 6,   /**< Their referencing columns get given values. */
  CASCADE_RULE_IGNORE = 7,      /**< They are left alone; they block where the database would reject the delete or
                                     act on them itself. */
  CASCADE_RULE_DETACH = 8       /**< cascade_detach() sets their referencing columns to NULL and leaves the rows to a worker of the
                                     queue; every other request deletes them too. */
};

/**
 * @brief An override or a declared relation. Everything is copied.
 *
 * An entry that matches a relation of the database overrides it. One that matches none declares a relation, for which
 * `ref_table` must be given; without `ref_columns` it refers to that table's primary key.
 * On MariaDB a text cannot refer to a number: the engine takes `5abc` for 5.
 */
typedef struct cascade_policy_entry {
  size_t size;                    /**< `sizeof(cascade_policy_entry)`. */
  const char *table;              /**< Referencing table. */
  const char *const *columns;     /**< Referencing columns. */
  uint32_t column_count;          /**< How many, at least 1. */
  uint32_t ref_column_count;      /**< 0 or `column_count`. */
  const char *ref_table;          /**< Referenced table; NULL for an override that needs no more to be unambiguous. */
  const char *const *ref_columns; /**< Referenced columns, or NULL. */
  int32_t rule;                   /**< One of ::cascade_rule. */
  uint32_t value_count;           /**< `column_count` with CASCADE_RULE_SET_VALUE, else 0. */
  const cascade_value *values;    /**< Values of CASCADE_RULE_SET_VALUE. */
  const char *where;              /**< SQL condition on the referencing table: only rows that meet it take part; NULL for
                                       all. Only for declared relations. Trusted: it goes into statements as it is. */
} cascade_policy_entry;

/** @brief Options of cascade_policy_new(). */
typedef struct cascade_policy_options {
  size_t size;                                /**< `sizeof(cascade_policy_options)`. */
  const cascade_policy_entry *const *entries; /**< Overrides and declared relations. */
  uint32_t entry_count;                       /**< How many. */
  uint32_t exclude_count;                     /**< How many excluded tables. */
  const char *const *exclude;                 /**< Tables whose rows are never touched, not even selected: all their relations get
                                                   CASCADE_RULE_IGNORE. */
} cascade_policy_options;

/**
 * @brief Makes a policy.
 * @param graph  the policy holds a reference to it
 * @param options  NULL for the database's own actions
 * @param[out] policy  receives the policy, owned by the caller
 * @param[out] error  receives the failure, which names the entry; may be NULL
 * @return CASCADE_OK; CASCADE_NOT_FOUND for an unknown table, column or relation; CASCADE_POLICY for an ambiguous, doubled or
 *         contradictory entry; CASCADE_OPTIONS; CASCADE_INVALID; CASCADE_NOMEM
 * @note Touches no database. A policy is immutable; any number of threads may use it.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_policy_new(cascade_graph *graph, const cascade_policy_options *options, cascade_policy **policy,
                                              cascade_error **error);

/**
 * @brief Makes a policy from a JSON document.
 *
 * The document is an object with `relations` and `exclude`, or the array of relations alone. A relation has `table`,
 * `columns` (or `column`), `rule` (also accepted under the names `action` and `on_delete`, and in SQL's and Django's spelling:
 * "SET NULL", "NO ACTION", "DO_NOTHING"), and as needed `ref_table`, `ref_columns` (or `ref_column`), `where`, `values`. A
 * `name` is allowed and ignored. Any other key is an error.
 *
 * @param graph  the policy holds a reference to it
 * @param json  UTF-8 text; not NULL
 * @param length  its bytes
 * @param[out] policy  receives the policy, owned by the caller
 * @param[out] error  receives the failure, with the line or the entry and what was probably meant; may be NULL
 * @return as cascade_policy_new(), and CASCADE_FORMAT for a text that is not such a document
 * @note Touches no database. A policy is immutable; any number of threads may use it.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_policy_load(cascade_graph *graph, const char *json, uint64_t length, cascade_policy **policy,
                                               cascade_error **error);

/**
 * @brief Number of relations that the policy knows: the graph's, in the same order, then the declared ones.
 * @param policy  a policy
 * @return the number; 0 for NULL
 * @note Touches no database, reads memory only. Any thread.
 * @since 0.1
 */
CASCADE_API uint32_t cascade_policy_relation_count(const cascade_policy *policy);

/**
 * @brief Describes a relation with the rule that holds for it.
 * @param policy  a policy
 * @param relation  its number
 * @param[out] info  `size` set by the caller; the rest is filled as far as that reaches
 * @return CASCADE_OK; CASCADE_INVALID for a number or size out of range
 * @note Touches no database, reads memory only. Any thread.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_policy_relation(const cascade_policy *policy, uint32_t relation, cascade_relation_info *info);

/**
 * @brief The graph that the policy is about.
 * @param policy  a policy
 * @return the graph, borrowed
 * @note Touches no database, reads memory only. Any thread.
 * @since 0.1
 */
CASCADE_API cascade_graph *cascade_policy_graph(const cascade_policy *policy);

/**
 * @brief Name of a rule, such as "SET_NULL".
 * @param rule  one of ::cascade_rule
 * @return the name, static; "?" for another number
 * @note Touches no database. Any thread.
 * @since 0.1
 */
CASCADE_API const char *cascade_rule_name(int32_t rule);

/**
 * @brief Takes another reference.
 * @param policy  a policy, or NULL
 * @return the same pointer; each reference is given up with cascade_policy_free()
 * @note Any thread.
 * @since 0.1
 */
CASCADE_API cascade_policy *cascade_policy_ref(cascade_policy *policy);

/**
 * @brief Gives a reference up.
 * @param policy  a policy, or NULL
 * @note Any thread.
 * @since 0.1
 */
CASCADE_API void cascade_policy_free(cascade_policy *policy);

#ifdef __cplusplus
}
#endif
#endif

/**
 * @file plan.h
 * @brief What a purge would do, step by step, before a row is touched.
 *
 * @code{.c}
 * static void explain(cascade_connection *connection, cascade_policy *policy, cascade_selection *selection) {
 *   cascade_plan *plan = NULL;
 *   cascade_error *error = NULL;
 *   char *words = NULL;
 *   if (cascade_plan_new(connection, policy, selection, NULL, &plan, &error) >= 0 &&
 *       cascade_plan_text(plan, &words, &error) >= 0)
 *     fputs(words, stdout);
 *   if (error) fprintf(stderr, "%s\n", cascade_error_message(error));
 *   cascade_error_free(error);
 *   cascade_text_free(words);
 *   cascade_plan_free(plan);
 * }
 * @endcode
 */
#ifndef CASCADE_PLAN_H
#define CASCADE_PLAN_H

#include <cascade/policy.h>
#include <cascade/selection.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief What a step of a plan does. */
enum cascade_step_kind {
  CASCADE_STEP_DELETE = 1, /**< Deletes rows of `table`. */
  CASCADE_STEP_UPDATE = 2, /**< Rewrites the referencing columns of `relation` in rows that stay. */
  CASCADE_STEP_CHECK = 3   /**< Looks for rows that block through `relation`. */
};

/** @brief Warnings about a step. Bits of `warnings` in ::cascade_step_info. */
enum cascade_step_warning {
  CASCADE_WARN_NO_INDEX = 1,     /**< No index supports the relation: each batch scans `table`. */
  CASCADE_WARN_TRIGGERS = 2,     /**< User triggers of `table` will fire. */
  CASCADE_WARN_CYCLE = 4,        /**< The table is in a cycle of relations. */
  CASCADE_WARN_NOT_NULL = 8,     /**< The rule would put NULL where none may be: rows it meets block. */
  CASCADE_WARN_REWRITES_KEY = 16 /**< The rule rewrites columns that other rows refer to or that must be unique. */
};

/** @brief A step of a plan. All pointers are borrowed from the plan. */
typedef struct cascade_step_info {
  size_t size;       /**< `sizeof(cascade_step_info)`, set by the caller. */
  int32_t kind;      /**< One of ::cascade_step_kind. */
  uint32_t table;    /**< Table whose rows it concerns. */
  int32_t relation;  /**< Relation in the policy by which they are found; -1 for the selected rows and for rows that
                          several relations reach. */
  int32_t rule;      /**< Rule of that relation; CASCADE_RULE_DEFAULT where there is none. */
  uint64_t rows;     /**< Rows concerned; for a check, rows that block. */
  int32_t accuracy;  /**< One of ::cascade_accuracy. */
  uint32_t warnings; /**< ::cascade_step_warning bits. */
  const char *index; /**< Index that finds the rows, or "". */
  const char *sql;   /**< Statement of one batch; each placeholder stands for the batch's keys, or for a value. */
  const char *way;   /**< Whether the rows are left to the database's own action or written by statements of the library, and
                          why. */
} cascade_step_info;

/** @brief A plan as a whole. All pointers are borrowed from the plan. */
typedef struct cascade_plan_info {
  size_t size;             /**< `sizeof(cascade_plan_info)`, set by the caller. */
  uint32_t step_count;     /**< Number of steps, in the order in which a batch executes them. */
  uint32_t table;          /**< Table of the selection. */
  uint64_t roots;          /**< Selected rows that exist. */
  uint64_t deleted;        /**< Rows to be deleted in all tables, the selected ones included. */
  uint64_t updated;        /**< Rows to be rewritten. */
  uint64_t blocking;       /**< Rows that stand in the way. */
  int32_t accuracy;        /**< One of ::cascade_accuracy, for these numbers together. */
  int32_t blocked;         /**< 1 when rows stand in the way: a purge would refuse. */
  const char *fingerprint; /**< Identifies what was approved; see cascade_purge_options. */
} cascade_plan_info;

/** @brief Options of cascade_plan_new(). */
typedef struct cascade_plan_options {
  size_t size;       /**< `sizeof(cascade_plan_options)`. */
  uint64_t max_rows; /**< Rows to look at before counting stops; 0 means 200,000. Memory is about 16 bytes for each. */
} cascade_plan_options;

/**
 * @brief Makes a plan. Reads only: the closure of the selected rows is walked level by level, each row counted once.
 *
 * All reads happen in one read transaction, so that the numbers fit together; it is ended before the call returns.
 *
 * @param connection  a session; in a transaction of the host the plan reads what that sees, between savepoints
 * @param policy  rules; its graph must be the selection's
 * @param selection  rows to start from
 * @param options  NULL for the defaults
 * @param[out] plan  receives the plan, owned by the caller
 * @param[out] error  receives the failure; may be NULL
 * @return CASCADE_OK, also for a selection that is blocked or empty; CASCADE_NO_KEY; CASCADE_INVALID when policy and selection
 *         are of different graphs; CASCADE_UNSUPPORTED when these are of another engine than the connection; CASCADE_POLICY for a
 *         table that the policy excludes; CASCADE_OPTIONS; CASCADE_CANCELLED; CASCADE_NOMEM; any database status
 * @note A plan is immutable; any number of threads may use it.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_plan_new(cascade_connection *connection, cascade_policy *policy, cascade_selection *selection,
                                            const cascade_plan_options *options, cascade_plan **plan, cascade_error **error);

/**
 * @brief Describes the plan as a whole.
 * @param plan  a plan
 * @param[out] info  `size` set by the caller; the rest is filled as far as that reaches
 * @return CASCADE_OK; CASCADE_INVALID
 * @note Touches no database, reads memory only. Any thread.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_plan_describe(const cascade_plan *plan, cascade_plan_info *info);

/**
 * @brief Describes a step.
 * @param plan  a plan
 * @param step  its number, from 0
 * @param[out] info  `size` set by the caller; the rest is filled as far as that reaches
 * @return CASCADE_OK; CASCADE_INVALID for a number or size out of range
 * @note Touches no database, reads memory only. Any thread.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_plan_step(const cascade_plan *plan, uint32_t step, cascade_step_info *info);

/**
 * @brief The plan in words, for a terminal of 100 columns.
 * @param plan  a plan
 * @param[out] text  receives NUL-terminated text, to be freed with cascade_text_free()
 * @param[out] error  receives the failure; may be NULL
 * @return CASCADE_OK; CASCADE_INVALID; CASCADE_NOMEM
 * @note Touches no database. Any thread.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_plan_text(const cascade_plan *plan, char **text, cascade_error **error);

/**
 * @brief The plan as one JSON object.
 * @param plan  a plan
 * @param[out] text  receives NUL-terminated text, to be freed with cascade_text_free()
 * @param[out] error  receives the failure; may be NULL
 * @return CASCADE_OK; CASCADE_INVALID; CASCADE_UNSUPPORTED for names that are not UTF-8, which JSON cannot carry; CASCADE_NOMEM
 * @note Touches no database. Any thread.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_plan_json(const cascade_plan *plan, char **text, cascade_error **error);

/**
 * @brief The statements of one batch, in order, with comments: for reading, not for running.
 * @param plan  a plan
 * @param[out] text  receives NUL-terminated text, to be freed with cascade_text_free()
 * @param[out] error  receives the failure; may be NULL
 * @return CASCADE_OK; CASCADE_INVALID; CASCADE_NOMEM
 * @note Touches no database. Any thread.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_plan_sql(const cascade_plan *plan, char **text, cascade_error **error);

/**
 * @brief Gives the caller's reference up.
 * @param plan  a plan, or NULL
 * @note Any thread.
 * @since 0.1
 */
CASCADE_API void cascade_plan_free(cascade_plan *plan);

#ifdef __cplusplus
}
#endif
#endif

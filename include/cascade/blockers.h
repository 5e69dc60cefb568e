/**
 * @file blockers.h
 * @brief Who refers to the rows that are to be deleted: relation by relation, page by page, nothing changed.
 *
 * @code{.c}
 * static void first_pages(cascade_connection *connection, cascade_policy *policy, cascade_selection *selection) {
 *   cascade_blockers_options options = {.size = sizeof options, .limit = 10};
 *   cascade_blockers *cursor = NULL;
 *   const cascade_blockers_page *page = NULL;
 *   if (cascade_blockers_open(connection, policy, selection, &options, &cursor, NULL) < 0) return;
 *   while (cascade_blockers_next(cursor, &page, NULL) == CASCADE_OK) {
 *     cascade_relation_info relation = {.size = sizeof relation};
 *     cascade_policy_relation(policy, page->relation, &relation);
 *     printf("%s: %s%llu rows\n", relation.label, page->complete ? "" : "first ", (unsigned long long)page->keys->count);
 *   }
 *   cascade_blockers_free(cursor);
 * }
 * @endcode
 */
#ifndef CASCADE_BLOCKERS_H
#define CASCADE_BLOCKERS_H

#include <cascade/policy.h>
#include <cascade/selection.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief What referencing rows mean for the delete. */
enum cascade_blocker_kind {
  CASCADE_BLOCKING = 1,  /**< They stand in the way. */
  CASCADE_CASCADING = 2, /**< They would be deleted too; what refers to them is one level down. */
  CASCADE_UPDATING = 3,  /**< Their referencing columns would be rewritten. */
  CASCADE_LEFT_ALONE = 4 /**< They would be left as they are. */
};

/** @brief One relation to look at, from where on. */
typedef struct cascade_blockers_request {
  size_t size;                /**< `sizeof(cascade_blockers_request)`. */
  uint32_t relation;          /**< Number of the relation in the policy. */
  uint32_t limit;             /**< Keys of a page; 0 for the cursor's `limit`. */
  const cascade_value *after; /**< Anchor of an earlier page of this relation: continue behind it. NULL starts at the first. */
  uint32_t after_count;       /**< Cells of the anchor. */
  uint32_t reserved;          /**< Zero. */
} cascade_blockers_request;

/** @brief Options of cascade_blockers_open(). */
typedef struct cascade_blockers_options {
  size_t size;       /**< `sizeof(cascade_blockers_options)`. */
  uint32_t limit;    /**< Keys of a page; 0 means 20. */
  uint32_t rounds;   /**< Pages of each relation; 0 means 1. After the first pages of all relations come the second, and so
                          on, until all are complete or so many were given. */
  uint32_t depth;    /**< Levels to look at: 0 and 1 mean the rows that refer to the selection; 2 also what refers to those
                          of them that cascade, and so on. */
  uint32_t request_count;                          /**< How many requests; 0 for all relations. */
  const cascade_blockers_request *const *requests; /**< Relations of the first level to look at. */
  uint64_t max_rows; /**< Cascading rows followed to deeper levels, in all; 0 means 100,000. */
} cascade_blockers_options;

/** @brief One page of one relation. Borrowed from the cursor until its next call. */
typedef struct cascade_blockers_page {
  size_t size;                   /**< `sizeof(cascade_blockers_page)` of the library. */
  uint32_t relation;             /**< Number of the relation in the policy. */
  int32_t kind;                  /**< One of ::cascade_blocker_kind. */
  const cascade_keys *keys;      /**< Primary keys of the referencing rows, in the order of the anchor; at least one. The rowid
                                      where the table has no primary key. */
  const cascade_value *anchor;   /**< Where the page ends: to be given as `after`. */
  uint32_t anchor_count;         /**< Cells of the anchor. */
  int32_t complete;              /**< 1 when no row of this relation comes after this page. */
  uint32_t depth;                /**< Level, from 1. */
  uint32_t path_length;          /**< `depth - 1`. */
  const uint32_t *path;          /**< Cascading relations that lead from the selection to the rows referred to. */
} cascade_blockers_page;

/**
 * @brief Opens a cursor. Relations come in the order: blocking, cascading, updating, left alone; each by its label.
 *
 * Reads only, without a transaction of its own: each page is one query. Rows that live through the paging appear exactly
 * once in their relation. Rows of the selection, and rows that were followed already, are left out where they refer to each other,
 * except under CASCADE_RULE_PROTECT, by which every row blocks.
 *
 * @param connection  a session; the cursor holds a reference
 * @param policy  rules; its graph must be the selection's
 * @param selection  the rows that are to be deleted
 * @param options  NULL for the defaults
 * @param[out] blockers  receives the cursor, owned by the caller
 * @param[out] error  receives the failure; may be NULL
 * @return CASCADE_OK; CASCADE_NOT_FOUND when a request's relation does not refer to the selection's table, or when keys were
 *         given and none of them has a row; CASCADE_INVALID; CASCADE_NO_KEY; CASCADE_OPTIONS; CASCADE_NOMEM; any database status
 * @since 0.1
 */
CASCADE_API cascade_status cascade_blockers_open(cascade_connection *connection, cascade_policy *policy,
                                                 cascade_selection *selection, const cascade_blockers_options *options,
                                                 cascade_blockers **blockers, cascade_error **error);

/**
 * @brief Gives the next page. Relations without rows are left out; their absence means that they are complete.
 * @param blockers  a cursor
 * @param[out] page  receives the page, borrowed until the next call
 * @param[out] error  receives the failure; may be NULL
 * @return CASCADE_OK; CASCADE_DONE when there is no more, again and again; CASCADE_CANCELLED; CASCADE_NOMEM; any database
 *         status. After a failure the cursor gives that failure's status again
 * @note Memory is one page, and with `depth` over 1 the keys of the rows that are followed.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_blockers_next(cascade_blockers *blockers, const cascade_blockers_page **page,
                                                 cascade_error **error);

/**
 * @brief Whether looking deeper had to stop at `max_rows`, so that deeper levels are not complete.
 * @param blockers  a cursor that has given CASCADE_DONE
 * @return 1 or 0
 * @since 0.1
 */
CASCADE_API int32_t cascade_blockers_truncated(const cascade_blockers *blockers);

/**
 * @brief Closes a cursor.
 * @param blockers  a cursor, or NULL
 * @since 0.1
 */
CASCADE_API void cascade_blockers_free(cascade_blockers *blockers);

#ifdef __cplusplus
}
#endif
#endif

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

/** @brief How many rows a relation has, beyond its page. */
enum cascade_count_mode {
  CASCADE_COUNT_NONE = 0,      /**< Not counted. */
  CASCADE_COUNT_CAPPED = 1,    /**< Counted up to `count_cap`. */
  CASCADE_COUNT_ESTIMATED = 2, /**< The same; beyond it, what the database's statistics say, where it has any for these rows. */
  CASCADE_COUNT_EXACT = 3      /**< Counted to the last. */
};

/** @brief What a token is for. */
enum cascade_token_kind {
  CASCADE_TOKEN_REST = 0,     /**< What the cursor has not given yet of the level and path at hand, and all levels and paths behind
                                   it. Relations of earlier ones that had more pages than `rounds` go on by their own tokens. */
  CASCADE_TOKEN_NEXT = 1,     /**< What comes behind the last page, of its relation alone. */
  CASCADE_TOKEN_PREVIOUS = 2, /**< What comes before the last page, of its relation alone. */
  CASCADE_TOKEN_DOWN = 3      /**< What refers to the rows of the last page, which cascade. */
};

/** @brief Why a cursor gave less than there is; bits. */
enum cascade_blockers_cut {
  CASCADE_CUT_DEPTH = 1,    /**< Rows cascade at the last level that was looked at: there may be more below. */
  CASCADE_CUT_FOLLOWED = 2, /**< More cascading rows than `max_rows`: deeper levels are not complete. */
  CASCADE_CUT_ROWS = 4,     /**< `budget_rows` were given. */
  CASCADE_CUT_TIME = 8      /**< `budget_ms` were over. */
};

/** @brief One relation to look at, from where on. */
typedef struct cascade_blockers_request {
  size_t size;                 /**< `sizeof(cascade_blockers_request)`. */
  uint32_t relation;           /**< Number of the relation in the policy. */
  int32_t limit;               /**< Keys of a page, from 1; 0 for the cursor's `limit`. */
  const cascade_value *anchor; /**< `first` or `last` of an earlier page of this relation, from which to go on. NULL starts at the
                                    first row; going backward, at the last. Both only where no more than 1,000 rows are selected. */
  uint32_t anchor_count;       /**< Cells of the anchor. */
  int32_t backward;            /**< 1 for the rows before the anchor. */
  uint64_t offset;             /**< Rows to pass over first. They are read: an anchor is better. */
} cascade_blockers_request;

/** @brief Options of cascade_blockers_open(). */
typedef struct cascade_blockers_options {
  size_t size;            /**< `sizeof(cascade_blockers_options)`. */
  int32_t limit;          /**< Keys of a page, from 1; 0 means 20. */
  uint32_t rounds;        /**< Pages of each relation; 0 means 1. After the first pages of all relations come the second, and so
                               on, until all are complete or so many were given. */
  uint32_t depth;         /**< Levels to look at: 0 and 1 mean the rows that refer to the selection; 2 also what refers to those
                               of them that cascade, and so on. */
  uint32_t request_count; /**< How many requests; 0 for all relations. */
  const cascade_blockers_request *const *requests; /**< Relations of the first level to look at. */
  uint64_t max_rows;       /**< Cascading rows followed to deeper levels, in all, and rows that may be selected; 0 means 100,000. */
  uint64_t budget_rows;    /**< Keys to give, in all; 0 for no bound. The last page may be cut short. */
  uint32_t budget_ms;      /**< Time that the database may take, in all, in milliseconds; 0 for no bound. PostgreSQL and MariaDB are
                                held to it by a limit on each statement; elsewhere it is looked at between statements. */
  int32_t behind;          /**< 1: pages of join tables name the records behind their rows. */
  int32_t count;           /**< One of ::cascade_count_mode. */
  uint32_t count_cap;      /**< Rows to count to with CASCADE_COUNT_CAPPED and CASCADE_COUNT_ESTIMATED; 0 means 1,000. */
  const void *token_key;   /**< Secret under which tokens are made and accepted, copied; NULL when there are to be none. */
  size_t token_key_length; /**< Its bytes, from 16 to 64. */
  const char *token;       /**< Where to go on, in place of `requests`; needs the `token_key`. The other options are those of the
                                cursor that made it, or others. NULL starts anew. */
  uint32_t token_max_age_s; /**< Tokens older than this, by the clocks of the hosts, are refused; 0 for any age. */
  uint32_t reserved;        /**< Zero. */
} cascade_blockers_options;

/** @brief One page of one relation. Borrowed from the cursor until its next call. */
typedef struct cascade_blockers_page {
  size_t size;                   /**< `sizeof(cascade_blockers_page)` of the library. */
  uint32_t relation;             /**< Number of the relation in the policy. */
  int32_t kind;                  /**< One of ::cascade_blocker_kind. */
  const cascade_keys *keys;      /**< Primary keys of the referencing rows, ascending in the order of the anchors. The rowid
                                      where the table has no primary key. Empty only when `partial`. */
  const cascade_value *first;    /**< Anchor of the first row; NULL when there is none. */
  const cascade_value *last;     /**< Anchor of the last row; NULL when there is none. */
  uint32_t anchor_count;         /**< Cells of an anchor. */
  int32_t complete;              /**< 1 when no row of this relation comes after this page; going backward, before it. */
  int32_t partial;               /**< 1 when a budget ended the page, before it was full. */
  uint32_t depth;                /**< Level, from 1. */
  uint32_t path_length;          /**< `depth - 1`. */
  int32_t count_accuracy;        /**< One of ::cascade_accuracy, of `count`. */
  const uint32_t *path;          /**< Cascading relations that lead from the selection to the rows referred to. */
  const cascade_keys *path_keys; /**< For each of them: the primary keys of the rows that lead to the rows of the page, one for each
                                      of `keys`, as cells; NULL where a row has gone meanwhile. */
  const cascade_keys *behind;    /**< With option `behind`, for a join table: the keys of the records to which its rows refer
                                      besides, one for each of `keys`, as cells, which may be NULL; else NULL. */
  uint32_t behind_relation;      /**< Number of the relation that leads there; only with `behind`. */
  uint32_t reserved;             /**< Zero. */
  uint64_t count;                /**< Rows of the relation at this level, from its first; 0 when they were not counted. */
} cascade_blockers_page;

/** @brief How many references were counted, of the relations whose pages were given. */
typedef struct cascade_blockers_total {
  size_t size;         /**< `sizeof(cascade_blockers_total)`. */
  uint64_t relations;  /**< Relations that have rows. */
  uint64_t references; /**< Their rows; one that refers twice counts twice. */
  int32_t accuracy;    /**< One of ::cascade_accuracy. */
  int32_t reserved;    /**< Zero. */
} cascade_blockers_total;

/** @brief Shapes of cascade_blockers_json(). */
enum cascade_blockers_profile {
  CASCADE_PROFILE_NATIVE = 1, /**< All that a cursor tells. */
  CASCADE_PROFILE_SPECIFY = 2 /**< `{"results": [], "next": []}`, as Specify 7 has it. */
};

/** @brief Answers of cascade_blockers_probe(). */
enum cascade_probe_answer {
  CASCADE_PROBE_DELETABLE = 1, /**< Nothing stands in the way. */
  CASCADE_PROBE_BLOCKED = 2,   /**< Some row does. */
  CASCADE_PROBE_UNKNOWN = 3    /**< The bound was reached before either was certain. */
};

/**
 * @brief Opens a cursor. Relations come in the order: blocking, cascading, updating, left alone; each by its label.
 *
 * Reads only, many relations with one statement; PostgreSQL is asked inside a read-only transaction that ends with the call, or
 * inside a savepoint of the host's own. A standby and a transaction that is read-only will do. Rows that live through the paging
 * appear exactly once in their relation. Rows of the selection, and rows that were followed already, are left out where they refer
 * to each other, except under CASCADE_RULE_PROTECT, by which every row blocks.
 *
 * @param connection  a session; the cursor holds a reference
 * @param policy  rules; its graph must be the selection's
 * @param selection  the rows that are to be deleted
 * @param options  NULL for the defaults
 * @param[out] blockers  receives the cursor, owned by the caller
 * @param[out] error  receives the failure; may be NULL
 * @return CASCADE_OK; CASCADE_NOT_FOUND when a request's relation does not refer to the selection's table, or when keys were
 *         given and none of them has a row; CASCADE_INVALID when a limit is negative, an anchor does not fit or a token_key is too
 *         short; CASCADE_TOKEN_FORGED, CASCADE_TOKEN_FOREIGN, CASCADE_TOKEN_STALE or CASCADE_TOKEN_EXPIRED; CASCADE_UNSUPPORTED for
 *         anchors, and pages backward, where more than 1,000 rows are selected, and for a graph of another engine than the
 *         connection; CASCADE_MAX_ROWS when more rows are selected than max_rows; CASCADE_NO_KEY; CASCADE_OPTIONS; CASCADE_NOMEM;
 *         any database status
 * @note One thread at a time uses the cursor and its connection.
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
 * @note Memory is one page for each of the relations that were read together, 20,000 keys at most unless one page has more; and
 *       with `depth` over 1 the keys of the rows that are followed. On the thread that uses the cursor.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_blockers_next(cascade_blockers *blockers, const cascade_blockers_page **page,
                                                 cascade_error **error);

/**
 * @brief Makes a token: a text of the characters A-Z, a-z, 0-9, - and _, from which another process can go on.
 *
 * It holds positions, not rows, and a MAC under the `token_key`: who does not know the key can make none and change none. It is
 * bound to the selection, the schema and the policy.
 * @param blockers  a cursor with a `token_key`
 * @param kind  one of ::cascade_token_kind
 * @param[out] token  receives the text, borrowed until the next call; NULL with CASCADE_DONE
 * @param[out] error  receives the failure; may be NULL
 * @return CASCADE_OK; CASCADE_DONE when there is nothing to go on with; CASCADE_INVALID when there is no token_key, or no last page
 *         that the kind could be about, or an anchor does not fit its column; CASCADE_UNSUPPORTED for CASCADE_TOKEN_PREVIOUS below
 *         the first level or where more than a thousand rows are selected, and when the text would be longer than a million
 *         characters; CASCADE_NOMEM
 * @note Touches no database. On the thread that uses the cursor. The text is borrowed until the next call on the cursor.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_blockers_token(cascade_blockers *blockers, int32_t kind, const char **token,
                                                  cascade_error **error);

/**
 * @brief What ended the cursor before all was given: see ::cascade_blockers_cut.
 * @param blockers  a cursor that has given CASCADE_DONE
 * @return bits; 0 when nothing was left out
 * @note Touches no database. On the thread that uses the cursor at the time.
 * @since 0.1
 */
CASCADE_API int32_t cascade_blockers_cut(const cascade_blockers *blockers);

/**
 * @brief Counts of all relations of one kind, of which this cursor has given the first page.
 * @param blockers  a cursor that counts
 * @param kind  one of ::cascade_blocker_kind; 0 for all
 * @param[in,out] total  with its `size` set; receives the counts
 * @return CASCADE_OK; CASCADE_INVALID; CASCADE_OPTIONS
 * @note Touches no database. On the thread that uses the cursor.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_blockers_count(const cascade_blockers *blockers, int32_t kind, cascade_blockers_total *total);

/**
 * @brief Asks whether the selection can be deleted, without listing what stands in the way. Reads only.
 *
 * The relations into the selection are looked at first, all with one statement where they fit; only when some of them cascade are
 * the rows below read, as a delete would.
 * @param connection  a session
 * @param policy  rules; its graph must be the selection's
 * @param selection  the rows that are to be deleted
 * @param max_rows  rows to read at most before the answer is CASCADE_PROBE_UNKNOWN; 0 means 100,000
 * @param[out] answer  receives one of ::cascade_probe_answer
 * @param[out] relation  receives the number of a blocking relation with CASCADE_PROBE_BLOCKED, else UINT32_MAX; may be NULL
 * @param[out] error  receives the failure; may be NULL
 * @return CASCADE_OK; CASCADE_NOT_FOUND when keys were given and none has a row; CASCADE_INVALID; CASCADE_NO_KEY; CASCADE_POLICY;
 *         CASCADE_NOMEM; any database status
 * @note No transaction is left open and no row is locked. On the thread that uses the connection.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_blockers_probe(cascade_connection *connection, cascade_policy *policy,
                                                  cascade_selection *selection, uint64_t max_rows, int32_t *answer,
                                                  uint32_t *relation, cascade_error **error);

/**
 * @brief Reads a cursor from its beginning to its end, into one JSON document. Reads only, as cascade_blockers_open() does.
 *
 * CASCADE_PROFILE_NATIVE has a page for each that the cursor gives, with tokens when there is a `token_key`, and counts when the
 * options count. CASCADE_PROFILE_SPECIFY has one entry for each relation, with the keys of all its pages: blocking relations in
 * `results`, cascading ones in `next`, the others nowhere. Its `offset` is that of the relation's request; its `limit` that of all
 * rounds together, and 0 when `rounds` is UINT32_MAX: all rows. It has one level and no place for what a cursor could leave out or
 * tell besides: `depth` over 1, `token`, `budget_rows`, `budget_ms`, `behind` and `count` are refused.
 *
 * Both are explained in @ref blockers_json; a JSON Schema of each is installed with the library.
 *
 * @param connection  a session
 * @param policy  rules; its graph must be the selection's
 * @param selection  the rows that are to be deleted
 * @param options  NULL for the defaults
 * @param profile  one of ::cascade_blockers_profile
 * @param[out] text  receives NUL-terminated UTF-8 text, to be freed with cascade_text_free(); NULL on failure
 * @param[out] error  receives the failure; may be NULL
 * @return CASCADE_OK; CASCADE_INVALID for another profile, for options that the profile refuses, for two requests of one relation
 *         in CASCADE_PROFILE_SPECIFY, or when a name is not UTF-8, which JSON cannot carry; else as cascade_blockers_open() and
 *         cascade_blockers_next()
 * @note The whole text is in memory, and a page besides. The session must not be in use by another thread.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_blockers_json(cascade_connection *connection, cascade_policy *policy,
                                                 cascade_selection *selection, const cascade_blockers_options *options,
                                                 int32_t profile, char **text, cascade_error **error);

/**
 * @brief Closes a cursor.
 * @param blockers  a cursor, or NULL
 * @note On the thread that uses the cursor.
 * @since 0.1
 */
CASCADE_API void cascade_blockers_free(cascade_blockers *blockers);

#ifdef __cplusplus
}
#endif
#endif

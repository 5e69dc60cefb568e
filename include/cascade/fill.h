/**
 * @file fill.h
 * @brief Back-fill: rows of a table made from what other tables say, range by range, to be stopped and taken up again at any time.
 *
 * A fill inserts the rows that its sources give and that the target does not have yet, by a key of the target: pairs of an
 * association table, say, from direct members and from members of groups. Only rows that are there already are skipped; whatever
 * else the database has against a row ends the fill, and the error names the row. A second pass inserts nothing.
 *
 * @code{.c}
 * static cascade_status authorize(cascade_connection *connection, cascade_graph *graph, cascade_error **error) {
 *   static const char *const columns[] = {"product_id", "user_id"};
 *   cascade_fill_target target = {.size = sizeof target, .table = "product_user", .columns = columns, .key = columns,
 *                                 .column_count = 2, .key_count = 2};
 *   cascade_fill *fill = NULL;
 *   const cascade_fill_range *range = NULL;
 *   cascade_status status = cascade_fill_new(connection, graph, &target, NULL, &fill, error);
 *   if (status >= 0) status = cascade_fill_select(fill, "SELECT product_id, user_id FROM product_member", NULL, 0, error);
 *   if (status >= 0)
 *     status = cascade_fill_select(fill, "SELECT g.product_id, m.user_id FROM product_group g "
 *                                        "JOIN group_member m ON m.group_id = g.group_id", NULL, 0, error);
 *   while (status >= 0 && (status = cascade_fill_next(fill, &range, error)) == CASCADE_OK)
 *     printf("%llu rows new\n", (unsigned long long)range->total_inserted);
 *   cascade_fill_free(fill);
 *   return status;
 * }
 * @endcode
 */
#ifndef CASCADE_FILL_H
#define CASCADE_FILL_H

#include <cascade/graph.h>
#include <cascade/throttle.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief A back-fill that is under way. */
typedef struct cascade_fill cascade_fill;

/** @brief What a fill does to the target. */
enum cascade_fill_mode {
  CASCADE_FILL_INSERT = 0, /**< Inserts the rows whose key is missing; rows that are there stay as they are. */
  CASCADE_FILL_UPDATE = 1, /**< Sets the columns outside the key, of rows that are there and say otherwise; inserts nothing. */
  CASCADE_FILL_MERGE = 2   /**< Both. */
};

/** @brief Where the rows go. Everything is copied. */
typedef struct cascade_fill_target {
  size_t size;                /**< `sizeof(cascade_fill_target)`. */
  const char *table;          /**< Its name. */
  const char *const *columns; /**< Columns that the sources give, in their order. */
  const char *const *key;     /**< Of these, the key by which rows are the same: the columns of a unique index, or the primary key,
                                   in any order. */
  const char
      *range;            /**< Of the key, the column in whose ranges the work goes. NULL means the first. Where it leads an
                              index of every source, and of the target's key, a range costs what its rows cost. Integers are
                              counted, up to INT64_MAX; where they are spread evenly, they cost least. Of any other type, each range asks the
                              database first where it ends, by the order that the column itself has: the sources' columns
                              are best of its type and its collation, as no index serves them otherwise. */
  uint32_t column_count; /**< Number of columns. */
  uint32_t key_count;    /**< Number of key columns. */
} cascade_fill_target;

/** @brief Options of cascade_fill_new(). */
typedef struct cascade_fill_options {
  size_t size;                  /**< `sizeof(cascade_fill_options)`. */
  int32_t mode;                 /**< One of ::cascade_fill_mode. */
  uint32_t allow;               /**< CASCADE_ALLOW_UNENFORCED of ::cascade_allow: a session that does not enforce foreign keys. */
  int32_t dry_run;              /**< Not 0: counts what would be done, range by range, and changes nothing. */
  uint32_t batch_ms;            /**< Time that a transaction should take, in milliseconds; 0 means 600, on SQLite 400, as nobody
                                     else writes meanwhile. Ranges grow and shrink towards it, and are hardly ever half as long
                                     again; longer where each would mostly read sources without an index. */
  uint64_t max_tx_rows;         /**< Rows of a range at most; 0 means 1,000,000. Rows of one value of the range column stay
                                     together, however many. */
  uint32_t time_budget_ms;      /**< Stop after the range that ends past this time; 0 for no budget. */
  uint32_t reserved;            /**< Zero. */
  uint64_t row_budget;          /**< Stop after the range that reaches so many inserted and updated rows, those before a resume
                                     not counted; 0 for no budget. */
  const char *token;            /**< Of cascade_fill_token(): goes on where that fill was. NULL starts at the beginning. */
  const char *checkpoint_table; /**< Table in which each range's transaction leaves where the fill is, so that nothing is counted
                                     twice, even when the answer to a COMMIT is lost: `CREATE TABLE name (job VARCHAR(190)
                                     PRIMARY KEY, token VARCHAR(400) NOT NULL)`. A fill whose job is there goes on from it; one
                                     that has ended does nothing, until the row is deleted. The token holds three values of the
                                     range column: where these may be texts or bytes of more than 60, it is to be a TEXT. NULL for
                                     none; not together with `token`. */
  const char *job;              /**< Name of the fill in that table, 190 bytes at most; NULL without a table. */
  cascade_throttle *throttle;   /**< What makes it pause between its ranges, or NULL. The fill holds a reference. */
} cascade_fill_options;

/** @brief A committed range, and where the fill stands. Borrowed from the fill until its next call. */
typedef struct cascade_fill_range {
  size_t size;             /**< `sizeof(cascade_fill_range)` of the library. */
  uint64_t number;         /**< Its number, from 1; goes on after a resume. */
  int64_t after;           /**< Values of the range column greater than this ... */
  int64_t upto;            /**< ... and up to this, included. Of streamed rows: how many were taken before it, and with it. */
  uint64_t rows;           /**< Different rows that the sources gave. */
  uint64_t inserted;       /**< Of these, inserted. */
  uint64_t updated;        /**< Of these, already there and set to what the sources say. */
  uint64_t skipped;        /**< Of these, left as they were: there already, or, with CASCADE_FILL_UPDATE, not there. */
  uint64_t total_inserted; /**< Rows inserted so far, those before a resume included. */
  uint64_t total_updated;  /**< Rows updated so far. */
  uint64_t total_skipped;  /**< Rows skipped so far. */
  uint64_t nanoseconds;    /**< Length of its transaction. */
  uint32_t retries;        /**< Times that it was rolled back and tried again. */
  int32_t permille;        /**< Share of the way from the first to the last value of the range column that is done, 0 to 1000, as if
                                they were spread evenly; of texts and bytes, by those that they begin with, and not sure to grow; -1
                                when the rows are streamed. */
  const cascade_value *after_key; /**< Of a range column that is not one of integers, in place of `after`: NULL in the first range,
                                       which begins where the values do, and of streamed rows. */
  const cascade_value *upto_key;  /**< The same, in place of `upto`. */
} cascade_fill_range;

/** @brief What a fill did, those parts included that came before a resume. */
typedef struct cascade_fill_report {
  size_t size;         /**< `sizeof(cascade_fill_report)`, set by the caller. */
  int32_t finished;    /**< 1 when the end was reached: the last value of the range column that the sources had at the start. */
  int32_t permille;    /**< As in ::cascade_fill_range. */
  uint64_t ranges;     /**< Committed ranges. */
  uint64_t inserted;   /**< Rows inserted. */
  uint64_t updated;    /**< Rows updated. */
  uint64_t skipped;    /**< Rows skipped. */
  uint64_t retries;    /**< Ranges rolled back and tried again; of this object only. */
  uint64_t longest_ns; /**< Longest transaction, in nanoseconds; of this object only. */
} cascade_fill_report;

/**
 * @brief Gives rows of a stream.
 * @param user_data  as given to cascade_fill_stream()
 * @param wanted  rows at most
 * @param[out] cells  receives `rows` times `column_count` values, row after row, that live until the next call
 * @param[out] rows  receives how many; 0 means that there are no more
 * @return 0 to go on; anything else ends the fill with CASCADE_HOOK, its last range rolled back
 */
typedef int32_t (*cascade_fill_rows)(void *user_data, uint64_t wanted, const cascade_value **cells, uint64_t *rows);

/**
 * @brief Prepares a fill. Changes nothing; touches the database only to ask whether foreign keys are enforced.
 * @param connection  a session; the fill holds a reference. Inside a transaction of the host, each range is between
 *        savepoints, nothing is tried again, and the host commits
 * @param graph  the graph of its database; the fill holds a reference
 * @param target  where the rows go; not NULL
 * @param options  NULL for the defaults
 * @param[out] fill  receives the fill, owned by the caller
 * @param[out] error  receives the failure; may be NULL
 * @return CASCADE_OK; CASCADE_NOT_FOUND for an unknown table, column or checkpoint table; CASCADE_NO_KEY when there is no
 *         key, or no unique index of just its columns; CASCADE_UNENFORCED; CASCADE_ENGINE; CASCADE_UNSUPPORTED for a graph of
 *         another engine than the connection; CASCADE_INVALID for a view, a column named twice or computed, a range column that is
 *         not of the key, columns and a mode that do not fit, or a token that is damaged; CASCADE_OPTIONS;
 *         CASCADE_CANCELLED; CASCADE_NOMEM; any database status
 * @note One thread at a time uses a fill and its connection.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_fill_new(cascade_connection *connection, cascade_graph *graph, const cascade_fill_target *target,
                                            const cascade_fill_options *options, cascade_fill **fill, cascade_error **error);

/**
 * @brief Adds a source: a SELECT of which every range reads its part. Rows of several sources are merged.
 *
 * Of rows that differ only outside the key, the greatest value of each such column wins: a flag that any row sets is set.
 *
 * @param fill  a fill of which no range was done yet
 * @param select  one SELECT that gives the target's columns, in their order. Trusted: it goes into statements as it is, as a
 *        table of its own, so never put foreign values into it; write `?` and give them as parameters
 * @param parameters  values of its placeholders, copied; NULL without any
 * @param parameter_count  how many
 * @param[out] error  receives the failure; may be NULL
 * @return CASCADE_OK; CASCADE_INVALID when the text is not one SELECT (unbalanced quotes or brackets, a semicolon or a
 *         comment), the rows are streamed, or the range column is of a type that MariaDB sorts otherwise than it compares, or
 *         shows otherwise than it is (ENUM, SET, FLOAT, BIT); CASCADE_SCHEMA when its columns are not as many, the type of one
 *         is not the target's (SQLite, which knows types of values only: when a range meets the value), or the database does not
 *         understand it; CASCADE_NOMEM; any database status
 * @note On the thread that uses the fill.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_fill_select(cascade_fill *fill, const char *select, const cascade_value *parameters,
                                               uint32_t parameter_count, cascade_error **error);

/**
 * @brief Makes the host the source: its callback gives the rows. No other source can be added.
 *
 * Best in the order of the key. A resumed fill takes the rows that were done before, and drops them: the stream must give the
 * same rows in the same order.
 *
 * @param fill  a fill without a source
 * @param rows  called by cascade_fill_next(), on its thread, outside of any transaction
 * @param user_data  its first argument
 * @param[out] error  receives the failure; may be NULL
 * @return CASCADE_OK; CASCADE_INVALID, also when there is a source already
 * @note Touches no database. On the thread that uses the fill.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_fill_stream(cascade_fill *fill, cascade_fill_rows rows, void *user_data, cascade_error **error);

/**
 * @brief Does one range in one transaction and commits it.
 *
 * Rows are written in the order of the key. Transient failures roll the range back and are tried again, at most 8 times, with
 * growing pauses. On any failure the range is rolled back; earlier ranges stay. Where a row is at fault, it is looked for in
 * transactions that are rolled back, and the error names it.
 *
 * @param fill  a fill with a source
 * @param[out] range  receives the committed range, borrowed until the next call
 * @param[out] error  receives the failure; may be NULL
 * @return CASCADE_OK; CASCADE_DONE when nothing is left to do or a budget is used up, again and again; CASCADE_INVALID
 *         without a source, for a token or a checkpoint of another fill, or a checkpoint that is damaged; CASCADE_CONSTRAINT,
 *         CASCADE_CONSTRAINT_FK, CASCADE_SCHEMA or CASCADE_DATABASE with the row at fault in the message; CASCADE_CONTENDED when
 *         another run of the same job goes on meanwhile; CASCADE_HOOK; CASCADE_THROTTLED; CASCADE_CANCELLED; CASCADE_NOMEM; any
 *         database status. After a failure the fill gives that failure's status again
 * @note Memory does not grow with the number of rows, as they stay in the database; rows of a stream are held for one range. On
 *       the thread that uses the fill.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_fill_next(cascade_fill *fill, const cascade_fill_range **range, cascade_error **error);

/**
 * @brief Stops a fill: the running or next cascade_fill_next() rolls its range back and returns CASCADE_CANCELLED.
 * @param fill  a fill, or NULL
 * @note Any thread, and signal handlers, while the fill lives.
 * @since 0.1
 */
CASCADE_API void cascade_fill_cancel(cascade_fill *fill);

/**
 * @brief Says what was done so far.
 * @param fill  a fill
 * @param[out] report  `size` set by the caller; the rest is filled as far as that reaches
 * @return CASCADE_OK; CASCADE_INVALID
 * @note Touches no database. On the thread that uses the fill at the time.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_fill_describe(const cascade_fill *fill, cascade_fill_report *report);

/**
 * @brief Says where the fill stands, for another one of the same target and sources to go on from.
 *
 * The token may be ahead of a database that lost its last commits: then, a fill from the start puts that right.
 *
 * @param fill  a fill of which cascade_fill_next() was called
 * @param[out] token  receives opaque text of printable characters, to be freed with cascade_text_free()
 * @param[out] error  receives the failure; may be NULL
 * @return CASCADE_OK; CASCADE_INVALID when it was not; CASCADE_NOMEM
 * @note Touches no database. On the thread that uses the fill at the time.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_fill_token(const cascade_fill *fill, char **token, cascade_error **error);

/**
 * @brief Ends a fill, finished or not.
 * @param fill  a fill, or NULL
 * @note Commits nothing. On the thread that uses the fill.
 * @since 0.1
 */
CASCADE_API void cascade_fill_free(cascade_fill *fill);

#ifdef __cplusplus
}
#endif
#endif

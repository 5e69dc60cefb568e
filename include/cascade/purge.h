/**
 * @file purge.h
 * @brief The delete itself: set by set, in short transactions, to be stopped and taken up again at any time.
 *
 * @code{.c}
 * static void purge(cascade_connection *connection, cascade_policy *policy, cascade_selection *selection) {
 *   cascade_purge *purge = NULL;
 *   cascade_error *error = NULL;
 *   const cascade_batch_info *batch = NULL;
 *   cascade_status status = cascade_purge_new(connection, policy, selection, NULL, &purge, &error);
 *   while (status >= 0 && (status = cascade_purge_next(purge, &batch, &error)) == CASCADE_OK)
 *     printf("%llu rows gone\n", (unsigned long long)batch->total_deleted);
 *   if (error) fprintf(stderr, "%s\n", cascade_error_message(error));
 *   cascade_error_free(error);
 *   cascade_purge_free(purge);
 * }
 * @endcode
 */
#ifndef CASCADE_PURGE_H
#define CASCADE_PURGE_H

#include <cascade/archive.h>
#include <cascade/policy.h>
#include <cascade/selection.h>
#include <cascade/throttle.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief Who guarantees that no reference is left dangling. */
enum cascade_integrity {
  CASCADE_INTEGRITY_CHECKED = 0, /**< The database, row by row: the default. */
  CASCADE_INTEGRITY_PROVEN = 1   /**< The library, by what it reads, rewrites and deletes of every relation under the batch's locks
                                      (SQLite: the write lock; PostgreSQL: row locks); the database's own checks are off from
                                      cascade_purge_new() to the end of the purge (SQLite), or in its transactions (PostgreSQL, for
                                      users with the right to SET session_replication_role). Refused when a table concerned has user
                                      triggers, and on MariaDB, which would gain nothing. */
};

/** @brief Refusals that the host lifts. Bits of `allow` in ::cascade_purge_options. */
enum cascade_allow {
  CASCADE_ALLOW_NO_FILTER = 1,  /**< A selection of every row. */
  CASCADE_ALLOW_UNENFORCED = 2, /**< A session that does not enforce foreign keys: the library's own checks are all there is. */
  CASCADE_ALLOW_HIDDEN = 4      /**< A graph that may lack foreign keys, or triggers, which the user may not see:
                                     cascade_graph_hidden(). */
};

/** @brief Keys that one batch deletes from one table, for the hooks. Borrowed for the call. */
typedef struct cascade_deleted {
  size_t size;              /**< `sizeof(cascade_deleted)` of the library. */
  uint32_t table;           /**< Number of the table in the graph. */
  uint32_t reserved;        /**< Zero. */
  const char *label;        /**< Its name. */
  const cascade_keys *keys; /**< Primary keys, or rowids where there is no primary key. */
} cascade_deleted;

/**
 * @brief Hook that is told what a batch deletes: which of the three it is, the options say.
 * @param user_data  `hook_data` of the options
 * @param tables  one entry for each table of which rows are deleted, referencing tables first
 * @param table_count  how many
 * @return 0 to go on; anything else ends the purge with CASCADE_HOOK. cascade_purge_blame() says why
 *
 * Columns that the host asked for besides the keys are given by cascade_purge_row_columns().
 *
 * - `before_batch` runs inside the transaction, with the rows locked and nothing deleted. It may veto rows by cascade_purge_veto():
 *   they stay, and with them all rows of the batch to which they refer, by relations that let the one not go without the other, and
 *   so on upwards. Everything else goes, also what refers to a row that stays. What has stayed is not asked about again. Where more
 *   hangs on one row than a transaction may touch, that goes first, and is asked about first.
 * - `after_batch` runs inside the transaction, after its statements and before its COMMIT. It may use the host's own handle to
 *   write in the same transaction.
 * - `after_commit` runs when the batch has been committed: its failure ends the purge, and takes nothing back. It is not called for
 *   a batch of which nobody knows whether it was committed, as the connection was lost: for what must not be missed there is the
 *   outbox.
 *
 * Failing before COMMIT rolls the batch back. A batch that is tried again, smaller perhaps, calls `before_batch` and `after_batch`
 * again.
 */
typedef int32_t (*cascade_hook)(void *user_data, const cascade_deleted *tables, uint32_t table_count);

/** @brief Options of cascade_purge_new(). */
typedef struct cascade_purge_options {
  size_t size;                      /**< `sizeof(cascade_purge_options)`. */
  uint32_t allow;                   /**< ::cascade_allow bits. */
  int32_t integrity;                /**< One of ::cascade_integrity. */
  uint64_t max_rows;                /**< Refuse, before the first change, a closure of more rows than this; 0 for no bound. The
                                         purge never deletes more, whatever is inserted meanwhile. */
  uint64_t max_tx_rows;             /**< Rows that one transaction may touch; 0 means 50,000. A closure within it is deleted in one
                                         transaction, whole or not at all. Only rows that refer to each other in a circle can make a
                                         larger transaction: they can go only together. */
  uint32_t batch_ms;                /**< Time that a transaction should take, in milliseconds; 0 means 100. Batches grow and shrink
                                         towards it, or take longer where they would mostly pay what each costs whatever its size,
                                         such as a table without an index. */
  uint32_t statement_timeout_ms;    /**< PostgreSQL and MariaDB: time that one statement may take, in milliseconds; 0 means 30,000.
                                         A batch that meets it is rolled back and made smaller. Not set inside a transaction of the
                                         host. */
  uint32_t time_budget_ms;          /**< Stop after the batch that ends past this time; 0 for no budget. */
  uint32_t column_count;            /**< Columns, named below, that the hooks are told besides the keys: file paths, numbers of
                                         other systems. */
  uint64_t row_budget;              /**< Stop after the batch that reaches so many deleted rows; 0 for no budget. */
  const char *plan;                 /**< Fingerprint of an approved plan, or NULL. Refused with CASCADE_PLAN_CHANGED when schema,
                                         rules or selection are not those of the plan, or when there are more rows than it said. */
  cascade_hook before_batch;        /**< Hook, or NULL. With any of the three, keys of all tables are read, and nothing is left to
                                         the database's own actions. */
  cascade_hook after_batch;         /**< Hook, or NULL. */
  cascade_hook after_commit;        /**< Hook, or NULL. Refused inside a transaction of the host, which alone knows of its
                                         COMMIT. */
  void *hook_data;                  /**< First argument of the hooks. */
  const char *const *column_tables; /**< Tables of the columns, one for each. */
  const char *const *columns;       /**< Their names. */
  cascade_throttle *throttle;       /**< What makes it pause between its batches, or NULL. The purge holds a reference. */
  cascade_archive *archive;         /**< Where every row is copied to before it goes, or NULL. The purge holds a reference. Keys of
                                         all tables are read then, too. An archive with lines is refused inside a transaction of the
                                         host. */
  const char *actor;                /**< Who deletes, or NULL. With this or the next, a row is written to the audit. */
  const char *reason;               /**< Why, or NULL. */
  int32_t outbox;                   /**< 1: keys of all rows, and the columns, are written to the outbox: see outbox.h. */
  uint32_t reserved;                /**< Zero. */
} cascade_purge_options;

/** @brief A committed batch, and where the purge stands. Borrowed from the purge until its next call. */
typedef struct cascade_batch_info {
  size_t size;            /**< `sizeof(cascade_batch_info)` of the library. */
  uint64_t number;        /**< Its number, from 1. */
  uint64_t deleted;       /**< Rows that it deleted. */
  uint64_t updated;       /**< Rows that it rewrote. */
  uint64_t total_deleted; /**< Rows deleted so far. */
  uint64_t total_updated; /**< Rows rewritten so far. */
  uint64_t roots_done;    /**< Selected rows deleted so far. */
  int64_t roots_expected; /**< Selected rows in all, as counted or estimated at the start; -1 when unknown. */
  uint64_t nanoseconds;   /**< Length of its transaction. */
  uint32_t retries;       /**< Times that it was rolled back and tried again. */
  uint32_t table;         /**< Table in whose rows the purge is at work. */
} cascade_batch_info;

/** @brief Columns that the host asked for, of the rows of one table, in the order of their keys. All pointers live as long as the
    hook runs. */
typedef struct cascade_row_columns {
  size_t size;                /**< `sizeof(cascade_row_columns)`, set by the caller. */
  uint64_t row_count;         /**< Rows: as many as keys. */
  uint32_t column_count;      /**< Columns that were asked for; 0 for none. */
  uint32_t reserved;          /**< Zero. */
  const char *const *columns; /**< Their names; NULL when there are none. */
  const cascade_value *cells; /**< `row_count * column_count` values, row after row; NULL when there are none. */
} cascade_row_columns;

/** @brief What a purge did. */
typedef struct cascade_purge_report {
  size_t size;          /**< `sizeof(cascade_purge_report)`, set by the caller. */
  int32_t finished;     /**< 1 when the end was reached: rows that other sessions add to a selection by condition meanwhile
                             are looked for again, three times at most; 0 when a budget, a cancel or a failure ended it. */
  uint32_t table_count; /**< Tables of which rows were deleted or rewritten, or stayed by a veto. */
  uint64_t batches;     /**< Committed batches. */
  uint64_t deleted;     /**< Rows deleted. */
  uint64_t updated;     /**< Rows rewritten. */
  uint64_t retries;     /**< Batches rolled back and tried again. */
  uint64_t longest_ns;  /**< Longest transaction that wrote, in nanoseconds. */
  uint64_t vetoed;      /**< Rows that the hook before the batches kept. */
  uint64_t kept;        /**< Rows that stayed with them, as they refer to these. */
} cascade_purge_report;

/** @brief What a purge did to one table. All pointers are borrowed from the graph. */
typedef struct cascade_table_report {
  size_t size;       /**< `sizeof(cascade_table_report)`, set by the caller. */
  const char *label; /**< Name of the table. */
  uint64_t deleted;  /**< Rows deleted. */
  uint64_t updated;  /**< Rows rewritten. */
  uint32_t table;    /**< Its number in the graph. */
  uint32_t reserved; /**< Zero. */
  uint64_t vetoed;   /**< Rows that the hook before the batches kept. */
  uint64_t kept;     /**< Rows that stayed with such rows. */
} cascade_table_report;

/**
 * @brief Prepares a purge and examines it. Changes nothing.
 *
 * Refuses what is refused by default (see @ref safety), and looks for rows that block: in the whole closure, before the first
 * delete. Then cascade_purge_next() does the work.
 *
 * @param connection  a session; the purge holds a reference. Inside a transaction of the host, the purge is one batch between
 *                    savepoints, and the host commits. Until then, foreign keys that can be deferred may stay so, where rows are in
 *                    circles
 * @param policy  rules; its graph must be the selection's
 * @param selection  rows to delete with what depends on them
 * @param options  NULL for the defaults
 * @param[out] purge  receives the purge, owned by the caller
 * @param[out] error  receives the failure; may be NULL
 * @return CASCADE_OK; CASCADE_BLOCKED with the table and relation in the error; CASCADE_NO_FILTER for a selection of every row;
 *         CASCADE_UNENFORCED where foreign keys are not enforced; CASCADE_NO_KEY for a table whose rows cannot be told apart;
 *         CASCADE_CYCLE for a circle that cannot be broken; CASCADE_ENGINE for a table without transactions; CASCADE_PRIVILEGE for
 *         a right that is missing; CASCADE_MAX_ROWS for more rows than `max_rows`; CASCADE_PLAN_CHANGED when `plan` is not what
 *         would be done; CASCADE_NOT_ATOMIC when only one transaction would be sound, and there are too many rows for one;
 *         CASCADE_TRIGGERS for user triggers, with CASCADE_INTEGRITY_PROVEN; CASCADE_POLICY for a rule that the database would not
 *         carry out, and for a table that the policy excludes; CASCADE_READONLY; CASCADE_INVALID;
 *         CASCADE_OPTIONS; CASCADE_NOT_FOUND for an unknown column, and without an outbox; CASCADE_UNSUPPORTED for `after_commit`,
 *         an archive with lines, and on SQLite CASCADE_INTEGRITY_PROVEN, inside a transaction of the host, for
 *         CASCADE_INTEGRITY_PROVEN on MariaDB, for a partition with foreign keys of its own, for an outbox of a newer version, and
 *         for a graph of another engine than the connection; CASCADE_ARCHIVE for an archive that lacks a table or column,
 *         or could not take the rows; CASCADE_CANCELLED; CASCADE_NOMEM; any database status
 * @note Reads the closure once, in a read transaction that ends with the call. One thread at a time uses a purge and its
 *       connection.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_purge_new(cascade_connection *connection, cascade_policy *policy, cascade_selection *selection,
                                             const cascade_purge_options *options, cascade_purge **purge, cascade_error **error);

/**
 * @brief Deletes one batch in one transaction and commits it.
 *
 * On SQLite the transaction holds the write lock (BEGIN IMMEDIATE) from before the batch's rows are read to its COMMIT; on
 * PostgreSQL and MariaDB it is at READ COMMITTED, and holds its rows FOR UPDATE, level by level, before it reads what refers to
 * them. Transient failures roll it back and are tried again, at most 8 times, with growing pauses. On any failure the batch is
 * rolled back; earlier batches stay committed, and the same purge made anew goes on where this one ended.
 *
 * @param purge  a purge
 * @param[out] batch  receives the committed batch, borrowed until the next call
 * @param[out] error  receives the failure; may be NULL
 * @return CASCADE_OK; CASCADE_DONE when nothing is left to do or a budget is used up, again and again; the statuses of
 *         cascade_purge_new(), and CASCADE_HOOK, CASCADE_CONTENDED, CASCADE_NO_PROGRESS, CASCADE_ARCHIVE, CASCADE_THROTTLED. After
 *         a failure the purge gives that failure's status again
 * @note Keys of one batch are in memory, whatever the size of the closure. On the thread that uses the purge.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_purge_next(cascade_purge *purge, const cascade_batch_info **batch, cascade_error **error);

/**
 * @brief Stops a purge: the running or next cascade_purge_next() rolls its batch back and returns CASCADE_CANCELLED.
 * @param purge  a purge, or NULL
 * @note Any thread, and signal handlers, while the purge lives.
 * @since 0.1
 */
CASCADE_API void cascade_purge_cancel(cascade_purge *purge);

/**
 * @brief Says what was done so far.
 * @param purge  a purge
 * @param[out] report  `size` set by the caller; the rest is filled as far as that reaches
 * @return CASCADE_OK; CASCADE_INVALID
 * @note Touches no database. On the thread that uses the purge at the time.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_purge_describe(const cascade_purge *purge, cascade_purge_report *report);

/**
 * @brief Says what was done to one table so far.
 * @param purge  a purge
 * @param position  from 0 to `table_count - 1` of the report
 * @param[out] report  `size` set by the caller; the rest is filled as far as that reaches
 * @return CASCADE_OK; CASCADE_INVALID for a number or size out of range
 * @note Touches no database. On the thread that uses the purge at the time.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_purge_table(const cascade_purge *purge, uint32_t position, cascade_table_report *report);

/**
 * @brief The rows of a table that stayed by a veto.
 *
 * They are held in memory while the purge lives. Made anew, it asks about them again.
 *
 * @param purge  a purge
 * @param table  number of the table in the graph
 * @param[out] vetoed  receives the keys of the rows that the hook kept; borrowed until the purge's next call; may be NULL
 * @param[out] kept  receives those of the rows that stayed with vetoed ones of any table; as `vetoed`
 * @return CASCADE_OK; CASCADE_INVALID for NULL or a number out of range
 * @note Touches no database. One thread at a time.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_purge_kept(const cascade_purge *purge, uint32_t table, const cascade_keys **vetoed,
                                              const cascade_keys **kept);

/**
 * @brief The columns that the host asked for, of one of the tables that a hook is told of. Only inside a hook.
 * @param purge  the purge whose hook runs
 * @param position  of the table among those that the hook was given
 * @param[out] columns  `size` set by the caller; the rest is filled as far as that reaches
 * @return CASCADE_OK; CASCADE_INVALID outside of a hook, and for a position or size out of range
 * @note Reads nothing: the values have been read. The thread of the hook.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_purge_row_columns(const cascade_purge *purge, uint32_t position, cascade_row_columns *columns);

/**
 * @brief Keeps rows that a batch is about to delete. Only inside `before_batch`.
 * @param purge  the purge whose hook runs
 * @param position  of the table among those that the hook was given
 * @param rows  positions of the rows among the table's keys, in any order; NULL for `row_count` 0
 * @param row_count  how many
 * @return CASCADE_OK; CASCADE_INVALID outside of the hook, and for a position out of range: then none of these rows is kept
 * @note Changes nothing in the database. The thread of the hook.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_purge_veto(cascade_purge *purge, uint32_t position, const uint64_t *rows, uint64_t row_count);

/**
 * @brief Says why a hook is about to fail: for the message of the CASCADE_HOOK that follows. Only inside a hook.
 * @param purge  the purge whose hook runs
 * @param table  name of the table that it is about, or NULL
 * @param reason  one line, or NULL; copied
 * @return CASCADE_OK; CASCADE_NOT_FOUND for an unknown table; CASCADE_INVALID outside of a hook; CASCADE_NOMEM
 * @note Touches no database. The thread of the hook.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_purge_blame(cascade_purge *purge, const char *table, const char *reason);

/**
 * @brief Ends a purge, finished or not. Session settings that it changed are put back.
 * @param purge  a purge, or NULL
 * @note Commits nothing. On the thread that uses the purge.
 * @since 0.1
 */
CASCADE_API void cascade_purge_free(cascade_purge *purge);

#ifdef __cplusplus
}
#endif
#endif

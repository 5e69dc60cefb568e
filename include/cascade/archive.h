/**
 * @file archive.h
 * @brief Archives: rows are copied before they go, to tables or as lines of JSON, and go only when they have been.
 *
 * An archive is made once and given to purges and workers in their options. In each batch, under the locks of the batch, every row
 * that is about to go is copied with all its columns; as many must have been copied as the batch deletes, of each table, or the
 * batch is rolled back. Rows that are only rewritten, and rows that stay by a veto, are not copied. With an archive, nothing is
 * left to the database's own actions, and tables whose rows cannot be told apart are refused. What triggers of the database delete
 * besides is not archived.
 *
 * There are two kinds of places, of which an archive may have both:
 *
 * - **Tables** beside those that rows go from, named by a suffix, or in a schema of their own. The server copies, in the
 *   transaction of the delete: a row is in exactly one of the two. cascade_archive_install() makes them.
 * - **JSON Lines**, one for each row, in a file or to a function of the host. They are on the disk before the COMMIT of the delete.
 *
 * See @ref archive for the tables, the lines, and what a reader of them may rely on.
 *
 * @code{.c}
 * static cascade_status keep_in_tables(cascade_context *context, cascade_connection *connection, cascade_policy *policy,
 *                                      cascade_purge_options *options, cascade_error **error) {
 *   cascade_archive_options place = {.size = sizeof place, .suffix = "_archive"};
 *   cascade_status status = cascade_archive_new(context, &place, &options->archive, error);
 *   return status < 0 ? status : cascade_archive_install(options->archive, connection, policy, "agent", error);
 * }
 * @endcode
 */
#ifndef CASCADE_ARCHIVE_H
#define CASCADE_ARCHIVE_H

#include <cascade/policy.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief Where rows are copied to before they go. */
typedef struct cascade_archive cascade_archive;

/** @brief What a function of the host that takes lines is told. */
enum cascade_archive_event {
  CASCADE_ARCHIVE_LINES = 0, /**< Lines of rows that are about to go, each with its line break. */
  CASCADE_ARCHIVE_FLUSH = 1, /**< The lines of the batch are complete, and its COMMIT follows: they must be safe when the call
                                  returns. */
  CASCADE_ARCHIVE_KEEP = 2,  /**< The batch was committed; or nobody knows, as the connection was lost. */
  CASCADE_ARCHIVE_DROP = 3   /**< The batch was rolled back: its lines are of rows that are still there. */
};

/**
 * @brief Takes the lines of a batch, inside its transaction.
 * @param user_data  of the options
 * @param event  one of ::cascade_archive_event
 * @param lines  UTF-8, with CASCADE_ARCHIVE_LINES; else NULL. Borrowed for the call
 * @param length  their bytes
 * @return 0 to go on; anything else to CASCADE_ARCHIVE_LINES or CASCADE_ARCHIVE_FLUSH rolls the batch back and ends the purge with
 *         CASCADE_HOOK. Answers to the other two say nothing
 */
typedef int32_t (*cascade_archive_write)(void *user_data, int32_t event, const char *lines, uint64_t length);

/** @brief Options of cascade_archive_new(): at least one place. */
typedef struct cascade_archive_options {
  size_t size;                 /**< `sizeof(cascade_archive_options)`. */
  const char *file;            /**< JSON Lines are appended to this file, which is made, for its owner alone, if it is not there.
                                    NULL for none. */
  cascade_archive_write write; /**< JSON Lines go to this function, or NULL. */
  void *user_data;             /**< Its first argument. */
  const char *suffix;          /**< Rows of `loan` go to the table `loan` with this behind its name; NULL for none. */
  const char *schema;          /**< These tables are in this schema (MariaDB: database; SQLite: one that the session has attached),
                                    not beside their sources. NULL for those. With neither, there are no tables. */
} cascade_archive_options;

/** @brief What an archive has taken. */
typedef struct cascade_archive_report {
  size_t size;    /**< `sizeof(cascade_archive_report)`, set by the caller. */
  uint64_t rows;  /**< Rows archived, in each of its places, by batches that were committed. */
  uint64_t bytes; /**< Length of the file; 0 without one. */
  uint64_t cut;   /**< Bytes of a torn last line, from a crash, that were cut off when the file was opened. */
} cascade_archive_report;

/**
 * @brief Makes an archive. Opens the file, if there is one, and holds it against other processes.
 *
 * A file that is there must be an archive of lines, or empty: nothing else is appended to. A torn last line, as a crash leaves it,
 * is cut off.
 *
 * @param context  a context; the archive holds a reference
 * @param options  not NULL. Everything is copied
 * @param[out] archive  receives the archive, owned by the caller
 * @param[out] error  receives the failure; may be NULL
 * @return CASCADE_OK; CASCADE_ARCHIVE when the file cannot be opened or made, or is something else; CASCADE_BUSY when another
 *         archive has it open; CASCADE_INVALID for no place at all, and for an empty name; CASCADE_OPTIONS; CASCADE_NOMEM
 * @note Touches no database. One thread at a time uses an archive; several purges of that thread may share it.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_archive_new(cascade_context *context, const cascade_archive_options *options,
                                               cascade_archive **archive, cascade_error **error);

/**
 * @brief The statements that cascade_archive_install() would run, for the host's own migration.
 * @param archive  an archive with tables
 * @param connection  a session
 * @param policy  rules
 * @param table  name of the table of which rows are to be purged
 * @param[out] text  receives statements that end with a semicolon and a line break each, to be freed with cascade_text_free(); NULL
 *         unless CASCADE_OK is returned
 * @param[out] error  receives the failure; may be NULL
 * @return CASCADE_OK; CASCADE_DONE when nothing is missing; else as cascade_archive_install()
 * @note Reads only. One thread at a time uses a connection.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_archive_ddl(cascade_archive *archive, cascade_connection *connection, cascade_policy *policy,
                                               const char *table, char **text, cascade_error **error);

/**
 * @brief Makes the archive's tables that are missing, for a table and for all from which its purge deletes by these rules, and adds
 * columns that these have been given since.
 *
 * Their columns have the names and types of their sources', without keys, constraints or defaults; computed columns are left out. A
 * column `cascade_archived_at` says when a row came. One transaction, or one savepoint in a transaction of the host; on MariaDB,
 * where such statements end a transaction, none.
 *
 * @param archive  an archive with tables
 * @param connection  a session, on MariaDB outside any transaction
 * @param policy  rules
 * @param table  name of the table of which rows are to be purged
 * @param[out] error  receives the failure; may be NULL
 * @return CASCADE_OK, also when nothing is missing; CASCADE_ARCHIVE for a table that is there and cannot take the rows: columns of
 *         other types, a view; and for a name that is too long, or that of a table from which rows go; CASCADE_NOT_FOUND for an
 *         unknown table; CASCADE_NO_KEY for one whose rows cannot be told apart; CASCADE_POLICY for one that the policy excludes;
 *         CASCADE_INVALID without tables; CASCADE_UNSUPPORTED inside a transaction on MariaDB, and for a graph of another engine
 *         than the connection; CASCADE_PRIVILEGE; CASCADE_NOMEM; any database status
 * @note One thread at a time uses a connection.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_archive_install(cascade_archive *archive, cascade_connection *connection, cascade_policy *policy,
                                                   const char *table, cascade_error **error);

/**
 * @brief Says what was archived so far.
 * @param archive  an archive
 * @param[out] report  `size` set by the caller; the rest is filled as far as that reaches
 * @return CASCADE_OK; CASCADE_INVALID
 * @note Touches no database. On the thread that uses the archive.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_archive_describe(const cascade_archive *archive, cascade_archive_report *report);

/**
 * @brief Gives an archive up. Purges that were made with it keep it alive.
 * @param archive  an archive, or NULL
 * @note With the last reference, the file is closed. On the thread that uses the archive.
 * @since 0.1
 */
CASCADE_API void cascade_archive_free(cascade_archive *archive);

#ifdef __cplusplus
}
#endif
#endif

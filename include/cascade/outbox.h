/**
 * @file outbox.h
 * @brief What purges leave behind of what they deleted: the outbox, for those who have to follow, and the audit.
 *
 * With `outbox` in its options, a purge writes the key of each row that it deletes, and the columns that were asked for, into a
 * table in the same database and transaction: each deleted row is there exactly once, and none that was rolled back. Consumers,
 * such as one that removes files, read from it in batches, and acknowledge a batch when they have dealt with it. Any number of
 * consumers may read: each row is given to one, and to another when the first does not acknowledge it within its time. So each row
 * is dealt with at least once.
 *
 * With `actor` or `reason`, a purge leaves one row that says who deleted how much of what, when and why. So does a job of the
 * queue: its row is there from when it was put in, and counts what all its attempts and parts do.
 *
 * @code{.c}
 * static cascade_status follow(cascade_connection *connection, int (*remove_files)(const char *json)) {
 *   int64_t batch;
 *   char *rows = NULL;
 *   cascade_status status = cascade_outbox_read(connection, NULL, &batch, &rows, NULL);
 *   if (status == CASCADE_OK && remove_files(rows)) status = cascade_outbox_ack(connection, batch, NULL, NULL);
 *   cascade_text_free(rows);
 *   return status;
 * }
 * @endcode
 */
#ifndef CASCADE_OUTBOX_H
#define CASCADE_OUTBOX_H

#include <cascade/common.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief Options of cascade_outbox_read(). */
typedef struct cascade_outbox_options {
  size_t size;       /**< `sizeof(cascade_outbox_options)`. */
  uint32_t limit;    /**< No more rows than this; 0 means 1,000. */
  uint32_t lease_ms; /**< Time after which others may read the rows, unless they are acknowledged; 0 means 60,000. */
} cascade_outbox_options;

/** @brief Options of cascade_audit_list(). */
typedef struct cascade_audit_options {
  size_t size;       /**< `sizeof(cascade_audit_options)`. */
  int64_t after;     /**< Only purges of a higher number than this. */
  uint32_t limit;    /**< No more purges than this; 0 means 100. */
  uint32_t reserved; /**< Zero. */
} cascade_audit_options;

/**
 * @brief The statements that make the tables of the outbox and the audit, for the host's own migration.
 * @param engine  "sqlite", "postgresql" or "mariadb"
 * @param[out] text  receives statements that end with a semicolon and a line break each, to be freed with cascade_text_free()
 * @param[out] error  receives the failure; may be NULL
 * @return CASCADE_OK; CASCADE_UNSUPPORTED for another engine; CASCADE_INVALID; CASCADE_NOMEM
 * @note Touches no database. Any thread. Every statement may be run again.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_outbox_ddl(const char *engine, char **text, cascade_error **error);

/**
 * @brief Makes the tables `cascade_outbox`, `cascade_outbox_row` and `cascade_audit`, where they are not there, in the database or
 * schema in which the session makes tables.
 *
 * One transaction, or one savepoint in a transaction of the host; on MariaDB, where such statements end a transaction, none.
 *
 * @param connection  a session, on MariaDB outside any transaction
 * @param[out] error  receives the failure; may be NULL
 * @return CASCADE_OK, also when they are there; CASCADE_UNSUPPORTED for tables of a newer version, and inside a transaction on
 * MariaDB; CASCADE_PRIVILEGE; CASCADE_INVALID; CASCADE_NOMEM; any database status
 * @note One thread at a time uses a connection.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_outbox_install(cascade_connection *connection, cascade_error **error);

/**
 * @brief Reads the next rows of the outbox, in the order in which they were written, as one JSON object:
 * `{"version": 1, "batch": ..., "rows": [...]}`.
 *
 * A row has `id`, `table`, `key` (an array), `columns` (an object, or null when none were asked for) and `created`, in milliseconds
 * since 1970 by the database's clock. Numbers that a double would not hold are numbers all the same; bytes are texts like
 * ``"x'00ff'"``. The rows are this reader's until they are acknowledged, or its time is over. Several readers get different rows,
 * so that the order holds within a batch only; who needs all rows in order reads alone.
 *
 * One short transaction, or a savepoint in a transaction of the host.
 *
 * @param connection  a session in whose database the outbox is installed
 * @param options  NULL for the defaults
 * @param[out] batch  receives the number by which the rows are acknowledged
 * @param[out] text  receives the text, to be freed with cascade_text_free(); NULL unless CASCADE_OK is returned
 * @param[out] error  receives the failure; may be NULL
 * @return CASCADE_OK; CASCADE_DONE when there is nothing to read now; CASCADE_NOT_FOUND without an outbox; CASCADE_UNSUPPORTED for
 * one of a newer version; CASCADE_OPTIONS; CASCADE_INVALID; CASCADE_NOMEM; any database status
 * @note One thread at a time uses a connection; each consumer has one of its own.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_outbox_read(cascade_connection *connection, const cascade_outbox_options *options,
                                               int64_t *batch, char **text, cascade_error **error);

/**
 * @brief Removes the rows of a batch from the outbox: they have been dealt with. One statement.
 * @param connection  a session in whose database the outbox is installed
 * @param batch  as cascade_outbox_read() gave it
 * @param[out] rows  receives how many were removed: fewer than were read, when the reader's time was over and others have taken
 *                   some; may be NULL
 * @param[out] error  receives the failure; may be NULL
 * @return CASCADE_OK; CASCADE_DONE when none is left: they were acknowledged before, or others have taken all; CASCADE_NOT_FOUND
 * without an outbox; CASCADE_UNSUPPORTED; CASCADE_INVALID; CASCADE_NOMEM; any database status
 * @note One thread at a time uses a connection.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_outbox_ack(cascade_connection *connection, int64_t batch, uint64_t *rows, cascade_error **error);

/**
 * @brief Lists the purges that left a row in the audit, by their numbers, as one JSON object: `{"version": 1, "purges": [...]}`.
 *
 * A purge has `purge`, `actor`, `reason`, `table`, `fingerprint` (what was asked for, under which rules and schema), `batches`,
 * `deleted`, `updated`, `kept` (by a veto), `finished`, and `started` and `changed`, in milliseconds since 1970 by the database's
 * clock.
 *
 * @param connection  a session in whose database the outbox is installed
 * @param options  NULL for the defaults
 * @param[out] text  receives the text, to be freed with cascade_text_free()
 * @param[out] error  receives the failure; may be NULL
 * @return as cascade_outbox_read(), but never CASCADE_DONE
 * @note Reads only. One thread at a time uses a connection.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_audit_list(cascade_connection *connection, const cascade_audit_options *options, char **text,
                                              cascade_error **error);

#ifdef __cplusplus
}
#endif
#endif

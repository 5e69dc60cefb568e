/**
 * @file connection.h
 * @brief Database sessions: opened by URI, adopted from the host, or made over a driver that the host wrote.
 *
 * @code{.c}
 * static cascade_connection *open_museum(cascade_context *context) {
 *   cascade_connection_options options = {.size = sizeof options, .lock_timeout_ms = 2000};
 *   cascade_connection *connection = NULL;
 *   cascade_error *error = NULL;
 *   if (cascade_connection_open(context, "sqlite:museum.db", &options, &connection, &error) < 0) {
 *     fprintf(stderr, "%s\n", cascade_error_message(error));
 *     cascade_error_free(error);
 *   }
 *   return connection;
 * }
 * @endcode
 */
#ifndef CASCADE_CONNECTION_H
#define CASCADE_CONNECTION_H

#include <cascade/common.h>

#ifdef __cplusplus
extern "C" {
#endif

struct cascade_driver;

/** @brief Options of cascade_connection_open(), cascade_connection_adopt() and cascade_connection_new(). */
typedef struct cascade_connection_options {
  size_t size;              /**< `sizeof(cascade_connection_options)`. */
  uint32_t lock_timeout_ms; /**< How long a statement waits for a lock; 0 means 5000. An adopted handle keeps its own. */
  uint32_t reserved;        /**< Zero. */
} cascade_connection_options;

/**
 * @brief Opens a session by URI. Never creates a database.
 *
 * | URI | driver |
 * |---|---|
 * | `sqlite:PATH` | native, through libsqlite3; turns foreign-key enforcement on |
 * | `postgresql://...`, `postgres://...` | native, through libpq, in libpq's own syntax; its environment variables, service and
 * password files hold | | `mariadb://USER@HOST:PORT/DATABASE?key=value&...`, `mysql://...` | native, through libmariadb, for
 * MariaDB and MySQL | | `dbi:DRIVER?key=value&...` | libdbi by driver name: `sqlite3`, `pgsql` or `mysql`; keys are libdbi's own,
 * such as `host`, `port`, `username`, `password` and `dbname`. For `dbi:sqlite3` a `dbname` with a slash is split into
 * `sqlite3_dbdir` and `dbname`, and enforcement is turned on |
 *
 * On SQLite the session gets 8 MB of page cache and, in WAL mode, a checkpoint for every 16 MB of log. On a server it speaks UTF-8
 * and, on PostgreSQL, is called `libcascade` where nothing else is asked for; what the server or the user has set is undone in it
 * where keys would come in several forms or rows be left out (PostgreSQL: DateStyle, IntervalStyle, extra_float_digits; MariaDB:
 * sql_select_limit, sql_safe_updates, sql_big_selects, completion_type). A connection that is lost is never opened again: what was
 * set in it, and its transaction, would be gone without a word.
 *
 * Values are percent-decoded. `foreign_keys=off` in the query part of either SQLite form leaves enforcement off. No message repeats
 * a password.
 *
 * @param context  lives at least as long as the connection, by a reference that the connection holds
 * @param uri  see above; not NULL
 * @param options  NULL for the defaults
 * @param[out] connection  receives the session, owned by the caller
 * @param[out] error  receives the failure; may be NULL
 * @return CASCADE_OK; CASCADE_INVALID for a malformed URI; CASCADE_NOT_FOUND when the file or the driver does not exist;
 *         CASCADE_UNSUPPORTED for another driver of libdbi; CASCADE_CONNECTION when it cannot be opened or reached, or is no
 *         database; CASCADE_OPTIONS; CASCADE_NOMEM; any other status of a database, of the first statements
 * @note One thread at a time uses a connection and what was made from it; only cascade_connection_cancel() is exempt.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_connection_open(cascade_context *context, const char *uri,
                                                   const cascade_connection_options *options, cascade_connection **connection,
                                                   cascade_error **error);

/**
 * @brief Uses a session that the host has opened and keeps.
 *
 * Statements run on the host's handle; its settings are changed only where a function says so, and put back. Temporary tables of
 * the session are not seen; but on MariaDB one of the same name hides a table, which then has no other name: drop it first.
 *
 * @param context  as for cascade_connection_open()
 * @param driver  "sqlite3" for an `sqlite3 *`, "pq" for a `PGconn *`, "mariadb" for a `MYSQL *`, "dbi" for a `dbi_conn`; on a
 *                server it speaks UTF-8 (on MariaDB utf8mb4)
 * @param handle  the host's handle; must outlive the connection and is never closed by it
 * @param options  NULL for the defaults
 * @param[out] connection  receives the session, owned by the caller
 * @param[out] error  receives the failure; may be NULL
 * @return CASCADE_OK; CASCADE_NOT_FOUND for an unknown driver; CASCADE_UNSUPPORTED when it cannot adopt;
 *         CASCADE_INVALID; CASCADE_OPTIONS; CASCADE_NOMEM
 * @note One thread at a time uses a connection, and the handle while a call is under way.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_connection_adopt(cascade_context *context, const char *driver, void *handle,
                                                    const cascade_connection_options *options, cascade_connection **connection,
                                                    cascade_error **error);

/**
 * @brief Makes a session over a driver that the host wrote.
 * @param context  as for cascade_connection_open()
 * @param driver  the host's operations; must outlive the connection. See driver.h
 * @param self  first argument of the operations. Closed by the driver's `close`, if it has one, when the connection is
 *              freed; on failure of this call it stays the caller's
 * @param options  NULL for the defaults
 * @param[out] connection  receives the session, owned by the caller
 * @param[out] error  receives the failure; may be NULL
 * @return CASCADE_OK; CASCADE_UNSUPPORTED for a driver of another ABI version, without a required operation, or for an
 *         engine that this library does not know; CASCADE_OPTIONS; CASCADE_INVALID; CASCADE_NOMEM; what the driver's
 *         `capabilities` returns
 * @note One thread at a time uses a connection.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_connection_new(cascade_context *context, const struct cascade_driver *driver, void *self,
                                                  const cascade_connection_options *options, cascade_connection **connection,
                                                  cascade_error **error);

/**
 * @brief Asks the statement or purge that runs on the connection to stop. The running call returns CASCADE_CANCELLED.
 *
 * The request stays until a call has returned CASCADE_CANCELLED because of it; made while nothing runs, it stops the next
 * call that reaches the database.
 *
 * @param connection  a connection, or NULL
 * @note Any thread, and signal handlers, while the connection lives.
 * @since 0.1
 */
CASCADE_API void cascade_connection_cancel(cascade_connection *connection);

/**
 * @brief Database engine behind the connection.
 * @param connection  a connection
 * @return "sqlite", "postgresql" or "mariadb", borrowed for the connection's life
 * @note Touches no database. Any thread.
 * @since 0.1
 */
CASCADE_API const char *cascade_connection_engine(const cascade_connection *connection);

/**
 * @brief Statements sent so far.
 * @param connection  a connection
 * @return their number since it was made, those that failed included
 * @note Touches no database. On the thread that uses the connection.
 * @since 0.1
 */
CASCADE_API uint64_t cascade_connection_statements(const cascade_connection *connection);

/**
 * @brief Closes the session. One that was adopted stays open for the host.
 * @param connection  a connection, or NULL. Iterators made from it hold a reference: the session is closed with the last
 * @note On the thread that uses the connection.
 * @since 0.1
 */
CASCADE_API void cascade_connection_free(cascade_connection *connection);

#ifdef __cplusplus
}
#endif
#endif

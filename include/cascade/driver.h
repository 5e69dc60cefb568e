/**
 * @file driver.h
 * @brief The contract between the library and a database driver, for those who write one.
 *
 * A driver is a table of C functions over one session. The library writes all SQL, in the dialect of the engine that
 * the driver names; the driver carries it to the database with its parameters and brings the answer back.
 *
 * The table grows at its end only. The library reads no further than `size`: a driver that is older than the library
 * goes on working, and one that is newer may have members that this library never calls.
 *
 * @code{.c}
 * static cascade_status count_execute(void *self, const cascade_statement *statement, uint64_t *affected,
 *                                     cascade_error **error) {
 *   (void)error;
 *   ++*(int *)self;
 *   printf("%s (%u parameters)\n", statement->sql, (unsigned)statement->parameter_count);
 *   *affected = 0;
 *   return CASCADE_OK;
 * }
 * static const cascade_driver counting = {
 *     .size = sizeof(cascade_driver), .abi_version = CASCADE_DRIVER_ABI, .name = "counting", .execute = count_execute};
 * static const cascade_driver *my_driver(void) { return &counting; }
 * @endcode
 */
#ifndef CASCADE_DRIVER_H
#define CASCADE_DRIVER_H

#include <cascade/common.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief Version of this contract; a driver of another one is refused. */
enum cascade_driver_abi { CASCADE_DRIVER_ABI = 1 };

/** @brief What an engine and its driver can do. Bits of `flags` in ::cascade_capabilities. */
enum cascade_capability {
  CASCADE_CAN_LOCK_ROWS = 1,        /**< `FOR UPDATE` holds rows. */
  CASCADE_CAN_LOCK_CLUSTER = 2,     /**< Row locks are seen by every node. */
  CASCADE_CAN_SKIP_LOCKED = 4,      /**< `FOR UPDATE SKIP LOCKED`. */
  CASCADE_CAN_SAVEPOINT = 8,        /**< Savepoints. */
  CASCADE_CAN_DEFER = 16,           /**< Foreign keys can be checked at COMMIT. */
  CASCADE_CAN_DELETE_LIMIT = 32,    /**< `DELETE ... LIMIT`. */
  CASCADE_COMMIT_MAY_CONFLICT = 64, /**< COMMIT itself reports conflicts with other nodes. */
  CASCADE_CAN_CANCEL = 128,         /**< The driver's `cancel` stops a running statement. */
  CASCADE_TEXT_ROWS = 256,          /**< Results come as text: the library writes each result column as a string
                                         expression, in the encodings of ::cascade_statement. */
  CASCADE_COMMITS_ALONE = 512,      /**< A statement outside of any transaction is one by itself, and what is wrong with its
                                         COMMIT is its own failure: of a query, when its rows are at their end. */
  CASCADE_READS_COMMITTED = 1024    /**< Transactions begin at READ COMMITTED, unless they are told otherwise. */
};

/** @brief What a session's engine and driver can do. Filled by the driver. */
typedef struct cascade_capabilities {
  size_t size;             /**< Set by the library: how much it knows of the struct. The driver writes no further. */
  const char *engine;      /**< "sqlite", "postgresql" or "mariadb"; borrowed for the session's life. */
  const char *version;     /**< The engine's own version text, or NULL. */
  uint64_t flags;          /**< ::cascade_capability bits. */
  uint64_t max_tx_bytes;   /**< Bound of a transaction's write set; 0 for none. */
  uint32_t max_parameters; /**< Parameters that one statement may have; at least 1. */
  uint32_t reserved;       /**< Zero. */
} cascade_capabilities;

/**
 * @brief One statement. Everything in it is borrowed for the call; for a query, until its cursor is closed.
 *
 * Placeholders are `?` on SQLite and MariaDB, in the order of `parameters`; on PostgreSQL they are `$1`, `$2` and so on, and one
 * may stand in several places. Parameters are never CASCADE_ANY. On PostgreSQL a parameter of CASCADE_INT64_ARRAY is a `bigint[]`,
 * one of CASCADE_INT64 a `bigint`, one of CASCADE_BLOB a `bytea`, and one of any other type is untyped text, so that the server
 * takes its type from where it stands. Other engines get no CASCADE_INT64_ARRAY.
 *
 * `column_types` says, for a query, what the library wants of each column. A driver that returns native values converts
 * to that type (CASCADE_ANY, only on SQLite: the value's own). On PostgreSQL the library casts to `text` or `bytea` whatever it
 * wants as CASCADE_TEXT or CASCADE_BLOB. A driver with CASCADE_TEXT_ROWS gets strings, on every engine, and decodes:
 * | wanted | the string |
 * |---|---|
 * | CASCADE_INT64, CASCADE_UINT64 | decimal digits |
 * | CASCADE_TEXT, CASCADE_BLOB | hexadecimal digits of the bytes, of the UTF-8 for text |
 * | CASCADE_ANY | SQLite's type name, a colon, then: digits for `integer`; hexadecimal digits of the decimal text (20 digits) for
 * `real`, of the bytes for `text` and `blob`; nothing for `null` | NULL is SQL NULL in every case but CASCADE_ANY, where it is
 * `null:`.
 */
typedef struct cascade_statement {
  size_t size;                     /**< `sizeof(cascade_statement)` of the library. */
  const char *sql;                 /**< One statement without a semicolon, NUL-terminated; holds no NUL within. */
  uint64_t sql_length;             /**< Its bytes, without the terminator. */
  const cascade_value *parameters; /**< `parameter_count` values. */
  uint32_t parameter_count;        /**< Number of parameters. */
  uint32_t column_count;           /**< Number of result columns; 0 for a statement that is executed. */
  const int32_t *column_types;     /**< `column_count` wanted types. */
} cascade_statement;

/**
 * @brief Several rows at once, as a driver's `fetch` gives them. Zero but for `size` when it is called.
 *
 * Rows of nothing but integers can come as plain numbers: `integers`, when every wanted type is CASCADE_INT64 and no value of these
 * rows is NULL. All other rows are `cells`. Either way they stand row after row, and live until the next call on the cursor.
 */
typedef struct cascade_rows {
  size_t size;                /**< Set by the library: how much it knows of the struct. The driver writes no further. */
  uint64_t count;             /**< Number of rows. */
  const int64_t *integers;    /**< `count * column_count` numbers; or NULL. */
  const cascade_value *cells; /**< `count * column_count` values, when `integers` is NULL. */
} cascade_rows;

/**
 * @brief Operations of a driver.
 *
 * Each takes the session first and reports failure by cascade_error_create(), with the class that fits (CASCADE_BUSY to
 * CASCADE_DATABASE, CASCADE_CANCELLED) and what became of the transaction. One thread at a time calls them, except `cancel`.
 * BEGIN, COMMIT and the like come as plain statements through `execute`.
 */
typedef struct cascade_driver {
  size_t size;          /**< `sizeof(cascade_driver)` of the driver. */
  uint32_t abi_version; /**< CASCADE_DRIVER_ABI. */
  uint32_t reserved;    /**< Zero. */
  const char *name;     /**< Name in messages, such as "sqlite3". */

  /** Opens a session from the URI's part after the first colon. Optional; with it the driver can be opened by URI. Never
      creates a database. `lock_timeout_ms` is never 0. */
  cascade_status (*open)(cascade_context *context, const char *address, uint32_t lock_timeout_ms, void **self,
                         cascade_error **error);
  /** Makes a session over the host's handle, which `close` leaves open. Optional. */
  cascade_status (*adopt)(cascade_context *context, void *handle, void **self, cascade_error **error);
  /** Ends the session. Optional: without it nothing is done. All cursors were closed before. */
  void (*close)(void *self);
  /** Says what the session can do. Required. Called once, first. */
  cascade_status (*capabilities)(void *self, cascade_capabilities *capabilities, cascade_error **error);
  /** Runs a statement that gives no rows. `affected` gets the number of rows that it itself inserted, updated or deleted
      (not those that the database's own cascades touched); 0 for other statements. Required. */
  cascade_status (*execute)(void *self, const cascade_statement *statement, uint64_t *affected, cascade_error **error);
  /** Starts a query. Required. Several cursors may be open at once. */
  cascade_status (*query)(void *self, const cascade_statement *statement, void **cursor, cascade_error **error);
  /** Fetches a row: CASCADE_OK with `row` set to `column_count` values that live until the next call on the cursor;
      CASCADE_DONE after the last. Required of a driver without `fetch`. */
  cascade_status (*next)(void *self, void *cursor, const cascade_value **row, cascade_error **error);
  /** Ends a query, finished or not. Required. */
  void (*cursor_close)(void *self, void *cursor);
  /** Stops the statement that runs, from any thread or a signal handler; that statement fails with CASCADE_CANCELLED.
      Does nothing when none runs. Optional, announced by CASCADE_CAN_CANCEL. */
  void (*cancel)(void *self);
  /** Whether the session is inside a transaction, one of the host's say: 1 or 0. Asked before the library begins one of its own:
      inside another it uses savepoints and leaves COMMIT to the host. Optional: without it there is none. */
  int32_t (*in_transaction)(void *self);
  /** Fetches rows, 1 to `limit` of them: CASCADE_OK with `rows` filled in, CASCADE_DONE after the last. Fewer than `limit` do not
      mean that these were the last. Optional, for drivers in a language where each call costs: with it, `next` is never called. */
  cascade_status (*fetch)(void *self, void *cursor, uint32_t limit, cascade_rows *rows, cascade_error **error);
} cascade_driver;

#ifdef __cplusplus
}
#endif
#endif

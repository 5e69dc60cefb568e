/**
 * @file common.h
 * @brief Types that every other header uses: statuses, typed values, columns of keys.
 *
 * Conventions of the whole interface:
 * - Arguments come in the order self, inputs, options, out, error.
 * - Every function that can fail returns a ::cascade_status and takes a `cascade_error **` last, which may be NULL.
 * - Structs that cross the interface begin with `size`; the caller sets it to `sizeof` of the struct that it was
 *   compiled with. Fields are only ever appended, and every field's zero is its default.
 * - Enumerations travel as `int32_t`, so that a foreign function interface needs no compiler's idea of an enum.
 * - Where a function lists statuses without a cause, they mean the same everywhere: CASCADE_INVALID, a required argument is NULL or
 *   contradicts another one; CASCADE_NOMEM, memory could not be had; CASCADE_OPTIONS, an options struct of a size, or with an
 *   option, that this library does not know; CASCADE_CANCELLED, a cancel function was called. "Any database status" is one of
 *   CASCADE_CONNECTION to CASCADE_DATABASE, as the database gave it. The page @ref errors has every status, and what to do about
 *   it.
 * - Text is UTF-8. A borrowed pointer says until when it lives; what the caller owns has a `_free` function.
 */
#ifndef CASCADE_COMMON_H
#define CASCADE_COMMON_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define CASCADE_API __attribute__((visibility("default")))
#else
#define CASCADE_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** @brief Outcome of a call: one of ::cascade_status_code. Failures are negative. */
typedef int32_t cascade_status;

/** @brief Every status, with its cause. Numbers are fixed for ever and never used again for another meaning. */
enum cascade_status_code {
  CASCADE_OK = 0,   /**< Done as asked. */
  CASCADE_DONE = 1, /**< An iterator has nothing more to give; not a failure. */

  CASCADE_NOMEM = -1,       /**< Memory could not be had. */
  CASCADE_INVALID = -2,     /**< An argument is wrong: NULL where none may be, out of range, of the wrong type. */
  CASCADE_NOT_FOUND = -3,   /**< A table, column, relation, file or driver of that name does not exist. */
  CASCADE_UNSUPPORTED = -4, /**< This engine, driver or build cannot do it. */
  CASCADE_CANCELLED = -5,   /**< Stopped by a call of a cancel function. */
  CASCADE_POLICY = -6,      /**< The policy contradicts itself, the graph, or what the database would do. */
  CASCADE_FORMAT = -7,      /**< A JSON text cannot be read; the message names the line. */
  CASCADE_OPTIONS = -8,     /**< An options struct is of a size, or has a non-zero tail, that this library does not know. */

  CASCADE_CONNECTION = -20,    /**< The database cannot be reached, or the connection was lost. */
  CASCADE_BUSY = -21,          /**< A lock was not granted in time; trying again may help. */
  CASCADE_DEADLOCK = -22,      /**< Chosen as a deadlock's victim; trying again helps. */
  CASCADE_SERIALIZATION = -23, /**< The snapshot was overtaken by another transaction; trying again helps. */
  CASCADE_TIMEOUT = -24,       /**< A statement ran longer than its time limit. */
  CASCADE_READONLY = -25,      /**< The database, file or transaction takes no writes. */
  CASCADE_PRIVILEGE = -26,     /**< The database user may not do this. */
  CASCADE_SCHEMA = -27,        /**< The SQL does not fit the schema: a table or column is missing or has changed. */
  CASCADE_CONSTRAINT_FK = -28, /**< A foreign key would be violated. */
  CASCADE_CONSTRAINT = -29,    /**< Another constraint would be violated: unique, not null, check. */
  CASCADE_DATABASE = -30,      /**< Any other error of the database; see its native code and message. */

  CASCADE_BLOCKED = -40,      /**< Rows stand in the way of the delete; nothing was changed. */
  CASCADE_NO_FILTER = -41,    /**< Refused: the selection has neither keys nor a predicate. */
  CASCADE_UNENFORCED = -42,   /**< Refused: the database does not enforce foreign keys on this connection. */
  CASCADE_NO_KEY = -43,       /**< Refused: a table has no usable key. */
  CASCADE_CYCLE = -44,        /**< Rows refer to each other in a circle that the database checks at once, with no column that can be
                                   NULL. */
  CASCADE_ENGINE = -45,       /**< Refused: a table's storage engine has no transactions. */
  CASCADE_MAX_ROWS = -46,     /**< Refused: the closure has more rows than allowed. */
  CASCADE_PLAN_CHANGED = -47, /**< Refused: the plan is not the one that was approved. */
  CASCADE_NOT_ATOMIC = -48,   /**< Refused: only one transaction could prove it sound, and the closure is too large for one. */
  CASCADE_CONTENDED = -49,    /**< Other sessions add rows as fast as they are removed. */
  CASCADE_NO_PROGRESS = -50,  /**< Rows were selected, yet the database removed none: a trigger or rule keeps them. */
  CASCADE_HOOK = -51,         /**< A hook of the host reported failure; its batch was rolled back. */
  CASCADE_TRIGGERS = -52,     /**< Refused: user triggers make the requested integrity mode unsafe. */
  CASCADE_LEASE = -53,        /**< A job is another worker's by now, or was cancelled; the batch was rolled back. */
  CASCADE_THROTTLED = -54,    /**< A pause took longer than allowed; what was committed before stays. */
  CASCADE_ARCHIVE = -55,      /**< What goes cannot be archived: the place is missing, or does not fit, or is full; nothing
                                   unarchived was deleted. */

  CASCADE_TOKEN_FORGED = -60,  /**< A token was not made with this key, or was changed on its way. */
  CASCADE_TOKEN_FOREIGN = -61, /**< A token was made for other rows. */
  CASCADE_TOKEN_STALE = -62,   /**< The schema or the policy has changed since a token was made. */
  CASCADE_TOKEN_EXPIRED = -63  /**< A token is older than the host allows, or of an earlier version of the library. */
};

/** @brief Type of a ::cascade_value, and the type that the library wants of a result column. */
enum cascade_value_type {
  CASCADE_NULL = 0,       /**< SQL NULL. */
  CASCADE_INT64 = 1,      /**< Signed integer, in `integer`. */
  CASCADE_UINT64 = 2,     /**< Unsigned integer, its bits in `integer`. */
  CASCADE_DOUBLE = 3,     /**< Binary floating point, in `real`. */
  CASCADE_TEXT = 4,       /**< UTF-8 text, in `data` and `length`; may hold NUL bytes. */
  CASCADE_BLOB = 5,       /**< Bytes, in `data` and `length`. */
  CASCADE_DECIMAL = 6,    /**< Exact decimal, its text in `data` and `length`. */
  CASCADE_ANY = 7,        /**< Only as a wish for a result column: whatever type the value has. */
  CASCADE_INT64_ARRAY = 8 /**< Only as a parameter, from the library to drivers of PostgreSQL: an array of signed integers, in the
                               machine's own format in `data`; `length` is their bytes. */
};

/**
 * @brief One typed value.
 *
 * `data` is borrowed: as an input it must live until the call returns, as an output until the next call on the
 * object that gave it.
 */
typedef struct cascade_value {
  int32_t type;     /**< One of ::cascade_value_type. */
  int32_t reserved; /**< Zero. */
  int64_t integer;  /**< The value of CASCADE_INT64; the bits of CASCADE_UINT64. */
  double real;      /**< The value of CASCADE_DOUBLE. */
  const char *data; /**< Bytes of CASCADE_TEXT, CASCADE_BLOB, CASCADE_DECIMAL and CASCADE_INT64_ARRAY; may be NULL when `length` is
                         0. */
  uint64_t length;  /**< Number of bytes in `data`. */
} cascade_value;

/**
 * @brief Keys of one table, as columns.
 *
 * Keys of a single integer column are one array, so that a foreign language can wrap it without copying; all other
 * keys are typed cells, row after row. Everything is borrowed from the object that gave it.
 */
typedef struct cascade_keys {
  size_t size;                /**< `sizeof(cascade_keys)` of the side that filled it. */
  uint64_t count;             /**< Number of keys. */
  uint32_t column_count;      /**< Columns of a key, at least 1. */
  uint32_t reserved;          /**< Zero. */
  const char *const *columns; /**< `column_count` column names. */
  const int64_t *integers;    /**< `count` integers when the key is one integer column, else NULL. */
  const cascade_value *cells; /**< `count * column_count` cells, row after row, when `integers` is NULL. */
} cascade_keys;

/** @brief How a number of rows is known. */
enum cascade_accuracy {
  CASCADE_EXACT = 0,    /**< Counted, each row once. */
  CASCADE_AT_LEAST = 1, /**< Counting stopped at its bound: there are at least so many. */
  CASCADE_ESTIMATED = 2 /**< From the catalog's estimates; nothing was counted. */
};

/** @brief Library-wide context: allocator, log, drivers. See context.h. */
typedef struct cascade_context cascade_context;
/** @brief A failure, as a value. See error.h. */
typedef struct cascade_error cascade_error;
/** @brief A database session. See connection.h. */
typedef struct cascade_connection cascade_connection;
/** @brief The tables and foreign keys of a database, immutable. See graph.h. */
typedef struct cascade_graph cascade_graph;
/** @brief What happens to referencing rows, relation by relation, immutable. See policy.h. */
typedef struct cascade_policy cascade_policy;
/** @brief The rows that a request starts from, immutable. See selection.h. */
typedef struct cascade_selection cascade_selection;
/** @brief What a purge would do, immutable. See plan.h. */
typedef struct cascade_plan cascade_plan;
/** @brief Cursor over what stands in the way of a delete. See blockers.h. */
typedef struct cascade_blockers cascade_blockers;
/** @brief A delete that is under way. See purge.h. */
typedef struct cascade_purge cascade_purge;

/**
 * @brief Value of a constant by name, for languages that cannot read the headers.
 * @param name  name of any constant of the public headers, for example "CASCADE_RULE_PROTECT"; NULL gives CASCADE_INVALID
 * @param[out] value  receives the value; unchanged on failure
 * @return CASCADE_OK; CASCADE_NOT_FOUND when there is no such constant; CASCADE_INVALID when an argument is NULL
 * @note Touches no database. Any thread, any time.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_constant(const char *name, int64_t *value);

/**
 * @brief Name of the constant at a position, to list them all.
 * @param position  0 and up
 * @return the name, static; NULL past the last
 * @note Touches no database. Any thread, any time.
 * @since 0.1
 */
CASCADE_API const char *cascade_constant_name(uint32_t position);

#ifdef __cplusplus
}
#endif
#endif

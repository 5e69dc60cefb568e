/**
 * @file throttle.h
 * @brief Pauses between transactions, for as long as a server, its replicas or a person need one.
 *
 * A throttle is made once and given to purges, fills and workers in their options. Before each of their transactions it looks at
 * what it was told to look at, and waits while any of that is too much. It never waits inside a transaction: nothing is locked
 * meanwhile. Every pause can be cancelled, ends at a time budget, and has a reason, which is told to the host.
 *
 * @code{.c}
 * static void tell(void *user_data, const cascade_pause *pause) {
 *   (void)user_data;
 *   if (pause->reason != CASCADE_PAUSE_OVER) fprintf(stderr, "paused: %s\n", pause->text);
 * }
 * static cascade_status gently(cascade_connection *connection, cascade_purge_options *options, cascade_error **error) {
 *   static const char *const replicas[] = {"postgresql://monitor@replica1/museum"};
 *   cascade_throttle_options limits = {.size = sizeof limits, .sleep_percent = 50, .max_lag_ms = 2000, .replicas = replicas,
 *                                      .replica_count = 1, .max_load = 20, .pause_file = "/run/museum.pause", .told = tell};
 *   return cascade_throttle_new(connection, &limits, &options->throttle, error);
 * }
 * @endcode
 */
#ifndef CASCADE_THROTTLE_H
#define CASCADE_THROTTLE_H

#include <cascade/common.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief What paces the transactions of purges, fills and workers. */
typedef struct cascade_throttle cascade_throttle;

/** @brief Why there is a pause. */
enum cascade_pause_reason {
  CASCADE_PAUSE_OVER = 0,  /**< There is none, or it has ended. */
  CASCADE_PAUSE_SLEEP = 1, /**< `sleep_percent`. */
  CASCADE_PAUSE_HOST = 2,  /**< The host's callback asks for it. */
  CASCADE_PAUSE_FILE = 3,  /**< The pause file is there. */
  CASCADE_PAUSE_LAG = 4,   /**< A replica is too far behind, or cannot be reached. */
  CASCADE_PAUSE_FLOW = 5,  /**< Galera's flow control holds the cluster back. */
  CASCADE_PAUSE_LOAD = 6,  /**< The server is at work for too many sessions. */
  CASCADE_PAUSE_VACUUM = 7 /**< Autovacuum has not caught up with the dead rows. */
};

/** @brief A pause that has begun, goes on, or is over. Borrowed for the call. */
typedef struct cascade_pause {
  size_t size;        /**< `sizeof(cascade_pause)` of the library. */
  int32_t reason;     /**< One of ::cascade_pause_reason; CASCADE_PAUSE_OVER at the end. */
  uint32_t reserved;  /**< Zero. */
  uint64_t waited_ms; /**< Length of the pause so far, in milliseconds. */
  const char *text;   /**< The reason in words, with what was found and what is allowed; "" at the end. */
} cascade_pause;

/**
 * @brief Asks the host, before every transaction, whether it may begin.
 * @param user_data  of the options
 * @param last_ns  length of the transaction before, in nanoseconds; 0 for none
 * @return 0 to go on; a number of milliseconds after which to ask again; a negative number to stop: the call returns
 *         CASCADE_CANCELLED, and what was committed stays
 */
typedef int64_t (*cascade_throttle_ask)(void *user_data, uint64_t last_ns);

/**
 * @brief Tells the host of a pause: as it begins, about once a second while it lasts, and as it ends. Not of a sleep that is
 *        shorter than a second.
 * @param user_data  of the options
 * @param pause  borrowed for the call
 */
typedef void (*cascade_throttle_told)(void *user_data, const cascade_pause *pause);

/** @brief Options of cascade_throttle_new(). What is zero is not looked at. */
typedef struct cascade_throttle_options {
  size_t size;                 /**< `sizeof(cascade_throttle_options)`. */
  uint32_t sleep_percent;      /**< After each transaction, a sleep of this share of its length: 100 for as long as it took. */
  uint32_t max_lag_ms;         /**< Milliseconds that a replica may be behind: what the server had written so long ago must be
                                    there. Looks at the `replicas`, or without any, on PostgreSQL, at all that are connected
                                    (`pg_stat_replication`). */
  const char *const *replicas; /**< URIs of replicas, as of cascade_connection_open(). Their sessions are opened at once, and anew
                                    when they are lost; while one cannot be reached there is a pause. */
  uint32_t replica_count;      /**< How many. */
  uint32_t max_load;           /**< Sessions, this one left out, for which the server may be at work: of clients, in the state
                                    `active` (PostgreSQL), or Threads_running (MariaDB). */
  uint32_t max_flow_percent;   /**< Galera: share of the time since the last look for which flow control may have held the cluster
                                    back. */
  uint32_t max_pause_ms;       /**< A pause that takes longer fails with CASCADE_THROTTLED; 0 for no bound. */
  uint64_t max_dead_rows;      /**< PostgreSQL: dead rows that a table may have while autovacuum is due for it. UINT64_MAX never
                                    waits, and only counts. */
  const char *pause_file;      /**< Pauses while a file of this name is there. NULL for none. */
  cascade_throttle_ask ask;    /**< Callback, or NULL. */
  cascade_throttle_told told;  /**< Callback, or NULL. */
  void *user_data;             /**< Their first argument. */
  uint32_t check_ms;           /**< Time between two looks at a server, in milliseconds; 0 means 200. */
  uint32_t reserved;           /**< Zero. */
} cascade_throttle_options;

/** @brief What a throttle has seen and done. */
typedef struct cascade_throttle_report {
  size_t size;            /**< `sizeof(cascade_throttle_report)`, set by the caller. */
  uint64_t pauses;        /**< Pauses, sleeps left out. */
  uint64_t sleep_ms;      /**< Time slept by `sleep_percent`, in milliseconds. */
  uint64_t host_ms;       /**< Time paused for the callback ... */
  uint64_t file_ms;       /**< ... the pause file ... */
  uint64_t lag_ms;        /**< ... replicas ... */
  uint64_t flow_ms;       /**< ... flow control ... */
  uint64_t load_ms;       /**< ... load ... */
  uint64_t vacuum_ms;     /**< ... and autovacuum. */
  int64_t lag;            /**< At the last look, how far the last replica was behind, in milliseconds; -1 when not looked at. */
  int64_t load;           /**< At the last look, sessions; -1 when not looked at. */
  int64_t flow_percent;   /**< At the last look, share of the time; -1 when not looked at. */
  int64_t dead_rows;      /**< At the last look, dead rows of the table that had most; -1 when not looked at. */
  const char *dead_table; /**< Its name, borrowed from the throttle until it looks again; NULL when not looked at. */
} cascade_throttle_report;

/**
 * @brief Makes a throttle, and looks whether it can see what it is to look at.
 *
 * Its looks are single SELECTs on `connection`, which may be that of the work or another one, of a user who sees more.
 *
 * @param connection  a session; the throttle holds a reference
 * @param options  not NULL. Everything is copied
 * @param[out] throttle  receives the throttle, owned by the caller
 * @param[out] error  receives the failure; may be NULL
 * @return CASCADE_OK; CASCADE_UNSUPPORTED when the engine has no such thing: lag, load, flow or dead rows on SQLite, flow outside
 *         of a Galera cluster, dead rows with autovacuum off, lag on MariaDB without a binary log; CASCADE_PRIVILEGE when the user
 *         may not see other sessions; CASCADE_CONNECTION when a replica cannot be reached; CASCADE_INVALID for a replica that is
 *         none, and for lag on MariaDB without replicas; CASCADE_OPTIONS; CASCADE_NOMEM; any database status
 * @note One thread at a time uses a throttle; several purges, fills and workers of that thread may share it. Inside a transaction
 *       of the host there are no pauses.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_throttle_new(cascade_connection *connection, const cascade_throttle_options *options,
                                                cascade_throttle **throttle, cascade_error **error);

/**
 * @brief Says what was seen and done so far.
 * @param throttle  a throttle
 * @param[out] report  `size` set by the caller; the rest is filled as far as that reaches
 * @return CASCADE_OK; CASCADE_INVALID
 * @note Touches no database. On the thread that uses the throttle.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_throttle_describe(const cascade_throttle *throttle, cascade_throttle_report *report);

/**
 * @brief Gives a throttle up. What was made with it keeps it alive.
 * @param throttle  a throttle, or NULL
 * @note With the last reference, connections to replicas are closed. On the thread that uses the throttle.
 * @since 0.1
 */
CASCADE_API void cascade_throttle_free(cascade_throttle *throttle);

#ifdef __cplusplus
}
#endif
#endif

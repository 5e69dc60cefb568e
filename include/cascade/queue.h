/**
 * @file queue.h
 * @brief Work that is done later: rows detached now and purged by a worker, and purges that a worker takes over.
 *
 * The queue is a few tables in the database itself, made by cascade_queue_install() or by the host's own migration. A
 * job is put in inside the host's transaction, so that it is there exactly when what the host did is. Workers are
 * sessions of any number of processes, with nothing between them but the database: a worker claims the job that has
 * waited longest, for the time of a lease, and commits; each batch of the job makes sure in its own transaction that
 * the job is still the worker's, and rolls back when it is not. What a job has done is counted in the transactions that
 * do it. Nothing depends on the clocks of the workers' machines or on the state of a session, so that it works through
 * a transaction pooler.
 *
 * @code{.c}
 * static cascade_status delete_agent(cascade_connection *connection, cascade_policy *policy, cascade_selection *agent) {
 *   cascade_detach_report report = {.size = sizeof report};
 *   cascade_status status = cascade_queue_install(connection, NULL);
 *   if (status >= 0) status = cascade_detach(connection, policy, agent, NULL, &report, NULL);
 *   if (status >= 0) printf("gone; %llu rows are left to the workers\n", (unsigned long long)report.detached);
 *   return status;
 * }
 * static cascade_status work_until_idle(cascade_connection *connection) {
 *   cascade_worker *worker = NULL;
 *   cascade_status status = cascade_worker_new(connection, NULL, &worker, NULL);
 *   while (status == CASCADE_OK) status = cascade_worker_step(worker, NULL);
 *   cascade_worker_free(worker);
 *   return status;
 * }
 * @endcode
 */
#ifndef CASCADE_QUEUE_H
#define CASCADE_QUEUE_H

#include <cascade/fill.h>
#include <cascade/policy.h>
#include <cascade/purge.h>
#include <cascade/selection.h>
#include <cascade/throttle.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief A session that works on the jobs of a queue. */
typedef struct cascade_worker cascade_worker;

/** @brief How the purge of a job is to be done: as in ::cascade_purge_options, and when. */
typedef struct cascade_job_options {
  size_t size;           /**< `sizeof(cascade_job_options)`. */
  uint32_t allow;        /**< ::cascade_allow bits. */
  int32_t integrity;     /**< One of ::cascade_integrity. */
  uint64_t max_rows;     /**< Refuse a closure of more rows than this; 0 for no bound. Not for detached rows. */
  uint64_t max_tx_rows;  /**< Rows that one transaction may touch; 0 means 50,000. */
  uint32_t batch_ms;     /**< Time that a transaction should take, in milliseconds; 0 means 100. */
  uint32_t max_attempts; /**< Claims in a row that may end without a batch, before the job is dead; 0 means 8. */
  uint64_t delay_ms;     /**< Not to be claimed before this time has passed, in milliseconds. */
  int32_t outbox;        /**< 1: keys of all rows that go, and the columns below, are written to the outbox: see outbox.h. */
  uint32_t column_count; /**< Columns that go to the outbox, and that the workers' hooks are told of. */
  const char *const *column_tables; /**< Their tables, one for each. */
  const char *const *columns;       /**< Their names. */
  const char *actor;                /**< Who deletes, or NULL. With this or the next, the job has a row in the audit from the
                                         start. */
  const char *reason;               /**< Why, or NULL. */
} cascade_job_options;

/** @brief Options of cascade_detach(). */
typedef struct cascade_detach_options {
  size_t size;          /**< `sizeof(cascade_detach_options)`. */
  uint32_t allow;       /**< ::cascade_allow bits, for what is deleted at once. */
  uint32_t reserved;    /**< Zero. */
  uint64_t max_tx_rows; /**< Rows that are deleted or rewritten at once, besides those that are detached; 0 means 50,000. */
  const cascade_job_options *job; /**< How the detached rows are purged; NULL for the defaults. `outbox`, the columns, `actor` and
                                       `reason` are for what is deleted at once too. */
} cascade_detach_options;

/** @brief What cascade_detach() did. */
typedef struct cascade_detach_report {
  size_t size;       /**< `sizeof(cascade_detach_report)`, set by the caller. */
  uint64_t deleted;  /**< Rows deleted. */
  uint64_t updated;  /**< Rows rewritten, those that were detached left out. */
  uint64_t detached; /**< Rows detached: left to the queue. */
  uint32_t jobs;     /**< Jobs put in: one for each relation of which rows were detached. */
  uint32_t reserved; /**< Zero. */
  int64_t job;       /**< The first of them; 0 when there is none. */
} cascade_detach_report;

/** @brief Options of cascade_queue_list(). */
typedef struct cascade_queue_list_options {
  size_t size;       /**< `sizeof(cascade_queue_list_options)`. */
  const char *state; /**< "ready", "claimed", "paused", "done", "dead" or "cancelled"; NULL for all. */
  int64_t after;     /**< Only jobs of a higher number than this. */
  uint32_t limit;    /**< No more jobs than this; 0 means 100. */
  uint32_t reserved; /**< Zero. */
} cascade_queue_list_options;

/** @brief Options of cascade_worker_new(). */
typedef struct cascade_worker_options {
  size_t size;                /**< `sizeof(cascade_worker_options)`. */
  const char *owner;          /**< Name of the worker, which no other has; at most 200 bytes. NULL makes one up. */
  uint32_t lease_ms;          /**< Time after which others may take a job of which this worker commits no batch; 0 means 60,000. */
  uint32_t turn_ms;           /**< Time after which a job goes back to the end of the queue; 0 means 10,000. */
  cascade_throttle *throttle; /**< What makes it pause before its claims and batches, or NULL. The worker holds a reference, and
                                   keeps its job through a pause. */
  cascade_hook before_batch;  /**< Hooks as in ::cascade_purge_options, for every job that is a purge; or NULL.
                                   cascade_worker_purge() gives the purge that they are told of. A veto holds while the worker has
                                   the job: whoever takes a purge over asks anew about rows that have stayed, as the answer may be
                                   another by now. */
  cascade_hook after_batch;   /**< Hook, or NULL. */
  cascade_hook after_commit;  /**< Hook, or NULL. When it fails, its batch stays committed, and the claim counts as one without a
                                   batch: a job whose every batch goes unheard is dead after `max_attempts`. What must be
                                   heard of, once at least, is what the outbox is for. */
  void *hook_data;            /**< First argument of the hooks. */
  const char *const *column_tables; /**< Tables of the following columns, one for each. */
  const char *const *columns;       /**< Columns that the hooks are told besides the keys, and besides those that a job asks for. */
  uint32_t column_count;            /**< How many. */
  uint32_t reserved;                /**< Zero. */
  cascade_archive *archive; /**< Where the rows of every job that is a purge are copied to before they go, or NULL. The worker
                                 holds a reference. What cannot be archived is the failure of its job. */
} cascade_worker_options;

/** @brief What a worker has done. */
typedef struct cascade_worker_report {
  size_t size;       /**< `sizeof(cascade_worker_report)`, set by the caller. */
  int64_t job;       /**< Job that it has claimed; 0 for none. */
  uint64_t claimed;  /**< Jobs claimed. */
  uint64_t done;     /**< Jobs brought to their end. */
  uint64_t failed;   /**< Claims that ended with a failure, which the job keeps. */
  uint64_t lost;     /**< Claims that were another worker's, or cancelled, before they ended. */
  uint64_t batches;  /**< Batches committed. */
  uint64_t deleted;  /**< Rows deleted. */
  uint64_t updated;  /**< Rows rewritten. */
  uint64_t kept;     /**< Rows that stay: detached ones that have a parent again, vetoed ones, and those that stay with them. */
  int32_t paused;    /**< 1 when the last step found the queue paused. */
  int32_t reserved;  /**< Zero. */
  uint64_t inserted; /**< Rows inserted by fills. */
} cascade_worker_report;

/**
 * @brief The statements that make the tables of the queue, for the host's own migration.
 * @param engine  "sqlite", "postgresql" or "mariadb"
 * @param[out] text  receives statements that end with a semicolon and a line break each, to be freed with
 * cascade_text_free()
 * @param[out] error  receives the failure; may be NULL
 * @return CASCADE_OK; CASCADE_UNSUPPORTED for another engine; CASCADE_INVALID; CASCADE_NOMEM
 * @note Touches no database. Any thread. Every statement may be run again.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_queue_ddl(const char *engine, char **text, cascade_error **error);

/**
 * @brief Makes the tables of the queue, where they are not there: `cascade_queue`, `cascade_queue_job`,
 * `cascade_queue_number` and `cascade_queue_text`, in the database or schema in which the session makes tables.
 *
 * One transaction, or one savepoint in a transaction of the host; on MariaDB, where such statements end a transaction,
 * none.
 *
 * @param connection  a session, on MariaDB outside any transaction
 * @param[out] error  receives the failure; may be NULL
 * @return CASCADE_OK, also when they are there; CASCADE_UNSUPPORTED for a queue of a newer version, and inside a
 * transaction on MariaDB; CASCADE_PRIVILEGE; CASCADE_INVALID; CASCADE_NOMEM; any database status
 * @note On the thread that uses the connection.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_queue_install(cascade_connection *connection, cascade_error **error);

/**
 * @brief Deletes rows now and leaves what hangs on them to the queue.
 *
 * In one transaction, or between savepoints in a transaction of the host: of each relation with CASCADE_RULE_DETACH,
 * the primary keys of the referencing rows are recorded and their referencing columns become NULL, with one or two
 * statements whatever their number; the selected rows are deleted, with what hangs on them by other rules. Rows that
 * were NULL before are not touched. A worker deletes the recorded rows afterwards, with all that hangs on them, rows of
 * relations with CASCADE_RULE_DETACH included. It leaves those alone that have a parent again.
 *
 * @param connection  a session in whose database the queue is installed
 * @param policy  rules; its graph must be the selection's
 * @param selection  rows to delete
 * @param options  NULL for the defaults
 * @param[out] report  `size` set by the caller; may be NULL
 * @param[out] error  receives the failure; may be NULL
 * @return CASCADE_OK; CASCADE_POLICY when a column that would be detached cannot be NULL, with the migration that would
 * help; CASCADE_BLOCKED; CASCADE_NOT_ATOMIC when more than `max_tx_rows` would go at once; CASCADE_NOT_FOUND without a
 * queue, without an outbox where the job's options need one, and for an unknown column; CASCADE_UNSUPPORTED for a queue of a newer
 * version; the statuses of cascade_purge_new(). Nothing is changed on failure
 * @note Takes the locks of its rows until its COMMIT, or the host's. On the thread that uses the connection.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_detach(cascade_connection *connection, cascade_policy *policy, cascade_selection *selection,
                                          const cascade_detach_options *options, cascade_detach_report *report,
                                          cascade_error **error);

/**
 * @brief Puts a purge into the queue, for a worker: rules, selection and options as they are. Writes one row, and with `actor` or
 * `reason` one more, in the transaction of the host if there is one.
 * @param connection  a session in whose database the queue is installed
 * @param policy  rules; its graph must be the selection's
 * @param selection  rows to delete with what depends on them: by key, or whatever meets the condition when the worker
 * is at it
 * @param options  NULL for the defaults
 * @param[out] job  receives the number of the job; may be NULL
 * @param[out] error  receives the failure; may be NULL
 * @return CASCADE_OK; CASCADE_NO_FILTER; CASCADE_POLICY for a table that the policy excludes; CASCADE_NOT_FOUND without a queue,
 * without an outbox where the options need one, and for an unknown column; CASCADE_NO_KEY, with `actor` or `reason`, for a table
 * whose rows cannot be told apart; CASCADE_UNSUPPORTED for a queue of a newer version, for names, conditions and keys that
 * are not UTF-8, and for a policy that sets a column to what has no form in JSON (bytes, NaN); CASCADE_INVALID; CASCADE_OPTIONS;
 * CASCADE_NOMEM; any database status
 * @note On the thread that uses the connection.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_queue_purge(cascade_connection *connection, cascade_policy *policy, cascade_selection *selection,
                                               const cascade_job_options *options, int64_t *job, cascade_error **error);

/**
 * @brief Puts a back-fill into the queue, for a worker: target, sources and options as they are. Writes one row, in the
 * transaction of the host if there is one.
 *
 * The sources were looked at when they were added, so that what is wrong with them is known before. Each range is counted in the
 * job's row, in its own transaction, so that every row is counted once whatever befalls the worker.
 *
 * @param fill  a fill with sources, which were SELECTs, that has not begun; its session is that of a database in which the queue
 * is installed. It stays the caller's
 * @param options  NULL for the defaults; of them, `max_attempts` and `delay_ms` are for fills
 * @param[out] job  receives the number of the job; may be NULL
 * @param[out] error  receives the failure; may be NULL
 * @return CASCADE_OK; CASCADE_INVALID for a fill that streams, has begun or has no source, or has options that are not for a
 * worker: a token, a checkpoint table, a dry run, budgets, a throttle; CASCADE_NOT_FOUND without a queue; CASCADE_UNSUPPORTED for a
 * queue of a newer version, and for texts that are not UTF-8; CASCADE_OPTIONS; CASCADE_NOMEM; any database status
 * @note One short transaction. On the thread that uses the connection.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_queue_fill(const cascade_fill *fill, const cascade_job_options *options, int64_t *job,
                                              cascade_error **error);

/**
 * @brief Ends a job that is ready, claimed, paused or dead. A batch that is under way is rolled back; what was committed stays.
 *
 * Waits for the transaction of a batch. The detached rows of a cancelled job stay, with their columns NULL, and
 * cascade_queue_retry() can still take it up.
 *
 * @param connection  a session in whose database the queue is installed
 * @param job  its number
 * @param[out] error  receives the failure; may be NULL
 * @return CASCADE_OK; CASCADE_NOT_FOUND without a queue, and when there is no such job, or it is in another state;
 * CASCADE_UNSUPPORTED for a queue of a newer version; CASCADE_INVALID; CASCADE_NOMEM; any database status
 * @note One short transaction. On the thread that uses the connection.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_queue_cancel(cascade_connection *connection, int64_t job, cascade_error **error);

/**
 * @brief Makes a job that is dead or cancelled ready again, its attempts forgotten.
 * @param connection  a session in whose database the queue is installed
 * @param job  its number
 * @param[out] error  receives the failure; may be NULL
 * @return as cascade_queue_cancel()
 * @note One short transaction. On the thread that uses the connection.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_queue_retry(cascade_connection *connection, int64_t job, cascade_error **error);

/**
 * @brief Pauses a job, or all: no worker claims it, and one that has it stops after the batch that it is in. What was
 * committed stays, and the job goes on from there when it is resumed.
 *
 * For all, the queue is marked: jobs that are put in meanwhile wait too. Waits for the transactions of batches.
 *
 * @param connection  a session in whose database the queue is installed
 * @param job  its number, of a job that is ready or claimed; 0 for all
 * @param[out] error  receives the failure; may be NULL
 * @return as cascade_queue_cancel(); CASCADE_OK for all, also when they are paused
 * @note One short transaction. On the thread that uses the connection.
 * @since 0.1 */
CASCADE_API cascade_status cascade_queue_pause(cascade_connection *connection, int64_t job, cascade_error **error);

/**
 * @brief Ends a pause. A job that is paused stays so when all others go on.
 * @param connection  a session in whose database the queue is installed
 * @param job  its number, of a job that is paused; 0 for all
 * @param[out] error  receives the failure; may be NULL
 * @return as cascade_queue_pause()
 * @note One short transaction. On the thread that uses the connection.
 * @since 0.1 */
CASCADE_API cascade_status cascade_queue_resume(cascade_connection *connection, int64_t job, cascade_error **error);

/**
 * @brief Lists jobs, by their numbers, as one JSON object: `{"version": 1, "now": ..., "jobs": [...]}`.
 *
 * A job has `job`, `kind` ("detached", "purge" or "fill"), `state`, `table`, `keys` (recorded, and not dealt with yet),
 * `deleted`, `updated`, `kept`, `inserted`, `skipped`, `batches`, `attempts`, `max_attempts`, `due` (ready: not before; claimed:
 * end of the lease; else null), `owner`, `error`, `created`, `changed`, and `part_of` where a large job was cut. Times are
 * milliseconds since 1970 by the database's clock. In texts that are not UTF-8, which JSON cannot carry, question marks stand for
 * what is not.
 *
 * @param connection  a session in whose database the queue is installed
 * @param options  NULL for the defaults
 * @param[out] text  receives the text, to be freed with cascade_text_free()
 * @param[out] error  receives the failure; may be NULL
 * @return CASCADE_OK; CASCADE_NOT_FOUND without a queue; CASCADE_UNSUPPORTED; CASCADE_INVALID, also for an unknown
 * state; CASCADE_OPTIONS; CASCADE_NOMEM; any database status
 * @note Reads only. On the thread that uses the connection.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_queue_list(cascade_connection *connection, const cascade_queue_list_options *options,
                                              char **text, cascade_error **error);

/**
 * @brief The state of the queue as one JSON object, for monitoring.
 *
 * `paused` says whether the queue is; `jobs` counts them by state; `oldest_ready_ms` is how long the first job that is due has
 * waited, and 0 when none has; `kinds` has, for each kind, `deleted`, `updated`, `kept`, `inserted`, `skipped`, and `lag`: recorded
 * keys that jobs which are ready or claimed have not dealt with yet.
 *
 * @param connection  a session in whose database the queue is installed
 * @param[out] text  receives the text, to be freed with cascade_text_free()
 * @param[out] error  receives the failure; may be NULL
 * @return CASCADE_OK; CASCADE_NOT_FOUND without a queue; CASCADE_UNSUPPORTED; CASCADE_INVALID; CASCADE_NOMEM; any
 * database status
 * @note Reads only; counts the recorded keys that are left. On the thread that uses the connection.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_queue_metrics(cascade_connection *connection, char **text, cascade_error **error);

/**
 * @brief Makes a worker. Looks at the queue's version, and claims nothing yet.
 * @param connection  a session outside any transaction, in whose database the queue is installed; the worker holds a
 * reference
 * @param options  NULL for the defaults
 * @param[out] worker  receives the worker, owned by the caller
 * @param[out] error  receives the failure; may be NULL
 * @return CASCADE_OK; CASCADE_NOT_FOUND without a queue, and for an unknown column; CASCADE_UNSUPPORTED for a queue of a newer
 * version, and inside a transaction; CASCADE_OPTIONS; CASCADE_INVALID; CASCADE_NOMEM; any database status
 * @note One thread at a time; each worker has a session of its own.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_worker_new(cascade_connection *connection, const cascade_worker_options *options,
                                              cascade_worker **worker, cascade_error **error);

/**
 * @brief Does the next piece of work: claims a job, or does one batch of the claimed one, in one transaction each.
 *
 * A job that fails keeps the reason: it is tried again after a pause that grows from two seconds to ten minutes, or is
 * dead, at once where trying again cannot help. That is no failure of the worker. So it is with a hook that fails: its batch is
 * rolled back, or after COMMIT stays, and the job is tried again, `max_attempts` times in a row. Rows that a hook vetoes stay, and
 * the job is done without them; they are counted as `kept`.
 *
 * @param worker  a worker
 * @param[out] error  receives the failure; may be NULL
 * @return CASCADE_OK: there may be more to do; CASCADE_DONE: no job is due, ask again later; CASCADE_CANCELLED, the job
 * being given back; CASCADE_THROTTLED, likewise; CASCADE_UNSUPPORTED inside a transaction; CASCADE_INVALID; CASCADE_CONNECTION,
 * CASCADE_NOMEM, and database statuses of the queue's own tables
 * @note On the thread that uses the worker.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_worker_step(cascade_worker *worker, cascade_error **error);

/**
 * @brief The purge that a worker's hooks are told of: for cascade_purge_veto(), cascade_purge_row_columns() and
 * cascade_purge_blame(), and for what cascade_purge_describe() says of it.
 * @param worker  a worker, or NULL
 * @return the purge, borrowed until the hook returns; NULL when there is none
 * @note Touches no database. Inside a hook of the worker, on the hook's thread.
 * @since 0.1
 */
CASCADE_API cascade_purge *cascade_worker_purge(const cascade_worker *worker);

/**
 * @brief Says what was done so far.
 * @param worker  a worker
 * @param[out] report  `size` set by the caller; the rest is filled as far as that reaches
 * @return CASCADE_OK; CASCADE_INVALID
 * @note Touches no database. On the thread that uses the worker at the time.
 * @since 0.1
 */
CASCADE_API cascade_status cascade_worker_describe(const cascade_worker *worker, cascade_worker_report *report);

/**
 * @brief Stops a worker: the running or next cascade_worker_step() rolls its batch back, gives the job back and returns
 * CASCADE_CANCELLED.
 * @param worker  a worker, or NULL
 * @note Any thread, and signal handlers, while the worker lives.
 * @since 0.1
 */
CASCADE_API void cascade_worker_cancel(cascade_worker *worker);

/**
 * @brief Ends a worker. A job that it has claimed is given back.
 * @param worker  a worker, or NULL
 * @note One short transaction, if it has claimed a job. On the thread that uses the worker.
 * @since 0.1
 */
CASCADE_API void cascade_worker_free(cascade_worker *worker);

#ifdef __cplusplus
}
#endif
#endif

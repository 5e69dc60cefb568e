/* Statements about the tables of the queue. Times are milliseconds since 1970 by the clock of the database; what is due
   at a time that has passed may be claimed: a job that is ready, or one whose lease has ended. */
#ifndef CASC_QUEUE_SQL_H
#define CASC_QUEUE_SQL_H

#include "dialect.h"

enum { CASC_QUEUE_VERSION = 1 };

/* How an engine says what the others say otherwise. */
typedef struct casc_queue_words {
  const char *engine;
  const char *now;         /* an expression */
  const char *number;      /* before the number of a parameter; NULL where each is a question mark */
  const char *skip_locked; /* behind a select of the job to claim; "" where a writer is alone */
  const char *returning;   /* behind an insert of a job; NULL where `last_id` asks for its id */
  const char *last_id;
  const char *exists;     /* beginning of an expression, up to a table's name in quotes: 1 when the table is there */
  const char *const *ddl; /* statements; ends with NULL */
  bool ddl_commits;       /* they end a transaction of the host */
  bool workers_wait;      /* one writer at a time: a large job is not cut for several workers */
  void (*column)(casc_statement *statement, const char *expression, int32_t type);
  void (*identifier)(casc_str *sql, const char *name);
} casc_queue_words;

extern const casc_queue_words casc_queue_sqlite, casc_queue_postgres, casc_queue_mariadb;

/* A job to be put in. Texts are borrowed. */
typedef struct casc_new_job {
  const char *kind, *root, *payload;
  int64_t source;    /* the job under which its keys are recorded; 0 for itself */
  int64_t low, high; /* of those keys */
  int64_t keys_left; /* of those that are recorded */
  int64_t max_attempts, delay_ms;
} casc_new_job;

/* Columns of casc_queue_select(): in this order. */
enum {
  CASC_JOB_ID,
  CASC_JOB_SOURCE,
  CASC_JOB_KIND,
  CASC_JOB_STATE,
  CASC_JOB_ROOT,
  CASC_JOB_PAYLOAD,
  CASC_JOB_LOW,
  CASC_JOB_HIGH,
  CASC_JOB_KEYS_LEFT,
  CASC_JOB_ATTEMPTS,
  CASC_JOB_MAX_ATTEMPTS,
  CASC_JOB_DUE,
  CASC_JOB_OWNER,
  CASC_JOB_EPOCH,
  CASC_JOB_BATCHES,
  CASC_JOB_DELETED,
  CASC_JOB_UPDATED,
  CASC_JOB_KEPT,
  CASC_JOB_INSERTED,
  CASC_JOB_SKIPPED,
  CASC_JOB_TOKEN,
  CASC_JOB_ERROR,
  CASC_JOB_CREATED,
  CASC_JOB_CHANGED,
  CASC_JOB_NOW,
  CASC_JOB_COLUMNS
};

/* `column Is Null`, one of several that are joined by Or. */
void casc_queue_unset(const casc_queue_words *words, casc_str *condition, const char *column, bool first);
/* What is true of all other rows. */
void casc_queue_not_unset(casc_str *condition, const char *unset);

/* Appends text: %n in it is the time, %i an integer and %t a text (NULL for none) as parameters. */
void casc_say(const casc_queue_words *words, casc_statement *statement, const char *format, ...);

/* Of tables of the library, one of which has their version: whether that one is there, and the version. One integer each. */
void casc_tables_exist(const casc_queue_words *words, casc_statement *statement, const char *name);
void casc_tables_version(const casc_queue_words *words, casc_statement *statement, const char *name);

/* With `returning`, a query of the id. */
void casc_queue_insert(const casc_queue_words *words, casc_statement *statement, const casc_new_job *job);
void casc_queue_last_id(const casc_queue_words *words, casc_statement *statement);
void casc_queue_add_keys(const casc_queue_words *words, casc_statement *statement, int64_t job, int64_t keys);
void casc_queue_remove(const casc_queue_words *words, casc_statement *statement, int64_t job);

/* The job that has waited longest, held until the transaction ends: no row, or one. */
void casc_queue_due(const casc_queue_words *words, casc_statement *statement);
/* Each of these affects one row, or none when the job is not as it was. */
void casc_queue_claim(const casc_queue_words *words, casc_statement *statement, int64_t job, int64_t epoch, const char *owner,
                      uint64_t lease_ms);
typedef struct casc_held {
  int64_t job, epoch; /* of the claim */
  const char *owner;
} casc_held;
void casc_queue_hold(const casc_queue_words *words, casc_statement *statement, const casc_held *held, uint32_t lease_ms);
/* A longer lease, between two batches. */
void casc_queue_renew(const casc_queue_words *words, casc_statement *statement, const casc_held *held, uint64_t lease_ms);
/* Adds to what the job has done. */
typedef struct casc_done {
  uint64_t deleted, updated, keys; /* keys: recorded ones that are dealt with */
  int64_t kept;
} casc_done;
void casc_queue_count(const casc_queue_words *words, casc_statement *statement, const casc_held *held, const casc_done *done,
                      uint32_t lease_ms);
/* Of a fill, what it has done in all, and where it is. */
void casc_queue_filled(const casc_queue_words *words, casc_statement *statement, const casc_held *held, uint64_t inserted,
                       uint64_t updated, uint64_t skipped, const char *token, uint32_t lease_ms);
void casc_queue_bound(const casc_queue_words *words, casc_statement *statement, const casc_held *held, int64_t low, int64_t high,
                      int64_t keys_left);
/* How a claim ends. */
typedef struct casc_leaving {
  const char *state;
  int64_t delay_ms;   /* until it is due again; negative for never */
  const char *reason; /* what failed, or NULL */
  int64_t attempts;   /* claims in a row that have failed, whatever they brought to its end; 0 for what the job says */
} casc_leaving;
void casc_queue_leave(const casc_queue_words *words, casc_statement *statement, const casc_held *held, const casc_leaving *how);

/* Of recorded keys: from `low` to `high`, in order; a query of (place) or, for texts, of (place, text). */
void casc_queue_keys(const casc_queue_words *words, casc_statement *statement, bool integers, int64_t source, int64_t low,
                     int64_t high, uint32_t limit);
/* Every `share`th place of them. */
void casc_queue_cuts(const casc_queue_words *words, casc_statement *statement, bool integers, int64_t source, int64_t share);
void casc_queue_forget_keys(const casc_queue_words *words, casc_statement *statement, bool integers, int64_t source, int64_t low,
                            int64_t high);

/* How many of a job's parts are not done: one integer. */
void casc_queue_open_parts(const casc_queue_words *words, casc_statement *statement, int64_t source);

/* By a person's word: whatever the job's owner is doing. */
void casc_queue_cancel(const casc_queue_words *words, casc_statement *statement, int64_t job);
void casc_queue_retry(const casc_queue_words *words, casc_statement *statement, int64_t job);
void casc_queue_pause(const casc_queue_words *words, casc_statement *statement, int64_t job);
void casc_queue_resume(const casc_queue_words *words, casc_statement *statement, int64_t job);
/* The same of the queue as a whole: nothing is claimed, and no claim goes on, while it is paused. */
void casc_queue_pause_all(const casc_queue_words *words, casc_statement *statement, bool paused);
void casc_queue_paused(const casc_queue_words *words, casc_statement *statement); /* one integer */
/* Jobs behind one, in the order of their ids; of one state, or of all with NULL. */
void casc_queue_select(const casc_queue_words *words, casc_statement *statement, const char *state, int64_t after, uint32_t limit);
/* (state, kind, jobs, oldest due in ms ago, deleted, updated, kept, inserted, skipped, keys to go) */
void casc_queue_metrics(const casc_queue_words *words, casc_statement *statement);

#endif

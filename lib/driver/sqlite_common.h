/* What every driver that reaches SQLite has to know of it. Needs no library, and no header of SQLite, so that
   drivers which are libraries of their own are built with it too. */
#ifndef CASC_SQLITE_COMMON_H
#define CASC_SQLITE_COMMON_H

#include <cascade/common.h>

#include <stdatomic.h>
#include <stdbool.h>

enum casc_sqlite_code { CASC_SQLITE_INTERRUPT = 9, CASC_SQLITE_NOTADB = 26 };

/* The class of a failure by its extended code and message. `compiled`: the statement itself was understood, so that a
   plain error (code 1) is one of running it. */
cascade_status casc_sqlite_status(int code, const char *message, bool compiled);
/* What the user can do, as the rest of a sentence beginning with "; ", or "". */
const char *casc_sqlite_advice(cascade_status status);

/* Whether there is a file that can be opened; if not, a message says what there is. SQLite itself would open a
   directory or a pipe and fail, or hang, without saying why. */
cascade_status casc_sqlite_check_file(const char *path, char *message, size_t size);

/* One connection's waiting for locks, and its being told to stop. The two functions have the form of SQLite's
   handlers. */
typedef struct casc_sqlite_patience {
  atomic_bool stop;
  uint32_t lock_timeout_ms;
  int64_t deadline_ms;
} casc_sqlite_patience;

/* For sessions that we open ourselves: SQLite's own 2 MB of cache make large deletes nearly twice as slow, and a checkpoint for
   every 4 MB of the log writes the same pages again and again. 4,096 pages are 16 MB. */
#define CASC_SQLITE_CACHE "PRAGMA cache_size=-8192"
#define CASC_SQLITE_CHECKPOINT "PRAGMA wal_autocheckpoint=4096"

int casc_sqlite_wait(void *patience, int calls); /* busy handler: like SQLite's own, but it hears `stop` */
int casc_sqlite_stopped(void *patience);         /* progress handler */

#endif

#include "sqlite_common.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

cascade_status casc_sqlite_status(int code, const char *message, bool compiled) {
  enum { BUSY_SNAPSHOT = 517, CONSTRAINT_FOREIGNKEY = 787, CONSTRAINT_TRIGGER = 1811 };
  switch (code) {
  case BUSY_SNAPSHOT: return CASCADE_SERIALIZATION;
  case CONSTRAINT_FOREIGNKEY: return CASCADE_CONSTRAINT_FK;
  case CONSTRAINT_TRIGGER: /* ON DELETE RESTRICT is a trigger within SQLite, and looks like the user's own but for its
                              words */
    return strcmp(message, "FOREIGN KEY constraint failed") == 0 ? CASCADE_CONSTRAINT_FK : CASCADE_CONSTRAINT;
  default: break;
  }
  switch (code & 0xff) {
  case 1: return compiled ? CASCADE_DATABASE : CASCADE_SCHEMA; /* ERROR */
  case 3:                                                      /* PERM */
  case 23: return CASCADE_PRIVILEGE;                           /* AUTH */
  case 5:                                                      /* BUSY */
  case 6: return CASCADE_BUSY;                                 /* LOCKED */
  case 7: return CASCADE_NOMEM;                                /* NOMEM */
  case 8: return CASCADE_READONLY;                             /* READONLY */
  case CASC_SQLITE_INTERRUPT: return CASCADE_CANCELLED;
  case 14: /* CANTOPEN */
  case CASC_SQLITE_NOTADB: return CASCADE_CONNECTION;
  case 17: return CASCADE_SCHEMA;     /* SCHEMA */
  case 19: return CASCADE_CONSTRAINT; /* CONSTRAINT */
  default: return CASCADE_DATABASE;
  }
}

const char *casc_sqlite_advice(cascade_status status) {
  switch (status) {
  case CASCADE_BUSY: return "; another session holds the lock: try again, or allow a longer lock timeout";
  case CASCADE_SERIALIZATION: return "; another session wrote in between: roll back and try again";
  case CASCADE_READONLY: return "; make the file and its directory writable";
  default: return "";
  }
}

cascade_status casc_sqlite_check_file(const char *path, char *message, size_t size) {
  struct stat info;
  if (stat(path, &info) != 0) {
    bool absent = errno == ENOENT || errno == ENOTDIR;
    if (absent) snprintf(message, size, "database file \"%s\" does not exist; databases are never created here", path);
    else snprintf(message, size, "database file \"%s\" cannot be reached: %s", path, strerror(errno));
    return absent ? CASCADE_NOT_FOUND : CASCADE_CONNECTION;
  }
  if (!S_ISREG(info.st_mode)) {
    snprintf(message, size, "\"%s\" is %s, not a database file", path, S_ISDIR(info.st_mode) ? "a directory" : "a device or pipe");
    return CASCADE_CONNECTION;
  }
  if (access(path, R_OK) == 0) return CASCADE_OK;
  snprintf(message, size, "database file \"%s\" cannot be read: %s", path, strerror(errno));
  return CASCADE_CONNECTION;
}

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int casc_sqlite_wait(void *data, int calls) {
  static const int delays_ms[] = {1, 2, 5, 10, 15, 20, 25};
  enum { DELAYS = sizeof delays_ms / sizeof *delays_ms };
  casc_sqlite_patience *patience = data;
  int64_t now = now_ms();
  if (calls == 0) patience->deadline_ms = now + patience->lock_timeout_ms;
  int64_t left = patience->deadline_ms - now;
  if (left <= 0 || atomic_load(&patience->stop)) return 0;
  int64_t delay = delays_ms[calls < DELAYS ? calls : DELAYS - 1];
  if (delay > left) delay = left;
  nanosleep(&(struct timespec){.tv_nsec = delay * 1000000}, NULL);
  return !atomic_load(&patience->stop);
}

int casc_sqlite_stopped(void *data) {
  casc_sqlite_patience *patience = data;
  return atomic_load(&patience->stop);
}

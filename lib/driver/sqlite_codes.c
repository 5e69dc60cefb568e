#include "sqlite_codes.h"

#include <string.h>

cascade_status casc_sqlite_status(int code, const char *message, bool compiled) {
  enum { BUSY_SNAPSHOT = 517, CONSTRAINT_FOREIGNKEY = 787, CONSTRAINT_TRIGGER = 1811 };
  switch (code) {
  case BUSY_SNAPSHOT: return CASCADE_SERIALIZATION;
  case CONSTRAINT_FOREIGNKEY: return CASCADE_CONSTRAINT_FK;
  case CONSTRAINT_TRIGGER: /* ON DELETE RESTRICT is a trigger within SQLite, and looks like the user's own but for its words */
    return strcmp(message, "FOREIGN KEY constraint failed") == 0 ? CASCADE_CONSTRAINT_FK : CASCADE_CONSTRAINT;
  default: break;
  }
  switch (code & 0xff) {
  case 1: return compiled ? CASCADE_DATABASE : CASCADE_SCHEMA; /* ERROR */
  case 3:                                                      /* PERM */
  case 23: return CASCADE_PRIVILEGE;                           /* AUTH */
  case CASC_SQLITE_BUSY:
  case 6: return CASCADE_BUSY;       /* LOCKED */
  case 7: return CASCADE_NOMEM;      /* NOMEM */
  case 8: return CASCADE_READONLY;   /* READONLY */
  case CASC_SQLITE_INTERRUPT: return CASCADE_CANCELLED;
  case 14:                           /* CANTOPEN */
  case 26: return CASCADE_CONNECTION; /* NOTADB */
  case 17: return CASCADE_SCHEMA;    /* SCHEMA */
  case 19: return CASCADE_CONSTRAINT;
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

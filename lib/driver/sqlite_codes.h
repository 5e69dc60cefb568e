/* What SQLite's result codes mean, for the drivers that reach it. Needs no library and no header of SQLite. */
#ifndef CASC_SQLITE_CODES_H
#define CASC_SQLITE_CODES_H

#include <cascade/common.h>

#include <stdbool.h>

enum casc_sqlite_code { CASC_SQLITE_BUSY = 5, CASC_SQLITE_INTERRUPT = 9 };

/* The class of a failure by its extended code and message. `compiled`: the statement itself was understood, so that a
   plain error (code 1) is one of running it. */
cascade_status casc_sqlite_status(int code, const char *message, bool compiled);
/* What the user can do, as the rest of a sentence beginning with "; ", or "". */
const char *casc_sqlite_advice(cascade_status status);

#endif

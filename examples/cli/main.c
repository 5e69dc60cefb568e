/* cascade: explains, checks and purges a database's rows with everything that depends on them. */
#include "cli.h"

#include <errno.h>
#include <string.h>

/* Every failure ends in one of three exit codes. */
static int exit_code(cascade_status status) {
  switch (status) {
  case CASCADE_BLOCKED:
  case CASCADE_NO_FILTER:
  case CASCADE_UNENFORCED:
  case CASCADE_NO_KEY:
  case CASCADE_CYCLE:
  case CASCADE_ENGINE:
  case CASCADE_MAX_ROWS:
  case CASCADE_PLAN_CHANGED:
  case CASCADE_NOT_ATOMIC:
  case CASCADE_CONTENDED:
  case CASCADE_NO_PROGRESS:
  case CASCADE_HOOK:
  case CASCADE_TOKEN_STALE:
  case CASCADE_TOKEN_EXPIRED:
  case CASCADE_TRIGGERS:
  case CASCADE_LEASE:
  case CASCADE_THROTTLED:
  case CASCADE_ARCHIVE:
  case CASCADE_CANCELLED: return CLI_REFUSED;
  case CASCADE_INVALID:
  case CASCADE_NOT_FOUND:
  case CASCADE_UNSUPPORTED:
  case CASCADE_POLICY:
  case CASCADE_FORMAT:
  case CASCADE_TOKEN_FORGED:
  case CASCADE_TOKEN_FOREIGN:
  case CASCADE_OPTIONS: return CLI_USAGE;
  default: return CLI_DATABASE;
  }
}

int main(int argc, char **argv) {
  const cli_command *command;
  cli_options options;
  int code;
  if (!options_read(argc, argv, &command, &options, &code)) return code;

  cli_session session;
  cascade_error *error = NULL;
  cascade_status status = session_open(&session, &options, &error);
  if (status >= 0) status = command->run(&session, &options, &error);
  if (error) fprintf(stderr, "cascade: %s\n", cascade_error_message(error));
  code = status < 0 ? exit_code(status) : session.exit_code;
  if (fflush(stdout) || ferror(stdout)) {
    fprintf(stderr, "cascade: cannot write the output: %s\n", strerror(errno));
    if (code == CLI_DONE) code = CLI_DATABASE;
  }
  cascade_error_free(error);
  session_close(&session);
  return code;
}

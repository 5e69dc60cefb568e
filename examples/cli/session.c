/* From the command line's words to the library's objects. */
#include "cli.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

cascade_status session_fail(cli_session *session, cascade_status status, cascade_error **error, const char *format, ...) {
  char message[2048]; /* one line for a person; a longer one is cut */
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  return cascade_error_create(session->context,
                              &(cascade_error_details){.size = sizeof(cascade_error_details), .status = status, .message = message},
                              error);
}

/* Takes the file over, which may be NULL after fopen(). `what` is in it. */
static cascade_status read_file(cli_session *session, FILE *file, const char *what, const char *path, char **text, size_t *length,
                                cascade_error **error) {
  if (!file) return session_fail(session, CASCADE_INVALID, error, "%s file '%s': %s", what, path, strerror(errno));
  size_t room = 0;
  ssize_t got = getdelim(text, &room, 0xff, file); /* a byte that no UTF-8 text has: reads to the end */
  cascade_status status = CASCADE_OK;
  if (ferror(file)) status = session_fail(session, CASCADE_INVALID, error, "%s file '%s': %s", what, path, strerror(errno));
  else if (!feof(file)) status = session_fail(session, CASCADE_FORMAT, error, "%s file '%s' is not UTF-8 text", what, path);
  *length = got > 0 ? (size_t)got : 0;
  fclose(file);
  return status;
}

static cascade_status load_policy(cli_session *session, const char *path, cascade_error **error) {
  if (!path) return cascade_policy_new(session->graph, NULL, &session->policy, error);
  char *text = NULL;
  size_t length = 0;
  cascade_error *cause = NULL;
  cascade_status status = read_file(session, fopen(path, "rb"), "policy", path, &text, &length, error);
  if (status >= 0 && (status = cascade_policy_load(session->graph, text ? text : "", length, &session->policy, &cause)) < 0)
    session_fail(session, status, error, "policy file '%s': %s", path, cascade_error_message(cause));
  cascade_error_free(cause);
  free(text);
  return status;
}

/* Cuts the text into its lines that are not empty. NULL when memory is out. */
static const char **lines_of(char *text, size_t *count) {
  size_t room = 1;
  for (const char *at = text; (at = strchr(at, '\n')); at++) room++;
  const char **lines = calloc(room, sizeof *lines);
  *count = 0;
  for (char *line = strtok_r(text, "\n", &text); lines && line; line = strtok_r(NULL, "\n", &text)) {
    size_t length = strlen(line);
    if (line[length - 1] == '\r') line[--length] = '\0';
    if (length) lines[(*count)++] = line;
  }
  return lines;
}

/* No keys are no rows: not all of them, as without --keys. */
static cascade_status select_keys(cli_session *session, const cli_options *options, cascade_error **error) {
  char *text = NULL;
  const char **lines = NULL, *path = options->keys_file;
  size_t length = 0, count = 0;
  cascade_status status = read_file(session, strcmp(path, "-") ? fopen(path, "rb") : stdin, "keys", path, &text, &length, error);
  if (status >= 0 && memchr(text ? text : "", '\0', length))
    status = session_fail(session, CASCADE_FORMAT, error, "keys file '%s' is no text: it has a byte that is 0", path);
  if (status >= 0 && !(lines = lines_of(length ? text : (char[]){""}, &count)))
    status = session_fail(session, CASCADE_NOMEM, error, "out of memory");
  if (status >= 0 && count > UINT32_MAX)
    status = session_fail(session, CASCADE_INVALID, error, "keys file '%s' has more than %u keys", path, UINT32_MAX);
  if (status >= 0)
    status = cascade_selection_parse(session->graph, options->table, lines, (uint32_t)count, &session->selection, error);
  free(lines);
  free(text);
  return status;
}

static cascade_status select_rows(cli_session *session, const cli_options *options, cascade_error **error) {
  if (options->keys_file) return select_keys(session, options, error);
  if (options->key_count)
    return cascade_selection_parse(session->graph, options->table, options->keys, options->key_count, &session->selection, error);
  return cascade_selection_where(session->graph, options->table, options->where, NULL, 0, &session->selection, error);
}

/* What an interrupt stops. */
static _Atomic(cascade_connection *) running_connection;
static _Atomic(cascade_purge *) running_purge;

static volatile sig_atomic_t was_interrupted;

static void interrupted(int signal_number) {
  (void)signal_number;
  was_interrupted = 1;
  cascade_purge *purge = running_purge;
  if (purge) cascade_purge_cancel(purge);
  else cascade_connection_cancel(running_connection);
}

void session_catch_interrupt(cascade_connection *connection, cascade_purge *purge) {
  running_connection = connection;
  running_purge = purge;
  struct sigaction action = {.sa_handler = connection ? interrupted : SIG_DFL, .sa_flags = (int)SA_RESETHAND};
  sigaction(SIGINT, &action, NULL);
}

bool session_await_answer(void) {
  sigset_t interrupt, before;
  sigemptyset(&interrupt);
  sigaddset(&interrupt, SIGINT);
  sigprocmask(SIG_BLOCK, &interrupt, &before); /* one that comes before the wait would be missed */
  struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
  bool ready = !was_interrupted && ppoll(&input, 1, NULL, &before) > 0;
  sigprocmask(SIG_SETMASK, &before, NULL);
  return ready;
}

cascade_status session_open(cli_session *session, const cli_options *options, cascade_error **error) {
  *session = (cli_session){0};
  cascade_status status = cascade_context_new(NULL, &session->context, error);
  if (status < 0) return status;
  status = cascade_connection_open(session->context, options->uri, NULL, &session->connection, error);
  if (status == CASCADE_NOT_FOUND) return CASCADE_CONNECTION; /* no such file: trouble with the database, not with the words */
  if (status < 0) return status;
  session_catch_interrupt(session->connection, NULL);
  if (options->queue) return status;
  status = cascade_graph_read(session->connection, NULL, &session->graph, error);
  if (status >= 0) status = load_policy(session, options->policy, error);
  if (status >= 0 && options->selects) status = select_rows(session, options, error);
  return status;
}

void session_close(cli_session *session) {
  session_catch_interrupt(NULL, NULL);
  cascade_selection_free(session->selection);
  cascade_policy_free(session->policy);
  cascade_graph_free(session->graph);
  cascade_connection_free(session->connection);
  cascade_context_free(session->context);
}

/* MariaDB and MySQL behind libdbi. */
#include "dbi_session.h"
#include "killer.h"
#include "mariadb_common.h"
#include "render.h"
#include "uri.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONNECT_SECONDS = 10, KILL_SECONDS = 5 };

/* An option of the connection, kept for the second one that kills. */
typedef struct setting {
  char *key, *text; /* text: NULL when it is a number */
  int number;
} setting;

/* Functions of the very client library that libdbi's driver has loaded; this library itself links none. libdbi keeps no SQLSTATE,
   and does not know whether a transaction is open. */
typedef struct native {
  void *handle;
  unsigned (*get_errno)(void *);
  const char *(*get_error)(void *);
  const char *(*get_sqlstate)(void *);
  const char *(*get_server_info)(void *);
  unsigned long (*get_thread_id)(void *);
  unsigned (*get_warning_count)(void *);
  char (*get_info)(void *, int, void *);
  bool inside;   /* a transaction was open when the current statement began */
  size_t packet; /* how much the server takes at once */
  setting *settings;
  size_t setting_count;
  casc_killer killer;
} native;

static bool load(casc_dbi *self, native *state) {
  const casc_dbi_symbol wanted[] = {{"mysql_errno", &state->get_errno},         {"mysql_error", &state->get_error},
                                    {"mysql_sqlstate", &state->get_sqlstate},   {"mysql_get_server_info", &state->get_server_info},
                                    {"mysql_thread_id", &state->get_thread_id}, {"mysql_warning_count", &state->get_warning_count},
                                    {"mariadb_get_info", &state->get_info}};
  state->handle = casc_dbi_load(self, wanted, sizeof wanted / sizeof *wanted);
  return state->handle;
}

static unsigned server_status(const native *state) {
  enum { SERVER_STATUS = 30 }; /* MARIADB_CONNECTION_SERVER_STATUS */
  unsigned status = CASC_MARIADB_AUTOCOMMIT;
  state->get_info(state->handle, SERVER_STATUS, &status);
  return status;
}

static void begin(casc_dbi *self) {
  native *state = self->state;
  state->inside = casc_mariadb_inside(server_status(state));
  casc_killer_begin(&state->killer);
}

static void end(casc_dbi *self) {
  native *state = self->state;
  casc_killer_end(&state->killer);
}

static uint64_t affected(casc_dbi *self, dbi_result result) {
  (void)self; /* of a query, libdbi counts the rows that it gave */
  return dbi_result_get_numfields(result) ? 0 : dbi_result_get_numrows_affected(result);
}

static cascade_status fail(casc_dbi *self, cascade_error **error) {
  native *state = self->state;
  char sqlstate[6], message[1200];
  unsigned code = state->get_errno(state->handle);
  cascade_status status = casc_mariadb_status(code);
  snprintf(sqlstate, sizeof sqlstate, "%s", code ? state->get_sqlstate(state->handle) : "");
  bool killed = casc_killer_end(&state->killer); /* now, as a cancel must not hit the question */
  casc_mariadb_message(message, sizeof message, status, killed,
                       code ? state->get_error(state->handle) : "libdbi gave no result and no error");
  dbi_result answer = status != CASCADE_CONNECTION ? dbi_conn_query(self->connection, CASC_MARIADB_ASK) : NULL;
  if (!answer) status = CASCADE_CONNECTION;
  int32_t transaction = casc_mariadb_transaction(answer, server_status(state), state->inside, code, self->sql.data);
  if (answer) dbi_result_free(answer);
  cascade_error_details details = {.size = sizeof details,
                                   .status = status,
                                   .transaction = transaction,
                                   .native_code = code,
                                   .sqlstate = sqlstate,
                                   .message = message};
  return cascade_error_create(self->context, &details, error);
}

/* HEX() of a value that is longer than half of max_allowed_packet is NULL, which the server says in a warning only. */
static cascade_status check(casc_dbi *self, cascade_error **error) {
  enum { TOO_LONG = 1301, CODE = 2 };
  native *state = self->state;
  if (!state->get_warning_count(state->handle)) return CASCADE_OK;
  dbi_result warnings = dbi_conn_query(self->connection, "SHOW WARNINGS");
  if (!warnings) return fail(self, error);
  bool too_long = false;
  while (!too_long && dbi_result_next_row(warnings)) too_long = dbi_result_get_as_longlong_idx(warnings, CODE) == TOO_LONG;
  dbi_result_free(warnings);
  if (!too_long) return CASCADE_OK;
  return casc_fail(self->context, error, CASCADE_DATABASE,
                   "driver dbi: a value of the result is too long for the server's max_allowed_packet of %zu bytes, as its "
                   "hexadecimal digits take twice its length; raise it, or use the driver mariadb",
                   state->packet);
}

/* the second connection */

static void forget_settings(casc_dbi *self) {
  native *state = self->state;
  for (size_t i = 0; i < state->setting_count; i++) {
    setting *kept = &state->settings[i];
    if (kept->text) explicit_bzero(kept->text, strlen(kept->text));
    casc_free(&self->context->alloc, kept->text);
    casc_free(&self->context->alloc, kept->key);
  }
  casc_free(&self->context->alloc, state->settings);
}

static bool copy_settings(casc_dbi *self) {
  native *state = self->state;
  const casc_alloc *alloc = &self->context->alloc;
  size_t capacity = 0;
  for (const char *key = NULL; (key = dbi_conn_get_option_list(self->connection, key));) {
    if (!casc_grow(alloc, (void **)&state->settings, &capacity, state->setting_count + 1, sizeof *state->settings)) return false;
    setting *kept = &state->settings[state->setting_count++];
    const char *text = dbi_conn_get_option(self->connection, key);
    *kept = (setting){.key = casc_strdup(alloc, key),
                      .text = text ? casc_strdup(alloc, text) : NULL,
                      .number = dbi_conn_get_option_numeric(self->connection, key)};
    if (!kept->key || (text && !kept->text)) return false;
  }
  return true;
}

static void *kill_connect(void *data) {
  casc_dbi *self = data;
  native *state = self->state;
  dbi_conn connection;
  if (casc_dbi_connection_new(self->context, self->engine, &connection, NULL) < 0) return NULL;
  bool good = true;
  for (size_t i = 0; good && i < state->setting_count; i++) {
    const setting *kept = &state->settings[i];
    good = kept->text ? dbi_conn_set_option(connection, kept->key, kept->text) >= 0
                      : dbi_conn_set_option_numeric(connection, kept->key, kept->number) >= 0;
  }
  good = good && dbi_conn_set_option_numeric(connection, "timeout", KILL_SECONDS) >= 0;
  if (good && dbi_conn_connect(connection) >= 0) return connection;
  casc_dbi_connection_close(connection);
  return NULL;
}

static void kill_query(void *data, void *connection) {
  casc_dbi *self = data;
  native *state = self->state;
  char sql[64];
  snprintf(sql, sizeof sql, "KILL QUERY %lu", state->get_thread_id(state->handle));
  dbi_result result = dbi_conn_query(connection, sql);
  if (result) dbi_result_free(result);
}

static void kill_close(void *connection) {
  casc_dbi_connection_close(connection);
}

/* opening */

static cascade_status send(casc_dbi *self, const char *sql, dbi_result *result, cascade_error **error) {
  casc_str_clear(&self->sql);
  casc_str_put(&self->sql, sql);
  return self->sql.failed ? casc_nomem(error) : casc_dbi_send(self, result, error);
}

/* Texts stand in the statement, which is in the session's character set. */
static cascade_status look_around(casc_dbi *self, cascade_error **error) {
  native *state = self->state;
  dbi_result result;
  cascade_status status =
      send(self, "SELECT CAST(@@max_allowed_packet AS CHAR), CAST(@@character_set_client AS CHAR)", &result, error);
  if (status < 0) return status;
  bool row = dbi_result_next_row(result);
  const char *packet = row ? dbi_result_get_string_idx(result, 1) : NULL;
  const char *encoding = row ? dbi_result_get_string_idx(result, 2) : NULL;
  state->packet = packet ? strtoul(packet, NULL, 10) : 0;
  if (!encoding || strcmp(encoding, "utf8mb4") != 0)
    status = casc_fail(self->context, error, CASCADE_UNSUPPORTED,
                       "driver dbi: the session's character set is %.60s, which cannot carry every text; connect with the "
                       "option encoding=utf8mb4",
                       encoding ? encoding : "unknown");
  dbi_result_free(result);
  return status;
}

static cascade_status attach(casc_dbi *self, cascade_error **error) {
  native *state = self->state = casc_calloc(&self->context->alloc, 1, sizeof *state);
  if (!state) return casc_nomem(error);
  if (!load(self, state))
    return casc_fail(self->context, error, CASCADE_UNSUPPORTED,
                     "driver dbi: the connection is not open, or libdbi's driver stands on another client library than "
                     "libmariadb");
  cascade_status status = look_around(self, error);
  if (status >= 0 && !self->adopted) {
    char settings[CASC_MARIADB_SETTINGS];
    dbi_result result;
    casc_mariadb_settings(settings, self->lock_timeout_ms);
    status = send(self, settings, &result, error);
    if (status >= 0) dbi_result_free(result);
  }
  if (status < 0) return status;
  const casc_killer_way way = {.connect = kill_connect, .kill = kill_query, .close = kill_close, .data = self};
  return copy_settings(self) && casc_killer_start(&state->killer, &way) ? CASCADE_OK : casc_nomem(error);
}

static void detach(casc_dbi *self) {
  native *state = self->state;
  casc_killer_stop(&state->killer);
  forget_settings(self);
  casc_free(&self->context->alloc, state);
}

/* libdbi reads these as numbers. */
static bool is_number(const char *key) {
  return strcmp(key, "port") == 0 || strcmp(key, "timeout") == 0 || strncmp(key, "mysql_client_", 13) == 0 ||
         strcmp(key, "mysql_compression") == 0;
}

static cascade_status read_pair(casc_dbi *self, const char *key, const char *value, cascade_error **error) {
  char *rest;
  long number = strtol(value, &rest, 10);
  bool numeric = is_number(key);
  if (strcmp(key, "mysql_client_multi_statements") == 0 || strcmp(key, "mysql_client_local_files") == 0 ||
      (strcmp(key, "encoding") == 0 && strcmp(value, "utf8mb4") != 0))
    return casc_fail(self->context, error, CASCADE_INVALID,
                     "URI dbi: \"%s=%s\" is not possible; the encoding is utf8mb4, and several statements at once or local "
                     "files are never used",
                     key, value);
  if (numeric && (!*value || *rest || number < 0 || number > 65535))
    return casc_fail(self->context, error, CASCADE_INVALID, "URI dbi: \"%s=%s\" is not a number that fits", key, value);
  int set =
      numeric ? dbi_conn_set_option_numeric(self->connection, key, (int)number) : dbi_conn_set_option(self->connection, key, value);
  return set < 0 ? casc_nomem(error) : CASCADE_OK;
}

/* What an address says is handed on to libdbi. Affected rows are those that were found, as every engine counts them. */
static cascade_status configure(casc_dbi *self, char *query, cascade_error **error) {
  char *key, *value;
  if (dbi_conn_set_option_numeric(self->connection, "timeout", CONNECT_SECONDS) < 0) return casc_nomem(error);
  for (;;) {
    if (!casc_uri_pair(&query, &key, &value))
      return casc_fail(self->context, error, CASCADE_INVALID, "URI dbi: the part after \"?\" cannot be read");
    if (!key) break;
    cascade_status status = read_pair(self, key, value, error);
    if (status < 0) return status;
  }
  if (dbi_conn_set_option(self->connection, "encoding", "utf8mb4") < 0 ||
      dbi_conn_set_option_numeric(self->connection, "mysql_client_found_rows", 1) < 0)
    return casc_nomem(error);
  return CASCADE_OK;
}

static void capabilities(casc_dbi *self, cascade_capabilities *capabilities) {
  native *state = self->state;
  capabilities->version = state->get_server_info(state->handle);
  capabilities->flags |= casc_mariadb_flags(capabilities->version);
  capabilities->max_parameters = CASC_MARIADB_PARAMETERS;
}

static cascade_status render(casc_dbi *self, const cascade_statement *statement, cascade_error **error) {
  native *state = self->state;
  cascade_status status = casc_dbi_render_mariadb(self->context, statement, self->numbers, &self->sql, error);
  if (status < 0 || self->sql.length + 1 < state->packet) return status;
  return casc_fail(self->context, error, CASCADE_DATABASE,
                   "driver dbi: a statement of %zu bytes with its values is too long, the server takes %zu; raise its "
                   "max_allowed_packet, or use the driver mariadb",
                   self->sql.length, state->packet);
}

static void cancel(casc_dbi *self) {
  native *state = self->state;
  casc_killer_wake(&state->killer);
}

static bool in_transaction(casc_dbi *self) {
  return casc_mariadb_inside(server_status(self->state));
}

const casc_dbi_engine casc_dbi_mariadb = {
    .name = "mariadb",
    .driver = "mysql",
    .package = "libdbd-mysql",
    .configure = configure,
    .attach = attach,
    .detach = detach,
    .capabilities = capabilities,
    .render = render,
    .begin = begin,
    .end = end,
    .check = check,
    .affected = affected,
    .fail = fail,
    .cancel = cancel,
    .in_transaction = in_transaction,
};

/* PostgreSQL behind libdbi. */
#include "dbi_session.h"
#include "postgres_common.h"
#include "render.h"
#include "uri.h"

#include <dbi/dbi-dev.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of libpq, whose header is not needed for more. */
enum { CONNECTION_OK = 0, IN_TRANSACTION = 2, IN_FAILED_TRANSACTION = 3 };

/* Functions of the very libpq that libdbi's driver has loaded; this library itself links none. libdbi has no cancel, does not know
   whether a transaction is open, and cannot tell a lost connection from a failed statement; its ping would open the connection
   again, and the transaction would be gone without a word. */
typedef struct native {
  void *handle, *canceller;
  int (*get_status)(void *);
  int (*get_transaction)(void *);
  const char *(*get_parameter)(void *, const char *);
  char *(*get_tag)(void *);
  int (*is_null)(const void *, int, int);
  char *(*get_value)(const void *, int, int);
  void *(*set_notices)(void *, void (*)(void *, const char *), void *);
  void *(*make_canceller)(void *);
  void (*free_canceller)(void *);
  int (*cancel)(void *, char *, int);
  int (*consume_input)(void *);
  atomic_bool stop;
  bool inside;     /* a transaction was open when the current statement began ... */
  const char *sql; /* ... which is this; NULL for a query */
} native;

static bool load(casc_dbi *self, native *state) {
  const casc_dbi_symbol wanted[] = {{"PQstatus", &state->get_status},
                                    {"PQtransactionStatus", &state->get_transaction},
                                    {"PQparameterStatus", &state->get_parameter},
                                    {"PQcmdStatus", &state->get_tag},
                                    {"PQgetisnull", &state->is_null},
                                    {"PQgetvalue", &state->get_value},
                                    {"PQsetNoticeProcessor", &state->set_notices},
                                    {"PQgetCancel", &state->make_canceller},
                                    {"PQfreeCancel", &state->free_canceller},
                                    {"PQcancel", &state->cancel},
                                    {"PQconsumeInput", &state->consume_input}};
  state->handle = casc_dbi_load(self, wanted, sizeof wanted / sizeof *wanted);
  return state->handle;
}

static bool in_transaction(casc_dbi *self) {
  native *state = self->state;
  int now = state->get_transaction(state->handle);
  return now == IN_TRANSACTION || now == IN_FAILED_TRANSACTION;
}

static void begin(casc_dbi *self) {
  native *state = self->state;
  atomic_store(&state->stop, false);
  state->inside = in_transaction(self);
}

static uint64_t affected(casc_dbi *self, dbi_result result) {
  native *state = self->state;
  const char *tag = state->get_tag(((dbi_result_t *)result)->result_handle);
  return casc_postgres_counts(tag) ? dbi_result_get_numrows_affected(result) : 0;
}

static const char *cell(casc_dbi *self, dbi_result result, unsigned long long row, unsigned column) {
  native *state = self->state;
  void *rows = ((dbi_result_t *)result)->result_handle;
  return state->is_null(rows, (int)row, (int)column) ? NULL : state->get_value(rows, (int)row, (int)column);
}

/* errors */

/* libdbi's number is the SQLSTATE, read as a number to the base of 36. */
static void decode_sqlstate(int number, char sqlstate[6]) {
  static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  sqlstate[5] = '\0';
  for (int i = 4; i >= 0; i--, number /= 36) sqlstate[i] = digits[number % 36];
}

/* libdbi gives the whole report: "ERROR:  message", then lines of details. */
static void copy_words(char *to, size_t size, const char *words, cascade_status status) {
  static const char *const ends[] = {"\nLINE ", "\nHINT: ", "\nCONTEXT: ", "\nDETAIL: "};
  bool about_rows = status == CASCADE_CONSTRAINT_FK || status == CASCADE_CONSTRAINT;
  const char *start = strstr(words, ":  ");
  if (start && strcspn(words, "\n") > (size_t)(start - words)) words = start + 3;
  size_t length = status == CASCADE_CONNECTION ? strcspn(words, "\n") : strlen(words);
  for (size_t i = 0; i < sizeof ends / sizeof *ends - about_rows; i++) {
    const char *end = strstr(words, ends[i]);
    if (end && (size_t)(end - words) < length) length = (size_t)(end - words);
  }
  while (length && words[length - 1] == '\n') length--;
  snprintf(to, size, "%.*s", (int)length, words);
}

static cascade_status fail(casc_dbi *self, cascade_error **error) {
  native *state = self->state;
  const char *report = NULL;
  char sqlstate[6] = "", words[900], message[1100];
  int number = dbi_conn_error(self->connection, &report);
  if (number > 0) decode_sqlstate(number, sqlstate);
  else state->consume_input(state->handle); /* one that could not write knows only when it reads that nobody is there */
  bool lost = state->get_status(state->handle) != CONNECTION_OK;
  cascade_status status = lost ? CASCADE_CONNECTION : casc_postgres_status(sqlstate, atomic_load(&state->stop));
  copy_words(words, sizeof words, report ? report : "libdbi gave no result and no error", status);
  if (status == CASCADE_CANCELLED) snprintf(message, sizeof message, "cancelled at the caller's request");
  else if (lost) snprintf(message, sizeof message, "PostgreSQL: the connection was lost: %s; open a new one", words);
  else snprintf(message, sizeof message, "PostgreSQL: %s%s", words, casc_postgres_advice(status));
  int32_t transaction = casc_postgres_fate(status, state->inside, in_transaction(self), state->sql);
  cascade_error_details details = {
      .size = sizeof details, .status = status, .transaction = transaction, .sqlstate = sqlstate, .message = message};
  return cascade_error_create(self->context, &details, error);
}

/* opening */

static void silent(void *data, const char *message) {
  (void)data;
  (void)message;
}

static cascade_status settle(casc_dbi *self, cascade_error **error) {
  char settings[CASC_POSTGRES_SETTINGS];
  dbi_result result;
  casc_postgres_settings(settings, self->lock_timeout_ms);
  casc_str_clear(&self->sql);
  casc_str_put(&self->sql, settings);
  if (self->sql.failed) return casc_nomem(error);
  cascade_status status = casc_dbi_send(self, &result, error);
  if (status >= 0) dbi_result_free(result);
  return status;
}

/* Statements are written in UTF-8. */
static cascade_status check_encoding(casc_dbi *self, cascade_error **error) {
  native *state = self->state;
  const char *encoding = state->get_parameter(state->handle, "client_encoding");
  if (!encoding || strcmp(encoding, "UTF8") == 0 || strcmp(encoding, "SQL_ASCII") == 0) return CASCADE_OK;
  return casc_fail(self->context, error, CASCADE_UNSUPPORTED,
                   "driver dbi: the client encoding of the connection is %s; set it to UTF8", encoding);
}

static cascade_status attach(casc_dbi *self, cascade_error **error) {
  native *state = self->state = casc_calloc(&self->context->alloc, 1, sizeof *state);
  if (!state) return casc_nomem(error);
  atomic_init(&state->stop, false);
  if (!load(self, state) || state->get_status(state->handle) != CONNECTION_OK)
    return casc_fail(self->context, error, CASCADE_CONNECTION, "driver dbi: the connection is not open");
  state->canceller = state->make_canceller(state->handle);
  if (!state->canceller) return casc_nomem(error);
  cascade_status status = check_encoding(self, error);
  if (status < 0 || self->adopted) return status;
  state->set_notices(state->handle, silent, NULL);
  return settle(self, error);
}

static void detach(casc_dbi *self) {
  native *state = self->state;
  if (state->canceller) state->free_canceller(state->canceller);
  casc_free(&self->context->alloc, state);
}

static bool is_known(const char *key) {
  static const char *const keys[] = {"host", "port", "dbname", "username", "password", "timeout"};
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
    if (strcmp(key, keys[i]) == 0) return true;
  return strncmp(key, "pgsql_", 6) == 0;
}

/* What cannot be read is not repeated: it may be a part of a password. */
static cascade_status configure(casc_dbi *self, char *query, cascade_error **error) {
  char *key, *value;
  if (dbi_conn_set_option(self->connection, "pgsql_fallback_application_name", "libcascade") < 0) return casc_nomem(error);
  for (;;) {
    if (!casc_uri_pair(&query, &key, &value))
      return casc_fail(self->context, error, CASCADE_INVALID, "URI dbi: the part after \"?\" cannot be read");
    if (!key) break;
    if (strcmp(key, "user") == 0) key = "username";
    bool encoding = strcmp(key, "encoding") == 0;
    if (encoding ? strcmp(value, "UTF-8") != 0 && strcmp(value, "UTF8") != 0 : !is_known(key))
      return casc_fail(self->context, error, CASCADE_INVALID,
                       "URI dbi: one of the keys is not known; there are host, port, dbname, username, password, timeout, "
                       "encoding, which is always UTF-8, and pgsql_KEY for any key of libpq's");
    if (!encoding && dbi_conn_set_option(self->connection, key, value) < 0) return casc_nomem(error);
  }
  return dbi_conn_set_option(self->connection, "pgsql_client_encoding", "UTF8") < 0 ? casc_nomem(error) : CASCADE_OK;
}

static void capabilities(casc_dbi *self, cascade_capabilities *capabilities) {
  native *state = self->state;
  capabilities->version = state->get_parameter(state->handle, "server_version");
  capabilities->flags |= CASC_POSTGRES_FLAGS;
  capabilities->max_parameters = CASC_POSTGRES_PARAMETERS;
}

/* statements */

/* In a transaction that has failed, the server answers to COMMIT with a rollback and no error. */
static cascade_status refuse_commit(casc_dbi *self, cascade_error **error) {
  dbi_result result = dbi_conn_query(self->connection, "ROLLBACK");
  if (!result) return fail(self, error);
  dbi_result_free(result);
  return cascade_error_create(self->context, &casc_postgres_no_commit, error);
}

static cascade_status render(casc_dbi *self, const cascade_statement *statement, cascade_error **error) {
  native *state = self->state;
  const char *strings = state->get_parameter(state->handle, "standard_conforming_strings");
  state->sql = statement->column_count ? NULL : statement->sql;
  cascade_status status = check_encoding(self, error);
  if (status >= 0)
    status = casc_dbi_render_postgres(self->context, statement, strings && strcmp(strings, "off") == 0, &self->sql, error);
  if (status < 0) return status;
  if (state->get_transaction(state->handle) == IN_FAILED_TRANSACTION && casc_postgres_is_commit(statement->sql))
    return refuse_commit(self, error);
  if (atomic_load(&state->stop)) /* the server has not heard of it, for it has no statement yet */
    return casc_fail(self->context, error, CASCADE_CANCELLED, "cancelled at the caller's request");
  return CASCADE_OK;
}

static void cancel(casc_dbi *self) {
  native *state = self->state;
  char ignored[256];
  atomic_store(&state->stop, true);
  state->cancel(state->canceller, ignored, sizeof ignored);
}

const casc_dbi_engine casc_dbi_postgres = {
    .name = "postgresql",
    .driver = "pgsql",
    .package = "libdbd-pgsql",
    .configure = configure,
    .attach = attach,
    .detach = detach,
    .capabilities = capabilities,
    .render = render,
    .begin = begin,
    .affected = affected,
    .cell = cell,
    .fail = fail,
    .cancel = cancel,
    .in_transaction = in_transaction,
};

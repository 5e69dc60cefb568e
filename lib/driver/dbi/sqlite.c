/* SQLite behind libdbi. */
#include "dbi_session.h"
#include "render.h"
#include "sqlite_common.h"
#include "uri.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

/* Functions of the very SQLite that libdbi's driver has loaded; this library itself links none. */
typedef struct native {
  void *handle;
  int (*extended_errcode)(void *);
  const char *(*errmsg)(void *);
  int (*get_autocommit)(void *);
  int64_t (*changes)(void *);
  int64_t (*total_changes)(void *);
  void (*interrupt)(void *);
  int (*busy_handler)(void *, int (*)(void *, int), void *);
  void (*progress_handler)(void *, int, int (*)(void *), void *);
  int (*prepare)(void *, const char *, int, void **, const char **);
  int (*finalize)(void *);
  int (*limit)(void *, int, int);
  const char *(*libversion)(void);
  casc_sqlite_patience patience;
  bool foreign_keys; /* to be turned on */
  bool inside;       /* a transaction, when the current statement began */
  int64_t changes_before;
} native;

static bool load(casc_dbi *self, native *state) {
  const casc_dbi_symbol wanted[] = {{"sqlite3_extended_errcode", &state->extended_errcode},
                                    {"sqlite3_errmsg", &state->errmsg},
                                    {"sqlite3_get_autocommit", &state->get_autocommit},
                                    {"sqlite3_changes64", &state->changes},
                                    {"sqlite3_total_changes64", &state->total_changes},
                                    {"sqlite3_interrupt", &state->interrupt},
                                    {"sqlite3_busy_handler", &state->busy_handler},
                                    {"sqlite3_progress_handler", &state->progress_handler},
                                    {"sqlite3_prepare_v2", &state->prepare},
                                    {"sqlite3_finalize", &state->finalize},
                                    {"sqlite3_limit", &state->limit},
                                    {"sqlite3_libversion", &state->libversion}};
  state->handle = casc_dbi_load(self, wanted, sizeof wanted / sizeof *wanted);
  return state->handle;
}

static bool in_transaction(casc_dbi *self) {
  native *state = self->state;
  return !state->get_autocommit(state->handle);
}

static void begin(casc_dbi *self) {
  native *state = self->state;
  atomic_store(&state->patience.stop, false);
  state->inside = in_transaction(self);
  state->changes_before = state->total_changes(state->handle);
}

/* libdbi's own count is that of an earlier statement when this one changed nothing. */
static uint64_t affected(casc_dbi *self, dbi_result result) {
  (void)result;
  native *state = self->state;
  return state->total_changes(state->handle) != state->changes_before ? (uint64_t)state->changes(state->handle) : 0;
}

/* Only SQLite can say whether a plain error came from the text of a statement or from running it. */
static bool compiles(native *state, const char *sql) {
  void *statement = NULL;
  bool good = state->prepare(state->handle, sql, -1, &statement, NULL) == 0;
  state->finalize(statement);
  return good;
}

static cascade_status fail(casc_dbi *self, cascade_error **error) {
  enum { ERROR = 1, NOMEM = 7 };
  native *state = self->state;
  int code = state->extended_errcode(state->handle);
  char words[1024], message[1200];
  snprintf(words, sizeof words, "%s", code ? state->errmsg(state->handle) : "libdbi gave no result and no error");
  if (code == NOMEM) return casc_nomem(error);
  bool compiled = code != ERROR || compiles(state, self->sql.data);
  cascade_status status = casc_sqlite_status(code, words, compiled);
  if (status == CASCADE_BUSY && atomic_load(&state->patience.stop)) status = CASCADE_CANCELLED;
  if (status == CASCADE_CANCELLED) snprintf(message, sizeof message, "cancelled at the caller's request");
  else snprintf(message, sizeof message, "SQLite: %s%s", words, casc_sqlite_advice(status));
  bool open = in_transaction(self);
  cascade_error_details details = {
      .size = sizeof details,
      .status = status,
      .transaction = open            ? CASCADE_TX_OPEN
                     : state->inside ? CASCADE_TX_ROLLED_BACK
                                     : CASCADE_TX_NONE,
      .native_code = code,
      .message = message,
  };
  return cascade_error_create(self->context, &details, error);
}

static cascade_status run(casc_dbi *self, const char *sql, bool row, char *text, size_t size, cascade_error **error) {
  dbi_result result;
  cascade_statement statement = {.size = sizeof statement, .sql = sql, .sql_length = strlen(sql), .column_count = row};
  begin(self);
  cascade_status status = casc_dbi_render_sqlite(self->context, &statement, &self->sql, error);
  if (status >= 0) status = casc_dbi_send(self, &result, error);
  if (status < 0) return status;
  if (row) {
    const char *got = dbi_result_next_row(result) ? dbi_result_get_string_idx(result, 1) : NULL;
    snprintf(text, size, "%s", got ? got : "");
  }
  dbi_result_free(result);
  return CASCADE_OK;
}

/* The first statement shows whether the file is a database. Others than in UTF-8 cannot be served: the bytes of a
   text, as SQL sees them, are in the database's encoding, both as they come and as they are written. */
static cascade_status check_encoding(casc_dbi *self, cascade_error **error) {
  char encoding[16];
  cascade_status status =
      run(self, "Select Cast(encoding As text) as \"sql\" From pragma_encoding", true, encoding, sizeof encoding, error);
  if (status < 0 || strcmp(encoding, "UTF-8") == 0) return status;
  return casc_fail(self->context, error, CASCADE_UNSUPPORTED,
                   "driver dbi: the database is in %s, but libdbi serves UTF-8 only; use sqlite:PATH", encoding);
}

static cascade_status attach(casc_dbi *self, cascade_error **error) {
  if (!self->state) self->state = casc_calloc(&self->context->alloc, 1, sizeof(native));
  native *state = self->state;
  if (!state) return casc_nomem(error);
  if (!load(self, state))
    return casc_fail(self->context, error, CASCADE_UNSUPPORTED,
                     "driver dbi: the connection is not open, or its SQLite is older than 3.37");
  if (!self->adopted) {
    state->busy_handler(state->handle, casc_sqlite_wait, &state->patience);
    state->progress_handler(state->handle, 1000, casc_sqlite_stopped, &state->patience);
  }
  cascade_status status = check_encoding(self, error);
  if (status == CASCADE_CONNECTION) casc_error_explain(error, NULL, NULL, dbi_conn_get_option(self->connection, "dbname"));
  if (status >= 0 && !self->adopted) status = run(self, CASC_SQLITE_CACHE, false, NULL, 0, error);
  if (status >= 0 && !self->adopted) status = run(self, CASC_SQLITE_CHECKPOINT, false, NULL, 0, error);
  if (status >= 0 && state->foreign_keys) status = run(self, "PRAGMA foreign_keys=ON", false, NULL, 0, error);
  return status;
}

static void detach(casc_dbi *self) {
  casc_free(&self->context->alloc, self->state);
}

/* What an address says; the rest of its keys are libdbi's. */
typedef struct location {
  const char *name, *directory;
} location;

static cascade_status read_pair(casc_dbi *self, location *address, const char *key, const char *value, cascade_error **error) {
  native *state = self->state;
  if (strcmp(key, "dbname") == 0) address->name = value;
  else if (strcmp(key, "sqlite3_dbdir") == 0) address->directory = value;
  else if (strcmp(key, "foreign_keys") == 0 && (strcmp(value, "on") == 0 || strcmp(value, "off") == 0))
    state->foreign_keys = strcmp(value, "on") == 0;
  else if (strcmp(key, "encoding") == 0 ? strcmp(value, "UTF-8") != 0 : strcmp(key, "foreign_keys") == 0)
    return casc_fail(self->context, error, CASCADE_INVALID,
                     "URI dbi: \"%s=%s\" is not possible; there is foreign_keys=on, foreign_keys=off and encoding=UTF-8", key,
                     value);
  else if (dbi_conn_set_option(self->connection, key, value) < 0) return casc_nomem(error);
  return CASCADE_OK;
}

/* libdbd joins the directory and the name, and would create what is not there. */
static cascade_status set_file(casc_dbi *self, const location *address, cascade_error **error) {
  char message[512];
  bool under = address->directory && *address->directory && *address->name != '/';
  bool absolute = *(under ? address->directory : address->name) == '/';
  casc_str path;
  casc_str_init(&path, &self->context->alloc);
  casc_str_printf(&path, "%s%s%s%s", absolute ? "" : "./", under ? address->directory : "", under ? "/" : "", address->name);
  if (path.failed) {
    casc_str_free(&path);
    return casc_nomem(error);
  }
  char *slash = strrchr(path.data, '/');
  cascade_status status = casc_sqlite_check_file(path.data + (absolute ? 0 : 2), message, sizeof message);
  if (status < 0) casc_fail(self->context, error, status, "%s", message);
  if (status >= 0 && strcmp(slash, "/:memory:") == 0)
    status = casc_fail(self->context, error, CASCADE_UNSUPPORTED,
                       "driver dbi: libdbi cannot open a file of the name :memory:; use sqlite:PATH");
  if (status >= 0 && dbi_conn_set_option(self->connection, "dbname", slash + 1) < 0) status = casc_nomem(error);
  if (status >= 0) {
    slash[slash == path.data] = '\0';
    if (dbi_conn_set_option(self->connection, "sqlite3_dbdir", path.data) < 0) status = casc_nomem(error);
  }
  casc_str_free(&path);
  return status;
}

static cascade_status configure(casc_dbi *self, char *query, cascade_error **error) {
  native *state = self->state = casc_calloc(&self->context->alloc, 1, sizeof *state);
  if (!state) return casc_nomem(error);
  state->patience.lock_timeout_ms = self->lock_timeout_ms;
  state->foreign_keys = true;
  location address = {0};
  char *key, *value;
  for (;;) {
    if (!casc_uri_pair(&query, &key, &value))
      return casc_fail(self->context, error, CASCADE_INVALID, "URI dbi: the part after \"?\" cannot be read at \"%s\"",
                       key ? key : "");
    if (!key) break;
    cascade_status status = read_pair(self, &address, key, value, error);
    if (status < 0) return status;
  }
  if (!address.name || !*address.name)
    return casc_fail(self->context, error, CASCADE_INVALID, "URI dbi: no database is named; write dbi:sqlite3?dbname=PATH");
  /* libdbi would wait at its first statement, before the handler that hears a cancel is there. */
  if (dbi_conn_set_option_numeric(self->connection, "sqlite3_timeout", (int)(self->lock_timeout_ms & INT_MAX)) < 0)
    return casc_nomem(error);
  if (strcmp(address.name, ":memory:") != 0) return set_file(self, &address, error);
  return dbi_conn_set_option(self->connection, "dbname", ":memory:") < 0 ? casc_nomem(error) : CASCADE_OK;
}

static void capabilities(casc_dbi *self, cascade_capabilities *capabilities) {
  enum { MANY = 32766 };
  native *state = self->state;
  capabilities->version = state->libversion();
  capabilities->flags |= CASCADE_CAN_SAVEPOINT | CASCADE_CAN_DEFER | CASCADE_CAN_CANCEL | CASCADE_COMMITS_ALONE;
  capabilities->max_parameters = MANY; /* they are text: only the statement's length bounds them */
}

static cascade_status render(casc_dbi *self, const cascade_statement *statement, cascade_error **error) {
  enum { SQL_LENGTH = 1 };
  native *state = self->state;
  cascade_status status = casc_dbi_render_sqlite(self->context, statement, &self->sql, error);
  if (status < 0) return status;
  int longest = state->limit(state->handle, SQL_LENGTH, -1);
  if (self->sql.length <= (size_t)longest) return CASCADE_OK;
  return casc_fail(self->context, error, CASCADE_DATABASE,
                   "driver dbi: a statement of %zu bytes with its values is too long, SQLite takes %d", self->sql.length, longest);
}

static void cancel(casc_dbi *self) {
  native *state = self->state;
  atomic_store(&state->patience.stop, true);
  if (self->adopted) state->interrupt(state->handle);
}

const casc_dbi_engine casc_dbi_sqlite = {
    .name = "sqlite",
    .driver = "sqlite3",
    .package = "libdbd-sqlite3",
    .configure = configure,
    .attach = attach,
    .detach = detach,
    .capabilities = capabilities,
    .render = render,
    .begin = begin,
    .affected = affected,
    .fail = fail,
    .cancel = cancel,
    .in_transaction = in_transaction,
};

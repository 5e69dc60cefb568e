#include "native.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

enum { TICK_MS = 250 };

void native_cancel(void *session) {
  native *self = session;
  char ignored[256];
  atomic_store(&self->stop, true);
  PQcancel(self->canceller, ignored, sizeof ignored);
  atomic_store(&self->stop, true); /* a statement may have begun meanwhile */
}

/* A server that was told to stop before the statement had reached it has forgotten that. */
static void wait_for(native *self, short events) {
  struct pollfd at = {.fd = PQsocket(self->handle), .events = events};
  if (poll(&at, 1, TICK_MS) == 0 && atomic_load(&self->stop)) native_cancel(self);
}

/* The next answer to the statement that runs; NULL when that has ended. */
static PGresult *take(native *self) {
  while (PQisBusy(self->handle)) {
    wait_for(self, POLLIN);
    if (!PQconsumeInput(self->handle)) break;
  }
  return PQgetResult(self->handle);
}

static void drain(native *self) {
  PGresult *result;
  while ((result = take(self))) PQclear(result);
}

/* A statement outside of any transaction is committed when all its answers have come: a failure of that is the last of them. */
static cascade_status drain_well(native *self, const char *sql, cascade_error **error) {
  cascade_status status = CASCADE_OK;
  PGresult *result;
  while ((result = take(self))) {
    if (status >= 0 && PQresultStatus(result) == PGRES_FATAL_ERROR) status = native_fail(self, result, sql, error);
    PQclear(result);
  }
  return status;
}

/* An answer that is a failure, or is not of the kind that was wanted. `sql` as for native_fail(). */
static cascade_status refuse(native *self, PGresult *result, const char *sql, cascade_error **error) {
  cascade_status status;
  drain(self);
  switch (PQresultStatus(result)) {
  case PGRES_EMPTY_QUERY:
    status = casc_driver_fail(self->context, error, CASCADE_SCHEMA, "PostgreSQL: the statement is empty");
    break;
  case PGRES_COMMAND_OK:
    status =
        casc_driver_fail(self->context, error, CASCADE_INVALID, "PostgreSQL: the statement gives no rows, but some were wanted");
    break;
  default: status = native_fail(self, result, sql, error);
  }
  PQclear(result);
  return status;
}

/* a cursor that gives way to another statement */

static bool keep_row(cursor *at, const PGresult *result) {
  size_t need = at->kept_size;
  for (uint32_t i = 0; i < at->column_count; i++) need += sizeof(int) + (size_t)PQgetlength(result, 0, (int)i) + 1;
  if (need > at->kept_capacity) {
    size_t capacity = need > 2 * at->kept_capacity ? need : 2 * at->kept_capacity;
    char *grown = realloc(at->kept, capacity);
    if (!grown) return false;
    at->kept = grown;
    at->kept_capacity = capacity;
  }
  for (uint32_t i = 0; i < at->column_count; i++) {
    int length = PQgetisnull(result, 0, (int)i) ? -1 : PQgetlength(result, 0, (int)i);
    memcpy(at->kept + at->kept_size, &length, sizeof length);
    at->kept_size += sizeof length;
    if (length < 0) continue;
    memcpy(at->kept + at->kept_size, PQgetvalue(result, 0, (int)i), (size_t)length + 1);
    at->kept_size += (size_t)length + 1;
  }
  return true;
}

/* The connection must be free for the next statement: the rest of the rows that it is giving is kept. */
static void settle(native *self) {
  cursor *at = self->flowing;
  if (!at) return;
  self->flowing = NULL;
  at->flowing = false;
  PGresult *result;
  while ((result = take(self)) && PQresultStatus(result) == PGRES_SINGLE_TUPLE) {
    if (!at->failure && !keep_row(at, result)) casc_driver_fail(self->context, &at->failure, CASCADE_NOMEM, "out of memory");
    PQclear(result);
  }
  if (!at->failure && PQresultStatus(result) != PGRES_TUPLES_OK) {
    refuse(self, result, NULL, &at->failure);
  } else {
    PQclear(result);
    drain(self);
  }
}

/* running */

/* While rows flow, libpq does not know. */
bool native_inside(const native *self) {
  PGTransactionStatusType now = PQtransactionStatus(self->handle);
  return now == PQTRANS_INTRANS || now == PQTRANS_INERROR;
}

static cascade_status start(native *self, const cascade_statement *statement, cascade_error **error) {
  atomic_store(&self->stop, false);
  settle(self);
  self->inside = native_inside(self);
  if (atomic_load(&self->stop))
    return casc_driver_fail(self->context, error, CASCADE_CANCELLED, "cancelled at the caller's request");
  parameters sent;
  const char *sql = statement->column_count ? NULL : statement->sql;
  cascade_status status = native_parameters(self, statement, &sent, error);
  if (status >= 0 && !PQsendQueryParams(self->handle, statement->sql, (int)statement->parameter_count, sent.oids, sent.values,
                                        sent.lengths, sent.formats, 1))
    status = native_fail(self, NULL, sql, error);
  native_parameters_free(&sent);
  if (status < 0) return status;
  int left; /* more than none only on a host's handle that does not block */
  while ((left = PQflush(self->handle)) > 0) {
    wait_for(self, POLLIN | POLLOUT);
    if (!PQconsumeInput(self->handle)) break;
  }
  return CASCADE_OK;
}

/* In a transaction that has failed, COMMIT is answered with a rollback and no error. */
static cascade_status check_commit(native *self, const char *sql, const PGresult *result, cascade_error **error) {
  if (!casc_postgres_is_commit(sql) || strcmp(PQcmdStatus((PGresult *)result), "ROLLBACK") != 0) return CASCADE_OK;
  return cascade_error_create(self->context, &casc_postgres_no_commit, error);
}

cascade_status native_execute(void *session, const cascade_statement *statement, uint64_t *affected, cascade_error **error) {
  native *self = session;
  *affected = 0;
  cascade_status status = start(self, statement, error);
  if (status < 0) return status;
  PGresult *result = take(self);
  ExecStatusType kind = PQresultStatus(result);
  if (kind != PGRES_COMMAND_OK && kind != PGRES_TUPLES_OK) return refuse(self, result, statement->sql, error);
  status = drain_well(self, statement->sql, error);
  if (status >= 0) status = check_commit(self, statement->sql, result, error);
  if (status >= 0 && casc_postgres_counts(PQcmdStatus(result))) *affected = strtoull(PQcmdTuples(result), NULL, 10);
  PQclear(result);
  return status;
}

/* The first, or the next, answer to a query. */
static cascade_status advance(native *self, cursor *at, cascade_error **error) {
  PQclear(at->result);
  at->result = NULL;
  at->given = 0;
  PGresult *result = take(self);
  if (PQresultStatus(result) != PGRES_SINGLE_TUPLE) {
    self->flowing = NULL;
    at->flowing = false;
    if (PQresultStatus(result) != PGRES_TUPLES_OK) return refuse(self, result, NULL, error);
    cascade_status status = drain_well(self, NULL, error);
    if (status < 0) {
      PQclear(result);
      return status;
    }
  }
  at->result = result;
  return CASCADE_OK;
}

static cascade_status check_columns(native *self, cursor *at, cascade_error **error) {
  int columns = PQnfields(at->result);
  if ((uint32_t)columns != at->column_count)
    return casc_driver_fail(self->context, error, CASCADE_INVALID, "PostgreSQL: the statement gives %d columns, but %u were wanted",
                            columns, (unsigned)at->column_count);
  for (int i = 0; i < columns; i++) at->oids[i] = PQftype(at->result, i);
  return CASCADE_OK;
}

cascade_status native_query(void *session, const cascade_statement *statement, void **result, cascade_error **error) {
  native *self = session;
  cursor *made = calloc(1, sizeof *made + statement->column_count * (sizeof *made->row + sizeof *made->oids));
  if (!made) return casc_driver_fail(self->context, error, CASCADE_NOMEM, "out of memory");
  made->types = statement->column_types;
  made->column_count = statement->column_count;
  made->oids = (Oid *)(made->row + made->column_count);
  cascade_status status = start(self, statement, error);
  if (status >= 0) {
    if (!self->adopted) PQsetSingleRowMode(self->handle);
    self->flowing = made;
    made->flowing = true;
    status = advance(self, made, error);
    if (status >= 0) status = check_columns(self, made, error);
    if (status >= 0) {
      *result = made;
      return status;
    }
  }
  native_cursor_close(self, made);
  return status;
}

static cascade_status read_row(native *self, cursor *at, cascade_error **error) {
  int row = at->given++;
  for (uint32_t i = 0; i < at->column_count; i++) {
    int length = PQgetisnull(at->result, row, (int)i) ? -1 : PQgetlength(at->result, row, (int)i);
    at->row[i].type = at->types[i];
    cascade_status status = native_cell(self, i, at->oids[i], PQgetvalue(at->result, row, (int)i), length, &at->row[i], error);
    if (status < 0) return status;
  }
  return CASCADE_OK;
}

static cascade_status read_kept(native *self, cursor *at, cascade_error **error) {
  for (uint32_t i = 0; i < at->column_count; i++) {
    int length;
    memcpy(&length, at->kept + at->kept_at, sizeof length);
    const char *data = at->kept + at->kept_at + sizeof length;
    at->kept_at += sizeof length + (length < 0 ? 0 : (size_t)length + 1);
    at->row[i].type = at->types[i];
    cascade_status status = native_cell(self, i, at->oids[i], data, length, &at->row[i], error);
    if (status < 0) return status;
  }
  return CASCADE_OK;
}

static cascade_status hand_over(cascade_error **from, cascade_error **to) {
  cascade_status status = cascade_error_status(*from);
  if (to) *to = *from;
  else cascade_error_free(*from);
  *from = NULL;
  return status;
}

cascade_status native_next(void *session, void *result, const cascade_value **row, cascade_error **error) {
  native *self = session;
  cursor *at = result;
  if (at->flowing && at->given == PQntuples(at->result)) {
    atomic_store(&self->stop, false);
    cascade_status status = advance(self, at, error);
    if (status < 0) return status;
  }
  *row = at->row;
  if (at->given < PQntuples(at->result)) return read_row(self, at, error);
  if (at->kept_at < at->kept_size) return read_kept(self, at, error);
  return at->failure ? hand_over(&at->failure, error) : CASCADE_DONE;
}

void native_cursor_close(void *session, void *result) {
  native *self = session;
  cursor *at = result;
  if (self->flowing == at) {
    self->flowing = NULL;
    drain(self);
  }
  PQclear(at->result);
  cascade_error_free(at->failure);
  free(at->kept);
  free(at);
}

int32_t native_in_transaction(void *session) {
  native *self = session;
  settle(self);
  return native_inside(self);
}

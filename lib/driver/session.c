#include "session.h"

#include "registry.h"

#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

/* Of a driver that gives several at once: enough that a call hardly costs, and few enough to be held, wide as they may be. */
enum { FETCHED_ROWS = 1000 };

void casc_session_statement(cascade_connection *connection, casc_statement *statement) {
  bool text_rows = connection->capabilities.flags & CASCADE_TEXT_ROWS;
  casc_statement_init(statement, &connection->context->alloc, connection->prefix, text_rows);
}

/* What a driver reports may be wrong in itself: a failure without an error, an error without words, a number that is no
   status. What leaves this floor is a failure with an error that agrees with it, or a success without one. */
cascade_status casc_driver_outcome(cascade_connection *connection, cascade_status status, cascade_error *from_driver,
                                   bool may_be_done, cascade_error **error) {
  cascade_context *context = connection->context;
  const char *name = connection->driver->name;
  if (status == CASCADE_OK || (may_be_done && status == CASCADE_DONE)) {
    cascade_error_free(from_driver);
    return status;
  }
  if (status == CASCADE_NOMEM) {
    cascade_error_free(from_driver);
    return casc_nomem(error);
  }
  cascade_status said = cascade_error_status(from_driver);
  if (said < 0) status = said;
  bool known = status < 0 && strcmp(cascade_status_name(status), "CASCADE_?") != 0;
  if (known && *cascade_error_message(from_driver)) return casc_error_pass(from_driver, error);
  char message[160];
  if (known) snprintf(message, sizeof message, "driver %s failed without saying why", name);
  else snprintf(message, sizeof message, "driver %s returned %" PRId32 ", which is no status", name, status);
  cascade_error_details details = {.size = sizeof details,
                                   .status = known ? status : CASCADE_DATABASE,
                                   .transaction = cascade_error_transaction(from_driver),
                                   .native_code = cascade_error_native_code(from_driver),
                                   .sqlstate = cascade_error_sqlstate(from_driver),
                                   .message = message};
  status = cascade_error_create(context, &details, error);
  cascade_error_free(from_driver);
  return status;
}

cascade_status casc_session_proceed(cascade_connection *connection, cascade_error **error) {
  if (!atomic_load(&connection->cancelled) || !atomic_exchange(&connection->cancelled, false)) return CASCADE_OK;
  return casc_fail(connection->context, error, CASCADE_CANCELLED, "cancelled at the caller's request");
}

/* Opens the window in which a cancel reaches the driver. A request that came before, or just now, is served here. */
static cascade_status enter(cascade_connection *connection, cascade_error **error) {
  atomic_store(&connection->running, true);
  cascade_status status = casc_session_proceed(connection, error);
  if (status < 0) atomic_store(&connection->running, false);
  return status;
}

/* After this no cancel is on its way into the driver, so that none can hit a later statement, a ROLLBACK say. */
static void leave(cascade_connection *connection, cascade_status status) {
  atomic_store(&connection->running, false);
  while (atomic_load(&connection->cancelling)) sched_yield();
  if (status == CASCADE_CANCELLED) atomic_store(&connection->cancelled, false);
}

static cascade_status describe(cascade_connection *connection, const casc_statement *statement, cascade_statement *description,
                               cascade_error **error) {
  if (statement->failed || statement->sql.failed || !statement->sql.data) return casc_nomem(error);
  if (statement->parameter_count > connection->capabilities.max_parameters)
    return casc_fail(connection->context, error, CASCADE_UNSUPPORTED,
                     "a statement has %zu parameters, but driver %s takes %" PRIu32, statement->parameter_count,
                     connection->driver->name, connection->capabilities.max_parameters);
  *description = (cascade_statement){.size = sizeof *description,
                                     .sql = statement->sql.data,
                                     .sql_length = statement->sql.length,
                                     .parameters = statement->parameters,
                                     .parameter_count = (uint32_t)statement->parameter_count,
                                     .column_count = (uint32_t)statement->type_count,
                                     .column_types = statement->types};
  connection->statements++;
  casc_log(connection->context, CASCADE_LOG_DEBUG, "%s", description->sql);
  return CASCADE_OK;
}

static cascade_status run(cascade_connection *connection, const cascade_statement *description, uint64_t *affected,
                          cascade_error **error) {
  uint64_t count = 0;
  cascade_error *from_driver = NULL;
  cascade_status status = connection->driver->execute(connection->self, description, &count, &from_driver);
  status = casc_driver_outcome(connection, status, from_driver, false, error);
  if (affected) *affected = status < 0 ? 0 : count;
  return status;
}

cascade_status casc_execute(cascade_connection *connection, const casc_statement *statement, uint64_t *affected,
                            cascade_error **error) {
  cascade_statement description;
  if (affected) *affected = 0;
  cascade_status status = enter(connection, error);
  if (status < 0) return status;
  status = describe(connection, statement, &description, error);
  if (status >= 0) status = run(connection, &description, affected, error);
  leave(connection, status);
  return status;
}

cascade_status casc_query(cascade_connection *connection, const casc_statement *statement, casc_cursor *cursor,
                          cascade_error **error) {
  cascade_statement description;
  *cursor = (casc_cursor){0};
  cascade_status status = enter(connection, error);
  if (status < 0) return status;
  status = describe(connection, statement, &description, error);
  if (status >= 0) {
    cascade_error *from_driver = NULL;
    void *driver_cursor = NULL;
    status = connection->driver->query(connection->self, &description, &driver_cursor, &from_driver);
    status = casc_driver_outcome(connection, status, from_driver, false, error);
    if (status >= 0) *cursor = (casc_cursor){.connection = connection, .statement = statement, .driver_cursor = driver_cursor};
  }
  leave(connection, status);
  return status;
}

/* Whether the driver gave what was asked for: the floors above read a value by the type that they wanted. */
static bool cell_fits(const cascade_value *cell, int32_t wanted) {
  if (cell->length && !cell->data && cell->type >= CASCADE_TEXT) return false;
  if (wanted == CASCADE_ANY) return cell->type >= CASCADE_NULL && cell->type < CASCADE_ANY;
  return cell->type == wanted || cell->type == CASCADE_NULL;
}

static cascade_status check_row(const casc_cursor *cursor, const cascade_value *row, cascade_error **error) {
  const casc_statement *statement = cursor->statement;
  for (size_t i = 0; i < statement->type_count; i++)
    if (!row || !cell_fits(&row[i], statement->types[i]))
      return casc_fail(cursor->connection->context, error, CASCADE_DATABASE,
                       "driver %s gave a value of type %" PRId32 " for column %zu, where type %" PRId32 " was wanted",
                       cursor->connection->driver->name, row ? row[i].type : -1, i + 1, statement->types[i]);
  return CASCADE_OK;
}

static cascade_status check_rows(casc_cursor *cursor, cascade_error **error) {
  const casc_statement *statement = cursor->statement;
  const cascade_rows *rows = &cursor->rows;
  cascade_context *context = cursor->connection->context;
  const char *name = cursor->connection->driver->name;
  if (rows->count < 1 || rows->count > FETCHED_ROWS)
    return casc_fail(context, error, CASCADE_DATABASE, "driver %s gave %" PRIu64 " rows at once, where 1 to %d were wanted", name,
                     rows->count, FETCHED_ROWS);
  if (!rows->integers && !rows->cells)
    return casc_fail(context, error, CASCADE_DATABASE, "driver %s gave %" PRIu64 " rows without values", name, rows->count);
  for (size_t i = 0; rows->integers && i < statement->type_count; i++)
    if (statement->types[i] != CASCADE_INT64)
      return casc_fail(context, error, CASCADE_DATABASE,
                       "driver %s gave a plain number for column %zu, where type %" PRId32 " was wanted", name, i + 1,
                       statement->types[i]);
  return CASCADE_OK;
}

static cascade_status make_numbers(casc_cursor *cursor, cascade_error **error) {
  size_t columns = cursor->statement->type_count;
  cursor->numbers = casc_calloc(&cursor->connection->context->alloc, columns, sizeof *cursor->numbers);
  if (!cursor->numbers) return casc_nomem(error);
  for (size_t i = 0; i < columns; i++) cursor->numbers[i].type = CASCADE_INT64;
  return CASCADE_OK;
}

static cascade_status fetch(casc_cursor *cursor, cascade_error **error) {
  cascade_connection *connection = cursor->connection;
  cascade_error *from_driver = NULL;
  cursor->given = 0;
  cursor->rows = (cascade_rows){.size = sizeof cursor->rows};
  cascade_status status =
      connection->driver->fetch(connection->self, cursor->driver_cursor, FETCHED_ROWS, &cursor->rows, &from_driver);
  if (status != CASCADE_OK || from_driver) status = casc_driver_outcome(connection, status, from_driver, true, error);
  if (status == CASCADE_OK) status = check_rows(cursor, error);
  if (status == CASCADE_OK && cursor->rows.integers && !cursor->numbers) status = make_numbers(cursor, error);
  if (status != CASCADE_OK) cursor->rows.count = 0;
  return status;
}

/* The next of the rows that were fetched. */
static const cascade_value *hand_out(casc_cursor *cursor) {
  size_t columns = cursor->statement->type_count, first = cursor->given++ * columns;
  if (!cursor->rows.integers) return cursor->rows.cells + first;
  for (size_t i = 0; i < columns; i++) cursor->numbers[i].integer = cursor->rows.integers[first + i];
  return cursor->numbers;
}

static cascade_status next_fetched(casc_cursor *cursor, const cascade_value **row, cascade_error **error) {
  cascade_status status = cursor->given == cursor->rows.count ? fetch(cursor, error) : CASCADE_OK;
  if (status != CASCADE_OK) return status;
  *row = hand_out(cursor);
  return cursor->rows.integers ? CASCADE_OK : check_row(cursor, *row, error);
}

static cascade_status next(casc_cursor *cursor, const cascade_value **row, cascade_error **error) {
  cascade_connection *connection = cursor->connection;
  cascade_error *from_driver = NULL;
  cascade_status status = connection->driver->next(connection->self, cursor->driver_cursor, row, &from_driver);
  if (status != CASCADE_OK || from_driver) status = casc_driver_outcome(connection, status, from_driver, true, error);
  return status == CASCADE_OK ? check_row(cursor, *row, error) : status;
}

cascade_status casc_next(casc_cursor *cursor, const cascade_value **row, cascade_error **error) {
  cascade_connection *connection = cursor->connection;
  *row = NULL;
  cascade_status status = enter(connection, error);
  if (status < 0) return status;
  status = CASC_DRIVER_HAS(connection->driver, fetch) ? next_fetched(cursor, row, error) : next(cursor, row, error);
  leave(connection, status);
  return status;
}

void casc_cursor_close(casc_cursor *cursor) {
  cascade_connection *connection = cursor->connection;
  if (connection) {
    connection->driver->cursor_close(connection->self, cursor->driver_cursor);
    casc_free(&connection->context->alloc, cursor->numbers);
  }
  *cursor = (casc_cursor){0};
}

cascade_status casc_control(cascade_connection *connection, const char *sql, cascade_error **error) {
  cascade_statement description = {.size = sizeof description, .sql = sql, .sql_length = strlen(sql)};
  connection->statements++;
  casc_log(connection->context, CASCADE_LOG_DEBUG, "%s", sql);
  return run(connection, &description, NULL, error);
}

cascade_status casc_begin(cascade_connection *connection, const char *const *sql, cascade_error **error) {
  cascade_status status = enter(connection, error);
  if (status < 0) return status;
  status = casc_control(connection, *sql, error);
  leave(connection, status);
  return status < 0 ? status : casc_control_all(connection, sql + 1, error);
}

cascade_status casc_control_all(cascade_connection *connection, const char *const *sql, cascade_error **error) {
  cascade_status status = CASCADE_OK;
  while (status >= 0 && *sql) status = casc_control(connection, *sql++, error);
  return status;
}

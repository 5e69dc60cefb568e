/* Native driver for MariaDB and MySQL: statements are prepared, kept and bound. A shared library of its own. */
#include "native.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONNECT_SECONDS = 10, KILL_SECONDS = 5 };

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void initialize(void) {
  mysql_library_init(0, NULL, NULL); /* not safe in two threads at once */
}

/* the second connection */

static void *kill_connect(void *data) {
  native *self = data;
  unsigned seconds = KILL_SECONDS;
  MYSQL *handle = mysql_init(NULL);
  if (!handle) return NULL;
  mysql_options(handle, MYSQL_OPT_READ_TIMEOUT, &seconds);
  mysql_options(handle, MYSQL_OPT_WRITE_TIMEOUT, &seconds);
  if (mariadb_address_connect(&self->address, handle, seconds)) return handle;
  mysql_close(handle);
  return NULL;
}

static void kill_query(void *data, void *connection) {
  native *self = data;
  char sql[64];
  snprintf(sql, sizeof sql, "KILL QUERY %lu", mysql_thread_id(self->handle));
  mysql_query(connection, sql);
}

static void kill_close(void *connection) {
  mysql_close(connection);
}

/* opening */

static native *allocate(cascade_context *context) {
  pthread_once(&once, initialize);
  native *self = calloc(1, sizeof *self);
  if (!self) return NULL;
  self->context = context;
  self->numbers = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  if (self->numbers) return self;
  free(self);
  return NULL;
}

static void native_close(void *session) {
  native *self = session;
  casc_killer_stop(&self->killer);
  native_forget_all(self);
  if (self->handle && self->adopted) mysql_options(self->handle, MYSQL_OPT_RECONNECT, &(my_bool){self->reconnect});
  else if (self->handle) mysql_close(self->handle);
  mariadb_address_free(&self->address);
  free(self->binds);
  freelocale(self->numbers);
  free(self);
}

/* Values go and come in the session's character set, which has to hold everything that they can. */
static cascade_status look_around(native *self, cascade_error **error) {
  static const char sql[] = "SELECT @@max_allowed_packet, @@character_set_client, @@character_set_connection, "
                            "@@character_set_results";
  if (mysql_query(self->handle, sql) != 0) return native_fail(self, sql, error);
  MYSQL_RES *rows = mysql_store_result(self->handle);
  MYSQL_ROW row = rows ? mysql_fetch_row(rows) : NULL;
  if (!row || !row[0]) {
    mysql_free_result(rows);
    return native_fail(self, sql, error);
  }
  self->packet = strtoul(row[0], NULL, 10);
  const char *odd = NULL;
  for (int i = 1; i <= 3 && !odd; i++)
    if (!row[i] || strcmp(row[i], "utf8mb4") != 0) odd = row[i] ? row[i] : "NULL";
  cascade_status status = CASCADE_OK;
  if (odd)
    status = casc_driver_fail(self->context, error, CASCADE_UNSUPPORTED,
                              "MariaDB: the session's character set is %s, which cannot carry every value; set it to utf8mb4 by "
                              "mysql_set_character_set()",
                              odd);
  mysql_free_result(rows);
  return status;
}

static cascade_status attach(native *self, cascade_error **error) {
  cascade_status status = look_around(self, error);
  if (status < 0) return status;
  const casc_killer_way way = {.connect = kill_connect, .kill = kill_query, .close = kill_close, .data = self};
  return casc_killer_start(&self->killer, &way) ? CASCADE_OK : native_nomem(self, error);
}

static cascade_status connect_own(native *self, const char *address, uint32_t lock_timeout_ms, cascade_error **error) {
  char text[512], settings[CASC_MARIADB_SETTINGS];
  if (!mariadb_address_read(&self->address, address, text, sizeof text))
    return *text ? casc_driver_fail(self->context, error, CASCADE_INVALID, "%s", text) : native_nomem(self, error);
  self->handle = mysql_init(NULL);
  if (!self->handle) return native_nomem(self, error);
  if (!mariadb_address_connect(&self->address, self->handle, CONNECT_SECONDS)) {
    snprintf(text, sizeof text, "MariaDB: %.400s", mysql_error(self->handle));
    cascade_error_details details = {.size = sizeof details,
                                     .status = CASCADE_CONNECTION,
                                     .native_code = mysql_errno(self->handle),
                                     .sqlstate = mysql_sqlstate(self->handle),
                                     .message = text};
    return cascade_error_create(self->context, &details, error);
  }
  casc_mariadb_settings(settings, lock_timeout_ms);
  if (mysql_query(self->handle, settings) != 0) return native_fail(self, settings, error);
  static const char isolation[] = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED";
  return mysql_query(self->handle, isolation) == 0 ? CASCADE_OK : native_fail(self, isolation, error);
}

static cascade_status native_open(cascade_context *context, const char *address, uint32_t lock_timeout_ms, void **session,
                                  cascade_error **error) {
  native *self = allocate(context);
  if (!self) return casc_driver_fail(context, error, CASCADE_NOMEM, "out of memory");
  cascade_status status = connect_own(self, address, lock_timeout_ms, error);
  if (status >= 0) status = attach(self, error);
  if (status < 0) native_close(self);
  else *session = self;
  return status;
}

/* A handle that connects again by itself would go on outside of the transaction that was lost. */
static cascade_status native_adopt(cascade_context *context, void *handle, void **session, cascade_error **error) {
  native *self = allocate(context);
  if (!self) return casc_driver_fail(context, error, CASCADE_NOMEM, "out of memory");
  self->handle = handle;
  self->adopted = true;
  self->reconnect = self->handle->options.reconnect;
  mysql_options(self->handle, MYSQL_OPT_RECONNECT, &(my_bool){0});
  cascade_status status = mariadb_address_copy(&self->address, handle) ? attach(self, error) : native_nomem(self, error);
  if (status < 0) native_close(self);
  else *session = self;
  return status;
}

static cascade_status native_capabilities(void *session, cascade_capabilities *capabilities, cascade_error **error) {
  (void)error;
  native *self = session;
  capabilities->engine = "mariadb";
  capabilities->version = mysql_get_server_info(self->handle);
  capabilities->flags = casc_mariadb_flags(capabilities->version);
  if (!self->adopted) capabilities->flags |= CASCADE_READS_COMMITTED;
  capabilities->max_parameters = CASC_MARIADB_PARAMETERS;
  return CASCADE_OK;
}

static void native_cancel(void *session) {
  native *self = session;
  casc_killer_wake(&self->killer);
}

static int32_t native_in_transaction(void *session) {
  native *self = session;
  return casc_mariadb_inside(self->handle->server_status);
}

static const cascade_driver driver = {
    .size = sizeof(cascade_driver),
    .abi_version = CASCADE_DRIVER_ABI,
    .name = "mariadb",
    .open = native_open,
    .adopt = native_adopt,
    .close = native_close,
    .capabilities = native_capabilities,
    .execute = native_execute,
    .query = native_query,
    .next = native_next,
    .cursor_close = native_cursor_close,
    .cancel = native_cancel,
    .in_transaction = native_in_transaction,
};

CASCADE_API const cascade_driver *cascade_driver_mariadb(void);

const cascade_driver *cascade_driver_mariadb(void) {
  return &driver;
}

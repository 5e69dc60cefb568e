#include "native.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static uint64_t hash_of(const char *text, size_t length) {
  uint64_t hash = 14695981039346656037u; /* FNV-1a */
  for (size_t i = 0; i < length; i++) hash = (hash ^ (unsigned char)text[i]) * 1099511628211u;
  return hash;
}

static void drop(prepared *entry) {
  if (entry->handle) mysql_stmt_close(entry->handle);
  free(entry->sql);
  *entry = (prepared){0};
}

/* One that the host took from the server, by resetting its session, has lost its handle. */
static prepared *find(native *self, const cascade_statement *statement, uint64_t hash) {
  for (int i = 0; i < CACHE_SIZE; i++) {
    prepared *entry = &self->cache[i];
    if (!entry->handle || entry->lent || entry->hash != hash || entry->length != statement->sql_length ||
        memcmp(entry->sql, statement->sql, entry->length) != 0)
      continue;
    if (entry->handle->mysql && now_ms() - entry->made_ms < CACHE_MS) return entry;
    drop(entry);
  }
  return NULL;
}

/* The place of the statement that was used longest ago; NULL when all are lent. */
static prepared *oldest(native *self) {
  prepared *found = NULL;
  for (int i = 0; i < CACHE_SIZE; i++) {
    prepared *entry = &self->cache[i];
    if (!entry->lent && (!found || entry->used < found->used)) found = entry;
  }
  return found;
}

/* Closes what is kept and not in use; true when there was anything. */
static bool make_room(native *self) {
  bool found = false;
  for (int i = 0; i < CACHE_SIZE; i++) {
    prepared *entry = &self->cache[i];
    if (!entry->handle || entry->lent) continue;
    drop(entry);
    found = true;
  }
  return found;
}

/* The server bounds the number of prepared statements of all its sessions together. */
static cascade_status compile(native *self, const cascade_statement *statement, prepared *made, cascade_error **error) {
  enum { TOO_MANY_STATEMENTS = 1461 };
  for (;;) {
    made->handle = mysql_stmt_init(self->handle);
    if (!made->handle) return native_nomem(self, error);
    if (mysql_stmt_prepare(made->handle, statement->sql, (unsigned long)statement->sql_length) == 0) return CASCADE_OK;
    if (mysql_stmt_errno(made->handle) != TOO_MANY_STATEMENTS || !make_room(self))
      return native_fail_prepared(self, made, statement->sql, error);
    mysql_stmt_close(made->handle);
  }
}

static cascade_status check_shape(native *self, const cascade_statement *statement, MYSQL_STMT *handle, cascade_error **error) {
  unsigned long parameters = mysql_stmt_param_count(handle);
  unsigned columns = mysql_stmt_field_count(handle);
  if (parameters != statement->parameter_count)
    return casc_driver_fail(self->context, error, CASCADE_INVALID,
                            "MariaDB: the statement has %lu placeholders, but %u parameters were given", parameters,
                            (unsigned)statement->parameter_count);
  if (statement->column_count && columns != statement->column_count)
    return casc_driver_fail(self->context, error, CASCADE_INVALID, "MariaDB: the statement gives %u columns, but %u were wanted",
                            columns, (unsigned)statement->column_count);
  return CASCADE_OK;
}

/* Makes the statement one that is kept, in the place of another. Without memory it is not. */
static prepared *keep(native *self, const cascade_statement *statement, MYSQL_STMT *handle, uint64_t hash) {
  prepared *entry = oldest(self);
  char *sql = entry ? malloc(statement->sql_length + 1) : NULL;
  if (!sql) return NULL;
  memcpy(sql, statement->sql, statement->sql_length + 1);
  drop(entry);
  *entry = (prepared){.handle = handle, .sql = sql, .hash = hash, .made_ms = now_ms(), .length = statement->sql_length};
  return entry;
}

cascade_status native_prepare(native *self, const cascade_statement *statement, prepared *made, cascade_error **error) {
  bool kept = statement->sql_length <= CACHE_LONGEST;
  uint64_t hash = kept ? hash_of(statement->sql, statement->sql_length) : 0;
  prepared *entry = kept ? find(self, statement, hash) : NULL;
  *made = (prepared){0};
  if (!entry) {
    cascade_status status = compile(self, statement, made, error);
    if (status < 0) return status;
    if (kept) entry = keep(self, statement, made->handle, hash);
  }
  if (entry) {
    entry->lent = true;
    entry->lent_ms = now_ms();
    entry->used = ++self->clock;
    *made = *entry;
  }
  cascade_status status = check_shape(self, statement, made->handle, error);
  if (status < 0) native_release(self, made);
  return status;
}

static prepared *place_of(native *self, const prepared *statement) {
  for (int i = 0; i < CACHE_SIZE; i++)
    if (self->cache[i].handle == statement->handle) return &self->cache[i];
  return NULL;
}

void native_release(native *self, prepared *statement) {
  prepared *entry = place_of(self, statement);
  mysql_stmt_free_result(statement->handle);
  if (entry && now_ms() - entry->lent_ms > QUICK_MS) drop(entry);
  else if (entry) entry->lent = false;
  else mysql_stmt_close(statement->handle);
}

void native_discard(native *self, prepared *statement) {
  prepared *entry = place_of(self, statement);
  if (entry) drop(entry);
  else mysql_stmt_close(statement->handle);
}

void native_forget_all(native *self) {
  for (int i = 0; i < CACHE_SIZE; i++) drop(&self->cache[i]);
}

#include "native.h"

#include <string.h>

static uint64_t hash_of(const char *text, size_t length) {
  uint64_t hash = 14695981039346656037u; /* FNV-1a */
  for (size_t i = 0; i < length; i++) hash = (hash ^ (unsigned char)text[i]) * 1099511628211u;
  return hash;
}

static void drop(prepared *entry) {
  sqlite3_finalize(entry->handle);
  *entry = (prepared){0};
}

static prepared *find(native *self, const cascade_statement *statement, uint64_t hash) {
  for (int i = 0; i < CACHE_SIZE; i++) {
    prepared *entry = &self->cache[i];
    if (entry->handle && !entry->lent && entry->hash == hash && entry->length == statement->sql_length &&
        memcmp(sqlite3_sql(entry->handle), statement->sql, entry->length) == 0)
      return entry;
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

/* A second statement would be dropped in silence, and so would the rest of a first one that was cut short. */
static bool is_blank(const char *tail) {
  return tail[strspn(tail, " \t\r\n\f;")] == '\0';
}

static cascade_status compile(native *self, const cascade_statement *statement, bool keep, sqlite3_stmt **handle,
                              cascade_error **error) {
  if (statement->sql_length > (uint64_t)sqlite3_limit(self->handle, SQLITE_LIMIT_SQL_LENGTH, -1))
    return casc_driver_fail(self->context, error, CASCADE_DATABASE, "SQLite: a statement of %llu bytes is too long",
                            (unsigned long long)statement->sql_length);
  const char *tail = NULL;
  int code = sqlite3_prepare_v3(self->handle, statement->sql, (int)statement->sql_length + 1, keep ? SQLITE_PREPARE_PERSISTENT : 0,
                                handle, &tail);
  if (code != SQLITE_OK) return native_fail(self, code, NULL, error);
  if (*handle && is_blank(tail)) return CASCADE_OK;
  bool empty = !*handle;
  sqlite3_finalize(*handle);
  *handle = NULL;
  return casc_driver_fail(self->context, error, CASCADE_SCHEMA, "SQLite: %s",
                          empty ? "the statement is empty" : "there is more after the end of the statement");
}

static cascade_status check_shape(native *self, const cascade_statement *statement, sqlite3_stmt *handle, cascade_error **error) {
  int parameters = sqlite3_bind_parameter_count(handle);
  int columns = sqlite3_column_count(handle);
  if ((uint32_t)parameters != statement->parameter_count)
    return casc_driver_fail(self->context, error, CASCADE_INVALID,
                            "SQLite: the statement has %d placeholders, but %u parameters were given", parameters,
                            (unsigned)statement->parameter_count);
  if (statement->column_count && (uint32_t)columns != statement->column_count)
    return casc_driver_fail(self->context, error, CASCADE_INVALID, "SQLite: the statement gives %d columns, but %u were wanted",
                            columns, (unsigned)statement->column_count);
  return CASCADE_OK;
}

cascade_status native_prepare(native *self, const cascade_statement *statement, sqlite3_stmt **handle, cascade_error **error) {
  bool keep = statement->sql_length <= CACHE_LONGEST;
  uint64_t hash = keep ? hash_of(statement->sql, statement->sql_length) : 0;
  prepared *entry = keep ? find(self, statement, hash) : NULL;
  *handle = NULL;
  if (!entry) {
    cascade_status status = compile(self, statement, keep, handle, error);
    if (status < 0) return status;
    if (keep && (entry = oldest(self))) {
      drop(entry);
      *entry = (prepared){.handle = *handle, .hash = hash, .length = statement->sql_length};
    }
  }
  if (entry) {
    entry->lent = true;
    entry->used = ++self->clock;
    *handle = entry->handle;
  }
  cascade_status status = check_shape(self, statement, *handle, error);
  if (status < 0) native_release(self, *handle);
  return status;
}

void native_release(native *self, sqlite3_stmt *handle) {
  for (int i = 0; i < CACHE_SIZE; i++) {
    prepared *entry = &self->cache[i];
    if (entry->handle != handle) continue;
    sqlite3_reset(handle);
    sqlite3_clear_bindings(handle); /* they point into the caller's memory */
    entry->lent = false;
    return;
  }
  sqlite3_finalize(handle);
}

void native_forget_all(native *self) {
  for (int i = 0; i < CACHE_SIZE; i++) drop(&self->cache[i]);
}

#include "outbox.h"

#include "parts.h"

void casc_outbox_insert(const casc_dialect *dialect, casc_statement *statement, const cascade_keys *rows) {
  static const int32_t types[] = {CASCADE_TEXT, CASCADE_TEXT, CASCADE_TEXT};
  const char *casts[3];
  for (size_t i = 0; i < 3; i++) {
    casts[i] = dialect->row_source_cast(&statement->arena, "longtext", "text", NULL, CASCADE_TEXT);
    if (!casts[i]) statement->failed = true;
  }
  if (statement->failed) return;
  casc_put(statement, "Insert Into cascade_outbox_row (table_name, row_key, row_columns) ");
  dialect->rows_source(statement, rows, types, casts);
}

void casc_outbox_due(const casc_queue_words *words, casc_statement *statement, uint32_t limit) {
  casc_put(statement, "Select ");
  words->column(statement, "id", CASCADE_INT64);
  words->column(statement, "table_name", CASCADE_TEXT);
  words->column(statement, "row_key", CASCADE_TEXT);
  words->column(statement, "row_columns", CASCADE_TEXT);
  words->column(statement, "created", CASCADE_INT64);
  words->column(statement, words->now, CASCADE_INT64);
  /* of the table, not the result's columns, which may be texts */
  casc_say(words, statement, " From cascade_outbox_row r Where r.due <= %n Order By r.id Limit %i", (int64_t)limit);
  casc_put(statement, words->skip_locked);
}

void casc_outbox_give(const casc_dialect *dialect, casc_statement *statement, const cascade_keys *ids, int64_t batch, int64_t due) {
  static const char *const key[] = {"id"}, *const columns[] = {"batch", "due"};
  static const int32_t types[] = {CASCADE_INT64, CASCADE_INT64};
  static const char *const casts[] = {"bigint", "bigint"};
  const casc_sql_table table = {
      .name = "cascade_outbox_row", .key_count = 1, .key = key, .key_types = types, .key_casts = casts, .key_is_primary = true};
  const casc_sql_relation update = {
      .table = &table, .set_count = 2, .set_columns = columns, .set_casts = casts, .set_types = types};
  const cascade_value values[] = {{.type = CASCADE_INT64, .integer = batch}, {.type = CASCADE_INT64, .integer = due}};
  dialect->update_rows(statement, &update, values, &(casc_sql_filter){.among = ids});
}

void casc_outbox_remove(const casc_queue_words *words, casc_statement *statement, int64_t batch) {
  casc_say(words, statement, "Delete From cascade_outbox_row Where batch = %i", batch);
}

void casc_audit_insert(const casc_queue_words *words, casc_statement *statement, const casc_audited *purge) {
  casc_say(words, statement,
           "Insert Into cascade_audit (actor, reason, table_name, fingerprint, batches, deleted, updated, kept, finished, "
           "started, changed) Values (%t, %t, %t, %t, %i, %i, %i, %i, %i, %n, %n)",
           purge->actor, purge->reason, purge->table, purge->fingerprint, (int64_t)purge->batches, (int64_t)purge->deleted,
           (int64_t)purge->updated, purge->kept, (int64_t)purge->finished);
  if (!words->returning) return;
  casc_put(statement, words->returning);
  words->column(statement, "id", CASCADE_INT64);
}

void casc_audit_update(const casc_queue_words *words, casc_statement *statement, int64_t id, const casc_audited *purge) {
  casc_say(words, statement,
           "Update cascade_audit Set batches = batches + %i, deleted = deleted + %i, updated = updated + %i, kept = kept + %i, "
           "finished = %i, "
           "changed = %n Where id = %i",
           (int64_t)purge->batches, (int64_t)purge->deleted, (int64_t)purge->updated, purge->kept, (int64_t)purge->finished, id);
}

void casc_audit_remove(const casc_queue_words *words, casc_statement *statement, int64_t id) {
  casc_say(words, statement, "Delete From cascade_audit Where id = %i", id);
}

void casc_audit_select(const casc_queue_words *words, casc_statement *statement, int64_t after, uint32_t limit) {
  static const char *const names[CASC_AUDIT_MEMBERS] = {"id",      "actor",   "reason", "table_name", "fingerprint", "batches",
                                                        "deleted", "updated", "kept",   "finished",   "started",     "changed"};
  casc_put(statement, "Select ");
  for (uint32_t i = 0; i < CASC_AUDIT_MEMBERS; i++)
    words->column(statement, names[i], i >= CASC_AUDIT_ACTOR && i <= CASC_AUDIT_FINGERPRINT ? CASCADE_TEXT : CASCADE_INT64);
  casc_say(words, statement, " From cascade_audit a Where id > %i Order By a.id Limit %i", after, (int64_t)limit);
}

/* The tables: a version; the rows, of which those without batch are due from the start; and the purges. */

#define ROWS(id, bigint, word, text, now)                                                                                          \
  "Create Table If Not Exists cascade_outbox_row (id " id ", table_name " word ", row_key " text " Not Null, row_columns " text    \
  ", created " bigint " Default " now ", due " bigint " Default 0, batch bigint)"
#define PURGES(id, bigint, word, text)                                                                                             \
  "Create Table If Not Exists cascade_audit (id " id ", actor " text ", reason " text ", table_name " word ", fingerprint " word   \
  ", batches " bigint ", deleted " bigint ", updated " bigint ", kept " bigint ", finished " bigint ", started " bigint            \
  ", changed " bigint ")"
#define BATCH_INDEX "Create Index If Not Exists cascade_outbox_row_batch On cascade_outbox_row (batch)"
#define VERSION_ROW                                                                                                                \
  "Insert Into cascade_outbox (version) Select v.one From (Select 1 As one) v Where Not Exists (Select 1 From cascade_outbox)"
#define INNODB " Engine = InnoDB Default Charset = utf8mb4 Collate = utf8mb4_bin"

static const char *const sqlite_ddl[] = {
    "Create Table If Not Exists cascade_outbox (version integer Not Null Primary Key)",
    ROWS("integer Primary Key Autoincrement", "integer Not Null", "text Not Null", "text",
         "(Cast((Julianday('now') - 2440587.5) * 86400000 As integer))"),
    BATCH_INDEX,
    PURGES("integer Primary Key Autoincrement", "integer Not Null", "text Not Null", "text"),
    VERSION_ROW,
    NULL,
};

static const char *const postgres_ddl[] = {
    "Create Table If Not Exists cascade_outbox (version bigint Not Null Primary Key)",
    ROWS("bigint Generated By Default As Identity Primary Key", "bigint Not Null", "text Not Null", "text",
         "(Extract(Epoch From Statement_Timestamp()) * 1000)::bigint"),
    BATCH_INDEX,
    PURGES("bigint Generated By Default As Identity Primary Key", "bigint Not Null", "text Not Null", "text"),
    VERSION_ROW,
    NULL,
};

static const char *const mariadb_ddl[] = {
    "Create Table If Not Exists cascade_outbox (version bigint Not Null Primary Key)" INNODB,
    ROWS("bigint Not Null Auto_Increment Primary Key", "bigint Not Null", "varchar(200) Not Null", "longtext",
         "(Timestampdiff(Microsecond, '1970-01-01', Utc_Timestamp(3)) Div 1000)") INNODB,
    BATCH_INDEX,
    PURGES("bigint Not Null Auto_Increment Primary Key", "bigint Not Null", "varchar(200) Not Null", "longtext") INNODB,
    VERSION_ROW,
    NULL,
};

const char *const *casc_outbox_ddl(const casc_queue_words *words) {
  return words == &casc_queue_sqlite ? sqlite_ddl : words == &casc_queue_postgres ? postgres_ddl : mariadb_ddl;
}

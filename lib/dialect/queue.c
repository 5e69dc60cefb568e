#include "queue.h"

#include "columns.h"
#include "parts.h"

#include <stdarg.h>
#include <string.h>

void casc_say(const casc_queue_words *words, casc_statement *statement, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  for (const char *at = format; *at; at++) {
    if (*at != '%') {
      casc_str_putc(&statement->sql, *at);
      continue;
    }
    if (*++at == 'n') {
      casc_put(statement, words->now);
      continue;
    }
    if (*at == 'i') casc_statement_integer(statement, va_arg(arguments, int64_t));
    else {
      const char *text = va_arg(arguments, const char *);
      if (text) casc_statement_text(statement, text, strlen(text));
      else casc_statement_parameter(statement, &(cascade_value){.type = CASCADE_NULL});
    }
    if (words->number) casc_str_printf(&statement->sql, "%s%zu", words->number, statement->parameter_count);
    else casc_str_putc(&statement->sql, '?');
  }
  va_end(arguments);
}

typedef struct job_column {
  const char *name;
  int32_t type;
} job_column;

static const job_column job_columns[CASC_JOB_COLUMNS] = {
    [CASC_JOB_ID] = {"id", CASCADE_INT64},
    [CASC_JOB_SOURCE] = {"source", CASCADE_INT64},
    [CASC_JOB_KIND] = {"kind", CASCADE_TEXT},
    [CASC_JOB_STATE] = {"state", CASCADE_TEXT},
    [CASC_JOB_ROOT] = {"root", CASCADE_TEXT},
    [CASC_JOB_PAYLOAD] = {"payload", CASCADE_TEXT},
    [CASC_JOB_LOW] = {"low", CASCADE_INT64},
    [CASC_JOB_HIGH] = {"high", CASCADE_INT64},
    [CASC_JOB_KEYS_LEFT] = {"keys_left", CASCADE_INT64},
    [CASC_JOB_ATTEMPTS] = {"attempts", CASCADE_INT64},
    [CASC_JOB_MAX_ATTEMPTS] = {"max_attempts", CASCADE_INT64},
    [CASC_JOB_DUE] = {"due", CASCADE_INT64},
    [CASC_JOB_OWNER] = {"owner", CASCADE_TEXT},
    [CASC_JOB_EPOCH] = {"epoch", CASCADE_INT64},
    [CASC_JOB_BATCHES] = {"batches", CASCADE_INT64},
    [CASC_JOB_DELETED] = {"deleted", CASCADE_INT64},
    [CASC_JOB_UPDATED] = {"updated", CASCADE_INT64},
    [CASC_JOB_KEPT] = {"kept", CASCADE_INT64},
    [CASC_JOB_INSERTED] = {"inserted", CASCADE_INT64},
    [CASC_JOB_SKIPPED] = {"skipped", CASCADE_INT64},
    [CASC_JOB_TOKEN] = {"token", CASCADE_TEXT},
    [CASC_JOB_ERROR] = {"error", CASCADE_TEXT},
    [CASC_JOB_CREATED] = {"created", CASCADE_INT64},
    [CASC_JOB_CHANGED] = {"changed", CASCADE_INT64},
    [CASC_JOB_NOW] = {NULL, CASCADE_INT64}, /* the time */
};

static void select_jobs(const casc_queue_words *words, casc_statement *statement) {
  casc_put(statement, "Select ");
  for (size_t i = 0; i < CASC_JOB_COLUMNS; i++)
    words->column(statement, job_columns[i].name ? job_columns[i].name : words->now, job_columns[i].type);
  casc_put(statement, " From cascade_queue_job");
}

void casc_queue_unset(const casc_queue_words *words, casc_str *condition, const char *column, bool first) {
  if (!first) casc_str_put(condition, " Or ");
  words->identifier(condition, column);
  casc_str_put(condition, " Is Null");
}

void casc_queue_not_unset(casc_str *condition, const char *unset) {
  casc_str_printf(condition, "Not (%s)", unset);
}

void casc_tables_exist(const casc_queue_words *words, casc_statement *statement, const char *name) {
  const char *exists =
      casc_arena_printf(&statement->arena, "%s%s')%s", words->exists, name, words->number ? " Is Not Null)::int" : ")");
  casc_put(statement, "Select ");
  if (exists) words->column(statement, exists, CASCADE_INT64);
  else statement->failed = true;
}

void casc_tables_version(const casc_queue_words *words, casc_statement *statement, const char *name) {
  casc_put(statement, "Select ");
  words->column(statement, "Max(version)", CASCADE_INT64);
  casc_str_printf(&statement->sql, " From %s", name);
}

void casc_queue_insert(const casc_queue_words *words, casc_statement *statement, const casc_new_job *job) {
  casc_say(words, statement,
           "Insert Into cascade_queue_job (source, kind, state, root, payload, low, high, keys_left, attempts, max_attempts, due, "
           "epoch, batches, deleted, updated, kept, inserted, skipped, created, changed) "
           "Values (%i, %t, 'ready', %t, %t, %i, %i, %i, 0, %i, %n + %i, 0, 0, 0, 0, 0, 0, 0, %n, %n)",
           job->source, job->kind, job->root, job->payload, job->low, job->high, job->keys_left, job->max_attempts, job->delay_ms);
  if (!words->returning) return;
  casc_put(statement, words->returning);
  words->column(statement, "id", CASCADE_INT64);
}

void casc_queue_last_id(const casc_queue_words *words, casc_statement *statement) {
  casc_put(statement, "Select ");
  words->column(statement, words->last_id, CASCADE_INT64);
}

void casc_queue_add_keys(const casc_queue_words *words, casc_statement *statement, int64_t job, int64_t keys) {
  casc_say(words, statement, "Update cascade_queue_job Set keys_left = keys_left + %i Where id = %i", keys, job);
}

void casc_queue_remove(const casc_queue_words *words, casc_statement *statement, int64_t job) {
  casc_say(words, statement, "Delete From cascade_queue_job Where id = %i", job);
}

#define NOT_PAUSED " And Not Exists (Select 1 From cascade_queue q Where q.paused <> 0)"

void casc_queue_due(const casc_queue_words *words, casc_statement *statement) {
  select_jobs(words, statement);
  casc_say(words, statement,
           " j Where j.due <= %n" NOT_PAUSED " Order By j.due, j.id Limit 1"); /* not the result's columns, which may be texts */
  casc_put(statement, words->skip_locked);
}

void casc_queue_claim(const casc_queue_words *words, casc_statement *statement, int64_t job, int64_t epoch, const char *owner,
                      uint64_t lease_ms) {
  casc_say(words, statement,
           "Update cascade_queue_job Set state = 'claimed', owner = %t, epoch = epoch + 1, attempts = attempts + 1, "
           "due = %n + %i, changed = %n Where id = %i And epoch = %i And due <= %n",
           owner, (int64_t)lease_ms, job, epoch);
}

static void where_held(const casc_queue_words *words, casc_statement *statement, const casc_held *held) {
  casc_say(words, statement, " Where id = %i And epoch = %i And owner = %t And state = 'claimed'", held->job, held->epoch,
           held->owner);
}

/* `batches` changes in any case: an engine may count only rows that do. */
void casc_queue_hold(const casc_queue_words *words, casc_statement *statement, const casc_held *held, uint32_t lease_ms) {
  casc_say(words, statement, "Update cascade_queue_job Set due = %n + %i, changed = %n, batches = batches + 1", (int64_t)lease_ms);
  where_held(words, statement, held);
  casc_put(statement, NOT_PAUSED);
}

void casc_queue_renew(const casc_queue_words *words, casc_statement *statement, const casc_held *held, uint64_t lease_ms) {
  casc_say(words, statement, "Update cascade_queue_job Set due = %n + %i, changed = %n", (int64_t)lease_ms);
  where_held(words, statement, held);
}

void casc_queue_count(const casc_queue_words *words, casc_statement *statement, const casc_held *held, const casc_done *done,
                      uint32_t lease_ms) {
  casc_say(words, statement,
           "Update cascade_queue_job Set deleted = deleted + %i, updated = updated + %i, kept = kept + %i, "
           "keys_left = keys_left - %i, attempts = 0, due = %n + %i, changed = %n",
           (int64_t)done->deleted, (int64_t)done->updated, done->kept, (int64_t)done->keys, (int64_t)lease_ms);
  where_held(words, statement, held);
}

void casc_queue_filled(const casc_queue_words *words, casc_statement *statement, const casc_held *held, uint64_t inserted,
                       uint64_t updated, uint64_t skipped, const char *token, uint32_t lease_ms) {
  casc_say(words, statement,
           "Update cascade_queue_job Set inserted = %i, updated = %i, skipped = %i, token = %t, attempts = 0, due = %n + %i, "
           "changed = %n",
           (int64_t)inserted, (int64_t)updated, (int64_t)skipped, token, (int64_t)lease_ms);
  where_held(words, statement, held);
}

void casc_queue_bound(const casc_queue_words *words, casc_statement *statement, const casc_held *held, int64_t low, int64_t high,
                      int64_t keys_left) {
  casc_say(words, statement, "Update cascade_queue_job Set low = %i, high = %i, keys_left = %i", low, high, keys_left);
  where_held(words, statement, held);
}

void casc_queue_leave(const casc_queue_words *words, casc_statement *statement, const casc_held *held, const casc_leaving *how) {
  casc_say(words, statement, "Update cascade_queue_job Set state = %t, owner = Null, error = %t, changed = %n, due = ", how->state,
           how->reason);
  if (how->delay_ms < 0) casc_put(statement, "Null");
  else casc_say(words, statement, "%n + %i", how->delay_ms);
  if (how->attempts) casc_say(words, statement, ", attempts = %i", how->attempts);
  where_held(words, statement, held);
}

static const char *key_table(bool integers) {
  return integers ? "cascade_queue_number" : "cascade_queue_text";
}

static void where_keys(const casc_queue_words *words, casc_statement *statement, int64_t source, int64_t low, int64_t high) {
  casc_say(words, statement, " Where job = %i And place >= %i And place <= %i", source, low, high);
}

void casc_queue_keys(const casc_queue_words *words, casc_statement *statement, bool integers, int64_t source, int64_t low,
                     int64_t high, uint32_t limit) {
  casc_put(statement, "Select ");
  words->column(statement, "place", CASCADE_INT64);
  if (!integers) words->column(statement, "words", CASCADE_TEXT);
  casc_str_printf(&statement->sql, " From %s k", key_table(integers));
  where_keys(words, statement, source, low, high);
  casc_say(words, statement, " Order By k.place Limit %i", (int64_t)limit); /* not the result's column, which may be a text */
}

void casc_queue_cuts(const casc_queue_words *words, casc_statement *statement, bool integers, int64_t source, int64_t share) {
  casc_put(statement, "Select ");
  words->column(statement, "k.place", CASCADE_INT64);
  casc_say(words, statement, " From (Select place, Row_Number() Over (Order By place) As nth From ");
  casc_put(statement, key_table(integers));
  casc_say(words, statement, " Where job = %i) k Where Mod(k.nth, %i) = 0 Order By k.place", source, share);
}

void casc_queue_forget_keys(const casc_queue_words *words, casc_statement *statement, bool integers, int64_t source, int64_t low,
                            int64_t high) {
  casc_str_printf(&statement->sql, "Delete From %s", key_table(integers));
  where_keys(words, statement, source, low, high);
}

void casc_queue_open_parts(const casc_queue_words *words, casc_statement *statement, int64_t source) {
  casc_put(statement, "Select ");
  words->column(statement, "Count(*)", CASCADE_INT64);
  casc_say(words, statement, " From cascade_queue_job Where (id = %i Or source = %i) And state <> 'done'", source, source);
}

void casc_queue_cancel(const casc_queue_words *words, casc_statement *statement, int64_t job) {
  casc_say(words, statement,
           "Update cascade_queue_job Set state = 'cancelled', owner = Null, due = Null, epoch = epoch + 1, changed = %n "
           "Where id = %i And state In ('ready', 'claimed', 'dead', 'paused')",
           job);
}

void casc_queue_retry(const casc_queue_words *words, casc_statement *statement, int64_t job) {
  casc_say(words, statement,
           "Update cascade_queue_job Set state = 'ready', owner = Null, due = %n, attempts = 0, epoch = epoch + 1, changed = %n "
           "Where id = %i And state In ('dead', 'cancelled')",
           job);
}

void casc_queue_pause(const casc_queue_words *words, casc_statement *statement, int64_t job) {
  casc_say(words, statement,
           "Update cascade_queue_job Set state = 'paused', owner = Null, due = Null, epoch = epoch + 1, changed = %n "
           "Where id = %i And state In ('ready', 'claimed')",
           job);
}

void casc_queue_resume(const casc_queue_words *words, casc_statement *statement, int64_t job) {
  casc_say(words, statement,
           "Update cascade_queue_job Set state = 'ready', due = %n, changed = %n Where id = %i And state = 'paused'", job);
}

void casc_queue_pause_all(const casc_queue_words *words, casc_statement *statement, bool paused) {
  casc_say(words, statement, "Update cascade_queue Set paused = %i", (int64_t)paused);
}

void casc_queue_paused(const casc_queue_words *words, casc_statement *statement) {
  casc_put(statement, "Select ");
  words->column(statement, "Max(paused)", CASCADE_INT64);
  casc_put(statement, " From cascade_queue");
}

void casc_queue_select(const casc_queue_words *words, casc_statement *statement, const char *state, int64_t after, uint32_t limit) {
  select_jobs(words, statement);
  casc_say(words, statement, " j Where id > %i", after);
  if (state) casc_say(words, statement, " And state = %t", state);
  casc_say(words, statement, " Order By j.id Limit %i", (int64_t)limit);
}

void casc_queue_metrics(const casc_queue_words *words, casc_statement *statement) {
  static const char sums[][32] = {"deleted", "updated", "kept", "inserted", "skipped", "keys_left"};
  casc_put(statement, "Select ");
  words->column(statement, "state", CASCADE_TEXT);
  words->column(statement, "kind", CASCADE_TEXT);
  words->column(statement, "Count(*)", CASCADE_INT64);
  const char *oldest = casc_arena_printf(&statement->arena, "%s - Min(due)", words->now);
  if (oldest) words->column(statement, oldest, CASCADE_INT64);
  else statement->failed = true;
  for (size_t i = 0; i < sizeof sums / sizeof *sums; i++) {
    const char *sum = casc_arena_printf(&statement->arena,
                                        words->number                  ? "Sum(%s)::bigint"
                                        : words == &casc_queue_mariadb ? "Cast(Sum(%s) As signed)"
                                                                       : "Sum(%s)",
                                        sums[i]);
    if (sum) words->column(statement, sum, CASCADE_INT64);
    else statement->failed = true;
  }
  casc_put(statement, " From cascade_queue_job Group By state, kind");
}

/* The tables: a version; the jobs; keys that are one integer; and other keys, as texts of a JSON array. */

#define JOB_COLUMNS(id, bigint, word, text)                                                                                        \
  "Create Table If Not Exists cascade_queue_job (id " id ", source " bigint ", kind " word ", state " word ", root " text          \
  " Not Null, payload " text " Not Null, low " bigint ", high " bigint ", keys_left " bigint ", attempts " bigint                  \
  ", max_attempts " bigint ", due bigint, owner " text ", epoch " bigint ", batches " bigint ", deleted " bigint                   \
  ", updated " bigint ", kept " bigint ", inserted " bigint " Default 0, skipped " bigint " Default 0"                             \
  ", token " text ", error " text ", created " bigint ", changed " bigint ")"
#define VERSION_ROW                                                                                                                \
  "Insert Into cascade_queue (version, paused) Select v.one, 0 From (Select 1 As one) v Where Not Exists (Select 1 From "          \
  "cascade_queue)"

static const char *const sqlite_ddl[] = {
    "Create Table If Not Exists cascade_queue (version integer Not Null Primary Key, paused integer Not Null Default 0)",
    JOB_COLUMNS("integer Primary Key Autoincrement", "integer Not Null", "text Not Null", "text"),
    "Create Index If Not Exists cascade_queue_job_due On cascade_queue_job (due, id)",
    "Create Table If Not Exists cascade_queue_number (job integer Not Null, place integer Not Null, "
    "Primary Key (job, place)) Without Rowid",
    "Create Table If Not Exists cascade_queue_text (place integer Primary Key Autoincrement, job integer Not Null, "
    "words text Not Null)",
    "Create Index If Not Exists cascade_queue_text_job On cascade_queue_text (job, place)",
    VERSION_ROW,
    NULL,
};

static const char *const postgres_ddl[] = {
    "Create Table If Not Exists cascade_queue (version bigint Not Null Primary Key, paused bigint Not Null Default 0)",
    JOB_COLUMNS("bigint Generated By Default As Identity Primary Key", "bigint Not Null", "text Not Null", "text"),
    "Create Index If Not Exists cascade_queue_job_due On cascade_queue_job (due, id)",
    "Create Table If Not Exists cascade_queue_number (job bigint Not Null, place bigint Not Null, "
    "Primary Key (job, place))",
    "Create Table If Not Exists cascade_queue_text (place bigint Generated By Default As Identity Primary Key, "
    "job bigint Not Null, words text Not Null)",
    "Create Index If Not Exists cascade_queue_text_job On cascade_queue_text (job, place)",
    VERSION_ROW,
    NULL,
};

#define INNODB " Engine = InnoDB Default Charset = utf8mb4 Collate = utf8mb4_bin"

static const char *const mariadb_ddl[] = {
    "Create Table If Not Exists cascade_queue (version bigint Not Null Primary Key, paused bigint Not Null Default 0)" INNODB,
    JOB_COLUMNS("bigint Not Null Auto_Increment Primary Key", "bigint Not Null", "varchar(40) Not Null", "longtext") INNODB,
    "Create Index If Not Exists cascade_queue_job_due On cascade_queue_job (due, id)",
    "Create Table If Not Exists cascade_queue_number (job bigint Not Null, place bigint Not Null, "
    "Primary Key (job, place))" INNODB,
    "Create Table If Not Exists cascade_queue_text (place bigint Not Null Auto_Increment Primary Key, "
    "job bigint Not Null, words longtext Not Null, Key cascade_queue_text_job (job, place))" INNODB,
    VERSION_ROW,
    NULL,
};

const casc_queue_words casc_queue_sqlite = {
    .engine = "sqlite",
    .now = "Cast((Julianday('now') - 2440587.5) * 86400000 As integer)",
    .skip_locked = "",
    .last_id = "Last_Insert_Rowid()",
    .exists = "(Select Count(*) From sqlite_schema Where type = 'table' And name = ('",
    .ddl = sqlite_ddl,
    .workers_wait = true,
    .column = casc_sqlite_column,
    .identifier = casc_sqlite_identifier,
};

const casc_queue_words casc_queue_postgres = {
    .engine = "postgresql",
    .now = "(Extract(Epoch From Statement_Timestamp()) * 1000)::bigint",
    .number = "$",
    .skip_locked = " For Update Skip Locked",
    .returning = " Returning ",
    .exists = "(To_Regclass('",
    .ddl = postgres_ddl,
    .column = casc_postgres_column,
    .identifier = casc_postgres_identifier,
};

/* Not the session's time of day, of which an hour comes twice a year. */
const casc_queue_words casc_queue_mariadb = {
    .engine = "mariadb",
    .now = "(Timestampdiff(Microsecond, '1970-01-01', Utc_Timestamp(3)) Div 1000)",
    .skip_locked = " For Update Skip Locked",
    .last_id = "Last_Insert_Id()",
    .exists = "(Select Count(*) From information_schema.tables Where table_schema = Database() And table_name = ('",
    .ddl = mariadb_ddl,
    .ddl_commits = true,
    .column = casc_mariadb_column,
    .identifier = casc_mariadb_identifier,
};

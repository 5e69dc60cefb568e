#include "postgres_common.h"

#include "plain.h"

#include <stdio.h>
#include <string.h>

cascade_status casc_postgres_status(const char *sqlstate, bool stopped) {
  static const struct {
    const char *state; /* the whole of it, or its class */
    cascade_status status;
  } states[] = {
      {"23503", CASCADE_CONSTRAINT_FK}, {"23001", CASCADE_CONSTRAINT_FK}, {"23", CASCADE_CONSTRAINT},
      {"44000", CASCADE_CONSTRAINT},    {"P0001", CASCADE_CONSTRAINT}, /* what a trigger raises */
      {"40P01", CASCADE_DEADLOCK},      {"40001", CASCADE_SERIALIZATION}, {"55P03", CASCADE_BUSY},
      {"57014", CASCADE_TIMEOUT},       {"42501", CASCADE_PRIVILEGE},     {"25006", CASCADE_READONLY},
      {"08P01", CASCADE_INVALID}, /* parameters that do not fit the placeholders */
      {"08", CASCADE_CONNECTION},       {"57P", CASCADE_CONNECTION},      {"25P03", CASCADE_CONNECTION},
      {"53300", CASCADE_CONNECTION},    {"28", CASCADE_CONNECTION},       {"3D000", CASCADE_CONNECTION},
      {"42", CASCADE_SCHEMA},           {"3F000", CASCADE_SCHEMA},
  };
  if (!sqlstate || !*sqlstate) return CASCADE_DATABASE;
  if (stopped && strcmp(sqlstate, "57014") == 0) return CASCADE_CANCELLED;
  for (size_t i = 0; i < sizeof states / sizeof *states; i++)
    if (strncmp(sqlstate, states[i].state, strlen(states[i].state)) == 0) return states[i].status;
  return CASCADE_DATABASE;
}

const char *casc_postgres_advice(cascade_status status) {
  switch (status) {
  case CASCADE_BUSY: return "; another session holds the lock: try again, or allow a longer lock timeout";
  case CASCADE_DEADLOCK: return "; roll back and try again";
  case CASCADE_SERIALIZATION: return "; another session wrote in between: roll back and try again";
  case CASCADE_TIMEOUT: return "; allow a longer statement_timeout, or smaller steps";
  case CASCADE_PRIVILEGE: return "; grant it to the user, or connect as another one";
  case CASCADE_READONLY: return "; connect to a server and in a session that takes writes";
  default: return "";
  }
}

void casc_postgres_settings(char sql[CASC_POSTGRES_SETTINGS], uint32_t lock_timeout_ms) {
  snprintf(sql, CASC_POSTGRES_SETTINGS,
           "SET lock_timeout = %u; SET DateStyle = ISO; SET IntervalStyle = postgres; SET extra_float_digits = 3",
           (unsigned)(lock_timeout_ms <= INT32_MAX ? lock_timeout_ms : INT32_MAX));
}

bool casc_postgres_is_commit(const char *sql) {
  sql += strspn(sql, " \t\r\n");
  size_t length = casc_begins(sql, "commit") ? 6 : casc_begins(sql, "end") ? 3 : 0;
  return length && !casc_is_letter(sql[length]) && !casc_is_digit(sql[length]);
}

const cascade_error_details casc_postgres_no_commit = {
    .size = sizeof casc_postgres_no_commit,
    .status = CASCADE_DATABASE,
    .transaction = CASCADE_TX_ROLLED_BACK,
    .sqlstate = "25P02",
    .message = "PostgreSQL: the transaction had failed before, and was rolled back instead of committed"};

int32_t casc_postgres_fate(cascade_status status, bool before, bool now, const char *sql) {
  if (status == CASCADE_CONNECTION) {
    if (before) return sql && casc_postgres_is_commit(sql) ? CASCADE_TX_UNKNOWN : CASCADE_TX_ROLLED_BACK;
    return sql ? CASCADE_TX_UNKNOWN : CASCADE_TX_NONE;
  }
  return now ? CASCADE_TX_OPEN : before ? CASCADE_TX_ROLLED_BACK : CASCADE_TX_NONE;
}

bool casc_postgres_counts(const char *tag) {
  static const char *const tags[] = {"DELETE ", "UPDATE ", "INSERT ", "MERGE "};
  for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
    if (strncmp(tag, tags[i], strlen(tags[i])) == 0) return true;
  return false;
}

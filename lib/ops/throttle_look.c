/* What a throttle looks at. A replica is behind by the age of what the server had written and it has not replayed yet: the places
   of the server's log are written down with the time, and the replica is asked for the oldest. No clock but ours is read, and a
   replica that stands still is seen at once. */
#include "throttle_internal.h"

#include "clock.h"
#include "throttle.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { WAIT_MS = 100, VACUUM_MS = 1000, REOPEN_MS = 1000, MOST_AGAIN_MS = 3600000 };

static bool is_past(uint64_t since_ns, uint64_t now, uint32_t ms) {
  return !since_ns || now - since_ns >= ms * UINT64_C(1000000);
}

static cascade_status ask_integer(cascade_connection *connection, casc_look look, const char *position, int64_t otherwise,
                                  int64_t *answer, cascade_error **error) {
  casc_statement statement;
  casc_cursor cursor = {0};
  const cascade_value *row = NULL;
  *answer = otherwise;
  casc_session_statement(connection, &statement);
  casc_look_write(&statement, casc_dialect_of(connection->capabilities.engine), look, position);
  cascade_status status = casc_query(connection, &statement, &cursor, error);
  if (status >= 0) status = casc_next(&cursor, &row, error);
  if (status == CASCADE_OK && row[0].type != CASCADE_NULL) *answer = row[0].integer;
  casc_cursor_close(&cursor);
  casc_statement_free(&statement);
  return status < 0 ? status : CASCADE_OK;
}

/* For casc_free(). */
static cascade_status ask_position(cascade_throttle *throttle, char **position, cascade_error **error) {
  casc_statement statement;
  casc_cursor cursor = {0};
  const cascade_value *row = NULL;
  *position = NULL;
  casc_session_statement(throttle->connection, &statement);
  casc_look_write(&statement, throttle->dialect, CASC_LOOK_POSITION, NULL);
  cascade_status status = casc_query(throttle->connection, &statement, &cursor, error);
  if (status >= 0) status = casc_next(&cursor, &row, error);
  size_t length = status == CASCADE_OK && row[0].type != CASCADE_NULL ? (size_t)row[0].length : 0;
  if (status >= 0 && !(*position = casc_calloc(&throttle->context->alloc, length + 1, 1))) status = casc_nomem(error);
  if (status >= 0 && length) memcpy(*position, row[0].data, length);
  casc_cursor_close(&cursor);
  casc_statement_free(&statement);
  return status < 0 ? status : CASCADE_OK;
}

/* ---- lag ---- */

static cascade_status open_replica(cascade_throttle *throttle, uint32_t number, cascade_error **error) {
  casc_replica *replica = &throttle->replicas[number];
  int64_t is_one = 0;
  replica->tried_ns = casc_now_ns();
  cascade_status status = cascade_connection_open(throttle->context, replica->uri, NULL, &replica->connection, error);
  if (status < 0) return status;
  if (strcmp(cascade_connection_engine(replica->connection), throttle->dialect->engine))
    status = casc_fail(throttle->context, error, CASCADE_INVALID, "replica %u is of another engine: %s, not %s", number + 1,
                       cascade_connection_engine(replica->connection), throttle->dialect->engine);
  else status = ask_integer(replica->connection, CASC_LOOK_IS_REPLICA, NULL, 0, &is_one, error);
  if (status >= 0 && !is_one)
    status =
        casc_fail(throttle->context, error, CASCADE_INVALID, "replica %u is none: it replays no other server's log", number + 1);
  if (status >= 0) return status;
  cascade_connection_free(replica->connection);
  replica->connection = NULL;
  return status;
}

/* A server that was stopped comes back, in time; anything else is for a person. */
static bool is_away(const cascade_error *error) {
  cascade_status status = cascade_error_status(error);
  return status == CASCADE_CONNECTION || cascade_error_retryable(error);
}

/* A replica that is away has reached nothing, and is tried again now and then. */
static cascade_status is_reached(cascade_throttle *throttle, uint32_t number, const char *position, bool *reached,
                                 cascade_error **error) {
  casc_replica *replica = &throttle->replicas[number];
  cascade_error *failure = NULL;
  cascade_status status = CASCADE_OK;
  int64_t there = 0;
  bool away = !replica->connection && !is_past(replica->tried_ns, casc_now_ns(), REOPEN_MS);
  if (!replica->connection && !away) status = open_replica(throttle, number, &failure);
  if (status >= 0 && !away) status = ask_integer(replica->connection, CASC_LOOK_REACHED, position, 0, &there, &failure);
  *reached = status >= 0 && there;
  if (status >= 0 && !away) return CASCADE_OK;
  if (status < 0 && !is_away(failure)) {
    casc_error_explain(&failure, NULL, NULL, "a replica");
    return casc_error_pass(failure, error);
  }
  if (status < 0) snprintf(replica->away, sizeof replica->away, "%s", cascade_error_message(failure));
  cascade_error_free(failure);
  cascade_connection_free(replica->connection);
  replica->connection = NULL;
  casc_throttle_because(throttle, CASCADE_PAUSE_LAG, WAIT_MS, "replica %u cannot be reached: %s", number + 1, replica->away);
  return CASCADE_OK;
}

/* Whether all have reached the position; if not, `late` is the number of a replica, from 1, or 0. */
static cascade_status all_reached(cascade_throttle *throttle, const char *position, bool *all, uint32_t *late,
                                  cascade_error **error) {
  cascade_status status = CASCADE_OK;
  *all = true;
  for (uint32_t i = 0; status >= 0 && *all && i < throttle->options.replica_count; i++) {
    status = is_reached(throttle, i, position, all, error);
    *late = i + 1;
  }
  if (throttle->options.replica_count || status < 0) return status;
  int64_t behind = 0;
  status = ask_integer(throttle->connection, CASC_LOOK_STANDBYS, position, 0, &behind, error);
  *all = !behind;
  *late = 0;
  return status;
}

static cascade_status take_sample(cascade_throttle *throttle, cascade_error **error) {
  uint64_t now = casc_now_ns();
  uint32_t count = throttle->sample_count;
  const casc_lag_sample *newest = count ? &throttle->samples[count - 1] : NULL;
  bool soon = newest && !is_past(newest->at_ns, now, throttle->options.max_lag_ms / (CASC_LAG_SAMPLES - 2) + 1);
  if (count == CASC_LAG_SAMPLES || soon) return CASCADE_OK;
  char *position = NULL;
  cascade_status status = ask_position(throttle, &position, error);
  if (status >= 0 && (!newest || strcmp(newest->position, position) != 0))
    throttle->samples[throttle->sample_count++] = (casc_lag_sample){position, now};
  else casc_free(&throttle->context->alloc, position);
  return status;
}

static cascade_status look_at_lag(cascade_throttle *throttle, cascade_error **error) {
  uint32_t late = 0;
  bool all = true;
  cascade_status status = take_sample(throttle, error);
  while (status >= 0 && all && throttle->sample_count) {
    status = all_reached(throttle, throttle->samples[0].position, &all, &late, error);
    if (status < 0 || !all) break;
    casc_free(&throttle->context->alloc, throttle->samples[0].position);
    memmove(throttle->samples, throttle->samples + 1, --throttle->sample_count * sizeof *throttle->samples);
  }
  if (status < 0) return status;
  throttle->report.lag = throttle->sample_count ? (int64_t)((casc_now_ns() - throttle->samples[0].at_ns) / 1000000) : 0;
  bool away = throttle->reason != CASCADE_PAUSE_OVER;
  if (away || throttle->report.lag <= (int64_t)throttle->options.max_lag_ms) return CASCADE_OK;
  char which[32] = "a replica";
  if (late) snprintf(which, sizeof which, "replica %u", late);
  casc_throttle_because(throttle, CASCADE_PAUSE_LAG, WAIT_MS, "%s is %.1f s behind, and %.1f s are allowed", which,
                        (double)throttle->report.lag / 1e3, throttle->options.max_lag_ms / 1e3);
  return CASCADE_OK;
}

/* ---- the server ---- */

static cascade_status look_at_load(cascade_throttle *throttle, cascade_error **error) {
  cascade_status status = ask_integer(throttle->connection, CASC_LOOK_LOAD, NULL, 0, &throttle->report.load, error);
  if (status >= 0 && throttle->report.load > (int64_t)throttle->options.max_load)
    casc_throttle_because(throttle, CASCADE_PAUSE_LOAD, WAIT_MS,
                          "the server is at work for %lld other sessions, and %u are allowed", (long long)throttle->report.load,
                          throttle->options.max_load);
  return status;
}

static cascade_status look_at_flow(cascade_throttle *throttle, cascade_error **error) {
  int64_t held = 0;
  uint64_t now = casc_now_ns(), before = throttle->flow_looked_ns;
  cascade_status status = ask_integer(throttle->connection, CASC_LOOK_FLOW, NULL, 0, &held, error);
  if (status < 0) return status;
  double share = before && held > throttle->flow_ns ? 100.0 * (double)(held - throttle->flow_ns) / (double)(now - before) : 0;
  throttle->flow_ns = held;
  throttle->flow_looked_ns = now;
  throttle->report.flow_percent = share > 100 ? 100 : (int64_t)(share + 0.5);
  if (throttle->report.flow_percent > (int64_t)throttle->options.max_flow_percent)
    casc_throttle_because(throttle, CASCADE_PAUSE_FLOW, WAIT_MS,
                          "flow control held the cluster back for %lld %% of the time, and %u %% "
                          "are allowed",
                          (long long)throttle->report.flow_percent, throttle->options.max_flow_percent);
  return status;
}

static cascade_status look_at_dead_rows(cascade_throttle *throttle, const casc_throttled *work, cascade_error **error) {
  casc_statement statement;
  casc_cursor cursor = {0};
  const cascade_value *row = NULL;
  uint64_t most = throttle->options.max_dead_rows;
  casc_session_statement(throttle->connection, &statement);
  casc_look_dead_rows(&statement, work->tables, work->table_count, most);
  cascade_status status = casc_query(throttle->connection, &statement, &cursor, error);
  if (status >= 0) status = casc_next(&cursor, &row, error);
  if (status == CASCADE_OK) {
    snprintf(throttle->dead_table, sizeof throttle->dead_table, "%.*s", (int)row[0].length, row[0].length ? row[0].data : "");
    throttle->report.dead_table = throttle->dead_table;
    throttle->report.dead_rows = row[1].integer;
    if (row[2].integer)
      casc_throttle_because(throttle, CASCADE_PAUSE_VACUUM, VACUUM_MS,
                            "table %s has %lld dead rows, and %llu are allowed before "
                            "autovacuum has been there",
                            throttle->dead_table, (long long)row[1].integer, (unsigned long long)most);
  }
  casc_cursor_close(&cursor);
  casc_statement_free(&statement);
  return status < 0 ? status : CASCADE_OK;
}

static cascade_status ask_host(cascade_throttle *throttle, const casc_throttled *work, cascade_error **error) {
  int64_t answer = throttle->options.ask(throttle->options.user_data, work->last_ns);
  if (answer < 0)
    return casc_fail(throttle->context, error, CASCADE_CANCELLED, "the throttle's callback returned %lld, which stops the work",
                     (long long)answer);
  if (answer)
    casc_throttle_because(throttle, CASCADE_PAUSE_HOST, answer < MOST_AGAIN_MS ? (uint32_t)answer : MOST_AGAIN_MS,
                          "the program asks for %.1f s", (double)answer / 1e3);
  return CASCADE_OK;
}

cascade_status casc_throttle_look(cascade_throttle *throttle, const casc_throttled *work, cascade_error **error) {
  const cascade_throttle_options *options = &throttle->options;
  uint64_t now = casc_now_ns();
  bool waiting = throttle->reason > CASCADE_PAUSE_SLEEP;
  cascade_status status = CASCADE_OK;
  throttle->reason = CASCADE_PAUSE_OVER;
  if (options->pause_file && access(options->pause_file, F_OK) == 0)
    casc_throttle_because(throttle, CASCADE_PAUSE_FILE, WAIT_MS, "the file %s is there", options->pause_file);
  else if (options->ask) status = ask_host(throttle, work, error);
  bool server = waiting || is_past(throttle->looked_ns, now, options->check_ms);
  bool go_on = status >= 0 && throttle->reason == CASCADE_PAUSE_OVER;
  if (go_on && server && options->max_lag_ms) status = look_at_lag(throttle, error);
  go_on = status >= 0 && throttle->reason == CASCADE_PAUSE_OVER;
  if (go_on && server && options->max_flow_percent) status = look_at_flow(throttle, error);
  go_on = status >= 0 && throttle->reason == CASCADE_PAUSE_OVER;
  if (go_on && server && options->max_load) status = look_at_load(throttle, error);
  go_on = status >= 0 && throttle->reason == CASCADE_PAUSE_OVER;
  if (go_on && options->max_dead_rows && work->table_count && is_past(throttle->vacuum_looked_ns, now, VACUUM_MS)) {
    status = look_at_dead_rows(throttle, work, error);
    if (throttle->reason == CASCADE_PAUSE_OVER) throttle->vacuum_looked_ns = now;
  }
  if (status >= 0 && throttle->reason == CASCADE_PAUSE_OVER && server) throttle->looked_ns = now;
  return status;
}

/* ---- the start ---- */

static cascade_status lacks(cascade_throttle *throttle, const char *what, cascade_error **error) {
  return casc_fail(throttle->context, error, CASCADE_UNSUPPORTED, "throttle: %s has no %s to look at", throttle->dialect->engine,
                   what);
}

static cascade_status check_lag(cascade_throttle *throttle, cascade_error **error) {
  char *position = NULL;
  cascade_status status = CASCADE_OK;
  if (!casc_look_exists(throttle->dialect, CASC_LOOK_POSITION)) return lacks(throttle, "replicas", error);
  if (!throttle->options.replica_count && !casc_look_exists(throttle->dialect, CASC_LOOK_STANDBYS))
    return casc_fail(throttle->context, error, CASCADE_INVALID,
                     "throttle: on %s a server does not know how far its replicas are; name them, by their URIs",
                     throttle->dialect->engine);
  status = ask_position(throttle, &position, error);
  if (status >= 0 && !*position)
    status = casc_fail(throttle->context, error, CASCADE_UNSUPPORTED,
                       "throttle: the server writes no binary log, and so has no replicas");
  casc_free(&throttle->context->alloc, position);
  for (uint32_t i = 0; status >= 0 && i < throttle->options.replica_count; i++) status = open_replica(throttle, i, error);
  return status;
}

static cascade_status check_rights(cascade_throttle *throttle, cascade_error **error) {
  int64_t sees_all = 0;
  if (!casc_look_exists(throttle->dialect, CASC_LOOK_SEES_ALL)) return CASCADE_OK;
  cascade_status status = ask_integer(throttle->connection, CASC_LOOK_SEES_ALL, NULL, 0, &sees_all, error);
  if (status < 0 || sees_all) return status;
  return casc_fail(throttle->context, error, CASCADE_PRIVILEGE,
                   "throttle: the database user does not see what other sessions do; "
                   "GRANT pg_read_all_stats to it, or give the throttle the connection of a user who has that");
}

static cascade_status check_flow(cascade_throttle *throttle, cascade_error **error) {
  int64_t held = -1;
  if (!casc_look_exists(throttle->dialect, CASC_LOOK_FLOW)) return lacks(throttle, "Galera cluster", error);
  cascade_status status = ask_integer(throttle->connection, CASC_LOOK_FLOW, NULL, -1, &held, error);
  if (status < 0 || held >= 0) return status;
  return casc_fail(throttle->context, error, CASCADE_UNSUPPORTED,
                   "throttle: the server is in no Galera cluster, and has no flow control");
}

static cascade_status check_vacuum(cascade_throttle *throttle, cascade_error **error) {
  int64_t on = 0;
  if (!casc_look_exists(throttle->dialect, CASC_LOOK_VACUUMS)) return lacks(throttle, "dead rows", error);
  if (throttle->options.max_dead_rows == UINT64_MAX) return CASCADE_OK;
  cascade_status status = ask_integer(throttle->connection, CASC_LOOK_VACUUMS, NULL, 0, &on, error);
  if (status < 0 || on) return status;
  return casc_fail(throttle->context, error, CASCADE_UNSUPPORTED,
                   "throttle: autovacuum is off, so that dead rows would never become fewer");
}

cascade_status casc_throttle_check(cascade_throttle *throttle, cascade_error **error) {
  const cascade_throttle_options *options = &throttle->options;
  cascade_status status = CASCADE_OK;
  if (options->max_load && !casc_look_exists(throttle->dialect, CASC_LOOK_LOAD)) return lacks(throttle, "load", error);
  if (options->max_lag_ms) status = check_lag(throttle, error);
  if (status >= 0 && (options->max_load || (options->max_lag_ms && !options->replica_count)))
    status = check_rights(throttle, error);
  if (status >= 0 && options->max_flow_percent) status = check_flow(throttle, error);
  if (status >= 0 && options->max_dead_rows) status = check_vacuum(throttle, error);
  return status;
}

/* What paces a purge, a fill or a worker, from the command line. */
#include "progress.h"

#include <string.h>

enum { MANY_DEAD_ROWS = 100000 };

static void told(void *line, const cascade_pause *pause) {
  progress_pause(line, pause);
}

cascade_status throttle_open(cli_session *session, const cli_options *options, struct progress *line, cascade_throttle **throttle,
                             cascade_error **error) {
  cascade_throttle_options limits = options->pace;
  const bool wanted = limits.sleep_percent || limits.max_lag_ms || limits.replica_count || limits.max_load ||
                      limits.max_flow_percent || limits.max_dead_rows || limits.pause_file;
  *throttle = NULL;
  const bool tells = session->graph && !options->later;
  if (tells && !limits.max_dead_rows && !strcmp(cascade_connection_engine(session->connection), "postgresql"))
    limits.max_dead_rows = UINT64_MAX; /* they are told, not waited for */
  if (!wanted && !limits.max_dead_rows) return CASCADE_OK;
  limits.size = sizeof limits;
  limits.replicas = options->replicas;
  limits.told = told;
  limits.user_data = line;
  return cascade_throttle_new(session->connection, &limits, throttle, error);
}

void throttle_report(const cascade_throttle *throttle) {
  cascade_throttle_report seen = {.size = sizeof seen};
  if (!throttle) return;
  cascade_throttle_describe(throttle, &seen);
  const struct {
    uint64_t ms;
    const char *reason;
  } parts[] = {{seen.sleep_ms, "asleep between transactions"},
               {seen.file_ms, "for the pause file"},
               {seen.lag_ms, "for replicas"},
               {seen.flow_ms, "for flow control"},
               {seen.load_ms, "for load"},
               {seen.vacuum_ms, "for autovacuum"}};
  const char *word = "Paused ";
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    if (!parts[i].ms) continue;
    fprintf(stderr, "%s%.1f s %s", word, (double)parts[i].ms / 1e3, parts[i].reason);
    word = ", ";
  }
  if (*word == ',') fputs(".\n", stderr);
  if (seen.dead_rows >= MANY_DEAD_ROWS)
    fprintf(stderr, "Table %s has %s dead rows, for autovacuum.\n", seen.dead_table, number_text((uint64_t)seen.dead_rows).text);
}

/* Pauses between transactions: how they are waited for, counted and told. What there is to look at is in throttle_look.c. */
#include "throttle_internal.h"

#include "clock.h"
#include "options.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SECOND UINT64_C(1000000000)

enum { NAP_MS = 50, TELL_MS = 1000, CHECK_MS = 200 };

static cascade_status copy_options(cascade_throttle *throttle, const cascade_throttle_options *given, cascade_error **error) {
  cascade_throttle_options *options = &throttle->options;
  cascade_status status = CASC_OPTIONS(throttle->context, given, *options, reserved, error);
  if (status < 0) return status;
  if ((options->replica_count && !options->replicas) || (options->replica_count && !options->max_lag_ms))
    return casc_fail(throttle->context, error, CASCADE_INVALID, "throttle: %s",
                     options->replicas ? "replicas are for max_lag_ms, which is not set" : "the replicas are NULL");
  throttle->replicas = casc_arena_get(&throttle->arena, options->replica_count + 1, sizeof *throttle->replicas);
  if (!throttle->replicas) return casc_nomem(error);
  for (uint32_t i = 0; i < options->replica_count; i++) {
    if (!options->replicas[i])
      return casc_fail(throttle->context, error, CASCADE_INVALID, "throttle: the URI of replica %u is NULL", i + 1);
    if (!(throttle->replicas[i].uri = casc_arena_strdup(&throttle->arena, options->replicas[i]))) return casc_nomem(error);
  }
  options->replicas = NULL;
  if (options->pause_file && !(options->pause_file = casc_arena_strdup(&throttle->arena, options->pause_file)))
    return casc_nomem(error);
  if (!options->check_ms) options->check_ms = CHECK_MS;
  return CASCADE_OK;
}

cascade_status cascade_throttle_new(cascade_connection *connection, const cascade_throttle_options *options, cascade_throttle **out,
                                    cascade_error **error) {
  if (out) *out = NULL;
  if (!connection || !options || !out)
    return casc_fail(NULL, error, CASCADE_INVALID, "throttle: connection, options or the place for the result is NULL");
  cascade_context *context = connection->context;
  cascade_throttle *throttle = casc_calloc(&context->alloc, 1, sizeof *throttle);
  if (!throttle) return casc_nomem(error);
  casc_refs_init(&throttle->refs);
  throttle->context = casc_context_ref(context);
  throttle->connection = casc_connection_ref(connection);
  throttle->dialect = casc_dialect_of(connection->capabilities.engine);
  throttle->report.lag = throttle->report.load = throttle->report.flow_percent = throttle->report.dead_rows = -1;
  casc_arena_init(&throttle->arena, &context->alloc);
  cascade_status status = copy_options(throttle, options, error);
  if (status >= 0) status = casc_throttle_check(throttle, error);
  if (status < 0) {
    cascade_throttle_free(throttle);
    return status;
  }
  *out = throttle;
  return CASCADE_OK;
}

cascade_throttle *casc_throttle_ref(cascade_throttle *throttle) {
  if (throttle) casc_refs_take(&throttle->refs);
  return throttle;
}

void cascade_throttle_free(cascade_throttle *throttle) {
  if (!throttle || !casc_refs_drop(&throttle->refs)) return;
  cascade_context *context = throttle->context;
  for (uint32_t i = 0; throttle->replicas && i < throttle->options.replica_count; i++)
    cascade_connection_free(throttle->replicas[i].connection);
  for (uint32_t i = 0; i < throttle->sample_count; i++) casc_free(&context->alloc, throttle->samples[i].position);
  casc_arena_clear(&throttle->arena);
  cascade_connection_free(throttle->connection);
  casc_free(&context->alloc, throttle);
  cascade_context_free(context);
}

cascade_status cascade_throttle_describe(const cascade_throttle *throttle, cascade_throttle_report *report) {
  return throttle ? CASC_INFO(report, throttle->report, dead_table) : CASCADE_INVALID;
}

void casc_throttle_because(cascade_throttle *throttle, int32_t reason, uint32_t again_ms, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(throttle->text, sizeof throttle->text, format, arguments);
  va_end(arguments);
  throttle->reason = reason;
  throttle->again_ms = again_ms;
}

/* ---- waiting ---- */

typedef struct pausing {
  uint64_t began_ns, told_ns;
} pausing;

static uint64_t *time_of(cascade_throttle *throttle, int32_t reason) {
  cascade_throttle_report *report = &throttle->report;
  uint64_t *const times[] = {NULL,
                             &report->sleep_ms,
                             &report->host_ms,
                             &report->file_ms,
                             &report->lag_ms,
                             &report->flow_ms,
                             &report->load_ms,
                             &report->vacuum_ms};
  return times[reason];
}

static void tell(cascade_throttle *throttle, pausing *at, uint64_t now) {
  if (!throttle->options.told || (at->told_ns && now - at->told_ns < TELL_MS * UINT64_C(1000000))) return;
  at->told_ns = now;
  throttle->options.told(throttle->options.user_data, &(cascade_pause){.size = sizeof(cascade_pause),
                                                                       .reason = throttle->reason,
                                                                       .waited_ms = (now - at->began_ns) / 1000000,
                                                                       .text = throttle->text});
}

static void tell_end(cascade_throttle *throttle, const pausing *at) {
  if (!at->told_ns) return;
  throttle->options.told(throttle->options.user_data, &(cascade_pause){.size = sizeof(cascade_pause),
                                                                       .reason = CASCADE_PAUSE_OVER,
                                                                       .waited_ms = (casc_now_ns() - at->began_ns) / 1000000,
                                                                       .text = ""});
}

/* Sleeps in short naps, so that a cancel is soon heard. */
static cascade_status nap(cascade_throttle *throttle, const casc_throttled *work, pausing *at, uint64_t ms, cascade_error **error) {
  uint64_t start = casc_now_ns(), now = start, end = start + ms * 1000000,
           bound = throttle->options.max_pause_ms * UINT64_C(1000000);
  cascade_status status = CASCADE_OK;
  while (status == CASCADE_OK && now < end) {
    uint64_t left = (end - now + 999999) / 1000000;
    casc_sleep_ms(left < NAP_MS ? (uint32_t)left : NAP_MS);
    now = casc_now_ns();
    status = casc_session_proceed(work->connection, error);
    if (status >= 0 && work->meanwhile) status = work->meanwhile(work->data, error);
    if (status >= 0 && work->deadline_ns && now >= work->deadline_ns) status = CASCADE_DONE;
    if (status == CASCADE_OK && bound && now - at->began_ns >= bound)
      status = casc_fail(throttle->context, error, CASCADE_THROTTLED, "paused for %.1f s, and no longer pause is allowed: %s",
                         (double)(now - at->began_ns) / 1e9, throttle->text);
    if (status == CASCADE_OK && (throttle->reason != CASCADE_PAUSE_SLEEP || ms >= TELL_MS)) tell(throttle, at, now);
  }
  *time_of(throttle, throttle->reason) += (now - start) / 1000000;
  return status;
}

static cascade_status sleep_after(cascade_throttle *throttle, const casc_throttled *work, cascade_error **error) {
  uint64_t ms = work->last_ns / 1000000 * throttle->options.sleep_percent / 100;
  if (!ms) return CASCADE_OK;
  pausing at = {.began_ns = casc_now_ns()};
  casc_throttle_because(throttle, CASCADE_PAUSE_SLEEP, 0, "sleeping for %.1f s, %u %% of the last transaction", (double)ms / 1e3,
                        throttle->options.sleep_percent);
  cascade_status status = nap(throttle, work, &at, ms, error);
  tell_end(throttle, &at);
  return status;
}

cascade_status casc_throttle_wait(cascade_throttle *throttle, const casc_throttled *work, cascade_error **error) {
  if (!throttle) return CASCADE_OK;
  pausing at = {0};
  cascade_status status = sleep_after(throttle, work, error);
  while (status == CASCADE_OK) {
    status = casc_throttle_look(throttle, work, error);
    if (status < 0 || throttle->reason == CASCADE_PAUSE_OVER) break;
    if (!at.began_ns) {
      at.began_ns = casc_now_ns();
      throttle->report.pauses++;
      casc_log(throttle->context, CASCADE_LOG_INFO, "paused: %s", throttle->text);
    }
    tell(throttle, &at, casc_now_ns());
    status = nap(throttle, work, &at, throttle->again_ms, error);
  }
  if (at.began_ns) tell_end(throttle, &at);
  return status;
}

/* The throttle from within. */
#ifndef CASC_THROTTLE_INTERNAL_H
#define CASC_THROTTLE_INTERNAL_H

#include <cascade/throttle.h>

#include "arena.h"
#include "dialect.h"
#include "session.h"

enum { CASC_LAG_SAMPLES = 12 };

/* How far the server's log was at some time. */
typedef struct casc_lag_sample {
  char *position;
  uint64_t at_ns;
} casc_lag_sample;

typedef struct casc_replica {
  const char *uri;
  cascade_connection *connection; /* NULL while it cannot be reached */
  uint64_t tried_ns;
  char away[240]; /* why not */
} casc_replica;

struct cascade_throttle {
  casc_refs refs;
  cascade_context *context;
  cascade_connection *connection; /* reference */
  const casc_dialect *dialect;
  casc_arena arena;
  cascade_throttle_options options; /* its texts are copies */
  casc_replica *replicas;
  casc_lag_sample samples[CASC_LAG_SAMPLES]; /* what some replica had not reached, oldest first */
  uint32_t sample_count;
  uint64_t looked_ns, vacuum_looked_ns; /* when all was well */
  int64_t flow_ns;                      /* flow control's own count at the last look ... */
  uint64_t flow_looked_ns;              /* ... and when that was; 0 for never */
  cascade_throttle_report report;
  char dead_table[256];
  /* the reason for a pause that a look has found */
  int32_t reason;
  uint32_t again_ms; /* until the next look */
  char text[400];
};

/* What is about to begin its next transaction. */
typedef struct casc_throttled {
  cascade_connection *connection;      /* whose cancel ends the pause */
  uint64_t last_ns;                    /* length of the transaction before; 0 for none */
  uint64_t deadline_ns;                /* no pause goes beyond this; 0 for no such time */
  const casc_sql_table *const *tables; /* in which rows die; may be NULL */
  uint32_t table_count;
  void *data;
  cascade_status (*meanwhile)(void *data, cascade_error **error); /* called again and again in a pause; may be NULL */
} casc_throttled;

/* Waits until the next transaction may begin; a throttle of NULL never waits. CASCADE_DONE when the deadline has come first. */
cascade_status casc_throttle_wait(cascade_throttle *throttle, const casc_throttled *work, cascade_error **error);
cascade_throttle *casc_throttle_ref(cascade_throttle *throttle);

/* throttle_look.c */
/* At the start: whether everything can be seen. */
cascade_status casc_throttle_check(cascade_throttle *throttle, cascade_error **error);
/* Sets `reason` with its words, or CASCADE_PAUSE_OVER. */
cascade_status casc_throttle_look(cascade_throttle *throttle, const casc_throttled *work, cascade_error **error);
void casc_throttle_because(cascade_throttle *throttle, int32_t reason, uint32_t again_ms, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif

/* Time, and pauses. */
#ifndef CASC_CLOCK_H
#define CASC_CLOCK_H

#include <stdint.h>

uint64_t casc_now_ns(void);
void casc_sleep_ms(uint32_t ms);
/* Before what has failed so many times before is tried again: longer each time, and not for everybody the same. */
void casc_back_off(uint32_t tries);

/* SQLite's busy handler looks at least every 100 ms: a gap of this length between transactions lets every waiting writer in. */
enum { CASC_GAP_MS = 110, CASC_WORK_BETWEEN_GAPS_MS = 2000 };

#endif

#include "clock.h"

#include <time.h>

uint64_t casc_now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void casc_sleep_ms(uint32_t ms) {
  struct timespec pause = {ms / 1000, (long)(ms % 1000) * 1000000};
  nanosleep(&pause, NULL);
}

void casc_back_off(uint32_t tries) {
  uint32_t spread = (uint32_t)(casc_now_ns() / 1000 % 97); /* two sessions that met shall not meet again */
  casc_sleep_ms((1u << tries) * 4 + spread % ((1u << tries) * 4));
}

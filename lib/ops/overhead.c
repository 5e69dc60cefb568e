#include "overhead.h"

#include <stddef.h>

#define SMALL 0.25 /* and less, of the largest size: took about as long all the same */
#define LARGE 0.5  /* and more */
#define GROWTH 1.5

enum { TELLING = 2 };

typedef struct seen {
  unsigned count;
  double size, ms; /* of the one that took least: what chance does only adds to it */
} seen;

/* Those whose size is in a span of shares of the largest one. */
static seen look(const casc_overhead *overhead, double from, double to) {
  seen all = {0};
  for (size_t i = 0; i < CASC_OVERHEAD_LAST && i < overhead->count; i++) {
    double size = overhead->last[i].size, ms = overhead->last[i].ms;
    if (size < from || size > to) continue;
    if (!all.count++ || ms < all.ms) {
      all.size = size;
      all.ms = ms;
    }
  }
  return all;
}

static double largest(const casc_overhead *overhead) {
  double size = 0;
  for (size_t i = 0; i < CASC_OVERHEAD_LAST && i < overhead->count; i++)
    if (overhead->last[i].size > size) size = overhead->last[i].size;
  return size;
}

void casc_overhead_learn(casc_overhead *overhead, double size, double ms, double target_ms) {
  size_t place = overhead->count++ % CASC_OVERHEAD_LAST;
  overhead->last[place].size = size;
  overhead->last[place].ms = ms;
  overhead->late = ms > target_ms ? overhead->late + 1 : 0;
  double most = largest(overhead);
  seen small = look(overhead, 0, SMALL * most), large = look(overhead, LARGE * most, most), any = look(overhead, 0, most);
  if (small.count >= TELLING) {
    double slope = (large.ms - small.ms) / (large.size - small.size);
    overhead->ms = small.ms - (slope > 0 ? slope : 0) * small.size;
  }
  if (overhead->ms > any.ms) overhead->ms = any.ms;
  if (overhead->ms < target_ms / 2) overhead->ms = 0; /* little more than half is lost in any case */
}

/* Where all of the last are alike - there is overhead, or something keeps late ones from being smaller - some small ones tell. */
double casc_overhead_size(const casc_overhead *overhead) {
  if (overhead->ms <= 0 && overhead->late < CASC_OVERHEAD_LAST) return 0;
  double most = largest(overhead), last = overhead->last[(overhead->count - 1) % CASC_OVERHEAD_LAST].size;
  if (look(overhead, 0, SMALL * most).count < TELLING) return last <= SMALL * most ? last : SMALL * last;
  if (overhead->ms <= 0) return 0;
  seen large = look(overhead, LARGE * most, most);
  double unit_ms = (large.ms - overhead->ms) / large.size;
  return unit_ms * GROWTH * most > overhead->ms ? overhead->ms / unit_ms : GROWTH * most;
}

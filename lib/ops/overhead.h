/* What transactions cost whatever their size: a table without an index that each of them reads whole, say. Those that are made
   smaller until they take as long as they should would then pay little else. */
#ifndef CASC_OVERHEAD_H
#define CASC_OVERHEAD_H

enum { CASC_OVERHEAD_LAST = 8 };

/* Zeroed at first. */
typedef struct casc_overhead {
  double ms; /* of each transaction; 0 while it is not worth minding */
  struct {
    double size, ms;
  } last[CASC_OVERHEAD_LAST]; /* transactions */
  unsigned count;
  unsigned late; /* the last so many took longer than they should */
} casc_overhead;

/* After a transaction of a size, in the unit in which sizes are chosen. `target_ms`: what one should take. */
void casc_overhead_learn(casc_overhead *overhead, double size, double ms, double target_ms);
/* Size of the next one, so that half of its time is overhead, or that tells whether there is any; 0 where any size will do. */
double casc_overhead_size(const casc_overhead *overhead);

#endif

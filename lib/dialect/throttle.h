/* What a server can say of itself, its replicas and its dead rows. */
#ifndef CASC_THROTTLE_SQL_H
#define CASC_THROTTLE_SQL_H

#include "dialect.h"

typedef enum casc_look {
  CASC_LOOK_SEES_ALL,   /* 1 when the user may see what others' sessions do */
  CASC_LOOK_POSITION,   /* a text: up to where the log is written; "" when there is no log */
  CASC_LOOK_STANDBYS,   /* how many connected replicas have not reached a position */
  CASC_LOOK_IS_REPLICA, /* on a replica: 1 when it is one */
  CASC_LOOK_REACHED,    /* on a replica: 1 when it has reached a position */
  CASC_LOOK_LOAD,       /* sessions at work, this one left out */
  CASC_LOOK_FLOW,       /* nanoseconds for which flow control has held the cluster back so far; NULL where there is no cluster */
  CASC_LOOK_VACUUMS,    /* 1 when autovacuum is on */
  CASC_LOOKS
} casc_look;

/* Whether the engine has such a thing. */
bool casc_look_exists(const casc_dialect *dialect, casc_look look);
/* One row of one integer, or of one text. `position` is a text of CASC_LOOK_POSITION, where the look is about one. */
void casc_look_write(casc_statement *statement, const casc_dialect *dialect, casc_look look, const char *position);
/* Of the tables, partitions included, the one with the most dead rows; one of more than `most` for which autovacuum is due goes
   first. One row of its name, its dead rows, and 1 when it is such a one. */
void casc_look_dead_rows(casc_statement *statement, const casc_sql_table *const *tables, uint32_t count, uint64_t most);

#endif

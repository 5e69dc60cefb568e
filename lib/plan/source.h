/* Where batches take their rows from: the selection itself, the rows that refer to one row, or a list. Keys are read a page at a
   time and looked at again under the batch's locks, since between the two they may have gone or moved. */
#ifndef CASC_SOURCE_H
#define CASC_SOURCE_H

#include "keyset.h"
#include "scope.h"

typedef enum casc_source_kind {
  CASC_SOURCE_SELECTED,
  CASC_SOURCE_REFERENCING, /* rows that refer to `parent` through `relation` */
  CASC_SOURCE_LISTED       /* rows that were found to belong to the closure */
} casc_source_kind;

typedef struct casc_source {
  casc_scope *scope;
  casc_source_kind kind;
  uint32_t table;
  uint32_t relation;
  casc_keyset parent;
  casc_keyset page;   /* keys read */
  size_t taken;       /* of the page */
  casc_keyset anchor; /* the last key read, once there is one */
  bool bounded;       /* `end` is known: */
  int64_t end;        /* rows that were added behind it since are for another round, lest the work never ends */
  uint64_t selected;  /* keys of the selection that were looked up ... */
  uint64_t last;      /* ... and the first of those of the page */
  bool locking;       /* keys of the selection are looked up under locks: no second look is needed */
  bool exhausted;     /* there is no page after this one */
} casc_source;

void casc_source_init(casc_source *source, casc_scope *scope, casc_source_kind kind, uint32_t table);
void casc_source_free(casc_source *source);
/* Fills `keys` with the next `count` keys at most, without taking them; none when the source is at its end. */
cascade_status casc_source_peek(casc_source *source, size_t count, casc_keyset *keys, cascade_error **error);
void casc_source_take(casc_source *source, size_t count);
/* Of keys that were peeked, those that still belong to the source now; they are held until the transaction ends. */
cascade_status casc_source_still(casc_source *source, const casc_keyset *keys, casc_keyset *still, cascade_error **error);
/* The same, but that rows which were found through others are only held: to ask the whole way up for them again takes long. */
cascade_status casc_source_hold(casc_source *source, const casc_keyset *keys, casc_keyset *still, cascade_error **error);
/* Of rows of the root table, those that are selected: appended to `selected`, not merged. `lock` holds them. */
cascade_status casc_source_selected(casc_scope *scope, const casc_keyset *rows, bool lock, casc_keyset *selected,
                                    cascade_error **error);

#endif

/* The cursor over blockers from within: groups of rows that are referred to, and for each relation into the group at hand an entry,
   of which pages are read many at a time. */
#ifndef CASC_BLOCKERS_INTERNAL_H
#define CASC_BLOCKERS_INTERNAL_H

#include <cascade/blockers.h>

#include "blockers_token.h"
#include "closure.h"

enum { CASC_BLOCKERS_PART = 1000 }; /* rows of a group that one statement asks about */
enum { CASC_TOKEN_KEY_MOST = 64 };  /* bytes of a key of tokens */

/* Rows whose referencing rows are looked at together: the selection, or rows that cascade from it along one path. */
typedef struct casc_group {
  uint32_t table;
  casc_keyset keys;
  uint32_t *path;
  uint32_t path_length;
} casc_group;

/* Where the pages of an entry go on. A large group is asked about part by part. */
typedef struct casc_position {
  size_t part;        /* first of the group's keys that is asked about; with `to` the last is known too */
  size_t to;          /* behind the last */
  casc_keyset anchor; /* one row, behind or before which to go on; none at the start of a part */
} casc_position;

/* One relation into the group at hand. */
typedef struct casc_entry {
  uint32_t relation;
  int32_t kind;
  uint32_t limit;
  bool backward;
  bool complete, partial;
  bool read; /* a page waits to be given */
  bool counted;
  bool gives_up;                   /* a budget ended its page */
  uint32_t pages;                  /* given */
  uint64_t passing;                /* rows to pass over still */
  casc_position given, next;       /* behind the pages that were given, and behind the one that was read */
  bool from_start;                 /* no anchor was given */
  casc_keyset rows, shown, behind; /* the page, in the order of reading: not sorted as sets are */
  uint32_t behind_relation;        /* CASC_NONE for none */
  uint64_t count;                  /* rows, when they were counted */
  int32_t count_accuracy;
  int64_t share;             /* of the referencing table's rows that refer to the group, in millionths; -1 when not known */
  const casc_page_way *ways; /* to come by its rows, one after another; NULL before the first page */
  uint32_t tries;            /* that did not lead to the page */
  /* of the statement that is running */
  size_t mark_rows;      /* kept before it */
  uint64_t mark_passing; /* passed over by it */
  uint64_t raw, looked;
  casc_keyset reached; /* the last row, when it was not kept */
} casc_entry;

struct cascade_blockers {
  cascade_context *context;
  cascade_connection *connection; /* reference */
  cascade_blockers_options options;
  unsigned char token_key[CASC_TOKEN_KEY_MOST]; /* a copy, to which the options point */
  casc_scope scope;
  casc_keyset *visited; /* by table: rows of the selection and those that were followed */
  casc_group *groups;
  size_t group_count, group_capacity, at_group;
  casc_entry *entries; /* of the group at hand */
  size_t entry_count, entry_capacity, at_entry;
  bool descends; /* deeper groups are gone through */
  bool over;
  uint64_t followed, given;
  uint64_t spent_ns;
  int32_t cut;
  uint32_t at_once; /* pages that a statement reads: fewer after one that took too long */
  cascade_status failed;
  /* what was counted, by kind */
  uint64_t relations[CASCADE_LEFT_ALONE + 1], references[CASCADE_LEFT_ALONE + 1];
  int32_t accuracy[CASCADE_LEFT_ALONE + 1];
  /* the page that was given */
  casc_entry *last;
  cascade_blockers_page page;
  cascade_keys keys, behind;
  cascade_keys *path_keys;
  casc_keyset *path_sets;
  cascade_value first_cell, last_cell;
  casc_str token;
};

static inline casc_group *casc_blockers_here(cascade_blockers *blockers) {
  return &blockers->groups[blockers->at_group];
}

/* Reads a page of each of the entries that are due in this round, or of as many as are worth holding. */
cascade_status casc_blockers_read(cascade_blockers *blockers, uint32_t rounds, cascade_error **error);
void casc_entry_close(casc_entry *entry);
bool casc_position_copy(casc_position *to, const casc_position *from);

/* Takes the keys over. `path` is what leads to the group; its last relation may be given apart, as CASC_NONE for none. */
cascade_status casc_blockers_add_group(cascade_blockers *blockers, uint32_t table, const uint32_t *path, uint32_t length,
                                       uint32_t relation, casc_keyset *keys, cascade_error **error);
/* Rows that cascade from the group at hand and were not met before become groups of the next level. */
cascade_status casc_blockers_follow(cascade_blockers *blockers, cascade_error **error);
/* Whether rows that cascade from the group at hand are left unlooked at. */
bool casc_blockers_at_bottom(const cascade_blockers *blockers);
cascade_status casc_blockers_add_entry(cascade_blockers *blockers, uint32_t number, uint32_t limit, casc_entry **added,
                                       cascade_error **error);
/* Entries for all relations into the group at hand. */
cascade_status casc_blockers_open_group(cascade_blockers *blockers, cascade_error **error);
cascade_status casc_blockers_check_backward(const cascade_blockers *blockers, cascade_error **error);
/* Opens the cursor at the token of its options. */
cascade_status casc_blockers_resume(cascade_blockers *blockers, cascade_error **error);
/* Goes to the group of a token. */
cascade_status casc_blockers_go_down(cascade_blockers *blockers, const casc_blockers_token *token, cascade_error **error);
/* For the page that was read: the rows that lead to each of its rows. */
cascade_status casc_blockers_paths(cascade_blockers *blockers, const casc_entry *entry, cascade_error **error);

#endif

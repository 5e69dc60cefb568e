/* The archive from within. */
#ifndef CASC_ARCHIVE_INTERNAL_H
#define CASC_ARCHIVE_INTERNAL_H

#include "archive.h"
#include "archive_file.h"
#include "archiving.h"
#include "rows.h"

struct cascade_archive {
  casc_refs refs;
  cascade_context *context;
  casc_arena arena;
  cascade_archive_options options; /* its texts are copies */
  bool tables, lines;              /* what places there are */
  casc_archive_file file;          /* open when the options name one */
  bool busy;                       /* a batch has begun, and not ended */
  bool told;                       /* ... and the host's function has heard of it */
  uint64_t batch_rows;
  casc_str buffer; /* lines that have not gone out */
  cascade_archive_report report;
};

/* archive.c: the lines of one batch at a time. */
cascade_status casc_archive_begin(cascade_archive *archive, cascade_error **error);
/* The buffer has another line. */
cascade_status casc_archive_line(cascade_archive *archive, cascade_error **error);
cascade_status casc_archive_flush(cascade_archive *archive, cascade_error **error);
void casc_archive_end(cascade_archive *archive, bool keep);

/* A table's columns as the database has them now. */
typedef struct casc_archive_fact {
  casc_archive_column column;
  bool computed;
} casc_archive_fact;

typedef struct casc_archive_facts {
  CASC_LIST(casc_archive_fact) columns; /* texts in the arena that was given */
  bool sound;
} casc_archive_facts;

/* archive_tables.c */
cascade_status casc_archive_read_facts(cascade_connection *connection, const casc_sql_table *table, casc_arena *arena,
                                       casc_archive_facts *facts, cascade_error **error);
void casc_archive_free_facts(const casc_alloc *alloc, casc_archive_facts *facts);
/* The table to which rows of another one go; its texts are in the arena. */
cascade_status casc_archive_target(const cascade_archive *archive, casc_scope *scope, uint32_t table, casc_arena *arena,
                                   casc_sql_table *to, cascade_error **error);
typedef struct casc_archive_ddl {
  CASC_LIST(const char *) statements;
} casc_archive_ddl;
/* Appends the statements that an archive's table lacks to take the rows of its source; fails where none would help. */
cascade_status casc_archive_compare(casc_scope *scope, uint32_t table, const casc_archive_facts *source, const casc_sql_table *to,
                                    casc_arena *arena, casc_archive_ddl *missing, cascade_error **error);
/* No two tables have one archive, and none is that of another. */
cascade_status casc_archive_check_targets(const casc_scope *scope, const casc_sql_table *targets, cascade_error **error);

#endif

/* A file of lines to which batches are appended, each whole or not at all. */
#ifndef CASC_ARCHIVE_FILE_H
#define CASC_ARCHIVE_FILE_H

#include "context.h"
#include "failure.h"

typedef struct casc_archive_file {
  const char *name; /* NULL while there is none */
  int descriptor;
  uint64_t kept;   /* its length without the batch that is under way */
  uint64_t length; /* with what was written of that */
  uint64_t cut;    /* bytes of a torn line that were there */
} casc_archive_file;

/* The first bytes of every line. */
#define CASC_ARCHIVE_LINE "{\"table\": \""

cascade_status casc_archive_file_open(casc_archive_file *file, cascade_context *context, const char *name, cascade_error **error);
void casc_archive_file_close(casc_archive_file *file);
cascade_status casc_archive_file_write(casc_archive_file *file, cascade_context *context, const char *bytes, size_t length,
                                       cascade_error **error);
cascade_status casc_archive_file_sync(casc_archive_file *file, cascade_context *context, cascade_error **error);
void casc_archive_file_keep(casc_archive_file *file);
/* Cuts off what is not kept. Where that fails, the next write tries again before it writes. */
cascade_status casc_archive_file_cut(casc_archive_file *file, cascade_context *context, cascade_error **error);

#endif

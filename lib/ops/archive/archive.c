/* The archive as an object, and the lines that go out of it, a batch at a time. */
#include "archive_internal.h"

#include "options.h"

static cascade_status copy_text(cascade_archive *archive, const char *what, const char **text, cascade_error **error) {
  if (!*text) return CASCADE_OK;
  if (!**text) return casc_fail(archive->context, error, CASCADE_INVALID, "archive: the %s is empty; NULL stands for none", what);
  *text = casc_arena_strdup(&archive->arena, *text);
  return *text ? CASCADE_OK : casc_nomem(error);
}

static cascade_status copy_options(cascade_archive *archive, const cascade_archive_options *given, cascade_error **error) {
  cascade_archive_options *options = &archive->options;
  cascade_status status = CASC_OPTIONS(archive->context, given, *options, schema, error);
  if (status >= 0) status = copy_text(archive, "file", &options->file, error);
  if (status >= 0) status = copy_text(archive, "suffix", &options->suffix, error);
  if (status >= 0) status = copy_text(archive, "schema", &options->schema, error);
  if (status < 0) return status;
  archive->tables = options->suffix || options->schema;
  archive->lines = options->file || options->write;
  if (!archive->tables && !archive->lines)
    return casc_fail(archive->context, error, CASCADE_INVALID, "archive: where to? Give a file, a function, a suffix or a schema");
  return options->file ? casc_archive_file_open(&archive->file, archive->context, options->file, error) : CASCADE_OK;
}

cascade_status cascade_archive_new(cascade_context *context, const cascade_archive_options *options, cascade_archive **out,
                                   cascade_error **error) {
  if (out) *out = NULL;
  if (!context || !options || !out)
    return casc_fail(NULL, error, CASCADE_INVALID, "archive: context, options or the place for the result is NULL");
  cascade_archive *archive = casc_calloc(&context->alloc, 1, sizeof *archive);
  if (!archive) return casc_nomem(error);
  casc_refs_init(&archive->refs);
  archive->context = casc_context_ref(context);
  casc_arena_init(&archive->arena, &context->alloc);
  casc_str_init(&archive->buffer, &context->alloc);
  cascade_status status = copy_options(archive, options, error);
  if (status < 0) cascade_archive_free(archive);
  else *out = archive;
  return status;
}

cascade_archive *casc_archive_ref(cascade_archive *archive) {
  if (archive) casc_refs_take(&archive->refs);
  return archive;
}

void cascade_archive_free(cascade_archive *archive) {
  if (!archive || !casc_refs_drop(&archive->refs)) return;
  cascade_context *context = archive->context;
  casc_archive_file_close(&archive->file);
  casc_str_free(&archive->buffer);
  casc_arena_clear(&archive->arena);
  casc_free(&context->alloc, archive);
  cascade_context_free(context);
}

cascade_status cascade_archive_describe(const cascade_archive *archive, cascade_archive_report *report) {
  if (!archive) return CASCADE_INVALID;
  cascade_archive_report own = archive->report;
  own.bytes = archive->file.kept;
  own.cut = archive->file.cut;
  return CASC_INFO(report, own, cut);
}

/* ---- the lines of a batch ---- */

cascade_status casc_archive_begin(cascade_archive *archive, cascade_error **error) {
  if (archive->busy)
    return casc_fail(archive->context, error, CASCADE_INVALID, "archive: a batch of another purge has begun, and has not ended");
  cascade_status status = casc_archive_file_cut(&archive->file, archive->context, error); /* what could not be cut before */
  if (status < 0) return status;
  archive->busy = true;
  archive->told = false;
  archive->batch_rows = 0;
  casc_str_clear(&archive->buffer);
  return CASCADE_OK;
}

static cascade_status tell(cascade_archive *archive, int32_t event, const char *lines, size_t length, cascade_error **error) {
  if (!archive->options.write) return CASCADE_OK;
  archive->told = true;
  int32_t answer = archive->options.write(archive->options.user_data, event, lines, length);
  if (!answer) return CASCADE_OK;
  return casc_fail(archive->context, error, CASCADE_HOOK,
                   "the function that takes the archive's lines returned %d: the batch was rolled back", (int)answer);
}

static cascade_status put_out(cascade_archive *archive, cascade_error **error) {
  const casc_str *buffer = &archive->buffer;
  if (!buffer->length) return CASCADE_OK;
  cascade_status status = tell(archive, CASCADE_ARCHIVE_LINES, buffer->data, buffer->length, error);
  if (status >= 0 && archive->options.file)
    status = casc_archive_file_write(&archive->file, archive->context, buffer->data, buffer->length, error);
  casc_str_clear(&archive->buffer);
  return status;
}

cascade_status casc_archive_line(cascade_archive *archive, cascade_error **error) {
  enum { ROOM = 1 << 17 };
  if (archive->buffer.failed) return casc_nomem(error);
  return archive->buffer.length < ROOM ? CASCADE_OK : put_out(archive, error);
}

cascade_status casc_archive_flush(cascade_archive *archive, cascade_error **error) {
  cascade_status status = put_out(archive, error);
  if (status >= 0 && archive->options.file) status = casc_archive_file_sync(&archive->file, archive->context, error);
  return status >= 0 && archive->told ? tell(archive, CASCADE_ARCHIVE_FLUSH, NULL, 0, error) : status;
}

void casc_archive_end(cascade_archive *archive, bool keep) {
  cascade_error *error = NULL;
  if (keep) casc_archive_file_keep(&archive->file);
  else if (casc_archive_file_cut(&archive->file, archive->context, &error) < 0)
    casc_log(archive->context, CASCADE_LOG_WARNING, "lines of a batch that was rolled back stay: %s", cascade_error_message(error));
  cascade_error_free(error);
  if (archive->told) tell(archive, keep ? CASCADE_ARCHIVE_KEEP : CASCADE_ARCHIVE_DROP, NULL, 0, NULL);
  if (keep) archive->report.rows += archive->batch_rows;
  archive->busy = false;
  casc_str_clear(&archive->buffer);
}

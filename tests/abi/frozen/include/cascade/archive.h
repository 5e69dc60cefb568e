#ifndef CASCADE_ARCHIVE_H
#define CASCADE_ARCHIVE_H 
#include <cascade/policy.h>
#ifdef __cplusplus
extern "C" {
#endif
typedef struct cascade_archive cascade_archive;
enum cascade_archive_event {
  CASCADE_ARCHIVE_LINES = 0,
  CASCADE_ARCHIVE_FLUSH = 1,
  CASCADE_ARCHIVE_KEEP = 2,
  CASCADE_ARCHIVE_DROP = 3
};
typedef int32_t (*cascade_archive_write)(void *user_data, int32_t event, const char *lines, uint64_t length);
typedef struct cascade_archive_options {
  size_t size;
  const char *file;
  cascade_archive_write write;
  void *user_data;
  const char *suffix;
  const char *schema;
} cascade_archive_options;
typedef struct cascade_archive_report {
  size_t size;
  uint64_t rows;
  uint64_t bytes;
  uint64_t cut;
} cascade_archive_report;
CASCADE_API cascade_status cascade_archive_new(cascade_context *context, const cascade_archive_options *options,
                                               cascade_archive **archive, cascade_error **error);
CASCADE_API cascade_status cascade_archive_ddl(cascade_archive *archive, cascade_connection *connection, cascade_policy *policy,
                                               const char *table, char **text, cascade_error **error);
CASCADE_API cascade_status cascade_archive_install(cascade_archive *archive, cascade_connection *connection, cascade_policy *policy,
                                                   const char *table, cascade_error **error);
CASCADE_API cascade_status cascade_archive_describe(const cascade_archive *archive, cascade_archive_report *report);
CASCADE_API void cascade_archive_free(cascade_archive *archive);
#ifdef __cplusplus
}
#endif
#endif

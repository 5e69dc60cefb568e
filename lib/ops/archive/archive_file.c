#include "archive_file.h"

#include "str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static cascade_status fail(const casc_archive_file *file, cascade_context *context, const char *what, cascade_error **error) {
  char words[200];
  return casc_fail(context, error, CASCADE_ARCHIVE, "archive file %s: %s: %s", file->name, what,
                   strerror_r(errno, words, sizeof words));
}

/* A file whose name is not yet on the disk would be gone after a crash, with all that was written to it. */
static int sync_folder(const char *name) {
  const char *slash = strrchr(name, '/');
  char *folder = slash ? strndup(name, slash == name ? 1 : (size_t)(slash - name)) : strdup(".");
  int descriptor = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
  int failed = descriptor < 0 ? -1 : fsync(descriptor);
  int why = errno;
  if (descriptor >= 0) close(descriptor);
  free(folder);
  errno = why;
  return failed;
}

static int read_at(int descriptor, char *bytes, size_t length, uint64_t from) {
  for (size_t done = 0; done < length;) {
    ssize_t got = pread(descriptor, bytes + done, length - done, (off_t)(from + done));
    if (got < 0 && errno == EINTR) continue;
    if (got == 0) errno = EIO; /* it was longer a moment ago */
    if (got <= 0) return -1;
    done += (size_t)got;
  }
  return 0;
}

static bool begins_as_line(const char *bytes, size_t length) {
  size_t most = sizeof CASC_ARCHIVE_LINE - 1;
  return memcmp(bytes, CASC_ARCHIVE_LINE, length < most ? length : most) == 0;
}

/* Walks back to the last line break. `*blank`: behind it are only zeros, as a file system leaves them when power fails. */
static int find_tail(const casc_archive_file *file, uint64_t *tail, bool *blank) {
  char bytes[1 << 15];
  *blank = true;
  for (uint64_t end = file->length; end;) {
    size_t part = end < sizeof bytes ? (size_t)end : sizeof bytes;
    if (read_at(file->descriptor, bytes, part, end - part)) return -1;
    for (size_t i = part; i; i--) {
      if (bytes[i - 1] == '\n') {
        *tail = end - part + i;
        return 0;
      }
      if (bytes[i - 1]) *blank = false;
    }
    end -= part;
  }
  *tail = 0;
  return 0;
}

/* Cuts a torn last line off; refuses a file that is something else, of which nothing may be cut. */
static cascade_status mend(casc_archive_file *file, cascade_context *context, cascade_error **error) {
  char head[sizeof CASC_ARCHIVE_LINE - 1], first[sizeof head];
  uint64_t tail = 0;
  bool blank;
  size_t length = file->length < sizeof head ? (size_t)file->length : sizeof head;
  if (read_at(file->descriptor, head, length, 0) || find_tail(file, &tail, &blank))
    return fail(file, context, "cannot be read", error);
  size_t left = file->length - tail < sizeof first ? (size_t)(file->length - tail) : sizeof first;
  if (read_at(file->descriptor, first, left, tail)) return fail(file, context, "cannot be read", error);
  bool torn = blank || begins_as_line(first, left);
  if (!torn || (tail && !begins_as_line(head, length)))
    return casc_fail(context, error, CASCADE_ARCHIVE,
                     "archive file %s: is something else than an archive of lines; nothing was written to it: name another file",
                     file->name);
  file->kept = tail;
  file->cut = file->length - tail;
  return file->cut ? casc_archive_file_cut(file, context, error) : CASCADE_OK;
}

static cascade_status take(casc_archive_file *file, cascade_context *context, bool made, cascade_error **error) {
  struct stat facts;
  if (fstat(file->descriptor, &facts)) return fail(file, context, "cannot be read", error);
  if (!S_ISREG(facts.st_mode))
    return casc_fail(context, error, CASCADE_ARCHIVE,
                     "archive file %s: is no ordinary file, so that a batch that is rolled back could not be taken out of it",
                     file->name);
  if (flock(file->descriptor, LOCK_EX | LOCK_NB)) {
    if (errno != EWOULDBLOCK) return fail(file, context, "cannot be locked", error);
    return casc_fail(context, error, CASCADE_BUSY, "archive file %s: another purge writes to it; name another file, or wait",
                     file->name);
  }
  if (made && sync_folder(file->name)) return fail(file, context, "its folder cannot be written", error);
  if (fstat(file->descriptor, &facts)) return fail(file, context, "cannot be read", error); /* under the lock */
  file->length = file->kept = (uint64_t)facts.st_size;
  return mend(file, context, error);
}

cascade_status casc_archive_file_open(casc_archive_file *file, cascade_context *context, const char *name, cascade_error **error) {
  enum { FLAGS = O_RDWR | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK }; /* the last for what is no file, and is refused */
  *file = (casc_archive_file){.name = name};
  file->descriptor = open(name, FLAGS | O_CREAT | O_EXCL, 0600);
  bool made = file->descriptor >= 0;
  if (!made && errno == EEXIST) file->descriptor = open(name, FLAGS | O_CREAT, 0600);
  cascade_status status = file->descriptor < 0 ? fail(file, context, "cannot be opened", error) : take(file, context, made, error);
  if (status < 0) casc_archive_file_close(file);
  return status;
}

void casc_archive_file_close(casc_archive_file *file) {
  if (file->name && file->descriptor >= 0) close(file->descriptor);
  *file = (casc_archive_file){0};
}

cascade_status casc_archive_file_write(casc_archive_file *file, cascade_context *context, const char *bytes, size_t length,
                                       cascade_error **error) {
  while (length) {
    ssize_t wrote = write(file->descriptor, bytes, length);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return fail(file, context, "cannot be written", error);
    bytes += wrote;
    length -= (size_t)wrote;
    file->length += (uint64_t)wrote;
  }
  return CASCADE_OK;
}

cascade_status casc_archive_file_sync(casc_archive_file *file, cascade_context *context, cascade_error **error) {
  struct stat facts;
  if (file->length == file->kept) return CASCADE_OK;
  if (fdatasync(file->descriptor) || fstat(file->descriptor, &facts)) return fail(file, context, "cannot be written", error);
  if (facts.st_nlink && (uint64_t)facts.st_size == file->length) return CASCADE_OK;
  return casc_fail(context, error, CASCADE_ARCHIVE, "archive file %s: was %s by somebody else while a purge writes to it",
                   file->name, facts.st_nlink ? "changed" : "removed");
}

void casc_archive_file_keep(casc_archive_file *file) {
  file->kept = file->length;
}

cascade_status casc_archive_file_cut(casc_archive_file *file, cascade_context *context, cascade_error **error) {
  if (file->length == file->kept) return CASCADE_OK;
  if (ftruncate(file->descriptor, (off_t)file->kept)) return fail(file, context, "cannot be cut", error);
  file->length = file->kept;
  return CASCADE_OK;
}

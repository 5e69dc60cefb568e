/* cascade blockers: who refers to the rows, page by page; or only whether they can be deleted. */
#include "blockers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
  JSON_PAGE = 20000,    /* of --limit 0: pages that are joined, or read one by one */
  TEXT_PAGE = 10000000, /* of --limit 0: a relation is one line */
  SHORTEST_KEY = 16,
  LONGEST_KEY = 64
};

/* Known to everybody: tokens of the command line guard nothing. */
static const char public_key[] = "cascade blockers: this key guards nothing";

typedef struct token_key {
  char bytes[LONGEST_KEY + 3]; /* one too many, and a line's end */
  size_t length;
} token_key;

static cascade_status check_key(cli_session *session, const token_key *key, const char *name, cascade_error **error) {
  if (key->length >= SHORTEST_KEY && key->length <= LONGEST_KEY) return CASCADE_OK;
  return session_fail(session, CASCADE_INVALID, error, "%s: a token key has %d to %d bytes, this one has %s%zu", name, SHORTEST_KEY,
                      LONGEST_KEY, key->length > LONGEST_KEY ? "at least " : "", key->length);
}

static cascade_status read_key_file(cli_session *session, const char *path, token_key *key, cascade_error **error) {
  FILE *file = fopen(path, "rb");
  if (file) key->length = fread(key->bytes, 1, sizeof key->bytes, file);
  bool failed = !file || ferror(file);
  int reason = errno;
  if (file) fclose(file);
  if (failed) return session_fail(session, CASCADE_INVALID, error, "token key file '%s': %s", path, strerror(reason));
  if (key->length && key->bytes[key->length - 1] == '\n') key->length--;
  if (key->length && key->bytes[key->length - 1] == '\r') key->length--;
  return check_key(session, key, path, error);
}

static cascade_status read_key(cli_session *session, const cli_options *options, token_key *key, cascade_error **error) {
  if (options->token_key_file) return read_key_file(session, options->token_key_file, key, error);
  const char *given = getenv("CASCADE_TOKEN_KEY");
  if (!given) given = public_key;
  key->length = strnlen(given, sizeof key->bytes);
  memcpy(key->bytes, given, key->length);
  return check_key(session, key, "CASCADE_TOKEN_KEY", error);
}

static cascade_status probe(cli_session *session, const cli_options *options, cascade_error **error) {
  int32_t answer = 0;
  uint32_t number = UINT32_MAX;
  cascade_status status =
      cascade_blockers_probe(session->connection, session->policy, session->selection, options->max_rows, &answer, &number, error);
  if (status < 0) return status;
  cascade_relation_info relation = {.size = sizeof relation, .label = "?"};
  switch (answer) {
  case CASCADE_PROBE_DELETABLE: puts("deletable"); break;
  case CASCADE_PROBE_BLOCKED:
    cascade_policy_relation(session->policy, number, &relation);
    printf("blocked by %s\n", relation.label);
    session->exit_code = CLI_REFUSED;
    break;
  default: puts("unknown: too many rows would have to be read; see --max-rows"); session->exit_code = CLI_UNKNOWN;
  }
  return status;
}

static cascade_status put_json(cli_session *session, const cli_options *options, const cascade_blockers_options *how,
                               cascade_error **error) {
  char *text = NULL;
  int32_t profile = options->format == CLI_JSON ? CASCADE_PROFILE_NATIVE : CASCADE_PROFILE_SPECIFY;
  cascade_status status =
      cascade_blockers_json(session->connection, session->policy, session->selection, how, profile, &text, error);
  if (status >= 0) fputs(text, stdout);
  cascade_text_free(text);
  return status;
}

static cascade_status put_list(cli_session *session, const cli_options *options, const cascade_blockers_options *how,
                               cascade_error **error) {
  cascade_blockers *cursor = NULL;
  cascade_status status = cascade_blockers_open(session->connection, session->policy, session->selection, how, &cursor, error);
  if (status >= 0) status = blockers_text(session, options, cursor, error);
  cascade_blockers_free(cursor);
  return status;
}

cascade_status run_blockers(cli_session *session, const cli_options *options, cascade_error **error) {
  if (options->probe) return probe(session, options, error);
  token_key key = {0};
  cli_requests requests = {0};
  int32_t page = options->format == CLI_TEXT ? TEXT_PAGE : JSON_PAGE;
  cascade_status status = read_key(session, options, &key, error);
  if (status >= 0) status = requests_open(session, options, &requests, error);
  cascade_blockers_options how = {.size = sizeof how,
                                  .limit = options->all ? page : (int32_t)options->limit,
                                  .rounds = options->all ? UINT32_MAX : options->pages,
                                  .depth = options->depth,
                                  .request_count = requests.count,
                                  .requests = requests.list,
                                  .max_rows = options->max_rows,
                                  .budget_rows = options->budget_rows,
                                  .budget_ms = options->budget_ms,
                                  .behind = options->behind,
                                  .count = options->count,
                                  .token_key = key.bytes,
                                  .token_key_length = key.length,
                                  .token = options->after};
  if (status >= 0)
    status = options->format == CLI_TEXT ? put_list(session, options, &how, error) : put_json(session, options, &how, error);
  requests_free(&requests);
  return status;
}

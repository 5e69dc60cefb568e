/* The cascade command: what its files share. */
#ifndef CLI_H
#define CLI_H

#include <cascade.h>
#include <stdbool.h>
#include <stdio.h>

enum cli_exit { CLI_DONE = 0, CLI_REFUSED = 1, CLI_USAGE = 2, CLI_DATABASE = 3, CLI_UNKNOWN = 4 };

/* Bits, so that a command can say which of them it knows. */
enum cli_format { CLI_TEXT = 1, CLI_JSON = 2, CLI_DOT = 4, CLI_SQL = 8, CLI_SPECIFY = 16, CLI_SVG = 32, CLI_HTML = 64 };

enum { CLI_SELECTS = 16, CLI_REPLICAS = 16 };

typedef struct cli_options {
  const char *uri, *table; /* table is NULL for the whole graph */
  bool selects;            /* rows of the table are meant, by keys or where */
  const char *const *keys;
  uint32_t key_count;
  const char *keys_file; /* with keys, one a line; "-" for standard input */
  const char *where, *policy, *plan, *state;
  uint32_t format; /* one of cli_format */
  uint32_t limit;  /* keys of a page */
  bool all;        /* --limit 0 */
  uint32_t pages, depth, batch_ms, statement_timeout_ms, wait;
  uint64_t max_rows, max_tx_rows;
  uint32_t allow;    /* cascade_allow */
  int32_t integrity; /* cascade_integrity */
  bool yes;
  const char *relation, *after, *token_key_file;
  bool backward, behind, probe;
  uint64_t offset, budget_rows;
  uint32_t budget_ms;
  int32_t count; /* cascade_count_mode */
  /* of fill, whose columns are in `keys` */
  const char *selects_sql[CLI_SELECTS];
  uint32_t select_count;
  const char *fill_key, *range, *mode, *token, *checkpoint, *fill_job;
  uint32_t max_seconds;
  bool dry_run, later, json_progress;
  bool outbox;
  const char *outbox_columns, *actor, *reason, *archive, *archive_tables;
  uint32_t lease;                /* seconds */
  bool queue;                    /* about the queue or the outbox: no graph is read */
  cascade_throttle_options pace; /* its replicas are: */
  const char *replicas[CLI_REPLICAS];
} cli_options;

/* What every command starts from; opened as the options say. */
typedef struct cli_session {
  cascade_context *context;
  cascade_connection *connection;
  cascade_graph *graph;
  cascade_policy *policy;
  cascade_selection *selection; /* NULL for the graph command */
  int exit_code;                /* of a command that did as asked, when it is not CLI_DONE */
} cli_session;

typedef struct cli_command {
  const char *name;
  cascade_status (*run)(cli_session *session, const cli_options *options, cascade_error **error);
  uint32_t formats; /* bits of cli_format */
  uint64_t options; /* bits of cli_option, see options.c */
  bool selects;     /* starts from rows of a table */
  const char *help;
  bool queue;    /* about the queue; `table` is the number of a job where it takes one */
  bool job;      /* ... and it takes one */
  bool all_jobs; /* ... or none, for all */
  bool fills;    /* a table, whose columns follow it */
  bool archives; /* about the archive of a table, with what hangs on its rows */
} cli_command;

extern const cli_command cli_commands[];
extern const char cli_help[];

/* Columns for the outbox, as --outbox-columns names them. */
typedef struct cli_columns {
  char *text;
  const char **tables, **columns;
  uint32_t count;
} cli_columns;

cascade_status columns_read(cli_session *session, const char *given, cli_columns *list, cascade_error **error);
void columns_free(cli_columns *list);
/* What a job that purges is to do. */
cascade_job_options job_options(const cli_options *options, const cli_columns *columns);
void told_job(int64_t job);

/* commands */
cascade_status run_graph(cli_session *session, const cli_options *options, cascade_error **error);
cascade_status run_blockers(cli_session *session, const cli_options *options, cascade_error **error);
cascade_status run_plan(cli_session *session, const cli_options *options, cascade_error **error);
cascade_status run_fill(cli_session *session, const cli_options *options, cascade_error **error);
cascade_status run_purge(cli_session *session, const cli_options *options, cascade_error **error);

cascade_status run_archive_install(cli_session *session, const cli_options *options, cascade_error **error);
cascade_status run_detach(cli_session *session, const cli_options *options, cascade_error **error);
cascade_status run_outbox_ack(cli_session *session, const cli_options *options, cascade_error **error);
cascade_status run_outbox_audit(cli_session *session, const cli_options *options, cascade_error **error);
cascade_status run_outbox_install(cli_session *session, const cli_options *options, cascade_error **error);
cascade_status run_outbox_list(cli_session *session, const cli_options *options, cascade_error **error);
cascade_status run_queue_cancel(cli_session *session, const cli_options *options, cascade_error **error);
cascade_status run_queue_install(cli_session *session, const cli_options *options, cascade_error **error);
cascade_status run_queue_list(cli_session *session, const cli_options *options, cascade_error **error);
cascade_status run_queue_metrics(cli_session *session, const cli_options *options, cascade_error **error);
cascade_status run_queue_pause(cli_session *session, const cli_options *options, cascade_error **error);
cascade_status run_queue_resume(cli_session *session, const cli_options *options, cascade_error **error);
cascade_status run_queue_retry(cli_session *session, const cli_options *options, cascade_error **error);
cascade_status run_queue_work(cli_session *session, const cli_options *options, cascade_error **error);

/* options.c: true when there is a command to run; else *exit_code is what to end with, and everything was said. */
bool options_read(int argc, char **argv, const cli_command **command, cli_options *options, int *exit_code);

/* throttle.c */
/* Makes the throttle that the options ask for, which shows its pauses on the line; *throttle is NULL when they ask for none. */
struct progress;
cascade_status throttle_open(cli_session *session, const cli_options *options, struct progress *line, cascade_throttle **throttle,
                             cascade_error **error);
void throttle_report(const cascade_throttle *throttle); /* in words, on stderr, when there was a pause */

/* archive.c */
/* Makes the archive that the options ask for; *archive is NULL when they ask for none. */
cascade_status archive_open(cli_session *session, const cli_options *options, cascade_archive **archive, cascade_error **error);
void archive_report(const cascade_archive *archive); /* in words, on stderr, when there is one */

/* session.c */
cascade_status session_open(cli_session *session, const cli_options *options, cascade_error **error);
void session_close(cli_session *session);
/* Ctrl-C asks the purge to stop, or while that is NULL whatever runs on the connection. A second one kills. */
void session_catch_interrupt(cascade_connection *connection, cascade_purge *purge);
/* Waits until a line can be read; false when an interrupt came instead. */
bool session_await_answer(void);
/* Makes an error of the command's own. */
cascade_status session_fail(cli_session *session, cascade_status status, cascade_error **error, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* graph.c: the i-th thing that can be special about a table, "" where it is not, NULL behind the last. */
const char *table_special(uint32_t flags, size_t i);

/* text.c */
typedef struct text_number {
  char text[32];
} text_number;
text_number number_text(uint64_t number);                     /* 12,345 */
int text_width(const char *text);                             /* columns on a terminal */
void text_pad(FILE *out, const char *text, int width);        /* left-aligned */
void put_text(const char *text);                              /* on stdout, ending with a line break */
void text_shell(FILE *out, const char *word);                 /* as a shell reads it back */
void text_command(FILE *out, const cli_options *options);     /* "cascade blockers" with these rows and the policy */
void text_command_end(FILE *out, const cli_options *options); /* keys that begin with a minus, and the line's end */
char *uri_text(const char *uri);                              /* without its password; the caller frees it */
char *key_text(const cascade_keys *keys, uint64_t row);       /* as cascade_selection_parse() reads it; the caller frees it */
char *relation_text(const cascade_relation_info *relation, const char *table); /* "loan(borrower_id)"; the caller frees it */
const char *rule_meaning(int32_t rule);                                        /* "deleted too" */
char *text_short(const char *text, int width); /* "modified...agent_id" where it is wider; the caller frees it */

#endif

/* The command line. */
#include "cli.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum cli_option {
  OPTION_HELP,
  OPTION_VERSION,
  OPTION_WHERE,
  OPTION_KEYS,
  OPTION_POLICY,
  OPTION_FORMAT,
  OPTION_LIMIT,
  OPTION_PAGES,
  OPTION_DEPTH,
  OPTION_MAX_ROWS,
  OPTION_MAX_TX_ROWS,
  OPTION_BATCH_MS,
  OPTION_STATEMENT_TIMEOUT,
  OPTION_PLAN,
  OPTION_YES,
  OPTION_PROVEN,
  OPTION_JSON_PROGRESS,
  OPTION_ALLOW_NO_FILTER,
  OPTION_ALLOW_UNENFORCED,
  OPTION_ALLOW_HIDDEN,
  OPTION_RELATION,
  OPTION_AFTER,
  OPTION_BACKWARD,
  OPTION_OFFSET,
  OPTION_TRANSITIVE,
  OPTION_COUNT,
  OPTION_PROBE,
  OPTION_BUDGET_MS,
  OPTION_BUDGET_ROWS,
  OPTION_BEHIND,
  OPTION_TOKEN_KEY_FILE,
  OPTION_STATE,
  OPTION_WAIT,
  OPTION_SELECT,
  OPTION_KEY,
  OPTION_RANGE,
  OPTION_MODE,
  OPTION_DRY_RUN,
  OPTION_LATER,
  OPTION_TOKEN,
  OPTION_CHECKPOINT,
  OPTION_JOB,
  OPTION_MAX_SECONDS,
  OPTION_SLEEP_RATIO,
  OPTION_MAX_LAG,
  OPTION_REPLICA,
  OPTION_MAX_LOAD,
  OPTION_MAX_FLOW,
  OPTION_MAX_DEAD_ROWS,
  OPTION_MAX_PAUSE,
  OPTION_PAUSE_FILE,
  OPTION_OUTBOX,
  OPTION_OUTBOX_COLUMNS,
  OPTION_ACTOR,
  OPTION_REASON,
  OPTION_LEASE,
  OPTION_ARCHIVE,
  OPTION_ARCHIVE_TABLES
};

enum { ALL_LEVELS = 250 };

/* Returned by getopt_long(), which uses small numbers for itself. */
#define LONG(option) (256 + (option))
#define BIT(option) (UINT64_C(1) << (option))

static const struct option long_options[] = {{"help", no_argument, NULL, LONG(OPTION_HELP)},
                                             {"version", no_argument, NULL, LONG(OPTION_VERSION)},
                                             {"where", required_argument, NULL, LONG(OPTION_WHERE)},
                                             {"keys", required_argument, NULL, LONG(OPTION_KEYS)},
                                             {"policy", required_argument, NULL, LONG(OPTION_POLICY)},
                                             {"format", required_argument, NULL, LONG(OPTION_FORMAT)},
                                             {"limit", required_argument, NULL, LONG(OPTION_LIMIT)},
                                             {"pages", required_argument, NULL, LONG(OPTION_PAGES)},
                                             {"depth", required_argument, NULL, LONG(OPTION_DEPTH)},
                                             {"max-rows", required_argument, NULL, LONG(OPTION_MAX_ROWS)},
                                             {"max-tx-rows", required_argument, NULL, LONG(OPTION_MAX_TX_ROWS)},
                                             {"batch-ms", required_argument, NULL, LONG(OPTION_BATCH_MS)},
                                             {"statement-timeout", required_argument, NULL, LONG(OPTION_STATEMENT_TIMEOUT)},
                                             {"plan", required_argument, NULL, LONG(OPTION_PLAN)},
                                             {"yes", no_argument, NULL, LONG(OPTION_YES)},
                                             {"proven", no_argument, NULL, LONG(OPTION_PROVEN)},
                                             {"json-progress", no_argument, NULL, LONG(OPTION_JSON_PROGRESS)},
                                             {"allow-no-filter", no_argument, NULL, LONG(OPTION_ALLOW_NO_FILTER)},
                                             {"allow-unenforced", no_argument, NULL, LONG(OPTION_ALLOW_UNENFORCED)},
                                             {"allow-hidden", no_argument, NULL, LONG(OPTION_ALLOW_HIDDEN)},
                                             {"relation", required_argument, NULL, LONG(OPTION_RELATION)},
                                             {"after", required_argument, NULL, LONG(OPTION_AFTER)},
                                             {"backward", no_argument, NULL, LONG(OPTION_BACKWARD)},
                                             {"offset", required_argument, NULL, LONG(OPTION_OFFSET)},
                                             {"transitive", no_argument, NULL, LONG(OPTION_TRANSITIVE)},
                                             {"count", required_argument, NULL, LONG(OPTION_COUNT)},
                                             {"probe", no_argument, NULL, LONG(OPTION_PROBE)},
                                             {"budget-ms", required_argument, NULL, LONG(OPTION_BUDGET_MS)},
                                             {"budget-rows", required_argument, NULL, LONG(OPTION_BUDGET_ROWS)},
                                             {"behind", no_argument, NULL, LONG(OPTION_BEHIND)},
                                             {"token-key-file", required_argument, NULL, LONG(OPTION_TOKEN_KEY_FILE)},
                                             {"state", required_argument, NULL, LONG(OPTION_STATE)},
                                             {"wait", required_argument, NULL, LONG(OPTION_WAIT)},
                                             {"select", required_argument, NULL, LONG(OPTION_SELECT)},
                                             {"key", required_argument, NULL, LONG(OPTION_KEY)},
                                             {"range", required_argument, NULL, LONG(OPTION_RANGE)},
                                             {"mode", required_argument, NULL, LONG(OPTION_MODE)},
                                             {"dry-run", no_argument, NULL, LONG(OPTION_DRY_RUN)},
                                             {"later", no_argument, NULL, LONG(OPTION_LATER)},
                                             {"token", required_argument, NULL, LONG(OPTION_TOKEN)},
                                             {"checkpoint", required_argument, NULL, LONG(OPTION_CHECKPOINT)},
                                             {"job", required_argument, NULL, LONG(OPTION_JOB)},
                                             {"max-seconds", required_argument, NULL, LONG(OPTION_MAX_SECONDS)},
                                             {"sleep-ratio", required_argument, NULL, LONG(OPTION_SLEEP_RATIO)},
                                             {"max-lag", required_argument, NULL, LONG(OPTION_MAX_LAG)},
                                             {"replica", required_argument, NULL, LONG(OPTION_REPLICA)},
                                             {"max-load", required_argument, NULL, LONG(OPTION_MAX_LOAD)},
                                             {"max-flow", required_argument, NULL, LONG(OPTION_MAX_FLOW)},
                                             {"max-dead-rows", required_argument, NULL, LONG(OPTION_MAX_DEAD_ROWS)},
                                             {"max-pause", required_argument, NULL, LONG(OPTION_MAX_PAUSE)},
                                             {"pause-file", required_argument, NULL, LONG(OPTION_PAUSE_FILE)},
                                             {"outbox", no_argument, NULL, LONG(OPTION_OUTBOX)},
                                             {"outbox-columns", required_argument, NULL, LONG(OPTION_OUTBOX_COLUMNS)},
                                             {"actor", required_argument, NULL, LONG(OPTION_ACTOR)},
                                             {"reason", required_argument, NULL, LONG(OPTION_REASON)},
                                             {"lease", required_argument, NULL, LONG(OPTION_LEASE)},
                                             {"archive", required_argument, NULL, LONG(OPTION_ARCHIVE)},
                                             {"archive-tables", required_argument, NULL, LONG(OPTION_ARCHIVE_TABLES)},
                                             {NULL, 0, NULL, 0}};

#define LISTING                                                                                                                    \
  (BIT(OPTION_LIMIT) | BIT(OPTION_PAGES) | BIT(OPTION_DEPTH) | BIT(OPTION_RELATION) | BIT(OPTION_AFTER) | BIT(OPTION_BACKWARD) |   \
   BIT(OPTION_OFFSET) | BIT(OPTION_TRANSITIVE) | BIT(OPTION_COUNT) | BIT(OPTION_PROBE) | BIT(OPTION_BUDGET_MS) |                   \
   BIT(OPTION_BUDGET_ROWS) | BIT(OPTION_BEHIND) | BIT(OPTION_TOKEN_KEY_FILE))
#define SELECTING                                                                                                                  \
  (BIT(OPTION_HELP) | BIT(OPTION_WHERE) | BIT(OPTION_KEYS) | BIT(OPTION_POLICY) | BIT(OPTION_FORMAT) | BIT(OPTION_MAX_ROWS))

#define PACE                                                                                                                       \
  (BIT(OPTION_SLEEP_RATIO) | BIT(OPTION_MAX_LAG) | BIT(OPTION_REPLICA) | BIT(OPTION_MAX_LOAD) | BIT(OPTION_MAX_FLOW) |             \
   BIT(OPTION_MAX_DEAD_ROWS) | BIT(OPTION_MAX_PAUSE) | BIT(OPTION_PAUSE_FILE))

#define RECORDING (BIT(OPTION_OUTBOX) | BIT(OPTION_OUTBOX_COLUMNS) | BIT(OPTION_ACTOR) | BIT(OPTION_REASON))

#define ARCHIVING (BIT(OPTION_ARCHIVE) | BIT(OPTION_ARCHIVE_TABLES))

extern const char cli_help_graph[], cli_help_blockers[], cli_help_plan[], cli_help_purge[], cli_help_detach[], cli_help_queue[],
    cli_help_outbox[], cli_help_archive[], cli_help_work[], cli_help_fill[];

const cli_command cli_commands[] = {
    {"graph", run_graph, CLI_TEXT | CLI_JSON | CLI_DOT | CLI_SVG | CLI_HTML,
     BIT(OPTION_HELP) | BIT(OPTION_POLICY) | BIT(OPTION_FORMAT), false, cli_help_graph},
    {"blockers", run_blockers, CLI_TEXT | CLI_JSON | CLI_SPECIFY, SELECTING | LISTING, true, cli_help_blockers},
    {"plan", run_plan, CLI_TEXT | CLI_JSON | CLI_SQL | CLI_HTML, SELECTING, true, cli_help_plan},
    {"purge", run_purge, CLI_TEXT | CLI_JSON,
     SELECTING | PACE | BIT(OPTION_JSON_PROGRESS) | BIT(OPTION_MAX_TX_ROWS) | BIT(OPTION_BATCH_MS) | BIT(OPTION_STATEMENT_TIMEOUT) |
         BIT(OPTION_PLAN) | BIT(OPTION_YES) | BIT(OPTION_PROVEN) | BIT(OPTION_ALLOW_NO_FILTER) | BIT(OPTION_ALLOW_UNENFORCED) |
         BIT(OPTION_ALLOW_HIDDEN) | BIT(OPTION_LATER) | RECORDING | ARCHIVING,
     true, cli_help_purge},
    {"detach", run_detach, CLI_TEXT | CLI_JSON,
     (SELECTING & ~BIT(OPTION_MAX_ROWS)) | BIT(OPTION_MAX_TX_ROWS) | BIT(OPTION_BATCH_MS) | BIT(OPTION_YES) | BIT(OPTION_PROVEN) |
         BIT(OPTION_ALLOW_NO_FILTER) | BIT(OPTION_ALLOW_UNENFORCED) | BIT(OPTION_ALLOW_HIDDEN) | RECORDING,
     true, cli_help_detach},
    {"queue install", run_queue_install, CLI_TEXT | CLI_SQL, BIT(OPTION_HELP) | BIT(OPTION_FORMAT), false, cli_help_queue, true,
     false},
    {"queue list", run_queue_list, CLI_TEXT | CLI_JSON,
     BIT(OPTION_HELP) | BIT(OPTION_FORMAT) | BIT(OPTION_STATE) | BIT(OPTION_LIMIT), false, cli_help_queue, true, false},
    {"queue metrics", run_queue_metrics, CLI_JSON, BIT(OPTION_HELP), false, cli_help_queue, true, false},
    {"queue work", run_queue_work, CLI_TEXT | CLI_JSON,
     BIT(OPTION_HELP) | BIT(OPTION_FORMAT) | BIT(OPTION_WAIT) | BIT(OPTION_JSON_PROGRESS) | PACE | ARCHIVING, false, cli_help_work,
     true, false},
    {"queue pause", run_queue_pause, CLI_TEXT, BIT(OPTION_HELP), false, cli_help_queue, true, true, true},
    {"queue resume", run_queue_resume, CLI_TEXT, BIT(OPTION_HELP), false, cli_help_queue, true, true, true},
    {"queue retry", run_queue_retry, CLI_TEXT, BIT(OPTION_HELP), false, cli_help_queue, true, true},
    {"queue cancel", run_queue_cancel, CLI_TEXT, BIT(OPTION_HELP), false, cli_help_queue, true, true},
    {"outbox install", run_outbox_install, CLI_TEXT | CLI_SQL, BIT(OPTION_HELP) | BIT(OPTION_FORMAT), false, cli_help_outbox, true,
     false},
    {"outbox list", run_outbox_list, CLI_JSON, BIT(OPTION_HELP) | BIT(OPTION_LIMIT) | BIT(OPTION_LEASE), false, cli_help_outbox,
     true, false},
    {"outbox ack", run_outbox_ack, CLI_TEXT, BIT(OPTION_HELP), false, cli_help_outbox, true, true},
    {"outbox audit", run_outbox_audit, CLI_JSON, BIT(OPTION_HELP) | BIT(OPTION_LIMIT), false, cli_help_outbox, true, false},
    {"archive install", run_archive_install, CLI_TEXT | CLI_SQL,
     BIT(OPTION_HELP) | BIT(OPTION_POLICY) | BIT(OPTION_FORMAT) | BIT(OPTION_ARCHIVE_TABLES), false, cli_help_archive, false, false,
     false, false, true},
    {"fill", run_fill, CLI_TEXT | CLI_JSON,
     BIT(OPTION_HELP) | PACE | BIT(OPTION_JSON_PROGRESS) | BIT(OPTION_FORMAT) | BIT(OPTION_SELECT) | BIT(OPTION_KEY) |
         BIT(OPTION_RANGE) | BIT(OPTION_MODE) | BIT(OPTION_DRY_RUN) | BIT(OPTION_LATER) | BIT(OPTION_TOKEN) |
         BIT(OPTION_CHECKPOINT) | BIT(OPTION_JOB) | BIT(OPTION_MAX_SECONDS) | BIT(OPTION_MAX_ROWS) | BIT(OPTION_MAX_TX_ROWS) |
         BIT(OPTION_BATCH_MS) | BIT(OPTION_ALLOW_UNENFORCED),
     false, cli_help_fill, false, false, false, true},
    {NULL}};

static bool number(const char *option, const char *text, uint64_t most, uint64_t *value) {
  char *end;
  errno = 0;
  unsigned long long read = strtoull(text, &end, 10);
  if (*text < '0' || *text > '9' || *end || errno || read > most) {
    fprintf(stderr, "cascade: --%s takes a whole number from 0 to %llu, not '%s'\n", option, (unsigned long long)most, text);
    return false;
  }
  *value = read;
  return true;
}

static bool small_number(const char *option, const char *text, uint32_t *value) {
  uint64_t wide;
  if (!number(option, text, UINT32_MAX, &wide)) return false;
  *value = (uint32_t)wide;
  return true;
}

static bool format(const cli_command *command, const char *text, uint32_t *value) {
  static const char *const names[] = {"text", "json", "dot", "sql", "specify", "svg", "html"};
  for (uint32_t i = 0; i < sizeof names / sizeof *names; i++)
    if (!strcmp(names[i], text) && command->formats & 1u << i) {
      *value = 1u << i;
      return true;
    }
  fprintf(stderr, "cascade: 'cascade %s' has no format '%s', only", command->name, text);
  for (uint32_t i = 0; i < sizeof names / sizeof *names; i++)
    if (command->formats & 1u << i) fprintf(stderr, " %s", names[i]);
  fputc('\n', stderr);
  return false;
}

static bool limit(const char *name, const char *text, cli_options *options) {
  uint64_t wide;
  if (!number(name, text, INT32_MAX, &wide)) return false;
  options->limit = (uint32_t)wide;
  options->all = !wide;
  return true;
}

static bool count_mode(const char *text, int32_t *value) {
  static const char *const names[] = {"none", "capped", "estimated", "exact"};
  for (int32_t i = 0; i < (int32_t)(sizeof names / sizeof *names); i++)
    if (!strcmp(names[i], text)) {
      *value = i;
      return true;
    }
  fprintf(stderr, "cascade: --count takes none, capped, estimated or exact, not '%s'\n", text);
  return false;
}

static bool add_select(cli_options *options) {
  if (options->select_count == CLI_SELECTS) {
    fprintf(stderr, "cascade: no more than %d times --select; put some together with UNION ALL\n", CLI_SELECTS);
    return false;
  }
  options->selects_sql[options->select_count++] = optarg;
  return true;
}

/* A number with decimals, in steps of one part of `parts`. Nothing that is asked for becomes nothing. */
static bool decimal(const char *option, const char *text, uint32_t parts, uint32_t *value) {
  char *end;
  double read = strtod(text, &end);
  if (*text < '0' || *text > '9' || *end || !(read * parts < UINT32_MAX)) {
    fprintf(stderr, "cascade: --%s takes a number such as 0.5, not '%s'\n", option, text);
    return false;
  }
  *value = (uint32_t)(read * parts);
  if (!*value && read > 0) *value = 1;
  return true;
}

static bool add_replica(cli_options *options) {
  if (options->pace.replica_count == CLI_REPLICAS) {
    fprintf(stderr, "cascade: no more than %d times --replica\n", CLI_REPLICAS);
    return false;
  }
  options->replicas[options->pace.replica_count++] = optarg;
  return true;
}

static bool take(const cli_command *command, int option, const char *name, cli_options *options) {
  uint64_t seconds;
  switch (option) {
  case OPTION_WHERE: options->where = optarg; return true;
  case OPTION_KEYS: options->keys_file = optarg; return true;
  case OPTION_POLICY: options->policy = optarg; return true;
  case OPTION_PLAN: options->plan = optarg; return true;
  case OPTION_STATE: options->state = optarg; return true;
  case OPTION_WAIT: return small_number(name, optarg, &options->wait);
  case OPTION_FORMAT: return format(command, optarg, &options->format);
  case OPTION_LIMIT: return limit(name, optarg, options);
  case OPTION_PAGES: return small_number(name, optarg, &options->pages);
  case OPTION_DEPTH: return small_number(name, optarg, &options->depth);
  case OPTION_TRANSITIVE:
    if (!options->depth) options->depth = ALL_LEVELS; /* --depth bounds it */
    return true;
  case OPTION_RELATION: options->relation = optarg; return true;
  case OPTION_AFTER: options->after = optarg; return true;
  case OPTION_BACKWARD: options->backward = true; return true;
  case OPTION_OFFSET: return number(name, optarg, INT64_MAX, &options->offset);
  case OPTION_COUNT: return count_mode(optarg, &options->count);
  case OPTION_PROBE: options->probe = true; return true;
  case OPTION_BUDGET_MS: return small_number(name, optarg, &options->budget_ms);
  case OPTION_BUDGET_ROWS: return number(name, optarg, INT64_MAX, &options->budget_rows);
  case OPTION_BEHIND: options->behind = true; return true;
  case OPTION_TOKEN_KEY_FILE: options->token_key_file = optarg; return true;
  case OPTION_BATCH_MS: return small_number(name, optarg, &options->batch_ms);
  case OPTION_STATEMENT_TIMEOUT: return decimal(name, optarg, 1000, &options->statement_timeout_ms);
  case OPTION_MAX_ROWS: return number(name, optarg, INT64_MAX, &options->max_rows);
  case OPTION_MAX_TX_ROWS: return number(name, optarg, INT64_MAX, &options->max_tx_rows);
  case OPTION_SELECT: return add_select(options);
  case OPTION_KEY: options->fill_key = optarg; return true;
  case OPTION_RANGE: options->range = optarg; return true;
  case OPTION_MODE: options->mode = optarg; return true;
  case OPTION_DRY_RUN: options->dry_run = true; return true;
  case OPTION_LATER: options->later = true; return true;
  case OPTION_TOKEN: options->token = optarg; return true;
  case OPTION_CHECKPOINT: options->checkpoint = optarg; return true;
  case OPTION_JOB: options->fill_job = optarg; return true;
  case OPTION_MAX_SECONDS:
    return number(name, optarg, UINT32_MAX / 1000, &seconds) && ((options->max_seconds = (uint32_t)seconds), true);
  case OPTION_SLEEP_RATIO: return decimal(name, optarg, 100, &options->pace.sleep_percent);
  case OPTION_MAX_LAG: return decimal(name, optarg, 1000, &options->pace.max_lag_ms);
  case OPTION_REPLICA: return add_replica(options);
  case OPTION_MAX_LOAD: return small_number(name, optarg, &options->pace.max_load);
  case OPTION_MAX_FLOW: return small_number(name, optarg, &options->pace.max_flow_percent);
  case OPTION_MAX_DEAD_ROWS: return number(name, optarg, INT64_MAX, &options->pace.max_dead_rows);
  case OPTION_MAX_PAUSE: return decimal(name, optarg, 1000, &options->pace.max_pause_ms);
  case OPTION_PAUSE_FILE: options->pace.pause_file = optarg; return true;
  case OPTION_OUTBOX: options->outbox = true; return true;
  case OPTION_OUTBOX_COLUMNS: options->outbox_columns = optarg; return true;
  case OPTION_ACTOR: options->actor = optarg; return true;
  case OPTION_REASON: options->reason = optarg; return true;
  case OPTION_LEASE: return number(name, optarg, UINT32_MAX / 1000, &seconds) && ((options->lease = (uint32_t)seconds), true);
  case OPTION_ARCHIVE: options->archive = optarg; return true;
  case OPTION_ARCHIVE_TABLES: options->archive_tables = optarg; return true;
  case OPTION_YES: options->yes = true; return true;
  case OPTION_JSON_PROGRESS: options->json_progress = true; return true;
  case OPTION_PROVEN: options->integrity = CASCADE_INTEGRITY_PROVEN; return true;
  case OPTION_ALLOW_NO_FILTER: options->allow |= CASCADE_ALLOW_NO_FILTER; return true;
  case OPTION_ALLOW_HIDDEN: options->allow |= CASCADE_ALLOW_HIDDEN; return true;
  default: options->allow |= CASCADE_ALLOW_UNENFORCED; return true;
  }
}

/* A name may have two words: the command's arguments are behind them. */
static bool is_named(const cli_command *command, int argc, char **argv, int *words) {
  size_t first = strcspn(command->name, " ");
  *words = command->name[first] ? 2 : 1;
  return argc > *words && !strncmp(argv[1], command->name, first) && !argv[1][first] &&
         (*words == 1 || !strcmp(argv[2], command->name + first + 1));
}

static bool asks_for_help(const char *word) {
  return !strcmp(word, "--help") || !strcmp(word, "-h");
}

static const cli_command *command_named(int argc, char **argv, int *words) {
  const cli_command *command = cli_commands;
  while (command->name && !is_named(command, argc, argv, words)) command++;
  return command->name ? command : NULL;
}

static const struct group {
  const char *name, *commands, *help;
} groups[] = {{"queue", "install, list, metrics, work, pause, resume, retry or cancel", cli_help_queue},
              {"outbox", "install, list, ack or audit", cli_help_outbox},
              {"archive", "install", cli_help_archive}};

static const struct group *group_named(const char *name) {
  for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
    if (!strcmp(name, groups[i].name)) return &groups[i];
  return NULL;
}

static int there_is_none(const char *name) {
  if (*name) fprintf(stderr, "cascade: there is no command '%s'; see 'cascade --help'\n", name);
  else
    fprintf(stderr,
            "cascade: which command? graph, blockers, plan, purge, detach, fill, queue, outbox or archive; see 'cascade --help'\n");
  return CLI_USAGE;
}

/* cascade help COMMAND */
static int tell_help(int argc, char **argv) {
  int words;
  const cli_command *command = command_named(argc, argv, &words);
  const struct group *group = group_named(argv[1]);
  if (!command && !group) return there_is_none(argv[1]);
  fputs(command ? command->help : group->help, stdout);
  return -1;
}

/* 0 when a command was found, else the exit code. */
static int find_command(int argc, char **argv, const cli_command **command, int *words) {
  const char *name = argc > 1 ? argv[1] : "";
  if (argc > 2 && !strcmp(name, "help")) return tell_help(argc - 1, argv + 1);
  if (asks_for_help(name) || !strcmp(name, "help")) {
    fputs(cli_help, stdout);
    return -1;
  }
  if (!strcmp(name, "--version")) {
    printf("cascade %s (library %s)\n", CASCADE_VERSION_STRING, cascade_version_string());
    return -1;
  }
  *command = command_named(argc, argv, words);
  if (*command) return 0;
  const struct group *group = group_named(name);
  if (!group) return there_is_none(name);
  if (argc > 2 && asks_for_help(argv[2])) {
    fputs(group->help, stdout);
    return -1;
  }
  fprintf(stderr, "cascade: %s what? %s; see 'cascade %s --help'\n", name, group->commands, name);
  return CLI_USAGE;
}

/* What only shows when everything was read. */
static const char *contradiction(const cli_command *command, const cli_options *options) {
  if (!options->uri) return "which database? Give a URI such as sqlite:museum.db";
  if (options->pace.replica_count && !options->pace.max_lag_ms)
    return "how far may the replica be behind? Give --max-lag with --replica";
  if (command->queue && (options->key_count || (options->table && !command->job))) return "there is a word too many";
  if (options->outbox_columns && !options->outbox) return "the columns go to the outbox: give --outbox with --outbox-columns";
  if (options->later && (options->archive || options->archive_tables))
    return "nothing is deleted now that could be archived: give no --archive with --later";
  if (options->later && options->plan) return "the worker looks at the rows anew: give no --plan with --later";
  if (command->job && !options->table && !command->all_jobs)
    return command->run == run_outbox_ack ? "which batch? Its number follows the URI" : "which job? Its number follows the URI";
  if (command->queue) return NULL;
  if (command->fills) {
    if (!options->table) return "which table? Its name follows the URI";
    if (!options->key_count) return "which columns? Their names follow the table";
    return options->select_count ? NULL : "which rows? Give --select with what they come from";
  }
  if ((command->selects || command->archives) && !options->table) return "which table? Its name follows the URI";
  if (command->archives && options->key_count) return "there is a word too many: the archive is of tables, not of rows";
  if (command->archives) return options->archive_tables ? NULL : "to which tables? Give --archive-tables";
  if (!command->selects && options->key_count) return "the graph is of tables, not of rows: give no keys";
  if (!command->selects && options->table && options->format == CLI_JSON) return "the JSON is of the whole graph: give no table";
  if (!command->selects && options->policy && options->format & (CLI_JSON | CLI_DOT | CLI_SVG))
    return "JSON, DOT and SVG show the database's own rules: give no --policy, or take --format html";
  if (!!options->where + !!options->key_count + !!options->keys_file > 1)
    return "give keys, or --keys, or --where, not two of them";
  if (command->run == run_purge && options->keys_file && !strcmp(options->keys_file, "-") && !options->yes)
    return "purge asks on standard input, where the keys come from: give --yes, or the keys in a file";
  if (options->format == CLI_SPECIFY && options->depth > 1)
    return "the format 'specify' has one level: give no --depth and no --transitive";
  if (options->format == CLI_SPECIFY &&
      (options->after || options->behind || options->count || options->budget_ms || options->budget_rows))
    return "the format 'specify' has the rows alone: give no --after, --behind, --count or --budget";
  if (options->after && (options->relation || options->backward || options->offset))
    return "the token says where to go on: give no --relation, --backward or --offset with it";
  if (options->probe && (options->after || options->relation || options->format != CLI_TEXT))
    return "--probe lists nothing: give no --relation, --after or --format with it";
  return NULL;
}

bool options_read(int argc, char **argv, const cli_command **command, cli_options *options, int *exit_code) {
  int words = 1;
  *exit_code = find_command(argc, argv, command, &words);
  if (*exit_code) {
    if (*exit_code < 0) *exit_code = CLI_DONE;
    return false;
  }
  *options = (cli_options){.format = CLI_TEXT, .selects = (*command)->selects, .queue = (*command)->queue};
  *exit_code = CLI_USAGE;
  argc -= words, argv += words; /* the command takes the program's place */
  opterr = 0;
  for (int found, position = -1; (found = getopt_long(argc, argv, ":h", long_options, &position)) != -1;) {
    const char *given = argv[optind - 1];
    if (found == ':') {
      fprintf(stderr, "cascade: %s needs a value\n", given);
      return false;
    }
    int option = found == 'h' ? OPTION_HELP : found - LONG(0);
    if (found == '?' || option == OPTION_VERSION || !((*command)->options & BIT(option))) {
      if (found == '?' && optopt && optopt < 256) /* most likely a negative key */
        fprintf(stderr, "cascade: '-%c' is no option; write -- before a key that begins with a minus\n", optopt);
      else
        fprintf(stderr, "cascade: 'cascade %s' has no option '%s%s'; see 'cascade %s --help'\n", (*command)->name,
                found == '?' ? "" : "--", found == '?' ? given : long_options[position].name, (*command)->name);
      return false;
    }
    if (option == OPTION_HELP) {
      fputs((*command)->help, stdout);
      *exit_code = CLI_DONE;
      return false;
    }
    if (optarg == given && !strncmp(optarg, "--", 2)) { /* an option that was to be one, such as --yes */
      fprintf(stderr, "cascade: --%s needs a value; where '%s' is meant, write --%s=%s\n", long_options[position].name, optarg,
              long_options[position].name, optarg);
      return false;
    }
    if (!take(*command, option, long_options[position].name, options)) return false;
  }
  if (optind < argc) options->uri = argv[optind++];
  if (optind < argc) options->table = argv[optind++];
  options->keys = (const char *const *)argv + optind;
  options->key_count = (uint32_t)(argc - optind);
  const char *wrong = contradiction(*command, options);
  if (wrong) fprintf(stderr, "cascade: %s; see 'cascade %s --help'\n", wrong, (*command)->name);
  return !wrong;
}

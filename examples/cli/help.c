/* What --help prints, for a terminal of 100 columns. */
#include "cli.h"

const char cli_help[] = "cascade deletes rows of a database with everything that depends on them, and tells beforehand what\n"
                        "that is.\n"
                        "\n"
                        "  cascade graph    URI [TABLE]                       which tables refer to which\n"
                        "  cascade blockers URI TABLE (KEY... | --where SQL)  which rows refer to these, and which block\n"
                        "  cascade plan     URI TABLE (KEY... | --where SQL)  what a purge would do, step by step\n"
                        "  cascade purge    URI TABLE (KEY... | --where SQL)  does it, in short transactions\n"
                        "  cascade detach   URI TABLE (KEY... | --where SQL)  deletes these now, and leaves the rest for later\n"
                        "  cascade fill     URI TABLE COLUMN... --select SQL  inserts rows that a table lacks, in ranges\n"
                        "  cascade queue    install|list|work|... URI         what was left for later\n"
                        "  cascade outbox   install|list|ack|audit URI        what was deleted, for those who follow\n"
                        "  cascade archive  install URI TABLE                 tables for rows that are kept before they go\n"
                        "\n"
                        "The first three only read. A URI names the database and the driver:\n"
                        "\n"
                        "  sqlite:museum.db                         SQLite, a file\n"
                        "  postgresql://user@host/database          PostgreSQL, as psql takes it\n"
                        "  mariadb://user@host/database             MariaDB; ?default_file=/etc/my.cnf for a password or socket\n"
                        "  dbi:sqlite3?dbname=/data/museum.db       any of them by libdbi: slower\n"
                        "\n"
                        "A purge, as it is usually made:\n"
                        "\n"
                        "  cascade blockers sqlite:museum.db agent 12         does anything stand in the way?\n"
                        "  cascade plan     sqlite:museum.db agent 12         how many rows, in which tables?\n"
                        "  cascade purge    sqlite:museum.db agent 12         shows the numbers, asks, deletes\n"
                        "\n"
                        "Exit codes: 0 done, 1 blocked or refused, 2 wrong usage, 3 trouble with the database, 4 not known\n"
                        "within the bounds given.\n"
                        "'cascade COMMAND --help' tells more; 'cascade --version' the version.\n";

#define KEYS                                                                                                                       \
  "A KEY is a primary key as text; one of several columns is written with commas, or as a JSON array:\n"                           \
  "7,de or [7,\"de\"]. Write -- before a key that begins with a minus. --where takes what follows WHERE\n"                         \
  "in SQL; it goes to the database as it is. With neither these nor --keys, every row is meant.\n"                                 \
  "\n"                                                                                                                             \
  "  --keys FILE         the rows with the keys in FILE, one a line; with - those on standard input\n"

#define RECORDING                                                                                                                  \
  "  --outbox            write the keys of deleted rows to the outbox: see 'cascade outbox --help'\n"                              \
  "  --outbox-columns TABLE=COLUMN,...  with these columns\n"                                                                      \
  "  --actor NAME        who deletes, for the audit: see 'cascade outbox --help'\n"                                                \
  "  --reason TEXT       why\n"

#define POLICY                                                                                                                     \
  "  --policy FILE       rules that differ from the database's own, and relations that it does not\n"                              \
  "                      know, as JSON:\n"                                                                                         \
  "                        {\"relations\": [{\"table\": \"loan\", \"column\": \"borrower_id\",\n"                                  \
  "                                        \"rule\": \"PROTECT\"}], \"exclude\": [\"audit_log\"]}\n"

#define PACE                                                                                                                       \
  "  --sleep-ratio R     after each transaction, sleep R times as long as it took\n"                                               \
  "  --max-lag SECONDS   pause while a replica is further behind: of PostgreSQL, any that is connected, or\n"                      \
  "                      those that are named\n"                                                                                   \
  "  --replica URI       a replica to look at; up to 16 times\n"                                                                   \
  "  --max-load N        pause while the server is at work for more other sessions than this\n"                                    \
  "  --max-flow PERCENT  Galera: pause while flow control takes more of the time than this\n"                                      \
  "  --max-dead-rows N   PostgreSQL: pause while a table with more dead rows awaits autovacuum\n"                                  \
  "  --pause-file FILE   pause while this file is there\n"                                                                         \
  "  --max-pause SECONDS end when a pause takes longer than this\n"

#define ARCHIVING                                                                                                                  \
  "  --archive FILE      append every row to FILE before it goes, as a line of JSON: on the disk first\n"                          \
  "  --archive-tables SUFFIX@SCHEMA  copy every row, in the same transaction, to the table of the same\n"                          \
  "                      name with SUFFIX behind it, in SCHEMA; either may be left out: see 'cascade\n"                            \
  "                      archive --help'\n"

const char cli_help_graph[] =
    "cascade graph URI [TABLE] [--policy FILE] [--format text|json|dot|svg|html]\n"
    "\n"
    "Explains the foreign keys. Without TABLE: the database as a whole, its cycles, the tables that most\n"
    "others refer to, relations without an index. With TABLE: what refers to it, what happens there when\n"
    "one of its rows is deleted, and what such a delete can reach.\n"
    "\n" POLICY "  --format FORMAT     text; json for the whole graph; dot for Graphviz; svg, which Graphviz draws; html, a page\n"
    "                      for a browser, to search and to look at any part of a large database\n"
    "\n"
    "  cascade graph sqlite:museum.db\n"
    "  cascade graph sqlite:museum.db accession\n"
    "  cascade graph sqlite:museum.db --format html > museum.html\n"
    "  cascade graph sqlite:museum.db accession --format svg > accession.svg\n";

const char cli_help_blockers[] =
    "cascade blockers URI TABLE (KEY... | --where SQL) [options]\n"
    "\n"
    "Lists the rows that refer to the given ones, relation by relation: those that block a delete, those\n"
    "that would be deleted too, those that would be rewritten. Changes nothing. A list that is not at its\n"
    "end says how to go on. The exit code is 0 whether there are any rows or not.\n"
    "\n" KEYS "  --limit N           keys of a page, 20 unless given; 0 for all\n"
    "  --pages N           pages of each relation, 1 unless given\n"
    "  --relation NAME     this relation alone: table.column, table(column), the table, or the label that\n"
    "                      the JSON shows\n"
    "  --after TOKEN       go on where an earlier list ended, which says how\n"
    "  --backward          from the last row to the first\n"
    "  --offset N          pass over so many rows of each relation\n"
    "  --transitive        also what refers to the rows that would be deleted too, and so on\n"
    "  --depth N           levels, 1 unless given; bounds --transitive\n"
    "  --count MODE        rows of each relation: none; capped, up to 1000; estimated, beyond that by the\n"
    "                      database's statistics; exact\n"
    "  --behind            for the rows of join tables, the records on their other side\n"
    "  --probe             list nothing, say whether the rows can be deleted. The exit code is 0 for\n"
    "                      'deletable', 1 for 'blocked by ...', 4 for 'unknown', which is when more than\n"
    "                      --max-rows had to be read\n"
    "  --budget-rows N     end after so many keys\n"
    "  --budget-ms N       end when the database has worked so long\n"
    "  --max-rows N        rows to follow to deeper levels, 100000 unless given\n"
    "  --token-key-file F  secret of 16 to 64 bytes under which tokens are made and accepted; else the\n"
    "                      environment's CASCADE_TOKEN_KEY; else a text that is the same for everybody.\n"
    "                      Tokens of the command line guard nothing: a key matters to those who pass\n"
    "                      tokens between the command and a program of their own\n" POLICY
    "  --format FORMAT     text; json, all there is; specify for {\"results\": [], \"next\": []}\n"
    "\n"
    "  cascade blockers sqlite:museum.db agent 7\n"
    "  cascade blockers sqlite:museum.db agent 7 --probe\n"
    "  cascade blockers sqlite:museum.db agent 7 --relation loan.borrower_id --limit 5 --pages 2\n"
    "  cascade blockers sqlite:museum.db accession 5 --transitive --count exact\n"
    "  cascade blockers sqlite:museum.db agent --where \"last_name = 'Hale'\" --format json\n";

const char cli_help_plan[] = "cascade plan URI TABLE (KEY... | --where SQL) [options]\n"
                             "\n"
                             "Shows what a purge would do: the steps in their order, the rows of each, indexes that are missing,\n"
                             "what stands in the way. Changes nothing. The last line is the plan's fingerprint: with it, 'cascade\n"
                             "purge --plan FINGERPRINT' refuses to do anything else.\n"
                             "\n" KEYS "  --max-rows N        rows to look at before counting stops, 200000 unless given\n" POLICY
                             "  --format FORMAT     text; json; sql for the statements of one batch; html, a page for a browser\n"
                             "\n"
                             "  cascade plan sqlite:museum.db accession 4\n"
                             "  cascade plan sqlite:museum.db accession --where \"received < '1900-01-01'\" --format sql\n";

const char cli_help_purge[] =
    "cascade purge URI TABLE (KEY... | --where SQL) [options]\n"
    "\n"
    "Deletes the rows with everything that depends on them, in short transactions between which others can\n"
    "write. It first looks through everything for rows that stand in the way; if there are any, nothing is\n"
    "deleted. Then it shows the numbers and asks. Ctrl-C stops it after the last whole batch; running it\n"
    "again goes on.\n"
    "\n" KEYS "  --yes               do not ask\n"
    "  --plan FINGERPRINT  only if this is still what 'cascade plan' showed\n"
    "  --max-rows N        refuse to delete more rows than this\n"
    "  --max-tx-rows N     rows of one transaction, 50000 unless given; what fits into one is deleted\n"
    "                      whole or not at all\n"
    "  --batch-ms N        time that one transaction should take, 100 unless given\n"
    "  --statement-timeout SECONDS  PostgreSQL, MariaDB: time that one statement may take, 30 unless given; a\n"
    "                      batch that meets it is rolled back and made smaller\n"
    "  --proven            nothing is left dangling by what is deleted under the batch's locks, in place of\n"
    "                      the database's check of every row: faster\n"
    "  --json-progress     tells how far it is by lines of JSON on stderr, ten a second at most\n"
    "  --allow-no-filter   delete every row of TABLE\n"
    "  --allow-unenforced  go on although the database does not enforce its foreign keys\n"
    "  --allow-hidden      go on although the database user may not see all foreign keys or triggers\n"
    "  --later             leaves it to 'cascade queue work', as a job of the queue\n" RECORDING ARCHIVING PACE POLICY
    "  --format FORMAT     of the report: text, json\n"
    "\n"
    "  cascade purge sqlite:museum.db accession 4\n"
    "  cascade purge sqlite:museum.db accession 4 --plan FINGERPRINT --yes\n"
    "  cascade purge sqlite:museum.db collection_object --where \"accession_id = 40\" --yes\n";

const char cli_help_detach[] =
    "cascade detach URI TABLE (KEY... | --where SQL) --policy FILE --yes [options]\n"
    "\n"
    "Deletes the rows at once, in one transaction. Rows that refer to them by a relation with the rule\n"
    "DETACH are recorded in the queue, and their columns are set to NULL; 'cascade queue work' deletes them\n"
    "afterwards, with everything that depends on them, unless they have a parent again by then.\n"
    "\n" KEYS "  --yes               do not ask: detach never does\n"
    "  --max-tx-rows N     rows of one transaction, 50000 unless given; detached rows do not count\n"
    "  --batch-ms N        time that a transaction of the worker should take, 100 unless given\n"
    "  --proven            of the worker, as in 'cascade purge'\n"
    "  --allow-no-filter   delete every row of TABLE\n"
    "  --allow-unenforced  go on although the database does not enforce its foreign keys\n"
    "  --allow-hidden      go on although the database user may not see all foreign keys or triggers\n" RECORDING POLICY
    "  --format FORMAT     of the report: text, json\n"
    "\n"
    "  cascade detach sqlite:museum.db agent 7 --policy detach.json --yes\n";

const char cli_help_fill[] =
    "cascade fill URI TABLE COLUMN... --select SQL [--select SQL]... [options]\n"
    "\n"
    "Inserts the rows that the SELECTs give and that TABLE does not have yet. Each SELECT gives the COLUMNs\n"
    "in their order; rows of several are merged. It goes range by range, in short transactions: Ctrl-C stops\n"
    "it after the last whole one. Running it again inserts what is missing, and nothing twice. A row that the\n"
    "database refuses ends it, and is named.\n"
    "\n"
    "  --select SQL        where rows come from; up to 16 times\n"
    "  --key COLUMN,...    by which rows are the same: the columns of a unique index; all COLUMNs unless given\n"
    "  --range COLUMN      of the key, the column in whose ranges it goes; the first unless given\n"
    "  --mode MODE         insert; update only sets the columns outside the key, of rows that are there;\n"
    "                      merge does both\n"
    "  --dry-run           counts what it would do, and changes nothing\n"
    "  --later             leaves it to 'cascade queue work', as a job of the queue\n"
    "  --checkpoint TABLE  leaves in TABLE where it is, so that nothing is counted twice, whatever happens:\n"
    "                        CREATE TABLE name (job VARCHAR(190) PRIMARY KEY, token VARCHAR(400) NOT NULL)\n"
    "  --job NAME          the name of the work there\n"
    "  --token TOKEN       goes on where a run without checkpoint ended\n"
    "  --max-rows N        stop when so many rows were inserted or updated\n"
    "  --max-seconds N     stop after this time\n"
    "  --max-tx-rows N     rows of one transaction, 1000000 unless given\n"
    "  --batch-ms N        time that one transaction should take; 600 unless given, 400 on SQLite\n"
    "  --allow-unenforced  go on although the database does not enforce its foreign keys\n"
    "  --json-progress     tells how far it is by lines of JSON on stderr, ten a second at most\n" PACE
    "  --format FORMAT     of the report: text, json\n"
    "\n"
    "  cascade fill sqlite:shop.db product_user product_id user_id \\\n"
    "    --select \"SELECT product_id, user_id FROM product_member\" \\\n"
    "    --select \"SELECT g.product_id, m.user_id FROM product_group g JOIN group_member m USING (group_id)\"\n";

const char cli_help_queue[] =
    "cascade queue install URI [--format text|sql]\n"
    "cascade queue list    URI [--state STATE] [--limit N] [--format text|json]\n"
    "cascade queue metrics URI\n"
    "cascade queue work    URI [options]\n"
    "cascade queue pause   URI [JOB]\n"
    "cascade queue resume  URI [JOB]\n"
    "cascade queue retry   URI JOB\n"
    "cascade queue cancel  URI JOB\n"
    "\n"
    "The queue is in the database: 'install' makes its tables, or prints the statements for that with\n"
    "--format sql. 'work' does what is due and ends when nothing is; any number of workers may run at\n"
    "once, and when one dies, another takes its job over. Ctrl-C gives the job back after its last whole\n"
    "batch. A job that cannot be done is dead, with the reason; 'retry' takes it, or one that was\n"
    "cancelled, up again. 'pause' stops a job, or all, after the batch that is under way, until 'resume'.\n"
    "'metrics' is one line of JSON for monitoring.\n"
    "\n"
    "  --state STATE       only jobs that are ready, claimed, paused, done, dead or cancelled\n"
    "  --limit N           no more than this, 100 unless given; 0 for all\n"
    "\n"
    "'cascade queue work --help' has the options of the worker.\n"
    "\n"
    "  cascade queue install sqlite:museum.db\n"
    "  cascade queue work sqlite:museum.db\n"
    "  cascade queue list sqlite:museum.db --state dead\n";

const char cli_help_work[] =
    "cascade queue work URI [options]\n"
    "\n"
    "Does what is due and ends when nothing is. Any number of workers may run at once, and when one dies,\n"
    "another takes its job over. Ctrl-C gives the job back after its last whole batch.\n"
    "\n"
    "  --wait SECONDS      ends when nothing was due for this long\n"
    "  --json-progress     tells how far it is by lines of JSON on stderr, ten a second at most\n" ARCHIVING PACE
    "  --format FORMAT     of the report: text, json\n"
    "\n"
    "  cascade queue work sqlite:museum.db --wait 3600 --sleep-ratio 0.5\n";

const char cli_help_archive[] =
    "cascade archive install URI TABLE --archive-tables SUFFIX@SCHEMA [--policy FILE] [--format text|sql]\n"
    "\n"
    "'cascade purge --archive-tables' copies each row to another table before it deletes it. 'install' makes\n"
    "these tables for TABLE and all from which its rows take others with them, or prints the statements\n"
    "for that with --format sql. It may be run again: what is there stays, and is given the columns that\n"
    "its source has been given since. _old stands for tables such as loan_old; @archive for tables of the\n"
    "same names in the schema 'archive' (MariaDB: database; PostgreSQL: schema), which must be there.\n"
    "\n"
    "  cascade archive install sqlite:museum.db accession --archive-tables _archive\n"
    "  cascade purge sqlite:museum.db accession 4 --archive-tables _archive\n"
    "  cascade purge sqlite:museum.db accession 5 --archive accession5.jsonl\n";

const char cli_help_outbox[] =
    "cascade outbox install URI [--format text|sql]\n"
    "cascade outbox list    URI [--limit N] [--lease SECONDS]\n"
    "cascade outbox ack     URI BATCH\n"
    "cascade outbox audit   URI [--limit N]\n"
    "\n"
    "'cascade purge --outbox' writes what it deletes to a table, in the same transactions, for those who have\n"
    "to follow: who removes files, or entries of an index. 'list' reads the next rows as a batch, as JSON, and\n"
    "prints nothing when there are none; 'ack' removes a batch that has been dealt with. Rows that are not\n"
    "acknowledged in time are listed again. 'audit' has one entry for each purge with --actor or --reason.\n"
    "\n"
    "  --limit N           no more than this: 1000 rows, 100 purges unless given\n"
    "  --lease SECONDS     time to acknowledge, 60 unless given\n"
    "\n"
    "  cascade outbox install sqlite:museum.db\n"
    "  cascade purge sqlite:museum.db accession 4 --outbox --outbox-columns attachment=path --actor jo\n"
    "  cascade outbox list sqlite:museum.db\n";

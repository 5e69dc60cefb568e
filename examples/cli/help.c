/* What --help prints. */
#include "cli.h"

const char cli_help[] =
    "cascade deletes rows of a database with everything that depends on them, and tells beforehand what that is.\n"
    "\n"
    "  cascade graph    URI [TABLE]                     which tables refer to which, and what a delete means\n"
    "  cascade blockers URI TABLE (KEY... | --where SQL)  which rows refer to these, and which stand in the way\n"
    "  cascade plan     URI TABLE (KEY... | --where SQL)  what a purge would do, step by step\n"
    "  cascade purge    URI TABLE (KEY... | --where SQL)  does it, in short transactions\n"
    "\n"
    "The first three only read. A URI names the database and the driver:\n"
    "\n"
    "  sqlite:museum.db                         SQLite, by its own library\n"
    "  dbi:sqlite3?dbname=/data/museum.db       SQLite, by libdbi\n"
    "\n"
    "A purge, as it is usually made:\n"
    "\n"
    "  cascade blockers sqlite:museum.db agent 7          does anything stand in the way?\n"
    "  cascade plan     sqlite:museum.db agent 7          how many rows, in which tables?\n"
    "  cascade purge    sqlite:museum.db agent 7          shows the numbers, asks, deletes\n"
    "\n"
    "Exit codes: 0 done, 1 blocked or refused, 2 wrong usage, 3 trouble with the database.\n"
    "'cascade COMMAND --help' tells more; 'cascade --version' the version.\n";

#define KEYS                                                                                                           \
  "A KEY is a primary key as text; one of several columns is written with commas, or as a JSON array: 7,de or\n"       \
  "[7,\"de\"]. Write -- before a key that begins with a minus. --where takes what follows WHERE in SQL; it goes\n"     \
  "to the database as it is. Without either, every row is meant.\n"

#define POLICY                                                                                                         \
  "  --policy FILE       rules that differ from the database's own, and relations that it does not know, as JSON:\n"   \
  "                        {\"relations\": [{\"table\": \"loan\", \"columns\": [\"borrower_id\"], \"rule\": "          \
  "\"PROTECT\"}],\n"                                                                                                   \
  "                         \"exclude\": [\"audit_log\"]}\n"

const char cli_help_graph[] =
    "cascade graph URI [TABLE] [--policy FILE] [--format text|json|dot]\n"
    "\n"
    "Explains the foreign keys. Without TABLE: the database as a whole, its cycles, the tables that most others refer\n"
    "to, relations without an index. With TABLE: what refers to it, what happens there when one of its rows is\n"
    "deleted, and what such a delete can reach.\n"
    "\n" POLICY "  --format FORMAT     text; json for the whole graph; dot for Graphviz\n"
    "\n"
    "  cascade graph sqlite:museum.db\n"
    "  cascade graph sqlite:museum.db accession\n"
    "  cascade graph sqlite:museum.db accession --format dot | dot -Tsvg > accession.svg\n";

const char cli_help_blockers[] =
    "cascade blockers URI TABLE (KEY... | --where SQL) [options]\n"
    "\n"
    "Lists the rows that refer to the given ones, relation by relation: those that block a delete, those that would "
    "be\n"
    "deleted too, those that would be rewritten. Changes nothing. Exit code 0 whether there are any or not.\n"
    "\n" KEYS "\n"
    "  --limit N           keys of a page, 20 unless given; 0 for all\n"
    "  --pages N           pages of each relation, 1 unless given\n"
    "  --depth N           levels, 1 unless given: with 2 also what refers to the rows that would be deleted too\n"
    "  --max-rows N        rows to follow to deeper levels, 100000 unless given\n" POLICY
    "  --format FORMAT     text; json with anchors and paths; specify for {\"results\": [...], \"next\": [...]}\n"
    "\n"
    "  cascade blockers sqlite:museum.db agent 7\n"
    "  cascade blockers sqlite:museum.db agent 7 --limit 5 --pages 2\n"
    "  cascade blockers sqlite:museum.db accession 5 --depth 3\n"
    "  cascade blockers sqlite:museum.db agent --where \"last_name = 'Hale'\" --format json\n";

const char cli_help_plan[] =
    "cascade plan URI TABLE (KEY... | --where SQL) [options]\n"
    "\n"
    "Shows what a purge would do: the steps in their order, the rows of each, indexes that are missing, what stands "
    "in\n"
    "the way. Changes nothing. The last line is the plan's fingerprint: 'cascade purge --plan FINGERPRINT' refuses to\n"
    "do anything else.\n"
    "\n" KEYS "\n"
    "  --max-rows N        rows to look at before counting stops, 200000 unless given\n" POLICY
    "  --format FORMAT     text; json; sql for the statements of one batch\n"
    "\n"
    "  cascade plan sqlite:museum.db accession 3\n"
    "  cascade plan sqlite:museum.db accession --where \"received < '1900-01-01'\" --format sql\n";

const char cli_help_purge[] =
    "cascade purge URI TABLE (KEY... | --where SQL) [options]\n"
    "\n"
    "Deletes the rows with everything that depends on them, in short transactions between which others can write. It\n"
    "first looks through everything for rows that stand in the way; if there are any, nothing is deleted. Then it "
    "shows\n"
    "the numbers and asks. Ctrl-C stops it after the last whole batch; running it again goes on.\n"
    "\n" KEYS "\n"
    "  --yes               do not ask\n"
    "  --plan FINGERPRINT  only if this is still what 'cascade plan' showed\n"
    "  --max-rows N        refuse to delete more rows than this\n"
    "  --max-tx-rows N     rows of one transaction, 50000 unless given; what fits is deleted whole or not at all\n"
    "  --batch-ms N        time that one transaction should take, 100 unless given\n"
    "  --proven            prove by one query per relation that nothing is left dangling, in place of the database's\n"
    "                      check of every row: faster\n"
    "  --allow-no-filter   delete every row of TABLE\n"
    "  --allow-unenforced  go on although the database does not enforce its foreign keys\n" POLICY
    "  --format FORMAT     of the report: text, json\n"
    "\n"
    "  cascade purge sqlite:museum.db accession 3\n"
    "  cascade purge sqlite:museum.db collection_object --where \"accession_id = 40\" --max-tx-rows 5000 --yes\n"
    "  cascade purge sqlite:museum.db accession 3 --plan FINGERPRINT --yes\n";

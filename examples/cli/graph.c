/* cascade graph: the foreign keys in words, JSON, DOT, SVG or a page. */
#include "picture.h"

#include <stdlib.h>
#include <string.h>

enum { HUBS_SHOWN = 8, RELATIONS_SHOWN = 12, LINE = 100 };

static cascade_table_info table_info(const cli_session *session, uint32_t table) {
  cascade_table_info info = {.size = sizeof info};
  cascade_graph_table(session->graph, table, &info);
  return info;
}

/* With the rule that holds under the policy. */
static cascade_relation_info relation_info(const cli_session *session, uint32_t relation) {
  cascade_relation_info info = {.size = sizeof info};
  cascade_policy_relation(session->policy, relation, &info);
  return info;
}

static void put_count(uint64_t count, const char *one, const char *many) {
  printf("%s %s", number_text(count).text, count == 1 ? one : many);
}

/* Which relations a list is of. */
typedef bool filter(const cascade_relation_info *relation, const void *data);

/* Relations that fit, at most so many, under a heading of their own; nothing when there are none. */
static uint32_t list_relations(const cli_session *session, const char *heading, uint32_t most, filter *fits, const void *data) {
  uint32_t found = 0;
  for (uint32_t i = 0; i < cascade_policy_relation_count(session->policy); i++) {
    cascade_relation_info relation = relation_info(session, i);
    if (!fits(&relation, data)) continue;
    if (!found++) printf("\n%s\n", heading);
    if (found > most) continue;
    printf("  %-14s %-11s  %s", rule_meaning(relation.rule), cascade_rule_name(relation.rule), relation.label);
    bool some = relation.set_column_count && relation.set_column_count < relation.column_count;
    for (uint32_t c = 0; some && c < relation.set_column_count; c++)
      printf("%s%s", c ? ", " : ", of which is set: ", relation.set_columns[c]);
    putchar('\n');
  }
  if (found > most) printf("  ... and %u more; --format json has all\n", found - most);
  return found;
}

/* What is special about tables, for the whole of them and for one. */
static const struct {
  uint32_t flag;
  const char *many, *one;
} specials[] = {
    {CASCADE_TABLE_NOT_TRANSACTIONAL, "Without transactions: what was deleted there stays deleted when something fails",
     "it knows no transactions: what was deleted stays deleted when something fails"},
    {CASCADE_TABLE_PARTITION_KEYS, "Partitioned, and some partition has foreign keys, or is referred to, on its own",
     "some partition of it has foreign keys, or is referred to, on its own"},
    {CASCADE_TABLE_INHERITED, "Tables inherit from these; their rows are left alone",
     "tables inherit from it; their rows are left alone"},
    {CASCADE_TABLE_ROW_SECURITY, "Row security hides rows of these from this user", "row security hides rows of it from this user"},
    {CASCADE_TABLE_NO_SELECT, "This user may not read", "this user may not read it"},
    {CASCADE_TABLE_NO_DELETE, "This user may not delete from", "this user may not delete from it"},
    {CASCADE_TABLE_NO_UPDATE, "This user may not update, nor lock rows of", "this user may not update it, nor lock its rows"},
};
enum { SPECIALS = sizeof specials / sizeof *specials };

const char *table_special(uint32_t flags, size_t i) {
  return i == SPECIALS ? NULL : flags & specials[i].flag ? specials[i].one : "";
}

static void put_names(const cli_session *session, const uint32_t *tables, uint32_t count);

static bool specials_in_words(const cli_session *session) {
  uint32_t all = cascade_graph_table_count(session->graph), *tables = calloc(all + 1, sizeof *tables);
  if (!tables) return false;
  for (size_t i = 0; i < SPECIALS; i++) {
    uint32_t count = 0;
    for (uint32_t t = 0; t < all; t++) {
      cascade_table_info table = table_info(session, t);
      if (table.kind == CASCADE_TABLE_ORDINARY && table.flags & specials[i].flag) tables[count++] = t;
    }
    if (!count) continue;
    printf("\n%s\n", specials[i].many);
    put_names(session, tables, count);
  }
  free(tables);
  return true;
}

static bool no_index(const cascade_relation_info *relation, const void *data) {
  (void)data;
  return !(relation->flags & CASCADE_RELATION_INDEXED) && relation->rule != CASCADE_RULE_IGNORE;
}

static bool unresolved(const cascade_relation_info *relation, const void *data) {
  (void)data;
  return relation->flags & CASCADE_RELATION_UNRESOLVED;
}

static bool to_many(const cascade_relation_info *relation, const void *data) {
  (void)data;
  return relation->flags & CASCADE_RELATION_TO_MANY;
}

static bool not_validated(const cascade_relation_info *relation, const void *data) {
  (void)data;
  return relation->flags & CASCADE_RELATION_NOT_VALIDATED;
}

static bool to_itself(const cascade_relation_info *relation, const void *data) {
  (void)data;
  return relation->flags & CASCADE_RELATION_SELF;
}

static bool refers_to(const cascade_relation_info *relation, const void *table) {
  return relation->ref_table == *(const uint32_t *)table;
}

static bool refers_from(const cascade_relation_info *relation, const void *table) {
  return relation->table == *(const uint32_t *)table;
}

static void rules_in_words(const cli_session *session) {
  uint32_t count = cascade_policy_relation_count(session->policy), by_rule[CASCADE_RULE_DETACH + 1] = {0};
  for (uint32_t i = 0; i < count; i++) by_rule[relation_info(session, i).rule]++;
  if (count) printf("\nWhen a row is deleted, the rows that refer to it are\n");
  else puts("\nNothing refers to anything: a delete takes the selected rows and no others.");
  for (int32_t rule = CASCADE_RULE_CASCADE; rule <= CASCADE_RULE_DETACH; rule++) {
    if (!by_rule[rule]) continue;
    const char *words = rule == CASCADE_RULE_PROTECT    ? "in the way, always"
                        : rule == CASCADE_RULE_RESTRICT ? "in the way, unless deleted by another path"
                                                        : rule_meaning(rule);
    printf("  %-44s%-12s", words, cascade_rule_name(rule));
    put_count(by_rule[rule], "relation", "relations");
    putchar('\n');
  }
}

typedef struct hub {
  uint32_t table, relations;
} hub;

static int by_relations(const void *a, const void *b) {
  const hub *left = a, *right = b;
  if (left->relations != right->relations) return left->relations < right->relations ? 1 : -1;
  return left->table < right->table ? -1 : left->table > right->table;
}

static bool hubs_in_words(const cli_session *session) {
  uint32_t count = cascade_graph_table_count(session->graph);
  hub *hubs = calloc(count + 1, sizeof *hubs);
  if (!hubs) return false;
  for (uint32_t i = 0; i < count; i++) hubs[i].table = i;
  for (uint32_t i = 0; i < cascade_policy_relation_count(session->policy); i++) {
    cascade_relation_info relation = relation_info(session, i);
    if (relation.ref_table < count) hubs[relation.ref_table].relations++;
  }
  qsort(hubs, count, sizeof *hubs, by_relations);
  for (uint32_t i = 0; i < count && i < HUBS_SHOWN && hubs[i].relations > 1; i++) {
    cascade_table_info table = table_info(session, hubs[i].table);
    if (!i) printf("\nMost referred to\n");
    printf("  ");
    text_pad(stdout, table.label, 24);
    printf("  by %3u relations", hubs[i].relations);
    if (table.row_estimate >= 0) printf(", about %s rows", number_text((uint64_t)table.row_estimate).text);
    putchar('\n');
  }
  free(hubs);
  return true;
}

/* Names in lines of a terminal's width. */
static void put_names(const cli_session *session, const uint32_t *tables, uint32_t count) {
  int at = 0;
  for (uint32_t i = 0; i < count; i++) {
    cascade_table_info table = table_info(session, tables[i]);
    int width = text_width(table.label) + 2;
    if (!at || at + width > LINE) {
      printf("%s  ", at ? "\n" : "");
      at = 2;
    } else {
      putchar(' ');
    }
    printf("%s%s", table.label, i + 1 < count ? "," : "\n");
    at += width;
  }
}

/* Tables that refer to each other in a circle are one component; those that refer to themselves only are not meant. */
static bool cycles_in_words(const cli_session *session) {
  uint32_t all = cascade_graph_table_count(session->graph), *members = calloc(all + 1, sizeof *members);
  if (!members) return false;
  for (uint32_t i = 0; i < all; i++) {
    cascade_table_info first = table_info(session, i);
    uint32_t count = 0;
    for (uint32_t j = 0; first.component_size > 1 && j < all; j++) {
      if (table_info(session, j).component != first.component) continue;
      if (j < i) break; /* told already */
      members[count++] = j;
    }
    if (!count) continue;
    printf("\n%u tables that refer to each other in circles\n", count);
    put_names(session, members, count);
  }
  free(members);
  return true;
}

static bool whole_in_words(const cli_session *session, const char *uri) {
  uint32_t views = 0, tables = cascade_graph_table_count(session->graph);
  for (uint32_t i = 0; i < tables; i++) views += table_info(session, i).kind != CASCADE_TABLE_ORDINARY;
  char *shown = uri_text(uri);
  if (!shown) return false;
  printf("%s: ", shown);
  free(shown);
  put_count(tables - views, "table", "tables");
  printf(", ");
  put_count(cascade_policy_relation_count(session->policy), "relation", "relations");
  putchar('\n');
  rules_in_words(session);
  if (!hubs_in_words(session)) return false;
  list_relations(session, "Tables that refer to themselves", RELATIONS_SHOWN, to_itself, NULL);
  if (!cycles_in_words(session)) return false;
  list_relations(session, "Without an index: each batch of a delete scans the referencing table", RELATIONS_SHOWN, no_index, NULL);
  list_relations(session, "Pointing to a table or key that does not exist: the database refuses every delete there",
                 RELATIONS_SHOWN, unresolved, NULL);
  list_relations(session, "Referring to columns that are no unique key, so that a row may refer to several", RELATIONS_SHOWN,
                 to_many, NULL);
  list_relations(session, "Not validated: older rows may refer to nothing", RELATIONS_SHOWN, not_validated, NULL);
  return specials_in_words(session);
}

/* Tables of which rows go too; like cascade_graph_reach(), but by the policy's rules. */
static uint32_t follow_cascades(const cli_session *session, uint32_t root, uint32_t *tables, bool *reached) {
  uint32_t count = 0;
  reached[tables[count++] = root] = true;
  for (uint32_t at = 0; at < count; at++)
    for (uint32_t i = 0; i < cascade_policy_relation_count(session->policy); i++) {
      cascade_relation_info relation = relation_info(session, i);
      if (relation.ref_table != tables[at] || relation.rule != CASCADE_RULE_CASCADE || reached[relation.table]) continue;
      reached[tables[count++] = relation.table] = true;
    }
  return count;
}

/* How far a delete reaches. Relations to the table itself were listed before. */
typedef struct reach {
  uint32_t root;
  bool *tables;
} reach;

static bool further_down(const cascade_relation_info *relation, const reach *reached) {
  return relation->ref_table != reached->root && reached->tables[relation->ref_table];
}

static bool stops(const cascade_relation_info *relation, const void *reached) {
  return further_down(relation, reached) && (relation->rule == CASCADE_RULE_RESTRICT || relation->rule == CASCADE_RULE_PROTECT);
}

static bool rewritten(const cascade_relation_info *relation, const void *reached) {
  return further_down(relation, reached) && relation->rule >= CASCADE_RULE_SET_NULL;
}

static bool reach_in_words(const cli_session *session, uint32_t root) {
  uint32_t count = cascade_graph_table_count(session->graph), *tables = calloc(count, sizeof *tables);
  reach reached = {.root = root, .tables = calloc(count, sizeof *reached.tables)};
  bool done = tables && reached.tables;
  if (done) {
    count = follow_cascades(session, root, tables, reached.tables);
    printf("\nA delete takes rows of ");
    put_count(count, "table\n", "tables\n");
    put_names(session, tables, count);
    list_relations(session, "Further down it can be stopped by rows of", UINT32_MAX, stops, &reached);
    list_relations(session, "Further down it leaves, rewritten or as they are, rows of", UINT32_MAX, rewritten, &reached);
  }
  free(tables);
  free(reached.tables);
  return done;
}

static bool table_in_words(const cli_session *session, uint32_t number) {
  static const char *const kinds[] = {"", " (a view)", " (a virtual table)", " (not in the database)", " (a partition of "};
  cascade_table_info table = table_info(session, number);
  printf("%s%s%s%s: ", table.label, kinds[table.kind], table.part_of ? table.part_of : "", table.part_of ? ")" : "");
  if (table.row_estimate >= 0) printf("about %s rows, ", number_text((uint64_t)table.row_estimate).text);
  printf(table.key_count ? "primary key " : "no primary key");
  for (uint32_t i = 0; i < table.key_count; i++) printf("%s%s", i ? ", " : "", table.key[i]);
  if (table.flags & CASCADE_TABLE_PARTITIONED) printf(", partitioned");
  putchar('\n');
  for (size_t i = 0; i < SPECIALS; i++)
    if (table.flags & specials[i].flag) printf("  %s\n", specials[i].one);
  if (!list_relations(session, "What refers to it, and what happens there when a row of it is deleted", UINT32_MAX, refers_to,
                      &number))
    printf("\nNothing refers to it.\n");
  if (!list_relations(session, "What it refers to, and what happens here when a row there is deleted", UINT32_MAX, refers_from,
                      &number))
    printf("\nIt refers to nothing.\n");
  return reach_in_words(session, number);
}

static cascade_status in_words(cli_session *session, const cli_options *options, cascade_error **error) {
  uint32_t table;
  bool done;
  if (options->table) {
    cascade_status status = cascade_graph_find_table(session->graph, options->table, &table, error);
    if (status < 0) return status;
    done = table_in_words(session, table);
  } else {
    done = whole_in_words(session, options->uri);
  }
  uint32_t hidden = cascade_graph_hidden(session->graph);
  if (done && hidden & CASCADE_HIDDEN_RELATIONS)
    printf("\nHidden from this user: what refers to these tables from databases that it may not see; PROCESS shows it\n");
  if (done && hidden & CASCADE_HIDDEN_TRIGGERS)
    printf("\nHidden from this user: triggers on tables from which it may not delete; DELETE on the database shows them\n");
  return done ? CASCADE_OK : session_fail(session, CASCADE_NOMEM, error, "out of memory");
}

cascade_status run_graph(cli_session *session, const cli_options *options, cascade_error **error) {
  if (options->format == CLI_TEXT) return in_words(session, options, error);
  if (options->format == CLI_HTML) return page_print(session, options, NULL, error);
  char *text = NULL;
  cascade_status status = options->format == CLI_JSON ? cascade_graph_json(session->graph, &text, error)
                                                      : cascade_graph_dot(session->graph, options->table, &text, error);
  if (status >= 0 && options->format == CLI_SVG) status = graphviz_print(session, text, error);
  else if (status >= 0) put_text(text);
  cascade_text_free(text);
  return status;
}

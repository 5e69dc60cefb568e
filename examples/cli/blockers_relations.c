/* cascade blockers --relation: which relation is meant, and which may have been. */
#include "blockers.h"

#include <stdlib.h>
#include <string.h>

enum { NEAR = 3 }; /* names to propose */

static char *join(const char *table, const char *open, const cascade_relation_info *relation, const char *between,
                  const char *close) {
  char *text = NULL;
  size_t length;
  FILE *out = open_memstream(&text, &length);
  if (!out) return NULL;
  fprintf(out, "%s%s", table, open);
  for (uint32_t i = 0; i < relation->column_count; i++) fprintf(out, "%s%s", i ? between : "", relation->columns[i]);
  fputs(close, out);
  if (fclose(out)) {
    free(text);
    return NULL;
  }
  return text;
}

/* 1 when the name means the relation, 0 when not, -1 when memory is out. */
static int is_meant(const cascade_relation_info *relation, const cascade_table_info *table, const char *name) {
  if (!strcmp(name, relation->label) || !strcmp(name, table->label) || !strcmp(name, table->name)) return 1;
  const char *const tables[] = {table->label, table->name};
  for (int i = 0; i < 2; i++) {
    char *dotted = join(tables[i], ".", relation, ",", ""), *called = join(tables[i], "(", relation, ", ", ")");
    int meant = !dotted || !called ? -1 : !strcmp(name, dotted) || !strcmp(name, called);
    free(dotted);
    free(called);
    if (meant) return meant;
  }
  return 0;
}

/* Letters to insert, delete or replace; SIZE_MAX when memory is out. */
static size_t distance(const char *from, const char *to) {
  size_t width = strlen(to) + 1, *row = malloc(width * sizeof *row);
  if (!row) return SIZE_MAX;
  for (size_t j = 0; j < width; j++) row[j] = j;
  for (size_t i = 1; *from; from++, i++) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j < width; j++) {
      size_t best = diagonal + (*from != to[j - 1]);
      diagonal = row[j];
      if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
      if (diagonal + 1 < best) best = diagonal + 1;
      row[j] = best;
    }
  }
  size_t result = row[width - 1];
  free(row);
  return result;
}

typedef struct near_name {
  char *name;
  size_t distance;
} near_name;

/* Keeps the nearest names, nearest first; takes the name over. */
static void consider(near_name *names, char *name, const char *wanted) {
  near_name made = {name, name ? distance(wanted, name) : SIZE_MAX};
  if (made.distance != SIZE_MAX && strstr(name, wanted)) made.distance = 1; /* a part of it was written */
  if (made.distance > strlen(wanted) / 2) {
    free(name);
    return;
  }
  for (int i = 0; i < NEAR; i++) {
    if (names[i].name && names[i].distance <= made.distance) continue;
    near_name pushed = names[i];
    names[i] = made;
    made = pushed;
  }
  free(made.name);
}

static cascade_status not_found(cli_session *session, const char *wanted, cascade_error **error) {
  near_name names[NEAR] = {0};
  uint32_t target = cascade_selection_table(session->selection);
  cascade_table_info selected = {.size = sizeof selected};
  cascade_graph_table(session->graph, target, &selected);
  for (uint32_t i = 0; i < cascade_policy_relation_count(session->policy); i++) {
    cascade_relation_info relation = {.size = sizeof relation};
    cascade_table_info table = {.size = sizeof table};
    cascade_policy_relation(session->policy, i, &relation);
    if (relation.ref_table != target) continue;
    cascade_graph_table(session->graph, relation.table, &table);
    consider(names, join(table.name, ".", &relation, ",", ""), wanted);
  }
  char *list = NULL;
  size_t length;
  FILE *out = open_memstream(&list, &length);
  for (int i = 0; out && i < NEAR && names[i].name; i++) fprintf(out, "%s%s", i ? ", " : "; did you mean ", names[i].name);
  if (out && !names[0].name) fprintf(out, "; 'cascade graph URI %s' lists those that do", selected.label);
  if (out) fclose(out);
  cascade_status status = session_fail(session, CASCADE_NOT_FOUND, error, "no relation '%s' refers to table %s%s%s", wanted,
                                       selected.label, list ? list : "", names[0].name ? "?" : "");
  for (int i = 0; i < NEAR; i++) free(names[i].name);
  free(list);
  return status;
}

cascade_status requests_open(cli_session *session, const cli_options *options, cli_requests *requests, cascade_error **error) {
  if (!options->relation && !options->backward && !options->offset) return CASCADE_OK;
  uint32_t all = cascade_policy_relation_count(session->policy), target = cascade_selection_table(session->selection);
  requests->items = calloc(all + 1, sizeof *requests->items);
  requests->list = calloc(all + 1, sizeof *requests->list);
  if (!requests->items || !requests->list) return session_fail(session, CASCADE_NOMEM, error, "out of memory");
  for (uint32_t i = 0; i < all; i++) {
    cascade_relation_info relation = {.size = sizeof relation};
    cascade_table_info table = {.size = sizeof table};
    cascade_policy_relation(session->policy, i, &relation);
    if (relation.ref_table != target || (relation.flags & CASCADE_RELATION_UNRESOLVED)) continue;
    cascade_graph_table(session->graph, relation.table, &table);
    int meant = options->relation ? is_meant(&relation, &table, options->relation) : 1;
    if (meant < 0) return session_fail(session, CASCADE_NOMEM, error, "out of memory");
    if (!meant) continue;
    cascade_blockers_request *item = &requests->items[requests->count];
    *item =
        (cascade_blockers_request){.size = sizeof *item, .relation = i, .backward = options->backward, .offset = options->offset};
    requests->list[requests->count++] = item;
  }
  if (options->relation && !requests->count) return not_found(session, options->relation, error);
  return CASCADE_OK;
}

void requests_free(cli_requests *requests) {
  free(requests->items);
  free(requests->list);
}

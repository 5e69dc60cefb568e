#include "statement.h"

static void begin(casc_statement *statement) {
  if (*statement->prefix) casc_str_put(&statement->sql, statement->prefix);
}

void casc_statement_init(casc_statement *statement, const casc_alloc *alloc, const char *prefix, bool text_rows) {
  *statement = (casc_statement){.prefix = prefix, .text_rows = text_rows};
  casc_str_init(&statement->sql, alloc);
  casc_arena_init(&statement->arena, alloc);
  begin(statement);
}

void casc_statement_clear(casc_statement *statement) {
  casc_str_clear(&statement->sql);
  casc_arena_clear(&statement->arena);
  statement->parameter_count = statement->type_count = 0;
  statement->failed = false;
  begin(statement);
}

void casc_statement_free(casc_statement *statement) {
  const casc_alloc *alloc = statement->arena.alloc;
  casc_str_free(&statement->sql);
  casc_arena_clear(&statement->arena);
  casc_free(alloc, statement->parameters);
  casc_free(alloc, statement->types);
  casc_statement_init(statement, alloc, "", statement->text_rows);
}

void casc_statement_parameter(casc_statement *statement, const cascade_value *value) {
  if (!casc_grow(statement->arena.alloc, (void **)&statement->parameters, &statement->parameter_capacity,
                 statement->parameter_count + 1, sizeof *value)) {
    statement->failed = true;
    return;
  }
  statement->parameters[statement->parameter_count++] = *value;
}

void casc_statement_integer(casc_statement *statement, int64_t value) {
  casc_statement_parameter(statement, &(cascade_value){.type = CASCADE_INT64, .integer = value});
}

void casc_statement_text(casc_statement *statement, const char *text, size_t length) {
  casc_statement_parameter(statement, &(cascade_value){.type = CASCADE_TEXT, .data = text, .length = length});
}

void casc_statement_column(casc_statement *statement, int32_t type) {
  if (!casc_grow(statement->arena.alloc, (void **)&statement->types, &statement->type_capacity, statement->type_count + 1,
                 sizeof type)) {
    statement->failed = true;
    return;
  }
  statement->types[statement->type_count++] = type;
}

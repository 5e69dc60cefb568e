/* A statement under construction: SQL text, parameters and wanted column types, with the memory that they need. */
#ifndef CASC_STATEMENT_H
#define CASC_STATEMENT_H

#include <cascade/driver.h>

#include "arena.h"
#include "str.h"

typedef struct casc_statement {
  casc_str sql;
  casc_arena arena; /* for parameter bytes that the statement makes itself */
  cascade_value *parameters;
  size_t parameter_count, parameter_capacity;
  int32_t *types;
  size_t type_count, type_capacity;
  const char *prefix; /* begins the text; "" for none */
  bool text_rows;     /* the driver has CASCADE_TEXT_ROWS: columns are written as strings */
  bool failed;        /* memory ran out on the way */
} casc_statement;

/* The prefix is borrowed. */
void casc_statement_init(casc_statement *statement, const casc_alloc *alloc, const char *prefix, bool text_rows);
void casc_statement_free(casc_statement *statement);
void casc_statement_clear(casc_statement *statement); /* as it was at first, memory of the text kept */
/* The value's bytes are borrowed: they must live until the statement has run. */
void casc_statement_parameter(casc_statement *statement, const cascade_value *value);
void casc_statement_integer(casc_statement *statement, int64_t value);
void casc_statement_text(casc_statement *statement, const char *text, size_t length);
void casc_statement_column(casc_statement *statement, int32_t type); /* declares the next column's wanted type */

#endif

/* Pieces of the back-fill's statements. */
#ifndef CASC_FILL_PARTS_H
#define CASC_FILL_PARTS_H

#include "fill.h"

bool casc_fill_in_postgres(const casc_sql_fill *fill);
bool casc_fill_in_sqlite(const casc_sql_fill *fill);
/* A parameter, ? or $1. */
void casc_fill_place(casc_statement *statement, const casc_dialect *dialect, const cascade_value *value);
void casc_fill_integer_column(casc_statement *statement, const casc_sql_fill *fill, const char *expression);
/* casc_1(c0, c1) As (Select ...); of the host's, with what makes its keys compare as the target's do */
void casc_fill_put_source(casc_statement *statement, const casc_sql_fill *fill, const casc_sql_source *source, uint32_t number);
/* With casc_1 ..., casc_2 ... */
void casc_fill_put_sources(casc_statement *statement, const casc_sql_fill *fill);
void casc_fill_put_target(casc_statement *statement, const casc_sql_fill *fill, bool only);
/* column > ? And column <= ?; the column of a source, or of the target. */
void casc_fill_put_within(casc_statement *statement, const casc_sql_fill *fill, const casc_sql_part *part, const char *column);

#endif

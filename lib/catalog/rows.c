#include "rows.h"

cascade_status casc_rows_read(cascade_connection *connection, const casc_statement *statement, casc_row_reader read, void *reader,
                              cascade_error **error) {
  casc_cursor cursor = {0};
  const cascade_value *row = NULL;
  cascade_status status = casc_query(connection, statement, &cursor, error);
  while (status == CASCADE_OK && (status = casc_next(&cursor, &row, error)) == CASCADE_OK)
    if (!read(reader, row)) status = casc_nomem(error);
  casc_cursor_close(&cursor);
  return status < 0 ? status : CASCADE_OK;
}

const char *casc_row_text(casc_arena *arena, const cascade_value *value) {
  return value->type == CASCADE_NULL ? "" : casc_arena_copy(arena, value->data, (size_t)value->length);
}

bool casc_row_text_is(const cascade_value *value, const char *text) {
  return value->type == CASCADE_TEXT && value->length == strlen(text) && memcmp(value->data, text, value->length) == 0;
}

int64_t casc_row_integer(const cascade_value *value) {
  return value->type == CASCADE_INT64 ? value->integer : 0;
}

/* Rows that the host streams. */
#include "fill_internal.h"

#include <inttypes.h>

/* A value is taken as its column holds it: what would have to be converted is refused, where some engine would do it without a
 * word. */
static bool fits(const cascade_fill *fill, uint32_t column, const cascade_value *cell) {
  const casc_sql_fill *sql = &fill->sql;
  bool text = cell->type == CASCADE_TEXT || cell->type == CASCADE_DECIMAL;
  if (cell->type == CASCADE_NULL) return true;
  if (cell->type < CASCADE_NULL || cell->type > CASCADE_DECIMAL || (cell->type >= CASCADE_TEXT && cell->length && !cell->data))
    return false;
  switch (sql->value_types[column]) {
  case CASCADE_INT64: return cell->type == CASCADE_INT64;
  case CASCADE_UINT64: return cell->type == CASCADE_UINT64 || (cell->type == CASCADE_INT64 && cell->integer >= 0);
  case CASCADE_BLOB: return cell->type == CASCADE_BLOB;
  case CASCADE_TEXT: return text || (sql->dialect->row_locks && cell->type != CASCADE_BLOB); /* also numbers that are no integers */
  default: return true;
  }
}

static cascade_status check_page(cascade_fill *fill, cascade_error **error) {
  for (uint64_t i = 0; i < fill->page_rows * fill->sql.count; i++) {
    uint32_t column = (uint32_t)(i % fill->sql.count);
    const char *name = fill->sql.columns[column], *label = fill->table->label;
    uint64_t number = (uint64_t)fill->place.position.integer + fill->page_taken + i / fill->sql.count + 1;
    if (fill->sql.key[column] && fill->page[i].type == CASCADE_NULL)
      return casc_fail_at(fill->context, error, CASCADE_CONSTRAINT, label, NULL,
                          "table %s: row %" PRIu64 " of the stream has NULL in column %s of the key", label, number, name);
    if (!fits(fill, column, &fill->page[i]))
      return casc_fail_at(fill->context, error, CASCADE_SCHEMA, label, NULL,
                          "table %s: row %" PRIu64 " of the stream has a value of another type than column %s, which is %s", label,
                          number, name, fill->sql.types[column]);
  }
  return CASCADE_OK;
}

static cascade_status next_page(cascade_fill *fill, uint64_t wanted, cascade_error **error) {
  fill->page_rows = fill->page_taken = 0;
  fill->page = NULL;
  if (fill->drained) return CASCADE_OK;
  int32_t answer = fill->rows(fill->rows_data, wanted, &fill->page, &fill->page_rows);
  if (answer)
    return casc_fail(fill->context, error, CASCADE_HOOK, "the stream's callback returned %d: the fill ends here", (int)answer);
  if (fill->page_rows > wanted || (fill->page_rows && !fill->page))
    return casc_fail(fill->context, error, CASCADE_HOOK,
                     "the stream's callback gave %" PRIu64 " rows%s, and %" PRIu64 " were wanted", fill->page_rows,
                     fill->page ? "" : " at NULL", wanted);
  fill->drained = !fill->page_rows;
  return CASCADE_OK;
}

cascade_status casc_fill_drop_done(cascade_fill *fill, cascade_error **error) {
  enum { AT_ONCE = 100000 };
  uint64_t left = (uint64_t)fill->place.position.integer;
  cascade_status status = CASCADE_OK;
  while (status >= 0 && left && !fill->drained) {
    status = next_page(fill, left < AT_ONCE ? left : AT_ONCE, error);
    left -= fill->page_rows;
    fill->page_rows = 0;
  }
  return status;
}

static bool all_integers(const cascade_value *cells, uint64_t count) {
  while (count && cells[count - 1].type == CASCADE_INT64) count--;
  return !count;
}

cascade_status casc_fill_pull(cascade_fill *fill, uint64_t wanted, cascade_error **error) {
  cascade_status status = CASCADE_OK;
  if (fill->page_taken == fill->page_rows) {
    status = next_page(fill, wanted, error);
    if (status >= 0) status = check_page(fill, error);
  }
  if (status < 0) return status;
  uint64_t count = fill->page_rows - fill->page_taken, most = fill->sql.dialect->max_cells / fill->sql.count;
  if (count > wanted) count = wanted;
  const cascade_value *cells = fill->page ? fill->page + fill->page_taken * fill->sql.count : NULL;
  if (count > most && !(cells && all_integers(cells, count * fill->sql.count))) count = most;
  fill->streamed = (cascade_keys){
      .size = sizeof fill->streamed, .count = count, .column_count = fill->sql.count, .columns = fill->sql.columns, .cells = cells};
  return CASCADE_OK;
}

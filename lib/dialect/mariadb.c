/* MariaDB's dialect. Keys travel as one JSON array that JSON_TABLE reads as a table; a straight join makes it drive, as the
   optimizer would rather scan. Its columns have names that a condition of the host does not mean. */
#include "columns.h"
#include "mariadb_parts.h"
#include "parts.h"
#include "queue.h"

#include <string.h>

static void put(casc_statement *statement, const char *sql) {
  casc_put(statement, sql);
}

static void name(casc_statement *statement, const char *qualifier, const char *identifier) {
  casc_put_name(statement, casc_mariadb_identifier, qualifier, identifier);
}

static void table_name(casc_statement *statement, const casc_sql_table *table) {
  casc_put_table(statement, casc_mariadb_identifier, table);
}

/* table.column, the table not having an alias */
void casc_mariadb_own_column(casc_statement *statement, const casc_sql_table *table, const char *identifier) {
  table_name(statement, table);
  put(statement, ".");
  name(statement, NULL, identifier);
}

/* A single key, or a range, needs no list: the columns can be compared at once. */
static bool is_plain(const cascade_keys *keys) {
  return keys->count == 1 || casc_keys_are_range(keys);
}

void casc_mariadb_plain_among(casc_statement *statement, const casc_sql_table *table, const char *const *columns, uint32_t count,
                              const cascade_keys *keys) {
  if (casc_keys_are_range(keys)) {
    casc_mariadb_own_column(statement, table, columns[0]);
    put(statement, " BETWEEN ? AND ?");
    casc_statement_integer(statement, keys->integers[0]);
    casc_statement_integer(statement, keys->integers[keys->count - 1]);
    return;
  }
  for (uint32_t i = 0; i < count; i++) {
    if (i) put(statement, " AND ");
    casc_mariadb_own_column(statement, table, columns[i]);
    put(statement, " = ?");
    if (keys->integers) casc_statement_integer(statement, keys->integers[0]);
    else casc_statement_parameter(statement, &keys->cells[i]);
  }
}

/* The optimizer's figures may be old, and a table that was small is then read as a whole. */
void casc_mariadb_use_index(casc_statement *statement, const char *index) {
  if (!*index) return;
  put(statement, " FORCE INDEX (");
  name(statement, NULL, strcmp(index, "primary key") ? index : "PRIMARY");
  put(statement, ")");
}

static const char *index_of_key(const casc_sql_table *table) {
  return table->key_is_primary ? "primary key" : "";
}

/* <the rows `keys` of table>: the key table, joined by their identity, or the table alone and a condition that follows. */
void casc_mariadb_rows_of(casc_statement *statement, const casc_sql_table *table, const cascade_keys *keys) {
  if (!is_plain(keys)) {
    casc_mariadb_key_table(statement, keys, table->key_types, table->key_casts);
    put(statement, " STRAIGHT_JOIN ");
  }
  table_name(statement, table);
  if (is_plain(keys)) return;
  casc_mariadb_use_index(statement, index_of_key(table));
  put(statement, " ON ");
  casc_mariadb_match_keys(statement, table, table->key, table->key_types, table->key_count);
}

const char *casc_mariadb_rows_where(casc_statement *statement, const casc_sql_table *table, const cascade_keys *keys) {
  if (!is_plain(keys)) return " WHERE ";
  put(statement, " WHERE ");
  casc_mariadb_plain_among(statement, table, table->key, table->key_count, keys);
  return " AND ";
}

/* The values that rows refer to, as a table casc_p of columns casc_0 ...: those of `columns` in the rows `keys` of table. */
static void value_table(casc_statement *statement, const casc_sql_table *table, const char *const *columns, uint32_t count,
                        const cascade_keys *keys, const char *where) {
  put(statement, "(SELECT DISTINCT ");
  for (uint32_t i = 0; i < count; i++) {
    if (i) put(statement, ", ");
    casc_mariadb_own_column(statement, table, columns[i]);
    casc_str_printf(&statement->sql, " AS casc_%u", i);
  }
  put(statement, " FROM ");
  casc_mariadb_rows_of(statement, table, keys);
  const char *word = casc_mariadb_rows_where(statement, table, keys);
  if (where) casc_str_printf(&statement->sql, "%s(%s)", word, where);
  put(statement, ") AS casc_p");
}

static void match_values(casc_statement *statement, const casc_sql_table *table, const char *const *columns, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    if (i) put(statement, " AND ");
    casc_mariadb_own_column(statement, table, columns[i]);
    casc_str_printf(&statement->sql, " = casc_p.casc_%u", i);
  }
}

/* Columns of the table that are one of some keys. */
typedef struct key_part {
  const char *const *columns;
  const int32_t *types;
  const char *const *casts;
  uint32_t count;
  const cascade_keys *keys;
  const char *index;
} key_part;

enum { KEY_PARTS = 3 };

static uint32_t key_parts(const casc_sql_table *table, const casc_sql_filter *filter, key_part *parts) {
  const casc_sql_relation *relation = filter->relation;
  uint32_t count = 0;
  if (relation && relation->direct) {
    const casc_sql_table *ref = relation->ref_table;
    parts[count++] =
        (key_part){relation->columns, ref->key_types, ref->key_casts, relation->count, filter->parents, relation->index};
  }
  if (filter->among)
    parts[count++] =
        (key_part){table->key, table->key_types, table->key_casts, table->key_count, filter->among, index_of_key(table)};
  if (filter->shown_among)
    parts[count++] = (key_part){table->shown, table->shown_types, table->shown_casts, table->shown_count, filter->shown_among, ""};
  return count;
}

/* table, and what drives it: the rows referred to, or one list of keys. What is left to the WHERE stays in `parts`. */
static uint32_t joined(casc_statement *statement, const casc_sql_table *table, const casc_sql_filter *filter, key_part *parts) {
  const casc_sql_relation *relation = filter->relation;
  uint32_t count = key_parts(table, filter, parts), driving = 0;
  if (relation && !relation->direct) {
    value_table(statement, relation->ref_table, relation->ref_columns, relation->count, filter->parents, NULL);
    put(statement, " STRAIGHT_JOIN ");
    table_name(statement, table);
    casc_mariadb_use_index(statement, relation->index);
    put(statement, " ON ");
    match_values(statement, table, relation->columns, relation->count);
    return count;
  }
  while (driving < count && is_plain(parts[driving].keys)) driving++;
  if (driving == count) {
    table_name(statement, table);
    return count;
  }
  key_part list = parts[driving];
  casc_mariadb_key_table(statement, list.keys, list.types, list.casts);
  put(statement, " STRAIGHT_JOIN ");
  table_name(statement, table);
  casc_mariadb_use_index(statement, list.index);
  put(statement, " ON ");
  casc_mariadb_match_keys(statement, table, list.columns, list.types, list.count);
  for (count--; driving < count; driving++) parts[driving] = parts[driving + 1];
  return count;
}

/* A further list, on top of the one that drives. */
static void listed_among(casc_statement *statement, const casc_sql_table *table, const key_part *part) {
  for (uint32_t i = 0; i < part->count; i++) {
    put(statement, i ? ", " : part->count > 1 ? "(" : "");
    casc_mariadb_own_column(statement, table, part->columns[i]);
  }
  put(statement, part->count > 1 ? ") IN (SELECT " : " IN (SELECT ");
  for (uint32_t i = 0; i < part->count; i++) {
    if (i) put(statement, ", ");
    casc_str_printf(&statement->sql, casc_mariadb_is_bytes(part->types[i]) ? "UNHEX(casc_%u)" : "casc_%u", i);
  }
  put(statement, " FROM ");
  casc_mariadb_key_table(statement, part->keys, part->types, part->casts);
  put(statement, ")");
}

/* a > ?, or for more columns a >= ? AND (a > ? OR a = ? AND (b > ?)): a comparison of rows would use no index. */
void casc_mariadb_after(casc_statement *statement, const casc_sql_table *table, const cascade_value *anchor, bool backward,
                        uint32_t from) {
  bool last = from + 1 == table->key_count;
  if (!last) {
    casc_mariadb_own_column(statement, table, table->key[from]);
    put(statement, backward ? " <= ? AND (" : " >= ? AND (");
    casc_statement_parameter(statement, &anchor[from]);
  }
  casc_mariadb_own_column(statement, table, table->key[from]);
  put(statement, backward ? " < ?" : " > ?");
  casc_statement_parameter(statement, &anchor[from]);
  if (last) return;
  put(statement, " OR ");
  casc_mariadb_own_column(statement, table, table->key[from]);
  put(statement, " = ? AND (");
  casc_statement_parameter(statement, &anchor[from]);
  casc_mariadb_after(statement, table, anchor, backward, from + 1);
  put(statement, "))");
}

static void where(casc_statement *statement, const casc_sql_table *table, const casc_sql_filter *filter, const key_part *parts,
                  uint32_t count) {
  const char *word = " WHERE ";
  for (uint32_t i = 0; i < count; i++) {
    word = casc_put_word(statement, word);
    if (is_plain(parts[i].keys)) casc_mariadb_plain_among(statement, table, parts[i].columns, parts[i].count, parts[i].keys);
    else listed_among(statement, table, &parts[i]);
  }
  if (filter->relation && filter->relation->where) {
    casc_str_printf(&statement->sql, "%s(%s)", word, filter->relation->where);
    word = " AND ";
  }
  if (filter->after) {
    word = casc_put_word(statement, word);
    put(statement, "(");
    casc_mariadb_after(statement, table, filter->after, filter->backward, 0);
    put(statement, ")");
  }
  if (filter->where) {
    casc_str_printf(&statement->sql, "%s(%s)", word, filter->where);
    for (uint32_t i = 0; i < filter->where_parameter_count; i++) casc_statement_parameter(statement, &filter->where_parameters[i]);
  }
}

void casc_mariadb_joined_where(casc_statement *statement, const casc_sql_table *table, const casc_sql_filter *filter) {
  key_part parts[KEY_PARTS];
  uint32_t count = joined(statement, table, filter, parts);
  where(statement, table, filter, parts, count);
}

void casc_mariadb_limited(casc_statement *statement, uint64_t limit) {
  if (!limit) return;
  put(statement, " LIMIT ?");
  casc_statement_integer(statement, limit > INT64_MAX ? INT64_MAX : (int64_t)limit);
}

static void result_columns(casc_statement *statement, const casc_sql_table *table, const char *const *names, const int32_t *types,
                           uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    casc_str item;
    size_t length;
    casc_str_init(&item, statement->arena.alloc);
    if (table->schema) {
      casc_mariadb_identifier(&item, table->schema);
      casc_str_putc(&item, '.');
    }
    casc_mariadb_identifier(&item, table->name);
    casc_str_putc(&item, '.');
    casc_mariadb_identifier(&item, names[i]);
    const char *text = casc_keep_text(statement, &item, &length);
    if (text) casc_mariadb_column(statement, text, types[i]);
  }
}

static void select_identity(casc_statement *statement, const casc_sql_table *table) {
  put(statement, "SELECT ");
  result_columns(statement, table, table->key, table->key_types, table->key_count);
}

static void order_by_identity(casc_statement *statement, const casc_sql_table *table, const char *direction) {
  for (uint32_t i = 0; i < table->key_count; i++) {
    put(statement, i ? ", " : " ORDER BY ");
    casc_mariadb_own_column(statement, table, table->key[i]);
    put(statement, direction);
  }
}

static void select_keys(casc_statement *statement, const casc_sql_table *table, const casc_sql_filter *filter, bool shown,
                        bool ordered, uint64_t limit) {
  select_identity(statement, table);
  if (shown && !table->shown_is_key) result_columns(statement, table, table->shown, table->shown_types, table->shown_count);
  put(statement, " FROM ");
  casc_mariadb_joined_where(statement, table, filter);
  if (ordered || filter->lock) order_by_identity(statement, table, "");
  casc_mariadb_limited(statement, limit);
  if (filter->lock) put(statement, " FOR UPDATE");
}

static void last_key(casc_statement *statement, const casc_sql_table *table) {
  select_identity(statement, table);
  put(statement, " FROM ");
  table_name(statement, table);
  order_by_identity(statement, table, " DESC");
  put(statement, " LIMIT 1");
}

static void count_rows(casc_statement *statement, const casc_sql_table *table, const casc_sql_filter *filter, uint64_t limit) {
  put(statement, "SELECT ");
  casc_mariadb_column(statement, "COUNT(*)", CASCADE_INT64);
  put(statement, limit ? " FROM (SELECT 1 FROM " : " FROM ");
  casc_mariadb_joined_where(statement, table, filter);
  casc_mariadb_limited(statement, limit);
  if (filter->lock)
    put(statement, " LOCK IN SHARE MODE"); /* holds the index's entries alone, which keeps the rows as they are
                                              too */
  if (limit) put(statement, ") AS casc_c");
}

static void copy_rows(casc_statement *statement, const casc_sql_table *to, const casc_sql_table *table, const char *const *columns,
                      uint32_t count, const cascade_keys *keys) {
  put(statement, "INSERT INTO ");
  table_name(statement, to);
  put(statement, " (");
  casc_put_names(statement, casc_mariadb_identifier, NULL, columns, count);
  put(statement, ") SELECT ");
  for (uint32_t i = 0; i < count; i++) {
    if (i) put(statement, ", ");
    casc_mariadb_own_column(statement, table, columns[i]);
  }
  put(statement, " FROM ");
  casc_mariadb_joined_where(statement, table, &(casc_sql_filter){.among = keys});
}

/* Rows that a statement with a limit writes, picked out first, as a table casc_d. What made them be picked is looked at again: a
   row that another session moves meanwhile is left alone. */
static void picked(casc_statement *statement, const casc_sql_table *table, const casc_sql_filter *filter) {
  const casc_sql_relation *relation = filter->relation;
  put(statement, "(SELECT ");
  for (uint32_t i = 0; i < table->key_count; i++) {
    casc_mariadb_own_column(statement, table, table->key[i]);
    casc_str_printf(&statement->sql, " AS casc_%u, ", i);
  }
  for (uint32_t i = 0; i < relation->count; i++) {
    casc_mariadb_own_column(statement, table, relation->columns[i]);
    casc_str_printf(&statement->sql, " AS casc_r%u%s", i, i + 1 < relation->count ? ", " : "");
  }
  put(statement, " FROM ");
  casc_mariadb_joined_where(statement, table, filter);
  casc_mariadb_limited(statement, filter->limit);
  put(statement, ") AS casc_d STRAIGHT_JOIN ");
  table_name(statement, table);
  for (uint32_t i = 0; i < table->key_count; i++) {
    put(statement, i ? " AND " : " ON ");
    casc_mariadb_own_column(statement, table, table->key[i]);
    casc_str_printf(&statement->sql, " = casc_d.casc_%u", i);
  }
  for (uint32_t i = 0; i < relation->count; i++) {
    put(statement, " AND ");
    casc_mariadb_own_column(statement, table, relation->columns[i]);
    casc_str_printf(&statement->sql, " = casc_d.casc_r%u", i);
  }
}

/* The one table is enough: it takes a limit itself. */
static bool needs_no_join(const casc_sql_filter *filter) {
  return (!filter->relation || (filter->relation->direct && is_plain(filter->parents))) &&
         (!filter->among || is_plain(filter->among)) && (!filter->shown_among || is_plain(filter->shown_among));
}

static void delete_rows(casc_statement *statement, const casc_sql_table *table, const casc_sql_filter *filter) {
  put(statement, "DELETE ");
  if (!needs_no_join(filter)) table_name(statement, table);
  put(statement, needs_no_join(filter) ? "FROM " : " FROM ");
  bool pick = filter->limit && !needs_no_join(filter);
  if (pick) picked(statement, table, filter);
  else casc_mariadb_joined_where(statement, table, filter);
  if (!pick) casc_mariadb_limited(statement, filter->limit);
}

/* Explained, it is refused where it would be, and nothing is touched. */
static void try_deletes(casc_statement *statement, const casc_sql_table *const *tables, uint32_t count) {
  put(statement, "EXPLAIN DELETE ");
  for (uint32_t i = 0; i < count; i++) casc_str_printf(&statement->sql, "%st%u", i ? ", " : "", (unsigned)i);
  for (uint32_t i = 0; i < count; i++) {
    put(statement, i ? ", " : " FROM ");
    table_name(statement, tables[i]);
    casc_str_printf(&statement->sql, " t%u", (unsigned)i);
  }
  put(statement, " WHERE FALSE");
}

/* , stamp = stamp */
static void keep_stamps(casc_statement *statement, const casc_sql_relation *relation) {
  const casc_sql_table *table = relation->table;
  for (uint32_t i = 0; i < table->stamp_count; i++) {
    bool set = false;
    for (uint32_t j = 0; j < relation->set_count; j++) set = set || !strcmp(relation->set_columns[j], table->stamps[i]);
    for (int side = 0; !set && side < 2; side++) {
      put(statement, side ? " = " : ", ");
      casc_mariadb_own_column(statement, table, table->stamps[i]);
    }
  }
}

static void update_rows(casc_statement *statement, const casc_sql_relation *relation, const cascade_value *values,
                        const casc_sql_filter *filter) {
  const casc_sql_table *table = relation->table;
  key_part parts[KEY_PARTS];
  uint32_t count = 0;
  bool pick = filter->limit && !needs_no_join(filter);
  put(statement, "UPDATE ");
  if (pick) picked(statement, table, filter);
  else count = joined(statement, table, filter, parts);
  for (uint32_t i = 0; i < relation->set_count; i++) {
    put(statement, i ? ", " : " SET ");
    casc_mariadb_own_column(statement, table, relation->set_columns[i]);
    put(statement, " = ?");
    casc_statement_parameter(statement, &values[i]);
  }
  keep_stamps(statement, relation);
  if (pick) return;
  where(statement, table, filter, parts, count);
  casc_mariadb_limited(statement, filter->limit);
}

static void key_text(casc_statement *statement, const casc_sql_table *table) {
  put(statement, "JSON_ARRAY(");
  for (uint32_t i = 0; i < table->shown_count; i++) {
    bool bytes = casc_mariadb_is_bytes(table->shown_types[i]), number = table->shown_types[i] == CASCADE_INT64;
    put(statement, i ? ", CONCAT('" : "CONCAT('");
    put(statement, bytes ? "x', HEX(" : number ? "i', (" : "t', CONVERT(");
    casc_mariadb_own_column(statement, table, table->shown[i]);
    put(statement, bytes || number ? "))" : " USING utf8mb4))");
  }
  put(statement, ")");
}

static void detach_keys(casc_statement *statement, const casc_sql_relation *relation, const casc_sql_filter *filter, int64_t job,
                        bool integers) {
  const casc_sql_table *table = relation->table;
  put(statement, integers ? "INSERT INTO cascade_queue_number (job, place) SELECT ?, "
                          : "INSERT INTO cascade_queue_text (job, words) SELECT ?, ");
  casc_statement_integer(statement, job);
  if (integers) casc_mariadb_own_column(statement, table, table->shown[0]);
  else key_text(statement, table);
  put(statement, " FROM ");
  casc_mariadb_joined_where(statement, table, filter);
}

static void allow_null(casc_str *sql, const casc_sql_table *table, const char *column_name, const char *definition,
                       const char *default_sql, int64_t version) {
  (void)version;
  casc_str_put(sql, "ALTER TABLE ");
  if (table->schema) {
    casc_mariadb_identifier(sql, table->schema);
    casc_str_putc(sql, '.');
  }
  casc_mariadb_identifier(sql, table->name);
  casc_str_put(sql, " MODIFY COLUMN ");
  casc_mariadb_identifier(sql, column_name);
  casc_str_printf(sql, " %s NULL", definition);
  if (default_sql) casc_str_printf(sql, " DEFAULT %s", default_sql);
}

static void select_parents(casc_statement *statement, const casc_sql_relation *relation, const cascade_keys *keys) {
  select_identity(statement, relation->ref_table);
  put(statement, " FROM ");
  value_table(statement, relation->table, relation->columns, relation->count, keys, relation->where);
  put(statement, " STRAIGHT_JOIN ");
  table_name(statement, relation->ref_table);
  put(statement, " ON ");
  match_values(statement, relation->ref_table, relation->ref_columns, relation->count);
}

static void find_parent(casc_statement *statement, const casc_sql_relation *relation, const cascade_value *values) {
  select_identity(statement, relation->ref_table);
  put(statement, " FROM ");
  table_name(statement, relation->ref_table);
  for (uint32_t i = 0; i < relation->count; i++) {
    put(statement, i ? " AND " : " WHERE ");
    casc_mariadb_own_column(statement, relation->ref_table, relation->ref_columns[i]);
    put(statement, " = ?");
    casc_statement_parameter(statement, &values[i]);
  }
}

static void select_dangling(casc_statement *statement, const casc_sql_relation *relation, const cascade_keys *keys,
                            uint64_t limit) {
  const casc_sql_table *table = relation->table;
  select_identity(statement, table);
  put(statement, " FROM ");
  casc_mariadb_joined_where(statement, table, &(casc_sql_filter){.among = keys, .where = relation->where});
  const char *word = is_plain(keys) || relation->where ? " AND " : " WHERE ";
  for (uint32_t i = 0; i < relation->count; i++) {
    word = casc_put_word(statement, word);
    casc_mariadb_own_column(statement, table, relation->columns[i]);
    put(statement, " IS NOT NULL");
  }
  put(statement, " AND NOT EXISTS (SELECT 1 FROM ");
  table_name(statement, relation->ref_table);
  for (uint32_t i = 0; i < relation->count; i++) {
    put(statement, i ? " AND " : " AS casc_p WHERE ");
    name(statement, "casc_p", relation->ref_columns[i]);
    put(statement, " = ");
    casc_mariadb_own_column(statement, table, relation->columns[i]);
  }
  put(statement, ")");
  casc_mariadb_limited(statement, limit);
}

static void evaluate(casc_statement *statement, const casc_sql_relation *relation, const char *const *expressions) {
  put(statement, "SELECT ");
  for (uint32_t i = 0; i < relation->set_count; i++)
    casc_mariadb_column(statement, expressions[i] ? expressions[i] : "NULL", relation->set_types[i]);
}

/* The type of a column of the key table: that of the compared column, so that its index serves. */
static const char *cast_of(casc_arena *arena, const char *type, const char *sql_type, const char *collation) {
  (void)sql_type;
  /* JSON_TABLE knows no columns of these; a text that is compared with one takes its type, and its index */
  if (!strncmp(type, "enum(", 5) || !strncmp(type, "set(", 4)) type = "varchar(1024)";
  else if (!strcmp(type, "uuid") || !strcmp(type, "inet6") || !strcmp(type, "inet4")) type = "varchar(45)";
  if (!collation || !*collation || strchr(type, ' ')) return casc_arena_strdup(arena, type);
  return casc_arena_printf(arena, "%s CHARACTER SET %.*s COLLATE %s", type, (int)strcspn(collation, "_"), collation, collation);
}

static const char *row_source_cast(casc_arena *arena, const char *type, const char *sql_type, const char *collation,
                                   int32_t value_type) {
  if (value_type == CASCADE_INT64) return "BIGINT";
  if (casc_mariadb_is_bytes(value_type)) return casc_arena_strdup(arena, type);
  return value_type == CASCADE_UINT64 ? "BIGINT UNSIGNED" : cast_of(arena, "LONGTEXT", sql_type, collation);
}

static void strict_state(casc_statement *statement) {
  put(statement, "SELECT ");
  casc_mariadb_column(statement, "@@sql_mode LIKE '%STRICT_%'", CASCADE_INT64);
}

static void checks_state(casc_statement *statement) {
  put(statement, "SELECT ");
  casc_mariadb_column(statement, "@@foreign_key_checks + 0", CASCADE_INT64);
}

/* The first holds for the next transaction only. */
static const char *const before_alone[] = {"SET TRANSACTION ISOLATION LEVEL READ COMMITTED", NULL};
static const char *const begin_write[] = {"SET TRANSACTION ISOLATION LEVEL READ COMMITTED", "START TRANSACTION READ WRITE", NULL};
static const char *const begin_committed[] = {"START TRANSACTION READ WRITE", NULL};
static const char *const begin_read[] = {"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
                                         "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY", NULL};

static const char *const checks_on_local[] = {"SET foreign_key_checks = 1"};

/* MySQL has none for statements that write. */
static void limit_time(casc_statement *statement, const char *version, uint32_t milliseconds) {
  if (!version || !strstr(version, "MariaDB")) return;
  casc_str_printf(&statement->sql, "SET STATEMENT max_statement_time = %u.%03u FOR ", milliseconds / 1000, milliseconds % 1000);
}

const casc_dialect casc_dialect_mariadb = {
    .engine = "mariadb",
    .checks_name = "foreign_key_checks is off",
    .begin_write = begin_write,
    .begin_read = begin_read,
    .begin_committed = begin_committed,
    .before_alone = before_alone,
    .commit = "COMMIT",
    .rollback = "ROLLBACK",
    .savepoint = "SAVEPOINT libcascade",
    .release = "RELEASE SAVEPOINT libcascade",
    .rollback_to = "ROLLBACK TO SAVEPOINT libcascade",
    .checks_off_local = "SET foreign_key_checks = 0",
    .checks_on_local = checks_on_local,
    .checks = CASC_CHECKS_ROWS,
    .row_locks = true,
    .cascades_fast = true,
    .max_cells = 1000000,
    .row_cast = "",
    .cast = cast_of,
    .checks_state = checks_state,
    .strict_state = strict_state,
    .identifier = casc_mariadb_identifier,
    .column = casc_mariadb_column,
    .rows_source = casc_mariadb_rows_source,
    .row_source_cast = row_source_cast,
    .select_keys = select_keys,
    .last_key = last_key,
    .count = count_rows,
    .delete_rows = delete_rows,
    .copy_rows = copy_rows,
    .update_rows = update_rows,
    .select_parents = select_parents,
    .find_parent = find_parent,
    .select_dangling = select_dangling,
    .select_pages = casc_mariadb_select_pages,
    .pages_at_once = 128,
    .limit_time = limit_time,
    .try_deletes = try_deletes,
    .count_pages = casc_mariadb_count_pages,
    .select_links = casc_mariadb_select_links,
    .evaluate = evaluate,
    .detach_keys = detach_keys,
    .allow_null = allow_null,
    .queue = &casc_queue_mariadb,
};

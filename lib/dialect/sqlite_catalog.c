#include "sqlite_catalog.h"

#include "columns.h"
#include "dialect.h"

/* A pragma per index would be half of the whole time, so that created indexes are read from their CREATE statements;
   only what belongs to a constraint, and has no statement, is asked for. */

const char casc_sqlite_snapshot[] = "Savepoint casc_catalog";
const char casc_sqlite_snapshot_end[] = "Release casc_catalog";

typedef struct item {
  const char *expression;
  int32_t type;
} item;

static void put_items(casc_statement *statement, const item *items, size_t count) {
  casc_str_put(&statement->sql, "Select ");
  for (size_t i = 0; i < count; i++) casc_sqlite_column(statement, items[i].expression, items[i].type);
}

/* The next arm of a compound: its columns are those of the first, so that they are declared once. */
static void put_arm(casc_statement *statement, const item *items, size_t count) {
  casc_str_put(&statement->sql, " Union All ");
  statement->type_count = 0;
  put_items(statement, items, count);
}

#define ITEMS(items) items, sizeof(items) / sizeof *(items)

void casc_sqlite_kinds(casc_statement *statement) {
  static const item items[] = {{"name", CASCADE_TEXT}, {"type", CASCADE_TEXT}, {"wr", CASCADE_INT64}};
  put_items(statement, ITEMS(items));
  casc_str_put(&statement->sql, " From pragma_table_list Where schema = 'main'");
}

void casc_sqlite_tables(casc_statement *statement) {
  static const item items[] = {{"rowid", CASCADE_INT64}, {"name", CASCADE_TEXT}, {"sql", CASCADE_TEXT}};
  put_items(statement, ITEMS(items));
  casc_str_put(&statement->sql, " From main.sqlite_master Where type In ('table', 'view') Order By rowid");
}

void casc_sqlite_columns(casc_statement *statement) {
  static const item items[] = {
      {"m.rowid", CASCADE_INT64},     {"c.name", CASCADE_TEXT}, {"c.type", CASCADE_TEXT},    {"c.\"notnull\"", CASCADE_INT64},
      {"c.dflt_value", CASCADE_TEXT}, {"c.pk", CASCADE_INT64},  {"c.hidden", CASCADE_INT64},
  };
  put_items(statement, ITEMS(items));
  /* Views and virtual tables are left out: a broken one would fail the whole query. */
  casc_str_put(&statement->sql, " From main.sqlite_master m Join pragma_table_xinfo(m.name, 'main') c"
                                " Where m.type = 'table' And m.rootpage > 0");
}

void casc_sqlite_foreign_keys(casc_statement *statement) {
  static const item items[] = {
      {"m.rowid", CASCADE_INT64},   {"f.id", CASCADE_INT64},    {"f.seq", CASCADE_INT64},      {"f.\"table\"", CASCADE_TEXT},
      {"f.\"from\"", CASCADE_TEXT}, {"f.\"to\"", CASCADE_TEXT}, {"f.on_update", CASCADE_TEXT}, {"f.on_delete", CASCADE_TEXT},
  };
  put_items(statement, ITEMS(items));
  casc_str_put(&statement->sql, " From main.sqlite_master m Join pragma_foreign_key_list(m.name, 'main') f"
                                " Where m.type = 'table' And m.rootpage > 0");
}

void casc_sqlite_indexes(casc_statement *statement) {
  static const item created[] = {
      {"m.tbl_name", CASCADE_TEXT}, {"m.name", CASCADE_TEXT}, {"m.sql", CASCADE_TEXT},
      {"Null", CASCADE_TEXT},       {"Null", CASCADE_INT64},  {"Null", CASCADE_TEXT},
  };
  static const item automatic[] = {
      {"m.tbl_name", CASCADE_TEXT}, {"m.name", CASCADE_TEXT}, {"Null", CASCADE_TEXT},
      {"l.origin", CASCADE_TEXT},   {"x.cid", CASCADE_INT64}, {"x.coll", CASCADE_TEXT},
  };
  put_items(statement, ITEMS(created));
  casc_str_put(&statement->sql, " From main.sqlite_master m Where m.type = 'index' And m.sql Is Not Null");
  put_arm(statement, ITEMS(automatic));
  casc_str_put(&statement->sql, " From main.sqlite_master m Join pragma_index_list(m.tbl_name, 'main') l On l.name = m.name"
                                " Join pragma_index_xinfo(m.name, 'main') x"
                                " Where m.type = 'index' And m.sql Is Null And x.key = 1");
}

void casc_sqlite_triggers(casc_statement *statement) {
  static const item items[] = {{"tbl_name", CASCADE_TEXT}, {"name", CASCADE_TEXT}, {"sql", CASCADE_TEXT}};
  put_items(statement, ITEMS(items));
  casc_str_put(&statement->sql, " From main.sqlite_master Where type = 'trigger'");
  put_arm(statement, ITEMS(items));
  /* A temporary trigger fires on this session's deletes; it may be on a table of the database. */
  casc_str_put(&statement->sql, " From sqlite_temp_master Where type = 'trigger'");
}

void casc_sqlite_statistics(casc_statement *statement) {
  static const item items[] = {{"tbl", CASCADE_TEXT}, {"Cast(stat As integer)", CASCADE_INT64}};
  put_items(statement, ITEMS(items));
  casc_str_put(&statement->sql, " From main.sqlite_stat1 Where stat Is Not Null");
}

void casc_sqlite_largest_rowids(casc_statement *statement, const char *const *tables, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    casc_str position;
    casc_str_init(&position, statement->arena.alloc);
    casc_str_int(&position, i);
    if (position.failed) statement->failed = true;
    else {
      const item items[] = {{position.data, CASCADE_INT64}, {"Max(_rowid_)", CASCADE_INT64}};
      if (i) put_arm(statement, ITEMS(items));
      else put_items(statement, ITEMS(items));
      casc_str_put(&statement->sql, " From main.");
      casc_sqlite_identifier(&statement->sql, tables[i]);
    }
    casc_str_free(&position);
  }
}

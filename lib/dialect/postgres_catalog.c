#include "postgres_catalog.h"

#include "columns.h"

#include <string.h>

/* Objects of users have OIDs from 16384; below are the system's, those of information_schema included, unless that was made anew.
   What is on the tables is asked for by their OIDs, where there is much else: to join with pg_class once more takes longer. Every
   result column takes its time, too, in a catalog of some size. */

const char casc_postgres_snapshot[] = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
const char casc_postgres_snapshot_end[] = "COMMIT";
const char casc_postgres_snapshot_drop[] = "ROLLBACK";
const char casc_postgres_plain_path[] = "SET LOCAL search_path = pg_catalog, pg_temp";

typedef struct item {
  const char *expression;
  int32_t type;
} item;

static void put_items(casc_statement *statement, const item *items, size_t count) {
  casc_str_put(&statement->sql, "SELECT ");
  for (size_t i = 0; i < count; i++) casc_postgres_column(statement, items[i].expression, items[i].type);
}

#define ITEMS(items) items, sizeof(items) / sizeof *(items)

void casc_postgres_search_path(casc_statement *statement) {
  static const item items[] = {{"s.path", CASCADE_TEXT}, {"s.schema", CASCADE_TEXT}};
  put_items(statement, ITEMS(items));
  /* As the path is still the user's, everything is named in full. */
  casc_str_put(&statement->sql, " FROM (SELECT pg_catalog.current_setting('search_path'), p.schema, p.place"
                                " FROM (SELECT 1) one LEFT JOIN LATERAL pg_catalog.unnest(pg_catalog.current_schemas(false))"
                                " WITH ORDINALITY p (schema, place) ON true) s (path, schema, place) ORDER BY s.place");
}

void casc_postgres_restore_path(casc_statement *statement, const char *path) {
  casc_str_put(&statement->sql, "SELECT ");
  casc_postgres_column(statement, "set_config('search_path', $1, true)", CASCADE_TEXT);
  casc_statement_text(statement, path, strlen(path));
}

/* Who may read nothing of the schema may read nothing in it. */
#define ALLOWED(function, privilege) "(has_schema_privilege(n.oid, 'USAGE') AND " function "(c.oid, '" privilege "'))::integer"

void casc_postgres_tables(casc_statement *statement) {
  static const item items[] = {
      {"c.oid", CASCADE_INT64},
      {"n.nspname", CASCADE_TEXT},
      {"c.relname", CASCADE_TEXT},
      {"c.relkind", CASCADE_TEXT},
      {"CASE WHEN c.relispartition THEN pg_partition_root(c.oid) END::oid", CASCADE_INT64},
      {"(c.relkind <> 'p' AND c.relhassubclass AND EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = c.oid))::integer",
       CASCADE_INT64},
      /* Nobody has looked: the count that the server keeps of what was inserted and deleted. Asking for the file's size would wait
         for whoever alters the table. */
      {"CASE WHEN c.reltuples >= 0 THEN c.reltuples::bigint ELSE coalesce(nullif(pg_stat_get_live_tuples(c.oid), 0), -1) END",
       CASCADE_INT64},
      {"row_security_active(c.oid)::integer", CASCADE_INT64},
      {ALLOWED("has_any_column_privilege", "SELECT"), CASCADE_INT64},
      {ALLOWED("has_table_privilege", "DELETE"), CASCADE_INT64},
      {ALLOWED("has_any_column_privilege", "UPDATE"), CASCADE_INT64},
  };
  put_items(statement, ITEMS(items));
  casc_str_put(&statement->sql, " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                                " WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p', 'f', 'v', 'm')"
                                " AND c.relpersistence <> 't' AND n.nspname <> 'information_schema' ORDER BY c.oid");
}

static void put_array(casc_statement *statement, const int64_t *numbers, uint64_t count) {
  casc_statement_parameter(
      statement, &(cascade_value){.type = CASCADE_INT64_ARRAY, .data = (const char *)numbers, .length = count * sizeof *numbers});
}

void casc_postgres_columns(casc_statement *statement, const int64_t *tables, uint64_t count) {
  static const item items[] = {
      {"a.attrelid", CASCADE_INT64},
      {"a.attnum", CASCADE_INT64},
      {"a.attname", CASCADE_TEXT},
      {"a.atttypid", CASCADE_INT64},
      {"a.atttypmod", CASCADE_INT64},
      {"a.attcollation", CASCADE_INT64},
      {"a.attnotnull::integer", CASCADE_INT64},
      {"(a.attgenerated <> '' OR a.attidentity = 'a')::integer", CASCADE_INT64},
      {"CASE WHEN a.atthasdef AND a.attgenerated = '' THEN (SELECT pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef d"
       " WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum) END",
       CASCADE_TEXT},
  };
  put_items(statement, ITEMS(items));
  /* OFFSET 0: by the index, table by table. Most of what the catalog holds are columns of other things. */
  casc_str_put(
      &statement->sql,
      " FROM unnest($1::oid[]) u (oid) CROSS JOIN LATERAL"
      " (SELECT attrelid, attnum, attname, atttypid, atttypmod, attcollation, attnotnull, attgenerated, attidentity, atthasdef"
      " FROM pg_attribute WHERE attrelid = u.oid AND attnum > 0 AND NOT attisdropped OFFSET 0) a");
  put_array(statement, tables, count);
}

void casc_postgres_types(casc_statement *statement, const int64_t *types, const int64_t *modifiers, const int64_t *collations,
                         uint64_t count) {
  static const item items[] = {
      {"u.place", CASCADE_INT64},
      {"format_type(t.oid, u.modifier::integer)", CASCADE_TEXT},
      /* Texts of any length are one type to a comparison; of an array's own name there are no arrays. */
      {"CASE WHEN e.oid IS NULL THEN quote_ident(s.nspname) || '.'"
       " || quote_ident(CASE WHEN t.oid = 'varchar'::regtype THEN 'text' ELSE t.typname END)"
       " ELSE (SELECT quote_ident(n.nspname) FROM pg_namespace n WHERE n.oid = e.typnamespace) || '.' || quote_ident(e.typname)"
       " || '[]' END",
       CASCADE_TEXT},
      {"CASE WHEN t.oid IN ('smallint'::regtype, 'integer'::regtype, 'bigint'::regtype) THEN 'integer'"
       " WHEN t.oid = 'bytea'::regtype THEN 'binary' ELSE 'text' END",
       CASCADE_TEXT},
      {"t.typbasetype", CASCADE_INT64},
      {"t.typnotnull::integer", CASCADE_INT64},
      {"CASE WHEN l.oid <> t.typcollation THEN quote_ident(o.nspname) || '.' || quote_ident(l.collname) END", CASCADE_TEXT},
      {"(NOT coalesce(l.collisdeterministic, true))::integer", CASCADE_INT64},
  };
  put_items(statement, ITEMS(items));
  casc_str_put(&statement->sql,
               " FROM unnest($1, $2, $3) WITH ORDINALITY u (type, modifier, collated, place)"
               " JOIN pg_type t ON t.oid = u.type::oid JOIN pg_namespace s ON s.oid = t.typnamespace"
               " LEFT JOIN pg_type e ON e.oid = t.typelem AND e.typarray = t.oid"
               " LEFT JOIN pg_collation l ON l.oid = u.collated::oid LEFT JOIN pg_namespace o ON o.oid = l.collnamespace");
  put_array(statement, types, count);
  put_array(statement, modifiers, count);
  put_array(statement, collations, count);
}

void casc_postgres_foreign_keys(casc_statement *statement, const int64_t *tables, uint64_t count) {
  static const item items[] = {
      {"k.conrelid", CASCADE_INT64},
      {"k.confrelid", CASCADE_INT64},
      {"k.conname", CASCADE_TEXT},
      {"k.conkey", CASCADE_TEXT},
      {"k.confkey", CASCADE_TEXT},
      {"k.confdelsetcols", CASCADE_TEXT},
      {"k.confdeltype::integer", CASCADE_INT64},
      {"k.confupdtype::integer", CASCADE_INT64},
      {"(k.confmatchtype = 'f')::integer + 2 * k.condeferrable::integer + 4 * k.condeferred::integer + 8 * k.convalidated::integer",
       CASCADE_INT64},
  };
  put_items(statement, ITEMS(items));
  /* What a partition has of the whole is no key of its own. */
  casc_str_put(&statement->sql, " FROM pg_constraint k"
                                " WHERE k.contype = 'f' AND k.conparentid = 0 AND k.conrelid = ANY($1::oid[])");
  put_array(statement, tables, count);
}

void casc_postgres_indexes(casc_statement *statement) {
  static const item items[] = {
      {"i.indrelid", CASCADE_INT64},
      {"c.relname", CASCADE_TEXT},
      {"i.indkey", CASCADE_TEXT},
      {"nullif(i.indcollation, '0')", CASCADE_TEXT},
      {"i.indnkeyatts", CASCADE_INT64},
      /* One that is checked at COMMIT is no key to refer to, nor to tell rows apart by. */
      {"i.indisprimary::integer + 2 * (i.indisunique AND i.indimmediate)::integer + 4 * (i.indpred IS NOT NULL)::integer",
       CASCADE_INT64},
  };
  put_items(statement, ITEMS(items));
  casc_str_put(&statement->sql, " FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
                                " WHERE i.indrelid >= 16384 AND c.oid >= 16384 AND i.indisvalid AND i.indislive"
                                " AND c.relam = ANY (ARRAY(SELECT m.oid FROM pg_am m WHERE m.amname IN ('btree', 'hash')))");
}

void casc_postgres_triggers(casc_statement *statement) {
  static const item triggers[] = {
      {"t.tgrelid", CASCADE_INT64},
      {"t.tgname", CASCADE_TEXT},
      {"t.tgtype::integer & 1", CASCADE_INT64},
      {"(t.tgtype::integer >> 3) & 1", CASCADE_INT64},
      {"(t.tgtype::integer >> 4) & 1", CASCADE_INT64},
  };
  static const item rules[] = {
      {"r.ev_class", CASCADE_INT64},
      {"r.rulename", CASCADE_TEXT},
      {"0", CASCADE_INT64},
      {"(r.ev_type = '4')::integer", CASCADE_INT64},
      {"(r.ev_type = '2')::integer", CASCADE_INT64},
  };
  put_items(statement, ITEMS(triggers));
  /* Those that fire in replica sessions only are told too: while keys are proven, the session is one. */
  casc_str_put(&statement->sql, " FROM pg_trigger t WHERE NOT t.tgisinternal AND t.tgparentid = 0 AND t.tgenabled <> 'D'"
                                " AND (t.tgtype::integer & 24) <> 0 UNION ALL ");
  statement->type_count = 0; /* the columns of the second part are those of the first */
  put_items(statement, ITEMS(rules));
  casc_str_put(&statement->sql, " FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class"
                                " WHERE r.ev_class >= 16384 AND r.ev_enabled <> 'D' AND r.ev_type IN ('2', '4')"
                                " AND c.relkind IN ('r', 'p')");
}

#include "throttle.h"

#include "columns.h"
#include "parts.h"
#include "postgres_parts.h"

#include <string.h>

#define STATUS(expression, name) "(Select " expression " From information_schema.global_status Where variable_name = '" name "')"

static const char *const postgres_looks[CASC_LOOKS] = {
    [CASC_LOOK_SEES_ALL] = "pg_has_role('pg_read_all_stats', 'USAGE')::int",
    [CASC_LOOK_POSITION] = "pg_current_wal_lsn()::text",
    /* what copies the log without replaying it has no place there */
    [CASC_LOOK_STANDBYS] = "(Select Count(*) From pg_stat_replication Where replay_lsn < $1::pg_lsn)",
    [CASC_LOOK_IS_REPLICA] = "pg_is_in_recovery()::int",
    [CASC_LOOK_REACHED] = "(pg_last_wal_replay_lsn() >= $1::pg_lsn)::int",
    [CASC_LOOK_LOAD] = "(Select Count(*) From pg_stat_activity Where state = 'active' And backend_type = 'client backend' And "
                       "pid <> pg_backend_pid())",
    [CASC_LOOK_VACUUMS] = "(current_setting('autovacuum')::bool And current_setting('track_counts')::bool)::int",
};

/* A wait of a millisecond: none at all would mean one without end. */
static const char *const mariadb_looks[CASC_LOOKS] = {
    [CASC_LOOK_POSITION] = "@@global.gtid_binlog_pos",
    [CASC_LOOK_IS_REPLICA] = "(@@global.gtid_slave_pos <> '' Or " STATUS("variable_value > 0", "SLAVES_RUNNING") ")",
    [CASC_LOOK_REACHED] = "(Master_Gtid_Wait(?, 0.001) = 0)",
    [CASC_LOOK_LOAD] = STATUS("Cast(variable_value As signed) - 1", "THREADS_RUNNING"),
    [CASC_LOOK_FLOW] = STATUS("Cast(variable_value As signed)", "WSREP_FLOW_CONTROL_PAUSED_NS"),
};

static const char *look_of(const casc_dialect *dialect, casc_look look) {
  if (!strcmp(dialect->engine, "postgresql")) return postgres_looks[look];
  return !strcmp(dialect->engine, "mariadb") ? mariadb_looks[look] : NULL;
}

bool casc_look_exists(const casc_dialect *dialect, casc_look look) {
  return look_of(dialect, look) != NULL;
}

void casc_look_write(casc_statement *statement, const casc_dialect *dialect, casc_look look, const char *position) {
  if (position) casc_statement_text(statement, position, strlen(position));
  casc_put(statement, "Select ");
  dialect->column(statement, look_of(dialect, look), look == CASC_LOOK_POSITION ? CASCADE_TEXT : CASCADE_INT64);
}

/* A setting of autovacuum: the table's own, or the server's. */
static const char *setting(casc_statement *statement, const char *name) {
  const char *text =
      casc_arena_printf(&statement->arena,
                        "Coalesce((Select o.option_value From pg_options_to_table(c.reloptions) o Where o.option_name = "
                        "'%s'), current_setting('%s'))",
                        name, name);
  if (!text) statement->failed = true;
  return text ? text : "";
}

void casc_look_dead_rows(casc_statement *statement, const casc_sql_table *const *tables, uint32_t count, uint64_t most) {
  casc_put(statement, "With r As (Select Unnest(Array[");
  for (uint32_t i = 0; i < count; i++) {
    casc_postgres_name_parameter(statement, tables[i]);
    casc_str_printf(&statement->sql, "%sTo_Regclass($%zu)", i ? ", " : "", statement->parameter_count);
  }
  casc_statement_integer(statement, most > INT64_MAX ? INT64_MAX : (int64_t)most);
  casc_str_printf(&statement->sql,
                  "]) As id), d As (Select c.oid::regclass::text As name, s.n_dead_tup As dead, "
                  "(s.n_dead_tup > $%zu And Coalesce((Select o.option_value::bool From pg_options_to_table(c.reloptions) o Where "
                  "o.option_name = 'autovacuum_enabled'), true) And s.n_dead_tup > ",
                  statement->parameter_count);
  casc_str_printf(&statement->sql, "%s::float8 + ", setting(statement, "autovacuum_vacuum_threshold"));
  casc_str_printf(&statement->sql, "%s::float8 * Greatest(c.reltuples, 0))::int As due",
                  setting(statement, "autovacuum_vacuum_scale_factor"));
  casc_put(statement, " From pg_class c Join pg_stat_all_tables s On s.relid = c.oid Where c.oid In (Select id From r Union All "
                      "Select p.relid From r, pg_partition_tree(r.id) p)) Select ");
  casc_postgres_column(statement, "name", CASCADE_TEXT);
  casc_postgres_column(statement, "dead", CASCADE_INT64);
  casc_postgres_column(statement, "due", CASCADE_INT64);
  casc_put(statement, " From d Order By d.due Desc, d.dead Desc Limit 1");
}

#include "catalog.h"

#include "mariadb.h"
#include "postgres.h"
#include "sqlite.h"

#include <string.h>

cascade_status casc_catalog_read(cascade_connection *connection, casc_arena *arena, casc_schema *schema, cascade_error **error) {
  const char *engine = connection->capabilities.engine;
  if (strcmp(engine, "sqlite") == 0) return casc_catalog_sqlite(connection, arena, schema, error);
  if (strcmp(engine, "mariadb") == 0) return casc_catalog_mariadb(connection, arena, schema, error);
  if (strcmp(engine, "postgresql") == 0) return casc_catalog_postgres(connection, arena, schema, error);
  return casc_fail(connection->context, error, CASCADE_UNSUPPORTED, "graph: reading the catalog of %s is not supported", engine);
}

/* Reader of SQLite's catalog. */
#ifndef CASC_CATALOG_SQLITE_H
#define CASC_CATALOG_SQLITE_H

#include "catalog.h"

cascade_status casc_catalog_sqlite(cascade_connection *connection, casc_arena *arena, casc_schema *schema, cascade_error **error);

#endif

/* Readers of database catalogs. */
#ifndef CASC_CATALOG_H
#define CASC_CATALOG_H

#include "schema.h"
#include "session.h"

/* Reads the schema of the session's database into memory of the arena. */
cascade_status casc_catalog_read(cascade_connection *connection, casc_arena *arena, casc_schema *schema, cascade_error **error);

#endif

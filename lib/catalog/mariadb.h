/* Reader of MariaDB's catalog: the session's database, and those that foreign keys connect with it. */
#ifndef CASC_CATALOG_MARIADB_H
#define CASC_CATALOG_MARIADB_H

#include "catalog.h"

cascade_status casc_catalog_mariadb(cascade_connection *connection, casc_arena *arena, casc_schema *schema, cascade_error **error);

#endif

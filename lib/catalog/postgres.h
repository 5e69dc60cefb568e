#ifndef CASC_POSTGRES_H
#define CASC_POSTGRES_H

#include "catalog.h"

cascade_status casc_catalog_postgres(cascade_connection *connection, casc_arena *arena, casc_schema *schema, cascade_error **error);

#endif

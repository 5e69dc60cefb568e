/* What goes with the catalog queries of dialect.h.

   A consistent look at the catalog: all its queries between these two. They nest in a transaction of the host. */
#ifndef CASC_SQLITE_CATALOG_H
#define CASC_SQLITE_CATALOG_H

#include "statement.h"

extern const char casc_sqlite_snapshot[], casc_sqlite_snapshot_end[];

void casc_sqlite_kinds(casc_statement *statement);

#endif

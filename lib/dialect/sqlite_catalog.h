/* A consistent look at the catalog: all its queries between these two. They nest in a transaction of the host. */
#ifndef CASC_SQLITE_CATALOG_H
#define CASC_SQLITE_CATALOG_H

extern const char casc_sqlite_snapshot[], casc_sqlite_snapshot_end[];

#endif

/* A driver that gives several rows at once, in amounts that differ, over one that gives them one by one. It knows the public
   interface only. */
#ifndef FETCHING_DRIVER_H
#define FETCHING_DRIVER_H

#include <cascade/connection.h>
#include <cascade/driver.h>

/* A connection over a session of `inner`, which ends with it. */
cascade_status fetching_driver_connect(cascade_context *context, const cascade_driver *inner, void *inner_self,
                                       cascade_connection **connection, cascade_error **error);

#endif

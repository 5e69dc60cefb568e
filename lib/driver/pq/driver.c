/* Native driver for PostgreSQL, through libpq. A shared library of its own.
   Statements are unnamed: the server then plans with the parameters' values, which is what makes `= ANY ($1)` of many keys a
   look-up in a hash, and poolers that share sessions between transactions can be in between. */
#include "native.h"

static cascade_status native_capabilities(void *session, cascade_capabilities *capabilities, cascade_error **error) {
  (void)error;
  native *self = session;
  capabilities->engine = "postgresql";
  capabilities->version = self->version;
  capabilities->flags = CASC_POSTGRES_FLAGS;
  capabilities->max_parameters = CASC_POSTGRES_PARAMETERS;
  return CASCADE_OK;
}

static const cascade_driver driver = {
    .size = sizeof(cascade_driver),
    .abi_version = CASCADE_DRIVER_ABI,
    .name = "pq",
    .open = native_open,
    .adopt = native_adopt,
    .close = native_close,
    .capabilities = native_capabilities,
    .execute = native_execute,
    .query = native_query,
    .next = native_next,
    .cursor_close = native_cursor_close,
    .cancel = native_cancel,
    .in_transaction = native_in_transaction,
};

CASCADE_API const cascade_driver *cascade_driver_pq(void);

const cascade_driver *cascade_driver_pq(void) {
  return &driver;
}

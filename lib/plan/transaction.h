/* A transaction of ours, or within one of the host's a savepoint. */
#ifndef CASC_TRANSACTION_H
#define CASC_TRANSACTION_H

#include "dialect.h"
#include "session.h"

typedef struct casc_transaction {
  cascade_connection *connection;
  const casc_dialect *dialect;
  bool open;
  bool nested; /* the host's goes on when ours ends */
} casc_transaction;

/* Whether the host has a transaction open on the session. */
bool casc_in_host_transaction(const cascade_connection *connection);
cascade_status casc_transaction_begin(casc_transaction *transaction, cascade_connection *connection, bool write,
                                      cascade_error **error);
/* Bounds what each of its statements may take, as far as the engine does that. */
cascade_status casc_transaction_bound(casc_transaction *transaction, uint32_t milliseconds, cascade_error **error);
/* Goes before a statement that is a transaction by itself. */
cascade_status casc_transaction_prepare(cascade_connection *connection, cascade_error **error);
cascade_status casc_transaction_commit(casc_transaction *transaction, cascade_error **error);
/* Undoes everything; does nothing when there is none. */
void casc_transaction_roll_back(casc_transaction *transaction);

#endif

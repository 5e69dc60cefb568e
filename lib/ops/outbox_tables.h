/* The tables of the outbox and the audit. */
#ifndef CASC_OUTBOX_TABLES_H
#define CASC_OUTBOX_TABLES_H

#include "tables.h"

/* CASCADE_NOT_FOUND when they are not installed. */
cascade_status casc_outbox_open(cascade_connection *connection, const casc_queue_words **words, cascade_error **error);

#endif

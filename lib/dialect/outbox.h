/* Statements about the tables of the outbox and the audit. */
#ifndef CASC_OUTBOX_SQL_H
#define CASC_OUTBOX_SQL_H

#include "queue.h"

enum { CASC_OUTBOX_VERSION = 1 };

const char *const *casc_outbox_ddl(const casc_queue_words *words); /* statements; ends with NULL */

/* Writes rows of three texts: the table, the key and the columns. */
void casc_outbox_insert(const casc_dialect *dialect, casc_statement *statement, const cascade_keys *rows);
/* Rows that are due, in order, held until the transaction ends: (id, table, key, columns, created, now). */
enum { CASC_OUTBOX_ID, CASC_OUTBOX_TABLE, CASC_OUTBOX_KEY, CASC_OUTBOX_COLUMNS, CASC_OUTBOX_CREATED, CASC_OUTBOX_NOW };
void casc_outbox_due(const casc_queue_words *words, casc_statement *statement, uint32_t limit);
/* Gives the rows with these ids to a batch until a time. */
void casc_outbox_give(const casc_dialect *dialect, casc_statement *statement, const cascade_keys *ids, int64_t batch, int64_t due);
void casc_outbox_remove(const casc_queue_words *words, casc_statement *statement, int64_t batch);

/* What an audit says of a purge, added to what it said. */
typedef struct casc_audited {
  const char *actor, *reason, *table, *fingerprint;
  uint64_t batches, deleted, updated;
  int64_t kept;
  bool finished;
} casc_audited;
/* With `returning`, a query of the id. */
void casc_audit_insert(const casc_queue_words *words, casc_statement *statement, const casc_audited *purge);
void casc_audit_update(const casc_queue_words *words, casc_statement *statement, int64_t id, const casc_audited *purge);
void casc_audit_remove(const casc_queue_words *words, casc_statement *statement, int64_t id);
enum {
  CASC_AUDIT_ID,
  CASC_AUDIT_ACTOR,
  CASC_AUDIT_REASON,
  CASC_AUDIT_TABLE,
  CASC_AUDIT_FINGERPRINT,
  CASC_AUDIT_BATCHES,
  CASC_AUDIT_DELETED,
  CASC_AUDIT_UPDATED,
  CASC_AUDIT_KEPT,
  CASC_AUDIT_FINISHED,
  CASC_AUDIT_STARTED,
  CASC_AUDIT_CHANGED,
  CASC_AUDIT_MEMBERS
};
void casc_audit_select(const casc_queue_words *words, casc_statement *statement, int64_t after, uint32_t limit);

#endif

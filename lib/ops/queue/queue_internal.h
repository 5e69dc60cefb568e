/* The queue from within. */
#ifndef CASC_QUEUE_INTERNAL_H
#define CASC_QUEUE_INTERNAL_H

#include <cascade/queue.h>

#include "fill_job.h"
#include "purge_internal.h"
#include "tables.h"

#include <jansson.h>

#define CASC_DETACHED "detached"
#define CASC_PURGE "purge"
#define CASC_FILL "fill"

/* install.c */
/* The words of the connection's engine, after a look at the queue's version: CASCADE_NOT_FOUND without one. */
cascade_status casc_queue_open(cascade_connection *connection, const casc_queue_words **words, cascade_error **error);

/* payload.c */
/* What a worker needs to do a job, malloc'ed. `unset`: of a detached job, the columns that were set to
 * NULL. `audit`: the job's row in the audit; 0 for none. */
cascade_status casc_payload_write(cascade_policy *policy, const cascade_selection *selection, uint32_t table,
                                  const casc_sql_relation *unset, const cascade_job_options *options, int64_t audit, char **text,
                                  cascade_error **error);
typedef struct casc_payload {
  json_t *document;
  cascade_policy *policy;
  cascade_selection *selection; /* NULL of a detached job */
  uint32_t table;
  char *unset;          /* a condition: one of the columns is NULL; NULL for none */
  const char *parented; /* what is true of all other rows; in the arena */
  cascade_purge_options options;
  int64_t audit;    /* row of the audit that counts what the job does; 0 for none */
  casc_arena arena; /* of the options' columns */
} casc_payload;
cascade_status casc_payload_read(cascade_graph *graph, const casc_queue_words *words, const char *text, size_t length,
                                 casc_payload *payload, cascade_error **error);
void casc_payload_free(const casc_alloc *alloc, casc_payload *payload);
/* Cells as an array of texts, and back: texts are borrowed from the document. NULL when memory is out, or for what is none. */
json_t *casc_payload_cells(const cascade_value *cells, uint64_t count);
cascade_value *casc_payload_read_cells(casc_arena *arena, const json_t *list);
/* Keys of detached rows are selected as texts of this form, narrowed by the condition. */
cascade_status casc_payload_select(const casc_payload *payload, const char *label, const char *const *texts, size_t count,
                                   cascade_selection **selection, cascade_error **error);
/* Whether detached keys of the table are recorded as integers. */
bool casc_queue_integers(const casc_table *table, const char *engine);

/* enqueue.c */
cascade_status casc_job_options_read(cascade_context *context, const cascade_job_options *given, cascade_job_options *own,
                                     cascade_error **error);
/* Inside a transaction: a job's row in the audit, where its options ask for one; else *id is 0. `asked`: what was asked for. */
cascade_status casc_queue_put_audit(const casc_scope *asked, uint32_t table, const cascade_job_options *options, int64_t *id,
                                    cascade_error **error);
cascade_status casc_queue_put(cascade_connection *connection, const casc_queue_words *words, const casc_new_job *job, int64_t *id,
                              cascade_error **error);

/* The same as a step of the host's transaction, or in one of its own. */
cascade_status casc_queue_put_alone(cascade_connection *connection, const casc_queue_words *words, const casc_new_job *job,
                                    int64_t *id, cascade_error **error);

/* claim.c: each in a transaction of its own */
typedef struct casc_claim {
  casc_held held;
  int64_t source, low, high, keys_left, attempts, max_attempts, kept;
  char *kind, *root, *payload;
  char *token; /* of a fill that has begun; else NULL */
  size_t payload_length;
} casc_claim;
/* CASCADE_DONE when nothing is due. */
cascade_status casc_claim_next(cascade_connection *connection, const casc_queue_words *words, const char *owner, uint32_t lease_ms,
                               casc_claim *claim, cascade_error **error);
void casc_claim_free(const casc_alloc *alloc, casc_claim *claim);
/* Inside a transaction: CASCADE_LEASE when the job is not the worker's any more. */
cascade_status casc_claim_hold(cascade_connection *connection, const casc_queue_words *words, const casc_held *held,
                               uint32_t lease_ms, cascade_error **error);
cascade_status casc_claim_renew(cascade_connection *connection, const casc_queue_words *words, const casc_held *held,
                                uint64_t lease_ms, cascade_error **error); /* in a transaction of its own */
cascade_status casc_claim_count(cascade_connection *connection, const casc_queue_words *words, const casc_held *held,
                                const casc_done *done, uint32_t lease_ms, cascade_error **error);
cascade_status casc_claim_filled(cascade_connection *connection, const casc_queue_words *words, const casc_held *held,
                                 const casc_fill_sums *sums, uint32_t lease_ms, cascade_error **error);
cascade_status casc_claim_leave(cascade_connection *connection, const casc_queue_words *words, const casc_held *held,
                                const casc_leaving *how, cascade_error **error);
/* Its end. `kept`: rows that stay besides those that were counted. */
cascade_status casc_claim_finish(cascade_connection *connection, const casc_queue_words *words, const casc_claim *claim,
                                 int64_t audit, int64_t kept, uint32_t lease_ms, cascade_error **error);
/* Cuts a job of many keys into jobs of fewer; the claim keeps the first. */
cascade_status casc_claim_cut(cascade_connection *connection, const casc_queue_words *words, casc_claim *claim, bool integers,
                              uint32_t lease_ms, cascade_error **error);

/* work.c */
struct cascade_worker {
  cascade_context *context;
  cascade_connection *connection; /* reference */
  const casc_queue_words *words;
  char *owner;
  uint32_t lease_ms, turn_ms;
  cascade_worker_report report;
  casc_claim claim;                /* held.job is 0 when there is none */
  uint64_t claimed_ns, renewed_ns; /* the lease runs from the latter */
  uint64_t ending_ns;              /* when the transaction at work prolonged it */
  cascade_throttle *throttle;      /* reference, or NULL */
  uint64_t unpaced_ns;             /* length of the last step, for the throttle */
  cascade_worker_options options;  /* the hooks, and columns in the arena */
  casc_arena arena;
  /* what the last claim's payload says; kept for others of the same source */
  cascade_graph *graph;
  casc_payload payload;
  int64_t payload_of;
  /* the purge at work: of the whole job, or of a page of its keys */
  cascade_purge *purge;
  cascade_selection *page;
  cascade_fill *fill; /* or the fill */
  bool integers;
  bool settling, settled;            /* the page's keys are forgotten: in this transaction, and in one that was committed */
  uint64_t page_keys, page_selected; /* recorded, and different ones among them */
  int64_t page_low, page_high;       /* places */
  int64_t next;                      /* the place behind which the next page begins */
  uint32_t page_size;
  bool fitting;      /* the next page is taken to go in one transaction, as the last one did, and not read before */
  casc_done pending; /* counted in the transaction that is about to commit */
  bool unheard;      /* the last batch was committed, and the hook that was to hear of it has failed */
};

/* fill_job.c: one range. CASCADE_DONE at the end. */
cascade_status casc_fill_job_step(cascade_worker *worker, cascade_error **error);

/* page.c */
/* Opens a purge of the next page of the claim's keys; CASCADE_DONE when there are none. */
cascade_status casc_page_open(cascade_worker *worker, const casc_guard *guard, cascade_error **error);
/* Inside a transaction: counts the page's rows that stay, and forgets its keys. */
cascade_status casc_page_settle(cascade_worker *worker, uint64_t roots, cascade_error **error);
void casc_page_close(cascade_worker *worker);

#endif

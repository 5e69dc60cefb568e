/**
 * @file cascade.h
 * @brief The whole interface of libcascade.
 *
 * A program makes a context, opens or adopts a connection, reads the graph, makes a policy and a selection, and then asks
 * for blockers, a plan, or a purge:
 *
 * @code{.c}
 * static cascade_status purge_agent(const char *uri, int64_t id) {
 *   cascade_context *context = NULL; cascade_connection *connection = NULL; cascade_graph *graph = NULL;
 *   cascade_policy *policy = NULL; cascade_selection *selection = NULL; cascade_purge *purge = NULL;
 *   cascade_status status = cascade_context_new(NULL, &context, NULL);
 *   if (status >= 0) status = cascade_connection_open(context, uri, NULL, &connection, NULL);
 *   if (status >= 0) status = cascade_graph_read(connection, NULL, &graph, NULL);
 *   if (status >= 0) status = cascade_policy_new(graph, NULL, &policy, NULL);
 *   if (status >= 0) status = cascade_selection_integers(graph, "agent", &id, 1, &selection, NULL);
 *   if (status >= 0) status = cascade_purge_new(connection, policy, selection, NULL, &purge, NULL);
 *   while (status == CASCADE_OK) status = cascade_purge_next(purge, &(const cascade_batch_info *){NULL}, NULL);
 *   cascade_purge_free(purge); cascade_selection_free(selection); cascade_policy_free(policy);
 *   cascade_graph_free(graph); cascade_connection_free(connection); cascade_context_free(context);
 *   return status;
 * }
 * @endcode
 */
#ifndef CASCADE_H
#define CASCADE_H

#include <cascade/archive.h>
#include <cascade/blockers.h>
#include <cascade/common.h>
#include <cascade/connection.h>
#include <cascade/context.h>
#include <cascade/driver.h>
#include <cascade/error.h>
#include <cascade/fill.h>
#include <cascade/graph.h>
#include <cascade/outbox.h>
#include <cascade/plan.h>
#include <cascade/policy.h>
#include <cascade/purge.h>
#include <cascade/queue.h>
#include <cascade/selection.h>
#include <cascade/throttle.h>
#include <cascade/version.h>

#endif

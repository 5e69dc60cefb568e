/* The words of the graph's JSON, for its writer and its reader. */
#ifndef CASC_JSON_WORDS_H
#define CASC_JSON_WORDS_H

#define CASC_GRAPH_FORMAT "cascade-graph"
enum { CASC_GRAPH_VERSION = 1 };

/* By number, each list ending with NULL. */
extern const char *const casc_kind_words[], *const casc_action_words[];

#endif

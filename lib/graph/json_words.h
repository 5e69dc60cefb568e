/* The words of the graph's JSON, for its writer and its reader. */
#ifndef CASC_JSON_WORDS_H
#define CASC_JSON_WORDS_H

#include <stdint.h>

#define CASC_GRAPH_FORMAT "cascade-graph"
enum { CASC_GRAPH_VERSION = 1 };

/* A word for each value, or for each bit of flags; each list ends with a NULL word. */
typedef struct casc_json_word {
  const char *word;
  int32_t value;
} casc_json_word;

extern const casc_json_word casc_kind_words[], casc_action_words[], casc_value_words[], casc_table_flag_words[];

#endif

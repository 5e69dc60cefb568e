#include "queue_internal.h"

static const char *const *ddl(const casc_queue_words *words) {
  return words->ddl;
}

static const casc_tables queue = {.name = "cascade_queue",
                                  .version = CASC_QUEUE_VERSION,
                                  .what = "queue",
                                  .how = "cascade_queue_install(), or cascade queue install",
                                  .ddl = ddl};

cascade_status casc_queue_open(cascade_connection *connection, const casc_queue_words **words, cascade_error **error) {
  return casc_tables_open(&queue, connection, words, error);
}

cascade_status cascade_queue_ddl(const char *engine, char **text, cascade_error **error) {
  return casc_tables_ddl(&queue, engine, text, error);
}

cascade_status cascade_queue_install(cascade_connection *connection, cascade_error **error) {
  return casc_tables_install(&queue, connection, error);
}

#ifndef CASCADE_GRAPH_H
#define CASCADE_GRAPH_H 
#include <cascade/common.h>
#ifdef __cplusplus
extern "C" {
#endif
enum cascade_action {
  CASCADE_ACTION_NO_ACTION = 0,
  CASCADE_ACTION_RESTRICT = 1,
  CASCADE_ACTION_CASCADE = 2,
  CASCADE_ACTION_SET_NULL = 3,
  CASCADE_ACTION_SET_DEFAULT = 4
};
enum cascade_table_kind {
  CASCADE_TABLE_ORDINARY = 0,
  CASCADE_TABLE_VIEW = 1,
  CASCADE_TABLE_VIRTUAL = 2,
  CASCADE_TABLE_MISSING = 3,
  CASCADE_TABLE_PARTITION = 4
};
enum cascade_table_flag {
  CASCADE_TABLE_WITHOUT_ROWID = 1,
  CASCADE_TABLE_DELETE_TRIGGER = 2,
  CASCADE_TABLE_UPDATE_TRIGGER = 4,
  CASCADE_TABLE_IN_CYCLE = 8,
  CASCADE_TABLE_PARTITIONED = 16,
  CASCADE_TABLE_INHERITED = 32,
  CASCADE_TABLE_PARTITION_KEYS = 64,
  CASCADE_TABLE_ROW_SECURITY = 128,
  CASCADE_TABLE_NO_SELECT = 256,
  CASCADE_TABLE_NO_DELETE = 512,
  CASCADE_TABLE_NO_UPDATE = 1024,
  CASCADE_TABLE_NOT_TRANSACTIONAL = 2048
};
enum cascade_column_flag {
  CASCADE_COLUMN_NOT_NULL = 1,
  CASCADE_COLUMN_GENERATED = 2
};
enum cascade_relation_flag {
  CASCADE_RELATION_NULLABLE = 1,
  CASCADE_RELATION_INDEXED = 2,
  CASCADE_RELATION_DEFERRABLE = 4,
  CASCADE_RELATION_INITIALLY_DEFERRED = 8,
  CASCADE_RELATION_TO_PRIMARY = 16,
  CASCADE_RELATION_TO_UNIQUE = 32,
  CASCADE_RELATION_SELF = 64,
  CASCADE_RELATION_IN_CYCLE = 128,
  CASCADE_RELATION_DECLARED = 256,
  CASCADE_RELATION_UNRESOLVED = 512,
  CASCADE_RELATION_TO_MANY = 1024,
  CASCADE_RELATION_MATCH_FULL = 2048,
  CASCADE_RELATION_NOT_VALIDATED = 4096
};
enum cascade_hidden {
  CASCADE_HIDDEN_RELATIONS = 1,
  CASCADE_HIDDEN_TRIGGERS = 2
};
typedef struct cascade_table_info {
  size_t size;
  const char *schema;
  const char *name;
  const char *label;
  int32_t kind;
  uint32_t flags;
  uint32_t column_count;
  uint32_t key_count;
  const char *const *key;
  int64_t row_estimate;
  uint32_t component;
  uint32_t component_size;
  const char *part_of;
} cascade_table_info;
typedef struct cascade_column_info {
  size_t size;
  const char *name;
  const char *type;
  const char *default_sql;
  uint32_t flags;
  uint32_t reserved;
} cascade_column_info;
typedef struct cascade_relation_info {
  size_t size;
  const char *name;
  const char *label;
  uint32_t table;
  uint32_t ref_table;
  uint32_t column_count;
  uint32_t flags;
  const char *const *columns;
  const char *const *ref_columns;
  int32_t on_delete;
  int32_t on_update;
  int32_t rule;
  int32_t reserved;
  const char *index;
  const char *const *set_columns;
  uint32_t set_column_count;
  uint32_t reserved2;
} cascade_relation_info;
typedef struct cascade_graph_options {
  size_t size;
} cascade_graph_options;
CASCADE_API cascade_status cascade_graph_read(cascade_connection *connection, const cascade_graph_options *options,
                                              cascade_graph **graph, cascade_error **error);
CASCADE_API cascade_status cascade_graph_load(cascade_context *context, const char *json, uint64_t length,
                                              cascade_graph **graph, cascade_error **error);
CASCADE_API cascade_status cascade_graph_json(const cascade_graph *graph, char **text, cascade_error **error);
CASCADE_API cascade_status cascade_graph_dot(const cascade_graph *graph, const char *table, char **text,
                                             cascade_error **error);
CASCADE_API void cascade_text_free(char *text);
CASCADE_API uint32_t cascade_graph_table_count(const cascade_graph *graph);
CASCADE_API uint32_t cascade_graph_relation_count(const cascade_graph *graph);
CASCADE_API uint32_t cascade_graph_hidden(const cascade_graph *graph);
CASCADE_API cascade_status cascade_graph_find_table(const cascade_graph *graph, const char *name, uint32_t *table,
                                                    cascade_error **error);
CASCADE_API cascade_status cascade_graph_table(const cascade_graph *graph, uint32_t table, cascade_table_info *info);
CASCADE_API cascade_status cascade_graph_column(const cascade_graph *graph, uint32_t table, uint32_t column,
                                                cascade_column_info *info);
CASCADE_API cascade_status cascade_graph_relation(const cascade_graph *graph, uint32_t relation,
                                                  cascade_relation_info *info);
CASCADE_API cascade_status cascade_graph_relations_to(const cascade_graph *graph, uint32_t table,
                                                      const uint32_t **relations, uint32_t *count);
CASCADE_API cascade_status cascade_graph_relations_from(const cascade_graph *graph, uint32_t table,
                                                        const uint32_t **relations, uint32_t *count);
CASCADE_API cascade_status cascade_graph_reach(const cascade_graph *graph, uint32_t table, int32_t cascading_only,
                                               uint32_t *tables, uint32_t *count, cascade_error **error);
CASCADE_API cascade_status cascade_graph_path(const cascade_graph *graph, uint32_t from, uint32_t to,
                                              uint32_t *relations, uint32_t *count, cascade_error **error);
CASCADE_API cascade_graph *cascade_graph_ref(cascade_graph *graph);
CASCADE_API void cascade_graph_free(cascade_graph *graph);
#ifdef __cplusplus
}
#endif
#endif

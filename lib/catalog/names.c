#include "names.h"

#include <string.h>

bool casc_names_fold(const char *engine) {
  return strcmp(engine, "sqlite") == 0;
}

void casc_table_key(casc_str *key, const char *engine, const char *schema, const char *name) {
  casc_str_clear(key);
  casc_str_int(key, (long long)strlen(schema)); /* either may hold a dot */
  casc_str_putc(key, '.');
  casc_str_put(key, schema);
  casc_str_putc(key, '.');
  casc_str_put(key, name);
  if (!casc_names_fold(engine)) return;
  for (size_t i = 0; !key->failed && i < key->length; i++) key->data[i] = casc_lower(key->data[i]);
}

static void put_part(casc_str *label, const char *name) {
  if (!strpbrk(name, ".\"")) {
    casc_str_put(label, name);
    return;
  }
  casc_str_putc(label, '"');
  for (; *name; name++) {
    if (*name == '"') casc_str_putc(label, '"');
    casc_str_putc(label, *name);
  }
  casc_str_putc(label, '"');
}

const char *casc_table_label(casc_arena *arena, const char *engine, const char *schema, const char *name) {
  if (!*schema && (casc_names_fold(engine) || !strpbrk(name, ".\""))) return name;
  casc_str label;
  casc_str_init(&label, arena->alloc);
  if (*schema) {
    put_part(&label, schema);
    casc_str_putc(&label, '.');
  }
  put_part(&label, name);
  const char *text = label.failed ? NULL : casc_arena_copy(arena, label.data, label.length);
  casc_str_free(&label);
  return text;
}

uint32_t casc_find_column(const casc_table *table, const char *name) {
  uint32_t found = CASC_NONE, others = 0;
  for (uint32_t i = 0; i < table->column_count; i++) {
    if (strcmp(table->columns[i].name, name) == 0) return i;
    if (!casc_same_name(table->columns[i].name, name)) continue;
    found = i;
    others++;
  }
  return others == 1 ? found : CASC_NONE;
}

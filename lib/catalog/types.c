#include "names.h"
#include "schema.h"

static bool holds(const char *type, const char *part) {
  for (; *type; type++) {
    size_t i = 0;
    while (part[i] && casc_lower(type[i]) == part[i]) i++;
    if (!part[i]) return true;
  }
  return false;
}

casc_affinity casc_affinity_of(const char *type) {
  if (holds(type, "int")) return CASC_AFFINITY_INTEGER;
  if (holds(type, "char") || holds(type, "clob") || holds(type, "text")) return CASC_AFFINITY_TEXT;
  if (!*type || holds(type, "blob")) return CASC_AFFINITY_NONE;
  if (casc_same_name(type, "any")) return CASC_AFFINITY_OTHER; /* STRICT tables read it otherwise than all others */
  return CASC_AFFINITY_NUMERIC;
}

int32_t casc_value_type_of(casc_affinity affinity) {
  switch (affinity) {
  case CASC_AFFINITY_INTEGER: return CASCADE_INT64;
  case CASC_AFFINITY_TEXT: return CASCADE_TEXT;
  default: return CASCADE_ANY;
  }
}

void casc_column_set_type(casc_column *column, const char *type) {
  column->type = type;
  column->affinity = casc_affinity_of(type);
  column->value_type = *type && column->affinity == CASC_AFFINITY_NONE ? CASCADE_BLOB : casc_value_type_of(column->affinity);
}

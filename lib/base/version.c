#include <cascade/version.h>

uint32_t cascade_version(void) {
  return CASCADE_VERSION;
}

const char *cascade_version_string(void) {
  return CASCADE_VERSION_STRING;
}

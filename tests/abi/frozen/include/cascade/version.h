#ifndef CASCADE_VERSION_H
#define CASCADE_VERSION_H 
#include <cascade/common.h>
#ifdef __cplusplus
extern "C" {
#endif
#define CASCADE_VERSION_STRING "0.1.0"
enum cascade_version_number { CASCADE_VERSION = 0 * 1000000 + 1 * 1000 + 0 };
CASCADE_API uint32_t cascade_version(void);
CASCADE_API const char *cascade_version_string(void);
#ifdef __cplusplus
}
#endif
#endif

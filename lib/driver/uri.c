#include "uri.h"

#include <string.h>

static int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool casc_uri_decode(char *text) {
  char *to = text;
  for (const char *from = text; *from; from++) {
    if (*from != '%') {
      *to++ = *from;
      continue;
    }
    int high = digit(from[1]), low = high < 0 ? -1 : digit(from[2]);
    if (low < 0 || high * 16 + low == 0) return false;
    *to++ = (char)(high * 16 + low);
    from += 2;
  }
  *to = '\0';
  return true;
}

bool casc_uri_split(char *address, char **query) {
  char *mark = strchr(address, '?');
  *query = mark ? mark + 1 : address + strlen(address);
  if (mark) *mark = '\0';
  return casc_uri_decode(address);
}

bool casc_uri_pair(char **query, char **key, char **value) {
  *key = *value = NULL;
  while (**query == '&') ++*query;
  if (!**query) return true;
  char *pair = *query, *end = strchr(pair, '&');
  *query = end ? end + 1 : pair + strlen(pair);
  if (end) *end = '\0';
  char *equals = strchr(pair, '=');
  if (equals) *equals = '\0';
  *key = pair;
  *value = equals ? equals + 1 : pair + strlen(pair);
  return *pair && casc_uri_decode(*key) && casc_uri_decode(*value);
}

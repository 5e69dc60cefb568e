/* Addresses of the form "path?key=value&key=value", percent-encoded. Needs nothing but the C library, so that
   drivers which are libraries of their own are built with it too. */
#ifndef CASC_URI_H
#define CASC_URI_H

#include <stdbool.h>

/* Decodes %41 to A, in place. False for a broken escape, or one that means NUL. */
bool casc_uri_decode(char *text);
/* Splits at the first '?', in place, and decodes the path. *query gets what follows, still encoded; "" when nothing
   does. */
bool casc_uri_split(char *address, char **query);
/* Takes the next pair off *query, in place, decoded; *value is "" for a key without one. *key is NULL after the last.
   False for a broken escape, or a pair without a key. */
bool casc_uri_pair(char **query, char **key, char **value);

#endif

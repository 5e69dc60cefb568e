/* Where a server is and how to log in: read from a URI, or from a handle of the host's; kept, as killing a statement takes a second
   connection. */
#ifndef CASC_MARIADB_ADDRESS_H
#define CASC_MARIADB_ADDRESS_H

#include <mysql.h>

#include <stdbool.h>
#include <stddef.h>

enum mariadb_part {
  MARIADB_HOST,
  MARIADB_USER,
  MARIADB_PASSWORD,
  MARIADB_DATABASE,
  MARIADB_SOCKET,
  MARIADB_SSL_CA,
  MARIADB_SSL_CAPATH,
  MARIADB_SSL_CERT,
  MARIADB_SSL_KEY,
  MARIADB_SSL_CIPHER,
  MARIADB_FILE,
  MARIADB_GROUP,
  MARIADB_PARTS
};

typedef struct mariadb_address {
  char *parts[MARIADB_PARTS]; /* NULL where the client library's default holds */
  unsigned port;
  bool tls, verify;
} mariadb_address;

/* Reads "//user:password@host:port/database?key=value". False with a message that holds no password; an empty one for want of
   memory. */
bool mariadb_address_read(mariadb_address *address, const char *uri, char *message, size_t size);
/* Takes it from a handle that is connected. False for want of memory. */
bool mariadb_address_copy(mariadb_address *address, MYSQL *handle);
void mariadb_address_free(mariadb_address *address);

/* Connects an initialized handle. On failure the handle says why. */
bool mariadb_address_connect(const mariadb_address *address, MYSQL *handle, unsigned timeout_s);

#endif

#include "address.h"

#include "uri.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
  const char *key;
  enum mariadb_part part;
} options[] = {{"unix_socket", MARIADB_SOCKET}, {"ssl_ca", MARIADB_SSL_CA},      {"ssl_capath", MARIADB_SSL_CAPATH},
               {"ssl_cert", MARIADB_SSL_CERT},  {"ssl_key", MARIADB_SSL_KEY},    {"ssl_cipher", MARIADB_SSL_CIPHER},
               {"default_file", MARIADB_FILE},  {"default_group", MARIADB_GROUP}};
enum { OPTIONS = sizeof options / sizeof *options };

void mariadb_address_free(mariadb_address *address) {
  for (int i = 0; i < MARIADB_PARTS; i++) {
    if (address->parts[i]) explicit_bzero(address->parts[i], strlen(address->parts[i]));
    free(address->parts[i]);
  }
  *address = (mariadb_address){0};
}

/* NULL and "" leave the default. */
static bool set(mariadb_address *address, enum mariadb_part part, const char *value) {
  free(address->parts[part]);
  address->parts[part] = NULL;
  return !value || !*value || (address->parts[part] = strdup(value));
}

static bool refuse(char *message, size_t size, const char *what) {
  snprintf(message, size, "URI mariadb: %s; write mariadb://user:password@host:port/database", what);
  return false;
}

static bool no_memory(char *message) {
  *message = '\0';
  return false;
}

static bool read_option(mariadb_address *address, const char *key, const char *value, char *message, size_t size) {
  bool on = strcmp(value, "on") == 0;
  if (strcmp(key, "ssl_verify") == 0 && (on || strcmp(value, "off") == 0)) {
    address->tls = true;
    address->verify = on;
    return true;
  }
  for (int i = 0; i < OPTIONS; i++)
    if (strcmp(options[i].key, key) == 0) {
      if (options[i].part >= MARIADB_SSL_CA && options[i].part <= MARIADB_SSL_CIPHER) address->tls = true;
      return set(address, options[i].part, value) || no_memory(message);
    }
  snprintf(message, size,
           "URI mariadb: the option \"%s\" is not understood, or its value; there are unix_socket, ssl_ca, ssl_capath, ssl_cert, "
           "ssl_key, ssl_cipher, ssl_verify=on, ssl_verify=off, default_file and default_group",
           key);
  return false;
}

static bool read_options(mariadb_address *address, char *query, char *message, size_t size) {
  char *key, *value;
  bool verify_told = false;
  for (;;) {
    if (!casc_uri_pair(&query, &key, &value)) return refuse(message, size, "the part after \"?\" cannot be read");
    if (!key) break;
    if (!read_option(address, key, value, message, size)) return false;
    verify_told = verify_told || strcmp(key, "ssl_verify") == 0;
  }
  const char *file = address->parts[MARIADB_FILE];
  if (file && access(file, R_OK) != 0) { /* the client library would go on without */
    snprintf(message, size, "URI mariadb: the option file \"%s\" cannot be read: %s", file, strerror(errno));
    return false;
  }
  if (!verify_told) address->verify = address->parts[MARIADB_SSL_CA] || address->parts[MARIADB_SSL_CAPATH];
  return true;
}

static bool read_port(mariadb_address *address, const char *text) {
  enum { LARGEST = 65535 };
  char *end;
  unsigned long port = strtoul(text, &end, 10);
  if (!*text) return true;
  if (*text < '0' || *text > '9' || *end || !port || port > LARGEST) return false;
  address->port = (unsigned)port;
  return true;
}

/* "host:port", or "[::1]:port". */
static bool read_host(mariadb_address *address, char *text, char *message, size_t size) {
  char *host = text, *end = NULL;
  if (*text == '[') {
    host = text + 1;
    end = strchr(host, ']');
    if (!end || (end[1] && end[1] != ':')) return refuse(message, size, "the host in brackets cannot be read");
    *end++ = '\0';
  }
  char *colon = strchr(end ? end : text, ':');
  if (colon) *colon = '\0';
  if (colon && !read_port(address, colon + 1)) return refuse(message, size, "the port is not a number from 1 to 65535");
  if (!casc_uri_decode(host)) return refuse(message, size, "the host cannot be decoded");
  return set(address, MARIADB_HOST, host) || no_memory(message);
}

static bool read_login(mariadb_address *address, char *text, char *message, size_t size) {
  char *password = strchr(text, ':');
  if (password) *password++ = '\0';
  if (!casc_uri_decode(text) || (password && !casc_uri_decode(password)))
    return refuse(message, size, "the user or password cannot be decoded, a % is written %25");
  return (set(address, MARIADB_USER, text) && set(address, MARIADB_PASSWORD, password)) || no_memory(message);
}

static bool read_parts(mariadb_address *address, char *text, char *message, size_t size) {
  if (strncmp(text, "//", 2) != 0) return refuse(message, size, "it does not begin with mariadb://");
  char *authority = text + 2, *query = strchr(authority, '?');
  if (query) *query++ = '\0';
  char *database = strchr(authority, '/');
  if (database) *database++ = '\0';
  char *host = strrchr(authority, '@');
  if (host) *host++ = '\0';
  if (host && !read_login(address, authority, message, size)) return false;
  if (!read_host(address, host ? host : authority, message, size)) return false;
  if (database && (!casc_uri_decode(database) || strchr(database, '/')))
    return refuse(message, size, "the database's name cannot be decoded");
  if (!set(address, MARIADB_DATABASE, database)) return no_memory(message);
  return !query || read_options(address, query, message, size);
}

bool mariadb_address_read(mariadb_address *address, const char *uri, char *message, size_t size) {
  char *copy = strdup(uri);
  *address = (mariadb_address){0};
  bool good = copy ? read_parts(address, copy, message, size) : no_memory(message);
  if (copy) explicit_bzero(copy, strlen(copy));
  free(copy);
  return good;
}

bool mariadb_address_copy(mariadb_address *address, MYSQL *handle) {
  const struct st_mysql_options *from = &handle->options;
  const char *const parts[MARIADB_PARTS] = {
      [MARIADB_HOST] = handle->host,          [MARIADB_USER] = handle->user,     [MARIADB_PASSWORD] = handle->passwd,
      [MARIADB_SOCKET] = handle->unix_socket, [MARIADB_SSL_CA] = from->ssl_ca,   [MARIADB_SSL_CAPATH] = from->ssl_capath,
      [MARIADB_SSL_CERT] = from->ssl_cert,    [MARIADB_SSL_KEY] = from->ssl_key, [MARIADB_SSL_CIPHER] = from->ssl_cipher};
  *address = (mariadb_address){.port = handle->port, .tls = mysql_get_ssl_cipher(handle) != NULL};
  address->verify = handle->client_flag & CLIENT_SSL_VERIFY_SERVER_CERT;
  for (int i = 0; i < MARIADB_PARTS; i++)
    if (!set(address, (enum mariadb_part)i, parts[i])) return false;
  return true;
}

static void set_options(const mariadb_address *address, MYSQL *handle) {
  const my_bool on = 1, off = 0;
  const unsigned no_files = 0;
  char *const *parts = address->parts;
  if (parts[MARIADB_FILE]) mysql_options(handle, MYSQL_READ_DEFAULT_FILE, parts[MARIADB_FILE]);
  if (parts[MARIADB_FILE] || parts[MARIADB_GROUP])
    mysql_options(handle, MYSQL_READ_DEFAULT_GROUP, parts[MARIADB_GROUP] ? parts[MARIADB_GROUP] : "client");
  mysql_options(handle, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  mysql_options(handle, MYSQL_OPT_RECONNECT, &off);
  mysql_options(handle, MYSQL_OPT_LOCAL_INFILE, &no_files);
  if (!address->tls) return;
  mysql_ssl_set(handle, parts[MARIADB_SSL_KEY], parts[MARIADB_SSL_CERT], parts[MARIADB_SSL_CA], parts[MARIADB_SSL_CAPATH],
                parts[MARIADB_SSL_CIPHER]);
  mysql_options(handle, MYSQL_OPT_SSL_ENFORCE, &on);
  mysql_options(handle, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, address->verify ? &on : &off);
}

/* An option file may have said otherwise. */
static bool insist(MYSQL *handle) {
  const my_bool off = 0;
  const unsigned no_files = 0;
  mysql_options(handle, MYSQL_OPT_RECONNECT, &off);
  mysql_options(handle, MYSQL_OPT_LOCAL_INFILE, &no_files);
  return strcmp(mysql_character_set_name(handle), "utf8mb4") == 0 || mysql_set_character_set(handle, "utf8mb4") == 0;
}

/* Affected rows are those that were found: a key that is set to what it was counts as every engine counts it. */
bool mariadb_address_connect(const mariadb_address *address, MYSQL *handle, unsigned timeout_s) {
  char *const *parts = address->parts;
  mysql_options(handle, MYSQL_OPT_CONNECT_TIMEOUT, &timeout_s);
  set_options(address, handle);
  return mysql_real_connect(handle, parts[MARIADB_HOST], parts[MARIADB_USER], parts[MARIADB_PASSWORD], parts[MARIADB_DATABASE],
                            address->port, parts[MARIADB_SOCKET], CLIENT_FOUND_ROWS) &&
         insist(handle);
}

/* What tests of tokens share: the scope of a request, on a database in memory. */
#ifndef TOKEN_RIG_H
#define TOKEN_RIG_H

#include "blockers_token.h"
#include "failing_alloc.h"

#include <cascade.h>
#include <sqlite3.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { DESKS = 40, KEY = 32, TOP = 22, MAC = 16 }; /* tables; bytes of the key, of a token's head and of its MAC */

extern const char key[KEY];

#define AGENT "CREATE TABLE agent (id INTEGER PRIMARY KEY, boss_id INTEGER REFERENCES agent ON DELETE CASCADE);"
#define CUSTOMER "CREATE TABLE customer (id INTEGER PRIMARY KEY, agent_id INTEGER REFERENCES agent ON DELETE CASCADE);"
#define INVOICE "CREATE TABLE invoice (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customer);"
#define STAMP                                                                                                                      \
  "CREATE TABLE stamp (name TEXT, mark BLOB, agent_id INTEGER REFERENCES agent ON DELETE CASCADE,"                                 \
  "                    PRIMARY KEY (name, mark)) WITHOUT ROWID;"
#define SCAN                                                                                                                       \
  "CREATE TABLE scan (id INTEGER PRIMARY KEY, name TEXT, mark BLOB,"                                                               \
  "                   FOREIGN KEY (name, mark) REFERENCES stamp ON DELETE CASCADE);"

typedef struct rig {
  sqlite3 *db;
  failing_alloc memory;
  cascade_context *context;
  cascade_connection *connection;
  cascade_graph *graph;
  cascade_policy *policy;
  cascade_selection *selection;
  casc_scope scope;
} rig;

/* The scope of deleting one row of a table. */
void make(rig *at, const char *schema, const char *table, int64_t id);
void make_usual(rig *at);
void drop(rig *at); /* fails the test when memory was kept */
/* The relation between two tables; there is one. */
uint32_t number_of(const rig *at, const char *table, const char *ref_table);

cascade_value integer(int64_t number);
cascade_value bytes(int32_t type, const char *data, size_t length);
/* Behind the others, in this order. False when memory is out. */
bool put(casc_keyset *set, const cascade_value *cells);
bool put_integer(casc_keyset *set, int64_t number);

void write_text(const casc_blockers_token *token, casc_str *text);
/* The bytes of a text without their MAC; and the text of bytes with a MAC, for which there is room behind them. */
size_t raw_of(const casc_str *text, unsigned char *data, size_t room);
void sign(unsigned char *data, size_t length, char *text, size_t room);

#endif

/* Tables with every kind of relation that the policy has to tell apart. */
#ifndef MUSEUM_H
#define MUSEUM_H

static const char museum_schema[] =
    "CREATE TABLE agent (id INTEGER PRIMARY KEY, name TEXT UNIQUE, code TEXT, region TEXT, UNIQUE (code, region));"
    "CREATE TABLE loan (id INTEGER PRIMARY KEY, borrower_id INTEGER REFERENCES agent,"
    " lender_id INTEGER NOT NULL REFERENCES agent ON DELETE CASCADE, code TEXT, region TEXT, total INTEGER,"
    " twice INTEGER GENERATED ALWAYS AS (total * 2) STORED REFERENCES agent,"
    " FOREIGN KEY (code, region) REFERENCES agent (code, region) ON DELETE SET NULL);"
    "CREATE TABLE note (id INTEGER PRIMARY KEY, object_id INTEGER, object_type TEXT, parent_id INTEGER);"
    "CREATE TABLE twin (id INTEGER PRIMARY KEY, x INTEGER REFERENCES agent REFERENCES loan,"
    " y INTEGER REFERENCES agent (id) REFERENCES agent (name), z INTEGER REFERENCES agent REFERENCES agent);"
    "CREATE TABLE pair (a TEXT, b INTEGER, c, PRIMARY KEY (a, b));"
    "CREATE TABLE orphan (id INTEGER PRIMARY KEY, gone_id INTEGER REFERENCES gone);"
    "CREATE TABLE audit_log (id INTEGER PRIMARY KEY, agent_id INTEGER REFERENCES agent ON DELETE CASCADE);"
    "CREATE TABLE task (id INTEGER PRIMARY KEY, owner_id INTEGER REFERENCES agent ON DELETE SET DEFAULT);"
    "CREATE TABLE bare (x INTEGER, y TEXT);"
    "CREATE VIEW agent_names AS SELECT id, name FROM agent;";

#endif

/* How the engines differ, as far as the tests that are the same for all of them are concerned. */
#include "rig.h"

static const test_case sqlite_failing[] = {
    {"DELETE FORM p", CASCADE_SCHEMA, 1, NULL},
    {"DELETE FROM nowhere", CASCADE_SCHEMA, 1, NULL},
    {"DELETE FROM p WHERE nothing = 1", CASCADE_SCHEMA, 1, NULL},
    {"UPDATE p SET nothing = 1", CASCADE_SCHEMA, 1, NULL},
    {"DELETE FROM p WHERE u = 'open", CASCADE_SCHEMA, 0, NULL},
    {"INSERT INTO p (u) VALUES (1)", CASCADE_CONSTRAINT, 2067, NULL},
    {"INSERT INTO p (m) VALUES (NULL)", CASCADE_CONSTRAINT, 1299, NULL},
    {"INSERT INTO p (k) VALUES (10)", CASCADE_CONSTRAINT, 275, NULL},
    {"DELETE FROM p WHERE id = 1", CASCADE_CONSTRAINT_FK, 787, NULL},
    {"DELETE FROM p WHERE id = 2", CASCADE_CONSTRAINT_FK, 1811, NULL}, /* RESTRICT */
    {"INSERT INTO c VALUES (9, 9)", CASCADE_CONSTRAINT_FK, 787, NULL},
    {"UPDATE p SET k = json_extract('{', '$.a')", CASCADE_DATABASE, 1, NULL},
    {"COMMIT", CASCADE_DATABASE, 1, NULL},
    {"ROLLBACK TO nowhere", CASCADE_DATABASE, 1, NULL},
    {"DELETE FROM guarded", CASCADE_CONSTRAINT, 1811, NULL},
    {0},
};

static const char *const sqlite_placeholders[] = {
    "From q Where \"a?\" = '?' And [b?] = ? And `c?` = -?", "From q Where [b?]=?And`c?`=-? /* ? */ And '?' = '?'",
    "From q Where [b?] In (?) And `c?` In(-?) -- ? '",      "From q /* ' */ Where [b?]-?=0 And `c?`+?=0",
    "From q Where Case When[b?]=?Then`c?`=-?Else 0 End",    NULL,
};

const test_engine sqlite_engine = {
    .name = "sqlite",
    .any = true,
    .nul_in_text = true,
    .broken_text = true,
    .infinite = true,
    .cancelled = CASCADE_TX_ROLLED_BACK,
    .types = {[CASCADE_INT64] = "INTEGER", "INTEGER", "REAL", "TEXT", "BLOB", ""},
    .key_type = "BLOB",
    .series = "(WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r WHERE i < %d) SELECT i FROM r) AS s",
    .endless = "(WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r) SELECT i FROM r) AS s",
    .unnest = "json_each(?)",
    .begin = "BEGIN IMMEDIATE",
    .hold = "BEGIN IMMEDIATE",
    .want = "UPDATE v SET x = 3 WHERE id = -9",
    .setting = "PRAGMA user_version=1",
    .broken = "abs(-9223372036854775807 - 1)",
    .trigger = "CREATE TRIGGER t AFTER DELETE ON p BEGIN INSERT INTO log VALUES (1); INSERT INTO log VALUES (2); END",
    .ignoring = "INSERT OR IGNORE INTO p VALUES (1, 5), (4, 5)",
    .failing_schema = "CREATE TABLE p (id INTEGER PRIMARY KEY, u UNIQUE, m NOT NULL DEFAULT 1, k CHECK (k < 10));"
                      "CREATE TABLE c (id INTEGER PRIMARY KEY, p REFERENCES p);"
                      "CREATE TABLE r (id INTEGER PRIMARY KEY, p REFERENCES p ON DELETE RESTRICT);"
                      "CREATE TABLE guarded (id); INSERT INTO guarded VALUES (1);"
                      "CREATE TRIGGER g BEFORE DELETE ON guarded BEGIN SELECT RAISE(ABORT, 'this row\nstays'); END;"
                      "INSERT INTO p VALUES (1, 1, 1, 1), (2, 2, 2, 2); INSERT INTO c VALUES (1, 1); INSERT INTO r VALUES (1, 2)",
    .failing = sqlite_failing,
    .placeholder_schema = "CREATE TABLE q (\"a?\" TEXT, [b?] INTEGER, `c?` INTEGER);"
                          "INSERT INTO q VALUES ('?', 5, -5), ('it''s ?', 6, -6)",
    .placeholders = sqlite_placeholders,
    .column = casc_sqlite_column,
};

static const test_case postgresql_failing[] = {
    {"DELETE FORM p", CASCADE_SCHEMA, 0, "42601"},
    {"DELETE FROM nowhere", CASCADE_SCHEMA, 0, "42P01"},
    {"DELETE FROM nowhere.p", CASCADE_SCHEMA, 0, "42P01"},
    {"DELETE FROM p WHERE nothing = 1", CASCADE_SCHEMA, 0, "42703"},
    {"UPDATE p SET nothing = 1", CASCADE_SCHEMA, 0, "42703"},
    {"DELETE FROM p WHERE u = 'open", CASCADE_SCHEMA, 0, NULL},
    {"DELETE FROM p WHERE u = 'words'", CASCADE_DATABASE, 0, "22P02"},
    {"INSERT INTO p VALUES (9, 1)", CASCADE_CONSTRAINT, 0, "23505"},
    {"INSERT INTO p VALUES (9, 9, NULL)", CASCADE_CONSTRAINT, 0, "23502"},
    {"INSERT INTO p VALUES (9, 9, 9, 10)", CASCADE_CONSTRAINT, 0, "23514"},
    {"DELETE FROM p WHERE id = 1", CASCADE_CONSTRAINT_FK, 0, "23503"},
    {"DELETE FROM p WHERE id = 2", CASCADE_CONSTRAINT_FK, 0, "23503"}, /* RESTRICT */
    {"INSERT INTO c VALUES (9, 9)", CASCADE_CONSTRAINT_FK, 0, "23503"},
    {"UPDATE p SET k = 1 / (id - id)", CASCADE_DATABASE, 0, "22012"},
    {"ROLLBACK TO nowhere", CASCADE_DATABASE, 0, "25P01"},
    {"DELETE FROM guarded", CASCADE_CONSTRAINT, 0, "P0001"},
    {0},
};

static const char *const postgresql_placeholders[] = {
    "From q Where \"a$1\" = '$1' And \"b\"\"$1\" = $1 And c$1 = -$2",
    "From q Where \"b\"\"$1\"=$1 And c$1=-$2 /* $3 /* nested: $4 */ ' */ And '$1'='$1'",
    "From q Where \"b\"\"$1\" In ($2) And c$1 In(-$1) -- $3 '",
    "From q /* ' */ Where \"b\"\"$1\"-$1=0 And c$1+$2=0",
    "From q Where Case When\"b\"\"$1\"=$1 Then c$1=-$2 Else false End",
    "From q Where \"b\"\"$1\" = $1 And $2 = $1 And $1 > 0 And E'\\'$3' <> 'it''s $3' And e'\\\\' <> '$3'",
    "From q Where \"b\"\"$1\" = $1 And $2 = 5 And $$ $3 ' $$ <> $tag$ $4 $$ \" $tag$ And U&'\\0061$3' = 'a$3'",
    "From q Where \"b\"\"$1\" = ($1)::text::bigint And $2 = Any(Array[$1])",
    NULL,
};

const test_engine postgresql_engine = {
    .name = "postgresql",
    .numbered = true,
    .infinite = true,
    .cancelled = CASCADE_TX_OPEN,
    .types = {[CASCADE_INT64] = "bigint", "numeric(20)", "double precision", "text", "bytea", "numeric"},
    .key_type = "bytea",
    .series = "generate_series(1, %d) AS s(i)",
    .endless = "generate_series(1::bigint, 1000000000000000) AS s(i)",
    .unnest = "unnest(?) As u(value)",
    .begin = "BEGIN",
    .hold = "BEGIN; UPDATE v SET x = 2 WHERE id = -9",
    .want = "UPDATE v SET x = 3 WHERE id = -9",
    .setting = "SET application_name = 'test'",
    .broken = "1 / (x - x)",
    .trigger = "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES (1), (2); RETURN NULL; "
               "END $$; CREATE TRIGGER t AFTER DELETE ON p FOR EACH ROW EXECUTE FUNCTION note()",
    .ignoring = "INSERT INTO p VALUES (1, 5), (4, 5) ON CONFLICT DO NOTHING",
    .failing_schema =
        "CREATE TABLE p (id bigint PRIMARY KEY, u bigint UNIQUE, m bigint NOT NULL DEFAULT 1, k bigint CHECK (k < 10));"
        "CREATE TABLE c (id bigint PRIMARY KEY, p bigint REFERENCES p);"
        "CREATE TABLE r (id bigint PRIMARY KEY, p bigint REFERENCES p ON DELETE RESTRICT);"
        "CREATE TABLE guarded (id bigint); INSERT INTO guarded VALUES (1);"
        "CREATE FUNCTION stay() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION E'this row\\nstays'; END $$;"
        "CREATE TRIGGER g BEFORE DELETE ON guarded FOR EACH ROW EXECUTE FUNCTION stay();"
        "INSERT INTO p VALUES (1, 1, 1, 1), (2, 2, 2, 2); INSERT INTO c VALUES (1, 1); INSERT INTO r VALUES (1, 2)",
    .failing = postgresql_failing,
    .placeholder_schema = "CREATE TABLE q (\"a$1\" text, \"b\"\"$1\" bigint, c$1 bigint);"
                          "INSERT INTO q VALUES ('$1', 5, -5), ('it''s $1', 6, -6)",
    .placeholders = postgresql_placeholders,
    .column = casc_postgres_column,
};

static const test_case mariadb_failing[] = {
    {"DELETE FORM p", CASCADE_SCHEMA, 1064, "42000"},
    {"DELETE FROM nowhere", CASCADE_SCHEMA, 1146, NULL},
    {"DELETE FROM p WHERE nothing = 1", CASCADE_SCHEMA, 1054, NULL},
    {"UPDATE p SET nothing = 1", CASCADE_SCHEMA, 1054, NULL},
    {"DELETE FROM p WHERE u = 'open", CASCADE_SCHEMA, 0, NULL},
    {"INSERT INTO p (id, u) VALUES (9, 1)", CASCADE_CONSTRAINT, 1062, NULL},
    {"INSERT INTO p VALUES (9, 9, NULL, 1)", CASCADE_CONSTRAINT, 1048, NULL},
    {"INSERT INTO p VALUES (9, 9, 9, 10)", CASCADE_CONSTRAINT, 4025, NULL},
    {"DELETE FROM p WHERE id = 1", CASCADE_CONSTRAINT_FK, 1451, NULL},
    {"DELETE FROM p WHERE id = 2", CASCADE_CONSTRAINT_FK, 1451, NULL}, /* RESTRICT */
    {"INSERT INTO c VALUES (9, 9)", CASCADE_CONSTRAINT_FK, 1452, NULL},
    {"ROLLBACK TO nowhere", CASCADE_DATABASE, 1305, NULL},
    {"DELETE FROM guarded", CASCADE_CONSTRAINT, 1644, NULL},
    {0},
};

static const char *const mariadb_placeholders[] = {
    "From q Where `a?` = '?' And `b?` = ? And `c?` = -?",
    "From q Where `b?`=? And`c?`=-? /* ? */ And '?' = '?'", /* a word may not follow at once */
    "From q Where `b?` In (?) And `c?` In(-?) -- ? '",
    "From q /* ' */ Where `b?`-?=0 And `c?`+?=0",
    "From q Where Case When`b?`=? Then`c?`=-? Else 0 End # ?",
    NULL,
};

const test_engine mariadb_engine = {
    .name = "mariadb",
    .nul_in_text = true,
    .cancelled = CASCADE_TX_OPEN,
    .types = {[CASCADE_INT64] = "BIGINT", "BIGINT UNSIGNED", "DOUBLE", "LONGTEXT", "LONGBLOB", "DECIMAL(65,1)"},
    .key_type = "VARBINARY(16)",
    .series = "(SELECT seq AS i FROM seq_1_to_%d) AS s",
    .endless = "(SELECT a.seq AS i FROM seq_1_to_1000000000 AS a) AS s",
    .unnest = "JSON_TABLE(?, '$[*]' COLUMNS (value BIGINT PATH '$')) AS u",
    .begin = "BEGIN",
    .hold = "BEGIN; UPDATE v SET x = 2 WHERE id = -9",
    .want = "UPDATE v SET x = 3 WHERE id = -9",
    .setting = "SET @a = 1",
    .broken = "9223372036854775807 + 1 + id - id",
    .trigger = "CREATE TRIGGER t AFTER DELETE ON p FOR EACH ROW INSERT INTO log VALUES (1), (2)",
    .ignoring = "INSERT IGNORE INTO p VALUES (1, 5), (4, 5)",
    .failing_schema =
        "CREATE TABLE p (id BIGINT PRIMARY KEY, u BIGINT UNIQUE, m BIGINT NOT NULL DEFAULT 1, k BIGINT CHECK (k < 10));"
        "CREATE TABLE c (id BIGINT PRIMARY KEY, p BIGINT, FOREIGN KEY (p) REFERENCES p (id));"
        "CREATE TABLE r (id BIGINT PRIMARY KEY, p BIGINT, FOREIGN KEY (p) REFERENCES p (id) ON DELETE RESTRICT);"
        "CREATE TABLE guarded (id BIGINT); INSERT INTO guarded VALUES (1);"
        "CREATE TRIGGER g BEFORE DELETE ON guarded FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'this row\nstays';"
        "INSERT INTO p VALUES (1, 1, 1, 1), (2, 2, 2, 2); INSERT INTO c VALUES (1, 1); INSERT INTO r VALUES (1, 2)",
    .failing = mariadb_failing,
    .placeholder_schema = "CREATE TABLE q (`a?` TEXT, `b?` BIGINT, `c?` BIGINT);"
                          "INSERT INTO q VALUES ('?', 5, -5), ('it''s ?', 6, -6)",
    .placeholders = mariadb_placeholders,
    .created = 3,
    .column = casc_mariadb_column,
};

"""A table of each engine with everything that its columns can be, for the tests of the archive.

`TABLES`: statements that make it, its name as SQL has it and as the catalog has it, the columns that are stored, and rows as SQL."""

POSTGRESQL = {
    "before": ['CREATE TYPE "mo od" AS ENUM (\'so so\', \'o\'\'k\')', "CREATE DOMAIN short AS varchar(9) CHECK (value <> 'never')",
               "CREATE TYPE pair AS (a int, b text)"],
    "table": '"select ""from"',
    "name": 'select "from',
    "columns": {'"order by"': "bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "\"ü 'x\"": 'text COLLATE "C"', "b": "bytea",
                "n": "numeric(40, 20)", "huge": "numeric", "f": "float8", "r": "real", "d": "date", "ts": "timestamp(6)", "tz": "timestamptz",
                "tm": "time", "i": "interval", "u": "uuid", "a": "text[]", "aa": "int[][]", "j": "json", "jb": "jsonb", "m": '"mo od"',
                "bits": "bit varying(9)", "s": "short", "net": "inet", "rng": "int4range", "xm": "xml", "tsv": "tsvector", "c": "char(5)",
                "flag": "boolean", "small": "smallint", "money": "money", "p": "pair", "pt": "point",
                "parent": 'bigint REFERENCES "select ""from" ON DELETE CASCADE'},
    "computed": {'"to tal"': "text GENERATED ALWAYS AS (\"ü 'x\" || 'g') STORED"},
    "insert": 'INSERT INTO "select ""from" ({columns}) OVERRIDING SYSTEM VALUE VALUES ({values})',
    "rows": [
        ["1"] + ["NULL"] * 30,
        ["9223372036854775807", "E'a\"b\\\\c\\n\\u0001 ü \U0001F41E''x''00'''", "'\\x00ff27'",
         "-12345678901234567890.12345678901234567890",
         "123456789012345678901234567890.000000000100", "0.1", "3.4028235e38", "'infinity'", "'4713-01-01 00:00:00.000001 BC'",
         "'2031-04-01 12:00:00.123456+05:30'", "'23:59:59.999999'", "'1 year -2 days 03:04:05.678'",
         "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", "ARRAY['x,y', 'q\"', NULL, '']", "'{{1,2},{3,NULL}}'", "'{\"a\" : 1.10,  \"a\": 2}'",
         "'{\"a\": 1.10}'", "'o''k'", "B'0101'", "'short'", "'10.0.0.1/8'", "'[1,5)'", "'<a>&amp;</a>'", "to_tsvector('simple', 'a cat''s')",
         "'ab'", "true", "-32768", "'1234.56'", "ROW(1, 'x,\"y')", "'(1.5,-2e-300)'", "1"],
        ["-5", "''", "''", "0", "'NaN'", "'NaN'", "'-Infinity'", "'0044-03-15 BC'", "'-infinity'", "'infinity'", "'00:00'", "'0'",
         "NULL", "'{}'", "'{}'", "'null'", "'\"x\"'", "'so so'", "''", "''", "'::1'", "'empty'", "NULL", "''", "''", "false", "0", "0",
         "ROW(NULL, NULL)", "'(0,0)'", "9223372036854775807"],
    ],
}

MARIADB = {
    "before": [],
    "table": "`select ``from`",
    "name": "select `from",
    "columns": {"`order by`": "bigint unsigned AUTO_INCREMENT PRIMARY KEY",
                "`ü 'x`": "varchar(60) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin",
                "latin": "varchar(20) CHARACTER SET latin1 COLLATE latin1_german2_ci", "bin": "varbinary(20)", "fixed": "binary(4)", "bl": "longblob",
                "txt": "mediumtext CHARACTER SET utf8mb3", "n": "decimal(40, 20)", "f": "float", "dbl": "double", "d": "date",
                "dt": "datetime(6)", "ts": "timestamp(6) NULL", "plain": "timestamp NULL", "tm": "time(3)", "y": "year",
                "en": "enum('a', 'B c', 'o''k')", "se": "set('x', 'y')", "js": "json", "bits": "bit(9)",
                "uu": "uuid", "ip": "inet6", "geo": "point", "ti": "tinyint", "parent": "bigint unsigned"},
    "constraint": "FOREIGN KEY (parent) REFERENCES `select ``from` (`order by`) ON DELETE CASCADE",
    "computed": {"`to tal`": "varchar(70) AS (concat(`ü 'x`, 'g')) PERSISTENT", "vi": "int AS (ti + 1) VIRTUAL"},
    "insert": "INSERT INTO `select ``from` ({columns}) VALUES ({values})",
    "rows": [
        ["1"] + ["NULL"] * 24,
        ["18446744073709551615", "'a\"b\\\\c\\n ü \U0001F41E''x''00'''", "'straße  '", "x'00ff27'", "x'01'", "x'ff00fe'", "'ü€'",
         "-12345678901234567890.12345678901234567890", "3.4028e38", "0.1", "'0000-00-00'", "'9999-12-31 23:59:59.999999'",
         "'2031-04-01 12:00:00.123456'", "'2031-10-26 02:30:00'", "'-838:59:59.999'", "2031", "'o''k'", "'x,y'",
         "'{\"a\" : 1.10}'", "b'100000001'", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", "'::1'", "ST_GeomFromText('POINT(1.5 -2e-300)')",
         "-128", "1"],
        ["5", "''", "''", "x''", "x''", "x''", "''", "0", "1.17549435e-38", "-1.7976931348623157e308", "'2024-02-29'",
         "'2024-02-29 00:00:00'",
         "'1970-01-02 00:00:00'", "'2001-01-01 00:00:00'", "'00:00'", "1901", "'a'", "''", "'null'", "b'0'", "NULL", "'::ffff:10.0.0.1'", "NULL", "0",
         "18446744073709551615"],
    ],
}

SQLITE = {
    "before": [],
    "table": '"select ""from"',
    "name": 'select "from',
    "columns": {'"order by"': "INTEGER PRIMARY KEY", "\"ü 'x\"": "TEXT COLLATE NOCASE", "b": "BLOB", "n": "DECIMAL(40, 20)",
                "anything": "", "an": "ANY",
                "v": "varchar(3)", "r": "REAL", '"a b"': '"odd" type', "parent": 'INTEGER REFERENCES "select ""from" ON DELETE CASCADE'},
    "computed": {'"to tal"': "TEXT AS (\"ü 'x\" || 'g') STORED", "vi": "INT AS (v + 1)"},
    "insert": 'INSERT INTO "select ""from" ({columns}) VALUES ({values})',
    "rows": [
        ["1"] + ["NULL"] * 9,
        ["9223372036854775807", "'a\"b\\c' || char(10, 1, 252, 128030) || '''x''00'''", "x'00ff27'",
         "'12345678901234567890.12345678901234567890'",
         "'1'", "'01'", "x'78'", "0.1", "1e308", "1"],
        ["-9223372036854775808", "CAST(x'ff41' AS TEXT)", "'text in a blob'", "1.5", "1", "'x''00'''", "12345", "-5e-324", "''",
         "9223372036854775807"],
        ["7", "'a' || char(0) || 'b'", "zeroblob(70000)", "x'00'", "0.1", "1e15", "''", "3", "'é'", "NULL"],
    ],
}

TABLES = {"postgresql": POSTGRESQL, "mariadb": MARIADB, "sqlite": SQLITE}


def create(engine):
    """Statements that make the table with its rows."""
    kind = TABLES[engine]
    columns = [f"{name} {words}" for part in ("columns", "computed") for name, words in kind[part].items()]
    yield from kind["before"]
    yield f"CREATE TABLE {kind['table']} ({', '.join(columns + [kind[part] for part in ('constraint',) if part in kind])})"
    if engine == "mariadb":
        yield "SET foreign_key_checks = 0"
    for row in kind["rows"]:
        yield kind["insert"].format(columns=", ".join(kind["columns"]), values=", ".join(row))

"""Back-fills in ranges of what is no integer: texts of every collation, uuids, decimals, dates, bytes.

keys.py ENGINE [WORD]: tests on sqlite, postgresql or mariadb, with both drivers (one, when CASCADE_QUICK is set); with WORD those
whose name has it. What a fill writes is what one INSERT ... SELECT writes.
"""

import os
import random
import uuid

import filling
from filling import CHECKPOINT, Filling, ffi, fills, sessions
import libcascade
from proxy import Proxy

WORDS = ["", " ", "a", "A", "b", "B", "ab", "aB", "Ab", "a b", "a-b", "ä", "Ä", "ae", "z", "Z", "ß", "ss", "é", "e", "É", "o'b", 'o"b',
         "\\", "\\'", "%", "_", "?", "$1", "0", "00", "1", "10", "9", "1e1", "-1", " 1", "~", "日本", "😀", "a\tb", "a\nb",
         "x" * 60, "X" * 60]
NUMBERS = ["0", "1", "-1", "0.5", "-0.5", "9", "10", "10.25", "100", "-100.125", "12345678.125", "12345678.250", "99999999.999",
           "0.001"]
PRECISE = NUMBERS + ["12345678901234567.000000001", "12345678901234567.000000002", "12345678901234567.000000003"]
DATES = [f"20{y:02}-{m:02}-{d:02}" for y in (0, 23, 24) for m in (1, 2, 12) for d in (1, 9, 10, 28)] + ["1970-01-01", "1000-01-01"]
TIMES = [f"{d} {t}" for d in DATES[:12] for t in ("00:00:00", "00:00:00.000001", "23:59:59.999999")]
BYTES = [b"", b"\x00", b"\x00\x00", b"\xff", b"\x00\xff", b"'", b"\\", b"a", b"A", b"\x80", bytes(range(30))]
UUIDS = [str(uuid.UUID(bytes=random.Random(i).randbytes(16), version=(1, 4)[i % 2])) for i in range(50)]
INETS = ["2001:db8::1", "2001:db8::2", "::1", "fe80::10", "fe80::9", "::ffff:10.0.0.1", "::ffff:9.0.0.1"]

KINDS = {
    "sqlite": {"TEXT": WORDS, "TEXT COLLATE NOCASE": WORDS, "VARCHAR(90) COLLATE RTRIM": WORDS, "CHAR(36)": UUIDS, "UUID": UUIDS,
               "DECIMAL(12,3)": NUMBERS, "DATE": DATES, "TIMESTAMP": TIMES, "BLOB": BYTES, "": WORDS + BYTES + [1, 2, -7, 1.5, 10],
               "REAL": NUMBERS, "BOOLEAN": [0, 1]},
    "postgresql": {"text": WORDS, "varchar(90)": WORDS, "char(90)": WORDS, 'text COLLATE "C"': WORDS, "text COLLATE loose": WORDS,
                   "text COLLATE german": WORDS, "label": WORDS, "uuid": UUIDS, "numeric(30,9)": PRECISE,
                   "numeric": PRECISE + ["NaN"],
                   "date": DATES + ["infinity", "-infinity"], "timestamptz": TIMES, "timestamp": TIMES, "bytea": BYTES,
                   "double precision": NUMBERS + ["Infinity"], "mood": ["sad", "ok", "happy"], "inet": INETS, "boolean": ["t", "f"],
                   "time": ["00:00:00", "23:59:59.999999", "12:00:00"], "int[]": ["{1,2}", "{1}", "{10}", "{2}"]},
    "mariadb": {"VARCHAR(90)": WORDS, "VARCHAR(90) COLLATE utf8mb4_bin": WORDS, "VARCHAR(90) COLLATE utf8mb4_nopad_bin": WORDS,
                "VARCHAR(90) COLLATE utf8mb4_unicode_ci": WORDS, "VARCHAR(90) COLLATE utf8mb4_german2_ci": WORDS,
                "CHAR(90) CHARACTER SET latin1 COLLATE latin1_swedish_ci": [w for w in WORDS if w not in ("日本", "😀")],
                "CHAR(36)": UUIDS, "UUID": UUIDS, "INET6": INETS, "DECIMAL(30,9)": PRECISE, "DOUBLE": NUMBERS, "DATE": DATES,
                "DATETIME(6)": TIMES, "TIMESTAMP(6)": [t for t in TIMES if t > "1971"],
                "TIME(6)": ["-10:00:00", "00:00:00", "838:00:00", "9:00:00.5"],
                "YEAR": ["1970", "2000", "2026"], "VARBINARY(90)": BYTES, "BINARY(30)": BYTES}}
BESIDE = {"sqlite": "INSERT OR IGNORE INTO", "postgresql": "INSERT INTO", "mariadb": "INSERT IGNORE INTO"}
ORDERS = {"sqlite": "TEXT COLLATE NOCASE", "postgresql": 'text COLLATE "C"', "mariadb": "VARCHAR(90) COLLATE utf8mb4_bin"}

OTHERS = {"sqlite": "TEXT", "postgresql": "text", "mariadb": "VARCHAR(90) COLLATE utf8mb4_unicode_ci"}


class Keyed(Filling):
    def literal(self, value):
        if isinstance(value, bytes):
            return f"'\\x{value.hex()}'" if self.engine == "postgresql" else f"x'{value.hex()}'"
        if isinstance(value, str):
            value = value.replace("\\", "\\\\") if self.engine == "mariadb" else value
            return "'" + value.replace("'", "''") + "'"
        return str(value)

    def types(self):
        if self.engine == "postgresql":
            self.database.run("CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
                              "CREATE COLLATION german (provider = icu, locale = 'de')", "CREATE DOMAIN label AS varchar(90)",
                              "CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy')")

    def make(self, kind, values, other=None, seed=1):
        """Two sources, the second of the type `other`, with an index each; the target; and `one`, for one INSERT ... SELECT."""
        run, rng = self.database.run, random.Random(seed)
        for table, key in (("one", kind), ("two", other or kind)):
            run(f"CREATE TABLE {table}_source (k {key}, u INTEGER, level INTEGER)",
                f"CREATE INDEX {table}_key ON {table}_source (k)")
            rows = [(rng.choice(values), rng.randrange(4), rng.randrange(9)) for _ in range(90)]
            run(f"INSERT INTO {table}_source VALUES " + ", ".join(f"({self.literal(k)}, {u}, {n})" for k, u, n in rows))
        for table in ("target", "whole"):
            run(f"CREATE TABLE {table} (k {kind} NOT NULL, u INTEGER NOT NULL, level INTEGER, PRIMARY KEY (k, u))")
        run(CHECKPOINT.replace("VARCHAR(400)", "TEXT"))

    SOURCES = ("SELECT k, u FROM one_source", "SELECT k, u FROM two_source")

    def keyed(self, sources=SOURCES, columns=("k", "u"), **options):
        options.setdefault("max_tx_rows", 9)
        return self.fill(list(sources), columns, ("k", "u"), "target", **options)

    def whole(self, select):
        end = " ON CONFLICT DO NOTHING" if self.engine == "postgresql" else ""
        self.database.run(f"{BESIDE[self.engine]} whole (k, u) SELECT * FROM ({select}) s{end}")
        return self.database.value("SELECT count(*) FROM whole")

    def check(self, fill, expected, ranges=3):
        self.assertEqual(fill.counts(), (expected, 0, 0))
        self.assertEqual(sum(r.rows for r in fill.ranges), expected)
        self.assertGreaterEqual(len(fill.ranges), ranges)
        self.assertEqual(self.database.value("SELECT count(*) FROM target"), expected)
        same = self.database.value("SELECT count(*) FROM target JOIN whole ON target.k = whole.k AND target.u = whole.u")
        self.assertEqual(same, expected)


class Types(Keyed):
    def test_every_type(self):
        """Like one INSERT ... SELECT, in many ranges, each row once; a second pass inserts nothing; and so does a dry run count."""
        for seed, (kind, values) in enumerate(KINDS[self.engine].items()):
            with self.subTest(kind=kind):
                self.database.clear()
                self.types()
                self.make(kind, values, seed=seed)
                expected = self.whole(" UNION ALL ".join(self.SOURCES))
                dry = self.keyed(dry_run=1).finish()
                self.assertEqual(dry.counts(), (expected, 0, 0))
                fill = self.keyed(checkpoint_table="mark", job="keys").finish()
                self.check(fill, expected, 2 if len(values) < 5 else 3)
                self.assertEqual((fill.ranges[0].ends[0], fill.ranges[0].after, fill.ranges[0].upto), (None, 0, 0))
                for before, after in zip(fill.ranges, fill.ranges[1:]):
                    self.assertEqual(before.ends[1], after.ends[0])
                    self.assertNotEqual(*after.ends)
                shares = [r.permille for r in fill.ranges]
                self.assertEqual((min(shares) >= 0, max(shares), shares[-1]), (True, 1000, 1000))
                self.assertGreater(len(set(shares)), 2 if len(values) > 9 and kind != "UUID" else 1)
                self.assertEqual(self.rows("token", "mark"), [(fill.token(),)])
                self.assertEqual(self.keyed().finish().counts(), (0, 0, expected))
                self.assertEqual(self.keyed(checkpoint_table="mark", job="keys").finish().ranges, [])
            self.doCleanups()

    def test_sources_of_other_types(self):
        """The order is that of the target's column, whatever the sources have."""
        pairs = {"sqlite": (("TEXT", "TEXT COLLATE NOCASE"), ("TEXT COLLATE NOCASE", "TEXT"), ("TEXT", ""), ("DATE", "TEXT")),
                 "postgresql": (("text", 'text COLLATE "C"'), ('text COLLATE "C"', "text COLLATE loose"),
                                ("text COLLATE loose", "varchar(90)"),
                                ("varchar(90)", "char(90)"), ("numeric(30,9)", "double precision")),
                 "mariadb": (("VARCHAR(90)", "VARCHAR(90) COLLATE utf8mb4_bin"), ("VARCHAR(90)", "CHAR(90)"),
                             ("VARCHAR(90) COLLATE utf8mb4_nopad_bin", "VARCHAR(90)"),
                             ("VARCHAR(90) COLLATE utf8mb4_unicode_ci", "VARCHAR(90) CHARACTER SET utf8mb3"))}
        for seed, (kind, other) in enumerate(pairs[self.engine]):
            with self.subTest(kind=kind, other=other):
                values = NUMBERS if "numeric" in kind else DATES if kind == "DATE" else WORDS
                if "utf8mb3" in other:
                    values = [word for word in WORDS if word != "😀"]
                self.database.clear()
                self.types()
                self.make(kind, values, other, seed)
                if self.engine == "mariadb":
                    expected = self.whole(self.SOURCES[0]) and self.whole(self.SOURCES[1])
                else:
                    expected = self.whole(" UNION ALL ".join(self.SOURCES))
                self.check(self.keyed().finish(), expected)
            self.doCleanups()

    def test_greatest_of_equal_keys(self):
        """Keys that are equal to the target's column are one row, whatever their bytes."""
        kind = {"sqlite": "TEXT COLLATE NOCASE", "postgresql": "text COLLATE loose", "mariadb": "VARCHAR(90)"}[self.engine]
        self.types()
        self.make(kind, WORDS)
        self.database.run("INSERT INTO target (k, u, level) VALUES ('A', 1, 0), ('b', 2, 5), ('B', 3, 100)")
        expected = ("SELECT k, u, max(level) AS level FROM (SELECT * FROM one_source UNION ALL SELECT * FROM two_source"
                    " UNION ALL SELECT 'B', 3, 100) s GROUP BY k, u")
        sources = ("SELECT k, u, level FROM one_source", "SELECT k, u, level FROM two_source", "SELECT 'B', 3, 100")
        fill = self.keyed(sources, ("k", "u", "level"), mode=fills.MERGE).finish()
        wrong = self.database.value(f"SELECT count(*) FROM ({expected}) e LEFT JOIN target t ON t.k = e.k AND t.u = e.u"
                                    " AND t.level = e.level WHERE t.u IS NULL")
        self.assertEqual(wrong, 0)
        self.assertEqual(self.database.value("SELECT count(*) FROM target"), 3 + fill.counts()[0])
        self.assertGreater(fill.counts()[0], 20)


class Runs(Keyed):
    """Over texts of a collation that is not that of bytes."""

    def setUp(self):
        super().setUp()
        self.types()
        self.make(ORDERS[self.engine], WORDS)
        self.expected = self.whole(" UNION ALL ".join(self.SOURCES))

    def test_budgets_and_tokens(self):
        fill = self.keyed(row_budget=30).finish()
        self.assertFalse(fill.report().finished)
        last = fill.ranges[-1].ends[1]
        token = fill.token()
        again = self.keyed(token=token).finish()
        self.assertEqual(again.ranges[0].ends[0], last)
        self.assertEqual(again.counts(), (self.expected, 0, 0))
        self.assertEqual(self.keyed(token=again.token()).finish().ranges, [])
        for wrong in (token[:-1], token.replace(".t", ".x", 1), token.replace(".t", ".tA", 1), token.replace(".n", ".0")):
            if wrong != token:
                self.refused("CASCADE_INVALID", "damaged", token=wrong)

    def test_token_of_a_column_that_was_changed(self):
        """In another order, what is behind the place where the token stands is not what was: no row is passed over."""
        token = self.keyed(row_budget=30).finish().token()
        for kind, values in ((OTHERS[self.engine], WORDS), ("INTEGER", range(1, 60))):
            self.doCleanups()
            self.database.clear()
            self.types()
            self.make(kind, values)
            self.refused("CASCADE_INVALID", "another target", token=token)

    def refused(self, status, *words, **options):
        """As there, without the products' table."""
        with self.assertRaises(sessions.Failure) as caught:
            self.keyed(**options).finish()
        self.assertEqual(caught.exception.status, status, caught.exception)
        for word in words:
            self.assertIn(word, caught.exception.message)

    def test_inside_a_transaction_of_the_host(self):
        host = self.database.connect()
        self.addCleanup(host.close)
        host.cursor().execute("BEGIN")
        with libcascade.Connection.over(host) as connection:
            fill = connection.fill(connection.graph(), "target", ["k", "u"], ["k", "u"], max_tx_rows=9)
            for source in self.SOURCES:
                fill.select(source)
            self.assertEqual(fill.run().inserted, self.expected)
        host.cursor().execute("ROLLBACK")
        self.assertEqual(self.database.value("SELECT count(*) FROM target"), 0)

    def test_rows_that_come_and_go_meanwhile(self):
        """What is deleted before its range is not inserted; what comes behind it is not seen; a range's end may be gone."""
        fill = self.keyed()
        fill.step()
        fill.step()
        end = self.literal(fill.ranges[-1].ends[1])
        self.database.run(f"DELETE FROM one_source WHERE k = {end}", f"DELETE FROM two_source WHERE k = {end}",
                          "DELETE FROM one_source WHERE k > 'm' AND k < 'zz'", "DELETE FROM two_source WHERE k > 'm' AND k < 'zz'",
                          "INSERT INTO one_source VALUES ('a', 77, 1), ('yy', 77, 1), ('yy', 78, 1)")
        done = self.database.value("SELECT count(*) FROM target")
        fill.finish()
        rest = self.database.value(f"SELECT count(*) FROM (SELECT k, u FROM one_source WHERE k > {end}"
                                   f" UNION SELECT k, u FROM two_source WHERE k > {end}) s")
        self.assertEqual(self.database.value("SELECT count(*) FROM target"), done + rest)
        self.assertEqual(self.database.value("SELECT count(*) FROM target WHERE k = 'yy'"), 2)
        self.assertTrue(fill.report().finished)

    def test_last_rows_are_gone(self):
        fill = self.keyed(checkpoint_table="mark", job="keys")
        fill.step()
        self.database.run("DELETE FROM one_source", "DELETE FROM two_source")
        fill.finish()
        self.assertEqual(len(fill.ranges), 1)
        self.assertTrue(fill.report().finished)
        self.assertEqual(self.rows("token", "mark"), [(fill.token(),)])

    def test_many_rows_of_one_value(self):
        """They stay together, and what stands around them is told apart."""
        self.database.run("INSERT INTO one_source VALUES " + ", ".join(f"('many', {n}, 0)" for n in range(500)))
        expected = self.whole(" UNION ALL ".join(self.SOURCES))
        fill = self.keyed(max_tx_rows=20).finish()
        self.check(fill, expected)
        crowds = [r for r in fill.ranges if r.rows > 20]
        self.assertEqual([r.rows for r in crowds], [500])

    def test_row_at_fault(self):
        self.database.run("DROP TABLE target",
                          f"CREATE TABLE target (k {ORDERS[self.engine]} NOT NULL, u INTEGER NOT NULL,"
                          " level INTEGER CHECK (level < 50), PRIMARY KEY (k, u))",
                          "INSERT INTO one_source VALUES ('kaput', 1, 60), ('later', 1, 70)")
        with self.assertRaises(sessions.Failure) as caught:
            self.keyed(["SELECT k, u, level FROM one_source"], ("k", "u", "level")).finish()
        self.assertIn("(kaput, 1, 60)", caught.exception.message)
        self.assertGreater(self.database.value("SELECT count(*) FROM target"), 10)

    def test_null_in_the_range_column(self):
        self.database.run("INSERT INTO two_source VALUES (NULL, 1, 1)")
        self.refused("CASCADE_CONSTRAINT", "source 2 gives NULL in column k", "WHERE")
        fill = self.keyed([self.SOURCES[0], self.SOURCES[1] + " WHERE k IS NOT NULL"]).finish()
        self.assertEqual(fill.counts(), (self.expected, 0, 0))

    def test_token_that_the_checkpoint_does_not_hold(self):
        if self.engine == "sqlite":
            return  # a text of any length fits there
        self.database.run("DROP TABLE mark", CHECKPOINT, f"INSERT INTO one_source VALUES ('{'😀' * 90}', 1, 1)")
        self.refused("CASCADE_SCHEMA", "mark", "TEXT", checkpoint_table="mark", job="keys")
        self.assertEqual(self.database.value("SELECT count(*) FROM target"), 0)


class Lost(Keyed):
    def test_reply_to_commit(self):
        """With a checkpoint, each range is applied and counted once, whether the server got the COMMIT or not."""
        self.types()
        self.make(ORDERS[self.engine], WORDS)
        expected = self.whole(" UNION ALL ".join(self.SOURCES))
        proxy = Proxy(self.database)
        self.addCleanup(proxy.close)
        how = {"checkpoint_table": "mark", "job": "keys"}
        ranges = len(self.keyed(**how).finish().ranges)
        self.assertGreater(ranges, 5)
        for number in range(4 if os.environ.get("CASCADE_QUICK") else 100 if os.environ.get("CASCADE_LONG") else 10):
            self.database.run("DELETE FROM target", "DELETE FROM mark")
            proxy.disarm()
            session = ffi.Session(self.library, self.database.uri(self.driver, proxy.host))
            fill = self.keyed(session=session, **how)
            where = ("before", "after")[number % 2]
            proxy.arm(1 + number * 3 % ranges, where)
            with self.subTest(number=number, where=where), self.assertRaises(sessions.Failure) as caught:
                fill.finish()
            self.assertEqual((caught.exception.status, caught.exception.transaction), ("CASCADE_CONNECTION", sessions.TX_UNKNOWN))
            fill.free()
            session.close()
            sessions.until(lambda: not self.database.transactions(), "the server goes on")
            again = self.keyed(**how).finish()
            self.assertEqual(again.counts(), (expected, 0, 0))


class MariaDB(Keyed):
    def test_types_without_ranges(self):
        for kind, value in (("ENUM('b', 'a')", "a"), ("SET('b', 'a')", "a"), ("FLOAT", "1.5"), ("BIT(9)", "1")):
            with self.subTest(kind=kind):
                self.database.clear()
                self.make(kind, [value])
                with self.assertRaises(sessions.Failure) as caught:
                    self.keyed()
                self.assertEqual(caught.exception.status, "CASCADE_INVALID")
                self.assertIn("column k", caught.exception.message)

    def test_characters_that_would_be_lost(self):
        self.make("VARCHAR(90) CHARACTER SET latin1", ["a", "b"], "VARCHAR(90)")
        with self.assertRaises(sessions.Failure) as caught:
            self.keyed()
        self.assertEqual(caught.exception.status, "CASCADE_SCHEMA")
        self.assertIn("latin1", caught.exception.message)


CASES = (Types, Runs)
OWN = {"postgresql": (Lost,), "mariadb": (Lost, MariaDB)}

if __name__ == "__main__":
    filling.main(CASES, OWN)

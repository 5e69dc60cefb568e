"""The cursor over blockers beside writers, in transactions of the host, in large tables, with large selections and with bad input.

paging.py ENGINE [WORD]
"""

import ctypes
import importlib
import json
import os
import pathlib
import random
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "differential"))
import cascade_ctypes as ffi  # noqa: E402
import sessions  # noqa: E402

KEY = b"a secret of thirty-two bytes ..."
REST, NEXT, PREVIOUS, DOWN = range(4)
EXACT, CUT_ROWS, CUT_TIME = 3, 4, 8
ALL = 1 << 30
QUICK = bool(os.environ.get("CASCADE_QUICK"))


class Paging(unittest.TestCase):
    engine = driver = None

    @classmethod
    def setUpClass(cls):
        cls.database = sessions.ENGINES[cls.engine]()
        cls.addClassCleanup(cls.database.drop)
        cls.library = sessions.Library()

    def setUp(self):
        self.database.clear()
        self.addCleanup(self.database.end_sides)

    def session(self, policy=None, adopted=None):
        session = ffi.Session(self.library, self.database.uri(self.driver), policy=policy, adopted=adopted)
        self.addCleanup(session.close)
        return session

    def numbers(self, count):
        """A table of the numbers from 1, to select from."""
        if self.engine == "postgresql":
            return f"(SELECT g AS i FROM generate_series(1, {count}) g) n"
        if self.engine == "mariadb":
            return f"(SELECT seq AS i FROM seq_1_to_{count}) n"
        return f"(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT {count}) SELECT i FROM n) n"

    def make(self, parents, children, indexed=True, parent_of="1 + i % {parents}", more=""):
        """Rows of `c`, of which each refers to one of `p`."""
        self.database.run("CREATE TABLE p (id INTEGER PRIMARY KEY)",
                          "CREATE TABLE c (id INTEGER PRIMARY KEY, p_id INTEGER NOT NULL, word VARCHAR(20),"
                          " CONSTRAINT c_p FOREIGN KEY (p_id) REFERENCES p (id))",
                          *(["CREATE INDEX c_at_p ON c (p_id)"] if indexed else []), *more)
        self.database.run(f"INSERT INTO p SELECT i FROM {self.numbers(parents)}",
                          f"INSERT INTO c SELECT i * 10, {parent_of.format(parents=parents)}, 'w' FROM {self.numbers(children)}")

    def fails(self, status, call, *arguments, **named):
        with self.assertRaises(ffi.Failure) as caught:
            call(*arguments, **named)
        self.assertEqual(caught.exception.status, status, caught.exception)
        self.assertTrue(caught.exception.message)
        self.assertNotIn("\n", caught.exception.message)
        return caught.exception


class Large(Paging):
    """Selections that no one statement asks about."""

    def check(self, session, selection, wanted):
        wanted = sorted(wanted)
        for limit in (7, 700, 100000):
            with session.cursor(selection, limit=limit, rounds=ALL, count=EXACT) as cursor:
                pages = cursor.pages()
            self.assertEqual(sorted(key for page in pages for key in page.keys), wanted)
            self.assertEqual([len(page.keys) for page in pages[:-1]], [limit] * (len(pages) - 1))
            self.assertEqual([page.complete for page in pages], [False] * (len(pages) - 1) + [True])
            self.assertEqual({(page.count, page.accuracy) for page in pages}, {(len(wanted), 0)})
        for kind, limit in ((REST, 431), (NEXT, 997)):
            token, found = None, []
            while token or not found:
                with session.cursor(selection, token=token, token_key=KEY, limit=limit) as cursor:
                    page = cursor.next()
                    found += page.keys if page else []
                    token = cursor.token(kind) if page else None
            self.assertEqual(sorted(found), wanted)

    def test_more_than_a_thousand_keys(self):
        self.make(2600, 6000)
        session = self.session()
        with session.select_integers("p", list(range(2, 2500))) as selection:
            self.check(session, selection, self.database.rows("SELECT id FROM c WHERE p_id BETWEEN 2 AND 2499"))
        with session.select_where("p", "id % 3 > 0") as selection:
            self.check(session, selection, self.database.rows("SELECT id FROM c WHERE p_id % 3 > 0"))

    def test_anchors_among_more_than_a_thousand_keys(self):
        """They tell no part: either all rows come once, or the request is refused."""
        self.make(2600, 6000)
        session = self.session()
        with session.select_integers("p", list(range(2, 2500))) as selection:
            found, anchor = [], None
            try:
                for _ in range(100):
                    with session.cursor(selection, [{"relation": 0, "limit": 400, "anchor": anchor}]) as cursor:
                        page = cursor.next()
                    found += page.keys if page else []
                    if not page or page.complete:
                        break
                    anchor = page.last
            except ffi.Failure as failure:
                self.assertEqual(failure.status, "CASCADE_UNSUPPORTED")
                return
            self.assertEqual(sorted(found), sorted(self.database.rows("SELECT id FROM c WHERE p_id BETWEEN 2 AND 2499")))

    def test_two_columns(self):
        self.database.run("CREATE TABLE p (a INTEGER NOT NULL, b VARCHAR(10) NOT NULL, PRIMARY KEY (a, b))",
                          "CREATE TABLE c (id INTEGER PRIMARY KEY, pa INTEGER, pb VARCHAR(10),"
                          " FOREIGN KEY (pa, pb) REFERENCES p (a, b))", "CREATE INDEX c_at_p ON c (pa, pb)",
                          f"INSERT INTO p SELECT i, 'x' FROM {self.numbers(1500)}",
                          f"INSERT INTO c SELECT i, 1 + i % 1500, 'x' FROM {self.numbers(4000)}")
        session = self.session()
        with session.select("p", [(i, "x") for i in range(1, 1401)], 2) as selection:
            self.check(session, selection, self.database.rows("SELECT id FROM c WHERE pa <= 1400"))

    def test_join_tables_name_what_is_behind(self):
        self.database.run("CREATE TABLE p (id INTEGER PRIMARY KEY)", "CREATE TABLE q (id INTEGER PRIMARY KEY)",
                          "CREATE TABLE j (id INTEGER PRIMARY KEY, p_id INTEGER, q_id INTEGER,"
                          " CONSTRAINT j_p FOREIGN KEY (p_id) REFERENCES p (id), CONSTRAINT j_q FOREIGN KEY (q_id) REFERENCES q (id))",
                          "CREATE TABLE k (id INTEGER PRIMARY KEY, p_id INTEGER, q_id INTEGER, word VARCHAR(9),"
                          " CONSTRAINT k_p FOREIGN KEY (p_id) REFERENCES p (id), CONSTRAINT k_q FOREIGN KEY (q_id) REFERENCES q (id))",
                          "INSERT INTO p VALUES (1), (2)", "INSERT INTO q VALUES (7), (8)",
                          "INSERT INTO j VALUES (1, 1, 7), (2, 2, 7), (3, 1, NULL), (4, 1, 8), (5, NULL, 8)",
                          "INSERT INTO k VALUES (1, 1, 7, 'w')")
        session = self.session()
        with session.select_integers("p", [1]) as selection, session.cursor(selection, behind=1, limit=2, rounds=9) as cursor:
            found, leads = {}, {}
            for page in cursor.pages():
                label = session.relation(page.relation).label.decode().replace("public.", "")
                found.setdefault(label, []).append((page.keys, page.behind))
                leads[label] = page.behind and session.relation(page.behind_relation).label.decode().replace("public.", "")
        self.assertEqual(found, {"j(p_id) -> p(id)": [([(1,), (3,)], [(7,), (None,)]), ([(4,)], [(8,)])],
                                 "k(p_id) -> p(id)": [([(1,)], None)]})
        self.assertEqual(leads, {"j(p_id) -> p(id)": "j(q_id) -> q(id)", "k(p_id) -> p(id)": None})

    def test_time_is_bounded(self):
        """A condition that takes for ever: the page says that it is partial, the call is back in time, and the token goes on."""
        self.make(10, 150 if self.engine == "sqlite" else 3000, parent_of="1")
        slow = "(SELECT count(*) FROM c x, c y, c z WHERE x.id + y.id + z.id = 7) >= 0"
        policy = json.dumps([{"table": "c", "columns": ["id"], "ref_table": "p", "rule": "CASCADE", "where": slow}])
        session = self.session(policy)
        with session.select_integers("p", [10]) as selection:
            start = time.monotonic()
            with session.cursor(selection, token_key=KEY, budget_ms=200) as cursor:
                pages, token = cursor.pages(), cursor.token(REST)
                cut = cursor.cut()
            taken = time.monotonic() - start
            if self.engine == "sqlite":  # between statements only
                self.assertEqual([page.keys for page in pages], [[(10,)]])
                return
            self.assertLess(taken, 20)  # without a bound it is minutes
            self.assertTrue(cut & CUT_TIME)
            self.assertEqual([(page.keys, page.complete) for page in pages if page.partial], [([], False)])
            with session.cursor(selection, token=token, token_key=KEY, budget_ms=60) as cursor:
                self.assertTrue(cursor.pages()[-1].partial)


class Writers(Paging):
    """Rows that live through the paging come exactly once, whatever comes and goes around them."""

    def test_rows_that_live_through(self):
        self.make(3, 400, parent_of="1")
        lasting = {key for key, in self.database.rows("SELECT id FROM c")}
        side, stop, trouble = self.database.side(), threading.Event(), []
        dice = random.Random(7)

        def write():
            alive = set()
            try:
                while not stop.is_set():
                    key = dice.randrange(4100)
                    key += key % 10 == 0
                    if key in alive:
                        side.run(f"DELETE FROM c WHERE id = {key}")
                        alive.remove(key)
                    else:
                        side.run(f"INSERT INTO c VALUES ({key}, {dice.choice([1, 1, 2])}, 'new')")
                        alive.add(key)
                    if self.engine == "sqlite":
                        time.sleep(.0002)
            except Exception as failure:  # told below
                trouble.append(failure)

        thread = threading.Thread(target=write, daemon=True)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(stop.set)
        session, written = self.session(), set()
        with session.select_integers("p", [1]) as selection:
            for run in range(20 if QUICK else 170):
                found = self.one_run(session, selection, dice.choice([37, 90, 150]), run % 4)
                written |= set(found) - lasting
                self.assertEqual(len(found), len(set(found)), f"run {run}")
                self.assertEqual(lasting - set(found), set(), f"run {run}")
                self.assertFalse(trouble, trouble)
        self.assertTrue(written, "nothing was written meanwhile")

    def one_run(self, session, selection, limit, way):
        found, anchor, token, options = [], None, None, {"token_key": KEY, "limit": limit}
        if way == 3:
            with session.cursor(selection, rounds=ALL, **options) as cursor:
                return [key for page in cursor.pages() for key, in page.keys]
        while True:
            requests = [{"relation": 0, "limit": limit, "anchor": anchor, "backward": way}] if way < 2 else []
            with session.cursor(selection, requests, token=token, **options) as cursor:
                page = cursor.next()
                if not page:
                    return found
                found += [key for key, in page.keys]
                anchor = page.first if way == 1 else page.last
                token = cursor.token(REST) if way == 2 else None
            if page.complete:
                return found


class Hosts(Paging):
    """Inside a transaction of the host."""

    def host(self):
        engine = importlib.import_module("on_" + self.engine)
        if self.engine == "postgresql":
            return engine.Host(self.database.side().connection)
        return engine.Host(str(self.database.path) if self.engine == "sqlite" else self.database.name)

    def open_and_page(self, host, **options):
        """Pages of all kinds, counts and a probe."""
        session = ffi.Session(self.library, None, adopted=(host.driver, host.handle))
        with session.select_integers("p", [1]) as selection:
            with session.cursor(selection, limit=3, rounds=3, depth=2, count=EXACT, token_key=KEY, **options) as cursor:
                pages = cursor.pages()
                token = cursor.token(REST)
            with session.cursor(selection, token=token, token_key=KEY, rounds=ALL) as cursor:
                pages += cursor.pages()
            answer = session.probe(selection)[0]
        session.close()
        return [key for page in pages for key, in page.keys], answer

    def test_transactions_go_on(self):
        """Also those that are read-only: settings are what they were, and the transaction is as usable."""
        self.make(3, 60)
        expected = [key for key, in self.database.rows("SELECT id FROM c WHERE p_id = 1 ORDER BY id")]
        begins = {"sqlite": ["BEGIN", "BEGIN IMMEDIATE"], "postgresql": ["BEGIN", "BEGIN READ ONLY",
                                                                         "BEGIN ISOLATION LEVEL SERIALIZABLE"],
                  "mariadb": ["START TRANSACTION", "START TRANSACTION READ ONLY"]}[self.engine]
        for begin in begins:
            for options in ({}, {"budget_ms": 10000}):
                with self.subTest(begin=begin, **options):
                    self.inside(begin, options, expected)

    def inside(self, begin, options, expected):
        host = self.host()
        self.addCleanup(host.close)
        if self.engine == "postgresql":
            host.execute("SET statement_timeout = '77s'; SET enable_bitmapscan = off")
        if self.engine == "mariadb":
            host.execute("SET SESSION max_statement_time = 77")
        host.execute(begin)
        if self.engine == "postgresql":
            host.execute("SET LOCAL enable_seqscan = off; SET LOCAL work_mem = '5MB'")
        if "READ ONLY" not in begin:
            host.execute("INSERT INTO c VALUES (5, 1, 'mine')")
            expected = sorted(expected + [5])
        before = self.settings(host)
        self.assertEqual(self.open_and_page(host, **options), (expected, 2))
        self.assertEqual(self.settings(host), before)
        if "READ ONLY" not in begin:
            self.assertEqual(self.database.value("SELECT count(*) FROM c WHERE id = 5"), 0, "committed")
            host.execute("INSERT INTO c VALUES (6, 1, 'mine')")
        host.execute("ROLLBACK")  # on SQLite a failure when no transaction is open
        self.assertEqual(self.database.value("SELECT count(*) FROM c WHERE id IN (5, 6)"), 0)
        host.execute("DELETE FROM c WHERE id = -1")

    def settings(self, host):
        if self.engine == "postgresql":
            with host.connection.cursor() as cursor:
                cursor.execute("SELECT name, setting FROM pg_settings ORDER BY name")
                settings = cursor.fetchall()
                cursor.execute("SELECT pg_current_xact_id_if_assigned()::text, now()::text")
                return settings + cursor.fetchall()
        if self.engine == "mariadb":
            return [host.ask(f"SELECT @@{name}") for name in ("max_statement_time", "tx_read_only", "in_transaction", "sql_mode",
                                                              "autocommit",
                                                              "optimizer_switch", "sql_select_limit", "join_buffer_size")]
        return None

    def test_readonly_sessions(self):
        self.make(3, 60)
        expected = [key for key, in self.database.rows("SELECT id FROM c WHERE p_id = 1 ORDER BY id")]
        if self.engine == "sqlite":
            os.chmod(self.database.path, 0o444)
        host = self.host()
        self.addCleanup(host.close)
        host.execute({"sqlite": "PRAGMA query_only = on", "postgresql": "SET default_transaction_read_only = on",
                      "mariadb": "SET SESSION TRANSACTION READ ONLY"}[self.engine])
        self.assertEqual(self.open_and_page(host), (expected, 2))
        self.assertEqual(self.open_and_page(host, budget_ms=10000), (expected, 2))


class Bad(Paging):
    """What a host may get wrong has a status, and a line that says what."""

    def test_arguments(self):
        self.make(3, 60)
        session = self.session()
        selection = session.select_integers("p", [1])
        fails, cursor = self.fails, session.cursor
        fails("CASCADE_INVALID", cursor, selection, limit=-1)
        fails("CASCADE_INVALID", cursor, selection, count=4)
        fails("CASCADE_INVALID", cursor, selection, count=-1)
        fails("CASCADE_INVALID", cursor, selection, depth=100000)
        fails("CASCADE_INVALID", cursor, selection, [{"relation": 0, "limit": -1}])
        for relation in (1, 77, 2 ** 32 - 1):
            fails("CASCADE_NOT_FOUND", cursor, selection, [{"relation": relation}])
        for anchor in (["ten"], [1.5], [b"10"], [None], [10, 20], [10, None]):
            fails("CASCADE_INVALID", cursor, selection, [{"relation": 0, "anchor": anchor}])
        self.assertEqual(cursor(selection, [{"relation": 0, "anchor": [2 ** 31 - 1]}]).pages(), [])
        self.assertEqual(cursor(selection, [{"relation": 0, "anchor": [-2 ** 31], "backward": 1}]).pages(), [])
        fails("CASCADE_INVALID", cursor, selection, token_key=b"fifteen bytes..")
        fails("CASCADE_INVALID", cursor, selection, token_key=b"x" * 65)
        fails("CASCADE_INVALID", cursor, selection, token="AAAA".encode())
        with cursor(selection) as without:
            fails("CASCADE_INVALID", without.token, REST)
        with cursor(selection, token_key=KEY) as plain:
            for kind in (NEXT, PREVIOUS, DOWN, 4, -1):
                fails("CASCADE_INVALID", plain.token, kind)
            plain.next()
            fails("CASCADE_INVALID", plain.token, DOWN)
        fails("CASCADE_NOT_FOUND", cursor, session.select_integers("p", [99]))
        fails("CASCADE_NOT_FOUND", session.probe, session.select_integers("p", [99]))
        fails("CASCADE_MAX_ROWS", cursor, session.select_where("p", "1 = 1"), max_rows=2)

    def test_nulls(self):
        self.make(3, 60)
        session, call = self.session(), self.library.call
        selection = session.select_integers("p", [1])
        out, page, text, answer = ffi.place("blockers"), ctypes.POINTER(ffi.BlockersPage)(), ffi.TEXT(), ffi.I32()
        arguments = [session.connection, session.policy, selection]
        for position in range(3):
            some = [None if i == position else argument for i, argument in enumerate(arguments)]
            self.fails("CASCADE_INVALID", call, "blockers_open", *some, None, ctypes.byref(out))
            self.fails("CASCADE_INVALID", call, "blockers_probe", *some, 0, ctypes.byref(answer), None)
        self.fails("CASCADE_INVALID", call, "blockers_open", *arguments, None, None)
        self.fails("CASCADE_INVALID", call, "blockers_probe", *arguments, 0, None, None)
        self.fails("CASCADE_INVALID", call, "blockers_next", None, ctypes.byref(page))
        self.fails("CASCADE_INVALID", call, "blockers_token", None, REST, ctypes.byref(text))
        with session.cursor(selection, token_key=KEY) as cursor:
            self.fails("CASCADE_INVALID", call, "blockers_next", cursor.handle, None)
            self.fails("CASCADE_INVALID", call, "blockers_token", cursor.handle, REST, None)
            self.assertLess(self.library.lib.cascade_blockers_count(cursor.handle, 0, None), 0)
            self.fails_count(cursor, 5)
            self.fails_count(cursor, -1)
        options = ffi.BlockersOptions(request_count=1)
        self.fails("CASCADE_INVALID", call, "blockers_open", *arguments, ctypes.byref(options), ctypes.byref(out))
        options = ffi.BlockersOptions(request_count=1, requests=(ctypes.POINTER(ffi.BlockersRequest) * 1)())
        self.fails("CASCADE_INVALID", call, "blockers_open", *arguments, ctypes.byref(options), ctypes.byref(out))
        self.library.lib.cascade_blockers_free(None)
        self.assertEqual(self.library.lib.cascade_blockers_cut(None), 0)

    def fails_count(self, cursor, kind):
        self.fails("CASCADE_INVALID", cursor.total, kind)

    def test_tokens(self):
        self.make(3, 60)
        session = self.session()
        selection = session.select_integers("p", [1])
        with session.cursor(selection, token_key=KEY, limit=3) as cursor:
            cursor.next()
            tokens = [cursor.token(kind) for kind in (REST, NEXT)]
        for token in tokens:
            def taken(selection=selection, session=session, token=token, token_key=KEY, **options):
                with session.cursor(selection, token=token, token_key=token_key, **options) as cursor:
                    return cursor.next()
            self.assertTrue(taken())
            self.fails("CASCADE_TOKEN_FORGED", taken, token_key=b"another secret, long enough")
            self.fails("CASCADE_TOKEN_FORGED", taken, token=token[:-1])
            self.fails("CASCADE_TOKEN_FORGED", taken, token=token + b"A")
            self.fails("CASCADE_TOKEN_FORGED", taken, token=b"")
            for position in range(len(token)):
                other = b"A" if token[position:position + 1] != b"A" else b"B"
                self.fails("CASCADE_TOKEN_FORGED", taken, token=token[:position] + other + token[position + 1:])
            self.fails("CASCADE_TOKEN_FOREIGN", taken, session.select_integers("p", [2]))
            self.fails("CASCADE_TOKEN_FOREIGN", taken, session.select_integers("p", [1, 2]))
            self.fails("CASCADE_INVALID", session.cursor, selection, [{"relation": 0}], token=token, token_key=KEY)
            other = self.session(json.dumps([{"table": "c", "columns": ["p_id"], "rule": "CASCADE"}]))
            self.fails("CASCADE_TOKEN_STALE", taken, other.select_integers("p", [1]), other)
            self.assertTrue(taken(token_max_age_s=1000))
        time.sleep(2.1)
        self.fails("CASCADE_TOKEN_EXPIRED", taken, token_max_age_s=1)
        self.database.run("CREATE TABLE extra (id INTEGER PRIMARY KEY, p_id INTEGER, FOREIGN KEY (p_id) REFERENCES p (id))")
        changed = self.session()
        self.fails("CASCADE_TOKEN_STALE", taken, changed.select_integers("p", [1]), changed)


class Trap(Paging):
    """PostgreSQL would walk the primary key for a page, though the rows that refer lie at its end."""

    ROWS, MATCHES = 600000, 3000

    def read(self, session, selection):
        """How many rows the first page reads."""
        query = ("SELECT coalesce(sum(seq_tup_read), 0) + coalesce(sum(idx_tup_fetch), 0) FROM pg_stat_user_tables WHERE relname = 'c'")
        self.flush(1)
        before = self.database.value(query)
        with session.cursor(selection, limit=20) as cursor:
            page = cursor.next()
        session.close()
        self.flush(0)
        self.assertEqual([key for key, in page.keys], [10 * (self.ROWS - self.MATCHES + i) for i in range(1, 21)])
        return int(self.database.value(query) - before)

    def flush(self, others):
        """What sessions have read is told when they end, or on this demand."""
        sessions.until(lambda: self.database.value("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                                                       " AND backend_type = 'client backend' AND pid <> pg_backend_pid()") == others, "a session stays")
        self.database.run("SELECT pg_stat_force_next_flush()", "SELECT pg_stat_clear_snapshot()")

    def test_rows_at_the_end_of_the_primary_key(self):
        self.database.run("CREATE TABLE p (id INTEGER PRIMARY KEY)",
                          "CREATE TABLE c (id INTEGER PRIMARY KEY, p_id INTEGER NOT NULL, word VARCHAR(20)) WITH (autovacuum_enabled = off)",
                          f"INSERT INTO p SELECT i FROM {self.numbers(200)}",
                          f"INSERT INTO c SELECT i * 10, CASE WHEN i > {self.ROWS - self.MATCHES} THEN 1 ELSE 2 + i % 190 END, 'w'"
                          f" FROM {self.numbers(self.ROWS)}",
                          "CREATE INDEX c_at_p ON c (p_id)", "ALTER TABLE c ADD FOREIGN KEY (p_id) REFERENCES p (id)")
        stale = ("DELETE FROM c WHERE p_id = 3", "ANALYZE c",
                 f"INSERT INTO c SELECT i * 10 + 1, 3, 'w' FROM {self.numbers(3000)}")
        for statistics, statements in (("missing", ()), ("fresh", ("ANALYZE",)), ("stale", stale)):
            with self.subTest(statistics=statistics):
                self.database.run(*statements)
                session = self.session()
                with session.select_integers("p", [1]) as selection:
                    rows = self.read(session, selection)
                self.assertLessEqual(rows, 2 * (self.MATCHES + 8100))
                self.assertGreater(rows, 0)


class Walks(Paging):
    """Relations of one table that many rows stand in are read by one walk through it, where the statistics say so."""

    ROWS = 5000

    def test_frequent_in_several_relations(self):
        kinds = {"alike": ("i % 10 < 6", "i % 10 < 6"), "apart": ("i % 2 = 0", "i % 2 = 1"), "mixed": ("i * 7 % 10 < 5", "i * 13 % 17 < 6"),
                 "uneven": ("i % 10 < 9", "i % 20 = 0"), "late": ("i > 4000", "i % 2 = 0"), "unlike": ("i % 3 = 0", "i % 200 = 0")}
        self.database.run("CREATE TABLE p (id INTEGER PRIMARY KEY)", f"INSERT INTO p SELECT i FROM {self.numbers(50)}")
        for kind, (a, b) in kinds.items():
            self.database.run(
                f"CREATE TABLE {kind} (id INTEGER PRIMARY KEY, a INTEGER REFERENCES p, b INTEGER REFERENCES p, c INTEGER REFERENCES p)",
                f"INSERT INTO {kind} SELECT i, CASE WHEN {a} THEN 1 ELSE 2 + i % 40 END, CASE WHEN {b} THEN 1 END,"
                f" CASE WHEN i % 4 = 0 THEN 1 ELSE 3 END FROM {self.numbers(self.ROWS)}",
                *(f"CREATE INDEX {kind}_{column} ON {kind} ({column})" for column in "abc"))
        self.database.run("ANALYZE")
        session = self.session()
        wanted = {}
        for kind in kinds:
            for column in "abc":
                wanted[kind, column] = self.database.rows(f"SELECT id FROM {kind} WHERE {column} = 1 ORDER BY id")
        for limit, rounds in ((20, 1), (3, 1), (400, 1), (300, ALL)):
            with session.select_integers("p", [1]) as selection:
                with session.cursor(selection, limit=limit, rounds=rounds, count=EXACT) as cursor:
                    pages = cursor.pages()
            found = {}
            for page in pages:
                found.setdefault(self.way(session, page), []).extend(page.keys)
                self.assertEqual(page.count, len(wanted[self.way(session, page)]))
            self.assertEqual(found, {way: keys[:limit if rounds == 1 else None] for way, keys in wanted.items()})

    def way(self, session, page):
        relation = session.relation(page.relation)
        return session.table_name(relation.table), relation.columns[0].decode()


CASES = {"sqlite": (Large, Writers, Hosts, Bad), "postgresql": (Large, Writers, Hosts, Bad, Trap, Walks),
         "mariadb": (Large, Writers, Hosts, Bad)}
WITH_DBI = (Large, Writers, Bad)


def suite(engine):
    tests = unittest.TestSuite()
    for case in CASES[engine]:
        for driver in ("native",) if QUICK or case not in WITH_DBI else ("native", "dbi"):
            made = type(f"{case.__name__}.{driver}", (case,), {"engine": engine, "driver": driver})
            tests.addTests(unittest.defaultTestLoader.loadTestsFromTestCase(made))
    return tests


if __name__ == "__main__":
    chosen = suite(sys.argv[1])
    if len(sys.argv) > 2:
        chosen = unittest.TestSuite(test for part in chosen for test in (part if isinstance(part, unittest.TestSuite) else [part])
                                    if sys.argv[2] in test.id())
    assert chosen.countTestCases()
    sys.exit(not unittest.TextTestRunner(verbosity=2).run(chosen).wasSuccessful())

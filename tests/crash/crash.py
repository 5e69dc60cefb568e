"""Clients, servers and connections that die in the middle of a purge: what was done is what was reported, and another run ends
where an undisturbed one does.

crash.py client|reply|server ENGINE [WORD]: `client` kills the process that purges, `reply` cuts its connection around COMMIT,
`server` kills the server, so that nothing else may use it meanwhile. With CASCADE_QUICK fewer times, with CASCADE_LONG more.
"""

import os
import pathlib
import random
import signal
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import cascade_ctypes as ffi  # noqa: E402
import sessions  # noqa: E402
from proxy import Proxy  # noqa: E402
from sessions import TX_ROLLED_BACK, TX_UNKNOWN, Purge, until  # noqa: E402

QUICK, LONG = bool(os.environ.get("CASCADE_QUICK")), bool(os.environ.get("CASCADE_LONG"))
MOMENTS = 6 if QUICK else 100 if LONG else 30
TABLES = ("owner", "pet", "visit", "note")
HUB = 1  # an owner on whom more hangs than a batch may have
BATCH = 400
OWNERS = 160
POLICY = """[{"table": "pet", "column": "owner_id", "rule": "CASCADE"}, {"table": "visit", "column": "pet_id", "rule": "CASCADE"},
             {"table": "note", "column": "pet_id", "rule": "SET NULL"}]"""
SELECTED = list(range(1, OWNERS + 1, 2))


class Crash(unittest.TestCase):
    engine = driver = None
    maxDiff = 2000

    @classmethod
    def setUpClass(cls):
        cls.database = sessions.ENGINES[cls.engine]()
        cls.addClassCleanup(cls.database.drop)
        cls.library = sessions.Library()
        cls.random = random.Random(4711)
        cls.make()
        cls.all_rows = cls.rows_now()
        purge, _ = cls.purge()
        cls.expected, cls.steps, cls.whole = cls.dump(), len(purge.batches), purge.gone
        assert cls.steps > 6 and cls.rows_now() == cls.all_rows - cls.whole

    # ---- the data

    @classmethod
    def make(cls):
        cls.database.run(
            "CREATE TABLE owner (id INTEGER PRIMARY KEY, word VARCHAR(20))",
            "CREATE TABLE pet (id INTEGER PRIMARY KEY, owner_id INTEGER NOT NULL, FOREIGN KEY (owner_id) REFERENCES owner (id))",
            "CREATE INDEX pet_owner ON pet (owner_id)",
            "CREATE TABLE visit (id INTEGER PRIMARY KEY, pet_id INTEGER NOT NULL, FOREIGN KEY (pet_id) REFERENCES pet (id))",
            "CREATE INDEX visit_pet ON visit (pet_id)",
            "CREATE TABLE note (id INTEGER PRIMARY KEY, pet_id INTEGER, FOREIGN KEY (pet_id) REFERENCES pet (id))",
            "CREATE INDEX note_pet ON note (pet_id)")
        pets = [(owner * 10 + end, owner) for owner in range(1, OWNERS + 1) for end in range(3)]
        pets += [(10000 + number, HUB) for number in range(400)]
        contents = {"owner": [f"({owner}, 'o{owner}')" for owner in range(1, OWNERS + 1)],
                    "pet": [f"({pet}, {owner})" for pet, owner in pets],
                    "visit": [f"({pet * 10 + end}, {pet})" for pet, _ in pets for end in range(2)],
                    "note": [f"({pet}, {pet})" for pet, _ in pets]}
        for table, rows in contents.items():
            cls.database.run(f"INSERT INTO {table} VALUES " + ", ".join(rows))
        if cls.engine == "sqlite":
            cls.database.run("PRAGMA wal_checkpoint(TRUNCATE)")
            cls.saved = pathlib.Path(cls.database.path).read_bytes()
            return
        for table in TABLES:
            cls.database.run(f"CREATE TABLE saved_{table} AS SELECT * FROM {table}")

    @classmethod
    def restore(cls):
        if cls.engine == "sqlite":
            cls.database.end_sides()
            for file in pathlib.Path(cls.database.directory).iterdir():
                file.unlink()
            pathlib.Path(cls.database.path).write_bytes(cls.saved)
        elif cls.engine == "postgresql":
            cls.database.run("TRUNCATE owner, pet, visit, note",
                             *(f"INSERT INTO {table} SELECT * FROM saved_{table}" for table in TABLES))
        else:
            cls.database.run("SET foreign_key_checks = 0", "BEGIN", *(f"DELETE FROM {table}" for table in TABLES),
                             *(f"INSERT INTO {table} SELECT * FROM saved_{table}" for table in TABLES), "COMMIT",
                             "SET foreign_key_checks = 1")

    @classmethod
    def rows_now(cls):
        return sum(cls.database.value(f"SELECT count(*) FROM {table}") for table in TABLES)

    @classmethod
    def dump(cls):
        return {table: sorted(cls.database.rows(f"SELECT * FROM {table}"), key=repr) for table in TABLES}

    # ---- purges

    @classmethod
    def purge(cls, uri=None, hook=None, each=None, opened=None):
        """Runs one in this process: the purge, with `gone` rows, and its failure."""
        failure = None
        with ffi.Session(cls.library, uri or cls.database.uri(cls.driver), policy=POLICY) as session:
            if opened:
                opened()
            with session.select_integers("owner", SELECTED) as selection:
                # batches by their rows alone, so that every run has the same
                purge = Purge(session, selection, hook, max_tx_rows=BATCH, batch_ms=600000)
                try:
                    while purge.step():
                        if each:
                            each(purge)
                except sessions.Failure as stopped:
                    failure = stopped
                purge.gone = purge.report().deleted
                purge.free()
        return purge, failure

    def gone(self):
        return self.all_rows - self.rows_now()

    def assert_sound(self):
        for child, parent in (("pet", "owner"), ("visit", "pet"), ("note", "pet")):
            self.assertEqual(self.database.rows(f"SELECT id FROM {child} WHERE {parent}_id NOT IN (SELECT id FROM {parent})"), [])

    def finish(self):
        """Another run ends where an undisturbed one does, and has done what was left to do."""
        self.assert_sound()
        before = self.gone()
        purge, failure = self.purge()
        self.assertIsNone(failure)
        self.assertEqual(self.dump(), self.expected)
        self.assertEqual(before + purge.gone, self.whole)


class Client(Crash):
    """The process that purges is killed."""

    def start(self, hook=None, each=None):
        """Purges in a process of its own: its number, and where it tells how many rows are gone, committed."""
        reading, writing = os.pipe()
        process = os.fork()
        if process:
            os.close(writing)
            return process, reading
        try:
            def tell(purge):
                os.write(writing, purge.report().deleted.to_bytes(8, "big"))
                if each:
                    each(purge)
            self.purge(hook=hook, each=tell, opened=lambda: os.write(writing, bytes(8)))
        finally:
            os._exit(0)

    def told(self, reading):
        said = b""
        while chunk := os.read(reading, 65536):
            said += chunk
        os.close(reading)
        return int.from_bytes(said[-8:], "big")

    def test_at_every_batch(self):
        """Before a COMMIT: the batch is undone. After it: it is done, and no row more."""
        def die_before(number):
            return lambda purge: os.kill(os.getpid(), signal.SIGKILL) if len(purge.batches) == number - 1 else 0

        def die_after(number):
            return lambda purge: os.kill(os.getpid(), signal.SIGKILL) if len(purge.batches) == number else 0

        numbers = range(1, self.steps + 1)
        for number in self.random.sample(numbers, 3) if QUICK else numbers:
            for where in ("before", "after"):
                with self.subTest(batch=number, where=where):
                    self.restore()
                    process, reading = self.start(*([die_before(number)] if where == "before" else [None, die_after(number)]))
                    told = self.told(reading)
                    self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), -signal.SIGKILL)
                    self.assertEqual(self.gone(), told)
                    self.assertEqual(told == 0, number == 1 and where == "before")
                    self.finish()

    def test_at_any_moment(self):
        self.restore()
        start = time.monotonic()
        self.purge()
        took = time.monotonic() - start
        outcomes = set()
        for _ in range(MOMENTS):
            self.restore()
            process, reading = self.start()
            os.read(reading, 8)
            moment = self.random.uniform(0, took)
            time.sleep(moment)
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
            told = self.told(reading)
            with self.subTest(moment=moment):
                self.assertGreaterEqual(self.gone(), told)
                outcomes.add(0 < told < self.whole)
                self.finish()
        self.assertIn(True, outcomes, "never in the middle")


class Reply(Crash):
    """The answer to COMMIT does not come."""

    def test_reply_to_commit_is_lost(self):
        proxy = Proxy(self.database)
        self.addCleanup(proxy.close)
        uri = self.database.uri(self.driver, proxy.host)
        numbers = range(1, self.steps + 1)
        for number in numbers if LONG else self.random.sample(numbers, 1 if QUICK else 4):
            for where in ("before", "after"):
                with self.subTest(commit=number, where=where):
                    self.restore()
                    proxy.disarm()
                    purge, failure = self.purge(uri, opened=lambda: proxy.arm(number, where))
                    self.assertTrue(proxy.cut)
                    self.assertIsNotNone(failure)
                    self.assertEqual((failure.status, failure.transaction), ("CASCADE_CONNECTION", TX_UNKNOWN), failure)
                    self.assertEqual(len(purge.batches), number - 1)
                    until(lambda: not self.database.transactions(), "the server goes on")
                    self.assertEqual(self.gone() > purge.gone, where == "after")
                    self.finish()

    def test_connection_is_lost_elsewhere(self):
        """Outside of COMMIT there is no doubt: nothing of the batch is done."""
        proxy = Proxy(self.database)
        self.addCleanup(proxy.close)
        sides = []

        def hook(purge):
            if len(purge.batches) == 3:
                for side in list(sides):
                    side()

        def opened():
            sides.append(lambda: Proxy.end(*self.ends))

        forward = proxy.forward

        def remember(client, server):
            self.ends = (client, server)
            forward(client, server)

        proxy.forward = remember
        self.restore()
        purge, failure = self.purge(self.database.uri(self.driver, proxy.host), each=hook, opened=opened)
        self.assertEqual((failure.status, len(purge.batches)), ("CASCADE_CONNECTION", 3))
        self.assertIn(failure.transaction, (sessions.TX_NONE, TX_ROLLED_BACK))
        until(lambda: not self.database.transactions(), "the server goes on")
        self.assertEqual(self.gone(), purge.gone)
        self.finish()


class Server(Crash):
    """The server dies; `tests/servers` starts it again."""

    def number(self):
        file = os.environ["CASCADE_TEST_PG_PID" if self.engine == "postgresql" else "CASCADE_TEST_MARIADB_PID"]
        try:
            return int(pathlib.Path(file).read_text(encoding="ascii").split()[0])
        except (OSError, IndexError, ValueError):
            return 0

    def kill(self, how):
        """Kills it, and waits until it is gone."""
        self.killed = self.number()
        backends = self.database.rows("SELECT pid FROM pg_stat_activity") if self.engine == "postgresql" else []
        os.kill(self.killed, how)
        for process in [self.killed] + [backend for backend, in backends]:
            until(lambda: not self.alive(process), "it does not die")

    @staticmethod
    def alive(process):
        try:
            with open(f"/proc/{process}/stat", encoding="ascii") as stat:
                return stat.read().split()[2] != "Z"
        except OSError:
            return False

    def back(self):
        self.database.end_sides()

        def answers():
            try:
                with sessions.Side(self.database) as side:
                    return side.run("SELECT 1") and self.number() not in (0, self.killed)
            except Exception:  # not yet
                return False

        until(answers, "the server does not come back")

    def check(self, purge, failure):
        self.assertIsNotNone(failure)
        self.assertEqual(failure.status, "CASCADE_CONNECTION", failure)
        self.back()
        if failure.transaction != TX_UNKNOWN:
            self.assertIn(failure.transaction, (sessions.TX_NONE, TX_ROLLED_BACK))
            self.assertEqual(self.gone(), purge.gone)
        self.assertGreaterEqual(self.gone(), purge.gone)
        self.finish()

    def signals(self):
        return (signal.SIGQUIT, signal.SIGKILL) if self.engine == "postgresql" else (signal.SIGKILL,)

    def test_between_batches(self):
        for how in self.signals():
            with self.subTest(how=how):
                self.restore()
                purge, failure = self.purge(each=lambda purge: len(purge.batches) == 3 and self.kill(how))
                self.assertEqual(len(purge.batches), 3)
                self.assertNotEqual(failure.transaction, TX_UNKNOWN)
                self.check(purge, failure)

    def test_before_commit(self):
        for how in self.signals():
            with self.subTest(how=how):
                self.restore()
                purge, failure = self.purge(hook=lambda purge: len(purge.batches) == 2 and self.kill(how))
                self.assertEqual((len(purge.batches), failure.transaction), (2, TX_UNKNOWN))
                self.check(purge, failure)

    def test_at_any_moment(self):
        for how in self.signals() * (1 if QUICK else 10 if LONG else 2):
            self.restore()
            timer = threading.Timer(self.random.uniform(0.01, 0.15), lambda: self.kill(how))
            purge, failure = self.purge(opened=timer.start)
            timer.join()
            with self.subTest(how=how, batches=len(purge.batches)):
                if failure is None:  # it was done before
                    self.back()
                    self.finish()
                else:
                    self.check(purge, failure)


CASES = {"client": Client, "reply": Reply, "server": Server}


def suite(part, engine):
    tests = unittest.TestSuite()
    for driver in ("native",) if QUICK or part == "client" else ("native", "dbi"):
        made = type(f"{part}.{driver}", (CASES[part],), {"engine": engine, "driver": driver})
        tests.addTests(unittest.defaultTestLoader.loadTestsFromTestCase(made))
    return tests


if __name__ == "__main__":
    chosen = suite(*sys.argv[1:3])
    if len(sys.argv) > 3:
        chosen = unittest.TestSuite(test for test in chosen if sys.argv[3] in test.id())
    assert chosen.countTestCases()
    sys.exit(not unittest.TextTestRunner(verbosity=2).run(chosen).wasSuccessful())

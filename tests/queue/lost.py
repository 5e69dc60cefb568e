#!/usr/bin/python3
"""The answer to a COMMIT of the queue's own does not come: lost.py ENGINE

Putting a job in, claiming it, each of its batches, prolonging its lease, ending it: whichever COMMIT it is, and whether the server
got it or not, no job is lost, done twice or stuck, and each row is counted, and in the outbox, once. Of a back-fill, each range is
applied and counted once.
"""

import ctypes
import os
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import cascade_ctypes as ffi  # noqa: E402
import fills  # noqa: E402
import sessions  # noqa: E402
from proxy import Proxy  # noqa: E402

QUICK, LONG = bool(os.environ.get("CASCADE_QUICK")), bool(os.environ.get("CASCADE_LONG"))
POLICY = """[{"table": "pet", "column": "owner_id", "rule": "DETACH"}, {"table": "visit", "column": "pet_id", "rule": "CASCADE"}]"""
PETS, LEASE_MS = 120, 60
GONE = 1 + PETS + 2 * PETS
SEEN = {"integers": ("seen", ("pet_id", "visit_id"), "SELECT pet_id, id FROM visit"),
        "texts": ("called", ("word", "pet_id"), "SELECT word, id FROM pet")}


class Lost(unittest.TestCase):
    engine = driver = None

    @classmethod
    def setUpClass(cls):
        cls.database = sessions.ENGINES[cls.engine]()
        cls.addClassCleanup(cls.database.drop)
        cls.library = sessions.Library()
        cls.proxy = Proxy(cls.database)
        cls.addClassCleanup(cls.proxy.close)
        cls.database.run("CREATE TABLE owner (id INTEGER PRIMARY KEY)",
                         "CREATE TABLE pet (id INTEGER PRIMARY KEY, owner_id INTEGER, word VARCHAR(40),"
                         " FOREIGN KEY (owner_id) REFERENCES owner (id))",
                         "CREATE INDEX pet_owner ON pet (owner_id)",
                         "CREATE TABLE visit (id INTEGER PRIMARY KEY, pet_id INTEGER NOT NULL,"
                         " FOREIGN KEY (pet_id) REFERENCES pet (id))",
                         "CREATE INDEX visit_pet ON visit (pet_id)", "CREATE INDEX pet_word ON pet (word)",
                         "CREATE TABLE seen (pet_id INTEGER NOT NULL, visit_id INTEGER NOT NULL, PRIMARY KEY (pet_id, visit_id))",
                         "CREATE TABLE called (word VARCHAR(40) NOT NULL, pet_id INTEGER NOT NULL, PRIMARY KEY (word, pet_id))")
        with cls.session() as session:
            for tables in ("queue_install", "outbox_install"):
                cls.library.call(tables, session.connection)

    @classmethod
    def session(cls, cut=False):
        return ffi.Session(cls.library, cls.database.uri(cls.driver, cls.proxy.host if cut else None), policy=POLICY)

    def fresh(self):
        self.proxy.disarm()
        self.database.run(*(f"DELETE FROM {table}" for table in (
            "cascade_queue_job", "cascade_queue_number", "cascade_outbox_row", "cascade_audit", "visit", "pet", "owner",
            "seen", "called")))
        self.database.run("INSERT INTO owner VALUES (1), (2)",
                          "INSERT INTO pet VALUES " + ", ".join(f"({n}, 1, '{chr(65 + n % 2 * 32 + n // 5)}{n % 7}')"
                                                              for n in range(1, PETS + 1)),
                          "INSERT INTO visit VALUES " + ", ".join(f"({n}, {(n + 1) // 2})" for n in range(1, 2 * PETS + 1)))

    def put_in_fill(self, session, kind):
        table, columns, select = SEEN[kind]
        fill = fills.Fill(session, table, columns, columns, [select], max_tx_rows=30)
        try:
            self.library.call("queue_fill", fill.handle, ctypes.byref(ffi.JobOptions(max_attempts=1000)), None)
        finally:
            fill.free()

    def put_in(self, session, detached):
        job = ffi.JobOptions(max_tx_rows=60, outbox=1, actor=b"jo", max_attempts=1000)
        with session.select_integers("owner", [1]) as owner:
            if detached:
                options = ffi.DetachOptions(job=ctypes.pointer(job))
                self.library.call("detach", session.connection, session.policy, owner, ctypes.byref(options), None)
            else:
                self.library.call("queue_purge", session.connection, session.policy, owner, ctypes.byref(job), None)

    def work(self, session, lease_ms=LEASE_MS):
        """Until no job is due."""
        options = ffi.WorkerOptions(lease_ms=lease_ms, turn_ms=15)
        with self.library.make("worker", "worker_new", session.connection, ctypes.byref(options)) as worker:
            while self.library.call("worker_step", worker) == ffi.OK:
                pass

    def lose(self, number, where, use):
        """Whether there was such a COMMIT to lose."""
        session = self.session(cut=True)
        self.proxy.arm(number, where)
        failure = None
        try:
            use(session)
        except sessions.Failure as stopped:
            failure = stopped
        session.close()
        self.assertEqual(failure is not None, self.proxy.cut, failure)
        if failure:
            self.assertEqual((failure.status, failure.transaction), ("CASCADE_CONNECTION", sessions.TX_UNKNOWN), failure)
            sessions.until(lambda: not self.database.transactions(), "the server goes on")
        return self.proxy.cut

    def open_jobs(self):
        return self.database.value("SELECT count(*) FROM cascade_queue_job WHERE state <> 'done'")

    def end(self):
        with self.session() as session:
            sessions.until(lambda: (self.work(session, 60000), not self.open_jobs())[1], "a job is stuck")

    def finish_fill(self, kind):
        self.end()
        table, columns, select = SEEN[kind]
        rows = self.database.rows(select)
        self.assertEqual(sorted(self.database.rows(f"SELECT {', '.join(columns)} FROM {table}")), sorted(rows))
        self.assertEqual(self.database.rows("SELECT inserted, updated, skipped FROM cascade_queue_job"), [(len(rows), 0, 0)])

    def finish(self, jobs):
        self.end()
        value = self.database.value
        self.assertEqual([value(f"SELECT count(*) FROM {table}") for table in ("visit", "pet", "owner")], [0, 0, 1])
        self.assertEqual(value("SELECT count(*) FROM cascade_queue_job"), jobs)
        self.assertEqual(value("SELECT count(*) FROM cascade_queue_number"), 0)
        self.assertEqual(value("SELECT sum(keys_left) + sum(kept) FROM cascade_queue_job"), 0)
        self.assertEqual(value("SELECT sum(deleted) FROM cascade_audit"), GONE)
        self.assertEqual(value("SELECT count(*) FROM cascade_audit WHERE finished = 0"), 0)
        rows = self.database.rows("SELECT table_name, row_key FROM cascade_outbox_row")
        self.assertEqual((len(rows), len(set(rows))), (GONE, GONE))

    def test_putting_in(self):
        for detached in (False, True):
            for where in ("before", "after"):
                with self.subTest(detached=detached, where=where):
                    self.fresh()
                    self.assertTrue(self.lose(1, where, lambda session: self.put_in(session, detached)))
                    there = where == "after"
                    self.assertEqual(self.open_jobs(), there)
                    self.assertEqual(self.database.value("SELECT count(*) FROM cascade_audit"), there * (1 + detached))
                    if not there:
                        with self.session() as session:
                            self.put_in(session, detached)
                    self.finish(1)

    def fills(self):
        """One by each driver, unless there is time."""
        return list(SEEN) if LONG else ["texts" if self.driver == "native" else "integers"]

    def test_putting_in_a_fill(self):
        for kind in self.fills():
            for where in ("before", "after"):
                with self.subTest(kind=kind, where=where):
                    self.fresh()
                    self.assertTrue(self.lose(1, where, lambda session: self.put_in_fill(session, kind)))
                    self.assertEqual(self.open_jobs(), where == "after")
                    if where == "before":
                        with self.session() as session:
                            self.put_in_fill(session, kind)
                    self.finish_fill(kind)

    def working(self, put_in, finish, commits):
        step = 6 if QUICK else 1 if LONG else 3
        for where in ("before", "after"):
            number, lost = 1 + (step > 1 and where == "after"), 0
            while True:
                self.fresh()
                with self.session() as session:
                    put_in(session)
                with self.subTest(where=where, number=number):
                    found = self.lose(number, where, self.work)
                    finish()
                if not found:
                    break
                number, lost = number + step, lost + 1
            self.assertGreater(lost, commits // step - 1)

    def test_working_on_detached_rows(self):
        self.working(lambda session: self.put_in(session, True), lambda: self.finish(1), 12)

    def test_working_on_a_purge(self):
        self.working(lambda session: self.put_in(session, False), lambda: self.finish(1), 12)

    def test_working_on_a_fill(self):
        for kind in self.fills():
            self.working(lambda session: self.put_in_fill(session, kind), lambda: self.finish_fill(kind), 6)


if __name__ == "__main__":
    tests = unittest.TestSuite()
    for driver in ("native",) if QUICK else ("native", "dbi"):
        made = type(f"Lost.{driver}", (Lost,), {"engine": sys.argv[1], "driver": driver})
        tests.addTests(unittest.defaultTestLoader.loadTestsFromTestCase(made))
    assert tests.countTestCases()
    sys.exit(not unittest.TextTestRunner(verbosity=2).run(tests).wasSuccessful())

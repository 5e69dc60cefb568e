#!/usr/bin/python3
"""The outbox and the audit: outbox.py ENGINE

Every deleted row is in the outbox exactly once and none that stayed or came back, whatever fails or dies; consumers, many at once and
some of them lazy, deal with each at least once; the audit's numbers are those of what was committed.
"""

import ctypes
import json
import pathlib
import random
import signal
import subprocess
import sys
import threading
import time
import unittest

HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "support")]

import cascade_ctypes as ffi  # noqa: E402
import sessions  # noqa: E402
import support  # noqa: E402
from support import ENGINE, HookTest, Library, Purge  # noqa: E402

SEEDS = range(3 if support.QUICK else 8)
KILLS = 4 if support.QUICK else 10
LOANS = 6000


def install(library, connection):
    library.call("outbox_install", connection)


def read(library, connection, **options):
    """The number of a batch and its rows, or None."""
    batch = ffi.I64()
    words = library.text("outbox_read", connection, ctypes.byref(ffi.OutboxOptions(**options)), ctypes.byref(batch))
    if words is None:
        return None
    found = json.loads(words)
    assert found["batch"] == batch.value
    return batch.value, found["rows"]


def acknowledge(library, connection, batch):
    rows = ffi.U64()
    library.call("outbox_ack", connection, ffi.I64(batch), ctypes.byref(rows))
    return rows.value


def audit(library, connection):
    return json.loads(library.text("audit_list", connection, None))["purges"]


def name(row):
    return row["table"].split(".")[-1]


def child(uri):
    """Purges in small batches until it is done or killed, and says when it has begun."""
    def slowly(_):
        print(flush=True)
        time.sleep(0.01)

    with ffi.Session(Library(), uri) as session:
        selection = session.select_where("agent", "id <= 6")
        purge = Purge(session, selection, after=slowly, max_tx_rows=60, outbox=1, actor=b"child", columns=[("loan", "path")])
        purge.run()
        purge.free()
        selection.free()


class Outbox(HookTest):
    def everything(self, connection):
        """All rows of the outbox, read and acknowledged."""
        rows = []
        while found := read(self.library, connection, limit=700):
            self.assertEqual(acknowledge(self.library, connection, found[0]), len(found[1]))
            rows += found[1]
        return rows

    def test_random_databases(self):
        ways = ({}, {"max_tx_rows": 9}, {"driver": "dbi", "max_tx_rows": 25})
        for case, session, selection, vetoed, gone, options in self.purges(SEEDS, ways):
            install(self.library, session.connection)
            purge = Purge(session, selection, lambda _: vetoed, outbox=1, actor=b"jo", reason="weil \u00fc".encode(),
                          columns=[(table, "words") for table in case.tables], **options)
            report = purge.run()
            rows = self.everything(session.connection)
            self.assertEqual(sorted((name(row), row["key"][0]) for row in rows), sorted(gone))
            for row in rows:
                self.assertEqual(row["columns"], {"words": case.words(name(row), row["key"][0])})
            told, = audit(self.library, session.connection)
            self.assertEqual((told["actor"], told["reason"], told["deleted"], told["kept"], told["finished"], told["batches"]),
                             ("jo", "weil \u00fc", len(gone), report.vetoed + report.kept, True, report.batches))
            purge.free()

    def museum(self):
        self.database.clear()
        self.database.run(
            "CREATE TABLE agent (id INTEGER PRIMARY KEY)",
            "CREATE TABLE loan (id INTEGER PRIMARY KEY, agent_id INTEGER NOT NULL, path VARCHAR(40),"
            " FOREIGN KEY (agent_id) REFERENCES agent (id) ON DELETE CASCADE)",
            "CREATE INDEX loan_agent ON loan (agent_id)", f"INSERT INTO agent VALUES {', '.join(f'({i})' for i in range(1, 11))}",
            "INSERT INTO loan VALUES " + ", ".join(f"({i}, {1 + i % 10}, '/loan/{i}')" for i in range(1, LOANS + 1)))
        session = self.session()
        install(self.library, session.connection)
        return session

    def gone(self):
        left = {key for key, in self.database.rows("SELECT id FROM loan")}
        return sorted(set(range(1, LOANS + 1)) - left)

    def test_without_tables(self):
        self.museum()
        self.database.run("DROP TABLE cascade_outbox")
        session = self.session()
        for options in ({"outbox": 1}, {"actor": b"jo"}, {"reason": b"why"}):
            with self.assertRaises(sessions.Failure) as caught:
                Purge(session, session.select_integers("agent", [1]), **options)
            self.assertEqual(caught.exception.status, "CASCADE_NOT_FOUND")
            self.assertIn("cascade outbox install", caught.exception.message)
        self.database.run("CREATE TABLE cascade_outbox (version INTEGER)", "INSERT INTO cascade_outbox VALUES (99)")
        with self.assertRaises(sessions.Failure) as caught:
            Purge(session, session.select_integers("agent", [1]), outbox=1)
        self.assertEqual(caught.exception.status, "CASCADE_UNSUPPORTED")

    def test_thousands_of_rows_in_one_batch(self):
        session = self.museum()
        purge = Purge(session, session.select_where("agent", "id <= 8"), outbox=1, columns=[("loan", "path")])
        self.assertEqual(purge.run().batches, 1)
        rows = [row for row in self.everything(session.connection) if name(row) == "loan"]
        self.assertEqual(sorted(row["key"][0] for row in rows), self.gone())
        self.assertEqual(len(rows), LOANS * 8 // 10)
        for row in rows:
            self.assertEqual(row["columns"], {"path": f"/loan/{row['key'][0]}"})
        purge.free()

    def test_an_outbox_that_drops_rows(self):
        """A row that a trigger of the outbox keeps out of it does not go."""
        trigger = {"sqlite": ["CREATE TRIGGER lose BEFORE INSERT ON cascade_outbox_row WHEN new.row_key = '[20]'"
                              " BEGIN SELECT RAISE(IGNORE); END"],
                   "postgresql": ["CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS"
                                  " 'BEGIN IF new.row_key = ''[20]'' THEN RETURN NULL; END IF; RETURN new; END'",
                                  "CREATE TRIGGER lose BEFORE INSERT ON cascade_outbox_row FOR EACH ROW EXECUTE FUNCTION lose()"],
                   "mariadb": ["CREATE TRIGGER lose BEFORE INSERT ON cascade_outbox_row FOR EACH ROW"
                               " IF new.row_key = '[20]' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'lost'; END IF"]}[ENGINE]
        session = self.museum()
        self.database.run(*trigger)
        purge = Purge(session, session.select_integers("agent", [1]), outbox=1)
        with self.assertRaises(sessions.Failure) as caught:
            purge.run()
        self.assertEqual(caught.exception.status, "CASCADE_BLOCKED" if ENGINE == "mariadb" else "CASCADE_NO_PROGRESS")
        self.assertIn("outbox", caught.exception.message)
        self.assertEqual((self.gone(), self.database.value("SELECT count(*) FROM cascade_outbox_row")), ([], 0))
        purge.free()

    def test_a_hook_that_fails_leaves_nothing(self):
        session = self.museum()
        calls = []

        def fail(_):
            calls.append(1)
            return int(len(calls) == 4)

        purge = Purge(session, session.select_where("agent", "id <= 3"), after=fail, max_tx_rows=100, outbox=1, actor=b"jo")
        with self.assertRaises(sessions.Failure):
            purge.run()
        report = purge.report()
        self.assertEqual((report.batches, report.finished), (3, 0))
        rows = self.everything(session.connection)
        self.assertEqual(sorted(row["key"][0] for row in rows if name(row) == "loan"), self.gone())
        told, = audit(self.library, session.connection)
        self.assertEqual((told["deleted"], told["batches"], told["finished"]), (report.deleted, 3, False))
        purge.free()

    def test_killed(self):
        """Killed again and again in the middle of it."""
        session = self.museum()
        killed = 0
        for number in range(KILLS):
            with subprocess.Popen([sys.executable, __file__, ENGINE, "--child", self.database.uri("native")],
                                  stdout=subprocess.PIPE) as process:
                process.stdout.readline()
                time.sleep(random.Random(number).random() * 0.04)
                process.send_signal(signal.SIGKILL)
                killed += process.wait() == -signal.SIGKILL
        self.assertGreater(killed, 0)
        sessions.until(lambda: not self.database.transactions(), "a killed session still has its transaction")
        subprocess.run([sys.executable, __file__, ENGINE, "--child", self.database.uri("native")], check=True,
                       stdout=subprocess.DEVNULL)
        rows = self.everything(session.connection)
        self.assertEqual(sorted(row["key"][0] for row in rows if name(row) == "loan"), self.gone())
        self.assertEqual(len(self.gone()), LOANS * 6 // 10)
        self.assertEqual(sorted(row["key"][0] for row in rows if name(row) == "agent"), [1, 2, 3, 4, 5, 6])
        purges = audit(self.library, session.connection)
        self.assertEqual((sum(told["deleted"] for told in purges), purges[-1]["finished"]), (len(rows), True))

    def test_consumers(self):
        """Several at once, beside the purge. Some never acknowledge: their rows are read again when their time is over."""
        session = self.museum()
        dealt, lock, done, troubles = [], threading.Lock(), threading.Event(), []

        def consume(lazy):
            dice = random.Random(lazy)
            try:
                with ffi.Session(Library(), self.database.uri("native")) as own:
                    while True:
                        ending = done.is_set()
                        try:
                            found = read(own.library, own.connection, limit=150, lease_ms=300)
                        except ffi.Failure as failure:  # a deadlock, or a lock: nothing was taken
                            if failure.status not in ("CASCADE_BUSY", "CASCADE_DEADLOCK", "CASCADE_SERIALIZATION"):
                                raise
                            continue
                        if not found and ending and not self.database.value("SELECT count(*) FROM cascade_outbox_row"):
                            return
                        if found and not (lazy and dice.random() < 0.3):
                            with lock:
                                dealt.extend((name(row), row["key"][0]) for row in found[1])
                            acknowledge(own.library, own.connection, found[0])
                        time.sleep(0.005 if found else 0.05)
            except Exception as trouble:
                troubles.append(trouble)

        consumers = [threading.Thread(target=consume, args=(lazy,)) for lazy in range(2 if ENGINE == "sqlite" else 4)]
        for consumer in consumers:
            consumer.start()
        try:
            purge = Purge(session, session.select_where("agent", "id <= 5"), max_tx_rows=200, outbox=1)
            purge.run()
            purge.free()
        finally:
            done.set()
            for consumer in consumers:
                consumer.join(sessions.PATIENCE)
        self.assertEqual(troubles, [])
        loans = sorted({key for table, key in dealt if table == "loan"})
        self.assertEqual((loans, len(loans)), (self.gone(), LOANS // 2))
        self.assertEqual(self.database.value("SELECT count(*) FROM cascade_outbox_row"), 0)

    def test_a_reader_whose_time_is_over(self):
        session = self.museum()
        Purge(session, session.select_integers("agent", [1]), outbox=1).run()
        first, rows = read(self.library, session.connection, limit=10, lease_ms=1)
        time.sleep(0.05)
        second, again = read(self.library, session.connection, limit=4)
        self.assertEqual(([row["id"] for row in again], rows[0]["columns"]), ([row["id"] for row in rows[:4]], None))
        self.assertEqual(acknowledge(self.library, session.connection, first), 6)
        self.assertEqual(acknowledge(self.library, session.connection, second), 4)
        self.assertEqual(acknowledge(self.library, session.connection, second), 0)


if __name__ == "__main__":
    if "--child" in sys.argv:
        child(sys.argv[3])
    else:
        unittest.main(argv=sys.argv[:1])

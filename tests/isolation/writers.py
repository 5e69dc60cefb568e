"""A purge in small batches against four sessions that insert, update, move and delete without a pause.

writers.py ENGINE [WORD]: on postgresql or mariadb. It ends in a time like that of a quiet database, or says that it cannot; no row
is orphaned, no row outside of the closure is touched, and what it reports is what is gone. With CASCADE_QUICK fewer shapes and
rows, with CASCADE_LONG more.
"""

import os
import pathlib
import random
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import cascade_ctypes as ffi  # noqa: E402
import sessions  # noqa: E402
from sessions import Purge, Refused  # noqa: E402

QUICK, LONG = bool(os.environ.get("CASCADE_QUICK")), bool(os.environ.get("CASCADE_LONG"))
BATCH = 300
HUB_ROWS = 1500 if QUICK else 20000 if LONG else 3000
ROOTS = HUB_ROWS // 4  # of the shape with many parents; every other one is selected
OLD, KEPT_ROOT = "old", 2


class Shape:
    """Tables t0 to t<depth>, each referring to the one before; the last may be set to NULL instead of being deleted."""

    def __init__(self, database, depth, hub, rule):
        self.database, self.depth, self.hub, self.rule = database, depth, hub, rule
        self.rows = [dict() for _ in range(depth + 1)]  # level: key: parent
        if hub:
            self.rows[0] = {1: None, KEPT_ROOT: None, 3: None}
            self.rows[1] = {n: 1 if n % 10 else KEPT_ROOT for n in range(1, HUB_ROWS + 1)}
        else:
            self.rows[0] = {n: None for n in range(1, ROOTS + 1)}
            self.rows[1] = {n: n % ROOTS + 1 for n in range(1, HUB_ROWS + 1)}
        for level in range(2, depth + 1):
            self.rows[level] = {n: n for n in self.rows[level - 1]}
        self.keys = [list(rows) for rows in self.rows]
        self.selected = [1] if hub else [n for n in self.rows[0] if n % 2]
        inside = set(self.selected)
        self.inside = [inside]
        for level in range(1, depth + 1):
            inside = {n for n, parent in self.rows[level].items() if parent in inside}
            self.inside.append(inside)

    def make(self):
        self.database.clear()
        for level, rows in enumerate(self.rows):
            last = "ON DELETE SET NULL" if self.rule == "null" and level == self.depth else "ON DELETE CASCADE"
            action = "" if self.rule in ("policy", "proven") else last
            key = f", CONSTRAINT f{level} FOREIGN KEY (parent) REFERENCES t{level - 1} (id) {action}" if level else ""
            self.database.run(f"CREATE TABLE t{level} (id INTEGER PRIMARY KEY, parent INTEGER, word VARCHAR(20){key})")
            if level:
                self.database.run(f"CREATE INDEX i{level} ON t{level} (parent)")
            items = [f"({key}, {parent or 'NULL'}, '{OLD}')" for key, parent in rows.items()]
            self.database.run(f"INSERT INTO t{level} VALUES " + ", ".join(items))

    def policy(self):
        if self.rule not in ("policy", "proven"):
            return None
        return "[" + ", ".join(f'{{"table": "t{level}", "column": "parent", "rule": "CASCADE"}}'
                               for level in range(1, self.depth + 1)) + "]"


class Writer(threading.Thread):
    """Does one thing after the other, and remembers what was committed."""

    def __init__(self, shape, number):
        super().__init__(daemon=True)
        self.shape, self.number = shape, number
        self.random = random.Random(number)
        self.over = threading.Event()
        self.inserted, self.deleted, self.moved, self.words = [], [], {}, {}
        self.refused = {}
        self.key = (number + 1) * 1000000
        self.trouble = None

    def run(self):
        try:
            with sessions.Side(self.shape.database) as side:
                side.run("SET lock_timeout = '20s'" if self.shape.database.engine == "postgresql" else
                         "SET innodb_lock_wait_timeout = 20, tx_isolation = 'READ-COMMITTED'")
                while not self.over.is_set():
                    try:
                        getattr(self, ("add_to_roots", "add_anywhere", "change", "take_away")[self.number])(side)
                    except Refused as refused:
                        if refused.kind not in (sessions.FOREIGN_KEY, sessions.DEADLOCK):
                            raise
                        self.refused[refused.kind] = self.refused.get(refused.kind, 0) + 1
        except Exception as trouble:  # told by the test
            self.trouble = trouble

    def add(self, side, level, parent):
        self.key += 1
        side.run(f"INSERT INTO t{level} VALUES ({self.key}, {parent}, '{OLD}')")
        self.inserted.append((level, self.key, parent))

    def pick(self, level):
        return self.random.choice(self.shape.keys[level])

    def add_to_roots(self, side):
        self.add(side, 1, self.random.choice(self.shape.selected))

    def add_anywhere(self, side):
        level = self.random.randint(1, self.shape.depth)
        self.add(side, level, self.pick(level - 1))

    def change(self, side):
        """Words of any row; children that move to a parent that stays."""
        if self.random.random() < 0.2:
            key = self.pick(1)
            if key in self.shape.inside[1] and side.run(f"UPDATE t1 SET parent = {KEPT_ROOT} WHERE id = {key}"):
                self.moved[key] = KEPT_ROOT
            return
        level, word = self.random.randint(0, self.shape.depth), f"w{self.random.randint(0, 999)}"
        key = self.pick(level)
        if side.run(f"UPDATE t{level} SET word = '{word}' WHERE id = {key}"):
            self.words[level, key] = word

    def take_away(self, side):
        level = self.shape.depth
        if self.random.random() < 0.5:
            self.add(side, level, self.pick(level - 1))
            return
        key = self.pick(level)
        if side.run(f"DELETE FROM t{level} WHERE id = {key}"):
            self.deleted.append((level, key))


class Writers(unittest.TestCase):
    engine = None

    @classmethod
    def setUpClass(cls):
        cls.database = sessions.ENGINES[cls.engine]()
        cls.addClassCleanup(cls.database.drop)
        cls.library = sessions.Library()

    def purge(self, shape):
        """Time and failure of a purge to its end."""
        with ffi.Session(self.library, self.database.uri("native"), policy=shape.policy()) as session:
            with session.select_integers("t0", shape.selected) as selection:
                failure, start = None, time.monotonic()
                integrity = ffi.PROVEN if shape.rule == "proven" else ffi.CHECKED
                purge = Purge(session, selection, max_tx_rows=BATCH, integrity=integrity)
                try:
                    purge.finish()
                except sessions.Failure as stopped:
                    failure = stopped
                took = time.monotonic() - start
                purge.deleted_rows, purge.batch_count = purge.deleted(), len(purge.batches)
                purge.free()
        return purge, took, failure

    def check(self, shape, writers, purge, failure):
        final = [{row[0]: row[1:] for row in self.database.rows(f"SELECT id, parent, word FROM t{level}")}
                 for level in range(shape.depth + 1)]
        for level in range(1, shape.depth + 1):
            orphans = [key for key, (parent, _) in final[level].items() if parent is not None and parent not in final[level - 1]]
            self.assertEqual(orphans, [], f"orphans in t{level}")
        inserted = [row for writer in writers for row in writer.inserted]
        deleted = [row for writer in writers for row in writer.deleted]
        # what is reported is what is gone
        for level in range(shape.depth + 1):
            gone = (len(shape.rows[level]) + sum(row[0] == level for row in inserted) - sum(row[0] == level for row in deleted) -
                    len(final[level]))
            self.assertEqual(purge.deleted_rows.get(f"t{level}", 0), gone, f"t{level}")
        # what does not hang on a selected row is there, as the last one to write it has left it
        words, moved = writers[2].words, writers[2].moved
        taken = set(deleted)
        outside = [{key: parent for key, parent in shape.rows[level].items() if key not in shape.inside[level]}
                   for level in range(shape.depth + 1)]
        outside[1].update(moved)
        for level, key, parent in inserted:
            if parent in outside[level - 1] and parent not in moved:
                outside[level][key] = parent
        for level, rows in enumerate(outside):
            for key, parent in rows.items():
                if (level, key) in taken:
                    continue
                self.assertEqual(final[level].get(key), (parent, words.get((level, key), OLD)), f"row {key} of t{level}")
        if failure is None:
            self.assertEqual([key for key in shape.selected if key in final[0]], [])
            if shape.rule == "null":
                self.assertTrue(any(parent is None for parent, _ in final[shape.depth].values()))

    def against_writers(self, depth, hub, rule):
        shape = Shape(self.database, depth, hub, rule)
        shape.make()
        quiet, quiet_time, failure = self.purge(shape)
        self.assertIsNone(failure)
        self.assertGreater(quiet.batch_count, 2)
        shape.make()
        writers = [Writer(shape, number) for number in range(4)]
        for writer in writers:
            writer.start()
        sessions.until(lambda: all(writer.inserted or writer.words or writer.trouble for writer in writers), "no writer works")
        purge, took, failure = self.purge(shape)
        for writer in writers:
            writer.over.set()
        for writer in writers:
            writer.join()
            self.assertIsNone(writer.trouble)
        print(f"  quiet {quiet_time:.2f} s, beside writers {took:.2f} s, {purge.batch_count} batches; rows inserted"
              f" {sum(len(writer.inserted) for writer in writers)}, moved {len(writers[2].moved)};"
              f" refused {[writer.refused for writer in writers]} {failure or ''}", file=sys.stderr)
        if failure:
            self.assertEqual(failure.status, "CASCADE_CONTENDED", failure)
        else:
            self.assertLess(took, 3 * quiet_time + 10)
        self.check(shape, writers, purge, failure)


def name(test, depth, hub, rule):
    setattr(Writers, f"test_{'hub' if hub else 'many'}_{rule}_{depth}", lambda self: test(self, depth, hub, rule))


RULES = ("action", "policy", "null", "proven")
for number in range(1, 5):
    for is_hub in (True, False):
        for position, named in enumerate(RULES):
            wanted = {"null": number in (1, 3), "proven": number in (2, 4)}.get(named, (number + is_hub) % 2 == position)
            if LONG or (wanted and (not QUICK or number in (1, 4))):
                name(Writers.against_writers, number, is_hub, named)

if __name__ == "__main__":
    made = type("Writers", (Writers,), {"engine": sys.argv[1]})
    chosen = unittest.TestSuite(test for test in unittest.defaultTestLoader.loadTestsFromTestCase(made)
                                if ("proven" not in test.id() or sys.argv[1] == "postgresql")  # others gain nothing, and refuse
                                and (len(sys.argv) < 3 or sys.argv[2] in test.id()))
    assert chosen.countTestCases()
    sys.exit(not unittest.TextTestRunner(verbosity=2).run(chosen).wasSuccessful())

"""The data of the isolation tests, and purges of it that are driven step by step."""

import pathlib
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import cascade_ctypes as ffi  # noqa: E402
import sessions  # noqa: E402
from sessions import Purge, until  # noqa: E402

# Four tables, each referring to the one before. Keys: 1 to 20; below each row two rows, whose keys begin with its own.
TABLES = ("a", "b", "c", "d")
ALL_CASCADE = "[" + ", ".join(f'{{"table": "{child}", "column": "{parent}_id", "rule": "CASCADE"}}'
                              for parent, child in zip(TABLES, TABLES[1:])) + "]"
BELOW = {"a": 1, "b": 2, "c": 4, "d": 8}  # rows that hang on one row of the first table
EACH = sum(BELOW.values())


class Isolation(unittest.TestCase):
    engine = driver = None
    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        cls.database = sessions.ENGINES[cls.engine]()
        cls.addClassCleanup(cls.database.drop)
        cls.library = sessions.Library()

    def setUp(self):
        self.database.clear()
        self.addCleanup(self.database.end_sides)

    # ---- the data

    def make(self, action="", roots=20):
        """`action`: what the foreign keys do on delete."""
        lines = ["CREATE TABLE a (id INTEGER PRIMARY KEY, word VARCHAR(20))"]
        for parent, child in zip(TABLES, TABLES[1:]):
            lines += [f"CREATE TABLE {child} (id INTEGER PRIMARY KEY, {parent}_id INTEGER NOT NULL,"
                      f" CONSTRAINT {child}_{parent} FOREIGN KEY ({parent}_id) REFERENCES {parent} (id) {action})",
                      f"CREATE INDEX {child}_at_{parent} ON {child} ({parent}_id)"]
        rows = {"a": list(range(1, roots + 1))}
        lines.append("INSERT INTO a VALUES " + ", ".join(f"({key}, 'old')" for key in rows["a"]))
        for parent, child in zip(TABLES, TABLES[1:]):
            rows[child] = [key * 10 + end for key in rows[parent] for end in (1, 2)]
            lines.append(f"INSERT INTO {child} VALUES " + ", ".join(f"({key}, {key // 10})" for key in rows[child]))
        self.database.run(*lines)

    def count(self, table):
        return self.database.value(f"SELECT count(*) FROM {table}")

    def counts(self):
        return {table: self.count(table) for table in TABLES}

    def keys(self, table, condition="1 = 1"):
        return sorted(key for key, in self.database.rows(f"SELECT id FROM {table} WHERE {condition}"))

    def dump(self):
        return {table: sorted(self.database.rows(f"SELECT * FROM {table}")) for table in TABLES}

    # ---- the library

    def session(self, policy=ALL_CASCADE, lock_timeout_ms=20000):
        session = ffi.Session(self.library, self.database.uri(self.driver), policy=policy, lock_timeout_ms=lock_timeout_ms)
        self.addCleanup(session.close)
        return session

    def purge(self, keys, hook=None, policy=ALL_CASCADE, lock_timeout_ms=20000, where=None, **options):
        session = self.session(policy, lock_timeout_ms)
        selection = session.select_where("a", where) if where else session.select_integers("a", keys)
        purge = Purge(session, selection, hook, **options)
        self.addCleanup(selection.free)
        self.addCleanup(purge.free)
        self.addCleanup(self.database.end_sides)
        return purge

    # ---- what is expected

    def assert_waits(self, later, sessions_waiting=1):
        """It waits for a lock, and goes on doing so."""
        if self.engine != "sqlite":
            until(lambda: not later.is_alive() or self.database.waiting() >= sessions_waiting, "nobody waits")
        time.sleep(0.05)
        self.assertTrue(later.is_alive(), f"it did not wait: {later.failure or later.outcome}")

    def assert_fails(self, status, purge, transaction=sessions.TX_ROLLED_BACK):
        with self.assertRaises(sessions.Failure) as caught:
            purge.finish()
        self.assertEqual((caught.exception.status, caught.exception.transaction), (status, transaction), caught.exception)
        self.assertEqual(caught.exception.told, status)
        until(lambda: not self.database.transactions(), "a transaction is left open")
        return caught.exception

    def assert_account(self, purge, before, **added):
        """What the purge says is what is gone, table by table."""
        gone = {table: before[table] + added.get(table, 0) - self.count(table) for table in TABLES}
        self.assertEqual(purge.deleted(), {table: number for table, number in gone.items() if number})
        self.assertEqual(purge.report().deleted, sum(gone.values()))

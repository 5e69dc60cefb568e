"""What the library does beside other sessions: each fact of the engines' isolation, as one of a purge.

isolation.py ENGINE [WORD]: tests on sqlite, postgresql or mariadb, with both drivers (one, when CASCADE_QUICK is set); with WORD
those whose name has it.
"""

import os
import pathlib
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import cascade_ctypes as ffi  # noqa: E402
import sessions  # noqa: E402
from sessions import FOREIGN_KEY, Later, Purge, until  # noqa: E402

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


class Rows(Isolation):
    """Rows that come, go and move while a purge is at work, on every engine."""

    # The commit is near: what hangs on the rows that go has to wait for it.

    def insert_meanwhile(self, table, key, answer, action=""):
        self.make(action)
        before = self.counts()
        side = self.database.side()
        parent = TABLES[TABLES.index(table) - 1]

        def hook(purge):
            purge.insert = side.later(f"INSERT INTO {table} VALUES ({key * 100}, {key})")
            self.assert_waits(purge.insert)
            return answer

        purge = self.purge([1, 2], hook, policy=None if action else ALL_CASCADE)
        if answer:
            self.assert_fails("CASCADE_HOOK", purge)
            self.assertIsNone(purge.insert.refusal())
            self.assertEqual(self.keys(table, f"id = {key * 100}"), [key * 100])
            self.assertEqual(self.keys(parent, f"id = {key}"), [key])
            self.assertEqual(self.counts(), dict(before, **{table: before[table] + 1}))
            self.assert_account(purge, before, **{table: 1})
            return
        purge.finish()
        self.assertEqual(purge.insert.refusal(), FOREIGN_KEY)
        self.assertEqual(purge.deleted(), {table: 2 * rows for table, rows in BELOW.items()})
        self.assert_account(purge, before)

    def test_insert_waits_then_fails(self):
        for table, key in (("b", 1), ("c", 11), ("d", 111)):
            for action in ("", "ON DELETE CASCADE"):
                with self.subTest(table=table, action=action):
                    self.database.clear()
                    self.insert_meanwhile(table, key, 0, action)

    def test_insert_waits_then_succeeds_after_rollback(self):
        for table, key in (("b", 1), ("c", 11), ("d", 111)):
            with self.subTest(table=table):
                self.database.clear()
                self.insert_meanwhile(table, key, 1)

    # A writer came first: its rows are waited for.

    def write_before(self, statement, end, action="", keys=(1, 2), lock_timeout_ms=20000, **options):
        side = self.database.side()
        purge = self.purge(list(keys), policy=None if action else ALL_CASCADE, lock_timeout_ms=lock_timeout_ms, **options)
        side.run("BEGIN IMMEDIATE" if self.engine == "sqlite" else "BEGIN")
        side.run(statement)
        later = Later(purge.finish)
        self.assert_waits(later)
        side.run(end)
        later.result()
        return purge

    def test_insert_in_flight(self):
        """What is being inserted when the rows are locked goes with them, and is counted."""
        for action in ("", "ON DELETE CASCADE"):
            for table, key in (("b", 1), ("c", 11), ("d", 111)):
                for options in ({}, {"max_tx_rows": 20}):
                    with self.subTest(table=table, action=action, **options):
                        self.database.clear()
                        self.make(action)
                        before = self.counts()
                        purge = self.write_before(f"INSERT INTO {table} VALUES ({key * 100}, {key})", "COMMIT", action, **options)
                        self.assertEqual(self.keys(table, f"id = {key * 100}"), [])
                        self.assert_account(purge, before, **{table: 1})
                        self.assertEqual(len(purge.batches) > 1, bool(options))

    def test_insert_in_flight_is_rolled_back(self):
        self.make()
        before = self.counts()
        purge = self.write_before("INSERT INTO b VALUES (100, 1)", "ROLLBACK")
        self.assert_account(purge, before)
        self.assertEqual(self.counts(), {table: 18 * rows for table, rows in BELOW.items()})

    def test_insert_between_examination_and_delete(self):
        """No child is lost unseen, though the database would cascade by itself: what is reported is what is gone."""
        for action in ("", "ON DELETE CASCADE"):
            for options in ({}, {"max_tx_rows": 20}):
                with self.subTest(action=action, **options):
                    self.database.clear()
                    self.make(action)
                    before = self.counts()
                    purge = self.purge([1, 2, 3], policy=None if action else ALL_CASCADE, **options)
                    self.database.run("INSERT INTO b VALUES (900, 1), (901, 3), (902, 4)",
                                      "INSERT INTO d VALUES (903, 111), (904, 411)")
                    purge.finish()
                    self.assert_account(purge, before, b=3, d=2)
                    late = "id >= 900 AND id < 910"
                    self.assertEqual((self.keys("b", late), self.keys("d", late)), ([902], [904]))

    def test_bound_of_rows_holds_for_late_rows(self):
        """`max_rows` is what a purge never goes beyond, whatever is added after it was examined."""
        for action in ("", "ON DELETE CASCADE"):
            with self.subTest(action=action):
                self.database.clear()
                self.make(action)
                purge = self.purge([1], policy=None if action else ALL_CASCADE, max_rows=EACH)
                self.database.run("INSERT INTO d VALUES (903, 111)")
                before = self.dump()
                self.assert_fails("CASCADE_MAX_ROWS", purge)
                self.assertEqual(self.dump(), before)

    # Rows that no longer belong to it.

    def test_row_that_moves_is_kept(self):
        """Read as a child, then moved to another parent: with all that hangs on it, it stays."""
        for table, moved, to in (("b", 11, 20), ("c", 111, 201), ("d", 1111, 2011)):
            for action in ("", "ON DELETE CASCADE"):
                with self.subTest(table=table, action=action):
                    self.database.clear()
                    self.make(action)
                    before = self.counts()
                    parent = TABLES[TABLES.index(table) - 1]
                    purge = self.write_before(f"UPDATE {table} SET {parent}_id = {to} WHERE id = {moved}", "COMMIT", action)
                    self.assertEqual(self.keys(table, f"{parent}_id = {to}"), [moved, to * 10 + 1, to * 10 + 2])
                    below = sum(rows for name, rows in BELOW.items() if name >= table) // BELOW[table]
                    self.assertEqual(purge.report().deleted, 2 * EACH - below)
                    self.assert_account(purge, before)

    def test_row_that_moves_between_batches_is_kept(self):
        self.make()
        before = self.counts()
        purge = self.purge(list(range(1, 19)), max_tx_rows=20)
        purge.step()
        left = self.keys("b", "a_id < 19")
        self.database.run(f"UPDATE b SET a_id = 20 WHERE id = {left[-1]}", f"UPDATE b SET a_id = 19 WHERE id = {left[0]}")
        purge.finish()
        self.assertEqual(self.keys("b", "a_id >= 19"), [left[0], left[-1], 191, 192, 201, 202])
        self.assertEqual(len(self.keys("d")), 6 * 4)
        self.assert_account(purge, before)

    def test_row_that_moves_in_goes(self):
        self.make()
        before = self.counts()
        purge = self.write_before("UPDATE b SET a_id = 1 WHERE id = 201", "COMMIT")
        self.assertEqual(self.keys("b", "a_id IN (1, 20)"), [202])
        self.assert_account(purge, before)

    def test_root_that_no_longer_meets_the_condition_is_kept(self):
        self.make()
        before = self.counts()
        side = self.database.side()
        purge = self.purge(None, where="word = 'old' AND id < 11")
        side.run("BEGIN IMMEDIATE" if self.engine == "sqlite" else "BEGIN")
        side.run("UPDATE a SET word = 'kept' WHERE id IN (3, 7)")
        later = Later(purge.finish)
        self.assert_waits(later)
        side.run("COMMIT")
        later.result()
        self.assertEqual(self.keys("a", "id < 11"), [3, 7])
        self.assertEqual(purge.report().deleted, 8 * EACH)
        self.assert_account(purge, before)

    def test_row_that_goes_by_other_hands(self):
        """What another session deletes first is neither missed nor counted."""
        self.make()
        before = self.counts()
        purge = self.write_before("DELETE FROM d WHERE id IN (1111, 1112)", "COMMIT")
        self.assertEqual(purge.deleted(), {"a": 2, "b": 4, "c": 8, "d": 14})
        self.assert_account(purge, before, d=-2)

    # Failures end in a rollback, with nothing half done.

    def test_blocking_row_that_comes_late(self):
        self.make()
        policy = ALL_CASCADE.replace('"d", "column": "c_id", "rule": "CASCADE"', '"d", "column": "c_id", "rule": "RESTRICT"')
        self.assertIn("RESTRICT", policy)
        self.database.run("DELETE FROM d WHERE id < 2000")
        side = self.database.side()
        purge = self.purge([1], policy=policy)
        side.run("BEGIN IMMEDIATE" if self.engine == "sqlite" else "BEGIN")
        side.run("INSERT INTO d VALUES (7, 111)")
        later = Later(lambda: self.assert_fails("CASCADE_BLOCKED", purge))
        self.assert_waits(later)
        side.run("COMMIT")
        later.result()
        self.assertEqual(self.counts(), {"a": 20, "b": 40, "c": 80, "d": self.count("d")})
        self.assertEqual(purge.deleted(), {})

    def refuse(self, table, key):
        """A trigger that raises when a row is about to go."""
        when = f"WHEN (old.id = {key})"
        words = "not this one"
        if self.engine == "sqlite":
            self.database.run(f"CREATE TRIGGER refuse BEFORE DELETE ON {table} {when} BEGIN SELECT RAISE(ABORT, '{words}'); END")
        elif self.engine == "mariadb":
            self.database.run(f"CREATE TRIGGER refuse BEFORE DELETE ON {table} FOR EACH ROW IF old.id = {key} THEN"
                              f" SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{words}'; END IF")
        else:
            self.database.run(f"CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE '{words}'; END$$",
                              f"CREATE TRIGGER refuse BEFORE DELETE ON {table} FOR EACH ROW {when} EXECUTE FUNCTION refuse()")

    def test_error_in_the_last_statement_undoes_the_first(self):
        self.make()
        self.refuse("a", 2)
        before = self.dump()
        purge = self.purge([1, 2, 3])
        self.assertIn("not this one", str(self.assert_fails("CASCADE_BLOCKED", purge)))
        self.assertEqual(self.dump(), before)
        self.assertEqual((purge.deleted(), purge.report().deleted), ({}, 0))

    def test_error_leaves_earlier_batches_whole(self):
        self.make()
        self.refuse("a", 17)
        before = self.counts()
        purge = self.purge(list(range(1, 21)), max_tx_rows=20)
        self.assert_fails("CASCADE_BLOCKED", purge)
        left = self.keys("a")
        self.assertIn(17, left)
        self.assertLess(len(left), 20)
        self.assertEqual(self.counts(), {table: rows * len(left) for table, rows in BELOW.items()})
        self.assert_account(purge, before)

    def test_purge_of_nothing_after_another_purge(self):
        """Two purges of the same rows: the second finds what the first has left, which is nothing."""
        self.make()
        first, second = self.purge([1, 2]), self.purge([1, 2])
        first.finish()
        second.finish()
        self.assertEqual((first.report().deleted, second.report().deleted), (2 * EACH, 0))
        self.assertEqual(second.report().finished, 1)


class Locks(Isolation):
    """Row locks and what comes of them: PostgreSQL and MariaDB."""

    def gate(self, table, key):
        """Holds a row: a purge that reaches it stops there."""
        side = self.database.side()
        side.run("BEGIN")
        side.run(f"SELECT id FROM {table} WHERE id = {key} FOR UPDATE")
        return side

    def test_every_level_is_locked(self):
        """While a purge waits for a row of the last level, nothing can be added to any level above."""
        for action in ("", "ON DELETE CASCADE"):
            with self.subTest(action=action):
                self.database.clear()
                self.make(action)
                before = self.counts()
                gate = self.gate("d", 1111)
                purge = self.purge([1, 2], policy=None if action else ALL_CASCADE)
                later = Later(purge.finish)
                self.assert_waits(later)
                inserts = [self.database.side().later(f"INSERT INTO {table} VALUES ({key}900, {key})")
                           for table, key in (("b", 1), ("c", 11), ("d", 121))]
                for number, insert in enumerate(inserts):
                    self.assert_waits(insert, number + 2)
                gate.run("ROLLBACK")
                later.result()
                self.assertEqual([insert.refusal() for insert in inserts], [FOREIGN_KEY] * 3)
                self.assert_account(purge, before)

    def test_neighbours_are_free(self):
        """What does not belong to the closure can be written all the time."""
        self.make()
        before = self.counts()
        side = self.database.side()

        def hook(_):
            side.run("INSERT INTO b VALUES (3900, 3)")
            side.run("INSERT INTO d VALUES (90001, 211), (90000, 311)")
            side.run("UPDATE a SET word = 'new' WHERE id IN (3, 4)")
            side.run("DELETE FROM d WHERE id = 3111")

        purge = self.purge([1, 5], hook)
        purge.finish()
        self.assertEqual(purge.report().deleted, 2 * EACH)
        self.assert_account(purge, before, b=1, d=1)

    def test_lock_timeout(self):
        """A row that is held for too long: nothing is half done, and no lock is left behind."""
        self.make()
        before = self.dump()
        gate = self.gate("d", 1111)
        purge = self.purge([1], lock_timeout_ms=50)
        with self.assertRaises(sessions.Failure) as caught:
            purge.finish()
        self.assertEqual((caught.exception.status, caught.exception.transaction), ("CASCADE_BUSY", sessions.TX_ROLLED_BACK))
        self.assertGreater(purge.report().retries, 1)
        gate.run("ROLLBACK")
        self.assertEqual(self.database.transactions(), 0)
        self.assertEqual(self.dump(), before)
        self.database.run("UPDATE a SET word = 'new' WHERE id = 1")
        self.assertEqual(self.purge([1]).finish().report().deleted, EACH)

    def test_lock_that_comes_free_in_time(self):
        self.make()
        gate = self.gate("c", 111)
        purge = self.purge([1], lock_timeout_ms=50)
        later = Later(purge.finish)
        until(lambda: purge.report().retries or not later.is_alive(), "it is not tried again")
        gate.run("ROLLBACK")
        later.result()
        self.assertEqual(purge.report().deleted, EACH)
        self.assertGreater(purge.retries, 0)

    def test_deadlock_is_tried_again(self):
        """Another session locks in the opposite order. The purge, which has least to lose, is the victim, and comes again."""
        self.make()
        before = self.counts()
        side = self.database.side()
        if self.engine == "postgresql":
            self.database.administer(f"ALTER DATABASE {self.database.name} SET deadlock_timeout = '500ms'")
            self.addCleanup(self.database.administer, f"ALTER DATABASE {self.database.name} RESET deadlock_timeout")
            side.run("SET deadlock_timeout = '60s'")
        purge = self.purge([1, 2])
        side.run("BEGIN")
        side.run("UPDATE d SET c_id = c_id WHERE id > 10000 OR id IN (1111, 2111) OR c_id > 400")
        side.run("UPDATE a SET word = 'busy' WHERE id > 10")
        later = Later(purge.finish)
        self.assert_waits(later)
        side.run("UPDATE a SET word = 'new' WHERE id = 1")
        side.run("COMMIT")
        later.result()
        self.assertGreater(purge.retries, 0)
        self.assertEqual(purge.report().deleted, 2 * EACH)
        self.assert_account(purge, before)

    def test_deadlocks_that_do_not_end(self):
        """After some tries it is told that others are in the way, and nothing is half done."""
        self.make()
        if self.engine == "postgresql":
            self.database.run("CREATE FUNCTION meet() RETURNS trigger LANGUAGE plpgsql AS"
                              " $$BEGIN RAISE 'deadlock' USING ERRCODE = '40P01'; END$$",
                              "CREATE TRIGGER meet BEFORE DELETE ON a FOR EACH ROW WHEN (old.id = 12) EXECUTE FUNCTION meet()")
        else:
            self.database.run("CREATE TRIGGER meet BEFORE DELETE ON a FOR EACH ROW IF old.id = 12 THEN"
                              " SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213, MESSAGE_TEXT = 'deadlock'; END IF")
        before = self.counts()
        purge = self.purge(list(range(1, 21)), max_tx_rows=40)
        self.assert_fails("CASCADE_CONTENDED", purge)
        self.assertGreaterEqual(purge.report().retries, 3)
        left = self.keys("a")
        self.assertIn(12, left)
        self.assertLess(len(left), 20)
        self.assertEqual(self.counts(), {table: rows * len(left) for table, rows in BELOW.items()})
        self.assert_account(purge, before)

    def test_two_purges_of_overlapping_rows(self):
        """Their locks are taken in one order: each row goes once, and is counted once."""
        self.make(roots=60)
        before = self.counts()
        purges = [self.purge(list(range(first, last + 1)), max_tx_rows=40) for first, last in ((1, 40), (20, 60), (1, 60))]
        for later in [Later(purge.finish) for purge in purges]:
            later.result()
        self.assertEqual(sum(self.counts().values()), 0)
        self.assertEqual(sum(purge.report().deleted for purge in purges), sum(before.values()))

    def test_null_where_a_row_is_on_its_way(self):
        """Rows that are rewritten: one that is being inserted is waited for, one that comes later waits and is refused."""
        for action in ("", "ON DELETE SET NULL"):
            with self.subTest(action=action):
                self.database.clear()
                self.make()
                self.database.run(f"CREATE TABLE note (id INTEGER PRIMARY KEY, b_id INTEGER, CONSTRAINT note_b FOREIGN KEY (b_id)"
                                  f" REFERENCES b (id) {action})",
                                  "CREATE INDEX note_at_b ON note (b_id)", "INSERT INTO note VALUES (1, 11), (2, 31)")
                policy = ALL_CASCADE[:-1] + ', {"table": "note", "column": "b_id", "rule": "SET NULL"}]'
                first, second = self.database.side(), self.database.side()

                def hook(purge):
                    purge.insert = second.later("INSERT INTO note VALUES (4, 12)")
                    self.assert_waits(purge.insert)

                purge = self.purge([1], hook, policy=policy)
                first.run("BEGIN")
                first.run("INSERT INTO note VALUES (3, 11)")
                later = Later(purge.finish)
                self.assert_waits(later)
                first.run("COMMIT")
                later.result()
                self.assertEqual(purge.insert.refusal(), FOREIGN_KEY)
                self.assertEqual(sorted(self.database.rows("SELECT * FROM note")), [(1, None), (2, 31), (3, None)])
                self.assertEqual((purge.report().deleted, purge.report().updated), (EACH, 2))

    # Rows that refer to each other in a circle, which MariaDB deletes with its checks off.

    def make_circle(self):
        self.make()
        self.database.run("CREATE TABLE node (id INTEGER PRIMARY KEY, a_id INTEGER, next INTEGER,"
                          " FOREIGN KEY (a_id) REFERENCES a (id))",
                          "CREATE INDEX node_at_a ON node (a_id)", "CREATE INDEX node_at_next ON node (next)",
                          "INSERT INTO node VALUES (1, 1, 2), (2, 1, 3), (3, 1, 1), (7, 7, 7), (8, 8, 9), (9, 8, 8)",
                          "ALTER TABLE node MODIFY next INTEGER NOT NULL" if self.engine == "mariadb" else
                          "ALTER TABLE node ALTER next SET NOT NULL",
                          "ALTER TABLE node ADD CONSTRAINT node_next FOREIGN KEY (next) REFERENCES node (id)")
        return ALL_CASCADE[:-1] + """, {"table": "node", "column": "a_id", "rule": "CASCADE"},
            {"table": "node", "column": "next", "rule": "CASCADE"}]"""

    def test_circle_beside_writers(self):
        policy = self.make_circle()
        before = self.counts()
        first, second = self.database.side(), self.database.side()

        def hook(purge):
            purge.insert = second.later("INSERT INTO node VALUES (11, 9, 2)")
            self.assert_waits(purge.insert)

        purge = self.purge([1, 7], hook, policy=policy)
        first.run("BEGIN")
        first.run("INSERT INTO node VALUES (10, 9, 3)")
        later = Later(purge.finish)
        self.assert_waits(later)
        first.run("COMMIT")
        later.result()
        self.assertEqual(purge.insert.refusal(), FOREIGN_KEY)
        self.assertEqual(self.database.rows("SELECT id, a_id, next FROM node ORDER BY id"), [(8, 8, 9), (9, 8, 8)])
        self.assertEqual(purge.deleted().pop("node"), 5)
        self.assertEqual(self.counts()["a"], before["a"] - 2)

    def test_hook_is_told_what_goes(self):
        """No row more and no row less, though rows come meanwhile."""
        self.make("ON DELETE CASCADE")
        rows = {table: self.keys(table) for table in TABLES}
        side = self.database.side()

        def hook(purge):
            if purge.commits_tried == 2:
                side.run("INSERT INTO d VALUES (90001, 2011)")
                rows["d"].append(90001)

        purge = self.purge(list(range(1, 21)), hook, policy=None, max_tx_rows=40)
        purge.finish()
        self.assertEqual(self.counts(), {table: 0 for table in TABLES})
        self.assertEqual({table: sorted(keys) for table, keys in purge.told.items()}, rows)


class PostgreSQL(Isolation):
    def test_read_committed_whatever_the_default(self):
        """In a stale snapshot the insert that is waited for would not be seen."""
        name = self.database.name
        for level in ("repeatable read", "serializable"):
            with self.subTest(level=level):
                self.database.administer(f"ALTER DATABASE {name} SET default_transaction_isolation = '{level}'")
                self.addCleanup(self.database.administer, f"ALTER DATABASE {name} RESET default_transaction_isolation")
                self.database.clear()
                Rows.make(self)
                before = self.counts()
                purge = Rows.write_before(self, "INSERT INTO c VALUES (1100, 11)", "COMMIT")
                self.assertEqual(self.keys("c", "id = 1100"), [])
                self.assert_account(purge, before, c=1)

    def late_check(self, body):
        """A constraint that PostgreSQL looks at when the transaction is about to be committed."""
        self.database.run("CREATE SEQUENCE tries",
                          f"CREATE FUNCTION check_late() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN {body} RETURN NULL; END$$",
                          "CREATE CONSTRAINT TRIGGER check_late AFTER DELETE ON a DEFERRABLE INITIALLY DEFERRED"
                          " FOR EACH ROW EXECUTE FUNCTION check_late()")

    def test_commit_that_fails_is_tried_again(self):
        self.make()
        self.late_check("IF nextval('tries') <= 2 THEN RAISE 'not yet' USING ERRCODE = '23503'; END IF;")
        before = self.counts()
        purge = self.purge([1], lambda _: 0)
        purge.finish()
        self.assertEqual((purge.report().retries, purge.commits_tried, len(purge.batches)), (2, 3, 1))
        self.assert_account(purge, before)

    def test_commit_that_fails_for_good(self):
        for state in ("23503", "23514"):
            with self.subTest(state=state):
                self.database.clear()
                self.make()
                self.late_check(f"RAISE 'never' USING ERRCODE = '{state}';")
                before = self.dump()
                purge = self.purge([1])
                self.assertIn("never", str(self.assert_fails("CASCADE_BLOCKED", purge)))
                self.assertEqual(self.dump(), before)
                self.assertEqual(purge.deleted(), {})

    def test_commit_that_fails_in_the_middle(self):
        self.make()
        self.late_check("IF old.id = 12 THEN RAISE 'never' USING ERRCODE = '23503'; END IF;")
        before = self.counts()
        purge = self.purge(list(range(1, 21)), max_tx_rows=40)
        self.assert_fails("CASCADE_BLOCKED", purge)
        self.assertIn(12, self.keys("a"))
        left = len(self.keys("a"))
        self.assertLess(left, 20)
        self.assertEqual(self.counts(), {table: rows * left for table, rows in BELOW.items()})
        self.assert_account(purge, before)

    def test_deferred_foreign_keys(self):
        """Keys that are looked at at COMMIT: the rows are locked all the same, a child is refused where it is committed."""
        self.make("ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED")
        before = self.counts()
        side = self.database.side()

        def hook(purge):
            purge.insert = side.later("BEGIN", "INSERT INTO b VALUES (100, 1)", "COMMIT")
            self.assert_waits(purge.insert)

        purge = self.purge([1], hook, policy=None)
        purge.finish()
        self.assertEqual(purge.insert.refusal(), FOREIGN_KEY)
        self.assert_account(purge, before)

    def slow_down(self, table, seconds):
        self.database.run("CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS"
                          f" $$BEGIN PERFORM pg_sleep({seconds}); RETURN old; END$$",
                          f"CREATE TRIGGER slow BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION slow()")

    def test_statement_that_takes_too_long(self):
        """A batch whose statement meets its timeout is rolled back and comes smaller."""
        self.make(roots=100)
        self.slow_down("d", 0.001)
        before = self.counts()
        purge = self.purge(list(range(1, 101)), max_tx_rows=1400, statement_timeout_ms=500)
        purge.finish()
        self.assertGreater(purge.report().retries, 0)
        self.assertGreater(len(purge.batches), 2)
        self.assertEqual(sum(self.counts().values()), 0)
        self.assert_account(purge, before)

    def test_statement_that_takes_too_long_for_good(self):
        self.make()
        self.slow_down("a", 20)
        before = self.dump()
        purge = self.purge([1], statement_timeout_ms=60)
        self.assert_fails("CASCADE_TIMEOUT", purge)
        self.assertEqual(self.dump(), before)

    def test_proven_beside_writers(self):
        """With the database's own checks off, the locks are all there is."""
        self.make()
        before = self.counts()
        side = self.database.side()

        def hook(purge):
            purge.inserts = [self.database.side().later(f"INSERT INTO {table} VALUES ({key}900, {key})")
                             for table, key in (("b", 1), ("c", 11), ("d", 111))]
            for number, insert in enumerate(purge.inserts):
                self.assert_waits(insert, number + 1)

        purge = self.purge([1, 2], hook, integrity=ffi.PROVEN)
        side.run("BEGIN")
        side.run("INSERT INTO d VALUES (7, 111)")
        later = Later(purge.finish)
        self.assert_waits(later)
        side.run("COMMIT")
        later.result()
        self.assertEqual([insert.refusal() for insert in purge.inserts], [FOREIGN_KEY] * 3)
        self.assert_account(purge, before, d=1)
        self.assertEqual(self.keys("d", "c_id NOT IN (SELECT id FROM c)"), [])


class MariaDB(Isolation):
    def test_read_committed(self):
        """Whatever the session's default: as the server itself sees the transaction."""
        self.make()
        seen = []

        def hook(_):
            time.sleep(0.12)  # the server refreshes its list only so often
            seen.extend(self.database.rows("""SELECT t.trx_isolation_level FROM information_schema.innodb_trx AS t
                JOIN information_schema.processlist AS p ON p.id = t.trx_mysql_thread_id WHERE p.db = DATABASE()"""))

        self.purge([1], hook).finish()
        self.assertEqual(seen, [("READ COMMITTED",)])

    def test_gaps_are_free(self):
        """Rows between those that go can be added, as no gap is locked."""
        self.make()
        side = self.database.side()

        def hook(_):
            side.run("SET innodb_lock_wait_timeout = 1")
            side.run("INSERT INTO a VALUES (0, 'new'), (21, 'new')")
            side.run("INSERT INTO b VALUES (33, 3), (99, 4), (10, 20)")

        purge = self.purge([1, 2, 5], hook)
        purge.finish()
        self.assertEqual(purge.report().deleted, 3 * EACH)


class SQLite(Isolation):
    def test_writer_is_waited_for(self):
        self.make()
        side = self.database.side()
        side.run("BEGIN IMMEDIATE")
        side.run("INSERT INTO b VALUES (100, 1)")
        purge = self.purge([1])
        later = Later(purge.finish)
        self.assert_waits(later)
        side.run("COMMIT")
        later.result()
        self.assertEqual(purge.report().deleted, EACH + 1)

    def test_writer_that_stays(self):
        self.make()
        before = self.dump()
        side = self.database.side()
        purge = self.purge([1], lock_timeout_ms=20)
        side.run("BEGIN IMMEDIATE")
        with self.assertRaises(sessions.Failure) as caught:
            purge.finish()
        self.assertEqual(caught.exception.status, "CASCADE_BUSY")
        side.run("ROLLBACK")
        self.assertEqual(self.dump(), before)

    def test_write_lock_is_taken_before_anything_is_read(self):
        """A snapshot that was overtaken could never write: rows that were committed just before are seen."""
        self.make()
        purge = self.purge(list(range(1, 21)), max_tx_rows=40)
        number = 0
        while purge.step():
            left = self.keys("a")
            if left:
                number += 1
                self.database.run(f"INSERT INTO d VALUES ({90000 + number}, {left[-1]}11)")
        self.assertGreater(number, 3)
        self.assertEqual(sum(self.counts().values()), 0)
        self.assertEqual(purge.report().deleted, 20 * EACH + number)


CASES = {"sqlite": (Rows, SQLite), "postgresql": (Rows, Locks, PostgreSQL), "mariadb": (Rows, Locks, MariaDB)}


def suite(engine):
    tests = unittest.TestSuite()
    for case in CASES[engine]:
        for driver in ("native",) if os.environ.get("CASCADE_QUICK") else ("native", "dbi"):
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

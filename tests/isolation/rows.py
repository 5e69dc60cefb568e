"""Rows that come, go and move while a purge is at work."""

import time

from four_tables import ALL_CASCADE, BELOW, EACH, TABLES, Isolation
from sessions import FOREIGN_KEY, Later, Purge


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

    def test_rows_that_come_to_meet_the_condition(self):
        """Behind the place where the purge is at work: another pass finds them, and what hangs on them."""
        self.make()
        before = self.counts()
        purge = self.purge(None, where="word = 'old' AND id < 11", max_tx_rows=40)
        purge.step()
        self.assertGreater(self.count("a"), 10)
        self.database.run("INSERT INTO a VALUES (0, 'old'), (-3, 'old'), (-4, 'new')", "INSERT INTO b VALUES (-30, -3), (-40, -4)")
        purge.finish()
        self.assertEqual(purge.report().finished, 1)
        self.assertEqual((self.keys("a", "id < 11"), self.keys("b", "a_id < 11")), ([-4], [-40]))
        self.assert_account(purge, before, a=3, b=2)

    def test_reference_that_moves_is_not_rewritten(self):
        """In a table of which rows go and rows stay, a row that is given another friend meanwhile keeps that one."""
        self.database.run("CREATE TABLE node (id INTEGER PRIMARY KEY, up INTEGER, friend INTEGER,"
                          " FOREIGN KEY (up) REFERENCES node (id), FOREIGN KEY (friend) REFERENCES node (id))",
                          "CREATE INDEX node_up ON node (up)", "CREATE INDEX node_friend ON node (friend)",
                          "INSERT INTO node VALUES (1, NULL, NULL), (2, 1, NULL), (3, NULL, NULL), (9, NULL, 1), (10, NULL, 1)")
        session = self.session('[{"table": "node", "column": "up", "rule": "CASCADE"},'
                               ' {"table": "node", "column": "friend", "rule": "SET NULL"}]')
        side = self.database.side()
        purge = Purge(session, session.select_integers("node", [1]))
        self.addCleanup(purge.free)
        self.addCleanup(self.database.end_sides)
        side.run("BEGIN IMMEDIATE" if self.engine == "sqlite" else "BEGIN")
        side.run("UPDATE node SET friend = 3 WHERE id = 9")
        later = Later(purge.finish)
        self.assert_waits(later)
        side.run("COMMIT")
        later.result()
        self.assertEqual(sorted(self.database.rows("SELECT id, friend FROM node")), [(3, None), (9, 3), (10, None)])
        self.assertEqual(purge.tables(), {"node": (2, 1)})

    def test_open_row_that_no_longer_meets_the_condition(self):
        """More hangs on it than a batch may have, and half of that is gone: nothing of the other half is."""
        for table in ("a", "b"):  # the selected row, and one below it that is worked on
            with self.subTest(table=table):
                self.database.clear()
                self.make()
                before = self.counts()
                purge = self.purge(None, where="word = 'old' AND id IN (1, 2)", max_tx_rows=2 if table == "b" else 6)
                purge.step()
                left = self.counts()
                self.assertEqual((left["a"], left["d"] < before["d"]), (20, True))
                self.database.run("UPDATE a SET word = 'kept'" if table == "a" else "UPDATE b SET a_id = 3 WHERE a_id IN (1, 2)")
                purge.finish()
                self.assertEqual(purge.report().finished, 1)
                gone = {"a": 0} if table == "a" else {"a": 2}
                self.assertEqual(self.counts(), {name: rows - gone.get(name, 0) for name, rows in left.items()})
                self.assert_account(purge, before)

    def test_row_that_goes_by_other_hands(self):
        """What another session deletes first is neither missed nor counted."""
        self.make()
        before = self.counts()
        purge = self.write_before("DELETE FROM d WHERE id IN (1111, 1112)", "COMMIT")
        self.assertEqual(purge.deleted(), {"a": 2, "b": 4, "c": 8, "d": 14})
        self.assert_account(purge, before, d=-2)

    def test_twenty_tables_in_a_row(self):
        """That cascade by themselves: more than InnoDB follows."""
        names = ["a"] + [f"below_{number}" for number in range(1, 20)]
        self.database.run("CREATE TABLE a (id INTEGER PRIMARY KEY)", *(
            f"CREATE TABLE {child} (id INTEGER PRIMARY KEY, up INTEGER, FOREIGN KEY (up) REFERENCES {parent} (id) ON DELETE CASCADE)"
            for parent, child in zip(names, names[1:])), "INSERT INTO a VALUES (1), (2)",
            *(f"INSERT INTO {child} VALUES (1, 1), (2, 2), (3, 1), (4, NULL)" for child in names[1:]))
        purge = self.purge([1], policy=None)
        purge.finish()
        self.assertEqual(purge.deleted(), {name: 1 if name == "a" else 2 for name in names})
        self.assertEqual([self.keys(name) for name in names], [[2]] + [[2, 4]] * 19)

    # How far it is.

    def test_progress(self):
        """Selected rows are counted as they go: not what hangs on them, though batches hold less than one has."""
        for options in ({}, {"max_tx_rows": 40}, {"max_tx_rows": 6}):
            with self.subTest(**options):
                self.database.clear()
                self.make()
                purge = self.purge(list(range(1, 11)), **options)
                while purge.step():
                    self.assertEqual((purge.roots_done, purge.roots_expected), (20 - self.count("a"), 10))
                self.assertEqual(self.counts(), {table: rows * 10 for table, rows in BELOW.items()})

    def test_time_that_is_used_up(self):
        """At least one batch, and then none that begins later; what is left goes another time."""
        self.make()
        before = self.counts()
        purge = self.purge(list(range(1, 21)), lambda _: time.sleep(0.03), max_tx_rows=40, time_budget_ms=20)
        purge.finish()
        self.assertEqual((len(purge.batches), purge.report().finished), (1, 0))
        self.assert_account(purge, before)
        again = self.purge(list(range(1, 21)), max_tx_rows=40, time_budget_ms=600000)
        again.finish()
        self.assertEqual((sum(self.counts().values()), again.report().finished), (0, 1))

    # Failures end in a rollback, with nothing half done.

    def test_blocking_row_that_comes_late(self):
        """Where the database would refuse, and where it would cascade to the row: the rule is looked at under the locks."""
        policy = ALL_CASCADE.replace('"d", "column": "c_id", "rule": "CASCADE"', '"d", "column": "c_id", "rule": "RESTRICT"')
        self.assertIn("RESTRICT", policy)
        for action in ("", "ON DELETE CASCADE"):
            with self.subTest(action=action):
                self.database.clear()
                self.make(action)
                self.database.run("DELETE FROM d WHERE id < 2000")
                side = self.database.side()
                purge = self.purge([1], policy=policy)
                side.run("BEGIN IMMEDIATE" if self.engine == "sqlite" else "BEGIN")
                side.run("INSERT INTO d VALUES (7, 111)")
                later = Later(lambda: self.assert_fails("CASCADE_BLOCKED", purge))
                self.assert_waits(later)
                side.run("COMMIT")
                later.result()
                self.assertEqual(self.counts(), {"a": 20, "b": 40, "c": 80, "d": 160 - 8 + 1})
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

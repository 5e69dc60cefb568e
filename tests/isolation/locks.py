"""What a purge holds, and what it waits for."""

from four_tables import ALL_CASCADE, BELOW, EACH, TABLES, Isolation
import sessions
from sessions import FOREIGN_KEY, Later, until


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
        self.assertRegex(caught.exception.message, r"^table \S*\bd: .* another session holds the lock")
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

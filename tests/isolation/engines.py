"""What only one engine does."""

import time

from four_tables import BELOW, EACH, Isolation
import cascade_ctypes as ffi
import sessions
from rows import Rows
from sessions import FOREIGN_KEY, Later


class Timeouts(Isolation):
    """Of engines that end a statement that takes too long."""

    def test_statement_that_takes_too_long(self):
        """A batch whose statement meets its timeout is rolled back and comes smaller."""
        self.make(roots=100)
        self.slow_down("d", 0.001)
        before = self.counts()
        purge = self.purge(list(range(1, 101)), max_tx_rows=1400, statement_timeout_ms=200)
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


class PostgreSQL(Timeouts):
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

    def test_partition_with_keys_of_its_own(self):
        """What refers to a single partition is not seen by a purge of the whole table."""
        self.database.run("CREATE TABLE a (id INTEGER PRIMARY KEY) PARTITION BY RANGE (id)",
                          "CREATE TABLE a_first PARTITION OF a FOR VALUES FROM (1) TO (100)",
                          "CREATE TABLE note (id INTEGER PRIMARY KEY, a_id INTEGER REFERENCES a_first (id))",
                          "INSERT INTO a VALUES (1)")
        session = self.session(None)
        refused = session.purge(session.select_integers("a", [1]))
        self.assertEqual((refused.failure.status, refused.prepared), ("CASCADE_UNSUPPORTED", False))
        self.assertIn("foreign keys of its own", refused.failure.message)


    def test_partitioned_rows_below(self):
        """What the database cascades to in partitions is counted."""
        self.database.run("CREATE TABLE a (id INTEGER PRIMARY KEY)",
                          "CREATE TABLE b (id INTEGER PRIMARY KEY, a_id INTEGER REFERENCES a (id) ON DELETE CASCADE)"
                          " PARTITION BY RANGE (id)",
                          "CREATE TABLE b_low PARTITION OF b FOR VALUES FROM (1) TO (10)",
                          "CREATE TABLE b_high PARTITION OF b FOR VALUES FROM (10) TO (100)", "CREATE INDEX b_at_a ON b (a_id)",
                          "INSERT INTO a VALUES (1), (2)", "INSERT INTO b VALUES (1, 1), (2, 1), (11, 1), (12, 2)")
        purge = self.purge([1], policy=None)
        purge.finish()
        self.assertEqual(purge.deleted(), {"a": 1, "b": 3})
        self.assertEqual((self.keys("a"), self.keys("b")), ([2], [12]))

    def test_row_security(self):
        """Rows that the user does not see would go by the database's own hand, or stay without their parent."""
        role = self.database.name + "_reader"
        self.database.run("CREATE TABLE a (id INTEGER PRIMARY KEY)",
                          "CREATE TABLE b (id INTEGER PRIMARY KEY, a_id INTEGER REFERENCES a (id) ON DELETE CASCADE)",
                          "INSERT INTO a VALUES (1)", "INSERT INTO b VALUES (1, 1), (100, 1)", "CREATE POLICY low ON b USING (id < 100)",
                          f"CREATE ROLE {role} LOGIN", f"GRANT USAGE ON SCHEMA public TO {role}",
                          f"GRANT SELECT, UPDATE, DELETE ON a, b TO {role}")
        self.addCleanup(self.database.run, f"DROP OWNED BY {role}", f"DROP ROLE {role}")
        uri = self.database.uri("native").replace("postgres@", role + "@")
        self.assertIn(role, uri)
        with ffi.Session(self.library, uri) as session:
            self.assertIsNone(session.purge(session.select_integers("a", [9])).failure)
        self.database.run("ALTER TABLE b ENABLE ROW LEVEL SECURITY")
        with ffi.Session(self.library, uri) as session:
            refused = session.purge(session.select_integers("a", [1]))
        self.assertEqual((refused.failure.status, refused.prepared), ("CASCADE_PRIVILEGE", False))
        self.assertIn("row security hides rows of table", refused.failure.message)
        self.assertEqual(self.keys("b"), [1, 100])


class MariaDB(Timeouts):
    def slow_down(self, table, seconds):
        self.database.run(f"CREATE TRIGGER slow BEFORE DELETE ON {table} FOR EACH ROW DO SLEEP({seconds})")

    def test_proof_gains_nothing(self):
        self.make()
        session = self.session()
        refused = session.purge(session.select_integers("a", [1]), integrity=ffi.PROVEN)
        self.assertEqual((refused.failure.status, refused.prepared), ("CASCADE_UNSUPPORTED", False))
        self.assertIn("gains nothing", refused.failure.message)

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

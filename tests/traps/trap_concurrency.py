"""Traps of other sessions that read and write meanwhile, and of the moments between batches."""

import ctypes
import sqlite3
import threading
import time

from support import Trap, ffi

MUSEUM = """
    CREATE TABLE agent (id INTEGER PRIMARY KEY, kind TEXT);
    CREATE TABLE loan (id INTEGER PRIMARY KEY, agent_id INTEGER NOT NULL REFERENCES agent);
    CREATE INDEX loan_agent ON loan (agent_id);
    CREATE TABLE line (id INTEGER PRIMARY KEY, loan_id INTEGER NOT NULL REFERENCES loan);
    CREATE INDEX line_loan ON line (loan_id);
    INSERT INTO agent WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 2000)
      SELECT n, CASE WHEN n % 2 THEN 'odd' ELSE 'even' END FROM n;
    INSERT INTO loan SELECT agent.id * 10 + x.value, agent.id FROM agent, json_each('[0,1,2]') x;
    INSERT INTO line SELECT loan.id * 10 + x.value, loan.id FROM loan, json_each('[0,1]') x"""
ALL_CASCADE = """[{"table": "loan", "column": "agent_id", "rule": "CASCADE"},
                  {"table": "line", "column": "loan_id", "rule": "CASCADE"}]"""


class Writer(threading.Thread):
    """Another session that writes as fast as it gets its turn, until it is told to stop."""

    def __init__(self, path, write, pause=0.0005):
        super().__init__(daemon=True)
        self.path, self.write, self.pause = path, write, pause
        self.written = self.refused = 0
        self.longest = 0.0
        self.trouble = None
        self.over = threading.Event()

    def run(self):
        connection = sqlite3.connect(self.path, isolation_level=None, timeout=20)
        connection.execute("PRAGMA foreign_keys = ON")
        try:
            while not self.over.is_set():
                start = time.monotonic()
                try:
                    self.write(connection, self.written + self.refused)
                    self.written += 1
                except sqlite3.IntegrityError:
                    self.refused += 1
                self.longest = max(self.longest, time.monotonic() - start)
                time.sleep(self.pause)
        except sqlite3.Error as trouble:
            self.trouble = trouble
        connection.close()

    def __enter__(self):
        self.start()
        while not (self.written or self.trouble):
            time.sleep(0.001)
        return self

    def __exit__(self, *_):
        self.over.set()
        self.join()


class Concurrency(Trap):
    def make(self, script, journal="wal"):
        connection = self.connect()
        connection.execute(f"PRAGMA journal_mode = {journal}")
        connection.close()
        super().make(script)

    def with_hook(self, session, selection, hook, **options):
        """A purge with a hook of one's own: statuses of its steps, the last of which is CASCADE_DONE or the failure."""
        called = ffi.HOOK(hook)
        settings = ffi.PurgeOptions(after_batch=called, **options)
        steps = []
        with self.library.make("purge", "purge_new", session.connection, session.policy, selection,
                               ctypes.byref(settings)) as purge:
            batch = ctypes.POINTER(ffi.BatchInfo)()
            try:
                while self.library.call("purge_next", purge, ctypes.byref(batch)) == ffi.OK:
                    steps.append(batch.contents.deleted)
            except ffi.Failure as failure:
                steps.append(failure.status)
        return steps

    def test_14_readers_delay_the_commit(self):
        """With a rollback journal a reader holds COMMIT up: it is waited for, and tried again."""
        self.make(MUSEUM, journal="delete")
        session = self.session(policy=ALL_CASCADE, lock_timeout_ms=100)
        reader = self.connect(check_same_thread=False)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM agent").fetchone()
        timer = threading.Timer(0.5, lambda: reader.execute("COMMIT"))
        timer.start()
        purge = session.purge(session.select_integers("agent", list(range(1, 101))))
        timer.join()
        self.assert_finished(purge)
        self.assertEqual(self.count("agent"), 1900)
        self.assert_sound()

    def test_14_readers_that_stay(self):
        """A reader that does not end: the purge gives up with a status of its own and has changed nothing."""
        self.make(MUSEUM, journal="delete")
        before = self.dump()
        session = self.session(policy=ALL_CASCADE, lock_timeout_ms=5)
        reader = self.connect()
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM agent").fetchone()
        purge = session.purge(session.select_integers("agent", [1, 2, 3]))
        self.assertEqual((purge.failure.status, purge.deleted), ("CASCADE_BUSY", 0))
        reader.execute("COMMIT")
        self.assertEqual(self.dump(), before)
        self.assert_finished(session.purge(session.select_integers("agent", [1, 2, 3])))

    def test_19_children_inserted_meanwhile(self):
        """A writer keeps adding children to the rows that go: none is left dangling, none is lost from the account."""
        self.make(MUSEUM)
        session = self.session(policy=ALL_CASCADE, lock_timeout_ms=20000)

        def add_loan(connection, number):
            agent = 1999 - number % 999 if number % 2 else number % 200 + 1 # rows that go late, and rows that go early
            connection.execute("INSERT INTO loan VALUES (?, ?)", (100000 + number, agent))

        loans, lines = self.count("loan"), self.count("line")
        with Writer(self.path, add_loan) as writer:
            purge = session.purge(session.select_where("agent", "kind = 'odd'"), max_tx_rows=500,
                                  on_batch=lambda batch, cancel: time.sleep(0.004))
        self.assertIsNone(writer.trouble)
        self.assert_finished(purge)
        self.assertGreater(len(purge.batches), 10)
        self.assertEqual(self.count("agent", "kind = 'odd'"), 0)
        self.assertEqual(self.count("agent"), 1000)
        self.assertEqual(purge.tables["loan"][0], loans + writer.written - self.count("loan"))
        self.assertEqual(purge.tables["line"][0], lines - self.count("line"))
        self.assertGreater(writer.refused, 0, "the writer never met a row that was gone")
        self.assert_sound()

    def test_19_children_of_a_hub(self):
        """One row with many children, to which a writer adds all the time: the purge ends all the same."""
        self.make(MUSEUM + """;
            INSERT INTO loan WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 5000)
              SELECT 500000 + n, 1 FROM n""")
        session = self.session(policy=ALL_CASCADE, lock_timeout_ms=20000)

        def add_loan(connection, number):
            connection.execute("INSERT INTO loan VALUES (?, 1)", (1000000 + number,))

        with Writer(self.path, add_loan) as writer:
            purge = session.purge(session.select_integers("agent", [1]), max_tx_rows=400)
        self.assertIsNone(writer.trouble)
        self.assert_finished(purge)
        self.assertEqual((self.count("agent", "id = 1"), self.count("loan", "agent_id = 1")), (0, 0))
        self.assertEqual(self.count("agent"), 1999)
        self.assert_sound()

    def test_19_row_moved_away(self):
        """A child that was moved to another parent between batches stays."""
        self.make(MUSEUM)
        session = self.session(policy=ALL_CASCADE)
        other = self.connect()

        def move(batch, _):
            if batch.number == 1:
                other.execute("UPDATE loan SET agent_id = 2 WHERE agent_id IN (SELECT id FROM agent WHERE id > 1500)")

        purge = session.purge(session.select_where("agent", "id > 1000"), max_tx_rows=200, on_batch=move)
        self.assert_finished(purge)
        self.assertEqual(self.count("agent"), 1000)
        self.assertEqual(self.count("loan", "agent_id = 2"), 3 + 1500)
        self.assert_sound()

    def test_19_root_that_no_longer_meets_the_condition(self):
        """A row that another session takes out of the condition between batches stays."""
        self.make(MUSEUM)
        session = self.session(policy=ALL_CASCADE)
        other = self.connect()

        def rescue(batch, _):
            if batch.number == 1:
                other.execute("UPDATE agent SET kind = 'kept' WHERE id IN (1997, 1999)")

        self.assert_finished(session.purge(session.select_where("agent", "kind = 'odd'"), max_tx_rows=200,
                                           on_batch=rescue))
        self.assertEqual(self.rows("SELECT id FROM agent WHERE kind <> 'even'"), [1997, 1999])
        self.assertEqual(self.count("loan", "agent_id IN (1997, 1999)"), 6)

    def test_20_join_rows_go_with_their_side(self):
        """At no commit is a row there without its join rows, or a join row without both its sides."""
        self.make("""
            CREATE TABLE post (id INTEGER PRIMARY KEY, old INTEGER);
            CREATE TABLE tag (id INTEGER PRIMARY KEY);
            CREATE TABLE post_tag (post_id INTEGER REFERENCES post ON DELETE CASCADE,
              tag_id INTEGER REFERENCES tag ON DELETE CASCADE, PRIMARY KEY (post_id, tag_id)) WITHOUT ROWID;
            CREATE INDEX post_tag_tag ON post_tag (tag_id);
            INSERT INTO tag VALUES (1), (2), (3);
            INSERT INTO post WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 900)
              SELECT n, n % 3 FROM n;
            INSERT INTO post_tag SELECT post.id, tag.id FROM post, tag""")
        other, seen = self.connect(), []

        def look(*_):
            seen.append(other.execute("""
                SELECT (SELECT count(*) FROM post), (SELECT count(*) FROM post_tag),
                  (SELECT count(*) FROM post_tag WHERE post_id NOT IN (SELECT id FROM post))""").fetchone())

        session = self.session()
        self.assert_finished(session.purge(session.select_where("post", "old = 1"), max_tx_rows=50, on_batch=look))
        self.assertGreater(len(seen), 10)
        for posts, joins, dangling in seen:
            self.assertEqual((joins, dangling), (posts * 3, 0))
        self.assertEqual(self.count("post"), 600)

    def test_21_keys_that_are_used_again(self):
        """Without AUTOINCREMENT a rowid comes back for another row: what took a deleted row's place is nobody's to
        delete."""
        self.make(MUSEUM)
        session = self.session(policy=ALL_CASCADE)
        other = self.connect()
        used = []

        def reuse(batch, _):
            if batch.number == 3:
                gone = other.execute("SELECT value FROM json_each(?) WHERE value NOT IN (SELECT id FROM agent)",
                                     (str(list(range(1001, 2001))),)).fetchall()
                used.extend(row[0] for row in gone[:20])
                other.executemany("INSERT INTO agent VALUES (?, 'new')", [(key,) for key in used])
                other.executemany("INSERT INTO loan VALUES (? + 900000, ?)", [(key, key) for key in used])

        purge = session.purge(session.select_integers("agent", list(range(1001, 2001))), max_tx_rows=200,
                              on_batch=reuse)
        self.assert_finished(purge)
        self.assertEqual(len(used), 20)
        self.assertEqual(self.rows("SELECT id FROM agent WHERE id > 1000"), sorted(used))
        self.assertEqual(self.count("loan", "id > 900000"), 20)

    def test_21_rowid_that_goes_to_another_key(self):
        """Rows that were named by another key than the rowid: the rowid may meanwhile be a row's that nobody named."""
        self.make("""
            CREATE TABLE code (code TEXT PRIMARY KEY);
            CREATE TABLE use (id INTEGER PRIMARY KEY, code TEXT REFERENCES code ON DELETE CASCADE);
            CREATE INDEX use_code ON use (code);
            INSERT INTO code WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 1000)
              SELECT printf('c%04d', n) FROM n;
            INSERT INTO use SELECT rowid, code FROM code""")
        session = self.session()
        other = self.connect()

        def replace(batch, _):
            if batch.number == 1:
                other.execute("DELETE FROM code WHERE code = 'c1000'")
                other.execute("INSERT INTO code VALUES ('precious')")
                other.execute("INSERT INTO use VALUES (5000, 'precious')")
                self.assertEqual(other.execute("SELECT rowid FROM code WHERE code = 'precious'").fetchone(), (1000,))

        codes = [f"c{number:04}" for number in range(1, 1001)]
        self.assert_finished(session.purge(session.select_texts("code", codes), max_tx_rows=100, on_batch=replace))
        self.assertEqual(self.dump(), {"code": ["('precious',)"], "use": ["(5000, 'precious')"]})

    def test_22_paging_while_rows_go(self):
        """Pages follow keys, not positions: rows that are deleted between pages make no other row be left out or shown
        twice."""
        self.make("""
            CREATE TABLE agent (id INTEGER PRIMARY KEY);
            CREATE TABLE loan (id INTEGER PRIMARY KEY, agent_id INTEGER REFERENCES agent);
            CREATE INDEX loan_agent ON loan (agent_id);
            INSERT INTO agent VALUES (1);
            INSERT INTO loan WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 100)
              SELECT n, 1 FROM n""")
        session, other = self.session(), self.connect()
        options = ffi.BlockersOptions(limit=10, rounds=100)
        shown = []
        with self.library.make("blockers", "blockers_open", session.connection, session.policy,
                               session.select_integers("agent", [1]), ctypes.byref(options)) as cursor:
            page = ctypes.POINTER(ffi.BlockersPage)()
            while self.library.call("blockers_next", cursor, ctypes.byref(page)) == ffi.OK:
                keys = [key for key, in ffi.keys(page.contents.keys.contents)]
                shown += keys
                self.assertEqual(page.contents.complete, int(keys[-1] == 100))
                other.executemany("DELETE FROM loan WHERE id = ?", [(key,) for key in keys if key % 3])
        self.assertEqual(shown, list(range(1, 101)))

    def test_26_a_hook_has_the_last_word(self):
        """What the hook is told is what goes, no row more; when it refuses, all of it is there again."""
        self.make(MUSEUM)
        session = self.session(policy=ALL_CASCADE)
        selection = session.select_where("agent", "kind = 'odd'")
        tables = ("agent", "loan", "line")
        told, calls = {}, []

        def refuse_third(_, deleted, count):
            calls.append(count)
            return int(len(calls) == 3)

        def remember(_, deleted, count):
            for table in deleted[:count]:
                told.setdefault(table.label.decode(), []).extend(key for key, in ffi.keys(table.keys.contents))
            return 0

        steps = self.with_hook(session, selection, refuse_third, max_tx_rows=200)
        self.assertEqual((len(steps), steps[2]), (3, "CASCADE_HOOK"))
        self.assertEqual(20000 - steps[0] - steps[1], sum(map(self.count, tables)))
        self.assert_sound()
        before = {table: self.rows(f"SELECT id FROM {table}") for table in tables}
        steps = self.with_hook(session, selection, remember, max_tx_rows=300)
        self.assertTrue(all(isinstance(step, int) for step in steps), steps)
        for table in tables:
            left = set(self.rows(f"SELECT id FROM {table}"))
            self.assertEqual(sorted(told[table]), sorted(key for key in before[table] if key not in left), table)

    def test_27_writers_get_their_turn(self):
        """Between batches, others write: a purge of some hundred batches starves nobody."""
        self.make(MUSEUM + "; CREATE TABLE diary (id INTEGER PRIMARY KEY, word TEXT)")
        session = self.session(policy=ALL_CASCADE)

        def note(connection, number):
            connection.execute("INSERT INTO diary VALUES (NULL, ?)", (str(number),))

        def hold(*_):
            time.sleep(0.012) # with the lock held
            return 0

        with Writer(self.path, note) as writer:
            at_start = writer.written
            steps = self.with_hook(session, session.select_where("agent", "kind = 'odd'"), hold, max_tx_rows=50)
            during = writer.written - at_start
        self.assertIsNone(writer.trouble)
        self.assertGreater(len(steps), 200)
        self.assertTrue(all(isinstance(step, int) for step in steps), steps[-1])
        self.assertGreater(during, 5)
        self.assertLess(writer.longest, 15)  # the purge holds the lock for milliseconds at a time

    def test_31_locked_database(self):
        """A lock that is not granted in time is an error of its own, and nothing is left open or changed."""
        self.make(MUSEUM)
        before = self.dump()
        other = self.connect()
        other.execute("BEGIN IMMEDIATE")
        session = self.session(policy=ALL_CASCADE, lock_timeout_ms=20)
        purge = session.purge(session.select_integers("agent", [1]))
        self.assertEqual(purge.failure.status, "CASCADE_BUSY")
        other.execute("ROLLBACK")
        self.assertEqual(self.dump(), before)
        self.assert_finished(session.purge(session.select_integers("agent", [1])))

    def test_31_settings_are_put_back(self):
        """Checks that a purge switched off are on again afterwards: when it is done, when it failed, when it was
        cancelled."""
        self.make(MUSEUM)
        session = self.session(policy=ALL_CASCADE)
        proven = {"integrity": ffi.PROVEN, "max_tx_rows": 100}

        def checked():
            """A session whose checks are off is refused."""
            self.assert_finished(session.purge(session.select_integers("agent", [])))

        self.assert_finished(session.purge(session.select_integers("agent", list(range(1, 51))), **proven))
        checked()
        cancelled = session.purge(session.select_where("agent", "id <= 1000"), on_batch=lambda batch, cancel: cancel(),
                                  **proven)
        self.assertEqual(cancelled.failure.status, "CASCADE_CANCELLED")
        checked()
        refused = self.with_hook(session, session.select_where("agent", "id <= 1000"), lambda *_: 1, **proven)
        self.assertEqual(refused, ["CASCADE_HOOK"])
        checked()
        off = self.session(policy=ALL_CASCADE, query="foreign_keys=off")
        for integrity in (ffi.CHECKED, ffi.PROVEN):
            self.assert_finished(off.purge(off.select_integers("agent", [2000 - integrity]), allow=2,
                                           integrity=integrity))
            self.assertEqual(off.purge(off.select_integers("agent", [1990])).failure.status, "CASCADE_UNENFORCED")
        self.assert_sound()


"""Traps of size, of runs that end in the middle, and of what was approved."""

import json
import os
import re
import signal
import subprocess
import sys

from support import Trap, ffi

MUSEUM = """
    CREATE TABLE agent (id INTEGER PRIMARY KEY, kind TEXT);
    CREATE TABLE loan (id INTEGER PRIMARY KEY, agent_id INTEGER NOT NULL REFERENCES agent ON DELETE CASCADE);
    CREATE INDEX loan_agent ON loan (agent_id);
    CREATE TABLE line (id INTEGER PRIMARY KEY, loan_id INTEGER NOT NULL REFERENCES loan ON DELETE CASCADE);
    CREATE INDEX line_loan ON line (loan_id);
    CREATE TABLE task (id INTEGER PRIMARY KEY, agent_id INTEGER REFERENCES agent ON DELETE SET NULL);
    CREATE INDEX task_agent ON task (agent_id);
    INSERT INTO agent WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 400)
      SELECT n, CASE WHEN n % 2 THEN 'odd' ELSE 'even' END FROM n;
    INSERT INTO loan SELECT agent.id * 10 + x.value, agent.id FROM agent, json_each('[0,1,2]') x;
    INSERT INTO line SELECT loan.id * 10 + x.value, loan.id FROM loan, json_each('[0,1]') x;
    INSERT INTO task SELECT id, id FROM agent"""
HUB = """
    CREATE TABLE agent (id INTEGER PRIMARY KEY);
    CREATE TABLE loan (id INTEGER PRIMARY KEY, agent_id INTEGER NOT NULL REFERENCES agent ON DELETE CASCADE);
    CREATE INDEX loan_agent ON loan (agent_id);
    CREATE TABLE line (id INTEGER PRIMARY KEY, loan_id INTEGER NOT NULL REFERENCES loan ON DELETE CASCADE);
    CREATE INDEX line_loan ON line (loan_id);
    INSERT INTO agent VALUES (1), (2);
    INSERT INTO loan WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 3000)
      SELECT n, 1 + n / 2900 FROM n;
    INSERT INTO line SELECT id, id FROM loan"""
RING = """
    CREATE TABLE left_ (id INTEGER PRIMARY KEY, other INTEGER NOT NULL REFERENCES right_ ON DELETE RESTRICT
      DEFERRABLE INITIALLY DEFERRED);
    CREATE TABLE right_ (id INTEGER PRIMARY KEY, other INTEGER %s REFERENCES left_ ON DELETE RESTRICT
      DEFERRABLE INITIALLY DEFERRED);
    CREATE INDEX left_other ON left_ (other);
    CREATE INDEX right_other ON right_ (other);
    INSERT INTO left_ WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 30) SELECT n, n FROM n;
    INSERT INTO right_ SELECT id, id FROM left_;
    INSERT INTO left_ SELECT id - 100, id FROM right_"""

# Purges in a process of its own, which ends itself without a word: after the commit of a batch, or inside it.
CRASHING = """
import ctypes, os, signal, sys
sys.path.insert(0, sys.argv[1])
import cascade_ctypes as ffi
uri, when, number, integrity = sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5])
session, calls = ffi.Session(ffi.Library(), uri), []

def end(moment):
    calls.append(moment)
    if calls.count(when) == number and moment == when: os.kill(os.getpid(), signal.SIGKILL)
    return 0

hook = ffi.HOOK(lambda *_: end("before commit"))
settings = ffi.PurgeOptions(after_batch=hook, max_tx_rows=120, integrity=integrity)
selection = session.select_where("agent", "kind = 'odd'")
purge = session.library.make("purge", "purge_new", session.connection, session.policy, selection,
    ctypes.byref(settings))
batch = ctypes.POINTER(ffi.BatchInfo)()
while session.library.call("purge_next", purge, ctypes.byref(batch)) == ffi.OK: end("after commit")
"""


class Batches(Trap):
    def test_22_keys_of_several_columns_are_looked_up(self):
        """No statement reads a whole table for the keys of a batch."""
        for more in ("", " WITHOUT ROWID"):
            self.path += "2"
            self.make(f"""
                CREATE TABLE part (country TEXT NOT NULL, number INTEGER NOT NULL, note TEXT, PRIMARY KEY (country, number)){more};
                CREATE TABLE use (part TEXT, number INTEGER, place INTEGER, PRIMARY KEY (part, number, place),
                  FOREIGN KEY (part, number) REFERENCES part ON DELETE CASCADE){more};
                INSERT INTO part VALUES ('de', 1, ''), ('de', 2, ''), ('it', 1, '');
                INSERT INTO use VALUES ('de', 1, 7), ('de', 2, 7), ('it', 1, 7)""")
            said = self.cascade("plan", "part", "de,1", "it,1", "--format", "sql").stdout
            statements = [line for line in said.splitlines() if line.startswith("Delete")]
            self.assertEqual(len(statements), 2, said)
            for statement in statements:
                steps = self.rows("EXPLAIN QUERY PLAN " + statement, *["1"] * statement.count("?"))
                read = [step for *_, step in steps if re.match(r"(SCAN|SEARCH) (main\.)?(part|use|x|t|p)\b", step)]
                self.assertFalse([step for step in read if "SCAN" in step or not re.search(r"rowid=|=\? AND ", step)], steps)
            self.purge("part", "de,1", "it,1")
            self.assertEqual((self.count("part"), self.count("use")), (1, 1))

    def test_22_work_grows_with_the_rows(self):
        """Twice the rows take twice the statements, not four times; none is skipped when most of the table does not
        qualify."""
        statements = []
        for size in (4000, 8000):
            connection = self.connect()
            connection.executescript(f"""
                DROP TABLE IF EXISTS loan;
                DROP TABLE IF EXISTS agent;
                CREATE TABLE agent (id INTEGER PRIMARY KEY, kind INTEGER);
                CREATE TABLE loan (id INTEGER PRIMARY KEY, agent_id INTEGER REFERENCES agent ON DELETE CASCADE);
                CREATE INDEX loan_agent ON loan (agent_id);
                INSERT INTO agent WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {size})
                  SELECT n, n % 7 FROM n;
                INSERT INTO loan SELECT id, id FROM agent""")
            connection.close()
            session = self.session()
            before = session.statements()
            purge = session.purge(session.select_where("agent", "kind <> 3"), max_tx_rows=100)
            self.assert_finished(purge)
            statements.append(session.statements() - before)
            session.close()
            self.assertEqual(self.count("agent"), self.count("agent", "kind = 3"))
            self.assertEqual(self.count("loan"), self.count("agent"))
            self.assertGreater(len(purge.batches), 50)
        self.assertLess(statements[1], 2.5 * statements[0])

    def test_22_unique_for_some_rows_only(self):
        """An index that holds for a part of the rows bounds nothing: transactions stay as small as was asked for."""
        self.make("""
            CREATE TABLE agent (id INTEGER PRIMARY KEY);
            CREATE TABLE loan (id INTEGER PRIMARY KEY, agent_id INTEGER REFERENCES agent ON DELETE CASCADE, open INTEGER);
            CREATE INDEX loan_agent ON loan (agent_id);
            CREATE UNIQUE INDEX loan_open ON loan (agent_id) WHERE open;
            INSERT INTO agent WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 20) SELECT n FROM n;
            INSERT INTO loan SELECT a.id * 100 + b.id, a.id, b.id = 1 FROM agent a, agent b""")
        session = self.session()
        purge = session.purge(session.select_where("agent", "id > 0", []), max_tx_rows=50)
        self.assert_finished(purge)
        self.assertEqual(purge.deleted, 20 + 400)
        self.assertLessEqual(max(deleted for deleted, _ in purge.batches), 50)

    def test_23_collations(self):
        """The referenced column's collation and type decide what refers to it, in the purge as in SQLite's own
        delete."""
        self.make("""
            CREATE TABLE name (name TEXT COLLATE NOCASE PRIMARY KEY);
            CREATE TABLE plain (id INTEGER PRIMARY KEY, name TEXT REFERENCES name ON DELETE CASCADE);
            CREATE TABLE exact (id INTEGER PRIMARY KEY, name TEXT UNIQUE);
            CREATE TABLE loose (id INTEGER PRIMARY KEY,
              name TEXT COLLATE NOCASE REFERENCES exact (name) ON DELETE CASCADE);
            CREATE TABLE number (n NUMERIC PRIMARY KEY);
            CREATE TABLE as_text (id INTEGER PRIMARY KEY, n TEXT REFERENCES number ON DELETE CASCADE);
            INSERT INTO name VALUES ('ABC'), ('d');
            INSERT INTO plain VALUES (1, 'abc'), (2, 'Abc'), (3, 'D'), (4, NULL);
            INSERT INTO exact VALUES (1, 'abc'), (2, 'ABC');
            INSERT INTO loose VALUES (1, 'abc'), (2, 'ABC');
            INSERT INTO number VALUES (1), (2);
            INSERT INTO as_text VALUES (1, '1'), (2, '1'), (3, '2')""")
        self.purges_as_sqlite_does("name", "abc", "name = 'abc'")
        self.assertEqual(self.rows("SELECT id FROM plain"), [3, 4])
        self.purges_as_sqlite_does("exact", "1", "id = 1")
        self.purges_as_sqlite_does("number", "1", "n = 1")

    def test_23_order_of_a_collation(self):
        """Keys that are read page by page in the database's order: none is passed over where a byte-wise order
        differs."""
        words = ("b", "A", "a_", "B-", "Ä", "ä", "Z", "z0", "_", "é")
        names = [word + suffix for word in words for suffix in ("", "x", "Y")]
        self.make("""
            CREATE TABLE agent (id INTEGER PRIMARY KEY);
            CREATE TABLE alias (name TEXT COLLATE NOCASE PRIMARY KEY,
              agent_id INTEGER REFERENCES agent ON DELETE CASCADE)
              WITHOUT ROWID;
            CREATE TABLE use (id INTEGER PRIMARY KEY, name TEXT REFERENCES alias ON DELETE CASCADE);
            INSERT INTO agent VALUES (1)""")
        connection = self.connect()
        connection.executemany("INSERT INTO alias VALUES (?, 1)", [(name,) for name in names])
        connection.executemany("INSERT INTO use VALUES (NULL, ?)",
                               [(name.swapcase() if name.isascii() else name,) for name in names])
        connection.close()
        paging = ("--limit", "4", "--pages", "99", "--format", "json")
        pages = json.loads(self.cascade("blockers", "agent", "1", *paging).stdout)
        shown = [key for page in pages["pages"] for key in page["keys"]]
        self.assertEqual(sorted(shown), sorted(names))
        self.assertEqual([page["complete"] for page in pages["pages"]][-1], True)
        session = self.session()
        purge = session.purge(session.select_where("alias", "agent_id = 1"), max_tx_rows=5)
        self.assert_finished(purge)
        self.assertGreater(len(purge.batches), 5)
        self.assertEqual((self.count("alias"), self.count("use")), (0, 0))

    def test_25_long_lists_of_keys(self):
        """Keys by the ten thousand, of one column and of two, beyond what a statement may have of variables."""
        self.make("""
            CREATE TABLE whole (id INTEGER PRIMARY KEY);
            CREATE TABLE word (word TEXT PRIMARY KEY) WITHOUT ROWID;
            CREATE TABLE pair (a INTEGER, b TEXT, PRIMARY KEY (a, b)) WITHOUT ROWID;
            CREATE TABLE child (id INTEGER PRIMARY KEY, a INTEGER, b TEXT,
              FOREIGN KEY (a, b) REFERENCES pair ON DELETE CASCADE);
            CREATE INDEX child_pair ON child (a, b);
            INSERT INTO whole WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 150000)
              SELECT n FROM n;
            INSERT INTO word SELECT 'it''s ' || id FROM whole WHERE id <= 25000;
            INSERT INTO pair SELECT id, 'p' || id FROM whole WHERE id <= 25000;
            INSERT INTO child SELECT a, a, b FROM pair""")
        session = self.session()
        wanted = [number for number in range(1, 150001) if number % 5]
        purge = session.purge(session.select_integers("whole", wanted))
        self.assert_finished(purge)
        self.assertEqual((purge.deleted, self.count("whole")), (120000, 30000))
        purge = session.purge(session.select("word", [(f"it's {number}",) for number in range(1, 25000)], 1))
        self.assert_finished(purge)
        self.assertEqual(self.rows("SELECT word FROM word"), ["it's 25000"])
        purge = session.purge(session.select("pair", [(number, f"p{number}") for number in range(2, 25001)], 2))
        self.assert_finished(purge)
        self.assertEqual((self.rows("SELECT a FROM pair"), self.rows("SELECT a FROM child")), ([1], [1]))

    def test_25_more_rows_than_are_read_at_once(self):
        """That meet a condition, and go in one transaction: integers and texts."""
        self.make("""
            CREATE TABLE whole (id INTEGER PRIMARY KEY);
            CREATE TABLE word (word TEXT PRIMARY KEY) WITHOUT ROWID;
            INSERT INTO whole WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 70000)
              SELECT n FROM n;
            INSERT INTO word SELECT 'w' || id FROM whole WHERE id <= 10000""")
        session = self.session()
        for table, condition, rows in (("whole", "id <> 7", 69999), ("word", "word <> 'w7'", 9999)):
            purge = session.purge(session.select_where(table, condition, []), max_tx_rows=100000)
            self.assert_finished(purge)
            self.assertEqual((purge.deleted, len(purge.batches)), (rows, 1))
        self.assertEqual(self.dump(), {"whole": ["(7,)"], "word": ["('w7',)"]})

    def test_28_foreign_key_without_an_index(self):
        """The plan says which relation has none, and what it costs; one whose index has the columns behind others
        counts as none."""
        self.make("""
            CREATE TABLE agent (id INTEGER PRIMARY KEY);
            CREATE TABLE loan (id INTEGER PRIMARY KEY, agent_id INTEGER REFERENCES agent ON DELETE CASCADE);
            CREATE TABLE note (id INTEGER PRIMARY KEY, agent_id INTEGER REFERENCES agent ON DELETE CASCADE, day TEXT);
            CREATE TABLE task (id INTEGER PRIMARY KEY, agent_id INTEGER REFERENCES agent ON DELETE CASCADE);
            CREATE TABLE gift (id INTEGER PRIMARY KEY, agent_id INTEGER REFERENCES agent ON DELETE CASCADE,
              open INTEGER);
            CREATE INDEX note_day ON note (day, agent_id);
            CREATE INDEX task_agent ON task (agent_id);
            CREATE INDEX gift_open ON gift (agent_id) WHERE open;
            INSERT INTO agent VALUES (1);
            INSERT INTO loan VALUES (1, 1);
            INSERT INTO note VALUES (1, 1, 'x');
            INSERT INTO task VALUES (1, 1);
            INSERT INTO gift VALUES (1, 1, 0)""")
        plan = json.loads(self.cascade("plan", "agent", "1", "--format", "json").stdout)
        without = {step["table"] for step in plan["steps"] if "no index" in step["warnings"]}
        self.assertEqual(without, {"loan", "note", "gift"})
        words = self.cascade("plan", "agent", "1").stdout
        for relation in ("loan(agent_id)", "note(agent_id)", "gift(agent_id)"):
            self.assertIn(relation, words)
        self.assertRegex(words, "(?i)index")
        self.purge("agent", "1")
        self.assertEqual({table: len(rows) for table, rows in self.dump().items()},
                         {"agent": 0, "loan": 0, "note": 0, "task": 0, "gift": 0})

    def test_28_batches_that_read_the_whole_table_do_not_become_ever_smaller(self):
        """Each costs the same, so that those of a single row would take two hundred times as long as one."""
        self.make("""
            CREATE TABLE job (id INTEGER PRIMARY KEY);
            CREATE TABLE note (id INTEGER PRIMARY KEY, job_id INTEGER, words TEXT);
            INSERT INTO job WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 4000) SELECT n FROM n;
            INSERT INTO note WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 400000)
              SELECT n, n * 7919 % 4000 + 1, 'words' FROM n""")
        rules = self.policy('[{"table": "note", "column": "job_id", "ref_table": "job", "ref_column": "id", "rule": "CASCADE"}]')
        said = self.purge("job", "--where", "id <= 800", *rules, "--max-tx-rows", "20000", "--batch-ms", "4", "--format", "json")
        self.assertLess(json.loads(said)["batches"], 100)
        self.assertEqual((self.count("job"), self.count("note")), (3200, 320000))

    def test_30_the_log_stays_short(self):
        """In WAL mode no reader of ours holds the checkpoint up between batches: the log does not grow with the
        purge."""
        connection = self.connect()
        connection.execute("PRAGMA journal_mode = wal")
        connection.close()
        self.make("""
            CREATE TABLE agent (id INTEGER PRIMARY KEY, kind INTEGER, body BLOB);
            INSERT INTO agent WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 50000)
              SELECT n, n % 2, zeroblob(1000) FROM n""")
        self.connect().execute("PRAGMA wal_checkpoint(truncate)")
        longest = []
        session = self.session()
        purge = session.purge(session.select_where("agent", "kind = 1"), max_tx_rows=250,
                              on_batch=lambda *_: longest.append(os.path.getsize(self.path + "-wal")))
        self.assert_finished(purge)
        self.assertGreater(len(purge.batches), 80)
        self.assertGreater(os.path.getsize(self.path), 50e6)
        self.assertLess(max(longest), 24e6)

    def crash(self, when, number, integrity):
        command = [sys.executable, "-c", CRASHING, str(self.support()), self.uri(), when, str(number), str(integrity)]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(ended.returncode, -signal.SIGKILL, ended.stderr)

    @staticmethod
    def support():
        return os.path.dirname(ffi.__file__)

    def test_32_crash_at_commit_points(self):
        """Killed before or after any commit: what is there is whole batches, nothing dangles, and running it again
        finishes."""
        for integrity in (ffi.CHECKED, ffi.PROVEN):
            for when in ("before commit", "after commit"):
                for number in (1, 2, 4):
                    with self.subTest(when=when, number=number, integrity=integrity):
                        for suffix in ("", "-wal", "-journal", "-shm"):
                            if os.path.exists(self.path + suffix):
                                os.remove(self.path + suffix)
                        self.make(MUSEUM)
                        expected = self.natively("DELETE FROM agent WHERE kind = 'odd'")
                        self.crash(when, number, integrity)
                        gone = 200 - self.count("agent", "kind = 'odd'")
                        self.assertEqual(gone == 0, (when, number) == ("before commit", 1))
                        self.assertEqual(self.count("loan"), 1200 - 3 * gone)
                        self.assertEqual(self.count("line"), 2400 - 6 * gone)
                        self.assertEqual(self.count("task", "agent_id IS NULL"), gone)
                        self.assert_sound()
                        self.purge("agent", "--where", "kind = 'odd'")
                        self.assertEqual(self.dump(), expected)

    def test_33_the_plan_lists_what_else_goes(self):
        """Everything that the delete reaches is in the plan, with its rows; nothing else goes."""
        self.make(MUSEUM)
        plan = json.loads(self.cascade("plan", "agent", "1", "2", "--format", "json").stdout)
        rows = {(step["step"], step["table"]): step["rows"] for step in plan["steps"] if step["step"] != "check"}
        self.assertEqual(rows, {("delete", "agent"): 2, ("delete", "loan"): 6, ("delete", "line"): 12,
                                ("update", "task"): 2})
        self.assertEqual((plan["deleted"], plan["updated"], plan["roots"]), (20, 2, 2))
        before = self.dump()
        self.purge("agent", "1", "2")
        after = self.dump()
        self.assertEqual({table: len(before[table]) - len(after[table]) for table in before},
                         {"agent": 2, "loan": 6, "line": 12, "task": 0})

    def test_33_an_approved_plan_is_held_to(self):
        """More rows, another rule, another selection or another schema than approved: refused. The same, or less:
        done."""
        self.make(MUSEUM)

        def fingerprint(*arguments):
            return json.loads(self.cascade("plan", "agent", *arguments, "--format", "json").stdout)["fingerprint"]

        approved = fingerprint("1", "3")
        self.refuses("agent", "1", "5", "--plan", approved, says=["plan"])
        self.refuses("agent", "1", "3", "--plan", ("0" if approved[0] != "0" else "1") + approved[1:], says=["plan"])
        self.refuses("agent", "1", "3", "--plan", approved, says=["plan"],
                     *self.policy('[{"table": "task", "column": "agent_id", "rule": "CASCADE"}]'))
        self.make("INSERT INTO loan VALUES (90000, 3)")
        self.refuses("agent", "1", "3", "--plan", approved, says=["plan"])
        self.make("DELETE FROM loan WHERE id = 90000")
        self.purge("agent", "3", "1", "1", "--plan", approved)
        self.assertEqual(self.count("agent"), 398)
        approved = fingerprint("5")
        self.make("CREATE TABLE extra (id INTEGER PRIMARY KEY, loan_id INTEGER REFERENCES loan ON DELETE CASCADE)")
        self.refuses("agent", "5", "--plan", approved, says=["plan"])
        approved = fingerprint("5")
        self.make("DELETE FROM line WHERE loan_id = 50")
        self.purge("agent", "5", "--plan", approved)

    def test_33_values_belong_to_a_plan(self):
        """Those of a condition, and those that a rule sets: with others, it is not what was approved."""
        self.make(MUSEUM)
        rule = '[{"table": "task", "column": "agent_id", "rule": "SET", "values": [%d]}]'
        session, other = self.session(policy=rule % 2), self.session(policy=rule % 4)

        def odd(at):
            return at.select_where("agent", "kind = ? AND id < ?", ["odd", 9])

        approved, before = session.plan(odd(session)).fingerprint.encode(), self.dump()
        for at, selection in ((session, session.select_where("agent", "kind = ? AND id < ?", ["odd", 8])), (other, odd(other))):
            purge = at.purge(selection, plan=approved)
            self.assertIsNotNone(purge.failure)
            self.assertEqual((purge.failure.status, self.dump()), ("CASCADE_PLAN_CHANGED", before))
        self.assert_finished(session.purge(odd(session), plan=approved))
        self.assertEqual(self.rows("SELECT id FROM task WHERE agent_id = 2"), [1, 2, 3, 5, 7])

    def test_33_no_more_rows_than_allowed(self):
        """A bound on the rows is kept before the first delete; and by rows that are added while the purge is at
        work."""
        self.make(MUSEUM)
        self.refuses("agent", "--where", "kind = 'odd'", "--max-rows", "1999", says=["1999"])
        self.refuses("agent", "--where", "kind = 'odd'", "--max-rows", "1999", "--max-tx-rows", "100", says=["1999"])
        self.refuses("agent", says=["every row"])
        session, other = self.session(), self.connect()

        def add(batch, _):
            other.execute("INSERT INTO line SELECT 100000 + ? * 10 + x.value, 3990 FROM json_each('[1,2,3,4,5]') x",
                          (batch.number,))

        purge = session.purge(session.select_where("agent", "kind = 'odd'"), max_rows=2000, max_tx_rows=100,
                              on_batch=add)
        self.assertEqual(purge.failure.status, "CASCADE_MAX_ROWS")
        self.assertLessEqual(purge.deleted, 2000)
        self.assert_sound()

    def test_34_every_restart_gets_further(self):
        """A budget far too small for one row with all that hangs on it: run after run, the work is done."""
        self.make(HUB)
        expected = self.natively("DELETE FROM agent WHERE id = 1")
        left = self.count("loan") + self.count("line")
        for run in range(1, 100):
            session = self.session()
            purge = session.purge(session.select_integers("agent", [1]), max_tx_rows=150, row_budget=100)
            self.assertIsNone(purge.failure, purge.failure)
            session.close()
            now = self.count("loan") + self.count("line")
            self.assert_sound()
            if purge.finished:
                break
            self.assertLess(now, left)
            left = now
        self.assertGreater(run, 20)
        self.assertEqual(self.dump(), expected)

    def test_34_cancelled_and_gone_on_with(self):
        """Stopped after each batch by a cancel: the batches before it stay, and the next run goes on from there."""
        self.make(MUSEUM)
        expected = self.natively("DELETE FROM agent WHERE kind = 'odd'")
        for run in range(1, 100):
            session = self.session()
            purge = session.purge(session.select_where("agent", "kind = 'odd'"), max_tx_rows=300,
                                  on_batch=lambda batch, cancel: cancel())
            session.close()
            self.assert_sound()
            if purge.finished:
                break
            self.assertEqual(purge.failure.status, "CASCADE_CANCELLED")
            self.assertGreater(purge.deleted, 0)
        self.assertGreater(run, 3)
        self.assertEqual(self.dump(), expected)

    def test_37_a_circle_that_cannot_be_broken_is_told_before_the_first_row(self):
        """Small batches would delete what hangs on such circles, and then find out."""
        rules = self.policy('[{"table": "left_", "column": "other", "rule": "CASCADE"},'
                            ' {"table": "right_", "column": "other", "rule": "CASCADE"}]')
        few = ("--max-tx-rows", "4")
        self.make(RING % "NOT NULL")
        for bound in (few, ()):
            self.refuses("left_", "--where", "id < 10", *rules, *bound, says=["refer to each other in a circle", "proven"])
        self.purge("left_", "--where", "id < 0", *rules, *few)
        self.assertEqual((self.count("left_"), self.count("right_")), (30, 30))
        self.purge("left_", "--where", "id > 20", *rules, *few, "--proven")
        self.assertEqual((self.count("left_"), self.count("right_")), (20, 20))
        self.assert_sound()
        self.path += "2"
        self.make(RING % "")
        self.purge("left_", "--where", "id > 20", *rules, *few)
        self.assertEqual((self.count("left_"), self.count("right_")), (40, 20))
        self.assert_sound()

    def test_37_a_row_that_refers_to_itself_goes(self):
        """SQLite lets it go, and refuses as long as another row refers to it."""
        for kind, more in (("INTEGER", ""), ("TEXT", " WITHOUT ROWID")):
            self.path += "2"
            self.make(f"""
                CREATE TABLE node (id {kind} PRIMARY KEY, up {kind} NOT NULL REFERENCES node ON DELETE RESTRICT){more};
                CREATE INDEX node_up ON node (up);
                INSERT INTO node VALUES (1, 1), (2, 1), (3, 2), (4, 4), (5, 5), (6, 5)""")
            self.refuses("node", "1", says=["blocked by node(up)"])
            rules = self.policy('[{"table": "node", "column": "up", "rule": "CASCADE"}]')
            self.purge("node", "1", "4", *rules, "--max-tx-rows", "2")
            self.assertEqual(self.rows("SELECT id + 0 FROM node ORDER BY id"), [5, 6])

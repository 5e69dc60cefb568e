#!/usr/bin/python3
"""Archives: archive.py ENGINE

Every row that goes is in the archive, with everything that was in it, and no other: in tables and as lines, whatever rows refer to,
whatever fails or dies, as far as each promises it.
"""

import collections
import ctypes
import importlib
import json
import os
import pathlib
import random
import resource
import signal
import stat
import subprocess
import sys
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "support"), str(HERE.parent / "differential")]

import archive_types  # noqa: E402
import cascade_ctypes as ffi  # noqa: E402
import sessions  # noqa: E402
import support  # noqa: E402
from proxy import Proxy  # noqa: E402
from support import ENGINE, HookTest, Library, Purge  # noqa: E402

SEEDS = range(3 if support.QUICK else 7)
KILLS = 3 if support.QUICK else 8
LOANS = 4000
LINES, FLUSH, KEEP, DROP = range(4)


def label(name):
    return name.split(".", 1)[1] if name.startswith("public.") else name


def rows_of(lines):
    """(table, id) of each line."""
    return [(label(line["table"]), line["row"]["id"]) for line in lines]


def install(library, archive, session, table):
    library.call("archive_install", archive, session.connection, session.policy, table.encode())


def child(uri, file, limit):
    """Purges in small batches until it is done, killed or out of room, and says when it has begun."""
    def slowly(_):
        print(flush=True)
        time.sleep(0.005)

    if limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    library = Library()
    with ffi.Session(library, uri) as session:
        archive = library.archive(session, file=file, suffix=None if limit else "_old")
        selection = session.select_where("agent", "id <= 6")
        purge = Purge(session, selection, after=slowly, max_tx_rows=60, archive=archive)
        try:
            purge.run()
        except sessions.Failure as failure:
            print(failure.status, failure.message)
        for handle in (purge, selection, archive):
            handle.free()


class Archive(HookTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.scratch.cleanup)

    def setUp(self):
        self.file = pathlib.Path(self.scratch.name) / "rows.jsonl"
        self.file.unlink(missing_ok=True)

    def lines(self):
        text = self.file.read_text(encoding="utf-8") if self.file.exists() else ""
        self.assertEqual(text[-1:], "\n" if text else "")
        return [json.loads(line) for line in text.splitlines()]

    def archive(self, session, **places):
        archive = self.library.archive(session, **places)
        self.addCleanup(archive.free)
        return archive

    def refused(self, status, words, *arguments, **options):
        with self.assertRaises(sessions.Failure) as caught:
            Purge(*arguments, **options).run()
        self.assertEqual(caught.exception.status, status, caught.exception.message)
        self.assertIn(words, caught.exception.message)

    # ---- what is in a row ----

    def restore(self, kind, lines, table):
        """Inserts the rows of the lines into a table, by a driver that has nothing to do with ours."""
        mark = "?" if ENGINE == "sqlite" else "%s"
        with self.database.connect() as connection:
            for line in lines:
                columns, values = [], []
                for name, stored in zip([json.loads(f'"{n}"') for n in self.plain_names(kind)], kind["columns"]):
                    value = line["row"][name]
                    if name in line.get("bytes", ()):
                        value = bytes.fromhex(value[2:-1])
                        if ENGINE == "sqlite" and name == "ü 'x":
                            value = self.as_text(connection, value)
                    columns.append(stored)
                    values.append(value)
                marks = [f"CAST({mark} AS TEXT)" if isinstance(v, bytearray) else mark for v in values]
                cursor = connection.cursor()
                cursor.execute(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(marks)})".replace("\"ü 'x\"",
                                                                                                                 "\"ü 'x\""),
                               [bytes(v) if isinstance(v, bytearray) else v for v in values])
                cursor.close()
            connection.commit()

    @staticmethod
    def as_text(_, value):
        return bytearray(value)  # a text that is not UTF-8

    @staticmethod
    def plain_names(kind):
        return [name[1:-1].replace(name[0] * 2, name[0]) if name[0] in '"`' else name for name in kind["columns"]]

    def content(self, kind, table):
        """Rows as the engine writes them out, so that nothing of a value can hide."""
        columns = list(kind["columns"])
        if ENGINE == "sqlite":
            columns = [f"typeof({c}) || hex({c}) || quote({c})" for c in columns]
        elif ENGINE == "postgresql":
            columns = [f"({c})::text" for c in columns]
        else:
            columns = [f"CONCAT(HEX({c}), ' ', {c} + 0e0)" if c in ("f", "dbl") else f"HEX({c})" for c in columns]
        with self.database.connect() as connection:
            if ENGINE == "sqlite":
                connection.text_factory = bytes
            cursor = connection.cursor()
            cursor.execute(f"SELECT {', '.join(columns)} FROM {table}")
            return sorted(map(repr, cursor.fetchall()))

    def test_every_type(self):
        kind = archive_types.TABLES[ENGINE]
        quote = kind["table"][-1]
        beside = {suffix: kind["table"][:-1] + suffix + quote for suffix in ("_a b", "_again")}
        for driver in ("native", "dbi"):
            with self.subTest(driver=driver):
                self.database.clear()
                self.file.unlink(missing_ok=True)
                self.database.run(*archive_types.create(ENGINE))
                before = self.content(kind, kind["table"])
                self.assertEqual(len(before), len(kind["rows"]))
                session = self.session(driver=driver)
                archive = self.archive(session, file=self.file, suffix="_a b")
                again = self.archive(session, suffix="_again")
                for each in (archive, archive, again):
                    install(self.library, each, session, kind["name"])
                selection = session.select_where(kind["name"], "1 = 1")
                purge = Purge(session, selection, archive=archive)
                self.assertEqual(purge.run().deleted, len(before))
                purge.free()
                selection.free()
                self.assertEqual(self.content(kind, kind["table"]), [])
                self.assertEqual(self.content(kind, beside["_a b"]), before)
                when = self.database.rows(f"SELECT cascade_archived_at FROM {beside['_a b']}")
                self.assertTrue(all(time is not None for time, in when))
                lines = self.lines()
                names = self.plain_names(kind) + [name.strip('"`') for name in kind["computed"]]
                for line in lines:
                    self.assertEqual(list(line["row"]), names)
                    self.assertEqual(label(line["table"]), kind["table"] if ENGINE == "postgresql" else kind["name"])
                self.restore(kind, lines, beside["_again"])
                self.assertEqual(self.content(kind, beside["_again"]), before)

    # ---- which rows ----

    def test_random_databases(self):
        ways = ({}, {"max_tx_rows": 9}, {"driver": "dbi", "max_tx_rows": 25}, {"max_tx_rows": 30, "integrity": ffi.PROVEN})
        for case, session, selection, vetoed, gone, options in self.purges(SEEDS, ways):
            self.file.unlink(missing_ok=True)
            archive = self.archive(session, file=self.file, suffix="_old")
            install(self.library, archive, session, "t0")
            purge = Purge(session, selection, lambda _: vetoed, archive=archive, **options)
            purge.run()
            lines = self.lines()
            self.assertEqual(sorted(rows_of(lines)), sorted(gone))
            for line in lines:
                self.assertEqual(line["row"]["words"], case.words(label(line["table"]), line["row"]["id"]))
            tables = {table for table, in self.tables("_old")}
            found = [(table, key) for table in case.tables if table + "_old" in tables
                     for key, in self.database.rows(f"SELECT id FROM {table}_old")]
            self.assertEqual(sorted(found), sorted(gone))
            report = self.library.archived(archive)
            self.assertEqual((report.rows, report.bytes, report.cut), (len(gone), self.file.stat().st_size, 0))
            spared = case.spared(case.closure(), vetoed)
            self.assertIsNone(case.differences(self.database, gone, spared, not options.get("max_tx_rows")))
            for handle in (purge, archive):
                handle.free()

    def tables(self, end):
        return self.database.rows({"sqlite": f"SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE '%{end}'",
                                   "postgresql": f"SELECT relname FROM pg_class WHERE relkind = 'r' AND relname LIKE '%{end}'",
                                   "mariadb": "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()"
                                              f" AND TABLE_NAME LIKE '%{end}'"}[ENGINE])

    def test_rows_without_an_integer_key(self):
        """Composite keys; on PostgreSQL and SQLite, tables without any; circles of rows that refer to each other."""
        loose = [] if ENGINE == "mariadb" else ["CREATE TABLE note (a VARCHAR(5), k VARCHAR(9), words TEXT,"
                                               " FOREIGN KEY (a, k) REFERENCES shelf (a, k) ON DELETE CASCADE)",
                                               "INSERT INTO note VALUES ('x', '1', 'same'), ('x', '1', 'same'), ('x', '2', NULL)"]
        if loose:
            loose.insert(1, "CREATE INDEX note_shelf ON note (a, k)")
        for driver in ("native", "dbi"):
            for options in ({}, {"max_tx_rows": 3}):
                self.database.clear()
                self.file.unlink(missing_ok=True)
                self.database.run(
                    "CREATE TABLE shelf (a VARCHAR(5) NOT NULL, k VARCHAR(9) NOT NULL, next_a VARCHAR(5), next_k VARCHAR(9), PRIMARY KEY (a, k),"
                    " FOREIGN KEY (next_a, next_k) REFERENCES shelf (a, k) ON DELETE CASCADE)" + (" WITHOUT ROWID" if ENGINE == "sqlite" else ""),
                    "CREATE INDEX shelf_next ON shelf (next_a, next_k)",
                    "INSERT INTO shelf VALUES ('x', '1', NULL, NULL), ('x', '2', 'x', '1'), ('x', '3', 'x', '2'), ('y', '1', NULL, NULL)",
                    "UPDATE shelf SET next_a = 'x', next_k = '3' WHERE k = '1' AND a = 'x'", *loose)
                session = self.session(driver=driver)
                archive = self.archive(session, file=self.file, suffix="_old")
                install(self.library, archive, session, "shelf")
                selection = session.select("shelf", [("x", "2")], 2)
                purge = Purge(session, selection, archive=archive, **options)
                purge.run()
                shelves = [("x", "1"), ("x", "2"), ("x", "3")]
                self.assertEqual(sorted(self.database.rows("SELECT a, k FROM shelf_old")), shelves)
                found = collections.Counter((label(line["table"]), line["row"]["a"], line["row"]["k"]) for line in self.lines())
                expected = collections.Counter([("shelf", *key) for key in shelves] +
                                               [("note", "x", "1"), ("note", "x", "1"), ("note", "x", "2")] * bool(loose))
                self.assertEqual(found, expected)
                if loose:
                    self.assertEqual(sorted(self.database.rows("SELECT a, k, words FROM note_old"), key=repr),
                                     [("x", "1", "same"), ("x", "1", "same"), ("x", "2", None)])
                for handle in (purge, selection, archive):
                    handle.free()

    # ---- what fails ----

    def museum(self):
        self.database.clear()
        self.database.run(
            "CREATE TABLE agent (id INTEGER PRIMARY KEY)",
            "CREATE TABLE loan (id INTEGER PRIMARY KEY, agent_id INTEGER NOT NULL, path VARCHAR(40),"
            " FOREIGN KEY (agent_id) REFERENCES agent (id) ON DELETE CASCADE)",
            "CREATE INDEX loan_agent ON loan (agent_id)", f"INSERT INTO agent VALUES {', '.join(f'({i})' for i in range(1, 11))}",
            "INSERT INTO loan VALUES " + ", ".join(f"({i}, {1 + i % 10}, '/loan/{i}')" for i in range(1, LOANS + 1)))
        return self.session()

    def gone(self):
        left = {key for key, in self.database.rows("SELECT id FROM loan")}
        return sorted(set(range(1, LOANS + 1)) - left)

    def in_lines(self):
        return sorted(key for table, key in rows_of(self.lines()) if table == "loan")

    def in_table(self):
        return sorted(key for key, in self.database.rows("SELECT id FROM loan_old"))

    def test_what_is_rolled_back_is_taken_out_again(self):
        session = self.museum()
        archive = self.archive(session, file=self.file, suffix="_old")
        install(self.library, archive, session, "agent")
        calls = []

        def fail(_):
            calls.append(1)
            return int(len(calls) == 4)

        purge = Purge(session, session.select_where("agent", "id <= 3"), after=fail, max_tx_rows=100, archive=archive)
        with self.assertRaises(sessions.Failure):
            purge.run()
        self.assertEqual((purge.report().batches, self.in_lines(), self.in_table()), (3, self.gone(), self.gone()))
        self.assertEqual(self.library.archived(archive).rows, purge.report().deleted)
        self.assertEqual(stat.S_IMODE(self.file.stat().st_mode), 0o600)
        purge.free()
        Purge(session, session.select_where("agent", "id <= 3"), max_tx_rows=100, archive=archive).run()
        self.assertEqual((self.in_lines(), self.in_table(), len(self.gone())), (self.gone(), self.gone(), LOANS * 3 // 10))

    def run_child(self, limit=0):
        return subprocess.Popen([sys.executable, __file__, ENGINE, "--child", self.database.uri("native"), str(self.file),
                                 str(limit)],
                                stdout=subprocess.PIPE, text=True)

    def test_killed(self):
        """Again and again in the middle of it. No row is gone that is not archived."""
        session = self.museum()
        archive = self.archive(session, suffix="_old")
        install(self.library, archive, session, "agent")
        killed = 0
        for number in range(KILLS):
            with self.run_child() as process:
                process.stdout.readline()
                time.sleep(random.Random(number).random() * 0.06)
                process.send_signal(signal.SIGKILL)
                killed += process.wait() == -signal.SIGKILL
            sessions.until(lambda: not self.database.transactions(), "a killed session still has its transaction")
            text = self.file.read_bytes()
            kept = text[:text.rfind(b"\n") + 1].decode().splitlines()
            found = {key for table, key in rows_of(map(json.loads, kept)) if table == "loan"}
            self.assertEqual(set(self.gone()) - found, set())
            self.assertEqual(self.in_table(), self.gone())
        self.assertGreater(killed, 0)
        with self.run_child() as process:
            process.communicate()
            self.assertEqual(process.returncode, 0)
        self.assertEqual((self.in_table(), sorted(set(self.in_lines())), len(self.gone())),
                         (self.gone(), self.gone(), LOANS * 6 // 10))

    def test_no_room(self):
        """The file takes no more: the batch is rolled back, and nothing of it is in the file."""
        self.museum()
        full = '{"table": "shelf", "row": {"id": 0}}\n' * 100000  # more than the files of SQLite, to which the limit applies too
        self.file.write_text(full, encoding="utf-8")
        for room in (1, 3000, 20001):
            with self.run_child(len(full) + room) as process:
                words = process.communicate()[0].split("\n")[-2]
            self.assertIn("CASCADE_ARCHIVE", words)
            self.assertIn("File too large", words)
            self.assertLessEqual(self.file.stat().st_size, len(full) + room)
            self.assertEqual(self.in_lines(), self.gone())
        self.assertGreater(len(self.gone()), 50)

    def test_torn_line(self):
        session = self.museum()
        whole = '{"table": "loan", "row": {"id": 1}}\n'
        for torn in ("", "{", '{"table": "loan", "row": {"id": 7, "path": "é', '{"table": "lo', "\0" * 5000,
                     '{"table": "' + "x" * 90000):
            for before in ("", whole, whole * 3000):
                self.file.write_text(before + torn, encoding="utf-8")
                archive = self.archive(session, file=self.file)
                self.assertEqual(self.file.read_text(encoding="utf-8"), before)
                report = self.library.archived(archive)
                self.assertEqual((report.cut, report.bytes), (len(torn.encode()), len(before)))
                archive.free()
        for foreign in ("no newline", '{"tables": 1}\n', "SQLite format 3\0\n\0\0", whole + "a note at the end", "\0\0x", "\n",
                        "\n" + whole):
            self.file.write_text(foreign, encoding="utf-8")
            with self.assertRaises(sessions.Failure) as caught:
                self.archive(session, file=self.file)
            self.assertEqual(caught.exception.status, "CASCADE_ARCHIVE")
            self.assertEqual(self.file.read_text(encoding="utf-8"), foreign)

    def test_files_that_are_none_of_ours(self):
        session = self.museum()
        for status, file in (("CASCADE_ARCHIVE", "/dev/full"), ("CASCADE_ARCHIVE", self.scratch.name),
                             ("CASCADE_ARCHIVE", "/nowhere/rows"),
                             ("CASCADE_INVALID", None), ("CASCADE_BUSY", self.file)):
            held = self.archive(session, file=self.file) if status == "CASCADE_BUSY" else None
            with self.assertRaises(sessions.Failure) as caught:
                self.archive(session, file=file)
            self.assertEqual(caught.exception.status, status)
            if held:
                held.free()
        for spoil in (self.file.unlink, lambda: os.truncate(self.file, 1)):
            archive = self.archive(session, file=self.file)
            self.refused("CASCADE_ARCHIVE", "somebody else", session, session.select_integers("agent", [1]),
                         after=lambda _: spoil(),
                         archive=archive)
            archive.free()
            self.file.unlink(missing_ok=True)
        self.assertEqual(self.gone(), [])

    def test_another_purge_with_the_same_archive(self):
        """While a batch of one is under way, no lines of another get among its own."""
        session = self.museum()
        archive = self.archive(session, file=self.file)
        beside = ffi.Session(self.library, self.database.uri("native"), lock_timeout_ms=20)
        self.addCleanup(beside.close)
        tried = []

        def meanwhile(_):
            self.refused("CASCADE_BUSY" if ENGINE == "sqlite" else "CASCADE_INVALID", "", beside,
                         beside.select_integers("agent", [2]), archive=archive)
            tried.append(1)

        Purge(session, session.select_integers("agent", [1]), after=meanwhile, archive=archive).run()
        self.assertEqual((self.in_lines(), len(self.gone()), len(tried)), (self.gone(), LOANS // 10, 1))

    def test_tables_that_do_not_fit(self):
        session = self.museum()
        archive = self.archive(session, suffix="_old")
        agent = session.select_integers("agent", [1])

        def refused(words, session=session, **options):
            self.refused("CASCADE_ARCHIVE", words, session, agent if session is first else session.select_integers("agent", [1]),
                         archive=archive, **options)

        first = session
        refused("Create Table If Not Exists")
        install(self.library, archive, session, "agent")
        self.database.run("ALTER TABLE loan ADD COLUMN extra VARCHAR(7)")
        refused("Add Column")
        install(self.library, archive, session, "agent")
        nothing = ctypes.byref(ffi.OWN_TEXT())
        self.assertEqual(self.library.call("archive_ddl", archive, session.connection, session.policy, b"agent", nothing), ffi.DONE)
        self.database.end_sides()  # SQLite's sessions learn of others' changes too late for this
        self.database.run("ALTER TABLE loan_old DROP COLUMN extra", "ALTER TABLE loan_old ADD COLUMN extra VARCHAR(6)")
        refused("column extra is of type ")
        self.database.run("ALTER TABLE loan_old DROP COLUMN extra", "ALTER TABLE loan_old ADD COLUMN extra VARCHAR(7)")
        lines = self.archive(session, file=self.file)
        self.refused("CASCADE_ARCHIVE", "read the graph again", session, agent, archive=lines)
        self.database.run("DROP TABLE loan_old", "CREATE VIEW loan_old AS SELECT * FROM loan")
        refused("is a view")
        for places, words in (({"schema": {"sqlite": "main", "postgresql": "public", "mariadb": self.database.name}[ENGINE]},
                               "go themselves"),
                              ({"suffix": "x" * 70} if ENGINE == "postgresql" else {}, "longer than")):
            if places:
                own = self.archive(session, **places)
                self.refused("CASCADE_ARCHIVE", words, session, agent, archive=own)
                with self.assertRaises(sessions.Failure):
                    install(self.library, own, session, "agent")
        self.assertEqual((self.gone(), self.library.archived(archive).rows), ([], 0))

    def altered(self, sql, lines):
        """A purge in small batches, after the third of which a statement is run. How many there were, and the failure or None."""
        session = self.museum()
        self.file.unlink(missing_ok=True)
        archive = self.archive(session, suffix="_old", file=self.file if lines else None)
        install(self.library, archive, session, "agent")
        purge = Purge(session, session.select_where("agent", "id <= 3"), max_tx_rows=100, archive=archive)
        batch = ctypes.POINTER(ffi.BatchInfo)()
        try:
            while self.library.call("purge_next", purge.handle, ctypes.byref(batch)) == ffi.OK:
                purge.batches += 1
                if purge.batches == 3:
                    self.database.run(sql)
        except sessions.Failure as failure:
            return purge.batches, failure
        finally:
            purge.free()
            archive.free()
        return purge.batches, None

    def test_a_table_that_is_altered_in_the_midst(self):
        """No row goes without all that is in it. What is no change of a column is none."""
        changes = ["ALTER TABLE loan ADD COLUMN extra VARCHAR(7)", "ALTER TABLE loan RENAME COLUMN path TO way",
                   "ALTER TABLE loan DROP COLUMN path",
                   {"postgresql": "ALTER TABLE loan ALTER COLUMN path TYPE VARCHAR(50)",
                    "mariadb": "ALTER TABLE loan MODIFY path VARCHAR(50)",
                    "sqlite": "ALTER TABLE loan ADD COLUMN extra DEFAULT 7"}[ENGINE]]
        for sql in changes:
            for lines in (False, True):
                with self.subTest(sql=sql, lines=lines):
                    batches, failure = self.altered(sql, lines)
                    self.assertEqual((batches, failure and failure.status), (3, "CASCADE_ARCHIVE"), failure and failure.message)
                    self.assertRegex(failure.message, r"loan\b.*changed while rows go")
                    self.assertEqual((self.in_table(), self.in_lines() if lines else self.gone()), (self.gone(), self.gone()))
        for sql in ("CREATE TABLE shelf (id INTEGER)", "CREATE INDEX loan_path ON loan (path)"):
            batches, failure = self.altered(sql, False)
            self.assertIsNone(failure and failure.message)
            self.assertEqual((self.in_table(), len(self.gone())), (self.gone(), LOANS * 3 // 10))

    def test_an_archive_that_drops_rows(self):
        """Rows that a trigger of the archive's table keeps out are missed."""
        trigger = {"sqlite": ["CREATE TRIGGER lose BEFORE INSERT ON loan_old WHEN new.id % 100 = 0 BEGIN SELECT RAISE(IGNORE); END"],
                   "postgresql": ["CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS"
                                  " 'BEGIN IF new.id % 100 = 0 THEN RETURN NULL; END IF; RETURN new; END'",
                                  "CREATE TRIGGER lose BEFORE INSERT ON loan_old FOR EACH ROW EXECUTE FUNCTION lose()"],
                   "mariadb": ["CREATE TRIGGER lose BEFORE INSERT ON loan_old FOR EACH ROW"
                               " IF new.id % 100 = 0 THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'lost'; END IF"]}[ENGINE]
        session = self.museum()
        archive = self.archive(session, file=self.file, suffix="_old")
        install(self.library, archive, session, "agent")
        self.database.run(*trigger)
        self.refused("CASCADE_ARCHIVE", "archive: ", session, session.select_where("agent", "id = 1"), archive=archive)
        self.assertEqual((self.gone(), self.in_table(), self.lines()), ([], [], []))

    def test_the_answer_to_a_commit_is_lost(self):
        """Nobody knows whether the rows are gone: their lines stay."""
        for where in ("before", "after") if ENGINE != "sqlite" else ():  # which has no server
            session = self.museum()
            self.file.unlink(missing_ok=True)
            proxy = Proxy(self.database)
            self.addCleanup(proxy.close)
            with ffi.Session(self.library, self.database.uri("native", proxy.host)) as cut:
                archive = self.library.archive(cut, file=self.file)
                purge = Purge(cut, cut.select_where("agent", "id <= 3"), max_tx_rows=100, archive=archive)
                proxy.arm(3, where)
                with self.assertRaises(sessions.Failure) as caught:
                    purge.run()
                self.assertEqual((caught.exception.status, caught.exception.transaction),
                                 ("CASCADE_CONNECTION", sessions.TX_UNKNOWN))
                for handle in (purge, archive):
                    handle.free()
            sessions.until(lambda: not self.database.transactions(), "the server goes on")
            lines, gone = self.in_lines(), self.gone()
            self.assertEqual(set(gone) - set(lines), set())
            self.assertEqual(len(lines) > len(gone), where == "before")
            archive = self.archive(session, file=self.file)
            Purge(session, session.select_where("agent", "id <= 3"), archive=archive).run()
            self.assertEqual((sorted(set(self.in_lines())), len(self.gone())), (self.gone(), LOANS * 3 // 10))

    # ---- places ----

    def test_in_a_schema(self):
        session = self.museum()
        if ENGINE == "sqlite":
            session.close()
            self.in_a_file_that_is_attached()
            return
        schema = {"postgresql": "at\"tic", "mariadb": self.database.name + "_at`tic"}[ENGINE]
        quoted = {"postgresql": '"at""tic"', "mariadb": "`" + schema.replace("`", "``") + "`"}[ENGINE]
        self.database.run(f"DROP SCHEMA IF EXISTS {quoted}" + (" CASCADE" if ENGINE == "postgresql" else ""),
                          f"CREATE SCHEMA {quoted}")
        try:
            archive = self.archive(session, schema=schema)
            install(self.library, archive, session, "agent")
            Purge(session, session.select_where("agent", "id <= 2"), max_tx_rows=150, archive=archive).run()
            self.assertEqual(sorted(key for key, in self.database.rows(f"SELECT id FROM {quoted}.loan")), self.gone())
            self.assertEqual(len(self.gone()), LOANS // 5)
        finally:
            self.database.run(f"DROP SCHEMA {quoted}" + (" CASCADE" if ENGINE == "postgresql" else ""))

    def in_a_file_that_is_attached(self):
        """A file that the host has attached: refused with a write-ahead log, as a crash in its COMMIT could lose rows."""
        sqlite3 = ctypes.CDLL("libsqlite3.so.0")
        attic = pathlib.Path(self.database.directory) / "attic.db"
        for mode, works in (("WAL", False), ("DELETE", True)):
            self.database.end_sides()
            handle = ctypes.c_void_p()
            self.assertEqual(sqlite3.sqlite3_open(str(self.database.path).encode(), ctypes.byref(handle)), 0)
            for sql in (f"PRAGMA journal_mode = {mode}", "PRAGMA foreign_keys = ON", f"ATTACH '{attic}' AS \"at tic\""):
                self.assertEqual(sqlite3.sqlite3_exec(handle, sql.encode(), None, None, None), 0)
            with ffi.Session(self.library, None, adopted=("sqlite3", handle)) as session:
                archive = self.library.archive(session, schema="at tic")
                install(self.library, archive, session, "agent")
                agents = session.select_where("agent", "id <= 2")
                if works:
                    Purge(session, agents, archive=archive).run()
                else:
                    self.refused("CASCADE_ARCHIVE", "journal_mode", session, agents, archive=archive)
                agents.free()
                archive.free()
            sqlite3.sqlite3_close(handle)
            self.assertEqual(len(self.gone()), LOANS // 5 if works else 0)
        self.database.run(f"ATTACH '{attic}' AS attic")
        self.assertEqual(sorted(key for key, in self.database.rows("SELECT id FROM attic.loan")), self.gone())

    def test_a_function_that_takes_the_lines(self):
        session = self.museum()
        for stop in (None, LINES, FLUSH):
            told, kept, pending = [], [], []

            def write(_, event, lines, length):
                told.append(event)
                if event == LINES:
                    pending.extend(json.loads(line) for line in ctypes.string_at(lines, length).splitlines())
                if event == KEEP:
                    kept.extend(pending)
                if event in (KEEP, DROP):
                    pending.clear()
                return 7 if event == stop and told.count(KEEP) == 2 else 0

            archive = self.archive(session, write=write, file=self.file)
            agents = session.select_where("agent", f"id <= {4 if stop is None else 2}")
            already = self.gone()
            if stop is None:
                Purge(session, agents, max_tx_rows=100, archive=archive).run()
                self.assertNotIn(DROP, told)
            else:
                self.refused("CASCADE_HOOK", "returned 7", session, agents, max_tx_rows=100, archive=archive)
                self.assertEqual(told[-1], DROP)
            self.assertEqual(told.count(KEEP), 2 if stop is not None else told.count(FLUSH))
            self.assertEqual(sorted(key for table, key in rows_of(kept) if table == "loan"),
                             sorted(set(self.gone()) - set(already)))
            self.assertEqual(self.in_lines(), self.gone())
            archive.free()
            if stop is None:
                session = self.museum()
                self.file.unlink()

    def test_in_a_transaction_of_the_host(self):
        """Tables go with it, whatever becomes of it; lines are refused, as nobody knows whether it commits."""
        session = self.museum()
        archive = self.archive(session, suffix="_old")
        install(self.library, archive, session, "agent")
        lines = self.archive(session, file=self.file)
        host = self.host()
        self.addCleanup(host.close)
        with ffi.Session(self.library, None, adopted=(host.driver, host.handle)) as session:
            agents, more = session.select_where("agent", "id <= 2"), session.select_integers("agent", [3])
            for end in ("ROLLBACK", "COMMIT"):
                host.execute("BEGIN")
                self.refused("CASCADE_UNSUPPORTED", "only the host knows", session, agents, archive=lines)
                self.refused("CASCADE_UNSUPPORTED", "only the host knows", session, agents, committed=lambda _: 0)
                for selection in (agents, more):
                    Purge(session, selection, archive=archive).run()
                host.execute(end)
                self.assertEqual((self.in_table(), self.lines()), (self.gone(), []))
                self.assertEqual(len(self.gone()), LOANS * 3 // 10 if end == "COMMIT" else 0)
            for each in (agents, more):
                each.free()

    def host(self):
        """A session of the host's own, in which it begins and ends transactions."""
        engine = importlib.import_module("on_" + ENGINE)
        if ENGINE == "postgresql":
            return engine.Host(self.database.side().connection)
        return engine.Host(str(self.database.path) if ENGINE == "sqlite" else self.database.name)


if __name__ == "__main__":
    if "--child" in sys.argv:
        child(sys.argv[3], sys.argv[4], int(sys.argv[5]))
    else:
        unittest.main(argv=sys.argv[:1] + sys.argv[2:])

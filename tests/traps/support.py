"""What the trap tests share: a database, the `cascade` command on it, and what SQLite itself would have done.

CASCADE is the command, LIBCASCADE_PATH the library.
"""

import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import cascade_ctypes as ffi  # noqa: E402
from scratch import IN_MEMORY  # noqa: E402

CASCADE = os.environ["CASCADE"]
DONE, REFUSED, USAGE, DATABASE = 0, 1, 2, 3
URIS = {"sqlite3": "sqlite:{}", "dbi": "dbi:sqlite3?dbname={}"}


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


class Trap(unittest.TestCase):
    """Each test runs once with each driver."""

    driver = None
    maxDiff = 4000

    def setUp(self):
        directory = tempfile.TemporaryDirectory(dir=IN_MEMORY)
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)
        self.path = str(self.directory / "trap.db")
        self.library = ffi.Library()

    # ---- the database

    def connect(self, path=None, **options):
        connection = sqlite3.connect(path or self.path, isolation_level=None, **options)
        self.addCleanup(connection.close)
        connection.execute("PRAGMA foreign_keys = ON")
        return connection

    def make(self, script):
        connection = self.connect()
        connection.executescript("BEGIN;" + script + ";COMMIT")
        connection.close()

    def rows(self, sql, *parameters):
        """The rows of a query; of a single column, its values."""
        connection = self.connect()
        try:
            found = connection.execute(sql, parameters).fetchall()
        finally:
            connection.close()
        return [row[0] for row in found] if found and len(found[0]) == 1 else found

    def count(self, table, condition="1"):
        return self.rows(f"SELECT count(*) FROM {table} WHERE {condition}")[0]

    def dump(self, path=None):
        """Every table with its rows, in an order that does not depend on how they got there."""
        connection = self.connect(path)
        try:
            names = [row[0] for row in connection.execute("""
                SELECT name FROM pragma_table_list
                WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite_%'""")]
            return {name: sorted(map(repr, connection.execute(f"SELECT * FROM {quoted(name)}"))) for name in names}
        finally:
            connection.close()

    def natively(self, *statements):
        """What SQLite's own actions make of a copy."""
        copy = str(self.directory / "native.db")
        shutil.copy(self.path, copy)
        connection = self.connect(copy)
        try:
            connection.execute("BEGIN")
            for statement in statements:
                connection.execute(statement)
            connection.execute("COMMIT")
        finally:
            connection.close()
        return self.dump(copy)

    def assert_sound(self):
        self.assertEqual(self.rows("PRAGMA foreign_key_check"), [])
        self.assertEqual(self.rows("PRAGMA integrity_check"), ["ok"])

    # ---- the command

    def uri(self, query=""):
        uri = URIS[self.driver].format(self.path)
        return uri + ("&" if "?" in uri else "?") + query if query else uri

    def policy(self, text):
        path = self.directory / "policy.json"
        path.write_text(text, encoding="utf-8")
        return ("--policy", str(path))

    def cascade(self, command, *arguments, uri=None, expect=DONE):
        command = [CASCADE, command, *(["--yes"] if command == "purge" else []), uri or self.uri(), *arguments]
        outcome = subprocess.run(command, stdin=subprocess.DEVNULL,
                                 capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(outcome.returncode, expect, f"{command}: {outcome.stdout}{outcome.stderr}")
        if expect != DONE:
            self.assertRegex(outcome.stderr, r"\Acascade: [^\n]+\n(To see [^\n]+\n)?\Z")
        return outcome

    def purge(self, *arguments, **options):
        return self.cascade("purge", *arguments, **options).stdout

    def refuses(self, *arguments, says=(), status=REFUSED, **options):
        """A purge that is refused, with these words in its one line, and that changes nothing."""
        before = self.dump()
        outcome = self.cascade("purge", *arguments, expect=status, **options)
        for words in says:
            self.assertIn(words, outcome.stderr)
        self.assertEqual(self.dump(), before)
        return outcome.stderr

    def purges_as_sqlite_does(self, table, key, condition, *arguments):
        """The purge of one row leaves what SQLite's own DELETE of it leaves."""
        expected = self.natively(f"DELETE FROM {quoted(table)} WHERE {condition}")
        self.assertNotEqual(expected, self.dump(), "the native delete did nothing")
        self.purge(table, *arguments, "--", key)
        self.assertEqual(self.dump(), expected)
        self.assert_sound()

    # ---- the library

    def session(self, policy=None, query="", **options):
        session = ffi.Session(self.library, self.uri(query), policy=policy, **options)
        self.addCleanup(session.close)
        return session

    def assert_finished(self, purge):
        self.assertIsNone(purge.failure, purge.failure)
        self.assertTrue(purge.finished)

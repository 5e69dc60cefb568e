"""What the tests of the cascade command share. CASCADE is the command, MUSEUM the museum's database."""

import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import unittest

import jsonschema

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from scratch import IN_MEMORY  # noqa: E402

CASCADE = os.environ["CASCADE"]
MUSEUM = os.environ["MUSEUM"]

# The two drivers; every test of the command's own behaviour holds for both.
DRIVERS = {"sqlite3": "sqlite:{}", "dbi": "dbi:sqlite3?dbname={}"}

# Every kind of relation in small: agent 1 is referred to in all ways, agent 2 by nothing, agent 3 by what goes with it.
SMALL = """
CREATE TABLE agent (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE address (id INTEGER PRIMARY KEY, agent_id INTEGER NOT NULL REFERENCES agent ON DELETE CASCADE);
CREATE INDEX address_agent ON address (agent_id);
CREATE TABLE loan (number TEXT, country TEXT, borrower_id INTEGER NOT NULL REFERENCES agent ON DELETE RESTRICT,
  PRIMARY KEY (number, country)) WITHOUT ROWID;
CREATE INDEX loan_borrower ON loan (borrower_id);
CREATE TABLE image (id INTEGER PRIMARY KEY, author_id INTEGER REFERENCES agent ON DELETE SET NULL);
CREATE INDEX image_author ON image (author_id);
CREATE TABLE stray (text TEXT);
CREATE VIEW borrowers AS SELECT borrower_id AS id FROM loan;
INSERT INTO agent VALUES (1, 'Hale'), (2, 'Brandt'), (3, 'Okafor');
INSERT INTO address WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 30) SELECT n, 1 FROM n;
INSERT INTO address VALUES (31, 3);
INSERT INTO loan VALUES ('L1', 'de', 1), ('L1', 'fr', 1), ('it''s', 'it', 1);
INSERT INTO image VALUES (1, 1), (2, 1), (3, 3), (4, NULL);
INSERT INTO stray VALUES ('a'), ('b');
"""


SCHEMAS = pathlib.Path(__file__).resolve().parents[2] / "lib/doc/schemas"


def schema(name):
    return json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))


def checked(text, name):
    """What a JSON text says, after its schema has nothing against it."""
    document = json.loads(text)
    jsonschema.Draft202012Validator(schema(name)).validate(document)
    return document


def rows(path):
    """Number of rows of every table."""
    connection = sqlite3.connect(path)
    try:
        tables = [row[0] for row in connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'")]
        return {table: connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0] for table in tables}
    finally:
        connection.close()


def dump(path):
    """Everything in a database, as text; None for a file that is none."""
    try:
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    except sqlite3.Error:
        return None
    try:
        return "\n".join(connection.iterdump())
    except sqlite3.DatabaseError:
        with open(path, "rb") as file:
            return file.read()
    finally:
        connection.close()


def after_native_cascade(path, delete):
    """Rows that SQLite's own cascade leaves; the file stays as it is."""
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as scratch:
        copy = shutil.copy(path, scratch)
        connection = sqlite3.connect(copy)
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(delete)
        connection.commit()
        connection.close()
        return rows(copy)


class CascadeTest(unittest.TestCase):
    maxDiff = 4000

    def setUp(self):
        directory = tempfile.TemporaryDirectory(dir=IN_MEMORY)
        self.addCleanup(directory.cleanup)
        self.directory = directory.name

    def file(self, name, text):
        path = os.path.join(self.directory, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def database(self, script=SMALL, name="small.db"):
        path = os.path.join(self.directory, name)
        if os.path.exists(path):
            os.remove(path)
        connection = sqlite3.connect(path)
        connection.executescript(script)
        connection.close()
        return path

    def museum(self):
        """A copy of the museum in which accession 40 has 2,000 objects instead of 10,000: large enough, and faster."""
        path = shutil.copy(MUSEUM, os.path.join(self.directory, "museum.db"))
        connection = sqlite3.connect(path)
        for table in ["attachment", "citation", "condition_report", "determination", "object_measurement", "preparation"]:
            connection.execute(f"DELETE FROM {table} WHERE object_id BETWEEN 2001 AND 10000")
        connection.execute("DELETE FROM collection_object WHERE id BETWEEN 2001 AND 10000")
        connection.commit()
        assert not connection.execute("PRAGMA foreign_key_check").fetchall()
        connection.close()
        return path

    def cascade(self, *arguments, **options):
        return subprocess.run([CASCADE, *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                              timeout=100, **options)

    def done(self, *arguments):
        """Runs the command, which must succeed in silence on stderr; gives what it printed."""
        outcome = self.cascade(*arguments)
        self.assertEqual((outcome.returncode, outcome.stderr), (0, ""), arguments)
        return outcome.stdout

    def refused(self, code, says, *arguments, path=None):
        """Runs the command, which must end with the code and one line that says all of `says`, and change nothing."""
        before = dump(path) if path else None
        outcome = self.cascade(*arguments)
        self.assertEqual(outcome.returncode, code, (arguments, outcome.stdout, outcome.stderr))
        self.assertEqual(outcome.stdout, "", arguments)
        self.assertRegex(outcome.stderr, r"\Acascade: [^\n]+\n\Z", arguments)
        for text in says:
            self.assertIn(text, outcome.stderr, arguments)
        if path:
            self.assertEqual(dump(path), before, "something was changed")
        return outcome.stderr

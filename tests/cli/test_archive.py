"""cascade purge --archive and --archive-tables, and cascade archive: what they write and print, what they refuse."""

import contextlib
import json
import os
import sqlite3
import unittest

from support import CascadeTest

SCRIPT = """
CREATE TABLE agent (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE image (id INTEGER PRIMARY KEY, agent_id INTEGER NOT NULL REFERENCES agent ON DELETE CASCADE, path TEXT);
CREATE INDEX image_agent ON image (agent_id);
INSERT INTO agent VALUES (1, 'O''Brien'), (2, NULL);
INSERT INTO image VALUES (1, 1, '/a.jpg'), (2, 1, '/b.jpg'), (3, 2, '/c.jpg');
"""


def rows(path, sql):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


class Archive(CascadeTest):
    def test_tables_and_lines(self):
        path = self.database(SCRIPT)
        uri, file = f"sqlite:{path}", f"{path}.jsonl"
        purge = ["purge", uri, "agent", "1", "--yes", "--archive", file, "--archive-tables", "_old"]
        self.refused(1, ["Create Table", "image_old", "cascade archive install"], *purge, path=path)
        ddl = self.done("archive", "install", uri, "agent", "--archive-tables", "_old", "--format", "sql")
        self.assertEqual([line.split('"')[1] for line in ddl.splitlines()], ["image_old", "agent_old"])
        self.assertEqual(self.done("archive", "install", uri, "agent", "--archive-tables", "_old"), "The archive is installed.\n")
        self.assertEqual(self.done("archive", "install", uri, "agent", "--archive-tables", "_old", "--format", "sql"), "")
        done = self.cascade(*purge)
        self.assertEqual((done.returncode, done.stderr), (0, "Archived 3 rows.\n"))
        with open(file, encoding="utf-8") as lines:
            self.assertEqual([json.loads(line) for line in lines], [
                {"table": "image", "row": {"id": 1, "agent_id": 1, "path": "/a.jpg"}},
                {"table": "image", "row": {"id": 2, "agent_id": 1, "path": "/b.jpg"}},
                {"table": "agent", "row": {"id": 1, "name": "O'Brien"}}])
        self.assertEqual(rows(path, "SELECT id, name FROM agent_old"), [(1, "O'Brien")])
        os.truncate(file, os.path.getsize(file) - 9)
        done = self.cascade("purge", uri, "agent", "2", "--yes", "--archive", file)
        self.assertIn("A torn line of ", done.stderr)
        with open(file, encoding="utf-8") as lines:
            self.assertEqual([json.loads(line)["row"]["id"] for line in lines], [1, 2, 3, 2])

    def test_by_a_worker(self):
        path = self.database(SCRIPT)
        uri, file = f"sqlite:{path}", f"{path}.jsonl"
        self.done("queue", "install", uri)
        self.done("purge", uri, "agent", "1", "--yes", "--later")
        done = self.cascade("queue", "work", uri, "--archive", file)
        self.assertEqual((done.returncode, done.stderr.splitlines()[-1]), (0, "Archived 3 rows."))
        with open(file, encoding="utf-8") as lines:
            self.assertEqual(len(list(lines)), 3)
        self.assertEqual(rows(path, "SELECT id FROM agent"), [(2,)])

    def test_refusals(self):
        path = self.database(SCRIPT)
        uri = f"sqlite:{path}"
        for code, words, arguments in (
            (2, "archive what?", ["archive"]),
            (2, "which table?", ["archive", "install", uri, "--archive-tables", "_old"]),
            (2, "to which tables?", ["archive", "install", uri, "agent"]),
            (2, "a word too many", ["archive", "install", uri, "agent", "1", "--archive-tables", "_old"]),
            (2, "SUFFIX@SCHEMA", ["archive", "install", uri, "agent", "--archive-tables", "@"]),
            (2, "nobody", ["archive", "install", uri, "nobody", "--archive-tables", "_old"]),
            (1, "rows go themselves", ["archive", "install", uri, "agent", "--archive-tables", "@main"]),
            (1, "something else", ["purge", uri, "agent", "1", "--yes", "--archive", path]),
            (1, "no ordinary file", ["purge", uri, "agent", "1", "--yes", "--archive", "/dev/full"]),
            (2, "give no --archive with --later", ["purge", uri, "agent", "1", "--yes", "--later", "--archive", "rows.jsonl"]),
        ):
            self.refused(code, [words], *arguments, path=path)


if __name__ == "__main__":
    unittest.main()

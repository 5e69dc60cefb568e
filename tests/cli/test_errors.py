"""Bad input and bad databases: the exit code, one line that says what is wrong, and nothing changed."""

import json
import os
import shlex
import sqlite3
import subprocess
import time
import unittest

from support import CASCADE, DRIVERS, SMALL, CascadeTest, rows


def with_each_driver(test):
    """Runs a test that takes a fresh database's path and URI with each driver."""
    def wrapped(self):
        for name, form in DRIVERS.items():
            with self.subTest(driver=name):
                path = self.database()
                test(self, path, form.format(path))
    return wrapped


class Keys(CascadeTest):
    """Keys in a file, or on standard input."""

    def test_as_on_the_command_line(self):
        for form in DRIVERS.values():
            uri = form.format(self.database())
            given = self.done("blockers", uri, "loan", "[\"it's\", \"it\"]", "L1,de", "--format", "json")
            path = self.file("keys", "[\"it's\", \"it\"]\r\n\nL1,de")
            self.assertEqual(self.done("blockers", uri, "loan", "--keys", path, "--format", "json"), given)
            self.assertIn("--keys " + path, self.done("blockers", uri, "agent", "--keys", self.file("keys", "1\n"), "--limit", "2"))
            with open(self.file("more", "2\n3\n77"), encoding="utf-8") as keys:
                outcome = subprocess.run([CASCADE, "purge", uri, "agent", "--keys", "-", "--yes"], stdin=keys, capture_output=True,
                                         text=True, timeout=100)
            self.assertIn("Deleted 3 rows", outcome.stdout, outcome.stderr)

    def test_no_key_is_no_row(self):
        path = self.database()
        for keys in (self.file("none", ""), self.file("blank", "\n\n"), "-"):  # standard input is at its end at once
            said = self.done("purge", f"sqlite:{path}", "agent", "--yes", "--keys", keys)
            self.assertIn("Deleted 0 rows", said)
        self.assertEqual(rows(path)["agent"], 3)

    def test_what_is_wrong_with_a_file(self):
        path = self.database()
        for says, name in [("No such file", "/nosuch/keys"), ("Is a directory", self.directory),
                           ("takes whole numbers", self.file("keys", "1\n 2x\n")),
                           ("a byte that is 0", self.file("nul", "1\n2\0\n"))]:
            self.refused(2, [says], "purge", f"sqlite:{path}", "agent", "--yes", "--keys", name, path=path)
        with open(os.path.join(self.directory, "bytes"), "wb") as file:
            file.write(b"1\n\xff\n")
        self.refused(2, ["not UTF-8"], "purge", f"sqlite:{path}", "agent", "--yes", "--keys", file.name, path=path)

    def test_many(self):
        path = self.database()
        connection = sqlite3.connect(path)
        connection.executescript("INSERT INTO agent WITH RECURSIVE n(n) AS (SELECT 10 UNION ALL SELECT n + 1 FROM n WHERE n < 100009)"
                                 " SELECT n, '' FROM n")
        connection.close()
        keys = self.file("keys", "".join(f"{i * 7919 % 100000 + 10}\n" for i in range(100000)))
        self.assertIn("Deleted 100,000 rows", self.done("purge", f"sqlite:{path}", "agent", "--keys", keys, "--yes"))
        self.assertEqual(rows(path)["agent"], 3)


class Usage(CascadeTest):
    def test_command_line(self):
        path = self.database()
        uri = f"sqlite:{path}"
        for says, arguments in [
            ("which command", []),
            ("'prune'", ["prune", uri, "agent", "1"]),
            ("which database", ["graph"]),
            ("which table", ["plan", uri]),
            ("'--colour'", ["plan", uri, "agent", "1", "--colour"]),
            ("'--limit'", ["purge", uri, "agent", "1", "--limit", "3"]),
            ("'--yes'", ["plan", uri, "agent", "1", "--yes"]),
            ("needs a value", ["plan", uri, "agent", "--where"]),
            ("--where needs a value; where '--yes' is meant, write --where=--yes", ["plan", uri, "agent", "--where", "--yes"]),
            ("--limit", ["blockers", uri, "agent", "1", "--limit", "many"]),
            ("--limit", ["blockers", uri, "agent", "1", "--limit", "-1"]),
            ("--limit", ["blockers", uri, "agent", "1", "--limit", "4294967296"]),
            ("--max-rows", ["purge", uri, "agent", "1", "--max-rows", "9223372036854775808", "--yes"]),
            ("'yaml'", ["graph", uri, "--format", "yaml"]),
            ("'dot'", ["plan", uri, "agent", "1", "--format", "dot"]),
            ("not two", ["plan", uri, "agent", "1", "--where", "id = 1"]),
            ("not two", ["plan", uri, "agent", "1", "--keys", "keys"]),
            ("standard input", ["purge", uri, "agent", "--keys", "-"]),
            ("no keys", ["graph", uri, "agent", "1"]),
            ("whole graph", ["graph", uri, "agent", "--format", "json"]),
            ("--policy", ["graph", uri, "--format", "dot", "--policy", "x"]),
            ("one level", ["blockers", uri, "agent", "1", "--format", "specify", "--depth", "2"]),
            ("begins with a minus", ["plan", uri, "agent", "-1"]),
            ("--yes", ["purge", uri, "agent", "2"]),
        ]:
            with self.subTest(arguments=arguments):
                self.refused(2, [says], *arguments, path=path)

    def test_help(self):
        self.assertIn("cascade blockers", self.done("--help"))
        for command in ["graph", "blockers", "plan", "purge"]:
            said = self.done(command, "--help")
            self.assertTrue(said.startswith(f"cascade {command} URI"), said)
            self.assertIn(f"\n  cascade {command} sqlite:", said)
            self.assertEqual(self.done(command, "-h"), said)
            self.assertEqual(self.done("help", command), said)
        self.assertEqual(self.done("-h"), self.done("help"))
        self.assertEqual(self.done("help", "queue"), self.done("queue", "-h"))
        self.assertEqual(self.done("help", "queue", "work"), self.done("queue", "work", "--help"))
        self.refused(2, "no command 'prune'", "help", "prune")
        self.assertRegex(self.done("--version"), r"\Acascade \d+\.\d+\.\d+ \(library \d+\.\d+\.\d+\)\n\Z")

    def test_output_that_cannot_be_written(self):
        path = self.database()
        with open("/dev/full", "w", encoding="utf-8") as full:
            outcome = subprocess.run([CASCADE, "graph", f"sqlite:{path}"], stdout=full, stderr=subprocess.PIPE, text=True)
        self.assertEqual(outcome.returncode, 3)
        self.assertRegex(outcome.stderr, r"\Acascade: cannot write the output: [^\n]+\n\Z")


class Input(CascadeTest):
    all_commands = [["blockers"], ["plan"], ["purge", "--yes"]]

    @with_each_driver
    def test_missing_table(self, path, uri):
        for command in self.all_commands:
            self.refused(2, ["agnet", "agent"], *command, uri, "agnet", "1", path=path)
        self.refused(2, ["agnet"], "graph", uri, "agnet", path=path)

    @with_each_driver
    def test_wrong_key(self, path, uri):
        for command in self.all_commands:
            self.refused(2, ["agent", "'one'", "id"], *command, uri, "agent", "one", path=path)
            self.refused(2, ["loan", "L1"], *command, uri, "loan", "L1", path=path)
            self.refused(2, ["agent"], *command, uri, "agent", "9223372036854775808", path=path)

    @with_each_driver
    def test_condition_that_is_none(self, path, uri):
        for command in self.all_commands:
            self.refused(2, [], *command, uri, "agent", "--where", "id = 1; DELETE FROM agent", path=path)
            self.refused(2, [], *command, uri, "agent", "--where", "id = (1", path=path)
            self.refused(3, ["colour"], *command, uri, "agent", "--where", "colour = 1", path=path)

    @with_each_driver
    def test_malformed_policy(self, path, uri):
        for says, text in [
            (["line 2"], '[\n{"table" "loan"}]'),
            (["line"], ""),
            (["loan", "borower_id", "borrower_id"], '[{"table": "loan", "column": "borower_id", "rule": "PROTECT"}]'),
            (["PROTEKT", "PROTECT"], '[{"table": "loan", "column": "borrower_id", "rule": "PROTEKT"}]'),
            (["lone"], '{"exclude": ["lone"]}'),
        ]:
            policy = self.file("policy.json", text)
            for command in self.all_commands + [["graph"]]:
                rest = [] if command == ["graph"] else ["1"]
                self.refused(2, ["policy.json", *says], *command, uri, "agent", *rest, "--policy", policy, path=path)

    @with_each_driver
    def test_excluded_table(self, path, uri):
        policy = self.file("policy.json", '{"exclude": ["agent"]}')
        for command in self.all_commands:
            self.refused(2, ["agent", "excludes", "drop the exclusion"], *command, uri, "agent", "1", "--policy", policy, path=path)

    @with_each_driver
    def test_policy_that_cannot_be_read(self, path, uri):
        missing = os.path.join(self.directory, "missing.json")
        for command in self.all_commands:
            self.refused(2, ["missing.json", "No such file"], *command, uri, "agent", "1", "--policy", missing, path=path)
            self.refused(2, ["Is a directory"], *command, uri, "agent", "1", "--policy", self.directory, path=path)

    @with_each_driver
    def test_missing_row(self, path, uri):
        self.refused(2, ["agent"], "blockers", uri, "agent", "99", path=path)

    @with_each_driver
    def test_table_without_key(self, path, uri):
        for command in self.all_commands:
            self.refused(1, ["stray"], *command, uri, "stray", "1", path=path)
        self.done("purge", uri, "stray", "--where", "text = 'a'", "--yes")
        self.assertEqual(rows(path)["stray"], 1)

    @with_each_driver
    def test_view(self, path, uri):
        for command in self.all_commands:
            self.refused(2, ["borrowers", "view"], *command, uri, "borrowers", "--where", "id = 1", path=path)

    @with_each_driver
    def test_no_filter(self, path, uri):
        self.refused(1, ["address"], "purge", uri, "address", "--yes", path=path)
        self.refused(1, ["address"], "purge", uri, "address", "--where", " ", "--yes", path=path)
        self.done("purge", uri, "address", "--yes", "--allow-no-filter")
        self.assertEqual(rows(path)["address"], 0)

    @with_each_driver
    def test_enforcement_off(self, path, uri):
        off = uri + ("&" if "?" in uri else "?") + "foreign_keys=off"
        self.refused(1, ["foreign"], "purge", off, "agent", "3", "--yes", path=path)
        self.done("purge", off, "agent", "3", "--yes", "--allow-unenforced")
        self.assertEqual(rows(path), {"agent": 2, "address": 30, "loan": 3, "image": 4, "stray": 2})

    @with_each_driver
    def test_blocked(self, path, uri):
        outcome = self.cascade("purge", uri, "agent", "1", "--yes")
        self.assertEqual((outcome.returncode, outcome.stdout), (1, ""))
        lines = outcome.stderr.splitlines()
        self.assertEqual(len(lines), 2, lines)
        self.assertRegex(lines[0], r"\Acascade: .*loan")
        self.assertTrue(lines[1].startswith("To see what stands in the way: cascade blockers "), lines)
        words = shlex.split(lines[1].split(": ", 1)[1])
        self.assertRegex(self.done(*words[1:]), r"\nblocks\n  loan +borrower_id ")
        self.assertEqual(rows(path), {"agent": 3, "address": 31, "loan": 3, "image": 4, "stray": 2})

    @with_each_driver
    def test_blocked_further_down(self, path, uri):
        script = SMALL + """
            CREATE TABLE visit (id INTEGER PRIMARY KEY, address_id INTEGER REFERENCES address);
            CREATE INDEX visit_address ON visit (address_id);
            INSERT INTO visit VALUES (1, 31);"""
        self.database(script)
        outcome = self.cascade("purge", uri, "agent", "--where", "name = 'Okafor'", "--yes")
        self.assertEqual(outcome.returncode, 1)
        words = shlex.split(outcome.stderr.splitlines()[1].split(": ", 1)[1])
        self.assertIn("--depth", words)
        self.assertRegex(self.done(*words[1:]), r"\nblocks\n  visit +address_id ")

    @with_each_driver
    def test_too_many_rows(self, path, uri):
        self.refused(1, ["more than 1 row"], "purge", uri, "agent", "3", "--yes", "--max-rows", "1", path=path)
        self.done("purge", uri, "agent", "3", "--yes", "--max-rows", "2")

    @with_each_driver
    def test_plan_that_changed(self, path, uri):
        fingerprint = json.loads(self.done("plan", uri, "agent", "3", "--format", "json"))["fingerprint"]
        self.refused(1, ["plan"], "purge", uri, "agent", "2", "--yes", "--plan", fingerprint, path=path)
        self.refused(2, ["nonsense"], "purge", uri, "agent", "3", "--yes", "--plan", "nonsense", path=path)
        connection = sqlite3.connect(path)
        connection.execute("INSERT INTO address VALUES (32, 3)")
        connection.commit()
        connection.close()
        self.refused(1, ["plan"], "purge", uri, "agent", "3", "--yes", "--plan", fingerprint, path=path)
        fingerprint = json.loads(self.done("plan", uri, "agent", "3", "--format", "json"))["fingerprint"]
        self.done("purge", uri, "agent", "3", "--yes", "--plan", fingerprint)
        self.assertEqual(rows(path)["agent"], 2)


class Database(CascadeTest):
    def test_missing_file(self):
        for form in DRIVERS.values():
            path = os.path.join(self.directory, "missing.db")
            for command in [["graph"], ["purge", "--yes"]]:
                rest = [] if command == ["graph"] else ["agent", "1"]
                self.refused(3, ["missing.db"], *command, form.format(path), *rest)
                self.assertFalse(os.path.exists(path), "a database was created")

    def test_file_that_is_no_database(self):
        for form in DRIVERS.values():
            path = self.file("notes.txt", "These are notes, and no database at all.\n" * 100)
            with open(path, "rb") as file:
                before = file.read()
            self.refused(3, ["notes.txt"], "purge", form.format(path), "agent", "1", "--yes")
            with open(path, "rb") as file:
                self.assertEqual(file.read(), before)

    def test_uri_that_is_none(self):
        for uri in ["museum.db", "oracle:museum", "sqlite:", "dbi:nodriver?dbname=x"]:
            outcome = self.cascade("graph", uri)
            self.assertIn(outcome.returncode, (2, 3), uri)
            self.assertRegex(outcome.stderr, r"\Acascade: [^\n]+\n\Z", uri)

    def test_locked(self):
        """All that is wanted is a word within reasonable time."""
        for form in DRIVERS.values():
            path = self.database()
            holder = sqlite3.connect(path, isolation_level=None)
            holder.execute("BEGIN EXCLUSIVE")
            start = time.monotonic()
            self.refused(3, ["lock"], "purge", form.format(path), "agent", "3", "--yes")
            self.assertLess(time.monotonic() - start, 30)
            holder.execute("ROLLBACK")
            holder.close()
            self.assertEqual(rows(path)["agent"], 3)
            self.done("purge", form.format(path), "agent", "3", "--yes")

    def test_read_only(self):
        """As root the permissions of a file do not hold, a database in a version from the future does."""
        for form in DRIVERS.values():
            path = self.database()
            with open(path, "r+b") as file:
                file.seek(18)
                file.write(b"\x03")  # file format write version: not to be written by this SQLite
            self.refused(3, ["read"], "purge", form.format(path), "agent", "3", "--yes", path=path)


if __name__ == "__main__":
    unittest.main(verbosity=2)

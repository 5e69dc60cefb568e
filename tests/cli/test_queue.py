"""cascade detach and cascade queue: what they print, what they refuse, and what is in the database afterwards."""

import json
import sqlite3
import unittest

from support import DRIVERS, CascadeTest, rows

RULES = [{"table": "address", "column": "agent_id", "rule": "CASCADE"}, {"table": "image", "column": "author_id", "rule": "DETACH"},
         {"table": "loan", "column": "borrower_id", "rule": "CASCADE"}]


class Queue(CascadeTest):
    def prepared(self, form):
        path = self.database()
        return path, form.format(path), self.file("rules.json", json.dumps(RULES))

    def test_from_detach_to_done(self):
        for name, form in DRIVERS.items():
            with self.subTest(driver=name):
                path, uri, rules = self.prepared(form)
                before = rows(path)
                self.refused(2, ["cascade queue install"], "detach", uri, "agent", "1", "--policy", rules, "--yes", path=path)
                self.assertEqual(self.done("queue", "install", uri), "The queue is installed.\n")
                self.assertEqual(self.done("queue", "list", uri), "No jobs.\n")
                self.refused(2, ["--yes"], "detach", uri, "agent", "1", "--policy", rules, path=path)
                said = self.done("detach", uri, "agent", "1", "--policy", rules, "--yes")
                self.assertEqual(said, "Deleted 34 rows; detached 2, in 1 job.\n")
                self.assertEqual(rows(path)["image"], before["image"])
                self.assertRegex(self.done("queue", "list", uri), r"1  ready +detached  image +2 +0\n")
                self.assertEqual(json.loads(self.done("queue", "metrics", uri))["kinds"]["detached"]["lag"], 2)
                self.assertEqual(self.done("queue", "work", uri), "1 of 1 job done: deleted 2 rows in 1 batch.\n")
                with sqlite3.connect(path) as connection:
                    self.assertEqual(connection.execute("SELECT id FROM image ORDER BY id").fetchall(), [(3,), (4,)])
                self.assertEqual(json.loads(self.done("queue", "work", uri, "--format", "json"))["claimed"], 0)
                self.assertEqual(self.done("queue", "list", uri, "--state", "ready"), "No jobs.\n")
                job = json.loads(self.done("queue", "list", uri, "--state", "done", "--format", "json"))["jobs"][0]
                self.assertEqual((job["deleted"], job["keys"], job["owner"], job["error"]), (2, 0, None, None))

    def test_cancel_and_retry(self):
        path, uri, rules = self.prepared(DRIVERS["sqlite3"])
        self.done("queue", "install", uri)
        self.done("detach", uri, "agent", "1", "--policy", rules, "--yes", "--format", "json")
        self.assertEqual(self.done("queue", "cancel", uri, "1"), "Job 1 is cancelled; what it had done stays.\n")
        self.refused(2, ["no job 1"], "queue", "cancel", uri, "1", path=path)
        self.done("queue", "work", uri)
        self.assertEqual(rows(path)["image"], 4)
        self.assertEqual(self.done("queue", "retry", uri, "1"), "Job 1 is ready again.\n")
        self.refused(2, ["no job 1"], "queue", "retry", uri, "1", path=path)
        self.done("queue", "work", uri)
        self.assertEqual(rows(path)["image"], 2)

    def test_recorded(self):
        path, uri, rules = self.prepared(DRIVERS["sqlite3"])
        given = ["--outbox", "--outbox-columns", "image=id", "--actor", "jo", "--reason", "asked to"]
        self.done("queue", "install", uri)
        self.refused(2, ["cascade outbox install"], "detach", uri, "agent", "1", "--policy", rules, "--yes", *given, path=path)
        self.done("outbox", "install", uri)
        self.refused(2, ["no column 'size'"], "detach", uri, "agent", "1", "--policy", rules, "--yes", "--outbox",
                     "--outbox-columns",
                     "image=size", path=path)
        self.done("detach", uri, "agent", "1", "--policy", rules, "--yes", *given)
        self.assertEqual(self.done("purge", uri, "image", "3", "--yes", "--later", *given), "Job 2 is for 'cascade queue work'.\n")
        self.assertEqual(rows(path)["image"], 4)
        self.done("queue", "work", uri)
        self.assertEqual(rows(path)["image"], 1)
        found = json.loads(self.done("outbox", "list", uri))["rows"]
        self.assertEqual(len(found), 34 + 3)
        self.assertEqual([row["columns"]["id"] for row in found if row["table"] == "image"], [1, 2, 3])
        audit = json.loads(self.done("outbox", "audit", uri))["purges"]
        self.assertEqual([(entry["actor"], entry["reason"], entry["table"], entry["deleted"],
                           entry["finished"]) for entry in audit],
                         [("jo", "asked to", "image", 2, True), ("jo", "asked to", "agent", 34, True),
                          ("jo", "asked to", "image", 1, True)])
        self.refused(2, ["--plan"], "purge", uri, "image", "4", "--yes", "--later", "--plan", "0", path=path)
        self.refused(2, ["cascade queue work"], "purge", uri, "image", "4", "--yes", "--later", "--sleep-ratio", "1", path=path)
        self.refused(2, ["30 seconds"], "purge", uri, "image", "4", "--yes", "--later", "--statement-timeout", "60", path=path)
        self.refused(2, ["--yes"], "purge", uri, "image", "4", "--later", path=path)

    def test_pause_and_resume(self):
        path, uri, rules = self.prepared(DRIVERS["sqlite3"])
        self.done("queue", "install", uri)
        self.done("detach", uri, "agent", "1", "--policy", rules, "--yes")
        self.assertEqual(self.done("queue", "pause", uri), "The queue is paused.\n")
        self.assertIn("The queue is paused", self.done("queue", "work", uri))
        self.assertEqual(json.loads(self.done("queue", "metrics", uri))["paused"], True)
        self.assertEqual(rows(path)["image"], 4)
        self.assertEqual(self.done("queue", "resume", uri), "The queue goes on.\n")
        self.assertEqual(self.done("queue", "pause", uri, "1"), "Job 1 is paused.\n")
        self.refused(2, ["no job 1"], "queue", "pause", uri, "1", path=path)
        self.assertIn("0 of 0 jobs done", self.done("queue", "work", uri))
        self.assertIn("paused", self.done("queue", "list", uri, "--state", "paused"))
        self.done("queue", "resume", uri, "1")
        self.refused(2, ["no job 1"], "queue", "resume", uri, "1", path=path)
        self.done("queue", "work", uri)
        self.assertEqual(rows(path)["image"], 2)

    def test_usage(self):
        path, uri, rules = self.prepared(DRIVERS["sqlite3"])
        not_null = self.file("not_null.json", json.dumps([{"table": "address", "column": "agent_id", "rule": "DETACH"}]))
        self.done("queue", "install", uri)
        for says, arguments in [
            ("queue what?", ["queue"]),
            ("queue what?", ["queue", "purge", uri]),
            ("which database", ["queue", "list"]),
            ("which job", ["queue", "retry", uri]),
            ("which batch", ["outbox", "ack", uri]),
            ("'seven'", ["queue", "cancel", uri, "seven"]),
            ("a word too many", ["queue", "work", uri, "1"]),
            ("'gone'", ["queue", "list", uri, "--state", "gone"]),
            ("'--yes'", ["queue", "work", uri, "--yes"]),
            ("agent_id", ["detach", uri, "agent", "1", "--policy", not_null, "--yes"]),
        ]:
            with self.subTest(arguments=arguments):
                self.refused(2, [says], *arguments, path=path)
        self.refused(1, ["loan"], "detach", uri, "agent", "1", "--yes", path=path)
        for arguments in [["queue", "--help"], ["queue", "list", "--help"]]:
            self.assertTrue(self.done(*arguments).startswith("cascade queue install URI"))
        self.assertTrue(self.done("queue", "work", "--help").startswith("cascade queue work URI"))
        self.assertTrue(self.done("detach", "--help").startswith("cascade detach URI"))

    def test_the_host_may_install_it(self):
        path, uri, rules = self.prepared(DRIVERS["sqlite3"])
        with sqlite3.connect(path) as connection:
            connection.executescript(self.done("queue", "install", uri, "--format", "sql"))
        self.assertEqual(self.done("queue", "list", uri), "No jobs.\n")


unittest.main()

"""cascade purge --outbox, and cascade outbox: what they print, what they refuse."""

import json
import unittest

from support import CascadeTest

SCRIPT = """
CREATE TABLE agent (id INTEGER PRIMARY KEY);
CREATE TABLE image (id INTEGER PRIMARY KEY, agent_id INTEGER NOT NULL REFERENCES agent ON DELETE CASCADE, path TEXT);
CREATE INDEX image_agent ON image (agent_id);
INSERT INTO agent VALUES (1), (2);
INSERT INTO image VALUES (1, 1, '/a.jpg'), (2, 1, '/b.jpg'), (3, 2, '/c.jpg');
"""


class Outbox(CascadeTest):
    def test_written_read_and_acknowledged(self):
        path = self.database(SCRIPT)
        uri = f"sqlite:{path}"
        arguments = ["purge", uri, "agent", "1", "--yes", "--outbox", "--outbox-columns", "image=path,agent_id,agent=id", "--actor",
                     "jo",
                     "--reason", "tidy"]
        self.refused(2, ["cascade outbox install"], *arguments, path=path)
        self.assertEqual(self.done("outbox", "install", uri), "The outbox is installed.\n")
        self.done(*arguments)
        found = json.loads(self.done("outbox", "list", uri, "--limit", "2"))
        self.assertEqual([(row["table"], row["key"], row["columns"]) for row in found["rows"]],
                         [("image", [1], {"path": "/a.jpg", "agent_id": 1}), ("image", [2], {"path": "/b.jpg", "agent_id": 1})])
        self.assertEqual(self.done("outbox", "ack", uri, str(found["batch"])), "2 rows acknowledged.\n")
        self.assertEqual(len(json.loads(self.done("outbox", "list", uri))["rows"]), 1)
        self.assertEqual(self.done("outbox", "list", uri), "")
        told, = json.loads(self.done("outbox", "audit", uri))["purges"]
        self.assertEqual((told["actor"], told["reason"], told["deleted"], told["finished"]), ("jo", "tidy", 3, True))

    def test_refusals(self):
        path = self.database(SCRIPT)
        uri = f"sqlite:{path}"
        self.done("outbox", "install", uri)
        for words, arguments in (
            ("outbox what?", ["outbox"]),
            ("a word too many", ["outbox", "list", uri, "1"]),
            ("'seven'", ["outbox", "ack", uri, "seven"]),
            ("give --outbox", ["purge", uri, "agent", "1", "--yes", "--outbox-columns", "image=path"]),
            ("TABLE=COLUMN", ["purge", uri, "agent", "1", "--yes", "--outbox", "--outbox-columns", "path"]),
            ("no column 'size'", ["purge", uri, "agent", "1", "--yes", "--outbox", "--outbox-columns", "image=size"]),
        ):
            self.refused(2, [words], *arguments, path=path)


if __name__ == "__main__":
    unittest.main()

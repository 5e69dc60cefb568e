"""What the commands print: words, JSON, DOT, SQL; and what a purge leaves."""

import json
import os
import re
import unittest

from support import DRIVERS, CascadeTest, after_native_cascade, rows


def dot_edges(text):
    """Edges of a DOT text, which must be one digraph of quoted names; raises ValueError where it is none."""
    tokens = re.findall(r'"(?:[^"\\]|\\.)*"|->|[A-Za-z0-9_.#]+|[{}\[\];=,]|\S', text)
    if tokens[0] != "digraph" or "{" not in tokens[:3] or tokens[-1] != "}":
        raise ValueError("no digraph")
    depth, edges = 0, []
    for i, token in enumerate(tokens):
        if not re.fullmatch(r'"(?:[^"\\]|\\.)*"|->|[A-Za-z0-9_.#]+|[{}\[\];=,]', token, re.S):
            raise ValueError(f"stray {token}")
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(token, 0)
        if depth < 0:
            raise ValueError("brackets")
        if token == "->":
            edges.append((tokens[i - 1].strip('"'), tokens[i + 1].strip('"')))
    if depth:
        raise ValueError("brackets")
    return edges


class Graph(CascadeTest):
    def test_words(self):
        for form in DRIVERS.values():
            said = self.done("graph", form.format(self.database()))
            self.assertIn("5 tables, 3 relations", said)
            self.assertRegex(said, r"deleted too +CASCADE +1 relation\n")
            said = self.done("graph", form.format(self.database()), "agent")
            self.assertRegex(said, r"blocks +RESTRICT +loan\(borrower_id\) -> agent\(id\)\n")
            self.assertIn("rows of 2 tables\n  agent, address\n", said)

    def test_without_relations(self):
        said = self.done("graph", f"sqlite:{self.database('CREATE TABLE agent (id INTEGER PRIMARY KEY);')}")
        self.assertTrue(said.endswith(": 1 table, 0 relations\n\nNothing refers to anything: "
                                      "a delete takes the selected rows and no others.\n"), said)

    def test_password(self):
        path = self.directory + "/password=hush"
        os.rename(self.database(), path)
        said = self.done("graph", f"sqlite:{path}")
        self.assertIn(f"sqlite:{self.directory}/password=***: 5 tables", said)

    def test_policy(self):
        policy = self.file("policy.json", '[{"table": "image", "column": "author_id", "rule": "CASCADE"}]')
        said = self.done("graph", f"sqlite:{self.database()}", "agent", "--policy", policy)
        self.assertIn("rows of 3 tables\n  agent, address, image\n", said)

    def test_json(self):
        uri = f"sqlite:{self.database()}"
        graph = json.loads(self.done("graph", uri, "--format", "json"))
        self.assertIsInstance(graph, dict)
        self.assertEqual(self.done("graph", uri, "--format", "json"),
                         self.done("graph", DRIVERS["dbi"].format(self.directory + "/small.db"), "--format", "json"))

    def test_dot(self):
        path = self.database()
        edges = dot_edges(self.done("graph", f"sqlite:{path}", "--format", "dot"))
        self.assertEqual(sorted(edges), [("address", "agent"), ("image", "agent"), ("loan", "agent")])
        edges = dot_edges(self.done("graph", f"sqlite:{path}", "loan", "--format", "dot"))
        self.assertEqual(edges, [])
        with self.assertRaises(ValueError):
            dot_edges('digraph { "a" -> "b"; ')


class Plan(CascadeTest):
    def test_formats(self):
        for form in DRIVERS.values():
            uri = form.format(self.database())
            plan = json.loads(self.done("plan", uri, "agent", "3", "--format", "json"))
            words = self.done("plan", uri, "agent", "3")
            self.assertIn(plan["fingerprint"], words.splitlines()[-1])
            self.assertIn("address", words)
            sql = self.done("plan", uri, "agent", "3", "--format", "sql")
            self.assertRegex(sql, r'(?i)delete from ("main"\.)?"?address"?')
            self.assertRegex(sql, r'(?i)update "?image"?')

    def test_keys(self):
        for form in DRIVERS.values():
            uri = form.format(self.database())
            for roots, arguments in [(0, ["agent", "--", "-1"]), (2, ["agent", "3", "2", "3"]), (1, ["loan", "L1,de"]),
                                     (1, ["loan", '["it\'s", "it"]']), (2, ["loan", "--where", "number = 'L1'"])]:
                plan = json.loads(self.done("plan", "--format", "json", uri, *arguments))
                self.assertEqual(plan["roots"], roots, arguments)

    def test_both_drivers_alike(self):
        museum = self.museum()
        for extra in [[], ["--format", "json"], ["--format", "sql"]]:
            said = [self.done("plan", form.format(museum), "accession", "3", *extra) for form in DRIVERS.values()]
            self.assertEqual(said[0], said[1])


class Purge(CascadeTest):
    def test_report(self):
        for form in DRIVERS.values():
            path = self.database()
            said = self.done("purge", form.format(path), "agent", "3", "--yes")
            self.assertRegex(said, r"\ADeleted 2 rows in 1 batch, rewrote 1, in \d+\.\d s; the longest transaction took \d+ ms\.\n")
            self.assertRegex(said, r"\n +1  address\n")
            self.assertRegex(said, r"\n +1  image, rewritten\n")
            self.assertEqual(rows(path), {"agent": 2, "address": 30, "loan": 3, "image": 4, "stray": 2})
            self.assertTrue(self.done("purge", form.format(path), "agent", "3", "--yes").startswith("Deleted 0 rows"))

    def test_json(self):
        said = json.loads(self.done("purge", f"sqlite:{self.database()}", "agent", "3", "--yes", "--format", "json"))
        self.assertEqual((said["version"], said["finished"], said["deleted"], said["updated"]), (1, True, 2, 1))
        self.assertEqual({table["table"]: (table["deleted"], table["updated"]) for table in said["tables"]},
                         {"address": (1, 0), "agent": (1, 0), "image": (0, 1)})

    def test_policy(self):
        for form in DRIVERS.values():
            path = self.database()
            policy = self.file("policy.json", '[{"table": "loan", "column": "borrower_id", "rule": "CASCADE"}]')
            self.done("purge", form.format(path), "agent", "1", "--yes", "--policy", policy)
            self.assertEqual(rows(path), {"agent": 2, "address": 1, "loan": 0, "image": 4, "stray": 2})

    def test_same_as_native_cascade(self):
        for form in DRIVERS.values():
            for extra in [[], ["--max-tx-rows", "200"], ["--max-tx-rows", "200", "--proven"], ["--batch-ms", "5"]]:
                with self.subTest(form=form, extra=extra):
                    museum = self.museum()
                    left = after_native_cascade(museum, "DELETE FROM accession WHERE id IN (3, 4, 40)")
                    before = rows(museum)
                    said = json.loads(self.done("purge", form.format(museum), "accession", "3", "4", "40", "--yes",
                                                "--format", "json", *extra))
                    self.assertEqual(rows(museum), left)
                    self.assertEqual({table["table"]: table["deleted"] for table in said["tables"] if table["deleted"]},
                                     {table: count - left[table] for table, count in before.items() if count > left[table]})
                    if "--max-tx-rows" in extra:
                        self.assertGreater(said["batches"], 40)


if __name__ == "__main__":
    unittest.main(verbosity=2)

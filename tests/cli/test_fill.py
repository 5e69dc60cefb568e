"""cascade fill: what it inserts, prints and refuses."""

import json
import sqlite3
import unittest

from support import DRIVERS, CascadeTest

# 6 pairs by two ways, of which one is there.
SHOP = """
CREATE TABLE product (id INTEGER PRIMARY KEY);
CREATE TABLE person (id INTEGER PRIMARY KEY);
CREATE TABLE member (product_id INTEGER, person_id INTEGER);
CREATE TABLE seller (product_id INTEGER, person_id INTEGER, role INTEGER);
CREATE TABLE granted (product_id INTEGER NOT NULL REFERENCES product, person_id INTEGER NOT NULL REFERENCES person, role INTEGER,
  PRIMARY KEY (product_id, person_id));
CREATE TABLE mark (job VARCHAR(190) PRIMARY KEY, token VARCHAR(400) NOT NULL);
INSERT INTO product VALUES (1), (2), (3);
INSERT INTO person VALUES (1), (2), (3);
INSERT INTO member VALUES (1, 1), (1, 2), (2, 2), (3, 3);
INSERT INTO seller VALUES (1, 1, 5), (2, 1, 6), (3, 1, 7);
INSERT INTO granted VALUES (2, 2, 9);
"""
MEMBERS = ("--select", "SELECT product_id, person_id FROM member")
SELLERS = ("--select", "SELECT product_id, person_id FROM seller")
PAIRS = [(1, 1), (1, 2), (2, 1), (2, 2), (3, 1), (3, 3)]


class Fill(CascadeTest):
    def shop(self):
        return self.database(SHOP)

    def fill(self, path, *words, form="sqlite:{}"):
        return self.done("fill", form.format(path), "granted", "product_id", "person_id", *words)

    def granted(self, path, columns="product_id, person_id"):
        connection = sqlite3.connect(path)
        try:
            return sorted(connection.execute(f"SELECT {columns} FROM granted"))
        finally:
            connection.close()

    def test_words(self):
        for form in DRIVERS.values():
            path = self.shop()
            self.assertRegex(self.fill(path, *MEMBERS, *SELLERS, "--dry-run", form=form),
                             r"^Would insert 5 rows, skip 1, in \d+ ranges?, in \d+\.\d s\.\n$")
            self.assertEqual(self.granted(path), [(2, 2)])
            self.assertRegex(self.fill(path, *MEMBERS, *SELLERS, form=form),
                             r"^Inserted 5 rows, skipped 1, in \d+ ranges?, in \d+\.\d s; the longest transaction took \d+ ms\.\n$")
            self.assertEqual(self.granted(path), PAIRS)
            self.assertTrue(self.fill(path, *MEMBERS, *SELLERS, form=form).startswith("Inserted 0 rows, skipped 6,"))

    def test_later(self):
        path = self.shop()
        uri = DRIVERS["sqlite3"].format(path)
        self.refused(2, ["cascade queue install"], "fill", uri, "granted", "product_id", "person_id", *MEMBERS, "--later",
                     path=path)
        self.done("queue", "install", uri)
        self.assertEqual(self.fill(path, *MEMBERS, *SELLERS, "--later"), "Job 1 is for 'cascade queue work'.\n")
        self.refused(2, ["cannot be a job"], "fill", uri, "granted", "product_id", "person_id", *MEMBERS, "--later", "--dry-run",
                     path=path)
        self.assertEqual(self.granted(path), [(2, 2)])
        self.assertIn(", inserted 5.", self.done("queue", "work", uri))
        self.assertEqual(self.granted(path), PAIRS)
        job = json.loads(self.done("queue", "list", uri, "--format", "json"))["jobs"][0]
        self.assertEqual((job["kind"], job["state"], job["inserted"], job["skipped"]), ("fill", "done", 5, 1))

    def test_json(self):
        path = self.shop()
        report = json.loads(self.fill(path, *MEMBERS, *SELLERS, "--format", "json"))
        self.assertEqual({name: report[name] for name in ("version", "finished", "inserted", "updated", "skipped", "retries")},
                         {"version": 1, "finished": True, "inserted": 5, "updated": 0, "skipped": 1, "retries": 0})
        self.assertTrue(report["token"].startswith("casc1."))
        self.assertEqual(json.loads(self.fill(path, *MEMBERS, *SELLERS, "--token", report["token"], "--format", "json"))["ranges"],
                         report["ranges"])

    def test_modes(self):
        path = self.shop()
        uri, roles = f"sqlite:{path}", ("--select", "SELECT product_id, person_id, role FROM seller", "--key",
                                        "product_id,person_id")
        said = self.done("fill", uri, "granted", "product_id", "person_id", "role", *roles, "--mode", "update")
        self.assertTrue(said.startswith("Inserted 0 rows, updated 0, skipped 3,"), said)
        said = self.done("fill", uri, "granted", "product_id", "person_id", "role", *roles, "--mode", "merge", "--range",
                         "person_id")
        self.assertTrue(said.startswith("Inserted 3 rows, updated 0, skipped 0,"), said)
        self.assertEqual(self.granted(path, "role"), [(5,), (6,), (7,), (9,)])

    def test_going_on(self):
        path = self.shop()
        done = self.cascade("fill", f"sqlite:{path}", "granted", "product_id", "person_id", *MEMBERS, *SELLERS, "--max-rows", "1",
                                "--max-tx-rows", "2")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stderr, r"^\d+\.\d % of the way is done; to go on from there, add --token casc1\.\S+\n$")
        token = done.stderr.split()[-1]
        self.assertTrue(self.fill(path, *MEMBERS, *SELLERS, "--token", token).startswith("Inserted 5 rows, skipped 1,"))
        path = self.shop()
        words = (*MEMBERS, *SELLERS, "--checkpoint", "mark", "--job", "grants", "--max-tx-rows", "2")
        done = self.cascade("fill", f"sqlite:{path}", "granted", "product_id", "person_id", *words, "--max-rows", "1")
        self.assertIn("the same command goes on from there", done.stderr)
        self.assertTrue(self.fill(path, *words).startswith("Inserted 5 rows, skipped 1,"))
        self.assertTrue(self.fill(path, *words).startswith("Inserted 5 rows, skipped 1,"))
        self.assertEqual(self.granted(path), PAIRS)

    def test_row_at_fault(self):
        path = self.shop()
        connection = sqlite3.connect(path)
        connection.execute("INSERT INTO member VALUES (2, 77)")
        connection.commit()
        connection.close()
        done = self.cascade("fill", f"sqlite:{path}", "granted", "product_id", "person_id", *MEMBERS)
        self.assertEqual((done.returncode, done.stdout), (3, ""))
        self.assertIn("(product_id, person_id) = (2, 77) in table granted", done.stderr)
        self.assertEqual(self.granted(path), [(2, 2)])

    def test_refusals(self):
        uri = f"sqlite:{self.shop()}"
        pair = ("granted", "product_id", "person_id")
        for words, code, said in (((), 2, "which table?"), (("granted",), 2, "which columns?"), (pair, 2, "Give --select"),
                                  ((*pair, "--select", "DELETE FROM member"), 2, "no SELECT"),
                                  ((*pair, *MEMBERS, "--mode", "replace"), 2, "insert, update or merge"),
                                  ((*pair, *MEMBERS, "--key", "product_id"), 1, "no unique index"),
                                  ((*pair, *MEMBERS, "--job", "x"), 2, "needs a job"),
                                  ((*pair, *MEMBERS, "--job", "x", "--checkpoint", "none"), 2, "CREATE TABLE none"),
                                  ((*pair, *MEMBERS, "--token", "x"), 2, "damaged"),
                                  ((*pair, *MEMBERS * 17), 2, "no more than 16"),
                                  ((*pair, *MEMBERS, "--max-seconds", "9999999"), 2, "whole number")):
            done = self.cascade("fill", uri, *words)
            self.assertEqual((done.returncode, done.stdout), (code, ""), words)
            self.assertIn(said, done.stderr)
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)

    def test_help(self):
        self.assertTrue(self.done("fill", "--help").startswith("cascade fill URI"))
        self.assertIn("cascade fill", self.done("--help"))


if __name__ == "__main__":
    unittest.main()

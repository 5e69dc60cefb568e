"""cascade blockers: the table, both JSON profiles against their schemas, tokens, counts, probe, bad input."""

import copy
import json
import os
import re
import shlex
import unittest

import jsonschema

from support import DRIVERS, SMALL, CascadeTest, checked, schema

# Keys of all types, a foreign key of two columns, a join table, three levels of rows that go along.
LARGER = SMALL + """
CREATE TABLE taxon (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE agent_taxon (agent_id INTEGER REFERENCES agent ON DELETE CASCADE, taxon_id INTEGER REFERENCES taxon,
  PRIMARY KEY (agent_id, taxon_id));
CREATE TABLE sheet (code BLOB PRIMARY KEY, agent_id INTEGER REFERENCES agent) WITHOUT ROWID;
CREATE TABLE note (name TEXT PRIMARY KEY, agent_id INTEGER REFERENCES agent) WITHOUT ROWID;
CREATE TABLE visit (id INTEGER PRIMARY KEY, address_id INTEGER REFERENCES address ON DELETE CASCADE);
CREATE TABLE guest (id INTEGER PRIMARY KEY, visit_id INTEGER REFERENCES visit);
CREATE TABLE loan_item (id INTEGER PRIMARY KEY, number TEXT, country TEXT, FOREIGN KEY (number, country) REFERENCES loan);
INSERT INTO taxon VALUES (1, 'Aus'), (2, 'Bus');
INSERT INTO agent_taxon VALUES (1, 1), (1, 2);
INSERT INTO sheet VALUES (x'00ff', 1);
INSERT INTO note VALUES ('a "b" \n ä', 1), (CAST(x'ff41' AS TEXT), 1);
INSERT INTO visit VALUES (1, 1), (2, 2), (3, 31);
INSERT INTO guest VALUES (1, 1), (2, 1), (3, 3);
INSERT INTO loan_item VALUES (1, 'L1', 'de');
"""


def long_names():
    """One agent and 515 relations into it, of 103 tables with long names."""
    columns = ["created_by_agent_id", "modified_by_agent_id", "owner", "a_column_whose_name_goes_on_and_on_1", "x"]
    script = ["CREATE TABLE agent (id INTEGER PRIMARY KEY); INSERT INTO agent VALUES (1);"]
    for i in range(103):
        table = f"t{i:03}" if i % 2 else f"collecting_event_attribute_attachment_{i:03}"
        script.append(f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, "
                      + ", ".join(f"{name} INTEGER REFERENCES agent" for name in columns) + ");")
        script.append(f"INSERT INTO {table} SELECT value, 1, 1, 1, 1, 1 FROM json_each("
                      f"'{json.dumps(list(range(1000000, 1000000 + 25)))}');")
    return "\n".join(script)


def on_each_driver(script):
    """Runs a test on a fresh database with each driver."""
    def decorate(test):
        def wrapped(self):
            for name, form in DRIVERS.items():
                with self.subTest(driver=name):
                    path = self.database(script)
                    self.path = path
                    test(self, form.format(path))
        return wrapped
    return decorate


class Blockers(CascadeTest):
    def go_on(self, said):
        """Runs the command that a list ends with; None when it ends with none."""
        found = re.findall(r"^To go on: cascade (.*)$", said, re.M)
        self.assertLessEqual(len(found), 1)
        return self.done(*shlex.split(found[0])) if found else None


class Table(Blockers):
    @on_each_driver(SMALL)
    def test_words(self, uri):
        said = self.done("blockers", uri, "agent", "1")
        self.assertRegex(said, r"\nblocks\n  loan +borrower_id +3  L1,de; L1,fr; it's,it\n")
        self.assertRegex(said, r"\ndeleted too\n  address +agent_id +20\+  1, 2, 3, ")
        self.assertRegex(said, r"\nset to NULL\n  image +author_id +2  1, 2\n")
        self.assertIn("Blocked, by one relation: ", said)
        said = self.done("blockers", uri, "agent", "1", "--limit", "0")
        self.assertRegex(said, r"address +agent_id +30  1, 2, 3, ")
        self.assertNotIn("To go on", said)
        self.assertNotIn("Blocked", self.done("blockers", uri, "agent", "3"))
        self.assertEqual(self.done("blockers", uri, "agent", "2"), "Nothing refers to these rows.\n")

    def test_pages(self):
        said = self.done("blockers", f"sqlite:{self.database()}", "agent", "1", "--limit", "10", "--pages", "9")
        self.assertEqual(re.findall(r"address +agent_id +(\d+\+?)  (\d+),", said), [("10+", "1"), ("20+", "11"), ("30", "21")])
        self.assertEqual(re.findall(r"\(page (\d)\)", said), ["2", "3"])

    def test_515_relations_in_80_columns(self):
        said = self.done("blockers", f"sqlite:{self.database(long_names())}", "agent", "1")
        table = said.split("\n\nBlocked")[0].splitlines()
        self.assertEqual([line for line in table if len(line) > 80], [])
        lines = [line for line in table if re.search(r" 20\+  1000000, ", line)]
        self.assertEqual(len(lines), 515)
        self.assertEqual({line.index("20+") for line in lines}, {lines[0].index("20+")}, "not aligned")
        self.assertEqual(sum("t001" in line for line in table), 1, "a table is named once")
        self.assertEqual(len({line for line in table if "collecting_event_attribute_attachment_" in line}), 52)
        self.assertIn("a_column_wh...n_and_on_1", said)
        self.assertIn("Blocked, by 515 relations", said)
        self.assertEqual(len(re.findall(r" 5  1000020, ", self.go_on(said))), 515)

    @on_each_driver(SMALL)
    def test_go_on(self, uri):
        said = self.done("blockers", uri, "agent", "1", "--limit", "2")
        self.assertRegex(said, r"loan +borrower_id +2\+  L1,de; ")
        said = self.go_on(said)
        self.assertIn("More rows that refer to agent 1\n", said)
        self.assertRegex(said, r"loan +borrower_id +1  it's,it\n")
        self.assertRegex(said, r"address +agent_id +2\+  3, 4, ")
        self.assertNotIn("image", said)
        seen = 2
        while said:
            seen += 1 if re.search(r" agent_id +\d", said) else 0
            said = self.go_on(said)
        self.assertEqual(seen, 2 + 14, "30 addresses are 15 pages of 2, the first of which came before")

    def test_go_on_repeats_what_was_asked(self):
        path = self.database(LARGER)
        key = self.file("it's a key", "0123456789abcdef\n")
        policy = self.file("policy.json", '[{"table": "loan", "column": "borrower_id", "rule": "PROTECT"}]')
        said = self.done("blockers", f"sqlite:{path}", "agent", "--where", "name <> 'x y'", "--limit", "1", "--policy", policy,
                         "--transitive", "--count", "exact", "--token-key-file", key, "--behind", "--budget-rows", "9")
        command = shlex.split(re.search("^To go on: (.*)$", said, re.M)[1])
        for words in [["--where", "name <> 'x y'"], ["--limit", "1"], ["--policy", policy], ["--depth", "250"],
                      ["--count", "exact"], ["--token-key-file", key], ["--behind"], ["--budget-rows", "9"]]:
            self.assertIn(words, [command[i:i + len(words)] for i in range(len(command))])
        self.assertIn("More rows", self.go_on(said))

    @on_each_driver(SMALL)
    def test_relation(self, uri):
        label = "address(agent_id) -> agent(id)"
        for name in ["address.agent_id", "address(agent_id)", "address", label]:
            said = self.done("blockers", uri, "agent", "1", "--relation", name, "--limit", "5")
            self.assertRegex(said, r"address +agent_id +5\+  1, 2, 3, 4, 5, \.\.\.\n")
            self.assertNotIn("loan", said)
            self.assertRegex(self.go_on(said), r"address +agent_id +5\+  6, 7, 8, 9, 10, \.\.\.\n")
        self.assertEqual(self.done("blockers", uri, "agent", "2", "--relation", "loan"),
                         "Nothing refers to these rows by this relation.\n")
        said = self.done("blockers", uri, "agent", "1", "--relation", "address", "--limit", "5", "--offset", "26")
        self.assertRegex(said, r"address +agent_id +30  27, 28, 29, 30\n")

    @on_each_driver(SMALL)
    def test_backward(self, uri):
        said = self.done("blockers", uri, "agent", "1", "--backward", "--limit", "3")
        self.assertRegex(said, r"loan +borrower_id +3  L1,de; L1,fr; it's,it\n")
        self.assertRegex(said, r"address +agent_id +3\+  \.\.\., 28, 29, 30\n")
        self.assertRegex(self.go_on(said), r"address +agent_id +3\+  .*25, 26, 27")

    @on_each_driver(LARGER)
    def test_transitive(self, uri):
        said = self.done("blockers", uri, "agent", "1", "--transitive")
        self.assertIn("by way of address(agent_id), visit(address_id)\n", said)
        self.assertRegex(said, r"\nblocks\n  guest +visit_id +2  1, 2\n")
        self.assertNotIn("see --transitive", said)
        said = self.done("blockers", uri, "agent", "1", "--transitive", "--depth", "2")
        self.assertIn("by way of address(agent_id)\n", said)
        self.assertNotIn("guest", said)
        self.assertIn("see --depth", said)
        self.assertIn("see --transitive", self.done("blockers", uri, "agent", "1"))
        said = self.done("blockers", uri, "agent", "1", "--transitive", "--limit", "3")
        command = re.search(r"^To go on with address\(agent_id\): cascade (.*)$", said, re.M)[1]
        self.assertRegex(self.done(*shlex.split(command)), r"  address +agent_id +3\+  4, 5, 6, ")

    @on_each_driver(LARGER)
    def test_count(self, uri):
        said = self.done("blockers", uri, "agent", "1", "--limit", "5", "--count", "exact")
        self.assertRegex(said, r"address +agent_id +30  1, 2, 3, 4, 5, \.\.\.\n")
        self.assertIn("In all 40 references in 6 relations.\n", said)
        self.assertNotIn(" references ", self.done("blockers", uri, "agent", "1", "--count", "none"))
        for mode in ["capped", "estimated"]:
            self.assertRegex(self.done("blockers", uri, "agent", "1", "--limit", "5", "--count", mode), r" agent_id +30  1, 2")

    @on_each_driver(LARGER)
    def test_behind(self, uri):
        said = self.done("blockers", uri, "agent", "1", "--behind")
        self.assertRegex(said, r"agent_taxon +agent_id +2  1,1; 1,2\n +behind them: taxon 1, 2\n")
        self.assertNotIn("behind", self.done("blockers", uri, "agent", "1"))

    @on_each_driver(LARGER)
    def test_budget(self, uri):
        said = self.done("blockers", uri, "agent", "1", "--budget-rows", "4")
        self.assertIn("--budget-rows was reached", said)
        self.assertIn("More rows", self.go_on(said))
        self.done("blockers", uri, "agent", "1", "--budget-ms", "60000")


class Probe(Blockers):
    @on_each_driver(LARGER)
    def test_answers(self, uri):
        for key, code, says in [("2", 0, "deletable\n"), ("1", 1, "blocked by "),
                                ("3", 1, "blocked by guest(visit_id) -> visit(id)\n")]:
            outcome = self.cascade("blockers", uri, "agent", key, "--probe")
            self.assertEqual((outcome.returncode, outcome.stderr), (code, ""), key)
            self.assertTrue(outcome.stdout.startswith(says), outcome.stdout)
        outcome = self.cascade("blockers", uri, "address", "--probe", "--max-rows", "3")
        self.assertEqual((outcome.returncode, outcome.stdout[:8], outcome.stderr), (4, "unknown:", ""))


class Json(Blockers):
    @on_each_driver(LARGER)
    def test_native(self, uri):
        said = checked(self.done("blockers", uri, "agent", "1", "3", "--format", "json", "--behind", "--limit", "5"), "blockers")
        self.assertEqual((said["table"], said["selection"], said["cut"], said["totals"]), ("agent", {"keys": 2}, [], None))
        self.assertEqual([page["kind"] for page in said["pages"]], ["blocking"] * 3 + ["cascading"] * 2 + ["updating"])
        loan, note, sheet, address, taxon, _ = said["pages"]
        self.assertEqual(loan, {
            "relation": "loan(borrower_id) -> agent(id)", "kind": "blocking", "rule": "RESTRICT", "table": "loan",
            "columns": ["borrower_id"], "key": ["number", "country"], "keys": [["L1", "de"], ["L1", "fr"], ["it's", "it"]],
            "first": ["L1", "de"], "last": ["it's", "it"], "complete": True, "partial": False, "depth": 1, "path": [],
            "path_keys": [], "behind": None, "count": None, "tokens": {"next": None, "previous": None, "down": None}})
        self.assertEqual(note["keys"], ['a "b" \n ä', "x'ff41'"])
        self.assertEqual(sheet["keys"], ["x'00ff'"])
        self.assertEqual((address["keys"], address["first"], address["last"]), ([1, 2, 3, 4, 5], [1], [5]))
        self.assertIs(address["complete"], False)
        self.assertEqual(taxon["behind"], {"relation": "agent_taxon(taxon_id) -> taxon(id)", "table": "taxon", "key": ["id"],
                                           "keys": [1, 2]})
        for token, keys in [(address["tokens"]["next"], [6, 7, 8, 9, 10]), (said["token"], [6, 7, 8, 9, 10])]:
            page, = checked(self.done("blockers", uri, "agent", "1", "3", "--format", "json", "--limit", "5", "--after", token),
                            "blockers")["pages"]
            self.assertEqual(page["keys"], keys)
        back = checked(self.done("blockers", uri, "agent", "1", "3", "--format", "json", "--after", page["tokens"]["previous"]),
                       "blockers")
        self.assertEqual([page["keys"] for page in back["pages"]], [[1, 2, 3, 4, 5]])
        down = checked(self.done("blockers", uri, "agent", "1", "3", "--format", "json", "--after", address["tokens"]["down"]),
                       "blockers")
        self.assertEqual([(page["table"], page["keys"], page["path_keys"]) for page in down["pages"]],
                         [("visit", [1, 2], [[1, 2]])])

    @on_each_driver(LARGER)
    def test_transitive(self, uri):
        said = checked(self.done("blockers", uri, "agent", "1", "--format", "json", "--transitive", "--count", "exact"), "blockers")
        deepest, = [page for page in said["pages"] if page["depth"] == 3]
        self.assertEqual((deepest["table"], deepest["keys"], deepest["count"]), ("guest", [1, 2], {"rows": 2, "accuracy": "exact"}))
        self.assertEqual(deepest["path"], ["address(agent_id) -> agent(id)", "visit(address_id) -> address(id)"])
        self.assertEqual(deepest["path_keys"], [[1, 1], [1, 1]])
        self.assertEqual(said["totals"]["blocking"]["references"], 6 + 2)
        said = checked(self.done("blockers", uri, "agent", "1", "--format", "json", "--depth", "2"), "blockers")
        self.assertEqual(said["cut"], ["depth"])

    @on_each_driver(LARGER)
    def test_selections(self, uri):
        for arguments, selection in [(["--where", "id = 1"], {"where": "id = 1"}), ([], {"all": True}), (["1", "1"], {"keys": 1})]:
            said = checked(self.done("blockers", uri, "agent", *arguments, "--format", "json"), "blockers")
            self.assertEqual(said["selection"], selection)

    @on_each_driver(LARGER)
    def test_budget(self, uri):
        said = checked(self.done("blockers", uri, "agent", "1", "--format", "json", "--budget-rows", "5"), "blockers")
        self.assertEqual((said["cut"], sum(len(page["keys"]) for page in said["pages"])), (["rows"], 5))
        keys = sum(len(page["keys"]) for page in said["pages"])
        while said["token"]:
            said = checked(self.done("blockers", uri, "agent", "1", "--format", "json", "--budget-rows", "5", "--after",
                                     said["token"]), "blockers")
            keys += sum(len(page["keys"]) for page in said["pages"])
        self.assertEqual(keys, 3 + 2 + 1 + 30 + 2 + 2)

    def test_budgets_of_every_size(self):
        """Whatever a budget cuts, the tokens lead through all levels, and nowhere twice."""
        path = self.database(LARGER + """
            CREATE TABLE phone (id INTEGER PRIMARY KEY, agent_id INTEGER REFERENCES agent ON DELETE CASCADE);
            CREATE TABLE call (id INTEGER PRIMARY KEY, phone_id INTEGER REFERENCES phone ON DELETE CASCADE,
              visit_id INTEGER REFERENCES visit ON DELETE CASCADE);
            CREATE TABLE trace (id INTEGER PRIMARY KEY, call_id INTEGER REFERENCES call);
            INSERT INTO phone VALUES (1, 1), (2, 1), (3, 1);
            INSERT INTO call VALUES (1, 1, 1), (2, 1, 1), (3, 2, 2), (4, NULL, 2);
            INSERT INTO trace VALUES (1, 1), (2, 1), (3, 3), (4, 4);""")

        def keys(said):
            return [(page["relation"], *page["path"], str(key)) for page in said["pages"] for key in page["keys"]]

        def read(*arguments):
            return json.loads(self.done("blockers", f"sqlite:{path}", "agent", "1", "--transitive", "--limit", "0", "--format",
                                        "json", *arguments))
        whole = sorted(keys(read()))
        self.assertEqual(max(len(key) for key in whole), 5, "four levels")
        for budget in [1, 2, 5, 6, 8, 20, 43, 45, len(whole) - 1, len(whole)]:
            said = read("--budget-rows", str(budget))
            seen = keys(said)
            while said["token"]:
                said = read("--budget-rows", str(budget), "--after", said["token"])
                self.assertTrue(said["pages"] and len(keys(said)) <= budget)
                seen += keys(said)
            self.assertEqual(sorted(seen), whole, budget)

    @on_each_driver(SMALL)
    def test_specify(self, uri):
        def said(*arguments):
            return checked(self.done("blockers", uri, "agent", *arguments, "--format", "specify"), "blockers_specify")
        self.assertEqual(said("1"), {
            "results": [{"table": "loan", "field": "borrower_id", "ids": [["L1", "de"], ["L1", "fr"], ["it's", "it"]],
                         "offset": 0, "limit": 20, "complete": True}],
            "next": [{"table": "address", "field": "agent_id", "ids": list(range(1, 21)), "offset": 0, "limit": 20,
                      "complete": False}]})
        self.assertEqual(said("1", "--limit", "0")["next"], [
            {"table": "address", "field": "agent_id", "ids": list(range(1, 31)), "offset": 0, "limit": 0, "complete": True}])
        self.assertEqual(said("1", "--limit", "7", "--offset", "20")["next"], [
            {"table": "address", "field": "agent_id", "ids": list(range(21, 28)), "offset": 20, "limit": 7, "complete": False}])
        self.assertEqual(said("1", "--limit", "7", "--pages", "2", "--relation", "address"), {"results": [], "next": [
            {"table": "address", "field": "agent_id", "ids": list(range(1, 15)), "offset": 0, "limit": 14, "complete": False}]})
        self.assertEqual(said("2"), {"results": [], "next": []})
        for limit, complete in [("29", False), ("30", True), ("31", True)]:
            entry, = said("1", "--limit", limit)["next"]
            self.assertEqual((len(entry["ids"]), entry["complete"]), (min(int(limit), 30), complete))

    def test_specify_of_several_columns(self):
        said = checked(self.done("blockers", f"sqlite:{self.database(LARGER)}", "loan", "L1,de", "--format", "specify"),
                       "blockers_specify")
        self.assertEqual([(entry["field"], entry["ids"]) for entry in said["results"]], [("number,country", [1])])

    def test_all_rows_by_joined_pages(self):
        count = 45000
        path = self.database("CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE b (id INTEGER PRIMARY KEY, a_id INTEGER"
                             " REFERENCES a); CREATE INDEX b_a ON b (a_id); INSERT INTO a VALUES (1); INSERT INTO b"
                             f" WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {count}) SELECT n, 1 FROM n;")
        said = json.loads(self.done("blockers", f"sqlite:{path}", "a", "1", "--format", "specify", "--limit", "0"))
        self.assertEqual(said["results"][0]["ids"], list(range(1, count + 1)))
        said = json.loads(self.done("blockers", f"sqlite:{path}", "a", "1", "--format", "json", "--limit", "0"))
        self.assertEqual([key for page in said["pages"] for key in page["keys"]], list(range(1, count + 1)))
        self.assertRegex(self.done("blockers", f"sqlite:{path}", "a", "1", "--limit", "0"), r"  b +a_id +45,000  1, 2, ")

    def test_schemas_refuse(self):
        """What the schemas must not let pass."""
        path = self.database(LARGER)
        for name, form, changes in [
            ("blockers", "json", [lambda d: d.pop("cut"), lambda d: d["pages"][0].pop("complete"), lambda d: d.update(more=1),
                                  lambda d: d["pages"][0].update(kind="other"), lambda d: d["pages"][0].update(keys=[{}]),
                                  lambda d: d["pages"][0].update(first=3), lambda d: d.update(token="a b"),
                                  lambda d: d["pages"][0]["tokens"].pop("down"), lambda d: d.update(version=2)]),
            ("blockers_specify", "specify", [lambda d: d.pop("next"), lambda d: d["results"][0].pop("ids"),
                                             lambda d: d["results"][0].update(offset=-1), lambda d: d.update(more=1)]),
        ]:
            jsonschema.Draft202012Validator.check_schema(schema(name))
            right = checked(self.done("blockers", f"sqlite:{path}", "agent", "1", "--format", form), name)
            for change in changes:
                wrong = copy.deepcopy(right)
                change(wrong)
                with self.assertRaises(jsonschema.ValidationError):
                    checked(json.dumps(wrong), name)

    def test_both_drivers_alike(self):
        path = self.database(LARGER)
        for extra in [[], ["--format", "json"], ["--format", "specify"], ["--transitive", "--count", "exact", "--behind"]]:
            said = [re.sub("cascade blockers .*|AQ[A-Za-z0-9_-]+", "", self.done("blockers", form.format(path), "agent", "1",
                                                                                 *extra))
                    for form in DRIVERS.values()]
            self.assertEqual(said[0], said[1])

    def test_museum(self):
        museum = self.museum()
        said = checked(self.done("blockers", f"sqlite:{museum}", "accession", "5", "--depth", "3", "--format", "json"), "blockers")
        deepest = [page for page in said["pages"] if page["depth"] == 3 and page["kind"] == "blocking"]
        self.assertEqual([page["relation"] for page in deepest], ["loan_item(preparation_id) -> preparation(id)"])
        self.assertEqual(deepest[0]["path"], ["collection_object(accession_id) -> accession(id)",
                                              "preparation(object_id) -> collection_object(id)"])
        said = self.done("blockers", f"sqlite:{museum}", "accession", "5", "--depth", "3")
        self.assertIn("by way of collection_object(accession_id), preparation(object_id)\n", said)


class BadInput(Blockers):
    @on_each_driver(SMALL)
    def test_words(self, uri):
        agent = ["blockers", uri, "agent", "1"]
        for says, arguments in [
            (["--limit", "'-1'"], [*agent, "--limit", "-1"]),
            (["--limit", "2147483647"], [*agent, "--limit", "2147483648"]),
            (["--offset", "'-3'"], [*agent, "--offset", "-3"]),
            (["--budget-rows"], [*agent, "--budget-rows", "-1"]),
            (["--budget-ms"], [*agent, "--budget-ms", "soon"]),
            (["--count", "capped", "'some'"], [*agent, "--count", "some"]),
            (["251", "250"], [*agent, "--depth", "251"]),
            (["'loan.borower_id'", "agent", "did you mean loan.borrower_id?"], [*agent, "--relation", "loan.borower_id"]),
            (["did you mean", "address.agent_id"], [*agent, "--relation", "agent_id"]),
            (["'taxon.rank'", "cascade graph"], [*agent, "--relation", "taxon.rank"]),
            (["agent", "'one'"], ["blockers", uri, "agent", "one"]),
            (["--relation"], [*agent, "--after", "AAAA", "--relation", "loan"]),
            (["--backward"], [*agent, "--after", "AAAA", "--backward"]),
            (["--probe"], [*agent, "--probe", "--format", "json"]),
            (["--after"], [*agent, "--after", "AAAA", "--format", "specify"]),
            (["--count"], [*agent, "--count", "exact", "--format", "specify"]),
            (["one level"], [*agent, "--transitive", "--format", "specify"]),
            (["has no option '--probe'"], ["plan", uri, "agent", "1", "--probe"]),
        ]:
            with self.subTest(arguments=arguments):
                self.refused(2, says, *arguments, path=self.path)

    @on_each_driver(SMALL)
    def test_tokens(self, uri):
        said = json.loads(self.done("blockers", uri, "agent", "1", "--format", "json", "--limit", "2"))
        token = said["token"]
        for i in range(len(token)):
            forged = token[:i] + ("A" if token[i] != "A" else "B") + token[i + 1:]
            if i % 7 == 0:
                self.refused(2, ["token"], "blockers", uri, "agent", "1", "--after", forged, path=self.path)
        for nonsense in ["", "x", "%%%", token[:-1], token + "A", token * 2]:
            self.refused(2, ["token"], "blockers", uri, "agent", "1", f"--after={nonsense}", path=self.path)
        self.refused(2, ["token"], "blockers", uri, "agent", "3", "--after", token, path=self.path)
        self.refused(2, ["token"], "blockers", uri, "loan", "L1,de", "--after", token, path=self.path)
        policy = self.file("policy.json", '[{"table": "loan", "column": "borrower_id", "rule": "CASCADE"}]')
        self.refused(1, ["token"], "blockers", uri, "agent", "1", "--after", token, "--policy", policy, path=self.path)

    def test_token_keys(self):
        uri = f"sqlite:{self.database()}"
        key = self.file("key", "0123456789abcdef\n")

        def token(*options, **environment):
            outcome = self.cascade("blockers", uri, "agent", "1", "--format", "json", "--limit", "2", *options,
                                   env={**os.environ, **environment})
            self.assertEqual((outcome.returncode, outcome.stderr), (0, ""))
            return json.loads(outcome.stdout)["token"]
        mine = token("--token-key-file", key)
        self.refused(2, ["token"], "blockers", uri, "agent", "1", "--after", mine)
        self.done("blockers", uri, "agent", "1", "--after", mine, "--token-key-file", key)
        other = token(CASCADE_TOKEN_KEY="another key, quite long")
        self.refused(2, ["token"], "blockers", uri, "agent", "1", "--after", other, "--token-key-file", key)
        self.done("blockers", uri, "agent", "1", "--after", token())
        outcome = self.cascade("blockers", uri, "agent", "1", "--after", mine,
                               env={**os.environ, "CASCADE_TOKEN_KEY": "0123456789abcdef"})
        self.assertEqual((outcome.returncode, outcome.stderr), (0, ""))
        for text, says in [("short", "16 to 64"), ("x" * 65, "16 to 64"), ("", "16 to 64")]:
            self.refused(2, [says, "bytes"], "blockers", uri, "agent", "1", "--token-key-file", self.file("bad", text))
        self.refused(2, ["missing", "No such file"], "blockers", uri, "agent", "1", "--token-key-file", self.directory + "/missing")
        self.refused(2, ["Is a directory"], "blockers", uri, "agent", "1", "--token-key-file", self.directory)

    def test_help(self):
        said = self.done("blockers", "--help")
        for word in ["--relation", "--after", "--after", "--backward", "--limit", "--offset", "--transitive", "--depth", "--count",
                     "--probe", "--budget-ms", "--budget-rows", "--behind", "--format", "--token-key-file", "CASCADE_TOKEN_KEY",
                     "guard nothing", "4 for 'unknown'"]:
            self.assertIn(word, said)
        self.assertEqual([line for line in said.splitlines() if len(line) > 100], [])


if __name__ == "__main__":
    unittest.main(verbosity=2)

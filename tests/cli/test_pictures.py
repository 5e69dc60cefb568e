"""The graph and the plan as SVG and as a page: what is in them. What a browser makes of it is in test_page.py."""

import json
import os
import re
import sqlite3
import unittest
import xml.etree.ElementTree as ElementTree

from support import CASCADE, DRIVERS, CascadeTest

# Names that end a script, begin a comment, look like markup, like an address, turn the direction of writing, or are long.
ODD = ["</script><script>alert(1)</script>", "<!--<script>", 'Füße & "Hände"', "it's", "表テーブル", "\u202etxet", "a.b", "x" * 300,
       "&lt;b&gt;", "line\nbreak", "#table/x", "100% sure", "\\", "🦊 fox"]


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def odd_database(path):
    """A chain of tables with such names, which begins at `root` and ends at `stop`, whose rows block."""
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE root (id INTEGER PRIMARY KEY)")
    before = "root"
    for name in ODD:
        connection.execute(f"CREATE TABLE {quoted(name)} (id INTEGER PRIMARY KEY, "
                           f"{quoted(name + ' of')} INTEGER REFERENCES {quoted(before)} ON DELETE CASCADE)")
        before = name
    connection.execute(f"CREATE TABLE stop (id INTEGER PRIMARY KEY, last INTEGER REFERENCES {quoted(before)} ON DELETE RESTRICT)")
    for name in ["root", *ODD, "stop"]:
        columns = len(connection.execute(f"PRAGMA table_info({quoted(name)})").fetchall())
        connection.execute(f"INSERT INTO {quoted(name)} VALUES ({', '.join(['1'] * columns)})")
    connection.commit()
    connection.close()
    return path


def page_data(page):
    """What a page says; it must have one place for that."""
    found = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page, flags=re.S)
    assert len(found) == 1, len(found)
    return json.loads(found[0])


class Pictures(CascadeTest):
    def with_dot(self, script, *arguments):
        """Runs the command where `dot` is this script; without one, where there is none."""
        folder = os.path.join(self.directory, "bin")
        os.makedirs(folder, exist_ok=True)
        if script:
            path = self.file("bin/dot", "#!/bin/sh\n" + script)
            os.chmod(path, 0o755)
        return self.cascade(*arguments, env=dict(os.environ, PATH=folder))

    def test_svg(self):
        for form in DRIVERS.values():
            svg = ElementTree.fromstring(self.done("graph", form.format(self.database()), "--format", "svg"))
            titles = [node.text for node in svg.iter("{http://www.w3.org/2000/svg}title")]
            self.assertEqual({"agent", "address", "loan", "image", "stray", "loan->agent"} - set(titles), set())
            style = svg.find("{http://www.w3.org/2000/svg}style").text
            self.assertIn("prefers-color-scheme: dark", style)
            lines = {node.get("stroke") for node in svg.iter("{http://www.w3.org/2000/svg}path")}
            self.assertEqual(lines, {"firebrick", "darkorchid", "steelblue"})
            words = {node.text: node.get("fill") for node in svg.iter("{http://www.w3.org/2000/svg}text")}
            told = [words[name] for name in ("is deleted too", "blocks", "is rewritten")]
            self.assertEqual(told, ["firebrick", "darkorchid", "steelblue"])
            for colour in lines:
                self.assertIn(f'[stroke="{colour}"]', style)
        svg = self.done("graph", f"sqlite:{self.database()}", "agent", "--format", "svg")
        self.assertNotIn("<title>stray</title>", svg)
        ElementTree.fromstring(self.done("graph", f"sqlite:{odd_database(self.directory + '/odd.db')}", "--format", "svg"))

    def test_without_graphviz(self):
        uri = f"sqlite:{self.database()}"
        for script, says in [(None, "install the package graphviz"), ("exit 1\n", "Graphviz failed"),
                             ("kill -9 $$\n", "Graphviz failed")]:
            outcome = self.with_dot(script, "graph", uri, "--format", "svg")
            self.assertEqual((outcome.returncode, outcome.stdout), (2, ""), script)
            self.assertRegex(outcome.stderr, r"\Acascade: [^\n]+\n\Z")
            self.assertIn(says, outcome.stderr)
            outcome = self.with_dot(script, "graph", uri, "--format", "html")
            self.assertEqual((outcome.returncode, outcome.stderr), (0, ""), script)
            self.assertIn(says, page_data(outcome.stdout)["no_layout"])

    def test_large_texts_pass_through(self):
        script = "CREATE TABLE t0 (id INTEGER PRIMARY KEY);" + "".join(
            f"CREATE TABLE t{i} (id INTEGER PRIMARY KEY, a_rather_long_name_of_a_column INTEGER REFERENCES t{i - 1});"
            for i in range(1, 1400))
        uri = f"sqlite:{self.database(script)}"
        outcome = self.with_dot("while read -r line; do echo \"$line\"; done\n", "graph", uri, "--format", "svg")
        self.assertEqual((outcome.returncode, outcome.stderr), (0, ""))
        self.assertEqual(outcome.stdout.count(" -> "), 1399)
        self.assertIn("nslimit=1;", outcome.stdout)  # drawn in a few seconds
        outcome = self.with_dot("while read -r line; do echo \"$line\"; done\n", "graph", uri, "t700", "--format", "svg")
        self.assertEqual(outcome.stdout.count(" -> "), 699)
        self.assertNotIn("nslimit", outcome.stdout)

    def test_graph_page(self):
        for form in DRIVERS.values():
            uri = form.format(self.database())
            data = page_data(self.done("graph", uri, "--format", "html"))
            graph = json.loads(self.done("graph", uri, "--format", "json"))
            self.assertEqual([table["label"] for table in data["tables"]], [table["name"] for table in graph["tables"]])
            self.assertEqual([(relation["label"], relation["rule"]) for relation in data["relations"]],
                             [(relation["facts"]["label"], relation["facts"]["rule"]) for relation in graph["relations"]])
            related = {end for relation in data["relations"] for end in (relation["table"], relation["ref"])}
            self.assertEqual({int(place["id"]) for place in data["layout"]["tables"]}, related)
            self.assertEqual(len(data["layout"]["relations"]), 3)
            self.assertNotIn("start", data)

    def test_policy_and_start(self):
        policy = self.file("policy.json", '[{"table": "image", "column": "author_id", "rule": "PROTECT"},'
                                          '{"table": "stray", "column": "text", "ref_table": "agent", "rule": "CASCADE"}]')
        data = page_data(self.done("graph", f"sqlite:{self.database()}", "loan", "--policy", policy, "--format", "html"))
        rules = {relation["label"].split(" ")[0]: relation for relation in data["relations"]}
        self.assertEqual((rules["image(author_id)"]["rule"], rules["stray(text)"]["rule"]), ("PROTECT", "CASCADE"))
        self.assertIn("declared", rules["stray(text)"]["notes"])
        self.assertEqual([table["label"] for table in data["tables"] if table["id"] == data["start"]], ["loan"])

    def test_plan_page(self):
        for form in DRIVERS.values():
            uri = form.format(self.database())
            data = page_data(self.done("plan", uri, "agent", "1", "--format", "html"))
            plan = json.loads(self.done("plan", uri, "agent", "1", "--format", "json"))
            labels = {table["id"]: table["label"] for table in data["tables"]}
            self.assertEqual(set(labels.values()), {"agent", "address", "loan", "image"})
            self.assertEqual([labels[step["table_id"]] for step in data["plan"]["steps"]],
                             [step["table"] for step in plan["steps"]])
            for step in data["plan"]["steps"]:
                numbers = {relation["id"]: relation["label"] for relation in data["relations"]}
                self.assertEqual(numbers.get(step.pop("relation_id")), step["relation"])
                step.pop("table_id")
            self.assertEqual(data["plan"], plan)

    def test_odd_names(self):
        uri = f"sqlite:{odd_database(self.directory + '/odd.db')}"
        for arguments in [["graph", uri], ["plan", uri, "root", "1"]]:
            page = self.done(*arguments, "--format", "html")
            labels = {table["label"] for table in page_data(page)["tables"]}
            self.assertLessEqual({name for name in ODD if "." not in name}, labels)
            self.assertEqual(page.count("<script"), 2)
            self.assertEqual(page.count("</script"), 2)
            self.assertNotIn("<!--", page)

    def test_nothing_is_fetched(self):
        page = self.done("graph", f"sqlite:{self.database()}", "--format", "html")
        fetching = r"@import|<iframe|<object|<embed|\bsrc=|url\((?!#)|fetch\(|XMLHttp|(?:href|action)=\"https?:"
        self.assertEqual(re.findall(fetching, page), [])
        self.assertEqual(set(re.findall(r"https?://[^\"'` ]+", page)), {"http://www.w3.org/2000/svg"})
        self.assertIn("default-src 'none'", page)

    def test_password(self):
        path = self.directory + "/password=hush"
        os.rename(self.database(), path)
        self.assertNotIn("hush", self.done("graph", f"sqlite:{path}", "--format", "html"))

    def test_wrong_use(self):
        path = self.database()
        policy = self.file("policy.json", "[]")
        self.refused(2, ["--policy", "html"], "graph", f"sqlite:{path}", "--format", "svg", "--policy", policy, path=path)
        self.refused(2, ["has no format 'svg'"], "plan", f"sqlite:{path}", "agent", "1", "--format", "svg", path=path)
        self.refused(2, ["nowhere"], "graph", f"sqlite:{path}", "nowhere", "--format", "html", path=path)


if __name__ == "__main__":
    assert CASCADE
    unittest.main(verbosity=2)

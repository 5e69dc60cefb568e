"""The pages of databases on a server, in a browser: test_page_servers.py postgresql|mariadb."""

import json
import os
import pathlib
import sys
import unittest

from selenium.webdriver.common.keys import Keys

from browser import BrowserTest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import sessions  # noqa: E402

ENGINE = sys.argv.pop(1)
SHOP = """
CREATE TABLE {customer} ({id} INTEGER PRIMARY KEY, {name} VARCHAR(80))
CREATE TABLE {order} ({id} INTEGER, {part} INTEGER, {customer_id} INTEGER NOT NULL, PRIMARY KEY ({id}, {part}),
  FOREIGN KEY ({customer_id}) REFERENCES {customer} ({id}) ON DELETE CASCADE)
CREATE INDEX order_customer ON {order} ({customer_id})
CREATE TABLE {line} ({id} INTEGER PRIMARY KEY, {order_id} INTEGER, {order_part} INTEGER,
  FOREIGN KEY ({order_id}, {order_part}) REFERENCES {order} ({id}, {part}) ON DELETE CASCADE)
CREATE TABLE {invoice} ({id} INTEGER PRIMARY KEY, {order_id} INTEGER, {order_part} INTEGER,
  FOREIGN KEY ({order_id}, {order_part}) REFERENCES {order} ({id}, {part}) ON DELETE RESTRICT)
CREATE TABLE {visit} ({id} INTEGER PRIMARY KEY, {customer_id} INTEGER,
  FOREIGN KEY ({customer_id}) REFERENCES {customer} ({id}) ON DELETE SET NULL)
CREATE TABLE {note} ({id} INTEGER PRIMARY KEY, {customer_id} INTEGER, FOREIGN KEY ({customer_id}) REFERENCES {customer} ({id}))
INSERT INTO {customer} VALUES (1, 'Hale'), (2, 'Brandt')
INSERT INTO {order} VALUES (1, 1, 1), (1, 2, 1), (2, 1, 2)
INSERT INTO {line} VALUES (1, 1, 1), (2, 1, 2), (3, 2, 1)
INSERT INTO {invoice} VALUES (1, 1, 2)
INSERT INTO {visit} VALUES (1, 1), (2, 1), (3, 1)
INSERT INTO {note} VALUES (1, 2)
"""
# What the tables are called, in SQL and on the page.
NAMES = {
    "postgresql": {"customer": ("customer", "public.customer"), "order": ('sales."order"', "sales.order"),
                   "line": ('"Lager & ""Mehr"""."Pos <b>i</b>"', '"Lager & ""Mehr""".Pos <b>i</b>'),
                   "invoice": ("sales.note", "sales.note"), "visit": ('"Kunden.besuch"', 'public."Kunden.besuch"'),
                   "note": ("audit.note", "audit.note")},
    "mariadb": {"customer": ("customer", "customer"), "order": ("`order`", "order"),
                "line": ('`Pos <b>i</b> & "so"`', '"Pos <b>i</b> & ""so"""'),
                "invoice": ("`Rechnung 2024/25`", "Rechnung 2024/25"), "visit": ("`Kunden.besuch`", '"Kunden.besuch"'),
                "note": ("`Straße`", "Straße")}}
QUOTES = {"postgresql": '"', "mariadb": "`"}


class Server(BrowserTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = sessions.ENGINES[ENGINE]()
        cls.addClassCleanup(cls.server.drop)
        words = {table: name for table, (name, _) in NAMES[ENGINE].items()}
        words |= {column: column.join(2 * [QUOTES[ENGINE]])
                  for column in ["id", "part", "name", "customer_id", "order_id", "order_part"]}
        if ENGINE == "postgresql":
            cls.server.run("CREATE SCHEMA sales", 'CREATE SCHEMA "Lager & ""Mehr"""', "CREATE SCHEMA audit")
        cls.server.run(*[statement for statement in SHOP.replace("\n  ", " ").format(**words).split("\n") if statement])
        cls.uri = cls.server.uri("native")

    def label(self, table):
        return NAMES[ENGINE][table][1]

    def kinds(self):
        return {line.get_attribute("class").split()[1] for line in self.all("#canvas .line")}

    def test_graph(self):
        for scheme in ["light", "dark"]:
            self.open("graph", self.uri, scheme=scheme)
            self.assertEqual(self.one("#picture-title").text, "6 tables")
            self.assertEqual(set(self.script("listed.map(table => table.label)")), {label for _, label in NAMES[ENGINE].values()})
            self.assertEqual(len(self.all("#canvas .box")), 6)
            self.assertEqual(self.kinds(), {"delete", "block", "set"})
            self.check_contrast()
            self.picture(f"graph-{scheme}")
            for table in NAMES[ENGINE]:
                label = self.label(table)
                self.browser.execute_script("location.hash = address(byLabel.get(arguments[0]))", label)
                self.press(Keys.NULL)
                self.assertEqual(self.chosen(), (label, label))
                widths = self.script("[...document.querySelectorAll('.box text')].map(text => text.getBBox().width)")
                self.assertLessEqual(max(widths), 240)
            self.assertEqual(self.all("#details b, #canvas b"), [], "a name is not HTML")

    def test_search(self):
        self.open("graph", self.uri)
        self.press("/", self.label("order"))
        self.press(Keys.ENTER)
        self.assertEqual(self.chosen(), (self.label("order"),) * 2)
        self.assertEqual(self.lines_to("order"), {"line": "delete", "invoice": "block"})

    def lines_to(self, table):
        """What refers to the table that is shown, and how."""
        labels = {self.label(name): name for name in NAMES[ENGINE]}
        pairs = self.script("[...shown.lines.keys()].map(id => relations.get(id)).map(one => [tables.get(one.ref).label, "
                            "tables.get(one.table).label, one.kind])")
        return {labels[one]: kind for ref, one, kind in pairs if labels[ref] == table}

    def test_plan(self):
        for scheme in ["light", "dark"]:
            self.open("plan", self.uri, "customer", "1", scheme=scheme)
            self.assertIn("Blocked: 1 row in the way", self.one("#verdict").text)
            self.check_contrast()
            self.picture(f"plan-{scheme}")
            boxes = {self.script(f"tables.get({box.get_attribute('data-table')}).label"): box.text for box in self.all(".box")}
            self.assertIn("2 deleted", boxes[self.label("order")])
            self.assertIn("3 rewritten", boxes[self.label("visit")])
            self.assertIn("1 in the way", boxes[self.label("invoice")])
            self.one(".way").send_keys("")
            self.assertEqual(self.lit(), {self.label(name) for name in ["customer", "order", "invoice"]})

    def test_protect(self):
        """A rule that only a policy has."""
        rule = {"table": self.label("visit"), "column": "customer_id", "rule": "PROTECT"}
        policy = self.file("policy.json", json.dumps({"relations": [rule]}))
        self.open("graph", self.uri, "customer", "--policy", policy)
        self.assertEqual(self.lines_to("customer"), {"order": "delete", "visit": "block", "note": "block"})
        self.assertRegex(self.one("#details").text, "PROTECT")

    def test_narrow(self):
        self.addCleanup(self.browser.set_window_size, 1400, 900)
        self.browser.set_window_size(420, 800)
        for arguments in [["graph", self.uri], ["plan", self.uri, "customer", "1"]]:
            self.open(*arguments)
            self.assertTrue(self.script("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))
            self.picture(f"{arguments[0]}-narrow")

    def picture(self, name):
        """For people who want to see what the browser saw."""
        if os.environ.get("CASCADE_PICTURES"):
            self.browser.save_screenshot(os.path.join(os.environ["CASCADE_PICTURES"], f"{ENGINE}-{name}.png"))


if __name__ == "__main__":
    unittest.main(verbosity=2)

"""The pages in a browser: they open fast, tables are found, ways are lit, and keyboard and readers get along."""

import random
import sqlite3
import unittest

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from browser import BrowserTest, chromium
from support import SMALL
from test_pictures import ODD, odd_database

TABLES = 1400
AREAS = ["sales", "stock", "ledger", "crm", "audit", "media", "web", "lab", "fleet", "legal", "press", "geo"]

def large_database(path):
    """1,400 tables: a table to which a third of the others refer, and areas in which they refer to each other."""
    chance = random.Random(5)
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE tenant (id INTEGER PRIMARY KEY)")
    names = []
    for i in range(1, TABLES):
        area = AREAS[i % len(AREAS)]
        near = [name for name in names[-200:] if name.startswith(area)]
        columns = ["id INTEGER PRIMARY KEY"]
        if i % 3 == 0:
            columns.append(f"tenant_id INTEGER REFERENCES tenant ON DELETE {chance.choice(['CASCADE', 'RESTRICT'])}")
        for number, other in enumerate(chance.sample(near, min(len(near), chance.randrange(3)))):
            action = chance.choice(["CASCADE", "CASCADE", "SET NULL", "RESTRICT"])
            columns.append(f"r{number} INTEGER REFERENCES {other} ON DELETE {action}")
        names.append(f"{area}_part_{i:04d}")
        connection.execute(f"CREATE TABLE {names[-1]} ({', '.join(columns)})")
    connection.commit()
    connection.close()
    return path


class Page(BrowserTest):
    def test_large(self):
        uri = f"sqlite:{large_database(self.directory + '/large.db')}"
        for scheme in ["light", "dark"]:
            took = self.open("graph", uri, scheme=scheme)
            self.assertLessEqual(took, 3)
            self.assertEqual(self.one("#picture-title").text, "1,400 tables")
            self.assertEqual({card.text for card in self.all(".card b")}, {*AREAS, "others"})

            # Found by three actions: the key, the name, Enter.
            self.press("/")
            self.press("crm_part_0711")
            self.assertEqual(self.one("#found [aria-selected=true]").text.split("\n")[0], "crm_part_0711")
            self.press(Keys.ENTER)
            self.assertEqual(self.chosen(), ("crm_part_0711", "crm_part_0711"))
            self.assertEqual(self.one(".box.chosen .name").text, "crm_part_0711")
            self.assertIn("#table/crm_part_0711", self.browser.current_url)
            self.assertEqual(self.script("document.activeElement.id"), "picture-title")

            # A table to which 466 refer: a column that can be looked at, the rest on demand, all of them in words.
            self.browser.execute_script("location.hash = '#table/tenant'")
            self.press(Keys.NULL)
            self.assertIn("Referred to by 466 relations", self.one("#details").text)
            self.assertEqual(len(self.all(".box:not(.more)")), 25)
            self.one(".box.more").click()
            self.assertEqual(len(self.all(".box")), 467)

            # What can stop a delete there, and the way from there, drawn although its column is cut.
            self.browser.execute_script("document.querySelectorAll('.way')[59].click()")
            way = self.all(".way")[59].find_element(By.CSS_SELECTOR, "small").text.split(" ← ")
            self.assertEqual(self.lit(), set(way))
            self.assertTrue(self.script("shown.svg.classList.contains('dim')"))
            self.assertTrue(self.script("""(() => {
              const box = document.querySelector('.box.lit:not(.chosen)').getBoundingClientRect();
              const canvas = document.getElementById('canvas').getBoundingClientRect();
              return box.top >= canvas.top && box.bottom <= canvas.bottom;
            })()"""))

    def test_groups(self):
        self.open("graph", f"sqlite:{large_database(self.directory + '/large.db')}")
        next(card for card in self.all(".card") if card.text.startswith("geo")).click()
        self.assertEqual(self.one("#picture-title").text, "geo")
        names = [card.text for card in self.all(".card b")]
        self.assertEqual(len(names), 116)
        self.assertTrue(all(name.startswith("geo_") for name in names))
        self.all(".card")[0].click()
        self.assertEqual(self.chosen(), (names[0], names[0]))
        self.browser.back()
        self.assertEqual(self.one("#picture-title").text, "geo")

    def test_keyboard(self):
        self.open("graph", f"sqlite:{self.database()}")
        self.press("/", "a")
        self.assertEqual(self.one("#told").get_attribute("textContent"), "5 tables found")
        first = self.one("#found [aria-selected=true]").text
        self.press(Keys.ARROW_DOWN)
        second = self.one("#found [aria-selected=true]")
        self.assertNotEqual(second.text, first)
        self.assertEqual(self.one("#search").get_attribute("aria-activedescendant"), second.get_attribute("id"))
        self.press(Keys.ESCAPE)
        self.assertFalse(self.one("#found").is_displayed())
        self.assertEqual(self.one("#search").get_attribute("value"), "")
        self.press("/", "nothing like it")
        self.assertEqual(self.one("#told").get_attribute("textContent"), "No table found")
        self.press(Keys.ESCAPE)
        for _ in range(30):
            self.press(Keys.TAB)
            if self.script("document.activeElement.dataset.table"):
                break
        wanted = self.script("tables.get(Number(document.activeElement.dataset.table)).label")
        self.assertIn(wanted, self.lit())
        self.press(Keys.ENTER)
        self.assertEqual(self.chosen(), (wanted, wanted))

    def test_rules(self):
        self.open("graph", f"sqlite:{self.database()}", "agent")
        self.assertEqual(self.chosen(), ("agent", "agent"))
        kinds = {line.get_attribute("class").split()[1] for line in self.all("#canvas .line")}
        self.assertEqual(kinds, {"delete", "block", "set"})
        colours = self.script("[...document.querySelectorAll('#canvas .line .ink')].map(line => getComputedStyle(line).stroke)")
        self.assertEqual(len(set(colours)), 3)
        next(label for label in self.all("#legend label") if "blocks" in label.text).click()
        self.assertEqual({line.get_attribute("class").split()[1] for line in self.all("#canvas .line")}, {"delete", "set"})
        self.all("#legend input")[1].send_keys(Keys.SPACE)
        self.assertEqual({line.get_attribute("class").split()[1] for line in self.all("#canvas .line")}, {"set"})
        self.assertTrue(self.script("document.activeElement === document.querySelectorAll('#legend input')[1]"))

    def test_warnings(self):
        script = SMALL + "CREATE TABLE note (agent_id INTEGER REFERENCES agent, gone INTEGER REFERENCES nowhere);"
        self.open("graph", f"sqlite:{self.database(script)}")
        said = self.one("#details").text
        self.assertIn("Without an index: each batch of a delete scans the referencing table (2)", said)
        self.assertIn("Pointing to what does not exist: the database refuses every delete there (1)", said)
        self.assertEqual(len(self.all("#canvas .line.dashed")), 2)

    def test_plan(self):
        uri = f"sqlite:{self.database()}"
        self.open("plan", uri, "agent", "1")
        self.assertIn("Blocked: 3 rows in the way", self.one("#verdict").text)
        steps = [[cell.text.split("\n")[0] for cell in row.find_elements(By.TAG_NAME, "td")[1:4]]
                 for row in self.all(".steps tbody tr")]
        self.assertEqual(sorted(steps), [["check", "loan", "3"], ["delete", "address", "30"], ["delete", "agent", "1"],
                                         ["rewrite", "image", "2"]])
        self.assertFalse(self.one(".steps tbody tr:first-child pre").is_displayed())
        self.one(".steps tbody tr:first-child summary").click()
        self.assertRegex(self.one(".steps tbody tr:first-child pre").text.lower(), r"(delete from|update|select)")
        ActionChains(self.browser).move_to_element(self.one(".way")).perform()
        self.assertEqual(self.lit(), {"agent", "loan"})
        ActionChains(self.browser).move_to_element(self.one("#about")).perform()
        self.assertEqual(self.lit(), set())
        boxes = {self.script(f"tables.get({box.get_attribute('data-table')}).label"): box.text for box in self.all(".box")}
        self.assertIn("30 deleted", boxes["address"])
        self.assertIn("3 in the way", boxes["loan"])
        self.open("plan", uri, "agent", "3")
        self.assertIn("Nothing stands in the way", self.one("#verdict").text)
        self.assertEqual(self.all(".way"), [])

    def test_way_of_a_blocker(self):
        museum = self.museum()
        self.open("graph", f"sqlite:{museum}", "accession")
        self.one("#views button:nth-child(3)").click()
        stop = next(way for way in self.all(".way") if way.text.startswith("loan_item"))
        wanted = {"accession", "collection_object", "preparation", "loan_item"}
        ActionChains(self.browser).move_to_element(stop).perform()
        self.assertEqual(self.lit(), wanted)
        box = next(box for box in self.all(".box") if box.text.startswith("loan_item"))
        ActionChains(self.browser).move_to_element(box).perform()
        self.assertEqual(self.lit(), wanted)
        self.assertEqual(len(self.all(".line.lit")), 3)

    def test_both_schemes(self):
        museum, papers = self.museum(), []
        for scheme in ["light", "dark"]:
            for arguments in [["graph", f"sqlite:{museum}", "agent"], ["graph", f"sqlite:{museum}"],
                              ["plan", f"sqlite:{museum}", "agent", "1"], ["plan", f"sqlite:{museum}", "accession", "40"]]:
                self.open(*arguments, scheme=scheme)
                for width, height in [(1280, 900), (390, 844)]:
                    chromium.set_window(self.browser, width, height)
                    self.assertIsNone(chromium.overflow(self.browser))
                    self.check_contrast()
            papers.append(self.script("getComputedStyle(document.body).backgroundColor"))
            chromium.reset_window(self.browser)
        self.assertNotEqual(*papers)

    def test_picture_in_both_schemes(self):
        path = self.file("picture.svg", self.done("graph", f"sqlite:{self.database()}", "--format", "svg"))
        for scheme in ["light", "dark"]:
            chromium.set_scheme(self.browser, scheme)
            self.browser.get(f"file://{path}")
            self.check_contrast()
            ground = self.script("getComputedStyle(document.documentElement).backgroundColor")
            self.assertEqual(ground == "rgba(0, 0, 0, 0)", scheme == "light")

    def test_sums(self):
        """A table that two steps meet says what they do in one number."""
        path = self.database("CREATE TABLE agent (id INTEGER PRIMARY KEY); CREATE TABLE loan (id INTEGER PRIMARY KEY, "
                             "lender INTEGER REFERENCES agent ON DELETE RESTRICT, "
                             "borrower INTEGER REFERENCES agent ON DELETE RESTRICT);"
                             "INSERT INTO agent VALUES (1); INSERT INTO loan VALUES (1, 1, 1), (2, 1, NULL);")
        self.open("plan", f"sqlite:{path}", "agent", "1")
        self.assertEqual([box.text.split("\n")[1] for box in self.all(".box") if box.text.startswith("loan")], ["3 in the way"])

    def test_odd_names(self):
        uri = f"sqlite:{odd_database(self.directory + '/odd.db')}"
        self.open("graph", uri)
        self.assertEqual(len(self.all("#canvas .box")), len(ODD) + 2)
        for label in self.script("listed.map(table => table.label)"):
            self.browser.execute_script("location.hash = address(byLabel.get(arguments[0]))", label)
            self.assertEqual(self.script("document.getElementById('details-title').textContent"), label)
            widths = self.script("[...document.querySelectorAll('.box text')].map(text => text.getBBox().width)")
            self.assertLessEqual(max(widths), 240)
        self.open("plan", uri, "root", "1")
        self.assertIn("Blocked: 1 row in the way", self.one("#verdict").text)
        self.one(".way").send_keys("")
        self.assertEqual(len(self.lit()), len(ODD) + 2)

    def test_wrong_address(self):
        for at in ["#table/nothing", "#group/nothing", "#table/%E0%A4%A", "#whatever"]:
            self.open("graph", f"sqlite:{self.database()}", at=at)
            self.assertEqual(self.one("#picture-title").text, "6 tables")


if __name__ == "__main__":
    unittest.main(verbosity=2)

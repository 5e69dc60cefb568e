"""A browser for the tests of pages that the command prints."""

import pathlib
import sys
import time

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By

from support import CascadeTest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import chromium  # noqa: E402

# What a reader could not name, and numbers given twice.
NAMELESS = """
const name = element => element.getAttribute("aria-label") || element.textContent || element.labels?.[0]?.textContent || "";
const ids = [...document.querySelectorAll("[id]")].map(element => element.id);
return [...document.querySelectorAll("a, button, input, [role]:not([role=status]), [tabindex='0']")]
  .filter(element => !name(element).trim()).map(element => element.outerHTML).concat(ids.filter((id, i) => ids.indexOf(id) !== i));
"""


class BrowserTest(CascadeTest):
    @classmethod
    def setUpClass(cls):
        cls.browser = chromium.start("--window-size=1400,900")
        cls.addClassCleanup(cls.browser.quit)

    def open(self, *arguments, scheme="light", at=""):
        """Opens a page that the command prints; gives the seconds until it stood."""
        path = self.file("page.html", self.done(*arguments, "--format", "html"))
        chromium.set_scheme(self.browser, scheme)
        self.browser.get("about:blank")
        began = time.monotonic()
        self.browser.get(f"file://{path}{at}")
        self.script("document.body.getBoundingClientRect()")
        took = time.monotonic() - began
        self.addCleanup(self.unharmed)
        self.unharmed()
        return took

    def unharmed(self):
        """Nothing was complained of, nothing fetched, nothing is without a name: as it was opened, and at the end."""
        self.assertEqual(chromium.complaints(self.browser), [])
        self.assertEqual(self.script("performance.getEntriesByType('resource').map(entry => entry.name)"), [])
        self.assertEqual(self.browser.execute_script(NAMELESS), [])

    def script(self, text):
        return self.browser.execute_script("return " + text)

    def all(self, selector):
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector):
        found = self.all(selector)
        self.assertEqual(len(found), 1, selector)
        return found[0]

    def press(self, *keys):
        ActionChains(self.browser).send_keys(*keys).perform()
        self.browser.execute_async_script("setTimeout(arguments[0], 50)")  # what a changed address does is done after the key

    def lit(self):
        """Labels of the tables that are lit."""
        return set(self.script("[...shown.boxes].filter(([, box]) => box.matches('.lit')).map(([id]) => tables.get(id).label)"))

    def chosen(self):
        return self.one("#picture-title").text, self.one("#details-title").text

    def check_contrast(self):
        least, where = chromium.least_contrast(self.browser)
        self.assertGreaterEqual(least, 4.5, where)

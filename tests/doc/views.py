"""views.py DIRECTORY: every page of the reference in a browser, wide and narrow, light and dark: none is cut, all can be read, nothing
is missing, and the search finds."""

import pathlib
import sys
import unittest

from selenium.webdriver.common.keys import Keys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import chromium  # noqa: E402

FOLDER = pathlib.Path(sys.argv.pop(1)).resolve()
WINDOWS = [(1280, 900), (390, 844)]
SCHEMES = ["light", "dark"]
MISSING = """
return [...document.images].filter(image => !image.complete || !image.naturalWidth).map(image => image.src)
  .concat([...document.querySelectorAll("object")].filter(object => !object.contentDocument?.querySelector("svg"))
    .map(object => object.data));
"""
PAPER = "return getComputedStyle(document.body).backgroundColor.match(/[\\d.]+/g).map(Number).concat(1).slice(0, 4)"


class Views(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # The pictures are documents of their own, into which a page from a file may not look otherwise.
        cls.browser = chromium.start("--allow-file-access-from-files", "--force-prefers-reduced-motion")
        cls.addClassCleanup(cls.browser.quit)

    def open(self, name):
        self.browser.get(f"{FOLDER.as_uri()}/{name}")

    def check(self, name, papers=None):
        self.open(name)
        for width, height in WINDOWS:
            chromium.set_window(self.browser, width, height)
            for scheme in SCHEMES:
                chromium.set_scheme(self.browser, scheme)
                with self.subTest(page=name, width=width, scheme=scheme):
                    if papers is None:
                        self.assertIsNone(chromium.overflow(self.browser))
                    least, where = chromium.least_contrast(self.browser, papers[scheme] if papers else (255, 255, 255, 1))
                    self.assertGreaterEqual(least, 4.5, where)
        with self.subTest(page=name):
            self.assertEqual(chromium.complaints(self.browser), [])

    def test_pages(self):
        pages = sorted(path.name for path in FOLDER.glob("*.html"))
        self.assertGreater(len(pages), 100)
        for name in pages:
            self.check(name)
            with self.subTest(page=name):
                self.assertEqual(self.browser.execute_script(MISSING), [])

    def test_pictures(self):
        papers = {}
        self.open("index.html")
        for scheme in SCHEMES:
            chromium.set_scheme(self.browser, scheme)
            papers[scheme] = self.browser.execute_script(PAPER)
        self.assertNotEqual(papers["light"], papers["dark"])
        pictures = sorted(path.name for path in FOLDER.glob("*.svg") if path.name != "doxygen.svg")
        self.assertGreater(len(pictures), 5)
        for name in pictures:
            self.check(name, papers)

    def found(self, words):
        field = self.browser.find_element("id", "find-words")
        field.send_keys(Keys.CONTROL, "a")
        field.send_keys(words)
        self.browser.execute_async_script("const wait = () => find.sections ? arguments[0]() : setTimeout(wait, 10); wait()")
        return [item.text.split("\n")[0] for item in self.browser.find_elements("css selector", "#find-list li b")]

    def test_parts_have_names(self):
        """For readers of the screen: one title, one content, to which the first link leads."""
        for name in ["index.html", "guide.html", "purge_8h.html", "structcascade__value.html", "globals.html"]:
            self.open(name)
            for role in ["main", "search"]:
                self.assertEqual(len(self.browser.find_elements("css selector", f"[role={role}]")), 1, (name, role))
            if name != "globals.html":
                self.assertEqual(len(self.browser.find_elements("css selector", "[role=heading][aria-level='1']")), 1, name)
            self.browser.find_element("tag name", "body").send_keys(Keys.TAB)
            link = self.browser.switch_to.active_element
            self.assertEqual(link.get_attribute("hash"), "#contents")
            self.assertGreaterEqual(link.rect["x"], 0)

    def test_search(self):
        self.open("guide.html")
        self.browser.find_element("tag name", "body").send_keys("/")
        self.assertEqual(self.browser.switch_to.active_element.get_attribute("id"), "find-words")
        self.assertEqual(self.found("purge_next")[0], "cascade_purge_next()")
        self.assertEqual(self.found("CASCADE_DEADLOCK -22")[0], "The database")  # of the errors
        self.assertEqual(self.found("max_tx_rows")[0], "max_tx_rows")
        self.assertEqual(self.found("no such words anywhere"), [])
        self.assertEqual(self.browser.find_element("id", "find-told").text, "Nothing found")
        self.assertGreater(len(self.found("queue")), 5)
        for scheme in SCHEMES:
            chromium.set_scheme(self.browser, scheme)
            least, where = chromium.least_contrast(self.browser)
            self.assertGreaterEqual(least, 4.5, where)
        field = self.browser.find_element("id", "find-words")
        field.send_keys(Keys.ARROW_DOWN)
        chosen = self.browser.find_element("css selector", "#find-list [aria-selected=true]")
        self.assertEqual(field.get_attribute("aria-activedescendant"), chosen.get_attribute("id"))
        target = chosen.find_element("tag name", "a").get_attribute("href")
        field.send_keys(Keys.ENTER)
        self.assertEqual(self.browser.current_url, target)
        self.open("guide.html")
        self.found("queue")
        self.browser.find_element("id", "find-words").send_keys(Keys.ESCAPE)
        self.assertFalse(self.browser.find_element("id", "find-list").is_displayed())


if __name__ == "__main__":
    unittest.main()

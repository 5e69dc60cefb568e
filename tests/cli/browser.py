"""A browser for the tests of pages that the command prints."""

import time

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By

from support import CascadeTest

# The least contrast of a text with what is behind it.
CONTRAST = """
const linear = c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
const luminance = ([r, g, b]) => [r, g, b].map(c => linear(c / 255))
  .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
const parse = text => text.match(/[\\d.]+/g).map(Number);
const behind = element => {
  for (; element; element = element.parentElement) {
    const colour = parse(getComputedStyle(element).backgroundColor);
    if (colour.length < 4 || colour[3] === 1) return colour;
  }
  return [255, 255, 255];
};
let least = [99, ""];
const texts = "h1, h2, h3, p, small, td, th, a:not(.box), .badge, .note, summary, button, label, .hint";
for (const element of document.querySelectorAll(texts)) {
  if (!element.textContent.trim() || !element.getClientRects().length) continue;
  const [one, two] = [luminance(parse(getComputedStyle(element).color)), luminance(behind(element))].sort((a, b) => b - a);
  const contrast = (one + 0.05) / (two + 0.05);
  if (contrast < least[0]) least = [contrast, element.outerHTML.slice(0, 200)];
}
return least;
"""

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
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for argument in ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1400,900"]:
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        cls.browser = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
        cls.addClassCleanup(cls.browser.quit)

    def open(self, *arguments, scheme="light", at=""):
        """Opens a page that the command prints; gives the seconds until it stood."""
        path = self.file("page.html", self.done(*arguments, "--format", "html"))
        features = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", features)
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
        self.assertEqual([entry["message"] for entry in self.browser.get_log("browser")], [])
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
        least, where = self.browser.execute_script(CONTRAST)
        self.assertGreaterEqual(least, 4.5, where)

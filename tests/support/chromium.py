"""A browser without a window, and what can be asked of any page in it: is it cut, can it be read, was anything complained of."""

import os

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

# The least contrast of a text with what is behind it, and where that is. Colours behind are mixed as far as they let others
# through; behind a picture's text is the last shape that was painted there.
CONTRAST = """
const colours = new Map(), grounds = new Map();
const parse = text => {
  if (!colours.has(text)) colours.set(text, (text.match(/[\\d.]+/g) ?? [0, 0, 0, 0]).map(Number).concat(1).slice(0, 4));
  return colours.get(text);
};
const linear = c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
const luminance = colour => [0.2126, 0.7152, 0.0722].reduce((sum, share, i) => sum + share * linear(colour[i] / 255), 0);
const over = (above, below) => [0, 1, 2].map(i => above[i] * above[3] + below[i] * (1 - above[3])).concat(1);
const ground = element => {
  if (!element) return arguments[0];
  if (!grounds.has(element)) {
    const own = parse(getComputedStyle(element).backgroundColor);
    grounds.set(element, own[3] === 1 ? own : over(own, ground(element.parentElement)));
  }
  return grounds.get(element);
};
let least = [99, "no text"];
const compare = (text, behind, element) => {
  const [one, two] = [over(text, behind), behind].map(luminance).sort((a, b) => b - a);
  const contrast = (one + 0.05) / (two + 0.05);
  if (contrast < least[0]) least = [contrast, element.outerHTML.slice(0, 200)];
};
const texts = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
for (let text; (text = texts.nextNode());) {
  const element = text.parentElement;
  if (!text.textContent.trim() || element.ownerSVGElement || !element.checkVisibility?.({ checkVisibilityCSS: true })) continue;
  if (element.matches("script, style, head *")) continue;
  compare(parse(getComputedStyle(element).color), ground(element), element);
}
for (const picture of document.querySelectorAll("svg")) {
  const painted = [];
  for (const shape of picture.querySelectorAll("rect, polygon, ellipse, circle, text")) {
    const style = getComputedStyle(shape), colour = parse(style.fill), box = shape.getBoundingClientRect();
    if (style.fill === "none" || style.visibility === "hidden" || !box.width || shape.closest("defs, clipPath, mask")) continue;
    if (shape.localName !== "text") painted.push([box, colour]);
    else if (shape.textContent.trim()) {
      const x = box.x + box.width / 2, y = box.y + box.height / 2;
      let behind = ground(picture.parentElement);
      for (const [place, paint] of painted)
        if (x >= place.left && x <= place.right && y >= place.top && y <= place.bottom) behind = over(paint, behind);
      compare(colour, behind, shape);
    }
  }
}
return least;
"""

# How far the page is wider than the window, and the first element that sticks out.
OVERFLOW = """
const page = document.documentElement, width = page.clientWidth;
if (page.scrollWidth <= width) return null;
const held = element => { for (element = element.parentElement; element; element = element.parentElement)
  if (getComputedStyle(element).overflowX !== "visible") return true; };
const wide = element => element.getBoundingClientRect().right > width + 1;
const out = [...document.body.querySelectorAll("*")].find(element => wide(element) && !held(element));
return [page.scrollWidth - width, (out ?? document.body).outerHTML.slice(0, 200)];
"""


def start(*arguments):
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for argument in ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", *arguments]:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    bare = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}  # sanitizers are not for browsers
    return webdriver.Chrome(service=Service("/usr/bin/chromedriver", env=bare), options=options)


def set_scheme(browser, scheme):
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})


def set_window(browser, width, height):
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})


def reset_window(browser):
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def least_contrast(browser, paper=(255, 255, 255, 1)):
    return browser.execute_script(CONTRAST, list(paper))


def overflow(browser):
    return browser.execute_script(OVERFLOW)


def complaints(browser):
    return [entry["message"] for entry in browser.get_log("browser")]

"""links.py DIRECTORY: every link of the HTML pages there leads to a file and a place in it; none leads out of them. No mark of the
pages' sources is left in their text. No header, and no folder of them, is listed twice."""

import html.parser
import pathlib
import re
import sys
import urllib.parse


class Page(html.parser.HTMLParser):
    def __init__(self, path):
        super().__init__()
        self.links, self.places, self.marks = [], set(), []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        facts = dict(attributes)
        self.places |= {facts[name] for name in ("id", "name") if facts.get(name)}
        # The menu is made from these by a script; what it needs is loaded by the pages.
        self.links += [facts[name] for name in ("href", "src", "data") if facts.get(name)]

    def handle_data(self, data):
        if re.search(r"`|&rsquo;|^\*\* \w", data):
            self.marks.append(data.strip())


def twice(folder):
    listed = re.findall(r'<td class="entry">(.*?)</td>', (folder / "files.html").read_text(encoding="utf-8"))
    names = [re.sub("<[^>]*>|&[^;]*;", "", entry).strip() for entry in listed]
    return [f"files.html lists {name} twice" for name in names if names.count(name) > 1 or not name] or \
        ["files.html lists no header"] * ("version.h" not in names)


def main(folder):
    pages = {path.name: Page(path) for path in folder.glob("*.html")}
    dead, count = twice(folder), 0
    for name, page in pages.items():
        if not name.endswith("_source.html"):
            dead += [f"{name}: a mark that was not understood: {mark}" for mark in page.marks]
        for link in page.links:
            parts = urllib.parse.urlsplit(link)
            if parts.scheme == "javascript":
                continue
            count += 1
            target, place = urllib.parse.unquote(parts.path) or name, urllib.parse.unquote(parts.fragment)
            if parts.scheme or parts.netloc or not (folder / target).is_file():
                dead.append(f"{name}: {link}")
            elif place and target in pages and place not in pages[target].places:
                dead.append(f"{name}: {link}: no such place")
    if dead or count < 1000 or "guide.html" not in pages:
        sys.exit("\n".join(sorted(set(dead))) or f"only {count} links in {len(pages)} pages: is that all?")
    print(f"{count} links in {len(pages)} pages")


main(pathlib.Path(sys.argv[1]))

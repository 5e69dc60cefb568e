"""Makes the pages of the reference, and what their search finds: site.py DOXYGEN DOXYFILE DIRECTORY INCLUDE..."""

import html.parser
import json
import pathlib
import shutil
import subprocess
import sys

LISTS = ("dir_", "globals", "files", "pages")  # pages that only say what others do
SKIPPED = {"memberdecls", "memproto", "permalink", "ttc"}  # summaries, signatures, marks, what is shown above a name


class Sections(html.parser.HTMLParser):
    """Sections of a page, each begun by a heading: [name, address, texts]. Summaries of what is told further down are left out."""

    def __init__(self, path):
        super().__init__()
        self.sections, self.title, self.anchor = [], "", ""
        self.within = []  # open elements that matter: contents, title, heading, skipped
        self.depths = []
        self.depth = 0
        self.path = path.name
        self.feed(path.read_text(encoding="utf-8"))

    def enter(self, what):
        self.within.append(what)
        self.depths.append(self.depth)

    def handle_starttag(self, tag, attributes):
        facts = dict(attributes)
        kinds = (facts.get("class") or "").split()
        if tag == "a" and facts.get("id"):
            self.anchor = facts["id"]
        if tag in ("meta", "link", "br", "hr", "img", "input"):
            return
        self.depth += 1
        if tag == "div" and "title" in kinds:
            self.enter("title")
        elif tag == "div" and "contents" in kinds:
            self.enter("contents")
            self.sections.append([self.title, self.path, []])
        elif "contents" in self.within:
            if SKIPPED.intersection(kinds):
                self.enter("skipped")
            elif tag in ("h1", "h2", "h3"):
                self.enter("heading")
                self.sections.append(["", self.path, []])

    def handle_startendtag(self, tag, attributes):
        pass

    def handle_endtag(self, _tag):
        if self.depths and self.depths[-1] == self.depth:
            self.depths.pop()
            if self.within.pop() == "heading":
                self.sections[-1][1] += f"#{self.anchor}" if self.anchor else ""
        self.depth -= 1

    def handle_data(self, data):
        if "title" in self.within:
            self.title += data
        elif "skipped" in self.within or "contents" not in self.within:
            pass
        elif "heading" in self.within:
            self.sections[-1][0] += data
        else:
            self.sections[-1][2].append(data)


def name_parts(path):
    """Says to readers of the screen what doxygen says by classes alone: the title, and where the content begins."""
    page = path.read_text(encoding="utf-8")
    page = page.replace('<div class="title">', '<div class="title" role="heading" aria-level="1">')
    page = page.replace('<div class="contents">', '<div class="contents" id="contents" role="main">', 1)
    path.write_text(page, encoding="utf-8")


def words(text):
    return " ".join(text.split())


def gather(places, folder):
    """The headers of several places as one tree: doxygen would list the folders of each place on their own."""
    shutil.rmtree(folder, ignore_errors=True)
    for place in map(pathlib.Path, places):
        for header in place.rglob("*.h"):
            (folder / header.relative_to(place)).parent.mkdir(parents=True, exist_ok=True)
            (folder / header.relative_to(place)).symlink_to(header)


def main(doxygen, doxyfile, folder, *places):
    gather(places, pathlib.Path(folder) / "include")
    pages = pathlib.Path(folder) / "html"
    shutil.rmtree(pages, ignore_errors=True)  # nothing of an earlier run
    subprocess.run([doxygen, doxyfile], check=True)
    found = []
    for path in sorted(pages.glob("*.html")):
        name_parts(path)
        if path.name.startswith(LISTS) or path.name.endswith("_source.html"):
            continue
        page = Sections(path)
        title = words(page.title.replace(" File Reference", "").replace(" Struct Reference", ""))
        for name, address, texts in page.sections:
            text = words(" ".join(texts)).split(" The documentation for this struct was generated")[0]
            # What stands above the description of a header or struct is said in it again.
            if text and not (title != words(page.title) and address == path.name):
                found.append([title if name in (page.title, "Detailed Description") else words(name), title, address, text])
    (pages / "find_data.js").write_text(f"findable({json.dumps(found, ensure_ascii=False)});\n", encoding="utf-8")


try:
    main(*sys.argv[1:])
except subprocess.CalledProcessError:
    sys.exit("doxygen failed: see above")

"""The pages of the reference say what the library has: pages.py SOURCE LIBRARY INCLUDE..."""

import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

SOURCE, LIBRARY, *INCLUDE = sys.argv[1:]
ROOT = pathlib.Path(SOURCE)
PAGES = sorted((ROOT / "lib/doc/pages").glob("*.md"))
HEADERS = [path for folder in INCLUDE for path in sorted(pathlib.Path(folder).rglob("*.h"))]
STRICT = ["-std=c17", "-Wall", "-Wextra", "-Werror", "-pedantic", "-Wno-unused-function", "-Wno-unused-variable"]


def text(path):
    return path.read_text(encoding="utf-8")


class Pages(unittest.TestCase):
    def test_code_compiles(self):
        """Each block: a program, or functions, or statements in one."""
        count = 0
        with tempfile.TemporaryDirectory() as scratch:
            for page in PAGES:
                for block in re.findall(r"^```c\n(.*?)^```", text(page), flags=re.S | re.M):
                    count += 1
                    if "int main(" not in block:
                        if not re.match(r"(static|int|void|const) ", block):
                            block = f"static void statements(void) {{\n{block}}}\n"
                        block = f"#include <cascade.h>\n#include <stdio.h>\n{block}int main(void) {{ return 0; }}\n"
                    done = subprocess.run(["gcc", *STRICT, "-fkeep-static-functions", *(f"-I{path}" for path in INCLUDE), "-x", "c",
                                           "-",
                                           "-x", "none", LIBRARY, "-o", f"{scratch}/example"], input=block, text=True, capture_output=True)
                    self.assertEqual(done.returncode, 0, f"{page.name}:\n{block}\n{done.stderr}")
        self.assertGreaterEqual(count, 2)

    def test_every_status(self):
        statuses = re.search(r"enum cascade_status_code \{(.*?)\n\}", "".join(map(text, HEADERS)), flags=re.S)[1]
        expected = [(name, number) for name, number in re.findall(r"^  (CASCADE_\w+) = (-\d+)", statuses, flags=re.M)]
        told = re.findall(r"^\| (CASCADE_\w+) \| (-\d+) \| [^|]{5,} \| [^|]{5,} \|$", text(ROOT / "lib/doc/pages/errors.md"),
                          flags=re.M)
        self.assertGreater(len(expected), 30)
        self.assertEqual(sorted(told), sorted(expected),
                         "lib/doc/pages/errors.md: the statuses of the tables and those of common.h")

    def test_every_decision(self):
        listed = re.findall(r"^- @subpage decision_(\d+)$", text(ROOT / "lib/doc/pages/decisions.md"), flags=re.M)
        found = [re.match(r"# Decision (\d+): .*\{#decision_\1\}\n",
                          text(path)) for path in sorted((ROOT / "lib/doc/adr").glob("*.md"))]
        self.assertTrue(all(found), "the first line of a decision is `# Decision NUMBER: TITLE {#decision_NUMBER}`")
        self.assertEqual(listed, [match[1] for match in found], "lib/doc/pages/decisions.md")

    def test_pages_are_reachable(self):
        """From the first page, by @ref and @subpage."""
        words = {re.match(r"# .*\{#(\w+)\}", text(page))[1]: text(page) for page in PAGES}
        reached, todo = set(), ["mainpage"]
        while todo:
            name = todo.pop()
            if name in words and name not in reached:
                reached.add(name)
                todo += re.findall(r"@(?:ref|subpage) (\w+)", words[name])
        self.assertEqual(reached, set(words))

    def test_functions_are_complete(self):
        """Doxygen looks for parameters and return values; this for the rest."""
        count = 0
        for path in HEADERS:
            for comment, name in re.findall(r"/\*\*((?:(?!\*/).)*?)\*/\s*CASCADE_API\s+[^;(]*?(cascade_\w+)\(", text(path),
                                            flags=re.S):
                count += 1
                with self.subTest(name):
                    self.assertRegex(comment, r"@since \d+\.\d+\s", f"{name} does not say since when it is there")
                    self.assertRegex(comment, r"(?i)thread", f"{name} does not say which threads may call it (@note)")
        self.assertGreater(count, 90)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])

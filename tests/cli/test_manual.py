"""The manual pages: well formed, complete, and their example compiles. test_manual.py LIBRARY INCLUDE..."""

import os
import re
import subprocess
import sys
import tempfile
import unittest

from test_completion import ROOT, options

PAGES = {"cascade": ROOT / "examples/cli/cascade.1", "libcascade": ROOT / "lib/doc/man/libcascade.3"}
LIBRARY, *INCLUDE = sys.argv[1:]


def text(name):
    return PAGES[name].read_text(encoding="utf-8")


class Manual(unittest.TestCase):
    def test_lint(self):
        for name, path in PAGES.items():
            # Other pages may not be installed where the tests run.
            said = subprocess.run(["mandoc", "-T", "lint", path], capture_output=True, text=True).stdout.splitlines()
            self.assertEqual([line for line in said if "referenced manual not found" not in line], [], name)

    def test_every_option(self):
        sections = dict(re.findall(r"^\.Ss (.+)\n((?:(?!\.S[sh] ).*\n)*)", text("cascade"), flags=re.M))
        for command, taken in options().items():
            told = sorted("-" + name for name in re.findall(r"^\.It Fl (-[a-z-]+)", sections.get(command, ""), flags=re.M))
            self.assertEqual(told, [name for name in taken if name != "--help"],
                             f"examples/cli/cascade.1, section '{command}': options told and options taken")

    def test_functions(self):
        headers = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "include/cascade").glob("*.h*"))
        named = re.findall(r"^\.Fn (\w+)", text("libcascade"), flags=re.M)
        self.assertGreater(len(named), 20)
        for name in named:
            self.assertRegex(headers, rf"\b{name}\(")
        for name in re.findall(r"^typedef struct (\w+) \1;", headers, flags=re.M):
            if name != "cascade_error":
                self.assertIn(f".It Vt {name}\n", text("libcascade"))

    def test_example(self):
        example, = re.findall(r"^\.Bd -literal -offset indent\n(#include.*?)^\.Ed", text("libcascade"), flags=re.S | re.M)
        with tempfile.TemporaryDirectory() as scratch:
            program = os.path.join(scratch, "program")
            subprocess.run(["gcc", "-std=c17", "-Wall", "-Wextra", "-Werror", *(f"-I{path}" for path in INCLUDE), "-x", "c", "-",
                            "-x",
                            "none", LIBRARY, f"-Wl,-rpath,{os.path.dirname(LIBRARY)}", "-o", program],
                           input=example.replace("\\e", "\\"), text=True, check=True)
            done = subprocess.run([program], cwd=scratch, capture_output=True, text=True)
            self.assertEqual(done.returncode, 1)
            self.assertIn("museum.db", done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])

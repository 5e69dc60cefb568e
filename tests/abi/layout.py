"""Sizes and offsets of all public structs, and numbers of all constants, are those on record.

layout.py RECORD COMPILER HEADERS... [--record]

COMPILER is one of C or C++; the tests of Python and Ruby compare their own declarations with the same record. A difference breaks
programs that were compiled before. When it is meant (before 1.0: say so in CHANGELOG.md under ABI), write the record anew with
--record.
"""

import argparse
import difflib
import pathlib
import subprocess
import sys
import tempfile

import interface


def program(found):
    text = interface.all_code(found)
    lines = []
    for name, members in interface.structs(text).items():
        lines.append(f'printf("{name} %zu\\n", sizeof({name}));')
        for member in members:
            lines.append(f'printf("  {member} at %zu, %zu\\n", offsetof({name}, {member}), '
                         f"sizeof((({name} *)0)->{member}));")
    for constants in interface.enums(text).values():
        for constant in constants:
            if constant != "CASCADE_VERSION":
                lines.append(f'printf("{constant} = %lld\\n", (long long){constant});')
    body = "\n  ".join(lines)
    return f"#include <cascade.h>\n#include <stdio.h>\nint main(void) {{\n  {body}\n  return 0;\n}}\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("recorded", type=pathlib.Path)
    parser.add_argument("compiler")
    parser.add_argument("headers", nargs="+")
    parser.add_argument("--record", action="store_true")
    given = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        binary = pathlib.Path(folder) / "layout"
        include = [part for folder in given.headers for part in ("-I", folder)]
        language = ["-std=c++17", "-x", "c++"] if given.compiler.endswith("++") else ["-std=c17", "-x", "c"]
        subprocess.run([given.compiler, *language, "-", "-o", binary, *include], text=True, check=True,
                       input=program(interface.headers(*given.headers)))
        now = subprocess.run([binary], check=True, capture_output=True, text=True).stdout
    if given.record:
        given.recorded.write_text(now)
        return
    before = given.recorded.read_text()
    if before != now:
        sys.stdout.writelines(difflib.unified_diff(before.splitlines(True), now.splitlines(True), "on record", "now"))
        sys.exit(1)
    print(f"{len(now.splitlines())} lines as on record")


main()

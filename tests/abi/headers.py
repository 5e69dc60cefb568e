"""Each public header compiles by itself as C17 and C++17 with gcc and clang; each example compiles and links.

headers.py LIBRARY README HEADERS...
"""

import pathlib
import re
import subprocess
import sys
import tempfile

import interface

STRICT = ["-Wall", "-Wextra", "-Werror", "-pedantic"]
COMPILERS = [("gcc", "c17"), ("clang", "c17"), ("g++", "c++17"), ("clang++", "c++17")]
WITHOUT_EXAMPLE = {"cascade/common.h"}  # types that every other header's example uses

wrong = []


def compiles(what, command, source):
    done = subprocess.run(command, input=source, text=True, capture_output=True)
    if done.returncode != 0:
        wrong.append(f"{what}: {' '.join(map(str, command))}\n{done.stderr}")


def main():
    library, readme, *folders = sys.argv[1:]
    include = [part for folder in folders for part in ("-I", folder)]
    found = interface.headers(*folders)
    examples = {}

    for name, path in found.items():
        for compiler, standard in COMPILERS:
            language = "c++" if "++" in standard else "c"
            # Twice, for the guard against double inclusion.
            compiles(name, [compiler, f"-std={standard}", *STRICT, *include, "-fsyntax-only", "-x", language, "-"],
                     f"#include <{name}>\n#include <{name}>\n")
        blocks = interface.examples(path.read_text())
        if bool(blocks) == (name in WITHOUT_EXAMPLE):
            wrong.append(f"{name}: " + ("has an example now: take it off the list" if blocks else "has no example"))
        for i, block in enumerate(blocks):
            examples[f"{name}, example {i + 1}"] = (
                "#include <cascade.h>\n#include <stdio.h>\n" + block + "int main(void) { return 0; }\n")

    blocks = re.findall(r"^```c\n(.*?)^```", pathlib.Path(readme).read_text(), flags=re.S | re.M)
    if not blocks:
        wrong.append("README.md: has no C example")
    for block in blocks:
        examples["README.md"] = block

    with tempfile.TemporaryDirectory() as folder:
        for what, source in examples.items():
            # Functions that nobody calls are kept, so that the link shows whether the library has what they call.
            compiles(what, ["gcc", "-std=c17", *STRICT, "-Wno-unused-function", "-fkeep-static-functions", *include,
                            "-x", "c", "-", "-x", "none", library, "-o", f"{folder}/example"], source)
            compiles(what, ["clang", "-std=c17", *STRICT, "-Wno-unused-function", *include, "-fsyntax-only", "-x", "c",
                            "-"], source)
    if wrong:
        sys.exit("\n".join(wrong))
    print(f"{len(found)} headers and {len(examples)} examples compile")


main()

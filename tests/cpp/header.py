"""The interface for C++ compiles everywhere, reaches every function, and its README's first page works.

header.py MAP LIBRARY FOLDER HEADERS...

FOLDER has cascade.hpp and README.md. Needs g++, clang++ and the drivers of the build in LIBCASCADE_DRIVERS.
"""

import os
import pathlib
import re
import sqlite3
import subprocess
import sys
import tempfile

STRICT = ["-Wall", "-Wextra", "-Werror", "-Wshadow", "-Wconversion", "-pedantic"]
COMPILERS = [("g++", "c++17"), ("g++", "c++20"), ("clang++", "c++17"), ("clang++", "c++20")]

wrong = []


def run(what, command, source=None, **more):
    done = subprocess.run(list(map(str, command)), input=source, text=True, capture_output=True, **more)
    if done.returncode != 0:
        wrong.append(f"{what}: {' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def code(path):
    """Without comments and strings."""
    text = re.sub(r"/\*.*?\*/|//[^\n]*", "", path.read_text(), flags=re.S)
    return re.sub(r'"[^"\n]*"', '""', text)


def every_function_is_used(symbols, headers):
    """By the program's text; that the uses are right is for the compiler and the linker."""
    mapped = set(re.findall(r"^\s*(cascade_\w+);", symbols, flags=re.M))
    used = set(re.findall(r"\bcascade_\w+\b", "".join(map(code, headers))))
    for name in sorted(mapped - used):
        wrong.append(f"{name}: in the symbol map, but not in the interface for C++")
    return len(mapped)


def it_compiles(include):
    for compiler, standard in COMPILERS:
        run("cascade.hpp", [compiler, f"-std={standard}", *STRICT, *include, "-fsyntax-only", "-x", "c++", "-"],
            "#include <cascade.hpp>\n#include <cascade.hpp>\n")  # twice, for the guard against double inclusion
    run("without exceptions", ["g++", "-std=c++17", "-fno-exceptions", *STRICT, *include, "-fsyntax-only", "-x", "c++", "-"],
        "#include <cascade.hpp>\n"
        "bool opens(const char *uri) {\n"
        "  cascade::failure why;\n"
        "  cascade::context context({}, why);\n"
        "  return static_cast<bool>(cascade::connection::open(context, uri, {}, why));\n"
        "}\n")
    # A forgotten failure must not compile where nothing can be thrown.
    done = subprocess.run(["g++", "-std=c++17", "-fno-exceptions", *include, "-fsyntax-only", "-x", "c++", "-"], text=True,
                          capture_output=True, input="#include <cascade.hpp>\ncascade::context_options options;\n"
                                                     "cascade::context context(options);\n")
    if done.returncode == 0 or "no matching function" not in done.stderr:
        wrong.append("without exceptions, a call without a failure compiles:\n" + done.stderr)


def every_function_links(folder, library, include):
    """Inline functions that nobody calls are kept; so are two translation units of different standards in one program."""
    for standard in ("17", "20"):
        run("linking", ["g++", f"-std=c++{standard}", "-fkeep-inline-functions", *STRICT, *include, "-c", "-x", "c++", "-",
                        "-o", folder / f"unit{standard}.o"],
            f"#include <cascade.hpp>\nconst char *unit{standard}() {{ return cascade::version_string(); }}\n")
    run("linking", ["g++", "-std=c++17", "-x", "c++", "-", "-x", "none", folder / "unit17.o", folder / "unit20.o", library,
                    "-o", folder / "linked"],
        "const char *unit17(); const char *unit20();\nint main() { return unit17() == unit20() ? 0 : 1; }\n")
    run("running", [folder / "linked"], env={"LD_LIBRARY_PATH": str(library.parent)})


def first_page_works(readme, folder, library, include):
    """What the README shows is what its program prints."""
    shown = re.search(r"^```sql\n(.*?)^```.*?^```cpp\n(.*?)^```.*?^```text\n(.*?)^```", readme.read_text(),
                      flags=re.S | re.M)
    if not shown:
        wrong.append(f"{readme}: has no first page of SQL, C++ and output")
        return
    schema, program, output = shown.groups()
    connection = sqlite3.connect(folder / "museum.db")
    connection.executescript(schema)
    connection.close()
    run("README.md", ["g++", "-std=c++17", *STRICT, *include, "-x", "c++", "-", "-x", "none", library, "-o", folder / "page"],
        program)
    if wrong:
        return

    printed = run("README.md", [folder / "page"], cwd=folder, env={**os.environ, "LD_LIBRARY_PATH": str(library.parent)})
    if printed != output:
        wrong.append(f"README.md says\n{output}\nbut its program prints\n{printed}")


def main():
    symbols, library, folder, *more = (pathlib.Path(name).resolve() for name in sys.argv[1:])
    headers = sorted(folder.rglob("*.hpp"))
    include = [part for path in [folder, *more] for part in ("-I", path)]
    functions = every_function_is_used(symbols.read_text(), headers)
    it_compiles(include)
    with tempfile.TemporaryDirectory() as scratch:
        every_function_links(pathlib.Path(scratch), library, include)
        first_page_works(folder / "README.md", pathlib.Path(scratch), library, include)
    if wrong:
        sys.exit("\n".join(wrong))
    print(f"{functions} functions in {len(headers)} headers")


main()

"""The functions of the public headers, of the symbol map and of the built library are the same ones.

symbols.py MAP LIBRARY HEADERS... [--driver FILE]...
"""

import argparse
import pathlib
import re
import subprocess
import sys

import interface

FIRST = "LIBCASCADE_0"


def exported(library):
    """Defined dynamic symbols: {name with version: type}."""
    lines = subprocess.run(["nm", "-D", "--defined-only", library], check=True, capture_output=True, text=True).stdout
    return {line.split()[-1]: line.split()[-2] for line in lines.splitlines()}


def difference(what, one, other):
    for name in sorted(one - other):
        print(f"{name}: {what}")
    return bool(one - other)


def versions(script, name):
    """Node of each function. The first hides everything else; each release that adds functions has a node that follows the last."""
    found, last = {}, ""
    nodes = re.findall(r"(\w+)\s*\{\s*global:(.*?)(local:\s*\*;\s*)?\}\s*(\w*);", script, flags=re.S)
    for node, functions, hides, after in nodes:
        if not node.startswith(FIRST) or after != last or bool(hides) != (node == FIRST):
            sys.exit(f"{name}: expected {FIRST}, which ends with `local: *;`, and nodes that follow it one by one")
        found.update((function.strip(), node) for function in functions.split(";") if function.strip())
        last = node
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("map")
    parser.add_argument("library")
    parser.add_argument("headers", nargs="+")
    parser.add_argument("--driver", action="append", default=[])
    given = parser.parse_args()

    declared = interface.functions(interface.all_code(interface.headers(*given.headers)))
    script = pathlib.Path(given.map).read_text()
    mapped = versions(script, given.map)
    symbols = exported(given.library)
    for node in set(mapped.values()):
        if symbols.pop(node, None) != "A":
            sys.exit(f"{given.library}: has no version {node}: the symbol map was not used")
    built = {name.partition("@@")[0]: name.partition("@@")[2] for name in symbols}
    moved = {name for name in mapped if mapped[name] != built.get(name, mapped[name])}
    mapped, built = set(mapped), set(built)

    wrong = difference("in the headers, but not in the map", declared, mapped)
    wrong |= difference("in the map, but not in the headers", mapped, declared)
    wrong |= difference("in the headers, but not exported by the library", declared, built)
    wrong |= difference("exported by the library, but not in the headers", built, declared)
    wrong |= difference("in another version of the library than of the map", moved, set())
    wrong |= difference("exported, but not a function", {name for name in symbols if symbols[name] != "T"}, set())
    for path in map(pathlib.Path, given.driver):
        made = {path.stem.replace("libcascade-", "cascade_driver_")}
        wrong |= difference(f"exported by {path.name} without need", set(exported(path)), made)
        wrong |= difference(f"not exported by {path.name}", made, set(exported(path)))
    if wrong:
        sys.exit(1)
    print(f"{len(declared)} functions: headers, map and library agree")


main()

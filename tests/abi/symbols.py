"""The functions of the public headers, of the symbol map and of the built library are the same ones.

symbols.py MAP LIBRARY HEADERS... [--driver FILE]...
"""

import argparse
import pathlib
import re
import subprocess
import sys

import interface

NODE = "LIBCASCADE_0"


def exported(library):
    """Defined dynamic symbols: {name with version: type}."""
    lines = subprocess.run(["nm", "-D", "--defined-only", library], check=True, capture_output=True, text=True).stdout
    return {line.split()[-1]: line.split()[-2] for line in lines.splitlines()}


def difference(what, one, other):
    for name in sorted(one - other):
        print(f"{name}: {what}")
    return bool(one - other)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("map")
    parser.add_argument("library")
    parser.add_argument("headers", nargs="+")
    parser.add_argument("--driver", action="append", default=[])
    given = parser.parse_args()

    declared = interface.functions(interface.all_code(interface.headers(*given.headers)))
    script = pathlib.Path(given.map).read_text()
    nodes = re.findall(r"(\w+)\s*\{\s*global:(.*?)local:\s*\*;\s*\};", script, flags=re.S)
    if [name for name, _ in nodes] != [NODE]:
        sys.exit(f"{given.map}: expected the one node {NODE} that ends with `local: *;`")
    mapped = {name.strip() for name in nodes[0][1].split(";") if name.strip()}
    symbols = exported(given.library)
    if symbols.pop(NODE, None) != "A":
        sys.exit(f"{given.library}: has no version {NODE}: the symbol map was not used")
    built = {name.removesuffix("@@" + NODE) for name in symbols}

    wrong = difference("in the headers, but not in the map", declared, mapped)
    wrong |= difference("in the map, but not in the headers", mapped, declared)
    wrong |= difference("in the headers, but not exported by the library", declared, built)
    wrong |= difference("exported by the library, but not in the headers", built, declared)
    wrong |= difference("exported, but not a function", {name for name in symbols if symbols[name] != "T"}, set())
    for path in map(pathlib.Path, given.driver):
        made = {path.stem.replace("libcascade-", "cascade_driver_")}
        wrong |= difference(f"exported by {path.name} without need", set(exported(path)), made)
        wrong |= difference(f"not exported by {path.name}", made, set(exported(path)))
    if wrong:
        sys.exit(1)
    print(f"{len(declared)} functions: headers, map and library agree")


main()

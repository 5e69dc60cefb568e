"""No floor of the library sees a header of a floor above it: including one does not compile.

floors.py SOURCE_ROOT BUILD_ROOT

The include paths tried are those of the build itself, from compile_commands.json.
"""

import json
import pathlib
import re
import shlex
import subprocess
import sys

FLOORS = ["base", "driver", "driver/dbi", "dialect", "catalog", "graph", "policy", "plan", "ops", "ops/queue"]


def include_paths(build):
    """Of each floor: what its compilations search."""
    found = {}
    for command in json.loads((build / "compile_commands.json").read_text()):
        floor = re.search(r"libcascade_(\w+)\.a\.p/", command["output"])
        if floor:
            paths = [part for part in shlex.split(command["command"]) if part.startswith("-I")]
            found.setdefault(floor[1], (command["directory"], paths))
    return found


def compiles(directory, paths, header):
    command = ["gcc", "-E", "-x", "c", "-", "-o", "/dev/null", *paths]
    done = subprocess.run(command, input=f'#include "{header}"\n', text=True, cwd=directory, capture_output=True)
    return done.returncode == 0


def main():
    source, build = map(pathlib.Path, sys.argv[1:])
    wrong, tried = [], 0
    seen = include_paths(build)
    owned = {floor: sorted(path.name for path in (source / "lib" / floor).glob("*.h")) for floor in FLOORS}
    names = [name for floor in FLOORS for name in owned[floor]]
    for name in {name for name in names if names.count(name) > 1}:
        wrong.append(f"{name}: two floors have a header of this name")

    for height, floor in enumerate(FLOORS):
        if floor.replace("/", "_") not in seen:
            sys.exit(f"floor {floor}: nothing of it was compiled")
        directory, paths = seen[floor.replace("/", "_")]
        for other, headers in enumerate(owned.values()):
            for header in headers:
                tried += 1
                if compiles(directory, paths, header) != (other <= height):
                    wrong.append(f"floor {floor} {'cannot' if other <= height else 'can'} include {header}")
                # The same by way of the folder's name: nobody writes that, and nobody can.
                if other > height and compiles(directory, paths, f"{FLOORS[other]}/{header}"):
                    wrong.append(f"floor {floor} can include {FLOORS[other]}/{header}")

    for path in sorted((source / "lib").rglob("*.[ch]")):
        for header in re.findall(r'^\s*#\s*include\s+"([^"]+)"', path.read_text(), flags=re.M):
            if "/" in header:
                wrong.append(f'{path.relative_to(source)}: includes "{header}"; headers go by their bare names')

    if wrong:
        sys.exit("\n".join(wrong))
    print(f"{tried} pairs of floor and header: nothing reaches upward")


main()

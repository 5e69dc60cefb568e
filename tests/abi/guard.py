"""The binary interface of the library is the one on record: functions may be added and structs may grow at their end, nothing else.

guard.py RECORD LIBRARY HEADERS... [--record] [--selfcheck]

RECORD is the interface of the last release, as abidw of abigail-tools writes it. A difference breaks programs that were compiled
before. Before 1.0, when it is meant, say so in CHANGELOG.md under ABI, and write the record anew with --record. --selfcheck
tries the guard itself, on copies of the headers with one change each.
"""

import argparse
import contextlib
import pathlib
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

import interface

# What callers never see of the types behind the functions. And structs, which may grow at their end: abidiff's own rule for that
# lets their members change, too, so that they are compared here.
IGNORED = """
[suppress_type]
  name_regexp = ^(casc_.*|{opaque})$
  drop = yes
[suppress_type]
  type_kind = struct
  name_regexp = ^cascade_
"""
# A change of a header, and whether programs that were compiled before go on working.
CHANGES = [
    ("nothing", "", "", True),
    ("a function is added", "CASCADE_API uint32_t cascade_version(void);",
     "CASCADE_API uint32_t cascade_version(void); CASCADE_API uint32_t cascade_more(const struct cascade_keys *keys);", True),
    ("options grow at their end", "} cascade_plan_options;", "uint64_t more; } cascade_plan_options;", True),
    ("information grows at its end", "} cascade_keys;", "const char *more; } cascade_keys;", True),
    ("a driver's table grows at its end", "} cascade_driver;", "void (*more)(void *self); } cascade_driver;", True),
    ("a reserved member gets a meaning", "uint32_t max_parameters; /**< Parameters that one statement may have; at least 1. */\n"
     "  uint32_t reserved;", "uint32_t max_parameters; uint32_t more;", True),
    ("options grow in front", "typedef struct cascade_plan_options {",
     "typedef struct cascade_plan_options { uint64_t more;", False),
    ("options grow in the middle", "uint32_t lock_timeout_ms;", "uint64_t more; uint32_t lock_timeout_ms;", False),
    ("options lose a member", "uint32_t lock_timeout_ms;", "", False),
    ("a member changes its type", "uint32_t lock_timeout_ms;", "int64_t lock_timeout_ms;", False),
    ("a member of a driver's table changes its arguments", "int32_t (*in_transaction)(void *self);",
     "int32_t (*in_transaction)(void *self, int64_t more);", False),
    ("a function is gone", "CASCADE_API uint32_t cascade_version(void);", "", False),
    ("a function has one argument more", "cascade_graph_hidden(const cascade_graph *graph)",
     "cascade_graph_hidden(const cascade_graph *graph, uint32_t more)", False),
    ("a function returns something else", "uint32_t cascade_version(void)", "uint64_t cascade_version(void)", False),
    ("a status is wider", "typedef int32_t cascade_status;", "typedef int64_t cascade_status;", False),
]


def run(*command, **more):
    return subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True, **more).stdout


@contextlib.contextmanager
def ignored(folders):
    """Options for abidw and abidiff."""
    opaque = re.findall(r"typedef struct (\w+) \1;", interface.all_code(interface.headers(*folders)))
    with tempfile.NamedTemporaryFile("w", suffix=".ini") as file:
        file.write(IGNORED.format(opaque="|".join(opaque)))
        file.flush()
        yield ["--suppressions", file.name]


def dump(library, folders):
    seen = [part for folder in folders for part in ("--headers-dir", folder)]
    with ignored(folders) as suppressed:
        return run("abidw", *seen, *suppressed, "--drop-private-types", "--exported-interfaces-only", "--no-elf-needed",
                   "--no-corpus-path", "--no-show-locs", "--no-comp-dir-path", "--no-architecture", "--no-parameter-names",
                   "--type-id-style", "hash", library)


def structs(dumped):
    """Members of each struct, in their order: name, offset, type."""
    found = {}
    for struct in xml.etree.ElementTree.fromstring(dumped).iter("class-decl"):
        found[struct.get("name")] = [(variable.get("name"), int(member.get("layout-offset-in-bits")), variable.get("type-id"))
                                     for member in struct.iter("data-member") for variable in member.iter("var-decl")]
    return found


def differences(record, now, folders):
    """What is more than an addition, in words."""
    told, grown = [], structs(now)
    for name, members in structs(record.read_text()).items():
        for old, new in zip(members, grown.get(name, []) + [None] * len(members)):
            taken = new and old[0].startswith("reserved") and old[1:] == new[1:]  # zero in programs that do not know it
            if old != new and not taken:
                told.append(f"struct {name}: member {old} is now {new}")
    with tempfile.NamedTemporaryFile("w", suffix=".abi") as file, ignored(folders) as suppressed:
        file.write(now)
        file.flush()
        done = subprocess.run(["abidiff", *suppressed, "--no-added-syms", str(record), file.name], capture_output=True,
                              text=True)
    return told + ([done.stdout + done.stderr] if done.returncode else [])


def stub(folder, found):
    """A library with the functions that the headers declare, and no code."""
    text = interface.all_code(found)
    bodies = "".join(f"{declared} {{ {'' if re.match(r'void [^*]', declared) else 'return 0;'} }}\n"
                     for declared in re.findall(r"CASCADE_API\s+([^;{}]*)", text))
    run("gcc", "-std=c17", "-g", "-shared", "-fPIC", "-w", "-I", folder, "-x", "c", "-", "-o", folder / "libstub.so",
        input="#include <cascade.h>\n" + bodies)
    return dump(folder / "libstub.so", [folder])


def selfcheck(folders):
    found = interface.headers(*folders)
    wrong = []
    with tempfile.TemporaryDirectory() as scratch:
        before = None
        for number, (what, old, new, passes) in enumerate(CHANGES):
            folder = pathlib.Path(scratch) / str(number)
            changed = 0
            for name, path in found.items():
                text = path.read_text()
                changed += old in text
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_text(text.replace(old, new) if old else text)
            if old and changed != 1:
                wrong.append(f"{what}: {changed} headers have `{old}`")
            now = stub(folder, interface.headers(folder))
            if before is None:
                before = pathlib.Path(scratch) / "before.abi"
                before.write_text(now)
            if (differences(before, now, [folder]) == []) != passes:
                wrong.append(f"{what}: should {'pass' if passes else 'fail'}, but did not")
    if wrong:
        sys.exit("\n".join(wrong))
    print(f"{len(CHANGES)} changes were judged rightly")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("recorded", type=pathlib.Path)
    parser.add_argument("library", type=pathlib.Path)
    parser.add_argument("headers", nargs="+")
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--selfcheck", action="store_true")
    given = parser.parse_args()
    if given.selfcheck:
        selfcheck(given.headers)
        return
    now = dump(given.library, given.headers)
    functions = len(re.findall("<function-decl ", now))
    if functions != len(interface.functions(interface.all_code(interface.headers(*given.headers)))):
        sys.exit(f"{functions} functions have debugging information: build with -Dbuildtype=debugoptimized")
    if given.record:
        given.recorded.write_text(now)
        return
    told = differences(given.recorded, now, given.headers)
    if told:
        sys.exit("\n".join(told))
    print(f"{functions} functions: nothing but additions since the record")


main()

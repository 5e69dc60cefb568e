#!/usr/bin/python3
"""Writes libcascade/_abi.py: everything that the public headers declare, for ctypes.

generate.py HEADERS... [--check]

HEADERS are the folders of the headers: `include` of the sources and of the build. With --check, nothing is written, and the
file has to be what would be.
"""

import argparse
import difflib
import pathlib
import re
import sys

TARGET = pathlib.Path(__file__).resolve().parent / "libcascade/_abi.py"
PLAIN = {"int32_t": "c_int32", "uint32_t": "c_uint32", "int64_t": "c_int64", "uint64_t": "c_uint64", "size_t": "c_size_t",
         "double": "c_double", "cascade_status": "c_int32"}
CLASSES = {"cascade_status_code": "Status", "cascade_transaction_state": "TransactionState"}
TITLE = '''"""The C interface as the headers declare it: constants, structs, functions. Written by generate.py, not by hand."""

from __future__ import annotations

import enum
from ctypes import (CDLL, CFUNCTYPE, POINTER, Structure, c_char, c_char_p, c_double, c_int32, c_int64, c_size_t, c_uint32,
                    c_uint64, c_void_p, sizeof)
from typing import Any, Callable, Optional

'''
SIZED = '''

class _Sized(Structure):
    """A struct that tells its own size, so that libraries of other versions know how far it reaches."""

    def __init__(self, **fields: Any) -> None:
        super().__init__(**fields)
        self.size = sizeof(type(self))
        for name, given in fields.items():
            if given and isinstance(given, int) and getattr(self, name) != given:  # which ctypes cuts without a word
                raise OverflowError(f"{name} cannot be {given}")


def _whole(kind: Any, lowest: int) -> Any:
    """The type of an integer that is an argument; one that does not fit is refused."""
    highest = lowest + (1 << 8 * sizeof(kind)) - 1

    class Whole(kind):  # type: ignore[misc]
        @classmethod
        def from_param(cls, given: Any) -> Any:
            if isinstance(given, int) and not lowest <= given <= highest:
                raise OverflowError(f"{given} is not from {lowest} to {highest}")
            return kind.from_param(given)

    return Whole


_INT64, _UINT32, _UINT64 = _whole(c_int64, -1 << 63), _whole(c_uint32, 0), _whole(c_uint64, 0)
'''
WHOLE = {"c_int64": "_INT64", "c_uint32": "_UINT32", "c_uint64": "_UINT64"}


class Reader:
    """Declarations of the headers, as far as the house's style goes. What it does not know ends it."""

    def __init__(self, folders):
        self.texts = {}
        for folder in map(pathlib.Path, folders):
            for path in sorted(folder.rglob("*.h")):
                self.texts[path.name] = path.read_text()
        with_comments = "\n".join(self.texts.values())
        text = re.sub(r"/\*.*?\*/", "", with_comments, flags=re.S)
        self.version_string = re.search(r'CASCADE_VERSION_STRING "([^"]+)"', text)[1]
        self.text = text = re.sub(r"^\s*#.*$", "", text, flags=re.M)
        self.flags = set(re.findall(r"/\*\*[^/]*?\bbits\b[^/]*?\*/\s*enum (\w+)", with_comments, flags=re.I))
        self.enums = {name: [(constant, self.number(value)) for constant, value in re.findall(r"(\w+)\s*=\s*([^,}]+)", body)]
                      for name, body in re.findall(r"\benum\s+(\w+)\s*\{([^}]*)\}", text)}
        self.opaque = re.findall(r"typedef struct (\w+) \1;", text)
        self.structs = {name: [part for part in map(self.words, body.split(";")) if part]
                        for name, body in re.findall(r"typedef struct (\w+)\s*\{([^}]*)\}\s*\1;", text)}
        self.callbacks = re.findall(r"typedef ([\w \*]+?)\s*\(\*(\w+)\)\(([^)]*)\);", text)
        self.functions = [(self.words(result), name, self.words(arguments)) for result, name, arguments in
                          re.findall(r"CASCADE_API\s+([\w\s\*]*?)\b(cascade_\w+)\s*\(([^)]*)\);", text)]

    @staticmethod
    def words(text):
        return " ".join(text.split())

    @staticmethod
    def number(text):
        """A constant's value; a product or sum of numbers too."""
        total = 0
        for term in text.split("+"):
            product = 1
            for factor in term.split("*"):
                product *= int(factor.strip(), 0)
            total += product
        return total

    def type_of(self, declaration, output=False):
        """The ctypes type of a C type. `output`: of what stands behind a `char **` the library gives away."""
        stars = declaration.count("*")
        base = self.words(re.sub(r"\b(const|struct)\b|\*", " ", declaration))
        if base in dict((name, 0) for _, name, _ in self.callbacks) and not stars:
            return base
        if base == "void":
            made, stars = ("c_void_p", stars - 1) if stars else ("None", 0)
        elif base == "char":
            given = stars == 2 and not declaration.startswith("const") and output
            made, stars = "POINTER(c_char)" if given or not declaration.startswith("const") else "c_char_p", stars - 1
        elif base in PLAIN:
            made = PLAIN[base]
        elif base in self.structs or base in self.opaque:
            made = base
        else:
            sys.exit(f"type not known: {declaration}")
        for _ in range(stars):
            made = f"POINTER({made})"
        return made

    def argument_types(self, arguments):
        if arguments in ("void", ""):
            return []
        return [self.type_of(re.sub(r"\b\w+$", "", argument.strip()), True) for argument in self.words(arguments).split(",")]

    def member(self, struct, declaration):
        """Name and type of a struct's member."""
        pointer = re.fullmatch(r"([\w \*]+?)\s*\(\*(\w+)\)\((.*)\)", declaration)
        if pointer:
            parts = [self.type_of(pointer[1])] + self.argument_types(pointer[3])
            return pointer[2], f"CFUNCTYPE({', '.join(parts)})"
        kind, name = re.fullmatch(r"(.*?)(\w+)", declaration).groups()
        if (struct, name) == ("cascade_value", "data"):
            return name, "c_void_p"  # bytes, which c_char_p would end at a NUL
        return name, self.type_of(kind)


def fold(head, parts, indent, last=")"):
    """A line, or several that fit."""
    one = head + ", ".join(parts) + last
    if len(one) <= 128:
        return one
    lines, line = [], head
    for i, part in enumerate(parts):
        piece = part + (last if i + 1 == len(parts) else ",")
        if len(line) + len(piece) > 126:
            lines.append(line.rstrip())
            line = " " * indent
        line += piece + " "
    return "\n".join(lines + [line.rstrip()])


def class_name(enum):
    return CLASSES.get(enum) or "".join(word.capitalize() for word in enum[len("cascade_"):].split("_"))


def shorter(constants):
    """The constants without what all their names begin with."""
    names = [name for name, _ in constants]
    words = [name.split("_") for name in names]
    common = 0
    while all(len(word) > common + 1 and word[common] == words[0][common] for word in words):
        common += 1
    found = [("_".join(word[common:]), value) for word, (_, value) in zip(words, constants)]
    if any(name[0].isdigit() for name, _ in found):
        sys.exit(f"not a name: {found}")
    return found


def write_enums(reader):
    for name, constants in reader.enums.items():
        if len(constants) == 1:
            if name == "cascade_version_number":
                yield f'VERSION_STRING = "{reader.version_string}"'
            yield f"{constants[0][0][len('CASCADE_'):]} = {constants[0][1]}"
    for name, constants in reader.enums.items():
        if len(constants) > 1:
            kind = "IntFlag" if name in reader.flags else "IntEnum"
            yield f"\n\nclass {class_name(name)}(enum.{kind}):\n    \"\"\"``enum {name}``\"\"\"\n"
            for short, value in shorter(constants):
                yield f"    {short} = {value}"
    groups = [f'    "{name}": {class_name(name)},' for name, constants in reader.enums.items() if len(constants) > 1]
    yield "\n\n#: By the name in C.\nENUMS: dict[str, type[enum.IntEnum] | type[enum.IntFlag]] = {\n" + "\n".join(groups) + "\n}"


ANNOTATIONS = {"c_char_p": "Optional[bytes]", "c_void_p": "Optional[int]", "c_double": "float"}


def write_structs(reader):
    for name in reader.opaque:
        yield f"\n\nclass {name}(Structure):\n    pass"
    yield SIZED.rstrip()
    done = set(reader.opaque)
    callbacks = {name: (result, arguments) for result, name, arguments in reader.callbacks}
    waiting = dict(reader.structs)

    def needs(text):
        return [word for word in re.findall(r"cascade_\w+", text) if word not in done]

    while waiting or callbacks:
        before = len(done)
        for name, (result, arguments) in list(callbacks.items()):
            parts = [reader.type_of(result)] + reader.argument_types(arguments)
            if not needs(" ".join(parts)):
                yield fold(f"\n\n{name} = CFUNCTYPE(", parts, 4)
                done.add(name)
                del callbacks[name]
        for name, members in list(waiting.items()):
            fields = [reader.member(name, member) for member in members]
            if needs(" ".join(kind for _, kind in fields)):
                continue
            sized = fields[0] == ("size", "c_size_t")
            for i, (field, kind) in enumerate(fields):
                if kind.startswith("CFUNCTYPE"):
                    yield fold(f"\n\n{name}_{field} = CFUNCTYPE(", kind[len("CFUNCTYPE("):-1].split(", "), 4)
                    fields[i] = field, f"{name}_{field}"
            yield f"\n\nclass {name}({'_Sized' if sized else 'Structure'}):"
            for field, kind in fields:
                yield f"    {field}: {'int' if kind in PLAIN.values() and kind != 'c_double' else ANNOTATIONS.get(kind, 'Any')}"
            yield fold("    _fields_ = [", [f'("{field}", {kind})' for field, kind in fields], 8, "]")
            done.add(name)
            del waiting[name]
        if len(done) == before:
            sys.exit(f"structs that need each other: {list(waiting)} {list(callbacks)}")
    names = [f'    "{name}": {name},' for name in reader.structs]
    yield "\n\n#: By the name in C.\nSTRUCTS: dict[str, type[Structure]] = {\n" + "\n".join(names) + "\n}"


def write_functions(reader):
    yield "\n\nclass Functions:"
    yield '    """The functions of a loaded library, with their types. `check` is called with what each fallible one returned."""\n'
    for _, name, _ in reader.functions:
        yield f"    {name}: Callable[..., Any]"
    yield "\n    def __init__(self, library: CDLL, check: Callable[..., Any]) -> None:"
    yield "        def bind(name: str, result: Any, *arguments: Any) -> None:"
    yield "            function = getattr(library, name)"
    yield "            function.argtypes, function.restype = arguments, c_int32 if result is status else result"
    yield "            if result is status:"
    yield "                function.errcheck = check"
    yield "            setattr(self, name, function)"
    yield "\n        error, status = POINTER(POINTER(cascade_error)), object()"
    for result, name, arguments in reader.functions:
        types = reader.argument_types(arguments)
        types = ["error" if kind == "POINTER(POINTER(cascade_error))" else WHOLE.get(kind, kind) for kind in types]
        checked = result == "cascade_status" and name != "cascade_error_create"  # which returns the failure that it was given
        yield fold(f'        bind("{name}", ', ["status" if checked else reader.type_of(result)] + types, 13)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("headers", nargs="+")
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args()
    reader = Reader(given.headers)
    text = TITLE + "\n".join([*write_enums(reader), *write_structs(reader), *write_functions(reader)]) + "\n"
    if not given.check:
        TARGET.write_text(text)
        return
    before = TARGET.read_text()
    if text != before:
        lines = before.splitlines(True), text.splitlines(True)
        sys.stdout.writelines(difflib.unified_diff(*lines, "as checked in", "as it should be"))
        sys.exit("run bindings/python/generate.py")
    print(f"{len(reader.functions)} functions, {len(reader.structs)} structs, {len(reader.enums)} enumerations")


main()

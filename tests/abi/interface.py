"""What the public headers declare, read from their text. Used by the tests beside it."""

import pathlib
import re


def headers(*folders):
    """The public headers: path by name as a program includes it, such as "cascade/graph.h"."""
    found = {}
    for folder in map(pathlib.Path, folders):
        for path in sorted(folder.rglob("*.h")):
            found[path.relative_to(folder).as_posix()] = path
    if "cascade.h" not in found or "cascade/version.h" not in found:
        raise SystemExit("the headers are not all in " + " ".join(folders))
    return found


def code(text):
    """Text without comments and preprocessor lines."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    text = re.sub(r"^\s*#.*$", "", text, flags=re.M)
    return re.sub(r'extern "C" \{(.*)\}', r"\1", text, flags=re.S)


def all_code(found):
    return "\n".join(code(path.read_text()) for path in found.values())


def functions(text):
    """Names of the exported functions. Every prototype must carry CASCADE_API."""
    exported = re.findall(r"CASCADE_API[^;(]*?\b(cascade_\w+)\s*\(", text)
    outside = re.sub(r"\{[^{}]*\}", "", text)
    prototypes = re.findall(r"(?<!\(\*)\b(cascade_\w+)\s*\(", outside)
    if sorted(exported) != sorted(prototypes) or len(set(exported)) != len(exported):
        raise SystemExit("declared without CASCADE_API, or twice: " + str(set(prototypes) ^ set(exported)))
    return set(exported)


def enums(text):
    """Constants of each enum: {"cascade_rule": ["CASCADE_RULE_DEFAULT", ...]}."""
    found = {}
    for name, body in re.findall(r"\benum\s+(\w+)\s*\{([^}]*)\}", text):
        found[name] = re.findall(r"(\w+)\s*=", body)
        if len(found[name]) != len([part for part in body.split(",") if part.strip()]):
            raise SystemExit("enum " + name + ": every constant needs its number")
    if len(found) != len(re.findall(r"\benum\b", text)):
        raise SystemExit("an enum is without a name, or is used as a type")
    return found


def structs(text):
    """Members of each struct that is defined: {"cascade_value": ["type", ...]}."""
    found = {}
    for name, body in re.findall(r"typedef struct (\w+)\s*\{([^}]*)\}\s*\1;", text):
        found[name] = []
        for member in filter(None, map(str.strip, body.split(";"))):
            pointer = re.search(r"\(\*(\w+)\)\s*\(", member)
            found[name].append(pointer[1] if pointer else re.search(r"(\w+)$", member)[1])
    if len(found) != len(re.findall(r"\bstruct\s+\w*\s*\{", text)):
        raise SystemExit("a struct is not defined as `typedef struct name {...} name;`")
    return found


def examples(text):
    """The examples in the comments of a header."""
    found = re.findall(r"@code\{\.c\}\n(.*?)@endcode", text, flags=re.S)
    return [re.sub(r"^ \* ?", "", example, flags=re.M) for example in found]

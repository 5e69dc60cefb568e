"""The package as a whole against the library: nothing is left out, layouts agree, types are checked, the first page works."""

import ctypes
import enum
import os
import pathlib
import re
import subprocess
import sys

import libcascade
from libcascade import _abi
from libcascade._calls import lib

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGE = pathlib.Path(libcascade.__file__).parent
#: What the package has no use for, and why.
UNUSED = {
    "cascade_graph_ref": "objects of Python are counted by Python",
    "cascade_policy_ref": "objects of Python are counted by Python",
    "cascade_policy_graph": "a Policy knows its Graph",
    "cascade_rule_name": "Rule has names",
    "cascade_error_status": "the call has returned it",
    "cascade_constant": "the constants are in _abi.py",
    "cascade_constant_name": "the constants are in _abi.py",
    "cascade_version": "asked by the loader",
    "cascade_version_string": "asked by the loader",
}


def exported():
    text = (ROOT / "lib/libcascade.map").read_text()
    return set(re.findall(r"^\s*(cascade_\w+);", text, flags=re.M))


def sources():
    return "\n".join(path.read_text() for path in PACKAGE.rglob("*.py") if path.name != "_abi.py")


def test_every_function_of_the_library_is_declared():
    assert exported() == {name for name in vars(lib) if name.startswith("cascade_")}


def test_every_function_of_the_library_is_in_use():
    used = set(re.findall(r"\blib\.(cascade_\w+)", sources()))
    assert exported() - used == set(UNUSED)


def test_every_enumeration_is_public():
    missing = [name for name, kind in _abi.ENUMS.items()
               if getattr(libcascade, kind.__name__, None) is not kind and kind.__name__ not in ("ValueType", "Capability")]
    assert not missing


def test_constants_are_those_of_the_loaded_library():
    known = {}
    position = 0
    while (name := lib.cascade_constant_name(position)) is not None:
        value = ctypes.c_int64()
        lib.cascade_constant(name, ctypes.byref(value))
        known[name.decode()] = value.value
        position += 1
    ours = sorted(int(value) for kind in _abi.ENUMS.values() for value in kind.__members__.values())
    ours += [_abi.DRIVER_ABI, _abi.VERSION]
    assert sorted(ours) == sorted(known.values())
    assert known["CASCADE_RULE_DETACH"] == _abi.Rule.DETACH and known["CASCADE_VERSION"] == _abi.VERSION


def test_layouts_are_those_on_record():
    found = {}
    for line in (ROOT / "tests/abi/layout.txt").read_text().splitlines():
        if struct := re.fullmatch(r"(cascade_\w+) (\d+)", line):
            members = found[struct[1]] = (int(struct[2]), {})
        elif member := re.fullmatch(r"  (\w+) at (\d+), (\d+)", line):
            members[1][member[1]] = (int(member[2]), int(member[3]))
    assert set(found) == set(_abi.STRUCTS)
    for name, struct in _abi.STRUCTS.items():
        layout = {field: (getattr(struct, field).offset, getattr(struct, field).size) for field, _ in struct._fields_}
        assert (ctypes.sizeof(struct), layout) == found[name], name


def test_every_failure_has_an_exception():
    statuses = {int(status) for status in libcascade.Status if status < 0}
    assert set(libcascade.errors.BY_STATUS) == statuses
    for status, kind in libcascade.errors.BY_STATUS.items():
        assert kind.status == status and issubclass(kind, libcascade.Error) and getattr(libcascade, kind.__name__) is kind


def test_handles_are_of_types_of_their_own():
    graph = ctypes.POINTER(_abi.cascade_graph)()
    for function in (lib.cascade_policy_free, lib.cascade_connection_free):
        try:
            function(graph)
        except ctypes.ArgumentError:
            continue
        raise AssertionError(function)


def test_types_are_checked():
    done = subprocess.run([sys.executable, "-m", "mypy", "--config-file", ROOT / "bindings/python/pyproject.toml", "--cache-dir",
                           os.devnull, PACKAGE], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_first_page_works(tmp_path):
    """Every example of the package's README, one after the other, in a fresh directory."""
    blocks = re.findall(r"^```python\n(.*?)^```", (ROOT / "bindings/python/README.md").read_text(), flags=re.S | re.M)
    assert len(blocks) >= 3
    done = subprocess.run([sys.executable, "-c", "\n".join(blocks)], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0 and not done.stderr, done.stderr
    said = re.findall(r"^```text\n(.*?)^```", (ROOT / "bindings/python/README.md").read_text(), flags=re.S | re.M)
    assert done.stdout == "".join(said)


def test_enumerations_print_by_name():
    assert isinstance(libcascade.Rule.PROTECT, enum.IntEnum) and libcascade.Rule(2).name == "PROTECT"

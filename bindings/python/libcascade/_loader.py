"""Finds the shared library. Loads it when it is first needed, once for the process."""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import pathlib
from typing import Iterator, List, Tuple

from . import _abi

SONAME = "libcascade.so.0"


def _places() -> Iterator[Tuple[str, str]]:
    """What to load, and how it came to be looked for. An empty name would be the process itself, and is never given."""
    named = os.environ.get("LIBCASCADE_PATH", "").strip()
    if named:
        yield named, "LIBCASCADE_PATH"
        return
    bundled = pathlib.Path(__file__).resolve().parent / SONAME
    if bundled.exists():
        yield str(bundled), "in the package"
    yield SONAME, "the system's libraries"
    found = ctypes.util.find_library("cascade")
    if found and found != SONAME:
        yield found, "find_library"


def _version(library: ctypes.CDLL) -> str:
    """Its version; raises ImportError when this package cannot work with it."""
    try:
        number, text = library.cascade_version, library.cascade_version_string
    except AttributeError:
        raise ImportError("is not libcascade: it has no cascade_version()") from None
    number.argtypes, number.restype = [], ctypes.c_uint32
    text.argtypes, text.restype = [], ctypes.c_char_p
    loaded = text().decode("ascii", "replace")
    if number() // 1000 != _abi.VERSION // 1000:
        raise ImportError(f"is libcascade {loaded}, but this package is for {_abi.VERSION_STRING}: install the two of one version")
    return str(loaded)


def load() -> ctypes.CDLL:
    """The library, checked. An ImportError lists what was tried."""
    tried: List[str] = []
    for name, how in _places():
        try:
            library = ctypes.CDLL(name)
            _version(library)
        except (OSError, ImportError) as failure:
            tried.append(f"{name} ({how}): {failure}")
            continue
        return library
    raise ImportError("the shared library of libcascade was not found; install libcascade, or name the file in the environment "
                      "variable LIBCASCADE_PATH. Tried:\n  " + "\n  ".join(tried))

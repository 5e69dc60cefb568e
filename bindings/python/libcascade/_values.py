"""Values and keys between Python and the library."""

from __future__ import annotations

import array
import ctypes
import datetime
import decimal
import struct
import uuid
import weakref
from collections import namedtuple
from collections.abc import Sequence as SequenceType
from typing import Any, Iterable, Iterator, List, Optional, Sequence, Tuple, Type, TypeVar, Union, overload

from ._abi import ValueType, cascade_keys, cascade_value

#: What a value of the database is in Python. Texts that are not UTF-8 have the bytes at fault as surrogates.
Value = Union[None, int, float, str, bytes, decimal.Decimal]
#: A key of one column is its value; of several, a tuple.
Key = Union[Value, Tuple[Value, ...]]

NULL, INT64, UINT64, DOUBLE, TEXT, BLOB, DECIMAL = (int(ValueType[name]) for name in (
    "NULL", "INT64", "UINT64", "DOUBLE", "TEXT", "BLOB", "DECIMAL"))
#: The members of a cascade_value, as struct has them.
CELL = "iiqdQQ"
CELL_SIZE = struct.calcsize(CELL)
assert CELL_SIZE == ctypes.sizeof(cascade_value)
_LOWEST, _HIGHEST, _RANGE = -(1 << 63), (1 << 63) - 1, 1 << 64


Made = TypeVar("Made")


def _plain(value: Any) -> Tuple[int, int, float, Optional[bytes]]:
    """Type, integer, real and bytes of a value."""
    if value is None:
        return NULL, 0, 0.0, None
    if isinstance(value, int):
        if _LOWEST <= value <= _HIGHEST:
            return INT64, int(value), 0.0, None
        if 0 < value < _RANGE:
            return UINT64, value - _RANGE, 0.0, None
        return DECIMAL, 0, 0.0, str(value).encode()
    if isinstance(value, str):
        return TEXT, 0, 0.0, value.encode("utf-8", "surrogateescape")
    if isinstance(value, float):
        return DOUBLE, 0, value, None
    if isinstance(value, (bytes, bytearray, memoryview)):
        return BLOB, 0, 0.0, bytes(value)
    if isinstance(value, decimal.Decimal):
        return DECIMAL, 0, 0.0, format(value, "f").encode()
    if isinstance(value, datetime.datetime):
        return TEXT, 0, 0.0, value.isoformat(" ").encode()
    if isinstance(value, (datetime.date, datetime.time)):
        return TEXT, 0, 0.0, value.isoformat().encode()
    if isinstance(value, uuid.UUID):
        return TEXT, 0, 0.0, str(value).encode()
    if hasattr(value, "__index__"):
        return _plain(value.__index__())
    raise TypeError(f"{type(value).__name__} {value!r} is no value of a database; give it as an integer, a text or bytes")


class Cells:
    """Values as the library takes them. `pointer` lives as long as this."""

    def __init__(self, values: Iterable[Any]) -> None:
        flat: List[Any] = []
        parts: List[bytes] = []
        places: List[int] = []
        offset = count = 0
        for value in values:
            kind, integer, real, data = _plain(value)
            count += 1
            if data is None:
                flat += (kind, 0, integer, real, 0, 0)
                continue
            places.append(len(flat) + 4)
            flat += (kind, 0, integer, real, offset, len(data))
            parts.append(data)
            offset += len(data)
        self.count = count
        self._bytes = b"".join(parts)
        base = ctypes.cast(ctypes.c_char_p(self._bytes), ctypes.c_void_p).value or 0
        for place in places:
            flat[place] += base
        self._buffer = ctypes.create_string_buffer(struct.pack(CELL * count, *flat), max(count * CELL_SIZE, 1))
        self.pointer = ctypes.cast(self._buffer, ctypes.POINTER(cascade_value)) if count else None


def _decode(kind: int, integer: int, real: float, data: int, length: int) -> Value:
    if kind == INT64:
        return integer
    if kind == NULL:
        return None
    if kind == UINT64:
        return integer % _RANGE
    if kind == DOUBLE:
        return real
    found = ctypes.string_at(data, length) if length else b""
    if kind == BLOB:
        return found
    text = found.decode("utf-8", "surrogateescape")
    return decimal.Decimal(text) if kind == DECIMAL else text


def read_cells(cells: Any, count: int) -> List[Value]:
    """Values that the library has given, copied."""
    if not cells or not count:
        return []
    raw = ctypes.string_at(cells, count * CELL_SIZE)
    return [_decode(kind, integer, real, data, length) for kind, _, integer, real, data, length in struct.iter_unpack(CELL, raw)]


_named: Any = namedtuple  # of members that are known only at run time


class Members:
    """Reads all members of a struct of the library at once, pointers as addresses: one by one they are several times as dear."""

    def __init__(self, kind: Type[ctypes.Structure]) -> None:
        codes = [getattr(member[1], "_type_", "P") for member in kind._fields_]
        self._struct = struct.Struct("".join(code if isinstance(code, str) and code not in "zZ" else "P" for code in codes))
        self._made = _named(kind.__name__, [member[0] for member in kind._fields_])
        assert self._struct.size <= ctypes.sizeof(kind)

    def at(self, place: Any) -> Any:
        """The members of the struct at a pointer or address, by their names."""
        return self._made._make(self._struct.unpack(ctypes.string_at(place, self._struct.size)))


def make(kind: Type[Made], /, **members: Any) -> Made:
    """A frozen dataclass with all its members. Its constructor sets one after the other, which takes four times as long."""
    made = object.__new__(kind)
    made.__dict__.update(members)
    return made


def names(pointer: Any, count: int) -> Tuple[str, ...]:
    """An array of texts."""
    return tuple(pointer[i].decode("utf-8", "replace") for i in range(count)) if pointer else ()


_KEYS = Members(cascade_keys)


def copied_keys(place: Any) -> Sequence[Key]:
    """A copy of the cascade_keys at a pointer or address."""
    found = _KEYS.at(place)
    return _copied(found.count, found.column_count, found.integers, found.cells)


def _copied(count: int, width: int, integers: Optional[int], cells: Optional[int]) -> Sequence[Any]:
    if integers or not count and width == 1:
        return array.array("q", ctypes.string_at(integers, count * 8) if integers else b"")
    flat: List[Any] = read_cells(cells, count * width)
    return flat if width == 1 else [tuple(flat[at:at + width]) for at in range(0, len(flat), width)]


_NO_INTEGERS = "these keys are not of one integer column: iterate over them"


class Keys(SequenceType):  # type: ignore[type-arg]
    """Keys of a table: a sequence of values, or of tuples where a key has several columns.

    Keys of one integer column are not copied as long as the library keeps them: `view` is a memoryview of 64-bit integers over its
    own memory, for ``numpy.asarray(keys.view)`` say. What is still wanted when the library moves on is copied then. A view that is
    in use by somebody else at that time is a BufferError: take `array`, which is a copy of one's own.
    """

    def __init__(self, place: Any, owner: object, lent: List[weakref.ref[Any]]) -> None:
        found = _KEYS.at(place)
        self._count: int = found.count
        self._width: int = found.column_count
        self._names: Optional[int] = found.columns
        self._columns: Optional[Tuple[str, ...]] = None
        #: Where they are as long as the library keeps them, and what has to live so long; `lent` is told of views.
        self._integers: Optional[int] = found.integers
        self._cells: Optional[int] = found.cells
        self._owner, self._lent = owner, lent
        self._view: Optional[memoryview] = None
        self._items: Optional[Sequence[Any]] = None
        if not self._count:
            self._items = _copied(0, self._width, None, None)

    @property
    def columns(self) -> Tuple[str, ...]:
        """Names of the columns."""
        if self._columns is None:
            self._columns = names(ctypes.cast(self._names or 0, ctypes.POINTER(ctypes.c_char_p)), self._width)
        return self._columns

    def _detach(self) -> None:
        """The library takes its memory back."""
        self._columns, self._names = self.columns, None
        self._get()
        self._integers = self._cells = self._owner = None
        view, self._view = self._view, None
        if view is not None:
            view.release()

    def _get(self) -> Sequence[Any]:
        if self._items is None:
            self._items = _copied(self._count, self._width, self._integers, self._cells)
        return self._items

    @property
    def is_integers(self) -> bool:
        """Whether each key is one integer, so that there are `view` and `array`."""
        return bool(self._integers) or isinstance(self._items, array.array)

    @property
    def view(self) -> memoryview:
        """The integers, without copying."""
        if self._integers:
            if self._view is None:
                memory: Any = (ctypes.c_int64 * self._count).from_address(self._integers)
                memory.owner = self._owner  # whoever holds a view of it holds what frees it
                self._lent.append(weakref.ref(memory))
                self._view = memoryview(memory).cast("B").cast("q")
            return self._view
        if not isinstance(self._items, array.array):
            raise TypeError(_NO_INTEGERS)
        return memoryview(self._items)

    @property
    def array(self) -> array.array[int]:
        """The integers, as a copy."""
        if not self.is_integers:
            raise TypeError(_NO_INTEGERS)
        return array.array("q", self._get())

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, at: int) -> Key: ...

    @overload
    def __getitem__(self, at: slice) -> List[Key]: ...

    def __getitem__(self, at: Union[int, slice]) -> Any:
        found = self._get()[at]
        return list(found) if isinstance(at, slice) else found

    def __iter__(self) -> Iterator[Key]:
        return iter(self._get())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, (Keys, list, tuple)):
            return NotImplemented
        return len(self) == len(other) and all(a == b for a, b in zip(self, other))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        shown = ", ".join(repr(key) for key in self[:8]) + (", ..." if self._count > 8 else "")
        return f"<{self._count} keys ({', '.join(self.columns)}): {shown}>"


class Loans:
    """Keys in memory that the library takes back when it moves on."""

    def __init__(self) -> None:
        self._keys: List[weakref.ref[Keys]] = []
        self._memories: List[weakref.ref[Any]] = []

    def lend(self, place: Any, owner: object) -> Keys:
        """The cascade_keys at a pointer or address."""
        made = Keys(place, owner, self._memories)
        self._keys.append(weakref.ref(made))
        return made

    def recall(self) -> None:
        """Copies what is still wanted. A BufferError when the memory itself is."""
        while self._keys:
            keys = self._keys[-1]()
            if keys is not None:
                keys._detach()
            self._keys.pop()
        if any(memory() is not None for memory in self._memories):
            raise BufferError("a view of the last keys is still in use: let it go first, or take the keys' `array`")
        self._memories.clear()


def integers_of(keys: Any) -> Optional[Any]:
    """A ctypes array of the keys when they are integers of 64 bits; over the buffer that they are in, if they are in one."""
    try:
        view = memoryview(keys)
    except TypeError:
        pass
    else:
        if view.ndim != 1 or isinstance(keys, (bytes, bytearray)):
            return None
        if view.format in ("q", "l") and view.itemsize == 8 and view.c_contiguous:
            kind = ctypes.c_int64 * len(view)
            return kind.from_buffer_copy(view) if view.readonly else kind.from_buffer(view)
        keys = view.tolist()
    try:
        made = array.array("q", keys)
    except (TypeError, OverflowError):
        return None
    return (ctypes.c_int64 * len(made)).from_buffer(made)

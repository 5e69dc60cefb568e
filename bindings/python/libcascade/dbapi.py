"""The library on a DB-API connection of the host, in the host's transaction.

    connection = psycopg2.connect(...)
    with libcascade.Connection.over(connection) as db:
        ...
    connection.commit()

A connection that commits by itself (``autocommit = True``; for sqlite3 ``isolation_level=None``) leaves transactions to the
library, which deletes in short ones. In every other, and inside a transaction, what the library does is part of the host's
transaction: it works between savepoints, and the host commits or rolls back.

A framework that wraps cursors gives the connection that is wrapped, and its own way to a cursor. For Django:

    django_connection.ensure_connection()
    Connection.over(django_connection.connection, cursor=django_connection.cursor)

Statements then go through Django's cursors, so that its query log, ``assertNumQueries()`` and wrappers see them, and failures
that it has translated are understood too (by their ``__cause__``).
"""

from __future__ import annotations

import ctypes
import itertools
import struct
import sys
from array import array
from ctypes import CFUNCTYPE, POINTER, byref, c_int32, c_int64, c_uint32, c_void_p
from typing import Any, Callable, Dict, Iterable, List, Optional, Sequence, Tuple, Union

from . import _abi
from ._abi import DRIVER_ABI, Capability, Status, TransactionState, ValueType
from ._calls import Guard, carried, carry, failure, lib, working
from ._engines import Engine, Failed, Refused, engine_of, first_word
from ._placeholders import Placeholders
from ._values import BLOB, CELL, CELL_SIZE, DOUBLE, INT64, NULL, TEXT, UINT64

_OUT = POINTER(_abi.cascade_connection)
#: A value is so many words of 64 bits: type and reserved, integer, real, data, length.
_WORDS = CELL_SIZE // 8
_LOWEST, _HIGHEST = -(1 << 63), (1 << 63) - 1
_BYTES = (bytes, bytearray, memoryview)
#: Type, integer, real and bytes of one value.
_Cell = Tuple[int, int, float, bytes]


class Session:
    """What the driver keeps of one connection.

    `engine` ("sqlite", "postgresql", "mariadb") is needed only for a connection of a module that is not known. `cursor` makes a
    DB-API cursor, or a wrapper of one that has execute(sql, params), fetchmany() and close(), gives tuples, and, as a `paramstyle`,
    takes ``%s`` ("format") and for PostgreSQL ``%(name)s`` ("pyformat"), or what is given. `in_transaction` says whether the host's
    COMMIT decides about what runs now; without it, the connection is looked at.
    """

    def __init__(self, connection: Any, *, engine: Optional[str] = None, cursor: Optional[Callable[[], Any]] = None,
                 paramstyle: Optional[str] = None, in_transaction: Optional[Callable[[], bool]] = None) -> None:
        self.engine: Engine = engine_of(connection, engine)
        self._cursor = cursor or self.engine.cursor
        self.hosted = in_transaction or self.engine.hosted
        self.engine.prepare(self._ask)
        if in_transaction is None and not self.engine.knows_transactions:
            raise ValueError("this connection cannot say whether it is in a transaction: give `in_transaction`")
        if paramstyle is None:
            paramstyle = {"sqlite": "format" if cursor else "qmark", "postgresql": "pyformat"}.get(self.engine.name, "format")
        if paramstyle not in ("qmark", "format", "pyformat"):
            raise ValueError(f"paramstyle {paramstyle!r} is not known: there are qmark, format and pyformat")
        self._placeholders = Placeholders(self.engine.quoting, paramstyle)
        self._texts = (self.engine.name.encode(), self.engine.version.encode("utf-8", "replace"))
        self._sql, self._word, self._was_active = "", "", False
        #: Whether the host was asked for its transaction, and has failed to answer.
        self.unsure = False

    def _ask(self, sql: str) -> Any:
        cursor = self.engine.cursor()
        try:
            cursor.execute(sql)
            return cursor.fetchone()
        finally:
            cursor.close()

    def capabilities(self, to: _abi.cascade_capabilities) -> None:
        to.engine, to.version = self._texts
        to.flags = int(self.engine.flags)
        to.max_parameters = self.engine.max_parameters

    def _run(self, statement: _abi.cascade_statement) -> Any:
        """Executes it; gives the cursor."""
        engine = self.engine
        engine.stopped = False
        if self.unsure:  # a COMMIT might be the host's own, or a statement be committed alone
            self.unsure = False
            raise Refused(Status.INVALID, "the host could not say whether it is in a transaction")
        sql = (statement.sql or b"").decode("utf-8", "surrogateescape")
        self._word = word = first_word(sql)
        self._was_active = engine.was_active()
        values: Sequence[Any] = ()
        forms: Tuple[str, ...] = ()
        if statement.parameter_count:
            values, forms = engine.values(_read(statement.parameters, statement.parameter_count))
            if not any(form != "{}" for form in forms):
                forms = ()
        self._sql = sql
        sql, arguments = self._placeholders.rewrite(sql, values, forms)
        engine.before(word)
        cursor = self._cursor()
        try:
            if arguments is None:
                cursor.execute(sql)
            else:
                cursor.execute(sql, arguments)
        except BaseException:
            cursor.close()
            raise
        return cursor

    def execute(self, statement: _abi.cascade_statement) -> int:
        cursor = self._run(statement)
        try:
            self.engine.check(cursor, self._sql, self._word)
            return self.engine.affected(cursor, self._word)
        finally:
            cursor.close()

    def query(self, statement: _abi.cascade_statement) -> int:
        types = statement.column_types[:statement.column_count]
        number = next(_numbers)
        made = _TextResult if self.engine.flags & Capability.TEXT_ROWS else _Result
        _results[number] = made(self._run(statement), types, self.engine.label)
        return number

    def cancel(self) -> None:
        self.engine.stopped = True
        self.engine.cancel()

    def explain(self, exception: BaseException) -> Optional[Failed]:
        """What a failure means; None for one that is not the database's."""
        if isinstance(exception, Refused):
            return Failed(exception.status, str(exception), TransactionState.NONE)
        seen: Optional[BaseException] = exception
        for _ in range(3):
            if seen is None:
                break
            found = self.engine.failed(seen, self._word, self._was_active)
            if found is not None:
                return found
            seen = seen.__cause__
        if isinstance(exception, MemoryError):
            return Failed(Status.NOMEM, "out of memory", TransactionState.NONE)
        if isinstance(exception, UnicodeError):
            return Failed(Status.UNSUPPORTED, f"{self.engine.label}: a text cannot be sent in the connection's encoding: "
                          f"{exception}", TransactionState.NONE)
        return None


def _read(parameters: Any, count: int) -> List[Tuple[int, int, float, bytes]]:
    raw = ctypes.string_at(parameters, count * CELL_SIZE)
    return [(kind, integer, real, ctypes.string_at(data, length) if length and kind >= TEXT else b"")
            for kind, _, integer, real, data, length in struct.iter_unpack(CELL, raw)]


def _number(wanted: int, value: Union[int, str]) -> _Cell:
    number = int(value)
    if wanted == INT64 and _LOWEST <= number <= _HIGHEST:
        return INT64, number, 0.0, b""
    if wanted == UINT64 and 0 <= number < 1 << 64:
        return UINT64, number - (1 << 64) if number > _HIGHEST else number, 0.0, b""
    raise ValueError


def _bytes(value: Any) -> bytes:
    if not isinstance(value, _BYTES):  # bytes() of a number would be so many zeros
        raise TypeError
    return bytes(value)


def _kind_word(kind: int) -> int:
    """The type and the reserved member of a value, as one word of a block."""
    return kind if sys.byteorder == "little" else kind << 32


class _Result:
    """A query that is read: some rows at a time, in memory that the library reads until it asks for the next. The module gives
    integers, texts and bytes."""

    def __init__(self, cursor: Any, types: Sequence[int], label: str) -> None:
        self.cursor = cursor
        self._types, self._label = types, label
        self._only_integers = all(wanted == INT64 for wanted in types)
        self._block = array("q")
        self._parts: List[bytes] = []

    def fetch(self, limit: int, to: _abi.cascade_rows) -> bool:
        """The next rows, `limit` at most; False after the last."""
        rows = self.cursor.fetchmany(limit)
        if not rows:
            return False
        if self._only_integers and self._put_integers(rows):
            to.integers = ctypes.cast(self._block.buffer_info()[0], POINTER(c_int64))
        else:
            self._put_cells(rows)
            to.cells = ctypes.cast(self._block.buffer_info()[0], POINTER(_abi.cascade_value))
        to.count = len(rows)
        return True

    def _put_integers(self, rows: Sequence[Sequence[Any]]) -> bool:
        """Plain numbers; False when there are NULLs among them, or what is no number at all."""
        try:
            self._block = self._integers(list(itertools.chain.from_iterable(rows)))
        except (TypeError, ValueError, OverflowError):
            return False
        return len(self._block) == len(rows) * len(self._types)

    def _put_cells(self, rows: Sequence[Sequence[Any]]) -> None:
        """Values, decoded column by column into one block of memory."""
        block, step = array("q", bytes(len(rows) * len(self._types) * CELL_SIZE)), len(self._types) * _WORDS
        self._parts = []
        for at, (wanted, column) in enumerate(zip(self._types, zip(*rows))):
            first = at * _WORDS
            try:
                kind, column = self._typed(wanted, column)
                if kind == INT64:
                    block[first + 1::step] = self._integers(column)
                elif kind in (TEXT, BLOB):
                    self._put_bytes(block, first, step, *self._joined(kind, column))
                else:
                    raise TypeError
                block[first::step] = array("q", (_kind_word(kind),)) * len(rows)
            except (TypeError, ValueError, OverflowError, AttributeError):  # NULL among them, as bytes, of several types, or wrong
                self._put_slowly(block, first, step, at, [row[at] for row in rows])
        self._block = block

    def _put_bytes(self, block: array[int], first: int, step: int, joined: bytes, lengths: List[int]) -> None:
        self._parts.append(joined)
        base = ctypes.cast(ctypes.c_char_p(joined), c_void_p).value or 0
        block[first + 3::step] = array("q", itertools.accumulate(lengths[:-1], initial=base))
        block[first + 4::step] = array("q", lengths)

    def _put_slowly(self, block: array[int], first: int, step: int, at: int, column: Sequence[Any]) -> None:
        cells = [self._cell(self._types[at], value, at) for value in column]
        block[first::step] = array("q", (_kind_word(kind) for kind, _, _, _ in cells))
        block[first + 1::step] = array("q", (integer for _, integer, _, _ in cells))
        block[first + 2::step] = array("q", array("d", (real for _, _, real, _ in cells)).tobytes())
        parts = [data for _, _, _, data in cells]
        self._put_bytes(block, first, step, b"".join(parts), list(map(len, parts)))

    def _cell(self, wanted: int, value: Any, at: int) -> _Cell:
        if value is None:
            return NULL, 0, 0.0, b""
        try:
            return self._decode(wanted, value)
        except (ValueError, TypeError):
            raise Refused(Status.DATABASE, f"{self._label}: column {at + 1} of the result holds {value!r:.40} where "
                          f"{'an integer' if wanted in (INT64, UINT64) else 'text'} is wanted; the data does not fit its declared "
                          "type") from None

    # Of a column, with a ValueError or a TypeError when one by one has to be looked at; and of one value.

    def _typed(self, wanted: int, column: Sequence[Any]) -> Tuple[int, Sequence[Any]]:
        return wanted, column

    def _integers(self, column: Iterable[Any]) -> array[int]:
        return array("q", column)

    def _joined(self, kind: int, column: Sequence[Any]) -> Tuple[bytes, List[int]]:
        parts = [text.encode() for text in column] if kind == TEXT else list(map(_bytes, column))
        return b"".join(parts), list(map(len, parts))

    def _decode(self, wanted: int, value: Any) -> _Cell:
        if wanted in (INT64, UINT64) and isinstance(value, (int, str)):
            return _number(wanted, value)
        if wanted == TEXT and isinstance(value, str):
            return TEXT, 0, 0.0, value.encode("utf-8", "surrogateescape")
        if wanted == BLOB:
            return BLOB, 0, 0.0, _bytes(value)
        raise TypeError


class _TextResult(_Result):
    """The same, where every column comes as a text: see CASCADE_TEXT_ROWS."""

    def _typed(self, wanted: int, column: Sequence[Any]) -> Tuple[int, Sequence[Any]]:
        if wanted != ValueType.ANY:
            return wanted, column
        names, _, values = zip(*[text.partition(":") for text in column])
        (name,) = set(names)
        return {"integer": INT64, "text": TEXT, "blob": BLOB}.get(name, NULL), values

    def _integers(self, column: Iterable[Any]) -> array[int]:
        return array("q", map(int, column))

    def _joined(self, kind: int, column: Sequence[Any]) -> Tuple[bytes, List[int]]:
        return bytes.fromhex("".join(column)), [len(digits) // 2 for digits in column]

    def _decode(self, wanted: int, value: Any) -> _Cell:
        text = value if isinstance(value, str) else bytes(value).decode("ascii") if isinstance(value, _BYTES) else str(value)
        if wanted in (INT64, UINT64):
            return _number(wanted, text)
        if wanted in (TEXT, BLOB):
            return wanted, 0, 0.0, bytes.fromhex(text)
        if wanted == ValueType.ANY:
            return self._decode_any(*text.split(":", 1))
        raise TypeError

    @staticmethod
    def _decode_any(name: str, value: str) -> _Cell:
        if name == "integer":
            return INT64, int(value), 0.0, b""
        if name == "real":
            return DOUBLE, 0, float(bytes.fromhex(value)), b""
        if name == "null":
            return NULL, 0, 0.0, b""
        return TEXT if name == "text" else BLOB, 0, 0.0, bytes.fromhex(value)


#: Results that the library reads, until it closes them.
_results: Dict[int, _Result] = {}
_numbers = itertools.count(1)


def _report(session: Session, exception: BaseException, error: Optional[int]) -> int:
    """Makes the library's error of an exception."""
    found = session.explain(exception)
    if found is None:  # a KeyboardInterrupt, say: the call ends with it
        carry(exception)
        found = Failed(Status.CANCELLED, f"{type(exception).__name__} in the driver", TransactionState.NONE)
    else:
        carried.cause = exception if not isinstance(exception, Refused) else None
    details = _abi.cascade_error_details(status=int(found.status), transaction=int(found.transaction),
                                         native_code=found.native_code, sqlstate=found.sqlstate.encode() or None,
                                         message=found.message.encode("utf-8", "replace").replace(b"\0", b" "))
    place = ctypes.cast(error, POINTER(POINTER(_abi.cascade_error))) if error else None
    return int(lib.cascade_error_create(None, byref(details), place))


def _capabilities(number: int, to: Any, error: Optional[int]) -> int:
    session = working[number]
    try:
        session.capabilities(_abi.cascade_capabilities.from_address(to))
        return 0
    except BaseException as exception:
        return _report(session, exception, error)


def _execute(number: int, statement: int, affected: int, error: Optional[int]) -> int:
    session = working[number]
    try:
        ctypes.c_uint64.from_address(affected).value = session.execute(_abi.cascade_statement.from_address(statement))
        return 0
    except BaseException as exception:
        return _report(session, exception, error)


def _query(number: int, statement: int, cursor: int, error: Optional[int]) -> int:
    session = working[number]
    try:
        c_void_p.from_address(cursor).value = session.query(_abi.cascade_statement.from_address(statement))
        return 0
    except BaseException as exception:
        return _report(session, exception, error)


def _fetch(number: int, cursor: int, limit: int, rows: int, error: Optional[int]) -> int:
    try:
        return 0 if _results[cursor].fetch(limit, _abi.cascade_rows.from_address(rows)) else 1  # CASCADE_DONE
    except BaseException as exception:
        return _report(working[number], exception, error)


def _cursor_close(number: int, cursor: int) -> None:
    try:
        _results.pop(cursor).cursor.close()
    except Exception:
        pass  # the connection is lost; its next statement says so
    except BaseException as exception:
        carry(exception)


def _cancel(number: int) -> None:
    session = working.get(number)
    if session is not None:
        try:
            session.cancel()
        except Exception:
            pass  # nothing is left to be stopped


def _in_transaction(number: int) -> int:
    session = working[number]
    try:
        return int(bool(session.hosted()))
    except BaseException as exception:
        if session.explain(exception) is None:
            session.unsure = True
            carry(exception)
        return 0  # the next statement says what is wrong: the connection is lost, or nobody knows


def _operations() -> _abi.cascade_driver:
    """The table of the driver. Arguments come as addresses."""
    plain = CFUNCTYPE(c_int32, c_void_p, c_void_p, c_void_p, c_void_p)
    table = _abi.cascade_driver(abi_version=DRIVER_ABI, name=b"dbapi")

    def put(member: str, kind: Any, function: Any) -> None:
        _kept.append(function)
        setattr(table, member, ctypes.cast(function, kind))

    put("capabilities", _abi.cascade_driver_capabilities, CFUNCTYPE(c_int32, c_void_p, c_void_p, c_void_p)(_capabilities))
    put("execute", _abi.cascade_driver_execute, plain(_execute))
    put("query", _abi.cascade_driver_query, plain(_query))
    put("fetch", _abi.cascade_driver_fetch, CFUNCTYPE(c_int32, c_void_p, c_void_p, c_uint32, c_void_p, c_void_p)(_fetch))
    put("cursor_close", _abi.cascade_driver_cursor_close, CFUNCTYPE(None, c_void_p, c_void_p)(_cursor_close))
    put("cancel", _abi.cascade_driver_cancel, CFUNCTYPE(None, c_void_p)(_cancel))
    put("in_transaction", _abi.cascade_driver_in_transaction, CFUNCTYPE(c_int32, c_void_p)(_in_transaction))
    return table


_kept: List[Any] = []
_DRIVER = _operations()


def attach(session: Session, context: Any) -> Tuple[Any, Guard]:
    """A connection of the library over the session, which its guard holds."""
    out, guard = _OUT(), Guard(session)
    with guard:
        lib.cascade_connection_new(context, byref(_DRIVER), guard.number, None, byref(out), failure())
    return out, guard

"""Archives: rows are copied before they go, to tables or as lines of JSON, and go only when they have been."""

from __future__ import annotations

from ctypes import POINTER, byref
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable, Optional

from . import _abi
from ._abi import ArchiveEvent
from ._calls import Handle, carry, encode, encode_or_none, failure, lib, register, subject, text_of
from .graph import Policy

if TYPE_CHECKING:
    from .connection import Connection


@dataclass(frozen=True)
class ArchiveReport:
    """What an archive has taken: rows of batches that were committed; the length of its file; and the bytes of a torn last line,
    from a crash, that were cut off when that was opened."""

    rows: int
    bytes: int
    cut: int


#: Takes the lines of a batch (b"" with other events than LINES). What it raises rolls the batch back and ends the purge, and comes
#: out of it; False does the same with a HookError.
Write = Callable[[ArchiveEvent, bytes], Optional[bool]]


class _Callback:
    def __init__(self, write: Optional[Write]) -> None:
        self.write = write


def _write(number: Optional[int], event: int, lines: Optional[bytes], length: int) -> int:
    callback = subject(number)
    if callback is None:
        return 1
    try:
        return 1 if callback.write(ArchiveEvent(event), lines or b"") is False else 0
    except BaseException as exception:
        carry(exception)
        return 1


_WRITE = _abi.cascade_archive_write(_write)


class Archive(Handle):
    """Where purges copy every row to before it goes: give it as their `archive`. Made by Connection.archive().

    `file`: lines of JSON are appended to it. `write`: they are given to it. `suffix`, `schema`: tables of the same names with the
    suffix behind, in that schema; install() makes them. At least one of these. Inside a transaction of the host there can only be
    tables.
    """

    def __init__(self, connection: Connection, *, file: Optional[str] = None, write: Optional[Write] = None,
                 suffix: Optional[str] = None, schema: Optional[str] = None) -> None:
        self._callback, out = _Callback(write), POINTER(_abi.cascade_archive)()
        options = _abi.cascade_archive_options(file=encode_or_none(file), suffix=encode_or_none(suffix),
                                               schema=encode_or_none(schema), user_data=register(self._callback))
        if write is not None:
            options.write = _WRITE
        with connection._session:
            lib.cascade_archive_new(connection._context._pointer, byref(options), byref(out), failure())
        super().__init__(out, lib.cascade_archive_free, connection._session)
        self._connection = connection

    def install(self, policy: Policy, table: str) -> None:
        """Makes the tables that are missing for `table` and all from which its purge deletes, and adds columns that these have been
        given since."""
        with self._connection._session:
            lib.cascade_archive_install(self._pointer, self._connection._pointer, policy._pointer, encode(table), failure())

    def ddl(self, policy: Policy, table: str) -> str:
        """The statements that install() would run, for the host's own migration; "" when nothing is missing."""
        with self._connection._session:
            return text_of(lib.cascade_archive_ddl, self._pointer, self._connection._pointer, policy._pointer, encode(table))

    def report(self) -> ArchiveReport:
        """What was archived so far."""
        info = _abi.cascade_archive_report()
        with self._connection._session:
            lib.cascade_archive_describe(self._pointer, byref(info))
        return ArchiveReport(info.rows, info.bytes, info.cut)

"""Back-fill: rows of a table made from what other tables, or the host, say; range by range, to be taken up again at any time."""

from __future__ import annotations

import itertools
from ctypes import POINTER, byref, c_void_p
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Iterable, Iterator, Mapping, Optional, Sequence, Tuple

from . import _abi
from ._abi import Allow, FillMode, Status
from ._calls import Handle, carry, encode, encode_or_none, failure, lib, register, subject, text_of
from ._values import Cells, Value, read_cells
from .graph import Graph, NamesOrName, _Arrays
from .throttle import Throttle, paced

if TYPE_CHECKING:
    from .connection import Connection


@dataclass(frozen=True)
class Range:
    """A committed range, and where the fill stands. `after` and `upto` are values of the range column; where that is not one of
    integers, `after` of the first range is None. `permille` is None when the rows are streamed."""

    number: int
    after: Value
    upto: Value
    rows: int
    inserted: int
    updated: int
    skipped: int
    total_inserted: int
    total_updated: int
    total_skipped: int
    nanoseconds: int
    retries: int
    permille: Optional[int]


@dataclass(frozen=True)
class FillReport:
    """What a fill did, those parts included that came before a resume."""

    finished: bool
    permille: Optional[int]
    ranges: int
    inserted: int
    updated: int
    skipped: int
    retries: int
    longest_ns: int


class _Stream:
    def __init__(self, rows: Iterable[Sequence[Value]], width: int) -> None:
        self.rows, self.width = iter(rows), width
        self.cells = Cells(())

    def check(self, row: Any) -> Tuple[Value, ...]:
        """A row as a tuple. The values of a text would be its characters, those of a mapping its keys."""
        if isinstance(row, (str, bytes, Mapping)):
            raise TypeError(f"a row is a sequence of values, and not a {type(row).__name__}: {row!r:.80}")
        values = tuple(row)
        if len(values) != self.width:
            raise ValueError(f"a row of {len(values)} values was given for {self.width} columns: {values!r:.80}")
        return values


def _give_rows(number: Optional[int], wanted: int, cells: Any, rows: Any) -> int:
    stream = subject(number)
    if stream is None:
        return 1
    try:
        taken = [stream.check(row) for row in itertools.islice(stream.rows, wanted)]
        stream.cells = Cells(value for row in taken for value in row)
        cells[0], rows[0] = stream.cells.pointer or POINTER(_abi.cascade_value)(), len(taken)
        return 0
    except BaseException as exception:
        carry(exception)
        return 1


_GIVE_ROWS = _abi.cascade_fill_rows(_give_rows)


class Fill(Handle):
    """A fill that is under way: give it sources by select() or stream(), then iterate, or run(). Made by Connection.fill().

    `columns` are those that the sources give, in their order; `key`, of these, tells rows apart; `range` is the column of the key
    in whose ranges the work goes. The other options are those of the C interface.
    """

    def __init__(self, connection: Connection, graph: Graph, table: str, columns: NamesOrName, key: NamesOrName, *,
                 range: Optional[str] = None, mode: FillMode = FillMode.INSERT, allow: Allow = Allow(0), dry_run: bool = False,
                 batch_ms: int = 0, max_tx_rows: int = 0, time_budget_ms: int = 0, row_budget: int = 0, token: Optional[str] = None,
                 checkpoint_table: Optional[str] = None, job: Optional[str] = None, throttle: Optional[Throttle] = None) -> None:
        arrays, out = _Arrays(), POINTER(_abi.cascade_fill)()
        names, self._width = arrays.texts(columns)
        keys, key_count = arrays.texts(key)
        target = _abi.cascade_fill_target(table=encode(table), columns=names, column_count=self._width, key=keys,
                                          key_count=key_count, range=encode_or_none(range))
        options = _abi.cascade_fill_options(
            mode=int(mode), allow=int(allow), dry_run=int(dry_run), batch_ms=batch_ms, max_tx_rows=max_tx_rows,
            time_budget_ms=time_budget_ms, row_budget=row_budget, token=encode_or_none(token),
            checkpoint_table=encode_or_none(checkpoint_table), job=encode_or_none(job))
        if throttle is not None:
            options.throttle = throttle._pointer
        self._session = paced(connection, throttle)
        with self._session:
            lib.cascade_fill_new(connection._pointer, graph._pointer, byref(target), byref(options), byref(out), failure())
        super().__init__(out, lib.cascade_fill_free, connection._session)
        self._connection, self._throttle = connection, throttle

    def select(self, sql: str, parameters: Iterable[Any] = ()) -> Fill:
        """Adds a source: a SELECT. Trusted: foreign values belong into `parameters`, one for each ``?``."""
        cells = Cells(parameters)
        with self._connection._session:
            lib.cascade_fill_select(self._pointer, encode(sql), cells.pointer, cells.count, failure())
        return self

    def stream(self, rows: Iterable[Sequence[Value]]) -> Fill:
        """Makes an iterable of rows the source, best in the order of the key. What it raises ends the fill."""
        stream = _Stream(rows, self._width)
        with self._connection._session:
            lib.cascade_fill_stream(self._pointer, _GIVE_ROWS, c_void_p(register(stream)), failure())
        self._stream = stream
        return self

    def __iter__(self) -> Iterator[Range]:
        return self

    def __next__(self) -> Range:
        found = POINTER(_abi.cascade_fill_range)()
        with self._session:
            if lib.cascade_fill_next(self._pointer, byref(found), failure()) == Status.DONE:
                raise StopIteration
            info = found.contents
            after: Value = info.after
            upto: Value = info.upto
            if info.upto_key:
                after, upto = (read_cells(key, 1)[0] if key else None for key in (info.after_key, info.upto_key))
            return Range(info.number, after, upto, info.rows, info.inserted, info.updated, info.skipped, info.total_inserted,
                         info.total_updated, info.total_skipped, info.nanoseconds, info.retries,
                         None if info.permille < 0 else info.permille)

    def run(self) -> FillReport:
        """Does all ranges, ends the fill, and says what was done."""
        for _ in self:
            pass
        report = self.report()
        self.close()
        return report

    def report(self) -> FillReport:
        """What was done so far."""
        info = _abi.cascade_fill_report()
        with self._connection._session:
            lib.cascade_fill_describe(self._pointer, byref(info))
        return FillReport(bool(info.finished), None if info.permille < 0 else info.permille, info.ranges, info.inserted,
                          info.updated, info.skipped, info.retries, info.longest_ns)

    def token(self) -> str:
        """Where the fill stands, for another one of the same target and sources to go on from."""
        with self._connection._session:
            return text_of(lib.cascade_fill_token, self._pointer)

    def cancel(self) -> None:
        """Stops it: the running or next range is rolled back and raises CancelledError. Any thread, and signal handlers."""
        self._signal(lib.cascade_fill_cancel)

"""The delete itself: set by set, in short transactions, to be stopped and taken up again at any time."""

from __future__ import annotations

from array import array
from ctypes import POINTER, byref, c_uint64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Tuple, Union

from . import _abi
from ._abi import Allow, Integrity
from ._calls import Handle, carry, encode_or_none, failure, lib, register, subject
from ._values import Keys, Loans, Value, names, read_cells
from .archive import Archive
from .graph import Graph, Policy, Selection, Table, _Arrays
from .plan import Plan
from .throttle import Throttle, paced

if TYPE_CHECKING:
    from .connection import Connection


@dataclass(frozen=True, eq=False)
class Deleted:
    """Rows of one table that one batch deletes, as a hook is told of them."""

    table: Table
    keys: Keys
    _hooks: _Hooks
    _turn: int
    _position: int

    @property
    def _purge(self) -> Any:
        if self._turn != self._hooks.turn:
            raise ValueError("this was for a hook that has ended")
        return self._hooks.purge

    def columns(self) -> List[Dict[str, Value]]:
        """The columns that the purge was made with, for each of the keys. Only while the hook runs."""
        found = _abi.cascade_row_columns()
        lib.cascade_purge_row_columns(self._purge, self._position, byref(found))
        labels, width = names(found.columns, found.column_count), int(found.column_count)
        cells = read_cells(found.cells, int(found.row_count) * width)
        return [dict(zip(labels, cells[at * width:(at + 1) * width])) for at in range(len(self.keys))]

    def veto(self, positions: Iterable[int]) -> None:
        """Keeps the rows of the keys at these positions, and what they refer to. Only in `before_batch`, while it runs."""
        rows = array("Q", positions)
        lib.cascade_purge_veto(self._purge, self._position, (c_uint64 * len(rows)).from_buffer(rows) if rows else None, len(rows))


@dataclass(frozen=True)
class Batch:
    """A committed batch, and where the purge stands. `roots_expected` is None when it is not known."""

    number: int
    deleted: int
    updated: int
    total_deleted: int
    total_updated: int
    roots_done: int
    roots_expected: Optional[int]
    nanoseconds: int
    retries: int
    table: Table


@dataclass(frozen=True)
class TableReport:
    """What a purge did to one table."""

    table: Table
    deleted: int
    updated: int
    vetoed: int
    kept: int


@dataclass(frozen=True)
class Report:
    """What a purge did. `finished` is False when a budget, a cancel or a failure ended it. A hook has kept `vetoed` rows, and with
    them stayed the `kept` ones."""

    finished: bool
    batches: int
    deleted: int
    updated: int
    retries: int
    longest_ns: int
    vetoed: int
    kept: int
    tables: List[TableReport]

    @property
    def deleted_by_table(self) -> Dict[str, int]:
        """Rows deleted, by the table's label."""
        return {each.table.label: each.deleted for each in self.tables if each.deleted}


#: A hook. What it raises ends the purge, and comes out of it; so does False. Before the COMMIT, that rolls the batch back.
Hook = Callable[[Sequence[Deleted]], Optional[bool]]


def _want(options: Any, columns: Mapping[str, Sequence[str]]) -> _Arrays:
    """Puts columns into options of C. What it gives has to live until they have been read."""
    arrays, wanted = _Arrays(), [(table, name) for table, of_table in columns.items() for name in of_table]
    options.column_tables, options.column_count = arrays.texts([table for table, _ in wanted])
    options.columns, _ = arrays.texts([name for _, name in wanted])
    return arrays


class _Hooks:
    """The hooks of a purge."""

    def __init__(self, graph: Optional[Graph], *functions: Optional[Hook]) -> None:
        self.graph, self.functions = graph, functions
        self.purge: Any = None
        #: Odd while a hook runs.
        self.turn = 0

    def give(self, options: Any, columns: Mapping[str, Sequence[str]]) -> _Arrays:
        """Puts hooks and columns into options of C. What it gives has to live until they have been read."""
        for member, function, call in zip(("before_batch", "after_batch", "after_commit"), self.functions, _HOOKS):
            if function is not None:
                setattr(options, member, call)
        options.hook_data = register(self)
        return _want(options, columns)

    def table(self, told: Any) -> Table:
        """Of what the library tells."""
        assert self.graph is not None
        return self.graph.table(told.table)

    def raised(self, exception: BaseException) -> None:
        """What a hook has raised comes out of the call that led to it."""
        carry(exception)

    def call(self, which: int, tables: Any, count: int) -> int:
        loans, function = Loans(), self.functions[which]
        self.turn += 1
        try:
            given = [Deleted(self.table(tables[i]), loans.lend(tables[i].keys, None), self, self.turn, i)
                     for i in range(count)]
            status = 1 if function is not None and function(given) is False else 0
        except BaseException as exception:
            status = 1
            try:
                lib.cascade_purge_blame(self.purge, None, repr(exception).encode("utf-8", "replace").replace(b"\0", b" "))
            finally:
                self.raised(exception)
        self.turn += 1
        try:
            loans.recall()
        except BaseException as exception:
            carry(exception)
            status = 1
        return status


def _trampoline(which: int) -> Any:
    def call(number: Optional[int], tables: Any, count: int) -> int:
        hooks = subject(number)
        return 1 if hooks is None else int(hooks.call(which, tables, count))
    return _abi.cascade_hook(call)


_HOOKS = [_trampoline(which) for which in range(3)]


class Purge(Handle):
    """A delete that is under way. Iterating gives a Batch after each COMMIT; run() goes to the end. Made by Connection.purge().

    Inside a transaction of the host, there is one batch, between savepoints, and the host commits.

    `allow` lifts refusals; `integrity` says who guarantees that no reference dangles; `max_rows` refuses a larger closure;
    `max_tx_rows`, `batch_ms` and `statement_timeout_ms` bound transactions and statements; `time_budget_ms` and `row_budget` end
    the purge early; `plan` is a Plan, or its fingerprint, that was approved.

    Hooks: `before_batch` runs inside each transaction before anything is deleted, and may veto rows; `after_batch` runs before the
    COMMIT, and may write in the same transaction through the host's connection; `after_commit` runs after it. `columns` names what
    they are told besides the keys: ``{"photo": ["path"]}``. A `throttle` makes it pause between batches. An
    `archive` takes a copy of every row before it goes. With `outbox`, keys of all rows, and the `columns`, are written to the
    outbox; with `actor` or `reason`, who deletes and why, to the audit.
    """

    def __init__(self, connection: Connection, policy: Policy, selection: Selection, *, allow: Allow = Allow(0),
                 integrity: Integrity = Integrity.CHECKED, max_rows: int = 0, max_tx_rows: int = 0, batch_ms: int = 0,
                 time_budget_ms: int = 0, row_budget: int = 0, plan: Union[Plan, str, None] = None,
                 before_batch: Optional[Hook] = None, after_batch: Optional[Hook] = None, after_commit: Optional[Hook] = None,
                 columns: Mapping[str, Sequence[str]] = {}, statement_timeout_ms: int = 0,
                 throttle: Optional[Throttle] = None, archive: Optional[Archive] = None, outbox: bool = False,
                 actor: Optional[str] = None, reason: Optional[str] = None) -> None:
        options = _abi.cascade_purge_options(
            allow=int(allow), integrity=int(integrity), max_rows=max_rows, max_tx_rows=max_tx_rows, batch_ms=batch_ms,
            time_budget_ms=time_budget_ms, row_budget=row_budget, statement_timeout_ms=statement_timeout_ms,
            plan=encode_or_none(plan.fingerprint if isinstance(plan, Plan) else plan), outbox=int(outbox),
            actor=encode_or_none(actor), reason=encode_or_none(reason))
        if throttle is not None:
            options.throttle = throttle._pointer
        if archive is not None:
            options.archive = archive._pointer
        self._session = paced(connection, throttle, archive)
        self._hooks = _Hooks(policy.graph, before_batch, after_batch, after_commit)
        arrays = self._hooks.give(options, columns)
        out = POINTER(_abi.cascade_purge)()
        with self._session:
            lib.cascade_purge_new(connection._pointer, policy._pointer, selection._pointer, byref(options), byref(out), failure())
        del arrays
        super().__init__(out, lib.cascade_purge_free, connection._session)
        self._hooks.purge, self._loans = out, Loans()
        self._connection, self._graph, self._held_too = connection, policy.graph, (throttle, archive)

    def __iter__(self) -> Iterator[Batch]:
        return self

    def __next__(self) -> Batch:
        batch = POINTER(_abi.cascade_batch_info)()
        with self._session:
            self._loans.recall()
            if lib.cascade_purge_next(self._pointer, byref(batch), failure()) == _abi.Status.DONE:
                raise StopIteration
            info = batch.contents
            return Batch(info.number, info.deleted, info.updated, info.total_deleted, info.total_updated, info.roots_done,
                         None if info.roots_expected < 0 else info.roots_expected, info.nanoseconds, info.retries,
                         self._graph.table(info.table))

    def run(self) -> Report:
        """Does all batches, closes the purge, and says what was done."""
        for _ in self:
            pass
        report = self.report()
        self.close()
        return report

    def cancel(self) -> None:
        """Stops it: the running or next batch is rolled back and raises CancelledError. Any thread, and signal handlers."""
        self._signal(lib.cascade_purge_cancel)

    def kept(self, table: Union[str, int, Table]) -> Tuple[Keys, Keys]:
        """The rows of a table that a hook has kept, and those that stayed with them."""
        vetoed, kept = POINTER(_abi.cascade_keys)(), POINTER(_abi.cascade_keys)()
        with self._connection._session:
            lib.cascade_purge_kept(self._pointer, self._graph._resolve(table).number, byref(vetoed), byref(kept))
            return self._loans.lend(vetoed, self), self._loans.lend(kept, self)

    def close(self) -> None:
        """Ends it, finished or not. Keys that it has given stay readable."""
        if not self.closed and self._connection._session.here:
            with self._connection._session:
                self._loans.recall()
        super().close()

    def report(self) -> Report:
        """What was done so far."""
        info = _abi.cascade_purge_report()
        with self._connection._session:
            lib.cascade_purge_describe(self._pointer, byref(info))
            tables = []
            for position in range(info.table_count):
                part = _abi.cascade_table_report()
                lib.cascade_purge_table(self._pointer, position, byref(part))
                tables.append(TableReport(self._graph.table(part.table), part.deleted, part.updated, part.vetoed, part.kept))
        return Report(bool(info.finished), info.batches, info.deleted, info.updated, info.retries, info.longest_ns, info.vetoed,
                      info.kept, tables)

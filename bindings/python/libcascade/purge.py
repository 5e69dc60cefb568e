"""The delete itself: set by set, in short transactions, to be stopped and taken up again at any time."""

from __future__ import annotations

from ctypes import POINTER, byref
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterator, List, Optional, Sequence, Union

from . import _abi
from ._abi import Allow, Integrity
from ._calls import Handle, carry, encode_or_none, failure, lib, register, subject
from ._values import Keys, Loans
from .graph import Policy, Selection, Table
from .plan import Plan

if TYPE_CHECKING:
    from .connection import Connection


@dataclass(frozen=True)
class Deleted:
    """Keys that one batch has deleted from one table."""

    table: Table
    keys: Keys


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


@dataclass(frozen=True)
class Report:
    """What a purge did. `finished` is False when a budget, a cancel or a failure ended it."""

    finished: bool
    batches: int
    deleted: int
    updated: int
    retries: int
    longest_ns: int
    tables: List[TableReport]

    @property
    def deleted_by_table(self) -> Dict[str, int]:
        """Rows deleted, by the table's label."""
        return {each.table.label: each.deleted for each in self.tables if each.deleted}


#: Runs inside a batch's transaction, before its COMMIT. What it raises rolls the batch back and ends the purge; so does False.
AfterBatch = Callable[[Sequence[Deleted]], Optional[bool]]


class _Hook:
    def __init__(self, function: AfterBatch, policy: Policy) -> None:
        self.function, self.graph = function, policy.graph


def _after_batch(number: Optional[int], tables: Any, count: int) -> int:
    hook, loans = subject(number), Loans()
    if hook is None:
        return 1
    try:
        given = [Deleted(hook.graph.table(tables[i].table), loans.lend(tables[i].keys.contents, None)) for i in range(count)]
        status = 1 if hook.function(given) is False else 0
    except BaseException as exception:
        carry(exception)
        status = 1
    try:
        loans.recall()
    except BaseException as exception:
        carry(exception)
        status = 1
    return status


_AFTER_BATCH = _abi.cascade_after_batch(_after_batch)


class Purge(Handle):
    """A delete that is under way. Iterating gives a Batch after each COMMIT; run() goes to the end. Made by Connection.purge().

    Inside a transaction of the host, there is one batch, between savepoints, and the host commits.

    `allow` lifts refusals; `integrity` says who guarantees that no reference dangles; `max_rows` refuses a larger closure;
    `max_tx_rows`, `batch_ms` and `statement_timeout_ms` bound transactions and statements; `time_budget_ms` and `row_budget` end
    the purge early; `plan` is a Plan, or its fingerprint, that was approved; `after_batch` is called inside each transaction.
    """

    def __init__(self, connection: Connection, policy: Policy, selection: Selection, *, allow: Allow = Allow(0),
                 integrity: Integrity = Integrity.CHECKED, max_rows: int = 0, max_tx_rows: int = 0, batch_ms: int = 0,
                 time_budget_ms: int = 0, row_budget: int = 0, plan: Union[Plan, str, None] = None,
                 after_batch: Optional[AfterBatch] = None, statement_timeout_ms: int = 0) -> None:
        options = _abi.cascade_purge_options(
            allow=int(allow), integrity=int(integrity), max_rows=max_rows, max_tx_rows=max_tx_rows, batch_ms=batch_ms,
            time_budget_ms=time_budget_ms, row_budget=row_budget, statement_timeout_ms=statement_timeout_ms,
            plan=encode_or_none(plan.fingerprint if isinstance(plan, Plan) else plan))
        if after_batch is not None:
            self._hook = _Hook(after_batch, policy)
            options.after_batch, options.hook_data = _AFTER_BATCH, register(self._hook)
        out = POINTER(_abi.cascade_purge)()
        with connection._session:
            lib.cascade_purge_new(connection._pointer, policy._pointer, selection._pointer, byref(options), byref(out), failure())
        super().__init__(out, lib.cascade_purge_free, connection._session)
        self._connection, self._graph = connection, policy.graph

    def __iter__(self) -> Iterator[Batch]:
        return self

    def __next__(self) -> Batch:
        batch = POINTER(_abi.cascade_batch_info)()
        with self._connection._session:
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

    def report(self) -> Report:
        """What was done so far."""
        info = _abi.cascade_purge_report()
        with self._connection._session:
            lib.cascade_purge_describe(self._pointer, byref(info))
            tables = []
            for position in range(info.table_count):
                part = _abi.cascade_table_report()
                lib.cascade_purge_table(self._pointer, position, byref(part))
                tables.append(TableReport(self._graph.table(part.table), part.deleted, part.updated))
        return Report(bool(info.finished), info.batches, info.deleted, info.updated, info.retries, info.longest_ns, tables)

"""What a purge would do, step by step, before a row is touched."""

from __future__ import annotations

from ctypes import POINTER, byref
from dataclasses import dataclass
from typing import TYPE_CHECKING, List, Optional

from . import _abi
from ._abi import Accuracy, Rule, StepKind, StepWarning
from ._calls import Handle, failure, lib, text_of
from .graph import Policy, Relation, Selection, Table, _text

if TYPE_CHECKING:
    from .connection import Connection


@dataclass(frozen=True)
class Step:
    """A step of a plan. `relation` is None for the selected rows and for rows that several relations reach."""

    kind: StepKind
    table: Table
    relation: Optional[Relation]
    rule: Rule
    rows: int
    accuracy: Accuracy
    warnings: StepWarning
    index: str
    sql: str
    way: str


class Plan(Handle):
    """A plan. Immutable; any number of threads may use it. Made by Connection.plan()."""

    def __init__(self, connection: Connection, policy: Policy, selection: Selection, *, max_rows: int = 0) -> None:
        out, options = POINTER(_abi.cascade_plan)(), _abi.cascade_plan_options(max_rows=max_rows)
        with connection._session:
            lib.cascade_plan_new(connection._pointer, policy._pointer, selection._pointer, byref(options), byref(out), failure())
        super().__init__(out, lib.cascade_plan_free)
        self._policy = policy
        info = _abi.cascade_plan_info()
        lib.cascade_plan_describe(out, byref(info))
        self._step_count = info.step_count
        #: Table of the selection.
        self.table: Table = policy.graph.table(info.table)
        #: Selected rows that exist.
        self.roots: int = info.roots
        #: Rows to be deleted in all tables, the selected ones included.
        self.deleted: int = info.deleted
        #: Rows to be rewritten.
        self.updated: int = info.updated
        #: Rows that stand in the way.
        self.blocking: int = info.blocking
        #: How these numbers are known.
        self.accuracy = Accuracy(info.accuracy)
        #: Whether a purge would refuse.
        self.blocked = bool(info.blocked)
        #: What was approved, for Purge's `plan`.
        self.fingerprint: str = _text(info.fingerprint)

    @property
    def steps(self) -> List[Step]:
        """The steps, in the order in which a batch executes them."""
        return [self._step(i) for i in range(self._step_count)]

    def _step(self, number: int) -> Step:
        info = _abi.cascade_step_info()
        lib.cascade_plan_step(self._pointer, number, byref(info))
        return Step(StepKind(info.kind), self._policy.graph.table(info.table),
                    self._policy.relation(info.relation) if info.relation >= 0 else None, Rule(info.rule), info.rows,
                    Accuracy(info.accuracy), StepWarning(info.warnings), _text(info.index), _text(info.sql), _text(info.way))

    def text(self) -> str:
        """The plan in words."""
        return text_of(lib.cascade_plan_text, self._pointer)

    def json(self) -> str:
        """The plan as one JSON object."""
        return text_of(lib.cascade_plan_json, self._pointer)

    def sql(self) -> str:
        """The statements of one batch, with comments: for reading, not for running."""
        return text_of(lib.cascade_plan_sql, self._pointer)

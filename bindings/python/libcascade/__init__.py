"""libcascade: deletes rows with everything that depends on them, safely and at scale.

    import libcascade

    with libcascade.connect("sqlite:museum.db") as db:
        graph = db.graph()
        policy = libcascade.Policy(graph)
        agents = graph.select("agent", [7, 12])
        print(db.plan(policy, agents).text())
        for batch in db.purge(policy, agents):
            print(batch.total_deleted, "rows gone")
"""

from ._abi import VERSION_STRING as __version__
from ._abi import (
    Accuracy, Action, Allow, ArchiveEvent, BlockerKind,
    BlockersCut, BlockersProfile, ColumnFlag, CountMode, FillMode, Hidden, Integrity,
    LogLevel, PauseReason, ProbeAnswer, RelationFlag, Rule, Status, StepKind, StepWarning, TableFlag, TableKind, TokenKind,
    TransactionState)
from ._values import Key, Keys, Value
from .archive import Archive, ArchiveReport
from .blockers import ALL, Blockers, Page, Request, Total
from .connection import Connection, Context, connect
from .errors import (
    ArchiveError, BlockedError, BusyError, CancelledError, ConnectionFailedError, ConstraintError, ContendedError, CycleError,
    DatabaseError, DeadlockError, EngineError, Error, ForeignKeyError, FormatError, HookError, InvalidError, LeaseError,
    MaxRowsError, NoFilterError, NoKeyError, NoProgressError, NotAtomicError, NotFoundError, OptionsError, OutOfMemoryError,
    PlanChangedError, PolicyError, PrivilegeError, ReadOnlyError, RefusedError, SchemaError, SerializationError,
    StatementTimeoutError, ThrottledError, TokenError, TokenExpiredError, TokenForeignError, TokenForgedError, TokenStaleError,
    TriggersError, UnenforcedError, UnsupportedError, UsageError)
from .fill import Fill, FillReport, Range
from .graph import Column, Graph, Override, Policy, Relation, Selection, Table
from .outbox import Outbox, outbox_ddl
from .plan import Plan, Step
from .purge import Batch, Deleted, Hook, Purge, Report, TableReport
from .queue import Detached, JobOptions, Queue, Worker, WorkerReport, queue_ddl
from .throttle import Pause, Throttle, ThrottleReport

__all__ = [
    "ALL", "Accuracy", "Action", "Allow", "Archive", "ArchiveError", "ArchiveEvent", "ArchiveReport", "Batch", "BlockedError",
    "BlockerKind", "Blockers", "BlockersCut",
    "BlockersProfile", "BusyError", "CancelledError", "Column", "ColumnFlag", "Connection", "ConnectionFailedError",
    "ConstraintError", "ContendedError", "Context", "CountMode", "CycleError", "DatabaseError", "DeadlockError", "Deleted",
    "Detached", "EngineError", "Error", "Fill", "FillMode", "FillReport", "ForeignKeyError", "FormatError", "Graph",
    "Hidden", "Hook", "HookError", "Integrity", "InvalidError", "JobOptions", "Key", "Keys", "LeaseError", "LogLevel",
    "MaxRowsError", "NoFilterError", "NoKeyError", "NoProgressError", "NotAtomicError", "NotFoundError", "OptionsError",
    "OutOfMemoryError", "Outbox", "Override", "Page", "Pause", "PauseReason", "Plan", "PlanChangedError", "Policy",
    "PolicyError", "PrivilegeError",
    "ProbeAnswer", "Purge", "Queue", "Range", "ReadOnlyError", "RefusedError", "Relation", "RelationFlag", "Report",
    "Request", "Rule", "SchemaError", "Selection", "SerializationError", "StatementTimeoutError", "Status", "Step",
    "StepKind", "StepWarning", "Table", "TableFlag", "TableKind", "TableReport", "Throttle", "ThrottleReport",
    "ThrottledError", "TokenError", "TokenExpiredError",
    "TokenForeignError", "TokenForgedError", "TokenKind", "TokenStaleError", "Total", "TransactionState", "TriggersError",
    "UnenforcedError", "UnsupportedError", "UsageError", "Value", "Worker", "WorkerReport", "__version__", "connect",
    "outbox_ddl", "queue_ddl",
]

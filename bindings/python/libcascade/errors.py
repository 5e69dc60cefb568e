"""Failures of the library: one exception for each status, in families."""

from __future__ import annotations

from typing import Dict, Type

from ._abi import Status, TransactionState


class Error(Exception):
    """A call failed. The attributes say what, where, and whether trying again may help."""

    #: The status that this class stands for; None for a family of them.
    status: Status | int | None = None

    def __init__(self, message: str, *, status: Status | int | None = None, sqlstate: str = "", native_code: int = 0,
                 table: str = "", relation: str = "", retryable: bool = False,
                 transaction: TransactionState = TransactionState.NONE) -> None:
        super().__init__(message)
        #: One line for a person: what failed, and what can be done about it.
        self.message = message
        if status is not None:
            self.status = status
        #: SQLSTATE of the database's own error, or "".
        self.sqlstate = sqlstate
        #: The database's own error number, or 0.
        self.native_code = native_code
        #: Table that the failure is about, or "".
        self.table = table
        #: Relation that the failure is about, or "".
        self.relation = relation
        #: Whether the same call may succeed when made again.
        self.retryable = retryable
        #: What became of the transaction in which it happened.
        self.transaction = transaction


class UsageError(Error, ValueError):
    """What was asked for cannot be: a wrong argument, a contradictory policy, an unknown name."""


class DatabaseError(Error):
    """The database, or the way to it, failed."""

    status = Status.DATABASE


class RefusedError(Error):
    """The library does not do it, so that nothing is lost; or gave up."""


class TokenError(Error, ValueError):
    """A token of a page cannot be used."""


class OutOfMemoryError(Error, MemoryError):
    status = Status.NOMEM


class InvalidError(UsageError):
    status = Status.INVALID


class NotFoundError(UsageError, LookupError):
    status = Status.NOT_FOUND


class UnsupportedError(UsageError):
    status = Status.UNSUPPORTED


class CancelledError(Error):
    status = Status.CANCELLED


class PolicyError(UsageError):
    status = Status.POLICY


class FormatError(UsageError):
    status = Status.FORMAT


class OptionsError(UsageError):
    status = Status.OPTIONS


class ConnectionFailedError(DatabaseError):
    status = Status.CONNECTION


class BusyError(DatabaseError):
    status = Status.BUSY


class DeadlockError(DatabaseError):
    status = Status.DEADLOCK


class SerializationError(DatabaseError):
    status = Status.SERIALIZATION


class StatementTimeoutError(DatabaseError):
    status = Status.TIMEOUT


class ReadOnlyError(DatabaseError):
    status = Status.READONLY


class PrivilegeError(DatabaseError):
    status = Status.PRIVILEGE


class SchemaError(DatabaseError):
    status = Status.SCHEMA


class ConstraintError(DatabaseError):
    status = Status.CONSTRAINT


class ForeignKeyError(ConstraintError):
    status = Status.CONSTRAINT_FK


class BlockedError(RefusedError):
    status = Status.BLOCKED


class NoFilterError(RefusedError):
    status = Status.NO_FILTER


class UnenforcedError(RefusedError):
    status = Status.UNENFORCED


class NoKeyError(RefusedError):
    status = Status.NO_KEY


class CycleError(RefusedError):
    status = Status.CYCLE


class EngineError(RefusedError):
    status = Status.ENGINE


class MaxRowsError(RefusedError):
    status = Status.MAX_ROWS


class PlanChangedError(RefusedError):
    status = Status.PLAN_CHANGED


class NotAtomicError(RefusedError):
    status = Status.NOT_ATOMIC


class ContendedError(RefusedError):
    status = Status.CONTENDED


class NoProgressError(RefusedError):
    status = Status.NO_PROGRESS


class HookError(RefusedError):
    status = Status.HOOK


class TriggersError(RefusedError):
    status = Status.TRIGGERS


class LeaseError(RefusedError):
    status = Status.LEASE


class ThrottledError(RefusedError):
    status = Status.THROTTLED


class ArchiveError(RefusedError):
    status = Status.ARCHIVE


class TokenForgedError(TokenError):
    status = Status.TOKEN_FORGED


class TokenForeignError(TokenError):
    status = Status.TOKEN_FOREIGN


class TokenStaleError(TokenError):
    status = Status.TOKEN_STALE


class TokenExpiredError(TokenError):
    status = Status.TOKEN_EXPIRED


def _families(root: Type[Error]) -> Dict[int, Type[Error]]:
    found = {int(root.status): root} if root.status is not None and "status" in vars(root) else {}
    for child in root.__subclasses__():
        found.update(_families(child))
    return found


#: The exception of each status.
BY_STATUS: Dict[int, Type[Error]] = _families(Error)

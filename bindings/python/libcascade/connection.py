"""Contexts and database sessions."""

from __future__ import annotations

from ctypes import POINTER, byref, c_int32, c_uint32
from typing import TYPE_CHECKING, Any, Callable, Optional, Tuple

from . import _abi
from ._abi import BlockersProfile, LogLevel, ProbeAnswer
from ._calls import Guard, Handle, carry, encode, failure, lib, register, subject
from .graph import Graph, NamesOrName, Policy, Relation, Selection

if TYPE_CHECKING:
    from .archive import Archive
    from .blockers import Blockers
    from .fill import Fill
    from .outbox import Outbox
    from .plan import Plan
    from .purge import Purge
    from .queue import Queue

#: Receives one line of the log.
LogHook = Callable[[LogLevel, str], None]


class _Log:
    def __init__(self, hook: LogHook) -> None:
        self.hook = hook


def _log(number: Optional[int], level: int, message: Optional[bytes]) -> None:
    log = subject(number)
    if log is not None:
        try:
            log.hook(LogLevel(level), (message or b"").decode("utf-8", "replace"))
        except BaseException as exception:
            carry(exception)


_LOG = _abi.cascade_context_options_log(_log)


class Context(Handle):
    """A log of one use of the library. Optional: a session without one makes its own."""

    def __init__(self, log: Optional[LogHook] = None, log_level: LogLevel = LogLevel.WARNING) -> None:
        options, out = _abi.cascade_context_options(), POINTER(_abi.cascade_context)()
        if log is not None:
            self._log = _Log(log)
            options.log, options.log_data, options.log_level = _LOG, register(self._log), int(log_level)
        lib.cascade_context_new(byref(options), byref(out), failure())
        super().__init__(out, lib.cascade_context_free)


class Connection(Handle):
    """A database session. One thread at a time is in its calls, others wait; cancel() is exempt.

    Opened by connect(), or over a session of the host: adopt() for a C library's handle, over() for a DB-API connection.
    """

    def __init__(self, pointer: Any, context: Context, guard: Optional[Guard] = None) -> None:
        super().__init__(pointer, lib.cascade_connection_free, guard or Guard())
        self._context = context
        #: "sqlite", "postgresql" or "mariadb".
        self.engine: str = lib.cascade_connection_engine(pointer).decode()

    @classmethod
    def open(cls, uri: str, *, lock_timeout_ms: int = 0, context: Optional[Context] = None) -> Connection:
        """Opens a session by URI: ``sqlite:PATH``, ``postgresql://...``, ``mariadb://...`` or ``dbi:...``."""
        context, out = context or Context(), POINTER(_abi.cascade_connection)()
        options = _abi.cascade_connection_options(lock_timeout_ms=lock_timeout_ms)
        lib.cascade_connection_open(context._pointer, encode(uri), byref(options), byref(out), failure())
        return cls(out, context)

    @classmethod
    def adopt(cls, driver: str, handle: Any, *, context: Optional[Context] = None) -> Connection:
        """Uses a C library's handle, by its address: driver "sqlite3" for an ``sqlite3 *``, "pq" for a ``PGconn *`` (psycopg2's
        ``connection.pgconn_ptr``), "mariadb" for a ``MYSQL *``, "dbi" for a ``dbi_conn``. The host keeps it open meanwhile."""
        context, out = context or Context(), POINTER(_abi.cascade_connection)()
        lib.cascade_connection_adopt(context._pointer, encode(driver), handle, None, byref(out), failure())
        return cls(out, context)

    @classmethod
    def over(cls, connection: Any, *, context: Optional[Context] = None, **options: Any) -> Connection:
        """Works on a DB-API connection of the host and in its transaction. See libcascade.dbapi.Session for the options."""
        from .dbapi import Session, attach
        context = context or Context()
        pointer, guard = attach(Session(connection, **options), context._pointer)
        return cls(pointer, context, guard)

    @property
    def statements(self) -> int:
        """Statements sent so far, those that failed included."""
        with self._session:
            return int(lib.cascade_connection_statements(self._pointer))

    def cancel(self) -> None:
        """Asks the statement or purge that runs to stop: that call raises CancelledError. Any thread, and signal handlers."""
        self._signal(lib.cascade_connection_cancel)

    def graph(self) -> Graph:
        """Reads the tables and foreign keys from the database's catalog."""
        out = POINTER(_abi.cascade_graph)()
        with self._session:
            lib.cascade_graph_read(self._pointer, None, byref(out), failure())
        graph = Graph(out)
        graph._context = self._context  # type: ignore[attr-defined]
        return graph

    @property
    def _session(self) -> Guard:
        assert self._guard is not None
        return self._guard

    def plan(self, policy: Policy, selection: Selection, *, max_rows: int = 0) -> Plan:
        """What a purge would do, step by step. Reads only."""
        from .plan import Plan
        return Plan(self, policy, selection, max_rows=max_rows)

    def blockers(self, policy: Policy, selection: Selection, **options: Any) -> Blockers:
        """Who refers to the rows, relation by relation and page by page. Reads only. See Blockers for the options."""
        from .blockers import Blockers
        return Blockers(self, policy, selection, **options)

    def probe(self, policy: Policy, selection: Selection, *, max_rows: int = 0) -> Tuple[ProbeAnswer, Optional[Relation]]:
        """Whether the rows can be deleted, and a relation that stands in the way. Reads only."""
        answer, relation = c_int32(), c_uint32()
        with self._session:
            lib.cascade_blockers_probe(self._pointer, policy._pointer, selection._pointer, max_rows, byref(answer), byref(relation),
                                       failure())
        found = None if relation.value == 0xFFFFFFFF else policy.relation(relation.value)
        return ProbeAnswer(answer.value), found

    def blockers_json(self, policy: Policy, selection: Selection, profile: BlockersProfile = BlockersProfile.NATIVE,
                      **options: Any) -> str:
        """All that a cursor gives as one JSON document. The options are those of Blockers."""
        from .blockers import blockers_json
        return blockers_json(self, policy, selection, profile, **options)

    def purge(self, policy: Policy, selection: Selection, **options: Any) -> Purge:
        """Prepares a delete and examines it; iterating over the result, or its run(), does the work. See Purge for the options."""
        from .purge import Purge
        return Purge(self, policy, selection, **options)

    def fill(self, graph: Graph, table: str, columns: NamesOrName, key: NamesOrName, **options: Any) -> Fill:
        """Prepares a back-fill. See Fill for the options."""
        from .fill import Fill
        return Fill(self, graph, table, columns, key, **options)

    @property
    def queue(self) -> Queue:
        """The queue in the session's database."""
        from .queue import Queue
        return Queue(self)

    def archive(self, **places: Any) -> Archive:
        """Where purges copy rows to before they go. See Archive for the places."""
        from .archive import Archive
        return Archive(self, **places)

    @property
    def outbox(self) -> Outbox:
        """The outbox in the session's database."""
        from .outbox import Outbox
        return Outbox(self)


def connect(uri: str, *, lock_timeout_ms: int = 0, context: Optional[Context] = None) -> Connection:
    """Opens a session by URI; the same as Connection.open()."""
    return Connection.open(uri, lock_timeout_ms=lock_timeout_ms, context=context)

"""Work that is done later: rows detached now and purged by a worker, and purges that a worker takes over."""

from __future__ import annotations

import json
from ctypes import POINTER, byref, c_int64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional, Sequence, Tuple

from . import _abi
from ._abi import Allow, Integrity, Status
from ._calls import Handle, encode, encode_or_none, failure, lib, text_of
from .archive import Archive
from .errors import NotFoundError
from .graph import Policy, Selection, Table, _Arrays
from .purge import Hook, _Hooks, _want
from .throttle import Throttle, paced

if TYPE_CHECKING:
    from .connection import Connection
    from .fill import Fill


@dataclass(frozen=True)
class JobOptions:
    """How the purge of a job is to be done, and when. Zero is the default of each.

    With `outbox`, keys of what goes are written to the outbox, and `columns` besides: ``{"photo": ["path"]}``. With `actor` or
    `reason`, the job has a row in the audit.
    """

    allow: Allow = Allow(0)
    integrity: Integrity = Integrity.CHECKED
    max_rows: int = 0
    max_tx_rows: int = 0
    batch_ms: int = 0
    max_attempts: int = 0
    delay_ms: int = 0
    outbox: bool = False
    columns: Mapping[str, Sequence[str]] = field(default_factory=dict)
    actor: Optional[str] = None
    reason: Optional[str] = None

    def _struct(self) -> Tuple[_abi.cascade_job_options, _Arrays]:
        """The options of C, and what has to live as long as they."""
        options = _abi.cascade_job_options(allow=int(self.allow), integrity=int(self.integrity), max_rows=self.max_rows,
                                           max_tx_rows=self.max_tx_rows, batch_ms=self.batch_ms, max_attempts=self.max_attempts,
                                           delay_ms=self.delay_ms, outbox=int(self.outbox), actor=encode_or_none(self.actor),
                                           reason=encode_or_none(self.reason))
        return options, _want(options, self.columns)


@dataclass(frozen=True)
class Detached:
    """What a detach did. `job` is the first of its jobs, None when there is none."""

    deleted: int
    updated: int
    detached: int
    jobs: int
    job: Optional[int]


@dataclass(frozen=True)
class WorkerReport:
    """What a worker has done; `job` is the one that it has claimed."""

    job: Optional[int]
    claimed: int
    done: int
    failed: int
    lost: int
    batches: int
    deleted: int
    updated: int
    kept: int
    paused: bool
    inserted: int


def queue_ddl(engine: str) -> str:
    """The statements that make the tables of the queue, for the host's own migration. Each may be run again."""
    return text_of(lib.cascade_queue_ddl, encode(engine))


class Queue:
    """The queue in the database of a session; made by Connection.queue."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def install(self) -> None:
        """Makes the tables of the queue, where they are not there."""
        with self._connection._session:
            lib.cascade_queue_install(self._connection._pointer, failure())

    def detach(self, policy: Policy, selection: Selection, *, allow: Allow = Allow(0), max_tx_rows: int = 0,
               job: Optional[JobOptions] = None) -> Detached:
        """Deletes rows now, and leaves what hangs on them by Rule.DETACH to the workers. In one transaction, or the host's."""
        later, arrays = (job or JobOptions())._struct()
        options = _abi.cascade_detach_options(allow=int(allow), max_tx_rows=max_tx_rows,
                                              job=POINTER(_abi.cascade_job_options)(later))
        report, db = _abi.cascade_detach_report(), self._connection
        with db._session:
            lib.cascade_detach(db._pointer, policy._pointer, selection._pointer, byref(options), byref(report), failure())
        del arrays
        return Detached(report.deleted, report.updated, report.detached, report.jobs, report.job or None)

    def purge(self, policy: Policy, selection: Selection, options: Optional[JobOptions] = None) -> int:
        """Puts a purge into the queue, in the host's transaction if there is one. Gives the number of the job."""
        job, db = c_int64(), self._connection
        given, arrays = (options or JobOptions())._struct()
        with db._session:
            lib.cascade_queue_purge(db._pointer, policy._pointer, selection._pointer, byref(given), byref(job), failure())
        del arrays
        return job.value

    def fill(self, fill: Fill, options: Optional[JobOptions] = None) -> int:
        """Puts a back-fill into the queue: one with sources that has not begun. Gives the number of the job."""
        job = c_int64()
        given, arrays = (options or JobOptions())._struct()
        with fill._session:
            lib.cascade_queue_fill(fill._pointer, byref(given), byref(job), failure())
        del arrays
        return job.value

    def cancel(self, job: int) -> None:
        """Ends a job that is ready, claimed or dead. What was committed stays."""
        with self._connection._session:
            lib.cascade_queue_cancel(self._connection._pointer, job, failure())

    def pause(self, job: int = 0) -> None:
        """Pauses a job, or all: whoever is at work on it stops after the batch."""
        with self._connection._session:
            lib.cascade_queue_pause(self._connection._pointer, job, failure())

    def resume(self, job: int = 0) -> None:
        """Ends a pause."""
        with self._connection._session:
            lib.cascade_queue_resume(self._connection._pointer, job, failure())

    def retry(self, job: int) -> None:
        """Makes a job that is dead or cancelled ready again."""
        with self._connection._session:
            lib.cascade_queue_retry(self._connection._pointer, job, failure())

    def jobs(self, state: Optional[str] = None, *, after: int = 0, limit: int = 0) -> List[Dict[str, Any]]:
        """Jobs by their numbers, of one state ("ready", "claimed", "paused", "done", "dead", "cancelled") or of all."""
        options = _abi.cascade_queue_list_options(state=encode_or_none(state), after=after, limit=limit)
        with self._connection._session:
            text = text_of(lib.cascade_queue_list, self._connection._pointer, byref(options))
        jobs: List[Dict[str, Any]] = json.loads(text)["jobs"]
        return jobs

    def metrics(self) -> Dict[str, Any]:
        """The state of the queue, for monitoring."""
        with self._connection._session:
            metrics: Dict[str, Any] = json.loads(text_of(lib.cascade_queue_metrics, self._connection._pointer))
        return metrics

    def worker(self, *, owner: Optional[str] = None, lease_ms: int = 0, turn_ms: int = 0, throttle: Optional[Throttle] = None,
               archive: Optional[Archive] = None, before_batch: Optional[Hook] = None, after_batch: Optional[Hook] = None,
               after_commit: Optional[Hook] = None, columns: Mapping[str, Sequence[str]] = {}) -> Worker:
        """A worker on this session, which must be outside any transaction.

        Hooks and `columns` are those of a Purge, for every job that is one. What a hook raises is the failure of the job, which
        keeps it as its reason and is tried again: the worker goes on. What is no Exception, such as KeyboardInterrupt, comes out of
        step().
        """
        return Worker(self._connection, owner=owner, lease_ms=lease_ms, turn_ms=turn_ms, throttle=throttle, archive=archive,
                      before_batch=before_batch, after_batch=after_batch, after_commit=after_commit, columns=columns)


class _JobHooks(_Hooks):
    """The hooks of a worker, whose purges come and go."""

    def __init__(self, connection: Connection, *functions: Optional[Hook]) -> None:
        super().__init__(None, *functions)
        self.connection, self.worker = connection, POINTER(_abi.cascade_worker)()

    @property
    def purge(self) -> Any:
        return lib.cascade_worker_purge(self.worker)

    @purge.setter
    def purge(self, _: Any) -> None:
        pass

    def look(self) -> None:
        """Before a step: the tables of which hooks are told, whose numbers are another graph's than the worker's."""
        if self.graph is None and any(self.functions):
            self.graph = self.connection.graph()

    def table(self, told: Any) -> Table:
        assert self.graph is not None
        try:
            return self.graph.find(told.label.decode())
        except NotFoundError:
            self.graph = None  # it is newer than what was read
            raise

    def raised(self, exception: BaseException) -> None:
        if not isinstance(exception, Exception):
            super().raised(exception)


class Worker(Handle):
    """A session that works on the jobs of a queue. Made by Queue.worker()."""

    def __init__(self, connection: Connection, *, owner: Optional[str] = None, lease_ms: int = 0, turn_ms: int = 0,
                 throttle: Optional[Throttle] = None, archive: Optional[Archive] = None, before_batch: Optional[Hook] = None,
                 after_batch: Optional[Hook] = None, after_commit: Optional[Hook] = None,
                 columns: Mapping[str, Sequence[str]] = {}) -> None:
        out = POINTER(_abi.cascade_worker)()
        options = _abi.cascade_worker_options(owner=encode_or_none(owner), lease_ms=lease_ms, turn_ms=turn_ms)
        if throttle is not None:
            options.throttle = throttle._pointer
        if archive is not None:
            options.archive = archive._pointer
        self._session = paced(connection, throttle, archive)
        self._hooks = _JobHooks(connection, before_batch, after_batch, after_commit)
        arrays = self._hooks.give(options, columns)
        with self._session:
            lib.cascade_worker_new(connection._pointer, byref(options), byref(out), failure())
        del arrays
        self._hooks.worker = out
        super().__init__(out, lib.cascade_worker_free, connection._session)
        self._connection, self._held_too = connection, (throttle, archive)

    def step(self) -> bool:
        """Does the next piece of work. False when no job is due: ask again later."""
        self._hooks.look()
        with self._session:
            return bool(lib.cascade_worker_step(self._pointer, failure()) != Status.DONE)

    def run(self) -> WorkerReport:
        """Works until no job is due."""
        while self.step():
            pass
        return self.report()

    def report(self) -> WorkerReport:
        """What was done so far."""
        info = _abi.cascade_worker_report()
        with self._connection._session:
            lib.cascade_worker_describe(self._pointer, byref(info))
        return WorkerReport(info.job or None, info.claimed, info.done, info.failed, info.lost, info.batches, info.deleted,
                            info.updated, info.kept, bool(info.paused), info.inserted)

    def cancel(self) -> None:
        """Stops it: the running or next step gives its job back and raises CancelledError. Any thread, and signal handlers."""
        self._signal(lib.cascade_worker_cancel)

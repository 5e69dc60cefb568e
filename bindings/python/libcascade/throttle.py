"""Pauses between transactions, for as long as a server, its replicas or a person need one."""

from __future__ import annotations

from ctypes import POINTER, byref
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable, Optional, Sequence

from . import _abi
from ._abi import PauseReason
from ._calls import Guards, Handle, carry, encode_or_none, failure, lib, register, subject
from .graph import _Arrays, _optional, _text

if TYPE_CHECKING:
    from .connection import Connection


@dataclass(frozen=True)
class Pause:
    """A pause that has begun, goes on, or is over (PauseReason.OVER)."""

    reason: PauseReason
    waited_ms: int
    text: str


@dataclass(frozen=True)
class ThrottleReport:
    """What a throttle has seen and done; None for what was not looked at. Times are milliseconds."""

    pauses: int
    sleep_ms: int
    host_ms: int
    file_ms: int
    lag_ms: int
    flow_ms: int
    load_ms: int
    vacuum_ms: int
    lag: Optional[int]
    load: Optional[int]
    flow_percent: Optional[int]
    dead_rows: Optional[int]
    dead_table: Optional[str]


#: Asked before every transaction, with the nanoseconds of the one before: None or 0 to go on, milliseconds after which to ask
#: again, or a negative number to stop.
Ask = Callable[[int], Optional[int]]
#: Told of a pause as it begins, about once a second, and as it ends.
Told = Callable[[Pause], None]


class _Callbacks:
    def __init__(self, ask: Optional[Ask], told: Optional[Told]) -> None:
        self.ask, self.told = ask, told


def _ask(number: Optional[int], last_ns: int) -> int:
    callbacks = subject(number)
    if callbacks is None:
        return 0
    try:
        return int(callbacks.ask(last_ns) or 0)
    except BaseException as exception:
        carry(exception)
        return -1


def _told(number: Optional[int], pause: Any) -> None:
    callbacks = subject(number)
    if callbacks is None:
        return
    try:
        info = pause.contents
        callbacks.told(Pause(PauseReason(info.reason), info.waited_ms, _text(info.text)))
    except BaseException as exception:
        carry(exception)


_ASK, _TOLD = _abi.cascade_throttle_ask(_ask), _abi.cascade_throttle_told(_told)


class Throttle(Handle):
    """What makes purges, fills and workers pause between their transactions: give it as their `throttle`.

    It looks at things through `connection`, which may be that of the work or another one. What is not given is not looked at:
    `sleep_percent` of each transaction's length; replicas that are more than `max_lag_ms` behind (`replicas`: their URIs); more
    than `max_load` sessions at work; Galera's flow control for more than `max_flow_percent` of the time; `max_dead_rows` that
    autovacuum has not caught up with; a `pause_file`. A pause of more than `max_pause_ms` is a ThrottledError. Inside a transaction
    of the host there are no pauses.
    """

    def __init__(self, connection: Connection, *, sleep_percent: int = 0, max_lag_ms: int = 0, replicas: Sequence[str] = (),
                 max_load: int = 0, max_flow_percent: int = 0, max_pause_ms: int = 0, max_dead_rows: int = 0,
                 pause_file: Optional[str] = None, ask: Optional[Ask] = None, told: Optional[Told] = None,
                 check_ms: int = 0) -> None:
        arrays, out = _Arrays(), POINTER(_abi.cascade_throttle)()
        uris, count = arrays.texts(tuple(replicas))
        self._callbacks = _Callbacks(ask, told)
        options = _abi.cascade_throttle_options(
            sleep_percent=sleep_percent, max_lag_ms=max_lag_ms, replicas=uris, replica_count=count, max_load=max_load,
            max_flow_percent=max_flow_percent, max_pause_ms=max_pause_ms, max_dead_rows=max_dead_rows,
            pause_file=encode_or_none(pause_file), check_ms=check_ms, user_data=register(self._callbacks))
        if ask is not None:
            options.ask = _ASK
        if told is not None:
            options.told = _TOLD
        with connection._session:
            lib.cascade_throttle_new(connection._pointer, byref(options), byref(out), failure())
        super().__init__(out, lib.cascade_throttle_free, connection._session)
        self._connection = connection

    def report(self) -> ThrottleReport:
        """What was seen and done so far."""
        info = _abi.cascade_throttle_report()
        with self._connection._session:
            lib.cascade_throttle_describe(self._pointer, byref(info))
            return ThrottleReport(info.pauses, info.sleep_ms, info.host_ms, info.file_ms, info.lag_ms, info.flow_ms, info.load_ms,
                                  info.vacuum_ms, _seen(info.lag), _seen(info.load), _seen(info.flow_percent),
                                  _seen(info.dead_rows), _optional(info.dead_table))


def _seen(value: int) -> Optional[int]:
    return None if value < 0 else value


def paced(connection: Connection, *by: Any) -> Any:
    """What guards calls that work on a connection, and use others of its kind: a throttle, an archive, or None."""
    others = [each._connection._session for each in by if each is not None]
    return Guards(connection._session, *others) if others else connection._session

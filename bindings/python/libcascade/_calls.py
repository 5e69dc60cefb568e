"""The loaded library, and what becomes of a call that fails: the one place that turns statuses into exceptions."""

from __future__ import annotations

import atexit
import itertools
import os
import sys
import threading
import weakref
from ctypes import POINTER, byref, c_char, cast, c_char_p
from typing import Any, Callable, Dict, List, Optional, Tuple

from . import _abi, _loader
from ._abi import Status, TransactionState
from .errors import BY_STATUS, Error


class _Carried(threading.local):
    """What happened in callbacks during the call that this thread is in."""

    #: Raised in a callback: the call ends with it.
    raised: Optional[BaseException] = None
    #: The DB-API's exception behind the failure that a driver has reported last.
    cause: Optional[BaseException] = None


carried = _Carried()


def _text(value: Optional[bytes]) -> str:
    return (value or b"").decode("utf-8", "replace")


def _make_error(status: int, error: Any) -> Error:
    """An exception from an error of the library."""
    kind = BY_STATUS.get(status, Error)
    said = Status(status) if status in Status._value2member_map_ else status
    name = _text(lib.cascade_status_name(status))
    if not error:
        return kind(name, status=said)
    return kind(_text(lib.cascade_error_message(error)) or name, status=said, sqlstate=_text(lib.cascade_error_sqlstate(error)),
                native_code=lib.cascade_error_native_code(error), table=_text(lib.cascade_error_table(error)),
                relation=_text(lib.cascade_error_relation(error)), retryable=bool(lib.cascade_error_retryable(error)),
                transaction=TransactionState(lib.cascade_error_transaction(error)))


def _check(status: int, function: Any, arguments: Tuple[Any, ...]) -> int:
    """errcheck of every function that gives a status."""
    raised, cause = carried.raised, carried.cause
    if raised is None and cause is None and status >= 0:
        return status
    carried.raised = carried.cause = None
    error = arguments[-1]._obj if function.argtypes[-1] is _ERROR_OUT else None
    try:
        if raised is not None:
            _discard(arguments)
            raise raised
        if status < 0:
            raise _make_error(status, error) from cause
    finally:
        del raised, cause
        if error:
            lib.cascade_error_free(error)
    return status


def _discard(arguments: Tuple[Any, ...]) -> None:
    """Frees what a call has made that ends with an exception all the same, of the host's log say."""
    out: Any = getattr(arguments[-2], "_obj", None) if len(arguments) > 1 else None
    if isinstance(out, _Pointer) and out:
        name = out._type_.__name__
        free = lib.cascade_text_free if name == "c_char" else getattr(lib, name + "_free", None)
        if free:
            free(out)


_Pointer: Any = POINTER(c_char).__mro__[1]  # ctypes' base class of all pointers
_ERROR = POINTER(_abi.cascade_error)
_ERROR_OUT = POINTER(_ERROR)
_numbers = itertools.count(1)
lib = _abi.Functions(_loader.load(), _check)


def failure() -> Any:
    """The place for an error, as the last argument of a call."""
    return byref(_ERROR())


def take_text(pointer: Any) -> str:
    """A text that the library has given away."""
    try:
        return _text(cast(pointer, c_char_p).value)
    finally:
        lib.cascade_text_free(pointer)


def text_of(function: Callable[..., Any], *arguments: Any) -> str:
    """Calls a function whose result is such a text."""
    out = POINTER(c_char)()
    function(*arguments, byref(out), failure())
    return take_text(out)


def encode(text: str) -> bytes:
    """Text for the library; a NUL in it would cut it short, unseen."""
    encoded = text.encode("utf-8", "surrogateescape")
    if b"\0" in encoded:
        raise ValueError(f"a NUL character is in {text!r}")
    return encoded


def encode_or_none(text: Optional[str]) -> Optional[bytes]:
    return None if text is None else encode(text)


#: What drivers written in Python work on, by its number, while a call is under way: nothing is kept alive by being in here.
working: Dict[int, Any] = {}


class _Process:
    """The process that this is: another object in a child, where asking the system each time would be a part of every call."""


_process = _Process()


def _in_child() -> None:
    global _process
    _process = _Process()


os.register_at_fork(after_in_child=_in_child)


class Guard:
    """One thread at a time is in calls of a session, and what is thrown away meanwhile is freed afterwards.

    `session` is what a driver written in Python works on, if the session has one.
    """

    def __init__(self, session: Any = None) -> None:
        self.number = next(_numbers)
        self._session = session
        self._lock = threading.RLock()
        self._depth = 0
        self._waiting: List[Tuple[Callable[[Any], None], Any]] = []
        self._process = _process

    @property
    def here(self) -> bool:
        """Whether the session is this process' own, and not its parent's."""
        return self._process is _process

    def __enter__(self) -> None:
        if not self.here:
            raise RuntimeError("this session was opened before the process forked: open one in the child")
        self._lock.acquire()
        self._depth += 1
        if self._depth == 1:
            self._begin()

    def __exit__(self, *_: Any) -> None:
        if self._depth > 1:  # within another call
            self._depth -= 1
            self._lock.release()
            return
        try:
            self._end()
        finally:
            self._lock.release()
        if self._waiting:  # what came in between
            self._try_bury()

    def _begin(self) -> None:
        if self._session is not None:
            working[self.number] = self._session

    def _end(self) -> None:
        try:
            while self._waiting:
                _release(*self._waiting.pop(0))
        finally:
            self._depth -= 1
            working.pop(self.number, None)

    def _try_bury(self) -> None:
        while self._waiting and self._lock.acquire(blocking=False):
            try:
                if self._depth:
                    return
                self._depth = 1
                self._begin()
                self._end()
            finally:
                self._lock.release()

    def free(self, free: Callable[[Any], None], pointer: Any) -> None:
        """Frees now, or when no call is under way. In a child process, never: the session is the parent's."""
        if not self.here:
            return
        self._waiting.append((free, pointer))
        self._try_bury()


class Guards:
    """Several of them, always in the same order."""

    def __init__(self, *guards: Guard) -> None:
        self._guards = sorted(set(guards), key=lambda guard: guard.number)

    def __enter__(self) -> None:
        for at, guard in enumerate(self._guards):
            try:
                guard.__enter__()
            except BaseException:
                for entered in reversed(self._guards[:at]):
                    entered.__exit__()
                raise

    def __exit__(self, *_: Any) -> None:
        for guard in reversed(self._guards):
            guard.__exit__()


def _release(free: Callable[[Any], None], pointer: Any) -> None:
    """Frees. What callbacks raise meanwhile is raised: by close(), or where Python reports what it cannot raise. Python throws
    things away at any time: what callbacks of a call have raised that is under way stays that call's."""
    outer = carried.raised, carried.cause
    carried.raised = carried.cause = None
    try:
        free(pointer)
    finally:
        raised = carried.raised
        carried.raised, carried.cause = outer
    if raised is not None:
        raise raised


class Handle:
    """An object of the library. Freed by close(), at the end of a `with`, when it is thrown away, or at exit.

    One that lives on a session has its guard, and is freed when no call is under way there. One that is memory alone is freed when
    the last call that got its pointer has ended.
    """

    _held: Any = None

    def __init__(self, pointer: Any, free: Callable[[Any], None], guard: Optional[Guard] = None) -> None:
        self._closing = threading.RLock()
        self._guard, self._free = guard, free
        self._age = next(_numbers)
        self._held = pointer
        if guard is None:
            weakref.finalize(pointer, _release, free, type(pointer).from_buffer_copy(pointer)).atexit = False
        else:
            _alive.add(self)

    @property
    def _pointer(self) -> Any:
        pointer = self._held
        if pointer is None:
            raise ValueError(f"this {type(self).__name__} is closed")
        return pointer

    @property
    def closed(self) -> bool:
        """Whether close() was called."""
        return self._held is None

    def close(self) -> None:
        """Frees it. May be called again."""
        self._close()

    def _close(self) -> None:
        if self._held is None:
            return
        with self._closing:
            pointer, self._held = self._held, None
        if pointer is not None and self._guard is not None:
            self._guard.free(self._free, pointer)

    def __del__(self) -> None:
        if not sys.is_finalizing():  # else memory and sessions end with the process
            self._close()

    def _signal(self, function: Callable[[Any], None]) -> None:
        """Calls a function that any thread may call, while the object lives."""
        with self._closing:
            if self._held is not None:
                function(self._held)

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def __reduce__(self) -> Any:
        raise TypeError(f"a {type(self).__name__} cannot be pickled")


#: What callbacks with a `user_data` are about, by that number: Python's own objects never cross the interface. Held by the object
#: that calls back, so that a callback that holds that object does not keep it for ever.
_subjects: weakref.WeakValueDictionary[int, Any] = weakref.WeakValueDictionary()


def register(subject: Any) -> int:
    """A number by which callbacks find the subject, as long as that lives."""
    number = next(_numbers)
    _subjects[number] = subject
    return number


def subject(number: Optional[int]) -> Any:
    """The subject; None when it is gone."""
    return _subjects.get(number or 0)


def carry(exception: BaseException) -> None:
    """Keeps what a callback has raised; the call in which it was raises it. The first one counts."""
    if carried.raised is None:
        carried.raised = exception


_alive: weakref.WeakSet[Handle] = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    """At exit, sessions and what lives on them are closed while Python still works: the youngest first."""
    for handle in sorted(_alive, key=lambda each: each._age, reverse=True):
        try:
            handle._close()
        except Exception:
            pass  # the process ends
